// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A context switch moves the loaded mm. A task without memory borrows that of its
 * predecessor: from a program it takes a reference of its own, from another borrower
 * it takes over the one that is there. The next program gives it back. The mask of an
 * mm names the CPUs that have it loaded, lazily or not.
 */
#include "sim/virt/sched.h"

#include <stdio.h>

#include "sim/phys/page_alloc.h"
#include "sim/phys/page_owner.h"
#include "sim/virt/cputime.h"
#include "sim/virt/fork.h"
#include "sim/virt/tlb.h"

const struct cpu_state *cpu_of(const struct machine *m, unsigned int cpu)
{
	return &m->tasks->cpus[cpu];
}

u64 nr_context_switches(const struct machine *m)
{
	u64 nr = 0;

	for (unsigned int cpu = 0; cpu < m->nr_cpus; cpu++)
		nr += cpu_of(m, cpu)->nr_switches;
	return nr;
}

/* Who has no memory borrows; who has loads its own. */
static void switch_active_mm(struct machine *m, unsigned int cpu, struct task_struct *prev,
			     struct task_struct *next)
{
	struct mm_struct *old = prev->active_mm;

	if (!next->mm) {
		next->active_mm = old;
		enter_lazy_tlb(m, cpu);
		if (prev->mm)
			mmgrab(old);
	} else {
		switch_mm(m, cpu, next->mm);
		next->active_mm = next->mm;
	}
	if (prev->mm)
		return;
	prev->active_mm = NULL;
	if (next->mm)
		mmdrop(m, old);
}

/* What the layers below know of who runs. */
static void note_running(struct machine *m, unsigned int cpu, struct task_struct *task)
{
	m->running[cpu] = (struct cpu_running){
		.pid = &task->pid, .tgid = &task->tgid, .comm = task->comm,
		.oom_victim = task->signal ? &task->signal->oom_victim : NULL,
		.fault = &task->fault,
	};
}

static void context_switch(struct machine *m, unsigned int cpu, struct task_struct *next)
{
	struct cpu_state *state = &m->tasks->cpus[cpu];
	struct task_struct *prev = state->current;

	if (prev == next)
		return;
	switch_active_mm(m, cpu, prev, next);
	/* Who leaves has waited for its next call. */
	prev->nvcsw++;
	state->nr_switches++;
	state->current = next;
	note_running(m, cpu, next);
	next->last_cpu = (s16)cpu;
}

void sched_switch_to(struct machine *m, struct task_struct *task)
{
	m->cpu = task->last_cpu;
	context_switch(m, m->cpu, task);
}

void sched_idle(struct machine *m, unsigned int cpu)
{
	context_switch(m, cpu, m->tasks->cpus[cpu].idle);
}

void sched_leave(struct machine *m, struct task_struct *task)
{
	unsigned int cpu = task->last_cpu;

	if (m->tasks->cpus[cpu].current == task)
		sched_idle(m, cpu);
}

void sched_new_mm(struct machine *m, struct task_struct *task, struct mm_struct *mm)
{
	unsigned int cpu = task->last_cpu;
	struct cpu_state *state = &m->tasks->cpus[cpu];
	struct mm_struct *borrowed = task->mm ? NULL : task->active_mm;

	task->mm = mm;
	if (state->current != task)
		return;
	task->active_mm = mm;
	switch_mm(m, cpu, mm);
	if (borrowed)
		mmdrop(m, borrowed);
}

void sched_drop_mm(struct machine *m, struct task_struct *task)
{
	struct cpu_state *state = &m->tasks->cpus[task->last_cpu];

	if (state->current == task) {
		mmgrab(task->mm);
		enter_lazy_tlb(m, (unsigned int)task->last_cpu);
	} else {
		task->active_mm = NULL;
	}
	task->mm = NULL;
}

int sched_run_kthread(struct machine *m, struct task_struct *task, unsigned int cpu)
{
	if (task->mm || !task_cpu_allowed(m, task, cpu))
		return -EINVAL;
	if (m->tasks->cpus[task->last_cpu].current == task && (unsigned int)task->last_cpu != cpu)
		sched_idle(m, (unsigned int)task->last_cpu);
	context_switch(m, cpu, task);
	return 0;
}

unsigned int sched_node_cpu(const struct machine *m, const struct pglist_data *node)
{
	if (m->cpu_node[m->cpu] == node->id)
		return m->cpu;
	for (unsigned int cpu = 0; cpu < m->nr_cpus; cpu++)
		if (m->cpu_node[cpu] == node->id)
			return cpu;
	return m->cpu;
}

static bool cpu_is_idle(const struct machine *m, unsigned int cpu)
{
	return m->tasks->cpus[cpu].current == m->tasks->cpus[cpu].idle;
}

