// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * mprotect: errnos in their order, splits and merges, what is promised, what entries
 * allow afterwards. Both releases.
 */
#include "mm_calls.h"

#include "sim/phys/tunables.h"

static int protect(struct mm_bed *bed, u64 addr, u64 len, u64 prot)
{
	return sys_mprotect(bed->m, &bed->task, addr, len, prot);
}

static const struct {
	u64 addr, len, prot;
	int err;
} errors[] = {
	{ B, 4 * KB, PROT_GROWSDOWN | PROT_GROWSUP, -EINVAL },
	{ B + 1, 0, 0, -EINVAL },
	{ B, 0, 64, 0 },
	{ B, -(64 * KB), 64, -ENOMEM },	/* the end wraps: before the protection is looked at */
	{ B, ~0ULL, PROT_READ, -ENOMEM },
	{ B, 4 * KB, 64, -EINVAL },
	{ B - 4 * KB, 8 * KB, PROT_READ, -ENOMEM },
	{ B + 1024 * KB, 4 * KB, PROT_READ, -ENOMEM },
	{ B, 4 * KB, PROT_READ | PROT_GROWSDOWN, -EINVAL },
	{ B, 4 * KB, PROT_READ | PROT_GROWSUP, -EINVAL },
	{ B, 4 * KB, PROT_RW | 8, 0 },
};

static void test_errors(void)
{
	struct mm_bed bed;

	for (unsigned int i = 0; next_bed(&bed, &i);) {
		map_anon(&bed, B, 64 * KB, PROT_RW);
		for (size_t n = 0; n < ARRAY_SIZE(errors); n++)
			CU_ASSERT_EQUAL(protect(&bed, errors[n].addr, errors[n].len,
						errors[n].prot), errors[n].err);
		CU_ASSERT(bed_maps_are(&bed, B, B + 1024 * KB, "10000000-10010000 rw-p 00000000\n"));
	}
}

/* Head, tail and middle split off; the same flags everywhere make one VMA again. */
static void test_splits(void)
{
	struct mm_bed bed;

	for (unsigned int i = 0; next_bed(&bed, &i);) {
		map_anon(&bed, B, 64 * KB, PROT_RW);
		CU_ASSERT_EQUAL(protect(&bed, B, 4 * KB, PROT_READ), 0);
		CU_ASSERT_EQUAL(protect(&bed, B + 60 * KB, 1, PROT_READ), 0);
		CU_ASSERT_EQUAL(protect(&bed, B + 16 * KB, 8 * KB, PROT_NONE), 0);
		CU_ASSERT_EQUAL(protect(&bed, B + 20 * KB, 4 * KB, PROT_READ | PROT_EXEC), 0);
		CU_ASSERT(bed_maps_are(&bed, B, B + 64 * KB,
				       "10000000-10001000 r--p 00000000\n"
				       "10001000-10004000 rw-p 00000000\n"
				       "10004000-10005000 ---p 00000000\n"
				       "10005000-10006000 r-xp 00000000\n"
				       "10006000-1000f000 rw-p 00000000\n"
				       "1000f000-10010000 r--p 00000000\n"));
		CU_ASSERT(bed_is_sane(&bed, bed.mm));
		CU_ASSERT_EQUAL(protect(&bed, B, 64 * KB, PROT_RW), 0);
		CU_ASSERT(bed_maps_are(&bed, B, B + 64 * KB, "10000000-10010000 rw-p 00000000\n"));
	}
}

/* A hole ends the call; what lies before it has changed. */
static void test_hole(void)
{
	struct mm_bed bed;

	for (unsigned int i = 0; next_bed(&bed, &i);) {
		map_anon(&bed, B, 16 * KB, PROT_RW);
		map_anon(&bed, B + 32 * KB, 16 * KB, PROT_RW);
		CU_ASSERT_EQUAL(protect(&bed, B + 8 * KB, 40 * KB, PROT_READ), -ENOMEM);
		CU_ASSERT(bed_maps_are(&bed, B, B + 64 * KB,
				       "10000000-10002000 rw-p 00000000\n"
				       "10002000-10004000 r--p 00000000\n"
				       "10008000-1000c000 rw-p 00000000\n"));
	}
}

