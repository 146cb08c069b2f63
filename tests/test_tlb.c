// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * TLBs: what a CPU keeps over switches, what a flush takes from whom, and what can
 * wait. The figures are those of arch/x86/mm/tlb.c's rules, for both releases.
 */
#include <stdio.h>
#include <string.h>

#include "lab.h"
#include "support.h"
#include "task_machine.h"

#include "sim/virt/memory.h"
#include "sim/virt/mmap.h"
#include "sim/virt/mmu_gather.h"

#define FORK SIGCHLD
#define THREAD (CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD)
#define AREA 0x10000000ULL

static const char *const r61[] = { "release=6.1", NULL };
static const char *const nopcid[] = { "cmdline=nopcid", NULL };

static u64 figure(const struct task_machine *tm, unsigned int cpu, enum tlb_figure which)
{
	return cpu_tlb(tm->m, cpu)->figures[which];
}

static void run_on(struct task_machine *tm, struct task_struct *task, unsigned int cpu)
{
	u64 mask[CPU_WORDS] = { [0] = 1ULL << cpu };

	CU_ASSERT_EQUAL(sys_sched_setaffinity(tm->m, task, 0, mask), 0);
	sched_switch_to(tm->m, task);
	CU_ASSERT_EQUAL(tm->m->cpu, cpu);
}

static void map(struct task_machine *tm, struct task_struct *task, u64 pages)
{
	(void)task_map(tm->m, task, AREA, pages * PAGE_SIZE, MAP_PRIVATE | MAP_ANONYMOUS);
}

static void touch(struct task_machine *tm, struct task_struct *task, u64 pages,
		  enum access access)
{
	task_touch_pages(tm->m, task, AREA, pages, access);
}

static int madvise_dontneed(struct task_machine *tm, struct task_struct *task, u64 pages)
{
	sched_switch_to(tm->m, task);
	return sys_madvise(tm->m, task, AREA, pages * PAGE_SIZE, MADV_DONTNEED);
}

static unsigned int nr_entries(const struct cpu_tlb *tlb, const struct tlb_array *array)
{
	unsigned int nr = 0;

	for (unsigned int i = 0; i < (unsigned int)array->sets * array->ways; i++)
		nr += array->tags[i] >> TLB_SPACE_SHIFT ==
		      tlb->ctxs[tlb->loaded_mm_asid].space;
	return nr;
}

/* A walk, a first level, a second one. */
static void test_hits(void)
{
	struct task_machine tm;
	struct cpu_tlb *tlb;
	u64 misses, hits;

	task_machine_boot(&tm, "pc", NULL);
	tlb = cpu_tlb(tm.m, 0);
	map(&tm, tm.init, 100);
	misses = figure(&tm, 0, TLB_MISSES);
	hits = figure(&tm, 0, TLB_L1_HITS);
	touch(&tm, tm.init, 100, ACCESS_STORE);
	CU_ASSERT_EQUAL(figure(&tm, 0, TLB_MISSES), misses + 100);
	CU_ASSERT_EQUAL(figure(&tm, 0, TLB_L1_HITS), hits);
	/* The first level has the last 64 of them. */
	CU_ASSERT_EQUAL(nr_entries(tlb, &tlb->l1), 64);
	touch(&tm, tm.init, 100, ACCESS_LOAD);
	CU_ASSERT_EQUAL(figure(&tm, 0, TLB_MISSES), misses + 100);
	CU_ASSERT_EQUAL(figure(&tm, 0, TLB_L2_HITS), 100);
	touch(&tm, tm.init, 4, ACCESS_LOAD);
	touch(&tm, tm.init, 4, ACCESS_LOAD);
	CU_ASSERT_EQUAL(figure(&tm, 0, TLB_L1_HITS), hits + 4);
	CU_ASSERT_EQUAL(task_machine_check(tm.m), 0);
	task_machine_end(&tm);
}

/* With ids, entries outlive a switch; without, nothing does. */
static void test_switches(void)
{
	static const char *const *const sets[] = { NULL, nopcid };

	for (unsigned int i = 0; i < ARRAY_SIZE(sets); i++) {
		struct task_machine tm;
		struct task_struct *a;
		u64 misses;

		task_machine_boot(&tm, "pc", sets[i]);
		CU_ASSERT_EQUAL(tm.m->pcid, !i);
		a = task_fork(tm.m, tm.init, FORK);
		map(&tm, a, 8);
		touch(&tm, a, 8, ACCESS_STORE);
		sched_switch_to(tm.m, tm.init);
		misses = figure(&tm, 0, TLB_MISSES);
		touch(&tm, a, 8, ACCESS_STORE);
		CU_ASSERT_EQUAL(figure(&tm, 0, TLB_MISSES) - misses, i ? 8 : 0);
		CU_ASSERT_EQUAL(task_machine_check(tm.m), 0);
		task_machine_end(&tm);
	}
}

