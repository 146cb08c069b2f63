// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Which VMAs have a context. Registering first looks at all VMAs of the range, then
 * changes them one by one, as mprotect does: they merge with neighbours of the same
 * context and flags, or are split. A VMA that has all the flags already is left as it
 * is; others get those asked for in place of their own.
 */
#include "sim/phys/tunables.h"
#include "sim/virt/hugetlb.h"
#include "sim/virt/file.h"
#include "sim/virt/userfaultfd.h"
#include "sim/virt/vma_internal.h"

int uffd_validate_bytes(const struct machine *m, const struct mm_struct *mm, u64 start, u64 len)
{
	if (len % PAGE_SIZE || !len || start >= mm->task_size || len > mm->task_size - start)
		return -EINVAL;
	return rel_uffd_checks_source(m->release) && start < lowest_address(m->tunables) ?
	       -EINVAL : 0;
}

int uffd_validate_range(const struct machine *m, const struct mm_struct *mm, u64 start, u64 len)
{
	return start % PAGE_SIZE ? -EINVAL : uffd_validate_bytes(m, mm, start, len);
}

static bool vma_is_shmem(const struct vm_area_struct *vma)
{
	return vma->vm_file && vma->vm_file->inode->kind == INODE_SHMEM;
}

static bool vma_can_userfault(const struct vm_area_struct *vma, u64 vm_flags, bool wp_async)
{
	vm_flags &= VM_UFFD_FLAGS;
	if (vma->vm_flags & VM_DROPPABLE)
		return false;
	if (vm_flags & VM_UFFD_MINOR && !is_vm_hugetlb_page(vma) && !vma_is_shmem(vma))
		return false;
	if (wp_async && vm_flags == VM_UFFD_WP)
		return true;
	return vma_is_anonymous(vma) || is_vm_hugetlb_page(vma) || vma_is_shmem(vma);
}

struct registration {
	struct machine *m;
	struct mm_struct *mm;
	u64 start, end;
	u64 vm_flags;		/* VM_UFFD_* */
	u32 ctx;
	bool wp_async;
	bool basic;		/* huge pages are among them */
};

static bool huge_misaligned(const struct vm_area_struct *vma, u64 addr)
{
	return is_vm_hugetlb_page(vma) && addr & ~vma_huge_mask(vma);
}

static int check_register(struct registration *r, const struct vm_area_struct *vma)
{
	if (!vma_can_userfault(vma, r->vm_flags, r->wp_async))
		return -EINVAL;
	/* What answers fills a file's holes: only who may write to it. */
	if (!(vma->vm_flags & VM_MAYWRITE))
		return -EPERM;
	if (r->end <= vma->vm_end && huge_misaligned(vma, r->end))
		return -EINVAL;
	if (vma->uffd && vma->uffd != r->ctx)
		return -EBUSY;
	r->basic |= is_vm_hugetlb_page(vma);
	return 0;
}

static int check_unregister(struct registration *r, const struct vm_area_struct *vma)
{
	/* Since 6.17: not through another descriptor. */
	if (vma->uffd && vma->uffd != r->ctx && rel_uffd_unregisters_own(r->m->release))
		return -EINVAL;
	return vma_can_userfault(vma, vma->vm_flags, r->wp_async) ? 0 : -EINVAL;
}

/* All VMAs of the range, of which there must be one. */
static int check_all(struct registration *r,
		     int (*check)(struct registration *r, const struct vm_area_struct *vma))
{
	struct vm_area_struct *vma = find_vma(r->m, r->mm, r->start);
	int err = 0;

	if (!vma)
		return rel_uffd_nothing_is_invalid(r->m->release) ? -EINVAL : -ENOMEM;
	if (vma->vm_start >= r->end || huge_misaligned(vma, r->start))
		return -EINVAL;
	for (; vma && vma->vm_start < r->end && !err; vma = vma_next(r->m, vma))
		err = check(r, vma);
	return err;
}

/* [start, end) of a VMA changes: *vma is what it is part of afterwards. */
static int set_ctx(struct machine *m, struct vm_area_struct **vma, u64 start, u64 end, u64 flags,
		   u32 ctx)
{
	int err = vma_modify_uffd(m, vma, start, end, flags, ctx);

	if (err)
		return err;
	vma_set_flags(*vma, flags);
	(*vma)->uffd = ctx;
	if (is_vm_hugetlb_page(*vma) && flags & (VM_UFFD_WP | VM_UFFD_MINOR))
		hugetlb_unshare_all_pmds(m, *vma);
	/* Until 6.3 the next VMA was asked with another offset. */
	if (rel_uffd_tail_stays(m->release))
		vma_stays_apart(m, vma_next(m, *vma), APART_MARKED);
	return 0;
}

static int register_vma(const struct registration *r, struct vm_area_struct **vma, u64 start,
			u64 end)
{
	u64 flags = ((*vma)->vm_flags & ~VM_UFFD_FLAGS) | r->vm_flags;

	if ((*vma)->uffd == r->ctx && ((*vma)->vm_flags & r->vm_flags) == r->vm_flags)
		return 0;
	return set_ctx(r->m, vma, start, end, flags, r->ctx);
}

