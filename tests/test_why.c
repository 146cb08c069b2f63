// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * sim/why: the sentences are there when they should be, quote the figures of the
 * machine, are the same for the same history, and are no part of the digest.
 */
#include <stdarg.h>
#include <stdlib.h>

#include "lab.h"
#include "phys_machine.h"
#include "support.h"

#include "sim/phys/page_alloc.h"
#include "sim/phys/slab.h"
#include "sim/phys/tunables.h"

#define FILE_TEXT "[machine]\nrelease = %s\ncmdline = %s\n%s"
#define ONE_NODE(memory) "[node 0]\ncpus = 0-1\nmemory = " memory "\n"
static struct lab lab;

static void open_machine(const char *release, const char *cmdline, const char *nodes)
{
	static const char *const no_sets[] = { NULL };
	char text[512], *error = NULL;

	lab = (struct lab) { .me = { 0 } };
	snprintf(text, sizeof(text), FILE_TEXT, release, cmdline, nodes);
	CU_ASSERT_EQUAL_FATAL(machine_config_parse("test", text, no_sets, &lab.config, &error), 0);
	CU_ASSERT_EQUAL_FATAL(tree_create(lab.config, &lab.tree, &error), 0);
}

static const struct machine *machine(void)
{
	return tree_machine(lab.tree);
}

/* A line of sim/why holds these words? Shows what it says where not. */
static void expect_why(const char *fmt, ...) __printf(1, 2);
static void expect_why(const char *fmt, ...)
{
	char words[512];
	va_list args;
	const char *why = lab_cat(&lab, "sim/why");

	va_start(args, fmt);
	vsnprintf(words, sizeof(words), fmt, args);
	va_end(args);
	CU_ASSERT_PTR_NOT_NULL(strstr(why, words));
	if (!strstr(why, words))
		fprintf(stderr, "sim/why lacks '%s':\n%s\n", words, why);
}

static const char *last_line(void)
{
	const char *why = lab_cat(&lab, "sim/why"), *last = why;

	for (const char *p = why; (p = strchr(p, '\n')) && p[1]; p++)
		last = p + 1;
	return last;
}

static void expect_last(const char *words)
{
	const char *last = last_line();

	CU_ASSERT_PTR_NOT_NULL(strstr(last, words));
	if (!strstr(last, words))
		fprintf(stderr, "the last line lacks '%s': %s\n", words, last);
}

static void run(const char *line, int err)
{
	int found = lab_run(&lab, line);

	CU_ASSERT_EQUAL(found, err);
	if (found != err)
		fprintf(stderr, "%s: %d, expected %d\n", line, found, err);
}

static const struct zone *zone_of(unsigned int node, enum zone_type type)
{
	return machine()->nodes[node]->zones[type];
}

static void test_boot_choices(void)
{
	const struct zone *dma;

	open_machine("6.18", "movablecore=64M", ONE_NODE("256M"));
	expect_why("boot: transparent_hugepage never: ");
	expect_why("boot: node 0: Movable from pfn %#llx on",
		   (unsigned long long)zone_of(0, ZONE_MOVABLE)->start_pfn);
	expect_why("boot: min_free_kbytes %d: sqrt(16 x ", machine()->tunables->min_free_kbytes);
	dma = zone_of(0, ZONE_DMA);
	expect_why("boot: node 0 zone DMA: min %llu = ",
		   (unsigned long long)dma->watermark[WMARK_MIN]);
	expect_why("boot: node 0 zone DMA: pcp batch %d; high_min %d = ", dma->pageset_batch,
		   dma->pageset_high_min);
	lab_close(&lab);
	open_machine("6.18", "quiet", ONE_NODE("1G"));
	expect_why("boot: khugepaged recommends 45056 kB: 2 zones x 11 pageblocks of 512 pages");
	lab_close(&lab);
}

static void no_names(struct out *out, u64 mask)
{
	out_printf(out, "<%llu>", (unsigned long long)mask);
}

