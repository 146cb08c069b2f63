// SPDX-License-Identifier: GPL-2.0-or-later
/* The system calls by which tasks begin, end and wait for each other. */
#include "fs/core/call_task.h"
#include "sim/virt/fork.h"

#define SCOPE_TASKS (1U << V_PID)
#define SIGCHLD 17

static int clone_with(struct call *call, u64 flags)
{
	int err = call_needs_copy(call);
	u32 pid;

	if (err)
		return err;
	err = sys_clone(call->m, call->task, flags, &pid);
	if (err)
		return err;
	last_call_inherit(call->tree, call->scope, SCOPE_TASK + pid);
	call->value = pid;
	return 0;
}

static int run_fork(struct call *call)
{
	return clone_with(call, SIGCHLD);
}

static int run_vfork(struct call *call)
{
	return clone_with(call, CLONE_VFORK | CLONE_VM | SIGCHLD);
}

static int run_clone(struct call *call)
{
	u64 flags = call->args[0].value;

	/* As clone3 has it, apart from the flags. */
	if (call->args[1].given)
		flags = (flags & ~(u64)CSIGNAL) | call->args[1].value;
	return clone_with(call, flags);
}

static int run_execve(struct call *call)
{
	const char *argv[MAX_ARGS + 1] = { call->args[0].text };
	struct exec_request req = { .path = call->args[0].text, .argv = argv };
	const struct exec_strings *strings = &call->task->exec_strings;
	int err = call_needs_range(call, (u64)strings->arg_bytes + strings->env_bytes);

	for (unsigned int i = 1; i < MAX_ARGS && call->args[i].given; i++)
		argv[i - 1] = call->args[i].text;
	return err ? err : sys_execve(call->m, call->task, &req);
}

static int run_exit(struct call *call)
{
	int err = call_needs_range(call, 0);

	if (!err)
		do_exit(call->m, call->task, (u32)(call->args[0].value & 0xff) << 8);
	return err;
}

static int run_exit_group(struct call *call)
{
	int err = call_needs_range(call, 0);

	if (!err)
		do_group_exit(call->m, call->task, (u32)(call->args[0].value & 0xff) << 8);
	return err;
}

static int run_kill(struct call *call)
{
	const struct arg *sig = &call->args[1];
	int err = call_needs_range(call, 0);

	return err ? err : sys_kill(call->m, call->task, (s32)call->args[0].value,
			sig->given ? (int)sig->value : 15);
}

static int run_wait4(struct call *call)
{
	const struct arg *pid = &call->args[0];
	u32 ended, status;
	int err = call_needs_range(call, 0);

	if (!err)
		err = sys_wait4(call->m, call->task, pid->given ? (s32)pid->value : -1,
				(u32)call->args[1].value, &ended, &status);
	/* It was on its CPU to find that out: a call that failed, not one refused. */
	if (err == -EAGAIN && !call->refused)
		out_printf(call->sentence, "no child has ended: a real one would sleep");
	if (err)
		return err;
	call->value = ended;
	machine_why_call(call->m, "wait4: pid %u, status 0x%x", ended, status);
	return 0;
}

static int run_getpid(struct call *call)
{
	call->value = call->task->tgid;
	return call_needs_range(call, 0);
}

static int run_setpgid(struct call *call)
{
	int err = call_needs_range(call, 0);

	return err ? err : sys_setpgid(call->m, call->task, (s32)call->args[0].value,
				       (s32)call->args[1].value);
}

static int run_setsid(struct call *call)
{
	u32 sid = 0;
	int err = call_needs_range(call, 0);

	if (!err)
		err = sys_setsid(call->m, call->task, &sid);
	call->value = sid;
	return err;
}

static const struct verb verbs[] = {
	{ "fork", { A_END }, run_fork, RESULT_PID, 0, SCOPE_TASKS, "",
	  "Make a child with a copy of the address space; pages are shared until one of the "
	  "two writes. `fork as child` names it: its files are in sim/as/child." },
	{ "vfork", { A_END }, run_vfork, RESULT_PID, 0, SCOPE_TASKS, "",
	  "Make a child that uses this address space; this task waits until it calls execve "
	  "or exits." },
	{ "clone", { A_CLONE, A_SIGNAL | A_OPTIONAL }, run_clone, RESULT_PID, 0, SCOPE_TASKS,
	  "FLAGS [EXIT_SIGNAL]",
	  "Make a task that shares what the flags say: `clone vm,fs,files,sighand,thread` is a "
	  "thread. The signal is what its parent gets when it ends." },
	{ "execve", { A_PATH, A_WORD | A_OPTIONAL, A_WORD | A_OPTIONAL, A_WORD | A_OPTIONAL,
		      A_WORD | A_OPTIONAL, A_WORD | A_OPTIONAL, A_WORD | A_OPTIONAL,
		      A_WORD | A_OPTIONAL },
	  run_execve, RESULT_NONE, 0, SCOPE_TASKS, "PATH [ARG]...",
	  "Become another program: the address space is replaced. ARGs are argv from argv[0] "
	  "on." },
	{ "exit", { A_NUMBER | A_OPTIONAL }, run_exit, RESULT_NONE, 0, SCOPE_TASKS, "[STATUS]",
	  "This thread ends." },
	{ "exit_group", { A_NUMBER | A_OPTIONAL }, run_exit_group, RESULT_NONE, 0, SCOPE_TASKS,
	  "[STATUS]", "All threads of the process end." },
	{ "kill", { A_PID, A_SIGNAL | A_OPTIONAL }, run_kill, RESULT_NONE, 0, SCOPE_TASKS,
	  "PID [SIGNAL]", "Send a signal: TERM if none is named." },
	{ "wait4", { A_PID | A_OPTIONAL, A_WAIT | A_OPTIONAL }, run_wait4, RESULT_NUMBER, 0,
	  SCOPE_TASKS, "[PID [OPTIONS]]",
	  "Take a child that has ended off the list of tasks. Result: its pid." },
	{ "setpgid", { A_PID, A_PID }, run_setpgid, RESULT_NONE, 0, SCOPE_TASKS, "PID PGID",
	  "Put a process into a process group; 0 is this process, or the process's own group. "
	  "kill and wait4 take a group as a negative PID." },
	{ "setsid", { A_END }, run_setsid, RESULT_NUMBER, 0, SCOPE_TASKS, "",
	  "Begin a session, with this process as its leader. Result: its number." },
	{ "getpid", { A_END }, run_getpid, RESULT_NUMBER, 0, SCOPE_TASKS, "",
	  "The process's id. Nothing changes but who runs on the CPU." },
};

const struct verb_table task_verbs = { verbs, ARRAY_SIZE(verbs) };
