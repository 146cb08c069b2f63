// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * mprotect: each VMA of the range gets its new flags by itself, first to last, and
 * merges or splits as it may; where one refuses, those before it stay changed. What
 * becomes writable is promised (Committed_AS); what never had a page and stops being
 * writable is given back by later releases.
 */
#include "sim/virt/memory.h"
#include "sim/virt/mmap.h"
#include "sim/virt/prctl.h"
#include "sim/virt/mmu_gather.h"
#include "sim/virt/task.h"
#include "sim/virt/vma_internal.h"


u64 vm_prot_bits(u64 prot)
{
	return (prot & PROT_READ ? VM_READ : 0) | (prot & PROT_WRITE ? VM_WRITE : 0) |
	       (prot & PROT_EXEC ? VM_EXEC : 0);
}

/* One call, and how far it is. */
struct protect_call {
	struct machine *m;
	struct task_struct *task;
	u64 start, end;
	u64 prot;
	int pkey;		/* -1: as it comes */
	struct mmu_gather *tlb;
};

/* New flags of a part of `vma`; *vma becomes the VMA that has it. */
struct fixup {
	u64 start, end;
	u64 oldflags, newflags;
	u64 charged;		/* pages */
};

/* Limits and promises of a mapping that becomes writable; or gives its promise back. */
static int fixup_account(const struct protect_call *c, const struct vm_area_struct *vma,
			 struct fixup *f)
{
	const struct mm_struct *mm = vma->vm_mm;
	u64 nr_pages = (f->end - f->start) >> PAGE_SHIFT;

	if (!(f->newflags & VM_WRITE)) {
		if (rel_mprotect_unaccounts(c->m->release) && f->oldflags & VM_ACCOUNT &&
		    vma_is_anonymous(vma) && !vma->anon_vma)
			f->newflags &= ~(u64)VM_ACCOUNT;
		return 0;
	}
	if (!may_expand_vm(c->m, c->task, mm, f->newflags, nr_pages) &&
	    may_expand_vm(c->m, c->task, mm, f->oldflags, nr_pages))
		return -ENOMEM;
	if (f->oldflags & (VM_ACCOUNT | VM_WRITE | VM_HUGETLB | VM_SHARED | VM_NORESERVE))
		return 0;
	if (security_vm_enough_memory(c->m, c->task, mm, nr_pages))
		return -ENOMEM;
	f->charged = nr_pages;
	f->newflags |= VM_ACCOUNT;
	return 0;
}

/* Locked private memory that becomes writable is copied now, not at the first write. */
static int fixup_populate(const struct protect_call *c, struct vm_area_struct *vma,
			  const struct fixup *f)
{
	int err;

	if ((f->oldflags & (VM_WRITE | VM_SHARED | VM_LOCKED)) != VM_LOCKED ||
	    !(f->newflags & VM_WRITE))
		return 0;
	err = populate_vma_page_range(c->m, vma, f->start, f->end, NULL);
	return err == -ENOBUFS ? err : 0;
}

static int mprotect_fixup(const struct protect_call *c, struct vm_area_struct **vmap,
			  struct fixup *f)
{
	struct mm_struct *mm = (*vmap)->vm_mm;
	s64 nr_pages = (s64)((f->end - f->start) >> PAGE_SHIFT);
	int err;

	f->oldflags = (*vmap)->vm_flags;
	if (f->oldflags & VM_SEALED)
		return -EPERM;
	if (f->newflags == f->oldflags)
		return 0;
	err = fixup_account(c, *vmap, f);
	if (err)
		return err;
	err = vma_modify(c->m, vmap, f->start, f->end, f->newflags, (*vmap)->anon_name);
	if (err) {
		vm_unacct_memory(c->m, f->charged);
		return err;
	}
	vma_set_flags(*vmap, f->newflags);
	change_protection(c->tlb, *vmap, f->start, f->end);
	if (f->oldflags & VM_ACCOUNT && !(f->newflags & VM_ACCOUNT))
		vm_unacct_memory(c->m, (u64)nr_pages);
	err = fixup_populate(c, *vmap, f);
	vm_stat_account(mm, f->oldflags, -nr_pages);
	vm_stat_account(mm, f->newflags, nr_pages);
	return err;
}

/* The call's key; that of execute-only memory, which goes with that; else the VMA's. */
static unsigned int protect_key(const struct protect_call *c, const struct vm_area_struct *vma,
				u64 prot)
{
	int key = c->pkey;

	if (key != -1)
		return (unsigned int)key;
	if (prot == PROT_EXEC) {
		key = execute_only_pkey(c->m, c->task);
		if (key > 0)
			return (unsigned int)key;
	} else if ((vma->vm_flags & VM_ACCESS_FLAGS) == VM_EXEC &&
		   (int)vma_pkey(vma) == vma->vm_mm->execute_only_pkey) {
		return 0;
	}
	return vma_pkey(vma);
}

