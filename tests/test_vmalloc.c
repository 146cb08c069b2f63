// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * vmalloc areas and per-CPU chunks: where they go, what they take, what comes back,
 * failing memory of both kinds, planted corruptions.
 */
#include <stdio.h>
#include <stdlib.h>

#include "phys_machine.h"
#include "support.h"
#include "sim/base/digest.h"
#include "sim/phys/kernel_tables.h"
#include "sim/phys/page_alloc.h"
#include "sim/phys/percpu.h"
#include "sim/phys/slab.h"
#include "sim/phys/vmalloc.h"

static const struct machine_config config;

static struct machine *machine_of(u64 mib, const char *arch, enum release release)
{
	struct test_machine spec = {
		.release = release, .arch = arch, .nr_cpus = 2,
		.ranges = { { 256, mib << 8, 0 } },
	};
	struct machine *m = test_machine_boot(&spec);

	m->config = &config;
	m->booted = false;
	CU_ASSERT_EQUAL_FATAL(slab_init(m), 0);
	CU_ASSERT_EQUAL_FATAL(vmalloc_init(m), 0);
	m->booted = true;
	return m;
}

static struct machine *machine_with(u64 mib, const char *arch)
{
	return machine_of(mib, arch, R_6_1);
}

static struct machine *small_machine(void)
{
	return machine_with(64, "x86_64");
}

static void machine_without(struct machine *m)
{
	percpu_free_state(m);
	vmalloc_free_state(m);
	slab_free_state(m);
	test_machine_free(m);
}

/* Whose pages these tests take. */
static void validate(const struct machine *m, struct check *check)
{
	vmalloc_validate(m, check);
	percpu_validate(m, check);
	slab_validate(m, check);
}

static void assert_clean(const struct machine *m)
{
	CU_ASSERT_EQUAL(nr_broken(m, validate, NULL), 0);
	CU_ASSERT_EQUAL(test_check(m), 0);
}

static u64 get(struct machine *m, u64 bytes)
{
	struct vmalloc_request req = { .bytes = bytes, .gfp = GFP_KERNEL,
				       .node = NUMA_NO_NODE, .caller = "test+0x1/0x2" };
	u64 addr = 0;

	CU_ASSERT_EQUAL_FATAL(vmalloc(m, &req, &addr), 0);
	return addr;
}

/* 3 areas: [A A A g][B g][C C g]; the hole of B takes one page, not two. */
static void test_places(void)
{
	struct machine *m = small_machine();
	u64 start, end, a, b, c;

	vmalloc_range(m, &start, &end);
	a = get(m, 3 * PAGE_SIZE);
	b = get(m, 1);
	c = get(m, PAGE_SIZE + 1);
	CU_ASSERT_EQUAL(a, start);
	CU_ASSERT_EQUAL(b, a + 4 * PAGE_SIZE);
	CU_ASSERT_EQUAL(c, b + 2 * PAGE_SIZE);
	CU_ASSERT_EQUAL(vmalloc_nr_pages(m), 6);
	CU_ASSERT_EQUAL(vfree(m, b), 0);
	CU_ASSERT_EQUAL(vfree(m, b), -EINVAL);
	CU_ASSERT_EQUAL(vfree(m, a + PAGE_SIZE), -EINVAL);
	CU_ASSERT_EQUAL(get(m, 2 * PAGE_SIZE), c + 3 * PAGE_SIZE);
	/* What was freed waits to be purged. */
	CU_ASSERT_PTR_NULL(find_vm_area(m, b));
	CU_ASSERT_EQUAL(get(m, PAGE_SIZE), c + 6 * PAGE_SIZE);
	CU_ASSERT_EQUAL(vfree(m, c + 6 * PAGE_SIZE), 0);
	CU_ASSERT_EQUAL(vm_area_slots(m), nr_vm_areas(m) + 2);
	CU_ASSERT_EQUAL(vm_unmap_aliases(m), 2);
	CU_ASSERT_EQUAL(vm_unmap_aliases(m), 0);
	CU_ASSERT_EQUAL(get(m, PAGE_SIZE), b);
	CU_ASSERT_PTR_EQUAL(find_vm_area(m, b + 5), vm_area_at(m, 1));
	CU_ASSERT_PTR_NULL(find_vm_area(m, start - 1));
	CU_ASSERT_EQUAL(nr_vm_areas(m), 4);
	assert_clean(m);
	machine_without(m);
}

