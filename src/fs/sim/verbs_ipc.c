// SPDX-License-Identifier: GPL-2.0-or-later
/* System V shared memory, and copies between the memories of two processes. */
#include "fs/core/call_task.h"
#include "sim/virt/mmap.h"
#include "sim/virt/process_vm.h"
#include "sim/virt/shm.h"

#define SCOPE_TASKS (1U << V_PID)

static int run_shmget(struct call *call)
{
	const struct arg *args = call->args;
	struct virt_need need = { .pages = 64, .tables = 16, .objects = 128, .bytes = 8 << 20 };
	int err = call_needs(call, &need);

	return err ? err : sys_shmget(call->m, call->task, (s32)args[0].value, args[1].value,
				      args[2].given ? (u32)args[2].value : IPC_CREAT | 0600,
				      &call->value);
}

static int run_shmat(struct call *call)
{
	const struct arg *args = call->args;
	bool locks = call->task->mm->def_flags & VM_LOCKED;
	int err = call_needs_range(call, locks ? ~0ULL >> 1 : 0);

	return err ? err : sys_shmat(call->m, call->task, (s32)args[0].value, args[1].value,
				     (u32)args[2].value, &call->value);
}

static int run_shmdt(struct call *call)
{
	int err = call_needs_range(call, 0);

	return err ? err : sys_shmdt(call->m, call->task, call->args[0].value);
}

static int run_shmctl(struct call *call)
{
	const struct arg *args = call->args;
	const struct shm_perm perm = {
		(u32)args[2].value, (u32)args[3].value, (u32)args[4].value,
	};
	int err = call_needs_range(call, 0);

	if (err)
		return err;
	if (args[1].value == IPC_SET && args[4].given)
		return sys_shmctl_set(call->m, call->task, (s32)args[0].value, &perm);
	return sys_shmctl(call->m, call->task, (s32)args[0].value, (int)args[1].value,
			  &call->value);
}

/* PID LOCAL LENGTH, then pairs of the other's memory. */
static int copy_process_vm(struct call *call, bool write)
{
	const struct arg *args = call->args;
	struct user_range local = { args[1].value, args[2].value }, remote[MAX_ARGS / 2];
	unsigned int nr = 0;
	struct virt_need need = { .objects = 512 };
	int err;

	for (unsigned int i = 3; i + 1 < MAX_ARGS && args[i + 1].given; i += 2)
		remote[nr++] = (struct user_range){ args[i].value, args[i + 1].value };
	need.pages = 64 + 3 * MIN(PFN_UP(local.len), call->m->totalram_pages);
	need.tables = 32 + need.pages / 256;
	need.bytes = need.pages * 2 * PAGE_SIZE;
	err = call_needs(call, &need);
	return err ? err : sys_process_vm(call->m, call->task, (s32)args[0].value, &local, remote,
					  nr, write, &call->value);
}

static int run_process_vm_readv(struct call *call)
{
	return copy_process_vm(call, /* write = */ false);
}

static int run_process_vm_writev(struct call *call)
{
	return copy_process_vm(call, /* write = */ true);
}

#define COPY_ARGS { A_PID, A_ADDR, A_SIZE, A_ADDR, A_SIZE, A_ADDR | A_OPTIONAL, \
		    A_SIZE | A_OPTIONAL, A_ADDR | A_OPTIONAL, A_SIZE | A_OPTIONAL }
#define COPY_USAGE "PID LOCAL LENGTH REMOTE LENGTH [REMOTE LENGTH]..."

static const struct verb verbs[] = {
	{ "shmget", { A_VALUE, A_SIZE, A_SHMGET | A_OPTIONAL }, run_shmget, RESULT_NUMBER, 0,
	  SCOPE_TASKS, "KEY SIZE [FLAGS]",
	  "Find or make a System V segment of shared memory: `shmget ipc_private 64K creat,0600`. "
	  "Result: its id." },
	{ "shmat", { A_NUMBER, A_ADDR | A_OPTIONAL, A_SHMAT | A_OPTIONAL }, run_shmat,
	  RESULT_POINTER, 0, SCOPE_TASKS, "ID [ADDR [FLAGS]]",
	  "Attach a segment: a shared mapping of it. Result: where it is." },
	{ "shmdt", { A_ADDR }, run_shmdt, RESULT_NONE, 0, SCOPE_TASKS, "ADDR",
	  "Detach what shmat attached there." },
	{ "shmctl", { A_NUMBER, A_SHMCTL, A_NUMBER | A_OPTIONAL, A_NUMBER | A_OPTIONAL,
		    A_SHMGET | A_OPTIONAL }, run_shmctl, RESULT_NUMBER, 0, SCOPE_TASKS,
	  "ID COMMAND [UID GID MODE]",
	  "Remove a segment (rmid) once nobody has it attached; stat, lock, unlock; set its owner "
	  "and rights." },
	{ "process_vm_readv", COPY_ARGS, run_process_vm_readv, RESULT_NUMBER, 0, SCOPE_TASKS,
	  COPY_USAGE, "Copy ranges of another process's memory to this one's, one behind the "
	  "other. Result: bytes." },
	{ "process_vm_writev", COPY_ARGS, run_process_vm_writev, RESULT_NUMBER, 0, SCOPE_TASKS,
	  COPY_USAGE, "The other way round." },
};

const struct verb_table ipc_verbs = { verbs, ARRAY_SIZE(verbs) };
