// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * From the firmware's map to the kernel's: the map is taken over and printed,
 * parameters change it (mem=, memmap=), the first page and the ISA hole stop being
 * memory, and what is left becomes memblock.memory.
 */
#include "sim/boot_state.h"

#include <stdio.h>

#define ISA_START 0xa0000ULL
#define ISA_END 0x100000ULL

static void print_map(struct boot *b, const char *who)
{
	for (unsigned int i = 0; i < b->table.nr; i++) {
		const struct config_e820 *e = &b->table.entries[i];

		printk(b->m, 6, "%s: [mem 0x%016llx-0x%016llx] %s", who,
		       (unsigned long long)e->range.start,
		       (unsigned long long)e->range.end - 1, e820_type_names[e->type]);
		boot_note(b->m, "0x%012llx-0x%012llx %s", (unsigned long long)e->range.start,
			  (unsigned long long)e->range.end - 1, e820_type_names[e->type]);
	}
}

/* Bytes of the nodes that are given as a size; 0 when ranges or [e820] say it. */
static u64 sized_memory(const struct machine_config *config)
{
	u64 bytes = 0;

	for (unsigned int i = 0; i < config->nr_nodes; i++)
		if (config->nodes[i].present)
			bytes += config->nodes[i].size;
	return bytes;
}

/* A map from nodes that are given as ranges: each range is usable memory. */
static int map_from_ranges(struct boot *b)
{
	for (unsigned int i = 0; i < b->config->nr_nodes; i++) {
		const struct config_node *node = &b->config->nodes[i];

		for (unsigned int j = 0; j < node->nr_ranges; j++)
			if (e820_add(&b->firmware, node->ranges[j].start,
				     node->ranges[j].end, E820_USABLE))
				return -ENOMEM;
	}
	return e820_update(&b->firmware);
}

static int make_firmware_map(struct boot *b)
{
	const struct machine_config *config = b->config;
	struct platform_layout layout;
	int err = 0;

	for (unsigned int i = 0; !err && i < config->nr_e820; i++)
		err = e820_add(&b->firmware, config->e820[i].range.start,
			       config->e820[i].range.end, config->e820[i].type);
	if (err || config->nr_e820)
		return err ? err : e820_update(&b->firmware);
	if (!sized_memory(config))
		return map_from_ranges(b);
	platform_lay_out(config->platform, sized_memory(config), &layout);
	return e820_from_platform(&b->firmware, config->platform, &layout);
}

static void print_change(struct boot *b, const char *verb, u64 start, u64 end,
			 const char *types)
{
	printk(b->m, 7, "e820: %s [mem 0x%08llx-0x%08llx] %s", verb, (unsigned long long)start,
	       (unsigned long long)end - 1, types);
}

/* The firmware's number of a type as ours; a number without a meaning is reserved. */
static enum e820_type type_of_number(unsigned int number)
{
	static const struct {
		unsigned int number;
		enum e820_type type;
	} types[] = {
		{ 1, E820_USABLE }, { 3, E820_ACPI }, { 4, E820_NVS }, { 5, E820_UNUSABLE },
		{ 7, E820_PMEM }, { 12, E820_PMEM }, { 0xefffffff, E820_SOFT_RESERVED },
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(types); i++)
		if (types[i].number == number)
			return types[i].type;
	return E820_RESERVED;
}

/* memmap=SIZE%START-FROM+TO: retype what is of one type, or add, or remove. */
static int change_types(struct boot *b, const struct memmap_option *option, u64 end)
{
	enum e820_type from = type_of_number(option->from), to = type_of_number(option->to);
	char text[64];

	if (option->from && option->to) {
		snprintf(text, sizeof(text), "%s ==> %s", e820_type_names[from],
			 e820_type_names[to]);
		print_change(b, "update", option->start, end, text);
		return e820_range_update(&b->table, option->start, end, from, to);
	}
	if (option->to)
		return e820_add(&b->table, option->start, end, to);
	print_change(b, "remove", option->start, end,
		     option->from ? e820_type_names[from] : "");
	return e820_range_remove(&b->table, option->start, end,
				 option->from ? from : E820_TYPES);
}

