// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Whole boots against what real kernels printed of machines with the same memory,
 * CPUs and command line: every zone's figures, zone DMA's free lists, and the lines
 * of the log in their order. Nothing of the outcome is told to the machine.
 */
#include <stdio.h>
#include <stdlib.h>

#include "support.h"
#include "sim/boot_state.h"
#include "sim/phys/hugetlb.h"
#include "sim/phys/page_alloc.h"
#include "sim/phys/tunables.h"

static const char *const shapes[] = {
	"6.1/128M-1node", "6.1/16G-1node", "6.1/1G-memmap-holes", "6.1/1G-mem600M",
	"6.1/2G-2node-memoryless", "6.1/2G-2node-asym", "6.1/2G-kernelcore512M",
	"6.1/2G-movablecore768M", "6.1/2G-crashkernel256M",
	"6.1/4G-q35-crashkernel512M-high", "6.1/4G-2node", "6.1/4G-2node-kernelcore1G",
	"6.1/4G-hugepagesz1G", "6.1/512M-smp8", "6.1/512M-la57", "6.1/512M-slubdebug",
	"6.1/i386pae-8G-q35", "6.1/i386-1G", "6.18/128M-1node",
	"6.18/2G-2node-memoryless", "6.18/2G-kernelcore512M", "6.18/2G-hugepages64",
	"6.18/4G-1node-q35", "6.18/4G-2node", "6.18/512M-1node",
};

static char *read_golden(const char *shape, const char *name)
{
	char *text = golden_text(shape, name);

	CU_ASSERT_PTR_NOT_NULL_FATAL(text);
	return text;
}

static struct machine_config *parse(const char *text)
{
	struct machine_config *config = NULL;
	char *error = NULL;
	int err = machine_config_parse("test", text, NULL, &config, &error);

	if (err)
		fprintf(stderr, "%s\n", error ? error : "no host memory");
	CU_ASSERT_EQUAL_FATAL(err, 0);
	return config;
}

static struct machine *boot_config(const struct machine_config *config)
{
	struct machine *m = NULL;
	char *error = NULL;
	int err = machine_boot(config, &m, &error);

	if (err)
		fprintf(stderr, "%d: %s\n", err, error ? error : "");
	free(error);
	CU_ASSERT_EQUAL_FATAL(err, 0);
	return m;
}

static void check_clean(const char *shape, const struct machine *m)
{
	unsigned int broken = nr_broken(m, machine_check, NULL);

	if (broken)
		fprintf(stderr, "%s: %u broken\n", shape, broken);
	CU_ASSERT_EQUAL(broken, 0);
}

static const struct zone *find_zone(const struct machine *m, unsigned int node, const char *name)
{
	for (unsigned int i = 0; i < m->nr_zones; i++)
		if (m->zones[i]->node == node && !strcmp(m->zones[i]->name, name))
			return m->zones[i];
	return NULL;
}

static void same(const char *shape, const char *what, u64 found, u64 expected)
{
	if (found != expected)
		fprintf(stderr, "%s: %s: expected %llu, found %llu\n", shape, what,
			(unsigned long long)expected, (unsigned long long)found);
	CU_ASSERT_EQUAL(found, expected);
}

static void compare_zone(const char *shape, const struct machine *m, const char *line)
{
	unsigned long long start, spanned, present, managed, min, low, high;
	const struct zone *zone;
	unsigned int node;
	char name[16];
	int used = 0;

	CU_ASSERT_EQUAL_FATAL(sscanf(line, "%u %15s %llu %llu %llu %llu %llu %llu %llu%n", &node,
				     name, &start, &spanned, &present, &managed, &min, &low,
				     &high, &used), 9);
	zone = find_zone(m, node, name);
	CU_ASSERT_PTR_NOT_NULL_FATAL(zone);
	same(shape, "start_pfn", zone->start_pfn, start);
	same(shape, "spanned", zone->spanned_pages, spanned);
	same(shape, "present", zone->present_pages, present);
	same(shape, "managed", zone->managed_pages, managed);
	same(shape, "min", zone->watermark[WMARK_MIN], min);
	same(shape, "low", zone->watermark[WMARK_LOW], low);
	same(shape, "high", zone->watermark[WMARK_HIGH], high);
	line += used;
	for (int type = 0; type < MAX_NR_ZONES; type++) {
		char *end;

		if (m->arch->zones >> type & 1) {
			same(shape, "protection", zone->lowmem_reserve[type],
			     strtoull(line, &end, 10));
			line = end;
		}
	}
}

