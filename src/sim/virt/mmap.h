/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The system calls on an address space: mmap, munmap, brk, mprotect, mremap, madvise,
 * the mlock family, msync, mincore. Arguments are the kernel's: bytes, PROT_*, MAP_*;
 * checks and errnos are the system call's own. Each takes the task that calls: its
 * mm, its limits and rights. Files: mmap.c munmap.c brk.c mprotect.c mremap.c
 * madvise.c mlock.c util.c (overcommit) placement.c (get_unmapped_area).
 *
 * 0 or -errno of the call; -ENOBUFS when the host has no memory (virt.h).
 */
#ifndef KMM_VIRT_MMAP_H
#define KMM_VIRT_MMAP_H

#include "sim/virt/vma.h"

#define PROT_NONE 0
#define PROT_READ 1
#define PROT_WRITE 2
#define PROT_EXEC 4
#define PROT_SEM 8
#define PROT_GROWSDOWN 0x01000000
#define PROT_GROWSUP 0x02000000

#define MAP_SHARED 1
#define MAP_PRIVATE 2
#define MAP_SHARED_VALIDATE 3
#define MAP_DROPPABLE 8
#define MAP_TYPE 15
#define MAP_FIXED 0x10
#define MAP_ANONYMOUS 0x20
#define MAP_32BIT 0x40
#define MAP_ABOVE4G 0x80
#define MAP_GROWSDOWN 0x100
#define MAP_DENYWRITE 0x800
#define MAP_EXECUTABLE 0x1000
#define MAP_LOCKED 0x2000
#define MAP_NORESERVE 0x4000
#define MAP_POPULATE 0x8000
#define MAP_NONBLOCK 0x10000
#define MAP_STACK 0x20000
#define MAP_HUGETLB 0x40000
#define MAP_SYNC 0x80000
#define MAP_FIXED_NOREPLACE 0x100000
#define MAP_UNINITIALIZED 0x4000000

#define MREMAP_MAYMOVE 1
#define MREMAP_FIXED 2
#define MREMAP_DONTUNMAP 4

enum madvise_advice {
	MADV_NORMAL, MADV_RANDOM, MADV_SEQUENTIAL, MADV_WILLNEED, MADV_DONTNEED,
	MADV_FREE = 8, MADV_REMOVE, MADV_DONTFORK, MADV_DOFORK, MADV_MERGEABLE,
	MADV_UNMERGEABLE, MADV_HUGEPAGE, MADV_NOHUGEPAGE, MADV_DONTDUMP, MADV_DODUMP,
	MADV_WIPEONFORK, MADV_KEEPONFORK, MADV_COLD, MADV_PAGEOUT, MADV_POPULATE_READ,
	MADV_POPULATE_WRITE, MADV_DONTNEED_LOCKED, MADV_COLLAPSE,
	MADV_HWPOISON = 100, MADV_SOFT_OFFLINE, MADV_GUARD_INSTALL, MADV_GUARD_REMOVE,
};

#define MS_ASYNC 1
#define MS_INVALIDATE 2
#define MS_SYNC 4

#define MLOCK_ONFAULT 1
#define MCL_CURRENT 1
#define MCL_FUTURE 2
#define MCL_ONFAULT 4

struct mmap_request {
	u64 addr, len;		/* bytes */
	u64 prot, flags;	/* PROT_*, MAP_* */
	struct file *file;	/* NULL with MAP_ANONYMOUS */
	u64 offset;		/* bytes */
};
/* A copy, made field by field: a wide load of what was just stored in pieces waits for them. */
static inline struct mmap_request mmap_request_copy(const struct mmap_request *req)
{
	return (struct mmap_request){
		.addr = req->addr, .len = req->len, .prot = req->prot, .flags = req->flags,
		.file = req->file, .offset = req->offset,
	};
}
int sys_mmap(struct machine *m, struct task_struct *task, const struct mmap_request *req,
	     u64 *addr) __must_check;
int sys_munmap(struct machine *m, struct task_struct *task, u64 addr, u64 len) __must_check;
/* *brk gets the new or, when refused, the old end: never an errno of its own. */
int sys_brk(struct machine *m, struct task_struct *task, u64 newbrk, u64 *brk) __must_check;
int sys_mprotect(struct machine *m, struct task_struct *task, u64 addr, u64 len,
		 u64 prot) __must_check;
struct mremap_request {
	u64 addr, old_len, new_len, flags, new_addr;
};
int sys_mremap(struct machine *m, struct task_struct *task,
	       const struct mremap_request *req, u64 *addr) __must_check;
int sys_remap_file_pages(struct machine *m, struct task_struct *task, u64 start, u64 size,
			 u64 prot, u64 pgoff, u64 flags) __must_check;
/* *done: bytes of the ranges that were advised, each whole. */
struct user_range {
	u64 addr, len;
};
/*
 * What import_iovec() finds wrong with ranges of the caller's own: -EINVAL, a length is
 * negative; -EFAULT, one lies outside its part of the address space. Together they are
 * taken as far as MAX_RW_COUNT goes.
 */
#define MAX_RW_COUNT 0x7ffff000ULL
int check_user_ranges(const struct machine *m, const struct user_range *ranges,
		      unsigned int nr) __must_check;
/* The same of ranges of others: their lengths alone. */
int check_user_lengths(const struct machine *m, const struct user_range *ranges,
		       unsigned int nr) __must_check;
int sys_process_madvise(struct machine *m, struct task_struct *task, int pidfd,
			const struct user_range *ranges, unsigned int nr, int advice,
			u64 flags, u64 *done) __must_check;
