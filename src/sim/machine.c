// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The root object. Booting is a list of stages in the order of the real kernel; a
 * stage that only some releases have at that place carries a span. What a stage
 * leaves behind for good is in struct machine, the rest in struct boot.
 */
#include "sim/machine.h"

#include <stdlib.h>

#include "sim/base/event.h"
#include "sim/boot_state.h"
#include "sim/boot/iomem.h"
#include "sim/phys/cma.h"
#include "sim/phys/fault_inject.h"
#include "sim/phys/hugetlb.h"
#include "sim/phys/direct_split.h"
#include "sim/phys/kernel_tables.h"
#include "sim/phys/memory_block.h"
#include "sim/phys/page_alloc.h"
#include "sim/phys/page_owner.h"
#include "sim/phys/percpu.h"
#include "sim/phys/slab.h"
#include "sim/phys/tunables.h"
#include "sim/phys/vmalloc.h"
#include "sim/policy/khugepaged.h"
#include "sim/policy/pressure.h"
#include "sim/virt/exec.h"
#include "sim/virt/kstack.h"
#include "sim/virt/mm_slot.h"
#include "sim/virt/mm_types.h"
#include "sim/virt/sched.h"
#include "sim/virt/swap.h"
#include "sim/virt/blk.h"
#include "sim/virt/virt.h"

struct stage {
	void (*run)(struct boot *b);
	struct span span;
	const char *step;	/* a file of sim/boot begins here */
};

static void boot_threads(struct boot *b)
{
	int err = virt_init(b->m);

	if (!err)
		err = tasks_init(b->m);
	if (!err)
		err = sched_init(b->m);
	if (!err)
		err = kernel_stacks_init(b->m);
	if (err)
		boot_fail(b, -ENOMEM, NULL);
	for (unsigned int i = 0; !err && i < b->m->tasks->nr; i++)
		boot_note(b->m, "%u %s", b->m->tasks->tasks[i]->pid,
			  b->m->tasks->tasks[i]->comm);
}

/* "Run /init as init process": so it does. */
static void boot_init_process(struct boot *b)
{
	if (run_init_process(b->m) || poking_init(b->m) == -ENOBUFS)
		boot_fail(b, -ENOMEM, NULL);
}

/* What init's scripts would do. */
static void boot_swaps(struct boot *b)
{
	int err = swap_boot(b->m);

	if (err == -ENOBUFS)
		boot_fail(b, -ENOMEM, NULL);
	for (unsigned int i = 0; i < b->m->config->nr_swaps; i++)
		boot_note(b->m, "%s: %llu pages", b->m->config->swaps[i].path,
			  (unsigned long long)(b->m->config->swaps[i].size >> PAGE_SHIFT));
	if (!b->m->config->nr_swaps)
		boot_note(b->m, "none");
}

static void boot_timers(struct boot *b)
{
	if (tick_init(b->m) || pressure_boot(b->m))
		boot_fail(b, -ENOMEM, NULL);
	khugepaged_boot(b->m);
}

