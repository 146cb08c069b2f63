// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * As drivers/block/zram: the new object is there before the old one goes, so that a full
 * device can fail to take a page that it has; slots that swap gives up are freed at once.
 */
#include "sim/virt/zram.h"

#include <stdlib.h>

#include "sim/base/digest.h"
#include "sim/boot/boot_log.h"
#include "sim/phys/page_alloc.h"
#include "sim/phys/vmalloc.h"
#include "sim/virt/content.h"
#include "sim/virt/cputime.h"
#include "sim/virt/swap_internal.h"

typedef unsigned long long ull;

#define TABLE_ENTRY 24	/* bytes, with CONFIG_ZRAM_MEMORY_TRACKING */
#define KERN_INFO_LEVEL 6

bool is_zram_path(const char *path)
{
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;

	return !strncmp(name, "zram", 4) && name[4] >= '0' && name[4] <= '9';
}

static struct zram *zram_next(const struct machine *m, unsigned int *i)
{
	const struct blk_state *blk = m->virt->blk;

	while (blk && *i < blk->nr && !blk->disks[*i].zram)
		++*i;
	return blk && *i < blk->nr ? blk->disks[*i].zram : NULL;
}

int zram_alloc(struct machine *m, struct gendisk *disk, u32 compressed)
{
	disk->zram = arena_alloc(&m->arena, sizeof(*disk->zram));
	if (!disk->zram)
		return -ENOBUFS;
	*disk->zram = (struct zram){ .disk = disk, .compressed = compressed };
	return 0;
}

void zram_free(struct machine *m, struct zram *zram)
{
	if (!zram)
		return;
	zs_free_host(m, &zram->pool);
	arena_free(&m->arena, zram->table, zram->nr_entries * sizeof(*zram->table));
	arena_free(&m->arena, zram, sizeof(*zram));
}

/* ---- Its size. ---- */

int zram_set_disksize(struct machine *m, struct zram *zram, u64 bytes)
{
	const struct vmalloc_request req = {
		.bytes = bytes / PAGE_SIZE * TABLE_ENTRY, .gfp = GFP_KERNEL | __GFP_ZERO,
		.node = NUMA_NO_NODE, .caller = "disksize_store+0x8d/0x150 [zram]",
	};
	u64 nr = bytes / PAGE_SIZE;
	int err;

	if (zram->nr_entries)
		return -EBUSY;
	/* More than all memory: vmalloc would not even try. */
	if (req.bytes / PAGE_SIZE > m->max_pfn)
		return -ENOMEM;
	zram->table = arena_alloc(&m->arena, nr * sizeof(*zram->table));
	if (!zram->table)
		return -ENOBUFS;
	err = vmalloc(m, &req, &zram->table_addr);
	if (err) {
		arena_free(&m->arena, zram->table, nr * sizeof(*zram->table));
		zram->table = NULL;
		return err;
	}
	zram->nr_entries = nr;
	zram->disk->bytes = bytes;
	printk(m, KERN_INFO_LEVEL, "%s: detected capacity change from 0 to %llu", zram->disk->name,
	       (ull)bytes / 512);
	return 0;
}

static void free_entry(struct machine *m, struct zram *zram, u64 index)
{
	struct zram_entry *entry = &zram->table[index];

	if (entry->state == ZRAM_NONE)
		return;
	if (entry->state == ZRAM_SAME) {
		zram->same_pages--;
	} else {
		zs_free(m, &zram->pool, &entry->object);
		zram->compr_data_size -= entry->size;
		zram->huge_pages -= entry->state == ZRAM_HUGE;
	}
	zram->pages_stored--;
	*entry = (struct zram_entry){ 0 };
}

static bool is_swap(const struct machine *m, const struct zram *zram)
{
	const struct swap_state *swap = swap_of(m);

	for (unsigned int type = 0; type < swap->nr_types; type++)
		if (swap->info[type].flags & SWP_USED && swap->info[type].disk == zram->disk)
			return true;
	return false;
}

