/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The firmware's memory map. A table is kept sorted, without overlaps, neighbours
 * of one type joined: e820_update() makes it so. Where entries overlap the
 * higher type wins, as in the kernel. Changing functions return 0 or -ENOMEM.
 */
#ifndef KMM_BOOT_E820_H
#define KMM_BOOT_E820_H

#include "sim/base/arena.h"
#include "sim/boot/config.h"

struct e820_table {
	struct arena *arena;
	struct config_e820 *entries;
	unsigned int nr, room;
};

/* "usable", "reserved", "ACPI data", ... */
extern const char *const e820_type_names[E820_TYPES];

int e820_add(struct e820_table *table, u64 start, u64 end, enum e820_type type);
int e820_update(struct e820_table *table);
/* Parts of [start, end) that have type `from` become `to`. */
int e820_range_update(struct e820_table *table, u64 start, u64 end, enum e820_type from,
		      enum e820_type to);
/* Cut parts of [start, end) of type `only` out; any type if only == E820_TYPES. */
int e820_range_remove(struct e820_table *table, u64 start, u64 end, unsigned int only);
int e820_copy(struct e820_table *to, const struct e820_table *from);
void e820_free(struct e820_table *table);

/* First pfn above all usable memory below `limit_pfn`. */
u64 e820_end_pfn(const struct e820_table *table, u64 limit_pfn);
/* The largest gap below 4 GiB (at least 4 MiB): where PCI devices go. */
bool e820_pci_gap(const struct e820_table *table, u64 *start, u64 *size);

/*
 * The map and the nodes' places that the firmware of platform "pc" or "q35" makes
 * of `bytes` of memory.
 */
struct platform_layout {
	u64 below_4g, above_4g;	/* bytes */
	u64 above_start;	/* where memory above 4 GiB begins */
	u64 low_end;		/* end of the usable memory below 4 GiB */
};
void platform_lay_out(const char *platform, u64 bytes, struct platform_layout *layout);
int e820_from_platform(struct e820_table *table, const char *platform,
		       const struct platform_layout *layout);

#endif
