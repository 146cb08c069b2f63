// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * PID/smaps and PID/smaps_rollup: one pass over the entries of each VMA fills a sheet
 * of bytes, rows print it. Proportional sizes are kept in 1/4096 bytes and cut once,
 * when they are printed, as the kernel does.
 */
#include <inttypes.h>

#include "fs/proc/task_mmu.h"
#include "sim/phys/tunables.h"
#include "sim/virt/hugetlb.h"
#include "sim/virt/memory.h"
#include "sim/virt/pgtable.h"
#include "sim/virt/rmap.h"
#include "sim/virt/swap.h"
#include "sim/virt/task.h"
#include "sim/virt/thp.h"
#include "sim/virt/vma.h"

#define PSS_SHIFT 12

/* Bytes; those of pss in 1/4096. */
struct mem_size_stats {
	u64 resident, shared_clean, shared_dirty, private_clean, private_dirty;
	u64 referenced, anonymous, lazyfree, swap;
	u64 anonymous_thp, shmem_thp, file_thp;
	u64 pss, pss_anon, pss_file, pss_shmem, pss_dirty, pss_locked, swap_pss;
	u64 shared_hugetlb, private_hugetlb;
	u64 zero;		/* what this machine never has */
};

/* One VMA's pass. */
struct gather {
	const struct machine *m;
	struct mem_size_stats *stats;
	bool locked;
};

static void accumulate(struct mem_size_stats *stats, const struct page *page, u64 bytes,
		       u64 pss, bool dirty, bool locked, bool private_)
{
	stats->pss += pss;
	if (page_flag(page, PG_anon))
		stats->pss_anon += pss;
	else if (page_flag(page, PG_swapbacked))
		stats->pss_shmem += pss;
	else
		stats->pss_file += pss;
	if (locked)
		stats->pss_locked += pss;
	if (dirty || page_flag(page, PG_dirty)) {
		stats->pss_dirty += pss;
		*(private_ ? &stats->private_dirty : &stats->shared_dirty) += bytes;
	} else {
		*(private_ ? &stats->private_clean : &stats->shared_clean) += bytes;
	}
}

/* Of what nobody else has; a huge page's do not fit into a long of 32 bits, and are lost. */
static u64 lone_pss(const struct machine *m, u64 bytes)
{
	u64 pss = bytes << PSS_SHIFT;

	return m->arch->bits == 32 ? (u32)pss : pss;
}

/* nr pages of one folio, by entries with these bits. */
static void account_pages(const struct gather *gather, const struct page *page, u64 nr, u64 bits)
{
	const struct page *folio = folio_of_const(page);
	struct mem_size_stats *stats = gather->stats;
	u64 bytes = nr << PAGE_SHIFT;
	bool dirty = bits & PTE_DIRTY;

	if (page_flag(folio, PG_anon)) {
		stats->anonymous += bytes;
		if (!page_flag(folio, PG_swapbacked) && !dirty && !page_flag(folio, PG_dirty))
			stats->lazyfree += bytes;
	}
	stats->resident += bytes;
	if (bits & PTE_ACCESSED || page_flag(folio, PG_referenced))
		stats->referenced += bytes;
	if (folio->refcount == 1) {
		accumulate(stats, folio, bytes, lone_pss(gather->m, bytes), dirty, gather->locked,
			   true);
		return;
	}
	for (u64 i = 0; i < nr; i++) {
		s32 mapcount = page_mapcount(page + i);

		accumulate(stats, folio, PAGE_SIZE, (PAGE_SIZE << PSS_SHIFT) /
			   (mapcount > 1 ? (u64)mapcount : 1), dirty, gather->locked, mapcount < 2);
	}
}

/* Of a slot, each that refers to it has a share. */
static void account_slot(const struct gather *gather, pte_t pte)
{
	u32 count = swap_count(gather->m, pte_to_swp_entry(pte));

	gather->stats->swap += PAGE_SIZE;
	gather->stats->swap_pss += (PAGE_SIZE << PSS_SHIFT) / MAX(count, 1);
}

/* Of a page that failed; of whom it is does not matter (since 6.15). */
static void account_poisoned(const struct gather *gather, pte_t pte)
{
	const struct page *page = pfn_to_page(gather->m, swp_pfn(pte));
	bool shared = rel_smaps_shares_failed(gather->m->release);

	if (page_flag(page, PG_anon))
		gather->stats->anonymous += PAGE_SIZE;
	gather->stats->resident += PAGE_SIZE;
	if (page_flag(page, PG_referenced))
		gather->stats->referenced += PAGE_SIZE;
	accumulate(gather->stats, page, PAGE_SIZE, lone_pss(gather->m, PAGE_SIZE), /* dirty = */ false,
		   gather->locked, /* private = */ !shared);
}

static int account_entry(void *arg, u64 addr, pte_t *pte)
{
	const struct gather *gather = arg;
	u32 pfn = pte_present(*pte) ? normal_page(gather->m, *pte) : PFN_NIL;

	(void)addr;
	if (unlikely(pte_is_swap(*pte)))
		account_slot(gather, *pte);
	if (unlikely(pte_is_hwpoison(*pte)))
		account_poisoned(gather, *pte);
	if (pfn != PFN_NIL)
		account_pages(gather, pfn_to_page(gather->m, pfn), 1, *pte);
	return 0;
}

