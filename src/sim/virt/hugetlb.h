/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Huge pages of the pools in address spaces. A mapping of them is one of a file of
 * hugetlbfs, also where it is anonymous; its VMA has VM_HUGETLB, and everything about it
 * is aligned to its file's page size. Pages are promised when they are mapped: to the
 * file where the mapping is shared, to the VMA (HPAGE_RESV_OWNER) where it is private,
 * so a fault finds its page, but for those who came by fork or said MAP_NORESERVE.
 *
 * Files: hugetlb_resv.c (who was promised what), hugetlb_file.c (files), hugetlb_vma.c
 * (mapping, closing, splitting), hugetlb_fault.c, hugetlb_range.c (zap, fork, mprotect,
 * mremap), hugetlb_validate.c.
 */
#ifndef KMM_VIRT_HUGETLB_H
#define KMM_VIRT_HUGETLB_H

#include "sim/phys/hugetlb.h"
#include "sim/virt/file.h"
#include "sim/virt/mm_types.h"

#define MAP_HUGE_SHIFT 26
#define MAP_HUGE_MASK 0x3f

struct mmu_gather;
struct access_result;

/* ---- Reservation maps. ---- */

/* [from, to): huge page offsets. */
struct file_region {
	u64 from, to;
	struct file_region *prev, *next;
	u32 self;
};

/*
 * Of a shared file: which of its pages are promised or there. Of a private mapping:
 * which of the promised pages were taken.
 */
struct resv_map {
	struct file_region *first;
	struct file_region *cache;	/* entries in reserve, by next */
	u32 nr_cached, adds_in_progress;
	s32 refs;
	u32 self;
};

/* vma->resv_flags */
enum { HPAGE_RESV_OWNER = 1, HPAGE_RESV_UNMAPPED = 2 };

struct hugetlb_vma_lock {	/* of each shared mapping: an object, no more */
	u32 self;
};

int resv_map_alloc(struct machine *m, struct resv_map **map) __must_check;
void resv_map_put(struct machine *m, struct resv_map *map);
/* How many pages of [f, t) are not in the map; it may be asked to add them next. */
int region_chg(struct machine *m, struct resv_map *map, u64 f, u64 t, u64 *chg,
	       u32 *needed) __must_check;
void region_abort(struct resv_map *map, u32 needed);
/* *added: pages that were not in the map. Cannot fail behind region_chg(). */
int region_add(struct machine *m, struct resv_map *map, u64 f, u64 t, u32 needed,
	       u64 *added) __must_check;
/* *deleted: pages that were. -ENOMEM, where one region becomes two. */
int region_del(struct machine *m, struct resv_map *map, u64 f, u64 t,
	       u64 *deleted) __must_check;
u64 region_count(const struct resv_map *map, u64 f, u64 t);
/* Pages in the map from its first region on: for the check and the digest. */
void resv_maps_digest(const struct machine *m, struct digest *digest);

/*
 * The page of an address: 0: it is promised; 1: it is not; -errno. needs must be
 * followed by commit (it is taken) or end.
 */
int vma_needs_reservation(struct machine *m, const struct vm_area_struct *vma,
			  u64 addr) __must_check;
int vma_commit_reservation(struct machine *m, const struct vm_area_struct *vma, u64 addr);
void vma_end_reservation(const struct vm_area_struct *vma);
int vma_add_reservation(struct machine *m, const struct vm_area_struct *vma, u64 addr);
int vma_del_reservation(struct machine *m, const struct vm_area_struct *vma, u64 addr);

/* ---- Files. ---- */

static inline bool is_file_hugepages(const struct file *file)
{
	return file && file->inode->kind == INODE_HUGETLB;
}

static inline bool is_vm_hugetlb_page(const struct vm_area_struct *vma)
{
	return vma->vm_flags & VM_HUGETLB;
}

static inline struct hstate *hstate_inode(const struct machine *m, const struct inode *inode)
{
	return hugetlb_hstate(m, inode->huge_order);
}

static inline struct hstate *hstate_vma(const struct machine *m,
					const struct vm_area_struct *vma)
{
	return hstate_inode(m, vma->vm_file->inode);
}

static inline u64 vma_huge_size(const struct vm_area_struct *vma)
{
	return PAGE_SIZE << vma->vm_file->inode->huge_order;
}

