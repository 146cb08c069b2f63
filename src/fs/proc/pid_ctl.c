// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * PID/ctl and PID/result, of processes and of their threads: the system calls of a
 * task. Threads of the kernel make none and have no such files.
 */
#include "fs/core/ctl.h"
#include "sim/virt/task.h"

static int result_show(struct out *out, const struct view *v)
{
	return ctl_result(v, out);
}

#define CTL_HELP \
	"Write a line, one system call or memory access of this task: `mmap 0 16M rw " \
	"private,anon as buf`, or as strace prints it. Behind ` = ` stands the result that is " \
	"expected. Read the replies from the same open file; the pages of the verbs say more."
#define RESULT_HELP "The bare result of the task's last call: `0x7f...`, `42`, `-1 ENOMEM`."

static const struct entry entries[] = {
	{ "result", S_IFREG | 0400, ALL, result_show, .help = RESULT_HELP },
};

static const struct ctl_entry pid_ctls[] = {
	{ { "ctl", S_IFREG | 0600, ALL, .help = CTL_HELP }, V_PID },
};

static const struct ctl_entry tid_ctls[] = {
	{ { "ctl", S_IFREG | 0600, ALL, .help = CTL_HELP }, V_TID },
};

static bool makes_calls(const struct view *v, u32 pid)
{
	const struct task_struct *task = task_find(v->m, pid);

	return task && !(task->flags & PF_KTHREAD);
}

static bool pid_visible(const struct view *v, const struct entry *entry)
{
	return makes_calls(v, v->id[V_PID]);
}

static bool tid_visible(const struct view *v, const struct entry *entry)
{
	return makes_calls(v, v->id[V_TID]);
}

static const struct dir pid_dir = {
	DIR_FILES(entries), DIR_CTLS(pid_ctls), .visible = pid_visible,
};
static const struct dir tid_dir = {
	DIR_FILES(entries), DIR_CTLS(tid_ctls), .visible = tid_visible,
};

TREE_PARTS(pid_ctl_parts, { "proc/<PID>", &pid_dir }, { "proc/<PID>/task/<TID>", &tid_dir });
