// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * proc/sys/vm: most files are one number in struct tunables, with the kernel's
 * range. Where a write makes the kernel recompute something, the row names a
 * function of this file that asks the page allocator to do so.
 */
#include "fs/core/figures.h"
#include "fs/core/hugetlb.h"
#include "fs/core/value.h"
#include "sim/boot/boot_log.h"
#include "sim/phys/lru.h"
#include "sim/policy/compaction.h"
#include "sim/virt/file.h"
#include "sim/virt/huge_memory.h"
#include "sim/virt/shrinker.h"
#include "sim/virt/writeback.h"

#define MIN_PERCPU_PAGELIST_HIGH_FRACTION 8
#define MIN_DIRTY_BYTES (2 * PAGE_SIZE)

static int min_free_changed(struct store *s, s64 old)
{
	(void)old;
	s->m->tunables->user_min_free_kbytes = s->m->tunables->min_free_kbytes;
	setup_per_zone_wmarks(s->m);
	return 0;
}

static int wmarks_changed(struct store *s, s64 old)
{
	(void)old;
	setup_per_zone_wmarks(s->m);
	return 0;
}

static int proactiveness_changed(struct store *s, s64 old)
{
	(void)old;
	kcompactd_wake_proactive(s->m);
	return 0;
}

static int pcp_fraction_changed(struct store *s, s64 old)
{
	struct machine *m = s->m;
	s32 fraction = m->tunables->percpu_pagelist_high_fraction;

	if (fraction && fraction < MIN_PERCPU_PAGELIST_HIGH_FRACTION) {
		out_printf(s->sentence, "%d is too small: 0, or %d and more", fraction,
			   MIN_PERCPU_PAGELIST_HIGH_FRACTION);
		return -EINVAL;
	}
	for (unsigned int i = 0; fraction != old && i < m->nr_zones; i++)
		if (zone_populated(m->zones[i]))
			zone_pcp_update(m, m->zones[i]);
	return 0;
}

static int node_ratios_changed(struct store *s, s64 old)
{
	struct machine *m = s->m;

	(void)old;
	for (unsigned int nid = 0; nid < m->nr_nodes; nid++)
		if (m->nodes[nid])
			m->nodes[nid]->min_unmapped_pages = m->nodes[nid]->min_slab_pages = 0;
	for (unsigned int i = 0; i < m->nr_zones; i++) {
		const struct zone *zone = m->zones[i];
		struct pglist_data *node = m->nodes[zone->node];

		node->min_unmapped_pages +=
			zone->managed_pages * m->tunables->min_unmapped_ratio / 100;
		node->min_slab_pages += zone->managed_pages * m->tunables->min_slab_ratio / 100;
	}
	return 0;
}

/* Pairs of files of which only one counts: the other becomes 0. */
static int overcommit_ratio_changed(struct store *s, s64 old)
{
	(void)old;
	s->m->tunables->overcommit_kbytes = 0;
	return 0;
}

static int overcommit_kbytes_changed(struct store *s, s64 old)
{
	(void)old;
	s->m->tunables->overcommit_ratio = 0;
	return 0;
}

static int dirty_ratio_changed(struct store *s, s64 old)
{
	if (s->m->tunables->dirty_ratio != old)
		s->m->tunables->dirty_bytes = 0;
	writeback_set_ratelimit(s->m);
	return 0;
}

/* So many that 32 bits do not hold the pages: -ERANGE. The kernel's sum may wrap. */
static int check_dirty_bytes(struct store *s, u64 bytes)
{
	if (DIV_ROUND_UP(bytes, PAGE_SIZE) <= UINT32_MAX)
		return 0;
	out_printf(s->sentence, "%llu bytes are more pages than 32 bits hold",
		   (unsigned long long)bytes);
	return -ERANGE;
}

static int dirty_bytes_changed(struct store *s, s64 old)
{
	u64 bytes = s->m->tunables->dirty_bytes;

	if (bytes != (u64)old) {
		int err = check_dirty_bytes(s, bytes);

		if (err)
			return err;
		s->m->tunables->dirty_ratio = 0;
	}
	writeback_set_ratelimit(s->m);
	return 0;
}