/* Of who was killed the latest eight are told still when all else has gone round. */
static void test_kept(void)
{
	static struct why_log log;
	struct out out = OUT_INIT;
	const char *last = NULL;

	log = (struct why_log){ 0 };
	for (u32 i = 0; i < 20; i++) {
		for (u32 step = 0; step < i; step++)
			WHY(&log, WHY_STEP, "round %u, step %u", i, step);
		WHY(&log, WHY_KILL, "killed in round %u", i);
		WHY_OF_CALL(&log, "call %u", i);
	}
	for (u32 i = 0; i < WHY_ENTRIES; i++)
		WHY_OF_CALL(&log, "and %u", i);
	why_print(&out, &log, no_names);
	for (u32 i = 0; i < 20; i++) {
		char line[40];
		const char *found;

		snprintf(line, sizeof(line), "killed in round %u\n", i);
		found = strstr(out.text, line);
		CU_ASSERT_EQUAL(!found, i < 20 - WHY_KEPT);
		CU_ASSERT(found >= last);
		last = found;
	}
	CU_ASSERT_PTR_NULL(strstr(out.text, "step"));
	CU_ASSERT_PTR_NULL(strstr(out.text, "call"));
	CU_ASSERT_PTR_EQUAL(strstr(last, "\nand 0\n"), last + strlen("killed in round 19"));
	out_free(&out);
}

/* No machine so small boots, but its allocator runs. */
static void test_mobility_grouping(void)
{
	const struct test_machine spec = {
		.release = R_6_18, .arch = "x86_64", .ranges = { { 4096, 4096 + 2559, 0 } },
	};
	struct machine *m = test_machine_boot(&spec);
	struct out out = OUT_INIT;

	CU_ASSERT_TRUE(m->mobility_grouping_off);
	why_print(&out, &m->why, no_names);
	CU_ASSERT_PTR_NOT_NULL(strstr(out.text, "page mobility grouping is off: 2559 pages < 512 "
				      "pages of a pageblock x 5 types (build_all_zonelists)\n"));
	out_free(&out);
	test_machine_free(m);
}

static void test_pages(void)
{
	const struct zone *zone;

	open_machine("6.18", "quiet", ONE_NODE("1G"));
	run("alloc_pages 0 as a", 0);
	expect_last("alloc_pages order 0, GFP_KERNEL: page 0x");
	zone = zone_of(0, ZONE_DMA32);
	expect_why("node 0 zone DMA32, the preferred zone; from CPU 0's list of type Unmovable, "
		   "which has %d pages left in all; the zone has %lld free, low mark %llu ",
		   zone->pcp[0].count, (long long)zone->stat[NR_FREE_PAGES],
		   (unsigned long long)zone->watermark[WMARK_LOW]);
	run("alloc_pages 0 dma as d", 0);
	zone = zone_of(0, ZONE_DMA);
	expect_why("node 0 zone DMA: CPU 0's list of order 0 Unmovable is empty: ");
	expect_why("batch %d, high %d of %d to %d (rmqueue_bulk)", zone->pcp[0].batch,
		   zone->pcp[0].high, zone->pcp[0].high_min, zone->pcp[0].high_max);
	run("alloc_pages 5 as b", 0);
	expect_last("from the buddy lists, this order bypasses the per-CPU lists");
	run("free_pages @b", 0);
	expect_last("order 5: to the buddy lists of node 0 zone DMA32; ");
	run("free_pages @a", 0);
	expect_last("order 0: on CPU 0's list of node 0 zone DMA32, as the next to be used; ");
	lab_close(&lab);
}

