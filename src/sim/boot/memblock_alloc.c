// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Free memory is memory minus reserved. It is walked as pairs: a memory region and
 * the gap before the reserved region that follows; a cursor is simply the first
 * address not yet seen. Allocation takes the highest fitting place (or the lowest,
 * bottom-up).
 */
#include "sim/boot/memblock.h"

static u64 region_end(const struct memblock_region *region)
{
	return region->base + region->size;
}

/* The first region of `type` that ends above addr. */
static unsigned int first_above(const struct memblock_type *type, u64 addr)
{
	unsigned int low = 0, high = type->cnt;

	while (low < high) {
		unsigned int mid = (low + high) / 2;

		if (region_end(&type->regions[mid]) <= addr)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

bool memblock_next_free(const struct memblock *mb, u64 *cursor, u64 *start, u64 *end,
			int *nid)
{
	const struct memblock_type *mem = &mb->memory, *res = &mb->reserved;

	for (unsigned int i = first_above(mem, *cursor); i < mem->cnt; i++) {
		const struct memblock_region *region = &mem->regions[i];
		u64 at = MAX(region->base, *cursor);
		unsigned int j = first_above(res, at);

		for (; j < res->cnt && res->regions[j].base <= at; j++)
			at = MAX(at, region_end(&res->regions[j]));
		if (at >= region_end(region) || region->flags & MEMBLOCK_NOMAP)
			continue;
		*start = at;
		*end = region_end(region);
		if (j < res->cnt)
			*end = MIN(*end, res->regions[j].base);
		if (nid)
			*nid = region->nid;
		*cursor = *end;
		return true;
	}
	return false;
}

/* The free ranges of the memory region `region` inside [min, max), highest first. */
static u64 find_in_region(const struct memblock *mb, const struct memblock_region *region,
			  const struct memblock_request *req, u64 min, u64 max)
{
	const struct memblock_type *res = &mb->reserved;
	u64 low = MAX(region->base, min), high = MIN(region_end(region), max);
	unsigned int j = first_above(res, high ? high - 1 : 0);

	/* j: the first reserved region that ends at or above the top. */
	for (;;) {
		u64 end = high;
		u64 start;

		if (j < res->cnt)
			end = MIN(end, res->regions[j].base);
		start = j ? MAX(low, region_end(&res->regions[j - 1])) : low;
		if (end > start && end - start >= req->size) {
			u64 at = ALIGN_DOWN(end - req->size, req->align);

			if (at >= start)
				return at;
		}
		if (!j || region_end(&res->regions[j - 1]) <= low)
			return 0;
		j--;
	}
}

static bool region_usable(const struct memblock_region *region, int nid)
{
	return (nid < 0 || region->nid == nid) && !(region->flags & MEMBLOCK_NOMAP);
}

static u64 find_top_down(const struct memblock *mb, const struct memblock_request *req,
			 u64 min, u64 max, int nid)
{
	for (unsigned int i = mb->memory.cnt; i-- > 0;) {
		const struct memblock_region *region = &mb->memory.regions[i];
		u64 at;

		if (!region_usable(region, nid) || region->base >= max)
			continue;
		if (region_end(region) <= min)
			break;
		at = find_in_region(mb, region, req, min, max);
		if (at)
			return at;
	}
	return 0;
}

static u64 find_bottom_up(const struct memblock *mb, const struct memblock_request *req,
			  u64 min, u64 max, int nid)
{
	u64 cursor = min, start, end;
	int range_nid;

	while (memblock_next_free(mb, &cursor, &start, &end, &range_nid)) {
		u64 at = ALIGN_UP(MAX(start, min), req->align);

		if (start >= max)
			break;
		end = MIN(end, max);
		if ((nid < 0 || range_nid == nid) && at < end && end - at >= req->size)
			return at;
	}
	return 0;
}

static u64 find_from(const struct memblock *mb, const struct memblock_request *req, u64 min)
{
	u64 max = req->max_addr ? MIN(req->max_addr, mb->current_limit) : mb->current_limit;
	u64 at;

	min = MAX(min, PAGE_SIZE);	/* the first page is nobody's */
	max = MAX(max, min);
	at = mb->bottom_up ? find_bottom_up(mb, req, min, max, req->nid) :
			     find_top_down(mb, req, min, max, req->nid);
	if (at || req->nid < 0 || req->exact_nid)
		return at;
	return mb->bottom_up ? find_bottom_up(mb, req, min, max, -1) :
			       find_top_down(mb, req, min, max, -1);
}

u64 memblock_find(const struct memblock *mb, const struct memblock_request *req)
{
	struct memblock_request real = *req;
	u64 at;

	if (!real.size)
		return 0;
	if (!real.align)
		real.align = 64;
	at = find_from(mb, &real, real.min_addr);
	if (!at && real.min_addr && !real.keep_min)
		at = find_from(mb, &real, 0);
	return at;
}

u64 memblock_alloc(struct memblock *mb, const struct memblock_request *req)
{
	u64 at = memblock_find(mb, req);
	const struct memblock_reservation res = {
		.base = at, .size = req->size, .nid = mb->alloc_nid ? req->nid : -1,
		.flags = mb->alloc_flags, .who = req->who,
	};

	if (!at || memblock_reserve_with(mb, &res))
		return 0;
	return at;
}

u64 memblock_free_bytes(const struct memblock *mb, u64 start, u64 end)
{
	u64 cursor = start, from, to, bytes = 0;

	while (memblock_next_free(mb, &cursor, &from, &to, NULL) && from < end)
		bytes += MIN(to, end) - MAX(from, start);
	return bytes;
}

static bool holds(const struct memblock_type *type, u64 addr)
{
	unsigned int i = first_above(type, addr);

	return i < type->cnt && type->regions[i].base <= addr;
}

bool memblock_is_memory(const struct memblock *mb, u64 addr)
{
	return holds(&mb->memory, addr);
}

bool memblock_is_reserved(const struct memblock *mb, u64 addr)
{
	return holds(&mb->reserved, addr);
}

u64 memblock_start_of_DRAM(const struct memblock *mb)
{
	return mb->memory.cnt ? mb->memory.regions[0].base : 0;
}

u64 memblock_end_of_DRAM(const struct memblock *mb)
{
	return mb->memory.cnt ? region_end(&mb->memory.regions[mb->memory.cnt - 1]) : 0;
}
