// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Calls that answer: a page is made and mapped in one step (copy, zeropage), one that its
 * file has is mapped (continue), or a marker that kills who touches it is left (poison).
 * Each works page by page and stops at the first that cannot be; a part is told as
 * -EAGAIN with its bytes. Write-protection is a mark of entries.
 */
#include "sim/virt/content.h"
#include "sim/virt/file.h"
#include "sim/virt/fork.h"
#include "sim/virt/huge_memory.h"
#include "sim/virt/hugetlb.h"
#include "sim/virt/memory_internal.h"
#include "sim/virt/mmu_gather.h"
#include "sim/virt/rmap.h"
#include "sim/virt/tlb.h"
#include "sim/virt/userfaultfd.h"
#include "sim/virt/vma.h"

enum fill_kind { FILL_COPY, FILL_ZEROPAGE, FILL_CONTINUE, FILL_POISON };

struct fill {
	struct machine *m;
	struct task_struct *task;	/* who fills: its memory is copied */
	struct vm_area_struct *vma;	/* that gets the page */
	enum fill_kind kind;
	bool wp;
	u64 dst, src;
};

static bool vma_is_shmem(const struct vm_area_struct *vma)
{
	return vma->vm_file && vma->vm_file->inode->kind == INODE_SHMEM;
}

/* ---- One page. ---- */

/* What the new page holds, of the filler's memory. -EFAULT. */
static int copy_contents(const struct fill *f, u32 pfn)
{
	u64 offset = f->src % PAGE_SIZE;
	u8 buf[PAGE_SIZE];
	u32 from;
	int err = fault_in_user(f->m, f->task, f->src, /* write = */ false);

	if (!err && offset)
		err = fault_in_user(f->m, f->task, f->src + PAGE_SIZE - 1, false);
	if (err)
		return err == -ENOBUFS ? err : -EFAULT;
	from = follow_page(f->m, f->task->mm, f->src);
	if (!offset) {
		content_copy(f->m, pfn, from);
		return 0;
	}
	content_read(f->m, from, (u32)offset, buf, (u32)(PAGE_SIZE - offset));
	content_read(f->m, follow_page(f->m, f->task->mm, f->src + PAGE_SIZE - 1), 0,
		     buf + PAGE_SIZE - offset, (u32)offset);
	content_zero(f->m, pfn);
	return content_write(f->m, pfn, 0, buf, PAGE_SIZE);
}

static bool beyond_file(const struct fill *f)
{
	return f->vma->vm_file && linear_page_index(f->vma, f->dst) >=
				  inode_pages(f->vma->vm_file->inode);
}

/* 0: nothing is there, or only a marker. */
static int check_entry(const struct fill *f, pte_t pte, bool markers_too)
{
	if (beyond_file(f))
		return -EFAULT;
	if (pte_none(pte) || (!markers_too && pte_is_marker(pte)))
		return 0;
	return -EEXIST;
}

/* The entry of a page; the file's cache has it, or it is the mapping's own. */
static void install_page(const struct fill *f, pte_t *pte, u32 pfn, bool in_cache)
{
	struct machine *m = f->m;
	struct vm_area_struct *vma = f->vma;
	bool writable = vma->vm_flags & VM_WRITE && !(in_cache && !(vma->vm_flags & VM_SHARED));
	pte_t entry = pte_mkdirty(m, mk_pte(pfn, vma_page_prot(m, vma)));

	entry = writable && !f->wp ? entry | PTE_RW : entry & ~PTE_RW;
	if (f->wp)
		entry |= PTE_UFFD_WP;
	if (in_cache)
		page_add_file_rmap(m, pfn, vma);
	else
		map_new_anon_page(m, vma, f->dst, pfn);
	add_mm_counter(m, vma->vm_mm, mm_counter_of(pfn_to_page(m, pfn)), 1);
	*pte = entry;
	update_mmu_cache(m, vma, f->dst, pte);
}

static int fill_private(const struct fill *f, pte_t *pte)
{
	u32 pfn;
	int err = alloc_user_page(f->m, f->vma, f->dst, &pfn);

	if (err)
		return err;
	err = copy_contents(f, pfn);
	page_set_flag(pfn_to_page(f->m, pfn), PG_uptodate);
	if (!err)
		err = check_entry(f, *pte, /* markers_too = */ false);
	if (err)
		free_pages(f->m, pfn, 0);
	else
		install_page(f, pte, pfn, /* in_cache = */ false);
	return err;
}

