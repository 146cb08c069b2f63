// SPDX-License-Identifier: GPL-2.0-or-later
/* sim/real: recorded processes, as they are here and as they were. */
#include <inttypes.h>

#include "fs/core/entry.h"
#include "sim/virt/real.h"

#define NAME_WIDTH 15

static void show_process(struct out *out, const struct real_process *p)
{
	out_u64(out, p->pid, 7);
	out_printf(out, "  %s", p->comm);
	out_pad(out, ' ', NAME_WIDTH - MIN(strlen(p->comm), (size_t)NAME_WIDTH));
	out_u64(out, p->ours.rss >> 10, 9);
	out_u64(out, p->real.rss >> 10, 9);
	out_u64(out, p->ours.peak >> 10, 9);
	out_u64(out, p->real.peak >> 10, 9);
	out_u64(out, p->ours.anon >> 10, 11);
	out_u64(out, p->real.anon >> 10, 9);
	out_u64(out, p->swap >> 10, 9);
	out_u64(out, p->ours.minflt, 9);
	out_u64(out, p->real.minflt, 9);
	out_u64(out, p->ours.majflt, 7);
	out_u64(out, p->real.majflt, 7);
	if (!p->near)
		out_printf(out, "  %s", p->cause ? p->cause : "nothing explains the difference");
	out_putc(out, '\n');
}

static int real_show(struct out *out, const struct view *v)
{
	const struct real_process *p = real_process_first(v->m);
	const s64 *event = v->m->event;
	u64 nr = 0, near = 0;

	for (; p; p = p->next) {
		nr++;
		near += p->near;
	}
	out_printf(out, "processes: %" PRIu64 ", %" PRIu64 " of them within 2 %% of what they really "
		   "were\n", nr, near);
	out_printf(out, "pages: %lld swapped out, %lld swapped in, %lld reclaimed, %lld major "
		   "faults, %lld processes killed for want of memory\n",
		   (long long)event[PSWPOUT], (long long)event[PSWPIN],
		   (long long)(event[PGSTEAL_KSWAPD] + event[PGSTEAL_DIRECT]),
		   (long long)event[PGMAJFAULT], (long long)event[OOM_KILL]);
	if (!nr)
		return 0;
	out_puts(out, "    pid  name              Rss kB     real     peak     real  anonymous     real  "
		      "in swap   minflt     real majflt   real\n");
	for (p = real_process_first(v->m); p; p = p->next)
		show_process(out, p);
	return 0;
}

static const struct entry entries[] = {
	{ "real", S_IFREG | 0444, ALL, real_show,
	  .help = "Processes of a recording (kmm-record), one line each as they ended: what was in "
		  "memory and how often they faulted here and in reality, what explains a "
		  "difference; and what the machine swapped and reclaimed." },
};

static const struct dir sim_dir = { DIR_FILES(entries) };

TREE_PARTS(real_parts, { "sim", &sim_dir });
