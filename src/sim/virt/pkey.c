// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Protection keys: which are in use is the mm's matter, what they deny the task's
 * (PKRU). One is taken for memory that is executed and nothing else. On a processor
 * without them there is key 0 alone, and that is nobody's.
 */
#include "sim/virt/mmap.h"
#include "sim/virt/task.h"

#define NR_PKEYS 16
#define PKEY_DISABLE_MASK 3	/* access, write */

static bool has_pkeys(const struct machine *m)
{
	return machine_config_bool(m->config, "PKEYS");
}

bool has_pkey_calls(const struct machine *m)
{
	return m->arch->bits == 64;
}

void mm_init_pkeys(const struct machine *m, struct mm_struct *mm)
{
	mm->pkey_allocation_map = has_pkeys(m) ? 1 : 0;
	mm->execute_only_pkey = has_pkeys(m) ? -1 : 0;
}

static int alloc_key(const struct machine *m, struct mm_struct *mm)
{
	int max = has_pkeys(m) ? NR_PKEYS : 1, key = 0;

	while (key < max && mm->pkey_allocation_map >> key & 1)
		key++;
	if (key == max)
		return -1;
	mm->pkey_allocation_map |= (u16)(1U << key);
	return key;
}

bool mm_pkey_is_allocated(const struct machine *m, const struct mm_struct *mm, int pkey)
{
	return pkey >= 0 && pkey < (has_pkeys(m) ? NR_PKEYS : 1) &&
	       pkey != mm->execute_only_pkey && mm->pkey_allocation_map >> pkey & 1;
}

static void set_rights(struct task_struct *task, int pkey, u64 rights)
{
	task->pkru &= ~(3U << 2 * pkey);
	task->pkru |= (u32)rights << 2 * pkey;
}

int execute_only_pkey(struct machine *m, struct task_struct *task)
{
	struct mm_struct *mm = task->mm;

	if (!has_pkeys(m))
		return 0;
	if (mm->execute_only_pkey == -1) {
		int key = alloc_key(m, mm);

		if (key < 0)
			return 0;
		mm->execute_only_pkey = (s16)key;
	}
	set_rights(task, mm->execute_only_pkey, 1);
	return mm->execute_only_pkey;
}

int sys_pkey_alloc(struct machine *m, struct task_struct *task, u64 flags, u64 rights,
		   u64 *pkey)
{
	int key;

	if (!has_pkey_calls(m))
		return -ENOSYS;
	if (flags || rights & ~(u64)PKEY_DISABLE_MASK)
		return -EINVAL;
	key = alloc_key(m, task->mm);
	if (key < 0)
		return -ENOSPC;
	/* The one key of a processor without any cannot be had, and is gone then. */
	if (!has_pkeys(m))
		return -EINVAL;
	set_rights(task, key, rights);
	*pkey = (u64)key;
	return 0;
}

int sys_pkey_free(struct machine *m, struct task_struct *task, int pkey)
{
	if (!has_pkey_calls(m))
		return -ENOSYS;
	if (!mm_pkey_is_allocated(m, task->mm, pkey))
		return -EINVAL;
	task->mm->pkey_allocation_map &= (u16)~(1U << pkey);
	return 0;
}
