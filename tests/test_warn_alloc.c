// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * "page allocation failure" and Mem-Info: the form is that of the captured logs, line by
 * line, with every number masked; the figures are the machine's.
 */
#include <ctype.h>
#include <stdlib.h>

#include "lab.h"
#include "support.h"

#include "sim/abi/gfp.h"
#include "sim/phys/mmzone.h"

#define MACHINE "[machine]\nrelease = %s\n[config]\nMEMORY_FAILURE = %s\n%s"
#define ONE_NODE "[node 0]\ncpus = 0-1\nmemory = 128M\n"
#define TWO_NODES "[node 0]\ncpus = 0\nmemory = 256M\n[node 1]\ncpus = 1\nmemory = 256M\n"

static struct lab lab;

static void open_machine(const char *release, const char *memory_failure, const char *nodes)
{
	static const char *const no_sets[] = { NULL };
	char text[512], *error = NULL;

	lab = (struct lab) { .me = { 0 } };
	snprintf(text, sizeof(text), MACHINE, release, memory_failure, nodes);
	CU_ASSERT_EQUAL_FATAL(machine_config_parse("test", text, no_sets, &lab.config, &error), 0);
	CU_ASSERT_EQUAL_FATAL(tree_create(lab.config, &lab.tree, &error), 0);
}

/* Numbers become N, the types that have free blocks go. */
static void mask(char *line)
{
	char *to = line;

	line[strcspn(line, "\n")] = '\0';
	for (const char *from = line; *from;) {
		if (isdigit((unsigned char)*from) &&
		    (to == line || !isalpha((unsigned char)to[-1]))) {
			from += strspn(from, "0123456789");
			*to++ = 'N';
		} else if (*from == '(' && strchr("UMEHCI", from[1])) {
			from += strcspn(from, " ") + 1;
		} else {
			*to++ = *from++;
		}
	}
	*to = '\0';
	/* Nor are the task's name, and whether kswapd has given up, of the form. */
	to = strstr(line, ": page allocation");
	if (to)
		memmove(line, to, strlen(to) + 1);
	to = strstr(line, "unreclaimable? yes");
	if (to)
		memmove(to + 15, "no", 2), memmove(to + 17, to + 18, strlen(to + 18) + 1);
}

/* The log behind `from`, without its times; the last one printed. */
static char *log_from(const char *from)
{
	const char *log = lab_cat(&lab, "sim/dmesg"), *at = NULL;

	for (const char *next = log; (next = strstr(next, from)); next++)
		at = next;
	CU_ASSERT_PTR_NOT_NULL_FATAL(at);
	while (at > log && at[-1] != '\n')
		at--;
	return strdup(at);
}

static const char *without_time(const char *line)
{
	const char *end = strstr(line, "] ");

	return *line == '<' && end ? end + 2 : line;
}

static void compare(const char *release, const char *from)
{
	FILE *golden = golden_open(release, "mem-info.txt");
	char *log = log_from(from), *line = strtok(log, "\n"), want[1024];
	unsigned int nr = 0;

	CU_ASSERT_PTR_NOT_NULL_FATAL(golden);
	while (fgets(want, sizeof(want), golden)) {
		char got[1024];

		if (!line)
			CU_FAIL_FATAL("too few lines");
		snprintf(got, sizeof(got), "%s", without_time(line));
		line = strtok(NULL, "\n");
		mask(got);
		mask(want);
		CU_ASSERT_STRING_EQUAL(got, want);
		if (strcmp(got, want))
			fprintf(stderr, "got  '%s'\nwant '%s'\n", got, want);
		nr++;
		/* The call trace is another's. */
		while (line && strstr(want, "page allocation failure") &&
		       !strstr(line, "Mem-Info:"))
			line = strtok(NULL, "\n");
	}
	CU_ASSERT_TRUE(nr > 20);
	free(log);
	fclose(golden);
}

/* A task eats all there is; nobody is killed for it. */
static void eat(const char *bytes)
{
	char line[128];

	lab_spare_tasks(&lab);
	CU_ASSERT_EQUAL(lab_run(&lab, "proc/1/ctl: fork as eat"), 0);
	snprintf(line, sizeof(line), "sim/as/eat/ctl: mmap 0 %s rw private,anon,noreserve as buf",
		 bytes);
	CU_ASSERT_EQUAL(lab_run(&lab, line), 0);
	snprintf(line, sizeof(line), "sim/as/eat/ctl: store @buf %s", bytes);
	CU_ASSERT_NOT_EQUAL(lab_run(&lab, line), 0);
}

