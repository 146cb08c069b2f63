// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The mlock family. Flags first: VMA by VMA, with merges and splits, pages that are
 * there already go to the unevictable list or leave it. Then what is not there is
 * faulted in. A range that fails half way stays locked up to there.
 */
#include "sim/phys/lru.h"
#include "sim/virt/memory.h"
#include "sim/virt/mmap.h"
#include "sim/virt/pgtable.h"
#include "sim/virt/secretmem.h"
#include "sim/virt/task.h"
#include "sim/virt/vma_internal.h"

typedef unsigned long long ull;

struct lock_walk {
	struct machine *m;
	u64 end;
	u64 done;		/* up to there, entries were the last folio's */
	bool lock;
};

static void lock_folio(const struct lock_walk *w, u64 pfn)
{
	if (w->lock)
		mlock_page(w->m, pfn);
	else
		munlock_page(w->m, pfn);
}

/* Entries of a large folio: 6.18 locks it if all of it is here. */
static bool takes_large_folio(struct lock_walk *w, u64 addr, const pte_t *pte)
{
	const struct page *folio = pfn_folio(w->m, pte_pfn(*pte));
	u64 nr;

	if (!rel_folios_are_batched(w->m->release))
		return false;
	nr = folio_pte_batch(w->m, pte, (pmd_addr_end(w->m, addr, w->end) - addr) >> PAGE_SHIFT);
	w->done = addr + (nr << PAGE_SHIFT);
	return !w->lock || nr == folio_nr_pages(folio);
}

static int lock_page(void *arg, u64 addr, pte_t *pte)
{
	struct lock_walk *w = arg;

	if (addr < w->done || !pte_present(*pte) || *pte & PTE_SPECIAL)
		return 0;
	if (!folio_is_large(pfn_folio(w->m, pte_pfn(*pte))) || takes_large_folio(w, addr, pte))
		lock_folio(w, pte_pfn(*pte));
	return 0;
}

static int lock_huge(void *arg, u64 addr, u64 end, unsigned int level, u64 *entry)
{
	(void)addr;
	(void)end;
	(void)level;
	if (!(*entry & PTE_SPECIAL))
		lock_folio(arg, pte_pfn(*entry));
	return 0;
}

static void lock_pages(struct machine *m, struct vm_area_struct *vma, u64 start, u64 end)
{
	static const struct walk_ops ops = { .visit = lock_page, .huge = lock_huge };
	struct lock_walk w = { .m = m, .end = end, .lock = vma->vm_flags & VM_LOCKED };

	lru_add_drain(m);
	/* It never stops. */
	if (walk_mapped_range(m, vma->vm_mm, start, end, &ops, &w))
		return;
	lru_add_drain(m);
}

/* New flags for [start, end) of a VMA; *vma becomes the one that has them. */
static int mlock_fixup(struct machine *m, struct vm_area_struct **vmap, u64 start, u64 end,
		       u64 newflags)
{
	u64 oldflags = (*vmap)->vm_flags, nr_pages = (end - start) >> PAGE_SHIFT;
	struct mm_struct *mm = (*vmap)->vm_mm;
	int err;

	if (newflags == oldflags || oldflags & (VM_SPECIAL | VM_HUGETLB | VM_DROPPABLE) ||
	    vma_is_secretmem(*vmap))
		return 0;
	err = vma_modify(m, vmap, start, end, newflags, (*vmap)->anon_name);
	if (err)
		return err;
	vma_set_flags(*vmap, newflags);
	/* From locked to locked on fault or back: nothing else changes. */
	if (newflags & oldflags & VM_LOCKED)
		return 0;
	if (newflags & VM_LOCKED)
		mm->locked_vm += nr_pages;
	else
		mm->locked_vm -= nr_pages;
	lock_pages(m, *vmap, start, end);
	return 0;
}

static int apply_vma_lock_flags(struct machine *m, struct mm_struct *mm, u64 start, u64 len,
				u64 flags)
{
	u64 end = user_word(m, start + len), next;
	struct vm_area_struct *vma;
	int err;

	if (end < start)
		return -EINVAL;
	if (end == start)
		return 0;
	vma = vma_lookup(m, mm, start);
	if (!vma)
		return -ENOMEM;
	for (;;) {
		next = MIN(vma->vm_end, end);
		err = mlock_fixup(m, &vma, start, next,
				  (vma->vm_flags & ~(u64)VM_LOCKED_MASK) | flags);
		if (err)
			return err;
		start = MAX(next, vma->vm_end);
		if (start >= end)
			return 0;
		vma = find_vma(m, mm, start);
		if (!vma || vma->vm_start != start)
			return -ENOMEM;
	}
}

/* Pages of [start, start + len) that are locked already. */
static u64 count_locked_pages(const struct machine *m, const struct mm_struct *mm, u64 start,
			      u64 len)
{
	u64 end = start + len < start ? ~0ULL : start + len, bytes = 0;
	const struct vm_area_struct *vma;

	for (vma = find_vma(m, mm, start); vma && vma->vm_start < end; vma = vma_next(m, vma))
		if (vma->vm_flags & VM_LOCKED)
			bytes += MIN(vma->vm_end, end) - MAX(vma->vm_start, start);
	return bytes >> PAGE_SHIFT;
}

