// SPDX-License-Identifier: GPL-2.0-or-later
/* sys/devices/system/node: sets of nodes, and a directory for each node. */
#include "fs/core/hugetlb.h"
#include "fs/core/memory_lines.h"
#include "fs/core/proactive.h"
#include "fs/sys/devices.h"
#include "fs/sys/hugepages.h"
#include "sim/policy/compaction.h"
#include "sim/reclaim/reclaim.h"

#define NODE_WORDS (MAX_NUMNODES / 64)

static const struct pglist_data *node_of(const struct view *v)
{
	return v->m->nodes[v->id[V_NODE]];
}

/* Sets of nodes. */

static bool possible(const struct pglist_data *node)
{
	(void)node;
	return true;
}

static bool online(const struct pglist_data *node)
{
	return node->online;
}

static bool has_cpu(const struct pglist_data *node)
{
	return node->has_cpu;
}

static bool has_memory(const struct pglist_data *node)
{
	return node->has_memory;
}

static bool has_normal_memory(const struct pglist_data *node)
{
	return node->has_normal_memory;
}

static bool never(const struct pglist_data *node)
{
	(void)node;
	return false;
}

static int show_set(struct out *out, const struct machine *m,
		    bool (*in_set)(const struct pglist_data *node))
{
	u64 words[NODE_WORDS] = { 0 };

	for (unsigned int nid = 0; nid < m->nr_nodes; nid++)
		if (m->nodes[nid] && in_set(m->nodes[nid]))
			words[nid / 64] |= 1ULL << (nid % 64);
	out_bitmap_list(out, words, m->nr_nodes);
	out_putc(out, '\n');
	return 0;
}

#define SET_SHOW(function, in_set) \
	static int function(struct out *out, const struct view *v) \
	{ \
		return show_set(out, v->m, in_set); \
	}

SET_SHOW(online_show, online)
SET_SHOW(possible_show, possible)
SET_SHOW(has_cpu_show, has_cpu)
SET_SHOW(has_memory_show, has_memory)
SET_SHOW(has_normal_memory_show, has_normal_memory)
SET_SHOW(has_generic_initiator_show, never)

/* One node. */

static int meminfo_show(struct out *out, const struct view *v)
{
	const struct pglist_data *node = node_of(v);
	struct hugetlb_counts pool = hugetlb_counts(v->m, node,
						    hugetlb_default_order(v->m));

	show_memory_lines(out, v->m, node);
	out_printf(out, "Node %u HugePages_Total: %5llu\nNode %u HugePages_Free:  %5llu\n"
		   "Node %u HugePages_Surp:  %5llu\n", node->id,
		   (unsigned long long)pool.total, node->id, (unsigned long long)pool.free,
		   node->id, (unsigned long long)pool.surplus);
	return 0;
}

static int vmstat_show(struct out *out, const struct view *v)
{
	const struct pglist_data *node = node_of(v);

	for (unsigned int i = 0; i < nr_counter_rows; i++) {
		const struct counter_row *row = &counter_rows[i];
		u64 value;

		if (row->kind == COUNTER_WB)
			break;
		if (!counter_shown(v->m, row))
			continue;
		if (row->kind == COUNTER_ZONE)
			value = zones_figure(v->m, node, row->id);
		else if (row->kind == COUNTER_NUMA)
			value = zones_numa_figure(v->m, node, row->id);
		else
			value = node_figure(v->m, node, row->id);
		out_write(out, row->label + COUNTER_INDENT, row->len + 1);
		out_u64(out, value, 0);
		out_putc(out, '\n');
	}
	return 0;
}

static int reclaim_store(struct store *s, const struct view *v, const char *text)
{
	int swappiness, err;
	u64 bytes;

	err = parse_proactive(s, text, &bytes, &swappiness);
	if (err)
		return err;
	err = node_reclaim_proactive(s->m, s->m->nodes[v->id[V_NODE]], bytes >> PAGE_SHIFT,
				     swappiness);
	s->changed = err == -EAGAIN;
	if (err)
		out_printf(s->sentence, "the node has less than %s that could be reclaimed", text);
	return err;
}

