// SPDX-License-Identifier: GPL-2.0-or-later
/* The header: who asked, with which flags, and where it might have got the pages. */
#include "sim/virt/warn_alloc.h"

#include "sim/boot/boot_log.h"
#include "sim/phys/page_alloc.h"
#include "sim/phys/report.h"
#include "sim/phys/show_mem.h"
#include "sim/virt/cgroup.h"
#include "sim/virt/mempolicy.h"
#include "sim/virt/sched.h"
#include "sim/virt/virt.h"

#define KERNEL_WARNING 4
#define INTERVAL_NS 10000000000ULL

void out_nodes(struct out *out, u64 nodes)
{
	const char *comma = "";

	for (unsigned int nid = 0; nid < 64; nid++) {
		unsigned int last = nid;

		if (!(nodes >> nid & 1))
			continue;
		while (last < 63 && nodes >> (last + 1) & 1)
			last++;
		out_printf(out, last > nid ? "%s%u-%u" : "%s%u", comma, nid, last);
		comma = ",";
		nid = last;
	}
}

static bool has_managed_dma(const struct machine *m)
{
	for (unsigned int i = 0; i < m->nr_zones; i++)
		if (m->zones[i]->type == ZONE_DMA && zone_managed(m->zones[i]))
			return true;
	return false;
}

static bool is_silent(const struct machine *m, gfp_t gfp)
{
	/* Behind a panic nobody is there to say it. */
	if (m->panicked || gfp & __GFP_NOWARN || (gfp & __GFP_DMA && !has_managed_dma(m)))
		return true;
	return gfp == GFP_NOWAIT && rel_nowait_is_silent(m->release);
}

void out_mems_allowed(const struct machine *m, struct out *out)
{
	const struct task_struct *task = current_task(m);
	const struct cgroup *cgroup = task ? cpuset_of(task_cgroup(m, task)) : NULL;

	out_printf(out, ",cpuset=%s,mems_allowed=",
		   cgroup && cgroup->parent ? cgroup->name : "/");
	out_nodes(out, mems_allowed(m, task));
}

static void print_header(struct machine *m, gfp_t gfp, u64 nodemask, const char *what)
{
	struct out out = OUT_INIT;
	char mask[256];

	out_printf(&out, "%s: %s, mode:%s, nodemask=", running_comm(m), what,
		   gfp_kernel_text(m->release, gfp, mask, sizeof(mask)));
	if (nodemask)
		out_nodes(&out, nodemask);
	else
		out_puts(&out, "(null)");
	out_mems_allowed(m, &out);
	if (!out_error(&out))
		printk(m, KERNEL_WARNING, "%s", out.text);
	out_free(&out);
}

void warn_alloc(struct machine *m, u32 gfp, u64 nodemask, const char *what)
{
	u64 shown = nodemask ? nodemask : mems_allowed(m, current_task(m));

	if (!m->booted || !m->virt || is_silent(m, gfp) ||
	    !ratelimit(m, &m->virt->alloc_warnings, "warn_alloc", INTERVAL_NS, 1))
		return;
	print_header(m, gfp, nodemask, what);
	dump_stack(m);
	/* Who may not wait may be anywhere, as interrupts are. */
	show_mem(m, gfp & __GFP_DIRECT_RECLAIM ? shown : 0, gfp_zone(m, gfp));
}
