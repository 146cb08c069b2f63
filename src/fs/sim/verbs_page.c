// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The page allocator's calls. Pages that a script allocates are the kernel's, and
 * marked as a script's, so that free_pages never takes a page from under a slab, a
 * page table or the engine.
 */
#include "fs/core/verb.h"
#include "sim/phys/cma.h"
#include "sim/phys/contig.h"

/* page->mapping of the head of a block that a script holds. */
#define SCRIPT_MARK 0x73637270

enum { ALLOC_ORDER, ALLOC_GFP, ALLOC_NODE };
enum { FREE_PAGE, FREE_ORDER };
enum { CONTIG_NR, CONTIG_GFP, CONTIG_NODE };
enum { RANGE_PFN, RANGE_NR };
enum { BULK_NR, BULK_GFP, BULK_NODE };

/* The same of pages of a bulk; how many one may have. */
#define BULK_MARK 0x6b6c7562
#define BULK_FIRST_MARK 0x6b6c7546
#define MAX_BULK 65536

/* A node to allocate on: -1 or one that is there. */
static int check_node(struct call *call, const struct arg *arg, int *node)
{
	*node = NUMA_NO_NODE;
	if (!arg->given || arg->value == (u64)NUMA_NO_NODE)
		return 0;
	if (arg->value >= call->m->nr_nodes || !call->m->nodes[arg->value])
		return call_refuse(call, -EINVAL, "there is no node %lld: see "
				   "sys/devices/system/node/online", (long long)arg->value);
	*node = arg->value;
	return 0;
}

/* At most one of the zone flags, but for HIGHMEM with MOVABLE. */
static bool gfp_zones_fit(gfp_t gfp)
{
	gfp_t zones = gfp & (__GFP_DMA | __GFP_DMA32 | __GFP_HIGHMEM);

	return !(zones & (zones - 1));
}

int call_placement(struct call *call, const struct arg *gfp, const struct arg *node,
		   struct placement *placement)
{
	placement->gfp = gfp->given ? (gfp_t)gfp->value : GFP_KERNEL;
	if (!gfp_zones_fit(placement->gfp))
		return call_refuse(call, -EINVAL, "only one of DMA, DMA32 and HIGHMEM can be "
				   "asked for");
	return check_node(call, node, &placement->node);
}

static int run_alloc_pages(struct call *call)
{
	const struct arg *order = &call->args[ALLOC_ORDER];
	struct alloc_request req;
	struct placement at;
	u32 pfn;
	int err;

	if (order->value > MAX_PAGE_ORDER)
		return call_refuse(call, -EINVAL, "order %llu is beyond %d, the largest block",
				   (unsigned long long)order->value, MAX_PAGE_ORDER);
	err = call_placement(call, &call->args[ALLOC_GFP], &call->args[ALLOC_NODE], &at);
	if (err)
		return err;
	req = (struct alloc_request) {
		.gfp = at.gfp, .order = order->value, .node = at.node, .owner = PGTY_kernel };
	err = alloc_pages(call->m, &req, &pfn);
	if (err == -ENOBUFS)
		return call_no_host_memory(call);
	if (err) {
		out_printf(call->sentence, "no free block of order %u may be taken: see sim/why",
			   (unsigned int)order->value);
		return err;
	}
	pfn_to_page(call->m, pfn)->mapping = SCRIPT_MARK;
	alloc_pages_explain(call->m, &req, pfn);
	call->value = pfn;
	return 0;
}

/* Pages of a bulk are a chain: each knows the one behind it. */
static void chain_pages(struct machine *m, const u32 *pfns, unsigned int nr)
{
	for (unsigned int i = 0; i < nr; i++) {
		struct page *page = pfn_to_page(m, pfns[i]);

		page->mapping = i ? BULK_MARK : BULK_FIRST_MARK;
		page->index = i + 1 < nr ? pfns[i + 1] : PFN_NIL;
	}
}

