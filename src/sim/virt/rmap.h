/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reverse mapping: from a page to the page tables that map it. Anonymous pages name
 * their anon_vma (page->mapping, PG_anon), whose interval tree holds a chain for each
 * VMA that may map it; pages of files name their address_space, whose i_mmap does.
 */
#ifndef KMM_VIRT_RMAP_H
#define KMM_VIRT_RMAP_H

#include "sim/phys/folio.h"
#include "sim/virt/mm_types.h"

struct anon_vma {
	u32 self;
	struct anon_vma *root, *parent;
	s32 refcount;		/* of a root: anon_vmas below it, itself included, and users */
	u32 num_children;	/* the root counts itself */
	u32 num_active_vmas;
	struct interval_tree rb_root;	/* of chains, by pgoff */
};

struct anon_vma_chain {
	struct interval_node rb;	/* first: [pgoff, last pgoff] of the VMA */
	struct vm_area_struct *vma;
	struct anon_vma *anon_vma;
	struct anon_vma_chain *prev, *next;	/* of the VMA: same_vma, newest first */
	u32 self;
};

/* Give a VMA its anon_vma: a neighbour's or a new one. 0, -ENOMEM, -ENOBUFS. */
int anon_vma_prepare(struct machine *m, struct vm_area_struct *vma) __must_check;
/* dst gets chains to all of src's anon_vmas; reuse rules as the kernel's. */
int anon_vma_clone(struct machine *m, struct vm_area_struct *dst,
		   struct vm_area_struct *src) __must_check;
int anon_vma_fork(struct machine *m, struct vm_area_struct *vma,
		  struct vm_area_struct *parent) __must_check;
/* Chains of a VMA: anon_vmas that its pages may name. */
unsigned int vma_nr_chains(const struct vm_area_struct *vma);
void unlink_anon_vmas(struct machine *m, struct vm_area_struct *vma);
/* The VMA's range has changed: its place in the trees does. */
void anon_vma_interval_move(struct vm_area_struct *vma);
struct anon_vma *anon_vma_of(const struct machine *m, u32 handle);

/*
 * A large folio has the mapping of its head; a page of it is found by its offset, and
 * the functions below take any page.
 *
 * A 48-bit page offset and a 16-bit memcg id share 8 bytes of the descriptor.
 */
#define PAGE_INDEX_BITS 48
/* A file may be larger: behind this it has no pages, writes are -EFBIG and faults SIGBUS. */
#define PAGE_INDEX_END (1ULL << PAGE_INDEX_BITS)
static inline u64 page_index(const struct page *page)
{
	const struct page *folio = folio_of_const(page);

	return (folio->index | (u64)(folio->memcg >> 16) << 32) + (u64)(page - folio);
}
static inline void page_set_index(struct page *page, u64 index)
{
	page->index = (u32)index;
	page->memcg = (page->memcg & 0xffff) | (u32)(index >> 32) << 16;
}

/* A page is mapped once more, once less: NR_ANON_MAPPED, NR_FILE_MAPPED follow. */
void page_add_new_anon_rmap(struct machine *m, u64 pfn, struct vm_area_struct *vma,
			    u64 address);	/* exclusive, first mapping */
void page_add_anon_rmap(struct machine *m, u64 pfn, struct vm_area_struct *vma, u64 address,
			bool exclusive);
void page_add_file_rmap(struct machine *m, u64 pfn, struct vm_area_struct *vma);
/* The same for nr pages of one folio, one behind the other; `vma` maps them. */
void folio_add_new_anon_rmap_ptes(struct machine *m, u64 pfn, u64 nr,
				  struct vm_area_struct *vma, u64 address);	/* all of it */
void folio_add_anon_rmap_ptes(struct machine *m, u64 pfn, u64 nr, struct vm_area_struct *vma,
			      u64 address, bool exclusive);
void folio_add_file_rmap_ptes(struct machine *m, u64 pfn, u64 nr, struct vm_area_struct *vma);
void folio_dup_rmap_ptes(struct machine *m, u64 pfn, u64 nr, const struct vm_area_struct *vma);
void folio_remove_rmap_ptes(struct machine *m, u64 pfn, u64 nr, struct vm_area_struct *vma);
/* The same for one page; in line where only its count changes. */
static inline void page_dup_rmap(struct machine *m, u64 pfn, const struct vm_area_struct *vma)
{
	struct page *page = &m->mem_map[pfn];

	if (likely(page_is_single(page) && page->mapcount >= 0))
		page->mapcount++;
	else
		folio_dup_rmap_ptes(m, pfn, 1, vma);
}

