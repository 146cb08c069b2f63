// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * mmap, munmap, brk and stacks as a program meets them: where mappings go, which
 * errors calls give, what limits and overcommit refuse. Addresses and results of the
 * lists are those of real kernels, 6.1 in the first column, 6.18 in the second.
 */
#include "mm_bed.h"

#include "sim/phys/tunables.h"
#include "sim/virt/pgtable.h"

#define BASE 0x10000000ULL
#define SZ_4K PAGE_SIZE
#define SZ_64K 0x10000ULL
#define SZ_1T (1ULL << 40)
#define ANON (MAP_PRIVATE | MAP_ANONYMOUS)
#define SHARED (MAP_SHARED | MAP_ANONYMOUS)
#define NOREPLACE (ANON | MAP_FIXED_NOREPLACE)
#define R PROT_READ
#define W PROT_WRITE
#define X PROT_EXEC
#define RW (R | W)

static const char *const releases[] = { "6.1", "6.18" };

/* ---- Placement. ---- */

struct call {
	enum { MMAP, MUNMAP, MEMFD_SHARED, MEMFD_PRIVATE } what;
	u64 addr, len, prot, flags;	/* of a file: flags are the offset */
	s64 expected[2];
	int slot;	/* 1 and up: keep the result; an addr of ADDR_OF(n) is it */
};
#define NR_SLOTS 8
#define ADDR_OF(slot) (~0ULL - (slot))
#define ALIKE(x) { (x), (x) }

/* The list of calls without addresses, and hints good and bad. */
static const struct call placement_calls[] = {
	{ MMAP, 0, SZ_4K, RW, ANON, { 0x7ffff7ff8000, 0x7ffff7ff6000 }, 1 },
	{ MMAP, 0, SZ_4K, R, ANON, { 0x7ffff7ff7000, 0x7ffff7ff5000 }, 2 },
	{ MMAP, 0, SZ_64K, RW, ANON, { 0x7ffff7fe7000, 0x7ffff7fe5000 }, 3 },
	{ MMAP, 0, SZ_64K, R, ANON, { 0x7ffff7fd7000, 0x7ffff7fd5000 }, 0 },
	{ MUNMAP, ADDR_OF(3), SZ_64K, 0, 0, ALIKE(0), 0 },
	{ MMAP, 0, SZ_4K, 0, ANON, { 0x7ffff7ff6000, 0x7ffff7ff4000 }, 0 },
	{ MMAP, 0, 2 * SZ_64K, 0, ANON, { 0x7ffff7fb7000, 0x7ffff7fb5000 }, 0 },
	{ MMAP, 0, 15 * SZ_4K, R, ANON, { 0x7ffff7fe7000, 0x7ffff7fe5000 }, 0 },
	{ MMAP, 0, SZ_4K, RW | X, ANON, { 0x7ffff7fb6000, 0x7ffff7fb4000 }, 0 },
	{ MMAP, 0x10000000, SZ_4K, RW, ANON, ALIKE(0x10000000), 0 },
	{ MMAP, 0x10000000, SZ_4K, RW, ANON, { 0x7ffff7fb5000, 0x7ffff7fb3000 }, 0 },
	{ MMAP, 0x10000800, SZ_4K, R, ANON, { 0x7ffff7fb4000, 0x7ffff7fb2000 }, 0 },
	{ MMAP, 0x20000123, SZ_4K, RW, ANON, ALIKE(0x20000000), 0 },
	{ MMAP, ADDR_OF(1), SZ_4K, RW, ANON, { 0x7ffff7fb3000, 0x7ffff7fb1000 }, 0 },
	{ MMAP, 0, SZ_2M, RW, ANON, { 0x7ffff7db3000, 0x7ffff7c00000 }, 4 },
	{ MMAP, 0, 3 * SZ_1M, R, ANON, { 0x7ffff7ab3000, 0x7ffff7900000 }, 0 },
	{ MMAP, 0, 8 * SZ_1M, 0, ANON, { 0x7ffff72b3000, 0x7ffff7000000 }, 0 },
	{ MUNMAP, ADDR_OF(4), SZ_2M, 0, 0, ALIKE(0), 0 },
	{ MMAP, 0, SZ_2M, 0, ANON, { 0x7ffff7db3000, 0x7ffff6e00000 }, 0 },
	{ MMAP, 0, SZ_4K, RW, SHARED, { 0x7ffff72b2000, 0x7ffff7fb0000 }, 0 },
	{ MEMFD_SHARED, 0, 4 * SZ_1M, RW, 0, { 0x7ffff6eb2000, 0x7ffff6a00000 }, 0 },
	{ MEMFD_SHARED, 0, SZ_4K, R, SZ_4K, { 0x7ffff6eb1000, 0x7ffff7faf000 }, 0 },
	{ MEMFD_PRIVATE, 0, SZ_2M, R, SZ_2M, { 0x7ffff6cb1000, 0x7ffff7daf000 }, 0 },
	{ MMAP, 0, SZ_64K, RW, ANON | MAP_32BIT, ALIKE(0x40000000), 0 },
	{ MMAP, 0, SZ_64K, R, ANON | MAP_32BIT, ALIKE(0x40010000), 0 },
	{ MMAP, 0x40001000, SZ_64K, 0, ANON | MAP_32BIT, ALIKE(0x40020000), 0 },
	{ MMAP, 0, SZ_64K, RW, ANON | MAP_GROWSDOWN, { 0x7ffff6ca1000, 0x7ffff7d9f000 }, 0 },
	{ MMAP, 0, SZ_64K, RW, ANON, { 0x7ffff6b91000, 0x7ffff7c8f000 }, 0 },
	{ MMAP, 0, SZ_64K, RW, ANON | MAP_STACK, { 0x7ffff6b81000, 0x7ffff7c7f000 }, 0 },
	{ MMAP, 0x800000000000, SZ_4K, RW, ANON, { 0x7ffff6b80000, 0x7ffff7c7e000 }, 0 },
	{ MMAP, 0x7ffffffff000, SZ_4K, RW, ANON, { 0x7ffff6b7f000, 0x7ffff7c7d000 }, 0 },
	{ MMAP, 0xffffffffffff0000, SZ_4K, RW, ANON, { 0x7ffff6b7e000, 0x7ffff7c7c000 }, 0 },
	{ MUNMAP, ADDR_OF(2), SZ_4K, 0, 0, ALIKE(0), 0 },
	{ MMAP, 0, SZ_4K, X, ANON, { 0x7ffff7ff7000, 0x7ffff7ff5000 }, 0 },
};

