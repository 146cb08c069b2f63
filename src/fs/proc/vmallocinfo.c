// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * proc/vmallocinfo: areas in ascending order, since 6.9 on one list for each CPU, which
 * have turns of 64 KiB; behind them what was freed. Addresses are shown as they are
 * (a real kernel hashes them unless booted with no_hash_pointers).
 */
#include "fs/core/entry.h"
#include "sim/phys/section.h"
#include "sim/phys/vmalloc.h"

static void show_address(struct out *out, const struct machine *m, u64 addr)
{
	out_printf(out, "0x%0*llx", m->arch->bits / 4, (unsigned long long)addr);
}

/* Physical addresses are 64 bits wide wherever table entries are. */
static void show_phys(struct out *out, const struct machine *m, u64 phys)
{
	out_printf(out, " phys=0x%0*llx", m->arch->entry_bytes * 2, (unsigned long long)phys);
}

static void show_nodes(struct out *out, const struct machine *m, const struct vm_area *area)
{
	for (unsigned int nid = 0; nid < m->nr_nodes; nid++) {
		u32 nr = 0;

		for (u32 i = 0; i < area->nr_pages; i++) {
			const struct zone *zone = pfn_zone(m, area->pfns[i]);

			nr += zone && zone->node == nid;
		}
		if (nr)
			out_printf(out, " N%u=%u", nid, nr);
	}
}

static void show_area(struct out *out, const struct machine *m, const struct vm_area *area)
{
	show_address(out, m, area->addr);
	out_putc(out, '-');
	show_address(out, m, area->addr + area->bytes);
	out_printf(out, " %7llu", (unsigned long long)area->bytes);
	if (area->caller)
		out_printf(out, " %s", area->caller);
	if (area->nr_pages)
		out_printf(out, " pages=%u", area->nr_pages);
	if (area->phys)
		show_phys(out, m, area->phys);
	if (area->kind & VMAP_IOREMAP)
		out_puts(out, " ioremap");
	if (area->kind & VMAP_ALLOC)
		out_puts(out, " vmalloc");
	if (area->kind & VMAP_MAP)
		out_puts(out, " vmap");
	if (area->kind & VMAP_VPAGES)
		out_puts(out, " vpages");
	if (m->arch->numa && area->nr_pages)
		show_nodes(out, m, area);
	out_putc(out, '\n');
}

static void show_unpurged(struct out *out, const struct machine *m, const struct vm_area *area)
{
	show_address(out, m, area->addr);
	out_putc(out, '-');
	show_address(out, m, area->addr + area->bytes);
	out_printf(out, " %7llu unpurged vm_area\n", (unsigned long long)area->bytes);
}

static int vmallocinfo_show(struct out *out, const struct view *v)
{
	const struct machine *m = v->m;
	unsigned int nr = vm_area_slots(m);

	for (unsigned int node = 0; node < nr_vmap_nodes(m); node++)
		for (unsigned int i = 0; i < nr; i++)
			if (!(vm_area_at(m, i)->kind & VMAP_LAZY) &&
			    vmap_node_of(m, vm_area_at(m, i)->addr) == node)
				show_area(out, m, vm_area_at(m, i));
	for (unsigned int node = 0; node < nr_vmap_nodes(m); node++)
		for (unsigned int i = 0; i < nr; i++)
			if ((vm_area_at(m, i)->kind & (VMAP_LAZY | VMAP_POOLED)) == VMAP_LAZY &&
			    vmap_lazy_node(m, vm_area_at(m, i)) == node)
				show_unpurged(out, m, vm_area_at(m, i));
	return 0;
}

static const struct entry vmallocinfo_entries[] = {
	FILE_ROW("vmallocinfo", 0400, vmallocinfo_show),
};

static const struct dir vmallocinfo_dir = { DIR_FILES(vmallocinfo_entries) };

TREE_PARTS(vmallocinfo_parts, { "proc", &vmallocinfo_dir });
