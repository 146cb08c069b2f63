// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * sys/devices/system/memory: blocks that go off and on line by a write, and what goes on
 * line by itself; sys/module/memory_hotplug: into which zone.
 */
#include "fs/core/figures.h"
#include "fs/core/value.h"
#include "fs/sys/devices.h"
#include "sim/phys/dump_page.h"
#include "sim/phys/memory_hotplug.h"
#include "sim/virt/memory_failure.h"
#include "sim/virt/virt.h"

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

static const struct memory_block *block_of(const struct view *v)
{
	return memory_block_by_id(v->m, v->id[V_BLOCK]);
}

/* What moving pages, and threads of a node, may need of the host. */
static int secure(struct store *s, u32 id)
{
	u64 used = memory_block_used(s->m, id);
	struct virt_need need = {
		.pages = used + 64, .tables = 16,
		.objects = (u32)MIN(2 * used + 1024, UINT32_MAX / 2), .bytes = SZ_1M,
	};

	if (!virt_guarantee(s->m, &need))
		return 0;
	out_puts(s->sentence, "no host memory for what may have to move");
	return -ENOMEM;
}

static void say_failure(struct store *s, u32 id, const struct offline_failure *failure)
{
	if (!failure->reason)
		out_puts(s->sentence, "no host memory");
	else if (failure->pfn == ~0ULL)
		out_printf(s->sentence, "memory%u cannot go offline: %s", id, failure->reason);
	else
		out_printf(s->sentence, "memory%u cannot go offline: %s, page 0x%llx is %s", id,
			   failure->reason, (unsigned long long)failure->pfn,
			   page_movable_text(s->m, failure->pfn));
}

static int go_offline(struct store *s, u32 id)
{
	struct offline_failure failure = { 0 };
	int err = secure(s, id);

	if (err)
		return err;
	err = memory_block_offline(s->m, id, &failure);
	virt_guarantee_end(s->m);
	if (err)
		say_failure(s, id, &failure);
	return store_err(err);
}

static int go_online(struct store *s, u32 id, enum mmop type)
{
	int err = secure(s, id);

	if (err)
		return err;
	err = memory_block_online(s->m, id, type);
	virt_guarantee_end(s->m);
	s->changed = err == -EINVAL;	/* it remembers the type */
	if (err == -EINVAL)
		out_printf(s->sentence, "memory%u is online already", id);
	else if (err)
		out_puts(s->sentence, "no memory");
	return store_err(err);
}

static int state_store(struct store *s, const struct view *v, const char *text)
{
	int type = sysfs_word(text, online_types, ARRAY_SIZE(online_types));

	if (type < 0) {
		out_printf(s->sentence, "'%s' is none of offline, online, online_kernel, "
			   "online_movable", text);
		return -EINVAL;
	}
	if (type == MMOP_OFFLINE)
		return go_offline(s, v->id[V_BLOCK]);
	return go_online(s, v->id[V_BLOCK], (enum mmop)type);
}

static int state_show(struct out *out, const struct view *v)
{
	out_puts(out, block_of(v)->online ? "online\n" : "offline\n");
	return 0;
}

/* Unlike `state`, it does not mind that nothing is to be done, and names no type. */
static int online_store(struct store *s, const struct view *v, const char *text)
{
	bool online;
	int err = sysfs_bool(text, &online);

	if (err)
		out_printf(s->sentence, "'%s' is neither 0 nor 1", text);
	else if (online && !block_of(v)->online)
		err = go_online(s, v->id[V_BLOCK], MMOP_OFFLINE);
	else if (!online && block_of(v)->online)
		err = go_offline(s, v->id[V_BLOCK]);
	return err;
}

static int online_show(struct out *out, const struct view *v)
{
	out_puts(out, block_of(v)->online ? "1\n" : "0\n");
	return 0;
}

/* Off line: the zone that `online` means, then what the other words mean, if not that. */
static int valid_zones_show(struct out *out, const struct view *v)
{
	const struct memory_block *block = block_of(v);
	u64 nr_pages = v->m->hotplug->block_pages, start = v->id[V_BLOCK] * nr_pages;
	const struct zone *zone = memory_block_zone(v->m, block), *other;

	if (!block->online)
		zone = zone_for_pfn_range(v->m, MMOP_ONLINE, block->nid, block->group, start,
					  nr_pages);
	out_puts(out, zone ? zone->name : "none");
	for (enum mmop type = MMOP_ONLINE_KERNEL; !block->online && type <= MMOP_ONLINE_MOVABLE;
	     type++) {
		other = zone_for_pfn_range(v->m, type, block->nid, block->group, start, nr_pages);
		if (other != zone)
			out_printf(out, " %s", other->name);
	}
	out_putc(out, '\n');
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
	{ .name = "online", .mode = S_IFREG | 0644, .span = ALL, .show = online_show,
	  .store = online_store },
	TEXT_ROW("phys_device", 0444, "0\n"),
	FILE_ROW("phys_index", 0444, phys_index_show),
	TEXT_ROW("removable", 0444, "1\n"),
	{ .name = "state", .mode = S_IFREG | 0644, .span = ALL, .show = state_show,
	  .store = state_store },
	LINK_TEXT_ROW("subsystem", "../../../../bus/memory"),
	FILE_ROW("valid_zones", 0444, valid_zones_show),
};

/* -- pages that fail -- */

