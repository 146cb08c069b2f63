// SPDX-License-Identifier: GPL-2.0-or-later
/* Swap areas. What goes to them and comes back is up to memory calls and reclaim. */
#include "fs/core/call_task.h"
#include "sim/virt/swap.h"

#define SCOPE_TASKS (1U << V_PID)

static int run_mkswap(struct call *call)
{
	int err = call_needs_range(call, 0);

	return err ? err : swap_mkswap(call->m, call->args[0].text);
}

static int run_swapon(struct call *call)
{
	const struct arg *args = call->args;
	struct virt_need need;
	int err;

	if (swapon_need(call->m, args[0].text, &need))
		return call_no_host_memory(call);
	err = call_needs(call, &need);
	return err ? err : sys_swapon(call->m, call->task, args[0].text, (u32)args[1].value);
}

/* All that is out comes in. */
static int run_swapoff(struct call *call)
{
	s64 inuse = call->m->total_swap_pages - call->m->nr_swap_pages;
	struct virt_need need = {
		.pages = 64 + (u64)MAX(inuse, 0), .tables = 16,
		.objects = 128 + (u32)MIN(MAX(inuse, 0), 1 << 20),
	};
	int err = call_needs(call, &need);

	return err ? err : sys_swapoff(call->m, call->task, call->args[0].text);
}

static const struct verb verbs[] = {
	{ "mkswap", { A_PATH }, run_mkswap, RESULT_NONE, 0, SCOPE_TASKS, "PATH",
	  "Write a swap header to a file of a disk, which swapon can then take. Devices of the "
	  "machine file's [swap N] have one." },
	{ "swapon", { A_PATH, A_SWAP | A_OPTIONAL }, run_swapon, RESULT_NONE, 0, SCOPE_TASKS,
	  "PATH [FLAGS]",
	  "Let the kernel swap to a device or file. FLAGS: SWAP_FLAG_PREFER and a priority from 0 to "
	  "32767, `prefer|5`; SWAP_FLAG_DISCARD. `cat proc/swaps` shows them." },
	{ "swapoff", { A_PATH }, run_swapoff, RESULT_NONE, 0, SCOPE_TASKS, "PATH",
	  "Bring back all that lies in a swap area, and let go of it." },
};

const struct verb_table swap_verbs = { verbs, ARRAY_SIZE(verbs) };
