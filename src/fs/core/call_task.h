/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What calls of tasks share: securing host memory before the first change. The
 * guarantee ends when the call does.
 */
#ifndef KMM_FS_CALL_TASK_H
#define KMM_FS_CALL_TASK_H

#include "fs/core/call.h"
#include "sim/virt/virt.h"

/* A call that touches up to `bytes` of memory besides the usual. 0 or refused. */
int call_needs_range(struct call *call, u64 bytes) __must_check;
/* A call that copies the caller's address space. 0 or refused. */
int call_needs_copy(struct call *call) __must_check;

#endif
