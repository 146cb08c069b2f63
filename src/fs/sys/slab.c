// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * sys/kernel/slab: a directory for each cache. Caches that may merge have a name
 * made of their properties (":A-0000192"); their own names and those of their
 * aliases are links to it.
 *
 * Ids count from the oldest cache, so that they stay when newer ones come.
 */
#include <stdio.h>
#include <stdlib.h>

#include "fs/core/value.h"
#include "fs/sys/devices.h"
#include "sim/phys/slab.h"

#define LINKS_PER_CACHE 256	/* own name, then aliases */

static struct kmem_cache *cache_of_id(const struct machine *m, u32 id)
{
	unsigned int nr = nr_kmem_caches(m);

	return id < nr ? kmem_cache_at(m, nr - 1 - id) : NULL;
}

static struct kmem_cache *cache_of(const struct view *v)
{
	return cache_of_id(v->m, v->id[V_CACHE]);
}

static struct slab_info info_of(const struct view *v)
{
	struct slab_info info = { 0 };

	kmem_cache_info(v->m, cache_of(v), &info);
	return info;
}

static int show_number(struct out *out, u64 number)
{
	out_u64(out, number, 0);
	out_putc(out, '\n');
	return 0;
}

#define FIELD_SHOW(function, field) \
	static int function(struct out *out, const struct view *v) \
	{ \
		return show_number(out, info_of(v).field); \
	}
#define FLAG_SHOW(function, flag) \
	static int function(struct out *out, const struct view *v) \
	{ \
		return show_number(out, !!(info_of(v).flags & (flag))); \
	}

FIELD_SHOW(aliases_show, aliases)
FIELD_SHOW(align_show, align)
FIELD_SHOW(cpu_partial_show, cpu_partial)
FIELD_SHOW(defrag_ratio_show, defrag_ratio)
FIELD_SHOW(min_partial_show, min_partial)
FIELD_SHOW(object_size_show, object_size)
FIELD_SHOW(objs_per_slab_show, objs_per_slab)
FIELD_SHOW(order_show, order)
FIELD_SHOW(sheaf_capacity_show, sheaf_capacity)
FIELD_SHOW(slab_size_show, size)
FIELD_SHOW(usersize_show, usersize)
FLAG_SHOW(cache_dma_show, SLAB_CACHE_DMA)
FLAG_SHOW(destroy_by_rcu_show, SLAB_TYPESAFE_BY_RCU)
FLAG_SHOW(failslab_show, SLAB_FAILSLAB)
FLAG_SHOW(hwcache_align_show, SLAB_HWCACHE_ALIGN)
FLAG_SHOW(poison_show, SLAB_POISON)
FLAG_SHOW(reclaim_account_show, SLAB_RECLAIM_ACCOUNT)
FLAG_SHOW(red_zone_show, SLAB_RED_ZONE)
FLAG_SHOW(sanity_checks_show, SLAB_CONSISTENCY_CHECKS)
FLAG_SHOW(skip_kfence_show, SLAB_SKIP_KFENCE)
FLAG_SHOW(store_user_show, SLAB_STORE_USER)
FLAG_SHOW(trace_show, SLAB_TRACE)

/* The sum, then the share of each node that has any. */
static int show_by_node(struct out *out, const struct view *v, const char *what)
{
	struct kmem_cache *cache = cache_of(v);
	u64 total = 0;

	for (unsigned int nid = 0; nid < v->m->nr_nodes; nid++)
		total += kmem_cache_node_count(v->m, cache, nid, what);
	out_u64(out, total, 0);
	for (unsigned int nid = 0; v->m->arch->numa && nid < v->m->nr_nodes; nid++) {
		u64 nr = kmem_cache_node_count(v->m, cache, nid, what);

		if (nr)
			out_printf(out, " N%u=%llu", nid, (unsigned long long)nr);
	}
	out_putc(out, '\n');
	return 0;
}

#define NODES_SHOW(function, what) \
	static int function(struct out *out, const struct view *v) \
	{ \
		return show_by_node(out, v, what); \
	}

NODES_SHOW(cpu_slabs_show, "cpu_slabs")
NODES_SHOW(objects_show, "objects")
NODES_SHOW(objects_partial_show, "objects_partial")
NODES_SHOW(partial_show, "partial")
NODES_SHOW(slabs_show, "slabs")
NODES_SHOW(total_objects_show, "total_objects")

static int ctor_show(struct out *out, const struct view *v)
{
	if (info_of(v).flags & SLAB_HAS_CTOR)
		out_puts(out, "init_once+0x0/0x20\n");
	return 0;
}

