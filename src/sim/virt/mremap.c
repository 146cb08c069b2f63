// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * mremap: a mapping shrinks, grows where it is, or moves. A move copies the VMA, moves
 * its page table entries and unmaps the old place; memory that was promised moves with
 * it and is not charged twice. 6.1 empties the new place before it looks at the old
 * mapping, later releases look first; they also move several VMAs in one call.
 */
#include "sim/phys/tunables.h"
#include "sim/virt/file.h"
#include "sim/virt/hugetlb.h"
#include "sim/virt/memory.h"
#include "sim/virt/mmap.h"
#include "sim/virt/rmap.h"
#include "sim/virt/task.h"
#include "sim/virt/userfaultfd.h"
#include "sim/virt/vma_internal.h"

/* One call; of several VMAs, the one that is moved now. */
struct remap {
	struct machine *m;
	struct task_struct *task;
	struct mm_struct *mm;
	u64 addr, old_len, new_len, new_addr;
	u64 flags;
	struct vm_area_struct *vma;	/* holds addr */
	u64 cut;		/* bytes that went before it moves, and are charged */
	u64 charged;		/* pages */
	bool populate;		/* locked, and it grew */
};

static bool has_new_addr(const struct remap *r)
{
	return r->flags & (MREMAP_FIXED | MREMAP_DONTUNMAP);
}

static bool overlaps(const struct remap *r)
{
	return user_word(r->m, r->addr + r->old_len) > r->new_addr &&
	       user_word(r->m, r->new_addr + r->new_len) > r->addr;
}

/* Two more splits must leave room for the four VMAs that a move may need. */
static bool too_many_maps(const struct remap *r, int more)
{
	return r->mm->map_count + more >= r->m->tunables->max_map_count - 3;
}

/* munmap() with its checks; a range that no address space has is -EINVAL. */
static int remap_unmap(const struct remap *r, u64 start, u64 len)
{
	u64 limit = task_size_max(r->m);

	if (start > limit || len > limit - start || !len)
		return -EINVAL;
	return do_vmi_munmap(r->m, r->mm, start, start + len);
}

/* What the address that the caller wants must be like. */
static int check_new_addr(const struct remap *r)
{
	u64 limit = task_size_max(r->m);

	if (r->new_addr % PAGE_SIZE || r->new_len > limit || r->new_addr > limit - r->new_len ||
	    overlaps(r))
		return -EINVAL;
	return too_many_maps(r, 2) ? -ENOMEM : 0;
}

/* Arguments alone; lengths are whole pages. raw_*: as they were given. */
static int check_params(const struct remap *r, u64 raw_old_len, u64 raw_new_len)
{
	bool first = rel_mremap_checks_first(r->m->release);
	u64 old_len = first ? r->old_len : raw_old_len, new_len = first ? r->new_len : raw_new_len;

	if (r->flags & ~(u64)(MREMAP_FIXED | MREMAP_MAYMOVE | MREMAP_DONTUNMAP))
		return -EINVAL;
	if (has_new_addr(r) && !(r->flags & MREMAP_MAYMOVE))
		return -EINVAL;
	if (r->flags & MREMAP_DONTUNMAP && old_len != new_len)
		return -EINVAL;
	if (r->addr % PAGE_SIZE || !r->new_len)
		return -EINVAL;
	if (!first)
		return 0;
	if (r->new_len > task_size_max(r->m))
		return -EINVAL;
	return has_new_addr(r) ? check_new_addr(r) : 0;
}

