// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Files of hugetlbfs: their page cache is by huge pages, their size is theirs. A file's
 * map of reservations says which pages are promised or there, so what is promised and
 * not there is what goes back when the file is cut.
 */
#include "sim/virt/hugetlb.h"

#include "sim/phys/lru.h"
#include "sim/virt/content.h"
#include "sim/virt/memory.h"
#include "sim/virt/mempolicy.h"
#include "sim/virt/mmu_gather.h"
#include "sim/virt/rmap.h"
#include "sim/virt/task.h"

struct hstate *hstate_sizelog(const struct machine *m, unsigned int page_size_log)
{
	if (!page_size_log)
		return hugetlb_hstate(m, hugetlb_default_order(m));
	if (page_size_log < PAGE_SHIFT)
		return NULL;
	return hugetlb_hstate(m, page_size_log - PAGE_SHIFT);
}

static bool can_do_hugetlb_shm(const struct machine *m, const struct task_struct *task)
{
	return task->cap_ipc_lock || m->tunables->hugetlb_shm_group == (s32)task->gid;
}

static int promise(struct machine *m, struct hstate *h, u64 pages)
{
	return hugetlb_acct_memory(m, h, (s64)pages, policy_mbind_nodes(m));
}

static int reserve_private(struct machine *m, struct hstate *h, u64 pages,
			   struct vm_area_struct *vma)
{
	struct resv_map *map;
	int err = resv_map_alloc(m, &map);

	if (err)
		return err;
	err = promise(m, h, pages);
	if (err) {
		resv_map_put(m, map);
		return err;
	}
	vma->resv = map;
	vma->resv_flags = HPAGE_RESV_OWNER;
	return 0;
}

static int reserve_shared(struct machine *m, struct hstate *h, struct inode *inode, u64 from,
			  u64 to)
{
	u64 chg, added;
	u32 needed;
	int err = region_chg(m, inode->resv_map, from, to, &chg, &needed);

	if (err)
		return err;
	err = promise(m, h, chg);
	if (err) {
		region_abort(inode->resv_map, needed);
		return err;
	}
	return region_add(m, inode->resv_map, from, to, needed, &added);
}

int hugetlb_reserve_pages(struct machine *m, struct inode *inode, u64 from, u64 to,
			  struct vm_area_struct *vma, u64 vm_flags)
{
	struct hstate *h = hstate_inode(m, inode);
	int err = 0;

	if (vma && vma->vm_flags & VM_MAYSHARE && m->arch->bits == 64)
		err = new_object(m, &m->virt->hugetlb_vma_locks, NUMA_NO_NODE,
				 &vma->hugetlb_lock);
	if (err == -ENOBUFS)
		return err;
	if (vm_flags & VM_NORESERVE)
		return 0;
	if (!vma || vma->vm_flags & VM_MAYSHARE)
		err = reserve_shared(m, h, inode, from, to);
	else
		err = reserve_private(m, h, to - from, vma);
	if (err && vma && vma->hugetlb_lock) {
		object_free(m, &m->virt->hugetlb_vma_locks, vma->hugetlb_lock->self);
		vma->hugetlb_lock = NULL;
	}
	return err;
}

/* What of [start, end) was promised goes, but for pages that were there. */
static int unreserve(struct machine *m, struct inode *inode, u64 start, u64 end, u64 freed)
{
	struct hstate *h = hstate_inode(m, inode);
	u64 deleted;
	int err = region_del(m, inode->resv_map, start, end, &deleted);

	if (!err && deleted > freed)
		hugetlb_unreserve(m, h, deleted - freed);
	return err;
}

int hugetlb_file_setup(struct machine *m, const struct task_struct *task,
		       const struct hugetlb_file_request *req, struct file **file)
{
	const struct hstate *h;
	struct inode *inode;
	int err = hugetlb_init(m);

	if (err)
		return err;
	h = hstate_sizelog(m, req->page_size_log);
	if (!h)
		return -ENODEV;
	if (req->kind == HUGETLB_SHMFS_INODE && !can_do_hugetlb_shm(m, task))
		return -EPERM;
	err = inode_create_hugetlb(m, req->name, req->size, h->order, &inode);
	if (err)
		return err == -ENOMEM ? -ENOSPC : err;
	inode->huge_shm = req->kind == HUGETLB_SHMFS_INODE;
	err = hugetlb_reserve_pages(m, inode, 0, req->size >> (h->order + PAGE_SHIFT), NULL,
				    req->acctflag);
	if (!err)
		err = file_open_inode(m, inode, O_RDWR, file);
	if (err == -ENOMEM)
		machine_why(m, "the pool of %llu kB pages has %llu free, %llu of them reserved",
			    4ULL << h->order, (unsigned long long)h->free_huge_pages,
			    (unsigned long long)h->resv_huge_pages);
	/* The file's reference is all there is. */
	iput(m, inode);
	return err;
}