/* What moving a page, however large, may need of the host. */
static int secure_page(struct store *s)
{
	const struct virt_need need = {
		.pages = 1024, .tables = 16, .objects = 4096, .bytes = SZ_1M,
	};

	if (!virt_guarantee(s->m, &need))
		return 0;
	out_puts(s->sentence, "no host memory for a page that may have to move");
	return -ENOMEM;
}

static int offline_page(struct store *s, const char *text,
			int (*offline)(struct machine *m, u64 pfn))
{
	u64 address;
	int err = sysfs_number(text, 0, &address);

	if (err) {
		out_printf(s->sentence, "'%s' is no physical address", text);
		return err;
	}
	err = secure_page(s);
	if (err)
		return err;
	err = offline(s->m, address >> PAGE_SHIFT);
	virt_guarantee_end(s->m);
	s->changed = err && err != -ENOBUFS;	/* what CPUs kept to themselves is back */
	if (err)
		out_printf(s->sentence, "page 0x%llx: see sim/dmesg",
			   (unsigned long long)(address >> PAGE_SHIFT));
	return store_err(err);
}

static int soft_offline(struct machine *m, u64 pfn)
{
	return soft_offline_page(m, pfn, /* counted = */ false);
}

static int soft_offline_store(struct store *s, const struct view *v, const char *text)
{
	(void)v;
	return offline_page(s, text, soft_offline);
}

static int hard_offline(struct machine *m, u64 pfn)
{
	return memory_failure(m, pfn, 0);
}

static int hard_offline_store(struct store *s, const struct view *v, const char *text)
{
	(void)v;
	return offline_page(s, text, hard_offline);
}

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
	{ .name = "hard_offline_page", .mode = S_IFREG | 0200, .span = ALL,
	  .store = hard_offline_store,
	  .help = "Write a physical address: its page fails; what it holds is lost." },
	{ .name = "soft_offline_page", .mode = S_IFREG | 0200, .span = ALL,
	  .store = soft_offline_store,
	  .help = "Write a physical address: its page goes out of use; what it holds moves elsewhere." },
};

static bool memory_file_visible(const struct view *v, const struct entry *entry)
{
	return !strstr(entry->name, "_offline_page") || option_on(v->m, "MEMORY_FAILURE");
}

/* -- sys/module/memory_hotplug -- */

static const char *const policies[] = { "contig-zones", "auto-movable" };

static int policy_show(struct out *out, const struct view *v)
{
	out_printf(out, "%s\n", policies[v->m->tunables->online_policy]);
	return 0;
}

static int policy_store(struct store *s, const struct view *v, const char *text)
{
	int policy = sysfs_word(text, policies, ARRAY_SIZE(policies));

	(void)v;
	if (policy < 0) {
		out_printf(s->sentence, "'%s' is neither contig-zones nor auto-movable", text);
		return -EINVAL;
	}
	s->m->tunables->online_policy = policy;
	return 0;
}

static int memmap_show(struct out *out, const struct view *v)
{
	out_puts(out, v->m->tunables->memmap_on_memory ? "Y\n" : "N\n");
	return 0;
}

static int numa_aware_show(struct out *out, const struct view *v)
{
	out_puts(out, v->m->tunables->auto_movable_numa_aware ? "Y\n" : "N\n");
	return 0;
}

static int numa_aware_store(struct store *s, const struct view *v, const char *text)
{
	bool on;
	int err = sysfs_bool(text, &on);

	(void)v;
	if (err)
		out_printf(s->sentence, "'%s' is neither Y nor N", text);
	else
		s->m->tunables->auto_movable_numa_aware = on;
	return err;
}

static const struct value_entry module_values[] = {
	VALUE_ROW("auto_movable_ratio", 0644, ALL, auto_movable_ratio, VALUE_SYS_UINT, 0,
		  UINT32_MAX, NULL),
};

static const struct entry module_entries[] = {
	{ .name = "auto_movable_numa_aware", .mode = S_IFREG | 0644, .span = ALL,
	  .show = numa_aware_show, .store = numa_aware_store },
	FILE_ROW("memmap_on_memory", 0444, memmap_show),
	{ .name = "online_policy", .mode = S_IFREG | 0644, .span = ALL, .show = policy_show,
	  .store = policy_store },
};

static const struct dir parameters_dir = {
	DIR_FILES(module_entries), DIR_VALUES(module_values),
};

static const struct entry parameters_entries[] = {
	DIR_ROW("parameters", 0755, &parameters_dir),
};

static const struct dir hotplug_dir = { DIR_FILES(parameters_entries) };

static const struct dir memory_dir = {
	DIR_FILES(memory_entries), DIR_EACH(memory_each), .visible = memory_file_visible,
};

static bool memory_visible(const struct view *v, const struct entry *entry)
{
	(void)entry;
	return option_on(v->m, "MEMORY_HOTPLUG");
}

static const struct entry system_entries[] = {
	DIR_ROW("memory", 0755, &memory_dir),
};

static const struct entry modules_entries[] = {
	DIR_ROW("memory_hotplug", 0755, &hotplug_dir),
};

static const struct dir modules_dir = {
	DIR_FILES(modules_entries), .visible = memory_visible,
};

static const struct dir system_dir = { DIR_FILES(system_entries), .visible = memory_visible };

TREE_PARTS(memory_parts,
	   { "sys/devices/system", &system_dir },
	   { "sys/module", &modules_dir });