static int dirty_background_ratio_changed(struct store *s, s64 old)
{
	(void)old;
	s->m->tunables->dirty_background_bytes = 0;
	return 0;
}

static int dirty_background_bytes_changed(struct store *s, s64 old)
{
	int err = check_dirty_bytes(s, s->m->tunables->dirty_background_bytes);

	(void)old;
	if (!err)
		s->m->tunables->dirty_background_ratio = 0;
	return err;
}

/* They must fit an int in ticks. */
static int check_seconds(struct store *s, s64 seconds)
{
	s64 most = INT32_MAX / (s64)s->m->hz;

	if (seconds >= -most && seconds <= most)
		return 0;
	out_printf(s->sentence, "%lld seconds are too many: at most %lld", (long long)seconds,
		   (long long)most);
	return -EINVAL;
}

static int laptop_mode_changed(struct store *s, s64 old)
{
	(void)old;
	return check_seconds(s, s->m->tunables->laptop_mode);
}

static int stat_interval_changed(struct store *s, s64 old)
{
	(void)old;
	return check_seconds(s, s->m->tunables->stat_interval);
}

static int dirty_writeback_changed(struct store *s, s64 old)
{
	if (s->m->tunables->dirty_writeback_centisecs != old)
		dirty_writeback_interval_changed(s->m);
	return 0;
}

static int resize_pool(struct store *s, u64 count)
{
	return hugetlb_store_count(s, hugetlb_default_order(s->m), NUMA_NO_NODE, count);
}

static int nr_hugepages_changed(struct store *s, s64 old)
{
	(void)old;
	return resize_pool(s, s->m->tunables->nr_hugepages);
}

static int nr_hugepages_mempolicy_changed(struct store *s, s64 old)
{
	(void)old;
	return resize_pool(s, s->m->tunables->nr_hugepages_mempolicy);
}

static int overcommit_hugepages_changed(struct store *s, s64 old)
{
	int err = hugetlb_check_overcommit(s, hugetlb_default_order(s->m));

	if (err)
		s->m->tunables->nr_overcommit_hugepages = (u64)old;
	else
		hugetlb_set_overcommit(s->m, hugetlb_default_order(s->m),
				       s->m->tunables->nr_overcommit_hugepages);
	return err;
}

#define LAST_INT INT32_MAX
#define FIRST_INT INT32_MIN
#define ANY_U64 (-1)

#define INT_ROW(file, releases, number, low, high, what) \
	{ .entry = { .name = (file), .mode = S_IFREG | 0644, .span = releases, \
		     .show = value_show, .store = value_store }, \
	  VALUE_FIELD(number, VALUE_INT), .min = (low), .max = (high), .changed = (what) }
#define ULONG_ROW(file, number, low, what) \
	{ .entry = { .name = (file), .mode = S_IFREG | 0644, .span = ALL, \
		     .show = value_show, .store = value_store }, \
	  VALUE_FIELD(number, VALUE_ULONG), .min = (low), .max = ANY_U64, .changed = (what) }

