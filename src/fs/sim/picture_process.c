// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * sim/view/process-PID and pagetable-PID: a process's mappings from the lowest on, each
 * with a bar of what is there of it; its page tables, from the top one to the right,
 * each with its entries in use and a line from the entry that leads to it.
 */
#include <inttypes.h>
#include <stdio.h>

#include "fs/core/host.h"
#include "fs/proc/task_mmu.h"
#include "fs/sim/picture.h"
#include "sim/virt/file.h"
#include "sim/virt/memory.h"
#include "sim/virt/pgtable.h"
#include "sim/virt/task.h"
#include "sim/virt/virt.h"
#include "sim/virt/vma.h"

#define TOP 64U
#define ROW 16U
#define MAX_MAPPINGS 400U
#define MAX_TABLES 400U

static const struct task_struct *picture_task(const struct view *v)
{
	return task_find(v->m, v->id[V_PID]);
}

static void picture_title(const struct view *v, const char *what, char title[96])
{
	const struct task_struct *task = picture_task(v);

	snprintf(title, 96, "%s of process %u (%s)", what, task->pid, task->comm);
}

/* -- process ---------------------------------------------------------------------- */

enum { U_ANON, U_FILE, U_SHMEM, U_HUGE, U_SWAP, U_ABSENT, NR_USES };

static const struct ink uses[NR_USES] = {
	[U_ANON] = { "anonymous", "#0072b2", 'A' },
	[U_FILE] = { "of the file", "#009e73", 'F' },
	[U_SHMEM] = { "shared memory", "#56b4e9", 'M' },
	[U_HUGE] = { "hugetlb", "#cc79a7", 'H' },
	[U_SWAP] = { "in swap", "#d55e00", 'S' },
	[U_ABSENT] = { "not touched yet", "#e8e8e8", '.' },
};

static void shares_of(const struct machine *m, const struct vm_area_struct *vma,
		      u64 shares[NR_USES])
{
	u64 size = vma->vm_end - vma->vm_start, there;
	struct vma_usage usage;

	vma_usage(m, vma, &usage);
	there = usage.anon + usage.file + usage.shmem + usage.huge + usage.swap;
	shares[U_ANON] = usage.anon;
	shares[U_FILE] = usage.file;
	shares[U_SHMEM] = usage.shmem;
	shares[U_HUGE] = usage.huge;
	shares[U_SWAP] = usage.swap;
	shares[U_ABSENT] = size > there ? size - there : 0;
}

/* The line of maps up to its permissions; its name. */
static void describe(const struct machine *m, const struct vm_area_struct *vma, char range[64],
		     char name[128])
{
	struct out line = OUT_INIT;
	const char *text;
	unsigned int column = 0;

	range[0] = name[0] = '\0';
	show_map_vma(&line, m, vma);
	text = line.text ? line.text : "";
	snprintf(range, 64, "%.*s", (int)(strcspn(text, " ") + 5), text);
	/* Behind five columns, and blanks. */
	for (; *text && column < 5; column++) {
		text += strcspn(text, " \n");
		text += strspn(text, " ");
	}
	snprintf(name, 128, "%.*s", (int)strcspn(text, "\n"), text);
	out_free(&line);
}

struct process_picture {
	struct out *out;
	const struct machine *m;
	bool svg;
	unsigned int y;
	u64 end;		/* of the mapping before */
};

/* Addresses that nothing is mapped to: said, not drawn to scale. */
static void put_gap(struct process_picture *p, u64 start)
{
	char size[24], text[64];

	if (!p->end || start <= p->end)
		return;
	snprintf(text, sizeof(text), "%s free", picture_size(start - p->end, size));
	if (p->svg)
		svg_text(p->out, 330, p->y + 11, text, 60);
	else
		out_printf(p->out, "    %s\n", text);
	p->y += ROW;
}

