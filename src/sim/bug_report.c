// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The end of a call that found a broken invariant: the report goes to standard
 * error and to machine->report (sim/dmesg shows it), the machine is marked
 * broken, and the call is left through the trap that its caller set.
 *
 * A reader may find the machine broken too, hence the const in the interface:
 * writing the mark and the report is the one thing a reader may do.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "sim/base/bug.h"
#include "sim/machine.h"

#define REPORT_FRAMES 32

static void report_write(struct machine *m, const char *file, int line, const char *what,
			 const u64 *ips, unsigned int nr_ips)
{
	size_t start = m->report.len;

	out_printf(&m->report, "------------[ cut here ]------------\n");
	out_printf(&m->report, "kernel BUG at %s:%d!\n", file, line);
	out_printf(&m->report, "condition: %s\n", what);
	out_printf(&m->report, "CPU: %u virtual time: %" PRIu64 ".%06" PRIu64 "\n", m->cpu,
		   m->now_ns / 1000000000, m->now_ns / 1000 % 1000000);
	out_printf(&m->report, "Call Trace:\n");
	stack_trace_print(&m->report, ips, nr_ips, "");
	out_printf(&m->report, "---[ end trace ]---\n");
	if (m->report.text)
		fputs(m->report.text + start, stderr);
	else
		fprintf(stderr, "kernel BUG at %s:%d! %s\n", file, line, what);
}

void bug_report(const struct machine *machine, const char *file, int line, const char *what)
{
	struct machine *m = (struct machine *)(uintptr_t)machine;
	u64 ips[REPORT_FRAMES];
	unsigned int nr_ips = stack_trace_save(ips, REPORT_FRAMES, /* skip = */ 1);
	struct bug_trap *trap;

	if (!m) {
		fprintf(stderr, "kernel BUG at %s:%d! %s\n", file, line, what);
		abort();
	}
	report_write(m, file, line, what, ips, nr_ips);
	m->broken = true;
	trap = m->trap;
	if (!trap)
		abort();
	longjmp(trap->jump, 1);
}
