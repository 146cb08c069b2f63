// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * SLUB: the geometry of every cache of every captured machine, where objects and
 * slabs go, merging, kmalloc, failing host memory, and planted corruptions that the
 * validator has to find.
 */
#include <stdio.h>
#include <stdlib.h>

#include "phys_machine.h"
#include "support.h"
#include "sim/base/digest.h"
#include "sim/phys/slab_sheaf.h"

struct shape {
	const char *golden;
	enum release release;
	const char *arch;
	unsigned int nr_cpus, nr_nodes, mib;
	const char *cmdline;
};

static const struct shape shapes[] = {
	{ "6.1/512M-1node", R_6_1, "x86_64", 2, 1, 512, "quiet" },
	{ "6.1/512M-smp1", R_6_1, "x86_64", 1, 1, 512, "quiet" },
	{ "6.1/512M-smp8", R_6_1, "x86_64", 8, 1, 512, "quiet" },
	{ "6.1/512M-nomerge", R_6_1, "x86_64", 2, 1, 512, "quiet slab_nomerge" },
	{ "6.1/512M-slubdebug", R_6_1, "x86_64", 2, 1, 512, "quiet slub_debug=FZPU" },
	{ "6.1/8G-4node-dist", R_6_1, "x86_64", 4, 4, 8192, "quiet" },
	{ "6.1/i386-512M", R_6_1, "i386", 2, 1, 512, "quiet" },
	{ "6.1/i386-1G", R_6_1, "i386", 2, 1, 1024, "quiet" },
	{ "6.1/i386pae-1G", R_6_1, "i386-pae", 2, 1, 1024, "quiet" },
	{ "6.18/512M-1node", R_6_18, "x86_64", 2, 1, 512, "quiet" },
	{ "6.18/8G-4node-dist", R_6_18, "x86_64", 4, 4, 8192, "quiet" },
};

/* A machine whose SLUB has booted. It keeps a copy of the command line's config. */
static struct machine *slab_machine(const struct shape *shape)
{
	struct machine_config *config = calloc(1, sizeof(*config));
	struct test_machine spec = {
		.release = shape->release, .arch = shape->arch,
		.nr_cpus = shape->nr_cpus, .nr_nodes = shape->nr_nodes,
	};
	u64 per_node = ((u64)shape->mib << 8) / shape->nr_nodes;
	struct machine *m;

	for (unsigned int i = 0; i < shape->nr_nodes; i++)
		spec.ranges[i] = (struct test_range) {
			i ? per_node * i : 256, per_node * (i + 1), i };
	for (unsigned int cpu = 0; cpu < shape->nr_cpus; cpu++)
		spec.cpu_node[cpu] = cpu % shape->nr_nodes;
	m = test_machine_boot(&spec);
	config->cmdline = (char *)(uintptr_t)shape->cmdline;
	m->config = config;
	m->booted = false;
	CU_ASSERT_EQUAL_FATAL(slab_init(m), 0);
	m->booted = true;
	return m;
}

static struct machine *small_machine(const char *cmdline)
{
	return slab_machine(&(struct shape) {
		NULL, R_6_18, "x86_64", 2, 2, 128, cmdline });
}

static void slab_machine_free(struct machine *m)
{
	slab_free_state(m);
	free((void *)(uintptr_t)m->config);
	test_machine_free(m);
}

static void assert_slab_clean(const struct machine *m)
{
	CU_ASSERT_EQUAL(nr_broken(m, slab_validate, NULL), 0);
}

static void assert_clean(const struct machine *m)
{
	assert_slab_clean(m);
	CU_ASSERT_EQUAL(test_check(m), 0);
}

static void digest_of(const struct machine *m, char hex[33])
{
	struct digest digest;

	digest_init(&digest);
	slab_digest(m, &digest);
	digest_hex(&digest, hex);
}

static void compare_shape(const struct shape *shape)
{
	FILE *file = golden_open(shape->golden, "slabinfo-geometry");
	struct machine *m = slab_machine(shape);
	char name[64];
	unsigned int size, objs, pages, i = 0;

	CU_ASSERT_PTR_NOT_NULL_FATAL(file);
	while (fscanf(file, "%63s %u %u %u", name, &size, &objs, &pages) == 4) {
		struct kmem_cache *s = kmem_cache_at(m, i++);
		struct slab_info info;

		CU_ASSERT_PTR_NOT_NULL_FATAL(s);
		kmem_cache_info(m, s, &info);
		CU_ASSERT_STRING_EQUAL(info.name, name);
		CU_ASSERT_EQUAL(info.size, size);
		CU_ASSERT_EQUAL(info.objs_per_slab, objs);
		CU_ASSERT_EQUAL(1U << info.order, pages);
	}
	CU_ASSERT_TRUE(i > 100);
	CU_ASSERT_EQUAL(i, nr_kmem_caches(m));
	fclose(file);
	assert_slab_clean(m);
	slab_machine_free(m);
}

