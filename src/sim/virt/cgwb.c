// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Writeback by memory cgroups: an inode belongs to the group of the page that made it dirty
 * first, and is written by the flusher of that group, until most of what is written of it is
 * another's for some seconds (a vote of pages in each turn, and a history of turns). When a group
 * goes, its parent has its inodes. (The kernel's own struct of a group's flusher is not allocated.)
 */
#include "sim/base/event.h"
#include "sim/phys/memcg.h"
#include "sim/virt/virt.h"
#include "sim/virt/writeback.h"

#define INIT_BW (100ULL << (20 - PAGE_SHIFT))

/* A turn lasts as long as its pages take: units of 1/8192 s; a history of two seconds. */
#define FRN_TIME_SHIFT 13
#define FRN_TIME_AVG_SHIFT 3
#define FRN_TIME_CUT_DIV 8
#define FRN_HIST_SLOTS 16
#define FRN_HIST_UNIT ((2U << FRN_TIME_SHIFT) / FRN_HIST_SLOTS)
#define FRN_HIST_THR_SLOTS (FRN_HIST_SLOTS / 2)
#define FRN_HIST_MAX_SLOTS (FRN_HIST_THR_SLOTS / 2 + 1)

void wb_init(const struct machine *m, struct bdi_writeback *wb, u32 memcg)
{
	*wb = (struct bdi_writeback) {
		.memcg = (u16)memcg, .event = wb->event, .last_old_flush_ns = m->now_ns,
		.write_bandwidth = INIT_BW, .avg_write_bandwidth = INIT_BW,
		.dirty_ratelimit = INIT_BW, .balanced_dirty_ratelimit = INIT_BW,
	};
}

struct bdi_writeback *wb_of_memcg(const struct machine *m, u32 memcg)
{
	const struct mem_cgroup *group;

	if (!memcg || !m->memcg)
		return &m->virt->writeback->root;
	group = mem_cgroup_of(m, memcg);
	return group ? group->wb : NULL;
}

struct bdi_writeback *inode_to_wb(const struct machine *m, const struct inode *inode)
{
	return wb_of_memcg(m, inode->i_wb);
}

struct bdi_writeback *wb_next(const struct machine *m, const struct bdi_writeback *wb)
{
	if (!wb)
		return &m->virt->writeback->root;
	for (u32 id = wb->memcg + 1U; m->memcg && id < m->memcg->room; id++)
		if (wb_of_memcg(m, id))
			return wb_of_memcg(m, id);
	return NULL;
}

void inode_attach_wb(const struct machine *m, struct inode *inode, const struct page *folio)
{
	if (likely(inode->i_wb_attached))
		return;
	inode->i_wb_attached = true;
	inode->i_wb = m->memcg && wb_of_memcg(m, page_memcg_id(folio)) ?
		      (u16)page_memcg_id(folio) : 0;
}

void inode_mod_dirty(const struct machine *m, struct inode *inode, s64 nr)
{
	inode->nr_dirty = (u32)(inode->nr_dirty + nr);
	inode_to_wb(m, inode)->nr_dirty += (u64)nr;
}

void inode_mod_writeback(const struct machine *m, struct inode *inode, s64 nr)
{
	inode->nr_writeback = (u32)(inode->nr_writeback + nr);
	inode_to_wb(m, inode)->nr_writeback += (u64)nr;
}

/* ---- Groups come and go. ---- */

int cgwb_create(struct machine *m, struct bdi_writeback **wb)
{
	int err;

	*wb = arena_alloc(&m->arena, sizeof(**wb));
	if (!*wb)
		return -ENOBUFS;
	err = wb_event_add(m, *wb);
	if (err)
		arena_free(&m->arena, *wb, sizeof(**wb));
	return err ? -ENOBUFS : 0;
}

void cgwb_free(struct machine *m, struct bdi_writeback *wb)
{
	if (!wb)
		return;
	event_cancel(m->events, wb->event);
	arena_free(&m->arena, wb, sizeof(*wb));
}

void cgwbs_free(struct machine *m)
{
	for (u32 id = 1; m->memcg && id < m->memcg->room; id++)
		if (mem_cgroup_of(m, id))
			arena_free(&m->arena, mem_cgroup_of(m, id)->wb, sizeof(struct bdi_writeback));
}

