// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The end of a storm of tasks: all are killed and waited for, names of files go, caches
 * are dropped. What was there before the storm is all that is left.
 */
#include <stdio.h>
#include <string.h>

#include "fuzz_live.h"
#include "lab.h"

#include "sim/phys/lru.h"
#include "sim/phys/section.h"
#include "sim/virt/file.h"
#include "sim/virt/virt.h"

static const struct {
	const char *name;
	size_t pool;		/* offset in struct virt_state */
} pools[] = {
#define POOL(field) { #field, offsetof(struct virt_state, field) }
	POOL(tasks), POOL(signals), POOL(sighands), POOL(files_structs), POOL(fs_structs),
	POOL(mms), POOL(vmas), POOL(anon_vmas), POOL(anon_vma_chains), POOL(files), POOL(inodes),
	POOL(shmem_inodes), POOL(maple_nodes), POOL(xa_nodes),
#undef POOL
};
_Static_assert(ARRAY_SIZE(pools) <= 32, "live_counts has room for them");

void live_count(const struct machine *m, struct live_counts *counts)
{
	memset(counts, 0, sizeof(*counts));
	for (unsigned int i = 0; i < ARRAY_SIZE(pools); i++) {
		const char *at = (const char *)m->virt + pools[i].pool;

		counts->objects[i] = ((const struct object_pool *)(const void *)at)->nr_live;
	}
	for (u64 pfn = 0; pfn < m->max_pfn; pfn++) {
		if (!page_present(m, pfn)) {
			pfn |= PAGES_PER_SECTION - 1;
			continue;
		}
		/* The kernel keeps its own for ever. */
		counts->tables += page_type(pfn_to_page(m, pfn)) == PGTY_table &&
				  pfn_to_page(m, pfn)->mapping;
	}
	counts->tasks = m->tasks->nr;
	counts->committed = m->virt->committed_as - m->virt->committed_lost;
	for (unsigned int n = 0; n < m->nr_nodes; n++) {
		if (!m->nodes[n])
			continue;
		counts->anon += (u64)m->nodes[n]->stat[NR_ANON_PAGES];
		counts->cached += (u64)m->nodes[n]->stat[NR_FILE_PAGES];
	}
}

static int same(const char *what, s64 before, s64 after)
{
	if (before == after)
		return 0;
	fprintf(stderr, "fuzz_lines: %s: %lld before, %lld are left\n", what, (long long)before,
		(long long)after);
	return 1;
}

/* What has gone already does not matter. */
static void run(struct lab *lab, const char *line)
{
	if (lab_run(lab, line))
		out_clear(&lab->out);
}

static void end_tasks(struct lab *lab)
{
	const struct machine *m = tree_machine(lab->tree);
	const struct task_struct *t;
	u32 pid = PID_INIT;
	char line[64];

	while ((t = task_next(m, pid + 1))) {
		pid = t->pid;
		if ((t->flags & PF_KTHREAD) || t->tgid == PID_INIT)
			continue;
		snprintf(line, sizeof(line), "proc/1/ctl: kill %u KILL", t->tgid);
		run(lab, line);
	}
	while (!lab_run(lab, "proc/1/ctl: wait4 -1"))
		continue;
	/* CPUs that idle borrow what the last program left: now that is init. */
	for (unsigned int cpu = m->nr_cpus; cpu--; ) {
		snprintf(line, sizeof(line), "proc/1/ctl: sched_setaffinity 0 %u", cpu);
		run(lab, line);
	}
}

/* A CPU that runs nothing keeps the memory of whom it ran last: init's, then. */
static void visit_cpus(struct lab *lab)
{
	const struct machine *m = tree_machine(lab->tree);
	char line[64];

	run(lab, "proc/1/ctl: set_mempolicy default");
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
	return strncmp(path, "/bin/", 5) && strncmp(path, "/lib", 4) && strcmp(path, "/init");
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

static void remove_files(struct lab *lab)
{
	const struct machine *m = tree_machine(lab->tree);
	struct inode *inode = inode_next(m, NULL), *next;
	char line[300];

	for (; inode; inode = next) {
		next = inode_next(m, inode);
		if (inode->unlinked)
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

int live_end(struct lab *lab, const struct live_counts *before)
{
	const struct machine *m = tree_machine(lab->tree);
	const struct inode *inode;
	struct live_counts after;
	int err;

	end_tasks(lab);
	visit_cpus(lab);
	remove_files(lab);
	live_count(m, &after);
	err = same("tasks", (s64)before->tasks, (s64)after.tasks);
	for (unsigned int i = 0; i < ARRAY_SIZE(pools); i++)
		err |= same(pools[i].name, (s64)before->objects[i], (s64)after.objects[i]);
	for (inode = inode_next(m, NULL); err && inode; inode = inode_next(m, inode))
		fprintf(stderr, "  %s: %d references, %d pages\n", inode->path, inode->i_count,
			(int)inode->i_data.nrpages);
	err |= same("page tables", (s64)before->tables, (s64)after.tables);
	err |= same("Committed_AS, pages", before->committed, after.committed);
	err |= same("anonymous pages", (s64)before->anon, (s64)after.anon);
	err |= same("cached pages", (s64)before->cached, (s64)after.cached);
	return err;
}
