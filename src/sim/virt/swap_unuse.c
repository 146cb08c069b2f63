// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * swapoff: all that lies in an area comes back. Shared memory first, then each mm that may
 * have entries, by VMAs; what is left are pages of the cache that nobody refers to.
 */
#include "sim/base/bug.h"
#include "sim/phys/lru.h"
#include "sim/virt/blk.h"
#include "sim/virt/file.h"
#include "sim/virt/fork.h"
#include "sim/virt/memory_internal.h"
#include "sim/virt/rmap.h"
#include "sim/virt/sched.h"
#include "sim/virt/swap_internal.h"
#include "sim/virt/vma.h"

/* Behind so many nobody waits any longer. */
#define MAX_PASSES 100

struct unuse {
	struct machine *m;
	struct swap_info_struct *si;
	struct vm_area_struct *vma;
};

/* The entry becomes a mapping of the page, which has been read. */
static void map_unused(const struct unuse *u, u64 addr, pte_t *pte, u32 pfn, bool exclusive)
{
	struct machine *m = u->m;
	struct vm_area_struct *vma = u->vma;
	pte_t old = *pte, new;

	add_mm_counter(m, vma->vm_mm, MM_SWAPENTS, -1);
	if (unlikely(page_flag(pfn_to_page(m, pfn), PG_hwpoison))) {
		*pte = make_hwpoison_entry(pfn);
		swap_free(m, pte_to_swp_entry(old));
		return;
	}
	get_page(m, pfn);
	add_mm_counter(m, vma->vm_mm, MM_ANONPAGES, 1);
	page_add_anon_rmap(m, pfn, vma, addr, exclusive);
	new = mk_pte(pfn, vma_page_prot(m, vma)) & ~PTE_ACCESSED;
	*pte = new | (old & (PTE_SOFT_DIRTY | PTE_UFFD_WP));
	swap_free(m, pte_to_swp_entry(old));
}

/* PFN_NIL: the cache has it not. A reference is taken. */
static u32 find_in_cache(const struct unuse *u, swp_entry_t entry, u64 addr)
{
	struct machine *m = u->m;
	const struct page *folio;
	u32 pfn;

	if (!rel_unuse_is_no_hit(m->release))
		return swap_cache_get_folio(m, entry, u->vma, addr);
	pfn = swap_cache_find(m, entry, NULL);
	if (pfn == PFN_NIL)
		return pfn;
	get_page(m, pfn);
	folio = pfn_folio(m, pfn);
	if (page_flag(folio, PG_reclaim) && !page_flag(folio, PG_writeback))
		swap_wait_for_read(m, pfn, /* ahead = */ true);
	return pfn;
}

/* The same of the page, or of a copy. -ENOMEM, -ENOBUFS. */
static int unuse_pte(const struct unuse *u, u64 addr, pte_t *pte, u32 pfn)
{
	pte_t old = *pte;
	int err;

	if (likely(!swap_wants_copy(u->m, pfn))) {
		map_unused(u, addr, pte, pfn, old & SWP_EXCLUSIVE);
		return 0;
	}
	err = swap_copy_page(u->m, u->vma, addr, &pfn);
	if (err)
		return err;
	if (*pte == old)
		map_unused(u, addr, pte, pfn, /* exclusive = */ true);
	put_page(u->m, pfn);
	return 0;
}

/* With what lies around it, as a fault would read it. */
static int unuse_entry(void *arg, u64 addr, pte_t *pte)
{
	const struct unuse *u = arg;
	struct machine *m = u->m;
	pte_t old = *pte;
	swp_entry_t entry = pte_to_swp_entry(old);
	struct vm_fault vmf = { .vma = u->vma, .address = addr };
	bool alone;
	int err;
	u32 pfn;

	if (!pte_is_swap(*pte) || swp_entry_type(entry) != u->si->type)
		return 0;
	pfn = find_in_cache(u, entry, addr);
	if (pfn == PFN_NIL)
		pfn = swapin_readahead(m, entry, &vmf, &alone, &err);
	/* Meanwhile the reaper may have been here. */
	if (pfn == PFN_NIL)
		return *pte != old ? 0 : err ? err : -ENOMEM;
	folio_wait_writeback(m, (u32)folio_pfn(m, pfn));
	err = likely(*pte == old) ? unuse_pte(u, addr, pte, pfn) : 0;
	(void)folio_free_swap(m, pfn);
	put_page(m, pfn);
	return err;
}

static int unuse_mm(struct unuse *u, const struct mm_struct *mm)
{
	int err = 0;

	for (u->vma = vma_first(u->m, mm); u->vma && !err; u->vma = vma_next(u->m, u->vma))
		if (u->vma->anon_vma && !(u->vma->vm_flags & VM_HUGETLB))
			err = walk_page_range(u->m, mm, u->vma->vm_start, u->vma->vm_end,
					      unuse_entry, u);
	return err;
}

/* Pages that only the cache has. */
static void free_cached(const struct unuse *u)
{
	for (u64 at = 1; at < u->si->max && u->si->inuse_pages && !fatal_signal_pending(u->m); at++)
		if (u->si->swap_map[at] & SWAP_HAS_CACHE) {
			u32 pfn = swap_cache_find(u->m, swp_entry(u->si->type, at), NULL);

			if (pfn == PFN_NIL)
				continue;
			get_page(u->m, pfn);
			folio_wait_writeback(u->m, (u32)folio_pfn(u->m, pfn));
			(void)folio_free_swap(u->m, pfn);
			put_page(u->m, pfn);
		}
}

/*
 * Each mm is held while it is emptied, and till the next one is: memory may be short, and
 * who dies for it takes its mm off the list.
 */
static int unuse_mms(struct unuse *u)
{
	struct machine *m = u->m;
	struct mm_struct *prev = NULL, *mm = m->virt->mmlist_first;
	int err = 0;

	while (mm && !err && u->si->inuse_pages && !fatal_signal_pending(m)) {
		mmget(mm);
		if (prev)
			mmput(m, prev);
		prev = mm;
		err = unuse_mm(u, mm);
		mm = mm->mmlist_next;
	}
	if (prev)
		mmput(m, prev);
	return err;
}

/*
 * Again and again: a page that is still on its way to the disk keeps its slot, and reclaim
 * may put that back into an mm that was emptied already. Where memory is too small for what
 * processes share there, the kernel goes on till somebody interrupts it; so does who waits here.
 */
int try_to_unuse(struct machine *m, struct swap_info_struct *si)
{
	struct unuse u = { .m = m, .si = si };

	for (unsigned int pass = 0; si->inuse_pages; pass++) {
		int err = shmem_unuse(m, si->type);

		if (pass == MAX_PASSES) {
			machine_why(m, "swapoff was interrupted: reclaim puts back what it reads, %llu "
				    "slots are in use (try_to_unuse)",
				    (unsigned long long)si->inuse_pages);
			return -EINTR;
		}
		if (!err)
			err = unuse_mms(&u);
		if (err)
			return err;
		free_cached(&u);
		if (si->inuse_pages && fatal_signal_pending(m))
			return -EINTR;
	}
	return 0;
}
