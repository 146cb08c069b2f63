/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What SLUB is made of; for the slab*.c files, kmalloc.c and objects.c alone.
 * Others use slab.h.
 *
 * A slab is on exactly one of: the CPU that allocates from it, a CPU's list of
 * partial slabs, its node's list of partial slabs, or (when full) nowhere.
 * A free object is on the slab's own list (slab->free) or, while a CPU
 * allocates from the slab, on that CPU's list (cpu->free). A slab that waits for a
 * grace period (SLAB_WAITS) is on none, and has no objects any more. As in the kernel,
 * `inuse` of a CPU's slab counts the objects of the CPU's list as used.
 */
#ifndef KMM_PHYS_SLAB_TYPES_H
#define KMM_PHYS_SLAB_TYPES_H

#include "sim/base/bug.h"
#include "sim/base/stack_depot.h"
#include "sim/phys/page_alloc.h"
#include "sim/phys/slab.h"

#define SLAB_NIL 0xffff		/* ends a list of object indexes */
#define SLAB_WILD 0xfffe	/* under it, a free pointer that leads nowhere */
#define SLAB_MAX_OBJS 32767	/* the kernel's MAX_OBJS_PER_PAGE */
#define KMALLOC_MAX_CACHE_SIZE 8192
#define KMALLOC_MAX_SIZE (PAGE_SIZE << MAX_PAGE_ORDER)
#define CACHE_LINE_BYTES 64

struct slab_sheaf;

enum slab_place { SLAB_ON_CPU, SLAB_ON_CPU_PARTIAL, SLAB_ON_NODE, SLAB_FULL, SLAB_WAITS };

struct slab {
	/* Identity: fixed while the slab lives. */
	struct kmem_cache *cache;
	u64 addr;		/* simulated address of its first byte */
	u32 id;			/* in slab_state->slabs; page->mapping of its pages */
	u32 pfn;
	u32 handle;		/* of its first object */
	u16 objects, node;
	u8 order;
	bool touched;		/* since the last check, by more than a fast path */
	/* State. */
	u8 place;		/* enum slab_place */
	u16 cpu;		/* on which CPU's list, when on one */
	u16 inuse;
	u16 free;		/* first free object, or SLAB_NIL */
	u16 nr_sheaf;		/* objects that lie in sheaves */
	u16 nr_memcg;		/* objects that are charged to a memory cgroup */
	struct slab *prev, *next;	/* of the list that it is on */
	/* Debugging. */
	u8 *bytes;		/* what lies in it; NULL: what must (slab_bytes.h) */
	bool poked;		/* somebody wrote where he may not: counts may be wrong */
	bool disabled;		/* it was found to be corrupt, and is used no more */
	/* Private: behind the struct, in the same block of host memory. */
	u64 *allocated;		/* a bit for each object */
	u64 *given;		/* of these, what a script holds: slab_give() */
	struct slab_track *tracks;	/* two for each object; NULL: not recorded */
	u32 *orig_size;		/* asked of kmalloc(); NULL: not recorded */
	u16 *next_free;
	u16 *memcg;		/* of each object: the group that it is charged to */
};

/* Who allocated an object, or freed it. */
enum track_item { TRACK_ALLOC, TRACK_FREE, NR_TRACKS };
struct slab_track {
	const char *site;	/* our function that called SLUB; NULL: nobody */
	u64 when;		/* in jiffies */
	u32 stack;		/* slab_state->stacks; 0: none */
	u32 pid;
	u16 cpu;
};

struct slab_list {
	struct slab *first, *last;
	u32 nr;
};

struct kmem_cache_cpu {
	struct slab *slab;	/* allocating from it, or NULL */
	u16 free;
	u16 checked;		/* `free` when it was last checked */
	struct slab_list partial;
	struct slab_sheaf *main, *rest;	/* slab_sheaf.h; the second, the spare, may be NULL */
	struct slab_sheaf *rcu_free;	/* it is filled with what will wait; NULL: none */
};

/* Sheaves that CPUs of a node exchange. */
struct slab_barn {
	struct slab_sheaf *full, *empty;
	u32 nr_full;
};

struct kmem_cache_node {
	bool present;		/* the node has memory */
	struct slab_list partial;
	u64 nr_slabs, total_objects;
	struct slab_barn barn;
	u64 addr;		/* of its own object, in kmem_cache_node */
};

/* The sizes that calculate_sizes() works out. */
struct slab_geometry {
	u32 object_size;	/* as asked for */
	u32 inuse;		/* of the object's own bytes */
	u32 size;		/* from one object to the next */
	u32 align;
	u32 red_left_pad;	/* before the object's own bytes */
	u32 offset;		/* of the free pointer in the object */
	u8 order, min_order;
	u16 objects;		/* in a slab of `order` */
};

