// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Anonymous memory. A look at the small entries says whether it is worth it; then a huge
 * page is had, on the node that most of the pages are on, the entries are taken out
 * and their pages copied one by one. The table that they were in is deposited beside
 * the huge entry, for its split. Copied pages go by the batches of new pages, as in
 * the kernel, and so a few of them are free a little later. Files: collapse_file.c.
 */
#include "sim/virt/collapse.h"

#include "sim/base/bug.h"
#include "sim/phys/lru.h"
#include "sim/phys/slab.h"
#include "sim/phys/tunables.h"
#include "sim/virt/content.h"
#include "sim/virt/huge_memory.h"
#include "sim/virt/memcontrol.h"
#include "sim/virt/memory_internal.h"
#include "sim/virt/rmap.h"
#include "sim/virt/swap.h"
#include "sim/virt/thp.h"
#include "sim/virt/tlb.h"
#include "sim/virt/vma.h"

#define NODE_RECLAIM_DISTANCE 30

/* What a look at the entries of a range found. */
struct scan {
	struct machine *m;
	struct vm_area_struct *vma;
	struct collapse_control *cc;
	u32 none, shared, unmapped, referenced;
	bool writable;
};

enum scan_result find_pmd_or_thp_or_none(const struct machine *m, const struct mm_struct *mm,
					 u64 address)
{
	const u64 *pmd = table_entry(m, mm, address, 1);

	if (!pmd)
		return SCAN_PMD_NULL;
	if (!*pmd)
		return SCAN_PMD_NONE;
	return entry_is_huge(*pmd) ? SCAN_PMD_MAPPED : SCAN_SUCCEED;
}

bool collapse_scan_abort(const struct machine *m, unsigned int nid,
			 const struct collapse_control *cc)
{
	if (!m->tunables->zone_reclaim_mode || cc->node_load[nid])
		return false;
	for (unsigned int i = 0; i < m->nr_nodes; i++)
		if (cc->node_load[i] && m->distance[nid][i] > NODE_RECLAIM_DISTANCE)
			return true;
	return false;
}

/* The node that has most of the pages, and those that have as many. */
static unsigned int find_target_node(const struct machine *m, const struct collapse_control *cc,
				     u64 *nodes)
{
	unsigned int target = 0;
	u32 most = 0;

	for (unsigned int i = 0; i < m->nr_nodes; i++)
		if (cc->node_load[i] > most) {
			most = cc->node_load[i];
			target = i;
		}
	*nodes = 0;
	for (unsigned int i = 0; i < m->nr_nodes; i++)
		if (m->nodes[i] && m->nodes[i]->online && cc->node_load[i] == most)
			*nodes |= 1ULL << i;
	return target;
}

enum scan_result collapse_alloc_folio(struct machine *m, const struct collapse_control *cc,
				      const struct mm_struct *mm, u32 *pfn)
{
	bool direct = !cc->is_khugepaged || m->tunables->khugepaged_defrag;
	struct alloc_request req = {
		.gfp = direct ? GFP_TRANSHUGE : GFP_TRANSHUGE_LIGHT, .order = pmd_order(m),
	};
	int err;

	req.node = (int)find_target_node(m, cc, &req.nodemask);
	err = alloc_pages(m, &req, pfn);
	/* Host memory was secured for all of it by whoever lets this happen. */
	BUG_ON(m, err == -ENOBUFS);
	if (err) {
		count_vm_event(m, THP_COLLAPSE_ALLOC_FAILED, 1);
		return SCAN_ALLOC_HUGE_PAGE_FAIL;
	}
	count_vm_event(m, THP_COLLAPSE_ALLOC, 1);
	if (mem_cgroup_charge(m, *pfn, mm, req.gfp)) {
		put_page(m, *pfn);
		return SCAN_CGROUP_CHARGE_FAIL;
	}
	if (m->memcg)
		memcg_count_event(m, page_memcg_id(pfn_to_page(m, *pfn)), THP_COLLAPSE_ALLOC, 1);
	return SCAN_SUCCEED;
}

static bool is_none_or_zero(const struct machine *m, pte_t pte)
{
	return pte_none(pte) || (pte_present(pte) && is_zero_pfn(m, pte_pfn(pte)));
}

/* Above the limit, which only khugepaged has: counted. */
static bool exceeds(struct scan *s, u32 nr, s32 limit, enum vm_event_item item)
{
	if (!s->cc->is_khugepaged || nr <= (u32)limit)
		return false;
	count_vm_event(s->m, item, 1);
	return true;
}

