// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * alloc_percpu() and free_percpu(). Host memory is secured before anything changes. The
 * kernel leaves the balance of chunks to a work item; here it is done at once.
 */
#include "sim/phys/percpu_internal.h"

#include "sim/boot/boot_log.h"
#include "sim/phys/memcg.h"
#include "sim/phys/report.h"
#include "sim/phys/section.h"
#include "sim/phys/slab.h"

typedef unsigned long long ull;

#define MAX_WARNINGS 10

/* For each: a chunk, its maps and areas, and pages of a piece; twice, for the balance. */
int percpu_guarantee(struct machine *m, unsigned int nr)
{
	const struct percpu_state *state = m->percpu;
	u64 words = state->first.unit_bytes / PCPU_WORD;
	u64 pages = state->nr_cpus * (state->first.unit_bytes / PAGE_SIZE);
	u64 blocks = (state->nr_cpus * 64ULL + words / 256) / 1000 + 8;

	if (section_reserve(m, (unsigned int)blocks * nr) ||
	    arena_guarantee(&m->arena, (2 * (words / 2 + pages * 8) + SZ_1M) * nr))
		return -ENOBUFS;
	return 0;
}

/* A chunk with a hole of that size, and where; NULL: there is none. */
static struct percpu_chunk *find_chunk(struct percpu_state *state, u32 words, u32 align,
				       bool atomic, s64 *at)
{
	int slot = pcpu_size_to_slot(state, (u64)words * PCPU_WORD);
	struct percpu_chunk *chunk, *next;

	for (; slot <= pcpu_free_slot(state); slot++)
		for (chunk = pcpu_next(state, slot, NULL); chunk; chunk = next) {
			next = pcpu_next(state, slot, chunk);
			*at = pcpu_find_fit(chunk, words, align, atomic);
			if (*at >= 0)
				return chunk;
			if (slot < PCPU_SLOT_FAIL_THRESHOLD)
				pcpu_move(state, chunk, 0, /* front = */ true);
		}
	return NULL;
}

static int populate_piece(struct machine *m, struct percpu_chunk *chunk, u32 at, u32 words,
			  gfp_t gfp)
{
	u32 page = at / PCPU_PAGE_WORDS, end = (at + words - 1) / PCPU_PAGE_WORDS + 1;
	int err = 0;

	while (page < end && !err) {
		u32 from = page;

		while (page < end && !chunk->populated[page])
			page++;
		if (page > from)
			err = pcpu_populate(m, chunk, from, page, gfp);
		else
			page++;
	}
	return err;
}

static void warn_failed(struct machine *m, u64 bytes, u64 align, gfp_t gfp, const char *what)
{
	struct percpu_state *state = m->percpu;
	bool atomic = !(gfp & __GFP_DIRECT_RECLAIM);

	machine_why_call(m, "alloc_percpu %llu: -ENOMEM: %s (pcpu_alloc)", (ull)bytes, what);
	state->atomic_failed |= atomic;
	if (atomic || gfp & __GFP_NOWARN || !m->boot_log || state->nr_warned >= MAX_WARNINGS)
		return;
	printk(m, 4, "percpu: allocation failed, size=%llu align=%llu atomic=0, %s", (ull)bytes,
	       (ull)align, what);
	dump_stack(m);
	if (++state->nr_warned == MAX_WARNINGS)
		printk(m, 6, "percpu: limit reached, disable warning");
}

static void count_alloc(struct percpu_counts *counts, u32 bytes)
{
	counts->nr_alloc++;
	counts->nr_cur_alloc++;
	counts->nr_max_alloc = MAX(counts->nr_max_alloc, counts->nr_cur_alloc);
	counts->max_alloc_size = MAX(counts->max_alloc_size, bytes);
	if (!counts->min_alloc_size || bytes < counts->min_alloc_size)
		counts->min_alloc_size = bytes;
}

