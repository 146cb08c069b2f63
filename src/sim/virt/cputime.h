/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who used the CPUs. The kernel's work is charged to the task whose call it is, or to the daemon
 * that does it meanwhile, to the groups of that task, and to the CPU that it runs on; what no
 * task asked for (a line of sim/ctl) is the idle thread's. A CPU that waits for a disk has
 * iowait; the rest of the time it idles. Programs are not simulated: nobody has user time.
 */
#ifndef KMM_VIRT_CPUTIME_H
#define KMM_VIRT_CPUTIME_H

#include "sim/virt/sched.h"

/* Who is charged now. */
struct task_struct *cputime_payer(const struct machine *m);
/* Who was charged, and where. */
struct cputime_before {
	struct task_struct *daemon;
	unsigned int cpu;
};
/*
 * A thread of the kernel works from here on, on this CPU, beside whose call it is; NULL: it has
 * none. What was before comes back with cputime_daemon_leave().
 */
struct cputime_before cputime_daemon_enter(struct machine *m, struct task_struct *thread,
					   unsigned int cpu);
void cputime_daemon_leave(struct machine *m, struct cputime_before before);
/* The thread of a node, by the function that it sleeps in; NULL: it was stopped. */
struct task_struct *node_thread(const struct machine *m, const char *wchan, unsigned int node);
/* The first thread of the kernel whose name begins so. */
struct task_struct *kernel_thread(const struct machine *m, const char *prefix);

/* So long it works, from now on, of a time that passes by itself. */
void account_system_time(struct machine *m, u64 ns);
/* The time passes here: what is due meanwhile is done now, or (the other) at the next wait. */
void cpu_takes_time(struct machine *m, u64 ns);
void cpu_works(struct machine *m, u64 ns);
/* This CPU's task waits for a disk. */
void account_iowait(struct machine *m, u64 from_ns, u64 to_ns);
/* Of a CPU; it never goes back. */
u64 cpu_idle_ns(const struct machine *m, unsigned int cpu);

void cputime_digest(const struct machine *m, struct digest *digest);
/* CT1: what CPUs did is what tasks had, those that are gone included. */
void cputime_validate(const struct machine *m, struct check *check);

#endif
