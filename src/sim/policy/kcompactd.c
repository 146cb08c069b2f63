// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * kcompactd of each node with memory: it looks twice a second whether the node is too
 * fragmented for huge pages (compaction_proactiveness), unless kswapd is at work, and is woken
 * when somebody wanted a block that was not there. If the score does not fall, the next look
 * is 32 s later.
 */
#include "sim/policy/compaction_internal.h"

#include "sim/base/event.h"
#include "sim/phys/extfrag.h"
#include "sim/phys/page_alloc.h"
#include "sim/phys/tunables.h"
#include "sim/policy/kswapd.h"
#include "sim/virt/cputime.h"
#include "sim/virt/sched.h"

#define CHECK_INTERVAL_NS 500000000ULL

typedef unsigned long long ull;

unsigned int fragmentation_score_zone(const struct machine *m, const struct zone *zone)
{
	return extfrag_for_order(zone, m->arch->hugetlb_order);
}

unsigned int fragmentation_score_node(const struct machine *m,
				      const struct pglist_data *node)
{
	u64 score = 0;

	for (unsigned int type = 0; type < MAX_NR_ZONES; type++) {
		const struct zone *zone = node->zones[type];

		if (zone && zone_populated(zone))
			score += zone->present_pages * fragmentation_score_zone(m, zone) /
				 (node->present_pages + 1);
	}
	return (unsigned int)score;
}

unsigned int fragmentation_score_wmark(const struct machine *m, bool low)
{
	unsigned int mark = MAX(100U - (unsigned int)m->tunables->compaction_proactiveness, 5U);

	return low ? mark : MIN(mark + 10, 100U);
}

static bool too_fragmented(const struct machine *m, const struct pglist_data *node)
{
	return m->tunables->compaction_proactiveness &&
	       fragmentation_score_node(m, node) >
	       fragmentation_score_wmark(m, /* low = */ false);
}

static void count_daemon(struct machine *m, const struct compact_control *cc)
{
	count_vm_event(m, KCOMPACTD_MIGRATE_SCANNED, (s64)cc->total_migrate_scanned);
	count_vm_event(m, KCOMPACTD_FREE_SCANNED, (s64)cc->total_free_scanned);
}

static void proactive_compact_node(struct machine *m, struct pglist_data *node)
{
	for (unsigned int type = 0; type < MAX_NR_ZONES; type++) {
		struct compact_control cc = {
			.m = m, .zone = node->zones[type], .order = -1, .gfp = GFP_KERNEL,
			.mode = COMPACT_SYNC_LIGHT, .ignore_skip_hint = true,
			.whole_zone = true, .proactive = true,
		};

		if (!cc.zone || !zone_populated(cc.zone))
			continue;
		compact_zone(&cc);
		if (rel_compact_finishes_block(m->release))
			count_daemon(m, &cc);
	}
}

/* The highest zone type of the node, as nr_zones counts them. */
static enum zone_type highest_zone_type(const struct pglist_data *node)
{
	enum zone_type highest = 0;

	for (unsigned int type = 0; type < MAX_NR_ZONES; type++)
		if (node->zones[type] && zone_populated(node->zones[type]))
			highest = type;
	return highest;
}

/* What kcompactd has to leave free: by blocks, with vm.defrag_mode. */
static unsigned int kcompactd_flags(const struct machine *m)
{
	return m->tunables->defrag_mode ? WMARK_HIGH : WMARK_MIN;
}

static enum compact_result kcompactd_suitable(const struct machine *m,
					      const struct zone *zone, unsigned int order,
					      enum zone_type highest)
{
	const struct compact_target target = {
		.order = order, .highest = highest, .alloc_flags = kcompactd_flags(m),
		.kcompactd = true,
	};

	return compaction_suitable(m, zone, &target);
}

static void kcompactd_zone(struct machine *m, struct compact_control *cc)
{
	unsigned int order = (unsigned int)cc->order;
	enum compact_result result;

	if (compaction_deferred(cc->zone, order) ||
	    kcompactd_suitable(m, cc->zone, order, cc->zone->type) != COMPACT_CONTINUE)
		return;
	result = compact_zone(cc);
	if (result == COMPACT_SUCCESS) {
		compaction_defer_reset(cc->zone, order, /* alloc_success = */ false);
	} else if (result == COMPACT_PARTIAL_SKIPPED || result == COMPACT_COMPLETE) {
		drain_all_pages(m, cc->zone);
		defer_compaction(cc->zone, order);
	}
	count_daemon(m, cc);
}

static void kcompactd_do_work(struct machine *m, struct pglist_data *node)
{
	unsigned int order = node->kcompactd_max_order;
	enum zone_type highest = node->kcompactd_highest;

	count_vm_event(m, KCOMPACTD_WAKE, 1);
	machine_why(m, "node %u: kcompactd makes room for order %u (kcompactd_do_work)",
		    node->id, order);
	for (unsigned int type = 0; type <= highest; type++) {
		struct compact_control cc = {
			.m = m, .zone = node->zones[type], .order = (int)order,
			.search_order = (int)order, .highest = highest,
			.mode = COMPACT_SYNC_LIGHT, .gfp = GFP_KERNEL,
			.alloc_flags = kcompactd_flags(m),
		};

		if (cc.zone && zone_populated(cc.zone))
			kcompactd_zone(m, &cc);
	}
	node->kcompactd_max_order = 0;
	node->kcompactd_highest = highest_zone_type(node);
}

