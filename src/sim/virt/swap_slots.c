// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * 6.1: each CPU keeps a stock of up to 64 slots, taken from the areas at once, and of as
 * many that were freed and go back at once. Both are in use as far as their area knows.
 * When slots become few, the stocks go back and there are none.
 */
#include "sim/phys/slab.h"
#include "sim/virt/swap_internal.h"

#define ACTIVATE_PER_CPU (5 * SWAP_SLOTS_CACHE_SIZE)
#define DEACTIVATE_PER_CPU (2 * SWAP_SLOTS_CACHE_SIZE)

static int alloc_stock(struct machine *m, struct swap_slots_cache *cache)
{
	const u64 bytes = SWAP_SLOTS_CACHE_SIZE * (u64)(m->arch->bits / 8);
	int err = cache->slots_addr ? 0 : kmalloc(m, bytes, GFP_KERNEL | __GFP_ZERO, NUMA_NO_NODE,
						  &cache->slots_addr);

	if (!err && !cache->ret_addr)
		err = kmalloc(m, bytes, GFP_KERNEL | __GFP_ZERO, NUMA_NO_NODE, &cache->ret_addr);
	return err;
}

int swap_slots_enable(struct machine *m)
{
	struct swap_state *swap = swap_of(m);
	int err = 0;

	if (!swap->slots) {
		swap->slots = arena_alloc(&m->arena, m->nr_cpus * sizeof(*swap->slots));
		if (!swap->slots)
			return -ENOBUFS;
	}
	for (unsigned int cpu = 0; cpu < m->nr_cpus && !err; cpu++)
		err = alloc_stock(m, &swap->slots[cpu]);
	swap->slots_enabled |= !err;
	return err;
}

static void drain_ret(struct machine *m, struct swap_slots_cache *cache)
{
	swap_entries_free(m, cache->slots_ret, cache->n_ret);
	cache->n_ret = 0;
}

static void drain_all(struct machine *m)
{
	for (unsigned int cpu = 0; cpu < m->nr_cpus; cpu++) {
		struct swap_slots_cache *cache = &swap_of(m)->slots[cpu];

		swap_entries_free(m, &cache->slots[cache->cur], cache->nr);
		cache->cur = cache->nr = 0;
		drain_ret(m, cache);
	}
}

static void deactivate(struct machine *m)
{
	swap_of(m)->slots_active = false;
	drain_all(m);
}

static bool check_cache_active(struct machine *m)
{
	struct swap_state *swap = swap_of(m);
	s64 pages = m->nr_swap_pages;

	if (!swap->slots_enabled)
		return false;
	if (!swap->slots_active)
		swap->slots_active = pages > (s64)m->nr_cpus * ACTIVATE_PER_CPU;
	else if (pages < (s64)m->nr_cpus * DEACTIVATE_PER_CPU)
		deactivate(m);
	return swap->slots_active;
}

swp_entry_t swap_slots_take(struct machine *m)
{
	struct swap_slots_cache *cache;
	swp_entry_t entry = 0;

	if (check_cache_active(m)) {
		cache = &swap_of(m)->slots[m->cpu];
		if (!cache->nr) {
			cache->cur = 0;
			cache->nr = get_swap_pages(m, SWAP_SLOTS_CACHE_SIZE, 1, cache->slots);
		}
		if (cache->nr) {
			cache->nr--;
			return cache->slots[cache->cur++];
		}
	}
	(void)get_swap_pages(m, 1, 1, &entry);
	return entry;
}

void swap_slots_give(struct machine *m, swp_entry_t entry)
{
	struct swap_state *swap = swap_of(m);
	struct swap_slots_cache *cache;

	if (!swap->slots_enabled || !swap->slots_active) {
		swap_entries_free(m, &entry, 1);
		return;
	}
	cache = &swap->slots[m->cpu];
	if (cache->n_ret == SWAP_SLOTS_CACHE_SIZE)
		drain_ret(m, cache);
	cache->slots_ret[cache->n_ret++] = entry;
}

void swap_slots_disable(struct machine *m)
{
	struct swap_state *swap = swap_of(m);

	if (!swap->slots)
		return;
	swap->slots_enabled = false;
	drain_all(m);
}

void swap_slots_reenable(struct machine *m)
{
	struct swap_state *swap = swap_of(m);

	if (swap->slots)
		swap->slots_enabled = m->total_swap_pages > 0;
}
