// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Invariant B11: proc/buddyinfo, proc/pagetypeinfo and proc/zoneinfo say what a walk
 * over the lists, the pageblocks and the per-CPU lists finds. W6: zoneinfo's
 * node_unreclaimable.
 */
#include <stdio.h>

#include "fs/sim/check.h"
#include "sim/phys/buddy.h"
#include "sim/phys/page_owner.h"

#define FREECOUNT_CAP 100000	/* pagetypeinfo counts no further */
#define KSWAPD_GIVES_UP 16

static void name_zone(const struct zone *zone, const char *file, char object[64])
{
	snprintf(object, 64, "%s node %u zone %s", file, zone->node, zone->name);
}

static unsigned int nr_online(const struct machine *m)
{
	unsigned int nr = 0;

	for (unsigned int i = 0; i < m->nr_zones; i++)
		nr += m->nodes[m->zones[i]->node]->online;
	return nr;
}

static unsigned int nr_populated(const struct machine *m)
{
	unsigned int nr = 0;

	for (unsigned int i = 0; i < m->nr_zones; i++)
		nr += zone_populated(m->zones[i]);
	return nr;
}

/* Figures by type, those alone that the kernel has. Returns how many. */
static unsigned int known_types(const struct machine *m, u64 figures[MIGRATE_TYPES])
{
	unsigned int nr = 0;

	for (unsigned int type = 0; type < MIGRATE_TYPES; type++)
		if (has_migratetype(m, type))
			figures[nr++] = figures[type];
	return nr;
}

/* Numbers at the end of a line that should be these. */
static void check_row(struct check *check, const char *object, const char *at,
		      const u64 *expected, unsigned int nr)
{
	char what[32];
	u64 found = 0;

	for (unsigned int i = 0; i < nr; i++) {
		at += strspn(at, " >");
		snprintf(what, sizeof(what), "in column %u", i);
		check->nr_checked++;
		if (!text_number(&at, &found))
			check_fail(check, "B11", "%s: expected %u numbers, found %u", object, nr,
				   i);
		else
			check_shown(check, "B11", object, what, expected[i], found);
	}
	at += strspn(at, " ");
	if (*at)
		check_fail(check, "B11", "%s: expected %u numbers, found \"%s\" behind them",
			   object, nr, at);
}

void buddyinfo_check(const struct machine *m, const char *text, struct check *check)
{
	char line[512], object[64];
	unsigned int nr = 0;

	while (text_line(&text, line)) {
		const char *rest;
		const struct zone *zone = text_zone(m, line, &rest);
		u64 blocks[NR_PAGE_ORDERS] = { 0 };

		check->nr_checked++;
		if (!zone) {
			check_fail(check, "B11", "buddyinfo: expected a zone's line, found \"%s\"",
				   line);
			continue;
		}
		nr++;
		for (unsigned int i = 0; i < NR_PAGE_ORDERS * MIGRATE_TYPES; i++)
			blocks[i / MIGRATE_TYPES] += buddy_recount(m, zone, i / MIGRATE_TYPES,
								   i % MIGRATE_TYPES);
		name_zone(zone, "buddyinfo", object);
		check_row(check, object, rest, blocks, NR_PAGE_ORDERS);
	}
	check_shown(check, "B11", "buddyinfo", "lines", nr_populated(m), nr);
}

/* A line of free blocks by order of one type. */
/* Pageblocks in which the first page of another type decides, counted by their owners. */
static void check_mixed(const struct machine *m, const struct zone *zone, const char *rest,
			struct check *check)
{
	u64 mixed[MIGRATE_TYPES] = { 0 }, pfn = zone->start_pfn, last = ~0ULL;
	struct page_owner_info info;
	char object[64];

	while (page_owner_next(m, &pfn, &info) && info.pfn < zone_end_pfn(zone)) {
		enum migratetype type = pageblock_type(m, info.pfn);

		if (info.pfn >> m->pageblock_order == last || gfp_migratetype(info.gfp) == type)
			continue;
		last = info.pfn >> m->pageblock_order;
		mixed[type == MIGRATE_CMA ? MIGRATE_MOVABLE : type]++;
	}
	name_zone(zone, "pagetypeinfo mixed blocks", object);
	check_row(check, object, rest, mixed, known_types(m, mixed));
}

