// SPDX-License-Identifier: GPL-2.0-or-later
/* What zram devices have beside the files of any disk, in sys/block/zramN. */
#include <stdlib.h>

#include "fs/core/figures.h"
#include "fs/core/value.h"
#include "sim/virt/virt.h"
#include "sim/virt/zram.h"

typedef unsigned long long ull;

static bool zram_visible(const struct view *v, const struct entry *entry)
{
	(void)entry;
	return v->m->virt->blk->disks[v->id[V_CACHE]].zram;
}

static struct zram *zram_of(const struct view *v)
{
	return v->m->virt->blk->disks[v->id[V_CACHE]].zram;
}

static int disksize_show(struct out *out, const struct view *v)
{
	out_printf(out, "%llu\n", (ull)zram_of(v)->disk->bytes);
	return 0;
}

static int initstate_show(struct out *out, const struct view *v)
{
	out_printf(out, "%u\n", zram_of(v)->nr_entries > 0);
	return 0;
}

static int comp_algorithm_show(struct out *out, const struct view *v)
{
	out_puts(out, rel_zram_has_bios(v->m->release) ? "[lz4] lz4hc zstd deflate \n" :
							 "lzo [lzo-rle] lz4 lz4hc zstd \n");
	return 0;
}

static int max_comp_streams_show(struct out *out, const struct view *v)
{
	out_printf(out, "%u\n", v->m->nr_cpus);
	return 0;
}

static int mm_stat_show(struct out *out, const struct view *v)
{
	const struct zram *zram = zram_of(v);
	u64 used = zram->nr_entries ? zram->pool.nr_pages : 0;

	out_printf(out, "%8llu %8llu %8llu %8llu %8llu %8llu %8llu %8llu %8llu\n",
		   (ull)zram->pages_stored * PAGE_SIZE, (ull)zram->compr_data_size,
		   (ull)used * PAGE_SIZE, (ull)zram->limit_pages * PAGE_SIZE,
		   (ull)zram->max_used_pages * PAGE_SIZE, (ull)zram->same_pages, 0ULL,
		   (ull)zram->huge_pages, (ull)zram->huge_pages_since);
	return 0;
}

/* failed_reads failed_writes invalid_io notify_free */
static int io_stat_show(struct out *out, const struct view *v)
{
	out_printf(out, "%8llu %8llu %8llu %8llu\n", 0ULL, (ull)zram_of(v)->failed_writes, 0ULL,
		   (ull)zram_of(v)->notify_free);
	return 0;
}

/*
 * Who needed a second attempt at memory; what was freed while others looked: nobody is that
 * quick.
 */
static int debug_stat_show(struct out *out, const struct view *v)
{
	out_printf(out, "version: 1\n%8llu %8llu\n", 0ULL, (ull)zram_of(v)->miss_free);
	return 0;
}

/* As memparse(): digits, and K, M, G, T. */
static int size_of_text(const struct store *s, const char *text, u64 *bytes)
{
	static const char units[] = "KMGT";
	char *end;
	const char *unit;

	*bytes = strtoull(text, &end, 0);
	unit = *end ? strchr(units, *end & ~0x20) : NULL;
	if (end == text || (*end && (!unit || end[1]))) {
		out_printf(s->sentence, "'%s' is not a size", text);
		return -EINVAL;
	}
	if (unit)
		*bytes <<= 10 * (unit - units + 1);
	return 0;
}

static int disksize_store(struct store *s, const struct view *v, const char *text)
{
	struct zram *zram = zram_of(v);
	u64 bytes;
	int err = size_of_text(s, text, &bytes);

	if (err)
		return err;
	if (!bytes || bytes > (u64)UINT32_MAX * PAGE_SIZE) {
		out_printf(s->sentence, "'%s' is not the size of a disk", text);
		return -EINVAL;
	}
	err = zram_set_disksize(s->m, zram, ALIGN_UP(bytes, PAGE_SIZE));
	if (err == -EBUSY)
		out_puts(s->sentence, "the device has a size: write 1 to reset first");
	if (err == -ENOMEM || err == -ENOBUFS)
		out_printf(s->sentence, "there is no memory for a table of '%s'", text);
	/* Memory was reclaimed for it. */
	s->changed = err == -ENOMEM;
	return store_err(err);
}

static int reset_store(struct store *s, const struct view *v, const char *text)
{
	u64 value;
	int err;

	if (sysfs_number(text, 10, &value) || !value) {
		out_printf(s->sentence, "'%s': write 1", text);
		return -EINVAL;
	}
	err = zram_reset(s->m, zram_of(v));
	if (err)
		out_puts(s->sentence, "somebody uses the device: swapoff first");
	return err;
}

static int mem_limit_store(struct store *s, const struct view *v, const char *text)
{
	u64 bytes;
	int err = size_of_text(s, text, &bytes);

	if (!err)
		zram_of(v)->limit_pages = ALIGN_UP(bytes, PAGE_SIZE) / PAGE_SIZE;
	return err;
}

static int mem_used_max_store(struct store *s, const struct view *v, const char *text)
{
	if (strcmp(text, "0")) {
		out_printf(s->sentence, "'%s': write 0", text);
		return -EINVAL;
	}
	zram_of(v)->max_used_pages = zram_of(v)->pool.nr_pages;
	return 0;
}

#define WRITE_ROW(file, set) { .name = (file), .mode = S_IFREG | 0200, .span = ALL, .store = (set) }

static const struct entry entries[] = {
	FILE_ROW("comp_algorithm", 0444, comp_algorithm_show),
	FILE_ROW("debug_stat", 0444, debug_stat_show),
	{ .name = "disksize", .mode = S_IFREG | 0644, .span = ALL, .show = disksize_show,
	  .store = disksize_store },
	FILE_ROW("initstate", 0444, initstate_show),
	FILE_ROW("io_stat", 0444, io_stat_show),
	FILE_ROW("max_comp_streams", 0444, max_comp_streams_show),
	WRITE_ROW("mem_limit", mem_limit_store),
	WRITE_ROW("mem_used_max", mem_used_max_store),
	FILE_ROW("mm_stat", 0444, mm_stat_show),
	WRITE_ROW("reset", reset_store),
};
static const struct dir zram_dir = { DIR_FILES(entries), .visible = zram_visible };

TREE_PARTS(zram_parts, { "sys/block/<DISK>", &zram_dir });
