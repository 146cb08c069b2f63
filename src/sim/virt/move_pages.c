// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * move_pages: each page of a list is looked up and taken; pages in a row that go to the
 * same node move together, and a page that cannot be taken ends the row. What became of
 * each is in its status; pages whose row failed keep the status that they had.
 */
#include "sim/phys/lru.h"
#include "sim/virt/huge_memory.h"
#include "sim/virt/hugetlb.h"
#include "sim/virt/memory_internal.h"
#include "sim/virt/mempolicy.h"
#include "sim/virt/migrate.h"
#include "sim/virt/rmap.h"
#include "sim/virt/task.h"
#include "sim/virt/vma.h"

struct mover {
	struct machine *m;
	struct mm_struct *mm;
	const struct move_pages_request *req;
	struct page_list list;
	int node;		/* of the row; NUMA_NO_NODE: none has begun */
	u64 start;		/* its first page */
};

static unsigned int node_of(const struct machine *m, u32 pfn)
{
	return page_zone(m, pfn_to_page(m, pfn))->node;
}

/* A page that is not there: 6.1 tells anonymous memory from a file's. */
static int absent(const struct machine *m, const struct vm_area_struct *vma)
{
	return rel_absent_anon_is_fault(m->release) &&
	       (vma_is_anonymous(vma) || !vma->vm_ops->fault) ? -EFAULT : -ENOENT;
}

/* 0: *pfn is a page of a user; or what its status is. */
static int find_user_page(const struct machine *m, const struct vm_area_struct *vma,
			  u64 addr, u32 *pfn)
{
	unsigned int level;
	const u64 *entry = leaf_entry(m, vma->vm_mm, addr, &level);

	if (!entry || !*entry)
		return absent(m, vma);
	if (!pte_present(*entry))
		return -ENOENT;
	if (pte_protnone(*entry) && rel_protnone_is_absent(m->release) && !is_vm_hugetlb_page(vma))
		return level ? absent(m, vma) : -ENOENT;
	*pfn = (u32)leaf_pfn(m, *entry, level, addr);
	if (is_zero_pfn(m, *pfn) || (level && is_huge_zero_pfn(m, pte_pfn(*entry))))
		return -EFAULT;
	if (!level && vm_normal_page(*entry) == PFN_NIL)
		return rel_absent_anon_is_fault(m->release) ? -EFAULT : -ENOENT;
	return 0;
}

/* 6.1 asks for the page alone. */
static bool others_map(const struct machine *m, u32 pfn)
{
	if (page_type(pfn_folio(m, pfn)) == PGTY_hugetlb)
		return folio_mapcount(pfn_folio(m, pfn)) > 1;
	return rel_mbind_moves_by_policy(m->release) ?
		       folio_maybe_mapped_shared(pfn_folio(m, pfn)) :
		       page_mapcount(pfn_to_page(m, pfn)) > 1;
}

/* 6.1 has to be asked for its first page. */
static int take_huge_page(struct mover *mover, u32 pfn)
{
	u32 head = (u32)folio_pfn(mover->m, pfn);

	if (head != pfn && !rel_mbind_moves_by_policy(mover->m->release))
		return -EACCES;
	return isolate_hugetlb(mover->m, &mover->list, head) ? 1 : -EBUSY;
}

/* 1: taken; 0: it is there already; else its status. */
static int take_page(struct mover *mover, u64 addr)
{
	struct machine *m = mover->m;
	const struct vm_area_struct *vma = vma_lookup(m, mover->mm, addr);
	u32 pfn;
	int err;

	if (!vma || !vma_migratable(vma))
		return -EFAULT;
	err = find_user_page(m, vma, addr, &pfn);
	if (err)
		return err;
	if ((int)node_of(m, pfn) == mover->node)
		return 0;
	if (others_map(m, pfn) && !(mover->req->flags & MPOL_MF_MOVE_ALL))
		return -EACCES;
	if (is_vm_hugetlb_page(vma))
		return take_huge_page(mover, pfn);
	return isolate_page(m, &mover->list, pfn) ? 1 : -EBUSY;
}

