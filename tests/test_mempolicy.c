// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Policies: what the calls accept, where pages then come from, which VMAs stay one,
 * what fork and shared memory keep. Errnos and results are those of LTP's and gVisor's
 * tests of these calls, as rows.
 */
#include "lab.h"
#include "numa_bed.h"

#include <stdlib.h>

#include "sim/phys/vmalloc.h"
#include "sim/virt/file.h"
#include "sim/virt/memory.h"

#define ALL_NODES 0xfULL
#define STATIC MPOL_F_STATIC_NODES
#define RELATIVE MPOL_F_RELATIVE_NODES
#define BALANCE MPOL_F_NUMA_BALANCING

/* set_mempolicy: result by release; what get_mempolicy and numa_maps then say. */
static const struct {
	u64 mode, nodes;
	int err[2];
	u64 got;		/* nodes */
	const char *text;
} set_rows[] = {
	{ MPOL_DEFAULT, 0, { 0, 0 }, 0, "default" },
	{ MPOL_DEFAULT, 1, { -EINVAL, -EINVAL }, 0, NULL },
	{ MPOL_DEFAULT | STATIC, 0, { 0, 0 }, 0, "default" },
	{ MPOL_PREFERRED, 4, { 0, 0 }, 4, "prefer:2" },
	{ MPOL_PREFERRED, 6, { 0, 0 }, 2, "prefer:1" },
	{ MPOL_PREFERRED, 0, { 0, 0 }, 0, "local" },
	{ MPOL_PREFERRED | STATIC, 0, { -EINVAL, -EINVAL }, 0, NULL },
	{ MPOL_PREFERRED | RELATIVE, 0, { -EINVAL, -EINVAL }, 0, NULL },
	{ MPOL_PREFERRED, 0x10, { -EINVAL, -EINVAL }, 0, NULL },
	{ MPOL_BIND, 3, { 0, 0 }, 3, "bind:0-1" },
	{ MPOL_BIND, 0xb, { 0, 0 }, 0xb, "bind:0-1,3" },
	{ MPOL_BIND, 0x13, { 0, 0 }, 3, "bind:0-1" },
	{ MPOL_BIND, 0, { -EINVAL, -EINVAL }, 0, NULL },
	{ MPOL_BIND, 0xf0, { -EINVAL, -EINVAL }, 0, NULL },
	{ MPOL_BIND | STATIC, 0x13, { 0, 0 }, 0x13, "bind=static:0-1" },
	{ MPOL_BIND | RELATIVE, 0x30, { 0, 0 }, 0x30, "bind=relative:0-1" },
	{ MPOL_BIND | STATIC | RELATIVE, 3, { -EINVAL, -EINVAL }, 0, NULL },
	{ MPOL_BIND | BALANCE, 3, { 0, 0 }, 3, "bind=balancing:0-1" },
	{ MPOL_BIND | STATIC | BALANCE, 3, { 0, 0 }, 3, "bind=static|balancing:0-1" },
	{ MPOL_INTERLEAVE, 5, { 0, 0 }, 5, "interleave:0,2" },
	{ MPOL_INTERLEAVE, 0, { -EINVAL, -EINVAL }, 0, NULL },
	{ MPOL_INTERLEAVE | BALANCE, 5, { -EINVAL, -EINVAL }, 0, NULL },
	{ MPOL_LOCAL, 0, { 0, 0 }, 0, "local" },
	{ MPOL_LOCAL, 1, { -EINVAL, -EINVAL }, 0, NULL },
	{ MPOL_LOCAL | STATIC, 0, { -EINVAL, -EINVAL }, 0, NULL },
	{ MPOL_PREFERRED_MANY, 0xc, { 0, 0 }, 0xc, "prefer (many):2-3" },
	{ MPOL_PREFERRED_MANY | BALANCE, 0xc, { -EINVAL, 0 }, 0xc,
	  "prefer (many)=balancing:2-3" },
	{ MPOL_WEIGHTED_INTERLEAVE, 3, { -EINVAL, 0 }, 3, "weighted interleave:0-1" },
	{ 7, 1, { -EINVAL, -EINVAL }, 0, NULL },
	{ (u64)-1, 1, { -EINVAL, -EINVAL }, 0, NULL },
};

