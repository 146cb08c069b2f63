// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Two levels, filled by every walk that an access makes, each place taken in turn. An
 * entry carries the number of its address space on this CPU: to flush a whole space,
 * the CPU gives its context another number, and what carries the old one is void.
 *
 * With PCID a CPU keeps the spaces of six mms apart, each good up to one of its mm's
 * flushes (tlb_gen): what was flushed while the mm was away is made up for when it
 * comes back. Without, every load flushes.
 */
#include "sim/virt/tlb.h"

#include "sim/base/bug.h"
#include "sim/boot/cmdline.h"
#include "sim/virt/sched.h"

#define SINGLE_PAGE_FLUSH_CEILING 33

static int array_init(struct machine *m, struct tlb_array *array, u16 sets, u16 ways)
{
	size_t nr = (size_t)sets * ways;

	array->sets = sets;
	array->ways = ways;
	array->tags = arena_alloc(&m->arena, nr * sizeof(*array->tags));
	array->ptes = arena_alloc(&m->arena, nr * sizeof(*array->ptes));
	array->next = arena_alloc(&m->arena, sets);
	return array->tags && array->ptes && array->next ? 0 : -ENOBUFS;
}

static void array_free(struct machine *m, struct tlb_array *array)
{
	size_t nr = (size_t)array->sets * array->ways;

	arena_free(&m->arena, array->tags, nr * sizeof(*array->tags));
	arena_free(&m->arena, array->ptes, nr * sizeof(*array->ptes));
	arena_free(&m->arena, array->next, array->sets);
}

static void context_load(struct cpu_tlb *tlb, u16 asid)
{
	tlb->loaded_mm_asid = asid;
	tlb->space_tag = (u64)tlb->ctxs[asid].space << TLB_SPACE_SHIFT;
}

int tlb_init(struct machine *m)
{
	struct tlb_state *state = arena_alloc(&m->arena, sizeof(*state));
	int err = 0;

	if (!state)
		return -ENOBUFS;
	m->virt->tlb = state;
	state->single_page_flush_ceiling = SINGLE_PAGE_FLUSH_CEILING;
	state->cpus = arena_alloc(&m->arena, m->nr_cpus * sizeof(*state->cpus));
	if (!state->cpus)
		return -ENOBUFS;
	for (unsigned int cpu = 0; cpu < m->nr_cpus && !err; cpu++) {
		struct cpu_tlb *tlb = &state->cpus[cpu];

		tlb->loaded_mm = m->init_mm;
		tlb->next_asid = 1;
		tlb->last_space = 1;
		/* The first one is the kernel's. */
		tlb->ctxs[0] = (struct tlb_context){ .ctx_id = 1, .space = 1 };
		context_load(tlb, 0);
		err = array_init(m, &tlb->l1, m->arch->tlb.l1_sets, TLB_L1_WAYS);
		if (!err)
			err = array_init(m, &tlb->l2, m->arch->tlb.l2_sets, m->arch->tlb.l2_ways);
	}
	return err;
}

void tlb_free(struct machine *m)
{
	struct tlb_state *state = m->virt->tlb;

	for (unsigned int cpu = 0; state && state->cpus && cpu < m->nr_cpus; cpu++) {
		array_free(m, &state->cpus[cpu].l1);
		array_free(m, &state->cpus[cpu].l2);
	}
	if (state)
		arena_free(&m->arena, state->cpus, m->nr_cpus * sizeof(*state->cpus));
	arena_free(&m->arena, state, sizeof(*state));
	m->virt->tlb = NULL;
}

/* The place of a tag in its set, or ways: a multiple of four. */
static inline unsigned int array_find(const struct tlb_array *array, u64 first, u64 tag)
{
	const u64 *tags = &array->tags[first];

	for (unsigned int way = 0; way < array->ways; way += 4) {
		if (tags[way] == tag)
			return way;
		if (tags[way + 1] == tag)
			return way + 1;
		if (tags[way + 2] == tag)
			return way + 2;
		if (tags[way + 3] == tag)
			return way + 3;
	}
	return array->ways;
}

/* The tag gets its entry, at its place `way` or, without one, where the turn is. */
static inline void array_fill(struct tlb_array *array, u64 set, unsigned int way, u64 tag,
			      u64 pte)
{
	u64 place = set * array->ways + way;

	if (likely(way == array->ways)) {
		way = array->next[set];
		place = set * array->ways + way;
		array->next[set] = (u8)(way + 1U == array->ways ? 0 : way + 1U);
	}
	array->tags[place] = tag;
	array->ptes[place] = pte;
}