static inline u64 vma_huge_mask(const struct vm_area_struct *vma)
{
	return ~(vma_huge_size(vma) - 1);
}

/* What smaps calls KernelPageSize. */
static inline u64 vma_kernel_pagesize(const struct vm_area_struct *vma)
{
	return is_vm_hugetlb_page(vma) ? vma_huge_size(vma) : PAGE_SIZE;
}

/* The level of the page tables whose entries map its pages. */
unsigned int hugetlb_level(const struct machine *m, const struct vm_area_struct *vma);

/* Offset of an address in its file, in huge pages. */
static inline u64 vma_hugecache_offset(const struct vm_area_struct *vma, u64 addr)
{
	return linear_page_index(vma, addr) >> vma->vm_file->inode->huge_order;
}

/* The pool of a size by its logarithm, 0: the default; NULL: no such size. */
struct hstate *hstate_sizelog(const struct machine *m, unsigned int page_size_log);

/* Who asks for a file: its pages are reserved now (SHM), or when it is mapped. */
enum hugetlb_file_kind { HUGETLB_SHMFS_INODE = 1, HUGETLB_ANONHUGE_INODE };
#define HUGETLB_ANON_FILE "/anon_hugepage"
struct hugetlb_file_request {
	const char *name;	/* as maps says it, but for " (deleted)" */
	u64 size;		/* bytes, a multiple of the page size */
	u64 acctflag;		/* VM_NORESERVE: reserve nothing */
	enum hugetlb_file_kind kind;
	unsigned int page_size_log;	/* 0: the default size */
};
/*
 * An unlinked file of hugetlbfs, as SysV shared memory, memfds and anonymous mappings
 * have them. -ENODEV: no such size; -EPERM: SHM without the right; -ENOMEM: the pool
 * has not got the pages; -ENOBUFS.
 */
int hugetlb_file_setup(struct machine *m, const struct task_struct *task,
		       const struct hugetlb_file_request *req,
		       struct file **file) __must_check;
/* ->mmap(). -EINVAL (offset), -ENOMEM, -EPERM (seals). */
int hugetlb_file_mmap(struct machine *m, struct file *file,
		      struct vm_area_struct *vma) __must_check;
/* The last reference is gone: pages and promises go. */
void hugetlb_evict_inode(struct machine *m, struct inode *inode);
/* A new size. -EINVAL, -EPERM. */
int hugetlb_truncate(struct machine *m, struct inode *inode, u64 size) __must_check;
int hugetlb_punch_hole(struct machine *m, struct inode *inode, u64 start,
		       u64 end) __must_check;
/* fallocate(): -EPERM, -ENOSPC, -ENOMEM. */
int hugetlb_allocate(struct machine *m, struct inode *inode, u64 start, u64 end,
		     bool keep_size) __must_check;
/* The page at an offset in huge pages, or PFN_NIL. */
u32 hugetlb_find_page(const struct machine *m, const struct inode *inode, u64 idx);
/* It takes a reference. */
int hugetlb_add_to_page_cache(struct machine *m, struct inode *inode, u64 idx,
			      u32 pfn) __must_check;
/*
 * Promise [from, to) of a file, huge page offsets, to a mapping (NULL: the file is not
 * mapped yet). -ENOMEM, -ENOBUFS: nothing is promised.
 */
int hugetlb_reserve_pages(struct machine *m, struct inode *inode, u64 from, u64 to,
			  struct vm_area_struct *vma, u64 vm_flags) __must_check;

/* ---- Mappings. ---- */

extern const struct vm_operations hugetlb_vm_ops;
/* A copy of a VMA for a child: what its parent was promised is not for it. */
void hugetlb_dup_vma_private(struct vm_area_struct *vma);
/*
 * mremap moved [start, end) of a mapping: the promise went with it. That of a part which
 * stays is lost, as in the kernel: nobody can use it or give it back.
 */
void clear_vma_resv_huge_pages(struct machine *m, struct vm_area_struct *vma, u64 start,
			       u64 end);
/* May it be cut there? */
static inline bool hugetlb_may_split(const struct vm_area_struct *vma, u64 addr)
{
	return !is_vm_hugetlb_page(vma) || !(addr & ~vma_huge_mask(vma));
}

