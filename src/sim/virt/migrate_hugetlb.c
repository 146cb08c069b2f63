// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Huge pages of pools move as one, to a free page of the pool or, where nobody is left
 * without what he was promised, to a new one for a while: then the old page leaves the
 * pool, so that the node has one less and the other one more.
 */
#include "sim/virt/migrate.h"

#include "sim/base/bug.h"
#include "sim/phys/section.h"
#include "sim/virt/content.h"
#include "sim/virt/hugetlb.h"
#include "sim/virt/memory_internal.h"
#include "sim/virt/mmu_gather.h"
#include "sim/virt/rmap.h"
#include "sim/virt/tlb.h"

static struct hstate *hstate_of(const struct machine *m, u32 pfn)
{
	return hugetlb_hstate(m, folio_order(pfn_to_page(m, pfn)));
}

bool isolate_hugetlb(struct machine *m, struct page_list *list, u32 pfn)
{
	struct page *head = pfn_to_page(m, pfn);

	if (*hugetlb_page_flags(head) & (HPG_FREED | HPG_ISOLATED))
		return false;
	page_list_del(m, &hstate_of(m, pfn)->active, pfn);
	page_list_add_tail(m, list, pfn);
	*hugetlb_page_flags(head) |= HPG_ISOLATED;
	get_page(m, pfn);
	return true;
}

void putback_hugetlb(struct machine *m, struct page_list *list, u32 pfn)
{
	page_list_del(m, list, pfn);
	page_list_add_tail(m, &hstate_of(m, pfn)->active, pfn);
	*hugetlb_page_flags(pfn_to_page(m, pfn)) &= ~(u32)HPG_ISOLATED;
	put_page(m, pfn);
}

int hugetlb_alloc_target(struct machine *m, u32 src, const struct alloc_request *where, u32 *dst)
{
	struct hstate *h = hstate_of(m, src);
	u64 nodes = where->gfp & __GFP_THISNODE ? 1ULL << where->node : where->nodemask;

	*dst = available_huge_pages(h) ? hugetlb_dequeue(m, h, where->node, nodes) : PFN_NIL;
	if (*dst == PFN_NIL)
		return alloc_temporary_huge_page(m, h, where, dst);
	return hstate_is_gigantic(h) ? gigantic_page_materialise(m, *dst) : 0;
}

struct huge_move {
	struct machine *m;
	u32 src, dst;
};

bool huge_pmd_leave(struct machine *m, const struct vm_area_struct *vma, u64 addr)
{
	struct mmu_gather tlb;
	bool shared;

	tlb_gather_mmu(m, &tlb, vma->vm_mm);
	shared = huge_pmd_unshare(&tlb, vma, addr);
	tlb_finish_mmu(&tlb);
	return shared;
}

static int move_entry(void *arg, struct vm_area_struct *vma, u64 addr)
{
	const struct huge_move *move = arg;
	struct machine *m = move->m;
	u64 *entry, size;

	if (!is_vm_hugetlb_page(vma))
		return 0;
	size = vma_huge_size(vma);
	entry = huge_pte_offset(m, vma, addr);
	if (!entry || !pte_present(*entry) || pte_pfn(*entry) != move->src)
		return 0;
	/* Only the last one that has the table sees the page move. */
	if (huge_pmd_leave(m, vma, addr))
		return 0;
	if (*entry & PTE_DIRTY)
		page_set_flag(pfn_to_page(m, move->dst), PG_dirty);
	*entry = (*entry & ~PTE_PFN_MASK) | PFN_PHYS(move->dst);
	flush_tlb_range_stride(m, vma, addr, addr + size, table_shift(m, hugetlb_level(m, vma)));
	hugetlb_remove_rmap(m, move->src);
	put_page(m, move->src);
	get_page(m, move->dst);
	hugetlb_add_rmap(m, move->dst);
	return 0;
}

static void move_state(struct machine *m, struct page *old, struct page *new)
{
	static const u32 copied = 1U << PG_referenced | 1U << PG_uptodate | 1U << PG_dirty |
				  1U << PG_anon | 1U << PG_anon_exclusive;

	new->flags |= old->flags & copied;
	new->mapping = old->mapping;
	page_set_index(new, page_index(old));
	hugetlb_move_temporary(m, (u64)(old - m->mem_map), (u64)(new - m->mem_map));
}

/* The file has the new page; the reference of its cache goes along. */
static void move_in_cache(struct machine *m, struct inode *inode, u32 src, u32 dst)
{
	u64 idx = page_index(pfn_to_page(m, src)) >> inode->huge_order;
	int err = xa_store(&inode->i_data.i_pages, idx, mk_cache_entry(dst), NULL);

	BUG_ON(m, err);
	get_page(m, dst);
	put_page(m, src);
}

/* 0; -EAGAIN: somebody else refers to the page. */
static int move_page(struct machine *m, u32 src, u32 dst)
{
	struct page *old = pfn_to_page(m, src), *new = pfn_to_page(m, dst);
	struct huge_move move = { m, src, dst };
	struct inode *inode = !page_flag(old, PG_anon) && old->mapping ?
				      inode_of(m, old->mapping) : NULL;
	u64 nr = 1ULL << folio_order(old);

	if (old->refcount != 1 + (inode != NULL) + (s32)*huge_mapcount(old))
		return -EAGAIN;
	for (u64 i = 0; i < nr; i++)
		content_copy(m, dst + i, src + i);
	move_state(m, old, new);
	if (rmap_walk(m, src, move_entry, &move))
		return -EAGAIN;
	if (inode)
		move_in_cache(m, inode, src, dst);
	old->mapping = 0;
	return 0;
}

static int migrate_one(struct machine *m, struct migration *migration, struct page_list *from,
		       u32 src)
{
	u64 nr = 1ULL << folio_order(pfn_to_page(m, src));
	u32 dst;
	int err;

	if (pfn_to_page(m, src)->refcount > 1) {
		err = migration->new_page(m, migration->arg, src, &dst);
		if (err)
			return err;
		err = move_page(m, src, dst);
		if (!err && unlikely(m->page_owner))
			page_owner_migrated(m, src, dst, migration->reason);
		put_page(m, dst);
		if (err)
			return err;
	}
	putback_hugetlb(m, from, src);
	migration->nr_succeeded += nr;
	return 0;
}

int migrate_hugetlbs(struct machine *m, struct migration *migration, struct page_list *from,
		     struct page_list *failed)
{
	u32 pfn = from->first, next;

	for (; pfn != PFN_NIL; pfn = next) {
		int err;

		next = pfn_to_page(m, pfn)->next;
		if (page_type(pfn_to_page(m, pfn)) != PGTY_hugetlb)
			continue;
		err = migrate_one(m, migration, from, pfn);
		if (err == -EAGAIN) {
			page_list_del(m, from, pfn);
			page_list_add_tail(m, failed, pfn);
		} else if (err) {
			migration->nr_failed += 1ULL << folio_order(pfn_to_page(m, pfn));
			return err;
		}
	}
	return 0;
}