/* May the mapping move, or grow by that much? A shrinking one is cut before. */
static int check_resize(struct remap *r, u64 old_len)
{
	const struct vm_area_struct *vma = r->vma;
	u64 flags = vma->vm_flags, pgoff = linear_page_index(vma, r->addr);
	u64 growth = r->new_len - old_len;

	if (!old_len && !(flags & (VM_SHARED | VM_MAYSHARE)))
		return -EINVAL;
	if (r->flags & MREMAP_DONTUNMAP && flags & (VM_DONTEXPAND | VM_PFNMAP))
		return -EINVAL;
	if (old_len > vma->vm_end - r->addr)
		return -EFAULT;
	if (!growth)
		return 0;
	if (pgoff + (r->new_len >> PAGE_SHIFT) < pgoff)
		return -EINVAL;
	if (flags & (VM_DONTEXPAND | VM_PFNMAP))
		return -EFAULT;
	if (!mlock_future_ok(r->task, r->mm, flags, growth))
		return -EAGAIN;
	if (!may_expand_vm(r->m, r->task, r->mm, flags, growth >> PAGE_SHIFT))
		return -ENOMEM;
	r->populate = flags & VM_LOCKED;
	return 0;
}

/* Huge pages move and shrink whole, and never grow. */
static int align_hugetlb(struct remap *r)
{
	u64 mask;

	if (!is_vm_hugetlb_page(r->vma))
		return 0;
	mask = vma_huge_mask(r->vma);
	r->old_len = (r->old_len + ~mask) & mask;
	r->new_len = (r->new_len + ~mask) & mask;
	return r->addr & ~mask || r->new_addr & ~mask || r->new_len > r->old_len ? -EINVAL : 0;
}

/* Later releases: all that can be known before the first change. */
static int check_vma(struct remap *r)
{
	if (!r->vma)
		return -EFAULT;
	if (vma_is_sealed(r->vma))
		return -EPERM;
	if (align_hugetlb(r))
		return -EINVAL;
	if (!has_new_addr(r) && r->old_len >= r->new_len)
		return 0;
	return check_resize(r, MIN(r->old_len, r->new_len));
}

/* Where it goes: the caller's address, near a hint, or anywhere. */
static int choose_new_addr(struct remap *r)
{
	struct mmap_request req = {
		.addr = has_new_addr(r) ? r->new_addr : 0, .len = r->new_len,
		.file = r->vma->vm_file,
	};

	if (r->flags & MREMAP_FIXED)
		req.flags |= MAP_FIXED;
	if (r->vma->vm_flags & VM_MAYSHARE)
		req.flags |= MAP_SHARED;
	return get_unmapped_area(r->m, r->task, &req, linear_page_index(r->vma, r->addr),
				 &r->new_addr);
}

/* Promise what the new mapping has more than the old one keeps. */
static int charge(struct remap *r)
{
	u64 bytes = r->flags & MREMAP_DONTUNMAP ? r->new_len :
		    r->new_len - r->old_len + r->cut;

	r->charged = 0;
	if (!(r->vma->vm_flags & VM_ACCOUNT))
		return 0;
	if (security_vm_enough_memory(r->m, r->task, r->mm, bytes >> PAGE_SHIFT))
		return -ENOMEM;
	r->charged = bytes >> PAGE_SHIFT;
	return 0;
}

static void uncharge(struct remap *r)
{
	vm_unacct_memory(r->m, r->charged);
	r->charged = 0;
}

static int check_split(const struct remap *r)
{
	const struct vm_area_struct *vma = r->vma;

	if (!vma->vm_ops || vma->vm_ops->may_split)
		return 0;
	return vma->vm_start != r->addr || vma->vm_end != r->addr + r->old_len ? -EINVAL : 0;
}

/*
 * The two mappings never become one, the old one's page offset is that of its address,
 * and only the part that moved is no longer locked: late fixes of 6.1, lost in 6.15.
 */
static bool dontunmap_is_tidy(const struct machine *m)
{
	return machine_config_bool(m->config, "DONTUNMAP_FIXES");
}

/* What stays is no longer locked, but counts: since the fixes were lost. */
static bool dontunmap_locks_twice(const struct machine *m)
{
	return rel_dontunmap_locks_twice(m->release) && !dontunmap_is_tidy(m);
}