void tlb_fill(struct cpu_tlb *tlb, u64 tag, u64 vpn, u64 pte)
{
	struct tlb_array *l1 = &tlb->l1, *l2 = &tlb->l2;

	tlb->has_entries = true;
	tlb->figures[TLB_MISSES]++;
	array_fill(l2, vpn & (l2->sets - 1U), l2->ways, tag, pte);
	array_fill(l1, vpn & (l1->sets - 1U), l1->ways, tag, pte);
}

void tlb_refill(struct cpu_tlb *tlb, u64 tag, u64 vpn, u64 pte)
{
	struct tlb_array *l1 = &tlb->l1, *l2 = &tlb->l2;
	u64 set1 = vpn & (l1->sets - 1U), set2 = vpn & (l2->sets - 1U);
	unsigned int way = array_find(l2, set2 * l2->ways, tag);

	tlb->has_entries = true;
	if (way < l2->ways && l2->ptes[set2 * l2->ways + way] == pte) {
		tlb->figures[TLB_L2_HITS]++;
	} else {
		tlb->figures[TLB_MISSES]++;
		array_fill(l2, set2, way, tag, pte);
	}
	array_fill(l1, set1, array_find(l1, set1 * l1->ways, tag), tag, pte);
}

/* A tag is at any place of its set or, mostly, at none: no branch guesses which. */
static inline void array_drop(struct tlb_array *array, u64 vpn, u64 tag)
{
	u64 *tags = &array->tags[(vpn & (array->sets - 1U)) * array->ways];

	for (unsigned int way = 0; way < array->ways; way += 4) {
		tags[way] = tags[way] == tag ? 0 : tags[way];
		tags[way + 1] = tags[way + 1] == tag ? 0 : tags[way + 1];
		tags[way + 2] = tags[way + 2] == tag ? 0 : tags[way + 2];
		tags[way + 3] = tags[way + 3] == tag ? 0 : tags[way + 3];
	}
}

void tlb_invalidate_page(const struct machine *m, struct cpu_tlb *tlb, u64 addr)
{
	if (!tlb->has_entries)
		return;
	for (unsigned int left = tlb->sizes; left; left &= left - 1) {
		unsigned int level = (unsigned int)__builtin_ctz(left);
		u64 vpn = addr >> table_shift(m, level);
		u64 tag = tlb->space_tag | (u64)level << TLB_SIZE_SHIFT | vpn;

		array_drop(&tlb->l1, vpn, tag);
		array_drop(&tlb->l2, vpn, tag);
	}
}

/* Which context's entry it is, or TLB_NR_DYN_ASIDS. */
static unsigned int tag_asid(const struct cpu_tlb *tlb, u64 tag)
{
	unsigned int asid = 0;

	while (asid < TLB_NR_DYN_ASIDS && (!tlb->ctxs[asid].space ||
					   tlb->ctxs[asid].space != tag >> TLB_SPACE_SHIFT))
		asid++;
	return asid;
}

static void array_renumber(const struct cpu_tlb *tlb, struct tlb_array *array)
{
	for (u64 i = 0; i < (u64)array->sets * array->ways; i++) {
		unsigned int asid = tag_asid(tlb, array->tags[i]);

		array->tags[i] &= (1ULL << TLB_SPACE_SHIFT) - 1;
		if (asid == TLB_NR_DYN_ASIDS)
			array->tags[i] = 0;
		else
			array->tags[i] |= (u64)(asid + 1) << TLB_SPACE_SHIFT;
	}
}

/* The numbers are used up: those in use become the first ones. */
static void spaces_renumber(struct cpu_tlb *tlb)
{
	array_renumber(tlb, &tlb->l1);
	array_renumber(tlb, &tlb->l2);
	for (unsigned int asid = 0; asid < TLB_NR_DYN_ASIDS; asid++)
		if (tlb->ctxs[asid].space)
			tlb->ctxs[asid].space = asid + 1;
	tlb->last_space = TLB_NR_DYN_ASIDS;
}

