// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * One array of pointers in the order of pids, so a task stays where it is while others
 * come and go; pids are found by halving. Dead tasks stay in it until they are
 * reaped. A second one is in the order in which they came to their cgroups. Below them, the
 * objects of a task: which caches they come from, and who frees those that several tasks
 * share (the last).
 */
#include "sim/virt/task.h"

#include "sim/base/bug.h"
#include "sim/phys/page_alloc.h"
#include "sim/phys/slab.h"
#include "sim/virt/fork.h"
#include "sim/phys/tunables.h"
#include "sim/virt/kstack.h"
#include "sim/virt/mempolicy.h"
#include "sim/virt/sched.h"
#include "sim/virt/virt.h"

#define RESERVED_PIDS 300	/* numbers that are not used again once pids wrapped */
#define PIDS_PER_CPU 1024

static unsigned int task_index(const struct task_table *table, u32 pid)
{
	unsigned int low = 0, high = table->nr;

	while (low < high) {
		unsigned int middle = (low + high) / 2;

		if (table->tasks[middle]->pid < pid)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

struct task_struct *task_next(const struct machine *m, u32 pid)
{
	unsigned int i;

	if (!m->tasks)
		return NULL;
	i = task_index(m->tasks, pid);
	return i < m->tasks->nr ? m->tasks->tasks[i] : NULL;
}

struct task_struct *task_find(const struct machine *m, u32 pid)
{
	struct task_struct *task = task_next(m, pid);

	return task && task->pid == pid ? task : NULL;
}

struct task_struct *process_next(const struct machine *m, u32 pid)
{
	struct task_struct *task = task_next(m, pid);

	while (task && task->tgid != task->pid)
		task = task_next(m, task->pid + 1);
	return task;
}

struct task_struct *thread_next(const struct machine *m, u32 tgid, u32 pid)
{
	struct task_struct *task = task_find(m, tgid);

	if (task && task->tgid == tgid && task->signal && task->signal->count == 1)
		return pid <= tgid ? task : NULL;
	task = task_next(m, pid);
	while (task && task->tgid != tgid)
		task = task_next(m, task->pid + 1);
	return task;
}

u64 tasks_reaped(const struct machine *m)
{
	return m->tasks ? m->tasks->last_serial - m->tasks->nr : 0;
}

int task_prio(const struct task_struct *task)
{
	return task->policy == POLICY_FIFO ? -1 - task->rt_priority : 20 + task->nice;
}

u32 pid_max(const struct machine *m)
{
	if (m->tunables->pid_max)
		return m->tunables->pid_max;
	return CLAMP(m->nr_cpus * PIDS_PER_CPU, 32768, PID_LIMIT);
}

/* The first number of [pid, end) that no task has; 0: none. */
static u32 free_pid(const struct machine *m, u32 pid, u32 end)
{
	unsigned int i = task_index(m->tasks, pid);

	while (i < m->tasks->nr && m->tasks->tasks[i]->pid == pid) {
		i++;
		pid++;
	}
	return pid < end ? pid : 0;
}

u32 pid_alloc(const struct machine *m)
{
	u32 last = m->tasks->last_pid, end = pid_max(m);
	u32 pid = last + 1 < end ? free_pid(m, last + 1, end) : 0;

	return pid ? pid : free_pid(m, RESERVED_PIDS, end);
}

int tasks_reserve(struct machine *m)
{
	struct task_table *table = m->tasks;
	struct task_struct **tasks = arena_grow(&m->arena, table->tasks, &table->room,
						table->nr + 1, 64, sizeof(*tasks));

	if (!tasks)
		return -ENOBUFS;
	table->tasks = tasks;
	tasks = arena_grow(&m->arena, table->arrivals, &table->room_arrivals, table->nr + 1, 64,
			   sizeof(*tasks));
	if (!tasks)
		return -ENOBUFS;
	table->arrivals = tasks;
	return 0;
}

/* ---- By arrival. ---- */

/* The first that came then or later. */
static unsigned int arrival_index(const struct task_table *table, u64 arrival)
{
	unsigned int low = 0, high = table->nr;

	while (low < high) {
		unsigned int middle = (low + high) / 2;

		if (table->arrivals[middle]->arrival < arrival)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

struct task_struct *task_next_arrival(const struct machine *m, const struct task_struct *prev)
{
	const struct task_table *table = m->tasks;
	unsigned int i = prev ? arrival_index(table, prev->arrival + 1) : 0;

	return i < table->nr ? table->arrivals[i] : NULL;
}

static void leave_arrivals(struct machine *m, const struct task_struct *task)
{
	struct task_table *table = m->tasks;
	unsigned int i = arrival_index(table, task->arrival);

	BUG_ON(m, i >= table->nr || table->arrivals[i] != task);
	memmove(&table->arrivals[i], &table->arrivals[i + 1],
		(table->nr - 1 - i) * sizeof(*table->arrivals));
}

static void join_arrivals(struct task_table *table, struct task_struct *task)
{
	task->arrival = ++table->last_arrival;
	table->arrivals[table->nr - 1] = task;
}

void task_arrive(struct machine *m, struct task_struct *task)
{
	leave_arrivals(m, task);
	join_arrivals(m->tasks, task);
}

/* ---- By pid. ---- */

static void table_insert(struct task_table *table, struct task_struct *task)
{
	unsigned int i = task_index(table, task->pid);

	memmove(&table->tasks[i + 1], &table->tasks[i],
		(table->nr - i) * sizeof(*table->tasks));
	table->tasks[i] = task;
	table->nr++;
}

static void table_remove(struct machine *m, const struct task_struct *task)
{
	struct task_table *table = m->tasks;
	unsigned int i = task_index(table, task->pid);

	BUG_ON(m, i >= table->nr || table->tasks[i] != task);
	table->nr--;
	memmove(&table->tasks[i], &table->tasks[i + 1],
		(table->nr - i) * sizeof(*table->tasks));
}

void task_link(struct machine *m, struct task_struct *task)
{
	struct task_table *table = m->tasks;

	table_insert(table, task);
	join_arrivals(table, task);
	task->serial = ++table->last_serial;
	table->last_pid = task->pid;
	table->total_forks++;
}

void task_unlink(struct machine *m, const struct task_struct *task)
{
	m->tasks->gone_stime_ns += task->stime_ns;
	leave_arrivals(m, task);
	table_remove(m, task);
}

void task_renumber(struct machine *m, struct task_struct *task, u32 pid)
{
	table_remove(m, task);
	task->pid = pid;
	table_insert(m->tasks, task);
}

int task_alloc(struct machine *m, const struct task_struct *like, int node,
	       struct task_struct **task)
{
	struct task_struct *t;
	u32 self;
	int err = new_object(m, &m->virt->tasks, node, &t);

	if (err)
		return err;
	self = t->self;
	*t = *like;
	t->self = self;
	t->fault.fail_nth = 0;
	t->stack = 0;
	t->mm = t->active_mm = NULL;
	t->signal = NULL;
	t->sighand = NULL;
	t->files = NULL;
	t->fs = NULL;
	t->mempolicy = NULL;
	memset(&t->uffd, 0, sizeof(t->uffd));
	t->uffd_events = NULL;
	t->mce_code = 0;
	t->pid_object = 0;
	*task = t;
	return 0;
}

int pid_object_alloc(struct machine *m, struct task_struct *task)
{
	struct slab_object object;
	int err = kmem_cache_alloc(m, m->virt->pid_cache, GFP_KERNEL, NUMA_NO_NODE, &object);

	if (!err)
		task->pid_object = object.addr;
	return err;
}

int cred_alloc(struct machine *m, int node, u64 *cred)
{
	struct slab_object object;
	int err = kmem_cache_alloc(m, m->virt->cred_cache, GFP_KERNEL, node, &object);

	if (!err)
		*cred = object.addr;
	return err;
}

int task_own_objects(struct machine *m, struct task_struct *task)
{
	u64 cred;
	int err = cred_alloc(m, NUMA_NO_NODE, &cred);

	if (err)
		return err;
	err = new_object(m, &m->virt->sighands, NUMA_NO_NODE, &task->sighand);
	if (err)
		goto out_cred;
	task->sighand->count = 1;
	err = new_object(m, &m->virt->signals, NUMA_NO_NODE, &task->signal);
	if (err)
		goto out_sighand;
	task->signal->count = task->signal->nr_threads = 1;
	rlimits_init(m, task->signal);
	task->signal->cred = cred;
	err = pid_object_alloc(m, task);
	if (!err)
		return 0;
	object_free(m, &m->virt->signals, task->signal->self);
	task->signal = NULL;
out_sighand:
	object_free(m, &m->virt->sighands, task->sighand->self);
	task->sighand = NULL;
out_cred:
	kmem_cache_free(m, m->virt->cred_cache, cred);
	return err;
}

void task_free(struct machine *m, struct task_struct *task)
{
	if (task->pid_object)
		kmem_cache_free_rcu(m, m->virt->pid_cache, task->pid_object, 1);
	if (task->sighand && !--task->sighand->count)
		object_free(m, &m->virt->sighands, task->sighand->self);
	if (task->stack)
		kernel_stack_free(m, task->stack);
	if (task->signal && !--task->signal->count) {
		/* The task's end gives them back, and others may look at credentials. */
		kmem_cache_free_rcu(m, m->virt->cred_cache, task->signal->cred, 2);
		object_free_rcu(m, &m->virt->signals, task->signal->self, 1);
	}
	mpol_put(m, task->mempolicy);
	if (task->self)
		object_free_rcu(m, &m->virt->tasks, task->self, 1);
	else
		arena_free(&m->arena, task, sizeof(*task));
}

/*
 * A machine too small for the objects of all its threads has some of them in the
 * image, as it has threads without a stack.
 */
static int boot_task_alloc(struct machine *m, const struct task_struct *like,
			   struct task_struct **task)
{
	int err = task_alloc(m, like, MAX(like->node, NUMA_NO_NODE), task);

	if (!err) {
		err = task_own_objects(m, *task);
		if (err)
			task_free(m, *task);
	}
	if (err != -ENOMEM || m->booted)
		return err;
	*task = arena_alloc(&m->arena, sizeof(**task));
	if (!*task)
		return -ENOBUFS;
	**task = *like;
	return 0;
}

int task_add(struct machine *m, const struct task_struct *like, u32 *pid)
{
	struct task_struct *task;
	int err = tasks_reserve(m);

	if (!err)
		err = boot_task_alloc(m, like, &task);
	if (err)
		return err;
	task->pid = task->tgid = pid_alloc(m);
	task->start_ns = m->now_ns;
	task->last_cpu = (s16)sched_pick_cpu(m, task);
	if (task->signal)
		task->signal->tgid = task->pid;
	if (task->sighand && (task->flags & PF_KTHREAD))
		task->sighand->ignored = ~0ULL;	/* nor are its children waited for */
	task_link(m, task);
	if (pid)
		*pid = task->pid;
	return 0;
}

int tasks_init(struct machine *m)
{
	m->tasks = arena_alloc(&m->arena, sizeof(*m->tasks));
	return m->tasks ? kernel_threads_init(m) : -ENOBUFS;
}

void tasks_free(struct machine *m)
{
	struct task_table *table = m->tasks;

	if (!table)
		return;
	for (unsigned int i = 0; i < table->nr; i++) {
		if (!table->tasks[i]->self)
			arena_free(&m->arena, table->tasks[i], sizeof(struct task_struct));
	}
	arena_free(&m->arena, table->arrivals, table->room_arrivals * sizeof(*table->arrivals));
	arena_free(&m->arena, table->tasks, table->room * sizeof(*table->tasks));
	arena_free(&m->arena, table, sizeof(*table));
	m->tasks = NULL;
}

/* Most tasks have no figures. */
static void io_digest(const struct task_io *io, struct digest *digest)
{
	if (!(io->syscr | io->syscw | io->read_bytes | io->write_bytes | io->cancelled_write_bytes))
		return;
	digest_u64(digest, io->rchar);
	digest_u64(digest, io->wchar);
	digest_u64(digest, io->syscr);
	digest_u64(digest, io->syscw);
	digest_u64(digest, io->read_bytes);
	digest_u64(digest, io->write_bytes);
	digest_u64(digest, io->cancelled_write_bytes);
}

static void signal_digest(const struct signal_struct *signal, struct digest *digest)
{
	digest_u64(digest, (u64)signal->self << 32 | (u32)signal->nr_threads);
	digest_u64(digest, (u64)signal->pgid << 32 | signal->sid);
	for (unsigned int i = 0; i < RLIM_NLIMITS; i++) {
		digest_u64(digest, signal->rlim[i].cur);
		digest_u64(digest, signal->rlim[i].max);
	}
	digest_u64(digest, signal->min_flt);
	digest_u64(digest, signal->maj_flt);
	digest_u64(digest, signal->cmin_flt);
	digest_u64(digest, signal->cmaj_flt);
	digest_u64(digest, signal->stime_ns);
	digest_u64(digest, signal->cstime_ns);
	io_digest(&signal->io, digest);
	digest_u64(digest, (u64)(u16)signal->oom_score_adj << 16 |
		   (u16)signal->oom_score_adj_min);
	digest_u64(digest, (u64)signal->exit_code << 1 | signal->group_exit);
	digest_u64(digest, signal->maxrss);
	digest_u64(digest, signal->unkillable);
}

static void task_digest(const struct task_struct *t, struct digest *digest)
{
	digest_u64(digest, (u64)t->pid << 32 | t->ppid);
	digest_string(digest, t->comm);
	digest_u64(digest, t->start_ns);
	digest_u64(digest, t->arrival);
	digest_u64(digest, (u64)t->flags << 32 | (u64)(u8)t->state << 24 |
		   (u64)(u8)t->nice << 16 | (u64)t->rt_priority << 8 | t->policy);
	digest_u64(digest, (u64)t->tgid << 32 | (u64)(u8)t->exit_signal << 24 | (u16)t->cpu);
	digest_u64(digest, (u64)t->self << 32 | (u16)t->last_cpu);
	digest_u64(digest, (u64)(t->mm ? t->mm->self : 0) << 32 |
		   (t->active_mm ? t->active_mm->self + 1 : 0));
	digest_u64(digest, t->min_flt);
	io_digest(&t->io, digest);
	if (t->nr_dirtied || t->dirty_paused_when) {
		digest_u64(digest, (u64)t->nr_dirtied_pause << 32 | t->nr_dirtied);
		digest_u64(digest, t->dirty_paused_when);
	}
	digest_u64(digest, t->maj_flt);
	digest_u64(digest, t->stime_ns);
	digest_u64(digest, t->nvcsw);
	digest_u64(digest, t->nivcsw);
	digest_u64(digest, (u64)t->uid << 32 | t->gid);
	digest_u64(digest, t->pkru);
	digest_u64(digest, t->cap_effective);
	digest_u64(digest, t->cap_permitted);
	digest_u64(digest, t->personality << 8 | t->cap_sys_ptrace << 4 | t->cap_sys_nice << 3 |
		   t->cap_ipc_lock << 2 | t->cap_sys_admin << 1 | t->cap_sys_resource);
	digest_u64(digest, (u64)t->vfork_child << 32 | t->vfork_parent << 1 | t->orphan);
	digest_u64(digest, t->exit_code);
	for (unsigned int i = 0; i < CPU_WORDS; i++)
		digest_u64(digest, t->cpus_allowed[i] ^ t->user_cpus[i] * 0x9e3779b97f4a7c15ULL);
	if (t->exec_strings.argc) {
		digest_u64(digest, (u64)t->exec_strings.argc << 32 | t->exec_strings.arg_bytes);
		digest_u64(digest, (u64)t->exec_strings.envc << 32 | t->exec_strings.env_bytes);
		digest_u64(digest, t->exec_strings.path_bytes);
	}
	digest_u64(digest, t->ip);
	digest_u64(digest, t->sp);
	for (unsigned int i = 0; i < ARRAY_SIZE(t->rss_cache); i++)
		digest_u64(digest, (u32)t->rss_cache[i]);
	digest_u64(digest, t->rss_events);
	digest_u64(digest, (u64)t->fault.fail_nth << 1 | t->fault.make_it_fail);
	digest_u64(digest, t->sighand ? t->sighand->ignored : 0);
	if (t->signal)
		signal_digest(t->signal, digest);
}

void tasks_digest(const struct machine *m, struct digest *digest)
{
	digest_u64(digest, m->tasks->last_pid);
	digest_u64(digest, m->tasks->total_forks);
	digest_u64(digest, m->tasks->last_serial);
	digest_u64(digest, m->tasks->last_arrival);
	for (unsigned int i = 0; i < m->tasks->nr; i++)
		task_digest(m->tasks->tasks[i], digest);
	for (unsigned int cpu = 0; cpu < m->nr_cpus; cpu++)
		for (unsigned int i = 0; i < NR_CACHED_STACKS; i++)
			digest_u64(digest, m->tasks->cached_stack[cpu][i]);
}
