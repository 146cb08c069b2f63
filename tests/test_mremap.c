// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * mremap: errnos of both releases, shrinking, growing, moving; what merges, what stays
 * behind, what is promised and locked. Expected maps are those of real kernels.
 */
#include "mm_calls.h"

#include "sim/phys/tunables.h"

#define MAYMOVE MREMAP_MAYMOVE
#define FIXED (MREMAP_MAYMOVE | MREMAP_FIXED)
#define DONTUNMAP (MREMAP_MAYMOVE | MREMAP_DONTUNMAP)
#define END (B + 64 * 1024 * KB)

/* The new address, or -errno. */
static s64 remap(struct mm_bed *bed, u64 addr, u64 old_len, u64 new_len, u64 flags,
		 u64 new_addr)
{
	struct mremap_request req = {
		.addr = addr, .old_len = old_len, .new_len = new_len, .flags = flags,
		.new_addr = new_addr,
	};
	u64 where = 0;
	int err = sys_mremap(bed->m, &bed->task, &req, &where);

	return err ? err : (s64)where;
}

/* [B, B + 64K) private; errnos of 6.1 and 6.18. */
static const struct {
	u64 addr, old_len, new_len, flags, new_addr;
	int err[2];
} errors[] = {
	{ B, 4 * KB, 4 * KB, 8, 0, { -EINVAL, -EINVAL } },
	{ B, 4 * KB, 4 * KB, MREMAP_FIXED, END, { -EINVAL, -EINVAL } },
	{ B, 4 * KB, 8 * KB, DONTUNMAP, END, { -EINVAL, -EINVAL } },
	{ B, 4 * KB - 1, 4 * KB, DONTUNMAP | FIXED, B + 4 * KB + 1, { -EINVAL, -EINVAL } },
	{ B + 100, 4 * KB, 8 * KB, MAYMOVE, 0, { -EINVAL, -EINVAL } },
	{ B, 64 * KB, 0, MAYMOVE, 0, { -EINVAL, -EINVAL } },
	{ B + 1024 * KB, 4 * KB, 8 * KB, MAYMOVE, 0, { -EFAULT, -EFAULT } },
	{ B, 0, 64 * KB, MAYMOVE, 0, { -EINVAL, -EINVAL } },
	{ B, 128 * KB, 256 * KB, MAYMOVE, 0, { -EFAULT, -EFAULT } },
	{ B, 64 * KB, 64 * KB, FIXED, B + 4 * KB, { -EINVAL, -EINVAL } },
	{ B, 64 * KB, 64 * KB, FIXED, END + 1, { -EINVAL, -EINVAL } },
	{ B, 64 * KB, 64 * KB, FIXED, -64 * KB, { -EINVAL, -EINVAL } },
	{ B, 4 * KB, 1ULL << 48, MAYMOVE, 0, { -ENOMEM, -EINVAL } },
	{ B + 60 * KB, 4 * KB, 1ULL << 46, 0, 0, { -ENOMEM, -ENOMEM } },
	{ B, 4 * KB, 8 * KB, 0, 0, { -ENOMEM, -ENOMEM } },
	{ B, -4096, 4 * KB, MAYMOVE, 0, { -EINVAL, -EINVAL } },
};

static void test_errors(void)
{
	struct mm_bed bed;

	for (unsigned int i = 0; next_bed(&bed, &i);) {
		map_anon(&bed, B, 64 * KB, PROT_RW);
		bed.signal.rlim[RLIMIT_AS].cur = 1ULL << 32;
		for (size_t n = 0; n < ARRAY_SIZE(errors); n++) {
			s64 ret = remap(&bed, errors[n].addr, errors[n].old_len,
					errors[n].new_len, errors[n].flags, errors[n].new_addr);

			CU_ASSERT_EQUAL(ret, errors[n].err[i - 1]);
			if (ret != errors[n].err[i - 1])
				fprintf(stderr, "case %zu: %lld\n", n, (long long)ret);
		}
		CU_ASSERT(bed_maps_are(&bed, B, END, "10000000-10010000 rw-p 00000000\n"));
	}
}

/* 6.1 empties the new place before it finds out that the old one will not do. */
static void test_order(void)
{
	struct mm_bed bed;

	for (unsigned int i = 0; next_bed(&bed, &i);) {
		map_anon(&bed, B, 16 * KB, PROT_RW);
		map_anon(&bed, END, 64 * KB, PROT_RW);
		CU_ASSERT_EQUAL(remap(&bed, B, 32 * KB, 64 * KB, FIXED, END), -EFAULT);
		CU_ASSERT_EQUAL(vma_lookup(bed.m, bed.mm, END) != NULL,
				    BY_RELEASE(&bed, false, true));
		CU_ASSERT(bed_is_sane(&bed, bed.mm));
	}
}