/* A new page of the file, which must not have it yet. */
static int fill_shared(const struct fill *f, pte_t *pte)
{
	const struct sgp_request request = { .sgp = SGP_CACHE, .single = true };
	struct inode *inode = f->vma->vm_file->inode;
	u64 pgoff = linear_page_index(f->vma, f->dst), slot;
	u32 pfn;
	int err = 0;

	/* What is copied is read first, whether or not the page can be put there. */
	if (f->kind == FILL_COPY) {
		err = fault_in_user(f->m, f->task, f->src, /* write = */ false);
		if (!err && f->src % PAGE_SIZE)
			err = fault_in_user(f->m, f->task, f->src + PAGE_SIZE - 1, false);
	}
	if (err)
		return err == -ENOBUFS ? err : -EFAULT;
	if (beyond_file(f))
		return -EFAULT;
	if (find_page(f->m, &inode->i_data, pgoff) != PFN_NIL ||
	    shmem_swapped_at(inode, pgoff, &slot))
		return -EEXIST;
	err = shmem_get_folio(f->m, inode, pgoff, &request, &pfn);
	if (err)
		return err == -ENOSPC ? -ENOMEM : err;
	if (f->kind == FILL_COPY)
		err = copy_contents(f, pfn);
	if (!err)
		err = check_entry(f, *pte, /* markers_too = */ false);
	if (err) {
		put_page(f->m, pfn);
		return err;
	}
	set_page_dirty(f->m, pfn);
	install_page(f, pte, pfn, /* in_cache = */ true);
	return 0;
}

static int fill_zero_private(const struct fill *f, pte_t *pte)
{
	int err = check_entry(f, *pte, /* markers_too = */ true);

	if (err)
		return err;
	*pte = mk_pte(f->m->virt->zero_pfn, vma_page_prot(f->m, f->vma) | PTE_SPECIAL);
	update_mmu_cache(f->m, f->vma, f->dst, pte);
	return 0;
}

static int fill_continue(const struct fill *f, pte_t *pte)
{
	u32 pfn = find_page(f->m, &f->vma->vm_file->inode->i_data,
			    linear_page_index(f->vma, f->dst));
	int err;

	if (pfn == PFN_NIL || beyond_file(f))
		return -EFAULT;
	err = check_entry(f, *pte, /* markers_too = */ false);
	if (err)
		return err;
	get_page(f->m, pfn);
	install_page(f, pte, pfn, /* in_cache = */ true);
	return 0;
}

static int fill_poison(const struct fill *f, pte_t *pte)
{
	int err = check_entry(f, *pte, /* markers_too = */ true);

	if (!err)
		*pte = PTE_POISON;
	return err;
}

static int fill_page(const struct fill *f)
{
	bool shared = f->vma->vm_flags & VM_SHARED;
	unsigned int level = 0;
	pte_t *pte;
	int err;

	/* A huge page is not written over. */
	if (leaf_entry(f->m, f->vma->vm_mm, f->dst, &level) && level)
		return -EEXIST;
	err = pte_alloc_map(f->m, f->vma->vm_mm, f->dst, &pte);
	if (err)
		return err;
	switch (f->kind) {
	case FILL_CONTINUE:
		return fill_continue(f, pte);
	case FILL_POISON:
		return fill_poison(f, pte);
	case FILL_ZEROPAGE:
		return shared ? fill_shared(f, pte) : fill_zero_private(f, pte);
	default:
		return shared ? fill_shared(f, pte) : fill_private(f, pte);
	}
}

/* ---- A range. ---- */

/*
 * The one VMA that holds all of the range, registered. Since VMAs have locks of their own
 * it gets an anon_vma with the lock, before anything is looked at.
 */
static int find_dst_vma(struct machine *m, const struct mm_struct *mm, u64 start, u64 len,
			struct vm_area_struct **found)
{
	struct vm_area_struct *vma = vma_lookup(m, mm, start);
	int err = 0;

	if (vma && rel_uffd_prepares_anon_first(m->release) && !(vma->vm_flags & VM_SHARED))
		err = anon_vma_prepare(m, vma);
	if (err)
		return err;
	*found = vma;
	if (vma && linear_page_index(vma, start + len - 1) >= PAGE_INDEX_END)
		return -EFAULT;
	return vma && len <= vma->vm_end - start && vma->uffd ? 0 : -ENOENT;
}

