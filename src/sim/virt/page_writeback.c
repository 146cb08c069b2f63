// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * How much may be dirty: shares of what could be (free pages beyond the reserves, pages of
 * files), or bytes. Below the middle of both limits nobody waits; above it who dirties
 * pages sleeps for so long that his rate is that of the disk, times a factor that is 1 at
 * the setpoint, between that middle and the limit, and 0 at the limit. The rates are
 * worked out five times a second from what was dirtied and written.
 */
#include "sim/virt/writeback.h"

#include "sim/phys/page_alloc.h"
#include "sim/phys/tunables.h"
#include "sim/virt/blk.h"
#include "sim/virt/cputime.h"
#include "sim/virt/task.h"
#include "sim/virt/memcontrol.h"
#include "sim/virt/virt.h"

#define RATELIMIT_CALC_SHIFT 10
#define DIRTY_POLL_THRESH (128 >> (PAGE_SHIFT - 10))
#define MAX_SLEEPS 100		/* of one call in a row */

typedef unsigned long long ull;

static struct wb_state *bdi_of(const struct machine *m)
{
	return m->virt->writeback;
}

u64 writeback_jiffies(const struct machine *m)
{
	return blk_now(m) / m->jiffy_ns;
}

/* ---- Limits. ---- */

static u64 zone_pages(const struct zone *zone, enum zone_stat_item item)
{
	return (u64)MAX(zone->stat[item], 0);
}

/* What of HighMem could be dirty: it is not to be, by default. */
static u64 highmem_dirtyable(const struct machine *m)
{
	u64 high = 0;

	for (unsigned int i = 0; i < m->nr_zones; i++) {
		const struct zone *zone = m->zones[i];
		u64 part;

		if (zone->type != ZONE_HIGHMEM)
			continue;
		part = zone_pages(zone, NR_FREE_PAGES) +
		       zone_pages(zone, NR_ZONE_INACTIVE_FILE) +
		       zone_pages(zone, NR_ZONE_ACTIVE_FILE);
		high += part - MIN(part, zone_wmark(zone, WMARK_HIGH));
	}
	return high;
}

static u64 dirtyable_pages(const struct machine *m)
{
	u64 pages = 0, high;

	for (unsigned int i = 0; i < m->nr_zones; i++)
		pages += zone_pages(m->zones[i], NR_FREE_PAGES);
	pages -= MIN(pages, m->totalreserve_pages);
	pages += global_node_stat(m, NR_INACTIVE_FILE) + global_node_stat(m, NR_ACTIVE_FILE);
	if (m->arch->zones >> ZONE_HIGHMEM & 1 && !m->tunables->highmem_is_dirtyable) {
		high = highmem_dirtyable(m);
		pages -= MIN(pages, high);
	}
	return pages + 1;
}

static u64 dirty_share(u64 bytes, s32 ratio, u64 available)
{
	if (bytes)
		return DIV_ROUND_UP(bytes, PAGE_SIZE);
	return (u64)ratio * PAGE_SIZE / 100 * available / PAGE_SIZE;
}

void global_dirty_limits(const struct machine *m, u64 *background, u64 *limit)
{
	const struct tunables *t = m->tunables;
	u64 available = dirtyable_pages(m);

	*limit = MIN(dirty_share(t->dirty_bytes, t->dirty_ratio, available), UINT32_MAX);
	*background = dirty_share(t->dirty_background_bytes, t->dirty_background_ratio,
				  available);
	if (*background >= *limit)
		*background = *limit / 2;
}

void writeback_set_ratelimit(struct machine *m)
{
	u64 background;

	if (m->virt && bdi_of(m))
		global_dirty_limits(m, &background, &bdi_of(m)->dirty_limit);
}

/* ---- What the disk wrote lately. ---- */

static u64 period_jiffies(const struct machine *m)
{
	return 3 * m->hz;
}

/* Periods of three seconds: what was before counts half. */
static void age_completions(struct machine *m)
{
	struct wb_state *bdi = bdi_of(m);
	u64 now = writeback_jiffies(m);

	for (; bdi->period_end && now >= bdi->period_end; bdi->period_end += period_jiffies(m)) {
		for (struct bdi_writeback *wb = NULL; (wb = wb_next(m, wb)); )
			wb->completions /= 2;
		bdi->completions /= 2;
		if (!bdi->completions) {
			bdi->period_end = 0;
			return;
		}
	}
}

