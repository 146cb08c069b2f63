// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Folios of several pages for files in memory: the largest size that may be (thp_shmem.c),
 * lies in the VMA whose fault asks (since 6.18's releases), has nothing cached in its
 * place, and can be had; each that cannot is counted. 6.1 charges before it allocates.
 */
#include "sim/virt/content.h"
#include "sim/virt/file.h"
#include "sim/virt/memcontrol.h"
#include "sim/virt/memory_internal.h"
#include "sim/virt/mempolicy.h"
#include "sim/virt/rmap.h"
#include "sim/virt/thp.h"

/* Is anything cached where the folio would be? */
static bool conflicts(const struct inode *inode, u64 pgoff, int order)
{
	u64 index = ALIGN_DOWN(pgoff, 1ULL << order);

	return xa_find(&inode->i_data.i_pages, &index, index + (1ULL << order) - 1);
}

static u64 suitable_orders(const struct machine *m, const struct inode *inode, u64 pgoff,
			   const struct vm_fault *vmf, u64 orders)
{
	if (vmf && rel_has_thp_sizes(m->release))
		orders = thp_vma_suitable_orders(vmf->vma, vmf->address, orders);
	for (int order = orders ? highest_order(orders) : -1;
	     orders && conflicts(inode, pgoff, order); order = next_order(&orders, order))
		;
	return orders;
}

static void count_alloc(struct machine *m, unsigned int order)
{
	count_vm_event(m, THP_FILE_ALLOC, order == pmd_order(m));
	count_mthp_stat(m, order, MTHP_STAT_SHMEM_ALLOC);
}

static void count_fallback(struct machine *m, unsigned int order)
{
	count_vm_event(m, THP_FILE_FALLBACK, order == pmd_order(m));
	count_mthp_stat(m, order, MTHP_STAT_SHMEM_FALLBACK);
}

/* A folio of that order around pgoff into the cache; -ENOMEM: there is none. */
static int try_order(struct machine *m, struct inode *inode, u64 pgoff, gfp_t gfp,
		     unsigned int order, u32 *pfn)
{
	u64 first = ALIGN_DOWN(pgoff, 1ULL << order);
	int err = shmem_alloc_folio(m, gfp, order, inode, first, pfn);

	if (err)
		return err;
	if (mem_cgroup_charge(m, *pfn, NULL, gfp)) {
		put_page(m, *pfn);
		count_vm_event(m, THP_FILE_FALLBACK_CHARGE, order == pmd_order(m));
		count_mthp_stat(m, order, MTHP_STAT_SHMEM_FALLBACK_CHARGE);
		return -ENOMEM;
	}
	for (u64 i = 0; i < 1ULL << order; i++)
		content_zero(m, *pfn + i);
	err = filemap_add_folio(m, &inode->i_data, first, *pfn);
	if (err)
		put_page(m, *pfn);
	return err;
}

/* 6.1: there is one size; what cannot be charged for is not tried. */
static int alloc_pmd_first_charged(struct machine *m, struct inode *inode, u64 pgoff, gfp_t gfp,
				   u32 *pfn)
{
	u64 nr = pmd_nr_pages(m);
	int err = shmem_acct_pages(m, inode, nr);

	if (err)
		return -ENOENT;
	if (conflicts(inode, pgoff, (int)pmd_order(m)))
		err = -ENOENT;
	else
		err = try_order(m, inode, pgoff, gfp, pmd_order(m), pfn);
	if (err)
		shmem_unacct_pages(m, inode, nr);
	if (err == -ENOMEM) {
		count_fallback(m, pmd_order(m));
		return -ENOENT;
	}
	return err;
}

static int alloc_largest(struct machine *m, struct inode *inode, u64 pgoff, gfp_t gfp,
			 u64 orders, unsigned int *got, u32 *pfn)
{
	int order = orders ? highest_order(orders) : -1;

	for (; orders; order = next_order(&orders, order)) {
		int err = try_order(m, inode, pgoff, gfp, (unsigned int)order, pfn);

		*got = (unsigned int)order;
		if (err != -ENOMEM)
			return err;
		count_fallback(m, (unsigned int)order);
	}
	return -ENOENT;
}

static int alloc_then_charge(struct machine *m, struct inode *inode, u64 pgoff, gfp_t gfp,
			     u64 orders, u32 *pfn)
{
	unsigned int order;
	int err = alloc_largest(m, inode, pgoff, gfp, orders, &order, pfn);

	if (err || !shmem_acct_pages(m, inode, 1ULL << order))
		return err;
	filemap_forget_folio(m, &inode->i_data, pgoff);
	put_page(m, *pfn);
	return -ENOENT;
}

int shmem_alloc_huge(struct machine *m, struct inode *inode, u64 pgoff,
		     const struct sgp_request *request, u32 *pfn)
{
	const struct vm_area_struct *vma = request->vmf ? request->vmf->vma : NULL;
	u64 orders;
	gfp_t gfp;
	int err;

	orders = shmem_allowable_huge_orders(m, inode, vma, pgoff, request->write_end,
					     /* force = */ false);
	if (likely(!orders))
		return -ENOENT;
	gfp = vma_thp_gfp_mask(m, vma);
	if (rel_has_thp_sizes(m->release)) {
		orders = suitable_orders(m, inode, pgoff, request->vmf, orders);
		err = alloc_then_charge(m, inode, pgoff, gfp, orders, pfn);
	} else {
		err = alloc_pmd_first_charged(m, inode, pgoff, gfp, pfn);
	}
	if (err)
		return err;
	count_alloc(m, folio_order(pfn_to_page(m, *pfn)));
	lru_cache_add(m, *pfn);
	*pfn += (u32)(pgoff - page_index(pfn_to_page(m, *pfn)));
	return 0;
}
