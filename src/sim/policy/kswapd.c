// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A turn balances the node by passes: priorities from 12 down, until a zone has what its high
 * mark says, or nothing more comes of it; sixteen turns in a row without a page, and the node
 * is left alone. Behind it kswapd naps for a tenth of a second; only if the node is balanced
 * then as well it goes to sleep. Compaction is told before the nap.
 *
 * The thread is its state, and its timer while it naps.
 */
#include "sim/policy/kswapd.h"

#include "sim/base/event.h"
#include "sim/phys/compaction_suitable.h"
#include "sim/phys/page_alloc.h"
#include "sim/phys/tunables.h"
#include "sim/policy/compaction.h"
#include "sim/reclaim/reclaim.h"
#include "sim/virt/blk.h"
#include "sim/virt/cputime.h"
#include "sim/virt/psi.h"
#include "sim/virt/sched.h"

#define NAP_NS 100000000ULL
#define NEVER UINT64_MAX
#define MOST_LAG 256	/* of pages: larger machines have quick disks */
/*
 * throttle_direct_reclaim() waits for HZ where the allocation may not enter a filesystem, and
 * without end where it may; here nobody waits for longer than HZ.
 */
#define WAIT_NS 1000000000ULL
#define PINGPONG_NS 33000	/* as guests did: 13,000 to 45,000 turns in a second */
#define SLICE_NS 3000000	/* that each of two tasks has on one CPU (kernel/sched/fair.c) */

typedef unsigned long long ull;

/* ---- Is there enough? ---- */

bool pgdat_balanced(const struct machine *m, const struct pglist_data *node,
		    unsigned int order, enum zone_type highest)
{
	enum zone_watermarks which = m->tunables->numa_balancing & 2 ? WMARK_PROMO : WMARK_HIGH;
	/* Whole blocks, till so much was reclaimed that the rest is for kcompactd to do. */
	enum zone_stat_item item = m->tunables->defrag_mode && order ? NR_FREE_PAGES_BLOCKS :
								       NR_FREE_PAGES;
	bool managed = false;

	for (unsigned int type = 0; type <= highest; type++) {
		const struct zone *zone = node->zones[type];

		if (!zone || !zone_managed(zone))
			continue;
		managed = true;
		if (zone_watermark_ok(m, zone, order, zone_wmark(zone, which), highest, 0,
				      zone->stat[item]))
			return true;
	}
	return !managed;
}

static u64 zone_boosts(const struct pglist_data *node, enum zone_type highest,
		       u64 boosts[MAX_NR_ZONES])
{
	u64 sum = 0;

	for (unsigned int type = 0; type < MAX_NR_ZONES; type++) {
		const struct zone *zone = node->zones[type];

		boosts[type] = type <= highest && zone && zone_managed(zone) ?
			       zone->watermark_boost : 0;
		sum += boosts[type];
	}
	return sum;
}

/* ---- A turn. ---- */

static void set_reclaim_active(struct pglist_data *node, enum zone_type highest, bool active)
{
	for (unsigned int type = 0; type <= highest; type++) {
		struct zone *zone = node->zones[type];

		if (!zone || !zone_managed(zone))
			continue;
		zone->flags &= ~(1U << ZONE_RECLAIM_ACTIVE);
		zone->flags |= (u32)active << ZONE_RECLAIM_ACTIVE;
	}
}

/* Once at a priority. True: it need not be tried harder. */
static bool kswapd_shrink_node(struct scan_control *sc, struct pglist_data *node)
{
	u64 before = sc->nr_reclaimed, reached;

	sc->nr_to_reclaim = 0;
	for (unsigned int type = 0; type <= sc->reclaim_idx; type++) {
		const struct zone *zone = node->zones[type];

		if (zone && zone_managed(zone))
			sc->nr_to_reclaim += MAX(zone_wmark(zone, WMARK_HIGH), SWAP_CLUSTER_MAX);
	}
	shrink_node(sc, node);
	/* Fragmentation is compaction's business from here on. */
	if (sc->order && sc->nr_reclaimed >= compact_gap((unsigned int)sc->order))
		sc->order = 0;
	reached = sc->nr_scanned;
	if (rel_kswapd_counts_reclaimed(sc->m->release))
		reached = MAX(reached, sc->nr_reclaimed - before);
	return reached >= sc->nr_to_reclaim;
}