void wb_writeout_add(struct machine *m, struct bdi_writeback *wb, u64 nr)
{
	struct wb_state *bdi = bdi_of(m);

	age_completions(m);
	bdi->completions += nr;
	wb->completions += nr;
	wb->written += nr;
	if (!bdi->period_end)
		bdi->period_end = writeback_jiffies(m) + period_jiffies(m);
}

/* What of the pages that were written lately it wrote: of a limit, so much is its own. */
static u64 share_of(const struct machine *m, const struct bdi_writeback *wb, u64 thresh)
{
	const struct wb_state *bdi = bdi_of(m);
	u64 now = writeback_jiffies(m), period = period_jiffies(m);
	u64 halves = bdi->period_end && now >= bdi->period_end ? (now - bdi->period_end) / period + 1 : 0;

	if (halves >= 64 || !(bdi->completions >> halves))
		return 0;
	return thresh * (wb->completions >> halves) / (bdi->completions >> halves);
}

u64 wb_calc_thresh(const struct machine *m, const struct bdi_writeback *wb, u64 thresh)
{
	u64 share = share_of(m, wb, thresh);
	u64 dirty = global_node_stat(m, NR_DIRTY) + global_node_stat(m, NR_WRITEBACK);

	if (rel_idle_disk_has_share(m->release) && thresh > dirty)
		share = MAX(share, (thresh - dirty) / 8);
	return share;
}

/* ---- Rates. ---- */

/* What balance_dirty_pages() looks at. */
struct dirty_control {
	u64 dirty, limit, background;	/* the machine's, or a memory cgroup's */
	u64 hard_limit;			/* which follows the limit down slowly */
	u64 wb_dirty, wb_limit;		/* the wb's */
	u64 pos_ratio;
};

static void look(const struct machine *m, const struct bdi_writeback *wb, struct dirty_control *dc)
{
	dc->dirty = global_node_stat(m, NR_DIRTY) + global_node_stat(m, NR_WRITEBACK);
	dc->wb_dirty = wb->nr_dirty + wb->nr_writeback;
	global_dirty_limits(m, &dc->background, &dc->limit);
	dc->wb_limit = wb_calc_thresh(m, wb, dc->limit);
	dc->hard_limit = MAX(dc->limit, bdi_of(m)->dirty_limit);
}

/* Pages that the group may still get, by all above it. */
static u64 headroom_of(const struct mem_cgroup *memcg)
{
	u64 headroom = UINT64_MAX;

	for (; memcg->parent; memcg = memcg->parent) {
		u64 ceiling = MIN(memcg->memory.max, memcg->memory.high);

		headroom = MIN(headroom, ceiling - MIN(ceiling, memcg->memory.usage));
	}
	return headroom;
}

/* A setting, as a part of what the machine has, of what the group could make dirty. */
static u64 group_share(u64 bytes, s32 ratio, u64 available, u64 all)
{
	u64 part = (u64)MAX(ratio, 0) * PAGE_SIZE / 100;

	if (bytes)
		part = MIN(DIV_ROUND_UP(bytes, MAX(all, 1)), PAGE_SIZE);
	return part * available / PAGE_SIZE;
}

/*
 * The same of the group of a wb: its own limits are the settings' part of its file pages, and
 * of what it may still get as long as others have clean pages. Pages of files that are dirty.
 */
static u64 look_at_group(const struct machine *m, const struct bdi_writeback *wb,
			 struct dirty_control *dc)
{
	const struct mem_cgroup *memcg = mem_cgroup_of(m, wb->memcg);
	const struct tunables *t = m->tunables;
	u64 dirty = (u64)memcg_node_stat(m, memcg, NR_DIRTY, -1), clean, others, available;
	u64 files = (u64)(memcg_node_stat(m, memcg, NR_INACTIVE_FILE, -1) +
			  memcg_node_stat(m, memcg, NR_ACTIVE_FILE, -1));
	u64 all = dirtyable_pages(m);

