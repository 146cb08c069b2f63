// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What is read with the slot that is wanted: by where faults go on in the VMA, or, where a
 * disk turns or vma_ra_enabled is off, by slots that lie beside it. The window grows with
 * what was read ahead and then wanted.
 */
#include "sim/phys/lru.h"
#include "sim/phys/tunables.h"
#include "sim/virt/memory_internal.h"
#include "sim/virt/swap_internal.h"

/* vma->swap_readahead_info: the address of the last fault, its window, hits since then. */
#define RA_HITS_MASK 63ULL
#define RA_WIN_SHIFT 6
#define RA_ADDR_MASK (~(u64)(PAGE_SIZE - 1))
#define RA_WIN_MASK (~RA_ADDR_MASK & ~RA_HITS_MASK)
#define RA_DEFAULT SWAP_RA_FIRST_HITS
#define RA_ORDER_CEILING 5

static u64 ra_info(const struct vm_area_struct *vma)
{
	return vma->swap_readahead_info ? vma->swap_readahead_info : RA_DEFAULT;
}

static u64 mk_ra_info(u64 address, u64 win, u64 hits)
{
	return (address & RA_ADDR_MASK) | (win << RA_WIN_SHIFT & RA_WIN_MASK) |
	       (hits & RA_HITS_MASK);
}

static bool use_vma_readahead(const struct machine *m)
{
	return m->tunables->swap_vma_ra_enabled && !swap_of(m)->nr_rotate_swap;
}

u32 swap_cache_get_folio(struct machine *m, swp_entry_t entry, struct vm_area_struct *vma,
			 u64 address)
{
	u32 pfn = swap_cache_find(m, entry, NULL);
	bool by_vma = vma && use_vma_readahead(m), ahead;
	struct page *folio;

	if (pfn == PFN_NIL)
		return pfn;
	get_page(m, pfn);
	folio = pfn_folio(m, pfn);
	/* Those were not read ahead. */
	if (folio_is_large(folio))
		return pfn;
	/* PG_reclaim is PG_readahead, also of one that reclaim has on its way out. */
	ahead = page_flag(folio, PG_reclaim);
	page_clear_flag(folio, PG_reclaim);
	if (by_vma) {
		u64 info = ra_info(vma);

		vma->swap_readahead_info =
			mk_ra_info(address, (info & RA_WIN_MASK) >> RA_WIN_SHIFT,
				   MIN((info & RA_HITS_MASK) + ahead, RA_HITS_MASK));
	}
	if (ahead) {
		count_vm_event(m, SWAP_RA_HIT, 1);
		swap_of(m)->ra_hits += !by_vma;
		if (!page_flag(folio, PG_writeback))
			swap_wait_for_read(m, pfn, /* ahead = */ true);
	}
	return pfn;
}

/* How many at once, by the hits since the last window. */
static u64 swapin_nr_pages(u64 prev, u64 at, u64 hits, u64 most, u64 prev_win)
{
	u64 pages = hits + 2, roundup = 4;

	if (pages == 2) {
		if (at != prev + 1 && at != prev - 1)
			pages = 1;
	} else {
		while (roundup < pages)
			roundup <<= 1;
		pages = roundup;
	}
	pages = MIN(pages, most);
	return MAX(pages, prev_win / 2);
}

static u64 most_pages(const struct machine *m, unsigned int ceiling)
{
	return 1ULL << MIN((unsigned int)MAX(m->tunables->page_cluster, 0), ceiling);
}

/* One more that was not asked for; false: there is no host memory. */
static bool read_ahead_one(struct machine *m, swp_entry_t entry,
			   const struct swap_reader *reader, bool is_target)
{
	bool new;
	int err;
	u32 pfn = read_swap_cache_async(m, entry, reader, &new, &err);

	if (pfn == PFN_NIL)
		return err != -ENOBUFS;
	if (new) {
		u64 wanted = swap_of(m)->wanted_done_ns;

		swap_read_folio(m, pfn);
		if (!is_target) {
			page_set_flag(pfn_to_page(m, pfn), PG_reclaim);
			count_vm_event(m, SWAP_RA, 1);
			swap_of(m)->ahead_done_ns = swap_of(m)->wanted_done_ns;
			swap_of(m)->wanted_done_ns = wanted;
		}
	}
	put_page(m, pfn);
	return true;
}

