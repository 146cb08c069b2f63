/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Address spaces: mm_struct, vm_area_struct and what hangs on them. Fields have the
 * kernel's names; which of them a release shows, and in which order, is in the rows
 * of fs/sim/mm_struct.c. Locks and lists that this machine has no use for are not
 * here: the rows give them their one value.
 *
 * Objects point to each other by host pointers (pools never move them); `self` is
 * the handle in the object's pool (virt.h), and what is hashed, ordered or printed.
 */
#ifndef KMM_VIRT_MM_TYPES_H
#define KMM_VIRT_MM_TYPES_H

#include "sim/abi/vmflags.h"
#include "sim/base/digest.h"
#include "sim/base/interval_tree.h"
#include "sim/base/maple_tree.h"
#include "sim/machine.h"

struct anon_vma;
struct anon_vma_chain;
struct file;
struct task_struct;
struct vm_operations;

/* What VmRSS and friends count, in pages. */
enum mm_counter { MM_FILEPAGES, MM_ANONPAGES, MM_SWAPENTS, MM_SHMEMPAGES, NR_MM_COUNTERS };

#define SAVED_AUXV_WORDS 52

/* mm->flags: the kernel's bits. */
#define MMF_DUMPABLE_MASK 3ULL
#define MMF_VM_MERGEABLE (1ULL << 16)
#define MMF_DISABLE_THP_EXCEPT_ADVISED (1ULL << 23)	/* since 6.18 */
#define MMF_DISABLE_THP (1ULL << 24)
#define MMF_HAS_MDWE (1ULL << 28)
#define MMF_HAS_MDWE_NO_INHERIT (1ULL << 29)
#define TRIM_CPUMASK_NS 1000000000ULL

struct resv_map;
struct hugetlb_vma_lock;

struct mm_struct {
	/* Identity. */
	u32 self;		/* handle; 0: init_mm */
	u64 ctx_id;
	/* Who uses it. */
	s32 mm_users, mm_count;
	/* The map. */
	struct maple_tree mm_mt;	/* first page's address .. last byte -> VMA handle */
	/* The VMA of the last fault; vm_area_free() forgets it. */
	struct vm_area_struct *vma_cache;
	s32 map_count;
	u64 mmap_base, mmap_legacy_base, mmap_compat_base, mmap_compat_legacy_base;
	u64 task_size;
	bool topdown;		/* placement: get_unmapped_area goes down from mmap_base */
	/* Page tables: pgtable.h. */
	const char *pgd_symbol;	/* of the kernel's own; NULL: a program's */
	u64 *pgd;		/* the entries of the top table; NULL: none yet */
	u32 pgd_pfn;		/* its page frame; PFN_NIL: it has none of its own, */
	u32 pgd_object;		/* but is an object of this handle (PAE) */
	u64 pgtables_bytes;
	/* The table of the last walk: `pte_base` is its first address, 1 = none. */
	u64 pte_base;
	u64 *pte_table;
	/* Figures; pages but for bytes of addresses. */
	u64 hiwater_rss, hiwater_vm;
	u64 total_vm, locked_vm, pinned_vm, data_vm, exec_vm, stack_vm;
	u64 locked_stray;	/* of locked_vm: what no VMA stands for (mremap.c) */
	s64 rss_stat[NR_MM_COUNTERS];
	/* Since 6.2: how much of it the CPU that counted last has not made known. */
	s16 rss_local[NR_MM_COUNTERS];
	u16 rss_cpu;
	u64 def_flags;		/* VM_*: of each new VMA (mlockall) */
	u64 start_code, end_code, start_data, end_data;
	u64 start_brk, brk, start_stack;
	u64 arg_start, arg_end, env_start, env_end;
	u64 saved_auxv[SAVED_AUXV_WORDS];
	struct file *exe_file;
	u64 vdso_base;
	u64 flags;
	u16 pkey_allocation_map;	/* a bit for each key that is in use */
	s16 execute_only_pkey;
	u64 numa_next_scan, numa_scan_offset;
	s32 numa_scan_seq;
	bool shares_hugetlb;	/* it had a table with others, once: hugetlb_share.c */
	u64 hugetlb_usage;
	u64 ksm_merging_pages, ksm_rmap_items, ksm_zero_pages;
	u64 cpumask[CPU_WORDS];	/* CPUs that have it loaded, or had and were not told */
	u64 tlb_gen;		/* flushes so far: tlb.h */
	u64 next_trim_cpumask;	/* in ns: then, a flush also tells CPUs that had it */
	s32 oom_score_adj_min;
	u16 memcg;		/* memcg.h: the owner's group */
	struct task_struct *owner;	/* who got it, or who has it since that one left */
	bool on_mmlist;
	struct mm_struct *mmlist_prev, *mmlist_next;	/* with swap entries: swap.h */
};

