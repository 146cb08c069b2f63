// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Every state of a zone of 16 pages, and everything that can be done in it.
 *
 * A state says of each aligned block whether it is allocated; free neighbours are
 * always merged. With a(k) states of 2^k pages: a(0) = 2, and a(k) = a(k-1)^2 + 1,
 * as both halves are any state but "both free", or the whole is free, or allocated
 * in one piece: 2, 5, 26, 677, 458330. A state is a number in that counting.
 *
 * In each state, each order is allocated from each block that may be first in its
 * list, and each allocated block is freed. A reference model that is nothing but
 * the rules in a table of 16 pages says what must come out. Breadth first from the
 * free zone, so that the number of states seen is the number of reachable ones.
 */
#include <stdio.h>
#include <stdlib.h>

#include "phys_machine.h"
#include "sim/phys/buddy_list.h"

#define PAGES 16
#define TOP 4
#define STATES 458330U
#define BASE 1024U

enum kind { BODY, FREE, USED };

/* The reference model: what begins at each page. */
struct model {
	u8 kind[PAGES], order[PAGES];
};

static const u32 nr_states[TOP + 1] = { 2, 5, 26, 677, STATES };

static void decode(struct model *model, unsigned int at, unsigned int order, u32 number)
{
	u32 half;

	if (number < 2) {
		model->kind[at] = number ? USED : FREE;
		model->order[at] = order;
		return;
	}
	half = nr_states[order - 1];
	decode(model, at, order - 1, (number - 1) / half);
	decode(model, at + (1U << (order - 1)), order - 1, (number - 1) % half);
}

static u32 encode(const struct model *model, unsigned int at, unsigned int order)
{
	if (model->kind[at] != BODY && model->order[at] == order)
		return model->kind[at] == USED;
	return 1 + encode(model, at, order - 1) * nr_states[order - 1] +
	       encode(model, at + (1U << (order - 1)), order - 1);
}

/* Take the lowest 2^low pages out of the free block at `at`. */
static void model_alloc(struct model *model, unsigned int at, unsigned int low)
{
	while (model->order[at] > low) {
		unsigned int upper = at + (1U << --model->order[at]);

		model->kind[upper] = FREE;
		model->order[upper] = model->order[at];
	}
	model->kind[at] = USED;
}

/* Returns where the block lies that the freed one became part of. */
static unsigned int model_free(struct model *model, unsigned int at)
{
	model->kind[at] = FREE;
	while (model->order[at] < TOP) {
		unsigned int buddy = at ^ 1U << model->order[at];
		unsigned int lower = MIN(at, buddy);

		if (model->kind[buddy] != FREE || model->order[buddy] != model->order[at])
			break;
		model->kind[MAX(at, buddy)] = BODY;
		at = lower;
		model->order[at]++;
	}
	return at;
}

/* Is the buddy of what the block could become free? Then it goes to the tail. */
static bool model_wants_tail(const struct model *model, unsigned int at)
{
	unsigned int order = model->order[at] + 1, merged = at & ~(1U << (order - 1));
	unsigned int other = merged ^ 1U << order;

	return order < TOP && model->kind[other] == FREE && model->order[other] == order;
}

struct run {
	struct machine *m;
	struct zone *zone;
	u32 *queue, nr_queued;
	u8 *seen;
	u64 nr_transitions;
	struct out out;
	struct check check;
};

/* Put the engine into the state; of equal blocks `first` leads its list. */
static void engine_set(struct run *run, const struct model *model, unsigned int first)
{
	struct zone *zone = run->zone;

	for (unsigned int i = 0; i < PAGES; i++) {
		struct page *page = pfn_to_page(run->m, BASE + i);

		page_clear_type(page);
		page->refcount = model->kind[i] == USED;
	}
	for (unsigned int order = 0; order <= TOP; order++) {
		zone->free_area[order] = (struct free_area) { 0 };
		for (unsigned int type = 0; type < MIGRATE_TYPES; type++)
			zone->free_area[order].lists[type] = (struct page_list) PAGE_LIST_INIT;
	}
	zone->stat[NR_FREE_PAGES] = 0;
	for (unsigned int i = 0; i < PAGES; i++)
		if (model->kind[i] == FREE)
			free_list_add(run->m, zone, BASE + i, model->order[i], MIGRATE_MOVABLE,
				      /* tail = */ i != first);
}

static _Noreturn void wrong(const struct run *run, const struct model *model, const char *what)
{
	fprintf(stderr, "state %u: %s\n", encode(model, 0, TOP), what);
	if (run->out.len)
		fprintf(stderr, "%s", run->out.text);
	exit(1);
}