static void test_set_get(void)
{
	struct numa_bed bed;
	char text[80];

	for (unsigned int i = 0; next_numa_bed(&bed, &i);)
		for (size_t n = 0; n < ARRAY_SIZE(set_rows); n++) {
			int err = numa_set(&bed, set_rows[n].mode, set_rows[n].nodes), policy;
			u64 nodes;

			CU_ASSERT_EQUAL(err, set_rows[n].err[i - 1]);
			if (err != set_rows[n].err[i - 1])
				fprintf(stderr, "row %zu: %d\n", n, err);
			if (err)
				continue;
			CU_ASSERT_EQUAL(sys_get_mempolicy(bed.m, bed.task, 0, 0, &policy,
							  &nodes), 0);
			CU_ASSERT_EQUAL(nodes, set_rows[n].got);
			CU_ASSERT_STRING_EQUAL(numa_policy(&bed, 0, text), set_rows[n].text);
		}
}

/* How many bits of the mask count. */
static void test_maxnode(void)
{
	static const struct {
		struct user_nodes nodes;
		int err;
		u64 got;
	} rows[] = {
		{ { true, 0xf, 65 }, 0, 0xf },
		{ { true, 0xf, 3 }, 0, 3 },
		{ { true, 0xf, 1 }, -EINVAL, 0 },	/* no bit: an empty set */
		{ { true, 0xf, 0 }, -EINVAL, 0 },
		{ { false, 0xf, 0 }, -EINVAL, 0 },
		{ { true, 0xf, 32769 }, 0, 0xf },
		{ { true, 0xf, 32770 }, -EINVAL, 0 },
	};
	struct numa_bed bed;

	for (unsigned int i = 0; next_numa_bed(&bed, &i);)
		for (size_t n = 0; n < ARRAY_SIZE(rows); n++) {
			int policy;
			u64 nodes;

			CU_ASSERT_EQUAL(sys_set_mempolicy(bed.m, bed.task, MPOL_BIND,
							  &rows[n].nodes), rows[n].err);
			if (rows[n].err)
				continue;
			CU_ASSERT_EQUAL(sys_get_mempolicy(bed.m, bed.task, 0, 0, &policy,
							  &nodes), 0);
			CU_ASSERT_EQUAL(nodes, rows[n].got);
		}
}

/* A kernel for few nodes: bits that it has none for. The last column is a policy's nodes. */
static void test_few_nodes(void)
{
	static const struct {
		const char *shift;
		u64 mask, maxnode;
		int err;
		u64 got;
	} rows[] = {
		{ "config.NODES_SHIFT=2", 0xf, 5, 0, 0xf },
		{ "config.NODES_SHIFT=2", 0x1f, 5, 0, 0xf },	/* four bits count */
		{ "config.NODES_SHIFT=2", 0x1f, 6, -EINVAL, 0 },
		{ "config.NODES_SHIFT=2", 0x2f, 6, 0, 0xf },	/* five do */
		{ "config.NODES_SHIFT=2", 1ULL << 63 | 0xf, 64, 0, 0xf },
		{ "config.NODES_SHIFT=2", 1ULL << 63 | 0xf, 65, -EINVAL, 0 },
		{ "config.NODES_SHIFT=2", 1ULL << 63 | 0xf, 66, 0, 0xf },	/* stops above */
		{ "config.NODES_SHIFT=2", 1ULL << 63 | 0xf, 69, 0, 0xf },
		{ "config.NODES_SHIFT=2", 1ULL << 5 | 0xf, 70, 0, 0xf },
		{ "config.NODES_SHIFT=2", 1ULL << 4 | 0xf, 70, -EINVAL, 0 },
		{ "config.NODES_SHIFT=2", 0x1f, 1025, -EINVAL, 0 },
		{ "config.NODES_SHIFT=2", 0xf, 32769, 0, 0xf },
		{ "config.NODES_SHIFT=2", 0xf, 32770, -EINVAL, 0 },
		{ "config.NODES_SHIFT=6", ~0ULL, 1025, 0, 0xf },
		{ "config.NODES_SHIFT=6", ~0ULL, 65, 0, 0xf },
	};

	for (size_t n = 0; n < ARRAY_SIZE(rows); n++) {
		const struct user_nodes nodes = { true, rows[n].mask, rows[n].maxnode };
		const char *sets[] = { rows[n].shift, NULL };
		struct task_machine tm;
		int policy, err;
		u64 got = 0;

		task_machine_boot(&tm, "numa4", sets);
		err = sys_set_mempolicy(tm.m, tm.init, MPOL_INTERLEAVE, &nodes);
		CU_ASSERT_EQUAL(err, rows[n].err);
		CU_ASSERT_EQUAL(sys_get_mempolicy(tm.m, tm.init, 0, 0, &policy, &got), 0);
		CU_ASSERT_EQUAL(got, rows[n].got);
		if (err != rows[n].err || got != rows[n].got)
			fprintf(stderr, "row %zu: %d, 0x%llx\n", n, err, (unsigned long long)got);
		/* The first page is of the first node: the one before is the kernel's last. */
		if (!err)
			CU_ASSERT_EQUAL(sys_get_mempolicy(tm.m, tm.init, 0, MPOL_F_NODE, &policy,
							  &got), 0);
		CU_ASSERT_EQUAL(policy, 0);
		CU_ASSERT_EQUAL(sys_migrate_pages(tm.m, tm.init, 0, &nodes, &nodes), rows[n].err);
		CU_ASSERT_EQUAL(task_machine_check(tm.m), 0);
		task_machine_end(&tm);
	}
}

