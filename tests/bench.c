// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * `make bench` (or tests/bench WORD..., for the rows that have a word in their name): rates of the engine, of the host kernel where it has the same
 * operation, and of a minimal model loop; then the same through a mount. The ways
 * of a row take turns in short runs, so that noise hits all; each figure is the
 * median of its runs, which are shorter than a time slice.
 */
#include "bench.h"
#include "bench_host.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "sim/phys/section.h"

#define ROUNDS 41
#define PROFILE_SECONDS 1
#define AGED_OPS 20000

double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec * 1e-9;
}

void need(int err, const char *what)
{
	if (!err)
		return;
	fprintf(stderr, "bench: %s: %s\n", what, strerror(-err));
	exit(1);
}

long status_kb(pid_t pid, const char *key)
{
	char line[256], path[32] = "/proc/self/status";
	long kb = 0;
	FILE *file;

	if (pid)
		snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	file = fopen(path, "r");
	while (file && fgets(line, sizeof(line), file))
		if (!strncmp(line, key, strlen(key)))
			kb = strtol(line + strlen(key), NULL, 10);
	if (file)
		fclose(file);
	return kb;
}

/* The config lives as long as the program. */
void bench_boot(const char *machine, const char *const *sets, struct tree **tree)
{
	struct machine_config *config;
	char *error = NULL;
	int err = machine_config_load(machine, sets, &config, &error);

	if (!err)
		err = tree_create(config, tree, &error);
	if (err)
		fprintf(stderr, "bench: %s: %s\n", machine, error ? error : "");
	need(err, "boot");
}

static const struct row rows[] = {
	{ "order-0 alloc/free pair, hot", 20000, engine_pairs, model_pairs, .goal = 50e6 },
	{ "order-0, bursts of 512", 20480, engine_bursts, model_bursts },
	{ "order-4 alloc/free pair", 5000, engine_order4 },
	{ "order-0 alloc, aged memory", AGED_OPS, engine_aged, model_aged,
	  .prepare = engine_aged_prepare, .goal = 15e6, .share = 0.25 },
	{ "slab alloc/free pair, hot", 20000, engine_slab, model_pairs, .share = 0.25 },
	{ "slab pair, by sheaves", 20000, engine_sheaf, model_pairs, .share = 0.25 },
	{ "kmalloc/kfree pair, 200 bytes", 20000, engine_kmalloc, model_pairs },
	{ "vmalloc/vfree pair, 16 KiB", 1000, engine_vmalloc, model_vmalloc },
	{ "lines of a script, 64 KiB writes", 4000, engine_lines,
	  .prepare = engine_lines_prepare, .goal = 8e6 },
#define READ_ROW(file, ops) \
	{ "read " file, ops, engine_read, .kernel = kernel_read, .path = file, \
	  .host_path = "/" file }
	READ_ROW("proc/meminfo", 200),
	READ_ROW("proc/zoneinfo", 20),
	READ_ROW("proc/buddyinfo", 200),
	READ_ROW("proc/pagetypeinfo", 50),
	READ_ROW("proc/vmstat", 50),
	READ_ROW("proc/slabinfo", 20),
	READ_ROW("sys/devices/system/node/node0/meminfo", 200),
	READ_ROW("sys/devices/system/node/node0/vmstat", 50),
	READ_ROW("sys/devices/system/node/node0/numastat", 200),
	{ "boot of the default machine", 1, engine_boot },
};

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static void print_rate(double value)
{
	if (value >= 1e6)
		printf(" %7.2f M", value / 1e6);
	else if (value >= 1e3)
		printf(" %7.2f k", value / 1e3);
	else if (value > 0)
		printf(" %7.1f  ", value);
	else
		printf(" %7s  ", "-");
}

static double run(struct bench *b, const struct row *row,
		  void (*way)(struct bench *, const struct row *))
{
	double start = now();

	way(b, row);
	return row->ops / (now() - start);
}

/* The engine alone: its best run is what noise had no part in. */
static void profile_row(struct bench *b, const struct row *row)
{
	double best = 0, end = now() + PROFILE_SECONDS;
	unsigned int nr = 0;

	for (; now() < end; nr += row->ops) {
		double rate;

		if (row->prepare)
			row->prepare(b, row);
		rate = run(b, row, row->engine);
		best = MAX(best, rate);
	}
	printf("%-37s", row->name);
	print_rate(best);
	printf("  best of %u\n", nr);
}

void print_header(const char *what, const char *engine, const char *model)
{
	printf("%-37s %9s %9s %9s %8s %9s %7s\n", what, engine, "goal", "kernel", "ratio", model,
	       "of it");
}

