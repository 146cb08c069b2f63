/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a machine file may say, as rows: each section with its keys, each key with
 * the function that reads its value. Sections whose keys are free (ranges, names)
 * have one function for any key instead (config_any.c). The tables stand at the bottom.
 */
#include "sim/boot/config_load.h"

#define MAX_BOOT_TIME 253402300799ULL	/* the last second of the year 9999 */

struct section_row {
	const char *word;	/* "node" */
	const char *form;	/* "[node N]": for messages */
	/* What stands behind the word ("" if nothing); sets load->at. */
	int (*open)(struct config_load *load, const char *rest);
	const struct key_row *keys;
	unsigned int nr_keys;
	int (*any)(struct config_load *load, const char *key, const char *value);
};

/* The element that the section describes. */
static struct config_node *this_node(struct config_load *load)
{
	return &load->config->nodes[load->at];
}

static struct config_zone *this_zone(struct config_load *load)
{
	return &g_array_index(load->zones, struct config_zone, load->at);
}

static struct config_file *this_file(struct config_load *load)
{
	return &g_array_index(load->files, struct config_file, load->at);
}

/* [machine] */

static int set_arch(struct config_load *load, const char *value)
{
	GString *names;
	int err;

	load->config->arch = arch_find(value);
	if (load->config->arch)
		return 0;
	names = g_string_new(NULL);
	for (unsigned int i = 0; i < nr_archs; i++)
		g_string_append_printf(names, " %s", archs[i]->name);
	err = config_bad(load, load->line, "arch: '%s' is none of%s", value, names->str);
	g_string_free(names, TRUE);
	return err;
}

static int set_release(struct config_load *load, const char *value)
{
	GString *names;
	int err;

	if (!release_parse(value, &load->config->release))
		return 0;
	names = g_string_new(NULL);
	for (unsigned int r = 0; r < NR_RELEASES; r++)
		g_string_append_printf(names, " %s", release_name(r));
	err = config_bad(load, load->line, "release: '%s' is none of%s", value, names->str);
	g_string_free(names, TRUE);
	return err;
}

static int set_cmdline(struct config_load *load, const char *value)
{
	/* COMMAND_LINE_SIZE of x86 is 2048 with the NUL. */
	if (strlen(value) > 2047)
		return config_bad(load, load->line,
				  "cmdline: %zu characters; a kernel takes at most 2047",
				  strlen(value));
	return config_set_text(&load->config->cmdline, value);
}

static int set_seed(struct config_load *load, const char *value)
{
	const char *why;

	if (!config_value_u64(value, &load->config->seed, &why))
		return config_bad_value(load, value, why);
	return 0;
}

static int set_platform(struct config_load *load, const char *value)
{
	if (strcmp(value, "pc") && strcmp(value, "q35"))
		return config_bad_value(load, value, "the platforms are pc and q35");
	return config_set_text(&load->config->platform, value);
}

static int set_reclaim(struct config_load *load, const char *value)
{
	static const char *const names[] = { "classic", "lru", "fifo", "clock" };

	for (unsigned int i = 0; i < ARRAY_SIZE(names); i++)
		if (!strcmp(value, names[i]))
			return config_set_text(&load->config->reclaim, value);
	return config_bad_value(load, value, "the policies are classic, lru, fifo and clock");
}

static int set_version(struct config_load *load, const char *value)
{
	return config_set_text(&load->config->version, value);
}

static int set_count(struct config_load *load, const char *value, unsigned int *count)
{
	const char *why;
	u64 n;

	if (!config_value_u64(value, &n, &why))
		return config_bad_value(load, value, why);
	if (!n || n > MAX_CPUS)
		return config_bad_value(load, value, "at most 512 CPUs are simulated");
	*count = (unsigned int)n;
	return 0;
}

static int set_present_cpus(struct config_load *load, const char *value)
{
	return set_count(load, value, &load->config->present_cpus);
}

static int set_possible_cpus(struct config_load *load, const char *value)
{
	return set_count(load, value, &load->config->possible_cpus);
}

static int set_clock(struct config_load *load, const char *value)
{
	if (strcmp(value, "virtual") && strcmp(value, "real"))
		return config_bad_value(load, value, "the clocks are virtual and real");
	load->config->clock_real = !strcmp(value, "real");
	return 0;
}

static int set_boot_time(struct config_load *load, const char *value)
{
	const char *why;

	if (!config_value_u64(value, &load->config->boot_time, &why))
		return config_bad_value(load, value, why);
	if (load->config->boot_time > MAX_BOOT_TIME)
		return config_bad_value(load, value,
					"seconds since 1970, as `date +%s` prints them, till the year 9999");
	return 0;
}

/* [node N] */

