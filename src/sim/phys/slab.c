// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Allocating and freeing objects. The fast paths pop and push the list of the
 * CPU's slab: an index array, no search. When that list is empty: what others
 * freed into the slab, the CPU's partial slabs, the node's partial slabs (some
 * more of which go to the CPU), far nodes that keep more than min_partial, a new
 * slab. Whether a new slab is needed is found out before anything changes, so
 * that a failed host allocation leaves no trace. Caches under debugging have no
 * CPU slabs: each object comes from the node's list.
 */
#include "sim/base/rng.h"
#include "sim/phys/fault_inject.h"
#include "sim/phys/slab_bytes.h"
#include "sim/phys/slab_debug.h"
#include "sim/phys/slab_fast.h"

static inline void tell_object(const struct kmem_cache *s, const struct slab *slab,
			       unsigned int i, struct slab_object *object)
{
	object->handle = slab->handle + i;
	object->addr = slab->addr + (u64)i * s->geo.size + s->geo.red_left_pad;
}

static void take_object(const struct kmem_cache *s, struct slab *slab, unsigned int i,
			struct slab_object *object)
{
	slab_mark_allocated(slab, i);
	tell_object(s, slab, i, object);
}

static bool node_matches(const struct slab *slab, int node)
{
	return node == NUMA_NO_NODE || slab->node == node;
}

/* The node whose list is looked at first; NULL if it has no memory. */
static struct kmem_cache_node *search_node(const struct machine *m, struct kmem_cache *s,
					   int node)
{
	struct kmem_cache_node *n;

	n = &s->node[node == NUMA_NO_NODE ? m->cpu_node[m->cpu] : node];
	return n->present ? n : NULL;
}

/* A node with slabs to take from; NULL if there is none. */
static struct kmem_cache_node *find_partial(const struct machine *m, struct kmem_cache *s,
					    int node)
{
	const struct pglist_data *home = m->nodes[m->cpu_node[m->cpu]];
	struct kmem_cache_node *n = search_node(m, s, node);

	if (n && n->partial.nr)
		return n;
	if (node != NUMA_NO_NODE || !home || !s->far_slabs)
		return NULL;
	for (unsigned int i = 0; i < home->nr_zonelist; i++) {
		n = &s->node[m->zones[home->zonelist[i]]->node];
		if (n->partial.nr > s->min_partial)
			return n;
	}
	return NULL;
}

/* Whether this search may look at other nodes' slabs: chance, as often as it is told. */
static void decide_far_slabs(struct machine *m, struct kmem_cache *s)
{
	s->far_slabs = s->defrag_ratio >= 100 ||
		       (s->defrag_ratio && rng_below(&m->rng, 1024) <= 10 * s->defrag_ratio);
}

static bool needs_new_slab(const struct machine *m, struct kmem_cache *s, int node)
{
	const struct kmem_cache_cpu *c = &s->cpu[m->cpu];

	if (c->slab && node_matches(c->slab, node) &&
	    (c->free != SLAB_NIL || c->slab->free != SLAB_NIL))
		return false;
	for (const struct slab *slab = c->partial.first; slab; slab = slab->next)
		if (node_matches(slab, node))
			return false;
	return !find_partial(m, s, node);
}

/* The CPU allocates from this slab now; it is on no list. */
static void freeze_slab(struct machine *m, struct kmem_cache_cpu *c, struct slab *slab)
{
	slab_touch(slab);
	slab->place = SLAB_ON_CPU;
	slab->cpu = m->cpu;
	c->slab = slab;
	c->free = slab->free;
	slab->free = SLAB_NIL;
	slab->inuse = slab->objects;
}

/* One slab for the CPU, and about half a CPU list of further ones. */
static void acquire_from_node(struct machine *m, struct kmem_cache *s,
			      struct kmem_cache_cpu *c, struct kmem_cache_node *n)
{
	struct slab *slab = n->partial.first;
	u32 more = s->cpu_partial_slabs / 2 + 1;

