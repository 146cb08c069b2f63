// SPDX-License-Identifier: GPL-2.0-or-later
/* What people do to a cache by hand: its settings, its validation, its corruption. */
#include "sim/phys/slab_bytes.h"
#include "sim/phys/slab_debug.h"

bool kmem_cache_is_debug(const struct kmem_cache *s)
{
	return slab_is_debug(s);
}

struct kmem_cache *kmem_cache_checking(const struct machine *m, u64 addr)
{
	const struct slab *slab = slab_of_addr(m, addr);

	return slab && slab->place != SLAB_WAITS && slab_is_debug(slab->cache) ? slab->cache : NULL;
}

void kmem_cache_set_min_partial(struct kmem_cache *s, u64 slabs)
{
	s->min_partial = slabs;
	s->most_min_partial = MAX(s->most_min_partial, slabs);
}

int kmem_cache_set_cpu_partial(struct machine *m, struct kmem_cache *s, u32 objects)
{
	if (objects && slab_is_debug(s))
		return -EINVAL;
	slab_set_cpu_partial(s, objects);
	slab_flush_all(m, s);
	return 0;
}

void kmem_cache_set_defrag_ratio(struct kmem_cache *s, u32 percent)
{
	s->defrag_ratio = percent;
}

void kmem_cache_set_skip_kfence(struct kmem_cache *s, bool skip)
{
	s->flags &= ~SLAB_SKIP_KFENCE;
	s->flags |= skip ? SLAB_SKIP_KFENCE : 0;
}

long kmem_cache_validate(struct machine *m, struct kmem_cache *s)
{
	u64 before = m->slab->nr_errors;
	long nr;

	if (!slab_is_debug(s))
		return -EINVAL;
	nr = validate_slab_cache(m, s);
	if (nr < 0)
		return nr;
	machine_why_call(m, "validate %s: %ld slabs looked at, %llu errors found or mended%s "
			 "(validate_slab_cache)", s->name, nr,
			 (unsigned long long)(m->slab->nr_errors - before),
			 s->flags & SLAB_STORE_USER ? "" :
			 "; slabs that are full are on no list without SLAB_STORE_USER");
	return (long)(m->slab->nr_errors - before);
}

/* The slab of the object at addr, its bytes made; *at: the offset in it. */
static int find_bytes(struct machine *m, const struct kmem_cache *s, u64 addr, s64 offset,
		      u32 nr, struct slab **slab, u32 *at)
{
	s64 end;

	*slab = slab_of_addr(m, addr);
	if (!*slab || (*slab)->cache != s || (*slab)->place == SLAB_WAITS || !slab_is_debug(s) ||
	    slab_object_index(*slab, addr) == SLAB_NIL)
		return -EINVAL;
	end = (s64)(PAGE_SIZE << (*slab)->order);
	if (offset < -end || offset > end)
		return -EINVAL;
	offset += (s64)(addr - (*slab)->addr);
	if (offset < 0 || offset + (s64)nr > end)
		return -EINVAL;
	*at = (u32)offset;
	return slab_bytes_make(m, *slab);
}

int kmem_cache_poke(struct machine *m, struct kmem_cache *s, u64 addr, s64 offset,
		    const u8 *bytes, u32 nr)
{
	struct slab *slab;
	u32 at;
	int err = find_bytes(m, s, addr, offset, nr, &slab, &at);

	for (u32 i = 0; !err && i < nr; i++)
		slab_bytes_poke(m, slab, at + i, bytes[i]);
	return err;
}

int kmem_cache_peek(struct machine *m, struct kmem_cache *s, u64 addr, s64 offset, u8 *byte)
{
	struct slab *slab;
	u32 at;
	int err = find_bytes(m, s, addr, offset, 1, &slab, &at);

	if (!err)
		*byte = slab->bytes[at];
	return err;
}
