// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a real process was like when it ended, beside the one here: kmm-record writes these
 * lines. Mappings have to be the same. How much of them is in memory and how many faults
 * there were has to be the same within two hundredths, unless something that this machine
 * did explains it: sim/why says what was compared, and why it may differ.
 */
#include <inttypes.h>

#include "fs/core/call_task.h"
#include "fs/proc/task_mmu.h"
#include "sim/phys/page_alloc.h"
#include "sim/virt/memory.h"
#include "sim/virt/real.h"
#include "sim/virt/vma.h"

#define SCOPE_TASKS (1U << V_PID)
#define TOLERANCE 50		/* a 50th may be missing */

enum { KERNEL_RELEASE, KERNEL_BITS };
enum { VMA_START, VMA_END, VMA_PERMS, VMA_RSS, VMA_ANON, VMA_NAME };
enum { REAL_RSS, REAL_ANON, REAL_MINFLT, REAL_MAJFLT, REAL_PEAK };

static u64 kb(u64 bytes)
{
	return bytes >> 10;
}

/* `least`: where a single one is more than that part. */
static bool is_near(u64 ours, u64 real, u64 least)
{
	u64 difference = ours > real ? ours - real : real - ours;

	return difference * TOLERANCE <= real || difference <= least;
}

/* The name that maps shows in its line, without what it says of a file that is gone. */
static bool name_is(const struct vm_area_struct *vma, const char *line, const char *name)
{
	size_t len;

	/* Names of anonymous memory are a matter of how a kernel is built. */
	if (!strncmp(name, "[anon", 5))
		return !vma->vm_file;
	/* START-END PERMS OFFSET DEVICE INODE */
	for (unsigned int word = 0; word < 5; word++) {
		line += strcspn(line, " \n");
		line += strspn(line, " ");
	}
	len = strcspn(line, " \n");
	return len == strlen(name) && !memcmp(line, name, len);
}

static void rights_of(const struct vm_area_struct *vma, char text[5])
{
	u64 flags = vma->vm_flags;

	text[0] = flags & VM_READ ? 'r' : '-';
	text[1] = flags & VM_WRITE ? 'w' : '-';
	text[2] = flags & VM_EXEC ? 'x' : '-';
	text[3] = flags & VM_MAYSHARE ? 's' : 'p';
	text[4] = '\0';
}

static u64 bytes_in_memory(const struct vma_usage *usage)
{
	return usage->anon + usage->file + usage->shmem;
}

static int differs(struct call *call, const struct vm_area_struct *vma)
{
	char rights[5];

	if (!vma) {
		out_printf(call->sentence, "there is no mapping at %#" PRIx64,
			   call->args[VMA_START].value);
		return -ENOENT;
	}
	rights_of(vma, rights);
	out_printf(call->sentence, "here the mapping is %#" PRIx64 "-%#" PRIx64 " %s", vma->vm_start,
		   vma->vm_end, rights);
	return -EEXIST;
}

/* The mapping of the line's addresses, or the next behind; NULL: there is none. */
static const struct vm_area_struct *vma_at(const struct call *call)
{
	const struct mm_struct *mm = call->task->mm;

	return mm ? find_vma(call->m, mm, call->args[VMA_START].value) : NULL;
}

static int compare_vma(struct call *call, const char *line)
{
	const struct vm_area_struct *vma = vma_at(call);
	const struct arg *args = call->args;
	struct machine *m = call->m;
	struct vma_usage usage;
	char rights[5];

	if (!vma || vma->vm_start != args[VMA_START].value || vma->vm_end != args[VMA_END].value)
		return differs(call, vma);
	rights_of(vma, rights);
	if (strcmp(rights, args[VMA_PERMS].text))
		return differs(call, vma);
	if (args[VMA_NAME].given && !name_is(vma, line, args[VMA_NAME].text)) {
		out_printf(call->sentence, "here the mapping has another name than '%.100s': see maps",
			   args[VMA_NAME].text);
		return -EEXIST;
	}
	vma_usage(m, vma, &usage);
	if (kb(bytes_in_memory(&usage)) != args[VMA_RSS].value ||
	    kb(usage.anon) != args[VMA_ANON].value)
		machine_why_call(m, "%#" PRIx64 " %s %s: Rss %" PRIu64 " kB here, %" PRIu64 " kB real; "
				 "anonymous %" PRIu64 " kB, %" PRIu64 " kB", vma->vm_start, rights,
				 args[VMA_NAME].given ? args[VMA_NAME].text : "",
				 kb(bytes_in_memory(&usage)), args[VMA_RSS].value,
				 kb(usage.anon), args[VMA_ANON].value);
	return 0;
}

