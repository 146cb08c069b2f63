// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A page of which the contents are lost: nobody may read it again. Its mappings become
 * entries that name it (hwpoison_unmap.c), and whoever had changed it is told; what a disk
 * has as well is dropped. Which page is helped how is a row, found by the flags that it has
 * then, or had before.
 */
#include "sim/virt/memory_failure.h"

#include "sim/boot/boot_log.h"
#include "sim/phys/folio.h"
#include "sim/phys/hwpoison.h"
#include "sim/phys/lru.h"
#include "sim/phys/page_alloc.h"
#include "sim/phys/report.h"
#include "sim/phys/tunables.h"
#include "sim/virt/blk.h"
#include "sim/virt/file.h"
#include "sim/virt/huge_memory.h"
#include "sim/virt/memory_internal.h"
#include "sim/virt/rmap.h"
#include "sim/virt/swap.h"

typedef unsigned long long ull;

static const char *const result_names[NR_MF_RESULTS] = {
	[MF_IGNORED] = "Ignored", [MF_FAILED] = "Failed", [MF_DELAYED] = "Delayed",
	[MF_RECOVERED] = "Recovered",
};

int mf_action_result(struct machine *m, u64 pfn, const char *what, enum mf_result result)
{
	m->nodes[page_zone(m, pfn_to_page(m, pfn))->node]->mf_stats[result]++;
	m->num_poisoned_pages++;
	printk(m, 3, "Memory failure: %#llx: recovery action for %s: %s", (ull)pfn, what,
	       result_names[result]);
	return result == MF_RECOVERED || result == MF_DELAYED ? 0 : -EBUSY;
}

/* -- what is done ------------------------------------------------------------- */

bool mf_has_extra_refcount(struct machine *m, u64 pfn, const char *what, s32 others)
{
	s32 count = pfn_folio(m, pfn)->refcount - 1 - others;

	if (count <= 0)
		return false;
	printk(m, 3, "Memory failure: %#llx: %s still referenced by %d users", (ull)pfn, what,
	       count);
	return true;
}

static bool delete_from_lru(struct machine *m, u64 pfn)
{
	struct page *page = pfn_to_page(m, pfn);

	if (!lru_isolate(m, pfn))
		return false;
	page->refcount--;
	page_clear_flag(page, PG_active);
	page_clear_flag(page, PG_unevictable);
	return true;
}

static enum mf_result me_kernel(struct machine *m, u64 pfn, const char *what)
{
	(void)m;
	(void)pfn;
	(void)what;
	return MF_IGNORED;
}

static enum mf_result me_unknown(struct machine *m, u64 pfn, const char *what)
{
	(void)what;
	printk(m, 3, "Memory failure: %#llx: Unknown page state", (ull)pfn);
	return MF_IGNORED;
}

/* The page leaves its file; one of shared memory stays, so that all who come are told. */
static enum mf_result me_pagecache_clean(struct machine *m, u64 pfn, const char *what)
{
	const struct page *page = pfn_to_page(m, pfn);
	struct inode *inode;
	bool stays;

	(void)delete_from_lru(m, pfn);
	if (page_flag(page, PG_anon))
		return MF_RECOVERED;
	if (!page->mapping)
		return MF_FAILED;
	inode = inode_of(m, page->mapping);
	stays = inode->kind == INODE_SHMEM;
	if (inode->kind == INODE_SECRET && !mapping_evict_page(m, pfn)) {
		printk(m, 6, "Memory failure: %#llx: Failed to invalidate", (ull)pfn);
		(void)mf_has_extra_refcount(m, pfn, what, 0);
		return MF_FAILED;
	}
	if (!stays && page->mapping) {
		filemap_remove_folio(m, &inode->i_data, page_index(page));
		page_clear_flag(pfn_to_page(m, pfn), PG_dirty);
	}
	return mf_has_extra_refcount(m, pfn, what, stays) ? MF_FAILED : MF_RECOVERED;
}

static enum mf_result me_pagecache_dirty(struct machine *m, u64 pfn, const char *what)
{
	const struct page *page = pfn_to_page(m, pfn);

