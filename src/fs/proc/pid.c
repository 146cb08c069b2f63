// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * proc/PID of init and the kernel's threads: tasks without memory of their own, so
 * what a real kernel prints for them is short, and the memory files are empty.
 */
#include <inttypes.h>
#include <stdio.h>

#include "fs/core/figures.h"
#include "fs/core/host.h"
#include "sim/phys/tunables.h"
#include "sim/virt/task.h"

#define USER_HZ_NS 10000000ULL	/* stat counts in clock ticks of 1/100 s */
#define NODE_BITS 1024		/* of a node mask, where there are nodes */

static const struct task_struct *view_task(const struct view *v)
{
	return task_find(v->m, v->id[V_PID]);
}

static int comm_show(struct out *out, const struct view *v)
{
	out_printf(out, "%s\n", view_task(v)->comm);
	return 0;
}

/* What only tasks with memory have. */
static int no_memory_show(struct out *out, const struct view *v)
{
	return -ESRCH;
}

static int root_show(struct out *out, const struct view *v)
{
	out_putc(out, '/');
	return 0;
}

static int no_exe_show(struct out *out, const struct view *v)
{
	return -ENOENT;
}

static int stat_show(struct out *out, const struct view *v)
{
	const struct task_struct *t = view_task(v);
	bool kernel = t->flags & PF_KTHREAD;

	out_printf(out, "%u (%s) %c %u 0 0 0 -1 %u", t->pid, t->comm, t->state, t->ppid,
		   t->flags);
	out_puts(out, " 0 0 0 0 0 0 0 0");	/* faults, times */
	out_printf(out, " %d %d 1 0 %" PRIu64, task_prio(t), t->nice, (u64)(t->start_ns / USER_HZ_NS));
	out_printf(out, " 0 0 %s 0 0 0 0 0", v->m->arch->bits == 64 ? "18446744073709551615" :
		   "4294967295");	/* size, rss and its limit; addresses */
	out_printf(out, " 0 0 %s 0 1 0 0", kernel ? "2147483647" : "0");	/* signals, wchan */
	out_printf(out, " %u %d %u %u 0 0 0", t->exit_signal, MAX(t->cpu, 0), t->rt_priority,
		   t->policy);
	out_puts(out, " 0 0 0 0 0 0 0 0\n");
	return 0;
}

static void show_ids(struct out *out, const struct task_struct *t)
{
	out_printf(out, "Tgid:\t%u\nNgid:\t0\nPid:\t%u\nPPid:\t%u\nTracerPid:\t0\n", t->pid,
		   t->pid, t->ppid);
	out_puts(out, "Uid:\t0\t0\t0\t0\nGid:\t0\t0\t0\t0\nFDSize:\t64\nGroups:\t \n");
	out_printf(out, "NStgid:\t%u\nNSpid:\t%u\nNSpgid:\t0\nNSsid:\t0\n", t->pid, t->pid);
}

static void show_signals(struct out *out, const struct machine *m, bool kernel)
{
	const char *ignored = kernel ? "ffffffffffffffff" : "0000000000000000";

	out_printf(out, "Threads:\t1\nSigQ:\t0/%" PRIu64 "\n", (u64)(m->tunables->threads_max / 2));
	out_printf(out, "SigPnd:\t%016x\nShdPnd:\t%016x\nSigBlk:\t%016x\nSigIgn:\t%s\n"
		   "SigCgt:\t%016x\n", 0, 0, 0, ignored, 0);
	out_printf(out, "CapInh:\t%016x\nCapPrm:\t000001ffffffffff\nCapEff:\t000001ffffffffff\n"
		   "CapBnd:\t000001ffffffffff\nCapAmb:\t%016x\nNoNewPrivs:\t0\nSeccomp:\t0\n"
		   "Seccomp_filters:\t0\nSpeculation_Store_Bypass:\tnot vulnerable\n"
		   "SpeculationIndirectBranch:\talways enabled\n", 0, 0);
}

