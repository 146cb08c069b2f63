// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The mlock family, mincore and msync: errnos, limits, which VMAs become one again on
 * which release, pages on the unevictable list.
 */
#include "mm_calls.h"

#include "sim/phys/lru.h"

#define END (B + 1024 * KB)

static int lock(struct mm_bed *bed, u64 addr, u64 len)
{
	return sys_mlock2(bed->m, &bed->task, addr, len, 0);
}

static int unlock(struct mm_bed *bed, u64 addr, u64 len)
{
	return sys_munlock(bed->m, &bed->task, addr, len);
}

/* As counters say now: batches are as they are. */
static s64 zone_pages_now(const struct mm_bed *bed, enum zone_stat_item item)
{
	s64 sum = 0;

	for (unsigned int i = 0; i < bed->m->nr_zones; i++)
		sum += bed->m->zones[i]->stat[item];
	return sum;
}

static s64 zone_pages(struct mm_bed *bed, enum zone_stat_item item)
{
	lru_add_drain_all(bed->m);
	return zone_pages_now(bed, item);
}

static void test_errors(void)
{
	struct mm_bed bed;

	for (unsigned int i = 0; next_bed(&bed, &i);) {
		map_anon(&bed, B, 64 * KB, PROT_RW);
		map_anon(&bed, B + 64 * KB, 16 * KB, PROT_NONE);
		CU_ASSERT_EQUAL(lock(&bed, B, 0), 0);
		CU_ASSERT_EQUAL(lock(&bed, ~0ULL, 1), -EINVAL);
		CU_ASSERT_EQUAL(lock(&bed, B + 512 * KB, 4 * KB), -ENOMEM);
		CU_ASSERT_EQUAL(sys_mlock2(bed.m, &bed.task, B, 4 * KB, 2), -EINVAL);
		CU_ASSERT_EQUAL(lock(&bed, B, 1024 * KB), -ENOMEM);
		CU_ASSERT_EQUAL(bed.mm->locked_vm, 20);
		CU_ASSERT_EQUAL(nr_present(&bed, B, 64 * KB), 0);
		CU_ASSERT_EQUAL(unlock(&bed, B, 1024 * KB), -ENOMEM);
		CU_ASSERT_EQUAL(bed.mm->locked_vm, 0);
		/* What may not be read cannot be brought in, but is locked. */
		CU_ASSERT_EQUAL(lock(&bed, B, 80 * KB), -ENOMEM);
		CU_ASSERT_EQUAL(bed.mm->locked_vm, 20);
		CU_ASSERT_EQUAL(nr_present(&bed, B, 64 * KB), 16);
		CU_ASSERT_EQUAL(sys_mlockall(bed.m, &bed.task, 0), -EINVAL);
		CU_ASSERT_EQUAL(sys_mlockall(bed.m, &bed.task, MCL_ONFAULT), -EINVAL);
		CU_ASSERT_EQUAL(sys_mlockall(bed.m, &bed.task, 8), -EINVAL);
	}
}

static void test_limits(void)
{
	struct mm_bed bed;

	for (unsigned int i = 0; next_bed(&bed, &i);) {
		map_anon(&bed, B, 256 * KB, PROT_RW);
		bed.task.cap_ipc_lock = false;
		bed.signal.rlim[RLIMIT_MEMLOCK].cur = 64 * KB;
		CU_ASSERT_EQUAL(lock(&bed, B, 64 * KB), 0);
		CU_ASSERT_EQUAL(lock(&bed, B + 64 * KB, 4 * KB), -ENOMEM);
		/* What is locked already does not count twice. */
		CU_ASSERT_EQUAL(lock(&bed, B, 64 * KB), 0);
		CU_ASSERT_EQUAL(lock(&bed, B + 4 * KB, 64 * KB), -ENOMEM);
		CU_ASSERT_EQUAL(sys_mlockall(bed.m, &bed.task, MCL_CURRENT), -ENOMEM);
		CU_ASSERT_EQUAL(sys_mlockall(bed.m, &bed.task, MCL_FUTURE), 0);
		CU_ASSERT_EQUAL(bed_mmap(&bed, END, 4 * KB, PROT_RW, MAP_ANON_FIXED), -EAGAIN);
		CU_ASSERT_EQUAL(sys_munlockall(bed.m, &bed.task), 0);
		CU_ASSERT_EQUAL(bed.mm->locked_vm, 0);
		CU_ASSERT_EQUAL(bed.mm->def_flags & VM_LOCKED, 0);
		bed.signal.rlim[RLIMIT_MEMLOCK].cur = 0;
		CU_ASSERT_EQUAL(lock(&bed, B, 0), -EPERM);
		CU_ASSERT_EQUAL(sys_mlockall(bed.m, &bed.task, MCL_CURRENT), -EPERM);
		CU_ASSERT_EQUAL(sys_mlockall(bed.m, &bed.task, MCL_ONFAULT), -EINVAL);
		CU_ASSERT_EQUAL(unlock(&bed, B, 64 * KB), 0);
	}
}

