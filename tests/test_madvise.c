// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * madvise: errnos, flags with splits and merges, pages that go, come, turn cold or
 * free, guards. Both releases.
 */
#include "mm_calls.h"

#include "sim/phys/lru.h"
#include "sim/virt/rmap.h"

#define END (B + 1024 * KB)

static int advise(struct mm_bed *bed, u64 addr, u64 len, int advice)
{
	return sys_madvise(bed->m, &bed->task, addr, len, advice);
}

static struct page *page_at(const struct mm_bed *bed, u64 addr)
{
	u32 pfn = follow_page(bed->m, bed->mm, addr);

	CU_ASSERT_NOT_EQUAL_FATAL(pfn, PFN_NIL);
	return pfn_to_page(bed->m, pfn);
}

static const struct {
	u64 addr, len;
	int advice;
	int err[2];
} errors[] = {
	{ B, 4 * KB, 77, { -EINVAL, -EINVAL } },
	{ B, 4 * KB, 5, { -EINVAL, -EINVAL } },
	{ B + 1, 4 * KB, MADV_DONTNEED, { -EINVAL, -EINVAL } },
	{ B, 0, MADV_DONTNEED, { 0, 0 } },
	{ B, ~0ULL, MADV_DONTNEED, { -EINVAL, -EINVAL } },
	{ B, -(4 * KB), MADV_DONTNEED, { -EINVAL, -EINVAL } },
	{ B, 4 * KB, MADV_REMOVE, { -EINVAL, -EINVAL } },
	{ B, 128 * KB, MADV_DONTNEED, { -ENOMEM, -ENOMEM } },
	{ B + 256 * KB, 4 * KB, MADV_DONTNEED, { -ENOMEM, -ENOMEM } },
	{ B, 4 * KB, MADV_COLLAPSE, { -EINVAL, -EINVAL } },
	{ B, 4 * KB, MADV_GUARD_INSTALL, { -EINVAL, 0 } },
	{ B, 4 * KB, MADV_GUARD_REMOVE, { -EINVAL, 0 } },
	{ B, 4 * KB, MADV_KEEPONFORK, { 0, 0 } },
	{ B, 4 * KB, MADV_WILLNEED, { 0, 0 } },
	{ B, 96 * KB, MADV_POPULATE_READ, { -EINVAL, -EINVAL } },
	{ B + 256 * KB, 4 * KB, MADV_POPULATE_READ, { -ENOMEM, -ENOMEM } },
	{ B, 4 * KB, MADV_SOFT_OFFLINE, { -EINVAL, -EIO } },
};

static void test_errors(void)
{
	struct mm_bed bed;

	for (unsigned int i = 0; next_bed(&bed, &i);) {
		map_anon(&bed, B, 64 * KB, PROT_RW);
		map_anon(&bed, B + 64 * KB, 16 * KB, PROT_NONE);
		for (size_t n = 0; n < ARRAY_SIZE(errors); n++) {
			int err = advise(&bed, errors[n].addr, errors[n].len, errors[n].advice);

			CU_ASSERT_EQUAL(err, errors[n].err[i - 1]);
			if (err != errors[n].err[i - 1])
				fprintf(stderr, "case %zu: %d\n", n, err);
		}
		/* The kernel's own mappings. */
		CU_ASSERT_EQUAL(advise(&bed, bed.mm->mmap_base - 4 * KB, 4 * KB, MADV_DODUMP),
				-EINVAL);
		CU_ASSERT_EQUAL(sys_mlock2(bed.m, &bed.task, B, 16 * KB, 0), 0);
		CU_ASSERT_EQUAL(advise(&bed, B, 64 * KB, MADV_DONTNEED), -EINVAL);
		CU_ASSERT_EQUAL(advise(&bed, B, 64 * KB, MADV_FREE), -EINVAL);
		CU_ASSERT_EQUAL(advise(&bed, B, 64 * KB, MADV_COLD), -EINVAL);
		CU_ASSERT_EQUAL(advise(&bed, B, 64 * KB, MADV_PAGEOUT), -EINVAL);
		CU_ASSERT_EQUAL(advise(&bed, B, 64 * KB, MADV_DONTNEED_LOCKED), 0);
		CU_ASSERT_EQUAL(nr_present(&bed, B, 16 * KB), 0);
	}
}

