// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Where a mapping goes. Without MAP_FIXED: at the hint if that is free; else top down
 * from mmap_base, the highest gap that is long enough; else bottom up. A stack keeps
 * its guard gap. Around this search, what may come to be huge is searched for with
 * room for its alignment: anonymous memory (6.18), disk files, shared memory.
 * Architectures of 32 bits have the generic search, x86-64 its own.
 */
#include "sim/base/rng.h"
#include "sim/phys/tunables.h"
#include "sim/virt/file.h"
#include "sim/virt/hugetlb.h"
#include "sim/virt/mmap.h"
#include "sim/virt/sched.h"
#include "sim/virt/task.h"
#include "sim/virt/vma_internal.h"

typedef unsigned long long ull;

#define PF_RANDOMIZED(task) ((task)->flags & PF_RANDOMIZE)
#define LOW_2G_START 0x40000000ULL
#define LOW_2G_END 0x80000000ULL
#define LOW_2G_RND (32 * SZ_1M)
#define IA32_TASK_SIZE 0xffffe000ULL
#define STACK_RND_PAGES_64 0x3fffffULL
#define STACK_RND_PAGES_32 0x7ffULL

enum { SHMEM_ALWAYS, SHMEM_WITHIN_SIZE, SHMEM_ADVISE, SHMEM_NEVER, SHMEM_DENY, SHMEM_FORCE };
enum { SHMEM_ORDER_INHERIT = 1, SHMEM_ORDER_NEVER = 4 };

struct search {
	struct machine *m;
	const struct mm_struct *mm;
	u64 low, high, len;	/* within [low, high) */
	u64 align_mask;		/* of huge pages */
};

/* What the addresses of a mapping of huge pages have in common; 0: of others. */
static u64 huge_align_mask(const struct file *file)
{
	return is_file_hugepages(file) ? (PAGE_SIZE << file->inode->huge_order) - PAGE_SIZE : 0;
}

/* The entry behind a gap that begins at `gap`. */
static const struct vm_area_struct *behind_gap(const struct search *s, u64 gap)
{
	u32 handle = mt_next(&s->mm->mm_mt, gap, ~0ULL, NULL, NULL);

	return vma_of(s->m, handle);
}

static void heed_min_addr(struct search *s)
{
	if (rel_search_heeds_min_addr(s->m->release))
		s->low = MAX(s->low, lowest_address(s->m->tunables));
}

static int unmapped_area(struct search s, u64 *addr)
{
	u64 mask = s.align_mask;

	heed_min_addr(&s);
	s.len += mask;
	while (s.low < s.high) {
		const struct vm_area_struct *next;
		u64 gap;

		if (mt_empty_area(&s.mm->mm_mt, s.low, s.high - 1, s.len, &gap))
			return -ENOMEM;
		next = behind_gap(&s, gap);
		if (!next || !(next->vm_flags & VM_GROWSDOWN) ||
		    vm_start_gap(next) >= gap + s.len - 1) {
			*addr = gap + (-gap & mask);
			return 0;
		}
		s.low = next->vm_end;
	}
	return -ENOMEM;
}

static int unmapped_area_topdown(struct search s, u64 *addr)
{
	u64 mask = s.align_mask;

	heed_min_addr(&s);
	s.len += mask;
	while (s.low < s.high) {
		const struct vm_area_struct *next;
		u64 gap;

		if (mt_empty_area_rev(&s.mm->mm_mt, s.low, s.high - 1, s.len, &gap))
			return -ENOMEM;
		next = behind_gap(&s, gap);
		if (!next || !(next->vm_flags & VM_GROWSDOWN) ||
		    vm_start_gap(next) >= gap + s.len) {
			/* From the gap's end down. */
			*addr = (gap + mask) & ~mask;
			return 0;
		}
		s.high = vm_start_gap(next);
	}
	return -ENOMEM;
}

/* Addresses above are used only if the hint is above: programs rely on 47 bits. */
static u64 default_map_window(const struct machine *m)
{
	return m->arch->task_size;
}

static bool hint_is_free(const struct search *s, u64 addr, bool heed_prev)
{
	struct vm_area_struct *prev, *next = find_vma_prev(s->m, s->mm, addr, &prev);

	if (next && addr + s->len > vm_start_gap(next))
		return false;
	return !heed_prev || !prev || addr >= prev->vm_end;
}

/* ---- The generic search: i386. ---- */

