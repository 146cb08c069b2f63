// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * sys/kernel/debug/slab: for each cache that stores its users, who allocated its objects
 * and who freed what was there before. Objects of one origin are one line; those with
 * most objects come first. A site is a function of the engine, in place of the kernel's;
 * what would depend on the compiler (offsets, functions of one file) is left out.
 */
#include <stdio.h>
#include <stdlib.h>

#include "fs/core/entry.h"
#include "sim/base/bug.h"
#include "sim/phys/slab.h"

typedef unsigned long long ull;

struct location {
	const char *site;
	u32 stack;
	u32 waste;
	u64 count, sum_age, min_age, max_age;
	u32 min_pid, max_pid;
	u64 cpus[CPU_WORDS];
	u64 nodes;
};

struct locations {
	struct location *rows;
	size_t nr, room;
};

static struct kmem_cache *cache_of_id(const struct machine *m, u32 id)
{
	unsigned int nr = nr_kmem_caches(m);

	return id < nr ? kmem_cache_at(m, nr - 1 - id) : NULL;
}

static int same_site(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) : !!a - !!b;
}

/* The same path, but for what is not shown of it. */
static bool same_path(const struct machine *m, u32 a, u32 b)
{
	struct out texts[2] = { OUT_INIT, OUT_INIT };
	bool same;

	if (a == b || !a || !b)
		return a == b;
	for (int i = 0; i < 2; i++) {
		const u64 *ips = NULL;
		unsigned int nr = kmem_cache_trace_stack(m, i ? b : a, &ips);

		stack_trace_print_global(&texts[i], ips, nr, "");
	}
	same = texts[0].text && texts[1].text && !strcmp(texts[0].text, texts[1].text);
	out_free(&texts[0]);
	out_free(&texts[1]);
	return same;
}

static struct location *find_location(const struct machine *m, struct locations *list,
				      const struct slab_trace *trace)
{
	struct location *more;

	for (size_t i = 0; i < list->nr; i++) {
		struct location *l = &list->rows[i];

		if (l->waste == trace->waste && !same_site(l->site, trace->site) &&
		    same_path(m, l->stack, trace->stack))
			return l;
	}
	if (list->nr == list->room) {
		more = realloc(list->rows, (2 * list->room + 16) * sizeof(*more));
		if (!more)
			return NULL;
		list->rows = more;
		list->room = 2 * list->room + 16;
	}
	list->rows[list->nr] = (struct location){
		.site = trace->site, .stack = trace->stack, .waste = trace->waste,
		.min_age = trace->age, .max_age = trace->age,
		.min_pid = trace->pid, .max_pid = trace->pid,
	};
	return &list->rows[list->nr++];
}

/* What nobody recorded is counted, and no more. */
static void add_trace(struct location *l, const struct slab_trace *trace)
{
	if (!l->count++ || trace->site) {
		l->sum_age += trace->age;
		l->min_age = MIN(l->min_age, trace->age);
		l->max_age = MAX(l->max_age, trace->age);
		l->min_pid = MIN(l->min_pid, trace->pid);
		l->max_pid = MAX(l->max_pid, trace->pid);
		l->cpus[trace->cpu / 64] |= 1ULL << (trace->cpu % 64);
	}
	l->nodes |= 1ULL << trace->node;
}

static int by_count(const void *a, const void *b)
{
	const struct location *x = a, *y = b;
	int order = same_site(x->site, y->site);

	if (x->count != y->count)
		return x->count < y->count ? 1 : -1;
	if (order)
		return order;
	return x->waste != y->waste ? (x->waste < y->waste ? -1 : 1) :
				      (x->stack > y->stack) - (x->stack < y->stack);
}

static unsigned int nr_nodes_online(const struct machine *m)
{
	unsigned int nr = 0;

	for (unsigned int node = 0; node < m->nr_nodes; node++)
		nr += !!m->nodes[node];
	return nr;
}

static void show_range(struct out *out, const char *what, u64 low, u64 high)
{
	out_printf(out, " %s=%llu", what, (ull)low);
	if (low != high)
		out_printf(out, "-%llu", (ull)high);
}

