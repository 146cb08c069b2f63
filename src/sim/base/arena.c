// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Blocks come from calloc(), sparse arrays from mmap(): PROT_NONE address space
 * costs nothing and cannot be overcommitted, and mprotect() answers -ENOMEM when
 * the host has no more.
 *
 * A guarantee is an emergency block that has room for what was promised. Only an
 * allocation that the host refuses is cut from it, front to back, so that a
 * guarantee which is not needed costs a comparison. The block is kept from one
 * guarantee to the next; one that became too small stays until the last piece in
 * it is freed. While no piece is live, arena_free() looks at no block.
 */
#include "sim/base/arena.h"

#include <stdlib.h>
#include <sys/mman.h>

#define BLOCK_MIN 4096
#define BLOCK_KEEP SZ_1M	/* a larger one goes when its guarantee ends */

struct arena_block {
	struct arena_block *next;	/* in arena->retired */
	u64 room, used;		/* bytes of data */
	u64 nr_pieces;		/* live */
	_Alignas(16) char data[];
};

static bool arena_refuses(struct arena *arena, u64 bytes)
{
	arena->nr_allocs++;
	if (arena->fail_at && arena->nr_allocs == arena->fail_at)
		return true;
	if (arena->guarantees && arena->fail_guaranteed)
		return true;
	return arena->limit && arena->bytes + bytes > arena->limit;
}

static void arena_charge(struct arena *arena, u64 bytes)
{
	arena->bytes += bytes;
	if (arena->bytes > arena->peak)
		arena->peak = arena->bytes;
}

static void block_free(struct arena *arena, struct arena_block *block)
{
	if (!block)
		return;
	arena->emergency_bytes -= sizeof(*block) + block->room;
	free(block);
}

/* A block that takes the place of the current one. */
static int block_renew(struct arena *arena, u64 room)
{
	struct arena_block *block, *old = arena->block;

	room = MAX(room, BLOCK_MIN);
	if (room > SIZE_MAX - sizeof(*block))
		return -ENOMEM;
	block = malloc(sizeof(*block) + room);
	if (!block)
		return -ENOMEM;
	*block = (struct arena_block) { .room = room };
	arena->emergency_bytes += sizeof(*block) + room;
	arena->block = block;
	if (old && old->nr_pieces) {
		old->next = arena->retired;
		arena->retired = old;
	} else {
		block_free(arena, old);
	}
	return 0;
}

/* Zeroed, on account of the guarantee; NULL without one, or above what it promised. */
static void *piece_alloc(struct arena *arena, u64 bytes)
{
	struct arena_block *block = arena->block;
	u64 cost = ARENA_COST(bytes);
	char *piece;

	if (!arena->guarantees || cost < bytes || cost > arena->promised)
		return NULL;
	piece = block->data + block->used;
	block->used += cost;
	block->nr_pieces++;
	arena->nr_pieces++;
	arena->promised -= cost;
	return memset(piece, 0, cost);
}

static bool block_holds(const struct arena_block *block, const void *ptr)
{
	return (uintptr_t)ptr - (uintptr_t)block->data < block->used;
}

/* Where the pointer to the block that ptr is a piece of is kept; NULL: it is none. */
static struct arena_block **block_of(struct arena *arena, const void *ptr)
{
	struct arena_block **link = &arena->retired;

	if (likely(!arena->nr_pieces) || !ptr)
		return NULL;
	if (arena->block && block_holds(arena->block, ptr))
		return &arena->block;
	while (*link && !block_holds(*link, ptr))
		link = &(*link)->next;
	return *link ? link : NULL;
}

/* Nobody needs the current block, and it is more than one keeps for the next time. */
static void block_drop_large(struct arena *arena)
{
	struct arena_block *block = arena->block;

	if (arena->guarantees || block->nr_pieces || block->room <= BLOCK_KEEP)
		return;
	arena->block = NULL;
	block_free(arena, block);
}

static void piece_free(struct arena *arena, struct arena_block **link)
{
	struct arena_block *block = *link;

	arena->nr_pieces--;
	if (--block->nr_pieces)
		return;
	block->used = 0;
	if (block != arena->block) {
		*link = block->next;
		block_free(arena, block);
	} else {
		block_drop_large(arena);
	}
}

static void host_free(struct arena *arena, void *ptr)
{
	struct arena_block **link = block_of(arena, ptr);

	if (unlikely(link != NULL))
		piece_free(arena, link);
	else
		free(ptr);
}

