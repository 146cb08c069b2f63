// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * mbind: the pages of a range that do not fit its new policy are looked for (which
 * also finds holes), the VMAs get the policy, then the pages move to where it wants
 * them. STRICT without MOVE is a question: is there any such page?
 */
#include "sim/phys/lru.h"
#include "sim/virt/file.h"
#include "sim/virt/huge_memory.h"
#include "sim/virt/hugetlb.h"
#include "sim/virt/memory_internal.h"
#include "sim/virt/mempolicy.h"
#include "sim/virt/migrate.h"
#include "sim/virt/rmap.h"
#include "sim/virt/task.h"
#include "sim/virt/vma_internal.h"

#define MPOL_MF_VALID (MPOL_MF_STRICT | MPOL_MF_MOVE | MPOL_MF_MOVE_ALL)
#define MPOL_MF_MOVES (MPOL_MF_MOVE | MPOL_MF_MOVE_ALL)

/* -- looking for misplaced pages ---------------------------------------------- */

struct queue {
	struct machine *m;
	u64 flags;		/* MPOL_MF_* */
	u64 nodes;		/* pages on these are to move */
	struct page_list *list;
	const struct vm_area_struct *vma;
	const struct page *large;	/* the last large folio: it may have many entries */
	bool shares_table;	/* with other mms: of the page of huge pages that is looked at */
	u64 nr_failed;		/* that could not be taken */
};

/* What asks for nothing but an answer ends at the first misplaced page. */
static bool only_asks(const struct queue *q)
{
	return (q->flags & MPOL_MF_VALID) == MPOL_MF_STRICT;
}

/* 6.1 asks how often the first page is mapped. */
static bool others_map(const struct queue *q, const struct page *folio)
{
	if (page_type(folio) == PGTY_hugetlb)
		return folio_mapcount(folio) != 1 || q->shares_table;
	return rel_mbind_moves_by_policy(q->m->release) ? folio_maybe_mapped_shared(folio) :
						       page_mapcount(folio) != 1;
}

/* False: it cannot be taken. One that others map, too, is left alone, which is fine. */
static bool take_folio(struct queue *q, const struct page *folio)
{
	if (!(q->flags & MPOL_MF_MOVE_ALL) && others_map(q, folio))
		return true;
	if (page_type(folio) == PGTY_hugetlb)
		return isolate_hugetlb(q->m, q->list, (u32)page_to_pfn(q->m, folio));
	return isolate_page(q->m, q->list, page_to_pfn(q->m, folio));
}

/* 6.18 takes a folio once, whatever maps it next. */
static bool seen_already(struct queue *q, const struct page *folio)
{
	if (!folio_is_large(folio) || !rel_mbind_moves_by_policy(q->m->release))
		return false;
	if (folio == q->large)
		return true;
	q->large = folio;
	return false;
}

static int queue_folio(struct queue *q, const struct page *folio)
{
	if (!(q->flags & MPOL_MF_MOVES) || !vma_migratable(q->vma) || !take_folio(q, folio))
		q->nr_failed++;
	return q->nr_failed && only_asks(q) ? -EIO : 0;
}

static bool misplaced(const struct queue *q, const struct page *folio)
{
	return q->nodes >> page_zone(q->m, folio)->node & 1;
}

static int queue_entry(void *arg, u64 addr, pte_t *pte)
{
	struct queue *q = arg;
	u32 pfn = pte_present(*pte) ? vm_normal_page(*pte) : PFN_NIL;
	const struct page *folio;

	(void)addr;
	if (pfn == PFN_NIL)
		return 0;
	folio = pfn_folio(q->m, pfn);
	if (page_flag(folio, PG_reserved) || !misplaced(q, folio) || seen_already(q, folio))
		return 0;
	return queue_folio(q, folio);
}

static int queue_huge_entry(void *arg, u64 addr, u64 end, unsigned int level, u64 *entry)
{
	struct queue *q = arg;
	u64 pfn = pte_pfn(*entry);

	(void)end;
	if ((level != 1 && !(q->vma->vm_flags & VM_HUGETLB)) || is_huge_zero_pfn(q->m, pfn) ||
	    !misplaced(q, pfn_to_page(q->m, pfn)))
		return 0;
	q->shares_table = is_vm_hugetlb_page(q->vma) && hugetlb_pmd_shared(q->m, q->vma, addr);
	return queue_folio(q, pfn_to_page(q->m, pfn));
}