/* Take all that DMA gives: the zones above are not allowed, DMA is at its mark. */
static void test_failure(void)
{
	const struct zone *dma;
	int nr = 0;

	open_machine("6.18", "quiet", ONE_NODE("5G"));
	dma = zone_of(0, ZONE_DMA);
	while (!lab_run(&lab, "alloc_pages 0 dma"))
		nr++;
	CU_ASSERT_TRUE(nr > 1000);
	expect_why("node 0 zone DMA: passed over for order 0: free %lld - 0 of the order - %llu "
		   "HighAtomic <= min mark %llu + lowmem_reserve 0 (zone_watermark_ok)",
		   (long long)dma->stat[NR_FREE_PAGES],
		   (unsigned long long)dma->nr_free_highatomic,
		   (unsigned long long)dma->watermark[WMARK_MIN]);
	CU_ASSERT_TRUE(dma->stat[NR_FREE_PAGES] <= (s64)dma->watermark[WMARK_MIN]);
	expect_why("  node 0 Normal: free ");
	expect_why(": above the zones that this gfp may use\n");
	expect_why("order 0, GFP_DMA: no zone has room at the low mark: now the min mark");
	expect_last("order 0, GFP_DMA: -ENOMEM: none of the 3 zones of node 0's zonelist");
	run("kmalloc 100K dma", -ENOMEM);
	expect_last("kmalloc 102400, GFP_DMA: above 8192 bytes whole pages: order 5: -ENOMEM");
	/* An atomic request may go below the mark. */
	run("alloc_pages 0 dma,high", 0);
	lab_close(&lab);
}

static void test_lowmem_reserve(void)
{
	const struct zone *dma;

	open_machine("6.1", "quiet", ONE_NODE("6G"));
	dma = zone_of(0, ZONE_DMA);
	while (!lab_run(&lab, "alloc_pages 10"))
		;
	expect_why("node 0 zone DMA: passed over for order 10: free %lld - 1023 of the order - 0 "
		   "HighAtomic <= min mark %llu + lowmem_reserve %llu",
		   (long long)dma->stat[NR_FREE_PAGES],
		   (unsigned long long)dma->watermark[WMARK_MIN],
		   (unsigned long long)dma->lowmem_reserve[ZONE_NORMAL]);
	expect_why("(zone_watermark_ok) (");	/* more than once: counted */
	lab_close(&lab);
}

/* Fill a zone with movable pages, then ask for another type. */
static void test_fallback(const char *release, const char *rule)
{
	char rule_end[64];
	bool found = false;

	snprintf(rule_end, sizeof(rule_end), "%s)", rule);
	open_machine(release, "quiet", ONE_NODE("96M"));
	while (!lab_run(&lab, "alloc_pages 9 movable"))
		;
	/* Somewhere on the way it takes from another type; later calls push that out. */
	while (!found && !lab_run(&lab, "alloc_pages 0 movable"))
		found = strstr(lab_cat(&lab, "sim/why"), rule_end);
	expect_why("no Movable block: ");
	expect_why("%s", rule_end);
	lab_close(&lab);
}

static void test_fallback_steals(void)
{
	test_fallback("6.18", "__rmqueue_steal");
}

static void test_fallback_moves(void)
{
	test_fallback("6.1", "steal_suitable_fallback");
}

static void test_claim_and_boost(void)
{
	const struct zone *zone;

	open_machine("6.1", "quiet", ONE_NODE("256M"));
	zone = zone_of(0, ZONE_DMA32);
	/* Unmovable pages until pageblocks of Movable must be taken. */
	for (int i = 0; i < 200 && !zone->watermark_boost; i++)
		(void)lab_run(&lab, "alloc_pages 6");
	expect_why("changes from Movable (change_pageblock_range)");
	if (zone->watermark_boost)
		expect_why("watermark_boost is %llu now: one pageblock (512) more",
			   (unsigned long long)zone->watermark_boost);
	lab_close(&lab);
}

static void test_highatomic(void)
{
	const struct zone *zone;

	open_machine("6.1", "quiet", ONE_NODE("128M"));
	zone = zone_of(0, ZONE_DMA32);
	/* Below the low mark an atomic order > 0 reserves its pageblock. */
	while (!lab_run(&lab, "alloc_pages 3"))
		;
	(void)lab_run(&lab, "alloc_pages 3 atomic");
	if (zone->nr_reserved_highatomic)
		expect_why("is reserved as HighAtomic for an atomic order 3: 0 pages reserved "
			   "so far < limit %llu",
			   (unsigned long long)(zone->managed_pages / 100 + 512));
	CU_ASSERT_TRUE(zone->nr_reserved_highatomic > 0);
	lab_close(&lab);
}

