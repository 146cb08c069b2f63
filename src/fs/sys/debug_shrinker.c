// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * sys/kernel/debug/shrinker: a directory for each shrinker. `count` has a line for each
 * control group with objects: its inode number, then how many by node; the objects of
 * this machine are the root's. `scan` takes "GROUP NODE COUNT".
 */
#include <stdio.h>
#include <stdlib.h>

#include "fs/core/entry.h"
#include "sim/virt/shrinker.h"

#define ROOT_GROUP 1	/* its inode number */

static int count_show(struct out *out, const struct view *v)
{
	const struct shrinker *shrinker = shrinker_at(v->id[V_CACHE]);
	u64 total = 0;

	for (unsigned int node = 0; node < v->m->nr_nodes; node++)
		total += v->m->nodes[node] ? shrinker_count(v->m, shrinker, node) : 0;
	if (!total)
		return 0;
	out_printf(out, "%d", ROOT_GROUP);
	for (unsigned int node = 0; node < v->m->nr_nodes; node++)
		out_printf(out, " %llu", (unsigned long long)(v->m->nodes[node] ?
			   shrinker_count(v->m, shrinker, node) : 0));
	out_putc(out, '\n');
	return 0;
}

static int scan_store(struct store *s, const struct view *v, const char *text)
{
	const struct shrinker *shrinker = shrinker_at(v->id[V_CACHE]);
	unsigned long group, nr;
	u64 gone;
	int node;

	if (sscanf(text, "%lu %d %lu", &group, &node, &nr) != 3 || node < 0 ||
	    (unsigned int)node >= s->m->nr_nodes || !s->m->nodes[node]) {
		out_printf(s->sentence, "'%s' is not GROUP NODE COUNT", text);
		return -EINVAL;
	}
	if (!nr)
		return 0;
	if (shrinker->memcg_aware ? group != ROOT_GROUP : group != 0) {
		out_printf(s->sentence, shrinker->memcg_aware ?
			   "%lu is no control group with objects: %d is the root" :
			   "%lu: this shrinker knows no control groups: write 0, not %d", group,
			   ROOT_GROUP);
		return shrinker->memcg_aware ? -ENOENT : -EINVAL;
	}
	gone = shrinker->scan_objects(s->m, (unsigned int)node, NULL, nr);
	machine_why_call(s->m, "shrinker %s, node %d: %lu asked for, %llu given back "
			 "(shrinker_debugfs_scan_write)", shrinker->name, node, nr,
			 (unsigned long long)(gone == SHRINK_STOP ? 0 : gone));
	return 0;
}

static bool shrinker_next(const struct view *v, u32 *id)
{
	(void)v;
	return shrinker_at(*id);
}

static void shrinker_name(const struct view *v, u32 id, char name[64])
{
	(void)v;
	snprintf(name, 64, "%s-%u", shrinker_at(id)->name, shrinker_at(id)->id);
}

static bool shrinker_find(const struct view *v, const char *name, u32 *id)
{
	char found[64];

	for (*id = 0; shrinker_next(v, id); ++*id) {
		shrinker_name(v, *id, found);
		if (!strcmp(found, name))
			return true;
	}
	return false;
}

static const struct entry shrinker_entries[] = {
	FILE_ROW("count", 0440, count_show),
	{ .name = "scan", .mode = S_IFREG | 0220, .span = ALL, .store = scan_store },
};

static const struct dir shrinker_dir = { DIR_FILES(shrinker_entries) };

static const struct each shrinker_each[] = {
	{ .entry = { .name = "<SHRINKER>", .mode = S_IFDIR | 0755, .span = ALL,
		     .dir = &shrinker_dir,
		     .help = "Whoever has objects that can be given back. count: for each control "
			     "group its number and how many objects each node has; scan takes "
			     "GROUP NODE COUNT and asks for so many." },
	  .slot = V_CACHE, .next = shrinker_next, .name = shrinker_name,
	  .find = shrinker_find },
};

static const struct dir shrinkers_dir = { DIR_EACH(shrinker_each) };

TREE_PARTS(debug_shrinker_parts, { "sys/kernel/debug/shrinker", &shrinkers_dir });
