// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Whole slabs: pages from the page allocator and the host memory that describes
 * them. Each page of a slab carries the slab's id in page->mapping, so that an
 * address finds its slab without a search. Host memory is secured first
 * (slab_reserve()), one spare for each cache, so that a failed host allocation
 * leaves the cache as it was.
 */
#include "sim/base/rng.h"
#include "sim/phys/slab_bytes.h"
#include "sim/phys/slab_debug.h"
#include "sim/phys/slab_rcu.h"

/* The bits of a caller's gfp that reach the page allocator. */
#define SLAB_GFP_MASK (__GFP_RECLAIM | __GFP_HIGH | __GFP_IO | __GFP_FS | __GFP_ATOMIC | \
		       __GFP_NOWARN | __GFP_RETRY_MAYFAIL | __GFP_NOFAIL | __GFP_NORETRY | \
		       __GFP_MEMALLOC | __GFP_NOMEMALLOC | __GFP_HARDWALL | __GFP_THISNODE)

static size_t slab_bitmap_words(const struct kmem_cache *s)
{
	return DIV_ROUND_UP(s->geo.objects, 64);
}

size_t slab_host_bytes(const struct kmem_cache *s)
{
	size_t object = 2 * sizeof(u16);

	if (s->flags & SLAB_STORE_USER)
		object += NR_TRACKS * sizeof(struct slab_track);
	if (slab_keeps_orig_size(s))
		object += sizeof(u32);
	return sizeof(struct slab) + 2 * slab_bitmap_words(s) * sizeof(u64) +
	       s->geo.objects * object;
}

/* Room for so many more in a table of pointers. */
static int table_grow(struct machine *m, struct slab ***table, u32 nr, u32 *room)
{
	struct slab **bigger = arena_grow(&m->arena, *table, room, nr, 8, sizeof(*bigger));

	if (!bigger)
		return -ENOBUFS;
	*table = bigger;
	return 0;
}

int slab_reserve_slabs(struct machine *m, struct kmem_cache *s, u32 nr)
{
	struct slab_state *state = m->slab;
	int err;

	if ((u64)(s->nr_slots + nr) * s->geo.objects > UINT32_MAX)
		return -ENOBUFS;
	err = table_grow(m, &state->slabs, state->nr_slabs + nr, &state->room_slabs);
	if (!err)
		err = table_grow(m, &s->slots, s->nr_slots + nr, &s->room_slots);
	if (!err)
		err = slab_rcu_reserve(m, s, nr);
	while (!err && s->nr_spares < nr) {
		struct slab *spare = arena_alloc(&m->arena, slab_host_bytes(s));

		if (!spare)
			return -ENOBUFS;
		spare->next = s->spare;
		s->spare = spare;
		s->nr_spares++;
	}
	return err;
}

int slab_reserve(struct machine *m, struct kmem_cache *s)
{
	return slab_reserve_slabs(m, s, 1);
}

int kmem_cache_reserve(struct machine *m, struct kmem_cache *s)
{
	return slab_reserve(m, s);
}

/* The lowest free place of a table; there is room for one more. */
static u32 table_take(struct slab **table, u32 *nr, u32 *first_free, struct slab *slab)
{
	u32 i = *first_free;

	while (i < *nr && table[i])
		i++;
	if (i == *nr)
		(*nr)++;
	table[i] = slab;
	*first_free = i + 1;
	return i;
}

static void table_drop(struct slab **table, u32 *nr, u32 *first_free, u32 i)
{
	table[i] = NULL;
	while (*nr && !table[*nr - 1])
		(*nr)--;
	*first_free = MIN(*first_free, i);
}

