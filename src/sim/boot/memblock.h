/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The boot allocator: two sorted arrays of regions. Rules as in
 * facts/kernel-rules.md section 1; its behaviour is tested against the tables of the
 * kernel's own memblock tests.
 */
#ifndef KMM_BOOT_MEMBLOCK_H
#define KMM_BOOT_MEMBLOCK_H

#include "sim/base/arena.h"
#include "sim/base/types.h"

enum memblock_flags {
	MEMBLOCK_NONE = 0, MEMBLOCK_HOTPLUG = 1, MEMBLOCK_MIRROR = 2,
	MEMBLOCK_NOMAP = 4, MEMBLOCK_DRIVER_MANAGED = 8, MEMBLOCK_RSRV_NOINIT = 0x10,
	MEMBLOCK_RSRV_KERN = 0x20,
	MEMBLOCK_KHO_SCRATCH = 0x40,
};

#define MEMBLOCK_ALLOC_ANYWHERE (~0ULL)
#define MEMBLOCK_ALLOC_ACCESSIBLE 0ULL
#define INIT_MEMBLOCK_REGIONS 128

struct memblock_region {
	u64 base, size;
	u32 flags;
	s16 nid;		/* -1 = unknown */
	const char *who;	/* first reservation's name: sim/boot, not the kernel */
};

struct memblock_type {
	const char *name;	/* "memory", "reserved" */
	struct memblock_region *regions;
	unsigned int cnt, max;
	u64 total_size;
};

struct memblock {
	struct arena *arena;
	bool bottom_up;
	u64 current_limit;
	struct memblock_type memory, reserved;
	unsigned int nr_doublings;
	bool can_resize;	/* an array that is full may double */
	u32 region_bytes;	/* size of the kernel's own region struct: 24 or 16 */
	u32 alloc_flags;	/* of allocations: MEMBLOCK_RSRV_KERN since 6.15 */
	bool alloc_nid;		/* allocations for a node are marked with it (since 6.15) */
};

int memblock_init(struct memblock *mb, struct arena *arena) __must_check;
void memblock_free_state(struct memblock *mb);

int memblock_add_node(struct memblock *mb, u64 base, u64 size, int nid, u32 flags);
int memblock_add(struct memblock *mb, u64 base, u64 size);
int memblock_remove(struct memblock *mb, u64 base, u64 size);
int memblock_reserve(struct memblock *mb, u64 base, u64 size, const char *who);
struct memblock_reservation {
	u64 base, size;
	int nid;		/* -1 = unknown */
	u32 flags;
	const char *who;	/* static text */
};
int memblock_reserve_with(struct memblock *mb, const struct memblock_reservation *res);
int memblock_phys_free(struct memblock *mb, u64 base, u64 size);
int memblock_set_node(struct memblock *mb, struct memblock_type *type, u64 base,
		      u64 size, int nid);
int memblock_set_flags(struct memblock *mb, struct memblock_type *type, u64 base,
		       u64 size, u32 set, u32 clear);
int memblock_trim_memory(struct memblock *mb, u64 align);
int memblock_enforce_memory_limit(struct memblock *mb, u64 limit);

struct memblock_request {
	u64 size, align;	/* align 0 = 64 */
	u64 min_addr, max_addr;	/* max 0 = current_limit */
	int nid;		/* -1 = any */
	bool exact_nid;
	bool keep_min;		/* do not retry below min_addr */
	const char *who;	/* static text */
};
/* The physical address, reserved now; 0 when nothing fits (or no host memory). */
u64 memblock_alloc(struct memblock *mb, const struct memblock_request *req);
/* The same search without reserving. */
u64 memblock_find(const struct memblock *mb, const struct memblock_request *req);

/* Free ranges (memory minus reserved), ascending: start with *cursor = 0. */
bool memblock_next_free(const struct memblock *mb, u64 *cursor, u64 *start, u64 *end,
			int *nid);
/* Free bytes in [start, end), e.g. of a zone. */
u64 memblock_free_bytes(const struct memblock *mb, u64 start, u64 end);
/* Can memory be added or removed without a larger array? */
bool memblock_has_room(const struct memblock *mb);
bool memblock_is_memory(const struct memblock *mb, u64 addr);
bool memblock_is_reserved(const struct memblock *mb, u64 addr);
u64 memblock_start_of_DRAM(const struct memblock *mb);
u64 memblock_end_of_DRAM(const struct memblock *mb);

#endif