static s64 make_call(struct mm_bed *bed, const struct call *call, u64 addr,
		     struct file *memfd)
{
	struct mmap_request req = {
		.addr = addr, .len = call->len, .prot = call->prot, .flags = call->flags,
	};
	u64 where;
	int err;

	if (call->what == MUNMAP)
		return bed_munmap(bed, addr, call->len);
	if (call->what != MMAP) {
		req.file = memfd;
		req.offset = call->flags;
		req.flags = call->what == MEMFD_SHARED ? MAP_SHARED : MAP_PRIVATE;
	}
	err = sys_mmap(bed->m, &bed->task, &req, &where);
	return err ? err : (s64)where;
}

static void run_calls(struct mm_bed *bed, const struct call *calls, unsigned int nr,
		      unsigned int column, struct file *memfd)
{
	u64 slots[NR_SLOTS] = { 0 };

	for (unsigned int i = 0; i < nr; i++) {
		u64 addr = calls[i].addr;
		s64 result;

		if (addr > ADDR_OF(NR_SLOTS))
			addr = slots[ADDR_OF(0) - addr];
		result = make_call(bed, &calls[i], addr, memfd);
		CU_ASSERT_EQUAL(result, calls[i].expected[column]);
		if (result != calls[i].expected[column])
			fprintf(stderr, "call %u: expected %#llx, found %#llx\n", i,
				(unsigned long long)calls[i].expected[column],
				(unsigned long long)result);
		slots[calls[i].slot] = (u64)result;
		CU_ASSERT(bed_is_sane(bed, bed->mm));
	}
}

static void test_placement(void)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(releases); i++) {
		struct mm_bed bed;
		struct file *memfd;

		mm_bed_open(&bed, "x86_64", releases[i]);
		CU_ASSERT_EQUAL_FATAL(shmem_file_setup(bed.m, "/memfd:ora", 4 * SZ_1M,
						       VM_NORESERVE, true, &memfd), 0);
		run_calls(&bed, placement_calls, ARRAY_SIZE(placement_calls), i, memfd);
		fput(bed.m, memfd);
		mm_bed_close(&bed);
	}
}

