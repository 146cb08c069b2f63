// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Files of proc/: each has the lines, labels, widths and blanks that a real kernel
 * of the release printed on a machine of the same shape; sysctls take and refuse
 * what it took and refused.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>

#include "lab.h"
#include "support.h"
#include "tree_files.h"

struct file {
	const char *name;
	enum squeeze how;
};

static const struct file files[] = {
	{ "proc/meminfo", SQUEEZE_COLUMNS },
	{ "proc/zoneinfo", SQUEEZE_NUMBERS },
	{ "proc/vmstat", SQUEEZE_NUMBERS },
	{ "proc/buddyinfo", SQUEEZE_COLUMNS },
	{ "proc/pagetypeinfo", SQUEEZE_COLUMNS },
};

static void check_shapes(struct tree *tree, const struct shape *shape)
{
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		char *ours = tree_text(tree, files[i].name);
		char *golden = golden_text(shape->dir, files[i].name);
		char what[128];

		snprintf(what, sizeof(what), "%s/%s", shape->dir, files[i].name);
		CU_ASSERT_PTR_NOT_NULL(ours);
		CU_ASSERT_PTR_NOT_NULL(golden);
		if (ours && golden)
			CU_ASSERT(same_shape(what, ours, golden, files[i].how));
		free(ours);
		free(golden);
	}
}

static void test_shapes(void)
{
	each_shape(check_shapes);
}

/* Machines whose files kmm-capture made: every byte of iomem. */
static const char *const captured[] = {
	"6.1/16G-1node", "6.1/1G-mem600M", "6.1/1G-memmap-holes", "6.1/2G-crashkernel256M",
	"6.1/i386-1G", "6.1/i386pae-8G-q35", "6.18/4G-1node-q35",
};

static void check_iomem(const char *dir)
{
	struct shape shape = { .dir = dir };
	char *machine = golden_text(shape.dir, "boot.machine");
	char *golden = golden_text(shape.dir, "proc/iomem");
	struct tree *tree;
	char *ours;

	CU_ASSERT_PTR_NOT_NULL_FATAL(machine);
	CU_ASSERT_PTR_NOT_NULL_FATAL(golden);
	shape.machine = machine;
	tree = shape_boot(&shape);
	CU_ASSERT_PTR_NOT_NULL_FATAL(tree);
	ours = tree_text(tree, "proc/iomem");
	CU_ASSERT_PTR_NOT_NULL_FATAL(ours);
	if (strcmp(ours, golden))
		printf("%s:\n%s", dir, ours);
	CU_ASSERT_STRING_EQUAL(ours, golden);
	free(ours);
	shape_free(tree);
	free(golden);
	free(machine);
}

static void test_iomem(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(captured); i++)
		check_iomem(captured[i]);
}

