// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Caches: created, merged with an older one of the same size and kind, found by
 * name, taken down. A cache is itself an object of the cache kmem_cache, and for
 * each node with memory one of kmem_cache_node, as in the kernel; the first two
 * caches get theirs when both exist (slab_caches.c).
 */
#include <stdio.h>
#include <stdlib.h>

#include "sim/base/rng.h"
#include "sim/boot/boot_log.h"
#include "sim/phys/report.h"
#include "sim/phys/slab_debug.h"
#include "sim/phys/slab_sheaf.h"

/* Caches with one of these are their own. */
#define SLAB_NEVER_MERGE (SLAB_RED_ZONE | SLAB_POISON | SLAB_STORE_USER | SLAB_TRACE | \
			  SLAB_TYPESAFE_BY_RCU | SLAB_NO_MERGE | SLAB_BOOT_CACHE | \
			  SLAB_FAILSLAB)
/* Both must have these or both not. */
#define SLAB_MERGE_SAME (SLAB_RECLAIM_ACCOUNT | SLAB_CACHE_DMA | SLAB_CACHE_DMA32 | \
			 SLAB_ACCOUNT)

static char *arena_strdup(struct arena *arena, const char *text)
{
	size_t bytes = strlen(text) + 1;
	char *copy = arena_alloc(arena, bytes);

	if (copy)
		memcpy(copy, text, bytes);
	return copy;
}

static void arena_strfree(struct arena *arena, char *text)
{
	if (text)
		arena_free(arena, text, strlen(text) + 1);
}

static bool slab_cache_unmergeable(const struct machine *m, const struct kmem_cache *s)
{
	return m->slab->options.nomerge ||
	       (s->flags & (SLAB_NEVER_MERGE | SLAB_HAS_CTOR)) || s->usersize ||
	       (s->sheaf_capacity && rel_slub_has_sheaves(m->release));
}

/* An older cache whose slabs can hold these objects, or NULL. */
static struct kmem_cache *find_mergeable(const struct machine *m,
					 const struct kmem_cache_request *req, u32 flags)
{
	u32 word = m->arch->bits / 8;
	u32 size = ALIGN_UP(req->size, word);
	u32 align = slab_calculate_alignment(m, flags, req->align, size);

	if (m->slab->options.nomerge || req->usersize ||
	    (flags & (SLAB_NEVER_MERGE | SLAB_HAS_CTOR)) ||
	    (req->sheaf_capacity && rel_slub_has_sheaves(m->release)))
		return NULL;
	size = ALIGN_UP(size, align);
	for (unsigned int i = 0; i < m->slab->nr_caches; i++) {
		struct kmem_cache *s = m->slab->caches[i];

		if (slab_cache_unmergeable(m, s) || size > s->geo.size ||
		    ((flags ^ s->flags) & SLAB_MERGE_SAME) ||
		    !IS_ALIGNED(s->geo.size, align) ||
		    s->geo.size - size >= word)
			continue;
		return s;
	}
	return NULL;
}

/* What keeps a new cache from being an alias. */
static const char *own_cache_reason(const struct machine *m,
				    const struct kmem_cache_request *req, u32 flags)
{
	if (m->slab->options.nomerge)
		return "slab_nomerge is on the command line, or SLAB_MERGE_DEFAULT off";
	if (flags & SLAB_NEVER_MERGE)
		return "a flag of it forbids merging";
	if (flags & SLAB_HAS_CTOR)
		return "it has a constructor";
	if (req->usersize)
		return "it has a usercopy region";
	if (req->sheaf_capacity && rel_slub_has_sheaves(m->release))
		return "it has sheaves";
	return "no mergeable cache of the same kind is less than a word larger";
}

static bool list_names(const struct kmem_cache *s, const char *name)
{
	if (!strcmp(s->name, name))
		return true;
	for (u32 i = 0; i + 1 < s->refcount; i++)
		if (!strcmp(s->aliases[i], name))
			return true;
	return false;
}

struct kmem_cache *kmem_cache_find(const struct machine *m, const char *name)
{
	for (unsigned int i = 0; i < m->slab->nr_caches; i++)
		if (list_names(m->slab->caches[i], name))
			return m->slab->caches[i];
	return NULL;
}