/* mm_populate() that tells what went wrong, as mlock() wants to know. */
static int populate_range(struct machine *m, const struct mm_struct *mm, u64 start, u64 end)
{
	u64 next, nr_pages;

	for (; start < end; start = next) {
		struct vm_area_struct *vma = find_vma_intersection(m, mm, start, end);
		int err;

		if (!vma)
			return 0;
		next = MIN(end, vma->vm_end);
		if (vma->vm_flags & (VM_IO | VM_PFNMAP))
			continue;
		start = MAX(start, vma->vm_start);
		err = populate_vma_page_range(m, vma, start, next, &nr_pages);
		if (err)
			return err;
		next = start + (nr_pages << PAGE_SHIFT);
	}
	return 0;
}

static void why_locked(struct machine *m, u64 locked, u64 limit)
{
	machine_why(m, "RLIMIT_MEMLOCK: %llu pages would be locked, %llu may be", (ull)locked,
		    (ull)limit);
}

static int do_mlock(struct machine *m, struct task_struct *task, u64 addr, u64 len, u64 flags)
{
	struct mm_struct *mm = task->mm;
	u64 limit = task->signal->rlim[RLIMIT_MEMLOCK].cur >> PAGE_SHIFT, locked;
	int err;

	if (!can_do_mlock(task))
		return -EPERM;
	len = user_page_align(m, len + addr % PAGE_SIZE);
	addr = ALIGN_DOWN(addr, PAGE_SIZE);
	locked = (len >> PAGE_SHIFT) + mm->locked_vm;
	if (locked > limit && !task->cap_ipc_lock) {
		locked -= count_locked_pages(m, mm, addr, len);
		if (locked > limit) {
			why_locked(m, locked, limit);
			return -ENOMEM;
		}
	}
	err = apply_vma_lock_flags(m, mm, addr, len, flags);
	if (err)
		return err;
	err = populate_range(m, mm, addr, addr + len);
	if (err == -EFAULT)
		return -ENOMEM;
	return err == -ENOMEM ? -EAGAIN : err;
}

int sys_mlock2(struct machine *m, struct task_struct *task, u64 addr, u64 len, u64 flags)
{
	if (flags & ~(u64)MLOCK_ONFAULT)
		return -EINVAL;
	return do_mlock(m, task, addr, len,
			flags & MLOCK_ONFAULT ? VM_LOCKED | VM_LOCKONFAULT : VM_LOCKED);
}

int sys_munlock(struct machine *m, struct task_struct *task, u64 addr, u64 len)
{
	len = user_page_align(m, len + addr % PAGE_SIZE);
	return apply_vma_lock_flags(m, task->mm, ALIGN_DOWN(addr, PAGE_SIZE), len, 0);
}

static u64 lock_flags(u64 flags, u64 when)
{
	if (!(flags & when))
		return 0;
	return flags & MCL_ONFAULT ? VM_LOCKED | VM_LOCKONFAULT : VM_LOCKED;
}

/* Each VMA by itself: one that refuses stays as it is. */
static int apply_mlockall_flags(struct machine *m, struct mm_struct *mm, u64 flags)
{
	u64 to_add = lock_flags(flags, MCL_CURRENT), end;
	struct vm_area_struct *vma;
	int err;

	mm->def_flags &= ~(u64)VM_LOCKED_MASK;
	mm->def_flags |= lock_flags(flags, MCL_FUTURE);
	if (flags & MCL_FUTURE && !(flags & MCL_CURRENT))
		return 0;
	for (vma = vma_first(m, mm); vma; vma = find_vma(m, mm, end)) {
		end = vma->vm_end;
		err = mlock_fixup(m, &vma, vma->vm_start, vma->vm_end,
				  (vma->vm_flags & ~(u64)VM_LOCKED_MASK) | to_add);
		if (err == -ENOBUFS)
			return err;
	}
	return 0;
}

int sys_mlockall(struct machine *m, struct task_struct *task, u64 flags)
{
	u64 limit = task->signal->rlim[RLIMIT_MEMLOCK].cur >> PAGE_SHIFT;
	int err;

	if (!flags || flags == MCL_ONFAULT ||
	    flags & ~(u64)(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT))
		return -EINVAL;
	if (!can_do_mlock(task))
		return -EPERM;
	if (flags & MCL_CURRENT && task->mm->total_vm > limit && !task->cap_ipc_lock) {
		why_locked(m, task->mm->total_vm, limit);
		return -ENOMEM;
	}
	err = apply_mlockall_flags(m, task->mm, flags);
	if (!err && flags & MCL_CURRENT)
		err = mm_populate(m, task->mm, 0, task_size_max(m));
	return err;
}

int sys_munlockall(struct machine *m, struct task_struct *task)
{
	return apply_mlockall_flags(m, task->mm, 0);
}
