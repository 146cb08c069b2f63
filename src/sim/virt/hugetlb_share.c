// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Tables of huge pages that several address spaces have: where mappings with the same flags
 * have the same whole, aligned GiB of a file at the same place of a GiB, the one that
 * comes later takes the table that is there. Everybody counts it in pgtables_bytes, the
 * machine once; its pages are mapped once, and counted for who faulted them in. Whoever
 * would change an entry for himself alone lets go of the whole table first and finds
 * its pages again by faults; the last one has it as any other table.
 */
#include "sim/base/bug.h"
#include "sim/virt/hugetlb.h"
#include "sim/virt/memory_internal.h"
#include "sim/virt/mmu_gather.h"
#include "sim/virt/rmap.h"
#include "sim/virt/vma.h"

#define PMD_LEVEL 1
#define PUD_LEVEL 2

typedef unsigned long long ull;

static inline u64 pud_mask(const struct machine *m)
{
	return ~(table_span(m, PUD_LEVEL) - 1);
}

static bool covers(const struct machine *m, const struct vm_area_struct *vma, u64 addr)
{
	u64 base = addr & pud_mask(m);

	return base >= vma->vm_start && base + table_span(m, PUD_LEVEL) <= vma->vm_end;
}

/* The tables of a mapping that is told of writes, or of what is cached, are its own. */
static bool want_pmd_share(const struct machine *m, const struct vm_area_struct *vma, u64 addr)
{
	return m->arch->bits == 64 && vma->vm_flags & VM_MAYSHARE && vma->hugetlb_lock &&
	       !(vma->vm_flags & (VM_UFFD_WP | VM_UFFD_MINOR)) &&
	       hugetlb_level(m, vma) == PMD_LEVEL && covers(m, vma, addr);
}

/* Where svma has what vma has at addr, if the same table could serve both; 0. */
static u64 page_table_shareable(const struct machine *m, const struct vm_area_struct *svma,
				const struct vm_area_struct *vma, u64 addr)
{
	u64 saddr = vma_address_of(svma, linear_page_index(vma, addr));
	const u64 locked = VM_LOCKED | VM_LOCKONFAULT;

	if ((addr ^ saddr) & ~pud_mask(m) || (svma->vm_flags ^ vma->vm_flags) & ~locked ||
	    !svma->hugetlb_lock || !covers(m, svma, saddr))
		return 0;
	return saddr;
}

static u64 *pud_of(const struct machine *m, const struct vm_area_struct *vma, u64 addr)
{
	return table_entry(m, vma->vm_mm, addr, PUD_LEVEL);
}

static void huge_pmd_share(struct machine *m, struct vm_area_struct *vma, u64 addr, u64 *pud)
{
	const struct interval_tree *tree = &vma->vm_file->inode->i_data.i_mmap;
	u64 idx = linear_page_index(vma, addr);
	struct interval_node *node;

	for (node = interval_tree_first(tree, idx, idx); node;
	     node = interval_tree_next(node, idx, idx)) {
		struct vm_area_struct *svma = container_of(node, struct vm_area_struct, shared);
		u64 saddr = svma == vma ? 0 : page_table_shareable(m, svma, vma, addr), *theirs;

		theirs = saddr ? pud_of(m, svma, saddr) : NULL;
		if (!theirs || !*theirs)
			continue;
		table_share(m, vma->vm_mm, pud, *theirs);
		vma->vm_mm->shares_hugetlb = svma->vm_mm->shares_hugetlb = true;
		machine_why(m, "the GiB of %#llx has the table of mm %u, who maps it alike",
			    (ull)(addr & pud_mask(m)), svma->vm_mm->self);
		return;
	}
}

int huge_pte_alloc(struct machine *m, struct vm_area_struct *vma, u64 addr, u64 **pte)
{
	if (want_pmd_share(m, vma, addr)) {
		u64 *pud;
		int err = table_alloc_entry(m, vma->vm_mm, addr, PUD_LEVEL, &pud);

		if (err)
			return err;
		if (!*pud)
			huge_pmd_share(m, vma, addr, pud);
	}
	return table_alloc_entry(m, vma->vm_mm, addr, (int)hugetlb_level(m, vma), pte);
}

/* The kernel looks for a table to share here, too, with a lock held that it needs for that. */
int hugetlb_own_pte_alloc(struct machine *m, struct vm_area_struct *vma, u64 addr, u64 **pte)
{
	if (want_pmd_share(m, vma, addr) && !huge_pte_offset(m, vma, addr))
		machine_why(m, "the table of %#llx could be shared: the kernel's mremap would wait "
			    "for a lock that it has (i_mmap_rwsem), for ever", (ull)addr);
	return table_alloc_entry(m, vma->vm_mm, addr, (int)hugetlb_level(m, vma), pte);
}

