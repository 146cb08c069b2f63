// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Control groups and cpusets: what the calls refuse, what tasks may use, how their
 * policies and pages follow, and that the kernel's own allocations may leave.
 */
#include "numa_bed.h"

#include "sim/phys/section.h"
#include "sim/virt/cgroup.h"
#include "sim/virt/memory.h"

static struct cgroup *make(struct numa_bed *bed, struct cgroup *parent, const char *name)
{
	CU_ASSERT_EQUAL_FATAL(cgroup_mkdir(bed->m, parent, name), 0);
	return cgroup_find_child(bed->m, parent, name);
}

/* A group under the root that has cpusets. */
static struct cgroup *open_group(struct numa_bed *bed)
{
	struct cgroup *root = cgroup_of(bed->m, 0), *a = make(bed, root, "a");

	CU_ASSERT_EQUAL(cgroup_control(bed->m, root, CGROUP_BIT(CGROUP_CPUSET), 0), 0);
	return a;
}

static void close_group(struct numa_bed *bed, struct cgroup *cgroup)
{
	struct cgroup *root = cgroup_of(bed->m, 0);

	CU_ASSERT_EQUAL(task_machine_check(bed->m), 0);
	CU_ASSERT_EQUAL(cgroup_attach(bed->m, root, bed->task->pid), 0);
	CU_ASSERT_EQUAL(cgroup_rmdir(bed->m, cgroup), 0);
	CU_ASSERT_EQUAL(bed->task->mems_allowed, 0);
}

static void test_groups(void)
{
	struct numa_bed bed;

	for (unsigned int i = 0; next_numa_bed(&bed, &i);) {
		struct cgroup *root = cgroup_of(bed.m, 0), *a = make(&bed, root, "a");
		struct cgroup *b = make(&bed, a, "b");
		u32 cpuset = CGROUP_BIT(CGROUP_CPUSET);
		struct out path = OUT_INIT;

		cgroup_path(b, &path);
		CU_ASSERT(path.len == 4 && !memcmp(path.text, "/a/b", 4));
		out_free(&path);
		CU_ASSERT_EQUAL(cgroup_mkdir(bed.m, root, "a"), -EEXIST);
		CU_ASSERT_EQUAL(cgroup_mkdir(bed.m, root, "x\ny"), -EINVAL);
		CU_ASSERT_EQUAL(cgroup_rmdir(bed.m, a), -EBUSY);
		CU_ASSERT_EQUAL(cgroup_control(bed.m, a, cpuset, 0), -ENOENT);
		CU_ASSERT_EQUAL(cgroup_control(bed.m, root, cpuset, 0), 0);
		CU_ASSERT_EQUAL(cgroup_control(bed.m, a, cpuset, 0), 0);
		CU_ASSERT_EQUAL(cgroup_control(bed.m, root, 0, cpuset), -EBUSY);
		CU_ASSERT_EQUAL(cgroup_attach(bed.m, b, 4242), -ESRCH);
		CU_ASSERT_EQUAL(cgroup_attach(bed.m, b, bed.task->pid), 0);
		CU_ASSERT_EQUAL(cgroup_rmdir(bed.m, b), -EBUSY);
		CU_ASSERT_TRUE(cgroup_is_populated(bed.m, a));
		CU_ASSERT_EQUAL(cgroup_control(bed.m, a, 0, cpuset), 0);
		CU_ASSERT_EQUAL(cgroup_attach(bed.m, root, bed.task->pid), 0);
		CU_ASSERT_EQUAL(cgroup_rmdir(bed.m, b), 0);
		CU_ASSERT_EQUAL(cgroup_rmdir(bed.m, a), 0);
	}
}

