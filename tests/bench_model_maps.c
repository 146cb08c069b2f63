// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The least work for mappings: a sorted array with a free slot behind each. No VMAs to
 * merge, no reverse mapping.
 */
#include "bench_model_mm.h"

#include <stdlib.h>

void model_maps(struct bench *b, u32 nr)
{
	struct model_mm *mm = model_mm(b);

	free(mm->maps);
	mm->maps = calloc(2 * (size_t)nr, sizeof(*mm->maps));
	need(mm->maps ? 0 : -ENOMEM, "model");
	mm->nr_maps = nr;
	for (u32 i = 0; i < nr; i++) {
		mm->maps[2 * i][0] = (u64)i * 8;
		mm->maps[2 * i][1] = (u64)i * 8 + 1;
	}
}

/* Four pages behind one of the mappings. */
static u32 map_behind(struct model_mm *mm, u64 wanted)
{
	u32 low = find_map(mm, wanted);

	mm->maps[2 * low + 1][0] = wanted;
	mm->maps[2 * low + 1][1] = wanted + 4;
	__asm__ volatile("" : : : "memory");
	return low;
}

static void unmap_behind(struct model_mm *mm, u64 wanted)
{
	u32 low = find_map(mm, wanted);

	mm->maps[2 * low + 1][0] = mm->maps[2 * low + 1][1] = 0;
	__asm__ volatile("" : : : "memory");
}

void model_map_unmap(struct bench *b, const struct row *row)
{
	struct model_mm *mm = model_mm(b);

	for (unsigned int n = 0; n < row->ops; n++) {
		u64 wanted = (u64)(bench_random(n) % mm->nr_maps) * 8 + 2;

		map_behind(mm, wanted);
		unmap_behind(mm, wanted);
	}
}

void model_map_touch_unmap(struct bench *b, const struct row *row)
{
	struct model_mm *mm = model_mm(b);

	for (unsigned int n = 0; n < row->ops; n++) {
		u64 wanted = (u64)(bench_random(n) % mm->nr_maps) * 8 + 2;

		map_behind(mm, wanted);
		for (u64 i = 0; i < 4; i++)
			model_fault(b, mm, wanted + i);
		model_drop(b, mm, wanted, 4);
		unmap_behind(mm, wanted);
	}
}

/* A map becomes three, of which the middle one's entry changes; and back. */
void model_protect(struct bench *b, const struct row *row)
{
	struct model_mm *mm = model_mm(b);
	u64 wanted = (u64)(mm->nr_maps / 2) * 8;

	for (unsigned int n = 0; n < row->ops; n++) {
		u32 low = find_map(mm, wanted);
		u64 end = mm->maps[2 * low][1];

		mm->maps[2 * low][1] = wanted;
		mm->maps[2 * low + 1][0] = wanted;
		mm->maps[2 * low + 1][1] = end;
		*entry_of(mm, wanted << 12) ^= READ_ONLY;
		__asm__ volatile("" : : : "memory");
		low = find_map(mm, wanted);
		mm->maps[2 * low][1] = mm->maps[2 * low + 1][1];
		mm->maps[2 * low + 1][0] = mm->maps[2 * low + 1][1] = 0;
		*entry_of(mm, wanted << 12) ^= READ_ONLY;
		__asm__ volatile("" : : : "memory");
	}
}
