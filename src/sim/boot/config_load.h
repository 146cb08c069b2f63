/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The private side of config.h: what is at hand while a machine file is read.
 * config.c drives, config_rows.c turns one key into one field, config_any.c reads the
 * sections with free keys, config_check.c looks across keys when all of them are known.
 */
#ifndef KMM_BOOT_CONFIG_LOAD_H
#define KMM_BOOT_CONFIG_LOAD_H

#include <glib.h>

#include "sim/boot/config_text.h"
#include "sim/boot/config_value.h"

struct config_load {
	struct machine_config *config;
	struct config_text text;
	char **error;
	const struct config_line *line;	/* the one that is being read */
	unsigned int at;	/* the element that its section describes */
	struct config_disk_model *disk_model;	/* of that element, in [disk] and [swap N] */
	/* The arrays of the config while they grow. */
	GArray *e820, *reserves, *zones, *swaps, *files, *keys, *image, *sysctls, *slabs;
};

/* A key, and the function that reads its value. */
typedef int (*set_fn)(struct config_load *load, const char *value);

struct key_row {
	const char *name;
	set_fn set;
	bool raw;		/* blanks at the end belong to the value */
};

/* config_disk.c: [disk] and [swap N] */
#define NR_CONFIG_DISK_KEYS 6
extern const struct key_row config_disk_keys[NR_CONFIG_DISK_KEYS];
#define NR_CONFIG_SWAP_KEYS 10
extern const struct key_row config_swap_keys[NR_CONFIG_SWAP_KEYS];
/* Their first lines. */
int config_open_disk(struct config_load *load, const char *rest) __must_check;
int config_open_swap(struct config_load *load, const char *rest) __must_check;
extern const struct config_disk_model config_file_disk;	/* [disk] without keys */
/* A number below `limit` as it is written without leading zeros (config_rows.c). */
bool config_plain_number(const char *text, u64 limit, u64 *n);

static inline int config_set_text(char **field, const char *value)
{
	g_free(*field);
	*field = g_strdup(value);
	return 0;
}

/* *error = where the line stands, and the sentence; returns -EINVAL. */
int config_bad(struct config_load *load, const struct config_line *line, const char *fmt,
	       ...) G_GNUC_PRINTF(3, 4);
/* The same of the line's value: "KEY: 'VALUE': why". */
int config_bad_value(struct config_load *load, const char *value, const char *why);

/* A section has begun: 0, or -EINVAL if there is no such section. */
int config_open_section(struct config_load *load) __must_check;
/* One key of the section that `load->line` stands in; may cut the value's end. */
int config_set_key(struct config_load *load, char *value) __must_check;

/* config_any.c: one line of a section with free keys. */
int config_any_e820(struct config_load *load, const char *key, const char *value) __must_check;
int config_any_reserve(struct config_load *load, const char *key, const char *value) __must_check;
int config_any_config(struct config_load *load, const char *key, const char *value) __must_check;
int config_any_sysctl(struct config_load *load, const char *key, const char *value) __must_check;
int config_any_slab(struct config_load *load, const char *key, const char *value) __must_check;
int config_any_image(struct config_load *load, const char *key, const char *value) __must_check;
int config_any_cost(struct config_load *load, const char *key, const char *value) __must_check;

/* Defaults that need the whole file, then everything that two keys can get wrong. */
int config_check(struct config_load *load) __must_check;

#endif
