// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The whole machine: booted ones are clean, corruptions that only the census can
 * see are seen, the digest knows what is state and what is not, page_owner.
 */
#include <stdio.h>
#include <stdlib.h>

#include "support.h"
#include "sim/base/bug.h"
#include "sim/boot/config.h"
#include "sim/boot/memblock.h"
#include "sim/phys/page_alloc.h"
#include "sim/phys/page_owner.h"
#include "sim/phys/slab.h"
#include "sim/phys/tunables.h"
#include "sim/phys/vmalloc.h"
#include "sim/virt/kstack.h"
#include "sim/virt/task.h"

#define FILE_TEXT "[machine]\narch = %s\nrelease = %s\ncmdline = %s\n[node 0]\ncpus = 0-1\nmemory = %s\n"

struct booted {
	struct machine_config *config;
	struct machine *m;
};

static struct booted boot(const char *arch, const char *release, const char *cmdline,
			  const char *memory)
{
	static const char *const no_sets[] = { NULL };
	struct booted b = { 0 };
	char text[512], *error = NULL;

	snprintf(text, sizeof(text), FILE_TEXT, arch, release, cmdline, memory);
	CU_ASSERT_EQUAL_FATAL(machine_config_parse("test", text, no_sets, &b.config, &error), 0);
	CU_ASSERT_EQUAL_FATAL(machine_boot(b.config, &b.m, &error), 0);
	return b;
}

static void shut_down(struct booted *b)
{
	machine_free(b->m);
	machine_config_free(b->config);
}

static void assert_clean(const struct machine *m)
{
	CU_ASSERT_EQUAL(nr_broken(m, machine_check, NULL), 0);
}

