/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Kernel releases and the spans of them on rows. A row that only some releases
 * have carries a span; where an algorithm differs, ask one of the predicates
 * below. No other file compares releases.
 */
#ifndef KMM_ABI_RELEASE_H
#define KMM_ABI_RELEASE_H

#include "sim/base/types.h"

enum release { R_6_1, R_6_18, NR_RELEASES };

struct span {
	u8 first, last;		/* both included */
};

#define ALL { 0, NR_RELEASES - 1 }
#define SINCE(r) { (r), NR_RELEASES - 1 }
#define UNTIL(r) { 0, (r) }

static inline bool span_holds(struct span span, enum release r)
{
	return span.first <= r && r <= span.last;
}

/* "6.18"; NULL for a value out of range. */
const char *release_name(enum release r);
/* 0, or -EINVAL if no release is called `name`. */
int release_parse(const char *name, enum release *r) __must_check;

/* The pcp lists tune their high mark between high_min and high_max (since 6.7). */
static inline bool rel_pcp_autotune(enum release r)
{
	return r >= R_6_18;
}

/* zoneinfo prints the promo watermark (the field is older). */
static inline bool rel_zoneinfo_promo(enum release r)
{
	return r >= R_6_18;
}

/* An empty or used Movable zone takes the HighMem rule for its min watermark. */
static inline bool rel_movable_min_is_clamped(enum release r)
{
	return r >= R_6_18;
}

/* lowmem_reserve[] uses the managed pages of the end of boot, not the early ones. */
static inline bool rel_protection_from_final(enum release r)
{
	return r >= R_6_18;
}

/* A memoryless node is not first in its own fallback list (since 6.13). */
static inline bool rel_memoryless_skips_itself(enum release r)
{
	return r >= R_6_18;
}

/* Fallback claims whole blocks largest first, then steals smallest first. */
static inline bool rel_claim_then_steal(enum release r)
{
	return r >= R_6_18;
}

/* The fast path first tests the high mark and remembers ZONE_BELOW_HIGH. */
static inline bool rel_tests_high_mark(enum release r)
{
	return r >= R_6_18;
}

/* Small machines (managed/100 < a pageblock) keep no HighAtomic reserve. */
static inline bool rel_small_highatomic_is_none(enum release r)
{
	return r >= R_6_18;
}

/* The watermark test subtracts the free pages of the HighAtomic reserve, not all. */
static inline bool rel_counts_free_highatomic(enum release r)
{
	return r >= R_6_18;
}

/* __GFP_HIGH ignores the boost of the min mark, not just __GFP_ATOMIC (since 6.3). */
static inline bool rel_high_ignores_boost(enum release r)
{
	return r >= R_6_18;
}

/* System hash tables are sized by the free memblock pages (since 6.10). */
static inline bool rel_hash_from_free_pages(enum release r)
{
	return r >= R_6_18;
}

/* SLUB may start from slub_min_order and a remainder fraction of 2 (since 6.7). */
static inline bool rel_slub_fraction_two(enum release r)
{
	return r >= R_6_18;
}

/* kmalloc() objects under slub_debug=U record the size asked for in a long. */
static inline bool rel_slub_orig_size_is_long(enum release r)
{
	return r >= R_6_18;
}

/* A cache with sheaves is never merged (since 6.18). */
static inline bool rel_slub_has_sheaves(enum release r)
{
	return r >= R_6_18;
}

/* page_owner prints no time of the free, and the pfn in hex. */
static inline bool rel_page_owner_is_short(enum release r)
{
	return r >= R_6_18;
}

/* The column of a table whose rows name functions of 6.1, 6.1 on i386, 6.18. */
static inline int rel_caller_column(enum release r)
{
	return r >= R_6_18 ? 2 : 0;
}

/* Every slub_ word of the command line may be spelt slab_ (since 6.9). */
static inline bool rel_slub_options_are_slab(enum release r)
{
	return r >= R_6_18;
}

/* debug/memblock files show each region's node and flags (since 6.5). */
static inline bool rel_memblock_shows_flags(enum release r)
{
	return r >= R_6_18;
}

/* iomem names the configuration space of PCI ECAM (before, MMCONFIG). */
static inline bool rel_says_ecam(enum release r)
{
	return r >= R_6_18;
}

/* iomem has a line for the local APIC. */
static inline bool rel_shows_local_apic(enum release r)
{
	return r <= R_6_1;
}