int hugetlb_file_mmap(struct machine *m, struct file *file, struct vm_area_struct *vma)
{
	struct inode *inode = file->inode;
	unsigned int order = inode->huge_order;
	u64 len = vma->vm_end - vma->vm_start, end = len + (vma->vm_pgoff << PAGE_SHIFT);
	u64 flags, low = (1ULL << order) - 1;
	int err;

	if (inode->seals & F_SEAL_FUTURE_WRITE && vma->vm_flags & VM_SHARED) {
		if (vma->vm_flags & VM_WRITE)
			return -EPERM;
		vma->vm_flags &= ~(u64)VM_MAYWRITE;
	}
	vma->vm_flags |= VM_HUGETLB | VM_DONTEXPAND;
	vma->vm_ops = &hugetlb_vm_ops;
	if (vma->vm_pgoff >> (63 - PAGE_SHIFT) || vma->vm_pgoff & low || end < len)
		return -EINVAL;
	flags = vma->vm_flags | (inode->huge_shm ? VM_NORESERVE : 0);
	err = hugetlb_reserve_pages(m, inode, vma->vm_pgoff >> order,
				    end >> (order + PAGE_SHIFT), vma, flags);
	if (err == -ENOMEM)
		machine_why(m, "the pool of %llu kB pages has not got %llu more", 4ULL << order,
			    (unsigned long long)(len >> (order + PAGE_SHIFT)));
	if (!err && vma->vm_flags & VM_WRITE && inode->i_size < end)
		inode->i_size = end;
	return err;
}

u32 hugetlb_find_page(const struct machine *m, const struct inode *inode, u64 idx)
{
	u64 entry = xa_load(&inode->i_data.i_pages, idx);

	(void)m;
	return entry ? entry_pfn(entry) : PFN_NIL;
}

int hugetlb_add_to_page_cache(struct machine *m, struct inode *inode, u64 idx, u32 pfn)
{
	struct page *head = pfn_to_page(m, pfn);
	int err = xa_store(&inode->i_data.i_pages, idx, mk_cache_entry(pfn), NULL);

	if (err)
		return err;
	get_page(m, pfn);
	head->mapping = inode->self;
	page_set_index(head, idx << inode->huge_order);
	page_set_flag(head, PG_dirty);
	*hugetlb_page_flags(head) &= ~(u32)HPG_RESTORE_RESERVE;
	inode->i_data.nrpages++;
	return 0;
}

static void remove_page(struct machine *m, struct inode *inode, u64 idx)
{
	u32 pfn = entry_pfn(xa_erase(&inode->i_data.i_pages, idx));
	struct page *head = pfn_to_page(m, pfn);

	head->mapping = 0;
	page_clear_flag(head, PG_dirty);
	inode->i_data.nrpages--;
	put_page(m, pfn);
}

/* Each mapping of base pages [pgoff, end) of the file. */
static void unmap_file_range(struct machine *m, struct inode *inode, u64 pgoff, u64 end,
			     bool truncate)
{
	struct interval_tree *tree = &inode->i_data.i_mmap;
	struct interval_node *node;

	if (end <= pgoff)
		return;
	for (node = interval_tree_first(tree, pgoff, end - 1); node;
	     node = interval_tree_next(node, pgoff, end - 1)) {
		struct vm_area_struct *vma =
			container_of(node, struct vm_area_struct, shared);
		u64 from = MAX(pgoff, node->start), to = MIN(end - 1, node->last);
		struct mmu_gather tlb;

		tlb_gather_mmu(m, &tlb, vma->vm_mm);
		unmap_hugepage_range(&tlb, vma, vma_address_of(vma, from),
				     vma_address_of(vma, to) + PAGE_SIZE, PFN_NIL, truncate);
		tlb_finish_mmu(&tlb);
	}
}

/* Pages of [start, end): a truncation forgets promises as well, a hole those of pages. */
static void remove_pages(struct machine *m, struct inode *inode, u64 start, u64 end,
			 bool truncate)
{
	struct xarray *pages = &inode->i_data.i_pages;
	u64 freed = 0;

	for (u64 idx = start; idx < end && xa_find(pages, &idx, end - 1); idx++) {
		remove_page(m, inode, idx);
		freed++;
		/* Without memory for a region more, the promise stays with the file. */
		if (!truncate && unreserve(m, inode, idx, idx + 1, 1))
			hstate_inode(m, inode)->resv_huge_pages++;
	}
	if (truncate && unreserve(m, inode, start, ~0ULL, freed))
		return;
}

