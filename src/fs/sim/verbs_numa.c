// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * NUMA policy, pages that move, CPUs that a task may use: system calls written to
 * proc/PID/ctl. Nodes are a list (0-1,3), a mask ([0x3]), `all` or NULL.
 */
#include <inttypes.h>

#include "fs/core/call_task.h"
#include "sim/virt/mempolicy.h"
#include "sim/virt/sched.h"
#include "sim/virt/vma.h"

#define SCOPE_TASKS (1U << V_PID)

/* Without MAXNODE `all' is what the kernel could have. */
static struct user_nodes user_nodes(const struct machine *m, const struct arg *nodes,
				    const struct arg *maxnode)
{
	struct user_nodes user = {
		.given = nodes->value, .mask = nodes->value, .maxnode = MAXNODE_ALL,
	};

	if (maxnode->given)
		user.maxnode = maxnode->value;
	else if (user.mask == ~0ULL)
		user.maxnode = machine_max_nodes(m) + 1;
	return user;
}

/* Pages that may move, and a policy for each VMA that the range may have. */
static int needs_migration(struct call *call, const struct mm_struct *mm, u64 pages)
{
	struct virt_need need = {
		.pages = 64 + MIN(pages, call->m->totalram_pages), .tables = 16,
		.objects = 128 + 4 * (u32)(mm ? mm->map_count : 0),
	};

	return call_needs(call, &need);
}

enum { SET_MODE, SET_NODES, SET_MAXNODE };

static int run_set_mempolicy(struct call *call)
{
	const struct arg *args = call->args;
	struct user_nodes nodes = user_nodes(call->m, &args[SET_NODES], &args[SET_MAXNODE]);
	int err = call_needs_range(call, 0);

	return err ? err : sys_set_mempolicy(call->m, call->task, args[SET_MODE].value, &nodes);
}

static int get_mempolicy(struct call *call, int *policy, u64 *nodes)
{
	const struct arg *args = call->args;
	u64 flags = args[1].given ? args[1].value : args[0].given ? MPOL_F_ADDR : 0;
	int err = call_needs_range(call, PAGE_SIZE);

	if (!err)
		err = sys_get_mempolicy(call->m, call->task, args[0].value, flags, policy, nodes);
	if (!err)
		machine_why_call(call->m, "%s: policy or node %d, nodes 0x%" PRIx64,
				 call->verb->name, *policy, *nodes);
	return err;
}

static int run_get_mempolicy(struct call *call)
{
	int policy, err;
	u64 nodes;

	err = get_mempolicy(call, &policy, &nodes);
	if (!err)
		call->value = (u64)policy;
	return err;
}

static int run_get_mempolicy_nodes(struct call *call)
{
	int policy;

	return get_mempolicy(call, &policy, &call->value);
}

enum { MBIND_ADDR, MBIND_LEN, MBIND_MODE, MBIND_NODES, MBIND_MAXNODE, MBIND_FLAGS };

static int run_mbind(struct call *call)
{
	const struct arg *args = call->args;
	struct mbind_request req = {
		.start = args[MBIND_ADDR].value, .len = args[MBIND_LEN].value,
		.mode = args[MBIND_MODE].value, .flags = args[MBIND_FLAGS].value,
		.nodes = user_nodes(call->m, &args[MBIND_NODES], &args[MBIND_MAXNODE]),
	};
	bool moves = req.flags & (MPOL_MF_MOVE | MPOL_MF_MOVE_ALL);
	int err = needs_migration(call, call->task->mm, moves ? PFN_UP(req.len) : 0);

	return err ? err : sys_mbind(call->m, call->task, &req);
}

static int run_home_node(struct call *call)
{
	const struct arg *args = call->args;
	int err = needs_migration(call, call->task->mm, 0);

	return err ? err : sys_set_mempolicy_home_node(call->m, call->task, args[0].value,
						       args[1].value, args[2].value,
						       args[3].value);
}

static const struct mm_struct *mm_of_pid(const struct call *call, const struct arg *pid)
{
	const struct task_struct *task = pid->value ? task_find(call->m, (u32)pid->value) :
						     call->task;

	return task ? task->mm : NULL;
}

enum { MIGRATE_PID, MIGRATE_FROM, MIGRATE_TO, MIGRATE_MAXNODE };

