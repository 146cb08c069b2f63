// SPDX-License-Identifier: GPL-2.0-or-later
/* A broken invariant: report, mark, way out; and names of functions in traces. */
#include <stdio.h>
#include <unistd.h>

#include "support.h"
#include "sim/base/bug.h"
#include "sim/base/symbols.h"
#include "sim/machine.h"

/* The report goes to standard error too: keep the test's output readable. */
static int hide_stderr(void)
{
	int saved = dup(STDERR_FILENO);

	fflush(stderr);
	if (!freopen("/dev/null", "w", stderr))
		return -1;
	return saved;
}

static void show_stderr(int saved)
{
	fflush(stderr);
	dup2(saved, STDERR_FILENO);
	close(saved);
}

__attribute__((noinline)) static void find_it_broken(const struct machine *m, int pages)
{
	BUG_ON(m, pages < 0);
}

static void test_report_and_trap(void)
{
	static struct machine m;
	struct bug_trap trap;
	volatile int saved = hide_stderr();

	m.trap = &trap;
	if (setjmp(trap.jump) == 0) {
		find_it_broken(&m, 1);
		CU_ASSERT_FALSE(m.broken);
		find_it_broken(&m, -1);
		CU_FAIL("BUG_ON() came back");
	}
	show_stderr(saved);
	CU_ASSERT_TRUE(m.broken);
	CU_ASSERT_PTR_NOT_NULL_FATAL(m.report.text);
	CU_ASSERT_PTR_NOT_NULL(strstr(m.report.text, "condition: pages < 0"));
	CU_ASSERT_PTR_NOT_NULL(strstr(m.report.text, "test_base_bug.c"));
	/* The first frame is the function that found it, a static one. */
	CU_ASSERT_PTR_NOT_NULL(strstr(m.report.text, "Call Trace:\n find_it_broken+0x"));
	CU_ASSERT_PTR_NOT_NULL(strstr(m.report.text, " test_report_and_trap+0x"));
	out_free(&m.report);
}

static void test_symbols(void)
{
	u64 ip = (uintptr_t)find_it_broken;
	struct symbol symbol;

	CU_ASSERT_TRUE_FATAL(symbol_find(ip, &symbol));
	CU_ASSERT_STRING_EQUAL(symbol.name, "find_it_broken");
	CU_ASSERT_EQUAL(symbol.start, ip);
	CU_ASSERT_TRUE(symbol.bytes > 0);
	CU_ASSERT_TRUE_FATAL(symbol_find(ip + symbol.bytes - 1, &symbol));
	CU_ASSERT_STRING_EQUAL(symbol.name, "find_it_broken");
	CU_ASSERT_FALSE(symbol_find(16, &symbol));
}

static void test_trace_is_limited(void)
{
	u64 ips[8] = { 0 };

	CU_ASSERT_EQUAL(stack_trace_save(ips, 2, 0), 2);
	CU_ASSERT_NOT_EQUAL(ips[1], 0);
	CU_ASSERT_EQUAL(ips[2], 0);
	CU_ASSERT_EQUAL(stack_trace_save(ips, 8, 1000), 0);
}

static const CU_TestInfo tests[] = {
	{ "report and trap", test_report_and_trap },
	{ "symbols", test_symbols },
	{ "a trace is limited", test_trace_is_limited },
};

int main(void)
{
	return suite_main("bug", tests, ARRAY_SIZE(tests), NULL, NULL);
}
