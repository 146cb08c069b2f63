// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * proc/PID of init and the kernel's threads: which there are, and that their files
 * have the form of a real kernel's. The golden status is of a real init: its lines
 * about memory are what a task without memory has not.
 */
#include <stdio.h>
#include <stdlib.h>

#include "lab.h"
#include "support.h"
#include "sim/virt/task.h"

static struct lab lab;

static void start(const char *machine, const char *release)
{
	char set[64];
	const char *const sets[] = { set, NULL };

	snprintf(set, sizeof(set), "release=%s", release);
	CU_ASSERT_EQUAL_FATAL(lab_open_set(&lab, machine, sets), 0);
}

static void stop(void)
{
	lab_close(&lab);
}

static void read_path(const char *path, char text[4096])
{
	snprintf(text, 4096, "%s", lab_cat(&lab, path));
}

static const struct task_struct *by_name(const char *comm)
{
	const struct machine *m = tree_machine(lab.tree);

	for (const struct task_struct *t = task_next(m, 0); t; t = task_next(m, t->pid + 1)) {
		if (!strcmp(t->comm, comm))
			return t;
	}
	return NULL;
}

static unsigned int count_like(const char *prefix)
{
	const struct machine *m = tree_machine(lab.tree);
	unsigned int nr = 0;

	for (const struct task_struct *t = task_next(m, 0); t; t = task_next(m, t->pid + 1))
		nr += !strncmp(t->comm, prefix, strlen(prefix));
	return nr;
}

static void test_threads(void)
{
	static const char *const releases[] = { "6.1", "6.18" };

	for (unsigned int i = 0; i < ARRAY_SIZE(releases); i++) {
		u32 pid = 0;

		start("numa4", releases[i]);
		for (const struct task_struct *t = task_next(tree_machine(lab.tree), 0); t;
		     t = task_next(tree_machine(lab.tree), t->pid + 1))
			CU_ASSERT_EQUAL(t->pid, ++pid);
		CU_ASSERT_STRING_EQUAL(task_find(tree_machine(lab.tree), 1)->comm, "init");
		CU_ASSERT_STRING_EQUAL(task_find(tree_machine(lab.tree), 2)->comm, "kthreadd");
		CU_ASSERT_PTR_NULL(task_find(tree_machine(lab.tree), 0));
		CU_ASSERT_PTR_NULL(task_find(tree_machine(lab.tree), pid + 1));
		CU_ASSERT_EQUAL(count_like("ksoftirqd/"), tree_machine(lab.tree)->nr_cpus);
		CU_ASSERT_EQUAL(count_like("migration/"), tree_machine(lab.tree)->nr_cpus);
		CU_ASSERT_EQUAL(count_like("cpuhp/"), tree_machine(lab.tree)->nr_cpus);
		CU_ASSERT_EQUAL(count_like("kswapd"), tree_machine(lab.tree)->nr_nodes);
		CU_ASSERT_EQUAL(count_like("kcompactd"), tree_machine(lab.tree)->nr_nodes);
		CU_ASSERT_EQUAL(count_like("kworker/R-") > 10, i == 1);
		stop();
	}
}

/* Lines of a real 6.18's /proc/PID/stat, without the field of the start time. */
static const char *const real_stats[] = {
	"(kthreadd) S 0 0 0 0 -1 2129984 0 0 0 0 0 0 0 0 20 0 1 0 0 0 "
	"18446744073709551615 0 0 0 0 0 0 0 2147483647 0 1 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0",
	"(kworker/R-rcu_gp) I 2 0 0 0 -1 69238880 0 0 0 0 0 0 0 0 0 -20 1 0 0 0 "
	"18446744073709551615 0 0 0 0 0 0 0 2147483647 0 1 0 0 17 0 0 0 0 0 0 0 0 0 0 0 0 0 0",
	"(cpuhp/0) S 2 0 0 0 -1 69238848 0 0 0 0 0 0 0 0 20 0 1 0 0 0 "
	"18446744073709551615 0 0 0 0 0 0 0 2147483647 0 1 0 0 17 0 0 0 0 0 0 0 0 0 0 0 0 0 0",
	"(kswapd0) S 2 0 0 0 -1 2230336 0 0 0 0 0 0 0 0 20 0 1 0 0 0 "
	"18446744073709551615 0 0 0 0 0 0 0 2147483647 0 1 0 0 17 0 0 0 0 0 0 0 0 0 0 0 0 0 0",
	"(khugepaged) S 2 0 0 0 -1 2097216 0 0 0 0 0 0 0 0 39 19 1 0 0 0 "
	"18446744073709551615 0 0 0 0 0 0 0 2147483647 0 1 0 0 17 0 0 0 0 0 0 0 0 0 0 0 0 0 0",
	"(migration/0) S 2 0 0 0 -1 69238848 0 0 0 0 0 0 0 0 -100 0 1 0 0 0 "
	"18446744073709551615 0 0 0 0 0 0 0 2147483647 0 1 0 0 17 0 99 1 0 0 0 0 0 0 0 0 0 0 0",
};

