// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * All zones of a node, or all nodes, as a write to a file asks for it; and what is
 * checked and hashed of what compaction remembers.
 */
#include "sim/policy/compaction_internal.h"

#include "sim/base/digest.h"
#include "sim/phys/lru.h"
#include "sim/phys/memory_block.h"

typedef unsigned long long ull;

static void compact_node_zones(struct machine *m, const struct pglist_data *node)
{
	for (unsigned int type = 0; type < MAX_NR_ZONES; type++) {
		struct compact_control cc = {
			.m = m, .zone = node->zones[type], .order = -1, .gfp = GFP_KERNEL,
			.mode = COMPACT_SYNC, .ignore_skip_hint = true, .whole_zone = true,
		};

		if (cc.zone && zone_populated(cc.zone))
			compact_zone(&cc);
	}
}

void compact_node(struct machine *m, unsigned int nid)
{
	lru_add_drain_all(m);
	compact_node_zones(m, m->nodes[nid]);
}

void compact_nodes(struct machine *m)
{
	lru_add_drain_all(m);
	for (unsigned int nid = 0; nid < m->nr_nodes; nid++)
		if (m->nodes[nid])
			compact_node_zones(m, m->nodes[nid]);
}

/* -- check, digest ------------------------------------------------------------ */

/* A scanner's place: 0, or in the zone or right behind it. */
static void check_position(const struct machine *m, const struct zone *zone, const char *which,
			   u64 pfn, u64 slack, struct check *check)
{
	check->nr_checked++;
	/* A zone that shrank leaves them where they were. */
	if (m->hotplug && m->hotplug->changed && pfn <= m->max_pfn + slack)
		return;
	if (pfn && (pfn + slack < zone->start_pfn || pfn > zone_end_pfn(zone) + slack))
		check_fail(check, "CP1", "node %u zone %s: expected the %s scanner in the zone, "
			   "%#llx to %#llx, found %#llx", zone->node, zone->name, which,
			   (ull)zone->start_pfn, (ull)zone_end_pfn(zone), (ull)pfn);
}

static void zone_validate(const struct machine *m, const struct zone *zone,
			  struct check *check)
{
	const struct zone_compact *compact = &zone->compact;
	u64 slack = 2 * pageblock_nr_pages(m);

	check_position(m, zone, "async migrate", compact->cached_migrate_pfn[0], slack, check);
	check_position(m, zone, "sync migrate", compact->cached_migrate_pfn[1], slack, check);
	check_position(m, zone, "free", compact->cached_free_pfn, slack, check);
	check->nr_checked++;
	if (compact->defer_shift > COMPACT_MAX_DEFER_SHIFT ||
	    compact->considered > 1U << compact->defer_shift ||
	    compact->order_failed > NR_PAGE_ORDERS)
		check_fail(check, "CP2", "node %u zone %s: expected at most %u attempts left out, "
			   "of orders to %d, found %u of 1 << %u, order %u", zone->node,
			   zone->name, 1U << COMPACT_MAX_DEFER_SHIFT, MAX_PAGE_ORDER,
			   compact->considered, compact->defer_shift, compact->order_failed);
}

void compaction_validate(const struct machine *m, struct check *check)
{
	for (unsigned int i = 0; i < m->nr_zones; i++)
		zone_validate(m, m->zones[i], check);
	for (unsigned int i = 0; i < m->nr_nodes; i++) {
		const struct pglist_data *node = m->nodes[i];

		if (!node)
			continue;
		check->nr_checked++;
		if (node->kcompactd_max_order > MAX_PAGE_ORDER ||
		    node->kcompactd_highest >= MAX_NR_ZONES)
			check_fail(check, "CP2", "node %u: expected kcompactd to want an order up "
				   "to %d, found %u, zone type %u", node->id, MAX_PAGE_ORDER,
				   node->kcompactd_max_order, node->kcompactd_highest);
	}
	check->nr_checked++;
	if (m->capture)
		check_fail(check, "CP2", "machine: expected nobody to capture a block between "
			   "calls, found order %u", m->capture->order);
}

static void zone_digest(const struct zone *zone, struct digest *digest)
{
	const struct zone_compact *compact = &zone->compact;

	digest_u64(digest, compact->cached_migrate_pfn[0]);
	digest_u64(digest, compact->cached_migrate_pfn[1]);
	digest_u64(digest, compact->cached_free_pfn);
	digest_u64(digest, compact->init_migrate_pfn);
	digest_u64(digest, compact->init_free_pfn);
	digest_u64(digest, (u64)compact->considered << 32 | compact->defer_shift << 16 |
			   compact->order_failed << 1 | compact->blockskip_flush);
}

void compaction_digest(const struct machine *m, struct digest *digest)
{
	u64 words = pageblock_skip_words(m);

	for (unsigned int i = 0; i < m->nr_zones; i++)
		zone_digest(m->zones[i], digest);
	for (unsigned int i = 0; i < m->nr_nodes; i++) {
		const struct pglist_data *node = m->nodes[i];

		if (node)
			digest_u64(digest, (u64)node->kcompactd_max_order << 8 |
				   node->kcompactd_highest << 1 | node->proactive_trigger);
	}
	for (u64 i = 0; i < words; i++) {
		if (!m->pageblock_skip[i])
			continue;
		digest_u64(digest, i);
		digest_u64(digest, m->pageblock_skip[i]);
	}
}
