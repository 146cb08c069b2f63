/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the allocator asks of the layers above when memory is short. The machine
 * fills machine->pressure at boot; NULL, or a member that is NULL, means that
 * nothing of the kind exists: nobody is woken, no progress is made.
 */
#ifndef KMM_PHYS_PRESSURE_H
#define KMM_PHYS_PRESSURE_H

#include "sim/phys/mmzone.h"

struct alloc_request;

struct pressure_ops {
	/* An allocation found zone below its low mark (or it was boosted). */
	void (*wake_kswapd)(struct machine *m, struct zone *zone, gfp_t gfp,
			    unsigned int order, enum zone_type highest);
	/* Reclaim for this request; returns how many pages that freed. */
	u64 (*direct_reclaim)(struct machine *m, const struct alloc_request *req,
			      enum zone_type highest);
	/* Compact for this request; true if a block of its order may be free now. */
	bool (*direct_compact)(struct machine *m, const struct alloc_request *req,
			       enum zone_type highest);
	/* Kill somebody; true if that may free memory. */
	bool (*out_of_memory)(struct machine *m, const struct alloc_request *req);
	/* Pages of the zone that reclaim could free at best. */
	u64 (*reclaimable)(const struct machine *m, const struct zone *zone);
};

#endif