static void compare_zones(const char *shape, const struct machine *m)
{
	char *text = read_golden(shape, "boot.zones"), *save = NULL;

	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		if (!strncmp(line, "min_free_kbytes ", 16)) {
			same(shape, "min_free_kbytes", (u64)m->tunables->min_free_kbytes,
			     strtoull(line + 16, NULL, 10));
		} else if (!strncmp(line, "buddy", 5)) {
			char *at = line + 5;

			for (int order = 0; order < NR_PAGE_ORDERS; order++)
				same(shape, "free blocks of zone DMA",
				     m->zones[0]->free_area[order].nr_free,
				     strtoull(at, &at, 10));
		} else {
			compare_zone(shape, m, line);
		}
	}
	free(text);
}

/* Where the text of a log line begins: "<6>[    0.000000] text". */
static bool log_line_is(const char *line, const char *golden)
{
	const char *text = strstr(line, "] ");
	size_t len = strlen(golden + 3);

	return text && !strncmp(line, golden, 3) && !strncmp(text + 2, golden + 3, len) &&
	       text[2 + len] == '\n';
}

static void compare_log(const char *shape, const struct machine *m)
{
	char *text = read_golden(shape, "boot.log"), *save = NULL;
	const char *at = m->boot_log->dmesg.text;

	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		const char *from = strstr(line, "Freeing initrd") ? m->boot_log->dmesg.text : at;
		bool found = false;

		for (const char *mine = from; *mine && !found; mine = strchr(mine, '\n') + 1) {
			found = log_line_is(mine, line);
			if (found && from == at)
				at = strchr(mine, '\n') + 1;
		}
		if (!found)
			fprintf(stderr, "%s: missing or out of order: %s\n", shape, line);
		CU_ASSERT_TRUE(found);
	}
	free(text);
}

static void test_shapes(void)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(shapes); i++) {
		char *text = read_golden(shapes[i], "boot.machine");
		struct machine_config *config = parse(text);
		struct machine *m = boot_config(config);

		compare_zones(shapes[i], m);
		compare_log(shapes[i], m);
		check_clean(shapes[i], m);
		machine_free(m);
		machine_config_free(config);
		free(text);
	}
}

/* The outcome is what [zone] keys say, whatever the model would have left. */
static void test_given_outcome(void)
{
	static const char text[] =
		"[machine]\nrelease = 6.18\n[node 0]\ncpus = 0-1\nmemory = 2G\n"
		"[node 1]\ncpus = 2\nmemory = 4G\n"
		"[zone 0 DMA]\nmanaged = 3500\nearly = 3400\n"
		"[zone 0 DMA32]\nmanaged = 400123\nearly = 400000\n"
		"[zone 1 DMA32]\nmanaged = 262000\nearly = 262000\n"
		"[zone 1 Normal]\nmanaged = 785432\nearly = 780001\n";
	struct machine_config *config = parse(text);
	struct machine *m = boot_config(config);

	same("given", "DMA", find_zone(m, 0, "DMA")->managed_pages, 3500);
	same("given", "DMA early", find_zone(m, 0, "DMA")->early_pages, 3400);
	same("given", "DMA32", find_zone(m, 0, "DMA32")->managed_pages, 400123);
	same("given", "DMA32 early", find_zone(m, 0, "DMA32")->early_pages, 400000);
	same("given", "node 1 DMA32", find_zone(m, 1, "DMA32")->managed_pages, 262000);
	same("given", "node 1 Normal", find_zone(m, 1, "Normal")->managed_pages, 785432);
	same("given", "total", m->totalram_pages, 3500 + 400123 + 262000 + 785432);
	check_clean("given", m);
	machine_free(m);
	machine_config_free(config);
}

static void test_too_small(void)
{
	struct machine_config *config = parse("[machine]\n[node 0]\ncpus = 0\nmemory = 4M\n");
	struct machine *m = NULL;
	char *error = NULL;

	CU_ASSERT_EQUAL(machine_boot(config, &m, &error), -EINVAL);
	CU_ASSERT_PTR_NOT_NULL(error);
	CU_ASSERT_PTR_NULL(m);
	free(error);
	machine_config_free(config);
}

