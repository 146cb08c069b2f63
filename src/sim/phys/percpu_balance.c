// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the kernel leaves to a work item, in its order: of several chunks without any
 * piece all but one go; chunks with many empty pages give them back, and are then used last;
 * and a few empty pages are kept ready for who must not wait.
 */
#include "sim/phys/percpu_internal.h"

typedef unsigned long long ull;

static void balance_free(struct machine *m, bool empty_only)
{
	struct percpu_state *state = m->percpu;
	struct percpu_chunk *spared = pcpu_next(state, pcpu_free_slot(state), NULL), *chunk, *next;

	if (!spared)
		return;
	for (chunk = pcpu_next(state, pcpu_free_slot(state), spared); chunk; chunk = next) {
		next = pcpu_next(state, pcpu_free_slot(state), chunk);
		if (empty_only && chunk->nr_empty)
			continue;
		machine_why(m, "percpu chunk %u: goes, another one is free, too "
			    "(pcpu_balance_free)", chunk->id);
		pcpu_depopulate(m, chunk, 0, chunk->nr_pages);
		pcpu_destroy_chunk(m, chunk);
	}
}

static bool is_empty(const struct percpu_chunk *chunk, u32 page)
{
	u32 nr = 0;

	for (u32 at = page * PCPU_PAGE_WORDS; at < (page + 1) * PCPU_PAGE_WORDS; at += 64)
		nr += chunk->taken[at / 64] != 0;
	return !nr && chunk->populated[page];
}

/* From its end, so that the pages that stay lie at its beginning. True: it is needed again. */
static bool reclaim_chunk(struct machine *m, struct percpu_chunk *chunk)
{
	for (u32 page = chunk->nr_pages; page-- > 0 && chunk->nr_empty;) {
		if (pcpu_nr_empty(m->percpu) < PCPU_EMPTY_HIGH)
			return true;
		if (is_empty(chunk, page))
			pcpu_depopulate(m, chunk, page, page + 1);
	}
	return false;
}

static void reclaim_populated(struct machine *m)
{
	struct percpu_state *state = m->percpu;
	struct percpu_chunk *chunk;

	while ((chunk = pcpu_next(state, pcpu_to_depopulate_slot(state), NULL))) {
		u32 before = chunk->nr_populated;
		bool again = reclaim_chunk(m, chunk);

		machine_why(m, "percpu chunk %u: %u of %u pages were empty and go; %llu empty ones "
			    "are elsewhere (pcpu_reclaim_populated)", chunk->id,
			    before - chunk->nr_populated, before, (ull)pcpu_nr_empty(state));
		if (again || chunk->free_words == chunk->nr_words)
			pcpu_reintegrate(state, chunk);
		else
			pcpu_move(state, chunk, pcpu_sidelined_slot(state), false);
	}
}

/* Pages of the first chunk of the slot that lacks some. How many are still wanted. */
static u32 populate_slot(struct machine *m, int slot, u32 want)
{
	const gfp_t gfp = __GFP_RECLAIM | __GFP_NORETRY | __GFP_NOWARN;
	struct percpu_chunk *chunk = pcpu_next(m->percpu, slot, NULL);

	while (chunk && chunk->nr_populated == chunk->nr_pages)
		chunk = pcpu_next(m->percpu, slot, chunk);
	for (u32 page = 0; chunk && page < chunk->nr_pages && want; page++) {
		if (chunk->populated[page])
			continue;
		if (pcpu_populate(m, chunk, page, page + 1, gfp))
			return 0;
		want--;
	}
	return want;
}

static void balance_populated(struct machine *m)
{
	struct percpu_state *state = m->percpu;
	u64 empty = pcpu_nr_empty(state);
	u32 want = empty < PCPU_EMPTY_HIGH ? (u32)(PCPU_EMPTY_HIGH - empty) : 0;
	struct percpu_chunk *chunk;

	if (state->atomic_failed)
		want = PCPU_EMPTY_HIGH;
	state->atomic_failed = false;
	for (unsigned int turn = 0; want && turn < 2; turn++) {
		for (int slot = pcpu_size_to_slot(state, PAGE_SIZE);
		     slot <= pcpu_free_slot(state) && want; slot++)
			want = populate_slot(m, slot, want);
		if (want && !turn &&
		    pcpu_create_chunk(m, __GFP_RECLAIM | __GFP_NORETRY | __GFP_NOWARN, &chunk))
			return;
	}
}

void pcpu_balance(struct machine *m)
{
	balance_free(m, /* empty_only = */ false);
	reclaim_populated(m);
	balance_populated(m);
	balance_free(m, /* empty_only = */ true);
}