static u64 get_aligned(struct machine *m, u64 bytes, u64 align)
{
	struct vmalloc_request req = { .bytes = bytes, .align = align, .gfp = GFP_KERNEL,
				       .node = NUMA_NO_NODE, .caller = "test+0x1/0x2" };
	u64 addr = 0;

	CU_ASSERT_EQUAL_FATAL(vmalloc(m, &req, &addr), 0);
	return addr;
}

/* On 6.18 each of two CPUs keeps what was allocated there, by size; the last comes first. */
static void test_node_pools(void)
{
	struct machine *m = machine_of(64, "x86_64", R_6_18);
	u64 start, end, a[8], other;

	vmalloc_free_state(m);
	m->nr_possible_cpus = 2;
	CU_ASSERT_EQUAL_FATAL(vmalloc_init(m), 0);
	vmalloc_range(m, &start, &end);
	for (unsigned int i = 0; i < 8; i++) {
		a[i] = get(m, PAGE_SIZE);
		CU_ASSERT_EQUAL(a[i], start + i * 2 * PAGE_SIZE);
	}
	m->cpu = 1;
	other = get(m, PAGE_SIZE);
	for (unsigned int i = 0; i < 8; i++)
		CU_ASSERT_EQUAL(vfree(m, a[i]), 0);
	CU_ASSERT_EQUAL(vfree(m, other), 0);
	CU_ASSERT_EQUAL(vm_unmap_aliases(m), 9);
	assert_clean(m);
	CU_ASSERT_EQUAL(nr_vm_areas(m), 0);
	CU_ASSERT_EQUAL(vm_area_slots(m), 9);
	CU_ASSERT_EQUAL(get(m, PAGE_SIZE), other);
	CU_ASSERT_EQUAL(get(m, PAGE_SIZE), other + 2 * PAGE_SIZE);
	m->cpu = 0;
	CU_ASSERT_EQUAL(get(m, PAGE_SIZE), a[7]);
	CU_ASSERT_EQUAL(get(m, PAGE_SIZE), a[6]);
	/* Another size is looked for, and so is what is aligned otherwise: a[5] goes last. */
	CU_ASSERT_EQUAL(get(m, 2 * PAGE_SIZE), other + 4 * PAGE_SIZE);
	CU_ASSERT(!IS_ALIGNED(a[5], 16 * PAGE_SIZE));
	CU_ASSERT(get_aligned(m, PAGE_SIZE, 16 * PAGE_SIZE) > other);
	CU_ASSERT_EQUAL(get(m, PAGE_SIZE), a[4]);
	CU_ASSERT_EQUAL(get(m, PAGE_SIZE), a[3]);
	/* Of four a quarter goes with each purge: the one that would have come first. */
	CU_ASSERT_EQUAL(vm_unmap_aliases(m), 0);
	CU_ASSERT_EQUAL(vm_area_slots(m), nr_vm_areas(m) + 3);
	assert_clean(m);
	CU_ASSERT_EQUAL(get(m, PAGE_SIZE), a[1]);
	/* Who finds no hole gets all of it back. */
	CU_ASSERT_EQUAL(vmap_area_top(m, PAGE_SIZE, 1ULL << 46, "x", &other), -ENOMEM);
	CU_ASSERT_EQUAL(vm_area_slots(m), nr_vm_areas(m));
	CU_ASSERT_EQUAL(get(m, PAGE_SIZE), a[0]);
	assert_clean(m);
	machine_without(m);
}

static int get_huge(struct machine *m, u64 bytes, u64 *addr)
{
	struct vmalloc_request req = { .bytes = bytes, .gfp = GFP_KERNEL | __GFP_NORETRY,
				       .node = NUMA_NO_NODE, .huge = true,
				       .caller = "test+0x1/0x2" };

	return vmalloc(m, &req, addr);
}

/*
 * One page [a g], then 3 MiB of huge pages at the next 2 MiB: 4 MiB, two blocks, no table
 * of leaves. The table that served small areas there goes.
 */
