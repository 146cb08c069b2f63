// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Entries that change their rights (mprotect) or their place (mremap). Where both
 * places are aligned alike, whole tables move; a table is never merged into another.
 */
#include "sim/base/bug.h"
#include "sim/virt/huge_memory.h"
#include "sim/virt/hugetlb.h"
#include "sim/virt/memory_internal.h"
#include "sim/virt/mmu_gather.h"
#include "sim/virt/rmap.h"
#include "sim/virt/userfaultfd.h"
#include "sim/virt/vma.h"

struct protect {
	const struct machine *m;
	struct mmu_gather *tlb;
	struct vm_area_struct *vma;
	u64 prot;
	bool try_writable;
	u64 set, clear;		/* PTE_UFFD_WP, or 0 */
	u64 end;
	/* Entries up to there are changed as one: bits that any of them has. */
	u64 batch_end;
	pte_t batch_bits;
};

/* May the entry be writable without a fault that finds out? */
static bool can_change_pte_writable(const struct protect *p, pte_t pte)
{
	const struct page *page;
	u32 pfn;

	if (pte_protnone(pte))
		return false;
	if (rel_upgrade_needs_dirty(p->m->release) && !(pte & PTE_DIRTY))
		return false;
	if (vma_soft_dirty_enabled(p->m, p->vma) && !(pte & PTE_SOFT_DIRTY))
		return false;
	if (unlikely(pte & PTE_UFFD_WP) && userfaultfd_wp(p->vma))
		return false;
	if (p->vma->vm_flags & VM_SHARED)
		return pte & PTE_DIRTY;
	pfn = vm_normal_page(pte);
	if (pfn == PFN_NIL)
		return false;
	page = pfn_to_page(p->m, pfn);
	return page_flag(folio_of_const(page), PG_anon) &&
	       page_flag(page, PG_anon_exclusive);
}

/*
 * Since 6.17 entries of pages of one folio in a row, alike but for these bits, are
 * changed together: if one was used or written, all were.
 */
static __noinline void begin_batch(struct protect *p, u64 addr, const pte_t *pte)
{
	const pte_t merged = PTE_ACCESSED | PTE_DIRTY;
	u64 nr = (pmd_addr_end(p->m, addr, p->end) - addr) >> PAGE_SHIFT, i;

	nr = *pte & PTE_SPECIAL ? 1 : folio_pte_batch(p->m, pte, nr);
	p->batch_bits = *pte & merged;
	for (i = 1; i < nr && !((pte[i] ^ (*pte + PFN_PHYS(i))) & ~merged); i++)
		p->batch_bits |= pte[i] & PTE_DIRTY ? pte_mkdirty(p->m, pte[i] & merged) :
						      pte[i] & merged;
	p->batch_end = addr + i * PAGE_SIZE;
}

/* Is the next one of the next page, and so perhaps of the same folio? */
static inline bool may_batch(const struct protect *p, u64 addr, const pte_t *pte)
{
	return addr + PAGE_SIZE < p->end && (addr + PAGE_SIZE) & (table_span(p->m, 1) - 1) &&
	       pte_pfn(pte[1]) == pte_pfn(*pte) + 1 && rel_mprotect_in_batches(p->m->release);
}

static int change_pte(void *arg, u64 addr, pte_t *pte)
{
	struct protect *p = arg;
	pte_t old = *pte, entry = old;

	if (unlikely(!pte_present(entry))) {
		if (p->clear && pte_is_uffd_marker(entry))
			*pte = 0;
		else if (pte_is_swap(entry))
			*pte = (entry | p->set) & ~p->clear;
		return 0;
	}
	if (unlikely(addr >= p->batch_end && may_batch(p, addr, pte)))
		begin_batch(p, addr, pte);
	if (unlikely(addr < p->batch_end))
		entry |= p->batch_bits;
	entry = ((entry & PTE_CHG_MASK) | (p->prot & ~PTE_CHG_MASK) | p->set) & ~p->clear;
	if (unlikely(entry & PTE_UFFD_WP) && userfaultfd_wp(p->vma))
		entry &= ~PTE_RW;
	if (p->try_writable && !(entry & PTE_RW) && can_change_pte_writable(p, entry))
		entry |= PTE_RW;
	*pte = entry;
	if (pte_needs_flush(old, entry))
		tlb_flush_pte_range(p->tlb, addr, PAGE_SIZE);
	return 0;
}