/* Overcommit by guess, and what does not fit. */
static const struct call overcommit_calls[] = {
	{ MMAP, 0, SZ_1T, RW, ANON, ALIKE(-ENOMEM), 0 },
	{ MMAP, 0, SZ_1T, RW, ANON | MAP_NORESERVE, { 0x7efff7ff9000, 0x7efff7e00000 }, 0 },
	{ MMAP, 0, SZ_1T, 0, ANON, { 0x7dfff7ff9000, 0x7dfff7e00000 }, 0 },
	{ MMAP, 0, SZ_1T, R, ANON, { 0x7cfff7ff9000, 0x7cfff7e00000 }, 0 },
	{ MMAP, 0, SZ_1T, RW, SHARED, ALIKE(-ENOMEM), 0 },
	{ MMAP, 0, SZ_1T, RW, SHARED | MAP_NORESERVE, { 0x7bfff7ff9000, 0x7bfff7e00000 }, 0 },
	{ MMAP, 0, 127 * SZ_1T, 0, ANON | MAP_NORESERVE, ALIKE(-ENOMEM), 0 },
	{ MMAP, 0, 128 * SZ_1T, 0, ANON | MAP_NORESERVE, ALIKE(-ENOMEM), 0 },
	{ MMAP, 0, ~0ULL, 0, ANON | MAP_NORESERVE, ALIKE(-ENOMEM), 0 },
	{ MMAP, 0, -SZ_4K, 0, ANON | MAP_NORESERVE, ALIKE(-ENOMEM), 0 },
};

static void test_overcommit_guess(void)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(releases); i++) {
		struct mm_bed bed;

		mm_bed_open(&bed, "x86_64", releases[i]);
		run_calls(&bed, overcommit_calls, ARRAY_SIZE(overcommit_calls), i, NULL);
		mm_bed_close(&bed);
	}
}

static void test_overcommit_never(void)
{
	struct mm_bed bed;
	s64 committed;

	mm_bed_open(&bed, "x86_64", "6.18");
	bed.m->tunables->overcommit_memory = 2;
	committed = bed.m->virt->committed_as;
	bed.m->tunables->overcommit_kbytes = ((u64)committed + 1000) * 4;
	bed.m->tunables->user_reserve_kbytes = 0;
	/* The sum has to stay below the limit. */
	CU_ASSERT_EQUAL(bed_mmap(&bed, BASE, 1000 * PAGE_SIZE, RW, NOREPLACE), -ENOMEM);
	CU_ASSERT_EQUAL(bed_mmap(&bed, BASE, 999 * PAGE_SIZE, RW, NOREPLACE), (s64)BASE);
	CU_ASSERT_EQUAL(bed.m->virt->committed_as, committed + 999);
	/* MAP_NORESERVE does not help here; what cannot be written is free. */
	CU_ASSERT_EQUAL(bed_mmap(&bed, 2 * BASE, PAGE_SIZE, RW, NOREPLACE | MAP_NORESERVE),
			-ENOMEM);
	CU_ASSERT_EQUAL(bed_mmap(&bed, 2 * BASE, PAGE_SIZE, R, NOREPLACE), (s64)BASE * 2);
	/* What is replaced need not be promised twice. */
	CU_ASSERT_EQUAL(bed_mmap(&bed, BASE, 999 * PAGE_SIZE, RW | X, ANON | MAP_FIXED),
			(s64)BASE);
	CU_ASSERT_EQUAL(bed.m->virt->committed_as, committed + 999);
	/* A program without rights leaves some to root. */
	CU_ASSERT_EQUAL(bed_munmap(&bed, BASE, PAGE_SIZE), 0);
	bed.task.cap_sys_admin = false;
	bed.m->tunables->admin_reserve_kbytes = 4;
	CU_ASSERT_EQUAL(bed_mmap(&bed, 3 * BASE, PAGE_SIZE, RW, NOREPLACE), -ENOMEM);
	bed.m->tunables->overcommit_memory = 1;
	CU_ASSERT_EQUAL(bed_mmap(&bed, 3 * BASE, SZ_1T, RW, NOREPLACE), (s64)BASE * 3);
	mm_bed_close(&bed);
}