static int generic_area(struct machine *m, const struct mm_struct *mm,
			const struct mmap_request *req, u64 *addr)
{
	u64 task_size = m->arch->task_size, min_addr = lowest_address(m->tunables);
	struct search s = {
		.m = m, .mm = mm, .len = req->len, .align_mask = huge_align_mask(req->file),
	};
	u64 hint = ALIGN_UP(req->addr, PAGE_SIZE);

	if (req->len > task_size - min_addr)
		return -ENOMEM;
	if (req->flags & MAP_FIXED) {
		*addr = req->addr;
		return 0;
	}
	if (req->addr && task_size - req->len >= hint && hint >= min_addr &&
	    hint_is_free(&s, hint, /* heed_prev = */ true)) {
		*addr = hint;
		return 0;
	}
	if (mm->topdown) {
		s.low = MAX(PAGE_SIZE, min_addr);
		s.high = mm->mmap_base;
		if (!unmapped_area_topdown(s, addr))
			return 0;
	}
	s.low = mm->topdown ? ALIGN_UP(task_size / 3, PAGE_SIZE) : mm->mmap_base;
	s.high = task_size;
	return unmapped_area(s, addr);
}

/* ---- x86-64's. ---- */

/* Where the search for room below 2 GiB begins: elsewhere each time. */
static u64 low_2g_rnd(struct machine *m)
{
	const struct task_struct *task = current_task(m);

	if (!task || !PF_RANDOMIZED(task))
		return 0;
	return rng_below(&m->rng, LOW_2G_RND >> PAGE_SHIFT) << PAGE_SHIFT;
}

static int x86_bottomup(struct machine *m, const struct mm_struct *mm,
			const struct mmap_request *req, u64 *addr)
{
	struct search s = {
		.m = m, .mm = mm, .len = req->len, .align_mask = huge_align_mask(req->file),
	};
	u64 hint = ALIGN_UP(req->addr, PAGE_SIZE);

	if (req->flags & MAP_FIXED) {
		*addr = req->addr;
		return 0;
	}
	s.low = mm->mmap_legacy_base;
	s.high = req->addr > default_map_window(m) ? task_size_max(m) : default_map_window(m);
	if (req->flags & MAP_32BIT) {
		s.low = LOW_2G_START + low_2g_rnd(m);
		s.high = LOW_2G_END;
	}
	if (req->len > s.high)
		return -ENOMEM;
	if (req->addr && s.high - req->len >= hint &&
	    hint_is_free(&s, hint, /* heed_prev = */ false)) {
		*addr = hint;
		return 0;
	}
	return unmapped_area(s, addr);
}

static bool hint_is_valid(const struct machine *m, u64 addr, u64 len)
{
	u64 window = default_map_window(m);

	if (task_size_max(m) - len < addr)
		return false;
	return (addr > window) == (addr + len > window);
}

static int x86_topdown(struct machine *m, const struct mm_struct *mm,
		       const struct mmap_request *req, u64 *addr)
{
	struct search s = {
		.m = m, .mm = mm, .low = PAGE_SIZE, .len = req->len,
		.align_mask = huge_align_mask(req->file),
	};
	u64 hint = ALIGN_DOWN(req->addr, PAGE_SIZE);

	if (req->len > task_size_max(m))
		return -ENOMEM;
	if (req->flags & MAP_FIXED) {
		*addr = req->addr;
		return 0;
	}
	if (!(req->flags & MAP_32BIT)) {
		if (hint && hint_is_valid(m, hint, req->len) &&
		    hint_is_free(&s, hint, /* heed_prev = */ false)) {
			*addr = hint;
			return 0;
		}
		if ((req->flags & MAP_ABOVE4G) && rel_has_map_above4g(m->release))
			s.low = SZ_4G;
		s.high = mm->mmap_base;
		if (hint > default_map_window(m))
			s.high += task_size_max(m) - default_map_window(m);
		if (!unmapped_area_topdown(s, addr))
			return 0;
	}
	return x86_bottomup(m, mm, req, addr);
}

static int search_area(struct machine *m, const struct mm_struct *mm,
		       const struct mmap_request *req, u64 *addr)
{
	if (m->arch->bits == 32)
		return generic_area(m, mm, req, addr);
	if (mm->topdown)
		return x86_topdown(m, mm, req, addr);
	return x86_bottomup(m, mm, req, addr);
}

/* ---- Alignment to huge pages. ---- */

static u64 pmd_size(const struct machine *m)
{
	return PAGE_SIZE << m->arch->hugetlb_order;
}

