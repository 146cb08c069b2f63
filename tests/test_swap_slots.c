// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Which slots pages go to: random lists of calls (tests/golden/swap) that guests of both
 * releases ran, with one CPU and one disk. After some calls a list says what each page of a
 * range came to there: runs of slots, of pages in memory (p), of nothing (n).
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lab.h"
#include "support.h"

#include "sim/virt/pgtable.h"
#include "sim/virt/swap.h"
#include "sim/virt/task.h"

#define NOTHING (~0ULL)
#define IN_MEMORY (~1ULL)

static struct lab lab;

/* The slot of a page. */
static u64 place_of(const struct mm_struct *mm, u64 addr)
{
	const struct machine *m = tree_machine(lab.tree);
	unsigned int level;
	const pte_t *pte = leaf_entry(m, mm, addr, &level);

	if (!pte || !*pte)
		return NOTHING;
	return pte_is_swap(*pte) ? swp_entry_offset(pte_to_swp_entry(*pte)) : IN_MEMORY;
}

static void say_run(struct out *out, u64 place, u64 nr)
{
	if (place >= IN_MEMORY)
		out_printf(out, " %c*%llu", place == IN_MEMORY ? 'p' : 'n', (unsigned long long)nr);
	else
		out_printf(out, " %llx+%llu", (unsigned long long)place, (unsigned long long)nr);
}

static void say_places(struct out *out, const struct mm_struct *mm, u64 addr, u64 len)
{
	u64 first = place_of(mm, addr), nr = 1;

	for (u64 i = PAGE_SIZE; i < len; i += PAGE_SIZE) {
		u64 place = place_of(mm, addr + i);

		if (place == (first < IN_MEMORY ? first + nr : first)) {
			nr++;
			continue;
		}
		say_run(out, first, nr);
		first = place;
		nr = 1;
	}
	say_run(out, first, nr);
}

static void say_figures(struct out *out)
{
	static const char *const names[] = { "in", "pswpin", "out", "pswpout",
					     "ra", "swap_ra", "hit", "swap_ra_hit" };
	struct swap_area area = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(names); i += 2)
		out_printf(out, "%s %lld ", names[i],
			   (long long)lab_figure(&lab, "proc/vmstat", names[i + 1]));
	CU_ASSERT(swap_area_at(tree_machine(lab.tree), 0, &area));
	out_printf(out, "used %llu", (unsigned long long)area.inuse * (PAGE_SIZE / 1024));
}

/* As the list has them, and as tasks make them: with an address and a length. */
static const struct {
	const char *name, *verb, *rest;
} calls[] = {
	{ "mmap", "mmap", "rw private,anon,fixed,noreserve" }, { "store", "store", "" },
	{ "load", "load", "" }, { "out", "madvise", "pageout" }, { "drop", "madvise", "dontneed" },
};

static void make_call(const char *name, unsigned long long addr, unsigned long long len)
{
	for (size_t i = 0; i < ARRAY_SIZE(calls); i++)
		if (!strcmp(calls[i].name, name))
			lab_expect(&lab, 0, "sim/as/a/ctl: %s 0x%llx %llu %s", calls[i].verb, addr, len,
				   calls[i].rest);
	/* It is written till the next call. */
	if (!strcmp(name, "out"))
		lab_expect(&lab, 0, "tick 60ms");
}

static void run_line(const struct mm_struct *mm, const char *path, const char *line)
{
	struct out found = OUT_INIT;
	const char *expected = NULL;
	char name[8];
	unsigned long long addr = 0, len = 0;

	if (sscanf(line, "%7s %llx %llx", name, &addr, &len) < 1)
		return;
	if (!strcmp(name, "slots")) {
		expected = strchr(line, '=') + 1;
		say_places(&found, mm, addr, len);
	} else if (!strcmp(name, "stat")) {
		expected = line + strlen("stat ");
		say_figures(&found);
	} else {
		make_call(name, addr, len);
		return;
	}
	if (strcmp(found.text, expected))
		printf("\n  %s: expected\n  %s, found\n  %s\n", path, expected, found.text);
	CU_ASSERT_STRING_EQUAL(found.text, expected);
	out_free(&found);
}

/* A machine as the list was made on: its first lines say how. */
static void open_as(FILE *file, const char *release)
{
	char size[21], thp[21], sets[3][60];
	const char *const all[] = { sets[0], sets[1], sets[2], "node 0.cpus=0", "node 0.memory=640M",
				    "swap 1.on=no", NULL };

	CU_ASSERT_EQUAL_FATAL(fscanf(file, "size %20s thp %20s ", size, thp), 2);
	snprintf(sets[0], sizeof(sets[0]), "release=%s", release);
	snprintf(sets[1], sizeof(sets[1]), "swap 0.size=%s", size);
	snprintf(sets[2], sizeof(sets[2]), "cmdline=transparent_hugepage=%s", thp);
	CU_ASSERT_EQUAL_FATAL(lab_open_set(&lab, "swap", all), 0);
}

static void run_list(const char *name, const char *release)
{
	char path[300], line[2000];
	FILE *file;

	snprintf(path, sizeof(path), "%s/tests/golden/swap/%s-%s.txt", getenv("KMM_SRCDIR"), name,
		 release);
	file = fopen(path, "r");
	CU_ASSERT_PTR_NOT_NULL_FATAL(file);
	open_as(file, release);
	/* Nobody collapses what the list has taken apart. */
	lab_expect(&lab, 0, "sys/kernel/mm/transparent_hugepage/khugepaged/scan_sleep_millisecs: "
		   "1000000000");
	lab_expect(&lab, 0, "sim/as/init/ctl: fork as a");
	while (fgets(line, sizeof(line), file)) {
		const struct task_struct *task =
			task_find(tree_machine(lab.tree), (u32)atoi(lab_cat(&lab, "sim/as/a/stat")));

		line[strcspn(line, "\n")] = '\0';
		CU_ASSERT_PTR_NOT_NULL_FATAL(task);
		run_line(task->mm, path, line);
	}
	fclose(file);
	lab_end(&lab);
}

static void test_small(void)
{
	run_list("small", "6.1");
	run_list("small", "6.18");
}

/* An area that is hardly larger than what goes there. */
static void test_full(void)
{
	run_list("full", "6.1");
	run_list("full", "6.18");
}

static void test_huge(void)
{
	run_list("huge", "6.1");
	run_list("huge", "6.18");
}

int main(void)
{
	static const CU_TestInfo tests[] = {
		{ "pages", test_small },
		{ "an area that is full", test_full },
		{ "huge pages", test_huge },
	};

	return suite_main("slots, as guests took them", tests, ARRAY_SIZE(tests), NULL, NULL);
}