unsigned int sched_idle_cpu(const struct machine *m, const struct pglist_data *node)
{
	if (m->cpu_node[m->cpu] != node->id || cpu_is_idle(m, m->cpu))
		return sched_node_cpu(m, node);
	for (unsigned int cpu = 0; cpu < m->nr_cpus; cpu++)
		if (m->cpu_node[cpu] == node->id && cpu_is_idle(m, cpu))
			return cpu;
	return m->cpu;
}

int sched_pick_cpu(const struct machine *m, const struct task_struct *task)
{
	if (task_cpu_allowed(m, task, (unsigned int)task->last_cpu))
		return task->last_cpu;
	for (unsigned int cpu = 0; cpu < m->nr_cpus; cpu++) {
		if (task_cpu_allowed(m, task, cpu))
			return cpu;
	}
	return task->last_cpu;
}

/* The idle thread of the first CPU is in the image; the others were forked. */
static int idle_alloc(struct machine *m, unsigned int cpu, struct task_struct **idle)
{
	struct task_struct like = {
		.comm = "swapper", .flags = PF_KTHREAD | PF_IDLE | PF_NO_SETAFFINITY,
		.state = 'R', .cpu = (s16)cpu, .node = -1, .last_cpu = (s16)cpu,
	};
	int err = -ENOMEM;

	snprintf(like.comm, sizeof(like.comm), "swapper/%u", cpu);
	if (cpu)
		err = task_alloc(m, &like, m->cpu_node[cpu], idle);
	if (err != -ENOMEM)
		return err;
	*idle = arena_alloc(&m->arena, sizeof(**idle));
	if (!*idle)
		return -ENOBUFS;
	**idle = like;
	return 0;
}

static void page_owner_current(const struct machine *m, struct page_owner_task *task)
{
	const struct task_struct *current = current_task(m);

	if (current)
		*task = (struct page_owner_task) {
			.pid = current->pid, .tgid = current->tgid, .comm = current->comm,
		};
}

int sched_init(struct machine *m)
{
	struct task_table *table = m->tasks;
	int err = 0;

	table->cpus = arena_alloc(&m->arena, m->nr_cpus * sizeof(*table->cpus));
	if (!table->cpus)
		return -ENOBUFS;
	mmgrab(m->init_mm);	/* start_kernel()'s, which nobody gives back */
	for (unsigned int cpu = 0; cpu < m->nr_cpus && !err; cpu++) {
		struct cpu_state *state = &table->cpus[cpu];

		err = idle_alloc(m, cpu, &state->idle);
		if (err)
			break;
		mmgrab(m->init_mm);
		state->idle->active_mm = m->init_mm;
		state->current = state->idle;
		note_running(m, cpu, state->idle);
	}
	page_owner_ask(m, page_owner_current);
	return err;
}

void sched_free(struct machine *m)
{
	struct task_table *table = m->tasks;

	if (!table || !table->cpus)
		return;
	for (unsigned int cpu = 0; cpu < m->nr_cpus; cpu++) {
		struct task_struct *idle = table->cpus[cpu].idle;

		if (idle && !idle->self)
			arena_free(&m->arena, idle, sizeof(*idle));
	}
	arena_free(&m->arena, table->cpus, m->nr_cpus * sizeof(*table->cpus));
	table->cpus = NULL;
}

void sched_digest(const struct machine *m, struct digest *digest)
{
	for (unsigned int cpu = 0; cpu < m->nr_cpus; cpu++) {
		const struct cpu_state *state = cpu_of(m, cpu);

		digest_u64(digest, state->current->pid);
		digest_u64(digest, state->nr_switches);
		digest_u64(digest, state->idle->nvcsw);
	}
	cputime_digest(m, digest);
}

static void cpu_validate(const struct machine *m, unsigned int cpu, struct check *check)
{
	const struct cpu_state *state = cpu_of(m, cpu);
	const struct task_struct *task = state->current;
	const struct cpu_tlb *tlb = cpu_tlb(m, cpu);

	check->nr_checked += 3;
	if (!task->active_mm || (task->mm && task->mm != task->active_mm))
		check_fail(check, "T8", "cpu %u: expected %s to have an active mm, its own if "
			   "it has one, found another", cpu, task->comm);
	/* A flush of freed tables makes a CPU that only borrows load the kernel's own. */
	if (tlb->loaded_mm != task->active_mm && (task->mm || tlb->loaded_mm != m->init_mm))
		check_fail(check, "T8", "cpu %u: expected the mm of %s to be loaded, found mm %u",
			   cpu, task->comm, tlb->loaded_mm->self);
	if (tlb->is_lazy != (!task->mm && tlb->loaded_mm != m->init_mm))
		check_fail(check, "T8", "cpu %u: expected is_lazy %d, found %d", cpu,
			   !tlb->is_lazy, tlb->is_lazy);
}

void sched_validate(const struct machine *m, struct check *check)
{
	for (unsigned int cpu = 0; m->tasks && m->tasks->cpus && cpu < m->nr_cpus; cpu++)
		cpu_validate(m, cpu, check);
}
