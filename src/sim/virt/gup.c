// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Pages of users on behalf of the kernel: each page of a range is looked up and, where
 * it is not there or not writable, faulted in. What is found is marked accessed.
 */
#include "sim/virt/file.h"
#include "sim/virt/hugetlb.h"
#include "sim/virt/memory_internal.h"
#include "sim/virt/secretmem.h"
#include "sim/virt/userfaultfd.h"
#include "sim/virt/vma.h"

/*
 * A fault that read from a disk let go of the lock: the range is begun anew; or it may
 * not let go of it. Who populates may wait for a userfaultfd, when the call is done. Who
 * pins a page gets one that no other process will be given a copy of. Of another process,
 * the caller's protection keys do not matter.
 */
enum foll_flags { FOLL_WRITE = 1, FOLL_FORCE = 2, FOLL_ANEW = 4, FOLL_LOCKED = 8, FOLL_PIN = 16,
		  FOLL_REMOTE = 32, FOLL_WAITS = 64 };

/* FOLL_FORCE may write to what only its VMA keeps from being written. */
static bool can_follow_write_pte(const struct machine *m, const struct vm_area_struct *vma,
				 pte_t pte, unsigned int flags)
{
	const struct page *page;

	if (pte & PTE_RW)
		return true;
	if (!(flags & FOLL_FORCE) || vma->vm_flags & (VM_MAYSHARE | VM_SHARED | VM_WRITE) ||
	    !(vma->vm_flags & VM_MAYWRITE) || pte & PTE_SPECIAL)
		return false;
	page = pfn_to_page(m, pte_pfn(pte));
	if (!page_flag(folio_of_const(page), PG_anon) || !page_flag(page, PG_anon_exclusive))
		return false;
	return !vma_soft_dirty_enabled(m, vma) || pte & PTE_SOFT_DIRTY;
}

/* Of a huge page, its entry is what is touched. The rest of its pages at once. */
static u64 touch_huge(const struct machine *m, u64 address, unsigned int level, pte_t *entry,
		      unsigned int flags)
{
	*entry |= PTE_ACCESSED;
	if (flags & FOLL_WRITE)
		*entry = pte_mkdirty(m, *entry);
	return (table_span(m, level) - (address & (table_span(m, level) - 1))) >> PAGE_SHIFT;
}

/* A page that is only read must not be one that a write would leave to others. */
static bool gup_must_unshare(const struct machine *m, pte_t entry, unsigned int flags)
{
	const struct page *page = pfn_to_page(m, pte_pfn(entry));

	return (flags & (FOLL_PIN | FOLL_WRITE)) == FOLL_PIN && !(entry & PTE_RW) &&
	       page_flag(folio_of_const(page), PG_anon) && !page_flag(page, PG_anon_exclusive);
}

/* How many pages are there as they are wanted? They are touched. 0: not the first. */
static u64 follow_and_touch(struct machine *m, struct vm_area_struct *vma, u64 address,
			    unsigned int flags)
{
	unsigned int level = 0;
	pte_t *pte = pte_find(m, vma->vm_mm, address);
	u32 pfn;

	if (unlikely(!pte))
		pte = leaf_entry(m, vma->vm_mm, address, &level);
	if (!pte || !pte_present(*pte))
		return 0;
	if (flags & FOLL_WRITE && !can_follow_write_pte(m, vma, *pte, flags))
		return 0;
	if (unlikely(gup_must_unshare(m, *pte, flags)))
		return 0;
	if (level)
		return touch_huge(m, address, level, pte, flags);
	pfn = vm_normal_page(*pte);
	if (pfn == PFN_NIL || page_flag(pfn_to_page(m, pfn), PG_reserved))
		return 1;
	if (flags & FOLL_WRITE && !(*pte & PTE_DIRTY))
		set_page_dirty(m, pfn);
	mark_page_accessed(m, pfn);
	return 1;
}

static u32 current_pkru(const struct machine *m)
{
	const struct task_struct *task = current_task(m);

	return task ? task->pkru : 0;
}

