// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The engine's side: the calls that the verbs and files of the tree make, on a
 * booted machine, through the same functions.
 */
#include "bench.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "sim/phys/page_alloc.h"
#include "sim/phys/vmalloc.h"

#define EVICT_BYTES (64U << 20)

static u32 take_page(struct machine *m, gfp_t gfp, unsigned int order)
{
	const struct alloc_request req = {
		.gfp = gfp, .order = order, .node = NUMA_NO_NODE, .owner = PGTY_kernel,
	};
	u32 pfn;

	need(alloc_pages(m, &req, &pfn), "alloc_pages");
	return pfn;
}

void engine_pairs(struct bench *b, const struct row *row)
{
	for (unsigned int i = 0; i < row->ops; i++)
		free_pages(b->m, take_page(b->m, GFP_KERNEL, 0), 0);
}

void engine_bursts(struct bench *b, const struct row *row)
{
	u32 pfns[512];

	for (unsigned int i = 0; i < row->ops; i += 512) {
		for (int n = 0; n < 512; n++)
			pfns[n] = take_page(b->m, GFP_KERNEL, 0);
		for (int n = 0; n < 512; n++)
			free_pages(b->m, pfns[n], 0);
	}
}

void engine_order4(struct bench *b, const struct row *row)
{
	for (unsigned int i = 0; i < row->ops; i++)
		free_pages(b->m, take_page(b->m, GFP_KERNEL, 4), 4);
}

void engine_slab(struct bench *b, const struct row *row)
{
	struct slab_object object;

	for (unsigned int i = 0; i < row->ops; i++) {
		need(kmem_cache_alloc(b->m, b->cache, GFP_KERNEL, NUMA_NO_NODE, &object),
		     "kmem_cache_alloc");
		kmem_cache_free(b->m, b->cache, object.addr);
	}
}

/* The same of a cache with sheaves. */
void engine_sheaf(struct bench *b, const struct row *row)
{
	struct slab_object object;

	for (unsigned int i = 0; i < row->ops; i++) {
		need(kmem_cache_alloc(b->m, b->sheaves, GFP_KERNEL, NUMA_NO_NODE, &object),
		     "kmem_cache_alloc");
		kmem_cache_free(b->m, b->sheaves, object.addr);
	}
}

void engine_kmalloc(struct bench *b, const struct row *row)
{
	u64 addr;

	for (unsigned int i = 0; i < row->ops; i++) {
		need(kmalloc(b->m, 200, GFP_KERNEL, NUMA_NO_NODE, &addr), "kmalloc");
		need(kfree(b->m, addr), "kfree");
	}
}

void engine_vmalloc(struct bench *b, const struct row *row)
{
	const struct vmalloc_request req = {
		.bytes = 4 * PAGE_SIZE, .gfp = GFP_KERNEL, .node = NUMA_NO_NODE,
		.caller = "bench",
	};
	u64 addr;

	for (unsigned int i = 0; i < row->ops; i++) {
		need(vmalloc(b->m, &req, &addr), "vmalloc");
		need(vfree(b->m, addr), "vfree");
	}
}

/* Aged memory: half of it free, in single pages whose buddies are in use, in random order. */

static void shuffle(u32 *pfns, unsigned int nr)
{
	u64 state = 88172645463325252ULL;

	for (unsigned int i = nr; i > 1; i--) {
		unsigned int other = bench_shuffled(&state) % i;
		u32 pfn = pfns[other];

		pfns[other] = pfns[i - 1];
		pfns[i - 1] = pfn;
	}
}

/* Of three quarters of memory, the even pages, then the odd ones: no two of a kind merge. */
static u32 *take_most(struct machine *m, unsigned int *nr, unsigned int *nr_even)
{
	u32 *pfns, *sorted;

	*nr = m->totalram_pages * 3 / 4;
	pfns = calloc(*nr, sizeof(*pfns));
	sorted = calloc(*nr, sizeof(*sorted));
	if (!pfns || !sorted)
		need(-ENOMEM, "aged memory");
	for (unsigned int i = 0; i < *nr; i++)
		pfns[i] = take_page(m, GFP_HIGHUSER_MOVABLE, 0);
	*nr_even = 0;
	for (unsigned int i = 0; i < *nr; i++)
		if (!(pfns[i] & 1))
			sorted[(*nr_even)++] = pfns[i];
	for (unsigned int i = 0, at = *nr_even; i < *nr; i++)
		if (pfns[i] & 1)
			sorted[at++] = pfns[i];
	free(pfns);
	return sorted;
}

