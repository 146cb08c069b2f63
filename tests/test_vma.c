// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * VMAs: which neighbours become one, by the rules of each release; splits; lookups;
 * and a storm of calls against a model that knows pages alone. Cases with the name of
 * a release print what its kernel printed.
 */
#include <stdlib.h>

#include "mm_bed.h"

#include "sim/phys/page_alloc.h"
#include "sim/phys/tunables.h"
#include "sim/virt/pgtable.h"
#include "sim/virt/rmap.h"

#define BASE 0x10000000ULL
#define K64 0x10000ULL
#define ANON (MAP_PRIVATE | MAP_ANONYMOUS)
#define FIXED_ANON (ANON | MAP_FIXED)
#define RW (PROT_READ | PROT_WRITE)

static const char *const releases[] = { "6.1", "6.18" };

static struct vm_area_struct *map_at(struct mm_bed *bed, u64 addr, u64 len, u64 prot)
{
	CU_ASSERT_EQUAL_FATAL(bed_mmap(bed, addr, len, prot, FIXED_ANON), (s64)addr);
	return vma_lookup(bed->m, bed->mm, addr);
}

/* As a fault would: the VMA gets an anon_vma. */
static struct vm_area_struct *fault_in(struct mm_bed *bed, u64 addr)
{
	struct vm_area_struct *vma = vma_lookup(bed->m, bed->mm, addr);

	CU_ASSERT_PTR_NOT_NULL_FATAL(vma);
	CU_ASSERT_EQUAL_FATAL(anon_vma_prepare(bed->m, vma), 0);
	return vma;
}

/* What mprotect, mlock, madvise do with one range of one VMA. */
static int change_flags(struct mm_bed *bed, u64 start, u64 end, u64 set, u64 clear)
{
	struct vm_area_struct *vma = vma_lookup(bed->m, bed->mm, start);
	u64 flags = (vma->vm_flags | set) & ~clear;
	int err = vma_modify(bed->m, &vma, start, end, flags, vma->anon_name);

	if (!err)
		vma->vm_flags = flags;
	return err;
}

static u64 nr_between(const struct mm_bed *bed, u64 from, u64 to)
{
	const struct vm_area_struct *vma = find_vma(bed->m, bed->mm, from);
	u64 nr = 0;

	for (; vma && vma->vm_start < to; vma = vma_next(bed->m, vma))
		nr++;
	return nr;
}

static void test_unfaulted_neighbours(void)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(releases); i++) {
		struct mm_bed bed;

		mm_bed_open(&bed, "x86_64", releases[i]);
		map_at(&bed, BASE, K64, RW);
		map_at(&bed, BASE + K64, K64, RW);
		map_at(&bed, BASE - K64, K64, RW);
		map_at(&bed, BASE + 2 * K64, K64, PROT_READ);
		map_at(&bed, BASE + 4 * K64, K64, RW);
		map_at(&bed, BASE + 3 * K64, K64, RW);
		CU_ASSERT(bed_maps_are(&bed, 0, BASE * 2,
				       "0fff0000-10020000 rw-p 00000000\n"
				       "10020000-10030000 r--p 00000000\n"
				       "10030000-10050000 rw-p 00000000\n"));
		CU_ASSERT(bed_is_sane(&bed, bed.mm));
		/* The middle changes: three become one, however much was promised. */
		CU_ASSERT_EQUAL(change_flags(&bed, BASE + 2 * K64, BASE + 3 * K64,
					     VM_WRITE | VM_ACCOUNT, 0), 0);
		bed.m->virt->committed_as += 16;
		bed.mm->data_vm += 16;
		CU_ASSERT(bed_maps_are(&bed, 0, BASE * 2, "0fff0000-10050000 rw-p 00000000\n"));
		mm_bed_close(&bed);
	}
}

