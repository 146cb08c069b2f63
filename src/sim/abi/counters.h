/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Names and ids of every counter, generated from counters.def. Arrays of values
 * are indexed by the ids and hold exact numbers (no per-CPU deltas).
 */
#ifndef KMM_ABI_COUNTERS_H
#define KMM_ABI_COUNTERS_H

#include "sim/abi/release.h"

enum {
	NEEDS_NUMA = 1 << 0,	/* CONFIG_NUMA */
	NEEDS_64BIT = 1 << 1,	/* a pud that can be huge */
	NEEDS_TLBFLUSH = 1 << 3,	/* CONFIG_DEBUG_TLBFLUSH */
	NEEDS_CMA = 1 << 4,	/* CONFIG_CMA */
	NEEDS_ZSWAP = 1 << 2,	/* CONFIG_ZSWAP */
	NEEDS_UNACCEPTED = 1 << 5,	/* CONFIG_UNACCEPTED_MEMORY */
};

enum counter_kind { COUNTER_ZONE, COUNTER_NUMA, COUNTER_NODE, COUNTER_WB,
		    COUNTER_EVENT, COUNTER_ZEVENT };

#define L(kind, id, name, span, needs)

enum zone_stat_item {
#define PICK_ZONE(id) id,
#define PICK_NUMA(id)
#define PICK_NODE(id)
#define PICK_WB(id)
#define PICK_EVENT(id)
#define PICK_ZEVENT(id)
#define C(kind, id, name, span, needs) PICK_##kind(id)
#include "sim/abi/counters.def"
	NR_VM_ZONE_STAT_ITEMS
};
#undef PICK_ZONE
#define PICK_ZONE(id)

enum numa_stat_item {
#undef PICK_NUMA
#define PICK_NUMA(id) id,
#include "sim/abi/counters.def"
	NR_VM_NUMA_STAT_ITEMS
};
#undef PICK_NUMA
#define PICK_NUMA(id)

enum node_stat_item {
#undef PICK_NODE
#define PICK_NODE(id) id,
#include "sim/abi/counters.def"
	NR_VM_NODE_STAT_ITEMS
};
#undef PICK_NODE
#define PICK_NODE(id)

enum writeback_stat_item {
#undef PICK_WB
#define PICK_WB(id) id,
#include "sim/abi/counters.def"
	NR_VM_WRITEBACK_STAT_ITEMS
};
#undef PICK_WB
#define PICK_WB(id)

enum vm_event_item {
#undef PICK_EVENT
#define PICK_EVENT(id) id,
#include "sim/abi/counters.def"
	NR_VM_EVENT_ITEMS
};
#undef PICK_EVENT
#define PICK_EVENT(id)

enum vm_zone_event_item {
#undef PICK_ZEVENT
#define PICK_ZEVENT(id) id,
#include "sim/abi/counters.def"
	NR_VM_ZONE_EVENT_ITEMS
};
#undef PICK_ZEVENT
#undef PICK_ZONE
#undef PICK_NUMA
#undef PICK_NODE
#undef PICK_WB
#undef PICK_EVENT
#undef C
#undef L

#define COUNTER_INDENT 7	/* "\n" and blanks: what zoneinfo has before a name */

/* One line of /proc/vmstat; counter_rows[] has the order of the file. */
struct counter_row {
	const char *name;
	const char *label;	/* COUNTER_INDENT bytes, the name, a blank */
	u16 id;			/* in the enum of its kind */
	u8 kind;		/* enum counter_kind */
	u8 needs;		/* NEEDS_* */
	u8 len;			/* of the name */
	struct span span;
};

extern const struct counter_row counter_rows[];
extern const unsigned int nr_counter_rows;

#endif