	dc->dirty = dirty + (u64)memcg_node_stat(m, memcg, NR_WRITEBACK, -1);
	clean = files - MIN(files, dc->dirty);
	others = all - MIN(all, (u64)global_node_stat(m, NR_DIRTY));
	others -= MIN(others, clean);
	available = files + MIN(headroom_of(memcg), others);
	dc->limit = group_share(t->dirty_bytes, t->dirty_ratio, available, all);
	dc->background = group_share(t->dirty_background_bytes, t->dirty_background_ratio, available,
				     all);
	if (dc->background >= dc->limit)
		dc->background = dc->limit / 2;
	dc->wb_dirty = wb->nr_dirty + wb->nr_writeback;
	dc->wb_limit = dc->hard_limit = dc->limit;
	return dirty;
}

bool wb_over_bg_thresh(const struct machine *m, const struct bdi_writeback *wb)
{
	u64 background, limit;
	struct dirty_control dc;

	global_dirty_limits(m, &background, &limit);
	if (global_node_stat(m, NR_DIRTY) > background ||
	    wb->nr_dirty > wb_calc_thresh(m, wb, background))
		return true;
	return wb->memcg && MAX(look_at_group(m, wb, &dc), wb->nr_dirty) > dc.background;
}

static u64 freerun(const struct dirty_control *dc)
{
	return (dc->limit + dc->background) / 2;
}

/* 1 + ((setpoint - dirty) / (limit - setpoint))^3, from 0 to 2. */
static s64 pos_ratio_polynom(u64 setpoint, u64 dirty, u64 limit)
{
	s64 x = (((s64)setpoint - (s64)dirty) * (1 << RATELIMIT_CALC_SHIFT)) /
		(s64)((limit - setpoint) | 1);
	s64 ratio = x;

	ratio = ratio * x >> RATELIMIT_CALC_SHIFT;
	ratio = ratio * x >> RATELIMIT_CALC_SHIFT;
	ratio += 1 << RATELIMIT_CALC_SHIFT;
	return MIN(MAX(ratio, 0), 2 << RATELIMIT_CALC_SHIFT);
}

/* How far what is dirty is from where it should be. */
static void wb_position_ratio(const struct bdi_writeback *wb, struct dirty_control *dc)
{
	u64 limit = dc->hard_limit, setpoint = (freerun(dc) + limit) / 2;
	u64 wb_limit = MIN(dc->wb_limit, dc->limit), part, wb_setpoint, span, intercept;
	u64 ratio;

	dc->pos_ratio = 0;
	if (dc->dirty >= limit)
		return;
	ratio = (u64)pos_ratio_polynom(setpoint, dc->dirty, limit);
	wb_limit = MAX(wb_limit, (limit - dc->dirty) / 8);
	part = (wb_limit << 16) / (dc->limit | 1);
	wb_setpoint = setpoint * part >> 16;
	span = (dc->limit - MIN(wb_limit, dc->limit) + 8 * wb->avg_write_bandwidth) * part >> 16;
	intercept = wb_setpoint + span;
	if (dc->wb_dirty < intercept - span / 4)
		ratio = ratio * (intercept - dc->wb_dirty) / ((intercept - wb_setpoint) | 1);
	else
		ratio /= 4;
	/* So few pages that the disk may run dry. */
	intercept = wb_limit / 2;
	if (dc->wb_dirty < intercept)
		ratio = dc->wb_dirty > intercept / 8 ? ratio * intercept / dc->wb_dirty : ratio * 8;
	dc->pos_ratio = ratio;
}

static void update_write_bandwidth(const struct machine *m, struct bdi_writeback *wb, u64 elapsed)
{
	u64 period = roundup_pow_of_two(3 * m->hz), bw = (wb->written - wb->written_stamp) * m->hz;
	u64 avg = wb->avg_write_bandwidth, old = wb->write_bandwidth;

	if (elapsed > period) {
		avg = bw = bw / elapsed;
	} else {
		bw = (bw + old * (period - elapsed)) / period;
		/* Sudden peaks do not count. */
		if (avg > old && old >= bw)
			avg -= (avg - old) >> 3;
		if (avg < old && old <= bw)
			avg += (old - avg) >> 3;
	}
	wb->write_bandwidth = bw;
	wb->avg_write_bandwidth = MAX(avg, 1);
}

