/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What kmm-capture knows of a machine before it writes the machine file. Sources
 * (kmm-capture-*.c) fill in what they find; nothing is required. Ranges are
 * half-open and in bytes; texts belong to the struct.
 */
#ifndef KMM_CAPTURE_H
#define KMM_CAPTURE_H

#include <glib.h>

#include "sim/base/types.h"

#define CAPTURE_NODES 1024
#define CAPTURE_ADDR_END (1ULL << 52)

struct capture_range {
	u64 start, end;
	char *name;		/* type of memory, name of a reservation, or NULL */
	unsigned int nid;
};

struct capture_zone {
	unsigned int nid;
	char *name;
	u64 start_pfn, spanned, present, managed;
	u64 min, low, high, boost;
	u64 batch, high_max;	/* of per-CPU lists; 0: not printed */
	u64 protection[8];	/* by zone type, in the order of the node's zones */
	unsigned int index;	/* of this zone in that order */
	bool whole;		/* all of its lines are there */
	u64 early, late;
};

struct capture_node {
	bool online;
	char *cpulist;		/* as sysfs prints it */
	char *distances;
};

struct capture {
	char *root;		/* "/" or the directory of --from */
	bool live;
	char *version, *cmdline, *meminfo;
	GPtrArray *dmesg;	/* lines without time and level */
	const char *arch;	/* as the machine file says */
	bool old_rules;		/* 6.1's: watermarks of Movable */
	const char *release;
	bool q35;
	u64 boot_time;		/* 0: not known */
	unsigned int nr_cpus, present_cpus, possible_cpus;
	unsigned int smp_node;	/* the node of the CPUs that came up last */
	unsigned int hz, nr_cpus_config, fpu_context;
	u64 min_free_kbytes, watermark_scale_factor, block_bytes;
	u64 reserve_ratio[8];	/* vm.lowmem_reserve_ratio; 0 where not read */
	GArray *e820;		/* struct capture_range, as are the next five */
	GArray *updates;	/* what the kernel itself changed in it, in order */
	GArray *srat, *memnode;	/* what a node has: firmware; after trimming */
	GArray *reserves;
	GArray *image;		/* code, rodata, data, bss */
	GArray *zones;		/* struct capture_zone */
	struct capture_range initrd;
	bool has_freed;		/* dmesg reaches to the end of the boot */
	u64 freed_initrd;	/* bytes */
	GPtrArray *image_sizes;	/* "init = 2612K": lines of [image] */
	u64 freed_init;		/* sum of all "Freeing unused ..." */
	struct capture_node nodes[CAPTURE_NODES];
	unsigned int nr_nodes;	/* highest id + 1 */
	GPtrArray *sysctls;	/* "vm.min_free_kbytes = 20000": what somebody has set */
	GPtrArray *notes;	/* sentences for the head of the file */
};

/* kmm-capture-source.c: the text of a file below the root, or NULL. */
char *capture_read(const struct capture *c, const char *path);
/* The same without blanks around it. */
char *capture_read_word(const struct capture *c, const char *path);
bool capture_exists(const struct capture *c, const char *path);
/* Fills in c->dmesg; stays empty where the log cannot be read. */
void capture_read_log(struct capture *c);
void capture_note(struct capture *c, const char *fmt, ...) G_GNUC_PRINTF(2, 3);

/* kmm-capture-log.c, kmm-capture-tree.c: sources of facts. */
void capture_from_log(struct capture *c);
void capture_drop_torn(struct capture *c);
void capture_log_line(struct capture *c, const char *line);
/* Does the command line change the firmware's map? The boot makes its changes again. */
bool capture_cmdline_changes_map(const struct capture *c);
void capture_from_tree(struct capture *c);
/* machine.txt of a captured directory: a digest of the log, for when it is missing. */
void capture_from_digest(struct capture *c);
/* Calls `visit` for each memory block that node `nid` has in sysfs. */
void capture_each_block(const struct capture *c, unsigned int nid,
			void (*visit)(u64 block, void *data), void *data);

/* kmm-capture-memory.c: the firmware's map and the nodes' ranges. */
void capture_add(GArray *ranges, u64 start, u64 end, const char *name, unsigned int nid);
void capture_settle_memory(struct capture *c);

/* kmm-capture-zones.c: `early` of each zone. */
void capture_settle_zones(struct capture *c);

/* kmm-capture-sysctl.c: what is not as the boot leaves it; after the zones. */
void capture_settle_sysctls(struct capture *c);
/*
 * Is min_free_kbytes what the boot makes of the zones' `early`? Not exact: within 1 %,
 * for when `early` is a guess.
 */
/* HighMem, Movable beside it, and in newer kernels any Movable: a clamped min, no share of it. */
bool capture_zone_is_clamped(const struct capture *c, const struct capture_zone *zone);
bool capture_min_free_is_default(const struct capture *c, bool exact);

/* kmm-capture-slab.c: objects that are larger or smaller than on `booted`. */
struct machine;
bool capture_has_slabs(const struct capture *c);
void capture_write_slabs(const struct capture *c, const struct machine *booted, GString *out);

/* kmm-capture-write.c: the machine file. */
void capture_write(struct capture *c, GString *out);

/*
 * kmm-capture-machine.c: all of that, appended to `text`. `from`: a directory of copied
 * files; NULL: this host. 0 or -errno, which has been said on standard error.
 */
int capture_machine(const char *from, GString *text) G_GNUC_WARN_UNUSED_RESULT;

#endif
