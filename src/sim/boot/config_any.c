/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sections of a machine file whose keys are not rows of config_rows.c: ranges, names of
 * options, of parts of the image, of costs.
 */
#include "sim/boot/config_load.h"

/* An hour of virtual time for one operation. */
#define MAX_COST_NS 3600000000000ULL

enum option_kind { OPTION_BOOL, OPTION_INT, OPTION_WORD };

static const struct option {
	const char *name;
	enum option_kind kind;
	unsigned int least, most;	/* of OPTION_INT */
} options[] = {
#define OPTION_NUMBER(least, most) OPTION_INT, least, most
#define OPTION(name, kind, v6_1, v6_18, v686, help) { #name, OPTION_##kind },
#include "sim/boot/config_options.def"
#undef OPTION
#undef OPTION_NUMBER
};

/* What an option takes where its kind does not say it. */
static const struct option_words {
	const char *option, *words[3], *why;
} option_words[] = {
	{ "LEGACY_VSYSCALL", { "none", "xonly" }, "it is none or xonly" },
	{ "TRANSPARENT_HUGEPAGE", { "always", "madvise", "never" },
	  "it is always, madvise or never" },
};

static const char *const image_ranges[] = { "code", "rodata", "data", "bss" };
static const char *const image_sizes[] = {
	"init", "decrypted", "text_rodata_gap", "rodata_data_gap", "smp_alternatives",
	"initrd", "log_code", "log_rwdata", "log_rodata", "log_init", "log_bss",
};

static const char *const e820_names[][3] = {
	[E820_USABLE] = { "usable" },
	[E820_RESERVED] = { "reserved" },
	[E820_ACPI] = { "ACPI data", "acpi" },
	[E820_NVS] = { "ACPI NVS", "nvs" },
	[E820_UNUSABLE] = { "unusable" },
	[E820_PMEM] = { "persistent", "persistent (type 7)", "persistent (type 12)" },
	[E820_SOFT_RESERVED] = { "soft reserved" },
};

int config_bad_value(struct config_load *load, const char *value, const char *why)
{
	return config_bad(load, load->line, "%s: '%s': %s", load->line->key, value, why);
}

int config_any_e820(struct config_load *load, const char *key, const char *value)
{
	struct phys_range *ranges;
	const char *why;
	unsigned int nr = config_value_ranges(key, &ranges, &why);

	if (!nr)
		return config_bad(load, load->line, "'%s': %s", key, why);
	for (unsigned int type = 0; type < E820_TYPES; type++) {
		for (unsigned int i = 0; i < 3 && e820_names[type][i]; i++) {
			struct config_e820 entry = { ranges[0], type };

			if (g_ascii_strcasecmp(value, e820_names[type][i]))
				continue;
			g_array_append_val(load->e820, entry);
			g_free(ranges);
			return nr == 1 ? 0 : config_bad(load, load->line,
							"'%s': one range on a line", key);
		}
	}
	g_free(ranges);
	return config_bad_value(load, value,
			 "the types are usable, reserved, ACPI data, ACPI NVS, unusable, "
			 "persistent and soft reserved");
}

int config_any_reserve(struct config_load *load, const char *key, const char *value)
{
	struct phys_range *ranges;
	const char *why;
	unsigned int nr = config_value_ranges(value, &ranges, &why);

	if (!nr)
		return config_bad_value(load, value, why);
	for (unsigned int i = 0; i < nr; i++) {
		struct config_reserve reserve = { g_strdup(key), ranges[i] };

		g_array_append_val(load->reserves, reserve);
	}
	g_free(ranges);
	return 0;
}

static void add_pair(GArray *array, const char *key, const char *value)
{
	struct config_key pair = { g_strdup(key), g_strdup(value) };

	g_array_append_val(array, pair);
}

/* Why an option cannot have this word; NULL if it can. */
static const char *wrong_word(const char *option, const char *value)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(option_words); i++) {
		const struct option_words *row = &option_words[i];

		if (strcmp(option, row->option))
			continue;
		for (unsigned int w = 0; w < ARRAY_SIZE(row->words); w++)
			if (row->words[w] && !strcmp(value, row->words[w]))
				return NULL;
		return row->why;
	}
	return NULL;
}

/* y and n have several names: *value becomes one of the two. */
static int check_option(struct config_load *load, const struct option *option,
			const char **value)
{
	const char *why = NULL;
	bool yes;
	u64 n;

	switch (option->kind) {
	case OPTION_BOOL:
		if (!config_value_bool(*value, &yes, &why))
			return config_bad_value(load, *value, why);
		*value = yes ? "y" : "n";
		return 0;
	case OPTION_INT:
		if (!config_value_u64(*value, &n, &why))
			return config_bad_value(load, *value, why);
		if (n >= option->least && n <= option->most)
			return 0;
		return config_bad(load, load->line, "%s: '%s': it lies between %u and %u",
				  option->name, *value, option->least, option->most);
	case OPTION_WORD:
		why = wrong_word(option->name, *value);
	}
	return why ? config_bad_value(load, *value, why) : 0;
}

