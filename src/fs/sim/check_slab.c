// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Invariant A4, texts: a cache's line of proc/slabinfo and its files of sys/kernel/slab
 * say what a walk over its slabs finds.
 */
#include <stdio.h>

#include "fs/sim/check.h"
#include "sim/phys/slab.h"

static void add(struct slab_info *sum, const struct slab_info *part)
{
	sum->num_objs += part->num_objs;
	sum->active_objs += part->active_objs;
	sum->num_slabs += part->num_slabs;
	sum->partial_slabs += part->partial_slabs;
	sum->cpu_slabs += part->cpu_slabs;
}

/* The whole cache: what is fixed as it says, the rest counted. */
static struct slab_info recount(const struct machine *m, const struct kmem_cache *cache)
{
	struct slab_info info, sum = { 0 }, part;

	for (unsigned int nid = 0; nid < m->nr_nodes; nid++) {
		kmem_cache_recount(cache, nid, &part);
		add(&sum, &part);
	}
	kmem_cache_info(m, cache, &info);
	sum.name = info.name;
	sum.size = info.size;
	sum.objs_per_slab = info.objs_per_slab;
	sum.order = info.order;
	return sum;
}

static void check_cache_line(const struct machine *m, const struct kmem_cache *cache,
			     const char *line, struct check *check)
{
	static const char *const names[] = {
		"active_objs", "num_objs", "objsize", "objperslab", "pagesperslab",
		"limit", "batchcount", "sharedfactor", "active_slabs", "num_slabs", "sharedavail",
	};
	struct slab_info info = recount(m, cache);
	const u64 expected[ARRAY_SIZE(names)] = {
		info.active_objs, info.num_objs, info.size, info.objs_per_slab,
		1ULL << info.order, 0, 0, 0, info.num_slabs, info.num_slabs, 0,
	};
	size_t len = strlen(info.name);
	const char *at = line + len;

	check->nr_checked++;
	if (strncmp(line, info.name, len) || *at != ' ') {
		check_fail(check, "A4", "slabinfo: expected a line of %s, found \"%.40s\"",
			   info.name, line);
		return;
	}
	for (unsigned int i = 0; i < ARRAY_SIZE(names); i++) {
		u64 found = 0;

		at += strcspn(at, "0123456789");
		(void)text_number(&at, &found);
		check_shown(check, "A4", info.name, names[i], expected[i], found);
	}
	if (*at)
		check_fail(check, "A4", "%s: expected %zu numbers, found \"%s\" behind them",
			   info.name, ARRAY_SIZE(names), at);
}

void slabinfo_check(const struct machine *m, const char *text, struct check *check)
{
	unsigned int nr = 0;
	char line[512];

	while (text_line(&text, line)) {
		if (!strncmp(line, "slabinfo", 8) || *line == '#')
			continue;
		if (nr < nr_kmem_caches(m))
			check_cache_line(m, kmem_cache_at(m, nr), line, check);
		nr++;
	}
	check_shown(check, "A4", "slabinfo", "caches", nr_kmem_caches(m), nr);
}

/* -- sys/kernel/slab ----------------------------------------------------------------- */

static const struct {
	const char *name;
	size_t offset;		/* of a u64 in struct slab_info */
} files[] = {
	{ "total_objects", offsetof(struct slab_info, num_objs) },
	{ "objects", offsetof(struct slab_info, active_objs) },
	{ "slabs", offsetof(struct slab_info, num_slabs) },
	{ "partial", offsetof(struct slab_info, partial_slabs) },
	{ "cpu_slabs", offsetof(struct slab_info, cpu_slabs) },
};

/* "12 N0=7 N1=5": the sum, and the nodes that have any. */
static void check_by_node(const struct machine *m, const struct kmem_cache *cache,
			  unsigned int file, const char *text, struct check *check)
{
	const char *at = text;
	struct slab_info part;
	char object[128];
	u64 found = 0, sum = 0;

	snprintf(object, sizeof(object), "slab/%s/%s", kmem_cache_sysfs_name(cache),
		 files[file].name);
	(void)text_number(&at, &found);
	for (unsigned int nid = 0; nid < m->nr_nodes; nid++) {
		u64 expected, node = 0, shown = 0;
		const char *next = at + strspn(at, " N");

		kmem_cache_recount(cache, nid, &part);
		memcpy(&expected, (const char *)&part + files[file].offset, sizeof(expected));
		sum += expected;
		if (!m->arch->numa)
			continue;
		if (text_number(&next, &node) && node == nid && *next == '=') {
			next++;
			(void)text_number(&next, &shown);
			at = next;
		}
		check_shown(check, "A4", object, "on a node", expected, shown);
	}
	check_shown(check, "A4", object, "in all", sum, found);
	check->nr_checked++;
	if (strcmp(at, "\n"))
		check_fail(check, "A4", "%s: expected one line of its nodes, found \"%.60s\"",
			   object, text);
}

void slab_sysfs_check(const struct machine *m, const struct slab_text *slab_text,
		      struct check *check)
{
	char path[256];

	for (unsigned int i = 0; i < nr_kmem_caches(m); i++) {
		const struct kmem_cache *cache = kmem_cache_at(m, i);

		for (unsigned int file = 0; file < ARRAY_SIZE(files); file++) {
			const char *text;

			snprintf(path, sizeof(path), "sys/kernel/slab/%s/%s",
				 kmem_cache_sysfs_name(cache), files[file].name);
			text = slab_text->render(slab_text->arg, path);
			if (text)
				check_by_node(m, cache, file, text, check);
		}
	}
}
