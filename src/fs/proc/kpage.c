// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * proc/kpagecount, kpageflags, kpagecgroup: one 64-bit word for each page frame,
 * up to the end of the last section. Pages without a descriptor are free memory
 * that nobody touched, boot-reserved, or holes inside a section.
 */
#include "fs/core/entry.h"
#include "sim/boot/memblock.h"
#include "sim/phys/buddy.h"
#include "sim/phys/kernel_tables.h"
#include "sim/phys/lru.h"
#include "sim/phys/memory_block.h"
#include "sim/virt/huge_memory.h"

/* Bit numbers of the interface; the same for every release. */
enum kpf {
	KPF_LOCKED = 0, KPF_REFERENCED = 2, KPF_UPTODATE = 3, KPF_DIRTY = 4, KPF_LRU = 5,
	KPF_ACTIVE = 6, KPF_SLAB = 7, KPF_WRITEBACK = 8, KPF_RECLAIM = 9, KPF_BUDDY = 10,
	KPF_MMAP = 11, KPF_ANON = 12, KPF_SWAPCACHE = 13, KPF_SWAPBACKED = 14,
	KPF_COMPOUND_HEAD = 15, KPF_COMPOUND_TAIL = 16, KPF_HUGE = 17, KPF_UNEVICTABLE = 18,
	KPF_HWPOISON = 19, KPF_NOPAGE = 20, KPF_KSM = 21, KPF_THP = 22, KPF_OFFLINE = 23,
	KPF_ZERO_PAGE = 24, KPF_PGTABLE = 26,
	KPF_RESERVED = 32, KPF_MLOCKED = 33, KPF_MAPPEDTODISK = 34, KPF_PRIVATE = 35,
	KPF_OWNER_PRIVATE = 37,
};

#define BIT(n) (1ULL << (n))

struct kpf_row {
	u8 flag;		/* enum pageflags */
	u8 bit;			/* enum kpf */
};

static const struct kpf_row kpf_rows[] = {
	{ PG_locked, KPF_LOCKED },
	{ PG_referenced, KPF_REFERENCED },
	{ PG_uptodate, KPF_UPTODATE },
	{ PG_dirty, KPF_DIRTY },
	{ PG_lru, KPF_LRU },
	{ PG_active, KPF_ACTIVE },
	{ PG_writeback, KPF_WRITEBACK },
	{ PG_reclaim, KPF_RECLAIM },
	{ PG_anon, KPF_ANON },
	{ PG_swapcache, KPF_SWAPCACHE },
	{ PG_swapbacked, KPF_SWAPBACKED },
	{ PG_head, KPF_COMPOUND_HEAD },
	{ PG_tail, KPF_COMPOUND_TAIL },
	{ PG_unevictable, KPF_UNEVICTABLE },
	{ PG_hwpoison, KPF_HWPOISON },
	{ PG_reserved, KPF_RESERVED },
	{ PG_mlocked, KPF_MLOCKED },
	/* The kernel keeps this mark in the bit of another one. */
	{ PG_anon_exclusive, KPF_MAPPEDTODISK },
	{ PG_private, KPF_PRIVATE },
	{ PG_owner_priv, KPF_OWNER_PRIVATE },
	{ PG_swapcache, KPF_OWNER_PRIVATE },	/* another one that shares a bit */
};

static u64 flags_of_type(unsigned int type)
{
	switch (type) {
	case PGTY_buddy:
	case PGTY_run:
		return BIT(KPF_BUDDY);
	case PGTY_slab:
		return BIT(KPF_SLAB);
	case PGTY_hugetlb:
		return BIT(KPF_HUGE);
	case PGTY_offline:
		return BIT(KPF_OFFLINE);
	}
	return 0;
}

/* Since 6.16 a table of the kernel has the bit that is "referenced" elsewhere. */
static u64 flags_of_table(const struct machine *m, const struct page *page)
{
	if (page->mapping)
		return BIT(KPF_PGTABLE);	/* a program's */
	if (!kernel_table_is_counted(m, page->index))
		return 0;
	return BIT(KPF_PGTABLE) |
	       (rel_marks_kernel_tables(m->release) ? BIT(KPF_REFERENCED) : 0);
}

static bool is_free(const struct machine *m, u64 pfn)
{
	unsigned int order;
	u64 head;

	return buddy_find(m, pfn, &head, &order);
}

static u64 descriptor_flags(const struct page *page)
{
	u64 flags = 0;

	for (size_t i = 0; i < ARRAY_SIZE(kpf_rows); i++)
		if (page_flag(page, kpf_rows[i].flag))
			flags |= BIT(kpf_rows[i].bit);
	return flags;
}

