/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Host memory for the engine. Everything that a machine owns comes from its
 * arena, so that running out is -ENOMEM (never an abort), every byte is counted,
 * and a test can make the n-th allocation fail. Not locked: one engine thread.
 */
#ifndef KMM_BASE_ARENA_H
#define KMM_BASE_ARENA_H

#include "sim/base/types.h"

struct arena {
	u64 bytes;	 /* in use now */
	u64 peak;	 /* most ever in use */
	u64 nr_allocs;	 /* calls so far, failed ones included */
	u64 fail_at;	 /* the call of this number fails once; 0 = none */
	u64 limit;	 /* bytes; 0 = none */
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

/* Let the n-th allocation from now fail (1 = the next); 0 switches that off. */
void arena_fail_after(struct arena *arena, u64 n);

/*
 * A huge, sparse array: address space is reserved at once, memory is made
 * usable range by range. arena_reserve() returns NULL on failure;
 * arena_commit() returns 0 or -ENOMEM and counts the bytes. Committed memory
 * reads as zero. Offsets and sizes are multiples of the host's page size.
 */
void *arena_reserve(struct arena *arena, u64 bytes) __must_check;
int arena_commit(struct arena *arena, void *base, u64 offset, u64 bytes) __must_check;
void arena_unreserve(struct arena *arena, void *base, u64 bytes, u64 committed);

#endif
