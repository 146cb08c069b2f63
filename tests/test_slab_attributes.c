// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Files of sys/kernel/slab that say how a cache is built: as on captured machines, and,
 * for geometry, as on the host where that is a kernel of a release that we know. What
 * objects are asked for differs with the build, so the host's sizes are asked of a cache
 * made for them here.
 *
 * The geometry of all caches of a machine (size, objects, pages) is in test_slab; the
 * eleven captures are the eleven that differ among fifty. Left out of the host's are caches
 * under debugging and those that are typesafe by RCU: where their free pointers lie is not
 * said. They are counted.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/utsname.h>

#include "lab.h"
#include "support.h"

#define HOST "/sys/kernel/slab"

static struct lab lab;

struct capture {
	const char *golden, *release, *arch, *cmdline;
	unsigned int nodes, cpus;
	const char *memory;
};

static const struct capture captures[] = {
	{ "6.1/512M-1node", "6.1", "x86_64", "quiet", 1, 2, "512M" },
	{ "6.1/512M-smp1", "6.1", "x86_64", "quiet", 1, 1, "512M" },
	{ "6.1/512M-smp8", "6.1", "x86_64", "quiet", 1, 8, "512M" },
	{ "6.1/512M-nomerge", "6.1", "x86_64", "quiet slab_nomerge", 1, 2, "512M" },
	{ "6.1/512M-slubdebug", "6.1", "x86_64", "quiet slub_debug=FZPU", 1, 2, "512M" },
	{ "6.1/8G-4node-dist", "6.1", "x86_64", "quiet", 4, 4, "2G" },
	{ "6.1/i386-512M", "6.1", "i386", "quiet", 1, 2, "512M" },
	{ "6.1/i386-1G", "6.1", "i386", "quiet", 1, 2, "1G" },
	{ "6.1/i386pae-1G", "6.1", "i386-pae", "quiet", 1, 2, "1G" },
	{ "6.18/512M-1node", "6.18", "x86_64", "quiet", 1, 2, "512M" },
	{ "6.18/8G-4node-dist", "6.18", "x86_64", "quiet", 4, 4, "2G" },
};

/* A machine file of so many nodes and CPUs, in a temporary file. */
static void write_machine(const struct capture *c, char path[64])
{
	unsigned int per_node = c->cpus / c->nodes;
	FILE *file;
	int fd;

	snprintf(path, 64, "/tmp/kmm-slab-XXXXXX");
	fd = mkstemp(path);
	CU_ASSERT_FATAL(fd >= 0);
	file = fdopen(fd, "w");
	CU_ASSERT_PTR_NOT_NULL_FATAL(file);
	fprintf(file, "[machine]\narch = %s\nrelease = %s\ncmdline = %s\n", c->arch, c->release,
		c->cmdline);
	for (unsigned int node = 0; node < c->nodes; node++)
		fprintf(file, "[node %u]\ncpus = %u-%u\nmemory = %s\n", node, node * per_node,
			node * per_node + per_node - 1, c->memory);
	fclose(file);
}

static void open_capture(const struct capture *c)
{
	char path[64];

	write_machine(c, path);
	CU_ASSERT_EQUAL_FATAL(lab_open(&lab, path), 0);
	remove(path);
}

/* The attribute of the cache, or of the one that it is an alias of. */
static void shown(const char *cache, const char *attribute, char *text, size_t room)
{
	char path[256];

	snprintf(path, sizeof(path), "sys/kernel/slab/%s/%s", cache, attribute);
	snprintf(text, room, "%s", lab_cat(&lab, path));
	text[strcspn(text, "\n")] = '\0';
}

