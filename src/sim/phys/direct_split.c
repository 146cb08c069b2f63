// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A sorted array, searched by halves, that begins with the first split. The page of a
 * table is one of the kernel's that no counter of page tables knows.
 */
#include "sim/phys/direct_split.h"

#include "sim/phys/page_alloc.h"
#include "sim/phys/section.h"

typedef unsigned long long ull;

/* Where the row is, or would be. */
static unsigned int row_place(const struct direct_splits *splits, unsigned int level, u64 start)
{
	unsigned int low = 0, high = splits->nr;

	while (low < high) {
		unsigned int mid = low + (high - low) / 2;
		const struct direct_split *row = &splits->rows[mid];

		if (row->level < level || (row->level == level && row->start < start))
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

struct direct_split *direct_split_find(const struct machine *m, unsigned int level, u64 start)
{
	struct direct_splits *splits = m->direct_splits;
	unsigned int at;

	if (likely(!splits))
		return NULL;
	at = row_place(splits, level, start);
	if (at < splits->nr && splits->rows[at].level == level && splits->rows[at].start == start)
		return &splits->rows[at];
	return NULL;
}

u64 direct_splits_host_bytes(const struct machine *m, u64 nr_pages)
{
	const struct direct_splits *splits = m->direct_splits;
	u64 more = MIN(2 * nr_pages, m->max_pfn >> 8) + 64;

	return 2 * ((splits ? splits->room : 0) + more) * sizeof(struct direct_split) +
	       sizeof(*splits);
}

static int make_room(struct machine *m)
{
	struct direct_splits *splits = m->direct_splits;
	struct direct_split *rows;

	if (!splits)
		splits = m->direct_splits = arena_alloc(&m->arena, sizeof(*splits));
	if (!splits)
		return -ENOBUFS;
	rows = arena_grow(&m->arena, splits->rows, &splits->room, splits->nr + 1, 16,
			  sizeof(*rows));
	if (!rows)
		return -ENOBUFS;
	splits->rows = rows;
	return 0;
}

int direct_split_add(struct machine *m, unsigned int level, u64 start, bool has_page)
{
	struct direct_split row = { .start = start, .pfn = PFN_NIL, .level = (u8)level };
	struct direct_splits *splits;
	unsigned int at;
	int err = make_room(m);

	if (!err && has_page)
		err = alloc_kernel_pages(m, GFP_KERNEL, 0, NUMA_NO_NODE, PGTY_kernel, &row.pfn);
	if (err)
		return err;
	splits = m->direct_splits;
	at = row_place(splits, level, start);
	memmove(&splits->rows[at + 1], &splits->rows[at], (splits->nr - at) * sizeof(row));
	splits->rows[at] = row;
	splits->nr++;
	return 0;
}

u64 direct_splits_count(const struct machine *m, unsigned int level)
{
	const struct direct_splits *splits = m->direct_splits;
	u64 nr = 0;

	for (unsigned int i = 0; splits && i < splits->nr; i++)
		nr += splits->rows[i].level == level && splits->rows[i].pfn != PFN_NIL;
	return nr;
}

void direct_splits_forget(struct machine *m, u64 start, u64 end)
{
	struct direct_splits *splits = m->direct_splits;
	unsigned int left = 0;

	for (unsigned int i = 0; splits && i < splits->nr; i++) {
		const struct direct_split *row = &splits->rows[i];

		if (row->start < start || row->start >= end)
			splits->rows[left++] = *row;
		else if (row->pfn != PFN_NIL)
			free_pages(m, row->pfn, 0);
	}
	if (splits)
		splits->nr = left;
}

void direct_splits_free(struct machine *m)
{
	struct direct_splits *splits = m->direct_splits;

	if (!splits)
		return;
	arena_free(&m->arena, splits->rows, splits->room * sizeof(*splits->rows));
	arena_free(&m->arena, splits, sizeof(*splits));
	m->direct_splits = NULL;
}

void direct_splits_validate(const struct machine *m, struct check *check)
{
	const struct direct_splits *splits = m->direct_splits;

	for (unsigned int i = 0; splits && i < splits->nr; i++) {
		const struct direct_split *row = &splits->rows[i];
		const struct page *page = row->pfn != PFN_NIL && page_present(m, row->pfn) ?
					  pfn_to_page(m, row->pfn) : NULL;

		check->nr_checked++;
		if (row_place(splits, row->level, row->start) != i)
			check_fail(check, "T11", "split %u of the direct map: expected it where "
				   "0x%llx of level %u belongs", i, (ull)row->start, row->level);
		if (row->pfn != PFN_NIL && (!page || page_type(page) != PGTY_kernel))
			check_fail(check, "T11", "split of the direct map at 0x%llx: expected a "
				   "page of the kernel's for its table, found page 0x%x of type 0x%x",
				   (ull)row->start, row->pfn, page ? page_type(page) : 0);
	}
}

void direct_splits_digest(const struct machine *m, struct digest *digest)
{
	const struct direct_splits *splits = m->direct_splits;

	for (unsigned int i = 0; splits && i < splits->nr; i++) {
		const struct direct_split *row = &splits->rows[i];

		digest_u64(digest, row->start | row->level);
		digest_u64(digest, row->pfn);
		for (unsigned int word = 0; word < ARRAY_SIZE(row->changed); word++)
			digest_u64(digest, row->changed[word]);
	}
}