static void print_medians(struct bench *b, const struct row *row, const double median[3])
{
	bool less = row->goal > median[0];
	/* A slower machine than where it was set: as many times its kernel is the goal there. */
	bool by_ratio = less && row->real > 0 && median[0] / row->goal >= median[1] / row->real;
	bool missed = (less && !by_ratio) || row->share * median[2] > median[0];

	printf("%-37s", row->name);
	print_rate(median[0]);
	print_rate(MAX(row->goal, row->share * median[2]));
	print_rate(median[1]);
	if (median[1] > 0)
		printf(" %7.1fx", median[0] / median[1]);
	else
		printf(" %8s", "-");
	print_rate(median[2]);
	if (median[2] > 0)
		printf(" %5.0f %%", 100 * median[0] / median[2]);
	else
		printf(" %7s", "");
	puts(missed ? "  missed" : by_ratio ? "  by ratio" : "");
	fflush(stdout);
	b->nr_goals += row->goal > 0 || row->share > 0;
	b->nr_missed += missed;
	b->nr_by_ratio += by_ratio && !missed;
}

static void print_row(struct bench *b, const struct row *row)
{
	double samples[3][ROUNDS], median[3] = { 0 };
	void (*const ways[3])(struct bench *, const struct row *) = {
		row->engine, row->kernel, row->model,
	};

	/* Round -1 warms up. */
	for (int round = -1; round < ROUNDS; round++) {
		if (row->prepare)
			row->prepare(b, row);
		for (int i = 0; i < 3; i++)
			if (ways[i])
				samples[i][MAX(round, 0)] = run(b, row, ways[i]);
	}
	for (int i = 0; i < 3; i++) {
		if (!ways[i])
			continue;
		qsort(samples[i], ROUNDS, sizeof(double), compare);
		median[i] = samples[i][ROUNDS / 2];
	}
	print_medians(b, row, median);
}

static bool wanted(const struct bench *b, const struct row *row)
{
	for (char **word = b->words; word && *word; word++)
		if (strstr(row->name, *word))
			return true;
	return !b->words;
}

void print_rows(struct bench *b, const struct row *first, unsigned int nr)
{
	for (unsigned int i = 0; i < nr; i++)
		if (wanted(b, &first[i]))
			(b->profile ? profile_row : print_row)(b, &first[i]);
}

/* In a process of its own, so that the figures are of this machine alone. */
static void print_huge(void)
{
	const char *const sets[] = {
		"node 0.memory=128G", "node 1.memory=128G", "node 2.memory=128G",
		"node 3.memory=128G", "node 4.memory=128G", "node 5.memory=128G",
		"node 6.memory=128G", "node 7.memory=128G", NULL,
	};
	struct tree *tree;
	double start;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid < 0)
		need(-errno, "fork");
	if (pid) {
		waitpid(pid, NULL, 0);
		return;
	}
	start = now();
	bench_boot("numa8", sets, &tree);
	printf("1 TiB on 8 nodes: boots in %.1f ms, %.1f MB\n", (now() - start) * 1e3,
	       status_kb(0, "VmRSS:") / 1024.0);
	fflush(stdout);
	_exit(0);
}

int main(int argc, char **argv)
{
	struct bench b = { 0 };
	double start;

	if (argc > 1 && !strcmp(argv[1], "--forker"))
		host_forker();
	setvbuf(stdout, NULL, _IOLBF, 0);
	b.profile = argc > 1 && !strcmp(argv[1], "--profile");
	b.words = argc > 1 + b.profile ? argv + 1 + b.profile : NULL;
	if (!b.words)
		print_huge();
	start = now();
	bench_boot("pc", NULL, &b.tree);
	printf("the default machine: boots in %.1f ms, %.1f MB\n\n", (now() - start) * 1e3,
	       status_kb(0, "VmRSS:") / 1024.0);
	b.m = (struct machine *)tree_machine(b.tree);
	b.cache = kmem_cache_find(b.m, "kmalloc-256");
	b.sheaves = kmem_cache_find(b.m, "vm_area_struct");
	if (!b.cache || !b.sheaves)
		need(-ENOENT, "kmalloc-256, vm_area_struct");
	need(section_reserve(b.m, 16), "section_reserve");
	model_init(&b.model);
	print_header("per second", "engine", "model");
	print_rows(&b, rows, ARRAY_SIZE(rows));
	fault_bench_begin(&b);
	bench_faults(&b);
	bench_maps(&b);
	bench_files(&b);
	bench_trace(&b);
	bench_move(&b);
	fault_bench_end(&b);
	printf("%u of %u goals reached, %u of them as so many times the kernel's rate\n",
	       b.nr_goals - b.nr_missed, b.nr_goals, b.nr_by_ratio);
	if (!b.words || !strcmp(b.words[0], "mount"))
		bench_mount(&b);
	printf("\nratio: engine to host kernel. A simulated operation clears no page, takes no "
	       "trap\nand flushes no TLB; the kernel's does. read: open, read to the end, "
	       "close.\naged: pages lie anywhere, as on a machine that has run for a while; else they "
	       "lie in order,\nand all that the model has is in the processor's cache.\n");
	tree_free(b.aged_tree);
	tree_free(b.tree);
	return 0;
}
