// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Each thread stops before and behind each system call (ptrace, as strace does it), and
 * where a task begins, runs another program or ends. A thread that is stopped has all of
 * its faults in the buffers, so that each stop is a point in the order of everything.
 * Calls that change an address space go one at a time for all of its threads: the order of
 * two that overlap could not be told.
 */
#include <errno.h>
#include <inttypes.h>
#include <linux/sched.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/ptrace.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kmm-record.h"

#define POLL_MS 200
#define SYSCALL_STOP (SIGTRAP | 0x80)
#define OPTIONS (PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | \
		 PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXEC | PTRACE_O_TRACEEXIT | \
		 PTRACE_O_EXITKILL)

size_t record_read(pid_t pid, u64 addr, void *to, size_t len)
{
	struct iovec mine = { .iov_base = to, .iov_len = len };
	struct iovec theirs = { .iov_base = (void *)(uintptr_t)addr, .iov_len = len };
	ssize_t nr = process_vm_readv(pid, &mine, 1, &theirs, 1, 0);

	return nr < 0 ? 0 : (size_t)nr;
}

char *record_read_string(pid_t pid, u64 addr)
{
	GString *text = g_string_new(NULL);

	/* Not beyond a page that may not be there. */
	while (text->len < 16 * PAGE_BYTES) {
		char part[PAGE_BYTES];
		size_t len = PAGE_BYTES - addr % PAGE_BYTES, nr = record_read(pid, addr, part, len);
		const char *end = memchr(part, 0, nr);

		if (!nr)
			break;
		g_string_append_len(text, part, end ? end - part : (gssize)nr);
		if (end)
			return g_string_free(text, FALSE);
		addr += nr;
	}
	g_string_free(text, TRUE);
	return NULL;
}

struct record_task *record_task_find(const struct recording *r, pid_t tid)
{
	return g_hash_table_lookup(r->tasks, GINT_TO_POINTER(tid));
}

/* ---- address spaces and tasks ---- */

static struct record_space *space_new(struct recording *r)
{
	struct record_space *space = g_new0(struct record_space, 1);

	space->users = 1;
	space->id = ++r->nr_spaces;
	g_queue_init(&space->waiting);
	return space;
}

static void space_put(struct record_space *space)
{
	if (--space->users)
		return;
	if (space->vmas)
		g_array_free(space->vmas, TRUE);
	if (space->known)
		g_hash_table_destroy(space->known);
	g_queue_clear(&space->waiting);
	g_free(space);
}

static struct record_task *task_new(struct recording *r, pid_t tid, pid_t tgid)
{
	struct record_task *task = g_new0(struct record_task, 1);

	task->tid = tid;
	task->tgid = tgid;
	g_hash_table_insert(r->tasks, GINT_TO_POINTER(tid), task);
	return task;
}

static void resume(const struct record_task *task, int sig)
{
	(void)ptrace(PTRACE_SYSCALL, task->tid, NULL, (void *)(intptr_t)sig);
}

/* The next of those that wait for the space goes on with its call. */
static void space_release(struct recording *r, struct record_task *task)
{
	struct record_space *space = task->space;

	if (space->busy != task->tid)
		return;
	space->busy = 0;
	while (!space->busy && !g_queue_is_empty(&space->waiting)) {
		pid_t tid = GPOINTER_TO_INT(g_queue_pop_head(&space->waiting));
		struct record_task *next = record_task_find(r, tid);

		if (!next)
			continue;
		space->busy = tid;
		resume(next, 0);
	}
}

static void task_gone(struct recording *r, struct record_task *task)
{
	space_release(r, task);
	g_queue_remove(&task->space->waiting, GINT_TO_POINTER(task->tid));
	space_put(task->space);
	record_fds_put(task->fds);
	g_hash_table_remove(r->tasks, GINT_TO_POINTER(task->tid));
}

void record_tasks_free(struct recording *r)
{
	GHashTableIter iter;
	gpointer value;

	g_hash_table_iter_init(&iter, r->tasks);
	while (g_hash_table_iter_next(&iter, NULL, &value)) {
		struct record_task *task = value;

		if (task->space)
			space_put(task->space);
		if (task->fds)
			record_fds_put(task->fds);
	}
	g_hash_table_destroy(r->tasks);
}