/* Flags of a VMA under the call's protection; -EACCES if it may not have them. */
static int protect_flags(const struct protect_call *c, const struct vm_area_struct *vma,
			 u64 *newflags)
{
	u64 prot = c->prot, flags;

	if (c->task->personality & READ_IMPLIES_EXEC && prot & PROT_READ &&
	    vma->vm_flags & VM_MAYEXEC)
		prot |= PROT_EXEC;
	flags = vma->vm_flags & ~(u64)(VM_ACCESS_FLAGS | VM_PKEY_MASK);
	flags |= vm_prot_bits(prot) | (u64)protect_key(c, vma, prot) << VM_PKEY_SHIFT;
	/* VM_MAYx lies four bits above VM_x. */
	if (flags & ~(flags >> 4) & VM_ACCESS_FLAGS)
		return -EACCES;
	if (map_deny_write_exec(vma->vm_mm, vma->vm_flags, flags))
		return -EACCES;
	*newflags = flags;
	return 0;
}

/* VMAs from the one that holds c->start on, without a hole up to c->end. */
static int protect_range(const struct protect_call *c, struct vm_area_struct *vma)
{
	struct fixup f = { .start = c->start };
	int err;

	for (;;) {
		f.end = MIN(vma->vm_end, c->end);
		f.charged = 0;
		err = protect_flags(c, vma, &f.newflags);
		if (!err)
			err = mprotect_fixup(c, &vma, &f);
		if (err)
			return err;
		/* It may have merged with what comes next. */
		f.start = MAX(f.end, vma->vm_end);
		if (f.start >= c->end)
			return 0;
		vma = find_vma(c->m, c->task->mm, f.start);
		if (!vma || vma->vm_start != f.start)
			return -ENOMEM;
	}
}

/* Where the range really starts: at the stack's end with PROT_GROWSDOWN. */
static int protect_first(struct protect_call *c, bool growsdown, bool growsup,
			 struct vm_area_struct **vmap)
{
	struct vm_area_struct *vma;

	mt_seek(&c->task->mm->mm_mt, c->start);
	vma = find_vma(c->m, c->task->mm, c->start);
	if (!vma)
		return -ENOMEM;
	if (growsdown) {
		if (vma->vm_start >= c->end)
			return -ENOMEM;
		if (!(vma->vm_flags & VM_GROWSDOWN))
			return -EINVAL;
		c->start = vma->vm_start;
	} else if (vma->vm_start > c->start) {
		return -ENOMEM;
	} else if (growsup) {
		return -EINVAL;		/* no mapping grows up on x86 */
	}
	*vmap = vma;
	return 0;
}

static int do_mprotect_pkey(struct machine *m, struct task_struct *task, u64 addr, u64 len,
			    u64 prot, int pkey)
{
	bool down = prot & PROT_GROWSDOWN, up = prot & PROT_GROWSUP;
	struct protect_call c = {
		.m = m, .task = task, .start = addr, .pkey = pkey,
		.end = user_word(m, addr + ALIGN_UP(len, PAGE_SIZE)),
		.prot = prot & ~(u64)(PROT_GROWSDOWN | PROT_GROWSUP),
	};
	struct vm_area_struct *vma;
	struct mmu_gather tlb;
	int err;

	if ((down && up) || addr % PAGE_SIZE)
		return -EINVAL;
	if (!len)
		return 0;
	if (c.end <= c.start)
		return -ENOMEM;
	if (c.prot & ~(u64)(PROT_READ | PROT_WRITE | PROT_EXEC | PROT_SEM))
		return -EINVAL;
	if (pkey != -1 && !mm_pkey_is_allocated(m, task->mm, pkey))
		return -EINVAL;
	err = protect_first(&c, down, up, &vma);
	if (err)
		return err;
	tlb_gather_mmu(m, &tlb, task->mm);
	c.tlb = &tlb;
	err = protect_range(&c, vma);
	tlb_finish_mmu(&tlb);
	return err;
}

int sys_mprotect(struct machine *m, struct task_struct *task, u64 addr, u64 len, u64 prot)
{
	return do_mprotect_pkey(m, task, addr, len, prot, -1);
}

int sys_pkey_mprotect(struct machine *m, struct task_struct *task, u64 addr, u64 len, u64 prot,
		      int pkey)
{
	return has_pkey_calls(m) ? do_mprotect_pkey(m, task, addr, len, prot, pkey) : -ENOSYS;
}
