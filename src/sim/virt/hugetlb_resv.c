// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Reservation maps: ranges of huge page offsets, sorted, none touching the next. Who is
 * going to add asks first, so that the entries that the addition may need are there;
 * they stay with the map for the next one.
 */
#include "sim/virt/hugetlb.h"

#include "sim/base/bug.h"
#include "sim/base/digest.h"
#include "sim/virt/virt.h"

static int entry_alloc(struct machine *m, struct file_region **entry)
{
	return new_object(m, &m->virt->file_regions, NUMA_NO_NODE, entry);
}

static void entry_free(struct machine *m, struct file_region *entry)
{
	object_free(m, &m->virt->file_regions, entry->self);
}

static void cache_put(struct resv_map *map, struct file_region *entry)
{
	entry->next = map->cache;
	map->cache = entry;
	map->nr_cached++;
}

static struct file_region *cache_get(struct resv_map *map)
{
	struct file_region *entry = map->cache;

	map->cache = entry->next;
	map->nr_cached--;
	return entry;
}

static int cache_fill(struct machine *m, struct resv_map *map, u32 wanted)
{
	while (map->nr_cached < wanted) {
		struct file_region *entry;
		int err = entry_alloc(m, &entry);

		if (err)
			return err;
		cache_put(map, entry);
	}
	return 0;
}

int resv_map_alloc(struct machine *m, struct resv_map **result)
{
	struct resv_map *map;
	int err = new_object(m, &m->virt->resv_maps, NUMA_NO_NODE, &map);

	if (err)
		return err;
	map->refs = 1;
	err = cache_fill(m, map, 1);
	if (err)
		object_free(m, &m->virt->resv_maps, map->self);
	else
		*result = map;
	return err;
}

static void list_free(struct machine *m, struct file_region *entry)
{
	struct file_region *next;

	for (; entry; entry = next) {
		next = entry->next;
		entry_free(m, entry);
	}
}

void resv_map_put(struct machine *m, struct resv_map *map)
{
	if (--map->refs)
		return;
	list_free(m, map->first);
	list_free(m, map->cache);
	object_free(m, &m->virt->resv_maps, map->self);
}

/* Behind `prev` (NULL: first). */
static void insert_behind(struct resv_map *map, struct file_region *prev,
			  struct file_region *entry)
{
	entry->prev = prev;
	entry->next = prev ? prev->next : map->first;
	if (entry->next)
		entry->next->prev = entry;
	if (prev)
		prev->next = entry;
	else
		map->first = entry;
}

static void unlink_entry(struct resv_map *map, const struct file_region *entry)
{
	if (entry->prev)
		entry->prev->next = entry->next;
	else
		map->first = entry->next;
	if (entry->next)
		entry->next->prev = entry->prev;
}

/* It and those that touch it become one: which one is left. */
static struct file_region *coalesce(struct machine *m, struct resv_map *map,
				    struct file_region *entry)
{
	struct file_region *prev = entry->prev, *next;

	if (prev && prev->to == entry->from) {
		prev->to = entry->to;
		unlink_entry(map, entry);
		entry_free(m, entry);
		entry = prev;
	}
	next = entry->next;
	if (next && next->from == entry->to) {
		next->from = entry->from;
		unlink_entry(map, entry);
		entry_free(m, entry);
		entry = next;
	}
	return entry;
}

/* The gaps of [f, t): how many entries, how many pages. */
static u64 count_gaps(const struct resv_map *map, u64 f, u64 t, u32 *gaps)
{
	u64 at = f, pages = 0;

	*gaps = 0;
	for (const struct file_region *rg = map->first; rg && rg->from < t; rg = rg->next) {
		if (rg->to <= at)
			continue;
		if (rg->from > at) {
			pages += rg->from - at;
			++*gaps;
		}
		at = rg->to;
	}
	if (at < t) {
		pages += t - at;
		++*gaps;
	}
	return pages;
}

int region_chg(struct machine *m, struct resv_map *map, u64 f, u64 t, u64 *chg, u32 *needed)
{
	int err;

	*chg = count_gaps(map, f, t, needed);
	*needed = MAX(*needed, 1);
	err = cache_fill(m, map, map->adds_in_progress + *needed);
	if (!err)
		map->adds_in_progress += *needed;
	return err;
}

void region_abort(struct resv_map *map, u32 needed)
{
	map->adds_in_progress -= MIN(needed, map->adds_in_progress);
}

static struct file_region *fill_gap(struct machine *m, struct resv_map *map,
				    struct file_region *prev, u64 from, u64 to)
{
	struct file_region *entry = cache_get(map);

	entry->from = from;
	entry->to = to;
	insert_behind(map, prev, entry);
	return coalesce(m, map, entry);
}

int region_add(struct machine *m, struct resv_map *map, u64 f, u64 t, u32 needed, u64 *added)
{
	struct file_region *rg = map->first, *prev = NULL;
	u64 at = f;
	u32 gaps;
	int err;

	*added = count_gaps(map, f, t, &gaps);
	err = cache_fill(m, map, gaps);
	if (err)
		return err;
	for (; at < t; prev = rg, rg = rg->next) {
		if (rg && rg->to <= at)
			continue;
		if (!rg || rg->from > at) {
			rg = fill_gap(m, map, prev, at, rg ? MIN(rg->from, t) : t);
			if (rg->to >= t)
				break;
		}
		at = rg->to;
	}
	map->adds_in_progress -= MIN(needed, map->adds_in_progress);
	return 0;
}

