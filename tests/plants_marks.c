// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What can be wrong with watermarks, protection, per-CPU sizes and zonelists (W1 to W6).
 */
#include "plants.h"

#include "support.h"
#include "sim/phys/buddy.h"
#include "sim/phys/page_alloc.h"
#include "sim/phys/pcp.h"
#include "sim/phys/tunables.h"

static void mark_min(struct machine *m)
{
	plant_dma32(m)->watermark[WMARK_MIN]++;
}

static void mark_low(struct machine *m)
{
	plant_dma32(m)->watermark[WMARK_LOW]++;
}

static void all_marks(struct machine *m)
{
	for (unsigned int i = 0; i < NR_WMARK; i++)
		plant_normal(m)->watermark[i] += 5;
}

static void mark_promo(struct machine *m)
{
	plant_dma32(m)->watermark[WMARK_PROMO] -= 3;
}

static void tunable_min(struct machine *m)
{
	m->tunables->min_free_kbytes += 1000;
}

static void boost(struct machine *m)
{
	plant_dma32(m)->watermark_boost = 512;
}

static void batch(struct machine *m)
{
	plant_dma32(m)->pcp[1].batch++;
}

static void pageset_batch(struct machine *m)
{
	plant_normal(m)->pageset_batch--;
}

static void high_min(struct machine *m)
{
	plant_dma32(m)->pcp[0].high_min++;
}

static void high_max(struct machine *m)
{
	plant_dma32(m)->pageset_high_max++;
}

static void threshold(struct machine *m)
{
	plant_dma32(m)->stat_threshold++;
}

static void protection(struct machine *m)
{
	m->nodes[0]->zones[ZONE_DMA]->lowmem_reserve[ZONE_NORMAL]++;
}

static void protection_falls(struct machine *m)
{
	m->nodes[0]->zones[ZONE_DMA]->lowmem_reserve[ZONE_MOVABLE] -= 100;
}

static void protection_of_itself(struct machine *m)
{
	plant_normal(m)->lowmem_reserve[ZONE_NORMAL] = 1;
	plant_normal(m)->lowmem_reserve[ZONE_MOVABLE] = 1;
}

static void totalreserve(struct machine *m)
{
	m->totalreserve_pages++;
}

static void totalreserve_node(struct machine *m)
{
	m->nodes[1]->totalreserve_pages -= 2;
	m->totalreserve_pages -= 2;
}

/* The same zones, each once, in an order that only the formula knows to be wrong. */
static void zonelist(struct machine *m)
{
	struct pglist_data *node = m->nodes[1];
	u16 last = node->zonelist[node->nr_zonelist - 1];

	node->zonelist[node->nr_zonelist - 1] = node->zonelist[node->nr_zonelist - 2];
	node->zonelist[node->nr_zonelist - 2] = last;
}

static void fallback_order(struct machine *m)
{
	m->nodes[1]->fallback[0] = 0;
	m->nodes[1]->fallback[1] = 1;
}

static void thisnode(struct machine *m)
{
	m->nodes[0]->nr_thisnode--;
}

static void preferred(struct machine *m)
{
	m->nodes[0]->preferred[ZONE_MOVABLE] = m->nodes[0]->zones[ZONE_DMA];
}

/* A list is filled without anybody having asked for the mark. */
static void taken_below_min(struct machine *m)
{
	struct zone *zone = plant_dma32(m);
	u32 pfn;

	m->tunables->min_free_kbytes = 1 << 30;
	setup_per_zone_wmarks(m);
	drain_all_pages(m, NULL);
	pfn = buddy_alloc(m, zone, 4, MIGRATE_MOVABLE, 0);
	zone_note_taken(zone, 16, 0);
	buddy_free(m, zone, pfn, 4, BUDDY_AUTO);
	/* As a real refill does it: the block goes to the list of this CPU. */
	CU_ASSERT_TRUE(pcp_refill(m, zone, &zone->pcp[0], 0, MIGRATE_MOVABLE, WMARK_LOW));
}

static void kswapd_failures(struct machine *m)
{
	m->nodes[1]->kswapd_failures = 17;
}

static const struct plant plants[] = {
	{ "W1", mark_min, "a zone's min mark is a page higher" },
	{ "W1", mark_low, "a zone's low mark is a page higher" },
	{ "W1 W2", all_marks, "all marks of a zone are five pages higher" },
	{ "W1", mark_promo, "a zone's promo mark is three pages lower" },
	{ "W1", tunable_min, "min_free_kbytes grew, the marks did not" },
	{ "W1", boost, "a boost of a page more than there may be" },
	{ "W1", batch, "a CPU's batch is a page more" },
	{ "W1", pageset_batch, "a zone's batch is a page less" },
	{ "W1", high_min, "a CPU's high_min is a page more" },
	{ "W1", high_max, "a zone's high_max is a page more" },
	{ "W1", threshold, "the stat threshold is one more" },
	{ "W1 W2 W3 W1", protection, "DMA is protected by a page more against Normal" },
	{ "W3 W1", protection_falls, "protection against Movable is less than against Normal" },
	{ "W1 W2 W3", protection_of_itself, "a zone is protected against its own users" },
	{ "W2", totalreserve, "the machine's reserve is a page more than its nodes'" },
	{ "W2", totalreserve_node, "a node's reserve is two pages less than its zones'" },
	{ "W4", zonelist, "two zones of a zonelist change places" },
	{ "W4", fallback_order, "a node falls back to a farther one first" },
	{ "W4", thisnode, "a node's own list lacks its last zone" },
	{ "W4", preferred, "a node allocates Movable memory from DMA first" },
	{ "W5", taken_below_min, "a CPU's list is filled with pages below the min mark" },
	{ "W6", kswapd_failures, "kswapd has failed more often than it tries" },
};

const struct plant_table mark_plants = { "watermarks, zonelists", plants, ARRAY_SIZE(plants) };
