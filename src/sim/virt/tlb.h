/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The TLB of each CPU, and the flush interface by the kernel's names. Whoever takes
 * rights away from an entry that was present (removes it, makes it read-only or clean,
 * points it elsewhere) calls flush_tlb_*(), or gathers with mmu_gather.h, before the
 * call ends; who only gives rights does not. flush_cache_*() and update_mmu_cache()
 * do nothing on x86: they are counted, at the kernel's places.
 *
 * Files: tlb.c (entries, address space ids, what a switch loads), tlb_flush.c (whom a
 * flush reaches), tlb_check.c (T9: no entry is stale; digest).
 */
#ifndef KMM_VIRT_TLB_H
#define KMM_VIRT_TLB_H

#include "sim/virt/pgtable.h"

#define TLB_NR_DYN_ASIDS 6
#define TLB_FLUSH_ALL (~0ULL)
#define TLB_GENERATION_INVALID 0
#define TLB_L1_WAYS 4
#define NR_TLB_TRACES 256	/* the latest flushes: explanations, no state */

/* Why the TLB was flushed, as the event tlb:tlb_flush says. */
enum tlb_flush_reason {
	TLB_FLUSH_ON_TASK_SWITCH, TLB_REMOTE_SHOOTDOWN, TLB_LOCAL_SHOOTDOWN,
	TLB_LOCAL_MM_SHOOTDOWN, TLB_REMOTE_SEND_IPI, TLB_REMOTE_WRONG_CPU,
	NR_TLB_FLUSH_REASONS
};

/* The interface's functions: how often each was called. */
#define TLB_CALLS(X) \
	X(flush_tlb_all) X(flush_tlb_mm) X(flush_tlb_range) X(flush_tlb_page) \
	X(flush_tlb_kernel_range) X(flush_tlb_mm_range) X(arch_tlbbatch_flush) \
	X(tlb_gather_mmu) X(tlb_flush_mmu) X(flush_cache_mm) X(flush_cache_dup_mm) \
	X(flush_cache_range) X(flush_cache_page) X(flush_cache_vmap) \
	X(flush_cache_vunmap) X(flush_cache_kmaps) X(update_mmu_cache) \
	X(update_mmu_cache_pmd) X(flush_tlb_fix_spurious_fault)
enum tlb_call {
#define TLB_CALL(name) CALL_##name,
	TLB_CALLS(TLB_CALL)
#undef TLB_CALL
	NR_TLB_CALLS
};

struct tlb_context {
	u64 ctx_id;		/* of the mm; 0: of none */
	u64 tlb_gen;		/* up to which of its flushes the entries are good */
	u32 space;		/* entries with this number are this context's */
};

/* What a CPU did, since the boot. */
enum tlb_figure {
	TLB_L1_HITS, TLB_L2_HITS, TLB_MISSES,
	TLB_SWITCHES,		/* another mm was loaded, or the same one again */
	TLB_SWITCH_FLUSHES,	/* of them, with a flush */
	TLB_LAZY_ENTERED, TLB_LAZY_FLUSHED,	/* the last: it loaded init_mm instead */
	TLB_FLUSHES_ALL, TLB_FLUSHES_ONE,	/* of an address space; pages of one */
	TLB_FLUSHES_GLOBAL, TLB_FLUSHES_KERNEL,
	TLB_IPIS_SENT,		/* CPUs that were told */
	TLB_IPIS_RECEIVED,
	NR_TLB_FIGURES
};

/* One level of a TLB: [set * ways + way]. A tag of 0 is an empty place. */
struct tlb_array {
	u64 *tags, *ptes;
	u8 *next;		/* [set]: the way that goes next */
	u16 sets, ways;		/* ways: a multiple of four */
};

struct cpu_tlb {
	/* cpu_tlbstate: which mm the CPU has loaded, and as what. */
	struct mm_struct *loaded_mm;
	bool is_lazy;		/* a kernel thread runs on it: flushes can wait */
	u16 loaded_mm_asid, next_asid;
	struct tlb_context ctxs[TLB_NR_DYN_ASIDS];
	/* What entries carry to be of the loaded mm's address space. */
	u64 space_tag;
	u32 last_space;		/* given to a context */
	bool has_entries;	/* of that space */
	u8 sizes;		/* bit per level of pages that ever were in it */
	struct tlb_array l1, l2;
	u64 figures[NR_TLB_FIGURES];
};

struct tlb_trace {
	u64 when_ns;
	u64 pages;		/* TLB_FLUSH_ALL, or how many */
	u32 pid;		/* of who ran there */
	u16 cpu;
	u8 reason;
};

struct tlb_state {
	u32 single_page_flush_ceiling;
	struct cpu_tlb *cpus;	/* [nr_cpus] */
	u64 calls[NR_TLB_CALLS];
	u64 nr_traces;		/* ever made; the latest are kept */
	struct tlb_trace traces[NR_TLB_TRACES];
};

int tlb_init(struct machine *m) __must_check;	/* 0, -ENOBUFS */
void tlb_free(struct machine *m);
void tlb_digest(const struct machine *m, struct digest *digest);
void tlb_validate(const struct machine *m, struct check *check);