/* Values that depend on the kernel's layout in memory: boot's tests judge them. */
static bool value_varies(const char *path)
{
	static const char *const names[] = { "min_free_kbytes", "user_reserve_kbytes" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (!strcmp(strrchr(path, '/') + 1, names[i]))
			return true;
	return false;
}

/* Each line of the golden list is "path:value"; all are there, with that value. */
static void check_sysctls(struct tree *tree, const struct shape *shape)
{
	char *list = golden_text(shape->dir, "sys_vm");
	char *save = NULL;

	CU_ASSERT_PTR_NOT_NULL_FATAL(list);
	for (char *line = strtok_r(list, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save)) {
		char *value = strchr(line, ':');
		char *ours;

		*value++ = '\0';
		ours = tree_text(tree, line);
		if (ours)
			ours[strcspn(ours, "\n")] = '\0';
		if (!ours || (strcmp(ours, value) && !value_varies(line))) {
			printf("%s/%s: '%s', not '%s'\n", shape->dir, line,
			       ours ? ours : "(none)", value);
			CU_FAIL("a sysctl differs");
		}
		free(ours);
	}
	free(list);
}

static void test_sysctls(void)
{
	each_shape(check_sysctls);
}

struct write {
	const char *file, *text;
	int err;		/* of 6.18 */
	const char *after;	/* what the file reads then; NULL: not looked at */
};

static const struct write writes[] = {
	{ "min_free_kbytes", "8192", 0, "8192\n" },
	{ "min_free_kbytes", " 0x2000 ", 0, "8192\n" },
	{ "min_free_kbytes", "8192 junk", 0, "8192\n" },
	{ "min_free_kbytes", "8192junk", -EINVAL, "8192\n" },
	{ "min_free_kbytes", "-1", -EINVAL, "8192\n" },
	{ "min_free_kbytes", "", 0, "8192\n" },
	{ "min_free_kbytes", " ", -EINVAL, "8192\n" },
	{ "min_free_kbytes", "99999999999", -EINVAL, "8192\n" },
	{ "watermark_scale_factor", "0", -EINVAL, "10\n" },
	{ "watermark_scale_factor", "3001", -EINVAL, "10\n" },
	{ "watermark_scale_factor", "3000", 0, "3000\n" },
	{ "percpu_pagelist_high_fraction", "7", -EINVAL, "0\n" },
	{ "percpu_pagelist_high_fraction", "8", 0, "8\n" },
	{ "percpu_pagelist_high_fraction", "0", 0, "0\n" },
	{ "lowmem_reserve_ratio", "256 32 0 0", 0, "256\t32\t0\t0\t0\n" },
	{ "lowmem_reserve_ratio", "1 1 1 1", 0, "1\t1\t1\t1\t0\n" },
	{ "lowmem_reserve_ratio", "-5", 0, "0\t1\t1\t1\t0\n" },
	{ "lowmem_reserve_ratio", "256 256 32 0 0", 0, "256\t256\t32\t0\t0\n" },
	{ "lowmem_reserve_ratio", "junk", 0, "256\t256\t32\t0\t0\n" },
	{ "lowmem_reserve_ratio", "128\n64 junk", 0, "128\t64\t32\t0\t0\n" },
	{ "overcommit_ratio", "10", 0, "10\n" },
	{ "overcommit_kbytes", "10000", 0, "10000\n" },
	{ "overcommit_kbytes", "-1", -EINVAL, "10000\n" },
	{ "overcommit_memory", "3", -EINVAL, "0\n" },
	{ "swappiness", "201", -EINVAL, "60\n" },
	{ "swappiness", "200", 0, "200\n" },
	{ "compaction_proactiveness", "101", -EINVAL, NULL },
	{ "extfrag_threshold", "1001", -EINVAL, NULL },
	{ "dirty_bytes", "1000000", 0, "1000000\n" },
	{ "dirty_bytes", "8191", -EINVAL, "1000000\n" },
	{ "dirty_ratio", "30", 0, "30\n" },
	{ "page-cluster", "32", -EINVAL, "3\n" },
	{ "vfs_cache_pressure", "200", 0, "200\n" },
	{ "zone_reclaim_mode", "7", 0, "7\n" },
	{ "drop_caches", "3", 0, NULL },
	{ "drop_caches", "5", -EINVAL, NULL },
	{ "compact_memory", "1", 0, NULL },
	{ "compact_memory", "2", -EINVAL, NULL },
	{ "numa_zonelist_order", "node", 0, "Node\n" },
	{ "numa_zonelist_order", "zone", -EINVAL, "Node\n" },
	{ "stat_refresh", "1", 0, "" },
};

#define NAME_64 "a234567890123456789012345678901234567890123456789012345678901234"

/* The files that are not the memory manager's: a path below proc/sys each. */
static const struct write other_writes[] = {
	{ "kernel/hostname", "alpha\n", 0, "alpha\n" },
	{ "kernel/hostname", NAME_64 "5", 0, NAME_64 "\n" },
	{ "kernel/hostname", "two words", -EINVAL, NAME_64 "\n" },
	{ "kernel/hostname", "two\nlines", -EINVAL, NAME_64 "\n" },
	{ "kernel/hostname", "a#b", -EINVAL, NAME_64 "\n" },
	{ "kernel/hostname", "\n", -EINVAL, NAME_64 "\n" },
	{ "kernel/domainname", "example.org", 0, "example.org\n" },
	{ "kernel/overflowuid", "65535", 0, "65535\n" },
	{ "kernel/overflowuid", "65536", -EINVAL, "65535\n" },
	{ "kernel/overflowgid", "-1", -EINVAL, "65534\n" },
	{ "kernel/printk", "4", 0, "4\t4\t1\t7\n" },
	{ "kernel/printk", "1 -2 3 4 5", 0, "1\t-2\t3\t4\n" },
	{ "kernel/printk", "8 junk", -EINVAL, "8\t-2\t3\t4\n" },
	{ "kernel/printk", "junk", -EINVAL, "8\t-2\t3\t4\n" },
	{ "kernel/shmmax", "0", 0, "0\n" },
	{ "kernel/shmmax", "18446744073709551615", 0, "18446744073709551615\n" },
	{ "kernel/shmall", "-1", -EINVAL, "18446744073692774399\n" },
	{ "kernel/shmmni", "32768", 0, "32768\n" },
	{ "kernel/shmmni", "32769", -EINVAL, "32768\n" },
	{ "kernel/tainted", "4", 0, "4\n" },
	{ "kernel/tainted", "1", 0, "5\n" },
	{ "kernel/tainted", "0", 0, "5\n" },
	{ "kernel/tainted", "-1", -EINVAL, "5\n" },
	{ "kernel/tainted", "0xfffffffff0000000", 0, "5\n" },
	{ "kernel/tainted", "0xffffffff", 0, "1048575\n" },
	{ "fs/nr_open", "64", 0, "64\n" },
	{ "fs/nr_open", "63", -EINVAL, "64\n" },
	{ "fs/nr_open", "2147483584", 0, "2147483584\n" },
	{ "fs/nr_open", "2147483585", -EINVAL, "2147483584\n" },
};

static void check_writes(const char *dir, const struct write *rows, size_t nr)
{
	struct tree *tree = shape_boot(&shapes[1]);

	CU_ASSERT_PTR_NOT_NULL_FATAL(tree);
	for (size_t i = 0; i < nr; i++) {
		const struct write *w = &rows[i];
		char path[128];
		char *after;
		int err;

		snprintf(path, sizeof(path), "proc/sys/%s%s", dir, w->file);
		err = tree_write(tree, path, w->text);
		if (err != w->err)
			printf("%s <- '%s': %d, not %d\n", w->file, w->text, err, w->err);
		CU_ASSERT_EQUAL(err, w->err);
		after = w->after ? tree_text(tree, path) : NULL;
		if (w->after && (!after || strcmp(after, w->after)))
			printf("%s <- '%s' reads '%s'\n", w->file, w->text,
			       after ? after : "(none)");
		CU_ASSERT(!w->after || (after && !strcmp(after, w->after)));
		free(after);
	}
	shape_free(tree);
}

static void test_writes(void)
{
	check_writes("vm/", writes, ARRAY_SIZE(writes));
	check_writes("", other_writes, ARRAY_SIZE(other_writes));
}

/* Writing one file of a pair switches the other off. */
static void test_pairs(void)
{
	struct tree *tree = shape_boot(&shapes[1]);
	char *text;

	CU_ASSERT_PTR_NOT_NULL_FATAL(tree);
	CU_ASSERT_EQUAL(tree_write(tree, "proc/sys/vm/overcommit_kbytes", "4096\n"), 0);
	text = tree_text(tree, "proc/sys/vm/overcommit_ratio");
	CU_ASSERT_STRING_EQUAL(text, "0\n");
	free(text);
	CU_ASSERT_EQUAL(tree_write(tree, "proc/sys/vm/dirty_background_bytes", "1\n"), 0);
	text = tree_text(tree, "proc/sys/vm/dirty_background_ratio");
	CU_ASSERT_STRING_EQUAL(text, "0\n");
	free(text);
	text = tree_text(tree, "proc/meminfo");
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "CommitLimit:        4096 kB\n"));
	free(text);
	shape_free(tree);
}