static int run_alloc_pages_bulk(struct call *call)
{
	struct machine *m = call->m;
	u64 nr = call->args[BULK_NR].value;
	struct alloc_request req = { .owner = PGTY_kernel };
	struct placement at;
	unsigned int got;
	u32 *pfns;
	int err = call_placement(call, &call->args[BULK_GFP], &call->args[BULK_NODE], &at);

	if (err)
		return err;
	if (!nr || nr > MAX_BULK)
		return call_refuse(call, -EINVAL, "%llu pages: a bulk has 1 to %u",
				   (unsigned long long)nr, MAX_BULK);
	pfns = arena_alloc(&m->arena, nr * sizeof(*pfns));
	if (!pfns)
		return call_no_host_memory(call);
	req.gfp = at.gfp;
	req.node = at.node == NUMA_NO_NODE ? m->cpu_node[m->cpu] : at.node;
	err = alloc_pages_bulk(m, &req, nr, pfns, &got);
	if (err == -ENOBUFS)
		err = call_no_host_memory(call);
	else if (!err && !got)
		err = -ENOMEM;
	if (!err) {
		chain_pages(m, pfns, got);
		machine_why_call(m, "alloc_pages_bulk %llu, %X: %u pages, the first is %#x",
				 (unsigned long long)nr, req.gfp, got, pfns[0]);
		call->value = pfns[0];
	}
	arena_free(&m->arena, pfns, nr * sizeof(*pfns));
	return err;
}

/* A pfn, or an address of the direct map. PFN_NIL: neither. */
static u64 to_pfn(const struct machine *m, u64 value)
{
	u64 offset = m->arch->page_offset;

	if (value < m->max_pfn)
		return value;
	if (value >= offset && IS_ALIGNED(value, PAGE_SIZE) &&
	    PFN_DOWN(value - offset) < m->max_pfn)
		return PFN_DOWN(value - offset);
	return PFN_NIL;
}

static const char *owner_of(const struct page *page)
{
	if (page_type(page) == PGTY_kernel && page->mapping == CMA_MARK)
		return "it belongs to a contiguous memory area: use cma_release";
	switch (page_type(page)) {
	case PGTY_slab:
		return "it belongs to a slab: use kfree or kmem_cache_free";
	case PGTY_vmalloc:
		return "it belongs to vmalloc: use vfree";
	case PGTY_table:
		return "it is a page table";
	case PGTY_hugetlb:
		return "it belongs to the pool of huge pages";
	default:
		return "alloc_pages did not return it";
	}
}

/* Is this the head of a block that a script holds? *order is its order then. */
static int check_head(struct call *call, u64 pfn, unsigned int *order)
{
	struct machine *m = call->m;
	unsigned long long n = call->args[FREE_PAGE].value;
	const struct page *page;
	int allocated;

	if (pfn == PFN_NIL)
		return call_refuse(call, -EINVAL, "%#llx is neither a page frame of this machine "
				   "nor a page's address", n);
	allocated = allocated_order(m, pfn);
	if (allocated < 0)
		return call_refuse(call, -EINVAL, "page %#llx is not allocated: nothing to free",
				   (unsigned long long)pfn);
	page = pfn_to_page(m, pfn);
	if (page_type(page) != PGTY_kernel || page->mapping != SCRIPT_MARK)
		return call_refuse(call, -EINVAL, "page %#llx cannot be freed: %s",
				   (unsigned long long)pfn, owner_of(page));
	*order = allocated;
	return 0;
}

static int run_free_pages(struct call *call)
{
	const struct arg *order = &call->args[FREE_ORDER];
	u64 pfn = to_pfn(call->m, call->args[FREE_PAGE].value);
	unsigned int allocated = 0;
	int err = check_head(call, pfn, &allocated);

	if (err)
		return err;
	if (order->given && order->value != allocated)
		return call_refuse(call, -EINVAL, "page %#llx was allocated with order %u, not "
				   "%llu", (unsigned long long)pfn, allocated,
				   (unsigned long long)order->value);
	pfn_to_page(call->m, pfn)->mapping = 0;
	free_pages(call->m, pfn, allocated);
	free_pages_explain(call->m, pfn, allocated);
	return 0;
}