/* As op list 07 of real kernels: four VMAs stay on 6.1, two on 6.18. */
static void test_merges(void)
{
	struct mm_bed bed;

	for (unsigned int i = 0; next_bed(&bed, &i);) {
		map_anon(&bed, B, 256 * KB, PROT_RW);
		CU_ASSERT_EQUAL(lock(&bed, B, 64 * KB), 0);
		CU_ASSERT_EQUAL(sys_mlock2(bed.m, &bed.task, B + 128 * KB, 64 * KB,
					   MLOCK_ONFAULT), 0);
		CU_ASSERT_EQUAL(nr_present(&bed, B, 256 * KB), 16);
		store_pages(&bed, B + 128 * KB, 2);
		CU_ASSERT(flags_at(&bed, B + 128 * KB) & VM_LOCKONFAULT);
		CU_ASSERT_EQUAL(bed.mm->locked_vm, 32);
		CU_ASSERT_EQUAL(unlock(&bed, B + 16 * KB, 16 * KB), 0);
		CU_ASSERT_EQUAL(bed.mm->locked_vm, 28);
		CU_ASSERT_EQUAL(unlock(&bed, B, 256 * KB), 0);
		CU_ASSERT(bed_maps_are(&bed, B, END, BY_RELEASE(&bed,
			"10000000-10010000 rw-p 00000000\n10010000-10020000 rw-p 00000000\n"
			"10020000-10030000 rw-p 00000000\n10030000-10040000 rw-p 00000000\n",
			"10000000-10020000 rw-p 00000000\n10020000-10040000 rw-p 00000000\n")));
		CU_ASSERT_EQUAL(bed.mm->locked_vm, 0);
	}
}

static void test_pages(void)
{
	struct mm_bed bed;

	for (unsigned int i = 0; next_bed(&bed, &i);) {
		s64 mlocked = zone_pages(&bed, NR_MLOCK);
		s64 unevictable = zone_pages(&bed, NR_ZONE_UNEVICTABLE);

		map_anon(&bed, B, 64 * KB, PROT_RW);
		store_pages(&bed, B, 4);
		CU_ASSERT_EQUAL(lock(&bed, B, 32 * KB), 0);
		CU_ASSERT_EQUAL(zone_pages(&bed, NR_MLOCK), mlocked + 8);
		CU_ASSERT_EQUAL(zone_pages(&bed, NR_ZONE_UNEVICTABLE), unevictable + 8);
		CU_ASSERT_EQUAL(unlock(&bed, B, 16 * KB), 0);
		CU_ASSERT_EQUAL(zone_pages(&bed, NR_MLOCK), mlocked + 4);
		CU_ASSERT_EQUAL(zone_pages(&bed, NR_ZONE_UNEVICTABLE), unevictable + 4);
		CU_ASSERT_EQUAL(bed_munmap(&bed, B, 64 * KB), 0);
		CU_ASSERT_EQUAL(zone_pages(&bed, NR_MLOCK), mlocked);
		CU_ASSERT_EQUAL(zone_pages(&bed, NR_ZONE_UNEVICTABLE), unevictable);
	}
}

/* What is unmapped is unlocked in batches, the last of which 6.1 empties before it frees pages. */
static void test_unmapped(void)
{
	struct mm_bed bed;

	for (unsigned int i = 0; next_bed(&bed, &i);) {
		s64 mlocked = zone_pages(&bed, NR_MLOCK);

		map_anon(&bed, B, 80 * KB, PROT_RW);
		CU_ASSERT_EQUAL(lock(&bed, B, 80 * KB), 0);
		CU_ASSERT_EQUAL(zone_pages(&bed, NR_MLOCK), mlocked + 20);
		CU_ASSERT_EQUAL(bed_munmap(&bed, B, 80 * KB), 0);
		CU_ASSERT_EQUAL(zone_pages_now(&bed, NR_MLOCK), mlocked + BY_RELEASE(&bed, 0, 20));
		CU_ASSERT_EQUAL(zone_pages(&bed, NR_MLOCK), mlocked);
	}
}

