/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What lies in a slab of a cache under debugging: red zones, poison, free pointers,
 * padding. Nobody's writes are simulated but those that a script makes on purpose
 * (kmem_cache_poke), so a slab has bytes of its own only from the first of these on;
 * till then each byte is what the kernel would have put there.
 *
 * Records of users and sizes that were asked for lie beside the slab, not in it: their
 * bytes are shown as padding, and nothing that is written there is read.
 */
#ifndef KMM_PHYS_SLAB_BYTES_H
#define KMM_PHYS_SLAB_BYTES_H

#include "sim/phys/slab_types.h"

/* What marks an object, and the space around it. */
enum slab_pattern {
	SLUB_RED_INACTIVE = 0xbb,	/* around a free object */
	SLUB_RED_ACTIVE = 0xcc,		/* around one in use */
	POISON_INUSE = 0x5a,		/* never written */
	POISON_FREE = 0x6b,		/* free */
	POISON_END = 0xa5,		/* its last byte */
};

/* Give the slab bytes of its own. -ENOBUFS: host memory. */
int slab_bytes_make(struct machine *m, struct slab *slab) __must_check;
void slab_bytes_free(struct machine *m, struct slab *slab);

/* The kernel marks the object as free, or in use. */
void slab_bytes_init_object(const struct machine *m, struct slab *slab, unsigned int i,
			    enum slab_pattern red);
/* The free pointer of an object: the next free one. */
void slab_set_freepointer(const struct machine *m, struct slab *slab, unsigned int i, u16 next);
/* The same as an address, whether or not that is an object. */
u64 slab_get_freepointer(const struct machine *m, const struct slab *slab, unsigned int i);
/* Write one byte; the offset counts from where the slab begins. */
void slab_bytes_poke(const struct machine *m, struct slab *slab, u32 offset, u8 byte);

/* The free pointer is no part of the object. */
static inline bool slab_freeptr_outside(const struct kmem_cache *s)
{
	return s->geo.offset >= s->geo.inuse;
}

/* Objects are filled with poison: not those of which a constructor or readers know. */
static inline bool slab_poisons_objects(const struct kmem_cache *s)
{
	return (s->flags & SLAB_POISON) &&
	       !(s->flags & (SLAB_TYPESAFE_BY_RCU | SLAB_HAS_CTOR));
}

/* Behind the object and its free pointer: where records begin. */
static inline u32 slab_info_end(const struct machine *m, const struct kmem_cache *s)
{
	return s->geo.inuse + (slab_freeptr_outside(s) ? m->arch->bits / 8U : 0);
}

/* Behind the records: where padding begins. */
u32 slab_records_end(const struct machine *m, const struct kmem_cache *s);

/* The bytes of an object and of all that follows it. */
static inline u32 slab_size_from_object(const struct kmem_cache *s)
{
	return s->geo.size - s->geo.red_left_pad;
}

#endif