static int run_migrate_pages(struct call *call)
{
	const struct arg *args = call->args;
	struct user_nodes from = user_nodes(call->m, &args[MIGRATE_FROM], &args[MIGRATE_MAXNODE]);
	struct user_nodes to = user_nodes(call->m, &args[MIGRATE_TO], &args[MIGRATE_MAXNODE]);
	const struct mm_struct *mm = mm_of_pid(call, &args[MIGRATE_PID]);
	int ret = needs_migration(call, mm, mm ? mm->total_vm : 0);

	if (!ret)
		ret = sys_migrate_pages(call->m, call->task, (u32)args[MIGRATE_PID].value,
					&from, &to);
	call->value = (u64)MAX(ret, 0);
	return MIN(ret, 0);
}

#define MOVE_MAX 512
enum { MOVE_PID, MOVE_ADDR, MOVE_COUNT, MOVE_NODES, MOVE_FLAGS };

/* The nodes of the list take turns. */
static unsigned int deal_nodes(u64 mask, unsigned int nr, int nodes[MOVE_MAX])
{
	u64 left = mask;

	for (unsigned int i = 0; mask && i < nr; i++, left &= left - 1) {
		if (!left)
			left = mask;
		nodes[i] = ctz64(left);
	}
	return nr;
}

/* What became of the pages: one sentence for each run of equals, up to so many. */
#define STATUS_RUNS 16

static void explain_status(struct call *call, const int *status, unsigned int nr)
{
	unsigned int runs = 0;

	for (unsigned int i = 0, first; i < nr && runs < STATUS_RUNS; i++, runs++) {
		first = i;
		while (i + 1 < nr && status[i + 1] == status[first])
			i++;
		machine_why_call(call->m, "move_pages: pages %u to %u: status %d", first, i,
				 status[first]);
	}
}

static int run_move_pages(struct call *call)
{
	const struct arg *args = call->args;
	u64 pages[MOVE_MAX], count = args[MOVE_COUNT].value;
	int nodes[MOVE_MAX], status[MOVE_MAX], ret;
	bool moves = args[MOVE_NODES].value;
	struct move_pages_request req = {
		.pid = (u32)args[MOVE_PID].value, .nr_pages = count, .pages = pages,
		.nodes = moves ? nodes : NULL, .status = status,
		.flags = args[MOVE_FLAGS].given ? args[MOVE_FLAGS].value : MPOL_MF_MOVE,
	};

	if (count > MOVE_MAX)
		return call_refuse(call, -EINVAL, "%" PRIu64 " pages are more than %d", count,
				   MOVE_MAX);
	for (unsigned int i = 0; i < count; i++) {
		pages[i] = args[MOVE_ADDR].value + i * PAGE_SIZE;
		status[i] = 0;
	}
	(void)deal_nodes(args[MOVE_NODES].value, (unsigned int)count, nodes);
	ret = needs_migration(call, mm_of_pid(call, &args[MOVE_PID]), count);
	if (call->refused)
		return ret;
	ret = sys_move_pages(call->m, call->task, &req);
	explain_status(call, status, (unsigned int)count);
	call->value = (u64)MAX(ret, 0);
	return MIN(ret, 0);
}

static int run_getcpu(struct call *call)
{
	int err = call_needs_range(call, 0);

	if (err)
		return err;
	call->value = call->m->cpu;
	machine_why_call(call->m, "getcpu: CPU %u, node %u", call->m->cpu,
			 call->m->cpu_node[call->m->cpu]);
	return 0;
}

/* Up to 64 CPUs: a mask. */
static int run_sched_setaffinity(struct call *call)
{
	const struct arg *args = call->args;
	u64 cpus[CPU_WORDS] = { args[1].value };
	int err = call_needs_range(call, 0);

	return err ? err : sys_sched_setaffinity(call->m, call->task, (u32)args[0].value, cpus);
}

static int run_sched_getaffinity(struct call *call)
{
	u64 cpus[CPU_WORDS];
	int err = call_needs_range(call, 0);

	if (!err)
		err = sys_sched_getaffinity(call->m, call->task, (u32)call->args[0].value, cpus);
	if (!err)
		call->value = cpus[0];
	return err;
}

#define MBIND_ARGS { A_ADDR, A_SIZE, A_MPOL, A_NODES | A_OPTIONAL, A_NUMBER | A_OPTIONAL, \
		     A_MPOL_MF | A_OPTIONAL }

