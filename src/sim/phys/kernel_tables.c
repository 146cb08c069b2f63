// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A sorted array, searched by halves. To map a range goes from the top down: a table
 * that is not there is allocated and put in its place.
 */
#include "sim/phys/kernel_tables.h"

#include "sim/phys/page_alloc.h"
#include "sim/phys/section.h"

typedef unsigned long long ull;

/* Bits of the address that a table of the level serves. */
static unsigned int table_bits(const struct machine *m, unsigned int level)
{
	return m->arch->levels[m->arch->nr_levels - 2 - level].shift;
}

/* Levels that are made when needed: 0 and up to here. */
static unsigned int highest_level(const struct machine *m)
{
	return m->arch->bits == 64 ? m->arch->nr_levels - 2U : 0;
}

/* Where the table is, or would be. */
static unsigned int table_place(const struct kernel_tables *tables, unsigned int level,
				u64 addr)
{
	unsigned int low = 0, high = tables->nr;

	while (low < high) {
		unsigned int mid = (low + high) / 2;
		const struct kernel_table *row = &tables->rows[mid];

		if (row->level < level || (row->level == level && row->addr < addr))
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static const struct kernel_table *find_table(const struct machine *m, unsigned int level,
					     u64 addr)
{
	const struct kernel_tables *tables = m->kernel_tables;
	u64 start = addr >> table_bits(m, level) << table_bits(m, level);
	unsigned int at = table_place(tables, level, start);

	if (at < tables->nr && tables->rows[at].level == level && tables->rows[at].addr == start)
		return &tables->rows[at];
	return NULL;
}

u32 kernel_table_pfn(const struct machine *m, u64 addr, unsigned int level)
{
	const struct kernel_table *table = NULL;

	if (m->kernel_tables && level <= highest_level(m))
		table = find_table(m, level, addr);
	return table ? table->pfn : PFN_NIL;
}

s64 kernel_tables_counted(const struct machine *m)
{
	return m->kernel_tables ? m->kernel_tables->nr_counted : 0;
}

bool kernel_table_is_counted(const struct machine *m, unsigned int level)
{
	/* Until 6.13 only pmds are, of those that are made after the boot. */
	return rel_counts_all_page_tables(m->release) || level == 1;
}

static int make_room(struct machine *m, unsigned int more)
{
	struct kernel_tables *tables = m->kernel_tables;
	struct kernel_table *rows = arena_grow(&m->arena, tables->rows, &tables->room,
					       tables->nr + more, 128, sizeof(*rows));

	if (!rows)
		return -ENOBUFS;
	tables->rows = rows;
	return 0;
}

u64 kernel_tables_host_bytes(const struct machine *m)
{
	const struct kernel_tables *tables = m->kernel_tables;

	return tables ? 2 * (u64)MAX(tables->room, 128U) * sizeof(*tables->rows) : 0;
}

int kernel_tables_reserve(struct machine *m, u64 bytes)
{
	u64 nr = 0;

	for (unsigned int level = 0; m->kernel_tables && level <= highest_level(m); level++)
		nr += (bytes >> table_bits(m, level)) + 2;
	/* No more than there can be pages for. */
	nr = MIN(nr, m->totalram_pages + 16);
	if (!nr)
		return 0;
	return make_room(m, (unsigned int)nr);
}

static int add_table(struct machine *m, unsigned int level, u64 addr)
{
	struct kernel_tables *tables = m->kernel_tables;
	u64 start = addr >> table_bits(m, level) << table_bits(m, level);
	unsigned int at;
	struct page *page;
	u32 pfn;
	int err = make_room(m, 1);

	if (!err)
		err = alloc_kernel_pages(m, GFP_KERNEL | __GFP_ZERO, 0, NUMA_NO_NODE, PGTY_table,
					 &pfn);
	if (err)
		return err;
	page = pfn_to_page(m, pfn);
	page->index = level;
	if (kernel_table_is_counted(m, level)) {
		m->nodes[page_zone(m, page)->node]->stat[NR_PAGE_TABLE_PAGES]++;
		tables->nr_counted++;
	}
	at = table_place(tables, level, start);
	memmove(&tables->rows[at + 1], &tables->rows[at],
		(tables->nr - at) * sizeof(*tables->rows));
	tables->rows[at] = (struct kernel_table){ .addr = start, .pfn = pfn, .level = level };
	tables->nr++;
	return 0;
}

/* A table that serves nothing any more (pmd_free_pte_page). */
static void drop_table(struct machine *m, const struct kernel_table *table)
{
	struct kernel_tables *tables = m->kernel_tables;
	unsigned int at = (unsigned int)(table - tables->rows);
	u32 pfn = table->pfn;

	if (kernel_table_is_counted(m, table->level)) {
		m->nodes[page_zone(m, pfn_to_page(m, pfn))->node]->stat[NR_PAGE_TABLE_PAGES]--;
		tables->nr_counted--;
	}
	tables->nr--;
	memmove(&tables->rows[at], &tables->rows[at + 1],
		(tables->nr - at) * sizeof(*tables->rows));
	free_pages(m, pfn, 0);
}

int kernel_tables_map(struct machine *m, u64 start, u64 end, unsigned int leaf)
{
	const struct kernel_table *table;
	int err = 0;

	if (!m->kernel_tables)
		return 0;
	for (u64 addr = start; leaf && addr < end; addr += 1ULL << table_bits(m, 0)) {
		table = find_table(m, 0, addr);
		if (table)
			drop_table(m, table);
	}
	for (unsigned int level = highest_level(m) + 1; level-- > leaf && !err; ) {
		u64 span = 1ULL << table_bits(m, level);

		for (u64 addr = start; addr < end && !err; addr = ALIGN_DOWN(addr, span) + span)
			if (!find_table(m, level, addr))
				err = add_table(m, level, addr);
	}
	return err;
}

int kernel_tables_init(struct machine *m)
{
	unsigned int level = highest_level(m);
	int err = 0;

	m->kernel_tables = arena_alloc(&m->arena, sizeof(*m->kernel_tables));
	if (!m->kernel_tables)
		return -ENOBUFS;
	if (m->arch->bits == 32)
		return 0;
	for (u64 addr = m->arch->vmalloc_start; addr <= m->arch->vmalloc_end && !err;
	     addr += 1ULL << table_bits(m, level))
		err = add_table(m, level, addr);
	return err;
}

void kernel_tables_free(struct machine *m)
{
	struct kernel_tables *tables = m->kernel_tables;

	if (!tables)
		return;
	arena_free(&m->arena, tables->rows, tables->room * sizeof(*tables->rows));
	arena_free(&m->arena, tables, sizeof(*tables));
	m->kernel_tables = NULL;
}

void kernel_tables_validate(const struct machine *m, struct check *check)
{
	const struct kernel_tables *tables = m->kernel_tables;
	s64 nr_counted = 0;

	for (unsigned int i = 0; tables && i < tables->nr; i++) {
		const struct kernel_table *row = &tables->rows[i];
		const struct page *page = page_present(m, row->pfn) ?
					  pfn_to_page(m, row->pfn) : NULL;

		check->nr_checked++;
		nr_counted += kernel_table_is_counted(m, row->level);
		if (page && page_type(page) == PGTY_table && page->index == row->level &&
		    !page->mapping && table_place(tables, row->level, row->addr) == i)
			continue;
		check_fail(check, "T10", "kernel's table of level %u for 0x%llx: expected a table "
			   "of its own at page 0x%x, found type 0x%x, index 0x%x", row->level,
			   (ull)row->addr, row->pfn, page ? page_type(page) : 0,
			   page ? page->index : 0);
	}
	check->nr_checked++;
	if (nr_counted != kernel_tables_counted(m))
		check_fail(check, "T10", "kernel's tables: expected %lld that count, found %lld",
			   (long long)nr_counted, (long long)kernel_tables_counted(m));
}

void kernel_tables_digest(const struct machine *m, struct digest *digest)
{
	const struct kernel_tables *tables = m->kernel_tables;

	for (unsigned int i = 0; tables && i < tables->nr; i++) {
		digest_u64(digest, tables->rows[i].addr | tables->rows[i].level);
		digest_u64(digest, tables->rows[i].pfn);
	}
}