static inline struct cpu_tlb *cpu_tlb(const struct machine *m, unsigned int cpu)
{
	return &m->virt->tlb->cpus[cpu];
}

/*
 * The CPU loads an mm for a task, or again for one that was away; prev is what the
 * CPU has loaded, whatever the scheduler thinks. As switch_mm_irqs_off().
 */
void switch_mm(struct machine *m, unsigned int cpu, struct mm_struct *next);
/* A task without memory runs on: nothing changes but that flushes may wait. */
void enter_lazy_tlb(struct machine *m, unsigned int cpu);
static inline struct mm_struct *cpu_loaded_mm(const struct machine *m, unsigned int cpu)
{
	return cpu_tlb(m, cpu)->loaded_mm;
}

/* Bits of an entry that the TLB keeps; the accessed bit is set by every fill. */
#define TLB_PTE_MASK (PTE_PFN_MASK | PTE_PRESENT | PTE_RW | PTE_USER | PTE_DIRTY | \
		      PTE_PSE | PTE_GLOBAL | PTE_PKEY_MASK | PTE_NX)
#define TLB_SIZE_SHIFT 44	/* of a tag: page number, level of the page, space */
#define TLB_SPACE_SHIFT 46
#define TLB_MAX_SPACE ((1U << (64 - TLB_SPACE_SHIFT)) - 1)

/* An access that its first level did not have, as it should; one that neither can have. */
void tlb_refill(struct cpu_tlb *tlb, u64 tag, u64 vpn, u64 pte);
void tlb_fill(struct cpu_tlb *tlb, u64 tag, u64 vpn, u64 pte);
/*
 * The current CPU translated an address by an entry of `level` of this mm (0: a page),
 * which now allows the access and has its dirty bit: a hit or a miss. was_none: before
 * the access, nothing was mapped there; then no TLB has an entry for it (T9), and none
 * is looked for.
 */
static inline void tlb_access(const struct machine *m, const struct mm_struct *mm, u64 addr,
			      u64 pte, unsigned int level, bool was_none)
{
	struct cpu_tlb *tlb = cpu_tlb(m, m->cpu);
	u64 vpn = addr >> table_shift(m, level), tag, set;
	const u64 *tags;

	if (unlikely(tlb->loaded_mm != mm))
		return;
	tag = tlb->space_tag | (u64)level << TLB_SIZE_SHIFT | vpn;
	if (was_none) {
		tlb->sizes |= 1U << level;
		tlb_fill(tlb, tag, vpn, pte & TLB_PTE_MASK);
		return;
	}
	set = (vpn & (tlb->l1.sets - 1U)) * TLB_L1_WAYS;
	tags = &tlb->l1.tags[set];
	for (unsigned int way = 0; way < TLB_L1_WAYS; way++) {
		if (tags[way] == tag && tlb->l1.ptes[set + way] == (pte & TLB_PTE_MASK)) {
			tlb->figures[TLB_L1_HITS]++;
			return;
		}
	}
	tlb->sizes |= 1U << level;
	tlb_refill(tlb, tag, vpn, pte & TLB_PTE_MASK);
}

/* tlb.c, for tlb_flush.c: what the hardware does to a CPU's loaded address space. */
void tlb_invalidate_page(const struct machine *m, struct cpu_tlb *tlb, u64 addr);
void tlb_invalidate_space(struct cpu_tlb *tlb);
void tlb_invalidate_all(struct cpu_tlb *tlb);	/* all spaces */
void tlb_trace(struct machine *m, unsigned int cpu, enum tlb_flush_reason reason, u64 pages);

/*
 * Flushes. stride_shift: of the pages that went. freed_tables: CPUs that only borrow
 * the mm must hear of it as well.
 */
void flush_tlb_mm_range(struct machine *m, struct mm_struct *mm, u64 start, u64 end,
			unsigned int stride_shift, bool freed_tables);
void flush_tlb_all(struct machine *m);
void flush_tlb_kernel_range(struct machine *m, u64 start, u64 end);
/* On this CPU alone. */
void flush_tlb_one_kernel(struct machine *m, u64 addr);

static inline void tlb_count_call(struct machine *m, enum tlb_call call)
{
	m->virt->tlb->calls[call]++;
}

static inline void flush_tlb_mm(struct machine *m, struct mm_struct *mm)
{
	tlb_count_call(m, CALL_flush_tlb_mm);
	flush_tlb_mm_range(m, mm, 0, TLB_FLUSH_ALL, 0, /* freed_tables = */ true);
}

static inline void flush_tlb_range_stride(struct machine *m, const struct vm_area_struct *vma,
					  u64 start, u64 end, unsigned int stride_shift)
{
	tlb_count_call(m, CALL_flush_tlb_range);
	flush_tlb_mm_range(m, vma->vm_mm, start, end, stride_shift, /* freed_tables = */ true);
}

/* Of pages of the size that the VMA's are: hugetlb's callers give theirs above. */
static inline void flush_tlb_range(struct machine *m, const struct vm_area_struct *vma,
				   u64 start, u64 end)
{
	flush_tlb_range_stride(m, vma, start, end, PAGE_SHIFT);
}