int zram_reset(struct machine *m, struct zram *zram)
{
	int err;

	if (is_swap(m, zram))
		return -EBUSY;
	if (!zram->nr_entries)
		return 0;
	for (u64 i = 0; i < zram->nr_entries; i++)
		free_entry(m, zram, i);
	err = vfree(m, zram->table_addr);
	if (err)
		return err;
	arena_free(&m->arena, zram->table, zram->nr_entries * sizeof(*zram->table));
	printk(m, KERN_INFO_LEVEL, "%s: detected capacity change from %llu to 0", zram->disk->name,
	       (ull)zram->disk->bytes / 512);
	zram->table = NULL;
	zram->formatted = false;
	zram->nr_entries = zram->disk->bytes = 0;
	zram->huge_pages_since = zram->max_used_pages = zram->limit_pages = 0;
	zram->failed_writes = zram->notify_free = zram->miss_free = 0;
	return 0;
}

int zram_boot(struct machine *m)
{
	struct zram *zram;
	int err = 0;

	for (unsigned int i = 0; !err && (zram = zram_next(m, &i)); i++) {
		u64 bytes = zram->disk->bytes;

		err = zs_create_pool(m, &zram->pool, zram->disk->name);
		if (err)
			break;
		zram->created = true;
		printk(m, KERN_INFO_LEVEL, "zram: Added device: %s", zram->disk->name);
		err = zram_set_disksize(m, zram, bytes);
		zram->formatted = true;
	}
	return err;
}

/* ---- Pages. ---- */

/* What the page comes to; 0: it is all zeroes. */
static u32 compressed_size(const struct machine *m, const struct zram *zram, u32 pfn)
{
	if (!content_token(m, pfn))
		return 0;
	return zram->compressed >= zs_huge_class_size(m) ? PAGE_SIZE : zram->compressed;
}

static int store(struct machine *m, struct zram *zram, u64 index, u32 size)
{
	struct zs_object object;
	int err = zs_malloc(m, &zram->pool, size, &object);

	if (err)
		return err;
	if (zram->limit_pages && zram->pool.nr_pages > zram->limit_pages) {
		zs_free(m, &zram->pool, &object);
		return -ENOMEM;
	}
	zram->max_used_pages = MAX(zram->max_used_pages, zram->pool.nr_pages);
	free_entry(m, zram, index);
	zram->table[index] = (struct zram_entry) {
		.object = object, .size = (u16)size,
		.state = size == PAGE_SIZE ? ZRAM_HUGE : ZRAM_STORED,
	};
	zram->compr_data_size += size;
	zram->huge_pages += size == PAGE_SIZE;
	zram->huge_pages_since += size == PAGE_SIZE;
	return 0;
}

int zram_write_page(struct machine *m, struct zram *zram, u64 index, u32 pfn)
{
	u32 size = compressed_size(m, zram, pfn);
	int err = index < zram->nr_entries ? 0 : -EIO;

	if (!err && size) {
		cpu_works(m, m->config->cost[COST_COMPRESS_PAGE]);
		err = store(m, zram, index, size);
	} else if (!err) {
		free_entry(m, zram, index);
		zram->table[index].state = ZRAM_SAME;
		zram->same_pages++;
	}
	if (err)
		zram->failed_writes++;
	else
		zram->pages_stored++;
	return err;
}

void zram_read_page(struct machine *m, const struct zram *zram, u64 index)
{
	if (zram->table[index].state == ZRAM_STORED)
		cpu_works(m, m->config->cost[COST_DECOMPRESS_PAGE]);
}

void zram_slot_free_notify(struct machine *m, struct zram *zram, u64 index)
{
	zram->notify_free++;
	free_entry(m, zram, index);
}

/* ---- State. ---- */

