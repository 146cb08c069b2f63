// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The calls on VMAs where memory ends, at each place where it can: errnos are the
 * kernel's, sums hold, nothing is left. And storms of calls, whose mm is in order and
 * whose promises are all given back.
 */
#include <stdlib.h>

#include "mm_calls.h"

#include "sim/phys/page_alloc.h"
#include "sim/phys/tunables.h"

#define NEW (B + 64 * 1024 * KB)
#define AREA (2048 * KB)
#define NR_CALLS 12

static int remap(struct mm_bed *bed, u64 addr, u64 old_len, u64 new_len, u64 flags, u64 to)
{
	struct mremap_request req = {
		.addr = addr, .old_len = old_len, .new_len = new_len, .flags = flags,
		.new_addr = to,
	};
	u64 where;

	return sys_mremap(bed->m, &bed->task, &req, &where);
}

/* One call of each kind, on areas that have pages. */
static int call(struct mm_bed *bed, unsigned int i)
{
	struct machine *m = bed->m;
	struct task_struct *task = &bed->task;
	u64 fixed = MREMAP_MAYMOVE | MREMAP_FIXED;
	s64 addr;

	switch (i) {
	case 0:
		addr = bed_mmap(bed, B, AREA, PROT_RW, MAP_ANON_FIXED);
		return addr < 0 ? (int)addr : 0;
	case 1:
		return sys_madvise(m, task, B, AREA / 8, MADV_POPULATE_WRITE);
	case 2:
		return sys_mprotect(m, task, B + 16 * KB, 16 * KB, PROT_READ);
	case 3:
		return sys_mlock2(m, task, B + 64 * KB, 64 * KB, 0);
	case 4:
		return remap(bed, B + 4 * KB, 8 * KB, 8 * KB, fixed, NEW);
	case 5:
		return remap(bed, B + 160 * KB, 64 * KB, 128 * KB, MREMAP_MAYMOVE, 0);
	case 6:
		return remap(bed, B + 72 * KB, 8 * KB, 8 * KB, fixed | MREMAP_DONTUNMAP,
			     NEW + 4096 * KB);
	case 7:
		return sys_munlock(m, task, B + 68 * KB, 4 * KB);
	case 8:
		return sys_madvise(m, task, B + 64 * KB + AREA / 2, 8 * KB, MADV_DONTFORK);
	case 9:
		return sys_mprotect(m, task, B + AREA / 2, 4 * KB, PROT_NONE);
	case 10:
		return remap(bed, B + AREA / 2 + 256 * KB, AREA / 4, AREA, fixed, NEW + 8 * AREA);
	default:
		return sys_mlockall(m, task, MCL_CURRENT | MCL_FUTURE);
	}
}

static bool is_memory_errno(int err)
{
	return !err || err == -ENOMEM || err == -EAGAIN || err == -EFAULT;
}

/* The host refuses one allocation, at each place in turn. */
static void test_no_host_memory(void)
{
	unsigned int refused = 0;
	bool all = false;

	for (u64 n = 1; !all && n < 4000; n += 1 + n / 24) {
		struct mm_bed bed;
		int err = 0;

		mm_bed_open(&bed, "x86_64", n & 1 ? "6.1" : "6.18");
		arena_fail_after(&bed.m->arena, n);
		for (unsigned int i = 0; i < NR_CALLS && !err; i++)
			err = call(&bed, i);
		arena_fail_after(&bed.m->arena, 0);
		CU_ASSERT(!err || err == -ENOBUFS);
		CU_ASSERT(bed_is_sane(&bed, bed.mm));
		refused += err == -ENOBUFS;
		all = !err;
		mm_bed_close(&bed);
	}
	CU_ASSERT(all);
	CU_ASSERT(refused > 2);
}

