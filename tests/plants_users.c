// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What can be wrong with pages of users: LRU lists, files, reverse mappings, contents, policies,
 * groups, userfaultfd, TLBs and mappings of huge pages.
 */
#include "plants.h"

#include "support.h"
#include "sim/phys/lru.h"
#include "sim/virt/anon_name.h"
#include "sim/virt/buffer.h"
#include "sim/virt/cgroup.h"
#include "sim/virt/content.h"
#include "sim/virt/file.h"
#include "sim/virt/hugetlb.h"
#include "sim/virt/memory.h"
#include "sim/virt/mempolicy.h"
#include "sim/virt/mmap.h"
#include "sim/virt/pgtable.h"
#include "sim/virt/rmap.h"
#include "sim/virt/sched.h"
#include "sim/virt/shm.h"
#include "sim/virt/tlb.h"
#include "sim/virt/userfaultfd.h"
#include "sim/virt/virt.h"
#include "sim/virt/vma.h"

static void pid_twice(struct machine *m)
{
	m->tasks->tasks[3]->pid = m->tasks->tasks[2]->pid;
}

static void worked_for_nobody(struct machine *m)
{
	m->tasks->cpus[0].system_ns += 1000;
}

static void works_longer(struct machine *m)
{
	m->tasks->cpus[0].iowait_ns += m->now_ns + 1;
}

static void group_worked(struct machine *m)
{
	cgroup_of(m, 0)->system_ns += 1000;
}

/* The first page that a list of any node has, from the given one on. */
static struct page *page_of_lists(struct machine *m, unsigned int first)
{
	lru_add_drain_all(m);
	for (unsigned int node = 0; node < m->nr_nodes; node++)
		for (unsigned int list = first; list < LRU_UNEVICTABLE; list++)
			if (m->lru->lruvecs[node].lists[list].first != PFN_NIL)
				return pfn_to_page(m, m->lru->lruvecs[node].lists[list].first);
	CU_FAIL_FATAL("no page on a list");
	return NULL;
}

static struct page *listed_page(struct machine *m)
{
	return page_of_lists(m, 0);
}

static void lru_not_listed(struct machine *m)
{
	struct page *page = listed_page(m);

	for (u32 pfn = page->next; pfn != PFN_NIL; pfn = pfn_to_page(m, pfn)->next)
		page = pfn_to_page(m, pfn);
	/* The last one, which now comes after nothing. */
	page->prev = PFN_NIL;
}

static void lru_other_list(struct machine *m)
{
	listed_page(m)->flags ^= 1U << PG_active;
}

static void lru_count(struct machine *m)
{
	m->nodes[0]->stat[NR_INACTIVE_FILE]++;
}

static void mlock_count(struct machine *m)
{
	plant_dma32(m)->stat[NR_MLOCK]++;
}

static void huge_page(struct machine *m)
{
	plant_page_of_type(m, PGTY_hugetlb)->flags |= 1U << PG_lru;
}

/* A disk's file with a page in its cache. */
static struct inode *cached_inode(struct machine *m)
{
	struct inode *inode;

	for (inode = inode_next(m, NULL); inode; inode = inode_next(m, inode))
		if (inode->kind == INODE_DISK && inode->i_data.nrpages)
			return inode;
	CU_FAIL_FATAL("no file with pages");
	return NULL;
}

static void cache_count(struct machine *m)
{
	cached_inode(m)->i_data.nrpages++;
}

static void shadow_count(struct machine *m)
{
	cached_inode(m)->i_data.nr_shadows++;
}

static void shadow_node(struct machine *m)
{
	m->nodes[0]->stat[WORKINGSET_NODES]++;
}

static void isolated(struct machine *m)
{
	m->nodes[0]->stat[NR_ISOLATED_FILE] += 32;
}

static void reclaims_for_ever(struct machine *m)
{
	m->lru->reclaiming++;
}

static void scanned_by_nobody(struct machine *m)
{
	m->event[PGSCAN_FILE] += 32;
}

static void stolen_unseen(struct machine *m)
{
	m->event[PGSTEAL_FILE]++;
	m->event[PGSTEAL_DIRECT]++;
}

static void active_from_nowhere(struct machine *m)
{
	m->nodes[0]->stat[WORKINGSET_ACTIVATE_FILE]++;
}

static void kswapd_lost(struct machine *m)
{
	m->nodes[0]->kswapd_state = KSWAPD_WOKEN;
}

static void kswapd_overslept(struct machine *m)
{
	m->nodes[0]->kswapd_state = KSWAPD_NAPS;
}