/* Without MAXNODE. */
static const struct verb_form mbind_forms[] = {
	{ { A_ADDR, A_SIZE, A_MPOL, A_NODES, A_MPOL_MF },
	  { MBIND_ADDR, MBIND_LEN, MBIND_MODE, MBIND_NODES, MBIND_FLAGS } },
};

/* As the system call has it. */
static const struct verb_form migrate_forms[] = {
	{ { A_PID, A_NUMBER, A_NODES, A_NODES },
	  { MIGRATE_PID, MIGRATE_MAXNODE, MIGRATE_FROM, MIGRATE_TO } },
};

static const struct verb verbs[] = {
	{ "set_mempolicy", { A_MPOL, A_NODES | A_OPTIONAL, A_NUMBER | A_OPTIONAL },
	  run_set_mempolicy, RESULT_NONE, 0, SCOPE_TASKS, "MODE [NODES [MAXNODE]]",
	  "Where this task's new pages come from: `set_mempolicy interleave 0-3`, `bind 1`, "
	  "`preferred 2`, `local`, `default`. Children inherit it." },
	{ "get_mempolicy", { A_ADDR | A_OPTIONAL, A_MPOL_F | A_OPTIONAL }, run_get_mempolicy,
	  RESULT_NUMBER, 0, SCOPE_TASKS, "[ADDR [FLAGS]]",
	  "The mode of the task's policy, or of the mapping's at ADDR; with `addr,node` the "
	  "node of the page there. sim/why says the nodes." },
	{ "get_mempolicy_nodes", { A_ADDR | A_OPTIONAL, A_MPOL_F | A_OPTIONAL },
	  run_get_mempolicy_nodes, RESULT_NUMBER, 0, SCOPE_TASKS, "[ADDR [FLAGS]]",
	  "The same call; the result is its other answer, the nodes, as a mask." },
	{ "mbind", MBIND_ARGS, run_mbind, RESULT_NONE, 0, SCOPE_TASKS,
	  "ADDR LENGTH MODE [NODES [MAXNODE] [FLAGS]]",
	  "Where the pages of a range come from: `mbind @buf 1M bind 0-1 move` moves those "
	  "that are elsewhere; `strict` fails if any is.",
	  mbind_forms, ARRAY_SIZE(mbind_forms) },
	{ "set_mempolicy_home_node", { A_ADDR, A_SIZE, A_NODE, A_NUMBER | A_OPTIONAL },
	  run_home_node, RESULT_NONE, 0, SCOPE_TASKS, "ADDR LENGTH NODE [FLAGS]",
	  "The node that a range's bind or preferred_many policy begins at." },
	{ "migrate_pages", { A_PID, A_NODES, A_NODES }, run_migrate_pages, RESULT_NUMBER, 0,
	  SCOPE_TASKS, "PID [MAXNODE] FROM TO",
	  "Move all pages of a process from some nodes to others, as many. Result: how many "
	  "could not.", migrate_forms, ARRAY_SIZE(migrate_forms) },
	{ "move_pages", { A_PID, A_ADDR, A_ORDER, A_NODES | A_OPTIONAL, A_MPOL_MF | A_OPTIONAL },
	  run_move_pages, RESULT_NUMBER, 0, SCOPE_TASKS, "PID ADDR COUNT [NODES [FLAGS]]",
	  "Move COUNT pages, one after the other to the nodes in turn; without NODES just ask "
	  "where they are. sim/why says what became of each." },
	{ "getcpu", { A_END }, run_getcpu, RESULT_NUMBER, 0, SCOPE_TASKS, "",
	  "The CPU that the task runs on; sim/why says its node." },
	{ "sched_setaffinity", { A_PID, A_NODES }, run_sched_setaffinity, RESULT_NONE, 0,
	  SCOPE_TASKS, "PID CPUS",
	  "The CPUs that a task may run on: `sched_setaffinity 0 2-3`. Local memory is that of "
	  "its CPU's node." },
	{ "sched_getaffinity", { A_PID }, run_sched_getaffinity, RESULT_NUMBER, 0, SCOPE_TASKS,
	  "PID", "The CPUs that a task may run on, as a mask." },
};

const struct verb_table numa_verbs = { verbs, ARRAY_SIZE(verbs) };