/* Locked memory of which a part stays behind without its lock: a VMA of its own. */
static int split_locked_part(struct remap *r)
{
	int err = 0;

	if (!(r->flags & MREMAP_DONTUNMAP) || !(r->vma->vm_flags & VM_LOCKED) ||
	    !dontunmap_is_tidy(r->m))
		return 0;
	if (r->vma->vm_start != r->addr)
		err = split_vma(r->m, r->vma, r->addr, /* new_below = */ true, NULL);
	if (!err && r->vma->vm_end != r->addr + r->old_len)
		err = split_vma(r->m, r->vma, r->addr + r->old_len, false, NULL);
	return err;
}

/* The flag is hidden while a part goes, so that its promise is not given back. */
static int unmap_source(struct remap *r, u64 addr, u64 len)
{
	struct vm_area_struct *vma = r->vma, *rest;
	u64 start = vma->vm_start, end = vma->vm_end, hidden = vma->vm_flags & VM_ACCOUNT;
	int err;

	vma->vm_flags &= ~hidden;
	err = remap_unmap(r, addr, len);
	if (err) {
		/* Nothing went, though it may be split: both places stay and are charged. */
		for (vma = find_vma(r->m, r->mm, start); vma && vma->vm_start < end;
		     vma = vma_next(r->m, vma))
			vma->vm_flags |= hidden;
		return err;
	}
	rest = start < addr ? vma_lookup(r->m, r->mm, addr - 1) : NULL;
	if (rest)
		rest->vm_flags |= hidden;
	rest = end > addr + len ? vma_lookup(r->m, r->mm, addr + len) : NULL;
	if (rest)
		rest->vm_flags |= hidden;
	return 0;
}

/* What stays of a mapping whose pages went without it. */
static void dontunmap_complete(struct remap *r, struct vm_area_struct *copy)
{
	struct vm_area_struct *vma = r->vma;
	bool tidy = dontunmap_is_tidy(r->m);

	if (vma->vm_flags & VM_LOCKED && !tidy)
		r->mm->locked_stray += vma_pages(vma) -
			(dontunmap_locks_twice(r->m) ? 0 : r->new_len >> PAGE_SHIFT);
	vma->vm_flags &= ~(u64)VM_LOCKED_MASK;
	if (copy != vma && vma->vm_start == r->addr && vma->vm_end == r->addr + r->old_len) {
		unlink_anon_vmas(r->m, vma);
		if (tidy && vma_is_anonymous(vma) && !vma->vm_file)
			vma->vm_pgoff = vma->vm_start >> PAGE_SHIFT;
	}
	vma_edges_stay_apart(r->m, vma, APART_MOVED);
	vma_edges_stay_apart(r->m, copy, APART_MOVED);
}

/* The copy goes again, with the entries that it got. */
static int move_failed(struct remap *r, struct vm_area_struct *copy, u64 moved, int err)
{
	struct vm_area_struct *vma = r->vma;
	int ret;

	/* The tables that they came from are still there. */
	move_page_tables_back(r->m, copy, r->new_addr, vma, r->addr, moved);
	vm_stat_account(r->mm, vma->vm_flags, (s64)(r->new_len >> PAGE_SHIFT));
	if (vma->vm_flags & VM_LOCKED)
		r->mm->locked_vm += r->new_len >> PAGE_SHIFT;
	r->vma = copy;
	clear_vma_resv_huge_pages(r->m, copy, copy->vm_start, copy->vm_end);
	ret = unmap_source(r, r->new_addr, r->new_len);
	r->vma = vma;
	if (!ret)
		uncharge(r);
	return err;
}

static int copy_and_move(struct remap *r, struct vm_area_struct **copy)
{
	bool keep = r->flags & MREMAP_DONTUNMAP && dontunmap_is_tidy(r->m);
	u64 moved = 0;
	int err = copy_vma(r->m, &r->vma, r->new_addr, r->new_len,
			   linear_page_index(r->vma, r->addr), keep, copy);

	if (err) {
		uncharge(r);
		return err == -ENOBUFS ? err : -ENOMEM;
	}
	err = move_page_tables(r->m, r->vma, r->addr, *copy, r->new_addr, r->old_len, &moved);
	if (!err && moved < r->old_len)
		err = -ENOMEM;
	if (!err)
		err = mremap_userfaultfd(r->m, *copy, r->addr, r->new_addr, r->old_len);
	return err ? move_failed(r, *copy, moved, err) : 0;
}