/* Six ids: the seventh mm takes the place of one, in turn. */
static void test_asids(void)
{
	struct task_machine tm;
	struct task_struct *tasks[7];
	struct cpu_tlb *tlb;
	u16 first;

	task_machine_boot(&tm, "pc", NULL);
	tlb = cpu_tlb(tm.m, 0);
	for (unsigned int i = 0; i < ARRAY_SIZE(tasks); i++)
		tasks[i] = task_fork(tm.m, tm.init, FORK);
	sched_switch_to(tm.m, tasks[0]);
	first = tlb->loaded_mm_asid;
	for (unsigned int i = 1; i < ARRAY_SIZE(tasks); i++) {
		sched_switch_to(tm.m, tasks[i]);
		CU_ASSERT_EQUAL(tlb->loaded_mm_asid, (first + i) % TLB_NR_DYN_ASIDS);
		CU_ASSERT_EQUAL(tlb->ctxs[tlb->loaded_mm_asid].ctx_id, tasks[i]->mm->ctx_id);
	}
	/* Still there; and the first one, whose place was taken. */
	sched_switch_to(tm.m, tasks[2]);
	CU_ASSERT_EQUAL(tlb->loaded_mm_asid, (first + 2) % TLB_NR_DYN_ASIDS);
	sched_switch_to(tm.m, tasks[0]);
	CU_ASSERT_EQUAL(tlb->loaded_mm_asid, (first + 1) % TLB_NR_DYN_ASIDS);
	CU_ASSERT_EQUAL(task_machine_check(tm.m), 0);
	task_machine_end(&tm);
}

/* Up to the ceiling page by page, beyond it everything. */
static void test_ceiling(void)
{
	struct task_machine tm;
	u64 all, one;

	task_machine_boot(&tm, "pc", NULL);
	map(&tm, tm.init, 34);
	touch(&tm, tm.init, 34, ACCESS_STORE);
	all = figure(&tm, 0, TLB_FLUSHES_ALL);
	one = figure(&tm, 0, TLB_FLUSHES_ONE);
	CU_ASSERT_EQUAL(sys_mprotect(tm.m, tm.init, AREA, 33 * PAGE_SIZE, PROT_READ), 0);
	CU_ASSERT_EQUAL(figure(&tm, 0, TLB_FLUSHES_ALL), all);
	CU_ASSERT_EQUAL(figure(&tm, 0, TLB_FLUSHES_ONE), one + 33);
	/* More rights take nothing away: Linux flushes for the bit that changed. */
	CU_ASSERT_EQUAL(sys_munmap(tm.m, tm.init, AREA, 34 * PAGE_SIZE), 0);
	CU_ASSERT_EQUAL(figure(&tm, 0, TLB_FLUSHES_ALL), all + 1);
	CU_ASSERT_EQUAL(tm.m->event[NR_TLB_LOCAL_FLUSH_ALL] > 0, true);
	CU_ASSERT_EQUAL(task_machine_check(tm.m), 0);
	task_machine_end(&tm);
}

/* Two threads on two CPUs: one unmaps, the other is told. */
static void test_shootdown(void)
{
	struct task_machine tm;
	struct task_struct *a, *t;
	u64 received;

	task_machine_boot(&tm, "pc", NULL);
	a = task_fork(tm.m, tm.init, FORK);
	map(&tm, a, 8);
	t = task_fork(tm.m, a, THREAD);
	run_on(&tm, t, 1);
	touch(&tm, a, 8, ACCESS_STORE);
	touch(&tm, t, 8, ACCESS_STORE);
	CU_ASSERT_EQUAL(nr_entries(cpu_tlb(tm.m, 1), &cpu_tlb(tm.m, 1)->l2), 8);
	received = figure(&tm, 1, TLB_IPIS_RECEIVED);
	sched_switch_to(tm.m, a);
	CU_ASSERT_EQUAL(madvise_dontneed(&tm, a, 4), 0);
	CU_ASSERT_EQUAL(figure(&tm, 1, TLB_IPIS_RECEIVED), received + 1);
	CU_ASSERT_EQUAL(nr_entries(cpu_tlb(tm.m, 1), &cpu_tlb(tm.m, 1)->l2), 4);
	CU_ASSERT_EQUAL(task_machine_check(tm.m), 0);
	task_machine_end(&tm);
}