static bool has_line(struct lab *lab, const char *path, const char *line)
{
	const char *found = strstr(lab_cat(lab, path), line);

	return found && found[strlen(line)] == '\n';
}

/* Files and calls have sets as wide as the kernel's. */
static void test_widths(void)
{
	static const struct {
		const char *shift, *mask, *workingset;
		unsigned int last;
	} rows[] = {
		{ "config.NODES_SHIFT=1", "Mems_allowed:\t3", "timestamp_bits=45 ", 1 },
		{ "config.NODES_SHIFT=4", "Mems_allowed:\t0003", "timestamp_bits=42 ", 15 },
		{ "config.NODES_SHIFT=6", "Mems_allowed:\t00000000,00000003", "timestamp_bits=40 ",
		  63 },
	};

	for (size_t n = 0; n < ARRAY_SIZE(rows); n++) {
		const char *sets[] = { rows[n].shift, NULL };
		unsigned int last = rows[n].last;
		struct lab lab;

		CU_ASSERT_EQUAL_FATAL(lab_open_set(&lab, "pc", sets), 0);
		CU_ASSERT_TRUE(has_line(&lab, "proc/1/status", rows[n].mask));
		CU_ASSERT_PTR_NOT_NULL(strstr(lab_cat(&lab, "sim/dmesg"), rows[n].workingset));
		lab_expect(&lab, 0, "sim/ctl: cgroup_mkdir a");
		lab_expect(&lab, 0, "sys/fs/cgroup/cgroup.subtree_control: +cpuset");
		lab_expect(&lab, 0, "sys/fs/cgroup/a/cpuset.mems: 0-1");
		lab_expect(&lab, ERANGE, "sys/fs/cgroup/a/cpuset.mems: %u", last + 1);
		lab_expect(&lab, last == 1 ? 0 : EINVAL, "sys/fs/cgroup/a/cpuset.mems: 1,%u",
			   last);
		lab_expect(&lab, 0, "proc/1/ctl: set_mempolicy bind all");
		lab_expect(&lab, 0, "proc/1/ctl: set_mempolicy bind 0,%u", last);
		lab_expect(&lab, last == 63 ? EBADMSG : EINVAL,
			   "proc/1/ctl: set_mempolicy bind 0,%u", last + 1);
		lab_expect(&lab, 0, "proc/1/ctl: set_mempolicy default");
		lab_end(&lab);
	}
}

static void test_get_errors(void)
{
	struct numa_bed bed;
	int policy;
	u64 nodes;

	for (unsigned int i = 0; next_numa_bed(&bed, &i);) {
		u64 addr = numa_map(&bed, 4, MAP_PRIVATE);

#define GET(where, flags) sys_get_mempolicy(bed.m, bed.task, where, flags, &policy, &nodes)
		CU_ASSERT_EQUAL(GET(0, 8), -EINVAL);
		CU_ASSERT_EQUAL(GET(addr, 0), -EINVAL);
		CU_ASSERT_EQUAL(GET(0, MPOL_F_NODE), -EINVAL);
		CU_ASSERT_EQUAL(GET(0, MPOL_F_ADDR), -EFAULT);
		CU_ASSERT_EQUAL(GET(0, MPOL_F_MEMS_ALLOWED | MPOL_F_NODE), -EINVAL);
		CU_ASSERT_EQUAL(GET(0, MPOL_F_MEMS_ALLOWED), 0);
		CU_ASSERT_EQUAL(nodes, ALL_NODES);
		/* An address has its VMA's policy, not the task's. */
		CU_ASSERT_EQUAL(numa_set(&bed, MPOL_INTERLEAVE, ALL_NODES), 0);
		CU_ASSERT_EQUAL(GET(addr, MPOL_F_ADDR), 0);
		CU_ASSERT_EQUAL(policy, MPOL_DEFAULT);
		CU_ASSERT_EQUAL(GET(0, MPOL_F_NODE), 0);
		CU_ASSERT_EQUAL(policy, 0);
		/* A page is faulted in by the question. */
		CU_ASSERT_EQUAL(numa_mbind(&bed, addr, 4, MPOL_BIND, 8, 0), 0);
		numa_touch(&bed, addr, 1);
		CU_ASSERT_EQUAL(GET(addr, MPOL_F_ADDR | MPOL_F_NODE), 0);
		CU_ASSERT_EQUAL(policy, 3);
		CU_ASSERT_EQUAL(GET(addr + P, MPOL_F_ADDR | MPOL_F_NODE), 0);
		ASSERT_NODES(&bed, addr, 4, "30--");	/* the zero page is node 0's */
#undef GET
	}
}