static void file_pages(struct machine *m)
{
	m->nodes[0]->stat[NR_FILE_PAGES]++;
}

static void shmem_pages(struct machine *m)
{
	m->nodes[0]->stat[NR_SHMEM]++;
}

static void dirty_page(struct machine *m)
{
	struct inode *inode = cached_inode(m);
	u64 index = 0;

	page_set_flag(pfn_to_page(m, entry_pfn(xa_find(&inode->i_data.i_pages, &index, ~0ULL))),
		      PG_dirty);
}

static void lost_buffers(struct machine *m)
{
	struct inode *inode = cached_inode(m);
	u64 index = 0;

	page_set_flag(pfn_to_page(m, entry_pfn(xa_find(&inode->i_data.i_pages, &index, ~0ULL))),
		      PG_private);
}

static void dirty_block(struct machine *m)
{
	struct inode *inode = cached_inode(m);
	u64 index = 0;
	u32 pfn = entry_pfn(xa_find(&inode->i_data.i_pages, &index, ~0ULL));

	if (!folio_create_buffers(m, pfn))
		mark_buffers_dirty(m, pfn, 0, PAGE_SIZE);
}

static void file_size(struct machine *m)
{
	cached_inode(m)->i_size = 0;
}

static void inode_reference(struct machine *m)
{
	cached_inode(m)->i_count++;
}

static void unused_name(struct machine *m)
{
	cached_inode(m)->dentry_lru ^= true;
}

static void writable_count(struct machine *m)
{
	cached_inode(m)->i_data.i_mmap_writable++;
}

static void segment_pages(struct machine *m)
{
	m->virt->shm->tot++;
}

/* A name that nothing has. */
static void name_count(struct machine *m)
{
	u32 name;

	CU_ASSERT_EQUAL_FATAL(anon_vma_name_alloc(m, "lost", &name), 0);
}

static void anon_vma_children(struct machine *m)
{
	u32 handle = object_next(&m->virt->anon_vmas, 1);

	CU_ASSERT_FATAL(handle != 0);
	anon_vma_of(m, handle)->num_children++;
}

static void chain_lost(struct machine *m)
{
	m->virt->anon_vma_chains.nr_live++;
}

static void khugepaged_slot_lost(struct machine *m)
{
	m->virt->mm_slots.nr_live++;
}

/* init registers memory of its own: its VMA and what was mapped. */
static struct vm_area_struct *a_registration(struct machine *m, bool mark)
{
	struct task_struct *init = task_find(m, PID_INIT);
	const struct mmap_request req = {
		.len = 4 * PAGE_SIZE, .prot = PROT_READ | PROT_WRITE,
		.flags = MAP_PRIVATE | MAP_ANONYMOUS,
	};
	struct uffdio_api api = { .api = UFFD_API };
	struct access_result result;
	struct userfaultfd_ctx *ctx;
	u64 addr, ioctls;
	int fd;

	CU_ASSERT_EQUAL_FATAL(sys_mmap(m, init, &req, &addr), 0);
	CU_ASSERT_EQUAL_FATAL(sys_userfaultfd(m, init, 0, &fd), 0);
	CU_ASSERT_EQUAL_FATAL(uffdio_api(m, init, fd, &api), 0);
	CU_ASSERT_EQUAL_FATAL(userfaultfd_ctx_get(m, init, fd, &ctx), 0);
	CU_ASSERT_EQUAL_FATAL(task_access(m, init, addr, ACCESS_STORE, &result), 0);
	CU_ASSERT_EQUAL_FATAL(uffdio_register(m, ctx, addr, req.len, UFFDIO_REGISTER_MODE_WP,
					      &ioctls), 0);
	if (mark)
		CU_ASSERT_EQUAL_FATAL(uffdio_writeprotect(m, ctx, addr, req.len,
							  UFFDIO_WRITEPROTECT_MODE_WP), 0);
	return vma_lookup(m, init->mm, addr);
}

static void uffd_lost(struct machine *m)
{
	a_registration(m, false)->uffd = 0;
}

static void uffd_of_nobody(struct machine *m)
{
	a_registration(m, false)->uffd = 63;
}

static void uffd_mark_writable(struct machine *m)
{
	struct vm_area_struct *vma = a_registration(m, true);

	*pte_offset_map(m, vma->vm_mm, vma->vm_start) |= PTE_RW;
}

static void uffd_waits_for_nobody(struct machine *m)
{
	task_find(m, PID_INIT)->uffd.ctx = 63;
}

