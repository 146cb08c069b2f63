// SPDX-License-Identifier: GPL-2.0-or-later
/* What goes into a digest, what the rings say, and whether it is true: WB1. */
#include "sim/virt/blk_internal.h"

#include "sim/base/digest.h"
#include "sim/phys/lru.h"
#include "sim/phys/section.h"
#include "sim/virt/swap.h"
#include "sim/virt/virt.h"

typedef unsigned long long ull;

void blk_digest(const struct machine *m, struct digest *digest)
{
	const struct blk_state *blk = m->virt->blk;

	for (unsigned int i = 0; blk && i < blk->nr; i++) {
		const struct gendisk *disk = &blk->disks[i];

		digest_u64(digest, disk->free_ns);
		digest_u64(digest, disk->bandwidth);
		digest_u64(digest, (u64)disk->read_ahead_kb << 32 | disk->queue_depth);
		for (unsigned int op = 0; op < NR_REQ_OPS; op++) {
			digest_u64(digest, disk->latency_ns[op]);
			digest_u64(digest, disk->stats.sectors[op]);
			digest_u64(digest, disk->stats.nsecs[op]);
		}
		for (u32 r = 0; r < disk->nr; r++) {
			digest_u64(digest, request_at(disk, r)->done_ns);
			digest_u64(digest, request_at(disk, r)->index);
			digest_u64(digest, (u64)request_at(disk, r)->inode << 32 |
					   request_at(disk, r)->nr);
		}
	}
}

static void check_request(const struct machine *m, const struct blk_request *request,
			  struct check *check)
{
	const struct page *folio;

	if (!blk_goes_to_swap(request))
		return;
	folio = pfn_to_page(m, request->index);
	check->nr_checked++;
	if (!page_flag(folio, PG_writeback) || !page_flag(folio, PG_swapcache) ||
	    folio_nr_pages(folio) != request->nr)
		check_fail(check, "WB1", "page frame %#llx: expected a folio of %u pages on its way to "
			   "swap, found %llu and flags %#x", (ull)request->index, request->nr,
			   (ull)folio_nr_pages(folio), folio->flags);
}

static void check_disk(const struct machine *m, const struct gendisk *disk, struct check *check)
{
	const char *name = disk->name[0] ? disk->name : "disk";
	u64 before = 0, pages = 0;
	u32 requests = 0;

	check->nr_checked += 4;
	for (u32 i = 0; i < disk->nr; i++) {
		const struct blk_request *request = request_at(disk, i);

		if (request->done_ns < before || !request->nr)
			check_fail(check, "WB1", "%s: expected request %u behind %llu ns, found it "
				   "done at %llu", name, i, (ull)before, (ull)request->done_ns);
		before = request->done_ns;
		pages += request->nr;
		requests += blk_nr_requests(request);
		check_request(m, request, check);
	}
	/* Nobody has a plug when a call is over. */
	if (disk->plugged.nr)
		check_fail(check, "WB1", "%s: expected no folio behind a plug, found %u", name,
			   disk->plugged.nr);
	if (requests != disk->in_flight)
		check_fail(check, "WB1", "%s: expected %u requests, found %u", name, requests,
			   disk->in_flight);
	if (pages != disk->nr_writeback)
		check_fail(check, "WB1", "%s: expected %llu pages on their way, found %llu", name,
			   (ull)pages, (ull)disk->nr_writeback);
}

void blk_validate(const struct machine *m, struct check *check)
{
	const struct blk_state *blk = m->virt->blk;

	for (unsigned int i = 0; i < blk->nr; i++)
		check_disk(m, &blk->disks[i], check);
}

u64 blk_nr_swap_writes(const struct machine *m, s64 by_node[MAX_NUMNODES])
{
	const struct blk_state *blk = m->virt->blk;
	u64 pages = 0;

	for (unsigned int i = 0; i < blk->nr; i++)
		for (u32 r = 0; r < blk->disks[i].nr; r++) {
			const struct blk_request *request = request_at(&blk->disks[i], r);

			if (!blk_goes_to_swap(request))
				continue;
			pages += request->nr;
			if (by_node)
				by_node[page_zone(m, pfn_to_page(m, request->index))->node] += request->nr;
		}
	return pages;
}
