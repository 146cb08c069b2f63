// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * sim/page/0xPFN: everything that is known of one page frame. What has no
 * descriptor is told from the boot allocator's regions and the free lists. Any
 * frame of the machine can be looked up; there are too many to list.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "fs/core/tree_struct.h"
#include "sim/base/bug.h"
#include "sim/phys/page_alloc.h"
#include "sim/phys/lru.h"
#include "sim/phys/memory_block.h"
#include "sim/phys/page_owner.h"
#include "sim/phys/slab.h"
#include "sim/virt/content.h"
#include "sim/virt/file.h"
#include "sim/virt/rmap.h"
#include "sim/virt/task.h"

static const char *const flag_names[NR_PAGEFLAGS] = {
	[PG_locked] = "locked", [PG_writeback] = "writeback",
	[PG_referenced] = "referenced", [PG_uptodate] = "uptodate",
	[PG_dirty] = "dirty", [PG_lru] = "lru", [PG_head] = "head", [PG_tail] = "tail",
	[PG_active] = "active", [PG_workingset] = "workingset",
	[PG_owner_priv] = "owner_priv_1", [PG_reserved] = "reserved",
	[PG_private] = "private", [PG_swapcache] = "swapcache",
	[PG_reclaim] = "reclaim", [PG_swapbacked] = "swapbacked",
	[PG_unevictable] = "unevictable", [PG_mlocked] = "mlocked",
	[PG_hwpoison] = "hwpoison", [PG_anon] = "anon",
	[PG_anon_exclusive] = "anon_exclusive",
};

/* Who asks rmap_walk(). */
struct places {
	struct out *out;
	const struct machine *m;
};

struct type_name {
	u8 type;
	const char *name, *owner;
};

static const struct type_name type_names[] = {
	{ PGTY_buddy, "buddy", "free" },
	{ PGTY_offline, "offline", "offline" },
	{ PGTY_table, "table", "a page table" },
	{ PGTY_guard, "guard", "a guard page" },
	{ PGTY_hugetlb, "hugetlb", "the hugetlb pool" },
	{ PGTY_slab, "slab", "a slab cache" },
	{ PGTY_zsmalloc, "zsmalloc", "zsmalloc" },
	{ PGTY_unaccepted, "unaccepted", "not accepted yet" },
	{ PGTY_run, "none", "free, never used" },
	{ PGTY_pcp, "none", "free, on a per-CPU list" },
	{ PGTY_vmalloc, "none", "a vmalloc area" },
	{ PGTY_percpu, "none", "the per-CPU area" },
	{ PGTY_stack, "none", "a kernel stack" },
	{ PGTY_kernel, "none", "the kernel" },
	{ PGTY_isolated, "none", "isolated" },
	{ PGTY_hwpoison, "none", "nobody: it failed" },
};

static const struct type_name *find_type(unsigned int type)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(type_names); i++) {
		if (type_names[i].type == type)
			return &type_names[i];
	}
	return NULL;
}

/* The allocated block that holds pfn. */
static bool find_allocated(const struct machine *m, u64 pfn, u64 *head, int *order)
{
	for (int o = 0; o <= MAX_PAGE_ORDER; o++) {
		*head = ALIGN_DOWN(pfn, 1ULL << o);
		*order = page_present(m, *head) ? allocated_order(m, *head) : -1;
		if (*order >= o)
			return true;
	}
	return false;
}

static void show_block(struct out *out, u64 head, unsigned int order)
{
	out_printf(out, "block: order %u, 0x%" PRIx64 "-0x%" PRIx64 "\n", order, head,
		   head + (1U << order) - 1);
}

/* Which CPU's list holds the page, and the order of its block there. */
static void show_pcp(struct out *out, const struct machine *m, const struct zone *zone,
		     u64 pfn)
{
	for (unsigned int cpu = 0; cpu < m->nr_cpus && zone->pcp; cpu++) {
		for (unsigned int i = 0; i < NR_PCP_LISTS; i++) {
			unsigned int order = i < NR_LOWORDER_PCP_LISTS ? i / MIGRATE_PCPTYPES :
					     m->pageblock_order;
			u32 at = zone->pcp[cpu].lists[i].first;

			for (; at != PFN_NIL; at = pfn_to_page(m, at)->next) {
				if (pfn - at >= 1ULL << order)
					continue;
				out_printf(out, "list: CPU %u, order %u\n", cpu, order);
				show_block(out, at, order);
				return;
			}
		}
	}
}