/* Any page of a large folio of a user: since 6.16 the folio's flags, before, its own. */
static u64 folio_flags(const struct machine *m, const struct page *page, u64 pfn)
{
	const u64 ends = BIT(KPF_COMPOUND_HEAD) | BIT(KPF_COMPOUND_TAIL);
	const struct page *folio = folio_of_const(page);
	u64 flags = BIT(KPF_THP);

	if (!page_is_tail(page) || rel_marks_kernel_tables(m->release))
		flags |= descriptor_flags(folio) & ~ends;
	else if (page_flag(page, PG_anon_exclusive))
		flags |= BIT(KPF_MAPPEDTODISK);
	flags |= page_is_tail(page) ? BIT(KPF_COMPOUND_TAIL) : BIT(KPF_COMPOUND_HEAD);
	if (!page_shows_active(m, folio))
		flags &= ~BIT(KPF_ACTIVE);
	if (page_flag(folio, PG_anon))
		flags |= BIT(KPF_ANON);
	if (folio_mapcount(folio))
		flags |= BIT(KPF_MMAP);
	if (is_huge_zero_pfn(m, folio_pfn(m, pfn)))
		flags |= BIT(KPF_ZERO_PAGE);
	return flags;
}

static u64 page_flags_of(const struct machine *m, u64 pfn)
{
	const struct page *page;
	unsigned int type;
	u64 flags = 0;

	if (!page_present(m, pfn))
		return is_free(m, pfn) ? BIT(KPF_BUDDY) : BIT(KPF_RESERVED);
	page = pfn_to_page(m, pfn);
	type = page_type(page);
	if (!type && page->flags & (1U << PG_head | 1U << PG_tail))
		return folio_flags(m, page, pfn);
	flags = descriptor_flags(page);
	if (type == PGTY_table)
		return flags | flags_of_table(m, page);
	if (type == PGTY_hugetlb && page_mapcount(page) > 0)
		flags |= BIT(KPF_MMAP) | (page_flag(folio_of_const(page), PG_anon) ? BIT(KPF_ANON) : 0);
	if (type)
		return flags | flags_of_type(type);
	if (!page_shows_active(m, page))
		flags &= ~BIT(KPF_ACTIVE);
	if (page->mapcount >= 0)
		flags |= BIT(KPF_MMAP);
	else if (!page->refcount && is_free(m, pfn))
		flags |= BIT(KPF_BUDDY);
	return flags;
}

static u64 page_flags(const struct machine *m, u64 pfn)
{
	u64 flags = page_flags_of(m, pfn);

	return flags & BIT(KPF_ANON) && rel_anon_shows_ksm(m->release) ? flags | BIT(KPF_KSM) : flags;
}

static u64 page_count(const struct machine *m, u64 pfn)
{
	const struct page *page;

	if (!page_present(m, pfn))
		return 0;
	page = pfn_to_page(m, pfn);
	return (u64)page_mapcount(page);
}

/* Inode of the memory cgroup; the root's is not told apart from none. */
static u64 page_cgroup(const struct machine *m, u64 pfn)
{
	(void)m;
	(void)pfn;
	return 0;
}

/* Has the section a memory map in the real kernel: does it hold any memory? */
static bool section_in_memmap(const struct machine *m, u64 start, u64 end)
{
	const struct memblock_type *memory = &m->memblock->memory;
	const struct memory_block *block = memory_block_of(m, start);

	if (block && !block->online)
		return false;
	for (unsigned int i = 0; i < memory->cnt; i++) {
		const struct memblock_region *region = &memory->regions[i];

		if (region->base < PFN_PHYS(end) &&
		    region->base + region->size > PFN_PHYS(start))
			return true;
	}
	return false;
}

static ssize_t read_words(const struct view *v, u64 offset, char *buf, size_t len,
			  u64 (*word)(const struct machine *m, u64 pfn), u64 none)
{
	const struct machine *m = v->m;
	u64 section = 1ULL << (m->arch->section_bits - PAGE_SHIFT);
	u64 end = ALIGN_UP(m->max_pfn, section);
	u64 pfn = offset / sizeof(u64), section_end = 0;
	bool present = false;
	size_t done = 0;

	if (offset % sizeof(u64) || len % sizeof(u64))
		return -EINVAL;
	for (; done < len && pfn < end; pfn++) {
		u64 value = none;

		if (pfn >= section_end) {
			section_end = ALIGN_DOWN(pfn, section) + section;
			present = section_in_memmap(m, section_end - section, section_end);
		}
		if (present)
			value = word(m, pfn);
		memcpy(buf + done, &value, sizeof(value));
		done += sizeof(value);
	}
	return done;
}

static ssize_t kpageflags_read(const struct view *v, u64 offset, char *buf, size_t len)
{
	u64 none = rel_kpageflags_nopage(v->m->release) ? BIT(KPF_NOPAGE) : 0;

	return read_words(v, offset, buf, len, page_flags, none);
}

static ssize_t kpagecount_read(const struct view *v, u64 offset, char *buf, size_t len)
{
	return read_words(v, offset, buf, len, page_count, 0);
}

static ssize_t kpagecgroup_read(const struct view *v, u64 offset, char *buf, size_t len)
{
	return read_words(v, offset, buf, len, page_cgroup, 0);
}

#define KPAGE(file, function) \
	{ .entry = { .name = (file), .mode = S_IFREG | 0400, .span = ALL }, .read = (function) }

static const struct bin_entry kpage_bins[] = {
	KPAGE("kpagecgroup", kpagecgroup_read),
	KPAGE("kpagecount", kpagecount_read),
	KPAGE("kpageflags", kpageflags_read),
};

static const struct dir kpage_dir = { DIR_BINS(kpage_bins) };

TREE_PARTS(kpage_parts, { "proc", &kpage_dir });
