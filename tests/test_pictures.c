// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * sim/view: each picture is whole and well-formed on every kind of machine, its size is
 * what stat says, and what the letters add up to is what the machine's other files say.
 */
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "lab.h"
#include "support.h"
#include "fs/core/tree_struct.h"

static struct lab lab;

static const char *const machines[] = { "pc", "tiny", "numa8", "i386", "swap", "hotplug" };

/* A process with something of everything. */
static void fill(void)
{
	static const char *const lines[] = {
		"proc/1/ctl: fork as a",
		"sim/as/a/ctl: mmap 0 8M rw private,anon as buf",
		"sim/as/a/ctl: store @buf 3M",
		"sim/as/a/ctl: mmap 0 2M rw shared,anon as shared",
		"sim/as/a/ctl: store @shared 1M",
		"sim/as/a/ctl: openat AT_FDCWD /d<a&ta O_RDWR|O_CREAT 0644 as file",
		"sim/as/a/ctl: write @file 64K",
		"sim/as/a/ctl: mmap 0 64K r shared @file 0 as mapped",
		"sim/as/a/ctl: load @mapped 32K",
	};

	for (size_t i = 0; i < ARRAY_SIZE(lines); i++)
		CU_ASSERT_EQUAL(lab_run(&lab, lines[i]), 0);
}

/* Tags that are open are closed in turn; nothing that XML reserves stands in text. */
static bool well_formed(const char *text)
{
	char open[8][16];
	unsigned int depth = 0;

	for (const char *p = text; *p; p++) {
		size_t len = strcspn(p + 1, " >/");

		if (*p == '&' && strncmp(p, "&lt;", 4) && strncmp(p, "&gt;", 4) &&
		    strncmp(p, "&amp;", 5) && strncmp(p, "&quot;", 6))
			return false;
		if (*p != '<')
			continue;
		if (p[1] == '/') {
			if (!depth || strncmp(open[depth - 1], p + 2, strlen(open[depth - 1])) != 0)
				return false;
			depth--;
		}
		p += 1;
		if (p[0] != '/' && p[strcspn(p, ">") - 1] != '/') {
			if (depth == ARRAY_SIZE(open))
				return false;
			snprintf(open[depth++], sizeof(open[0]), "%.*s", (int)len, p);
		}
		p += strcspn(p, ">");
		if (!*p)
			return false;
	}
	return !depth;
}

static void check_size(const char *path, size_t len)
{
	struct node_attr attr;
	struct node node;

	CU_ASSERT_EQUAL_FATAL(tree_walk(lab.tree, path, lab.me, &node), 0);
	CU_ASSERT_EQUAL(tree_getattr(lab.tree, node, lab.me, &attr), 0);
	CU_ASSERT_EQUAL(attr.size, len);
}

static void test_all(void)
{
	static const char *const names[] = { "physmem", "frag", "process-1", "pagetable-1",
					     "process-A", "pagetable-A" };
	char path[64], pid[16];

	for (size_t i = 0; i < ARRAY_SIZE(machines); i++) {
		CU_ASSERT_EQUAL_FATAL(lab_open_set(&lab, machines[i], NULL), 0);
		fill();
		snprintf(pid, sizeof(pid), "%d", atoi(lab_cat(&lab, "sim/as/a/stat")));
		for (size_t j = 0; j < ARRAY_SIZE(names); j++) {
			const char *text;
			size_t stem = strcspn(names[j], "A");

			snprintf(path, sizeof(path), "sim/view/%.*s%s.svg", (int)stem, names[j],
				 names[j][stem] ? pid : "");
			text = lab_cat(&lab, path);
			CU_ASSERT_EQUAL(strncmp(text, "<svg ", 5), 0);
			CU_ASSERT_TRUE(well_formed(text));
			check_size(path, strlen(text));
			strcpy(path + strlen(path) - 3, "txt");
			text = lab_cat(&lab, path);
			CU_ASSERT_PTR_NOT_NULL(strchr(text, '|'));
			check_size(path, strlen(text));
		}
		lab_close(&lab);
	}
}

