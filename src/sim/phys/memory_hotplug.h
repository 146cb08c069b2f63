/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Memory that comes and goes: blocks are added (off line), go on line into a zone, go off
 * line when all of theirs has moved elsewhere, and are removed. Zones and nodes grow and
 * shrink with them; marks, reserves, per-CPU lists and zonelists are worked out again.
 *
 * Files: memory_block.c (the blocks), memory_hotplug.c (on and off line),
 * memory_hotplug_zone.c (which zone, spans), memory_hotplug_add.c (add, remove, nodes),
 * memory_hotplug_check.c; what moves pages is policy/memory_hotplug_migrate.c.
 */
#ifndef KMM_PHYS_MEMORY_HOTPLUG_H
#define KMM_PHYS_MEMORY_HOTPLUG_H

#include "sim/phys/memory_block.h"

enum mmop { MMOP_OFFLINE, MMOP_ONLINE, MMOP_ONLINE_KERNEL, MMOP_ONLINE_MOVABLE };

enum online_policy { ONLINE_POLICY_CONTIG_ZONES, ONLINE_POLICY_AUTO_MOVABLE };

/* Why a block did not go off line, for the sentence; words of the kernel's. */
struct offline_failure {
	const char *reason;	/* "unmovable page", "memory holes", ... */
	u64 pfn;		/* the page; ~0: none in particular */
};

/*
 * A block goes on line into the zone that `type` means; MMOP_OFFLINE: what was asked for
 * last while it was on line, if anything, or MMOP_ONLINE. 0; -EINVAL: it is on line, and
 * `type` is kept for that; -ENOBUFS: no host memory, nothing changed.
 */
int memory_block_online(struct machine *m, u32 id, enum mmop type) __must_check;
/*
 * Everything in it moves elsewhere, then it is gone. 0; -EINVAL: it spans zones, or has
 * holes; -EBUSY: something cannot move; -EINTR: it would be tried for ever; -ENOBUFS.
 */
int memory_block_offline(struct machine *m, u32 id,
			 struct offline_failure *failure) __must_check;
/* How many pages of it are in use: as many may be wanted elsewhere. */
u64 memory_block_used(const struct machine *m, u32 id);

/* memory_hotplug_zone.c */
struct zone *zone_for_pfn_range(const struct machine *m, enum mmop type, unsigned int nid,
				u32 group, u64 start, u64 nr_pages);
/* The zone and its node span the range, too; no more. */
void move_pfn_range_to_zone(struct machine *m, struct zone *zone, u64 start, u64 nr_pages);
void remove_pfn_range_from_zone(struct machine *m, struct zone *zone, u64 start,
				u64 nr_pages);
void adjust_present_page_count(struct machine *m, struct zone *zone,
			       const struct memory_block *block, s64 nr_pages);

/*
 * memory_hotplug_add.c: a DIMM. All blocks of it are added, and go on line if that is the
 * policy. -EINVAL, -EEXIST, -ENOMEM, -ENOBUFS with nothing changed.
 */
int add_memory(struct machine *m, unsigned int nid, u64 start, u64 size) __must_check;
/* -EBUSY: a block of it is on line; -EINVAL: it was not added like that. */
int remove_memory(struct machine *m, u64 start, u64 size) __must_check;
/* The same, but blocks that are on line go off line first; what did stays so on failure. */
int offline_and_remove_memory(struct machine *m, u64 start, u64 size,
			      struct offline_failure *failure) __must_check;

#endif
