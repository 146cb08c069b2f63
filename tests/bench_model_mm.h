/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tables of four levels and pages: what the models of memory share. */
#ifndef KMM_TESTS_BENCH_MODEL_MM_H
#define KMM_TESTS_BENCH_MODEL_MM_H

#include "bench.h"

#include "sim/phys/page.h"

#define ENTRIES 512
#define LEAF 1ULL		/* an entry maps a page: pfn << 12 | LEAF */
#define READ_ONLY 2ULL
#define OWN 4ULL		/* and the page is nobody else's */
#define ZERO_ENTRY (~0ULL << 12 | LEAF)	/* the page that nobody counts */
#define NR_TABLES 512

struct table {
	u64 entry[ENTRIES];
	struct table *below[ENTRIES];
};

struct model_mm {
	struct table *tables, *pgd;
	unsigned int nr_tables;
	u64 rss, file_rss, faults;
	u64 (*maps)[2];		/* [2 * nr]: start, end; odd ones are free */
	u32 nr_maps;
	u64 *cache;		/* of a file, by index: pfn << 1 | 1; or a shadow, even */
	u32 nr_cache;
	u64 shuffle;		/* where bench_shuffled() is */
	u64 file_pages, inactive, scanned, stolen, nonresident_age;
	u32 *slots;		/* of swap, by number: users; [nr_slots] */
	u64 *contents;		/* what lies there */
	u32 nr_slots, next_slot, free_slots;
	u64 swapped_out;
};

struct model_mm *model_mm(struct bench *b);	/* the one that there is */
/* Entries go, whatever is there of them. */
void model_drop(struct bench *b, struct model_mm *mm, u64 index, u64 nr_pages);

static inline struct table *step(struct model_mm *mm, struct table *table, unsigned int i)
{
	if (!table->below[i])
		table->below[i] = &mm->tables[mm->nr_tables++];
	return table->below[i];
}

static inline u64 *entry_of(struct model_mm *mm, u64 addr)
{
	struct table *table = mm->pgd;

	for (unsigned int shift = 39; shift > 12; shift -= 9)
		table = step(mm, table, addr >> shift & (ENTRIES - 1));
	return &table->entry[addr >> 12 & (ENTRIES - 1)];
}

static inline u32 take_page(struct bench *b)
{
	struct model *model = &b->model;
	u32 pfn = model->stack[--model->top];

	model->pages[pfn].refcount = 1;
	model->pages[pfn].mapcount = 0;
	model->free_pages--;
	return pfn;
}

static inline void give_page(struct bench *b, u32 pfn)
{
	struct model *model = &b->model;

	model->pages[pfn].refcount = 0;
	model->pages[pfn].mapcount = -1;
	model->stack[model->top++] = pfn;
	model->free_pages++;
}

/* A page at this index, if there is none yet. */
static inline void model_fault(struct bench *b, struct model_mm *mm, u64 index)
{
	u64 *entry = entry_of(mm, index << 12);

	mm->faults++;
	if (*entry)
		return;
	*entry = (u64)take_page(b) << 12 | OWN | LEAF;
	mm->rss++;
	__asm__ volatile("" : : : "memory");
}

/* The slot, of the sorted ones, that holds what lies before `wanted`. */
static inline u32 find_map(const struct model_mm *mm, u64 wanted)
{
	u32 low = 0, high = mm->nr_maps;

	while (high - low > 1) {
		u32 middle = (low + high) / 2;

		if (mm->maps[2 * middle][0] <= wanted)
			low = middle;
		else
			high = middle;
	}
	return low;
}

#endif