/* What failed; NULL: nothing. */
static const char *try_alloc(struct machine *m, u32 words, u32 align, gfp_t gfp, u64 *addr)
{
	struct percpu_state *state = m->percpu;
	bool atomic = !(gfp & __GFP_DIRECT_RECLAIM);
	gfp_t mask = gfp & (GFP_KERNEL | __GFP_NORETRY | __GFP_NOWARN);
	struct percpu_chunk *chunk;
	s64 at;

	chunk = find_chunk(state, words, align, atomic, &at);
	if (!chunk && atomic)
		return "atomic alloc failed, no space left";
	if (!chunk) {
		if (pcpu_create_chunk(m, mask, &chunk))
			return "failed to allocate new chunk";
		at = pcpu_find_fit(chunk, words, align, false);
	}
	pcpu_take_area(state, chunk, (u32)at, words);
	pcpu_reintegrate(state, chunk);
	count_alloc(&state->counts, words * PCPU_WORD);
	if (!atomic && populate_piece(m, chunk, (u32)at, words, mask)) {
		pcpu_free_area(state, chunk, (u32)at);
		state->counts.nr_dealloc++;
		state->counts.nr_cur_alloc--;
		return "failed to populate";
	}
	*addr = chunk->base + (u64)at * PCPU_WORD;
	machine_why_call(m, "alloc_percpu %llu: %u words at %#llx of chunk %u, for each of %u CPUs; "
			 "its largest hole has %u words, %u of its pages are there (pcpu_alloc)",
			 (ull)words * PCPU_WORD, words, (ull)at * PCPU_WORD, chunk->id,
			 state->nr_cpus, chunk->contig, chunk->nr_populated);
	return NULL;
}

int alloc_percpu(struct machine *m, u64 bytes, u64 align, u32 gfp, u64 *addr)
{
	struct mem_cgroup *memcg = NULL;
	const char *what;
	int err;

	align = MAX(align, PCPU_WORD);
	if (!m->percpu || !bytes || bytes > PCPU_MIN_UNIT || align > PAGE_SIZE ||
	    !is_power_of_2(align))
		return -EINVAL;
	err = percpu_guarantee(m, 1);
	if (err)
		return err;
	bytes = ALIGN_UP(bytes, PCPU_WORD);
	if (m->memcg)
		err = memcg_percpu_charge(m, bytes, gfp, &memcg);
	if (err) {
		arena_guarantee_end(&m->arena);
		return err;
	}
	what = try_alloc(m, (u32)(bytes / PCPU_WORD), (u32)(align / PCPU_WORD), gfp, addr);
	if (what)
		warn_failed(m, bytes, align, gfp, what);
	if (pcpu_nr_empty(m->percpu) < PCPU_EMPTY_LOW || m->percpu->atomic_failed)
		pcpu_balance(m);
	if (memcg)
		memcg_percpu_charged(m, memcg, *addr, bytes, what ? -ENOMEM : 0);
	arena_guarantee_end(&m->arena);
	return what ? -ENOMEM : 0;
}

static struct percpu_chunk *chunk_of(const struct machine *m, u64 addr, u32 *at)
{
	const struct percpu_state *state = m->percpu;

	for (unsigned int i = 0; state && i < state->room; i++) {
		struct percpu_chunk *chunk = state->chunks[i];

		if (!chunk || addr < chunk->base || addr - chunk->base >= state->first.unit_bytes)
			continue;
		*at = (u32)((addr - chunk->base) / PCPU_WORD);
		return addr % PCPU_WORD || !pcpu_bit(chunk->taken, *at) ||
		       !pcpu_bit(chunk->bound, *at) || (chunk->of_boot && !*at) ? NULL : chunk;
	}
	return NULL;
}

u64 percpu_size(const struct machine *m, u64 addr)
{
	u32 at, end;
	const struct percpu_chunk *chunk = chunk_of(m, addr, &at);

	if (!chunk)
		return 0;
	for (end = at + 1; end < chunk->nr_words && !pcpu_bit(chunk->bound, end);)
		end++;
	return (end - at) * (u64)PCPU_WORD;
}

/* So many empty pages that some should go? */
static bool should_reclaim(const struct percpu_state *state, const struct percpu_chunk *chunk)
{
	if (chunk->isolated)
		return chunk->nr_empty;
	return pcpu_nr_empty(state) > PCPU_EMPTY_HIGH + chunk->nr_empty &&
	       chunk->nr_empty >= chunk->nr_pages / 4;
}

int free_percpu(struct machine *m, u64 addr)
{
	struct percpu_state *state = m->percpu;
	u32 at;
	struct percpu_chunk *chunk = chunk_of(m, addr, &at);
	bool balance = false;

	if (!chunk)
		return -EINVAL;
	if (percpu_guarantee(m, 1))
		return -ENOBUFS;
	if (m->memcg)
		memcg_percpu_uncharge(m, addr);
	pcpu_free_area(state, chunk, at);
	state->counts.nr_dealloc++;
	state->counts.nr_cur_alloc--;
	if (!chunk->isolated && chunk->free_words == chunk->nr_words) {
		const struct percpu_chunk *first = pcpu_next(state, pcpu_free_slot(state), NULL);

		balance = first != chunk || pcpu_next(state, pcpu_free_slot(state), chunk);
	} else if (should_reclaim(state, chunk)) {
		pcpu_isolate(state, chunk);
		balance = true;
	}
	if (balance)
		pcpu_balance(m);
	arena_guarantee_end(&m->arena);
	return 0;
}
