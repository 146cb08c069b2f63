// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Entries of page tables that are slots. A fault finds the page in the swap cache, or reads
 * it, with others, and comes again when the device is done; it keeps its slot until that is
 * better given away: at a write by who has it alone, or where slots are short.
 */
#include "sim/base/bug.h"
#include "sim/phys/lru.h"
#include "sim/virt/memcontrol.h"
#include "sim/virt/memory_internal.h"
#include "sim/virt/rmap.h"
#include "sim/virt/swap_internal.h"
#include "sim/virt/tlb.h"
#include "sim/virt/userfaultfd.h"
#include "sim/virt/workingset.h"

u64 swap_pte_word(const struct machine *m, pte_t pte)
{
	swp_entry_t entry = pte_to_swp_entry(pte);
	u64 type = swp_entry_type(entry), offset = swp_entry_offset(entry);

	if (m->arch->entry_bytes == 4)
		return type << 1 | (u32)offset << 9 |
		       (pte & SWP_EXCLUSIVE ? 1U << 7 : 0);
	return ~offset << 14 >> 5 | type << 59 | (pte & PTE_SOFT_DIRTY ? 2 : 0) |
	       (pte & PTE_UFFD_WP ? 4 : 0) | (pte & SWP_EXCLUSIVE ? 8 : 0);
}

void mm_on_mmlist(struct machine *m, struct mm_struct *mm, struct mm_struct *after)
{
	struct virt_state *virt = m->virt;

	if (mm->on_mmlist)
		return;
	mm->on_mmlist = true;
	mm->mmlist_prev = after;
	mm->mmlist_next = after ? after->mmlist_next : virt->mmlist_first;
	if (mm->mmlist_next)
		mm->mmlist_next->mmlist_prev = mm;
	if (after)
		after->mmlist_next = mm;
	else
		virt->mmlist_first = mm;
}

void mm_off_mmlist(struct machine *m, struct mm_struct *mm)
{
	if (!mm->on_mmlist)
		return;
	if (mm->mmlist_prev)
		mm->mmlist_prev->mmlist_next = mm->mmlist_next;
	else
		m->virt->mmlist_first = mm->mmlist_next;
	if (mm->mmlist_next)
		mm->mmlist_next->mmlist_prev = mm->mmlist_prev;
	mm->mmlist_prev = mm->mmlist_next = NULL;
	mm->on_mmlist = false;
}

/* What a fault on a slot knows. */
struct swap_fault {
	struct machine *m;
	struct vm_fault *vmf;
	swp_entry_t entry;
	u32 pfn;		/* with a reference of the fault */
	bool comes;		/* this fault asked for it, and is not the one to wait */
	u64 idx, nr;		/* entries that are mapped; that of the address among them */
};

/* Of a device that nobody waits for, and an entry that has the slot alone. */
static bool may_skip_cache(const struct swap_fault *f)
{
	return swap_info(f->m, f->entry)->flags & SWP_SYNCHRONOUS_IO && swap_count(f->m, f->entry) == 1;
}

static void why_major(const struct swap_fault *f, s64 nr_ahead)
{
	machine_why(f->m, "0x%llx: its page lay in slot %llu of %s, not in memory: it was read, and "
		    "%lld more that may be wanted (do_swap_page)",
		    (unsigned long long)f->vmf->address,
		    (unsigned long long)swp_entry_offset(f->entry),
		    swap_info(f->m, f->entry)->path, (long long)nr_ahead);
}

/* As large as it may be; *head is charged. */
static int alloc_swap_folio(const struct swap_fault *f, u32 *head)
{
	struct machine *m = f->m;
	const struct vm_fault *vmf = f->vmf;
	int err = alloc_large_swap_folio(m, vmf, head);

	if (err != -ENOMEM)
		return err;
	err = vma_alloc_folio(m, GFP_HIGHUSER_MOVABLE, 0, vmf->vma, vmf->address, head);
	if (!err && *vmf->pte == vmf->orig_pte)
		err = swap_charge_folio(m, *head, NULL, GFP_KERNEL, f->entry);
	return err;
}

/* A folio of its own for what is in the slots, which nobody needs from then on. */
static unsigned int read_past_cache(struct swap_fault *f)
{
	struct machine *m = f->m;
	const struct vm_fault *vmf = f->vmf;
	u32 head;
	int err = alloc_swap_folio(f, &head);
	u64 nr, idx;

	if (err)
		return err == -ENOBUFS ? VM_FAULT_NOHOST : VM_FAULT_OOM;
	nr = folio_nr_pages(pfn_to_page(m, head));
	idx = vmf->address >> PAGE_SHIFT & (nr - 1);
	/* While there was need of memory, the slots went. */
	if (!swap_entries_in_row(vmf, idx, nr)) {
		put_page(m, head);
		return VM_FAULT_NOPAGE;
	}
	swap_fill_past_cache(m, f->entry - idx, head);
	f->pfn = head + (u32)idx;
	count_vm_event(m, PGMAJFAULT, 1);
	count_memcg_event_mm(m, vmf->vma->vm_mm, PGMAJFAULT);
	why_major(f, (s64)nr - 1);
	return VM_FAULT_MAJOR;
}

