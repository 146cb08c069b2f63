/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Page faults, and what copies and removes mappings. Files: memory.c (faults),
 * memory_wp.c (writes to what is read-only), memory_zap.c, memory_copy.c (fork),
 * memory_move.c (mprotect, mremap), fault.c (an access of a task, from address to
 * signal), gup.c (populate, PID/mem), special.c ([vdso] and its like).
 */
#ifndef KMM_VIRT_MEMORY_H
#define KMM_VIRT_MEMORY_H

#include "sim/phys/folio.h"
#include "sim/virt/mm_types.h"

enum fault_flags {
	FAULT_FLAG_WRITE = 1, FAULT_FLAG_INSTRUCTION = 2, FAULT_FLAG_REMOTE = 4,
	FAULT_FLAG_USER = 8, FAULT_FLAG_UNSHARE = 16,
	FAULT_FLAG_TRIED = 32,	/* for the second time: what was read is there */
	FAULT_FLAG_ANEW = 64,	/* the second time counts as the first: who asks has begun anew */
	FAULT_FLAG_MAY_WAIT = 128,	/* for a userfaultfd, after the call */
	FAULT_FLAG_WAITED = 256,	/* it has */
	FAULT_FLAG_HELD = 512,	/* the lock is kept: nothing is tried again */
};
/* What a fault came to; the kernel's bits. */
enum vm_fault_reason {
	VM_FAULT_OOM = 0x1, VM_FAULT_SIGBUS = 0x2, VM_FAULT_MAJOR = 0x4,
	VM_FAULT_HWPOISON = 0x10, VM_FAULT_SIGSEGV = 0x40,
	VM_FAULT_NOPAGE = 0x100, VM_FAULT_LOCKED = 0x200,
	VM_FAULT_RETRY = 0x400, VM_FAULT_FALLBACK = 0x800, VM_FAULT_DONE_COW = 0x1000,
	VM_FAULT_NOHOST = 0x10000,	/* ours: no host memory, nothing changed */
	VM_FAULT_UFFD = 0x20000,	/* ours: the task has to wait (userfaultfd.h) */
};
#define VM_FAULT_ERROR \
	(VM_FAULT_OOM | VM_FAULT_SIGBUS | VM_FAULT_HWPOISON | VM_FAULT_SIGSEGV | \
	 VM_FAULT_NOHOST | VM_FAULT_UFFD)

/* A wait lets go of the lock, and the fault is tried again; once. */
static inline bool fault_may_retry(unsigned int flags)
{
	return !(flags & (FAULT_FLAG_TRIED | FAULT_FLAG_HELD));
}

struct vm_fault {
	struct vm_area_struct *vma;
	u64 address;		/* page-aligned */
	u64 pgoff;
	unsigned int flags;	/* FAULT_FLAG_* */
	u64 *pmd;		/* entry of level 1; set where it is not a table */
	u64 *pte;		/* of the address; NULL where its table is not made yet */
	u64 orig_pte;
	bool new_table;		/* that of pte is of this fault */
	u32 page;		/* pfn that ->fault() found; PFN_NIL */
	u32 cow_page;
};

/* One row for each kind of mapping. */
struct vm_operations {
	const char *name;	/* of the row, for sim/: "file", "shmem", "special" */
	/* VM_FAULT_*; sets vmf->page with a reference, VM_FAULT_LOCKED never. */
	unsigned int (*fault)(struct machine *m, struct vm_fault *vmf);
	/*
	 * Map what is cached in [start_pgoff, end_pgoff], where nothing is mapped, by
	 * do_set_pte(); the entry of a page offset is vmf->pte + (pgoff - vmf->pgoff).
	 * VM_FAULT_NOPAGE if that was the address's own page too, else 0. NULL: none.
	 */
	unsigned int (*map_pages)(struct machine *m, struct vm_fault *vmf, u64 start_pgoff,
				  u64 end_pgoff);
	/* A write to a shared page that was read-only: NULL: nothing to ask. */
	unsigned int (*page_mkwrite)(struct machine *m, struct vm_fault *vmf);
	void (*open)(struct machine *m, struct vm_area_struct *vma);
	void (*close)(struct machine *m, struct vm_area_struct *vma);
	/* How maps calls it: "[vdso]"; NULL: by its file. */
	const char *map_name;
	bool may_split;		/* false: split is EINVAL */
	bool is_special;	/* special mapping: no file, no merging */
};