void zram_digest(const struct machine *m, struct digest *digest)
{
	const struct zram *zram;

	for (unsigned int i = 0; (zram = zram_next(m, &i)); i++) {
		for (u64 n = 0; n < zram->nr_entries; n++)
			if (zram->table[n].state)
				digest_u64(digest, n << 32 ^ zram->table[n].object.handle ^
						   (u64)zram->table[n].state << 16);
		zs_digest(&zram->pool, digest);
		digest_u64(digest, zram->notify_free);
		digest_u64(digest, zram->max_used_pages << 1 | zram->formatted);
		digest_u64(digest, zram->limit_pages);
		digest_u64(digest, zram->failed_writes);
		digest_u64(digest, zram->huge_pages_since);
	}
}

static void entries_validate(const struct machine *m, const struct zram *zram, u32 *nr_objects,
			     struct check *check)
{
	u64 stored = 0, bytes = 0, same = 0;

	for (u64 i = 0; i < zram->nr_entries; i++) {
		const struct zram_entry *entry = &zram->table[i];

		stored += entry->state != ZRAM_NONE;
		same += entry->state == ZRAM_SAME;
		if (entry->state <= ZRAM_SAME)
			continue;
		bytes += entry->size;
		if (entry->object.zspage < zram->pool.nr)
			nr_objects[entry->object.zspage]++;
	}
	zs_validate(m, &zram->pool, nr_objects, check);
	check->nr_checked++;
	if (stored != zram->pages_stored || bytes != zram->compr_data_size || same != zram->same_pages)
		check_fail(check, "ZS1", "%s: expected %llu pages in %llu bytes, %llu of zeroes, found "
			   "%llu in %llu, %llu of zeroes", zram->disk->name, (ull)stored, (ull)bytes,
			   (ull)same, (ull)zram->pages_stored, (ull)zram->compr_data_size,
			   (ull)zram->same_pages);
}

/* Slots of swap that are free have nothing there; those that nobody has in memory have. */
static void slots_validate(const struct machine *m, const struct zram *zram, struct check *check)
{
	const struct swap_state *swap = swap_of(m);

	for (unsigned int type = 0; type < swap->nr_types; type++) {
		const struct swap_info_struct *si = &swap->info[type];

		if (!(si->flags & SWP_USED) || si->disk != zram->disk || !si->swap_map)
			continue;
		for (u64 i = 1; i < si->max; i++) {
			u32 map = si->swap_map[i];
			bool there = zram->table[i].state != ZRAM_NONE;
			bool needed = map & SWAP_COUNT_MASK && !(map & (SWAP_HAS_CACHE | SWAP_ZERO | SWAP_MAP_BAD));

			check->nr_checked++;
			if ((there && !map) || (needed && !there))
				check_fail(check, "ZS1", "%s: expected slot %llu, of map %#x, to be %s, "
					   "found it otherwise", zram->disk->name, (ull)i, map,
					   needed ? "there" : "free");
		}
	}
}

void zram_validate(const struct machine *m, struct check *check)
{
	const struct zram *zram;

	for (unsigned int i = 0; (zram = zram_next(m, &i)); i++) {
		u32 *nr_objects = calloc(MAX(zram->pool.nr, 1), sizeof(*nr_objects));

		if (nr_objects)
			entries_validate(m, zram, nr_objects, check);
		free(nr_objects);
		slots_validate(m, zram, check);
	}
}

void zram_claim_objects(const struct machine *m, struct object_census *census)
{
	const struct zram *zram;

	for (unsigned int i = 0; (zram = zram_next(m, &i)); i++) {
		zs_claim_objects(&zram->pool, census);
		for (u64 n = 0; n < zram->nr_entries; n++)
			if (zram->table[n].object.handle)
				object_claim(census, zram->table[n].object.handle, "a handle of zsmalloc");
	}
}

u64 zsmalloc_nr_pages(const struct machine *m)
{
	const struct zram *zram;
	u64 nr = 0;

	for (unsigned int i = 0; m->virt && (zram = zram_next(m, &i)); i++)
		nr += zram->pool.nr_pages;
	return nr;
}