/* One word for each page frame; free pages are as many as MemFree says. */
static void test_kpageflags(void)
{
	struct tree *tree = shape_boot(&shapes[2]);
	const struct machine *m;
	struct handle *handle;
	struct caller nobody = { 0 };
	struct node node;
	u64 words[512], pages = 0, buddy = 0, offset = 0;
	s64 free_pages = 0;
	ssize_t got;

	CU_ASSERT_PTR_NOT_NULL_FATAL(tree);
	m = tree_machine(tree);
	CU_ASSERT_EQUAL_FATAL(tree_walk(tree, "proc/kpageflags", nobody, &node), 0);
	CU_ASSERT_EQUAL_FATAL(tree_open(tree, node, nobody, 0, &handle), 0);
	CU_ASSERT_EQUAL(handle_read(handle, 4, (char *)words, 8), -EINVAL);
	CU_ASSERT_EQUAL(handle_read(handle, 0, (char *)words, 7), -EINVAL);
	while ((got = handle_read(handle, offset, (char *)words, sizeof(words))) > 0) {
		for (ssize_t i = 0; i < got / 8; i++)
			buddy += words[i] >> 10 & 1;
		pages += got / 8;
		offset += got;
	}
	CU_ASSERT_EQUAL(got, 0);
	CU_ASSERT_EQUAL(pages, ALIGN_UP(m->max_pfn, 32768));
	for (unsigned int i = 0; i < m->nr_zones; i++)
		free_pages += m->zones[i]->stat[NR_FREE_PAGES];
	CU_ASSERT_EQUAL(buddy, (u64)free_pages);
	handle_release(handle);
	shape_free(tree);
}

