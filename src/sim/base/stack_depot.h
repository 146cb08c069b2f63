/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Stacks of our own process, each kept once: a record of who did something needs
 * 32 bits. With each stack goes a number that is its users'. Host memory is secured
 * ahead, so that keeping one cannot fail. Stacks depend on the compiler: a handle
 * enters no digest.
 */
#ifndef KMM_BASE_STACK_DEPOT_H
#define KMM_BASE_STACK_DEPOT_H

#include "sim/base/arena.h"

#define STACK_DEPTH 16

struct stack_depot {
	u64 *ips;		/* a stack: length and number, then so many pointers */
	u32 nr_ips, room_ips;
	u32 *buckets;		/* where a stack begins, + 1; 0 = none */
	u32 nr_buckets, nr_stacks;
};

/* Room for one more stack: -ENOBUFS. */
int stack_depot_reserve(struct arena *arena, struct stack_depot *depot) __must_check;
/* The stack of the caller, but for its innermost `skip`: a handle, never 0. */
u32 stack_depot_save(struct stack_depot *depot, unsigned int skip);
/* Instruction pointers, innermost first; returns how many. */
unsigned int stack_depot_fetch(const struct stack_depot *depot, u32 handle, const u64 **ips);
/* The stack that was kept after (before) that one, or the first (last) of 0; 0: there is none. */
u32 stack_depot_next(const struct stack_depot *depot, u32 handle);
u32 stack_depot_prev(const struct stack_depot *depot, u32 handle);
/* The number that goes with a stack, at first 0; it stays below 2^56. */
u64 stack_depot_number(const struct stack_depot *depot, u32 handle);
void stack_depot_add(struct stack_depot *depot, u32 handle, s64 number);
void stack_depot_free(struct arena *arena, struct stack_depot *depot);

#endif