struct numastat_line {
	const char *name;
	u16 item;
};

static const struct numastat_line numastat_lines[] = {
	{ "numa_hit", NUMA_HIT },
	{ "numa_miss", NUMA_MISS },
	{ "numa_foreign", NUMA_FOREIGN },
	{ "interleave_hit", NUMA_INTERLEAVE },
	{ "local_node", NUMA_LOCAL },
	{ "other_node", NUMA_OTHER },
};

static int numastat_show(struct out *out, const struct view *v)
{
	for (size_t i = 0; i < ARRAY_SIZE(numastat_lines); i++)
		out_printf(out, "%s %llu\n", numastat_lines[i].name,
			   (unsigned long long)zones_numa_figure(v->m, node_of(v),
								 numastat_lines[i].item));
	return 0;
}

static int distance_show(struct out *out, const struct view *v)
{
	const char *blank = "";

	for (u32 nid = 0; node_next(v, &nid); nid++) {
		out_printf(out, "%s%u", blank, v->m->distance[v->id[V_NODE]][nid]);
		blank = " ";
	}
	out_putc(out, '\n');
	return 0;
}

static int cpulist_show(struct out *out, const struct view *v)
{
	out_bitmap_list(out, node_of(v)->cpus, v->m->nr_cpus);
	out_putc(out, '\n');
	return 0;
}

static int cpumap_show(struct out *out, const struct view *v)
{
	out_bitmap_mask(out, node_of(v)->cpus, v->m->nr_cpus);
	out_putc(out, '\n');
	return 0;
}

static int compact_store(struct store *s, const struct view *v, const char *text)
{
	(void)text;
	compact_node(s->m, v->id[V_NODE]);
	return 0;
}

/* Links to the node's CPUs and memory blocks. */

static bool node_cpu_next(const struct view *v, u32 *cpu)
{
	for (; cpu_next(v, cpu); ++*cpu)
		if (v->m->cpu_node[*cpu] == v->id[V_NODE])
			return true;
	return false;
}

static bool node_cpu_find(const struct view *v, const char *name, u32 *cpu)
{
	return cpu_find(v, name, cpu) && v->m->cpu_node[*cpu] == v->id[V_NODE];
}

static int node_cpu_show(struct out *out, const struct view *v)
{
	out_printf(out, "../../cpu/cpu%u", v->id[V_CPU]);
	return 0;
}

static bool node_block_next(const struct view *v, u32 *block)
{
	if (!option_on(v->m, "MEMORY_HOTPLUG"))
		return false;
	for (; memory_block_next(v, block); ++*block)
		if (memory_block_on_node(v->m, *block, v->id[V_NODE]))
			return true;
	return false;
}

static bool node_block_find(const struct view *v, const char *name, u32 *block)
{
	return option_on(v->m, "MEMORY_HOTPLUG") && memory_block_find(v, name, block) &&
	       memory_block_on_node(v->m, *block, v->id[V_NODE]);
}

static int node_block_show(struct out *out, const struct view *v)
{
	out_printf(out, "../../memory/memory%u", v->id[V_BLOCK]);
	return 0;
}

static int failures_show(struct out *out, const struct view *v, enum mf_result result)
{
	out_printf(out, "%llu\n", (unsigned long long)v->m->nodes[v->id[V_NODE]]->mf_stats[result]);
	return 0;
}

static int delayed_show(struct out *out, const struct view *v)
{
	return failures_show(out, v, MF_DELAYED);
}

static int failed_show(struct out *out, const struct view *v)
{
	return failures_show(out, v, MF_FAILED);
}

static int ignored_show(struct out *out, const struct view *v)
{
	return failures_show(out, v, MF_IGNORED);
}

