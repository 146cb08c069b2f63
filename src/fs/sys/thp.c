// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * sys/kernel/mm/transparent_hugepage. Files with a choice of words print all of
 * them, the chosen one in brackets. Since 6.18 each size has a directory; its
 * choices lie in four bits for each order.
 */
#include <stdio.h>

#include "fs/core/figures.h"
#include "fs/core/value.h"
#include "sim/policy/khugepaged.h"
#include "sim/virt/mm_slot.h"
#include "sim/virt/thp.h"
#include "sim/virt/virt.h"

struct choice {
	const char *const *words;
	unsigned int nr;
};

#define CHOICE(array) { (array), ARRAY_SIZE(array) }

static const char *const enabled_words[] = { "always", "madvise", "never" };
static const char *const defrag_words[] = {
	"always", "defer", "defer+madvise", "madvise", "never",
};
static const char *const shmem_words[] = {
	"always", "within_size", "advise", "never", "deny", "force",
};
static const char *const size_words[] = { "always", "inherit", "madvise", "never" };
static const char *const size_shmem_words[] = {
	"always", "inherit", "within_size", "advise", "never",
};

static const struct choice size_choice = CHOICE(size_words);
static const struct choice size_shmem_choice = CHOICE(size_shmem_words);

static int choose(struct store *s, const char *text, const char *const *words,
		  unsigned int nr)
{
	int chosen = sysfs_word(text, words, nr);

	if (chosen >= 0)
		return chosen;
	out_printf(s->sentence, "'%s' is none of", text);
	for (unsigned int i = 0; i < nr; i++)
		out_printf(s->sentence, " %s", words[i]);
	return -EINVAL;
}

/* The tunable counts the other way: 0 never, 1 madvise, 2 always. */
static int enabled_show(struct out *out, const struct view *v)
{
	show_choice(out, enabled_words, ARRAY_SIZE(enabled_words),
		    2 - v->m->tunables->thp_enabled);
	return 0;
}

/*
 * Switches start or stop khugepaged, so there must be host memory for a thread before
 * anything changes; a thread that could not be had leaves the switches as they were.
 */
static int switch_over(struct store *s, const struct tunables *next)
{
	const struct virt_need need = { .pages = 64, .tables = 4, .objects = 64 };
	struct tunables old = *s->m->tunables;
	int err;

	if (virt_guarantee(s->m, &need)) {
		out_puts(s->sentence, "no host memory for khugepaged");
		return -ENOMEM;
	}
	*s->m->tunables = *next;
	err = start_stop_khugepaged(s->m);
	if (err)
		*s->m->tunables = old;
	virt_guarantee_end(s->m);
	return err;
}

static int enabled_store(struct store *s, const struct view *v, const char *text)
{
	struct tunables next = *s->m->tunables;
	int chosen = choose(s, text, enabled_words, ARRAY_SIZE(enabled_words));

	(void)v;
	if (chosen < 0)
		return chosen;
	next.thp_enabled = 2 - chosen;
	return switch_over(s, &next);
}

static int defrag_show(struct out *out, const struct view *v)
{
	show_choice(out, defrag_words, ARRAY_SIZE(defrag_words), v->m->tunables->thp_defrag);
	return 0;
}

static int defrag_store(struct store *s, const struct view *v, const char *text)
{
	int chosen = choose(s, text, defrag_words, ARRAY_SIZE(defrag_words));

	(void)v;
	if (chosen < 0)
		return chosen;
	s->m->tunables->thp_defrag = chosen;
	return 0;
}

static int shmem_show(struct out *out, const struct view *v)
{
	show_choice(out, shmem_words, ARRAY_SIZE(shmem_words),
		    v->m->tunables->thp_shmem_enabled);
	return 0;
}

static int shmem_store(struct store *s, const struct view *v, const char *text)
{
	struct tunables next = *s->m->tunables;
	int chosen = choose(s, text, shmem_words, ARRAY_SIZE(shmem_words));

	(void)v;
	if (chosen < 0)
		return chosen;
	next.thp_shmem_enabled = chosen;
	/* Deny and force leave the kernel's own mount as it was. */
	if (chosen <= SHMEM_HUGE_NEVER)
		next.thp_shmem_mount = chosen;
	if (rel_has_thp_sizes(s->m->release))
		return switch_over(s, &next);
	*s->m->tunables = next;
	return 0;
}