	slab_list_del(&n->partial, slab);
	machine_why(m, "cache %s: CPU %u takes the slab at pfn %#x with %u free of %u objects "
		    "from node %u's partial list, and up to %u more (get_partial_node)",
		    s->name, m->cpu,
		    slab->pfn, slab->objects - slab->inuse, slab->objects, slab->node, more);
	freeze_slab(m, c, slab);
	for (; more && n->partial.first; more--) {
		slab = n->partial.first;
		slab_list_del(&n->partial, slab);
		slab_put_cpu_partial(m, s, slab, /* drain = */ false);
	}
}

/* Make the CPU's slab one with free objects that fits `node`; false: there is none. */
static bool refill_cpu(struct machine *m, struct kmem_cache *s, int node)
{
	struct kmem_cache_cpu *c = &s->cpu[m->cpu];
	struct kmem_cache_node *n;

	for (;;) {
		struct slab *slab = c->slab;

		if (slab && !node_matches(slab, node)) {
			slab_deactivate(m, s, c);
		} else if (slab && c->free == SLAB_NIL) {
			freeze_slab(m, c, slab);
			if (c->free == SLAB_NIL) {
				slab->place = SLAB_FULL;
				c->slab = NULL;
			}
		}
		if (c->slab)
			return true;
		slab = c->partial.first;
		if (!slab)
			break;
		slab_list_del(&c->partial, slab);
		machine_why(m, "cache %s: CPU %u takes the slab at pfn %#x with %u free of %u "
			    "objects from its own partial list, %u are left (___slab_alloc)",
			    s->name, m->cpu, slab->pfn, slab->objects - slab->inuse,
			    slab->objects, c->partial.nr);
		freeze_slab(m, c, slab);
	}
	n = find_partial(m, s, node);
	if (n)
		acquire_from_node(m, s, c, n);
	return n;
}

/* The first free object of a slab that is on its node's list, or new. */
static bool alloc_single(struct machine *m, struct slab *slab,
			 const struct slab_request *req, struct slab_object *object)
{
	struct kmem_cache *s = slab->cache;
	u16 i = slab->free;
	bool good;

	slab_touch(slab);
	if (i < slab->objects)
		slab->free = slab->next_free[i];
	slab->inuse++;
	good = slab_debug_alloc(m, slab, i, req);
	if (slab->inuse == slab->objects) {
		slab_list_del(&s->node[slab->node].partial, slab);
		slab->place = SLAB_FULL;
	}
	if (good)
		take_object(s, slab, i, object);
	return good;
}

static int alloc_debug(struct machine *m, struct kmem_cache *s, gfp_t gfp, int node,
		       const struct slab_request *req, struct slab_object *object)
{
	struct kmem_cache_node *n;
	struct slab *slab;
	int err = slab_reserve(m, s);

	if (err)
		return err;
	while ((n = find_partial(m, s, node)))
		if (alloc_single(m, n->partial.first, req, object))
			return 0;
	err = slab_new(m, s, gfp, node, &slab);
	if (err)
		return err;
	slab_add_partial(slab, /* tail = */ false);
	return alloc_single(m, slab, req, object) ? 0 : -ENOMEM;
}

/*
 * A CPU's slab is made one that has a free object for this node. While pages are
 * waited for, others may have given the CPU a slab: the new one takes its place.
 */
static int refill_slow(struct machine *m, struct kmem_cache *s, gfp_t gfp, int node)
{
	struct kmem_cache_cpu *c = &s->cpu[m->cpu];
	struct slab *before = c->slab, *slab;
	u64 rng = m->rng;
	int err = 0;

	decide_far_slabs(m, s);
	if (needs_new_slab(m, s, node))
		err = slab_reserve(m, s);
	if (!err && refill_cpu(m, s, node))
		return 0;
	if (!err)
		err = slab_new(m, s, gfp, node, &slab);
	if (err == -ENOBUFS) {
		m->rng = rng;
		if (before && before->place == SLAB_FULL) {
			before->place = SLAB_ON_CPU;
			c->slab = before;
		}
	}
	if (err)
		return err;
	while (c->slab)
		slab_deactivate(m, s, c);
	freeze_slab(m, c, slab);
	return 0;
}

/* What of the caller's node is possible. */
static int possible_node(const struct machine *m, const struct kmem_cache *s, int node)
{
	if (node < 0 || node >= (int)m->nr_nodes || !s->node[node].present)
		return NUMA_NO_NODE;
	return node;
}