/* The part of a range that lies in the VMA. holes: may there be some around it? */
static int queue_vma(struct queue *q, const struct vm_area_struct *vma, u64 start, u64 end,
		     bool first, bool holes)
{
	static const struct walk_ops ops = { .visit = queue_entry, .huge = queue_huge_entry };
	const struct vm_area_struct *next;

	if (!holes && first && start < vma->vm_start)
		return -EFAULT;
	next = vma->vm_end < end ? vma_next(q->m, vma) : NULL;
	if (!holes && vma->vm_end < end && (!next || vma->vm_end < next->vm_start))
		return -EFAULT;
	if (!vma_migratable(vma) && !(q->flags & MPOL_MF_STRICT))
		return 0;
	if (!(q->flags & MPOL_MF_VALID))
		return 0;
	q->vma = vma;
	return walk_mapped_range(q->m, vma->vm_mm, MAX(start, vma->vm_start),
				 MIN(end, vma->vm_end), &ops, q);
}

/* -EFAULT: a hole, or nothing at all; -EIO: the answer to a question. */
static int queue_range(struct queue *q, const struct mm_struct *mm, u64 start, u64 end,
		       bool holes)
{
	const struct vm_area_struct *vma = find_vma_intersection(q->m, mm, start, end);
	bool first = true;
	int err = vma ? 0 : -EFAULT;

	for (; vma && vma->vm_start < end && !err; vma = vma_next(q->m, vma)) {
		err = queue_vma(q, vma, start, end, first, holes);
		first = false;
	}
	return err;
}

/* -- giving the policy -------------------------------------------------------- */

static bool shares_policy(const struct vm_area_struct *vma)
{
	return vma->vm_ops && vma->vm_file && vma->vm_file->inode->kind == INODE_SHMEM;
}

static int replace_policy(struct machine *m, struct vm_area_struct *vma,
			  const struct mempolicy *pol)
{
	struct mempolicy *new, *old = vma->vm_policy;
	int err = mpol_dup(m, pol, &new);

	if (err)
		return err;
	if (shares_policy(vma))
		err = mpol_set_shared_policy(m, vma->vm_file->inode, vma, new);
	if (err) {
		mpol_put(m, new);
		return err;
	}
	vma->vm_policy = new;
	mpol_put(m, old);
	return 0;
}

static int mbind_vma(struct machine *m, struct vm_area_struct **vma, u64 start, u64 end,
		     const struct mempolicy *pol)
{
	int err;

	if (mpol_equal((*vma)->vm_policy, pol))
		return 0;
	err = vma_modify_policy(m, vma, MAX(start, (*vma)->vm_start),
				MIN(end, (*vma)->vm_end), pol);
	if (!err)
		err = replace_policy(m, *vma, pol);
	/* Cut off already, and without a policy of its own: it is as its neighbours are. */
	if (err)
		vma_edges_stay_apart(m, *vma, APART_MEMORY);
	return err;
}

static int mbind_range(struct machine *m, struct mm_struct *mm, u64 start, u64 end,
		       const struct mempolicy *pol)
{
	struct vm_area_struct *vma = find_vma_intersection(m, mm, start, end);
	int err = 0;

	for (; vma && vma->vm_start < end && !err; vma = vma_next(m, vma))
		err = mbind_vma(m, &vma, start, end, pol);
	return err;
}

/* -- where the pages go ------------------------------------------------------- */

struct target {
	const struct mm_struct *mm;
	u64 start;
	const struct mempolicy *pol;	/* since 6.7: of the call */
	u64 offset;		/* what a page's offset is added to */
};

static gfp_t gfp_of_order(unsigned int order)
{
	return order ? GFP_TRANSHUGE : GFP_HIGHUSER_MOVABLE | __GFP_RETRY_MAYFAIL;
}

/* The VMA from start on that may map the page; where. */
static struct vm_area_struct *vma_of_page(const struct machine *m,
					  const struct mm_struct *mm, u64 start, u64 end,
					  u32 pfn, u64 *addr)
{
	struct vm_area_struct *vma = find_vma(m, mm, start);

	for (; vma && vma->vm_start < end; vma = vma_next(m, vma)) {
		*addr = page_address_in_vma(m, pfn, vma);
		if (*addr != ~0ULL)
			return vma;
	}
	return NULL;
}

/* 6.1: as a fault of the first VMA that may map the page. */
static int new_page_of_vma(struct machine *m, void *arg, u32 src, u32 *dst)
{
	const struct target *target = arg;
	unsigned int order = folio_order(pfn_to_page(m, src));
	u64 addr;
	struct vm_area_struct *vma = vma_of_page(m, target->mm, target->start, ~0ULL, src,
						 &addr);

	if (!vma)
		return filemap_alloc_folio(m, gfp_of_order(order), order, dst);
	if (page_type(pfn_to_page(m, src)) == PGTY_hugetlb) {
		struct alloc_request where = { .order = order };

		(void)huge_node(m, vma, addr, &where);
		return hugetlb_alloc_target(m, src, &where, dst);
	}
	return vma_alloc_folio(m, gfp_of_order(order), order, vma, addr, dst);
}