static void compare_capture(const struct capture *c)
{
	FILE *file = golden_open(c->golden, "slab-attributes");
	char cache[64], attribute[64], expected[64], found[64];
	unsigned int nr = 0;

	CU_ASSERT_PTR_NOT_NULL_FATAL(file);
	open_capture(c);
	while (fscanf(file, "%63s %63s %63s", cache, attribute, expected) == 3) {
		shown(cache, attribute, found, sizeof(found));
		if (strcmp(found, expected))
			fprintf(stderr, "%s: %s/%s: expected %s, found %s\n", c->golden, cache,
				attribute, expected, found);
		CU_ASSERT_STRING_EQUAL(found, expected);
		nr++;
	}
	CU_ASSERT(nr > 80);
	fclose(file);
	lab_close(&lab);
}

static void test_captures(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(captures); i++)
		compare_capture(&captures[i]);
}

/* A number of the host's; -1: it cannot be read. */
static long host_number(const char *cache, const char *attribute)
{
	char path[512];
	long number = -1;
	FILE *file;

	snprintf(path, sizeof(path), HOST "/%.100s/%.64s", cache, attribute);
	file = fopen(path, "r");
	if (!file)
		return -1;
	if (fscanf(file, "%ld", &number) != 1)
		number = -1;
	fclose(file);
	return number;
}

static bool host_has_ctor(const char *cache)
{
	char path[512];
	FILE *file;
	bool has;

	snprintf(path, sizeof(path), HOST "/%.100s/ctor", cache);
	file = fopen(path, "r");
	if (!file)
		return false;
	has = fgetc(file) != EOF;
	fclose(file);
	return has;
}

static void expect_like_host(const char *cache, const char *attribute)
{
	long expected = host_number(cache, attribute), found;
	char text[64];

	shown("like", attribute, text, sizeof(text));
	found = atol(text);
	if (found != expected)
		fprintf(stderr, "host's %s/%s: %ld, ours %ld\n", cache, attribute, expected, found);
	CU_ASSERT_EQUAL(found, expected);
}

/* The host's cache, made here by what it says of itself. False: it says too little. */
static bool make_like(const char *cache)
{
	long size = host_number(cache, "object_size"), align = host_number(cache, "align");
	char line[256];

	if (size <= 0 || align <= 0 || host_number(cache, "red_zone") ||
	    host_number(cache, "poison") || host_number(cache, "store_user"))
		return false;
	/* A free pointer that is inside although readers may look is not said. */
	if (host_number(cache, "destroy_by_rcu"))
		return false;
	snprintf(line, sizeof(line), "sim/ctl: kmem_cache_create(\"like\", %ld, %ld, "
		 "SLAB_NO_MERGE%s%s, %s)", size, align,
		 host_number(cache, "hwcache_align") == 1 ? "|SLAB_HWCACHE_ALIGN" : "",
		 host_number(cache, "reclaim_account") == 1 ? "|SLAB_RECLAIM_ACCOUNT" : "",
		 host_has_ctor(cache) ? "0x1" : "NULL");
	CU_ASSERT_EQUAL(lab_run(&lab, line), 0);
	return true;
}

/* False: it is left out. */
static bool compare_host_cache(const char *cache)
{
	static const char *const attributes[] = {
		"slab_size", "objs_per_slab", "order", "align", "hwcache_align",
		"reclaim_account", "min_partial", "cpu_partial", "remote_node_defrag_ratio",
	};

	if (!make_like(cache))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(attributes); i++)
		expect_like_host(cache, attributes[i]);
	CU_ASSERT_EQUAL(lab_run(&lab, "sim/ctl: kmem_cache_destroy like"), 0);
	return true;
}

/* The host's release, if we know it; how many CPUs it has. */
static const char *host_release(void)
{
	static const char *const known[] = { "6.18", "6.1" };
	struct utsname name;

	if (uname(&name) || strcmp(name.machine, "x86_64"))
		return NULL;
	for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
		size_t len = strlen(known[i]);

		if (!strncmp(name.release, known[i], len) && name.release[len] == '.')
			return known[i];
	}
	return NULL;
}

