// SPDX-License-Identifier: GPL-2.0-or-later
/* userfaultfd on huge pages: whole ones are filled, continued with, poisoned, marked. */
#include "sim/virt/content.h"
#include "sim/virt/file.h"
#include "sim/virt/hugetlb.h"
#include "sim/virt/memory_internal.h"
#include "sim/virt/mmu_gather.h"
#include "sim/virt/rmap.h"
#include "sim/virt/tlb.h"
#include "sim/virt/userfaultfd.h"

struct huge_fill {
	struct machine *m;
	struct task_struct *task;
	struct vm_area_struct *vma;
	const struct hstate *h;
	const struct hugetlb_fill *req;
	u64 dst, src;
	u64 idx;		/* of the file, in huge pages */
	u64 *pte;
};

static void install_huge(const struct huge_fill *f, u32 pfn, bool in_cache)
{
	struct machine *m = f->m;
	struct vm_area_struct *vma = f->vma;
	bool writable = vma->vm_flags & VM_WRITE && !f->req->wp &&
			(!f->req->continues || vma->vm_flags & VM_SHARED);
	u64 entry = pte_mkdirty(m, mk_pte(pfn, vma_page_prot(m, vma))) | PTE_ACCESSED | PTE_PSE;

	entry = writable ? entry | PTE_RW : entry & ~PTE_RW;
	if (f->req->wp)
		entry |= PTE_UFFD_WP;
	if (in_cache)
		hugetlb_add_rmap(m, pfn);
	else
		hugetlb_set_anon_rmap(m, pfn, vma, f->dst);
	*f->pte = entry;
	hugetlb_count_add(vma->vm_mm, 1LL << f->h->order);
}

/* All of it can be read: its pages are there one by one when they are copied. */
static int copy_contents(const struct huge_fill *f, u32 pfn)
{
	for (u64 i = 0; i < 1ULL << f->h->order; i++) {
		u64 from = ALIGN_DOWN(f->src, PAGE_SIZE) + (i << PAGE_SHIFT);
		int err = fault_in_user(f->m, f->task, from, /* write = */ false);

		if (err)
			return err == -ENOBUFS ? err : -EFAULT;
		content_copy(f->m, pfn + i, follow_page(f->m, f->task->mm, from));
	}
	page_set_flag(pfn_to_page(f->m, pfn), PG_uptodate);
	return 0;
}

static int copy_huge(const struct huge_fill *f)
{
	struct inode *inode = f->vma->vm_file->inode;
	bool shared = f->vma->vm_flags & VM_SHARED;
	u32 pfn;
	int err;

	if (shared && hugetlb_find_page(f->m, inode, f->idx) != PFN_NIL)
		return -EEXIST;
	err = alloc_huge_page(f->m, f->vma, f->dst, /* cow_from_owner = */ false, &pfn);
	if (err == -ENOBUFS)
		return err;
	if (err)
		return rel_uffd_copy_finds_entry(f->m->release) ? -EEXIST : -ENOMEM;
	err = copy_contents(f, pfn);
	if (!err && shared && f->idx >= inode->i_size >> (PAGE_SHIFT + f->h->order))
		err = -EFAULT;
	if (!err && shared)
		err = hugetlb_add_to_page_cache(f->m, inode, f->idx, pfn);
	if (err) {
		restore_reserve_on_error(f->m, f->vma, f->dst, pfn);
		put_page(f->m, pfn);
		return err;
	}
	install_huge(f, pfn, shared);
	return 0;
}

static int continue_huge(const struct huge_fill *f)
{
	u32 pfn = hugetlb_find_page(f->m, f->vma->vm_file->inode, f->idx);

	if (pfn == PFN_NIL)
		return -EFAULT;
	if (*f->pte && !pte_is_marker(*f->pte))
		return -EEXIST;
	get_page(f->m, pfn);
	install_huge(f, pfn, /* in_cache = */ true);
	return 0;
}

static int fill_huge(struct huge_fill *f)
{
	int err = huge_pte_alloc(f->m, f->vma, f->dst, &f->pte);

	if (err)
		return err;
	f->idx = vma_hugecache_offset(f->vma, f->dst);
	if (f->req->continues)
		return continue_huge(f);
	if (f->req->poisons) {
		if (*f->pte)
			return -EEXIST;
		*f->pte = PTE_POISON;
		return 0;
	}
	return *f->pte && !pte_is_marker(*f->pte) ? -EEXIST : copy_huge(f);
}

s64 hugetlb_mfill(struct machine *m, struct task_struct *task, struct vm_area_struct *vma,
		  const struct hugetlb_fill *req)
{
	struct huge_fill f = {
		.m = m, .task = task, .vma = vma, .h = hstate_vma(m, vma), .req = req,
	};
	u64 size = vma_huge_size(vma), done = 0;
	int err;

	if ((req->dst | req->len) & (size - 1))
		return -EINVAL;
	err = vma->vm_flags & VM_SHARED ? 0 : anon_vma_prepare(m, vma);
	for (; done < req->len && !err; done += size) {
		f.dst = req->dst + done;
		f.src = req->src + done;
		err = fill_huge(&f);
		if (err)
			break;
	}
	return done && err != -ENOBUFS ? (s64)done : err;
}

int hugetlb_uffd_wp_range(struct machine *m, struct vm_area_struct *vma, u64 start, u64 end,
			  bool enable)
{
	u64 size = vma_huge_size(vma), *entry;
	struct mmu_gather tlb;
	int err = 0;

	tlb_gather_mmu(m, &tlb, vma->vm_mm);
	for (u64 addr = start; addr < end && !err; addr += size) {
		entry = huge_pte_offset(m, vma, addr);
		if (!entry && enable)
			err = huge_pte_alloc(m, vma, addr, &entry);
		if (err || !entry)
			continue;
		if (!*entry && enable)
			*entry = PTE_UFFD_MARKER;
		else if (pte_is_uffd_marker(*entry) && !enable)
			*entry = 0;
		if (!pte_present(*entry))
			continue;
		*entry = enable ? (*entry | PTE_UFFD_WP) & ~PTE_RW : *entry & ~PTE_UFFD_WP;
		tlb_flush_level_range(&tlb, addr, size, hugetlb_level(m, vma));
	}
	tlb_finish_mmu(&tlb);
	return err;
}