enum pass { PASS_AGAIN, PASS_BALANCED, PASS_IN_VAIN };

static struct scan_control turn_control(struct machine *m, const struct pglist_data *node)
{
	const struct kswapd_turn *turn = &node->kswapd_turn;

	return (struct scan_control){
		.m = m, .by = BY_KSWAPD, .gfp = GFP_KERNEL, .order = (int)turn->order,
		.may_unmap = true, .reclaim_idx = node->kswapd_last, .priority = turn->priority,
		.nr_reclaimed = turn->nr_reclaimed,
	};
}

/* Once through the node at the turn's priority, which rises if that was not enough. */
static enum pass shrink_pass(struct scan_control *sc, struct pglist_data *node)
{
	struct kswapd_turn *turn = &node->kswapd_turn;
	struct machine *m = sc->m;
	u64 before = sc->nr_reclaimed;
	bool balanced = pgdat_balanced(m, node, (unsigned int)sc->order, node->kswapd_last);
	bool harder = true;

	if (!balanced && turn->boost) {
		turn->boost = 0;
		sc->priority = DEF_PRIORITY;
	}
	if (balanced && !turn->boost)
		return PASS_BALANCED;
	if (turn->boost && sc->priority == DEF_PRIORITY - 2)
		harder = false;
	sc->may_writepage = !m->tunables->laptop_mode && !turn->boost;
	sc->may_swap = !turn->boost;
	m->reclaim->age_node(sc, node);
	if (sc->priority < DEF_PRIORITY - 2)
		sc->may_writepage = true;
	if (kswapd_shrink_node(sc, node))
		harder = false;
	before = sc->nr_reclaimed - before;
	turn->boost -= MIN(turn->boost, before);
	if (turn->boost && !before)
		return PASS_IN_VAIN;
	if (harder || !before)
		sc->priority--;
	return sc->priority >= 1 ? PASS_AGAIN : PASS_IN_VAIN;
}

/* The boost that was there when it began has done its work. */
static void forget_boosts(struct pglist_data *node, const u64 boosts[MAX_NR_ZONES])
{
	for (unsigned int type = 0; type < MAX_NR_ZONES; type++) {
		struct zone *zone = node->zones[type];

		if (boosts[type])
			zone->watermark_boost -= MIN(zone->watermark_boost, boosts[type]);
	}
}

static void begin_turn(struct machine *m, struct pglist_data *node)
{
	struct kswapd_turn *turn = &node->kswapd_turn;

	*turn = (struct kswapd_turn){
		.priority = DEF_PRIORITY, .order = node->kswapd_alloc_order, .due_ns = blk_now(m),
	};
	turn->boost = zone_boosts(node, node->kswapd_last, turn->boosts);
	count_vm_event(m, PAGEOUTRUN, 1);
	set_reclaim_active(node, node->kswapd_last, /* active = */ true);
	node->kswapd_state = KSWAPD_WORKS;
}

/* On the only CPU who began now has to leave it at the first tick behind his slice. */
static u64 slice_ns(const struct machine *m, u64 began_ns)
{
	u64 end_ns = began_ns + SLICE_NS;

	return SLICE_NS + (m->jiffy_ns - end_ns % m->jiffy_ns) % m->jiffy_ns;
}

/* A pass took so long: how long others have the CPU, or work on their own, until the next. */
static u64 turn_of_others(const struct machine *m, struct pglist_data *node, u64 took_ns)
{
	u64 others_ns;

	if (m->nr_cpus > 1)
		return took_ns;
	node->kswapd_slice_ns -= MIN(node->kswapd_slice_ns, took_ns);
	if (node->kswapd_slice_ns)
		return 0;
	others_ns = slice_ns(m, blk_now(m));
	node->kswapd_slice_ns = slice_ns(m, blk_now(m) + others_ns);
	return others_ns;
}

