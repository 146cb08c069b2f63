// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Stages that mostly speak: lines of the log about things that are decided
 * elsewhere, at the place where the real kernel prints them.
 */
#include "sim/boot_state.h"

#include "sim/phys/fault_inject.h"
#include "sim/phys/page_alloc.h"
#include "sim/phys/percpu.h"
#include "sim/phys/slab.h"
#include "sim/phys/vmalloc.h"
#include "sim/virt/task.h"

static void note_amount(struct boot *b, const char *name, const struct core_amount *amount)
{
	if (amount->percent)
		boot_note(b->m, "%s: %u%% of all memory", name, amount->percent);
	else if (amount->bytes)
		boot_note(b->m, "%s: %llu MiB", name, (unsigned long long)(amount->bytes >> 20));
}

/* What the boot makes of the command line. */
static void note_command_line(struct boot *b)
{
	const struct cmdline *c = &b->cmdline;

	boot_note(b->m, "%s", b->config->cmdline ? b->config->cmdline : "");
	for (unsigned int i = 0; i < c->nr_memmap; i++) {
		if (c->memmap[i].kind == 'm')
			boot_note(b->m, "mem: usable memory ends at %#llx",
				  (unsigned long long)c->memmap[i].size);
		else
			boot_note(b->m, "memmap: '%c' %#llx, %llu KiB", c->memmap[i].kind,
				  (unsigned long long)c->memmap[i].start,
				  (unsigned long long)(c->memmap[i].size >> 10));
	}
	note_amount(b, "kernelcore", &c->kernelcore);
	note_amount(b, "movablecore", &c->movablecore);
	if (c->numa_off)
		boot_note(b->m, "numa=off: one node over everything");
	for (unsigned int i = 0; i < c->nr_hugetlb; i++)
		boot_note(b->m, "hugepages: %llu of %llu KiB, 0 = the default size",
			  (unsigned long long)c->hugetlb[i].nr_pages,
			  (unsigned long long)(c->hugetlb[i].page_size >> 10));
	if (c->crash || c->crash_high)
		boot_note(b->m, "crashkernel: memory for a second kernel");
	if (c->page_owner)
		boot_note(b->m, "page_owner: every allocation is remembered");
}

void boot_banner(struct boot *b)
{
	printk(b->m, 5, "%s", b->image.version);
	if (b->m->arch->bits == 64)
		printk(b->m, 6, "Command line: %s", b->config->cmdline ? b->config->cmdline : "");
	note_command_line(b);
}

/* A RAM disk above the direct map of a 32-bit kernel moves below its end. */
static void move_ramdisk(struct boot *b)
{
	u64 size = b->initrd.end - b->initrd.start;
	const struct memblock_request req = {
		.size = size, .align = PAGE_SIZE, .max_addr = PFN_PHYS(b->max_low_pfn),
		.nid = -1, .keep_min = true, .who = "initrd",
	};
	u64 at = boot_alloc(b, &req);

	if (!at)
		return;
	printk(b->m, 6, "Allocated new RAMDISK: [mem 0x%08llx-0x%08llx]",
	       (unsigned long long)at, (unsigned long long)(at + size - 1));
	printk(b->m, 6, "Move RAMDISK from [mem 0x%08llx-0x%08llx] to [mem 0x%08llx-0x%08llx]",
	       (unsigned long long)b->initrd.start, (unsigned long long)b->initrd.end - 1,
	       (unsigned long long)at, (unsigned long long)(at + size - 1));
	boot_phys_free(b, b->initrd.start, size, "initrd");
	b->initrd = (struct phys_range){ at, at + size };
	boot_reserve(b, at, size, "initrd");
}

void boot_ramdisk(struct boot *b)
{
	if (b->initrd.start == b->initrd.end)
		return;
	printk(b->m, 6, "RAMDISK: [mem 0x%08llx-0x%08llx]",
	       (unsigned long long)b->initrd.start, (unsigned long long)b->initrd.end - 1);
	if (b->initrd.end > PFN_PHYS(b->max_low_pfn))
		move_ramdisk(b);
}

void boot_lowmem_lines(struct boot *b)
{
	if (!b->m->arch->lowmem_end)
		return;
	printk(b->m, 5, "%lluMB HIGHMEM available.",
	       (unsigned long long)((b->max_pfn - b->max_low_pfn) >> (20 - PAGE_SHIFT)));
	printk(b->m, 5, "%lluMB LOWMEM available.",
	       (unsigned long long)(b->max_low_pfn >> (20 - PAGE_SHIFT)));
	printk(b->m, 6, "  mapped low ram: 0 - %08llx",
	       (unsigned long long)PFN_PHYS(b->max_low_pfn));
	printk(b->m, 6, "  low ram: 0 - %08llx", (unsigned long long)PFN_PHYS(b->max_low_pfn));
}

static unsigned int nr_nodes(const struct machine *m)
{
	unsigned int nr = 0;

	for (unsigned int i = 0; i < m->nr_nodes; i++)
		nr += m->nodes[i] != NULL;
	return nr;
}

void boot_zonelists(struct boot *b)
{
	struct machine *m = b->m;

	b->err = build_all_zonelists(m);
	if (b->err)
		return;
	print_zonelists(m, b->vm_total_pages);
	for (unsigned int i = 0; i < m->nr_nodes; i++) {
		const struct pglist_data *node = m->nodes[i];

		for (unsigned int j = 0; node && j < node->nr_zonelist; j++)
			boot_note(m, "node %u tries %u: node %u zone %s", i, j + 1,
				  m->zones[node->zonelist[j]]->node,
				  m->zones[node->zonelist[j]]->name);
	}
}