/* "A anonymous   12.0 KiB" of the legend, in bytes, and how far off it may be. */
static double legend(const char *text, const char *name, double *slack)
{
	static const char units[] = "KMGT";
	const char *line = strstr(text, name);
	double unit = 1024;
	char letter;
	double number;

	if (!line || sscanf(line + 18, "%lf %ciB", &number, &letter) != 2 || !strchr(units, letter))
		return -1;
	for (const char *u = units; *u != letter; u++)
		unit *= 1024;
	*slack = unit / 10;
	return number * unit;
}

static double meminfo(const char *label)
{
	const char *line = strstr(lab_cat(&lab, "proc/meminfo"), label);

	return line ? (double)strtoull(line + strlen(label), NULL, 10) * 1024 : -2;
}

/* Pages of slabs alone: Slab: has large blocks of kmalloc(), too. */
static double slab_bytes(void)
{
	const char *line = lab_cat(&lab, "proc/slabinfo");
	double bytes = 0;

	for (; line; line = strchr(line + 1, '\n')) {
		unsigned long per, slabs;
		const char *data = strstr(line, "slabdata ");

		if (sscanf(line, "\n%*s %*u %*u %*u %*u %lu", &per) == 1 && data &&
		    sscanf(data, "slabdata %*u %lu", &slabs) == 1)
			bytes += (double)per * (double)slabs * PAGE_SIZE;
	}
	return bytes;
}

static void test_physmem(void)
{
	static const struct { const char *name, *label; } rows[] = {
		{ "anonymous         ", "\nAnonPages:" },
		{ "shared memory     ", "\nShmem:" },
		{ "free              ", "\nMemFree:" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(machines); i++) {
		char *text;
		double slack = 0;

		CU_ASSERT_EQUAL_FATAL(lab_open_set(&lab, machines[i], NULL), 0);
		fill();
		text = strdup(lab_cat(&lab, "sim/view/physmem.txt"));
		CU_ASSERT_PTR_NOT_NULL_FATAL(text);
		for (size_t j = 0; j < ARRAY_SIZE(rows); j++) {
			double told = legend(text, rows[j].name, &slack);

			CU_ASSERT_DOUBLE_EQUAL(told, meminfo(rows[j].label), slack);
		}
		CU_ASSERT_DOUBLE_EQUAL(legend(text, "slab              ", &slack), slab_bytes(), slack);
		free(text);
		lab_close(&lab);
	}
}

/* A process that ends takes its pictures along. */
static void test_gone(void)
{
	char path[64];
	struct node node;

	CU_ASSERT_EQUAL_FATAL(lab_open_set(&lab, "tiny", NULL), 0);
	CU_ASSERT_EQUAL(lab_run(&lab, "proc/1/ctl: fork as a"), 0);
	snprintf(path, sizeof(path), "sim/view/process-%d.svg", atoi(lab_cat(&lab, "sim/as/a/stat")));
	CU_ASSERT_EQUAL(tree_walk(lab.tree, path, lab.me, &node), 0);
	CU_ASSERT_EQUAL(lab_run(&lab, "sim/as/a/ctl: exit"), 0);
	CU_ASSERT_EQUAL(tree_walk(lab.tree, path, lab.me, &node), -ENOENT);
	CU_ASSERT_EQUAL(tree_walk(lab.tree, "sim/view/process-2.svg", lab.me, &node), -ENOENT);
	CU_ASSERT_EQUAL(tree_walk(lab.tree, "sim/view/process-01.svg", lab.me, &node), -ENOENT);
	lab_close(&lab);
}

static const CU_TestInfo tests[] = {
	{ "all of them", test_all },
	{ "physmem's sums", test_physmem },
	{ "a process that is gone", test_gone },
};

int main(void)
{
	return suite_main("pictures", tests, ARRAY_SIZE(tests), NULL, NULL);
}
