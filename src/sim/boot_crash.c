// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * crashkernel=: memory for a second kernel, below 4 GiB if it fits there, with a
 * small part below 4 GiB when the rest lies above.
 */
#include "sim/boot_state.h"

#define CRASH_ALIGN (16 * SZ_1M)
#define DEFAULT_LOW (256 * SZ_1M)

static u64 find_room(struct boot *b, u64 size, u64 min, u64 max)
{
	const struct memblock_request req = {
		.size = size, .align = CRASH_ALIGN, .min_addr = min, .max_addr = max,
		.nid = -1, .keep_min = true, .who = "crashkernel",
	};

	return memblock_alloc(b->m->memblock, &req);
}

static u64 given_or_room(struct boot *b, const char *name, u64 *size, u64 min, u64 max)
{
	const struct phys_range *given = boot_reserved_range(b, name);

	if (!given)
		return find_room(b, *size, min, max);
	*size = given->end - given->start;
	boot_reserve(b, given->start, *size, "crashkernel");
	return given->start;
}

static void say(struct boot *b, bool low, u64 base, u64 size)
{
	u64 all = b->m->memblock->memory.total_size;

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

void boot_crashkernel(struct boot *b)
{
	const struct cmdline *c = &b->cmdline;
	u64 size = c->crash_size ? c->crash_size : c->crash_high;
	u64 low_size = c->has_crash_low ? c->crash_low : DEFAULT_LOW;
	u64 low_max = b->m->arch->bits == 64 ? SZ_4G : 512 * SZ_1M;
	u64 base;

	if (!size && !boot_reserved_range(b, "crashkernel"))
		return;
	if (c->crash_base) {
		base = c->crash_base;
		boot_reserve(b, base, size, "crashkernel");
	} else {
		base = given_or_room(b, "crashkernel", &size, CRASH_ALIGN,
				     c->crash_size ? low_max : 0);
		if (!base && c->crash_size)
			base = find_room(b, size, CRASH_ALIGN, 0);
	}
	if (!base) {
		printk(b->m, 6, "crashkernel reservation failed - No suitable area found.");
		return;
	}
	if (base >= SZ_4G && low_size) {
		u64 low = given_or_room(b, "crashkernel_low", &low_size, 0, SZ_4G);

		if (low)
			say(b, /* low = */ true, low, low_size);
	}
	say(b, /* low = */ false, base, size);
}