/* Where the pages of eight touches come from. The task runs on node 0. */
static const struct {
	u64 mode, nodes;
	const char *nodes_of_pages[2];	/* by release */
} place_rows[] = {
	{ MPOL_DEFAULT, 0, { "00000000", "00000000" } },
	{ MPOL_LOCAL, 0, { "00000000", "00000000" } },
	{ MPOL_PREFERRED, 4, { "22222222", "22222222" } },
	{ MPOL_BIND, 8, { "33333333", "33333333" } },
	/* The nearest of the nodes: by node 0's zonelist. */
	{ MPOL_BIND, 0xc, { "33333333", "33333333" } },
	{ MPOL_PREFERRED_MANY, 0x6, { "11111111", "11111111" } },
	{ MPOL_INTERLEAVE, ALL_NODES, { "01230123", "01230123" } },
	{ MPOL_INTERLEAVE, 0xa, { "13131313", "13131313" } },
	{ MPOL_WEIGHTED_INTERLEAVE, 0x3, { NULL, "00010001" } },
};

static void test_places_of_vma(void)
{
	struct numa_bed bed;

	for (unsigned int i = 0; next_numa_bed(&bed, &i);) {
		u64 addr = numa_map(&bed, 64, MAP_PRIVATE | MAP_NORESERVE);

		bed.m->virt->il_weights[0] = 3;
		/* Interleaving counts from the page offset: begin at a multiple. */
		addr = ALIGN_UP(addr, 16 * P);
		for (size_t n = 0; n < ARRAY_SIZE(place_rows); n++) {
			if (!place_rows[n].nodes_of_pages[i - 1])
				continue;
			CU_ASSERT_EQUAL(numa_mbind(&bed, addr, 8, place_rows[n].mode,
						   place_rows[n].nodes, 0), 0);
			numa_touch(&bed, addr, 8);
			ASSERT_NODES(&bed, addr, 8, place_rows[n].nodes_of_pages[i - 1]);
			CU_ASSERT_EQUAL(sys_madvise(bed.m, bed.task, addr, 8 * P, MADV_DONTNEED), 0);
		}
		bed.m->virt->il_weights[0] = 0;
	}
}

static void test_places_of_task(void)
{
	struct numa_bed bed;

	for (unsigned int i = 0; next_numa_bed(&bed, &i);) {
		u64 addr = ALIGN_UP(numa_map(&bed, 64, MAP_PRIVATE), 16 * P);

		bed.m->virt->il_weights[0] = 3;
		numa_touch(&bed, addr, 9);	/* the page table is there */
		for (size_t n = 0; n < ARRAY_SIZE(place_rows); n++) {
			if (!place_rows[n].nodes_of_pages[i - 1])
				continue;
			CU_ASSERT_EQUAL(numa_set(&bed, place_rows[n].mode, place_rows[n].nodes), 0);
			CU_ASSERT_EQUAL(sys_madvise(bed.m, bed.task, addr, 8 * P, MADV_DONTNEED), 0);
			numa_touch(&bed, addr, 8);
			ASSERT_NODES(&bed, addr, 8, place_rows[n].nodes_of_pages[i - 1]);
		}
		CU_ASSERT_EQUAL(numa_set(&bed, MPOL_DEFAULT, 0), 0);
		bed.m->virt->il_weights[0] = 0;
	}
}