/* It is there when it has been asked for; alone: it, and no other. */
static bool is_read_at_once(const struct swap_fault *f, bool alone)
{
	const struct machine *m = f->m;

	return swap_info(m, f->entry)->flags & SWP_SYNCHRONOUS_IO ||
	       *swap_map_of(m, f->entry) & SWAP_ZERO ||
	       (alone && rel_swapin_waits_for_one(m->release));
}

/* The page, from the cache or the device. 0 or VM_FAULT_*. */
static unsigned int find_or_read(struct swap_fault *f)
{
	struct machine *m = f->m;
	s64 ahead = m->event[SWAP_RA];
	bool alone;
	int err;

	f->pfn = swap_cache_get_folio(m, f->entry, f->vmf->vma, f->vmf->address);
	if (f->pfn != PFN_NIL)
		return 0;
	if (may_skip_cache(f))
		return read_past_cache(f);
	f->pfn = swapin_readahead(m, f->entry, f->vmf, &alone, &err);
	if (f->pfn == PFN_NIL)
		return err == -ENOBUFS ? VM_FAULT_NOHOST : VM_FAULT_OOM;
	f->comes = !is_read_at_once(f, alone);
	swap_wait_for_read(m, f->pfn, /* ahead = */ false);
	count_vm_event(m, PGMAJFAULT, 1);
	count_memcg_event_mm(m, f->vmf->vma->vm_mm, PGMAJFAULT);
	why_major(f, m->event[SWAP_RA] - ahead);
	return VM_FAULT_MAJOR;
}

static bool should_try_to_free_swap(const struct swap_fault *f, const struct page *folio)
{
	if (mem_cgroup_swap_full(f->m, folio) || f->vmf->vma->vm_flags & VM_LOCKED ||
	    page_flag(folio, PG_mlocked))
		return true;
	/* Of the cache, and the fault's. */
	return f->vmf->flags & FAULT_FLAG_WRITE &&
	       folio->refcount == (s32)folio_nr_pages(folio) + 1;
}

/* Somebody watches for writes of it: those are do_wp_page()'s. */
static bool writes_are_watched(const struct swap_fault *f)
{
	pte_t old = f->vmf->orig_pte;

	return old & PTE_UFFD_WP ||
	       (vma_soft_dirty_enabled(f->m, f->vmf->vma) && !(old & PTE_SOFT_DIRTY));
}

/*
 * The page belongs to who maps it now, alone, so that it may be written. Before 6.3 a write
 * has it so, whoever watches; since then a read, too, where nobody does.
 */
static pte_t may_write(const struct swap_fault *f, pte_t pte)
{
	struct vm_fault *vmf = f->vmf;
	bool write = vmf->flags & FAULT_FLAG_WRITE;

	if (rel_swapin_is_writable(f->m->release) ?
	    !(vmf->vma->vm_flags & VM_WRITE) || writes_are_watched(f) : !write)
		return pte;
	vmf->flags &= ~(unsigned int)FAULT_FLAG_WRITE;
	return maybe_mkwrite(write ? pte_mkdirty(f->m, pte) : pte, vmf->vma);
}

/* Since 6.11: all of a large folio, where its slots are a row of entries in this VMA. */
static void take_whole_folio(struct swap_fault *f)
{
	struct machine *m = f->m;
	const struct vm_fault *vmf = f->vmf;
	u64 addr = ALIGN_DOWN(vmf->address, PAGE_SIZE);
	u64 nr = folio_nr_pages(pfn_folio(m, f->pfn)), idx = f->pfn - folio_pfn(m, f->pfn);
	u64 start = addr - idx * PAGE_SIZE;

	f->nr = 1;
	if (nr == 1 || !rel_swapin_maps_folios(m->release) ||
	    start < MAX(ALIGN_DOWN(addr, table_span(m, 1)), vmf->vma->vm_start) ||
	    start + nr * PAGE_SIZE > pmd_addr_end(m, addr, vmf->vma->vm_end))
		return;
	if (!swap_entries_in_row(vmf, idx, nr))
		return;
	f->idx = idx;
	f->nr = nr;
}

