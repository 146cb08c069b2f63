// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The kernel maps the first MiB by small pages, then each range of memory from
 * the top down, in steps that grow by 256 as page-table memory becomes available:
 * 2 MiB, 512 MiB, 128 GiB Each piece is split into aligned parts. A part too
 * small for the next size is widened to it when all around it is memory; then
 * the big page is counted once for each piece that lies in it. What was split since
 * (phys/direct_split.h) counts as what it was split into.
 */
#include "fs/proc/direct_map.h"

#include "sim/boot/memblock.h"
#include "sim/phys/direct_split.h"
#include "sim/virt/pgtable.h"

struct mapper {
	const struct machine *m;
	struct direct_map map;
	u64 big, huge;		/* bytes of a page of the second, third level; 0 = none */
};

static bool all_memory(const struct machine *m, u64 start, u64 end)
{
	const struct memblock_type *memory = &m->memblock->memory;
	u64 at = start;

	if (m->arch->lowmem_end && end > m->arch->lowmem_end)
		return false;
	for (unsigned int i = 0; i < memory->cnt && at < end; i++) {
		const struct memblock_region *region = &memory->regions[i];

		if (region->base <= at && region->base + region->size > at)
			at = region->base + region->size;
	}
	return at >= end;
}

/* A part whose ends are aligned to `size`, or that may be widened so. */
static void map_part(struct mapper *mapper, u64 start, u64 end, unsigned int level)
{
	const u64 sizes[] = { PAGE_SIZE, mapper->big, mapper->huge };

	while (level < 2 && sizes[level + 1]) {
		u64 size = sizes[level + 1];

		if (!all_memory(mapper->m, ALIGN_DOWN(start, size), ALIGN_UP(end, size)))
			break;
		start = ALIGN_DOWN(start, size);
		end = ALIGN_UP(end, size);
		level++;
	}
	mapper->map.kb[level] += (end - start) >> 10;
}

/* Head, aligned middle and tail of a piece; the middle is split by the next size. */
static void map_piece(struct mapper *mapper, u64 start, u64 end, unsigned int level)
{
	const u64 sizes[] = { PAGE_SIZE, mapper->big, mapper->huge };
	u64 size = level < 2 ? sizes[level + 1] : 0;
	u64 first, last;

	if (start >= end)
		return;
	first = size ? ALIGN_UP(start, size) : 0;
	last = size ? ALIGN_DOWN(end, size) : 0;
	if (first >= last) {
		map_part(mapper, start, end, level);
		return;
	}
	if (start < first)
		map_part(mapper, start, first, level);
	map_piece(mapper, first, last, level + 1);
	if (last < end)
		map_part(mapper, last, end, level);
}

/* The pieces of memory in [start, end); returns their bytes. */
static u64 map_range(struct mapper *mapper, u64 start, u64 end)
{
	const struct memblock_type *memory = &mapper->m->memblock->memory;
	u64 bytes = 0;

	for (unsigned int i = 0; i < memory->cnt; i++) {
		const struct memblock_region *region = &memory->regions[i];
		u64 from = MAX(region->base, start);
		u64 to = MIN(region->base + region->size, end);

		/* Regions that touch are one piece: nodes do not cut it. */
		while (i + 1 < memory->cnt && to < end &&
		       memory->regions[i + 1].base == to) {
			i++;
			to = MIN(to + memory->regions[i].size, end);
		}
		if (from >= to)
			continue;
		map_piece(mapper, from, to, 0);
		bytes += to - from;
	}
	return bytes;
}

struct direct_map direct_map(const struct machine *m)
{
	struct mapper mapper = { .m = m };
	u64 end = memblock_end_of_DRAM(m->memblock);
	u64 step, mapped = 0, last, top;

	mapper.big = m->arch->hugetlb_order == 10 ? 4 * SZ_1M : SZ_2M;
	mapper.huge = m->gbpages ? SZ_1G : 0;
	if (m->arch->lowmem_end)
		end = MIN(end, m->arch->lowmem_end);
	mapper.map.kb[0] = SZ_1M >> 10;
	step = mapper.big;
	top = MAX(ALIGN_DOWN(end, mapper.big), SZ_1M);
	for (last = top; last > SZ_1M;) {
		u64 start = SZ_1M;

		if (last > step)
			start = MAX(ALIGN_DOWN(last - 1, step), SZ_1M);
		mapped += map_range(&mapper, start, last);
		last = start;
		if (mapped >= step)
			step <<= ilog2(mapper.big) - PAGE_SHIFT - 1;
	}
	map_range(&mapper, top, end);
	for (unsigned int level = 1; level <= 2; level++) {
		u64 kb = direct_splits_count(m, level) * (table_span(m, level) >> 10);

		mapper.map.kb[level] -= kb;
		mapper.map.kb[level - 1] += kb;
	}
	return mapper.map;
}
