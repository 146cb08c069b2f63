// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Where 6.18 takes slots: each CPU fills a cluster for each order of folios (on a disk that
 * turns, all CPUs the same). When that is full, the next is looked for among clusters of
 * this order that have free slots, then those that are free, then fragmented ones. A cluster
 * in use has a page for its part of the swap table.
 */
#include "sim/base/bug.h"
#include "sim/phys/page_alloc.h"
#include "sim/virt/swap_internal.h"

#define NO_SLOT 0ULL

static u32 slots_of(const struct machine *m)
{
	return swap_of(m)->cluster_slots;
}

static void move_cluster(struct swap_info_struct *si, u32 i, enum cluster_state state)
{
	struct swap_cluster *ci = &si->clusters[i];
	struct cluster_list *list = cluster_list_of(si, ci);

	if (list)
		cluster_list_del(si, list, i);
	ci->state = (u8)state;
	list = cluster_list_of(si, ci);
	if (list)
		cluster_list_add_tail(si, list, i);
}

static int alloc_table(struct machine *m, struct swap_cluster *ci, gfp_t gfp)
{
	return ci->table ? 0 : alloc_kernel_pages(m, gfp | __GFP_ZERO, 0, NUMA_NO_NODE,
						  PGTY_kernel, &ci->table);
}

static void free_table(struct machine *m, struct swap_cluster *ci)
{
	if (ci->table)
		free_pages(m, ci->table, 0);
	ci->table = 0;
}

int swap_cluster_setup(struct machine *m, struct swap_info_struct *si)
{
	const u32 slots = slots_of(m);
	u32 last = si->nr_clusters - 1;
	int err = alloc_table(m, &si->clusters[0], GFP_KERNEL);

	cluster_list_init(&si->free);
	cluster_list_init(&si->full);
	for (unsigned int order = 0; order < SWAP_NR_ORDERS; order++) {
		cluster_list_init(&si->nonfull[order]);
		cluster_list_init(&si->frag[order]);
	}
	if (!err && si->max % slots)
		err = alloc_table(m, &si->clusters[last], GFP_KERNEL);
	if (!err && !swap_of(m)->cpus) {
		swap_of(m)->cpus = arena_alloc(&m->arena, m->nr_cpus * sizeof(*swap_of(m)->cpus));
		err = swap_of(m)->cpus ? 0 : -ENOBUFS;
	}
	if (err)
		return err;
	si->clusters[0].count = 1;
	if (si->max % slots)
		si->clusters[last].count += (u16)(slots - si->max % slots);
	for (u32 i = 0; i < si->nr_clusters; i++)
		move_cluster(si, i, si->clusters[i].count ? CLUSTER_NONFULL : CLUSTER_FREE);
	return 0;
}

void swap_cluster_forget(struct machine *m, struct swap_info_struct *si)
{
	struct swap_state *swap = swap_of(m);

	for (u32 i = 0; i < si->nr_clusters; i++)
		free_table(m, &si->clusters[i]);
	for (unsigned int cpu = 0; swap->cpus && cpu < m->nr_cpus; cpu++)
		for (unsigned int order = 0; order < SWAP_NR_ORDERS; order++)
			if (swap->cpus[cpu].si[order] == si->type + 1)
				swap->cpus[cpu].si[order] = 0;
}

/* -- what became of a cluster -------------------------------------------------- */

static void free_cluster(struct machine *m, struct swap_info_struct *si, u32 i)
{
	free_table(m, &si->clusters[i]);
	move_cluster(si, i, CLUSTER_FREE);
	si->clusters[i].order = 0;
}

/* After an allocation: whatever list it was on. */
static void relocate_cluster(struct machine *m, struct swap_info_struct *si, u32 i)
{
	const struct swap_cluster *ci = &si->clusters[i];

	if (!ci->count) {
		if (ci->state != CLUSTER_FREE)
			free_cluster(m, si, i);
	} else if (ci->count != slots_of(m)) {
		if (ci->state != CLUSTER_FRAG)
			move_cluster(si, i, CLUSTER_FRAG);
	} else if (ci->state != CLUSTER_FULL) {
		move_cluster(si, i, CLUSTER_FULL);
	}
}

void swap_cluster_freed(struct machine *m, struct swap_info_struct *si, u64 offset, u64 nr)
{
	u32 i = (u32)(offset / slots_of(m));
	struct swap_cluster *ci = &si->clusters[i];

	BUG_ON(m, ci->count < nr);
	ci->count -= (u16)nr;
	if (!ci->count)
		free_cluster(m, si, i);
	else if (ci->state != CLUSTER_NONFULL)
		move_cluster(si, i, CLUSTER_NONFULL);
}

/* -- taking slots -------------------------------------------------------------- */