static bool is_shared(const struct machine *m, const struct page *page)
{
	return rel_has_thp_sizes(m->release) ? folio_maybe_mapped_shared(folio_of_const(page)) :
					       page_mapcount(page) > 1;
}

static enum scan_result scan_page(struct scan *s, pte_t pte)
{
	const struct page *page = pfn_to_page(s->m, pte_pfn(pte)), *folio = folio_of_const(page);
	unsigned int nid = page_zone(s->m, folio)->node;

	if (is_shared(s->m, page) && exceeds(s, ++s->shared,
					     s->m->tunables->khugepaged_max_ptes_shared,
					     THP_SCAN_EXCEED_SHARE_PTE))
		return SCAN_EXCEED_SHARED_PTE;
	if (collapse_scan_abort(s->m, nid, s->cc))
		return SCAN_SCAN_ABORT;
	s->cc->node_load[nid]++;
	if (!page_flag(folio, PG_lru))
		return SCAN_PAGE_LRU;
	if (!page_flag(folio, PG_anon))
		return SCAN_PAGE_ANON;
	if (folio->refcount != folio_mapcount(folio))
		return SCAN_PAGE_COUNT;
	s->referenced += pte & PTE_ACCESSED || page_flag(folio, PG_referenced);
	return SCAN_SUCCEED;
}

static enum scan_result scan_entry(struct scan *s, pte_t pte)
{
	const struct tunables *t = s->m->tunables;

	if (pte_is_uffd_marker(pte))
		return SCAN_PTE_UFFD_WP;
	if (!pte_none(pte) && !pte_present(pte))
		return exceeds(s, ++s->unmapped, t->khugepaged_max_ptes_swap,
			       THP_SCAN_EXCEED_SWAP_PTE) ? SCAN_EXCEED_SWAP_PTE : SCAN_SUCCEED;
	if (is_none_or_zero(s->m, pte)) {
		++s->none;
		if (s->vma->vm_flags & (VM_UFFD_MISSING | VM_UFFD_WP)) {
			count_vm_event(s->m, THP_SCAN_EXCEED_NONE_PTE, 1);
			return SCAN_EXCEED_NONE_PTE;
		}
		return exceeds(s, s->none, t->khugepaged_max_ptes_none,
			       THP_SCAN_EXCEED_NONE_PTE) ? SCAN_EXCEED_NONE_PTE : SCAN_SUCCEED;
	}
	/* Marks are of single pages. */
	if (pte & PTE_UFFD_WP)
		return SCAN_PTE_UFFD_WP;
	s->writable |= pte & PTE_RW;
	if (vm_normal_page(pte) == PFN_NIL)
		return SCAN_PAGE_NULL;
	return scan_page(s, pte);
}

/* All of the range was looked at. */
static enum scan_result scan_verdict(const struct scan *s)
{
	if (!s->writable && !rel_collapse_takes_readonly(s->m->release))
		return SCAN_PAGE_RO;
	if (s->cc->is_khugepaged && (!s->referenced || (s->unmapped && s->referenced <
							pmd_nr_pages(s->m) / 2)))
		return SCAN_LACK_REFERENCED_PAGE;
	return SCAN_SUCCEED;
}

/* Off the lists, so that their way back is that of new pages; a folio once. */
static void isolate_pages(struct machine *m, const pte_t *ptes)
{
	for (u64 i = 0; i < pmd_nr_pages(m); i++)
		if (!is_none_or_zero(m, ptes[i]))
			(void)lru_isolate(m, folio_pfn(m, pte_pfn(ptes[i])));
}

/* The entry's page into the huge one; entry and page go. */
static void copy_entry(struct machine *m, struct vm_area_struct *vma, pte_t *pte, u32 to)
{
	u32 pfn = (u32)pte_pfn(*pte), head;
	bool large;

	if (is_none_or_zero(m, *pte)) {
		content_zero(m, to);
		*pte = 0;
		add_mm_counter(m, vma->vm_mm, MM_ANONPAGES, 1);
		return;
	}
	content_copy(m, to, pfn);
	head = (u32)folio_pfn(m, pfn);
	large = folio_is_large(pfn_to_page(m, head));
	if (!large)
		lru_putback(m, pfn);
	*pte = 0;
	page_remove_rmap(m, pfn, vma);
	free_swap_cache(m, head);
	put_page(m, head);
}

/* Large folios, of which some pages may be mapped elsewhere, go back last. */
static void putback_large(struct machine *m, const u32 *heads, unsigned int nr)
{
	for (unsigned int i = 0; i < nr; i++)
		lru_putback(m, heads[i]);
}

