// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Contiguous memory areas: where boot puts them, who gets their pages, by formulas; ranges
 * against a bitmap of the test's own, with programs' memory in the way; and what is refused.
 */
#include "lab.h"
#include "support.h"

#include <errno.h>
#include <stdlib.h>

#include "fs/core/tree_struct.h"
#include "sim/base/rng.h"
#include "sim/boot_state.h"
#include "sim/phys/buddy.h"
#include "sim/phys/cma.h"
#include "sim/phys/fallback.h"
#include "sim/virt/content.h"

static const char *const releases[] = { "6.1", "6.18" };

static void open_cma(struct lab *lab, const char *machine, const char *release,
		     const char *cmdline)
{
	char words[120], set[32];
	const char *const sets[] = { "config.CMA=y", set, words, NULL };

	snprintf(words, sizeof(words), "cmdline=quiet %s", cmdline);
	snprintf(set, sizeof(set), "release=%s", release);
	CU_ASSERT_EQUAL_FATAL(lab_open_set(lab, machine, sets), 0);
}

static struct machine *machine_of(struct lab *lab)
{
	return lab->tree->machine;
}

static struct cma *area_of(struct lab *lab)
{
	return &machine_of(lab)->cma->areas[0];
}

static bool says(struct lab *lab, const char *line)
{
	return strstr(machine_of(lab)->boot_log->dmesg.text, line);
}

static void check_clean(struct lab *lab)
{
	CU_ASSERT_EQUAL(nr_broken(machine_of(lab), machine_check, NULL), 0);
}

static u64 result(struct lab *lab)
{
	return strtoull(lab_text(&lab->out), NULL, 0);
}

static bool is_6_1(const char *release)
{
	return !strcmp(release, "6.1");
}

/* -- boot --------------------------------------------------------------------- */

static void test_placement(void)
{
	static const struct {
		const char *machine, *release, *cmdline, *line;
		u64 base, pages;	/* 0: there is no area */
	} rows[] = {
		/* From 4 GiB on, from below; else as high as it can be. */
		{ "pc", NULL, "cma=64M", "cma: Reserved 64 MiB at 0x0000000100000000\n",
		  SZ_4G, 16384 },
		{ "pc", NULL, "cma=64M@1G", "cma: Reserved 64 MiB at 0x0000000040000000\n",
		  SZ_1G, 16384 },
		{ "pc", "6.1", "cma=3M@1G-3G", "cma: Reserved 4 MiB at", 0, 1024 },
		{ "pc", "6.18", "cma=3M@1G-3G", "cma: Reserved 3 MiB at", 0, 1024 },
		{ "pc", NULL, "cma=64M@1025M", "cma: Region at 0x0000000040100000 must be aligned to "
		  "0x0000000000200000 bytes\n<3>[    0.000000] cma: Failed to reserve 64 MiB\n", 0, 0 },
		{ "pc", NULL, "cma=64M@0x100000", "cma: Region at 0x0000000000100000 must be aligned",
		  0, 0 },
		{ "pc", "6.1", "cma=64M@1T", "cma: Size (0x0000000004000000) of region at "
		  "0x0000010000000000 exceeds limit (0x0000000140000000)\n", 0, 0 },
		{ "pc", NULL, "cma=64M@16M", "cma: Failed to reserve 64 MiB\n", 0, 0 },
		{ "pc", NULL, "cma=5G", "cma: Failed to reserve 5120 MiB\n", 0, 0 },
		{ "pc", NULL, "cma=0", "cma-reserved", 0, 0 },
		{ "pc", NULL, "cma", "cma: Config string not provided\n<4>[    0.000000] Malformed "
		  "early option 'cma'\n", 0, 0 },
		{ "tiny", NULL, "cma=16M@32M-64M", "cma: Reserved 16 MiB at 0x0000000002e00000\n",
		  0x2e00000, 4096 },
		/* Below the end of the direct map, on 6.1 even against the user's will. */
		{ "i386", NULL, "cma=16M", "cma: Reserved 16 MiB at 0x35800000\n", 0x35800000, 4096 },
		{ "i386", "6.1", "cma=16M@928M", "cma: Size (0x01000000) of region at 0x3a000000 "
		  "exceeds limit (0x36800000)\n", 0, 0 },
		{ "i386", "6.18", "cma=16M@928M", "cma: Reserved 16 MiB at 0x3a000000\n",
		  0x3a000000, 4096 },
	};

	for (unsigned int i = 0; i < 2 * ARRAY_SIZE(rows); i++) {
		const char *release = releases[i % 2];
		struct lab lab;

		if (rows[i / 2].release && strcmp(rows[i / 2].release, release))
			continue;
		open_cma(&lab, rows[i / 2].machine, release, rows[i / 2].cmdline);
		if (!says(&lab, rows[i / 2].line))
			printf("\n  %s: %s\n", release, rows[i / 2].cmdline);
		CU_ASSERT(says(&lab, rows[i / 2].line));
		CU_ASSERT_EQUAL(totalcma_pages(machine_of(&lab)), rows[i / 2].pages);
		CU_ASSERT_EQUAL(machine_of(&lab)->cma->nr, rows[i / 2].pages != 0);
		if (rows[i / 2].base)
			CU_ASSERT_EQUAL(PFN_PHYS(area_of(&lab)->base_pfn), rows[i / 2].base);
		check_clean(&lab);
		lab_close(&lab);
	}
}

