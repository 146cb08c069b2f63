// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Texts that sim/check takes apart: with one place changed, the id of their family
 * fires, and no other. And the check changes nothing itself.
 */
#include <stdio.h>
#include <stdlib.h>

#include "lab.h"
#include "support.h"

#include "fs/core/tree_struct.h"
#include "fs/sim/check.h"
#include "sim/virt/task.h"

static bool id_is_in(const char *line, const char *ids)
{
	size_t len = strcspn(line, " ");

	for (const char *p = ids; *p; p += strcspn(p, " "), p += strspn(p, " "))
		if (strcspn(p, " ") == len && !strncmp(p, line, len))
			return true;
	return false;
}

static bool as_expected(const char *text, const char *ids)
{
	char first[8];
	bool found = false;

	snprintf(first, sizeof(first), "%.*s", (int)strcspn(ids, " "), ids);
	for (const char *line = text; *line; line += strcspn(line, "\n"), line += *line == '\n') {
		found |= id_is_in(line, first);
		if (!id_is_in(line, ids))
			return false;
	}
	return found;
}

/* A text with one place changed; to be freed. */
static char *changed(const char *text, const char *from, const char *to)
{
	const char *at = strstr(text, from);
	struct out out = OUT_INIT;

	CU_ASSERT_PTR_NOT_NULL_FATAL(at);
	out_write(&out, text, (size_t)(at - text));
	out_puts(&out, to);
	out_puts(&out, at + strlen(from));
	CU_ASSERT_EQUAL_FATAL(out_error(&out), 0);
	return out.text;
}

static void test_texts(void)
{
	static const struct {
		const char *path, *from, *to, *ids;
	} texts[] = {
		{ "proc/buddyinfo", "zone      DMA ", "zone      DMA 9", "B11" },
		{ "proc/buddyinfo", "Node 0, zone      DMA", "Node 0, zone    DMA31", "B11" },
		{ "proc/buddyinfo", "Node 1", "Node 0", "B11" },
		{ "proc/pagetypeinfo", "type    Unmovable ", "type    Unmovable 8", "B11" },
		{ "proc/pagetypeinfo", "type   HighAtomic", "type   HighAtomix", "B11" },
		{ "proc/zoneinfo", "  pages free     ", "  pages free     1", "B11" },
		{ "proc/zoneinfo", "        min      ", "        min      1", "B11" },
		{ "proc/zoneinfo", "        promo    ", "        promo    -", "B11" },
		{ "proc/zoneinfo", "        managed  ", "        managed  1", "B11" },
		{ "proc/zoneinfo", "protection: (0", "protection: (1", "B11" },
		{ "proc/zoneinfo", "      nr_free_pages ", "      nr_free_pages 1", "B11" },
		{ "proc/zoneinfo", "count:    ", "count:    5", "B11" },
		{ "proc/zoneinfo", "high_max: ", "high_max: 1", "B11" },
		{ "proc/zoneinfo", "    cpu: 1", "    cpu: 2", "B11" },
		{ "proc/zoneinfo", "threshold: ", "threshold: 1", "B11" },
		{ "proc/zoneinfo", "start_pfn:           ", "start_pfn:           1", "B11" },
		{ "proc/zoneinfo", "node_unreclaimable:  0", "node_unreclaimable:  1", "W6" },
		{ "proc/slabinfo", "kmalloc-8k ", "kmalloc-8x ", "A4" },
		{ "proc/slabinfo", "tunables    0", "tunables    1", "A4" },
		{ "proc/slabinfo", " : slabdata  ", " : slabdata 1 ", "A4" },
		{ "proc/meminfo", "MemTotal:     ", "MemTotal: 123", "K4" },
		{ "proc/meminfo", "MemFree:       ", "MemFree:      1", "K4" },
		{ "proc/meminfo", "MemAvailable:  ", "MemAvailable: 9", "K4" },
		{ "proc/meminfo", "Active:        ", "Active:       7", "K4" },
		{ "proc/meminfo", "Inactive(anon):        0", "Inactive(anon):        4", "K4" },
		{ "proc/meminfo", "Slab: ", "Slab: 1", "K4" },
		{ "proc/meminfo", "Mapped:        ", "Mapped:    9999", "K4" },
		{ "proc/meminfo", "AnonHugePages:         0", "AnonHugePages:      2048", "K4" },
		{ "proc/meminfo", "CommitLimit:    ", "CommitLimit:   1", "K4" },
		{ "proc/meminfo", "HugePages_Rsvd:        0", "HugePages_Rsvd:      100", "K4" },
		{ "proc/meminfo", "SwapFree:              0", "SwapFree:              4", "K4" },
	};
	struct lab lab;

	CU_ASSERT_EQUAL_FATAL(lab_open(&lab, "pc"), 0);
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		char *text = changed(lab_cat(&lab, texts[i].path), texts[i].from, texts[i].to);
		struct out out = OUT_INIT;
		struct check check = { .out = &out };

		CU_ASSERT_EQUAL(check_text(tree_machine(lab.tree), texts[i].path, text, &check), 0);
		if (!as_expected(lab_text(&out), texts[i].ids)) {
			CU_FAIL("another id fires, or none");
			fprintf(stderr, "%s, %s: found\n%.1500s", texts[i].path, texts[i].to,
				lab_text(&out));
		}
		free(text);
		out_free(&out);
	}
	lab_close(&lab);
}

