// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * mm_structs are made empty, or as the copy of another, for a child. mm_users counts
 * the tasks of an mm, and who looks in: the last one takes its map down.
 */
#include "sim/base/bug.h"
#include "sim/phys/page_alloc.h"
#include "sim/virt/file.h"
#include "sim/virt/huge_memory.h"
#include "sim/virt/fork.h"
#include "sim/virt/ksm.h"
#include "sim/virt/memcontrol.h"
#include "sim/virt/memory.h"
#include "sim/virt/mm_slot.h"
#include "sim/virt/swap.h"
#include "sim/virt/mmap.h"
#include "sim/virt/pgtable.h"
#include "sim/virt/userfaultfd.h"
#include "sim/virt/virt.h"

#define MMF_DUMPABLE_BITS 2
#define MMF_DUMP_FILTER_SHIFT MMF_DUMPABLE_BITS
/* Anonymous memory, private and shared, ELF headers, hugetlb private. */
#define MMF_DUMP_FILTER_DEFAULT ((1 << 0 | 1 << 1 | 1 << 4 | 1 << 5) << MMF_DUMP_FILTER_SHIFT)
#define MMF_INIT_MASK (0x7ffULL | MMF_DISABLE_THP | MMF_HAS_MDWE | MMF_HAS_MDWE_NO_INHERIT)
#define VM_INIT_DEF_MASK VM_NOHUGEPAGE

/* What a child's mm, or that of the next program, keeps of this one's. */
static u64 inherited_flags(const struct machine *m, const struct mm_struct *mm)
{
	u64 flags = mm->flags;

	if (flags & MMF_HAS_MDWE_NO_INHERIT)
		flags &= ~(MMF_HAS_MDWE | MMF_HAS_MDWE_NO_INHERIT);
	return flags & (MMF_INIT_MASK | MMF_VM_MERGE_ANY |
			(rel_thp_disable_has_flags(m->release) ?
			 MMF_DISABLE_THP_EXCEPT_ADVISED : 0));
}

/* What every new mm begins with; its pgd is the last thing that can fail. */
static int mm_init(struct machine *m, struct task_struct *task, struct mm_struct *mm)
{
	const struct mm_struct *current_mm = task ? task->mm : NULL;
	int err;

	mm->mm_users = mm->mm_count = 1;
	mm->owner = task;
	mm->memcg = task ? memcg_id_of_task(m, task) : 0;
	mm->map_count = 0;
	mm->pgtables_bytes = 0;
	mm->pgd_symbol = NULL;
	mm->pgd = NULL;
	mm->pgd_pfn = PFN_NIL;
	mm->pgd_object = 0;
	mm->pte_base = 1;
	mm->pte_table = NULL;
	mm->locked_vm = mm->pinned_vm = 0;
	memset(mm->rss_stat, 0, sizeof(mm->rss_stat));
	memset(mm->cpumask, 0, sizeof(mm->cpumask));
	mm->tlb_gen = 0;
	mm->next_trim_cpumask = m->now_ns + TRIM_CPUMASK_NS;
	mm->exe_file = NULL;
	mm->mmlist_prev = mm->mmlist_next = NULL;
	mm->on_mmlist = false;
	mm->numa_next_scan = mm->numa_scan_offset = 0;
	mm->numa_scan_seq = 0;
	mm->hugetlb_usage = 0;
	mm->shares_hugetlb = false;
	mm->ksm_merging_pages = mm->ksm_rmap_items = mm->ksm_zero_pages = 0;
	mt_init(&mm->mm_mt, &m->virt->maple_pool, &mm_maple_ops, m);
	mm->flags = current_mm ? inherited_flags(m, current_mm) : MMF_DUMP_FILTER_DEFAULT;
	mm->def_flags = current_mm ? current_mm->def_flags & VM_INIT_DEF_MASK : 0;
	err = pgd_alloc(m, mm);
	if (!err)
		mm->ctx_id = m->virt->next_ctx_id++;
	return err;
}

static int mm_new(struct machine *m, struct task_struct *task, const struct mm_struct *like,
		  struct mm_struct **mm)
{
	struct mm_struct *new;
	u32 self;
	int err = new_object(m, &m->virt->mms, NUMA_NO_NODE, &new);

	if (err)
		return err;
	if (like) {
		self = new->self;
		*new = *like;
		new->self = self;
	}
	err = mm_init(m, task, new);
	if (err) {
		object_free(m, &m->virt->mms, new->self);
		return err;
	}
	*mm = new;
	return 0;
}

int mm_alloc(struct machine *m, struct task_struct *task, struct mm_struct **mm)
{
	int err = mm_new(m, task, NULL, mm);

	if (!err)
		mm_init_pkeys(m, *mm);
	return err;
}

int dup_mm(struct machine *m, struct task_struct *task, struct mm_struct **mm)
{
	struct mm_struct *old = task->mm;
	int err = mm_new(m, task, old, mm);

	if (err)
		return err;
	if (old->exe_file) {
		(*mm)->exe_file = get_file(old->exe_file);
		err = deny_write_access(old->exe_file);
		BUG_ON(m, err);	/* its parent's mm keeps writers out */
	}
	err = dup_mmap(m, *mm, old);
	if (err) {
		mmgrab(*mm);
		mmput(m, *mm);
		dup_userfaultfd_fail(m, *mm);
		mmdrop(m, *mm);
		*mm = NULL;
		return err;
	}
	(*mm)->hiwater_rss = get_mm_rss(*mm);
	(*mm)->hiwater_vm = (*mm)->total_vm;
	return 0;
}

/* How near the owner was: children, children of its parent, others. */
static unsigned int distance(const struct task_struct *task, const struct task_struct *owner)
{
	if (task->pid != task->tgid)
		return 2;
	return task->ppid == owner->tgid ? 0 : task->ppid == owner->ppid ? 1 : 2;
}

void mm_update_next_owner(struct machine *m, struct mm_struct *mm, struct task_struct *task)
{
	struct task_struct *next = NULL;

	if (mm->owner != task)
		return;
	for (struct task_struct *t = task_next(m, 0); t && mm->mm_users > 1;
	     t = task_next(m, t->pid + 1))
		if (t->mm == mm && t != task && (!next || distance(t, task) < distance(next, task)))
			next = t;
	mm->owner = next;
	if (next)
		mm->memcg = memcg_id_of_task(m, next);
}

void mmput(struct machine *m, struct mm_struct *mm)
{
	BUG_ON(m, mm->mm_users < 1);
	if (--mm->mm_users)
		return;
	khugepaged_exit(m, mm);
	exit_mmap(m, mm);
	mm_put_huge_zero_folio(m, mm);
	if (mm->exe_file) {
		allow_write_access(mm->exe_file);
		fput(m, mm->exe_file);
	}
	mm->exe_file = NULL;
	mm_off_mmlist(m, mm);
	mmdrop(m, mm);
}
