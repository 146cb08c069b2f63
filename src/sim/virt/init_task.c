// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The boot's last step: the first thread becomes a process. It gets descriptors,
 * limits and its program, runs once on the first CPU, and waits.
 */
#include "sim/virt/cred.h"
#include "sim/virt/exec.h"
#include "sim/virt/file.h"
#include "sim/virt/sched.h"
#include "sim/virt/virt.h"

#define INIT_PATH "/init"

/* A machine too small for its program has an init without memory. */
static void forget_mm(struct machine *m, struct task_struct *init)
{
	struct mm_struct *mm = init->mm;

	if (!mm)
		return;
	sched_drop_mm(m, init);
	mm_update_next_owner(m, mm, init);
	mmput(m, mm);
}

int run_init_process(struct machine *m)
{
	static const char *const argv[] = { INIT_PATH, NULL };
	static const char *const envp[] = { "HOME=/", "TERM=linux", NULL };
	const struct exec_request req = { .path = INIT_PATH, .argv = argv, .envp = envp };
	struct task_struct *init = task_find(m, PID_INIT);
	int err;

	if (!init->signal)
		return 0;
	rlimits_init(m, init->signal);
	init->signal->unkillable = true;
	cred_exec(init);
	sched_switch_to(m, init);
	err = files_struct_dup(m, NULL, &init->files);
	if (!err)
		err = sys_execve(m, init, &req);
	if (err)
		forget_mm(m, init);
	sched_idle(m, m->cpu);
	return err == -ENOMEM ? 0 : err;
}
