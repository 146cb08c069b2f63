// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the log says of a shortage, in the kernel's lines and order: who asked and from
 * where, Mem-Info, slabs where they hold more than all lists of pages, the processes that
 * were to choose from, and the choice. Registers of the program are left out: it has none.
 */
#include "sim/policy/oom.h"

#include "sim/boot/boot_log.h"
#include "sim/phys/page_alloc.h"
#include "sim/phys/report.h"
#include "sim/phys/show_mem.h"
#include "sim/phys/slab.h"
#include "sim/phys/tunables.h"
#include "sim/virt/memcontrol.h"
#include "sim/virt/memory.h"
#include "sim/virt/mempolicy.h"
#include "sim/virt/sched.h"
#include "sim/virt/warn_alloc.h"

#define KERNEL_ERR 3
#define KERNEL_WARNING 4
#define KERNEL_INFO 6

typedef unsigned long long ull;

static const char *const constraint_text[] = {
	[CONSTRAINT_NONE] = "CONSTRAINT_NONE",
	[CONSTRAINT_CPUSET] = "CONSTRAINT_CPUSET",
	[CONSTRAINT_MEMORY_POLICY] = "CONSTRAINT_MEMORY_POLICY",
	[CONSTRAINT_MEMCG] = "CONSTRAINT_MEMCG",
};

static ull kb(u64 pages)
{
	return (ull)pages << (PAGE_SHIFT - 10);
}

/* Slabs hold more than all that could be reclaimed. */
static bool should_dump_unreclaim_slab(const struct machine *m)
{
	static const u8 lists[] = {
		NR_ACTIVE_ANON, NR_INACTIVE_ANON, NR_ACTIVE_FILE, NR_INACTIVE_FILE,
		NR_ISOLATED_ANON, NR_ISOLATED_FILE, NR_UNEVICTABLE,
	};
	u64 nr_lru = 0;

	for (unsigned int i = 0; i < ARRAY_SIZE(lists); i++)
		nr_lru += global_node_stat(m, lists[i]);
	return global_node_stat(m, NR_SLAB_UNRECLAIMABLE) / PAGE_SIZE > nr_lru;
}

static void dump_unreclaimable_slab(struct machine *m)
{
	printk(m, KERNEL_INFO, "Unreclaimable slab info:");
	printk(m, KERNEL_INFO, "Name                      Used          Total");
	for (unsigned int i = 0; i < nr_kmem_caches(m); i++) {
		struct slab_info info;

		kmem_cache_info(m, kmem_cache_at(m, i), &info);
		if (info.flags & SLAB_RECLAIM_ACCOUNT || !info.num_objs)
			continue;
		printk(m, KERNEL_INFO, "%-17s %10lluKB %10lluKB", info.name,
		       (ull)(info.active_objs * info.size) / 1024,
		       (ull)(info.num_objs * info.size) / 1024);
	}
}

static void dump_task(struct machine *m, const struct task_struct *task)
{
	const struct mm_struct *mm = task->mm;

	if (!rel_oom_tells_rss(m->release)) {
		printk(m, KERNEL_INFO, "[%7u] %5u %5u %8llu %8llu %8llu %8llu         %5d %s",
		       task->pid, task->uid, task->tgid, (ull)mm->total_vm, (ull)get_mm_rss(mm),
		       (ull)mm->pgtables_bytes, (ull)get_mm_counter(mm, MM_SWAPENTS),
		       task->signal->oom_score_adj, task->comm);
		return;
	}
	printk(m, KERNEL_INFO, "[%7u] %5u %5u %8llu %8llu %8llu %8llu %9llu %8llu %8llu"
	       "         %5d %s", task->pid, task->uid, task->tgid, (ull)mm->total_vm,
	       (ull)get_mm_rss(mm), (ull)get_mm_counter_known(mm, MM_ANONPAGES),
	       (ull)get_mm_counter_known(mm, MM_FILEPAGES),
	       (ull)get_mm_counter_known(mm, MM_SHMEMPAGES), (ull)mm->pgtables_bytes,
	       (ull)get_mm_counter_known(mm, MM_SWAPENTS), task->signal->oom_score_adj,
	       task->comm);
}