static int pmd_size_show(struct out *out, const struct view *v)
{
	out_printf(out, "%llu\n", (unsigned long long)(pmd_pages(v->m) * PAGE_SIZE));
	return 0;
}

/* Directories of sizes. */

static void show_size_choice(struct out *out, const struct choice *choice, u64 packed,
			     u32 order)
{
	show_choice(out, choice->words, choice->nr, packed >> (order * 4) & 15);
}

/* The field is at `packed` in struct tunables. */
static int store_size_choice(struct store *s, const struct choice *choice, size_t packed,
			     u32 order, const char *text)
{
	struct tunables next = *s->m->tunables;
	u64 *field = (u64 *)(void *)((char *)&next + packed);
	int chosen = choose(s, text, choice->words, choice->nr);

	if (chosen < 0)
		return chosen;
	*field = (*field & ~(15ULL << (order * 4))) | (u64)chosen << (order * 4);
	return switch_over(s, &next);
}

static int size_enabled_show(struct out *out, const struct view *v)
{
	show_size_choice(out, &size_choice, v->m->tunables->thp_size_enabled, v->id[V_SIZE]);
	return 0;
}

static int size_enabled_store(struct store *s, const struct view *v, const char *text)
{
	return store_size_choice(s, &size_choice, offsetof(struct tunables, thp_size_enabled),
				 v->id[V_SIZE], text);
}

static int size_shmem_show(struct out *out, const struct view *v)
{
	show_size_choice(out, &size_shmem_choice, v->m->tunables->thp_size_shmem_enabled,
			 v->id[V_SIZE]);
	return 0;
}

static int size_shmem_store(struct store *s, const struct view *v, const char *text)
{
	return store_size_choice(s, &size_shmem_choice,
				 offsetof(struct tunables, thp_size_shmem_enabled),
				 v->id[V_SIZE], text);
}

static bool size_next(const struct view *v, u32 *order)
{
	*order = MAX(*order, 1);
	return *order <= v->m->arch->hugetlb_order;
}

static void size_name(const struct view *v, u32 order, char name[64])
{
	(void)v;
	snprintf(name, 64, "hugepages-%llukB", 4ULL << order);
}

static bool size_find(const struct view *v, const char *name, u32 *order)
{
	for (*order = 1; size_next(v, order); ++*order) {
		char text[64];

		size_name(v, *order, text);
		if (!strcmp(text, name))
			return true;
	}
	return false;
}

#define RO(file, function) \
	{ .name = (file), .mode = S_IFREG | 0444, .span = ALL, .show = (function) }
#define RW(file, function, write) \
	{ .name = (file), .mode = S_IFREG | 0644, .span = ALL, .show = (function), \
	  .store = (write) }

/* Counts of one size: rows by mthp_stats.def, whose order their functions do not know. */
static const struct {
	const char *name;
	u8 item, memory;
} stat_items[] = {
#define MTHP(id, file, of) { (file), MTHP_STAT_##id, (of) },
#include "sim/abi/mthp_stats.def"
#undef MTHP
};

static int size_stat_show(struct out *out, const struct view *v)
{
	u8 item = 0;

	for (size_t i = 0; i < ARRAY_SIZE(stat_items); i++)
		if (!strcmp(stat_items[i].name, v->entry->name))
			item = stat_items[i].item;
	out_printf(out, "%lld\n", (long long)v->m->mthp_stat[v->id[V_SIZE]][item]);
	return 0;
}

static const struct entry stats_entries[] = {
#define MTHP(id, file, of) RO(file, size_stat_show),
#include "sim/abi/mthp_stats.def"
#undef MTHP
};

/* Anonymous memory has no huge pages of two pages. */
static bool size_visible(const struct view *v, const struct entry *entry)
{
	if (v->id[V_SIZE] != 1)
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(stat_items); i++)
		if (!strcmp(stat_items[i].name, entry->name))
			return stat_items[i].memory != MTHP_OF_ANON;
	return strcmp(entry->name, "enabled") != 0;
}