static void map_swapped(struct swap_fault *f)
{
	struct machine *m = f->m;
	struct vm_fault *vmf = f->vmf;
	struct vm_area_struct *vma = vmf->vma;
	struct page *folio = pfn_folio(m, f->pfn);
	bool exclusive = vmf->orig_pte & SWP_EXCLUSIVE;
	u64 addr;
	u32 first;
	pte_t pte;

	take_whole_folio(f);
	first = f->pfn - (u32)f->idx;
	addr = vmf->address - f->idx * PAGE_SIZE;
	for (u64 i = 0; i < f->nr; i++)
		swap_free(m, f->entry - f->idx + i);
	if (should_try_to_free_swap(f, folio))
		(void)folio_free_swap(m, f->pfn);
	add_mm_counter_fast(m, vma->vm_mm, MM_ANONPAGES, (s64)f->nr);
	add_mm_counter_fast(m, vma->vm_mm, MM_SWAPENTS, -(s64)f->nr);
	pte = mk_pte(first, vma_page_prot(m, vma));
	pte |= vmf->orig_pte & (PTE_SOFT_DIRTY | PTE_UFFD_WP);
	if (exclusive || folio->refcount == 1) {
		pte = may_write(f, pte);
		exclusive = true;
	}
	if (vmf->orig_pte & PTE_UFFD_WP)
		pte &= ~PTE_RW;
	folio->refcount += (s32)f->nr - 1;
	if (folio_is_large(folio) && !page_flag(folio, PG_anon))
		folio_add_new_anon_rmap_ptes(m, first, f->nr, vma, addr);
	else
		folio_add_anon_rmap_ptes(m, first, f->nr, vma, addr, exclusive);
	for (u64 i = 0; i < f->nr; i++)
		vmf->pte[(s64)(i - f->idx)] = pte + i * PAGE_SIZE;
	vmf->orig_pte = *vmf->pte;
}

/* f->pfn is a copy of what it was. 0 or VM_FAULT_*. */
static unsigned int copy_swapped(struct swap_fault *f)
{
	const struct vm_fault *vmf = f->vmf;
	u32 cached = f->pfn;
	int err = swap_copy_page(f->m, vmf->vma, vmf->address, &f->pfn);

	put_page(f->m, cached);
	if (err)
		return err == -ENOBUFS ? VM_FAULT_NOHOST : VM_FAULT_OOM;
	if (*vmf->pte == vmf->orig_pte)
		return 0;
	put_page(f->m, f->pfn);
	return VM_FAULT_NOPAGE;
}

unsigned int do_swap_fault(struct machine *m, struct vm_fault *vmf)
{
	struct swap_fault f = { .m = m, .vmf = vmf, .entry = pte_to_swp_entry(vmf->orig_pte) };
	unsigned int ret = find_or_read(&f);

	if (unlikely(ret & (VM_FAULT_ERROR | VM_FAULT_NOPAGE)))
		return ret & ~(unsigned int)VM_FAULT_NOPAGE;
	/* Nobody waits for a device with the lock held. */
	if (f.comes && fault_may_retry(vmf->flags)) {
		put_page(m, f.pfn);
		return ret | VM_FAULT_RETRY;
	}
	/* Kept for this: what it held is lost. */
	if (unlikely(page_flag(pfn_to_page(m, f.pfn), PG_hwpoison))) {
		put_page(m, f.pfn);
		return ret | VM_FAULT_HWPOISON;
	}
	if (unlikely(swap_wants_copy(m, f.pfn))) {
		ret |= copy_swapped(&f);
		if (ret & (VM_FAULT_ERROR | VM_FAULT_NOPAGE))
			return ret & ~(unsigned int)VM_FAULT_NOPAGE;
	} else if (vmf->flags & FAULT_FLAG_WRITE && !page_flag(pfn_folio(m, f.pfn), PG_lru)) {
		lru_add_drain(m);
	}
	map_swapped(&f);
	if (vmf->flags & FAULT_FLAG_WRITE)
		return ret | do_wp_page(m, vmf);
	update_mmu_cache(m, vmf->vma, vmf->address, vmf->pte);
	return ret;
}

/* -- MADV_WILLNEED ------------------------------------------------------------- */

struct willneed {
	struct machine *m;
	struct vm_area_struct *vma;
};

static int swapin_entry(void *arg, u64 addr, pte_t *pte)
{
	const struct willneed *w = arg;
	const struct swap_reader reader = { .vma = w->vma, .address = addr };
	bool new;
	int err;
	u32 pfn;

	if (!pte_is_swap(*pte))
		return 0;
	pfn = read_swap_cache(w->m, pte_to_swp_entry(*pte), &reader, &new, &err);
	if (pfn != PFN_NIL)
		put_page(w->m, pfn);
	return err == -ENOBUFS ? err : 0;
}

int swapin_walk(struct machine *m, struct vm_area_struct *vma, u64 start, u64 end)
{
	struct willneed w = { .m = m, .vma = vma };
	int err = walk_page_range(m, vma->vm_mm, start, end, swapin_entry, &w);

	lru_add_drain(m);
	return err;
}