/* Without cma= the configuration decides; a kernel without CMA knows no such word. */
static void test_config(void)
{
	static const char *const sized[] = { "config.CMA=y", "config.CMA_SIZE_MBYTES=8",
					     "cmdline=quiet", NULL };
	static const char *const without[] = { "cmdline=quiet cma=8M", NULL };
	struct lab lab;

	CU_ASSERT_EQUAL_FATAL(lab_open_set(&lab, "tiny", sized), 0);
	CU_ASSERT_EQUAL(totalcma_pages(machine_of(&lab)), 2048);
	CU_ASSERT_PTR_NOT_NULL(strstr(lab_cat(&lab, "proc/meminfo"), "CmaTotal:           8192 kB\n"));
	CU_ASSERT_PTR_NOT_NULL(strstr(lab_cat(&lab, "proc/vmstat"), "\ncma_alloc_success 0\n"));
	lab_close(&lab);
	CU_ASSERT_EQUAL_FATAL(lab_open_set(&lab, "tiny", without), 0);
	CU_ASSERT(says(&lab, "Unknown kernel command line parameters \"cma=8M\""));
	CU_ASSERT(says(&lab, " 0K cma-reserved"));
	CU_ASSERT_PTR_NULL(strstr(lab_cat(&lab, "proc/meminfo"), "Cma"));
	CU_ASSERT_PTR_NULL(strstr(lab_cat(&lab, "proc/vmstat"), "cma_alloc"));
	CU_ASSERT_PTR_NULL(strstr(lab_cat(&lab, "proc/pagetypeinfo"), "CMA"));
	CU_ASSERT_EQUAL(lab_run(&lab, "cma_alloc 0 1"), -ENOENT);
	lab_close(&lab);
}

/* An area in two zones is none; its memory is the allocator's all the same. */
static void test_two_zones(void)
{
	for (unsigned int r = 0; r < ARRAY_SIZE(releases); r++) {
		u64 start, totalram;
		char words[80];
		struct lab lab;

		open_cma(&lab, "pc", releases[r], "kernelcore=3G");
		start = machine_of(&lab)->nodes[1]->zones[ZONE_MOVABLE]->start_pfn;
		totalram = machine_of(&lab)->totalram_pages;
		lab_close(&lab);
		snprintf(words, sizeof(words), "kernelcore=3G cma=8M@0x%llx",
			 (unsigned long long)(PFN_PHYS(start) - 4 * SZ_1M));
		open_cma(&lab, "pc", releases[r], words);
		CU_ASSERT(says(&lab, "cma: CMA area reserved could not be activated\n"));
		CU_ASSERT_EQUAL(totalcma_pages(machine_of(&lab)), 0);
		CU_ASSERT_EQUAL(machine_of(&lab)->totalram_pages, totalram);
		CU_ASSERT_EQUAL(lab_run(&lab, "cma_alloc reserved 1"), -ENOMEM);
		check_clean(&lab);
		lab_close(&lab);
	}
}