static void test_sets(void)
{
	struct numa_bed bed;

	for (unsigned int i = 0; next_numa_bed(&bed, &i);) {
		struct cgroup *a = open_group(&bed), *b;
		u64 cpus[CPU_WORDS] = { 0x30 };

		CU_ASSERT_EQUAL(cgroup_control(bed.m, a, CGROUP_BIT(CGROUP_CPUSET), 0), 0);
		b = make(&bed, a, "b");
		CU_ASSERT_EQUAL(a->cpuset.effective_mems, 0xf);
		CU_ASSERT_EQUAL(cpuset_set_mems(bed.m, a, 0x10), -EINVAL);
		CU_ASSERT_EQUAL(cpuset_set_mems(bed.m, a, 0x6), 0);
		CU_ASSERT_EQUAL(b->cpuset.effective_mems, 0x6);
		CU_ASSERT_EQUAL(cpuset_set_mems(bed.m, b, 0xc), 0);
		CU_ASSERT_EQUAL(b->cpuset.effective_mems, 0x4);
		CU_ASSERT_EQUAL(cpuset_set_mems(bed.m, a, 0x2), 0);
		CU_ASSERT_EQUAL(b->cpuset.effective_mems, 0x2);	/* none of its own is left */
		CU_ASSERT_EQUAL(cpuset_set_cpus(bed.m, a, cpus), 0);
		CU_ASSERT_EQUAL(cgroup_attach(bed.m, b, bed.task->pid), 0);
		CU_ASSERT_EQUAL(bed.task->last_cpu, 4);
		CU_ASSERT_EQUAL(bed.task->mems_allowed, 0x2);
		CU_ASSERT_EQUAL(cpuset_set_mems(bed.m, b, 0), -ENOSPC);
		CU_ASSERT_EQUAL(task_machine_check(bed.m), 0);
		CU_ASSERT_EQUAL(cgroup_attach(bed.m, cgroup_of(bed.m, 0), bed.task->pid), 0);
		CU_ASSERT_EQUAL(cgroup_rmdir(bed.m, b), 0);
		CU_ASSERT_EQUAL(cgroup_rmdir(bed.m, a), 0);
		CU_ASSERT_EQUAL(bed.task->mems_allowed, 0);
	}
}

/* New pages stay inside; a bind outside is refused; children begin where they are. */
static void test_allocation(void)
{
	struct numa_bed bed;
	char text[80];

	for (unsigned int i = 0; next_numa_bed(&bed, &i);) {
		struct cgroup *a = open_group(&bed);
		u64 addr = numa_map(&bed, 16, MAP_PRIVATE);
		struct task_struct *child;

		CU_ASSERT_EQUAL(cpuset_set_mems(bed.m, a, 0xc), 0);
		CU_ASSERT_EQUAL(cgroup_attach(bed.m, a, bed.task->pid), 0);
		numa_touch(&bed, addr, 4);
		/* The nearest of 2 and 3 from node 0. */
		ASSERT_NODES(&bed, addr, 4, "3333");
		CU_ASSERT_EQUAL(numa_set(&bed, MPOL_BIND, 3), -EINVAL);
		CU_ASSERT_EQUAL(numa_set(&bed, MPOL_BIND | MPOL_F_RELATIVE_NODES, 1), 0);
		CU_ASSERT_STRING_EQUAL(numa_policy(&bed, 0, text), "bind=relative:2");
		numa_touch(&bed, addr + 4 * P, 2);
		ASSERT_NODES(&bed, addr, 6, "333322");
		child = task_fork(bed.m, bed.task, SIGCHLD);
		CU_ASSERT_EQUAL(child->mems_allowed, 0xc);
		CU_ASSERT_EQUAL(child->cgroup, a->id);
		(void)task_end(bed.m, bed.task, child->pid, 0);
		CU_ASSERT_EQUAL(numa_set(&bed, MPOL_DEFAULT, 0), 0);
		close_group(&bed, a);
	}
}

/* Pages and policies follow, node by node. */
static void test_following(void)
{
	struct numa_bed bed;
	char text[80];

	for (unsigned int i = 0; next_numa_bed(&bed, &i);) {
		struct cgroup *a = open_group(&bed);
		u64 addr = ALIGN_UP(numa_map(&bed, 64, MAP_PRIVATE), 16 * P);

		CU_ASSERT_EQUAL(cpuset_set_mems(bed.m, a, 0x3), 0);
		CU_ASSERT_EQUAL(cgroup_attach(bed.m, a, bed.task->pid), 0);
		CU_ASSERT_EQUAL(numa_mbind(&bed, addr, 8, MPOL_INTERLEAVE, 0x3, 0), 0);
		CU_ASSERT_EQUAL(numa_set(&bed, MPOL_BIND | MPOL_F_STATIC_NODES, 0x6), 0);
		CU_ASSERT_STRING_EQUAL(numa_policy(&bed, 0, text), "bind=static:1");
		numa_touch(&bed, addr, 8);
		ASSERT_NODES(&bed, addr, 8, "01010101");
		CU_ASSERT_EQUAL(cpuset_set_mems(bed.m, a, 0xc), 0);
		ASSERT_NODES(&bed, addr, 8, "23232323");
		CU_ASSERT_STRING_EQUAL(numa_policy(&bed, addr, text), "interleave:2-3");
		CU_ASSERT_STRING_EQUAL(numa_policy(&bed, 0, text), "bind=static:2");
		CU_ASSERT_EQUAL(task_machine_check(bed.m), 0);
		close_group(&bed, a);
		CU_ASSERT_STRING_EQUAL(numa_policy(&bed, 0, text), "bind=static:1-2");
	}
}