static void test_in_place(void)
{
	struct mm_bed bed;
	u64 total;

	for (unsigned int i = 0; next_bed(&bed, &i);) {
		map_anon(&bed, B, 64 * KB, PROT_RW);
		store_pages(&bed, B, 16);
		total = bed.mm->total_vm;
		CU_ASSERT_EQUAL(remap(&bed, B, 64 * KB, 32 * KB, 0, 0), B);
		CU_ASSERT_EQUAL(bed.mm->total_vm, total - 8);
		CU_ASSERT_EQUAL(remap(&bed, B, 32 * KB, 64 * KB, 0, 0), B);
		CU_ASSERT_EQUAL(nr_present(&bed, B, 64 * KB), 8);
		CU_ASSERT_EQUAL(bed.mm->total_vm, total);
		/* What is behind and alike becomes one with it; on 6.1 not without a page. */
		map_anon(&bed, B + 96 * KB, 32 * KB, PROT_RW);
		CU_ASSERT_EQUAL(remap(&bed, B + 32 * KB, 32 * KB, 64 * KB, 0, 0), B + 32 * KB);
		CU_ASSERT(bed_maps_are(&bed, B, END, BY_RELEASE(&bed,
			"10000000-10018000 rw-p 00000000\n10018000-10020000 rw-p 00000000\n",
			"10000000-10020000 rw-p 00000000\n")));
		/* The same size: nothing is looked at but where it begins. */
		CU_ASSERT_EQUAL(remap(&bed, B, 256 * KB, 256 * KB, 0, 0), B);
	}
}

static void test_move(void)
{
	struct mm_bed bed;

	for (unsigned int i = 0; next_bed(&bed, &i);) {
		u32 pfn;
		s64 where;

		map_anon(&bed, B, 64 * KB, PROT_RW);
		store_pages(&bed, B, 8);
		pfn = follow_page(bed.m, bed.mm, B);
		map_anon(&bed, B + 64 * KB, 4 * KB, PROT_READ);
		CU_ASSERT_EQUAL(remap(&bed, B, 64 * KB, 128 * KB, 0, 0), -ENOMEM);
		where = remap(&bed, B, 64 * KB, 128 * KB, MAYMOVE, 0);
		CU_ASSERT(where > (s64)END);
		CU_ASSERT_EQUAL(follow_page(bed.m, bed.mm, (u64)where), pfn);
		CU_ASSERT_EQUAL(nr_present(&bed, (u64)where, 128 * KB), 8);
		CU_ASSERT_PTR_NULL(vma_lookup(bed.m, bed.mm, B));
		/* Over what is there; a part; and back to where it fits. */
		map_anon(&bed, B + 1024 * KB, 64 * KB, PROT_READ);
		CU_ASSERT_EQUAL(remap(&bed, (u64)where, 128 * KB, 128 * KB, FIXED,
				      B + 1024 * KB), B + 1024 * KB);
		CU_ASSERT_EQUAL(remap(&bed, B + 1056 * KB, 32 * KB, 32 * KB, FIXED,
				      B + 2048 * KB), B + 2048 * KB);
		CU_ASSERT(bed_maps_are(&bed, B + 1024 * KB, END,
				       "10100000-10108000 rw-p 00000000\n"
				       "10110000-10120000 rw-p 00000000\n"
				       "10200000-10208000 rw-p 00000000\n"));
		CU_ASSERT(bed_is_sane(&bed, bed.mm));
		CU_ASSERT_EQUAL(remap(&bed, B + 2048 * KB, 32 * KB, 32 * KB, FIXED,
				      B + 1056 * KB), B + 1056 * KB);
		CU_ASSERT(bed_maps_are(&bed, B + 1024 * KB, END,
				       "10100000-10120000 rw-p 00000000\n"));
		CU_ASSERT_EQUAL(follow_page(bed.m, bed.mm, B + 1024 * KB), pfn);
	}
}

