// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A new kmap takes the next address in turn. An address whose last user has gone keeps
 * its page, so that a page which comes back finds it; only when the turn begins anew
 * are all such addresses freed, with one flush of the whole area on all CPUs. A hash
 * by page leads to its address.
 */
#include "sim/virt/highmem.h"

#include "sim/base/digest.h"
#include "sim/phys/section.h"
#include "sim/virt/tlb.h"

#define GOLDEN_RATIO_32 0x61c88647U

typedef unsigned long long ull;

static size_t state_bytes(const struct machine *m)
{
	return sizeof(struct highmem_state) + m->nr_cpus * sizeof(struct kmap_local);
}

int highmem_init(struct machine *m)
{
	struct highmem_state *state;

	if (!m->arch->last_pkmap)
		return 0;
	state = arena_alloc(&m->arena, state_bytes(m));
	if (!state)
		return -ENOBUFS;
	for (unsigned int i = 0; i < MAX_PKMAP; i++)
		state->pkmaps[i] = (struct pkmap){ .pfn = PFN_NIL, .hash_next = PKMAP_NONE };
	for (unsigned int i = 0; i < ARRAY_SIZE(state->page_address_htable); i++)
		state->page_address_htable[i] = PKMAP_NONE;
	m->virt->highmem = state;
	return 0;
}

void highmem_free(struct machine *m)
{
	arena_free(&m->arena, m->virt->highmem, state_bytes(m));
	m->virt->highmem = NULL;
}

bool page_is_highmem(const struct machine *m, u64 pfn)
{
	return m->arch->lowmem_end && PFN_PHYS(pfn) >= m->arch->lowmem_end;
}

static unsigned int page_slot(u64 pfn)
{
	return (u32)pfn * GOLDEN_RATIO_32 >> (32 - PA_HASH_ORDER);
}

/* The address of the kmap area that a page has, or PKMAP_NONE. */
static u16 pkmap_of(const struct highmem_state *state, u64 pfn)
{
	u16 nr = state->page_address_htable[page_slot(pfn)];

	while (nr != PKMAP_NONE && state->pkmaps[nr].pfn != pfn)
		nr = state->pkmaps[nr].hash_next;
	return nr;
}

u64 page_address(const struct machine *m, u64 pfn)
{
	u16 nr;

	if (!page_is_highmem(m, pfn))
		return m->arch->page_offset + PFN_PHYS(pfn);
	nr = pkmap_of(m->virt->highmem, pfn);
	return nr == PKMAP_NONE ? 0 : pkmap_addr(m, nr);
}

static void set_page_address(struct highmem_state *state, u16 nr, u32 pfn)
{
	u16 *head = &state->page_address_htable[page_slot(pfn)];

	state->pkmaps[nr].pfn = pfn;
	state->pkmaps[nr].hash_next = *head;
	*head = nr;
}

static void clear_page_address(struct highmem_state *state, u16 nr)
{
	u16 *link = &state->page_address_htable[page_slot(state->pkmaps[nr].pfn)];

	while (*link != nr)
		link = &state->pkmaps[*link].hash_next;
	*link = state->pkmaps[nr].hash_next;
	state->pkmaps[nr] = (struct pkmap){ .pfn = PFN_NIL, .hash_next = PKMAP_NONE };
}

static void flush_all_zero_pkmaps(struct machine *m)
{
	struct highmem_state *state = m->virt->highmem;
	bool need_flush = false;

	flush_cache_kmaps(m);
	for (u16 nr = 0; nr < m->arch->last_pkmap; nr++) {
		if (state->pkmaps[nr].count != 1)
			continue;
		clear_page_address(state, nr);
		need_flush = true;
	}
	if (!need_flush)
		return;
	state->flushes++;
	flush_tlb_kernel_range(m, pkmap_base(m), pkmap_addr(m, m->arch->last_pkmap));
}