/* Any line of meminfo, whose figure is another. */
static void check_meminfo_lines(const char *machine, const char *release)
{
	const char *sets[] = { release, NULL };
	struct lab lab;
	const char *text, *at;

	CU_ASSERT_EQUAL_FATAL(lab_open_set(&lab, machine, sets), 0);
	text = lab_cat(&lab, "proc/meminfo");
	for (at = text; strchr(at, ':'); at = strchr(at, '\n') + 1) {
		struct out out = OUT_INIT, wrong = OUT_INIT;
		struct check check = { .out = &out };
		size_t last = strcspn(at, "\n");

		while (last && (at[last] < '0' || at[last] > '9'))
			last--;
		out_puts(&wrong, text);
		wrong.text[(size_t)(at - text) + last] ^= 1;
		CU_ASSERT_EQUAL(check_text(tree_machine(lab.tree), "proc/meminfo", wrong.text,
					   &check), 0);
		if (!as_expected(lab_text(&out), "K4")) {
			CU_FAIL("a wrong line is not noticed");
			fprintf(stderr, "%.40s\n", at);
		}
		out_free(&wrong);
		out_free(&out);
	}
	lab_close(&lab);
}

static void test_meminfo(void)
{
	check_meminfo_lines("pc", "release=6.18");
	check_meminfo_lines("pc", "release=6.1");
	check_meminfo_lines("i386", "release=6.1");
}

static void test_vmstat(void)
{
	struct out out = OUT_INIT, zoneinfo = OUT_INIT;
	struct check check = { .out = &out };
	struct lab lab;
	char *vmstat;

	CU_ASSERT_EQUAL_FATAL(lab_open(&lab, "pc"), 0);
	out_puts(&zoneinfo, lab_cat(&lab, "proc/zoneinfo"));
	vmstat = changed(lab_cat(&lab, "proc/vmstat"), "nr_slab_reclaimable ",
			 "nr_slab_reclaimable 1");
	vmstat_check(tree_machine(lab.tree), vmstat, zoneinfo.text, &check);
	CU_ASSERT_TRUE(check.nr_checked > 40);
	CU_ASSERT_EQUAL(check.nr_broken, 1);
	CU_ASSERT_TRUE(as_expected(lab_text(&out), "I9"));
	free(vmstat);
	out_free(&out);
	out_free(&zoneinfo);
	lab_close(&lab);
}

static const char *wrong_slab_text(void *arg, const char *path)
{
	bool wrong = !strcmp(path, arg);

	return wrong ? "1234567 N0=1234567\n" : NULL;
}

static void test_slab_files(void)
{
	char path[] = "sys/kernel/slab/kmalloc-8k/objects";
	const struct slab_text files = { wrong_slab_text, path };
	struct out out = OUT_INIT;
	struct check check = { .out = &out };
	struct lab lab;

	CU_ASSERT_EQUAL_FATAL(lab_open(&lab, "pc"), 0);
	slab_sysfs_check(tree_machine(lab.tree), &files, &check);
	CU_ASSERT_EQUAL(check.nr_broken, 3);	/* of each node, in all */
	CU_ASSERT_TRUE(as_expected(lab_text(&out), "A4"));
	out_free(&out);
	lab_close(&lab);
}

