/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Swap: areas (swapfile.c, what they take: swap_area.c), the slots of which each has a
 * count of who refers to it (swap_map.c), and clusters of slots out of which new ones are
 * taken, as 6.1 does (swap_scan.c, with swap_slots.c in front of it) or 6.18
 * (swap_cluster.c); the swap cache of pages that have a slot (swap_state.c) and what moves
 * them between memory and areas (page_io.c); reading ahead (swap_readahead.c), faults
 * (swap_fault.c, swap_large.c), and swapoff, which brings all back (swap_unuse.c).
 *
 * A page of the swap cache has PG_swapcache and knows its slot: page_swap_entry(); the
 * cache has a reference for each page of a folio. Contents of slots are tokens, as those
 * of pages (content.h). Host memory is secured at swapon; what nodes of the cache need
 * is -ENOBUFS, and nothing has changed.
 */
#ifndef KMM_VIRT_SWAP_H
#define KMM_VIRT_SWAP_H

#include "sim/phys/folio.h"
#include "sim/phys/memcg.h"
#include "sim/virt/pgtable.h"

struct virt_need;	/* virt.h */

/* Area and slot: 0 is none, since slot 0 is the header. */
typedef u64 swp_entry_t;
#define SWP_ENTRY_OFFSET_BITS 58

static inline swp_entry_t swp_entry(unsigned int type, u64 offset)
{
	return (u64)type << SWP_ENTRY_OFFSET_BITS | offset;
}

static inline unsigned int swp_entry_type(swp_entry_t entry)
{
	return (unsigned int)(entry >> SWP_ENTRY_OFFSET_BITS);
}

static inline u64 swp_entry_offset(swp_entry_t entry)
{
	return entry & ((1ULL << SWP_ENTRY_OFFSET_BITS) - 1);
}

/* In a page table (pgtable.h: pte_is_swap()). */
static inline swp_entry_t pte_to_swp_entry(pte_t pte)
{
	return swp_entry(swp_type(pte) - SWP_DEVICE_FIRST, pte >> SWP_OFFSET_SHIFT);
}

static inline pte_t swp_entry_to_pte(swp_entry_t entry)
{
	return (u64)(SWP_DEVICE_FIRST + swp_entry_type(entry)) << 1 |
	       swp_entry_offset(entry) << SWP_OFFSET_SHIFT;
}

/*
 * The word that the kernel has there: type and slot, in all but two-level tables inverted,
 * with soft-dirty, userfaultfd's mark and exclusive in bits 1 to 3.
 */
u64 swap_pte_word(const struct machine *m, pte_t pte);

#define SWAP_FLAG_PREFER 0x8000
#define SWAP_FLAG_PRIO_MASK 0x7fff
#define SWAP_FLAG_DISCARD 0x10000
#define SWAP_FLAG_DISCARD_ONCE 0x20000
#define SWAP_FLAG_DISCARD_PAGES 0x40000
#define SWAP_FLAGS_VALID 0x7ffff

int swap_init(struct machine *m) __must_check;
void swap_free_state(struct machine *m);
struct digest;
void swap_digest(const struct machine *m, struct digest *digest);
void swap_validate(const struct machine *m, struct check *check);	/* S1 to S4, S7 */
struct object_census;
void swap_claim_objects(const struct machine *m, struct object_census *census);
/* What the page of the entry holds, in the cache or in its slot: as a slot of content.h does. */
u64 swap_content(const struct machine *m, swp_entry_t entry);
/* How many slots hold real bytes (content.h: R9). */
u64 swap_nr_contents(const struct machine *m);
/* The areas of the machine file that are on from the boot on. 0 or -errno. */
int swap_boot(struct machine *m) __must_check;

/*
 * By path: a [swap] device of the machine file, or a file of a disk that mkswap has made
 * one. task NULL: the kernel's own, at boot. The kernel's errnos, and -ENOBUFS.
 */
int sys_swapon(struct machine *m, const struct task_struct *task, const char *path,
	       u32 flags) __must_check;
/* A bound of what a swapon of this path takes. -ENOBUFS: what no bound covers is not there. */
int swapon_need(struct machine *m, const char *path, struct virt_need *need) __must_check;
int sys_swapoff(struct machine *m, struct task_struct *task, const char *path) __must_check;
/* What mkswap writes: a header. -ENOENT, -EINVAL (too short), -EBUSY (in use). */
int swap_mkswap(struct machine *m, const char *path) __must_check;

/* What proc/swaps says of an area; i from 0 on; false: there is none. */
struct swap_area {
	const char *path;
	bool partition;
	u64 pages, inuse;	/* without the header */
	int prio;
};
bool swap_area_at(const struct machine *m, unsigned int i, struct swap_area *area);

/* Slots, of which some are free (6.1: those that CPUs keep for themselves are not). */
static inline u64 get_nr_swap_pages(const struct machine *m)
{
	return m->nr_swap_pages > 0 ? (u64)m->nr_swap_pages : 0;
}
/* Are some free, and has the group room for more in swap, and those above it? NULL: of no group. */
static inline bool mem_cgroup_may_swap(const struct machine *m, const struct mem_cgroup *memcg)
{
	if (!get_nr_swap_pages(m))
		return false;
	for (; memcg; memcg = memcg->parent)
		if (memcg->swap.usage >= memcg->swap.max)
			return false;
	return true;
}
/* More than half of all slots are taken: pages that were read lose theirs. */
static inline bool vm_swap_full(const struct machine *m)
{
	return m->nr_swap_pages * 2 < m->total_swap_pages;
}
/* SwapFree, with slots of areas that swapoff is about to empty. */
u64 swap_free_pages(const struct machine *m);

