// SPDX-License-Identifier: GPL-2.0-or-later
/* proc/slabinfo: one line for each cache, newest first; SLUB has no tunables. */
#include "fs/core/entry.h"
#include "sim/phys/slab.h"

static void show_number(struct out *out, u64 value, int width)
{
	out_putc(out, ' ');
	out_u64(out, value, width);
}

static void show_cache(struct out *out, const struct slab_info *info)
{
	size_t len = strlen(info->name);

	out_puts(out, info->name);
	if (len < 17)
		out_pad(out, ' ', 17 - len);
	show_number(out, info->active_objs, 6);
	show_number(out, info->num_objs, 6);
	show_number(out, info->size, 6);
	show_number(out, info->objs_per_slab, 4);
	show_number(out, 1U << info->order, 4);
	out_puts(out, " : tunables    0    0    0 : slabdata");
	show_number(out, info->active_slabs, 6);
	show_number(out, info->num_slabs, 6);
	out_puts(out, "      0\n");
}

static int slabinfo_show(struct out *out, const struct view *v)
{
	const struct machine *m = v->m;

	out_puts(out, "slabinfo - version: 2.1\n"
		 "# name            <active_objs> <num_objs> <objsize> <objperslab> <pagesperslab>"
		 " : tunables <limit> <batchcount> <sharedfactor>"
		 " : slabdata <active_slabs> <num_slabs> <sharedavail>\n");
	for (unsigned int i = 0; i < nr_kmem_caches(m); i++) {
		struct slab_info info;

		kmem_cache_info(m, kmem_cache_at(m, i), &info);
		show_cache(out, &info);
	}
	return 0;
}

static const struct entry slabinfo_entries[] = {
	FILE_ROW("slabinfo", 0400, slabinfo_show),
};

static const struct dir slabinfo_dir = { DIR_FILES(slabinfo_entries) };

TREE_PARTS(slabinfo_parts, { "proc", &slabinfo_dir });