static bool can_change_pmd_writable(const struct protect *p, pte_t pmd)
{
	return !rel_mprotect_keeps_huge_readonly(p->m->release) &&
	       can_change_pte_writable(p, pmd);
}

/*
 * An entry that could be written was dirty, or so it seems: 6.18 forgets that, until late
 * fixes (pmd_modify() masks the bit that PTE_CHG_MASK keeps).
 */
static u64 bits_kept(const struct protect *p, u64 pmd)
{
	u64 keep = PTE_CHG_MASK | PTE_PSE;

	if (pmd & PTE_RW && !machine_config_bool(p->m->config, "HUGE_KEEPS_DIRTY"))
		keep &= ~PTE_DIRTY;
	return keep;
}

/* Of a huge page, or it is split first: the walk goes on with its small entries. */
static int change_huge(void *arg, u64 addr, u64 end, unsigned int level, u64 *entry)
{
	const struct protect *p = arg;
	u64 old = *entry, pmd;

	if (p->vma->vm_flags & VM_HUGETLB)
		return 0;
	/* A file's is marked page by page, also where nothing is mapped then. */
	if (end - addr != table_span(p->m, level) ||
	    (p->set && !vma_is_anonymous(p->vma))) {
		__split_huge_pmd(p->tlb->m, p->vma, addr, entry);
		return 0;
	}
	pmd = ((old & bits_kept(p, old)) | (p->prot & ~(PTE_CHG_MASK | PTE_PSE)) | p->set) & ~p->clear;
	if (unlikely(pmd & PTE_UFFD_WP) && userfaultfd_wp(p->vma))
		pmd &= ~PTE_RW;
	if (p->try_writable && !(pmd & PTE_RW) && can_change_pmd_writable(p, pmd))
		pmd |= PTE_RW;
	*entry = pmd;
	if (huge_pmd_needs_flush(old, pmd))
		tlb_flush_pmd_range(p->tlb, addr, end - addr);
	return 0;
}

/*
 * Are entries made writable one by one? Of shared memory only where the file is asked: the
 * kernel's vma_wants_writenotify() is given the protection of before, which differs, and
 * says no.
 */
static bool wants_manual_write_upgrade(const struct vm_area_struct *vma)
{
	if (!(vma->vm_flags & VM_WRITE))
		return false;
	return !(vma->vm_flags & VM_SHARED) || (vma->vm_ops && vma->vm_ops->page_mkwrite);
}

void change_protection(struct mmu_gather *tlb, struct vm_area_struct *vma, u64 start, u64 end)
{
	static const struct walk_ops ops = { .visit = change_pte, .huge = change_huge };
	const struct machine *m = tlb->m;
	struct protect p = { .m = m, .tlb = tlb, .vma = vma, .prot = vma_page_prot(m, vma),
			     .end = end };
	pte_t *pte = NULL;

	p.try_writable = wants_manual_write_upgrade(vma);
	if (unlikely(is_vm_hugetlb_page(vma))) {
		hugetlb_change_protection(tlb, vma, start, end, p.prot);
		return;
	}
	tlb_start_vma(tlb, vma);
	if (end - start == PAGE_SIZE)
		pte = pte_find(m, vma->vm_mm, start);
	/* One page, as often; it never stops. */
	if (!(pte ? change_pte(&p, start, pte) :
		    walk_mapped_range(m, vma->vm_mm, start, end, &ops, &p)))
		tlb_end_vma(tlb, vma);
}

/* Since 6.3, what loses its mark may be written at once, if a fault would allow it. */
void uffd_change_protection(struct mmu_gather *tlb, struct vm_area_struct *vma, u64 start,
			    u64 end, bool enable)
{
	static const struct walk_ops ops = { .visit = change_pte, .huge = change_huge };
	const struct machine *m = tlb->m;
	struct protect p = {
		.m = m, .tlb = tlb, .vma = vma, .prot = vma_page_prot(m, vma),
		.set = enable ? PTE_UFFD_WP : 0, .clear = enable ? 0 : PTE_UFFD_WP,
		.end = end,
	};

	if (!rel_uffd_moves(m->release))
		p.prot = vm_get_page_prot(m, vma->vm_flags & ~(enable ? (u64)VM_WRITE : 0));
	else if (!enable)
		p.try_writable = wants_manual_write_upgrade(vma);
	tlb_start_vma(tlb, vma);
	if (!walk_mapped_range(m, vma->vm_mm, start, end, &ops, &p))
		tlb_end_vma(tlb, vma);
}

