// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * PID/pagemap, one word for each page of the address space, and PID/clear_refs, which
 * takes marks off pages and entries.
 */
#include "fs/core/value.h"
#include "fs/proc/pid.h"
#include "fs/proc/task_mmu.h"
#include "sim/virt/hugetlb.h"
#include "sim/virt/memory.h"
#include "sim/virt/pgtable.h"
#include "sim/virt/rmap.h"
#include "sim/virt/swap.h"
#include "sim/virt/tlb.h"
#include "sim/virt/vma.h"

#define PM_SOFT_DIRTY (1ULL << 55)
#define PM_MMAP_EXCLUSIVE (1ULL << 56)
#define PM_UFFD_WP (1ULL << 57)
#define PM_GUARD_REGION (1ULL << 58)
#define PM_FILE (1ULL << 61)
#define PM_SWAP (1ULL << 62)
#define MAX_SWAPFILES_SHIFT 5	/* below it: the area; from it on: the slot */
#define PM_PRESENT (1ULL << 63)

/* MAX_SWAPFILES: areas are numbered up to there, and other kinds of entries from there on. */
static u64 swp_hwpoison(const struct machine *m)
{
	return rel_swap_has_device_entries(m->release) ? 24 : 26;
}

static u64 entry_word(const struct machine *m, u64 pte, unsigned int level, u64 addr)
{
	const struct page *page;
	u64 word = PM_PRESENT | leaf_pfn(m, pte, level, addr);
	u32 pfn;

	if (!pte_present(pte)) {
		word = PM_SWAP;
		if (pte_is_swap(pte))
			word |= swp_entry_type(pte_to_swp_entry(pte)) |
				swp_entry_offset(pte_to_swp_entry(pte)) << MAX_SWAPFILES_SHIFT;
		if (pte_is_hwpoison(pte)) {
			word |= swp_hwpoison(m) | (u64)swp_pfn(pte) << MAX_SWAPFILES_SHIFT;
			if (!page_flag(pfn_to_page(m, swp_pfn(pte)), PG_anon))
				word |= PM_FILE;
		}
		if (pte & PTE_SOFT_DIRTY)
			word |= PM_SOFT_DIRTY;
		if (pte & PTE_UFFD_WP)
			word |= PM_UFFD_WP;
		if (pte_is_guard(pte) && rel_pagemap_shows_guards(m->release))
			word |= PM_GUARD_REGION;
		return word;
	}
	if (pte & PTE_SOFT_DIRTY)
		word |= PM_SOFT_DIRTY;
	if (pte & PTE_UFFD_WP)
		word |= PM_UFFD_WP;
	pfn = normal_page(m, pte);
	/* The huge zero page is no anonymous page, so it looks like a file's. */
	if (pfn == PFN_NIL)
		return level ? word | PM_FILE : word;
	/* Of a huge page, the first page is asked for all of them. */
	page = pfn_to_page(m, pfn);
	if (!page_flag(folio_of_const(page), PG_anon))
		word |= PM_FILE;
	if (page_mapcount(page) == 1)
		word |= PM_MMAP_EXCLUSIVE;
	return word;
}

static u64 huge_word(const struct machine *m, const struct vm_area_struct *vma, u64 addr)
{
	const u64 *entry = huge_pte_offset(m, vma, addr);
	u64 word = 0;

	if (vma->vm_flags & VM_SOFTDIRTY && machine_config_bool(m->config, "MEM_SOFT_DIRTY"))
		word |= PM_SOFT_DIRTY;
	if (entry && *entry & PTE_UFFD_WP)
		word |= PM_UFFD_WP;
	if (!entry || !pte_present(*entry))
		return word;
	word |= PM_PRESENT | leaf_pfn(m, *entry, hugetlb_level(m, vma), addr);
	if (!page_flag(pfn_to_page(m, pte_pfn(*entry)), PG_anon))
		word |= PM_FILE;
	if (folio_mapcount(pfn_to_page(m, pte_pfn(*entry))) == 1 &&
	    !(rel_pagemap_asks_for_shared_tables(m->release) && hugetlb_pmd_shared(m, vma, addr)))
		word |= PM_MMAP_EXCLUSIVE;
	return word;
}

static u64 page_word(const struct machine *m, const struct mm_struct *mm,
		     const struct vm_area_struct *vma, u64 addr)
{
	unsigned int level;
	const u64 *pte;
	u64 word = 0;

	if (!vma || addr < vma->vm_start)
		return 0;
	if (is_vm_hugetlb_page(vma))
		return huge_word(m, vma, addr);
	pte = leaf_entry(m, mm, addr, &level);
	if (pte && !pte_none(*pte))
		word = entry_word(m, *pte, level, addr);
	if (vma->vm_flags & VM_SOFTDIRTY && machine_config_bool(m->config, "MEM_SOFT_DIRTY"))
		word |= PM_SOFT_DIRTY;
	return word;
}