/* It follows the limit up at once, and slowly down. */
static void update_dirty_limit(struct wb_state *bdi, const struct dirty_control *dc)
{
	u64 target = MAX(dc->limit, dc->dirty);

	if (bdi->dirty_limit < dc->limit)
		bdi->dirty_limit = dc->limit;
	else if (bdi->dirty_limit > target)
		bdi->dirty_limit -= (bdi->dirty_limit - target) >> 5;
}

static void update_dirty_ratelimit(const struct machine *m, struct bdi_writeback *wb,
				   const struct dirty_control *dc, u64 elapsed)
{
	u64 setpoint = (freerun(dc) + dc->hard_limit) / 2;
	u64 rate = (wb->dirtied - wb->dirtied_stamp) * m->hz / elapsed;
	u64 limit = wb->dirty_ratelimit, step = 0, balanced, shift, x;
	u64 task = (limit * dc->pos_ratio >> RATELIMIT_CALC_SHIFT) + 1;

	balanced = MIN(task * wb->avg_write_bandwidth / (rate | 1), wb->avg_write_bandwidth);
	if (dc->dirty < setpoint) {
		x = MIN(MIN(wb->balanced_dirty_ratelimit, balanced), task);
		step = limit < x ? x - limit : 0;
	} else {
		x = MAX(MAX(wb->balanced_dirty_ratelimit, balanced), task);
		step = limit > x ? limit - x : 0;
	}
	/* The nearer, the smaller the steps. */
	shift = limit / (2 * step + 1);
	step = shift < 64 ? DIV_ROUND_UP(step >> shift, 8) : 0;
	limit = limit < balanced ? limit + step : limit - step;
	wb->dirty_ratelimit = MAX(limit, 1);
	wb->balanced_dirty_ratelimit = balanced;
}

static bool interval_is_over(const struct machine *m, u64 stamp)
{
	return writeback_jiffies(m) >= stamp + MAX(m->hz / 5, 1);
}

/* dc: who is slowed down; of the machine, then (or NULL) of his group. NULL: nobody. */
static void update_bandwidth(struct machine *m, struct bdi_writeback *wb,
			     const struct dirty_control *dc, const struct dirty_control *group)
{
	struct wb_state *bdi = bdi_of(m);
	u64 now = writeback_jiffies(m), elapsed = MAX(now - MIN(now, wb->bw_stamp), 1);

	if (dc) {
		if (interval_is_over(m, bdi->dirty_limit_stamp)) {
			update_dirty_limit(bdi, dc);
			bdi->dirty_limit_stamp = now;
		}
		update_dirty_ratelimit(m, wb, dc, elapsed);
	}
	if (group)
		update_dirty_ratelimit(m, wb, group, elapsed);
	update_write_bandwidth(m, wb, elapsed);
	wb->dirtied_stamp = wb->dirtied;
	wb->written_stamp = wb->written;
	wb->bw_stamp = now;
}

void wb_update_bandwidth(struct machine *m, struct bdi_writeback *wb)
{
	if (interval_is_over(m, wb->bw_stamp))
		update_bandwidth(m, wb, NULL, NULL);
}

/* It had nothing to write: that says nothing of what the disk can do. */
void wb_bandwidth_estimate_start(struct machine *m, struct bdi_writeback *wb)
{
	u64 now = writeback_jiffies(m);

	if (now - MIN(now, wb->bw_stamp) <= m->hz || wb->nr_writeback)
		return;
	wb->dirtied_stamp = wb->dirtied;
	wb->written_stamp = wb->written;
	wb->bw_stamp = now;
}

/* ---- Who dirties pages waits. ---- */

static u64 poll_interval(u64 dirty, u64 limit)
{
	return limit > dirty ? 1ULL << ((unsigned int)ilog2(limit - dirty) / 2) : 1;
}

/* Pauses in jiffies; what the next one is for, in pages. */
struct pause {
	s64 max, min;
	u64 pages;
};