/* With its pages, and its place: as one that was dirtied when it was. */
static void inode_switch_wb(struct machine *m, struct inode *inode, struct bdi_writeback *to)
{
	struct bdi_writeback *from = inode_to_wb(m, inode);

	if (from == to)
		return;
	from->nr_dirty -= inode->nr_dirty;
	from->nr_writeback -= inode->nr_writeback;
	to->nr_dirty += inode->nr_dirty;
	to->nr_writeback += inode->nr_writeback;
	from->nr_inodes[inode->wb_list]--;
	if (inode->wb_list != WB_CLEAN)
		inode->wb_list = B_DIRTY;
	to->nr_inodes[inode->wb_list]++;
	inode->i_wb = to->memcg;
	inode->i_wb_frn_winner = inode->i_wb_frn_avg_time = inode->i_wb_frn_history = 0;
	if (inode->wb_list != WB_CLEAN)
		wb_wakeup(m, to);
}

void cgwb_offline(struct machine *m, struct mem_cgroup *memcg)
{
	struct bdi_writeback *wb = memcg->wb, *to;
	const struct mem_cgroup *parent = memcg->parent;

	if (!wb)
		return;
	while (!(to = wb_of_memcg(m, parent->id)))
		parent = parent->parent;
	for (struct inode *i = inode_next(m, NULL); i; i = inode_next(m, i))
		if (i->i_wb == memcg->id)
			inode_switch_wb(m, i, to);
	if (m->virt->writeback->fresh_wb == memcg->id)
		m->virt->writeback->fresh_wb = to->memcg;
	/* What it wrote lately is nobody's share any more. */
	m->virt->writeback->completions -= MIN(m->virt->writeback->completions, wb->completions);
	memcg->wb = NULL;
	cgwb_free(m, wb);
	wb_note_due(m);
}

/* ---- Whose pages are written? ---- */

void wbc_attach_inode(const struct inode *inode, struct wb_owners *owners)
{
	*owners = (struct wb_owners){ .wb = inode->i_wb, .last = inode->i_wb_frn_winner };
}

void wbc_account_owner(const struct machine *m, struct wb_owners *owners,
		       const struct page *folio)
{
	u64 nr = folio_nr_pages(folio);
	u16 id = m->memcg ? (u16)page_memcg_id(folio) : 0;

	if (id && !wb_of_memcg(m, id))
		return;
	if (id == owners->wb) {
		owners->nr_wb += nr;
		return;
	}
	if (id == owners->last)
		owners->nr_last += nr;
	/* Of the others, a majority is left over in the end. */
	if (!owners->nr_candidate)
		owners->candidate = id;
	if (id == owners->candidate)
		owners->nr_candidate += nr;
	else
		owners->nr_candidate -= MIN(nr, owners->nr_candidate);
}

static unsigned int weight(u16 bits)
{
	unsigned int n = 0;

	for (; bits; bits &= (u16)(bits - 1))
		n++;
	return n;
}

void wbc_detach_inode(struct machine *m, struct inode *inode, const struct wb_owners *owners)
{
	u64 most = MAX(owners->nr_last, owners->nr_candidate), time;
	u64 avg = inode->i_wb_frn_avg_time, bandwidth = inode_to_wb(m, inode)->avg_write_bandwidth;
	u16 winner = owners->nr_candidate > owners->nr_last ? owners->candidate : owners->last;

	if (!m->memcg)
		return;
	if (owners->nr_wb >= most) {
		winner = owners->wb;
		most = owners->nr_wb;
	}
	time = DIV_ROUND_UP(most << FRN_TIME_SHIFT, MAX(bandwidth, 1));
	avg = avg ? avg + (time >> FRN_TIME_AVG_SHIFT) - (avg >> FRN_TIME_AVG_SHIFT) : time;
	inode->i_wb_frn_winner = winner;
	inode->i_wb_frn_avg_time = (u16)MIN(avg, UINT16_MAX);
	/* Short turns say little. */
	if (time < avg / FRN_TIME_CUT_DIV)
		return;
	time = MIN(DIV_ROUND_UP(time, FRN_HIST_UNIT), FRN_HIST_MAX_SLOTS);
	inode->i_wb_frn_history = (u16)(inode->i_wb_frn_history << time);
	if (winner != owners->wb)
		inode->i_wb_frn_history |= (u16)((1U << time) - 1);
	if (weight(inode->i_wb_frn_history) > FRN_HIST_THR_SLOTS && wb_of_memcg(m, winner)) {
		machine_why(m, "inode %u: the flusher of memory cgroup %u has it from now on, as most of "
			    "what is written of it is that group's (inode_switch_wbs)", inode->self,
			    winner);
		inode_switch_wb(m, inode, wb_of_memcg(m, winner));
	}
}
