// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The life of mappings of huge pages. Those that were cut out of one mapping share its
 * map of reservations; each gives back what it was promised and did not take.
 */
#include "sim/base/bug.h"
#include "sim/virt/hugetlb.h"
#include "sim/virt/memory.h"
#include "sim/virt/pgtable.h"

unsigned int hugetlb_level(const struct machine *m, const struct vm_area_struct *vma)
{
	unsigned int level = 1;

	while ((u32)PAGE_SHIFT + vma->vm_file->inode->huge_order > table_shift(m, level))
		level++;
	return level;
}

void hugetlb_count_add(struct mm_struct *mm, s64 pages)
{
	mm->hugetlb_usage += (u64)pages;
}

void hugetlb_dup_vma_private(struct vm_area_struct *vma)
{
	vma->resv = NULL;
	vma->resv_flags = 0;
	vma->hugetlb_lock = NULL;
}

/* What of [start, end) was promised and not taken. */
static u64 promised_pages(const struct vm_area_struct *vma, u64 start, u64 end)
{
	u64 from = vma_hugecache_offset(vma, start), to = vma_hugecache_offset(vma, end);

	return to - from - region_count(vma->resv, from, to);
}

void clear_vma_resv_huge_pages(struct machine *m, struct vm_area_struct *vma, u64 start,
			       u64 end)
{
	struct hugetlb_vma_lock *lock = vma->hugetlb_lock;

	if (vma->resv) {
		hstate_vma(m, vma)->resv_lost += promised_pages(vma, vma->vm_start, vma->vm_end) -
						 promised_pages(vma, start, end);
		resv_map_put(m, vma->resv);
	}
	hugetlb_dup_vma_private(vma);
	vma->hugetlb_lock = lock;
}

static void vma_open(struct machine *m, struct vm_area_struct *vma)
{
	if (vma->resv)
		vma->resv->refs++;
	vma->hugetlb_lock = NULL;
	/* Without memory it is done without: nobody shares its tables then. */
	if (vma->vm_flags & VM_MAYSHARE && m->arch->bits == 64 &&
	    new_object(m, &m->virt->hugetlb_vma_locks, NUMA_NO_NODE, &vma->hugetlb_lock))
		vma->hugetlb_lock = NULL;
}

static void vma_close(struct machine *m, struct vm_area_struct *vma)
{
	struct resv_map *map = vma->resv;
	u64 reserve;

	if (vma->hugetlb_lock)
		object_free(m, &m->virt->hugetlb_vma_locks, vma->hugetlb_lock->self);
	vma->hugetlb_lock = NULL;
	if (!map)
		return;
	reserve = promised_pages(vma, vma->vm_start, vma->vm_end);
	if (reserve)
		hugetlb_unreserve(m, hstate_vma(m, vma), reserve);
	resv_map_put(m, map);
	vma->resv = NULL;
}

/* Faults of huge pages take another way. */
static unsigned int vma_fault(struct machine *m, struct vm_fault *vmf)
{
	BUG_ON(m, vmf->vma->vm_flags & VM_HUGETLB);
	return VM_FAULT_SIGBUS;
}

const struct vm_operations hugetlb_vm_ops = {
	.name = "hugetlb", .fault = vma_fault, .open = vma_open, .close = vma_close,
	.may_split = true,
};

u64 *huge_pte_offset(const struct machine *m, const struct vm_area_struct *vma, u64 addr)
{
	return table_entry(m, vma->vm_mm, addr, (int)hugetlb_level(m, vma));
}

u64 huge_addr_next(const struct machine *m, const struct vm_area_struct *vma, u64 addr,
		   const u64 *entry)
{
	unsigned int level = hugetlb_level(m, vma);
	bool step = entry || level == m->virt->pgtables->top;
	u64 size = step ? vma_huge_size(vma) : table_span(m, level + 1);

	return (addr & ~(size - 1)) + size;
}

int hugetlb_secure(struct machine *m, u64 pages)
{
	const struct hstate *h = hugetlb_hstate(m, GIGANTIC_PAGE_ORDER);

	if (!h || !h->free_huge_pages)
		return 0;
	return gigantic_pages_secure(m, 1 + (pages >> GIGANTIC_PAGE_ORDER));
}