/* The machine has `left` pages: each call does what it can, the others still work. */
static void starve(unsigned int left, const char *release, unsigned int *failed)
{
	static const struct alloc_request req = { .gfp = GFP_KERNEL, .node = NUMA_NO_NODE };
	static u32 pfns[1 << 15];
	unsigned int nr = 0;
	struct mm_bed bed;

	mm_bed_open(&bed, "x86_64", release);
	bed.m->tunables->overcommit_memory = 1;
	while (nr < ARRAY_SIZE(pfns) && !alloc_pages(bed.m, &req, &pfns[nr]))
		nr++;
	CU_ASSERT_FATAL(nr < ARRAY_SIZE(pfns) && nr > left);
	for (unsigned int i = 0; i < left; i++)
		free_pages(bed.m, pfns[--nr], 0);
	for (unsigned int i = 0; i < NR_CALLS; i++) {
		int err = call(&bed, i);

		CU_ASSERT(is_memory_errno(err));
		CU_ASSERT(bed_is_sane(&bed, bed.mm));
		*failed += err != 0;
	}
	while (nr)
		free_pages(bed.m, pfns[--nr], 0);
	mm_bed_close(&bed);
}

static void test_no_memory(void)
{
	unsigned int failed = 0;

	for (unsigned int left = 0; left < 200; left += 1 + left / 8)
		starve(left, left & 1 ? "6.1" : "6.18", &failed);
	CU_ASSERT(failed > 50);
}

/* ---- Storms. ---- */

static u64 chance(u64 *state, u64 n)
{
	*state = *state * 6364136223846793005ULL + 1442695040888963407ULL;
	return (*state >> 33) % n;
}

static void random_call(struct mm_bed *bed, u64 *rng)
{
	static const u64 prots[] = { PROT_RW, PROT_RW, PROT_READ, PROT_NONE };
	static const u64 flags[] = { 0, MREMAP_MAYMOVE, MREMAP_MAYMOVE | MREMAP_FIXED,
				     MREMAP_MAYMOVE | MREMAP_FIXED | MREMAP_DONTUNMAP };
	struct machine *m = bed->m;
	struct task_struct *task = &bed->task;
	u64 addr = B + chance(rng, 64) * PAGE_SIZE, len = (1 + chance(rng, 16)) * PAGE_SIZE;
	u64 to = B + chance(rng, 72) * PAGE_SIZE, new_len = (1 + chance(rng, 24)) * PAGE_SIZE;
	struct access_result result;
	int err = 0;

	switch (chance(rng, 9)) {
	case 0:
	case 1:
		err = (int)MIN(bed_mmap(bed, addr, len, prots[chance(rng, 4)], MAP_ANON_FIXED),
			       0);
		break;
	case 2:
		err = bed_munmap(bed, addr, len);
		break;
	case 3:
		err = sys_mprotect(m, task, addr, len, prots[chance(rng, 4)]);
		break;
	case 4:
		err = remap(bed, addr, len, chance(rng, 2) ? len : new_len,
			    flags[chance(rng, 4)], to);
		break;
	case 5:
		err = chance(rng, 2) ? sys_mlock2(m, task, addr, len, chance(rng, 2)) :
		      sys_munlock(m, task, addr, len);
		break;
	case 6:
		err = sys_madvise(m, task, addr, len, (int)chance(rng, 26));
		break;
	case 7:
		err = sys_madvise(m, task, addr, len, MADV_GUARD_INSTALL + (int)chance(rng, 2));
		break;
	default:
		err = task_access(m, task, addr, ACCESS_STORE, &result);
	}
	CU_ASSERT_NOT_EQUAL(err, -ENOBUFS);
}

static void test_storm(void)
{
	struct mm_bed bed;

	for (unsigned int i = 0; next_bed(&bed, &i);) {
		u64 rng = i;

		for (unsigned int n = 0; n < 6000; n++) {
			random_call(&bed, &rng);
			if (n % 16 == 0 && !bed_is_sane(&bed, bed.mm)) {
				CU_FAIL("out of order");
				break;
			}
		}
		CU_ASSERT_EQUAL(sys_munlockall(bed.m, &bed.task), 0);
		CU_ASSERT_EQUAL(bed.mm->locked_vm, bed.mm->locked_stray);
	}
}

static const CU_TestInfo tests[] = {
	{ "no host memory", test_no_host_memory },
	{ "no memory", test_no_memory },
	{ "storms", test_storm },
};

int main(void)
{
	return suite_main("calls on VMAs", tests, ARRAY_SIZE(tests), NULL, NULL);
}
