// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Whom a flush reaches. Each flush of an mm is a new generation of it (tlb_gen). CPUs
 * that run with the mm are interrupted and catch up: page by page if that was the only
 * flush that they missed and it is small, else all at once. CPUs that lend it to a
 * kernel thread are left alone unless tables were freed, and CPUs that have another
 * mm compare generations when they come back.
 */
#include "sim/virt/tlb.h"

#include "sim/phys/page_alloc.h"

struct flush_tlb_info {
	struct mm_struct *mm;	/* NULL: whatever is loaded */
	u64 start, end;		/* TLB_FLUSH_ALL */
	u64 new_tlb_gen;
	unsigned int initiating_cpu;
	u8 stride_shift;
	bool freed_tables, trim_cpumask;
};

static bool test_cpu(const u64 *mask, unsigned int cpu)
{
	return mask[cpu / 64] >> (cpu % 64) & 1;
}

/* Pages, one by one; or the whole address space. How many pages. */
static u64 flush_loaded(struct machine *m, struct cpu_tlb *tlb, const struct flush_tlb_info *f,
			bool partial, bool local)
{
	u64 nr = 0;

	if (!partial) {
		tlb_invalidate_space(tlb);
		tlb->figures[TLB_FLUSHES_ALL]++;
		if (local)
			count_vm_event(m, NR_TLB_LOCAL_FLUSH_ALL, 1);
		return TLB_FLUSH_ALL;
	}
	for (u64 addr = f->start; addr < f->end; addr += 1ULL << f->stride_shift, nr++)
		tlb_invalidate_page(m, tlb, addr);
	tlb->figures[TLB_FLUSHES_ONE] += nr;
	nr = (f->end - f->start) >> f->stride_shift;
	if (local)
		count_vm_event(m, NR_TLB_LOCAL_FLUSH_ONE, (s64)nr);
	return nr;
}

/* The CPU has missed f and maybe more. */
static void catch_up(struct machine *m, unsigned int cpu, const struct flush_tlb_info *f,
		     bool local)
{
	struct cpu_tlb *tlb = cpu_tlb(m, cpu);
	struct tlb_context *ctx = &tlb->ctxs[tlb->loaded_mm_asid];
	u64 mm_tlb_gen = tlb->loaded_mm->tlb_gen, nr = 0;
	bool partial = f->end != TLB_FLUSH_ALL && f->new_tlb_gen == ctx->tlb_gen + 1 &&
		       f->new_tlb_gen == mm_tlb_gen;

	if (ctx->tlb_gen != mm_tlb_gen)
		nr = flush_loaded(m, tlb, f, partial, local);
	tlb->ctxs[tlb->loaded_mm_asid].tlb_gen = mm_tlb_gen;
	tlb_trace(m, cpu, !local ? TLB_REMOTE_SHOOTDOWN :
		  f->mm ? TLB_LOCAL_MM_SHOOTDOWN : TLB_LOCAL_SHOOTDOWN, nr);
}

/* What the interrupt does. */
static void flush_tlb_func(struct machine *m, unsigned int cpu, const struct flush_tlb_info *f)
{
	struct cpu_tlb *tlb = cpu_tlb(m, cpu);
	bool local = cpu == f->initiating_cpu;

	if (!local) {
		tlb->figures[TLB_IPIS_RECEIVED]++;
		count_vm_event(m, NR_TLB_REMOTE_FLUSH_RECEIVED, 1);
	}
	if (f->mm && f->mm != tlb->loaded_mm) {
		if (rel_mm_cpumask_is_lazy(m->release)) {
			f->mm->cpumask[cpu / 64] &= ~(1ULL << (cpu % 64));
			tlb_trace(m, cpu, TLB_REMOTE_WRONG_CPU, 0);
		}
		return;
	}
	if (tlb->loaded_mm == m->init_mm)
		return;
	if (tlb->is_lazy) {
		tlb->figures[TLB_LAZY_FLUSHED]++;
		switch_mm(m, cpu, m->init_mm);
		return;
	}
	if (f->new_tlb_gen != TLB_GENERATION_INVALID &&
	    f->new_tlb_gen <= tlb->ctxs[tlb->loaded_mm_asid].tlb_gen)
		return;
	catch_up(m, cpu, f, local);
}