static enum pass make_pass(struct machine *m, struct pglist_data *node)
{
	struct kswapd_turn *turn = &node->kswapd_turn;
	struct scan_control sc = turn_control(m, node);
	u64 began_ns = blk_now(m), late_ns = began_ns - MIN(began_ns, turn->due_ns);
	enum pass pass;

	psi_daemon_enter(m);
	m->lru->reclaiming++;
	pass = shrink_pass(&sc, node);
	m->lru->reclaiming--;
	psi_daemon_leave(m);
	turn->priority = sc.priority;
	turn->order = (u32)sc.order;
	turn->nr_reclaimed = sc.nr_reclaimed;
	/* While the task slept for longer than it is given, kswapd would have gone on. */
	turn->due_ns = blk_now(m) + turn_of_others(m, node, blk_now(m) - began_ns) - late_ns;
	turn->due_ns = MAX(turn->due_ns, turn->sleeps_until_ns);
	return pass;
}

static void end_turn(struct machine *m, struct pglist_data *node, enum pass pass)
{
	const struct kswapd_turn *turn = &node->kswapd_turn;
	u64 boost = 0;

	for (unsigned int type = 0; type < MAX_NR_ZONES; type++)
		boost += turn->boosts[type];
	if (pass == PASS_IN_VAIN && !turn->nr_reclaimed)
		node->kswapd_failures++;
	set_reclaim_active(node, node->kswapd_last, /* active = */ false);
	if (boost) {
		forget_boosts(node, turn->boosts);
		wakeup_kcompactd(m, node, m->pageblock_order, node->kswapd_last);
	}
	snapshot_refaults(m, NULL, node);
	machine_why(m, "node %u: kswapd freed %llu pages for order %u, %s at priority %d; boost %llu, "
		    "%d turns in vain so far (balance_pgdat)", node->id, (ull)turn->nr_reclaimed,
		    node->kswapd_alloc_order, pass == PASS_BALANCED ? "balanced" : "not balanced",
		    MAX(turn->priority, 1), (ull)boost, node->kswapd_failures);
	node->kswapd_reclaim_order = turn->order;
	node->kswapd_state = KSWAPD_WOKEN;
}

/* ---- The thread. ---- */

static bool prepare_kswapd_sleep(const struct machine *m, struct pglist_data *node,
				 unsigned int order, enum zone_type highest)
{
	if (node->kswapd_failures >= MAX_RECLAIM_RETRIES)
		return true;
	if (!pgdat_balanced(m, node, order, highest))
		return false;
	node->flags &= ~(u32)(PGDAT_DIRTY | PGDAT_WRITEBACK);
	node_lruvec(m, node->id)->congested = false;
	return true;
}

static enum zone_type asked_highest(const struct pglist_data *node)
{
	return node->kswapd_highest == MAX_NR_ZONES ? node->kswapd_last : node->kswapd_highest;
}

static void set_state(struct machine *m, struct pglist_data *node, enum kswapd_state state,
		      u64 when_ns)
{
	node->kswapd_state = (u8)state;
	event_set(m->events, node->kswapd_event, when_ns,
		  when_ns == NEVER ? 0 : when_ns - m->now_ns);
}

/* What it was asked for is what the next turn is about; what is asked from now on is for later. */
static void take_request(struct pglist_data *node)
{
	node->kswapd_last = asked_highest(node);
	node->kswapd_alloc_order = node->kswapd_order;
	node->kswapd_order = 0;
	node->kswapd_highest = MAX_NR_ZONES;
}

/*
 * Turn after turn, until it can take a nap. Not wait: until who allocates has to have as long as
 * the last pass took.
 */
