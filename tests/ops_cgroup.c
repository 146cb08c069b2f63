// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Lines of a list on control groups: A's parent, who is in the root and in none of the
 * list's, makes groups, writes to their files and moves processes.
 */
#include "ops.h"

#include <stdlib.h>
#include <string.h>

#include "fs/core/line.h"
#include "sim/virt/sched.h"
#include "tree_files.h"

#define ROOT "sys/fs/cgroup/"

static void say(int err)
{
	if (err)
		printf("   => errno=%s ret=-1 minflt=+0 majflt=+0\n", errno_text(err));
	else
		printf("   => ret=0 minflt=+0 majflt=+0\n");
}

static int store(const struct ops *ops, const char *file, const char *text)
{
	char path[160];

	snprintf(path, sizeof(path), ROOT "%s", file);
	sched_switch_to(ops->m, task_find(ops->m, ops->observer));
	return tree_write(ops->tree, path, text);
}

static int call(const struct ops *ops, const char *verb, const char *group)
{
	char line[160];

	snprintf(line, sizeof(line), "%s %s", verb, group);
	return tree_write(ops->tree, "sim/ctl", line);
}

static int attach(const struct ops *ops, const char *group, const char *process)
{
	char file[128], pid[16];

	snprintf(file, sizeof(file), "%s/cgroup.procs", group);
	snprintf(pid, sizeof(pid), "%u", ops->pid[process[0] - 'A']);
	return store(ops, file, pid);
}

static void show_file(const struct ops *ops, const char *group, const char *file)
{
	char path[160], *text;

	snprintf(path, sizeof(path), ROOT "%s/%s", group, file);
	text = tree_text(ops->tree, path);
	printf("%s: %s", file, text ? text : "ENOENT\n");
	if (text && !*text)
		putchar('\n');
	free(text);
}

static void show(const struct ops *ops, const char *group)
{
	static const char *const files[] = {
		"cpuset.cpus", "cpuset.cpus.effective", "cpuset.mems", "cpuset.mems.effective",
		"cgroup.controllers", "cgroup.subtree_control", "cgroup.events",
	};

	printf("-- cgroup %s\n", group);
	for (unsigned int i = 0; i < ARRAY_SIZE(files); i++)
		show_file(ops, group, files[i]);
	printf("--\n");
}

static void show_type(const struct ops *ops, const char *group)
{
	printf("-- cgroup %s\n", group);
	show_file(ops, group, "cgroup.type");
	printf("--\n");
}

/* What of its status says where it may be. */
static void show_allowed(const struct ops *ops)
{
	char *text = ops_text(ops, "status"), *state;

	printf("-- allowed %c\n", 'A' + ops->current);
	for (char *l = strtok_r(text, "\n", &state); l; l = strtok_r(NULL, "\n", &state))
		if (strstr(l, "s_allowed"))
			puts(l);
	printf("--\n");
	free(text);
}

/* Huge pages of each node. */
static void show_pools(const struct ops *ops)
{
	static const char *const files[] = { "nr", "free", "surplus" };

	printf("-- cgroup pools\n");
	for (unsigned int node = 0; node < ops->m->nr_nodes; node++)
		for (unsigned int i = 0; i < ARRAY_SIZE(files); i++) {
			char path[160], *text;

			snprintf(path, sizeof(path), "sys/devices/system/node/node%u/hugepages/"
				 "hugepages-2048kB/%s_hugepages", node, files[i]);
			text = tree_text(ops->tree, path);
			if (text)
				printf("node%u %s %s", node, files[i], text);
			free(text);
		}
	printf("--\n");
}

bool ops_cgroup_line(const struct ops *ops, char *const *words, unsigned int nr_words)
{
	const char *name = words[0], *arg1 = nr_words > 1 ? words[1] : "";
	const char *arg2 = nr_words > 2 ? words[2] : "-";

	if (!strcmp(name, "cgmkdir"))
		say(call(ops, "cgroup_mkdir", arg1));
	else if (!strcmp(name, "cgrmdir"))
		say(call(ops, "cgroup_rmdir", arg1));
	else if (!strcmp(name, "cgwrite"))
		say(store(ops, arg1, strcmp(arg2, "-") ? arg2 : "\n"));
	else if (!strcmp(name, "cgattach"))
		say(attach(ops, arg1, arg2));
	else if (!strcmp(name, "cgshow"))
		show(ops, arg1);
	else if (!strcmp(name, "cgtype"))
		show_type(ops, arg1);
	else if (!strcmp(name, "allowed"))
		show_allowed(ops);
	else if (!strcmp(name, "pools"))
		show_pools(ops);
	else
		return false;
	return true;
}