/* One fault on a mapped address. mm->... is found by the VMA. */
unsigned int handle_mm_fault(struct machine *m, struct vm_area_struct *vma, u64 address,
			     unsigned int flags);
/*
 * Map a page at addr of the fault's VMA, whose entry is *pte, none: rmap and counters
 * follow, the caller's reference becomes the mapping's. For ->map_pages().
 */
void do_set_pte(struct machine *m, struct vm_fault *vmf, u64 *pte, u32 pfn, u64 addr);

/*
 * An access by a user program: VMA lookup, stack growth, access rights, faults
 * (counted in the task and in vm events), accessed and dirty bits, contents.
 * A page that is mapped as needed costs no fault.
 */
enum access { ACCESS_LOAD, ACCESS_STORE, ACCESS_IFETCH };
enum { SEGV_MAPERR = 1, SEGV_ACCERR = 2, SEGV_BNDERR = 3, SEGV_PKUERR = 4,
       BUS_ADRALN = 1, BUS_ADRERR = 2, BUS_MCEERR_AR = 4, BUS_MCEERR_AO };
struct access_result {
	int signal;		/* 0, SIGSEGV 11, SIGBUS 7; SIGKILL 9: out of memory */
	int code;		/* SEGV_*, BUS_*; kernel addresses: SI_KERNEL 0x80 */
	u64 address;		/* si_addr */
	u32 error_code;		/* x86's, for the `segfault at` line */
};
/*
 * 0: result->signal says; -ENOBUFS: no host memory; -EINPROGRESS: the task waits for a
 * userfaultfd.
 */
int task_access(struct machine *m, struct task_struct *task, u64 address, enum access access,
		struct access_result *result) __must_check;
/* The fault for whose page the task has waited, once more. As task_access(). */
int task_fault_again(struct machine *m, struct task_struct *task,
		     struct access_result *result) __must_check;
/*
 * The page is there after it, or -EFAULT: what a system call does to copy. Contents
 * are the caller's (follow_page() tells the page).
 */
int fault_in_user(struct machine *m, struct task_struct *task, u64 address,
		  bool write) __must_check;

/* populate, mlock: fault in all of [start, end), as __mm_populate() (ignores errors). */
int mm_populate(struct machine *m, struct mm_struct *mm, u64 start, u64 len) __must_check;
/*
 * The same for one VMA; stops at the first error: -EFAULT, -ENOMEM; pages done (NULL: for
 * mprotect(), which does not let go of the mm meanwhile).
 */
int populate_vma_page_range(struct machine *m, struct vm_area_struct *vma, u64 start,
			    u64 end, u64 *nr_pages) __must_check;
/* MADV_POPULATE_*: the task may wait for a userfaultfd behind it. */
int faultin_page_range(struct machine *m, struct mm_struct *mm, u64 start, u64 end,
		       bool write) __must_check;
/* Pages of any mm, for the kernel to read or write: none that others could get a copy of. */
int pin_user_pages_remote(struct machine *m, struct mm_struct *mm, u64 start, u64 end,
			  bool write) __must_check;

/* The entries of [start, end) go; pages lose their mapping. even_cows: private too. */
void zap_page_range(struct machine *m, struct vm_area_struct *vma, u64 start, u64 end,
		    bool even_cows);
/* The same for MADV_DONTNEED: leaf tables that are wholly in the range go as well. */
void zap_pages_and_tables(struct machine *m, struct vm_area_struct *vma, u64 start, u64 end);
/* All mappings of a file's pages [pgoff, pgoff + nr): truncation, holes. */
struct address_space;
void unmap_mapping_range(struct machine *m, struct address_space *mapping, u64 pgoff,
			 u64 nr_pages, bool even_cows);
/*
 * VMAs that are no longer in the tree, in order of addresses: their pages and tables
 * go. floor is the end of the VMA before them (0: none), ceiling the start of the one
 * behind (0: none). Their chains and their files' trees are the caller's, afterwards.
 */
struct mmu_gather;
void unmap_region(struct mmu_gather *tlb, struct vm_area_struct *const *vmas, unsigned int nr,
		  u64 floor, u64 ceiling);
/* fork: entries of src's VMA into dst's. -ENOMEM, -ENOBUFS. */
int copy_page_range(struct machine *m, struct vm_area_struct *dst,
		    struct vm_area_struct *src) __must_check;