/* The name in sysfs of a cache that others may share: its kind and size. */
static void set_sysfs_name(struct machine *m, struct kmem_cache *s)
{
	char kind[8], *p = kind;

	if (slab_cache_unmergeable(m, s)) {
		s->sysfs_name[0] = '\0';	/* its own name */
		return;
	}
	if (s->flags & SLAB_CACHE_DMA)
		*p++ = 'd';
	if (s->flags & SLAB_CACHE_DMA32)
		*p++ = 'D';
	if (s->flags & SLAB_RECLAIM_ACCOUNT)
		*p++ = 'a';
	if (s->flags & SLAB_CONSISTENCY_CHECKS)
		*p++ = 'F';
	if (s->flags & SLAB_ACCOUNT)
		*p++ = 'A';
	if (p != kind)
		*p++ = '-';
	*p = '\0';
	snprintf(s->sysfs_name, sizeof(s->sysfs_name), ":%s%07u", kind, s->geo.size);
}

static gfp_t slab_page_gfp(const struct kmem_cache *s)
{
	gfp_t gfp = s->geo.order ? __GFP_COMP : 0;

	if (s->flags & SLAB_CACHE_DMA)
		gfp |= __GFP_DMA;
	if (s->flags & SLAB_CACHE_DMA32)
		gfp |= __GFP_DMA32;
	if (s->flags & SLAB_RECLAIM_ACCOUNT)
		gfp |= __GFP_RECLAIMABLE;
	return gfp;
}

/* The order in which objects of new slabs are given, so that nobody guesses neighbours. */
static int random_seq_create(struct machine *m, struct kmem_cache *s)
{
	u32 nr = s->geo.objects;

	if (!m->slab->options.freelist_random || nr < 2)
		return 0;
	s->random_seq = arena_alloc(&m->arena, nr * sizeof(u16));
	if (!s->random_seq)
		return -ENOBUFS;
	for (u32 i = 0; i < nr; i++)
		s->random_seq[i] = i;
	for (u32 i = nr - 1; i; i--) {
		u32 other = rng_below(&m->slab->rng, i + 1);
		u16 object = s->random_seq[i];

		s->random_seq[i] = s->random_seq[other];
		s->random_seq[other] = object;
	}
	return 0;
}

/* A cache that nothing refers to yet; NULL: host memory. */
static struct kmem_cache *slab_cache_new(struct machine *m, const struct kmem_cache_request *req,
				  const struct slab_geometry *geo, u32 flags)
{
	struct kmem_cache *s = arena_alloc(&m->arena, sizeof(*s));

	if (!s)
		return NULL;
	s->flags = flags;
	s->geo = *geo;
	s->size_inverse = ((1ULL << 32) + geo->size - 1) / geo->size;
	s->page_gfp = slab_page_gfp(s);
	s->useroffset = req->useroffset;
	s->usersize = req->usersize;
	s->sheaf_capacity = req->sheaf_capacity;
	s->refcount = 1;
	s->boot = !m->booted;
	s->name = arena_strdup(&m->arena, req->name);
	s->cpu = arena_alloc(&m->arena, m->nr_cpus * sizeof(*s->cpu));
	s->node = arena_alloc(&m->arena, m->nr_nodes * sizeof(*s->node));
	if (!s->name || !s->cpu || !s->node) {
		slab_cache_free(m, s);
		return NULL;
	}
	for (unsigned int cpu = 0; cpu < m->nr_cpus; cpu++)
		s->cpu[cpu].free = SLAB_NIL;
	for (unsigned int node = 0; node < m->nr_nodes; node++)
		s->node[node].present = m->nodes[node] && m->nodes[node]->has_memory;
	if (slab_sheaves_init(m, s) || random_seq_create(m, s)) {
		slab_cache_free(m, s);
		return NULL;
	}
	slab_set_partial_limits(s);
	set_sysfs_name(m, s);
	return s;
}

void slab_cache_free(struct machine *m, struct kmem_cache *s)
{
	struct arena *arena = &m->arena;

	slab_spare_free(m, s);
	slab_sheaves_free(m, s);
	arena_free(arena, s->random_seq, s->random_seq ? s->geo.objects * sizeof(u16) : 0);
	for (u32 i = 0; i + 1 < s->refcount; i++)
		arena_strfree(arena, s->aliases[i]);
	arena_free(arena, s->aliases, s->room_aliases * sizeof(*s->aliases));
	arena_free(arena, s->slots, s->room_slots * sizeof(*s->slots));
	arena_free(arena, s->node, m->nr_nodes * sizeof(*s->node));
	arena_free(arena, s->cpu, m->nr_cpus * sizeof(*s->cpu));
	arena_strfree(arena, s->name);
	arena_free(arena, s, sizeof(*s));
}

