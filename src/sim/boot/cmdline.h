/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel command line: parameters that this kernel acts on, parsed into a
 * struct; names that a real kernel knows too; and the rest, which it passes to
 * init and names in its log.
 */
#ifndef KMM_BOOT_CMDLINE_H
#define KMM_BOOT_CMDLINE_H

#include "sim/base/out.h"
#include "sim/base/types.h"

/* An amount of memory: bytes, or a share of all memory. */
struct core_amount {
	u64 bytes;
	unsigned int percent;	/* 0: bytes say it */
};

/*
 * A change of the memory map by memmap= or mem=, which take effect in their order.
 * kind: '@' usable, '$' reserved, '#' ACPI, '!' persistent, '%' other types, 'x'
 * exactmap, 'm' nothing above size, '0' no change.
 */
struct memmap_option {
	char kind;
	u64 start, size;
	unsigned int from, to;	/* with '%': types by the firmware's numbers; 0 = none */
};

struct hugetlb_option {
	u64 page_size;		/* bytes; 0 = the default size */
	u64 nr_pages;
	int node;		/* -1 = spread over all */
};

enum thp_choice { THP_DEFAULT, THP_NEVER, THP_MADVISE, THP_ALWAYS };

#define MAX_MEMMAP_OPTIONS 64
#define MAX_HUGETLB_OPTIONS 80
#define MAX_HUGETLB_NODE 64

struct cmdline {
	struct memmap_option memmap[MAX_MEMMAP_OPTIONS];
	unsigned int nr_memmap;
	struct core_amount kernelcore, movablecore;
	bool kernelcore_mirror, movable_node;
	bool numa_off;
	bool nopcid;
	bool secretmem, secretmem_given;
	struct hugetlb_option hugetlb[MAX_HUGETLB_OPTIONS];
	unsigned int nr_hugetlb;
	bool hugepages_taken;	/* for the size that was named last */
	u64 default_hugepagesz;
	enum thp_choice thp;
	/* thp_anon=, thp_shmem=: four bits for each order, by the words of sysfs. */
	u64 thp_anon, thp_shmem;
	bool thp_anon_given, thp_shmem_given;
	/* transparent_hugepage_shmem=, _tmpfs=: words of shmem_enabled. */
	u8 thp_shmem_mount, thp_tmpfs;
	bool thp_shmem_mount_given, thp_tmpfs_given;
	bool page_owner;
	bool init_on_alloc, init_on_free;	/* pages are cleared, as the log says */
	/* crashkernel=SIZE[@BASE] or =RANGE:SIZE,...[@BASE]: the text, to be resolved */
	const char *crash;
	u64 crash_high, crash_low;	/* crashkernel=SIZE,high and SIZE,low */
	bool has_crash_low;
	const char *slub_debug;	/* the text behind slub_debug[=]; NULL: not given */
	size_t slub_debug_len;
	bool slab_nomerge;
	bool memblock_debug;
	u64 dentry_hash, inode_hash, mount_hash, mountpoint_hash;
	u64 tcp_hash, udp_hash;	/* 0 = sized by memory */
	bool no_hashdist, nohugevmalloc;
	/* cma=SIZE[@START[-END]]: END is START + SIZE where only START is given. */
	bool has_cma, bad_cma;	/* bad: no size at all */
	u64 cma_size, cma_base, cma_limit;
};

/*
 * The size that crashkernel=SIZE or =RANGE:SIZE,... asks for on a machine with this
 * much memory; 0 = none. *base: where, 0 = anywhere.
 */
u64 cmdline_crash_size(const struct cmdline *cmdline, u64 ram_bytes, u64 *base);

/* Is this letter (F, Z, P, U, ...) on for all caches? Without letters all are. */
bool slub_debug_has(const struct cmdline *cmdline, char flag);

/*
 * cmdline_thp.c: "16K-64K:always;2M:inherit" into four bits for each order, that a word
 * of `words` gives. False: it is not that, and *packed stays.
 */
bool cmdline_thp_sizes(const char *text, size_t len, const char *const words[],
		       unsigned int nr_words, u64 valid_orders, u64 *packed);

void cmdline_parse(const char *text, struct cmdline *cmdline);
/*
 * Names of unknown parameters as the kernel lists them: words, then assignments. cma: the
 * kernel knows such areas.
 */
void cmdline_unknown(const char *text, bool cma, struct out *out);

#endif
