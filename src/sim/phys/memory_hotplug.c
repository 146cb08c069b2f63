// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * On line, the pages of a block are handed to the buddy allocator as the boot does it: whole
 * blocks of the highest order are a run, and have no descriptors yet. Off line, its
 * pageblocks are isolated, what is in use migrates, and when all is free, it is taken off
 * the free lists and the descriptors go. The order of things is the kernel's
 * (online_pages, offline_pages), since each step's figures follow from those before.
 */
#include "sim/phys/memory_hotplug.h"

#include "sim/base/bug.h"
#include "sim/boot/boot_log.h"
#include "sim/boot/memblock.h"
#include "sim/phys/dump_page.h"
#include "sim/phys/hugetlb.h"
#include "sim/phys/hwpoison.h"
#include "sim/phys/lru.h"
#include "sim/phys/page_alloc.h"
#include "sim/phys/page_isolation.h"
#include "sim/phys/page_owner.h"
#include "sim/phys/pcp.h"
#include "sim/phys/pressure.h"
#include "sim/phys/slab.h"

typedef unsigned long long ull;

struct range {
	u64 start, nr_pages;
};

/* What the kernel hands out of a block: all but its own descriptors. */
static struct range block_range(const struct machine *m, u32 id)
{
	const struct memory_block *block = memory_block_by_id(m, id);

	return (struct range){
		id * m->hotplug->block_pages + block->nr_vmemmap_pages,
		m->hotplug->block_pages - block->nr_vmemmap_pages,
	};
}

/* N_NORMAL_MEMORY: newer kernels leave it as the boot found it. */
static void update_normal_memory(const struct machine *m, struct pglist_data *node)
{
	if (!rel_hotplug_minds_normal_memory(m->release))
		return;
	node->has_normal_memory = false;
	for (int type = 0; type <= ZONE_NORMAL; type++)
		if (node->zones[type] && zone_populated(node->zones[type]))
			node->has_normal_memory = true;
}

/* Figures that follow from what zones manage. */
static void rework_figures(struct machine *m)
{
	init_per_zone_wmark_min(m);
	if (m->pressure && m->pressure->memory_changed)
		m->pressure->memory_changed(m);
}

static void rebuild_zonelists(struct machine *m)
{
	/* Their room was allocated by the boot. */
	BUG_ON(m, build_all_zonelists(m));
	print_zonelists(m, nr_free_zone_pages(m, ZONE_MOVABLE));
}

/* -- on line ------------------------------------------------------------------ */

static void set_block_types(struct machine *m, u64 start, u64 nr_pages)
{
	enum migratetype type = m->mobility_grouping_off ? MIGRATE_UNMOVABLE : MIGRATE_MOVABLE;

	for (u64 pfn = start; pfn < start + nr_pages; pfn += pageblock_nr_pages(m)) {
		m->pageblock[pfn >> m->pageblock_order] = type ^ MIGRATE_MOVABLE;
		clear_pageblock_skip(m, pfn);
	}
}

static void why_online(struct machine *m, u32 id, const struct zone *zone, enum mmop type)
{
	static const char *const rules[] = {
		[MMOP_ONLINE] = "the policy", [MMOP_ONLINE_KERNEL] = "online_kernel",
		[MMOP_ONLINE_MOVABLE] = "online_movable",
	};

	machine_why(m, "memory%u goes to node %u zone %s: %s says so; the zone spans %llu pages "
		    "from %#llx, %llu are present (zone_for_pfn_range)", id, zone->node,
		    zone->name, rules[type], (ull)zone->spanned_pages, (ull)zone->start_pfn,
		    (ull)zone->present_pages);
}

/* The node has memory from now on, or more of it. */
static void node_gained(struct machine *m, struct pglist_data *node, bool first)
{
	node->has_memory = true;
	if (first && m->pressure && m->pressure->node_gained_memory)
		m->pressure->node_gained_memory(m, node);
}