/* Anonymous memory and disk files: offset and address agree modulo pmd_size(). */
static int thp_area(struct machine *m, const struct mm_struct *mm,
		    const struct mmap_request *req, u64 offset, u64 *addr)
{
	u64 aligned = ALIGN_UP(offset, pmd_size(m)), shift;
	struct mmap_request padded = mmap_request_copy(req);

	if (m->arch->bits == 32 || offset + req->len <= aligned ||
	    offset + req->len - aligned < pmd_size(m))
		return search_area(m, mm, req, addr);
	padded.len += pmd_size(m);
	if (padded.len < req->len || offset + padded.len < offset ||
	    search_area(m, mm, &padded, addr))
		return search_area(m, mm, req, addr);
	if (*addr == req->addr)
		return 0;
	shift = (offset - *addr) & (pmd_size(m) - 1);
	if (!shift && mm->topdown && rel_thp_aligns_upwards(m->release))
		shift = pmd_size(m);
	*addr += shift;
	return 0;
}

/* huge= of the mount that the memory is on: the kernel's own, where there is no file. */
static bool mount_has_huge(const struct machine *m, const struct file *file)
{
	bool own = !file || inode_on_kernel_mount(file->inode);

	return (own ? m->tunables->thp_shmem_mount : m->tunables->thp_tmpfs_mount) !=
	       SHMEM_NEVER;
}

/* The size to which shared memory is aligned; 0: to none. */
static u64 shmem_huge_size(const struct machine *m, const struct file *file)
{
	const struct tunables *t = m->tunables;
	bool inherits = mount_has_huge(m, file);

	if (t->thp_shmem_enabled == SHMEM_DENY)
		return 0;
	if (t->thp_shmem_enabled == SHMEM_FORCE)
		return pmd_size(m);
	if (!file && rel_shmem_has_huge_orders(m->release))
		for (int order = m->arch->hugetlb_order; order > 0; order--) {
			unsigned int how = t->thp_size_shmem_enabled >> (4 * order) & 0xf;

			if (how != SHMEM_ORDER_NEVER &&
			    (how != SHMEM_ORDER_INHERIT || inherits))
				return PAGE_SIZE << order;
		}
	return inherits ? pmd_size(m) : 0;
}

static int shmem_area(struct machine *m, const struct mm_struct *mm,
		      const struct mmap_request *req, u64 pgoff, u64 *addr)
{
	u64 size = shmem_huge_size(m, req->file), task_size = task_size_max(m);
	struct mmap_request inflated = mmap_request_copy(req);
	u64 offset, where, found;
	int err = search_area(m, mm, req, addr);

	if (err || !IS_ALIGNED(*addr, PAGE_SIZE) ||
	    *addr > task_size - req->len || (req->flags & MAP_FIXED) || *addr == req->addr ||
	    !size || req->len < size)
		return err;
	offset = (pgoff << PAGE_SHIFT) & (size - 1);
	if ((offset && offset + req->len < 2 * size) || (*addr & (size - 1)) == offset)
		return 0;
	inflated.len += size - PAGE_SIZE;
	inflated.file = NULL;
	if (inflated.len > task_size || inflated.len < req->len ||
	    search_area(m, mm, &inflated, &found) || !IS_ALIGNED(found, PAGE_SIZE))
		return 0;
	where = found & (size - 1);
	found += offset - where + (where > offset ? size : 0);
	if (found <= task_size - req->len)
		*addr = found;
	return 0;
}

/* Huge pages: whole ones, at addresses that are multiples of their size. */
static int hugetlb_area(struct machine *m, const struct mm_struct *mm,
			const struct mmap_request *user, u64 *addr)
{
	u64 mask = huge_align_mask(user->file) | (PAGE_SIZE - 1);
	struct mmap_request req = mmap_request_copy(user);
	struct search s = { .m = m, .mm = mm, .len = req.len };

	if (req.len & mask || (req.flags & MAP_FIXED && req.addr & mask))
		return -EINVAL;
	if (!rel_hugetlb_rounds_down(m->release)) {
		req.addr = (req.addr + mask) & ~mask;
		return search_area(m, mm, &req, addr);
	}
	req.flags &= ~(u64)MAP_32BIT;
	if (!(req.flags & MAP_FIXED) && req.addr) {
		*addr = req.addr & ~mask;
		if (hint_is_valid(m, *addr, req.len) &&
		    hint_is_free(&s, *addr, /* heed_prev = */ false))
			return 0;
		req.addr = 0;
	}
	return search_area(m, mm, &req, addr);
}

