// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Faults on huge pages. What is not there comes from the file's cache or, new, from the
 * pool: of what was promised if it was, else of what nobody was promised. A write to a
 * page that others have as well copies it; where the pool has no page for the copy, who
 * made the mapping takes the page from those who came by fork, and they get SIGBUS when
 * they miss it.
 */
#include "sim/base/bug.h"
#include "sim/boot/boot_log.h"
#include "sim/virt/content.h"
#include "sim/virt/hugetlb.h"
#include "sim/virt/memory_internal.h"
#include "sim/virt/mmu_gather.h"
#include "sim/virt/rmap.h"
#include "sim/virt/userfaultfd.h"

struct huge_fault {
	struct vm_area_struct *vma;
	struct hstate *h;
	u64 haddr, idx;		/* of the huge page */
	unsigned int flags;
	u64 *pte;
	u32 cached;		/* page of the file; PFN_NIL */
};

void clear_huge_page(struct machine *m, u32 pfn, unsigned int order)
{
	for (u64 i = 0; i < 1ULL << order; i++)
		content_zero(m, pfn + i);
	page_set_flag(pfn_to_page(m, pfn), PG_uptodate);
}

static void copy_huge_page(struct machine *m, u32 to, u32 from, unsigned int order)
{
	for (u64 i = 0; i < 1ULL << order; i++)
		content_copy(m, to + i, from + i);
	page_set_flag(pfn_to_page(m, to), PG_uptodate);
}

void hugetlb_add_rmap(struct machine *m, u32 pfn)
{
	struct page *head = pfn_to_page(m, pfn);

	++*huge_mapcount(head);
	head[1].next++;
}

void hugetlb_remove_rmap(struct machine *m, u32 pfn)
{
	struct page *head = pfn_to_page(m, pfn);

	BUG_ON(m, !*huge_mapcount(head));
	--*huge_mapcount(head);
	head[1].next--;
}

void hugetlb_set_anon_rmap(struct machine *m, u32 pfn, const struct vm_area_struct *vma,
			   u64 addr)
{
	struct page *head = pfn_to_page(m, pfn);

	head->mapping = vma->anon_vma->self;
	page_set_index(head, linear_page_index(vma, addr));
	page_set_flag(head, PG_anon);
	page_set_flag(head, PG_anon_exclusive);
	*hugetlb_page_flags(head) &= ~(u32)HPG_RESTORE_RESERVE;
	hugetlb_add_rmap(m, pfn);
}

/* ---- A page. ---- */

/* Within the cpuset of who runs. */
static u32 dequeue(struct machine *m, struct hstate *h, int node, u64 nodes)
{
	const struct task_struct *task = current_task(m);
	u64 allowed = task && task->mems_allowed ? task->mems_allowed : ~0ULL;

	nodes = nodes ? nodes & allowed : allowed;
	return nodes ? hugetlb_dequeue(m, h, node, nodes) : PFN_NIL;
}

/* By the policy of the VMA: free pages first, then one more than the pool should have. */
static int take_page(struct machine *m, struct vm_area_struct *vma, struct hstate *h, u64 addr,
		     bool promised, u32 *pfn)
{
	struct alloc_request req = { .gfp = htlb_alloc_mask(m, h), .order = h->order };
	bool many = huge_node(m, vma, addr, &req);
	int err = -ENOMEM;

	*pfn = PFN_NIL;
	if (promised || available_huge_pages(h)) {
		*pfn = dequeue(m, h, req.node, req.nodemask);
		if (*pfn == PFN_NIL && many)
			*pfn = dequeue(m, h, req.node, 0);
	}
	if (*pfn != PFN_NIL)
		return hstate_is_gigantic(h) ? gigantic_page_materialise(m, *pfn) : 0;
	if (many) {
		struct alloc_request first = req;

		first.gfp = (first.gfp | __GFP_NOWARN) & ~(gfp_t)__GFP_DIRECT_RECLAIM;
		err = alloc_surplus_huge_page(m, h, &first, pfn);
		req.nodemask = 0;
	}
	return err == -ENOMEM ? alloc_surplus_huge_page(m, h, &req, pfn) : err;
}