static int new_page_of_policy(struct machine *m, void *arg, u32 src, u32 *dst)
{
	const struct target *target = arg;
	const struct page *folio = pfn_to_page(m, src);
	unsigned int order = folio_order(folio);
	u64 offset = target->offset + (page_index(folio) >> order);

	if (page_type(folio) == PGTY_hugetlb) {
		struct alloc_request where = { .order = order };

		huge_node_of_policy(m, target->pol, offset, &where);
		return hugetlb_alloc_target(m, src, &where, dst);
	}
	return folio_alloc_mpol(m, gfp_of_order(order), order, target->pol, offset, dst);
}

/* Interleaving puts the pages of the first VMA where its faults would have put them. */
static void set_target_policy(const struct machine *m, const struct task_struct *task,
			      struct target *target, u64 end, u32 first)
{
	const struct page *folio = pfn_to_page(m, first);
	unsigned int order = folio_order(folio);
	const struct vm_area_struct *vma;
	u64 addr;

	if (!target->pol)
		target->pol = task->mempolicy;
	if (!target->pol || !mpol_interleaves(target->pol))
		return;
	vma = vma_of_page(m, target->mm, target->start, end, first, &addr);
	if (!vma)
		return;
	(void)vma_own_policy(m, vma, addr, &target->offset);
	target->offset += vma->vm_pgoff >> order;
	target->offset += (addr - vma->vm_start) >> (PAGE_SHIFT + order);
	target->offset -= page_index(folio) >> order;
}

static int move_queued(struct machine *m, struct task_struct *task, u64 start, u64 end,
		       const struct mempolicy *pol, struct page_list *list)
{
	struct target target = { .mm = task->mm, .start = start, .pol = pol };
	struct migration migration = { .new_page = new_page_of_vma, .arg = &target,
					.reason = MR_MEMPOLICY_MBIND, .sync = true };

	if (list->first == PFN_NIL)
		return 0;
	if (rel_mbind_moves_by_policy(m->release)) {
		migration.new_page = new_page_of_policy;
		set_target_policy(m, task, &target, end, list->first);
	}
	return migrate_pages(m, list, &migration);
}

/* -- the calls ---------------------------------------------------------------- */

static int check_range(const struct machine *m, u64 start, u64 len, u64 *end)
{
	if (start % PAGE_SIZE)
		return -EINVAL;
	*end = user_word(m, start + ALIGN_UP(len, PAGE_SIZE));
	return *end < start ? -EINVAL : 0;
}

static int do_mbind(struct machine *m, struct task_struct *task, u64 start, u64 end,
		    struct mempolicy *new, const struct mpol_spec *spec, u64 flags)
{
	struct page_list list = PAGE_LIST_INIT;
	struct queue q = { .m = m, .flags = flags, .nodes = ~spec->nodes, .list = &list };
	int err, failed = 0;

	err = queue_range(&q, task->mm, start, end, /* holes = */ !new);
	if (!err)
		err = mbind_range(m, task->mm, start, end, new);
	if (!err)
		failed = move_queued(m, task, start, end, new, &list);
	if (failed == -ENOBUFS)
		err = failed;
	if (!err && (failed || q.nr_failed) && flags & MPOL_MF_STRICT)
		err = -EIO;
	putback_movable_pages(m, &list);
	return err;
}

int sys_mbind(struct machine *m, struct task_struct *task, const struct mbind_request *req)
{
	bool moves = req->flags & MPOL_MF_MOVES;
	u64 flags = req->flags, end;
	struct mempolicy *new;
	struct mpol_spec spec;
	int err = mpol_spec_of_call(m, req->mode, &req->nodes, &spec);

	if (!err && flags & ~(u64)MPOL_MF_VALID)
		err = -EINVAL;
	if (!err && flags & MPOL_MF_MOVE_ALL && !task->cap_sys_nice)
		err = -EPERM;
	if (!err)
		err = check_range(m, req->start, req->len, &end);
	if (err || end == req->start)
		return err;
	if (spec.mode == MPOL_DEFAULT)
		flags &= ~(u64)MPOL_MF_STRICT;
	err = mpol_new(m, &spec, &new);
	if (err)
		return err;
	if (moves)
		lru_cache_disable(m);
	err = mpol_set_nodemask(m, task, new, spec.nodes);
	if (!err)
		err = do_mbind(m, task, req->start, end, new, &spec, flags);
	mpol_put(m, new);
	if (moves)
		lru_cache_enable(m);
	return err;
}

