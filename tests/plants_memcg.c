// SPDX-License-Identifier: GPL-2.0-or-later
/* What can be wrong with memory cgroups: charges, sums, lists, figures. */
#include "plants.h"

#include "support.h"
#include "sim/virt/blk_cgroup.h"
#include "sim/virt/memcontrol.h"
#include "sim/virt/memory.h"
#include "sim/virt/sched.h"

#define PAGES 8

/* A group in which init has stored to some pages of its stack. */
static struct mem_cgroup *group_with_pages(struct machine *m)
{
	struct cgroup *root = cgroup_of(m, 0);
	struct task_struct *init = task_find(m, PID_INIT);
	struct access_result result;

	CU_ASSERT_EQUAL_FATAL(cgroup_mkdir(m, root, "g"), 0);
	CU_ASSERT_EQUAL_FATAL(cgroup_control(m, root, CGROUP_BIT(CGROUP_MEMORY), 0), 0);
	CU_ASSERT_EQUAL_FATAL(cgroup_attach(m, cgroup_find_child(m, root, "g"), PID_INIT), 0);
	sched_switch_to(m, init);
	for (u64 i = 1; i <= PAGES; i++)
		CU_ASSERT_EQUAL_FATAL(task_access(m, init, init->mm->start_stack - i * PAGE_SIZE,
						  ACCESS_STORE, &result), 0);
	lru_add_drain_all(m);
	return mem_cgroup_of(m, init->mm->memcg);
}

/* The first page on one of its lists. */
static struct page *listed(struct machine *m, const struct mem_cgroup *memcg)
{
	for (unsigned int nid = 0; nid < m->nr_nodes; nid++)
		for (unsigned int list = 0; list < LRU_UNEVICTABLE; list++)
			if (memcg->nodes[nid].lruvec.lists[list].first != PFN_NIL)
				return &m->mem_map[memcg->nodes[nid].lruvec.lists[list].first];
	CU_FAIL_FATAL("no page on a list of the group");
	return NULL;
}

static void nobodys_page(struct machine *m)
{
	listed(m, group_with_pages(m))->memcg |= MEMCG_ID_MASK;
}

static void other_groups_page(struct machine *m)
{
	listed(m, group_with_pages(m))->memcg &= ~MEMCG_ID_MASK;
}

static void charge_of_nothing(struct machine *m)
{
	struct mem_cgroup *memcg = group_with_pages(m);

	memcg->nr_charged++;
	page_counter_charge(&memcg->memory, 1);
}

static void usage(struct machine *m)
{
	group_with_pages(m)->memory.usage++;
}

static void swap_usage(struct machine *m)
{
	group_with_pages(m)->swap.usage++;
}

static void protected_below(struct machine *m)
{
	group_with_pages(m)->memory.low_usage++;
}

static void children(struct machine *m)
{
	group_with_pages(m)->parent->nr_children++;
}

static void list_size(struct machine *m)
{
	group_with_pages(m)->nodes[0].lruvec.size[ZONE_DMA32][LRU_ACTIVE_FILE]++;
}

static void counter(struct machine *m)
{
	group_with_pages(m)->nodes[0].stat[NR_SHMEM]++;
}

static void bytes_of_objects(struct machine *m)
{
	group_with_pages(m)->object_bytes++;
}

static void kernel_blocks(struct machine *m)
{
	group_with_pages(m)->nr_kernel++;
}

static void kernel_pages(struct machine *m)
{
	group_with_pages(m)->kernel[MEMCG_KMEM]++;
}

static void percpu_bytes(struct machine *m)
{
	group_with_pages(m)->kernel[MEMCG_PERCPU_B]++;
}

static void slab_bytes(struct machine *m)
{
	group_with_pages(m)->nodes[0].stat[NR_SLAB_RECLAIMABLE]++;
}

static void other_slab_bytes(struct machine *m)
{
	group_with_pages(m)->nodes[0].stat[NR_SLAB_UNRECLAIMABLE]++;
}

static void stack_kb(struct machine *m)
{
	group_with_pages(m)->nodes[0].stat[NR_KERNEL_STACK]++;
}

static void io_below(struct machine *m)
{
	struct cgroup *root = cgroup_of(m, 0);

	CU_ASSERT_EQUAL_FATAL(cgroup_mkdir(m, root, "g"), 0);
	CU_ASSERT_EQUAL_FATAL(cgroup_mkdir(m, cgroup_find_child(m, root, "g"), "h"), 0);
	cgroup_find_child(m, cgroup_find_child(m, root, "g"), "h")->io[0].ios[REQ_OP_READ]++;
}

static const struct plant plants[] = {
	{ "G3", io_below, "a group has a request of a disk that the one above it has not" },
	{ "MG1 MG3 L1", nobodys_page, "a page is charged to a memory cgroup that is not there" },
	{ "MG3 MG1 MG4", other_groups_page, "a page on a group's list is charged to the root" },
	{ "MG1", charge_of_nothing, "a group is charged for a page that there is not" },
	{ "MG2", usage, "a group uses a page more than is charged to it and those below" },
	{ "MG2", swap_usage, "a group uses a slot of swap more" },
	{ "MG2", protected_below, "a group has more that memory.low protects than its parent knows" },
	{ "MG2", children, "a group has a child more" },
	{ "MG3", list_size, "a group's list counts a page more" },
	{ "MG1", bytes_of_objects, "a group is charged for a byte that no object has" },
	{ "MG1", kernel_blocks, "a group counts a page of the kernel's more" },
	{ "MG4", kernel_pages, "memory.stat has a page of the kernel's more" },
	{ "MG4", percpu_bytes, "memory.stat has a byte of per-CPU memory more" },
	{ "MG4", slab_bytes, "memory.stat has a byte more of slabs that can be reclaimed" },
	{ "MG4", other_slab_bytes, "memory.stat has a byte more of other slabs" },
	{ "MG4", stack_kb, "memory.stat has a kB of kernel stacks more" },
	{ "MG4", counter, "a group counts a page of shared memory more" },
};

const struct plant_table memcg_plants = { "memory cgroups", plants, ARRAY_SIZE(plants) };
