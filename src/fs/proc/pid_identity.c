// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Who a process is to the rest of the kernel: its namespaces, which are the machine's
 * first and only ones, ids in them, its session as audit knows it, its cpuset's group,
 * its children.
 */
#include "fs/core/entry.h"
#include "fs/proc/pid.h"
#include "sim/virt/cgroup.h"

/* -- ns: numbers that the kernel is built with; two of 6.1 are the first it gives out. */

#define NS_ROW(file, releases, target) \
	{ .name = (file), .mode = S_IFLNK | 0777, .span = releases, .show = fixed_text_show, \
	  .text = (target) }

static const struct entry ns_entries[] = {
	NS_ROW("cgroup", ALL, "cgroup:[4026531835]"),
	NS_ROW("ipc", ALL, "ipc:[4026531839]"),
	NS_ROW("mnt", UNTIL(R_6_1), "mnt:[4026531841]"),
	NS_ROW("mnt", SINCE(R_6_18), "mnt:[4026531832]"),
	NS_ROW("net", UNTIL(R_6_1), "net:[4026531840]"),
	NS_ROW("net", SINCE(R_6_18), "net:[4026531833]"),
	NS_ROW("pid", ALL, "pid:[4026531836]"),
	NS_ROW("pid_for_children", ALL, "pid:[4026531836]"),
	NS_ROW("time", ALL, "time:[4026531834]"),
	NS_ROW("time_for_children", ALL, "time:[4026531834]"),
	NS_ROW("user", ALL, "user:[4026531837]"),
	NS_ROW("uts", ALL, "uts:[4026531838]"),
};
static const struct dir ns_dir = { DIR_FILES(ns_entries) };

static const char all_ids[] = "         0          0 4294967295\n";

/* -- Kept by who made it. -------------------------------------------------------- */

/* With a group of its own when its directory has the controller: the hierarchy's v1 name. */
static int cpuset_show(struct out *out, const struct view *v)
{
	const struct cgroup *cgroup = task_cgroup(v->m, view_task(v));

	cgroup_path(cgroup ? cgroup : cgroup_of(v->m, 0), out);
	out_putc(out, '\n');
	return 0;
}

/* A process is its parent's first thread's child, whichever thread made it. */
static int children_show(struct out *out, const struct view *v)
{
	const struct task_struct *child = process_next(v->m, 1);

	for (; child; child = process_next(v->m, child->pid + 1)) {
		if (child->ppid == view_task(v)->pid)
			out_printf(out, "%u ", child->pid);
	}
	return 0;
}

#define TASK_FILES \
	{ .name = "cpuset", .mode = S_IFREG | 0444, .span = UNTIL(R_6_1), .show = cpuset_show }, \
	TEXT_ROW("gid_map", 0444, all_ids), \
	TEXT_ROW("loginuid", 0444, "4294967295"), \
	DIR_ROW("ns", 0511, &ns_dir), \
	TEXT_ROW("projid_map", 0444, all_ids), \
	TEXT_ROW("sessionid", 0444, "4294967295"), \
	TEXT_ROW("setgroups", 0444, "allow\n"), \
	TEXT_ROW("uid_map", 0444, all_ids)

static const struct entry pid_entries[] = {
	TASK_FILES,
	TEXT_ROW("timens_offsets", 0444, "monotonic           0         0\n"
		 "boottime            0         0\n"),
};
static const struct dir pid_dir = { DIR_FILES(pid_entries) };

static const struct entry thread_entries[] = {
	FILE_ROW("children", 0444, children_show),
	TASK_FILES,
};
static const struct dir thread_dir = { DIR_FILES(thread_entries) };

TREE_PARTS(pid_identity_parts, { "proc/<PID>", &pid_dir },
	   { "proc/<PID>/task/<TID>", &thread_dir });