static void run_turns(struct machine *m, struct pglist_data *node, bool wait)
{
	for (;;) {
		enum pass pass;

		if (node->kswapd_state != KSWAPD_WORKS)
			begin_turn(m, node);
		do {
			pass = make_pass(m, node);
			if (pass == PASS_AGAIN && !wait && node->kswapd_turn.due_ns > blk_now(m)) {
				daemon_woken(m, 1);
				return;
			}
		} while (pass == PASS_AGAIN);
		end_turn(m, node, pass);
		/* What was asked for meanwhile counts as well, if it did all that it was to do. */
		if (node->kswapd_reclaim_order >= node->kswapd_alloc_order) {
			node->kswapd_alloc_order = node->kswapd_reclaim_order = node->kswapd_order;
			node->kswapd_last = asked_highest(node);
		}
		if (prepare_kswapd_sleep(m, node, node->kswapd_reclaim_order, node->kswapd_last))
			break;
		count_vm_event(m, KSWAPD_HIGH_WMARK_HIT_QUICKLY, 1);
		take_request(node);
	}
	reset_isolation_suitable(m, node);
	wakeup_kcompactd(m, node, node->kswapd_alloc_order, node->kswapd_last);
	node->kswapd_woken_early = false;
	node->kswapd_worked_ns = blk_now(m);
	set_state(m, node, KSWAPD_NAPS, node->kswapd_worked_ns + NAP_NS);
}

/*
 * It wakes, on the CPU that it is woken from: it sees at once what for, and a zone that was
 * boosted may be all. On another it begins a little later, and whoever boosted that zone has
 * asked for more by then, as he allocated again. What it does shows later.
 */
static void wake(struct machine *m, struct pglist_data *node)
{
	node->kswapd_woken_early = node->kswapd_state == KSWAPD_NAPS;
	if (node->kswapd_woken_early) {
		node->kswapd_highest = asked_highest(node);
		node->kswapd_order = MAX(node->kswapd_order, node->kswapd_reclaim_order);
		count_vm_event(m, KSWAPD_LOW_WMARK_HIT_QUICKLY, 1);
	}
	if (m->nr_cpus == 1) {
		take_request(node);
		node->kswapd_slice_ns = slice_ns(m, blk_now(m));
	}
	node->kswapd_state = KSWAPD_WOKEN;
}

/*
 * The timers of a long call run behind it: for one that was due in its midst kswapd, which the
 * call kept busy, had not done its work yet.
 */
bool kswapd_is_running(const struct machine *m, const struct pglist_data *node)
{
	return node->kswapd_state >= KSWAPD_WOKEN || m->now_ns < node->kswapd_worked_ns;
}

/* The nap is over. */
static void nap_ends(struct machine *m, struct pglist_data *node)
{
	if (prepare_kswapd_sleep(m, node, node->kswapd_reclaim_order, node->kswapd_last)) {
		set_pgdat_percpu_threshold(m, node, /* under_pressure = */ false);
		set_state(m, node, KSWAPD_ASLEEP, NEVER);
		return;
	}
	count_vm_event(m, KSWAPD_HIGH_WMARK_HIT_QUICKLY, 1);
	take_request(node);
	run_turns(m, node, /* wait = */ true);
}

static void work(struct machine *m, struct pglist_data *node, bool wait)
{
	struct blk_plug *plug = blk_switch_plug(m, NULL);
	struct cputime_before before = cputime_daemon_enter(m, node_thread(m, "kswapd", node->id),
							    sched_idle_cpu(m, node));

	if (node->kswapd_state == KSWAPD_WOKEN) {
		if (m->nr_cpus > 1)
			take_request(node);
		if (node->kswapd_woken_early && !m->lru->reclaiming)
			kcompactd_catch_up(m, node, node->kswapd_worked_ns, blk_now(m));
		set_pgdat_percpu_threshold(m, node, /* under_pressure = */ true);
	}
	if (node->kswapd_state >= KSWAPD_WOKEN)
		run_turns(m, node, wait);
	else
		nap_ends(m, node);
	cputime_daemon_leave(m, before);
	(void)blk_switch_plug(m, plug);
}

static bool kswapd_step(struct machine *m, void *data)
{
	work(m, data, /* wait = */ true);
	return true;
}

int kswapd_run(struct machine *m, struct pglist_data *node)
{
	const struct event event = {
		.when_ns = NEVER, .run = kswapd_step, .data = node, .name = "kswapd",
	};

	if (node->kswapd_event)
		return 0;
	node->kswapd_order = 0;
	node->kswapd_highest = MAX_NR_ZONES;
	node->kswapd_last = MAX_NR_ZONES - 1;
	node->kswapd_state = KSWAPD_ASLEEP;
	return event_add(m->events, &event, &node->kswapd_event);
}