#define START_TIME 22	/* counted from 1, as proc(5) does */

/* A line of stat behind its pid, without the start time and the newline. */
static void without_start(const char *stat, char out[1024])
{
	unsigned int field = 1;

	for (const char *c = stat; *c && *c != '\n'; c++) {
		if (field > 1 && field != START_TIME)
			*out++ = *c;
		field += *c == ' ';
	}
	*out = '\0';
}

static void test_stat(void)
{
	char text[4096], line[1024], comm[64], path[64];

	start("pc", "6.18");
	for (unsigned int i = 0; i < ARRAY_SIZE(real_stats); i++) {
		const struct task_struct *task;

		CU_ASSERT_EQUAL_FATAL(sscanf(real_stats[i], "(%63[^)])", comm), 1);
		task = by_name(comm);
		CU_ASSERT_PTR_NOT_NULL_FATAL(task);
		snprintf(path, sizeof(path), "proc/%u/stat", task->pid);
		read_path(path, text);
		without_start(text, line);
		CU_ASSERT_STRING_EQUAL(line, real_stats[i]);
		CU_ASSERT_EQUAL((u32)atoi(text), task->pid);
	}
	stop();
}

static bool about_memory(const char *label)
{
	return !strncmp(label, "Vm", 2) || !strncmp(label, "Rss", 3) ||
	       !strcmp(label, "HugetlbPages") || !strcmp(label, "CoreDumping") ||
	       !strcmp(label, "THP_enabled") || !strcmp(label, "untag_mask");
}

/* The label of the next line that is not about memory; false at the end. */
static bool next_label(const char **text, char label[64])
{
	while (**text) {
		bool ok = sscanf(*text, "%63[^:]", label) == 1;

		*text += strcspn(*text, "\n");
		*text += **text == '\n';
		if (ok && !about_memory(label))
			return true;
	}
	return false;
}

static void read_golden(const char *release, char text[4096])
{
	char dir[64], *golden;

	snprintf(dir, sizeof(dir), "%s/2G-1node", release);
	golden = golden_text(dir, "init-status");
	CU_ASSERT_PTR_NOT_NULL_FATAL(golden);
	snprintf(text, 4096, "%s", golden);
	free(golden);
}

static void test_status(void)
{
	static const char *const releases[] = { "6.1", "6.18" };
	char real[4096], ours[4096], real_label[64], our_label[64];

	for (unsigned int i = 0; i < ARRAY_SIZE(releases); i++) {
		const char *a = real, *b = ours;
		unsigned int nr = 0;

		start("tiny", releases[i]);
		read_golden(releases[i], real);
		read_path("proc/1/status", ours);
		while (next_label(&a, real_label)) {
			CU_ASSERT(next_label(&b, our_label));
			CU_ASSERT_STRING_EQUAL(our_label, real_label);
			nr++;
		}
		CU_ASSERT_FALSE(next_label(&b, our_label));
		CU_ASSERT(nr > 30);
		stop();
	}
}

static void test_files(void)
{
	struct caller nobody = { 0 };
	char text[4096];
	struct node node;

	start("tiny", "6.18");
	read_path("proc/2/comm", text);
	CU_ASSERT_STRING_EQUAL(text, "kthreadd\n");
	read_path("proc/2/cmdline", text);
	CU_ASSERT_STRING_EQUAL(text, "");
	read_path("proc/2/statm", text);
	CU_ASSERT_STRING_EQUAL(text, "0 0 0 0 0 0 0\n");
	read_path("proc/2/task/2/comm", text);
	CU_ASSERT_STRING_EQUAL(text, "kthreadd\n");
	CU_ASSERT_EQUAL(tree_walk(lab.tree, "proc/2/task/1", nobody, &node), -ENOENT);
	CU_ASSERT_EQUAL(tree_walk(lab.tree, "sim/as/init", nobody, &node), 0);
	CU_ASSERT_EQUAL(node.id[0], 1);
	stop();
}