static void check_type(const struct machine *m, const struct zone *zone, const char *rest,
		       struct check *check)
{
	const char *name = rest + strlen(", type");
	u64 blocks[NR_PAGE_ORDERS];
	unsigned int type = 0;
	char object[64];

	name += strspn(name, " ");
	while (type < MIGRATE_TYPES && (strncmp(name, migratetype_names[type],
						strlen(migratetype_names[type])) ||
					name[strlen(migratetype_names[type])] != ' '))
		type++;
	name_zone(zone, "pagetypeinfo", object);
	check->nr_checked++;
	if (type == MIGRATE_TYPES) {
		check_fail(check, "B11", "%s: expected a migrate type, found \"%s\"", object, name);
		return;
	}
	for (unsigned int order = 0; order < NR_PAGE_ORDERS; order++)
		blocks[order] = MIN(buddy_recount(m, zone, order, type), FREECOUNT_CAP);
	check_row(check, object, name + strlen(migratetype_names[type]), blocks, NR_PAGE_ORDERS);
}

void pagetypeinfo_check(const struct machine *m, const char *text, struct check *check)
{
	unsigned int nr_types = 0, nr_zones = 0;
	char line[512], object[64];
	bool mixed = false;	/* in page_owner's table */

	while (text_line(&text, line)) {
		const char *rest;
		const struct zone *zone = text_zone(m, line, &rest);
		u64 blocks[MIGRATE_TYPES];

		if (!zone) {
			/* Heads of the columns. */
			mixed = !strncmp(line, "Number of mixed", 15) || (mixed && !line[0]);
			continue;
		}
		if (mixed) {
			check_mixed(m, zone, rest, check);
			continue;
		}
		if (!strncmp(rest, ", type", 6)) {
			check_type(m, zone, rest, check);
			nr_types++;
			continue;
		}
		nr_zones++;
		zone_count_pageblocks(m, zone, blocks);
		blocks[MIGRATE_MOVABLE] -= MIN(blocks[MIGRATE_MOVABLE],
					       zone_late_blocks(zone, m->pageblock_order));
		name_zone(zone, "pagetypeinfo blocks", object);
		check_row(check, object, rest, blocks, known_types(m, blocks));
	}
	check_shown(check, "B11", "pagetypeinfo", "zones", nr_populated(m), nr_zones);
	check_shown(check, "B11", "pagetypeinfo", "lines", nr_populated(m) * nr_migratetypes(m),
		    nr_types);
}

/* -- zoneinfo ------------------------------------------------------------------------ */

static u64 recount_free(const struct machine *m, const struct zone *zone)
{
	u64 pages = 0;

	for (unsigned int order = 0; order < NR_PAGE_ORDERS; order++)
		for (unsigned int type = 0; type < MIGRATE_TYPES; type++)
			if (type != MIGRATE_ISOLATE)
				pages += buddy_recount(m, zone, order, type) << order;
	return pages;
}

/* Pages on the lists of one CPU. Its lists hold blocks of their index's order. */
static u64 recount_pcp(const struct machine *m, const struct zone *zone, unsigned int cpu)
{
	const struct per_cpu_pages *pcp = &zone->pcp[cpu];
	u64 pages = 0, limit = zone->managed_pages;

	for (unsigned int i = 0; i < NR_PCP_LISTS; i++)
		for (u32 pfn = pcp->lists[i].first; pfn != PFN_NIL && pages <= limit;
		     pfn = pfn_to_page(m, pfn)->next)
			pages += 1ULL << pfn_to_page(m, pfn)->private_;
	return pages;
}

/* The part of zoneinfo that is one zone's, and what is expected of it. */
struct zone_text {
	const struct machine *m;
	const struct zone *zone;
	struct check *check;
	int cpu;		/* whose pageset this line is of; -1: none yet */
	unsigned int nr_cpus;
};

struct mark {
	const char *label;
	u64 expected;
};

