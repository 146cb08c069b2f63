// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What SLUB looks like when init starts: the caches of the release, in the order
 * in which its boot creates them (rows in slab_caches_*.def), and for each as many
 * objects as a freshly booted machine holds. Merging is left to
 * kmem_cache_create(), so slab_nomerge and slub_debug change the list as they do
 * in the kernel.
 */
#include <stdlib.h>

#include "sim/boot/boot_log.h"
#include "sim/phys/slab_rcu.h"

/* So that the order of free objects is not that of anything else drawn by lot. */
#define FREELIST_SEED 0x736c6162ULL

/* What a row needs of the machine, and what its size follows. */
enum {
	NEEDS_PAE = 1 << 0,
	NEEDS_2LEVEL = 1 << 1,
	NEEDS_HIGHMEM = 1 << 2,		/* pages above the direct map */
	PER_NODE = 1 << 3,		/* a pointer more for each further node id */
	PER_64CPUS = 1 << 4,		/* 8 bytes more for each further 64 CPUs */
	PER_64CPUS_3 = 1 << 5,		/* three times that */
};

struct slab_cache_row {
	const char *name;
	u32 size, align, flags, usersize, objects, needs;
};

/* Short names of flags, for the rows. */
#define H SLAB_HWCACHE_ALIGN
#define R SLAB_RECLAIM_ACCOUNT
#define A SLAB_ACCOUNT
#define T SLAB_TYPESAFE_BY_RCU
#define C SLAB_HAS_CTOR
#define D SLAB_CACHE_DMA
#define K SLAB_KMALLOC
#define B SLAB_BOOT_CACHE
#define N SLAB_NO_MERGE
#define F SLAB_FREEPTR_INSIDE
#define SLAB(n, s, a, f, u, o, x) \
	{ .name = n, .size = s, .align = a, .flags = f, .usersize = u, .objects = o, .needs = x },

static const struct slab_cache_row caches_6_1[] = {
#include "sim/phys/slab_caches_6_1.def"
};

static const struct slab_cache_row caches_6_1_i386[] = {
#include "sim/phys/slab_caches_6_1_i386.def"
};

static const struct slab_cache_row caches_6_18[] = {
#include "sim/phys/slab_caches_6_18.def"
};

#undef SLAB
#undef H
#undef R
#undef A
#undef T
#undef C
#undef D
#undef K
#undef B
#undef N
#undef F

/* The kernel of each release that we know; Debian built 6.18 for 64 bits only. */
static const struct {
	struct span span;
	u8 bits;
	const struct slab_cache_row *rows;
	size_t nr;
} cache_tables[] = {
	{ UNTIL(R_6_1), 64, caches_6_1, ARRAY_SIZE(caches_6_1) },
	{ ALL, 32, caches_6_1_i386, ARRAY_SIZE(caches_6_1_i386) },
	{ SINCE(R_6_18), 64, caches_6_18, ARRAY_SIZE(caches_6_18) },
};

static bool has_highmem(const struct machine *m)
{
	for (unsigned int i = 0; i < m->nr_zones; i++)
		if (m->zones[i]->type == ZONE_HIGHMEM && zone_populated(m->zones[i]))
			return true;
	return false;
}

static bool row_holds(const struct machine *m, const struct slab_cache_row *row)
{
	if ((row->needs & NEEDS_PAE) && m->arch->nr_levels != 3)
		return false;
	if ((row->needs & NEEDS_2LEVEL) && m->arch->nr_levels != 2)
		return false;
	if ((row->needs & NEEDS_HIGHMEM) && !has_highmem(m))
		return false;
	if (m->slab->options.nokmem && (row->flags & SLAB_KMALLOC) &&
	    (row->flags & SLAB_ACCOUNT))
		return false;
	return true;
}

/* A task ends with its FPU registers: the tables were made on another CPU. */
static u32 fpu_context(const struct machine *m, const struct slab_cache_row *row)
{
	return !strcmp(row->name, "task_struct") && m->fpu_context ? m->fpu_context :
								      row->usersize;
}

/* Another build's objects: [slab] of the machine file. */
static u32 given_size(const struct machine *m, const char *name, u32 size)
{
	const struct machine_config *config = m->config;

	for (unsigned int i = 0; i < config->nr_slabs; i++)
		if (!strcmp(config->slabs[i].name, name))
			return (u32)strtoul(config->slabs[i].value, NULL, 0);
	return size;
}

static u32 row_size(const struct machine *m, const struct slab_cache_row *row)
{
	u32 further_cpu_words = (m->nr_cpus - 1) / 64;
	u32 size = row->size - row->usersize + fpu_context(m, row);

	if (row->needs & PER_NODE)
		size += (m->nr_nodes - 1) * (m->arch->bits / 8);
	if (row->needs & PER_64CPUS)
		size += 8 * further_cpu_words;
	if (row->needs & PER_64CPUS_3)
		size += 3 * 8 * further_cpu_words;
	return given_size(m, row->name, size);
}

/* A small machine has not booted as much: fewer of everything below 256 MiB. */
static u32 row_objects(const struct machine *m, const struct slab_cache_row *row)
{
	u64 full = (256 << 20) >> PAGE_SHIFT;
	u64 pages = MIN(m->totalram_pages, full);

	return row->objects * pages / full;
}

