// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * sys/kernel/mm/hugepages and nodeN/hugepages: one directory for each size. The
 * same functions serve both: within a node's directory the view names the node.
 */
#include "fs/sys/hugepages.h"

#include "fs/core/figures.h"
#include "fs/core/hugetlb.h"
#include "fs/core/value.h"
#include "sim/base/memparse.h"

static int show_number(struct out *out, u64 number)
{
	out_u64(out, number, 0);
	out_putc(out, '\n');
	return 0;
}

static struct hugetlb_counts node_pool(const struct view *v)
{
	return hugetlb_counts(v->m, v->m->nodes[v->id[V_NODE]], v->id[V_SIZE]);
}

static struct hugetlb_counts pool(const struct view *v)
{
	return hugetlb_counts(v->m, NULL, v->id[V_SIZE]);
}

#define POOL_SHOW(function, which, field) \
	static int function(struct out *out, const struct view *v) \
	{ \
		return show_number(out, which(v).field); \
	}

POOL_SHOW(total_show, pool, total)
POOL_SHOW(free_show, pool, free)
POOL_SHOW(reserved_show, pool, reserved)
POOL_SHOW(surplus_show, pool, surplus)
POOL_SHOW(overcommit_show, pool, overcommit)
POOL_SHOW(node_total_show, node_pool, total)
POOL_SHOW(node_free_show, node_pool, free)
POOL_SHOW(node_surplus_show, node_pool, surplus)

static int demote_size_show(struct out *out, const struct view *v)
{
	const struct hstate *h = hugetlb_hstate(v->m, v->id[V_SIZE]);

	out_printf(out, "%llukB\n", 4ULL << (h ? h->demote_order : 0));
	return 0;
}

static int parse_count(struct store *s, const char *text, u64 *count)
{
	int err = sysfs_number(text, 10, count);

	if (err)
		out_printf(s->sentence, err == -ERANGE ? "%.60s is more than 64 bits hold" :
			   "'%.60s' is not a number of huge pages", text);
	return err;
}

static int resize(struct store *s, const struct view *v, int node, const char *text)
{
	u64 count;
	int err = parse_count(s, text, &count);

	return err ? err : hugetlb_store_count(s, v->id[V_SIZE], node, count);
}

static int count_store(struct store *s, const struct view *v, const char *text)
{
	return resize(s, v, NUMA_NO_NODE, text);
}

static int node_count_store(struct store *s, const struct view *v, const char *text)
{
	return resize(s, v, v->id[V_NODE], text);
}

static int overcommit_store(struct store *s, const struct view *v, const char *text)
{
	u64 count;
	int err = hugetlb_check_overcommit(s, v->id[V_SIZE]);

	if (!err)
		err = parse_count(s, text, &count);
	if (!err)
		hugetlb_set_overcommit(s->m, v->id[V_SIZE], count);
	return err;
}

static int demote(struct store *s, const struct view *v, int node, const char *text)
{
	struct hstate *h = hugetlb_hstate(s->m, v->id[V_SIZE]);
	u64 count;
	int err = parse_count(s, text, &count);

	if (err || !count || !h)
		return err;
	return store_err(hugetlb_demote(s->m, h, node, count));
}

static int demote_store(struct store *s, const struct view *v, const char *text)
{
	return demote(s, v, NUMA_NO_NODE, text);
}

static int node_demote_store(struct store *s, const struct view *v, const char *text)
{
	return demote(s, v, v->id[V_NODE], text);
}

/* A size that there is, at least the second level's, smaller than the pool's. */
static int demote_size_store(struct store *s, const struct view *v, const char *text)
{
	struct hstate *h = hugetlb_hstate(s->m, v->id[V_SIZE]);
	const char *end;
	u64 size = memparse(text, &end);

	if (!h || size < PAGE_SIZE || size & (size - 1) || !hugetlb_has_order(s->m, get_order(size)) ||
	    get_order(size) >= h->order) {
		out_printf(s->sentence, "'%s' is not a size of huge pages below this one", text);
		return -EINVAL;
	}
	h->demote_order = (u8)get_order(size);
	return 0;
}

#define RW(file, function, write) \
	{ .name = (file), .mode = S_IFREG | 0644, .span = ALL, .show = (function), \
	  .store = (write) }
#define WO(file, write) \
	{ .name = (file), .mode = S_IFREG | 0200, .span = ALL, .store = (write) }

static const struct entry pool_entries[] = {
	WO("demote", demote_store),
	RW("demote_size", demote_size_show, demote_size_store),
	FILE_ROW("free_hugepages", 0444, free_show),
	RW("nr_hugepages", total_show, count_store),
	RW("nr_hugepages_mempolicy", total_show, count_store),
	RW("nr_overcommit_hugepages", overcommit_show, overcommit_store),
	FILE_ROW("resv_hugepages", 0444, reserved_show),
	FILE_ROW("surplus_hugepages", 0444, surplus_show),
};

static const struct entry node_pool_entries[] = {
	WO("demote", node_demote_store),
	RW("demote_size", demote_size_show, demote_size_store),
	FILE_ROW("free_hugepages", 0444, node_free_show),
	RW("nr_hugepages", node_total_show, node_count_store),
	FILE_ROW("surplus_hugepages", 0444, node_surplus_show),
};

/* Only pages of more than the smallest size can be cut into smaller ones. */
static bool pool_visible(const struct view *v, const struct entry *entry)
{
	if (!strncmp(entry->name, "demote", 6))
		return v->id[V_SIZE] > v->m->arch->hugetlb_order;
	if (!strcmp(entry->name, "nr_hugepages_mempolicy"))
		return option_on(v->m, "NUMA");
	return true;
}

static const struct dir pool_dir = { DIR_FILES(pool_entries), .visible = pool_visible };
static const struct dir node_pool_dir = {
	DIR_FILES(node_pool_entries), .visible = pool_visible,
};

#define SIZE_EACH(directory) \
	{ .entry = { .name = "hugepages-<SIZE>kB", .mode = S_IFDIR | 0755, .span = ALL, \
		     .dir = (directory) }, \
	  .slot = V_SIZE, .next = hugetlb_next, .name = hugetlb_name, .find = hugetlb_find }

static const struct each size_each[] = { SIZE_EACH(&pool_dir) };
static const struct each node_size_each[] = { SIZE_EACH(&node_pool_dir) };

static const struct dir hugepages_dir = { DIR_EACH(size_each) };
const struct dir node_hugepages_dir = { DIR_EACH(node_size_each) };

TREE_PARTS(hugepages_parts, { "sys/kernel/mm/hugepages", &hugepages_dir });