/* A group that asks for no nodes: other CPUs change no policy, other nodes of the parent do. */
static void test_inherited(void)
{
	struct numa_bed bed;
	char text[80];

	for (unsigned int i = 0; next_numa_bed(&bed, &i);) {
		struct cgroup *a = open_group(&bed), *b;
		u64 addr = ALIGN_UP(numa_map(&bed, 64, MAP_PRIVATE), 16 * P);
		const u64 cpus[CPU_WORDS] = { 0x2 };

		CU_ASSERT_EQUAL(cgroup_control(bed.m, a, CGROUP_BIT(CGROUP_CPUSET), 0), 0);
		b = make(&bed, a, "b");
		CU_ASSERT_EQUAL(cgroup_attach(bed.m, b, bed.task->pid), 0);
		CU_ASSERT_EQUAL(numa_mbind(&bed, addr, 8, MPOL_INTERLEAVE | MPOL_F_RELATIVE_NODES,
					   0x6, 0), 0);
		CU_ASSERT_EQUAL(cpuset_set_cpus(bed.m, b, cpus), 0);
		CU_ASSERT_STRING_EQUAL(numa_policy(&bed, addr, text), "interleave=relative:1-2");
		CU_ASSERT_EQUAL(cpuset_set_mems(bed.m, a, 0xc), 0);
		CU_ASSERT_STRING_EQUAL(numa_policy(&bed, addr, text), "interleave=relative:2-3");
		CU_ASSERT_EQUAL(task_machine_check(bed.m), 0);
		CU_ASSERT_EQUAL(cgroup_attach(bed.m, cgroup_of(bed.m, 0), bed.task->pid), 0);
		CU_ASSERT_EQUAL(cgroup_rmdir(bed.m, b), 0);
		CU_ASSERT_EQUAL(cgroup_rmdir(bed.m, a), 0);
	}
}

/* The kernel's own memory may come from elsewhere, when all of the cpuset is taken. */
static void test_leaving(void)
{
	struct numa_bed bed;

	for (unsigned int i = 0; next_numa_bed(&bed, &i);) {
		struct cgroup *a = open_group(&bed);
		u64 addr = numa_map(&bed, 4, MAP_PRIVATE);
		const struct alloc_request fill = {
			.gfp = GFP_KERNEL | __GFP_NOWARN | __GFP_THISNODE, .node = 1,
			.owner = PGTY_kernel,
		};
		const struct alloc_request kernel = { .gfp = GFP_KERNEL, .node = -1,
						      .owner = PGTY_kernel };
		struct access_result result;
		u32 first = PFN_NIL, pfn;

		CU_ASSERT_EQUAL(cpuset_set_mems(bed.m, a, 0x2), 0);
		CU_ASSERT_EQUAL(cgroup_attach(bed.m, a, bed.task->pid), 0);
		while (!alloc_pages(bed.m, &fill, &pfn)) {
			pfn_to_page(bed.m, pfn)->next = first;
			first = pfn;
		}
		CU_ASSERT_EQUAL(alloc_pages(bed.m, &kernel, &pfn), 0);
		CU_ASSERT_NOT_EQUAL(pfn_zone(bed.m, pfn)->node, 1);
		free_pages(bed.m, pfn, 0);
		CU_ASSERT_EQUAL(task_access(bed.m, bed.task, addr, ACCESS_STORE, &result), 0);
		CU_ASSERT_EQUAL(result.signal, SIGKILL);
		for (; first != PFN_NIL; first = pfn) {
			pfn = pfn_to_page(bed.m, first)->next;
			free_pages(bed.m, first, 0);
		}
		close_group(&bed, a);
	}
}

static const CU_TestInfo tests[] = {
	{ "groups", test_groups },
	{ "sets of CPUs and nodes", test_sets },
	{ "allocation", test_allocation },
	{ "what follows", test_following },
	{ "no nodes of its own", test_inherited },
	{ "who may leave", test_leaving },
};

int main(void)
{
	return suite_main("cgroup", tests, ARRAY_SIZE(tests), NULL, NULL);
}