static unsigned int host_cpus(void)
{
	unsigned int first = 0, last = 0;
	FILE *file = fopen("/sys/devices/system/cpu/possible", "r");

	if (!file)
		return 0;
	if (fscanf(file, "%u-%u", &first, &last) < 1)
		last = 0;
	fclose(file);
	return last + 1;
}

static void test_host(void)
{
	struct capture like = { NULL, host_release(), "x86_64", "quiet", 1, host_cpus(), "512M" };
	struct dirent *entry;
	unsigned int nr = 0, nr_left_out = 0;
	DIR *dir = opendir(HOST);

	if (!dir || !like.release || !like.cpus || like.cpus > 64 ||
	    host_number("kmalloc-64", "object_size") != 64 ||
	    host_number("kmalloc-64", "cpu_partial") < 1) {
		printf("(skipped: the host's caches cannot be read, or are no such release's) ");
		if (dir)
			closedir(dir);
		return;
	}
	open_capture(&like);
	while ((entry = readdir(dir)))
		if (entry->d_name[0] != '.' && ++nr)
			nr_left_out += !compare_host_cache(entry->d_name);
	printf("(%u caches of the host, %u of them left out) ", nr, nr_left_out);
	CU_ASSERT(nr > 50 && nr_left_out < nr / 4);
	closedir(dir);
	lab_close(&lab);
}

/* What is written is kept, and what cannot be is refused. */
static void test_writes(void)
{
	static const struct {
		const char *line, *shown;
		int err;
	} rows[] = {
		{ "dentry/min_partial: 7", "7", 0 }, { "dentry/min_partial: -1", "7", -EINVAL },
		{ "dentry/cpu_partial: 30", "30", 0 }, { "dentry/cpu_partial: x", "30", -EINVAL },
		{ "dentry/remote_node_defrag_ratio: 0", "0", 0 },
		{ "dentry/remote_node_defrag_ratio: 101", "0", -ERANGE },
		{ "dentry/skip_kfence: 1", "1", 0 }, { "dentry/skip_kfence: 2", "1", -EINVAL },
		{ "dentry/shrink: 1", "", 0 }, { "dentry/shrink: 0", "", -EINVAL },
		{ "dentry/validate: 1", "", -EINVAL },
		{ "task_struct/validate: 1", "", 0 }, { "task_struct/validate: 0", "", -EINVAL },
		{ "task_struct/cpu_partial: 0", "0", 0 },
		{ "task_struct/cpu_partial: 1", "0", -EINVAL },
	};
	const struct capture c = { NULL, "6.18", "x86_64", "slub_debug=FZPU,task_struct", 1, 2,
				   "256M" };

	open_capture(&c);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char line[128], path[96];

		snprintf(line, sizeof(line), "sys/kernel/slab/%s", rows[i].line);
		snprintf(path, sizeof(path), "%.*s", (int)strcspn(line, ":"), line);
		CU_ASSERT_EQUAL(lab_run(&lab, line), rows[i].err);
		snprintf(line, sizeof(line), "%s", lab_cat(&lab, path));
		line[strcspn(line, "\n")] = '\0';
		CU_ASSERT_STRING_EQUAL(line, rows[i].shown);
	}
	lab_check(&lab);
	lab_close(&lab);
}