/* The next free address, after one round at most; PKMAP_NONE: all have users. */
static u16 map_new_virtual(struct machine *m, u32 pfn)
{
	struct highmem_state *state = m->virt->highmem;
	unsigned int count = m->arch->last_pkmap;

	do {
		u16 nr = (state->last_pkmap_nr + 1) & (m->arch->last_pkmap - 1);

		state->last_pkmap_nr = nr;
		if (!nr) {
			flush_all_zero_pkmaps(m);
			count = m->arch->last_pkmap;
		}
		if (state->pkmaps[nr].count)
			continue;
		set_page_address(state, nr, pfn);
		state->pkmaps[nr].count = 1;
		return nr;
	} while (--count);
	return PKMAP_NONE;
}

/* A round that will find nothing would leave its marks: ask first. */
static bool pkmap_can_be_had(const struct machine *m)
{
	for (unsigned int nr = 0; nr < m->arch->last_pkmap; nr++)
		if (m->virt->highmem->pkmaps[nr].count <= 1)
			return true;
	return false;
}

int kmap(struct machine *m, u32 pfn, u64 *vaddr)
{
	struct highmem_state *state = m->virt->highmem;
	u16 nr;

	if (!page_is_highmem(m, pfn)) {
		*vaddr = page_address(m, pfn);
		return 0;
	}
	nr = pkmap_of(state, pfn);
	if (nr == PKMAP_NONE && !pkmap_can_be_had(m))
		return -EAGAIN;
	if (nr == PKMAP_NONE)
		nr = map_new_virtual(m, pfn);
	state->pkmaps[nr].count++;
	*vaddr = pkmap_addr(m, nr);
	return 0;
}

int kunmap(struct machine *m, u32 pfn)
{
	struct highmem_state *state = m->virt->highmem;
	u16 nr;

	if (!page_is_highmem(m, pfn))
		return 0;
	nr = pkmap_of(state, pfn);
	if (nr == PKMAP_NONE || state->pkmaps[nr].count < 2)
		return -EINVAL;
	state->pkmaps[nr].count--;
	return 0;
}

int kmap_local_page(struct machine *m, u32 pfn, u64 *vaddr)
{
	struct kmap_local *local;

	if (!page_is_highmem(m, pfn)) {
		*vaddr = page_address(m, pfn);
		return 0;
	}
	local = &m->virt->highmem->local[m->cpu];
	if (local->idx == KM_MAX_IDX)
		return -ENOSPC;
	*vaddr = fix_kmap_addr(m, m->cpu, local->idx);
	local->pfn[local->idx++] = pfn;
	return 0;
}

int kunmap_local(struct machine *m, u64 vaddr)
{
	struct kmap_local *local;
	u64 phys;

	if (!kernel_pa(m, vaddr, &phys))
		return 0;	/* of low memory: there is nothing to undo */
	if (!m->virt->highmem)
		return -EINVAL;
	local = &m->virt->highmem->local[m->cpu];
	if (!local->idx || ALIGN_DOWN(vaddr, PAGE_SIZE) !=
	    fix_kmap_addr(m, m->cpu, local->idx - 1U))
		return -EINVAL;
	local->pfn[--local->idx] = 0;
	flush_tlb_one_kernel(m, ALIGN_DOWN(vaddr, PAGE_SIZE));
	return 0;
}

u32 kmapped_page(const struct machine *m, u64 vaddr)
{
	const struct highmem_state *state = m->virt->highmem;
	u64 slot;

	if (!state || vaddr < pkmap_base(m))
		return PFN_NIL;
	if (vaddr < pkmap_addr(m, m->arch->last_pkmap))
		return state->pkmaps[(vaddr - pkmap_base(m)) >> PAGE_SHIFT].pfn;
	slot = (fix_kmap_addr(m, 0, 0) - ALIGN_DOWN(vaddr, PAGE_SIZE)) >> PAGE_SHIFT;
	if (slot >= (u64)m->nr_cpus * KM_MAX_IDX ||
	    slot % KM_MAX_IDX >= state->local[slot / KM_MAX_IDX].idx)
		return PFN_NIL;
	return state->local[slot / KM_MAX_IDX].pfn[slot % KM_MAX_IDX];
}