static bool is_among(const u32 *heads, unsigned int nr, u32 head)
{
	/* Pages of a folio lie together, but for what mremap did. */
	while (nr-- && heads[nr] != head)
		;
	return nr != ~0U;
}

static unsigned int collect_large(const struct machine *m, const pte_t *ptes, u32 *heads)
{
	unsigned int nr = 0;

	for (u64 i = 0; i < pmd_nr_pages(m); i++) {
		u32 head;

		if (is_none_or_zero(m, ptes[i]))
			continue;
		head = (u32)folio_pfn(m, pte_pfn(ptes[i]));
		if (folio_is_large(pfn_to_page(m, head)) && !is_among(heads, nr, head))
			heads[nr++] = head;
	}
	return nr;
}

static void map_folio(struct machine *m, struct vm_area_struct *vma, u64 address, u64 *pmd,
		      u32 pfn)
{
	u64 entry = mk_pte(pfn, vma_page_prot(m, vma) | PTE_PSE);

	page_set_flag(pfn_to_page(m, pfn), PG_uptodate);
	folio_add_new_anon_rmap_pmd(m, pfn, vma, address);
	if ((vma->vm_flags & (VM_LOCKED | VM_SPECIAL)) == VM_LOCKED)
		mlock_new_page(m, pfn);
	else
		lru_cache_add(m, pfn);
	*pmd = maybe_mkwrite(pte_mkdirty(m, entry), vma);
	update_mmu_cache_pmd(m, vma, address, pmd);
	if (rel_defers_new_thps(m->release) && m->tunables->thp_shrink_underused)
		deferred_split_folio(m, pfn, /* partially_mapped = */ false);
}

/* Slots of swap become pages; a guard, or no memory, and that is all. */
static bool swapin_range(const struct scan *s, u64 address)
{
	u64 *pte = pte_offset_map(s->m, s->vma->vm_mm, address);

	for (u64 i = 0; i < pmd_nr_pages(s->m); i++) {
		struct vm_fault vmf = {
			.vma = s->vma, .address = address + (i << PAGE_SHIFT), .pte = &pte[i],
			.orig_pte = pte[i], .page = PFN_NIL, .cow_page = PFN_NIL,
		};
		unsigned int ret;

		if (pte_none(pte[i]) || pte_present(pte[i]))
			continue;
		if (!pte_is_swap(pte[i]))
			return false;
		ret = do_swap_fault(s->m, &vmf);
		vmf.flags |= FAULT_FLAG_TRIED;
		if (ret & VM_FAULT_RETRY)
			ret = do_swap_fault(s->m, &vmf);
		if (ret & VM_FAULT_ERROR)
			return false;
	}
	lru_add_drain(s->m);
	return true;
}

/* The most large folios that one range can have: of two pages each. */
#define MAX_LARGE 512

static enum scan_result collapse_huge_page(struct scan *s, u64 address)
{
	struct machine *m = s->m;
	struct mm_struct *mm = s->vma->vm_mm;
	u64 *pmd = table_entry(m, mm, address, 1), *ptes;
	u32 table, pfn, heads[MAX_LARGE];
	unsigned int nr_large;
	enum scan_result result = collapse_alloc_folio(m, s->cc, mm, &pfn);

	if (result != SCAN_SUCCEED)
		return result;
	if (s->unmapped && !swapin_range(s, address)) {
		put_page(m, pfn);
		return SCAN_FAIL;
	}
	table = (u32)pte_pfn(*pmd);
	ptes = table_entries(m, table);
	*pmd = 0;
	pgtable_forget(mm);
	flush_tlb_range(m, s->vma, address, address + pmd_size(m));
	nr_large = collect_large(m, ptes, heads);
	isolate_pages(m, ptes);
	for (u64 i = 0; i < pmd_nr_pages(m); i++)
		copy_entry(m, s->vma, &ptes[i], (u32)(pfn + i));
	putback_large(m, heads, nr_large);
	pgtable_deposit(m, mm, address, table);
	map_folio(m, s->vma, address, pmd, pfn);
	machine_why(m, "0x%llx: %u pages became the huge page 0x%x, %u were not there",
		    (unsigned long long)address, (u32)pmd_nr_pages(m) - s->none, pfn, s->none);
	return SCAN_SUCCEED;
}