static void test_geometry(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(shapes); i++)
		compare_shape(&shapes[i]);
}

/* The cache's own descriptor has a pointer for each node id. */
static void test_sizes_follow_machine(void)
{
	struct machine *m = slab_machine(&(struct shape) {
		NULL, R_6_18, "x86_64", 8, 8, 1024, "" });
	struct slab_info info;

	kmem_cache_info(m, kmem_cache_find(m, "kmem_cache"), &info);
	CU_ASSERT_EQUAL(info.object_size, 288);
	CU_ASSERT_EQUAL(info.size, 320);
	slab_machine_free(m);
}

static struct kmem_cache *create(struct machine *m, const char *name, u32 size, u32 flags)
{
	struct kmem_cache_request req = { .name = name, .size = size, .flags = flags };
	struct kmem_cache *s = NULL;

	CU_ASSERT_EQUAL_FATAL(kmem_cache_create(m, &req, &s), 0);
	return s;
}

static u64 get_on(struct machine *m, struct kmem_cache *s, int node)
{
	struct slab_object object = { 0 };

	CU_ASSERT_EQUAL_FATAL(kmem_cache_alloc(m, s, GFP_KERNEL, node, &object), 0);
	CU_ASSERT_NOT_EQUAL(object.handle, 0);
	CU_ASSERT_TRUE(object.handle < kmem_cache_handle_limit(s));
	CU_ASSERT_EQUAL(kmem_cache_object_addr(s, object.handle), object.addr);
	return object.addr;
}

static u64 get(struct machine *m, struct kmem_cache *s)
{
	return get_on(m, s, NUMA_NO_NODE);
}

static void test_objects(void)
{
	struct machine *m = small_machine("");
	struct kmem_cache *s = create(m, "test_objects", 1000, SLAB_NO_MERGE);
	u64 first = get(m, s), second = get(m, s);
	bool allocated;

	CU_ASSERT_EQUAL(second, first + 1000);	/* 8-aligned, ascending */
	CU_ASSERT_PTR_EQUAL(kmem_cache_of(m, first, &allocated), s);
	CU_ASSERT_TRUE(allocated);
	CU_ASSERT_PTR_NULL(kmem_cache_of(m, first + 8, &allocated));
	kmem_cache_free(m, s, first);
	CU_ASSERT_PTR_EQUAL(kmem_cache_of(m, first, &allocated), s);
	CU_ASSERT_FALSE(allocated);
	CU_ASSERT_EQUAL(get(m, s), first);	/* last freed, first used */
	CU_ASSERT_PTR_NULL(kmem_cache_of(m, 4096, &allocated));
	assert_clean(m);
	slab_machine_free(m);
}

/* Fill `nr` slabs; objects in order of allocation. */
static u64 *fill(struct machine *m, struct kmem_cache *s, unsigned int nr)
{
	u64 *addrs = calloc(nr * s->geo.objects, sizeof(*addrs));

	for (unsigned int i = 0; i < nr * s->geo.objects; i++)
		addrs[i] = get(m, s);
	CU_ASSERT_EQUAL(s->node[0].nr_slabs, nr);
	return addrs;
}

/*
 * Full slabs are on no list; the first free puts one on the CPU's partial list;
 * when that is over its limit all of it goes to the node, which keeps min_partial
 * empty slabs.
 */