/* A page for an address, in use, cleared by the caller: -ENOSPC, -ENOMEM, -ENOBUFS. */
int alloc_huge_page(struct machine *m, struct vm_area_struct *vma, u64 addr,
		    bool cow_from_owner, u32 *pfn) __must_check;
/* It is freed before anybody had it. */
void restore_reserve_on_error(struct machine *m, const struct vm_area_struct *vma, u64 addr,
			      u32 pfn);
void clear_huge_page(struct machine *m, u32 pfn, unsigned int order);
void hugetlb_count_add(struct mm_struct *mm, s64 pages);

/* VM_FAULT_*; flags: FAULT_FLAG_*. */
unsigned int hugetlb_fault(struct machine *m, struct vm_area_struct *vma, u64 address,
			   unsigned int flags);

/*
 * The entry of an address, with the tables above it made as needed, or found with others
 * (hugetlb_share.c); or NULL: none yet.
 */
int huge_pte_alloc(struct machine *m, struct vm_area_struct *vma, u64 addr,
		   u64 **pte) __must_check;
/* The same, with a table of its own: mremap moves entries there. */
int hugetlb_own_pte_alloc(struct machine *m, struct vm_area_struct *vma, u64 addr,
			  u64 **pte) __must_check;
u64 *huge_pte_offset(const struct machine *m, const struct vm_area_struct *vma, u64 addr);
/* The next address to look at; where there is no entry, what its table would serve goes. */
u64 huge_addr_next(const struct machine *m, const struct vm_area_struct *vma, u64 addr,
		   const u64 *entry);

/*
 * Is the table of addr shared with others? Before an entry changes, the mapping lets go of
 * such a table; true: it did, and has nothing there now.
 */
bool hugetlb_pmd_shared(const struct machine *m, const struct vm_area_struct *vma, u64 addr);
struct mmu_gather;
bool huge_pmd_unshare(struct mmu_gather *tlb, const struct vm_area_struct *vma, u64 addr);
/* The same by itself: of a table that several have, this VMA lets go. */
bool huge_pmd_leave(struct machine *m, const struct vm_area_struct *vma, u64 addr);
/* A mapping gets flags that forbid it; one is cut at addr. */
void hugetlb_unshare_all_pmds(struct machine *m, const struct vm_area_struct *vma);
void hugetlb_split(struct machine *m, const struct vm_area_struct *vma, u64 addr);
/* Of an entry that several see, true for one of them. */
bool hugetlb_counts_entry(const struct machine *m, const struct vm_area_struct *vma, u64 addr);
/* T11 of a mapping; tables that it has and another one counts. */
u64 hugetlb_shared_validate(const struct machine *m, const struct vm_area_struct *vma,
			    struct check *check);

/*
 * Ranges of whole huge pages. ref_pfn: only that page (PFN_NIL: all). Where a page is to
 * stay write-protected (userfaultfd), a mark stays, unless marks go, too.
 */
void unmap_hugepage_range(struct mmu_gather *tlb, struct vm_area_struct *vma, u64 start,
			  u64 end, u32 ref_pfn, bool drop_markers);
int copy_hugetlb_page_range(struct machine *m, struct vm_area_struct *dst,
			    struct vm_area_struct *src) __must_check;
void hugetlb_change_protection(struct mmu_gather *tlb, struct vm_area_struct *vma, u64 start,
			       u64 end, u64 prot);
int move_hugetlb_page_tables(struct machine *m, struct vm_area_struct *old, u64 old_addr,
			     struct vm_area_struct *vma, u64 new_addr, u64 len,
			     u64 *moved) __must_check;
/* Where it is mapped: entries of the whole page. */
static inline u32 *huge_mapcount(struct page *head)
{
	return &head[1].prev;
}
void hugetlb_add_rmap(struct machine *m, u32 pfn);
void hugetlb_remove_rmap(struct machine *m, u32 pfn);
void hugetlb_set_anon_rmap(struct machine *m, u32 pfn, const struct vm_area_struct *vma,
			   u64 addr);

/* Host memory of gigantic pages that calls may fault in. -ENOBUFS. */
int hugetlb_secure(struct machine *m, u64 pages) __must_check;

/* M1, R1, R2, T1, T2, C4 of hugetlb's part. */
void hugetlb_mappings_validate(const struct machine *m, struct check *check);

#endif
