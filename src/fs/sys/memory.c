// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * sys/devices/system/memory. All memory is online from the boot on; taking a
 * block offline is refused as the kernel refuses a block that it cannot empty.
 */
#include "fs/core/figures.h"
#include "fs/core/value.h"
#include "fs/sys/devices.h"

static const char *const online_types[] = {
	"offline", "online", "online_kernel", "online_movable",
};

static int auto_online_show(struct out *out, const struct view *v)
{
	out_printf(out, "%s\n", online_types[v->m->tunables->memhp_auto_online]);
	return 0;
}

static int auto_online_store(struct store *s, const struct view *v, const char *text)
{
	int type = sysfs_word(text, online_types, ARRAY_SIZE(online_types));

	(void)v;
	if (type < 0) {
		out_printf(s->sentence, "'%s' is none of offline, online, online_kernel, "
			   "online_movable", text);
		return type;
	}
	s->m->tunables->memhp_auto_online = type;
	return 0;
}

static int block_size_show(struct out *out, const struct view *v)
{
	out_printf(out, "%llx\n", (unsigned long long)memory_block_bytes(v->m));
	return 0;
}

static int phys_index_show(struct out *out, const struct view *v)
{
	out_printf(out, "%08x\n", v->id[V_BLOCK]);
	return 0;
}

static int go_offline(struct store *s, const struct view *v)
{
	if (!memory_block_zone(v->m, v->id[V_BLOCK])) {
		out_printf(s->sentence, "memory%u spans zones or nodes: it cannot go offline",
			   v->id[V_BLOCK]);
		return -EINVAL;
	}
	out_printf(s->sentence, "memory%u holds pages that are in use: moving them away is not "
		   "simulated yet", v->id[V_BLOCK]);
	return -EBUSY;
}

static int state_store(struct store *s, const struct view *v, const char *text)
{
	int type = sysfs_word(text, online_types, ARRAY_SIZE(online_types));

	if (!type)
		return go_offline(s, v);
	if (type > 0)
		out_printf(s->sentence, "memory%u is online already", v->id[V_BLOCK]);
	else
		out_printf(s->sentence, "'%s' is none of offline, online, online_kernel, "
			   "online_movable", text);
	return -EINVAL;
}

static int online_store(struct store *s, const struct view *v, const char *text)
{
	bool online;
	int err = sysfs_bool(text, &online);

	if (err)
		out_printf(s->sentence, "'%s' is neither 0 nor 1", text);
	else if (!online)
		err = go_offline(s, v);
	return err;
}

static int valid_zones_show(struct out *out, const struct view *v)
{
	const struct zone *zone = memory_block_zone(v->m, v->id[V_BLOCK]);

	out_printf(out, "%s\n", zone ? zone->name : "none");
	return 0;
}

static bool block_node_next(const struct view *v, u32 *nid)
{
	for (; node_next(v, nid); ++*nid)
		if (memory_block_on_node(v->m, v->id[V_BLOCK], *nid))
			return true;
	return false;
}

static bool block_node_find(const struct view *v, const char *name, u32 *nid)
{
	return node_find(v, name, nid) && memory_block_on_node(v->m, v->id[V_BLOCK], *nid);
}

static int block_node_show(struct out *out, const struct view *v)
{
	out_printf(out, "../../node/node%u", v->id[V_NODE]);
	return 0;
}

static const struct each block_each[] = {
	{ .entry = LINK_ROW("node<N>", block_node_show),
	  .slot = V_NODE, .next = block_node_next, .name = node_name,
	  .find = block_node_find },
};

static const struct entry block_entries[] = {
	{ .name = "online", .mode = S_IFREG | 0644, .span = ALL, .show = fixed_text_show,
	  .store = online_store, .text = "1\n" },
	TEXT_ROW("phys_device", 0444, "0\n"),
	FILE_ROW("phys_index", 0444, phys_index_show),
	TEXT_ROW("removable", 0444, "1\n"),
	{ .name = "state", .mode = S_IFREG | 0644, .span = ALL, .show = fixed_text_show,
	  .store = state_store, .text = "online\n" },
	LINK_TEXT_ROW("subsystem", "../../../../bus/memory"),
	FILE_ROW("valid_zones", 0444, valid_zones_show),
};

static const struct dir block_dir = { DIR_FILES(block_entries), DIR_EACH(block_each) };

static const struct each memory_each[] = {
	{ .entry = DIR_ROW("memory<N>", 0755, &block_dir),
	  .slot = V_BLOCK, .next = memory_block_next, .name = memory_block_name,
	  .find = memory_block_find },
};

static const struct entry memory_entries[] = {
	{ .name = "auto_online_blocks", .mode = S_IFREG | 0644, .span = ALL,
	  .show = auto_online_show, .store = auto_online_store },
	FILE_ROW("block_size_bytes", 0444, block_size_show),
	{ .name = "crash_hotplug", .mode = S_IFREG | 0444, .span = SINCE(R_6_18),
	  .show = fixed_text_show, .text = "0\n" },
};

static const struct dir memory_dir = { DIR_FILES(memory_entries), DIR_EACH(memory_each) };

static bool memory_visible(const struct view *v, const struct entry *entry)
{
	(void)entry;
	return option_on(v->m, "MEMORY_HOTPLUG");
}

static const struct entry system_entries[] = {
	DIR_ROW("memory", 0755, &memory_dir),
};

static const struct dir system_dir = { DIR_FILES(system_entries), .visible = memory_visible };

TREE_PARTS(memory_parts, { "sys/devices/system", &system_dir });