/* -- slots -- */

/*
 * Slots for the folio, which goes to the swap cache. -ENOMEM: none, or no memory for the
 * cache; -EAGAIN: a large folio has to be split. No errno changes anything but CPUs'
 * stocks of slots.
 */
int folio_alloc_swap(struct machine *m, u32 pfn) __must_check;
/* The same as reclaim does it: the folio is dirty behind it. */
int add_to_swap(struct machine *m, u32 pfn) __must_check;
/* One more refers to the slot; shared memory, which is counted as a whole. -ENOMEM. */
int swap_duplicate(struct machine *m, swp_entry_t entry) __must_check;
void swap_shmem_alloc(struct machine *m, swp_entry_t entry);
void swap_free(struct machine *m, swp_entry_t entry);
/* The same for one that nobody will read: its page leaves the cache where it can. */
void free_swap_and_cache(struct machine *m, swp_entry_t entry);
/* How many refer to it, the cache apart. */
u32 swap_count(const struct machine *m, swp_entry_t entry);
/* There is such a slot, and somebody refers to it. */
bool swap_entry_valid(const struct machine *m, swp_entry_t entry);

/* -- the swap cache -- */

/* The slot of a page of a folio that is in the swap cache. */
static inline swp_entry_t page_swap_entry(const struct machine *m, u64 pfn)
{
	u64 head = folio_pfn(m, pfn);

	return m->page_private[head] + (pfn - head);
}
/* The page of a slot; PFN_NIL: not in memory. *shadow (may be NULL): what its eviction left. */
u32 swap_cache_find(const struct machine *m, swp_entry_t entry, u64 *shadow);
/* The same for who wants to read it: hits of reading ahead are noticed. NULL: no VMA. */
u32 swap_cache_get_folio(struct machine *m, swp_entry_t entry, struct vm_area_struct *vma,
			 u64 address);
/* The folio leaves the cache; a shadow of workingset.h (0: none) is there while slots are. */
void swap_cache_del_folio(struct machine *m, u32 pfn, u64 shadow);
/* The same if nobody refers to its slots, and it is not on its way out. */
bool folio_free_swap(struct machine *m, u32 pfn);
/* Somebody is about to let go of a page: its slot goes, if only the cache keeps it. */
void free_swap_cache_slow(struct machine *m, u32 pfn);
static inline void free_swap_cache(struct machine *m, u64 pfn)
{
	if (unlikely(page_flag(pfn_folio(m, pfn), PG_swapcache)))
		free_swap_cache_slow(m, (u32)folio_pfn(m, pfn));
}
/* A folio of the cache moves: `dst` is in the place of `src`. */
void swap_cache_moved_folio(struct machine *m, u32 src, u32 dst);
/* A large folio was split into folios of 2^order pages: each has its own slots. */
void swap_cache_split_folio(struct machine *m, u32 pfn, unsigned int order, unsigned int new_order);
static inline bool folio_in_swap_cache(const struct page *folio)
{
	return page_flag(folio, PG_swapcache) && page_flag(folio, PG_swapbacked);
}

/* -- reading and writing -- */

/*
 * The dirty folio's contents go to its slots. It is under writeback behind it until the
 * device is done, or was clean at once: zeroes (since 6.12), or nobody needs it.
 */
void swap_writepage(struct machine *m, u32 pfn);
/* What was written is on the device: what reclaim wanted out goes to the end of its list. */
void swap_end_write(struct machine *m, u32 pfn);
/* The slots' contents come to the folio, which is up to date behind it. */
void swap_read_folio(struct machine *m, u32 pfn);
/* The same of a page that is not in the cache: what the slot has. */
void swap_read_entry(struct machine *m, u32 pfn, swp_entry_t entry);
/* Who wants it now waits till it has been read; or what was read ahead with it. */
void swap_wait_for_read(struct machine *m, u32 pfn, bool ahead);
/* Who reads a slot: by his policy a page for it is found. Neither VMA nor inode: the task. */
struct swap_reader {
	struct vm_area_struct *vma;
	u64 address;
	const struct inode *inode;	/* of a file in memory */
	u64 pgoff;
};

/*
 * The page of a slot, in the cache, with a reference; read if it was not there (*major).
 * PFN_NIL: there is no memory, *err says of whom.
 */
u32 read_swap_cache(struct machine *m, swp_entry_t entry, const struct swap_reader *reader,
		    bool *major, int *err);
/* The same with what lies around it, as the release guesses; *alone: nothing does. */
struct vm_fault;
u32 swapin_readahead(struct machine *m, swp_entry_t entry, struct vm_fault *vmf, bool *alone,
		     int *err);

/* The same for a file in memory, whose slots lie side by side; or past the cache. */
u32 swapin_shmem(struct machine *m, swp_entry_t entry, const struct inode *inode, u64 pgoff,
		 int *err);

/* -- page tables -- */

/* The fault on an entry that is a slot. VM_FAULT_*. */
unsigned int do_swap_fault(struct machine *m, struct vm_fault *vmf);
/* The mm may have entries that are slots: swapoff looks at it. Behind `after`, or last. */
void mm_on_mmlist(struct machine *m, struct mm_struct *mm, struct mm_struct *after);
void mm_off_mmlist(struct machine *m, struct mm_struct *mm);
/* Pages of slots in the range come to the cache: MADV_WILLNEED. 0 or -ENOBUFS. */
int swapin_walk(struct machine *m, struct vm_area_struct *vma, u64 start, u64 end) __must_check;

#endif
