// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Migration entries: while a page moves, each mapping of it is an entry that is not
 * present and remembers what the mapping was.
 */
#include "sim/virt/migrate.h"

#include "sim/virt/file.h"
#include "sim/virt/memory_internal.h"
#include "sim/virt/rmap.h"
#include "sim/virt/tlb.h"
#include "sim/virt/vma.h"

struct remap {
	struct machine *m;
	u32 src, dst;
	struct arch_tlbflush_unmap_batch *batch;	/* flushes that can wait; NULL */
};

/* The entry of a mapping of the page at addr; NULL: there is none. */
static pte_t *entry_at(const struct remap *r, const struct vm_area_struct *vma, u64 addr)
{
	if (addr < vma->vm_start || addr >= vma->vm_end)
		return NULL;
	return pte_offset_map(r->m, vma->vm_mm, addr);
}

static pte_t make_migration_entry(pte_t pte, u32 pfn, bool exclusive)
{
	enum swp_type type = pte & PTE_RW ? SWP_MIGRATION_WRITE :
			     exclusive ? SWP_MIGRATION_READ_EXCLUSIVE : SWP_MIGRATION_READ;

	return (u64)type << 1 | (u64)pfn << SWP_OFFSET_SHIFT | (pte & (PTE_SOFT_DIRTY | PTE_UFFD_WP)) |
	       (pte & PTE_ACCESSED ? SWP_MIG_YOUNG : 0) | (pte & PTE_DIRTY ? SWP_MIG_DIRTY : 0);
}

static void flush_entry(const struct remap *r, const struct vm_area_struct *vma, u64 addr,
			pte_t old)
{
	if (r->batch && on_other_cpus(r->m, vma->vm_mm->cpumask))
		set_tlb_ubc_flush_pending(r->batch, vma->vm_mm, old);
	else if (old & PTE_PRESENT)
		flush_tlb_page(r->m, vma, addr);
}

static int unmap_one(void *arg, struct vm_area_struct *vma, u64 addr)
{
	struct remap *r = arg;
	pte_t *pte = entry_at(r, vma, addr), old;
	struct page *page = pfn_to_page(r->m, r->src);
	bool exclusive = page_flag(page, PG_anon_exclusive);

	if (!pte || !pte_present(*pte) || vm_normal_page(*pte) != r->src)
		return 0;
	old = *pte;
	if (old & PTE_DIRTY)
		set_page_dirty(r->m, r->src);
	update_hiwater_rss(vma->vm_mm);
	page_clear_flag(page, PG_anon_exclusive);
	*pte = make_migration_entry(old, r->src, exclusive);
	flush_entry(r, vma, addr, old);
	page_remove_rmap(r->m, r->src, vma);
	if (vma->vm_flags & VM_LOCKED)
		mlock_drain_local(r->m);
	put_page(r->m, r->src);
	return 0;
}

static int remap_one(void *arg, struct vm_area_struct *vma, u64 addr)
{
	struct remap *r = arg;
	pte_t *pte = entry_at(r, vma, addr), old, new;
	struct page *page = pfn_to_page(r->m, r->dst);
	enum swp_type type;

	if (!pte || !pte_is_migration(*pte) || swp_pfn(*pte) != r->src)
		return 0;
	old = *pte;
	type = swp_type(old);
	new = mk_pte(r->dst, vma_page_prot(r->m, vma)) | (old & (PTE_SOFT_DIRTY | PTE_UFFD_WP));
	if (!(old & SWP_MIG_YOUNG))
		new &= ~PTE_ACCESSED;
	if (old & SWP_MIG_DIRTY && page_flag(page, PG_dirty))
		new = pte_mkdirty(r->m, new);
	new = type == SWP_MIGRATION_WRITE ? maybe_mkwrite(new, vma) : new & ~PTE_RW;
	get_page(r->m, r->dst);
	if (page_flag(page, PG_anon))
		page_add_anon_rmap(r->m, r->dst, vma, addr, type != SWP_MIGRATION_READ);
	else
		page_add_file_rmap(r->m, r->dst, vma);
	*pte = new;
	update_mmu_cache(r->m, vma, addr, pte);
	return 0;
}

void remove_migration_ptes(struct machine *m, u32 src, u32 dst)
{
	struct remap r = { .m = m, .src = src, .dst = dst };

	(void)rmap_walk(m, dst, remap_one, &r);
}

void try_to_migrate(struct machine *m, u32 src, struct arch_tlbflush_unmap_batch *batch)
{
	struct remap r = { .m = m, .src = src, .batch = batch };

	(void)rmap_walk(m, src, unmap_one, &r);
}
