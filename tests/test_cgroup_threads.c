// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Threaded control groups. A program wrote to the files of a few groups, by plan and then by
 * chance, on kernels of both releases, with two processes of two threads each: what each
 * write came to, and how the groups that it changed looked then, is golden/cgroup/threaded.txt.
 */
#include "lab.h"
#include "support.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#define ROOT "sys/fs/cgroup"

/* Of the machine's tasks those that the golden file knows. */
static const char *const names[] = { "A", "A2", "B", "B2" };
static unsigned int pids[ARRAY_SIZE(names)];

static struct lab lab;

static void start(unsigned int i)
{
	char path[32];

	lab_expect(&lab, 0, "sim/as/init/ctl: fork as %s", names[i]);
	lab_expect(&lab, 0, "sim/as/%s/ctl: clone vm,fs,files,sighand,thread as %s", names[i],
		   names[i + 1]);
	for (unsigned int n = i; n < i + 2; n++) {
		snprintf(path, sizeof(path), "sim/as/%s/stat", names[n]);
		pids[n] = (unsigned int)atoi(lab_cat(&lab, path));
	}
}

static unsigned int pid_of(const char *name)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(names); i++)
		if (!strcmp(names[i], name))
			return pids[i];
	return 0;
}

/* What a line of the golden file has of a group: mkdir, rmdir, or a file and what to write. */
static int run(const char *op, const char *group, const char *argument)
{
	char text[200];

	if (strstr(op, "dir"))
		snprintf(text, sizeof(text), "cgroup_%s %s", op, group + 1);
	else if (pid_of(argument))
		snprintf(text, sizeof(text), ROOT "%s/%s: %u", group, op, pid_of(argument));
	else
		snprintf(text, sizeof(text), ROOT "%s/%s: %s", group, op, argument);
	return lab_run(&lab, text);
}

/* The file's text, in lab.out; -errno. */
static int cat(const char *group, const char *file)
{
	char line[200];

	snprintf(line, sizeof(line), "cat " ROOT "%s/%s", group, file);
	return lab_run(&lab, line);
}

/* " A B2": those that the file lists. */
static void add_tasks(struct out *out, const char *group, const char *file)
{
	int err = cat(group, file);

	if (err) {
		out_printf(out, " %d", err);
		return;
	}
	for (unsigned int i = 0; i < ARRAY_SIZE(names); i++)
		for (const char *l = lab_text(&lab.out); *l; l = strchr(l, '\n') + 1)
			if ((unsigned int)atoi(l) == pids[i])
				out_printf(out, " %s", names[i]);
}

static void add_line(struct out *out, const char *group, const char *file)
{
	const char *text;

	CU_ASSERT_EQUAL(cat(group, file), 0);
	text = lab_text(&lab.out);
	if (*text)
		out_printf(out, " %.*s", (int)strcspn(text, "\n"), text);
}

/* The group as the golden file shows it. */
static void show(struct out *out, const char *group)
{
	bool root = !group[1];

	if (root)
		group = "";
	else if (cat(group, "cgroup.type") == -ENOENT)
		out_puts(out, " gone");
	if (out->len)
		return;
	if (!root)
		add_line(out, group, "cgroup.type");
	out_puts(out, " |");
	add_line(out, group, "cgroup.controllers");
	out_puts(out, " |");
	add_line(out, group, "cgroup.subtree_control");
	out_puts(out, " |");
	add_tasks(out, group, "cgroup.procs");
	out_puts(out, " |");
	add_tasks(out, group, "cgroup.threads");
	out_puts(out, " |");
	if (!root && !cat(group, "memory.current"))
		out_puts(out, " memory");
	if (!root && !cat(group, "cpuset.mems"))
		out_puts(out, " cpuset");
}

/* "  /a: domain | ...": the group looks so now. */
static void check_state(const char *line)
{
	const char *colon = strchr(line, ':');
	struct out out = OUT_INIT;
	char group[20];

	snprintf(group, sizeof(group), "%.*s", (int)(colon - line - 2), line + 2);
	show(&out, group);
	while (out.len && out.text[out.len - 1] == ' ')
		out.text[--out.len] = '\0';
	CU_ASSERT_STRING_EQUAL(lab_text(&out), colon + 1);
	if (strcmp(lab_text(&out), colon + 1))
		fprintf(stderr, "expected %s\nfound    %s:%s\n", line, group, lab_text(&out));
	out_free(&out);
}

