// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The least work for a file's pages: an array by index, pages that count their mappings
 * and lie on a list (inactive or active), no read-ahead, no radix tree.
 */
#include "bench_model_mm.h"

#include <stdlib.h>

#define AROUND 16		/* pages that one fault maps */
#define REFERENCED 1U
#define ACTIVE 2U

/* A list through the descriptors whose head is the page of index 0. */
static void lru_add(struct page *pages, u32 pfn)
{
	struct page *head = pages, *page = &pages[pfn];

	page->prev = 0;
	page->next = head->next;
	pages[head->next].prev = pfn;
	head->next = pfn;
}

static inline void lru_del(struct page *pages, u32 pfn)
{
	const struct page *page = &pages[pfn];

	pages[page->prev].next = page->next;
	pages[page->next].prev = page->prev;
}

void model_file(struct bench *b, u32 nr_pages)
{
	struct model_mm *mm = model_mm(b);
	struct page *pages = b->model.pages;

	for (u64 i = 0; i < nr_pages; i++)
		*entry_of(mm, i << 12) = 0;
	if (!mm->cache) {
		mm->cache = calloc(nr_pages, sizeof(*mm->cache));
		need(mm->cache ? 0 : -ENOMEM, "model");
		mm->nr_cache = nr_pages;
		pages[0].next = pages[0].prev = 0;
	}
	for (u32 i = 0; i < nr_pages; i++) {
		u32 pfn = (u32)(mm->cache[i] >> 1);

		if (!pfn) {
			pfn = take_page(b);
			mm->cache[i] = (u64)pfn << 1 | 1;
			lru_add(pages, pfn);
		}
		pages[pfn].mapcount = -1;
		pages[pfn].flags = 0;
	}
}

void model_file_faults(struct bench *b, const struct row *row)
{
	struct model_mm *mm = model_mm(b);

	for (u64 i = 0; i < row->ops; i += AROUND) {
		u64 *entry = entry_of(mm, i << 12);

		mm->faults++;
		for (u64 n = 0; n < AROUND; n++) {
			u32 pfn = (u32)(mm->cache[i + n] >> 1);

			b->model.pages[pfn].refcount++;
			b->model.pages[pfn].mapcount++;
			entry[n] = (u64)pfn << 12 | LEAF;
		}
		mm->file_rss += AROUND;
		__asm__ volatile("" : : : "memory");
	}
}

/* Not mapped any more, not cached, not on its list, free. */
void model_pageout(struct bench *b, const struct row *row)
{
	struct model_mm *mm = model_mm(b);
	struct page *pages = b->model.pages;

	for (u64 i = 0; i < row->ops; i++) {
		u64 *entry = entry_of(mm, i << 12);
		u32 pfn = (u32)(*entry >> 12);

		*entry = 0;
		mm->file_rss--;
		pages[pfn].flags &= ~REFERENCED;
		mm->cache[i] = 0;
		lru_del(pages, pfn);
		give_page(b, pfn);
		__asm__ volatile("" : : : "memory");
	}
}

/* The same for what nobody maps: a shadow stays. */
void model_reclaim(struct bench *b, const struct row *row)
{
	struct model_mm *mm = model_mm(b);
	struct page *pages = b->model.pages;

	for (u64 i = 0; i < row->ops; i++) {
		u32 pfn = (u32)(mm->cache[i] >> 1);

		if (pages[pfn].flags & REFERENCED)
			pages[pfn].flags &= ~REFERENCED;
		mm->cache[i] = 0;
		lru_del(pages, pfn);
		give_page(b, pfn);
		__asm__ volatile("" : : : "memory");
	}
}

/* Twice used is active. */
void model_cached_read(struct bench *b, const struct row *row)
{
	struct model_mm *mm = model_mm(b);

	for (u64 i = 0; i < row->ops; i++) {
		struct page *page = &b->model.pages[mm->cache[i] >> 1];

		page->refcount++;
		if (page->flags & REFERENCED && !(page->flags & ACTIVE)) {
			lru_del(b->model.pages, (u32)(mm->cache[i] >> 1));
			lru_add(b->model.pages, (u32)(mm->cache[i] >> 1));
			page->flags = (page->flags | ACTIVE) & ~REFERENCED;
		} else {
			page->flags |= REFERENCED;
		}
		page->refcount--;
		__asm__ volatile("" : : : "memory");
	}
}
