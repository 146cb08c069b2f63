// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * dump_page() of either release, without the words of struct page: those are addresses of
 * a kernel that is not there.
 */
#include "sim/phys/dump_page.h"

#include "sim/boot/boot_log.h"
#include "sim/phys/folio.h"
#include "sim/phys/page_alloc.h"
#include "sim/phys/page_flags.h"

typedef unsigned long long ull;

struct type_row {
	enum pagetype type;
	const char *name;	/* as the kernel prints page types; NULL: it has none */
	const char *text;	/* for sim/why */
};

static const struct type_row type_rows[] = {
	{ PGTY_buddy, "buddy", "free" },
	{ PGTY_run, "buddy", "free" },
	{ PGTY_pcp, NULL, "free, on a per-CPU list" },
	{ PGTY_offline, "offline", "off line" },
	{ PGTY_table, "table", "a page table" },
	{ PGTY_guard, "guard", "a guard page" },
	{ PGTY_hugetlb, "hugetlb", "a huge page of a pool" },
	{ PGTY_slab, "slab", "a slab" },
	{ PGTY_zsmalloc, "zsmalloc", "of zsmalloc" },
	{ PGTY_unaccepted, "unaccepted", "not accepted yet" },
	{ PGTY_vmalloc, NULL, "of a vmalloc area" },
	{ PGTY_percpu, NULL, "of the per-CPU area" },
	{ PGTY_stack, NULL, "a kernel stack" },
	{ PGTY_kernel, NULL, "the kernel's" },
	{ PGTY_isolated, NULL, "isolated by somebody else" },
	{ PGTY_hwpoison, NULL, "out of use: it failed" },
};

static const struct type_row *type_row(const struct page *page)
{
	for (size_t i = 0; i < ARRAY_SIZE(type_rows); i++)
		if (type_rows[i].type == page_type(page))
			return &type_rows[i];
	return NULL;
}

const char *page_movable_text(const struct machine *m, u64 pfn)
{
	const struct page *page;
	const struct type_row *row;

	if (!page_present(m, pfn))
		return page_virgin(m, pfn) ? "free" : "kept by the boot";
	page = pfn_to_page(m, pfn);
	if (page_flag(page, PG_reserved))
		return "kept by the boot";
	page = folio_of_const(page);
	row = type_row(page);
	if (row)
		return row->text;
	if (page_flag(page, PG_lru) || page->mapping)
		return page_flag(page, PG_anon) ? "pinned anonymous memory" :
						  "pinned, of the page cache";
	return "allocated, and on no LRU list";
}

/* The lines that both releases have; 6.1 names the address of the descriptor. */
static void dump_counts(struct machine *m, const struct page *page, u64 pfn)
{
	s32 mapcount = page_type(page) ? 0 : page->mapcount + 1;
	u64 index = page_type(page) ? 0 : page->index;
	s32 refcount = page_type(page) == PGTY_slab && rel_slabs_are_frozen(m->release) ? 0 :
		       page->refcount;

	if (rel_dump_page_is_hashed(m->release))
		printk(m, 4, "page:%016llx refcount:%d mapcount:%d mapping:%016llx index:%#llx "
		       "pfn:%#llx", (ull)page_struct_addr(m, pfn), refcount, mapcount,
		       0ULL, (ull)index, (ull)pfn);
	else
		printk(m, 4, "page: refcount:%d mapcount:%d mapping:%016llx index:0x%llx "
		       "pfn:0x%llx", refcount, mapcount, 0ULL, (ull)index, (ull)pfn);
}

static void dump_head(struct machine *m, const struct page *page, u64 pfn)
{
	unsigned int order = folio_order(page);

	if (rel_dump_page_is_hashed(m->release))
		printk(m, 4, "head:%016llx order:%u compound_mapcount:%d compound_pincount:0",
		       (ull)page_struct_addr(m, pfn), order, 0);
	else
		printk(m, 4, "head: order:%u mapcount:%d entire_mapcount:%d nr_pages_mapped:%d "
		       "pincount:0", order, 0, 0, 0);
}

void dump_page(struct machine *m, u64 pfn, const char *reason)
{
	const struct page *page = page_present(m, pfn) ? pfn_to_page(m, pfn) : NULL;
	const struct type_row *row = page ? type_row(page) : NULL;
	struct out names = OUT_INIT;
	u64 word;

	if (page && page_zone_index(page) < m->nr_zones) {
		dump_counts(m, page, pfn);
		if (page_flag(page, PG_head))
			dump_head(m, page, pfn);
		word = page_flags_word(m, page, &names);
		printk(m, 4, "flags: 0x%llx(%s)%s", (ull)word, names.text ? names.text : "",
		       pageblock_type(m, pfn) == MIGRATE_CMA ? " CMA" : "");
		if (row && row->name && !rel_slab_is_page_flag(m->release))
			printk(m, 4, "page_type: %x(%s)", (unsigned int)row->type, row->name);
		out_free(&names);
	}
	printk(m, 4, "page dumped because: %s", reason);
}
