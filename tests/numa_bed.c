// SPDX-License-Identifier: GPL-2.0-or-later
/* A task on a machine of four nodes: see the header. */
#include "numa_bed.h"

#include "sim/virt/content.h"

#include <stdio.h>
#include <stdlib.h>

#include "sim/virt/memory.h"
#include "sim/virt/vma.h"

static void close_bed(struct numa_bed *bed)
{
	CU_ASSERT_EQUAL(task_machine_check(bed->m), 0);
	(void)task_end(bed->m, bed->tm.init, bed->task->pid, 0);
	CU_ASSERT_EQUAL(task_machine_check(bed->m), 0);
	CU_ASSERT_EQUAL(bed->m->virt->mempolicies.nr_live, 0);
	CU_ASSERT_PTR_NULL(bed->m->policies);
	task_machine_end(&bed->tm);
}

bool next_numa_bed(struct numa_bed *bed, unsigned int *i)
{
	static const char *const releases[] = { "release=6.1", "release=6.18" };
	const char *sets[] = { *i < ARRAY_SIZE(releases) ? releases[*i] : NULL, NULL };

	if (*i)
		close_bed(bed);
	if (*i == ARRAY_SIZE(releases))
		return false;
	++*i;
	task_machine_boot(&bed->tm, "numa4", sets);
	bed->m = bed->tm.m;
	bed->task = task_fork(bed->m, bed->tm.init, SIGCHLD);
	return true;
}

u64 numa_map(struct numa_bed *bed, u64 nr_pages, u64 flags)
{
	return task_map(bed->m, bed->task, 0, nr_pages * P, flags | MAP_ANONYMOUS);
}

void numa_touch(struct numa_bed *bed, u64 addr, u64 nr_pages)
{
	task_touch_pages(bed->m, bed->task, addr, nr_pages, ACCESS_STORE);
}

u32 numa_pfn(const struct numa_bed *bed, u64 addr)
{
	return follow_page(bed->m, bed->task->mm, addr);
}

u64 numa_token(const struct numa_bed *bed, u64 addr)
{
	return content_token(bed->m, numa_pfn(bed, addr));
}

int numa_move(struct numa_bed *bed, u64 addr, unsigned int nr_pages, int node, u64 flags,
	      int *status)
{
	u64 pages[64];
	int nodes[64];
	struct move_pages_request req = {
		.nr_pages = nr_pages, .pages = pages, .nodes = node == NUMA_ASK ? NULL : nodes,
		.status = status, .flags = flags,
	};

	for (unsigned int i = 0; i < nr_pages; i++) {
		pages[i] = addr + i * P;
		nodes[i] = node;
		status[i] = 99;
	}
	return sys_move_pages(bed->m, bed->task, &req);
}

const char *numa_nodes(const struct numa_bed *bed, u64 addr, u64 nr_pages, char *text)
{
	for (u64 i = 0; i < nr_pages; i++) {
		u32 pfn = follow_page(bed->m, bed->task->mm, addr + i * P);

		text[i] = pfn == PFN_NIL ? '-' : '0' + (char)pfn_zone(bed->m, pfn)->node;
	}
	text[nr_pages] = '\0';
	return text;
}

int numa_set(struct numa_bed *bed, u64 mode, u64 nodes)
{
	struct user_nodes user = { nodes != 0, nodes, MAXNODE_ALL };

	return sys_set_mempolicy(bed->m, bed->task, mode, &user);
}

int numa_mbind(struct numa_bed *bed, u64 addr, u64 nr_pages, u64 mode, u64 nodes, u64 flags)
{
	struct mbind_request req = {
		.start = addr, .len = nr_pages * P, .mode = mode, .flags = flags,
		.nodes = { nodes != 0, nodes, MAXNODE_ALL },
	};

	return sys_mbind(bed->m, bed->task, &req);
}

const char *numa_policy(const struct numa_bed *bed, u64 addr, char *text)
{
	const struct vm_area_struct *vma = addr ? vma_lookup(bed->m, bed->task->mm, addr) : NULL;
	struct out out = OUT_INIT;
	u64 offset;

	mpol_print(&out, addr ? vma_own_policy(bed->m, vma, addr, &offset) :
				bed->task->mempolicy);
	snprintf(text, 80, "%.*s", (int)out.len, out.text);
	out_free(&out);
	return text;
}

s64 numa_stat(const struct numa_bed *bed, unsigned int node, enum numa_stat_item item)
{
	s64 sum = 0;

	for (unsigned int i = 0; i < bed->m->nr_zones; i++)
		if (bed->m->zones[i]->node == node)
			sum += bed->m->zones[i]->numa[item];
	return sum;
}
