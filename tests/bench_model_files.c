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
	}
	for (u32 i = 0; i < nr_pages; i++) {
		u32 pfn = (u32)(mm->cache[i] >> 1);

		if (!(mm->cache[i] & 1)) {
			pfn = take_page(b);
			mm->cache[i] = (u64)pfn << 1 | 1;
			pages[pfn].index = i;
			lru_add(pages, pfn);
			mm->file_pages++;
			mm->inactive++;
		}
		pages[pfn].mapcount = -1;
		pages[pfn].flags = 0;
	}
}

void model_scatter(struct bench *b, u32 nr_pages)
{
	struct model *model = &b->model;
	u64 *state = &model_mm(b)->shuffle;

	*state += !*state;
	for (u32 i = 0; i < nr_pages; i++) {
		u32 *top = &model->stack[model->top - 1 - i];
		u32 *other = &model->stack[bench_shuffled(state) % (model->top - nr_pages)];
		u32 pfn = *top;

		*top = *other;
		*other = pfn;
	}
}

void model_scattered_file(struct bench *b, u32 nr_pages)
{
	struct model_mm *mm = model_mm(b);

	for (u32 i = 0; i < mm->nr_cache; i++) {
		if (!(mm->cache[i] & 1))
			continue;
		lru_del(b->model.pages, (u32)(mm->cache[i] >> 1));
		give_page(b, (u32)(mm->cache[i] >> 1));
		mm->cache[i] = 0;
		mm->file_pages--;
		mm->inactive--;
	}
	model_scatter(b, nr_pages);
	model_file(b, nr_pages);
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

/* It leaves its list and the cache, where a shadow stays, and is free. */
static void forget(struct bench *b, struct model_mm *mm, u32 pfn)
{
	struct page *pages = b->model.pages;

	mm->cache[pages[pfn].index] = mm->nonresident_age++ << 1;
	mm->file_pages--;
	mm->inactive--;
	mm->scanned++;
	mm->stolen++;
	lru_del(pages, pfn);
	give_page(b, pfn);
}

/* Not mapped any more, and what follows from that. */
void model_pageout(struct bench *b, const struct row *row)
{
	struct model_mm *mm = model_mm(b);

	for (u64 i = 0; i < row->ops; i++) {
		u64 *entry = entry_of(mm, i << 12);
		u32 pfn = (u32)(*entry >> 12);

		*entry = 0;
		mm->file_rss--;
		b->model.pages[pfn].flags &= ~REFERENCED;
		forget(b, mm, pfn);
		__asm__ volatile("" : : : "memory");
	}
}

/* From the list's end, whatever lies there; what was used goes round again. */
void model_reclaim(struct bench *b, const struct row *row)
{
	struct model_mm *mm = model_mm(b);
	struct page *pages = b->model.pages;

	for (u64 freed = 0; freed < row->ops;) {
		u32 pfn = pages[0].prev;

		if (pages[pfn].flags & REFERENCED) {
			pages[pfn].flags &= ~REFERENCED;
			mm->scanned++;
			lru_del(pages, pfn);
			lru_add(pages, pfn);
			continue;
		}
		forget(b, mm, pfn);
		freed++;
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

void model_swap_on(struct bench *b, u32 nr_slots)
{
	struct model_mm *mm = model_mm(b);

	mm->slots = calloc(nr_slots, sizeof(*mm->slots));
	mm->contents = calloc(nr_slots, sizeof(*mm->contents));
	need(mm->slots && mm->contents ? 0 : -ENOMEM, "model");
	mm->nr_slots = mm->free_slots = nr_slots;
}

void model_list_anon(struct bench *b, const struct row *row)
{
	struct model_mm *mm = model_mm(b);
	struct page *pages = b->model.pages;

	for (u64 i = 0; i < row->ops; i++) {
		u32 pfn = (u32)(*entry_of(mm, i << 12) >> 12);

		pages[pfn].index = i;
		lru_add(pages, pfn);
	}
	/* What was there before is read by nobody. */
	memset(mm->slots, 0, mm->nr_slots * sizeof(*mm->slots));
	mm->free_slots = mm->nr_slots;
	mm->inactive += row->ops;
}

/* The next free slot takes what the page holds, and the entry says which. */
void model_swap_out(struct bench *b, const struct row *row)
{
	struct model_mm *mm = model_mm(b);
	struct page *pages = b->model.pages;

	for (u64 i = 0; i < row->ops; i++) {
		u64 *entry = entry_of(mm, i << 12);
		u32 pfn = (u32)(*entry >> 12), slot = mm->next_slot;

		while (mm->slots[slot])
			slot = slot + 1 == mm->nr_slots ? 0 : slot + 1;
		mm->next_slot = slot + 1 == mm->nr_slots ? 0 : slot + 1;
		mm->slots[slot] = 1;
		mm->contents[slot] = pages[pfn].index;
		mm->free_slots--;
		*entry = (u64)slot << 12;
		mm->rss--;
		mm->swapped_out++;
		mm->scanned++;
		mm->stolen++;
		mm->inactive--;
		lru_del(pages, pfn);
		give_page(b, pfn);
		__asm__ volatile("" : : : "memory");
	}
}