static void bytes_lost(struct machine *m)
{
	m->page_content[listed_page(m) - m->mem_map] = CONTENT_BYTES | 77;
}

/* init's policy. */
static struct mempolicy *a_policy(struct machine *m)
{
	const struct user_nodes nodes = { true, 3, MAXNODE_ALL };
	struct task_struct *init = task_find(m, PID_INIT);

	CU_ASSERT_EQUAL_FATAL(sys_set_mempolicy(m, init, MPOL_BIND, &nodes), 0);
	return init->mempolicy;
}

static void policy_references(struct machine *m)
{
	a_policy(m)->refcnt++;
}

static void policy_nodes(struct machine *m)
{
	a_policy(m)->nodes = 1ULL << 40;
}

static void policy_unasked(struct machine *m)
{
	(void)a_policy(m);
	m->policies = NULL;
}

static struct cgroup *a_group(struct machine *m)
{
	CU_ASSERT_EQUAL_FATAL(cgroup_mkdir(m, cgroup_of(m, 0), "a"), 0);
	return cgroup_of(m, 1);
}

static void group_nodes(struct machine *m)
{
	a_group(m)->cpuset.effective_mems = 0;
}

static void group_task(struct machine *m)
{
	(void)a_group(m);
	task_find(m, PID_INIT)->mems_allowed = 2;
}

/* A range of a file's that is no longer marked as shared. */
static void policy_of_file(struct machine *m)
{
	const struct vm_area_struct vma = { .vm_pgoff = 1, .vm_end = 2 * PAGE_SIZE };
	struct inode *inode = cached_inode(m);

	CU_ASSERT_EQUAL_FATAL(mpol_set_shared_policy(m, inode, &vma, a_policy(m)), 0);
	mpol_shared_policy_lookup(inode, 2)->flags = 0;
}

/* init writes to its stack; the entry is then changed behind the TLB's back. */
static pte_t *translated(struct machine *m)
{
	struct task_struct *init = task_find(m, PID_INIT);
	u64 addr = init->mm->start_stack - 8;
	struct access_result result;

	sched_switch_to(m, init);
	CU_ASSERT_EQUAL_FATAL(task_access(m, init, addr, ACCESS_STORE, &result), 0);
	CU_ASSERT_EQUAL_FATAL(result.signal, 0);
	return pte_offset_map(m, init->mm, addr);
}

static void tlb_writable(struct machine *m)
{
	*translated(m) &= ~PTE_RW;
}

static void tlb_dirty(struct machine *m)
{
	*translated(m) &= ~PTE_DIRTY;
}

static void tlb_page(struct machine *m)
{
	struct cpu_tlb *tlb;

	(void)translated(m);
	tlb = cpu_tlb(m, m->cpu);
	for (unsigned int i = 0; i < tlb->l2.sets * tlb->l2.ways; i++)
		tlb->l2.ptes[i] += tlb->l2.tags[i] ? PAGE_SIZE : 0;
}

static void tlb_behind(struct machine *m)
{
	(void)translated(m);
	cpu_tlb(m, m->cpu)->loaded_mm->tlb_gen++;
}

static void tlb_mask(struct machine *m)
{
	cpu_tlb(m, 0)->loaded_mm->cpumask[0] = 0;
}

static void tlb_context(struct machine *m)
{
	struct cpu_tlb *tlb = cpu_tlb(m, 0);

	tlb->ctxs[tlb->loaded_mm_asid].ctx_id++;
}

static void tlb_lazy(struct machine *m)
{
	cpu_tlb(m, 0)->is_lazy = false;
}

/* init's mapping of two huge pages, of which it has the first. */
static struct vm_area_struct *huge_mapping(struct machine *m)
{
	const struct mmap_request req = {
		.len = 4 * SZ_1M, .prot = PROT_READ | PROT_WRITE,
		.flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB,
	};
	struct task_struct *init = task_find(m, PID_INIT);
	u64 addr = 0;

	CU_ASSERT_EQUAL_FATAL(sys_mmap(m, init, &req, &addr), 0);
	CU_ASSERT_EQUAL_FATAL(fault_in_user(m, init, addr, /* write = */ true), 0);
	return vma_lookup(m, init->mm, addr);
}

static u64 *huge_entry(struct machine *m)
{
	const struct vm_area_struct *vma = huge_mapping(m);

	return huge_pte_offset(m, vma, vma->vm_start);
}

static struct page *huge_head(struct machine *m)
{
	return pfn_to_page(m, pte_pfn(*huge_entry(m)));
}

