/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What no single key can know: whether the keys of a machine fit together. Each
 * check is a function of its own; they run in the order of the table at the
 * bottom, and the first complaint ends it. Defaults that depend on several keys
 * are filled in on the way.
 */
#include "sim/boot/config_load.h"
#include "sim/boot/program.h"

#define MAX_CPUS_32 64	/* Kconfig's range of NR_CPUS */

struct owned_range {
	struct phys_range range;
	unsigned int owner;
};

/* The line of a key, or of its section, or none. */
static const struct config_line *line_of(const struct config_load *load,
					 const char *section, const char *key)
{
	const struct config_line *line = config_text_find(&load->text, section, key);

	return line ? line : config_text_find(&load->text, section, NULL);
}

static const struct config_line *node_line(const struct config_load *load, unsigned int nid,
					   const char *key)
{
	char section[32];

	g_snprintf(section, sizeof(section), "node %u", nid);
	return line_of(load, section, key);
}

static int compare_ranges(const void *a, const void *b)
{
	const struct owned_range *x = a, *y = b;

	return x->range.start < y->range.start ? -1 : x->range.start > y->range.start;
}

/* The first pair that overlaps, as neighbours in `ranges`; NULL if none. */
static const struct owned_range *find_overlap(GArray *ranges)
{
	const struct owned_range *r = (const void *)ranges->data;

	g_array_sort(ranges, compare_ranges);
	for (unsigned int i = 1; i < ranges->len; i++) {
		if (r[i].range.start < r[i - 1].range.end)
			return &r[i - 1];
	}
	return NULL;
}

static int check_nodes(struct config_load *load)
{
	struct machine_config *config = load->config;

	for (unsigned int nid = 0; nid < MAX_NUMNODES; nid++) {
		if (config->nodes[nid].present)
			config->nr_nodes = nid + 1;
	}
	if (!config->nr_nodes) {
		/* No [node N] at all: one node with one CPU and the memory of [e820]. */
		config->nodes[0].present = true;
		config->nodes[0].cpus[0] = 1;
		config->nr_nodes = 1;
	}
	if (config->nr_nodes > 1 && !config->arch->numa)
		return config_bad(load, node_line(load, config->nr_nodes - 1, NULL),
				  "[node %u]: %s has one node, [node 0]",
				  config->nr_nodes - 1, config->arch->name);
	return 0;
}

static int check_cpus(struct config_load *load)
{
	struct machine_config *config = load->config;
	int owner[MAX_CPUS];

	memset(owner, -1, sizeof(owner));
	for (unsigned int nid = 0; nid < config->nr_nodes; nid++) {
		for (unsigned int cpu = 0; cpu < MAX_CPUS; cpu++) {
			if (!(config->nodes[nid].cpus[cpu / 64] >> (cpu % 64) & 1))
				continue;
			if (owner[cpu] >= 0)
				return config_bad(load, node_line(load, nid, "cpus"),
						  "cpus: CPU %u is in node %d already", cpu,
						  owner[cpu]);
			owner[cpu] = (int)nid;
			config->nr_cpus = MAX(config->nr_cpus, cpu + 1);
		}
	}
	if (!config->nr_cpus)
		return config_bad(load, node_line(load, 0, "cpus"),
				  "no node has a CPU: write for example cpus = 0-3");
	if (!config->present_cpus)
		config->present_cpus = config->nr_cpus;
	if (!config->possible_cpus)
		config->possible_cpus = config->present_cpus;
	if (config->present_cpus < config->nr_cpus)
		return config_bad(load, line_of(load, "machine", "present_cpus"),
				  "present_cpus: %u, but the nodes have %u",
				  config->present_cpus, config->nr_cpus);
	if (config->possible_cpus < config->present_cpus)
		return config_bad(load, line_of(load, "machine", "possible_cpus"),
				  "possible_cpus: %u, but %u are present", config->possible_cpus,
				  config->present_cpus);
	for (unsigned int cpu = 0; cpu < config->nr_cpus; cpu++) {
		if (owner[cpu] < 0)
			return config_bad(load,
					  node_line(load, (unsigned int)owner[config->nr_cpus - 1],
						    "cpus"),
					  "cpus: CPU %u is in no node; CPUs count from 0 without "
					  "a hole", cpu);
	}
	return 0;
}

