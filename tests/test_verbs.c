// SPDX-License-Identifier: GPL-2.0-or-later
/* The machine's calls: every order of arguments, what they do, what they refuse. */
#include <fcntl.h>
#include <stdlib.h>

#include "lab.h"
#include "support.h"

#include "sim/phys/page_alloc.h"
#include "sim/phys/slab.h"
#include "sim/phys/percpu.h"
#include "sim/phys/vmalloc.h"

static struct lab lab;

static int setup(void)
{
	return lab_open(&lab, "pc");
}

static int teardown(void)
{
	lab_close(&lab);
	return 0;
}

static const struct machine *machine(void)
{
	return tree_machine(lab.tree);
}

/* Run a line that must succeed; its result. */
static u64 run(const char *line)
{
	int err = lab_run(&lab, line);

	if (err)
		printf("\n  %s: %s\n", line, lab_text(&lab.sentence));
	CU_ASSERT_EQUAL(err, 0);
	return strtoull(lab_text(&lab.out), NULL, 0);
}

static void refused(const char *line, int err)
{
	char before[DIGEST_CHARS + 1], after[DIGEST_CHARS + 1];
	int found;

	lab_digest(&lab, before);
	found = lab_run(&lab, line);
	lab_digest(&lab, after);
	if (found != err)
		printf("\n  %s: %s\n", line, lab_text(&lab.out));
	CU_ASSERT_EQUAL(found, err);
	CU_ASSERT(lab.sentence.len > 0);
	CU_ASSERT_STRING_EQUAL(before, after);
}

static void check_clean(void)
{
	CU_ASSERT_EQUAL(nr_broken(machine(), machine_check, NULL), 0);
}

static unsigned int node_of(u64 pfn)
{
	const struct zone *zone = pfn_zone(machine(), pfn);

	return zone ? zone->node : ~0U;
}

static void test_alloc_pages(void)
{
	static const struct {
		const char *line;
		unsigned int order;
		int node;
	} lines[] = {
		{ "alloc_pages 0", 0, -1 },
		{ "alloc_pages 3 kernel", 3, -1 },
		{ "alloc_pages 3 kernel,zero 1", 3, 1 },
		{ "alloc_pages 2 1", 2, 1 },
		{ "alloc_pages 2 -1", 2, -1 },
		{ "alloc_pages kernel 4", 4, -1 },
		{ "alloc_pages atomic 1 0", 1, 0 },
		{ "alloc_pages(GFP_KERNEL|__GFP_ZERO, 5)", 5, -1 },
		{ "alloc_pages(GFP_KERNEL, 6, 1)", 6, 1 },
		{ "alloc_pages(GFP_KERNEL, 10)", 10, -1 },
		{ "alloc_pages 1 highuser_movable", 1, -1 },
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(lines); i++) {
		u64 pfn = run(lines[i].line);

		CU_ASSERT_EQUAL(allocated_order(machine(), pfn), (int)lines[i].order);
		if (lines[i].node >= 0)
			CU_ASSERT_EQUAL(node_of(pfn), (unsigned int)lines[i].node);
		run("free_pages @");
		CU_ASSERT_EQUAL(allocated_order(machine(), pfn), -1);
	}
	CU_ASSERT_EQUAL(PFN_DOWN(PFN_PHYS(run("alloc_pages 0 dma"))) < 4096, true);
	run("free_pages @");
	check_clean();
}

static void test_alloc_pages_refused(void)
{
	refused("alloc_pages 11", -EINVAL);
	refused("alloc_pages 0xffffffffffffffff", -EINVAL);
	refused("alloc_pages -1", -EBADMSG);
	refused("alloc_pages 0 kernel 2", -EINVAL);
	refused("alloc_pages 0 kernel -2", -EINVAL);
	refused("alloc_pages 0 dma,dma32", -EINVAL);
	refused("alloc_pages 0 nosuch", -EBADMSG);
	refused("alloc_pages 0 0xcc0", -EINVAL);	/* a number is a node */
	refused("alloc_pages 0 kernel 0 0", -EBADMSG);
}

