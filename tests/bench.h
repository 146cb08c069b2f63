/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the parts of `make bench` share. A row names one operation and up to three
 * ways to do it; bench.c runs them in turns and prints the medians.
 */
#ifndef KMM_TESTS_BENCH_H
#define KMM_TESTS_BENCH_H

#include "fs/core/tree.h"
#include "sim/phys/slab.h"

/* A machine as small as can be: see bench_model.c. */
struct model {
	struct page *pages;
	u32 *stack;		/* free pages */
	u32 top;
	u32 *aged;		/* free pages in random order */
	u64 free_pages, allocs, frees;
	struct model_mm *mm;	/* bench_model_mm.c; made on first use */
};

struct bench {
	struct tree *tree;
	struct machine *m;
	struct kmem_cache *cache, *sheaves;
	struct tree *aged_tree;
	u32 *aged_pfns;		/* taken by one run, given back before the next */
	unsigned int nr_aged;
	u32 *held_pfns;		/* scatter_free_pages() */
	unsigned int nr_held;
	char *evict;		/* larger than the caches */
	char *script;		/* of the lines */
	size_t script_len;
	struct model model;
	struct fault_bench *faults;	/* bench_faults.c */
	struct replay *replay;	/* bench_trace.c */
	char **words;		/* only rows with one of them in their name; NULL: all */
	bool profile;		/* the engine alone, long enough for a profiler */
	unsigned int nr_goals, nr_missed, nr_by_ratio;
};

struct row {
	const char *name;
	unsigned int ops;	/* by one call of a function below: about 1 ms of work */
	void (*engine)(struct bench *b, const struct row *row);
	void (*model)(struct bench *b, const struct row *row);
	void (*kernel)(struct bench *b, const struct row *row);
	void (*prepare)(struct bench *b, const struct row *row);	/* not timed */
	double goal;		/* for the engine's rate; 0: none */
	double real;		/* the kernel's where the goal was set; 0: not known */
	double share;		/* of the model's rate, likewise */
	u32 extent;		/* bytes, or how many there are */
	const char *path;	/* rows that read or write a file: in the tree */
	const char *host_path, *model_path;
};

double now(void);
/* The end of the program unless err is 0. */
void need(int err, const char *what);
void print_header(const char *what, const char *engine, const char *model);
void print_rows(struct bench *b, const struct row *rows, unsigned int nr);
/* A value of /proc/PID/status in kB; pid 0: our own. */
long status_kb(pid_t pid, const char *key);
void bench_boot(const char *machine, const char *const *sets, struct tree **tree);

/* bench_model.c */
void model_init(struct model *model);
void model_pairs(struct bench *b, const struct row *row);
void model_bursts(struct bench *b, const struct row *row);
void model_vmalloc(struct bench *b, const struct row *row);
void model_aged(struct bench *b, const struct row *row);
void model_aged_prepare(struct bench *b, unsigned int nr);

/* bench_model_mm.c: faults from address 0 on, and mappings 8 pages apart */
void model_faults(struct bench *b, const struct row *row);
void model_random_faults(struct bench *b, const struct row *row);
void model_dontneed(struct bench *b, const struct row *row);
void model_cow(struct bench *b, const struct row *row);
void model_fork(struct bench *b, const struct row *row);
void model_mm_empty(struct bench *b, u64 nr_pages);
void model_maps(struct bench *b, u32 nr);
void model_map_unmap(struct bench *b, const struct row *row);
void model_map_touch_unmap(struct bench *b, const struct row *row);
void model_protect(struct bench *b, const struct row *row);
void model_zero_page(struct bench *b, const struct row *row);
/* A file of so many pages, all cached, none mapped; row->ops pages of it. */
void model_file(struct bench *b, u32 nr_pages);
/* The next pages that are taken lie anywhere; the same of a file's. */
void model_scatter(struct bench *b, u32 nr_pages);
void model_scattered_file(struct bench *b, u32 nr_pages);
void model_file_faults(struct bench *b, const struct row *row);
void model_pageout(struct bench *b, const struct row *row);
void model_reclaim(struct bench *b, const struct row *row);
void model_cached_read(struct bench *b, const struct row *row);
/* Swap of so many pages, all free; mapped pages onto a list; they go to swap. */
void model_swap_on(struct bench *b, u32 nr_slots);
void model_list_anon(struct bench *b, const struct row *row);
void model_swap_out(struct bench *b, const struct row *row);
/* The same order of numbers for all: of anything, of the pages of a 64 MiB area. */
static inline u32 bench_random(u32 i)
{
	return i * 2654435761U >> 7;
}
/* Without the even steps of these, which hosts foresee; state: not 0. */
static inline u64 bench_shuffled(u64 *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}
static inline u32 bench_random_page(u32 i)
{
	return i * 2654435761U % 16384;
}

/* bench_engine.c */
void engine_pairs(struct bench *b, const struct row *row);
void engine_bursts(struct bench *b, const struct row *row);
void engine_order4(struct bench *b, const struct row *row);
void engine_slab(struct bench *b, const struct row *row);
void engine_sheaf(struct bench *b, const struct row *row);
void engine_kmalloc(struct bench *b, const struct row *row);
void engine_vmalloc(struct bench *b, const struct row *row);
void engine_aged(struct bench *b, const struct row *row);
void engine_aged_prepare(struct bench *b, const struct row *row);
/* Free memory comes in pages, in random order, until it is gathered again. */
void scatter_free_pages(struct bench *b);
void gather_free_pages(struct bench *b);
void evict_caches(struct bench *b);
void engine_lines(struct bench *b, const struct row *row);
void engine_lines_prepare(struct bench *b, const struct row *row);
void engine_read(struct bench *b, const struct row *row);
void engine_boot(struct bench *b, const struct row *row);

/* Rows of tasks, mappings and faults: bench_mm.h; between a beginning and an end. */
void fault_bench_begin(struct bench *b);
void fault_bench_end(struct bench *b);
void bench_faults(struct bench *b);
void bench_maps(struct bench *b);
void bench_files(struct bench *b);
void bench_trace(struct bench *b);
void bench_move(struct bench *b);

/* bench_mount.c: rows of a mount, each beside a bare server of the same bytes. */
void kernel_read(struct bench *b, const struct row *row);
void bench_mount(struct bench *b);

#endif
