// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The control files of the machine and of its CPUs. What they do is core/ctl.c and
 * the rows of verbs; here they only have their places.
 */
#include <inttypes.h>
#include <stdio.h>

#include "fs/core/ctl.h"
#include "fs/core/host.h"
#include "sim/virt/mm_types.h"
#include "sim/virt/sched.h"
#include "sim/virt/tlb.h"

static int result_show(struct out *out, const struct view *v)
{
	return ctl_result(v, out);
}

/* "init_mm", "none", or whose it is: the first process that uses it. */
static void show_mm(struct out *out, const struct machine *m, const char *label,
		    const struct mm_struct *mm)
{
	out_printf(out, "%s: ", label);
	if (!mm) {
		out_puts(out, "none\n");
		return;
	}
	if (mm == m->init_mm) {
		out_puts(out, "init_mm\n");
		return;
	}
	out_printf(out, "%" PRIu64, mm->ctx_id);
	for (const struct task_struct *t = process_next(m, 1); t; t = process_next(m, t->pid + 1)) {
		if (t->mm == mm) {
			out_printf(out, " of %u (%s)", t->pid, t->comm);
			break;
		}
	}
	out_putc(out, '\n');
}

static int current_show(struct out *out, const struct view *v)
{
	const struct cpu_state *cpu = cpu_of(v->m, v->id[V_CPU]);
	const struct cpu_tlb *tlb = cpu_tlb(v->m, v->id[V_CPU]);
	const struct task_struct *task = cpu->current;

	out_printf(out, "task: %s\npid: %u\nnode: %u\n", task->comm, task->pid,
		   v->m->cpu_node[v->id[V_CPU]]);
	show_mm(out, v->m, "mm", task->mm);
	show_mm(out, v->m, "active_mm", task->active_mm);
	show_mm(out, v->m, "loaded_mm", tlb->loaded_mm);
	out_printf(out, "lazy_tlb: %d\nswitches: %" PRIu64 "\n", tlb->is_lazy, cpu->nr_switches);
	return 0;
}

#define CTL_HELP \
	"Write a line, one call of the kernel: `alloc_pages 3 GFP_KERNEL as a`, or as " \
	"strace prints it, `alloc_pages(3, GFP_KERNEL)`. Behind ` = ` stands the result " \
	"that is expected. Read the replies from the same open file; see sim/last and the " \
	"pages of the verbs."

static const struct entry cpu_entries[] = {
	{ "current", S_IFREG | 0444, ALL, current_show,
	  .help = "Who runs on this CPU, its mm and the one that the CPU uses." },
	{ "result", S_IFREG | 0444, ALL, result_show,
	  .help = "The bare result of the last call on this CPU." },
};

static const struct ctl_entry cpu_ctls[] = {
	{ { "ctl", S_IFREG | 0600, ALL, .help = CTL_HELP " The calls run on this CPU." },
	  V_CPU },
};

static const struct dir cpu_dir = { DIR_FILES(cpu_entries), DIR_CTLS(cpu_ctls) };

static bool cpu_next(const struct view *v, u32 *id)
{
	return *id < v->m->nr_cpus;
}

static void cpu_name(const struct view *v, u32 id, char name[64])
{
	snprintf(name, 64, "%u", id);
}

static bool cpu_find(const struct view *v, const char *name, u32 *id)
{
	return host_number(name, id) && *id < v->m->nr_cpus;
}

static const struct each cpu_each[] = {
	{ { "<N>", S_IFDIR | 0555, ALL, .dir = &cpu_dir, .help = "CPU N." },
	  V_CPU, cpu_next, cpu_name, cpu_find },
};

static const struct dir cpus_dir = { DIR_EACH(cpu_each) };

static const struct entry sim_entries[] = {
	{ "cpu", S_IFDIR | 0555, ALL, .dir = &cpus_dir,
	  .help = "A directory for each CPU: the same calls, made on that CPU." },
	{ "result", S_IFREG | 0444, ALL, result_show,
	  .help = "The bare result of the last call that was written to sim/ctl: an "
		  "address, a number, or `-1 ENOMEM`." },
};

static const struct ctl_entry sim_ctls[] = {
	{ { "ctl", S_IFREG | 0600, ALL, .help = CTL_HELP }, V_NAME },
};

static const struct dir sim_dir = { DIR_FILES(sim_entries), DIR_CTLS(sim_ctls) };

TREE_PARTS(control_parts, { "sim", &sim_dir });
