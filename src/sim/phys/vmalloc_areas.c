// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Addresses of areas: an array sorted by address, in which a hole is what lies between
 * two areas. The packed[c] areas from the lowest on have no hole of 2^c pages before or
 * between them, so that a search begins where the first hole can be: stacks, for their
 * alignment, leave a small hole before each. Areas that were freed stay in the array
 * until they are purged, and those that a vmap node keeps even longer.
 */
#include "sim/phys/vmalloc_types.h"

#include "sim/phys/slab.h"

typedef unsigned long long ull;

size_t area_host_bytes(u64 nr_pages)
{
	return sizeof(struct vm_area) + nr_pages * sizeof(u32);
}

void area_forget(struct machine *m, struct vm_area *area)
{
	arena_free(&m->arena, area, area_host_bytes(area->room));
}

/* An area's table may be an area, that one's table too; the array of all may double twice. */
u64 vmalloc_host_bytes(const struct machine *m, unsigned int nr, u64 nr_pages)
{
	const struct vmalloc_state *state = m->vmalloc;

	return nr * 3 * ARENA_COST(sizeof(struct vm_area)) + 2 * nr_pages * sizeof(u32) +
	       6 * (u64)MAX(state->room, 64U) * sizeof(*state->areas);
}

void vmalloc_range(const struct machine *m, u64 *start, u64 *end)
{
	*start = m->vmalloc->start;
	*end = m->vmalloc->end;
}

/* The first area with a hole before it that is of the class of so many bytes. */
static unsigned int first_hole(struct vmalloc_state *state, u64 bytes)
{
	unsigned int class = MIN(ilog2(bytes >> PAGE_SHIFT | 1), HOLE_CLASSES - 1);
	unsigned int i = state->packed[class];
	u64 least = PAGE_SIZE << class;

	while (i < state->nr && hole_end(state, i) - hole_start(state, i) < least)
		i++;
	state->packed[class] = i;
	return i;
}

/* The lowest place that fits: its address, and where in the array it goes. */
static int find_hole(struct vmalloc_state *state, u64 bytes, u64 align, u64 *addr,
		     unsigned int *at)
{
	for (unsigned int i = first_hole(state, bytes); i <= state->nr; i++) {
		u64 start = ALIGN_UP(hole_start(state, i), align), end = hole_end(state, i);

		if (start >= end || end - start < bytes)
			continue;
		*addr = start;
		*at = i;
		return 0;
	}
	return -ENOMEM;
}

/* The highest place that fits. */
static int find_hole_top(struct vmalloc_state *state, u64 bytes, u64 align, u64 *addr,
			 unsigned int *at)
{
	for (unsigned int i = state->nr + 1; i-- > 0;) {
		u64 start = hole_start(state, i), end = hole_end(state, i);
		u64 place = ALIGN_DOWN(end - bytes, align);

		if (bytes > end || end - start < bytes || place < start)
			continue;
		*addr = place;
		*at = i;
		return 0;
	}
	return -ENOMEM;
}

int areas_make_room(struct machine *m, unsigned int more)
{
	struct vmalloc_state *state = m->vmalloc;
	struct vm_area **areas = arena_grow(&m->arena, state->areas, &state->room,
					    state->nr + more, 64, sizeof(*areas));

	if (!areas)
		return -ENOBUFS;
	state->areas = areas;
	return 0;
}

/* The hole before area i and those behind it may have grown. */
static void unpack(struct vmalloc_state *state, unsigned int i)
{
	for (unsigned int class = 0; class < HOLE_CLASSES; class++)
		state->packed[class] = MIN(state->packed[class], i);
}

static void areas_insert(struct vmalloc_state *state, unsigned int at, struct vm_area *area)
{
	memmove(&state->areas[at + 1], &state->areas[at],
		(state->nr - at) * sizeof(*state->areas));
	state->areas[at] = area;
	state->nr++;
	state->touched = true;
	unpack(state, at);
}

static void areas_remove(struct vmalloc_state *state, unsigned int at)
{
	state->nr--;
	state->touched = true;
	memmove(&state->areas[at], &state->areas[at + 1],
		(state->nr - at) * sizeof(*state->areas));
	unpack(state, at);
}

/* Index of the first area that ends above addr. */
unsigned int area_at_or_above(const struct vmalloc_state *state, u64 addr)
{
	unsigned int low = 0, high = state->nr;

	while (low < high) {
		unsigned int mid = (low + high) / 2;

		if (state->areas[mid]->addr + state->areas[mid]->bytes > addr)
			high = mid;
		else
			low = mid + 1;
	}
	return low;
}

const struct vm_area *find_vm_area(const struct machine *m, u64 addr)
{
	const struct vmalloc_state *state = m->vmalloc;
	unsigned int i = area_at_or_above(state, addr);

	if (i == state->nr || state->areas[i]->addr > addr ||
	    state->areas[i]->kind & VMAP_LAZY)
		return NULL;
	return state->areas[i];
}

/* How many pages of addresses may wait: 32 MiB for each power of two of CPUs. */
static u64 lazy_max_pages(const struct machine *m)
{
	return (ilog2(m->nr_cpus) + 1ULL) * (SZ_1M * 32ULL / PAGE_SIZE);
}