static void test_nodes(void)
{
	open_machine("6.18", "quiet", "[node 0]\ncpus = 0\nmemory = 256M\n"
		     "[node 1]\ncpus = 1\nmemory = 256M\n");
	while (!lab_run(&lab, "alloc_pages 9 kernel,thisnode 1"))
		;
	expect_why("-ENOMEM: none of the 1 zones of node 1's own list (__GFP_THISNODE)");
	expect_last("node 1: kswapd freed 0 pages for order 9, not balanced at priority 1");
	run("alloc_pages 9 kernel 1", 0);
	expect_last("of node 0 zone DMA32, a fallback zone");
	expect_why("node 1 zone DMA32: passed over for order 9: ");
	lab_close(&lab);
}

static void test_slab(void)
{
	struct slab_info info;

	open_machine("6.18", "quiet", ONE_NODE("256M"));
	run("kmem_cache_create own 100 0 no_merge", 0);
	expect_last("kmem_cache_create own, 100 bytes: a cache of its own: a flag of it forbids");
	run("kmem_cache_create first 1000", 0);
	run("kmem_cache_create second 1000", 0);
	expect_last("kmem_cache_create second, 1000 bytes: an alias of first: its objects of 1000 "
		    "bytes hold them, aligned to 8");
	run("kmem_cache_alloc own as o", 0);
	kmem_cache_info(machine(), kmem_cache_find(machine(), "own"), &info);
	expect_why("cache own: new slab of %u objects in %u pages at pfn 0x", info.objs_per_slab,
		   1U << info.order);
	expect_why("CPU 0 has %u free objects left of %u (slab_alloc_node)",
		   info.objs_per_slab - 1, info.objs_per_slab);
	run("kmem_cache_free own @o", 0);
	expect_last("of cache own: its slab at pfn 0x");
	run("kmem_cache_shrink own", 0);
	expect_why("cache own: the empty slab at pfn 0x");
	expect_why("min_partial %llu (discard_slab)", (unsigned long long)info.min_partial);
	run("kmalloc 100", 0);
	expect_last("kmalloc 100, GFP_KERNEL: class kmalloc-128, the smallest of its kind");
	run("kmalloc 193 reclaimable", 0);
	expect_last("class kmalloc-rcl-256");
	run("kmalloc 0", 0);
	expect_last("ZERO_SIZE_PTR");
	run("kmalloc 8M", -ENOMEM);
	expect_last("kmalloc 8388608: -ENOMEM: more than KMALLOC_MAX_SIZE 4194304");
	lab_close(&lab);
}

static void test_vmalloc(void)
{
	open_machine("6.18", "quiet", ONE_NODE("256M"));
	run("vmalloc 10000", 0);
	expect_last("vmalloc 10000: 3 pages and a guard page in the lowest hole that fits, at "
		    "0xffffc9");
	expect_last("the table of pages has 24 bytes, kmalloc()ed");
	run("vmalloc 8M", 0);
	expect_last("the table of pages has 16384 bytes, more than a page: vmalloc()ed too");
	lab_close(&lab);
}

static void test_sysctls(void)
{
	const struct zone *zone;

	open_machine("6.18", "quiet", ONE_NODE("1G"));
	zone = zone_of(0, ZONE_DMA32);
	run("proc/sys/vm/min_free_kbytes: 8192", 0);
	expect_why("\nnode 0 zone DMA32: min %llu = 2048 pages of min_free_kbytes x managed %llu / ",
		   (unsigned long long)zone->watermark[WMARK_MIN],
		   (unsigned long long)zone->managed_pages);
	run("proc/sys/vm/percpu_pagelist_high_fraction: 8", 0);
	expect_why("high_min %d = the larger of managed / percpu_pagelist_high_fraction = %llu "
		   "/ 2 CPUs", zone->pageset_high_min, (unsigned long long)zone->managed_pages / 8);
	run("proc/sys/vm/lowmem_reserve_ratio: 128 128 32 0 0", 0);
	expect_why("node 0 zone DMA: lowmem_reserve up to %llu = %llu managed pages of the zones "
		   "above / ratio 128", (unsigned long long)zone->managed_pages / 128,
		   (unsigned long long)zone->managed_pages);
	lab_close(&lab);
}

