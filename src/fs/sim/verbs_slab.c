// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The slab allocator's calls. Addresses are checked before anything is freed: a
 * wild one is EINVAL and a sentence, never a corrupted list.
 */
#include "fs/core/verb.h"
#include "sim/phys/slab.h"
#include "sim/virt/dcache.h"

enum { CREATE_NAME, CREATE_SIZE, CREATE_ALIGN, CREATE_FLAGS, CREATE_CTOR };
enum { CACHE_NAME, CACHE_ARG, CACHE_NODE };
enum { POKE_CACHE, POKE_OBJECT, POKE_OFFSET, POKE_BYTE, POKE_COUNT };
enum { KMALLOC_SIZE, KMALLOC_GFP, KMALLOC_NODE };

/* The cache that the first argument names, or NULL: refused with *err. */
static struct kmem_cache *find_cache(struct call *call, int *err)
{
	const struct arg *name = &call->args[CACHE_NAME];
	struct kmem_cache *cache = kmem_cache_find(call->m, name->text);

	if (!cache)
		*err = call_refuse(call, -ENOENT, "there is no cache '%.80s': see proc/slabinfo",
				   name->text);
	return cache;
}

#define CACHE_NAME_CHARS 63

/* slabinfo separates by blanks, and sys/kernel/slab has a directory of that name. */
static bool names_a_directory(const char *name)
{
	if (strlen(name) > CACHE_NAME_CHARS || !strcmp(name, ".") || !strcmp(name, ".."))
		return false;
	for (const char *p = name; *p; p++)
		if ((unsigned char)*p <= ' ' || *p == '/' || *p == 0x7f)
			return false;
	return true;
}

static int run_create(struct call *call)
{
	const struct arg *args = call->args;
	struct kmem_cache_request req = {
		.name = args[CREATE_NAME].text,
		.size = args[CREATE_SIZE].value,
		.align = args[CREATE_ALIGN].given ? args[CREATE_ALIGN].value : 0,
		.flags = args[CREATE_FLAGS].given ? args[CREATE_FLAGS].value : 0,
	};
	struct kmem_cache *cache;
	int err;

	if (args[CREATE_SIZE].value > INT32_MAX || args[CREATE_ALIGN].value > INT32_MAX)
		return call_refuse(call, -EINVAL, "no slab holds an object so large: a cache's "
				   "objects and alignment are below 2 GiB");
	if (!names_a_directory(req.name))
		return call_refuse(call, -EINVAL, "'%.80s' is no name for a cache: it becomes a "
				   "name in sys/kernel/slab", req.name);
	if (args[CREATE_CTOR].given && args[CREATE_CTOR].value)
		req.flags |= SLAB_HAS_CTOR;
	err = kmem_cache_create(call->m, &req, &cache);
	if (err == -ENOBUFS)
		return call_no_host_memory(call);
	if (err == -EEXIST)
		return call_refuse(call, err, "a cache '%.80s' is there already", req.name);
	if (err == -EINVAL)
		return call_refuse(call, err, "a cache of %u bytes aligned to %u cannot be made",
				   req.size, req.align);
	return err;
}

static int run_cache_alloc(struct call *call)
{
	struct slab_object object;
	struct placement at;
	struct kmem_cache *cache;
	int err;

	cache = find_cache(call, &err);
	if (!cache)
		return err;
	err = call_placement(call, &call->args[CACHE_ARG], &call->args[CACHE_NODE], &at);
	if (err)
		return err;
	err = kmem_cache_alloc(call->m, cache, at.gfp, at.node, &object);
	if (err == -ENOBUFS)
		return call_no_host_memory(call);
	kmem_cache_alloc_explain(call->m, cache, at.gfp, err ? 0 : object.addr);
	if (err) {
		out_puts(call->sentence, "no memory for a new slab: see sim/why");
		return err;
	}
	slab_give(call->m, object.addr);
	call->value = object.addr;
	return 0;
}

