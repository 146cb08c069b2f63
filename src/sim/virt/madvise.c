// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * madvise: each piece of advice is a row, that sets and clears flags of VMAs or acts on
 * pages. A hole in the range is told at the end, all VMAs get the advice; the first
 * that refuses it ends the call.
 */
#include "sim/boot/boot_log.h"
#include "sim/phys/lru.h"
#include "sim/virt/anon_name.h"
#include "sim/virt/blk.h"
#include "sim/virt/collapse.h"
#include "sim/virt/file.h"
#include "sim/virt/fork.h"
#include "sim/virt/hugetlb.h"
#include "sim/virt/ksm.h"
#include "sim/virt/madvise.h"
#include "sim/virt/memory.h"
#include "sim/virt/memory_failure.h"
#include "sim/virt/mm_slot.h"
#include "sim/virt/pidfd.h"
#include "sim/virt/sched.h"
#include "sim/virt/swap.h"
#include "sim/virt/task.h"
#include "sim/virt/userfaultfd.h"
#include "sim/virt/vma_internal.h"

/* One advice, from one release to another, if the kernel has the option. */
struct advice_row {
	int advice;
	struct span span;
	const char *option;	/* NULL: always there */
	/* Either flags of VMAs change, unless `refuses`; or the pages. */
	u64 set, clear;
	bool (*refuses)(const struct vm_area_struct *vma);
	bool (*ignores)(struct vm_area_struct *vma);
	int (*act)(struct advise *a);
	bool by_call;		/* act on all of the range at once */
	bool discards;		/* contents, for this program or for its children */
};

static bool refuses_io(const struct vm_area_struct *vma)
{
	return vma->vm_flags & VM_IO;
}

static bool refuses_dump(const struct vm_area_struct *vma)
{
	return vma->vm_flags & (is_vm_hugetlb_page(vma) ? VM_DROPPABLE :
							   VM_SPECIAL | VM_DROPPABLE);
}

static bool refuses_droppable(const struct vm_area_struct *vma)
{
	return vma->vm_flags & VM_DROPPABLE;
}

static bool refuses_shared(const struct vm_area_struct *vma)
{
	return vma->vm_file || vma->vm_flags & VM_SHARED;
}

/* Same-page merging is for private memory; the mm is known to it from now on. */
static bool ignores_merging(struct vm_area_struct *vma)
{
	if (vma->vm_flags & VM_MERGEABLE || !vma_ksm_compatible(vma->vm_flags))
		return true;
	vma->vm_mm->flags |= MMF_VM_MERGEABLE;
	return false;
}

/* Pages on swap would be read; what was read goes to the LRU lists now. */
static int willneed_memory(struct advise *a)
{
	int err = 0;

	if (a->vma->vm_file && a->vma->vm_file->inode->kind == INODE_SHMEM) {
		u64 pgoff = linear_page_index(a->vma, a->start);

		err = shmem_swapin_range(a->m, a->vma->vm_file->inode, pgoff,
					 pgoff + ((a->end - a->start) >> PAGE_SHIFT));
	} else if (!a->vma->vm_file && a->vma->anon_vma)
		err = swapin_walk(a->m, a->vma, a->start, a->end);
	lru_add_drain(a->m);
	return err;
}

static int madvise_willneed(struct advise *a)
{
	struct file *file = a->vma->vm_file;

	if (!file || file->inode->kind != INODE_DISK)
		return willneed_memory(a);
	return force_page_cache_readahead(a->m, file, linear_page_index(a->vma, a->start),
					  (a->end - a->start) >> PAGE_SHIFT);
}

/* Whole huge pages from the start on; what is left of the last one stays. */
static int madvise_dontneed_huge(struct advise *a)
{
	u64 end = a->end & vma_huge_mask(a->vma);

	if (a->start & ~vma_huge_mask(a->vma))
		return -EINVAL;
	if (end > a->start)
		zap_page_range(a->m, a->vma, a->start, end, /* even_cows = */ true);
	return 0;
}

static int tell_and_zap(struct advise *a)
{
	int err = userfaultfd_remove(a->m, a->vma, a->start, a->end);

	if (!err)
		zap_pages_and_tables(a->m, a->vma, a->start, a->end);
	return err;
}