/* PR_SET_VMA_ANON_NAME: `name` of anon_name.h, or 0. */
int madvise_set_anon_name(struct machine *m, struct task_struct *task, u64 addr, u64 len,
			  u32 name) __must_check;
/* ENOSYS where the release, or the architecture, has no such call. */
int sys_mseal(struct machine *m, struct task_struct *task, u64 addr, u64 len,
	      u64 flags) __must_check;
int sys_madvise(struct machine *m, struct task_struct *task, u64 addr, u64 len,
		int advice) __must_check;
int sys_mlock2(struct machine *m, struct task_struct *task, u64 addr, u64 len,
	       u64 flags) __must_check;	/* flags 0: mlock */
int sys_munlock(struct machine *m, struct task_struct *task, u64 addr, u64 len) __must_check;
int sys_mlockall(struct machine *m, struct task_struct *task, u64 flags) __must_check;
int sys_munlockall(struct machine *m, struct task_struct *task) __must_check;
int sys_msync(struct machine *m, struct task_struct *task, u64 addr, u64 len,
	      u64 flags) __must_check;
/* vec: one byte for each page. */
int sys_mincore(struct machine *m, struct task_struct *task, u64 addr, u64 len,
		u8 *vec) __must_check;

/* Inside the kernel: what exec, brk, special mappings and exit use. */

/* mmap without the system call's own checks; *populate: pages to fault in, bytes. */
int do_mmap(struct machine *m, struct task_struct *task, const struct mmap_request *req,
	    u64 vm_flags, u64 *addr, u64 *populate) __must_check;
/* The VMAs of [start, end) go, with their pages and tables. */
int do_vmi_munmap(struct machine *m, struct mm_struct *mm, u64 start, u64 end) __must_check;
/* Anonymous memory at a fixed place: bss, heap. */
int do_brk_flags(struct machine *m, struct task_struct *task, u64 addr, u64 len,
		 u64 vm_flags) __must_check;
/* [vdso], [vvar]: special mappings, one VMA. */
int install_special_mapping(struct machine *m, struct mm_struct *mm, u64 addr, u64 len,
			    u64 vm_flags, const struct vm_operations *ops) __must_check;
/* All of it goes: tables, pages, VMAs; figures fall to 0. */
void exit_mmap(struct machine *m, struct mm_struct *mm);
/* A child's VMAs and tables as fork copies them. */
int dup_mmap(struct machine *m, struct mm_struct *mm, struct mm_struct *oldmm) __must_check;

/* placement.c: where a mapping of len bytes goes. -ENOMEM, -EINVAL, -EEXIST. */
int get_unmapped_area(struct machine *m, struct task_struct *task,
		      const struct mmap_request *req, u64 pgoff, u64 *addr) __must_check;
/* The layout of a new program: mmap_base and its kin, by the stack's limit. */
void arch_pick_mmap_layout(struct machine *m, struct task_struct *task,
			   struct mm_struct *mm);

/* Of a VMA with a file: does the task own it, or may it write to it? */
bool may_write_mapped_file(const struct task_struct *task, const struct vm_area_struct *vma);
/* VM_READ and friends that PROT_* ask for, with the key of what is only executed. */
u64 vm_prot_bits(u64 prot);
/*
 * pkey.c: rights are PKEY_DISABLE_ACCESS 1, PKEY_DISABLE_WRITE 2. A kernel of 32 bits has
 * none of the calls: -ENOSYS.
 */
bool has_pkey_calls(const struct machine *m);
#define PKRU_INIT 0x55555554U	/* of a new program: key 0 alone */
void mm_init_pkeys(const struct machine *m, struct mm_struct *mm);
bool mm_pkey_is_allocated(const struct machine *m, const struct mm_struct *mm, int pkey);
/* The key of memory that is only executed, with the right to read it taken; 0: none. */
int execute_only_pkey(struct machine *m, struct task_struct *task);
int sys_pkey_alloc(struct machine *m, struct task_struct *task, u64 flags, u64 rights,
		   u64 *pkey) __must_check;
int sys_pkey_free(struct machine *m, struct task_struct *task, int pkey) __must_check;
/* pkey -1: as mprotect(). */
int sys_pkey_mprotect(struct machine *m, struct task_struct *task, u64 addr, u64 len, u64 prot,
		      int pkey) __must_check;

/* util.c: overcommit and limits. */
bool may_expand_vm(struct machine *m, const struct task_struct *task,
		   const struct mm_struct *mm, u64 vm_flags, u64 nr_pages);
bool accountable_mapping(const struct file *file, u64 vm_flags);
/* Charge Committed_AS; -ENOMEM by the overcommit policy. task NULL: who runs. */
int security_vm_enough_memory(struct machine *m, const struct task_struct *task,
			      const struct mm_struct *mm, u64 nr_pages) __must_check;
void vm_unacct_memory(struct machine *m, u64 nr_pages);
/* RLIMIT_MEMLOCK: may the task lock at all; may VM_LOCKED flags get so much more? */
bool can_do_mlock(const struct task_struct *task);
bool mlock_future_ok(const struct task_struct *task, const struct mm_struct *mm,
		     u64 vm_flags, u64 bytes);

/* B7 V7, B6 T5 to T7: of one mm. Adds what it has promised to *committed: for C1. */
void mmap_validate(const struct machine *m, const struct mm_struct *mm, s64 *committed,
		   struct check *check);
/* Of every mm: V1 to V7, T5 to T7; and C1. */
void address_spaces_validate(const struct machine *m, struct check *check);
void address_spaces_digest(const struct machine *m, struct digest *digest);

#endif
