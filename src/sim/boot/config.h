/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A machine as its file describes it: plain data, owned by whoever loaded it, not
 * changed after. Boot reads it; `reboot` reads it again. doc/machine-file.md is
 * the description for users.
 *
 * This is start-up code: it may use GLib. The engine only reads the struct.
 */
#ifndef KMM_BOOT_CONFIG_H
#define KMM_BOOT_CONFIG_H

#include "sim/abi/release.h"
#include "sim/arch/arch.h"

#define MAX_NUMNODES 64
#define MAX_NODES_SHIFT 10		/* a kernel could have more: sets of nodes are that wide */
#define NODE_SET_WORDS ((1U << MAX_NODES_SHIFT) / 64)
#define DEFAULT_BOOT_TIME 1764547200ULL	/* 1 December 2025, 0:00 UTC */
#define MAX_CPUS 512
#define CPU_WORDS (MAX_CPUS / 64)

/* Half-open, in bytes. */
struct phys_range {
	u64 start, end;
};

enum e820_type { E820_USABLE, E820_RESERVED, E820_ACPI, E820_NVS, E820_UNUSABLE,
		 E820_PMEM, E820_SOFT_RESERVED, E820_TYPES };

struct config_e820 {
	struct phys_range range;
	enum e820_type type;
};

/* [reserve]: ranges that memblock reserves before it allocates anything. */
struct config_reserve {
	char *name;		/* kernel, initrd, crashkernel, swiotlb, ... */
	struct phys_range range;
};

struct config_node {
	bool present;
	u64 cpus[CPU_WORDS];
	/*
	 * Either all nodes with memory have a size (boot lays them out as the
	 * platform does; then there is no [e820]), or all have ranges.
	 */
	u64 size;		/* bytes, when `memory` is a size; else 0 */
	struct phys_range *ranges;
	unsigned int nr_ranges;
	u16 distances[MAX_NUMNODES];	/* by node id; filled in for all that exist */
};

/* [zone N NAME]: what boot left to the allocator, when only the outcome is known. */
struct config_zone {
	u16 node;
	enum zone_type type;
	u64 managed, early;	/* pages */
	u64 late;		/* pages that the boot left uninitialised */
	bool has_managed, has_early;
};

/* How quick a disk is: keys of [disk] and of [swap N]. */
struct config_disk_model {
	bool given;		/* one of them is there */
	bool has_latency[2];
	u64 latency_ns[2];	/* of reads and writes; else [cost]'s */
	u64 bandwidth;		/* bytes in a second; 0: no limit */
	u32 queue_depth;
};

struct config_swap {
	unsigned int id;
	u64 size;
	int priority;
	bool has_priority, rotational, off;
	u32 compressed;		/* bytes that a page comes to, of zram; 0: the default */
	struct config_disk_model model;
	char *path;
};

/* [disk]: where files are. */
struct config_disk {
	bool given;
	char *name;		/* nvme0n1 */
	u64 size;		/* bytes */
	struct config_disk_model model;
};

struct program;

struct config_file {
	char *path;
	u64 size;
	char *host;		/* a host path to read, or NULL */
	char *link;		/* the path of another [file] that this name leads to, or NULL */
	struct program *program;	/* boot/program.h: its headers; NULL: no program */
};

/* [cost]: virtual time of operations. */
enum cost {
#define COST(id, name, ns) COST_##id,
#include "sim/boot/cost.def"
#undef COST
	NR_COSTS
};
extern const char *const cost_names[NR_COSTS];

/* [config], [image]: names and values that other modules look up. */
struct config_key {
	char *name, *value;
};

struct machine_config {
	const struct arch *arch;
	enum release release;
	char *name;		/* file name or shipped name, for messages */
	char *cmdline;
	char *platform;		/* "pc" or "q35" */
	char *version;		/* proc/version of a captured machine, or NULL */
	u64 seed;
	u64 boot_time;		/* what its clock said then: seconds since 1970 */
	u64 cost[NR_COSTS];	/* ns of virtual time */
	char *reclaim;		/* the policy's name: reclaim/policies.c */
	bool clock_real;
	unsigned int nr_cpus;	/* highest id + 1 */
	unsigned int present_cpus, possible_cpus;	/* that are offline, too; at least nr_cpus */
	unsigned int nr_nodes;	/* highest id + 1 */
	struct config_node nodes[MAX_NUMNODES];
	struct config_e820 *e820;
	unsigned int nr_e820;
	struct config_reserve *reserves;
	unsigned int nr_reserves;
	struct config_zone *zones;
	unsigned int nr_zones;
	struct config_disk disk;
	struct config_swap *swaps;
	unsigned int nr_swaps;
	struct config_file *files;
	unsigned int nr_files;
	struct config_key *config;	/* [config] */
	unsigned int nr_config;
	struct config_key *sysctls;	/* [sysctl]: set before init runs */
	unsigned int nr_sysctls;
	struct config_key *slabs;	/* [slab]: bytes of the objects of a cache */
	unsigned int nr_slabs;
	struct config_key *image;	/* [image]: sizes of the kernel's parts */
	unsigned int nr_image;
	char *text;		/* the file's bytes with --set applied: sim/machine */
};

/*
 * Read a machine file. `name` is a path or a shipped name; `sets` is a
 * NULL-terminated list of [SECTION.]KEY=VALUE (SECTION defaults to machine).
 * Returns 0, or -errno with *error = "FILE:LINE: reason" to be freed with g_free().
 */
int machine_config_load(const char *name, const char *const *sets,
			struct machine_config **config, char **error) __must_check;
int machine_config_parse(const char *name, const char *text, const char *const *sets,
			 struct machine_config **config, char **error) __must_check;
void machine_config_free(struct machine_config *config);

/*
 * The value of a [config] key (y and n for what is on or off): what the file says,
 * else what Debian's kernel of that release and architecture has; NULL for a name
 * that config_options.def does not know.
 */
const char *machine_config_get(const struct machine_config *config, const char *name);
bool machine_config_bool(const struct machine_config *config, const char *name);
u64 machine_config_number(const struct machine_config *config, const char *name);
/* A timer tick in ns, by HZ (which is never 0). */
u64 machine_config_jiffy_ns(const struct machine_config *config);

/*
 * The value of an [image] key, NULL or false if the file does not say. Ranges: code,
 * rodata, data, bss. Sizes: what boot frees (init, decrypted, text_rodata_gap,
 * rodata_data_gap, smp_alternatives, initrd) and what dmesg's "Memory:" line says
 * (log_code, log_rwdata, log_rodata, log_init, log_bss).
 */
const char *machine_config_image(const struct machine_config *config, const char *name);
bool machine_config_image_size(const struct machine_config *config, const char *name,
			       u64 *bytes);
bool machine_config_image_range(const struct machine_config *config, const char *name,
				struct phys_range *range);

/* Shipped machines, in the order of --list. */
struct shipped_machine {
	const char *name, *text, *help;
};
extern const struct shipped_machine shipped_machines[];
extern const unsigned int nr_shipped_machines;

#endif