/* Each pair of advice sets a flag and takes it away; the VMA is one again. */
static const struct {
	int on, off;
	u64 flag;
} pairs[] = {
	{ MADV_RANDOM, MADV_NORMAL, VM_RAND_READ },
	{ MADV_SEQUENTIAL, MADV_NORMAL, VM_SEQ_READ },
	{ MADV_DONTFORK, MADV_DOFORK, VM_DONTCOPY },
	{ MADV_DONTDUMP, MADV_DODUMP, VM_DONTDUMP },
	{ MADV_WIPEONFORK, MADV_KEEPONFORK, VM_WIPEONFORK },
	{ MADV_MERGEABLE, MADV_UNMERGEABLE, VM_MERGEABLE },
};

static void test_flags(void)
{
	struct mm_bed bed;

	for (unsigned int i = 0; next_bed(&bed, &i);) {
		map_anon(&bed, B, 64 * KB, PROT_RW);
		store_pages(&bed, B, 16);
		for (size_t n = 0; n < ARRAY_SIZE(pairs); n++) {
			CU_ASSERT_EQUAL(advise(&bed, B + 16 * KB, 16 * KB, pairs[n].on), 0);
			CU_ASSERT(flags_at(&bed, B + 16 * KB) & pairs[n].flag);
			CU_ASSERT_FALSE(flags_at(&bed, B) & pairs[n].flag);
			CU_ASSERT_FALSE(flags_at(&bed, B + 32 * KB) & pairs[n].flag);
			CU_ASSERT_EQUAL(advise(&bed, B, 64 * KB, pairs[n].off), 0);
			CU_ASSERT(bed_maps_are(&bed, B, END,
					       "10000000-10010000 rw-p 00000000\n"));
		}
		CU_ASSERT_EQUAL(advise(&bed, B, 64 * KB, MADV_HUGEPAGE), 0);
		CU_ASSERT_EQUAL(advise(&bed, B, 64 * KB, MADV_NOHUGEPAGE), 0);
		CU_ASSERT_EQUAL(flags_at(&bed, B) & (VM_HUGEPAGE | VM_NOHUGEPAGE), VM_NOHUGEPAGE);
		/* Advice behind a hole is taken too. */
		map_anon(&bed, B + 128 * KB, 16 * KB, PROT_RW);
		CU_ASSERT_EQUAL(advise(&bed, B, 144 * KB, MADV_DONTFORK), -ENOMEM);
		CU_ASSERT(flags_at(&bed, B + 128 * KB) & VM_DONTCOPY);
	}
}

static void test_pages(void)
{
	struct mm_bed bed;

	for (unsigned int i = 0; next_bed(&bed, &i);) {
		map_anon(&bed, B, 64 * KB, PROT_RW);
		map_anon(&bed, B + 128 * KB, 16 * KB, PROT_RW);
		store_pages(&bed, B, 16);
		store_pages(&bed, B + 128 * KB, 4);
		CU_ASSERT_EQUAL(advise(&bed, B, 16 * KB, MADV_DONTNEED), 0);
		CU_ASSERT_EQUAL(nr_present(&bed, B, 64 * KB), 12);
		CU_ASSERT_EQUAL(advise(&bed, B + 32 * KB, 128 * KB, MADV_DONTNEED), -ENOMEM);
		CU_ASSERT_EQUAL(nr_present(&bed, B, 64 * KB), 4);
		CU_ASSERT_EQUAL(nr_present(&bed, B + 128 * KB, 16 * KB), 0);
		CU_ASSERT_EQUAL(advise(&bed, B, 16 * KB, MADV_POPULATE_READ), 0);
		CU_ASSERT_EQUAL(follow_page(bed.m, bed.mm, B), bed.m->virt->zero_pfn);
		CU_ASSERT_EQUAL(advise(&bed, B, 8 * KB, MADV_POPULATE_WRITE), 0);
		CU_ASSERT(page_flag(page_at(&bed, B), PG_anon));
		/* Later releases end at the hole. */
		CU_ASSERT_EQUAL(advise(&bed, B, 144 * KB, MADV_POPULATE_WRITE), -ENOMEM);
		CU_ASSERT_EQUAL(nr_present(&bed, B + 128 * KB, 16 * KB), BY_RELEASE(&bed, 4, 0));
		CU_ASSERT_EQUAL(nr_present(&bed, B, 64 * KB), 16);
	}
}

