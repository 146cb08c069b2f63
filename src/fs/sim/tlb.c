// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The TLBs: sim/cpu/N/tlb, what a CPU has loaded, what it did and every entry it
 * holds; sim/flushes, how often each function of the interface was called, and the
 * latest flushes as the event tlb:tlb_flush prints them; and the ceiling in debugfs.
 */
#include <inttypes.h>
#include <stdlib.h>

#include "fs/core/value.h"
#include "sim/virt/tlb.h"
#include "sim/virt/task.h"

static const struct mm_struct *mm_by_ctx(const struct machine *m, u64 ctx_id)
{
	const struct mm_struct *mm = NULL;

	if (m->init_mm && ctx_id == m->init_mm->ctx_id)
		return m->init_mm;
	while ((mm = mm_next(m, mm)) && mm->ctx_id != ctx_id)
		;
	return mm;
}

/* A name that a reader knows: of the first process that uses the mm. */
static void show_mm_name(struct out *out, const struct machine *m, const struct mm_struct *mm)
{
	if (mm == m->init_mm) {
		out_puts(out, "init_mm");
		return;
	}
	for (const struct task_struct *t = process_next(m, 1); mm && t;
	     t = process_next(m, t->pid + 1)) {
		if (t->mm == mm) {
			out_printf(out, "pid %u (%s)", t->pid, t->comm);
			return;
		}
	}
	out_puts(out, "gone");
}

static const char *const figure_names[NR_TLB_FIGURES] = {
	[TLB_L1_HITS] = "hits_l1", [TLB_L2_HITS] = "hits_l2", [TLB_MISSES] = "misses",
	[TLB_SWITCHES] = "switches", [TLB_SWITCH_FLUSHES] = "switches_with_flush",
	[TLB_LAZY_ENTERED] = "lazy_entered", [TLB_LAZY_FLUSHED] = "lazy_left_by_flush",
	[TLB_FLUSHES_ALL] = "flushes_all", [TLB_FLUSHES_ONE] = "flushes_one",
	[TLB_FLUSHES_GLOBAL] = "flushes_global", [TLB_FLUSHES_KERNEL] = "flushes_kernel",
	[TLB_IPIS_SENT] = "ipis_sent", [TLB_IPIS_RECEIVED] = "ipis_received",
};

/* One entry, to be sorted; in_l1, in_l2: which levels have it. */
struct listed {
	u64 tag, pte;
	u8 asid, level;
	bool in_l1, in_l2;
};

static int by_tag(const void *a, const void *b)
{
	const struct listed *x = a, *y = b;

	if (x->asid != y->asid)
		return x->asid < y->asid ? -1 : 1;
	if (x->tag != y->tag)
		return x->tag < y->tag ? -1 : 1;
	return 0;
}

static u64 entry_addr(const struct machine *m, const struct listed *e)
{
	return (e->tag & ((1ULL << TLB_SIZE_SHIFT) - 1)) << table_shift(m, e->level);
}

/* The entries of an array that are some context's; how many. */
static unsigned int list_array(const struct cpu_tlb *tlb, const struct tlb_array *array,
			       struct listed *list, bool l1)
{
	unsigned int nr = 0;

	for (u64 i = 0; i < (u64)array->sets * array->ways; i++) {
		u64 tag = array->tags[i];

		for (u8 asid = 0; tag && asid < TLB_NR_DYN_ASIDS; asid++) {
			if (tlb->ctxs[asid].space != tag >> TLB_SPACE_SHIFT)
				continue;
			list[nr++] = (struct listed){
				.tag = tag & ((1ULL << TLB_SPACE_SHIFT) - 1),
				.pte = array->ptes[i], .asid = asid,
				.level = tag >> TLB_SIZE_SHIFT & 3, .in_l1 = l1, .in_l2 = !l1,
			};
		}
	}
	return nr;
}