static int run_cache_free(struct call *call)
{
	u64 addr = call->args[CACHE_ARG].value;
	struct kmem_cache *cache, *owner;
	bool allocated = false;
	int err;

	cache = find_cache(call, &err);
	if (!cache)
		return err;
	owner = kmem_cache_of(call->m, addr, &allocated);
	if (!owner)
		owner = kmem_cache_checking(call->m, addr);
	if (!owner)
		return call_refuse(call, -EINVAL, "no object of a cache begins at %#llx",
				   (unsigned long long)addr);
	if (owner != cache && !kmem_cache_is_debug(owner))
		return call_refuse(call, -EINVAL, "the object at %#llx is of another cache than "
				   "'%.80s'", (unsigned long long)addr,
				   call->args[CACHE_NAME].text);
	if (!allocated && !kmem_cache_is_debug(owner))
		return call_refuse(call, -EINVAL, "the object at %#llx is free already",
				   (unsigned long long)addr);
	if (allocated && !slab_given(call->m, addr))
		return call_refuse(call, -EINVAL, "the object at %#llx is the kernel's own",
				   (unsigned long long)addr);
	kmem_cache_free(call->m, cache, addr);
	kmem_cache_free_explain(call->m, cache, addr);
	return 0;
}

static int run_validate(struct call *call)
{
	struct kmem_cache *cache;
	long nr;
	int err;

	cache = find_cache(call, &err);
	if (!cache)
		return err;
	nr = kmem_cache_validate(call->m, cache);
	if (nr == -ENOBUFS)
		return call_no_host_memory(call);
	if (nr < 0)
		return call_refuse(call, (int)nr, "nothing is checked in '%.80s': it is not under "
				   "debugging", call->args[CACHE_NAME].text);
	call->value = (u64)nr;
	return 0;
}

#define MAX_POKE 4096U	/* bytes at a time */

/* Why a place cannot be written or read. */
static int refuse_place(struct call *call, int err)
{
	const struct arg *args = call->args;

	if (err == -ENOBUFS)
		return call_no_host_memory(call);
	return call_refuse(call, err, "%#llx%+lld is not within a slab of '%.80s', no object begins "
			   "at the address, or the cache is not under debugging: then nobody "
			   "looks at bytes", (unsigned long long)args[POKE_OBJECT].value,
			   (long long)args[POKE_OFFSET].value, args[CACHE_NAME].text);
}

static int run_poke(struct call *call)
{
	const struct arg *args = call->args;
	u64 nr = args[POKE_COUNT].given ? args[POKE_COUNT].value : 1;
	u8 bytes[MAX_POKE];
	struct kmem_cache *cache;
	int err;

	cache = find_cache(call, &err);
	if (!cache)
		return err;
	if (args[POKE_BYTE].value > UINT8_MAX)
		return call_refuse(call, -EINVAL, "%llu is no byte",
				   (unsigned long long)args[POKE_BYTE].value);
	if (!nr || nr > MAX_POKE)
		return call_refuse(call, -EINVAL, "%llu bytes: from 1 to %u at a time",
				   (unsigned long long)nr, MAX_POKE);
	memset(bytes, (int)args[POKE_BYTE].value, nr);
	err = kmem_cache_poke(call->m, cache, args[POKE_OBJECT].value,
			      (s64)args[POKE_OFFSET].value, bytes, (u32)nr);
	return err ? refuse_place(call, err) : 0;
}

static int run_peek(struct call *call)
{
	const struct arg *args = call->args;
	struct kmem_cache *cache;
	u8 byte = 0;
	int err;

	cache = find_cache(call, &err);
	if (!cache)
		return err;
	err = kmem_cache_peek(call->m, cache, args[POKE_OBJECT].value,
			      (s64)args[POKE_OFFSET].value, &byte);
	if (err)
		return refuse_place(call, err);
	call->value = byte;
	return 0;
}

static int run_shrink(struct call *call)
{
	struct kmem_cache *cache;
	int err;

	cache = find_cache(call, &err);
	if (cache)
		call->value = kmem_cache_shrink(call->m, cache);
	return cache ? 0 : err;
}

static int run_destroy(struct call *call)
{
	const char *name = call->args[CACHE_NAME].text;
	int err;

	if (!find_cache(call, &err))
		return err;
	err = kmem_cache_destroy_name(call->m, name);
	if (err == -EPERM)
		return call_refuse(call, err, "'%.80s' belongs to the kernel itself: only what "
				   "kmem_cache_create made can go", name);
	if (err == -EBUSY)
		out_printf(call->sentence, "'%.80s' still has objects: free them first", name);
	return err;
}

static int run_kmalloc(struct call *call)
{
	u64 bytes = call->args[KMALLOC_SIZE].value;
	struct placement at;
	int err = call_placement(call, &call->args[KMALLOC_GFP], &call->args[KMALLOC_NODE], &at);

	if (err)
		return err;
	err = kmalloc(call->m, bytes, at.gfp, at.node, &call->value);
	if (err == -ENOBUFS)
		return call_no_host_memory(call);
	kmalloc_explain(call->m, bytes, at.gfp, err ? 0 : call->value);
	if (!err)
		slab_give(call->m, call->value);
	else
		out_printf(call->sentence, "kmalloc cannot give %llu bytes: see sim/why",
			   (unsigned long long)bytes);
	return err;
}

