// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * `make bench`: rates of the engine, of the host kernel where it has the same
 * operation, and of a minimal model loop, which is the least work that a
 * simulator can do: a stack of free pages, a descriptor, a counter; no locks, no
 * zones, no watermarks. The three take turns in one run, so that noise hits all;
 * each figure is the median of the rounds. A simulated operation clears no page
 * and takes no trap: the ratio to the kernel says so much and no more.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "fs/core/tree.h"
#include "sim/phys/page_alloc.h"
#include "sim/phys/section.h"
#include "sim/phys/slab.h"

#define ROUNDS 9
#define MODEL_PAGES (1U << 18)

struct model {
	u32 *stack;
	u32 top;
	struct page *pages;
	u64 free_pages, allocs, frees;
};

struct bench {
	struct machine *m;
	struct tree *tree;
	struct kmem_cache *cache;
	struct model model;
};

struct row {
	const char *name;
	unsigned int ops;	/* by one call of a function below */
	void (*engine)(struct bench *b, unsigned int ops);
	void (*model)(struct bench *b, unsigned int ops);
	void (*kernel)(struct bench *b, unsigned int ops);
};

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec * 1e-9;
}

static void need(int err, const char *what)
{
	if (!err)
		return;
	fprintf(stderr, "bench: %s: %s\n", what, strerror(-err));
	exit(1);
}

/* The model */

static void model_init(struct model *model)
{
	model->stack = calloc(MODEL_PAGES, sizeof(*model->stack));
	model->pages = calloc(MODEL_PAGES, sizeof(*model->pages));
	if (!model->stack || !model->pages)
		need(-ENOMEM, "model");
	for (u32 i = 0; i < MODEL_PAGES; i++)
		model->stack[i] = MODEL_PAGES - 1 - i;
	model->top = model->free_pages = MODEL_PAGES;
}

static inline u32 model_alloc(struct model *model)
{
	u32 pfn = model->stack[--model->top];
	struct page *page = &model->pages[pfn];

	page->refcount = 1;
	page->mapcount = -1;
	model->free_pages--;
	model->allocs++;
	return pfn;
}

static inline void model_free(struct model *model, u32 pfn)
{
	model->pages[pfn].refcount = 0;
	model->stack[model->top++] = pfn;
	model->free_pages++;
	model->frees++;
}

static void model_pairs(struct bench *b, unsigned int ops)
{
	for (unsigned int i = 0; i < ops; i++) {
		u32 pfn = model_alloc(&b->model);

		__asm__ volatile("" : "+r"(pfn) : : "memory");
		model_free(&b->model, pfn);
	}
}

static void model_bursts(struct bench *b, unsigned int ops)
{
	u32 pfns[512];

	for (unsigned int i = 0; i < ops; i += 512) {
		for (int n = 0; n < 512; n++)
			pfns[n] = model_alloc(&b->model);
		for (int n = 0; n < 512; n++)
			model_free(&b->model, pfns[n]);
	}
}

/* The engine */

static u32 take_page(struct bench *b, unsigned int order)
{
	const struct alloc_request req = {
		.gfp = GFP_KERNEL, .order = order, .node = NUMA_NO_NODE,
		.owner = PGTY_kernel,
	};
	u32 pfn;

	need(alloc_pages(b->m, &req, &pfn), "alloc_pages");
	return pfn;
}

static void engine_pairs(struct bench *b, unsigned int ops)
{
	for (unsigned int i = 0; i < ops; i++)
		free_pages(b->m, take_page(b, 0), 0);
}

static void engine_bursts(struct bench *b, unsigned int ops)
{
	u32 pfns[512];

	for (unsigned int i = 0; i < ops; i += 512) {
		for (int n = 0; n < 512; n++)
			pfns[n] = take_page(b, 0);
		for (int n = 0; n < 512; n++)
			free_pages(b->m, pfns[n], 0);
	}
}

static void engine_order4(struct bench *b, unsigned int ops)
{
	for (unsigned int i = 0; i < ops; i++)
		free_pages(b->m, take_page(b, 4), 4);
}

