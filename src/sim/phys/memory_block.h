/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Memory blocks, the unit in which memory goes on and off line: sys/devices/system/memory.
 * A block of the boot has the zone that the boot's spans give it, if that is only one; a
 * block that went on or off line since has one zone, or none. What that does to nodes
 * and zones is memory_hotplug.h.
 *
 * m->hotplug is NULL while the boot runs, and where the kernel has no memory hotplug.
 */
#ifndef KMM_PHYS_MEMORY_BLOCK_H
#define KMM_PHYS_MEMORY_BLOCK_H

#include "sim/phys/section.h"

/* What was added at once: its blocks go on line alike (struct memory_group). */
struct memory_group {
	u32 nr_blocks;		/* 0: free */
	u16 nid;
	u64 max_pages;
	u64 present_kernel, present_movable;
};

struct memory_block {
	bool exists;		/* there is a device for it */
	bool online;
	bool early;		/* of the boot */
	bool moved;		/* went off line or came on line since */
	u8 online_type;		/* MMOP_*: asked for in vain; what the next bare "online" means */
	u32 nr_hwpoison;	/* pages that had failed when it went off line */
	u16 nid;		/* of several nodes the last */
	u16 zone;		/* index; NO_ZONE: several, or off line */
	u32 group;		/* index + 1; 0: none */
	u32 nr_vmemmap_pages;	/* of its own, at its start, that hold its descriptors */
	struct page_list vmemmap;	/* elsewhere: blocks of pages that do */
};

struct memory_hotplug {
	struct memory_block *blocks;	/* [nr_blocks] */
	u32 nr_blocks;
	u64 block_pages;
	bool changed;		/* some block moved: spans do not tell zones any more */
	struct memory_group *groups;
	u32 nr_groups;
};

/* The boot's memory is known: its blocks. 0 or -ENOMEM. */
int memory_blocks_init(struct machine *m) __must_check;
void memory_blocks_free(struct machine *m);
/* Room for blocks up to pfn `end`. 0 or -ENOBUFS. */
int memory_blocks_grow(struct machine *m, u64 end) __must_check;

/* The block that holds pfn, if there is a device for it; NULL. */
struct memory_block *memory_block_of(const struct machine *m, u64 pfn);
struct memory_block *memory_block_by_id(const struct machine *m, u32 id);
/* Is some of the node's memory in it? */
bool memory_block_on_node(const struct machine *m, u32 id, unsigned int nid);
/* Its zone; NULL: several, or it is off line. */
struct zone *memory_block_zone(const struct machine *m, const struct memory_block *block);

struct digest;
/* memory_hotplug_check.c */
void memory_blocks_validate(const struct machine *m, struct check *check);
void memory_blocks_digest(const struct machine *m, struct digest *digest);

#endif
