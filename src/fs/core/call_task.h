/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What calls of tasks share: host memory is secured before the first change, then the
 * task's CPU switches to it. Each verb of tasks asks for what it needs before it does
 * anything else. The guarantee ends when the call does.
 */
#ifndef KMM_FS_CALL_TASK_H
#define KMM_FS_CALL_TASK_H

#include "fs/core/call.h"
#include "sim/virt/virt.h"

/* For who states a need of its own. 0 or refused. */
int call_needs(struct call *call, const struct virt_need *need) __must_check;
/* A call that touches up to `bytes` of memory besides the usual. 0 or refused. */
int call_needs_range(struct call *call, u64 bytes) __must_check;
/* A system call that the release or the architecture has not: refused. */
int call_no_such_call(struct call *call);
/* A call that copies the caller's address space. 0 or refused. */
int call_needs_copy(struct call *call) __must_check;

#endif
