// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * crashkernel=: memory for a second kernel, below 4 GiB if it fits there, with a
 * small part below 4 GiB when the rest lies above.
 */
#include "sim/boot_state.h"

#define CRASH_ALIGN (16 * SZ_1M)
#define DEFAULT_LOW (256 * SZ_1M)

static u64 find_aligned(struct boot *b, u64 size, u64 align, u64 min, u64 max)
{
	const struct memblock_request req = {
		.size = size, .align = align, .min_addr = min, .max_addr = max,
		.nid = -1, .keep_min = true, .who = "crashkernel",
	};

	return memblock_alloc(b->m->memblock, &req);
}

static u64 find_room(struct boot *b, u64 size, u64 min, u64 max)
{
	return find_aligned(b, size, CRASH_ALIGN, min, max);
}

static void say(struct boot *b, bool low, u64 base, u64 size)
{
	u64 all = b->m->memblock->memory.total_size;

	if (b->nr_crash < ARRAY_SIZE(b->crash))
		b->crash[b->nr_crash++] = (struct phys_range) { base, base + size };
	if (rel_crash_generic(b->m->release)) {
		printk(b->m, 6, "crashkernel %sreserved: 0x%016llx - 0x%016llx (%llu MB)",
		       low ? "low memory " : "", (unsigned long long)base,
		       (unsigned long long)(base + size), (unsigned long long)(size >> 20));
		return;
	}
	printk(b->m, 6, "Reserving %lluMB of %smemory at %lluMB for crashkernel (%s: %lluMB)",
	       (unsigned long long)(size >> 20), low ? "low " : "",
	       (unsigned long long)(base >> 20), low ? "low RAM limit" : "System RAM",
	       (unsigned long long)((low ? MIN(all, SZ_4G) : all) >> 20));
}

/* What the machine file reserves under this name: places that are known. */
static bool reserve_given(struct boot *b)
{
	bool any = false, above = false;

	for (unsigned int i = 0; i < b->config->nr_reserves; i++) {
		const struct config_reserve *res = &b->config->reserves[i];

		if (!strcmp(res->name, "crashkernel"))
			above |= res->range.start >= SZ_4G;
	}
	for (unsigned int i = 0; i < b->config->nr_reserves; i++) {
		const struct config_reserve *res = &b->config->reserves[i];
		u64 start = res->range.start, size = res->range.end - start;

		if (strcmp(res->name, "crashkernel"))
			continue;
		any = true;
		if (memblock_is_reserved(b->m->memblock, start))
			continue;	/* given twice */
		boot_reserve_alloc(b, start, size, "crashkernel");
		say(b, /* low = */ above && start < SZ_4G, start, size);
	}
	return any;
}

/* Just there, if that is free memory at a place that such a kernel may have. */
static u64 place_at(struct boot *b, u64 size, u64 at)
{
	u64 align = rel_crash_generic(b->m->release) ? CRASH_ALIGN : SZ_1M;

	return find_aligned(b, size, align, at, at + size);
}

/* Below 4 GiB, or where the parameter says; above it if there is no room. */
static u64 place(struct boot *b, u64 size, u64 at, bool high)
{
	u64 low_max = b->m->arch->bits == 64 ? SZ_4G : 512 * SZ_1M;
	u64 base;

	if (at)
		return place_at(b, size, at);
	base = find_room(b, size, CRASH_ALIGN, high ? 0 : low_max);
	return !base && !high ? find_room(b, size, CRASH_ALIGN, 0) : base;
}

void boot_crashkernel(struct boot *b)
{
	const struct cmdline *c = &b->cmdline;
	u64 at, size = cmdline_crash_size(c, b->m->memblock->memory.total_size, &at);
	u64 low_size = c->has_crash_low ? c->crash_low : DEFAULT_LOW;
	bool high = !size;
	u64 base;

	if (high)
		size = c->crash_high;
	if (reserve_given(b) || !size)
		return;
	base = place(b, size, high ? 0 : at, high);
	if (!base) {
		printk(b->m, 6, "crashkernel reservation failed - %s", at && !high ?
		       "memory is in use." : "No suitable area found.");
		return;
	}
	if (base >= SZ_4G && low_size) {
		u64 low = find_room(b, low_size, 0, SZ_4G);

		if (low)
			say(b, /* low = */ true, low, low_size);
	}
	say(b, /* low = */ false, base, size);
}
