// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The end of a storm of tasks: all are killed and waited for, names of files go, caches
 * are dropped. What was there before the storm is all that is left.
 */
#include <stdio.h>
#include <string.h>

#include "fuzz_live.h"
#include "lab.h"

#include "sim/virt/file.h"
#include "sim/virt/swap.h"

/* What has gone already does not matter. */
static void run(struct lab *lab, const char *line)
{
	if (lab_run(lab, line))
		out_clear(&lab->out);
}

/* A CPU that runs nothing keeps the memory of whom it ran last: init's, then. */
static void visit_cpus(struct lab *lab)
{
	const struct machine *m = tree_machine(lab->tree);
	char line[64];

	run(lab, "proc/1/ctl: set_mempolicy default");
	/* Its group's cpuset may have a part of them alone. */
	run(lab, "sys/fs/cgroup/cgroup.procs: 1");
	for (unsigned int cpu = 0; cpu < m->nr_cpus && cpu < 64; cpu++) {
		snprintf(line, sizeof(line), "proc/1/ctl: sched_setaffinity 0 %u", cpu);
		run(lab, line);
		run(lab, "proc/1/ctl: getcpu");
	}
	run(lab, "proc/1/ctl: sched_setaffinity 0 all");
}

/* Those that lines make; a line with a slip makes one of a strange name. */
static bool may_go(const char *path)
{
	static const char *const own[] = {
		"/init", "/bin/true", "/lib64/ld-linux-x86-64.so.2", "/lib/ld-linux.so.2",
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(own); i++)
		if (!strcmp(path, own[i]))
			return false;
	return true;
}

/* What is dirty would stay in the cache. */
static void write_back(struct lab *lab, const struct inode *inode)
{
	char line[300];

	snprintf(line, sizeof(line), "proc/1/ctl: open \"%s\" rdonly as end", inode->path);
	if (lab_run(lab, line))
		return;
	run(lab, "proc/1/ctl: fsync @end");
	run(lab, "proc/1/ctl: close @end");
}

/*
 * Files that a line made areas of, and the machine's own: what init has there comes back. What
 * files in memory have there does not, if their group is at its limit: they have gone before.
 */
static void swap_off(struct lab *lab)
{
	const struct machine *m = tree_machine(lab->tree);
	struct swap_area area;
	char line[300];

	for (unsigned int i = 0; swap_area_at(m, i, &area);) {
		snprintf(line, sizeof(line), "proc/1/ctl: swapoff \"%s\"", area.path);
		if (lab_run(lab, line)) {
			fprintf(stderr, "%s: it stays on\n", line);
			i++;
		}
	}
}

static void remove_files(struct lab *lab, bool in_memory)
{
	const struct machine *m = tree_machine(lab->tree);
	struct inode *inode = inode_next(m, NULL), *next;
	char line[300];

	for (; inode; inode = next) {
		next = inode_next(m, inode);
		if (inode->unlinked || (inode->kind == INODE_SHMEM) != in_memory)
			continue;
		if (!may_go(inode->path)) {
			write_back(lab, inode);
			continue;
		}
		snprintf(line, sizeof(line), "proc/1/ctl: unlink \"%s\"", inode->path);
		if (lab_run(lab, line))
			fprintf(stderr, "%s: it stays\n", line);
	}
	run(lab, "proc/sys/vm/drop_caches: 3");
}

int live_end(struct lab *lab, const struct leftovers *before)
{
	/* When nobody is left who could be killed, want of memory is a panic. */
	run(lab, "proc/sys/vm/panic_on_oom: 0");
	run(lab, "proc/sys/vm/min_free_kbytes: 1024");
	lab_end_tasks(lab);
	visit_cpus(lab);
	/* Segments whose creators are gone go. */
	run(lab, "proc/sys/kernel/shm_rmid_forced: 1");
	remove_files(lab, /* in_memory = */ true);
	swap_off(lab);
	remove_files(lab, /* in_memory = */ false);
	/* An mm that ended under khugepaged's cursor is left to it, until it comes by. */
	run(lab, "sim/ctl: tick 60s");
	return leftovers_compare(tree_machine(lab->tree), before);
}
