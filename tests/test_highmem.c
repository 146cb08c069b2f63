// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * kmap and its like on machines of 32 bits: addresses in turn, users counted, rounds
 * that free what nobody uses; slots of each CPU; and what has an address anyway.
 */
#include "support.h"
#include "task_machine.h"

#include "sim/phys/page_alloc.h"
#include "sim/virt/highmem.h"
#include "sim/virt/tlb.h"

static const char *const machines[] = { "i386", "i386-pae" };

static void boot(struct task_machine *tm, unsigned int i)
{
	char arch[32];
	const char *const sets[] = { arch, NULL };

	snprintf(arch, sizeof(arch), "arch=%s", machines[i]);
	task_machine_boot(tm, "i386", sets);
}

static u32 high_page(struct task_machine *tm)
{
	const struct alloc_request req = { .gfp = GFP_HIGHUSER, .node = NUMA_NO_NODE };
	u32 pfn = PFN_NIL;

	CU_ASSERT_EQUAL_FATAL(alloc_pages(tm->m, &req, &pfn), 0);
	CU_ASSERT_TRUE_FATAL(page_is_highmem(tm->m, pfn));
	return pfn;
}

static void test_kmap(void)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(machines); i++) {
		struct task_machine tm;
		u64 base, vaddr, again;
		u32 page, other;

		boot(&tm, i);
		CU_ASSERT_EQUAL(tm.m->arch->last_pkmap, i ? 512 : 1024);
		base = pkmap_base(tm.m);
		CU_ASSERT_EQUAL(base, i ? 0xff000000 : 0xfec00000);
		page = high_page(&tm);
		other = high_page(&tm);
		CU_ASSERT_EQUAL(page_address(tm.m, page), 0);
		CU_ASSERT_EQUAL(kmap(tm.m, page, &vaddr), 0);
		CU_ASSERT_EQUAL(vaddr, base + PAGE_SIZE);
		CU_ASSERT_EQUAL(kmap(tm.m, page, &again), 0);
		CU_ASSERT_EQUAL(again, vaddr);
		CU_ASSERT_EQUAL(tm.m->virt->highmem->pkmaps[1].count, 3);
		CU_ASSERT_EQUAL(kmap(tm.m, other, &again), 0);
		CU_ASSERT_EQUAL(again, base + 2 * PAGE_SIZE);
		CU_ASSERT_EQUAL(kunmap(tm.m, page), 0);
		CU_ASSERT_EQUAL(kunmap(tm.m, page), 0);
		CU_ASSERT_EQUAL(kunmap(tm.m, page), -EINVAL);
		/* Nobody uses it, and it is still there. */
		CU_ASSERT_EQUAL(page_address(tm.m, page), vaddr);
		CU_ASSERT_EQUAL(kmap(tm.m, page, &again), 0);
		CU_ASSERT_EQUAL(again, vaddr);
		CU_ASSERT_EQUAL(kunmap(tm.m, page), 0);
		CU_ASSERT_EQUAL(task_machine_check(tm.m), 0);
		free_pages(tm.m, page, 0);
		free_pages(tm.m, other, 0);
		task_machine_end(&tm);
	}
}

/* All addresses are used; then none is, and the turn begins anew. */
static void test_round(void)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(machines); i++) {
		struct task_machine tm;
		u32 pages[MAX_PKMAP + 1];
		unsigned int last;
		u64 vaddr, flushes;

		boot(&tm, i);
		last = tm.m->arch->last_pkmap;
		for (unsigned int n = 0; n <= last; n++)
			pages[n] = high_page(&tm);
		for (unsigned int n = 0; n < last; n++)
			CU_ASSERT_EQUAL(kmap(tm.m, pages[n], &vaddr), 0);
		/* The last one got the first address. */
		CU_ASSERT_EQUAL(vaddr, pkmap_base(tm.m));
		CU_ASSERT_EQUAL(kmap(tm.m, pages[last], &vaddr), -EAGAIN);
		for (unsigned int n = 0; n < last; n++)
			CU_ASSERT_EQUAL(kunmap(tm.m, pages[n]), 0);
		flushes = tm.m->virt->tlb->calls[CALL_flush_tlb_kernel_range];
		CU_ASSERT_EQUAL(tm.m->virt->highmem->flushes, 0);
		CU_ASSERT_EQUAL(kmap(tm.m, pages[last], &vaddr), 0);
		/* All but the first addresses are passed before the round ends. */
		CU_ASSERT_EQUAL(tm.m->virt->highmem->flushes, 1);
		CU_ASSERT_EQUAL(tm.m->virt->tlb->calls[CALL_flush_tlb_kernel_range], flushes + 1);
		CU_ASSERT_EQUAL(vaddr, pkmap_base(tm.m));
		CU_ASSERT_EQUAL(page_address(tm.m, pages[0]), 0);
		CU_ASSERT_EQUAL(kunmap(tm.m, pages[last]), 0);
		CU_ASSERT_EQUAL(task_machine_check(tm.m), 0);
		for (unsigned int n = 0; n <= last; n++)
			free_pages(tm.m, pages[n], 0);
		task_machine_end(&tm);
	}
}