int alloc_huge_page(struct machine *m, struct vm_area_struct *vma, u64 addr,
		    bool cow_from_owner, u32 *pfn)
{
	struct hstate *h = hstate_vma(m, vma);
	int needs = cow_from_owner ? 1 : vma_needs_reservation(m, vma, addr), err;

	if (needs < 0)
		return needs;
	err = take_page(m, vma, h, addr, /* promised = */ !needs, pfn);
	if (err) {
		if (!cow_from_owner)
			vma_end_reservation(vma);
		return err == -ENOBUFS ? err : -ENOSPC;
	}
	m->nodes[page_zone(m, pfn_to_page(m, *pfn))->node]->stat[NR_HUGETLB] +=
		1LL << h->order;
	if (!needs) {
		*hugetlb_page_flags(pfn_to_page(m, *pfn)) |= HPG_RESTORE_RESERVE;
		h->resv_huge_pages--;
	}
	if (!cow_from_owner && vma_commit_reservation(m, vma, addr) == -ENOBUFS)
		return -ENOBUFS;
	return 0;
}

void restore_reserve_on_error(struct machine *m, const struct vm_area_struct *vma, u64 addr,
			      u32 pfn)
{
	u32 *flags = hugetlb_page_flags(pfn_to_page(m, pfn));
	int needs = vma_needs_reservation(m, vma, addr);

	if (*flags & HPG_RESTORE_RESERVE) {
		if (needs < 0)
			*flags &= ~(u32)HPG_RESTORE_RESERVE;
		else if (needs)
			vma_add_reservation(m, vma, addr);
		else
			vma_end_reservation(vma);
		return;
	}
	if (needs > 0)
		vma_end_reservation(vma);
	else if (!needs ? vma_del_reservation(m, vma, addr) < 0 : !(vma->vm_flags & VM_MAYSHARE))
		*flags |= HPG_RESTORE_RESERVE;
}

/* ---- Entries. ---- */

static u64 make_huge_pte(const struct machine *m, const struct vm_area_struct *vma, u32 pfn,
			 bool writable)
{
	u64 entry = mk_pte(pfn, vma_page_prot(m, vma)) | PTE_ACCESSED | PTE_PSE;

	if (!writable)
		return entry & ~PTE_RW;
	return pte_mkdirty(m, entry) | PTE_RW;
}

static void set_writable(const struct machine *m, const struct huge_fault *f)
{
	*f->pte = pte_mkdirty(m, *f->pte) | PTE_RW;
}

static unsigned int fault_of_alloc(int err)
{
	return err == -ENOSPC ? VM_FAULT_SIGBUS : fault_of_errno(err);
}

/* ---- Writes. ---- */

/*
 * Those who have the page by fork and were promised nothing lose it; but they are looked
 * at where the owner has it: who has moved since then keeps it.
 */
static void unmap_ref_private(struct machine *m, const struct huge_fault *f, u32 pfn)
{
	u64 pgoff = linear_page_index(f->vma, f->haddr);
	struct interval_tree *tree = &f->vma->vm_file->inode->i_data.i_mmap;
	struct interval_node *node;

	for (node = interval_tree_first(tree, pgoff, pgoff); node;
	     node = interval_tree_next(node, pgoff, pgoff)) {
		struct vm_area_struct *vma = container_of(node, struct vm_area_struct, shared);
		struct mmu_gather tlb;

		if (vma == f->vma || vma->vm_flags & VM_MAYSHARE ||
		    vma->resv_flags & HPAGE_RESV_OWNER)
			continue;
		tlb_gather_mmu(m, &tlb, vma->vm_mm);
		unmap_hugepage_range(&tlb, vma, f->haddr, f->haddr + huge_page_size(f->h), pfn,
				     /* drop_markers = */ false);
		tlb_finish_mmu(&tlb);
	}
}

