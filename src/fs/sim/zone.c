// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * sim/zone/NODE/ZONE: the free lists block by block, the pageblocks with their types, and
 * what compaction remembers; sim/section: the sections of the memory map.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "fs/core/figures.h"
#include "sim/phys/memory_block.h"
#include "sim/phys/section.h"
#include "sim/phys/extfrag.h"
#include "sim/policy/compaction.h"

static const struct zone *zone_of(const struct view *v)
{
	return v->m->nodes[v->id[V_NODE]]->zones[v->id[V_STEP]];
}

/* -- free_area ---------------------------------------------------------------- */

static void show_list(struct out *out, const struct machine *m, const struct free_area *area,
		      unsigned int type)
{
	u32 pfn = area->lists[type].first;

	for (; pfn != PFN_NIL; pfn = pfn_to_page(m, pfn)->next) {
		const struct page *page = pfn_to_page(m, pfn);

		out_printf(out, " 0x%x", pfn);
		/* Blocks in a row that nobody has used are one element. */
		if (page_type(page) == PGTY_run && page->mapping > 1)
			out_printf(out, "*%u", page->mapping);
	}
	out_putc(out, '\n');
}

static int free_area_show(struct out *out, const struct view *v)
{
	const struct zone *zone = zone_of(v);

	for (unsigned int order = 0; order < NR_PAGE_ORDERS; order++)
		for (unsigned int type = 0; type < MIGRATE_TYPES; type++) {
			const struct free_area *area = &zone->free_area[order];

			if (!area->nr[type])
				continue;
			out_printf(out, "order %u %s %" PRIu64 ":", order,
				   migratetype_names[type], area->nr[type]);
			show_list(out, v->m, area, type);
		}
	return 0;
}

/* -- pageblocks --------------------------------------------------------------- */

/* What is told of a pageblock. */
struct block_facts {
	unsigned int type;
	bool skip, here;	/* memory of this zone is in it */
};

static struct block_facts facts_of(const struct machine *m, const struct zone *zone, u64 start)
{
	u64 first = MAX(start, zone->start_pfn);

	return (struct block_facts) {
		.type = pageblock_type(m, start), .skip = pageblock_skip(m, start),
		.here = pfn_online_zone(m, first) == zone,
	};
}

static bool same_facts(const struct block_facts *a, const struct block_facts *b)
{
	return a->type == b->type && a->skip == b->skip && a->here == b->here;
}

static void show_blocks(struct out *out, const struct block_facts *facts, u64 start, u64 end,
			u64 size)
{
	if (facts->here && end > start)
		out_printf(out, "0x%" PRIx64 "-0x%" PRIx64 " %" PRIu64 " %s%s\n", start, end - 1,
			   (end - start) / size, migratetype_names[facts->type],
			   facts->skip ? " skip" : "");
}

static int pageblocks_show(struct out *out, const struct view *v)
{
	const struct zone *zone = zone_of(v);
	u64 size = pageblock_nr_pages(v->m), start = ALIGN_DOWN(zone->start_pfn, size), at = start;
	struct block_facts facts = facts_of(v->m, zone, start);

	for (; at < zone_end_pfn(zone); at += size) {
		struct block_facts next = facts_of(v->m, zone, at);

		if (same_facts(&facts, &next))
			continue;
		show_blocks(out, &facts, start, at, size);
		facts = next;
		start = at;
	}
	show_blocks(out, &facts, start, at, size);
	return 0;
}

/* -- compaction --------------------------------------------------------------- */

static int compaction_show(struct out *out, const struct view *v)
{
	const struct zone *zone = zone_of(v);
	const struct zone_compact *c = &zone->compact;

	out_printf(out, "compact_cached_migrate_pfn: 0x%" PRIx64 " 0x%" PRIx64 "\n"
		   "compact_cached_free_pfn: 0x%" PRIx64 "\n"
		   "compact_init_migrate_pfn: 0x%" PRIx64 "\ncompact_init_free_pfn: 0x%" PRIx64 "\n",
		   c->cached_migrate_pfn[0], c->cached_migrate_pfn[1], c->cached_free_pfn,
		   c->init_migrate_pfn, c->init_free_pfn);
	out_printf(out, "compact_considered: %u\ncompact_defer_shift: %u\n"
		   "compact_order_failed: %u\ncompact_blockskip_flush: %d\n", c->considered,
		   c->defer_shift, c->order_failed, c->blockskip_flush);
	out_printf(out, "fragmentation_score: %u\n", fragmentation_score_zone(v->m, zone));
	return 0;
}

static const struct entry zone_entries[] = {
	{ "compaction", S_IFREG | 0444, ALL, compaction_show,
	  .help = "What compaction of the zone remembers: where each scanner goes on "
		  "(asynchronous and other migration, free), attempts that are left out after "
		  "a failure, and the score that kcompactd looks at." },
	{ "free_area", S_IFREG | 0444, ALL, free_area_show,
	  .help = "Each free block in the order of its list, by order and migrate type: the "
		  "first is taken next. 0x8000*12 is a row of blocks that nobody has used yet." },
	{ "pageblocks", S_IFREG | 0444, ALL, pageblocks_show,
	  .help = "The pageblocks from the lowest on, neighbours that are alike as one line: "
		  "first and last page, how many, migrate type; skip: compaction leaves it out." },
};

