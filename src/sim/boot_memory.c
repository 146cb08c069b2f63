// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * memblock gets its memory, and the ranges that are taken before anything is
 * allocated: the image, the initial RAM disk, the first megabyte, the firmware's
 * tables, and whatever the machine file reserves.
 */
#include "sim/boot_state.h"

void boot_fail(struct boot *b, int err, const char *reason)
{
	if (b->err)
		return;
	b->err = err;
	b->reason = (char *)(uintptr_t)reason;
}

static void memblock_debug(struct boot *b, const char *what, u64 base, u64 size,
			   const char *who)
{
	if (b->cmdline.memblock_debug && size)
		printk(b->m, 6, "%s: [0x%016llx-0x%016llx] %s", what,
		       (unsigned long long)base, (unsigned long long)(base + size - 1), who);
}

static void note_fixed(struct boot *b, u64 base, u64 size)
{
	struct phys_range *fixed = arena_grow(&b->m->arena, b->fixed, &b->room_fixed,
					      b->nr_fixed + 1, 32, sizeof(*fixed));

	if (!fixed) {
		boot_fail(b, -ENOMEM, NULL);
		return;
	}
	b->fixed = fixed;
	b->fixed[b->nr_fixed++] = (struct phys_range){ base, base + size };
}

void boot_reserve(struct boot *b, u64 base, u64 size, const char *who)
{
	note_fixed(b, base, size);
	memblock_debug(b, "memblock_reserve", base, size, who);
	if (!b->err)
		b->err = memblock_reserve(b->m->memblock, base, size, who);
}

void boot_reserve_alloc(struct boot *b, u64 base, u64 size, const char *who)
{
	struct memblock *mb = b->m->memblock;

	boot_reserve(b, base, size, who);
	if (!b->err && mb->alloc_flags)
		b->err = memblock_set_flags(mb, &mb->reserved, base, size, mb->alloc_flags, 0);
}

/* Reserved with the kernel's own mark (since 6.15). */
static void reserve_kernel(struct boot *b, u64 base, u64 size, const char *who)
{
	const struct memblock_reservation res = {
		.base = base, .size = size, .nid = -1, .who = who,
		.flags = b->m->memblock->alloc_flags,
	};

	note_fixed(b, base, size);
	memblock_debug(b, "memblock_reserve", base, size, who);
	if (!b->err)
		b->err = memblock_reserve_with(b->m->memblock, &res);
}

u64 boot_alloc(struct boot *b, const struct memblock_request *req)
{
	unsigned int doublings = b->m->memblock->nr_doublings;
	u64 failed = b->m->arena.nr_allocs;
	u64 at;

	if (b->err)
		return 0;
	at = memblock_alloc(b->m->memblock, req);
	if (at) {
		memblock_debug(b, "memblock_reserve", at, req->size, req->who);
		return at;
	}
	if (doublings != b->m->memblock->nr_doublings || failed != b->m->arena.nr_allocs)
		boot_fail(b, -ENOMEM, NULL);
	else
		boot_fail(b, -EINVAL, "the machine has too little memory to boot");
	return 0;
}

u64 boot_alloc_small(struct boot *b, u64 size, const char *who)
{
	const struct memblock_request req = { .size = size, .align = 64, .nid = -1,
					      .who = who };

	return boot_alloc(b, &req);
}

void boot_phys_free(struct boot *b, u64 base, u64 size, const char *who)
{
	memblock_debug(b, "memblock_phys_free", base, size, who);
	if (!b->err)
		b->err = memblock_phys_free(b->m->memblock, base, size);
}

const struct phys_range *boot_reserved_range(const struct boot *b, const char *name)
{
	for (unsigned int i = 0; i < b->config->nr_reserves; i++)
		if (!strcmp(b->config->reserves[i].name, name))
			return &b->config->reserves[i].range;
	return NULL;
}

/* The loader puts the RAM disk at the top of the memory below 4 GiB. */
static void place_initrd(struct boot *b)
{
	const struct phys_range *given = boot_reserved_range(b, "initrd");
	u64 top = PFN_PHYS(e820_end_pfn(&b->firmware, SZ_4G >> PAGE_SHIFT));

	if (given)
		b->initrd = *given;
	else if (b->image.initrd_bytes && top > b->image.initrd_bytes + b->image.reserve_end)
		b->initrd = (struct phys_range){ top - b->image.initrd_bytes, top };
	b->initrd.start = ALIGN_DOWN(b->initrd.start, PAGE_SIZE);
	b->initrd.end = ALIGN_UP(b->initrd.end, PAGE_SIZE);
}

