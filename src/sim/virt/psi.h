/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Pressure stall information: for how long tasks waited for a disk, or because memory was
 * short, on virtual time. A group is the machine or a control group; averages are those of
 * kernel/sched/psi.c, every two seconds. One task runs at a time, and the others sleep: when
 * it stalls, nobody else gets on, so that "some" is "full"; and nobody waits for a CPU. A
 * daemon of the kernel belongs to no control group, and others get on while it works: "some".
 */
#ifndef KMM_VIRT_PSI_H
#define KMM_VIRT_PSI_H

#include "sim/machine.h"

struct digest;
struct out;

enum psi_res { PSI_IO, PSI_MEM, NR_PSI_RESOURCES };
enum psi_states { PSI_IO_SOME, PSI_IO_FULL, PSI_MEM_SOME, PSI_MEM_FULL, NR_PSI_STATES };
#define NR_PSI_AVGS 3		/* over 10, 60 and 300 seconds */

struct psi_group {
	u64 total_ns[NR_PSI_STATES];
	/* What averages know of it; when they were worked out, and will be. */
	u64 avg_total_ns[NR_PSI_STATES], avg_last_update, avg_next_update;
	u64 avg[NR_PSI_STATES][NR_PSI_AVGS];		/* fixed point */
};

void psi_group_init(const struct machine *m, struct psi_group *group);
/* Who runs (NULL: a line without a task) stalls from one time to another, for these reasons. */
void psi_stall(struct machine *m, u64 from_ns, u64 to_ns, bool io, bool memory);

/* Whatever is waited for in between is a stall of memory, too; as in the kernel, they nest. */
void psi_memstall_enter(struct machine *m);
void psi_memstall_leave(struct machine *m);
bool psi_in_memstall(const struct machine *m);
/* Not the task but a daemon works, for want of memory, and waits; these do not nest. */
void psi_daemon_enter(struct machine *m);
void psi_daemon_leave(struct machine *m);

/* The two lines of a file; of the CPU without a group. NULL: of what nobody waits for. */
void psi_show(const struct machine *m, const struct psi_group *group, enum psi_res res,
	      struct out *out);
void psi_digest(const struct psi_group *group, struct digest *digest);

#endif
