// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A chunk has addresses at the top of the vmalloc range, one area for each
 * group of CPUs, pages for the parts of its units that pieces lie in, and four maps: which
 * words are taken, where pieces begin, a summary for each page, and whose
 * cgroup each word is charged to. Small maps are kmalloc()ed, big ones vmalloc()ed.
 * The boot fills the first chunk and the first page of a second.
 */
#include "sim/phys/percpu_internal.h"

#include "sim/base/bug.h"
#include "sim/phys/page_alloc.h"
#include "sim/phys/slab.h"
#include "sim/phys/vmalloc.h"

#define PCPU_BLOCK_MD 32U	/* bytes of the summary of a page */
#define BOOT_PAGES 3		/* of a unit, populated by the end of the boot */
#define BOOT_WORDS (PCPU_PAGE_WORDS / 2)

/* Who asked, by release. */
static const struct {
	struct span span;
	const char *charge_map, *areas;
} callers[] = {
	{ UNTIL(R_6_1), "pcpu_create_chunk+0x167/0x1b0", "pcpu_get_vm_areas+0x0/0x1080" },
	{ SINCE(R_6_18), "pcpu_create_chunk+0x19b/0x1b0", "pcpu_get_vm_areas+0x0/0xfe0" },
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
	state->first = *first;
	state->first.groups = state->groups;
	state->nr_cpus = m->nr_possible_cpus;
	for (unsigned int i = 0; i < first->nr_groups; i++)
		state->nr_units += first->groups[i].nr_units;
	m->percpu = state;
	return 0;
}

static unsigned int caller_row(const struct machine *m)
{
	unsigned int i = 0;

	while (!span_holds(callers[i].span, m->release))
		i++;
	return i;
}

/* -- chunks ------------------------------------------------------------------- */

static int alloc_map(struct machine *m, u64 bytes, gfp_t gfp, const char *caller, u64 *addr)
{
	struct vmalloc_request req = { .bytes = bytes, .gfp = gfp,
				       .node = NUMA_NO_NODE, .caller = caller };

	if (bytes > PAGE_SIZE)
		return vmalloc(m, &req, addr);
	return kmalloc(m, bytes, gfp, NUMA_NO_NODE, addr);
}

static int alloc_maps(struct machine *m, struct percpu_chunk *chunk, gfp_t gfp)
{
	u64 words = chunk->nr_words;
	int err;

	err = alloc_map(m, words / 8, gfp, "pcpu_create_chunk+0x4e/0x1b0", &chunk->maps[0]);
	if (!err)
		err = alloc_map(m, words / 8 + 8, gfp, "pcpu_create_chunk+0x75/0x1b0",
				&chunk->maps[1]);
	if (!err)
		err = alloc_map(m, (u64)chunk->nr_pages * PCPU_BLOCK_MD, gfp,
				"pcpu_create_chunk+0x92/0x1b0", &chunk->maps[2]);
	if (!err)
		err = alloc_map(m, words * 8, gfp, callers[caller_row(m)].charge_map,
				&chunk->maps[3]);
	return err;
}

static int alloc_areas(struct machine *m, struct percpu_chunk *chunk)
{
	const struct percpu_state *state = m->percpu;
	int err = 0;

	for (unsigned int i = 0; i < state->first.nr_groups && !err; i++)
		err = vmap_area_top(m, state->groups[i].nr_units * state->first.unit_bytes,
				    m->arch->bits == 64 ? SZ_2M : PAGE_SIZE, callers[caller_row(m)].areas,
				    &chunk->areas[i]);
	chunk->base = chunk->areas[0];
	return err;
}

