// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * PID/stat, statm and schedstat: one line of numbers. In a process's stat faults and time
 * are those of all its threads, in a thread's its own.
 */
#include <inttypes.h>

#include "fs/proc/pid.h"
#include "sim/virt/memory.h"

#define USER_HZ_NS 10000000ULL	/* stat counts in clock ticks of 1/100 s */

struct sums {
	u64 min, cmin, maj, cmaj, stime_ns, cstime_ns;
};

static void sum_threads(const struct view *v, const struct task_struct *t, struct sums *f)
{
	*f = (struct sums){ .min = t->min_flt, .maj = t->maj_flt, .stime_ns = t->stime_ns };
	if (!t->signal || (t->flags & PF_KTHREAD))
		return;
	f->cmin = t->signal->cmin_flt;
	f->cmaj = t->signal->cmaj_flt;
	f->cstime_ns = t->signal->cstime_ns;
	if (view_is_thread(v))
		return;
	f->min = t->signal->min_flt;
	f->maj = t->signal->maj_flt;
	f->stime_ns = t->signal->stime_ns;
	for (const struct task_struct *i = thread_next(v->m, t->tgid, 0); i;
	     i = thread_next(v->m, t->tgid, i->pid + 1)) {
		f->min += i->min_flt;
		f->maj += i->maj_flt;
		f->stime_ns += i->stime_ns;
	}
}

static void show_size(struct out *out, const struct machine *m, const struct task_struct *t)
{
	u64 limit = t->signal ? t->signal->rlim[RLIMIT_RSS].cur : RLIM_INFINITY;

	out_printf(out, " %" PRIu64 " %" PRIu64, t->mm ? t->mm->total_vm << PAGE_SHIFT : 0,
		   t->mm ? get_mm_rss(t->mm) : 0);
	if (limit == RLIM_INFINITY && m->arch->bits == 32)
		limit = 0xffffffff;
	out_printf(out, " %" PRIu64, limit);
}

/* Addresses of a program, which a thread of the kernel has not. */
static void show_code(struct out *out, const struct mm_struct *mm)
{
	if (mm)
		out_printf(out, " %" PRIu64 " %" PRIu64 " %" PRIu64 " 0 0", mm->start_code,
			   mm->end_code, mm->start_stack);
	else
		out_puts(out, " 0 0 0 0 0");
}

static void show_data(struct out *out, const struct mm_struct *mm)
{
	if (mm)
		out_printf(out, " %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64
			   " %" PRIu64 " %" PRIu64, mm->start_data, mm->end_data, mm->start_brk,
			   mm->arg_start, mm->arg_end, mm->env_start, mm->env_end);
	else
		out_puts(out, " 0 0 0 0 0 0 0");
}

static u64 ignored_signals(const struct task_struct *t)
{
	if (t->flags & PF_KTHREAD)
		return 2147483647;
	return t->sighand ? t->sighand->ignored & 0x7fffffff : 0;
}

static int stat_show(struct out *out, const struct view *v)
{
	const struct task_struct *t = view_task(v);
	const struct signal_struct *sig = t->signal;
	s32 nr_threads = sig && !(t->flags & PF_KTHREAD) ? sig->nr_threads : 1;
	struct sums f;

	sum_threads(v, t, &f);
	out_printf(out, "%u (%s) %c %u %u %u 0 -1 %u", t->pid, t->comm, t->state, t->ppid,
		   sig ? sig->pgid : 0, sig ? sig->sid : 0, t->flags);
	out_printf(out, " %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 " 0 %" PRIu64 " 0 %" PRIu64,
		   f.min, f.cmin, f.maj, f.cmaj, (u64)(f.stime_ns / USER_HZ_NS),
		   (u64)(f.cstime_ns / USER_HZ_NS));
	out_printf(out, " %d %d %d 0 %" PRIu64, task_prio(t), t->nice, nr_threads,
		   (u64)(t->start_ns / USER_HZ_NS));
	show_size(out, v->m, t);
	show_code(out, t->mm);
	out_printf(out, " 0 0 %" PRIu64 " 0 %d 0 0", ignored_signals(t), t->state != 'R');
	out_printf(out, " %d %d %u %u 0 0 0", t->exit_signal,
		   t->flags & PF_KTHREAD ? MAX(t->cpu, 0) : MAX(t->last_cpu, 0),
		   t->rt_priority, t->policy);
	show_data(out, t->mm);
	out_printf(out, " %u\n", t->exit_code);
	return 0;
}

static int statm_show(struct out *out, const struct view *v)
{
	const struct mm_struct *mm = view_task(v)->mm;
	u64 text;

	if (!mm) {
		out_puts(out, "0 0 0 0 0 0 0\n");
		return 0;
	}
	text = mm_text_bytes(mm) >> PAGE_SHIFT;
	out_printf(out, "%" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 " 0 %" PRIu64 " 0\n",
		   mm->total_vm, get_mm_resident(mm),
		   get_mm_counter(mm, MM_FILEPAGES) + get_mm_counter(mm, MM_SHMEMPAGES), text,
		   mm->data_vm + mm->stack_vm);
	return 0;
}

/* Time on a CPU; nobody waits for one, or is put off it. */
static int schedstat_show(struct out *out, const struct view *v)
{
	out_printf(out, "%" PRIu64 " 0 0\n", view_task(v)->stime_ns);
	return 0;
}

static const struct entry entries[] = {
	FILE_ROW("schedstat", 0444, schedstat_show),
	FILE_ROW("stat", 0444, stat_show),
	FILE_ROW("statm", 0444, statm_show),
};
static const struct dir stat_dir = { DIR_FILES(entries) };

TREE_PARTS(pid_stat_parts, { "proc/<PID>", &stat_dir }, { "proc/<PID>/task/<TID>", &stat_dir });
