// SPDX-License-Identifier: GPL-2.0-or-later
/* Resource limits: one row for each that does not begin without a limit. */
#include "sim/phys/tunables.h"
#include "sim/virt/fork.h"

#define RLIM_BY_THREADS (RLIM_INFINITY - 1)	/* half of kernel.threads-max */

static const struct {
	enum rlimit_id id;
	struct rlimit limit;
} initial[] = {
	{ RLIMIT_STACK, { 8 * SZ_1M, RLIM_INFINITY } },
	{ RLIMIT_CORE, { 0, RLIM_INFINITY } },
	{ RLIMIT_NPROC, { RLIM_BY_THREADS, RLIM_BY_THREADS } },
	{ RLIMIT_NOFILE, { 1024, 4096 } },
	{ RLIMIT_MEMLOCK, { 8 * SZ_1M, 8 * SZ_1M } },
	{ RLIMIT_SIGPENDING, { RLIM_BY_THREADS, RLIM_BY_THREADS } },
	{ RLIMIT_MSGQUEUE, { 819200, 819200 } },
	{ RLIMIT_NICE, { 0, 0 } },
	{ RLIMIT_RTPRIO, { 0, 0 } },
};

void rlimits_init(const struct machine *m, struct signal_struct *signal)
{
	u64 threads = m->tunables->threads_max / 2;

	for (unsigned int i = 0; i < RLIM_NLIMITS; i++)
		signal->rlim[i] = (struct rlimit){ RLIM_INFINITY, RLIM_INFINITY };
	for (unsigned int i = 0; i < ARRAY_SIZE(initial); i++)
		signal->rlim[initial[i].id] = initial[i].limit.cur == RLIM_BY_THREADS ?
			(struct rlimit){ threads, threads } : initial[i].limit;
}

/* Limits of others are theirs, unless all capabilities are there. */
static bool may_limit(const struct task_struct *task, const struct task_struct *of)
{
	return task == of || task->cap_sys_resource ||
	       (task->uid == of->uid && task->gid == of->gid);
}

/* A limit is one word of the kernel: what does not fit is none. */
static struct rlimit limit_of_words(const struct machine *m, const struct rlimit *limit)
{
	u64 most = m->arch->bits == 32 ? UINT32_MAX : RLIM_INFINITY;

	return (struct rlimit){
		.cur = limit->cur >= most ? RLIM_INFINITY : limit->cur,
		.max = limit->max >= most ? RLIM_INFINITY : limit->max,
	};
}

int sys_prlimit(struct machine *m, const struct task_struct *task, struct task_struct *of,
		unsigned int resource, const struct rlimit *new_limit, struct rlimit *old_limit)
{
	struct rlimit *limit;

	if (!may_limit(task, of))
		return -EPERM;
	if (resource >= RLIM_NLIMITS || (new_limit && new_limit->cur > new_limit->max))
		return -EINVAL;
	limit = &of->signal->rlim[resource];
	if (new_limit && resource == RLIMIT_NOFILE && new_limit->max > (u64)m->tunables->nr_open)
		return -EPERM;
	if (new_limit && new_limit->max > limit->max && !task->cap_sys_resource)
		return -EPERM;
	if (old_limit)
		*old_limit = *limit;
	if (new_limit)
		*limit = limit_of_words(m, new_limit);
	return 0;
}
