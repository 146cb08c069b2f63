/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Host memory for the engine. Everything that a machine owns comes from its
 * arena, so that running out is -ENOMEM (never an abort), every byte is counted,
 * and a test can make the n-th allocation fail. Not locked: one engine thread.
 *
 * A verb states a bound of what it needs before its first change
 * (arena_guarantee()); behind it nothing fails half way for the host's sake.
 */
#ifndef KMM_BASE_ARENA_H
#define KMM_BASE_ARENA_H

#include "sim/base/types.h"

struct arena_block;

struct arena {
	u64 bytes;	 /* in use now */
	u64 peak;	 /* most ever in use */
	u64 nr_allocs;	 /* calls so far, failed ones included */
	u64 fail_at;	 /* the call of this number fails once; 0 = none */
	u64 limit;	 /* bytes; 0 = none */
	/* Private: the guarantee. */
	struct arena_block *block;	/* the one that pieces are cut from, or NULL */
	struct arena_block *retired;	/* others, each with live pieces */
	u64 promised;		/* bytes that the guarantee still has to give */
	u64 emergency_bytes;	/* of host memory in all blocks; not in `bytes` */
	u32 nr_pieces;		/* live, of all blocks */
	u16 guarantees;		/* how deep they nest; 0: none holds */
	bool fail_guaranteed;
};

/* Zeroed memory, or NULL. The caller remembers the size. */
void *arena_alloc(struct arena *arena, size_t bytes) __must_check;

/*
 * Resize, contents kept, the new part zeroed. NULL on failure: the old block
 * stays as it was. old may be NULL with old_bytes 0.
 */
void *arena_resize(struct arena *arena, void *old, size_t old_bytes,
		   size_t bytes) __must_check;

void arena_free(struct arena *arena, void *ptr, size_t bytes);

/* One of twice as many elements, of `first` or of nr, whichever is most. */
void *arena_grow_array(struct arena *arena, void *array, u32 *room, u32 nr, u32 first,
		       size_t size) __must_check;

/*
 * An array with room for nr >= 1 elements of `size` bytes: this one, or one that takes its
 * place, with *room for more; the new part is zeroed. NULL: both stay as they were.
 */
static inline __must_check void *arena_grow(struct arena *arena, void *array, u32 *room, u32 nr,
					    u32 first, size_t size)
{
	return likely(nr <= *room) ? array :
				     arena_grow_array(arena, array, room, nr, first, size);
}

/* Let the n-th allocation from now fail (1 = the next); 0 switches that off. */
void arena_fail_after(struct arena *arena, u64 n);

/*
 * From now until arena_guarantee_end(), allocations that cost up to `bytes` in
 * total cannot fail: 0, or -ENOMEM and nothing has changed. An allocation costs
 * ARENA_COST() of its size, a resize that of its whole new size; what is freed
 * meanwhile gives nothing back. arena_commit() and arena_reserve() are not covered.
 *
 * It nests: a guarantee within a larger one cannot fail while what the outer one
 * has left covers it; where it does not, more is secured on top. Each has its end.
 * For fail_after the outermost is one allocation, those within are none.
 */
int arena_guarantee(struct arena *arena, u64 bytes) __must_check;
void arena_guarantee_end(struct arena *arena);

#define ARENA_COST(bytes) ((bytes) ? ALIGN_UP((u64)(bytes), 16) : 16)

/*
 * A switch for tests: while a guarantee holds, the host has no memory, so that a
 * bound that was stated too low shows as a failure.
 */
void arena_fail_guaranteed(struct arena *arena, bool on);

/* The end: what the arena keeps for itself goes. Nothing of it may be in use. */
void arena_close(struct arena *arena);

/*
 * A huge, sparse array: address space is reserved at once, memory is made
 * usable range by range. arena_reserve() returns NULL on failure;
 * arena_commit() returns 0 or -ENOMEM and counts the bytes. Committed memory
 * reads as zero. Offsets and sizes are multiples of the host's page size.
 */
void *arena_reserve(struct arena *arena, u64 bytes) __must_check;
int arena_commit(struct arena *arena, void *base, u64 offset, u64 bytes) __must_check;
/* Back to address space alone. */
void arena_uncommit(struct arena *arena, void *base, u64 offset, u64 bytes);
void arena_unreserve(struct arena *arena, void *base, u64 bytes, u64 committed);

#endif
