// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The files that are compared, and what each of their figures follows from. A figure is
 * derived if two boots of one machine show it alike. What a figure's row does not name
 * is of the class that the file's row has at its end.
 */
#include "kmm-compare.h"

#define D(name) { NULL, name, DERIVED, false, NULL }
#define S(name) { NULL, name, STATE, false, NULL }
#define N(name) { NULL, name, NOISE, false, NULL }
/* Not every kernel has it. */
#define MAYBE(name, class) { NULL, name, class, true, NULL }
#define IN(section, name, class) { section, name, class, false, NULL }
#define WITH(name, class, other) { NULL, name, class, false, other }
#define END { NULL, NULL, STATE, false, NULL }

static const struct field_row meminfo[] = {
	D("MemTotal"), D("HighTotal"), D("LowTotal"), D("SwapTotal"), D("CommitLimit"),
	D("VmallocTotal"), D("VmallocChunk"), D("NFS_Unstable"), D("Bounce"), D("WritebackTmp"),
	D("HugePages_Total"), D("Hugepagesize"), D("Hugetlb"), END
};

/* 6.18 tunes `high` of per-CPU lists between two marks; without them it is fixed. */
static const struct field_row zoneinfo[] = {
	IN("*, cpu *", "count", STATE), WITH("high", STATE, "high_min"), IN("*, cpu *", "*", DERIVED),
	D(""), D("min"), D("low"), D("high"), D("promo"), D("spanned"), D("present"), D("managed"),
	D("cma"), D("protection"), D("start_pfn"), END
};

static const struct field_row pagetypeinfo[] = {
	D("Page block order"), D("Pages per block"), D("types"), D("blocks"), END
};

/* Which caches there are is the kernel's build; their geometry follows from the objects. */
static const struct field_row slabinfo[] = {
	MAYBE("", STATE), D("slabinfo - version"), D("objsize"), D("objperslab"), D("pagesperslab"),
	D("limit"), D("batchcount"), D("sharedfactor"), END
};

static const struct field_row iomem[] = {
	D("System RAM *"), D("in it: Kernel *"), D("in it: Crash kernel *"), MAYBE("*", STATE), END
};

static const struct field_row cpu_times[] = {
	N("cpu*"), MAYBE("page", NOISE), MAYBE("swap", NOISE), END
};

/* What the hardware or the way to build the kernel adds. */
static const struct field_row status[] = {
	MAYBE("NS*", STATE), MAYBE("x86_Thread_features*", STATE), MAYBE("untag_mask", STATE),
	MAYBE("Seccomp*", STATE), MAYBE("Speculation*", STATE), MAYBE("Mems_allowed*", STATE),
	END
};

static const struct field_row smaps[] = { MAYBE("ProtectionKey", STATE), END };

/* Counters come and go with options of the kernel. */
static const struct field_row vmstat[] = {
	MAYBE("zsw*", STATE), MAYBE("swpin_zero", STATE), MAYBE("balloon_*", STATE),
	MAYBE("nr_tlb_*", STATE), MAYBE("vma_lock_*", STATE), MAYBE("direct_map_*", STATE),
	END
};

static const struct field_row node_meminfo[] = {
	D("MemTotal"), D("HighTotal"), D("LowTotal"), D("HugePages_Total"), D("NFS_Unstable"),
	D("Bounce"), D("WritebackTmp"), END
};

#define NODE "sys/devices/system/node/"
#define MEMORY "sys/devices/system/memory/"
#define CPU "sys/devices/system/cpu/"
#define MM "sys/kernel/mm/"
#define SLAB "sys/kernel/slab/"
#define ROW(p, how, class) { .path = p, .parse = how, .rest = class }
/* Files of one figure; those that not every kernel has. */
#define VALUE(g, p, class) { .path = g p, .parse = parse_value, .rest = class, .group = g "..." }
#define MAYBE_VALUE(g, p, class) { .path = g p, .parse = parse_value, .rest = class, \
	.optional = true, .group = g "..." }
#define SYSCTL(name) VALUE("proc/sys/vm/", name, DERIVED)
#define SETTING(name) MAYBE_VALUE("proc/sys/vm/", name, STATE)

