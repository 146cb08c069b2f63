// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The least work that a simulator of faults, forks and mappings can do: tables of four
 * levels, a stack of free pages, a descriptor for each page; of mappings a sorted array
 * with a free slot behind each. No VMAs to merge, no LRU, no reverse mapping.
 */
#include "bench.h"

#include <stdlib.h>

#include "sim/phys/page.h"

#define ENTRIES 512
#define LEAF 1ULL		/* an entry maps a page: pfn << 12 | LEAF */
#define NR_TABLES 512

struct table {
	u64 entry[ENTRIES];
	struct table *below[ENTRIES];
};

struct model_mm {
	struct table *tables, *pgd;
	unsigned int nr_tables;
	u64 rss, faults;
	u64 (*maps)[2];		/* [2 * nr]: start, end; odd ones are free */
	u32 nr_maps;
};

static struct model_mm *mm_of(struct bench *b)
{
	struct model_mm *mm = b->model.mm;

	if (mm)
		return mm;
	mm = b->model.mm = calloc(1, sizeof(*mm));
	need(mm ? 0 : -ENOMEM, "model");
	mm->tables = calloc(NR_TABLES, sizeof(*mm->tables));
	need(mm->tables ? 0 : -ENOMEM, "model");
	mm->pgd = &mm->tables[mm->nr_tables++];
	return mm;
}

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

static void fault(struct bench *b, struct model_mm *mm, u64 addr)
{
	u64 *entry = entry_of(mm, addr);

	mm->faults++;
	if (*entry)
		return;
	*entry = (u64)take_page(b) << 12 | LEAF;
	mm->rss++;
	__asm__ volatile("" : : : "memory");
}

static void drop(struct bench *b, struct model_mm *mm, u64 nr_pages)
{
	for (u64 i = 0; i < nr_pages; i++) {
		u64 *entry = entry_of(mm, i << 12);

		if (!*entry)
			continue;
		give_page(b, (u32)(*entry >> 12));
		*entry = 0;
		mm->rss--;
	}
}

void model_mm_empty(struct bench *b, u64 nr_pages)
{
	drop(b, mm_of(b), nr_pages);
}

void model_faults(struct bench *b, const struct row *row)
{
	for (unsigned int i = 0; i < row->ops; i++)
		fault(b, mm_of(b), (u64)i << 12);
}

void model_random_faults(struct bench *b, const struct row *row)
{
	for (unsigned int i = 0; i < row->ops; i++)
		fault(b, mm_of(b), (u64)bench_random_page(i) << 12);
}

void model_dontneed(struct bench *b, const struct row *row)
{
	drop(b, mm_of(b), row->ops);
}

/* Each page is another's, too. */
void model_cow(struct bench *b, const struct row *row)
{
	struct model_mm *mm = mm_of(b);

	for (unsigned int i = 0; i < row->ops; i++) {
		u64 *entry = entry_of(mm, (u64)i << 12);
		u32 old = (u32)(*entry >> 12), new = take_page(b);

		b->model.pages[new].index = b->model.pages[old].index;
		give_page(b, old);
		*entry = (u64)new << 12 | LEAF;
		__asm__ volatile("" : : : "memory");
	}
}

/* Its tables are copied, each page has one mapping more; then it is gone. */
void model_fork(struct bench *b, const struct row *row)
{
	struct model_mm *mm = mm_of(b);
	u64 copy[ENTRIES] = { 0 };

	for (unsigned int n = 0; n < row->ops; n++) {
		for (u64 left = mm->rss, addr = 0; left; addr += (u64)ENTRIES << 12) {
			u64 *entries = entry_of(mm, addr);

			for (unsigned int i = 0; i < ENTRIES && left; i++) {
				copy[i] = entries[i];
				if (!entries[i])
					continue;
				b->model.pages[entries[i] >> 12].mapcount++;
				left--;
			}
			__asm__ volatile("" : : "r"(copy) : "memory");
			for (unsigned int i = 0; i < ENTRIES; i++)
				if (copy[i])
					b->model.pages[copy[i] >> 12].mapcount--;
			memset(copy, 0, sizeof(copy));
		}
	}
}

void model_maps(struct bench *b, u32 nr)
{
	struct model_mm *mm = mm_of(b);

	free(mm->maps);
	mm->maps = calloc(2 * (size_t)nr, sizeof(*mm->maps));
	need(mm->maps ? 0 : -ENOMEM, "model");
	mm->nr_maps = nr;
	for (u32 i = 0; i < nr; i++) {
		mm->maps[2 * i][0] = (u64)i * 8;
		mm->maps[2 * i][1] = (u64)i * 8 + 1;
	}
}

/* Find the place, put it there, find it again, take it away. */
void model_map_unmap(struct bench *b, const struct row *row)
{
	struct model_mm *mm = mm_of(b);

	for (unsigned int n = 0; n < 2 * row->ops; n++) {
		u64 wanted = (u64)(bench_random(n / 2) % mm->nr_maps) * 8 + 2;
		u32 low = 0, high = mm->nr_maps;

		while (high - low > 1) {
			u32 middle = (low + high) / 2;

			if (mm->maps[2 * middle][0] <= wanted)
				low = middle;
			else
				high = middle;
		}
		mm->maps[2 * low + 1][0] = n & 1 ? 0 : wanted;
		mm->maps[2 * low + 1][1] = n & 1 ? 0 : wanted + 4;
		mm->rss += n & 1;
		__asm__ volatile("" : : : "memory");
	}
	mm->rss -= row->ops;
}
