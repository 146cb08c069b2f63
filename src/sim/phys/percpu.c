// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The second chunk has addresses at the top of the vmalloc range, one area for each
 * group of CPUs, pages for the first part of each unit, and four maps: which
 * words are taken, where pieces begin, a summary for each page, and whose
 * cgroup each word is charged to. Small maps are kmalloc()ed, big ones vmalloc()ed.
 */
#include "sim/phys/percpu.h"

#include "sim/base/bug.h"
#include "sim/base/digest.h"
#include "sim/phys/page_alloc.h"
#include "sim/phys/slab.h"
#include "sim/phys/vmalloc.h"

#define PCPU_WORD 4U		/* bytes of the smallest piece */
#define PCPU_BLOCK_MD 32U	/* bytes of the summary of a page */
#define PCPU_PIECE_ALIGN SZ_2M
#define CHUNK_PAGES 3		/* of a unit, populated by the end of the boot */
#define CHUNK_MAPPING 1U	/* page->mapping of the chunk's pages */

/* Who asked, by release. */
static const struct {
	struct span span;
	const char *charge_map, *areas;
} callers[] = {
	{ UNTIL(R_6_1), "pcpu_create_chunk+0x167/0x1b0", "pcpu_get_vm_areas+0x0/0x1080" },
	{ SINCE(R_6_18), "pcpu_create_chunk+0x19b/0x1b0", "pcpu_get_vm_areas+0x0/0xfe0" },
};

struct percpu_state {
	u64 unit_bytes, used_bytes;
	unsigned int nr_groups, nr_units;
	struct percpu_group *groups;
	u32 *pfns;		/* [nr_units * CHUNK_PAGES]; NULL: no second chunk */
	u32 nr_pages;
};

int percpu_setup_first_chunk(struct machine *m, const struct percpu_first_chunk *first)
{
	struct percpu_state *state = arena_alloc(&m->arena, sizeof(*state));
	size_t bytes = first->nr_groups * sizeof(*state->groups);

	if (!state)
		return -ENOMEM;
	state->groups = arena_alloc(&m->arena, bytes);
	if (!state->groups) {
		arena_free(&m->arena, state, sizeof(*state));
		return -ENOMEM;
	}
	memcpy(state->groups, first->groups, bytes);
	state->nr_groups = first->nr_groups;
	state->unit_bytes = first->unit_bytes;
	state->used_bytes = first->used_bytes;
	for (unsigned int i = 0; i < first->nr_groups; i++)
		state->nr_units += first->groups[i].nr_units;
	m->percpu = state;
	return 0;
}

/* A map of a chunk: nothing remembers its address, it is never freed. */
static int alloc_map(struct machine *m, u64 bytes, const char *caller)
{
	struct vmalloc_request req = { .bytes = bytes, .gfp = GFP_KERNEL,
				       .node = NUMA_NO_NODE, .caller = caller };
	u64 addr;
	int err;

	if (bytes > PAGE_SIZE)
		return vmalloc(m, &req, &addr);
	err = kmalloc(m, bytes, GFP_KERNEL, NUMA_NO_NODE, &addr);
	if (!err)
		slab_forget_object(m, addr);
	return err;
}

static unsigned int caller_row(const struct machine *m)
{
	unsigned int i = 0;

	while (!span_holds(callers[i].span, m->release))
		i++;
	return i;
}

static int alloc_maps(struct machine *m)
{
	u64 unit = m->percpu->unit_bytes, words = unit / PCPU_WORD;
	int err;

	err = alloc_map(m, words / 8, "pcpu_create_chunk+0x4e/0x1b0");
	if (!err)
		err = alloc_map(m, words / 8 + 8, "pcpu_create_chunk+0x75/0x1b0");
	if (!err)
		err = alloc_map(m, unit / PAGE_SIZE * PCPU_BLOCK_MD,
				"pcpu_create_chunk+0x92/0x1b0");
	if (!err)
		err = alloc_map(m, words * 8, callers[caller_row(m)].charge_map);
	return err;
}

static int alloc_areas(struct machine *m)
{
	const struct percpu_state *state = m->percpu;
	int err = 0;
	u64 addr;

	for (unsigned int i = 0; i < state->nr_groups && !err; i++)
		err = vmap_area_top(m, state->groups[i].nr_units * state->unit_bytes,
				    PCPU_PIECE_ALIGN, callers[caller_row(m)].areas, &addr);
	return err;
}

static int populate_unit(struct machine *m, int node)
{
	struct percpu_state *state = m->percpu;
	int err = 0;

	for (unsigned int page = 0; page < CHUNK_PAGES && !err; page++) {
		u32 pfn;

		err = alloc_kernel_pages(m, GFP_KERNEL, 0, node, PGTY_percpu, &pfn);
		if (err)
			break;
		pfn_to_page(m, pfn)->mapping = CHUNK_MAPPING;
		pfn_to_page(m, pfn)->index = state->nr_pages;
		state->pfns[state->nr_pages++] = pfn;
	}
	return err;
}

int percpu_init(struct machine *m)
{
	struct percpu_state *state = m->percpu;
	int err;

	if (!state || m->arch->bits != 64)
		return 0;
	state->pfns = arena_alloc(&m->arena,
				  state->nr_units * CHUNK_PAGES * sizeof(*state->pfns));
	if (!state->pfns)
		return -ENOBUFS;
	err = alloc_maps(m);
	if (!err)
		err = alloc_areas(m);
	for (unsigned int i = 0; i < state->nr_groups && !err; i++)
		for (unsigned int unit = 0; unit < state->groups[i].nr_units && !err; unit++)
			err = populate_unit(m, state->groups[i].node);
	return err == -ENOMEM ? 0 : err;
}

void percpu_free_state(struct machine *m)
{
	struct percpu_state *state = m->percpu;

	if (!state)
		return;
	if (state->pfns)
		arena_free(&m->arena, state->pfns,
			   state->nr_units * CHUNK_PAGES * sizeof(*state->pfns));
	arena_free(&m->arena, state->groups, state->nr_groups * sizeof(*state->groups));
	arena_free(&m->arena, state, sizeof(*state));
	m->percpu = NULL;
}

u64 percpu_nr_chunk_pages(const struct machine *m)
{
	return m->percpu ? m->percpu->nr_pages : 0;
}

u64 percpu_nr_pages(const struct machine *m)
{
	const struct percpu_state *state = m->percpu;

	if (!state)
		return 0;
	return state->nr_units * DIV_ROUND_UP(state->used_bytes, PAGE_SIZE) + state->nr_pages;
}

void percpu_validate(const struct machine *m, struct check *check)
{
	const struct percpu_state *state = m->percpu;

	for (u32 i = 0; state && i < state->nr_pages; i++) {
		u32 pfn = state->pfns[i];
		const struct page *page = page_present(m, pfn) ? pfn_to_page(m, pfn) : NULL;

		check->nr_checked++;
		if (!page || page_type(page) != PGTY_percpu || page->index != i ||
		    page->mapping != CHUNK_MAPPING)
			check_fail(check, "A7", "chunk: expected page %u, pfn 0x%x, to be its, "
				   "found type 0x%x, index %u", i, pfn,
				   page ? page_type(page) : 0, page ? page->index : 0);
	}
}

void percpu_digest(const struct machine *m, struct digest *d)
{
	for (u32 i = 0; i < percpu_nr_chunk_pages(m); i++)
		digest_u64(d, m->percpu->pfns[i]);
}