static int set_cpus(struct config_load *load, const char *value)
{
	struct config_node *node = this_node(load);
	const char *why;

	memset(node->cpus, 0, sizeof(node->cpus));
	if (!config_value_list(value, node->cpus, MAX_CPUS, &why))
		return config_bad_value(load, value, why);
	return 0;
}

static int set_memory(struct config_load *load, const char *value)
{
	struct config_node *node = this_node(load);
	const char *why;

	if (!*value)
		return 0;	/* a node without memory */
	if (strchr(value, '-')) {
		node->nr_ranges = config_value_ranges(value, &node->ranges, &why);
		return node->nr_ranges ? 0 : config_bad_value(load, value, why);
	}
	if (!config_value_size(value, &node->size, &why))
		return config_bad(load, load->line,
				  "memory: '%s': %s; ranges look like 0x100000-0x7fffffff",
				  value, why);
	if (!IS_ALIGNED(node->size, PAGE_SIZE))
		return config_bad_value(load, value, "memory comes in whole pages of 4K");
	if (node->size >= CONFIG_ADDR_END)
		return config_bad_value(load, value, "addresses have at most 52 bits");
	return 0;
}

static int set_distances(struct config_load *load, const char *value)
{
	struct config_node *node = this_node(load);
	unsigned int nr;
	const char *why;

	/* As they stand: config_check() spreads them over the nodes that exist. */
	memset(node->distances, 0, sizeof(node->distances));
	if (!config_value_u16s(value, node->distances, MAX_NUMNODES, &nr, &why))
		return config_bad_value(load, value, why);
	for (unsigned int i = 0; i < nr; i++) {
		if (!node->distances[i])
			return config_bad_value(load, value, "no distance is 0");
	}
	return 0;
}

/* [zone N NAME] */

static int set_pages(struct config_load *load, const char *value, u64 *pages, bool *has)
{
	const char *why;

	if (!config_value_u64(value, pages, &why))
		return config_bad(load, load->line, "%s: '%s': %s; the unit is pages",
				  load->line->key, value, why);
	*has = true;
	return 0;
}

static int set_managed(struct config_load *load, const char *value)
{
	struct config_zone *zone = this_zone(load);

	return set_pages(load, value, &zone->managed, &zone->has_managed);
}

static int set_early(struct config_load *load, const char *value)
{
	struct config_zone *zone = this_zone(load);

	return set_pages(load, value, &zone->early, &zone->has_early);
}

static int set_late(struct config_load *load, const char *value)
{
	bool has;

	return set_pages(load, value, &this_zone(load)->late, &has);
}

/* [file /path] */

static int set_file_size(struct config_load *load, const char *value)
{
	const char *why;

	if (!config_value_size(value, &this_file(load)->size, &why))
		return config_bad_value(load, value, why);
	if (this_file(load)->size > INT64_MAX)
		return config_bad_value(load, value, "a file has at most 8E-1 bytes");
	return 0;
}

static int set_file_host(struct config_load *load, const char *value)
{
	return config_set_text(&this_file(load)->host, value);
}

static int set_file_link(struct config_load *load, const char *value)
{
	return config_set_text(&this_file(load)->link, value);
}

/* What stands behind a section's word. */

static int open_bare(struct config_load *load, const char *rest)
{
	if (*rest)
		return config_bad(load, load->line, "[%s]: nothing goes behind the name",
				  load->line->section);
	return 0;
}

bool config_plain_number(const char *text, u64 limit, u64 *n)
{
	char canonical[24];
	const char *why;

	if (!config_value_u64(text, n, &why) || *n >= limit)
		return false;
	g_snprintf(canonical, sizeof(canonical), "%" G_GUINT64_FORMAT, (guint64)*n);
	return !strcmp(canonical, text);
}

static int open_node(struct config_load *load, const char *rest)
{
	u64 id;

	if (!config_plain_number(rest, MAX_NUMNODES, &id))
		return config_bad(load, load->line,
				  "[%s]: write [node N] with N from 0 to %d: at most %d nodes "
				  "are simulated",
				  load->line->section, MAX_NUMNODES - 1, MAX_NUMNODES);
	load->at = (unsigned int)id;
	this_node(load)->present = true;
	return 0;
}

static int open_zone(struct config_load *load, const char *rest)
{
	g_auto(GStrv) words = g_strsplit(rest, " ", -1);
	struct config_zone zone = { 0 };
	u64 id;

	if (g_strv_length(words) != 2 || !config_plain_number(words[0], MAX_NUMNODES, &id))
		return config_bad(load, load->line,
				  "[%s]: write [zone N NAME], for example [zone 0 DMA32]",
				  load->line->section);
	zone.node = (u16)id;
	for (unsigned int type = 0; type < MAX_NR_ZONES; type++) {
		if (strcmp(words[1], zone_names[type]))
			continue;
		zone.type = type;
		load->at = load->zones->len;
		g_array_append_val(load->zones, zone);
		return 0;
	}
	return config_bad(load, load->line,
			  "[%s]: '%s' is not a zone: DMA, DMA32, Normal, HighMem or Movable",
			  load->line->section, words[1]);
}

