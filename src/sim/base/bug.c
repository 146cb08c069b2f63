// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Stack traces of our own process. libunwind gives instruction pointers, which
 * is all that an allocation stores; names are looked up when a trace is printed.
 * Unwinding reads the unwind tables where they are mapped; the first walk makes
 * libunwind set up its caches, so stack_trace_init() does one. What a broken
 * invariant does to a machine is in bug_report.c, a layer above.
 */
#define UNW_LOCAL_ONLY
#include "sim/base/bug.h"

#include <inttypes.h>
#include <libunwind.h>

#include "sim/base/symbols.h"

#define TRACE_ROOM 64

unsigned int stack_trace_save(u64 *ips, unsigned int max, unsigned int skip)
{
	void *frames[TRACE_ROOM];
	int nr = unw_backtrace(frames, TRACE_ROOM);
	unsigned int saved = 0;

	/* frames[0] is this function. */
	for (int i = 1 + (int)skip; i < nr && saved < max; i++)
		ips[saved++] = (uintptr_t)frames[i];
	return saved;
}

void stack_trace_print(struct out *out, const u64 *ips, unsigned int nr, const char *indent)
{
	struct symbol symbol;

	for (unsigned int i = 0; i < nr; i++) {
		out_puts(out, indent);
		/* A return address may be the first byte of the next function. */
		if (symbol_find(ips[i] - 1, &symbol))
			out_printf(out, " %s+0x%" PRIx64 "/0x%" PRIx64 "\n", symbol.name,
				   ips[i] - symbol.start, symbol.bytes);
		else
			out_printf(out, " 0x%" PRIx64 "\n", ips[i]);
	}
}

void stack_trace_print_global(struct out *out, const u64 *ips, unsigned int nr,
			      const char *indent)
{
	struct symbol symbol;

	for (unsigned int i = 0; i < nr; i++)
		if (symbol_find(ips[i] - 1, &symbol) && symbol.global)
			out_printf(out, "%s%s+0x0/0x0\n", indent, symbol.name);
}

void stack_trace_init(void)
{
	u64 ips[TRACE_ROOM];
	struct symbol symbol;
	unsigned int nr;

	symbols_init();
	nr = stack_trace_save(ips, TRACE_ROOM, 0);
	for (unsigned int i = 0; i < nr; i++)
		(void)symbol_find(ips[i] - 1, &symbol);
}
