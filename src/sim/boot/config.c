/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reading a machine file: scan its lines (config_text.c), apply --set, hand the
 * effective text to GKeyFile, read each key by its row (config_rows.c), then check
 * what keys mean together (config_check.c).
 */
#include "sim/boot/config_load.h"

#include <errno.h>
#include <stdio.h>

#include "sim/boot/program.h"

const char *const cost_names[NR_COSTS] = {
#define COST(id, name, ns) [COST_##id] = name,
#include "sim/boot/cost.def"
#undef COST
};

static const u64 cost_defaults[NR_COSTS] = {
#define COST(id, name, ns) [COST_##id] = ns,
#include "sim/boot/cost.def"
#undef COST
};

#define MAX_FILE_BYTES (16 * SZ_1M)

int config_bad(struct config_load *load, const struct config_line *line, const char *fmt, ...)
{
	g_autofree char *where = config_text_where(&load->text, line);
	g_autofree char *reason = NULL;
	va_list args;

	va_start(args, fmt);
	reason = g_strdup_vprintf(fmt, args);
	va_end(args);
	*load->error = g_strconcat(where, reason, NULL);
	return -EINVAL;
}

static int read_lines(struct config_load *load, GKeyFile *file)
{
	for (unsigned int i = 0; i < load->text.lines->len; i++) {
		g_autofree char *value = NULL;
		int err = 0;

		load->line = g_ptr_array_index(load->text.lines, i);
		if (load->line->kind == CONFIG_SECTION)
			err = config_open_section(load);
		if (load->line->kind == CONFIG_KEY) {
			value = g_key_file_get_value(file, load->line->section,
						     load->line->key, NULL);
			if (!value)
				value = g_strdup("");
			err = config_set_key(load, value);
		}
		if (err)
			return err;
	}
	return 0;
}

static int read_text(struct config_load *load)
{
	GKeyFile *file = g_key_file_new();
	GError *error = NULL;
	const char *text = load->config->text;
	int err;

	if (g_key_file_load_from_data(file, text, strlen(text), G_KEY_FILE_NONE, &error))
		err = read_lines(load, file);
	else
		err = config_bad(load, NULL, "%s", error->message);
	g_clear_error(&error);
	g_key_file_free(file);
	return err;
}

static void load_init(struct config_load *load, char **error)
{
	*load = (struct config_load){ .error = error };
	load->config = g_new0(struct machine_config, 1);
	load->config->arch = arch_find("x86_64");
	load->config->release = R_6_18;
	load->config->seed = 1;
	load->config->boot_time = DEFAULT_BOOT_TIME;
	memcpy(load->config->cost, cost_defaults, sizeof(cost_defaults));
	load->config->cmdline = g_strdup("transparent_hugepage=madvise");
	load->config->platform = g_strdup("pc");
	load->config->reclaim = g_strdup("classic");
	load->config->disk.name = g_strdup("nvme0n1");
	load->config->disk.size = 16ULL << 30;
	load->config->disk.model = config_file_disk;
	load->e820 = g_array_new(FALSE, TRUE, sizeof(struct config_e820));
	load->reserves = g_array_new(FALSE, TRUE, sizeof(struct config_reserve));
	load->zones = g_array_new(FALSE, TRUE, sizeof(struct config_zone));
	load->swaps = g_array_new(FALSE, TRUE, sizeof(struct config_swap));
	load->files = g_array_new(FALSE, TRUE, sizeof(struct config_file));
	load->keys = g_array_new(FALSE, TRUE, sizeof(struct config_key));
	load->image = g_array_new(FALSE, TRUE, sizeof(struct config_key));
	load->sysctls = g_array_new(FALSE, TRUE, sizeof(struct config_key));
	load->slabs = g_array_new(FALSE, TRUE, sizeof(struct config_key));
}

static void *take(GArray *array, unsigned int *nr)
{
	*nr = array->len;
	return g_array_free(array, FALSE);
}

/* Hand the arrays over to the config. */
static void load_finish(struct config_load *load)
{
	struct machine_config *config = load->config;

	config->e820 = take(load->e820, &config->nr_e820);
	config->reserves = take(load->reserves, &config->nr_reserves);
	config->zones = take(load->zones, &config->nr_zones);
	config->swaps = take(load->swaps, &config->nr_swaps);
	config->files = take(load->files, &config->nr_files);
	config->config = take(load->keys, &config->nr_config);
	config->image = take(load->image, &config->nr_image);
	config->sysctls = take(load->sysctls, &config->nr_sysctls);
	config->slabs = take(load->slabs, &config->nr_slabs);
	config_text_clear(&load->text);
}

int machine_config_parse(const char *name, const char *text, const char *const *sets,
			 struct machine_config **config, char **error)
{
	struct config_load load;
	int err;

	*config = NULL;
	*error = NULL;
	load_init(&load, error);
	load.config->name = g_strdup(name);
	err = config_text_scan(&load.text, name, text, error);
	for (unsigned int i = 0; !err && sets && sets[i]; i++)
		err = config_text_set(&load.text, sets[i], error);
	if (!err) {
		load.config->text = config_text_join(&load.text);
		err = read_text(&load);
	}
	if (!err)
		err = config_check(&load);
	load_finish(&load);
	if (err)
		machine_config_free(load.config);
	else
		*config = load.config;
	return err;
}

static const struct shipped_machine *find_shipped(const char *name)
{
	for (unsigned int i = 0; i < nr_shipped_machines; i++) {
		if (!strcmp(shipped_machines[i].name, name))
			return &shipped_machines[i];
	}
	return NULL;
}

