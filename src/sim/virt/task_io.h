/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a task's calls read and wrote, for PID/io: bytes and calls of read(2), write(2)
 * and their kin; bytes that came from a disk for it, that it made dirty, and of
 * those that were thrown away before they were written.
 */
#ifndef KMM_VIRT_TASK_IO_H
#define KMM_VIRT_TASK_IO_H

#include "sim/base/types.h"

struct task_io {
	u64 rchar, wchar, syscr, syscw;
	u64 read_bytes, write_bytes, cancelled_write_bytes;
};

static inline void task_io_add(struct task_io *to, const struct task_io *from)
{
	to->rchar += from->rchar;
	to->wchar += from->wchar;
	to->syscr += from->syscr;
	to->syscw += from->syscw;
	to->read_bytes += from->read_bytes;
	to->write_bytes += from->write_bytes;
	to->cancelled_write_bytes += from->cancelled_write_bytes;
}

#endif
