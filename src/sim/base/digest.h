/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A 128-bit hash of a canonical walk: order matters, host addresses never enter. */
#ifndef KMM_BASE_DIGEST_H
#define KMM_BASE_DIGEST_H

#include "sim/base/types.h"

struct digest {
	u64 a, b;
};

static inline void digest_init(struct digest *d)
{
	d->a = 0x9e3779b97f4a7c15ULL;
	d->b = 0xc2b2ae3d27d4eb4fULL;
}

static inline void digest_u64(struct digest *d, u64 x)
{
	d->a = (d->a ^ x) * 0xff51afd7ed558ccdULL;
	d->a ^= d->a >> 32;
	d->b = (d->b + x) * 0xc4ceb9fe1a85ec53ULL;
	d->b ^= d->b >> 29;
	d->b += d->a;
}

void digest_bytes(struct digest *d, const void *data, size_t len);
void digest_string(struct digest *d, const char *text);	/* NULL counts as "" */
void digest_hex(const struct digest *d, char text[33]);

#endif
