// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * cpu.stat of control groups: the time of CPUs that the kernel worked for their tasks
 * (cputime.h; programs are not simulated); how long a group was frozen. There is no
 * controller of CPU time: its figures are the root's alone.
 */
#include "fs/core/entry.h"
#include "sim/virt/cgroup.h"

typedef unsigned long long ull;

static int cpu_stat_show(struct out *out, const struct view *v)
{
	static const char *const of_controller[] = {
		"nr_periods", "nr_throttled", "throttled_usec", "nr_bursts", "burst_usec",
	};
	const struct cgroup *cgroup = cgroup_of(v->m, v->id[V_CGROUP]);

	out_printf(out, "usage_usec %llu\n", (ull)cgroup->system_ns / 1000);
	out_puts(out, "user_usec 0\n");
	out_printf(out, "system_usec %llu\n", (ull)cgroup->system_ns / 1000);
	if (rel_counts_nice_time(v->m->release))
		out_puts(out, "nice_usec 0\n");
	for (unsigned int i = 0; !cgroup->parent && i < ARRAY_SIZE(of_controller); i++)
		out_printf(out, "%s 0\n", of_controller[i]);
	return 0;
}

static int cpu_stat_local_show(struct out *out, const struct view *v)
{
	if (!cgroup_of(v->m, v->id[V_CGROUP])->parent)
		out_puts(out, "throttled_usec 0\n");
	return 0;
}

static int frozen_show(struct out *out, const struct view *v)
{
	const struct cgroup *cgroup = cgroup_of(v->m, v->id[V_CGROUP]);

	out_printf(out, "frozen_usec %llu\n", (ull)cgroup_frozen_ns(v->m, cgroup) / 1000);
	return 0;
}

static const struct entry group_entries[] = {
	{ "cgroup.stat.local", S_IFREG | 0444, SINCE(R_6_18), frozen_show },
	FILE_ROW("cpu.stat", 0444, cpu_stat_show),
	{ "cpu.stat.local", S_IFREG | 0444, SINCE(R_6_18), cpu_stat_local_show },
};
static const struct entry root_entries[] = {
	FILE_ROW("cpu.stat", 0444, cpu_stat_show),
	{ "cpu.stat.local", S_IFREG | 0444, SINCE(R_6_18), cpu_stat_local_show },
};

static const struct dir root_dir = { DIR_FILES(root_entries) };
static const struct dir group_dir = { DIR_FILES(group_entries) };

TREE_PARTS(cgroup_cpu_parts, { "sys/fs/cgroup", &root_dir },
	   { "sys/fs/cgroup/<GROUP>", &group_dir });