static const struct value_entry vm_values[] = {
	ULONG_ROW("admin_reserve_kbytes", admin_reserve_kbytes, 0, NULL),
	INT_ROW("compact_unevictable_allowed", ALL, compact_unevictable_allowed, 0, 1, NULL),
	INT_ROW("compaction_proactiveness", ALL, compaction_proactiveness, 0, 100,
		proactiveness_changed),
	INT_ROW("defrag_mode", SINCE(R_6_18), defrag_mode, 0, 1, NULL),
	ULONG_ROW("dirty_background_bytes", dirty_background_bytes, 1,
		  dirty_background_bytes_changed),
	INT_ROW("dirty_background_ratio", ALL, dirty_background_ratio, 0, 100,
		dirty_background_ratio_changed),
	ULONG_ROW("dirty_bytes", dirty_bytes, MIN_DIRTY_BYTES, dirty_bytes_changed),
	INT_ROW("dirty_expire_centisecs", ALL, dirty_expire_centisecs, 0, LAST_INT, NULL),
	INT_ROW("dirty_ratio", ALL, dirty_ratio, 0, 100, dirty_ratio_changed),
	INT_ROW("dirty_writeback_centisecs", ALL, dirty_writeback_centisecs, FIRST_INT,
		LAST_INT, dirty_writeback_changed),
	INT_ROW("dirtytime_expire_seconds", ALL, dirtytime_expire_seconds, 0, LAST_INT, NULL),
	INT_ROW("enable_soft_offline", SINCE(R_6_18), enable_soft_offline, 0, 1, NULL),
	INT_ROW("extfrag_threshold", ALL, extfrag_threshold, 0, 1000, NULL),
	INT_ROW("highmem_is_dirtyable", ALL, highmem_is_dirtyable, 0, 1, NULL),
	VALUE_ROW("hugetlb_optimize_vmemmap", 0644, ALL, hugetlb_optimize_vmemmap, VALUE_TRUTH, 0, 1,
		  NULL),
	INT_ROW("hugetlb_shm_group", ALL, hugetlb_shm_group, FIRST_INT, LAST_INT, NULL),
	INT_ROW("laptop_mode", ALL, laptop_mode, FIRST_INT, LAST_INT, laptop_mode_changed),
	INT_ROW("legacy_va_layout", ALL, legacy_va_layout, 0, LAST_INT, NULL),
	INT_ROW("max_map_count", ALL, max_map_count, 0, LAST_INT, NULL),
	INT_ROW("memfd_noexec", SINCE(R_6_18), memfd_noexec, 0, 2, NULL),
	INT_ROW("memory_failure_early_kill", ALL, memory_failure_early_kill, 0, 1, NULL),
	INT_ROW("memory_failure_recovery", ALL, memory_failure_recovery, 0, 1, NULL),
	INT_ROW("min_free_kbytes", ALL, min_free_kbytes, 0, LAST_INT, min_free_changed),
	INT_ROW("min_slab_ratio", ALL, min_slab_ratio, 0, 100, node_ratios_changed),
	INT_ROW("min_unmapped_ratio", ALL, min_unmapped_ratio, 0, 100, node_ratios_changed),
	ULONG_ROW("mmap_min_addr", mmap_min_addr, 0, NULL),
	VALUE_ROW("mmap_rnd_bits", 0600, ALL, mmap_rnd_bits, VALUE_INT, 28, 32, NULL),
	VALUE_ROW("mmap_rnd_bits", 0600, ALL, mmap_rnd_bits_32, VALUE_INT, 8, 16, NULL),
	VALUE_ROW("mmap_rnd_compat_bits", 0600, ALL, mmap_rnd_compat_bits, VALUE_INT, 8, 16,
		  NULL),
	ULONG_ROW("nr_hugepages", nr_hugepages, 0, nr_hugepages_changed),
	ULONG_ROW("nr_hugepages_mempolicy", nr_hugepages_mempolicy, 0,
		  nr_hugepages_mempolicy_changed),
	ULONG_ROW("nr_overcommit_hugepages", nr_overcommit_hugepages, 0,
		  overcommit_hugepages_changed),
	INT_ROW("numa_stat", ALL, numa_stat, 0, 1, NULL),
	INT_ROW("oom_dump_tasks", ALL, oom_dump_tasks, FIRST_INT, LAST_INT, NULL),
	INT_ROW("oom_kill_allocating_task", ALL, oom_kill_allocating_task, FIRST_INT, LAST_INT,
		NULL),
	ULONG_ROW("overcommit_kbytes", overcommit_kbytes, 0, overcommit_kbytes_changed),
	INT_ROW("overcommit_memory", ALL, overcommit_memory, 0, 2, NULL),
	INT_ROW("overcommit_ratio", ALL, overcommit_ratio, FIRST_INT, LAST_INT,
		overcommit_ratio_changed),
	INT_ROW("page-cluster", UNTIL(R_6_1), page_cluster, 0, LAST_INT, NULL),
	INT_ROW("page-cluster", SINCE(R_6_18), page_cluster, 0, 31, NULL),
	INT_ROW("page_lock_unfairness", ALL, page_lock_unfairness, 0, LAST_INT, NULL),
	INT_ROW("panic_on_oom", ALL, panic_on_oom, 0, 2, NULL),
	INT_ROW("percpu_pagelist_high_fraction", ALL, percpu_pagelist_high_fraction, 0,
		LAST_INT, pcp_fraction_changed),
	INT_ROW("stat_interval", ALL, stat_interval, FIRST_INT, LAST_INT, stat_interval_changed),
	INT_ROW("swappiness", ALL, swappiness, 0, 200, NULL),
	INT_ROW("unprivileged_userfaultfd", ALL, unprivileged_userfaultfd, 0, 1, NULL),
	ULONG_ROW("user_reserve_kbytes", user_reserve_kbytes, 0, NULL),
	INT_ROW("vdso_enabled", ALL, vdso_enabled, FIRST_INT, LAST_INT, NULL),
	INT_ROW("vfs_cache_pressure", ALL, vfs_cache_pressure, 0, LAST_INT, NULL),
	INT_ROW("vfs_cache_pressure_denom", SINCE(R_6_18), vfs_cache_pressure_denom, 100,
		LAST_INT, NULL),
	INT_ROW("watermark_boost_factor", ALL, watermark_boost_factor, 0, LAST_INT, NULL),
	INT_ROW("watermark_scale_factor", ALL, watermark_scale_factor, 1, 3000, wmarks_changed),
	INT_ROW("zone_reclaim_mode", ALL, zone_reclaim_mode, 0, LAST_INT, NULL),
};

