// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The first chunk of per-CPU memory. CPUs of one node form a group; a group gets
 * whole 2 MiB allocations, each cut into as many units as waste the least; what
 * a unit does not need is given back at once.
 */
#include "sim/boot_state.h"

#include <stdio.h>

#include "sim/phys/percpu.h"

#define MIN_UNIT_BYTES 0x8000ULL
#define ATOM_64 SZ_2M
#define MAX_DMA_ADDRESS (16 * SZ_1M)

struct group {
	u16 node;
	unsigned int nr_cpus, nr_units;
	u64 base;
};

struct percpu_layout {
	u64 used;		/* bytes that a unit needs */
	u64 alloc, unit;	/* bytes of one allocation and one unit */
	unsigned int units_per_alloc;
	struct group groups[MAX_NUMNODES];
	unsigned int nr_groups;
};

static void group_cpus(const struct machine *m, struct percpu_layout *layout)
{
	for (unsigned int cpu = 0; cpu < m->nr_possible_cpus; cpu++) {
		unsigned int i = 0;

		while (i < layout->nr_groups && layout->groups[i].node != m->cpu_node[cpu])
			i++;
		if (i == layout->nr_groups)
			layout->groups[layout->nr_groups++] =
				(struct group){ .node = m->cpu_node[cpu] };
		layout->groups[i].nr_cpus++;
	}
}

static bool divides(u64 alloc, u64 n)
{
	return !(alloc % n) && IS_ALIGNED(alloc / n, PAGE_SIZE);
}

/* The number of units in an allocation: most of them, unless that wastes a third. */
static void choose_units(const struct machine *m, struct percpu_layout *layout)
{
	u64 units = layout->alloc / MAX(layout->used, MIN_UNIT_BYTES);
	u64 best = 1, last_allocs = UINT64_MAX;

	while (!divides(layout->alloc, units))
		units--;
	for (; units; units--) {
		u64 allocs = 0, wasted = 0;

		if (!divides(layout->alloc, units))
			continue;
		for (unsigned int i = 0; i < layout->nr_groups; i++) {
			u64 these = DIV_ROUND_UP(layout->groups[i].nr_cpus, units);

			allocs += these;
			wasted += these * units - layout->groups[i].nr_cpus;
		}
		if (wasted > m->nr_possible_cpus / 3)
			continue;
		if (allocs > last_allocs)
			break;
		last_allocs = allocs;
		best = units;
	}
	layout->units_per_alloc = (unsigned int)best;
	layout->unit = layout->alloc / best;
	for (unsigned int i = 0; i < layout->nr_groups; i++)
		layout->groups[i].nr_units =
			(unsigned int)(DIV_ROUND_UP(layout->groups[i].nr_cpus, best) * best);
}

static void alloc_groups(struct boot *b, struct percpu_layout *layout)
{
	bool numa = b->m->arch->numa;

	for (unsigned int i = 0; i < layout->nr_groups; i++) {
		struct group *group = &layout->groups[i];
		const struct memblock_request req = {
			.size = group->nr_units * layout->unit,
			.align = b->m->arch->bits == 64 ? ATOM_64 : PAGE_SIZE,
			.min_addr = MAX_DMA_ADDRESS, .nid = numa ? group->node : -1,
			.who = "per-CPU areas",
		};

		group->base = boot_alloc(b, &req);
	}
	for (unsigned int i = 0; i < layout->nr_groups; i++) {
		const struct group *group = &layout->groups[i];

		for (unsigned int j = 0; j < group->nr_units; j++) {
			u64 unit = group->base + j * layout->unit;
			u64 used = j < group->nr_cpus ? layout->used : 0;

			boot_phys_free(b, unit + used, layout->unit - used, "per-CPU areas");
		}
	}
}

static unsigned int digits(unsigned int n)
{
	unsigned int width = 1;

	while (n /= 10)
		width++;
	return width;
}

/* "[0] 0 1 [1] 2 3 ": one bracket for each allocation. */
static void print_map(struct boot *b, const struct percpu_layout *layout)
{
	const unsigned int cpu_width = digits(b->m->nr_possible_cpus);
	const unsigned int group_width = digits(layout->nr_groups);
	const unsigned int width = layout->units_per_alloc * (cpu_width + 1) + group_width + 3;
	const u64 per_line = rounddown_pow_of_two(MAX(60 / width, 1));
	struct out line = OUT_INIT;
	unsigned int alloc = 0;

	for (unsigned int i = 0; i < layout->nr_groups; i++) {
		const struct group *group = &layout->groups[i];
		unsigned int cpu = 0, unit = 0;

		while (unit < group->nr_units) {
			if (alloc && !(alloc % per_line)) {
				printk(b->m, 7, "pcpu-alloc: %s", line.text ? line.text : "");
				out_clear(&line);
			}
			alloc++;
			out_printf(&line, "[%0*u] ", (int)group_width, i);
			for (unsigned int j = 0; j < layout->units_per_alloc; j++, unit++) {
				while (unit < group->nr_cpus && b->m->cpu_node[cpu] != group->node)
					cpu++;
				if (unit < group->nr_cpus)
					out_printf(&line, "%0*u ", (int)cpu_width, cpu++);
				else
					out_printf(&line, "%.*s ", (int)cpu_width, "--------");
			}
		}
	}
	printk(b->m, 7, "pcpu-alloc: %s", line.text ? line.text : "");
	if (line.failed)
		boot_fail(b, -ENOMEM, NULL);
	out_free(&line);
}

