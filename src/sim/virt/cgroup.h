/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Control groups (the unified hierarchy) and the controllers on them. cgroup.c: groups,
 * who is in them, which controllers their children have; cpuset.c: the CPUs and nodes
 * that tasks may use; memcontrol.h: who is charged for memory; blk_cgroup.h: for disks. A
 * controller's state is a part of struct cgroup; it counts where the parent's
 * subtree_control names it, and above that for all below.
 *
 * A task without a group is in the root. Errnos are the kernel's; -ENOBUFS is the host's.
 */
#ifndef KMM_VIRT_CGROUP_H
#define KMM_VIRT_CGROUP_H

#include "sim/virt/psi.h"
#include "sim/virt/task.h"

enum cgroup_controller { CGROUP_CPUSET, CGROUP_IO, CGROUP_MEMORY, NR_CGROUP_CONTROLLERS };
#define CGROUP_BIT(controller) (1U << (controller))
extern const char *const cgroup_controller_names[NR_CGROUP_CONTROLLERS];

#define CGROUP_NAME_CHARS 63
/* Of processes, not threads. */
#define CGROUP_DOMAIN_CONTROLLERS (CGROUP_BIT(CGROUP_MEMORY) | CGROUP_BIT(CGROUP_IO))

struct cpuset {
	u64 mems, cpus[CPU_WORDS];	/* what was asked for; 0: as the parent */
	u64 effective_mems, effective_cpus[CPU_WORDS];
	u64 old_mems;		/* what pages lie on */
};

struct cgroup {
	u32 id;			/* 0: the root */
	struct cgroup *parent;
	char name[CGROUP_NAME_CHARS + 1];
	u32 subtree_control;	/* CGROUP_BIT()s that the children have */
	bool threaded;		/* it has threads of processes of the domain above */
	s32 max_depth, max_descendants;	/* below it; INT32_MAX: as many as you like */
	bool freeze;		/* its tasks, and those below, make no calls */
	struct cpuset cpuset;
	struct blkg_iostat *io;	/* [disks]: blk_cgroup.h; NULL: of the root */
	struct mem_cgroup *memcg;	/* memcontrol.h; NULL: its parent's counts */
	struct psi_group psi;		/* not of the root: the machine's counts */
	bool psi_off;			/* it is not to be counted, and has no files of it */
	u64 system_ns;		/* CPU time of its tasks, and of those below */
	u64 frozen_ns, freeze_start_ns;	/* how long it was; since when it is */
};

struct cgroup_state {
	struct cgroup root;
	struct cgroup **groups;	/* [room]: by id, from 1; NULL: none */
	u32 room, nr;		/* nr: without the root */
};

int cgroups_init(struct machine *m) __must_check;
void cgroups_free(struct machine *m);
void cgroups_digest(const struct machine *m, struct digest *digest);
void cgroups_validate(const struct machine *m, struct check *check);	/* G1, G2 */

/* By id; NULL: there is none. The next child of a group with an id from `id` on. */
struct cgroup *cgroup_of(const struct machine *m, u32 id);
struct cgroup *cgroup_child(const struct machine *m, const struct cgroup *parent, u32 id);
struct cgroup *cgroup_find_child(const struct machine *m, const struct cgroup *parent,
				 const char *name);
struct cgroup *task_cgroup(const struct machine *m, const struct task_struct *task);
/* Its tasks, and those of the groups below, make no more calls, or do again. */
void cgroup_freeze(struct machine *m, struct cgroup *cgroup, bool freeze);
u64 cgroup_frozen_ns(const struct machine *m, const struct cgroup *cgroup);
/* The kernel worked for the task so long: cputime.h. */
void cgroup_account_system(struct machine *m, const struct task_struct *task, u64 ns);
/* "/", "/a/b" */
void cgroup_path(const struct cgroup *cgroup, struct out *out);
/* How many are below it? */
u32 cgroup_nr_below(const struct machine *m, const struct cgroup *cgroup);
/* Is a task in it, or below? */
bool cgroup_is_populated(const struct machine *m, const struct cgroup *cgroup);
/* The children's controllers, shown or not: that of disks needs owners of memory. */
static inline u32 cgroup_subtree_ss_mask(u32 subtree_control)
{
	bool io = subtree_control & CGROUP_BIT(CGROUP_IO);

	return io ? subtree_control | CGROUP_BIT(CGROUP_MEMORY) : subtree_control;
}