/* A hole between two that have pages: 6.1 joins the next, 6.18 the previous one. */
static void test_hole_between_two_anon_vmas(void)
{
	static const char *const expected[] = {
		"10000000-10010000 rw-p 00000000\n10010000-10030000 rw-p 00000000\n",
		"10000000-10020000 rw-p 00000000\n10020000-10030000 rw-p 00000000\n",
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(releases); i++) {
		struct mm_bed bed;

		mm_bed_open(&bed, "x86_64", releases[i]);
		map_at(&bed, BASE, K64, RW);
		map_at(&bed, BASE + 2 * K64, K64, RW);
		CU_ASSERT_PTR_NOT_EQUAL(fault_in(&bed, BASE)->anon_vma,
					fault_in(&bed, BASE + 2 * K64)->anon_vma);
		map_at(&bed, BASE + K64, K64, RW);
		CU_ASSERT(bed_maps_are(&bed, 0, BASE * 2, expected[i]));
		mm_bed_close(&bed);
	}
}

/* One of the two has no pages: all three are one, and the anon_vma is everywhere. */
static void test_hole_beside_one_anon_vma(void)
{
	static const char *const prev_empty[] = {
		/* 6.1: a VMA without anon_vma does not swallow one that has it. */
		"10000000-10010000 rw-p 00000000\n10010000-10030000 rw-p 00000000\n",
		"10000000-10030000 rw-p 00000000\n",
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(releases); i++) {
		struct vm_area_struct *vma;
		struct mm_bed bed;

		mm_bed_open(&bed, "x86_64", releases[i]);
		map_at(&bed, BASE, K64, RW);
		map_at(&bed, BASE + 2 * K64, K64, RW);
		fault_in(&bed, BASE + 2 * K64);
		map_at(&bed, BASE + K64, K64, RW);
		CU_ASSERT(bed_maps_are(&bed, 0, BASE * 2, prev_empty[i]));
		vma = vma_lookup(bed.m, bed.mm, BASE + K64);
		CU_ASSERT_PTR_NOT_NULL(vma->anon_vma);
		CU_ASSERT_PTR_NOT_NULL(vma->chain_first);
		CU_ASSERT_EQUAL(bed_munmap(&bed, BASE, 3 * K64), 0);

		map_at(&bed, BASE, K64, RW);
		map_at(&bed, BASE + 2 * K64, K64, RW);
		fault_in(&bed, BASE);
		map_at(&bed, BASE + K64, K64, RW);
		CU_ASSERT(bed_maps_are(&bed, 0, BASE * 2, "10000000-10030000 rw-p 00000000\n"));
		mm_bed_close(&bed);
	}
}

/* munlock over four that alternate: 6.1 leaves four, 6.18 two. */
static void test_unlock_of_four(void)
{
	static const u64 left[] = { 4, 2 };

	for (unsigned int i = 0; i < ARRAY_SIZE(releases); i++) {
		struct mm_bed bed;

		mm_bed_open(&bed, "x86_64", releases[i]);
		map_at(&bed, BASE, 4 * K64, RW);
		CU_ASSERT_EQUAL(change_flags(&bed, BASE, BASE + K64, VM_LOCKED, 0), 0);
		CU_ASSERT_EQUAL(change_flags(&bed, BASE + 2 * K64, BASE + 3 * K64,
					     VM_LOCKED, 0), 0);
		CU_ASSERT_EQUAL(nr_between(&bed, BASE, BASE + 4 * K64), 4);
		CU_ASSERT_PTR_NOT_EQUAL(fault_in(&bed, BASE)->anon_vma,
					fault_in(&bed, BASE + 2 * K64)->anon_vma);
		CU_ASSERT_EQUAL(change_flags(&bed, BASE, BASE + K64, 0, VM_LOCKED), 0);
		CU_ASSERT_EQUAL(change_flags(&bed, BASE + 2 * K64, BASE + 3 * K64, 0,
					     VM_LOCKED), 0);
		CU_ASSERT_EQUAL(nr_between(&bed, BASE, BASE + 4 * K64), left[i]);
		mm_bed_close(&bed);
	}
}