/* The pages of the window; [*start, *end) of addresses. */
static u64 vma_window(struct machine *m, const struct vm_fault *vmf, u64 *start, u64 *end)
{
	struct vm_area_struct *vma = vmf->vma;
	u64 info = ra_info(vma), most = most_pages(m, RA_ORDER_CEILING);
	u64 fpfn = vmf->address >> PAGE_SHIFT, pfn = info >> PAGE_SHIFT, left, win;
	u64 table = table_span(m, 1), lower = vmf->address & ~(table - 1);

	if (most == 1)
		return 1;
	win = swapin_nr_pages(pfn, fpfn, info & RA_HITS_MASK, most,
			      (info & RA_WIN_MASK) >> RA_WIN_SHIFT);
	vma->swap_readahead_info = mk_ra_info(vmf->address, win, 0);
	if (win == 1)
		return 1;
	left = fpfn == pfn + 1 ? 0 : pfn == fpfn + 1 ? win - 1 : (win - 1) / 2;
	*start = fpfn > left ? (fpfn - left) << PAGE_SHIFT : 0;
	*end = (fpfn - left + win) << PAGE_SHIFT;
	*start = MAX(*start, MAX(vma->vm_start, lower));
	*end = MIN(*end, MIN(vma->vm_end, lower + table));
	return win;
}

static bool swap_vma_readahead(struct machine *m, const struct vm_fault *vmf)
{
	struct swap_reader reader = { .vma = vmf->vma, .address = vmf->address };
	bool apart = rel_swap_readahead_interleaves(m->release);
	u64 start, end;
	const u64 *pte;

	if (vma_window(m, vmf, &start, &end) == 1)
		return true;
	pte = pte_offset_map(m, vmf->vma->vm_mm, start);
	for (u64 addr = start; pte && addr < end; addr += PAGE_SIZE, pte++) {
		reader.address = apart ? addr : vmf->address;
		if (pte_is_swap(*pte) &&
		    !read_ahead_one(m, pte_to_swp_entry(*pte), &reader, addr == vmf->address))
			return false;
	}
	lru_add_drain(m);
	return true;
}

static bool swap_cluster_readahead(struct machine *m, swp_entry_t entry,
				   const struct swap_reader *reader)
{
	struct swap_state *swap = swap_of(m);
	const struct swap_info_struct *si = swap_info(m, entry);
	u64 at = swp_entry_offset(entry), most = most_pages(m, 31), pages, start, end;
	u32 hits = swap->ra_hits;

	if (most == 1)
		return true;
	swap->ra_hits = 0;
	pages = swapin_nr_pages(swap->ra_prev_offset, at, hits, most, swap->ra_last_pages);
	if (!hits)
		swap->ra_prev_offset = at;
	swap->ra_last_pages = (u32)pages;
	if (pages == 1)
		return true;
	start = MAX(at & ~(pages - 1), 1);
	end = MIN(at | (pages - 1), si->max - 1);
	for (u64 slot = start; slot <= end; slot++)
		if (!read_ahead_one(m, swp_entry(si->type, slot), reader, slot == at))
			return false;
	lru_add_drain(m);
	return true;
}

u32 swapin_readahead(struct machine *m, swp_entry_t entry, struct vm_fault *vmf, bool *alone,
		     int *err)
{
	const struct swap_reader reader = { .vma = vmf->vma, .address = vmf->address };
	bool ok = use_vma_readahead(m) ? swap_vma_readahead(m, vmf) :
					 swap_cluster_readahead(m, entry, &reader);

	*err = ok ? 0 : -ENOBUFS;
	return ok ? read_swap_cache(m, entry, &reader, alone, err) : PFN_NIL;
}

/* A page that only the file is about to have. */
static u32 read_past_cache(struct machine *m, swp_entry_t entry,
			   const struct swap_reader *reader, int *err)
{
	u32 pfn;

	*err = swap_page_for(m, reader, &pfn);
	if (!*err)
		*err = swap_charge_folio(m, pfn, NULL, GFP_HIGHUSER_MOVABLE, entry);
	if (*err)
		return PFN_NIL;
	swap_fill_past_cache(m, entry, pfn);
	return pfn;
}

u32 swapin_shmem(struct machine *m, swp_entry_t entry, const struct inode *inode, u64 pgoff,
		 int *err)
{
	const struct swap_reader reader = { .inode = inode, .pgoff = pgoff };
	bool major;

	if (swap_info(m, entry)->flags & SWP_SYNCHRONOUS_IO &&
	    rel_shmem_skips_swap_cache(m->release))
		return read_past_cache(m, entry, &reader, err);
	*err = -ENOBUFS;
	if (!swap_cluster_readahead(m, entry, &reader))
		return PFN_NIL;
	return read_swap_cache(m, entry, &reader, &major, err);
}
