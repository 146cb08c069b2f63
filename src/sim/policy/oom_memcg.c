// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A memory cgroup is at its limit and nothing more can be reclaimed: somebody of it, or of
 * those below, is killed, by the same points as elsewhere, of which all is what the group
 * may have. Where nobody can be, the charge fails, and the machine goes on.
 */
#include "sim/policy/oom.h"

#include "sim/boot/boot_log.h"
#include "sim/phys/memcg_stats.h"
#include "sim/phys/tunables.h"
#include "sim/virt/memcontrol.h"
#include "sim/virt/sched.h"
#include "sim/virt/virt.h"

typedef unsigned long long ull;

/* The process that came to the group next, after prev; NULL: begin. */
static struct task_struct *process_of(const struct machine *m, const struct mem_cgroup *memcg,
				      const struct task_struct *prev)
{
	struct task_struct *task = task_next_arrival(m, prev);

	while (task && (task->pid != task->tgid || mem_cgroup_from_task(m, task) != memcg))
		task = task_next_arrival(m, task);
	return task;
}

struct task_struct *mem_cgroup_next_process(const struct machine *m, const struct mem_cgroup *memcg,
					    const struct task_struct *prev)
{
	const struct mem_cgroup *at = prev ? mem_cgroup_from_task(m, prev) : memcg;
	struct task_struct *task = process_of(m, at, prev);

	while (!task && (at = mem_cgroup_next(m, memcg, at)))
		task = process_of(m, at, NULL);
	return task;
}

struct mem_cgroup *mem_cgroup_get_oom_group(const struct machine *m,
					    const struct task_struct *victim,
					    struct mem_cgroup *domain)
{
	struct mem_cgroup *memcg = mem_cgroup_from_task(m, victim), *group = NULL;

	for (; memcg && !mem_cgroup_is_root(memcg); memcg = memcg->parent) {
		if (memcg->oom_group)
			group = memcg;
		if (memcg == domain)
			break;
	}
	return group;
}

static u64 mem_cgroup_get_max(const struct machine *m, const struct mem_cgroup *memcg)
{
	u64 max = memcg->memory.max;

	if (m->tunables->swappiness)
		max += MIN(memcg->swap.max, (u64)m->total_swap_pages);
	return MAX(max, 1);
}

bool mem_cgroup_out_of_memory(struct machine *m, struct mem_cgroup *memcg, gfp_t gfp,
			      unsigned int order)
{
	struct oom_control oc = {
		.gfp = gfp, .order = order, .memcg = memcg, .constraint = CONSTRAINT_MEMCG,
		.totalpages = mem_cgroup_get_max(m, memcg),
	};
	/* Who writes to a file of the group is no task. */
	struct task_struct *current = m->oom_killer_disabled ? NULL : current_task(m);

	if (m->panicked)
		return false;
	if (mem_cgroup_margin(memcg) >= 1ULL << order)
		return true;
	if (current && current->signal && task_will_free_mem(current)) {
		current->signal->oom_victim = true;
		return true;
	}
	if (panics_on_oom(m, &oc))
		return false;
	select_bad_process(m, &oc);
	if (!oc.chosen) {
		dump_header(m, &oc);
		printk(m, 4, "Out of memory and no killable processes...");
		return false;
	}
	oom_kill_process(m, &oc, "Memory cgroup out of memory");
	return true;
}

bool mem_cgroup_oom(struct machine *m, struct mem_cgroup *memcg, gfp_t gfp, unsigned int order)
{
	if (order > PAGE_ALLOC_COSTLY_ORDER)
		return false;
	memcg_memory_event(m, memcg, MEMCG_OOM);
	return mem_cgroup_out_of_memory(m, memcg, gfp, order);
}

/* ---- The report. ---- */

#define RECORD_BYTES 1024
#define PREFIX_BYTES 18		/* of each line: "<6>[    8.051425] " */

/* All figures in one message: what a reader of the log gets of it; since 6.6 line by line. */
static void print_stats(struct machine *m, const struct mem_cgroup *memcg)
{
	struct out out = OUT_INIT;
	size_t room = rel_memcg_oom_prints_lines(m->release) ? SIZE_MAX : RECORD_BYTES;
	const char *line;

	memory_stat_format(m, memcg, &out);
	for (line = out.text; line && *line; line += strcspn(line, "\n") + 1) {
		size_t len = strcspn(line, "\n");

		if (room < len + 1 + PREFIX_BYTES)
			break;
		room -= len + 1 + PREFIX_BYTES;
		printk(m, 6, "%.*s", (int)len, line);
	}
	out_free(&out);
}

static void print_counter(struct machine *m, const char *name, const struct page_counter *c)
{
	printk(m, 6, "%s: usage %llukB, limit %llukB, failcnt %llu", name,
	       (ull)c->usage << (PAGE_SHIFT - 10), (ull)c->max << (PAGE_SHIFT - 10),
	       (ull)c->failcnt);
}

void mem_cgroup_print_oom_meminfo(struct machine *m, struct mem_cgroup *memcg)
{
	struct out path = OUT_INIT;

	print_counter(m, "memory", &memcg->memory);
	print_counter(m, "swap", &memcg->swap);
	mem_cgroup_path(m, memcg, &path);
	if (!out_error(&path))
		printk(m, 6, "Memory cgroup stats for %s:", path.text);
	out_free(&path);
	print_stats(m, memcg);
}