static void huge_mapcount_off(struct machine *m)
{
	++*huge_mapcount(huge_head(m));
}

static void huge_reference(struct machine *m)
{
	huge_head(m)->refcount++;
}

static void huge_index(struct machine *m)
{
	huge_head(m)->index++;
}

static void huge_usage(struct machine *m)
{
	huge_mapping(m)->vm_mm->hugetlb_usage += 512;
}

static void huge_rights(struct machine *m)
{
	huge_mapping(m)->vm_flags &= ~(u64)VM_WRITE;
}

static void huge_resv(struct machine *m)
{
	(void)huge_mapping(m);
	hugetlb_hstate(m, 9)->resv_huge_pages--;
}

static void huge_node_count(struct machine *m)
{
	hugetlb_hstate(m, 9)->nr_node[0]++;
}

static void huge_surplus(struct machine *m)
{
	hugetlb_hstate(m, 9)->surplus_huge_pages++;
}

/* Two mappings of one GiB of a file, one table. */
static u64 shared_table(struct machine *m)
{
	struct mmap_request req = {
		.addr = 1ULL << 32, .len = SZ_1G, .prot = PROT_READ | PROT_WRITE,
		.flags = MAP_SHARED | MAP_ANONYMOUS | MAP_HUGETLB | MAP_NORESERVE | MAP_FIXED,
	};
	struct task_struct *init = task_find(m, PID_INIT);
	u64 addr = 0;

	for (unsigned int i = 0; i < 2; i++, req.addr += SZ_1G) {
		CU_ASSERT_EQUAL_FATAL(sys_mmap(m, init, &req, &addr), 0);
		CU_ASSERT_EQUAL_FATAL(fault_in_user(m, init, addr, /* write = */ true), 0);
		req.file = vma_lookup(m, init->mm, addr)->vm_file;
		req.flags &= ~(u64)(MAP_ANONYMOUS | MAP_HUGETLB);
	}
	return pte_pfn(*table_entry(m, init->mm, addr, 2));
}

static void shared_table_count(struct machine *m)
{
	pfn_to_page(m, shared_table(m))->prev++;
}

static void shared_table_sum(struct machine *m)
{
	(void)shared_table(m);
	m->virt->pgtables->nr_shared++;
}

static void shared_table_of_marked(struct machine *m)
{
	(void)shared_table(m);
	vma_lookup(m, task_find(m, PID_INIT)->mm, 1ULL << 32)->hugetlb_lock = NULL;
}

static void dirty_unread(struct machine *m)
{
	struct page *page = page_of_lists(m, LRU_INACTIVE_FILE);

	page_set_flag(page, PG_writeback);
	page_clear_flag(page, PG_uptodate);
}

static void page_locked(struct machine *m)
{
	page_set_flag(listed_page(m), PG_locked);
}

static void lru_last(struct machine *m)
{
	struct page *page = listed_page(m);
	struct page_list *list = &m->lru->lruvecs[page_zone(m, page)->node].lists[page_lru(page)];

	list->last = list->first;
}

static void lru_batch(struct machine *m)
{
	u32 pfn = plant_take(m, 0, GFP_KERNEL, PGTY_kernel);

	lru_cache_add(m, pfn);
}

static void split_queue_count(struct machine *m)
{
	m->lru->split_queues[0].len++;
}

static void split_queue_small(struct machine *m)
{
	struct split_queue *queue = &m->lru->split_queues[0];

	queue->list.first = queue->list.last = (u32)(listed_page(m) - m->mem_map);
	queue->len = 1;
}