/* One piece of host memory: the chunk, its maps, its pages. */
static struct percpu_chunk *host_chunk(struct machine *m)
{
	const struct percpu_state *state = m->percpu;
	u32 nr_words = (u32)(state->first.unit_bytes / PCPU_WORD);
	u32 nr_pages = (u32)(state->first.unit_bytes / PAGE_SIZE);
	size_t map = (nr_words / 64 + 1) * sizeof(u64);
	size_t bytes = sizeof(struct percpu_chunk) + 2 * map +
		       nr_pages * (size_t)state->nr_cpus * sizeof(u32) + nr_pages;
	struct percpu_chunk *chunk = arena_alloc(&m->arena, bytes);
	char *at;

	if (!chunk)
		return NULL;
	at = (char *)(chunk + 1);
	chunk->bytes = bytes;
	chunk->nr_words = nr_words;
	chunk->nr_pages = nr_pages;
	chunk->slot = PCPU_UNRANKED;
	chunk->taken = (u64 *)(void *)at;
	chunk->bound = (u64 *)(void *)(at + map);
	chunk->pfns = (u32 *)(void *)(at + 2 * map);
	chunk->populated = (bool *)(chunk->pfns + nr_pages * (size_t)state->nr_cpus);
	pcpu_refresh(chunk);
	return chunk;
}

static int find_id(struct machine *m, u32 *id)
{
	struct percpu_state *state = m->percpu;
	struct percpu_chunk **chunks;

	for (*id = 0; *id < state->room && state->chunks[*id];)
		++*id;
	if (*id < state->room)
		return 0;
	chunks = arena_resize(&m->arena, state->chunks, state->room * sizeof(*chunks),
			      (state->room + 8) * sizeof(*chunks));
	if (!chunks)
		return -ENOBUFS;
	state->chunks = chunks;
	state->room += 8;
	return 0;
}

/* What was taken for it goes, of as much as there is. */
static void release_chunk(struct machine *m, struct percpu_chunk *chunk)
{
	for (unsigned int i = 0; i < m->percpu->first.nr_groups; i++)
		if (chunk->areas[i])
			BUG_ON(m, vfree(m, chunk->areas[i]));
	for (unsigned int i = 0; i < PCPU_NR_MAPS; i++)
		if (chunk->maps[i] && find_vm_area(m, chunk->maps[i]))
			BUG_ON(m, vfree(m, chunk->maps[i]));
		else if (chunk->maps[i])
			BUG_ON(m, kfree(m, chunk->maps[i]));
	arena_free(&m->arena, chunk, chunk->bytes);
}

int pcpu_create_chunk(struct machine *m, gfp_t gfp, struct percpu_chunk **made)
{
	struct percpu_state *state = m->percpu;
	struct percpu_chunk *chunk;
	u32 id;
	int err = find_id(m, &id);

	if (err)
		return err;
	chunk = host_chunk(m);
	if (!chunk)
		return -ENOBUFS;
	err = alloc_maps(m, chunk, gfp);
	if (!err)
		err = alloc_areas(m, chunk);
	if (err) {
		release_chunk(m, chunk);
		return err;
	}
	chunk->id = id;
	state->chunks[id] = chunk;
	state->counts.nr_chunks++;
	state->counts.nr_max_chunks = MAX(state->counts.nr_max_chunks, state->counts.nr_chunks);
	pcpu_relocate(state, chunk, PCPU_UNRANKED);
	machine_why(m, "percpu chunk %u: no other has a hole: units of %llu bytes at %#llx "
		    "(pcpu_create_chunk)", id, (unsigned long long)state->first.unit_bytes,
		    (unsigned long long)chunk->base);
	*made = chunk;
	return 0;
}

void pcpu_destroy_chunk(struct machine *m, struct percpu_chunk *chunk)
{
	m->percpu->chunks[chunk->id] = NULL;
	m->percpu->counts.nr_chunks--;
	release_chunk(m, chunk);
}

/* -- pages -------------------------------------------------------------------- */

static void drop_page(struct machine *m, struct percpu_chunk *chunk, u32 page, unsigned int cpu)
{
	u32 *pfn = &chunk->pfns[page * m->percpu->nr_cpus + cpu];

	free_pages(m, *pfn, 0);
	*pfn = 0;
	m->percpu->nr_chunk_pages--;
}

