// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Stalls are added to the groups of the task, up to the machine. Averages are brought up to
 * date as the kernel's worker does it: at the end of each period in which there was a stall,
 * and when the next one begins or somebody reads, for all those that were missed at once.
 */
#include "sim/virt/psi.h"

#include "sim/base/digest.h"
#include "sim/phys/report.h"
#include "sim/virt/cgroup.h"
#include "sim/virt/sched.h"
#include "sim/virt/virt.h"

typedef unsigned long long ull;

#define FSHIFT 11
#define FIXED_1 (1ULL << FSHIFT)
static const u64 decay[NR_PSI_AVGS] = { 1677, 1981, 2034 };	/* e^(-2/10), -2/60, -2/300 */

static u64 period_ns(const struct machine *m)
{
	return (2 * m->hz + 1) * m->jiffy_ns;
}

void psi_group_init(const struct machine *m, struct psi_group *group)
{
	*group = (struct psi_group){
		.avg_last_update = m->now_ns, .avg_next_update = m->now_ns + period_ns(m),
	};
}

/* ---- Averages. ---- */

static u64 fixed_power(u64 x, u64 n)
{
	u64 result = FIXED_1;

	for (; n; n >>= 1) {
		if (n & 1)
			result = (result * x + FIXED_1 / 2) >> FSHIFT;
		x = (x * x + FIXED_1 / 2) >> FSHIFT;
	}
	return result;
}

static u64 calc_load(u64 load, u64 exp, u64 active)
{
	u64 sum = load * exp + active * (FIXED_1 - exp);

	return (sum + (active >= load ? FIXED_1 - 1 : 0)) / FIXED_1;
}

static void calc_avgs(u64 avg[NR_PSI_AVGS], u64 missed, u64 time, u64 period)
{
	u64 percent = time * 100 / period;

	for (unsigned int i = 0; i < NR_PSI_AVGS; i++) {
		if (missed)
			avg[i] = calc_load(avg[i], fixed_power(decay[i], missed), 0);
		avg[i] = calc_load(avg[i], decay[i], percent * FIXED_1);
	}
}

static void update_averages(struct psi_group *group, u64 now, u64 period)
{
	u64 missed = (now - group->avg_next_update) / period, length;

	group->avg_next_update += (1 + missed) * period;
	length = now - (group->avg_last_update + missed * period);
	group->avg_last_update = now;
	for (unsigned int state = 0; state < NR_PSI_STATES; state++) {
		u64 sample = MIN(group->total_ns[state] - group->avg_total_ns[state], length);

		group->avg_total_ns[state] += sample;
		calc_avgs(group->avg[state], missed, sample, length);
	}
}

static bool has_news(const struct psi_group *group)
{
	return memcmp(group->total_ns, group->avg_total_ns, sizeof(group->total_ns));
}

/* The worker has run when it was due, as long as there was something to do. */
static void advance(const struct machine *m, struct psi_group *group, u64 now)
{
	u64 period = period_ns(m);

	while (now >= group->avg_next_update && has_news(group))
		update_averages(group, group->avg_next_update, period);
	if (now >= group->avg_next_update)
		update_averages(group, now, period);
}

/* ---- Stalls. ---- */

static void group_stall(const struct machine *m, struct psi_group *group, u64 from, u64 to,
			const bool stalls[NR_PSI_STATES])
{
	while (from < to) {
		u64 end;

		advance(m, group, from);
		end = MIN(to, group->avg_next_update);
		for (unsigned int state = 0; state < NR_PSI_STATES; state++)
			group->total_ns[state] += stalls[state] ? end - from : 0;
		from = end;
	}
}

void psi_stall(struct machine *m, u64 from_ns, u64 to_ns, bool io, bool memory)
{
	const struct task_struct *task = m->oom_killer_disabled ? NULL : current_task(m);
	const bool daemon = m->virt->psi_daemon;
	bool stalls[NR_PSI_STATES];
	struct cgroup *cgroup;

	if (!m->booted || from_ns >= to_ns || (!task && !daemon))
		return;
	/* A task waits, beside the daemon it may be for it. */
	if (daemon && !psi_in_memstall(m))
		task = NULL;
	stalls[PSI_IO_SOME] = io;
	stalls[PSI_IO_FULL] = io && !daemon;
	stalls[PSI_MEM_SOME] = memory || daemon || psi_in_memstall(m);
	stalls[PSI_MEM_FULL] = memory || psi_in_memstall(m);
	if (!io && !stalls[PSI_MEM_SOME])
		return;
	for (cgroup = task ? task_cgroup(m, task) : NULL; cgroup && cgroup->parent;
	     cgroup = cgroup->parent)
		if (!cgroup->psi_off)
			group_stall(m, &cgroup->psi, from_ns, to_ns, stalls);
	group_stall(m, &m->virt->psi, from_ns, to_ns, stalls);
}

void psi_memstall_enter(struct machine *m)
{
	m->virt->memstall++;
}

void psi_memstall_leave(struct machine *m)
{
	m->virt->memstall--;
}

void psi_daemon_enter(struct machine *m)
{
	m->virt->psi_daemon = true;
}

void psi_daemon_leave(struct machine *m)
{
	m->virt->psi_daemon = false;
}

bool psi_in_memstall(const struct machine *m)
{
	return m->virt->memstall;
}

/* ---- Files. ---- */

static void show_line(struct out *out, const char *what, const u64 avg[NR_PSI_AVGS], u64 total_ns)
{
	static const char *const names[NR_PSI_AVGS] = { "avg10", "avg60", "avg300" };

	out_puts(out, what);
	for (unsigned int i = 0; i < NR_PSI_AVGS; i++)
		out_printf(out, " %s=%llu.%02llu", names[i], (ull)(avg[i] >> FSHIFT),
			   (ull)((avg[i] & (FIXED_1 - 1)) * 100 >> FSHIFT));
	out_printf(out, " total=%llu\n", (ull)total_ns / 1000);
}

void psi_show(const struct machine *m, const struct psi_group *group, enum psi_res res,
	      struct out *out)
{
	static const u64 none[NR_PSI_AVGS];
	struct psi_group now;

	if (!group) {
		show_line(out, "some", none, 0);
		show_line(out, "full", none, 0);
		return;
	}
	now = *group;
	advance(m, &now, m->now_ns);
	show_line(out, "some", now.avg[2 * res], now.total_ns[2 * res]);
	show_line(out, "full", now.avg[2 * res + 1], now.total_ns[2 * res + 1]);
}

void psi_digest(const struct psi_group *group, struct digest *digest)
{
	digest_u64(digest, group->avg_last_update);
	digest_u64(digest, group->avg_next_update);
	for (unsigned int state = 0; state < NR_PSI_STATES; state++) {
		digest_u64(digest, group->total_ns[state]);
		digest_u64(digest, group->avg_total_ns[state]);
		for (unsigned int i = 0; i < NR_PSI_AVGS; i++)
			digest_u64(digest, group->avg[state][i]);
	}
}
