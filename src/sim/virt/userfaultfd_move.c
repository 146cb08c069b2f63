// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * UFFDIO_MOVE: pages change their place in one address space without a copy. Only what
 * this mapping alone has can go: its page then names the other VMA's anon_vma and its
 * offset there.
 */
#include "sim/virt/huge_memory.h"
#include "sim/virt/memory_internal.h"
#include "sim/virt/rmap.h"
#include "sim/virt/swap.h"
#include "sim/virt/tlb.h"
#include "sim/virt/userfaultfd.h"
#include "sim/virt/vma.h"

struct move {
	struct machine *m;
	struct vm_area_struct *dst_vma, *src_vma;
	u64 dst, src;
	bool holes;		/* what is not there is passed over */
};

static bool may_move(const struct vm_area_struct *vma)
{
	return !(vma->vm_flags & (VM_PFNMAP | VM_IO | VM_HUGETLB | VM_MIXEDMAP));
}

/* A private destination gets its anon_vma before anything is looked at. */
static int find_vmas(struct move *mv, const struct mm_struct *mm)
{
	int err = 0;

	mv->dst_vma = vma_lookup(mv->m, mm, mv->dst);
	if (!mv->dst_vma)
		return -ENOENT;
	if (!(mv->dst_vma->vm_flags & VM_SHARED))
		err = anon_vma_prepare(mv->m, mv->dst_vma);
	if (err)
		return err;
	if (linear_page_index(mv->dst_vma, mv->dst) >= PAGE_INDEX_END)
		return -EFAULT;
	mv->src_vma = vma_lookup(mv->m, mm, mv->src);
	return mv->src_vma ? 0 : -ENOENT;
}

static int check_vmas(const struct move *mv, const struct userfaultfd_ctx *ctx, u64 len)
{
	const struct vm_area_struct *dst = mv->dst_vma, *src = mv->src_vma;

	if (src->vm_flags & VM_SHARED || len > src->vm_end - mv->src)
		return -EINVAL;
	if (dst->vm_flags & VM_SHARED || len > dst->vm_end - mv->dst)
		return -EINVAL;
	if ((src->vm_flags ^ dst->vm_flags) & (VM_ACCESS_FLAGS | VM_LOCKED) ||
	    vma_page_prot(mv->m, src) != vma_page_prot(mv->m, dst))
		return -EINVAL;
	if (!(src->vm_flags & VM_WRITE) || !may_move(src) || !may_move(dst))
		return -EINVAL;
	if (dst->uffd != ctx->self)
		return -EINVAL;
	return vma_is_anonymous(dst) && vma_is_anonymous(src) ? 0 : -EINVAL;
}

/* The page's entry goes from one place to the other. */
static void move_present_pte(const struct move *mv, pte_t *dst, pte_t *src, u32 pfn)
{
	struct machine *m = mv->m;
	pte_t old = *src, entry = mk_pte(pfn, vma_page_prot(m, mv->dst_vma));

	ptep_clear_flush(m, mv->src_vma, mv->src, src);
	page_move_anon_rmap(m, pfn, mv->dst_vma);
	page_set_index(pfn_to_page(m, pfn), linear_page_index(mv->dst_vma, mv->dst));
	entry |= (old & PTE_DIRTY) | m->virt->pgtables->soft_dirty;
	*dst = entry | PTE_RW;
}

static void move_zeropage(const struct move *mv, pte_t *dst, pte_t *src)
{
	ptep_clear_flush(mv->m, mv->src_vma, mv->src, src);
	*dst = mk_pte(mv->m->virt->zero_pfn, vma_page_prot(mv->m, mv->dst_vma) | PTE_SPECIAL);
}

/* A slot that nobody else has; its page, if it is in memory, belongs to the new place. */
static int move_swap_pte(const struct move *mv, pte_t *dst, pte_t *src)
{
	struct machine *m = mv->m;
	u32 pfn = swap_cache_find(m, pte_to_swp_entry(*src), NULL);

	if (!(*src & SWP_EXCLUSIVE))
		return -EBUSY;
	if (pfn != PFN_NIL && page_flag(pfn_folio(m, pfn), PG_anon)) {
		if (folio_is_large(pfn_folio(m, pfn)))
			return -EBUSY;
		page_move_anon_rmap(m, pfn, mv->dst_vma);
		page_set_index(pfn_to_page(m, pfn), linear_page_index(mv->dst_vma, mv->dst));
	}
	*dst = *src | m->virt->pgtables->soft_dirty;
	*src = 0;
	return 0;
}

static int move_pte(const struct move *mv, pte_t *dst, pte_t *src)
{
	const struct page *page;
	u32 pfn;
	int err;

	if (!pte_none(*dst))
		return -EEXIST;
	if (pte_none(*src))
		return mv->holes ? 0 : -ENOENT;
	if (pte_is_swap(*src))
		return move_swap_pte(mv, dst, src);
	if (!pte_present(*src))
		return -EFAULT;
	pfn = vm_normal_page(*src);
	if (pfn == PFN_NIL) {
		move_zeropage(mv, dst, src);
		return 0;
	}
	page = pfn_to_page(mv->m, pfn);
	if (!page_flag(folio_of_const(page), PG_anon) || !page_flag(page, PG_anon_exclusive))
		return -EBUSY;
	if (folio_is_large(folio_of_const(page))) {
		get_page(mv->m, pfn);
		err = split_folio(mv->m, pfn);
		put_page(mv->m, pfn);
		if (err)
			return err == -ENOBUFS ? err : -EBUSY;
	}
	move_present_pte(mv, dst, src, pfn);
	return 0;
}