static void put_mapping(struct process_picture *p, const struct vm_area_struct *vma)
{
	u64 shares[NR_USES];
	struct bar bar = { uses, shares, NR_USES, vma->vm_end - vma->vm_start };
	char range[64], name[128], size[24];

	put_gap(p, vma->vm_start);
	shares_of(p->m, vma, shares);
	describe(p->m, vma, range, name);
	picture_size(bar.whole, size);
	if (p->svg) {
		svg_text(p->out, 20, p->y + 11, range, 60);
		svg_text(p->out, 255, p->y + 11, size, 24);
		svg_bar(p->out, &bar, 330, p->y, 350, ROW - 3);
		svg_text(p->out, 690, p->y + 11, name[0] ? name : "anonymous", 36);
	} else {
		out_printf(p->out, "%-39s %10s |", range, size);
		text_bar(p->out, &bar, 40);
		out_printf(p->out, "| %s\n", name);
	}
	p->y += ROW;
	p->end = vma->vm_end;
}

static unsigned int process_rows(const struct machine *m, const struct mm_struct *mm)
{
	unsigned int rows = 0, nr = 0;
	u64 end = 0;

	for (const struct vm_area_struct *vma = vma_first(m, mm); vma && nr < MAX_MAPPINGS;
	     vma = vma_next(m, vma), nr++) {
		rows += 1 + (end && vma->vm_start > end);
		end = vma->vm_end;
	}
	return rows;
}

static int show_process(struct out *out, const struct view *v, bool svg)
{
	const struct mm_struct *mm = view_mm(v);
	struct process_picture p = { out, v->m, svg, TOP, 0 };
	const struct vm_area_struct *vma;
	char title[96];
	unsigned int nr = 0;

	if (!mm)
		return -ESRCH;
	picture_title(v, "Mappings", title);
	if (svg)
		svg_begin(out, TOP + process_rows(v->m, mm) * ROW + 50, title,
			  "From the lowest address on. A bar is a whole mapping, however large.");
	else
		out_printf(out, "%s\n", title);
	for (vma = vma_first(v->m, mm); vma && nr < MAX_MAPPINGS; vma = vma_next(v->m, vma), nr++)
		put_mapping(&p, vma);
	if (vma && !svg)
		out_puts(out, "and more\n");
	if (svg) {
		svg_legend(out, p.y + 10, uses, NR_USES);
		svg_end(out);
		return 0;
	}
	for (unsigned int i = 0; i < NR_USES; i++)
		out_printf(out, "%c %s%s", uses[i].letter, uses[i].name, i + 1 < NR_USES ? "  " : "\n");
	return 0;
}

static int process_svg_show(struct out *out, const struct view *v)
{
	return show_process(out, v, /* svg = */ true);
}

static int process_txt_show(struct out *out, const struct view *v)
{
	return show_process(out, v, false);
}

/* -- pagetable --------------------------------------------------------------------- */

#define SLOTS 64U		/* a table is drawn in so many cells */
#define TABLE_WIDTH 128U	/* of SVG */
#define TABLE_STEP 172U

#define TABLE_COLOUR "#0072b2"

struct tables_picture {
	struct out *out;
	const struct machine *m;
	const struct mm_struct *mm;
	bool svg;
	unsigned int nr, rows, y[8];	/* rows of the tables above, by depth */
	int depth;			/* of the table before; -1: none */
};

static const struct arch_level *level_at(const struct machine *m, int depth)
{
	return &m->arch->levels[depth];
}

static unsigned int nr_cells(const struct arch_level *level)
{
	return MIN((unsigned int)level->entries, SLOTS);
}

/* How many entries in use a cell of the table has. */
static unsigned int cell_used(const struct arch_level *level, const u64 *entries,
			      unsigned int cell, unsigned int *each)
{
	unsigned int used = 0;

	*each = level->entries / nr_cells(level);
	for (unsigned int i = cell * *each; i < (cell + 1) * *each; i++)
		used += entries[i] != 0;
	return used;
}

