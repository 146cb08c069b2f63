// SPDX-License-Identifier: GPL-2.0-or-later
/* What can be wrong with swap: slots, their counts, the cache, clusters. */
#include "plants.h"

#include "support.h"

#include "sim/phys/lru.h"
#include "sim/virt/content.h"
#include "sim/virt/blk.h"
#include "sim/virt/fork.h"
#include "sim/virt/madvise.h"
#include "sim/virt/memory.h"
#include "sim/virt/mmap.h"
#include "sim/virt/pgtable.h"
#include "sim/virt/sched.h"
#include "sim/virt/swap_internal.h"
#include "sim/virt/writeback.h"
#include "sim/virt/zram.h"

static struct swap_info_struct *first_area(struct machine *m)
{
	return &m->virt->swap->info[0];
}

static void slot_nobody_has(struct machine *m)
{
	first_area(m)->swap_map[5]++;
}

static void slots_in_use(struct machine *m)
{
	first_area(m)->inuse_pages++;
}

static void free_slots(struct machine *m)
{
	m->nr_swap_pages--;
}

static void area_order(struct machine *m)
{
	struct swap_state *swap = m->virt->swap;

	swap->active[0] = 1;
	swap->active[1] = 0;
}

static void slot_without_page(struct machine *m)
{
	first_area(m)->swap_map[5] |= SWAP_HAS_CACHE;
}

static void cached_pages(struct machine *m)
{
	m->nodes[0]->stat[NR_SWAPCACHED]++;
}

static void cluster_count(struct machine *m)
{
	first_area(m)->clusters[1].count++;
}

static void cluster_list(struct machine *m)
{
	struct swap_info_struct *si = first_area(m);

	si->free.last = si->free.first;
	si->clusters[si->free.first].next = CLUSTER_NIL;
}

/* A page of init's that is out; its entry. */
static pte_t *entry_of_slot(struct machine *m)
{
	const struct mmap_request req = {
		.len = PAGE_SIZE, .prot = PROT_READ | PROT_WRITE,
		.flags = MAP_PRIVATE | MAP_ANONYMOUS,
	};
	struct task_struct *init = task_find(m, PID_INIT);
	pte_t *pte;
	u64 addr = 0;

	CU_ASSERT_EQUAL_FATAL(sys_mmap(m, init, &req, &addr), 0);
	CU_ASSERT_EQUAL_FATAL(fault_in_user(m, init, addr, /* write = */ true), 0);
	lru_add_drain_all(m);
	CU_ASSERT_EQUAL_FATAL(sys_madvise(m, init, addr, PAGE_SIZE, MADV_PAGEOUT), 0);
	pte = pte_offset_map(m, init->mm, addr);
	CU_ASSERT_FATAL(pte_is_swap(*pte));
	return pte;
}

static void exclusive_entry(struct machine *m)
{
	pte_t *pte = entry_of_slot(m);
	u32 pid;

	CU_ASSERT_EQUAL_FATAL(sys_clone(m, task_find(m, PID_INIT), 17, &pid), 0);
	*pte |= SWP_EXCLUSIVE;
}

static void read_ahead(struct machine *m)
{
	m->event[SWAP_RA] = m->event[PSWPIN] + m->event[SWPIN_ZERO] + 1;
}

static void disk_pages(struct machine *m)
{
	file_disk(m)->nr_writeback++;
}

static void dirty_inodes(struct machine *m)
{
	m->virt->writeback->root.nr_inodes[B_DIRTY]++;
}

static void flusher_waits(struct machine *m)
{
	m->virt->writeback->root.running = true;
}

static void flusher_is_busy(struct machine *m)
{
	m->virt->writeback->root.due_ns = 1;
}

static void dirty_pages_of_flusher(struct machine *m)
{
	m->virt->writeback->root.nr_dirty++;
}

/* With a page in slot 5. */
static struct zram *zram_with_page(struct machine *m)
{
	struct zram *zram = swap_disk(m, "/dev/zram0")->zram;
	u32 pfn = plant_take(m, 0, GFP_HIGHUSER_MOVABLE, 0);

	content_store(m, pfn, 0);
	CU_ASSERT_EQUAL_FATAL(zram_write_page(m, zram, 5, pfn), 0);
	return zram;
}

static void zram_free_slot(struct machine *m)
{
	zram_with_page(m);
}

static void zram_size(struct machine *m)
{
	zram_with_page(m)->compr_data_size++;
}

static void zram_pages(struct machine *m)
{
	zram_with_page(m)->pool.nr_pages++;
}

static void zspage_count(struct machine *m)
{
	zram_with_page(m)->pool.zspages[0].inuse++;
}

#define ROW(ids, plant, what) { ids, plant, what, .machine = "swap" }
#define ZRAM_ROW(ids, plant, what) \
	{ ids, plant, what, .machine = "swap", .set = "swap 0.path=/dev/zram0" }
static const struct plant plants[] = {
	ROW("WB1", disk_pages, "a page more is on its way to the disk"),
	ROW("WB2", dirty_inodes, "a file more has dirty pages"),
	ROW("WB2", dirty_pages_of_flusher, "a flusher counts a dirty page more"),
	ROW("WB2", flusher_waits, "the flusher waits for the disk, which has nothing to do"),
	ROW("WB2", flusher_is_busy, "the flusher is busy, and has nothing to do"),
	ZRAM_ROW("ZS1", zram_free_slot, "a zram keeps the page of a slot that is free"),
	ZRAM_ROW("ZS1", zram_size, "a zram counts a byte more than its pages come to"),
	ZRAM_ROW("ZS1", zram_pages, "a pool of zsmalloc counts a page more"),
	ZRAM_ROW("ZS1", zspage_count, "a zspage counts an object more"),
	ROW("S1 S2 S7", slot_nobody_has, "a slot of swap has a reference that nobody holds"),
	ROW("S2 K4", slots_in_use, "a swap area counts a slot more"),
	ROW("S2 K4", free_slots, "a free slot is not counted"),
	ROW("S2", area_order, "swap areas are not in the order of their priorities"),
	ROW("S3 S2 S7", slot_without_page, "a slot has the bit of the swap cache and no page"),
	ROW("S3 K4", cached_pages, "a page of the swap cache too many is counted"),
	ROW("S5", exclusive_entry, "an entry says that it is the only one, and a child has it, too"),
	ROW("I6", read_ahead, "more pages of swap were read ahead than were read"),
	ROW("S7", cluster_count, "a cluster counts a slot more"),
	ROW("S7", cluster_list, "a list of clusters ends too soon"),
};
#undef ROW

const struct plant_table swap_plants = { "swap", plants, ARRAY_SIZE(plants) };