static void test_local(void)
{
	struct task_machine tm;
	u64 vaddr, slots[KM_MAX_IDX];
	u32 page;

	boot(&tm, 0);
	page = high_page(&tm);
	for (unsigned int i = 0; i < KM_MAX_IDX; i++)
		CU_ASSERT_EQUAL(kmap_local_page(tm.m, page, &slots[i]), 0);
	/* FIX_KMAP_BEGIN, and down from there. */
	CU_ASSERT_EQUAL(slots[0], 0xfffff000 - 68 * PAGE_SIZE);
	CU_ASSERT_EQUAL(slots[1], slots[0] - PAGE_SIZE);
	CU_ASSERT_EQUAL(kmap_local_page(tm.m, page, &vaddr), -ENOSPC);
	CU_ASSERT_EQUAL(kunmap_local(tm.m, slots[3]), -EINVAL);
	/* Another CPU has its own. */
	tm.m->cpu = 1;
	CU_ASSERT_EQUAL(kunmap_local(tm.m, slots[15]), -EINVAL);
	CU_ASSERT_EQUAL(kmap_local_page(tm.m, page, &vaddr), 0);
	CU_ASSERT_EQUAL(vaddr, slots[0] - KM_MAX_IDX * PAGE_SIZE);
	CU_ASSERT_EQUAL(kunmap_local(tm.m, vaddr), 0);
	tm.m->cpu = 0;
	CU_ASSERT_EQUAL(task_machine_check(tm.m), 0);
	for (unsigned int i = KM_MAX_IDX; i--; )
		CU_ASSERT_EQUAL(kunmap_local(tm.m, slots[i]), 0);
	CU_ASSERT_EQUAL(kunmap_local(tm.m, slots[0]), -EINVAL);
	free_pages(tm.m, page, 0);
	task_machine_end(&tm);
}

/* Low memory: nothing to do, and __pa and __va. */
static void test_lowmem(void)
{
	static const struct {
		const char *machine;
		u64 offset, image;
	} rows[] = {
		{ "i386", 0xc0000000, 0xc1000000 },
		{ "pc", 0xffff888000000000, 0xffffffff81000000 },
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(rows); i++) {
		struct task_machine tm;
		u64 vaddr, phys;

		task_machine_boot(&tm, rows[i].machine, NULL);
		CU_ASSERT_EQUAL(kmap(tm.m, 0x1234, &vaddr), 0);
		CU_ASSERT_EQUAL(vaddr, rows[i].offset + 0x1234000);
		CU_ASSERT_EQUAL(kunmap(tm.m, 0x1234), 0);
		CU_ASSERT_EQUAL(kmap_local_page(tm.m, 0x1234, &vaddr), 0);
		CU_ASSERT_EQUAL(kunmap_local(tm.m, vaddr), 0);
		CU_ASSERT_EQUAL(kernel_pa(tm.m, vaddr + 5, &phys), 0);
		CU_ASSERT_EQUAL(phys, 0x1234005);
		CU_ASSERT_EQUAL(kernel_va(tm.m, phys, &vaddr), 0);
		CU_ASSERT_EQUAL(vaddr, rows[i].offset + phys);
		CU_ASSERT_EQUAL(kernel_pa(tm.m, rows[i].image, &phys), 0);
		CU_ASSERT_EQUAL(phys, 0x1000000);
		CU_ASSERT_EQUAL(kernel_pa(tm.m, 0x1000, &phys), -EINVAL);
		CU_ASSERT_EQUAL(kernel_pa(tm.m, tm.m->arch->vmalloc_start, &phys), -EINVAL);
		CU_ASSERT_EQUAL(kernel_va(tm.m, 1ULL << 40, &vaddr), -EINVAL);
		task_machine_end(&tm);
	}
}

/* HM1 sees what is wrong. */
static void test_check(void)
{
	struct task_machine tm;
	struct highmem_state *state;
	struct check check = { 0 };
	u64 vaddr;
	u32 page;

	boot(&tm, 0);
	state = tm.m->virt->highmem;
	page = high_page(&tm);
	CU_ASSERT_EQUAL(kmap(tm.m, page, &vaddr), 0);
	highmem_validate(tm.m, &check);
	CU_ASSERT_EQUAL(check.nr_broken, 0);
	for (unsigned int i = 0; i < 3; i++) {
		struct highmem_state *spoilt = state;
		struct pkmap was = state->pkmaps[1];
		u16 head = state->page_address_htable[5];
		struct out out = OUT_INIT;

		check = (struct check){ .out = &out };
		if (i == 0)
			spoilt->pkmaps[1].count = 0;
		else if (i == 1)
			spoilt->pkmaps[1].pfn = 0x100;
		else
			spoilt->pkmaps[2] = was;
		highmem_validate(tm.m, &check);
		CU_ASSERT_EQUAL(check.nr_broken, 1);
		out_free(&out);
		spoilt->pkmaps[1] = was;
		spoilt->pkmaps[2] = (struct pkmap){ .pfn = PFN_NIL, .hash_next = PKMAP_NONE };
		spoilt->page_address_htable[5] = head;
	}
	CU_ASSERT_EQUAL(kunmap(tm.m, page), 0);
	free_pages(tm.m, page, 0);
	task_machine_end(&tm);
}

static const CU_TestInfo tests[] = {
	{ "kmap", test_kmap },
	{ "a round", test_round },
	{ "local mappings", test_local },
	{ "low memory", test_lowmem },
	{ "the check", test_check },
};

int main(void)
{
	return suite_main("highmem", tests, ARRAY_SIZE(tests), NULL, NULL);
}