struct split_row {
	u64 start, end;		/* pages of a VMA of 16 that become executable */
	u64 pieces;
	const char *maps;
};

/* Head, tail, middle, all; then what mprotect's cases 4 to 8 make of it again. */
static void test_modify_shapes(void)
{
	static const struct split_row rows[] = {
		{ 0, 1, 2, "10000000-10001000 r-xp 00000000\n"
			   "10001000-10010000 r--p 00000000\n" },
		{ 15, 16, 2, "10000000-1000f000 r--p 00000000\n"
			     "1000f000-10010000 r-xp 00000000\n" },
		{ 4, 8, 3, "10000000-10004000 r--p 00000000\n10004000-10008000 r-xp 00000000\n"
			   "10008000-10010000 r--p 00000000\n" },
		{ 0, 16, 1, "10000000-10010000 r-xp 00000000\n" },
	};

	for (unsigned int i = 0; i < 4 * ARRAY_SIZE(rows); i++) {
		const struct split_row *row = &rows[i / 4];
		u64 start = BASE + row->start * PAGE_SIZE, end = BASE + row->end * PAGE_SIZE;
		struct mm_bed bed;
		s32 nr;

		mm_bed_open(&bed, "x86_64", releases[i & 1]);
		map_at(&bed, BASE, K64, PROT_READ);
		if (i & 2)
			fault_in(&bed, BASE);
		nr = bed.mm->map_count;
		CU_ASSERT_EQUAL(change_flags(&bed, start, end, VM_LOCKONFAULT, 0), 0);
		CU_ASSERT_EQUAL(change_flags(&bed, start, end, VM_EXEC, VM_LOCKONFAULT), 0);
		CU_ASSERT(bed_maps_are(&bed, 0, BASE * 2, row->maps));
		CU_ASSERT_EQUAL(bed.mm->map_count, nr + (s32)row->pieces - 1);
		CU_ASSERT_EQUAL(change_flags(&bed, start, end, 0, VM_EXEC), 0);
		CU_ASSERT(bed_maps_are(&bed, 0, BASE * 2, "10000000-10010000 r--p 00000000\n"));
		CU_ASSERT_EQUAL(bed.mm->map_count, nr);
		CU_ASSERT(bed_is_sane(&bed, bed.mm));
		CU_ASSERT_EQUAL(vma_lookup(bed.m, bed.mm, BASE)->vm_pgoff, BASE >> PAGE_SHIFT);
		mm_bed_close(&bed);
	}
}

/* A boundary between two moves: one grows, the other shrinks, nothing is made. */
static void test_modify_moves_a_boundary(void)
{
	for (unsigned int i = 0; i < 2 * ARRAY_SIZE(releases); i++) {
		struct vm_area_struct *low, *high;
		struct mm_bed bed;

		mm_bed_open(&bed, "x86_64", releases[i / 2]);
		low = map_at(&bed, BASE, K64, PROT_READ);
		high = map_at(&bed, BASE + K64, K64, PROT_NONE);
		if (i & 1)
			fault_in(&bed, BASE);
		CU_ASSERT_EQUAL(change_flags(&bed, BASE + K64, BASE + K64 + PAGE_SIZE, VM_READ,
					     0), 0);
		CU_ASSERT(bed_maps_are(&bed, 0, BASE * 2, "10000000-10011000 r--p 00000000\n"
				       "10011000-10020000 ---p 00000000\n"));
		CU_ASSERT_PTR_EQUAL(vma_lookup(bed.m, bed.mm, BASE), low);
		CU_ASSERT_PTR_EQUAL(vma_lookup(bed.m, bed.mm, BASE + 2 * K64 - 1), high);
		CU_ASSERT(bed_is_sane(&bed, bed.mm));
		/* 6.1 does not widen a VMA without pages over one that has them. */
		CU_ASSERT_EQUAL(change_flags(&bed, BASE + K64 / 2, BASE + K64 + PAGE_SIZE, 0,
					     VM_READ), 0);
		CU_ASSERT_EQUAL(nr_between(&bed, BASE, BASE * 2), i == 1 ? 3 : 2);
		mm_bed_close(&bed);
	}
}

