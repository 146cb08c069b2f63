/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A broken invariant. BUG_ON() writes a report with a libunwind backtrace into
 * machine->report (and standard error), marks the machine broken, and leaves the
 * call by machine->trap, which src/fs/core sets before it calls the engine; where
 * none is set, the program aborts.
 */
#ifndef KMM_BASE_BUG_H
#define KMM_BASE_BUG_H

#include <setjmp.h>

#include "sim/base/out.h"

struct machine;

struct bug_trap {
	jmp_buf jump;	/* setjmp(trap.jump) before the call; 1 comes back */
};

_Noreturn void bug_report(const struct machine *m, const char *file, int line,
			  const char *what);

#define BUG_ON(m, condition) \
	do { \
		if (unlikely(condition)) \
			bug_report((m), __FILE__, __LINE__, #condition); \
	} while (0)

/* Instruction pointers of the callers, innermost first; returns how many. */
unsigned int stack_trace_save(u64 *ips, unsigned int max, unsigned int skip);
/* " function+0x1a/0x40" lines with `indent` before each. */
void stack_trace_print(struct out *out, const u64 *ips, unsigned int nr, const char *indent);
/*
 * The same without what depends on the compiler: neither offsets, nor functions that
 * one file has for itself.
 */
void stack_trace_print_global(struct out *out, const u64 *ips, unsigned int nr,
			      const char *indent);
/* Load symbols now, so that no path is opened later (after the mount). */
void stack_trace_init(void);

#endif