/* The mapping is at its new place; the old one still counts. */
static void account_copy(struct remap *r, bool locked)
{
	u64 pages = r->new_len >> PAGE_SHIFT;

	vm_stat_account(r->mm, r->vma->vm_flags, (s64)pages);
	/* The lock is taken away from as many pages as get it, which 6.18 forgets. */
	if (locked && (!(r->flags & MREMAP_DONTUNMAP) || dontunmap_locks_twice(r->m)))
		r->mm->locked_vm += pages;
}

static int move_vma(struct remap *r)
{
	struct vm_area_struct *copy;
	u64 hiwater = r->mm->hiwater_vm;
	int err;

	if (too_many_maps(r, 0))
		return -ENOMEM;
	err = check_split(r);
	if (!err)
		err = split_locked_part(r);
	if (!err)
		err = charge(r);
	if (!err)
		err = copy_and_move(r, &copy);
	if (err)
		return err;
	if (r->charged)
		r->m->virt->committed_lost += (s64)(r->cut >> PAGE_SHIFT);
	account_copy(r, r->vma->vm_flags & VM_LOCKED);
	clear_vma_resv_huge_pages(r->m, r->vma, r->addr, r->addr + r->old_len);
	if (r->flags & MREMAP_DONTUNMAP) {
		dontunmap_complete(r, copy);
	} else if (r->old_len) {
		err = unmap_source(r, r->addr, r->old_len);
		if (err && r->vma->vm_flags & VM_ACCOUNT)
			r->m->virt->committed_as += (s64)(r->old_len >> PAGE_SHIFT);
	}
	r->mm->hiwater_vm = hiwater;
	/* That the old mapping could not go is no error of the call. */
	return err == -ENOBUFS ? err : 0;
}

/* To an address that is given, or with the old mapping kept. */
static int remap_to(struct remap *r)
{
	bool first = rel_mremap_checks_first(r->m->release);
	int err = first ? 0 : check_new_addr(r);

	if (!err && r->flags & MREMAP_FIXED)
		err = remap_unmap(r, r->new_addr, r->new_len);
	if (!err && r->old_len > r->new_len) {
		err = remap_unmap(r, r->addr + r->new_len, r->old_len - r->new_len);
		if (rel_mremap_charges_cut(r->m->release))
			r->cut = r->old_len - r->new_len;
		r->old_len = r->new_len;
	}
	if (err)
		return err;
	r->vma = vma_lookup(r->m, r->mm, r->addr);
	if (!r->vma)
		return -EFAULT;
	if (!first)
		err = check_resize(r, r->old_len);
	if (err)
		return err;
	if (r->flags & MREMAP_DONTUNMAP &&
	    !may_expand_vm(r->m, r->task, r->mm, r->vma->vm_flags, r->old_len >> PAGE_SHIFT))
		return -ENOMEM;
	err = choose_new_addr(r);
	return err ? err : move_vma(r);
}

static bool expandable(const struct remap *r)
{
	const struct vm_area_struct *vma = r->vma;
	u64 end = vma->vm_end + (r->new_len - r->old_len), addr;
	struct mmap_request req = {
		.addr = vma->vm_start, .len = end - vma->vm_start, .flags = MAP_FIXED,
	};

	return r->old_len == vma->vm_end - r->addr && end > vma->vm_end &&
	       !find_vma_intersection(r->m, r->mm, vma->vm_end, end) &&
	       !get_unmapped_area(r->m, r->task, &req, 0, &addr);
}

static int expand_in_place(struct remap *r)
{
	u64 delta = r->new_len - r->old_len, pages = delta >> PAGE_SHIFT;
	struct vm_area_struct *merged;
	int err = charge(r);

	if (err)
		return err;
	err = vma_merge_extend(r->m, r->vma, delta, &merged);
	if (err || !merged) {
		uncharge(r);
		return err == -ENOBUFS ? err : -ENOMEM;
	}
	r->vma = merged;
	r->new_addr = r->addr;
	vm_stat_account(r->mm, merged->vm_flags, (s64)pages);
	if (merged->vm_flags & VM_LOCKED)
		r->mm->locked_vm += pages;
	return 0;
}

