// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Files of sys/: node files have the shape that real kernels printed, memory blocks
 * their zones, and every name that was captured is there.
 */
#include <stdio.h>
#include <stdlib.h>

#include "support.h"
#include "tree_files.h"

static void compare(struct tree *tree, const struct shape *shape, const char *path,
		    const char *golden_name, enum squeeze how)
{
	char *golden = golden_text(shape->dir, golden_name);
	char *ours = tree_text(tree, path);
	char what[128];

	snprintf(what, sizeof(what), "%s/%s", shape->dir, path);
	if (golden && !ours)
		printf("%s: cannot be read\n", what);
	CU_ASSERT((golden != NULL) == (ours != NULL));
	if (golden && ours)
		CU_ASSERT(same_shape(what, ours, golden, how));
	free(golden);
	free(ours);
}

static void check_node_files(struct tree *tree, const struct shape *shape)
{
	compare(tree, shape, "sys/devices/system/node/node0/meminfo", "sys/node0/meminfo",
		SQUEEZE_COLUMNS);
	compare(tree, shape, "sys/devices/system/node/node0/vmstat", "sys/node0/vmstat",
		SQUEEZE_NUMBERS);
	compare(tree, shape, "sys/devices/system/node/node0/numastat", "sys/node0/numastat",
		SQUEEZE_NUMBERS);
}

static void test_node_files(void)
{
	each_shape(check_node_files);
}

/* Directories of debugging that are not simulated. */
static bool not_simulated(const char *path)
{
	return strstr(path, "/uevent") || strstr(path, "/power/");
}

static void check_names(struct tree *tree, const struct shape *shape)
{
	char *list = golden_text(shape->dir, "names");
	char *save = NULL;

	CU_ASSERT_PTR_NOT_NULL_FATAL(list);
	for (char *path = strtok_r(list, "\n", &save); path;
	     path = strtok_r(NULL, "\n", &save)) {
		struct caller nobody = { 0 };
		struct node node;

		if (not_simulated(path))
			continue;
		if (tree_walk(tree, path, nobody, &node)) {
			printf("%s: no %s\n", shape->dir, path);
			CU_FAIL("a name is missing");
		}
	}
	free(list);
}

static void test_names(void)
{
	each_shape(check_names);
}

/* memory-blocks.txt: name, state, zone, removable. */
static void check_blocks(struct tree *tree, const struct shape *shape)
{
	char *list = golden_text(shape->dir, "memory-blocks.txt");
	char name[32], state[16], zone[16];
	int removable, used;
	struct caller nobody = { 0 };
	struct node node;

	if (!list) {
		CU_ASSERT(tree_walk(tree, "sys/devices/system/memory", nobody, &node) < 0);
		return;
	}
	for (char *p = strchr(list, '\n'); p && sscanf(p, " %31s %15s %15s %d%n", name, state,
						       zone, &removable, &used) == 4;
	     p += used) {
		char path[128];
		char *text;

		snprintf(path, sizeof(path), "sys/devices/system/memory/%s/valid_zones", name);
		text = tree_text(tree, path);
		CU_ASSERT_PTR_NOT_NULL(text);
		if (!text)
			continue;
		text[strcspn(text, "\n")] = '\0';
		if (strcmp(text, zone))
			printf("%s/%s: %s, not %s\n", shape->dir, name, text, zone);
		CU_ASSERT_STRING_EQUAL(text, zone);
		free(text);
	}
	free(list);
}

static void test_blocks(void)
{
	each_shape(check_blocks);
}

static void expect(struct tree *tree, const char *path, const char *want)
{
	char *text = tree_text(tree, path);

	if (!text || strcmp(text, want))
		printf("%s: '%s', not '%s'\n", path, text ? text : "(none)", want);
	CU_ASSERT(text && !strcmp(text, want));
	free(text);
}

/* Small files whose whole text is known. */
static void test_known_texts(void)
{
	struct tree *tree = shape_boot(&shapes[2]);

	CU_ASSERT_PTR_NOT_NULL_FATAL(tree);
	expect(tree, "sys/devices/system/node/online", "0-1\n");
	expect(tree, "sys/devices/system/node/has_memory", "0\n");
	expect(tree, "sys/devices/system/node/has_cpu", "0-1\n");
	expect(tree, "sys/devices/system/node/has_generic_initiator", "\n");
	expect(tree, "sys/devices/system/node/node1/distance", "20 10\n");
	expect(tree, "sys/devices/system/node/node1/cpumap", "2\n");
	expect(tree, "sys/devices/system/node/node1/cpulist", "1\n");
	expect(tree, "sys/devices/system/node/node0/memory3/phys_index", "00000003\n");
	expect(tree, "sys/devices/system/node/node1/cpu1/topology/core_siblings", "2\n");
	expect(tree, "sys/devices/system/memory/block_size_bytes", "8000000\n");
	expect(tree, "sys/devices/system/memory/auto_online_blocks", "online\n");
	expect(tree, "sys/devices/system/cpu/online", "0-1\n");
	expect(tree, "sys/devices/system/cpu/offline", "\n");
	expect(tree, "sys/devices/system/cpu/kernel_max", "8191\n");
	expect(tree, "sys/kernel/mm/lru_gen/enabled", "0x0007\n");
	expect(tree, "sys/kernel/mm/transparent_hugepage/enabled",
	       "[always] madvise never\n");
	expect(tree, "sys/kernel/mm/transparent_hugepage/hugepages-2048kB/enabled",
	       "always [inherit] madvise never\n");
	expect(tree, "sys/kernel/mm/transparent_hugepage/hugepages-64kB/shmem_enabled",
	       "always inherit within_size advise [never]\n");
	expect(tree, "sys/kernel/mm/hugepages/hugepages-1048576kB/demote_size", "2048kB\n");
	shape_free(tree);
}