struct take {
	struct machine *m;
	struct swap_info_struct *si;
	unsigned int order;
};

static bool cluster_is_usable(const struct swap_cluster *ci, unsigned int order)
{
	if (ci->state > CLUSTER_FRAG || !ci->table)
		return false;
	return !order || !ci->count || ci->order == order;
}

/* Are these free, or may the cache's pages of those that are not leave it? */
static bool cluster_scan_range(const struct take *t, u64 offset, bool *need_reclaim)
{
	for (u64 i = offset; i < offset + (1ULL << t->order); i++) {
		u32 map = t->si->swap_map[i] & ~SWAP_ZERO;

		if (!map)
			continue;
		if (map != SWAP_HAS_CACHE || !vm_swap_full(t->m))
			return false;
		*need_reclaim = true;
	}
	return true;
}

static bool cluster_reclaim_range(const struct take *t, u64 offset)
{
	u64 end = offset + (1ULL << t->order);

	for (u64 i = offset; i < end; i++)
		if (t->si->swap_map[i] && !try_to_reclaim_swap(t->m, t->si, i, false))
			break;
	for (u64 i = offset; i < end; i++)
		if (t->si->swap_map[i])
			return false;
	return true;
}

static void cluster_alloc_range(const struct take *t, struct swap_cluster *ci, u64 offset)
{
	u64 nr = 1ULL << t->order;

	if (!ci->count)
		ci->order = (u8)t->order;
	for (u64 i = 0; i < nr; i++)
		t->si->swap_map[offset + i] = SWAP_HAS_CACHE;
	ci->count += (u16)nr;
	swap_range_alloc(t->m, t->si, offset, nr);
}

/* The next allocation of the order begins there; NO_SLOT: with another cluster. */
static void remember_place(const struct take *t, u64 next)
{
	struct percpu_swap_cluster *cpu = &swap_of(t->m)->cpus[t->m->cpu];

	if (t->si->flags & SWP_SOLIDSTATE) {
		cpu->si[t->order] = (u8)(t->si->type + 1);
		cpu->offset[t->order] = next;
	} else {
		t->si->global_next[t->order] = next;
	}
}

static u64 alloc_swap_scan_cluster(const struct take *t, u32 i, u64 offset)
{
	struct swap_info_struct *si = t->si;
	struct swap_cluster *ci = &si->clusters[i];
	const u32 slots = slots_of(t->m), nr = 1U << t->order;
	u64 start = (u64)i * slots, end = MIN(start + slots, si->max);
	u64 next = NO_SLOT, found = NO_SLOT;

	if (end < nr || ci->count + nr > slots)
		goto out;
	for (end -= nr; offset <= end; offset += nr) {
		bool need_reclaim = false;

		if (!cluster_scan_range(t, offset, &need_reclaim))
			continue;
		if (need_reclaim) {
			bool free = cluster_reclaim_range(t, offset);

			if (!cluster_is_usable(ci, t->order))
				goto out;
			if (!ci->count)
				offset = start;
			if (!free)
				continue;
		}
		cluster_alloc_range(t, ci, offset);
		found = offset;
		offset += nr;
		if (ci->count < slots && offset <= end)
			next = offset;
		break;
	}
out:
	relocate_cluster(t->m, si, i);
	remember_place(t, next);
	return found;
}

/*
 * The slot where the CPU's place is, in a cluster that it has begun and does not fill with it: as
 * alloc_swap_scan_cluster() takes it, if it is free. NO_SLOT: it is for that to find one.
 */
static u64 alloc_next_slot(const struct take *t, struct swap_cluster *ci, u32 i, u64 offset)
{
	struct swap_info_struct *si = t->si;
	u64 end = MIN((u64)(i + 1) * slots_of(t->m), si->max);

	if (t->order || !ci->count || ci->state != CLUSTER_FRAG || si->swap_map[offset] & ~SWAP_ZERO ||
	    offset + 1 >= end || ci->count + 1U >= slots_of(t->m))
		return NO_SLOT;
	cluster_alloc_range(t, ci, offset);
	remember_place(t, offset + 1);
	return offset;
}

/* The first of the list, off it; CLUSTER_NIL: none, or it got no table. */
static u32 isolate_cluster(const struct take *t, struct cluster_list *list)
{
	u32 i = list->first;
	struct swap_cluster *ci;

	if (i == CLUSTER_NIL)
		return i;
	ci = &t->si->clusters[i];
	if (alloc_table(t->m, ci, __GFP_HIGH | __GFP_NOMEMALLOC | __GFP_NOWARN)) {
		/* It goes back, behind the others. */
		move_cluster(t->si, i, CLUSTER_NONE);
		move_cluster(t->si, i, CLUSTER_FREE);
		return CLUSTER_NIL;
	}
	cluster_list_del(t->si, list, i);
	ci->state = CLUSTER_NONE;
	return i;
}