static const struct stage stages[] = {
	/* setup_arch() */
	{ boot_banner, ALL, "command-line" },
	{ boot_firmware_map, ALL, "e820" },
	{ boot_memory, ALL, "memblock" },
	{ boot_direct_map, ALL, "paging" },
	{ boot_ramdisk, ALL, NULL },
	{ boot_numa, ALL, "numa" },
	{ boot_cma_reserve, ALL, NULL },
	{ boot_crashkernel, ALL, NULL },
	{ boot_lowmem_lines, ALL, NULL },
	{ boot_dma_reserve, ALL, NULL },
	{ boot_memory_map, ALL, "memory-map" },
	{ boot_zones, ALL, "zones" },
	{ boot_early_allocs, ALL, "early-allocations" },
	/* start_kernel() */
	{ boot_percpu, ALL, "percpu" },
	{ boot_zonelists, UNTIL(R_6_1), "zonelists" },
	{ boot_command_line, ALL, NULL },
	{ boot_hugetlb_early, ALL, NULL },
	{ boot_early_hashes, ALL, "early-hashes" },
	{ boot_fixed_tables, ALL, NULL },
	{ boot_auto_init_line, UNTIL(R_6_1), NULL },
	{ boot_swiotlb, ALL, NULL },
	{ boot_zonelists, SINCE(R_6_18), "zonelists" },
	{ boot_auto_init_line, SINCE(R_6_18), NULL },
	{ boot_highmem_lines, ALL, NULL },
	{ boot_stackdepot, ALL, NULL },
	{ boot_hand_over, ALL, "hand-over" },
	{ boot_vmalloc_tables, ALL, NULL },
	{ boot_memory_line, UNTIL(R_6_1), NULL },
	{ boot_slab, ALL, "slab" },
	{ boot_limits, ALL, NULL },
	{ boot_free_alternatives, ALL, NULL },
	{ boot_policy_begin, ALL, NULL },
	{ boot_late_hashes, ALL, "late-hashes" },
	/* kernel_init() and its initcalls */
	{ boot_smp_lines, ALL, NULL },
	{ boot_memory_line, SINCE(R_6_18), NULL },
	{ boot_device_lines, ALL, NULL },
	{ boot_cma_areas, ALL, NULL },
	{ boot_wmarks, ALL, "watermarks" },
	{ boot_core_hashes, ALL, NULL },
	{ boot_atomic_pools, ALL, "dma-pools" },
	{ boot_reserves, ALL, NULL },
	{ boot_hugetlb, ALL, "huge-pages" },
	{ boot_thp, ALL, NULL },
	{ boot_tunables, ALL, NULL },
	{ boot_iomem, ALL, NULL },
	{ boot_memory_blocks, ALL, NULL },
	{ boot_network_hashes, ALL, "network-hashes" },
	{ boot_swiotlb_line, ALL, NULL },
	{ boot_vmalloc_areas, ALL, NULL },
	{ boot_workingset, ALL, NULL },
	{ boot_free_initrd, ALL, "free-init" },
	{ boot_free_init, ALL, NULL },
	{ boot_policy_end, ALL, NULL },
	{ boot_threads, ALL, "threads" },
	{ boot_timers, ALL, NULL },
	{ boot_run_init, ALL, "init" },
	{ boot_init_process, ALL, NULL },
	{ boot_swaps, ALL, "swap" },
};

static int machine_init(struct machine *m, const struct machine_config *config)
{
	m->config = config;
	m->arch = config->arch;
	m->release = config->release;
	m->rng = config->seed;
	m->hz = (u32)machine_config_number(config, "HZ");
	m->jiffy_ns = machine_config_jiffy_ns(config);
	m->why.booting = true;
	m->nr_cpus = config->nr_cpus ? config->nr_cpus : 1;
	m->gbpages = m->arch->bits == 64 && machine_config_bool(config, "GBPAGES");
	m->file_thp = machine_config_bool(config, "READ_ONLY_THP_FOR_FS");
	if (m->arch->numa)
		m->nodes_shift = (u8)machine_config_number(config, "NODES_SHIFT");
	m->pcid = m->arch->tlb.pcid && machine_config_bool(config, "PCID");
	if (machine_config_bool(config, "CMA") && cma_init(m))
		return -ENOMEM;
	m->fpu_context = (u32)machine_config_number(config, "FPU_CONTEXT");
	m->nr_present_cpus = MAX(m->nr_cpus, config->present_cpus);
	m->nr_possible_cpus = MAX(m->nr_present_cpus, config->possible_cpus);
	m->boot_log = boot_log_new(&m->arena);
	m->memblock = arena_alloc(&m->arena, sizeof(*m->memblock));
	m->tunables = arena_alloc(&m->arena, sizeof(*m->tunables));
	m->events = arena_alloc(&m->arena, sizeof(*m->events));
	if (!m->boot_log || !m->memblock || !m->tunables || !m->events)
		return -ENOMEM;
	tunables_init(m->tunables);
	event_queue_init(m->events, &m->arena);
	if (init_mm_create(m) || memblock_init(m->memblock, &m->arena))
		return -ENOMEM;
	if (rel_memblock_marks_allocs(m->release)) {
		m->memblock->alloc_flags = MEMBLOCK_RSRV_KERN;
		m->memblock->alloc_nid = true;
	}
	return 0;
}

static void run_stages(struct boot *b)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(stages) && !b->err; i++) {
		if (!span_holds(stages[i].span, b->m->release))
			continue;
		if (stages[i].step)
			boot_step(b->m, stages[i].step);
		stages[i].run(b);
	}
	if (!b->err)
		b->err = boot_log_error(b->m->boot_log);
}

static void boot_free(struct boot *b)
{
	struct arena *arena = &b->m->arena;

	e820_free(&b->firmware);
	e820_free(&b->table);
	arena_free(arena, b->blocks, b->room_blocks * sizeof(*b->blocks));
	arena_free(arena, b->fixed, b->room_fixed * sizeof(*b->fixed));
	arena_free(arena, b, sizeof(*b));
}