static void test_free_pages(void)
{
	u64 pfn = run("alloc_pages 3 as p"), addr = machine()->arch->page_offset + PFN_PHYS(pfn);
	char line[128];

	refused("free_pages @p 2", -EINVAL);
	refused("free_pages @p+1", -EINVAL);	/* a tail */
	snprintf(line, sizeof(line), "free_pages %#llx", (unsigned long long)addr + 8);
	refused(line, -EINVAL);
	snprintf(line, sizeof(line), "free_pages(%#llx, 3)", (unsigned long long)addr);
	run(line);
	refused("free_pages @p", -EINVAL);
	refused("free_pages 0", -EINVAL);
	refused("free_pages 1", -EINVAL);
	refused("free_pages 0xffffffff", -EINVAL);
	refused("free_pages 0xffffffffffffffff", -EINVAL);
	refused("free_pages 0x8000000000000000", -EINVAL);
	/* Pages of others are not a script's to free. */
	addr = run("kmalloc 64 as k");
	snprintf(line, sizeof(line), "free_pages %#llx",
		 (unsigned long long)ALIGN_DOWN(addr, PAGE_SIZE));
	refused(line, -EINVAL);
	addr = run("kmalloc 100K as big");
	snprintf(line, sizeof(line), "free_pages %#llx", (unsigned long long)addr);
	refused(line, -EINVAL);
	run("kfree @big");
	run("kfree @k");
	check_clean();
}

static void test_kmalloc(void)
{
	struct kmem_cache *cache;
	bool allocated = false;
	u64 addr = run("kmalloc 100 as a");

	cache = kmem_cache_of(machine(), addr, &allocated);
	CU_ASSERT_PTR_NOT_NULL(cache);
	CU_ASSERT(allocated);
	refused("kfree @a+8", -EINVAL);
	run("kfree @a");
	refused("kfree @a", -EINVAL);
	run("kfree 0");
	run("kfree NULL");
	CU_ASSERT_EQUAL(run("kmalloc(0, GFP_KERNEL)"), ZERO_SIZE_PTR);
	run("kfree @");
	run("kmalloc 8K");
	run("kfree @");
	run("kmalloc 64 kernel 1");
	run("kfree @");
	run("kmalloc 64 1");
	run("kfree @");
	run("kmalloc(4M, GFP_KERNEL)");
	run("kfree @");
	CU_ASSERT_EQUAL(lab_run(&lab, "kmalloc 1G = -1 ENOMEM"), 0);
	CU_ASSERT_EQUAL(lab_run(&lab, "kmalloc 0xffffffffffffffff = -1 ENOMEM"), 0);
	refused("kmalloc -1", -EBADMSG);
	refused("kfree 0x1234", -EINVAL);
	refused("kfree 0xffffffffffffffff", -EINVAL);
	refused("kfree 0x7fffffffffff", -EINVAL);
	check_clean();
}

static void test_caches(void)
{
	run("kmem_cache_create mine 200 64 hwcache_align,no_merge");
	refused("kmem_cache_create mine 200", -EEXIST);
	run("kmem_cache_alloc mine as o");
	run("kmem_cache_alloc(mine, GFP_KERNEL) as o2");
	CU_ASSERT_EQUAL(lab_run(&lab, "kmem_cache_destroy mine"), -EBUSY);
	refused("kmem_cache_free mine @o+8", -EINVAL);
	refused("kmem_cache_free kmalloc-64 @o", -EINVAL);
	refused("kmem_cache_free nosuch @o", -ENOENT);
	run("kmem_cache_free mine @o");
	refused("kmem_cache_free mine @o", -EINVAL);
	run("kmem_cache_free(\"mine\", @o2)");
	run("kmem_cache_shrink mine");
	run("kmem_cache_destroy mine");
	refused("kmem_cache_alloc mine", -ENOENT);
	/* An alias goes by its own name; the cache it shares stays. */
	run("kmem_cache_create(\"alias\", 64, 0, SLAB_PANIC, NULL)");
	run("kmem_cache_destroy alias");
	refused("kmem_cache_destroy kmalloc-64", -EPERM);
	refused("kmem_cache_destroy kmem_cache", -EPERM);
	refused("kmem_cache_create x 0", -EINVAL);
	refused("kmem_cache_create x 4G", -EINVAL);
	refused("kmem_cache_create x 64 3", -EINVAL);
	refused("kmem_cache_create \"a/b\" 64", -EINVAL);
	refused("kmem_cache_create \"\" 64", -EBADMSG);
	run("kmem_cache_create short 64 hwcache_align");
	run("kmem_cache_destroy short");
	check_clean();
}