/* ---- stops ---- */

/* True: the task stays where it is until the space is free. */
static bool enter_call(struct recording *r, struct record_task *task,
		       const struct __ptrace_syscall_info *info)
{
	struct record_space *space = task->space;

	task->inside = true;
	task->call = (struct record_call){ .nr = info->entry.nr };
	memcpy(task->call.args, info->entry.args, sizeof(task->call.args));
	r->nr_calls++;
	record_faults(r, task);
	if (!record_perf_sees_kernel(r->perf) && task->started && !task->ended)
		record_kernel_before(r, task);
	task->sp = info->stack_pointer;
	switch (task->call.nr) {
	case SYS_execve:
	case SYS_execveat:
		if (!task->started) {
			struct record_counts *counts = g_new0(struct record_counts, 1);

			*counts = record_faults_of(task->tgid);
			g_hash_table_insert(r->started, GINT_TO_POINTER(task->tgid), counts);
		}
		task->in_exec = true;
		return false;
	case SYS_exit_group:
	case SYS_exit:
		record_exit_line(r, task, task->call.nr == SYS_exit_group,
				 (int)(task->call.args[0] & 0xff) << 8);
		return false;
	case SYS_userfaultfd:
		r->uffd = true;
		return false;
	case SYS_ioctl:
		/* Who waits goes on before the call is back. */
		if (record_call_fills(&task->call) && task->started)
			record_call_line(r, task);
		return false;
	default:
		record_call_begins(task);
		break;
	}
	if (r->uffd || !record_call_is_of_space(&task->call))
		return false;
	if (space->busy && space->busy != task->tid) {
		g_queue_push_tail(&space->waiting, GINT_TO_POINTER(task->tid));
		return true;
	}
	space->busy = task->tid;
	return false;
}

static void leave_call(struct recording *r, struct record_task *task,
		       const struct __ptrace_syscall_info *info)
{
	bool told;

	if (!task->inside)
		return;
	task->inside = task->in_exec = false;
	task->call.result = info->exit.rval;
	task->call.failed = info->exit.is_error;
	told = task->call.nr == SYS_ioctl && record_call_fills(&task->call);
	record_faults(r, task);
	if (!record_perf_sees_kernel(r->perf) && task->started && !task->ended) {
		record_kernel_faults(r, task);
		record_kernel_behind(task);
	}
	if (task->started && !task->ended && !told)
		record_call_line(r, task);
	task->in_read = false;
	if (record_call_is_of_space(&task->call)) {
		task->space->vmas_valid = false;
		record_forget_changed(task);
	}
	space_release(r, task);
}

/* True: it must not go on yet. */
static bool syscall_stop(struct recording *r, struct record_task *task)
{
	struct __ptrace_syscall_info info;

	if (ptrace(PTRACE_GET_SYSCALL_INFO, task->tid, (void *)sizeof(info), &info) <= 0)
		return false;
	if (info.op == PTRACE_SYSCALL_INFO_ENTRY)
		return enter_call(r, task, &info);
	if (info.op == PTRACE_SYSCALL_INFO_EXIT) {
		leave_call(r, task, &info);
		task->held = task->vfork_child;
	}
	return task->held;
}

static pid_t message_of(const struct record_task *task)
{
	unsigned long message = 0;

	(void)ptrace(PTRACE_GETEVENTMSG, task->tid, NULL, &message);
	return (pid_t)message;
}

/* The child runs another program or has ended: its parent goes on, here as well. */
static void vfork_done(struct recording *r, const struct record_task *child)
{
	GHashTableIter iter;
	gpointer value;

	g_hash_table_iter_init(&iter, r->tasks);
	while (g_hash_table_iter_next(&iter, NULL, &value)) {
		struct record_task *task = value;

		if (task->vfork_child != child->tid)
			continue;
		task->vfork_child = 0;
		if (task->held)
			resume(task, 0);
		task->held = false;
	}
}