/* First physical address that the direct map has not got. */
static u64 direct_map_end(const struct machine *m)
{
	u64 end = PFN_PHYS(m->max_pfn);

	return m->arch->lowmem_end ? MIN(end, m->arch->lowmem_end) : end;
}

int kernel_pa(const struct machine *m, u64 vaddr, u64 *phys)
{
	const struct arch *arch = m->arch;
	u64 image = vaddr - arch->start_kernel_map;

	if (arch->bits == 64 && vaddr >= arch->start_kernel_map &&
	    vaddr < arch->modules_start && image < direct_map_end(m)) {
		*phys = image;
		return 0;
	}
	*phys = vaddr - arch->page_offset;
	return vaddr >= arch->page_offset && *phys < direct_map_end(m) ? 0 : -EINVAL;
}

int kernel_va(const struct machine *m, u64 phys, u64 *vaddr)
{
	*vaddr = m->arch->page_offset + phys;
	return phys < direct_map_end(m) ? 0 : -EINVAL;
}

void highmem_digest(const struct machine *m, struct digest *digest)
{
	const struct highmem_state *state = m->virt->highmem;

	if (!state)
		return;
	digest_u64(digest, state->last_pkmap_nr);
	digest_u64(digest, state->flushes);
	for (unsigned int nr = 0; nr < m->arch->last_pkmap; nr++)
		if (state->pkmaps[nr].count)
			digest_u64(digest, (u64)nr << 48 | (u64)state->pkmaps[nr].count << 32 |
				   state->pkmaps[nr].pfn);
	for (unsigned int cpu = 0; cpu < m->nr_cpus; cpu++)
		for (unsigned int i = 0; i < state->local[cpu].idx; i++)
			digest_u64(digest, (u64)(cpu * KM_MAX_IDX + i) << 32 |
				   state->local[cpu].pfn[i]);
}

/* HM1: an address that is in use maps a page of HighMem, and page_address() finds it. */
static void check_pkmap(const struct machine *m, u16 nr, struct check *check)
{
	const struct pkmap *pkmap = &m->virt->highmem->pkmaps[nr];

	check->nr_checked++;
	if (!pkmap->count != (pkmap->pfn == PFN_NIL))
		check_fail(check, "HM1", "kmap address %u: expected a page where its count is not "
			   "0, found count %u, page 0x%x", nr, pkmap->count, pkmap->pfn);
	else if (pkmap->count && (!page_is_highmem(m, pkmap->pfn) ||
				  !page_present(m, pkmap->pfn)))
		check_fail(check, "HM1", "kmap address %u: expected a page of HighMem, found 0x%x",
			   nr, pkmap->pfn);
	else if (pkmap->count && pkmap_of(m->virt->highmem, pkmap->pfn) != nr)
		check_fail(check, "HM1", "page 0x%x: expected page_address 0x%llx, found 0x%llx",
			   pkmap->pfn, (ull)pkmap_addr(m, nr),
			   (ull)page_address(m, pkmap->pfn));
}

void highmem_validate(const struct machine *m, struct check *check)
{
	const struct highmem_state *state = m->virt->highmem;

	for (u16 nr = 0; state && nr < m->arch->last_pkmap; nr++)
		check_pkmap(m, nr, check);
	for (unsigned int cpu = 0; state && cpu < m->nr_cpus; cpu++) {
		const struct kmap_local *local = &state->local[cpu];

		for (unsigned int i = 0; i < local->idx; i++) {
			check->nr_checked++;
			if (local->idx > KM_MAX_IDX || !page_is_highmem(m, local->pfn[i]) ||
			    !page_present(m, local->pfn[i]))
				check_fail(check, "HM1", "cpu %u, slot %u: expected a page of "
					   "HighMem, found 0x%x", cpu, i, local->pfn[i]);
		}
	}
}
