// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * anon_vmas: who shares one, what fork builds, when one is used again; mapping counts;
 * walks; no memory at every allocation; planted corruption.
 */
#include <stdlib.h>

#include "fs/core/tree_struct.h"
#include "lab.h"
#include "sim/phys/lru.h"
#include "sim/phys/section.h"
#include "sim/virt/rmap.h"
#include "sim/virt/virt.h"
#include "support.h"

static struct lab lab;
static struct virt_state virt, *saved;
static struct mm_struct mms[8];
static u32 last_node;

/* Nodes of the trees: their handles are never used twice. */
static int node_alloc(void *ctx, u32 *node)
{
	*node = ++last_node;
	return maple_pool_grow(ctx, *node);
}

static void node_free(void *ctx, u32 node)
{
	(void)ctx;
	(void)node;
}

static const struct maple_ops node_ops = { node_alloc, node_free };

static struct machine *open_machine(void)
{
	struct machine *m;

	CU_ASSERT_EQUAL_FATAL(lab_open(&lab, "tiny"), 0);
	m = lab.tree->machine;
	saved = m->virt;
	memset(&virt, 0, sizeof(virt));
	memset(mms, 0, sizeof(mms));
	m->virt = &virt;
	if (!m->lru)
		CU_ASSERT_EQUAL_FATAL(lru_init(m), 0);
	CU_ASSERT_EQUAL_FATAL(object_pool_init(m, &virt.vmas, "vm_area_struct",
					       sizeof(struct vm_area_struct)), 0);
	CU_ASSERT_EQUAL_FATAL(object_pool_init(m, &virt.anon_vmas, "anon_vma",
					       sizeof(struct anon_vma)), 0);
	CU_ASSERT_EQUAL_FATAL(object_pool_init(m, &virt.anon_vma_chains, "anon_vma_chain",
					       sizeof(struct anon_vma_chain)), 0);
	maple_pool_init(&virt.maple_pool, &m->arena);
	last_node = 0;
	for (unsigned int i = 0; i < ARRAY_SIZE(mms); i++)
		mt_init(&mms[i].mm_mt, &virt.maple_pool, &node_ops, &virt.maple_pool);
	return m;
}

static void close_machine(struct machine *m)
{
	CU_ASSERT_EQUAL(nr_broken(m, rmap_validate, NULL), 0);
	CU_ASSERT_EQUAL(virt.anon_vmas.nr_live, 0);
	CU_ASSERT_EQUAL(virt.anon_vma_chains.nr_live, 0);
	object_pool_free(m, &virt.vmas);
	object_pool_free(m, &virt.anon_vmas);
	object_pool_free(m, &virt.anon_vma_chains);
	maple_pool_free(&virt.maple_pool);
	m->virt = saved;
	lab_close(&lab);
}

/* A private anonymous VMA of pages [from, to) of an mm. */
static struct vm_area_struct *vma_new(struct machine *m, unsigned int mm, u64 from, u64 to)
{
	struct vm_area_struct *vma;
	u32 handle;

	if (object_alloc(m, &virt.vmas, GFP_KERNEL, NUMA_NO_NODE, &handle))
		abort();
	vma = object_get(&virt.vmas, handle);
	vma->self = handle;
	vma->vm_mm = &mms[mm];
	vma->vm_start = from << PAGE_SHIFT;
	vma->vm_end = to << PAGE_SHIFT;
	vma->vm_pgoff = from;
	vma->vm_flags = VM_READ | VM_WRITE | VM_MAYREAD | VM_MAYWRITE;
	if (mt_store_range(&mms[mm].mm_mt, vma->vm_start, vma->vm_end - 1, vma->self))
		abort();
	return vma;
}

static void vma_end(struct machine *m, struct vm_area_struct *vma)
{
	unlink_anon_vmas(m, vma);
	if (mt_store_range(&vma->vm_mm->mm_mt, vma->vm_start, vma->vm_end - 1, 0))
		abort();
	object_free(m, &virt.vmas, vma->self);
}

/* fork's part: the same VMA in another mm. */
static struct vm_area_struct *vma_fork(struct machine *m, struct vm_area_struct *vma,
				       unsigned int mm)
{
	struct vm_area_struct *child = vma_new(m, mm, vma->vm_pgoff,
					       vma->vm_pgoff + vma_pages(vma));

	child->anon_vma = vma->anon_vma;
	CU_ASSERT_EQUAL(anon_vma_fork(m, child, vma), 0);
	return child;
}

static unsigned int nr_chains(const struct vm_area_struct *vma)
{
	unsigned int nr = 0;

	for (struct anon_vma_chain *chain = vma->chain_first; chain; chain = chain->next)
		nr++;
	return nr;
}

