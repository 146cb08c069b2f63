/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * SLUB: caches with the kernel's geometry, per-CPU slabs, per-node partial
 * lists, alias merging, kmalloc classes. Objects have a 32-bit handle and a
 * simulated address; host data of an object, where it has any, is the caller's
 * (indexed by the handle).
 */
#ifndef KMM_PHYS_SLAB_H
#define KMM_PHYS_SLAB_H

#include "sim/machine.h"

/* SLAB_* flags that change geometry, merging or accounting. */
enum {
	SLAB_HWCACHE_ALIGN = 1 << 0,
	SLAB_RECLAIM_ACCOUNT = 1 << 1,
	SLAB_PANIC = 1 << 2,
	SLAB_ACCOUNT = 1 << 3,
	SLAB_TYPESAFE_BY_RCU = 1 << 4,
	SLAB_CACHE_DMA = 1 << 5,
	SLAB_NO_MERGE = 1 << 6,
	SLAB_HAS_CTOR = 1 << 7,
	SLAB_POISON = 1 << 8,
	SLAB_RED_ZONE = 1 << 9,
	SLAB_STORE_USER = 1 << 10,
	SLAB_CONSISTENCY_CHECKS = 1 << 11,
	SLAB_HAS_USERCOPY = 1 << 12,
	SLAB_CACHE_DMA32 = 1 << 13,
	SLAB_TEMPORARY = SLAB_RECLAIM_ACCOUNT,
	SLAB_KMALLOC = 1 << 14,		/* a kmalloc() class */
	SLAB_BOOT_CACHE = 1 << 15,	/* kmem_cache, kmem_cache_node: never merged */
	SLAB_FREEPTR_INSIDE = 1 << 16,	/* typed by RCU, but the free pointer is a field */
	SLAB_TRACE = 1 << 17,
	SLAB_FAILSLAB = 1 << 18,
	SLAB_SKIP_KFENCE = 1 << 19,
};
#define SLAB_DEBUG_FLAGS (SLAB_RED_ZONE | SLAB_POISON | SLAB_STORE_USER | \
			  SLAB_CONSISTENCY_CHECKS | SLAB_TRACE)

struct kmem_cache;

struct kmem_cache_request {
	const char *name;
	u32 size, align;	/* bytes; align 0 = natural */
	u32 flags;		/* SLAB_* */
	u32 useroffset, usersize;
	u32 sheaf_capacity;	/* 6.18 */
};

/*
 * A handle is the object's place in its cache: dense, starting at 1, the same
 * for as long as the object is allocated. So host data of the objects of one
 * cache can be an array indexed by the handle.
 */
struct slab_object {
	u32 handle;		/* never 0 */
	u64 addr;		/* simulated virtual address */
};

/* What the command line said of slabs, as the boot's line says it. */
struct slab_boot_options {
	u32 min_order, max_order, min_objects;
};
void slab_boot_options(const struct machine *m, struct slab_boot_options *options);

int slab_init(struct machine *m) __must_check;	/* bootstrap + the release's caches */
void slab_free_state(struct machine *m);

/* The cache called so (its own or an alias's name), or NULL. */
struct kmem_cache *kmem_cache_find(const struct machine *m, const char *name);

/*
 * Create, or find one to merge with. -EEXIST: the name is taken. -EINVAL: bad
 * size or align. -ENOBUFS: host memory.
 */
int kmem_cache_create(struct machine *m, const struct kmem_cache_request *req,
		      struct kmem_cache **cache) __must_check;
/*
 * Drop one user of the cache: its newest alias, the cache itself when it has
 * none. -EBUSY while objects are allocated (and the kernel's complaint in dmesg);
 * -EPERM for a cache that the boot made.
 */
int kmem_cache_destroy(struct machine *m, struct kmem_cache *cache) __must_check;
/* The same by name, so that of several aliases this one goes. -ENOENT: no such. */
int kmem_cache_destroy_name(struct machine *m, const char *name) __must_check;
/*
 * A node is about to get its first memory: caches have slabs of it from now on. -ENOMEM,
 * -ENOBUFS: some may.
 */
int slab_node_online(struct machine *m, unsigned int node) __must_check;
/* Memory is about to leave: caches let go of what they do not need. */
void slab_shrink_all(struct machine *m);
/* 0; 1 if slabs remain. */
int kmem_cache_shrink(struct machine *m, struct kmem_cache *cache);

/*
 * The site of the following is the function that makes the call: who allocated an
 * object, and who freed it, in caches that store their users.
 */

/*
 * An object, from `node` if there is room (NUMA_NO_NODE: wherever it is cheapest).
 * -ENOMEM: no memory in the machine. -ENOBUFS: host memory, nothing changed.
 */
#define kmem_cache_alloc(m, cache, gfp, node, object) \
	kmem_cache_alloc_at(m, cache, gfp, node, object, __func__)