static int recovered_show(struct out *out, const struct view *v)
{
	return failures_show(out, v, MF_RECOVERED);
}

static int all_failures_show(struct out *out, const struct view *v)
{
	unsigned long long total = 0;

	for (unsigned int result = 0; result < NR_MF_RESULTS; result++)
		total += v->m->nodes[v->id[V_NODE]]->mf_stats[result];
	out_printf(out, "%llu\n", total);
	return 0;
}

static const struct entry failure_entries[] = {
	FILE_ROW("delayed", 0444, delayed_show),
	FILE_ROW("failed", 0444, failed_show),
	FILE_ROW("ignored", 0444, ignored_show),
	FILE_ROW("recovered", 0444, recovered_show),
	FILE_ROW("total", 0444, all_failures_show),
};

static const struct dir failure_dir = { DIR_FILES(failure_entries) };

static const struct entry one_node_entries[] = {
	{ .name = "compact", .mode = S_IFREG | 0200, .span = ALL, .store = compact_store },
	FILE_ROW("cpulist", 0444, cpulist_show),
	FILE_ROW("cpumap", 0444, cpumap_show),
	FILE_ROW("distance", 0444, distance_show),
	DIR_ROW("hugepages", 0755, &node_hugepages_dir),
	FILE_ROW("meminfo", 0444, meminfo_show),
	{ .name = "memory_failure", .mode = S_IFDIR | 0755, .span = SINCE(R_6_18),
	  .dir = &failure_dir },
	FILE_ROW("numastat", 0444, numastat_show),
	{ .name = "reclaim", .mode = S_IFREG | 0200, .span = SINCE(R_6_18), .store = reclaim_store,
	  .help = "Write a size: so much of the node's memory is reclaimed, or EAGAIN says that there "
		  "was less. Behind it, swappiness=0 to 200; or max: anonymous pages alone." },
	LINK_TEXT_ROW("subsystem", "../../../../bus/node"),
	FILE_ROW("vmstat", 0444, vmstat_show),
};

static const struct each one_node_each[] = {
	{ .entry = LINK_ROW("cpu<N>", node_cpu_show),
	  .slot = V_CPU, .next = node_cpu_next, .name = cpu_name, .find = node_cpu_find },
	{ .entry = LINK_ROW("memory<N>", node_block_show),
	  .slot = V_BLOCK, .next = node_block_next, .name = memory_block_name,
	  .find = node_block_find },
};

static bool one_node_visible(const struct view *v, const struct entry *entry)
{
	return strcmp(entry->name, "memory_failure") || option_on(v->m, "MEMORY_FAILURE");
}

static const struct dir one_node_dir = {
	DIR_FILES(one_node_entries), DIR_EACH(one_node_each), .visible = one_node_visible,
};

static const struct entry node_entries[] = {
	FILE_ROW("has_cpu", 0444, has_cpu_show),
	FILE_ROW("has_generic_initiator", 0444, has_generic_initiator_show),
	FILE_ROW("has_memory", 0444, has_memory_show),
	FILE_ROW("has_normal_memory", 0444, has_normal_memory_show),
	FILE_ROW("online", 0444, online_show),
	FILE_ROW("possible", 0444, possible_show),
};

static const struct each node_each[] = {
	{ .entry = DIR_ROW("node<N>", 0755, &one_node_dir),
	  .slot = V_NODE, .next = node_next, .name = node_name, .find = node_find },
};

static const struct dir node_dir = { DIR_FILES(node_entries), DIR_EACH(node_each) };

static bool node_visible(const struct view *v, const struct entry *entry)
{
	(void)entry;
	return option_on(v->m, "NUMA");
}

static const struct entry system_entries[] = {
	DIR_ROW("node", 0755, &node_dir),
};

static const struct dir system_dir = { DIR_FILES(system_entries), .visible = node_visible };

TREE_PARTS(node_parts, { "sys/devices/system", &system_dir });