/* Wherever host memory is missed, the boot fails and nothing is lost. */
static void test_boot_failing(void)
{
	static const char *const sets[] = { "config.CMA=y", "cmdline=quiet cma=16M", NULL };
	struct machine_config *config;
	struct machine *m;
	char *error;

	CU_ASSERT_EQUAL_FATAL(machine_config_load("tiny", sets, &config, &error), 0);
	for (u64 nth = 1; nth < 100000; nth += 1 + nth / 8) {
		int err = machine_boot_failing(config, nth, &m, &error);

		if (!err)
			CU_ASSERT_EQUAL(machine_free_counting(m), 0);
		CU_ASSERT(!err || err == -ENOMEM);
		free(error);
	}
	machine_config_free(config);
}

/* -- who gets the pages ------------------------------------------------------- */

/*
 * A movable page comes from CMA as long as more than half of what is free is CMA's, then
 * from the Movable lists as long as these have one, then from CMA.
 */
static void test_half_rule(void)
{
	for (unsigned int r = 0; r < ARRAY_SIZE(releases); r++) {
		enum rmqueue_mode mode = RMQUEUE_NORMAL;
		unsigned int from_cma = 0, nr = 0;
		struct machine *m;
		struct zone *zone;
		struct lab lab;
		u32 pfn;

		open_cma(&lab, "tiny", releases[r], "cma=24M");
		m = machine_of(&lab);
		zone = pfn_zone(m, area_of(&lab)->base_pfn);
		drain_all_pages(m, NULL);
		for (; zone->stat[NR_FREE_CMA]; nr++) {
			s64 cma = zone->stat[NR_FREE_CMA], all = zone->stat[NR_FREE_PAGES];
			u64 movable = 0;

			for (unsigned int order = 0; order < NR_PAGE_ORDERS; order++)
				movable += zone->free_area[order].nr[MIGRATE_MOVABLE];
			pfn = rmqueue(m, zone, 0, MIGRATE_MOVABLE, ALLOC_CMA, &mode);
			CU_ASSERT_NOT_EQUAL_FATAL(pfn, PFN_NIL);
			from_cma += pageblock_type(m, pfn) == MIGRATE_CMA;
			if (mode != RMQUEUE_CMA)
				CU_ASSERT_EQUAL(pageblock_type(m, pfn) == MIGRATE_CMA,
						cma > all / 2 || !movable);
		}
		CU_ASSERT_EQUAL(from_cma, area_of(&lab)->count);
		CU_ASSERT(nr > from_cma);
		lab_close(&lab);
	}
}

/* What CMA has free is nothing to what cannot move. */
static void test_watermarks(void)
{
	for (unsigned int r = 0; r < ARRAY_SIZE(releases); r++) {
		struct machine *m;
		struct zone *zone;
		struct lab lab;
		u64 area;
		s64 free, cma;

		open_cma(&lab, "tiny", releases[r], "cma=24M");
		m = machine_of(&lab);
		zone = pfn_zone(m, area_of(&lab)->base_pfn);
		area = area_of(&lab)->count;
		free = zone->stat[NR_FREE_PAGES];
		cma = zone->stat[NR_FREE_CMA];
		CU_ASSERT_EQUAL(cma, (s64)area);
		for (s64 mark = free - cma - 3; mark <= free - cma + 3; mark++)
			CU_ASSERT_EQUAL(zone_watermark_ok(m, zone, 0, (u64)mark, zone->type, 0, free),
					free - cma > mark + (s64)zone->nr_reserved_highatomic);
		CU_ASSERT(zone_watermark_ok(m, zone, 0, (u64)(free - cma) + 1, zone->type, ALLOC_CMA,
					    free));
		/* Only CMA has whole pageblocks left: they are for what can move. */
		lab_spare_tasks(&lab);
		while (!lab_run(&lab, "alloc_pages 0 kernel"))
			;
		CU_ASSERT_EQUAL(lab_run(&lab, "alloc_pages 9 kernel,nowarn"), -ENOMEM);
		CU_ASSERT_EQUAL(zone->stat[NR_FREE_CMA], (s64)area);
		CU_ASSERT_PTR_NOT_NULL(strstr(lab_cat(&lab, "sim/why"), ", CMA 6144, largest"));
		CU_ASSERT_EQUAL(lab_run(&lab, "alloc_pages 9 highuser_movable,nowarn"), 0);
		CU_ASSERT_EQUAL(pageblock_type(m, result(&lab)), MIGRATE_CMA);
		check_clean(&lab);
		lab_close(&lab);
	}
}

