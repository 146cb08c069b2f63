// SPDX-License-Identifier: GPL-2.0-or-later
/* A7 of chunks: maps, holes, pages and lists, counted once more; the digest; the figures. */
#include "sim/phys/percpu_internal.h"

#include <stdlib.h>

#include "sim/base/digest.h"
#include "sim/phys/section.h"
#include "sim/phys/slab.h"
#include "sim/phys/vmalloc.h"

typedef long long ll;

static void check_page(const struct machine *m, const struct percpu_chunk *chunk, u32 slot,
		       struct check *check)
{
	u32 pfn = chunk->pfns[slot];
	const struct page *page = page_present(m, pfn) ? pfn_to_page(m, pfn) : NULL;

	check->nr_checked++;
	if (!page || page_type(page) != PGTY_percpu || page->index != slot ||
	    page->mapping != chunk->id + 1)
		check_fail(check, "A7", "chunk %u: expected page %u, pfn 0x%x, to be its, "
			   "found type 0x%x, index %u", chunk->id, slot, pfn,
			   page ? page_type(page) : 0, page ? page->index : 0);
}

static void check_figure(const struct percpu_chunk *chunk, const char *what, u64 expected,
			 u64 found, struct check *check)
{
	check->nr_checked++;
	if (expected != found)
		check_fail(check, "A7", "chunk %u: expected %s %llu, found %llu", chunk->id, what,
			   (unsigned long long)expected, (unsigned long long)found);
}

/* The largest hole and all of them, bit by bit. */
static void check_maps(const struct percpu_chunk *chunk, struct check *check)
{
	u32 hole = 0, largest = 0, nr_free = 0, pieces = 0, empty = 0, in_page = 0;

	for (u32 at = 0; at < chunk->nr_words; at++) {
		bool used = pcpu_bit(chunk->taken, at);

		hole = used ? 0 : hole + 1;
		largest = MAX(largest, hole);
		nr_free += !used;
		in_page += used;
		pieces += used && pcpu_bit(chunk->bound, at);
		if (at % PCPU_PAGE_WORDS != PCPU_PAGE_WORDS - 1)
			continue;
		empty += !in_page && chunk->populated[at / PCPU_PAGE_WORDS];
		in_page = 0;
	}
	check_figure(chunk, "free words", nr_free, chunk->free_words, check);
	check_figure(chunk, "words of its largest hole", largest, chunk->contig, check);
	check_figure(chunk, "empty pages", empty, chunk->nr_empty, check);
	check_figure(chunk, "pieces", pieces, chunk->nr_alloc, check);
}

static void check_chunk(const struct machine *m, const struct percpu_chunk *chunk,
			struct check *check)
{
	const struct percpu_state *state = m->percpu;
	u32 populated = 0;

	for (u32 page = 0; page < chunk->nr_pages; page++) {
		populated += chunk->populated[page];
		for (unsigned int cpu = 0; cpu < state->nr_cpus && chunk->populated[page]; cpu++)
			check_page(m, chunk, page * state->nr_cpus + cpu, check);
	}
	check_figure(chunk, "pages", populated, chunk->nr_populated, check);
	check_maps(chunk, check);
	if (!chunk->isolated && chunk->slot)
		check_figure(chunk, "slot", (u64)pcpu_size_to_slot(state, (u64)chunk->contig *
								   PCPU_WORD),
			     (u64)chunk->slot, check);
}

void percpu_validate(const struct machine *m, struct check *check)
{
	const struct percpu_state *state = m->percpu;

	for (u32 i = 0; state && i < state->room; i++)
		if (state->chunks[i])
			check_chunk(m, state->chunks[i], check);
}

void percpu_claim_objects(const struct machine *m, struct object_census *census)
{
	const struct percpu_state *state = m->percpu;

	for (u32 i = 0; state && i < state->room; i++) {
		const struct percpu_chunk *chunk = state->chunks[i];

		for (unsigned int n = 0; chunk && !chunk->of_boot && n < PCPU_NR_MAPS; n++)
			if (!find_vm_area(m, chunk->maps[n]))
				object_claim(census, chunk->maps[n], "a map of a percpu chunk");
	}
}

void percpu_digest(const struct machine *m, struct digest *d)
{
	const struct percpu_state *state = m->percpu;

	for (u32 i = 0; state && i < state->room; i++) {
		const struct percpu_chunk *chunk = state->chunks[i];

		if (!chunk)
			continue;
		digest_u64(d, chunk->base);
		digest_u64(d, (u64)(u32)chunk->slot << 32 | chunk->isolated);
		for (u32 n = 0; n <= chunk->nr_words / 64; n++) {
			digest_u64(d, chunk->taken[n]);
			digest_u64(d, chunk->bound[n] & chunk->taken[n]);
		}
		for (u32 n = 0; n < chunk->nr_pages * state->nr_cpus; n++)
			digest_u64(d, chunk->pfns[n]);
	}
}

