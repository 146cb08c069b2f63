// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The threads that a kernel of each release starts while it boots, in the order of
 * their pids. %u in a name is the CPU or node.
 */
#include "sim/virt/task.h"

#include <stdio.h>

#include "sim/phys/page_alloc.h"
#include "sim/phys/tunables.h"
#include "sim/virt/fork.h"
#include "sim/virt/kstack.h"
#include "sim/virt/mm_slot.h"

enum when {
	ONCE,
	OTHER_CPU,	/* for each CPU but the first, as it comes up: rows are neighbours */
	EACH_CPU,
	EACH_NODE,	/* with memory */
};

enum kind { THREAD, FREEZABLE, BOUND, WORKER, HIGH_WORKER, UNBOUND_WORKER, RESCUER, RCU,
	    STOPPER, KSWAPD, KCOMPACTD, KSM, KHUGEPAGED, WATCHDOG };

struct kind_row {
	u32 flags;
	char state;
	s8 nice;
	u8 rt_priority;
	bool bound;		/* to its CPU */
	const char *wchan;	/* NULL: the row says */
};

#define KTHREAD (PF_KTHREAD | PF_FORKNOEXEC)

static const struct kind_row kinds[] = {
	[THREAD] = { KTHREAD | PF_NOFREEZE, 'S' },
	[FREEZABLE] = { KTHREAD, 'S' },
	[BOUND] = { KTHREAD | PF_NOFREEZE | PF_NO_SETAFFINITY, 'S', .bound = true,
		    .wchan = "smpboot_thread_fn" },
	[WORKER] = { KTHREAD | PF_NOFREEZE | PF_NO_SETAFFINITY | PF_WQ_WORKER, 'I',
		     .bound = true, .wchan = "worker_thread" },
	[HIGH_WORKER] = { KTHREAD | PF_NOFREEZE | PF_NO_SETAFFINITY | PF_WQ_WORKER, 'I',
			  .nice = -20, .bound = true, .wchan = "worker_thread" },
	[UNBOUND_WORKER] = { KTHREAD | PF_NOFREEZE | PF_NO_SETAFFINITY | PF_WQ_WORKER, 'I',
			     .wchan = "worker_thread" },
	[RESCUER] = { KTHREAD | PF_NOFREEZE | PF_NO_SETAFFINITY | PF_WQ_WORKER, 'I',
		      .nice = -20, .wchan = "rescuer_thread" },
	[RCU] = { KTHREAD | PF_NOFREEZE, 'I' },
	[STOPPER] = { KTHREAD | PF_NOFREEZE | PF_NO_SETAFFINITY, 'S', .rt_priority = 99,
		      .bound = true, .wchan = "smpboot_thread_fn" },
	[KSWAPD] = { KTHREAD | PF_MEMALLOC | PF_KSWAPD, 'S', .wchan = "kswapd" },
	[KCOMPACTD] = { KTHREAD | PF_KCOMPACTD, 'S', .wchan = "kcompactd" },
	[KSM] = { KTHREAD, 'S', .nice = 5, .wchan = "ksm_scan_thread" },
	[KHUGEPAGED] = { KTHREAD, 'S', .nice = 19, .wchan = "khugepaged" },
	[WATCHDOG] = { KTHREAD | PF_NOFREEZE, 'S', .rt_priority = 50,
		       .wchan = "kthread_worker_fn" },
};

struct thread_row {
	u8 when;		/* enum when */
	u8 kind;		/* enum kind */
	struct span span;
	const char *name;
	const char *wchan;
};

