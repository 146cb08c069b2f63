// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The mappings of a page that failed become entries that name it, so that who comes by is
 * told; those of a page that a disk has as it was just go. Who is told at once: whoever
 * asked for that, and the one whose access found out.
 */
#include "sim/virt/memory_failure.h"

#include "sim/boot/boot_log.h"
#include "sim/phys/folio.h"
#include "sim/phys/lru.h"
#include "sim/phys/tunables.h"
#include "sim/virt/file.h"
#include "sim/virt/fork.h"
#include "sim/virt/hugetlb.h"
#include "sim/virt/memory_internal.h"
#include "sim/virt/migrate.h"
#include "sim/virt/rmap.h"
#include "sim/virt/task.h"
#include "sim/virt/tlb.h"
#include "sim/virt/userfaultfd.h"

typedef unsigned long long ull;

#define MAX_KILLS 256	/* kmalloc() of more, without waiting, may fail */

/* -- who is told -------------------------------------------------------------- */

struct to_kill {
	u32 pid;
	u64 addr;
};

struct collection {
	struct machine *m;
	u64 pfn;		/* of a huge page of a pool: its head */
	u64 offset;		/* bytes from there to what failed */
	const struct task_struct *task;	/* who is to be told what its mm has */
	struct to_kill kills[MAX_KILLS];
	unsigned int nr;
};

static const struct task_struct *find_early_kill_thread(const struct machine *m,
							 const struct task_struct *process)
{
	const struct task_struct *thread;

	for (u32 pid = 0; (thread = thread_next(m, process->tgid, pid + 1)); pid = thread->pid) {
		if (thread->flags & PF_MCE_PROCESS ? thread->flags & PF_MCE_EARLY :
						     m->tunables->memory_failure_early_kill != 0)
			return thread;
	}
	return NULL;
}

static const struct task_struct *task_early_kill(const struct machine *m,
						  const struct task_struct *process,
						  bool force_early)
{
	const struct task_struct *current = current_task(m);

	if (!process->mm)
		return NULL;
	if (force_early && current && process->mm == current->mm)
		return current;
	return find_early_kill_thread(m, process);
}

static int add_to_kill(void *arg, struct vm_area_struct *vma, u64 addr)
{
	struct collection *c = arg;
	const u64 *pte = is_vm_hugetlb_page(vma) ? huge_pte_offset(c->m, vma, addr) :
						   pte_offset_map(c->m, vma->vm_mm, addr);

	if (vma->vm_mm != c->task->mm || addr < vma->vm_start || addr >= vma->vm_end)
		return 0;
	/* Who only could have it mapped is told as well, if it is a file's. */
	if (page_flag(pfn_to_page(c->m, c->pfn), PG_anon) &&
	    (!pte || !pte_present(*pte) || vm_normal_page(*pte) != c->pfn))
		return 0;
	if (c->nr == MAX_KILLS)
		printk(c->m, 3, "Memory failure: Out of memory while machine check handling");
	else
		c->kills[c->nr++] = (struct to_kill){ c->task->pid, addr + c->offset };
	return 0;
}

static void collect_procs(struct collection *c, bool force_early)
{
	struct task_struct *process;

	for (u32 pid = 0; (process = process_next(c->m, pid + 1)); pid = process->pid) {
		c->task = task_early_kill(c->m, process, force_early);
		if (c->task)
			(void)rmap_walk(c->m, c->pfn, add_to_kill, c);
	}
}

static void kill_proc(struct machine *m, u64 pfn, const struct to_kill *kill, unsigned int flags)
{
	const struct task_struct *current = flags & MF_COUNT_INCREASED ? current_task(m) : NULL;
	struct task_struct *task = task_find(m, kill->pid);

	if (!task || !task_alive(task))
		return;
	printk(m, 3, "Memory failure: %#llx: Sending SIGBUS to %s:%u due to hardware memory "
	       "corruption", (ull)pfn, task->comm, task->pid);
	if (current && task->tgid == current->tgid)
		send_sig_mceerr(task, flags & MF_ACTION_REQUIRED && task == current ?
				BUS_MCEERR_AR : BUS_MCEERR_AO, kill->addr);
	else
		send_sig(m, task, SIGBUS);
}

static void kill_procs(const struct collection *c, unsigned int flags)
{
	for (unsigned int i = 0; i < c->nr; i++)
		kill_proc(c->m, c->pfn, &c->kills[i], flags);
}

void hwpoison_kill_procs(struct machine *m, u64 pfn, unsigned int flags)
{
	struct collection c = { .m = m, .pfn = pfn };

	collect_procs(&c, flags & MF_ACTION_REQUIRED);
	kill_procs(&c, flags);
}

/* -- mappings ----------------------------------------------------------------- */

struct unmap {
	struct machine *m;
	u32 pfn;
	bool leave_entries;
};

static int unmap_one(void *arg, struct vm_area_struct *vma, u64 addr)
{
	const struct unmap *u = arg;
	struct machine *m = u->m;
	pte_t *pte = pte_offset_map(m, vma->vm_mm, addr), old;

	if (addr < vma->vm_start || addr >= vma->vm_end || !pte || !pte_present(*pte) ||
	    vm_normal_page(*pte) != u->pfn)
		return 0;
	flush_cache_page(m, vma, addr, u->pfn);
	old = ptep_clear_flush(m, vma, addr, pte);
	if (old & PTE_DIRTY)
		set_page_dirty(m, u->pfn);
	update_hiwater_rss(vma->vm_mm);
	add_mm_counter(m, vma->vm_mm, mm_counter_of(pfn_to_page(m, u->pfn)), -1);
	if (u->leave_entries)
		*pte = make_hwpoison_entry(u->pfn);
	else if (old & PTE_UFFD_WP && userfaultfd_wp_use_markers(m, vma))
		*pte = PTE_UFFD_MARKER;
	page_remove_rmap(m, u->pfn, vma);
	if (vma->vm_flags & VM_LOCKED)
		mlock_drain_local(m);
	put_page(m, u->pfn);
	return 0;
}