/* The page is this mapping's alone: 1, and it is writable. */
static bool reuse_page(struct machine *m, const struct huge_fault *f, u32 old)
{
	struct page *head = pfn_to_page(m, old);

	if (*huge_mapcount(head) != 1 || !page_flag(head, PG_anon))
		return false;
	if (!page_flag(head, PG_anon_exclusive)) {
		page_move_anon_rmap(m, old, f->vma);
		page_set_flag(head, PG_anon_exclusive);
	}
	if (!(f->flags & FAULT_FLAG_UNSHARE))
		set_writable(m, f);
	return true;
}

static void replace_page(struct machine *m, const struct huge_fault *f, u32 old, u32 pfn)
{
	copy_huge_page(m, pfn, old, f->h->order);
	*f->pte = 0;
	flush_tlb_range_stride(m, f->vma, f->haddr, f->haddr + huge_page_size(f->h),
			       PAGE_SHIFT + f->h->order);
	hugetlb_remove_rmap(m, old);
	hugetlb_set_anon_rmap(m, pfn, f->vma, f->haddr);
	*f->pte = make_huge_pte(m, f->vma, pfn, !(f->flags & FAULT_FLAG_UNSHARE));
	put_page(m, old);
}

static unsigned int hugetlb_wp(struct machine *m, const struct huge_fault *f)
{
	u32 old = (u32)pte_pfn(*f->pte), pfn;
	bool owner = f->vma->resv_flags & HPAGE_RESV_OWNER && old != f->cached;
	int err;

	if (f->vma->vm_flags & VM_MAYSHARE) {
		set_writable(m, f);
		return 0;
	}
	if (reuse_page(m, f, old))
		return 0;
	err = anon_vma_prepare(m, f->vma);
	if (err)
		return fault_of_errno(err);
	err = alloc_huge_page(m, f->vma, f->haddr, owner, &pfn);
	if (err && owner && err != -ENOBUFS) {
		unmap_ref_private(m, f, old);
		if (reuse_page(m, f, old))
			return 0;
		machine_why(m, "the page at %#llx is somebody else's still, who has moved it: the "
			    "kernel would look for ever, here the task gets SIGBUS",
			    (unsigned long long)f->haddr);
		return fault_of_alloc(err);
	}
	if (err)
		return fault_of_alloc(err);
	replace_page(m, f, old, pfn);
	return 0;
}

/* ---- What is not there. ---- */

/* A new page in the file's cache: the caller's reference is a second one. */
static int add_new_page(struct machine *m, const struct huge_fault *f, u32 pfn)
{
	int err = hugetlb_add_to_page_cache(m, f->vma->vm_file->inode, f->idx, pfn);

	if (err) {
		restore_reserve_on_error(m, f->vma, f->haddr, pfn);
		put_page(m, pfn);
	}
	return err;
}

static unsigned int new_page(struct machine *m, const struct huge_fault *f, u32 *pfn)
{
	bool shared = f->vma->vm_flags & VM_MAYSHARE;
	int err = shared ? 0 : anon_vma_prepare(m, f->vma);

	if (err)
		return fault_of_errno(err);
	err = alloc_huge_page(m, f->vma, f->haddr, /* cow_from_owner = */ false, pfn);
	if (err == -ENOSPC)
		machine_why(m, "the pool of %llu kB pages has %llu free, %llu of them promised to "
			    "others", 4ULL << f->h->order,
			    (unsigned long long)f->h->free_huge_pages,
			    (unsigned long long)f->h->resv_huge_pages);
	if (err)
		return fault_of_alloc(err);
	clear_huge_page(m, *pfn, f->h->order);
	err = shared ? add_new_page(m, f, *pfn) : 0;
	return err ? fault_of_errno(err) : 0;
}