static const struct thread_row threads[] = {
	{ ONCE, THREAD, SINCE(R_6_18), "pool_workqueue_release", "kthread_worker_fn" },
	{ ONCE, RESCUER, UNTIL(R_6_1), "rcu_gp" },
	{ ONCE, RESCUER, UNTIL(R_6_1), "rcu_par_gp" },
	{ ONCE, RESCUER, UNTIL(R_6_1), "slub_flushwq" },
	{ ONCE, RESCUER, UNTIL(R_6_1), "netns" },
	{ ONCE, RESCUER, SINCE(R_6_18), "kworker/R-rcu_gp" },
	{ ONCE, RESCUER, SINCE(R_6_18), "kworker/R-sync_wq" },
	{ ONCE, RESCUER, SINCE(R_6_18), "kworker/R-kvfree_rcu_reclaim" },
	{ ONCE, RESCUER, SINCE(R_6_18), "kworker/R-slub_flushwq" },
	{ ONCE, RESCUER, SINCE(R_6_18), "kworker/R-netns" },
	{ ONCE, WORKER, ALL, "kworker/%u:0-events" },
	{ ONCE, HIGH_WORKER, ALL, "kworker/%u:0H-events_highpri" },
	{ ONCE, WORKER, SINCE(R_6_18), "kworker/%u:1-events" },
	{ ONCE, UNBOUND_WORKER, ALL, "kworker/u%u:0-events_unbound" },
	{ ONCE, RESCUER, UNTIL(R_6_1), "mm_percpu_wq" },
	{ ONCE, RESCUER, SINCE(R_6_18), "kworker/R-mm_percpu_wq" },
	{ ONCE, RCU, ALL, "rcu_tasks_kthread", "rcu_tasks_one_gp" },
	{ ONCE, RCU, ALL, "rcu_tasks_rude_kthread", "rcu_tasks_one_gp" },
	{ ONCE, RCU, ALL, "rcu_tasks_trace_kthread", "rcu_tasks_one_gp" },
	{ ONCE, BOUND, ALL, "ksoftirqd/%u" },
	{ ONCE, RCU, ALL, "rcu_preempt", "rcu_gp_fqs_loop" },
	{ ONCE, THREAD, SINCE(R_6_18), "rcu_exp_par_gp_kthread_worker/0", "kthread_worker_fn" },
	{ ONCE, THREAD, SINCE(R_6_18), "rcu_exp_gp_kthread_worker", "kthread_worker_fn" },
	{ ONCE, STOPPER, ALL, "migration/%u" },
	{ ONCE, WORKER, UNTIL(R_6_1), "kworker/%u:1-events" },
	{ ONCE, BOUND, ALL, "cpuhp/%u" },
	{ OTHER_CPU, BOUND, ALL, "cpuhp/%u" },
	{ OTHER_CPU, STOPPER, ALL, "migration/%u" },
	{ OTHER_CPU, BOUND, ALL, "ksoftirqd/%u" },
	{ OTHER_CPU, WORKER, ALL, "kworker/%u:0-events" },
	{ OTHER_CPU, HIGH_WORKER, ALL, "kworker/%u:0H-events_highpri" },
	{ ONCE, THREAD, ALL, "kdevtmpfs", "devtmpfs_work_loop" },
	{ ONCE, RESCUER, UNTIL(R_6_1), "inet_frag_wq" },
	{ ONCE, RESCUER, SINCE(R_6_18), "kworker/R-inet_frag_wq" },
	{ ONCE, FREEZABLE, ALL, "kauditd", "kauditd_thread" },
	{ ONCE, THREAD, ALL, "khungtaskd", "watchdog" },
	{ ONCE, FREEZABLE, ALL, "oom_reaper", "oom_reaper" },
	{ ONCE, RESCUER, UNTIL(R_6_1), "writeback" },
	{ ONCE, RESCUER, SINCE(R_6_18), "kworker/R-writeback" },
	{ EACH_NODE, KCOMPACTD, ALL, "kcompactd%u" },
	{ ONCE, KSM, ALL, "ksmd" },
	{ ONCE, KHUGEPAGED, ALL, "khugepaged" },
	{ ONCE, RESCUER, UNTIL(R_6_1), "kintegrityd" },
	{ ONCE, RESCUER, UNTIL(R_6_1), "kblockd" },
	{ ONCE, RESCUER, UNTIL(R_6_1), "blkcg_punt_bio" },
	{ ONCE, RESCUER, SINCE(R_6_18), "kworker/R-kintegrityd" },
	{ ONCE, RESCUER, SINCE(R_6_18), "kworker/R-kblockd" },
	{ ONCE, RESCUER, SINCE(R_6_18), "kworker/R-blkcg_punt_bio" },
	{ ONCE, WATCHDOG, SINCE(R_6_18), "watchdogd" },
	{ EACH_CPU, HIGH_WORKER, ALL, "kworker/%u:1H-kblockd" },
	{ EACH_NODE, KSWAPD, ALL, "kswapd%u" },
	{ ONCE, RESCUER, UNTIL(R_6_1), "kthrotld" },
	{ ONCE, RESCUER, UNTIL(R_6_1), "mld" },
	{ ONCE, RESCUER, UNTIL(R_6_1), "ipv6_addrconf" },
	{ ONCE, RESCUER, UNTIL(R_6_1), "kstrp" },
	{ ONCE, RESCUER, SINCE(R_6_18), "kworker/R-kthrotld" },
	{ ONCE, RESCUER, SINCE(R_6_18), "kworker/R-mld" },
	{ ONCE, RESCUER, SINCE(R_6_18), "kworker/R-ipv6_addrconf" },
	{ ONCE, RESCUER, SINCE(R_6_18), "kworker/R-kstrp" },
};

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
static void format_name(char *comm, const char *format, unsigned int number)
{
	snprintf(comm, COMM_CHARS + 1, format, number);
}
#pragma GCC diagnostic pop

