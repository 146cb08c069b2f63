// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Signals have no handlers here: each does what it does by default, unless it is
 * ignored. What does is a row. init has the mark of the unkillable, which the
 * kernel's own signals take off before they kill it.
 */
#include "sim/boot/boot_log.h"
#include "sim/virt/fork.h"
#include "sim/virt/file.h"
#include "sim/virt/memory.h"
#include "sim/virt/vma.h"

#include <inttypes.h>

enum action { TERMINATE, IGNORE, STOP, CONTINUE };

/* Those that do not terminate. */
static const u8 actions[NR_SIGNALS + 1] = {
	[SIGCHLD] = IGNORE, [SIGURG] = IGNORE, [SIGWINCH] = IGNORE,
	[SIGSTOP] = STOP, [SIGTSTP] = STOP, [SIGTTIN] = STOP, [SIGTTOU] = STOP,
	[SIGCONT] = CONTINUE,
};

static void set_state(struct machine *m, u32 tgid, char from, char to)
{
	struct task_struct *thread;

	for (u32 pid = 0; (thread = thread_next(m, tgid, pid + 1)); pid = thread->pid) {
		if (thread->state == from)
			thread->state = to;
	}
}

static void end_group(struct machine *m, struct task_struct *task, int sig)
{
	struct task_struct *thread = task;
	u32 pid = 0;

	/* The first thread may be gone before the others. */
	while (!task_alive(thread)) {
		thread = thread_next(m, task->tgid, pid + 1);
		pid = thread->pid;
	}
	thread->flags |= PF_SIGNALED;
	do_group_exit(m, thread, (u32)sig);
}

void send_sig(struct machine *m, struct task_struct *task, int sig)
{
	if (!task->signal || !task->signal->nr_threads || (task->flags & PF_KTHREAD))
		return;
	if (task->signal->unkillable) {
		machine_why(m, "init gets no signal %d: it has no handler for it "
			    "(sig_task_ignored)", sig);
		return;
	}
	if (task->sighand->ignored & sigmask(sig))
		return;
	switch (actions[sig]) {
	case TERMINATE:
		end_group(m, task, sig);
		break;
	case STOP:
		set_state(m, task->tgid, 'S', 'T');
		break;
	case CONTINUE:
		set_state(m, task->tgid, 'T', 'S');
		break;
	}
}

static bool may_signal(const struct task_struct *task, const struct task_struct *to, int sig)
{
	return !task->uid || task->uid == to->uid || task->tgid == to->tgid ||
	       (sig == SIGCONT && task->signal->sid == to->signal->sid);
}

static int signal_process(struct machine *m, struct task_struct *task,
			  struct task_struct *to, int sig)
{
	if (!may_signal(task, to, sig))
		return -EPERM;
	if (sig)
		send_sig(m, to, sig);
	return 0;
}

/* All of a process group, or (pgid -1) all but init and the caller; it comes last. */
static int signal_many(struct machine *m, struct task_struct *task, s64 pgid, int sig)
{
	const u32 own = task->tgid;
	struct task_struct *to;
	bool own_too = false;
	int result = -ESRCH;

	for (u32 pid = 0; (to = process_next(m, pid + 1)); ) {
		int err;

		pid = to->pid;
		if (pgid < 0 ? pid == PID_INIT || pid == own :
			       !to->signal || to->signal->pgid != pgid)
			continue;
		if (pid == own) {
			own_too = true;
			continue;
		}
		err = signal_process(m, task, to, sig);
		if (result)
			result = err;
	}
	return own_too ? signal_process(m, task, task, sig) : result;
}

int sys_kill(struct machine *m, struct task_struct *task, s32 pid, int sig)
{
	struct task_struct *to;

	if (sig < 0 || sig > NR_SIGNALS)
		return -EINVAL;
	if (pid == -1)
		return signal_many(m, task, -1, sig);
	if (pid <= 0)
		return signal_many(m, task, pid ? -(s64)pid : task->signal->pgid, sig);
	to = task_find(m, (u32)pid);
	return to && to->signal ? signal_process(m, task, to, sig) : -ESRCH;
}

int signal_ignore(struct task_struct *task, int sig, bool ignore)
{
	if (sig < 1 || sig > NR_SIGNALS || sig == SIGKILL || sig == SIGSTOP)
		return -EINVAL;
	if (ignore)
		task->sighand->ignored |= sigmask(sig);
	else
		task->sighand->ignored &= ~sigmask(sig);
	return 0;
}

void force_sig(struct machine *m, struct task_struct *task, int sig)
{
	task->signal->unkillable = false;
	task->sighand->ignored &= ~sigmask(sig);
	task->flags |= PF_SIGNALED;
	do_group_exit(m, task, (u32)sig);
}

/* The first that waits is the one that is told; later ones are the same signal. */
void send_sig_mceerr(struct task_struct *task, int code, u64 address)
{
	if (code != BUS_MCEERR_AR && task->sighand->ignored & sigmask(SIGBUS))
		return;
	if (task->mce_code)
		return;
	task->mce_code = (u8)code;
	task->mce_addr = address;
}

/* " in FILE[...]": where the program stood. */
static void print_vma_addr(const struct machine *m, const struct task_struct *task,
			   struct out *out)
{
	const struct vm_area_struct *vma = rel_segfault_says_offset(m->release) ?
		vma_lookup(m, task->mm, task->ip) : find_vma(m, task->mm, task->ip);
	const char *path, *name;

	if (!vma || !vma->vm_file)
		return;
	path = vma->vm_file->inode->path;
	name = strrchr(path, '/');
	out_printf(out, " in %s[", name ? name + 1 : path);
	if (rel_segfault_says_offset(m->release))
		out_printf(out, "%" PRIx64 ",", task->ip - vma->vm_start +
			   (vma->vm_pgoff << PAGE_SHIFT));
	out_printf(out, "%" PRIx64 "+%" PRIx64 "]", vma->vm_start,
		   vma->vm_end - vma->vm_start);
}

/* Sockets are nodes, as on the platforms that we have; cores count within them. */
static void print_cpu(const struct machine *m, unsigned int cpu, struct out *out)
{
	unsigned int core = 0;

	for (unsigned int i = 0; i < cpu; i++)
		core += m->cpu_node[i] == m->cpu_node[cpu];
	out_printf(out, " likely on CPU %u (core %u, socket %u)", cpu, core, m->cpu_node[cpu]);
}

static void show_signal_msg(struct machine *m, const struct task_struct *task, u64 address,
			    u32 error_code)
{
	const int digits = m->arch->bits / 4;
	struct out out = OUT_INIT;

	out_printf(&out, "%s[%u]: segfault at %" PRIx64 " ip %0*" PRIx64 " sp %0*" PRIx64
		   " error %x", task->comm, task->pid, address, digits, task->ip, digits,
		   task->sp, error_code);
	print_vma_addr(m, task, &out);
	print_cpu(m, task->last_cpu, &out);
	printk(m, task->pid > 1 ? 6 : 0, "%s", out.text ? out.text : "");
	out_free(&out);
}

void force_sig_fault(struct machine *m, struct task_struct *task, int sig, int code,
		     u64 address, u32 error_code)
{
	(void)code;
	if (sig == SIGSEGV && task->mm)
		show_signal_msg(m, task, address, error_code);
	force_sig(m, task, sig);
}
