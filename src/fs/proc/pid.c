// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The directories proc/PID and PID/task/TID, and their small files. What is longer has
 * a file of its own: pid_*.c, task_*.c. Processes are listed, threads are found below
 * theirs.
 */
#include <stdio.h>

#include "fs/core/host.h"
#include "fs/proc/pid.h"
#include "sim/virt/cgroup.h"

const struct task_struct *view_task(const struct view *v)
{
	return task_find(v->m, view_is_thread(v) ? v->id[V_TID] : v->id[V_PID]);
}

bool view_is_thread(const struct view *v)
{
	return v->id[V_TID];
}

static int comm_show(struct out *out, const struct view *v)
{
	out_printf(out, "%s\n", view_task(v)->comm);
	return 0;
}

/* What a process calls itself; only its own threads may write here. */
static int comm_store(struct store *s, const struct view *v, const char *text)
{
	struct task_struct *task = task_find(s->m, view_task(v)->pid);
	size_t len = MIN(strlen(text), (size_t)TASK_COMM_LEN - 1);

	if (task->flags & PF_KTHREAD) {
		out_printf(s->sentence, "%s is a thread of the kernel", task->comm);
		return -EINVAL;
	}
	memset(task->comm, 0, sizeof(task->comm));
	memcpy(task->comm, text, len);
	return 0;
}

static int root_show(struct out *out, const struct view *v)
{
	out_putc(out, '/');
	return 0;
}

static int wchan_show(struct out *out, const struct view *v)
{
	out_puts(out, view_task(v)->wchan ? view_task(v)->wchan : "0");
	return 0;
}

static int personality_show(struct out *out, const struct view *v)
{
	out_printf(out, "%08x\n", (unsigned int)view_task(v)->personality);
	return 0;
}

/* The thread's; or of all threads, those that are gone, and children that were waited for. */
static struct task_io io_of(const struct view *v)
{
	const struct task_struct *task = view_task(v), *thread;
	struct task_io io = task->io;

	if (view_is_thread(v) || !task->signal)
		return io;
	io = task->signal->io;
	for (thread = thread_next(v->m, task->tgid, 0); thread;
	     thread = thread_next(v->m, task->tgid, thread->pid + 1))
		task_io_add(&io, &thread->io);
	return io;
}

static int io_show(struct out *out, const struct view *v)
{
	const struct task_io io = io_of(v);
	const struct { const char *name; u64 value; } rows[] = {
		{ "rchar", io.rchar }, { "wchar", io.wchar }, { "syscr", io.syscr },
		{ "syscw", io.syscw }, { "read_bytes", io.read_bytes },
		{ "write_bytes", io.write_bytes },
		{ "cancelled_write_bytes", io.cancelled_write_bytes },
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(rows); i++)
		out_printf(out, "%s: %llu\n", rows[i].name, (unsigned long long)rows[i].value);
	return 0;
}

static void pid_name(const struct view *v, u32 id, char name[64])
{
	snprintf(name, 64, "%u", id);
}

/* The threads of a process. */
static bool tid_next(const struct view *v, u32 *id)
{
	const struct task_struct *task = thread_next(v->m, v->id[V_PID], *id);

	if (task)
		*id = task->pid;
	return task;
}

static bool tid_find(const struct view *v, const char *name, u32 *id)
{
	const struct task_struct *task = host_number(name, id) ? task_find(v->m, *id) : NULL;

	return task && task->tgid == v->id[V_PID];
}

static int cgroup_show(struct out *out, const struct view *v)
{
	const struct cgroup *cgroup = task_cgroup(v->m, view_task(v));

	out_puts(out, "0::");
	cgroup_path(cgroup ? cgroup : cgroup_of(v->m, 0), out);
	out_putc(out, '\n');
	return 0;
}

#define TASK_FILES \
	FILE_ROW("cgroup", 0444, cgroup_show), \
	{ "comm", S_IFREG | 0644, ALL, comm_show, comm_store }, \
	LINK_ROW("cwd", root_show), \
	FILE_ROW("io", 0400, io_show), \
	FILE_ROW("personality", 0400, personality_show), \
	LINK_ROW("root", root_show), \
	FILE_ROW("wchan", 0444, wchan_show)

static const struct entry thread_entries[] = { TASK_FILES };
static const struct dir thread_dir = { DIR_FILES(thread_entries) };

static const struct each thread_each[] = {
	{ DIR_ROW("<TID>", 0555, &thread_dir),
	  V_TID, tid_next, pid_name, tid_find },
};
static const struct dir task_dir = { DIR_EACH(thread_each) };

static const struct entry pid_entries[] = {
	TASK_FILES,
	DIR_ROW("task", 0555, &task_dir),
};
static const struct dir pid_dir = { DIR_FILES(pid_entries) };

static bool pid_next(const struct view *v, u32 *id)
{
	const struct task_struct *task = process_next(v->m, *id);

	if (task)
		*id = task->pid;
	return task;
}

/* A thread that is not its process's first is found here too, but not listed. */
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