static int run_real_vma(struct call *call)
{
	const struct vm_area_struct *vma = vma_at(call);
	struct out line = OUT_INIT;
	int err;

	if (vma)
		show_map_vma(&line, call->m, vma);
	err = out_error(&line) ? call_no_host_memory(call) : call_needs_range(call, 0);
	if (!err)
		err = compare_vma(call, line.text);
	out_free(&line);
	return err;
}

static void fill_ours(const struct machine *m, const struct task_struct *task,
		      struct real_process *p)
{
	const struct vm_area_struct *vma = task->mm ? vma_first(m, task->mm) : NULL;
	const struct task_struct *thread;

	p->pid = task->tgid;
	memcpy(p->comm, task->comm, TASK_COMM_LEN - 1);
	for (; vma; vma = vma_next(m, vma)) {
		struct vma_usage usage;

		vma_usage(m, vma, &usage);
		p->ours.rss += bytes_in_memory(&usage);
		p->ours.anon += usage.anon;
		p->swap += usage.swap;
		p->filled |= vma->vm_flags & VM_UFFD_MISSING;
	}
	if (task->mm)
		p->ours.peak = MAX(task->mm->hiwater_rss,
				   get_mm_resident(task->mm)) << PAGE_SHIFT;
	p->ours.minflt = task->signal->min_flt;
	p->ours.majflt = task->signal->maj_flt;
	for (thread = thread_next(m, task->tgid, 0); thread;
	     thread = thread_next(m, task->tgid, thread->pid + 1)) {
		p->ours.minflt += thread->min_flt;
		p->ours.majflt += thread->maj_flt;
	}
}

static bool near_faults(const struct real_process *p)
{
	return is_near(p->ours.minflt + p->ours.majflt, p->real.minflt + p->real.majflt, 1);
}

/* More of its files is mapped there by as many faults, of which execve's own may be a major one. */
static bool maps_more(const struct real_process *p)
{
	return p->real.rss > p->ours.rss && p->real.rss / 2 < p->ours.rss &&
	       p->real.anon == p->ours.anon && near_faults(p) &&
	       is_near(p->ours.majflt, p->real.majflt, 1);
}

/*
 * What this machine did that a real one need not have done, or the other way round; NULL:
 * nothing.
 */
static const char *cause_of(const struct machine *m, const struct real_process *p)
{
	if (p->swap)
		return "parts of it are in swap";
	if (p->filled)
		return "userfaultfd: what is filled is there before it faults";
	if (m->event[PGSTEAL_KSWAPD] || m->event[PGSTEAL_DIRECT])
		return "memory was short: pages were reclaimed";
	if (!rel_maps_folios_around(m->release))
		return "the release is another one: execve and faults touch other pages";
	if (m->event[THP_FAULT_ALLOC])
		return "huge pages";
	if (maps_more(p))
		return "large folios of files, mapped whole: how they came to the cache there is not recorded";
	if (p->ours.majflt > p->real.majflt)
		return "files were not in memory";
	if (p->real.majflt > p->ours.majflt)
		return "files were not in memory there";
	return NULL;
}