/* What a row needs besides its release; rows that are not here are always there. */
struct need {
	const char *name, *option;
	u8 bits;		/* of the architecture; 0 = any */
};

static const struct need needs[] = {
	{ "highmem_is_dirtyable", "HIGHMEM", 0 },
	{ "hugetlb_optimize_vmemmap", NULL, 64 },
	{ "memory_failure_early_kill", "MEMORY_FAILURE", 0 },
	{ "memory_failure_recovery", "MEMORY_FAILURE", 0 },
	{ "enable_soft_offline", "MEMORY_FAILURE", 0 },
	{ "min_slab_ratio", "NUMA", 0 },
	{ "min_unmapped_ratio", "NUMA", 0 },
	{ "mmap_rnd_compat_bits", NULL, 64 },
	{ "nr_hugepages_mempolicy", "NUMA", 0 },
	{ "numa_stat", "NUMA", 0 },
	{ "numa_zonelist_order", "NUMA", 0 },
	{ "vdso_enabled", NULL, 32 },
	{ "zone_reclaim_mode", "NUMA", 0 },
};

/* The two rows of mmap_rnd_bits differ in the field behind them. */
static bool rnd_bits_fit(const struct view *v, const struct entry *entry)
{
	const struct value_entry *row = container_of(entry, struct value_entry, entry);
	bool wide = row->offset == offsetof(struct tunables, mmap_rnd_bits);

	return wide == (v->m->arch->bits == 64);
}

static bool vm_visible(const struct view *v, const struct entry *entry)
{
	if (!strcmp(entry->name, "mmap_rnd_bits"))
		return rnd_bits_fit(v, entry);
	for (size_t i = 0; i < ARRAY_SIZE(needs); i++) {
		const struct need *need = &needs[i];

		if (strcmp(need->name, entry->name))
			continue;
		if (need->option && !option_on(v->m, need->option))
			return false;
		return !need->bits || need->bits == v->m->arch->bits;
	}
	return true;
}

/* A command: a number in a range, of which nothing is kept. */
static int command_number(struct store *s, const struct view *v, const char *text, s32 low,
			  s32 high, s32 *value)
{
	s->rest = text;
	if (sysctl_int(&s->rest, value) > 0 && *value >= low && *value <= high)
		return 0;
	out_printf(s->sentence, "%s takes a number from %d to %d, not '%s'", v->entry->name,
		   low, high, text);
	return -EINVAL;
}

static int compact_memory_store(struct store *s, const struct view *v, const char *text)
{
	s32 value;
	int err = 0;

	if (rel_compact_memory_takes_1(s->m->release))
		err = command_number(s, v, text, 1, 1, &value);
	if (err)
		return err;
	compact_nodes(s->m);
	return 0;
}