static int no_file(const char *name, int err, char **error)
{
	GString *names = g_string_new(NULL);

	for (unsigned int i = 0; i < nr_shipped_machines; i++)
		g_string_append_printf(names, " %s", shipped_machines[i].name);
	if (err == -ENOENT)
		*error = g_strdup_printf("%s: there is no such file, and the shipped machines "
					 "are%s", name, names->str);
	else
		*error = g_strdup_printf("%s: cannot be read: %s", name, strerror(-err));
	g_string_free(names, TRUE);
	return err;
}

/* What the file holds, a NUL behind it; of one without an end a byte too many. */
static int read_file(const char *name, char **bytes, size_t *len)
{
	FILE *file = fopen(name, "re");
	int err = 0;

	if (!file)
		return -errno;
	*bytes = g_malloc(MAX_FILE_BYTES + 2);
	*len = fread(*bytes, 1, MAX_FILE_BYTES + 1, file);
	(*bytes)[*len] = '\0';
	if (ferror(file))
		err = -errno;
	fclose(file);
	if (err)
		g_free(*bytes);
	return err;
}

int machine_config_load(const char *name, const char *const *sets,
			struct machine_config **config, char **error)
{
	const struct shipped_machine *shipped = find_shipped(name);
	char *bytes = NULL;
	size_t len = 0;
	int err;

	if (shipped)
		return machine_config_parse(name, shipped->text, sets, config, error);
	*config = NULL;
	*error = NULL;
	err = read_file(name, &bytes, &len);
	if (err)
		return no_file(name, err, error);
	if (len > MAX_FILE_BYTES || strlen(bytes) != len) {
		*error = g_strdup_printf("%s: %s", name,
					 len > MAX_FILE_BYTES ? "larger than 16M" :
								"holds a byte 0: not a text");
		g_free(bytes);
		return -EINVAL;
	}
	err = machine_config_parse(name, bytes, sets, config, error);
	g_free(bytes);
	return err;
}

static void free_pairs(struct config_key *pairs, unsigned int nr)
{
	for (unsigned int i = 0; i < nr; i++) {
		g_free(pairs[i].name);
		g_free(pairs[i].value);
	}
	g_free(pairs);
}

void machine_config_free(struct machine_config *config)
{
	if (!config)
		return;
	for (unsigned int nid = 0; nid < MAX_NUMNODES; nid++)
		g_free(config->nodes[nid].ranges);
	for (unsigned int i = 0; i < config->nr_reserves; i++)
		g_free(config->reserves[i].name);
	for (unsigned int i = 0; i < config->nr_files; i++) {
		g_free(config->files[i].path);
		g_free(config->files[i].host);
		g_free(config->files[i].link);
		program_free_host(config->files[i].program);
	}
	free_pairs(config->config, config->nr_config);
	free_pairs(config->image, config->nr_image);
	free_pairs(config->sysctls, config->nr_sysctls);
	free_pairs(config->slabs, config->nr_slabs);
	g_free(config->e820);
	g_free(config->reserves);
	g_free(config->zones);
	for (unsigned int i = 0; i < config->nr_swaps; i++)
		g_free(config->swaps[i].path);
	g_free(config->swaps);
	g_free(config->files);
	g_free(config->name);
	g_free(config->cmdline);
	g_free(config->platform);
	g_free(config->reclaim);
	g_free(config->disk.name);
	g_free(config->version);
	g_free(config->text);
	g_free(config);
}

static const char *find_pair(const struct config_key *pairs, unsigned int nr,
			     const char *name)
{
	for (unsigned int i = 0; i < nr; i++) {
		if (!strcmp(pairs[i].name, name))
			return pairs[i].value;
	}
	return NULL;
}

const char *machine_config_get(const struct machine_config *config, const char *name)
{
	static const struct {
		const char *name, *value[NR_RELEASES], *value_686;
	} defaults[] = {
#define OPTION(name, kind, v6_1, v6_18, v686, help) { #name, { v6_1, v6_18 }, v686 },
#include "sim/boot/config_options.def"
#undef OPTION
	};
	const char *value = find_pair(config->config, config->nr_config, name);

	for (unsigned int i = 0; !value && i < ARRAY_SIZE(defaults); i++) {
		if (!strcmp(defaults[i].name, name))
			value = config->arch->bits == 32 ? defaults[i].value_686 :
							   defaults[i].value[config->release];
	}
	return value;
}

bool machine_config_bool(const struct machine_config *config, const char *name)
{
	const char *value = machine_config_get(config, name);

	return value && !strcmp(value, "y");
}

u64 machine_config_number(const struct machine_config *config, const char *name)
{
	const char *value = machine_config_get(config, name), *why;
	u64 number = 0;

	return value && config_value_u64(value, &number, &why) ? number : 0;
}

u64 machine_config_jiffy_ns(const struct machine_config *config)
{
	return 1000000000 / machine_config_number(config, "HZ");
}

const char *machine_config_image(const struct machine_config *config, const char *name)
{
	return find_pair(config->image, config->nr_image, name);
}

bool machine_config_image_size(const struct machine_config *config, const char *name,
			       u64 *bytes)
{
	const char *value = machine_config_image(config, name), *why;

	return value && config_value_size(value, bytes, &why);
}

bool machine_config_image_range(const struct machine_config *config, const char *name,
				struct phys_range *range)
{
	const char *value = machine_config_image(config, name), *why;
	struct phys_range *ranges;

	if (!value || !config_value_ranges(value, &ranges, &why))
		return false;
	*range = ranges[0];
	g_free(ranges);
	return true;
}