static void test_huge(void)
{
	struct machine *m = small_machine();
	s64 free = global_zone_stat(m, NR_FREE_PAGES);
	unsigned int tables;
	u64 start, end, huge, small;
	const struct vm_area *area;

	vmalloc_range(m, &start, &end);
	small = get(m, SZ_2M + PAGE_SIZE);
	CU_ASSERT_EQUAL(vfree(m, small), 0);
	vm_unmap_aliases(m);
	(void)get(m, 1);
	tables = m->kernel_tables ? m->kernel_tables->nr : 0;
	CU_ASSERT_EQUAL_FATAL(get_huge(m, 3 * SZ_1M, &huge), 0);
	CU_ASSERT_EQUAL(huge, start + SZ_2M);
	area = find_vm_area(m, huge);
	CU_ASSERT_EQUAL(area->nr_pages, 1024);
	CU_ASSERT_EQUAL(area->bytes, 2 * SZ_2M + PAGE_SIZE);
	CU_ASSERT_EQUAL(area->page_order, 9);
	for (u32 i = 0; i < 1024; i++)
		CU_ASSERT_EQUAL(area->pfns[i], (area->pfns[i & 512] & ~511U) + i % 512);
	if (m->kernel_tables)
		CU_ASSERT_EQUAL(m->kernel_tables->nr, tables - 1);
	assert_clean(m);
	/* Too small for that, and one that asks for no more than its pages. */
	CU_ASSERT_EQUAL_FATAL(get_huge(m, SZ_2M - PAGE_SIZE, &small), 0);
	CU_ASSERT_EQUAL(find_vm_area(m, small)->page_order, 0);
	CU_ASSERT_EQUAL(vfree(m, small), 0);
	CU_ASSERT_EQUAL(vfree(m, huge), 0);
	CU_ASSERT_TRUE((s64)global_zone_stat(m, NR_FREE_PAGES) <= free);
	assert_clean(m);
	machine_without(m);
}

/* Every second block of 2 MiB has a page that is taken: small pages have to do. */
static void test_no_blocks(void)
{
	struct machine *m = small_machine();
	u64 addr;
	u32 pfn;

	for (unsigned int order = MAX_PAGE_ORDER + 1; order-- > 9;)
		while (!alloc_kernel_pages(m, GFP_KERNEL | __GFP_NORETRY | __GFP_NOWARN, order,
					   NUMA_NO_NODE, PGTY_kernel, &pfn)) {
			split_page(m, pfn, order);
			for (u32 i = 0; i < 1U << order; i++)
				if (i % 512)
					free_pages(m, pfn + i, 0);
		}
	CU_ASSERT_EQUAL_FATAL(get_huge(m, SZ_2M + 1, &addr), 0);
	CU_ASSERT_EQUAL(find_vm_area(m, addr)->page_order, 0);
	CU_ASSERT_EQUAL(find_vm_area(m, addr)->nr_pages, 513);
	assert_clean(m);
	machine_without(m);
}

static void test_nohuge(void)
{
	struct machine *m = small_machine(), *m32 = machine_with(64, "i386");
	u64 addr;

	vmalloc_set_nohuge(m);
	CU_ASSERT_EQUAL_FATAL(get_huge(m, SZ_2M, &addr), 0);
	CU_ASSERT_EQUAL(find_vm_area(m, addr)->page_order, 0);
	CU_ASSERT_EQUAL_FATAL(get_huge(m32, 2 * SZ_2M, &addr), 0);
	CU_ASSERT_EQUAL(find_vm_area(m32, addr)->page_order, 0);
	machine_without(m);
	machine_without(m32);
}

static unsigned int unpurged(const struct machine *m)
{
	return vm_area_slots(m) - nr_vm_areas(m);
}

/*
 * [a g][b g][c g], freed in the order a, c, b: until 6.8 they are one, later three. With
 * more than 32 MiB of addresses on one CPU, 64 MiB on two, all are purged.
 */
static void lazy(enum release release, unsigned int joined)
{
	struct machine *m = machine_of(64, "x86_64", release);
	u64 addr[3], most;
	unsigned int nr = 0;

	for (unsigned int i = 0; i < 3; i++)
		addr[i] = get(m, 300 * PAGE_SIZE);
	CU_ASSERT_EQUAL(vfree(m, addr[0]), 0);
	CU_ASSERT_EQUAL(vfree(m, addr[2]), 0);
	CU_ASSERT_EQUAL(unpurged(m), 2);
	CU_ASSERT_EQUAL(vfree(m, addr[1]), 0);
	CU_ASSERT_EQUAL(unpurged(m), joined);
	assert_clean(m);
	most = 8192ULL * (ilog2(m->nr_cpus) + 1);
	for (; unpurged(m); nr++)
		CU_ASSERT_EQUAL_FATAL(vfree(m, get(m, 300 * PAGE_SIZE)), 0);
	CU_ASSERT_EQUAL(nr, most / 301 + 1 - 3);
	assert_clean(m);
	machine_without(m);
}