/* interleave_hit, and what hit and miss mean under a policy. */
static void test_counters(void)
{
	struct numa_bed bed;

	for (unsigned int i = 0; next_numa_bed(&bed, &i);) {
		u64 addr = ALIGN_UP(numa_map(&bed, 64, MAP_PRIVATE), 16 * P);
		s64 hits, interleaved, other;

		numa_touch(&bed, addr + 8 * P, 1);
		hits = numa_stat(&bed, 2, NUMA_HIT);
		interleaved = numa_stat(&bed, 2, NUMA_INTERLEAVE);
		other = numa_stat(&bed, 2, NUMA_OTHER);
		CU_ASSERT_EQUAL(numa_mbind(&bed, addr, 8, MPOL_INTERLEAVE, ALL_NODES, 0), 0);
		numa_touch(&bed, addr, 8);
		CU_ASSERT_EQUAL(numa_stat(&bed, 2, NUMA_HIT) - hits, 2);
		CU_ASSERT_EQUAL(numa_stat(&bed, 2, NUMA_INTERLEAVE) - interleaved, 2);
		CU_ASSERT_EQUAL(numa_stat(&bed, 2, NUMA_OTHER) - other, 2);
	}
}

/* Areas of vmalloc: a share of each node, in a row, and no hit of interleaving. */
static void test_areas(void)
{
	struct numa_bed bed;

	for (unsigned int i = 0; next_numa_bed(&bed, &i);) {
		struct vmalloc_request req = {
			.bytes = 6 * P, .gfp = GFP_KERNEL, .node = NUMA_NO_NODE,
			.caller = "test",
		};
		s64 hits = numa_stat(&bed, 1, NUMA_INTERLEAVE), before[4];
		u64 addr;

		for (unsigned int n = 0; n < 4; n++)
			before[n] = numa_stat(&bed, n, NUMA_HIT);
		CU_ASSERT_EQUAL(numa_set(&bed, MPOL_INTERLEAVE, 0xf), 0);
		CU_ASSERT_EQUAL(vmalloc(bed.m, &req, &addr), 0);
		CU_ASSERT(numa_stat(&bed, 2, NUMA_HIT) - before[2] >= 1);
		CU_ASSERT(numa_stat(&bed, 3, NUMA_HIT) - before[3] >= 1);
		CU_ASSERT(numa_stat(&bed, 1, NUMA_INTERLEAVE) - hits <= 1);	/* of objects */
		CU_ASSERT_EQUAL(vfree(bed.m, addr), 0);
		CU_ASSERT_EQUAL(numa_set(&bed, MPOL_DEFAULT, 0), 0);
	}
}

/* What a policy does to the VMAs of a range: 12 pages, before and after. */
static unsigned int nr_vmas(const struct numa_bed *bed, u64 addr, u64 nr_pages)
{
	const struct vm_area_struct *vma = find_vma(bed->m, bed->task->mm, addr);
	unsigned int nr = 0;

	for (; vma && vma->vm_start < addr + nr_pages * P; vma = vma_next(bed->m, vma))
		nr++;
	return nr;
}

static void test_split_merge(void)
{
	struct numa_bed bed;
	char text[80];

	for (unsigned int i = 0; next_numa_bed(&bed, &i);) {
		u64 addr = numa_map(&bed, 12, MAP_PRIVATE) + 0;

		CU_ASSERT_EQUAL(numa_mbind(&bed, addr + 4 * P, 4, MPOL_BIND, 2, 0), 0);
		CU_ASSERT_EQUAL(nr_vmas(&bed, addr, 12), 3);
		CU_ASSERT_STRING_EQUAL(numa_policy(&bed, addr, text), "default");
		CU_ASSERT_STRING_EQUAL(numa_policy(&bed, addr + 4 * P, text), "bind:1");
		/* The same again changes nothing; equal neighbours become one. */
		CU_ASSERT_EQUAL(numa_mbind(&bed, addr + 4 * P, 4, MPOL_BIND, 2, 0), 0);
		CU_ASSERT_EQUAL(nr_vmas(&bed, addr, 12), 3);
		CU_ASSERT_EQUAL(numa_mbind(&bed, addr + 8 * P, 2, MPOL_BIND, 2, 0), 0);
		CU_ASSERT_EQUAL(nr_vmas(&bed, addr, 12), 3);
		CU_ASSERT_EQUAL(numa_mbind(&bed, addr + 8 * P, 2, MPOL_INTERLEAVE, 2, 0), 0);
		CU_ASSERT_EQUAL(nr_vmas(&bed, addr, 12), 4);
		CU_ASSERT_EQUAL(sys_set_mempolicy_home_node(bed.m, bed.task, addr + 4 * P, 2 * P,
							    3, 0), 0);
		CU_ASSERT_EQUAL(nr_vmas(&bed, addr, 12), 5);
		/* mprotect keeps neighbours of other policies apart. */
		CU_ASSERT_EQUAL(sys_mprotect(bed.m, bed.task, addr, 12 * P, 7), 0);
		CU_ASSERT_EQUAL(nr_vmas(&bed, addr, 12), 5);
		CU_ASSERT_EQUAL(numa_mbind(&bed, addr, 12, MPOL_DEFAULT, 0, 0), 0);
		CU_ASSERT_EQUAL(nr_vmas(&bed, addr, 12), 1);
	}
}

