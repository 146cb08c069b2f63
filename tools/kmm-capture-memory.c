/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where memory lies. The firmware's map is best; where nothing tells it, one is
 * made from zoneinfo: each zone's span is usable but for its hole, which is put
 * where PCs have one. A node's ranges are those of the firmware (SRAT), cut to
 * memory that exists; else what the log printed after trimming; else whole memory
 * blocks of sysfs; else its zones.
 */
#include <stdlib.h>

#include "kmm-capture.h"

#define LEGACY_END (0x100000 >> PAGE_SHIFT)

void capture_add(GArray *ranges, u64 start, u64 end, const char *name, unsigned int nid)
{
	struct capture_range range = { start, end, g_strdup(name), nid };

	if (start < end)
		g_array_append_val(ranges, range);
	else
		g_free(range.name);
}

static struct capture_range *range_at(GArray *ranges, unsigned int i)
{
	return &g_array_index(ranges, struct capture_range, i);
}

/* The type's name in a machine file; kernels and files have several for one. */
static const char *type_name(const char *text)
{
	static const char *const rows[][2] = {
		{ "usable", "usable" }, { "System RAM", "usable" },
		{ "ACPI data", "ACPI data" }, { "ACPI Tables", "ACPI data" },
		{ "ACPI NVS", "ACPI NVS" }, { "ACPI Non-volatile", "ACPI NVS" },
		{ "unusable", "unusable" }, { "Unusable", "unusable" },
		{ "persistent", "persistent" }, { "Persistent", "persistent" },
		{ "soft reserved", "soft reserved" }, { "Soft Reserved", "soft reserved" },
	};

	for (unsigned int i = 0; i < G_N_ELEMENTS(rows); i++) {
		if (strstr(text, rows[i][0]))
			return rows[i][1];
	}
	return "reserved";
}

static int by_start(const void *a, const void *b)
{
	const struct capture_range *x = a, *y = b;

	return x->start < y->start ? -1 : x->start > y->start;
}

/* Usable memory inside an update becomes what the update says. */
static void apply_update(struct capture *c, const struct capture_range *update)
{
	const unsigned int nr = c->e820->len;

	for (unsigned int i = 0; i < nr; i++) {
		struct capture_range *r = range_at(c->e820, i);
		const u64 start = MAX(r->start, update->start), end = MIN(r->end, update->end);
		const u64 old_end = r->end;

		if (start >= end || strcmp(r->name, "usable"))
			continue;
		r->end = start;		/* may leave it empty */
		capture_add(c->e820, start, end, type_name(update->name), 0);
		capture_add(c->e820, end, old_end, "usable", 0);
	}
}

/* Sort, name the types alike, drop what is empty or overlaps what stands before. */
static void tidy_map(struct capture *c)
{
	u64 end = 0;

	for (unsigned int i = 0; i < c->e820->len; i++) {
		struct capture_range *r = range_at(c->e820, i);
		char *name = g_strdup(type_name(r->name));

		g_free(r->name);
		r->name = name;
	}
	for (unsigned int i = 0; i < c->updates->len; i++)
		apply_update(c, range_at(c->updates, i));
	g_array_sort(c->e820, by_start);
	for (unsigned int i = 0; i < c->e820->len; i++) {
		struct capture_range *r = range_at(c->e820, i);

		r->start = MAX(r->start, end);
		if (r->start < r->end) {
			end = r->end;
			continue;
		}
		g_array_remove_index(c->e820, i--);
	}
}

/* Pages of usable memory in a zone's span. */
static u64 usable_pages(const struct capture *c, const struct capture_zone *zone)
{
	const u64 start = PFN_PHYS(zone->start_pfn);
	const u64 end = PFN_PHYS(zone->start_pfn + zone->spanned);
	u64 pages = 0;

	for (unsigned int i = 0; i < c->e820->len; i++) {
		const struct capture_range *r = range_at(c->e820, i);

		if (!strcmp(r->name, "usable") && r->start < end && start < r->end)
			pages += (MIN(r->end, end) - MAX(r->start, start)) >> PAGE_SHIFT;
	}
	return pages;
}

/* A map that lost entries, as in a log that was cut, is no map. */
static bool is_complete(const struct capture *c)
{
	bool usable = false;

	for (unsigned int i = 0; i < c->e820->len; i++)
		usable |= !strcmp(range_at(c->e820, i)->name, "usable");
	if (!usable || strstr(c->cmdline, "memmap="))
		return usable;	/* the command line adds memory that firmware did not tell */
	for (unsigned int i = 0; i < c->zones->len; i++) {
		const struct capture_zone *zone =
			&g_array_index(c->zones, struct capture_zone, i);

		if (usable_pages(c, zone) < zone->present)
			return false;
	}
	return true;
}

/* Does a later zone of the node have memory? Then this one's hole is at its end. */
static bool node_goes_on(const struct capture *c, const struct capture_zone *zone)
{
	for (unsigned int i = 0; i < c->zones->len; i++) {
		const struct capture_zone *z = &g_array_index(c->zones, struct capture_zone, i);

		if (z->nid == zone->nid && z->present && z->start_pfn > zone->start_pfn)
			return true;
	}
	return false;
}