static void test_slab_life(void)
{
	struct machine *m = small_machine("");
	struct kmem_cache *s = create(m, "test_life", 1024, SLAB_NO_MERGE);
	unsigned int objs = s->geo.objects, limit = s->cpu_partial_slabs, nr = limit + 12;
	u64 *addrs = fill(m, s, nr);
	struct slab_info info;

	kmem_cache_info(m, s, &info);
	CU_ASSERT_EQUAL(info.partial_slabs, 0);
	CU_ASSERT_EQUAL(info.active_objs, nr * objs);
	/* One object of each: they gather on CPU 1's list. */
	m->cpu = 1;
	for (unsigned int slab = 0; slab < limit; slab++)
		kmem_cache_free(m, s, addrs[slab * objs]);
	CU_ASSERT_EQUAL(kmem_cache_cpu_partial(s, 1), limit);
	CU_ASSERT_EQUAL(kmem_cache_node_count(m, s, 0, "partial"), 0);
	kmem_cache_free(m, s, addrs[limit * objs]);
	CU_ASSERT_EQUAL(kmem_cache_cpu_partial(s, 1), 1);
	CU_ASSERT_EQUAL(kmem_cache_node_count(m, s, 0, "partial"), limit);
	assert_clean(m);
	for (unsigned int slab = 0; slab < nr; slab++)
		for (unsigned int i = slab <= limit; i < objs; i++)
			kmem_cache_free(m, s, addrs[slab * objs + i]);
	assert_clean(m);
	CU_ASSERT_TRUE(s->node[0].partial.nr <= s->min_partial + limit);
	CU_ASSERT_EQUAL(kmem_cache_shrink(m, s), 0);
	CU_ASSERT_EQUAL(s->node[0].nr_slabs, 0);
	assert_clean(m);
	free(addrs);
	slab_machine_free(m);
}

/* After a flush a CPU takes one slab of the node's list and some for its own list. */
static void test_take_from_node(void)
{
	struct machine *m = small_machine("");
	struct kmem_cache *s = create(m, "test_take", 1024, SLAB_NO_MERGE);
	unsigned int objs = s->geo.objects, nr = s->cpu_partial_slabs + 4;
	u64 *addrs = fill(m, s, nr);

	for (unsigned int slab = 0; slab < nr; slab++)
		kmem_cache_free(m, s, addrs[slab * objs]);
	CU_ASSERT_EQUAL(kmem_cache_shrink(m, s), 1);
	CU_ASSERT_EQUAL(s->node[0].partial.nr, nr);
	(void)get(m, s);
	CU_ASSERT_EQUAL(kmem_cache_cpu_partial(s, 0), s->cpu_partial_slabs / 2 + 1);
	CU_ASSERT_EQUAL(s->node[0].partial.nr, nr - 1 - (s->cpu_partial_slabs / 2 + 1));
	assert_clean(m);
	free(addrs);
	slab_machine_free(m);
}

static void test_nodes(void)
{
	struct machine *m = small_machine("");
	struct kmem_cache *s = create(m, "test_nodes", 512, SLAB_NO_MERGE);
	u64 here = get_on(m, s, 0), there = get_on(m, s, 1);

	CU_ASSERT_EQUAL(slab_of_addr(m, here)->node, 0);
	CU_ASSERT_EQUAL(slab_of_addr(m, there)->node, 1);
	CU_ASSERT_EQUAL(s->node[0].partial.nr, 1);	/* left by the CPU */
	CU_ASSERT_EQUAL(slab_of_addr(m, get_on(m, s, 0))->node, 0);
	CU_ASSERT_EQUAL(s->node[0].nr_slabs, 1);	/* taken again, not a new one */
	CU_ASSERT_EQUAL(kmem_cache_node_count(m, s, 1, "slabs"), 1);
	/* No such node: any will do. */
	CU_ASSERT_NOT_EQUAL(get_on(m, s, 17), 0);
	assert_clean(m);
	slab_machine_free(m);
}

static void test_debug_cache(void)
{
	struct machine *m = small_machine("slub_debug=ZU,test_*");
	struct kmem_cache *s = create(m, "test_debug", 100, 0);
	u64 addrs[200];

	/* 104, red zone in the padding, two tracks, red zones left and right */
	CU_ASSERT_EQUAL(s->geo.size, 104 + 64 + 8 + 8);
	CU_ASSERT_EQUAL(s->cpu_partial_slabs, 0);
	for (unsigned int i = 0; i < ARRAY_SIZE(addrs); i++)
		addrs[i] = get(m, s);
	CU_ASSERT_EQUAL(addrs[0] % 4096, 8);
	CU_ASSERT_EQUAL(kmem_cache_node_count(m, s, 0, "cpu_slabs"), 0);
	assert_clean(m);
	for (unsigned int i = 0; i < ARRAY_SIZE(addrs); i++)
		kmem_cache_free(m, s, addrs[i]);
	assert_clean(m);
	CU_ASSERT_EQUAL(kmem_cache_find(m, "dentry")->flags & SLAB_RED_ZONE, 0);
	slab_machine_free(m);
}