static void test_lazy_areas(void)
{
	lazy(R_6_1, 1);
	lazy(R_6_18, 3);
}

static void test_requests(void)
{
	struct machine *m = small_machine();
	struct vmalloc_request req = { .bytes = 4 * PAGE_SIZE, .align = 4 * PAGE_SIZE,
				       .gfp = GFP_KERNEL, .node = NUMA_NO_NODE,
				       .owner = PGTY_stack, .caller = "stack" };
	u64 addr, top, start, end;

	(void)get(m, PAGE_SIZE);
	CU_ASSERT_EQUAL(vmalloc(m, &req, &addr), 0);
	CU_ASSERT_TRUE(IS_ALIGNED(addr, 4 * PAGE_SIZE));
	CU_ASSERT_EQUAL(vmalloc_nr_owned(m, PGTY_stack), 4);
	CU_ASSERT_EQUAL(page_type(pfn_to_page(m, find_vm_area(m, addr)->pfns[3])), PGTY_stack);
	req.align = 12;
	CU_ASSERT_EQUAL(vmalloc(m, &req, &addr), -EINVAL);
	req.align = req.bytes = 0;
	CU_ASSERT_EQUAL(vmalloc(m, &req, &addr), -EINVAL);
	CU_ASSERT_EQUAL(vmap_area(m, 8192, 0xfed00000, VMAP_IOREMAP, "io", &addr), 0);
	CU_ASSERT_EQUAL(find_vm_area(m, addr)->bytes, 3 * PAGE_SIZE);
	CU_ASSERT_EQUAL(find_vm_area(m, addr)->nr_pages, 0);
	CU_ASSERT_EQUAL(vmap_area(m, 0, 0, VMAP_IOREMAP, "io", &addr), -EINVAL);
	CU_ASSERT_EQUAL(vmap_area(m, ~0ULL - 8192, 0, VMAP_IOREMAP, "io", &addr), -ENOMEM);
	vmalloc_range(m, &start, &end);
	CU_ASSERT_EQUAL(vmap_area_top(m, SZ_2M, SZ_2M, "top", &top), 0);
	CU_ASSERT_EQUAL(top, ALIGN_DOWN(end - SZ_2M, SZ_2M));
	CU_ASSERT_EQUAL(vfree(m, addr), 0);
	CU_ASSERT_EQUAL(vfree(m, top), 0);
	assert_clean(m);
	machine_without(m);
}

/* Above 512 pages the table of pages has pages of its own. */
static void test_table_of_pages(void)
{
	struct machine *m = small_machine();
	const struct vm_area *area;
	u64 free, addr;

	drain_all_pages(m, NULL);
	free = global_zone_stat(m, NR_FREE_PAGES);
	addr = get(m, 1024 * PAGE_SIZE);
	area = find_vm_area(m, addr);
	CU_ASSERT_TRUE(area->kind & VMAP_VPAGES);
	CU_ASSERT_EQUAL(nr_vm_areas(m), 2);
	CU_ASSERT_EQUAL(vmalloc_nr_pages(m), 1026);
	assert_clean(m);
	CU_ASSERT_EQUAL(vfree(m, addr), 0);
	CU_ASSERT_EQUAL(nr_vm_areas(m), 0);
	CU_ASSERT_EQUAL(vmalloc_nr_pages(m), 0);
	addr = get(m, 512 * PAGE_SIZE);
	CU_ASSERT_EQUAL(nr_vm_areas(m), 1);
	CU_ASSERT_EQUAL(vfree(m, addr), 0);
	drain_all_pages(m, NULL);
	/* What slab keeps for the next time is a page or two. */
	CU_ASSERT_TRUE(free - global_zone_stat(m, NR_FREE_PAGES) < 40);
	assert_clean(m);
	machine_without(m);
}

