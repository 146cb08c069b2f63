// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A slab's bytes are made from its state: which objects are free, and in which order.
 * From then on whoever changes that state writes them, too. Free pointers exist twice,
 * as indexes (next_free[]) and as bytes; a write into one makes the index follow, and
 * SLAB_WILD stands for an address that is no object of the slab.
 */
#include "sim/phys/slab_bytes.h"

static u32 word_bytes(const struct machine *m)
{
	return m->arch->bits / 8;
}

static size_t slab_bytes_size(const struct slab *slab)
{
	return PAGE_SIZE << slab->order;
}

u32 slab_records_end(const struct machine *m, const struct kmem_cache *s)
{
	u32 end = slab_info_end(m, s);

	if (s->flags & SLAB_STORE_USER)
		end += slab_track_bytes(m);
	if (slab_keeps_orig_size(s))
		end += slab_orig_size_bytes(m);
	return end;
}

void slab_bytes_init_object(const struct machine *m, struct slab *slab, unsigned int i,
			    enum slab_pattern red)
{
	const struct kmem_cache *s = slab->cache;
	u32 poison_size = s->geo.object_size;
	u8 *p;

	if (!slab->bytes)
		return;
	p = slab->bytes + slab_object_offset(slab, i);
	if (s->flags & SLAB_RED_ZONE) {
		memset(p - s->geo.red_left_pad, red, s->geo.red_left_pad);
		if (slab->orig_size && red == SLUB_RED_ACTIVE &&
		    rel_slub_has_kmalloc_redzone(m->release))
			poison_size = slab->orig_size[i];
	}
	if (slab_poisons_objects(s) && poison_size) {
		memset(p, POISON_FREE, poison_size - 1);
		p[poison_size - 1] = POISON_END;
	}
	if (s->flags & SLAB_RED_ZONE)
		memset(p + poison_size, red, s->geo.inuse - poison_size);
}

static u64 object_or_null(const struct slab *slab, u16 i)
{
	return i < slab->objects ? slab_object_addr(slab, i) : 0;
}

static void write_freepointer(const struct machine *m, struct slab *slab, unsigned int i)
{
	u8 *p = slab->bytes + slab_object_offset(slab, i) + slab->cache->geo.offset;
	u64 addr = object_or_null(slab, slab->next_free[i]);

	for (u32 byte = 0; byte < word_bytes(m); byte++)
		p[byte] = addr >> 8 * byte;
}

void slab_set_freepointer(const struct machine *m, struct slab *slab, unsigned int i, u16 next)
{
	slab->next_free[i] = next;
	if (slab->bytes)
		write_freepointer(m, slab, i);
}

u64 slab_get_freepointer(const struct machine *m, const struct slab *slab, unsigned int i)
{
	const u8 *p;
	u64 addr = 0;

	if (!slab->bytes)
		return object_or_null(slab, slab->next_free[i]);
	p = slab->bytes + slab_object_offset(slab, i) + slab->cache->geo.offset;
	for (u32 byte = word_bytes(m); byte--;)
		addr = addr << 8 | p[byte];
	return addr;
}

int slab_bytes_make(struct machine *m, struct slab *slab)
{
	const struct kmem_cache *s = slab->cache;

	if (slab->bytes)
		return 0;
	slab->bytes = arena_alloc(&m->arena, slab_bytes_size(slab));
	if (!slab->bytes)
		return -ENOBUFS;
	if (s->flags & SLAB_POISON)
		memset(slab->bytes, POISON_INUSE, slab_bytes_size(slab));
	for (unsigned int i = 0; i < slab->objects; i++) {
		bool used = slab_allocated(slab, i);

		slab_bytes_init_object(m, slab, i, used ? SLUB_RED_ACTIVE : SLUB_RED_INACTIVE);
		if (!used || slab_freeptr_outside(s))
			write_freepointer(m, slab, i);
	}
	return 0;
}

void slab_bytes_free(struct machine *m, struct slab *slab)
{
	if (slab->bytes)
		arena_free(&m->arena, slab->bytes, slab_bytes_size(slab));
	slab->bytes = NULL;
}

/* The free pointer of this object was written to: where does it lead now? */
static void follow_freepointer(const struct machine *m, struct slab *slab, unsigned int i)
{
	u64 addr = slab_get_freepointer(m, slab, i);
	unsigned int next = addr ? slab_object_index(slab, addr) : SLAB_NIL;

	slab->next_free[i] = addr && next == SLAB_NIL ? SLAB_WILD : next;
}

void slab_bytes_poke(const struct machine *m, struct slab *slab, u32 offset, u8 byte)
{
	const struct slab_geometry *geo = &slab->cache->geo;
	u32 i = offset / geo->size, at = offset % geo->size;
	u32 pointer = geo->red_left_pad + geo->offset;

	slab_touch(slab);
	slab->poked = true;
	slab->bytes[offset] = byte;
	if (i < slab->objects && at >= pointer && at < pointer + word_bytes(m) &&
	    (!slab_allocated(slab, i) || slab_freeptr_outside(slab->cache)))
		follow_freepointer(m, slab, i);
}