bool hugetlb_pmd_shared(const struct machine *m, const struct vm_area_struct *vma, u64 addr)
{
	const u64 *pud = hugetlb_level(m, vma) == PMD_LEVEL && m->virt->pgtables->top > PMD_LEVEL ?
				 pud_of(m, vma, addr) : NULL;

	return pud && *pud && pt_share_count(m, pte_pfn(*pud));
}

bool huge_pmd_unshare(struct mmu_gather *tlb, const struct vm_area_struct *vma, u64 addr)
{
	struct machine *m = tlb->m;

	if (likely(!hugetlb_pmd_shared(m, vma, addr)))
		return false;
	table_unshare(m, vma->vm_mm, pud_of(m, vma, addr));
	tlb_flush_level_range(tlb, addr & pud_mask(m), table_span(m, PUD_LEVEL), PMD_LEVEL);
	return true;
}

static void unshare_range(struct machine *m, const struct vm_area_struct *vma, u64 start, u64 end)
{
	struct mmu_gather tlb;

	tlb_gather_mmu(m, &tlb, vma->vm_mm);
	for (u64 addr = start; addr < end; addr += table_span(m, PUD_LEVEL))
		(void)huge_pmd_unshare(&tlb, vma, addr);
	tlb_finish_mmu(&tlb);
}

void hugetlb_unshare_all_pmds(struct machine *m, const struct vm_area_struct *vma)
{
	if (vma->vm_flags & VM_MAYSHARE && m->arch->bits == 64)
		unshare_range(m, vma, ALIGN_UP(vma->vm_start, table_span(m, PUD_LEVEL)),
			      vma->vm_end & pud_mask(m));
}

void hugetlb_split(struct machine *m, const struct vm_area_struct *vma, u64 addr)
{
	u64 base;

	if (!is_vm_hugetlb_page(vma) || !(vma->vm_flags & VM_MAYSHARE) || m->arch->bits != 64)
		return;
	base = addr & pud_mask(m);
	if (addr != base && covers(m, vma, addr))
		unshare_range(m, vma, base, base + table_span(m, PUD_LEVEL));
}

/* ---- What must hold. ---- */

/* Mappings of the file that have the table; *first: the first of them. */
static u32 count_sharers(const struct machine *m, const struct vm_area_struct *vma, u64 addr,
			 u64 table, const struct vm_area_struct **first)
{
	const struct interval_tree *tree = &vma->vm_file->inode->i_data.i_mmap;
	u64 idx = linear_page_index(vma, addr);
	struct interval_node *node;
	u32 nr = 0;

	for (node = interval_tree_first(tree, idx, idx); node;
	     node = interval_tree_next(node, idx, idx)) {
		const struct vm_area_struct *svma =
			container_of(node, struct vm_area_struct, shared);
		u64 saddr = vma_address_of(svma, idx);
		const u64 *pud = pud_of(m, svma, saddr);

		if (!pud || !*pud || pte_pfn(*pud) != table)
			continue;
		/* Two parts of one GiB of an mm have one table, and one entry that names it. */
		if (svma != vma && !covers(m, svma, saddr))
			continue;
		if (!nr++)
			*first = svma;
	}
	return nr;
}

bool hugetlb_counts_entry(const struct machine *m, const struct vm_area_struct *vma, u64 addr)
{
	const struct vm_area_struct *first = vma;

	if (hugetlb_pmd_shared(m, vma, addr))
		(void)count_sharers(m, vma, addr, pte_pfn(*pud_of(m, vma, addr)), &first);
	return first == vma;
}

u64 hugetlb_shared_validate(const struct machine *m, const struct vm_area_struct *vma,
			    struct check *check)
{
	const struct vm_area_struct *first = NULL;
	u64 again = 0, addr = vma->vm_start;

	if (hugetlb_level(m, vma) != PMD_LEVEL || m->virt->pgtables->top <= PMD_LEVEL)
		return 0;
	for (; addr < vma->vm_end; addr = (addr & pud_mask(m)) + table_span(m, PUD_LEVEL)) {
		const u64 *pud = pud_of(m, vma, addr);
		u64 table = pud ? pte_pfn(*pud) : 0;
		u32 nr, expected;

		if (!pud || !*pud || !page_present(m, table))
			continue;
		nr = count_sharers(m, vma, addr, table, &first);
		expected = pt_share_count(m, table) + 1;
		check->nr_checked += 2;
		if (nr != expected)
			check_fail(check, "T11", "mm %u, table 0x%llx for 0x%llx: expected %u that "
				   "have it, found %u", vma->vm_mm->self, (ull)table, (ull)addr,
				   expected, nr);
		if (expected > 1 && !want_pmd_share(m, vma, addr))
			check_fail(check, "T11", "mm %u, table 0x%llx for 0x%llx: expected one of "
				   "its own, found %u that have it", vma->vm_mm->self,
				   (ull)table, (ull)addr, expected);
		again += nr > 1 && first != vma;
	}
	return again;
}
