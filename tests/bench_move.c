// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Pages that move: the host, with one node, has nothing that could be asked. Its memory is
 * compacted only where KMM_BENCH_COMPACT names the file to write 1 to, which is for who owns
 * the host to allow: /proc/sys/vm/compact_memory.
 */
#include "bench_mm.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

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

static long vmstat_value(const char *key)
{
	char line[128];
	long value = 0;
	FILE *file = fopen("/proc/vmstat", "r");

	while (file && fgets(line, sizeof(line), file))
		if (!strncmp(line, key, strlen(key)))
			value = strtol(line + strlen(key), NULL, 10);
	if (file)
		fclose(file);
	return value;
}

/* What the host's own compaction moves in a second, if it may be asked. */
static void host_compaction(struct bench *b)
{
	const char *path = getenv("KMM_BENCH_COMPACT");
	double start, took;
	long moved;
	int fd;

	if (!path || b->words)
		return;
	/* It has something to move. */
	touched_areas(b, &(struct row){ .ops = AREA_BYTES / PAGE_SIZE });
	moved = vmstat_value("pgmigrate_success ");
	fd = open(path, O_WRONLY);
	if (fd < 0)
		need(-errno, path);
	start = now();
	if (write(fd, "1", 1) != 1)
		need(-errno, path);
	took = now() - start;
	close(fd);
	moved = vmstat_value("pgmigrate_success ") - moved;
	printf("host's compact_memory: %ld pages moved in %.3f s, %.0f a second\n", moved, took,
	       moved / took);
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
	host_compaction(b);
}