struct kmem_cache {
	/* Identity. */
	char *name;
	u32 id;			/* in slab_state->caches */
	u32 flags;		/* SLAB_* */
	struct slab_geometry geo;
	u64 size_inverse;	/* for the division by size */
	gfp_t page_gfp;		/* added to every allocation of pages */
	u64 min_partial, most_min_partial;	/* the second: the highest it ever was */
	u32 cpu_partial, cpu_partial_slabs;
	u32 defrag_ratio;	/* per cent of searches that look at other nodes' slabs */
	u32 useroffset, usersize, sheaf_capacity;
	u32 refcount;		/* users: itself and its aliases */
	char **aliases;		/* [refcount - 1] */
	u32 room_aliases;
	bool boot;		/* made by the boot: not the user's to destroy */
	bool touched;		/* one of its slabs was, came or went */
	bool frees_by_rcu;	/* some objects are freed after a grace period */
	char sysfs_name[32];
	u64 addr;		/* of its own object, in kmem_cache */
	/* State. */
	struct kmem_cache_cpu *cpu;	/* [nr_cpus] */
	struct kmem_cache_node *node;	/* [nr_nodes] */
	struct slab **slots;	/* slabs by handle / objects; NULL: free */
	u32 nr_nameless;	/* objects of the boot that nothing remembers */
	u32 nr_slots, room_slots, free_slot;	/* no slot below free_slot is free */
	struct slab *spare;	/* host memory for the next slabs: a list */
	u32 nr_spares;
	void *sheaves;		/* host memory of them all; NULL: it has none */
	struct slab_sheaf *unused;
	u32 nr_rcu_sheaves;	/* that are filled for a grace period, or wait for its end */
	u16 *random_seq;	/* the order of a new slab's free objects; NULL: ascending */
	bool far_slabs;		/* of the search for a slab that is going on */
};

#define KMALLOC_CLASSES 13	/* 96, 192, then 8 << i */
enum kmalloc_type { KMALLOC_NORMAL, KMALLOC_CGROUP, KMALLOC_RECLAIM, KMALLOC_DMA,
		    NR_KMALLOC_TYPES };

/* What the command line asks of SLUB. */
struct slab_options {
	bool nomerge;
	bool freelist_random;
	bool disable_higher_order_debug;
	u32 min_order, max_order, min_objects;
	u32 asked_max_order;	/* until 6.1 it may be said to be below min_order */
	u32 debug;		/* SLAB_* for every cache */
	const char *debug_lists;	/* "FZ,dentry;P,kmalloc-*" in the command line */
	const char *debug_lists_end;
	bool nokmem;		/* kmalloc-cg-* are the plain classes */
};

struct rcu_callback;

/* slab_rcu.c: what waits for a grace period. */
struct slab_rcu {
	struct rcu_callback *ring;	/* [room] */
	u32 first, nr, room;
	u32 nr_ready;		/* of these, what the grace period frees that is going on */
	u32 may_wait;		/* room has to be this or more */
	u64 begin_ns;		/* of that grace period */
	u32 event;		/* its timer; 0: there is none yet */
	bool running;		/* callbacks */
};

struct slab_state {
	struct slab_options options;
	struct kmem_cache **caches;	/* oldest first */
	unsigned int nr_caches, room_caches;
	u32 next_cache_id;
	struct slab **slabs;	/* by id; NULL: free */
	u32 nr_slabs, room_slabs;
	u32 free_id;		/* no id below it is free */
	struct kmem_cache *kmem_cache, *kmem_cache_node;
	struct kmem_cache *kmalloc[NR_KMALLOC_TYPES][KMALLOC_CLASSES];
	u64 *large_pages;	/* [nr_nodes]: pages of kmalloc() above the classes */
	struct slab_rcu rcu;
	struct stack_depot stacks;	/* of caches that store their users */
	size_t most_slab_bytes;	/* of the host, that a slab of any cache takes */
	u64 rng;		/* of the order of free objects */
	u64 nr_errors;		/* errors found and mended, as the kernel's own tests count */
};

/* page->mapping of the first page of a big kmalloc(). */
#define KMALLOC_LARGE_MAPPING 0xfffffffeU

/* slab_options.c; options->nomerge is what holds without a word about it. */
void slab_options_parse(struct slab_options *options, enum release release,
			const char *cmdline);
/* The debug flags that the command line asks for on a cache of this name. */
u32 slab_debug_flags(const struct slab_options *options, const char *name);

/* slab_geometry.c */
u32 slab_calculate_alignment(const struct machine *m, u32 flags, u32 align, u32 size);
/* 0 or -EINVAL. *flags: debugging that would cost an order is dropped if asked. */
int slab_calculate_sizes(const struct machine *m, u32 object_size, u32 align, u32 *flags,
			 struct slab_geometry *geo) __must_check;
void slab_set_partial_limits(struct kmem_cache *s);
void slab_set_cpu_partial(struct kmem_cache *s, u32 objects);
/* What an object has for the records of its users, and for the size asked for. */
u32 slab_track_bytes(const struct machine *m);
u32 slab_orig_size_bytes(const struct machine *m);

/* slab_cache.c */
/* Host memory of a cache without slabs. */
void slab_cache_free(struct machine *m, struct kmem_cache *s);
/* Objects of kmem_cache and kmem_cache_node that stand for this cache. */
int slab_cache_alloc_self(struct machine *m, struct kmem_cache *s) __must_check;

