/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Compaction: movable pages at the beginning of a zone move into free pages at its end,
 * so that what they leave merges to larger blocks (mm/compaction.c). Somebody asks for a
 * block of an order and waits (direct compaction), kcompactd of the node makes it in the
 * background, or all of a zone is compacted (order -1). Nothing here takes host memory.
 */
#ifndef KMM_POLICY_COMPACTION_H
#define KMM_POLICY_COMPACTION_H

#include "sim/phys/pressure.h"

/* compact_memory; nodeN/compact: everything, without regard to what failed before. */
void compact_nodes(struct machine *m);
void compact_node(struct machine *m, unsigned int nid);

/* compaction_zone.c: for one zone, for who waits; see struct pressure_ops. */
enum compact_result compact_zone_order(struct machine *m, struct zone *zone,
				       const struct compact_request *req, u32 *captured);
void compact_succeeded(struct machine *m, struct zone *zone, unsigned int order);
bool compact_suitable(const struct machine *m, const struct zone *zone,
		      const struct compact_request *req, u64 free_pages);

/* contig_migrate.c: what can move leaves the isolated range. -EBUSY, -ENOMEM, -ENOBUFS. */
int migrate_range(struct machine *m, struct zone *zone, u64 start, u64 end) __must_check;

/* kcompactd.c: the threads' timers. 0 or -ENOMEM. */
int kcompactd_boot(struct machine *m) __must_check;
/* A node got memory: its timer, -ENOMEM; it lost the last. */
int kcompactd_run(struct machine *m, struct pglist_data *node) __must_check;
void kcompactd_stop(struct machine *m, struct pglist_data *node);
/* Somebody wants blocks of this order on the node. */
void wakeup_kcompactd(struct machine *m, struct pglist_data *node, unsigned int order,
		      enum zone_type highest);
/*
 * Its timer waits for the end of a long call: for that it looks now if it was due meanwhile, as
 * kswapd slept.
 */
void kcompactd_catch_up(struct machine *m, struct pglist_data *node, u64 from, u64 to);
/* compaction_proactiveness was written. */
void kcompactd_wake_proactive(struct machine *m);
/* How fragmented a node is for huge pages, in percent; from where on kcompactd acts. */
unsigned int fragmentation_score_zone(const struct machine *m, const struct zone *zone);
unsigned int fragmentation_score_node(const struct machine *m,
				      const struct pglist_data *node);
unsigned int fragmentation_score_wmark(const struct machine *m, bool low);

/* The skip bits of the zones of a node are cleared where a whole zone was compacted. */
void reset_isolation_suitable(struct machine *m, const struct pglist_data *node);

/* CP1, CP2: what zones and nodes remember is within their bounds. */
void compaction_validate(const struct machine *m, struct check *check);
struct digest;
void compaction_digest(const struct machine *m, struct digest *digest);

#endif