/* What fork gave is never widened: chains of two. */
static void test_fork_children_do_not_grow(void)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(releases); i++) {
		struct mm_struct *parent, *child;
		struct mm_bed bed;

		mm_bed_open(&bed, "x86_64", releases[i]);
		map_at(&bed, BASE, K64, RW);
		fault_in(&bed, BASE);
		map_at(&bed, BASE * 2, K64, RW);
		parent = bed.mm;
		child = mm_bed_mm(&bed);
		CU_ASSERT_EQUAL_FATAL(dup_mmap(bed.m, child, parent), 0);
		CU_ASSERT(bed_is_sane(&bed, child));
		CU_ASSERT(bed_is_sane(&bed, parent));
		child->mmap_base = parent->mmap_base;
		child->topdown = true;
		bed.mm = bed.task.mm = child;
		map_at(&bed, BASE + K64, K64, RW);
		map_at(&bed, BASE - K64, K64, RW);
		CU_ASSERT_EQUAL(nr_between(&bed, 0, BASE * 2), 3);
		map_at(&bed, BASE * 2 + K64, K64, RW);
		CU_ASSERT_EQUAL(nr_between(&bed, BASE * 2, BASE * 3), 1);
		CU_ASSERT(bed_is_sane(&bed, child));
		bed.mm = bed.task.mm = parent;
		mm_bed_mmput(&bed, child);
		/* With the child gone the parent's own chain is one as before. */
		map_at(&bed, BASE + K64, K64, RW);
		CU_ASSERT_EQUAL(nr_between(&bed, 0, BASE * 2), 1);
		mm_bed_close(&bed);
	}
}

static void test_fork_flags(void)
{
	struct mm_struct *child;
	struct mm_bed bed;

	mm_bed_open(&bed, "x86_64", "6.18");
	map_at(&bed, BASE, 4 * K64, RW);
	fault_in(&bed, BASE);
	CU_ASSERT_EQUAL(change_flags(&bed, BASE, BASE + K64, VM_DONTCOPY, 0), 0);
	CU_ASSERT_EQUAL(change_flags(&bed, BASE + K64, BASE + 2 * K64, VM_WIPEONFORK, 0), 0);
	CU_ASSERT_EQUAL(change_flags(&bed, BASE + 2 * K64, BASE + 3 * K64, VM_LOCKED, 0), 0);
	bed.mm->locked_vm += 16;
	child = mm_bed_mm(&bed);
	CU_ASSERT_EQUAL_FATAL(dup_mmap(bed.m, child, bed.mm), 0);
	CU_ASSERT_PTR_NULL(vma_lookup(bed.m, child, BASE));
	CU_ASSERT_PTR_NULL(vma_lookup(bed.m, child, BASE + K64)->anon_vma);
	CU_ASSERT_PTR_NOT_NULL(vma_lookup(bed.m, child, BASE + 2 * K64)->anon_vma);
	CU_ASSERT_EQUAL(vma_lookup(bed.m, child, BASE + 2 * K64)->vm_flags & VM_LOCKED, 0);
	CU_ASSERT_EQUAL(child->total_vm, bed.mm->total_vm - 16);
	CU_ASSERT(bed_is_sane(&bed, child));
	mm_bed_mmput(&bed, child);
	mm_bed_close(&bed);
}

/* A fork that the limit of promises stops half way leaves nothing. */
static void test_fork_refused(void)
{
	struct mm_struct *child;
	struct mm_bed bed;
	s64 committed;

	mm_bed_open(&bed, "x86_64", "6.18");
	map_at(&bed, BASE, 64 * PAGE_SIZE, RW);
	fault_in(&bed, BASE);
	map_at(&bed, BASE * 2, 64 * PAGE_SIZE, RW);
	committed = bed.m->virt->committed_as;
	bed.m->tunables->overcommit_memory = 2;
	bed.m->tunables->overcommit_kbytes = (u64)(committed + 80) * 4;
	child = mm_bed_mm(&bed);
	CU_ASSERT_EQUAL(dup_mmap(bed.m, child, bed.mm), -ENOMEM);
	mm_bed_mmput(&bed, child);
	CU_ASSERT_EQUAL(bed.m->virt->committed_as, committed);
	mm_bed_close(&bed);
}