/* Neither ranges of others, nor memory that goes off line. */
static void test_left_alone(void)
{
	for (unsigned int r = 0; r < ARRAY_SIZE(releases); r++) {
		struct lab lab;
		char line[80];
		u64 pfn;

		open_cma(&lab, "hotplug", releases[r], "cma=64M@512M");
		snprintf(line, sizeof(line), "sys/devices/system/memory/memory%u/state: offline", 4);
		CU_ASSERT_EQUAL(lab_run(&lab, line), -EBUSY);
		CU_ASSERT_EQUAL(pageblock_type(machine_of(&lab), area_of(&lab)->base_pfn), MIGRATE_CMA);
		check_clean(&lab);
		for (unsigned int i = 0; i < 8 && !lab_run(&lab, "alloc_contig_pages 16384"); i++) {
			pfn = result(&lab);
			CU_ASSERT(pfn + 16384 <= area_of(&lab)->base_pfn ||
				  pfn >= area_of(&lab)->base_pfn + area_of(&lab)->count);
		}
		check_clean(&lab);
		lab_close(&lab);
	}
}

/* -- ranges ------------------------------------------------------------------- */

struct storm {
	struct lab lab;
	u64 rng;
	u8 *given;		/* by page of the area: 0, or a range's number */
	u64 nr, base;
};

/* The lowest place, by trying each. nr: there is none. */
static u64 lowest_place(const struct storm *s, u64 count, unsigned int align)
{
	for (u64 at = 0; at + count <= s->nr; at++) {
		u64 n = 0;

		if ((s->base + at) & ((1ULL << align) - 1))
			continue;
		while (n < count && !s->given[at + n])
			n++;
		if (n == count)
			return at;
	}
	return s->nr;
}

static void storm_alloc(struct storm *s, u8 mark)
{
	u64 count = 1 + rng_below(&s->rng, 700), place;
	unsigned int align = (unsigned int)rng_below(&s->rng, 11);
	char line[64];
	int err;

	place = lowest_place(s, count, align);
	snprintf(line, sizeof(line), "cma_alloc reserved %llu %u", (unsigned long long)count, align);
	err = lab_run(&s->lab, line);
	CU_ASSERT_EQUAL(err, place < s->nr ? 0 : -ENOMEM);
	if (err)
		return;
	CU_ASSERT_EQUAL(result(&s->lab), s->base + place);
	memset(s->given + place, mark, count);
}

/* A part of a range. */
static void storm_release(struct storm *s)
{
	u64 at = rng_below(&s->rng, s->nr), count = 1;
	char line[64];

	if (!s->given[at])
		return;
	while (at + count < s->nr && s->given[at + count] && rng_below(&s->rng, 300))
		count++;
	snprintf(line, sizeof(line), "cma_release 0 %#llx %llu", (unsigned long long)(s->base + at),
		 (unsigned long long)count);
	CU_ASSERT_EQUAL(lab_run(&s->lab, line), 0);
	memset(s->given + at, 0, count);
}

/* What programs' pages hold, wherever these are. */
static u64 contents(const struct machine *m)
{
	u64 sum = 0;

	for (u64 pfn = 0; pfn < m->max_pfn; pfn++)
		if (page_present(m, pfn) && !page_type(pfn_to_page(m, pfn)) &&
		    page_flag(pfn_to_page(m, pfn), PG_anon))
			sum += content_token(m, pfn) * 0x9e3779b97f4a7c15ULL + 1;
	return sum;
}

/* A program has its memory in the way, which is still what it was at the end. */
static void storm(struct storm *s, const char *release)
{
	char digest[2][DIGEST_CHARS + 1];
	struct machine *m;
	u64 held;

	open_cma(&s->lab, "tiny", release, "cma=24M");
	m = machine_of(&s->lab);
	s->base = area_of(&s->lab)->base_pfn;
	s->nr = area_of(&s->lab)->count;
	s->given = calloc(1, s->nr);
	CU_ASSERT_EQUAL(lab_run(&s->lab, "sim/as/init/ctl: fork as a"), 0);
	CU_ASSERT_EQUAL(lab_run(&s->lab, "sim/as/a/ctl: mmap 0 12M rw private,anon as m"), 0);
	CU_ASSERT_EQUAL(lab_run(&s->lab, "sim/as/a/ctl: store @m 12M"), 0);
	CU_ASSERT_EQUAL(lab_run(&s->lab, "sim/as/a/ctl: poke @m+5000000 48656c6c6f"), 0);
	CU_ASSERT(s->nr - (u64)global_zone_stat(m, NR_FREE_CMA) > 1000);
	held = contents(m);
	for (unsigned int i = 0; i < 300; i++) {
		if (i % 3 == 2)
			storm_release(s);
		else
			storm_alloc(s, (u8)(1 + i % 250));
		if (i % 50 == 0)
			check_clean(&s->lab);
	}
	CU_ASSERT_EQUAL(contents(m), held);
	check_clean(&s->lab);
	lab_digest(&s->lab, digest[0]);
	(void)lab_run(&s->lab, "cma_alloc 0 1");
	CU_ASSERT_EQUAL(lab_run(&s->lab, "undo"), 0);
	lab_digest(&s->lab, digest[1]);
	CU_ASSERT_STRING_EQUAL(digest[0], digest[1]);
	free(s->given);
	lab_close(&s->lab);
}

