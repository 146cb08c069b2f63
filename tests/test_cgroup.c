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
		/* Who has ended goes nowhere, and is no error. */
		child = task_fork(bed.m, bed.task, SIGCHLD);
		do_group_exit(bed.m, child, 0);
		CU_ASSERT_EQUAL(cgroup_attach(bed.m, cgroup_of(bed.m, 0), child->pid), 0);
		task_end(bed.m, bed.task, child->pid, 0);
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

static u64 cpus_of(const struct numa_bed *bed)
{
	u64 cpus[CPU_WORDS];

	CU_ASSERT_EQUAL(sys_sched_getaffinity(bed->m, bed->task, 0, cpus), 0);
	return cpus[0];
}

static int ask_for_cpus(const struct numa_bed *bed, u64 mask)
{
	const u64 cpus[CPU_WORDS] = { mask };

	return sys_sched_setaffinity(bed->m, bed->task, 0, cpus);
}

/* As guests of four CPUs had it: 6.18 remembers what was asked for. */
static void test_affinity(void)
{
	struct numa_bed bed;

	for (unsigned int i = 0; next_numa_bed(&bed, &i);) {
		const bool keeps = bed.m->release >= R_6_18;
		const u64 some[CPU_WORDS] = { 0x6 }, first[CPU_WORDS] = { 0x1 };
		const u64 second[CPU_WORDS] = { 0x2 }, last[CPU_WORDS] = { 0x8 };
		const u64 most[CPU_WORDS] = { 0x7 };
		struct cgroup *a = open_group(&bed), *b = make(&bed, cgroup_of(bed.m, 0), "b");
		const u64 all = cpus_of(&bed);

		CU_ASSERT_EQUAL(cpuset_set_cpus(bed.m, a, some), 0);
		CU_ASSERT_EQUAL(cpuset_set_cpus(bed.m, b, first), 0);
		CU_ASSERT_EQUAL(ask_for_cpus(&bed, 0), -EINVAL);
		CU_ASSERT_EQUAL(ask_for_cpus(&bed, 0x2), 0);
		CU_ASSERT_EQUAL(cpus_of(&bed), 0x2);
		CU_ASSERT_EQUAL(cgroup_attach(bed.m, a, bed.task->pid), 0);
		CU_ASSERT_EQUAL(cpus_of(&bed), keeps ? 0x2 : 0x6);
		CU_ASSERT_EQUAL(cgroup_attach(bed.m, b, bed.task->pid), 0);
		CU_ASSERT_EQUAL(cpus_of(&bed), 0x1);
		CU_ASSERT_EQUAL(cgroup_attach(bed.m, cgroup_of(bed.m, 0), bed.task->pid), 0);
		CU_ASSERT_EQUAL(cpus_of(&bed), keeps ? 0x2 : all);
		CU_ASSERT_EQUAL(cgroup_attach(bed.m, a, bed.task->pid), 0);
		CU_ASSERT_EQUAL(ask_for_cpus(&bed, 0x1), -EINVAL);
		CU_ASSERT_EQUAL(ask_for_cpus(&bed, 0x8), -EINVAL);
		CU_ASSERT_EQUAL(ask_for_cpus(&bed, 0x5), 0);
		CU_ASSERT_EQUAL(cpus_of(&bed), 0x4);
		CU_ASSERT_EQUAL(cgroup_attach(bed.m, b, bed.task->pid), 0);
		CU_ASSERT_EQUAL(cpus_of(&bed), 0x1);
		CU_ASSERT_EQUAL(cgroup_attach(bed.m, a, bed.task->pid), 0);
		CU_ASSERT_EQUAL(cpuset_set_cpus(bed.m, a, second), 0);
		CU_ASSERT_EQUAL(cpus_of(&bed), 0x2);
		CU_ASSERT_EQUAL(cpuset_set_cpus(bed.m, a, most), 0);
		CU_ASSERT_EQUAL(cpus_of(&bed), keeps ? 0x5 : 0x7);
		CU_ASSERT_EQUAL(cpuset_set_cpus(bed.m, a, last), 0);
		CU_ASSERT_EQUAL(cpus_of(&bed), 0x8);
		CU_ASSERT_EQUAL(cgroup_attach(bed.m, cgroup_of(bed.m, 0), bed.task->pid), 0);
		CU_ASSERT_EQUAL(cpus_of(&bed), keeps ? 0x5 : all);
		CU_ASSERT_EQUAL(cgroup_rmdir(bed.m, b), 0);
		close_group(&bed, a);
	}
}

/* Whoever runs, and wherever it may be: pages go where their cpuset went. */
static void test_other_runs(void)
{
	struct numa_bed bed;

	for (unsigned int i = 0; next_numa_bed(&bed, &i);) {
		struct cgroup *a = open_group(&bed), *b = make(&bed, cgroup_of(bed.m, 0), "b");
		u64 addr = numa_map(&bed, 4, MAP_PRIVATE);
		struct task_struct *other;

		CU_ASSERT_EQUAL(cpuset_set_mems(bed.m, a, 0x2), 0);
		CU_ASSERT_EQUAL(cpuset_set_mems(bed.m, b, 0x1), 0);
		CU_ASSERT_EQUAL(cgroup_attach(bed.m, a, bed.task->pid), 0);
		other = task_fork(bed.m, bed.task, SIGCHLD);
		CU_ASSERT_EQUAL(cgroup_attach(bed.m, b, other->pid), 0);
		sched_switch_to(bed.m, bed.task);
		numa_touch(&bed, addr, 4);
		ASSERT_NODES(&bed, addr, 4, "1111");
		sched_switch_to(bed.m, other);
		CU_ASSERT_EQUAL(cpuset_set_mems(bed.m, a, 0x8), 0);
		ASSERT_NODES(&bed, addr, 4, "3333");
		task_end(bed.m, bed.task, other->pid, 0);
		CU_ASSERT_EQUAL(cgroup_rmdir(bed.m, b), 0);
		close_group(&bed, a);
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
	{ "sched_setaffinity", test_affinity },
	{ "another task runs", test_other_runs },
	{ "no nodes of its own", test_inherited },
	{ "who may leave", test_leaving },
};

int main(void)
{
	return suite_main("cgroup", tests, ARRAY_SIZE(tests), NULL, NULL);
}