/* Room in the list for one more. */
static int slab_cache_list_reserve(struct machine *m)
{
	struct slab_state *state = m->slab;
	struct kmem_cache **caches = arena_grow(&m->arena, state->caches, &state->room_caches,
						state->nr_caches + 1, 256, sizeof(*caches));

	if (!caches)
		return -ENOBUFS;
	state->caches = caches;
	return 0;
}

static void slab_cache_list_add(struct machine *m, struct kmem_cache *s)
{
	m->slab->most_slab_bytes = MAX(m->slab->most_slab_bytes, slab_host_bytes(s));
	s->id = m->slab->next_cache_id++;
	m->slab->caches[m->slab->nr_caches++] = s;
}

static void slab_cache_list_del(struct machine *m, const struct kmem_cache *s)
{
	struct slab_state *state = m->slab;
	unsigned int i = 0;

	while (state->caches[i] != s)
		i++;
	state->nr_caches--;
	memmove(&state->caches[i], &state->caches[i + 1],
		(state->nr_caches - i) * sizeof(*state->caches));
}

static void slab_cache_free_self(struct machine *m, struct kmem_cache *s)
{
	for (unsigned int node = 0; node < m->nr_nodes; node++) {
		if (s->node[node].addr)
			kmem_cache_free(m, m->slab->kmem_cache_node, s->node[node].addr);
		s->node[node].addr = 0;
	}
	if (s->addr)
		kmem_cache_free(m, m->slab->kmem_cache, s->addr);
	s->addr = 0;
}

int slab_cache_alloc_self(struct machine *m, struct kmem_cache *s)
{
	struct slab_object object;
	int err;

	err = kmem_cache_alloc(m, m->slab->kmem_cache, GFP_KERNEL, NUMA_NO_NODE, &object);
	if (err)
		return err;
	s->addr = object.addr;
	for (unsigned int node = 0; node < m->nr_nodes; node++) {
		if (!s->node[node].present)
			continue;
		err = kmem_cache_alloc(m, m->slab->kmem_cache_node, GFP_KERNEL, node,
				       &object);
		if (err) {
			slab_cache_free_self(m, s);
			return err;
		}
		s->node[node].addr = object.addr;
	}
	return 0;
}

int slab_node_online(struct machine *m, unsigned int node)
{
	for (unsigned int i = 0; i < m->slab->nr_caches; i++) {
		struct kmem_cache *s = m->slab->caches[i];
		struct slab_object object;
		int err;

		if (s->node[node].present)
			continue;
		err = kmem_cache_alloc(m, m->slab->kmem_cache_node, GFP_KERNEL, NUMA_NO_NODE,
				       &object);
		if (err)
			return err;
		s->node[node].addr = object.addr;
		s->node[node].present = true;
	}
	return 0;
}

void slab_shrink_all(struct machine *m)
{
	for (unsigned int i = 0; i < m->slab->nr_caches; i++)
		kmem_cache_shrink(m, m->slab->caches[i]);
}

static int add_alias(struct machine *m, struct kmem_cache *s,
		     const struct kmem_cache_request *req)
{
	u32 nr = s->refcount - 1;
	char *name = arena_strdup(&m->arena, req->name);
	char **aliases;

	if (!name)
		return -ENOBUFS;
	aliases = arena_grow(&m->arena, s->aliases, &s->room_aliases, nr + 1, 4, sizeof(*aliases));
	if (!aliases) {
		arena_strfree(&m->arena, name);
		return -ENOBUFS;
	}
	s->aliases = aliases;
	s->aliases[nr] = name;
	s->refcount++;
	/* The shared objects must be cleared and copied in full. */
	s->geo.object_size = MAX(s->geo.object_size, req->size);
	s->geo.inuse = MAX(s->geo.inuse, ALIGN_UP(req->size, m->arch->bits / 8U));
	return 0;
}

/* Host memory for every slab that the cache's own objects may need. */
static int reserve_self(struct machine *m)
{
	int err;

	if (!m->slab->kmem_cache_node)
		return 0;	/* the first two */
	err = slab_reserve(m, m->slab->kmem_cache);
	return err ? err : slab_reserve(m, m->slab->kmem_cache_node);
}

static int create_cache(struct machine *m, const struct kmem_cache_request *req, u32 flags,
			struct kmem_cache **cache)
{
	struct slab_geometry geo;
	struct kmem_cache *s;
	int err;

