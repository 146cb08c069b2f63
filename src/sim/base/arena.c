// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Blocks come from calloc(), sparse arrays from mmap(): PROT_NONE address space
 * costs nothing and cannot be overcommitted, and mprotect() answers -ENOMEM when
 * the host has no more.
 */
#include "sim/base/arena.h"

#include <stdlib.h>
#include <sys/mman.h>

static bool arena_refuses(struct arena *arena, u64 bytes)
{
	arena->nr_allocs++;
	if (arena->fail_at && arena->nr_allocs == arena->fail_at)
		return true;
	return arena->limit && arena->bytes + bytes > arena->limit;
}

static void arena_charge(struct arena *arena, u64 bytes)
{
	arena->bytes += bytes;
	if (arena->bytes > arena->peak)
		arena->peak = arena->bytes;
}

void *arena_alloc(struct arena *arena, size_t bytes)
{
	void *ptr;

	if (arena_refuses(arena, bytes))
		return NULL;
	ptr = calloc(1, bytes ? bytes : 1);
	if (ptr)
		arena_charge(arena, bytes);
	return ptr;
}

void *arena_resize(struct arena *arena, void *old, size_t old_bytes, size_t bytes)
{
	char *ptr;

	if (arena_refuses(arena, bytes > old_bytes ? bytes - old_bytes : 0))
		return NULL;
	ptr = realloc(old, bytes ? bytes : 1);
	if (!ptr)
		return NULL;
	if (bytes > old_bytes)
		memset(ptr + old_bytes, 0, bytes - old_bytes);
	arena->bytes -= old_bytes;
	arena_charge(arena, bytes);
	return ptr;
}

void arena_free(struct arena *arena, void *ptr, size_t bytes)
{
	if (!ptr)
		return;
	arena->bytes -= bytes;
	free(ptr);
}

void arena_fail_after(struct arena *arena, u64 n)
{
	arena->fail_at = n ? arena->nr_allocs + n : 0;
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

void arena_unreserve(struct arena *arena, void *base, u64 bytes, u64 committed)
{
	if (!base)
		return;
	munmap(base, bytes);
	arena->bytes -= committed;
}