static void test_form_6_18(void)
{
	open_machine("6.18", "y", ONE_NODE);
	eat("120M");
	compare("6.18", "page allocation failure");
	lab_close(&lab);
}

static void test_form_6_1(void)
{
	open_machine("6.1", "n", TWO_NODES);
	eat("500M");
	compare("6.1", "Mem-Info:");
	lab_close(&lab);
}

static void expect_log(const char *words)
{
	CU_ASSERT_PTR_NOT_NULL(strstr(lab_cat(&lab, "sim/dmesg"), words));
	if (!strstr(lab_cat(&lab, "sim/dmesg"), words))
		fprintf(stderr, "the log lacks '%s'\n", words);
}

/* "Node 0 DMA free:..." and the free lists' sum are the zone's figures. */
static void test_figures(void)
{
	const struct zone *zone;
	char words[160];

	open_machine("6.18", "y", ONE_NODE);
	CU_ASSERT_EQUAL(lab_run(&lab, "sim/ctl: alloc_pages 10 GFP_DMA|__GFP_NORETRY"), 0);
	while (!lab_run(&lab, "sim/ctl: alloc_pages 10 GFP_KERNEL"))
		;
	zone = tree_machine(lab.tree)->nodes[0]->zones[ZONE_DMA];
	expect_log(": page allocation failure: order:10, mode:0xcc0(GFP_KERNEL), "
		   "nodemask=(null),cpuset=/,mems_allowed=0");
	snprintf(words, sizeof(words), "Node 0 DMA free:%llukB boost:%llukB min:%llukB",
		 (unsigned long long)zone->stat[NR_FREE_PAGES] * 4,
		 (unsigned long long)zone->watermark_boost * 4,
		 (unsigned long long)zone_wmark(zone, WMARK_MIN) * 4);
	expect_log(words);
	snprintf(words, sizeof(words), "= %llukB\n",
		 (unsigned long long)zone->stat[NR_FREE_PAGES] * 4);
	expect_log(words);
	expect_log(" pages hwpoisoned\n");
	lab_close(&lab);
}

static unsigned int reports(void)
{
	unsigned int nr = 0;

	for (const char *p = lab_cat(&lab, "sim/dmesg"); (p = strstr(p, "allocation failure")); p++)
		nr++;
	return nr;
}

static void test_rate(void)
{
	open_machine("6.18", "y", ONE_NODE);
	while (!lab_run(&lab, "sim/ctl: alloc_pages 10 GFP_KERNEL|__GFP_NOWARN"))
		;
	CU_ASSERT_EQUAL(reports(), 0);
	for (int i = 0; i < 5; i++)
		CU_ASSERT_NOT_EQUAL(lab_run(&lab, "sim/ctl: alloc_pages 10"), 0);
	CU_ASSERT_EQUAL(reports(), 1);
	CU_ASSERT_EQUAL(lab_run(&lab, "sim/ctl: tick 11s"), 0);
	CU_ASSERT_NOT_EQUAL(lab_run(&lab, "sim/ctl: alloc_pages 10"), 0);
	CU_ASSERT_EQUAL(reports(), 2);
	expect_log("warn_alloc: 4 callbacks suppressed\n");
	lab_close(&lab);
}