/* No address is given: the mapping stays where it is if that can be. */
static int remap_at(struct remap *r)
{
	bool first = rel_mremap_checks_first(r->m->release);
	int err;

	if (r->old_len >= r->new_len) {
		r->new_addr = r->addr;
		if (r->old_len == r->new_len)
			return 0;
		return remap_unmap(r, r->addr + r->new_len, r->old_len - r->new_len);
	}
	err = first ? 0 : check_resize(r, r->old_len);
	if (err)
		return err;
	if (expandable(r))
		return expand_in_place(r);
	if (!(r->flags & MREMAP_MAYMOVE))
		return -ENOMEM;
	err = choose_new_addr(r);
	return err ? err : move_vma(r);
}

/* A file of its own idea of addresses might not go where it is sent; nor is it told. */
static bool multi_allowed(const struct vm_area_struct *vma)
{
	const struct inode *inode = vma->vm_file ? vma->vm_file->inode : NULL;

	if (userfaultfd_armed(vma))
		return false;
	return !inode || is_vm_hugetlb_page(vma) || (inode->kind != INODE_ZERO && !inode->shm);
}

/* All VMAs of the range move, the holes between them stay. *addr: of the first. */
static int remap_many(struct remap *r, u64 *addr)
{
	u64 start = r->addr, end = start + r->old_len, target = r->new_addr, last_end = 0;
	bool seen = false;
	int err;

	for (u64 next = start; next < end; next = r->addr + r->old_len) {
		struct vm_area_struct *vma = find_vma(r->m, r->mm, next);

		if (!seen && (!vma || vma->vm_start > start))
			return -EFAULT;
		if (!vma || vma->vm_start >= end)
			break;
		r->addr = MAX(vma->vm_start, next);
		r->old_len = r->new_len = MIN(end, vma->vm_end) - r->addr;
		r->new_addr = target + (seen ? vma->vm_start - last_end : 0);
		r->vma = vma;
		last_end = vma->vm_end;
		if (!multi_allowed(vma) && (seen || vma->vm_end < end))
			return -EFAULT;
		err = check_vma(r);
		if (!err)
			err = remap_to(r);
		if (err)
			return err;
		if (!seen)
			*addr = r->new_addr;
		seen = true;
		target = r->new_addr + r->new_len;
	}
	/* A range beyond the last address holds nothing. */
	return seen ? 0 : -EFAULT;
}

static int do_mremap(struct remap *r, u64 *addr)
{
	int err;

	if (rel_mremap_moves_many(r->m->release) && r->flags & MREMAP_FIXED &&
	    r->old_len == r->new_len)
		return remap_many(r, addr);
	r->vma = vma_lookup(r->m, r->mm, r->addr);
	if (!r->vma)
		return -EFAULT;
	err = rel_mremap_checks_first(r->m->release) ? check_vma(r) : align_hugetlb(r);
	if (!err)
		err = has_new_addr(r) ? remap_to(r) : remap_at(r);
	if (!err)
		*addr = r->new_addr;
	return err;
}

int sys_mremap(struct machine *m, struct task_struct *task, const struct mremap_request *req,
	       u64 *addr)
{
	struct remap r = {
		.m = m, .task = task, .mm = task->mm, .addr = req->addr,
		.old_len = user_page_align(m, req->old_len),
		.new_len = user_page_align(m, req->new_len),
		.new_addr = req->new_addr, .flags = req->flags,
	};
	int err = check_params(&r, req->old_len, req->new_len);

	if (!err)
		err = do_mremap(&r, addr);
	if (err || !r.populate)
		return err;
	return mm_populate(m, r.mm, *addr + r.old_len, r.new_len - r.old_len);
}