static inline void flush_tlb_page(struct machine *m, const struct vm_area_struct *vma, u64 addr)
{
	addr &= ~(PAGE_SIZE - 1);
	tlb_count_call(m, CALL_flush_tlb_page);
	flush_tlb_mm_range(m, vma->vm_mm, addr, addr + PAGE_SIZE, PAGE_SHIFT,
			   /* freed_tables = */ false);
}

/* Does going from one entry to the other take something from a TLB that has it? */
static inline bool pte_needs_flush(pte_t old, pte_t new_)
{
	const u64 on_change = PTE_PFN_MASK | PTE_RW | PTE_USER | PTE_PSE | PTE_GLOBAL |
			      PTE_PKEY_MASK | PTE_NX;

	if (!(old & PTE_PRESENT))
		return false;
	return (old ^ new_) & on_change || (old & ~new_ & (PTE_PRESENT | PTE_DIRTY));
}

/* The same for huge entries: there, the accessed bit counts too. */
static inline bool huge_pmd_needs_flush(u64 old, u64 new_)
{
	return pte_needs_flush(old, new_) ||
	       (old & PTE_PRESENT && old & ~new_ & PTE_ACCESSED);
}

/* The entry goes, and out of all TLBs, if any can have it. The old one. */
static inline pte_t ptep_clear_flush(struct machine *m, const struct vm_area_struct *vma,
				     u64 addr, pte_t *pte)
{
	pte_t old = *pte;

	*pte = 0;
	if (old & PTE_PRESENT)
		flush_tlb_page(m, vma, addr);
	return old;
}

/* Is a CPU other than the current one in the mask? */
static inline bool on_other_cpus(const struct machine *m, const u64 *mask)
{
	if (likely(m->nr_cpus <= 64))
		return mask[0] & ~(1ULL << m->cpu);
	for (unsigned int i = 0; i * 64 < m->nr_cpus; i++)
		if (mask[i] & ~(m->cpu / 64 == i ? 1ULL << (m->cpu % 64) : 0))
			return true;
	return false;
}

/*
 * Flushes of several mms that go together: reclaim and migration unmap so, where a CPU other
 * than this one may have the entry (on_other_cpus()).
 */
struct arch_tlbflush_unmap_batch {
	u64 cpumask[CPU_WORDS];
	bool flush_required, writable;
};
void arch_tlbbatch_add_mm(struct arch_tlbflush_unmap_batch *batch, struct mm_struct *mm);
void arch_tlbbatch_flush(struct machine *m, struct arch_tlbflush_unmap_batch *batch);
static inline void set_tlb_ubc_flush_pending(struct arch_tlbflush_unmap_batch *batch,
					     struct mm_struct *mm, pte_t pte)
{
	if (!(pte & PTE_PRESENT))
		return;
	arch_tlbbatch_add_mm(batch, mm);
	batch->flush_required = true;
	batch->writable |= !!(pte & PTE_DIRTY);
}
void try_to_unmap_flush(struct machine *m, struct arch_tlbflush_unmap_batch *batch);
static inline void try_to_unmap_flush_dirty(struct machine *m,
					    struct arch_tlbflush_unmap_batch *batch)
{
	if (batch->writable)
		try_to_unmap_flush(m, batch);
}

/* Nothing to do on x86, whose caches know no virtual addresses. */
#define TLB_NO_OP(name, ...) \
	static inline void name(struct machine *m, __VA_ARGS__) \
	{ \
		tlb_count_call(m, CALL_##name); \
	}
TLB_NO_OP(flush_cache_mm, const struct mm_struct *mm __attribute__((unused)))
TLB_NO_OP(flush_cache_dup_mm, const struct mm_struct *mm __attribute__((unused)))
TLB_NO_OP(flush_cache_range, const struct vm_area_struct *vma __attribute__((unused)),
	  u64 start __attribute__((unused)), u64 end __attribute__((unused)))
TLB_NO_OP(flush_cache_page, const struct vm_area_struct *vma __attribute__((unused)),
	  u64 addr __attribute__((unused)), u64 pfn __attribute__((unused)))
TLB_NO_OP(flush_cache_vmap, u64 start __attribute__((unused)),
	  u64 end __attribute__((unused)))
TLB_NO_OP(flush_cache_vunmap, u64 start __attribute__((unused)),
	  u64 end __attribute__((unused)))
TLB_NO_OP(update_mmu_cache, const struct vm_area_struct *vma __attribute__((unused)),
	  u64 addr __attribute__((unused)), const u64 *pte __attribute__((unused)))
TLB_NO_OP(update_mmu_cache_pmd, const struct vm_area_struct *vma __attribute__((unused)),
	  u64 addr __attribute__((unused)), const u64 *pmd __attribute__((unused)))
TLB_NO_OP(flush_tlb_fix_spurious_fault,
	  const struct vm_area_struct *vma __attribute__((unused)),
	  u64 addr __attribute__((unused)))
#undef TLB_NO_OP
static inline void flush_cache_kmaps(struct machine *m)
{
	tlb_count_call(m, CALL_flush_cache_kmaps);
}

#endif