/* The block is its zone's, with the descriptors that its record of free memory needs. */
static int claim_block(struct machine *m, const struct zone *zone, u32 id)
{
	struct memory_block *block = memory_block_by_id(m, id);
	struct range pages = block_range(m, id);
	u64 start = id * m->hotplug->block_pages, end = start + m->hotplug->block_pages;

	m->hotplug->changed = block->moved = block->online = true;
	block->zone = zone->index;
	/* A neighbour may have wanted some: they are made again, in the zone. */
	sections_drop(m, start, end);
	return section_materialise_range(m, start, ALIGN_UP(pages.start,
							    1ULL << MAX_PAGE_ORDER) + 1);
}

static void unclaim_block(struct machine *m, u32 id, const struct memory_block *old)
{
	u64 start = id * m->hotplug->block_pages;

	sections_drop(m, start, start + m->hotplug->block_pages);
	*memory_block_by_id(m, id) = *old;
}

/* All of it but its own descriptors goes to the allocator. */
static int online_pages(struct machine *m, struct zone *zone, u32 id)
{
	struct memory_block *block = memory_block_by_id(m, id), old = *block;
	struct pglist_data *node = m->nodes[zone->node];
	struct range pages = block_range(m, id);
	bool changed = m->hotplug->changed, rebuild = !zone_populated(zone);
	u64 start = id * m->hotplug->block_pages;
	int err = claim_block(m, zone, id) ? -ENOBUFS : 0;

	if (!err && (rel_hotplug_minds_normal_memory(m->release) ?
		     zone->type <= ZONE_NORMAL && !node->has_normal_memory : !node->has_memory))
		err = slab_node_online(m, node->id);
	if (err) {
		unclaim_block(m, id, &old);
		m->hotplug->changed = changed;
		return err;
	}
	set_block_types(m, start, m->hotplug->block_pages);
	if (rebuild)
		zone_pcp_reset(m, zone);
	/* Its descriptors are there. */
	BUG_ON(m, buddy_hand_over(m, zone, pages.start, pages.start + pages.nr_pages));
	move_pfn_range_to_zone(m, zone, start, m->hotplug->block_pages);
	adjust_present_page_count(m, zone, block, (s64)m->hotplug->block_pages);
	zone_count_pageblocks(m, zone, zone->pageblocks);
	node->has_memory = true;
	update_normal_memory(m, node);
	if (rebuild)
		rebuild_zonelists(m);
	return 0;
}

int memory_block_online(struct machine *m, u32 id, enum mmop type)
{
	struct memory_block *block = memory_block_by_id(m, id);
	struct zone *zone;
	bool first;
	int err;

	if (block->online) {
		block->online_type = (u8)type;
		return -EINVAL;
	}
	if (block->nr_hwpoison && rel_blocks_know_failures(m->release))
		return -EHWPOISON;
	if (type == MMOP_OFFLINE)
		type = block->online_type ? (enum mmop)block->online_type : MMOP_ONLINE;
	zone = zone_for_pfn_range(m, type, block->nid, block->group,
				  id * m->hotplug->block_pages, m->hotplug->block_pages);
	first = !m->nodes[zone->node]->has_memory;
	err = online_pages(m, zone, id);
	if (err)
		return err;
	block->online_type = MMOP_OFFLINE;
	why_online(m, id, zone, type);
	rework_figures(m);
	node_gained(m, m->nodes[zone->node], first);
	return 0;
}

/* -- off line ----------------------------------------------------------------- */

static u64 ram_pages(const struct machine *m, u64 start, u64 nr_pages)
{
	const struct memblock_type *memory = &m->memblock->memory;
	u64 pages = 0;

	for (unsigned int i = 0; i < memory->cnt; i++) {
		u64 from = MAX(PFN_UP(memory->regions[i].base), start);
		u64 to = MIN(PFN_DOWN(memory->regions[i].base + memory->regions[i].size),
			     start + nr_pages);

		pages += from < to ? to - from : 0;
	}
	return pages;
}

