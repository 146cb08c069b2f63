// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Sizes: from the object that was asked for to the distance between two objects,
 * and from that to the order of a slab. The rules are the kernel's; what differs
 * between releases is the search for the order (a remainder of at most 1/16, 1/8,
 * 1/4 and, since 6.7, 1/2 of the slab is accepted).
 */
#include "sim/phys/slab_types.h"

#define MIN_PARTIAL 5
#define MAX_PARTIAL 10
#define ARCH_SLAB_MINALIGN 8	/* of an unsigned long long, on both */

static u32 word_bytes(const struct machine *m)
{
	return m->arch->bits / 8;
}

u32 slab_track_bytes(const struct machine *m)
{
	return NR_TRACKS * (m->arch->bits == 64 ? 32 : 20);
}

u32 slab_orig_size_bytes(const struct machine *m)
{
	return rel_slub_orig_size_is_long(m->release) ? word_bytes(m) : 4;
}

u32 slab_calculate_alignment(const struct machine *m, u32 flags, u32 align, u32 size)
{
	if (flags & SLAB_HWCACHE_ALIGN) {
		u32 line = CACHE_LINE_BYTES;

		while (size <= line / 2)
			line /= 2;
		align = MAX(align, line);
	}
	align = MAX(align, ARCH_SLAB_MINALIGN);
	return ALIGN_UP(align, word_bytes(m));
}

static u32 order_objects(unsigned int order, u32 size)
{
	return (PAGE_SIZE << order) / size;
}

/* The first order from `order` on whose remainder is small enough. */
static unsigned int slab_order(u32 size, unsigned int order, unsigned int max_order,
			       u32 fraction)
{
	for (; order <= max_order; order++) {
		u64 bytes = PAGE_SIZE << order;

		if (bytes % size <= bytes / fraction)
			break;
	}
	return order;
}

static u32 slab_min_objects(const struct machine *m, u32 size)
{
	const struct slab_options *options = &m->slab->options;
	u32 min_objects = options->min_objects;
	/* A single CPU may be one of which nobody knows yet how many come. */
	unsigned int cpus = m->nr_present_cpus > 1 ? m->nr_present_cpus : m->nr_possible_cpus;

	if (!min_objects)
		min_objects = 4 * (fls64(cpus) + 1);
	return MIN(min_objects, order_objects(options->max_order, size));
}

static unsigned int calculate_order_6_1(const struct machine *m, u32 size)
{
	const struct slab_options *options = &m->slab->options;
	unsigned int order;

	for (u32 objects = slab_min_objects(m, size); objects > 1; objects--) {
		unsigned int start = MAX(options->min_order,
					 (u32)get_order((u64)objects * size));

		for (u32 fraction = 16; fraction >= 4; fraction /= 2) {
			order = slab_order(size, start, options->max_order, fraction);
			if (order <= options->max_order)
				return order;
		}
	}
	order = slab_order(size, MAX(options->min_order, (u32)get_order(size)),
			   options->max_order, 1);
	return order <= options->max_order ? order : (unsigned int)get_order(size);
}

static unsigned int calculate_order_6_7(const struct machine *m, u32 size)
{
	const struct slab_options *options = &m->slab->options;
	u64 bytes = (u64)slab_min_objects(m, size) * size;
	unsigned int start = MAX(options->min_order, (u32)get_order(bytes));
	unsigned int order;

	for (u32 fraction = 16; fraction > 1; fraction /= 2) {
		order = slab_order(size, start, options->max_order, fraction);
		if (order <= options->max_order)
			return order;
	}
	return get_order(size);
}

static unsigned int calculate_order(const struct machine *m, u32 size)
{
	const struct slab_options *options = &m->slab->options;

	if (order_objects(options->min_order, size) > SLAB_MAX_OBJS)
		return get_order((u64)size * SLAB_MAX_OBJS) - 1;
	if (rel_slub_fraction_two(m->release))
		return calculate_order_6_7(m, size);
	return calculate_order_6_1(m, size);
}

/* The free pointer has a word of its own behind the object. */
static bool free_pointer_is_outside(const struct machine *m, u32 flags, u32 object_size)
{
	if (flags & SLAB_POISON)
		return true;
	if (flags & (SLAB_TYPESAFE_BY_RCU | SLAB_HAS_CTOR))
		return !(flags & SLAB_FREEPTR_INSIDE);
	if (!(flags & SLAB_RED_ZONE))
		return false;
	return object_size < word_bytes(m) ||
	       (rel_slub_has_kmalloc_redzone(m->release) && (flags & SLAB_KMALLOC) &&
		(flags & SLAB_STORE_USER));
}

static void layout_object(const struct machine *m, u32 flags, struct slab_geometry *geo)
{
	u32 word = word_bytes(m);
	u32 size = ALIGN_UP(geo->object_size, word);

	/* Room for a red zone, if alignment left none. */
	if ((flags & SLAB_RED_ZONE) && size == geo->object_size)
		size += word;
	geo->inuse = size;
	geo->offset = ALIGN_DOWN(geo->object_size / 2, word);
	if (free_pointer_is_outside(m, flags, geo->object_size)) {
		geo->offset = size;
		size += word;
	}
	if (flags & SLAB_STORE_USER) {
		size += slab_track_bytes(m);
		if (flags & SLAB_KMALLOC)
			size += slab_orig_size_bytes(m);
	}
	geo->red_left_pad = 0;
	if (flags & SLAB_RED_ZONE) {
		geo->red_left_pad = ALIGN_UP(word, geo->align);
		size += word + geo->red_left_pad;
	}
	geo->size = ALIGN_UP(size, geo->align);
}

int slab_calculate_sizes(const struct machine *m, u32 object_size, u32 align, u32 *flags,
			 struct slab_geometry *geo)
{
	const u32 metadata = SLAB_RED_ZONE | SLAB_POISON | SLAB_STORE_USER;

	*geo = (struct slab_geometry) {
		.object_size = object_size,
		.align = slab_calculate_alignment(m, *flags, align, object_size),
	};
	layout_object(m, *flags, geo);
	if (m->slab->options.disable_higher_order_debug && (*flags & metadata) &&
	    get_order(geo->size) > get_order(object_size)) {
		*flags &= ~metadata;
		layout_object(m, *flags, geo);
	}
	if (get_order(geo->size) > MAX_PAGE_ORDER)
		return -EINVAL;
	geo->order = calculate_order(m, geo->size);
	geo->min_order = get_order(geo->size);
	if (order_objects(geo->min_order, geo->size) > SLAB_MAX_OBJS)
		geo->min_order = get_order((u64)geo->size * SLAB_MAX_OBJS) - 1;
	geo->objects = order_objects(geo->order, geo->size);
	return 0;
}

void slab_set_cpu_partial(struct kmem_cache *s, u32 objects)
{
	s->cpu_partial = objects;
	s->cpu_partial_slabs = DIV_ROUND_UP(2ULL * objects, s->geo.objects);
}

void slab_set_partial_limits(struct kmem_cache *s)
{
	u32 size = s->geo.size;

	s->min_partial = CLAMP(ilog2(size) / 2, MIN_PARTIAL, MAX_PARTIAL);
	s->most_min_partial = s->min_partial;
	s->defrag_ratio = 100;
	if (slab_is_debug(s))
		slab_set_cpu_partial(s, 0);
	else if (size >= PAGE_SIZE)
		slab_set_cpu_partial(s, 6);
	else if (size >= 1024)
		slab_set_cpu_partial(s, 24);
	else if (size >= 256)
		slab_set_cpu_partial(s, 52);
	else
		slab_set_cpu_partial(s, 120);
}