/* All pages of a range become a script's, one by one. */
static void own_range(struct machine *m, u32 pfn, u64 nr_pages, gfp_t gfp)
{
	const struct alloc_request req = { .gfp = gfp, .owner = PGTY_kernel };

	for (u64 i = 0; i < nr_pages; i++) {
		prep_isolated_pages(m, &req, pfn + (u32)i);
		pfn_to_page(m, pfn + i)->mapping = SCRIPT_MARK;
	}
}

static int run_alloc_contig(struct call *call)
{
	u64 nr_pages = call->args[CONTIG_NR].value;
	struct alloc_request req = { 0 };
	struct placement at;
	u32 pfn;
	int err;

	if (!nr_pages || nr_pages > call->m->max_pfn)
		return call_refuse(call, -EINVAL, "%llu pages: the machine has %llu at most",
				   (unsigned long long)nr_pages,
				   (unsigned long long)call->m->max_pfn);
	err = call_placement(call, &call->args[CONTIG_GFP], &call->args[CONTIG_NODE], &at);
	if (err)
		return err;
	req.gfp = at.gfp;
	req.node = at.node;
	err = alloc_contig_pages(call->m, &req, nr_pages, &pfn);
	if (err == -ENOBUFS)
		return call_no_host_memory(call);
	if (err) {
		out_printf(call->sentence, "no %llu pages that lie together can be freed: see "
			   "sim/why", (unsigned long long)nr_pages);
		return err;
	}
	own_range(call->m, pfn, nr_pages, at.gfp);
	call->value = pfn;
	return 0;
}

static int run_free_contig(struct call *call)
{
	u64 pfn = to_pfn(call->m, call->args[RANGE_PFN].value);
	u64 nr_pages = call->args[RANGE_NR].value;
	int err = 0;

	for (u64 i = 0; i < nr_pages && !err; i++) {
		unsigned int order = 0;

		err = check_head(call, pfn == PFN_NIL ? pfn : pfn + i, &order);
		if (!err && order)
			err = call_refuse(call, -EINVAL, "page %#llx is of a block of order %u: "
					  "use free_pages", (unsigned long long)(pfn + i), order);
	}
	for (u64 i = 0; i < nr_pages && !err; i++) {
		pfn_to_page(call->m, pfn + i)->mapping = 0;
		free_pages(call->m, pfn + i, 0);
	}
	return err;
}

static bool page_of_bulk(const struct machine *m, u64 pfn, u32 mark)
{
	return pfn != PFN_NIL && allocated_order(m, pfn) == 0 &&
	       page_type(pfn_to_page(m, pfn)) == PGTY_kernel &&
	       pfn_to_page(m, pfn)->mapping == mark;
}

static int run_free_pages_bulk(struct call *call)
{
	struct machine *m = call->m;
	u64 pfn = to_pfn(m, call->args[FREE_PAGE].value);
	u32 mark = BULK_FIRST_MARK;

	if (!page_of_bulk(m, pfn, mark))
		return call_refuse(call, -EINVAL, "%#llx is not the first page of a bulk",
				   (unsigned long long)call->args[FREE_PAGE].value);
	for (; page_of_bulk(m, pfn, mark); mark = BULK_MARK) {
		u32 next = pfn_to_page(m, pfn)->index;

		pfn_to_page(m, pfn)->mapping = 0;
		free_pages(m, pfn, 0);
		pfn = next;
	}
	return 0;
}

static int run_drain(struct call *call)
{
	drain_all_pages(call->m, NULL);
	return 0;
}

