// SPDX-License-Identifier: GPL-2.0-or-later
/* A sorted array: files have few such ranges. */
#include "sim/virt/unwritten.h"

#include <string.h>

#include "sim/base/digest.h"

#define FIRST_ROOM 4

int unwritten_secure(struct machine *m, struct unwritten *u)
{
	struct unwritten_span *spans = arena_grow(&m->arena, u->spans, &u->room, u->nr + 1,
						  FIRST_ROOM, sizeof(*spans));

	if (!spans)
		return -ENOBUFS;
	u->spans = spans;
	return 0;
}

void unwritten_free(struct machine *m, struct unwritten *u)
{
	if (u->spans)
		arena_free(&m->arena, u->spans, u->room * sizeof(*u->spans));
	*u = (struct unwritten){ 0 };
}

/* The first that ends behind pgoff. */
static u32 find(const struct unwritten *u, u64 pgoff)
{
	u32 low = 0, high = u->nr;

	while (low < high) {
		u32 middle = low + (high - low) / 2;

		if (u->spans[middle].end > pgoff)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

u64 unwritten_end(const struct unwritten *u, u64 pgoff)
{
	u32 i = find(u, pgoff);

	return i < u->nr && u->spans[i].start <= pgoff ? u->spans[i].end : 0;
}

/* These take the places [from, to). */
static void replace(struct unwritten *u, u32 from, u32 to, const struct unwritten_span *spans,
		    u32 nr)
{
	if (!u->nr && !nr)
		return;
	memmove(&u->spans[from + nr], &u->spans[to], (u->nr - to) * sizeof(*spans));
	memcpy(&u->spans[from], spans, nr * sizeof(*spans));
	u->nr += nr - (to - from);
}

void unwritten_add(struct unwritten *u, u64 start, u64 end)
{
	struct unwritten_span new = { start, end };
	u32 from = start ? find(u, start - 1) : 0, to;

	for (to = from; to < u->nr && u->spans[to].start <= end; to++) {
		new.start = MIN(new.start, u->spans[to].start);
		new.end = MAX(new.end, u->spans[to].end);
	}
	replace(u, from, to, &new, 1);
}

void unwritten_remove(struct unwritten *u, u64 start, u64 end)
{
	struct unwritten_span kept[2];
	u32 from = find(u, start), to, nr = 0;

	if (start >= end)
		return;
	for (to = from; to < u->nr && u->spans[to].start < end; to++) {
		if (u->spans[to].start < start)
			kept[nr++] = (struct unwritten_span){ u->spans[to].start, start };
		if (u->spans[to].end > end)
			kept[nr++] = (struct unwritten_span){ end, u->spans[to].end };
	}
	replace(u, from, to, kept, nr);
}

void unwritten_collapse(struct unwritten *u, u64 start, u64 end)
{
	unwritten_remove(u, start, end);
	for (u32 i = find(u, start); i < u->nr; i++) {
		u->spans[i].start -= end - start;
		u->spans[i].end -= end - start;
	}
}

void unwritten_insert(struct unwritten *u, u64 start, u64 end)
{
	u32 i = find(u, start);

	if (i < u->nr && u->spans[i].start < start) {
		const struct unwritten_span halves[] = { { u->spans[i].start, start },
							 { start, u->spans[i].end } };

		replace(u, i, i + 1, halves, 2);
		i++;
	}
	for (; i < u->nr; i++) {
		u->spans[i].start += end - start;
		u->spans[i].end += end - start;
	}
}

void unwritten_digest(const struct unwritten *u, struct digest *digest)
{
	for (u32 i = 0; i < u->nr; i++) {
		digest_u64(digest, u->spans[i].start);
		digest_u64(digest, u->spans[i].end);
	}
}