/* "cgroup.type /a threaded = -95" */
static void check_step(char *line)
{
	char *group = strchr(line, ' '), *argument = strchr(group + 1, ' ');
	char *result = strstr(argument, " = ");
	int err;

	*group++ = *argument++ = *result = '\0';
	err = run(line, group[1] ? group : "", strcmp(argument, "-") ? argument : "");
	CU_ASSERT_EQUAL(err, atoi(result + 3));
	if (err != atoi(result + 3))
		fprintf(stderr, "%s %s %s: %d, not %s\n", line, group, argument, err, result + 3);
}

static void test_golden(void)
{
	static const char *const releases[] = { "release=6.18", "release=6.1" };

	for (size_t i = 0; i < ARRAY_SIZE(releases); i++) {
		const char *const sets[] = { releases[i], NULL };
		char *golden = golden_text("cgroup", "threaded.txt"), *state = NULL;
		unsigned int nr = 0;

		CU_ASSERT_PTR_NOT_NULL_FATAL(golden);
		CU_ASSERT_EQUAL_FATAL(lab_open_set(&lab, "pc", sets), 0);
		start(0);
		start(2);
		for (char *line = strtok_r(golden, "\n", &state); line;
		     line = strtok_r(NULL, "\n", &state), nr++) {
			if (*line == ' ')
				check_state(line);
			else
				check_step(line);
		}
		CU_ASSERT(nr > 1000);
		lab_end(&lab);
		free(golden);
	}
}

/* Memory is the domain's, wherever the threads are; who forks in a group begins there. */
static void test_memory(void)
{
	CU_ASSERT_EQUAL_FATAL(lab_open(&lab, "pc"), 0);
	start(0);
	CU_ASSERT_EQUAL(run("mkdir", "/a", ""), 0);
	CU_ASSERT_EQUAL(run("mkdir", "/a/t", ""), 0);
	CU_ASSERT_EQUAL(run("cgroup.subtree_control", "", "+memory +io"), 0);
	CU_ASSERT_EQUAL(run("cgroup.procs", "/a", "A"), 0);
	CU_ASSERT_EQUAL(run("cgroup.type", "/a/t", "threaded"), 0);
	CU_ASSERT_EQUAL(run("cgroup.threads", "/a/t", "A2"), 0);
	CU_ASSERT_EQUAL(cat("/a/t", "memory.current"), -ENOENT);
	CU_ASSERT_EQUAL(cat("/a/t", "io.stat"), -ENOENT);
	CU_ASSERT_EQUAL(cat("/a/t", "memory.pressure"), 0);
	lab_expect(&lab, 0, "sim/as/A2/ctl: mmap 0 4M rw private,anon,populate as buf");
	CU_ASSERT(atoi(lab_cat(&lab, ROOT "/a/memory.current")) >= 4 << 20);
	lab_expect(&lab, 0, "sim/as/A2/ctl: fork as C");
	CU_ASSERT_PTR_NOT_NULL(strstr(lab_cat(&lab, "sim/as/C/cgroup"), "0::/a/t\n"));
	CU_ASSERT_EQUAL(run("cgroup.kill", "/a", "1"), 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(lab_cat(&lab, ROOT "/a/cgroup.events"), "populated 0\n"));
	lab_end(&lab);
}

/* A group of the root's that becomes threaded loses what the root gave it of domains. */
static void test_below_root(void)
{
	CU_ASSERT_EQUAL_FATAL(lab_open(&lab, "pc"), 0);
	start(0);
	CU_ASSERT_EQUAL(run("cgroup.subtree_control", "", "+memory +io +cpuset"), 0);
	CU_ASSERT_EQUAL(run("mkdir", "/a", ""), 0);
	CU_ASSERT_EQUAL(run("cgroup.procs", "/a", "A"), 0);
	lab_expect(&lab, 0, "sim/as/A/ctl: mmap 0 4M rw private,anon,populate as buf");
	CU_ASSERT_EQUAL(run("cgroup.type", "/a", "threaded"), -EOPNOTSUPP);
	CU_ASSERT_EQUAL(run("cgroup.procs", "", "A"), 0);
	CU_ASSERT_EQUAL(run("cgroup.type", "/a", "threaded"), 0);
	CU_ASSERT_EQUAL(cat("/a", "memory.current"), -ENOENT);
	CU_ASSERT_EQUAL(cat("/a", "cpuset.mems"), 0);
	lab_check(&lab);
	CU_ASSERT_EQUAL(run("cgroup.threads", "/a", "A2"), 0);
	CU_ASSERT_EQUAL(run("cgroup.subtree_control", "", "-memory"), 0);
	CU_ASSERT_EQUAL(run("cgroup.subtree_control", "", "+memory"), 0);
	CU_ASSERT_EQUAL(cat("/a", "memory.current"), -ENOENT);
	lab_expect(&lab, 0, "sim/ctl: undo 1");
	lab_end(&lab);
}

