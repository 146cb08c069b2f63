// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Replays recorded address sets of real processes into the maple tree and into a plain
 * sorted array, and compares after each step.
 *
 *	replay_maple FILE
 *
 * The file is text: STORE, SNULL (a range gets a value, or none) and ERASE (the entry
 * at an address goes), each with two numbers; a word that begins with "set" begins
 * another set, all else is passed over. The kernel's tools/testing/radix-tree/maple.c
 * is such a file as it stands (it is not part of this project).
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/base/maple_tree.h"

#define MAX_ENTRIES 65536

struct entry {
	u64 first, last;
	u32 value;
};

struct replay {
	struct arena arena;
	struct maple_pool pool;
	struct maple_tree tree;
	u32 *free_nodes, nr_free, next_node, room;
	struct entry entries[MAX_ENTRIES];	/* the model, by address */
	u32 nr_entries, next_value;
	unsigned long long nr_sets, nr_steps;
	u32 most;
};

static int node_alloc(void *ctx, u32 *node)
{
	struct replay *r = ctx;

	*node = r->nr_free ? r->free_nodes[--r->nr_free] : ++r->next_node;
	return maple_pool_grow(&r->pool, *node);
}

static void node_free(void *ctx, u32 node)
{
	struct replay *r = ctx;

	if (r->nr_free == r->room) {
		r->room = r->room ? 2 * r->room : 1024;
		r->free_nodes = realloc(r->free_nodes, r->room * sizeof(*r->free_nodes));
		if (!r->free_nodes)
			abort();
	}
	r->free_nodes[r->nr_free++] = node;
}

static const struct maple_ops ops = { .alloc = node_alloc, .free = node_free };

static _Noreturn void wrong(const struct replay *r, const char *what, u64 at)
{
	fprintf(stderr, "set %llu, step %llu, at 0x%llx: %s\n", r->nr_sets, r->nr_steps,
		(unsigned long long)at, what);
	exit(1);
}

/* ---- The model. ---- */

/* The first entry that ends at or behind the address. */
static u32 model_find(const struct replay *r, u64 addr)
{
	u32 low = 0, high = r->nr_entries;

	while (low < high) {
		u32 middle = (low + high) / 2;

		if (r->entries[middle].last < addr)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Room for so many entries in place of nr at `at`. */
static void model_splice(struct replay *r, u32 at, u32 nr, u32 room)
{
	if (r->nr_entries + room > MAX_ENTRIES)
		wrong(r, "too many entries", at);
	memmove(&r->entries[at + room], &r->entries[at + nr],
		(r->nr_entries - at - nr) * sizeof(r->entries[0]));
	r->nr_entries += room - nr;
}

static void model_store(struct replay *r, u64 first, u64 last, u32 value)
{
	u32 at = model_find(r, first), nr = 0, made = 0;
	struct entry made_here[3];

	while (at + nr < r->nr_entries && r->entries[at + nr].first <= last)
		nr++;
	if (nr && r->entries[at].first < first)
		made_here[made++] = (struct entry){ r->entries[at].first, first - 1,
						    r->entries[at].value };
	if (value)
		made_here[made++] = (struct entry){ first, last, value };
	if (nr && r->entries[at + nr - 1].last > last)
		made_here[made++] = (struct entry){ last + 1, r->entries[at + nr - 1].last,
						    r->entries[at + nr - 1].value };
	model_splice(r, at, nr, made);
	memcpy(&r->entries[at], made_here, made * sizeof(made_here[0]));
	if (r->nr_entries > r->most)
		r->most = r->nr_entries;
}

/* ---- Both. ---- */

static void report(void *ctx, u32 node, u64 min, u64 max, const char *what)
{
	(void)node;
	(void)max;
	wrong(ctx, what, min);
}

static void look(const struct replay *r, u64 addr)
{
	u32 at = model_find(r, addr);
	bool in = at < r->nr_entries && r->entries[at].first <= addr;
	u64 first, last;
	u32 value = mt_load(&r->tree, addr, &first, &last);

	if (value != (in ? r->entries[at].value : 0))
		wrong(r, "another value", addr);
	if (in && (first != r->entries[at].first || last != r->entries[at].last))
		wrong(r, "another range", addr);
}

static void compare(struct replay *r)
{
	u64 index = 0, first, last;

	for (u32 i = 0; i < r->nr_entries; i++)
		if (mt_find(&r->tree, &index, ~0ULL, &first, &last) != r->entries[i].value ||
		    first != r->entries[i].first || last != r->entries[i].last)
			wrong(r, "another entry", first);
	if (r->nr_entries != r->tree.nr_entries)
		wrong(r, "another number of entries", 0);
	mt_validate(&r->tree, report, r, NULL);
}

static void store(struct replay *r, u64 first, u64 last, u32 value)
{
	if (mt_store_range(&r->tree, first, last, value))
		abort();
	model_store(r, first, last, value);
	r->nr_steps++;
	look(r, first);
	look(r, last);
	if (first)
		look(r, first - 1);
	if (last != ~0ULL)
		look(r, last + 1);
	if (r->nr_steps % 64 == 0)
		compare(r);
}

static void erase(struct replay *r, u64 addr)
{
	u32 at = model_find(r, addr);

	if (at < r->nr_entries && r->entries[at].first <= addr)
		store(r, r->entries[at].first, r->entries[at].last, 0);
}

static void set_end(struct replay *r)
{
	compare(r);
	mt_destroy(&r->tree);
	if (r->tree.nr_nodes)
		wrong(r, "nodes are left", 0);
	r->nr_entries = 0;
}

static void step(struct replay *r, const char *word, FILE *file)
{
	unsigned long long first, last;

	if (!strncmp(word, "set", 3) && (isdigit((unsigned char)word[3]) || word[3] == '[')) {
		set_end(r);
		r->nr_sets++;
		return;
	}
	if (strcmp(word, "STORE") && strcmp(word, "SNULL") && strcmp(word, "ERASE"))
		return;
	if (fscanf(file, " , %llu , %llu", &first, &last) != 2 || first > last)
		return;
	if (word[0] == 'E')
		erase(r, first);
	else
		store(r, first, last, word[1] == 'T' ? ++r->next_value : 0);
}

int main(int argc, char **argv)
{
	struct replay *r = calloc(1, sizeof(*r));
	FILE *file = argc == 2 ? fopen(argv[1], "r") : NULL;
	char word[64];
	int c;

	if (!r || !file) {
		fprintf(stderr, "usage: replay_maple FILE\n");
		free(r);
		return 2;
	}
	maple_pool_init(&r->pool, &r->arena);
	mt_init(&r->tree, &r->pool, &ops, r);
	while (fscanf(file, "%63[A-Za-z0-9_[]", word) != EOF) {
		step(r, word, file);
		while ((c = getc(file)) != EOF && !isalpha(c))
			;
		ungetc(c, file);
		word[0] = '\0';
	}
	set_end(r);
	fclose(file);
	printf("%llu sets, %llu steps, at most %u entries: the tree holds what the array holds\n",
	       r->nr_sets, r->nr_steps, r->most);
	maple_pool_free(&r->pool);
	free(r->free_nodes);
	free(r);
	return 0;
}
