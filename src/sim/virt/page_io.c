// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Between folios and slots. What is written is taken at once, and the folio is under
 * writeback until the device is done (blk.h); till then it stays in the swap cache. Whoever
 * writes waits where the queue is full. Pages of zeroes are not written since 6.12, but marked.
 */
#include "sim/base/bug.h"
#include "sim/phys/lru.h"
#include "sim/phys/memcg.h"
#include "sim/virt/blk.h"
#include "sim/virt/content.h"
#include "sim/virt/huge_memory.h"
#include "sim/virt/memcontrol.h"
#include "sim/virt/sched.h"
#include "sim/virt/swap_internal.h"
#include "sim/virt/zram.h"

static void count_writeback(struct machine *m, const struct page *folio, s64 n)
{
	mod_lruvec_page_state(m, folio, NR_WRITEBACK, n);
	page_zone(m, folio)->stat[NR_ZONE_WRITE_PENDING] += n;
}

void swap_end_write(struct machine *m, u32 pfn)
{
	struct page *folio = pfn_to_page(m, pfn);
	s64 nr = (s64)folio_nr_pages(folio);

	page_clear_flag(folio, PG_writeback);
	count_writeback(m, folio, -nr);
	mod_lruvec_page_state(m, folio, NR_WRITTEN, nr);
	if (page_flag(folio, PG_reclaim)) {
		page_clear_flag(folio, PG_reclaim);
		folio_rotate_reclaimable(m, pfn);
	}
}

static void start_writeback(struct machine *m, u32 pfn, struct gendisk *disk)
{
	struct page *folio = pfn_to_page(m, pfn);

	page_set_flag(folio, PG_writeback);
	count_writeback(m, folio, (s64)folio_nr_pages(folio));
	blk_write_swap(m, disk, pfn, swp_entry_offset(page_swap_entry(m, pfn)));
}

/* The slots have what the pages have. */
static void write_slots(struct machine *m, u32 pfn, u64 nr, bool zeroes)
{
	swp_entry_t entry = page_swap_entry(m, pfn);
	struct swap_info_struct *si = swap_info(m, entry);
	u64 offset = swp_entry_offset(entry);

	for (u64 i = 0; i < nr; i++) {
		content_save(m, pfn + i, &si->content[offset + i]);
		si->swap_map[offset + i] &= ~SWAP_ZERO;
		si->swap_map[offset + i] |= zeroes ? SWAP_ZERO : 0;
	}
}

static bool folio_is_zeroes(const struct machine *m, u32 pfn, u64 nr)
{
	for (u64 i = 0; i < nr; i++)
		if (content_token(m, pfn + i))
			return false;
	return true;
}

/* Memory that takes them; false: there was none, and the folio is as dirty as it was. */
static bool write_zram(struct machine *m, struct zram *zram, u32 pfn, u64 nr)
{
	swp_entry_t entry = page_swap_entry(m, pfn);
	struct page *folio = pfn_to_page(m, pfn);

	for (u64 i = 0; i < nr; i++) {
		int err = zram_write_page(m, zram, swp_entry_offset(entry) + i, pfn + (u32)i);

		if (!err)
			continue;
		machine_why(m, "%s: slot %llu cannot be written: %s (end_swap_bio_write)",
			    zram->disk->name, (unsigned long long)(swp_entry_offset(entry) + i),
			    err == -EIO ? "it is beyond the end" : "there is no memory for it");
		page_set_flag(folio, PG_dirty);
		page_clear_flag(folio, PG_reclaim);
		return false;
	}
	return true;
}

/* Before 6.3, zram took pages without requests, which are what is counted. */
static bool has_requests(const struct machine *m, const struct gendisk *disk)
{
	return !disk->zram || rel_zram_has_bios(m->release);
}

void swap_writepage(struct machine *m, u32 pfn)
{
	struct page *folio = pfn_to_page(m, pfn);
	u64 nr = folio_nr_pages(folio);
	struct gendisk *disk;
	bool zeroes;

	if (folio_free_swap(m, pfn))
		return;
	disk = swap_info(m, page_swap_entry(m, pfn))->disk;
	zeroes = rel_has_zeromap(m->release) && folio_is_zeroes(m, pfn, nr);
	write_slots(m, pfn, nr, zeroes);
	page_clear_flag(folio, PG_dirty);
	if (zeroes) {
		count_memcg_folio_event(m, folio, SWPOUT_ZERO);
		return;
	}
	if (unlikely(disk->zram) && !write_zram(m, disk->zram, pfn, nr))
		return;
	if (nr == 1ULL << m->arch->hugetlb_order)
		count_vm_event(m, THP_SWPOUT, 1);
	if (nr > 1)
		mod_mthp_stat(m, folio_order(folio), MTHP_STAT_SWPOUT, 1);
	count_memcg_folio_event(m, folio, PSWPOUT);
	if (has_requests(m, disk))
		count_vm_event(m, PGPGOUT, (s64)nr * (PAGE_SIZE / 1024));
	start_writeback(m, pfn, disk);
}

void swap_read_folio(struct machine *m, u32 pfn)
{
	swap_read_entry(m, pfn, page_swap_entry(m, pfn));
}

u64 swap_content(const struct machine *m, swp_entry_t entry)
{
	u32 pfn = swap_cache_find(m, entry, NULL);

	return pfn != PFN_NIL && page_flag(pfn_folio(m, pfn), PG_uptodate) ? m->page_content[pfn] :
	       swap_info(m, entry)->content[swp_entry_offset(entry)];
}

void swap_read_entry(struct machine *m, u32 pfn, swp_entry_t entry)
{
	struct page *folio = pfn_to_page(m, pfn);
	const struct swap_info_struct *si = swap_info(m, entry);
	u64 nr = folio_nr_pages(folio), offset = swp_entry_offset(entry);
	bool zeroes = si->swap_map[offset] & SWAP_ZERO;

	for (u64 i = 0; i < nr; i++)
		content_restore(m, pfn + i, si->content[offset + i]);
	page_set_flag(folio, PG_uptodate);
	if (zeroes) {
		count_memcg_folio_event(m, folio, SWPIN_ZERO);
		return;
	}
	for (u64 i = 0; unlikely(si->disk->zram) && i < nr; i++)
		zram_read_page(m, si->disk->zram, offset + i);
	count_memcg_folio_event(m, folio, PSWPIN);
	if (unlikely(nr > 1))
		count_mthp_stat(m, folio_order(folio), MTHP_STAT_SWPIN);
	if (has_requests(m, si->disk))
		count_vm_event(m, PGPGIN, (s64)nr * (PAGE_SIZE / 1024));
	task_io_account_read(m, nr * PAGE_SIZE);
	swap_of(m)->wanted_done_ns = blk_read(m, si->disk, nr);
}

void swap_wait_for_read(struct machine *m, u32 pfn, bool ahead)
{
	const struct swap_state *swap = swap_of(m);

	wait_for_folio(m, pfn, ahead ? swap->ahead_done_ns : swap->wanted_done_ns);
}