static int populate_node(struct machine *m, struct kmem_cache *s, u32 nr, int nid)
{
	struct slab_object object;
	int err = 0;

	while (nr-- && !err) {
		err = kmem_cache_alloc(m, s, GFP_KERNEL, nid, &object);
		s->nr_nameless += !err;
	}
	return err == -ENOMEM ? 0 : err;	/* full is full */
}

/*
 * Half of it is there before the other nodes are used. Of what comes later each has a part,
 * CPUs or not, and threads and structures of its own, an eighth at least. What can be reclaimed
 * is the root file system's: init's node has all of that.
 */
static int populate(struct machine *m, struct kmem_cache *s, u32 nr)
{
	int boot_nid = (int)m->cpu_node[m->cpu], err = 0;
	unsigned int nr_with_memory = 0;
	u32 share, others = 0;

	for (unsigned int i = 0; i < m->nr_nodes; i++)
		nr_with_memory += m->nodes[i]->has_memory;
	if (nr_with_memory < 2 || !m->nodes[boot_nid]->has_memory ||
	    s->flags & SLAB_RECLAIM_ACCOUNT)
		return populate_node(m, s, nr, NUMA_NO_NODE);
	share = MAX(nr / 2 / nr_with_memory, nr / 8);
	for (int nid = 0; nid < (int)m->nr_nodes && !err; nid++) {
		if (nid == boot_nid || !m->nodes[nid]->has_memory)
			continue;
		err = populate_node(m, s, share, nid);
		others += share;
	}
	return err ? err : populate_node(m, s, nr - MIN(others, nr / 2), boot_nid);
}

static int create_row(struct machine *m, const struct slab_cache_row *row)
{
	struct kmem_cache_request req = {
		.name = row->name,
		.size = row_size(m, row),
		.align = row->align,
		.flags = row->flags,
		.usersize = fpu_context(m, row),
	};
	struct kmem_cache *s;
	int err;

	/* The two caches for which 6.18 switched sheaves on. */
	if (rel_slub_has_sheaves(m->release) &&
	    (!strcmp(row->name, "maple_node") || !strcmp(row->name, "vm_area_struct")))
		req.sheaf_capacity = 32;
	err = kmem_cache_create(m, &req, &s);
	/* The first two hold what describes the caches, no more. */
	if (err || (row->flags & SLAB_BOOT_CACHE))
		return err;
	return populate(m, s, row_objects(m, row));
}

/* kmem_cache and kmem_cache_node exist: now they can describe themselves. */
static int bootstrap(struct machine *m)
{
	struct slab_state *state = m->slab;
	int err;

	state->kmem_cache = kmem_cache_find(m, "kmem_cache");
	state->kmem_cache_node = kmem_cache_find(m, "kmem_cache_node");
	if (!state->kmem_cache || !state->kmem_cache_node)
		return -EINVAL;
	err = slab_cache_alloc_self(m, state->kmem_cache);
	return err ? err : slab_cache_alloc_self(m, state->kmem_cache_node);
}

int slab_create_boot_caches(struct machine *m)
{
	const struct slab_cache_row *rows = NULL;
	size_t nr = 0;
	int err = 0;

	for (size_t i = 0; i < ARRAY_SIZE(cache_tables); i++) {
		if (!span_holds(cache_tables[i].span, m->release) ||
		    cache_tables[i].bits != m->arch->bits)
			continue;
		rows = cache_tables[i].rows;
		nr = cache_tables[i].nr;
	}
	for (size_t i = 0; i < nr && !err; i++) {
		if (row_holds(m, &rows[i]))
			err = create_row(m, &rows[i]);
		if (!err && i == 1)
			err = bootstrap(m);
	}
	return err;
}

int slab_init(struct machine *m)
{
	struct slab_state *state = arena_alloc(&m->arena, sizeof(*state));
	int err;

	if (!state)
		return -ENOBUFS;
	m->slab = state;
	state->options.nomerge = m->config->arch &&
		!machine_config_bool(m->config, "SLAB_MERGE_DEFAULT");
	slab_options_parse(&state->options, m->release, m->config->cmdline);
	state->options.freelist_random = m->config->arch &&
		machine_config_bool(m->config, "SLAB_FREELIST_RANDOM");
	state->rng = m->config->seed ^ FREELIST_SEED;
	state->large_pages = arena_alloc(&m->arena, m->nr_nodes * sizeof(u64));
	err = state->large_pages ? slab_create_boot_caches(m) : -ENOBUFS;
	if (!err)
		err = kmalloc_init(m);
	return err;
}

void slab_free_state(struct machine *m)
{
	struct slab_state *state = m->slab;

	if (!state)
		return;
	for (u32 id = 0; id < state->nr_slabs; id++)
		if (state->slabs[id])
			slab_forget(m, state->slabs[id]);
	for (unsigned int i = 0; i < state->nr_caches; i++)
		slab_cache_free(m, state->caches[i]);
	arena_free(&m->arena, state->large_pages, m->nr_nodes * sizeof(u64));
	arena_free(&m->arena, state->slabs, state->room_slabs * sizeof(*state->slabs));
	arena_free(&m->arena, state->caches, state->room_caches * sizeof(*state->caches));
	stack_depot_free(&m->arena, &state->stacks);
	slab_rcu_free_state(m);
	arena_free(&m->arena, state, sizeof(*state));
	m->slab = NULL;
}