static void test_lookups(void)
{
	struct vm_area_struct *low, *high, *prev;
	unsigned int visited = 0;
	struct mm_bed bed;

	mm_bed_open(&bed, "x86_64", "6.18");
	low = map_at(&bed, BASE, K64, RW);
	high = map_at(&bed, BASE + 2 * K64, K64, PROT_READ);
	CU_ASSERT_PTR_EQUAL(find_vma(bed.m, bed.mm, 0), low);
	CU_ASSERT_PTR_EQUAL(find_vma_visited(bed.m, bed.mm, BASE + K64 - 1, &visited), low);
	CU_ASSERT(visited >= 1);
	CU_ASSERT_PTR_EQUAL(find_vma(bed.m, bed.mm, BASE + K64), high);
	CU_ASSERT_PTR_NULL(find_vma(bed.m, bed.mm, bed.m->arch->task_size));
	CU_ASSERT_PTR_NULL(vma_lookup(bed.m, bed.mm, BASE + K64));
	CU_ASSERT_PTR_EQUAL(find_vma_prev(bed.m, bed.mm, BASE + K64, &prev), high);
	CU_ASSERT_PTR_EQUAL(prev, low);
	CU_ASSERT_PTR_EQUAL(find_vma_prev(bed.m, bed.mm, BASE + 1, &prev), low);
	CU_ASSERT_PTR_NULL(prev);
	CU_ASSERT_PTR_NULL(find_vma_prev(bed.m, bed.mm, ~0ULL, &prev));
	CU_ASSERT_PTR_NOT_NULL(prev);
	CU_ASSERT_PTR_NULL(find_vma_intersection(bed.m, bed.mm, BASE + K64, BASE + 2 * K64));
	CU_ASSERT_PTR_EQUAL(find_vma_intersection(bed.m, bed.mm, 0, BASE + 1), low);
	CU_ASSERT_PTR_EQUAL(vma_first(bed.m, bed.mm), low);
	CU_ASSERT_PTR_EQUAL(vma_next(bed.m, low), high);
	CU_ASSERT_PTR_EQUAL(vma_prev(bed.m, high), low);
	CU_ASSERT_PTR_NULL(vma_prev(bed.m, low));
	mm_bed_close(&bed);
}

static void test_limit_of_maps(void)
{
	struct mm_bed bed;
	s32 nr;

	mm_bed_open(&bed, "x86_64", "6.18");
	map_at(&bed, BASE, K64, PROT_READ);
	nr = bed.mm->map_count;
	bed.m->tunables->max_map_count = nr;
	/* A hole would make one more; an end goes. */
	CU_ASSERT_EQUAL(bed_munmap(&bed, BASE + PAGE_SIZE, PAGE_SIZE), -ENOMEM);
	CU_ASSERT_EQUAL(change_flags(&bed, BASE, BASE + PAGE_SIZE, VM_WRITE, 0), -ENOMEM);
	CU_ASSERT_EQUAL(bed_munmap(&bed, BASE, PAGE_SIZE), 0);
	CU_ASSERT_EQUAL(bed_munmap(&bed, BASE + K64 - PAGE_SIZE, PAGE_SIZE), 0);
	/* One over the limit is let in, the next is not. */
	CU_ASSERT_EQUAL(bed_mmap(&bed, BASE * 2, K64, PROT_READ, FIXED_ANON), (s64)BASE * 2);
	CU_ASSERT_EQUAL(bed_mmap(&bed, BASE * 3, K64, PROT_READ, FIXED_ANON), -ENOMEM);
	CU_ASSERT_EQUAL(bed.mm->map_count, nr + 1);
	mm_bed_close(&bed);
}