int slab_take_free(struct machine *m, struct kmem_cache *s, gfp_t gfp, int node,
		   struct sheaf_object *object)
{
	struct kmem_cache_cpu *c = &s->cpu[m->cpu];

	if (unlikely(c->free == SLAB_NIL || !node_matches(c->slab, node))) {
		int err = refill_slow(m, s, gfp, possible_node(m, s, node));

		if (err)
			return err;
	}
	*object = (struct sheaf_object){ c->slab, c->free };
	c->free = c->slab->next_free[c->free];
	return 0;
}

/* Not from the CPU's slab. */
static __noinline int alloc_slow(struct machine *m, struct kmem_cache *s, gfp_t gfp, int node,
				 const struct slab_request *req, struct slab_object *object)
{
	struct sheaf_object found = { 0 };
	int err = 0;

	if (slab_is_debug(s)) {
		decide_far_slabs(m, s);
		return alloc_debug(m, s, gfp, possible_node(m, s, node), req, object);
	}
	if (s->sheaves)
		err = slab_sheaf_alloc(m, s, gfp, node, &found);
	if (!err)
		err = slab_take_free(m, s, gfp, node, &found);
	if (err < 0)
		return err;
	take_object(s, found.slab, found.index, object);
	return 0;
}

static inline int alloc_any(struct machine *m, struct kmem_cache *s, gfp_t gfp, int node,
			    const struct slab_request *req, struct slab_object *object)
{
	if (node == NUMA_NO_NODE && !m->fault) {
		struct sheaf_object found = slab_at_hand(m, s);

		if (likely(found.slab)) {
			tell_object(s, found.slab, found.index, object);
			return 0;
		}
	}
	if (unlikely(m->fault) && should_failslab(m, s, gfp))
		return -ENOMEM;
	return alloc_slow(m, s, gfp, node, req, object);
}

static __noinline int alloc_charged(struct machine *m, struct kmem_cache *s, gfp_t gfp, int node,
				    const struct slab_request *req, struct slab_object *object)
{
	int err = alloc_any(m, s, gfp, node, req, object);
	struct slab *slab;

	if (err)
		return err;
	slab = slab_of_addr(m, object->addr);
	err = slab_charge_object(m, slab, object->handle - slab->handle, gfp);
	if (err)
		kmem_cache_free_at(m, s, object->addr, req->site);
	return err;
}

int slab_alloc_node(struct machine *m, struct kmem_cache *s, gfp_t gfp, int node,
		    const struct slab_request *req, struct slab_object *object)
{
	if (unlikely(m->slab_hooks) && slab_may_charge(m, s, gfp))
		return alloc_charged(m, s, gfp, node, req, object);
	return alloc_any(m, s, gfp, node, req, object);
}

int kmem_cache_alloc_at(struct machine *m, struct kmem_cache *s, gfp_t gfp, int node,
			struct slab_object *object, const char *site)
{
	const struct slab_request req = { .orig_size = s->geo.object_size, .site = site };

	return slab_alloc_node(m, s, gfp, node, &req, object);
}

/* Objects that this CPU can still give without looking further. */
static unsigned int cpu_free_objects(const struct machine *m, const struct kmem_cache *s)
{
	const struct kmem_cache_cpu *c = &s->cpu[m->cpu];
	unsigned int nr = 0;

	for (u16 i = c->free; i != SLAB_NIL; i = c->slab->next_free[i])
		nr++;
	return nr;
}

void kmem_cache_alloc_explain(struct machine *m, const struct kmem_cache *s, gfp_t gfp,
			      u64 addr)
{
	const struct slab *slab = slab_of_addr(m, addr);

	if (slab)
		machine_why_call(m, "kmem_cache_alloc %s, %X: object %#llx of the slab at pfn "
				 "%#x, node %u; CPU %u has %u free objects left of %u "
				 "(slab_alloc_node)", s->name, gfp, (unsigned long long)addr,
				 slab->pfn, slab->node, m->cpu, cpu_free_objects(m, s),
				 slab->objects);
	else
		machine_why_call(m, "kmem_cache_alloc %s, %X: -ENOMEM: no free object, no partial "
				 "slab, and no block of order %u for a new one (___slab_alloc)",
				 s->name, gfp, s->geo.min_order);
}

