// SPDX-License-Identifier: GPL-2.0-or-later
/* sim/boot/NN-NAME: the boot step by step, as boot_step() and boot_note() told it. */
#include <stdio.h>

#include "fs/core/entry.h"
#include "sim/boot/boot_log.h"

static int step_show(struct out *out, const struct view *v)
{
	const struct out *text = &v->m->boot_log->steps[v->id[V_STEP]].text;

	if (text->len)
		out_write(out, text->text, text->len);
	return 0;
}

static bool step_next(const struct view *v, u32 *id)
{
	return *id < v->m->boot_log->nr_steps;
}

static void step_name(const struct view *v, u32 id, char name[64])
{
	const struct boot_log *log = v->m->boot_log;

	snprintf(name, 64, "%s", id < log->nr_steps ? log->steps[id].name : "");
}

static bool step_find(const struct view *v, const char *name, u32 *id)
{
	const struct boot_log *log = v->m->boot_log;

	for (*id = 0; *id < log->nr_steps; ++*id) {
		if (!strcmp(log->steps[*id].name, name))
			return true;
	}
	return false;
}

static const struct each step_each[] = {
	{ { "<NN-STEP>", S_IFREG | 0444, ALL, step_show,
	    .help = "One step of the boot: what was found, decided and set aside." },
	  V_STEP, step_next, step_name, step_find },
};

static const struct dir boot_dir = { DIR_EACH(step_each) };

static const struct entry sim_entries[] = {
	{ "boot", S_IFDIR | 0555, ALL, .dir = &boot_dir,
	  .help = "The boot from the firmware's map to init, a file for each step in "
		  "their order." },
};

static const struct dir sim_dir = { DIR_FILES(sim_entries) };

TREE_PARTS(steps_parts, { "sim", &sim_dir });
