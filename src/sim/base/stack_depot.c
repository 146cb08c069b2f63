// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * An array of instruction pointers in which each stack is a word, of its length and
 * above that its users' number, and so many pointers; and a hash table of where each
 * begins. A handle is that place, plus one.
 */
#include "sim/base/stack_depot.h"

#include "sim/base/bug.h"

#define FIRST_BUCKETS 1024U
#define FIRST_IPS 4096U

#define NUMBER_SHIFT 8

static unsigned int length_of(const struct stack_depot *depot, u32 at)
{
	return depot->ips[at] & ((1U << NUMBER_SHIFT) - 1);
}

static u32 stack_hash(const u64 *ips, unsigned int nr)
{
	u64 hash = nr;

	for (unsigned int i = 0; i < nr; i++)
		hash = (hash ^ ips[i]) * 0xff51afd7ed558ccdULL;
	return hash >> 32;
}

static void bucket_insert(const struct stack_depot *depot, u32 *buckets, u32 nr_buckets, u32 at)
{
	u32 i = stack_hash(&depot->ips[at + 1], length_of(depot, at)) & (nr_buckets - 1);

	while (buckets[i])
		i = (i + 1) & (nr_buckets - 1);
	buckets[i] = at + 1;
}

/* Keep the table less than half full. */
static int buckets_make_room(struct arena *arena, struct stack_depot *depot)
{
	u32 more = depot->nr_buckets ? 2 * depot->nr_buckets : FIRST_BUCKETS;
	u32 *buckets;

	if (depot->nr_stacks + 1 < depot->nr_buckets / 2)
		return 0;
	buckets = arena_alloc(arena, more * sizeof(*buckets));
	if (!buckets)
		return -ENOBUFS;
	for (u32 at = 0; at < depot->nr_ips; at += length_of(depot, at) + 1)
		bucket_insert(depot, buckets, more, at);
	arena_free(arena, depot->buckets, depot->nr_buckets * sizeof(*buckets));
	depot->buckets = buckets;
	depot->nr_buckets = more;
	return 0;
}

static int ips_make_room(struct arena *arena, struct stack_depot *depot)
{
	u64 *ips = arena_grow(arena, depot->ips, &depot->room_ips,
			      depot->nr_ips + STACK_DEPTH + 1, FIRST_IPS, sizeof(*ips));

	if (!ips)
		return -ENOBUFS;
	depot->ips = ips;
	return 0;
}

int stack_depot_reserve(struct arena *arena, struct stack_depot *depot)
{
	int err = ips_make_room(arena, depot);

	return err ? err : buckets_make_room(arena, depot);
}

u32 stack_depot_save(struct stack_depot *depot, unsigned int skip)
{
	u64 ips[STACK_DEPTH];
	unsigned int nr = stack_trace_save(ips, STACK_DEPTH, skip + 1);
	u32 i = stack_hash(ips, nr) & (depot->nr_buckets - 1);
	u32 at = depot->nr_ips;

	for (; depot->buckets[i]; i = (i + 1) & (depot->nr_buckets - 1)) {
		u32 kept = depot->buckets[i] - 1;

		if (length_of(depot, kept) == nr &&
		    !memcmp(&depot->ips[kept + 1], ips, nr * sizeof(*ips)))
			return kept + 1;
	}
	depot->ips[at] = nr;
	memcpy(&depot->ips[at + 1], ips, nr * sizeof(*ips));
	depot->nr_ips += nr + 1;
	depot->buckets[i] = at + 1;
	depot->nr_stacks++;
	return at + 1;
}

unsigned int stack_depot_fetch(const struct stack_depot *depot, u32 handle, const u64 **ips)
{
	if (!handle || handle > depot->nr_ips)
		return 0;
	*ips = &depot->ips[handle];
	return length_of(depot, handle - 1);
}

/* Stacks follow each other. */
u32 stack_depot_next(const struct stack_depot *depot, u32 handle)
{
	u32 next = handle ? handle + length_of(depot, handle - 1) : 0;

	return next < depot->nr_ips ? next + 1 : 0;
}

u32 stack_depot_prev(const struct stack_depot *depot, u32 handle)
{
	u32 last = 0;

	for (u32 at = stack_depot_next(depot, 0); at && at != handle;
	     at = stack_depot_next(depot, at))
		last = at;
	return last;
}

u64 stack_depot_number(const struct stack_depot *depot, u32 handle)
{
	return depot->ips[handle - 1] >> NUMBER_SHIFT;
}

void stack_depot_add(struct stack_depot *depot, u32 handle, s64 number)
{
	depot->ips[handle - 1] += (u64)number << NUMBER_SHIFT;
}

void stack_depot_free(struct arena *arena, struct stack_depot *depot)
{
	arena_free(arena, depot->ips, depot->room_ips * sizeof(*depot->ips));
	arena_free(arena, depot->buckets, depot->nr_buckets * sizeof(*depot->buckets));
	*depot = (struct stack_depot){ 0 };
}