static void test_booted_machines_are_clean(void)
{
	static const struct {
		const char *arch, *release, *cmdline, *memory;
	} machines[] = {
		{ "x86_64", "6.18", "quiet", "512M" },
		{ "x86_64", "6.1", "quiet slub_debug=FZPU", "512M" },
		{ "x86_64", "6.18", "page_owner=on", "256M" },
		{ "x86_64", "6.1", "slab_nomerge", "8G" },
		{ "i386", "6.1", "quiet", "1G" },
		{ "i386-pae", "6.1", "quiet", "5G" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(machines); i++) {
		struct booted b = boot(machines[i].arch, machines[i].release,
				       machines[i].cmdline, machines[i].memory);

		assert_clean(b.m);
		shut_down(&b);
	}
}

static u32 take_page(struct machine *m, enum pagetype owner)
{
	u32 pfn = PFN_NIL;

	CU_ASSERT_EQUAL_FATAL(alloc_kernel_pages(m, GFP_KERNEL, 0, NUMA_NO_NODE, owner, &pfn), 0);
	return pfn;
}

/* Pages that say that somebody owns them who does not know of it. */
static void test_census(void)
{
	static const struct {
		enum pagetype owner;
		const char *id;
	} strays[] = {
		{ PGTY_slab, "A4 " }, { PGTY_vmalloc, "A5 " }, { PGTY_percpu, "A7 " }, { PGTY_stack, "A6 " },
	};

	for (size_t i = 0; i < ARRAY_SIZE(strays); i++) {
		struct booted b = boot("x86_64", "6.18", "quiet", "128M");
		struct out out = OUT_INIT;

		(void)take_page(b.m, strays[i].owner);
		CU_ASSERT_EQUAL(nr_broken(b.m, machine_check, &out), 1);
		CU_ASSERT_PTR_NOT_NULL_FATAL(out.text);
		CU_ASSERT_EQUAL(strncmp(out.text, strays[i].id, 3), 0);
		out_free(&out);
		shut_down(&b);
	}
}

static void test_kernel_stacks(void)
{
	struct booted b = boot("x86_64", "6.18", "quiet", "128M");
	struct out out = OUT_INIT;
	u64 addr, again, nr;

	CU_ASSERT_EQUAL(vmalloc_nr_owned(b.m, PGTY_stack), 4ULL * (b.m->tasks->nr + 1));
	CU_ASSERT_TRUE(IS_ALIGNED(task_find(b.m, 2)->stack, 16384));
	nr = vmalloc_nr_owned(b.m, PGTY_stack);
	CU_ASSERT_EQUAL_FATAL(kernel_stack_alloc(b.m, 0, "test+0x1/0x2", &addr), 0);
	CU_ASSERT_EQUAL(vmalloc_nr_owned(b.m, PGTY_stack), nr + 4);
	/* A stack without a task: its pages and the counter are too many. */
	CU_ASSERT_EQUAL(nr_broken(b.m, machine_check, &out), 2);
	out_clear(&out);
	kernel_stack_free(b.m, addr);
	/* The CPU keeps it for the next task, and one more. */
	CU_ASSERT_EQUAL(vmalloc_nr_owned(b.m, PGTY_stack), nr + 4);
	assert_clean(b.m);
	b.m->tasks->cached_stack[0][0] += PAGE_SIZE;
	CU_ASSERT_EQUAL(nr_broken(b.m, machine_check, &out), 1);
	CU_ASSERT_EQUAL(strncmp(out.text ? out.text : "", "A6 ", 3), 0);
	out_clear(&out);
	b.m->tasks->cached_stack[0][0] = task_find(b.m, 2)->stack;
	CU_ASSERT_EQUAL(nr_broken(b.m, machine_check, &out), 1);
	out_clear(&out);
	b.m->tasks->cached_stack[0][0] = addr;
	CU_ASSERT_EQUAL_FATAL(kernel_stack_alloc_task(b.m, 0, &again), 0);
	CU_ASSERT_EQUAL(again, addr);
	kernel_stack_free(b.m, again);
	b.m->nodes[0]->stat[NR_KERNEL_STACK] += 16;
	CU_ASSERT_EQUAL(nr_broken(b.m, machine_check, &out), 1);
	CU_ASSERT_EQUAL(strncmp(out.text ? out.text : "", "A6 ", 3), 0);
	out_free(&out);
	shut_down(&b);
}

static void test_equal_histories(void)
{
	struct booted one = boot("x86_64", "6.18", "quiet", "256M");
	struct booted two = boot("x86_64", "6.18", "quiet", "256M");
	char a[DIGEST_CHARS + 1], b[DIGEST_CHARS + 1];

	machine_digest(one.m, a);
	machine_digest(two.m, b);
	CU_ASSERT_STRING_EQUAL(a, b);
	for (int i = 0; i < 50; i++) {
		u32 pfn1 = take_page(one.m, PGTY_kernel), pfn2 = take_page(two.m, PGTY_kernel);

		if (i % 3) {
			free_pages(one.m, pfn1, 0);
			free_pages(two.m, pfn2, 0);
		}
	}
	machine_digest(one.m, a);
	machine_digest(two.m, b);
	CU_ASSERT_STRING_EQUAL(a, b);
	assert_clean(one.m);
	machine_digest(one.m, b);
	CU_ASSERT_STRING_EQUAL(a, b);	/* checking changes nothing */
	shut_down(&one);
	shut_down(&two);
}

static void change_page(struct machine *m)
{
	(void)take_page(m, PGTY_kernel);
}

static void change_object(struct machine *m)
{
	u64 addr;

	CU_ASSERT_EQUAL(kmalloc(m, 100, GFP_KERNEL, NUMA_NO_NODE, &addr), 0);
}

static void change_area(struct machine *m)
{
	u64 addr;

	CU_ASSERT_EQUAL(vmap_area(m, 1, 0, VMAP_IOREMAP, "x", &addr), 0);
}

static void change_time(struct machine *m)
{
	m->now_ns++;
}

static void change_tunable(struct machine *m)
{
	m->tunables->swappiness++;
}

static void test_digest_sees(void)
{
	static void (*const changes[])(struct machine *m) = {
		change_page, change_object, change_area, change_time,
		change_tunable,
	};
	struct booted b = boot("x86_64", "6.18", "quiet", "128M");
	char before[DIGEST_CHARS + 1], after[DIGEST_CHARS + 1];

	for (size_t i = 0; i < ARRAY_SIZE(changes); i++) {
		machine_digest(b.m, before);
		changes[i](b.m);
		machine_digest(b.m, after);
		CU_ASSERT_STRING_NOT_EQUAL(before, after);
	}
	/* Explanations and descriptors that came early are no state. */
	machine_digest(b.m, before);
	machine_why(b.m, "because");
	for (u64 pfn = 0; pfn < b.m->max_pfn; pfn += PAGES_PER_SECTION)
		CU_ASSERT_EQUAL(section_materialise(b.m, pfn), 0);
	machine_digest(b.m, after);
	CU_ASSERT_STRING_EQUAL(before, after);
	shut_down(&b);
}

static bool find_owner(const struct machine *m, u64 wanted, struct page_owner_info *info)
{
	u64 pfn = wanted;

	return page_owner_next(m, &pfn, info) && info->pfn == wanted;
}

static void somebody(const struct machine *m, struct page_owner_task *task)
{
	(void)m;
	*task = (struct page_owner_task) { 42, 41, "a-rather-long-name" };
}

static void test_page_owner(void)
{
	struct booted b = boot("x86_64", "6.18", "page_owner=on", "128M");
	struct machine *m = b.m;
	struct page_owner_info info;
	struct out out = OUT_INIT;
	u64 nr = 0, at = 0;
	u32 pfn;

	CU_ASSERT_PTR_NOT_NULL_FATAL(m->page_owner);
	while (page_owner_next(m, &at, &info))
		nr++;
	CU_ASSERT_TRUE(nr > 100);	/* what the boot took */
	page_owner_ask(m, somebody);
	m->now_ns = 5;
	CU_ASSERT_EQUAL(alloc_kernel_pages(m, GFP_KERNEL | __GFP_COMP, 2, NUMA_NO_NODE,
					   PGTY_kernel, &pfn), 0);
	CU_ASSERT_TRUE_FATAL(find_owner(m, pfn, &info));
	CU_ASSERT_EQUAL(info.order, 2);
	CU_ASSERT_EQUAL(info.gfp, GFP_KERNEL | __GFP_COMP);
	CU_ASSERT_EQUAL(info.pid, 42);
	CU_ASSERT_EQUAL(info.tgid, 41);
	CU_ASSERT_STRING_EQUAL(info.comm, "a-rather-long-n");
	CU_ASSERT_EQUAL(info.ts_ns, 5);
	CU_ASSERT_TRUE_FATAL(info.nr_ips > 1);
	stack_trace_print(&out, info.ips, info.nr_ips, "");
	CU_ASSERT_PTR_NOT_NULL(strstr(out.text, "test_page_owner+0x"));
	out_free(&out);
	assert_clean(m);
	m->now_ns = 9;
	free_pages(m, pfn, 2);
	CU_ASSERT_FALSE(find_owner(m, pfn, &info));
	assert_clean(m);
	shut_down(&b);
}

static void test_page_owner_corrupted(void)
{
	struct booted b = boot("x86_64", "6.18", "page_owner=on", "128M");
	struct out out = OUT_INIT;
	u32 pfn = take_page(b.m, PGTY_kernel), at = 0;
	unsigned int nr_ips;
	const u64 *ips;
	u64 nr_pages;

	page_owner_set(b.m, pfn, 3, GFP_KERNEL);
	CU_ASSERT_EQUAL(nr_broken(b.m, machine_check, &out), 1);
	CU_ASSERT_EQUAL(strncmp(out.text ? out.text : "", "P6 ", 3), 0);
	out_clear(&out);
	page_owner_set(b.m, pfn, 0, GFP_KERNEL);
	/* A stack says that it has allocated a page more. */
	CU_ASSERT_TRUE_FATAL(page_owner_prev_stack(b.m, &at, &ips, &nr_ips, &nr_pages));
	((u64 *)ips)[-1] += 1 << 8;
	CU_ASSERT_EQUAL(nr_broken(b.m, machine_check, &out), 1);
	CU_ASSERT_EQUAL(strncmp(out.text ? out.text : "", "PO1 ", 4), 0);
	out_free(&out);
	shut_down(&b);
}

static void plant_region(struct machine *m)
{
	m->memblock->memory.regions[0].size += SZ_1G;
}

static void plant_total(struct machine *m)
{
	m->memblock->reserved.total_size--;
}

static void plant_pid(struct machine *m)
{
	m->tasks->tasks[3]->pid = m->tasks->tasks[2]->pid;
}

static void plant_orphan(struct machine *m)
{
	m->tasks->tasks[4]->ppid = 77777;
}

static void plant_huge_page(struct machine *m)
{
	for (u64 pfn = 0; pfn < m->max_pfn; pfn++)
		if (page_present(m, pfn) && page_type(pfn_to_page(m, pfn)) == PGTY_hugetlb) {
			page_set_type(pfn_to_page(m, pfn), PGTY_kernel);
			return;
		}
	CU_FAIL("no huge page");
}

static void plant_per_cpu(struct machine *m)
{
	for (u64 pfn = 0; pfn < m->max_pfn; pfn++)
		if (page_present(m, pfn) && page_type(pfn_to_page(m, pfn)) == PGTY_percpu) {
			pfn_to_page(m, pfn)->index++;
			return;
		}
	CU_FAIL("no page of per-CPU memory");
}

static void plant_zone(struct machine *m)
{
	m->nodes[0]->zones[ZONE_DMA32]->start_pfn++;
}

static void plant_dma_block(struct machine *m)
{
	m->nodes[0]->zones[ZONE_DMA]->spanned_pages -= 2048;
}

static void plant_overlap(struct machine *m)
{
	m->nodes[0]->zones[ZONE_DMA]->spanned_pages++;
}

/* What no module's own test plants. */
static void test_planted(void)
{
	static const struct {
		const char *id;
		void (*plant)(struct machine *m);
	} all[] = {
		{ "P1 memblock.memory", plant_region }, { "P1 memblock.reserved", plant_total },
		{ "K1 task", plant_pid }, { "K1 task", plant_orphan },
		{ "H1 page", plant_huge_page }, { "A7 chunk", plant_per_cpu },
		{ "P3 ", plant_zone }, { "B1 block", plant_dma_block },
		{ "P2 node", plant_overlap },
	};

	for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
		struct booted b = boot("x86_64", "6.18", "hugepages=2", "256M");
		struct out out = OUT_INIT;

		all[i].plant(b.m);
		CU_ASSERT_TRUE(nr_broken(b.m, machine_check, &out) > 0);
		CU_ASSERT_PTR_NOT_NULL(out.text && strstr(out.text, all[i].id) ? out.text : NULL);
		if (!out.text || !strstr(out.text, all[i].id))
			fprintf(stderr, "%s is not found:\n%.1000s\n", all[i].id,
				out.text ? out.text : "");
		out_free(&out);
		shut_down(&b);
	}
}

static const CU_TestInfo tests[] = {
	{ "planted", test_planted },
	{ "booted machines are clean", test_booted_machines_are_clean },
	{ "the census", test_census },
	{ "kernel stacks", test_kernel_stacks },
	{ "equal histories", test_equal_histories },
	{ "what the digest sees", test_digest_sees },
	{ "page_owner", test_page_owner },
	{ "a record of page_owner that is wrong", test_page_owner_corrupted },
};

int main(void)
{
	return suite_main("check", tests, ARRAY_SIZE(tests), NULL, NULL);
}
