/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Chance, seeded by the machine file: the same machine makes the same choices. State
 * is one word (m->rng); each call advances it (splitmix64).
 */
#ifndef KMM_BASE_RNG_H
#define KMM_BASE_RNG_H

#include "sim/base/types.h"

static inline u64 rng_next(u64 *state)
{
	u64 x = *state += 0x9e3779b97f4a7c15ULL;

	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9ULL;
	x = (x ^ x >> 27) * 0x94d049bb133111ebULL;
	return x ^ x >> 31;
}

/* One of [0, limit); limit is not 0. */
static inline u64 rng_below(u64 *state, u64 limit)
{
	return rng_next(state) % limit;
}

#endif
