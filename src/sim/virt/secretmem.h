/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * memfd_secret(): files in memory whose pages nobody but their mappings can reach. The
 * kernel's direct map has them no more (set_memory.h), so no call reads or pins them, and
 * they are neither moved nor reclaimed. Mappings are shared and count as locked.
 */
#ifndef KMM_VIRT_SECRETMEM_H
#define KMM_VIRT_SECRETMEM_H

#include "sim/virt/vma.h"

extern const struct vm_operations secretmem_vm_ops;

static inline bool vma_is_secretmem(const struct vm_area_struct *vma)
{
	return vma->vm_ops == &secretmem_vm_ops;
}

/* -ENOSYS: switched off (secretmem.enable=), as releases before 6.5 are; -EINVAL, -ENOMEM. */
int sys_memfd_secret(struct machine *m, struct task_struct *task, u32 flags,
		     int *fd) __must_check;
/* ->mmap(): the flags that such a mapping gets. -EINVAL: private; -EAGAIN: RLIMIT_MEMLOCK. */
int secretmem_mmap(struct machine *m, const struct task_struct *task,
		   const struct mm_struct *mm, u64 len, u64 *vm_flags) __must_check;

/* T11: pages of such files have a small entry each that can be taken out. */
void secretmem_validate(const struct machine *m, struct check *check);

#endif