static void test_names(void)
{
	static const struct {
		enum release release;
		gfp_t gfp;
		const char *text;
	} rows[] = {
		{ R_6_1, GFP_KERNEL, "0xcc0(GFP_KERNEL)" },
		{ R_6_1, GFP_HIGHUSER_MOVABLE | __GFP_ZERO | __GFP_COMP,
		  "0x140dca(GFP_HIGHUSER_MOVABLE|__GFP_COMP|__GFP_ZERO)" },
		{ R_6_18, GFP_HIGHUSER_MOVABLE | __GFP_ZERO | __GFP_COMP,
		  "0x140dca(GFP_HIGHUSER_MOVABLE|__GFP_ZERO|__GFP_COMP)" },
		{ R_6_1, GFP_ATOMIC, "0xa20(GFP_ATOMIC)" },
		{ R_6_18, GFP_ATOMIC, "0x820(GFP_ATOMIC)" },
		{ R_6_1, GFP_NOWAIT, "0x800(GFP_NOWAIT)" },
		{ R_6_18, GFP_NOWAIT, "0x800(__GFP_KSWAPD_RECLAIM)" },
		{ R_6_18, GFP_NOWAIT | __GFP_NOWARN, "0x2800(GFP_NOWAIT)" },
		{ R_6_1, GFP_KERNEL | GFP_DMA, "0xcc1(GFP_KERNEL|GFP_DMA)" },
		{ R_6_18, __GFP_RECLAIM | __GFP_FS, "0xc80(GFP_NOIO|__GFP_FS)" },
	};
	char text[200];

	for (unsigned int i = 0; i < ARRAY_SIZE(rows); i++)
		CU_ASSERT_STRING_EQUAL(gfp_kernel_text(rows[i].release, rows[i].gfp, text,
						       sizeof(text)), rows[i].text);
}

static unsigned int warnings(const char *function)
{
	char words[120];
	unsigned int nr = 0;

	snprintf(words, sizeof(words), "at mm/page_alloc.c %s+", function);
	for (const char *p = lab_cat(&lab, "sim/dmesg"); (p = strstr(p, words)); p++)
		nr++;
	return nr;
}

/* Blocks larger than there are, and who must not fail, are warned of once. */
static void test_order_limits(const char *release, const char *alloc, unsigned int of_6_1)
{
	open_machine(release, "y", ONE_NODE);
	CU_ASSERT_EQUAL(lab_run(&lab, "sim/ctl: kmalloc 8M GFP_KERNEL|__GFP_NOWARN"), -ENOMEM);
	CU_ASSERT_EQUAL(warnings(alloc), 0);
	CU_ASSERT_STRING_EQUAL(lab_cat(&lab, "proc/sys/kernel/tainted"), "0\n");
	for (int i = 0; i < 3; i++)
		CU_ASSERT_EQUAL(lab_run(&lab, "sim/ctl: kmalloc 8M"), -ENOMEM);
	CU_ASSERT_EQUAL(warnings(alloc), 1);
	CU_ASSERT_STRING_EQUAL(lab_cat(&lab, "proc/sys/kernel/tainted"), "512\n");
	CU_ASSERT_EQUAL(lab_run(&lab, "sim/ctl: alloc_pages 1 GFP_KERNEL|__GFP_NOFAIL"), 0);
	CU_ASSERT_EQUAL(warnings("get_page_from_freelist"), 0);
	for (int i = 0; i < 2; i++)
		CU_ASSERT_EQUAL(lab_run(&lab, "sim/ctl: alloc_pages 2 GFP_KERNEL|__GFP_NOFAIL"), 0);
	CU_ASSERT_EQUAL(warnings("get_page_from_freelist"), of_6_1);
	while (!lab_run(&lab, "sim/ctl: alloc_pages 10 GFP_KERNEL|__GFP_NOFAIL"))
		;
	CU_ASSERT_EQUAL(warnings("__alloc_pages_slowpath.constprop.0"), of_6_1);
	while (!lab_run(&lab, "sim/ctl: alloc_pages 0 GFP_ATOMIC|__GFP_NOFAIL"))
		;
	CU_ASSERT_EQUAL(warnings("__alloc_pages_slowpath.constprop.0"), of_6_1 + 1);
	lab_close(&lab);
}

static void test_order_limits_6_1(void)
{
	test_order_limits("6.1", "__alloc_pages", 1);
}

static void test_order_limits_6_18(void)
{
	test_order_limits("6.18", "__alloc_frozen_pages_noprof", 0);
}

static const CU_TestInfo tests[] = {
	{ "the form of 6.18", test_form_6_18 },
	{ "the form of 6.1", test_form_6_1 },
	{ "figures", test_figures },
	{ "once in ten seconds", test_rate },
	{ "names of masks", test_names },
	{ "order limits of 6.1", test_order_limits_6_1 },
	{ "order limits of 6.18", test_order_limits_6_18 },
};

int main(void)
{
	return suite_main("warn_alloc", tests, ARRAY_SIZE(tests), NULL, NULL);
}