void kswapd_stop(struct machine *m, struct pglist_data *node)
{
	if (node->kswapd_event)
		event_cancel(m->events, node->kswapd_event);
	if (node->kswapd_state == KSWAPD_WORKS)
		set_reclaim_active(node, node->kswapd_last, /* active = */ false);
	node->kswapd_event = 0;
	node->kswapd_state = KSWAPD_NONE;
}

int kswapd_boot(struct machine *m)
{
	int err = 0;

	for (unsigned int i = 0; i < m->nr_nodes && !err; i++)
		if (m->nodes[i] && m->nodes[i]->has_memory)
			err = kswapd_run(m, m->nodes[i]);
	return err;
}

static void run_to_end(struct machine *m, struct pglist_data *node)
{
	if (node->kswapd_state < KSWAPD_WOKEN) {
		node->kswapd_highest = MIN(asked_highest(node), ZONE_NORMAL);
		wake(m, node);
	}
	work(m, node, /* wait = */ true);
}

/* So long one or the other of the two works. */
static void share_cpu(struct machine *m, struct pglist_data *node, u64 ns)
{
	struct cputime_before before;

	account_system_time(m, ns / 2);
	before = cputime_daemon_enter(m, node_thread(m, "kswapd", node->id), m->cpu);
	account_system_time(m, ns - ns / 2);
	cputime_daemon_leave(m, before);
	blk_sleep_until(m, blk_now(m) + ns);
}

/*
 * One zone has enough: kswapd lies down, and wakes who waits. The zones that are reclaimed from
 * have not: he wakes kswapd, and waits again, till his time is over.
 */
static void pingpong(struct machine *m, struct pglist_data *node)
{
	u64 begin = blk_now(m), end = begin + WAIT_NS, turns;

	while (!allow_direct_reclaim(m, node) && blk_now(m) < end &&
	       pgdat_balanced(m, node, 0, ZONE_NORMAL))
		share_cpu(m, node, MIN(m->jiffy_ns, end - blk_now(m)));
	turns = (blk_now(m) - begin) / PINGPONG_NS;
	if (!turns)
		return;
	count_vm_event(m, PAGEOUTRUN, (s64)turns);
	count_vm_event(m, KSWAPD_LOW_WMARK_HIT_QUICKLY, (s64)turns);
	machine_why(m, "node %u: who waits for kswapd and kswapd, which finds enough, wake each other "
		    "%llu times in %llu ms (throttle_direct_reclaim)", node->id, (ull)turns,
		    (ull)(blk_now(m) - begin) / 1000000);
}

void kswapd_run_now(struct machine *m, struct pglist_data *node)
{
	if (m->lru->reclaiming || !node->kswapd_event)
		return;
	run_to_end(m, node);
	pingpong(m, node);
}

/* That a task takes for a page that it is given. */
static u64 page_ns(const struct machine *m)
{
	return m->config->cost[m->nr_cpus > 1 ? COST_PAGE_BESIDE_KSWAPD : COST_PAGE_ON_KSWAPD_CPU];
}

/* The task that it works beside has not had its time yet; it has got so many pages more. */
static bool too_early(struct machine *m, struct pglist_data *node, u64 nr_pages)
{
	struct kswapd_turn *turn = &node->kswapd_turn;
	u64 took_ns = nr_pages * page_ns(m);

	if (node->kswapd_state != KSWAPD_WORKS || blk_now(m) + took_ns >= turn->due_ns)
		return false;
	turn->due_ns -= took_ns;
	daemon_woken(m, 1);
	return true;
}

/* It was woken, and has no CPU yet. */
static bool comes_later(struct machine *m, const struct pglist_data *node)
{
	return node->kswapd_state == KSWAPD_WOKEN && daemon_comes_later(m, node->kswapd_begins);
}