/* Host memory runs out at any point of the boot: -ENOMEM, nothing left behind. */
static void test_host_memory(void)
{
	struct machine_config *config = parse("[machine]\n[node 0]\ncpus = 0-1\nmemory = 256M\n"
					      "[node 1]\ncpus = 2\nmemory = 256M\n");
	struct machine *m = NULL;
	char *error = NULL;
	u64 nth = 1;
	int err;

	do {
		err = machine_boot_failing(config, nth, &m, &error);
		if (err)
			CU_ASSERT_EQUAL(err, -ENOMEM);
		if (err && err != -ENOMEM)
			fprintf(stderr, "allocation %llu: %d %s\n", (unsigned long long)nth, err,
				error ? error : "");
		free(error);
		error = NULL;
		nth++;
	} while (err && nth < 100000);
	CU_ASSERT_EQUAL(err, 0);
	CU_ASSERT(nth > 20);
	machine_free(m);
	machine_config_free(config);
}

/* Steps are numbered without a gap, and each says something. */
static void check_steps(const char *name, const struct machine *m)
{
	const struct boot_log *log = m->boot_log;

	CU_ASSERT(log->nr_steps > 15);
	for (unsigned int i = 0; i < log->nr_steps; i++) {
		CU_ASSERT_EQUAL(strtoul(log->steps[i].name, NULL, 10), i + 1);
		if (!log->steps[i].text.len)
			fprintf(stderr, "%s: %s is empty\n", name, log->steps[i].name);
		CU_ASSERT(log->steps[i].text.len > 0);
	}
}

static void test_shipped(void)
{
	for (unsigned int i = 0; i < nr_shipped_machines; i++) {
		struct machine_config *config = parse(shipped_machines[i].text);
		struct machine *m = boot_config(config);

		CU_ASSERT(m->totalram_pages > 0);
		check_steps(shipped_machines[i].name, m);
		check_clean(shipped_machines[i].name, m);
		machine_free(m);
		machine_config_free(config);
	}
}

/* A terabyte on eight nodes costs little until it is used. */
static void test_terabyte(void)
{
	char text[2048] = "[machine]\nplatform = q35\n";
	struct machine_config *config;
	struct machine *m;

	for (unsigned int i = 0; i < 8; i++) {
		size_t len = strlen(text);

		snprintf(text + len, sizeof(text) - len,
			 "[node %u]\ncpus = %u-%u\nmemory = 128G\n", i, 4 * i, 4 * i + 3);
	}
	config = parse(text);
	m = boot_config(config);
	CU_ASSERT(m->totalram_pages > (1000ULL << 30) >> PAGE_SHIFT);
	CU_ASSERT(m->arena.peak < 64 << 20);
	machine_free(m);
	machine_config_free(config);
}

static void test_unknown_parameters(void)
{
	struct out out = OUT_INIT;

	cmdline_unknown("quiet nokaslr foo=1 mem=4G bar dev.x=3 baz=\"a b\" -- after",
			/* cma = */ false, &out);
	CU_ASSERT_STRING_EQUAL(out.text, "nokaslr bar foo=1 baz=a b");
	out_free(&out);
}

static u64 crash_size(const char *text, u64 ram, u64 *base)
{
	struct cmdline c;

	cmdline_parse(text, &c);
	return cmdline_crash_size(&c, ram, base);
}

static void test_crashkernel(void)
{
	const char *ranges = "crashkernel=512M-2G:64M,2G-:128M@256M";
	u64 base;

	CU_ASSERT_EQUAL(crash_size(ranges, 256 * SZ_1M, &base), 0);
	CU_ASSERT_EQUAL(crash_size(ranges, SZ_1G, &base), 64 * SZ_1M);
	CU_ASSERT_EQUAL(base, 256 * SZ_1M);
	/* What the firmware keeps does not make it less than 2G. */
	CU_ASSERT_EQUAL(crash_size(ranges, 2 * SZ_1G - SZ_1M, &base), 128 * SZ_1M);
	CU_ASSERT_EQUAL(crash_size("crashkernel=384M-:128M", SZ_4G, &base), 128 * SZ_1M);
	CU_ASSERT_EQUAL(base, 0);
	CU_ASSERT_EQUAL(crash_size("crashkernel=1G-512M:1M", SZ_4G, &base), 0);
	CU_ASSERT_EQUAL(crash_size("crashkernel=1G,high", SZ_4G, &base), 0);
	CU_ASSERT_EQUAL(crash_size("crashkernel=64M@32M", SZ_4G, &base), 64 * SZ_1M);
	CU_ASSERT_EQUAL(base, 32 * SZ_1M);
}