u64 memory_block_used(const struct machine *m, u32 id)
{
	u64 pfn = id * m->hotplug->block_pages, end = pfn + m->hotplug->block_pages, used = 0;

	while (pfn < end) {
		unsigned int order;
		u64 head;

		if (buddy_find(m, pfn, &head, &order)) {
			pfn = head + (1ULL << order);
		} else if (!page_present(m, pfn)) {
			pfn = (pfn | (PAGES_PER_SECTION - 1)) + 1;
		} else {
			used++;
			pfn++;
		}
	}
	return used;
}

/* Free huge pages of pools leave them; each then is free memory. */
static int dissolve_free_huge_pages(struct machine *m, u64 start, u64 end, u64 *pfn)
{
	for (; start < end; start++) {
		if (!page_present(m, start) ||
		    page_type(pfn_to_page(m, start)) != PGTY_hugetlb ||
		    page_flag(pfn_to_page(m, start), PG_tail))
			continue;
		*pfn = start;
		if (hugetlb_dissolve_free(m, start))
			return -EBUSY;
	}
	return 0;
}

/* All of the isolated range is free in the end, or the reason why it is not. */
static int empty_range(struct machine *m, struct isolation *isolation,
		       const struct range *pages, struct offline_failure *failure)
{
	u64 end = pages->start + pages->nr_pages;
	int err;

	drain_all_pages(m, isolation->zone);
	if (test_pages_isolated(m, pages->start, end, MEMORY_OFFLINE, &failure->pfn))
		return 0;
	if (!m->pressure || !m->pressure->offline_range)
		return -EBUSY;
	failure->reason = "unmovable page";
	err = m->pressure->offline_range(m, isolation->zone, pages->start, end, &failure->pfn);
	if (err == -EINTR)
		failure->reason = "signal backoff";
	if (err)
		return err;
	failure->reason = "failure to dissolve huge pages";
	err = dissolve_free_huge_pages(m, pages->start, end, &failure->pfn);
	if (err)
		return err;
	drain_all_pages(m, isolation->zone);
	if (test_pages_isolated(m, pages->start, end, MEMORY_OFFLINE, &failure->pfn))
		return 0;
	/* The kernel tries again till somebody interrupts it. */
	failure->reason = "signal backoff";
	return -EINTR;
}

/* Nobody looks at the descriptors of the range any more: they go. */
static void drop_descriptors(struct machine *m, struct zone *zone, u64 start, u64 end)
{
	struct zone_touched *touched = &zone->touched;
	u32 kept = 0;

	for (u32 i = 0; i < MIN(touched->nr, ZONE_TOUCHED); i++)
		if (touched->pfn[i] < start || touched->pfn[i] >= end)
			touched->pfn[kept++] = touched->pfn[i];
	touched->nr = touched->nr > ZONE_TOUCHED ? touched->nr : kept;
	m->sections_wanted = m->sections_wanted ? ~0ULL : 0;
	if (m->pressure && m->pressure->forget_contents)
		m->pressure->forget_contents(m, start, end);
	if (m->page_owner)
		page_owner_forget(m, start, end);
	sections_drop(m, start, end);
}

/* What is left is taken out of all figures. */
static void offline_isolated_pages(struct machine *m, struct zone *zone, u32 id)
{
	struct memory_block *block = memory_block_by_id(m, id);
	struct pglist_data *node = m->nodes[zone->node];
	struct range pages = block_range(m, id);
	u64 start = id * m->hotplug->block_pages, end = start + m->hotplug->block_pages, failed;
	bool last;

	take_isolated_range(m, zone, pages.start, end);
	failed = hwpoison_count(m, pages.start, end);
	block->nr_hwpoison += (u32)failed;
	m->contig_taken += (s64)(pages.nr_pages - failed);
	set_block_types(m, start, m->hotplug->block_pages);
	zone->managed_pages -= pages.nr_pages;
	m->totalram_pages -= pages.nr_pages;
	adjust_present_page_count(m, zone, block, -(s64)m->hotplug->block_pages);
	m->hotplug->changed = block->moved = true;
	block->online = false;
	block->zone = NO_ZONE;
	drop_descriptors(m, zone, start, end);
	zone_count_pageblocks(m, zone, zone->pageblocks);
	last = !node->present_pages;
	rework_figures(m);
	if (last)
		node->has_memory = false;
	update_normal_memory(m, node);
	if (!zone_populated(zone)) {
		zone_pcp_reset(m, zone);
		rebuild_zonelists(m);
	}
	if (last && m->pressure && m->pressure->node_lost_memory)
		m->pressure->node_lost_memory(m, node);
	remove_pfn_range_from_zone(m, zone, start, end - start);
}

