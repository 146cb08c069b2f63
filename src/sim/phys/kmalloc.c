// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * kmalloc(): a class by size and a set of classes by gfp; above 8 KiB whole pages,
 * marked in the mapping of their first page so that kfree() knows them again.
 */
#include <stdio.h>

#include "sim/phys/slab_debug.h"

/* Classes in the order of the array; names as in "kmalloc-1k". */
static const struct {
	u32 bytes;
	const char *name;
} classes[KMALLOC_CLASSES] = {
	{ 8, "8" }, { 16, "16" }, { 32, "32" }, { 64, "64" }, { 96, "96" },
	{ 128, "128" }, { 192, "192" }, { 256, "256" }, { 512, "512" },
	{ 1024, "1k" }, { 2048, "2k" }, { 4096, "4k" }, { 8192, "8k" },
};

static const char *const type_names[NR_KMALLOC_TYPES] = {
	[KMALLOC_NORMAL] = "kmalloc",
	[KMALLOC_CGROUP] = "kmalloc-cg",
	[KMALLOC_RECLAIM] = "kmalloc-rcl",
	[KMALLOC_DMA] = "dma-kmalloc",
};

int kmalloc_init(struct machine *m)
{
	struct slab_state *state = m->slab;
	char name[32];

	for (int type = 0; type < NR_KMALLOC_TYPES; type++) {
		for (int i = 0; i < KMALLOC_CLASSES; i++) {
			snprintf(name, sizeof(name), "%s-%s", type_names[type],
				 classes[i].name);
			state->kmalloc[type][i] = kmem_cache_find(m, name);
			if (!state->kmalloc[type][i])
				state->kmalloc[type][i] = state->kmalloc[KMALLOC_NORMAL][i];
			if (!state->kmalloc[type][i])
				return -EINVAL;
		}
	}
	return 0;
}

static enum kmalloc_type kmalloc_type(gfp_t gfp)
{
	if (gfp & __GFP_DMA)
		return KMALLOC_DMA;
	if (gfp & __GFP_RECLAIMABLE)
		return KMALLOC_RECLAIM;
	return gfp & __GFP_ACCOUNT ? KMALLOC_CGROUP : KMALLOC_NORMAL;
}

static unsigned int kmalloc_class(u64 bytes)
{
	unsigned int i = 0;

	while (classes[i].bytes < bytes)
		i++;
	return i;
}

int kmalloc_reserve(struct machine *m, u64 bytes)
{
	if (!bytes || bytes > KMALLOC_MAX_CACHE_SIZE)
		return 0;
	return slab_reserve(m, m->slab->kmalloc[KMALLOC_NORMAL][kmalloc_class(bytes)]);
}

static void account_large(struct machine *m, u32 pfn, unsigned int order, int sign)
{
	unsigned int node = page_zone(m, pfn_to_page(m, pfn))->node;
	s64 pages = sign * (1LL << order);

	m->nodes[node]->stat[NR_SLAB_UNRECLAIMABLE] += pages * (s64)PAGE_SIZE;
	m->slab->large_pages[node] += pages;
}

static int kmalloc_large(struct machine *m, u64 bytes, gfp_t gfp, int node, u64 *addr)
{
	unsigned int order = get_order(bytes);
	u32 pfn;
	int err;

	err = alloc_kernel_pages(m, gfp | __GFP_COMP, order, node, PGTY_kernel, &pfn);
	if (err)
		return err;
	pfn_to_page(m, pfn)->mapping = KMALLOC_LARGE_MAPPING;
	account_large(m, pfn, order, 1);
	*addr = m->arch->page_offset + PFN_PHYS(pfn);
	return 0;
}

int kmalloc_at(struct machine *m, u64 bytes, gfp_t gfp, int node, u64 *addr,
	       const char *site)
{
	const struct slab_request req = { .orig_size = bytes, .site = site };
	struct slab_object object;
	struct kmem_cache *s;
	int err;

	gfp &= ~(__GFP_HIGHMEM | __GFP_MOVABLE);
	if (!bytes) {
		*addr = ZERO_SIZE_PTR;
		return 0;
	}
	if (bytes > KMALLOC_MAX_CACHE_SIZE)
		return kmalloc_large(m, bytes, gfp, node, addr);
	s = m->slab->kmalloc[kmalloc_type(gfp)][kmalloc_class(bytes)];
	err = slab_alloc_node(m, s, gfp, node, &req, &object);
	if (!err)
		*addr = object.addr;
	return err;
}

