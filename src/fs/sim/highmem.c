// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * sim/layout, the parts of the kernel's address space from the top down, as 32-bit
 * kernels used to print them; sim/pkmap, the kmap area of machines with HighMem.
 */
#include <inttypes.h>

#include "fs/core/figures.h"
#include "sim/virt/highmem.h"
#include "sim/virt/virt.h"

#define MODULES_END 0xffffffffff000000ULL

/* One part: its name and [start, end). */
static void show_part(struct out *out, const struct machine *m, const char *name, u64 start,
		      u64 end)
{
	u64 bytes = end - start;
	unsigned int shift = bytes >= 1ULL << 40 ? 40 : bytes >= 1ULL << 30 ? 30 :
			     bytes >= 8ULL << 20 ? 20 : 10;
	const char *unit = shift == 40 ? "TB" : shift == 30 ? "GB" : shift == 20 ? "MB" : "kB";
	int width = m->arch->bits / 4;

	if (end > start)
		out_printf(out, "%9s : 0x%0*" PRIx64 " - 0x%0*" PRIx64 "   (%5" PRIu64 " %s)\n",
			   name, width, start, width, end, bytes >> shift, unit);
}

static u64 lowmem_bytes(const struct machine *m)
{
	u64 end = PFN_PHYS(m->max_pfn);

	return m->arch->lowmem_end ? MIN(end, m->arch->lowmem_end) : end;
}

static void show_layout_32(struct out *out, const struct machine *m)
{
	const struct arch *arch = m->arch;
	u64 kmaps = (u64)KM_MAX_IDX * machine_config_number(m->config, "NR_CPUS") << PAGE_SHIFT;
	u64 kmap_end = fix_kmap_addr(m, 0, 0) + PAGE_SIZE;

	show_part(out, m, "fixmap", kmap_end - kmaps, arch->fixaddr_top);
	show_part(out, m, "kmap_local", kmap_end - kmaps, kmap_end);
	show_part(out, m, "pkmap", pkmap_base(m), pkmap_addr(m, arch->last_pkmap));
	show_part(out, m, "vmalloc", arch->vmalloc_start, arch->vmalloc_end);
	show_part(out, m, "lowmem", arch->page_offset, arch->page_offset + lowmem_bytes(m));
	show_part(out, m, "user", 0, arch->task_size);
}

static void show_layout_64(struct out *out, const struct machine *m)
{
	const struct arch *arch = m->arch;

	show_part(out, m, "modules", arch->modules_start, MODULES_END);
	show_part(out, m, "kernel", arch->start_kernel_map, arch->modules_start);
	show_part(out, m, "vmemmap", arch->vmemmap_start,
		  arch->vmemmap_start + m->max_pfn * arch->struct_page_bytes);
	show_part(out, m, "vmalloc", arch->vmalloc_start, arch->vmalloc_end + 1);
	show_part(out, m, "lowmem", arch->page_offset, arch->page_offset + lowmem_bytes(m));
	show_part(out, m, "user", 0, arch->task_size);
}

static int layout_show(struct out *out, const struct view *v)
{
	if (v->m->arch->bits == 32)
		show_layout_32(out, v->m);
	else
		show_layout_64(out, v->m);
	return 0;
}

static int pkmap_show(struct out *out, const struct view *v)
{
	const struct machine *m = v->m;
	const struct highmem_state *state = m->virt->highmem;

	out_printf(out, "PKMAP_BASE: 0x%" PRIx64 "\nLAST_PKMAP: %u\nlast_pkmap_nr: %u\n"
		   "flushes: %" PRIu64 "\n", pkmap_base(m), m->arch->last_pkmap,
		   state->last_pkmap_nr, state->flushes);
	for (unsigned int nr = 0; nr < m->arch->last_pkmap; nr++) {
		const struct pkmap *pkmap = &state->pkmaps[nr];

		if (pkmap->count)
			out_printf(out, "pkmap %u: 0x%" PRIx64 " pkmap_count %u page 0x%x%s\n", nr,
				   pkmap_addr(m, nr), pkmap->count, pkmap->pfn,
				   pkmap->count == 1 ? " (no user)" : "");
	}
	for (unsigned int cpu = 0; cpu < m->nr_cpus; cpu++)
		for (unsigned int i = 0; i < state->local[cpu].idx; i++)
			out_printf(out, "cpu %u slot %u: 0x%" PRIx64 " page 0x%x\n", cpu, i,
				   fix_kmap_addr(m, cpu, i), state->local[cpu].pfn[i]);
	return 0;
}

static const struct entry sim_entries[] = {
	{ "layout", S_IFREG | 0444, ALL, layout_show,
	  .help = "What lies where in the kernel's address space, the highest first; user is "
		  "what programs may have." },
	{ "pkmap", S_IFREG | 0444, ALL, pkmap_show,
	  .help = "HighMem (32-bit machines): each address of the kmap area that is in use, with "
		  "its count (1: no user is left, but TLBs may know it) and page, and the "
		  "fixmap slots that kmap_local_page gave, by CPU." },
};

/* Elsewhere there is no such area. */
static bool sim_visible(const struct view *v, const struct entry *entry)
{
	return entry != &sim_entries[1] || v->m->arch->last_pkmap;
}

static const struct dir sim_dir = { DIR_FILES(sim_entries), .visible = sim_visible };

TREE_PARTS(highmem_parts, { "sim", &sim_dir });
