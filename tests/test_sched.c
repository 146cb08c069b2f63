// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Who runs where, and whose mm a CPU has: borrowed by those without memory, given
 * back by the next program, counted to the unit.
 */
#include "support.h"
#include "task_machine.h"

#include "sim/virt/tlb.h"

#define FORK SIGCHLD

static bool in_mask(const struct mm_struct *mm, unsigned int cpu)
{
	return mm->cpumask[cpu / 64] >> (cpu % 64) & 1;
}

/* After the boot: init has run on CPU 0, whose idle thread has its mm still. */
static void test_after_boot(void)
{
	struct task_machine tm;
	const struct cpu_state *cpu;

	task_machine_boot(&tm, "pc", NULL);
	CU_ASSERT_PTR_NOT_NULL_FATAL(tm.init->mm);
	CU_ASSERT_EQUAL(tm.init->mm->mm_users, 1);
	CU_ASSERT_EQUAL(tm.init->mm->mm_count, 2);
	cpu = cpu_of(tm.m, 0);
	CU_ASSERT_STRING_EQUAL(cpu->current->comm, "swapper/0");
	CU_ASSERT_EQUAL(cpu->current->pid, 0);
	CU_ASSERT_PTR_EQUAL(cpu->current->active_mm, tm.init->mm);
	CU_ASSERT_PTR_NULL(cpu->current->mm);
	CU_ASSERT_TRUE(cpu_tlb(tm.m, 0)->is_lazy);
	CU_ASSERT_TRUE(in_mask(tm.init->mm, 0));
	CU_ASSERT_FALSE(in_mask(tm.init->mm, 1));
	for (unsigned int i = 1; i < tm.m->nr_cpus; i++) {
		cpu = cpu_of(tm.m, i);
		CU_ASSERT_PTR_EQUAL(cpu->current, cpu->idle);
		CU_ASSERT_PTR_EQUAL(cpu->current->active_mm, tm.m->init_mm);
	}
	/* The static one, start_kernel()'s, and a borrower on each other CPU. */
	CU_ASSERT_EQUAL(tm.m->init_mm->mm_users, 2);
	CU_ASSERT_EQUAL(tm.m->init_mm->mm_count, 2 + (s32)tm.m->nr_cpus - 1);
	CU_ASSERT_EQUAL(task_machine_check(tm.m), 0);
	task_machine_end(&tm);
}

static void test_borrowing(void)
{
	struct task_machine tm;
	struct task_struct *a, *kthread;
	struct mm_struct *mm;
	u64 switches;

	task_machine_boot(&tm, "pc", NULL);
	a = task_fork(tm.m, tm.init, FORK);
	mm = a->mm;
	switches = cpu_of(tm.m, 0)->nr_switches;
	CU_ASSERT_EQUAL(mm->mm_count, 1);
	CU_ASSERT_EQUAL(tm.init->mm->mm_count, 1);
	/* To a kernel thread: it borrows, and hands on to the next one. */
	kthread = task_find(tm.m, PID_KTHREADD);
	sched_switch_to(tm.m, kthread);
	CU_ASSERT_PTR_EQUAL(kthread->active_mm, mm);
	CU_ASSERT_EQUAL(mm->mm_count, 2);
	CU_ASSERT_TRUE(cpu_tlb(tm.m, 0)->is_lazy);
	sched_idle(tm.m, 0);
	CU_ASSERT_PTR_NULL(kthread->active_mm);
	CU_ASSERT_EQUAL(mm->mm_count, 2);
	/* The same program again: nothing to load. */
	sched_switch_to(tm.m, a);
	CU_ASSERT_EQUAL(mm->mm_count, 1);
	CU_ASSERT_FALSE(cpu_tlb(tm.m, 0)->is_lazy);
	CU_ASSERT_EQUAL(cpu_of(tm.m, 0)->nr_switches, switches + 3);
	CU_ASSERT_EQUAL(a->nvcsw, 1);
	/* Another one: the mask follows, at once or when a flush comes by. */
	sched_switch_to(tm.m, tm.init);
	CU_ASSERT_EQUAL(in_mask(mm, 0), rel_mm_cpumask_is_lazy(tm.m->release));
	CU_ASSERT_TRUE(in_mask(tm.init->mm, 0));
	CU_ASSERT_EQUAL(task_machine_check(tm.m), 0);
	task_machine_end(&tm);
}

/* A CPU keeps the descriptor of a program that is gone, until it runs another. */
static void test_dead_mm(void)
{
	struct task_machine tm;
	struct task_struct *a;
	struct mm_struct *mm;
	u32 nr, pid, status;

	task_machine_boot(&tm, "pc", NULL);
	nr = tm.m->virt->mms.nr_live;
	a = task_fork(tm.m, tm.init, FORK);
	mm = a->mm;
	do_group_exit(tm.m, a, 0);
	CU_ASSERT_EQUAL(mm->mm_users, 0);
	CU_ASSERT_EQUAL(mm->mm_count, 1);
	CU_ASSERT_PTR_EQUAL(cpu_of(tm.m, 0)->current->active_mm, mm);
	CU_ASSERT_EQUAL(tm.m->virt->mms.nr_live, nr + 1);
	CU_ASSERT_EQUAL(task_machine_check(tm.m), 0);
	sched_switch_to(tm.m, tm.init);
	CU_ASSERT_EQUAL(tm.m->virt->mms.nr_live, nr);
	CU_ASSERT_EQUAL(sys_wait4(tm.m, tm.init, -1, 0, &pid, &status), 0);
	CU_ASSERT_EQUAL(task_machine_check(tm.m), 0);
	task_machine_end(&tm);
}

/* Threads bound to a CPU run there. */
static void test_bound(void)
{
	struct task_machine tm;
	struct task_struct *task = NULL;

	task_machine_boot(&tm, "pc", NULL);
	while ((task = task_next(tm.m, task ? task->pid + 1 : 0)))
		if (!strcmp(task->comm, "ksoftirqd/2"))
			break;
	CU_ASSERT_PTR_NOT_NULL_FATAL(task);
	CU_ASSERT_EQUAL(sched_pick_cpu(tm.m, task), 2);
	sched_switch_to(tm.m, task);
	CU_ASSERT_EQUAL(tm.m->cpu, 2);
	CU_ASSERT_PTR_EQUAL(cpu_of(tm.m, 2)->current, task);
	CU_ASSERT_PTR_EQUAL(task->active_mm, tm.m->init_mm);
	CU_ASSERT_EQUAL(task_machine_check(tm.m), 0);
	tm.m->cpu = 0;
	task_machine_end(&tm);
}

static const CU_TestInfo tests[] = {
	{ "after the boot", test_after_boot },
	{ "borrowing", test_borrowing },
	{ "a dead mm", test_dead_mm },
	{ "bound threads", test_bound },
};

int main(void)
{
	return suite_main("sched", tests, ARRAY_SIZE(tests), NULL, NULL);
}