/* ---- A storm against pages. ---- */

#define STORM_PAGES 96
#define STORM_CALLS 20000

static u64 next_random(u64 *seed)
{
	*seed = *seed * 6364136223846793005ULL + 1442695040888963407ULL;
	return *seed >> 33;
}

/* Without pages, neighbours that are alike are one: the model's runs are the VMAs. */
static bool storm_agrees(const struct mm_bed *bed, const s8 *prot)
{
	const struct vm_area_struct *vma = find_vma(bed->m, bed->mm, BASE);

	for (u64 i = 0; i < STORM_PAGES; ) {
		u64 end = i + 1;

		if (prot[i] < 0) {
			i++;
			continue;
		}
		while (end < STORM_PAGES && prot[end] == prot[i])
			end++;
		if (!vma || vma->vm_start != BASE + i * PAGE_SIZE ||
		    vma->vm_end != BASE + end * PAGE_SIZE ||
		    (s8)(vma->vm_flags & VM_ACCESS_FLAGS) != prot[i])
			return false;
		vma = vma_next(bed->m, vma);
		i = end;
	}
	return !vma || vma->vm_start >= BASE + STORM_PAGES * PAGE_SIZE;
}

static void storm_call(struct mm_bed *bed, s8 *prot, u64 *seed)
{
	static const u8 prots[] = { PROT_NONE, PROT_READ, PROT_READ | PROT_EXEC, RW };
	u64 first = next_random(seed) % STORM_PAGES, what = next_random(seed) % 3;
	u64 nr = 1 + next_random(seed) % MIN(STORM_PAGES - first, 16);
	u64 addr = BASE + first * PAGE_SIZE, len = nr * PAGE_SIZE;
	u8 new = prots[next_random(seed) % ARRAY_SIZE(prots)];
	bool is_free = true;

	for (u64 i = first; i < first + nr; i++)
		is_free &= prot[i] < 0;
	if (!what) {
		CU_ASSERT_EQUAL(bed_munmap(bed, addr, len), 0);
		memset(prot + first, -1, nr);
	} else if (what == 1) {
		CU_ASSERT_EQUAL(bed_mmap(bed, addr, len, new, FIXED_ANON), (s64)addr);
		memset(prot + first, new, nr);
	} else {
		CU_ASSERT_EQUAL(bed_mmap(bed, addr, len, new, ANON | MAP_FIXED_NOREPLACE),
				is_free ? (s64)addr : -EEXIST);
		if (is_free)
			memset(prot + first, new, nr);
	}
}

static void test_storm(void)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(releases); i++) {
		s8 prot[STORM_PAGES];
		u64 seed = 7 + i;
		struct mm_bed bed;
		bool fine = true;

		mm_bed_open(&bed, "x86_64", releases[i]);
		memset(prot, -1, sizeof(prot));
		for (unsigned int n = 0; n < STORM_CALLS && fine; n++) {
			storm_call(&bed, prot, &seed);
			fine = storm_agrees(&bed, prot);
			if (n % 64 == 0)
				fine &= bed_is_sane(&bed, bed.mm);
			if (!fine)
				fprintf(stderr, "release %s: call %u\n", releases[i], n);
		}
		CU_ASSERT(fine);
		mm_bed_close(&bed);
	}
}

/* ---- Without memory. ---- */