/* threads-max comes from what memblock had not given to the kernel (since 6.14). */
static inline bool rel_threads_from_memblock(enum release r)
{
	return r >= R_6_18;
}

/* kpageflags marks frames without a descriptor (later, they read as 0). */
static inline bool rel_kpageflags_nopage(enum release r)
{
	return r <= R_6_1;
}

/* Only 1 may be written to vm/compact_memory (before, anything). */
static inline bool rel_compact_memory_takes_1(enum release r)
{
	return r >= R_6_18;
}

/* Node blocks are cut at the first memory, not at 0 (since 6.12). */
static inline bool rel_numa_starts_at_memory(enum release r)
{
	return r >= R_6_18;
}

/* Allocations of memblock carry a mark and their node (since 6.15). */
static inline bool rel_memblock_marks_allocs(enum release r)
{
	return r >= R_6_18;
}

/* vmalloc maps hash tables of 2 MiB with huge pages whatever the node count. */
static inline bool rel_hash_huge_by_size(enum release r)
{
	return r >= R_6_18;
}

/* The log's order: zonelists and "Memory:" come late (since 6.9). */
static inline bool rel_zonelists_built_late(enum release r)
{
	return r >= R_6_18;
}

/* "Initializing node N as memoryless" is said (until 6.4 or so). */
static inline bool rel_says_memoryless(enum release r)
{
	return r < R_6_18;
}

/* The futex table is one for each node (since 6.17). */
static inline bool rel_futex_per_node(enum release r)
{
	return r >= R_6_18;
}

/* kernelcore=mirror is ignored on a machine without mirrored memory. */
static inline bool rel_mirror_needs_memory(enum release r)
{
	return r >= R_6_18;
}

/* "crashkernel reserved: ..." instead of "Reserving ... for crashkernel". */
static inline bool rel_crash_generic(enum release r)
{
	return r >= R_6_18;
}

/* kcompactd is known by a flag of its own (since 6.3). */
static inline bool rel_kcompactd_has_flag(enum release r)
{
	return r >= R_6_18;
}

/* Each CPU has worker pools for softirq context as well (since 6.9). */
static inline bool rel_has_bh_pools(enum release r)
{
	return r >= R_6_18;
}

/* /proc/PID/status says whether it is a kernel thread (since 6.8). */
static inline bool rel_status_has_kthread(enum release r)
{
	return r >= R_6_18;
}

/* /proc/PID/status ends with the shadow stack's features on x86-64 (since 6.6). */
static inline bool rel_status_has_thread_features(enum release r)
{
	return r >= R_6_18;
}

/* /proc/PID/status shows the mask of tagged addresses (since 6.4). */
static inline bool rel_status_has_untag_mask(enum release r)
{
	return r >= R_6_18;
}

/* maps calls [heap] what overlaps start_brk..brk, not what touches it (since 6.6). */
static inline bool rel_heap_is_brk_alone(enum release r)
{
	return r >= R_6_18;
}

/* pagemap marks guard regions (since 6.15). */
static inline bool rel_pagemap_shows_guards(enum release r)
{
	return r >= R_6_18;
}

/* smaps pads THPeligible as it pads sizes (since 6.7). */
static inline bool rel_thp_eligible_is_wide(enum release r)
{
	return r >= R_6_18;
}

/* Reasons for which a kernel is tainted (fwctl since 6.15). */
static inline unsigned int rel_nr_taint_flags(enum release r)
{
	return r >= R_6_18 ? 20 : 19;
}

/* A promise that cannot be made: the log says of how many bytes (since 6.10). */
static inline bool rel_overcommit_says_bytes(enum release r)
{
	return r >= R_6_18;
}

/* The segfault line says at which offset of its file the program stood (since 6.9). */
static inline bool rel_segfault_says_offset(enum release r)
{
	return r >= R_6_18;
}

/* A static PIE's heap is always below its image (since 6.15), not just when random. */
static inline bool rel_brk_of_static_pie_moves(enum release r)
{
	return r >= R_6_18;
}

/* A random heap begins a page behind the image at least (since 6.10). */
static inline bool rel_brk_leaves_gap(enum release r)
{
	return r >= R_6_18;
}

/* Programs are told the size and alignment of rseq's area (since 6.3). */
static inline bool rel_auxv_has_rseq(enum release r)
{
	return r >= R_6_18;
}

/* The vdso lies just above a random stack (until 6.15); else where mmap puts it. */
static inline bool rel_vdso_follows_stack(enum release r)
{
	return r <= R_6_1;
}