void kswapd_run_woken(struct machine *m, u64 nr_pages)
{
	for (unsigned int i = 0; i < m->nr_nodes; i++) {
		struct pglist_data *node = m->nodes[i];

		if (!node || node->kswapd_state < KSWAPD_WOKEN)
			continue;
		if (!nr_pages || (!comes_later(m, node) && !too_early(m, node, nr_pages)))
			work(m, node, /* wait = */ !nr_pages);
	}
}

void kswapd_run_beside_reclaim(struct machine *m)
{
	if (m->nr_cpus == 1)
		return;
	for (unsigned int i = 0; i < m->nr_nodes; i++) {
		struct pglist_data *node = m->nodes[i];

		if (node && (node->kswapd_state == KSWAPD_WOKEN ||
			     (node->kswapd_state == KSWAPD_WORKS &&
			      node->kswapd_turn.due_ns <= blk_now(m))))
			work(m, node, /* wait = */ false);
	}
}

/*
 * Who allocates is quicker than who makes room: beside kswapd he gets what lies between the low
 * and the min marks, and some more. On its own CPU he has to let it run behind the same fault.
 */
static u64 lag(const struct machine *m, const struct pglist_data *node)
{
	u64 pages = 0;

	if (m->nr_cpus == 1)
		return 1;
	for (unsigned int type = 0; type < MAX_NR_ZONES; type++) {
		const struct zone *zone = node->zones[type];

		if (zone && zone_managed(zone))
			pages += zone->watermark[WMARK_LOW] - zone->watermark[WMARK_MIN];
	}
	pages += pages / 8;
	return MIN(MAX(pages, 1), MOST_LAG);
}

static void explain_wakeup(struct machine *m, const struct zone *zone, unsigned int order,
			   gfp_t gfp)
{
	machine_why(m, "node %u zone %s: kswapd wakes for order %u, %X: %lld pages are free, low mark "
		    "%llu, high %llu, boost %llu (wakeup_kswapd)", zone->node, zone->name, order, gfp,
		    (long long)zone->stat[NR_FREE_PAGES], (ull)zone->watermark[WMARK_LOW],
		    (ull)zone->watermark[WMARK_HIGH], (ull)zone->watermark_boost);
}

void wakeup_kswapd(struct machine *m, struct zone *zone, gfp_t gfp, unsigned int order,
		   enum zone_type highest)
{
	struct pglist_data *node = m->nodes[zone->node];
	u64 boosts[MAX_NR_ZONES];

	if (!node->kswapd_event)
		return;
	if (node->kswapd_highest == MAX_NR_ZONES || node->kswapd_highest < highest)
		node->kswapd_highest = highest;
	node->kswapd_order = MAX(node->kswapd_order, order);
	if (node->kswapd_state >= KSWAPD_WOKEN)
		return;
	if (node->kswapd_failures >= MAX_RECLAIM_RETRIES ||
	    (pgdat_balanced(m, node, order, highest) && !zone_boosts(node, highest, boosts))) {
		/* There may be enough, only in pieces: kcompactd knows. */
		if (!(gfp & __GFP_DIRECT_RECLAIM))
			wakeup_kcompactd(m, node, order, highest);
		return;
	}
	explain_wakeup(m, zone, order, gfp);
	wake(m, node);
	node->kswapd_begins = daemon_woken(m, lag(m, node));
}

void kswapd_validate(const struct machine *m, struct check *check)
{
	for (unsigned int i = 0; i < m->nr_nodes; i++) {
		const struct pglist_data *node = m->nodes[i];
		u64 when;

		if (!node || !node->kswapd_event)
			continue;
		when = event_when_ns(m->events, node->kswapd_event);
		check->nr_checked++;
		if (node->kswapd_state == KSWAPD_WOKEN ? !m->polls_left :
		    node->kswapd_state == KSWAPD_NAPS ? when > blk_now(m) + NAP_NS :
		    node->kswapd_state != KSWAPD_ASLEEP || when != NEVER)
			check_fail(check, "W6", "node %u: expected kswapd woken, with the timer of a nap, "
				   "or asleep, found state %u, due at %llu", i, node->kswapd_state,
				   (ull)when);
	}
}
