// SPDX-License-Identifier: GPL-2.0-or-later
/* Pages that move: the host, with one node, has nothing that could be asked. */
#include "bench_mm.h"

#include "sim/phys/page_alloc.h"
#include "sim/policy/compaction.h"
#include "sim/virt/mempolicy.h"
#include "sim/virt/mmap.h"
#include "sim/virt/task.h"

#define MOVED_PAGES 4096

/* Every other page of the area is there. */
static void checkerboard(struct bench *b, const struct row *row)
{
	(void)row;
	touched_areas(b, &(struct row){ .ops = AREA_BYTES / PAGE_SIZE });
	for (u64 i = 0; i < AREA_BYTES / PAGE_SIZE; i++)
		if ((i + i / 32) % 2)
			need(sys_madvise(b->m, b->faults->task, AREA + i * PAGE_SIZE, PAGE_SIZE,
					 MADV_DONTNEED), "madvise");
	drain_all_pages(b->m, NULL);
}

static void engine_compact(struct bench *b, const struct row *row)
{
	(void)row;
	compact_nodes(b->m);
}

static void engine_migrate(struct bench *b, const struct row *row)
{
	unsigned int here = pfn_zone(b->m, follow_page(b->m, b->faults->task->mm, AREA))->node;
	static u64 pages[MOVED_PAGES];
	static int nodes[MOVED_PAGES], status[MOVED_PAGES];
	struct move_pages_request req = {
		.nr_pages = row->ops, .pages = pages, .nodes = nodes, .status = status,
		.flags = MPOL_MF_MOVE,
	};

	for (unsigned int i = 0; i < row->ops; i++) {
		pages[i] = AREA + i * PAGE_SIZE;
		nodes[i] = !here;
	}
	need(sys_move_pages(b->m, b->faults->task, &req), "move_pages");
}

static const struct row rows[] = {
	{ "move_pages, pages to the other node", MOVED_PAGES, engine_migrate,
	  .prepare = touched_areas },
	{ "compaction, 64 MiB checkerboard", AREA_BYTES / PAGE_SIZE / 2, engine_compact,
	  .prepare = checkerboard },
};

void bench_move(struct bench *b)
{
	print_rows(b, rows, ARRAY_SIZE(rows));
}