/* PCI's set-up says that bounce buffers are in use before it says where they lie. */
static inline bool rel_says_swiotlb_in_use(enum release r)
{
	return r <= R_6_1;
}

/* A VMA without an anon_vma may take that of a neighbour it swallows (since 6.16). */
static inline bool rel_merge_shares_anon_vma(enum release r)
{
	return r >= R_6_18;
}

/* A VMA with ->close is never merged; later, it is only never removed by a merge. */
static inline bool rel_close_stops_merge(enum release r)
{
	return r <= R_6_1;
}

/* mmap() between two neighbours that do not fit each other joins the higher one. */
static inline bool rel_mmap_merges_next_first(enum release r)
{
	return r <= R_6_1;
}

/* A merge that finds no memory fails the call (before, the range was split). */
static inline bool rel_merge_failure_is_error(enum release r)
{
	return r >= R_6_18;
}

/* A pgd is two pages: the second is the user's, for page-table isolation. */
static inline bool rel_pgd_has_user_half(enum release r)
{
	return r <= R_6_1;
}

/* PAE: all tasks share the kernel's pmd, and a pgd is an object (until 6.15). */
static inline bool rel_pae_shares_kernel_pmd(enum release r)
{
	return r <= R_6_1;
}

/* Leaf tables of programs may lie in HighMem (until 6.14). */
static inline bool rel_has_highpte(enum release r)
{
	return r <= R_6_1;
}

/* Tables of every level are counted in nr_page_table_pages (since 6.14), not two. */
static inline bool rel_counts_all_page_tables(enum release r)
{
	return r >= R_6_18;
}

/* Page tables of the kernel are told from those of programs (since 6.16). */
static inline bool rel_marks_kernel_tables(enum release r)
{
	return r >= R_6_18;
}

/* RSS counts of a task wait in the task, up to 64 faults (until 6.1). */
static inline bool rel_rss_is_split(enum release r)
{
	return r <= R_6_1;
}

/* mprotect makes an entry writable again only if it is dirty (until 6.1). */
static inline bool rel_upgrade_needs_dirty(enum release r)
{
	return r <= R_6_1;
}

/* mremap begins at the first address of a table if it may (since 6.7). */
static inline bool rel_mremap_realigns(enum release r)
{
	return r >= R_6_18;
}

/* Pages of a per-CPU batch on the way to an LRU list (since 6.9). */
static inline unsigned int rel_lru_batch(enum release r)
{
	return r >= R_6_18 ? 31 : 15;
}

/* Anonymous mappings of whole huge pages are aligned to them (since 6.7). */
static inline bool rel_thp_aligns_anon(enum release r)
{
	return r >= R_6_18;
}

/* Aligning to a huge page, top down, takes the highest place (since 6.10). */
static inline bool rel_thp_aligns_upwards(enum release r)
{
	return r >= R_6_18;
}

/* The search for a place heeds vm.mmap_min_addr (since 6.10). */
static inline bool rel_search_heeds_min_addr(enum release r)
{
	return r >= R_6_18;
}

/* Alignment for shmem knows the sizes of hugepages-*kB/shmem_enabled (since 6.11). */
static inline bool rel_shmem_has_huge_orders(enum release r)
{
	return r >= R_6_18;
}

/* mmap() over mappings checks its limits before it removes them (since 6.12). */
static inline bool rel_mmap_checks_first(enum release r)
{
	return r >= R_6_18;
}

/* Huge pages have sizes, each with its own switch: hugepages-*kB (since 6.8). */
static inline bool rel_has_thp_sizes(enum release r)
{
	return r >= R_6_18;
}

/* An mm counts as known to khugepaged before there is memory to remember it (since 6.3). */
static inline bool rel_slot_flag_comes_first(enum release r)
{
	return r >= R_6_18;
}

/* A child's mm is known to khugepaged once all of it is copied (since 6.13). */
static inline bool rel_fork_tells_khugepaged_last(enum release r)
{
	return r >= R_6_18;
}

/* MAP_STACK keeps huge pages away (since 6.7). */
static inline bool rel_map_stack_is_nohugepage(enum release r)
{
	return r >= R_6_18;
}

/* mmap() knows MAP_DROPPABLE (since 6.11). */
static inline bool rel_has_map_droppable(enum release r)
{
	return r >= R_6_18;
}

/* There is mseal() (since 6.10), on 64 bits. */
static inline bool rel_has_mseal(enum release r)
{
	return r >= R_6_18;
}

