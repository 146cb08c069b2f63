// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * sys/devices/system/cpu: CPUs are cores of one thread, packages are nodes. Tools
 * crash on half a topology, so every file of it is here, and no cache directory
 * at all.
 */
#include "fs/core/figures.h"
#include "fs/core/value.h"
#include "fs/sys/devices.h"

static int show_list(struct out *out, const struct machine *m, const u64 *words)
{
	out_bitmap_list(out, words, m->nr_cpus);
	out_putc(out, '\n');
	return 0;
}

static int show_mask(struct out *out, const struct machine *m, const u64 *words)
{
	out_bitmap_mask(out, words, m->nr_possible_cpus);
	out_putc(out, '\n');
	return 0;
}

static int all_show(struct out *out, const struct view *v)
{
	u64 words[CPU_WORDS];

	cpus_of_machine(v->m, words);
	return show_list(out, v->m, words);
}

/* CPUs [first, end). */
static int show_span(struct out *out, const struct machine *m, unsigned int first,
		     unsigned int end)
{
	u64 words[CPU_WORDS] = { 0 };

	for (unsigned int cpu = first; cpu < end; cpu++)
		words[cpu / 64] |= 1ULL << (cpu % 64);
	out_bitmap_list(out, words, m->nr_possible_cpus);
	out_putc(out, '\n');
	return 0;
}

static int present_show(struct out *out, const struct view *v)
{
	return show_span(out, v->m, 0, v->m->nr_present_cpus);
}

static int possible_show(struct out *out, const struct view *v)
{
	return show_span(out, v->m, 0, v->m->nr_possible_cpus);
}

static int offline_show(struct out *out, const struct view *v)
{
	return show_span(out, v->m, v->m->nr_cpus, v->m->nr_possible_cpus);
}

static int kernel_max_show(struct out *out, const struct view *v)
{
	u64 nr = machine_config_number(v->m->config, "NR_CPUS");

	out_printf(out, "%llu\n", (unsigned long long)(nr ? nr - 1 : 0));
	return 0;
}

/* The CPU itself, and all CPUs of its package. */

static void self_words(const struct view *v, u64 words[CPU_WORDS])
{
	u32 cpu = v->id[V_CPU];

	memset(words, 0, CPU_WORDS * sizeof(words[0]));
	words[cpu / 64] = 1ULL << (cpu % 64);
}

static void package_words(const struct view *v, u64 words[CPU_WORDS])
{
	memset(words, 0, CPU_WORDS * sizeof(words[0]));
	for (unsigned int cpu = 0; cpu < v->m->nr_cpus; cpu++)
		if (v->m->cpu_node[cpu] == v->m->cpu_node[v->id[V_CPU]])
			words[cpu / 64] |= 1ULL << (cpu % 64);
}

#define WORDS_SHOW(function, fill, show) \
	static int function(struct out *out, const struct view *v) \
	{ \
		u64 words[CPU_WORDS]; \
		fill(v, words); \
		return show(out, v->m, words); \
	}

WORDS_SHOW(self_list_show, self_words, show_list)
WORDS_SHOW(self_mask_show, self_words, show_mask)
WORDS_SHOW(package_list_show, package_words, show_list)
WORDS_SHOW(package_mask_show, package_words, show_mask)

static int core_id_show(struct out *out, const struct view *v)
{
	unsigned int core = 0;

	for (unsigned int cpu = 0; cpu < v->id[V_CPU]; cpu++)
		core += v->m->cpu_node[cpu] == v->m->cpu_node[v->id[V_CPU]];
	out_printf(out, "%u\n", core);
	return 0;
}

static int package_id_show(struct out *out, const struct view *v)
{
	out_printf(out, "%u\n", v->m->cpu_node[v->id[V_CPU]]);
	return 0;
}

static bool cpu_node_next(const struct view *v, u32 *nid)
{
	u32 own = v->m->cpu_node[v->id[V_CPU]];

	if (!v->m->arch->numa || *nid > own)
		return false;
	*nid = own;
	return true;
}