static int take_page(struct machine *m, struct percpu_chunk *chunk, u32 page, unsigned int cpu,
		     gfp_t gfp)
{
	u32 slot = page * m->percpu->nr_cpus + cpu, pfn;
	int err = alloc_kernel_pages(m, gfp | __GFP_HIGHMEM, 0, m->cpu_node[cpu], PGTY_percpu,
				     &pfn);

	if (err)
		return err;
	pfn_to_page(m, pfn)->mapping = chunk->id + 1;
	pfn_to_page(m, pfn)->index = slot;
	chunk->pfns[slot] = pfn;
	m->percpu->nr_chunk_pages++;
	return 0;
}

int pcpu_populate(struct machine *m, struct percpu_chunk *chunk, u32 from, u32 to, gfp_t gfp)
{
	const struct percpu_state *state = m->percpu;
	u32 cpu, page = from;
	int err = 0;

	for (cpu = 0; cpu < state->nr_cpus && !err; cpu++)
		for (page = from; page < to && !err; page++)
			err = take_page(m, chunk, page, cpu, gfp);
	if (err) {
		/* All that came before the one that did not. */
		while (cpu--)
			for (page = from; page < to; page++)
				if (chunk->pfns[page * state->nr_cpus + cpu])
					drop_page(m, chunk, page, cpu);
		return err;
	}
	for (page = from; page < to; page++)
		chunk->populated[page] = true;
	chunk->nr_populated += to - from;
	m->percpu->nr_populated += to - from;
	pcpu_refresh(chunk);
	return 0;
}

void pcpu_depopulate(struct machine *m, struct percpu_chunk *chunk, u32 from, u32 to)
{
	for (u32 page = from; page < to; page++) {
		if (!chunk->populated[page])
			continue;
		for (unsigned int cpu = 0; cpu < m->percpu->nr_cpus; cpu++)
			drop_page(m, chunk, page, cpu);
		chunk->populated[page] = false;
		chunk->nr_populated--;
		m->percpu->nr_populated--;
	}
	pcpu_refresh(chunk);
}

/* -- the boot ----------------------------------------------------------------- */

int percpu_init(struct machine *m)
{
	struct percpu_chunk *chunk;
	int err;

	if (!m->percpu || m->arch->bits != 64)
		return 0;
	err = pcpu_create_chunk(m, GFP_KERNEL, &chunk);
	if (err)
		return err == -ENOMEM ? 0 : err;
	chunk->of_boot = true;
	for (unsigned int i = 0; i < PCPU_NR_MAPS; i++)
		slab_forget_object(m, chunk->maps[i]);
	pcpu_take_area(m->percpu, chunk, 0, BOOT_WORDS);
	err = pcpu_populate(m, chunk, 0, BOOT_PAGES, GFP_KERNEL);
	return err == -ENOMEM ? 0 : err;
}

void percpu_free_state(struct machine *m)
{
	struct percpu_state *state = m->percpu;

	if (!state)
		return;
	for (unsigned int i = 0; i < state->room; i++)
		if (state->chunks[i])
			arena_free(&m->arena, state->chunks[i], state->chunks[i]->bytes);
	arena_free(&m->arena, state->chunks, state->room * sizeof(*state->chunks));
	arena_free(&m->arena, state->groups, state->first.nr_groups * sizeof(*state->groups));
	arena_free(&m->arena, state, sizeof(*state));
	m->percpu = NULL;
}

u64 percpu_nr_chunk_pages(const struct machine *m)
{
	return m->percpu ? m->percpu->nr_chunk_pages : 0;
}

u64 percpu_nr_pages(const struct machine *m)
{
	const struct percpu_state *state = m->percpu;

	if (!state)
		return 0;
	return state->nr_units * (DIV_ROUND_UP(state->first.used_bytes, PAGE_SIZE) +
				  state->nr_populated);
}
