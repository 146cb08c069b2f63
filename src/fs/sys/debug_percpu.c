// SPDX-License-Identifier: GPL-2.0-or-later
/* sys/kernel/debug/percpu_stats: chunks of per-CPU memory ([config] PERCPU_STATS). */
#include "fs/core/entry.h"
#include "fs/core/figures.h"
#include "sim/phys/percpu.h"

static int stats_show(struct out *out, const struct view *v)
{
	if (v->m->percpu)
		percpu_stats_show(v->m, out);
	return 0;
}

static bool stats_visible(const struct view *v, const struct entry *entry)
{
	(void)entry;
	return option_on(v->m, "PERCPU_STATS");
}

static const struct entry entries[] = {
	{ .name = "percpu_stats", .mode = S_IFREG | 0444, .span = ALL, .show = stats_show },
};
static const struct dir stats_dir = { DIR_FILES(entries), .visible = stats_visible };

TREE_PARTS(debug_percpu_parts, { "sys/kernel/debug", &stats_dir });
