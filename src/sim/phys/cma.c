// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A bitmap says which pages of an area are given away. cma_alloc() looks for the lowest
 * range of zeros; alloc_contig_range() empties it. If a page in it cannot move just now,
 * the next range is tried.
 */
#include "sim/phys/cma.h"

#include <stdio.h>

#include "sim/base/bug.h"
#include "sim/boot/boot_log.h"
#include "sim/phys/contig.h"
#include "sim/phys/page_owner.h"
#include "sim/phys/slab.h"

typedef unsigned long long ull;

int cma_init(struct machine *m)
{
	m->cma = arena_alloc(&m->arena, sizeof(*m->cma));
	return m->cma ? 0 : -ENOMEM;
}

static size_t bitmap_bytes(const struct cma *cma)
{
	return DIV_ROUND_UP(cma_bitmap_maxno(cma), 64) * sizeof(u64);
}

void cma_free_state(struct machine *m)
{
	for (unsigned int i = 0; m->cma && i < m->cma->nr; i++) {
		struct cma *cma = &m->cma->areas[i];

		arena_free(&m->arena, cma->bitmap, cma->bitmap ? bitmap_bytes(cma) : 0);
		arena_free(&m->arena, cma->mems, cma->room_mems * sizeof(*cma->mems));
	}
	arena_free(&m->arena, m->cma, m->cma ? sizeof(*m->cma) : 0);
	m->cma = NULL;
}

struct cma *cma_find(const struct machine *m, const char *name)
{
	unsigned int nr = m->cma ? m->cma->nr : 0;
	char number[12];

	for (unsigned int i = 0; i < nr; i++) {
		snprintf(number, sizeof(number), "%u", i);
		if (!strcmp(m->cma->areas[i].name, name) || !strcmp(number, name))
			return &m->cma->areas[i];
	}
	return NULL;
}

/* -- boot --------------------------------------------------------------------- */

struct cma *cma_new_area(struct machine *m, const char *name, u64 base_pfn, u64 count)
{
	struct cma_state *state = m->cma;
	struct cma *cma;

	if (state->nr == MAX_CMA_AREAS)
		return NULL;
	cma = &state->areas[state->nr++];
	snprintf(cma->name, sizeof(cma->name), "%s", name);
	cma->base_pfn = base_pfn;
	cma->count = cma->available_count = count;
	state->totalcma_pages += count;
	return cma;
}

static bool in_one_zone(const struct machine *m, const struct cma *cma)
{
	const struct zone *zone = pfn_zone(m, cma->base_pfn);

	for (u64 pfn = cma->base_pfn; pfn < cma->base_pfn + cma->count; pfn++)
		if (pfn_zone(m, pfn) != zone)
			return false;
	return zone;
}

/* A whole pageblock that boot had reserved is freed at once. */
static void init_cma_reserved_pageblock(struct machine *m, u64 pfn)
{
	struct page *page = pfn_to_page(m, pfn);
	struct zone *zone = page_zone(m, page);
	u64 nr_pages = pageblock_nr_pages(m);

	for (u64 i = 0; i < nr_pages; i++) {
		page_clear_flag(page + i, PG_reserved);
		page[i].refcount = 0;
	}
	set_pageblock_type(m, pfn, MIGRATE_CMA);
	page->refcount = 1;
	free_pages(m, pfn, m->pageblock_order);
	adjust_managed_page_count(m, zone, (s64)nr_pages);
	zone->cma_pages += nr_pages;
}

/* Of no use as an area: whatever of it is memory goes to its zones. */
static int give_up(struct machine *m, struct cma *cma)
{
	u64 end = cma->base_pfn + cma->count, stop;

	for (u64 pfn = cma->base_pfn; pfn < end; pfn = stop + 1) {
		for (stop = pfn; stop < end && pfn_zone(m, stop); stop++)
			;
		if (free_reserved_area(m, pfn, stop))
			return -ENOMEM;
	}
	m->cma->totalcma_pages -= cma->count;
	cma->count = cma->available_count = 0;
	printk(m, 3, "cma: CMA area %s could not be activated", cma->name);
	return 0;
}

int cma_activate_area(struct machine *m, struct cma *cma)
{
	u64 end = cma->base_pfn + cma->count;

	if (!in_one_zone(m, cma))
		return give_up(m, cma);
	if (section_materialise_range(m, cma->base_pfn, end))
		return -ENOMEM;
	cma->bitmap = arena_alloc(&m->arena, bitmap_bytes(cma));
	if (!cma->bitmap)
		return -ENOMEM;
	for (u64 pfn = cma->base_pfn; pfn < end; pfn += pageblock_nr_pages(m))
		init_cma_reserved_pageblock(m, pfn);
	return 0;
}

/* -- the bitmap --------------------------------------------------------------- */

static void set_bits(struct cma *cma, u64 bit, u64 nr, bool given)
{
	for (; nr--; bit++) {
		if (given)
			cma->bitmap[bit / 64] |= 1ULL << (bit % 64);
		else
			cma->bitmap[bit / 64] &= ~(1ULL << (bit % 64));
	}
}