static int check_dst(const struct fill *f)
{
	if (f->wp && !userfaultfd_wp(f->vma))
		return -EINVAL;
	if (is_vm_hugetlb_page(f->vma))
		return f->kind == FILL_ZEROPAGE ? -EINVAL : 0;
	if (!vma_is_anonymous(f->vma) && !vma_is_shmem(f->vma))
		return -EINVAL;
	if (!vma_is_shmem(f->vma) && f->kind == FILL_CONTINUE)
		return -EINVAL;
	return f->vma->vm_flags & VM_SHARED ? 0 : anon_vma_prepare(f->m, f->vma);
}

/* Bytes, or -errno of the first page. */
static s64 fill_range(struct fill *f, const struct userfaultfd_ctx *ctx, u64 len)
{
	u64 done = 0;
	int err;

	err = find_dst_vma(f->m, ctx->mm, f->dst, len, &f->vma);
	if (err)
		return err;
	err = check_dst(f);
	if (!err && is_vm_hugetlb_page(f->vma))
		return hugetlb_mfill(f->m, f->task, f->vma, &(struct hugetlb_fill){
			.dst = f->dst, .src = f->src, .len = len, .wp = f->wp,
			.continues = f->kind == FILL_CONTINUE, .poisons = f->kind == FILL_POISON,
		});
	while (done < len && !err) {
		err = fill_page(f);
		if (err)
			break;
		f->dst += PAGE_SIZE;
		f->src += f->kind == FILL_COPY ? PAGE_SIZE : 0;
		done += PAGE_SIZE;
	}
	return done && err != -ENOBUFS ? (s64)done : err;
}

static int mfill(struct machine *m, struct task_struct *task, const struct userfaultfd_ctx *ctx,
		 enum fill_kind kind, bool wp, struct uffd_fill *fill)
{
	struct fill f = {
		.m = m, .task = task, .kind = kind, .wp = wp, .dst = fill->dst, .src = fill->src,
	};

	if (!ctx->mm->mm_users)
		return -ESRCH;
	/* Its task may be killed for want of memory meanwhile. */
	mmget(ctx->mm);
	fill->done = fill_range(&f, ctx, fill->len);
	mmput(m, ctx->mm);
	if (fill->done < 0)
		return (int)fill->done;
	if (!(fill->mode & UFFDIO_MODE_DONTWAKE))
		userfaultfd_wake(m, ctx->self, fill->dst, (u64)fill->done);
	return (u64)fill->done == fill->len ? 0 : -EAGAIN;
}

/* ---- The calls. ---- */

/* What all of them look at first. */
static int check_call(const struct machine *m, const struct userfaultfd_ctx *ctx,
		      struct uffd_fill *fill, u64 modes)
{
	int err;

	fill->done = 0;
	if (userfaultfd_mmap_changing(m, ctx))
		return -EAGAIN;
	err = uffd_validate_range(m, ctx->mm, fill->dst, fill->len);
	if (err)
		return err;
	return fill->mode & ~modes ? -EINVAL : 0;
}

int uffdio_copy(struct machine *m, struct task_struct *task, struct userfaultfd_ctx *ctx,
		struct uffd_fill *fill)
{
	int err = check_call(m, ctx, fill, UFFDIO_MODE_DONTWAKE | UFFDIO_COPY_MODE_WP);

	if (!err && fill->src + fill->len <= fill->src)
		err = -EINVAL;
	if (!err && rel_uffd_checks_source(m->release))
		err = uffd_validate_bytes(m, ctx->mm, fill->src, fill->len);
	return err ? err : mfill(m, task, ctx, FILL_COPY, fill->mode & UFFDIO_COPY_MODE_WP, fill);
}

int uffdio_zeropage(struct machine *m, struct task_struct *task, struct userfaultfd_ctx *ctx,
		    struct uffd_fill *fill)
{
	int err = check_call(m, ctx, fill, UFFDIO_MODE_DONTWAKE);

	return err ? err : mfill(m, task, ctx, FILL_ZEROPAGE, false, fill);
}

int uffdio_continue(struct machine *m, struct task_struct *task, struct userfaultfd_ctx *ctx,
		    struct uffd_fill *fill)
{
	u64 modes = UFFDIO_MODE_DONTWAKE |
		    (rel_uffd_moves(m->release) ? UFFDIO_CONTINUE_MODE_WP : 0);
	int err = check_call(m, ctx, fill, modes);

