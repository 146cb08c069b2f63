// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * E6: for every id that sim/check knows there is a corruption that makes it fire, and
 * that makes no other fire than those which see the same wrong (the row's group).
 */
#include <ctype.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>

#include "check_plants.h"
#include "lab.h"
#include "support.h"

#include "fs/core/tree_struct.h"
#include "fs/sim/check.h"
#include "sim/base/event.h"
#include "sim/boot/memblock.h"
#include "sim/phys/fallback.h"
#include "sim/phys/kernel_tables.h"
#include "sim/phys/lru.h"
#include "sim/phys/pcp.h"
#include "sim/phys/slab_types.h"
#include "sim/phys/tunables.h"
#include "sim/phys/vmalloc_types.h"
#include "sim/virt/anon_name.h"
#include "sim/virt/cgroup.h"
#include "sim/virt/content.h"
#include "sim/virt/file.h"
#include "sim/virt/hugetlb.h"
#include "sim/virt/memory.h"
#include "sim/virt/mempolicy.h"
#include "sim/virt/mmap.h"
#include "sim/virt/pgtable.h"
#include "sim/virt/rmap.h"
#include "sim/virt/shm.h"
#include "sim/virt/sched.h"
#include "sim/virt/tlb.h"
#include "sim/virt/virt.h"
#include "sim/virt/vma.h"
#include "sim/virt/userfaultfd.h"

#define ORDER 3	/* of the free block that is spoilt */

static struct zone *dma32(struct machine *m)
{
	return m->nodes[0]->zones[ZONE_DMA32];
}

static struct zone *normal(struct machine *m)
{
	return m->nodes[1]->zones[ZONE_NORMAL];
}

/* Allocated pages of an order, on node 0. */
static u32 take(struct machine *m, unsigned int order, gfp_t gfp, enum pagetype owner)
{
	u32 pfn = PFN_NIL;

	CU_ASSERT_EQUAL_FATAL(alloc_kernel_pages(m, gfp, order, 0, owner, &pfn), 0);
	return pfn;
}

/* The first free block of some order above 0, whose buddy is in use. */
static struct page *free_head(struct machine *m)
{
	struct zone *zone = dma32(m);

	(void)take(m, 0, GFP_DMA32, PGTY_kernel);
	for (unsigned int order = 1; order < MAX_PAGE_ORDER; order++)
		for (unsigned int type = 0; type < MIGRATE_TYPES; type++)
			if (!free_area_empty(&zone->free_area[order], type))
				return pfn_to_page(m, zone->free_area[order].lists[type].first);
	CU_FAIL_FATAL("no free block");
	return NULL;
}

static struct page *page_of_type(struct machine *m, enum pagetype type)
{
	for (u64 pfn = 0; pfn < m->max_pfn; pfn++)
		if (page_present(m, pfn) && page_type(pfn_to_page(m, pfn)) == type)
			return pfn_to_page(m, pfn);
	CU_FAIL_FATAL("no such page");
	return NULL;
}

static u64 object(struct machine *m, u64 bytes)
{
	u64 addr = 0;

	CU_ASSERT_EQUAL_FATAL(kmalloc(m, bytes, GFP_KERNEL, 0, &addr), 0);
	slab_give(m, addr);
	return addr;
}

static struct slab *slab_in_use(struct machine *m)
{
	return slab_of_addr(m, object(m, 700));
}

static struct vm_area *area(struct machine *m)
{
	struct vmalloc_request req = { .bytes = 10000, .gfp = GFP_KERNEL,
				       .node = NUMA_NO_NODE, .caller = "test" };
	u64 addr;

	CU_ASSERT_EQUAL_FATAL(vmalloc(m, &req, &addr), 0);
	return (struct vm_area *)find_vm_area(m, addr);
}

/* -- P: the layout of memory --------------------------------------------------------- */

static void region(struct machine *m)
{
	m->memblock->reserved.regions[0].size = m->memblock->reserved.regions[1].base + 1;
	m->memblock->reserved.total_size = 0;
	for (unsigned int i = 0; i < m->memblock->reserved.cnt; i++)
		m->memblock->reserved.total_size += m->memblock->reserved.regions[i].size;
}

static void zone_overlap(struct machine *m)
{
	m->nodes[0]->zones[ZONE_DMA]->spanned_pages++;
}

static void zone_present(struct machine *m)
{
	dma32(m)->present_pages--;
	m->nodes[0]->present_pages--;
}

static void zone_managed_more(struct machine *m)
{
	dma32(m)->managed_pages++;
	m->totalram_pages++;
}

static void totalram(struct machine *m)
{
	m->totalram_pages++;
}

static void zone_too_short(struct machine *m)
{
	m->nodes[0]->zones[ZONE_DMA]->spanned_pages -= 2048;
}

static void node_present(struct machine *m)
{
	m->nodes[0]->present_pages++;
}

static void page_lost(struct machine *m)
{
	pfn_to_page(m, take(m, 4, GFP_KERNEL, PGTY_kernel))->refcount = 0;
}

static void page_reserved(struct machine *m)
{
	page_set_flag(pfn_to_page(m, take(m, 0, GFP_KERNEL, PGTY_kernel)), PG_reserved);
}

/* Free by its descriptor, on no list. */
static void page_free_alone(struct machine *m)
{
	struct page *page = pfn_to_page(m, take(m, 0, GFP_KERNEL, PGTY_kernel));

	page->refcount = 0;
	page_set_type(page, PGTY_buddy);
	page->private_ = 0;
}

/* -- B: free lists ------------------------------------------------------------------- */

static void head_type(struct machine *m)
{
	free_head(m)->list_type ^= 3;
}

static void head_ref(struct machine *m)
{
	free_head(m)->refcount = 1;
}

static void body(struct machine *m)
{
	free_head(m)[1].refcount = 1;
}

/* The upper half of a block is freed as a block of its own: both are not joined. */
static void unmerged(struct machine *m)
{
	struct zone *zone = dma32(m);
	u32 pfn = take(m, 4, GFP_DMA32, PGTY_kernel);

	free_pages(m, pfn, 4);
	for (unsigned int order = 1; order < MAX_PAGE_ORDER; order++) {
		struct free_area *area = &zone->free_area[order];

		for (unsigned int type = 0; type < MIGRATE_PCPTYPES; type++) {
			u32 head = area->lists[type].first;
			struct page *page;

			if (head == PFN_NIL)
				continue;
			buddy_del(m, zone, head, order);
			for (u32 half = 0; half < 2; half++) {
				page = pfn_to_page(m, head + (half << (order - 1)));
				page_set_type(page, PGTY_buddy);
				page->private_ = order - 1;
				page->list_type = type;
				page->refcount = 0;
				page_list_add_tail(m, &zone->free_area[order - 1].lists[type],
						   head + (half << (order - 1)));
				zone->free_area[order - 1].nr[type]++;
				zone->free_area[order - 1].nr_free++;
			}
			zone->stat[NR_FREE_PAGES] += 1LL << order;
			return;
		}
	}
}

static void list_type(struct machine *m)
{
	u64 pfn = page_to_pfn(m, free_head(m));

	set_pageblock_type(m, pfn, pageblock_type(m, pfn) == MIGRATE_RECLAIMABLE ?
			   MIGRATE_MOVABLE : MIGRATE_RECLAIMABLE);
}

static void area_count(struct machine *m)
{
	dma32(m)->free_area[ORDER].nr_free++;
}

static void free_count(struct machine *m)
{
	dma32(m)->stat[NR_FREE_PAGES]++;
}

static void free_blocks(struct machine *m)
{
	dma32(m)->stat[NR_FREE_PAGES_BLOCKS]++;
}

static void free_highatomic(struct machine *m)
{
	dma32(m)->nr_free_highatomic++;
}

static void pcp_count(struct machine *m)
{
	dma32(m)->pcp[0].free_count = -1;
}

static void pcp_page(struct machine *m)
{
	u32 pfn = take(m, 0, GFP_KERNEL, PGTY_kernel);

	free_pages(m, pfn, 0);
	pfn_to_page(m, pfn)->refcount = 1;
}

static void pageblock_count(struct machine *m)
{
	dma32(m)->pageblocks[MIGRATE_MOVABLE]++;
}

/* -- W: marks ------------------------------------------------------------------------ */

static void mark_min(struct machine *m)
{
	dma32(m)->watermark[WMARK_MIN]++;
}

static void mark_low(struct machine *m)
{
	dma32(m)->watermark[WMARK_LOW]++;
}

static void all_marks(struct machine *m)
{
	for (unsigned int i = 0; i < NR_WMARK; i++)
		normal(m)->watermark[i] += 5;
}

static void mark_promo(struct machine *m)
{
	dma32(m)->watermark[WMARK_PROMO] -= 3;
}

static void tunable_min(struct machine *m)
{
	m->tunables->min_free_kbytes += 1000;
}

static void boost(struct machine *m)
{
	dma32(m)->watermark_boost = 512;
}

static void batch(struct machine *m)
{
	dma32(m)->pcp[1].batch++;
}

static void pageset_batch(struct machine *m)
{
	normal(m)->pageset_batch--;
}

static void high_min(struct machine *m)
{
	dma32(m)->pcp[0].high_min++;
}

static void high_max(struct machine *m)
{
	dma32(m)->pageset_high_max++;
}

static void threshold(struct machine *m)
{
	dma32(m)->stat_threshold++;
}

static void protection(struct machine *m)
{
	m->nodes[0]->zones[ZONE_DMA]->lowmem_reserve[ZONE_NORMAL]++;
}

static void protection_falls(struct machine *m)
{
	m->nodes[0]->zones[ZONE_DMA]->lowmem_reserve[ZONE_MOVABLE] -= 100;
}

static void protection_of_itself(struct machine *m)
{
	normal(m)->lowmem_reserve[ZONE_NORMAL] = 1;
	normal(m)->lowmem_reserve[ZONE_MOVABLE] = 1;
}

static void totalreserve(struct machine *m)
{
	m->totalreserve_pages++;
}

static void totalreserve_node(struct machine *m)
{
	m->nodes[1]->totalreserve_pages -= 2;
	m->totalreserve_pages -= 2;
}

/* The same zones, each once, in an order that only the formula knows to be wrong. */
static void zonelist(struct machine *m)
{
	struct pglist_data *node = m->nodes[1];
	u16 last = node->zonelist[node->nr_zonelist - 1];

	node->zonelist[node->nr_zonelist - 1] = node->zonelist[node->nr_zonelist - 2];
	node->zonelist[node->nr_zonelist - 2] = last;
}

static void fallback_order(struct machine *m)
{
	m->nodes[1]->fallback[0] = 0;
	m->nodes[1]->fallback[1] = 1;
}

static void thisnode(struct machine *m)
{
	m->nodes[0]->nr_thisnode--;
}

static void preferred(struct machine *m)
{
	m->nodes[0]->preferred[ZONE_MOVABLE] = m->nodes[0]->zones[ZONE_DMA];
}

/* A list is filled without anybody having asked for the mark. */
static void taken_below_min(struct machine *m)
{
	struct zone *zone = dma32(m);
	u32 pfn;

	m->tunables->min_free_kbytes = 1 << 30;
	setup_per_zone_wmarks(m);
	drain_all_pages(m, NULL);
	pfn = buddy_alloc(m, zone, 4, MIGRATE_MOVABLE, 0);
	zone_note_taken(zone, 16, 0);
	buddy_free(m, zone, pfn, 4, BUDDY_AUTO);
	/* As a real refill does it: the block goes to the list of this CPU. */
	CU_ASSERT_TRUE(pcp_refill(m, zone, &zone->pcp[0], 0, MIGRATE_MOVABLE, WMARK_LOW));
}

static void kswapd_failures(struct machine *m)
{
	m->nodes[1]->kswapd_failures = 17;
}

/* -- A: slab, vmalloc, per-CPU, stacks ----------------------------------------------- */

static void slab_inuse(struct machine *m)
{
	slab_in_use(m)->inuse--;
}

static void slab_page(struct machine *m)
{
	pfn_to_page(m, slab_in_use(m)->pfn)->mapping++;
}

static void slab_count(struct machine *m)
{
	slab_in_use(m)->cache->node[0].nr_slabs++;
}

static void slab_place(struct machine *m)
{
	slab_in_use(m)->cache->cpu[0].partial.nr++;
}

/* Nobody remembers the object. */
static void object_leaked(struct machine *m)
{
	u64 addr;

	CU_ASSERT_EQUAL_FATAL(kmalloc(m, 700, GFP_KERNEL, 0, &addr), 0);
}

static void vmap_area_leaked(struct machine *m)
{
	struct slab_object leaked;

	CU_ASSERT_EQUAL_FATAL(kmem_cache_alloc(m, kmem_cache_find(m, "vmap_area"), GFP_KERNEL,
					       0, &leaked), 0);
}

/* An area keeps an object that was freed. */
static void object_freed(struct machine *m)
{
	CU_ASSERT_EQUAL(kfree(m, area(m)->vm_struct), 0);
}

static void given_free(struct machine *m)
{
	struct slab *slab = slab_in_use(m);

	for (unsigned int i = 0; i < slab->objects; i++)
		if (!slab_allocated(slab, i)) {
			slab->given[i / 64] |= 1ULL << (i % 64);
			return;
		}
	CU_FAIL("the slab is full");
}

static void cache_leaked(struct machine *m)
{
	struct slab_object leaked;

	CU_ASSERT_EQUAL_FATAL(kmem_cache_alloc(m, kmem_cache_find(m, "kmem_cache"), GFP_KERNEL,
					       0, &leaked), 0);
}

static void slab_stat(struct machine *m)
{
	m->nodes[0]->stat[NR_SLAB_UNRECLAIMABLE] += PAGE_SIZE;
}

static void large_count(struct machine *m)
{
	(void)object(m, 20000);
	m->slab->large_pages[0] -= 8;
	m->nodes[0]->stat[NR_SLAB_UNRECLAIMABLE] -= 8 * PAGE_SIZE;
}

static void area_size(struct machine *m)
{
	area(m)->bytes += PAGE_SIZE;
}

static void kernel_table(struct machine *m)
{
	pfn_to_page(m, m->kernel_tables->rows[0].pfn)->index++;
}

static void stack_count(struct machine *m)
{
	m->nodes[0]->stat[NR_KERNEL_STACK]++;
}

static void per_cpu(struct machine *m)
{
	page_of_type(m, PGTY_percpu)->index++;
}

/* -- huge pages, NUMA, counters, tasks, timers --------------------------------------- */

static void huge_page(struct machine *m)
{
	page_of_type(m, PGTY_hugetlb)->flags |= 1U << PG_lru;
}

static void huge_page_lost(struct machine *m)
{
	(void)take(m, 9, GFP_KERNEL | __GFP_COMP, PGTY_hugetlb);
}

static void gigantic(struct machine *m)
{
	for (u64 pfn = 0; pfn < m->max_pfn; pfn += 1 << 18)
		if (page_present(m, pfn) && allocated_order(m, pfn) == 18) {
			page_set_type(pfn_to_page(m, pfn), PGTY_kernel);
			return;
		}
	CU_FAIL("no gigantic page");
}

static void pool_sysctl(struct machine *m)
{
	m->tunables->nr_hugepages++;
}

static void numa_miss(struct machine *m)
{
	normal(m)->numa[NUMA_MISS]++;
	normal(m)->numa[NUMA_HIT]--;
}

static void pgfree(struct machine *m)
{
	m->event[PGFREE]++;
}

static void negative(struct machine *m)
{
	m->event[PGFAULT] = -1;
}

static void pid_twice(struct machine *m)
{
	m->tasks->tasks[3]->pid = m->tasks->tasks[2]->pid;
}

static void overdue(struct machine *m)
{
	m->now_ns = m->events->heap[0].when_ns;
}

static void event_order(struct machine *m)
{
	struct event event = m->events->heap[0];

	event.when_ns += 5;
	event.period_ns = 0;
	CU_ASSERT_EQUAL_FATAL(event_add(m->events, &event, NULL), 0);
	m->events->heap[1].when_ns -= 10;
}

static void event_twice(struct machine *m)
{
	CU_ASSERT_EQUAL_FATAL(event_add(m->events, &m->events->heap[0], NULL), 0);
	m->events->heap[1].id = m->events->heap[0].id;
}

/* -- pages of users: lists, files, reverse mappings, contents ------------------------- */

/* The first page that a list of any node has. */
static struct page *listed_page(struct machine *m)
{
	lru_add_drain_all(m);
	for (unsigned int node = 0; node < m->nr_nodes; node++)
		for (unsigned int list = 0; list < LRU_UNEVICTABLE; list++)
			if (m->lru->lruvecs[node].lists[list].first != PFN_NIL)
				return pfn_to_page(m, m->lru->lruvecs[node].lists[list].first);
	CU_FAIL_FATAL("no page on a list");
	return NULL;
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
	dma32(m)->stat[NR_MLOCK]++;
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

static void file_size(struct machine *m)
{
	cached_inode(m)->i_size = 0;
}

static void inode_reference(struct machine *m)
{
	cached_inode(m)->i_count++;
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

/* -- the table ----------------------------------------------------------------------- */

static const struct plant all[] = {
#define ROW_OF(span, ids, plant) { ids, plant, #plant, span, NULL }
#define ROW(ids, plant) PLANT(ids, plant)
	ROW("P1", region), ROW("P2 P3 B10 B11", zone_overlap), ROW("P3 P4", zone_present),
	ROW("P4 P8", zone_managed_more), ROW("P4 K4", totalram), ROW("P5", node_present),
	ROW("P6 P8 P6", page_lost), ROW("P4 P8", page_reserved), ROW("P7 I1", page_free_alone),
	ROW("P8 P6", page_lost),
	ROW("B1 P3 P4 P6 P7 P8 B10 B11 I1", zone_too_short), ROW("B2", body), ROW("B3", unmerged),
	/* Until 6.1 a block may stay on the list of the type that it was stolen from. */
	ROW_OF(SINCE(R_6_18), "B4", list_type),
	ROW("B5 B6 B11", area_count), ROW("B6 P7 B11 K4", free_count), ROW("B7", free_blocks),
	ROW("B7", free_highatomic), ROW("B8", head_type), ROW("B8", head_ref),
	ROW("B9", pcp_count), ROW("B9", pcp_page), ROW("B10 B11 B10", pageblock_count),
	ROW("B11 B10", pageblock_count),
	ROW("W1", mark_min), ROW("W1", mark_low), ROW("W1 W2", all_marks), ROW("W1", mark_promo),
	ROW("W1", tunable_min), ROW("W1", boost), ROW("W1", batch), ROW("W1", pageset_batch),
	ROW("W1", high_min), ROW("W1", high_max), ROW("W1", threshold), ROW("W1 W2 W3 W1", protection),
	ROW("W3 W1", protection_falls), ROW("W1 W2 W3", protection_of_itself),
	ROW("W2", totalreserve), ROW("W2", totalreserve_node), ROW("W4", zonelist),
	ROW("W4", fallback_order), ROW("W4", thisnode), ROW("W4", preferred),
	ROW("W5", taken_below_min), ROW("W6", kswapd_failures),
	ROW("A1", slab_inuse), ROW("A1 A3", slab_page), ROW("A2 A4", slab_count),
	ROW("A2", slab_place), ROW("A3", object_leaked), ROW("A3", vmap_area_leaked),
	ROW("A3", object_freed), ROW("A3", given_free), ROW("A3", cache_leaked),
	ROW("A4", slab_stat), ROW("A4", large_count), ROW("A5", area_size),
	ROW("T10", kernel_table), ROW("A6", stack_count), ROW("A7", per_cpu),
	ROW("H1 L1 L3 L6", huge_page), ROW("H1", huge_page_lost), ROW("H1", gigantic),
	ROW("C4", huge_resv), ROW("C4", huge_node_count), ROW("C4", huge_surplus),
	ROW("R1", huge_mapcount_off), ROW("R2", huge_reference), ROW("M1 R1 R2", huge_index),
	ROW("T4", huge_usage), ROW("T2 T5", huge_rights),
	ROW("C4", pool_sysctl), ROW("C5", numa_miss), ROW("I1", pgfree), ROW("I8", negative),
	ROW("K1", pid_twice), ROW("E7", overdue), ROW("E7", event_order),
	ROW("E7", event_twice),
	ROW("L1", lru_not_listed), ROW("L2 L1 L3", lru_other_list), ROW("L3 K4", lru_count),
	ROW("L5", mlock_count), ROW("L6 H1 L1 L3", huge_page),
	ROW("F1", cache_count), ROW("F2", file_pages), ROW("F3", shmem_pages),
	ROW("F4", dirty_page), ROW("F5", file_size), ROW("F6", inode_reference),
	ROW("M4", anon_vma_children), ROW("M5 A3", chain_lost), ROW("M6", writable_count),
	ROW("G1", group_nodes), ROW("G2", group_task), ROW("N1", policy_references), ROW("N2", policy_of_file), ROW("N3", policy_nodes),
	ROW("N4", policy_unasked), ROW("R9", bytes_lost),
	ROW("V5", name_count), ROW("F7", segment_pages),
	ROW("U1 A3", khugepaged_slot_lost),
	ROW("U2", uffd_lost), ROW("U2", uffd_of_nobody), ROW("U2", uffd_mark_writable),
	ROW("U2", uffd_waits_for_nobody),
	ROW("T9", tlb_writable), ROW("T9", tlb_dirty), ROW("T9", tlb_page), ROW("T9", tlb_behind),
	ROW("T9", tlb_mask), ROW("T9", tlb_context), ROW("T8", tlb_lazy),
#undef ROW
#undef ROW_OF
};

static bool id_is_in(const char *line, const char *ids)
{
	size_t len = strcspn(line, " ");

	for (const char *p = ids; *p; p += strcspn(p, " "), p += strspn(p, " "))
		if (strcspn(p, " ") == len && !strncmp(p, line, len))
			return true;
	return false;
}

static bool as_expected(const char *text, const char *ids)
{
	char first[8];
	bool found = false;

	snprintf(first, sizeof(first), "%.*s", (int)strcspn(ids, " "), ids);
	for (const char *line = text; *line; line += strcspn(line, "\n"), line += *line == '\n') {
		found |= id_is_in(line, first);
		if (!id_is_in(line, ids))
			return false;
	}
	return found;
}

static void test_plant(const struct plant *plant, const char *release)
{
	const char *const sets[] = {
		"cmdline=quiet hugepagesz=1G hugepages=1 hugepagesz=2M hugepages=4",
		"node 1.memory=4G", release, NULL,
	};
	const char *const other_sets[] = { "cmdline=quiet", release, NULL };
	const char *machine = plant->machine ? plant->machine : "pc";
	struct lab lab;
	struct out out = OUT_INIT;
	struct check check = { .out = &out };

	CU_ASSERT_EQUAL_FATAL(lab_open_set(&lab, machine, plant->machine ? other_sets : sets), 0);
	if (!span_holds(plant->span, lab.tree->machine->release))
		goto out;
	CU_ASSERT_EQUAL(tree_check(lab.tree, &check), 0);
	CU_ASSERT_EQUAL(check.nr_broken, 0);
	plant->plant(lab.tree->machine);
	CU_ASSERT_EQUAL(tree_check(lab.tree, &check), 0);
	if (!as_expected(lab_text(&out), plant->ids)) {
		CU_FAIL("another id fires, or none");
		fprintf(stderr, "%s, %s: expected %s, found\n%.1500s", release, plant->name,
			plant->ids, lab_text(&out));
	}
out:
	out_free(&out);
	lab_close(&lab);
}

/* The nr-th plant of both tables; NULL: no more. */
static const struct plant *plant_at(size_t nr)
{
	if (nr < ARRAY_SIZE(all))
		return &all[nr];
	nr -= ARRAY_SIZE(all);
	return nr < nr_space_plants ? &space_plants[nr] : NULL;
}

static void test_ids(void)
{
	const struct plant *plant;

	for (size_t i = 0; (plant = plant_at(i)); i++) {
		test_plant(plant, "release=6.1");
		test_plant(plant, "release=6.18");
	}
}

static bool is_planted(const char *id)
{
	/* test_meminfo, test_vmstat, test_check */
	static const char *const texts[] = { "K4", "I9", "PO1" };
	const struct plant *plant;

	for (size_t i = 0; (plant = plant_at(i)); i++)
		if (!strncmp(plant->ids, id, strlen(id)) && !isalnum((u8)plant->ids[strlen(id)]))
			return true;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		if (!strcmp(texts[i], id))
			return true;
	return false;
}

/* Each "X1" or "XY12" of a source that fails checks is an id. */
static int ids_of_source(const char *path, const struct stat *stat, int type, struct FTW *ftw)
{
	static char text[1 << 17];
	FILE *file = type == FTW_F ? fopen(path, "r") : NULL;
	size_t len = file ? fread(text, 1, sizeof(text) - 1, file) : 0;
	char id[4];
	int end;

	(void)stat;
	(void)ftw;
	if (file)
		fclose(file);
	text[len] = '\0';
	for (char *at = strstr(text, "struct check") ? text : NULL; at && (at = strchr(at, '"')); at++) {
		end = 0;
		if (sscanf(at, "\"%1[A-Z]%*1[A-Z]%*2[0-9]\"%n", id, &end) != 1 || !end)
			if (sscanf(at, "\"%1[A-Z]%*2[0-9]\"%n", id, &end) != 1 || !end)
				continue;
		at[end - 1] = '\0';
		if (!is_planted(at + 1)) {
			CU_FAIL("an id without a corruption");
			fprintf(stderr, "%s: nothing makes %s fire\n", path, at + 1);
		}
		at += end - 1;
	}
	return 0;
}

static void test_all_are_planted(void)
{
	const char *dir = getenv("KMM_SRCDIR");
	char path[512];

	snprintf(path, sizeof(path), "%s/src", dir ? dir : ".");
	CU_ASSERT_EQUAL(nftw(path, ids_of_source, 16, FTW_PHYS), 0);
}

/* A text with one place changed; to be freed. */
static char *changed(const char *text, const char *from, const char *to)
{
	const char *at = strstr(text, from);
	struct out out = OUT_INIT;

	CU_ASSERT_PTR_NOT_NULL_FATAL(at);
	out_write(&out, text, (size_t)(at - text));
	out_puts(&out, to);
	out_puts(&out, at + strlen(from));
	CU_ASSERT_EQUAL_FATAL(out_error(&out), 0);
	return out.text;
}

static void test_texts(void)
{
	static const struct {
		const char *path, *from, *to, *ids;
	} texts[] = {
		{ "proc/buddyinfo", "zone      DMA ", "zone      DMA 9", "B11" },
		{ "proc/buddyinfo", "Node 0, zone      DMA", "Node 0, zone    DMA31", "B11" },
		{ "proc/buddyinfo", "Node 1", "Node 0", "B11" },
		{ "proc/pagetypeinfo", "type    Unmovable ", "type    Unmovable 8", "B11" },
		{ "proc/pagetypeinfo", "type   HighAtomic", "type   HighAtomix", "B11" },
		{ "proc/zoneinfo", "  pages free     ", "  pages free     1", "B11" },
		{ "proc/zoneinfo", "        min      ", "        min      1", "B11" },
		{ "proc/zoneinfo", "        promo    ", "        promo    -", "B11" },
		{ "proc/zoneinfo", "        managed  ", "        managed  1", "B11" },
		{ "proc/zoneinfo", "protection: (0", "protection: (1", "B11" },
		{ "proc/zoneinfo", "      nr_free_pages ", "      nr_free_pages 1", "B11" },
		{ "proc/zoneinfo", "count:    ", "count:    5", "B11" },
		{ "proc/zoneinfo", "high_max: ", "high_max: 1", "B11" },
		{ "proc/zoneinfo", "    cpu: 1", "    cpu: 2", "B11" },
		{ "proc/zoneinfo", "threshold: ", "threshold: 1", "B11" },
		{ "proc/zoneinfo", "start_pfn:           ", "start_pfn:           1", "B11" },
		{ "proc/zoneinfo", "node_unreclaimable:  0", "node_unreclaimable:  1", "W6" },
		{ "proc/slabinfo", "kmalloc-8k ", "kmalloc-8x ", "A4" },
		{ "proc/slabinfo", "tunables    0", "tunables    1", "A4" },
		{ "proc/slabinfo", " : slabdata  ", " : slabdata 1 ", "A4" },
		{ "proc/meminfo", "MemTotal:     ", "MemTotal: 123", "K4" },
		{ "proc/meminfo", "MemFree:       ", "MemFree:      1", "K4" },
		{ "proc/meminfo", "MemAvailable:  ", "MemAvailable: 9", "K4" },
		{ "proc/meminfo", "Active:        ", "Active:       7", "K4" },
		{ "proc/meminfo", "Inactive(anon):        0", "Inactive(anon):        4", "K4" },
		{ "proc/meminfo", "Slab: ", "Slab: 1", "K4" },
		{ "proc/meminfo", "Mapped:        ", "Mapped:    9999", "K4" },
		{ "proc/meminfo", "AnonHugePages:         0", "AnonHugePages:      2048", "K4" },
		{ "proc/meminfo", "CommitLimit:    ", "CommitLimit:   1", "K4" },
		{ "proc/meminfo", "HugePages_Rsvd:        0", "HugePages_Rsvd:      100", "K4" },
		{ "proc/meminfo", "SwapFree:              0", "SwapFree:              4", "K4" },
	};
	struct lab lab;

	CU_ASSERT_EQUAL_FATAL(lab_open(&lab, "pc"), 0);
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		char *text = changed(lab_cat(&lab, texts[i].path), texts[i].from, texts[i].to);
		struct out out = OUT_INIT;
		struct check check = { .out = &out };

		CU_ASSERT_EQUAL(check_text(tree_machine(lab.tree), texts[i].path, text, &check), 0);
		if (!as_expected(lab_text(&out), texts[i].ids)) {
			CU_FAIL("another id fires, or none");
			fprintf(stderr, "%s, %s: found\n%.1500s", texts[i].path, texts[i].to,
				lab_text(&out));
		}
		free(text);
		out_free(&out);
	}
	lab_close(&lab);
}

/* Any line of meminfo, whose figure is another. */
static void check_meminfo_lines(const char *machine, const char *release)
{
	const char *sets[] = { release, NULL };
	struct lab lab;
	const char *text, *at;

	CU_ASSERT_EQUAL_FATAL(lab_open_set(&lab, machine, sets), 0);
	text = lab_cat(&lab, "proc/meminfo");
	for (at = text; strchr(at, ':'); at = strchr(at, '\n') + 1) {
		struct out out = OUT_INIT, wrong = OUT_INIT;
		struct check check = { .out = &out };
		size_t last = strcspn(at, "\n");

		while (last && (at[last] < '0' || at[last] > '9'))
			last--;
		out_puts(&wrong, text);
		wrong.text[(size_t)(at - text) + last] ^= 1;
		CU_ASSERT_EQUAL(check_text(tree_machine(lab.tree), "proc/meminfo", wrong.text,
					   &check), 0);
		if (!as_expected(lab_text(&out), "K4")) {
			CU_FAIL("a wrong line is not noticed");
			fprintf(stderr, "%.40s\n", at);
		}
		out_free(&wrong);
		out_free(&out);
	}
	lab_close(&lab);
}

static void test_meminfo(void)
{
	check_meminfo_lines("pc", "release=6.18");
	check_meminfo_lines("pc", "release=6.1");
	check_meminfo_lines("i386", "release=6.1");
}

static void test_vmstat(void)
{
	struct out out = OUT_INIT, zoneinfo = OUT_INIT;
	struct check check = { .out = &out };
	struct lab lab;
	char *vmstat;

	CU_ASSERT_EQUAL_FATAL(lab_open(&lab, "pc"), 0);
	out_puts(&zoneinfo, lab_cat(&lab, "proc/zoneinfo"));
	vmstat = changed(lab_cat(&lab, "proc/vmstat"), "nr_slab_reclaimable ",
			 "nr_slab_reclaimable 1");
	vmstat_check(tree_machine(lab.tree), vmstat, zoneinfo.text, &check);
	CU_ASSERT_TRUE(check.nr_checked > 40);
	CU_ASSERT_EQUAL(check.nr_broken, 1);
	CU_ASSERT_TRUE(as_expected(lab_text(&out), "I9"));
	free(vmstat);
	out_free(&out);
	out_free(&zoneinfo);
	lab_close(&lab);
}

static const char *wrong_slab_text(void *arg, const char *path)
{
	bool wrong = !strcmp(path, arg);

	return wrong ? "1234567 N0=1234567\n" : NULL;
}

static void test_slab_files(void)
{
	char path[] = "sys/kernel/slab/kmalloc-8k/objects";
	const struct slab_text files = { wrong_slab_text, path };
	struct out out = OUT_INIT;
	struct check check = { .out = &out };
	struct lab lab;

	CU_ASSERT_EQUAL_FATAL(lab_open(&lab, "pc"), 0);
	slab_sysfs_check(tree_machine(lab.tree), &files, &check);
	CU_ASSERT_EQUAL(check.nr_broken, 2);	/* of node 0, in all */
	CU_ASSERT_TRUE(as_expected(lab_text(&out), "A4"));
	out_free(&out);
	lab_close(&lab);
}

/* E5: the check changes nothing. */
static void test_check_only_reads(void)
{
	char before[DIGEST_CHARS + 1], after[DIGEST_CHARS + 1];
	struct out out = OUT_INIT;
	struct check check = { .out = &out };
	struct lab lab;

	CU_ASSERT_EQUAL_FATAL(lab_open(&lab, "pc"), 0);
	lab_digest(&lab, before);
	CU_ASSERT_EQUAL(tree_check(lab.tree, &check), 0);
	CU_ASSERT_EQUAL(check.nr_broken, 0);
	lab_digest(&lab, after);
	CU_ASSERT_STRING_EQUAL(before, after);
	out_free(&out);
	lab_close(&lab);
}

static const CU_TestInfo tests[] = {
	{ "each text has one", test_texts },
	{ "each line of meminfo", test_meminfo },
	{ "sums of vmstat", test_vmstat },
	{ "files of caches", test_slab_files },
	{ "the check only reads", test_check_only_reads },
	{ "each id has a corruption", test_all_are_planted },
	{ "each corruption fires, and it alone", test_ids },
};

int main(void)
{
	return suite_main("ids of sim/check", tests, ARRAY_SIZE(tests), NULL, NULL);
}