static ssize_t pagemap_read(const struct view *v, u64 offset, char *buf, size_t len)
{
	const struct mm_struct *mm = view_mm(v);
	const struct vm_area_struct *vma = NULL;
	u64 end = mm ? mm->task_size >> PAGE_SHIFT << 3 : 0;
	size_t done;

	if (offset % 8 || len % 8)
		return -EINVAL;
	for (done = 0; done < len && offset < end; done += 8, offset += 8) {
		u64 addr = offset >> 3 << PAGE_SHIFT, word;

		if (!vma || addr >= vma->vm_end)
			vma = find_vma(v->m, mm, addr);
		word = page_word(v->m, mm, vma, addr);
		memcpy(buf + done, &word, sizeof(word));
	}
	return done;
}

enum { CLEAR_REFS_ALL = 1, CLEAR_REFS_ANON, CLEAR_REFS_MAPPED, CLEAR_REFS_SOFT_DIRTY,
       CLEAR_REFS_MM_HIWATER_RSS };

struct clear {
	struct machine *m;
	bool soft_dirty;
};

static int clear_entry(void *arg, u64 addr, pte_t *pte)
{
	struct clear *clear = arg;
	u32 pfn;

	if (clear->soft_dirty) {
		if (!clear->m->virt->pgtables->soft_dirty)
			return 0;
		/* A write must fault again, to be seen. */
		*pte &= ~PTE_SOFT_DIRTY;
		if (pte_present(*pte))
			*pte &= ~PTE_RW;
		return 0;
	}
	if (!pte_present(*pte))
		return 0;
	pfn = normal_page(clear->m, *pte);
	if (pfn == PFN_NIL)
		return 0;
	*pte &= ~PTE_ACCESSED;
	page_clear_flag(pfn_folio(clear->m, pfn), PG_referenced);
	return 0;
}

static int clear_huge(void *arg, u64 addr, u64 end, unsigned int level, u64 *entry)
{
	struct clear *clear = arg;

	(void)end;
	(void)level;
	/* The huge zero page is marked as well as any other. */
	if (clear->soft_dirty || !(*entry & PTE_SPECIAL))
		return clear_entry(arg, addr, entry);
	*entry &= ~PTE_ACCESSED;
	page_clear_flag(pfn_to_page(clear->m, pte_pfn(*entry)), PG_referenced);
	return 0;
}

/* Pages of hugetlb are not looked at. */
static void clear_mm(struct machine *m, struct mm_struct *mm, unsigned int type)
{
	static const struct walk_ops ops = { .visit = clear_entry, .huge = clear_huge };
	struct clear clear = { m, type == CLEAR_REFS_SOFT_DIRTY };

	for (struct vm_area_struct *vma = vma_first(m, mm); vma; vma = vma_next(m, vma)) {
		if (clear.soft_dirty)
			vma->vm_flags &= ~VM_SOFTDIRTY;
		if (vma->vm_flags & (VM_PFNMAP | VM_HUGETLB) ||
		    (type == CLEAR_REFS_ANON && vma->vm_file) ||
		    (type == CLEAR_REFS_MAPPED && !vma->vm_file))
			continue;
		walk_mapped_range(m, mm, vma->vm_start, vma->vm_end, &ops, &clear);
	}
	if (clear.soft_dirty)
		flush_tlb_mm(m, mm);
}

static int clear_refs_store(struct store *s, const struct view *v, const char *text)
{
	struct mm_struct *mm = view_mm(v);
	s32 type;
	int err = pid_number(text, 10, &type);

	if (!err && (type < CLEAR_REFS_ALL || type > CLEAR_REFS_MM_HIWATER_RSS))
		err = -EINVAL;
	if (err) {
		out_printf(s->sentence, "'%.60s' is none of 1 (all pages), 2 (anonymous), 3 (of files), "
			   "4 (soft-dirty bits), 5 (the peak of VmRSS)", text);
		return err;
	}
	if (!mm) {
		out_printf(s->sentence, "%s has no memory of its own", view_task(v)->comm);
		return -ESRCH;
	}
	if (type == CLEAR_REFS_MM_HIWATER_RSS)
		mm->hiwater_rss = get_mm_rss(mm);
	else
		clear_mm(s->m, mm, type);
	return 0;
}

static const struct entry entries[] = {
	{ "clear_refs", S_IFREG | 0200, ALL, .store = clear_refs_store },
};
static const struct bin_entry bins[] = {
	{ { "pagemap", S_IFREG | 0400, ALL, .open = proc_mem_open }, pagemap_read },
};
static const struct dir pagemap_dir = { DIR_FILES(entries), DIR_BINS(bins) };

TREE_PARTS(task_pagemap_parts, { "proc/<PID>", &pagemap_dir },
	   { "proc/<PID>/task/<TID>", &pagemap_dir });