static unsigned int huge_userfault(struct machine *m, const struct huge_fault *f, u64 reason)
{
	const struct uffd_fault fault = {
		.vma = f->vma, .address = f->haddr, .flags = f->flags, .reason = reason,
	};

	return do_handle_userfault(m, &fault);
}

static unsigned int hugetlb_no_page(struct machine *m, struct huge_fault *f)
{
	const struct vm_area_struct *vma = f->vma;
	struct inode *inode = vma->vm_file->inode;
	bool writes = f->flags & FAULT_FLAG_WRITE && !(vma->vm_flags & VM_SHARED);
	bool marked = pte_is_uffd_marker(*f->pte);
	unsigned int ret;
	u32 pfn = f->cached;

	if (vma->resv_flags & HPAGE_RESV_UNMAPPED) {
		printk(m, 4, "PID %u killed due to inadequate hugepage pool",
		       current_task(m)->pid);
		return VM_FAULT_SIGBUS;
	}
	if (pfn == PFN_NIL) {
		if (f->idx >= inode->i_size >> (PAGE_SHIFT + f->h->order))
			return VM_FAULT_SIGBUS;
		if (userfaultfd_missing(vma))
			return huge_userfault(m, f, VM_UFFD_MISSING);
		ret = new_page(m, f, &pfn);
		if (ret)
			return ret;
	} else {
		if (unlikely(*hugetlb_page_flags(pfn_to_page(m, pfn)) & HPG_HWPOISON))
			return VM_FAULT_HWPOISON;
		if (userfaultfd_minor(vma))
			return huge_userfault(m, f, VM_UFFD_MINOR);
		get_page(m, pfn);
	}
	if (page_flag(pfn_to_page(m, pfn), PG_anon) || pfn_to_page(m, pfn)->mapping == 0)
		hugetlb_set_anon_rmap(m, pfn, vma, f->haddr);
	else
		hugetlb_add_rmap(m, pfn);
	*f->pte = make_huge_pte(m, vma, pfn, (vma->vm_flags & (VM_WRITE | VM_SHARED)) ==
						     (VM_WRITE | VM_SHARED));
	if (marked)
		*f->pte = (*f->pte | PTE_UFFD_WP) & ~PTE_RW;
	hugetlb_count_add(vma->vm_mm, 1LL << f->h->order);
	return writes && !marked ? hugetlb_wp(m, f) : 0;
}

unsigned int hugetlb_fault(struct machine *m, struct vm_area_struct *vma, u64 address,
			   unsigned int flags)
{
	struct huge_fault f = {
		.vma = vma, .h = hstate_vma(m, vma), .flags = flags,
		.haddr = address & vma_huge_mask(vma), .cached = PFN_NIL,
	};
	const unsigned int wants_own = FAULT_FLAG_WRITE | FAULT_FLAG_UNSHARE;
	int err = huge_pte_alloc(m, vma, f.haddr, &f.pte);

	if (err)
		return fault_of_errno(err);
	f.idx = vma_hugecache_offset(vma, f.haddr);
	f.cached = hugetlb_find_page(m, vma->vm_file->inode, f.idx);
	if (pte_is_poison(*f.pte) || pte_is_hwpoison(*f.pte))
		return VM_FAULT_HWPOISON;
	if (!*f.pte || pte_is_uffd_marker(*f.pte))
		return hugetlb_no_page(m, &f);
	if (unlikely(*f.pte & PTE_UFFD_WP) && userfaultfd_wp(vma) && flags & FAULT_FLAG_WRITE) {
		if (!userfaultfd_wp_async(m, vma))
			return huge_userfault(m, &f, VM_UFFD_WP);
		*f.pte &= ~PTE_UFFD_WP;
	}
	if (flags & wants_own && !(*f.pte & PTE_RW))
		return hugetlb_wp(m, &f);
	if (flags & FAULT_FLAG_WRITE)
		*f.pte = pte_mkdirty(m, *f.pte);
	*f.pte |= PTE_ACCESSED;
	return 0;
}
