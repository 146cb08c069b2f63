// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * /proc/iomem: the firmware's map as the kernel corrected it, the kernel's image
 * and crash memory in it, and the devices that the platform has at fixed places.
 * PCI gets what is left below the I/O APIC, and a window above all memory.
 */
#include "sim/boot_state.h"

#include "sim/boot/iomem.h"

enum { RANK_BUS, RANK_FIRMWARE, RANK_DEVICE, RANK_INNER };

#define IOAPIC 0xfec00000ULL
#define HPET 0xfed00000ULL
#define LOCAL_APIC 0xfee00000ULL
#define MMCONFIG 0xb0000000ULL
#define MMCONFIG_END 0xc0000000ULL
#define AHCI_BAR 0xfebff000ULL
#define PC_WINDOW (2 * SZ_1G)
#define Q35_WINDOW (32 * SZ_1G)

static const char *const e820_names[E820_TYPES] = {
	[E820_USABLE] = "System RAM",
	[E820_RESERVED] = "Reserved",
	[E820_ACPI] = "ACPI Tables",
	[E820_NVS] = "ACPI Non-volatile Storage",
	[E820_UNUSABLE] = "Unusable memory",
	[E820_PMEM] = "Persistent Memory",
	[E820_SOFT_RESERVED] = "Soft Reserved",
};

static bool has_high_addresses(const struct boot *b)
{
	return b->m->arch->entry_bytes == 8;
}

static void add(struct boot *b, u64 start, u64 end, const char *name, u8 rank)
{
	if (start >= SZ_4G && !has_high_addresses(b))
		return;
	if (!b->err && iomem_add(b->m->iomem, &b->m->arena, start, end, name, rank))
		boot_fail(b, -ENOMEM, NULL);
}

static void add_range(struct boot *b, const struct phys_range *range, const char *name)
{
	add(b, range->start, range->end, name, RANK_DEVICE);
}

static void add_memory(struct boot *b)
{
	for (unsigned int i = 0; i < b->table.nr; i++) {
		const struct config_e820 *entry = &b->table.entries[i];

		add(b, entry->range.start, entry->range.end, e820_names[entry->type],
		    RANK_FIRMWARE);
	}
	add_range(b, &b->image.code, "Kernel code");
	add_range(b, &b->image.rodata, "Kernel rodata");
	add_range(b, &b->image.data, "Kernel data");
	add_range(b, &b->image.bss, "Kernel bss");
	for (unsigned int i = 0; i < b->nr_crash; i++)
		add_range(b, &b->crash[i], "Crash kernel");
}

/* Where the kernel lets no device begin too close behind memory. */
static u64 buffer_alignment(u64 end)
{
	if (end < SZ_1M)
		return 64 * SZ_1K;
	return end < 16 * SZ_1M ? SZ_1M : 64 * SZ_1M;
}

/* The parts of [start, end) that no resource has so far. */
static void add_buffer(struct boot *b, u64 start, u64 end)
{
	const struct iomem *iomem = b->m->iomem;

	for (unsigned int i = 0; i < iomem->nr && start < end; i++) {
		/* A copy: adding one may move them all. */
		const struct phys_range taken = iomem->resources[i].range;

		if (taken.start >= end || taken.end <= start)
			continue;
		if (taken.start > start)
			add_buffer(b, start, taken.start);
		start = taken.end;
	}
	add(b, start, end, "RAM buffer", RANK_DEVICE);
}

static void add_buffers(struct boot *b)
{
	for (unsigned int i = 0; i < b->table.nr; i++) {
		const struct config_e820 *entry = &b->table.entries[i];
		u64 end = entry->range.end;

		if (entry->type == E820_USABLE)
			add_buffer(b, end, ALIGN_UP(end, buffer_alignment(end)));
	}
}

/* The old video memory and the ROMs below 1 MiB. */
static void add_legacy(struct boot *b)
{
	add(b, 0xa0000, 0xc0000, "PCI Bus 0000:00", RANK_BUS);
	if (b->m->arch->bits == 32)
		add(b, 0xa0000, 0xc0000, "Video RAM area", RANK_DEVICE);
	add(b, 0xc0000, 0xc0600, "Video ROM", RANK_DEVICE);
	add(b, 0xf0000, SZ_1M, "System ROM", RANK_DEVICE);
}

/* The end of what the firmware says about low memory: there the window begins. */
static u64 low_memory_end(const struct boot *b)
{
	u64 end = SZ_1M;

	for (unsigned int i = 0; i < b->firmware.nr; i++) {
		const struct phys_range *range = &b->firmware.entries[i].range;

		if (range->end <= IOAPIC && range->start <= end)
			end = MAX(end, range->end);
	}
	return end;
}

static void add_low_window(struct boot *b, bool q35)
{
	u64 start = low_memory_end(b);

	if (!q35) {
		add(b, start, IOAPIC, "PCI Bus 0000:00", RANK_BUS);
		return;
	}
	add(b, MIN(start, MMCONFIG), MMCONFIG, "PCI Bus 0000:00", RANK_BUS);
	add(b, MMCONFIG, MMCONFIG_END, rel_says_ecam(b->m->release) ?
	    "PCI ECAM 0000 [bus 00-ff]" : "PCI MMCONFIG 0000 [bus 00-ff]", RANK_BUS);
	add(b, MMCONFIG, MMCONFIG_END, "pnp 00:04", RANK_INNER);
	add(b, MMCONFIG_END, IOAPIC, "PCI Bus 0000:00", RANK_BUS);
	add(b, AHCI_BAR, AHCI_BAR + PAGE_SIZE, "0000:00:1f.2", RANK_DEVICE);
}

static void add_high_window(struct boot *b, bool q35)
{
	u64 start = ALIGN_UP(MAX(memblock_end_of_DRAM(b->m->memblock), SZ_4G), SZ_1G);

	if (has_high_addresses(b))
		add(b, start, start + (q35 ? Q35_WINDOW : PC_WINDOW), "PCI Bus 0000:00",
		    RANK_BUS);
}

void boot_iomem(struct boot *b)
{
	bool q35 = b->config->platform && !strcmp(b->config->platform, "q35");

	b->m->iomem = arena_alloc(&b->m->arena, sizeof(*b->m->iomem));
	if (!b->m->iomem) {
		boot_fail(b, -ENOMEM, NULL);
		return;
	}
	add_memory(b);
	add_legacy(b);
	add_low_window(b, q35);
	add_buffers(b);
	add_high_window(b, q35);
	add(b, IOAPIC, IOAPIC + 0x400, "IOAPIC 0", RANK_DEVICE);
	add(b, HPET, HPET + 0x400, "HPET 0", RANK_DEVICE);
	add(b, HPET, HPET + 0x400, "PNP0103:00", RANK_INNER);
	if (rel_shows_local_apic(b->m->release))
		add(b, LOCAL_APIC, LOCAL_APIC + PAGE_SIZE, "Local APIC", RANK_DEVICE);
	iomem_arrange(b->m->iomem);
}