/* A look at the score, at this time: did it compact? */
static bool proactive_turn(struct machine *m, struct pglist_data *node, u64 now)
{
	unsigned int before, after;

	if (!too_fragmented(m, node))
		return false;
	before = fragmentation_score_node(m, node);
	proactive_compact_node(m, node);
	after = fragmentation_score_node(m, node);
	machine_why(m, "node %u: kcompactd found a fragmentation score of %u > %u, it is %u now "
		    "(proactive_compact_node)", node->id, before,
		    fragmentation_score_wmark(m, /* low = */ false), after);
	if (after >= before)
		node->kcompactd_next_ns = now + (CHECK_INTERVAL_NS << COMPACT_MAX_DEFER_SHIFT);
	return true;
}

/* What it is woken for, or what its timer is for. False: nothing, until others act. */
static bool kcompactd_acts(struct machine *m, struct pglist_data *node, u64 now, bool kswapd_runs)
{
	struct cputime_before before =
		cputime_daemon_enter(m, node_thread(m, "kcompactd", node->id),
				     sched_node_cpu(m, node));
	bool acted = true;

	node->kcompactd_next_ns = now + CHECK_INTERVAL_NS;
	if (node->kcompactd_max_order && !node->proactive_trigger)
		kcompactd_do_work(m, node);
	else if (!kswapd_runs)
		acted = proactive_turn(m, node, now);
	acted |= node->proactive_trigger;
	node->proactive_trigger = false;
	cputime_daemon_leave(m, before);
	return acted;
}

static bool kcompactd_step(struct machine *m, void *data)
{
	struct pglist_data *node = data;
	u64 now = m->now_ns, timeout = CHECK_INTERVAL_NS;
	bool asked = node->kcompactd_max_order || node->proactive_trigger, acted = true;

	if (asked || now >= node->kcompactd_next_ns)
		acted = kcompactd_acts(m, node, now, kswapd_is_running(m, node));
	if (node->kcompactd_next_ns > now)
		timeout = node->kcompactd_next_ns - now;
	event_set(m->events, node->kcompactd_event, now + timeout, timeout);
	return acted;
}

void kcompactd_catch_up(struct machine *m, struct pglist_data *node, u64 from, u64 to)
{
	u64 when = node->kcompactd_event ? event_when_ns(m->events, node->kcompactd_event) : to;

	when = MAX(when, node->kcompactd_next_ns);
	if (when < from)
		when += DIV_ROUND_UP(from - when, CHECK_INTERVAL_NS) * CHECK_INTERVAL_NS;
	if (when < to)
		(void)kcompactd_acts(m, node, when, /* kswapd_runs = */ false);
}

int kcompactd_run(struct machine *m, struct pglist_data *node)
{
	const struct event event = {
		.when_ns = m->now_ns + CHECK_INTERVAL_NS, .period_ns = CHECK_INTERVAL_NS,
		.run = kcompactd_step, .data = node, .name = "kcompactd",
	};

	node->kcompactd_highest = highest_zone_type(node);
	return event_add(m->events, &event, &node->kcompactd_event);
}

void kcompactd_stop(struct machine *m, struct pglist_data *node)
{
	if (node->kcompactd_event)
		event_cancel(m->events, node->kcompactd_event);
	node->kcompactd_event = 0;
	node->kcompactd_max_order = 0;
	node->proactive_trigger = false;
}

int kcompactd_boot(struct machine *m)
{
	int err = 0;

	for (unsigned int i = 0; i < m->nr_nodes && !err; i++)
		if (m->nodes[i] && m->nodes[i]->has_memory)
			err = kcompactd_run(m, m->nodes[i]);
	return err;
}

/* It runs at the next tick of the clock. */
static void kcompactd_wake(struct machine *m, const struct pglist_data *node)
{
	u64 when = m->now_ns + m->jiffy_ns;

	if (node->kcompactd_event && event_when_ns(m->events, node->kcompactd_event) > when)
		event_set(m->events, node->kcompactd_event, when, CHECK_INTERVAL_NS);
}

static bool kcompactd_node_suitable(const struct machine *m, const struct pglist_data *node)
{
	for (unsigned int type = 0; type <= node->kcompactd_highest; type++) {
		const struct zone *zone = node->zones[type];

		if (zone && zone_populated(zone) &&
		    kcompactd_suitable(m, zone, node->kcompactd_max_order,
				       node->kcompactd_highest) == COMPACT_CONTINUE)
			return true;
	}
	return false;
}

void wakeup_kcompactd(struct machine *m, struct pglist_data *node, unsigned int order,
		      enum zone_type highest)
{
	if (!order || !node->kcompactd_event)
		return;
	node->kcompactd_max_order = MAX(node->kcompactd_max_order, order);
	node->kcompactd_highest = MIN(node->kcompactd_highest, highest);
	if (kcompactd_node_suitable(m, node))
		kcompactd_wake(m, node);
}

void kcompactd_wake_proactive(struct machine *m)
{
	if (!m->tunables->compaction_proactiveness)
		return;
	for (unsigned int i = 0; i < m->nr_nodes; i++) {
		struct pglist_data *node = m->nodes[i];

		if (!node || !node->kcompactd_event || node->proactive_trigger)
			continue;
		node->proactive_trigger = true;
		kcompactd_wake(m, node);
	}
}
