// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The many small allocations between the zones and the first hash table. Alone
 * they are nothing; together they decide in which page the next big one ends, and
 * so how many pages the allocator gets.
 */
#include "sim/boot_state.h"

/* The resource of a device and its name behind it. */
#define HPET_NAME_BYTES 9
#define IOAPIC_NAME_BYTES 11

static void nosave(struct boot *b, u64 start_pfn, u64 end_pfn)
{
	if (start_pfn >= end_pfn)
		return;
	boot_alloc_small(b, b->image.nosave_bytes, "nosave region");
	printk(b->m, 6, "PM: hibernation: Registered nosave memory: [mem 0x%08llx-0x%08llx]",
	       (unsigned long long)PFN_PHYS(start_pfn),
	       (unsigned long long)PFN_PHYS(end_pfn) - 1);
}

/* What hibernation must not save: everything between usable ranges. */
static void nosave_regions(struct boot *b)
{
	u64 last = 0;

	for (unsigned int i = 0; i < b->table.nr; i++) {
		const struct config_e820 *e = &b->table.entries[i];

		if (e->type != E820_USABLE)
			continue;
		if (last < e->range.start)
			nosave(b, PFN_DOWN(last), PFN_UP(e->range.start));
		last = e->range.end;
	}
	nosave(b, PFN_DOWN(last), b->max_pfn);
}

static void pci_gap(struct boot *b)
{
	u64 start, size;

	if (e820_pci_gap(&b->table, &start, &size))
		printk(b->m, 6, "[mem 0x%08llx-0x%08llx] available for PCI devices",
		       (unsigned long long)start, (unsigned long long)(start + size - 1));
}

void boot_early_allocs(struct boot *b)
{
	const struct kernel_image *image = &b->image;
	u64 cmdline_bytes = strlen(b->config->cmdline ? b->config->cmdline : "") + 1;

	boot_alloc_small(b, image->resource_bytes + HPET_NAME_BYTES, "HPET resource");
	printk(b->m, 6, "smpboot: Allowing %u CPUs, %u hotplug CPUs", b->m->nr_possible_cpus,
	       b->m->nr_possible_cpus - b->m->nr_present_cpus);
	boot_alloc_small(b, image->resource_bytes + IOAPIC_NAME_BYTES, "IOAPIC resource");
	boot_alloc_small(b, (u64)image->resource_bytes * b->table.nr, "memory resources");
	for (unsigned int i = 0; i < b->firmware.nr; i++)
		boot_alloc_small(b, image->firmware_entry_bytes, "firmware map");
	nosave_regions(b);
	pci_gap(b);
	printk(b->m, 6, "Booting paravirtualized kernel on bare hardware");
	boot_alloc_small(b, cmdline_bytes, "saved command line");
	boot_alloc_small(b, cmdline_bytes, "static command line");
	boot_note(b->m, "resources, firmware map, command line: %u small allocations",
		  6 + b->firmware.nr);
}

void boot_command_line(struct boot *b)
{
	const char *text = b->config->cmdline ? b->config->cmdline : "";
	struct out unknown = OUT_INIT;

	printk(b->m, 5, "Kernel command line: %s", text);
	if (slub_debug_has(&b->cmdline, 'P'))
		printk(b->m, 6, "mem auto-init: SLAB_POISON will take precedence over "
		       "init_on_alloc/init_on_free");
	cmdline_unknown(text, b->m->cma, &unknown);
	if (unknown.failed)
		boot_fail(b, -ENOMEM, NULL);
	else if (unknown.len)
		printk(b->m, 5, "Unknown kernel command line parameters \"%s\", will be "
		       "passed to user space.", unknown.text);
	out_free(&unknown);
}

/* Tables for addresses that are fixed at build time (fixmap, per-CPU entry areas). */
void boot_fixed_tables(struct boot *b)
{
	const struct memblock_request req = {
		.size = PAGE_SIZE, .align = PAGE_SIZE, .nid = -1, .who = "fixed mappings",
	};

	for (u32 i = 0; i < b->image.direct_map_fixed_pages; i++)
		boot_alloc(b, &req);
}

#define SWIOTLB_BYTES (64 * SZ_1M)
#define SWIOTLB_SLOT 2048
#define SWIOTLB_AREA_INFO 16

/* Devices that reach only 4 GiB need a buffer there when memory lies above. */
void boot_swiotlb(struct boot *b)
{
	const struct phys_range *given = boot_reserved_range(b, "swiotlb");
	u64 areas = roundup_pow_of_two(b->m->nr_possible_cpus);
	const struct memblock_request buffer = {
		.size = SWIOTLB_BYTES, .align = PAGE_SIZE, .max_addr = SZ_4G - 1, .nid = -1,
		.who = "swiotlb",
	};
	const struct memblock_request slots = {
		.size = SWIOTLB_BYTES / SWIOTLB_SLOT * b->image.swiotlb_slot_bytes,
		.align = PAGE_SIZE,
		.nid = -1, .who = "swiotlb slots",
	};

	if (!machine_config_bool(b->config, "SWIOTLB") ||
	    (!given && b->max_pfn <= SZ_4G >> PAGE_SHIFT))
		return;
	printk(b->m, 6, "software IO TLB: area num %llu.", (unsigned long long)areas);
	if (given) {
		b->swiotlb = given->start;
		boot_reserve_alloc(b, given->start, given->end - given->start, "swiotlb");
	} else {
		b->swiotlb = boot_alloc(b, &buffer);
	}
	boot_alloc(b, &slots);
	boot_alloc_small(b, areas * SWIOTLB_AREA_INFO, "swiotlb areas");
}
