// SPDX-License-Identifier: GPL-2.0-or-later
/* Kernel objects of each pool, page tables, pages; promises but for those kept for good. */
#include "leftovers.h"

#include <stdio.h>
#include <string.h>

#include "sim/phys/section.h"
#include "sim/virt/file.h"
#include "sim/virt/task.h"
#include "sim/virt/virt.h"

static const struct {
	const char *name;
	size_t pool;		/* offset in struct virt_state */
	bool reclaimed;		/* with the pages that they are of */
} pools[] = {
#define POOL(field) { #field, offsetof(struct virt_state, field), false }
	POOL(tasks), POOL(signals), POOL(sighands), POOL(files_structs), POOL(fs_structs),
	POOL(mms), POOL(vmas), POOL(anon_vmas), POOL(anon_vma_chains), POOL(files),
	POOL(shmem_inodes), POOL(maple_nodes),
	{ "xa_nodes", offsetof(struct virt_state, xa_nodes), true },
#undef POOL
};
_Static_assert(ARRAY_SIZE(pools) <= 32, "struct leftovers has room for them");

void leftovers_count(const struct machine *m, struct leftovers *counts)
{
	memset(counts, 0, sizeof(*counts));
	for (unsigned int i = 0; i < ARRAY_SIZE(pools); i++) {
		const char *at = (const char *)m->virt + pools[i].pool;

		counts->objects[i] = ((const struct object_pool *)(const void *)at)->nr_live;
	}
	for (const struct inode *i = inode_next(m, NULL); i; i = inode_next(m, i))
		counts->disk_files += i->kind == INODE_DISK;
	/* The kernel keeps its own for ever. */
	for_each_present_pfn(m, pfn, 0, m->max_pfn)
		counts->tables += page_type(pfn_to_page(m, pfn)) == PGTY_table &&
				  pfn_to_page(m, pfn)->mapping;
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
	fprintf(stderr, "%s: %lld before, %lld are left\n", what, (long long)before,
		(long long)after);
	return 1;
}

/* So many may have gone. */
static int fewer(const char *what, s64 before, s64 after, s64 gone)
{
	return after <= before && after >= before - gone ? 0 : same(what, before, after);
}

/* What reclaim may have taken. */
static int no_more(const char *what, s64 before, s64 after)
{
	return after <= before ? 0 : same(what, before, after);
}

/* Files that are left say which. */
static void say_files(const struct machine *m)
{
	const struct inode *inode;

	for (inode = inode_next(m, NULL); inode; inode = inode_next(m, inode))
		fprintf(stderr, "  %s: %d references, %d pages\n", inode->path, inode->i_count,
			(int)inode->i_data.nrpages);
}

int leftovers_compare(const struct machine *m, const struct leftovers *before)
{
	struct leftovers after;
	int nr = 0;

	leftovers_count(m, &after);
	for (unsigned int i = 0; i < ARRAY_SIZE(pools); i++)
		nr += (pools[i].reclaimed ? no_more : same)
			(pools[i].name, (s64)before->objects[i], (s64)after.objects[i]);
	nr += same("tasks", (s64)before->tasks, (s64)after.tasks);
	nr += same("files of disks", (s64)before->disk_files, (s64)after.disk_files);
	nr += same("page tables", (s64)before->tables, (s64)after.tables);
	nr += same("Committed_AS, pages", before->committed, after.committed);
	/* A page that failed may have been init's, who shared it with a child. */
	nr += fewer("anonymous pages", (s64)before->anon, (s64)after.anon,
		    (s64)m->num_poisoned_pages);
	nr += no_more("cached pages", (s64)before->cached, (s64)after.cached);
	if (nr)
		say_files(m);
	return nr;
}