static void test_storm(void)
{
	for (unsigned int r = 0; r < ARRAY_SIZE(releases); r++) {
		struct storm s = { .rng = 7 };

		storm(&s, releases[r]);
	}
}

/* What the kernel says and counts when there is no range. */
static void test_failures(void)
{
	for (unsigned int r = 0; r < ARRAY_SIZE(releases); r++) {
		bool old = is_6_1(releases[r]);
		struct lab lab;

		open_cma(&lab, "tiny", releases[r], "cma=16M");
		CU_ASSERT_EQUAL(lab_run(&lab, "cma_alloc reserved 4096 as all"), 0);
		CU_ASSERT_EQUAL(lab_run(&lab, "cma_release reserved @all+100 10"), 0);
		CU_ASSERT_EQUAL(lab_run(&lab, "cma_release reserved @all+200 20"), 0);
		CU_ASSERT_EQUAL(lab_run(&lab, "cma_alloc reserved 21"), -ENOMEM);
		CU_ASSERT(says(&lab, old ? "cma: cma_alloc: reserved: alloc failed, req-size: 21 pages, "
				     "ret: -12\n" : "cma: __cma_alloc: reserved: alloc failed, "
				     "req-size: 21 pages, ret: -16\n"));
		CU_ASSERT_EQUAL(says(&lab, "cma: range 0: 10@100+20@200\n"), !old);
		CU_ASSERT_EQUAL(says(&lab, "=> 30 free of 4096 total pages\n"), !old);
		/* Nothing, and more than there is: 6.1 counts both, and says nothing. */
		CU_ASSERT_EQUAL(lab_run(&lab, "cma_alloc reserved 0"), -ENOMEM);
		CU_ASSERT_EQUAL(lab_run(&lab, "cma_alloc reserved 5000"), -ENOMEM);
		CU_ASSERT_EQUAL(says(&lab, "req-size: 5000 pages"), !old);
		CU_ASSERT_PTR_NOT_NULL(strstr(lab_cat(&lab, "proc/vmstat"), old ?
				       "\ncma_alloc_fail 3\n" : "\ncma_alloc_fail 2\n"));
		CU_ASSERT_STRING_EQUAL(lab_cat(&lab, "sys/kernel/mm/cma/reserved/alloc_pages_fail"),
				       "5021\n");
		CU_ASSERT_EQUAL(lab_run(&lab, "cma_release reserved @all+100 1"), -EINVAL);
		CU_ASSERT_EQUAL(lab_run(&lab, "cma_release reserved @all+95 6"), -EINVAL);
		CU_ASSERT_EQUAL(lab_run(&lab, "cma_release reserved 0x1000 1"), -EINVAL);
		CU_ASSERT_EQUAL(lab_run(&lab, "free_pages @all"), -EINVAL);
		CU_ASSERT_EQUAL(lab_run(&lab, "cma_alloc other 1"), -ENOENT);
		check_clean(&lab);
		lab_close(&lab);
	}
}