/* mprotect: new bits for what is mapped. */
void change_protection(struct mmu_gather *tlb, struct vm_area_struct *vma, u64 start, u64 end);
/* userfaultfd: what is mapped gets its mark and loses the right to write, or the reverse. */
void uffd_change_protection(struct mmu_gather *tlb, struct vm_area_struct *vma, u64 start,
			    u64 end, bool enable);
/* mremap: entries move from one VMA to another. Bytes moved; short: no memory. */
int move_page_tables(struct machine *m, struct vm_area_struct *old, u64 old_addr,
		     struct vm_area_struct *vma, u64 new_addr, u64 len, u64 *moved) __must_check;
/* What it moved before it fell short goes back: that cannot fail. */
void move_page_tables_back(struct machine *m, struct vm_area_struct *copy, u64 new_addr,
			   struct vm_area_struct *vma, u64 addr, u64 moved);

/* The page of an address, faulted in to be read. -EFAULT, -ENOMEM, -ENOBUFS. */
int get_user_page(struct machine *m, struct mm_struct *mm, u64 address, u32 *pfn) __must_check;
/* The same to be written, as ptrace may: private memory that only its protection guards, too. */
int get_user_page_to_write(struct machine *m, struct mm_struct *mm, u64 address,
			   u32 *pfn) __must_check;
/*
 * How many entries, of nr at most, from one on that is present, map pages of one folio that
 * lie in a row, by the same rights but for bits that an access sets or a write takes.
 */
u64 folio_pte_batch(const struct machine *m, const u64 *pte, u64 nr);

/* The page of an address if it is mapped (zero page: PFN of it); PFN_NIL. */
u32 follow_page(const struct machine *m, const struct mm_struct *mm, u64 address);

/*
 * RSS counters. On 6.1 the faults of a task count in the task, until 64 of them or
 * something else brings the counts to its mm: what /proc shows is old until then.
 */
void add_mm_counter_fast(struct machine *m, struct mm_struct *mm, enum mm_counter counter,
			 s64 n);
/* The task's own counts go to its mm: also before exit and exec leave the mm. */
void sync_mm_rss(struct task_struct *task);
static inline u64 get_mm_counter(const struct mm_struct *mm, enum mm_counter counter)
{
	return mm->rss_stat[counter] > 0 ? (u64)mm->rss_stat[counter] : 0;
}
/* VmRSS: all pages that are mapped and count. */
static inline u64 get_mm_resident(const struct mm_struct *mm)
{
	return get_mm_counter(mm, MM_FILEPAGES) + get_mm_counter(mm, MM_ANONPAGES) +
	       get_mm_counter(mm, MM_SHMEMPAGES);
}
/*
 * What the kernel takes for a count, where it need not be exact: since 6.2 it leaves out
 * what each CPU keeps to itself, up to a batch of pages.
 */
static inline u64 get_mm_counter_known(const struct mm_struct *mm, enum mm_counter counter)
{
	s64 known = mm->rss_stat[counter] - mm->rss_local[counter];

	return known > 0 ? (u64)known : 0;
}
/* And for the size: of high-water marks, of the OOM killer. */
static inline u64 get_mm_rss(const struct mm_struct *mm)
{
	static const u8 counters[] = { MM_FILEPAGES, MM_ANONPAGES, MM_SHMEMPAGES };
	u64 rss = 0;

	for (unsigned int i = 0; i < ARRAY_SIZE(counters); i++)
		rss += get_mm_counter_known(mm, counters[i]);
	return rss;
}
static inline void update_hiwater_rss(struct mm_struct *mm)
{
	u64 rss = get_mm_rss(mm);

	if (mm->hiwater_rss < rss)
		mm->hiwater_rss = rss;
}
/* The same at once, whoever runs: of huge pages. */
void add_mm_counter(struct machine *m, struct mm_struct *mm, enum mm_counter counter, s64 n);
static inline enum mm_counter mm_counter_of(const struct page *page)
{
	page = folio_of_const(page);
	if (page_flag(page, PG_anon))
		return MM_ANONPAGES;
	return page_flag(page, PG_swapbacked) ? MM_SHMEMPAGES : MM_FILEPAGES;
}

/* special.c: what exec maps with install_special_mapping(). */
extern const struct vm_operations vdso_vm_ops, vvar_vm_ops, vvar_vclock_vm_ops;
/* Where in the kernel's image their pages and the zero page lie. 0, -ENOMEM. */
int special_mappings_init(struct machine *m) __must_check;

/* B4, B6 T4 and B5 M1 over all mms: one pass over all tables, then over pages. */
void memory_validate(const struct machine *m, struct check *check);

#endif