	return err ? err : mfill(m, task, ctx, FILL_CONTINUE,
				 fill->mode & UFFDIO_CONTINUE_MODE_WP, fill);
}

int uffdio_poison(struct machine *m, struct task_struct *task, struct userfaultfd_ctx *ctx,
		  struct uffd_fill *fill)
{
	int err;

	if (!rel_uffd_moves(m->release))
		return -EINVAL;
	err = check_call(m, ctx, fill, UFFDIO_MODE_DONTWAKE);
	return err ? err : mfill(m, task, ctx, FILL_POISON, false, fill);
}

int uffdio_wake(struct machine *m, const struct userfaultfd_ctx *ctx, u64 start, u64 len)
{
	int err = uffd_validate_range(m, ctx->mm, start, len);

	if (!err)
		userfaultfd_wake(m, ctx->self, start, len);
	return err;
}

/* ---- Write protection. ---- */

/* What is not there is marked by an entry of its own, which needs a table. */
static int install_markers(struct machine *m, struct vm_area_struct *vma, u64 start, u64 end)
{
	for (u64 addr = start; addr < end; addr += PAGE_SIZE) {
		unsigned int level = 0;
		pte_t *pte;
		int err;

		if (leaf_entry(m, vma->vm_mm, addr, &level) && level)
			continue;
		err = pte_alloc_map(m, vma->vm_mm, addr, &pte);
		if (err)
			return err;
		if (pte_none(*pte))
			*pte = PTE_UFFD_MARKER;
	}
	return 0;
}

int uffd_wp_range(struct machine *m, struct vm_area_struct *vma, u64 start, u64 end, bool enable)
{
	struct mmu_gather tlb;
	int err = 0;

	if (is_vm_hugetlb_page(vma))
		return hugetlb_uffd_wp_range(m, vma, start, end, enable);
	tlb_gather_mmu(m, &tlb, vma->vm_mm);
	uffd_change_protection(&tlb, vma, start, end, enable);
	tlb_finish_mmu(&tlb);
	if (enable && userfaultfd_wp_use_markers(m, vma))
		err = install_markers(m, vma, start, end);
	return err == -ENOMEM && !rel_uffd_moves(m->release) ? 0 : err;
}

/* 6.1: all of the range lies in one VMA; then, in any that follow each other. */
static int writeprotect_range(struct machine *m, const struct userfaultfd_ctx *ctx, u64 start,
			      u64 end, bool enable)
{
	struct vm_area_struct *vma = vma_lookup(m, ctx->mm, start);
	bool many = rel_uffd_moves(m->release);
	int err = -ENOENT;

	if (many && !vma)
		vma = find_vma(m, ctx->mm, start);
	for (; vma && vma->vm_start < end; vma = vma_next(m, vma)) {
		if (!userfaultfd_wp(vma) || (!many && vma->vm_end < end))
			return -ENOENT;
		if (is_vm_hugetlb_page(vma) && (start | end) & ~vma_huge_mask(vma))
			return -EINVAL;
		err = uffd_wp_range(m, vma, MAX(start, vma->vm_start), MIN(end, vma->vm_end),
				    enable);
		if (err)
			return err;
	}
	return err;
}

int uffdio_writeprotect(struct machine *m, const struct userfaultfd_ctx *ctx, u64 start, u64 len,
			u64 mode)
{
	bool enable = mode & UFFDIO_WRITEPROTECT_MODE_WP;
	bool dontwake = mode & UFFDIO_WRITEPROTECT_MODE_DONTWAKE;
	int err;

	if (userfaultfd_mmap_changing(m, ctx))
		return -EAGAIN;
	err = uffd_validate_range(m, ctx->mm, start, len);
	if (err)
		return err;
	if (mode & ~(u64)(UFFDIO_WRITEPROTECT_MODE_WP | UFFDIO_WRITEPROTECT_MODE_DONTWAKE) ||
	    (enable && dontwake))
		return -EINVAL;
	if (!ctx->mm->mm_users)
		return -ESRCH;
	mmget(ctx->mm);
	err = writeprotect_range(m, ctx, start, start + len, enable);
	mmput(m, ctx->mm);
	if (!err && !enable && !dontwake)
		userfaultfd_wake(m, ctx->self, start, len);
	return err;
}
