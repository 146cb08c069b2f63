// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Limits of address spaces, and memory that is promised: Committed_AS counts pages of
 * private writable mappings (and shared memory, which shmem charges itself), whether
 * they exist or not. What a request may add is the policy of vm.overcommit_memory.
 */
#include "sim/boot/boot_log.h"
#include "sim/phys/page_alloc.h"
#include "sim/phys/tunables.h"
#include "sim/virt/blk.h"
#include "sim/virt/hugetlb.h"
#include "sim/virt/mmap.h"
#include "sim/virt/sched.h"
#include "sim/virt/vma_internal.h"

typedef unsigned long long ull;

enum { OVERCOMMIT_GUESS, OVERCOMMIT_ALWAYS, OVERCOMMIT_NEVER };
#define KB_PAGES(kb) ((kb) >> (PAGE_SHIFT - 10))

static const struct rlimit *limit_of(const struct task_struct *task, enum rlimit_id id)
{
	return &task->signal->rlim[id];
}

bool may_expand_vm(struct machine *m, const struct task_struct *task,
		   const struct mm_struct *mm, u64 vm_flags, u64 nr_pages)
{
	const struct rlimit *as = limit_of(task, RLIMIT_AS);
	const struct rlimit *data = limit_of(task, RLIMIT_DATA);

	if (mm->total_vm + nr_pages > as->cur >> PAGE_SHIFT) {
		machine_why(m, "RLIMIT_AS: %llu pages and %llu more are over %llu",
			    (ull)mm->total_vm, (ull)nr_pages, (ull)as->cur >> PAGE_SHIFT);
		return false;
	}
	if (!is_data_mapping(vm_flags) ||
	    mm->data_vm + nr_pages <= data->cur >> PAGE_SHIFT)
		return true;
	/* A soft limit of 0 means the hard one. */
	if (!data->cur && mm->data_vm + nr_pages <= data->max >> PAGE_SHIFT)
		return true;
	machine_why(m, "RLIMIT_DATA: %llu pages and %llu more are over %llu",
		    (ull)mm->data_vm, (ull)nr_pages, (ull)data->cur >> PAGE_SHIFT);
	return false;
}

bool accountable_mapping(const struct file *file, u64 vm_flags)
{
	if (is_file_hugepages(file))
		return false;
	return (vm_flags & (VM_NORESERVE | VM_SHARED | VM_WRITE)) == VM_WRITE;
}

bool can_do_mlock(const struct task_struct *task)
{
	return limit_of(task, RLIMIT_MEMLOCK)->cur || task->cap_ipc_lock;
}

bool mlock_future_ok(const struct task_struct *task, const struct mm_struct *mm,
		     u64 vm_flags, u64 bytes)
{
	u64 pages = mm->locked_vm + (bytes >> PAGE_SHIFT);

	return !(vm_flags & VM_LOCKED) || task->cap_ipc_lock ||
	       pages <= limit_of(task, RLIMIT_MEMLOCK)->cur >> PAGE_SHIFT;
}

/* Mode 2: what may be promised to this task, of what the limit allows. */
static s64 commit_allowed(const struct machine *m, const struct task_struct *task,
			  const struct mm_struct *mm)
{
	s64 allowed = (s64)vm_commit_limit(m);

	if (!task)
		task = cpu_of(m, m->cpu)->current;
	if (!task->cap_sys_admin)
		allowed -= (s64)KB_PAGES(m->tunables->admin_reserve_kbytes);
	if (mm)
		allowed -= (s64)MIN(mm->total_vm / 32,
				    KB_PAGES(m->tunables->user_reserve_kbytes));
	return allowed;
}

static bool enough_memory(struct machine *m, const struct task_struct *task,
			  const struct mm_struct *mm, u64 nr_pages)
{
	s64 allowed;

	switch (m->tunables->overcommit_memory) {
	case OVERCOMMIT_ALWAYS:
		return true;
	case OVERCOMMIT_GUESS:
		return nr_pages <= m->totalram_pages + (u64)m->total_swap_pages;
	default:
		allowed = commit_allowed(m, task, mm);
		if (MAX(m->virt->committed_as, 0) < allowed)
			return true;
		machine_why(m, "vm.overcommit_memory=2: %lld pages would be committed, "
			    "%lld are allowed", (long long)m->virt->committed_as,
			    (long long)allowed);
		return false;
	}
}

#define RATELIMIT_INTERVAL_NS 5000000000ULL
#define RATELIMIT_BURST 10

bool ratelimit(struct machine *m, struct ratelimit *rs, const char *who, u64 interval_ns,
	       unsigned int burst)
{
	const u64 now_ns = blk_now(m);

	if (!rs->printed)
		rs->begin_ns = now_ns;
	if (now_ns > rs->begin_ns + interval_ns) {
		if (rs->missed)
			printk(m, 4, "%s: %u callbacks suppressed", who, rs->missed);
		*rs = (struct ratelimit){ .begin_ns = now_ns };
	}
	if (rs->printed == burst) {
		rs->missed++;
		return false;
	}
	rs->printed++;
	return true;
}

static void warn_overcommit(struct machine *m, u64 nr_pages)
{
	static const char who[] = "__vm_enough_memory";
	const struct task_struct *task = current_task(m);

	if (!task || !ratelimit(m, &m->virt->overcommit_warnings, who, RATELIMIT_INTERVAL_NS,
				 RATELIMIT_BURST))
		return;
	if (rel_overcommit_says_bytes(m->release))
		printk(m, 4, "%s: pid: %u, comm: %s, bytes: %llu not enough memory for the "
		       "allocation", who, task->pid, task->comm, (ull)nr_pages << PAGE_SHIFT);
	else
		printk(m, 4, "%s: pid: %u, comm: %s, no enough memory for the allocation", who,
		       task->pid, task->comm);
}

int security_vm_enough_memory(struct machine *m, const struct task_struct *task,
			      const struct mm_struct *mm, u64 nr_pages)
{
	m->virt->committed_as += (s64)nr_pages;
	if (likely(enough_memory(m, task, mm, nr_pages)))
		return 0;
	m->virt->committed_as -= (s64)nr_pages;
	warn_overcommit(m, nr_pages);
	machine_why(m, "%llu pages are more than vm.overcommit_memory=%d lets a task have",
		    (ull)nr_pages, m->tunables->overcommit_memory);
	return -ENOMEM;
}

void vm_unacct_memory(struct machine *m, u64 nr_pages)
{
	m->virt->committed_as -= (s64)nr_pages;
}