static int apply_memmap(struct boot *b, const struct memmap_option *option)
{
	u64 end = option->start + option->size;

	switch (option->kind) {
	case 'x':
		b->table.nr = 0;
		return 0;
	case '@':
		return e820_add(&b->table, option->start, end, E820_USABLE);
	case '#':
		return e820_add(&b->table, option->start, end, E820_ACPI);
	case '$':
		return e820_add(&b->table, option->start, end, E820_RESERVED);
	case '!':
		return e820_add(&b->table, option->start, end, E820_PMEM);
	case '%':
		return change_types(b, option, end);
	case 'm':
		print_change(b, "remove", option->size, UINT64_MAX, "usable");
		return e820_range_remove(&b->table, option->size, UINT64_MAX, E820_USABLE);
	default:
		return 0;
	}
}

static void apply_parameters(struct boot *b)
{
	const struct cmdline *c = &b->cmdline;

	for (unsigned int i = 0; !b->err && i < c->nr_memmap; i++)
		b->err = apply_memmap(b, &c->memmap[i]);
}

static void finish_parameters(struct boot *b)
{
	if (b->err || !b->cmdline.nr_memmap)
		return;
	b->err = e820_update(&b->table);
	printk(b->m, 6, "user-defined physical RAM map:");
	boot_note(b->m, "after mem= and memmap=:");
	print_map(b, "user");
}

/* Page 0 belongs to the BIOS; the ISA hole is no memory, whatever the map says. */
static void trim(struct boot *b)
{
	printk(b->m, 7, "e820: update [mem 0x00000000-0x00000fff] usable ==> reserved");
	b->err = e820_range_update(&b->table, 0, PAGE_SIZE, E820_USABLE, E820_RESERVED);
	if (b->err)
		return;
	printk(b->m, 7, "e820: remove [mem 0x000a0000-0x000fffff] usable");
	b->err = e820_range_remove(&b->table, ISA_START, ISA_END, E820_USABLE);
	if (!b->err)
		b->err = e820_update(&b->table);
}

static void print_last_pfn(struct boot *b, u64 pfn)
{
	printk(b->m, 6, "last_pfn = %#llx max_arch_pfn = %#llx", (unsigned long long)pfn,
	       (unsigned long long)b->m->arch->max_pfn);
}

static void find_limits(struct boot *b)
{
	const struct arch *arch = b->m->arch;
	u64 low_limit = arch->lowmem_end ? arch->lowmem_end >> PAGE_SHIFT : UINT64_MAX;

	b->max_pfn = e820_end_pfn(&b->table, arch->max_pfn);
	print_last_pfn(b, b->max_pfn);
	printk(b->m, 6, "x86/PAT: Configuration [0-7]: WB  WC  UC- UC  WB  WP  UC- WT  ");
	if (arch->bits == 64 && b->max_pfn > SZ_4G >> PAGE_SHIFT)
		print_last_pfn(b, e820_end_pfn(&b->table, SZ_4G >> PAGE_SHIFT));
	b->max_low_pfn = MIN(b->max_pfn, low_limit);
	if (!b->max_pfn)
		boot_fail(b, -EINVAL, "the machine has no usable memory");
	if (b->max_pfn > PFN_NIL)
		boot_fail(b, -EINVAL, "a machine's memory ends below 16T: page frame numbers "
			  "have 32 bits here");
}

void boot_firmware_map(struct boot *b)
{
	b->firmware.arena = b->table.arena = &b->m->arena;
	b->err = make_firmware_map(b);
	if (!b->err)
		b->err = e820_copy(&b->table, &b->firmware);
	if (b->err)
		return;
	printk(b->m, 6, "BIOS-provided physical RAM map:");
	print_map(b, "BIOS-e820");
	apply_parameters(b);
	printk(b->m, 6, "NX (Execute Disable) protection: active");
	finish_parameters(b);
	if (!b->err)
		trim(b);
	if (!b->err)
		find_limits(b);
}