/* slab_caches.c */
/* Create the caches of the release and the objects that the boot leaves in use. */
int slab_create_boot_caches(struct machine *m) __must_check;
/* kmalloc.c */
/* Which class has this cache's name: fills slab_state->kmalloc. */
int kmalloc_init(struct machine *m) __must_check;

/* slab_page.c: whole slabs. */
/* Host memory for one more slab of this cache: after it, slab_new() needs none. */
int slab_reserve(struct machine *m, struct kmem_cache *s) __must_check;
/* Host memory that a slab of this cache takes. */
size_t slab_host_bytes(const struct kmem_cache *s);
/* The same for so many slabs. */
int slab_reserve_slabs(struct machine *m, struct kmem_cache *s, u32 nr) __must_check;
/* 0, -ENOMEM, -ENOBUFS. The slab is on no list; every object is on its list. */
int slab_new(struct machine *m, struct kmem_cache *s, gfp_t gfp, int node,
	     struct slab **slab) __must_check;
void slab_discard(struct machine *m, struct slab *slab);
void slab_spare_free(struct machine *m, struct kmem_cache *s);
/* The end of the machine: host memory alone. */
void slab_forget(struct machine *m, struct slab *slab);
void slab_list_add_head(struct slab_list *list, struct slab *slab);
void slab_list_add_tail(struct slab_list *list, struct slab *slab);
void slab_list_del(struct slab_list *list, struct slab *slab);
void slab_add_partial(struct slab *slab, bool tail);

/* slab.c: what kmem_cache_alloc() and kmalloc() do. */
struct slab_request;
int slab_alloc_node(struct machine *m, struct kmem_cache *s, gfp_t gfp, int node,
		    const struct slab_request *req, struct slab_object *object) __must_check;

/* slab_partial.c: movements between the lists. */
/* Take what CPUs hold back to the nodes' lists. */
void slab_flush_all(struct machine *m, struct kmem_cache *s);
void slab_deactivate(struct machine *m, struct kmem_cache *s, struct kmem_cache_cpu *c);
void slab_put_cpu_partial(struct machine *m, struct kmem_cache *s, struct slab *slab,
			  bool drain);
void slab_unfreeze_partials(struct machine *m, struct kmem_cache *s,
			    struct slab_list *list);

static inline struct slab_state *slab_state(const struct machine *m)
{
	return m->slab;
}

/* What the incremental check will look at. */
static inline void slab_touch(struct slab *slab)
{
	slab->touched = true;
	slab->cache->touched = true;
}

/* The sizes that kmalloc() was asked for are kept. */
static inline bool slab_keeps_orig_size(const struct kmem_cache *s)
{
	return (s->flags & SLAB_STORE_USER) && (s->flags & SLAB_KMALLOC);
}

static inline bool slab_is_debug(const struct kmem_cache *s)
{
	return s->flags & SLAB_DEBUG_FLAGS;
}

/* Words of the bitmap of allocated objects. */
static inline unsigned int slab_words(const struct slab *slab)
{
	return (slab->objects + 63U) / 64;
}

static inline bool slab_allocated(const struct slab *slab, unsigned int i)
{
	return slab->allocated[i / 64] >> (i % 64) & 1;
}

/* No object of it is in use; a count that may be wrong is not believed. */
static inline bool slab_is_empty(const struct slab *slab)
{
	for (unsigned int i = 0; slab->poked && i < slab_words(slab); i++)
		if (slab->allocated[i])
			return false;
	return !slab->inuse;
}

/* Where an object begins in its slab. */
static inline u32 slab_object_offset(const struct slab *slab, unsigned int i)
{
	const struct slab_geometry *geo = &slab->cache->geo;

	return i * geo->size + geo->red_left_pad;
}

static inline u64 slab_object_addr(const struct slab *slab, unsigned int i)
{
	return slab->addr + slab_object_offset(slab, i);
}

/* The slab that holds this address, or NULL. */
static inline struct slab *slab_of_addr(const struct machine *m, u64 addr)
{
	u64 pfn = (addr - m->arch->page_offset) >> PAGE_SHIFT;
	const struct page *page;

	if (addr < m->arch->page_offset || !page_present(m, pfn))
		return NULL;
	page = pfn_to_page(m, pfn);
	return page_type(page) == PGTY_slab ? m->slab->slabs[page->mapping] : NULL;
}

/* The object that begins at addr; SLAB_NIL if none does. */
static inline unsigned int slab_object_index(const struct slab *slab, u64 addr)
{
	const struct kmem_cache *s = slab->cache;
	u64 offset = addr - slab->addr - s->geo.red_left_pad;
	unsigned int i;

	if (addr < slab->addr + s->geo.red_left_pad)
		return SLAB_NIL;
	i = slab->order <= 4 ? offset * s->size_inverse >> 32 : offset / s->geo.size;
	if ((u64)i * s->geo.size != offset || i >= slab->objects)
		return SLAB_NIL;
	return i;
}

#endif
