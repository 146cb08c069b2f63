// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The two arrays. Each is sorted and free of overlaps. Adding a range inserts only
 * the parts that no region covers yet, then joins neighbours that touch and agree
 * in node and flags. Changing a range first splits the regions at its two ends, so
 * that whole regions can be changed, and joins afterwards.
 *
 * When an array is full it doubles, and the kernel has to find room for the new
 * one by the allocator itself: the space appears as a reservation.
 */
#include "sim/boot/memblock.h"

static int type_init(struct arena *arena, struct memblock_type *type, const char *name)
{
	type->name = name;
	type->max = INIT_MEMBLOCK_REGIONS;
	type->regions = arena_alloc(arena, type->max * sizeof(*type->regions));
	return type->regions ? 0 : -ENOMEM;
}

static void type_free(struct arena *arena, struct memblock_type *type)
{
	arena_free(arena, type->regions, type->max * sizeof(*type->regions));
	type->regions = NULL;
	type->max = 0;
}

int memblock_init(struct memblock *mb, struct arena *arena)
{
	memset(mb, 0, sizeof(*mb));
	mb->arena = arena;
	mb->current_limit = MEMBLOCK_ALLOC_ANYWHERE;
	mb->region_bytes = 24;
	mb->can_resize = true;
	if (type_init(arena, &mb->memory, "memory"))
		return -ENOMEM;
	if (type_init(arena, &mb->reserved, "reserved")) {
		type_free(arena, &mb->memory);
		return -ENOMEM;
	}
	return 0;
}

void memblock_free_state(struct memblock *mb)
{
	type_free(mb->arena, &mb->memory);
	type_free(mb->arena, &mb->reserved);
}

static u64 region_end(const struct memblock_region *region)
{
	return region->base + region->size;
}

/* The end of a range, cut where addresses end. */
static u64 range_end(u64 base, u64 size)
{
	return base + MIN(size, UINT64_MAX - base);
}

static void insert_region(struct memblock_type *type, unsigned int at,
			  const struct memblock_region *region)
{
	memmove(&type->regions[at + 1], &type->regions[at],
		(type->cnt - at) * sizeof(*type->regions));
	type->regions[at] = *region;
	type->cnt++;
	type->total_size += region->size;
}

static void remove_region(struct memblock_type *type, unsigned int at)
{
	type->total_size -= type->regions[at].size;
	type->cnt--;
	memmove(&type->regions[at], &type->regions[at + 1],
		(type->cnt - at) * sizeof(*type->regions));
}

static bool regions_join(const struct memblock_region *a, const struct memblock_region *b)
{
	return region_end(a) == b->base && a->nid == b->nid && a->flags == b->flags;
}

static void merge_regions(struct memblock_type *type)
{
	unsigned int kept = 0;

	for (unsigned int i = 1; i < type->cnt; i++) {
		struct memblock_region *last = &type->regions[kept];

		if (regions_join(last, &type->regions[i]))
			last->size += type->regions[i].size;
		else
			type->regions[++kept] = type->regions[i];
	}
	if (type->cnt)
		type->cnt = kept + 1;
}

/*
 * Where the kernel puts the doubled array: above the range that is being added,
 * or else below it; 0 = nowhere.
 */
static u64 find_array(const struct memblock *mb, u64 bytes, u64 avoid, u64 avoid_end)
{
	struct memblock_request req = {
		.size = bytes, .align = PAGE_SIZE, .min_addr = avoid_end, .nid = -1,
		.keep_min = true,
	};
	u64 addr = memblock_find(mb, &req);

	if (addr || avoid == avoid_end)
		return addr;
	req.min_addr = 0;
	req.max_addr = MIN(avoid, mb->current_limit);
	return req.max_addr ? memblock_find(mb, &req) : 0;
}

/*
 * Make room for one more region. `avoid` is the range that is being reserved: the new
 * array must not be put there. Returns the address of that array in *array.
 */