static void test_merging(void)
{
	struct machine *m = small_machine("");
	struct kmem_cache *vmap = kmem_cache_find(m, "vmap_area");
	struct kmem_cache_request again = { .name = "dentry", .size = 8 };
	struct kmem_cache *s;
	struct slab_info info;
	u32 aliases;

	CU_ASSERT_STRING_EQUAL(kmem_cache_sysfs_name(vmap), ":0000072");
	CU_ASSERT_STRING_EQUAL(kmem_cache_sysfs_name(kmem_cache_find(m, "sigqueue")),
			       ":A-0000080");
	CU_ASSERT_STRING_EQUAL(kmem_cache_sysfs_name(kmem_cache_find(m, "dentry")), "dentry");
	CU_ASSERT_PTR_EQUAL(kmem_cache_find(m, "Acpi-Operand"), vmap);
	kmem_cache_info(m, vmap, &info);
	aliases = info.aliases;
	CU_ASSERT_PTR_EQUAL(create(m, "mine", 68, 0), vmap);
	kmem_cache_info(m, vmap, &info);
	CU_ASSERT_EQUAL(info.aliases, aliases + 1);
	CU_ASSERT_STRING_EQUAL(kmem_cache_alias(vmap, aliases), "mine");
	CU_ASSERT_PTR_NULL(kmem_cache_alias(vmap, aliases + 1));
	CU_ASSERT_PTR_NOT_EQUAL(create(m, "other", 68, SLAB_HAS_CTOR), vmap);
	CU_ASSERT_PTR_NOT_EQUAL(create(m, "third", 68, SLAB_RECLAIM_ACCOUNT), vmap);
	CU_ASSERT_EQUAL(kmem_cache_create(m, &again, &s), -EEXIST);
	again = (struct kmem_cache_request) { .name = "new", .size = 0 };
	CU_ASSERT_EQUAL(kmem_cache_create(m, &again, &s), -EINVAL);
	again = (struct kmem_cache_request) { .name = "new", .size = 8, .align = 24 };
	CU_ASSERT_EQUAL(kmem_cache_create(m, &again, &s), -EINVAL);
	CU_ASSERT_EQUAL(kmem_cache_destroy_name(m, "mine"), 0);
	CU_ASSERT_PTR_NULL(kmem_cache_find(m, "mine"));
	CU_ASSERT_EQUAL(kmem_cache_destroy_name(m, "mine"), -ENOENT);
	CU_ASSERT_EQUAL(kmem_cache_destroy_name(m, "dentry"), -EPERM);
	assert_clean(m);
	slab_machine_free(m);
}

static void test_destroy(void)
{
	struct machine *m = small_machine("");
	unsigned int nr = nr_kmem_caches(m);
	struct kmem_cache *s = create(m, "test_destroy", 3000, SLAB_NO_MERGE);
	u64 addr = get(m, s);

	CU_ASSERT_EQUAL(nr_kmem_caches(m), nr + 1);
	CU_ASSERT_PTR_EQUAL(kmem_cache_at(m, 0), s);	/* newest first */
	m->boot_log = NULL;
	kmem_cache_free(m, s, addr);
	CU_ASSERT_EQUAL(kmem_cache_destroy(m, s), 0);
	CU_ASSERT_EQUAL(nr_kmem_caches(m), nr);
	assert_clean(m);
	slab_machine_free(m);
}

static const char *cache_name(const struct machine *m, u64 addr)
{
	bool allocated;
	struct kmem_cache *s = kmem_cache_of(m, addr, &allocated);

	return s && allocated ? s->name : "none";
}