static int run_kfree(struct call *call)
{
	u64 addr = call->args[0].value;
	struct kmem_cache *cache;
	bool allocated;
	int err;

	if (!addr || addr == ZERO_SIZE_PTR || slab_given(call->m, addr)) {
		err = kfree(call->m, addr);
		return !err ? 0 : call_refuse(call, err, "%#llx is an object of a cache: use "
					      "kmem_cache_free", (unsigned long long)addr);
	}
	cache = kmem_cache_of(call->m, addr, &allocated);
	if (cache && !allocated && kmem_cache_is_debug(cache)) {
		err = kfree(call->m, addr);
		return !err ? 0 : call_refuse(call, err, "%#llx is an object of a cache: use "
					      "kmem_cache_free", (unsigned long long)addr);
	}
	if (cache && !allocated)
		return call_refuse(call, -EINVAL, "the object at %#llx is free already",
				   (unsigned long long)addr);
	return call_refuse(call, -EINVAL, "%#llx is %s", (unsigned long long)addr,
			   cache ? "the kernel's own object" : "nothing that kmalloc returned");
}

static int run_kfree_rcu(struct call *call)
{
	u64 addr = call->args[0].value;
	struct kmem_cache *cache;
	bool allocated;

	if (!addr)
		return 0;
	cache = kmem_cache_of(call->m, addr, &allocated);
	if (!cache || !allocated || !slab_given(call->m, addr))
		return call_refuse(call, -EINVAL, "%#llx is no object of a cache that a script "
				   "allocated", (unsigned long long)addr);
	if (kmem_cache_frees_by_rcu(call->m, cache))
		return call_no_host_memory(call);
	kmem_cache_kfree_rcu(call->m, cache, addr);
	return 0;
}

static int run_rcu_barrier(struct call *call)
{
	call->value = rcu_barrier(call->m);
	return 0;
}

#define MAX_DENTRIES (1U << 20)	/* at a time */

static int run_fill_dentries(struct call *call)
{
	const struct arg *args = call->args;
	struct placement at;
	u32 made = 0;
	int err = call_placement(call, &(struct arg){ 0 }, &args[1], &at);

	if (err)
		return err;
	if (args[0].value > MAX_DENTRIES)
		return call_refuse(call, -EINVAL, "%llu: at most %u at a time",
				   (unsigned long long)args[0].value, MAX_DENTRIES);
	err = dcache_fill(call->m, (u32)args[0].value, at.node, &made);
	if (err == -ENOBUFS)
		return call_no_host_memory(call);
	if (err)
		out_printf(call->sentence, "memory ran out behind %u of them", made);
	call->value = made;
	return err;
}

static const struct verb_form create_forms[] = {
	{ { A_WORD, A_SIZE, A_SLAB }, { CREATE_NAME, CREATE_SIZE, CREATE_FLAGS } },
};

static const struct verb_form kmalloc_forms[] = {
	{ { A_SIZE, A_NODE }, { KMALLOC_SIZE, KMALLOC_NODE } },
};