static int slab_alloc_pages(struct machine *m, struct kmem_cache *s, gfp_t gfp, int node,
			    unsigned int *order, u32 *pfn)
{
	gfp_t flags = (gfp & SLAB_GFP_MASK) | s->page_gfp;
	gfp_t first = (flags | __GFP_NOWARN | __GFP_NORETRY) & ~__GFP_NOFAIL;
	int err;

	*order = s->geo.order;
	/* Do not press for a high order: one object's order will do. */
	if ((first & __GFP_DIRECT_RECLAIM) && *order > s->geo.min_order)
		first = (first | __GFP_NOMEMALLOC) & ~__GFP_RECLAIM;
	err = alloc_kernel_pages(m, first, *order, node, PGTY_slab, pfn);
	if (err != -ENOMEM)
		return err;
	if (*order != s->geo.min_order)
		machine_why(m, "cache %s: no block of order %u: one of order %u will do "
			    "(allocate_slab)", s->name, *order, s->geo.min_order);
	*order = s->geo.min_order;
	return alloc_kernel_pages(m, flags, *order, node, PGTY_slab, pfn);
}

static enum node_stat_item slab_stat_item(const struct kmem_cache *s)
{
	return s->flags & SLAB_RECLAIM_ACCOUNT ? NR_SLAB_RECLAIMABLE : NR_SLAB_UNRECLAIMABLE;
}

/* Its pages; its objects. */
static void slab_account_pages(struct machine *m, const struct slab *slab, int sign)
{
	s64 bytes = PAGE_SIZE << slab->order;

	m->nodes[slab->node]->stat[slab_stat_item(slab->cache)] += sign * bytes;
}

static void slab_account(const struct slab *slab, int sign)
{
	struct kmem_cache_node *n = &slab->cache->node[slab->node];

	n->nr_slabs += sign;
	n->total_objects += sign * slab->objects;
}

/* Every object free: lowest address first, or from anywhere on in the cache's order. */
static void slab_init_freelist(struct machine *m, struct slab *slab)
{
	const struct kmem_cache *s = slab->cache;
	u32 nr = s->geo.objects, at = s->random_seq ? rng_below(&m->slab->rng, nr) : 0;
	u16 *link = &slab->free;

	for (u32 i = 0; i < nr; i++, at = at + 1 < nr ? at + 1 : 0) {
		u16 object = s->random_seq ? s->random_seq[at] : i;

		if (object >= slab->objects)
			continue;	/* a slab of a lower order */
		*link = object;
		link = &slab->next_free[object];
	}
	*link = SLAB_NIL;
}

static void slab_init_objects(struct machine *m, struct slab *slab)
{
	const struct kmem_cache *s = slab->cache;
	u64 *at = (u64 *)(slab + 1);

	slab->allocated = at;
	slab->given = at += slab_bitmap_words(s);
	at += slab_bitmap_words(s);
	if (s->flags & SLAB_STORE_USER) {
		slab->tracks = (struct slab_track *)at;
		at = (u64 *)(slab->tracks + NR_TRACKS * s->geo.objects);
	}
	slab->next_free = (u16 *)at;
	if (slab_keeps_orig_size(s)) {
		slab->orig_size = (u32 *)at;
		slab->next_free = (u16 *)(slab->orig_size + s->geo.objects);
	}
	slab->memcg = slab->next_free + s->geo.objects;
	slab_init_freelist(m, slab);
}

/*
 * The host memory of a new slab and its places in the tables, taken before its
 * pages are looked for: reclaim may need slabs, too, of this cache and of others.
 */
static struct slab *take_spare(struct machine *m, struct kmem_cache *s)
{
	struct slab_state *state = m->slab;
	struct slab *slab = s->spare;
	u32 slot;

	BUG_ON(m, !slab);
	s->spare = slab->next;
	s->nr_spares--;
	*slab = (struct slab) { .cache = s };
	slab->id = table_take(state->slabs, &state->nr_slabs, &state->free_id, slab);
	slot = table_take(s->slots, &s->nr_slots, &s->free_slot, slab);
	slab->handle = slot * s->geo.objects + 1;
	slab_rcu_count(m, s, 1);
	return slab;
}

/* Its places are free again. */
static void drop_slot(const struct slab *slab)
{
	struct kmem_cache *s = slab->cache;

	table_drop(s->slots, &s->nr_slots, &s->free_slot,
		   (slab->handle - 1) / s->geo.objects);
}

static void drop_id(struct machine *m, const struct slab *slab)
{
	struct slab_state *state = m->slab;

	slab_rcu_count(m, slab->cache, -1);
	table_drop(state->slabs, &state->nr_slabs, &state->free_id, slab->id);
}