static int slabs_cpu_partial_show(struct out *out, const struct view *v)
{
	const struct kmem_cache *cache = cache_of(v);
	u64 per_slab = info_of(v).objs_per_slab, total = 0;

	for (unsigned int cpu = 0; cpu < v->m->nr_cpus; cpu++)
		total += kmem_cache_cpu_partial(cache, cpu);
	/* Nobody counts the objects: half of each slab is taken to be free. */
	out_printf(out, "%llu(%llu)", (unsigned long long)(total * per_slab / 2),
		   (unsigned long long)total);
	for (unsigned int cpu = 0; cpu < v->m->nr_cpus; cpu++) {
		u64 slabs = kmem_cache_cpu_partial(cache, cpu);

		if (slabs)
			out_printf(out, " C%u=%llu(%llu)", cpu,
				   (unsigned long long)(slabs * per_slab / 2),
				   (unsigned long long)slabs);
	}
	out_putc(out, '\n');
	return 0;
}

static int shrink_store(struct store *s, const struct view *v, const char *text)
{
	if (*text != '1') {
		out_printf(s->sentence, "'%s': only 1 is taken", text);
		return -EINVAL;
	}
	kmem_cache_shrink(s->m, cache_of(v));	/* slabs may remain: nobody is told */
	return 0;
}

static int validate_store(struct store *s, const struct view *v, const char *text)
{
	long nr;

	if (*text != '1') {
		out_printf(s->sentence, "'%s': only 1 is taken", text);
		return -EINVAL;
	}
	nr = kmem_cache_validate(s->m, cache_of(v));
	if (nr == -EINVAL)
		out_puts(s->sentence, "nothing is checked in a cache that is not under debugging: "
			 "slub_debug= on the kernel's command line, or SLAB_ flags");
	return store_err((int)MIN(nr, 0L));
}

/* A number of at most `most`; beyond it, -ERANGE. */
static int parse_number(struct store *s, const char *text, u64 most, u64 *value)
{
	int err = sysfs_number(text, 10, value);

	if (!err && *value > most)
		err = -ERANGE;
	if (err)
		out_printf(s->sentence, "'%s' is not a number from 0 to %llu", text,
			   (unsigned long long)most);
	return err;
}

static int min_partial_store(struct store *s, const struct view *v, const char *text)
{
	u64 slabs, most = s->m->arch->bits == 64 ? UINT64_MAX : UINT32_MAX;
	int err = parse_number(s, text, most, &slabs);

	if (!err)
		kmem_cache_set_min_partial(cache_of(v), slabs);
	return err;
}

static int cpu_partial_store(struct store *s, const struct view *v, const char *text)
{
	u64 objects;
	int err = parse_number(s, text, UINT32_MAX, &objects);

	if (err)
		return err;
	err = kmem_cache_set_cpu_partial(s->m, cache_of(v), (u32)objects);
	if (err)
		out_puts(s->sentence, "CPUs keep no slabs of a cache that is under debugging");
	return err;
}

static int defrag_ratio_store(struct store *s, const struct view *v, const char *text)
{
	u64 percent;
	int err = parse_number(s, text, 100, &percent);

	if (!err)
		kmem_cache_set_defrag_ratio(cache_of(v), (u32)percent);
	return err;
}

static int skip_kfence_store(struct store *s, const struct view *v, const char *text)
{
	if (*text != '0' && *text != '1') {
		out_printf(s->sentence, "'%s' is neither 0 nor 1", text);
		return -EINVAL;
	}
	kmem_cache_set_skip_kfence(cache_of(v), *text == '1');
	return 0;
}

#define RW(file, function, write) \
	{ .name = (file), .mode = S_IFREG | 0600, .span = ALL, .show = (function), \
	  .store = (write) }
#define WO(file, write) \
	{ .name = (file), .mode = S_IFREG | 0600, .span = ALL, .show = fixed_text_show, \
	  .text = "", .store = (write) }
#define RO_SINCE_6_18(file, function) \
	{ .name = (file), .mode = S_IFREG | 0400, .span = SINCE(R_6_18), .show = (function) }