/* -- debugfs ------------------------------------------------------------------ */

static void row(struct out *out, const char *name, ll value)
{
	out_printf(out, "  %-20s: %12lld\n", name, value);
}

static int compare(const void *a, const void *b)
{
	const s32 *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* Sizes of the pieces, and below 0 of the holes before the last one; how many. */
static u32 piece_sizes(const struct percpu_chunk *chunk, s32 *sizes)
{
	u32 last = chunk->nr_words, nr = 0;

	while (last && !pcpu_bit(chunk->taken, last - 1))
		last--;
	for (u32 at = 0; at < last;) {
		bool used = pcpu_bit(chunk->taken, at);
		u32 end = at + 1;

		while (end < last && pcpu_bit(chunk->taken, end) == used &&
		       !(used && pcpu_bit(chunk->bound, end)))
			end++;
		sizes[nr++] = (used ? 1 : -1) * (s32)((end - at) * PCPU_WORD);
		at = end;
	}
	return nr;
}

static void show_chunk(struct out *out, const struct percpu_chunk *chunk)
{
	s32 *sizes = calloc(2 * (size_t)chunk->nr_alloc + 1, sizeof(*sizes));
	u32 nr = sizes ? piece_sizes(chunk, sizes) : 0, holes = 0;
	s32 sum = 0, most = 0;

	if (nr)
		qsort(sizes, nr, sizeof(*sizes), compare);
	for (; holes < nr && sizes[holes] < 0; holes++) {
		sum -= sizes[holes];
		most = MAX(most, -sizes[holes]);
	}
	row(out, "nr_alloc", chunk->nr_alloc);
	row(out, "max_alloc_size", chunk->max_alloc);
	row(out, "empty_pop_pages", chunk->nr_empty);
	row(out, "first_bit", chunk->first_free);
	row(out, "free_bytes", (ll)chunk->free_words * PCPU_WORD);
	row(out, "contig_bytes", (ll)chunk->contig * PCPU_WORD);
	row(out, "sum_frag", sum);
	row(out, "max_frag", most);
	row(out, "cur_min_alloc", nr ? sizes[holes] : 0);
	row(out, "cur_med_alloc", nr ? sizes[(holes + nr - 1) / 2] : 0);
	row(out, "cur_max_alloc", nr ? sizes[nr - 1] : 0);
	out_puts(out, "\n");
	free(sizes);
}

static void show_all(const struct percpu_state *state, struct out *out)
{
	const struct percpu_chunk *chunk;

	for (int slot = 0; slot <= pcpu_to_depopulate_slot(state); slot++)
		for (chunk = pcpu_next(state, slot, NULL); chunk;
		     chunk = pcpu_next(state, slot, chunk)) {
			out_puts(out, slot == pcpu_to_depopulate_slot(state) ?
				 "Chunk (to_depopulate)\n" : slot == pcpu_sidelined_slot(state) ?
				 "Chunk (sidelined):\n" : "Chunk:\n");
			show_chunk(out, chunk);
		}
}

void percpu_stats_show(const struct machine *m, struct out *out)
{
	static const char line[] = "----------------------------------------\n";
	const struct percpu_state *state = m->percpu;
	const struct percpu_counts *counts = &state->counts;

	out_printf(out, "Percpu Memory Statistics\nAllocation Info:\n%s", line);
	row(out, "unit_size", (ll)state->first.unit_bytes);
	row(out, "static_size", (ll)state->first.static_bytes);
	row(out, "reserved_size", (ll)state->first.reserved_bytes);
	row(out, "dyn_size", (ll)state->first.dyn_bytes);
	row(out, "atom_size", (ll)state->first.atom_bytes);
	row(out, "alloc_size", (ll)state->first.alloc_bytes);
	out_printf(out, "\nGlobal Stats:\n%s", line);
	row(out, "nr_alloc", (ll)counts->nr_alloc);
	row(out, "nr_dealloc", (ll)counts->nr_dealloc);
	row(out, "nr_cur_alloc", (ll)counts->nr_cur_alloc);
	row(out, "nr_max_alloc", (ll)counts->nr_max_alloc);
	row(out, "nr_chunks", counts->nr_chunks);
	row(out, "nr_max_chunks", counts->nr_max_chunks);
	row(out, "min_alloc_size", counts->min_alloc_size);
	row(out, "max_alloc_size", counts->max_alloc_size);
	row(out, "empty_pop_pages", (ll)pcpu_nr_empty(state));
	out_printf(out, "\nPer Chunk Stats:\n%s", line);
	show_all(state, out);
}