/* All that is there, but for special mappings; and what comes. */
static void test_all(void)
{
	struct mm_bed bed;

	for (unsigned int i = 0; next_bed(&bed, &i);) {
		const struct vm_area_struct *vdso;

		map_anon(&bed, B, 64 * KB, PROT_RW);
		CU_ASSERT_EQUAL(sys_mlockall(bed.m, &bed.task, MCL_CURRENT | MCL_FUTURE), 0);
		CU_ASSERT_EQUAL(nr_present(&bed, B, 64 * KB), 16);
		vdso = vma_lookup(bed.m, bed.mm, bed.mm->mmap_base - 1);
		CU_ASSERT_PTR_NOT_NULL_FATAL(vdso);
		CU_ASSERT_FALSE(vdso->vm_flags & VM_LOCKED);
		CU_ASSERT_EQUAL(bed.mm->locked_vm, 16 + 33);
		map_anon(&bed, END, 32 * KB, PROT_RW);
		CU_ASSERT_EQUAL(nr_present(&bed, END, 32 * KB), 8);
		CU_ASSERT_EQUAL(sys_mlockall(bed.m, &bed.task, MCL_CURRENT | MCL_ONFAULT), 0);
		CU_ASSERT(flags_at(&bed, B) & VM_LOCKONFAULT);
		CU_ASSERT_EQUAL(bed.mm->def_flags & VM_LOCKED_MASK, 0);
		CU_ASSERT_EQUAL(bed.mm->locked_vm, 16 + 33 + 8);
		CU_ASSERT(bed_is_sane(&bed, bed.mm));
		CU_ASSERT_EQUAL(sys_munlockall(bed.m, &bed.task), 0);
		CU_ASSERT_EQUAL(bed.mm->locked_vm, 0);
	}
}

static void test_mincore(void)
{
	struct mm_bed bed;
	u8 vec[16];

	for (unsigned int i = 0; next_bed(&bed, &i);) {
		memset(vec, 9, sizeof(vec));
		map_anon(&bed, B, 32 * KB, PROT_RW);
		store_pages(&bed, B + 4 * KB, 2);
		CU_ASSERT_EQUAL(sys_mincore(bed.m, &bed.task, B, 32 * KB, vec), 0);
		CU_ASSERT_EQUAL(memcmp(vec, "\0\1\1\0\0\0\0\0\11", 9), 0);
		CU_ASSERT_EQUAL(sys_mincore(bed.m, &bed.task, B + 4 * KB, 64 * KB, vec), -ENOMEM);
		CU_ASSERT_EQUAL(memcmp(vec, "\1\1\0\0\0\0\0\0\11", 9), 0);
		CU_ASSERT_EQUAL(sys_mincore(bed.m, &bed.task, B + 1, 4 * KB, vec), -EINVAL);
		CU_ASSERT_EQUAL(sys_mincore(bed.m, &bed.task, B, ~0ULL, vec), -ENOMEM);
		CU_ASSERT_EQUAL(sys_mincore(bed.m, &bed.task, END, 4 * KB, vec), -ENOMEM);
		CU_ASSERT_EQUAL(sys_mincore(bed.m, &bed.task, END, 0, vec), 0);
	}
}

static void test_msync(void)
{
	struct mm_bed bed;

	for (unsigned int i = 0; next_bed(&bed, &i);) {
		struct machine *m = bed.m;

		map_anon(&bed, B, 16 * KB, PROT_RW);
		map_anon(&bed, B + 32 * KB, 16 * KB, PROT_RW);
		CU_ASSERT_EQUAL(sys_msync(m, &bed.task, B, 16 * KB, MS_SYNC), 0);
		CU_ASSERT_EQUAL(sys_msync(m, &bed.task, B, 16 * KB, MS_SYNC | MS_ASYNC),
				-EINVAL);
		CU_ASSERT_EQUAL(sys_msync(m, &bed.task, B, 16 * KB, 8), -EINVAL);
		CU_ASSERT_EQUAL(sys_msync(m, &bed.task, B + 1, 16 * KB, MS_SYNC), -EINVAL);
		CU_ASSERT_EQUAL(sys_msync(m, &bed.task, B, 0, MS_SYNC), 0);
		CU_ASSERT_EQUAL(sys_msync(m, &bed.task, B, -B, MS_SYNC), -ENOMEM);
		CU_ASSERT_EQUAL(sys_msync(m, &bed.task, B, 48 * KB, MS_SYNC), -ENOMEM);
		CU_ASSERT_EQUAL(sys_msync(m, &bed.task, B, 32 * KB, MS_ASYNC), -ENOMEM);
		CU_ASSERT_EQUAL(sys_mlock2(m, &bed.task, B + 32 * KB, 16 * KB, 0), 0);
		/* The hole is told only if nothing else is wrong. */
		CU_ASSERT_EQUAL(sys_msync(m, &bed.task, B, 48 * KB, MS_INVALIDATE), -EBUSY);
		CU_ASSERT_EQUAL(sys_msync(m, &bed.task, B, 48 * KB, MS_ASYNC), -ENOMEM);
	}
}

static const CU_TestInfo tests[] = {
	{ "errnos", test_errors },
	{ "limits", test_limits },
	{ "splits and merges", test_merges },
	{ "pages", test_pages },
	{ "unmapped", test_unmapped },
	{ "mlockall", test_all },
	{ "mincore", test_mincore },
	{ "msync", test_msync },
};

int main(void)
{
	return suite_main("mlock", tests, ARRAY_SIZE(tests), NULL, NULL);
}