static int double_array(struct memblock *mb, struct memblock_type *type, u64 avoid,
			u64 avoid_end, u64 *array)
{
	size_t bytes = type->max * sizeof(*type->regions);
	struct memblock_region *regions;

	if (!mb->can_resize)
		return -ENOMEM;
	if (type != &mb->reserved)
		avoid = avoid_end = 0;
	*array = find_array(mb, ALIGN_UP(2ULL * type->max * mb->region_bytes, PAGE_SIZE),
			    avoid, avoid_end);
	if (!*array)
		return -ENOMEM;
	regions = arena_resize(mb->arena, type->regions, bytes, 2 * bytes);
	if (!regions)
		return -ENOMEM;
	type->regions = regions;
	type->max *= 2;
	mb->nr_doublings++;
	return 0;
}

/* The parts of `region` that `type` lacks: counted, or inserted if `insert`. */
static unsigned int add_missing(struct memblock_type *type, struct memblock_region region,
				bool insert)
{
	u64 base = region.base, end = region_end(&region);
	unsigned int i, missing = 0;

	for (i = 0; i < type->cnt; i++) {
		u64 rbase = type->regions[i].base;

		if (rbase >= end)
			break;
		if (region_end(&type->regions[i]) <= base)
			continue;
		if (rbase > base) {
			missing++;
			region.base = base;
			region.size = rbase - base;
			if (insert)
				insert_region(type, i++, &region);
		}
		base = MIN(region_end(&type->regions[i]), end);
	}
	if (base < end) {
		missing++;
		region.base = base;
		region.size = end - base;
		if (insert)
			insert_region(type, i, &region);
	}
	return missing;
}

static int reserve_array(struct memblock *mb, u64 array, unsigned int max)
{
	const struct memblock_reservation res = {
		.base = array, .size = ALIGN_UP((u64)max * mb->region_bytes, PAGE_SIZE),
		.nid = -1, .flags = mb->alloc_flags, .who = "memblock array",
	};

	return memblock_reserve_with(mb, &res);
}

static int add_range(struct memblock *mb, struct memblock_type *type,
		     const struct memblock_region *region)
{
	while (type->cnt + add_missing(type, *region, /* insert = */ false) > type->max) {
		u64 array;
		int err = double_array(mb, type, region->base, region_end(region), &array);

		if (!err)
			err = reserve_array(mb, array, type->max);
		if (err)
			return err;
	}
	add_missing(type, *region, /* insert = */ true);
	merge_regions(type);
	return 0;
}

int memblock_add_node(struct memblock *mb, u64 base, u64 size, int nid, u32 flags)
{
	struct memblock_region region = {
		.base = base, .size = range_end(base, size) - base, .nid = (s16)nid,
		.flags = flags, .who = "memory",
	};

	return region.size ? add_range(mb, &mb->memory, &region) : 0;
}

int memblock_add(struct memblock *mb, u64 base, u64 size)
{
	return memblock_add_node(mb, base, size, -1, MEMBLOCK_NONE);
}

int memblock_reserve_with(struct memblock *mb, const struct memblock_reservation *res)
{
	struct memblock_region region = {
		.base = res->base, .size = range_end(res->base, res->size) - res->base,
		.nid = (s16)res->nid, .flags = res->flags, .who = res->who,
	};

	return region.size ? add_range(mb, &mb->reserved, &region) : 0;
}

int memblock_reserve(struct memblock *mb, u64 base, u64 size, const char *who)
{
	const struct memblock_reservation res = {
		.base = base, .size = size, .nid = -1, .who = who,
	};

	return memblock_reserve_with(mb, &res);
}

/* Cut the region at index i in two at `addr`, which lies inside it. */
static void split_region(struct memblock_type *type, unsigned int i, u64 addr)
{
	struct memblock_region low = type->regions[i];

	low.size = addr - low.base;
	type->regions[i].base = addr;
	type->regions[i].size -= low.size;
	type->total_size -= low.size;
	insert_region(type, i, &low);
}