struct move {
	struct machine *m;
	struct vm_area_struct *old, *new_;
	u64 old_addr, old_end, new_addr;
	bool clear_uffd_wp;	/* nobody is told that it moves */
};

/* Bytes up to the end of the entry of `level` on either side. */
static u64 move_extent(const struct move *mv, unsigned int level)
{
	u64 span = table_span(mv->m, level);
	u64 extent = MIN(span - (mv->old_addr & (span - 1)), mv->old_end - mv->old_addr);

	return MIN(extent, span - (mv->new_addr & (span - 1)));
}

/* A whole table changes its place. False: there is one at the other side. */
static bool move_table(const struct move *mv, unsigned int level, u64 *old, u64 *new_)
{
	if (*new_ || mv->clear_uffd_wp)
		return false;
	*new_ = *old;
	*old = 0;
	pgtable_forget(mv->old->vm_mm);
	flush_tlb_range(mv->m, mv->old, mv->old_addr, mv->old_addr + table_span(mv->m, level));
	return true;
}

static inline pte_t moved_pte(const struct move *mv, pte_t pte)
{
	if (unlikely(mv->clear_uffd_wp) && pte & PTE_UFFD_WP) {
		if (pte_is_uffd_marker(pte))
			return 0;
		pte &= ~PTE_UFFD_WP;
	}
	return pte | mv->m->virt->pgtables->soft_dirty;
}

static void move_entries(const struct move *mv, u64 *old, u64 *new_, u64 extent)
{
	bool force_flush = false;

	for (u64 i = 0; i < extent >> PAGE_SHIFT; i++) {
		if (!old[i])
			continue;
		force_flush |= old[i] & PTE_PRESENT;
		new_[i] = moved_pte(mv, old[i]);
		old[i] = 0;
	}
	if (force_flush)
		flush_tlb_range(mv->m, mv->old, mv->old_addr, mv->old_addr + extent);
}

/*
 * Since 6.7: begin at the table's first address, where nothing else is mapped on
 * either side, so that the first table moves as a whole too.
 */
static bool can_align_down(const struct move *mv, const struct vm_area_struct *vma, u64 addr)
{
	u64 aligned = addr & ~(table_span(mv->m, 1) - 1);

	return vma->vm_start == addr &&
	       !find_vma_intersection(mv->m, vma->vm_mm, aligned, vma->vm_start);
}

static void try_realign(struct move *mv)
{
	u64 span = table_span(mv->m, 1), mask = span - 1, off = mv->old_addr & mask;

	if (!rel_mremap_realigns(mv->m->release) || !off || off != (mv->new_addr & mask) ||
	    mv->old_end - mv->old_addr < span - off)
		return;
	if (!can_align_down(mv, mv->old, mv->old_addr) ||
	    !can_align_down(mv, mv->new_, mv->new_addr))
		return;
	mv->old_addr -= off;
	mv->new_addr -= off;
}

/* A huge page moves as one where both sides have room for it, or is split. 1: it has. */
static int move_huge_step(const struct move *mv, u64 *extent)
{
	struct mm_struct *mm = mv->old->vm_mm;
	u64 *old = table_entry(mv->m, mm, mv->old_addr, 1), *new_;
	int err;

	*extent = move_extent(mv, 1);
	if (!old || !entry_is_huge(*old))
		return 0;
	err = table_alloc_entry(mv->m, mm, mv->new_addr, 1, &new_);
	/* It may have been split for the memory that the table took. */
	if (err || !entry_is_huge(*old))
		return err;
	if (*extent == table_span(mv->m, 1) && !*new_) {
		move_huge_pmd(mv->m, mv->old, mv->old_addr, mv->new_addr, old, new_);
		if (mv->clear_uffd_wp)
			*new_ &= ~PTE_UFFD_WP;
		return 1;
	}
	__split_huge_pmd(mv->m, mv->old, mv->old_addr, old);
	return 0;
}