/*
 * F_SEAL_EXEC, memfds that cannot be executed and vm.memfd_noexec (since 6.3), and what
 * is sealed against writing may be mapped shared and read-only (since 6.7).
 */
static inline bool rel_has_seal_exec(enum release r)
{
	return r >= R_6_18;
}

static inline bool rel_sealed_may_be_read(enum release r)
{
	return r >= R_6_18;
}

/* fallocate()'s modes exclude each other, and all that do not are EOPNOTSUPP (since 6.13). */
static inline bool rel_fallocate_has_one_mode(enum release r)
{
	return r >= R_6_18;
}

/* PR_SET_THP_DISABLE has flags (since 6.18). */
static inline bool rel_thp_disable_has_flags(enum release r)
{
	return r >= R_6_18;
}

/* Anonymous shared memory can have a name, too (since 6.2). */
static inline bool rel_shmem_has_names(enum release r)
{
	return r >= R_6_18;
}

/* pidfd_open() knows PIDFD_THREAD (since 6.9); PIDFD_SELF is one (since 6.15). */
static inline bool rel_pidfd_has_threads(enum release r)
{
	return r >= R_6_18;
}

static inline bool rel_pidfd_has_self(enum release r)
{
	return r >= R_6_18;
}

/* process_madvise() of one's own memory takes any advice (since 6.13). */
static inline bool rel_process_madvise_self(enum release r)
{
	return r >= R_6_18;
}

/* The page at 0 that MMAP_PAGE_ZERO asks for is sealed (since 6.14). */
static inline bool rel_page_zero_is_sealed(enum release r)
{
	return r >= R_6_18;
}

/* MADV_POPULATE_* begins anew after a page was read, as mlock() does (until 6.8). */
static inline bool rel_populate_begins_anew(enum release r)
{
	return r <= R_6_1;
}

/* A file's last page alone is not mapped around where no table is yet (since 6.18). */
static inline bool rel_last_page_needs_table(enum release r)
{
	return r >= R_6_18;
}

/* pgfault counts a fault that waited for a disk twice (until 6.2 or so). */
static inline bool rel_counts_each_try(enum release r)
{
	return r <= R_6_1;
}

/* ext4 has large folios (since 6.16): windows of read-ahead are made of them. */
static inline bool rel_readahead_is_large(enum release r)
{
	return r >= R_6_18;
}

/* A fault of a program's text reads what follows it, not what lies around (since 6.17). */
static inline bool rel_exec_reads_ahead_only(enum release r)
{
	return r >= R_6_18;
}

/* Where a read ended is told to read-ahead when the call is over (since 6.6 or so). */
static inline bool rel_read_tells_at_end(enum release r)
{
	return r >= R_6_18;
}

/* mmap() knows MAP_ABOVE4G (since 6.6). */
static inline bool rel_has_map_above4g(enum release r)
{
	return r >= R_6_18;
}

/* Accesses by way of MADV_RANDOM mappings do not make pages recent (since 6.3). */
static inline bool rel_random_has_no_recency(enum release r)
{
	return r >= R_6_18;
}

/* mprotect gives back what was promised to memory that never was (since 6.6). */
static inline bool rel_mprotect_unaccounts(enum release r)
{
	return r >= R_6_18;
}

/* mremap looks at the old mapping before the place of the new one goes (since 6.15). */
static inline bool rel_mremap_checks_first(enum release r)
{
	return r >= R_6_18;
}

/*
 * mremap that shrinks and moves at once charges what it cut off, and nobody gives that
 * back (since 6.15).
 */
static inline bool rel_mremap_charges_cut(enum release r)
{
	return r >= R_6_18;
}

/* mremap to a fixed place moves all that the range holds, holes too (since 6.17). */
static inline bool rel_mremap_moves_many(enum release r)
{
	return r >= R_6_18;
}

/*
 * MREMAP_DONTUNMAP: the two mappings never become one, the old one's page offset is
 * that of its address, and only the part that moved is no longer locked (6.15 lost it).
 */
static inline bool rel_dontunmap_is_tidy(enum release r)
{
	return r <= R_6_1;
}

/* MADV_PAGEOUT leaves the accessed bit to reclaim (since 6.8). */
static inline bool rel_pageout_keeps_young(enum release r)
{
	return r >= R_6_18;
}

/* MADV_PAGEOUT takes a program's own copies of pages of foreign files (since 6.3). */
static inline bool rel_pageout_takes_copies(enum release r)
{
	return r >= R_6_18;
}