/* What opening a file comes to; if it is opened, how reading its first bytes ends. */
static int first_read(struct lab *lab, const char *path, bool *opened)
{
	struct handle *handle;
	struct node node;
	char buf[8];
	int err;

	CU_ASSERT_EQUAL_FATAL(tree_walk(lab->tree, path, lab->me, &node), 0);
	err = tree_open(lab->tree, node, lab->me, O_RDONLY, &handle);
	*opened = !err;
	if (err)
		return err;
	err = (int)handle_read(handle, 0, buf, sizeof(buf));
	handle_release(handle);
	return err;
}

/* What was opened and ended before it was read or written: as on a machine. */
static void test_ended(void)
{
	static const struct {
		const char *path;
		bool write;
		int err;
	} rows[] = {
		{ "sim/as/child/status", false, -ESRCH }, { "sim/as/child/stat", false, -ESRCH },
		{ "sim/as/child/oom_score_adj", true, -ESRCH },
		{ "sys/fs/cgroup/a/cgroup.events", false, -ENODEV },
		{ "sys/fs/cgroup/a/cgroup.procs", true, -ENODEV },
	};
	struct handle *handles[ARRAY_SIZE(rows)];
	struct lab lab;
	char buf[8];

	CU_ASSERT_EQUAL_FATAL(lab_open(&lab, "tiny"), 0);
	lab_expect(&lab, 0, "sim/as/init/ctl: fork as child");
	lab_expect(&lab, 0, "cgroup_mkdir a");
	for (unsigned int i = 0; i < ARRAY_SIZE(rows); i++)
		handles[i] = lab_handle(&lab, rows[i].path, rows[i].write ? O_RDWR : O_RDONLY);
	lab_expect(&lab, 0, "sim/as/child/ctl: exit 0");
	lab_expect(&lab, 0, "sim/as/init/ctl: wait4 @child");
	lab_expect(&lab, 0, "cgroup_rmdir a");
	for (unsigned int i = 0; i < ARRAY_SIZE(rows); i++) {
		CU_ASSERT_EQUAL(handle_read(handles[i], 0, buf, sizeof(buf)), rows[i].err);
		if (rows[i].write)
			CU_ASSERT_EQUAL(lab_write(handles[i], "1\n"), rows[i].err);
		handle_release(handles[i]);
	}
	lab_close(&lab);
}