static const struct verb verbs[] = {
	{ "kmem_cache_create", { A_WORD, A_SIZE, A_SIZE | A_OPTIONAL, A_SLAB, A_NUMBER },
	  run_create, RESULT_NONE, 0, SCOPE_KERNEL, "NAME SIZE [ALIGN] [FLAGS]",
	  "Make a cache of objects of SIZE bytes, aligned to ALIGN. FLAGS are SLAB_* names: "
	  "hwcache_align, reclaim_account, no_merge, ... Without no_merge it becomes an alias "
	  "of a cache that fits. A fifth argument that is not NULL stands for a constructor.",
	  create_forms, ARRAY_SIZE(create_forms) },
	{ "kmem_cache_alloc", { A_WORD, A_GFP | A_OPTIONAL, A_NODE }, run_cache_alloc,
	  RESULT_POINTER, 0, SCOPE_KERNEL, "CACHE [GFP] [NODE]",
	  "Allocate an object of the cache. The result is its address.",
	  .cost = COST_CACHE_ALLOC },
	{ "kmem_cache_free", { A_WORD, A_ADDR }, run_cache_free,
	  RESULT_NONE, 0, SCOPE_KERNEL, "CACHE ADDRESS",
	  "Free an object of the cache. EINVAL when no object of this cache is allocated "
	  "there; nothing changes then. Of a cache under debugging it is the kernel that "
	  "finds out, and reports in sim/dmesg.",
	  .cost = COST_CACHE_FREE },
	{ "kmem_cache_shrink", { A_WORD }, run_shrink, RESULT_NUMBER, 0, SCOPE_KERNEL, "CACHE",
	  "Give empty slabs of the cache back. The result is 1 when slabs remain, else 0." },
	{ "kmem_cache_validate", { A_WORD }, run_validate, RESULT_NUMBER, 0, SCOPE_KERNEL, "CACHE",
	  "Check the red zones, the poison, the padding and the free list of all objects of a "
	  "cache that is under debugging, report in sim/dmesg and mend what is wrong: what "
	  "sys/kernel/slab/CACHE/validate does. The result counts the errors and what was "
	  "mended, as the kernel's own tests of SLUB do. EINVAL without debugging." },
	{ "kmem_cache_poke", { A_WORD, A_ADDR, A_NUMBER, A_NUMBER, A_SIZE | A_OPTIONAL }, run_poke,
	  RESULT_NONE, 0, SCOPE_KERNEL, "CACHE OBJECT OFFSET BYTE [COUNT]",
	  "Corrupt a slab: write BYTE, COUNT times, at OFFSET from where the object begins, "
	  "allocated or free. The offset may be negative or lead behind the object: into "
	  "red zones, the free pointer, padding. Only caches under debugging have bytes that "
	  "somebody looks at; EINVAL for others." },
	{ "kmem_cache_peek", { A_WORD, A_ADDR, A_NUMBER }, run_peek, RESULT_NUMBER, 0, SCOPE_KERNEL,
	  "CACHE OBJECT OFFSET",
	  "The byte at OFFSET from where the object begins: 0x6b and 0xa5 are poison, 0xbb and "
	  "0xcc red zones of free and used objects, 0x5a was never written." },
	{ "kmem_cache_destroy", { A_WORD }, run_destroy, RESULT_NONE, 0, SCOPE_KERNEL, "CACHE",
	  "Remove a cache that kmem_cache_create made, or an alias. EBUSY while it has "
	  "objects; EPERM for the kernel's own caches." },
	{ "fill_dentries", { A_SIZE, A_NODE | A_OPTIONAL }, run_fill_dentries, RESULT_NUMBER, 0,
	  SCOPE_KERNEL, "COUNT [NODE]",
	  "Names and inodes of COUNT files that were looked at and that nobody uses: reclaimable "
	  "objects of the caches dentry and inode_cache, for drop_caches and "
	  "sys/kernel/debug/shrinker to give back. The result is how many were made." },
	{ "kmalloc", { A_SIZE, A_GFP | A_OPTIONAL, A_NODE }, run_kmalloc,
	  RESULT_POINTER, 0, SCOPE_KERNEL, "SIZE [GFP] [NODE]",
	  "Allocate SIZE bytes: an object of a kmalloc cache up to 8 KiB, whole pages above.",
	  kmalloc_forms, ARRAY_SIZE(kmalloc_forms),
	  .cost = COST_KMALLOC },
	{ "kfree", { A_ADDR }, run_kfree, RESULT_NONE, 0, SCOPE_KERNEL, "ADDRESS",
	  "Free what kmalloc returned; NULL is no error. EINVAL for any other address; "
	  "nothing changes then.",
	  .cost = COST_KFREE },
	{ "kfree_rcu", { A_ADDR }, run_kfree_rcu, RESULT_NONE, 0, SCOPE_KERNEL, "ADDRESS",
	  "Free an object of kmalloc or of a cache once nobody can look at it any more: after a "
	  "grace period of RCU, some ticks of virtual time. Of a cache with sheaves it goes into "
	  "one that waits when it is full. NULL is no error; EINVAL for what no script allocated.",
	  .cost = COST_KFREE },
	{ "rcu_barrier", { A_END }, run_rcu_barrier, RESULT_NUMBER, 0, SCOPE_KERNEL, "",
	  "Wait until all that RCU keeps is free, without time passing: the slabs of caches that "
	  "are typesafe by RCU, and what tasks, files, names and scripts (kfree_rcu) gave up. "
	  "The result is 1 if there was anything, else 0." },
};

const struct verb_table slab_verbs = { verbs, ARRAY_SIZE(verbs) };