static const struct verb_form alloc_forms[] = {
	{ { A_ORDER, A_NODE }, { ALLOC_ORDER, ALLOC_NODE } },
	{ { A_GFP, A_ORDER, A_NODE | A_OPTIONAL }, { ALLOC_GFP, ALLOC_ORDER, ALLOC_NODE } },
};

static const struct verb verbs[] = {
	{ "alloc_pages", { A_ORDER, A_GFP | A_OPTIONAL, A_NODE }, run_alloc_pages,
	  RESULT_PFN, 0, SCOPE_KERNEL, "ORDER [GFP] [NODE]",
	  "Allocate 2^ORDER pages that lie together, with GFP_KERNEL unless GFP says "
	  "otherwise, on this CPU's node unless NODE says another. The result is the first "
	  "page frame: sim/page/0xPFN shows it. The kernel's order of arguments, GFP first, "
	  "is understood as well.",
	  alloc_forms, ARRAY_SIZE(alloc_forms),
	  .cost = COST_ALLOC_PAGES },
	{ "free_pages", { A_ADDR, A_ORDER | A_OPTIONAL }, run_free_pages,
	  RESULT_NONE, 0, SCOPE_KERNEL, "PFN|ADDRESS [ORDER]",
	  "Free what alloc_pages returned: its first page frame, or that page's address in "
	  "the direct map. ORDER, where given, must be the one it was allocated with. "
	  "EINVAL for any other page; nothing changes then.",
	  .cost = COST_FREE_PAGES },
	{ "alloc_contig_pages", { A_NUMBER, A_GFP | A_OPTIONAL, A_NODE }, run_alloc_contig,
	  RESULT_PFN, 0, SCOPE_KERNEL, "NR_PAGES [GFP] [NODE]",
	  "Allocate NR_PAGES pages that lie together, as many as wanted: the first range at a "
	  "multiple of NR_PAGES whose pages are free or can move. Its pageblocks are isolated, "
	  "what is in use moves elsewhere, and the pages are taken. The result is the first "
	  "page frame; each page is a block of its own. ENOMEM if each range has a page that "
	  "cannot move.", .cost = COST_ALLOC_PAGES },
	{ "free_contig_range", { A_ADDR, A_NUMBER }, run_free_contig,
	  RESULT_NONE, 0, SCOPE_KERNEL, "PFN|ADDRESS NR_PAGES",
	  "Free NR_PAGES pages from this one on that alloc_contig_pages returned, all or a part. "
	  "EINVAL if one of them is not the script's own; nothing changes then.",
	  .cost = COST_FREE_PAGES },
	{ "alloc_pages_bulk", { A_SIZE, A_GFP | A_OPTIONAL, A_NODE }, run_alloc_pages_bulk,
	  RESULT_PFN, 0, SCOPE_KERNEL, "NR [GFP] [NODE]",
	  "Allocate NR single pages at once, as alloc_pages_bulk_array() does: all of them "
	  "from the per-CPU list of one zone, which must stay above its low mark without "
	  "them; where that list runs dry there are fewer, and where no zone can, one page. "
	  "sim/why says how many. The result is the first: free_pages_bulk frees them all.",
	  .cost = COST_ALLOC_PAGES },
	{ "free_pages_bulk", { A_ADDR }, run_free_pages_bulk, RESULT_NONE, 0, SCOPE_KERNEL,
	  "PFN", "Free all pages of a bulk: PFN is the first, as alloc_pages_bulk returned it.",
	  .cost = COST_FREE_PAGES },
	{ "drain_all_pages", { A_END }, run_drain, RESULT_NONE, 0, SCOPE_KERNEL, "",
	  "Give the pages on all per-CPU lists back to the buddy allocator." },
	{ "drain", { A_END }, run_drain, RESULT_NONE, 0, SCOPE_KERNEL, "",
	  "Short for drain_all_pages." },
};

const struct verb_table page_verbs = { verbs, ARRAY_SIZE(verbs) };