static struct task_struct task_of_kind(const struct kind_row *kind)
{
	return (struct task_struct){
		.ppid = PID_KTHREADD,
		.flags = kind->flags,
		.state = kind->state,
		.nice = kind->nice,
		.rt_priority = kind->rt_priority,
		.policy = kind->rt_priority ? POLICY_FIFO : POLICY_NORMAL,
		.exit_signal = 17,
		.cpu = -1,
		.node = -1,
		.wchan = kind->wchan,
	};
}

static int start(struct machine *m, const struct thread_row *row, unsigned int number)
{
	const struct kind_row *kind = &kinds[row->kind];
	struct task_struct task = task_of_kind(kind);

	if (kind->bound)
		task.cpu = (s16)number;
	if (row->when == EACH_NODE)
		task.node = (s16)number;
	if (!kind->wchan)
		task.wchan = row->wchan;
	if (row->kind == KCOMPACTD && !rel_kcompactd_has_flag(m->release))
		task.flags &= ~PF_KCOMPACTD;
	format_name(task.comm, row->name, number);
	return task_add(m, &task, NULL);
}

/* The number of the first pool that is not a CPU's own. */
static unsigned int unbound_pool(const struct machine *m)
{
	return m->nr_cpus * (rel_has_bh_pools(m->release) ? 4 : 2);
}

static int start_row(struct machine *m, const struct thread_row *row)
{
	unsigned int number = row->kind == UNBOUND_WORKER ? unbound_pool(m) : 0;
	int err = 0;

	if (row->when == EACH_NODE) {
		for (unsigned int node = 0; node < m->nr_nodes && !err; node++) {
			if (m->nodes[node] && m->nodes[node]->has_memory)
				err = start(m, row, node);
		}
		return err;
	}
	if (row->when != EACH_CPU)
		return start(m, row, number);
	for (unsigned int cpu = 0; cpu < m->nr_cpus && !err; cpu++)
		err = start(m, row, cpu);
	return err;
}

/* The rows from `first` on that a CPU starts as it comes up; the first row behind. */
static unsigned int end_of_cpu_rows(unsigned int first)
{
	while (first < ARRAY_SIZE(threads) && threads[first].when == OTHER_CPU)
		first++;
	return first;
}