int kmem_cache_alloc_at(struct machine *m, struct kmem_cache *cache, gfp_t gfp, int node,
			struct slab_object *object, const char *site) __must_check;
/*
 * The object at addr goes back; it must be an allocated object of this cache, unless
 * that is under debugging: then it is the kernel that finds out, and reports.
 */
#define kmem_cache_free(m, cache, addr) kmem_cache_free_at(m, cache, addr, __func__)
void kmem_cache_free_at(struct machine *m, struct kmem_cache *cache, u64 addr,
			const char *site);

/*
 * The same after so many grace periods, or more: till then it is allocated, and nobody's.
 * The cache must have been told: kmem_cache_frees_by_rcu(), -ENOBUFS.
 */
int kmem_cache_frees_by_rcu(struct machine *m, struct kmem_cache *cache) __must_check;
#define kmem_cache_free_rcu(m, cache, addr, periods) \
	kmem_cache_free_rcu_at(m, cache, addr, periods, __func__)
void kmem_cache_free_rcu_at(struct machine *m, struct kmem_cache *cache, u64 addr,
			    unsigned int periods, const char *site);
/* kfree_rcu(): of a cache with sheaves, into one that waits when it is full. */
#define kmem_cache_kfree_rcu(m, cache, addr) kmem_cache_kfree_rcu_at(m, cache, addr, __func__)
void kmem_cache_kfree_rcu_at(struct machine *m, struct kmem_cache *cache, u64 addr,
			     const char *site);
/* Whatever waits is freed now. False: nothing did. */
bool rcu_barrier(struct machine *m);
/* From now on grace periods end by themselves. -ENOMEM. */
int rcu_timer_init(struct machine *m) __must_check;
struct object_census;
void rcu_claim_objects(const struct machine *m, struct object_census *census);

/* The address of an object by its handle; 0 if no slab has this place. */
u64 kmem_cache_object_addr(const struct kmem_cache *cache, u32 handle);
/* Handles of this cache are below this: the room that an array of them needs. */
u32 kmem_cache_handle_limit(const struct kmem_cache *cache);

/* Which cache, and is it an allocated object? NULL if addr is none. */
struct kmem_cache *kmem_cache_of(const struct machine *m, u64 addr, bool *allocated);

/*
 * kmalloc(): classes up to 8 KiB, whole pages above. 0 bytes give ZERO_SIZE_PTR.
 * -ENOMEM, -ENOBUFS.
 */
#define ZERO_SIZE_PTR 16
#define kmalloc(m, bytes, gfp, node, addr) kmalloc_at(m, bytes, gfp, node, addr, __func__)
int kmalloc_at(struct machine *m, u64 bytes, gfp_t gfp, int node, u64 *addr,
	       const char *site) __must_check;
/*
 * Host memory for one new slab of a cache, so that the next allocations from it
 * cannot fail for want of it (sections of descriptors aside: section.h).
 */
int kmem_cache_reserve(struct machine *m, struct kmem_cache *cache) __must_check;
int kmalloc_reserve(struct machine *m, u64 bytes) __must_check;
/* -EINVAL if addr is not what kmalloc() returned. */
#define kfree(m, addr) kfree_at(m, addr, __func__)
int kfree_at(struct machine *m, u64 addr, const char *site) __must_check;

/*
 * One sentence for sim/why on a call that has just been made, for who asked for it:
 * addr is the new object, or 0 when there was no memory for it.
 */
void kmem_cache_alloc_explain(struct machine *m, const struct kmem_cache *cache,
			      gfp_t gfp, u64 addr);
void kmalloc_explain(struct machine *m, u64 bytes, gfp_t gfp, u64 addr);
void kmem_cache_free_explain(struct machine *m, const struct kmem_cache *cache, u64 addr);

/*
 * What a script holds and may free, among all that the kernel allocates for itself:
 * mark an object or kmalloc()ed pages; is it marked? Freeing takes the mark off.
 */
void slab_give(struct machine *m, u64 addr);
bool slab_given(const struct machine *m, u64 addr);

/* An object of the boot that nothing will remember or free: the check counts it (A3). */
void slab_forget_object(struct machine *m, u64 addr);

/* Red zones, poison, records or checks: SLAB_DEBUG_FLAGS. */
bool kmem_cache_is_debug(const struct kmem_cache *cache);
/* The cache under debugging in a slab of which addr lies, or NULL. */
struct kmem_cache *kmem_cache_checking(const struct machine *m, u64 addr);

/* What files of sys/kernel/slab/CACHE set. */
void kmem_cache_set_min_partial(struct kmem_cache *cache, u64 slabs);
/* CPUs give their slabs back. -EINVAL: under debugging they keep none. */
int kmem_cache_set_cpu_partial(struct machine *m, struct kmem_cache *cache,
			       u32 objects) __must_check;