/* The kernel is built for as many nodes and CPUs as there are. */
static int check_options(struct config_load *load)
{
	struct machine_config config = *load->config;
	u64 shift, nr_cpus;

	config.config = (struct config_key *)(void *)load->keys->data;
	config.nr_config = load->keys->len;
	shift = machine_config_number(&config, "NODES_SHIFT");
	nr_cpus = machine_config_number(&config, "NR_CPUS");
	if (config.arch->numa && config.nr_nodes > 1U << shift)
		return config_bad(load, line_of(load, "config", "NODES_SHIFT"),
				  "NODES_SHIFT: %u bits do not hold the number of [node %u]",
				  (unsigned int)shift, config.nr_nodes - 1);
	if (config.possible_cpus > nr_cpus)
		return config_bad(load, line_of(load, "config", "NR_CPUS"),
				  "NR_CPUS: %u, but the machine may have %u CPUs",
				  (unsigned int)nr_cpus, config.possible_cpus);
	if (config.arch->bits == 32 && nr_cpus > MAX_CPUS_32)
		return config_bad(load, line_of(load, "config", "NR_CPUS"),
				  "NR_CPUS: %u, but a kernel for %s has at most %u",
				  (unsigned int)nr_cpus, config.arch->name, MAX_CPUS_32);
	return 0;
}

static int check_e820(struct config_load *load)
{
	GArray *ranges = g_array_new(FALSE, FALSE, sizeof(struct owned_range));
	const struct owned_range *clash;
	bool usable = false;
	int err = 0;

	for (unsigned int i = 0; i < load->e820->len; i++) {
		const struct config_e820 *e = &g_array_index(load->e820, struct config_e820, i);
		struct owned_range range = { e->range, i };

		usable |= e->type == E820_USABLE;
		g_array_append_val(ranges, range);
	}
	clash = find_overlap(ranges);
	if (clash)
		err = config_bad(load, line_of(load, "e820", NULL),
				 "[e820]: 0x%llx-0x%llx overlaps 0x%llx-0x%llx",
				 (unsigned long long)clash[1].range.start,
				 (unsigned long long)clash[1].range.end - 1,
				 (unsigned long long)clash[0].range.start,
				 (unsigned long long)clash[0].range.end - 1);
	else if (load->e820->len && !usable)
		err = config_bad(load, line_of(load, "e820", NULL),
				 "[e820] has no range that is usable");
	g_array_free(ranges, TRUE);
	return err;
}

static int check_ranges(struct config_load *load)
{
	struct machine_config *config = load->config;
	GArray *ranges = g_array_new(FALSE, FALSE, sizeof(struct owned_range));
	const struct owned_range *clash;
	int err = 0;

	for (unsigned int nid = 0; nid < config->nr_nodes; nid++) {
		for (unsigned int i = 0; i < config->nodes[nid].nr_ranges; i++) {
			struct owned_range range = { config->nodes[nid].ranges[i], nid };

			g_array_append_val(ranges, range);
		}
	}
	clash = find_overlap(ranges);
	if (clash)
		err = config_bad(load, node_line(load, clash[1].owner, "memory"),
				 "memory: 0x%llx-0x%llx of node %u overlaps 0x%llx-0x%llx of "
				 "node %u",
				 (unsigned long long)clash[1].range.start,
				 (unsigned long long)clash[1].range.end - 1, clash[1].owner,
				 (unsigned long long)clash[0].range.start,
				 (unsigned long long)clash[0].range.end - 1, clash[0].owner);
	g_array_free(ranges, TRUE);
	return err;
}

/* The one node of a machine with [e820] has all of it. */
static void fill_single_node(struct config_load *load)
{
	struct config_node *node = &load->config->nodes[load->config->nr_nodes - 1];
	u64 end = 0;

	for (unsigned int i = 0; i < load->e820->len; i++) {
		const struct config_e820 *e = &g_array_index(load->e820, struct config_e820, i);

		if (e->type == E820_USABLE)
			end = MAX(end, e->range.end);
	}
	node->ranges = g_new0(struct phys_range, 1);
	node->ranges[0].end = end;
	node->nr_ranges = 1;
}