	/* Who syncs the file is told. */
	if (!page_flag(page, PG_anon) && page->mapping)
		mapping_set_error(inode_of(m, page->mapping));
	return me_pagecache_clean(m, pfn, what);
}

/* It stays in the swap cache, so that who comes by is told; nobody writes it any more. */
static enum mf_result me_swapcache_dirty(struct machine *m, u64 pfn, const char *what)
{
	struct page *page = pfn_to_page(m, pfn);
	bool deleted;

	page_clear_flag(page, PG_dirty);
	page_clear_flag(page, PG_uptodate);
	deleted = delete_from_lru(m, pfn);
	return mf_has_extra_refcount(m, pfn, what, deleted) || !deleted ? MF_FAILED : MF_DELAYED;
}

/* The slot has what the page had: who comes by reads it. */
static enum mf_result me_swapcache_clean(struct machine *m, u64 pfn, const char *what)
{
	bool deleted;

	swap_cache_del_folio(m, (u32)pfn, 0);
	deleted = delete_from_lru(m, pfn);
	return mf_has_extra_refcount(m, pfn, what, 0) || !deleted ? MF_FAILED : MF_RECOVERED;
}

struct page_state {
	u32 mask, res;
	const char *what;
	enum mf_result (*action)(struct machine *m, u64 pfn, const char *what);
};

#define DIRTY (1U << PG_dirty)
#define UNEVICTABLE (1U << PG_unevictable)
#define MLOCKED (1U << PG_mlocked)
#define SWAPCACHE (1U << PG_swapcache | 1U << PG_swapbacked)
#define LRU (1U << PG_lru)
#define RESERVED (1U << PG_reserved)

/* The first that fits; the last one fits all. */
static const struct page_state states[] = {
	{ RESERVED, RESERVED, "reserved kernel page", me_kernel },
	{ SWAPCACHE | DIRTY, SWAPCACHE | DIRTY, "dirty swapcache page", me_swapcache_dirty },
	{ SWAPCACHE | DIRTY, SWAPCACHE, "clean swapcache page", me_swapcache_clean },
	{ MLOCKED | DIRTY, MLOCKED | DIRTY, "dirty mlocked LRU page", me_pagecache_dirty },
	{ MLOCKED | DIRTY, MLOCKED, "clean mlocked LRU page", me_pagecache_clean },
	{ UNEVICTABLE | DIRTY, UNEVICTABLE | DIRTY, "dirty unevictable LRU page",
	  me_pagecache_dirty },
	{ UNEVICTABLE | DIRTY, UNEVICTABLE, "clean unevictable LRU page", me_pagecache_clean },
	{ LRU | DIRTY, LRU | DIRTY, "dirty LRU page", me_pagecache_dirty },
	{ LRU | DIRTY, LRU, "clean LRU page", me_pagecache_clean },
	{ 0, 0, "unknown page", me_unknown },
};

static const struct page_state *find_state(u32 flags)
{
	const struct page_state *state = states;

	while ((flags & state->mask) != state->res)
		state++;
	return state;
}

static int identify_page_state(struct machine *m, u64 pfn, u32 before)
{
	u32 flags = pfn_to_page(m, pfn)->flags;
	const struct page_state *state = find_state(flags);

	if (!state->mask)
		state = find_state(before | (flags & DIRTY));
	return mf_action_result(m, pfn, state->what, state->action(m, pfn, state->what));
}

/* -- the page ----------------------------------------------------------------- */

/* Our reference keeps it for ever: alone, or as long as its file has it. */
static void keep_page(struct machine *m, u64 pfn)
{
	const struct page *page = pfn_to_page(m, pfn);

	/* What is the kernel's own stays that; when it is freed, it is kept. */
	if (page_flag(page, PG_reserved) || page_type(page))
		put_page(m, pfn);
	else if (page->refcount == 1 && !folio_mapcount(page))
		page_keep_hwpoison(m, pfn);
}

