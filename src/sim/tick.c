// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Virtual time, and the timers that every machine has.
 *
 * The vmstat shepherd wakes each vm.stat_interval seconds and lets every CPU look
 * after its page lists: since 6.7 pcp.high decays towards high_min, and pages of a
 * remote node that went unused for three turns go back. A turn that changes nothing
 * will be followed by others that change nothing, so when no other event is due
 * in between that may change something, they are passed over at once: a day is as quick as
 * a second.
 */
#include "sim/base/event.h"
#include "sim/machine.h"
#include "sim/phys/memcg.h"
#include "sim/phys/page_alloc.h"
#include "sim/phys/pressure.h"
#include "sim/phys/slab.h"
#include "sim/phys/tunables.h"
#include "sim/policy/khugepaged.h"
#include "sim/virt/virt.h"

#define NS_PER_SEC 1000000000ULL

/* A stat_interval of 0 or less is a turn at each jiffy. */
static u64 stat_interval_ns(const struct machine *m)
{
	if (m->tunables->stat_interval <= 0)
		return m->jiffy_ns;
	return m->tunables->stat_interval * NS_PER_SEC;
}

static bool vmstat_shepherd(struct machine *m, void *data)
{
	bool changed = false;

	memcg_memory_free(m);
	for (unsigned int cpu = 0; cpu < m->nr_cpus; cpu++)
		changed |= refresh_cpu_vm_stats(m, cpu);
	/* What was written to vm.stat_interval counts from this turn on. */
	event_move_on(m->events, m->vmstat_event, m->now_ns, stat_interval_ns(m));
	return changed;
}

int tick_init(struct machine *m)
{
	const u64 period_ns = stat_interval_ns(m);
	const struct event event = {
		.when_ns = m->now_ns + period_ns,
		.run = vmstat_shepherd,
		.period_ns = period_ns,
		.name = "vmstat_shepherd",
	};

	return rcu_timer_init(m) ? -ENOMEM : event_add(m->events, &event, &m->vmstat_event);
}

/* Nothing changes before another event runs: no turn until then is needed. */
static void event_pass_over(struct machine *m, const struct event *event, u64 until)
{
	u64 other;

	event_is_idle(m->events, event->id);
	other = event_first_other_ns(m->events, event->id);
	until = MIN(until, other ? other - 1 : 0);
	if (until > event->when_ns)
		event_move_on(m->events, event->id, until, event->period_ns);
}

int machine_secure_time(struct machine *m, u64 ns)
{
	struct virt_need need;

	khugepaged_need(m, ns, &need);
	return need.pages || global_node_stat(m, NR_DIRTY) ? virt_guarantee(m, &need) : 0;
}

void machine_tick(struct machine *m, u64 ns)
{
	const u64 until = m->now_ns + ns;
	struct event event;

	event_queue_changed(m->events);
	run_woken_daemons(m);
	while (event_pop_due(m->events, until, &event)) {
		m->now_ns = MAX(m->now_ns, event.when_ns);
		if (event.run(m, event.data) || !event.period_ns)
			event_queue_changed(m->events);
		else
			event_pass_over(m, &event, until);
		run_woken_daemons(m);
	}
	m->now_ns = until;
}