static void test_free(void)
{
	struct mm_bed bed;

	for (unsigned int i = 0; next_bed(&bed, &i);) {
		map_anon(&bed, B, 64 * KB, PROT_RW);
		store_pages(&bed, B, 16);
		CU_ASSERT_EQUAL(advise(&bed, B, 16 * KB, MADV_FREE), 0);
		lru_add_drain_all(bed.m);
		CU_ASSERT_FALSE(page_flag(page_at(&bed, B), PG_swapbacked));
		CU_ASSERT(page_flag(page_at(&bed, B + 16 * KB), PG_swapbacked));
		store_pages(&bed, B, 1);
		/* What nobody wrote again goes; what was written has no place to go to. */
		CU_ASSERT_EQUAL(advise(&bed, B, 64 * KB, MADV_PAGEOUT), 0);
		CU_ASSERT_EQUAL(nr_present(&bed, B, 64 * KB), 13);
		CU_ASSERT_EQUAL(nr_present(&bed, B, 16 * KB), 1);
		CU_ASSERT_EQUAL(advise(&bed, B, 64 * KB, MADV_COLD), 0);
		CU_ASSERT_EQUAL(nr_present(&bed, B, 64 * KB), 13);
	}
}

static void test_guards(void)
{
	struct mm_bed bed;

	for (unsigned int i = 0; next_bed(&bed, &i);) {
		map_anon(&bed, B, 64 * KB, PROT_RW);
		store_pages(&bed, B, 8);
		CU_ASSERT_EQUAL(advise(&bed, B + 16 * KB, 32 * KB, MADV_GUARD_INSTALL),
				BY_RELEASE(&bed, -EINVAL, 0));
		if (bed.m->release == R_6_1)
			continue;
		CU_ASSERT_EQUAL(nr_present(&bed, B, 64 * KB), 4);
		CU_ASSERT_EQUAL(touch(&bed, B + 16 * KB, ACCESS_STORE).signal, 11);
		CU_ASSERT_EQUAL(touch(&bed, B + 44 * KB, ACCESS_LOAD).signal, 11);
		store_pages(&bed, B + 48 * KB, 4);
		CU_ASSERT(bed_maps_are(&bed, B, END, "10000000-10010000 rw-p 00000000\n"));
		/* They outlive what takes pages away, and move with the mapping. */
		CU_ASSERT_EQUAL(advise(&bed, B, 64 * KB, MADV_DONTNEED), 0);
		CU_ASSERT_EQUAL(touch(&bed, B + 16 * KB, ACCESS_LOAD).signal, 11);
		CU_ASSERT_EQUAL(advise(&bed, B, 64 * KB, MADV_POPULATE_WRITE), -EFAULT);
		CU_ASSERT_EQUAL(advise(&bed, B + 16 * KB, 4 * KB, MADV_GUARD_REMOVE), 0);
		store_pages(&bed, B + 16 * KB, 1);
		CU_ASSERT_EQUAL(touch(&bed, B + 20 * KB, ACCESS_LOAD).signal, 11);
		CU_ASSERT_EQUAL(bed_munmap(&bed, B, 64 * KB), 0);
		map_anon(&bed, B, 64 * KB, PROT_RW);
		store_pages(&bed, B, 16);
	}
}

/* A hole in shared memory: the pages are gone for all. */
static void test_remove(void)
{
	struct mm_bed bed;

	for (unsigned int i = 0; next_bed(&bed, &i);) {
		CU_ASSERT_EQUAL_FATAL(bed_mmap(&bed, B, 64 * KB, PROT_RW,
					       MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED), (s64)B);
		store_pages(&bed, B, 16);
		CU_ASSERT_EQUAL(advise(&bed, B, 64 * KB, MADV_WIPEONFORK), -EINVAL);
		CU_ASSERT_EQUAL(advise(&bed, B, 64 * KB, MADV_FREE), -EINVAL);
		CU_ASSERT_EQUAL(advise(&bed, B, 32 * KB, MADV_DONTNEED), 0);
		CU_ASSERT_EQUAL(nr_present(&bed, B, 64 * KB), 8);
		CU_ASSERT_EQUAL(touch(&bed, B, ACCESS_LOAD).signal, 0);
		CU_ASSERT_EQUAL(nr_present(&bed, B, 64 * KB), 16);
		CU_ASSERT_EQUAL(advise(&bed, B, 32 * KB, MADV_REMOVE), 0);
		CU_ASSERT_EQUAL(nr_present(&bed, B, 64 * KB), 8);
		CU_ASSERT_EQUAL(touch(&bed, B, ACCESS_LOAD).signal, 0);
		CU_ASSERT_EQUAL(nr_present(&bed, B, 64 * KB), 9);
	}
}

static const CU_TestInfo tests[] = {
	{ "errnos", test_errors },
	{ "flags", test_flags },
	{ "pages", test_pages },
	{ "free memory", test_free },
	{ "guards", test_guards },
	{ "holes in files", test_remove },
};

int main(void)
{
	return suite_main("madvise", tests, ARRAY_SIZE(tests), NULL, NULL);
}
