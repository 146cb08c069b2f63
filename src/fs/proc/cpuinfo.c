// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * proc/cpuinfo: one block for each CPU. A node is a package; its CPUs are cores
 * of one thread each, numbered in their order.
 */
#include "fs/core/entry.h"

#define FLAGS_64 "fpu de pse tsc msr pae mce cx8 apic sep mtrr pge mca cmov pat pse36 clflush " \
	"mmx fxsr sse sse2 syscall nx pdpe1gb rdtscp lm rep_good nopl cpuid pni cx16"
#define FLAGS_64_SSE4 " sse4_1 sse4_2 popcnt hypervisor lahf_lm"
#define FLAGS_32 "fpu de pse tsc msr pae mce cx8 apic sep mtrr pge mca cmov pat clflush mmx " \
	"fxsr sse sse2 nopl cpuid pni hypervisor"

static unsigned int cpus_of_node(const struct machine *m, unsigned int node)
{
	unsigned int nr = 0;

	for (unsigned int cpu = 0; cpu < m->nr_cpus; cpu++)
		nr += m->cpu_node[cpu] == node;
	return nr;
}

static unsigned int core_of_cpu(const struct machine *m, unsigned int cpu)
{
	unsigned int core = 0;

	for (unsigned int other = 0; other < cpu; other++)
		core += m->cpu_node[other] == m->cpu_node[cpu];
	return core;
}

static void show_identity(struct out *out, unsigned int cpu)
{
	out_printf(out, "processor\t: %u\n"
		   "vendor_id\t: GenuineIntel\n"
		   "cpu family\t: 6\n"
		   "model\t\t: 85\n"
		   "model name\t: kmmfs simulated CPU\n"
		   "stepping\t: 0\n"
		   "microcode\t: 0x1\n"
		   "cpu MHz\t\t: 2000.000\n"
		   "cache size\t: 16384 KB\n", cpu);
}

static void show_cpu(struct out *out, const struct machine *m, unsigned int cpu)
{
	unsigned int node = m->cpu_node[cpu];
	unsigned int cores = cpus_of_node(m, node);
	bool wide = m->arch->bits == 64;

	show_identity(out, cpu);
	out_printf(out, "physical id\t: %u\nsiblings\t: %u\ncore id\t\t: %u\ncpu cores\t: %u\n"
		   "apicid\t\t: %u\ninitial apicid\t: %u\n",
		   node, cores, core_of_cpu(m, cpu), cores, cpu, cpu);
	if (!wide)
		out_puts(out, "fdiv_bug\t: no\nf00f_bug\t: no\ncoma_bug\t: no\n");
	out_printf(out, "fpu\t\t: yes\nfpu_exception\t: yes\ncpuid level\t: 13\nwp\t\t: yes\n"
		   "flags\t\t: ");
	out_puts(out, wide ? FLAGS_64 : FLAGS_32);
	out_puts(out, m->pcid ? " pcid" : "");
	out_puts(out, wide ? FLAGS_64_SSE4 : "");
	out_printf(out, "%s\nbugs\t\t:\nbogomips\t: 4000.00\nclflush size\t: 64\n"
		   "cache_alignment\t: 64\naddress sizes\t: %u bits physical, %u bits virtual\n"
		   "power management:\n\n", m->arch->nr_levels == 5 ? " la57" : "", wide ? 46U : 36U,
		   wide ? (m->arch->nr_levels == 5 ? 57U : 48U) : 32U);
}

static int cpuinfo_show(struct out *out, const struct view *v)
{
	for (unsigned int cpu = 0; cpu < v->m->nr_cpus; cpu++)
		show_cpu(out, v->m, cpu);
	return 0;
}

static const struct entry cpuinfo_entries[] = {
	FILE_ROW("cpuinfo", 0444, cpuinfo_show),
};

static const struct dir cpuinfo_dir = { DIR_FILES(cpuinfo_entries) };

TREE_PARTS(cpuinfo_parts, { "proc", &cpuinfo_dir });
