// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Memory was added above all that there was: the arrays by page frame become longer. Their
 * old selves stay till all new ones are there. Nobody keeps addresses of descriptors
 * from one call to the next.
 */
#include "sim/phys/section.h"

#include "sim/phys/section_arrays.h"

static void arrays_free(struct machine *m, struct section_arrays *a, u64 nr_committed)
{
	arena_unreserve(&m->arena, a->mem_map, a->nr_sections * SECTION_BYTES,
			nr_committed * SECTION_BYTES);
	arena_unreserve(&m->arena, a->page_content, a->nr_sections * SECTION_CONTENT_BYTES,
			nr_committed * SECTION_CONTENT_BYTES);
	if (a->page_private)
		arena_unreserve(&m->arena, a->page_private,
				a->nr_sections * SECTION_CONTENT_BYTES,
				nr_committed * SECTION_CONTENT_BYTES);
	arena_free(&m->arena, a->section_present, a->section_present ? a->nr_sections : 0);
	arena_free(&m->arena, a->virgin, a->virgin ? virgin_bytes(a->nr_sections) : 0);
	arena_unreserve(&m->arena, a->pageblock, pageblock_bytes(m, a->nr_sections),
			a->pageblock_committed ? pageblock_bytes(m, a->nr_sections) : 0);
	arena_free(&m->arena, a->pageblock_skip,
		   a->pageblock_skip ? skip_words(m, a->nr_sections) * sizeof(u64) : 0);
}

static int arrays_alloc(struct machine *m, struct section_arrays *a)
{
	a->mem_map = arena_reserve(&m->arena, a->nr_sections * SECTION_BYTES);
	a->page_content = arena_reserve(&m->arena, a->nr_sections * SECTION_CONTENT_BYTES);
	if (m->page_private) {
		a->page_private = arena_reserve(&m->arena,
						a->nr_sections * SECTION_CONTENT_BYTES);
		if (!a->page_private)
			return -ENOBUFS;
	}
	a->section_present = arena_alloc(&m->arena, a->nr_sections);
	a->virgin = arena_alloc(&m->arena, virgin_bytes(a->nr_sections));
	a->pageblock = arena_reserve(&m->arena, pageblock_bytes(m, a->nr_sections));
	a->pageblock_skip = arena_alloc(&m->arena, skip_words(m, a->nr_sections) * sizeof(u64));
	if (!a->mem_map || !a->page_content || !a->section_present || !a->virgin ||
	    !a->pageblock || !a->pageblock_skip)
		return -ENOBUFS;
	a->pageblock_committed = !arena_commit(&m->arena, a->pageblock, 0,
					       pageblock_bytes(m, a->nr_sections));
	return a->pageblock_committed ? 0 : -ENOBUFS;
}

static int copy_private(struct machine *m, const struct section_arrays *a, u64 section)
{
	const u64 offset = section * SECTION_CONTENT_BYTES;
	int err = arena_commit(&m->arena, a->page_private, offset, SECTION_CONTENT_BYTES);

	if (!err)
		memcpy((char *)a->page_private + offset, (char *)m->page_private + offset,
		       SECTION_CONTENT_BYTES);
	return err;
}

/* The sections that are there, in the new arrays. *nr: how many became memory. */
static int copy_sections(struct machine *m, struct section_arrays *a, u64 *nr)
{
	for (u64 i = 0; i < m->nr_sections; i++) {
		if (!m->section_present[i])
			continue;
		if (arena_commit(&m->arena, a->mem_map, i * SECTION_BYTES, SECTION_BYTES))
			return -ENOBUFS;
		if (arena_commit(&m->arena, a->page_content, i * SECTION_CONTENT_BYTES,
				 SECTION_CONTENT_BYTES)) {
			arena_uncommit(&m->arena, a->mem_map, i * SECTION_BYTES, SECTION_BYTES);
			return -ENOBUFS;
		}
		if (a->page_private && copy_private(m, a, i)) {
			arena_uncommit(&m->arena, a->mem_map, i * SECTION_BYTES, SECTION_BYTES);
			arena_uncommit(&m->arena, a->page_content, i * SECTION_CONTENT_BYTES,
				       SECTION_CONTENT_BYTES);
			return -ENOBUFS;
		}
		++*nr;
		memcpy((char *)a->mem_map + i * SECTION_BYTES,
		       (char *)m->mem_map + i * SECTION_BYTES, SECTION_BYTES);
		memcpy((char *)a->page_content + i * SECTION_CONTENT_BYTES,
		       (char *)m->page_content + i * SECTION_CONTENT_BYTES,
		       SECTION_CONTENT_BYTES);
	}
	return 0;
}

static void swap_arrays(struct machine *m, struct section_arrays *a)
{
	struct section_arrays old = {
		.nr_sections = m->nr_sections, .mem_map = m->mem_map,
		.page_content = m->page_content, .page_private = m->page_private,
		.section_present = m->section_present,
		.virgin = m->virgin, .pageblock = m->pageblock,
		.pageblock_skip = m->pageblock_skip, .pageblock_committed = true,
	};

	memcpy(a->section_present, m->section_present, m->nr_sections);
	memcpy(a->virgin, m->virgin, virgin_bytes(m->nr_sections));
	memcpy(a->pageblock, m->pageblock, pageblock_bytes(m, m->nr_sections));
	memcpy(a->pageblock_skip, m->pageblock_skip,
	       skip_words(m, m->nr_sections) * sizeof(u64));
	m->nr_sections = a->nr_sections;
	m->mem_map = a->mem_map;
	m->page_content = a->page_content;
	m->page_private = a->page_private;
	m->section_present = a->section_present;
	m->virgin = a->virgin;
	m->pageblock = a->pageblock;
	m->pageblock_skip = a->pageblock_skip;
	*a = old;
}

int sections_grow(struct machine *m, u64 end)
{
	struct section_arrays a = { .nr_sections = DIV_ROUND_UP(end, PAGES_PER_SECTION) };
	u64 committed = 0;
	int err;

	if (a.nr_sections <= m->nr_sections)
		return 0;
	err = arrays_alloc(m, &a);
	if (!err)
		err = copy_sections(m, &a, &committed);
	if (!err) {
		swap_arrays(m, &a);
		committed = m->nr_sections_present;
	}
	arrays_free(m, &a, committed);
	return err;
}