/* Rows of mbind on 8 mapped pages, of which the first 4 are on node 0, with a hole behind. */
static const struct {
	u64 page, nr_pages, mode, nodes, flags;
	int err;
} mbind_rows[] = {
	{ 0, 8, MPOL_BIND, 1, MPOL_MF_STRICT, 0 },
	{ 0, 8, MPOL_BIND, 2, MPOL_MF_STRICT, -EIO },
	{ 4, 4, MPOL_BIND, 2, MPOL_MF_STRICT, 0 },
	{ 0, 0, MPOL_BIND, 2, 0, 0 },
	{ 0, 8, MPOL_BIND, 2, 8, -EINVAL },
	{ 0, 8, MPOL_BIND, 0, 0, -EINVAL },
	{ 0, 8, MPOL_BIND, 0x30, 0, -EINVAL },
	{ 0, 16, MPOL_BIND, 1, 0, -EFAULT },
	{ 0, 16, MPOL_DEFAULT, 0, 0, 0 },
	{ 9, 4, MPOL_DEFAULT, 0, 0, -EFAULT },
	{ 9, 4, MPOL_BIND, 1, 0, -EFAULT },
	{ 0, ~0ULL / P, MPOL_DEFAULT, 0, 0, -EINVAL },
	{ 0, 8, MPOL_DEFAULT, 1, 0, -EINVAL },
	{ 0, 8, MPOL_LOCAL, 0, MPOL_MF_STRICT, -EIO },
	{ 0, 8, MPOL_DEFAULT, 0, MPOL_MF_STRICT, 0 },
	{ 0, 8, 9, 1, 0, -EINVAL },
};

static void test_mbind_errors(void)
{
	struct numa_bed bed;

	for (unsigned int i = 0; next_numa_bed(&bed, &i);) {
		u64 addr = numa_map(&bed, 24, MAP_PRIVATE);

		CU_ASSERT_EQUAL(sys_munmap(bed.m, bed.task, addr + 8 * P, 8 * P), 0);
		numa_touch(&bed, addr, 4);
		for (size_t n = 0; n < ARRAY_SIZE(mbind_rows); n++) {
			int err = numa_mbind(&bed, addr + mbind_rows[n].page * P,
					     mbind_rows[n].nr_pages, mbind_rows[n].mode,
					     mbind_rows[n].nodes, mbind_rows[n].flags);

			CU_ASSERT_EQUAL(err, mbind_rows[n].err);
			if (err != mbind_rows[n].err)
				fprintf(stderr, "row %zu: %d\n", n, err);
		}
		CU_ASSERT_EQUAL(numa_mbind(&bed, addr + 1, 1, MPOL_DEFAULT, 0, 0), -EINVAL);
		bed.task->cap_sys_nice = false;
		CU_ASSERT_EQUAL(numa_mbind(&bed, addr, 1, MPOL_DEFAULT, 0, MPOL_MF_MOVE_ALL), -EPERM);
		bed.task->cap_sys_nice = true;
	}
}