void kmalloc_explain(struct machine *m, u64 bytes, gfp_t gfp, u64 addr)
{
	const struct kmem_cache *s;

	gfp &= ~(__GFP_HIGHMEM | __GFP_MOVABLE);
	if (!bytes) {
		machine_why_call(m, "kmalloc 0: ZERO_SIZE_PTR: no memory at all (kmalloc_slab)");
	} else if (bytes > KMALLOC_MAX_SIZE) {
		machine_why_call(m, "kmalloc %llu: -ENOMEM: more than KMALLOC_MAX_SIZE %llu, a "
				 "block of order %d (kmalloc_large)", (unsigned long long)bytes,
				 KMALLOC_MAX_SIZE, MAX_PAGE_ORDER);
	} else if (bytes > KMALLOC_MAX_CACHE_SIZE) {
		machine_why_call(m, "kmalloc %llu, %X: above %u bytes whole pages: order %d: %s "
				 "(kmalloc_large)", (unsigned long long)bytes, gfp,
				 KMALLOC_MAX_CACHE_SIZE, get_order(bytes),
				 addr ? "allocated" : "-ENOMEM");
	} else {
		s = m->slab->kmalloc[kmalloc_type(gfp)][kmalloc_class(bytes)];
		machine_why_call(m, "kmalloc %llu, %X: class %s, the smallest of its kind that "
				 "holds them: %s (kmalloc_slab)", (unsigned long long)bytes, gfp,
				 s->name, addr ? "allocated" : "-ENOMEM");
	}
}

/* The first page of a large kmalloc() at addr, or NULL. */
static struct page *large_page(const struct machine *m, u64 addr)
{
	u64 pfn = (addr - m->arch->page_offset) >> PAGE_SHIFT;
	struct page *page;

	if (addr < m->arch->page_offset || !IS_ALIGNED(addr, PAGE_SIZE) ||
	    !page_present(m, pfn) || allocated_order(m, pfn) < 0)
		return NULL;
	page = pfn_to_page(m, pfn);
	return page_type(page) == PGTY_kernel && page->mapping == KMALLOC_LARGE_MAPPING ?
		page : NULL;
}

static int kfree_large(struct machine *m, u64 addr)
{
	struct page *page = large_page(m, addr);
	u64 pfn;
	int order;

	if (!page)
		return -EINVAL;
	pfn = page_to_pfn(m, page);
	order = allocated_order(m, pfn);
	page->mapping = 0;
	page->index = 0;
	account_large(m, pfn, order, -1);
	free_pages(m, pfn, order);
	return 0;
}

void slab_give(struct machine *m, u64 addr)
{
	struct slab *slab = slab_of_addr(m, addr);
	struct page *page;
	unsigned int i;

	if (slab) {
		i = slab_object_index(slab, addr);
		if (i != SLAB_NIL)
			slab->given[i / 64] |= 1ULL << (i % 64);
		return;
	}
	page = large_page(m, addr);
	if (page)
		page->index = 1;
}

bool slab_given(const struct machine *m, u64 addr)
{
	const struct slab *slab = slab_of_addr(m, addr);
	const struct page *page;
	unsigned int i;

	if (slab) {
		i = slab_object_index(slab, addr);
		return i != SLAB_NIL && slab->given[i / 64] >> (i % 64) & 1;
	}
	page = large_page(m, addr);
	return page && page->index;
}

int kfree_at(struct machine *m, u64 addr, const char *site)
{
	struct slab *slab;
	unsigned int i;

	if (!addr || addr == ZERO_SIZE_PTR)
		return 0;
	slab = slab_of_addr(m, addr);
	if (!slab)
		return kfree_large(m, addr);
	i = slab_object_index(slab, addr);
	if (!(slab->cache->flags & SLAB_KMALLOC) ||
	    (!slab_is_debug(slab->cache) && (i == SLAB_NIL || !slab_allocated(slab, i))))
		return -EINVAL;
	kmem_cache_free_at(m, slab->cache, addr, site);
	return 0;
}