static void test_no_memory(void)
{
	struct machine *m = small_machine();
	struct vmalloc_request req = { .bytes = 1ULL << 40, .gfp = GFP_KERNEL,
				       .node = NUMA_NO_NODE };
	u64 addr, used = vmalloc_nr_pages(m);

	CU_ASSERT_EQUAL(vmalloc(m, &req, &addr), -ENOMEM);
	req.bytes = ~0ULL;
	CU_ASSERT_EQUAL(vmalloc(m, &req, &addr), -ENOMEM);
	/* Fits the machine, but not what is free of it. */
	req.bytes = PFN_PHYS(m->totalram_pages);
	CU_ASSERT_EQUAL(vmalloc(m, &req, &addr), -ENOMEM);
	CU_ASSERT_EQUAL(vmalloc_nr_pages(m), used);
	CU_ASSERT_EQUAL(nr_vm_areas(m), 0);
	assert_clean(m);
	machine_without(m);
}

static void digest_of(const struct machine *m, char hex[33])
{
	struct digest digest;

	digest_init(&digest);
	slab_digest(m, &digest);
	vmalloc_digest(m, &digest);
	digest_u64(&digest, global_zone_stat(m, NR_FREE_PAGES));
	digest_hex(&digest, hex);
}

/* Whichever host allocation fails: -ENOBUFS, and nothing has changed. */
static void test_host_memory(void)
{
	static const u64 sizes[] = { 1, 600 * PAGE_SIZE };
	struct machine *m = small_machine();
	char before[33], after[33];
	unsigned int refused = 0;

	for (int round = 0; round < 200; round++) {
		struct vmalloc_request req = { .bytes = sizes[round % 2], .gfp = GFP_KERNEL,
					       .node = NUMA_NO_NODE, .caller = "test" };
		u64 addr;
		int err = -ENOBUFS;

		for (unsigned int nth = 1; err; nth++) {
			digest_of(m, before);
			arena_fail_after(&m->arena, nth);
			err = vmalloc(m, &req, &addr);
			arena_fail_after(&m->arena, 0);
			if (!err)
				break;
			refused++;
			CU_ASSERT_EQUAL_FATAL(err, -ENOBUFS);
			digest_of(m, after);
			CU_ASSERT_STRING_EQUAL(before, after);
		}
		if (round % 2)
			CU_ASSERT_EQUAL(vfree(m, addr), 0);
	}
	CU_ASSERT_TRUE(refused > 300);
	assert_clean(m);
	machine_without(m);
}

/* 32 bits: behind the direct map and a hole of 8 MiB. */
static void test_32_bits(void)
{
	struct machine *m = machine_with(64, "i386");
	u64 start, end;

	vmalloc_range(m, &start, &end);
	CU_ASSERT_EQUAL(start, 0xc0000000 + 64 * SZ_1M + 8 * SZ_1M);
	CU_ASSERT_EQUAL(get(m, 1), start);
	assert_clean(m);
	machine_without(m);
}

static void percpu(struct machine *m, u64 unit_bytes, u64 used_bytes)
{
	static const struct percpu_group group = { 0, 2 };
	const struct percpu_first_chunk first = {
		.unit_bytes = unit_bytes, .used_bytes = used_bytes, .nr_groups = 1,
		.groups = &group,
	};

	m->nr_possible_cpus = 2;
	CU_ASSERT_EQUAL_FATAL(percpu_setup_first_chunk(m, &first), 0);
	CU_ASSERT_EQUAL_FATAL(percpu_init(m), 0);
}

/* The figures of captured machines with two CPUs: 512 kB, 264 kB. */
static void test_percpu(void)
{
	static const u32 map_pages[] = { 8, 9, 2, 512 };
	struct machine *m = small_machine();
	unsigned int nr;

	percpu(m, SZ_1M, 61 * PAGE_SIZE);
	CU_ASSERT_EQUAL(percpu_nr_pages(m) * 4, 512);
	CU_ASSERT_EQUAL(percpu_nr_chunk_pages(m), 6);
	nr = nr_vm_areas(m);
	CU_ASSERT_EQUAL_FATAL(nr, 5);
	for (unsigned int i = 0; i < 4; i++)
		CU_ASSERT_EQUAL(vm_area_at(m, i)->nr_pages, map_pages[i]);
	CU_ASSERT_EQUAL(vm_area_at(m, 4)->bytes, SZ_2M);
	assert_clean(m);
	machine_without(m);
	m = machine_with(64, "i386");
	percpu(m, 33 * PAGE_SIZE, 33 * PAGE_SIZE);
	CU_ASSERT_EQUAL(percpu_nr_pages(m) * 4, 264);
	CU_ASSERT_EQUAL(nr_vm_areas(m), 0);
	machine_without(m);
}

