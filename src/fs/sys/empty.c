// SPDX-License-Identifier: GPL-2.0-or-later
/* Directories that tools list and that are empty here, and one parameter. */
#include "fs/core/figures.h"

static int zswap_enabled_show(struct out *out, const struct view *v)
{
	(void)v;
	out_puts(out, "N\n");
	return 0;
}

static bool zswap_visible(const struct view *v, const struct entry *entry)
{
	(void)entry;
	return option_on(v->m, "ZSWAP");
}

static const struct dir empty_dir = { .nr_entries = 0 };

#define EMPTY(file, perm) \
	{ .name = (file), .mode = S_IFDIR | (perm), .span = ALL, .dir = &empty_dir }

static const struct entry sys_entries[] = { EMPTY("block", 0755), EMPTY("class", 0755) };
static const struct entry bus_entries[] = {
	EMPTY("cpu", 0755), EMPTY("memory", 0755), EMPTY("node", 0755),
};
static const struct entry kernel_entries[] = { EMPTY("tracing", 0700) };
static const struct entry fs_entries[] = { EMPTY("cgroup", 0755) };
static const struct entry zswap_entries[] = {
	{ .name = "enabled", .mode = S_IFREG | 0644, .span = ALL, .show = zswap_enabled_show },
};
static const struct dir zswap_dir = { DIR_FILES(zswap_entries) };
static const struct entry zswap_module_entries[] = {
	{ .name = "parameters", .mode = S_IFDIR | 0755, .span = ALL, .dir = &zswap_dir },
};
static const struct dir zswap_module_dir = { DIR_FILES(zswap_module_entries) };
static const struct entry module_entries[] = {
	{ .name = "zswap", .mode = S_IFDIR | 0755, .span = ALL, .dir = &zswap_module_dir },
};

static const struct dir sys_dir = { DIR_FILES(sys_entries) };
static const struct dir bus_dir = { DIR_FILES(bus_entries) };
static const struct dir kernel_dir = { DIR_FILES(kernel_entries) };
static const struct dir fs_dir = { DIR_FILES(fs_entries) };
static const struct dir module_dir = { DIR_FILES(module_entries), .visible = zswap_visible };

TREE_PARTS(empty_parts,
	   { "sys", &sys_dir },
	   { "sys/bus", &bus_dir },
	   { "sys/fs", &fs_dir },
	   { "sys/kernel", &kernel_dir },
	   { "sys/module", &module_dir });