/* Writable memory is promised; only later releases take back what never was used. */
static void test_account(void)
{
	struct mm_bed bed;
	s64 before;

	for (unsigned int i = 0; next_bed(&bed, &i);) {
		before = bed.m->virt->committed_as;
		map_anon(&bed, B, 64 * KB, PROT_READ);
		CU_ASSERT_EQUAL(bed.m->virt->committed_as, before);
		CU_ASSERT_EQUAL(protect(&bed, B, 32 * KB, PROT_RW), 0);
		CU_ASSERT_EQUAL(bed.m->virt->committed_as, before + 8);
		CU_ASSERT(flags_at(&bed, B) & VM_ACCOUNT);
		CU_ASSERT_EQUAL(protect(&bed, B, 16 * KB, PROT_READ), 0);
		CU_ASSERT_EQUAL(bed.m->virt->committed_as,
				before + (rel_mprotect_unaccounts(bed.m->release) ? 4 : 8));
		store_pages(&bed, B + 16 * KB, 1);
		CU_ASSERT_EQUAL(protect(&bed, B + 16 * KB, 16 * KB, PROT_NONE), 0);
		CU_ASSERT(flags_at(&bed, B + 16 * KB) & VM_ACCOUNT);
		CU_ASSERT_EQUAL(bed.m->virt->committed_as,
				before + (rel_mprotect_unaccounts(bed.m->release) ? 4 : 8));
		CU_ASSERT(bed_is_sane(&bed, bed.mm));
	}
}

static void test_limits(void)
{
	struct mm_bed bed;

	for (unsigned int i = 0; next_bed(&bed, &i);) {
		map_anon(&bed, B, 64 * KB, PROT_READ);
		bed.signal.rlim[RLIMIT_DATA].cur = bed.signal.rlim[RLIMIT_DATA].max =
			(bed.mm->data_vm + 8) << PAGE_SHIFT;
		CU_ASSERT_EQUAL(protect(&bed, B, 36 * KB, PROT_RW), -ENOMEM);
		CU_ASSERT_EQUAL(protect(&bed, B, 32 * KB, PROT_RW), 0);
		/* Mappings are full: what needs a split fails, what does not goes on. */
		bed.m->tunables->max_map_count = bed.mm->map_count;
		CU_ASSERT_EQUAL(protect(&bed, B + 4 * KB, 4 * KB, PROT_READ), -ENOMEM);
		CU_ASSERT_EQUAL(protect(&bed, B, 32 * KB, PROT_READ), 0);
		bed.m->tunables->max_map_count = 65530;
	}
}

/* What may never be written; what a personality adds; the stack to its end. */
static void test_rights(void)
{
	struct mm_bed bed;
	const struct vm_area_struct *stack;
	u64 top, vvar;

	for (unsigned int i = 0; next_bed(&bed, &i);) {
		top = bed.m->arch->task_size;
		vvar = vma_lookup(bed.m, bed.mm, bed.mm->mmap_base - 1)->vm_start - 4 * KB;
		CU_ASSERT_EQUAL(protect(&bed, vvar, 4 * KB, PROT_RW), -EACCES);
		bed.task.personality |= READ_IMPLIES_EXEC;
		map_anon(&bed, B, 8 * KB, PROT_NONE);
		CU_ASSERT_EQUAL(protect(&bed, B, 4 * KB, PROT_READ), 0);
		CU_ASSERT_EQUAL(protect(&bed, B + 4 * KB, 4 * KB, PROT_NONE), 0);
		CU_ASSERT(bed_maps_are(&bed, B, B + 64 * KB, "10000000-10001000 r-xp 00000000\n"
				       "10001000-10002000 ---p 00000000\n"));
		bed.task.personality &= ~(u64)READ_IMPLIES_EXEC;
		CU_ASSERT_EQUAL(protect(&bed, top - 4 * KB, 4 * KB,
					PROT_RW | PROT_EXEC | PROT_GROWSDOWN), 0);
		stack = vma_lookup(bed.m, bed.mm, top - 1);
		CU_ASSERT(stack->vm_flags & VM_EXEC && vma_pages(stack) > 1);
	}
}