static const struct dir stats_dir = { DIR_FILES(stats_entries), .visible = size_visible };

static const struct entry size_entries[] = {
	RW("enabled", size_enabled_show, size_enabled_store),
	RW("shmem_enabled", size_shmem_show, size_shmem_store),
	{ .name = "stats", .mode = S_IFDIR | 0755, .span = ALL, .dir = &stats_dir },
};

static const struct dir size_dir = { DIR_FILES(size_entries), .visible = size_visible };

static const struct each size_each[] = {
	{ .entry = { .name = "hugepages-<SIZE>kB", .mode = S_IFDIR | 0755,
		     .span = SINCE(R_6_18), .dir = &size_dir },
	  .slot = V_SIZE, .next = size_next, .name = size_name, .find = size_find },
};

static const struct entry thp_entries[] = {
	RW("defrag", defrag_show, defrag_store),
	RW("enabled", enabled_show, enabled_store),
	RO("hpage_pmd_size", pmd_size_show),
	RW("shmem_enabled", shmem_show, shmem_store),
};

static const struct value_entry thp_values[] = {
	VALUE_ROW("shrink_underused", 0644, SINCE(R_6_18), thp_shrink_underused,
		  VALUE_SYS_FLAG, 0, 1, NULL),
	VALUE_ROW("use_zero_page", 0644, ALL, thp_use_zero_page, VALUE_SYS_INT, 0, 1, NULL),
};

static int max_ptes_changed(struct store *s, s64 old)
{
	const struct tunables *t = s->m->tunables;
	s32 last = pmd_pages(s->m) - 1;

	(void)old;
	if (t->khugepaged_max_ptes_none <= last && t->khugepaged_max_ptes_swap <= last &&
	    t->khugepaged_max_ptes_shared <= last)
		return 0;
	out_printf(s->sentence, "a huge page has %d pages besides the first: no more is taken",
		   last);
	return -EINVAL;
}

static int sleep_changed(struct store *s, s64 old)
{
	(void)old;
	khugepaged_wake_now(s->m);
	return 0;
}

#define KHUGEPAGED(file, field, low, high, what) \
	VALUE_ROW(file, 0644, ALL, khugepaged_##field, VALUE_SYS_UINT, low, high, what)

static const struct value_entry khugepaged_values[] = {
	KHUGEPAGED("alloc_sleep_millisecs", alloc_sleep_millisecs, 0, UINT32_MAX,
		   sleep_changed),
	VALUE_ROW("defrag", 0644, ALL, khugepaged_defrag, VALUE_SYS_INT, 0, 1, NULL),
	KHUGEPAGED("max_ptes_none", max_ptes_none, 0, INT32_MAX, max_ptes_changed),
	KHUGEPAGED("max_ptes_shared", max_ptes_shared, 0, INT32_MAX, max_ptes_changed),
	KHUGEPAGED("max_ptes_swap", max_ptes_swap, 0, INT32_MAX, max_ptes_changed),
	KHUGEPAGED("pages_to_scan", pages_to_scan, 1, UINT32_MAX, NULL),
	KHUGEPAGED("scan_sleep_millisecs", scan_sleep_millisecs, 0, UINT32_MAX,
		   sleep_changed),
};

static int full_scans_show(struct out *out, const struct view *v)
{
	out_printf(out, "%u\n", v->m->khugepaged->full_scans);
	return 0;
}

static int pages_collapsed_show(struct out *out, const struct view *v)
{
	out_printf(out, "%u\n", v->m->khugepaged->pages_collapsed);
	return 0;
}

static const struct entry khugepaged_entries[] = {
	RO("full_scans", full_scans_show),
	RO("pages_collapsed", pages_collapsed_show),
};

static const struct dir thp_dir = {
	DIR_FILES(thp_entries), DIR_VALUES(thp_values), DIR_EACH(size_each),
};
static const struct dir khugepaged_dir = {
	DIR_FILES(khugepaged_entries), DIR_VALUES(khugepaged_values),
};

TREE_PARTS(thp_parts,
	   { "sys/kernel/mm/transparent_hugepage", &thp_dir },
	   { "sys/kernel/mm/transparent_hugepage/khugepaged", &khugepaged_dir });