static void test_kmalloc(void)
{
	static const struct {
		u64 bytes;
		gfp_t gfp;
		const char *name;
	} cases[] = {
		{ 1, GFP_KERNEL, "kmalloc-8" }, { 8, GFP_KERNEL, "kmalloc-8" },
		{ 9, GFP_KERNEL, "kmalloc-16" }, { 65, GFP_KERNEL, "kmalloc-96" },
		{ 97, GFP_KERNEL, "kmalloc-128" }, { 129, GFP_KERNEL, "kmalloc-192" },
		{ 193, GFP_KERNEL, "kmalloc-256" }, { 8192, GFP_KERNEL, "kmalloc-8k" },
		{ 100, GFP_KERNEL | GFP_DMA, "dma-kmalloc-128" },
		{ 100, GFP_KERNEL | __GFP_RECLAIMABLE, "kmalloc-rcl-128" },
		{ 100, GFP_KERNEL_ACCOUNT, "kmalloc-cg-128" },
	};
	struct machine *m = small_machine("");
	u64 addr, bytes = m->nodes[0]->stat[NR_SLAB_UNRECLAIMABLE];

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CU_ASSERT_EQUAL_FATAL(kmalloc(m, cases[i].bytes, cases[i].gfp, NUMA_NO_NODE,
					      &addr), 0);
		CU_ASSERT_STRING_EQUAL(cache_name(m, addr), cases[i].name);
		CU_ASSERT_EQUAL(kfree(m, addr), 0);
		CU_ASSERT_EQUAL(kfree(m, addr), -EINVAL);
	}
	bytes = m->nodes[0]->stat[NR_SLAB_UNRECLAIMABLE];
	CU_ASSERT_EQUAL_FATAL(kmalloc(m, 8193, GFP_KERNEL, NUMA_NO_NODE, &addr), 0);
	CU_ASSERT_EQUAL(m->nodes[0]->stat[NR_SLAB_UNRECLAIMABLE], (s64)bytes + 16384);
	assert_clean(m);
	CU_ASSERT_EQUAL(kfree(m, addr + 4096), -EINVAL);
	CU_ASSERT_EQUAL(kfree(m, addr), 0);
	CU_ASSERT_EQUAL(m->nodes[0]->stat[NR_SLAB_UNRECLAIMABLE], (s64)bytes);
	CU_ASSERT_EQUAL(kfree(m, addr), -EINVAL);
	CU_ASSERT_EQUAL(kmalloc(m, 5 << 20, GFP_KERNEL, NUMA_NO_NODE, &addr), -ENOMEM);
	CU_ASSERT_EQUAL(kmalloc(m, 0, GFP_KERNEL, NUMA_NO_NODE, &addr), 0);
	CU_ASSERT_EQUAL(addr, ZERO_SIZE_PTR);
	CU_ASSERT_EQUAL(kfree(m, addr), 0);
	CU_ASSERT_EQUAL(kfree(m, 0), 0);
	CU_ASSERT_EQUAL(kfree(m, ~0ULL), -EINVAL);
	assert_clean(m);
	slab_machine_free(m);
}

/* Whichever host allocation fails: -ENOBUFS, and nothing has changed. */
static void test_host_memory(void)
{
	struct machine *m = small_machine("");
	struct kmem_cache *s = create(m, "test_host", 2000, SLAB_NO_MERGE), *made;
	struct kmem_cache_request req = { .name = "never", .size = 700 };
	struct slab_object object;
	char before[33], after[33];
	unsigned int refused = 0;

	for (int i = 0; i < 300; i++) {
		digest_of(m, before);
		arena_fail_after(&m->arena, 1);
		if (kmem_cache_alloc(m, s, GFP_KERNEL, NUMA_NO_NODE, &object) == -ENOBUFS) {
			digest_of(m, after);
			CU_ASSERT_STRING_EQUAL(before, after);
			refused++;
			arena_fail_after(&m->arena, 0);
			(void)get(m, s);
		}
		arena_fail_after(&m->arena, 0);
	}
	CU_ASSERT_TRUE(refused > 10);
	for (unsigned int nth = 1; nth < 40; nth++) {
		int err;

		digest_of(m, before);
		arena_fail_after(&m->arena, nth);
		err = kmem_cache_create(m, &req, &made);
		arena_fail_after(&m->arena, 0);
		if (!err)
			break;
		CU_ASSERT_EQUAL(err, -ENOBUFS);
		digest_of(m, after);
		CU_ASSERT_STRING_EQUAL(before, after);
	}
	CU_ASSERT_PTR_NOT_NULL(kmem_cache_find(m, "never"));
	assert_clean(m);
	slab_machine_free(m);
}

static u64 random_next(u64 *state)
{
	*state = *state * 6364136223846793005ULL + 1442695040888963407ULL;
	return *state >> 33;
}

static void random_ops(const char *cmdline)
{
	struct machine *m = small_machine(cmdline);
	struct kmem_cache *caches[3] = {
		create(m, "test_a", 24, 0), create(m, "test_b", 700, SLAB_HWCACHE_ALIGN),
		create(m, "test_c", 5000, SLAB_RECLAIM_ACCOUNT),
	};
	u64 live[900], owner[900], rng = 7;
	unsigned int nr = 0;

	for (int i = 0; i < 40000; i++) {
		m->cpu = random_next(&rng) % 2;
		/* Waves: grow for a while, then shrink for a while. */
		if (nr < 900 && random_next(&rng) % 100 < (i / 3000 % 2 ? 30U : 70U)) {
			owner[nr] = random_next(&rng) % 3;
			live[nr] = get_on(m, caches[owner[nr]],
					  (int)(random_next(&rng) % 3) - 1);
			nr++;
		} else if (nr) {
			unsigned int at = random_next(&rng) % nr--;

			kmem_cache_free(m, caches[owner[at]], live[at]);
			live[at] = live[nr];
			owner[at] = owner[nr];
		}
		if (i % 4000 == 0)
			assert_clean(m);
		if (i % 7000 == 0)
			kmem_cache_shrink(m, caches[i % 3]);
	}
	assert_clean(m);
	slab_machine_free(m);
}