/* 6.1 removes what lies there before it looks whether there is memory. */
static void test_refused_over_a_mapping(void)
{
	static const char *const left[] = { "", "10000000-10010000 r--p 00000000\n" };

	for (unsigned int i = 0; i < ARRAY_SIZE(releases); i++) {
		struct mm_bed bed;

		mm_bed_open(&bed, "x86_64", releases[i]);
		CU_ASSERT_EQUAL(bed_mmap(&bed, BASE, SZ_64K, R, NOREPLACE), (s64)BASE);
		CU_ASSERT_EQUAL(bed_mmap(&bed, BASE, SZ_1T, RW, ANON | MAP_FIXED), -ENOMEM);
		CU_ASSERT(bed_maps_are(&bed, 0, BASE * 2, left[i]));
		mm_bed_close(&bed);
	}
}

/* ---- Errors of arguments. ---- */

struct error_row {
	u64 addr, len, prot, flags;
	int err;	/* 0: it works */
};

static void test_mmap_errors(void)
{
	static const struct error_row rows[] = {
		{ 0, 0, R, ANON, -EINVAL },
		{ BASE + 1, SZ_4K, R, ANON | MAP_FIXED, -EINVAL },
		{ 0, SZ_4K, R, MAP_ANONYMOUS, -EINVAL },
		{ 0, SZ_4K, R, MAP_ANONYMOUS | MAP_SHARED_VALIDATE, -EINVAL },
		{ 0, SZ_4K, R, SHARED | MAP_GROWSDOWN, -EINVAL },
		{ 0, SZ_4K, R, MAP_PRIVATE, -EBADF },
		{ 0x7ffffffff000, SZ_4K, R, ANON | MAP_FIXED, -ENOMEM },
		{ 0x7fffffffe000, SZ_4K, R, ANON | MAP_FIXED_NOREPLACE, -EEXIST },
		{ 0x7ffffffdd000, SZ_4K, R, ANON | MAP_FIXED_NOREPLACE, 0 },
		{ 0, SZ_4K, R, ANON | MAP_HUGETLB, -ENOMEM },
		{ BASE, 1, R, ANON | MAP_FIXED, 0 },
	};

	for (unsigned int i = 0; i < 2 * ARRAY_SIZE(rows); i++) {
		const struct error_row *row = &rows[i / 2];
		struct mm_bed bed;
		s64 result;

		mm_bed_open(&bed, "x86_64", releases[i & 1]);
		result = bed_mmap(&bed, row->addr, row->len, row->prot, row->flags);
		CU_ASSERT_EQUAL(MIN(result, 0), row->err);
		if (MIN(result, 0) != row->err)
			fprintf(stderr, "row %u: %lld\n", i / 2, (long long)result);
		mm_bed_close(&bed);
	}
}

static void test_munmap_errors(void)
{
	struct mm_bed bed;
	u64 vdso;

	mm_bed_open(&bed, "x86_64", "6.18");
	CU_ASSERT_EQUAL(bed_munmap(&bed, BASE + 1, SZ_4K), -EINVAL);
	CU_ASSERT_EQUAL(bed_munmap(&bed, BASE, 0), -EINVAL);
	CU_ASSERT_EQUAL(bed_munmap(&bed, BASE, ~0ULL), -EINVAL);
	CU_ASSERT_EQUAL(bed_munmap(&bed, 0x800000000000, SZ_4K), -EINVAL);
	CU_ASSERT_EQUAL(bed_munmap(&bed, BASE, SZ_4K), 0);
	CU_ASSERT_EQUAL(bed_munmap(&bed, BASE, 1), 0);
	/* A special mapping goes whole or not at all. */
	vdso = bed.mm->mmap_base - 2 * PAGE_SIZE;
	CU_ASSERT_EQUAL(bed_munmap(&bed, vdso, PAGE_SIZE), -EINVAL);
	CU_ASSERT_EQUAL(bed_munmap(&bed, vdso, 2 * PAGE_SIZE), 0);
	mm_bed_close(&bed);
}