/* Why a fault had to wait for a disk. */
static void test_major_faults(void)
{
	static const char *const releases[] = { "6.1", "6.18" };
	static const char *const swaps[] = { "/dev/sda", "/dev/zram0" };

	for (unsigned int i = 0; i < ARRAY_SIZE(releases) * ARRAY_SIZE(swaps); i++) {
		const char *swap = swaps[i / 2];
		char text[256];

		snprintf(text, sizeof(text), "%s[swap 0]\npath = %s\nsize = 64M\n"
			 "[file /data]\nsize = 1M\n", ONE_NODE("96M"), swap);
		open_machine(releases[i % 2], "transparent_hugepage=never", text);
		run("sim/as/init/ctl: open /data as data", 0);
		run("sim/as/init/ctl: mmap 0 1M r shared @data 0 as file", 0);
		run("sim/as/init/ctl: load @file", 0);
		expect_why(": page 0 of /data was not in memory: it was read, and 31 more that may "
			   "be wanted (filemap_fault)");
		run("sim/as/init/ctl: open /hole rdwr,creat as hole", 0);
		run("sim/as/init/ctl: ftruncate @hole 1M", 0);
		run("sim/as/init/ctl: mmap 0 1M r shared @hole 0 as zeroes", 0);
		run("sim/as/init/ctl: load @zeroes+512K", 0);
		expect_why(": page 128 of /hole was not in memory: it is one of zeroes");
		run("sim/as/init/ctl: mmap 0 16M rw shared,anon as shared", 0);
		run("sim/as/init/ctl: store @shared 16M", 0);
		run("sim/as/init/ctl: mmap 0 70M rw private,anon as own", 0);
		run("sim/as/init/ctl: store @own 70M", 0);
		run("sim/as/init/ctl: load @shared 1M", 0);
		expect_why(" of %s, not in memory: it was read (shmem_swapin_folio)", swap);
		run("sim/as/init/ctl: load @own 8M", 0);
		expect_why(" of %s, not in memory: it was read, and ", swap);
		lab_close(&lab);
	}
}

/* Equal histories explain themselves alike, and reading changes nothing. */
static void test_deterministic(void)
{
	char text[2][16384], digest[2][DIGEST_CHARS + 1];

	for (int i = 0; i < 2; i++) {
		open_machine("6.18", "quiet", ONE_NODE("96M"));
		for (int n = 0; n < 60; n++) {
			run("alloc_pages 3 as a", 0);
			run("kmalloc 3000", 0);
			run("free_pages @a", 0);
		}
		lab_digest(&lab, digest[0]);
		snprintf(text[i], sizeof(text[i]), "%s", lab_cat(&lab, "sim/why"));
		lab_digest(&lab, digest[1]);
		CU_ASSERT_STRING_EQUAL(digest[0], digest[1]);
		lab_close(&lab);
	}
	CU_ASSERT_STRING_EQUAL(text[0], text[1]);
}