static void test_random(void)
{
	random_ops("");
	random_ops("slub_debug=FZPU");
}

static struct kmem_cache *create_sheaves(struct machine *m, u32 capacity)
{
	struct kmem_cache_request req = {
		.name = "sheaves", .size = 256, .sheaf_capacity = capacity };
	struct kmem_cache *s = NULL;

	CU_ASSERT_EQUAL_FATAL(kmem_cache_create(m, &req, &s), 0);
	return s;
}

static u64 in_sheaves(const struct kmem_cache *s)
{
	u64 nr = 0;

	for (u32 slot = 0; slot < s->nr_slots; slot++)
		nr += s->slots[slot] ? s->slots[slot]->nr_sheaf : 0;
	return nr;
}

/* A sheaf is filled as a whole; two full ones and the barn hold what is freed. */
static void test_sheaves(void)
{
	struct machine *m = small_machine("");
	struct kmem_cache *s = create_sheaves(m, 32);
	u64 addrs[1000];

	addrs[0] = get(m, s);
	CU_ASSERT_EQUAL(in_sheaves(s), 31);
	for (unsigned int i = 1; i < 1000; i++)
		addrs[i] = get(m, s);
	CU_ASSERT_EQUAL(in_sheaves(s), 24);	/* 32 sheaves were filled */
	assert_slab_clean(m);
	for (unsigned int i = 0; i < 1000; i++) {
		kmem_cache_free(m, s, addrs[i]);
		if (i % 50 == 0)
			assert_slab_clean(m);
	}
	/* The CPU's two and ten of the barn; the rest went to slabs. */
	CU_ASSERT(in_sheaves(s) > 10 * 32 && in_sheaves(s) <= 12 * 32);
	CU_ASSERT_EQUAL(s->node[0].barn.nr_full, 10);
	m->cpu = 1;	/* of the other node: its own sheaves */
	addrs[0] = get(m, s);
	kmem_cache_free(m, s, addrs[0]);
	assert_slab_clean(m);
	m->cpu = 0;
	CU_ASSERT_EQUAL(kmem_cache_shrink(m, s), 0);
	CU_ASSERT_EQUAL(in_sheaves(s), 0);
	assert_clean(m);
	CU_ASSERT_EQUAL(kmem_cache_destroy(m, s), 0);
	slab_machine_free(m);
}

/* Under debugging there are none, and 6.1 knows of none. */
static void test_no_sheaves(void)
{
	struct machine *m = small_machine("slub_debug=Z,sheaves");
	struct slab_info info;

	kmem_cache_info(m, create_sheaves(m, 32), &info);
	CU_ASSERT_EQUAL(info.sheaf_capacity, 0);
	slab_machine_free(m);
	m = slab_machine(&(struct shape) { NULL, R_6_1, "x86_64", 2, 2, 128, "" });
	kmem_cache_info(m, create_sheaves(m, 32), &info);
	CU_ASSERT_EQUAL(info.sheaf_capacity, 0);
	slab_machine_free(m);
}

/* Corruptions of sheaves: A2 finds each. */
static const CU_TestInfo tests[] = {
	{ "geometry of every captured cache", test_geometry },
	{ "sizes that follow the machine", test_sizes_follow_machine },
	{ "objects", test_objects },
	{ "the life of a slab", test_slab_life },
	{ "taking from the node", test_take_from_node },
	{ "nodes", test_nodes },
	{ "a cache under debugging", test_debug_cache },
	{ "merging", test_merging },
	{ "destroy", test_destroy },
	{ "sheaves", test_sheaves },
	{ "no sheaves", test_no_sheaves },
	{ "kmalloc", test_kmalloc },
	{ "host memory fails", test_host_memory },
	{ "random operations", test_random },
};

int main(void)
{
	return suite_main("slab", tests, ARRAY_SIZE(tests), NULL, NULL);
}