/* Bytes of memory that a command line leaves of 4 GiB. */
static u64 memory_with(const char *release, const char *cmdline, const char *zone,
		       u64 *present)
{
	char text[512];
	struct machine_config *config;
	struct machine *m;
	u64 bytes;

	snprintf(text, sizeof(text), "[machine]\nrelease = %s\ncmdline = %s\n[node 0]\n"
		 "cpus = 0\nmemory = 6G\n", release, cmdline);
	config = parse(text);
	m = boot_config(config);
	bytes = m->memblock->memory.total_size;
	*present = find_zone(m, 0, zone)->present_pages;
	check_clean(cmdline, m);
	machine_free(m);
	machine_config_free(config);
	return bytes;
}

/* Parameters that change the memory map do so in their order; behind -- is init's. */
static void test_memory_parameters(void)
{
	u64 all, present, normal;

	all = memory_with("6.18", "quiet -- mem=1G", "Normal", &normal);
	CU_ASSERT(all > 5 * SZ_1G);
	CU_ASSERT_EQUAL(memory_with("6.18", "memmap=1G@8G mem=6G", "Normal", &present),
			memory_with("6.18", "mem=6G", "Normal", &present));
	CU_ASSERT_EQUAL(memory_with("6.18", "mem=6G memmap=1G@8G", "Normal", &present),
			memory_with("6.18", "mem=6G", "Normal", &present) + SZ_1G);
	CU_ASSERT_EQUAL(memory_with("6.18", "memmap=256M%512M-1+2", "Normal", &present),
			all - 256 * SZ_1M);
	CU_ASSERT_EQUAL(memory_with("6.18", "memmap=256M%512M-1", "Normal", &present),
			all - 256 * SZ_1M);
	CU_ASSERT_EQUAL(memory_with("6.18", "memmap=256M%8G+1", "Normal", &present),
			all + 256 * SZ_1M);
	CU_ASSERT_EQUAL(memory_with("6.18", "memmap=256M%512M-1+2x", "Normal", &present), all);
	CU_ASSERT_EQUAL(memory_with("6.18", "mem=0", "Normal", &present), all);
	/* Without mirrored memory only the older kernel obeys. */
	memory_with("6.18", "kernelcore=mirror", "Movable", &present);
	CU_ASSERT_EQUAL(present, 0);
	memory_with("6.1", "kernelcore=mirror", "Movable", &present);
	CU_ASSERT_EQUAL(present, normal);
	memory_with("6.1", "kernelcore=mirror", "Normal", &present);
	CU_ASSERT_EQUAL(present, 0);
	memory_with("6.18", "movable_node movablecore=1G", "Movable", &present);
	CU_ASSERT_EQUAL(present, 0);
	/* Kernel memory is counted in whole pages. */
	memory_with("6.18", "kernelcore=1048577K", "Movable", &present);
	CU_ASSERT_EQUAL(present % 1024, 0);
}

/* One hugepages= for each size; nodes that are not there give nothing. */
static void test_hugepages(void)
{
	static const struct {
		const char *cmdline;
		u64 pages;
	} cases[] = {
		{ "hugepages=5 hugepages=9", 5 }, { "hugepages=0:3,0:4", 7 },
		{ "hugepages=0:3,9:4", 3 }, { "hugepages=100000:5", 0 },
		{ "hugepages=5 hugepagesz=7M hugepages=9", 5 }, { "hugepages=x", 0 },
		{ "hugepagesz=2M hugepages=5 hugepagesz=1G hugepages=1", 5 },
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(cases); i++) {
		char text[256];
		struct machine_config *config;
		struct machine *m;

		snprintf(text, sizeof(text), "[machine]\ncmdline = %s\n[node 0]\ncpus = 0\n"
			 "memory = 1G\n", cases[i].cmdline);
		config = parse(text);
		m = boot_config(config);
		same(cases[i].cmdline, "huge pages",
		     hugetlb_counts(m, NULL, m->arch->hugetlb_order).total, cases[i].pages);
		check_clean(cases[i].cmdline, m);
		machine_free(m);
		machine_config_free(config);
	}
}