static void test_random(void)
{
	struct machine *m = small_machine();
	u64 live[200], rng = 11;
	unsigned int nr = 0;

	for (int i = 0; i < 6000; i++) {
		rng = rng * 6364136223846793005ULL + 1442695040888963407ULL;
		if (nr < ARRAY_SIZE(live) && (rng >> 33) % 100 < (i / 800 % 2 ? 35U : 65U)) {
			live[nr++] = get(m, 1 + (rng >> 40) % (9 * PAGE_SIZE));
		} else if (nr) {
			unsigned int at = (rng >> 45) % nr--;

			CU_ASSERT_EQUAL(vfree(m, live[at]), 0);
			live[at] = live[nr];
		}
		if (i % 1000 == 0)
			assert_clean(m);
	}
	CU_ASSERT_EQUAL(nr_vm_areas(m), nr);
	assert_clean(m);
	machine_without(m);
}

/* Areas are const for readers; a corruption is not a reader. */
static struct vm_area *area(struct machine *m, unsigned int i)
{
	return (struct vm_area *)(uintptr_t)vm_area_at(m, i);
}

static void plant_overlap(struct machine *m)
{
	area(m, 1)->addr -= PAGE_SIZE;
}

static void plant_unaligned(struct machine *m)
{
	area(m, 2)->addr += 1;
}

static void plant_no_guard(struct machine *m)
{
	area(m, 1)->bytes -= PAGE_SIZE;
}

static void plant_beyond(struct machine *m)
{
	area(m, 2)->bytes = 1ULL << 50;
}

static void plant_shared_page(struct machine *m)
{
	area(m, 0)->pfns[0] = area(m, 1)->pfns[0];
}

static void plant_page_type(struct machine *m)
{
	page_set_type(pfn_to_page(m, area(m, 0)->pfns[1]), PGTY_table);
}

static void plant_used(struct machine *m)
{
	pfn_to_page(m, area(m, 0)->pfns[0])->mapping = 0;
}

static void plant_percpu(struct machine *m)
{
	/* Any page of the chunk: found by its type. */
	for (u64 pfn = 0; pfn < m->max_pfn; pfn++) {
		if (!page_present(m, pfn) || page_type(pfn_to_page(m, pfn)) != PGTY_percpu)
			continue;
		pfn_to_page(m, pfn)->index++;
		return;
	}
}

static void test_corruptions(void)
{
	static const struct {
		const char *id;
		void (*plant)(struct machine *m);
	} corruptions[] = {
		{ "A5 ", plant_overlap }, { "A5 ", plant_unaligned }, { "A5 ", plant_no_guard },
		{ "A5 ", plant_beyond }, { "A5 ", plant_shared_page }, { "A5 ", plant_page_type },
		{ "A5 ", plant_used }, { "A7 ", plant_percpu },
	};

	for (size_t i = 0; i < ARRAY_SIZE(corruptions); i++) {
		struct machine *m = small_machine();
		struct out out = OUT_INIT;

		for (int n = 0; n < 4; n++)
			(void)get(m, 3 * PAGE_SIZE);
		percpu(m, SZ_1M, 61 * PAGE_SIZE);
		assert_clean(m);
		corruptions[i].plant(m);
		CU_ASSERT_TRUE(nr_broken(m, validate, &out) > 0);
		CU_ASSERT_PTR_NOT_NULL(strstr(out.text ? out.text : "", corruptions[i].id));
		out_free(&out);
		machine_without(m);
	}
}

static const CU_TestInfo tests[] = {
	{ "places", test_places },
		{ "pools of nodes", test_node_pools },
	{ "huge mappings", test_huge },
	{ "no blocks for them", test_no_blocks },
	{ "none wanted", test_nohuge },
	{ "freed areas wait", test_lazy_areas },
	{ "requests", test_requests },
	{ "the table of pages", test_table_of_pages },
	{ "no memory", test_no_memory },
	{ "host memory fails", test_host_memory },
	{ "32 bits", test_32_bits },
	{ "per-CPU memory", test_percpu },
	{ "random operations", test_random },
	{ "planted corruptions", test_corruptions },
};

int main(void)
{
	return suite_main("vmalloc", tests, ARRAY_SIZE(tests), NULL, NULL);
}