static void task_cpus(const struct machine *m, const struct task_struct *t,
		      u64 words[CPU_WORDS])
{
	memset(words, 0, CPU_WORDS * sizeof(*words));
	for (unsigned int cpu = 0; cpu < m->nr_cpus; cpu++) {
		if ((t->cpu < 0 || (unsigned int)t->cpu == cpu) &&
		    (t->node < 0 || m->cpu_node[cpu] == (unsigned int)t->node))
			words[cpu / 64] |= 1ULL << (cpu % 64);
	}
	/* A node without CPUs: its threads run anywhere. */
	for (unsigned int i = 0; i < CPU_WORDS; i++) {
		if (words[i])
			return;
	}
	cpus_of_machine(m, words);
}

static void show_allowed(struct out *out, const struct machine *m,
			 const struct task_struct *t)
{
	u64 cpus[CPU_WORDS], nodes[NODE_BITS / 64] = { 0 };

	task_cpus(m, t, cpus);
	for (unsigned int i = 0; i < m->nr_nodes; i++) {
		if (m->nodes[i] && m->nodes[i]->has_memory)
			nodes[i / 64] |= 1ULL << (i % 64);
	}
	out_puts(out, "Cpus_allowed:\t");
	out_bitmap_mask(out, cpus, m->nr_cpus);
	out_puts(out, "\nCpus_allowed_list:\t");
	out_bitmap_list(out, cpus, m->nr_cpus);
	out_puts(out, "\nMems_allowed:\t");
	out_bitmap_mask(out, nodes, m->arch->numa ? NODE_BITS : 1);
	out_puts(out, "\nMems_allowed_list:\t");
	out_bitmap_list(out, nodes, m->arch->numa ? NODE_BITS : 1);
	out_putc(out, '\n');
}

static int status_show(struct out *out, const struct view *v)
{
	const struct task_struct *t = view_task(v);
	bool kernel = t->flags & PF_KTHREAD;

	out_printf(out, "Name:\t%s\nUmask:\t0022\nState:\t%s\n", t->comm,
		   t->state == 'I' ? "I (idle)" : "S (sleeping)");
	show_ids(out, t);
	if (rel_status_has_kthread(v->m->release))
		out_printf(out, "Kthread:\t%d\n", kernel);
	show_signals(out, v->m, kernel);
	show_allowed(out, v->m, t);
	out_puts(out, "voluntary_ctxt_switches:\t1\nnonvoluntary_ctxt_switches:\t0\n");
	if (rel_status_has_thread_features(v->m->release) && v->m->arch->bits == 64)
		out_puts(out, "x86_Thread_features:\t\nx86_Thread_features_locked:\t\n");
	return 0;
}

static int wchan_show(struct out *out, const struct view *v)
{
	out_puts(out, view_task(v)->wchan ? view_task(v)->wchan : "0");
	return 0;
}

static int io_show(struct out *out, const struct view *v)
{
	static const char *const names[] = {
		"rchar", "wchar", "syscr", "syscw", "read_bytes", "write_bytes",
		"cancelled_write_bytes",
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(names); i++)
		out_printf(out, "%s: 0\n", names[i]);
	return 0;
}

/* A resource's limits; NULL is unlimited. */
struct limit {
	const char *name, *soft, *hard, *unit;
};

static void show_limit(struct out *out, const struct limit *limit)
{
	out_printf(out, "%-25s %-20s %-20s %-10s\n", limit->name,
		   limit->soft ? limit->soft : "unlimited",
		   limit->hard ? limit->hard : "unlimited", limit->unit);
}