static int open_file(struct config_load *load, const char *rest)
{
	struct config_file file = { 0 };

	if (*rest != '/')
		return config_bad(load, load->line,
				  "[%s]: write [file /PATH], with the path from the root",
				  load->line->section);
	file.path = g_strdup(rest);
	load->at = load->files->len;
	g_array_append_val(load->files, file);
	return 0;
}

static const struct key_row machine_keys[] = {
	{ "arch", set_arch },
	{ "release", set_release },
	{ "cmdline", set_cmdline, .raw = true },
	{ "seed", set_seed },
	{ "platform", set_platform },
	{ "reclaim", set_reclaim },
	{ "version", set_version },
	{ "clock", set_clock },
	{ "boot_time", set_boot_time },
	{ "present_cpus", set_present_cpus },
	{ "possible_cpus", set_possible_cpus },
};

static const struct key_row node_keys[] = {
	{ "cpus", set_cpus },
	{ "memory", set_memory },
	{ "distances", set_distances },
};

static const struct key_row zone_keys[] = {
	{ "managed", set_managed },
	{ "early", set_early },
	{ "late", set_late },
};

static const struct key_row file_keys[] = {
	{ "size", set_file_size },
	{ "host", set_file_host },
	{ "link", set_file_link },
};

#define KEYS(rows) .keys = (rows), .nr_keys = ARRAY_SIZE(rows)

static const struct section_row sections[] = {
	{ "machine", "[machine]", open_bare, KEYS(machine_keys) },
	{ "config", "[config]", open_bare, .any = config_any_config },
	{ "image", "[image]", open_bare, .any = config_any_image },
	{ "cost", "[cost]", open_bare, .any = config_any_cost },
	{ "node", "[node N]", open_node, KEYS(node_keys) },
	{ "zone", "[zone N NAME]", open_zone, KEYS(zone_keys) },
	{ "e820", "[e820]", open_bare, .any = config_any_e820 },
	{ "reserve", "[reserve]", open_bare, .any = config_any_reserve },
	{ "sysctl", "[sysctl]", open_bare, .any = config_any_sysctl },
	{ "slab", "[slab]", open_bare, .any = config_any_slab },
	{ "swap", "[swap N]", config_open_swap, KEYS(config_swap_keys) },
	{ "disk", "[disk]", config_open_disk, KEYS(config_disk_keys) },
	{ "file", "[file /PATH]", open_file, KEYS(file_keys) },
};

/* The row of a section, with *rest behind its word; NULL if none. */
static const struct section_row *find_section(const char *section, const char **rest)
{
	size_t len = strcspn(section, " ");

	*rest = section[len] ? section + len + 1 : section + len;
	for (unsigned int i = 0; i < ARRAY_SIZE(sections); i++) {
		if (strlen(sections[i].word) == len && !strncmp(section, sections[i].word, len))
			return &sections[i];
	}
	return NULL;
}

int config_open_section(struct config_load *load)
{
	const char *rest;
	const struct section_row *row = find_section(load->line->section, &rest);
	GString *names;
	int err;

	if (row)
		return row->open(load, rest);
	names = g_string_new(NULL);
	for (unsigned int i = 0; i < ARRAY_SIZE(sections); i++)
		g_string_append_printf(names, " %s", sections[i].form);
	err = config_bad(load, load->line, "[%s] is not a section; there are%s",
			 load->line->section, names->str);
	g_string_free(names, TRUE);
	return err;
}

int config_set_key(struct config_load *load, char *value)
{
	const char *key = load->line->key, *rest;
	const struct section_row *row = find_section(load->line->section, &rest);
	GString *names;
	int err;

	if (row->any)
		return row->any(load, key, g_strchomp(value));
	for (unsigned int i = 0; i < row->nr_keys; i++) {
		if (!strcmp(key, row->keys[i].name))
			return row->keys[i].set(load, row->keys[i].raw ? value :
						      g_strchomp(value));
	}
	names = g_string_new(NULL);
	for (unsigned int i = 0; i < row->nr_keys; i++)
		g_string_append_printf(names, " %s", row->keys[i].name);
	err = config_bad(load, load->line, "'%s' is not a key of [%s]; its keys:%s", key,
			 load->line->section, names->str);
	g_string_free(names, TRUE);
	return err;
}