static int drop_caches_store(struct store *s, const struct view *v, const char *text)
{
	s32 value;
	int err = command_number(s, v, text, 1, 4, &value);

	if (err)
		return err;
	if (value & 1) {
		drop_pagecache(s->m);
		count_vm_event(s->m, DROP_PAGECACHE, 1);
	}
	if (value & 2) {
		drop_slab(s->m);
		count_vm_event(s->m, DROP_SLAB, 1);
	}
	if (!(value & 4))
		printk(s->m, 6, "sh (1): drop_caches: %d", value);
	return 0;
}

static int stat_refresh_show(struct out *out, const struct view *v)
{
	(void)out;
	(void)v;	/* counters are exact at all times */
	return 0;
}

static int stat_refresh_store(struct store *s, const struct view *v, const char *text)
{
	(void)s;
	(void)v;
	(void)text;
	return 0;
}

static int lowmem_reserve_show(struct out *out, const struct view *v)
{
	const char *tab = "";

	for (int type = 0; type < MAX_NR_ZONES; type++) {
		if (!(v->m->arch->zones >> type & 1))
			continue;
		out_printf(out, "%s%d", tab, v->m->tunables->lowmem_reserve_ratio[type]);
		tab = "\t";
	}
	out_putc(out, '\n');
	return 0;
}

/*
 * Numbers for the first zones. The kernel keeps those before one that it cannot read
 * and calls that success, too; where that is the first, it says that it took all.
 */
static int lowmem_reserve_store(struct store *s, const struct view *v, const char *text)
{
	s32 *ratio = s->m->tunables->lowmem_reserve_ratio;
	const char *rest = text;
	bool taken = false;

	(void)v;
	for (int type = 0; type < MAX_NR_ZONES; type++) {
		const char *before;
		s32 value;

		if (!(s->m->arch->zones >> type & 1))
			continue;
		before = rest;
		if (sysctl_int(&rest, &value) <= 0) {
			s->blanks_left = taken && rest != before;	/* it is no int */
			break;
		}
		ratio[type] = MAX(value, 0);
		taken = true;
	}
	if (taken)
		s->rest = rest;
	setup_per_zone_lowmem_reserve(s->m);
	return 0;
}

/* The handler computes the reserves anew, whoever called it. */
static bool lowmem_reserve_stale(const struct view *v)
{
	const struct machine *m = v->m;

	for (unsigned int i = 0; i < m->nr_zones; i++)
		if (m->zones[i]->reserve_pages != m->zones[i]->managed_pages)
			return true;
	return false;
}

static int zonelist_order_show(struct out *out, const struct view *v)
{
	(void)v;
	out_puts(out, "Node\n");
	return 0;
}

static int zonelist_order_store(struct store *s, const struct view *v, const char *text)
{
	(void)v;
	if (*text && strchr("dDnN", *text))
		return 0;
	out_printf(s->sentence, "'%s': the only orders are Default and Node", text);
	return -EINVAL;
}

static const struct entry vm_entries[] = {
	{ .name = "compact_memory", .mode = S_IFREG | 0200, .span = ALL,
	  .store = compact_memory_store },
	{ .name = "drop_caches", .mode = S_IFREG | 0200, .span = ALL,
	  .store = drop_caches_store },
	{ .name = "lowmem_reserve_ratio", .mode = S_IFREG | 0644, .span = ALL,
	  .show = lowmem_reserve_show, .store = lowmem_reserve_store,
	  .reading_stores = lowmem_reserve_stale },
	{ .name = "numa_zonelist_order", .mode = S_IFREG | 0644, .span = ALL,
	  .show = zonelist_order_show, .store = zonelist_order_store },
	{ .name = "stat_refresh", .mode = S_IFREG | 0600, .span = ALL,
	  .show = stat_refresh_show, .store = stat_refresh_store },
};

static const struct dir vm_dir = { DIR_FILES(vm_entries), .visible = vm_visible };
static const struct dir vm_value_dir = { DIR_VALUES(vm_values), .visible = vm_visible };

TREE_PARTS(sys_vm_parts,
	   { "proc/sys/vm", &vm_value_dir },
	   { "proc/sys/vm", &vm_dir });