static void test_prepare(void)
{
	struct machine *m = open_machine();
	struct vm_area_struct *a = vma_new(m, 0, 10, 20), *b = vma_new(m, 0, 20, 30);
	struct vm_area_struct *far = vma_new(m, 0, 40, 50), *c = vma_new(m, 0, 5, 10);

	CU_ASSERT_EQUAL(anon_vma_prepare(m, b), 0);
	CU_ASSERT_PTR_NOT_NULL_FATAL(b->anon_vma);
	CU_ASSERT_EQUAL(b->anon_vma->num_children, 1);
	/* Neighbours that differ in protection alone share one. */
	a->vm_flags &= ~VM_WRITE;
	CU_ASSERT_EQUAL(anon_vma_prepare(m, a), 0);
	CU_ASSERT_PTR_EQUAL(a->anon_vma, b->anon_vma);
	CU_ASSERT_EQUAL(a->anon_vma->num_active_vmas, 2);
	CU_ASSERT_EQUAL(anon_vma_prepare(m, far), 0);
	CU_ASSERT_PTR_NOT_EQUAL(far->anon_vma, b->anon_vma);
	c->vm_flags |= VM_LOCKED;
	CU_ASSERT_EQUAL(anon_vma_prepare(m, c), 0);
	CU_ASSERT_PTR_NOT_EQUAL(c->anon_vma, a->anon_vma);
	CU_ASSERT_EQUAL(nr_broken(m, rmap_validate, NULL), 0);
	vma_end(m, b);
	CU_ASSERT_EQUAL(a->anon_vma->num_active_vmas, 1);
	vma_end(m, a);
	vma_end(m, far);
	vma_end(m, c);
	close_machine(m);
}

/* A child has its parent's chains and one of its own. */
static void test_fork(void)
{
	struct machine *m = open_machine();
	struct vm_area_struct *a = vma_new(m, 0, 10, 20), *b, *c;
	struct anon_vma *root;

	CU_ASSERT_EQUAL(anon_vma_prepare(m, a), 0);
	root = a->anon_vma;
	b = vma_fork(m, a, 1);
	c = vma_fork(m, b, 2);
	CU_ASSERT_EQUAL(nr_chains(a), 1);
	CU_ASSERT_EQUAL(nr_chains(b), 2);
	CU_ASSERT_EQUAL(nr_chains(c), 3);
	CU_ASSERT_PTR_EQUAL(b->anon_vma->root, root);
	CU_ASSERT_PTR_EQUAL(c->anon_vma->parent, b->anon_vma);
	CU_ASSERT_EQUAL(root->refcount, 3);
	CU_ASSERT_EQUAL(root->num_children, 2);
	CU_ASSERT_EQUAL(nr_broken(m, rmap_validate, NULL), 0);
	/* The root outlives its VMA while there is one below. */
	vma_end(m, a);
	vma_end(m, b);
	CU_ASSERT_EQUAL(virt.anon_vmas.nr_live, 3);
	CU_ASSERT_EQUAL(nr_broken(m, rmap_validate, NULL), 0);
	vma_end(m, c);
	close_machine(m);
}

/* Who forks and exits for ever uses again what its parent left. */
static void test_reuse(void)
{
	struct machine *m = open_machine();
	struct vm_area_struct *vma = vma_new(m, 0, 10, 20), *child;
	u32 most = 0;

	CU_ASSERT_EQUAL(anon_vma_prepare(m, vma), 0);
	for (unsigned int i = 1; i < 100; i++) {
		child = vma_fork(m, vma, i % 2);
		most = MAX(most, virt.anon_vmas.nr_live);
		vma_end(m, vma);
		vma = child;
		CU_ASSERT_EQUAL(nr_broken(m, rmap_validate, NULL), 0);
	}
	CU_ASSERT(most <= 3);
	CU_ASSERT(nr_chains(vma) <= 3);
	vma_end(m, vma);
	close_machine(m);
}

static u32 user_page(struct machine *m)
{
	const struct alloc_request req = {
		.gfp = GFP_HIGHUSER_MOVABLE, .node = NUMA_NO_NODE,
	};
	u32 pfn;

	if (alloc_pages(m, &req, &pfn))
		abort();
	return pfn;
}

struct found {
	unsigned int nr;
	u64 sum;
};

static int count_place(void *arg, struct vm_area_struct *vma, u64 address)
{
	struct found *found = arg;

	CU_ASSERT(address >= vma->vm_start && address < vma->vm_end);
	found->nr++;
	found->sum += address;
	return 0;
}