static void test_home_node(void)
{
	struct numa_bed bed;

	for (unsigned int i = 0; next_numa_bed(&bed, &i);) {
		u64 addr = numa_map(&bed, 8, MAP_PRIVATE);

#define HOME(where, len, node, flags) \
		sys_set_mempolicy_home_node(bed.m, bed.task, where, len, node, flags)
		CU_ASSERT_EQUAL(HOME(addr, 8 * P, 1, 0), -ENOENT);
		CU_ASSERT_EQUAL(HOME(addr + 1, 8 * P, 1, 0), -EINVAL);
		CU_ASSERT_EQUAL(HOME(addr, 8 * P, 1, 1), -EINVAL);
		CU_ASSERT_EQUAL(HOME(addr, 8 * P, 4, 0), -EINVAL);
		CU_ASSERT_EQUAL(HOME(addr, -2 * P, 1, 0), -EINVAL);
		CU_ASSERT_EQUAL(HOME(addr, 0, 1, 0), 0);
		CU_ASSERT_EQUAL(numa_mbind(&bed, addr, 4, MPOL_INTERLEAVE, ALL_NODES, 0), 0);
		CU_ASSERT_EQUAL(HOME(addr, 8 * P, 1, 0), -EOPNOTSUPP);
		CU_ASSERT_EQUAL(numa_mbind(&bed, addr, 4, MPOL_BIND, 0xa, 0), 0);
		CU_ASSERT_EQUAL(HOME(addr, 8 * P, 2, 0), 0);
		numa_touch(&bed, addr, 2);
		/* Of 1 and 3 the one that node 2 asks first. */
		ASSERT_NODES(&bed, addr, 2, "33");
		CU_ASSERT_EQUAL(HOME(addr, 8 * P, 1, 0), 0);
		numa_touch(&bed, addr + 2 * P, 1);
		ASSERT_NODES(&bed, addr, 3, "331");
#undef HOME
	}
}

static void test_fork(void)
{
	struct numa_bed bed;

	for (unsigned int i = 0; next_numa_bed(&bed, &i);) {
		u64 addr = ALIGN_UP(numa_map(&bed, 64, MAP_PRIVATE), 16 * P);
		struct task_struct *parent = bed.task;
		char text[80];

		CU_ASSERT_EQUAL(numa_set(&bed, MPOL_BIND, 4), 0);
		CU_ASSERT_EQUAL(numa_mbind(&bed, addr, 8, MPOL_INTERLEAVE, ALL_NODES, 0), 0);
		bed.task = task_fork(bed.m, parent, SIGCHLD);
		CU_ASSERT_STRING_EQUAL(numa_policy(&bed, 0, text), "bind:2");
		CU_ASSERT_STRING_EQUAL(numa_policy(&bed, addr, text), "interleave:0-3");
		CU_ASSERT_PTR_NOT_EQUAL(bed.task->mempolicy, parent->mempolicy);
		CU_ASSERT_EQUAL(numa_set(&bed, MPOL_DEFAULT, 0), 0);
		numa_touch(&bed, addr, 4);
		ASSERT_NODES(&bed, addr, 4, "0123");
		CU_ASSERT_EQUAL(task_machine_check(bed.m), 0);
		(void)task_end(bed.m, parent, bed.task->pid, 0);
		bed.task = parent;
		CU_ASSERT_STRING_EQUAL(numa_policy(&bed, 0, text), "bind:2");
	}
}

/* mbind of shared memory is the file's: for all who map it, and by page offset. */
static void test_shared(void)
{
	struct numa_bed bed;

	for (unsigned int i = 0; next_numa_bed(&bed, &i);) {
		u64 addr = numa_map(&bed, 16, MAP_SHARED);
		struct task_struct *parent = bed.task;
		char text[80];

		CU_ASSERT_EQUAL(numa_mbind(&bed, addr, 16, MPOL_BIND, 2, 0), 0);
		CU_ASSERT_EQUAL(numa_mbind(&bed, addr + 4 * P, 4, MPOL_PREFERRED, 8, 0), 0);
		CU_ASSERT_EQUAL(bed.m->virt->sp_nodes.nr_live, 3);
		numa_touch(&bed, addr + 2 * P, 4);
		ASSERT_NODES(&bed, addr, 8, "--1133--");
		CU_ASSERT_STRING_EQUAL(numa_policy(&bed, addr + 4 * P, text), "prefer:3");
		bed.task = task_fork(bed.m, parent, SIGCHLD);
		CU_ASSERT_EQUAL(numa_mbind(&bed, addr + 6 * P, 4, MPOL_BIND, 4, 0), 0);
		bed.task = parent;
		sched_switch_to(bed.m, parent);
		numa_touch(&bed, addr + 6 * P, 3);
		ASSERT_NODES(&bed, addr, 10, "--1133222-");
		CU_ASSERT_EQUAL(task_machine_check(bed.m), 0);
		/* The child's policies go with it, the file's stay. */
		(void)task_end(bed.m, parent, parent->pid + 1, 0);
		CU_ASSERT_STRING_EQUAL(numa_policy(&bed, addr + 6 * P, text), "bind:2");
		CU_ASSERT_EQUAL(numa_mbind(&bed, addr, 16, MPOL_DEFAULT, 0, 0), 0);
		CU_ASSERT_EQUAL(sys_munmap(bed.m, parent, addr, 16 * P), 0);
		CU_ASSERT_EQUAL(bed.m->virt->sp_nodes.nr_live, 0);
	}
}