const struct file_row file_rows[] = {
	{ .path = "proc/meminfo", .parse = parse_names, .fields = meminfo, .rest = STATE },
	{ .path = "proc/zoneinfo", .parse = parse_zoneinfo, .fields = zoneinfo, .rest = STATE },
	{ .path = "proc/vmstat", .parse = parse_names, .fields = vmstat, .rest = STATE },
	ROW("proc/buddyinfo", parse_buddyinfo, STATE),
	{ .path = "proc/pagetypeinfo", .parse = parse_pagetypeinfo, .fields = pagetypeinfo,
	  .rest = STATE },
	{ .path = "proc/slabinfo", .parse = parse_slabinfo, .fields = slabinfo, .rest = STATE,
	  .unordered = true },
	{ .path = "proc/iomem", .parse = parse_iomem, .fields = iomem, .rest = STATE,
	  .hidden = iomem_is_hidden },
	{ .path = "proc/swaps", .parse = parse_columns, .rest = STATE },
	{ .path = "proc/stat", .parse = parse_words, .fields = cpu_times, .rest = NOISE },
	ROW("proc/loadavg", parse_value, NOISE),
	ROW("proc/uptime", parse_value, NOISE),
	{ .path = "proc/pressure/*", .parse = parse_pressure, .rest = NOISE, .optional = true },
	ROW("proc/version", parse_value, DERIVED),
	ROW("proc/cmdline", parse_value, DERIVED),

	SYSCTL("min_free_kbytes"),
	SYSCTL("lowmem_reserve_ratio"),
	SYSCTL("watermark_scale_factor"),
	SYSCTL("percpu_pagelist_high_fraction"),
	SYSCTL("overcommit_memory"),
	SYSCTL("overcommit_ratio"),
	SYSCTL("overcommit_kbytes"),
	SYSCTL("nr_hugepages"),
	SETTING("*_bytes"), SETTING("*_ratio"),
	SETTING("*_centisecs"), SETTING("*reserve_kbytes"),
	SETTING("dirtytime_expire_seconds"), SETTING("laptop_mode"),
	SETTING("comp*s*"), SETTING("extfrag_threshold"),
	SETTING("max_map_count"), SETTING("mmap_*"),
	SETTING("numa_*"), SETTING("*oom*"),
	SETTING("page*cl*ster"), SETTING("swappiness"),
	SETTING("stat_interval"), SETTING("vfs_cache_pressure*"),
	SETTING("watermark_boost_factor"), SETTING("zone_reclaim_mode"),
	SETTING("nr_overcommit_hugepages"), SETTING("*fault*"),

	VALUE(NODE, "online", DERIVED), VALUE(NODE, "possible", DERIVED),
	VALUE(NODE, "has_*", DERIVED),
	VALUE(NODE, "node*/cpulist", DERIVED), VALUE(NODE, "node*/cpumap", DERIVED),
	VALUE(NODE, "node*/distance", DERIVED),
	VALUE(NODE, "node*/memory*/phys_index", DERIVED),
	VALUE(NODE, "node*/hugepages/hugepages-*/nr_hugepages", DERIVED),
	VALUE(NODE, "node*/hugepages/hugepages-*/free_hugepages", STATE),
	VALUE(NODE, "node*/hugepages/hugepages-*/surplus_hugepages", STATE),
	{ .path = NODE "node*/meminfo", .parse = parse_names, .fields = node_meminfo,
	  .rest = STATE },
	ROW(NODE "node*/numastat", parse_names, STATE),
	{ .path = NODE "node*/vmstat", .parse = parse_names, .fields = vmstat, .rest = STATE },

	VALUE(MEMORY, "block_size_bytes", DERIVED),
	VALUE(MEMORY, "memory*/phys_index", DERIVED), VALUE(MEMORY, "memory*/valid_zones", DERIVED),
	VALUE(MEMORY, "memory*/state", STATE),
	VALUE(CPU, "online", DERIVED), VALUE(CPU, "possible", DERIVED), VALUE(CPU, "present", DERIVED),

	MAYBE_VALUE(SLAB, "*/object_size", STATE), MAYBE_VALUE(SLAB, "*/slab_size", DERIVED),
	MAYBE_VALUE(SLAB, "*/objs_per_slab", DERIVED), MAYBE_VALUE(SLAB, "*/order", DERIVED),
	MAYBE_VALUE(SLAB, "*/align", DERIVED), MAYBE_VALUE(SLAB, "*/min_partial", DERIVED),
	MAYBE_VALUE(SLAB, "*/cpu_partial", DERIVED),

	VALUE(MM, "transparent_hugepage/hpage_pmd_size", DERIVED),
	MAYBE_VALUE(MM, "transparent_hugepage/*", STATE),
	MAYBE_VALUE(MM, "transparent_hugepage/khugepaged/*", STATE),
	MAYBE_VALUE(MM, "hugepages/hugepages-*/*hugepages*", STATE),
	MAYBE_VALUE(MM, "lru_gen/*", STATE), MAYBE_VALUE(MM, "ksm/*", STATE),
	MAYBE_VALUE(MM, "swap/*", STATE), MAYBE_VALUE(MM, "numa/*", STATE),

	/* The first process: which figures there are. */
	{ .path = "proc/1/status", .parse = parse_names, .fields = status, .rest = STATE,
	  .when = WHEN_REAL },
	{ .path = "proc/1/smaps", .parse = parse_smaps, .fields = smaps, .rest = STATE,
	  .when = WHEN_REAL },
	{ .path = "proc/1/smaps_rollup", .parse = parse_smaps, .rest = STATE, .optional = true,
	  .when = WHEN_REAL },
	/* What the lines of a history do to each. */
	{ .path = "proc/*/status", .parse = parse_names, .rest = STATE, .numbers = true,
	  .when = WHEN_HISTORY },
	{ .path = "proc/*/smaps_rollup", .parse = parse_smaps, .rest = STATE, .numbers = true,
	  .when = WHEN_HISTORY },
	{ .path = "sys/fs/cgroup/*/memory.*", .parse = parse_names, .rest = STATE,
	  .when = WHEN_HISTORY },
};

const unsigned int nr_file_rows = G_N_ELEMENTS(file_rows);