static const struct plant plants[] = {
	{ "K1", pid_twice, "two tasks with one pid" },
	{ "CT1", worked_for_nobody, "a CPU worked, and no task did" },
	{ "CT1", works_longer, "a CPU waited for longer than the machine is up" },
	{ "CT1", group_worked, "the root group worked, and no task of it did" },
	{ "L1", lru_not_listed, "the last page of a list comes after nothing" },
	{ "L2 L1 L3", lru_other_list, "a page of the inactive list says that it is active" },
	{ "L3 K4", lru_count, "a node counts a page more on its inactive list" },
	{ "L4", isolated, "pages are isolated although nobody does anything" },
	{ "L4", reclaims_for_ever, "somebody frees memory, between two calls" },
	{ "L7", shadow_count, "a file counts a shadow more than its cache has" },
	{ "L7", shadow_node, "workingset_nodes is a node more" },
	{ "I3", scanned_by_nobody, "pages of files were looked at by nobody" },
	{ "I3", stolen_unseen, "a page was reclaimed that nobody had looked at" },
	{ "I5", active_from_nowhere, "a page is active since it came back, and none came back" },
	{ "W6", kswapd_lost, "kswapd was woken and never runs" },
	{ "W6", kswapd_overslept, "kswapd naps without a timer" },
	{ "L5", mlock_count, "a zone counts a locked page more" },
	{ "L6 H1 L1 L3", huge_page, "a huge page of a pool says that it is on an LRU list" },
	{ "F1", cache_count, "a file counts a page more than its cache has" },
	{ "F2", file_pages, "nr_file_pages is a page more" },
	{ "F3", shmem_pages, "nr_shmem is a page more" },
	{ "F4", dirty_page, "a page is dirty, its place in the cache is not marked" },
	{ "F5", file_size, "a file ends before its pages" },
	{ "F6", inode_reference, "a file has a reference that nobody holds" },
	{ "M4", anon_vma_children, "an anon_vma counts a child more" },
	{ "M5 A3", chain_lost, "a link between a VMA and an anon_vma that is on no list" },
	{ "M6", writable_count, "a file counts a writable mapping more" },
	{ "G1", group_nodes, "a control group may use no node" },
	{ "G2", group_task, "a task may use nodes that its group may not" },
	{ "N1", policy_references, "a policy has a reference that nobody holds" },
	{ "N2", policy_of_file, "a range of a file has a policy that is not a file's" },
	{ "N3", policy_nodes, "a policy asks for a node that there is not" },
	{ "N4", policy_unasked, "there is a policy, and nobody asks it" },
	{ "R9", bytes_lost, "a page holds bytes that there are not" },
	{ "V5", name_count, "a name of anonymous memory that no VMA has" },
	{ "F7", segment_pages, "the segments' sum is a page more" },
	{ "F8", lost_buffers, "a page is said to have a buffer head, and has none" },
	{ "F8", dirty_block, "a block of a clean page is dirty" },
	{ "F9", unused_name, "a file's name is not on the list that it says" },
	{ "U1 A3", khugepaged_slot_lost, "khugepaged counts an mm more than it knows" },
	{ "U2", uffd_lost, "a registered VMA has lost its context" },
	{ "U2", uffd_of_nobody, "a registered VMA has a context that there is not" },
	{ "U2", uffd_mark_writable, "an entry is marked against writing, and may be written" },
	{ "U2", uffd_waits_for_nobody, "a task waits for a context that there is not" },
	{ "T9", tlb_writable, "a TLB may write where its table may not" },
	{ "T9", tlb_dirty, "a TLB knows as dirty what its table does not" },
	{ "T9", tlb_page, "a TLB leads to another page" },
	{ "T9", tlb_behind, "an mm was flushed, the CPU that runs it was not" },
	{ "T9", tlb_mask, "an mm runs on a CPU that its mask lacks" },
	{ "T9", tlb_context, "a CPU's address space id is another mm's" },
	{ "T8", tlb_lazy, "an idle CPU is not lazy" },
	{ "R1", huge_mapcount_off, "a huge page counts a mapping more" },
	{ "R2", huge_reference, "a huge page has a reference that nobody holds" },
	{ "M1 R1 R2", huge_index, "a huge page says that it is mapped elsewhere" },
	{ "T4", huge_usage, "an mm counts huge pages that it does not map" },
	{ "T2 T5", huge_rights, "an entry of huge pages may write, its VMA may not" },
	{ "T11", shared_table_count, "a table of huge pages counts a sharer more" },
	{ "T11 T3", shared_table_sum, "one shared table more is counted than there is" },
	{ "T11 A3", shared_table_of_marked, "a mapping without a lock shares its table" },
	{ "C4", huge_resv, "a promised huge page is forgotten" },
	{ "C4", huge_node_count, "a node counts a huge page more" },
	{ "C4", huge_surplus, "a pool counts a surplus page more" },
	{ "R7 WB1 F4", dirty_unread, "a page that was never read is on its way to the disk" },
	{ "R7", page_locked, "a page is locked between two calls" },
	{ "L1", lru_last, "a list ends with its first page" },
	{ "L1 L3 L6", lru_batch, "a page of the kernel's waits to be put on a list" },
	{ "R5", split_queue_count, "a queue of folios to split counts one more than it has" },
	{ "R5", split_queue_small, "a single page waits to be split" },
};

const struct plant_table user_plants = { "pages of users", plants, ARRAY_SIZE(plants) };
