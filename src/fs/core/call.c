// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Running a call. Everything that may fail for want of host memory is secured
 * first: room in the journal, for the name and for the scope's memory of its last
 * call; the engine's own needs are the verb's matter (-ENOBUFS, before any change).
 */
#include "fs/core/call.h"

#include <stdio.h>
#include <stdlib.h>

#include "fs/core/ctl.h"
#include "fs/core/journal.h"
#include "sim/policy/oom.h"
#include "sim/reclaim/reclaim.h"
#include "sim/virt/cgroup.h"
#include "sim/virt/cputime.h"
#include "sim/virt/fork.h"
#include "sim/virt/memory.h"
#include "sim/virt/userfaultfd.h"
#include "sim/virt/virt.h"
#include "sim/virt/blk.h"

struct ctl_state *ctl_state_new(const struct tree *tree)
{
	struct ctl_state *state = calloc(1, sizeof(*state));

	if (state)
		state->jiffy_ns = machine_config_jiffy_ns(tree->config);
	return state;
}

static void last_call_free(struct last_call *last)
{
	if (last)
		free(last->sentence);
	free(last);
}

void ctl_state_free(struct ctl_state *state)
{
	if (!state)
		return;
	for (unsigned int i = 0; i < NR_SCOPE_CHUNKS; i++) {
		for (unsigned int j = 0; state->chunks[i] && j < SCOPES_PER_CHUNK; j++)
			last_call_free(state->chunks[i]->last[j]);
		free(state->chunks[i]);
	}
	free(state->spare_chunk);
	free(state->spare);
	free(state);
}

int ctl_create(struct tree *tree)
{
	tree->ctl = ctl_state_new(tree);
	tree->verbs = verb_index_new();
	return tree->ctl && tree->verbs ? 0 : -ENOMEM;
}

void ctl_destroy(struct tree *tree)
{
	ctl_state_free(tree->ctl);
	free(tree->verbs);
	tree->ctl = NULL;
	tree->verbs = NULL;
}

void scope_path(u32 scope, char path[32])
{
	if (scope_is_task(scope))
		snprintf(path, 32, "proc/%u/ctl", scope - SCOPE_TASK);
	else if (scope < SCOPE_CPU)
		snprintf(path, 32, "sim/ctl");
	else
		snprintf(path, 32, "sim/cpu/%u/ctl", scope - SCOPE_CPU);
}

u32 scope_of_view(const struct view *view, enum view_slot slot)
{
	switch (slot) {
	case V_CPU:
		return SCOPE_CPU + view->id[V_CPU];
	case V_PID:
		return SCOPE_TASK + view->id[V_PID];
	case V_TID:
		return SCOPE_TASK + view->id[V_TID];
	default:
		return SCOPE_MACHINE;
	}
}

/* Where a scope's last call is kept; tasks lie behind the CPUs. */
static u32 scope_place(u32 scope)
{
	return scope_is_task(scope) ? scope - SCOPE_TASK + SCOPE_CPU + MAX_CPUS : scope;
}

/* 0: the scope is no task's, or the task is gone. */
static u64 scope_serial(const struct tree *tree, u32 scope)
{
	const struct task_struct *task;

	if (!scope_is_task(scope))
		return 0;
	task = task_find(tree->machine, scope - SCOPE_TASK);
	return task ? task->serial : 0;
}

static struct last_call *last_call_at(const struct ctl_state *state, u32 scope)
{
	u32 place = scope_place(scope), chunk = place / SCOPES_PER_CHUNK;

	if (!state->chunks[chunk])
		return NULL;
	return state->chunks[chunk]->last[place % SCOPES_PER_CHUNK];
}

const struct last_call *last_call_of(const struct tree *tree, u32 scope)
{
	const struct last_call *last = last_call_at(tree->ctl, scope);

	return last && last->serial == scope_serial(tree, scope) ? last : NULL;
}

/* Memory for one more scope. 0 or -ENOMEM. */
static int secure_scope(struct ctl_state *state)
{
	if (!state->spare_chunk)
		state->spare_chunk = calloc(1, sizeof(*state->spare_chunk));
	if (!state->spare)
		state->spare = calloc(1, sizeof(*state->spare));
	return state->spare_chunk && state->spare ? 0 : -ENOMEM;
}

/* A scope's memory, out of what was secured. */
static struct last_call *last_call_new(struct ctl_state *state, u32 scope)
{
	u32 place = scope_place(scope);
	struct scope_chunk **chunk = &state->chunks[place / SCOPES_PER_CHUNK];
	struct last_call *last = state->spare;

