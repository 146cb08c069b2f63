// SPDX-License-Identifier: GPL-2.0-or-later
/* Insertion sort: a few dozen ranges, most of them in order already. */
#include "sim/boot/iomem.h"

int iomem_add(struct iomem *iomem, struct arena *arena, u64 start, u64 end,
	      const char *name, u8 rank)
{
	if (start >= end)
		return 0;
	if (iomem->nr == iomem->room) {
		unsigned int room = MAX(iomem->room * 2, 32U);
		struct resource *more = arena_resize(arena, iomem->resources,
						     iomem->room * sizeof(*more),
						     room * sizeof(*more));

		if (!more)
			return -ENOMEM;
		iomem->resources = more;
		iomem->room = room;
	}
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

void iomem_free(struct iomem *iomem, struct arena *arena)
{
	arena_free(arena, iomem->resources, iomem->room * sizeof(*iomem->resources));
	*iomem = (struct iomem) { 0 };
}