/* A child: it stops by itself before its first instruction, perhaps has already. */
static void child_born(struct recording *r, struct record_task *task)
{
	pid_t tid = message_of(task);
	u64 sig, flags = record_clone_flags(task, &sig);
	struct record_task *child = record_task_find(r, tid);
	bool waits = child != NULL;

	if (!child)
		child = task_new(r, tid, tid);
	if (child->space)
		return;
	child->tgid = flags & CLONE_THREAD ? task->tgid : tid;
	child->space = flags & CLONE_VM ? task->space : space_new(r);
	child->space->users += flags & CLONE_VM ? 1 : 0;
	child->fds = flags & CLONE_FILES ? task->fds : record_fds_copy(task->fds);
	child->fds->users += flags & CLONE_FILES ? 1 : 0;
	child->started = task->started;
	child->rseq = flags & CLONE_VM ? 0 : task->rseq;
	record_faults(r, task);
	if (task->started)
		record_clone_line(r, task, tid);
	child->ready = true;
	if (!(flags & CLONE_VM))
		record_forget_all(task);
	if (flags & CLONE_CHILD_SETTID && task->started && !record_perf_sees_kernel(r->perf))
		(void)record_kernel_access(r, child, record_clone_child_tid(task));
	if (flags & CLONE_VFORK)
		task->vfork_child = tid;
	if (!(flags & CLONE_THREAD)) {
		g_hash_table_insert(r->started, GINT_TO_POINTER(tid),
				    g_new0(struct record_counts, 1));
		r->nr_processes++;
	}
	if (waits)
		resume(child, 0);
}

/* Another program. Of several threads only this one is left, with the first one's pid. */
static struct record_task *exec_done(struct recording *r, struct record_task *task)
{
	pid_t old = message_of(task);
	struct record_task *caller = record_task_find(r, old);

	record_faults(r, task);
	if (caller && caller != task) {
		record_faults_drop(r, old);
		task->call = caller->call;
		task_gone(r, caller);
	}
	record_faults_drop(r, task->tid);
	space_release(r, task);
	space_put(task->space);
	task->space = space_new(r);
	task->inside = task->in_exec = false;
	if (!task->started)
		record_begin(r, task);
	task->started = true;
	record_fds_exec(task);
	task->rseq = 0;
	record_kernel_behind(task);
	record_exec_line(r, task);
	vfork_done(r, task);
	return task;
}

/* False: it has been made to go on, or has to wait. */
static void event_stop(struct recording *r, struct record_task *task, int event)
{
	switch (event) {
	case PTRACE_EVENT_FORK:
	case PTRACE_EVENT_VFORK:
	case PTRACE_EVENT_CLONE:
		child_born(r, task);
		break;
	case PTRACE_EVENT_EXEC:
		exec_done(r, task);
		break;
	case PTRACE_EVENT_EXIT: {
		int status = message_of(task);

		task->ending = true;
		record_faults(r, task);
		if (task->started && !task->ended)
			record_exit_line(r, task, WIFSIGNALED(status), status);
		vfork_done(r, task);
		space_release(r, task);
		break;
	}
	default:
		break;
	}
}

/* A task's first stop may come before its parent's, which says who it is. */
static struct record_task *known_task(struct recording *r, pid_t tid)
{
	struct record_task *task = record_task_find(r, tid);

	return task ? task : task_new(r, tid, tid);
}

static void stopped(struct recording *r, pid_t tid, int status)
{
	struct record_task *task = known_task(r, tid);
	int sig = WSTOPSIG(status), event = status >> 16;

	if (!task->space)
		return;	/* until its parent tells of it */
	if (sig == SYSCALL_STOP) {
		if (!syscall_stop(r, task))
			resume(task, 0);
	} else if (event == PTRACE_EVENT_STOP) {
		/* A task that begins, or is stopped for all: then it listens. */
		if (sig == SIGSTOP || sig == SIGTSTP || sig == SIGTTIN || sig == SIGTTOU)
			(void)ptrace(PTRACE_LISTEN, tid, NULL, NULL);
		else
			resume(task, 0);
	} else if (event) {
		event_stop(r, task, event);
		resume(task, 0);
	} else {
		record_faults(r, task);
		resume(task, sig);
	}
}