static const struct dir zone_dir = { DIR_FILES(zone_entries) };

/* -- names -------------------------------------------------------------------- */

static bool number_next(const struct view *v, u32 *nid)
{
	while (*nid < v->m->nr_nodes && !v->m->nodes[*nid])
		++*nid;
	return *nid < v->m->nr_nodes;
}

static void number_name(const struct view *v, u32 nid, char name[64])
{
	(void)v;
	snprintf(name, 64, "%u", nid);
}

static bool number_find(const struct view *v, const char *name, u32 *nid)
{
	char again[64];
	u32 next;

	*nid = (u32)strtoul(name, NULL, 10);
	number_name(v, *nid, again);
	next = *nid;
	return !strcmp(name, again) && number_next(v, &next) && next == *nid;
}

static bool zone_next(const struct view *v, u32 *type)
{
	const struct pglist_data *node = v->m->nodes[v->id[V_NODE]];

	while (*type < MAX_NR_ZONES && !(node->zones[*type] && zone_populated(node->zones[*type])))
		++*type;
	return *type < MAX_NR_ZONES;
}

static void zone_name(const struct view *v, u32 type, char name[64])
{
	snprintf(name, 64, "%s", v->m->nodes[v->id[V_NODE]]->zones[type]->name);
}

static bool zone_find(const struct view *v, const char *name, u32 *type)
{
	for (*type = 0; zone_next(v, type); ++*type)
		if (!strcmp(v->m->nodes[v->id[V_NODE]]->zones[*type]->name, name))
			return true;
	return false;
}

static const struct each zone_each[] = {
	{ { "<ZONE>", S_IFDIR | 0555, ALL, .dir = &zone_dir,
	    .help = "A zone of the node that has memory." },
	  V_STEP, zone_next, zone_name, zone_find },
};

static const struct dir node_dir = { DIR_EACH(zone_each) };

static const struct each node_each[] = {
	{ { "<NODE>", S_IFDIR | 0555, ALL, .dir = &node_dir, .help = "A node." },
	  V_NODE, number_next, number_name, number_find },
};

static const struct dir nodes_dir = { DIR_EACH(node_each) };

/* -- section ------------------------------------------------------------------ */

/* Pages of [pfn, end) that are RAM; *zone: whose, *mixed: of several. */
static u64 section_memory(const struct machine *m, u64 pfn, u64 end, const struct zone **zone,
			  bool *mixed)
{
	const struct memory_block *block = memory_block_of(m, pfn);
	u64 pages = 0;

	*zone = NULL;
	*mixed = false;
	if (block && block->moved) {
		*zone = memory_block_zone(m, block);
		return *zone ? end - pfn : 0;
	}
	for (unsigned int i = 0; i < m->nr_zones; i++) {
		const struct zone *other = m->zones[i];
		u64 from = MAX(pfn, other->start_pfn), to = MIN(end, zone_end_pfn(other));

		if (from >= to || !zone_populated(other))
			continue;
		*mixed |= *zone != NULL;
		*zone = other;
		pages += to - from;
	}
	return pages;
}

/* How many of its descriptors exist. */
static u64 section_descriptors(const struct machine *m, u64 pfn, u64 end)
{
	u64 pages = 0;

	for (; pfn < end; pfn += PAGES_PER_SECTION)
		pages += page_present(m, pfn) ? MIN(end - pfn, PAGES_PER_SECTION) : 0;
	return pages;
}

static int section_show(struct out *out, const struct view *v)
{
	const struct machine *m = v->m;
	u64 size = 1ULL << (m->arch->section_bits - PAGE_SHIFT);

	for (u64 pfn = 0; pfn < m->max_pfn; pfn += size) {
		u64 end = MIN(pfn + size, m->max_pfn);
		const struct zone *zone;
		bool mixed;

		if (!section_memory(m, pfn, end, &zone, &mixed))
			continue;
		out_printf(out, "section %" PRIu64 ": 0x%" PRIx64 "-0x%" PRIx64, pfn / size, pfn,
			   end - 1);
		if (mixed)
			out_puts(out, " several zones");
		else
			out_printf(out, " node %u zone %s", zone->node, zone->name);
		out_printf(out, ", descriptors in use %" PRIu64 "\n",
			   section_descriptors(m, pfn, end));
	}
	return 0;
}

static const struct entry sim_entries[] = {
	{ "section", S_IFREG | 0444, ALL, section_show,
	  .help = "The sections of the memory map (SPARSEMEM) that a zone spans: their pages, node "
		  "and zone, and how many descriptors have come to be, as nobody needed the "
		  "others yet." },
	{ "zone", S_IFDIR | 0555, ALL, .dir = &nodes_dir,
	  .help = "By node and zone, zone/0/DMA32: free blocks in list order, pageblocks, "
		  "compaction." },
};

static const struct dir sim_dir = { DIR_FILES(sim_entries) };

TREE_PARTS(zone_parts, { "sim", &sim_dir });
