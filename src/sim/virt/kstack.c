// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The pages say PGTY_stack, so that the check can count them against the tasks. A
 * machine too small for the stacks of all its threads has some without one.
 */
#include "sim/virt/kstack.h"

#include "sim/base/bug.h"
#include "sim/phys/memcg.h"
#include "sim/phys/page_alloc.h"
#include "sim/phys/vmalloc.h"
#include "sim/virt/task.h"

typedef unsigned long long ull;

static const struct {
	struct span span;
	const char *clone, *idle;
} callers[] = {
	{ UNTIL(R_6_1), "kernel_clone+0xbf/0x430", "fork_idle+0x76/0x105" },
	{ SINCE(R_6_18), "kernel_clone+0xbc/0x480", "fork_idle+0x8d/0x180" },
};

static u64 thread_size(const struct machine *m)
{
	return m->arch->thread_size_kb * SZ_1K;
}

static void account_page(struct machine *m, u64 pfn, int sign)
{
	mod_lruvec_page_state(m, pfn_to_page(m, pfn), NR_KERNEL_STACK,
			      sign * (s64)(PAGE_SIZE >> 10));
}

/* What lies in the direct map is one block: its first page has the group. */
static void account_stack(struct machine *m, u64 addr, int sign)
{
	const struct vm_area *area = NULL;
	u64 pfn = PFN_DOWN(addr - m->arch->page_offset);

	if (m->arch->bits == 64)
		area = find_vm_area(m, addr);
	for (u64 i = 0; i < thread_size(m) >> PAGE_SHIFT; i++)
		account_page(m, area ? area->pfns[i] : pfn, sign);
}

/* Pages of an area are charged while a task has it: not while a CPU keeps it. */
static void uncharge_stack(struct machine *m, u64 addr, u64 nr)
{
	const struct vm_area *area = find_vm_area(m, addr);

	for (u64 i = 0; i < nr; i++)
		if (page_memcg_id(pfn_to_page(m, area->pfns[i])))
			memcg_uncharge_pages(m, area->pfns[i], 0);
}

static int charge_stack(struct machine *m, u64 addr)
{
	const struct vm_area *area = find_vm_area(m, addr);
	int err = 0;

	for (u64 i = 0; i < thread_size(m) >> PAGE_SHIFT && !err; i++) {
		err = memcg_charge_kernel_pages(m, area->pfns[i], 0, GFP_KERNEL);
		if (err)
			uncharge_stack(m, addr, i);
	}
	return err;
}

/* It goes if the group may not have it: then there is none. */
static int charge_new_stack(struct machine *m, u64 *addr)
{
	int err = unlikely(m->memcg) ? charge_stack(m, *addr) : 0;

	if (err) {
		BUG_ON(m, vfree(m, *addr));
		*addr = 0;
	}
	return err;
}

static void release_stack(struct machine *m, u64 addr)
{
	u64 *cached = m->tasks->cached_stack[m->cpu];

	for (unsigned int i = 0; i < NR_CACHED_STACKS; i++) {
		if (cached[i])
			continue;
		cached[i] = addr;
		return;
	}
	BUG_ON(m, vfree(m, addr));
}

int kernel_stack_alloc(struct machine *m, int node, const char *caller, u64 *addr)
{
	struct vmalloc_request req = {
		.bytes = thread_size(m), .align = thread_size(m), .gfp = GFP_KERNEL,
		.node = node, .owner = PGTY_stack, .caller = caller,
	};
	u32 pfn;
	int err;

	if (m->arch->bits == 64) {
		err = vmalloc(m, &req, addr);
		if (!err)
			err = charge_new_stack(m, addr);
	} else {
		err = alloc_kernel_pages(m, GFP_KERNEL_ACCOUNT, (unsigned int)get_order(req.bytes),
					 node, PGTY_stack, &pfn);
		if (!err)
			*addr = m->arch->page_offset + PFN_PHYS(pfn);
	}
	if (!err)
		account_stack(m, *addr, 1);
	return err;
}

void kernel_stack_free(struct machine *m, u64 addr)
{
	account_stack(m, addr, -1);
	/* What is not mapped by vmalloc costs no flush: it is not kept. */
	if (m->arch->bits == 32) {
		free_pages(m, PFN_DOWN(addr - m->arch->page_offset),
			   (unsigned int)get_order(thread_size(m)));
		return;
	}
	if (unlikely(m->memcg))
		uncharge_stack(m, addr, thread_size(m) >> PAGE_SHIFT);
	release_stack(m, addr);
}