/* What the command line says of slabs and of cleared memory, the boot's lines say again. */
static void test_boot_lines(void)
{
	static const struct {
		const char *release, *cmdline, *line;
	} rows[] = {
		{ "6.1", "quiet", "SLUB: HWalign=64, Order=0-3, MinObjects=0, CPUs=2, Nodes=1" },
		{ "6.1", "slub_max_order=1", "Order=0-1, MinObjects=0," },
		{ "6.1", "slub_min_order=2", "Order=2-3, MinObjects=0," },
		{ "6.1", "slub_min_order=4", "Order=4-3, MinObjects=0," },
		{ "6.1", "slab_max_order=1", "Order=0-3, MinObjects=0," },
		{ "6.18", "slub_min_order=4", "Order=4-4, MinObjects=0," },
		{ "6.18", "slab_min_order=2 slab_max_order=1", "Order=1-1, MinObjects=0," },
		{ "6.18", "slab_max_order=0 slab_min_objects=9", "Order=0-0, MinObjects=9," },
		{ "6.18", "quiet", "mem auto-init: stack:all(zero), heap alloc:on, heap free:off" },
		{ "6.1", "init_on_alloc=0", "heap alloc:off, heap free:off" },
		{ "6.1", "init_on_free=1", "heap free:on" },
		{ "6.18", "init_on_free=on", "clearing system memory may take some time..." },
		{ "6.18", "init_on_alloc=maybe", "heap alloc:on, heap free:off" },
		{ "6.1", "slub_debug=P", "SLAB_POISON will take precedence over init_on_alloc" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct capture c = { NULL, rows[i].release, "x86_64", rows[i].cmdline, 1, 2,
					   "256M" };

		open_capture(&c);
		if (!strstr(lab_cat(&lab, "sim/dmesg"), rows[i].line))
			fprintf(stderr, "%s, %s: no '%s'\n", rows[i].release, rows[i].cmdline,
				rows[i].line);
		CU_ASSERT_PTR_NOT_NULL(strstr(lab_cat(&lab, "sim/dmesg"), rows[i].line));
		lab_check(&lab);
		lab_close(&lab);
	}
}

/* slab_merge after slab_nomerge, and the other way round: the last word counts. */
static void test_merging(void)
{
	static const struct {
		const char *release, *cmdline;
		bool merges;
	} rows[] = {
		{ "6.1", "quiet", true }, { "6.18", "quiet", true },
		{ "6.1", "slab_nomerge", false }, { "6.1", "slub_nomerge", false },
		{ "6.18", "slab_nomerge", false }, { "6.18", "slub_nomerge", false },
		{ "6.18", "slab_nomerge slab_merge", true },
		{ "6.1", "slub_nomerge slub_merge", true },
		{ "6.1", "slab_merge slab_nomerge", false },
	};
	static const char *const unmerged[] = { "config.SLAB_MERGE_DEFAULT=n", NULL };

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct capture c = { NULL, rows[i].release, "x86_64", rows[i].cmdline, 1, 2,
					   "256M" };
		char path[64] = "sys/kernel/slab/mine/aliases";

		open_capture(&c);
		CU_ASSERT_EQUAL(lab_run(&lab, "sim/ctl: kmem_cache_create mine 3000"), 0);
		CU_ASSERT_EQUAL(lab_run(&lab, "sim/ctl: kmem_cache_create other 3000"), 0);
		if ((atoi(lab_cat(&lab, path)) > 0) != rows[i].merges)
			fprintf(stderr, "%s, %s: %s", rows[i].release, rows[i].cmdline,
				lab_cat(&lab, path));
		CU_ASSERT_EQUAL(atoi(lab_cat(&lab, path)) > 0, rows[i].merges);
		lab_close(&lab);
	}
	CU_ASSERT_EQUAL_FATAL(lab_open_set(&lab, "tiny", unmerged), 0);
	CU_ASSERT_EQUAL(lab_run(&lab, "sim/ctl: kmem_cache_create mine 3000"), 0);
	CU_ASSERT_EQUAL(lab_run(&lab, "sim/ctl: kmem_cache_create other 3000"), 0);
	CU_ASSERT_STRING_EQUAL(lab_cat(&lab, "sys/kernel/slab/mine/aliases"), "0\n");
	lab_check(&lab);
	lab_close(&lab);
}

static const CU_TestInfo tests[] = {
	{ "lines of the boot", test_boot_lines },
	{ "merging", test_merging },
	{ "captured machines", test_captures },
	{ "the host", test_host },
	{ "writes", test_writes },
};

int main(void)
{
	return suite_main("slab_attributes", tests, ARRAY_SIZE(tests), NULL, NULL);
}
