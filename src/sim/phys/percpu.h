/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Per-CPU memory of the kernel: the first chunk, which the boot takes from
 * memblock, and a further one with pages of its own for what 64-bit machines need
 * besides. A chunk has one unit for each CPU (and spare ones where units do not
 * come out even).
 */
#ifndef KMM_PHYS_PERCPU_H
#define KMM_PHYS_PERCPU_H

#include "sim/machine.h"

struct percpu_group {
	u16 node;
	unsigned int nr_units;
};

/* How the first chunk was laid out; further ones are laid out alike. */
struct percpu_first_chunk {
	u64 unit_bytes;		/* from one unit to the next */
	u64 used_bytes;		/* of a unit: static, reserved and dynamic part */
	unsigned int nr_groups;
	const struct percpu_group *groups;
};

/* Remember the first chunk. 0 or -ENOMEM. */
int percpu_setup_first_chunk(struct machine *m,
			     const struct percpu_first_chunk *first) __must_check;
/* After slab and vmalloc: the second chunk. Does nothing without a first. */
int percpu_init(struct machine *m) __must_check;
void percpu_free_state(struct machine *m);

/* Pages of all units of all chunks: Percpu of meminfo. */
u64 percpu_nr_pages(const struct machine *m);
/* Those of them that came from alloc_pages(). */
u64 percpu_nr_chunk_pages(const struct machine *m);

struct digest;
void percpu_digest(const struct machine *m, struct digest *digest);
void percpu_validate(const struct machine *m, struct check *check);

#endif