/*
 * As programs found it on kernels of both releases, whoever they were: such a group's cgroup.procs
 * is opened, no read comes to anything, and whoever opened it for both may write.
 */
static void test_no_processes(void)
{
	struct handle *handle;
	char buf[64], pid[16];

	CU_ASSERT_EQUAL_FATAL(lab_open(&lab, "pc"), 0);
	start(0);
	CU_ASSERT_EQUAL(run("mkdir", "/a", ""), 0);
	CU_ASSERT_EQUAL(run("cgroup.type", "/a", "threaded"), 0);
	handle = lab_handle(&lab, ROOT "/a/cgroup.procs", O_RDWR);
	CU_ASSERT_EQUAL(handle_read(handle, 0, buf, 0), 0);
	CU_ASSERT_EQUAL(handle_read(handle, 0, buf, sizeof(buf)), -EOPNOTSUPP);
	CU_ASSERT_EQUAL(handle_read(handle, 0, buf, sizeof(buf)), -EOPNOTSUPP);
	CU_ASSERT_EQUAL(handle_read(handle, 10, buf, sizeof(buf)), -EOPNOTSUPP);
	snprintf(pid, sizeof(pid), "%u", pids[0]);
	CU_ASSERT_EQUAL(lab_write(handle, pid), (ssize_t)strlen(pid));
	CU_ASSERT_EQUAL(handle_read(handle, 0, buf, sizeof(buf)), -EOPNOTSUPP);
	handle_release(handle);
	CU_ASSERT_EQUAL(cat("/a", "cgroup.procs"), -EOPNOTSUPP);
	CU_ASSERT_PTR_NOT_NULL(strstr(lab_cat(&lab, ROOT "/a/cgroup.threads"), pid));
	lab_end(&lab);
}

/* Scripts need not know pids: a name is one, of a process or a thread. */
static void test_named(void)
{
	static const char *const wrong[] = { "@", "@nobody", "@buf", "@A @A", "@A+1", "A", "@A\\0" };
	char text[32];

	CU_ASSERT_EQUAL_FATAL(lab_open(&lab, "pc"), 0);
	start(0);
	lab_expect(&lab, 0, "sim/as/A/ctl: mmap 0 4M rw private,anon as buf");
	CU_ASSERT_EQUAL(run("mkdir", "/a", ""), 0);
	for (unsigned int i = 0; i < ARRAY_SIZE(wrong); i++)
		lab_expect(&lab, -EINVAL, ROOT "/a/cgroup.procs: %s", wrong[i]);
	CU_ASSERT_STRING_EQUAL(lab_cat(&lab, ROOT "/a/cgroup.procs"), "");
	lab_expect(&lab, 0, ROOT "/a/cgroup.procs: @A2");
	snprintf(text, sizeof(text), "%u\n", pids[0]);
	CU_ASSERT_STRING_EQUAL(lab_cat(&lab, ROOT "/a/cgroup.procs"), text);
	CU_ASSERT_EQUAL(run("mkdir", "/a/b", ""), 0);
	CU_ASSERT_EQUAL(run("cgroup.type", "/a/b", "threaded"), 0);
	lab_expect(&lab, 0, ROOT "/a/b/cgroup.threads:  @A2 ");
	snprintf(text, sizeof(text), "%u\n", pids[1]);
	CU_ASSERT_STRING_EQUAL(lab_cat(&lab, ROOT "/a/b/cgroup.threads"), text);
	lab_expect(&lab, 0, "sim/ctl: undo 2");
	lab_end(&lab);
}

static const CU_TestInfo tests[] = {
	{ "what kernels did", test_golden },
	{ "memory of threads", test_memory },
	{ "below the root", test_below_root },
	{ "no processes", test_no_processes },
	{ "named", test_named },
};

int main(void)
{
	return suite_main("cgroup threads", tests, ARRAY_SIZE(tests), NULL, NULL);
}