static void dump_tasks(struct machine *m, const struct oom_control *oc)
{
	const struct task_struct *of_group = NULL;

	printk(m, KERNEL_INFO, "Tasks state (memory values in pages):");
	printk(m, KERNEL_INFO, "[  pid  ]   uid  tgid total_vm      rss %spgtables_bytes swapents "
	       "oom_score_adj name",
	       rel_oom_tells_rss(m->release) ? "rss_anon rss_file rss_shmem " : "");
	while (oc->memcg && (of_group = mem_cgroup_next_process(m, oc->memcg, of_group))) {
		const struct task_struct *thread = find_task_with_mm(m, of_group);

		if (thread && oom_eligible(m, oc, of_group))
			dump_task(m, thread);
	}
	if (oc->memcg)
		return;
	for (const struct task_struct *task = process_next(m, 1); task;
	     task = process_next(m, task->pid + 1)) {
		const struct task_struct *thread = find_task_with_mm(m, task);

		if (thread && oom_eligible(m, oc, task))
			dump_task(m, thread);
	}
}

void dump_header(struct machine *m, const struct oom_control *oc)
{
	const struct task_struct *current = oom_current(m);
	char mask[256];

	printk(m, KERNEL_WARNING, "%s invoked oom-killer: gfp_mask=%s, order=%u, "
	       "oom_score_adj=%d", current->comm,
	       gfp_kernel_text(m->release, oc->gfp, mask, sizeof(mask)), oc->order,
	       current->signal->oom_score_adj);
	dump_stack(m);
	if (oc->memcg) {
		mem_cgroup_print_oom_meminfo(m, oc->memcg);
	} else {
		show_mem(m, oc->nodemask ? oc->nodemask : mems_allowed(m, current),
			 gfp_zone(m, oc->gfp));
		if (should_dump_unreclaim_slab(m))
			dump_unreclaimable_slab(m);
	}
	if (m->tunables->oom_dump_tasks)
		dump_tasks(m, oc);
}

void dump_oom_victim(struct machine *m, const struct oom_control *oc,
		     const struct task_struct *victim)
{
	struct out out = OUT_INIT;

	out_printf(&out, "oom-kill:constraint=%s,nodemask=", constraint_text[oc->constraint]);
	if (oc->nodemask)
		out_nodes(&out, oc->nodemask);
	else
		out_puts(&out, "(null)");
	out_mems_allowed(m, &out);
	if (oc->memcg) {
		out_puts(&out, ",oom_memcg=");
		mem_cgroup_path(m, oc->memcg, &out);
	} else {
		out_puts(&out, ",global_oom");
	}
	out_puts(&out, ",task_memcg=");
	cgroup_path(task_cgroup(m, victim), &out);
	out_printf(&out, ",task=%s,pid=%u,uid=%u", victim->comm, victim->pid, victim->uid);
	if (!out_error(&out))
		printk(m, KERNEL_INFO, "%s", out.text);
	out_free(&out);
}

void oom_say_killed(struct machine *m, const struct task_struct *victim, const char *message)
{
	const struct mm_struct *mm = victim->mm;

	printk(m, KERNEL_ERR, "%s: Killed process %u (%s) total-vm:%llukB, anon-rss:%llukB, "
	       "file-rss:%llukB, shmem-rss:%llukB, UID:%u pgtables:%llukB oom_score_adj:%d",
	       message, victim->pid, victim->comm, kb(mm->total_vm),
	       kb(get_mm_counter_known(mm, MM_ANONPAGES)),
	       kb(get_mm_counter_known(mm, MM_FILEPAGES)),
	       kb(get_mm_counter_known(mm, MM_SHMEMPAGES)), victim->uid,
	       (ull)mm->pgtables_bytes >> 10, victim->signal->oom_score_adj);
}

void oom_say_reaped(struct machine *m, const struct mm_struct *mm, u32 pid, const char *comm)
{
	printk(m, KERNEL_INFO, "oom_reaper: reaped process %u (%s), now anon-rss:%llukB, "
	       "file-rss:%llukB, shmem-rss:%llukB", pid, comm,
	       kb(get_mm_counter_known(mm, MM_ANONPAGES)),
	       kb(get_mm_counter_known(mm, MM_FILEPAGES)),
	       kb(get_mm_counter_known(mm, MM_SHMEMPAGES)));
}
