// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What goes to swap. Folios wait in the ring of their disk until their plug is flushed: then
 * those that make one request are done at the same time. Reclaim has a plug for each lruvec, and
 * takes pages by 32: of a request that goes in the middle of them, because the next one
 * begins, the last pages are still off their list, and if the disk is quick enough they
 * are not moved to its end when they are written: they go round once more, clean, in the swap
 * cache.
 */
#include "sim/virt/blk_internal.h"

#include "sim/phys/memcg.h"
#include "sim/phys/section.h"
#include "sim/virt/blk_cgroup.h"
#include "sim/virt/cgroup.h"
#include "sim/virt/swap.h"

#define MAX_REQUESTS 32		/* of a plug */
#define FLUSH_PAGES 32		/* 128 KiB: a request that need not wait for more */

#define WAITS UINT64_MAX	/* when one that a plug holds is done */

/* A segment each: what NVMe disks take. */
static u32 max_folios(const struct machine *m)
{
	return rel_nvme_has_128_segments(m->release) ? 128 : 127;
}

/* What is too large for one request, as a huge page is, goes in several. */
static u64 submit_pages(struct machine *m, struct gendisk *disk, u64 nr_pages)
{
	for (; nr_pages > BLK_MAX_PAGES; nr_pages -= BLK_MAX_PAGES)
		(void)blk_submit(m, disk, REQ_OP_WRITE, BLK_MAX_PAGES);
	return blk_submit(m, disk, REQ_OP_WRITE, nr_pages);
}

static void submit_plugged(struct machine *m, struct gendisk *disk)
{
	u32 first = disk->nr - disk->plugged.nr, i = first;

	while (i < disk->nr) {
		u64 pages = 0, done;
		u32 end = i;

		do
			pages += request_at(disk, end++)->nr;
		while (end < disk->nr && request_at(disk, end)->inode == BLK_SWAP_MORE);
		done = submit_pages(m, disk, pages);
		disk->stats.merges[REQ_OP_WRITE] += end - i - 1;
		for (; i < end; i++)
			request_at(disk, i)->done_ns = done;
	}
	disk->plugged.nr = 0;
	if (!first)
		blk_set_disk_timer(m, disk);
}

void blk_flush_plug(struct machine *m)
{
	struct blk_state *blk = m->virt->blk;

	if (!blk->plug || !blk->plug->nr_requests)
		return;
	for (unsigned int i = 0; i < blk->nr; i++)
		if (blk->disks[i].plugged.nr)
			submit_plugged(m, &blk->disks[i]);
	*blk->plug = (struct blk_plug){ 0 };
}

void blk_start_plug(struct machine *m, struct blk_plug *plug)
{
	*plug = (struct blk_plug){ 0 };
	if (!m->virt->blk->plug)
		m->virt->blk->plug = plug;
}

void blk_finish_plug(struct machine *m, struct blk_plug *plug)
{
	if (m->virt->blk->plug != plug)
		return;
	blk_flush_plug(m);
	m->virt->blk->plug = NULL;
}

struct blk_plug *blk_switch_plug(struct machine *m, struct blk_plug *plug)
{
	struct blk_plug *before = m->virt->blk->plug;

	blk_flush_plug(m);
	m->virt->blk->plug = plug;
	return before;
}

/* The disk's last request, which waits, ends where this begins, and is not too long for it. */
static bool goes_on(const struct machine *m, const struct gendisk *disk, u64 slot, u32 nr,
		    const struct cgroup *payer)
{
	return disk->plugged.nr && disk->plugged.end == slot && disk->plugged.payer == payer &&
	       disk->plugged.folios < max_folios(m) && disk->plugged.pages + nr <= BLK_MAX_PAGES;
}

/* Who begins a request waits for a place in the queue. */
static void begin_request(struct machine *m, struct gendisk *disk)
{
	struct blk_plug *plug = m->virt->blk->plug;

	/* Those of a plug have their places. */
	if (plug && (plug->nr_requests >= MIN((u32)MAX_REQUESTS, disk->queue_depth) ||
		     (plug->last && plug->last->plugged.pages >= FLUSH_PAGES)))
		blk_flush_plug(m);
	if (blk_slot_free_ns(disk) > blk_now(m))
		blk_wait_until(m, blk_slot_free_ns(disk));
	if (plug) {
		plug->nr_requests++;
		plug->last = disk;
	}
}

/* The CPU itself does what such a device has to do. */
static bool takes_no_time(const struct gendisk *disk)
{
	return !disk->latency_ns[REQ_OP_WRITE] && !disk->bandwidth;
}

void blk_write_swap(struct machine *m, struct gendisk *disk, u32 pfn, u64 slot)
{
	const struct page *folio = pfn_to_page(m, pfn);
	struct cgroup *payer = NULL;
	u32 nr = (u32)folio_nr_pages(folio), inode = BLK_SWAP_MORE;

	if (unlikely(m->virt->cgroups->nr)) {
		payer = blkcg_of_memcg(m, (u16)page_memcg_id(folio));
		blkcg_account(m, payer, disk, REQ_OP_WRITE, nr);
	}
	if (!goes_on(m, disk, slot, nr, payer)) {
		inode = BLK_SWAP;
		begin_request(m, disk);
	}
	/* The flusher may have filled the ring meanwhile. No host memory: it is there at once. */
	if (!blk_make_room(m, disk)) {
		swap_end_write(m, pfn);
		return;
	}
	*request_at(disk, disk->nr) = (struct blk_request){
		.done_ns = WAITS, .index = pfn, .inode = inode, .nr = nr,
	};
	disk->in_flight += blk_nr_requests(request_at(disk, disk->nr++));
	disk->nr_writeback += nr;
	if (inode == BLK_SWAP)
		disk->plugged.folios = disk->plugged.pages = 0;
	disk->plugged.nr++;
	disk->plugged.folios++;
	disk->plugged.pages += nr;
	disk->plugged.end = slot + nr;
	disk->plugged.payer = payer;
	if (m->virt->blk->plug && !takes_no_time(disk))
		return;
	submit_plugged(m, disk);
	blk_end_requests(m, disk, blk_now(m));
}