static void age_memory(struct bench *b)
{
	unsigned int nr;

	bench_boot("pc", NULL, &b->aged_tree);
	b->aged_pfns = take_most((struct machine *)tree_machine(b->aged_tree), &nr, &b->nr_aged);
}

void scatter_free_pages(struct bench *b)
{
	unsigned int nr, nr_even;

	if (b->held_pfns)
		return;
	b->held_pfns = take_most(b->m, &nr, &nr_even);
	shuffle(b->held_pfns, nr_even);
	for (unsigned int i = 0; i < nr_even; i++)
		free_pages(b->m, b->held_pfns[i], 0);
	drain_all_pages(b->m, NULL);
	b->nr_held = nr - nr_even;
	memmove(b->held_pfns, b->held_pfns + nr_even, b->nr_held * sizeof(*b->held_pfns));
}

void gather_free_pages(struct bench *b)
{
	for (unsigned int i = 0; i < b->nr_held; i++)
		free_pages(b->m, b->held_pfns[i], 0);
	free(b->held_pfns);
	b->held_pfns = NULL;
	b->nr_held = 0;
}

/* What was linked last must not be in the cache only because of that. */
void evict_caches(struct bench *b)
{
	if (!b->evict)
		b->evict = calloc(1, EVICT_BYTES);
	if (!b->evict)
		need(-ENOMEM, "aged memory");
	/* One line after the other: memset() would go past the caches. */
	for (size_t i = 0; i < EVICT_BYTES; i += 64)
		((volatile char *)b->evict)[i]++;
}

void engine_aged_prepare(struct bench *b, const struct row *row)
{
	struct machine *m;

	if (!b->aged_tree)
		age_memory(b);
	m = (struct machine *)tree_machine(b->aged_tree);
	shuffle(b->aged_pfns, b->nr_aged);
	for (unsigned int i = 0; i < b->nr_aged; i++)
		free_pages(m, b->aged_pfns[i], 0);
	drain_all_pages(m, NULL);
	b->nr_aged = row->ops;
	model_aged_prepare(b, row->ops);
	evict_caches(b);
}

void engine_aged(struct bench *b, const struct row *row)
{
	struct machine *m = (struct machine *)tree_machine(b->aged_tree);

	for (unsigned int i = 0; i < row->ops; i++)
		b->aged_pfns[i] = take_page(m, GFP_HIGHUSER_MOVABLE, 0);
}

void engine_read(struct bench *b, const struct row *row)
{
	static char buf[1 << 17];
	struct caller caller = { 0, getuid() };
	struct handle *handle;
	struct node node;

	for (unsigned int i = 0; i < row->ops; i++) {
		u64 offset = 0;
		ssize_t got;

		need(tree_walk(b->tree, row->path, caller, &node), row->path);
		need(tree_open(b->tree, node, caller, O_RDONLY, &handle), row->path);
		while ((got = handle_read(handle, offset, buf, sizeof(buf))) > 0)
			offset += got;
		if (got < 0 || !offset)
			need(-EIO, row->path);
		handle_release(handle);
	}
}

void engine_lines_prepare(struct bench *b, const struct row *row)
{
	static const char pair[] = "alloc_pages 0\nfree_pages @\n";
	const size_t bytes = sizeof(pair) - 1;

	if (b->script)
		return;
	b->script_len = row->ops / 2 * bytes;
	b->script = malloc(b->script_len);
	if (!b->script)
		need(-ENOMEM, "a script");
	for (size_t at = 0; at < b->script_len; at += bytes)
		memcpy(b->script + at, pair, bytes);
}

void engine_lines(struct bench *b, const struct row *row)
{
	struct caller caller = { 0, getuid() };
	struct handle *handle;
	struct node node;

	(void)row;
	need(tree_walk(b->tree, "sim/ctl", caller, &node), "sim/ctl");
	need(tree_open(b->tree, node, caller, O_WRONLY, &handle), "sim/ctl");
	if (handle_write(handle, 0, b->script, b->script_len) != (ssize_t)b->script_len)
		need(-EIO, "sim/ctl");
	handle_release(handle);
}

void engine_boot(struct bench *b, const struct row *row)
{
	(void)b;
	for (unsigned int i = 0; i < row->ops; i++) {
		struct tree *tree;

		bench_boot("pc", NULL, &tree);
		tree_free(tree);
	}
}