/* Split at both ends of a range; its regions are then [*first, *last). */
static int isolate_range(struct memblock *mb, struct memblock_type *type, u64 base,
			 u64 end, unsigned int *first, unsigned int *last)
{
	unsigned int i;

	*first = *last = 0;
	if (base == end)
		return 0;
	while (type->cnt + 2 > type->max) {
		u64 array;
		int err = double_array(mb, type, base, end, &array);

		if (!err)
			err = reserve_array(mb, array, type->max);
		if (err)
			return err;
	}
	for (i = 0; i < type->cnt; i++) {
		if (type->regions[i].base >= end)
			break;
		if (region_end(&type->regions[i]) <= base)
			continue;
		if (type->regions[i].base < base) {
			split_region(type, i, base);
			continue;
		}
		if (region_end(&type->regions[i]) > end)
			split_region(type, i, end);
		if (!*last)
			*first = i;
		*last = i + 1;
	}
	return 0;
}

static int remove_range(struct memblock *mb, struct memblock_type *type, u64 base, u64 size)
{
	unsigned int first, last;
	int err = isolate_range(mb, type, base, range_end(base, size), &first, &last);

	if (err)
		return err;
	while (last > first)
		remove_region(type, --last);
	return 0;
}

bool memblock_has_room(const struct memblock *mb)
{
	return mb->memory.cnt + 2 <= mb->memory.max;
}

int memblock_remove(struct memblock *mb, u64 base, u64 size)
{
	return remove_range(mb, &mb->memory, base, size);
}

int memblock_phys_free(struct memblock *mb, u64 base, u64 size)
{
	return remove_range(mb, &mb->reserved, base, size);
}

int memblock_set_node(struct memblock *mb, struct memblock_type *type, u64 base,
		      u64 size, int nid)
{
	unsigned int first, last;
	int err = isolate_range(mb, type, base, range_end(base, size), &first, &last);

	if (err)
		return err;
	for (unsigned int i = first; i < last; i++)
		type->regions[i].nid = (s16)nid;
	merge_regions(type);
	return 0;
}

int memblock_set_flags(struct memblock *mb, struct memblock_type *type, u64 base,
		       u64 size, u32 set, u32 clear)
{
	unsigned int first, last;
	int err = isolate_range(mb, type, base, range_end(base, size), &first, &last);

	if (err)
		return err;
	for (unsigned int i = first; i < last; i++)
		type->regions[i].flags = (type->regions[i].flags & ~clear) | set;
	merge_regions(type);
	return 0;
}

int memblock_trim_memory(struct memblock *mb, u64 align)
{
	struct memblock_type *type = &mb->memory;
	unsigned int i = 0;

	while (i < type->cnt) {
		struct memblock_region *region = &type->regions[i];
		u64 start = ALIGN_UP(region->base, align);
		u64 end = ALIGN_DOWN(region_end(region), align);

		if (start >= end) {
			remove_region(type, i);
			continue;
		}
		type->total_size -= region->size - (end - start);
		region->base = start;
		region->size = end - start;
		i++;
	}
	return 0;
}

int memblock_enforce_memory_limit(struct memblock *mb, u64 limit)
{
	u64 end = UINT64_MAX, left = limit;
	int err;

	if (!limit)
		return 0;
	for (unsigned int i = 0; i < mb->memory.cnt; i++) {
		const struct memblock_region *region = &mb->memory.regions[i];

		if (left <= region->size) {
			end = region->base + left;
			break;
		}
		left -= region->size;
	}
	if (end == UINT64_MAX)
		return 0;
	err = remove_range(mb, &mb->memory, end, UINT64_MAX);
	return err ? err : remove_range(mb, &mb->reserved, end, UINT64_MAX);
}