/* The first bit from `bit` on that is, or is not, given away; `end`: there is none. */
static u64 next_bit(const struct cma *cma, u64 bit, u64 end, bool given)
{
	while (bit < end && cma_bit(cma, bit) != given)
		bit++;
	return MIN(bit, end);
}

static u64 pages_to_bits(const struct cma *cma, u64 pages)
{
	return ALIGN_UP(pages, 1ULL << cma->order_per_bit) >> cma->order_per_bit;
}

/* Where a range of pages may begin, in bits. */
struct cma_place {
	u64 nr;			/* how many bits */
	u64 mask, offset;	/* bit + offset is a multiple of mask + 1 */
};

static struct cma_place place_of(const struct cma *cma, u64 count, unsigned int align)
{
	struct cma_place place = { .nr = pages_to_bits(cma, count) };

	if (align > cma->order_per_bit)
		place.mask = (1ULL << (align - cma->order_per_bit)) - 1;
	place.offset = (cma->base_pfn & ((1ULL << align) - 1)) >> cma->order_per_bit;
	return place;
}

/* The lowest range of zeros from `start` on; cma_bitmap_maxno() or more: there is none. */
static u64 find_zero_area(const struct cma *cma, u64 start, const struct cma_place *place)
{
	u64 maxno = cma_bitmap_maxno(cma);

	for (;;) {
		u64 bit = next_bit(cma, start, maxno, /* given = */ false), end, taken;

		bit = ALIGN_UP(bit + place->offset, place->mask + 1) - place->offset;
		end = bit + place->nr;
		if (end > maxno)
			return end;
		taken = next_bit(cma, bit, end, /* given = */ true);
		if (taken == end)
			return bit;
		start = taken + 1;
	}
}

u64 cma_maxchunk(const struct cma *cma)
{
	u64 maxno = cma_bitmap_maxno(cma), longest = 0, end = 0;

	for (;;) {
		u64 start = next_bit(cma, end, maxno, /* given = */ false);

		if (start >= maxno)
			return longest << cma->order_per_bit;
		end = next_bit(cma, start, maxno, /* given = */ true);
		longest = MAX(longest, end - start);
	}
}

/* -- allocate and release ----------------------------------------------------- */

/* Since 6.15: what the area still has. */
static void debug_show_areas(struct machine *m, const struct cma *cma)
{
	u64 maxno = cma_bitmap_maxno(cma), start = 0;
	struct out out = OUT_INIT;

	printk(m, 6, "cma: number of available pages: ");
	for (;;) {
		u64 zero = next_bit(cma, start, maxno, /* given = */ false), end;

		if (zero >= maxno)
			break;
		end = next_bit(cma, zero, maxno, /* given = */ true);
		out_printf(&out, "%s%llu@%llu", start ? "+" : "",
			   (ull)((end - zero) << cma->order_per_bit), (ull)zero);
		start = end;
	}
	if (!out_error(&out))
		printk(m, 6, "cma: range 0: %s", out.text ? out.text : "");
	out_free(&out);
	printk(m, 6, "cma: ");
	printk(m, 6, "=> %llu free of %llu total pages", (ull)cma->available_count,
	       (ull)cma->count);
}

static void account_failed(struct machine *m, struct cma *cma, u64 count)
{
	count_vm_event(m, CMA_ALLOC_FAIL, 1);
	cma->nr_pages_failed += count;
}

static int alloc_failed(struct machine *m, struct cma *cma, u64 count, int err)
{
	bool ranges = rel_cma_has_ranges(m->release);

	printk(m, 3, "cma: %scma_alloc: %s: alloc failed, req-size: %llu pages, ret: %d",
	       ranges ? "__" : "", cma->name, (ull)count, err);
	if (ranges)
		debug_show_areas(m, cma);
	account_failed(m, cma, count);
	machine_why_call(m, "cma_alloc: area %s: no range of %llu pages can be had: %llu of %llu "
			 "pages are left, at most %llu in a row", cma->name, (ull)count,
			 (ull)cma->available_count, (ull)cma->count, (ull)cma_maxchunk(cma));
	return -ENOMEM;
}

/* Pages that were taken are single ones, each with a reference of its own. */
static void own_pages(struct machine *m, u32 pfn, u64 count)
{
	const struct alloc_request req = {
		.gfp = rel_contig_owner_has_gfp(m->release) ? GFP_KERNEL : __GFP_MOVABLE,
		.owner = PGTY_kernel,
	};

	for (u64 i = 0; i < count; i++) {
		prep_isolated_pages(m, &req, pfn + (u32)i);
		pfn_to_page(m, pfn + i)->mapping = CMA_MARK;
	}
}