	if (!*chunk) {
		*chunk = state->spare_chunk;
		state->spare_chunk = NULL;
	}
	state->spare = NULL;
	(*chunk)->last[place % SCOPES_PER_CHUNK] = last;
	return last;
}

/* The scope's memory, made now if it is not there. NULL: no host memory. */
static struct last_call *last_call_get(struct tree *tree, u32 scope)
{
	u64 serial = scope_serial(tree, scope);
	struct last_call *last = last_call_at(tree->ctl, scope);

	if (!last) {
		if (secure_scope(tree->ctl))
			return NULL;
		last = last_call_new(tree->ctl, scope);
	} else if (last->serial != serial) {
		free(last->sentence);
		memset(last, 0, offsetof(struct last_call, words));
	}
	last->serial = serial;
	return last;
}

void last_call_inherit(struct tree *tree, u32 parent, u32 child)
{
	const struct last_call *from = last_call_of(tree, parent);
	struct last_call *to;

	if (!from || !from->has_address)
		return;
	to = last_call_get(tree, child);
	if (!to)
		return;
	to->has_address = true;
	to->address = from->address;
}

static bool is_address(const struct verb *verb)
{
	return verb->result == RESULT_POINTER || verb->result == RESULT_PFN;
}

static void remember(struct call *call)
{
	struct last_call *last = last_call_get(call->tree, call->scope);
	char *words;

	if (!last)
		return;
	words = last->words;
	last->any = true;
	last->verb = call->verb;
	last->form = call->form;
	last->nr_args = call->nr_args;
	last->err = call->err;
	last->value = call->value;
	free(last->sentence);
	last->sentence = call->err && call->sentence->len ? strdup(call->sentence->text) : NULL;
	if (!call->err && is_address(call->verb)) {
		last->address = call->value;
		last->has_address = true;
	}
	for (unsigned int i = 0; i < call->nr_args; i++) {
		unsigned int slot = verb_form_slot(call->verb, call->form, i);
		const struct arg *arg = &call->args[slot];

		last->args[slot] = *arg;
		if (!arg->text)
			continue;
		last->args[slot].text = words;
		memcpy(words, arg->text, arg->len + 1);
		words += arg->len + 1;
	}
}

static int secure_host_memory(struct call *call)
{
	int err = call->replaying ? 0 : journal_reserve_call(call->tree);

	if (err && err != -ENOMEM)
		return call_refuse(call, err, "the journal on disk cannot take this line (%s): "
				   "nothing was changed", strerror(-err));
	if (!err && call->name[0])
		err = names_reserve(&call->tree->names);
	if (!err && !last_call_get(call->tree, call->scope))
		err = -ENOMEM;
	if (!err && call->verb->result == RESULT_PID)
		err = secure_scope(call->tree->ctl);
	return err ? call_no_host_memory(call) : 0;
}

/*
 * The machine acts on the CPU that the call was made on. A task's call switches its
 * CPU to it when its host memory is secured (call_task.h), so that a refused one
 * changes nothing. Refused when there is no task that could make it.
 */
static int find_caller(struct call *call)
{
	struct machine *m = call->m;
	struct task_struct *task;
	u32 pid = call->scope - SCOPE_TASK;

	call->task = NULL;
	if (!scope_is_task(call->scope)) {
		m->cpu = call->scope >= SCOPE_CPU ? call->scope - SCOPE_CPU : 0;
		return 0;
	}
	task = task_find(m, pid);
	if (!task || !task_alive(task))
		return call_refuse(call, -ESRCH, "task %u has ended: it makes no more calls", pid);
	if (!task->mm)
		return call_refuse(call, -EINVAL, "%s (%u) is a thread of the kernel: it makes no "
				   "system calls", task->comm, pid);
	if (task_blocked(task))
		return call_refuse(call, -EAGAIN, "task %u waits: %s", pid, task->vfork_child ?
				   "its vfork child has to call execve or to exit" :
				   userfaultfd_waits_for(task) ? userfaultfd_waits_for(task) :
				   "it was stopped");
	if (cgroup_is_frozen(task_cgroup(m, task)))
		return call_refuse(call, -EAGAIN, "task %u waits: its control group is frozen", pid);
	call->task = task;
	return 0;
}

/* A task that the OOM killer chose while it made its call never sees the result. */
static int end_of_victim(struct call *call, struct task_struct *task, int err)
{
	if (!oom_end_of_call(call->m, task))
		return err;
	out_clear(call->sentence);
	out_puts(call->sentence, "killed by SIGKILL: memory was out (sim/dmesg has the report)");
	return -ENOMEM;
}