static int madvise_dontneed(struct advise *a)
{
	if (is_vm_hugetlb_page(a->vma))
		return madvise_dontneed_huge(a);
	if (a->vma->vm_flags & (VM_LOCKED | VM_PFNMAP))
		return -EINVAL;
	return tell_and_zap(a);
}

static int madvise_dontneed_locked(struct advise *a)
{
	if (is_vm_hugetlb_page(a->vma))
		return madvise_dontneed_huge(a);
	if (a->vma->vm_flags & VM_PFNMAP)
		return -EINVAL;
	return tell_and_zap(a);
}

/* A hole in the file that the mapping shares: nobody has the pages any more. */
static int madvise_remove(struct advise *a)
{
	const u64 shared = VM_SHARED | VM_MAYWRITE;
	const struct file *file = a->vma->vm_file;
	u64 offset = linear_page_index(a->vma, a->start) << PAGE_SHIFT;
	int err;

	if (a->vma->vm_flags & VM_LOCKED || !file)
		return -EINVAL;
	if ((a->vma->vm_flags & shared) != shared)
		return -EACCES;
	err = userfaultfd_remove(a->m, a->vma, a->start, a->end);
	if (err)
		return err;
	return file_punch_hole(a->m, current_task(a->m), file, offset, a->end - a->start);
}

static int madvise_populate_read(struct advise *a)
{
	return faultin_page_range(a->m, a->mm, a->start, a->end, /* write = */ false);
}

static int madvise_populate_write(struct advise *a)
{
	return faultin_page_range(a->m, a->mm, a->start, a->end, /* write = */ true);
}

/* Now, and whatever the switches say. */
static int advise_collapse(struct advise *a)
{
	return madvise_collapse(a->m, a->vma, a->start, a->end);
}

/* The pages of the range, faulted in where there are none; of a larger folio, one. */
static int madvise_inject_error(struct advise *a, const char *what,
				int (*inject)(struct machine *m, u32 pfn))
{
	u64 size;

	if (!a->task->cap_sys_admin)
		return -EPERM;
	for (u64 addr = a->start; addr < a->end; addr += size) {
		u32 pfn;
		int err = get_user_page(a->m, a->mm, addr, &pfn);

		if (err)
			return err;
		size = PAGE_SIZE << folio_order(pfn_folio(a->m, pfn));
		get_page(a->m, pfn);
		printk(a->m, 6, "%s pfn %#x at process virtual address %#llx", what, pfn,
		       (unsigned long long)addr);
		err = inject(a->m, pfn);
		if (err)
			return err;
	}
	return 0;
}

static int soft_offline_counted(struct machine *m, u32 pfn)
{
	return soft_offline_page(m, pfn, /* counted = */ true);
}

static int madvise_soft_offline(struct advise *a)
{
	return madvise_inject_error(a, "Soft offlining", soft_offline_counted);
}

static int fail_counted(struct machine *m, u32 pfn)
{
	return memory_failure(m, pfn, MF_COUNT_INCREASED |
				      (rel_poisoning_kills(m->release) ? MF_ACTION_REQUIRED : 0));
}

static int madvise_hwpoison(struct advise *a)
{
	return madvise_inject_error(a, "Injecting memory failure for", fail_counted);
}

