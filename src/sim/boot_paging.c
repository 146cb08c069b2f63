// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The direct map. Memory is mapped from the top down in growing steps, so that
 * the tables for the next step lie in what the last step mapped. What counts here
 * is how many tables that takes and where they go: the first few into the brk area
 * behind the image, the others into memory that is mapped already.
 *
 * A table is remembered by its level's shift and the part of the address above it.
 */
#include "sim/boot_state.h"

#include "sim/phys/kernel_tables.h"

#define ISA_END SZ_1M
#define PMD_BYTES SZ_2M
#define PUD_BYTES SZ_1G
#define PGD_SHIFT_4 39
#define MAX_PIECES 8

struct table {
	u64 key;
	u8 shift;		/* bits of the address below the key */
	bool huge;		/* no table: one page of this size */
};

struct mapper {
	struct boot *b;
	struct table *tables;
	unsigned int nr, room;
	unsigned int brk_used;
	bool can_use_brk;
	u64 min_mapped, max_mapped;	/* bytes */
};

struct piece {
	u64 start, end, page;	/* page: size of the pages that map it */
};

static struct table *find_table(struct mapper *map, u64 addr, u8 shift)
{
	for (unsigned int i = 0; i < map->nr; i++)
		if (map->tables[i].shift == shift && map->tables[i].key == addr >> shift)
			return &map->tables[i];
	return NULL;
}

static struct table *add_table(struct mapper *map, u64 addr, u8 shift, bool huge)
{
	struct table *tables = arena_grow(&map->b->m->arena, map->tables, &map->room, map->nr + 1,
					  64, sizeof(*tables));

	if (!tables) {
		boot_fail(map->b, -ENOMEM, NULL);
		return NULL;
	}
	map->tables = tables;
	map->tables[map->nr] = (struct table){ addr >> shift, shift, huge };
	return &map->tables[map->nr++];
}

static void take_table_page(struct mapper *map)
{
	struct boot *b = map->b;
	const struct memblock_request req = {
		.size = PAGE_SIZE, .align = PAGE_SIZE, .min_addr = map->min_mapped,
		.max_addr = map->max_mapped, .nid = -1, .keep_min = true,
		.who = "direct map",
	};

	b->direct_map_tables++;
	if (map->can_use_brk && map->brk_used < b->image.nr_pgt_buf)
		map->brk_used++;
	else if (map->min_mapped < map->max_mapped)
		(void)!memblock_alloc(b->m->memblock, &req);
}

/* Make sure that a table exists that covers 1 << shift bytes at addr. */
static void need_table(struct mapper *map, u64 addr, u8 shift)
{
	if (find_table(map, addr, shift))
		return;
	if (add_table(map, addr, shift, /* huge = */ false))
		take_table_page(map);
}

static void map_piece(struct mapper *map, const struct piece *piece)
{
	u64 step = piece->page == PUD_BYTES ? PUD_BYTES :
		   piece->page == PMD_BYTES ? PUD_BYTES : PMD_BYTES;
	u64 addr = piece->start;

	while (addr < piece->end && !map->b->err) {
		const struct table *pud;

		if (map->b->m->arch->nr_levels == 5)
			need_table(map, addr, 48);
		need_table(map, addr, PGD_SHIFT_4);
		pud = find_table(map, addr, 30);
		if (piece->page == PUD_BYTES && !pud)
			add_table(map, addr, 30, /* huge = */ true);
		if (piece->page != PUD_BYTES && !(pud && pud->huge))
			need_table(map, addr, 30);
		if (piece->page == PAGE_SIZE && !(pud && pud->huge))
			need_table(map, addr, 21);
		addr = ALIGN_DOWN(addr, step) + step;
	}
}

static bool all_memory(const struct memblock *mb, u64 start, u64 end)
{
	for (unsigned int i = 0; i < mb->memory.cnt; i++) {
		const struct memblock_region *r = &mb->memory.regions[i];

		if (r->base <= start && end <= r->base + r->size)
			return true;
	}
	return false;
}

/* Take bigger pages where everything around the piece is memory too. */
static void promote(const struct memblock *mb, struct piece *piece)
{
	if (piece->page < PMD_BYTES &&
	    all_memory(mb, ALIGN_DOWN(piece->start, PMD_BYTES), ALIGN_UP(piece->end, PMD_BYTES)))
		piece->page = PMD_BYTES;
	if (piece->page < PUD_BYTES &&
	    all_memory(mb, ALIGN_DOWN(piece->start, PUD_BYTES), ALIGN_UP(piece->end, PUD_BYTES)))
		piece->page = PUD_BYTES;
}