static bool check_marks(struct zone_text *t, const char *line, const char *object)
{
	const struct zone *zone = t->zone;
	const u64 boost = zone->watermark_boost;
	const struct mark marks[] = {
		{ "  pages free     ", recount_free(t->m, zone) },
		{ "        boost    ", boost },
		{ "        min      ", zone->watermark[WMARK_MIN] + boost },
		{ "        low      ", zone->watermark[WMARK_LOW] + boost },
		{ "        high     ", zone->watermark[WMARK_HIGH] + boost },
		{ "        promo    ", zone->watermark[WMARK_PROMO] + boost },
		{ "        spanned  ", zone->spanned_pages },
		{ "        present  ", zone->present_pages },
		{ "        managed  ", zone->managed_pages },
		{ "      nr_free_pages ", recount_free(t->m, zone) },
		{ "  vm stats threshold: ", (u64)zone->stat_threshold },
		{ "  start_pfn:           ", zone->start_pfn },
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(marks); i++) {
		const char *at = line + strlen(marks[i].label);
		u64 found = 0;

		if (strncmp(line, marks[i].label, strlen(marks[i].label)))
			continue;
		if (!text_number(&at, &found) || *at)
			check_fail(t->check, "B11", "%s: expected a number, found \"%s\"", object,
				   line);
		else
			check_shown(t->check, "B11", object, marks[i].label +
				    strspn(marks[i].label, " "), marks[i].expected, found);
		return true;
	}
	return false;
}

static void check_pageset(struct zone_text *t, const char *line, const char *object)
{
	const struct per_cpu_pages *pcp = &t->zone->pcp[t->cpu];
	const struct mark figures[] = {
		{ "count:", recount_pcp(t->m, t->zone, (unsigned int)t->cpu) },
		{ "high:", (u64)pcp->high }, { "batch:", (u64)pcp->batch },
		{ "high_min:", (u64)pcp->high_min }, { "high_max:", (u64)pcp->high_max },
	};

	line += strspn(line, " ");
	for (unsigned int i = 0; i < ARRAY_SIZE(figures); i++) {
		const char *at = line + strlen(figures[i].label);
		u64 found = 0;

		if (!strncmp(line, figures[i].label, strlen(figures[i].label)) &&
		    text_number(&at, &found))
			check_shown(t->check, "B11", object, figures[i].label,
				    figures[i].expected, found);
	}
}

static void check_protection(struct zone_text *t, const char *at, const char *object)
{
	u64 found = 0;

	for (unsigned int type = 0; type < MAX_NR_ZONES; type++) {
		if (!(t->m->arch->zones >> type & 1))
			continue;
		at += strspn(at, "(, ");
		t->check->nr_checked++;
		if (!text_number(&at, &found) || found != t->zone->lowmem_reserve[type])
			check_fail(t->check, "B11", "%s: expected protection %llu of type %u, "
				   "found %llu", object,
				   (unsigned long long)t->zone->lowmem_reserve[type], type,
				   (unsigned long long)found);
	}
}

static void check_zone_text(struct zone_text *t, const char *line)
{
	static const char protection[] = "        protection: ", cpu[] = "    cpu: ",
			  unreclaimable[] = "  node_unreclaimable:  ";
	const char *at;
	char object[64];
	u64 found = 0;

	name_zone(t->zone, "zoneinfo", object);
	if (check_marks(t, line, object))
		return;
	if (!strncmp(line, protection, strlen(protection))) {
		check_protection(t, line + strlen(protection), object);
	} else if (!strncmp(line, cpu, strlen(cpu))) {
		at = line + strlen(cpu);
		if (!text_number(&at, &found) || found != t->nr_cpus++ || found >= t->m->nr_cpus)
			check_fail(t->check, "B11", "%s: expected the CPUs in order, found "
				   "\"%s\"", object, line);
		else
			t->cpu = (int)found;
	} else if (!strncmp(line, unreclaimable, strlen(unreclaimable))) {
		at = line + strlen(unreclaimable);
		(void)text_number(&at, &found);
		check_shown(t->check, "W6", object, "node_unreclaimable",
			    t->m->nodes[t->zone->node]->kswapd_failures >= KSWAPD_GIVES_UP,
			    found);
	} else if (t->cpu >= 0) {
		check_pageset(t, line, object);
	}
}

void zoneinfo_check(const struct machine *m, const char *text, struct check *check)
{
	struct zone_text t = { .m = m, .check = check };
	unsigned int nr = 0;
	char line[512];

	while (text_line(&text, line)) {
		const char *rest;
		const struct zone *zone = text_zone(m, line, &rest);

		if (zone) {
			t = (struct zone_text){ m, zone, check, .cpu = -1 };
			nr++;
		} else if (t.zone) {
			check_zone_text(&t, line);
		}
	}
	check_shown(check, "B11", "zoneinfo", "zones", nr_online(m), nr);
}