/* The whole huge page, in one entry. */
static int unmap_huge(void *arg, struct vm_area_struct *vma, u64 addr)
{
	const struct unmap *u = arg;
	struct machine *m = u->m;
	u64 *entry = is_vm_hugetlb_page(vma) ? huge_pte_offset(m, vma, addr) : NULL;

	if (!entry || !pte_present(*entry) || pte_pfn(*entry) != u->pfn ||
	    huge_pmd_leave(m, vma, addr))
		return 0;
	if (*entry & PTE_DIRTY)
		page_set_flag(pfn_to_page(m, u->pfn), PG_dirty);
	*entry = make_hwpoison_entry(u->pfn);
	flush_tlb_range_stride(m, vma, addr, addr + vma_huge_size(vma),
			       table_shift(m, hugetlb_level(m, vma)));
	hugetlb_count_add(vma->vm_mm, -(1LL << vma->vm_file->inode->huge_order));
	hugetlb_remove_rmap(m, u->pfn);
	put_page(m, u->pfn);
	return 0;
}

void hwpoison_hugetlb_mappings(struct machine *m, u64 pfn, unsigned int flags)
{
	u32 head = (u32)folio_pfn(m, pfn);
	struct unmap u = { .m = m, .pfn = head };
	struct collection c = { .m = m, .pfn = head, .offset = PFN_PHYS(pfn - head) };

	if (!*huge_mapcount(pfn_to_page(m, head)))
		return;
	collect_procs(&c, flags & MF_ACTION_REQUIRED);
	(void)rmap_walk(m, head, unmap_huge, &u);
	if (page_flag(pfn_to_page(m, head), PG_dirty)) {
		c.pfn = pfn;
		kill_procs(&c, flags);
	}
}

static int entry_is_dirty(void *arg, struct vm_area_struct *vma, u64 addr)
{
	const struct unmap *u = arg;
	const pte_t *pte = pte_offset_map(u->m, vma->vm_mm, addr);

	return pte && pte_present(*pte) && pte_pfn(*pte) == u->pfn && *pte & PTE_DIRTY;
}

/* What is in memory is on the disk, too. */
static bool is_clean(struct machine *m, u64 pfn)
{
	const struct page *page = pfn_to_page(m, pfn);
	struct unmap u = { .m = m, .pfn = (u32)pfn };

	return !page_flag(page, PG_dirty) && !page_flag(page, PG_anon) && page->mapping &&
	       inode_of(m, page->mapping)->kind == INODE_DISK &&
	       !rmap_walk(m, pfn, entry_is_dirty, &u);
}

void hwpoison_user_mappings(struct machine *m, u64 pfn, unsigned int flags)
{
	const struct page *page = pfn_to_page(m, pfn);
	struct unmap u = { .m = m, .pfn = (u32)pfn, .leave_entries = true };
	bool mlocked = page_flag(page, PG_mlocked);
	struct collection c = { .m = m, .pfn = pfn };

	if (!folio_mapcount(page))
		return;
	collect_procs(&c, flags & MF_ACTION_REQUIRED);
	if (page_flag(page, PG_swapcache)) {
		printk(m, 3, "Memory failure: %#llx: keeping poisoned page in swap cache", (ull)pfn);
		if (!try_to_unmap_even_locked(m, (u32)pfn))
			printk(m, 3, "Memory failure: %#llx: failed to unmap page "
			       "(folio mapcount=%d)", (ull)pfn, folio_mapcount(page));
	} else if (is_clean(m, pfn)) {
		u.leave_entries = false;
		printk(m, 6, "Memory failure: %#llx: corrupted page was clean: dropped without "
		       "side effects", (ull)pfn);
	}
	if (!page_flag(page, PG_swapcache))
		(void)rmap_walk(m, pfn, unmap_one, &u);
	if (mlocked)
		shake_page(m, pfn);
	if (page_flag(page, PG_dirty))
		kill_procs(&c, flags);
}

/* -- who comes by a second time ----------------------------------------------- */

struct search {
	u64 pfn, addr;
};

static int find_poisoned(void *arg, u64 addr, pte_t *pte)
{
	struct search *search = arg;
	u64 pfn = pte_present(*pte) ? pte_pfn(*pte) : pte_is_hwpoison(*pte) ? swp_pfn(*pte) : 0;

	if (!*pte || pfn != search->pfn)
		return 0;
	search->addr = addr;
	return 1;
}

int kill_accessing_process(struct machine *m, u64 pfn)
{
	static const struct walk_ops ops = { .visit = find_poisoned };
	struct task_struct *current = current_task(m);
	struct search search = { .pfn = pfn };
	struct to_kill kill;

	if (!current || !current->mm)
		return -EFAULT;
	if (!walk_mapped_range(m, current->mm, 0, arch_task_size_max(m->arch), &ops, &search))
		return 0;
	kill = (struct to_kill){ current->pid, search.addr };
	kill_proc(m, pfn, &kill, MF_COUNT_INCREASED | MF_ACTION_REQUIRED);
	return -EHWPOISON;
}
