// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * proc/stat, uptime, loadavg, interrupts, softirqs: time. Virtual time passes
 * only in calls and ticks; what is not spent on operations or waiting counts as idle, so
 * that readers of differences see an idle machine.
 */
#include "fs/core/figures.h"
#include "sim/virt/cputime.h"

#define USER_HZ 100
#define NS_PER_USER_TICK (1000000000ULL / USER_HZ)
#define NS_PER_CENTISECOND 10000000ULL

static u64 timer_ticks(const struct machine *m)
{
	return m->now_ns / m->jiffy_ns;
}

struct cpu_times {
	u64 system_ns, iowait_ns, idle_ns;
};

static void add_cpu(const struct machine *m, unsigned int cpu, struct cpu_times *times)
{
	times->system_ns += cpu_of(m, cpu)->system_ns;
	times->iowait_ns += cpu_of(m, cpu)->iowait_ns;
	times->idle_ns += cpu_idle_ns(m, cpu);
}

/* user nice system idle iowait irq softirq steal guest guest_nice */
static void show_cpu_times(struct out *out, const struct cpu_times *times)
{
	out_printf(out, " 0 0 %llu %llu %llu 0 0 0 0 0\n",
		   (unsigned long long)(times->system_ns / NS_PER_USER_TICK),
		   (unsigned long long)(times->idle_ns / NS_PER_USER_TICK),
		   (unsigned long long)(times->iowait_ns / NS_PER_USER_TICK));
}

static const char *const softirqs[] = {
	"HI", "TIMER", "NET_TX", "NET_RX", "BLOCK", "IRQ_POLL", "TASKLET", "SCHED", "HRTIMER",
	"RCU",
};

#define SOFTIRQ_TIMER 1

static int stat_show(struct out *out, const struct view *v)
{
	const struct machine *m = v->m;
	u64 ticks = timer_ticks(m) * m->nr_cpus;
	struct cpu_times all = { 0 };

	for (unsigned int cpu = 0; cpu < m->nr_cpus; cpu++)
		add_cpu(m, cpu, &all);
	out_puts(out, "cpu ");
	show_cpu_times(out, &all);
	for (unsigned int cpu = 0; cpu < m->nr_cpus; cpu++) {
		struct cpu_times one = { 0 };

		add_cpu(m, cpu, &one);
		out_printf(out, "cpu%u", cpu);
		show_cpu_times(out, &one);
	}
	out_printf(out, "intr %llu\nctxt %llu\nbtime %llu\nprocesses %llu\nprocs_running 1\n"
		   "procs_blocked 0\n", (unsigned long long)ticks,
		   (unsigned long long)nr_context_switches(m),
		   (unsigned long long)m->config->boot_time,
		   (unsigned long long)m->tasks->total_forks);
	out_printf(out, "softirq %llu", (unsigned long long)ticks);
	for (size_t i = 0; i < ARRAY_SIZE(softirqs); i++)
		out_printf(out, " %llu", i == SOFTIRQ_TIMER ? (unsigned long long)ticks : 0);
	out_putc(out, '\n');
	return 0;
}

static void show_centiseconds(struct out *out, u64 centiseconds)
{
	out_printf(out, "%llu.%02u", (unsigned long long)(centiseconds / 100),
		   (unsigned int)(centiseconds % 100));
}

static int uptime_show(struct out *out, const struct view *v)
{
	u64 idle_ns = 0;

	for (unsigned int cpu = 0; cpu < v->m->nr_cpus; cpu++)
		idle_ns += cpu_idle_ns(v->m, cpu);
	show_centiseconds(out, v->m->now_ns / NS_PER_CENTISECOND);
	out_putc(out, ' ');
	show_centiseconds(out, idle_ns / NS_PER_CENTISECOND);
	out_putc(out, '\n');
	return 0;
}

/* The reader is the one that runs. */
static int loadavg_show(struct out *out, const struct view *v)
{
	const struct task_table *tasks = v->m->tasks;

	out_printf(out, "0.00 0.00 0.00 1/%u %u\n", tasks ? tasks->nr : 1,
		   tasks ? tasks->last_pid : 1);
	return 0;
}

static void show_cpu_columns(struct out *out, const struct machine *m, int indent)
{
	out_pad(out, ' ', indent);
	for (unsigned int cpu = 0; cpu < m->nr_cpus; cpu++)
		out_printf(out, "CPU%-8u", cpu);
	out_putc(out, '\n');
}

struct interrupt {
	const char *name, *text;
	bool each_cpu;		/* a figure for each CPU; else one */
};

#define TIMER_INTERRUPT 1

static const struct interrupt interrupts[] = {
	{ "NMI", "  Non-maskable interrupts", true },
	{ "LOC", "  Local timer interrupts", true },
	{ "SPU", "  Spurious interrupts", true },
	{ "PMI", "  Performance monitoring interrupts", true },
	{ "IWI", "  IRQ work interrupts", true },
	{ "RTR", "  APIC ICR read retries", true },
	{ "RES", "  Rescheduling interrupts", true },
	{ "CAL", "  Function call interrupts", true },
	{ "TLB", "  TLB shootdowns", true },
	{ "TRM", "  Thermal event interrupts", true },
	{ "THR", "  Threshold APIC interrupts", true },
	{ "DFR", "  Deferred Error APIC interrupts", true },
	{ "MCE", "  Machine check exceptions", true },
	{ "MCP", "  Machine check polls", true },
	{ "ERR", "", false },
	{ "MIS", "", false },
	{ "PIN", "  Posted-interrupt notification event", true },
	{ "NPI", "  Nested posted-interrupt event", true },
	{ "PIW", "  Posted-interrupt wakeup event", true },
};

static int interrupts_show(struct out *out, const struct view *v)
{
	const struct machine *m = v->m;

	show_cpu_columns(out, m, 11);
	for (size_t i = 0; i < ARRAY_SIZE(interrupts); i++) {
		const struct interrupt *irq = &interrupts[i];
		u64 count = i == TIMER_INTERRUPT ? timer_ticks(m) : 0;

		out_printf(out, "%s:", irq->name);
		for (unsigned int cpu = 0; cpu < (irq->each_cpu ? m->nr_cpus : 1); cpu++) {
			out_putc(out, ' ');
			out_u64(out, count, 10);
		}
		if (irq->each_cpu)
			out_printf(out, " %s", irq->text);
		out_putc(out, '\n');
	}
	return 0;
}

static int softirqs_show(struct out *out, const struct view *v)
{
	const struct machine *m = v->m;

	show_cpu_columns(out, m, 20);
	for (size_t i = 0; i < ARRAY_SIZE(softirqs); i++) {
		out_printf(out, "%12s:", softirqs[i]);
		for (unsigned int cpu = 0; cpu < m->nr_cpus; cpu++) {
			out_putc(out, ' ');
			out_u64(out, i == SOFTIRQ_TIMER ? timer_ticks(m) : 0, 10);
		}
		out_putc(out, '\n');
	}
	return 0;
}

static const struct entry stat_entries[] = {
	FILE_ROW("interrupts", 0444, interrupts_show),
	FILE_ROW("loadavg", 0444, loadavg_show),
	FILE_ROW("softirqs", 0444, softirqs_show),
	FILE_ROW("stat", 0444, stat_show),
	FILE_ROW("uptime", 0444, uptime_show),
};

static const struct dir stat_dir = { DIR_FILES(stat_entries) };

TREE_PARTS(stat_parts, { "proc", &stat_dir });