static int account_huge(void *arg, u64 addr, u64 end, unsigned int level, u64 *entry)
{
	const struct gather *gather = arg;
	u32 pfn = normal_page(gather->m, *entry);
	const struct page *folio;

	(void)level;
	if (pfn == PFN_NIL)
		return 0;
	folio = pfn_to_page(gather->m, pfn);
	if (page_flag(folio, PG_anon))
		gather->stats->anonymous_thp += end - addr;
	else if (page_flag(folio, PG_swapbacked))
		gather->stats->shmem_thp += end - addr;
	else
		gather->stats->file_thp += end - addr;
	account_pages(gather, folio, (end - addr) >> PAGE_SHIFT, *entry);
	return 0;
}

/* Pages of pools count apart from all others. */
static void gather_huge_pages(const struct machine *m, const struct vm_area_struct *vma,
			      struct mem_size_stats *stats)
{
	u64 size = vma_huge_size(vma);
	const u64 *entry;

	for (u64 addr = vma->vm_start; addr < vma->vm_end;
	     addr = huge_addr_next(m, vma, addr, entry)) {
		entry = huge_pte_offset(m, vma, addr);
		if (!entry || !*entry)
			continue;
		/* Of an entry that failed later releases say "maybe". */
		if (pte_is_hwpoison(*entry)) {
			*(rel_lost_huge_is_shared(m->release) ? &stats->shared_hugetlb :
								&stats->private_hugetlb) += size;
			continue;
		}
		if (folio_mapcount(pfn_to_page(m, pte_pfn(*entry))) > 1 ||
		    hugetlb_pmd_shared(m, vma, addr))
			stats->shared_hugetlb += size;
		else
			stats->private_hugetlb += size;
	}
}

/* Pages of shared memory that are out; of a private mapping, those that it would find. */
static u64 shmem_pages_out(const struct machine *m, const struct vm_area_struct *vma)
{
	const struct inode *inode = vma->vm_file ? vma->vm_file->inode : NULL;
	u64 nr = 0, slot;

	if (!inode || inode->kind != INODE_SHMEM || !inode->swapped)
		return 0;
	if (vma->vm_flags & VM_SHARED || !(vma->vm_flags & VM_WRITE))
		return shmem_swap_usage(inode, vma->vm_pgoff, vma->vm_pgoff + vma_pages(vma));
	for (u64 addr = vma->vm_start; addr < vma->vm_end; addr += PAGE_SIZE) {
		const pte_t *pte = pte_offset_map(m, vma->vm_mm, addr);

		nr += (!pte || pte_none(*pte)) &&
		      shmem_swapped_at(inode, linear_page_index(vma, addr), &slot);
	}
	return nr;
}

static void gather_vma(const struct machine *m, const struct vm_area_struct *vma,
		       struct mem_size_stats *stats)
{
	static const struct walk_ops ops = { .visit = account_entry, .huge = account_huge };
	struct gather gather = { m, stats, vma->vm_flags & VM_LOCKED };

	if (is_vm_hugetlb_page(vma)) {
		gather_huge_pages(m, vma, stats);
		return;
	}
	stats->swap += shmem_pages_out(m, vma) << PAGE_SHIFT;
	walk_mapped_range(m, vma->vm_mm, vma->vm_start, vma->vm_end, &ops, &gather);
}

void vma_usage(const struct machine *m, const struct vm_area_struct *vma,
	       struct vma_usage *usage)
{
	struct mem_size_stats stats = { 0 };
	const struct inode *inode = vma->vm_file ? vma->vm_file->inode : NULL;
	u64 rest;

	gather_vma(m, vma, &stats);
	rest = stats.resident - MIN(stats.anonymous, stats.resident);
	*usage = (struct vma_usage){
		.anon = stats.anonymous, .swap = stats.swap,
		.huge = stats.shared_hugetlb + stats.private_hugetlb,
		.shmem = inode && inode->kind == INODE_SHMEM ? rest : 0,
		.file = inode && inode->kind == INODE_SHMEM ? 0 : rest,
	};
}

/* One line: what it is in, and where. */
struct smaps_row {
	const char *label;	/* with its colon and blanks up to the number */
	u16 offset;		/* in struct mem_size_stats */
	u8 shift;
	u8 width;		/* of the number; 0: 8 */
	struct span span;
	bool rollup_only;
};

#define ROW(text, member) { text, offsetof(struct mem_size_stats, member), 10, 0, ALL, false }
#define PSS_ROW(text, member, only_rollup) \
	{ text, offsetof(struct mem_size_stats, member), 10 + PSS_SHIFT, 0, ALL, only_rollup }