static void show_location(struct out *out, const struct machine *m, const struct location *l)
{
	const u64 *ips = NULL;
	unsigned int nr;

	out_printf(out, "%7llu ", (ull)l->count);
	if (l->site)
		out_printf(out, "%s+0x0/0x0", l->site);
	else
		out_puts(out, "<not-available>");
	if (l->waste)
		out_printf(out, " waste=%llu/%u", (ull)l->count * l->waste, l->waste);
	if (l->sum_age != l->min_age)
		out_printf(out, " age=%llu/%llu/%llu", (ull)l->min_age,
			   (ull)(l->sum_age / l->count), (ull)l->max_age);
	else
		out_printf(out, " age=%llu", (ull)l->min_age);
	show_range(out, "pid", l->min_pid, l->max_pid);
	if (m->nr_cpus > 1) {
		out_puts(out, " cpus=");
		out_bitmap_list(out, l->cpus, MAX_CPUS);
	}
	if (nr_nodes_online(m) > 1) {
		out_puts(out, " nodes=");
		out_bitmap_list(out, &l->nodes, MAX_NUMNODES);
	}
	nr = kmem_cache_trace_stack(m, l->stack, &ips);
	if (nr)
		out_putc(out, '\n');
	stack_trace_print_global(out, ips, nr, "        ");
	out_putc(out, '\n');
}

static int show_traces(struct out *out, const struct view *v, bool freed)
{
	const struct kmem_cache *cache = cache_of_id(v->m, v->id[V_CACHE]);
	struct locations list = { 0 };
	struct slab_trace trace;
	u32 handle = 0;
	int err = 0;

	while (!err && kmem_cache_trace_next(v->m, cache, freed, &handle, &trace)) {
		struct location *l = find_location(v->m, &list, &trace);

		if (l)
			add_trace(l, &trace);
		else
			err = -ENOMEM;
	}
	if (list.nr)
		qsort(list.rows, list.nr, sizeof(*list.rows), by_count);
	for (size_t i = 0; !err && i < list.nr; i++)
		show_location(out, v->m, &list.rows[i]);
	if (!list.nr)
		out_puts(out, "No data\n");
	free(list.rows);
	return err;
}

static int alloc_traces_show(struct out *out, const struct view *v)
{
	return show_traces(out, v, /* freed = */ false);
}

static int free_traces_show(struct out *out, const struct view *v)
{
	return show_traces(out, v, /* freed = */ true);
}

static bool cache_next(const struct view *v, u32 *id)
{
	for (; *id < nr_kmem_caches(v->m); ++*id) {
		struct slab_info info;

		kmem_cache_info(v->m, cache_of_id(v->m, *id), &info);
		if (info.flags & SLAB_STORE_USER)
			return true;
	}
	return false;
}

static void cache_name(const struct view *v, u32 id, char name[64])
{
	struct slab_info info;

	kmem_cache_info(v->m, cache_of_id(v->m, id), &info);
	snprintf(name, 64, "%s", info.name);
}

static bool cache_find(const struct view *v, const char *name, u32 *id)
{
	char found[64];

	for (*id = 0; cache_next(v, id); ++*id) {
		cache_name(v, *id, found);
		if (!strcmp(found, name))
			return true;
	}
	return false;
}

static const struct entry traces_entries[] = {
	FILE_ROW("alloc_traces", 0400, alloc_traces_show),
	FILE_ROW("free_traces", 0400, free_traces_show),
};

static const struct dir traces_dir = { DIR_FILES(traces_entries) };

static const struct each traced_each[] = {
	{ .entry = { .name = "<TRACED>", .mode = S_IFDIR | 0755, .span = ALL,
		     .dir = &traces_dir,
		     .help = "A cache that stores its users (slub_debug=U, SLAB_STORE_USER): who "
			     "allocated its objects, and who freed what was there before." },
	  .slot = V_CACHE, .next = cache_next, .name = cache_name, .find = cache_find },
};

static const struct dir slab_debugfs_dir = { DIR_EACH(traced_each) };

TREE_PARTS(slab_traces_parts, { "sys/kernel/debug/slab", &slab_debugfs_dir });