/* The middle of a promised mapping moves: what stays is promised as before. */
static void test_account(void)
{
	struct mm_bed bed;

	for (unsigned int i = 0; next_bed(&bed, &i);) {
		s64 before = bed.m->virt->committed_as;

		map_anon(&bed, B, 64 * KB, PROT_RW);
		CU_ASSERT_EQUAL(remap(&bed, B + 16 * KB, 16 * KB, 32 * KB, FIXED, END), END);
		CU_ASSERT_EQUAL(bed.m->virt->committed_as, before + 20);
		CU_ASSERT(flags_at(&bed, B) & flags_at(&bed, B + 32 * KB) & flags_at(&bed, END) &
			  VM_ACCOUNT);
		CU_ASSERT_EQUAL(remap(&bed, B, 16 * KB, 16 * KB, DONTUNMAP | FIXED,
				      END + 64 * KB), END + 64 * KB);
		CU_ASSERT_EQUAL(bed.m->virt->committed_as, before + 24);
		CU_ASSERT(bed_is_sane(&bed, bed.mm));
		bed.signal.rlim[RLIMIT_AS].cur = bed.mm->total_vm << PAGE_SHIFT;
		CU_ASSERT_EQUAL(remap(&bed, END, 32 * KB, 36 * KB, MAYMOVE, 0), -ENOMEM);
		CU_ASSERT_EQUAL(remap(&bed, END, 32 * KB, 32 * KB, DONTUNMAP, 0), -ENOMEM);
		CU_ASSERT_EQUAL(bed.m->virt->committed_as, before + 24);
	}
}

static void test_locked(void)
{
	struct mm_bed bed;

	for (unsigned int i = 0; next_bed(&bed, &i);) {
		map_anon(&bed, B, 32 * KB, PROT_RW);
		CU_ASSERT_EQUAL(sys_mlock2(bed.m, &bed.task, B, 32 * KB, 0), 0);
		CU_ASSERT_EQUAL(remap(&bed, B, 32 * KB, 64 * KB, 0, 0), B);
		CU_ASSERT_EQUAL(nr_present(&bed, B, 64 * KB), 16);
		CU_ASSERT_EQUAL(bed.mm->locked_vm, 16);
		CU_ASSERT_EQUAL(remap(&bed, B, 64 * KB, 96 * KB, FIXED, END), END);
		CU_ASSERT_EQUAL(nr_present(&bed, END, 96 * KB), 24);
		CU_ASSERT_EQUAL(bed.mm->locked_vm, 24);
		bed.task.cap_ipc_lock = false;
		bed.signal.rlim[RLIMIT_MEMLOCK].cur = 100 * KB;
		CU_ASSERT_EQUAL(remap(&bed, END, 96 * KB, 104 * KB, 0, 0), -EAGAIN);
		CU_ASSERT_EQUAL(remap(&bed, END, 96 * KB, 100 * KB, 0, 0), END);
		CU_ASSERT_EQUAL(bed.mm->locked_vm, 25);
	}
}

/* The old mapping stays, without its pages; 6.18 loses count of what is locked. */
static void test_dontunmap(void)
{
	struct mm_bed bed;

	for (unsigned int i = 0; next_bed(&bed, &i);) {
		map_anon(&bed, B, 64 * KB, PROT_RW);
		store_pages(&bed, B, 16);
		CU_ASSERT_EQUAL(remap(&bed, B, 64 * KB, 64 * KB, DONTUNMAP | FIXED, END), END);
		CU_ASSERT_EQUAL(nr_present(&bed, B, 64 * KB), 0);
		CU_ASSERT_EQUAL(nr_present(&bed, END, 64 * KB), 16);
		CU_ASSERT_PTR_NULL(vma_lookup(bed.m, bed.mm, B)->anon_vma);
		CU_ASSERT(bed_is_sane(&bed, bed.mm));
		CU_ASSERT_EQUAL(sys_mlock2(bed.m, &bed.task, END, 64 * KB, 0), 0);
		CU_ASSERT_EQUAL(remap(&bed, END + 16 * KB, 16 * KB, 16 * KB, DONTUNMAP | FIXED,
				      END + 256 * KB), END + 256 * KB);
		CU_ASSERT_EQUAL(bed.mm->locked_vm, BY_RELEASE(&bed, 16, 20));
		CU_ASSERT_EQUAL(!(flags_at(&bed, END) & VM_LOCKED),
				BY_RELEASE(&bed, false, true));
		CU_ASSERT_FALSE(flags_at(&bed, END + 16 * KB) & VM_LOCKED);
		CU_ASSERT(flags_at(&bed, END + 256 * KB) & VM_LOCKED);
		CU_ASSERT(bed_is_sane(&bed, bed.mm));
	}
}