int machine_boot(const struct machine_config *config, struct machine **machine,
		 char **error)
{
	return machine_boot_failing(config, 0, machine, error);
}

int machine_boot_failing(const struct machine_config *config, u64 nth,
			 struct machine **machine, char **error)
{
	struct machine *m = calloc(1, sizeof(*m));
	struct boot *b = NULL;
	int err;

	*error = NULL;
	if (!m)
		return -ENOMEM;
	arena_fail_after(&m->arena, nth);
	err = machine_init(m, config);
	if (err)
		goto out_machine;
	b = arena_alloc(&m->arena, sizeof(*b));
	err = -ENOMEM;
	if (!b)
		goto out_machine;
	b->m = m;
	b->config = config;
	b->firmware.arena = b->table.arena = &m->arena;
	kernel_image_init(&b->image, config);
	cmdline_parse(config->cmdline, &b->cmdline);
	b->cmdline.page_owner = b->cmdline.page_owner && machine_config_bool(config, "PAGE_OWNER");
	b->m->pcid = b->m->pcid && !b->cmdline.nopcid;
	b->m->secretmem_enable = b->cmdline.secretmem_given ? b->cmdline.secretmem :
							      rel_secretmem_is_on(b->m->release);
	run_stages(b);
	err = b->err;
	if (err && err != -ENOMEM && b->reason)
		*error = strdup(b->reason);
	boot_free(b);
	if (err)
		goto out_machine;
	blk_forget_times(m);
	m->booted = true;
	m->why.booting = false;
	*machine = m;
	return 0;

out_machine:
	machine_free(m);
	return err;
}

static void machine_free_nodes(struct machine *m)
{
	zonelists_free(m);
	for (unsigned int i = 0; i < m->nr_zones; i++) {
		zone_free(m, m->zones[i]);
		arena_free(&m->arena, m->zones[i], sizeof(*m->zones[i]));
	}
	arena_free(&m->arena, m->zones, MAX_NUMNODES * MAX_NR_ZONES * sizeof(*m->zones));
	for (unsigned int i = 0; i < MAX_NUMNODES; i++)
		arena_free(&m->arena, m->nodes[i], sizeof(*m->nodes[i]));
}

u64 machine_free_counting(struct machine *m)
{
	u64 left;

	if (!m)
		return 0;
	memory_blocks_free(m);
	page_owner_free_state(m);
	percpu_free_state(m);
	vmalloc_free_state(m);
	direct_splits_free(m);
	kernel_tables_free(m);
	fault_inject_free(m);
	slab_free_state(m);
	hugetlb_free_state(m);
	cma_free_state(m);
	if (m->iomem)
		iomem_free(m->iomem, &m->arena);
	arena_free(&m->arena, m->iomem, sizeof(*m->iomem));
	machine_free_nodes(m);
	sections_free(m);
	sched_free(m);
	tasks_free(m);
	virt_free_state(m);
	khugepaged_free(m);
	init_mm_free(m);
	if (m->memblock) {
		memblock_free_state(m->memblock);
		arena_free(&m->arena, m->memblock, sizeof(*m->memblock));
	}
	if (m->events)
		event_queue_free(m->events);
	arena_free(&m->arena, m->events, sizeof(*m->events));
	arena_free(&m->arena, m->tunables, sizeof(*m->tunables));
	boot_log_free(&m->arena, m->boot_log);
	out_free(&m->report);
	left = m->arena.bytes;
	arena_close(&m->arena);
	free(m);
	return left;
}

void machine_free(struct machine *m)
{
	(void)machine_free_counting(m);
}

/* On large virtual machines: the largest block that memory ends on. */
#define LARGE_BLOCK_MACHINE (64 * SZ_1G)
#define MAX_BLOCK_BYTES (2 * SZ_1G)

u64 memory_block_bytes(const struct machine *m)
{
	const u64 min = 1ULL << m->arch->section_bits;
	u64 bytes = MAX_BLOCK_BYTES, end = PFN_PHYS(m->max_pfn);

	if (m->hotplug)
		return m->hotplug->block_pages << PAGE_SHIFT;
	if (end < LARGE_BLOCK_MACHINE)
		return min;
	while (bytes > min && !IS_ALIGNED(end, bytes))
		bytes >>= 1;
	return bytes;
}