static void test_map(void)
{
	struct machine *m = open_machine();
	struct vm_area_struct *a = vma_new(m, 0, 10, 20), *b;
	s64 *stat = m->nodes[0]->stat, anon = stat[NR_ANON_PAGES], file = stat[NR_MAPPED];
	struct found found = { 0 };
	u32 pfn = user_page(m), own = user_page(m), cached = user_page(m);
	struct page *page = pfn_to_page(m, pfn);

	CU_ASSERT_EQUAL(anon_vma_prepare(m, a), 0);
	page_add_new_anon_rmap(m, pfn, a, 12 << PAGE_SHIFT);
	CU_ASSERT_EQUAL(stat[NR_ANON_PAGES], anon + 1);
	CU_ASSERT(page_flag(page, PG_anon_exclusive) && page_flag(page, PG_swapbacked));
	CU_ASSERT_EQUAL(page_index(page), 12);
	b = vma_fork(m, a, 1);
	get_page(m, pfn);
	folio_dup_rmap_ptes(m, pfn, 1, b);
	CU_ASSERT_EQUAL(page_mapcount(page), 2);
	CU_ASSERT_EQUAL(rmap_walk(m, pfn, count_place, &found), 0);
	CU_ASSERT_EQUAL(found.nr, 2);
	CU_ASSERT_EQUAL(found.sum, 24 << PAGE_SHIFT);
	page_add_new_anon_rmap(m, own, b, 13 << PAGE_SHIFT);
	found.nr = 0;
	CU_ASSERT_EQUAL(rmap_walk(m, own, count_place, &found), 0);
	CU_ASSERT_EQUAL(found.nr, 1);
	page_remove_rmap(m, pfn, a);
	put_page(m, pfn);
	CU_ASSERT_EQUAL(stat[NR_ANON_PAGES], anon + 2);
	page_remove_rmap(m, pfn, b);
	put_page(m, pfn);
	page_remove_rmap(m, own, b);
	put_page(m, own);
	CU_ASSERT_EQUAL(stat[NR_ANON_PAGES], anon);
	page_add_file_rmap(m, cached, a);
	page_add_file_rmap(m, cached, b);
	CU_ASSERT_EQUAL(stat[NR_MAPPED], file + 1);
	page_remove_rmap(m, cached, a);
	page_remove_rmap(m, cached, b);
	CU_ASSERT_EQUAL(stat[NR_MAPPED], file);
	put_page(m, cached);
	vma_end(m, a);
	vma_end(m, b);
	close_machine(m);
}

/* A large offset survives in the descriptor beside a memcg. */
static void test_index(void)
{
	struct page page = { .memcg = 0x1234 };

	page_set_index(&page, 0xcdab12345678ULL);
	CU_ASSERT_EQUAL(page_index(&page), 0xcdab12345678ULL);
	CU_ASSERT_EQUAL(page.memcg & 0xffff, 0x1234);
}

/* fork of a chain of three: whichever allocation fails, nothing is left. */
static void test_no_memory(void)
{
	struct machine *m = open_machine();
	struct vm_area_struct *a = vma_new(m, 0, 10, 20), *b, *c;
	unsigned int nr_failed = 0;

	CU_ASSERT_EQUAL(anon_vma_prepare(m, a), 0);
	b = vma_fork(m, a, 1);
	for (u64 nth = 1; nth < 20; nth++) {
		u32 vmas = virt.anon_vmas.nr_live, chains = virt.anon_vma_chains.nr_live;
		int err;

		/* So many that a new chunk or slab comes into play. */
		c = vma_new(m, 2, 10, 20);
		arena_fail_after(&m->arena, nth);
		err = anon_vma_fork(m, c, b);
		arena_fail_after(&m->arena, 0);
		CU_ASSERT(!err || err == -ENOBUFS || err == -ENOMEM);
		if (err) {
			nr_failed++;
			CU_ASSERT_EQUAL(virt.anon_vmas.nr_live, vmas);
			CU_ASSERT_EQUAL(virt.anon_vma_chains.nr_live, chains);
			CU_ASSERT_PTR_NULL(c->anon_vma);
		}
		CU_ASSERT_EQUAL(nr_broken(m, rmap_validate, NULL), 0);
		vma_end(m, c);
	}
	vma_end(m, a);
	vma_end(m, b);
	close_machine(m);
}

static void test_planted(void)
{
	struct machine *m = open_machine();
	struct vm_area_struct *a = vma_new(m, 0, 10, 20), *b;
	struct out out = OUT_INIT;

	CU_ASSERT_EQUAL(anon_vma_prepare(m, a), 0);
	b = vma_fork(m, a, 1);
	CU_ASSERT_EQUAL(nr_broken(m, rmap_validate, &out), 0);
	a->anon_vma->num_children++;
	CU_ASSERT_EQUAL(nr_broken(m, rmap_validate, &out), 1);
	a->anon_vma->num_children--;
	b->anon_vma->num_active_vmas = 0;
	CU_ASSERT_EQUAL(nr_broken(m, rmap_validate, &out), 1);
	b->anon_vma->num_active_vmas = 1;
	a->anon_vma->refcount++;
	CU_ASSERT_EQUAL(nr_broken(m, rmap_validate, &out), 1);
	a->anon_vma->refcount--;
	b->vm_pgoff++;
	CU_ASSERT(nr_broken(m, rmap_validate, &out) > 0);
	b->vm_pgoff--;
	out_free(&out);
	vma_end(m, a);
	vma_end(m, b);
	close_machine(m);
}

static const CU_TestInfo tests[] = {
	{ "prepare", test_prepare },
	{ "fork", test_fork },
	{ "used again", test_reuse },
	{ "mappings and walks", test_map },
	{ "index", test_index },
	{ "no memory", test_no_memory },
	{ "planted", test_planted },
};

int main(void)
{
	return suite_main("rmap", tests, ARRAY_SIZE(tests), NULL, NULL);
}