/* Pages stay; the entries allow what the VMA allows. */
static void test_entries(void)
{
	struct mm_bed bed;
	struct access_result result;
	u64 minflt;

	for (unsigned int i = 0; next_bed(&bed, &i);) {
		map_anon(&bed, B, 64 * KB, PROT_RW);
		store_pages(&bed, B, 1);
		minflt = bed.task.min_flt;
		CU_ASSERT_EQUAL(protect(&bed, B, 64 * KB, PROT_NONE), 0);
		result = touch(&bed, B, ACCESS_LOAD);
		CU_ASSERT_EQUAL(result.signal, 11);
		CU_ASSERT_EQUAL(result.code, SEGV_ACCERR);
		CU_ASSERT_EQUAL(protect(&bed, B, 64 * KB, PROT_READ), 0);
		CU_ASSERT_EQUAL(touch(&bed, B, ACCESS_LOAD).signal, 0);
		CU_ASSERT_EQUAL(touch(&bed, B, ACCESS_STORE).code, SEGV_ACCERR);
		CU_ASSERT_EQUAL(protect(&bed, B, 64 * KB, PROT_RW), 0);
		store_pages(&bed, B, 1);
		CU_ASSERT_EQUAL(bed.task.min_flt, minflt);
		CU_ASSERT_EQUAL(nr_present(&bed, B, 64 * KB), 1);
	}
}

/* Execute alone has a key of its own: a load says so. */
static void test_execute_only(void)
{
	struct mm_bed bed;

	for (unsigned int i = 0; next_bed(&bed, &i);) {
		map_anon(&bed, B, 8 * KB, PROT_EXEC);
		map_anon(&bed, B + 8 * KB, 8 * KB, PROT_RW);
		store_pages(&bed, B + 8 * KB, 1);
		CU_ASSERT_EQUAL(touch(&bed, B, ACCESS_LOAD).code, SEGV_PKUERR);
		CU_ASSERT_EQUAL(touch(&bed, B, ACCESS_IFETCH).signal, 0);
		CU_ASSERT_EQUAL(protect(&bed, B + 8 * KB, 8 * KB, PROT_EXEC), 0);
		CU_ASSERT_EQUAL(touch(&bed, B + 8 * KB, ACCESS_STORE).code, SEGV_PKUERR);
		CU_ASSERT_EQUAL(protect(&bed, B, 16 * KB, PROT_READ), 0);
		CU_ASSERT_EQUAL(touch(&bed, B + 8 * KB, ACCESS_LOAD).signal, 0);
		CU_ASSERT_EQUAL(flags_at(&bed, B) & VM_PKEY_MASK, 0);
	}
}

/* A CPU of 32 bits has no keys: what is executed can be read. */
static void test_without_keys(void)
{
	struct mm_bed bed;

	mm_bed_open(&bed, "i386", "6.1");
	map_anon(&bed, B, 8 * KB, PROT_EXEC);
	CU_ASSERT_EQUAL(flags_at(&bed, B) & VM_PKEY_MASK, 0);
	CU_ASSERT_EQUAL(touch(&bed, B, ACCESS_LOAD).signal, 0);
	mm_bed_close(&bed);
}

/* Locked memory that becomes writable has its own pages at once. */
static void test_locked(void)
{
	struct mm_bed bed;

	for (unsigned int i = 0; next_bed(&bed, &i);) {
		map_anon(&bed, B, 32 * KB, PROT_READ);
		CU_ASSERT_EQUAL(sys_mlock2(bed.m, &bed.task, B, 32 * KB, 0), 0);
		CU_ASSERT_EQUAL(follow_page(bed.m, bed.mm, B), bed.m->virt->zero_pfn);
		CU_ASSERT_EQUAL(protect(&bed, B, 16 * KB, PROT_RW), 0);
		CU_ASSERT_NOT_EQUAL(follow_page(bed.m, bed.mm, B), bed.m->virt->zero_pfn);
		CU_ASSERT_NOT_EQUAL(follow_page(bed.m, bed.mm, B), PFN_NIL);
		CU_ASSERT_EQUAL(follow_page(bed.m, bed.mm, B + 16 * KB), bed.m->virt->zero_pfn);
		CU_ASSERT_EQUAL(bed.mm->locked_vm, 8);
	}
}

static const CU_TestInfo tests[] = {
	{ "errnos", test_errors },
	{ "splits and merges", test_splits },
	{ "a hole", test_hole },
	{ "promises", test_account },
	{ "limits", test_limits },
	{ "rights", test_rights },
	{ "entries", test_entries },
	{ "execute only", test_execute_only },
	{ "without keys", test_without_keys },
	{ "locked memory", test_locked },
};

int main(void)
{
	return suite_main("mprotect", tests, ARRAY_SIZE(tests), NULL, NULL);
}