/* Where host memory is missed the line is refused, and nothing has changed. */
static void test_host_memory(void)
{
	for (unsigned int r = 0; r < ARRAY_SIZE(releases); r++) {
		char before[DIGEST_CHARS + 1], after[DIGEST_CHARS + 1];
		unsigned int refused = 0;
		struct lab lab;
		int err = 0;

		open_cma(&lab, "tiny", releases[r], "cma=24M");
		CU_ASSERT_EQUAL(lab_run(&lab, "sim/as/init/ctl: fork as a"), 0);
		CU_ASSERT_EQUAL(lab_run(&lab, "sim/as/a/ctl: mmap 0 12M rw private,anon as m"), 0);
		CU_ASSERT_EQUAL(lab_run(&lab, "sim/as/a/ctl: store @m 12M"), 0);
		lab_digest(&lab, before);
		for (u64 nth = 1; nth == 1 || err; nth++, refused++) {
			arena_fail_after(&machine_of(&lab)->arena, nth);
			err = lab_run(&lab, "cma_alloc reserved 3000 as b");
			arena_fail_after(&machine_of(&lab)->arena, 0);
			lab_digest(&lab, after);
			if (err)
				CU_ASSERT_STRING_EQUAL(before, after);
		}
		CU_ASSERT(refused > 0);
		check_clean(&lab);
		lab_close(&lab);
	}
}

static void test_files(void)
{
	for (unsigned int r = 0; r < ARRAY_SIZE(releases); r++) {
		const char *debug = "sys/kernel/debug/cma/reserved";
		char line[120];
		struct lab lab;

		open_cma(&lab, "tiny", releases[r], "cma=16M");
		snprintf(line, sizeof(line), "%s/alloc: 40", debug);
		CU_ASSERT_EQUAL(lab_run(&lab, line), 0);
		snprintf(line, sizeof(line), "%s/alloc: 0x10", debug);
		CU_ASSERT_EQUAL(lab_run(&lab, line), 0);
		CU_ASSERT_STRING_EQUAL(lab_cat(&lab, "sys/kernel/debug/cma/reserved/used"), "56\n");
		CU_ASSERT_STRING_EQUAL(lab_cat(&lab, "sys/kernel/debug/cma/reserved/count"), "4096\n");
		CU_ASSERT_STRING_EQUAL(lab_cat(&lab, "sys/kernel/debug/cma/reserved/maxchunk"),
				       "4040\n");
		CU_ASSERT_EQUAL(strncmp(lab_cat(&lab, "sys/kernel/debug/cma/reserved/bitmap"),
					"4294967295 16777215 0 0 ", 24), 0);
		check_clean(&lab);
		/* The last one goes first, the other in part. */
		snprintf(line, sizeof(line), "%s/free: 20", debug);
		CU_ASSERT_EQUAL(lab_run(&lab, line), 0);
		CU_ASSERT_EQUAL(strncmp(lab_cat(&lab, "sys/kernel/debug/cma/reserved/bitmap"),
					"4294967280 255 0 ", 17), 0);
		snprintf(line, sizeof(line), "cma_release 0 %#llx 2",
			 (unsigned long long)area_of(&lab)->base_pfn + 4);
		CU_ASSERT_EQUAL(lab_run(&lab, line), -EINVAL);
		snprintf(line, sizeof(line), "%s/free: 1000", debug);
		CU_ASSERT_EQUAL(lab_run(&lab, line), 0);
		CU_ASSERT_STRING_EQUAL(lab_cat(&lab, "sys/kernel/debug/cma/reserved/used"), "0\n");
		CU_ASSERT_STRING_EQUAL(lab_cat(&lab, "sys/kernel/mm/cma/reserved/alloc_pages_success"),
				       "56\n");
		if (!is_6_1(releases[r])) {
			CU_ASSERT_STRING_EQUAL(lab_cat(&lab, "sys/kernel/mm/cma/reserved/"
						       "release_pages_success"), "56\n");
			CU_ASSERT_STRING_EQUAL(lab_cat(&lab, "sys/kernel/mm/cma/reserved/"
						       "available_pages"), "4096\n");
		}
		check_clean(&lab);
		lab_close(&lab);
	}
}

int main(void)
{
	static const CU_TestInfo tests[] = {
		{ "placement", test_placement },
		{ "configuration", test_config },
		{ "two zones", test_two_zones },
		{ "boot without host memory", test_boot_failing },
		{ "half of what is free", test_half_rule },
		{ "watermarks", test_watermarks },
		{ "left alone", test_left_alone },
		{ "storm", test_storm },
		{ "failures", test_failures },
		{ "host memory", test_host_memory },
		{ "files", test_files },
	};

	return suite_main("cma", tests, ARRAY_SIZE(tests), NULL, NULL);
}