static int check_vma_flags(const struct vm_area_struct *vma, u32 pkru, unsigned int flags)
{
	u64 vm_flags = vma->vm_flags;

	if (vm_flags & (VM_IO | VM_PFNMAP) || vma_is_secretmem(vma))
		return -EFAULT;
	if (flags & FOLL_WRITE) {
		if (!(vm_flags & VM_WRITE) &&
		    (!(flags & FOLL_FORCE) || !is_cow_mapping(vm_flags) ||
		     is_vm_hugetlb_page(vma)))
			return -EFAULT;
	} else if (!(vm_flags & VM_READ) &&
		   (!(flags & FOLL_FORCE) || !(vm_flags & VM_MAYREAD))) {
		return -EFAULT;
	}
	/* A protection key keeps data from who has not the right. */
	if (flags & FOLL_REMOTE)
		return 0;
	return pkru_denies(pkru, vma_pkey(vma), flags & FOLL_WRITE) ? -EFAULT : 0;
}

/* The page is there, but not for this. */
static bool must_unshare(const struct machine *m, const struct vm_area_struct *vma, u64 address,
			 unsigned int flags)
{
	unsigned int level;
	const pte_t *entry = flags & FOLL_PIN ? leaf_entry(m, vma->vm_mm, address, &level) : NULL;

	return entry && pte_present(*entry) && gup_must_unshare(m, *entry, flags);
}

static int faultin_page(struct machine *m, struct vm_area_struct *vma, u64 address,
			unsigned int flags)
{
	unsigned int fault_flags = (flags & FOLL_WRITE ? FAULT_FLAG_WRITE : 0) |
				   (flags & FOLL_REMOTE ? FAULT_FLAG_REMOTE : 0) |
				   (must_unshare(m, vma, address, flags) ? FAULT_FLAG_UNSHARE : 0) |
				   (flags & FOLL_ANEW ? FAULT_FLAG_ANEW : 0) |
				   (flags & FOLL_LOCKED ? FAULT_FLAG_HELD : 0) |
				   (flags & FOLL_WAITS ? FAULT_FLAG_MAY_WAIT : 0), ret;

	if (is_vm_hugetlb_page(vma) && !rel_hugetlb_gup_counts(m->release))
		ret = hugetlb_fault(m, vma, address, fault_flags);
	else
		ret = handle_mm_fault(m, vma, address, fault_flags);
	if (unlikely(fatal_signal_pending(m)))
		return -EINTR;
	if (likely(!(ret & VM_FAULT_ERROR)))
		return 0;
	if (ret & VM_FAULT_NOHOST)
		return -ENOBUFS;
	if (ret & VM_FAULT_UFFD)
		return -EINPROGRESS;
	return ret & VM_FAULT_OOM ? -ENOMEM : -EFAULT;
}

/* The pages of [start, end) of one VMA; *nr_pages were done when it fails. */
static int get_user_pages(struct machine *m, struct vm_area_struct *vma, u64 start, u64 end,
			  unsigned int flags, u64 *nr_pages)
{
	int err = check_vma_flags(vma, current_pkru(m), flags);
	u64 nr;

	*nr_pages = 0;
	for (u64 addr = start; addr < end && !err; addr += nr << PAGE_SHIFT) {
		while (!(nr = follow_and_touch(m, vma, addr, flags)) && !err)
			err = faultin_page(m, vma, addr, flags);
		nr = err ? 0 : MIN(nr, (end - addr + PAGE_SIZE - 1) >> PAGE_SHIFT);
		*nr_pages += nr;
	}
	return err;
}

/* A page that is there and readable is only marked: the way without the mm's lock. */
static bool get_page_fast(struct machine *m, struct mm_struct *mm, u64 address)
{
	unsigned int level;
	const pte_t *pte = leaf_entry(m, mm, address, &level);
	u32 pfn;

	if (!pte || !(*pte & PTE_PRESENT))
		return false;
	pfn = vm_normal_page(*pte);
	if (pfn == PFN_NIL || page_flag(pfn_to_page(m, pfn), PG_reserved))
		return false;
	page_set_flag(pfn_folio(m, pfn), PG_referenced);
	return true;
}

int get_user_page_to_write(struct machine *m, struct mm_struct *mm, u64 address, u32 *pfn)
{
	struct vm_area_struct *vma = vma_lookup(m, mm, address);
	u64 done;
	int err;

	if (!vma)
		return -EFAULT;
	err = get_user_pages(m, vma, address, address + 1, FOLL_WRITE | FOLL_FORCE, &done);
	if (!err)
		*pfn = follow_page(m, mm, address);
	return err;
}

int get_user_page(struct machine *m, struct mm_struct *mm, u64 address, u32 *pfn)
{
	struct vm_area_struct *vma = vma_lookup(m, mm, address);
	u64 done;
	int err = 0;

	if (!vma)
		return -EFAULT;
	if (vma_is_secretmem(vma) || !get_page_fast(m, mm, address))
		err = get_user_pages(m, vma, address, address + PAGE_SIZE, 0, &done);
	if (!err)
		*pfn = follow_page(m, mm, address);
	return err;
}