/* Threads of the kernel run on a CPU, and TLBs are flushed by name. */
static void test_tlb(void)
{
	run("schedule 0");
	run("schedule 2");
	refused("schedule 1", -EINVAL);
	refused("schedule 30000", -ESRCH);
	run("flush_tlb_all");
	run("flush_tlb_mm 1");
	refused("flush_tlb_mm 2", -ESRCH);
	refused("flush_tlb_page 1 0", -EFAULT);
	refused("flush_tlb_range 1 0 4K", -EFAULT);
	run("flush_tlb_kernel_range 0xffffc90000000000 8K");
	run("flush_tlb_kernel_range 0xffffc90000000000 1G");
	refused("flush_tlb_kernel_range 4096 8K", -EINVAL);
	refused("flush_tlb_kernel_range 0xffffc90000000000 0xffffffffffffffff", -EINVAL);
	run("schedule");
	check_clean();
}

static void test_vmalloc(void)
{
	unsigned int areas = nr_vm_areas(machine());
	u64 first = 0;

	run("vmalloc 1M as v");
	run("vmalloc 4097 kernel,zero as w");
	run("vmalloc(8K, GFP_KERNEL, 1) as x");
	CU_ASSERT_EQUAL(nr_vm_areas(machine()), areas + 3);
	refused("vfree @v+4K", -EINVAL);
	run("vfree @v");
	refused("vfree @v", -EINVAL);
	run("vfree @w");
	run("vfree @x");
	run("vfree 0");
	refused("vmalloc 0", -EINVAL);
	refused("vmalloc 1P", -ENOMEM);
	refused("vmalloc 0xffffffffffffffff", -ENOMEM);
	refused("vfree 5", -EINVAL);
	if (areas) {
		char line[64];

		first = vm_area_at(machine(), 0)->addr;
		snprintf(line, sizeof(line), "vfree %#llx", (unsigned long long)first);
		refused(line, -EINVAL);		/* the kernel's own */
	}
	CU_ASSERT_EQUAL(nr_vm_areas(machine()), areas);
	check_clean();
}

static u64 per_cpu_kb(void)
{
	const char *at = strstr(lab_cat(&lab, "proc/meminfo"), "Percpu:");

	return at ? strtoull(at + 7, NULL, 10) : 0;
}

/* A second chunk comes when the first is full, and goes when it is empty again. */
static void test_percpu(void)
{
	unsigned int areas = nr_vm_areas(machine());
	u64 before = per_cpu_kb(), one, pages = percpu_nr_chunk_pages(machine());
	unsigned int nr = 0;
	char line[64];

	run("alloc_percpu 100 as a");
	run("alloc_percpu 5 1 GFP_ATOMIC as b");
	run("alloc_percpu(4K, 4K) as c");
	one = lab_run(&lab, "free_percpu @c+4");
	CU_ASSERT_EQUAL((int)one, -EINVAL);
	run("free_percpu @a");
	refused("free_percpu @a", -EINVAL);
	run("free_percpu 0");
	refused("alloc_percpu 0", -EINVAL);
	refused("alloc_percpu 32769", -EINVAL);
	refused("alloc_percpu 8 12", -EINVAL);
	refused("alloc_percpu 8 8K", -EINVAL);
	while (nr_vm_areas(machine()) == areas && nr < 200) {
		snprintf(line, sizeof(line), "alloc_percpu 32K as big%u", nr++);
		run(line);
	}
	CU_ASSERT_TRUE(nr > 2 && nr < 200);
	CU_ASSERT_TRUE(per_cpu_kb() > before);
	check_clean();
	while (nr--) {
		snprintf(line, sizeof(line), "free_percpu @big%u", nr);
		run(line);
	}
	run("free_percpu @b");
	run("free_percpu @c");
	/* What is empty is kept, but not in two chunks. */
	run("alloc_percpu 4 as a");
	run("free_percpu @a");
	CU_ASSERT_TRUE(percpu_nr_chunk_pages(machine()) >= pages);
	check_clean();
}