static void choose_pauses(const struct machine *m, const struct bdi_writeback *wb,
			  const struct dirty_control *dc, u64 task_ratelimit, struct pause *p)
{
	u64 bw = wb->avg_write_bandwidth, limit = wb->dirty_ratelimit, second = roundup_pow_of_two(m->hz);
	s64 t = (s64)MAX(1, m->hz / 100);
	unsigned int high = (unsigned int)ilog2(bw), low = (unsigned int)ilog2(limit);

	p->max = (s64)(dc->wb_dirty / (1 + bw / roundup_pow_of_two(1 + m->hz / 8)) + 1);
	p->max = MIN(p->max, (s64)MAX(m->hz / 5, 1));
	if (high > low)
		t += (s64)((high - low) * (10 * m->hz) / 1024);
	t = MIN(t, 1 + p->max / 2);
	p->pages = limit * (u64)t / second;
	if (p->pages < DIRTY_POLL_THRESH) {
		t = p->max;
		p->pages = limit * (u64)t / second;
		if (p->pages > DIRTY_POLL_THRESH) {
			p->pages = DIRTY_POLL_THRESH;
			t = (s64)(m->hz * DIRTY_POLL_THRESH / limit);
		}
	}
	if ((s64)(m->hz * p->pages / (task_ratelimit + 1)) > p->max) {
		t = p->max;
		p->pages = task_ratelimit * (u64)t / second;
	}
	p->min = p->pages >= DIRTY_POLL_THRESH ? 1 + t / 2 : t;
}

/* Time passes, in which the flusher and the disk work. */
static void sleep_for(struct machine *m, u64 jiffies)
{
	struct wb_state *bdi = bdi_of(m);
	u64 ns = jiffies * m->jiffy_ns;
	unsigned int cpu = m->cpu;

	psi_stall(m, blk_now(m), blk_now(m) + ns, /* io = */ true, /* memory = */ false);
	account_iowait(m, blk_now(m), blk_now(m) + ns);
	/* What the call has waited for already comes first. */
	blk_time_passes(m, ns);
	m->cpu = cpu;
	bdi->nr_pauses++;
	bdi->paused_ns += ns;
}

static void free_running(struct machine *m, struct task_struct *task,
			 const struct dirty_control *dc, const struct dirty_control *group)
{
	u64 pages = poll_interval(dc->dirty, dc->limit);

	if (group)
		pages = MIN(pages, poll_interval(group->dirty, group->limit));
	task->dirty_paused_when = writeback_jiffies(m);
	task->nr_dirtied = 0;
	task->nr_dirtied_pause = (u32)pages;
}

/* It need not sleep yet: the time that it would have is kept in mind. */
static void skip_pause(struct machine *m, struct task_struct *task, s64 pause, u64 period)
{
	if (pause < -(s64)m->hz) {
		task->dirty_paused_when = writeback_jiffies(m);
		task->nr_dirtied = 0;
	} else if (period) {
		task->dirty_paused_when += period;
		task->nr_dirtied = 0;
	} else if (task->nr_dirtied_pause <= task->nr_dirtied) {
		task->nr_dirtied_pause += task->nr_dirtied;
	}
}

/* Of the machine and the group, the one that is to be slowed down more. */
static struct dirty_control *stricter(const struct bdi_writeback *wb, struct dirty_control *dc,
				      struct dirty_control *group)
{
	wb_position_ratio(wb, dc);
	if (!group)
		return dc;
	wb_position_ratio(wb, group);
	return group->pos_ratio < dc->pos_ratio ? group : dc;
}

static bool exceeded(const struct dirty_control *dc)
{
	return dc->wb_dirty > dc->wb_limit && dc->dirty > dc->limit;
}

/* Pages that the kernel's per-CPU counters of a wb may be off. */
static u64 wb_stat_error(const struct machine *m)
{
	return m->nr_cpus * 8 * (1 + (u64)ilog2(m->nr_cpus));
}

/* Once. False: it is enough. */
static bool throttle(struct machine *m, struct task_struct *task, struct bdi_writeback *wb,
		     struct dirty_control *global, struct dirty_control *group)
{
	u64 now = writeback_jiffies(m), rate, period;
	struct dirty_control *dc = stricter(wb, global, group);
	struct pause p;
	s64 pause;