/* stat tells what is known without asking each CPU: since 6.2 that is less than statm's. */
static void test_resident(void)
{
	static const char *const releases[] = { "6.1", "6.18" };
	unsigned long whole, known;
	char text[4096], *at;

	for (unsigned int i = 0; i < ARRAY_SIZE(releases); i++) {
		start("tiny", releases[i]);
		CU_ASSERT_EQUAL(lab_run(&lab, "proc/1/ctl: fork as a"), 0);
		CU_ASSERT_EQUAL(lab_run(&lab, "sim/as/a/ctl: mmap 0 400K rw private,anon as m"), 0);
		CU_ASSERT_EQUAL(lab_run(&lab, "sim/as/a/ctl: store @m 400K"), 0);
		read_path("sim/as/a/statm", text);
		whole = strtoul(strchr(text, ' '), NULL, 10);
		read_path("sim/as/a/stat", text);
		/* The 22nd behind the name. */
		at = strchr(text, ')');
		for (unsigned int field = 0; field < 22; field++)
			at = strchr(at + 1, ' ');
		known = strtoul(at, NULL, 10);
		CU_ASSERT(i ? known < whole && whole - known < 3 * 32 : known == whole);
		CU_ASSERT(known > 30);
		stop();
	}
}

/* What a process reads and writes; a child's figures are its parent's when it was waited for. */
static void test_io(void)
{
	static const char *const lines[] = {
		"proc/1/ctl: fork as a",
		"sim/as/a/ctl: openat AT_FDCWD /data O_RDWR|O_CREAT 0644 as f",
		"sim/as/a/ctl: write @f 512K",
		"sim/as/a/ctl: write @f 512K",
		"sim/as/a/ctl: pread64 @f 8K 0",
		"sim/as/a/ctl: ftruncate @f 512K",
		"sim/as/a/ctl: read @f 64K",	/* behind the end: a call, no bytes */
	};
	char text[4096], before[4096];

	start("tiny", "6.18");
	read_path("proc/1/io", before);
	for (unsigned int i = 0; i < ARRAY_SIZE(lines); i++)
		CU_ASSERT_EQUAL(lab_run(&lab, lines[i]), 0);
	read_path("sim/as/a/io", text);
	CU_ASSERT_STRING_EQUAL(text, "rchar: 8192\nwchar: 1048576\nsyscr: 2\nsyscw: 2\n"
			       "read_bytes: 0\nwrite_bytes: 1048576\n"
			       "cancelled_write_bytes: 524288\n");
	read_path("proc/1/io", text);
	CU_ASSERT_STRING_EQUAL(text, before);
	CU_ASSERT_EQUAL(lab_run(&lab, "sim/as/a/ctl: exit"), 0);
	CU_ASSERT_EQUAL(lab_run(&lab, "proc/1/ctl: wait4 -1"), 0);
	read_path("proc/1/io", text);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "wchar: 1048576\nsyscr: 2\nsyscw: 2\n"));
	stop();
}

/* As real kernels of both releases print them for init. */
static void test_identity(void)
{
	char text[4096];

	start("tiny", "6.1");
	read_path("proc/1/cpuset", text);
	CU_ASSERT_STRING_EQUAL(text, "/\n");
	stop();
	start("tiny", "6.18");
	read_path("proc/1/uid_map", text);
	CU_ASSERT_STRING_EQUAL(text, "         0          0 4294967295\n");
	read_path("proc/1/loginuid", text);
	CU_ASSERT_STRING_EQUAL(text, "4294967295");
	CU_ASSERT_EQUAL(lab_run(&lab, "proc/1/ctl: fork"), 0);
	CU_ASSERT_EQUAL(lab_run(&lab, "proc/1/ctl: fork"), 0);
	read_path("proc/1/task/1/children", text);
	CU_ASSERT_EQUAL(strchr(text, ' ') ? strlen(strchr(text, ' ')) > 1 : 0, 1);
	read_path("proc/1/mountinfo", text);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, " 259:0 / / rw,relatime - ext4 "));
	stop();
}

static const CU_TestInfo tests[] = {
	{ "resident", test_resident },
	{ "io", test_io },
	{ "identity", test_identity },
	{ "threads", test_threads },
	{ "stat", test_stat },
	{ "status", test_status },
	{ "files", test_files },
};

int main(void)
{
	return suite_main("proc/PID", tests, ARRAY_SIZE(tests), NULL, NULL);
}