static const struct entry cache_entries[] = {
	FILE_ROW("aliases", 0400, aliases_show),
	FILE_ROW("align", 0400, align_show),
	FILE_ROW("cache_dma", 0400, cache_dma_show),
	RW("cpu_partial", cpu_partial_show, cpu_partial_store),
	FILE_ROW("cpu_slabs", 0400, cpu_slabs_show),
	FILE_ROW("ctor", 0400, ctor_show),
	FILE_ROW("destroy_by_rcu", 0400, destroy_by_rcu_show),
	FILE_ROW("failslab", 0400, failslab_show),
	FILE_ROW("hwcache_align", 0400, hwcache_align_show),
	RW("min_partial", min_partial_show, min_partial_store),
	FILE_ROW("object_size", 0400, object_size_show),
	FILE_ROW("objects", 0400, objects_show),
	FILE_ROW("objects_partial", 0400, objects_partial_show),
	FILE_ROW("objs_per_slab", 0400, objs_per_slab_show),
	FILE_ROW("order", 0400, order_show),
	FILE_ROW("partial", 0400, partial_show),
	FILE_ROW("poison", 0400, poison_show),
	FILE_ROW("reclaim_account", 0400, reclaim_account_show),
	FILE_ROW("red_zone", 0400, red_zone_show),
	RW("remote_node_defrag_ratio", defrag_ratio_show, defrag_ratio_store),
	FILE_ROW("sanity_checks", 0400, sanity_checks_show),
	RO_SINCE_6_18("sheaf_capacity", sheaf_capacity_show),
	WO("shrink", shrink_store),
	{ .name = "skip_kfence", .mode = S_IFREG | 0600, .span = SINCE(R_6_18),
	  .show = skip_kfence_show, .store = skip_kfence_store },
	FILE_ROW("slab_size", 0400, slab_size_show),
	FILE_ROW("slabs", 0400, slabs_show),
	FILE_ROW("slabs_cpu_partial", 0400, slabs_cpu_partial_show),
	FILE_ROW("store_user", 0400, store_user_show),
	FILE_ROW("total_objects", 0400, total_objects_show),
	FILE_ROW("trace", 0400, trace_show),
	FILE_ROW("usersize", 0400, usersize_show),
	WO("validate", validate_store),
};

static bool cache_visible(const struct view *v, const struct entry *entry)
{
	if (!strcmp(entry->name, "failslab"))
		return machine_config_bool(v->m->config, "FAULT_INJECTION");
	return strcmp(entry->name, "remote_node_defrag_ratio") || v->m->arch->numa;
}

static const struct dir cache_dir = {
	DIR_FILES(cache_entries), .visible = cache_visible,
};

static bool cache_next(const struct view *v, u32 *id)
{
	return *id < nr_kmem_caches(v->m);
}

static void cache_name(const struct view *v, u32 id, char name[64])
{
	snprintf(name, 64, "%s", kmem_cache_sysfs_name(cache_of_id(v->m, id)));
}

static bool cache_find(const struct view *v, const char *name, u32 *id)
{
	for (*id = 0; cache_next(v, id); ++*id)
		if (!strcmp(kmem_cache_sysfs_name(cache_of_id(v->m, *id)), name))
			return true;
	return false;
}

/* The name of a link, or NULL: link 0 is the cache's own name, where it needs one. */
static const char *link_name(const struct machine *m, u32 id)
{
	struct kmem_cache *cache = cache_of_id(m, id / LINKS_PER_CACHE);
	struct slab_info info = { 0 };

	if (id % LINKS_PER_CACHE)
		return kmem_cache_alias(cache, id % LINKS_PER_CACHE - 1);
	kmem_cache_info(m, cache, &info);
	return strcmp(info.name, kmem_cache_sysfs_name(cache)) ? info.name : NULL;
}

static bool link_next(const struct view *v, u32 *id)
{
	unsigned int nr = nr_kmem_caches(v->m);

	while (*id / LINKS_PER_CACHE < nr) {
		if (link_name(v->m, *id))
			return true;
		/* Aliases have no gaps: the first missing one ends them. */
		if (*id % LINKS_PER_CACHE)
			*id = (*id / LINKS_PER_CACHE + 1) * LINKS_PER_CACHE;
		else
			++*id;
	}
	return false;
}

static void link_text(const struct view *v, u32 id, char name[64])
{
	const char *text = link_name(v->m, id);

	snprintf(name, 64, "%s", text ? text : "");
}

static bool link_find(const struct view *v, const char *name, u32 *id)
{
	for (*id = 0; link_next(v, id); ++*id)
		if (!strcmp(link_name(v->m, *id), name))
			return true;
	return false;
}

static int link_show(struct out *out, const struct view *v)
{
	u32 id = v->id[V_CACHE] / LINKS_PER_CACHE;

	out_puts(out, kmem_cache_sysfs_name(cache_of_id(v->m, id)));
	return 0;
}

static const struct each slab_each[] = {
	{ .entry = { .name = "<CACHE>", .mode = S_IFDIR | 0755, .span = ALL,
		     .dir = &cache_dir },
	  .slot = V_CACHE, .next = cache_next, .name = cache_name, .find = cache_find },
	{ .entry = { .name = "<ALIAS>", .mode = S_IFLNK | 0777, .span = ALL,
		     .show = link_show },
	  .slot = V_CACHE, .next = link_next, .name = link_text, .find = link_find },
};

static const struct dir slab_dir = { DIR_EACH(slab_each) };

TREE_PARTS(slab_parts, { "sys/kernel/slab", &slab_dir });