	wb->dirty_exceeded = exceeded(global) || (group && exceeded(group));
	if (interval_is_over(m, wb->bw_stamp))
		update_bandwidth(m, wb, global, group);
	rate = wb->dirty_ratelimit * dc->pos_ratio >> RATELIMIT_CALC_SHIFT;
	choose_pauses(m, wb, dc, rate, &p);
	period = rate ? m->hz * task->nr_dirtied / rate : (u64)p.max;
	pause = (s64)period;
	if (rate && task->dirty_paused_when)
		pause -= (s64)(now - task->dirty_paused_when);
	if (rate && pause < p.min) {
		skip_pause(m, task, pause, period);
		return false;
	}
	if (pause > p.max) {
		now += (u64)MIN(pause - p.max, p.max);
		pause = p.max;
	}
	machine_why(m, "pid %u waits %lld jiffies: it dirtied %u pages, %llu %sare dirty or on their "
		    "way, setpoint between %llu and %llu; it may dirty %llu in a second, the disk "
		    "writes %llu (balance_dirty_pages)", task->pid, (long long)pause,
		    task->nr_dirtied, (ull)dc->dirty, dc == group ? "of its group " : "",
		    (ull)freerun(dc), (ull)dc->limit, (ull)rate, (ull)wb->avg_write_bandwidth);
	sleep_for(m, (u64)pause);
	task->dirty_paused_when = now + (u64)pause;
	task->nr_dirtied = 0;
	task->nr_dirtied_pause = (u32)p.pages;
	/* With next to nothing of its own to write, no waiting would help. */
	return !rate && dc->wb_dirty > wb_stat_error(m) && task_alive(task);
}

static void balance_dirty_pages(struct machine *m, struct task_struct *task,
				struct bdi_writeback *wb)
{
	struct dirty_control dc, of_group, *group = wb->memcg ? &of_group : NULL;

	for (unsigned int i = 0; i < MAX_SLEEPS; i++) {
		u64 dirty = global_node_stat(m, NR_DIRTY);
		bool background;

		look(m, wb, &dc);
		background = dirty > dc.background;
		if (group)
			background |= look_at_group(m, wb, group) > group->background;
		if (!m->tunables->laptop_mode && background && !wb->running)
			wb_start_background_writeback(m, wb);
		if (dc.dirty <= freerun(&dc) && (!group || group->dirty <= freerun(group))) {
			free_running(m, task, &dc, group);
			return;
		}
		if (!wb->running)
			wb_start_background_writeback(m, wb);
		if (!throttle(m, task, wb, &dc, group))
			return;
	}
}

void balance_dirty_pages_ratelimited(struct machine *m, struct task_struct *task)
{
	struct wb_state *bdi = bdi_of(m);
	struct bdi_writeback *wb;
	u32 limit = task->nr_dirtied_pause ? task->nr_dirtied_pause : DIRTY_POLL_THRESH;

	if (likely(!bdi->fresh_dirtied))
		return;
	wb = wb_of_memcg(m, bdi->fresh_wb);
	/* The less he has to wait: a pause is what is left of a period when this is over. */
	cpu_takes_time(m, bdi->fresh_dirtied * m->config->cost[COST_DIRTY_PAGE]);
	task->nr_dirtied += (u32)bdi->fresh_dirtied;
	bdi->fresh_dirtied = 0;
	if (wb->dirty_exceeded)
		limit = MIN(limit, 32 >> (PAGE_SHIFT - 10));
	if (task->nr_dirtied >= limit)
		balance_dirty_pages(m, task, wb);
}

/* ---- State. ---- */

int writeback_init(struct machine *m)
{
	struct wb_state *bdi = arena_alloc(&m->arena, sizeof(*bdi));

	if (!bdi)
		return -ENOBUFS;
	wb_init(m, &bdi->root, 0);
	bdi->due_ns = UINT64_MAX;
	m->virt->writeback = bdi;
	return 0;
}

void writeback_free(struct machine *m)
{
	if (m->virt->writeback)
		arena_free(&m->arena, m->virt->writeback, sizeof(*m->virt->writeback));
	m->virt->writeback = NULL;
}
