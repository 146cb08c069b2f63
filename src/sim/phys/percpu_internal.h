/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What percpu.c, percpu_area.c and percpu_balance.c share: chunks and their slots. */
#ifndef KMM_PHYS_PERCPU_INTERNAL_H
#define KMM_PHYS_PERCPU_INTERNAL_H

#include "sim/phys/percpu.h"

#define PCPU_WORD 4U		/* bytes of the smallest piece */
#define PCPU_PAGE_WORDS (PAGE_SIZE / PCPU_WORD)
#define PCPU_MIN_UNIT 0x8000U	/* bytes: no piece is larger */
#define PCPU_EMPTY_LOW 2	/* empty pages that are there for who must not wait */
#define PCPU_EMPTY_HIGH 4
#define PCPU_SLOT_FAIL_THRESHOLD 3
#define PCPU_NR_MAPS 4
#define PCPU_UNRANKED (-1)	/* the slot of a chunk that is on no list yet */

/*
 * One unit for each CPU, at the same offset the same piece. Chunks lie on lists by the
 * size of their largest hole; `rank` is the place on the list.
 */
struct percpu_chunk {
	u32 id;			/* page->mapping of its pages is id + 1 */
	bool of_boot;		/* its maps are nobody's: it stays */
	bool isolated;		/* allocations do not see it: its empty pages go */
	u64 base;		/* of the first unit */
	u32 nr_words, nr_pages;
	u32 nr_populated, nr_empty;	/* pages; those of them that no piece touches */
	u32 free_words, first_free;
	u32 contig, contig_start;	/* the largest hole */
	u32 nr_alloc, max_alloc;	/* pieces that are there; bytes of the largest ever */
	int slot;
	s64 rank;
	u64 maps[PCPU_NR_MAPS];		/* addresses, in the order of alloc_maps() */
	u64 areas[MAX_NUMNODES];	/* one for each group of CPUs */
	u64 *taken, *bound;	/* a bit for each word: in use; a piece begins */
	bool *populated;
	u32 *pfns;		/* [page * nr_possible_cpus + cpu] */
	size_t bytes;		/* of host memory, the arrays too */
};

struct percpu_state {
	struct percpu_first_chunk first;
	struct percpu_group *groups;
	unsigned int nr_units, nr_cpus;
	struct percpu_chunk **chunks;	/* by id; NULL: free */
	unsigned int room;
	u64 nr_chunk_pages;	/* of all chunks, of all CPUs */
	u64 nr_populated;	/* of one unit: what meminfo multiplies */
	s64 front, back;	/* ranks that were given */
	bool atomic_failed;
	unsigned int nr_warned;
	struct percpu_counts counts;
};

/* Bits of the maps. */
static inline bool pcpu_bit(const u64 *map, u32 bit)
{
	return map[bit / 64] >> bit % 64 & 1;
}

static inline void pcpu_set_bit(u64 *map, u32 bit, bool on)
{
	map[bit / 64] = (map[bit / 64] & ~(1ULL << bit % 64)) | (u64)on << bit % 64;
}

/* percpu_area.c */
int pcpu_size_to_slot(const struct percpu_state *state, u64 bytes);
int pcpu_free_slot(const struct percpu_state *state);
#define pcpu_sidelined_slot(state) (pcpu_free_slot(state) - 1)
#define pcpu_to_depopulate_slot(state) (pcpu_free_slot(state) + 1)
/* The chunk of the slot that comes after `prev`; NULL: the first; there is none. */
struct percpu_chunk *pcpu_next(const struct percpu_state *state, int slot,
			       const struct percpu_chunk *prev);
void pcpu_move(struct percpu_state *state, struct percpu_chunk *chunk, int slot, bool front);
void pcpu_relocate(struct percpu_state *state, struct percpu_chunk *chunk, int old);
void pcpu_isolate(struct percpu_state *state, struct percpu_chunk *chunk);
void pcpu_reintegrate(struct percpu_state *state, struct percpu_chunk *chunk);
/* Work out what the maps say: holes, empty pages. */
void pcpu_refresh(struct percpu_chunk *chunk);
/* The first word of a hole, or -1; then the piece is taken. */
s64 pcpu_find_fit(const struct percpu_chunk *chunk, u32 words, u32 align, bool populated_only);
void pcpu_take_area(struct percpu_state *state, struct percpu_chunk *chunk, u32 at, u32 words);
/* How many words the piece had. */
u32 pcpu_free_area(struct percpu_state *state, struct percpu_chunk *chunk, u32 at);
/* Empty pages of all chunks that allocations see. */
u64 pcpu_nr_empty(const struct percpu_state *state);

/* percpu.c. Errors: -ENOMEM, -ENOBUFS. */
int pcpu_create_chunk(struct machine *m, gfp_t gfp, struct percpu_chunk **chunk) __must_check;
void pcpu_destroy_chunk(struct machine *m, struct percpu_chunk *chunk);
int pcpu_populate(struct machine *m, struct percpu_chunk *chunk, u32 from, u32 to,
		  gfp_t gfp) __must_check;
void pcpu_depopulate(struct machine *m, struct percpu_chunk *chunk, u32 from, u32 to);

/* percpu_balance.c: what the kernel's work item does, at once. */
void pcpu_balance(struct machine *m);

#endif