/* At most 100. */
void kmem_cache_set_defrag_ratio(struct kmem_cache *cache, u32 percent);
void kmem_cache_set_skip_kfence(struct kmem_cache *cache, bool skip);
/*
 * Check all objects of a cache under debugging, report and mend what is wrong. Returns
 * how many errors were found or mended; -EINVAL: it is not under debugging; -ENOBUFS.
 */
long kmem_cache_validate(struct machine *m, struct kmem_cache *cache) __must_check;

/*
 * Corruption by hand: bytes of a slab of a cache under debugging. The offset counts from
 * the object at addr, and may lead out of it. -EINVAL: no object begins there, nothing
 * is checked in this cache, or the place is out of the slab. -ENOBUFS.
 */
int kmem_cache_poke(struct machine *m, struct kmem_cache *cache, u64 addr, s64 offset,
		    const u8 *bytes, u32 nr) __must_check;
int kmem_cache_peek(struct machine *m, struct kmem_cache *cache, u64 addr, s64 offset,
		    u8 *byte) __must_check;

/* Who allocated an object, or, where it is said so, freed the one before it. */
struct slab_trace {
	const char *site;	/* the function of ours that did; NULL: not known */
	u32 stack;		/* kmem_cache_trace_stack(); 0: none */
	u64 age;		/* in jiffies */
	u32 pid, cpu, node;
	u32 waste;		/* bytes that kmalloc() was not asked for */
};
/*
 * The allocated object of the lowest handle >= *handle, in a cache that stores its users;
 * *handle moves behind it. False: there is none.
 */
bool kmem_cache_trace_next(const struct machine *m, const struct kmem_cache *cache, bool freed,
			   u32 *handle, struct slab_trace *trace);
unsigned int kmem_cache_trace_stack(const struct machine *m, u32 stack, const u64 **ips);

/* Reading: for slabinfo, sys/kernel/slab, check. */
struct slab_info {
	const char *name;	/* as slabinfo prints it */
	u64 active_objs, num_objs, active_slabs, num_slabs;
	u32 object_size, size, align, objs_per_slab, order;
	u32 cpu_partial, cpu_partial_slabs, flags, aliases, usersize, sheaf_capacity;
	u32 defrag_ratio;
	u64 min_partial;
	u64 partial_slabs, cpu_slabs;
};
unsigned int nr_kmem_caches(const struct machine *m);
/* In the order of /proc/slabinfo (newest first). */
struct kmem_cache *kmem_cache_at(const struct machine *m, unsigned int i);
void kmem_cache_info(const struct machine *m, const struct kmem_cache *cache,
		     struct slab_info *info);
/*
 * What the files of sys/kernel/slab/CACHE count, by node; `what` is the file's name:
 * "slabs", "objects", "total_objects", "partial", "objects_partial", "cpu_slabs".
 */
u64 kmem_cache_node_count(const struct machine *m, const struct kmem_cache *cache,
			  unsigned int node, const char *what);
/* Slabs on the partial list of one CPU. */
u64 kmem_cache_cpu_partial(const struct kmem_cache *cache, unsigned int cpu);
/* Alias names, for the links in sys/kernel/slab: i-th alias or NULL. */
const char *kmem_cache_alias(const struct kmem_cache *cache, unsigned int i);
/* The unique id (":A-0000192") that sysfs uses for a mergeable cache; else its name. */
const char *kmem_cache_sysfs_name(const struct kmem_cache *cache);


/* Of the node that the slab of this object lies on; -1: it is none. */
int slab_node_of(const struct machine *m, u64 addr);
/* The most host memory that a new slab takes, of any cache. */
size_t slab_most_host_bytes(const struct machine *m);

/*
 * A3: who has each object. Every module that keeps addresses of objects claims them
 * all, by a function that stands in object_owners[] of check.c; what nobody claims
 * is a script's (slab_give()) or the boot's, or it leaked.
 */
#define OBJECT_CACHES 1024	/* modules have objects of the boot's caches alone */
struct object_census {
	const struct machine *m;
	struct check *check;
	u32 claimed[OBJECT_CACHES];	/* by the cache's id */
};
/* An object that must be allocated; `what` it is for, in case it is not. */
void object_claim(struct object_census *census, u64 addr, const char *what);
/* num_objs, active_objs, num_slabs, partial_slabs, cpu_slabs: counted slab by slab. */
void kmem_cache_recount(const struct kmem_cache *cache, unsigned int node,
			struct slab_info *info);
void slab_objects_validate(const struct object_census *census);

struct digest;
void slab_digest(const struct machine *m, struct digest *digest);

/* Pages of all slabs. */
u64 slab_nr_pages(const struct machine *m);
void slab_validate(const struct machine *m, struct check *check);
/* The same for what was touched since the last call of slab_checked(). */
void slab_validate_touched(const struct machine *m, struct check *check);
void slab_checked(struct machine *m);

#endif
