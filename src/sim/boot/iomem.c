// SPDX-License-Identifier: GPL-2.0-or-later
/* Insertion sort: a few dozen ranges, most of them in order already. */
#include "sim/boot/iomem.h"

/* Room for one more. */
static int reserve(struct iomem *iomem, struct arena *arena)
{
	struct resource *more = arena_grow(arena, iomem->resources, &iomem->room, iomem->nr + 1, 32,
					   sizeof(*more));

	if (!more)
		return -ENOMEM;
	iomem->resources = more;
	return 0;
}

int iomem_add(struct iomem *iomem, struct arena *arena, u64 start, u64 end,
	      const char *name, u8 rank)
{
	if (start >= end)
		return 0;
	if (reserve(iomem, arena))
		return -ENOMEM;
	iomem->resources[iomem->nr++] = (struct resource) {
		.range = { start, end }, .name = name, .rank = rank,
	};
	return 0;
}

static bool before(const struct resource *a, const struct resource *b)
{
	if (a->range.start != b->range.start)
		return a->range.start < b->range.start;
	if (a->range.end != b->range.end)
		return a->range.end > b->range.end;
	return a->rank < b->rank;
}

void iomem_arrange(struct iomem *iomem)
{
	struct resource *r = iomem->resources;

	for (unsigned int i = 1; i < iomem->nr; i++) {
		struct resource moved = r[i];
		unsigned int at = i;

		for (; at > 0 && before(&moved, &r[at - 1]); at--)
			r[at] = r[at - 1];
		r[at] = moved;
	}
	for (unsigned int i = 0; i < iomem->nr; i++) {
		unsigned int parent = i;

		r[i].depth = 0;
		while (parent-- > 0) {
			if (r[parent].range.end < r[i].range.end ||
			    r[parent].range.end <= r[i].range.start)
				continue;
			r[i].depth = r[parent].depth + 1;
			break;
		}
	}
}

static void drop(struct iomem *iomem, unsigned int i)
{
	iomem->nr--;
	memmove(&iomem->resources[i], &iomem->resources[i + 1],
		(iomem->nr - i) * sizeof(*iomem->resources));
}

int iomem_remove(struct iomem *iomem, struct arena *arena, u64 start, u64 end,
		 const char *name)
{
	if (reserve(iomem, arena))
		return -ENOMEM;
	for (unsigned int i = 0; i < iomem->nr; i++) {
		struct resource *r = &iomem->resources[i], above = *r;

		if (r->range.start > start || r->range.end < end || strcmp(r->name, name))
			continue;
		above.range.start = end;
		r->range.end = start;
		if (above.range.start < above.range.end)
			iomem->resources[iomem->nr++] = above;
		if (r->range.start == start)
			drop(iomem, i);
		break;
	}
	iomem_arrange(iomem);
	return 0;
}

void iomem_free(struct iomem *iomem, struct arena *arena)
{
	arena_free(arena, iomem->resources, iomem->room * sizeof(*iomem->resources));
	*iomem = (struct iomem) { 0 };
}
