/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The OOM killer. oom_kill.c: who is the worst, and its end; oom_report.c: what the log
 * says of it. As nothing else runs while a call does, a victim other than the caller has
 * ended when out_of_memory() returns; the caller itself may use the reserves and dies when
 * its call is done. oom_reaper.c: a victim's memory that somebody else holds.
 *
 * It works while a task makes a call (machine->oom_killer_disabled). A line of the
 * machine's own, as `alloc_pages` in sim/ctl, rather fails.
 */
#ifndef KMM_POLICY_OOM_H
#define KMM_POLICY_OOM_H

#include "sim/virt/task.h"

struct alloc_request;
struct mem_cgroup;

enum oom_constraint {
	CONSTRAINT_NONE,
	CONSTRAINT_CPUSET,		/* the caller's cpuset has no memory left */
	CONSTRAINT_MEMORY_POLICY,	/* the nodes of its policy */
	CONSTRAINT_MEMCG,
};

/* One shortage. */
struct oom_control {
	gfp_t gfp;
	unsigned int order;
	u64 nodemask;		/* nodes that the request was bound to; 0: all */
	struct mem_cgroup *memcg;	/* the group that is short of memory; NULL: all are */
	enum oom_constraint constraint;
	u64 totalpages;		/* what the points are measured by: memory and swap */
	struct task_struct *chosen;
	s64 chosen_points;
	bool is_caller;		/* chosen by vm.oom_kill_allocating_task */
};

/* No points: it is never killed. */
#define OOM_UNKILLABLE INT64_MIN
#define OOM_SCORE_ADJ_MIN (-1000)
#define OOM_SCORE_ADJ_MAX 1000

/* The thread of a process that still has its memory; NULL: none has. */
const struct task_struct *find_task_with_mm(const struct machine *m,
					    const struct task_struct *task);
/* Pages that it holds, and a thousandth of all for each point of oom_score_adj. */
s64 oom_badness(const struct machine *m, const struct task_struct *task, u64 totalpages);
/* Memory and swap of the machine, in pages. */
u64 oom_totalpages(const struct machine *m);

/*
 * pressure_ops: kill somebody for this request. False: nobody was killed, and nothing was
 * freed. The machine panics if nobody can be, or if vm.panic_on_oom says so.
 */
bool out_of_memory(struct machine *m, const struct alloc_request *req);

/* oom_memcg.c: the same for a memory cgroup at its limit: false: nobody can be killed. */
bool mem_cgroup_oom(struct machine *m, struct mem_cgroup *memcg, gfp_t gfp, unsigned int order);
bool mem_cgroup_out_of_memory(struct machine *m, struct mem_cgroup *memcg, gfp_t gfp,
			      unsigned int order);
/*
 * The next process of a group and those below it, by groups, as they came; NULL: begin; returns
 * NULL: done.
 */
struct task_struct *mem_cgroup_next_process(const struct machine *m, const struct mem_cgroup *memcg,
					    const struct task_struct *prev);
/* The highest group that dies as a whole with the victim; NULL: none. */
struct mem_cgroup *mem_cgroup_get_oom_group(const struct machine *m,
					    const struct task_struct *victim,
					    struct mem_cgroup *domain);

/* oom_kill.c: who is to die; he dies, and perhaps others with him. */
void select_bad_process(const struct machine *m, struct oom_control *oc);
void oom_kill_process(struct machine *m, const struct oom_control *oc, const char *message);
/* vm.panic_on_oom: 1 where all of the machine is short of memory, 2 always. */
bool panics_on_oom(struct machine *m, const struct oom_control *oc);
/* The victim is gone. If nobody but a call holds its memory, that is freed nevertheless. */
void oom_reap_mm(struct machine *m, struct mm_struct *mm, u32 pid, const char *comm);
bool task_will_free_mem(const struct task_struct *task);
/* Who runs, for reports; the first process where nobody does. */
struct task_struct *oom_current(const struct machine *m);

/* Was the task killed while its call went on? Then it ends now. */
bool oom_end_of_call(struct machine *m, struct task_struct *task);

/* oom_report.c. "NAME invoked oom-killer: ...": with Mem-Info and the table of tasks. */
void dump_header(struct machine *m, const struct oom_control *oc);
/* "memory: usage ...": what the group has. */
void mem_cgroup_print_oom_meminfo(struct machine *m, struct mem_cgroup *memcg);
/* "oom-kill:constraint=...,task=..." */
void dump_oom_victim(struct machine *m, const struct oom_control *oc,
		     const struct task_struct *victim);
/* "Out of memory: Killed process ..." */
void oom_say_killed(struct machine *m, const struct task_struct *victim, const char *message);
void oom_say_reaped(struct machine *m, const struct mm_struct *mm, u32 pid, const char *comm);
/* May it be killed for this shortage at all? */
bool oom_eligible(const struct machine *m, const struct oom_control *oc,
		  const struct task_struct *task);

#endif
