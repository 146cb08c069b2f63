// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * PID/status. The lines about memory are those of tasks that have some: threads of
 * the kernel and zombies skip them.
 */
#include <inttypes.h>

#include "fs/core/figures.h"
#include "fs/proc/pid.h"
#include "sim/phys/tunables.h"
#include "sim/virt/cred.h"
#include "sim/virt/file.h"
#include "sim/virt/mempolicy.h"
#include "sim/virt/memory.h"
#include "sim/virt/thp.h"
#include "sim/virt/sched.h"

struct state_row {
	char state;
	const char *text;
};

static const struct state_row states[] = {
	{ 'R', "R (running)" }, { 'S', "S (sleeping)" }, { 'D', "D (disk sleep)" },
	{ 'T', "T (stopped)" }, { 'X', "X (dead)" }, { 'Z', "Z (zombie)" },
	{ 'I', "I (idle)" },
};

static const char *state_text(char state)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(states); i++) {
		if (states[i].state == state)
			return states[i].text;
	}
	return "S (sleeping)";
}

static void show_ids(struct out *out, const struct view *v)
{
	const struct task_struct *t = view_task(v);
	u32 pgid = t->signal ? t->signal->pgid : 0, sid = t->signal ? t->signal->sid : 0;

	out_printf(out, "Tgid:\t%u\nNgid:\t0\nPid:\t%u\nPPid:\t%u\nTracerPid:\t0\n", t->tgid,
		   t->pid, t->ppid);
	out_printf(out, "Uid:\t%u\t%u\t%u\t%u\nGid:\t%u\t%u\t%u\t%u\n", t->uid, t->uid, t->uid,
		   t->uid, t->gid, t->gid, t->gid, t->gid);
	out_printf(out, "FDSize:\t%u\nGroups:\t \n", t->files && t->files->nr_slots ?
		   t->files->nr_slots : v->m->arch->bits);
	out_printf(out, "NStgid:\t%u\nNSpid:\t%u\nNSpgid:\t%u\nNSsid:\t%u\n", t->tgid, t->pid,
		   pgid, sid);
}

static void show_kb(struct out *out, const char *label, u64 kb)
{
	out_puts(out, label);
	out_u64(out, kb, 8);
	out_puts(out, " kB\n");
}

static void show_pages(struct out *out, const char *label, u64 pages)
{
	show_kb(out, label, pages << (PAGE_SHIFT - 10));
}

static void show_memory(struct out *out, const struct machine *m, const struct mm_struct *mm)
{
	u64 anon = get_mm_counter(mm, MM_ANONPAGES), file = get_mm_counter(mm, MM_FILEPAGES);
	u64 shmem = get_mm_counter(mm, MM_SHMEMPAGES), rss = get_mm_resident(mm);
	u64 exec = mm->exec_vm << PAGE_SHIFT;
	u64 text = MIN(mm_text_bytes(mm), exec);

	show_pages(out, "VmPeak:\t", MAX(mm->hiwater_vm, mm->total_vm));
	show_pages(out, "VmSize:\t", mm->total_vm);
	show_pages(out, "VmLck:\t", mm->locked_vm);
	show_pages(out, "VmPin:\t", mm->pinned_vm);
	show_pages(out, "VmHWM:\t", MAX(mm->hiwater_rss, rss));
	show_pages(out, "VmRSS:\t", rss);
	show_pages(out, "RssAnon:\t", anon);
	show_pages(out, "RssFile:\t", file);
	show_pages(out, "RssShmem:\t", shmem);
	show_pages(out, "VmData:\t", mm->data_vm);
	show_pages(out, "VmStk:\t", mm->stack_vm);
	show_kb(out, "VmExe:\t", text >> 10);
	show_kb(out, "VmLib:\t", (exec - text) >> 10);
	show_kb(out, "VmPTE:\t", mm->pgtables_bytes >> 10);
	show_pages(out, "VmSwap:\t", get_mm_counter(mm, MM_SWAPENTS));
	show_pages(out, "HugetlbPages:\t", mm->hugetlb_usage);
	out_puts(out, "CoreDumping:\t0\n");
	out_printf(out, "THP_enabled:\t%d\n", !(mm->flags & MMF_DISABLE_THP));
	if (rel_status_has_untag_mask(m->release) && m->arch->bits == 64)
		out_puts(out, "untag_mask:\t0xffffffffffffffff\n");
}