static void engine_slab_pairs(struct bench *b, unsigned int ops)
{
	struct slab_object object;

	for (unsigned int i = 0; i < ops; i++) {
		need(kmem_cache_alloc(b->m, b->cache, GFP_KERNEL, NUMA_NO_NODE, &object),
		     "kmem_cache_alloc");
		kmem_cache_free(b->m, b->cache, object.addr);
	}
}

static void engine_kmalloc_pairs(struct bench *b, unsigned int ops)
{
	u64 addr;

	for (unsigned int i = 0; i < ops; i++) {
		need(kmalloc(b->m, 200, GFP_KERNEL, NUMA_NO_NODE, &addr), "kmalloc");
		need(kfree(b->m, addr), "kfree");
	}
}

static void read_tree(struct bench *b, const char *path, unsigned int ops)
{
	static char buf[1 << 16];
	struct caller caller = { 0, getuid() };
	struct handle *handle;
	struct node node;

	for (unsigned int i = 0; i < ops; i++) {
		need(tree_walk(b->tree, path, caller, &node), path);
		need(tree_open(b->tree, node, caller, O_RDONLY, &handle), path);
		while (handle_read(handle, 0, buf, sizeof(buf)) < 0)
			need(-EIO, path);
		handle_release(handle);
	}
}

static void read_host(const char *path, unsigned int ops)
{
	static char buf[1 << 16];

	for (unsigned int i = 0; i < ops; i++) {
		int fd = open(path, O_RDONLY);

		if (fd < 0)
			need(-errno, path);
		while (read(fd, buf, sizeof(buf)) > 0)
			;
		close(fd);
	}
}

#define READ_ROW(id, file) \
	static void engine_##id(struct bench *b, unsigned int ops) \
	{ \
		read_tree(b, "proc/" file, ops); \
	} \
	static void kernel_##id(struct bench *b, unsigned int ops) \
	{ \
		(void)b; \
		read_host("/proc/" file, ops); \
	}
READ_ROW(meminfo, "meminfo")
READ_ROW(zoneinfo, "zoneinfo")
READ_ROW(buddyinfo, "buddyinfo")
READ_ROW(vmstat, "vmstat")

static void engine_lines(struct bench *b, unsigned int ops)
{
	static char script[1 << 16];
	struct caller caller = { 0, getuid() };
	struct handle *handle;
	struct node node;
	size_t len = 0;

	for (unsigned int i = 0; i < ops; i += 2)
		len += snprintf(script + len, sizeof(script) - len,
				"alloc_pages 0\nfree_pages @\n");
	need(tree_walk(b->tree, "sim/ctl", caller, &node), "sim/ctl");
	need(tree_open(b->tree, node, caller, O_WRONLY, &handle), "sim/ctl");
	if (handle_write(handle, 0, script, len) != (ssize_t)len)
		need(-EIO, "sim/ctl");
	handle_release(handle);
}

static void boot(const char *machine, struct tree **tree)
{
	struct machine_config *config;
	char *error = NULL;
	int err = machine_config_load(machine, NULL, &config, &error);

	if (!err)
		err = tree_create(config, tree, &error);
	if (err)
		fprintf(stderr, "bench: %s: %s\n", machine, error ? error : "");
	need(err, "boot");
}

static void engine_boot(struct bench *b, unsigned int ops)
{
	(void)b;
	for (unsigned int i = 0; i < ops; i++) {
		struct tree *tree;

		boot("pc", &tree);
		tree_free(tree);
	}
}

static const struct row rows[] = {
	{ "order-0 alloc/free pair, hot", 200000, engine_pairs, model_pairs, NULL },
	{ "order-0, bursts of 512", 204800, engine_bursts, model_bursts, NULL },
	{ "order-4 alloc/free pair", 50000, engine_order4, NULL, NULL },
	{ "slab alloc/free pair, hot", 200000, engine_slab_pairs, model_pairs, NULL },
	{ "kmalloc/kfree pair, 200 bytes", 200000, engine_kmalloc_pairs, model_pairs, NULL },
	{ "lines of a script, 64 KiB writes", 2000, engine_lines, NULL, NULL },
	{ "open+read+close meminfo", 500, engine_meminfo, NULL, kernel_meminfo },
	{ "open+read+close zoneinfo", 200, engine_zoneinfo, NULL, kernel_zoneinfo },
	{ "open+read+close buddyinfo", 500, engine_buddyinfo, NULL, kernel_buddyinfo },
	{ "open+read+close vmstat", 500, engine_vmstat, NULL, kernel_vmstat },
	{ "boot of the default machine", 1, engine_boot, NULL, NULL },
};

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static double rate(struct bench *b, void (*run)(struct bench *, unsigned int),
		   unsigned int ops)
{
	double start = now();

	run(b, ops);
	return ops / (now() - start);
}