/* A CPU that lends the mm to a kernel thread is told nothing but that tables went. */
static void test_lazy(void)
{
	struct task_machine tm;
	struct task_struct *a, *t;
	struct cpu_tlb *tlb;
	u64 received;

	task_machine_boot(&tm, "pc", NULL);
	tlb = cpu_tlb(tm.m, 1);
	a = task_fork(tm.m, tm.init, FORK);
	map(&tm, a, 8);
	t = task_fork(tm.m, a, THREAD);
	run_on(&tm, t, 1);
	touch(&tm, t, 8, ACCESS_STORE);
	sched_idle(tm.m, 1);
	CU_ASSERT_TRUE(tlb->is_lazy);
	received = figure(&tm, 1, TLB_IPIS_RECEIVED);
	touch(&tm, a, 8, ACCESS_STORE);
	CU_ASSERT_EQUAL(madvise_dontneed(&tm, a, 4), 0);
	CU_ASSERT_EQUAL(figure(&tm, 1, TLB_IPIS_RECEIVED), received);
	CU_ASSERT_EQUAL(nr_entries(tlb, &tlb->l2), 8);
	CU_ASSERT_EQUAL(task_machine_check(tm.m), 0);
	/* It makes up for it when the thread is back. */
	sched_switch_to(tm.m, t);
	CU_ASSERT_FALSE(tlb->is_lazy);
	CU_ASSERT_EQUAL(nr_entries(tlb, &tlb->l2), 0);
	/* Tables go: the borrower must let go of the mm. */
	sched_idle(tm.m, 1);
	sched_switch_to(tm.m, a);
	CU_ASSERT_EQUAL(sys_munmap(tm.m, a, AREA, 8 * PAGE_SIZE), 0);
	CU_ASSERT_EQUAL(figure(&tm, 1, TLB_LAZY_FLUSHED), 1);
	CU_ASSERT_PTR_EQUAL(tlb->loaded_mm, tm.m->init_mm);
	CU_ASSERT_PTR_EQUAL(cpu_of(tm.m, 1)->current->active_mm, a->mm);
	CU_ASSERT_EQUAL(task_machine_check(tm.m), 0);
	task_machine_end(&tm);
}

/* Until 6.12 a switch takes the CPU out of the mask; since then a flush does, once a second. */
static void test_mask(void)
{
	static const char *const *const sets[] = { NULL, r61 };

	for (unsigned int i = 0; i < ARRAY_SIZE(sets); i++) {
		struct task_machine tm;
		struct task_struct *a;

		task_machine_boot(&tm, "pc", sets[i]);
		a = task_fork(tm.m, tm.init, FORK);
		map(&tm, a, 4);
		run_on(&tm, a, 1);
		/* CPU 0 still lends it. */
		CU_ASSERT_EQUAL(a->mm->cpumask[0], 3);
		sched_switch_to(tm.m, tm.init);
		touch(&tm, a, 4, ACCESS_STORE);
		CU_ASSERT_EQUAL(a->mm->cpumask[0], i ? 2 : 3);
		/* Not within a second of the mm's birth. */
		CU_ASSERT_EQUAL(madvise_dontneed(&tm, a, 1), 0);
		CU_ASSERT_EQUAL(a->mm->cpumask[0], i ? 2 : 3);
		machine_tick(tm.m, 1100000000);
		touch(&tm, a, 4, ACCESS_STORE);
		CU_ASSERT_EQUAL(madvise_dontneed(&tm, a, 1), 0);
		CU_ASSERT_EQUAL(a->mm->cpumask[0], 2);
		CU_ASSERT_EQUAL(task_machine_check(tm.m), 0);
		task_machine_end(&tm);
	}
}

/* A dying mm is flushed, too: the CPU that still has it loads the kernel's own. */
static void test_exit(void)
{
	struct task_machine tm;
	struct task_struct *a;
	u32 pid;

	task_machine_boot(&tm, "pc", NULL);
	a = task_fork(tm.m, tm.init, FORK);
	pid = a->pid;
	map(&tm, a, 4);
	touch(&tm, a, 4, ACCESS_STORE);
	do_group_exit(tm.m, a, 0);
	CU_ASSERT_PTR_EQUAL(cpu_loaded_mm(tm.m, 0), tm.m->init_mm);
	CU_ASSERT_FALSE(cpu_tlb(tm.m, 0)->is_lazy);
	CU_ASSERT_EQUAL(task_machine_check(tm.m), 0);
	sched_switch_to(tm.m, tm.init);
	task_end(tm.m, tm.init, pid, 0);
	CU_ASSERT_EQUAL(task_machine_check(tm.m), 0);
	task_machine_end(&tm);
}