/* Cut a range where the page size has to change: 4K, 2M, 1G, 2M, 4K. */
static unsigned int split_range(u64 start, u64 end, struct piece *pieces)
{
	const u64 cuts[] = {
		MIN(ALIGN_UP(start, PMD_BYTES), end),
		MIN(ALIGN_UP(start, PUD_BYTES), ALIGN_DOWN(end, PMD_BYTES)),
		ALIGN_DOWN(end, PUD_BYTES), ALIGN_DOWN(end, PMD_BYTES), end,
	};
	static const u64 pages[] = { PAGE_SIZE, PMD_BYTES, PUD_BYTES, PMD_BYTES, PAGE_SIZE };
	unsigned int nr = 0;

	for (unsigned int i = 0; i < ARRAY_SIZE(cuts); i++) {
		if (cuts[i] <= start)
			continue;
		pieces[nr++] = (struct piece){ start, cuts[i], pages[i] };
		start = cuts[i];
	}
	return nr;
}

static void map_range(struct mapper *map, u64 start, u64 end)
{
	struct piece pieces[MAX_PIECES];
	unsigned int nr = split_range(start, end, pieces);

	for (unsigned int i = 0; i < nr; i++) {
		promote(map->b->m->memblock, &pieces[i]);
		if (!map->b->m->gbpages)
			pieces[i].page = MIN(pieces[i].page, PMD_BYTES);
		map_piece(map, &pieces[i]);
	}
	map->max_mapped = MAX(map->max_mapped, end);
}

/* Map the memory inside [from, to); returns how many bytes that was. */
static u64 map_memory(struct mapper *map, u64 from, u64 to)
{
	const struct memblock *mb = map->b->m->memblock;
	u64 brk_start = map->b->image.reserve_end + map->brk_used * PAGE_SIZE;
	u64 brk_end = map->b->image.reserve_end + map->b->image.nr_pgt_buf * PAGE_SIZE;
	u64 mapped = 0;

	for (unsigned int i = 0; i < mb->memory.cnt; i++) {
		u64 start = CLAMP(mb->memory.regions[i].base, from, to);
		u64 end = CLAMP(mb->memory.regions[i].base + mb->memory.regions[i].size,
				from, to);

		if (start >= end)
			continue;
		map->can_use_brk = MAX(start, brk_start) >= MIN(end, brk_end);
		map_range(map, start, end);
		map->can_use_brk = true;
		mapped += end - start;
	}
	return mapped;
}

static void map_top_down(struct mapper *map, u64 start, u64 end)
{
	const struct memblock_request req = {
		.size = PMD_BYTES, .align = PMD_BYTES, .min_addr = start, .max_addr = end,
		.nid = -1, .keep_min = true,
	};
	u64 at = memblock_find(map->b->m->memblock, &req);
	u64 real_end = at ? at + PMD_BYTES : MAX(start, ALIGN_DOWN(end, PMD_BYTES));
	u64 last = real_end, step = PMD_BYTES, mapped = 0;

	map->max_mapped = 0;
	map->min_mapped = real_end;
	while (last > start && !map->b->err) {
		u64 from = last > step ? MAX(ALIGN_DOWN(last - 1, step), start) : start;

		mapped += map_memory(map, from, last);
		last = from;
		map->min_mapped = last;
		if (mapped >= step && step < 1ULL << 56)
			step <<= 8;
	}
	if (real_end < end)
		map_memory(map, real_end, end);
}

void boot_direct_map(struct boot *b)
{
	const struct arch *arch = b->m->arch;
	struct mapper map = { .b = b, .can_use_brk = true };

	if (arch->bits == 64) {
		if (b->m->gbpages)
			printk(b->m, 6, "Using GB pages for direct mapping");
		map_range(&map, 0, ISA_END);
		map_top_down(&map, ISA_END, PFN_PHYS(b->max_pfn));
		b->max_low_pfn = b->max_pfn;
	}
	arena_free(&b->m->arena, map.tables, map.room * sizeof(*map.tables));
	b->m->memblock->current_limit = PFN_PHYS(b->max_low_pfn);
	boot_note(b->m, "first tables lie behind the image: %u pages of it used",
		  map.brk_used);
	boot_note(b->m, "swapper_pg_dir: %u levels of tables, %u-byte entries",
		  arch->nr_levels, arch->entry_bytes);
	boot_note(b->m, "direct map at %#llx: %llu MiB, %llu pages of tables",
		  (unsigned long long)arch->page_offset,
		  (unsigned long long)(PFN_PHYS(b->max_low_pfn) >> 20),
		  (unsigned long long)b->direct_map_tables);
}

/*
 * Every entry of the top table that covers vmalloc space gets its table now, so
 * that processes can share them for ever.
 */
void boot_vmalloc_tables(struct boot *b)
{
	const struct arch *arch = b->m->arch;

	if (kernel_tables_init(b->m) == -ENOBUFS)
		boot_fail(b, -ENOMEM, NULL);
	else if (arch->bits == 64)
		boot_note(b->m, "vmalloc space: %u tables below swapper_pg_dir",
			  b->m->kernel_tables->nr);
}