void boot_auto_init_line(struct boot *b)
{
	const struct cmdline *c = &b->cmdline;

	printk(b->m, 6, "mem auto-init: stack:all(zero), heap alloc:%s, heap free:%s",
	       c->init_on_alloc ? "on" : "off", c->init_on_free ? "on" : "off");
	if (c->init_on_free)
		printk(b->m, 6, "mem auto-init: clearing system memory may take some time...");
}

void boot_highmem_lines(struct boot *b)
{
	struct machine *m = b->m;
	const struct zone *high = m->nodes[0] ? m->nodes[0]->zones[ZONE_HIGHMEM] : NULL;
	const struct zone *movable = m->nodes[0] ? m->nodes[0]->zones[ZONE_MOVABLE] : NULL;

	if (!high || !movable)
		return;		/* no such zones: nothing to initialise */
	printk(m, 6, "Initializing HighMem for node 0 (%08llx:%08llx)",
	       (unsigned long long)high->start_pfn, (unsigned long long)zone_end_pfn(high));
	if (high->spanned_pages)
		printk(m, 6, "Initializing Movable for node 0 (%08llx:%08llx)",
	       (unsigned long long)movable->start_pfn,
	       (unsigned long long)zone_end_pfn(movable));
}

static void print_online(struct boot *b)
{
	const struct machine *m = b->m;
	unsigned int with_cpus = 0;

	for (unsigned int i = 0; i < m->nr_nodes; i++)
		with_cpus += m->nodes[i] && m->nodes[i]->has_cpu;
	printk(b->m, 6, "smp: Bringing up secondary CPUs ...");
	printk(b->m, 6, "smp: Brought up %u node%s, %u CPU%s", MAX(with_cpus, 1),
	       with_cpus > 1 ? "s" : "", m->nr_cpus, m->nr_cpus > 1 ? "s" : "");
}

void boot_smp_lines(struct boot *b)
{
	print_online(b);
	for (unsigned int i = 0; i < b->m->nr_nodes && b->m->arch->bits == 64; i++)
		if (b->m->nodes[i] && b->m->nodes[i]->has_memory)
			printk(b->m, 6, "node %u deferred pages initialised in 0ms", i);
}

void boot_device_lines(struct boot *b)
{
	printk(b->m, 6, "devtmpfs: initialized");
	if (b->m->arch->bits == 64)
		printk(b->m, 6, "x86/mm: Memory block size: %lluMB",
		       (unsigned long long)(memory_block_bytes(b->m) >> 20));
}

void boot_swiotlb_line(struct boot *b)
{
	const u64 bytes = 64 * SZ_1M;

	if (!b->swiotlb)
		return;
	if (rel_says_swiotlb_in_use(b->m->release))
		printk(b->m, 6, "PCI-DMA: Using software bounce buffering for IO (SWIOTLB)");
	printk(b->m, 6, "software IO TLB: mapped [mem 0x%016llx-0x%016llx] (%lluMB)",
	       (unsigned long long)b->swiotlb, (unsigned long long)(b->swiotlb + bytes),
	       (unsigned long long)(bytes >> 20));
}

/* Watermarks and what follows from them: a postcore initcall. */
void boot_wmarks(struct boot *b)
{
	/* The secondary CPUs came up with all marks 0. */
	if (b->m->nr_cpus > 1)
		refresh_zone_stat_thresholds(b->m);
	init_per_zone_wmark_min(b->m);
	for (unsigned int i = 0; i < b->m->nr_zones; i++) {
		const struct zone *zone = b->m->zones[i];

		if (zone_populated(zone))
			boot_note(b->m, "node %u zone %s: min %llu low %llu high %llu", zone->node,
				  zone->name, (unsigned long long)zone->watermark[WMARK_MIN],
				  (unsigned long long)zone->watermark[WMARK_LOW],
				  (unsigned long long)zone->watermark[WMARK_HIGH]);
	}
}

void boot_slab(struct boot *b)
{
	struct slab_boot_options options;
	int err = fault_inject_init(b->m);

	if (!err)
		err = slab_init(b->m);
	if (!err)
		err = vmalloc_init(b->m);
	if (!err)
		err = percpu_init(b->m);
	if (err == -ENOBUFS)
		boot_fail(b, -ENOMEM, NULL);
	else if (err)
		boot_fail(b, -EINVAL, "the machine has too little memory for its caches");
	else
		boot_note(b->m, "%u caches; kmalloc and vmalloc work", nr_kmem_caches(b->m));
	if (err)
		return;
	if (b->cmdline.nohugevmalloc)
		vmalloc_set_nohuge(b->m);
	slab_boot_options(b->m, &options);
	printk(b->m, 6, "SLUB: HWalign=64, Order=%u-%u, MinObjects=%u, CPUs=%u, Nodes=%u",
	       options.min_order, options.max_order, options.min_objects,
	       b->m->nr_possible_cpus, nr_nodes(b->m));
}

/* Mappings of drivers; what is left out for lack of memory is left out. */
void boot_vmalloc_areas(struct boot *b)
{
	if (vmalloc_boot_areas(b->m))
		boot_fail(b, -ENOMEM, NULL);
}

void boot_run_init(struct boot *b)
{
	boot_note(b->m, "%llu pages managed, %llu free, %u threads",
		  (unsigned long long)b->m->totalram_pages,
		  (unsigned long long)global_zone_stat(b->m, NR_FREE_PAGES), b->m->tasks->nr);
	printk(b->m, 6, "Run /init as init process");
}
