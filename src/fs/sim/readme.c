// SPDX-License-Identifier: GPL-2.0-or-later
/* README: one screen for somebody who has just mounted this and looks around. */
#include "fs/core/entry.h"

static int readme_show(struct out *out, const struct view *v)
{
	out_printf(out, "A simulated machine: Linux %s on %s, %u CPUs.\n",
		   release_name(v->m->release), v->m->arch->name, v->m->nr_cpus);
	return 0;
}

static const struct entry root_entries[] = {
	{ "README", S_IFREG | 0444, ALL, readme_show,
	  .help = "What this tree is, and five lines to try." },
};

static const struct dir root_dir = { DIR_FILES(root_entries) };

TREE_PARTS(readme_parts, { "", &root_dir });