static int limits_show(struct out *out, const struct view *v)
{
	char threads[24];
	const struct limit limits[] = {
		{ "Limit", "Soft Limit", "Hard Limit", "Units" },
		{ "Max cpu time", NULL, NULL, "seconds" },
		{ "Max file size", NULL, NULL, "bytes" },
		{ "Max data size", NULL, NULL, "bytes" },
		{ "Max stack size", "8388608", NULL, "bytes" },
		{ "Max core file size", "0", NULL, "bytes" },
		{ "Max resident set", NULL, NULL, "bytes" },
		{ "Max processes", threads, threads, "processes" },
		{ "Max open files", "1024", "4096", "files" },
		{ "Max locked memory", "8388608", "8388608", "bytes" },
		{ "Max address space", NULL, NULL, "bytes" },
		{ "Max file locks", NULL, NULL, "locks" },
		{ "Max pending signals", threads, threads, "signals" },
		{ "Max msgqueue size", "819200", "819200", "bytes" },
		{ "Max nice priority", "0", "0", "" },
		{ "Max realtime priority", "0", "0", "" },
		{ "Max realtime timeout", NULL, NULL, "us" },
	};

	snprintf(threads, sizeof(threads), "%" PRIu64, (u64)(v->m->tunables->threads_max / 2));
	for (unsigned int i = 0; i < ARRAY_SIZE(limits); i++)
		show_limit(out, &limits[i]);
	return 0;
}

static void pid_name(const struct view *v, u32 id, char name[64])
{
	snprintf(name, 64, "%u", id);
}

/* The one thread of a process: the task itself. */
static bool tid_next(const struct view *v, u32 *id)
{
	bool more = *id <= v->id[V_PID];

	*id = v->id[V_PID];
	return more;
}

static bool tid_find(const struct view *v, const char *name, u32 *id)
{
	return host_number(name, id) && *id == v->id[V_PID];
}

#define TASK_FILES \
	TEXT_ROW("cgroup", 0444, "0::/\n"), \
	TEXT_ROW("cmdline", 0444, ""), \
	FILE_ROW("comm", 0444, comm_show), \
	LINK_ROW("cwd", root_show), \
	FILE_ROW("environ", 0400, no_memory_show), \
	LINK_ROW("exe", no_exe_show), \
	FILE_ROW("io", 0400, io_show), \
	FILE_ROW("limits", 0444, limits_show), \
	TEXT_ROW("maps", 0444, ""), \
	TEXT_ROW("numa_maps", 0444, ""), \
	TEXT_ROW("oom_score", 0444, "0\n"), \
	TEXT_ROW("oom_score_adj", 0444, "0\n"), \
	LINK_ROW("root", root_show), \
	TEXT_ROW("schedstat", 0444, "0 0 0\n"), \
	TEXT_ROW("smaps", 0444, ""), \
	FILE_ROW("smaps_rollup", 0444, no_memory_show), \
	FILE_ROW("stat", 0444, stat_show), \
	TEXT_ROW("statm", 0444, "0 0 0 0 0 0 0\n"), \
	FILE_ROW("status", 0444, status_show), \
	FILE_ROW("wchan", 0444, wchan_show)

static const struct entry thread_entries[] = { TASK_FILES };
static const struct dir thread_dir = { DIR_FILES(thread_entries) };

static const struct each thread_each[] = {
	{ DIR_ROW("<TID>", 0555, &thread_dir),
	  V_TID, tid_next, pid_name, tid_find },
};
static const struct dir task_dir = { DIR_EACH(thread_each) };

static const struct dir fd_dir = { 0 };

static const struct entry pid_entries[] = {
	TASK_FILES,
	DIR_ROW("fd", 0500, &fd_dir),
	DIR_ROW("task", 0555, &task_dir),
};
static const struct dir pid_dir = { DIR_FILES(pid_entries) };

static bool pid_next(const struct view *v, u32 *id)
{
	const struct task_struct *task = task_next(v->m, *id);

	if (task)
		*id = task->pid;
	return task;
}

static bool pid_find(const struct view *v, const char *name, u32 *id)
{
	return host_number(name, id) && task_find(v->m, *id);
}

static const struct each pid_each[] = {
	{ DIR_ROW("<PID>", 0555, &pid_dir),
	  V_PID, pid_next, pid_name, pid_find },
};
static const struct dir proc_dir = { DIR_EACH(pid_each) };

TREE_PARTS(pid_parts, { "proc", &proc_dir });
