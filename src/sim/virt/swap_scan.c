// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Where 6.1 takes slots: on a disk that does not turn each CPU fills a cluster of its own,
 * taken from the list of free ones, and scans the map when there is none; on one that
 * turns, the first run of free slots as long as a cluster is looked for. The list begins
 * with clusters that lie in different address spaces of the cache.
 */
#include "sim/base/bug.h"
#include "sim/base/rng.h"
#include "sim/virt/swap_internal.h"

#define LATENCY_LIMIT 256

/* -- clusters ------------------------------------------------------------------ */

static u64 cluster_of(const struct machine *m, u64 offset)
{
	return offset / swap_of(m)->cluster_slots;
}

static void set_state(struct swap_info_struct *si, u32 i, enum cluster_state state)
{
	struct swap_cluster *ci = &si->clusters[i];

	if (ci->state == CLUSTER_FREE)
		cluster_list_del(si, &si->free, i);
	ci->state = (u8)state;
	if (state == CLUSTER_FREE)
		cluster_list_add_tail(si, &si->free, i);
}

void swap_scan_setup(struct machine *m, struct swap_info_struct *si)
{
	const u32 slots = swap_of(m)->cluster_slots, columns = (1U << SWAP_SPACE_SHIFT) / slots;

	for (unsigned int cpu = 0; cpu < m->nr_cpus; cpu++) {
		si->cpus[cpu].cluster = CLUSTER_NIL;
		si->cpus[cpu].cluster_next = si->flags & SWP_SOLIDSTATE ?
			1 + rng_below(&m->rng, si->highest_bit) : 1;
	}
	if (!si->clusters)
		return;
	cluster_list_init(&si->free);
	si->clusters[0].count = 1;
	if (si->max % slots)
		si->clusters[si->nr_clusters - 1].count += (u16)(slots - si->max % slots);
	for (u32 column = 0; column < columns; column++)
		for (u32 i = column; i < si->nr_clusters; i += columns)
			if (!si->clusters[i].count)
				set_state(si, i, CLUSTER_FREE);
}

static void inc_cluster(const struct machine *m, struct swap_info_struct *si, u64 offset)
{
	u32 i = (u32)cluster_of(m, offset);

	if (!si->clusters)
		return;
	set_state(si, i, CLUSTER_NONE);
	si->clusters[i].count++;
}

void swap_scan_freed(struct machine *m, struct swap_info_struct *si, u64 offset)
{
	u32 i = (u32)cluster_of(m, offset);

	if (si->clusters && !--si->clusters[i].count)
		set_state(si, i, CLUSTER_FREE);
}

/* -- one slot after another ---------------------------------------------------- */

struct scan {
	struct machine *m;
	struct swap_info_struct *si;
	u64 offset, base;
	int latency;
	bool scanned_many;
};

/* The CPU's cluster has a free slot, or it gets another cluster that has one. */
static bool try_cluster(struct scan *s)
{
	struct swap_info_struct *si = s->si;
	struct swap_cpu *cpu = &si->cpus[s->m->cpu];
	const u32 slots = swap_of(s->m)->cluster_slots;

	for (;;) {
		u64 at, end;

		if (cpu->cluster == CLUSTER_NIL) {
			if (si->free.first == CLUSTER_NIL)
				return false;
			cpu->cluster = si->free.first;
			cpu->next = (u64)cpu->cluster * slots;
		}
		end = MIN(si->max, ((u64)cpu->cluster + 1) * slots);
		for (at = cpu->next; at < end && si->swap_map[at]; at++)
			;
		if (at < end) {
			cpu->next = at + 1;
			s->offset = s->base = at;
			return true;
		}
		cpu->cluster = CLUSTER_NIL;
	}
}

/* The slot lies in a free cluster that is not the next to be taken: the list would break. */
static bool cluster_conflict(const struct scan *s)
{
	struct swap_info_struct *si = s->si;
	u32 i = (u32)cluster_of(s->m, s->offset);

	if (si->free.first == CLUSTER_NIL || si->free.first == i ||
	    si->clusters[i].state != CLUSTER_FREE)
		return false;
	si->cpus[s->m->cpu].cluster = CLUSTER_NIL;
	return true;
}

static bool slot_usable(const struct scan *s, u64 offset)
{
	u32 map = s->si->swap_map[offset];

	return !map || (vm_swap_full(s->m) && (map & ~SWAP_ZERO) == SWAP_HAS_CACHE);
}

/* Any slot behind this one, then from the lowest on. */
static bool scan_on(struct scan *s)
{
	u64 at;

	for (at = s->offset + 1; at <= s->si->highest_bit; at++) {
		if (--s->latency < 0) {
			s->latency = LATENCY_LIMIT;
			s->scanned_many = true;
		}
		if (slot_usable(s, at))
			goto found;
	}
	for (at = s->si->lowest_bit; at < s->base; at++) {
		if (--s->latency < 0) {
			s->latency = LATENCY_LIMIT;
			s->scanned_many = true;
		}
		if (slot_usable(s, at))
			goto found;
	}
	return false;
found:
	s->offset = at;
	return true;
}

/* A disk that turns: the first run of free slots as long as a cluster, if there is one. */
static void find_run(struct scan *s)
{
	struct swap_info_struct *si = s->si;
	const u32 slots = swap_of(s->m)->cluster_slots;
	u64 at = si->lowest_bit, last = at + slots - 1;

	si->cluster_nr = slots - 1;
	if (si->pages - si->inuse_pages < slots)
		return;
	s->base = si->lowest_bit;
	for (; last <= si->highest_bit; at++) {
		if (si->swap_map[at]) {
			last = at + slots;
		} else if (at == last) {
			s->offset = si->cluster_next = at - (slots - 1);
			return;
		}
	}
	s->offset = s->base;
}

