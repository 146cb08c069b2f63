/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * kswapd of each node with memory: woken by allocations that find less than the low marks
 * keep, it reclaims until one zone has what its high mark says. It runs at the next poll
 * points: between two pages that a call touches, behind each line, or at once if somebody
 * has to wait for it. It works beside who allocates: a pass of its turn, then the other has
 * as much time; on the same CPU, too, where it begins at once and has some time to its credit.
 */
#ifndef KMM_POLICY_KSWAPD_H
#define KMM_POLICY_KSWAPD_H

#include "sim/machine.h"

int kswapd_boot(struct machine *m) __must_check;	/* -ENOMEM */
/* Of a node that has got memory, or lost its last. */
int kswapd_run(struct machine *m, struct pglist_data *node) __must_check;	/* -ENOMEM */
void kswapd_stop(struct machine *m, struct pglist_data *node);
void wakeup_kswapd(struct machine *m, struct zone *zone, gfp_t gfp, unsigned int order,
		   enum zone_type highest);
/*
 * Those that were woken run now: to the end of their work, or for a pass of it, if the task that
 * they work beside got nr_pages meanwhile (not 0). Of one node, to its end.
 */
void kswapd_run_woken(struct machine *m, u64 nr_pages);
/* Somebody reclaims for himself: on another CPU it begins meanwhile, or goes on when it is due. */
void kswapd_run_beside_reclaim(struct machine *m);
void kswapd_run_now(struct machine *m, struct pglist_data *node);
/* At work, or about to begin; or it was, when the timer was due that runs now. */
bool kswapd_is_running(const struct machine *m, const struct pglist_data *node);
/* Does any zone up to this one have what its high mark says, as a block of this order? */
bool pgdat_balanced(const struct machine *m, const struct pglist_data *node,
		    unsigned int order, enum zone_type highest);
/* W6: asleep or at work, with a timer that fits. */
void kswapd_validate(const struct machine *m, struct check *check);

#endif
