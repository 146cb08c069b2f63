/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the kernel's reports have in common: who ran, how the kernel is tainted, and by
 * which path through our own code. They go to the log (sim/dmesg), which is no part of
 * the state.
 */
#ifndef KMM_PHYS_REPORT_H
#define KMM_PHYS_REPORT_H

#include "sim/machine.h"

enum taint { TAINT_BAD_PAGE = 5, TAINT_WARN = 9 };

/* "Not tainted", "Tainted: G    B              ". */
#define TAINTED_CHARS 48
void taint_text(const struct machine *m, char text[TAINTED_CHARS]);
void add_taint(struct machine *m, enum taint flag);

/* Who runs on this CPU. */
u32 running_pid(const struct machine *m);
const char *running_comm(const struct machine *m);
/* Timer ticks. */
u64 jiffies(const struct machine *m);

/* "CPU: 0 PID: 1 Comm: init ..." and the call trace. */
void dump_stack(struct machine *m);
/*
 * A WARNING: its first line, which WARN() follows with a text; then the place, in this
 * function, dump_stack(), and the taint.
 */
void warn_begin(struct machine *m);
void warn_report(struct machine *m, const char *file, const char *function);

/* "Kernel panic - not syncing: ...": the end of the machine. */
void panic(struct machine *m, const char *fmt, ...) __printf(2, 3);

/* Places of the allocator that warn once in a machine's life. */
enum warn_site {
	WARN_ORDER,		/* a block larger than there are */
	WARN_NOFAIL_ORDER,	/* must not fail, and is not small (6.1) */
	WARN_NOFAIL_ATOMIC,	/* must not fail, and must not wait */
	WARN_NOFAIL_COSTLY,	/* must not fail, and is costly (6.1) */
	SAID_NO_SOFT_OFFLINE,	/* not a warning: virt/soft_offline.c */
	NR_WARN_SITES
};
void warn_on_once(struct machine *m, enum warn_site site);

#endif