static inline void page_remove_rmap(struct machine *m, u64 pfn, struct vm_area_struct *vma)
{
	struct page *page = &m->mem_map[pfn];

	if (likely(page_is_single(page) && page->mapcount > 0 && !(vma->vm_flags & VM_LOCKED)))
		page->mapcount--;
	else
		folio_remove_rmap_ptes(m, pfn, 1, vma);
}

/* The same for an entry that maps all of a folio, whose head is pfn. */
void folio_add_new_anon_rmap_pmd(struct machine *m, u64 pfn, struct vm_area_struct *vma,
				 u64 address);
void folio_add_file_rmap_pmd(struct machine *m, u64 pfn, struct vm_area_struct *vma);
void folio_dup_rmap_pmd(struct machine *m, u64 pfn, const struct vm_area_struct *vma);
void folio_remove_rmap_pmd(struct machine *m, u64 pfn, struct vm_area_struct *vma);
/* A page's mappings, all of them small entries, are no longer counted. */
void folio_forget_mappings(struct machine *m, u64 pfn);
/* It is this VMA's mm's alone from now on. */
void page_move_anon_rmap(struct machine *m, u64 pfn, struct vm_area_struct *vma);

/* Each place that maps the page. Non-zero stops. */
typedef int (*rmap_one)(void *arg, struct vm_area_struct *vma, u64 address);
int rmap_walk(const struct machine *m, u64 pfn, rmap_one one, void *arg);

struct address_space;
struct mem_cgroup;
/* Each VMA that may map pages at offsets [first, last]: where they would lie. */
typedef int (*rmap_range)(void *arg, struct vm_area_struct *vma, u64 start, u64 end);
int rmap_walk_anon_range(const struct anon_vma *anon_vma, u64 first, u64 last, rmap_range one,
			 void *arg);

int rmap_walk_file_range(const struct address_space *mapping, u64 first, u64 last,
			 rmap_range one, void *arg);
/* The same for all pages of a folio, whose head is pfn, by what it is of. */
int rmap_walk_folio(const struct machine *m, u64 pfn, rmap_range one, void *arg);

/* A VMA maps so many pages of a folio of nr, all in [start, end): by one table, and whole? */
bool vma_maps_whole(const struct machine *m, u64 start, u64 end, u64 nr_mapped, u64 nr);
/* All pages of the large folio have just been mapped by this VMA, at once: is it locked by that? */
void folio_mapped_whole(struct machine *m, u64 pfn, const struct vm_area_struct *vma);
/* rmap_unmap.c: no page table maps the folio, of a file, any more. pfn: its head. */
void try_to_unmap_file(struct machine *m, u32 pfn);

/*
 * rmap_referenced.c: how many VMAs have used the folio since they were last asked; what
 * they may do with it is added to *vm_flags: VM_LOCKED: one has it locked, and no more was
 * asked. pfn: its head. target: for this group memory is freed, and who is not of it does not
 * count (NULL: all do); nor, since 6.3, do VMAs that are read in order, at random or once.
 */
unsigned int folio_referenced(struct machine *m, u32 pfn, const struct mem_cgroup *target,
			      u64 *vm_flags);
/*
 * rmap_reclaim.c: its mappings go: those of a file's page, or of anonymous memory that may be
 * freed. False: some stay, since a VMA has it locked, or it was written after all. What
 * TLBs have of it may wait till the batch is flushed.
 */
struct arch_tlbflush_unmap_batch;
bool try_to_unmap(struct machine *m, u32 pfn, struct arch_tlbflush_unmap_batch *batch);
/* The same at once for a single page, whoever has it locked. */
bool try_to_unmap_even_locked(struct machine *m, u32 pfn);

/* B5 M4 to M6: of one VMA; of all VMAs and anon_vmas. */
void rmap_validate_vma(const struct machine *m, const struct vm_area_struct *vma,
		       struct check *check);
void rmap_validate(const struct machine *m, struct check *check);

#endif