/* proc/PID: one of its texts has one place changed. */
static void test_tasks(void)
{
	enum { MAPS, SMAPS, ROLLUP, STATUS, STATM, NR_TEXTS };
	static const char *const files[] = { "maps", "smaps", "smaps_rollup", "status", "statm" };
	static const struct {
		unsigned int text;
		const char *from, *to, *ids;
	} rows[] = {
		{ MAPS, "10000000-10020000", "10000000-10021000", "V8" },
		{ MAPS, "10020000 rw-p", "10020000 r--p", "V8" },
		{ MAPS, " [stack]", "[stack]", "V8" },
		{ MAPS, "10000000-10020000 rw-p 00000000 00:00 0 \n", "", "V8" },
		{ SMAPS, "Size:                128 kB", "Size:                124 kB", "K3" },
		{ SMAPS, "Rss:                  64 kB", "Rss:                  68 kB", "K3" },
		{ SMAPS, "Private_Dirty:        64 kB", "Private_Dirty:        60 kB", "K3" },
		{ SMAPS, "Anonymous:            64 kB", "Anonymous:            60 kB", "K3" },
		{ ROLLUP, "LazyFree:              0 kB", "LazyFree:              4 kB", "K3" },
		{ ROLLUP, "Pss:    ", "Pss:  99", "K3" },
		{ STATUS, "VmSize:	  ", "VmSize:	 1", "K3" },
		{ STATUS, "RssFile:	    ", "RssFile:	   9", "K3" },
		{ STATUS, "VmSwap:	       0", "VmSwap:	       4", "K3" },
		{ STATM, " ", " 1", "K3" },
	};
	struct lab lab;

	CU_ASSERT_EQUAL_FATAL(lab_open(&lab, "pc"), 0);
	lab_run(&lab, "proc/1/ctl: mmap 0x10000000 128K rw private,anon,fixed");
	lab_run(&lab, "proc/1/ctl: store 0x10000000 64K");
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct machine *m = tree_machine(lab.tree);
		struct out out = OUT_INIT;
		struct check check = { .out = &out };
		char *texts[NR_TEXTS], path[64];

		for (unsigned int t = 0; t < NR_TEXTS; t++) {
			bool here = t == rows[i].text;

			snprintf(path, sizeof(path), "proc/1/%s", files[t]);
			texts[t] = changed(lab_cat(&lab, path), here ? rows[i].from : "",
					   here ? rows[i].to : "");
		}
		task_texts_check(m, task_find(m, 1)->mm, &(struct task_texts){
			texts[MAPS], texts[SMAPS], texts[ROLLUP], texts[STATUS], texts[STATM],
		}, &check);
		if (!as_expected(lab_text(&out), rows[i].ids)) {
			CU_FAIL("another id fires, or none");
			fprintf(stderr, "%s, %s: found\n%.1500s", files[rows[i].text], rows[i].to,
				lab_text(&out));
		}
		for (unsigned int t = 0; t < NR_TEXTS; t++)
			free(texts[t]);
		out_free(&out);
	}
	lab_close(&lab);
}

/* E5: the check changes nothing. */
static void test_check_only_reads(void)
{
	char before[DIGEST_CHARS + 1], after[DIGEST_CHARS + 1];
	struct out out = OUT_INIT;
	struct check check = { .out = &out };
	struct lab lab;

	CU_ASSERT_EQUAL_FATAL(lab_open(&lab, "pc"), 0);
	lab_digest(&lab, before);
	CU_ASSERT_EQUAL(tree_check(lab.tree, &check), 0);
	CU_ASSERT_EQUAL(check.nr_broken, 0);
	lab_digest(&lab, after);
	CU_ASSERT_STRING_EQUAL(before, after);
	out_free(&out);
	lab_close(&lab);
}

static const CU_TestInfo tests[] = {
	{ "each text has one", test_texts },
	{ "each line of meminfo", test_meminfo },
	{ "sums of vmstat", test_vmstat },
	{ "files of caches", test_slab_files },
	{ "files of a task", test_tasks },
	{ "the check only reads", test_check_only_reads },
};

int main(void)
{
	return suite_main("texts of sim/check", tests, ARRAY_SIZE(tests), NULL, NULL);
}