static int new_page_on_node(struct machine *m, void *arg, u32 src, u32 *dst)
{
	const struct mover *mover = arg;

	return alloc_migration_target(m, src, (unsigned int)mover->node, dst);
}

/* The row ends before page i: it moves. */
static int move_row(struct mover *mover, u64 i)
{
	struct migration migration = { .new_page = new_page_on_node, .arg = mover,
					.reason = MR_SYSCALL, .sync = true };
	int ret;

	if (mover->list.first == PFN_NIL)
		return 0;
	ret = migrate_pages(mover->m, &mover->list, &migration);
	putback_movable_pages(mover->m, &mover->list);
	if (ret)
		return ret > 0 ? ret + (int)(mover->req->nr_pages - i) : ret;
	for (u64 n = mover->start; n < i; n++)
		mover->req->status[n] = mover->node;
	return 0;
}

static int check_node(const struct mover *mover, int node, u64 allowed)
{
	if (node < 0 || node >= MAX_NUMNODES ||
	    !(nodes_with_memory(mover->m) >> node & 1))
		return -ENODEV;
	return allowed >> node & 1 ? 0 : -EACCES;
}

/* One page. *over: nothing is left to be moved behind an error. */
static int move_one(struct mover *mover, u64 i, bool *over)
{
	int node = mover->req->nodes[i], ret = 0;

	if (mover->node == NUMA_NO_NODE) {
		mover->node = node;
		mover->start = i;
	} else if (mover->node != node) {
		ret = move_row(mover, i);
		*over = ret;
		if (ret)
			return ret;
		mover->start = i;
		mover->node = node;
	}
	ret = take_page(mover, mover->req->pages[i]);
	if (ret > 0)
		return 0;
	mover->req->status[i] = ret ? ret : node;
	ret = move_row(mover, i);
	*over = ret;
	if (ret)
		return ret > 0 ? ret - 1 : ret;
	mover->node = NUMA_NO_NODE;
	return 0;
}

static int do_pages_move(struct mover *mover, u64 allowed)
{
	const struct move_pages_request *req = mover->req;
	bool over = false;
	int err = 0, last;
	u64 i;

	for (i = 0; i < req->nr_pages && !err && !over; i++) {
		err = check_node(mover, req->nodes[i], allowed);
		if (err)
			break;
		err = move_one(mover, i, &over);
	}
	if (over)
		return err;
	last = move_row(mover, i);
	return err < 0 ? err : last;
}

static void do_pages_stat(const struct machine *m, const struct mm_struct *mm,
			  const struct move_pages_request *req)
{
	for (u64 i = 0; i < req->nr_pages; i++) {
		const struct vm_area_struct *vma = vma_lookup(m, mm, req->pages[i]);
		u32 pfn = PFN_NIL;
		int err = vma ? find_user_page(m, vma, req->pages[i], &pfn) : -EFAULT;

		req->status[i] = err ? err : (int)node_of(m, pfn);
	}
}

int sys_move_pages(struct machine *m, struct task_struct *task,
		   const struct move_pages_request *req)
{
	struct mover mover = { .m = m, .req = req, .list = PAGE_LIST_INIT,
			       .node = NUMA_NO_NODE };
	const struct task_struct *target;
	int ret;

	if (!m->arch->numa)
		return -ENOSYS;
	if (req->flags & ~(u64)(MPOL_MF_MOVE | MPOL_MF_MOVE_ALL))
		return -EINVAL;
	if (req->flags & MPOL_MF_MOVE_ALL && !task->cap_sys_nice)
		return -EPERM;
	target = req->pid ? task_find(m, req->pid) : task;
	if (!target)
		return -ESRCH;
	if (req->pid && !may_access_task(task, target))
		return -EPERM;
	if (!target->mm)
		return -EINVAL;
	mover.mm = target->mm;
	if (!req->nodes) {
		do_pages_stat(m, mover.mm, req);
		return 0;
	}
	lru_cache_disable(m);
	ret = do_pages_move(&mover, mems_allowed(m, target));
	lru_cache_enable(m);
	return ret;
}