/* What the task may use changes: nodes follow, by the mode's flag. */
static const struct {
	u64 mode, nodes, allowed;
	const char *text;
} rebind_rows[] = {
	{ MPOL_BIND, 3, 0xc, "bind:2-3" },
	{ MPOL_BIND, 2, 1, "bind:0" },
	{ MPOL_BIND | STATIC, 3, 0xe, "bind=static:1" },
	{ MPOL_BIND | STATIC, 3, 0xc, "bind=static:2-3" },
	{ MPOL_BIND | RELATIVE, 2, 0xc, "bind=relative:3" },
	{ MPOL_INTERLEAVE, ALL_NODES, 6, "interleave:1-2" },
	{ MPOL_PREFERRED, 1, 6, "prefer:0" },
	{ MPOL_PREFERRED_MANY, 3, 0xc, "prefer (many):0-1" },
	{ MPOL_LOCAL, 0, 6, "local" },
};

static void test_rebind(void)
{
	struct numa_bed bed;
	char text[80];

	for (unsigned int i = 0; next_numa_bed(&bed, &i);)
		for (size_t n = 0; n < ARRAY_SIZE(rebind_rows); n++) {
			CU_ASSERT_EQUAL(numa_set(&bed, rebind_rows[n].mode, rebind_rows[n].nodes), 0);
			mpol_rebind_task(bed.task, rebind_rows[n].allowed);
			CU_ASSERT_STRING_EQUAL(numa_policy(&bed, 0, text), rebind_rows[n].text);
		}
}

/* A bound node that is full: nothing else is taken. One that is preferred: the next. */
static void test_full_node(void)
{
	static const u64 modes[] = { MPOL_PREFERRED, MPOL_PREFERRED_MANY, MPOL_BIND };
	struct numa_bed bed;

	for (unsigned int i = 0; next_numa_bed(&bed, &i);) {
		const struct alloc_request all = {
			.gfp = GFP_KERNEL | __GFP_NOWARN | __GFP_THISNODE, .node = 1,
			.owner = PGTY_kernel,
		};
		u64 addr = numa_map(&bed, 16, MAP_PRIVATE);
		u32 *taken = malloc(bed.m->totalram_pages * sizeof(*taken));
		struct access_result result;
		unsigned int nr = 0;

		while (taken && !alloc_pages(bed.m, &all, &taken[nr]))
			nr++;
		for (size_t n = 0; n < ARRAY_SIZE(modes); n++) {
			CU_ASSERT_EQUAL(numa_mbind(&bed, addr, 1, modes[n], 2, 0), 0);
			CU_ASSERT_EQUAL(sys_madvise(bed.m, bed.task, addr, P, MADV_DONTNEED), 0);
			CU_ASSERT_EQUAL(task_access(bed.m, bed.task, addr, ACCESS_STORE, &result), 0);
			CU_ASSERT_EQUAL(result.signal, modes[n] == MPOL_BIND ? SIGKILL : 0);
			/* Behind the full node what it asks next; behind many, the CPU's. */
			ASSERT_NODES(&bed, addr, 1, modes[n] == MPOL_PREFERRED ? "2" :
				     modes[n] == MPOL_BIND ? "-" : "0");
		}
		while (nr)
			free_pages(bed.m, taken[--nr], 0);
		free(taken);
	}
}

static const CU_TestInfo tests[] = {
	{ "set_mempolicy and get_mempolicy", test_set_get },
	{ "how much of a mask counts", test_maxnode },
	{ "kernels for few nodes", test_few_nodes },
	{ "how wide sets are", test_widths },
	{ "what get_mempolicy refuses and finds", test_get_errors },
	{ "pages by a VMA's policy", test_places_of_vma },
	{ "pages by a task's policy", test_places_of_task },
	{ "NUMA counters", test_counters },
	{ "areas", test_areas },
	{ "policies split and merge VMAs", test_split_merge },
	{ "what mbind refuses", test_mbind_errors },
	{ "home nodes", test_home_node },
	{ "fork", test_fork },
	{ "shared memory", test_shared },
	{ "rebinding", test_rebind },
	{ "a full node", test_full_node },
};

int main(void)
{
	return suite_main("mempolicy", tests, ARRAY_SIZE(tests), NULL, NULL);
}
