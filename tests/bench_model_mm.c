// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The least work that a simulator of faults and forks can do: tables of four levels, a
 * stack of free pages, a descriptor for each page. No VMAs, no LRU, no reverse mapping.
 */
#include "bench_model_mm.h"

#include <stdlib.h>

struct model_mm *model_mm(struct bench *b)
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

void model_drop(struct bench *b, struct model_mm *mm, u64 index, u64 nr_pages)
{
	for (u64 i = index; i < index + nr_pages; i++) {
		u64 *entry = entry_of(mm, i << 12);

		if (*entry & OWN) {
			give_page(b, (u32)(*entry >> 12));
			mm->rss--;
		}
		*entry = 0;
	}
}

void model_mm_empty(struct bench *b, u64 nr_pages)
{
	model_drop(b, model_mm(b), 0, nr_pages);
}

void model_faults(struct bench *b, const struct row *row)
{
	struct model_mm *mm = model_mm(b);

	for (unsigned int i = 0; i < row->ops; i++)
		model_fault(b, mm, i);
}

void model_random_faults(struct bench *b, const struct row *row)
{
	struct model_mm *mm = model_mm(b);

	for (unsigned int i = 0; i < row->ops; i++)
		model_fault(b, mm, bench_random_page(i));
}

/* Reads alone: all entries name the same page, which nobody counts. */
void model_zero_page(struct bench *b, const struct row *row)
{
	struct model_mm *mm = model_mm(b);

	for (unsigned int i = 0; i < row->ops; i++) {
		u64 *entry = entry_of(mm, (u64)i << 12);

		mm->faults++;
		if (!*entry)
			*entry = ZERO_ENTRY;
		__asm__ volatile("" : : : "memory");
	}
}

void model_dontneed(struct bench *b, const struct row *row)
{
	model_drop(b, model_mm(b), 0, row->ops);
}

/* Each page is another's, too. */
void model_cow(struct bench *b, const struct row *row)
{
	struct model_mm *mm = model_mm(b);

	for (unsigned int i = 0; i < row->ops; i++) {
		u64 *entry = entry_of(mm, (u64)i << 12);
		u32 old = (u32)(*entry >> 12), new = take_page(b);

		b->model.pages[new].index = b->model.pages[old].index;
		give_page(b, old);
		*entry = (u64)new << 12 | OWN | LEAF;
		__asm__ volatile("" : : : "memory");
	}
}

/* Its tables are copied, each page has one mapping more; then it is gone. */
void model_fork(struct bench *b, const struct row *row)
{
	struct model_mm *mm = model_mm(b);
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
