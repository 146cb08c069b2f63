// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * sys/kernel/mm: ksm, lru_gen, numa, swap, mempolicy, damon. Their daemons do not
 * run yet: counters stand at 0, settings are kept.
 */
#include "fs/core/figures.h"
#include "fs/core/value.h"
#include "fs/sys/devices.h"
#include "sim/virt/mempolicy.h"
#include "sim/virt/virt.h"

#define KSM(file, field, kind, releases, ...) \
	{ .entry = { .name = (file), .mode = S_IFREG | 0644, .span = releases, \
		     .show = value_show, .store = value_store }, \
	  VALUE_FIELD(ksm_##field, VALUE_SYS_##kind), __VA_ARGS__ }
#define UP_TO(last) .min = 0, .max = (last)
#define RO(file, releases) \
	{ .name = (file), .mode = S_IFREG | 0444, .span = releases, \
	  .show = fixed_text_show, .text = "0\n" }

static const struct value_entry ksm_values[] = {
	KSM("advisor_max_cpu", advisor_max_cpu, LOW32, SINCE(R_6_18), UP_TO(UINT32_MAX)),
	KSM("advisor_max_pages_to_scan", advisor_max_pages_to_scan, ULONG, SINCE(R_6_18),
	    UP_TO(-1)),
	KSM("advisor_min_pages_to_scan", advisor_min_pages_to_scan, ULONG, SINCE(R_6_18),
	    UP_TO(-1)),
	KSM("advisor_target_scan_time", advisor_target_scan_time, ULONG, SINCE(R_6_18),
	    .min = 1, .max = -1),
	KSM("max_page_sharing", max_page_sharing, S32, ALL, .min = 2, .max = INT32_MAX),
	KSM("merge_across_nodes", merge_across_nodes, INT, ALL, UP_TO(1)),
	KSM("pages_to_scan", pages_to_scan, UINT, ALL, UP_TO(UINT32_MAX)),
	KSM("run", run, UINT, ALL, UP_TO(2)),
	KSM("sleep_millisecs", sleep_millisecs, UINT, ALL, UP_TO(UINT32_MAX)),
	KSM("smart_scan", smart_scan, FLAG, SINCE(R_6_18), UP_TO(1)),
	KSM("stable_node_chains_prune_millisecs", stable_node_chains_prune_millisecs, UINT,
	    ALL, UP_TO(UINT32_MAX)),
	KSM("use_zero_pages", use_zero_pages, FLAG, ALL, UP_TO(1)),
};

static const char *const advisor_modes[] = { "none", "scan-time" };

static int advisor_mode_show(struct out *out, const struct view *v)
{
	show_choice(out, advisor_modes, ARRAY_SIZE(advisor_modes),
		    v->m->tunables->ksm_advisor_mode);
	return 0;
}

static int advisor_mode_store(struct store *s, const struct view *v, const char *text)
{
	int mode = sysfs_word(text, advisor_modes, ARRAY_SIZE(advisor_modes));

	(void)v;
	if (mode < 0) {
		out_printf(s->sentence, "'%s' is neither none nor scan-time", text);
		return mode;
	}
	s->m->tunables->ksm_advisor_mode = mode;
	return 0;
}

static const struct entry ksm_entries[] = {
	{ .name = "advisor_mode", .mode = S_IFREG | 0644, .span = SINCE(R_6_18),
	  .show = advisor_mode_show, .store = advisor_mode_store },
	RO("full_scans", ALL),
	RO("general_profit", SINCE(R_6_18)),
	RO("ksm_zero_pages", SINCE(R_6_18)),
	RO("pages_scanned", SINCE(R_6_18)),
	RO("pages_shared", ALL),
	RO("pages_sharing", ALL),
	RO("pages_skipped", SINCE(R_6_18)),
	RO("pages_unshared", ALL),
	RO("pages_volatile", ALL),
	RO("stable_node_chains", ALL),
	RO("stable_node_dups", ALL),
};

static int lru_gen_enabled_show(struct out *out, const struct view *v)
{
	out_printf(out, "0x%04x\n", v->m->tunables->lru_gen_enabled);
	return 0;
}

/* y and n mean all parts and none; else a mask of the three parts. */
static int lru_gen_enabled_store(struct store *s, const struct view *v, const char *text)
{
	u64 caps = 0;

	(void)v;
	if (*text == 'y' || *text == 'Y') {
		caps = 7;
	} else if (*text != 'n' && *text != 'N' &&
		   (sysfs_number(text, 0, &caps) || caps > UINT32_MAX)) {
		out_printf(s->sentence, "'%.60s' is neither y, n nor a mask", text);
		return -EINVAL;
	}
	s->m->tunables->lru_gen_enabled = caps & 7;
	return 0;
}

static const struct entry lru_gen_entries[] = {
	{ .name = "enabled", .mode = S_IFREG | 0644, .span = ALL,
	  .show = lru_gen_enabled_show, .store = lru_gen_enabled_store },
};

/* The kernel keeps ticks, and shows the milliseconds that they come to, in 32 bits. */
static int min_ttl_changed(struct store *s, s64 old)
{
	u64 *ms = &s->m->tunables->lru_gen_min_ttl_ms, hz = s->m->hz;
	u64 longest = (1ULL << (s->m->arch->bits - 2)) - 2;
	u64 ticks = *ms > INT32_MAX ? longest : DIV_ROUND_UP(*ms * hz, 1000);

	(void)old;
	*ms = (u32)(ticks / hz * 1000 + DIV_ROUND_UP(ticks % hz * 1000, hz));
	return 0;
}

static const struct value_entry lru_gen_values[] = {
	VALUE_ROW("min_ttl_ms", 0644, ALL, lru_gen_min_ttl_ms, VALUE_SYS_ANY_BASE, 0, -1,
		  min_ttl_changed),
};

static const struct value_entry numa_values[] = {
	VALUE_ROW("demotion_enabled", 0644, ALL, numa_demotion_enabled, VALUE_SYS_BOOL, 0, 1,
		  NULL),
};

static const struct value_entry swap_values[] = {
	VALUE_ROW("vma_ra_enabled", 0644, ALL, swap_vma_ra_enabled, VALUE_SYS_BOOL, 0, 1, NULL),
};

/* The name is the kernel's: its macro took `auto` for the keyword. */
static int interleave_auto_show(struct out *out, const struct view *v)
{
	out_puts(out, v->m->virt->il_manual ? "false\n" : "true\n");
	return 0;
}

/* Nothing here measures bandwidths, which automatic weights would come from. */
static int interleave_auto_store(struct store *s, const struct view *v, const char *text)
{
	bool automatic;

	(void)v;
	if (sysfs_bool(text, &automatic)) {
		out_printf(s->sentence, "'%s' is neither true nor false", text);
		return -EINVAL;
	}
	if (automatic) {
		out_puts(s->sentence, "the bandwidths of the nodes are not known");
		return -ENODEV;
	}
	s->m->virt->il_manual = true;
	return 0;
}

static int interleave_weight_show(struct out *out, const struct view *v)
{
	out_u64(out, get_il_weight(v->m, v->id[V_NODE]), 0);
	out_putc(out, '\n');
	return 0;
}

static int interleave_weight_store(struct store *s, const struct view *v, const char *text)
{
	u64 weight;

	if (!*text || sysfs_number(text, 0, &weight) || !weight || weight > UINT8_MAX) {
		out_printf(s->sentence, "'%s' is no weight: 1 to 255", text);
		return -EINVAL;
	}
	s->m->virt->il_weights[v->id[V_NODE]] = (u8)weight;
	s->m->virt->il_manual = true;
	return 0;
}

static const struct entry interleave_entries[] = {
	{ .name = "__auto_type", .mode = S_IFREG | 0664, .span = SINCE(R_6_18),
	  .show = interleave_auto_show, .store = interleave_auto_store },
};

static bool memory_node_next(const struct view *v, u32 *nid)
{
	for (; node_next(v, nid); ++*nid)
		if (v->m->nodes[*nid]->has_memory)
			return true;
	return false;
}

static bool memory_node_find(const struct view *v, const char *name, u32 *nid)
{
	return node_find(v, name, nid) && v->m->nodes[*nid]->has_memory;
}

static const struct each interleave_each[] = {
	{ .entry = { .name = "node<N>", .mode = S_IFREG | 0644, .span = SINCE(R_6_18),
		     .show = interleave_weight_show,
		     .store = interleave_weight_store },
	  .slot = V_NODE, .next = memory_node_next, .name = node_name,
	  .find = memory_node_find },
};

static const struct dir interleave_dir = {
	DIR_FILES(interleave_entries), DIR_EACH(interleave_each),
};

static const struct entry mempolicy_entries[] = {
	{ .name = "weighted_interleave", .mode = S_IFDIR | 0755, .span = SINCE(R_6_18),
	  .dir = &interleave_dir },
};

static bool mm_visible(const struct view *v, const struct entry *entry)
{
	if (!strcmp(entry->name, "ksm"))
		return option_on(v->m, "KSM");
	if (!strcmp(entry->name, "lru_gen"))
		return option_on(v->m, "LRU_GEN");
	return option_on(v->m, "NUMA");
}

static bool ksm_visible(const struct view *v, const struct entry *entry)
{
	return strcmp(entry->name, "merge_across_nodes") || option_on(v->m, "NUMA");
}

static const struct dir ksm_dir = {
	DIR_FILES(ksm_entries), DIR_VALUES(ksm_values), .visible = ksm_visible,
};
static const struct dir lru_gen_dir = {
	DIR_FILES(lru_gen_entries), DIR_VALUES(lru_gen_values),
};
static const struct dir numa_dir = { DIR_VALUES(numa_values) };
static const struct dir swap_dir = { DIR_VALUES(swap_values) };
static const struct dir mempolicy_dir = { DIR_FILES(mempolicy_entries) };

#define DIR_IN(file, releases, directory) \
	{ .name = (file), .mode = S_IFDIR | 0755, .span = releases, .dir = (directory) }

static const struct entry optional_entries[] = {
	DIR_IN("ksm", ALL, &ksm_dir),
	DIR_IN("lru_gen", ALL, &lru_gen_dir),
	DIR_IN("mempolicy", SINCE(R_6_18), &mempolicy_dir),
	DIR_IN("numa", ALL, &numa_dir),
};

static const struct entry damon_entries[] = {
	{ .name = "nr_kdamonds", .mode = S_IFREG | 0600, .span = SINCE(R_6_18),
	  .show = fixed_text_show, .text = "0\n" },
};

static const struct dir optional_dir = { DIR_FILES(optional_entries), .visible = mm_visible };
static const struct dir damon_dir = { DIR_FILES(damon_entries) };

TREE_PARTS(mm_parts,
	   { "sys/kernel/mm", &optional_dir },
	   { "sys/kernel/mm/swap", &swap_dir },
	   { "sys/kernel/mm/damon/admin/kdamonds", &damon_dir });