void *arena_alloc(struct arena *arena, size_t bytes)
{
	void *ptr = NULL;

	if (likely(!arena_refuses(arena, bytes)))
		ptr = calloc(1, bytes ? bytes : 1);
	if (unlikely(!ptr))
		ptr = piece_alloc(arena, bytes);
	if (ptr)
		arena_charge(arena, bytes);
	return ptr;
}

/* realloc() cannot: old is a piece, or the host has no memory. */
static void *resize_by_copy(struct arena *arena, void *old, size_t old_bytes, size_t bytes,
			    bool refused)
{
	bool is_piece = block_of(arena, old) != NULL;
	void *ptr = NULL;

	if (bytes <= old_bytes && old && (is_piece || arena->guarantees))
		return old;
	if (is_piece && !refused)
		ptr = calloc(1, bytes ? bytes : 1);
	if (!ptr)
		ptr = piece_alloc(arena, bytes);
	if (!ptr)
		return NULL;
	if (old_bytes)
		memcpy(ptr, old, MIN(old_bytes, bytes));
	host_free(arena, old);
	return ptr;
}

void *arena_resize(struct arena *arena, void *old, size_t old_bytes, size_t bytes)
{
	bool refused = arena_refuses(arena, bytes > old_bytes ? bytes - old_bytes : 0);
	char *ptr = NULL;

	if (likely(!refused && !block_of(arena, old))) {
		ptr = realloc(old, bytes ? bytes : 1);
		if (ptr && bytes > old_bytes)
			memset(ptr + old_bytes, 0, bytes - old_bytes);
	}
	if (unlikely(!ptr))
		ptr = resize_by_copy(arena, old, old_bytes, bytes, refused);
	if (!ptr)
		return NULL;
	arena->bytes -= old_bytes;
	arena_charge(arena, bytes);
	return ptr;
}

void *arena_grow_array(struct arena *arena, void *array, u32 *room, u32 nr, u32 first, size_t size)
{
	u32 more = MAX(MAX(2 * *room, first), nr);

	array = arena_resize(arena, array, *room * size, more * size);
	if (array)
		*room = more;
	return array;
}

void arena_free(struct arena *arena, void *ptr, size_t bytes)
{
	if (!ptr)
		return;
	arena->bytes -= bytes;
	host_free(arena, ptr);
}

void arena_fail_after(struct arena *arena, u64 n)
{
	arena->fail_at = n ? arena->nr_allocs + n : 0;
}

int arena_guarantee(struct arena *arena, u64 bytes)
{
	u64 promised = arena->promised;
	struct arena_block *block = arena->block;

	/* One more that an outer one covers, or the outermost. */
	if (arena->guarantees && bytes <= promised)
		goto out;
	if (!arena->guarantees && arena_refuses(arena, bytes))
		return -ENOMEM;
	promised += ALIGN_UP(bytes, 16);
	if (promised < bytes)
		return -ENOMEM;
	if ((!block || promised > block->room - block->used) &&
	    block_renew(arena, promised))
		return -ENOMEM;
	arena->promised = promised;
out:
	arena->guarantees++;
	return 0;
}

void arena_guarantee_end(struct arena *arena)
{
	if (--arena->guarantees)
		return;
	arena->promised = 0;
	block_drop_large(arena);
}

void arena_fail_guaranteed(struct arena *arena, bool on)
{
	arena->fail_guaranteed = on;
}

void arena_close(struct arena *arena)
{
	while (arena->retired) {
		struct arena_block *block = arena->retired;

		arena->retired = block->next;
		block_free(arena, block);
	}
	block_free(arena, arena->block);
	arena->block = NULL;
	arena->nr_pieces = 0;
}

void *arena_reserve(struct arena *arena, u64 bytes)
{
	void *base;

	if (arena_refuses(arena, 0))
		return NULL;
	base = mmap(NULL, bytes, PROT_NONE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	return base == MAP_FAILED ? NULL : base;
}

int arena_commit(struct arena *arena, void *base, u64 offset, u64 bytes)
{
	if (arena_refuses(arena, bytes))
		return -ENOMEM;
	if (mprotect((char *)base + offset, bytes, PROT_READ | PROT_WRITE))
		return -ENOMEM;
	arena_charge(arena, bytes);
	return 0;
}

void arena_uncommit(struct arena *arena, void *base, u64 offset, u64 bytes)
{
	mmap((char *)base + offset, bytes, PROT_NONE,
	     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0);
	arena->bytes -= bytes;
}

void arena_unreserve(struct arena *arena, void *base, u64 bytes, u64 committed)
{
	if (!base)
		return;
	munmap(base, bytes);
	arena->bytes -= committed;
}