/* The engine must be in `after`, with no invariant broken. */
static void engine_compare(struct run *run, const struct model *before,
			   const struct model *after, const char *what)
{
	for (unsigned int i = 0; i < PAGES; i++) {
		const struct page *page = pfn_to_page(run->m, BASE + i);
		bool head = page_type(page) == PGTY_buddy;

		if (head != (after->kind[i] == FREE) ||
		    (head && page->private_ != after->order[i]))
			wrong(run, before, what);
	}
	buddy_validate(run->m, run->zone, &run->check);
	if (run->check.nr_broken)
		wrong(run, before, what);
	run->nr_transitions++;
}

static void reach(struct run *run, const struct model *model)
{
	u32 number = encode(model, 0, TOP);

	if (run->seen[number])
		return;
	run->seen[number] = 1;
	run->queue[run->nr_queued++] = number;
}

static void try_alloc(struct run *run, const struct model *model, unsigned int order,
		      unsigned int at)
{
	struct model after = *model;
	struct page *page;
	u32 pfn;

	model_alloc(&after, at, order);
	engine_set(run, model, at);
	pfn = buddy_alloc(run->m, run->zone, order, MIGRATE_MOVABLE, 0);
	if (pfn != BASE + at)
		wrong(run, model, "alloc took another block");
	page = pfn_to_page(run->m, pfn);
	page->refcount = 1;
	engine_compare(run, model, &after, "alloc");
	/* Upper halves lead their lists. */
	for (unsigned int high = order; high < model->order[at]; high++)
		if (run->zone->free_area[high].lists[MIGRATE_MOVABLE].first !=
		    pfn + (1U << high))
			wrong(run, model, "an upper half is not at the head");
	reach(run, &after);
}

/* All blocks of the smallest order that will do may be the first of the list. */
static void try_allocs(struct run *run, const struct model *model, unsigned int order)
{
	for (unsigned int high = order; high <= TOP; high++) {
		bool found = false;

		for (unsigned int i = 0; i < PAGES; i++)
			if (model->kind[i] == FREE && model->order[i] == high) {
				try_alloc(run, model, order, i);
				found = true;
			}
		if (found)
			return;
	}
	engine_set(run, model, PAGES);
	if (buddy_alloc(run->m, run->zone, order, MIGRATE_MOVABLE, 0) != PFN_NIL)
		wrong(run, model, "alloc found a block where none is");
	engine_compare(run, model, model, "failed alloc");
}

static void try_free(struct run *run, const struct model *model, unsigned int at)
{
	struct model after = *model;
	unsigned int merged = model_free(&after, at);
	const struct page_list *list =
		&run->zone->free_area[after.order[merged]].lists[MIGRATE_MOVABLE];
	bool tail = model_wants_tail(&after, merged);

	engine_set(run, model, PAGES);
	pfn_to_page(run->m, BASE + at)->refcount = 0;
	buddy_free(run->m, run->zone, BASE + at, model->order[at], BUDDY_AUTO);
	engine_compare(run, model, &after, "free");
	if ((tail ? list->last : list->first) != BASE + merged)
		wrong(run, model, "free put the block at the wrong end");
	reach(run, &after);
}

static void try_everything(struct run *run, u32 number)
{
	struct model model = { .kind = { BODY } };

	decode(&model, 0, TOP, number);
	if (encode(&model, 0, TOP) != number)
		wrong(run, &model, "the numbering is wrong");
	for (unsigned int order = 0; order <= TOP; order++)
		try_allocs(run, &model, order);
	for (unsigned int i = 0; i < PAGES; i++)
		if (model.kind[i] == USED)
			try_free(run, &model, i);
}

static u32 explore(enum release release)
{
	const struct test_machine spec = {
		.release = release, .ranges = { { BASE, BASE + PAGES, 0 } },
	};
	struct run run = { .m = test_machine_new(&spec) };

	run.zone = run.m->nodes[0]->zones[ZONE_DMA];
	run.check.out = &run.out;
	run.queue = calloc(STATES, sizeof(*run.queue));
	run.seen = calloc(STATES, 1);
	if (!run.queue || !run.seen || buddy_hand_over(run.m, run.zone, BASE, BASE + PAGES))
		abort();
	run.queue[run.nr_queued++] = 0;
	run.seen[0] = 1;
	for (u32 i = 0; i < run.nr_queued; i++)
		try_everything(&run, run.queue[i]);
	printf("%s: %u states, %llu transitions\n", release_name(release), run.nr_queued,
	       (unsigned long long)run.nr_transitions);
	out_free(&run.out);
	free(run.queue);
	free(run.seen);
	test_machine_free(run.m);
	return run.nr_queued;
}

int main(void)
{
	for (enum release release = 0; release < NR_RELEASES; release++)
		if (explore(release) != STATES)
			return 1;
	return 0;
}