/* A page of the task's failed while it made its call: it has no handler for that. */
static int end_of_poisoned(struct call *call, struct task_struct *task, int err)
{
	if (likely(!task->mce_code) || !task_alive(task))
		return err;
	out_clear(call->sentence);
	out_printf(call->sentence, "killed by SIGBUS {si_code=%s, si_addr=0x%llx}: a page failed",
		   task->mce_code == BUS_MCEERR_AR ? "BUS_MCEERR_AR" : "BUS_MCEERR_AO",
		   (unsigned long long)task->mce_addr);
	if (task->mce_code == BUS_MCEERR_AR)
		force_sig(call->m, task, SIGBUS);
	else
		send_sig(call->m, task, SIGBUS);
	task->mce_code = 0;
	return -EFAULT;
}

/* What befell the caller meanwhile, if it is still there. */
static int end_of_caller(struct call *call, int err)
{
	struct task_struct *task = task_find(call->m, call->scope - SCOPE_TASK);

	return task ? end_of_poisoned(call, task, end_of_victim(call, task, err)) : err;
}

/* Whoever was charged beyond memory.high reclaims before his program goes on, and waits. */
static u64 memory_high_wait(struct machine *m)
{
	u64 ns;

	if (m->memcg->nr_over_high)
		mem_cgroup_handle_over_high(m);
	ns = mem_cgroup_take_wait(m);
	return ns && machine_secure_time(m, ns) ? 0 : ns;
}

/* Behind the trap for broken invariants. */
static int run_guarded(void *arg)
{
	struct call *call = arg;
	struct machine *m = call->m;
	u64 cost = m->config->cost[call->verb->cost];
	int err;

	err = find_caller(call);
	if (!err && cost && machine_secure_time(m, cost))
		err = call_no_host_memory(call);
	if (!err) {
		m->oom_killer_disabled = !call->task;
		err = call->verb->run(call);
		account_system_time(m, call->refused ? 0 : cost);
		if (unlikely(m->memcg))
			cost += memory_high_wait(m);
		m->oom_killer_disabled = true;
	}
	if (!call->refused && scope_is_task(call->scope))
		err = end_of_caller(call, err);
	userfaultfd_run_woken(m);
	if (!call->refused)
		blk_settle(m, cost);
	virt_guarantee_end(m);
	m->cpu = 0;
	return err;
}

static int broken(struct call *call)
{
	out_clear(call->sentence);
	out_printf(call->sentence, "%s (see sim/dmesg): echo reboot > sim/ctl",
		   call->m->panicked ? "the kernel panicked" :
				       "the machine stopped at a broken invariant");
	call->m->cpu = 0;
	return -EIO;
}

static int run_verb(struct call *call)
{
	struct tree *tree = call->tree;
	int err = secure_host_memory(call);

	if (err)
		return err;
	call->m = tree->machine;
	if (call->verb->flags & VERB_HISTORY)
		return call->verb->run(call);
	if (tree->machine->broken) {
		call->refused = true;
		return broken(call);
	}
	err = tree_guard(tree, run_guarded, call);
	return tree->machine->broken ? broken(call) : err;
}

static int name_result(struct call *call)
{
	static const u8 kinds[] = {
		[RESULT_NUMBER] = NAME_NUMBER, [RESULT_POINTER] = NAME_ADDR,
		[RESULT_PFN] = NAME_PFN, [RESULT_PID] = NAME_PID,
	};
	u32 pid = scope_is_task(call->scope) ? call->scope - SCOPE_TASK : 0;

	return names_set(&call->tree->names, call->name, kinds[call->verb->result],
			 call->value, pid);
}

void call_run(struct call *call)
{
	struct tree *tree = call->tree;

	call->refused = false;
	call->value = 0;
	call->err = run_verb(call);
	if (call->err)
		call->value = 0;
	if (!call->quiet)
		remember(call);
	if (call->refused)
		return;
	if (!call->err && call->name[0])	/* room and spelling were secured */
		call->err = name_result(call);
	if (!call->replaying && !(call->verb->flags & VERB_HISTORY))
		journal_append_call(tree, call);
}

int call_finish(struct request *req)
{
	struct call *call = &req->call;
	struct out result = OUT_INIT;
	int err;

	if (!req->words.value.len)
		return call->err;
	call_result(&result, call->verb, call->err, call->value);
	err = line_judge(&req->words, call->err, call->value, call->verb->name,
			 result.text ? result.text : "?", call->sentence);
	out_free(&result);
	return err;
}