static void show_signals(struct out *out, const struct machine *m, const struct task_struct *t)
{
	u64 ignored = t->flags & PF_KTHREAD ? ~0ULL : t->sighand ? t->sighand->ignored : 0;
	bool kernel = t->flags & PF_KTHREAD;
	u64 permitted = kernel ? CAP_FULL_SET : t->cap_permitted;
	u64 effective = kernel ? CAP_FULL_SET : t->cap_effective;

	out_printf(out, "Threads:\t%d\nSigQ:\t0/%" PRIu64 "\n",
		   t->signal ? MAX(t->signal->nr_threads, 1) : 1,
		   (u64)(m->tunables->threads_max / 2));
	out_printf(out, "SigPnd:\t%016x\nShdPnd:\t%016x\nSigBlk:\t%016x\nSigIgn:\t%016" PRIx64 "\n"
		   "SigCgt:\t%016x\n", 0, 0, 0, ignored, 0);
	out_printf(out, "CapInh:\t%016x\nCapPrm:\t%016" PRIx64 "\nCapEff:\t%016" PRIx64 "\n"
		   "CapBnd:\t000001ffffffffff\nCapAmb:\t%016x\nNoNewPrivs:\t0\nSeccomp:\t0\n"
		   "Seccomp_filters:\t0\nSpeculation_Store_Bypass:\tnot vulnerable\n"
		   "SpeculationIndirectBranch:\talways enabled\n", 0, permitted, effective, 0);
}

static void task_cpus(const struct machine *m, const struct task_struct *t,
		      u64 words[CPU_WORDS])
{
	memset(words, 0, CPU_WORDS * sizeof(*words));
	for (unsigned int cpu = 0; cpu < m->nr_cpus; cpu++) {
		if (task_cpu_allowed(m, t, cpu))
			words[cpu / 64] |= 1ULL << (cpu % 64);
	}
	/* A node without CPUs: its threads run anywhere. */
	for (unsigned int i = 0; i < CPU_WORDS; i++) {
		if (words[i])
			return;
	}
	cpus_of_machine(m, words);
}

static void show_allowed(struct out *out, const struct machine *m,
			 const struct task_struct *t)
{
	u64 cpus[CPU_WORDS], nodes[NODE_SET_WORDS] = { mems_allowed(m, t) };

	task_cpus(m, t, cpus);
	out_puts(out, "Cpus_allowed:\t");
	out_bitmap_mask(out, cpus, m->nr_cpus);
	out_puts(out, "\nCpus_allowed_list:\t");
	out_bitmap_list(out, cpus, m->nr_cpus);
	out_puts(out, "\nMems_allowed:\t");
	out_bitmap_mask(out, nodes, machine_max_nodes(m));
	out_puts(out, "\nMems_allowed_list:\t");
	out_bitmap_list(out, nodes, machine_max_nodes(m));
	out_putc(out, '\n');
}

static int status_show(struct out *out, const struct view *v)
{
	const struct task_struct *t = view_task(v);

	out_printf(out, "Name:\t%s\nUmask:\t0022\nState:\t%s\n", t->comm, state_text(t->state));
	show_ids(out, v);
	if (rel_status_has_kthread(v->m->release))
		out_printf(out, "Kthread:\t%d\n", (t->flags & PF_KTHREAD) != 0);
	if (t->mm)
		show_memory(out, v->m, t->mm);
	show_signals(out, v->m, t);
	show_allowed(out, v->m, t);
	out_printf(out, "voluntary_ctxt_switches:\t%" PRIu64 "\nnonvoluntary_ctxt_switches:\t%" PRIu64
		   "\n", MAX(t->nvcsw, (u64)(t->mm ? 0 : 1)), t->nivcsw);
	if (rel_status_has_thread_features(v->m->release) && v->m->arch->bits == 64)
		out_puts(out, "x86_Thread_features:\t\nx86_Thread_features_locked:\t\n");
	return 0;
}

static const struct entry entries[] = { FILE_ROW("status", 0444, status_show) };
static const struct dir status_dir = { DIR_FILES(entries) };

TREE_PARTS(pid_status_parts, { "proc/<PID>", &status_dir },
	   { "proc/<PID>/task/<TID>", &status_dir });