/* Must a CPU of the mask be interrupted? */
static bool should_flush_tlb(const struct machine *m, unsigned int cpu,
			     const struct flush_tlb_info *f)
{
	const struct cpu_tlb *tlb = cpu_tlb(m, cpu);

	if (f->freed_tables)
		return true;
	if (tlb->is_lazy)
		return false;
	return !f->mm || tlb->loaded_mm == f->mm || f->trim_cpumask;
}

static void flush_tlb_multi(struct machine *m, const u64 *mask, const struct flush_tlb_info *f)
{
	u64 told[CPU_WORDS];

	count_vm_event(m, NR_TLB_REMOTE_FLUSH, 1);
	tlb_trace(m, m->cpu, TLB_REMOTE_SEND_IPI, f->end == TLB_FLUSH_ALL ? TLB_FLUSH_ALL :
		  (f->end - f->start) >> PAGE_SHIFT);
	/* CPUs leave the mask as they are told. */
	memcpy(told, mask, sizeof(told));
	for (unsigned int cpu = 0; cpu < m->nr_cpus; cpu++) {
		if (!test_cpu(told, cpu) || !should_flush_tlb(m, cpu, f))
			continue;
		if (cpu != m->cpu)
			cpu_tlb(m, m->cpu)->figures[TLB_IPIS_SENT]++;
		flush_tlb_func(m, cpu, f);
	}
}

/* Once a second, CPUs that only used to have the mm are told, and leave the mask. */
static bool should_trim_cpumask(const struct machine *m, struct mm_struct *mm)
{
	if (m->now_ns <= mm->next_trim_cpumask)
		return false;
	mm->next_trim_cpumask = m->now_ns + TRIM_CPUMASK_NS;
	return true;
}

static __noinline void flush_tlb_mm_slow(struct machine *m, struct mm_struct *mm, u64 start,
					 u64 end, unsigned int stride_shift, bool freed_tables)
{
	struct flush_tlb_info f = {
		.mm = mm, .start = start, .end = end, .initiating_cpu = m->cpu,
		.stride_shift = (u8)stride_shift, .freed_tables = freed_tables,
		.new_tlb_gen = mm->tlb_gen,
	};

	if (end == TLB_FLUSH_ALL ||
	    (end - start) >> stride_shift > m->virt->tlb->single_page_flush_ceiling) {
		f.start = 0;
		f.end = TLB_FLUSH_ALL;
	}
	if (on_other_cpus(m, mm->cpumask)) {
		f.trim_cpumask = should_trim_cpumask(m, mm);
		flush_tlb_multi(m, mm->cpumask, &f);
	} else if (cpu_tlb(m, m->cpu)->loaded_mm == mm) {
		flush_tlb_func(m, m->cpu, &f);
	}
}

/* Mostly nobody else has the mm, and this CPU has missed no flush of it: pages go here. */
void flush_tlb_mm_range(struct machine *m, struct mm_struct *mm, u64 start, u64 end,
			unsigned int stride_shift, bool freed_tables)
{
	struct tlb_state *state = m->virt->tlb;
	struct cpu_tlb *tlb = &state->cpus[m->cpu];
	struct tlb_context *ctx = &tlb->ctxs[tlb->loaded_mm_asid];
	u64 nr = (end - start) >> stride_shift, gen = mm->tlb_gen++;

	state->calls[CALL_flush_tlb_mm_range]++;
	if (unlikely(tlb->loaded_mm != mm || tlb->is_lazy || ctx->tlb_gen != gen ||
		     nr > state->single_page_flush_ceiling || end == TLB_FLUSH_ALL ||
		     mm == m->init_mm || on_other_cpus(m, mm->cpumask))) {
		flush_tlb_mm_slow(m, mm, start, end, stride_shift, freed_tables);
		return;
	}
	ctx->tlb_gen = gen + 1;
	count_vm_event(m, NR_TLB_LOCAL_FLUSH_ONE, (s64)nr);
	tlb_trace(m, m->cpu, TLB_LOCAL_MM_SHOOTDOWN, nr);
	for (; start < end; start += 1ULL << stride_shift) {
		tlb->figures[TLB_FLUSHES_ONE]++;
		tlb_invalidate_page(m, tlb, start);
	}
}

