// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Since 6.9: pools of purged addresses. Who allocates on a CPU marks the area with the CPU's
 * node; when it is purged it goes to that node's pool of its size, from which the next area of
 * that size comes without a search. Each purge first gives a quarter of every pool back to the
 * holes, or all of it when somebody found none.
 */
#include "sim/phys/vmalloc_types.h"

typedef unsigned long long ull;

unsigned int nr_vmap_nodes(const struct machine *m)
{
	return rel_lazy_areas_merge(m->release) || m->arch->bits != 64 ? 1 :
	       CLAMP(m->nr_possible_cpus, 1U, 128U);
}

unsigned int vmap_node_of(const struct machine *m, u64 addr)
{
	return addr / (16 * PAGE_SIZE) % nr_vmap_nodes(m);
}

unsigned int vmap_lazy_node(const struct machine *m, const struct vm_area *area)
{
	return area->node ? area->node - 1U : vmap_node_of(m, area->addr);
}

static size_t pools_bytes(const struct machine *m)
{
	return (size_t)nr_vmap_nodes(m) * MAX_VA_SIZE_PAGES * sizeof(struct vmap_pool);
}

int vmap_nodes_init(struct machine *m)
{
	if (nr_vmap_nodes(m) == 1)
		return 0;
	m->vmalloc->pools = arena_alloc(&m->arena, pools_bytes(m));
	return m->vmalloc->pools ? 0 : -ENOBUFS;
}

void vmap_nodes_free(struct machine *m)
{
	arena_free(&m->arena, m->vmalloc->pools, m->vmalloc->pools ? pools_bytes(m) : 0);
}

/* NULL: areas of that size are not kept. */
static struct vmap_pool *size_to_va_pool(const struct machine *m, unsigned int node, u64 bytes)
{
	u64 i = (bytes - 1) / PAGE_SIZE;

	return m->vmalloc->pools && i < MAX_VA_SIZE_PAGES ?
	       &m->vmalloc->pools[node * MAX_VA_SIZE_PAGES + i] : NULL;
}

static void pool_push(struct vmap_pool *pool, struct vm_area *area, bool tail)
{
	area->pool_next = tail ? NULL : pool->first;
	area->pool_prev = tail ? pool->last : NULL;
	*(area->pool_prev ? &area->pool_prev->pool_next : &pool->first) = area;
	*(area->pool_next ? &area->pool_next->pool_prev : &pool->last) = area;
	pool->len++;
}

static struct vm_area *pool_pop(struct vmap_pool *pool)
{
	struct vm_area *area = pool->first;

	pool->first = area->pool_next;
	*(pool->first ? &pool->first->pool_prev : &pool->last) = NULL;
	area->pool_next = NULL;
	pool->len--;
	return area;
}

u8 vmap_node_of_cpu(const struct machine *m)
{
	return m->vmalloc->pools ? (u8)(1 + m->cpu % nr_vmap_nodes(m)) : 0;
}

struct vm_area *node_pool_del_va(struct machine *m, const struct area_place *place)
{
	struct vmap_pool *pool;
	struct vm_area *area;

	if (place->top || !m->vmalloc->pools)
		return NULL;
	pool = size_to_va_pool(m, vmap_node_of_cpu(m) - 1U, place->bytes);
	if (!pool || !pool->first)
		return NULL;
	area = pool_pop(pool);
	if (!IS_ALIGNED(area->addr, place->align)) {
		pool_push(pool, area, /* tail = */ true);
		return NULL;
	}
	area->kind &= ~VMAP_POOLED;
	m->vmalloc->nr_pooled--;
	machine_why(m, "vmalloc: %llu bytes at %#llx, from the pool of node %u: %u are left there "
		    "(node_alloc)", (ull)place->bytes, (ull)area->addr, area->node - 1U, pool->len);
	return area;
}

bool node_pool_add_va(struct machine *m, struct vm_area *area)
{
	struct vmap_pool *pool = area->node ? size_to_va_pool(m, area->node - 1U, area->bytes) :
					      NULL;

	if (!pool)
		return false;
	pool_push(pool, area, /* tail = */ false);
	area->kind |= VMAP_POOLED;
	m->vmalloc->nr_pooled++;
	return true;
}

void decay_va_pools(struct machine *m, bool full)
{
	struct vmap_pool *pools = m->vmalloc->pools;

	for (unsigned int i = 0; pools && i < nr_vmap_nodes(m) * MAX_VA_SIZE_PAGES; i++) {
		u32 nr = full ? pools[i].len : pools[i].len / 4;

		while (nr--) {
			pool_pop(&pools[i])->kind = VMAP_LAZY | VMAP_DECAYED;
			m->vmalloc->nr_pooled--;
		}
	}
}
