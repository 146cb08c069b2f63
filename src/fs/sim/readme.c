// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * README: one screen for somebody who has just mounted this and looks around. The
 * lines to try are right for the machine that is mounted.
 */
#include <inttypes.h>

#include "fs/core/entry.h"

static void describe(struct out *out, const struct machine *m)
{
	u64 bytes = 0;
	unsigned int nr_nodes = 0;

	for (unsigned int i = 0; i < m->nr_nodes; i++) {
		if (!m->nodes[i])
			continue;
		nr_nodes++;
		bytes += PFN_PHYS(m->nodes[i]->present_pages);
	}
	out_printf(out, "This is a simulated machine: Linux %s on %s, %u CPU%s, %u node%s, "
		   "%" PRIu64 " MiB.\n", release_name(m->release), m->arch->name, m->nr_cpus,
		   m->nr_cpus == 1 ? "" : "s", nr_nodes, nr_nodes == 1 ? "" : "s",
		   (u64)((bytes + SZ_1M / 2) / SZ_1M));
}

static int readme_show(struct out *out, const struct view *v)
{
	const struct machine *m = v->m;

	describe(out, m);
	out_puts(out,
		 "Its memory manager runs here; nothing of the host's memory is shown or used.\n"
		 "\n"
		 "  proc/  sys/  what its kernel shows, in the kernel's own format\n"
		 "  sim/         what a real kernel does not show, and the control file\n"
		 "\n"
		 "Try, in this directory:\n"
		 "\n"
		 "  cat proc/buddyinfo\n"
		 "  echo fork as a > proc/1/ctl\n"
		 "  echo mmap 0 16M rw private,anon as buf > sim/as/a/ctl\n"
		 "  echo store @buf 16M > sim/as/a/ctl\n"
		 "  cat sim/as/a/status sim/as/buf sim/check\n"
		 "\n"
		 "sim/help/index names every verb and file; sim/help/alloc_pages is the page of\n"
		 "one. sim/view/ has pictures, sim/boot/ the boot step by step. When a write\n"
		 "fails, sim/last says why. sim/log is the history of this machine, a script\n"
		 "that kmm-run plays again. The mount ends with: kmmfs --stop DIRECTORY\n");
	return 0;
}

static const struct entry root_entries[] = {
	{ "README", S_IFREG | 0444, ALL, readme_show,
	  .help = "What this tree is, and five lines to try." },
};

static const struct dir root_dir = { DIR_FILES(root_entries) };

TREE_PARTS(readme_parts, { "", &root_dir });
