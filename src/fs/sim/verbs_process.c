// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The system calls on a process as such, its own or another: options, personality,
 * limits, and advice on another's memory.
 */
#include <inttypes.h>
#include <stdio.h>

#include "fs/core/call_task.h"
#include "sim/virt/cred.h"
#include "sim/virt/fork.h"
#include "sim/virt/mmap.h"
#include "sim/virt/pidfd.h"
#include "sim/virt/prctl.h"

#define SCOPE_TASKS (1U << V_PID)

/* ---- prctl, personality. ---- */

static int run_prctl(struct call *call)
{
	const struct arg *args = call->args;
	struct prctl_request req = {
		.option = (int)args[0].value, .arg2 = args[1].value, .arg3 = args[2].value,
		.arg4 = args[3].value, .arg5 = args[4].value,
	};
	struct virt_need need = { .pages = 64, .tables = 16, .objects = 256, .bytes = 1 << 16 };
	int err = call_needs(call, &need);

	if (req.option == PR_SET_NAME)
		req.text = args[1].from == ARG_PLAIN ? args[1].text : NULL;
	else if (req.option == PR_SET_VMA && args[4].given)
		req.text = args[4].from == ARG_PLAIN ? args[4].text : NULL;
	return err ? err : sys_prctl(call->m, call->task, &req, &call->value);
}

static int run_personality(struct call *call)
{
	int err = call_needs_range(call, 0);

	return err ? err : sys_personality(call->task, call->args[0].value, &call->value);
}

/* ---- Rights. ---- */

static int run_setuid(struct call *call)
{
	int err = call_needs_range(call, 0);

	return err ? err : sys_setuid(call->task, (u32)call->args[0].value);
}

/* One word of flags: all of them are every capability that there is. */
static int run_capset(struct call *call)
{
	u64 caps = call->args[0].value;
	int err = call_needs_range(call, 0);

	return err ? err : sys_capset(call->task, caps == (u32)~0U ? call->task->cap_permitted :
				      caps);
}

/* ---- Limits. ---- */

static const char *limit_name(u64 value, char text[24])
{
	snprintf(text, 24, value == RLIM_INFINITY ? "unlimited" : "%" PRIu64, value);
	return text;
}

/* RESOURCE [SOFT [HARD]] from `first` on; without a value it is only told. */
static int use_limit(struct call *call, s32 pid, unsigned int first)
{
	const struct arg *soft = &call->args[first + 1], *hard = &call->args[first + 2];
	unsigned int resource = (unsigned int)call->args[first].value;
	struct rlimit limit = { soft->value, hard->value }, old;
	struct task_struct *of;
	char text[2][24];
	int err = call_needs_range(call, 0);

	if (err)
		return err;
	of = pid ? task_find(call->m, (u32)pid) : call->task;
	if (!of || !of->signal)
		return -ESRCH;
	if (!hard->given && resource < RLIM_NLIMITS)
		limit.max = of->signal->rlim[resource].max;
	err = sys_prlimit(call->m, call->task, of, resource, soft->given ? &limit : NULL, &old);
	if (!err && !soft->given)
		machine_why_call(call->m, "%s: soft %s, hard %s", call->verb->name,
				 limit_name(old.cur, text[0]), limit_name(old.max, text[1]));
	return err;
}

static int run_setrlimit(struct call *call)
{
	return use_limit(call, 0, 0);
}

static int run_getrlimit(struct call *call)
{
	int err = use_limit(call, 0, 0);

	if (!err)
		call->value = call->task->signal->rlim[call->args[0].value].cur;
	return err;
}

static int run_prlimit(struct call *call)
{
	return use_limit(call, (s32)call->args[0].value, 1);
}

/* ---- Other processes. ---- */

static int run_pidfd_open(struct call *call)
{
	int err = call_needs_range(call, 0), fd;

	if (!err)
		err = sys_pidfd_open(call->m, call->task, (s32)call->args[0].value,
				     (u32)call->args[1].value, &fd);
	if (!err)
		call->value = (u64)fd;
	return err;
}

/* ADDR LENGTH pairs from `first` on. */
static unsigned int take_ranges(const struct call *call, unsigned int first,
				struct user_range *ranges)
{
	unsigned int nr = 0;

	for (unsigned int i = first; i + 1 < MAX_ARGS && call->args[i + 1].given; i += 2)
		ranges[nr++] = (struct user_range){ call->args[i].value, call->args[i + 1].value };
	return nr;
}