static void test_tick(void)
{
	u64 before = machine()->now_ns;

	run("tick");
	CU_ASSERT_EQUAL(machine()->now_ns - before, 4000000);	/* HZ=250 */
	run("tick 3");
	CU_ASSERT_EQUAL(machine()->now_ns - before, 16000000);
	run("tick(1s)");
	CU_ASSERT_EQUAL(machine()->now_ns - before, 1016000000);
	run("tick 86400s");
	refused("tick 86401s", -EINVAL);
	refused("tick -1", -EBADMSG);
	check_clean();
}

/* Each CPU has its own lists: what one frees, it gets again; the other does not. */
static void test_cpus(void)
{
	u64 first, again, other;

	first = run("sim/cpu/1/ctl: alloc_pages 0 as c");
	run("sim/cpu/1/ctl: free_pages @c");
	other = run("sim/cpu/0/ctl: alloc_pages 0 as d");
	again = run("sim/cpu/1/ctl: alloc_pages 0");
	CU_ASSERT_EQUAL(first, again);
	CU_ASSERT_NOT_EQUAL(other, again);
	CU_ASSERT_EQUAL(node_of(first), machine()->cpu_node[1]);
	run("sim/cpu/3/ctl: alloc_pages 0");
	CU_ASSERT_EQUAL(node_of(strtoull(lab_text(&lab.out), NULL, 0)),
			machine()->cpu_node[3]);
	/* `@` is each file's own. */
	run("sim/cpu/3/ctl: free_pages @");
	run("sim/cpu/1/ctl: free_pages @");
	run("free_pages @d");
	run("drain");
	check_clean();
}

static void test_reboot(void)
{
	char fresh[DIGEST_CHARS + 1], again[DIGEST_CHARS + 1];

	run("reboot");
	lab_digest(&lab, fresh);
	run("alloc_pages 4 as gone");
	run("tick 5s");
	run("reboot");
	lab_digest(&lab, again);
	CU_ASSERT_STRING_EQUAL(fresh, again);
	CU_ASSERT_EQUAL(machine()->nr_cpus, 4);
	refused("free_pages @gone", -EBADMSG);
	refused("free_pages @", -EBADMSG);
}

/* A broken invariant stops the machine, not the tree; reboot and undo help. */
static void test_broken(void)
{
	u64 pfn;

	run("reboot");
	pfn = run("alloc_pages 0 as p");
	pfn_to_page(machine(), pfn)->refcount = 2;
	CU_ASSERT_EQUAL(lab_run(&lab, "free_pages @p"), -EIO);
	CU_ASSERT_PTR_NOT_NULL(strstr(lab_text(&lab.sentence), "echo reboot > sim/ctl"));
	CU_ASSERT(machine()->broken);
	CU_ASSERT_EQUAL(lab_run(&lab, "alloc_pages 0"), -EIO);
	CU_ASSERT_PTR_NOT_NULL(strstr(lab_cat(&lab, "sim/last"), "echo reboot > sim/ctl"));
	CU_ASSERT(strlen(lab_cat(&lab, "proc/zoneinfo")) > 1000);
	run("undo");
	CU_ASSERT(!machine()->broken);
	run("free_pages @p");
	pfn = run("alloc_pages 0 as p");
	pfn_to_page(machine(), pfn)->refcount = 2;
	CU_ASSERT_EQUAL(lab_run(&lab, "free_pages @p = -1 EIO"), 0);
	run("reboot");
	run("alloc_pages 0");
	check_clean();
}

