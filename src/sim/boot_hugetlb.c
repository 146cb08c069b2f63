// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * hugepages=: pages of the size that the buddy allocator can give are taken from
 * it, one node after the other; gigantic ones have to come out of memblock before
 * anything else does.
 */
#include "sim/boot_state.h"

#include <stdio.h>

#include "sim/phys/hugetlb.h"
#include "sim/phys/page_alloc.h"

static u64 default_size(const struct boot *b)
{
	return PAGE_SIZE << b->m->arch->hugetlb_order;
}

static u64 option_size(const struct boot *b, const struct hugetlb_option *option)
{
	if (option->page_size)
		return option->page_size;
	return b->cmdline.default_hugepagesz ? b->cmdline.default_hugepagesz : default_size(b);
}

/* Any node (-1), or one that the machine has. */
static bool node_is_there(const struct boot *b, int node)
{
	return node < 0 || (node < (int)b->m->nr_nodes && b->m->nodes[node]);
}

static void say_failed(struct boot *b, const struct hugetlb_option *option, u64 taken)
{
	u64 size = option_size(b, option), unit = size >= SZ_1G ? SZ_1G : SZ_1M;
	char on[24] = "";

	if (taken >= option->nr_pages)
		return;
	if (option->node >= 0)
		snprintf(on, sizeof(on), " node%d", option->node);
	printk(b->m, 4, "HugeTLB: allocating %llu of page size %llu.00 %s failed%s.  Only "
	       "allocated %llu hugepages.", (unsigned long long)option->nr_pages,
	       (unsigned long long)(size / unit), unit == SZ_1G ? "GiB" : "MiB", on,
	       (unsigned long long)taken);
}

static bool has_gigantic(const struct boot *b)
{
	return b->m->gbpages;
}

static void take_gigantic(struct boot *b, const struct hugetlb_option *option)
{
	unsigned int node = 0;

	for (u64 i = 0; i < option->nr_pages && b->nr_gigantic < MAX_GIGANTIC; i++) {
		struct memblock_request req = {
			.size = SZ_1G, .align = SZ_1G, .nid = option->node,
			.exact_nid = option->node >= 0, .who = "gigantic page",
		};
		u64 at = 0;

		/* Spread over the nodes: each tries in turn. */
		for (unsigned int tries = 0; option->node < 0 && !at &&
		     tries < b->m->nr_nodes; tries++) {
			req.nid = (int)node;
			req.exact_nid = true;
			node = (node + 1) % b->m->nr_nodes;
			at = memblock_alloc(b->m->memblock, &req);
		}
		if (option->node >= 0)
			at = memblock_alloc(b->m->memblock, &req);
		if (!at)
			break;
		b->gigantic[b->nr_gigantic++] =
			(struct gigantic_page){ PFN_DOWN(at), SZ_1G >> PAGE_SHIFT };
	}
}

void boot_hugetlb_early(struct boot *b)
{
	if (hugetlb_init(b->m))
		boot_fail(b, -ENOMEM, NULL);
	for (unsigned int i = 0; i < b->cmdline.nr_hugetlb; i++) {
		const struct hugetlb_option *option = &b->cmdline.hugetlb[i];
		u64 before = b->nr_gigantic;

		if (!has_gigantic(b) || option_size(b, option) != SZ_1G)
			continue;
		if (!node_is_there(b, option->node))
			continue;
		take_gigantic(b, option);
		say_failed(b, option, b->nr_gigantic - before);
	}
}

/* The pages have an owner now: they count as managed. */
static void account_gigantic(struct boot *b)
{
	for (unsigned int i = 0; i < b->nr_gigantic && !b->err; i++) {
		const struct gigantic_page *page = &b->gigantic[i];
		unsigned int order = get_order(page->nr_pages << PAGE_SHIFT);

		if (own_reserved_block(b->m, page->pfn, order, PGTY_hugetlb) ||
		    hugetlb_add(b->m, order, (u32)page->pfn))
			boot_fail(b, -ENOMEM, NULL);
	}
}

static u64 take_pages(struct boot *b, const struct hugetlb_option *option)
{
	unsigned int order = b->m->arch->hugetlb_order;
	int node = option->node >= 0 ? option->node : NUMA_NO_NODE;
	const struct pglist_data *on = node >= 0 ? b->m->nodes[node] : NULL;
	u64 before = hugetlb_counts(b->m, on, order).total;

	if (hugetlb_resize(b->m, order, node, before + option->nr_pages))
		boot_fail(b, -ENOMEM, NULL);
	return hugetlb_counts(b->m, on, order).total - before;
}

static void say_size(struct boot *b, u64 size, u64 taken)
{
	bool vmemmap = b->m->arch->vmemmap_start;
	u64 kb = (size >> PAGE_SHIFT) * b->m->arch->struct_page_bytes >> 10;
	u64 unit = size >= SZ_1G ? SZ_1G : SZ_1M;

	printk(b->m, 6, "HugeTLB: registered %llu.00 %s page size, pre-allocated %llu pages",
	       (unsigned long long)(size / unit), unit == SZ_1G ? "GiB" : "MiB",
	       (unsigned long long)taken);
	printk(b->m, 6, "HugeTLB: %llu KiB vmemmap can be freed for a %llu.00 %s page",
	       (unsigned long long)(vmemmap ? kb - 4 : 0), (unsigned long long)(size / unit),
	       unit == SZ_1G ? "GiB" : "MiB");
}

void boot_hugetlb(struct boot *b)
{
	u64 taken = 0, wanted = 0;

	account_gigantic(b);
	if (b->nr_gigantic)
		refresh_zone_stat_thresholds(b->m);
	for (unsigned int i = 0; i < b->cmdline.nr_hugetlb && !b->err; i++) {
		const struct hugetlb_option *option = &b->cmdline.hugetlb[i];
		u64 got;

		if (option_size(b, option) != default_size(b) || !node_is_there(b, option->node))
			continue;
		got = take_pages(b, option);
		say_failed(b, option, got);
		wanted += option->nr_pages;
		taken += got;
	}
	boot_note(b->m, "%llu huge pages in the pool, %llu wanted; %u gigantic ones",
		  (unsigned long long)taken, (unsigned long long)wanted, b->nr_gigantic);
	if (has_gigantic(b))
		say_size(b, SZ_1G, b->nr_gigantic);
	say_size(b, default_size(b), taken);
	if (b->cmdline.default_hugepagesz == SZ_1G && has_gigantic(b) &&
	    hugetlb_set_default(b->m, get_order(SZ_1G)))
		boot_fail(b, -ENOMEM, NULL);
}