/* Both levels' entries as one sorted list, each once. -ENOMEM. */
static int list_entries(const struct cpu_tlb *tlb, struct listed **listp, unsigned int *nrp)
{
	size_t room = (size_t)tlb->l1.sets * tlb->l1.ways + (size_t)tlb->l2.sets * tlb->l2.ways;
	struct listed *list = calloc(room, sizeof(*list));
	unsigned int nr, kept = 0;

	if (!list)
		return -ENOMEM;
	nr = list_array(tlb, &tlb->l1, list, true);
	nr += list_array(tlb, &tlb->l2, list + nr, false);
	qsort(list, nr, sizeof(*list), by_tag);
	for (unsigned int i = 0; i < nr; i++) {
		if (kept && !by_tag(&list[kept - 1], &list[i])) {
			list[kept - 1].in_l1 |= list[i].in_l1;
			list[kept - 1].in_l2 |= list[i].in_l2;
			continue;
		}
		list[kept++] = list[i];
	}
	*listp = list;
	*nrp = kept;
	return 0;
}

static void show_contexts(struct out *out, const struct machine *m, const struct cpu_tlb *tlb)
{
	for (unsigned int asid = 0; asid < TLB_NR_DYN_ASIDS; asid++) {
		const struct tlb_context *ctx = &tlb->ctxs[asid];
		const struct mm_struct *mm = ctx->space ? mm_by_ctx(m, ctx->ctx_id) : NULL;

		if (!ctx->space)
			continue;
		out_printf(out, "asid %u: ctx_id %" PRIu64 " tlb_gen %" PRIu64, asid, ctx->ctx_id,
			   ctx->tlb_gen);
		if (mm)
			out_printf(out, " of %" PRIu64, mm->tlb_gen);
		out_puts(out, ", ");
		show_mm_name(out, m, mm);
		out_puts(out, mm && ctx->tlb_gen != mm->tlb_gen ? ", to be flushed\n" : "\n");
	}
}

static const char *const size_names[2][3] = {
	{ "4K", "2M", "1G" }, { "4K", "4M", "" },
};

static void show_entry(struct out *out, const struct machine *m, const struct listed *e)
{
	out_printf(out, "%u 0x%" PRIx64 " %s 0x%" PRIx64 " %c%c%c%c %s\n", e->asid,
		   entry_addr(m, e), size_names[table_shift(m, 1) == 22][e->level],
		   pte_pfn(e->pte), e->pte & PTE_PRESENT ? 'r' : '-',
		   e->pte & PTE_RW ? 'w' : '-',
		   e->pte & PTE_NX || m->arch->entry_bytes != 8 ? '-' : 'x',
		   e->pte & PTE_DIRTY ? 'd' : '-',
		   e->in_l1 ? e->in_l2 ? "L1 L2" : "L1" : "L2");
}

static int tlb_show(struct out *out, const struct view *v)
{
	const struct machine *m = v->m;
	const struct cpu_tlb *tlb = cpu_tlb(m, v->id[V_CPU]);
	struct listed *list;
	unsigned int nr;
	int err = list_entries(tlb, &list, &nr);

	if (err)
		return err;
	out_puts(out, "loaded_mm: ");
	show_mm_name(out, m, tlb->loaded_mm);
	out_printf(out, "\nis_lazy: %d\nloaded_mm_asid: %u\nnext_asid: %u\npcid: %d\n"
		   "l1: %u sets of %u\nl2: %u sets of %u\n", tlb->is_lazy, tlb->loaded_mm_asid,
		   tlb->next_asid, m->pcid, tlb->l1.sets, tlb->l1.ways, tlb->l2.sets,
		   tlb->l2.ways);
	for (unsigned int i = 0; i < NR_TLB_FIGURES; i++)
		out_printf(out, "%s: %" PRIu64 "\n", figure_names[i], tlb->figures[i]);
	show_contexts(out, m, tlb);
	out_printf(out, "entries: %u\n", nr);
	for (unsigned int i = 0; i < nr; i++)
		show_entry(out, m, &list[i]);
	free(list);
	return 0;
}

