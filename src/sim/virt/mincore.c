// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * mincore: which pages would not have to be read in. What is mapped is there; behind
 * what is not, the file's page cache tells. Answers come page by page of the vector:
 * those before a hole are given.
 */
#include <string.h>

#include "sim/phys/folio.h"
#include "sim/phys/page_alloc.h"
#include "sim/virt/file.h"
#include "sim/virt/hugetlb.h"
#include "sim/virt/mmap.h"
#include "sim/virt/pgtable.h"
#include "sim/virt/swap.h"
#include "sim/virt/task.h"
#include "sim/virt/vma_internal.h"

static bool page_in_cache(const struct machine *m, const struct vm_area_struct *vma, u64 addr)
{
	const struct file *file = vma->vm_file;
	u64 slot;
	u32 pfn;

	if (!file)
		return false;
	if (file->inode->kind == INODE_SHMEM &&
	    shmem_swapped_at(file->inode, linear_page_index(vma, addr), &slot))
		pfn = swap_cache_find(m, slot, NULL);
	else
		pfn = find_page(m, &file->inode->i_data, linear_page_index(vma, addr));
	return pfn != PFN_NIL && page_flag(pfn_folio(m, pfn), PG_uptodate);
}

static bool huge_page_in_core(const struct machine *m, const struct vm_area_struct *vma,
			      u64 addr)
{
	const u64 *entry = huge_pte_offset(m, vma, addr);

	if (entry)
		return *entry;
	return hugetlb_find_page(m, vma->vm_file->inode, vma_hugecache_offset(vma, addr)) !=
	       PFN_NIL;
}

static bool page_in_core(const struct machine *m, const struct vm_area_struct *vma, u64 addr)
{
	unsigned int level;
	const pte_t *pte = leaf_entry(m, vma->vm_mm, addr, &level);

	if (pte && pte_present(*pte))
		return true;
	if (pte && pte_is_hwpoison(*pte))
		return true;
	if (pte && pte_is_swap(*pte)) {
		u32 pfn = swap_cache_find(m, pte_to_swp_entry(*pte), NULL);

		return pfn != PFN_NIL && page_flag(pfn_folio(m, pfn), PG_uptodate);
	}
	return page_in_cache(m, vma, addr);
}

bool may_write_mapped_file(const struct task_struct *task, const struct vm_area_struct *vma)
{
	return vma->vm_file && (!task->uid || vma->vm_file->inode->mode & 0002);
}

/* Whether a file's pages are cached is only told to who may write to it. */
static bool may_know(const struct task_struct *task, const struct vm_area_struct *vma)
{
	return vma_is_anonymous(vma) || may_write_mapped_file(task, vma);
}

/* Up to `nr_pages` pages from addr on, of one VMA: how many; -ENOMEM: none there. */
static s64 do_mincore(struct machine *m, const struct task_struct *task, u64 addr,
		      u64 nr_pages, u8 *vec)
{
	const struct vm_area_struct *vma = vma_lookup(m, task->mm, addr);

	if (!vma)
		return -ENOMEM;
	nr_pages = MIN(nr_pages, (vma->vm_end - addr) >> PAGE_SHIFT);
	if (!may_know(task, vma)) {
		memset(vec, 1, nr_pages);
		return (s64)nr_pages;
	}
	for (u64 i = 0; i < nr_pages; i++) {
		u64 at = addr + (i << PAGE_SHIFT);

		vec[i] = is_vm_hugetlb_page(vma) ? huge_page_in_core(m, vma, at) :
						   page_in_core(m, vma, at);
	}
	return (s64)nr_pages;
}

int sys_mincore(struct machine *m, struct task_struct *task, u64 addr, u64 len, u8 *vec)
{
	static const struct alloc_request req = { .gfp = GFP_USER, .node = NUMA_NO_NODE };
	u64 nr_pages = (len >> PAGE_SHIFT) + !!(len % PAGE_SIZE), limit = task_size_max(m);
	s64 done = 0;
	u32 pfn;
	int err;

	if (addr % PAGE_SIZE)
		return -EINVAL;
	if (len > limit || addr > limit - len)
		return -ENOMEM;
	/* The kernel collects a page full of answers at a time. */
	err = alloc_pages(m, &req, &pfn);
	if (err)
		return err == -ENOMEM ? -EAGAIN : err;
	for (; nr_pages; nr_pages -= (u64)done, addr += (u64)done << PAGE_SHIFT, vec += done) {
		done = do_mincore(m, task, addr, MIN(nr_pages, PAGE_SIZE), vec);
		if (done < 0)
			break;
	}
	free_pages(m, pfn, 0);
	return done < 0 ? (int)done : 0;
}