static void show_slab(struct out *out, const struct machine *m, u64 pfn)
{
	u64 addr = m->arch->page_offset + PFN_PHYS(pfn);
	struct slab_info info;
	struct kmem_cache *cache;
	bool allocated;

	cache = m->slab ? kmem_cache_of(m, addr, &allocated) : NULL;
	if (!cache)
		return;
	kmem_cache_info(m, cache, &info);
	out_printf(out, "cache: %s\nobjects: %u of %u bytes in a slab of %u pages\n", info.name,
		   info.objs_per_slab, info.size, 1U << info.order);
}

static void show_flags(struct out *out, const struct machine *m, const struct page *page)
{
	const char *bar = "";

	out_puts(out, "flags: ");
	for (unsigned int i = 0; i < NR_PAGEFLAGS; i++) {
		/* Flags without a name are the engine's own. */
		if (!page_flag(page, i) || !flag_names[i] ||
		    (i == PG_active && !page_shows_active(m, page)))
			continue;
		out_printf(out, "%s%s", bar, flag_names[i]);
		bar = "|";
	}
	out_puts(out, *bar ? "\n" : "none\n");
}

/* Of a page of a large folio: where in it, and who maps how much of that. */
static void show_folio(struct out *out, const struct page *page)
{
	const struct page *folio = folio_of_const(page);

	if (!folio_is_large(folio))
		return;
	out_printf(out, "folio: order %u, page %u of %" PRIu64 ", %d references\n"
		   "folio mappings: %d, %d of all of it, %u pages one by one%s\n",
		   folio_order(folio), (u32)(page - folio), folio_nr_pages(folio),
		   folio->refcount, folio_mapcount(folio), folio_entire_mapcount(folio),
		   folio_pages_mapped(folio), folio_is_partially_mapped(folio) ?
		   ", partially mapped" : "");
}

/* The fields of the descriptor. Those that others use in a free page are left out. */
static void show_descriptor(struct out *out, const struct machine *m, const struct page *page)
{
	const struct page *folio = folio_of_const(page);
	unsigned int type = page_type(page);
	const struct type_name *name = find_type(type);

	show_flags(out, m, page);
	out_printf(out, "type: %s\n", type && name ? name->name : "none");
	out_printf(out, "refcount: %d\n", page->refcount);
	if (type)
		return;
	show_folio(out, page);
	out_printf(out, "mapcount: %d\nmapping: ", page_mapcount(page));
	if (folio->mapping)
		out_printf(out, "%s %u, index %" PRIu64 "\n", page_flag(folio, PG_anon) ?
			   "anon_vma" : "inode", folio->mapping, page_index(page));
	else
		out_puts(out, "none\n");
}

/* What the page holds, and each place where a page table maps it. */
static int show_place(void *arg, struct vm_area_struct *vma, u64 address)
{
	struct places *places = arg;

	for (const struct task_struct *t = process_next(places->m, 1); t;
	     t = process_next(places->m, t->pid + 1)) {
		if (t->mm == vma->vm_mm)
			out_printf(places->out, "mapped: proc/%u/walk/0x%" PRIx64 "\n", t->pid,
				   address);
	}
	return 0;
}

static void show_contents(struct out *out, const struct machine *m, u64 pfn)
{
	const struct page *page = pfn_to_page(m, pfn), *folio = folio_of_const(page);
	struct places places = { out, m };

	if (page_type(page) || !folio->mapping || !folio->refcount)
		return;
	out_printf(out, "content: 0x%016" PRIx64 "\n", content_token(m, pfn));
	if (!page_flag(folio, PG_anon))
		out_printf(out, "file: %s\n", inode_of(m, folio->mapping)->path);
	rmap_walk(m, pfn, show_place, &places);
}

/* With page_owner=on: who allocated the block. */
static void show_owner(struct out *out, const struct machine *m, u64 head)
{
	struct page_owner_info info;
	char gfp[256];
	u64 pfn = head;

	if (!m->page_owner || !page_owner_next(m, &pfn, &info) || info.pfn != head)
		return;
	out_printf(out, "allocated: by %s, pid %u, at %" PRIu64 " ns, with %s\n", info.comm,
		   info.pid, info.ts_ns, gfp_format(info.gfp, gfp, sizeof(gfp)));
	stack_trace_print(out, info.ips, info.nr_ips, " ");
}