	err = slab_calculate_sizes(m, req->size, req->align, &flags, &geo);
	if (!err)
		err = slab_cache_list_reserve(m);
	if (!err)
		err = reserve_self(m);
	if (err)
		return err;
	s = slab_cache_new(m, req, &geo, flags);
	if (!s)
		return -ENOBUFS;
	if (m->slab->kmem_cache_node)
		err = slab_cache_alloc_self(m, s);
	if (err) {
		slab_cache_free(m, s);
		return err;
	}
	slab_cache_list_add(m, s);
	*cache = s;
	return 0;
}

int kmem_cache_create(struct machine *m, const struct kmem_cache_request *req,
		      struct kmem_cache **cache)
{
	struct kmem_cache_request r = *req;
	u32 flags = req->flags | slab_debug_flags(&m->slab->options, req->name);
	struct kmem_cache *s;
	int err;

	if (!*req->name || !req->size || req->size > KMALLOC_MAX_SIZE ||
	    (req->align && !is_power_of_2(req->align)) || req->align > KMALLOC_MAX_SIZE)
		return -EINVAL;
	if (kmem_cache_find(m, req->name))
		return -EEXIST;
	if (r.usersize > r.size || r.useroffset > r.size - r.usersize)
		r.usersize = r.useroffset = 0;
	s = find_mergeable(m, &r, flags);
	if (!s) {
		err = create_cache(m, &r, flags, cache);
		if (!err)
			machine_why_call(m, "kmem_cache_create %s, %u bytes: a cache of its "
					 "own: %s (find_mergeable)", r.name, r.size,
					 own_cache_reason(m, &r, flags));
		return err;
	}
	err = add_alias(m, s, &r);
	if (err)
		return err;
	machine_why_call(m, "kmem_cache_create %s, %u bytes: an alias of %s: its objects of %u "
			 "bytes hold them, aligned to %u, with the same kind of flags "
			 "(find_mergeable)",
			 r.name, r.size, s->name, s->geo.size, s->geo.align);
	*cache = s;
	return 0;
}

static bool cache_has_slabs(const struct machine *m, const struct kmem_cache *s)
{
	for (unsigned int node = 0; node < m->nr_nodes; node++)
		if (s->node[node].nr_slabs)
			return true;
	return false;
}

/* The kernel's words when somebody still holds objects: those of full slabs it cannot see. */
static void complain_of_objects(struct machine *m, struct kmem_cache *s)
{
	for (unsigned int node = 0; node < m->nr_nodes; node++)
		for (struct slab *slab = s->node[node].partial.first; slab; slab = slab->next)
			slab_list_objects(m, slab);
	warn_begin(m);
	printk(m, 4, "kmem_cache_destroy %s: Slab cache still has objects when called from "
	       "kmem_cache_destroy_name+0x0/0x0", s->name);
	warn_report(m, "mm/slab_common.c", "kmem_cache_destroy");
}

static int shutdown_cache(struct machine *m, struct kmem_cache *s)
{
	if (s->boot)
		return -EPERM;
	if (rel_cache_destroy_waits(m->release))
		(void)rcu_barrier(m);
	kmem_cache_shrink(m, s);
	if (cache_has_slabs(m, s)) {
		complain_of_objects(m, s);
		return -EBUSY;
	}
	if (s->flags & SLAB_TYPESAFE_BY_RCU)
		(void)rcu_barrier(m);	/* somebody else's work does it later */
	slab_cache_list_del(m, s);
	slab_cache_free_self(m, s);
	slab_cache_free(m, s);
	return 0;
}

/* Alias `i` goes, the cache stays. */
static void drop_alias(struct machine *m, struct kmem_cache *s, u32 i)
{
	arena_strfree(&m->arena, s->aliases[i]);
	s->refcount--;
	memmove(&s->aliases[i], &s->aliases[i + 1],
		(s->refcount - 1 - i) * sizeof(*s->aliases));
}

int kmem_cache_destroy(struct machine *m, struct kmem_cache *s)
{
	if (s->refcount == 1)
		return shutdown_cache(m, s);
	drop_alias(m, s, s->refcount - 2);
	return 0;
}

int kmem_cache_destroy_name(struct machine *m, const char *name)
{
	struct kmem_cache *s = kmem_cache_find(m, name);

	if (!s)
		return -ENOENT;
	for (u32 i = 0; i + 1 < s->refcount; i++) {
		if (strcmp(s->aliases[i], name))
			continue;
		drop_alias(m, s, i);
		return 0;
	}
	return kmem_cache_destroy(m, s);
}