static int move_page(const struct move *mv)
{
	pte_t *src, *dst;
	int err;

	src = pte_offset_map(mv->m, mv->src_vma->vm_mm, mv->src);
	if (!src && !mv->holes)
		return -ENOENT;
	err = pte_alloc_map(mv->m, mv->dst_vma->vm_mm, mv->dst, &dst);
	if (!err)
		err = pte_alloc_map(mv->m, mv->src_vma->vm_mm, mv->src, &src);
	if (err)
		return err;
	/* A second table may have been made: not the first one's place. */
	dst = pte_offset_map(mv->m, mv->dst_vma->vm_mm, mv->dst);
	return move_pte(mv, dst, src);
}

/* ---- Huge pages. ---- */

static void move_huge_page(const struct move *mv, u64 *dst, u64 *src)
{
	struct machine *m = mv->m;
	u64 prot = vma_page_prot(m, mv->dst_vma) | PTE_PSE;
	u32 pfn = (u32)pte_pfn(*src);
	bool zero = *src & PTE_SPECIAL;

	if (!zero) {
		page_move_anon_rmap(m, pfn, mv->dst_vma);
		page_set_index(pfn_to_page(m, pfn), linear_page_index(mv->dst_vma, mv->dst));
	}
	move_huge_pmd(m, mv->src_vma, mv->src, mv->dst, src, dst);
	if (zero)
		*dst = mk_pte(pfn, prot | PTE_SPECIAL) | (*dst & PTE_SOFT_DIRTY);
	else
		*dst = pte_mkdirty(m, mk_pte(pfn, prot)) | PTE_RW;
}

/* A huge page goes as a whole if all of it goes, and fits; else it is split. 1: it went. */
static int move_huge(const struct move *mv, u64 left)
{
	struct machine *m = mv->m;
	u64 size = hpage_pmd_size(m), *dst, *src;
	int err;

	if (!table_entry(m, mv->src_vma->vm_mm, mv->src, 1) && !mv->holes)
		return -ENOENT;
	err = table_alloc_entry(m, mv->dst_vma->vm_mm, mv->dst, 1, &dst);
	if (err)
		return err;
	if (entry_is_huge(*dst))
		return -EEXIST;
	src = table_entry(m, mv->src_vma->vm_mm, mv->src, 1);
	if (!src || !entry_is_huge(*src))
		return 0;
	if (!(*src & PTE_SPECIAL) && !page_flag(pfn_to_page(m, pte_pfn(*src)), PG_anon_exclusive))
		return -EBUSY;
	if ((mv->src | mv->dst) & (size - 1) || left < size || *dst) {
		__split_huge_pmd(m, mv->src_vma, mv->src, src);
		return 0;
	}
	move_huge_page(mv, dst, src);
	return 1;
}

static s64 move_pages(struct move *mv, const struct userfaultfd_ctx *ctx, u64 len)
{
	u64 done = 0, step;
	int err = find_vmas(mv, ctx->mm);

	if (!err)
		err = check_vmas(mv, ctx, len);
	for (; done < len && !err; done += step) {
		int whole = move_huge(mv, len - done);

		step = whole ? hpage_pmd_size(mv->m) : PAGE_SIZE;
		err = whole < 0 ? whole : whole ? 0 : move_page(mv);
		if (err)
			break;
		mv->dst += step;
		mv->src += step;
	}
	return done && err != -ENOBUFS ? (s64)done : err;
}

int uffdio_move(struct machine *m, struct task_struct *task, struct userfaultfd_ctx *ctx,
		struct uffd_fill *fill)
{
	struct move mv = {
		.m = m, .dst = fill->dst, .src = fill->src,
		.holes = fill->mode & UFFDIO_MOVE_MODE_ALLOW_SRC_HOLES,
	};
	int err;

	fill->done = 0;
	if (!rel_uffd_moves(m->release))
		return -EINVAL;
	if (userfaultfd_mmap_changing(m, ctx))
		return -EAGAIN;
	if (ctx->mm != task->mm)
		return -EINVAL;
	err = uffd_validate_range(m, ctx->mm, fill->dst, fill->len);
	if (!err)
		err = uffd_validate_range(m, ctx->mm, fill->src, fill->len);
	if (err)
		return err;
	if (fill->mode & ~(u64)(UFFDIO_MODE_DONTWAKE | UFFDIO_MOVE_MODE_ALLOW_SRC_HOLES))
		return -EINVAL;
	fill->done = move_pages(&mv, ctx, fill->len);
	if (fill->done < 0)
		return (int)fill->done;
	if (!(fill->mode & UFFDIO_MODE_DONTWAKE))
		userfaultfd_wake(m, ctx->self, fill->dst, (u64)fill->done);
	return (u64)fill->done == fill->len ? 0 : -EAGAIN;
}