/* 1: the slot at the place, or one near it, is ours to take; 0: it is not; -1: there is none. */
static int check_slot(struct scan *s, bool have_some)
{
	struct swap_info_struct *si = s->si;

	for (;;) {
		while (si->clusters && cluster_conflict(s)) {
			if (have_some)
				return 0;
			if (!try_cluster(s) && !scan_on(s))
				return -1;
		}
		if (!(si->flags & SWP_WRITEOK) || !si->highest_bit)
			return -1;
		if (s->offset > si->highest_bit)
			s->base = s->offset = si->lowest_bit;
		if (vm_swap_full(s->m) &&
		    (si->swap_map[s->offset] & ~SWAP_ZERO) == SWAP_HAS_CACHE) {
			if (!try_to_reclaim_swap(s->m, si, s->offset, false) && !scan_on(s))
				return -1;
			continue;
		}
		if (!si->swap_map[s->offset])
			return 1;
		if (have_some)
			return 0;
		if (!scan_on(s))
			return -1;
	}
}

/* Where the next slot of the same call may be; false: that is enough. */
static bool next_slot(struct scan *s)
{
	struct swap_info_struct *si = s->si;
	u64 limit;

	if (si->clusters) {
		if (try_cluster(s))
			return true;
	} else if (si->cluster_nr && s->offset + 1 < si->max && !si->swap_map[++s->offset]) {
		si->cluster_nr--;
		return true;
	}
	if (s->scanned_many)
		return false;
	limit = s->offset < s->base ? s->base : si->highest_bit;
	for (; s->offset <= limit && s->offset < si->max && --s->latency > 0; s->offset++)
		if (!si->swap_map[s->offset])
			return true;
	return false;
}

/* Where the CPU's next scan begins; from another address space of the cache, anywhere. */
static void set_cluster_next(const struct scan *s, u64 next)
{
	struct swap_info_struct *si = s->si;
	u64 *place = &si->cpus[s->m->cpu].cluster_next;

	if (!(si->flags & SWP_SOLIDSTATE)) {
		si->cluster_next = next;
		return;
	}
	if (*place >> SWAP_SPACE_SHIFT != next >> SWAP_SPACE_SHIFT) {
		if (si->highest_bit <= si->lowest_bit)
			return;
		next = si->lowest_bit +
		       rng_below(&s->m->rng, si->highest_bit - si->lowest_bit + 1);
		next = MAX(ALIGN_DOWN(next, 1ULL << SWAP_SPACE_SHIFT), si->lowest_bit);
	}
	*place = next;
}

static unsigned int scan_swap_map_slots(struct machine *m, struct swap_info_struct *si,
					unsigned int goal, swp_entry_t *slots)
{
	struct scan s = { .m = m, .si = si, .latency = LATENCY_LIMIT };
	unsigned int nr = 0;

	s.base = s.offset = si->flags & SWP_SOLIDSTATE ? si->cpus[m->cpu].cluster_next :
							 si->cluster_next;
	if (si->clusters) {
		if (!try_cluster(&s) && !scan_on(&s))
			return 0;
	} else if (!si->cluster_nr--) {
		find_run(&s);
	}
	for (;;) {
		int ok = check_slot(&s, nr);

		if (ok < 0)
			return nr;
		if (!ok)
			break;
		si->swap_map[s.offset] = SWAP_HAS_CACHE;
		inc_cluster(m, si, s.offset);
		swap_range_alloc(m, si, s.offset, 1);
		slots[nr++] = swp_entry(si->type, s.offset);
		if (nr == goal || s.offset >= si->highest_bit || --s.latency < 0 || !next_slot(&s))
			break;
	}
	set_cluster_next(&s, s.offset + 1);
	return nr;
}

/* A cluster that is free, whole: for a huge page. */
static unsigned int swap_alloc_cluster(struct machine *m, struct swap_info_struct *si,
				       swp_entry_t *slot)
{
	const u32 slots = swap_of(m)->cluster_slots;
	u32 i = si->clusters && si->flags & SWP_BLKDEV ? si->free.first : CLUSTER_NIL;
	u64 offset = (u64)i * slots;

	if (i == CLUSTER_NIL)
		return 0;
	set_state(si, i, CLUSTER_NONE);
	si->clusters[i].count = (u16)slots;
	for (u32 k = 0; k < slots; k++)
		si->swap_map[offset + k] = SWAP_HAS_CACHE;
	swap_range_alloc(m, si, offset, slots);
	*slot = swp_entry(si->type, offset);
	return 1;
}

unsigned int get_swap_pages(struct machine *m, unsigned int goal, u64 size, swp_entry_t *slots)
{
	struct swap_state *swap = swap_of(m);
	unsigned int node = m->cpu_node[m->cpu], nr = 0, nr_areas = swap->nr_avail;
	s64 available = m->nr_swap_pages / (s64)size;
	u8 order[MAX_SWAPFILES];

	if (available <= 0)
		return 0;
	goal = (unsigned int)MIN((s64)goal, available);
	/* What is asked for is taken before it is looked for. */
	m->nr_swap_pages -= (s64)(goal * size);
	memcpy(order, swap->avail[node], nr_areas);
	for (unsigned int i = 0; i < nr_areas && !nr; i++) {
		struct swap_info_struct *si = &swap->info[order[i]];

		swap_requeue(m, node, si);
		if (size > 1) {
			nr = swap_alloc_cluster(m, si, slots);
			break;
		}
		nr = scan_swap_map_slots(m, si, goal, slots);
	}
	m->nr_swap_pages += (s64)((goal - nr) * size);
	return nr;
}