/* One call over mappings and holes; what sticks out stays. */
static void test_munmap_spans(void)
{
	struct mm_bed bed;

	mm_bed_open(&bed, "x86_64", "6.1");
	for (u64 i = 0; i < 100; i++)
		CU_ASSERT(bed_mmap(&bed, BASE + 2 * i * SZ_64K, SZ_64K, RW, NOREPLACE) > 0);
	CU_ASSERT_EQUAL(bed_munmap(&bed, BASE + SZ_4K, 198 * SZ_64K), 0);
	CU_ASSERT(bed_maps_are(&bed, 0, 4 * BASE, "10000000-10001000 rw-p 00000000\n"
			       "10c61000-10c70000 rw-p 00000000\n"));
	CU_ASSERT(bed_is_sane(&bed, bed.mm));
	mm_bed_close(&bed);
}

/* ---- Limits. ---- */

static void test_limits(void)
{
	struct mm_bed bed;
	struct rlimit *rlim = bed.signal.rlim;

	mm_bed_open(&bed, "x86_64", "6.18");
	rlim[RLIMIT_AS].cur = (bed.mm->total_vm << PAGE_SHIFT) + 64 * SZ_1M;
	CU_ASSERT_EQUAL(bed_mmap(&bed, BASE, 65 * SZ_1M, R, NOREPLACE), -ENOMEM);
	CU_ASSERT_EQUAL(bed_mmap(&bed, BASE, 64 * SZ_1M, R, NOREPLACE), (s64)BASE);
	CU_ASSERT_EQUAL(bed_mmap(&bed, BASE, 4 * SZ_1M, RW, ANON | MAP_FIXED), (s64)BASE);
	CU_ASSERT_EQUAL(bed_mmap(&bed, 2 * BASE, SZ_4K, R, NOREPLACE), -ENOMEM);
	CU_ASSERT_EQUAL(bed_brk(&bed, BED_BRK + SZ_64K), BED_BRK);
	rlim[RLIMIT_AS].cur = RLIM_INFINITY;
	/* Data: private and writable. */
	rlim[RLIMIT_DATA].cur = (bed.mm->data_vm << PAGE_SHIFT) + SZ_1M;
	CU_ASSERT_EQUAL(bed_mmap(&bed, 2 * BASE, SZ_2M, RW, NOREPLACE), -ENOMEM);
	CU_ASSERT_EQUAL(bed_mmap(&bed, 2 * BASE, SZ_2M, R, NOREPLACE), (s64)BASE * 2);
	CU_ASSERT_EQUAL(bed_mmap(&bed, 3 * BASE, SZ_1M, RW, NOREPLACE), (s64)BASE * 3);
	CU_ASSERT_EQUAL(bed_mmap(&bed, 4 * BASE, SZ_4K, RW, NOREPLACE), -ENOMEM);
	rlim[RLIMIT_DATA].cur = RLIM_INFINITY;
	/* Locked memory. */
	bed.task.cap_ipc_lock = false;
	rlim[RLIMIT_MEMLOCK].cur = SZ_64K;
	CU_ASSERT_EQUAL(bed_mmap(&bed, 5 * BASE, SZ_64K + 1, R, NOREPLACE | MAP_LOCKED),
			-EAGAIN);
	rlim[RLIMIT_MEMLOCK].cur = 0;
	CU_ASSERT_EQUAL(bed_mmap(&bed, 5 * BASE, SZ_4K, R, NOREPLACE | MAP_LOCKED), -EPERM);
	/* The first 64 KiB are for those who may. */
	CU_ASSERT_EQUAL(bed_mmap(&bed, SZ_4K, SZ_4K, R, NOREPLACE), (s64)SZ_4K);
	CU_ASSERT_EQUAL(bed_munmap(&bed, SZ_4K, SZ_4K), 0);
	bed.task.cap_sys_admin = false;
	CU_ASSERT_EQUAL(bed_mmap(&bed, SZ_4K, SZ_4K, R, NOREPLACE), -EPERM);
	CU_ASSERT_EQUAL(bed_mmap(&bed, SZ_4K, SZ_4K, R, ANON), (s64)SZ_64K);
	mm_bed_close(&bed);
}

/* ---- The heap. ---- */

struct brk_row {
	u64 brk;
	u64 expected;
};