/* Does it have the controller for itself, shown or not? */
static inline bool cgroup_has_css(const struct cgroup *cgroup, enum cgroup_controller controller)
{
	u32 mask = cgroup->threaded ? ~CGROUP_DOMAIN_CONTROLLERS : ~0U;

	if (cgroup->parent)
		mask &= cgroup_subtree_ss_mask(cgroup->parent->subtree_control);
	return mask & CGROUP_BIT(controller);
}

/* And does it show? */
static inline bool cgroup_has(const struct cgroup *cgroup, enum cgroup_controller controller)
{
	return cgroup_has_css(cgroup, controller) &&
	       (!cgroup->parent || cgroup->parent->subtree_control & CGROUP_BIT(controller));
}

/*
 * Processes belong to domains: a group, with the threaded ones below it down to the next
 * that is not. A group with threaded children, or with tasks and a controller of threads
 * for its children, is a thread root: whoever is below is to be threaded, and until then
 * no valid domain: it takes no tasks. The root alone may have children of both kinds.
 */
static inline const struct cgroup *cgroup_domain(const struct cgroup *cgroup)
{
	while (cgroup->threaded)
		cgroup = cgroup->parent;
	return cgroup;
}
bool cgroup_is_thread_root(const struct machine *m, const struct cgroup *cgroup);
bool cgroup_is_valid_domain(const struct machine *m, const struct cgroup *cgroup);
/* It joins its parent's domain, for ever: -EOPNOTSUPP. */
int cgroup_make_threaded(struct machine *m, struct cgroup *cgroup) __must_check;
/* Is it to be frozen, or one above it? Who sleeps, as all tasks do here, is at once. */
bool cgroup_is_frozen(const struct cgroup *cgroup);
/* SIGKILL for all tasks of it, and of those below. */
void cgroup_kill(struct machine *m, struct cgroup *cgroup);

/* -EEXIST, -EINVAL (the name), -EAGAIN (as many as there may be, or too deep). */
int cgroup_mkdir(struct machine *m, struct cgroup *parent, const char *name) __must_check;
int cgroup_rmdir(struct machine *m, struct cgroup *cgroup) __must_check;	/* -EBUSY */
/*
 * The whole process goes to the group, what of it lives: -ESRCH, -EBUSY, -EOPNOTSUPP, -EINVAL
 * (bound to its CPU).
 */
int cgroup_attach(struct machine *m, struct cgroup *cgroup, u32 pid) __must_check;
/* One thread alone, within its domain: the same. */
int cgroup_attach_thread(struct machine *m, struct cgroup *cgroup, u32 tid) __must_check;
/* Controllers of the children: -ENOENT (not here), -EBUSY (a child passes it on), -EOPNOTSUPP. */
int cgroup_control(struct machine *m, struct cgroup *cgroup, u32 enable,
		   u32 disable) __must_check;

/* cpuset.c: whose cpuset counts for the group. */
struct cgroup *cpuset_of(struct cgroup *cgroup);
/* New nodes, new CPUs: -EINVAL (there are none such), -ENOSPC (none, with tasks). */
int cpuset_set_mems(struct machine *m, struct cgroup *cgroup, u64 mems) __must_check;
int cpuset_set_cpus(struct machine *m, struct cgroup *cgroup,
		    const u64 cpus[CPU_WORDS]) __must_check;
void cpuset_init_root(struct machine *m, struct cgroup *root);
/* A group begins with all that its parent has. */
void cpuset_init(struct cgroup *cgroup);
/* The group's children got the controller, or lost it. */
int cpuset_control(struct machine *m, struct cgroup *cgroup, bool enable) __must_check;
/* A task came from another group; its leader's memory follows. */
int cpuset_attach(struct machine *m, struct task_struct *task,
		  struct cgroup *from) __must_check;

#endif