/* One region with a hole in it: two. */
static int split_region(struct machine *m, struct resv_map *map, struct file_region *rg,
			u64 f, u64 t)
{
	struct file_region *tail;

	if (map->nr_cached > map->adds_in_progress) {
		tail = cache_get(map);
	} else {
		int err = entry_alloc(m, &tail);

		if (err)
			return err;
	}
	tail->from = t;
	tail->to = rg->to;
	rg->to = f;
	insert_behind(map, rg, tail);
	return 0;
}

int region_del(struct machine *m, struct resv_map *map, u64 f, u64 t, u64 *deleted)
{
	struct file_region *rg, *next;

	*deleted = 0;
	for (rg = map->first; rg && rg->from < t; rg = next) {
		next = rg->next;
		if (rg->to <= f)
			continue;
		*deleted += MIN(rg->to, t) - MAX(rg->from, f);
		if (f > rg->from && t < rg->to) {
			int err = split_region(m, map, rg, f, t);

			*deleted = err ? 0 : *deleted;
			return err;
		}
		if (f <= rg->from && t >= rg->to) {
			unlink_entry(map, rg);
			entry_free(m, rg);
		} else if (f <= rg->from) {
			rg->from = t;
		} else {
			rg->to = f;
		}
	}
	return 0;
}

u64 region_count(const struct resv_map *map, u64 f, u64 t)
{
	u64 pages = 0;

	for (const struct file_region *rg = map->first; rg && rg->from < t; rg = rg->next)
		if (rg->to > f)
			pages += MIN(rg->to, t) - MAX(rg->from, f);
	return pages;
}

void resv_maps_digest(const struct machine *m, struct digest *digest)
{
	const struct object_pool *pool = &m->virt->resv_maps;

	if (!pool->cache)
		return;
	for (u32 h = object_next(pool, 1); h; h = object_next(pool, h + 1)) {
		const struct resv_map *map = object_get(pool, h);

		digest_u64(digest, (u64)h << 32 | (u32)map->refs);
		digest_u64(digest, (u64)map->nr_cached << 32 | map->adds_in_progress);
		for (const struct file_region *rg = map->first; rg; rg = rg->next) {
			digest_u64(digest, rg->from);
			digest_u64(digest, rg->to);
		}
	}
}

/* ---- Of one address. ---- */

static struct resv_map *vma_resv_map(const struct vm_area_struct *vma)
{
	return vma->vm_flags & VM_MAYSHARE ? vma->vm_file->inode->resv_map : vma->resv;
}

static bool is_private(const struct vm_area_struct *vma)
{
	return !(vma->vm_flags & VM_MAYSHARE);
}

/* Of a private mapping, what is in the map was taken: the sense is the other way round. */
static int sense(const struct vm_area_struct *vma, u64 changed)
{
	return is_private(vma) ? !changed : !!changed;
}

int vma_needs_reservation(struct machine *m, const struct vm_area_struct *vma, u64 addr)
{
	struct resv_map *map = vma_resv_map(vma);
	u64 idx = vma_hugecache_offset(vma, addr), chg = 0;
	u32 needed;
	int err;

	if (!map)
		return 1;
	err = region_chg(m, map, idx, idx + 1, &chg, &needed);
	return err ? err : sense(vma, chg);
}

int vma_commit_reservation(struct machine *m, const struct vm_area_struct *vma, u64 addr)
{
	struct resv_map *map = vma_resv_map(vma);
	u64 idx = vma_hugecache_offset(vma, addr), added = 0;
	int err;

	if (!map)
		return 1;
	err = region_add(m, map, idx, idx + 1, 1, &added);
	return err ? err : sense(vma, added);
}

void vma_end_reservation(const struct vm_area_struct *vma)
{
	struct resv_map *map = vma_resv_map(vma);

	if (map)
		region_abort(map, 1);
}

/* The region of a page comes into the map, or goes from it, which settles what was asked. */
static int change_region(struct machine *m, struct resv_map *map, u64 idx, bool add,
			 u64 *changed)
{
	if (add)
		return region_add(m, map, idx, idx + 1, 1, changed);
	region_abort(map, 1);
	return region_del(m, map, idx, idx + 1, changed);
}

/* It is promised again, or (of a file) there. */
int vma_add_reservation(struct machine *m, const struct vm_area_struct *vma, u64 addr)
{
	struct resv_map *map = vma_resv_map(vma);
	u64 changed = 0;
	int err;

	if (!map)
		return 1;
	err = change_region(m, map, vma_hugecache_offset(vma, addr), !is_private(vma), &changed);
	return err ? err : sense(vma, changed);
}

int vma_del_reservation(struct machine *m, const struct vm_area_struct *vma, u64 addr)
{
	struct resv_map *map = vma_resv_map(vma);
	u64 changed = 0;
	int err;

	if (!map)
		return 1;
	err = change_region(m, map, vma_hugecache_offset(vma, addr), is_private(vma), &changed);
	return err ? err : (int)changed;
}