/* Usable memory of one zone, with a hole of the right size. */
static void map_from_zone(struct capture *c, const struct capture_zone *zone)
{
	const u64 end = zone->start_pfn + zone->spanned;
	u64 hole = zone->spanned - zone->present, hole_start = end - hole;

	if (zone->spanned < zone->present)
		return;
	if (zone->start_pfn < LEGACY_END && end > LEGACY_END)
		hole_start = LEGACY_END - hole;
	else if (!node_goes_on(c, zone) && capture_cmdline_changes_map(c))
		hole = 0;	/* the command line makes it */
	else if (!node_goes_on(c, zone))
		hole_start = zone->start_pfn + zone->present / 4 * 3;
	if (hole_start < zone->start_pfn)
		return;
	capture_add(c->e820, PFN_PHYS(zone->start_pfn), PFN_PHYS(hole_start), "usable", 0);
	capture_add(c->e820, PFN_PHYS(hole_start + hole), PFN_PHYS(end), "usable", 0);
	capture_add(c->memnode, PFN_PHYS(zone->start_pfn), PFN_PHYS(end), NULL, zone->nid);
}

static void map_from_zones(struct capture *c)
{
	bool gap = false;

	for (unsigned int i = 0; i < c->zones->len; i++) {
		const struct capture_zone *zone =
			&g_array_index(c->zones, struct capture_zone, i);

		if (!zone->present)
			continue;
		map_from_zone(c, zone);
		gap |= zone->spanned > zone->present && zone->start_pfn >= LEGACY_END;
	}
	if (c->e820->len)
		capture_note(c, "the firmware's memory map could not be read: [e820] is made from "
				"zoneinfo%s",
			     gap ? ", and holes have the right size but perhaps not the place" : "");
}

struct node_ranges {
	const struct capture *c;
	GArray *out;
	unsigned int nid;
};

static void add_block(u64 block, void *data)
{
	struct node_ranges *n = data;

	capture_add(n->out, block * n->c->block_bytes, (block + 1) * n->c->block_bytes, NULL,
		    n->nid);
}

static void ranges_from_blocks(struct capture *c)
{
	for (unsigned int nid = 0; c->block_bytes && nid < c->nr_nodes; nid++) {
		struct node_ranges n = { c, c->srat, nid };

		capture_each_block(c, nid, add_block, &n);
	}
}

static void ranges_from_zones(struct capture *c)
{
	for (unsigned int i = 0; i < c->zones->len; i++) {
		const struct capture_zone *z = &g_array_index(c->zones, struct capture_zone, i);

		capture_add(c->memnode, PFN_PHYS(z->start_pfn),
			    PFN_PHYS(z->start_pfn + z->spanned), NULL, z->nid);
	}
}

static void keep_touching(GArray *ranges, GArray *e820)
{
	for (unsigned int i = 0; i < ranges->len; i++) {
		struct capture_range *r = range_at(ranges, i);
		u64 start = UINT64_MAX, end = 0;

		for (unsigned int k = 0; k < e820->len; k++) {
			const struct capture_range *e = range_at(e820, k);

			if (strcmp(e->name, "usable") || e->end <= r->start || r->end <= e->start)
				continue;
			start = MIN(start, e->start);
			end = MAX(end, e->end);
		}
		/* Room for memory that could be plugged in is no memory. */
		r->end = MIN(r->end, end);
		if (start < end)
			continue;
		g_array_remove_index(ranges, i--);
	}
}

/* Join ranges of one node that touch; cut what overlaps the one before. */
static void join_ranges(GArray *ranges)
{
	g_array_sort(ranges, by_start);
	for (unsigned int i = 1; i < ranges->len; i++) {
		struct capture_range *before = range_at(ranges, i - 1), *r = range_at(ranges, i);

		if (r->start > before->end || (r->start == before->end && r->nid != before->nid))
			continue;
		if (r->nid == before->nid) {
			before->end = MAX(before->end, r->end);
			r->end = r->start;
		}
		r->start = MIN(MAX(r->start, before->end), r->end);
		if (r->start == r->end)
			g_array_remove_index(ranges, i--);
	}
}

static unsigned int count_online(const struct capture *c)
{
	unsigned int nr = 0;

	for (unsigned int nid = 0; nid < c->nr_nodes; nid++)
		nr += c->nodes[nid].online;
	return nr;
}

/* Of the ways to know the nodes' ranges, the first that covers every node's memory. */
static void settle_nodes(struct capture *c)
{
	GArray *swap;

	if (count_online(c) == 1) {
		/* One node has it all, whatever the firmware thought. */
		g_array_set_size(c->srat, 0);
		capture_add(c->srat, 0, CAPTURE_ADDR_END, NULL, c->nr_nodes - 1);
	}
	for (unsigned int i = 0; i < c->srat->len; i++) {
		if (range_at(c->srat, i)->nid >= c->nr_nodes)
			g_array_set_size(c->srat, 0);	/* numa=fake and the like */
	}
	if (!c->srat->len && !c->memnode->len)
		ranges_from_blocks(c);
	if (!c->srat->len && !c->memnode->len)
		ranges_from_zones(c);
	if (!c->srat->len) {
		swap = c->srat;
		c->srat = c->memnode;
		c->memnode = swap;
	}
	keep_touching(c->srat, c->e820);
	join_ranges(c->srat);
}

void capture_settle_memory(struct capture *c)
{
	tidy_map(c);
	if (!is_complete(c)) {
		g_array_set_size(c->e820, 0);
		map_from_zones(c);
		tidy_map(c);
	}
	settle_nodes(c);
}