int slab_new(struct machine *m, struct kmem_cache *s, gfp_t gfp, int node,
	     struct slab **result)
{
	struct slab *slab = take_spare(m, s);
	unsigned int order;
	u32 pfn;
	int err = slab_alloc_pages(m, s, gfp, node, &order, &pfn);

	if (err) {
		drop_slot(slab);
		drop_id(m, slab);
		slab->next = s->spare;
		s->spare = slab;
		s->nr_spares++;
		return err;
	}
	slab->pfn = pfn;
	slab->addr = m->arch->page_offset + PFN_PHYS(pfn);
	slab->order = order;
	slab->objects = MIN((PAGE_SIZE << order) / s->geo.size, s->geo.objects);
	slab->node = page_zone(m, pfn_to_page(m, pfn))->node;
	slab_init_objects(m, slab);
	for (u32 i = 0; i < 1U << order; i++)
		pfn_to_page(m, pfn + i)->mapping = slab->id;
	slab_account(slab, 1);
	slab_account_pages(m, slab, 1);
	slab_touch(slab);
	machine_why(m, "cache %s: new slab of %u objects in %u pages at pfn %#x, node %u: the CPU "
		    "has no free object and no list a partial slab (new_slab)", s->name,
		    slab->objects, 1U << order, pfn, slab->node);
	*result = slab;
	return 0;
}

void slab_free_pages(struct machine *m, struct slab *slab)
{
	struct kmem_cache *s = slab->cache;

	slab_account_pages(m, slab, -1);
	s->touched = true;
	for (u32 i = 0; i < 1U << slab->order; i++)
		pfn_to_page(m, slab->pfn + i)->mapping = 0;
	free_pages(m, slab->pfn, slab->order);
	drop_id(m, slab);
	slab_bytes_free(m, slab);
	arena_free(&m->arena, slab, slab_host_bytes(s));
}

void slab_discard(struct machine *m, struct slab *slab)
{
	struct kmem_cache *s = slab->cache;
	bool waits = s->flags & SLAB_TYPESAFE_BY_RCU;

	BUG_ON(m, slab->inuse);
	slab_debug_discard(m, slab);
	machine_why(m, "cache %s: the empty slab at pfn %#x goes back%s: node %u has %u partial "
		    "slabs, min_partial %llu (discard_slab)", s->name, slab->pfn,
		    waits ? " after a grace period" : "", slab->node,
		    s->node[slab->node].partial.nr, (unsigned long long)s->min_partial);
	slab_account(slab, -1);
	s->touched = true;
	drop_slot(slab);
	slab->place = SLAB_WAITS;
	if (waits)
		slab_free_by_rcu(m, slab);
	else
		slab_free_pages(m, slab);
}

void slab_spare_free(struct machine *m, struct kmem_cache *s)
{
	while (s->spare) {
		struct slab *spare = s->spare;

		s->spare = spare->next;
		arena_free(&m->arena, spare, slab_host_bytes(s));
	}
	s->nr_spares = 0;
}

void slab_forget(struct machine *m, struct slab *slab)
{
	slab_bytes_free(m, slab);
	arena_free(&m->arena, slab, slab_host_bytes(slab->cache));
}

void slab_list_add_head(struct slab_list *list, struct slab *slab)
{
	slab->prev = NULL;
	slab->next = list->first;
	if (list->first)
		list->first->prev = slab;
	else
		list->last = slab;
	list->first = slab;
	list->nr++;
}

void slab_list_add_tail(struct slab_list *list, struct slab *slab)
{
	slab->next = NULL;
	slab->prev = list->last;
	if (list->last)
		list->last->next = slab;
	else
		list->first = slab;
	list->last = slab;
	list->nr++;
}

void slab_list_del(struct slab_list *list, struct slab *slab)
{
	if (slab->prev)
		slab->prev->next = slab->next;
	else
		list->first = slab->next;
	if (slab->next)
		slab->next->prev = slab->prev;
	else
		list->last = slab->prev;
	slab->prev = slab->next = NULL;
	list->nr--;
}