/* Pages that lie together, of any number, one by one freed or all at once. */
static void test_contig(void)
{
	u64 pfn = run("alloc_contig_pages 300 kernel 1 as c");

	CU_ASSERT_EQUAL(pfn % 300, 0);
	CU_ASSERT_EQUAL(node_of(pfn), 1);
	refused("free_contig_range @c 301", -EINVAL);
	run("free_contig_range @c 100");
	refused("free_contig_range @c 300", -EINVAL);
	run("free_pages @c+100");
	run("free_contig_range @c+101 199");
	refused("alloc_contig_pages 0", -EINVAL);
	refused("alloc_contig_pages 1T", -EINVAL);
	CU_ASSERT_EQUAL(lab_run(&lab, "alloc_contig_pages 1M"), -ENOMEM);
	check_clean();
}

/* No host memory, wherever it is missed: the line is refused, nothing has changed. */
static void test_no_host_memory(void)
{
	static const char *const lines[] = {
		"alloc_pages 0 as h", "alloc_pages 10", "kmalloc 96", "kmalloc 64K",
		"kmem_cache_create hostless 72 no_merge", "vmalloc 256K as v", "alloc_pages 9 1",
		"kmem_cache_alloc hostless as o", "kmem_cache_alloc hostless as p",
		"kmem_cache_free hostless @o", "kmem_cache_shrink hostless",
		"kmem_cache_free hostless @p", "kmem_cache_shrink hostless",
		"kmem_cache_destroy hostless", "kmalloc 8K as k", "kfree @k", "vfree @v",
		"sim/cpu/2/ctl: alloc_pages 3 0 1 as far", "free_pages @far", "free_pages @h",
		"proc/sys/vm/min_free_kbytes: 10000", "proc/sys/vm/watermark_scale_factor: 20",
		"proc/sys/vm/lowmem_reserve_ratio: 100 100 10",
		"proc/sys/vm/percpu_pagelist_high_fraction: 10",
		"proc/sys/vm/nr_hugepages: 40", "proc/sys/vm/nr_hugepages: 3",
		"proc/sys/vm/nr_hugepages: 0", "tick 5s", "drain",
		"alloc_contig_pages 3000 as c", "free_contig_range @c 3000",
	};

	run("reboot");
	for (unsigned int i = 0; i < ARRAY_SIZE(lines); i++) {
		char before[DIGEST_CHARS + 1], after[DIGEST_CHARS + 1];
		int err = -ENOMEM;

		for (unsigned int n = 1; err && n < 200; n++) {
			struct arena *arena = &((struct machine *)machine())->arena;

			lab_digest(&lab, before);
			arena_fail_after(arena, n);
			err = lab_run(&lab, lines[i]);
			arena_fail_after(arena, 0);
			lab_digest(&lab, after);
			CU_ASSERT(!err || err == -ENOMEM);
			if (err && strcmp(before, after))
				printf("\n  %s: allocation %u: digest changed\n", lines[i], n);
			CU_ASSERT(!err || !strcmp(before, after));
		}
		CU_ASSERT_EQUAL(err, 0);
	}
	check_clean();
}

static const CU_TestInfo tests[] = {
	{ "alloc pages", test_alloc_pages },
	{ "alloc pages refused", test_alloc_pages_refused },
	{ "free pages", test_free_pages },
	{ "kmalloc", test_kmalloc },
	{ "caches", test_caches },
	{ "TLBs", test_tlb },
	{ "vmalloc", test_vmalloc },
	{ "per-CPU memory", test_percpu },
	{ "tick", test_tick },
	{ "cpus", test_cpus },
	{ "reboot", test_reboot },
	{ "broken", test_broken },
	{ "pages that lie together", test_contig },
	{ "pages that lie together", test_contig },
	{ "no host memory", test_no_host_memory },
};

int main(void)
{
	return suite_main("verbs", tests, ARRAY_SIZE(tests), setup, teardown);
}