static int set_home_node(struct machine *m, struct vm_area_struct **vma, u64 start, u64 end,
			 s16 node)
{
	const struct mempolicy *old = (*vma)->vm_policy;
	struct mempolicy *new;
	int err;

	if (old->mode != MPOL_BIND && old->mode != MPOL_PREFERRED_MANY)
		return -EOPNOTSUPP;
	err = mpol_dup(m, old, &new);
	if (err)
		return err;
	new->home_node = node;
	err = mbind_vma(m, vma, start, end, new);
	mpol_put(m, new);
	return err;
}

int sys_set_mempolicy_home_node(struct machine *m, struct task_struct *task, u64 start,
				u64 len, u64 home_node, u64 flags)
{
	struct vm_area_struct *vma;
	u64 end;
	int err;

	if (!m->arch->numa)
		return -ENOSYS;
	if (start % PAGE_SIZE || flags)
		return -EINVAL;
	if (home_node >= m->nr_nodes || !m->nodes[home_node] || !m->nodes[home_node]->online)
		return -EINVAL;
	err = check_range(m, start, len, &end);
	if (err || end == start)
		return err;
	err = -ENOENT;
	vma = find_vma_intersection(m, task->mm, start, end);
	for (; vma && vma->vm_start < end; vma = vma_next(m, vma)) {
		if (!vma->vm_policy)
			continue;
		err = set_home_node(m, &vma, start, end, (s16)home_node);
		if (err)
			break;
	}
	return err;
}

/* -- migrate_pages ------------------------------------------------------------ */

static int new_page_on_node(struct machine *m, void *arg, u32 src, u32 *dst)
{
	const unsigned int *node = arg;

	return alloc_migration_target(m, src, *node, dst);
}

/* Pages that did not move, or -errno. */
static int migrate_to_node(struct machine *m, struct mm_struct *mm, unsigned int source,
			   unsigned int dest, u64 flags)
{
	struct page_list list = PAGE_LIST_INIT;
	struct queue q = { .m = m, .flags = flags, .nodes = 1ULL << source, .list = &list };
	struct migration migration = { .new_page = new_page_on_node, .arg = &dest,
					.reason = MR_SYSCALL, .sync = true };
	int ret = 0;

	if (!vma_first(m, mm))
		return 0;
	(void)queue_range(&q, mm, 0, ~0ULL, /* holes = */ true);
	if (list.first != PFN_NIL)
		ret = migrate_pages(m, &list, &migration);
	putback_movable_pages(m, &list);
	if (ret >= 0 && rel_mbind_moves_by_policy(m->release))
		ret += (int)q.nr_failed;
	return ret;
}

/*
 * The next node whose pages go, and where to: best one whose new place is no place
 * that pages still have to leave. False: none is left.
 */
static bool next_move(u64 left, u64 from, u64 to, unsigned int *source, unsigned int *dest)
{
	bool partial = __builtin_popcountll(from) != __builtin_popcountll(to), found = false;

	for (u64 nodes = left; nodes; nodes &= nodes - 1) {
		unsigned int s = (unsigned int)ctz64(nodes), d = node_remap(s, from, to);

		if ((partial && to >> s & 1) || s == d)
			continue;
		*source = s;
		*dest = d;
		found = true;
		if (!(left >> d & 1))
			break;
	}
	return found;
}

int do_migrate_pages(struct machine *m, struct mm_struct *mm, u64 from, u64 to, u64 flags)
{
	unsigned int source, dest;
	int busy = 0, ret = 0;
	u64 left = from;

	lru_cache_disable(m);
	while (ret >= 0 && next_move(left, from, to, &source, &dest)) {
		left &= ~(1ULL << source);
		ret = migrate_to_node(m, mm, source, dest, flags);
		busy += MAX(ret, 0);
	}
	lru_cache_enable(m);
	return ret < 0 ? ret : busy;
}

int sys_migrate_pages(struct machine *m, struct task_struct *task, u32 pid,
		      const struct user_nodes *from, const struct user_nodes *to)
{
	struct task_struct *target;
	u64 old, new;
	int err = m->arch->numa ? user_nodes_mask(m, from, &old) : -ENOSYS;

	if (!err)
		err = user_nodes_mask(m, to, &new);
	if (err)
		return err;
	target = pid ? task_find(m, pid) : task;
	if (!target)
		return -ESRCH;
	if (!may_access_task(task, target))
		return -EPERM;
	if (new & ~mems_allowed(m, target) && !task->cap_sys_nice)
		return -EPERM;
	new &= mems_allowed(m, task);
	if (!new || !target->mm)
		return -EINVAL;
	return do_migrate_pages(m, target->mm, old, new,
				task->cap_sys_nice ? MPOL_MF_MOVE_ALL : MPOL_MF_MOVE);
}