/* Frames have 32 bits: more memory is refused, not lost. */
static void test_too_large(void)
{
	struct machine_config *config = parse("[machine]\ncmdline=memmap=1G@20T\n"
					      "[node 0]\ncpus = 0\nmemory = 1G\n");
	struct machine *m = NULL;
	char *error = NULL;

	CU_ASSERT_EQUAL(machine_boot(config, &m, &error), -EINVAL);
	CU_ASSERT_PTR_NOT_NULL(error);
	CU_ASSERT_PTR_NULL(m);
	free(error);
	machine_config_free(config);
}

/* The marks may have been worked out when all that the boot gives back was back. */
static void test_marks_of_late(void)
{
	struct machine_config *config = parse(
		"[machine]\ncmdline=transparent_hugepage=never\n[node 0]\ncpus = 0-1\n"
		"memory = 4G\n[image]\ninitrd = 7232K\n[reserve]\ninitrd = 0xbf8f0000-0xbfffffff\n"
		"[zone 0 DMA]\nmanaged = 3840\nearly = 3840\n"
		"[zone 0 DMA32]\nmanaged = 772300\nearly = 772300\n"
		"[zone 0 Normal]\nmanaged = 250000\nearly = 250000\n");
	struct machine *m = boot_config(config);
	u64 pages_min = (u64)m->tunables->min_free_kbytes / 4, all = 3840 + 772300 + 250000;

	same("late", "managed", find_zone(m, 0, "DMA32")->managed_pages, 772300);
	same("late", "early", find_zone(m, 0, "DMA32")->early_pages, 772300);
	same("late", "min", find_zone(m, 0, "DMA32")->watermark[WMARK_MIN],
	     pages_min * 772300 / all);
	same("late", "min", find_zone(m, 0, "Normal")->watermark[WMARK_MIN],
	     pages_min * 250000 / all);
	check_clean("late", m);
	machine_free(m);
	machine_config_free(config);
}

static void test_cmdline(void)
{
	struct cmdline c;
	u64 base;

	cmdline_parse("kernelcore=25% movablecore=1G memmap=64M$0x10000000,1M@2G numa=off "
		      "hugepagesz=1G hugepages=2 hugepagesz=2M hugepages=0:3,1:4 "
		      "transparent_hugepage=madvise crashkernel=256M slub_debug=FZ page_owner=on", &c);
	CU_ASSERT_EQUAL(c.kernelcore.percent, 25);
	CU_ASSERT_EQUAL(c.movablecore.bytes, SZ_1G);
	CU_ASSERT_EQUAL(c.nr_memmap, 2);
	CU_ASSERT_EQUAL(c.memmap[0].kind, '$');
	CU_ASSERT_EQUAL(c.memmap[0].size, 64 * SZ_1M);
	CU_ASSERT_EQUAL(c.memmap[1].start, 2 * SZ_1G);
	CU_ASSERT_TRUE(c.numa_off);
	CU_ASSERT_EQUAL(c.nr_hugetlb, 3);
	CU_ASSERT_EQUAL(c.hugetlb[0].nr_pages, 2);
	CU_ASSERT_EQUAL(c.hugetlb[2].node, 1);
	CU_ASSERT_EQUAL(c.hugetlb[2].nr_pages, 4);
	CU_ASSERT_EQUAL(c.thp, THP_MADVISE);
	CU_ASSERT_EQUAL(cmdline_crash_size(&c, SZ_1G, &base), 256 * SZ_1M);
	CU_ASSERT_TRUE(slub_debug_has(&c, 'Z'));
	CU_ASSERT_FALSE(slub_debug_has(&c, 'U'));
	CU_ASSERT_TRUE(c.page_owner);
}

static const CU_TestInfo tests[] = {
	{ "captured shapes", test_shapes },
	{ "a given outcome", test_given_outcome },
	{ "a machine too small", test_too_small },
	{ "no host memory", test_host_memory },
	{ "shipped machines", test_shipped },
	{ "a terabyte", test_terabyte },
	{ "unknown parameters", test_unknown_parameters },
	{ "command line", test_cmdline },
	{ "crashkernel=", test_crashkernel },
	{ "parameters of memory", test_memory_parameters },
	{ "hugepages=", test_hugepages },
	{ "more than frames can name", test_too_large },
	{ "marks worked out late", test_marks_of_late },
};

int main(void)
{
	return suite_main("boot", tests, ARRAY_SIZE(tests), NULL, NULL);
}