/* What takes nothing is written to, and what shows nothing read: as a kernel 6.18 has it. */
static void test_refusals(void)
{
	static const struct {
		const char *path;
		int flags, err;
		bool at_open;
	} rows[] = {
		{ "proc/meminfo", O_WRONLY, -EIO }, { "proc/sysvipc/shm", O_RDWR, -EIO },
		{ "proc/kpagecount", O_WRONLY, -EIO }, { "proc/slabinfo", O_WRONLY, -EIO },
		{ "proc/1/status", O_WRONLY, -EINVAL }, { "proc/1/smaps", O_RDWR, -EINVAL },
		{ "proc/1/pagemap", O_WRONLY, -EINVAL }, { "proc/1/task/1/stat", O_WRONLY, -EINVAL },
		{ "proc/1/clear_refs", O_RDWR, -EINVAL },
		{ "proc/sys/vm/swappiness", O_RDWR, 0 },
		{ "proc/sys/vm/compact_memory", O_RDONLY, -EACCES, true },
		{ "proc/sys/kernel/osrelease", O_WRONLY, -EACCES, true },
		{ "sys/fs/cgroup/cgroup.stat", O_WRONLY, -EINVAL },
		{ "sys/fs/cgroup/a/memory.current", O_RDWR, -EINVAL },
		{ "sys/fs/cgroup/a/cgroup.kill", O_RDONLY, -EINVAL },
		{ "sys/fs/cgroup/a/memory.max", O_RDWR, 0 },
		{ "sys/kernel/debug/extfrag/extfrag_index", O_WRONLY, -EINVAL },
		{ "sys/devices/system/node/node0/meminfo", O_WRONLY, -EACCES, true },
		{ "sys/kernel/slab/kmalloc-8/objects", O_WRONLY, -EACCES, true },
		{ "sim/check", O_WRONLY, -EACCES, true },
	};
	struct lab lab;

	CU_ASSERT_EQUAL_FATAL(lab_open(&lab, "tiny"), 0);
	lab_expect(&lab, 0, "sys/fs/cgroup/cgroup.subtree_control: +memory");
	lab_expect(&lab, 0, "cgroup_mkdir a");
	for (unsigned int i = 0; i < ARRAY_SIZE(rows); i++) {
		struct handle *handle;
		struct node node;
		char buf[8];
		int err;

		CU_ASSERT_EQUAL_FATAL(tree_walk(lab.tree, rows[i].path, lab.me, &node), 0);
		err = tree_open(lab.tree, node, lab.me, rows[i].flags, &handle);
		if (err != (rows[i].at_open ? rows[i].err : 0))
			fprintf(stderr, "open %s: %d\n", rows[i].path, err);
		CU_ASSERT_EQUAL(err, rows[i].at_open ? rows[i].err : 0);
		CU_ASSERT_EQUAL(tree_truncate_error(lab.tree, node),
				rows[i].at_open && rows[i].flags == O_WRONLY ? -EPERM : 0);
		if (err)
			continue;
		/* For one of both it may be open. */
		err = rows[i].flags == O_WRONLY ? 0 : (int)handle_read(handle, 0, buf, 1);
		if (err >= 0 && rows[i].flags != O_RDONLY)
			err = (int)lab_write(handle, "1\n");
		CU_ASSERT_EQUAL(MIN(err, 0), rows[i].err);
		handle_release(handle);
	}
	/* A script's line is told what was wrong. */
	lab_expect(&lab, EIO, "proc/meminfo: 1");
	CU_ASSERT_PTR_NOT_NULL(strstr(lab_text(&lab.sentence), "nothing can be written"));
	CU_ASSERT_PTR_NOT_NULL(strstr(lab_cat(&lab, "sim/last"), "proc/meminfo"));
	lab_close(&lab);
}

/*
 * Files of who has no memory, a thread of the kernel and a process that has ended, as programs
 * found them on guests.
 */
static void test_no_memory(void)
{
	static const struct row {
		const char *file;
		int before;		/* what the read came to that 6.1 let them make */
		bool opens;		/* so does 6.18 */
	} rows[] = {
		{ "maps", 0, true }, { "smaps", 0, true }, { "numa_maps", 0, true },
		{ "cmdline", 0, true }, { "smaps_rollup", -ESRCH, false },
		{ "pagemap", 0, false }, { "mem", 0, false }, { "environ", 0, false },
		{ "auxv", 0, false }, { "statm", 8, true }, { "stat", 8, true },
	};
	static const char *const sets[][2] = { { "release=6.1" }, { "release=6.18" } };
	static const char *const who[] = { "proc/2", "sim/as/ended" };

	for (unsigned int new = 0; new < 2; new++) {
		struct lab lab;

		CU_ASSERT_EQUAL_FATAL(lab_open_set(&lab, "tiny", sets[new]), 0);
		lab_expect(&lab, 0, "sim/as/init/ctl: fork as ended");
		lab_expect(&lab, 0, "sim/as/ended/ctl: exit 0");
		for (unsigned int i = 0; i < 2 * ARRAY_SIZE(rows); i++) {
			const struct row *row = &rows[i / 2];
			bool opened, opens = !new || row->opens;
			char path[64];
			int got;

			snprintf(path, sizeof(path), "%s/%s", who[i % 2], row->file);
			got = first_read(&lab, path, &opened);
			if (got == (opens ? row->before : -ESRCH) && opened == opens)
				continue;
			CU_FAIL("not as the kernel");
			fprintf(stderr, "%s: %s %s: %d\n", sets[new][0],
				opened ? "read" : "open", path, got);
		}
		lab_close(&lab);
	}
}

static const CU_TestInfo tests[] = {
	{ "text shapes", test_shapes },
	{ "iomem", test_iomem },
	{ "sysctl values", test_sysctls },
	{ "sysctl writes", test_writes },
	{ "pairs of sysctls", test_pairs },
	{ "kpageflags", test_kpageflags },
	{ "no memory", test_no_memory },
	{ "what ended", test_ended },
	{ "files that take or show nothing", test_refusals },
};

int main(void)
{
	return suite_main("proc files", tests, ARRAY_SIZE(tests), NULL, NULL);
}