void kmem_cache_free_explain(struct machine *m, const struct kmem_cache *s, u64 addr)
{
	const struct slab *slab = slab_of_addr(m, addr);

	if (!slab || slab->cache != s)
		return;	/* its slab went back: that has been said */
	machine_why_call(m, "free %#llx of cache %s: its slab at pfn %#x %s (%s)",
			 (unsigned long long)addr, s->name, slab->pfn,
			 slab == s->cpu[m->cpu].slab ? "is the CPU's own: next to be used" :
			 slab->place == SLAB_ON_CPU ?
			 "is another CPU's: it goes to the slab's list" :
			 slab->place == SLAB_ON_NODE ? "is on its node's partial list" :
			 "is on a CPU's partial list",
			 slab == s->cpu[m->cpu].slab ? "do_slab_free" : "__slab_free");
}

static void free_debug(struct machine *m, struct kmem_cache *s, struct slab *slab,
		       bool was_full)
{
	struct kmem_cache_node *n = &s->node[slab->node];
	bool discard = slab_is_empty(slab) && n->partial.nr >= s->min_partial;

	if (!was_full && discard)
		slab_list_del(&n->partial, slab);
	if (discard)
		slab_discard(m, slab);
	else if (was_full)
		slab_add_partial(slab, /* tail = */ true);
}

/* The object is of a slab that this CPU does not allocate from. */
static void free_slow(struct machine *m, struct kmem_cache *s, struct slab *slab,
		      unsigned int i)
{
	struct kmem_cache_node *n = &s->node[slab->node];
	bool was_full = slab->place == SLAB_FULL;

	slab_touch(slab);
	slab_set_freepointer(m, slab, i, slab->free);
	slab->free = i;
	slab->inuse--;
	if (slab_is_debug(s)) {
		free_debug(m, s, slab, was_full);
	} else if (slab->place == SLAB_FULL) {
		slab_put_cpu_partial(m, s, slab, /* drain = */ true);
	} else if (slab->place == SLAB_ON_NODE && !slab->inuse &&
		   n->partial.nr >= s->min_partial) {
		slab_list_del(&n->partial, slab);
		slab_discard(m, slab);
	}
}

/* An object of a cache under debugging; false: it stays. */
static bool free_checked(struct machine *m, struct kmem_cache *s, struct slab *slab, u64 addr,
			 const char *site)
{
	unsigned int i = slab_object_index(slab, addr);

	if (slab_debug_free(m, s, slab, addr, site)) {
		slab_debug_freed(m, slab, i, site);
		return true;
	}
	/* The kernel has lost it, whoever it was allocated for. */
	if (i != SLAB_NIL && slab_allocated(slab, i) && !(slab->given[i / 64] >> (i % 64) & 1))
		slab->cache->nr_nameless++;
	return false;
}

void kmem_cache_free_at(struct machine *m, struct kmem_cache *s, u64 addr, const char *site)
{
	struct slab *slab = slab_of_addr(m, addr);

	BUG_ON(m, !slab);
	if (likely(!slab_is_debug(slab->cache))) {
		slab_free_fast(m, s, slab, slab_object_index(slab, addr));
	} else if (free_checked(m, s, slab, addr, site)) {
		unsigned int i = slab_object_index(slab, addr);

		BUG_ON(m, i == SLAB_NIL || !slab_allocated(slab, i));
		slab->allocated[i / 64] &= ~(1ULL << (i % 64));
		slab->given[i / 64] &= ~(1ULL << (i % 64));
		if (slab->nr_memcg)
			slab_uncharge_object(m, slab, i);
		slab_put_free(m, slab->cache, slab, i);
	}
}

void slab_put_free(struct machine *m, struct kmem_cache *s, struct slab *slab, u16 i)
{
	struct kmem_cache_cpu *c = &s->cpu[m->cpu];

	if (slab != c->slab) {
		free_slow(m, s, slab, i);
		return;
	}
	slab->next_free[i] = c->free;
	c->free = i;
}

void slab_free_index(struct machine *m, struct kmem_cache *s, struct slab *slab, u16 i)
{
	if (!s->sheaves || !slab_sheaf_put(m, s, slab, i))
		slab_put_free(m, s, slab, i);
}