static u64 alloc_swap_scan_list(const struct take *t, struct cluster_list *list, bool scan_all)
{
	u64 found = NO_SLOT;

	do {
		u32 i = isolate_cluster(t, list);

		if (i == CLUSTER_NIL)
			break;
		found = alloc_swap_scan_cluster(t, i, (u64)i * slots_of(t->m));
	} while (!found && scan_all);
	return found;
}

/* Pages of the cache that nobody refers to leave full clusters. */
static void reclaim_full_cluster(const struct take *t)
{
	struct swap_info_struct *si = t->si;
	u32 i = isolate_cluster(t, &si->full);
	u64 start = (u64)i * slots_of(t->m);

	if (i == CLUSTER_NIL)
		return;
	for (u64 at = start; at < MIN(si->max, start + slots_of(t->m)); at++)
		if ((si->swap_map[at] & ~SWAP_ZERO) == SWAP_HAS_CACHE)
			(void)try_to_reclaim_swap(t->m, si, at, false);
	if (si->clusters[i].state == CLUSTER_NONE)
		relocate_cluster(t->m, si, i);
}

static u64 steal_from_higher_orders(const struct take *t)
{
	u64 found = NO_SLOT;

	for (unsigned int order = 1; order < SWAP_NR_ORDERS && !found; order++) {
		found = alloc_swap_scan_list(t, &t->si->frag[order], /* scan_all = */ true);
		if (!found)
			found = alloc_swap_scan_list(t, &t->si->nonfull[order], true);
	}
	return found;
}

static u64 alloc_from_place(const struct take *t, u64 offset)
{
	u32 i = (u32)(offset / slots_of(t->m));
	struct swap_cluster *ci = &t->si->clusters[i];
	u64 found;

	if (!cluster_is_usable(ci, t->order))
		return NO_SLOT;
	found = alloc_next_slot(t, ci, i, offset);
	if (found)
		return found;
	return alloc_swap_scan_cluster(t, i, ci->count ? offset : (u64)i * slots_of(t->m));
}

static u64 cluster_alloc_swap_entry(const struct take *t)
{
	struct swap_info_struct *si = t->si;
	bool huge = 1U << t->order == slots_of(t->m), discard = si->flags & SWP_PAGE_DISCARD;
	u64 found = NO_SLOT;

	if (t->order && !(si->flags & SWP_BLKDEV))
		return NO_SLOT;
	if (!(si->flags & SWP_SOLIDSTATE) && si->global_next[t->order])
		found = alloc_from_place(t, si->global_next[t->order]);
	if (!found && discard)
		found = alloc_swap_scan_list(t, &si->free, /* scan_all = */ false);
	if (!found && !huge)
		found = alloc_swap_scan_list(t, &si->nonfull[t->order], /* scan_all = */ true);
	if (!found && !discard)
		found = alloc_swap_scan_list(t, &si->free, /* scan_all = */ false);
	if (found)
		return found;
	if (vm_swap_full(t->m))
		reclaim_full_cluster(t);
	if (!huge)
		found = alloc_swap_scan_list(t, &si->frag[t->order], /* scan_all = */ false);
	if (!found && !t->order)
		found = steal_from_higher_orders(t);
	return found;
}

static swp_entry_t swap_alloc_fast(struct machine *m, unsigned int order)
{
	const struct percpu_swap_cluster *cpu = &swap_of(m)->cpus[m->cpu];
	struct take t = { .m = m, .order = order };
	u64 found;

	if (!cpu->si[order] || !cpu->offset[order])
		return 0;
	t.si = &swap_of(m)->info[cpu->si[order] - 1];
	if (!(t.si->flags & SWP_WRITEOK))
		return 0;
	found = alloc_from_place(&t, cpu->offset[order]);
	return found ? swp_entry(t.si->type, found) : 0;
}

swp_entry_t swap_cluster_alloc(struct machine *m, unsigned int order)
{
	struct swap_state *swap = swap_of(m);
	unsigned int node = m->cpu_node[m->cpu], nr_areas = swap->nr_avail;
	struct take t = { .m = m, .order = order };
	u8 areas[MAX_SWAPFILES];
	swp_entry_t entry;
	u64 found;

	if (!swap->cpus)
		return 0;
	entry = swap_alloc_fast(m, order);
	if (entry)
		return entry;
	memcpy(areas, swap->avail[node], nr_areas);
	for (unsigned int i = 0; i < nr_areas; i++) {
		t.si = &swap->info[areas[i]];
		swap_requeue(m, node, t.si);
		found = cluster_alloc_swap_entry(&t);
		if (found)
			return swp_entry(t.si->type, found);
		if (order)
			return 0;
	}
	return 0;
}