static int run_process_madvise(struct call *call)
{
	const struct arg *args = call->args;
	struct user_range ranges[MAX_ARGS / 2];
	unsigned int nr = take_ranges(call, 3, ranges);
	u64 bytes = 0;
	int err;

	for (unsigned int i = 0; i < nr; i++)
		bytes += MIN(ranges[i].len, 1ULL << 40);
	err = call_needs_range(call, bytes);
	return err ? err : sys_process_madvise(call->m, call->task, (int)(s64)args[0].value,
					       ranges, nr, (int)args[1].value, args[2].value,
					       &call->value);
}

static int run_process_mrelease(struct call *call)
{
	const struct arg *args = call->args;
	int err = call_needs_range(call, 0);

	return err ? err : sys_process_mrelease(call->m, call->task, (int)(s64)args[0].value,
						args[1].given ? args[1].value : 0);
}

static const struct verb verbs[] = {
	{ "prctl", { A_PRCTL, A_VALUE | A_OPTIONAL, A_VALUE | A_OPTIONAL, A_VALUE | A_OPTIONAL,
		     A_VALUE | A_OPTIONAL },
	  run_prctl, RESULT_NUMBER, 0, SCOPE_TASKS, "OPTION [ARG2 [ARG3 [ARG4 [ARG5]]]]",
	  "Options of a process that concern its memory: `prctl set_vma anon_name @m 64K heap2` "
	  "names a range, `prctl set_mdwe 1` forbids memory that is written and executed, "
	  "set_mm, set_thp_disable, set_name, set_dumpable." },
	{ "personality", { A_PERSONA }, run_personality, RESULT_NUMBER, 0, SCOPE_TASKS,
	  "FLAGS", "Execute as on other systems: addr_no_randomize, read_implies_exec, "
	  "mmap_page_zero, ...; 0xffffffff only asks. Result: what it was." },
	{ "setuid", { A_NUMBER }, run_setuid, RESULT_NONE, 0, SCOPE_TASKS, "UID",
	  "Become another user: root's rights go with it." },
	{ "capset", { A_CAP }, run_capset, RESULT_NONE, 0, SCOPE_TASKS, "CAPABILITIES",
	  "Keep only these rights: ipc_lock, sys_admin, sys_ptrace, sys_nice, sys_resource, "
	  "setuid, all, none." },
	{ "setrlimit", { A_RLIMIT, A_NUMBER, A_NUMBER | A_OPTIONAL }, run_setrlimit, RESULT_NONE,
	  0, SCOPE_TASKS, "RESOURCE SOFT [HARD]",
	  "Limit a resource of this process: stack, as, data, memlock, ..." },
	{ "getrlimit", { A_RLIMIT }, run_getrlimit, RESULT_NUMBER, 0, SCOPE_TASKS, "RESOURCE",
	  "Result: the soft limit; sim/why says both." },
	{ "prlimit", { A_PID, A_RLIMIT, A_NUMBER | A_OPTIONAL, A_NUMBER | A_OPTIONAL },
	  run_prlimit, RESULT_NONE, 0, SCOPE_TASKS, "PID RESOURCE [SOFT [HARD]]",
	  "The same for another process; PID 0 is this one. Without a value it only asks." },
	{ "pidfd_open", { A_PID, A_PIDFD | A_OPTIONAL }, run_pidfd_open, RESULT_NUMBER, 0,
	  SCOPE_TASKS, "PID [FLAGS]",
	  "A descriptor that stands for a process: see process_madvise." },
	{ "process_mrelease", { A_FD, A_NUMBER | A_OPTIONAL }, run_process_mrelease, RESULT_NONE,
	  0, SCOPE_TASKS, "PIDFD [FLAGS]",
	  "Free the memory of a process that is about to end: here, none is." },
	{ "process_madvise", { A_FD, A_MADV, A_NUMBER, A_ADDR, A_SIZE, A_ADDR | A_OPTIONAL,
			       A_SIZE | A_OPTIONAL, A_ADDR | A_OPTIONAL, A_SIZE | A_OPTIONAL,
			       A_ADDR | A_OPTIONAL, A_SIZE | A_OPTIONAL },
	  run_process_madvise, RESULT_NUMBER, 0, SCOPE_TASKS,
	  "PIDFD ADVICE FLAGS ADDR LENGTH [ADDR LENGTH]...",
	  "madvise for ranges of another process. Result: bytes of the ranges before the one "
	  "that was refused." },
};

const struct verb_table process_verbs = { verbs, ARRAY_SIZE(verbs) };
