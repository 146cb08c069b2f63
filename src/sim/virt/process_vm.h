/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The bytes of another task's memory: PID/mem, cmdline, environ. */
#ifndef KMM_VIRT_PROCESS_VM_H
#define KMM_VIRT_PROCESS_VM_H

#include "sim/virt/mm_types.h"

/*
 * Read without faulting: what is not in memory is read where it is, in swap or on the file's
 * disk, and stays there. What nobody touched reads as zeroes, if it is mapped at all. Bytes
 * read: fewer than len where the mappings end.
 */
u64 read_process_vm(const struct machine *m, const struct mm_struct *mm, u64 addr, void *buf,
		    u64 len);
/*
 * Write as ptrace does: also to private memory that is read-only to the task, which gets
 * a copy of its own (FOLL_FORCE). *done: bytes written. -EIO: the first page may not be
 * written; -ENOMEM; -ENOBUFS.
 */
int write_process_vm(struct machine *m, struct task_struct *task, u64 addr, const void *buf,
		     u64 len, u64 *done) __must_check;

/*
 * process_vm_readv and process_vm_writev between one range of the caller's and `nr` of
 * another process's: *done bytes; an error where there were none. -ESRCH, -EPERM, -EFAULT.
 */
struct user_range;
int sys_process_vm(struct machine *m, struct task_struct *task, s32 pid,
		   const struct user_range *local, const struct user_range *remote,
		   unsigned int nr, bool write, u64 *done) __must_check;

#endif