static const char *const call_names[NR_TLB_CALLS] = {
#define TLB_CALL(name) [CALL_##name] = #name,
	TLB_CALLS(TLB_CALL)
#undef TLB_CALL
};

static const char *const reasons[NR_TLB_FLUSH_REASONS] = {
	[TLB_FLUSH_ON_TASK_SWITCH] = "flush on task switch",
	[TLB_REMOTE_SHOOTDOWN] = "remote shootdown",
	[TLB_LOCAL_SHOOTDOWN] = "local shootdown",
	[TLB_LOCAL_MM_SHOOTDOWN] = "local MM shootdown",
	[TLB_REMOTE_SEND_IPI] = "remote IPI send",
	[TLB_REMOTE_WRONG_CPU] = "remote wrong CPU",
};

static void show_trace(struct out *out, const struct machine *m, const struct tlb_trace *trace)
{
	const struct task_struct *task = trace->pid ? task_find(m, trace->pid) : NULL;
	const char *comm = trace->pid ? task ? task->comm : "<...>" : "<idle>";

	out_printf(out, "%16s-%-7u [%03u] %5" PRIu64 ".%06u: tlb_flush: pages:%" PRId64
		   " reason:%s (%u)\n", comm, trace->pid, trace->cpu, trace->when_ns / 1000000000,
		   (unsigned int)(trace->when_ns % 1000000000 / 1000), (s64)trace->pages,
		   reasons[trace->reason], trace->reason);
}

static int flushes_show(struct out *out, const struct view *v)
{
	const struct tlb_state *state = v->m->virt->tlb;
	u64 first = state->nr_traces - MIN(state->nr_traces, (u64)NR_TLB_TRACES);

	for (unsigned int i = 0; i < NR_TLB_CALLS; i++)
		out_printf(out, "%s: %" PRIu64 "\n", call_names[i], state->calls[i]);
	out_printf(out, "events: %" PRIu64 "\n", state->nr_traces);
	for (u64 i = first; i < state->nr_traces; i++)
		show_trace(out, v->m, &state->traces[i % NR_TLB_TRACES]);
	return 0;
}

static int ceiling_show(struct out *out, const struct view *v)
{
	out_printf(out, "%u\n", v->m->virt->tlb->single_page_flush_ceiling);
	return 0;
}

static int ceiling_store(struct store *s, const struct view *v, const char *text)
{
	u64 value;
	int err = sysfs_number(text, 0, &value);

	(void)v;
	if (err || value > INT32_MAX) {
		out_printf(s->sentence, "'%s' is no number from 0 to %d", text, INT32_MAX);
		return -EINVAL;
	}
	s->m->virt->tlb->single_page_flush_ceiling = (u32)value;
	return 0;
}

static const struct entry cpu_entries[] = {
	{ "tlb", S_IFREG | 0444, ALL, tlb_show,
	  .help = "What the CPU's TLB knows: the mm that is loaded, is_lazy (a kernel thread "
		  "runs on it, flushes can wait), figures since the boot, one line for each "
		  "address space id with the flushes that it has seen and the mm has had, and "
		  "each entry: id, address, size, page frame, rights (r w x, d: dirty), levels." },
};

static const struct entry sim_entries[] = {
	{ "flushes", S_IFREG | 0444, ALL, flushes_show,
	  .help = "How often each function that flushes TLBs or caches was called (those of "
		  "caches do nothing on x86), and the latest flushes, in the words of the "
		  "trace event tlb:tlb_flush; pages:-1 is a whole address space." },
};

static const struct entry x86_entries[] = {
	{ "tlb_single_page_flush_ceiling", S_IFREG | 0600, ALL, ceiling_show, ceiling_store },
};

static const struct dir cpu_dir = { DIR_FILES(cpu_entries) };
static const struct dir sim_dir = { DIR_FILES(sim_entries) };
static const struct dir x86_dir = { DIR_FILES(x86_entries) };

TREE_PARTS(tlb_parts, { "sim/cpu/<N>", &cpu_dir }, { "sim", &sim_dir },
	   { "sys/kernel/debug/x86", &x86_dir });