static void why_refused(struct machine *m, u32 id, const struct offline_failure *failure)
{
	if (failure->pfn == ~0ULL)
		machine_why(m, "memory%u stays on line: %s (offline_pages)", id,
			    failure->reason);
	else
		machine_why(m, "memory%u stays on line: %s; page %#llx is in the way: %s "
			    "(offline_pages)", id, failure->reason, (ull)failure->pfn,
			    page_movable_text(m, failure->pfn));
}

static int refuse(struct machine *m, u32 id, struct offline_failure *failure,
		  const char *reason, int err)
{
	failure->reason = reason;
	why_refused(m, id, failure);
	return err;
}

/* Room for the descriptors that isolating and emptying the block needs. */
static int secure(struct machine *m, u32 id)
{
	u64 used = memory_block_used(m, id), start = id * m->hotplug->block_pages;
	u64 end = start + m->hotplug->block_pages;

	if (section_materialise_range(m, start, MIN(end + 1, m->max_pfn)))
		return -ENOBUFS;
	return section_reserve(m, (unsigned int)(used >> MAX_PAGE_ORDER) +
			       (used ? SECTION_AHEAD : 0)) ? -ENOBUFS : 0;
}

static int isolate_and_empty(struct machine *m, u32 id, struct isolation *isolation,
			     struct offline_failure *failure)
{
	struct range pages = block_range(m, id);
	int err = start_isolate_page_range(m, isolation, pages.start,
					   pages.start + pages.nr_pages, MEMORY_OFFLINE);

	if (err == -EBUSY) {
		failure->reason = "failure to isolate range";
		failure->pfn = isolation->unmovable;
		dump_page(m, isolation->unmovable, "unmovable page");
	}
	if (err)
		return err;
	if (rel_slab_shrinks_offline(m->release))
		slab_shrink_all(m);
	err = empty_range(m, isolation, &pages, failure);
	if (err)
		undo_isolate_page_range(m, isolation);
	else
		end_isolate_page_range(m, isolation);
	return err;
}

int memory_block_offline(struct machine *m, u32 id, struct offline_failure *failure)
{
	struct memory_block *block = memory_block_by_id(m, id);
	struct isolation isolation = { 0 };
	u64 start = id * m->hotplug->block_pages;
	int err;

	*failure = (struct offline_failure){ .pfn = ~0ULL };
	if (!block->online)
		return refuse(m, id, failure, "it is off line already", -EINVAL);
	isolation.zone = memory_block_zone(m, block);
	if (!isolation.zone)
		return refuse(m, id, failure, "it spans zones or nodes", -EINVAL);
	if (ram_pages(m, start, m->hotplug->block_pages) != m->hotplug->block_pages)
		return refuse(m, id, failure, "memory holes", -EINVAL);
	if (secure(m, id))
		return -ENOBUFS;
	lru_cache_disable(m);
	drain_all_pages(m, isolation.zone);
	err = isolate_and_empty(m, id, &isolation, failure);
	lru_cache_enable(m);
	if (err == -ENOBUFS)
		return err;
	if (err) {
		why_refused(m, id, failure);
		return err;
	}
	offline_isolated_pages(m, isolation.zone, id);
	machine_why(m, "memory%u is off line: all of it was free, or moved elsewhere "
		    "(offline_pages)", id);
	return 0;
}