/* A chunk's own descriptor: struct, bitmaps of its units of 4 bytes, blocks. */
static void alloc_chunk(struct boot *b, u64 bytes)
{
	const u64 word = b->m->arch->bits / 8;
	u64 region = ALIGN_UP(bytes, PAGE_SIZE);

	boot_alloc_small(b, b->image.percpu_chunk_bytes, "per-CPU chunk");
	boot_alloc_small(b, region / 4 / 8, "per-CPU chunk map");
	boot_alloc_small(b, region / 4 / 8 + word, "per-CPU chunk bounds");
	boot_alloc_small(b, (region >> PAGE_SHIFT) * 32, "per-CPU chunk blocks");
}

static void alloc_descriptors(struct boot *b, const struct percpu_layout *layout)
{
	const u64 word = b->m->arch->bits / 8;
	const struct kernel_image *image = &b->image;
	u64 offset = image->percpu_static % PAGE_SIZE;

	boot_alloc_small(b, layout->nr_groups * word, "per-CPU group offsets");
	boot_alloc_small(b, layout->nr_groups * word, "per-CPU group sizes");
	boot_alloc_small(b, b->m->nr_possible_cpus * 4ULL, "per-CPU unit map");
	boot_alloc_small(b, b->m->nr_possible_cpus * word, "per-CPU unit offsets");
	printk(b->m, 7, "pcpu-alloc: s%u r%u d%llu u%llu alloc=%llu*%llu", image->percpu_static,
	       image->percpu_reserved,
	       (unsigned long long)(layout->used - image->percpu_static -
				    image->percpu_reserved),
	       (unsigned long long)layout->unit,
	       (unsigned long long)(layout->alloc / MIN(layout->alloc, b->m->arch->bits == 64 ?
							ATOM_64 : PAGE_SIZE)),
	       (unsigned long long)(b->m->arch->bits == 64 ? ATOM_64 : PAGE_SIZE));
	print_map(b, layout);
	boot_alloc_small(b, (fls64(layout->unit) + 1ULL) * 2 * word, "per-CPU slots");
	if (image->percpu_reserved)
		alloc_chunk(b, image->percpu_reserved);
	alloc_chunk(b, image->percpu_dynamic + offset);
}

/* Leave the layout to whoever adds chunks. */
static void remember_first_chunk(struct boot *b, const struct percpu_layout *layout)
{
	struct percpu_group groups[MAX_NUMNODES];
	struct percpu_first_chunk first = {
		.unit_bytes = layout->unit, .used_bytes = layout->used,
		.nr_groups = layout->nr_groups, .groups = groups,
		.static_bytes = b->image.percpu_static, .reserved_bytes = b->image.percpu_reserved,
		.dyn_bytes = layout->used - b->image.percpu_static - b->image.percpu_reserved,
		.atom_bytes = b->m->arch->bits == 64 ? ATOM_64 : PAGE_SIZE,
		.alloc_bytes = layout->alloc,
	};

	for (unsigned int i = 0; i < layout->nr_groups; i++)
		groups[i] = (struct percpu_group) { layout->groups[i].node,
						    layout->groups[i].nr_units };
	if (percpu_setup_first_chunk(b->m, &first))
		boot_fail(b, -ENOMEM, NULL);
}

void boot_percpu(struct boot *b)
{
	const struct kernel_image *image = &b->image;
	struct percpu_layout layout = { 0 };
	const struct memblock_request info = { .size = PAGE_SIZE, .align = PAGE_SIZE,
					       .nid = -1, .who = "per-CPU layout" };
	const struct memblock_request areas = { .size = PAGE_SIZE, .align = 64, .nid = -1,
						.who = "per-CPU layout" };
	u64 at_info, at_areas;

	layout.used = ALIGN_UP((u64)image->percpu_static + image->percpu_reserved +
			       image->percpu_dynamic, PAGE_SIZE);
	layout.alloc = b->m->arch->bits == 64 ? ALIGN_UP(layout.used, ATOM_64) : layout.used;
	printk(b->m, 6, "setup_percpu: NR_CPUS:%u nr_cpumask_bits:%u nr_cpu_ids:%u "
	       "nr_node_ids:%u", image->nr_cpus_config, b->m->nr_possible_cpus, b->m->nr_possible_cpus,
	       b->m->nr_nodes);
	group_cpus(b->m, &layout);
	choose_units(b->m, &layout);
	at_info = boot_alloc(b, &info);
	at_areas = boot_alloc(b, &areas);
	alloc_groups(b, &layout);
	remember_first_chunk(b, &layout);
	if (b->err)
		return;
	printk(b->m, 6, "percpu: Embedded %llu pages/cpu s%u r%u d%llu u%llu",
	       (unsigned long long)(layout.used >> PAGE_SHIFT), image->percpu_static,
	       image->percpu_reserved,
	       (unsigned long long)(layout.used - image->percpu_static -
				    image->percpu_reserved),
	       (unsigned long long)layout.unit);
	alloc_descriptors(b, &layout);
	boot_phys_free(b, at_info, PAGE_SIZE, "per-CPU layout");
	boot_phys_free(b, at_areas, PAGE_SIZE, "per-CPU layout");
	if (b->m->arch->bits == 64)
		for (unsigned int i = 0; i < b->image.nr_cpumasks + b->m->nr_nodes; i++)
			boot_alloc_small(b, DIV_ROUND_UP(b->m->nr_possible_cpus, 64) * 8, "CPU mask");
	boot_note(b->m, "%u groups, unit of %llu KiB, %u to an allocation", layout.nr_groups,
		  (unsigned long long)(layout.unit >> 10), layout.units_per_alloc);
}
