/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * SLUB's reports, in the log: what was found to be wrong with an object or a slab, what
 * lies there, what was mended. Addresses are shown as they are, as by a kernel that was
 * booted with no_hash_pointers. slab_state->nr_errors counts what the kernel's own tests
 * (slub_kunit) count.
 */
#ifndef KMM_PHYS_SLAB_REPORT_H
#define KMM_PHYS_SLAB_REPORT_H

#include "sim/phys/slab_types.h"

/* "BUG cache (Not tainted): ..." with the lines around it. */
void slab_bug(struct machine *m, const struct kmem_cache *s, const char *fmt, ...)
	__printf(3, 4);
/* "FIX cache: ..." */
void slab_fix(struct machine *m, const struct kmem_cache *s, const char *fmt, ...)
	__printf(3, 4);
/* Something is wrong with a slab. */
void slab_err(struct machine *m, struct slab *slab, const char *fmt, ...)
	__printf(3, 4);
/* The end of such a report, where it begins with slab_bug(). */
void slab_err_end(struct machine *m, struct slab *slab);
/* Something is wrong with the object at addr, which may be none of the slab. */
void object_err(struct machine *m, struct slab *slab, u64 addr, const char *reason);
/* Bytes [from, to) of the slab are not what they should be; part of object i. */
struct slab_overwrite {
	struct slab *slab;
	unsigned int i;
	const char *what;	/* "Left Redzone" */
	u32 from, to;
	u8 expected;
	bool with_object;	/* the object is to be shown: not yet done (since 6.14) */
};
void slab_overwritten(struct machine *m, const struct slab_overwrite *overwrite);
/* A hex dump of bytes of the slab. */
void slab_print_section(struct machine *m, int level, const char *text,
			const struct slab *slab, u32 from, u32 len);
/* Who allocated the object, who freed it: caches that store their users. */
void slab_print_tracking(struct machine *m, const struct slab *slab, unsigned int i);
/* How an address is printed. */
const char *slab_pointer(const struct machine *m, u64 addr, char text[20]);

#endif