static int unregister_vma(const struct registration *r, struct vm_area_struct **vma, u64 start,
			  u64 end)
{
	u32 ctx = (*vma)->uffd;
	int err = 0;

	if (!ctx)
		return 0;
	if (userfaultfd_missing(*vma))
		userfaultfd_wake(r->m, ctx, start, end - start);
	if (userfaultfd_wp(*vma))
		err = uffd_wp_range(r->m, *vma, start, end, /* enable = */ false);
	return err ? err : set_ctx(r->m, vma, start, end, (*vma)->vm_flags & ~VM_UFFD_FLAGS, 0);
}

static int change_all(const struct registration *r,
		      int (*change)(const struct registration *r, struct vm_area_struct **vma,
				    u64 start, u64 end))
{
	struct vm_area_struct *vma = find_vma(r->m, r->mm, r->start);
	int err = 0;

	while (vma && vma->vm_start < r->end && !err) {
		err = change(r, &vma, MAX(vma->vm_start, r->start), MIN(vma->vm_end, r->end));
		if (!err)
			vma = vma_next(r->m, vma);
	}
	return err;
}

/* What works on the range, now that its VMAs are known. */
static u64 registered_ioctls(const struct registration *r)
{
	u64 ioctls = userfaultfd_range_ioctls(r->m);

	if (r->basic)
		ioctls &= ~(1ULL << _UFFDIO_ZEROPAGE | 1ULL << _UFFDIO_MOVE);
	if (!(r->vm_flags & VM_UFFD_WP))
		ioctls &= ~(1ULL << _UFFDIO_WRITEPROTECT);
	if (!(r->vm_flags & VM_UFFD_MINOR))
		ioctls &= ~(1ULL << _UFFDIO_CONTINUE);
	return ioctls;
}

int uffdio_register(struct machine *m, struct userfaultfd_ctx *ctx, u64 start, u64 len, u64 mode,
		    u64 *ioctls)
{
	const u64 wide = UFFDIO_REGISTER_MODE_WP | UFFDIO_REGISTER_MODE_MINOR;
	struct registration r = {
		.m = m, .mm = ctx->mm, .start = start, .end = start + len, .ctx = ctx->self,
		.wp_async = ctx->features & UFFD_FEATURE_WP_ASYNC,
	};
	int err;

	*ioctls = 0;
	if (!mode || mode & ~(wide | UFFDIO_REGISTER_MODE_MISSING) ||
	    (mode & wide && m->arch->bits == 32))
		return -EINVAL;
	r.vm_flags = (mode & UFFDIO_REGISTER_MODE_MISSING ? VM_UFFD_MISSING : 0) |
		     (mode & UFFDIO_REGISTER_MODE_WP ? VM_UFFD_WP : 0) |
		     (mode & UFFDIO_REGISTER_MODE_MINOR ? VM_UFFD_MINOR : 0);
	err = uffd_validate_range(m, ctx->mm, start, len);
	if (err)
		return err;
	if (!ctx->mm->mm_users)
		return -ENOMEM;
	err = check_all(&r, check_register);
	if (!err)
		err = change_all(&r, register_vma);
	if (!err)
		*ioctls = registered_ioctls(&r);
	return err;
}

int uffdio_unregister(struct machine *m, const struct userfaultfd_ctx *ctx, u64 start, u64 len)
{
	struct registration r = {
		.m = m, .mm = ctx->mm, .start = start, .end = start + len, .ctx = ctx->self,
		.wp_async = ctx->features & UFFD_FEATURE_WP_ASYNC,
	};
	int err = uffd_validate_range(m, ctx->mm, start, len);

	if (err)
		return err;
	if (!ctx->mm->mm_users)
		return -ENOMEM;
	err = check_all(&r, check_unregister);
	return err ? err : change_all(&r, unregister_vma);
}

void userfaultfd_reset_ctx(struct vm_area_struct *vma)
{
	vma->vm_flags &= ~VM_UFFD_FLAGS;
	vma->uffd = 0;
}

/* One that cannot be merged for want of memory is let go of as it is. */
void userfaultfd_clear_all(struct machine *m, const struct userfaultfd_ctx *ctx)
{
	struct vm_area_struct *vma;

	for (vma = vma_first(m, ctx->mm); vma; vma = vma_next(m, vma)) {
		if (vma->uffd != ctx->self)
			continue;
		/* Marks go without new tables. */
		if ((userfaultfd_wp(vma) &&
		     uffd_wp_range(m, vma, vma->vm_start, vma->vm_end, /* enable = */ false)) ||
		    set_ctx(m, &vma, vma->vm_start, vma->vm_end, vma->vm_flags & ~VM_UFFD_FLAGS, 0)) {
			userfaultfd_reset_ctx(vma);
			vma->apart = APART_MARKED;
		}
	}
}