static void show_used(struct out *out, const struct machine *m, const struct zone *zone,
		      u64 pfn)
{
	const struct page *page = pfn_to_page(m, pfn);
	const struct type_name *name;
	u64 head = pfn;
	int order = 0;

	if (page_flag(page, PG_reserved)) {
		out_puts(out, "state: reserved at boot\n");
		return;
	}
	if (find_allocated(m, pfn, &head, &order))
		page = pfn_to_page(m, head);
	name = find_type(page_type(page));
	if (page_type(page) == PGTY_pcp) {
		out_puts(out, "state: free, on a per-CPU list\n");
		show_pcp(out, m, zone, pfn);
		return;
	}
	out_printf(out, "state: used by %s\n", name ? name->owner :
		   page_flag(page, PG_anon) ? "anonymous memory" :
		   page->mapping ? "the page cache" : "its allocator");
	if (order >= 0)
		show_block(out, head, order);
	if (page_type(page) == PGTY_slab)
		show_slab(out, m, pfn);
	show_owner(out, m, head);
}

static int page_show(struct out *out, const struct view *v)
{
	const struct machine *m = v->m;
	u64 pfn = v->id[V_PFN], head;
	const struct zone *zone = pfn_zone(m, pfn);
	unsigned int order;

	out_printf(out, "pfn: 0x%" PRIx64 "\naddress: 0x%" PRIx64 "\n", pfn, PFN_PHYS(pfn));
	if (!zone) {
		const struct memory_block *block = memory_block_of(m, pfn);

		out_puts(out, block && !block->online ? "state: offline memory\n" :
						       "state: hole, no memory here\n");
		return 0;
	}
	out_printf(out, "node: %u\nzone: %s\npageblock: 0x%" PRIx64 ", %s\n", zone->node,
		   zone->name, pfn >> m->pageblock_order,
		   migratetype_names[pageblock_type(m, pfn)]);
	if (buddy_find(m, pfn, &head, &order)) {
		const struct page *page = page_present(m, head) ? pfn_to_page(m, head) : NULL;

		out_printf(out, "state: free%s\n", !page || page_type(page) == PGTY_run ?
			   ", never used" : "");
		show_block(out, head, order);
	} else if (page_present(m, pfn)) {
		show_used(out, m, zone, pfn);
	} else {
		out_puts(out, "state: reserved at boot\n");
	}
	if (page_present(m, pfn)) {
		show_descriptor(out, m, pfn_to_page(m, pfn));
		show_contents(out, m, pfn);
	} else {
		out_puts(out, "descriptor: not made yet, nothing has used its section\n");
	}
	return 0;
}

static bool page_next(const struct view *v, u32 *id)
{
	return false;
}

static void page_name(const struct view *v, u32 id, char name[64])
{
	snprintf(name, 64, "0x%x", id);
}

/* The canonical spelling only, so that a page has one name. */
static bool page_find(const struct view *v, const char *name, u32 *id)
{
	char again[64];
	char *end;
	u64 pfn;

	if (strncmp(name, "0x", 2))
		return false;
	pfn = strtoull(name + 2, &end, 16);
	if (pfn >= v->m->max_pfn || pfn > UINT32_MAX)
		return false;
	*id = pfn;
	page_name(v, pfn, again);
	return !strcmp(name, again);
}

static const struct each page_each[] = {
	{ { "0x<PFN>", S_IFREG | 0444, ALL, page_show,
	    .help = "One page frame by its number in hex: where it lies, who has it, flags, "
		    "counts, its block; of a slab page the cache, of a user page its contents' token "
		    "and each page table that maps it." },
	  V_PFN, page_next, page_name, page_find },
};

static const struct dir page_dir = { DIR_EACH(page_each) };

static const struct entry sim_entries[] = {
	{ "page", S_IFDIR | 0555, ALL, .dir = &page_dir,
	  .help = "A file for each page frame, page/0x1234. They are there by name; a "
		  "listing would be too long." },
};

static const struct dir sim_dir = { DIR_FILES(sim_entries) };

TREE_PARTS(page_parts, { "sim", &sim_dir });