int config_any_config(struct config_load *load, const char *key, const char *value)
{
	GString *names;
	int err;

	for (unsigned int i = 0; i < ARRAY_SIZE(options); i++) {
		if (strcmp(key, options[i].name))
			continue;
		err = check_option(load, &options[i], &value);
		if (!err)
			add_pair(load->keys, key, value);
		return err;
	}
	names = g_string_new(NULL);
	for (unsigned int i = 0; i < ARRAY_SIZE(options); i++)
		g_string_append_printf(names, " %s", options[i].name);
	err = config_bad(load, load->line, "'%s' is not a key of [config]; its keys:%s", key,
			 names->str);
	g_string_free(names, TRUE);
	return err;
}

int config_any_sysctl(struct config_load *load, const char *key, const char *value)
{
	static const char form[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";
	g_auto(GStrv) parts = g_strsplit(key, ".", -1);

	for (char **part = parts; *part; part++) {
		if (!**part || (*part)[strspn(*part, form)] || !parts[1])
			return config_bad(load, load->line,
					  "'%s' is not a sysctl: write for example "
					  "vm.swappiness = 10", key);
	}
	if (!*value)
		return config_bad_value(load, value, "a sysctl needs a value");
	add_pair(load->sysctls, key, value);
	return 0;
}

/* Which caches there are is known when the machine boots: other names do nothing. */
int config_any_slab(struct config_load *load, const char *key, const char *value)
{
	const char *why;
	u64 bytes;

	if (!config_value_u64(value, &bytes, &why))
		return config_bad_value(load, value, why);
	if (!bytes || bytes > 65536)
		return config_bad_value(load, value, "an object has 1 to 65536 bytes");
	if (g_str_has_prefix(key, "kmem_cache") || strstr(key, "kmalloc-"))
		return config_bad(load, load->line, "the objects of %s are what its name says", key);
	add_pair(load->slabs, key, value);
	return 0;
}

int config_any_image(struct config_load *load, const char *key, const char *value)
{
	struct phys_range *ranges;
	const char *why;
	GString *names;
	u64 bytes;
	int err;

	for (unsigned int i = 0; i < ARRAY_SIZE(image_ranges); i++) {
		unsigned int nr;

		if (strcmp(key, image_ranges[i]))
			continue;
		nr = config_value_ranges(value, &ranges, &why);
		if (nr)
			g_free(ranges);
		if (nr != 1)
			return config_bad_value(load, value, nr ? "it is one range" : why);
		add_pair(load->image, key, value);
		return 0;
	}
	for (unsigned int i = 0; i < ARRAY_SIZE(image_sizes); i++) {
		if (strcmp(key, image_sizes[i]))
			continue;
		if (!config_value_size(value, &bytes, &why))
			return config_bad_value(load, value, why);
		add_pair(load->image, key, value);
		return 0;
	}
	names = g_string_new(NULL);
	for (unsigned int i = 0; i < ARRAY_SIZE(image_ranges); i++)
		g_string_append_printf(names, " %s", image_ranges[i]);
	for (unsigned int i = 0; i < ARRAY_SIZE(image_sizes); i++)
		g_string_append_printf(names, " %s", image_sizes[i]);
	err = config_bad(load, load->line, "'%s' is not a key of [image]; its keys:%s", key,
			 names->str);
	g_string_free(names, TRUE);
	return err;
}

int config_any_cost(struct config_load *load, const char *key, const char *value)
{
	GString *names;
	const char *why;
	int err;

	for (unsigned int i = COST_NONE + 1; i < NR_COSTS; i++) {
		if (strcmp(key, cost_names[i]))
			continue;
		if (!config_value_u64(value, &load->config->cost[i], &why))
			return config_bad_value(load, value, why);
		if (load->config->cost[i] > MAX_COST_NS)
			return config_bad_value(load, value, "it is at most an hour, in ns");
		return 0;
	}
	names = g_string_new(NULL);
	for (unsigned int i = COST_NONE + 1; i < NR_COSTS; i++)
		g_string_append_printf(names, " %s", cost_names[i]);
	err = config_bad(load, load->line, "'%s' is not a key of [cost]; its keys:%s", key,
			 names->str);
	g_string_free(names, TRUE);
	return err;
}