/* One step at entries of `level`: 1 = done, 0 = look closer; -errno. */
static int move_step(const struct move *mv, unsigned int level, u64 *extent)
{
	struct mm_struct *mm = mv->old->vm_mm;
	u64 *old, *new_;
	int err;

	*extent = move_extent(mv, level);
	old = table_entry(mv->m, mm, mv->old_addr, (int)level);
	if (!old || !*old)
		return 1;
	err = table_alloc_entry(mv->m, mm, mv->new_addr, (int)level, &new_);
	if (err)
		return err;
	return *extent == table_span(mv->m, level) && move_table(mv, level, old, new_);
}

static int stop_at_huge(void *arg, u64 addr, u64 end, unsigned int level, u64 *entry)
{
	(void)arg;
	(void)addr;
	(void)end;
	(void)level;
	(void)entry;
	return 1;
}

static int stop_at_entry(void *arg, u64 addr, pte_t *pte)
{
	(void)arg;
	(void)addr;
	(void)pte;
	return 1;
}

/* Tables for the new place of the extent, and its entries in them. 0, -errno. */
static int move_extent_of_entries(struct move *mv, u64 *extent)
{
	/* A pud may move where it is not the top. */
	int done = mv->m->virt->pgtables->top > 2 ? move_step(mv, 2, extent) : 0;
	struct mm_struct *mm = mv->old->vm_mm;
	u64 *new_;

	if (!done)
		done = move_huge_step(mv, extent);
	if (!done)
		done = move_step(mv, 1, extent);
	if (done)
		return MIN(done, 0);
	done = table_alloc_entry(mv->m, mm, mv->new_addr, 0, &new_);
	if (!done)
		move_entries(mv, table_entry(mv->m, mm, mv->old_addr, 0), new_, *extent);
	return done;
}

static int move_all(struct move *mv, bool undo)
{
	static const struct walk_ops stop = { .visit = stop_at_entry, .huge = stop_at_huge };
	u64 extent;

	for (; mv->old_addr < mv->old_end; mv->old_addr += extent, mv->new_addr += extent) {
		int err = move_extent_of_entries(mv, &extent);

		/* Where nothing is, nothing needs a table to come back to. */
		if (err && !(undo && !walk_mapped_range(mv->m, mv->old->vm_mm, mv->old_addr,
							mv->old_addr + extent, &stop, NULL)))
			return err;
	}
	return 0;
}

int move_page_tables(struct machine *m, struct vm_area_struct *old, u64 old_addr,
		     struct vm_area_struct *vma, u64 new_addr, u64 len, u64 *moved)
{
	struct move mv = {
		.m = m, .old = old, .new_ = vma, .old_addr = old_addr,
		.old_end = old_addr + len, .new_addr = new_addr,
		.clear_uffd_wp = vma_has_uffd_without_event_remap(m, old),
	};
	int err;

	if (is_vm_hugetlb_page(old))
		return move_hugetlb_page_tables(m, old, old_addr, vma, new_addr, len, moved);
	try_realign(&mv);
	flush_cache_range(m, old, mv.old_addr, mv.old_end);
	err = move_all(&mv, /* undo = */ false);
	*moved = mv.old_addr > old_addr ? MIN(mv.old_addr - old_addr, len) : 0;
	return err;
}

void move_page_tables_back(struct machine *m, struct vm_area_struct *copy, u64 new_addr,
			   struct vm_area_struct *vma, u64 addr, u64 moved)
{
	struct move mv = {
		.m = m, .old = copy, .new_ = vma, .old_addr = new_addr,
		.old_end = new_addr + moved, .new_addr = addr,
	};

	if (is_vm_hugetlb_page(copy)) {
		u64 back;

		BUG_ON(m, move_hugetlb_page_tables(m, copy, new_addr, vma, addr, moved, &back));
		return;
	}
	try_realign(&mv);
	flush_cache_range(m, copy, mv.old_addr, mv.old_end);
	BUG_ON(m, move_all(&mv, /* undo = */ true));
}
