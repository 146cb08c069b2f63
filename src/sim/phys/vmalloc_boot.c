// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The vmalloc range as a freshly booted kernel has it, but for hash tables and
 * kernel stacks: those belong to whoever sizes them.
 */
#include "sim/phys/page_alloc.h"
#include "sim/phys/vmalloc.h"

enum how_many { ONCE, TWO, THREE, PER_CPU, PER_NODE_SIZE };
enum bits { ANY_BITS, ONLY_64, ONLY_32 };
/* A physical address that stands for the start of the firmware's ACPI tables. */
#define ACPI_TABLES (1ULL << 63)

struct boot_area {
	u64 bytes, phys;
	u8 kind, count, bits;
	const char *callers[3];	/* 6.1, 6.1 on i386, 6.18 */
};

#define BOOT_AREA(b, p, k, n, a, c61, c32, c618) \
	{ .bytes = b, .phys = p, .kind = k, .count = n, .bits = a, .callers = { c61, c32, c618 } },
static const struct boot_area boot_areas[] = {
#include "sim/phys/vmalloc_boot.def"
};

static const char *area_caller(const struct machine *m, const struct boot_area *area)
{
	if (m->arch->bits == 32)
		return area->callers[1];
	return area->callers[rel_caller_column(m->release)];
}

static unsigned int area_count(const struct machine *m, const struct boot_area *area)
{
	static const u8 counts[] = { [ONCE] = 1, [TWO] = 2, [THREE] = 3, [PER_NODE_SIZE] = 1 };

	return area->count == PER_CPU ? m->nr_cpus : counts[area->count];
}

/* QEMU puts the tables behind the RAM below 4 GiB; so it is where RAM ends there. */
static u64 acpi_tables(const struct machine *m)
{
	u64 end = 0;

	for (unsigned int i = 0; i < m->config->nr_e820; i++) {
		const struct config_e820 *e = &m->config->e820[i];

		if (e->type == E820_USABLE && e->range.end <= SZ_4G)
			end = MAX(end, e->range.end);
	}
	return end;
}

static int make_area(struct machine *m, const struct boot_area *area)
{
	struct vmalloc_request req = {
		.bytes = area->bytes, .gfp = GFP_KERNEL, .node = NUMA_NO_NODE,
		.caller = area_caller(m, area),
	};
	u64 phys = area->phys, addr;

	if (area->count == PER_NODE_SIZE)
		req.bytes *= m->nr_nodes;
	if (phys & ACPI_TABLES)
		phys = phys - ACPI_TABLES + acpi_tables(m);
	if (area->kind == VMAP_ALLOC)
		return vmalloc(m, &req, &addr);
	return vmap_area(m, area->bytes, phys, area->kind, req.caller, &addr);
}

int vmalloc_boot_areas(struct machine *m)
{
	int err = 0;

	for (size_t i = 0; i < ARRAY_SIZE(boot_areas); i++) {
		const struct boot_area *area = &boot_areas[i];

		if (area->bits == (m->arch->bits == 64 ? ONLY_32 : ONLY_64))
			continue;
		for (unsigned int n = area_count(m, area); n && !err; n--)
			err = make_area(m, area);
		if (err == -ENOMEM)	/* a tiny machine goes without */
			err = 0;
	}
	return err;
}
