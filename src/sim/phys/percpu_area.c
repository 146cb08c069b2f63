// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Pieces of chunks. A chunk lies on the list of a slot by its largest hole, so that a search
 * begins where one may fit; within a chunk the lowest hole is taken. The hints that the
 * kernel keeps for each page are worked out anew here from the map.
 */
#include "sim/phys/percpu_internal.h"

#include "sim/base/digest.h"

int pcpu_free_slot(const struct percpu_state *state)
{
	return fls64(state->first.unit_bytes) - 5 + 2 + 2;
}

int pcpu_size_to_slot(const struct percpu_state *state, u64 bytes)
{
	if (bytes == state->first.unit_bytes)
		return pcpu_free_slot(state);
	return MAX((int)fls64(bytes) - 5 + 2, 1);
}

static int chunk_slot(const struct percpu_state *state, const struct percpu_chunk *chunk)
{
	return chunk->contig ? pcpu_size_to_slot(state, (u64)chunk->contig * PCPU_WORD) : 0;
}

struct percpu_chunk *pcpu_next(const struct percpu_state *state, int slot,
			       const struct percpu_chunk *prev)
{
	struct percpu_chunk *next = NULL;

	for (unsigned int i = 0; i < state->room; i++) {
		struct percpu_chunk *chunk = state->chunks[i];

		if (chunk && chunk->slot == slot && (!prev || chunk->rank > prev->rank) &&
		    (!next || chunk->rank < next->rank))
			next = chunk;
	}
	return next;
}

void pcpu_move(struct percpu_state *state, struct percpu_chunk *chunk, int slot, bool front)
{
	chunk->slot = slot;
	chunk->rank = front ? --state->front : ++state->back;
}

void pcpu_relocate(struct percpu_state *state, struct percpu_chunk *chunk, int old)
{
	int slot = chunk_slot(state, chunk);

	if (!chunk->isolated && old != slot)
		pcpu_move(state, chunk, slot, old < slot);
}

void pcpu_isolate(struct percpu_state *state, struct percpu_chunk *chunk)
{
	chunk->isolated = true;
	pcpu_move(state, chunk, pcpu_to_depopulate_slot(state), true);
}

void pcpu_reintegrate(struct percpu_state *state, struct percpu_chunk *chunk)
{
	if (!chunk->isolated)
		return;
	chunk->isolated = false;
	pcpu_relocate(state, chunk, PCPU_UNRANKED);
}

/* The first word from `at` on that is in use (or not); `end`: none. */
static u32 next_word(const struct percpu_chunk *chunk, u32 at, u32 end, bool used)
{
	while (at < end) {
		u64 map = used ? chunk->taken[at / 64] : ~chunk->taken[at / 64];

		map >>= at % 64;
		if (map)
			return MIN(at + ctz64(map), end);
		at = (at / 64 + 1) * 64;
	}
	return end;
}

static bool page_is_empty(const struct percpu_chunk *chunk, u32 page)
{
	u32 end = (page + 1) * PCPU_PAGE_WORDS;

	return next_word(chunk, page * PCPU_PAGE_WORDS, end, true) == end;
}

void pcpu_refresh(struct percpu_chunk *chunk)
{
	u32 end = chunk->nr_words, at = next_word(chunk, 0, end, false);

	chunk->first_free = at;
	chunk->contig = chunk->contig_start = chunk->free_words = chunk->nr_empty = 0;
	while (at < end) {
		u32 behind = next_word(chunk, at, end, true);

		chunk->free_words += behind - at;
		if (behind - at > chunk->contig) {
			chunk->contig = behind - at;
			chunk->contig_start = at;
		}
		at = next_word(chunk, behind, end, false);
	}
	for (u32 page = 0; page < chunk->nr_pages; page++)
		chunk->nr_empty += chunk->populated[page] && page_is_empty(chunk, page);
}

/* Behind the last word of [at, at + words) whose page is not there; 0: all are. */
static u32 behind_unpopulated(const struct percpu_chunk *chunk, u32 at, u32 words)
{
	for (u32 page = (at + words - 1) / PCPU_PAGE_WORDS; ; page--) {
		if (!chunk->populated[page])
			return (page + 1) * PCPU_PAGE_WORDS;
		if (page == at / PCPU_PAGE_WORDS)
			return 0;
	}
}

s64 pcpu_find_fit(const struct percpu_chunk *chunk, u32 words, u32 align, bool populated_only)
{
	u32 end = chunk->nr_words, at = chunk->first_free;

	if (ALIGN_UP(chunk->contig_start, align) - chunk->contig_start + words > chunk->contig)
		return -1;
	while (at < end) {
		u32 used;

		at = ALIGN_UP(next_word(chunk, at, end, false), align);
		if (at + words > end)
			return -1;
		used = next_word(chunk, at, at + words, true);
		if (used < at + words) {
			at = used + 1;
			continue;
		}
		if (populated_only && behind_unpopulated(chunk, at, words)) {
			at = behind_unpopulated(chunk, at, words);
			continue;
		}
		return at;
	}
	return -1;
}

void pcpu_take_area(struct percpu_state *state, struct percpu_chunk *chunk, u32 at, u32 words)
{
	int old = chunk->slot;

	for (u32 i = at; i < at + words; i++) {
		pcpu_set_bit(chunk->taken, i, true);
		pcpu_set_bit(chunk->bound, i, i == at);
	}
	pcpu_set_bit(chunk->bound, at + words, true);
	pcpu_refresh(chunk);
	pcpu_relocate(state, chunk, old);
	chunk->nr_alloc++;
	chunk->max_alloc = MAX(chunk->max_alloc, words * PCPU_WORD);
}

u32 pcpu_free_area(struct percpu_state *state, struct percpu_chunk *chunk, u32 at)
{
	int old = chunk->slot;
	u32 end = at;

	do
		pcpu_set_bit(chunk->taken, end++, false);
	while (end < chunk->nr_words && !pcpu_bit(chunk->bound, end));
	pcpu_refresh(chunk);
	pcpu_relocate(state, chunk, old);
	chunk->nr_alloc--;
	return end - at;
}

u64 pcpu_nr_empty(const struct percpu_state *state)
{
	u64 nr = 0;

	for (unsigned int i = 0; i < state->room; i++)
		if (state->chunks[i] && !state->chunks[i]->isolated)
			nr += state->chunks[i]->nr_empty;
	return nr;
}