static unsigned int caller_row(const struct machine *m)
{
	unsigned int row = 0;

	while (!span_holds(callers[row].span, m->release))
		row++;
	return row;
}

int kernel_stack_alloc_task(struct machine *m, int node, u64 *addr)
{
	u64 *cached = m->tasks->cached_stack[m->cpu];
	int err;

	for (unsigned int i = 0; i < NR_CACHED_STACKS; i++) {
		if (!cached[i])
			continue;
		*addr = cached[i];
		cached[i] = 0;
		err = charge_new_stack(m, addr);
		if (!err)
			account_stack(m, *addr, 1);
		return err;
	}
	return kernel_stack_alloc(m, node, callers[caller_row(m)].clone, addr);
}

int kernel_stacks_init(struct machine *m)
{
	struct task_table *table = m->tasks;
	int err = 0;

	for (unsigned int i = 0; i < table->nr && !err; i++)
		err = kernel_stack_alloc_task(m, MAX(table->tasks[i]->node, NUMA_NO_NODE),
					      &table->tasks[i]->stack);
	for (unsigned int cpu = 1; cpu < m->nr_cpus && !err; cpu++)
		err = kernel_stack_alloc(m, m->cpu_node[cpu], callers[caller_row(m)].idle,
					 &table->idle_stack[cpu]);
	return err == -ENOMEM ? 0 : err;
}

static u64 nr_stacks(const struct machine *m)
{
	u64 nr = 0;

	for (unsigned int i = 0; i < m->tasks->nr; i++)
		nr += m->tasks->tasks[i]->stack != 0;
	for (unsigned int cpu = 0; cpu < m->nr_cpus; cpu++)
		nr += m->tasks->idle_stack[cpu] != 0;
	return nr;
}

static u64 nr_cached_stacks(const struct machine *m)
{
	u64 nr = 0;

	for (unsigned int cpu = 0; cpu < m->nr_cpus; cpu++)
		for (unsigned int i = 0; i < NR_CACHED_STACKS; i++)
			nr += m->tasks->cached_stack[cpu][i] != 0;
	return nr;
}

/* A6: a cached stack is an area of its own, and nobody's. */
static void check_cached(const struct machine *m, struct check *check)
{
	for (unsigned int cpu = 0; cpu < m->nr_cpus; cpu++) {
		for (unsigned int i = 0; i < NR_CACHED_STACKS; i++) {
			u64 addr = m->tasks->cached_stack[cpu][i];
			const struct vm_area *area = addr ? find_vm_area(m, addr) : NULL;
			bool used = false;

			for (unsigned int t = 0; addr && t < m->tasks->nr; t++)
				used |= m->tasks->tasks[t]->stack == addr;
			check->nr_checked++;
			if (addr && (!area || area->addr != addr || used ||
				     area->owner != PGTY_stack))
				check_fail(check, "A6", "cpu %u: expected a stack of nobody in its "
					   "cache, found 0x%llx, %s", cpu, (ull)addr,
					   used ? "a task's" : "no area of a stack");
		}
	}
}

void kernel_stacks_validate_counts(const struct machine *m, struct check *check)
{
	u64 expected;
	s64 kbytes = 0;

	if (!m->tasks)
		return;
	expected = nr_stacks(m) * (thread_size(m) >> 10);
	for (unsigned int node = 0; node < m->nr_nodes; node++)
		kbytes += m->nodes[node] ? m->nodes[node]->stat[NR_KERNEL_STACK] : 0;
	check->nr_checked++;
	if ((u64)kbytes != expected)
		check_fail(check, "A6", "machine: expected nr_kernel_stack %llu kB, found %lld",
			   (ull)expected, (long long)kbytes);
}

void kernel_stacks_validate(const struct machine *m, struct check *check)
{
	u64 expected, found = 0;

	if (!m->tasks)
		return;
	expected = (nr_stacks(m) + nr_cached_stacks(m)) * (thread_size(m) >> PAGE_SHIFT);
	for_each_present_pfn(m, pfn, 0, m->max_pfn)
		found += page_type(pfn_to_page(m, pfn)) == PGTY_stack;
	check->nr_checked++;
	if (found != expected)
		check_fail(check, "A6", "machine: expected %llu pages of kernel stacks, found %llu",
			   (ull)expected, (ull)found);
	kernel_stacks_validate_counts(m, check);
	check_cached(m, check);
}
