// SPDX-License-Identifier: GPL-2.0-or-later
/* Directories that tools list and that are empty here, and one parameter. */
#include "fs/core/figures.h"

static bool zswap_visible(const struct view *v, const struct entry *entry)
{
	(void)entry;
	return option_on(v->m, "ZSWAP");
}

static const struct dir empty_dir = { .nr_entries = 0 };

static const struct entry top_entries[] = { DIR_ROW("sys", 0555, &empty_dir) };
static const struct entry sys_entries[] = {
	DIR_ROW("class", 0755, &empty_dir),
};
static const struct entry bus_entries[] = {
	DIR_ROW("cpu", 0755, &empty_dir), DIR_ROW("memory", 0755, &empty_dir),
	DIR_ROW("node", 0755, &empty_dir),
};
static const struct entry kernel_entries[] = {
	DIR_ROW("debug", 0700, &empty_dir), DIR_ROW("tracing", 0700, &empty_dir),
};
static const struct entry zswap_entries[] = {
	TEXT_ROW("enabled", 0644, "N\n"),
};
static const struct dir zswap_dir = { DIR_FILES(zswap_entries) };
static const struct entry zswap_module_entries[] = {
	DIR_ROW("parameters", 0755, &zswap_dir),
};
static const struct dir zswap_module_dir = { DIR_FILES(zswap_module_entries) };
static const struct entry module_entries[] = {
	DIR_ROW("zswap", 0755, &zswap_module_dir),
};

static const struct dir top_dir = { DIR_FILES(top_entries) };
static const struct dir sys_dir = { DIR_FILES(sys_entries) };
static const struct dir bus_dir = { DIR_FILES(bus_entries) };
static const struct dir kernel_dir = { DIR_FILES(kernel_entries) };
static const struct dir module_dir = { DIR_FILES(module_entries), .visible = zswap_visible };

TREE_PARTS(empty_parts,
	   { "", &top_dir },
	   { "sys", &sys_dir },
	   { "sys/bus", &bus_dir },
	   { "sys/kernel", &kernel_dir },
	   { "sys/module", &module_dir });