static int start_other_cpus(struct machine *m, unsigned int first, unsigned int end)
{
	int err = 0;

	for (unsigned int cpu = 1; cpu < m->nr_cpus; cpu++) {
		for (unsigned int i = first; i < end && !err; i++) {
			if (span_holds(threads[i].span, m->release))
				err = start(m, &threads[i], cpu);
		}
	}
	return err;
}

static int start_first(struct machine *m)
{
	const struct task_struct init = {
		.comm = "init", .state = 'S', .flags = PF_SUPERPRIV | PF_RANDOMIZE,
		.exit_signal = 17,
		.cpu = -1, .node = -1, .wchan = "do_wait",
	};
	const struct task_struct kthreadd = {
		.comm = "kthreadd", .state = 'S', .flags = KTHREAD | PF_NOFREEZE,
		.cpu = -1, .node = -1, .wchan = "kthreadd",
	};
	int err = task_add(m, &init, NULL);

	return err ? err : task_add(m, &kthreadd, NULL);
}

/* khugepaged is there while anybody may have huge pages. */
static bool is_wanted(const struct machine *m, const struct thread_row *row)
{
	return row->kind != KHUGEPAGED || m->khugepaged->running;
}

int kernel_threads_init(struct machine *m)
{
	int err = start_first(m);

	for (unsigned int i = 0; i < ARRAY_SIZE(threads) && !err; i++) {
		unsigned int end = end_of_cpu_rows(i);

		if (end > i) {
			err = start_other_cpus(m, i, end);
			i = end - 1;
		} else if (span_holds(threads[i].span, m->release) && is_wanted(m, &threads[i])) {
			err = start_row(m, &threads[i]);
		}
	}
	return err;
}

/* A thread that a running kernel makes: it has a stack from the start. */
static int add_with_stack(struct machine *m, const struct task_struct *like, u32 *pid)
{
	u64 stack;
	int err;

	if ((s64)m->tasks->nr >= m->tunables->threads_max || !pid_alloc(m))
		return -EAGAIN;
	err = kernel_stack_alloc_task(m, MAX(like->node, NUMA_NO_NODE), &stack);
	if (err)
		return err;
	err = task_add(m, like, pid);
	if (err)
		kernel_stack_free(m, stack);
	else
		task_find(m, *pid)->stack = stack;
	return err;
}

int kthread_create(struct machine *m, const char *comm, int cpu, int node, u32 *pid)
{
	struct task_struct like = {
		.ppid = PID_KTHREADD, .flags = KTHREAD | PF_NOFREEZE, .state = 'S',
		.exit_signal = SIGCHLD, .cpu = (s16)cpu, .node = (s16)node,
	};

	if (cpu >= 0)
		like.flags |= PF_NO_SETAFFINITY;
	memcpy(like.comm, comm, MIN(strlen(comm), (size_t)COMM_CHARS));
	return add_with_stack(m, &like, pid);
}

int node_thread_start(struct machine *m, enum node_thread thread, unsigned int node)
{
	static const char *const names[] = {
		[NODE_KSWAPD] = "kswapd%u", [NODE_KCOMPACTD] = "kcompactd%u",
	};
	struct task_struct like = task_of_kind(&kinds[thread == NODE_KSWAPD ? KSWAPD :
						      KCOMPACTD]);
	u32 pid;

	like.node = (s16)node;
	if (thread == NODE_KCOMPACTD && !rel_kcompactd_has_flag(m->release))
		like.flags &= ~PF_KCOMPACTD;
	format_name(like.comm, names[thread], node);
	return add_with_stack(m, &like, &pid);
}

int khugepaged_thread_start(struct machine *m)
{
	struct task_struct like = task_of_kind(&kinds[KHUGEPAGED]);
	u32 pid;

	format_name(like.comm, "khugepaged", 0);
	return add_with_stack(m, &like, &pid);
}

void kthread_stop(struct machine *m, struct task_struct *task)
{
	if (task->signal) {
		do_exit(m, task, 0);
		return;
	}
	/* Of the image: there is nothing to give back. */
	task_unlink(m, task);
	task_free(m, task);
}