static void explain(struct machine *m, const struct real_process *p)
{
	machine_why_call(m, "here: Rss %" PRIu64 " kB (%" PRIu64 " kB anonymous, %" PRIu64
			 " kB in swap), %" PRIu64 " + %" PRIu64 " faults; real: Rss %" PRIu64
			 " kB (%" PRIu64 " kB anonymous), %" PRIu64 " + %" PRIu64 " faults%s%s",
			 kb(p->ours.rss), kb(p->ours.anon), kb(p->swap), p->ours.minflt,
			 p->ours.majflt, kb(p->real.rss), kb(p->real.anon), p->real.minflt,
			 p->real.majflt, p->cause ? ": " : "", p->cause ? p->cause : "");
}

static int run_real_figures(struct call *call)
{
	const struct arg *args = call->args;
	struct real_process p = {
		.real = {
			.rss = args[REAL_RSS].value << 10, .anon = args[REAL_ANON].value << 10,
			.peak = args[REAL_PEAK].value << 10,
			.minflt = args[REAL_MINFLT].value, .majflt = args[REAL_MAJFLT].value,
		},
	};
	int err = call_needs(call, &(struct virt_need){ .pages = 64, .objects = 64,
							.bytes = sizeof(p) });

	if (err)
		return err;
	fill_ours(call->m, call->task, &p);
	p.near = is_near(p.ours.rss, p.real.rss, PAGE_SIZE) && near_faults(&p);
	p.cause = p.near ? NULL : cause_of(call->m, &p);
	err = real_process_add(call->m, &p);
	if (err)
		return err;
	explain(call->m, &p);
	if (p.near || p.cause)
		return 0;
	out_printf(call->sentence, "here: Rss %" PRIu64 " kB (%" PRIu64 " kB anonymous), %" PRIu64
		   " + %" PRIu64 " faults, which nothing explains", kb(p.ours.rss),
		   kb(p.ours.anon), p.ours.minflt, p.ours.majflt);
	return -ERANGE;
}

/* Where things lie is another matter on another kernel: said here, before it shows. */
static int run_real_kernel(struct call *call)
{
	const struct arg *args = call->args;
	const struct machine *m = call->m;
	const char *release = release_name(m->release);
	unsigned int bits = m->arch->bits;

	if (!strcmp(args[KERNEL_RELEASE].text, release) && args[KERNEL_BITS].value == bits)
		return 0;
	out_printf(call->sentence, "this was recorded on Linux %s of %" PRIu64 " bits, and here runs %s "
		   "of %u: boot a machine whose file has that release, and an arch of as many bits",
		   args[KERNEL_RELEASE].text, args[KERNEL_BITS].value, release, bits);
	return -ERANGE;
}

static const struct verb verbs[] = {
	{ "real_kernel", { A_WORD, A_NUMBER }, run_real_kernel, RESULT_NONE, 0, SCOPE_TASKS,
	  "RELEASE BITS",
	  "The kernel that a recording was made on, 6.18 or 6.1, and the bits of its programs: the "
	  "line fails on a machine of another one, where other calls give other addresses." },
	{ "real_vma", { A_ADDR, A_ADDR, A_WORD, A_NUMBER, A_NUMBER, A_PATH | A_OPTIONAL },
	  run_real_vma, RESULT_NONE, 0, SCOPE_TASKS, "START END RIGHTS RSS ANONYMOUS [NAME]",
	  "Compare a mapping with the one that a real process had: same range, rights and name, or "
	  "the line fails. sim/why says so where other parts of it are in memory (in kB)." },
	{ "real_figures", { A_NUMBER, A_NUMBER, A_NUMBER, A_NUMBER, A_NUMBER | A_OPTIONAL },
	  run_real_figures, RESULT_NONE, 0, SCOPE_TASKS, "RSS ANONYMOUS MINFLT MAJFLT [PEAK]",
	  "Compare what this process has in memory (in kB) and its faults with a real one's: the "
	  "line fails if they differ by more than 2 % and this machine did nothing that explains "
	  "it. PEAK is the most that was in memory at once, which is not compared. sim/real and "
	  "sim/why have the figures." },
};

const struct verb_table real_verbs = { verbs, ARRAY_SIZE(verbs) };