static const struct smaps_row smaps_rows[] = {
	ROW("Rss:            ", resident),
	PSS_ROW("Pss:            ", pss, false),
	PSS_ROW("Pss_Dirty:      ", pss_dirty, false),
	PSS_ROW("Pss_Anon:       ", pss_anon, true),
	PSS_ROW("Pss_File:       ", pss_file, true),
	PSS_ROW("Pss_Shmem:      ", pss_shmem, true),
	ROW("Shared_Clean:   ", shared_clean),
	ROW("Shared_Dirty:   ", shared_dirty),
	ROW("Private_Clean:  ", private_clean),
	ROW("Private_Dirty:  ", private_dirty),
	ROW("Referenced:     ", referenced),
	ROW("Anonymous:      ", anonymous),
	{ "KSM:            ", offsetof(struct mem_size_stats, zero), 10, 0, SINCE(R_6_18), false },
	ROW("LazyFree:       ", lazyfree),
	ROW("AnonHugePages:  ", anonymous_thp),
	ROW("ShmemPmdMapped: ", shmem_thp),
	ROW("FilePmdMapped:  ", file_thp),
	ROW("Shared_Hugetlb: ", shared_hugetlb),
	{ "Private_Hugetlb: ", offsetof(struct mem_size_stats, private_hugetlb), 10, 7, ALL,
	  false },
	ROW("Swap:           ", swap),
	PSS_ROW("SwapPss:        ", swap_pss, false),
	PSS_ROW("Locked:         ", pss_locked, false),
};

static void show_line(struct out *out, const char *label, u64 value, int width)
{
	out_puts(out, label);
	out_u64(out, value, width);
	out_puts(out, " kB\n");
}

static void show_stats(struct out *out, const struct machine *m,
		       const struct mem_size_stats *stats, bool rollup)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(smaps_rows); i++) {
		const struct smaps_row *row = &smaps_rows[i];
		const u64 *value = (const u64 *)(const void *)((const char *)stats + row->offset);

		if (!span_holds(row->span, m->release) || (row->rollup_only && !rollup))
			continue;
		show_line(out, row->label, *value >> row->shift, row->width ? row->width : 8);
	}
}

static void show_vm_flags(struct out *out, const struct machine *m, u64 flags)
{
	out_puts(out, "VmFlags: ");
	for (unsigned int i = 0; i < nr_vmflag_rows; i++) {
		const struct vmflag_row *row = &vmflag_rows[i];

		if (!(flags & row->flag))
			continue;
		if (row->flag == VM_SOFTDIRTY && !machine_config_bool(m->config, "MEM_SOFT_DIRTY"))
			continue;
		out_puts(out, span_holds(row->span, m->release) ? row->letters : "??");
		out_putc(out, ' ');
	}
	out_putc(out, '\n');
}

static void show_vma(struct out *out, const struct view *v, const struct vm_area_struct *vma)
{
	const struct machine *m = v->m;
	struct mem_size_stats stats = { 0 };

	gather_vma(m, vma, &stats);
	show_map_vma(out, m, vma);
	show_line(out, "Size:           ", (vma->vm_end - vma->vm_start) >> 10, 8);
	show_line(out, "KernelPageSize: ", vma_kernel_pagesize(vma) >> 10, 8);
	show_line(out, "MMUPageSize:    ", vma_kernel_pagesize(vma) >> 10, 8);
	show_stats(out, m, &stats, /* rollup = */ false);
	out_puts(out, "THPeligible:    ");
	out_u64(out, thp_vma_allowable_orders(m, vma, vma->vm_flags, TVA_SMAPS, ~0ULL) != 0,
		rel_thp_eligible_is_wide(m->release) ? 8 : 0);
	out_putc(out, '\n');
	if (machine_config_bool(m->config, "PKEYS"))
		out_printf(out, "ProtectionKey:  %8u\n", vma_pkey(vma));
	show_vm_flags(out, m, vma->vm_flags);
}

static int smaps_show(struct out *out, const struct view *v)
{
	show_vmas(out, v, show_vma);
	return 0;
}

static int rollup_show(struct out *out, const struct view *v)
{
	struct mem_size_stats stats = { 0 };
	const struct mm_struct *mm = view_mm(v);
	u64 start = 0, end = 0;
	size_t line = out->len;

	if (!mm)
		return -ESRCH;
	for (const struct vm_area_struct *vma = vma_first(v->m, mm); vma;
	     vma = vma_next(v->m, vma)) {
		gather_vma(v->m, vma, &stats);
		if (!end)
			start = vma->vm_start;
		end = vma->vm_end;
	}
	out_printf(out, "%08" PRIx64 "-%08" PRIx64 " ---p 00000000 00:00 0 ", start, end);
	pad_map_name(out, v->m, line);
	out_puts(out, "[rollup]\n");
	show_stats(out, v->m, &stats, /* rollup = */ true);
	return 0;
}

static const struct entry entries[] = {
	FILE_ROW("smaps", 0444, smaps_show),
	{ "smaps_rollup", S_IFREG | 0444, ALL, rollup_show, .open = proc_mem_open },
};
static const struct dir smaps_dir = { DIR_FILES(entries) };

TREE_PARTS(task_smaps_parts, { "proc/<PID>", &smaps_dir }, { "proc/<PID>/task/<TID>", &smaps_dir });