static void do_flush_tlb_all(struct machine *m)
{
	for (unsigned int cpu = 0; cpu < m->nr_cpus; cpu++) {
		struct cpu_tlb *tlb = cpu_tlb(m, cpu);

		if (cpu != m->cpu) {
			cpu_tlb(m, m->cpu)->figures[TLB_IPIS_SENT]++;
			tlb->figures[TLB_IPIS_RECEIVED]++;
		}
		count_vm_event(m, NR_TLB_REMOTE_FLUSH_RECEIVED, 1);
		tlb->figures[TLB_FLUSHES_GLOBAL]++;
		tlb_invalidate_all(tlb);
	}
}

void flush_tlb_all(struct machine *m)
{
	tlb_count_call(m, CALL_flush_tlb_all);
	count_vm_event(m, NR_TLB_REMOTE_FLUSH, 1);
	do_flush_tlb_all(m);
}

void flush_tlb_kernel_range(struct machine *m, u64 start, u64 end)
{
	u64 nr = (end - start) >> PAGE_SHIFT;

	tlb_count_call(m, CALL_flush_tlb_kernel_range);
	if (end == TLB_FLUSH_ALL || nr > m->virt->tlb->single_page_flush_ceiling) {
		do_flush_tlb_all(m);
		return;
	}
	/* No TLB has entries of the kernel's: programs cannot use them. */
	for (unsigned int cpu = 0; cpu < m->nr_cpus; cpu++) {
		struct cpu_tlb *tlb = cpu_tlb(m, cpu);

		if (cpu != m->cpu) {
			cpu_tlb(m, m->cpu)->figures[TLB_IPIS_SENT]++;
			tlb->figures[TLB_IPIS_RECEIVED]++;
		}
		tlb->figures[TLB_FLUSHES_KERNEL] += nr;
		count_vm_event(m, NR_TLB_LOCAL_FLUSH_ONE, (s64)nr);
	}
}

void flush_tlb_one_kernel(struct machine *m, u64 addr)
{
	(void)addr;		/* nobody has it: see above */
	cpu_tlb(m, m->cpu)->figures[TLB_FLUSHES_KERNEL]++;
	count_vm_event(m, NR_TLB_LOCAL_FLUSH_ONE, 1);
}

void arch_tlbbatch_add_mm(struct arch_tlbflush_unmap_batch *batch, struct mm_struct *mm)
{
	mm->tlb_gen++;
	for (unsigned int i = 0; i < CPU_WORDS; i++)
		batch->cpumask[i] |= mm->cpumask[i];
}

void arch_tlbbatch_flush(struct machine *m, struct arch_tlbflush_unmap_batch *batch)
{
	const struct flush_tlb_info f = {
		.end = TLB_FLUSH_ALL, .new_tlb_gen = TLB_GENERATION_INVALID,
		.initiating_cpu = m->cpu,
	};

	tlb_count_call(m, CALL_arch_tlbbatch_flush);
	if (on_other_cpus(m, batch->cpumask))
		flush_tlb_multi(m, batch->cpumask, &f);
	else if (test_cpu(batch->cpumask, m->cpu))
		flush_tlb_func(m, m->cpu, &f);
	memset(batch->cpumask, 0, sizeof(batch->cpumask));
}

void try_to_unmap_flush(struct machine *m, struct arch_tlbflush_unmap_batch *batch)
{
	if (!batch->flush_required)
		return;
	arch_tlbbatch_flush(m, batch);
	batch->flush_required = batch->writable = false;
}