static void print_rate(double value)
{
	if (value >= 1e6)
		printf(" %9.2f M", value / 1e6);
	else if (value >= 1e3)
		printf(" %9.2f k", value / 1e3);
	else if (value > 0)
		printf(" %9.1f  ", value);
	else
		printf(" %9s  ", "-");
}

static void print_row(struct bench *b, const struct row *row)
{
	double samples[3][ROUNDS], median[3] = { 0 };
	void (*const runs[3])(struct bench *, unsigned int) = {
		row->engine, row->kernel, row->model,
	};

	for (int round = 0; round < ROUNDS; round++)
		for (int i = 0; i < 3; i++)
			if (runs[i])
				samples[i][round] = rate(b, runs[i], row->ops);
	for (int i = 0; i < 3; i++) {
		if (!runs[i])
			continue;
		qsort(samples[i], ROUNDS, sizeof(double), compare);
		median[i] = samples[i][ROUNDS / 2];
	}
	printf("%-34s", row->name);
	print_rate(median[0]);
	print_rate(median[1]);
	if (median[1] > 0)
		printf(" %8.2fx", median[0] / median[1]);
	else
		printf(" %9s", "-");
	print_rate(median[2]);
	if (median[2] > 0)
		printf(" %6.0f %%", 100 * median[0] / median[2]);
	putchar('\n');
}

/* Peak resident memory in kB, from our own status. */
static long resident_kb(const char *key)
{
	char line[256];
	long kb = 0;
	FILE *file = fopen("/proc/self/status", "r");

	while (file && fgets(line, sizeof(line), file))
		if (!strncmp(line, key, strlen(key)))
			kb = strtol(line + strlen(key), NULL, 10);
	if (file)
		fclose(file);
	return kb;
}

static void print_huge(void)
{
	const char *const sets[] = {
		"node 0.memory=128G", "node 1.memory=128G", "node 2.memory=128G",
		"node 3.memory=128G", "node 4.memory=128G", "node 5.memory=128G",
		"node 6.memory=128G", "node 7.memory=128G", NULL,
	};
	struct machine_config *config;
	struct tree *tree;
	char *error = NULL;
	double start;
	long before = resident_kb("VmRSS:");

	if (machine_config_load("numa8", sets, &config, &error)) {
		printf("1 TiB machine: %s\n", error ? error : "no memory");
		return;
	}
	start = now();
	if (tree_create(config, &tree, &error)) {
		printf("1 TiB machine: %s\n", error ? error : "no memory");
		return;
	}
	printf("\n1 TiB, 8 nodes: boots in %.1f ms, %.1f MB\n", (now() - start) * 1e3,
	       (resident_kb("VmRSS:") - before) / 1024.0);
	tree_free(tree);
	machine_config_free(config);
}

int main(void)
{
	struct bench b = { 0 };
	double start = now();

	boot("pc", &b.tree);
	printf("ready after %.1f ms, resident %.1f MB\n\n", (now() - start) * 1e3,
	       resident_kb("VmRSS:") / 1024.0);
	b.m = (struct machine *)tree_machine(b.tree);
	b.cache = kmem_cache_find(b.m, "kmalloc-256");
	if (!b.cache)
		need(-ENOENT, "kmalloc-256");
	need(section_reserve(b.m, 16), "section_reserve");
	model_init(&b.model);
	printf("%-34s %11s %11s %9s %11s %8s\n", "per second", "engine", "kernel",
	       "ratio", "model", "of model");
	for (unsigned int i = 0; i < ARRAY_SIZE(rows); i++)
		print_row(&b, &rows[i]);
	print_huge();
	tree_free(b.tree);
	return 0;
}
