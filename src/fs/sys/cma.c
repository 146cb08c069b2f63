// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * sys/kernel/mm/cma and sys/kernel/debug/cma: a directory for each contiguous memory area.
 * The files `alloc` and `free` of the latter take a number of pages.
 */
#include "sim/phys/cma.h"

#include "fs/core/entry.h"
#include "fs/core/value.h"

static struct cma *area_of(const struct view *v)
{
	return &v->m->cma->areas[v->id[V_SIZE]];
}

#define AREA_SHOW(function, figure) \
	static int function(struct out *out, const struct view *v) \
	{ \
		const struct cma *cma = area_of(v); \
		\
		out_u64(out, figure, 0); \
		out_putc(out, '\n'); \
		return 0; \
	}

AREA_SHOW(success_show, cma->nr_pages_succeeded)
AREA_SHOW(fail_show, cma->nr_pages_failed)
AREA_SHOW(release_show, cma->nr_pages_released)
AREA_SHOW(total_show, cma->count)
AREA_SHOW(available_show, cma->available_count)
AREA_SHOW(base_show, cma->base_pfn)
AREA_SHOW(order_show, cma->order_per_bit)
AREA_SHOW(used_show, cma->count - cma->available_count)
AREA_SHOW(maxchunk_show, cma_maxchunk(cma))

/* The bitmap in words of 32 bits. */
static int bitmap_show(struct out *out, const struct view *v)
{
	const struct cma *cma = area_of(v);
	u64 nr = DIV_ROUND_UP(cma_bitmap_maxno(cma), 32);

	for (u64 i = 0; i < nr; i++) {
		out_u64(out, (u32)(cma->bitmap[i / 2] >> (i % 2 * 32)), 0);
		out_putc(out, i + 1 < nr ? ' ' : '\n');
	}
	return 0;
}

/* What the kernel's attribute hands on: an int. */
static int parse_pages(struct store *s, const char *text, u64 *nr_pages)
{
	int err = sysfs_number(text, 0, nr_pages);

	if (err) {
		out_printf(s->sentence, "'%.60s' is not a number of pages", text);
	} else if (*nr_pages > INT32_MAX) {
		out_printf(s->sentence, "%.60s pages: at most %d at once", text, INT32_MAX);
		err = -ENOMEM;
	}
	return err;
}

static int alloc_store(struct store *s, const struct view *v, const char *text)
{
	u64 nr_pages;
	int err = parse_pages(s, text, &nr_pages);

	if (err)
		return err;
	err = cma_alloc_mem(s->m, area_of(v), nr_pages);
	if (err)
		out_printf(s->sentence, "the area has no %.60s pages in a row", text);
	s->changed = err && err != -ENOBUFS;	/* it was looked for, and that is counted */
	return store_err(err);
}

static int free_store(struct store *s, const struct view *v, const char *text)
{
	u64 nr_pages;
	int err = parse_pages(s, text, &nr_pages);

	if (!err)
		cma_free_mem(s->m, area_of(v), nr_pages);
	return err;
}

#define RANGES SINCE(R_6_18)
#define NO_RANGES UNTIL(R_6_1)
#define IN(file, function, releases) \
	{ .name = (file), .mode = S_IFREG | 0444, .span = releases, .show = (function) }
#define WO(file, write) \
	{ .name = (file), .mode = S_IFREG | 0200, .span = ALL, .store = (write) }
#define RANGE_LINK(file) \
	{ .name = (file), .mode = S_IFLNK | 0777, .span = RANGES, .show = fixed_text_show, \
	  .text = "ranges/0/" file }

static const struct entry sys_entries[] = {
	FILE_ROW("alloc_pages_fail", 0444, fail_show),
	FILE_ROW("alloc_pages_success", 0444, success_show),
	IN("available_pages", available_show, RANGES),
	IN("release_pages_success", release_show, RANGES),
	IN("total_pages", total_show, RANGES),
};
static const struct dir sys_area_dir = { DIR_FILES(sys_entries) };

static const struct entry range_entries[] = {
	FILE_ROW("base_pfn", 0444, base_show),
	FILE_ROW("bitmap", 0444, bitmap_show),
};
static const struct dir range_dir = { DIR_FILES(range_entries) };

static const struct entry ranges_entries[] = {
	DIR_ROW("0", 0755, &range_dir),
};
static const struct dir ranges_dir = { DIR_FILES(ranges_entries) };

static const struct entry debug_entries[] = {
	WO("alloc", alloc_store),
	IN("base_pfn", base_show, NO_RANGES),
	RANGE_LINK("base_pfn"),
	IN("bitmap", bitmap_show, NO_RANGES),
	RANGE_LINK("bitmap"),
	FILE_ROW("count", 0444, total_show),
	WO("free", free_store),
	FILE_ROW("maxchunk", 0444, maxchunk_show),
	FILE_ROW("order_per_bit", 0444, order_show),
	{ .name = "ranges", .mode = S_IFDIR | 0755, .span = RANGES, .dir = &ranges_dir },
	FILE_ROW("used", 0444, used_show),
};
static const struct dir debug_area_dir = { DIR_FILES(debug_entries) };

static bool area_next(const struct view *v, u32 *id)
{
	return v->m->cma && *id < v->m->cma->nr;
}

static void area_name(const struct view *v, u32 id, char name[64])
{
	memcpy(name, v->m->cma->areas[id].name, CMA_MAX_NAME);
}

static bool area_find(const struct view *v, const char *name, u32 *id)
{
	for (*id = 0; area_next(v, id); ++*id)
		if (!strcmp(v->m->cma->areas[*id].name, name))
			return true;
	return false;
}

#define AREA_EACH(directory) \
	{ .entry = { .name = "<AREA>", .mode = S_IFDIR | 0755, .span = ALL, \
		     .dir = (directory) }, \
	  .slot = V_SIZE, .next = area_next, .name = area_name, .find = area_find }

static const struct each sys_each[] = { AREA_EACH(&sys_area_dir) };
static const struct each debug_each[] = { AREA_EACH(&debug_area_dir) };
static const struct dir sys_cma_dir = { DIR_EACH(sys_each) };
static const struct dir debug_cma_dir = { DIR_EACH(debug_each) };

static bool cma_visible(const struct view *v, const struct entry *entry)
{
	(void)entry;
	return v->m->cma;
}

static const struct entry mm_entries[] = { DIR_ROW("cma", 0755, &sys_cma_dir) };
static const struct entry root_entries[] = { DIR_ROW("cma", 0755, &debug_cma_dir) };
static const struct dir mm_dir = { DIR_FILES(mm_entries), .visible = cma_visible };
static const struct dir root_dir = { DIR_FILES(root_entries), .visible = cma_visible };

TREE_PARTS(cma_parts, { "sys/kernel/mm", &mm_dir }, { "sys/kernel/debug", &root_dir });