/* What is refused at once: 6.1 counts it. */
static bool cannot_be(struct machine *m, struct cma *cma, const struct cma_place *place)
{
	bool ranges = rel_cma_has_ranges(m->release);

	if (cma->count && place->nr && (ranges || place->nr <= cma_bitmap_maxno(cma)))
		return false;
	return true;
}

int cma_alloc(struct machine *m, struct cma *cma, u64 count, unsigned int align, u32 *pfn)
{
	const struct cma_place place = place_of(cma, count, align);
	bool ranges = rel_cma_has_ranges(m->release);
	int err = ranges ? -EBUSY : -ENOMEM;
	unsigned int tries = 0;
	u64 bit = 0;

	if (m->page_owner && page_owner_reserve(m))
		return -ENOBUFS;
	if (cannot_be(m, cma, &place)) {
		if (!ranges)
			account_failed(m, cma, count);
		return -ENOMEM;
	}
	for (u64 start = 0; !ranges || count <= cma->available_count; start = bit + place.mask + 1) {
		bit = find_zero_area(cma, start, &place);
		if (bit >= cma_bitmap_maxno(cma))
			break;
		*pfn = (u32)(cma->base_pfn + (bit << cma->order_per_bit));
		err = alloc_contig_range(m, *pfn, *pfn + count, MIGRATE_CMA);
		tries++;
		if (err != -EBUSY)
			break;
	}
	if (err)
		return err == -ENOBUFS ? err : alloc_failed(m, cma, count, err);
	set_bits(cma, bit, place.nr, /* given = */ true);
	cma->available_count -= count;
	own_pages(m, *pfn, count);
	count_vm_event(m, CMA_ALLOC_SUCCESS, 1);
	cma->nr_pages_succeeded += count;
	machine_why_call(m, "cma_alloc: area %s: %llu pages from %#x on, the range no. %u that was "
			 "tried; %llu of %llu pages are left", cma->name, (ull)count, *pfn, tries,
			 (ull)cma->available_count, (ull)cma->count);
	return 0;
}

bool cma_pages_valid(const struct cma *cma, u64 pfn, u64 count)
{
	u64 end = cma->base_pfn + cma->count, bit, last;

	if (!count || pfn < cma->base_pfn || pfn >= end || count > end - pfn)
		return false;
	bit = (pfn - cma->base_pfn) >> cma->order_per_bit;
	last = bit + pages_to_bits(cma, count);
	return next_bit(cma, bit, last, /* given = */ false) == last;
}

void cma_release(struct machine *m, struct cma *cma, u64 pfn, u64 count)
{
	u64 bit = (pfn - cma->base_pfn) >> cma->order_per_bit;

	for (u64 at = pfn; at < pfn + count; at++) {
		pfn_to_page(m, at)->mapping = 0;
		free_pages(m, at, 0);
	}
	set_bits(cma, bit, pages_to_bits(cma, count), /* given = */ false);
	cma->available_count += count;
	cma->nr_pages_released += count;
}

/* -- debugfs ------------------------------------------------------------------ */

static int reserve_mem(struct machine *m, struct cma *cma)
{
	struct cma_mem *mems = arena_grow(&m->arena, cma->mems, &cma->room_mems, cma->nr_mems + 1,
					  8, sizeof(*mems));

	if (!mems)
		return -ENOBUFS;
	cma->mems = mems;
	return 0;
}

/* A list's links, the page, the number of pages: four words. */
static u64 record_bytes(const struct machine *m)
{
	return 4 * m->arch->bits / 8;
}

int cma_alloc_mem(struct machine *m, struct cma *cma, u64 count)
{
	struct cma_mem mem = { .nr_pages = count };
	u32 pfn;
	int err = reserve_mem(m, cma);

	if (!err)
		err = kmalloc(m, record_bytes(m), GFP_KERNEL, NUMA_NO_NODE, &mem.object);
	if (err)
		return err;
	err = cma_alloc(m, cma, count, 0, &pfn);
	if (err) {
		BUG_ON(m, kfree(m, mem.object));
		return err;
	}
	mem.pfn = pfn;
	cma->mems[cma->nr_mems++] = mem;
	return 0;
}

void cma_free_mem(struct machine *m, struct cma *cma, u64 count)
{
	while (count && cma->nr_mems) {
		struct cma_mem *mem = &cma->mems[cma->nr_mems - 1];

		if (mem->nr_pages > count) {
			cma_release(m, cma, mem->pfn, count);
			mem->pfn += count;
			mem->nr_pages -= count;
			return;
		}
		cma_release(m, cma, mem->pfn, mem->nr_pages);
		count -= mem->nr_pages;
		BUG_ON(m, kfree(m, mem->object));
		cma->nr_mems--;
	}
}

bool cma_holds(const struct cma *cma, u64 pfn, u64 count)
{
	for (unsigned int i = 0; i < cma->nr_mems; i++)
		if (cma->mems[i].pfn < pfn + count &&
		    pfn < cma->mems[i].pfn + cma->mems[i].nr_pages)
			return true;
	return false;
}
