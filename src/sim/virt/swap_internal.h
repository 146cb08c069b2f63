/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the files of swap share: an area with its slots and clusters. A slot's word of
 * swap_map[] is how often entries refer to it, and the bits below; 0: it is free. (The
 * kernel's counts are bytes with continuations: map_pages[] has the pages of these.)
 */
#ifndef KMM_VIRT_SWAP_INTERNAL_H
#define KMM_VIRT_SWAP_INTERNAL_H

#include "sim/base/xarray.h"
#include "sim/virt/swap.h"

#define MAX_SWAPFILES 28
#define SWAP_SLOTS_CACHE_SIZE 64
#define SWAP_SPACE_SHIFT 14	/* 6.1: slots of one address space of the cache */
#define SWAP_NR_ORDERS 10
#define SWAP_RA_FIRST_HITS 4	/* so many hits, as it were, before there was any */
#define SWAP_HAS_CACHE (1U << 31)
#define SWAP_MAP_SHMEM (1U << 30)	/* shared memory refers to it: no count */
#define SWAP_MAP_BAD (1U << 29)
#define SWAP_ZERO (1U << 28)	/* it was all zeroes: nothing was written */
#define SWAP_COUNT_MASK (SWAP_ZERO - 1)
/* What one byte counts, and each continuation more. */
#define SWAP_MAP_MAX 0x3eU
#define SWAP_CONT_FACTOR 128U
#define SWAP_MAP_PAGE_SLOTS PAGE_SIZE

enum swap_flags {
	SWP_USED = 1, SWP_WRITEOK = 2, SWP_SOLIDSTATE = 4, SWP_BLKDEV = 8,
	SWP_DISCARDABLE = 16, SWP_AREA_DISCARD = 32, SWP_PAGE_DISCARD = 64,
	SWP_SYNCHRONOUS_IO = 128,	/* nobody waits: a page that one entry wants skips the cache */
};

enum cluster_state { CLUSTER_NONE, CLUSTER_FREE, CLUSTER_NONFULL, CLUSTER_FRAG, CLUSTER_FULL };

#define CLUSTER_NIL 0xffffffffU
struct swap_cluster {
	u16 count;		/* slots in use, bad ones too */
	u8 state;		/* enum cluster_state: the list that it is on */
	u8 order;
	u32 prev, next;		/* of that list */
	u32 table;		/* 6.18: the page frame of its part of the swap table; 0: none */
};

struct cluster_list {
	u32 first, last;
};

/* A CPU's place in an area: 6.1. */
struct swap_cpu {
	u32 cluster;		/* CLUSTER_NIL: none */
	u64 next;		/* slot */
	u64 cluster_next;	/* where a scan begins */
};

/* Continuations of the counts of a page of slots. */
struct swap_map_page {
	u8 nr;
	u32 first;		/* page frames, linked by page->next; PFN_NIL */
};

/* What a swapon allocates of the machine's memory. */
#define SWAP_ALLOCS 6

struct swap_info_struct {
	u32 flags;		/* enum swap_flags; 0: the slot of the table is free */
	unsigned int type;
	int prio;
	const struct config_swap *device;	/* NULL: a file */
	struct inode *inode;	/* of the file, with a reference; NULL: a device */
	const char *path;	/* the device's or the inode's */
	struct gendisk *disk;	/* blk.h: whose requests are counted */
	u64 max, pages, inuse_pages;
	u64 lowest_bit, highest_bit, cluster_next;	/* 6.1's scans */
	u32 cluster_nr;
	u32 *swap_map;		/* [max] */
	u64 *content;		/* [max]: tokens of what was written */
	u64 *table;		/* [max]: 6.18's cache: mk_cache_entry() of a page, or a shadow */
	struct xarray *spaces;	/* [nr_spaces]: 6.1's cache, the same by slot */
	u32 nr_spaces;
	struct swap_map_page *map_pages;	/* [nr_map_pages] */
	u32 nr_map_pages;
	struct swap_cluster *clusters;	/* [nr_clusters]; 6.1: NULL on a disk that turns */
	u32 nr_clusters;
	struct cluster_list free, full, nonfull[SWAP_NR_ORDERS], frag[SWAP_NR_ORDERS];
	struct swap_cpu *cpus;	/* [nr_cpus]: 6.1 */
	u64 global_next[SWAP_NR_ORDERS];	/* 6.18, a disk that turns: the CPUs' common place */
	u64 info_addr;		/* its struct; it stays for the next area of the type */
	u64 allocs[SWAP_ALLOCS];	/* addresses; swapfile.c's rows say what */
	u32 *cgroup_pages;	/* 6.1: pages that count slots of groups */
	u32 nr_cgroup_pages;
	u16 *cgroup_ids;	/* [max]: swap_cgroup.c; NULL: there is no memory cgroup */
};

/* A CPU's stock of slots: 6.1. */
struct swap_slots_cache {
	u64 slots_addr, ret_addr;	/* where the kernel has them */
	swp_entry_t slots[SWAP_SLOTS_CACHE_SIZE], slots_ret[SWAP_SLOTS_CACHE_SIZE];
	u32 cur, nr, n_ret;
};

/* 6.18: where a CPU takes slots of an order. */
struct percpu_swap_cluster {
	u8 si[SWAP_NR_ORDERS];	/* type + 1; 0: none */
	u64 offset[SWAP_NR_ORDERS];	/* 0: none */
};

struct swap_state {
	struct swap_info_struct info[MAX_SWAPFILES];
	u32 nr_types;		/* ever used */
	int least_priority;
	u32 nr_rotate_swap;
	/* Types by priority, the highest first; those that swapoff began to empty are out. */
	u8 active[MAX_SWAPFILES], nr_active;
	/* The same of those with free slots, for CPUs of each node. */
	u8 avail[MAX_NUMNODES][MAX_SWAPFILES], nr_avail;
	u16 cluster_slots;	/* SWAPFILE_CLUSTER */
	bool has_table;		/* 6.18's cache, rel_has_swap_table() */
	/* 6.1 */
	struct swap_slots_cache *slots;	/* [nr_cpus] */
	bool slots_enabled, slots_active;
	/* 6.18 */
	struct percpu_swap_cluster *cpus;	/* [nr_cpus] */
	/* Reading ahead by slots. */
	u64 ra_prev_offset;
	u32 ra_hits, ra_last_pages;
	/* When the page that was wanted last is read; when those that came with it are. */
	u64 wanted_done_ns, ahead_done_ns;
};

static inline struct swap_state *swap_of(const struct machine *m)
{
	return m->virt->swap;
}

static inline struct swap_info_struct *swap_info(const struct machine *m, swp_entry_t entry)
{
	return &swap_of(m)->info[swp_entry_type(entry)];
}

/* NULL: no such slot. */
static inline u32 *swap_map_of(const struct machine *m, swp_entry_t entry)
{
	struct swap_info_struct *si;

	if (swp_entry_type(entry) >= MAX_SWAPFILES)
		return NULL;
	si = swap_info(m, entry);
	return swp_entry_offset(entry) < si->max ? &si->swap_map[swp_entry_offset(entry)] : NULL;
}

/* swapfile.c: the area has, or has no, free slots from now on. */
void swap_add_to_avail(struct machine *m, struct swap_info_struct *si);
void swap_del_from_avail(struct machine *m, struct swap_info_struct *si);
/* The area behind others of its priority, for CPUs of the node. */
void swap_requeue(struct machine *m, unsigned int node, const struct swap_info_struct *si);

/* swap_area.c: a bound of what that takes; memory for si->max slots, and what it all takes back. */
void swap_area_need(const struct machine *m, u64 max, struct virt_need *need);
int swap_area_alloc(struct machine *m, struct swap_info_struct *si) __must_check;
void swap_area_free(struct machine *m, struct swap_info_struct *si);

/* swap_map.c: nr slots from offset on are taken; are free. */
void swap_range_alloc(struct machine *m, struct swap_info_struct *si, u64 offset, u64 nr);
void swap_range_free(struct machine *m, struct swap_info_struct *si, u64 offset, u64 nr);
/* The cache has no part in the slots any more: those that nobody refers to are free. */
void put_swap_slots(struct machine *m, swp_entry_t entry, u64 nr);
/* Slots whose map has nothing but the cache's bit are free. */
void swap_entries_free(struct machine *m, const swp_entry_t *entries, unsigned int nr);
/* The page of a slot that has only the cache leaves it, if it can. */
bool try_to_reclaim_swap(struct machine *m, struct swap_info_struct *si, u64 offset,
			 bool unmapped_or_full);
void swap_free_continuations(struct machine *m, struct swap_info_struct *si);

/* Lists of clusters: swap_cluster_list.c. */
void cluster_list_init(struct cluster_list *list);
void cluster_list_add_tail(struct swap_info_struct *si, struct cluster_list *list, u32 i);
void cluster_list_del(struct swap_info_struct *si, struct cluster_list *list, u32 i);
struct cluster_list *cluster_list_of(struct swap_info_struct *si, const struct swap_cluster *ci);

/* swap_scan.c: 6.1. */
void swap_scan_setup(struct machine *m, struct swap_info_struct *si);
unsigned int get_swap_pages(struct machine *m, unsigned int goal, u64 size, swp_entry_t *slots);
void swap_scan_freed(struct machine *m, struct swap_info_struct *si, u64 offset);
/* swap_slots.c */
int swap_slots_enable(struct machine *m) __must_check;
swp_entry_t swap_slots_take(struct machine *m);
void swap_slots_give(struct machine *m, swp_entry_t entry);
/* Nobody keeps any: before areas go. And again. */
void swap_slots_disable(struct machine *m);
void swap_slots_reenable(struct machine *m);

/* swap_cluster.c: 6.18. -ENOMEM */
int swap_cluster_setup(struct machine *m, struct swap_info_struct *si) __must_check;
swp_entry_t swap_cluster_alloc(struct machine *m, unsigned int order);
void swap_cluster_freed(struct machine *m, struct swap_info_struct *si, u64 offset, u64 nr);
void swap_cluster_forget(struct machine *m, struct swap_info_struct *si);

/* swap_state.c: the word of a slot in the cache; 0: none. */
u64 swap_cache_load(const struct machine *m, swp_entry_t entry);
int swap_cache_store(struct machine *m, swp_entry_t entry, u64 word) __must_check;
/* Shadows of slots that are free. */
void swap_cache_clear_shadows(struct machine *m, swp_entry_t entry, u64 nr);
/*
 * The page of a slot, with a reference; *new: it was made for it, and has not been read.
 * PFN_NIL: nobody refers to the slot (*err is 0), or *err.
 */
u32 read_swap_cache_async(struct machine *m, swp_entry_t entry, const struct swap_reader *reader,
			  bool *new, int *err);
/* A page for the reader, with a reference; what it will hold is the slot's. */
int swap_page_for(struct machine *m, const struct swap_reader *reader, u32 *pfn) __must_check;
/* A new folio for what is in slots from `entry` on is charged for it; or given back. */
int swap_charge_folio(struct machine *m, u32 pfn, const struct mm_struct *mm, gfp_t gfp,
		      swp_entry_t entry) __must_check;
/* The page, which is charged and not in the cache, has what is in the slot. */
void swap_fill_past_cache(struct machine *m, swp_entry_t entry, u32 pfn);
/*
 * swap_large.c: do the entries around the fault's, which has this index among nr, still say
 * what that said, one slot after the other?
 */
struct vm_fault;
bool swap_entries_in_row(const struct vm_fault *vmf, u64 idx, u64 nr);
/*
 * A large folio for the fault's page and what lies around it, charged. -ENOMEM: a page will
 * have to do; -ENOBUFS.
 */
int alloc_large_swap_folio(struct machine *m, const struct vm_fault *vmf, u32 *pfn) __must_check;
/*
 * Is the page of the cache one that is not mapped itself? Then *pfn becomes a copy for the
 * user's address, charged, with a reference; the page keeps its own. -ENOMEM, -ENOBUFS.
 */
bool swap_wants_copy(const struct machine *m, u32 pfn);
int swap_copy_page(struct machine *m, struct vm_area_struct *vma, u64 address,
		   u32 *pfn) __must_check;
/* swap_unuse.c */
int try_to_unuse(struct machine *m, struct swap_info_struct *si) __must_check;

#endif