struct vm_area_struct {
	u64 vm_start, vm_end;	/* [start, end) */
	u64 vm_pgoff;
	u64 vm_flags;		/* VM_* */
	struct mm_struct *vm_mm;
	struct file *vm_file;	/* NULL: anonymous or special */
	const struct vm_operations *vm_ops;	/* NULL: private anonymous */
	struct anon_vma *anon_vma;
	struct anon_vma_chain *chain_first, *chain_last;	/* anon_vma_chain: same_vma */
	struct interval_node shared;	/* in the mapping's i_mmap, by pgoff */
	u32 self;		/* handle */
	struct vm_area_struct *detached_next;	/* of those that munmap took out of the tree */
	struct mempolicy *vm_policy;	/* mempolicy.h; NULL: the task's */
	/* Of huge pages, hugetlb.h; resv: of a private mapping. */
	struct resv_map *resv;
	struct hugetlb_vma_lock *hugetlb_lock;
	u8 resv_flags;
	u8 apart;		/* enum vma_apart of vma_internal.h: nobody asked whether ... */
	u64 swap_readahead_info;	/* swap_readahead.c; 0: the default */
	u32 anon_name;		/* PR_SET_VMA_ANON_NAME: index + 1 of a name; 0: none */
	u32 uffd;		/* userfaultfd.h: handle of its context; 0: none */
};

/* A VMA by its handle; NULL for 0. */
struct vm_area_struct *vma_of(const struct machine *m, u32 handle);

static inline u64 vma_pages(const struct vm_area_struct *vma)
{
	return (vma->vm_end - vma->vm_start) >> PAGE_SHIFT;
}

static inline bool vma_is_anonymous(const struct vm_area_struct *vma)
{
	return !vma->vm_ops;
}

/* Of the pages from start_code to end_code. */
static inline u64 mm_text_bytes(const struct mm_struct *mm)
{
	return ALIGN_UP(mm->end_code, PAGE_SIZE) - ALIGN_DOWN(mm->start_code, PAGE_SIZE);
}

static inline unsigned int vma_pkey(const struct vm_area_struct *vma)
{
	return (unsigned int)(vma->vm_flags >> VM_PKEY_SHIFT) & 0xf;
}

/* Does PKRU deny a key's data, or writing it? */
static inline bool pkru_denies(u32 pkru, unsigned int pkey, bool write)
{
	return pkru >> 2 * pkey & (write ? 3 : 1);
}

/* Page offset of an address of the VMA, in its file or as anonymous memory. */
static inline u64 linear_page_index(const struct vm_area_struct *vma, u64 addr)
{
	return vma->vm_pgoff + ((addr - vma->vm_start) >> PAGE_SHIFT);
}

/* Where that page offset lies in the VMA; it need not be inside. */
static inline u64 vma_address_of(const struct vm_area_struct *vma, u64 pgoff)
{
	return vma->vm_start + ((pgoff - vma->vm_pgoff) << PAGE_SHIFT);
}

/*
 * m->init_mm as its static initialiser and setup_initial_init_mm() make it: the
 * image's addresses come from the machine's config. 0 or -ENOMEM.
 */
int init_mm_create(struct machine *m) __must_check;
void init_mm_free(struct machine *m);
void mm_digest(const struct mm_struct *mm, struct digest *digest);

static inline bool vma_is_accessible(const struct vm_area_struct *vma)
{
	return vma->vm_flags & VM_ACCESS_FLAGS;
}

#endif