static void test_brk(void)
{
	static const u64 k = BED_BRK;
	static const struct brk_row rows[] = {
		{ 0, k }, { k + SZ_4K, k + SZ_4K }, { k + 100, k + 100 },
		{ k + 2 * SZ_4K, k + 2 * SZ_4K }, { k + SZ_1M, k + SZ_1M },
		{ k + SZ_64K, k + SZ_64K }, { 0x400000, k + SZ_64K },
		{ ~0ULL, k + SZ_64K }, { ~0xfffULL, k + SZ_64K },
		{ k + SZ_2M, k + SZ_64K },	/* meets what lies at 1 MiB */
		{ k + SZ_1M, k + SZ_64K },	/* a page has to stay free */
		{ k + SZ_1M - SZ_4K, k + SZ_1M - SZ_4K },
		{ k + 512 * SZ_1K, k + 512 * SZ_1K },
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(releases); i++) {
		struct mm_bed bed;

		mm_bed_open(&bed, "x86_64", releases[i]);
		CU_ASSERT_EQUAL(bed_mmap(&bed, k + SZ_1M, SZ_64K, RW, NOREPLACE),
				(s64)(k + SZ_1M));
		CU_ASSERT_EQUAL(bed_munmap(&bed, k + SZ_1M, SZ_64K), 0);
		for (unsigned int n = 0; n < ARRAY_SIZE(rows); n++) {
			if (n == 6)
				CU_ASSERT_EQUAL(bed_mmap(&bed, k + SZ_1M, SZ_64K, RW, NOREPLACE),
						(s64)(k + SZ_1M));
			CU_ASSERT_EQUAL(bed_brk(&bed, rows[n].brk), rows[n].expected);
			CU_ASSERT(bed_is_sane(&bed, bed.mm));
		}
		CU_ASSERT(bed_maps_are(&bed, 0, BASE, "005ea000-0066a000 rw-p 00000000\n"
				       "006ea000-006fa000 rw-p 00000000\n"));
		/* A hole in the heap stays one; only the last piece grows. */
		CU_ASSERT_EQUAL(bed_munmap(&bed, k + 25 * SZ_4K, 2 * SZ_4K), 0);
		CU_ASSERT_EQUAL(bed_brk(&bed, k + 600 * SZ_1K), k + 600 * SZ_1K);
		CU_ASSERT(bed_maps_are(&bed, 0, k + SZ_1M, "005ea000-00603000 rw-p 00000000\n"
				       "00605000-00680000 rw-p 00000000\n"));
		bed.signal.rlim[RLIMIT_DATA].cur = 500 * SZ_1K;
		CU_ASSERT_EQUAL(bed_brk(&bed, k + 601 * SZ_1K), k + 600 * SZ_1K);
		CU_ASSERT_EQUAL(bed_brk(&bed, k + 400 * SZ_1K), k + 400 * SZ_1K);
		CU_ASSERT_EQUAL(bed_brk(&bed, k), k);
		CU_ASSERT(bed_maps_are(&bed, 0, k + SZ_1M, ""));
		mm_bed_close(&bed);
	}
}

/* bss: replaces what is there, whatever the limit of the heap says. */
static void test_brk_flags(void)
{
	struct mm_bed bed;

	mm_bed_open(&bed, "x86_64", "6.18");
	CU_ASSERT_EQUAL(bed_mmap(&bed, BASE, SZ_64K, R, NOREPLACE), (s64)BASE);
	CU_ASSERT_EQUAL(do_brk_flags(bed.m, &bed.task, BASE + SZ_4K, SZ_4K + 1, 0), 0);
	CU_ASSERT_EQUAL(do_brk_flags(bed.m, &bed.task, BASE + SZ_64K, 1, VM_EXEC), 0);
	CU_ASSERT_EQUAL(do_brk_flags(bed.m, &bed.task, BASE, SZ_4K, VM_SHARED), -EINVAL);
	CU_ASSERT_EQUAL(do_brk_flags(bed.m, &bed.task, BASE, 0, 0), 0);
	CU_ASSERT_EQUAL(do_brk_flags(bed.m, &bed.task, BASE, ~0ULL, 0), -ENOMEM);
	CU_ASSERT(bed_maps_are(&bed, 0, 2 * BASE, "10000000-10001000 r--p 00000000\n"
			       "10001000-10003000 rw-p 00000000\n"
			       "10003000-10010000 r--p 00000000\n"
			       "10010000-10011000 rwxp 00000000\n"));
	mm_bed_close(&bed);
}

/* ---- Stacks. ---- */

static int grow(struct mm_bed *bed, u64 addr)
{
	struct vm_area_struct *vma = find_vma(bed->m, bed->mm, addr);

	return expand_downwards(bed->m, &bed->task, vma, addr);
}