static void context_renew(struct cpu_tlb *tlb, u16 asid)
{
	if (unlikely(tlb->last_space == TLB_MAX_SPACE)) {
		spaces_renumber(tlb);
		context_load(tlb, tlb->loaded_mm_asid);
	}
	tlb->ctxs[asid].space = ++tlb->last_space;
}

void tlb_invalidate_space(struct cpu_tlb *tlb)
{
	if (!tlb->has_entries)
		return;
	context_renew(tlb, tlb->loaded_mm_asid);
	context_load(tlb, tlb->loaded_mm_asid);
	tlb->has_entries = false;
}

void tlb_invalidate_all(struct cpu_tlb *tlb)
{
	for (u16 asid = 0; asid < TLB_NR_DYN_ASIDS; asid++)
		if (tlb->ctxs[asid].space)
			context_renew(tlb, asid);
	context_load(tlb, tlb->loaded_mm_asid);
	tlb->has_entries = false;
}

void tlb_trace(struct machine *m, unsigned int cpu, enum tlb_flush_reason reason, u64 pages)
{
	struct tlb_state *state = m->virt->tlb;
	const struct task_struct *task = m->tasks && m->tasks->cpus ?
					 m->tasks->cpus[cpu].current : NULL;

	state->traces[state->nr_traces++ % NR_TLB_TRACES] = (struct tlb_trace){
		.when_ns = m->now_ns, .pages = pages, .pid = task ? task->pid : 0,
		.cpu = (u16)cpu, .reason = (u8)reason,
	};
}

/* A context for the mm: its own if it is still there, else the next in turn. */
static u16 choose_new_asid(const struct machine *m, struct cpu_tlb *tlb,
			   const struct mm_struct *next, bool *need_flush)
{
	u16 asid;

	if (!m->pcid) {
		*need_flush = true;
		return 0;
	}
	for (asid = 0; asid < TLB_NR_DYN_ASIDS; asid++) {
		if (tlb->ctxs[asid].ctx_id != next->ctx_id)
			continue;
		*need_flush = tlb->ctxs[asid].tlb_gen < next->tlb_gen;
		return asid;
	}
	asid = tlb->next_asid++;
	if (asid >= TLB_NR_DYN_ASIDS) {
		asid = 0;
		tlb->next_asid = 1;
	}
	*need_flush = true;
	return asid;
}

static void mm_cpumask_set(struct mm_struct *mm, unsigned int cpu, bool loaded)
{
	u64 bit = 1ULL << (cpu % 64), *word = &mm->cpumask[cpu / 64];

	*word = loaded ? *word | bit : *word & ~bit;
}

void switch_mm(struct machine *m, unsigned int cpu, struct mm_struct *next)
{
	struct cpu_tlb *tlb = cpu_tlb(m, cpu);
	struct mm_struct *prev = tlb->loaded_mm;
	bool was_lazy = tlb->is_lazy, need_flush = true;
	u16 asid = tlb->loaded_mm_asid;

	tlb->is_lazy = false;
	if (prev == next) {
		if (!was_lazy || tlb->ctxs[asid].tlb_gen == next->tlb_gen)
			return;
	} else {
		/* The kernel's own is on all CPUs, and in no mask. */
		if (prev != m->init_mm && !rel_mm_cpumask_is_lazy(m->release))
			mm_cpumask_set(prev, cpu, false);
		if (next != m->init_mm)
			mm_cpumask_set(next, cpu, true);
		asid = choose_new_asid(m, tlb, next, &need_flush);
	}
	tlb->figures[TLB_SWITCHES]++;
	if (need_flush) {
		tlb->figures[TLB_SWITCH_FLUSHES]++;
		context_renew(tlb, asid);
		tlb->ctxs[asid].ctx_id = next->ctx_id;
		tlb->ctxs[asid].tlb_gen = next->tlb_gen;
	}
	tlb_trace(m, cpu, TLB_FLUSH_ON_TASK_SWITCH, need_flush ? TLB_FLUSH_ALL : 0);
	tlb->loaded_mm = next;
	tlb->has_entries = !need_flush;
	context_load(tlb, asid);
}

void enter_lazy_tlb(struct machine *m, unsigned int cpu)
{
	struct cpu_tlb *tlb = cpu_tlb(m, cpu);

	if (tlb->loaded_mm == m->init_mm)
		return;
	tlb->is_lazy = true;
	tlb->figures[TLB_LAZY_ENTERED]++;
}