/* Where in the table above the entry is that leads to this address: the cell's middle. */
static unsigned int parent_x(const struct tables_picture *p, int depth, u64 addr)
{
	const struct arch_level *above = level_at(p->m, depth - 1);
	unsigned int cells = nr_cells(above), width = TABLE_WIDTH / cells;
	u64 index = addr >> above->shift & (above->entries - 1U);

	return 20 + ((unsigned int)depth - 1) * TABLE_STEP +
	       (unsigned int)(index * cells / above->entries) * width + width / 2;
}

/* A table begins a row of its own, unless it is the first below the one before. */
static unsigned int place(struct tables_picture *p, int depth)
{
	if (p->nr && depth <= p->depth)
		p->rows++;
	p->depth = depth;
	p->y[depth] = p->rows;
	return p->rows;
}

static void svg_table(struct tables_picture *p, int depth, const u64 *entries, u64 addr)
{
	const struct arch_level *level = level_at(p->m, depth);
	unsigned int row = place(p, depth), y = TOP + 20 + row * ROW, middle = y + (ROW - 4) / 2;
	unsigned int x = 20 + (unsigned int)depth * TABLE_STEP, cells = nr_cells(level), each;

	if (depth && p->y[depth - 1] == row) {
		svg_line(p->out, x - (TABLE_STEP - TABLE_WIDTH), middle, x, middle);
	} else if (depth) {
		unsigned int from = parent_x(p, depth, addr);

		svg_line(p->out, from, TOP + 20 + p->y[depth - 1] * ROW + ROW - 4, from, middle);
		svg_line(p->out, from, middle, x, middle);
	}
	svg_rect(p->out, x, y, TABLE_WIDTH, ROW - 4, "#e8e8e8", 100);
	for (unsigned int cell = 0; cell < cells; cell++) {
		unsigned int used = cell_used(level, entries, cell, &each);

		if (used)
			svg_rect(p->out, x + cell * (TABLE_WIDTH / cells), y, TABLE_WIDTH / cells,
				 ROW - 4, TABLE_COLOUR, 40 + used * 60 / each);
	}
}

static void text_table(struct tables_picture *p, int depth, const u64 *entries, u64 addr)
{
	const struct arch_level *level = level_at(p->m, depth);
	unsigned int sum = 0, each;

	out_pad(p->out, ' ', (size_t)depth * 2);
	out_printf(p->out, "%-*s 0x%012" PRIx64 " |", 12 - 2 * depth, level->name, addr);
	for (unsigned int cell = 0; cell < nr_cells(level); cell++) {
		unsigned int used = cell_used(level, entries, cell, &each);

		sum += used;
		out_putc(p->out, !used ? '.' : used < each ? '+' : '#');
	}
	out_printf(p->out, "| %u of %u\n", sum, level->entries);
}

static int put_table(void *arg, u64 addr, int level, u64 pfn)
{
	struct tables_picture *p = arg;
	const u64 *entries = pfn == PFN_NIL ? p->mm->pgd : table_entries(p->m, pfn);
	int depth = p->m->arch->nr_levels - 1 - level;

	if (p->nr >= MAX_TABLES) {
		p->nr++;
		return 0;
	}
	if (p->svg)
		svg_table(p, depth, entries, addr);
	else
		text_table(p, depth, entries, addr);
	p->nr++;
	return 0;
}

/* How many rows the picture has. */
static int count_table(void *arg, u64 addr, int level, u64 pfn)
{
	struct tables_picture *p = arg;

	(void)addr;
	(void)pfn;
	if (p->nr < MAX_TABLES)
		place(p, p->m->arch->nr_levels - 1 - level);
	p->nr++;
	return 0;
}