/* ---- the loop ---- */

static void wait_for_more(struct recording *r, int signals)
{
	const int *perf_fds;
	unsigned int nr = record_perf_fds(r->perf, &perf_fds);
	struct pollfd *fds = g_newa(struct pollfd, nr + 1);
	struct signalfd_siginfo info;

	for (unsigned int i = 0; i < nr; i++)
		fds[i] = (struct pollfd){ .fd = perf_fds[i], .events = POLLIN };
	fds[nr] = (struct pollfd){ .fd = signals, .events = POLLIN };
	(void)poll(fds, nr + 1, POLL_MS);
	while (read(signals, &info, sizeof(info)) == sizeof(info))
		;
	record_perf_drain(r->perf, r->events);
}

/* Until nobody is left; the status of the first. */
static int trace_all(struct recording *r, int signals)
{
	int first_status = 0;

	for (;;) {
		int status;
		pid_t tid = waitpid(-1, &status, __WALL | WNOHANG);

		if (tid < 0)
			break;
		if (!tid) {
			wait_for_more(r, signals);
		} else if (WIFSTOPPED(status)) {
			stopped(r, tid, status);
		} else {
			struct record_task *task = record_task_find(r, tid);

			if (tid == r->first)
				first_status = status;
			if (task && task->space)
				task_gone(r, task);
		}
	}
	record_run_end(r);
	return first_status;
}

/* The child: waits for its word, then becomes the command. */
static void become(char **argv, int word, const sigset_t *mask)
{
	char go;
	int err;

	if (read(word, &go, 1) != 1)
		_exit(127);
	close(word);
	sigprocmask(SIG_SETMASK, mask, NULL);
	(void)personality(ADDR_NO_RANDOMIZE);
	execvp(argv[0], argv);
	err = errno;
	fprintf(stderr, "kmm-record: %s: %s\n", argv[0], strerror(err));
	_exit(err == ENOENT ? 127 : 126);
}

static int attach(struct recording *r, pid_t pid, char **error)
{
	struct record_task *task;
	char *why = NULL;

	r->perf = record_perf_open(pid, &why);
	if (!r->perf) {
		*error = why;
		return -1;
	}
	if (ptrace(PTRACE_SEIZE, pid, NULL, (void *)OPTIONS) ||
	    ptrace(PTRACE_INTERRUPT, pid, NULL, NULL)) {
		*error = g_strdup_printf("this machine does not let you trace a program (ptrace: %s)",
					 g_strerror(errno));
		return -1;
	}
	task = task_new(r, pid, pid);
	task->space = space_new(r);
	task->fds = record_fds_new();
	task->ready = true;
	r->first = pid;
	r->nr_processes = 1;
	return 0;
}

int record_run(struct recording *r, char **argv, char **error)
{
	sigset_t chld, before;
	int word[2], signals, status = -1;
	pid_t pid;

	sigemptyset(&chld);
	sigaddset(&chld, SIGCHLD);
	sigprocmask(SIG_BLOCK, &chld, &before);
	signals = signalfd(-1, &chld, SFD_CLOEXEC | SFD_NONBLOCK);
	if (signals < 0 || pipe(word)) {
		*error = g_strdup(g_strerror(errno));
		return -1;
	}
	fflush(NULL);
	pid = fork();
	if (!pid) {
		close(word[1]);
		become(argv, word[0], &before);
	}
	close(word[0]);
	if (pid > 0 && !attach(r, pid, error)) {
		/* The terminal's signals are the command's. */
		signal(SIGINT, SIG_IGN);
		signal(SIGQUIT, SIG_IGN);
		if (write(word[1], "", 1) == 1)
			status = trace_all(r, signals);
	} else if (pid < 0) {
		*error = g_strdup(g_strerror(errno));
	}
	close(word[1]);
	close(signals);
	return status;
}