enum scan_result hpage_collapse_scan_pmd(struct machine *m, struct vm_area_struct *vma,
					 u64 address, struct collapse_control *cc,
					 bool *went_on)
{
	struct scan s = { .m = m, .vma = vma, .cc = cc };
	enum scan_result result = find_pmd_or_thp_or_none(m, vma->vm_mm, address);
	const pte_t *ptes;

	*went_on = false;
	if (result != SCAN_SUCCEED)
		return result;
	memset(cc->node_load, 0, sizeof(cc->node_load));
	ptes = table_entries(m, pte_pfn(*table_entry(m, vma->vm_mm, address, 1)));
	for (u64 i = 0; i < pmd_nr_pages(m) && result == SCAN_SUCCEED; i++)
		result = scan_entry(&s, ptes[i]);
	if (result == SCAN_SUCCEED)
		result = scan_verdict(&s);
	if (result != SCAN_SUCCEED)
		return result;
	*went_on = true;
	return collapse_huge_page(&s, address);
}

/* ---- MADV_COLLAPSE. ---- */

static int collapse_errno(const struct machine *m, enum scan_result result)
{
	switch (result) {
	case SCAN_ALLOC_HUGE_PAGE_FAIL:
		return -ENOMEM;
	case SCAN_CGROUP_CHARGE_FAIL:
		return -EBUSY;
	case SCAN_EXCEED_NONE_PTE:
		return rel_collapse_leaves_uffd_holes(m->release) ? -EBUSY : -EINVAL;
	case SCAN_PAGE_COUNT:
	case SCAN_PAGE_LOCK:
	case SCAN_PAGE_LRU:
	case SCAN_DEL_PAGE_LRU:
	case SCAN_PAGE_FILLED:
		return -EAGAIN;
	default:
		return -EINVAL;
	}
}

/* Ranges that cannot be collapsed for these reasons do not keep the next from it. */
static bool may_go_on(enum scan_result result)
{
	switch (result) {
	case SCAN_PMD_NULL:
	case SCAN_PTE_NON_PRESENT:
	case SCAN_PTE_UFFD_WP:
	case SCAN_PAGE_RO:
	case SCAN_LACK_REFERENCED_PAGE:
	case SCAN_PAGE_NULL:
	case SCAN_PAGE_COUNT:
	case SCAN_PAGE_LOCK:
	case SCAN_PAGE_COMPOUND:
	case SCAN_PAGE_LRU:
	case SCAN_DEL_PAGE_LRU:
		return true;
	default:
		return false;
	}
}

static enum scan_result collapse_one(struct machine *m, struct vm_area_struct *vma, u64 address)
{
	struct collapse_control cc = { .is_khugepaged = false };
	enum scan_result result;
	bool went_on;

	if (vma_is_anonymous(vma))
		result = hpage_collapse_scan_pmd(m, vma, address, &cc, &went_on);
	else
		result = hpage_collapse_scan_file(m, vma->vm_mm, address, vma->vm_file,
						  linear_page_index(vma, address), &cc);
	if (result == SCAN_PTE_MAPPED_HUGEPAGE)
		result = collapse_pte_mapped_thp(m, vma->vm_mm, address,
						 /* install_pmd = */ true);
	return result == SCAN_PMD_MAPPED ? SCAN_SUCCEED : result;
}

/* sizeof(struct collapse_control) of a kernel with 1024 possible nodes. */
#define COLLAPSE_CONTROL_BYTES (4 + 1024 * 4 + 1024 / 8)

int madvise_collapse(struct machine *m, struct vm_area_struct *vma, u64 start, u64 end)
{
	u64 hstart = ALIGN_UP(start, pmd_size(m)), hend = ALIGN_DOWN(end, pmd_size(m));
	enum scan_result last_fail = SCAN_FAIL;
	u64 done = 0, control;
	int err;

	if (!thp_vma_allowable_order(m, vma, vma->vm_flags, TVA_FORCED_COLLAPSE, pmd_order(m)))
		return -EINVAL;
	err = kmalloc(m, COLLAPSE_CONTROL_BYTES, GFP_KERNEL, NUMA_NO_NODE, &control);
	if (err)
		return err;
	lru_add_drain_all(m);
	for (u64 addr = hstart; addr < hend; addr += pmd_size(m)) {
		enum scan_result result = collapse_one(m, vma, addr);

		if (result == SCAN_SUCCEED) {
			done++;
			continue;
		}
		last_fail = result;
		if (!may_go_on(result))
			break;
	}
	err = kfree(m, control);
	BUG_ON(m, err);
	/* Without a whole block in the range it is less than nothing that was asked for. */
	return done == (hend - hstart) / pmd_size(m) ? 0 : collapse_errno(m, last_fail);
}