static int area_by_kind(struct machine *m, const struct mm_struct *mm,
			const struct mmap_request *req, u64 pgoff, u64 *addr)
{
	bool shared = req->flags & MAP_SHARED;

	if (req->file) {
		switch (req->file->inode->kind) {
		case INODE_DISK:
			return thp_area(m, mm, req, pgoff << PAGE_SHIFT, addr);
		case INODE_SHMEM:
			return shmem_area(m, mm, req, pgoff, addr);
		case INODE_HUGETLB:
			return hugetlb_area(m, mm, req, addr);
		case INODE_SECRET:
			return search_area(m, mm, req, addr);
		default:
			return shared ? shmem_area(m, mm, req, pgoff, addr) :
					search_area(m, mm, req, addr);
		}
	}
	if (shared)
		return shmem_area(m, mm, req, 0, addr);
	if (rel_thp_aligns_anon(m->release) && !req->addr && IS_ALIGNED(req->len, pmd_size(m)))
		return thp_area(m, mm, req, 0, addr);
	return search_area(m, mm, req, addr);
}

/*
 * An address that is given among the last bytes of all is taken for an error, by its
 * number; but not for that of host memory that ran out, or for one without a name.
 */
static bool is_error_number(const struct machine *m, u64 addr)
{
	u64 number = user_word(m, -addr);

	return number && number <= EHWPOISON && number != ENOBUFS;
}

int get_unmapped_area(struct machine *m, struct task_struct *task,
		      const struct mmap_request *req, u64 pgoff, u64 *addr)
{
	u64 task_size = task_size_max(m);
	int err;

	if (req->len > task_size)
		return -ENOMEM;
	err = area_by_kind(m, task->mm, req, pgoff, addr);
	if (err)
		return err;
	if (is_error_number(m, *addr))
		return (s32)*addr;
	if (*addr > task_size - req->len)
		return -ENOMEM;
	if (!IS_ALIGNED(*addr, PAGE_SIZE))
		return -EINVAL;
	if (*addr < m->tunables->mmap_min_addr && !task->cap_sys_admin) {
		machine_why(m, "%#llx is below vm.mmap_min_addr, %llu", (ull)*addr,
			    (ull)m->tunables->mmap_min_addr);
		return -EPERM;
	}
	return 0;
}

/* ---- The layout of a new program. ---- */

static u64 arch_rnd(struct machine *m, const struct task_struct *task, s32 bits)
{
	if (!PF_RANDOMIZED(task))
		return 0;
	return (rng_next(&m->rng) & ((1ULL << bits) - 1)) << PAGE_SHIFT;
}

static u64 mmap_base(const struct task_struct *task, u64 rnd, u64 task_size, u64 stack_rnd)
{
	u64 gap = task->signal->rlim[RLIMIT_STACK].cur;
	u64 pad = (PF_RANDOMIZED(task) ? stack_rnd << PAGE_SHIFT : 0) +
		  (STACK_GUARD_GAP_PAGES << PAGE_SHIFT);

	if (gap + pad > gap)
		gap += pad;
	gap = CLAMP(gap, 128 * SZ_1M, task_size / 6 * 5);
	return ALIGN_UP(task_size - gap - rnd, PAGE_SIZE);
}

void arch_pick_mmap_layout(struct machine *m, struct task_struct *task,
			   struct mm_struct *mm)
{
	bool legacy = (task->personality & ADDR_COMPAT_LAYOUT) ||
		      m->tunables->legacy_va_layout;
	u64 size = default_map_window(m), rnd;
	bool is_32bit = m->arch->bits == 32;

	rnd = arch_rnd(m, task, is_32bit ? m->tunables->mmap_rnd_bits_32 :
					   m->tunables->mmap_rnd_bits);
	mm->topdown = !legacy;
	mm->mmap_legacy_base = ALIGN_UP(size / 3, PAGE_SIZE) + rnd;
	mm->mmap_base = legacy ? mm->mmap_legacy_base :
				 mmap_base(task, rnd, size, is_32bit ? STACK_RND_PAGES_32 :
								       STACK_RND_PAGES_64);
	if (is_32bit)
		return;
	rnd = arch_rnd(m, task, m->tunables->mmap_rnd_compat_bits);
	mm->mmap_compat_legacy_base = ALIGN_UP(IA32_TASK_SIZE / 3, PAGE_SIZE) + rnd;
	mm->mmap_compat_base = legacy ? mm->mmap_compat_legacy_base :
					mmap_base(task, rnd, IA32_TASK_SIZE,
						  STACK_RND_PAGES_32);
}