static int check_memory(struct config_load *load)
{
	struct machine_config *config = load->config;
	const u64 limit = config->arch->max_pfn << PAGE_SHIFT;
	unsigned int nr_sizes = 0, nr_ranges = 0, nr_present = 0;
	u64 total = 0;

	for (unsigned int nid = 0; nid < config->nr_nodes; nid++) {
		const struct config_node *node = &config->nodes[nid];

		nr_present += node->present;
		nr_sizes += node->size > 0;
		nr_ranges += node->nr_ranges > 0;
		if (node->size && (nr_ranges || load->e820->len))
			return config_bad(load, node_line(load, nid, "memory"),
					  "memory: node %u gives a size where %s; write its "
					  "ranges", nid,
					  nr_ranges ? "another node gives ranges" :
						      "[e820] gives addresses");
		if (node->nr_ranges && nr_sizes)
			return config_bad(load, node_line(load, nid, "memory"),
					  "memory: node %u gives ranges where another gives a "
					  "size; write the same of all", nid);
		total += node->size;
		for (unsigned int i = 0; i < node->nr_ranges; i++)
			total = MAX(total, node->ranges[i].end);
		if (total > limit)
			return config_bad(load, node_line(load, nid, "memory"),
					  "memory: %s reaches %lluG, here it ends at %lluG",
					  config->arch->name,
					  (unsigned long long)(limit / SZ_1G),
					  (unsigned long long)DIV_ROUND_UP(total, SZ_1G));
	}
	if (!nr_sizes && !nr_ranges && load->e820->len && nr_present == 1)
		fill_single_node(load);
	else if (!nr_sizes && !nr_ranges)
		return config_bad(load, node_line(load, 0, "memory"),
				  "no node has memory: write for example memory = 4G");
	return 0;
}

/* Distances stand in order of the nodes that exist: give them their node ids. */
static int spread_distances(struct config_load *load, unsigned int nid)
{
	struct machine_config *config = load->config;
	u16 *d = config->nodes[nid].distances, given[MAX_NUMNODES];
	unsigned int nr = 0, used = 0, nr_present = 0;

	while (nr < MAX_NUMNODES && d[nr])
		nr++;
	if (!nr)
		return 0;
	memcpy(given, d, sizeof(given));
	memset(d, 0, sizeof(given));
	for (unsigned int to = 0; to < config->nr_nodes; to++) {
		if (!config->nodes[to].present)
			continue;
		nr_present++;
		if (used < nr)
			d[to] = given[used++];
	}
	if (nr != nr_present)
		return config_bad(load, node_line(load, nid, "distances"),
				  "distances: %u given for %u nodes: write one for each, "
				  "its own included", nr, nr_present);
	for (unsigned int to = 0; to < config->nr_nodes; to++) {
		if (to == nid && d[to] != 10)
			return config_bad(load, node_line(load, nid, "distances"),
					  "distances: node %u is at distance %u of itself; "
					  "it is always 10", nid, d[to]);
		if (to != nid && d[to] && (d[to] <= 10 || d[to] > 254))
			return config_bad(load, node_line(load, nid, "distances"),
					  "distances: %u to node %u: other nodes are at 11 "
					  "to 254", d[to], to);
	}
	return 0;
}

static int check_distances(struct config_load *load)
{
	struct machine_config *config = load->config;

	for (unsigned int nid = 0; nid < config->nr_nodes; nid++) {
		int err = spread_distances(load, nid);

		if (err)
			return err;
	}
	/* What one node leaves out, the way back says; else the kernel's default. */
	for (unsigned int a = 0; a < config->nr_nodes; a++) {
		for (unsigned int b = 0; b < config->nr_nodes; b++) {
			u16 *there = &config->nodes[a].distances[b];
			u16 back = config->nodes[b].distances[a];

			if (!*there && config->nodes[a].present && config->nodes[b].present)
				*there = a == b ? 10 : back ? back : 20;
		}
	}
	return 0;
}

/* The most pages that a node's zone could have; ~0 where boot lays memory out. */
static u64 zone_room(const struct config_load *load, const struct config_zone *zone)
{
	const struct config_node *node = &load->config->nodes[zone->node];
	u64 limit = load->config->arch->zone_end[zone->type];
	u64 pages = node->size >> PAGE_SHIFT;

	for (unsigned int i = 0; i < node->nr_ranges; i++)
		pages += PFN_UP(node->ranges[i].end) - PFN_DOWN(node->ranges[i].start);
	return limit && limit < pages ? limit : pages;
}