int hugetlb_truncate(struct machine *m, struct inode *inode, u64 size)
{
	unsigned int shift = inode->huge_order + PAGE_SHIFT;

	if (size & ((1ULL << shift) - 1))
		return -EINVAL;
	if ((size < inode->i_size && inode->seals & F_SEAL_SHRINK) ||
	    (size > inode->i_size && inode->seals & F_SEAL_GROW))
		return -EPERM;
	inode->i_size = size;
	unmap_file_range(m, inode, size >> PAGE_SHIFT, 1ULL << (63 - PAGE_SHIFT),
			 /* truncate = */ true);
	remove_pages(m, inode, size >> shift, ~0ULL >> shift, /* truncate = */ true);
	return 0;
}

/* Bytes of one huge page that stays. */
static void zero_part(struct machine *m, struct inode *inode, u64 start, u64 end)
{
	unsigned int shift = inode->huge_order + PAGE_SHIFT;
	u32 pfn = hugetlb_find_page(m, inode, start >> shift);
	u64 mask = (1ULL << shift) - 1, next;

	if (pfn == PFN_NIL)
		return;
	for (; start < end; start = next) {
		next = MIN((start | (PAGE_SIZE - 1)) + 1, end);
		content_zero_range(m, pfn + ((start & mask) >> PAGE_SHIFT),
				   (u32)(start & (PAGE_SIZE - 1)),
				   (u32)(next - (start & ~(PAGE_SIZE - 1))));
	}
}

int hugetlb_punch_hole(struct machine *m, struct inode *inode, u64 start, u64 end)
{
	unsigned int shift = inode->huge_order + PAGE_SHIFT;
	u64 first = ALIGN_UP(start, 1ULL << shift), last = ALIGN_DOWN(end, 1ULL << shift);

	if (inode->seals & F_SEAL_WRITES)
		return -EPERM;
	if (start < first)
		zero_part(m, inode, start, MIN(first, end));
	if (last > first) {
		unmap_file_range(m, inode, first >> PAGE_SHIFT, last >> PAGE_SHIFT,
				 /* truncate = */ false);
		remove_pages(m, inode, first >> shift, last >> shift, /* truncate = */ false);
	}
	if (end > last && end > first)
		zero_part(m, inode, last, end);
	return 0;
}

/* One page for the file, by a mapping that is only made for asking. */
static int allocate_page(struct machine *m, struct inode *inode, u64 idx)
{
	struct file pseudo_file = { .inode = inode };
	struct vm_area_struct pseudo = {
		.vm_flags = VM_HUGETLB | VM_MAYSHARE | VM_SHARED, .vm_file = &pseudo_file,
		.vm_end = 1ULL << 62,
	};
	u64 addr = idx << (inode->huge_order + PAGE_SHIFT);
	u32 pfn;
	int err = alloc_huge_page(m, &pseudo, addr, /* cow_from_owner = */ false, &pfn);

	if (err)
		return err;
	clear_huge_page(m, pfn, inode->huge_order);
	err = hugetlb_add_to_page_cache(m, inode, idx, pfn);
	if (err)
		restore_reserve_on_error(m, &pseudo, addr, pfn);
	put_page(m, pfn);
	return err;
}

int hugetlb_allocate(struct machine *m, struct inode *inode, u64 start, u64 end,
		     bool keep_size)
{
	unsigned int shift = inode->huge_order + PAGE_SHIFT;
	u64 last = (end + (1ULL << shift) - 1) >> shift;

	if (inode->seals & F_SEAL_GROW && end > inode->i_size)
		return -EPERM;
	for (u64 idx = start >> shift; idx < last; idx++) {
		int err = hugetlb_find_page(m, inode, idx) == PFN_NIL ?
				  allocate_page(m, inode, idx) : 0;

		if (err)
			return err;
	}
	if (!keep_size && end > inode->i_size)
		inode->i_size = end;
	return 0;
}

void hugetlb_evict_inode(struct machine *m, struct inode *inode)
{
	remove_pages(m, inode, 0, ~0ULL >> (inode->huge_order + PAGE_SHIFT),
		     /* truncate = */ true);
	resv_map_put(m, inode->resv_map);
}