int populate_vma_page_range(struct machine *m, struct vm_area_struct *vma, u64 start, u64 end,
			    u64 *nr_pages)
{
	unsigned int flags = nr_pages ? FOLL_ANEW | FOLL_WAITS : FOLL_LOCKED;
	u64 done;
	int err;

	if (!nr_pages)
		nr_pages = &done;
	*nr_pages = (end - start) >> PAGE_SHIFT;
	if (vma->vm_flags & VM_LOCKONFAULT)
		return 0;
	if ((vma->vm_flags & (VM_WRITE | VM_SHARED)) == VM_WRITE)
		flags |= FOLL_WRITE;
	if (vma_is_accessible(vma))
		flags |= FOLL_FORCE;
	err = get_user_pages(m, vma, start, end, flags, nr_pages);
	lru_add_drain(m);
	/* What was done counts; the error comes again with the next page. */
	return *nr_pages && err != -ENOBUFS && err != -EINPROGRESS ? 0 : err;
}

int mm_populate(struct machine *m, struct mm_struct *mm, u64 start, u64 len)
{
	u64 end = start + len, next, nr_pages;

	for (; start < end; start = next) {
		struct vm_area_struct *vma = find_vma_intersection(m, mm, start, end);
		int err;

		if (!vma)
			break;
		next = MIN(end, vma->vm_end);
		if (vma->vm_flags & (VM_IO | VM_PFNMAP))
			continue;
		start = MAX(start, vma->vm_start);
		err = populate_vma_page_range(m, vma, start, next, &nr_pages);
		if (err == -ENOBUFS)
			return err;
		if (err == -EINPROGRESS) {
			struct task_struct *task = current_task(m);

			userfaultfd_wait_populate(task, task->uffd.address, end, false);
			break;
		}
		if (!err)
			next = start + (nr_pages << PAGE_SHIFT);
	}
	return 0;
}

static int faultin_range(struct machine *m, struct mm_struct *mm, u64 start, u64 end,
			 unsigned int flags)
{
	flags |= rel_populate_begins_anew(m->release) ? FOLL_ANEW : 0;

	while (start < end) {
		struct vm_area_struct *vma = find_vma(m, mm, start);
		u64 nr_pages;
		int err;

		if (!vma || start < vma->vm_start)
			return -ENOMEM;
		if (check_vma_flags(vma, current_pkru(m), flags))
			return -EINVAL;
		err = get_user_pages(m, vma, start, MIN(end, vma->vm_end), flags, &nr_pages);
		lru_add_drain(m);
		if (err && (!nr_pages || err == -ENOBUFS || err == -EINPROGRESS))
			return err;
		start += nr_pages << PAGE_SHIFT;
	}
	return 0;
}

int faultin_page_range(struct machine *m, struct mm_struct *mm, u64 start, u64 end, bool write)
{
	int err = faultin_range(m, mm, start, end, (write ? FOLL_WRITE : 0) | FOLL_WAITS);
	struct task_struct *task = current_task(m);

	/* Whatever came of it: until 6.8 what has no VMA is found out before. */
	if (!rel_populate_begins_anew(m->release))
		lru_add_drain(m);
	if (err != -EINPROGRESS)
		return err;
	userfaultfd_wait_populate(task, task->uffd.address, end, write);
	return 0;
}

int pin_user_pages_remote(struct machine *m, struct mm_struct *mm, u64 start, u64 end, bool write)
{
	unsigned int flags = FOLL_PIN | FOLL_REMOTE | (write ? FOLL_WRITE : 0);

	while (start < end) {
		struct vm_area_struct *vma = find_vma(m, mm, start);
		u64 nr_pages;
		int err;

		if (!vma || start < vma->vm_start)
			return -EFAULT;
		err = get_user_pages(m, vma, start, MIN(end, vma->vm_end), flags, &nr_pages);
		if (err)
			return err;
		start += nr_pages << PAGE_SHIFT;
	}
	return 0;
}

u32 follow_page(const struct machine *m, const struct mm_struct *mm, u64 address)
{
	unsigned int level;
	const pte_t *pte = leaf_entry(m, mm, address, &level);

	return pte && pte_present(*pte) ? (u32)leaf_pfn(m, *pte, level, address) : PFN_NIL;
}
