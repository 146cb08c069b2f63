// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Dumps of page tables: one line for each run of entries of the same bits and level,
 * with the names of the areas between them. A kernel has them in debugfs if it is built
 * with PTDUMP_DEBUGFS, which Debian's are not: there they are only below sim/.
 */
#include <inttypes.h>

#include "fs/core/entry.h"
#include "sim/virt/highmem.h"
#include "sim/virt/kernel_walk.h"
#include "sim/virt/tlb.h"

struct marker {
	u64 start;
	const char *name;
	unsigned int max_lines;	/* 0: all of them */
};

#define MAX_MARKERS 16
#define END_OF_SPACE { ~0ULL, NULL, 0 }

/* Where the levels of the arch differ, as offsets from the end of all addresses. */
static unsigned int markers_64(const struct machine *m, struct marker *markers)
{
	const struct arch *arch = m->arch;
	u64 ldt = -240ULL << arch->levels[0].shift;
	const struct marker rows[] = {
		{ 0, "User Space", 0 }, { 1ULL << 63, "Kernel Space", 0 }, { ldt, "LDT remap", 0 },
		{ arch->page_offset, "Low Kernel Mapping", 0 },
		{ arch->vmalloc_start, "vmalloc() Area", 0 },
		{ arch->vmemmap_start, "Vmemmap", 0 },
		{ 0xfffffe0000000000ULL, "CPU entry Area", 0 },
		{ 0xffffff0000000000ULL, "ESPfix Area", 16 },
		{ 0xffffffef00000000ULL, "EFI Runtime Services", 0 },
		{ arch->start_kernel_map, "High Kernel Mapping", 0 },
		{ arch->modules_start, "Modules", 0 },
		{ 0xffffffffff000000ULL, "End Modules", 0 },
		{ arch->fixaddr_top - ((u64)arch->nr_fixed_addresses << PAGE_SHIFT),
		  "Fixmap Area", 0 },
		END_OF_SPACE,
	};

	_Static_assert(ARRAY_SIZE(rows) <= MAX_MARKERS, "room for all");
	memcpy(markers, rows, sizeof(rows));
	return ARRAY_SIZE(rows);
}

static unsigned int markers_32(const struct machine *m, struct marker *markers)
{
	const struct arch *arch = m->arch;
	u64 ldt = pkmap_base(m) + table_span(m, 1);
	const struct marker rows[] = {
		{ 0, "User Space", 0 }, { arch->page_offset, "Kernel Mapping", 0 },
		{ arch->vmalloc_start, "vmalloc() Area", 0 },
		{ arch->vmalloc_end, "vmalloc() End", 0 },
		{ pkmap_base(m), "Persistent kmap() Area", 0 }, { ldt, "LDT remap", 0 },
		{ 0xff400000, "CPU entry area", 0 },
		{ arch->fixaddr_top - ((u64)arch->nr_fixed_addresses << PAGE_SHIFT),
		  "Fixmap area", 0 },
		END_OF_SPACE,
	};

	_Static_assert(ARRAY_SIZE(rows) <= MAX_MARKERS, "room for all");
	memcpy(markers, rows, sizeof(rows));
	return ARRAY_SIZE(rows);
}

struct dump {
	struct out *out;
	const struct machine *m;
	struct marker markers[MAX_MARKERS];
	const struct marker *marker;
	unsigned int lines;	/* below the marker */
	/* The run so far; level -1: none has begun. */
	int level;
	u64 start, prot;
};

static void show_prot(struct out *out, u64 prot, const char *level)
{
	if (!(prot & PTE_PRESENT))
		out_puts(out, "                              ");
	else
		out_printf(out, "%s%s        %s    %s%s", prot & PTE_USER ? "USR " : "    ",
			   prot & PTE_RW ? "RW " : "ro ", prot & PTE_PSE ? "PSE " : "    ",
			   prot & PTE_GLOBAL ? "GLB " : "    ", prot & PTE_NX ? "NX " : "x  ");
	out_printf(out, "%s\n", level);
}

/* A leaf has the name of its level even where that is folded into the one above. */
static const char *level_name(const struct dump *d)
{
	static const char *const leaves[] = { "pte", "pmd", "pud", "p4d" };
	const struct arch *arch = d->m->arch;

	return d->prot ? leaves[d->level] : arch->levels[arch->nr_levels - 1 - d->level].name;
}

static void show_run(const struct dump *d, u64 end)
{
	static const char units[] = "BKMGTPE";
	const struct arch *arch = d->m->arch;
	u64 mask = arch->bits == 32 ? 0xffffffff : ~0ULL, delta = (end - d->start) & mask;
	unsigned int unit = 0;

	while (!(delta & 1023) && units[unit + 1]) {
		delta >>= 10;
		unit++;
	}
	out_printf(d->out, "0x%0*" PRIx64 "-0x%0*" PRIx64 "   %9" PRIu64 "%c ", arch->bits / 4,
		   d->start, arch->bits / 4, end & mask, delta, units[unit]);
	show_prot(d->out, d->prot, level_name(d));
}