static void test_stack(void)
{
	struct mm_bed bed;
	u64 top, b = 0x20000000, c = 0x30000000;

	mm_bed_open(&bed, "x86_64", "6.18");
	top = bed.m->arch->task_size;
	CU_ASSERT_EQUAL(grow(&bed, top - 4 * SZ_1M - 8), 0);
	CU_ASSERT_EQUAL(find_vma(bed.m, bed.mm, top - 1)->vm_start, top - 4 * SZ_1M - SZ_4K);
	/* RLIMIT_STACK is 8 MiB: to the byte. */
	CU_ASSERT_EQUAL(grow(&bed, top - 8 * SZ_1M - SZ_4K), -ENOMEM);
	CU_ASSERT_EQUAL(grow(&bed, top - 8 * SZ_1M), 0);
	CU_ASSERT_EQUAL(bed.mm->stack_vm, 8 * SZ_1M >> PAGE_SHIFT);
	/* MAP_GROWSDOWN; a page touched inside changes nothing. */
	CU_ASSERT_EQUAL(bed_mmap(&bed, b, SZ_64K, RW, NOREPLACE | MAP_GROWSDOWN), (s64)b);
	CU_ASSERT_EQUAL(grow(&bed, b + 5), 0);
	CU_ASSERT_EQUAL(grow(&bed, b - 3 * SZ_1M), 0);
	/* 256 pages stay free above a mapping that can be used. */
	CU_ASSERT_EQUAL(bed_mmap(&bed, b - 8 * SZ_1M, SZ_64K, RW, NOREPLACE),
			(s64)(b - 8 * SZ_1M));
	CU_ASSERT_EQUAL(grow(&bed, b - 7 * SZ_1M + SZ_64K - SZ_4K), -ENOMEM);
	CU_ASSERT_EQUAL(grow(&bed, b - 7 * SZ_1M + SZ_64K), 0);
	/* One that cannot be used may touch. */
	CU_ASSERT_EQUAL(bed_mmap(&bed, c, SZ_64K, RW, NOREPLACE | MAP_GROWSDOWN), (s64)c);
	CU_ASSERT_EQUAL(bed_mmap(&bed, c - 4 * SZ_64K, SZ_64K, 0, NOREPLACE),
			(s64)(c - 4 * SZ_64K));
	CU_ASSERT_EQUAL(grow(&bed, c - 3 * SZ_64K), 0);
	/* Other mappings do not grow; nothing grows below the least address. */
	CU_ASSERT_EQUAL(grow(&bed, b - 8 * SZ_1M - SZ_4K), -EFAULT);
	CU_ASSERT_EQUAL(bed_munmap(&bed, b - 8 * SZ_1M, SZ_64K), 0);
	CU_ASSERT_EQUAL(grow(&bed, SZ_4K), -EPERM);
	CU_ASSERT(bed_is_sane(&bed, bed.mm));
	/* Growth without VM_ACCOUNT is charged all the same, and never given back. */
	CU_ASSERT_EQUAL(bed_mmap(&bed, 2 * c, SZ_64K, R, NOREPLACE | MAP_GROWSDOWN),
			(s64)(2 * c));
	CU_ASSERT_EQUAL(grow(&bed, 2 * c - SZ_64K), 0);
	CU_ASSERT_EQUAL(bed.m->virt->committed_lost, 16);
	/* A hint in the gap is not taken. */
	CU_ASSERT(bed_mmap(&bed, b - 8 * SZ_1M + SZ_64K, SZ_4K, RW, ANON) > (s64)BASE * 16);
	mm_bed_close(&bed);
}

/* ---- Other architectures. ---- */

