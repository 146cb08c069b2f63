// SPDX-License-Identifier: GPL-2.0-or-later
/* Virtual time: one long tick is many short ones, and calls cost what is said. */
#include "lab.h"
#include "support.h"

/* Some pages on lists of CPUs near and far, then time by steps of step_ns. */
static void age(const char *machine, unsigned int nr_steps, const char *step,
		char digest[DIGEST_CHARS + 1])
{
	struct lab lab;
	char line[64];

	CU_ASSERT_EQUAL_FATAL(lab_open(&lab, machine), 0);
	for (unsigned int i = 0; i < 3000; i++) {
		snprintf(line, sizeof(line), "sim/cpu/%u/ctl: alloc_pages %u as p%u", i % 2,
			 i % 4, i % 500);
		CU_ASSERT_EQUAL(lab_run(&lab, line), 0);
		if (i % 500 < 100)
			continue;
		snprintf(line, sizeof(line), "sim/cpu/%u/ctl: free_pages @p%u", i / 7 % 2,
			 i % 500);
		CU_ASSERT_EQUAL(lab_run(&lab, line), 0);
	}
	CU_ASSERT_EQUAL(lab_run(&lab, "proc/sys/vm/stat_interval: 3"), 0);
	for (unsigned int i = 0; i < nr_steps; i++)
		CU_ASSERT_EQUAL(lab_run(&lab, step), 0);
	lab_check(&lab);
	lab_digest(&lab, digest);
	lab_close(&lab);
}

static void test_passed_over(void)
{
	static const char *const machines[] = { "pc", "numa4" };
	char seconds[DIGEST_CHARS + 1], minutes[DIGEST_CHARS + 1], whole[DIGEST_CHARS + 1];

	for (unsigned int i = 0; i < ARRAY_SIZE(machines); i++) {
		const char *machine = machines[i];

		age(machine, 600, "tick 1s", seconds);
		age(machine, 10, "tick 60s", minutes);
		age(machine, 1, "tick 600s", whole);
		CU_ASSERT_STRING_EQUAL(seconds, minutes);
		CU_ASSERT_STRING_EQUAL(seconds, whole);
	}
}

static void test_shepherd_works(void)
{
	char before[DIGEST_CHARS + 1], after[DIGEST_CHARS + 1];
	struct lab lab;

	CU_ASSERT_EQUAL_FATAL(lab_open(&lab, "pc"), 0);
	/* CPU 0 takes a page of node 1: the rest of the batch waits on its list. */
	CU_ASSERT_EQUAL(lab_run(&lab, "alloc_pages 0 GFP_KERNEL 1 as far"), 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(lab_cat(&lab, "sim/clock"), "timer: 1.000000000 vmstat"));
	CU_ASSERT_EQUAL(lab_run(&lab, "tick 900ms"), 0);
	lab_digest(&lab, before);
	CU_ASSERT_EQUAL(lab_run(&lab, "tick 100ms"), 0);
	lab_digest(&lab, after);
	CU_ASSERT_STRING_NOT_EQUAL(before, after);
	CU_ASSERT_PTR_NOT_NULL(strstr(lab_cat(&lab, "sim/clock"), "timer: 2.000000000 vmstat"));
	lab_close(&lab);
}

static void test_costs(void)
{
	static const char *const sets[] = { "cost.alloc_pages=250", "cost.kmalloc=1000000", NULL };
	static const char *const bad[] = { "cost.alloc_page=1", NULL };
	static const char *const negative[] = { "cost.alloc_pages=-1", NULL };
	struct lab lab;

	CU_ASSERT_EQUAL_FATAL(lab_open_set(&lab, "pc", sets), 0);
	for (int i = 0; i < 4; i++)
		CU_ASSERT_EQUAL(lab_run(&lab, "alloc_pages 0"), 0);
	CU_ASSERT_EQUAL(lab_run(&lab, "kmalloc 64"), 0);
	CU_ASSERT_EQUAL(lab_run(&lab, "vmalloc 64K"), 0);
	CU_ASSERT_EQUAL(strncmp(lab_cat(&lab, "sim/clock"), "now: 0.001001000\n", 17), 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(lab_cat(&lab, "sim/clock"), "cost: alloc_pages 0.000000250"));
	lab_close(&lab);
	CU_ASSERT_NOT_EQUAL(lab_open_set(&lab, "pc", bad), 0);
	lab_close(&lab);
	CU_ASSERT_NOT_EQUAL(lab_open_set(&lab, "pc", negative), 0);
	lab_close(&lab);
}

/* Hexadecimal HZ means the same to `tick` and to everybody else. */
static void test_jiffy(void)
{
	static const char *const sets[] = { "config.HZ=0x64", NULL };
	struct lab lab;

	CU_ASSERT_EQUAL_FATAL(lab_open_set(&lab, "pc", sets), 0);
	CU_ASSERT_EQUAL(lab_run(&lab, "tick"), 0);
	CU_ASSERT_EQUAL(strncmp(lab_cat(&lab, "sim/clock"), "now: 0.010000000\n", 17), 0);
	lab_close(&lab);
}

static const CU_TestInfo tests[] = {
	{ "a tick is one jiffy of HZ", test_jiffy },
	{ "turns that change nothing are passed over", test_passed_over },
	{ "the vmstat shepherd looks after page lists", test_shepherd_works },
	{ "calls take the time of [cost]", test_costs },
};

int main(void)
{
	return suite_main("tick", tests, ARRAY_SIZE(tests), NULL, NULL);
}