/* A gather flushes when the kernel's batches of pages are full, and at its end. */
static void test_gather(void)
{
	struct task_machine tm;
	u64 flushes;

	CU_ASSERT_EQUAL(MAX_GATHER_PAGES, 9698);
	task_machine_boot(&tm, "pc", NULL);
	map(&tm, tm.init, MAX_GATHER_PAGES + 1);
	touch(&tm, tm.init, MAX_GATHER_PAGES + 1, ACCESS_STORE);
	flushes = tm.m->virt->tlb->calls[CALL_flush_tlb_mm_range];
	CU_ASSERT_EQUAL(madvise_dontneed(&tm, tm.init, MAX_GATHER_PAGES + 1), 0);
	CU_ASSERT_EQUAL(tm.m->virt->tlb->calls[CALL_flush_tlb_mm_range], flushes + 2);
	/* Nothing there, nothing to flush. */
	CU_ASSERT_EQUAL(madvise_dontneed(&tm, tm.init, 64), 0);
	CU_ASSERT_EQUAL(tm.m->virt->tlb->calls[CALL_flush_tlb_mm_range], flushes + 2);
	CU_ASSERT_EQUAL(task_machine_check(tm.m), 0);
	task_machine_end(&tm);
}

/* Numbers of spaces run out: what is valid stays so. */
static void test_renumber(void)
{
	struct task_machine tm;
	struct task_struct *a;
	struct cpu_tlb *tlb;
	u64 misses;

	task_machine_boot(&tm, "pc", NULL);
	tlb = cpu_tlb(tm.m, 0);
	a = task_fork(tm.m, tm.init, FORK);
	map(&tm, a, 8);
	touch(&tm, a, 8, ACCESS_STORE);
	map(&tm, tm.init, 40);
	touch(&tm, tm.init, 40, ACCESS_STORE);
	tlb->last_space = TLB_MAX_SPACE;
	CU_ASSERT_EQUAL(madvise_dontneed(&tm, tm.init, 40), 0);
	CU_ASSERT_EQUAL(tlb->last_space, TLB_NR_DYN_ASIDS + 1);
	CU_ASSERT_EQUAL(nr_entries(tlb, &tlb->l2), 0);
	misses = figure(&tm, 0, TLB_MISSES);
	touch(&tm, a, 8, ACCESS_STORE);
	CU_ASSERT_EQUAL(figure(&tm, 0, TLB_MISSES), misses);
	CU_ASSERT_EQUAL(task_machine_check(tm.m), 0);
	task_machine_end(&tm);
}

static void test_needs_flush(void)
{
	const u64 rw = PFN_PHYS(7) | PTE_PRESENT | PTE_USER | PTE_RW | PTE_DIRTY | PTE_ACCESSED;

	CU_ASSERT_FALSE(pte_needs_flush(rw, rw));
	CU_ASSERT_TRUE(pte_needs_flush(rw, rw & ~PTE_RW));
	CU_ASSERT_TRUE(pte_needs_flush(rw & ~PTE_RW, rw));
	CU_ASSERT_TRUE(pte_needs_flush(rw, rw & ~PTE_DIRTY));
	CU_ASSERT_FALSE(pte_needs_flush(rw & ~PTE_DIRTY, rw));
	CU_ASSERT_FALSE(pte_needs_flush(rw, rw & ~PTE_ACCESSED));
	CU_ASSERT_TRUE(huge_pmd_needs_flush(rw, rw & ~PTE_ACCESSED));
	CU_ASSERT_FALSE(pte_needs_flush(0, rw));
	CU_ASSERT_FALSE(pte_needs_flush((rw & ~PTE_PRESENT) | PTE_GLOBAL, rw));
	CU_ASSERT_FALSE(pte_needs_flush(rw, rw ^ PTE_SOFT_DIRTY));
}