static void test_i386(void)
{
	static const char *const archs_32[] = { "i386", "i386-pae" };

	for (unsigned int i = 0; i < ARRAY_SIZE(archs_32); i++) {
		struct mm_bed bed;
		s64 at;

		mm_bed_open(&bed, archs_32[i], "6.1");
		CU_ASSERT_EQUAL(bed.mm->mmap_base, 0xb8000000);
		at = bed_mmap(&bed, 0, SZ_4K, RW, ANON);
		CU_ASSERT_EQUAL(at, 0xb8000000 - 6 * SZ_4K - SZ_4K);
		/* This search rounds hints up, and knows no alignment. */
		CU_ASSERT_EQUAL(bed_mmap(&bed, BASE + 1, SZ_4K, R, ANON), (s64)(BASE));
		CU_ASSERT_EQUAL(bed_mmap(&bed, 0, SZ_2M, R, ANON), at - (s64)SZ_2M);
		CU_ASSERT_EQUAL(bed_mmap(&bed, 0xbffff000, 2 * SZ_4K, R, ANON | MAP_FIXED),
				-ENOMEM);
		CU_ASSERT_EQUAL(bed_munmap(&bed, 0xc0000000, SZ_4K), -EINVAL);
		mm_bed_close(&bed);
	}
}

/* 47 bits unless asked for more. */
static void test_la57(void)
{
	struct mm_bed bed;

	mm_bed_open(&bed, "x86_64-la57", "6.18");
	CU_ASSERT_EQUAL(bed_mmap(&bed, 0, SZ_4K, RW, ANON), 0x7ffff7ff6000);
	CU_ASSERT_EQUAL(bed_mmap(&bed, 1ULL << 50, SZ_4K, R, ANON), 1LL << 50);
	CU_ASSERT_EQUAL(bed_mmap(&bed, 1ULL << 50, SZ_4K, R, ANON),
			(1LL << 56) - (s64)(SZ_4K + (1ULL << 47) - 0x7ffff7fff000) + 0);
	/* A hint that would lie across the border is none. */
	CU_ASSERT_EQUAL(bed_mmap(&bed, (1ULL << 47) - SZ_4K, 2 * SZ_4K, RW, ANON) >> 47, 0);
	mm_bed_close(&bed);
}

/* The base follows the stack's limit. */
static void test_mmap_base(void)
{
	struct mm_bed bed;
	struct mm_struct *mm;

	mm_bed_open(&bed, "x86_64", "6.18");
	mm = bed.mm;
	CU_ASSERT_EQUAL(mm->mmap_base, 0x7ffff7fff000);
	CU_ASSERT_EQUAL(mm->mmap_legacy_base, 0x2aaaaaaab000);
	bed.signal.rlim[RLIMIT_STACK].cur = SZ_1G;
	arch_pick_mmap_layout(bed.m, &bed.task, mm);
	CU_ASSERT_EQUAL(mm->mmap_base, 0x7fffffffefff + 1 - SZ_1G - SZ_1M);
	bed.signal.rlim[RLIMIT_STACK].cur = RLIM_INFINITY;
	arch_pick_mmap_layout(bed.m, &bed.task, mm);
	CU_ASSERT_EQUAL(mm->mmap_base, ALIGN_UP(bed.m->arch->task_size -
						bed.m->arch->task_size / 6 * 5, PAGE_SIZE));
	bed.task.personality |= 0x0200000;	/* ADDR_COMPAT_LAYOUT: bottom up */
	arch_pick_mmap_layout(bed.m, &bed.task, mm);
	CU_ASSERT_FALSE(mm->topdown);
	CU_ASSERT_EQUAL(bed_mmap(&bed, 0, SZ_4K, RW, ANON), 0x2aaaaaaab000);
	CU_ASSERT_EQUAL(bed_mmap(&bed, 0, SZ_4K, RW, ANON), 0x2aaaaaaac000);
	bed.task.flags |= PF_RANDOMIZE;
	arch_pick_mmap_layout(bed.m, &bed.task, mm);
	CU_ASSERT(mm->mmap_legacy_base > 0x2aaaaaaab000);
	mm_bed_close(&bed);
}

int main(void)
{
	static const CU_TestInfo tests[] = {
		{ "placement", test_placement },
		{ "overcommit by guess", test_overcommit_guess },
		{ "overcommit never", test_overcommit_never },
		{ "refused over a mapping", test_refused_over_a_mapping },
		{ "errors of mmap", test_mmap_errors },
		{ "errors of munmap", test_munmap_errors },
		{ "munmap over many", test_munmap_spans },
		{ "limits", test_limits },
		{ "the heap", test_brk },
		{ "bss", test_brk_flags },
		{ "stacks", test_stack },
		{ "32 bits", test_i386 },
		{ "five levels", test_la57 },
		{ "mmap_base", test_mmap_base },
	};

	return suite_main("mmap", tests, ARRAY_SIZE(tests), NULL, NULL);
}