static int check_zones(struct config_load *load)
{
	const struct arch *arch = load->config->arch;

	for (unsigned int i = 0; i < load->zones->len; i++) {
		const struct config_zone *zone = &g_array_index(load->zones,
								struct config_zone, i);
		g_autofree char *section = g_strdup_printf("zone %u %s", zone->node,
							   zone_names[zone->type]);
		const u64 most = zone_room(load, zone);

		if (!load->config->nodes[zone->node].present)
			return config_bad(load, line_of(load, section, NULL),
					  "[%s]: there is no node %u", section, zone->node);
		if (!(arch->zones >> zone->type & 1))
			return config_bad(load, line_of(load, section, NULL),
					  "[%s]: %s has no zone %s", section, arch->name,
					  zone_names[zone->type]);
		if (zone->type == ZONE_DEVICE)
			return config_bad(load, line_of(load, section, NULL),
					  "[%s]: zone Device has no pages at boot", section);
		if (zone->managed > most)
			return config_bad(load, line_of(load, section, "managed"),
					  "managed: %llu pages, but the zone can have at most "
					  "%llu", (unsigned long long)zone->managed,
					  (unsigned long long)most);
		if (zone->late > most - zone->managed || (zone->late && !zone->has_managed))
			return config_bad(load, line_of(load, section, "late"),
					  "late: %llu pages beside those of `managed', but the zone "
					  "can have at most %llu", (unsigned long long)zone->late,
					  (unsigned long long)most);
		if (zone->early > most)
			return config_bad(load, line_of(load, section, "early"),
					  "early: %llu pages, but the zone can have at most "
					  "%llu", (unsigned long long)zone->early,
					  (unsigned long long)most);
	}
	return 0;
}

static int check_reserves(struct config_load *load)
{
	const u64 limit = load->config->arch->max_pfn << PAGE_SHIFT;

	for (unsigned int i = 0; i < load->reserves->len; i++) {
		const struct config_reserve *r = &g_array_index(load->reserves,
								struct config_reserve, i);

		if (r->range.end > limit)
			return config_bad(load, line_of(load, "reserve", r->name),
					  "%s: the range ends at %lluG, above the %lluG of %s",
					  r->name,
					  (unsigned long long)DIV_ROUND_UP(r->range.end, SZ_1G),
					  (unsigned long long)(limit / SZ_1G),
					  load->config->arch->name);
	}
	return 0;
}

static int check_swaps(struct config_load *load)
{
	for (unsigned int i = 0; i < load->swaps->len; i++) {
		const struct config_swap *swap = &g_array_index(load->swaps,
								struct config_swap, i);
		g_autofree char *section = g_strdup_printf("swap %u", swap->id);
		bool zram;

		if (!swap->size)
			return config_bad(load, line_of(load, section, NULL),
					  "[%s] has no size: write for example size = 512M",
					  section);
		zram = !strncmp(swap->path, "/dev/zram", 9);
		if (swap->model.given && zram)
			return config_bad(load, line_of(load, section, "path"),
					  "[%s] is zram, which is as quick as the CPU: take out its "
					  "latencies, bandwidth and queue_depth, or set compress_page "
					  "of [cost]", section);
		if (swap->compressed && !zram)
			return config_bad(load, line_of(load, section, "compressed"),
					  "[%s] is no zram, which alone has compressed: write for "
					  "example path = /dev/zram0", section);
	}
	return 0;
}

/* A link leads to a file that is none. */
static int check_link(struct config_load *load, const struct config_file *file,
		      const char *section)
{
	const struct config_line *line = line_of(load, section, "link");

	if (file->host || config_text_find(&load->text, section, "size"))
		return config_bad(load, line, "[%s] is a link: it has no size and no host path "
				  "of its own", section);
	for (unsigned int i = 0; i < load->files->len; i++) {
		const struct config_file *to = &g_array_index(load->files, struct config_file, i);

		if (!strcmp(to->path, file->link) && !to->link)
			return 0;
	}
	return config_bad(load, line, "'%s' is no [file] that a link may lead to", file->link);
}

static int check_files(struct config_load *load)
{
	for (unsigned int i = 0; i < load->files->len; i++) {
		struct config_file *file = &g_array_index(load->files, struct config_file, i);
		g_autofree char *section = g_strdup_printf("file %s", file->path);
		bool sized = config_text_find(&load->text, section, "size");
		u64 size;
		int err;

		if (file->link) {
			err = check_link(load, file, section);
			if (err)
				return err;
			continue;
		}
		if (!file->host && !sized)
			return config_bad(load, line_of(load, section, NULL),
					  "[%s] has neither a size nor a host path", section);
		if (!file->host)
			continue;
		err = program_read_host(file->host, load->config->arch->bits, &file->program,
					&size);
		if (err)
			return config_bad(load, line_of(load, section, "host"),
					  "'%s' cannot be read: %s", file->host,
					  g_strerror(-err));
		if (!sized)
			file->size = size;
	}
	return 0;
}

int config_check(struct config_load *load)
{
	static int (*const checks[])(struct config_load *load) = {
		check_nodes, check_cpus, check_options, check_e820, check_ranges, check_memory,
		check_distances, check_zones, check_reserves, check_swaps, check_files,
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(checks); i++) {
		int err = checks[i](load);

		if (err)
			return err;
	}
	return 0;
}
