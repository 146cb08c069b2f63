// SPDX-License-Identifier: GPL-2.0-or-later
/* Three quotients of free blocks, rounded as the kernel rounds them. */
#include "sim/phys/extfrag.h"

struct contig_page_info {
	u64 free_pages, free_blocks_total, free_blocks_suitable;
};

/* Free blocks of a zone, and how many of `order` they would make. */
static struct contig_page_info fill_contig_page_info(const struct zone *zone,
						     unsigned int order)
{
	struct contig_page_info info = { 0 };

	for (unsigned int i = 0; i < NR_PAGE_ORDERS; i++) {
		u64 blocks = zone->free_area[i].nr_free;

		info.free_blocks_total += blocks;
		info.free_pages += blocks << i;
		if (i >= order)
			info.free_blocks_suitable += blocks << (i - order);
	}
	return info;
}

int unusable_free_index(const struct zone *zone, unsigned int order)
{
	struct contig_page_info info = fill_contig_page_info(zone, order);

	if (!info.free_pages)
		return 1000;
	return (int)((info.free_pages - (info.free_blocks_suitable << order)) * 1000 /
		     info.free_pages);
}

int fragmentation_index(const struct zone *zone, unsigned int order)
{
	struct contig_page_info info = fill_contig_page_info(zone, order);

	if (!info.free_blocks_total)
		return 0;
	if (info.free_blocks_suitable)
		return -1000;
	return 1000 - (int)((1000 + info.free_pages * 1000 / (1ULL << order)) /
			    info.free_blocks_total);
}

unsigned int extfrag_for_order(const struct zone *zone, unsigned int order)
{
	struct contig_page_info info = fill_contig_page_info(zone, order);

	if (!info.free_pages)
		return 0;
	return (unsigned int)((info.free_pages - (info.free_blocks_suitable << order)) * 100 /
			      info.free_pages);
}