/* An active page that MADV_COLD makes inactive counts as used (since 6.6). */
static inline bool rel_cold_is_workingset(enum release r)
{
	return r >= R_6_18;
}

/* Pages that readahead may be asked for at once: the device's best request. */
static inline u64 rel_io_pages(enum release r)
{
	return r >= R_6_18 ? 1024 : 320;
}

/* MPOL_WEIGHTED_INTERLEAVE (since 6.9). */
static inline bool rel_has_weighted_interleave(enum release r)
{
	return r >= R_6_18;
}

/* MPOL_F_NUMA_BALANCING goes with MPOL_PREFERRED_MANY (since 6.10). */
static inline bool rel_balances_preferred_many(enum release r)
{
	return r >= R_6_18;
}

/* Pages are unmapped many at a time before they move (since 6.3). */
static inline bool rel_migration_batches(enum release r)
{
	return r >= R_6_18;
}

/* Folios that are not all in use any more are split before they are migrated (6.10). */
static inline bool rel_migration_splits_partial(enum release r)
{
	return r >= R_6_18;
}

/* mbind moves pages by the policy alone, and counts what it could not take (since 6.7). */
static inline bool rel_mbind_moves_by_policy(enum release r)
{
	return r >= R_6_18;
}

/* move_pages: anonymous memory that was never touched is EFAULT, a page ENOENT (6.12: ENOENT). */
static inline bool rel_absent_anon_is_fault(enum release r)
{
	return r <= R_6_1;
}

/* The offset of an interleaved page counts its file's number: of shmem, by all paths. */
static inline bool rel_interleave_adds_ino(enum release r)
{
	return r >= R_6_18;
}

/* struct resv_map without its semaphore (before 6.8). */
static inline bool rel_resv_map_is_small(enum release r)
{
	return r <= R_6_1;
}

/* A private huge page that is unmapped is promised to its VMA again (since 6.9). */
static inline bool rel_hugetlb_zap_restores(enum release r)
{
	return r >= R_6_18;
}

/* hugetlb has a search for addresses of its own, which rounds hints down (to 6.12). */
static inline bool rel_hugetlb_rounds_down(enum release r)
{
	return r <= R_6_1;
}

/* Huge pages are populated by faults that count, as any others (since 6.5). */
static inline bool rel_hugetlb_gup_counts(enum release r)
{
	return r >= R_6_18;
}

/* Huge pages join their pool together, when the last one is there (since 6.7). */
static inline bool rel_hugetlb_batches(enum release r)
{
	return r >= R_6_18;
}

/* A CPU stays in the mask of an mm that it has left until a flush meets it there. */
static inline bool rel_mm_cpumask_is_lazy(enum release r)
{
	return r >= R_6_18;
}

/*
 * Pages of a large folio that lie in a row are mapped and unmapped as one step, and a
 * folio knows which mms map it (since 6.15, in parts since 6.9). Before, one page that
 * goes puts a folio on the queue for splitting, even if it is the last.
 */
static inline bool rel_folios_are_batched(enum release r)
{
	return r >= R_6_18;
}

/* mprotect never makes a huge entry writable, the next write does (until 6.2). */
static inline bool rel_mprotect_keeps_huge_readonly(enum release r)
{
	return r <= R_6_1;
}

/* A write to the huge zero page gets a huge page of its own (since 6.13). */
static inline bool rel_copies_huge_zero_page(enum release r)
{
	return r >= R_6_18;
}

/* Pages of zeroes that a split finds are given up for the shared one (since 6.12). */
static inline bool rel_split_shares_zeroes(enum release r)
{
	return r >= R_6_18;
}

/* The pages of a folio that is split lie on their list in rising order. */
static inline bool rel_split_adds_ascending(enum release r)
{
	return r >= R_6_18;
}

/* MADV_DONTNEED of all that a leaf table serves frees the table (since 6.14, 64 bits). */
static inline bool rel_dontneed_frees_tables(enum release r)
{
	return r >= R_6_18;
}

/* A huge entry that is split gives its dirty bit to each small one (since 6.4). */
static inline bool rel_split_keeps_dirty(enum release r)
{
	return r >= R_6_18;
}

/* New huge pages are queued for splitting too: they may be little used (since 6.12). */
static inline bool rel_defers_new_thps(enum release r)
{
	return r >= R_6_18;
}

/* Memory that nobody may write is made huge as well (since 6.18). */
static inline bool rel_collapse_takes_readonly(enum release r)
{
	return r >= R_6_18;
}

#endif
