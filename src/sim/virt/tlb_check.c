// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * T9: what a TLB has, the page tables have: the same page, with no fewer rights and
 * bits, unless the CPU has missed a flush of that mm, which it makes up for before it
 * uses the entries. What the TLB has no entry for cannot be wrong.
 */
#include "sim/virt/sched.h"
#include "sim/virt/tlb.h"

typedef unsigned long long ull;

/* Bits that an entry may have only if the page tables have them. */
#define GRANTS (PTE_RW | PTE_USER | PTE_DIRTY)

static u64 tag_addr(const struct machine *m, u64 tag)
{
	unsigned int level = tag >> TLB_SIZE_SHIFT & 3;

	return (tag & ((1ULL << TLB_SIZE_SHIFT) - 1)) << table_shift(m, level);
}

/* Whose entries they are, by address space id; NULL: of an mm that is no more. */
static void find_mms(const struct machine *m, const struct cpu_tlb *tlb,
		     const struct mm_struct *mms[TLB_NR_DYN_ASIDS])
{
	memset(mms, 0, TLB_NR_DYN_ASIDS * sizeof(*mms));
	for (const struct mm_struct *mm = mm_next(m, NULL); mm; mm = mm_next(m, mm))
		for (unsigned int asid = 0; asid < TLB_NR_DYN_ASIDS; asid++)
			if (tlb->ctxs[asid].space && tlb->ctxs[asid].ctx_id == mm->ctx_id)
				mms[asid] = mm;
}

struct stale_check {
	const struct machine *m;
	struct check *check;
	unsigned int cpu;
	const struct cpu_tlb *tlb;
	const struct mm_struct *mms[TLB_NR_DYN_ASIDS];
};

/* What is wrong with an entry, or NULL. */
static const char *entry_fault(const struct machine *m, const struct mm_struct *mm, u64 tag,
			       u64 entry)
{
	unsigned int level = tag >> TLB_SIZE_SHIFT & 3;
	const u64 *pte = table_entry(m, mm, tag_addr(m, tag), (int)level);

	if (!pte || !(*pte & PTE_PRESENT) || (level && !(*pte & PTE_PSE)))
		return "an entry that is present";
	if ((*pte ^ entry) & PTE_PFN_MASK)
		return "the same page";
	if (entry & ~*pte & GRANTS || *pte & ~entry & PTE_NX ||
	    (*pte ^ entry) & PTE_PKEY_MASK)
		return "no fewer rights";
	return NULL;
}

static void check_array(const struct stale_check *c, const struct tlb_array *array)
{
	for (u64 i = 0; i < (u64)array->sets * array->ways; i++) {
		const char *fault;
		unsigned int asid = 0;

		if (!array->tags[i])
			continue;
		while (asid < TLB_NR_DYN_ASIDS &&
		       c->tlb->ctxs[asid].space != array->tags[i] >> TLB_SPACE_SHIFT)
			asid++;
		if (asid == TLB_NR_DYN_ASIDS || !c->mms[asid] ||
		    c->tlb->ctxs[asid].tlb_gen != c->mms[asid]->tlb_gen)
			continue;
		c->check->nr_checked++;
		fault = entry_fault(c->m, c->mms[asid], array->tags[i], array->ptes[i]);
		if (fault)
			check_fail(c->check, "T9", "cpu %u, mm %u, TLB entry of 0x%llx: expected "
				   "%s in the page tables, found 0x%llx stale", c->cpu,
				   c->mms[asid]->self, (ull)tag_addr(c->m, array->tags[i]), fault,
				   (ull)array->ptes[i]);
	}
}

/* The loaded mm is known by its context, and its flushes reach this CPU. */
static void check_loaded(const struct stale_check *c)
{
	const struct cpu_tlb *tlb = c->tlb;
	const struct tlb_context *ctx = &tlb->ctxs[tlb->loaded_mm_asid];
	const struct mm_struct *mm = tlb->loaded_mm;

	c->check->nr_checked += 3;
	if (ctx->ctx_id != mm->ctx_id ||
	    tlb->space_tag != (u64)ctx->space << TLB_SPACE_SHIFT)
		check_fail(c->check, "T9", "cpu %u: expected address space %u to be mm %u's, found "
			   "ctx_id %llu", c->cpu, tlb->loaded_mm_asid, mm->self,
			   (ull)ctx->ctx_id);
	if (mm != c->m->init_mm && !(mm->cpumask[c->cpu / 64] >> (c->cpu % 64) & 1))
		check_fail(c->check, "T9", "cpu %u: expected it in the mask of mm %u that it has "
			   "loaded, found it missing", c->cpu, mm->self);
	/* Only borrowers may lag behind. */
	if (mm != c->m->init_mm && !tlb->is_lazy && ctx->tlb_gen != mm->tlb_gen)
		check_fail(c->check, "T9", "cpu %u, mm %u: expected generation %llu, found %llu",
			   c->cpu, mm->self, (ull)mm->tlb_gen, (ull)ctx->tlb_gen);
}

void tlb_validate(const struct machine *m, struct check *check)
{
	for (unsigned int cpu = 0; m->tasks && m->tasks->cpus && cpu < m->nr_cpus; cpu++) {
		struct stale_check c = {
			.m = m, .check = check, .cpu = cpu, .tlb = cpu_tlb(m, cpu),
		};

		find_mms(m, c.tlb, c.mms);
		check_loaded(&c);
		check_array(&c, &c.tlb->l1);
		check_array(&c, &c.tlb->l2);
	}
}

/* Entries by their places and whose turn is next; of the spaces, their contexts. */
static void array_digest(const struct cpu_tlb *tlb, const struct tlb_array *array,
			 struct digest *digest)
{
	for (u64 i = 0; i < (u64)array->sets * array->ways; i++) {
		u64 tag = array->tags[i];

		for (unsigned int asid = 0; tag && asid < TLB_NR_DYN_ASIDS; asid++) {
			if (tlb->ctxs[asid].space != tag >> TLB_SPACE_SHIFT)
				continue;
			digest_u64(digest, i << 8 | asid);
			digest_u64(digest, tag & ((1ULL << TLB_SPACE_SHIFT) - 1));
			digest_u64(digest, array->ptes[i]);
		}
	}
	digest_bytes(digest, array->next, array->sets);
}

static void cpu_digest(const struct cpu_tlb *tlb, struct digest *digest)
{
	digest_u64(digest, tlb->loaded_mm ? tlb->loaded_mm->self : 0);
	digest_u64(digest, (u64)tlb->is_lazy << 32 | (u64)tlb->loaded_mm_asid << 16 |
		   tlb->next_asid);
	for (unsigned int asid = 0; asid < TLB_NR_DYN_ASIDS; asid++) {
		digest_u64(digest, tlb->ctxs[asid].ctx_id);
		digest_u64(digest, tlb->ctxs[asid].tlb_gen);
	}
	for (unsigned int i = 0; i < NR_TLB_FIGURES; i++)
		digest_u64(digest, tlb->figures[i]);
	if (!tlb->last_space)
		return;
	array_digest(tlb, &tlb->l1, digest);
	array_digest(tlb, &tlb->l2, digest);
}

void tlb_digest(const struct machine *m, struct digest *digest)
{
	const struct tlb_state *state = m->virt->tlb;

	digest_u64(digest, state->single_page_flush_ceiling);
	for (unsigned int i = 0; i < NR_TLB_CALLS; i++)
		digest_u64(digest, state->calls[i]);
	for (unsigned int cpu = 0; cpu < m->nr_cpus; cpu++)
		cpu_digest(&state->cpus[cpu], digest);
}