/* What becomes of a slot of the array when freed areas are purged. */
static bool stays(struct machine *m, struct vm_area *area, bool full)
{
	if (!(area->kind & VMAP_LAZY) || area->kind & VMAP_POOLED)
		return true;
	if (!(area->kind & VMAP_DECAYED) && !full && node_pool_add_va(m, area))
		return true;
	kmem_cache_free(m, m->vmalloc->vmap_area_cache, area->vmap_area);
	area_forget(m, area);
	return false;
}

/* full: what the nodes keep goes as well, since somebody found no hole. */
static unsigned int purge_vmap_area_lazy(struct machine *m, bool full)
{
	struct vmalloc_state *state = m->vmalloc;
	unsigned int to = 0, first = state->nr, nr = state->nr_lazy, slots = state->nr;

	decay_va_pools(m, full);
	for (unsigned int i = 0; i < slots; i++) {
		struct vm_area *area = state->areas[i];

		if (stays(m, area, full))
			state->areas[to++] = area;
		else
			first = MIN(first, to);
	}
	if (nr)
		machine_why(m, "vmalloc: %u areas that were freed, %llu pages of addresses, can "
			    "be had again (__purge_vmap_area_lazy)", nr, (ull)state->lazy_pages);
	state->nr = to;
	state->nr_lazy = 0;
	state->lazy_pages = 0;
	state->touched |= nr || to != slots;
	unpack(state, first);
	return slots - to;
}

unsigned int vm_unmap_aliases(struct machine *m)
{
	unsigned int nr = m->vmalloc->nr_lazy;

	purge_vmap_area_lazy(m, /* full = */ false);
	return nr;
}

/* Freed areas at i and behind it become one, if they touch. */
static void lazy_join(struct machine *m, unsigned int i)
{
	struct vmalloc_state *state = m->vmalloc;
	struct vm_area *a = state->areas[i], *b;

	if (i + 1 >= state->nr)
		return;
	b = state->areas[i + 1];
	if (!(a->kind & b->kind & VMAP_LAZY) || a->addr + a->bytes != b->addr)
		return;
	a->bytes += b->bytes;
	kmem_cache_free(m, state->vmap_area_cache, b->vmap_area);
	areas_remove(state, i + 1);
	area_forget(m, b);
	state->nr_lazy--;
}

/* The area at i is freed; until 6.8 its addresses join those that were before. */
void area_make_lazy(struct machine *m, unsigned int i)
{
	struct vmalloc_state *state = m->vmalloc;
	struct vm_area *area = state->areas[i];

	*area = (struct vm_area) {
		.id = area->id, .addr = area->addr, .bytes = area->bytes, .kind = VMAP_LAZY,
		.vmap_area = area->vmap_area, .room = area->room, .node = area->node,
	};
	state->nr_lazy++;
	state->lazy_pages += area->bytes >> PAGE_SHIFT;
	state->touched = true;
	if (rel_lazy_areas_merge(m->release)) {
		lazy_join(m, i);
		if (i)
			lazy_join(m, i - 1);
	}
	if (state->lazy_pages > lazy_max_pages(m))
		vm_unmap_aliases(m);
}

static int find_place(struct vmalloc_state *state, const struct area_place *place, u64 *addr,
		      unsigned int *at)
{
	return place->top ? find_hole_top(state, place->bytes, place->align, addr, at) :
			    find_hole(state, place->bytes, place->align, addr, at);
}

/* Reserve the addresses; the area is in the array then. */
int area_place(struct machine *m, struct vm_area *area, const struct area_place *place)
{
	struct vmalloc_state *state = m->vmalloc;
	unsigned int at;
	int err;

	err = find_place(state, place, &area->addr, &at);
	/* What was freed may be in the way. */
	if (err && purge_vmap_area_lazy(m, /* full = */ true))
		err = find_place(state, place, &area->addr, &at);
	if (err) {
		machine_why(m, "vmalloc: -ENOMEM: no hole of %llu bytes, aligned to %#llx, "
			    "between %#llx and %#llx (alloc_vmap_area)", (ull)place->bytes,
			    (ull)place->align, (ull)state->start, (ull)state->end);
		return err;
	}
	area->bytes = place->bytes;
	area->node = place->top ? 0 : vmap_node_of_cpu(m);
	areas_insert(state, at, area);
	return 0;
}

void area_reuse(struct machine *m, struct vm_area *area, struct vm_area *pooled)
{
	struct vmalloc_state *state = m->vmalloc;

	area->addr = pooled->addr;
	area->bytes = pooled->bytes;
	area->vmap_area = pooled->vmap_area;
	area->node = pooled->node;
	state->areas[area_at_or_above(state, area->addr)] = area;
	state->touched = true;
	area_forget(m, pooled);
}

unsigned int nr_vm_areas(const struct machine *m)
{
	return m->vmalloc ? m->vmalloc->nr - m->vmalloc->nr_lazy - m->vmalloc->nr_pooled : 0;
}

unsigned int vm_area_slots(const struct machine *m)
{
	return m->vmalloc ? m->vmalloc->nr : 0;
}

const struct vm_area *vm_area_at(const struct machine *m, unsigned int i)
{
	return i < m->vmalloc->nr ? m->vmalloc->areas[i] : NULL;
}
