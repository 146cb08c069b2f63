/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Per-CPU memory of the kernel: the first chunk, which the boot takes from memblock and
 * fills, and further ones with pages of their own. A chunk has one unit for each CPU (and
 * spare ones where units do not come out even); a piece of it lies at the same offset in
 * each unit. Addresses are those of the first unit.
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
	u64 static_bytes, reserved_bytes, dyn_bytes, atom_bytes, alloc_bytes;
};

/* As debugfs counts. */
struct percpu_counts {
	u64 nr_alloc, nr_dealloc, nr_cur_alloc, nr_max_alloc;
	u32 nr_chunks, nr_max_chunks, min_alloc_size, max_alloc_size;
};

/* Remember the first chunk. 0 or -ENOMEM. */
int percpu_setup_first_chunk(struct machine *m,
			     const struct percpu_first_chunk *first) __must_check;
/* After slab and vmalloc: the second chunk, which the boot needs. Nothing without a first. */
int percpu_init(struct machine *m) __must_check;
void percpu_free_state(struct machine *m);

/*
 * percpu_alloc.c: a piece of `bytes` for each CPU, up to 32 KiB, aligned to at most a page. 0
 * and its address. -EINVAL: no such size or alignment; -ENOMEM; -ENOBUFS: nothing changed.
 */
int alloc_percpu(struct machine *m, u64 bytes, u64 align, u32 gfp, u64 *addr) __must_check;
/* -EINVAL: no piece begins there; -ENOBUFS: nothing changed. */
int free_percpu(struct machine *m, u64 addr) __must_check;
/* Host memory for so many of these calls: till arena_guarantee_end(). -ENOBUFS. */
int percpu_guarantee(struct machine *m, unsigned int nr) __must_check;
/* Bytes of the piece that begins there, as rounded; 0: none does. */
u64 percpu_size(const struct machine *m, u64 addr);

/* Pages of all units of all chunks: Percpu of meminfo. */
u64 percpu_nr_pages(const struct machine *m);
/* Those of them that came from alloc_pages(). */
u64 percpu_nr_chunk_pages(const struct machine *m);

struct digest;
struct object_census;
void percpu_digest(const struct machine *m, struct digest *digest);
void percpu_claim_objects(const struct machine *m, struct object_census *census);
/* A7 */
void percpu_validate(const struct machine *m, struct check *check);
/* The text of debugfs' percpu_stats. */
void percpu_stats_show(const struct machine *m, struct out *out);

#endif