/* Calls that merge, split, replace, fork; the first that fails ends it. */
static int busy(struct mm_bed *bed, struct mm_struct *child)
{
	s64 err;

	for (u64 i = 0; i < 120; i++) {
		err = bed_mmap(bed, BASE + i * 2 * K64, K64, i & 1 ? RW : PROT_READ,
			       FIXED_ANON);
		if (err < 0)
			return (int)err;
		err = anon_vma_prepare(bed->m, vma_lookup(bed->m, bed->mm, BASE + i * 2 * K64));
		if (!err)
			err = bed_munmap(bed, BASE + i * 2 * K64 + PAGE_SIZE, PAGE_SIZE);
		if (!err)
			err = change_flags(bed, BASE + i * 2 * K64 + 4 * PAGE_SIZE,
					   BASE + i * 2 * K64 + 8 * PAGE_SIZE, VM_LOCKONFAULT,
					   0);
		if (err)
			return (int)err;
	}
	err = bed_mmap(bed, BASE, K64 * 120, RW, FIXED_ANON);
	if (err < 0)
		return (int)err;
	err = dup_mmap(bed->m, child, bed->mm);
	CU_ASSERT(err || bed_is_sane(bed, child));
	return (int)err;
}

/* The host refuses one allocation: the call says so, nothing is out of order. */
static void test_no_host_memory(void)
{
	int err = -1;
	u64 n = 1;

	for (; err && n < 2000; n += 1 + n / 16) {
		struct mm_struct *child;
		struct mm_bed bed;

		mm_bed_open(&bed, "x86_64", releases[n & 1]);
		child = mm_bed_mm(&bed);
		arena_fail_after(&bed.m->arena, n);
		err = busy(&bed, child);
		arena_fail_after(&bed.m->arena, 0);
		mm_bed_mmput(&bed, child);
		CU_ASSERT(!err || err == -ENOBUFS);
		CU_ASSERT(bed_is_sane(&bed, bed.mm));
		CU_ASSERT_EQUAL(bed_munmap(&bed, 0, BASE * 4), 0);
		mm_bed_close(&bed);
	}
	CU_ASSERT_EQUAL(err, 0);
	CU_ASSERT(n > 2);
}

/* The machine has none: ENOMEM, and what was mapped can be unmapped. */
static void test_no_memory(void)
{
	static u32 pfns[1 << 14];

	for (unsigned int left = 0; left < 24; left++) {
		struct mm_struct *child;
		struct mm_bed bed;
		unsigned int nr = 0;
		int err;

		mm_bed_open(&bed, "x86_64", releases[left & 1]);
		child = mm_bed_mm(&bed);
		bed.m->tunables->overcommit_memory = 1;
		while (nr < ARRAY_SIZE(pfns) && 
		       !alloc_kernel_pages(bed.m, GFP_KERNEL, 0, NUMA_NO_NODE, 0, &pfns[nr]))
			nr++;
		CU_ASSERT(nr > 100 && nr < ARRAY_SIZE(pfns));
		for (unsigned int i = 0; i < left; i++)
			free_pages(bed.m, pfns[--nr], 0);
		err = busy(&bed, child);
		mm_bed_mmput(&bed, child);
		CU_ASSERT(err == -ENOMEM || (left > 4 && !err));
		CU_ASSERT(bed_is_sane(&bed, bed.mm));
		while (nr)
			free_pages(bed.m, pfns[--nr], 0);
		CU_ASSERT_EQUAL(bed_munmap(&bed, 0, BASE * 4), 0);
		mm_bed_close(&bed);
	}
}

int main(void)
{
	static const CU_TestInfo tests[] = {
		{ "neighbours without pages", test_unfaulted_neighbours },
		{ "a hole between two anon_vmas", test_hole_between_two_anon_vmas },
		{ "a hole beside one anon_vma", test_hole_beside_one_anon_vma },
		{ "munlock of four", test_unlock_of_four },
		{ "a part changes and changes back", test_modify_shapes },
		{ "a boundary moves", test_modify_moves_a_boundary },
		{ "what fork gave does not grow", test_fork_children_do_not_grow },
		{ "flags that fork heeds", test_fork_flags },
		{ "a fork that is refused", test_fork_refused },
		{ "lookups", test_lookups },
		{ "the limit of mappings", test_limit_of_maps },
		{ "a storm against pages", test_storm },
		{ "no host memory", test_no_host_memory },
		{ "no memory", test_no_memory },
	};

	return suite_main("vma", tests, ARRAY_SIZE(tests), NULL, NULL);
}