/* The log by itself: strings are copied and cut, the ring turns, repeats are counted. */
static void test_log(void)
{
	static struct why_log log;
	char name[100], expected[16];
	struct out out = OUT_INIT;

	memset(name, 'n', sizeof(name));
	name[99] = '\0';
	WHY(&log, WHY_STEP, "%s and %s, %d %u %#x %llu%% %X", name, "more", -1, 2U, 255U,
	    ~0ULL, 3U);
	name[0] = 'x';
	why_print(&out, &log, no_names);
	CU_ASSERT_EQUAL(strspn(out.text, "n"), WHY_TEXT - 1);
	CU_ASSERT_PTR_NOT_NULL(strstr(out.text, " and , -1 2 0xff 18446744073709551615% <3>\n"));
	out_clear(&out);
	for (int i = 0; i < 3; i++)
		WHY(&log, WHY_STEP, "a %d of %d: %d", 1, 2, i);
	WHY(&log, WHY_STEP, "a %d of %d: %d", 1, 3, 9);
	WHY_OF_CALL(&log, "done");
	WHY(&log, WHY_STEP, "a %d of %d: %d", 1, 2, 7);
	why_print(&out, &log, no_names);
	CU_ASSERT_PTR_NOT_NULL(strstr(out.text, "\na 1 of 2: 2 (3 times, the last with these "
				      "figures)\na 1 of 3: 9\ndone\na 1 of 2: 7\n"));
	for (int i = 0; i < 100; i++)
		WHY_OF_CALL(&log, "line %d", i);
	out_clear(&out);
	why_print(&out, &log, no_names);
	snprintf(expected, sizeof(expected), "line %d\n", 100 - WHY_ENTRIES);
	CU_ASSERT_EQUAL(strncmp(out.text, expected, strlen(expected)), 0);
	CU_ASSERT_STRING_EQUAL(out.text + out.len - 8, "line 99\n");
	out_free(&out);
}

/* Figures of node reclaim are those that decided: more than the least, of one or the other. */
static void test_node_reclaim(void)
{
	unsigned long long cache, min_unmapped, slab, min_slab;
	const char *at, *last = NULL;

	open_machine("6.1", "", "[node 0]\ncpus = 0\nmemory = 128M\n"
				"[node 1]\ncpus = 1\nmemory = 128M\n[file /a]\nsize = 150M\n");
	run("proc/sys/vm/zone_reclaim_mode: 7", 0);
	run("proc/1/ctl: sched_setaffinity 0 0", 0);
	run("proc/1/ctl: open /a rdonly as a", 0);
	run("proc/1/ctl: pread64 @a 150M 0", 0);
	for (at = lab_cat(&lab, "sim/why"); (at = strstr(at, "_mode is 7: reclaimed; ")); at++)
		last = at;
	CU_ASSERT_PTR_NOT_NULL_FATAL(last);
	CU_ASSERT_EQUAL_FATAL(sscanf(last, "_mode is 7: reclaimed; %llu pages of page cache, "
				     "min_unmapped %llu; %llu of slab, min_slab %llu", &cache,
				     &min_unmapped, &slab, &min_slab), 4);
	CU_ASSERT(cache > min_unmapped || slab > min_slab);
	CU_ASSERT_EQUAL(min_unmapped, machine()->nodes[0]->min_unmapped_pages);
	CU_ASSERT_EQUAL(min_slab, machine()->nodes[0]->min_slab_pages);
	lab_end(&lab);
}

static const CU_TestInfo tests[] = {
	{ "the log", test_log },
	{ "choices of the boot", test_boot_choices },
	{ "mobility grouping", test_mobility_grouping },
	{ "kept", test_kept },
	{ "pages", test_pages },
	{ "no page", test_failure },
	{ "lowmem_reserve", test_lowmem_reserve },
	{ "fallback of 6.18", test_fallback_steals },
	{ "fallback of 6.1", test_fallback_moves },
	{ "claimed blocks and the boost", test_claim_and_boost },
	{ "HighAtomic", test_highatomic },
	{ "nodes", test_nodes },
	{ "slab", test_slab },
	{ "vmalloc", test_vmalloc },
	{ "sysctls", test_sysctls },
	{ "major faults", test_major_faults },
	{ "node reclaim", test_node_reclaim },
	{ "equal histories", test_deterministic },
};

int main(void)
{
	return suite_main("why", tests, ARRAY_SIZE(tests), NULL, NULL);
}