static void next_marker(struct dump *d)
{
	if (d->marker->max_lines && d->lines > d->marker->max_lines) {
		unsigned int nr = d->lines - d->marker->max_lines;

		out_printf(d->out, "... %u entr%s skipped ... \n", nr, nr == 1 ? "y" : "ies");
	}
	d->marker++;
	d->lines = 0;
	out_printf(d->out, "---[ %s ]---\n", d->marker->name);
}

static void begin_run(struct dump *d, u64 addr, int level, u64 prot)
{
	d->start = addr;
	d->level = level;
	d->prot = prot;
}

/* An entry: of the run, or the first of another one. */
static void note_page(void *arg, u64 addr, unsigned int level, u64 entry)
{
	u64 prot = entry & ~PTE_PFN_MASK;
	struct dump *d = arg;

	if (d->level < 0) {
		begin_run(d, addr, (int)level, prot);
		out_printf(d->out, "---[ %s ]---\n", d->marker->name);
		return;
	}
	if (prot == d->prot && (int)level == d->level && addr < d->marker[1].start)
		return;
	if (!d->marker->max_lines || d->lines < d->marker->max_lines)
		show_run(d, addr);
	d->lines++;
	if (addr >= d->marker[1].start)
		next_marker(d);
	begin_run(d, addr, (int)level, prot);
}

/* What the tables of an mm say, the kernel's part included. */
static int dump_mm(struct out *out, const struct machine *m, const struct mm_struct *mm)
{
	struct dump d = { .out = out, .m = m, .level = -1 };
	unsigned int top = m->arch->levels[0].shift;
	u64 user = m->arch->bits == 32 ? m->arch->page_offset :
		   table_span(m, m->virt->pgtables->top) << 8;
	/* Between the two halves there is room that is nobody's. */
	u64 kernel = m->arch->bits == 32 ? m->arch->page_offset : -240ULL << top;

	d.marker = d.markers;
	if (m->arch->bits == 32)
		(void)markers_32(m, d.markers);
	else
		(void)markers_64(m, d.markers);
	user_walk(m, mm, user, note_page, &d);
	kernel_walk(m, kernel, m->arch->bits == 32 ? 0xffffffff : ~0ULL, note_page, &d);
	if (d.level >= 0 && (!d.marker->max_lines || d.lines < d.marker->max_lines))
		show_run(&d, 0);
	return 0;
}

static int kernel_show(struct out *out, const struct view *v)
{
	return dump_mm(out, v->m, v->m->init_mm);
}

/* Whose call was the last: the tables that its CPU has. */
static int current_show(struct out *out, const struct view *v)
{
	return dump_mm(out, v->m, cpu_loaded_mm(v->m, v->m->cpu));
}

/* debugfs has them without words. */
static const struct entry debugfs_entries[] = {
	FILE_ROW("kernel", 0400, kernel_show),
	FILE_ROW("current_kernel", 0400, current_show),
	FILE_ROW("current_user", 0400, current_show),
};

#define DUMP_HELP \
	"one line for each run of entries with the same bits and level: from, to, size, USR, " \
	"RW or ro, PSE, GLB, NX or x, the level; nothing where nothing is mapped. "

static const struct entry dump_entries[] = {
	{ "kernel", S_IFREG | 0400, ALL, kernel_show,
	  .help = "The page tables of init_mm, " DUMP_HELP "What the firmware, the fixmap and "
		  "the CPUs' entry areas map is not there." },
	{ "current", S_IFREG | 0400, ALL, current_show,
	  .help = "The page tables that the CPU of the last call has loaded, " DUMP_HELP },
};

static bool debugfs_visible(const struct view *v, const struct entry *entry)
{
	(void)entry;
	return machine_config_bool(v->m->config, "PTDUMP_DEBUGFS");
}

static const struct dir debugfs_dir = { DIR_FILES(debugfs_entries), .visible = debugfs_visible };
static const struct dir dump_dir = { DIR_FILES(dump_entries) };

static const struct entry sim_entries[] = {
	{ "page_tables", S_IFDIR | 0555, ALL, .dir = &dump_dir,
	  .help = "Dumps of page tables, in the format of sys/kernel/debug/page_tables, which "
		  "kernels have that are built with PTDUMP_DEBUGFS." },
};

static const struct dir sim_dir = { DIR_FILES(sim_entries) };

TREE_PARTS(ptdump_parts, { "sys/kernel/debug/page_tables", &debugfs_dir },
	   { "sim", &sim_dir });
