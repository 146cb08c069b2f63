// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * e820_update() cuts the address space at every start and end, gives each piece
 * the highest type that covers it, and joins pieces again. Tables are short: the
 * quadratic sweep is the simplest thing that is right.
 */
#include "sim/boot/e820.h"

#include <stdlib.h>

const char *const e820_type_names[E820_TYPES] = {
	[E820_USABLE] = "usable",
	[E820_RESERVED] = "reserved",
	[E820_ACPI] = "ACPI data",
	[E820_NVS] = "ACPI NVS",
	[E820_UNUSABLE] = "unusable",
	[E820_PMEM] = "persistent (type 12)",
	[E820_SOFT_RESERVED] = "soft reserved",
};

int e820_add(struct e820_table *table, u64 start, u64 end, enum e820_type type)
{
	struct config_e820 *entries;

	if (start >= end)
		return 0;
	entries = arena_grow(table->arena, table->entries, &table->room, table->nr + 1, 32,
			     sizeof(*entries));
	if (!entries)
		return -ENOMEM;
	table->entries = entries;
	table->entries[table->nr++] = (struct config_e820){ { start, end }, type };
	return 0;
}

void e820_free(struct e820_table *table)
{
	arena_free(table->arena, table->entries, table->room * sizeof(*table->entries));
	table->entries = NULL;
	table->nr = table->room = 0;
}

int e820_copy(struct e820_table *to, const struct e820_table *from)
{
	to->nr = 0;
	for (unsigned int i = 0; i < from->nr; i++) {
		const struct config_e820 *e = &from->entries[i];

		if (e820_add(to, e->range.start, e->range.end, e->type))
			return -ENOMEM;
	}
	return 0;
}

static int compare_u64(const void *a, const void *b)
{
	u64 x = *(const u64 *)a, y = *(const u64 *)b;

	return x < y ? -1 : x > y;
}

/* The type of the piece that begins at `at`; -1 in a hole. */
static int type_at(const struct e820_table *table, u64 at)
{
	int type = -1;

	for (unsigned int i = 0; i < table->nr; i++) {
		const struct config_e820 *e = &table->entries[i];

		if (e->range.start <= at && at < e->range.end)
			type = MAX(type, (int)e->type);
	}
	return type;
}

int e820_update(struct e820_table *table)
{
	struct e820_table clean = { .arena = table->arena };
	size_t bytes = 2ULL * table->nr * sizeof(u64);
	u64 *cuts = arena_alloc(table->arena, bytes);
	int err = cuts ? 0 : -ENOMEM;

	for (unsigned int i = 0; !err && i < table->nr; i++) {
		cuts[2 * i] = table->entries[i].range.start;
		cuts[2 * i + 1] = table->entries[i].range.end;
	}
	if (!err && table->nr)
		qsort(cuts, 2UL * table->nr, sizeof(*cuts), compare_u64);
	for (unsigned int i = 0; !err && i + 1 < 2 * table->nr; i++) {
		struct config_e820 *last = clean.nr ? &clean.entries[clean.nr - 1] : NULL;
		int type;

		if (cuts[i] == cuts[i + 1])
			continue;
		type = type_at(table, cuts[i]);
		if (type < 0)
			continue;
		if (last && last->range.end == cuts[i] && (int)last->type == type)
			last->range.end = cuts[i + 1];
		else
			err = e820_add(&clean, cuts[i], cuts[i + 1], (enum e820_type)type);
	}
	arena_free(table->arena, cuts, bytes);
	if (err) {
		e820_free(&clean);
		return err;
	}
	e820_free(table);
	*table = clean;
	return 0;
}

/* Give [start, end) of every entry that `only` allows to `to`; -1 removes it. */
static int change_range(struct e820_table *table, u64 start, u64 end, unsigned int only,
			int to)
{
	struct e820_table out = { .arena = table->arena };
	int err = 0;

	for (unsigned int i = 0; !err && i < table->nr; i++) {
		struct config_e820 e = table->entries[i];
		u64 from = MAX(e.range.start, start), until = MIN(e.range.end, end);

		if (from >= until || (only != E820_TYPES && e.type != only)) {
			err = e820_add(&out, e.range.start, e.range.end, e.type);
			continue;
		}
		err = e820_add(&out, e.range.start, from, e.type);
		if (!err && to >= 0)
			err = e820_add(&out, from, until, (enum e820_type)to);
		if (!err)
			err = e820_add(&out, until, e.range.end, e.type);
	}
	if (err) {
		e820_free(&out);
		return err;
	}
	e820_free(table);
	*table = out;
	return 0;
}

int e820_range_update(struct e820_table *table, u64 start, u64 end, enum e820_type from,
		      enum e820_type to)
{
	return change_range(table, start, end, from, (int)to);
}

int e820_range_remove(struct e820_table *table, u64 start, u64 end, unsigned int only)
{
	return change_range(table, start, end, only, -1);
}

u64 e820_end_pfn(const struct e820_table *table, u64 limit_pfn)
{
	u64 last = 0;

	for (unsigned int i = 0; i < table->nr; i++) {
		const struct config_e820 *e = &table->entries[i];

		if (e->type != E820_USABLE || PFN_DOWN(e->range.start) >= limit_pfn)
			continue;
		last = MAX(last, MIN(PFN_DOWN(e->range.end), limit_pfn));
	}
	return last;
}

bool e820_pci_gap(const struct e820_table *table, u64 *start, u64 *size)
{
	u64 last = SZ_4G;
	bool found = false;

	*size = 0x400000;
	for (unsigned int i = table->nr; i-- > 0;) {
		const struct phys_range *range = &table->entries[i].range;

		if (last > range->end && last - range->end >= *size) {
			*size = last - range->end;
			*start = range->end;
			found = true;
		}
		last = MIN(last, range->start);
	}
	return found;
}