struct write {
	const char *path, *text;
	int err;
	const char *after;
};

#define THP "sys/kernel/mm/transparent_hugepage/"
#define KSM "sys/kernel/mm/ksm/"

static const struct write writes[] = {
	{ THP "enabled", "never\n", 0, "always madvise [never]\n" },
	{ THP "enabled", "sometimes\n", -EINVAL, "always madvise [never]\n" },
	{ THP "defrag", "defer+madvise", 0, "always defer [defer+madvise] madvise never\n" },
	{ THP "hugepages-64kB/enabled", "inherit", 0, "always [inherit] madvise never\n" },
	{ THP "khugepaged/max_ptes_none", "511", 0, "511\n" },
	{ THP "khugepaged/max_ptes_none", "512", -EINVAL, "511\n" },
	{ KSM "run", "1", 0, "1\n" },
	{ KSM "run", "3", -EINVAL, "1\n" },
	{ KSM "run", "1x", -EINVAL, "1\n" },
	{ KSM "run", "2\n\n", -EINVAL, "1\n" },
	{ KSM "run", " 2\n", -EINVAL, "1\n" },
	{ KSM "run", "+2\n", 0, "2\n" },
	{ KSM "run", "0x1\n", -EINVAL, "2\n" },
	{ KSM "run", "99999999999999999999\n", -EINVAL, "2\n" },
	{ KSM "merge_across_nodes", "99999999999999999999\n", -ERANGE, "1\n" },
	{ KSM "pages_to_scan", "4294967295\n", 0, "4294967295\n" },
	{ KSM "pages_to_scan", "4294967296\n", -EINVAL, "4294967295\n" },
	{ KSM "use_zero_pages", "yes\n", 0, "1\n" },
	{ KSM "use_zero_pages", "off and more\n", 0, "0\n" },
	{ KSM "use_zero_pages", "+1\n", -EINVAL, "0\n" },
	{ THP "enabled", "always\n\n", -EINVAL, "always madvise [never]\n" },
	{ "sys/kernel/mm/lru_gen/min_ttl_ms", "0x10", 0, "16\n" },
	{ "sys/kernel/mm/lru_gen/min_ttl_ms", "4294967296", -EINVAL, "16\n" },
	{ "sys/kernel/mm/swap/vma_ra_enabled", "0", 0, "false\n" },
	{ "sys/kernel/mm/lru_gen/enabled", "n", 0, "0x0000\n" },
	{ "sys/kernel/mm/lru_gen/enabled", "0x3", 0, "0x0003\n" },
	{ "sys/devices/system/memory/memory0/state", "offline", -EINVAL, "online\n" },
	{ "sys/devices/system/memory/memory3/state", "offline", 0, "offline\n" },
	{ "sys/devices/system/memory/auto_online_blocks", "offline", 0, "offline\n" },
	{ "sys/devices/system/cpu/cpu1/online", "1", 0, "1\n" },
	{ "sys/devices/system/cpu/cpu1/online", "on", 0, "1\n" },
	{ "sys/devices/system/cpu/cpu1/online", "0", -EBUSY, "1\n" },
	{ "sys/devices/system/cpu/cpu1/online", "2", -EINVAL, "1\n" },
};

static void test_writes(void)
{
	struct tree *tree = shape_boot(&shapes[2]);

	CU_ASSERT_PTR_NOT_NULL_FATAL(tree);
	for (size_t i = 0; i < ARRAY_SIZE(writes); i++) {
		int err = tree_write(tree, writes[i].path, writes[i].text);

		if (err != writes[i].err)
			printf("%s <- '%s': %d, not %d\n", writes[i].path, writes[i].text, err,
			       writes[i].err);
		CU_ASSERT_EQUAL(err, writes[i].err);
		expect(tree, writes[i].path, writes[i].after);
	}
	shape_free(tree);
}

static const CU_TestInfo tests[] = {
	{ "node files", test_node_files },
	{ "names", test_names },
	{ "memory blocks", test_blocks },
	{ "known texts", test_known_texts },
	{ "writes", test_writes },
};

int main(void)
{
	return suite_main("sys files", tests, ARRAY_SIZE(tests), NULL, NULL);
}
