// SPDX-License-Identifier: GPL-2.0-or-later
/* One array in the order of pids: tasks are added at its end and found by halving. */
#include "sim/virt/task.h"

static unsigned int task_index(const struct task_table *table, u32 pid)
{
	unsigned int low = 0, high = table->nr;

	while (low < high) {
		unsigned int middle = (low + high) / 2;

		if (table->tasks[middle].pid < pid)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

const struct task_struct *task_next(const struct machine *m, u32 pid)
{
	unsigned int i;

	if (!m->tasks)
		return NULL;
	i = task_index(m->tasks, pid);
	return i < m->tasks->nr ? &m->tasks->tasks[i] : NULL;
}

const struct task_struct *task_find(const struct machine *m, u32 pid)
{
	const struct task_struct *task = task_next(m, pid);

	return task && task->pid == pid ? task : NULL;
}

int task_prio(const struct task_struct *task)
{
	return task->policy == POLICY_FIFO ? -1 - task->rt_priority : 20 + task->nice;
}

static int table_grow(struct machine *m)
{
	struct task_table *table = m->tasks;
	unsigned int room = table->room ? table->room * 2 : 64;
	struct task_struct *tasks;

	if (table->nr < table->room)
		return 0;
	tasks = arena_resize(&m->arena, table->tasks, table->room * sizeof(*tasks),
			     room * sizeof(*tasks));
	if (!tasks)
		return -ENOMEM;
	table->tasks = tasks;
	table->room = room;
	return 0;
}

int task_add(struct machine *m, const struct task_struct *task, u32 *pid)
{
	int err = table_grow(m);
	struct task_struct *slot;

	if (err)
		return err;
	slot = &m->tasks->tasks[m->tasks->nr++];
	*slot = *task;
	slot->pid = ++m->tasks->last_pid;
	slot->start_ns = m->now_ns;
	if (pid)
		*pid = slot->pid;
	return 0;
}

int tasks_init(struct machine *m)
{
	m->tasks = arena_alloc(&m->arena, sizeof(*m->tasks));
	return m->tasks ? kernel_threads_init(m) : -ENOMEM;
}

void tasks_free(struct machine *m)
{
	if (!m->tasks)
		return;
	arena_free(&m->arena, m->tasks->tasks, m->tasks->room * sizeof(*m->tasks->tasks));
	arena_free(&m->arena, m->tasks, sizeof(*m->tasks));
	m->tasks = NULL;
}

void tasks_digest(const struct machine *m, struct digest *digest)
{
	for (const struct task_struct *t = task_next(m, 0); t; t = task_next(m, t->pid + 1)) {
		digest_u64(digest, (u64)t->pid << 32 | t->ppid);
		digest_string(digest, t->comm);
		digest_u64(digest, t->start_ns);
		digest_u64(digest, (u64)t->flags << 32 | (u64)(u8)t->state << 24 |
			   (u64)(u8)t->nice << 16 | (u64)t->rt_priority << 8 | t->policy);
	}
}