static int fail_user_page(struct machine *m, u64 pfn, unsigned int flags)
{
	const u32 lists = LRU | 1U << PG_writeback;
	u32 before = pfn_to_page(m, pfn)->flags;

	if (!page_type(pfn_to_page(m, pfn)) && before & lists) {
		folio_wait_writeback(m, (u32)pfn);
		hwpoison_user_mappings(m, pfn, flags);
		if (before & LRU && !pfn_to_page(m, pfn)->mapping)
			return mf_action_result(m, pfn, "already truncated LRU page", MF_IGNORED);
	}
	return identify_page_state(m, pfn, before);
}

static int fail_free_page(struct machine *m, u64 pfn)
{
	int taken = take_page_off_buddy(m, pfn);

	if (taken < 0)
		return taken;
	page_set_flag(pfn_to_page(m, pfn), PG_hwpoison);
	if (taken)
		page_keep_hwpoison(m, pfn);
	return mf_action_result(m, pfn, "free buddy page", taken ? MF_RECOVERED : MF_FAILED);
}

int mf_already_poisoned(struct machine *m, u64 pfn, unsigned int flags)
{
	int err = flags & MF_ACTION_REQUIRED ? kill_accessing_process(m, pfn) : -EHWPOISON;

	if (flags & MF_COUNT_INCREASED)
		put_page(m, pfn);
	if (rel_failures_are_told(m->release))
		printk(m, 3, "Memory failure: %#llx: recovery action for already poisoned page: "
		       "Failed", (ull)pfn);
	else
		printk(m, 3, "Memory failure: %#llx: already hardware poisoned", (ull)pfn);
	return err;
}

/* 1: with a reference of ours; else what it has come to. */
static int catch_to_fail(struct machine *m, u64 pfn)
{
	int caught = catch_page(m, pfn, /* counted = */ false);

	if (!caught)
		return fail_free_page(m, pfn);
	if (caught > 0)
		return 1;
	page_set_flag(pfn_to_page(m, pfn), PG_hwpoison);
	return mf_action_result(m, pfn, rel_failures_are_told(m->release) ? "get hwpoison page" :
								      "unknown page", MF_IGNORED);
}

/* A large folio is cut first. */
static int split_to_fail(struct machine *m, u64 pfn, unsigned int flags)
{
	int err;

	if (!folio_is_large(pfn_folio(m, pfn)))
		return 0;
	err = split_huge_page_to_order(m, pfn, 0);
	if (!err)
		return 0;
	/* Who has what a disk has not yet is told. */
	if (err == -EBUSY && rel_failures_are_told(m->release)) {
		hwpoison_kill_procs(m, pfn, flags);
		printk(m, 3, "Memory failure: %#llx: recovery action for unsplit thp: Failed",
		       (ull)pfn);
	}
	/* What is left of it cannot be kept out of use by itself. */
	page_clear_flag(pfn_to_page(m, pfn), PG_hwpoison);
	put_page(m, pfn);
	return err == -ENOBUFS ? err : -EBUSY;
}

int memory_failure(struct machine *m, u64 pfn, unsigned int flags)
{
	bool counted = flags & MF_COUNT_INCREASED;
	int err;

	if (!m->tunables->memory_failure_recovery) {
		panic(m, "Memory failure on page %llx", (ull)pfn);
		return -EIO;
	}
	if (pfn >= m->max_pfn || !pfn_online_zone(m, pfn)) {
		printk(m, 3, "Memory failure: %#llx: memory outside kernel control", (ull)pfn);
		return -ENXIO;
	}
	if (section_materialise(m, pfn))
		return -ENOBUFS;
	if (page_type(pfn_folio(m, pfn)) == PGTY_hugetlb)
		return memory_failure_hugetlb(m, pfn, flags);
	if (page_flag(pfn_to_page(m, pfn), PG_hwpoison))
		return mf_already_poisoned(m, pfn, flags);
	if (!counted) {
		err = catch_to_fail(m, pfn);
		if (err <= 0)
			return err;
	}
	page_set_flag(pfn_to_page(m, pfn), PG_hwpoison);
	err = split_to_fail(m, pfn, flags);
	if (err)
		return err;
	shake_page(m, pfn);
	err = fail_user_page(m, pfn, flags);
	keep_page(m, pfn);
	return err;
}