static const struct advice_row advice_rows[] = {
	{ MADV_NORMAL, ALL, .clear = VM_RAND_READ | VM_SEQ_READ },
	{ MADV_RANDOM, ALL, .set = VM_RAND_READ, .clear = VM_SEQ_READ },
	{ MADV_SEQUENTIAL, ALL, .set = VM_SEQ_READ, .clear = VM_RAND_READ },
	{ MADV_WILLNEED, ALL, .act = madvise_willneed },
	{ MADV_DONTNEED, ALL, .act = madvise_dontneed, .discards = true },
	{ MADV_FREE, ALL, .act = madvise_free, .discards = true },
	{ MADV_REMOVE, ALL, .act = madvise_remove, .discards = true },
	{ MADV_DONTFORK, ALL, .set = VM_DONTCOPY, .discards = true },
	{ MADV_DOFORK, ALL, .clear = VM_DONTCOPY, .refuses = refuses_io },
	{ MADV_MERGEABLE, ALL, "KSM", .set = VM_MERGEABLE, .ignores = ignores_merging },
	{ MADV_UNMERGEABLE, ALL, "KSM", .clear = VM_MERGEABLE },
	{ MADV_HUGEPAGE, ALL, .set = VM_HUGEPAGE, .clear = VM_NOHUGEPAGE },
	{ MADV_NOHUGEPAGE, ALL, .set = VM_NOHUGEPAGE, .clear = VM_HUGEPAGE },
	{ MADV_DONTDUMP, ALL, .set = VM_DONTDUMP },
	{ MADV_DODUMP, ALL, .clear = VM_DONTDUMP, .refuses = refuses_dump },
	{ MADV_WIPEONFORK, ALL, .set = VM_WIPEONFORK, .refuses = refuses_shared,
	  .discards = true },
	{ MADV_KEEPONFORK, ALL, .clear = VM_WIPEONFORK, .refuses = refuses_droppable },
	{ MADV_COLD, ALL, .act = madvise_cold },
	{ MADV_PAGEOUT, ALL, .act = madvise_pageout },
	{ MADV_POPULATE_READ, UNTIL(R_6_1), .act = madvise_populate_read },
	{ MADV_POPULATE_READ, SINCE(R_6_18), .act = madvise_populate_read, .by_call = true },
	{ MADV_POPULATE_WRITE, UNTIL(R_6_1), .act = madvise_populate_write },
	{ MADV_POPULATE_WRITE, SINCE(R_6_18), .act = madvise_populate_write, .by_call = true },
	{ MADV_DONTNEED_LOCKED, ALL, .act = madvise_dontneed_locked,
	  .discards = true },
	{ MADV_COLLAPSE, ALL, .act = advise_collapse },
	{ MADV_HWPOISON, ALL, "MEMORY_FAILURE", .act = madvise_hwpoison, .by_call = true },
	{ MADV_SOFT_OFFLINE, ALL, "MEMORY_FAILURE", .act = madvise_soft_offline,
	  .by_call = true },
	{ MADV_GUARD_INSTALL, SINCE(R_6_18), .act = madvise_guard_install,
	  .discards = true },
	{ MADV_GUARD_REMOVE, SINCE(R_6_18), .act = madvise_guard_remove },
};

static const struct advice_row *find_advice(const struct machine *m, int advice)
{
	for (size_t i = 0; i < ARRAY_SIZE(advice_rows); i++) {
		const struct advice_row *row = &advice_rows[i];

		if (row->advice == advice && span_holds(row->span, m->release) &&
		    (!row->option || machine_config_bool(m->config, row->option)))
			return row;
	}
	return NULL;
}

/* Sealed memory keeps what its program could not write over anyway. */
static bool seal_forbids(const struct advise *a)
{
	return a->row->discards && vma_is_sealed(a->vma) && vma_is_anonymous(a->vma) &&
	       !(a->vma->vm_flags & VM_WRITE);
}

static int update_flags(struct advise *a)
{
	const struct advice_row *row = a->row;
	struct vm_area_struct *vma = a->vma;
	u64 newflags = (vma->vm_flags & ~row->clear) | row->set;
	int err;

	if (row->refuses && row->refuses(vma))
		return -EINVAL;
	if (row->set & VM_HUGEPAGE)
		khugepaged_enter_vma(a->m, vma, newflags);
	if ((row->ignores && row->ignores(vma)) || newflags == vma->vm_flags)
		return 0;
	err = vma_modify(a->m, &a->vma, a->start, a->end, newflags, vma->anon_name);
	if (err)
		return err == -ENOMEM ? -EAGAIN : err;
	vma_set_flags(a->vma, newflags);
	return 0;
}

static int advise_range(struct advise *a, u64 start, u64 end)
{
	int unmapped = 0, err;

	while (start < end) {
		a->vma = find_vma(a->m, a->mm, start);
		if (!a->vma)
			return -ENOMEM;
		if (start < a->vma->vm_start) {
			unmapped = -ENOMEM;
			start = a->vma->vm_start;
			if (start >= end)
				break;
		}
		a->start = start;
		a->end = MIN(a->vma->vm_end, end);
		if (seal_forbids(a))
			return -EPERM;
		err = a->row->act ? a->row->act(a) : update_flags(a);
		if (err)
			return err;
		/* It may have merged with what comes next. */
		start = MAX(a->end, a->vma->vm_end);
	}
	return unmapped;
}

/* Neither too long nor wrong: 0; -EINVAL; 1: there is nothing to do. */
static int check_range(const struct machine *m, u64 addr, u64 len)
{
	u64 bytes = user_page_align(m, len);

	if (addr % PAGE_SIZE || (len && !bytes) || user_word(m, addr + bytes) < addr)
		return -EINVAL;
	return !bytes;
}