/* Names that the boot gives meaning to reserve themselves; all others here. */
static bool has_meaning(const char *name)
{
	static const char *const names[] = { "kernel", "initrd", "swiotlb", "crashkernel" };

	for (unsigned int i = 0; i < ARRAY_SIZE(names); i++)
		if (!strcmp(name, names[i]))
			return true;
	return !strncmp(name, "NODE_DATA(", 10);
}

static void early_reservations(struct boot *b)
{
	const struct kernel_image *image = &b->image;

	reserve_kernel(b, image->code.start, image->reserve_end - image->code.start, "kernel");
	boot_reserve(b, 0, 64 * SZ_1K, "first 64K");
	place_initrd(b);
	if (b->initrd.end > b->initrd.start)
		reserve_kernel(b, b->initrd.start, b->initrd.end - b->initrd.start, "initrd");
	boot_reserve(b, 0x9f000, SZ_1M - 0x9f000, "BIOS");
	reserve_kernel(b, image->reserve_end, image->brk_bytes, "brk");
	for (unsigned int i = 0; i < b->config->nr_reserves; i++) {
		const struct config_reserve *res = &b->config->reserves[i];

		if (!has_meaning(res->name))
			boot_reserve(b, res->range.start, res->range.end - res->range.start,
				     res->name);
	}
}

static void add_memory(struct boot *b)
{
	struct memblock *mb = b->m->memblock;

	for (unsigned int i = 0; !b->err && i < b->table.nr; i++) {
		const struct config_e820 *e = &b->table.entries[i];
		u64 end = MIN(e->range.end, PFN_PHYS(b->max_pfn));

		if (e->type == E820_SOFT_RESERVED && e->range.start < end)
			boot_reserve(b, e->range.start, end - e->range.start,
				     "soft reserved");
		if (e->type != E820_USABLE || e->range.start >= end)
			continue;
		memblock_debug(b, "memblock_add", e->range.start, end - e->range.start,
			       "e820__memblock_setup");
		b->err = memblock_add(mb, e->range.start, end - e->range.start);
	}
	if (!b->err)
		b->err = memblock_trim_memory(mb, PAGE_SIZE);
}

/* A loader refuses what has no room. */
static void check_image(struct boot *b)
{
	u64 start = b->image.code.start, end = b->image.reserve_end + b->image.brk_bytes;

	for (unsigned int i = 0; i < b->m->memblock->memory.cnt; i++) {
		const struct memblock_region *r = &b->m->memblock->memory.regions[i];

		if (r->base <= start && end <= r->base + r->size)
			return;
	}
	boot_fail(b, -EINVAL, "the kernel's image does not fit into the machine's memory (a "
		  "smaller one can be described in [image], as the machine `small` has it)");
}

/* The trampoline that starts other CPUs lies below 1 MiB, which is then closed. */
static void reserve_real_mode(struct boot *b)
{
	const struct memblock_request req = {
		.size = b->m->arch->bits == 64 ? 0x7000 : 0x4000, .align = PAGE_SIZE,
		.max_addr = SZ_1M, .nid = -1, .keep_min = true, .who = "real mode",
	};

	if (memblock_alloc(b->m->memblock, &req))
		boot_note(b->m, "real-mode trampoline: %u KiB below 1 MiB",
			  (unsigned int)(req.size >> 10));
	boot_reserve(b, 0, SZ_1M, "first 1M");
}

static void note_regions(struct boot *b, const struct memblock_type *type)
{
	boot_note(b->m, "%s: %u range(s), %llu KiB", type->name, type->cnt,
		  (unsigned long long)(type->total_size >> 10));
	for (unsigned int i = 0; i < type->cnt; i++)
		boot_note(b->m, "  0x%012llx-0x%012llx %s",
			  (unsigned long long)type->regions[i].base,
			  (unsigned long long)(type->regions[i].base +
					       type->regions[i].size - 1),
			  type->regions[i].who);
}

void boot_memory(struct boot *b)
{
	struct memblock *mb = b->m->memblock;

	mb->region_bytes = b->m->arch->bits == 64 ? 24 : 12;
	early_reservations(b);
	add_memory(b);
	if (!b->err)
		check_image(b);
	if (b->err)
		return;
	reserve_real_mode(b);
	note_regions(b, &mb->memory);
	note_regions(b, &mb->reserved);
}
