// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The least work that a simulator of these operations can do: a stack of free
 * pages, a descriptor of the engine's size, counters; no locks, no zones, no
 * watermarks. Empty asm statements keep the compiler from leaving the work out:
 * each operation's result is used, and memory is what it was told to be.
 */
#include "bench.h"

#include <stdlib.h>

#include "sim/phys/page.h"

#define MODEL_PAGES (1U << 20)
#define AREA_PAGES 4
#define MODEL_AHEAD 16

void model_init(struct model *model)
{
	model->stack = calloc(MODEL_PAGES, sizeof(*model->stack));
	model->pages = calloc(MODEL_PAGES, sizeof(*model->pages));
	if (!model->stack || !model->pages)
		need(-ENOMEM, "model");
	for (u32 i = 0; i < MODEL_PAGES; i++) {
		model->stack[i] = MODEL_PAGES - 1 - i;
		model->pages[i].next = PFN_NIL;
	}
	/* Page 0 heads the list of those that can be reclaimed. */
	model->pages[0].next = model->pages[0].prev = 0;
	model->top = model->free_pages = MODEL_PAGES - 1;
}

static inline void model_take(struct model *model, u32 pfn)
{
	struct page *page = &model->pages[pfn];

	page->refcount = 1;
	page->mapcount = -1;
	model->free_pages--;
	model->allocs++;
}

static inline u32 model_alloc(struct model *model)
{
	u32 pfn = model->stack[--model->top];

	model_take(model, pfn);
	return pfn;
}

static inline void model_free(struct model *model, u32 pfn)
{
	model->pages[pfn].refcount = 0;
	model->stack[model->top++] = pfn;
	model->free_pages++;
	model->frees++;
}

void model_pairs(struct bench *b, const struct row *row)
{
	for (unsigned int i = 0; i < row->ops; i++) {
		u32 pfn = model_alloc(&b->model);

		__asm__ volatile("" : "+r"(pfn) : : "memory");
		model_free(&b->model, pfn);
		__asm__ volatile("" : : : "memory");
	}
}

void model_bursts(struct bench *b, const struct row *row)
{
	u32 pfns[512];

	for (unsigned int i = 0; i < row->ops; i += 512) {
		for (int n = 0; n < 512; n++) {
			pfns[n] = model_alloc(&b->model);
			__asm__ volatile("" : : "r"(pfns) : "memory");
		}
		for (int n = 0; n < 512; n++) {
			model_free(&b->model, pfns[n]);
			__asm__ volatile("" : : : "memory");
		}
	}
}

/* A table of the area's pages. */
void model_vmalloc(struct bench *b, const struct row *row)
{
	u32 area[AREA_PAGES];

	for (unsigned int i = 0; i < row->ops; i++) {
		for (int n = 0; n < AREA_PAGES; n++)
			area[n] = model_alloc(&b->model);
		__asm__ volatile("" : : "r"(area) : "memory");
		for (int n = 0; n < AREA_PAGES; n++)
			model_free(&b->model, area[n]);
		__asm__ volatile("" : : : "memory");
	}
}

/* Free pages in random order, their descriptors fetched some ahead. */
void model_aged(struct bench *b, const struct row *row)
{
	struct model *model = &b->model;

	for (unsigned int i = 0; i < row->ops; i++) {
		u32 pfn = model->aged[i];

		__builtin_prefetch(&model->pages[model->aged[i + MODEL_AHEAD]], 1);
		model_take(model, pfn);
		__asm__ volatile("" : : "r"(pfn) : "memory");
	}
}

void model_aged_prepare(struct bench *b, unsigned int nr)
{
	struct model *model = &b->model;
	u32 pfn = 1;

	if (!model->aged)
		model->aged = calloc(nr + MODEL_AHEAD, sizeof(*model->aged));
	if (!model->aged)
		need(-ENOMEM, "model");
	for (unsigned int i = 0; i < nr; i++) {
		/* A generator of full period over all pages: none comes twice. */
		pfn = (pfn * 1664525U + 1013904223U) % MODEL_PAGES;
		model->aged[i] = pfn;
	}
}