static int show_tables(struct out *out, const struct view *v, bool svg)
{
	const struct mm_struct *mm = view_mm(v);
	struct tables_picture count = { .m = v->m, .mm = mm, .depth = -1 };
	struct tables_picture p = { .out = out, .m = v->m, .mm = mm, .svg = svg, .depth = -1 };
	char title[96], about[160];
	int err;

	if (!mm)
		return -ESRCH;
	picture_title(v, "Page tables", title);
	err = walk_page_tables(v->m, mm, count_table, &count);
	if (err)
		return err;
	snprintf(about, sizeof(about), "%u tables%s. Each is drawn in %u parts; entries in use are "
		 "coloured.", count.nr, count.nr > MAX_TABLES ? ", the first 400 of them here" : "",
		 SLOTS);
	if (svg) {
		svg_begin(out, TOP + 20 + (count.rows + 1) * ROW + 20, title, about);
		for (int depth = 0; depth < v->m->arch->nr_levels; depth++)
			svg_text(out, 20 + (unsigned int)depth * TABLE_STEP, TOP + 10,
				 level_at(v->m, depth)->name, 20);
	} else {
		out_printf(out, "%s\n%s\n", title, about);
	}
	err = walk_page_tables(v->m, mm, put_table, &p);
	if (svg)
		svg_end(out);
	return err;
}

static int pagetable_svg_show(struct out *out, const struct view *v)
{
	return show_tables(out, v, /* svg = */ true);
}

static int pagetable_txt_show(struct out *out, const struct view *v)
{
	return show_tables(out, v, false);
}

/* -- names: one file for each process that has memory ---------------------------------- */

static bool pictured_next(const struct view *v, u32 *pid)
{
	const struct task_struct *task = process_next(v->m, *pid);

	while (task && !task->mm)
		task = process_next(v->m, task->pid + 1);
	if (task)
		*pid = task->pid;
	return task;
}

static bool find_named(const struct view *v, const char *name, const char *before,
		       const char *behind, u32 *pid)
{
	size_t head = strlen(before), len = strlen(name), tail = strlen(behind);
	const struct task_struct *task;
	char number[16];

	if (len <= head + tail || len - head - tail >= sizeof(number) ||
	    strncmp(name, before, head) != 0 || strcmp(name + len - tail, behind) != 0)
		return false;
	snprintf(number, sizeof(number), "%.*s", (int)(len - head - tail), name + head);
	if (!host_number(number, pid))
		return false;
	task = task_find(v->m, *pid);
	return task && task->mm && task->pid == task->tgid;
}

#define NAMES(what, before, behind) \
	static void what##_name(const struct view *v, u32 pid, char name[64]) \
	{ \
		snprintf(name, 64, before "%u" behind, pid); \
	} \
	static bool what##_find(const struct view *v, const char *name, u32 *pid) \
	{ \
		return find_named(v, name, before, behind, pid); \
	}

NAMES(process_svg, "process-", ".svg")
NAMES(process_txt, "process-", ".txt")
NAMES(pagetable_svg, "pagetable-", ".svg")
NAMES(pagetable_txt, "pagetable-", ".txt")

#define PICTURE(file, what, words) \
	{ { .name = (file), .mode = S_IFREG | 0400, .span = ALL, .show = what##_show, .sized = true, \
	    .help = (words) }, \
	  .slot = V_PID, .next = pictured_next, .name = what##_name, .find = what##_find }

static const struct each pictures[] = {
	PICTURE("pagetable-<PID>.svg", pagetable_svg, "The page tables of a process: a picture."),
	PICTURE("pagetable-<PID>.txt", pagetable_txt, "The same in letters."),
	PICTURE("process-<PID>.svg", process_svg, "The mappings of a process, and what is there of "
		"each: a picture."),
	PICTURE("process-<PID>.txt", process_txt, "The same in letters."),
};
static const struct dir view_dir = { DIR_EACH(pictures) };

TREE_PARTS(picture_process_parts, { "sim/view", &view_dir });
