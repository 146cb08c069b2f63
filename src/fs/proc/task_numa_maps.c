// SPDX-License-Identifier: GPL-2.0-or-later
/* PID/numa_maps: where the pages of each mapping lie. */
#include <inttypes.h>

#include "fs/proc/pid.h"
#include "fs/proc/task_mmu.h"
#include "sim/phys/lru.h"
#include "sim/virt/hugetlb.h"
#include "sim/virt/memory.h"
#include "sim/virt/mempolicy.h"
#include "sim/virt/pgtable.h"
#include "sim/virt/rmap.h"
#include "sim/virt/vma.h"

struct numa_stats {
	const struct machine *m;
	u64 pages, anon, active, writeback, mapcount_max, dirty, swapcache;
	u64 node[MAX_NUMNODES];
};

static void account_pages(struct numa_stats *md, const struct page *page, u64 nr, bool dirty)
{
	const struct page *folio = folio_of_const(page);

	if (page_flag(folio, PG_reserved))
		return;
	md->pages += nr;
	if (dirty || page_flag(folio, PG_dirty))
		md->dirty += nr;
	if (page_flag(folio, PG_swapcache))
		md->swapcache += nr;
	if (page_shows_active(md->m, folio) || page_flag(folio, PG_unevictable))
		md->active += nr;
	if (page_flag(folio, PG_writeback))
		md->writeback += nr;
	if (page_flag(folio, PG_anon))
		md->anon += nr;
	md->mapcount_max = MAX(md->mapcount_max, (u64)page_mapcount(page));
	md->node[page_zone(md->m, folio)->node] += nr;
}

static int account_entry(void *arg, u64 addr, pte_t *pte)
{
	struct numa_stats *md = arg;
	u32 pfn = pte_present(*pte) ? normal_page(md->m, *pte) : PFN_NIL;

	(void)addr;
	if (pfn != PFN_NIL)
		account_pages(md, pfn_to_page(md->m, pfn), 1, *pte & PTE_DIRTY);
	return 0;
}

static int account_huge(void *arg, u64 addr, u64 end, unsigned int level, u64 *entry)
{
	struct numa_stats *md = arg;
	u32 pfn = normal_page(md->m, *entry);

	(void)level;
	if (pfn != PFN_NIL)
		account_pages(md, pfn_to_page(md->m, pfn), (end - addr) >> PAGE_SHIFT,
			      *entry & PTE_DIRTY);
	return 0;
}

/* Huge pages of pools count as one each. */
static void gather_huge_pages(struct numa_stats *md, const struct vm_area_struct *vma)
{
	const u64 *entry;

	for (u64 addr = vma->vm_start; addr < vma->vm_end;
	     addr = huge_addr_next(md->m, vma, addr, entry)) {
		entry = huge_pte_offset(md->m, vma, addr);
		if (entry && pte_present(*entry))
			account_pages(md, pfn_to_page(md->m, pte_pfn(*entry)), 1,
				      *entry & PTE_DIRTY);
	}
}

static void show_number(struct out *out, const char *label, u64 value)
{
	out_puts(out, label);
	out_u64(out, value, 0);
}

static void show_pages(struct out *out, const struct numa_stats *md, bool huge)
{
	if (md->anon)
		show_number(out, " anon=", md->anon);
	if (md->dirty)
		show_number(out, " dirty=", md->dirty);
	if (md->pages != md->anon && md->pages != md->dirty)
		show_number(out, " mapped=", md->pages);
	if (md->mapcount_max > 1)
		show_number(out, " mapmax=", md->mapcount_max);
	if (md->swapcache)
		show_number(out, " swapcache=", md->swapcache);
	if (md->active < md->pages && !huge)
		show_number(out, " active=", md->active);
	if (md->writeback)
		show_number(out, " writeback=", md->writeback);
	for (unsigned int i = 0; i < MAX_NUMNODES; i++) {
		if (md->node[i])
			out_printf(out, " N%u=%" PRIu64, i, md->node[i]);
	}
}

/* The mapping's policy, else that of the task. */
static void show_policy(struct out *out, const struct view *v, const struct vm_area_struct *vma)
{
	const struct mempolicy *pol;
	u64 offset;

	pol = vma_own_policy(v->m, vma, vma->vm_start, &offset);
	mpol_print(out, pol ? pol : view_task(v)->mempolicy);
}

static void show_vma(struct out *out, const struct view *v, const struct vm_area_struct *vma)
{
	const struct machine *m = v->m;
	static const struct walk_ops ops = { .visit = account_entry, .huge = account_huge };
	struct numa_stats md = { .m = m };

	out_printf(out, "%08" PRIx64 " ", vma->vm_start);
	show_policy(out, v, vma);
	if (vma->vm_file) {
		out_puts(out, " file=");
		out_file_path(out, vma->vm_file, "\n\t= ");
	} else if (vma_is_heap(m, vma)) {
		out_puts(out, " heap");
	} else if (vma_is_stack(vma)) {
		out_puts(out, " stack");
	}
	if (is_vm_hugetlb_page(vma)) {
		out_puts(out, " huge");
		gather_huge_pages(&md, vma);
	} else {
		walk_mapped_range(m, vma->vm_mm, vma->vm_start, vma->vm_end, &ops, &md);
	}
	if (md.pages) {
		show_pages(out, &md, is_vm_hugetlb_page(vma));
		show_number(out, " kernelpagesize_kB=", vma_kernel_pagesize(vma) >> 10);
	}
	out_putc(out, '\n');
}

static int numa_maps_show(struct out *out, const struct view *v)
{
	show_vmas(out, v, show_vma);
	return 0;
}

static const struct entry entries[] = { FILE_ROW("numa_maps", 0444, numa_maps_show) };

static bool has_numa(const struct view *v, const struct entry *entry)
{
	(void)entry;
	return v->m->arch->numa;
}

static const struct dir numa_dir = { DIR_FILES(entries), .visible = has_numa };

TREE_PARTS(task_numa_parts, { "proc/<PID>", &numa_dir }, { "proc/<PID>/task/<TID>", &numa_dir });