/* Unmapping of several mms is flushed once: everything on the CPUs that run with one. */
static void test_batch(void)
{
	struct arch_tlbflush_unmap_batch batch = { 0 };
	struct task_machine tm;
	struct task_struct *a, *b;
	u64 remote;

	task_machine_boot(&tm, "pc", NULL);
	a = task_fork(tm.m, tm.init, FORK);
	run_on(&tm, a, 1);
	map(&tm, a, 4);
	touch(&tm, a, 4, ACCESS_STORE);
	b = task_fork(tm.m, tm.init, FORK);
	run_on(&tm, b, 2);
	map(&tm, b, 4);
	touch(&tm, b, 4, ACCESS_STORE);
	sched_switch_to(tm.m, tm.init);
	set_tlb_ubc_flush_pending(&batch, a->mm, PTE_PRESENT);
	set_tlb_ubc_flush_pending(&batch, b->mm, PTE_PRESENT | PTE_DIRTY);
	/* Nobody can have an entry that was not present. */
	set_tlb_ubc_flush_pending(&batch, tm.init->mm, 0);
	CU_ASSERT_TRUE(batch.flush_required && batch.writable);
	remote = (u64)tm.m->event[NR_TLB_REMOTE_FLUSH];
	try_to_unmap_flush(tm.m, &batch);
	CU_ASSERT_EQUAL((u64)tm.m->event[NR_TLB_REMOTE_FLUSH], remote + 1);
	CU_ASSERT_EQUAL(nr_entries(cpu_tlb(tm.m, 1), &cpu_tlb(tm.m, 1)->l2), 0);
	CU_ASSERT_EQUAL(nr_entries(cpu_tlb(tm.m, 2), &cpu_tlb(tm.m, 2)->l2), 0);
	CU_ASSERT_FALSE(batch.flush_required || batch.cpumask[0]);
	try_to_unmap_flush(tm.m, &batch);
	CU_ASSERT_EQUAL((u64)tm.m->event[NR_TLB_REMOTE_FLUSH], remote + 1);
	CU_ASSERT_EQUAL(task_machine_check(tm.m), 0);
	task_machine_end(&tm);
}

/* vmstat has the counters where the kernel is built with them. */
static void test_vmstat(void)
{
	static const char *const sets[] = { "config.DEBUG_TLBFLUSH=y", NULL };
	static const char *const names[] = {
		"\nnr_tlb_remote_flush ", "\nnr_tlb_remote_flush_received ",
		"\nnr_tlb_local_flush_all ", "\nnr_tlb_local_flush_one ",
	};
	struct lab lab;

	for (unsigned int with = 0; with < 2; with++) {
		CU_ASSERT_EQUAL_FATAL(lab_open_set(&lab, "pc", with ? sets : NULL), 0);
		for (unsigned int i = 0; i < ARRAY_SIZE(names); i++)
			CU_ASSERT_EQUAL(!!strstr(lab_cat(&lab, "proc/vmstat"), names[i]), with);
		lab_close(&lab);
	}
}

/* The ceiling is a file; what is no number changes nothing. */
static void test_ceiling_file(void)
{
	static const char path[] = "sys/kernel/debug/x86/tlb_single_page_flush_ceiling";
	struct lab lab;
	char line[128];

	CU_ASSERT_EQUAL_FATAL(lab_open(&lab, "pc"), 0);
	CU_ASSERT_STRING_EQUAL(lab_cat(&lab, path), "33\n");
	snprintf(line, sizeof(line), "%s: 0x40", path);
	CU_ASSERT_EQUAL(lab_run(&lab, line), 0);
	CU_ASSERT_STRING_EQUAL(lab_cat(&lab, path), "64\n");
	snprintf(line, sizeof(line), "%s: -1", path);
	CU_ASSERT_EQUAL(lab_run(&lab, line), -EINVAL);
	snprintf(line, sizeof(line), "%s: 2147483648", path);
	CU_ASSERT_EQUAL(lab_run(&lab, line), -EINVAL);
	CU_ASSERT_STRING_EQUAL(lab_cat(&lab, path), "64\n");
	lab_close(&lab);
}

static const CU_TestInfo tests[] = {
	{ "hits and misses", test_hits },
	{ "switches", test_switches },
	{ "address space ids", test_asids },
	{ "the ceiling", test_ceiling },
	{ "shootdowns", test_shootdown },
	{ "lazy mode", test_lazy },
	{ "mm_cpumask", test_mask },
	{ "exit", test_exit },
	{ "gathers", test_gather },
	{ "spaces run out", test_renumber },
	{ "what needs a flush", test_needs_flush },
	{ "batches", test_batch },
	{ "counters of vmstat", test_vmstat },
	{ "the ceiling's file", test_ceiling_file },
};

int main(void)
{
	return suite_main("tlb", tests, ARRAY_SIZE(tests), NULL, NULL);
}