static int madvise_mm(struct machine *m, struct task_struct *task, struct mm_struct *mm,
		      u64 addr, u64 len, int advice)
{
	struct advise a = {
		.m = m, .task = task, .mm = mm, .row = find_advice(m, advice), .start = addr,
		.end = addr + ALIGN_UP(len, PAGE_SIZE),
	};
	int err = a.row ? check_range(m, addr, len) : -EINVAL;
	struct blk_plug plug;

	if (err)
		return err < 0 ? err : 0;
	if (a.row->by_call)
		return a.row->act(&a);
	blk_start_plug(m, &plug);
	err = advise_range(&a, addr, a.end);
	blk_finish_plug(m, &plug);
	return err;
}

int sys_madvise(struct machine *m, struct task_struct *task, u64 addr, u64 len, int advice)
{
	return madvise_mm(m, task, task->mm, addr, len, advice);
}

/* ---- Names. ---- */

static int set_anon_name(struct advise *a)
{
	struct vm_area_struct *vma = a->vma;
	u64 flags = vma->vm_flags;
	u32 old;
	int err;

	if (vma->vm_file && !(vma->vm_ops == &shmem_anon_vm_ops &&
			      rel_shmem_has_names(a->m->release)))
		return -EBADF;
	if (vma->anon_name == a->anon_name)
		return 0;
	err = vma_modify(a->m, &a->vma, a->start, a->end, flags, a->anon_name);
	if (err)
		return err == -ENOMEM ? -EAGAIN : err;
	vma_set_flags(a->vma, flags);
	old = a->vma->anon_name;
	anon_vma_name_get(a->m, a->anon_name);
	a->vma->anon_name = a->anon_name;
	anon_vma_name_put(a->m, old);
	return 0;
}

int madvise_set_anon_name(struct machine *m, struct task_struct *task, u64 addr, u64 len,
			  u32 name)
{
	static const struct advice_row naming = { .act = set_anon_name };
	struct advise a = {
		.m = m, .task = task, .mm = task->mm, .row = &naming, .anon_name = name,
	};
	int err = check_range(m, addr, len);

	if (err)
		return err < 0 ? err : 0;
	return advise_range(&a, addr, addr + ALIGN_UP(len, PAGE_SIZE));
}

/* ---- Other processes. ---- */

/* Nothing that takes contents away: only how they are kept. */
static bool may_be_remote(int advice)
{
	return advice == MADV_COLD || advice == MADV_PAGEOUT || advice == MADV_WILLNEED ||
	       advice == MADV_COLLAPSE;
}

static int find_remote(struct machine *m, struct task_struct *task, int pidfd, int advice,
		       struct mm_struct **mm)
{
	bool self_is_free = rel_process_madvise_self(m->release);
	struct task_struct *of;
	int err = pidfd_get_task(m, task, pidfd, &of);

	if (!err && !self_is_free && !may_be_remote(advice))
		err = -EINVAL;
	if (!err)
		err = mm_access(task, of, mm);
	if (err || (self_is_free && *mm == task->mm))
		return err;
	if (!may_be_remote(advice))
		return -EINVAL;
	return task->cap_sys_admin ? 0 : -EPERM;
}

int sys_process_madvise(struct machine *m, struct task_struct *task, int pidfd,
			const struct user_range *ranges, unsigned int nr, int advice,
			u64 flags, u64 *done)
{
	struct mm_struct *mm;
	u64 room = MAX_RW_COUNT;
	/* They could be the caller's own; nothing else of them is asked at first. */
	int err = flags ? -EINVAL : check_user_ranges(m, ranges, nr);

	*done = 0;
	if (!err)
		err = find_remote(m, task, pidfd, advice, &mm);
	if (err)
		return err;
	/* Its task may be killed for want of memory meanwhile. */
	mmget(mm);
	for (unsigned int i = 0; i < nr && !err; i++) {
		u64 len = MIN(ranges[i].len, room);

		room -= len;
		if (!len)
			continue;
		err = madvise_mm(m, task, mm, ranges[i].addr, len, advice);
		if (!err)
			*done += len;
	}
	mmput(m, mm);
	return *done && err != -ENOBUFS ? 0 : err;
}