/* Next to itself, without a page yet. */
static void test_dontunmap_beside(void)
{
	struct mm_bed bed;

	for (unsigned int i = 0; next_bed(&bed, &i);) {
		map_anon(&bed, B, 16 * KB, PROT_RW);
		CU_ASSERT_EQUAL(remap(&bed, B, 16 * KB, 16 * KB, DONTUNMAP | FIXED,
				      B + 16 * KB), B + 16 * KB);
		CU_ASSERT(bed_maps_are(&bed, B, END, BY_RELEASE(&bed,
			"10000000-10004000 rw-p 00000000\n10004000-10008000 rw-p 00000000\n",
			"10000000-10008000 rw-p 00000000\n")));
	}
}

static void test_many(void)
{
	struct mm_bed bed;

	for (unsigned int i = 0; next_bed(&bed, &i);) {
		map_anon(&bed, B, 16 * KB, PROT_RW);
		map_anon(&bed, B + 32 * KB, 16 * KB, PROT_READ);
		store_pages(&bed, B, 4);
		CU_ASSERT_EQUAL(remap(&bed, B - 4 * KB, 16 * KB, 16 * KB, FIXED, END), -EFAULT);
		CU_ASSERT_EQUAL(remap(&bed, B, 64 * KB, 64 * KB, FIXED, END),
				BY_RELEASE(&bed, -EFAULT, (s64)END));
		if (bed.m->release == R_6_1)
			continue;
		CU_ASSERT(bed_maps_are(&bed, B, END + 1024 * KB,
				       "14000000-14004000 rw-p 00000000\n"
				       "14008000-1400c000 r--p 00000000\n"));
		CU_ASSERT_EQUAL(nr_present(&bed, END, 16 * KB), 4);
	}
}

/* Shared memory of which no length moves is mapped a second time. */
static void test_shared(void)
{
	struct mm_bed bed;

	for (unsigned int i = 0; next_bed(&bed, &i);) {
		s64 twin;

		CU_ASSERT_EQUAL_FATAL(bed_mmap(&bed, B, 64 * KB, PROT_RW,
					       MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED), (s64)B);
		store_pages(&bed, B, 4);
		twin = remap(&bed, B, 0, 64 * KB, MAYMOVE, 0);
		CU_ASSERT_FATAL(twin > 0);
		CU_ASSERT_EQUAL(touch(&bed, (u64)twin, ACCESS_LOAD).signal, 0);
		CU_ASSERT_EQUAL(follow_page(bed.m, bed.mm, (u64)twin),
				follow_page(bed.m, bed.mm, B));
		CU_ASSERT_EQUAL(bed_munmap(&bed, (u64)twin, 64 * KB), 0);
	}
}

/* Four mappings must have room before anything goes. */
static void test_map_count(void)
{
	struct mm_bed bed;

	for (unsigned int i = 0; next_bed(&bed, &i);) {
		map_anon(&bed, B, 16 * KB, PROT_RW);
		map_anon(&bed, END, 16 * KB, PROT_RW);
		bed.m->tunables->max_map_count = bed.mm->map_count + 5;
		CU_ASSERT_EQUAL(remap(&bed, B, 16 * KB, 16 * KB, FIXED, END), -ENOMEM);
		CU_ASSERT_PTR_NOT_NULL(vma_lookup(bed.m, bed.mm, END));
		bed.m->tunables->max_map_count++;
		CU_ASSERT_EQUAL(remap(&bed, B, 16 * KB, 16 * KB, FIXED, END), END);
		bed.m->tunables->max_map_count = bed.mm->map_count + 3;
		CU_ASSERT_EQUAL(remap(&bed, END, 8 * KB, 16 * KB, MAYMOVE, 0), -ENOMEM);
		bed.m->tunables->max_map_count = 65530;
	}
}

static const CU_TestInfo tests[] = {
	{ "errnos", test_errors },
	{ "what is checked first", test_order },
	{ "in place", test_in_place },
	{ "moving", test_move },
	{ "promises", test_account },
	{ "locked memory", test_locked },
	{ "MREMAP_DONTUNMAP", test_dontunmap },
	{ "MREMAP_DONTUNMAP beside", test_dontunmap_beside },
	{ "several mappings", test_many },
	{ "shared memory", test_shared },
	{ "many mappings", test_map_count },
};

int main(void)
{
	return suite_main("mremap", tests, ARRAY_SIZE(tests), NULL, NULL);
}