static bool cpu_node_find(const struct view *v, const char *name, u32 *nid)
{
	return v->m->arch->numa && numbered_name(name, "node", nid) &&
	       *nid == v->m->cpu_node[v->id[V_CPU]];
}

static int cpu_node_show(struct out *out, const struct view *v)
{
	out_printf(out, "../../node/node%u", v->id[V_NODE]);
	return 0;
}

static const struct entry topology_entries[] = {
	FILE_ROW("cluster_cpus", 0444, self_mask_show),
	FILE_ROW("cluster_cpus_list", 0444, self_list_show),
	TEXT_ROW("cluster_id", 0444, "65535\n"),
	FILE_ROW("core_cpus", 0444, self_mask_show),
	FILE_ROW("core_cpus_list", 0444, self_list_show),
	FILE_ROW("core_id", 0444, core_id_show),
	FILE_ROW("core_siblings", 0444, package_mask_show),
	FILE_ROW("core_siblings_list", 0444, package_list_show),
	FILE_ROW("die_cpus", 0444, package_mask_show),
	FILE_ROW("die_cpus_list", 0444, package_list_show),
	TEXT_ROW("die_id", 0444, "0\n"),
	FILE_ROW("package_cpus", 0444, package_mask_show),
	FILE_ROW("package_cpus_list", 0444, package_list_show),
	FILE_ROW("physical_package_id", 0444, package_id_show),
	FILE_ROW("thread_siblings", 0444, self_mask_show),
	FILE_ROW("thread_siblings_list", 0444, self_list_show),
};

static const struct dir topology_dir = { DIR_FILES(topology_entries) };

/* As on a kernel that may not take CPUs away at the moment. */
static int online_store(struct store *s, const struct view *v, const char *text)
{
	bool online;

	if (sysfs_bool(text, &online)) {
		out_printf(s->sentence, "'%s': online takes 0 or 1", text);
		return -EINVAL;
	}
	if (online)
		return 0;
	out_printf(s->sentence, "CPU %u stays online: no CPU of this machine can be taken offline",
		   v->id[V_CPU]);
	return -EBUSY;
}

static const struct entry one_cpu_entries[] = {
	{ .name = "online", .mode = S_IFREG | 0644, .span = ALL, .show = fixed_text_show,
	  .store = online_store, .text = "1\n" },
	LINK_TEXT_ROW("subsystem", "../../../../bus/cpu"),
	DIR_ROW("topology", 0755, &topology_dir),
};

/* The first CPU cannot go offline: it has no such file. */
static bool one_cpu_visible(const struct view *v, const struct entry *entry)
{
	return strcmp(entry->name, "online") || v->id[V_CPU] != 0;
}

static const struct each one_cpu_each[] = {
	{ .entry = LINK_ROW("node<N>", cpu_node_show),
	  .slot = V_NODE, .next = cpu_node_next, .name = node_name, .find = cpu_node_find },
};

static const struct dir one_cpu_dir = {
	DIR_FILES(one_cpu_entries), DIR_EACH(one_cpu_each), .visible = one_cpu_visible,
};

static const struct entry cpu_entries[] = {
	TEXT_ROW("isolated", 0444, "\n"),
	FILE_ROW("kernel_max", 0444, kernel_max_show),
	FILE_ROW("offline", 0444, offline_show),
	FILE_ROW("online", 0444, all_show),
	FILE_ROW("possible", 0444, possible_show),
	FILE_ROW("present", 0444, present_show),
};

static const struct each cpu_each[] = {
	{ .entry = DIR_ROW("cpu<N>", 0755, &one_cpu_dir),
	  .slot = V_CPU, .next = cpu_next, .name = cpu_name, .find = cpu_find },
};

static const struct dir cpu_dir = { DIR_FILES(cpu_entries), DIR_EACH(cpu_each) };

TREE_PARTS(cpu_parts, { "sys/devices/system/cpu", &cpu_dir });
