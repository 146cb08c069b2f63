// SPDX-License-Identifier: GPL-2.0-or-later
/* Mappings that come, change and go, among few and among many. */
#include "bench_mm.h"

#include "sim/virt/mmap.h"

/* row->extent: how many VMAs there are. */
static void scattered_areas(struct bench *b, const struct row *row)
{
	struct fault_bench *f = b->faults;

	if (f->nr_scattered == row->extent)
		return;
	if (f->nr_scattered)
		bench_unmap(b, SCATTERED, f->nr_scattered * 8ULL * PAGE_SIZE);
	f->nr_scattered = row->extent;
	host_scatter(f->host, row->extent);
	model_maps(b, row->extent);
	for (u64 i = 0; i < row->extent; i++)
		bench_map(b, SCATTERED + i * 8 * PAGE_SIZE, PAGE_SIZE, PROT_READ);
}

/* A large area that was touched, among so many other VMAs. */
static void whole_areas(struct bench *b, const struct row *row)
{
	if (b->faults->protected == row)
		return;
	b->faults->protected = row;
	if (row->extent)
		scattered_areas(b, row);
	touched_areas(b, &(struct row){ .ops = AREA_BYTES / PAGE_SIZE });
	model_maps(b, MAX(row->extent, 1));
}

static void engine_protect(struct bench *b, const struct row *row)
{
	for (unsigned int i = 0; i < row->ops; i++) {
		need(sys_mprotect(b->m, b->faults->task, AREA + AREA_BYTES / 2, PAGE_SIZE,
				  PROT_READ), "mprotect");
		need(sys_mprotect(b->m, b->faults->task, AREA + AREA_BYTES / 2, PAGE_SIZE,
				  PROT_READ | PROT_WRITE), "mprotect");
	}
}

/* The i-th place between two of the mappings. */
static u64 hole(const struct row *row, u32 i)
{
	return SCATTERED + (bench_random(i) % row->extent * 8ULL + 2) * PAGE_SIZE;
}

static void engine_map_unmap(struct bench *b, const struct row *row)
{
	for (unsigned int i = 0; i < row->ops; i++) {
		bench_map(b, hole(row, i), 4 * PAGE_SIZE, PROT_READ | PROT_WRITE);
		bench_unmap(b, hole(row, i), 4 * PAGE_SIZE);
	}
}

static void engine_map_touch_unmap(struct bench *b, const struct row *row)
{
	for (unsigned int i = 0; i < row->ops; i++) {
		bench_map(b, hole(row, i), 4 * PAGE_SIZE, PROT_READ | PROT_WRITE);
		bench_touch(b, hole(row, i), 4, ACCESS_STORE);
		bench_unmap(b, hole(row, i), 4 * PAGE_SIZE);
	}
}

static void kernel_map_unmap(struct bench *b, const struct row *row)
{
	for (unsigned int i = 0; i < row->ops; i++)
		host_map_unmap(b->faults->host, bench_random(i) % row->extent, 0);
}

static void kernel_map_touch_unmap(struct bench *b, const struct row *row)
{
	for (unsigned int i = 0; i < row->ops; i++)
		host_map_unmap(b->faults->host, bench_random(i) % row->extent, 4);
}

static void kernel_protect(struct bench *b, const struct row *row)
{
	for (unsigned int i = 0; i < row->ops; i++)
		host_protect(b->faults->host);
}

static const struct row rows[] = {
	{ "mprotect split + merge, touched", 4000, engine_protect, model_protect, kernel_protect,
	  .prepare = whole_areas, .goal = 4e6, .real = 409e3 },
#define MAP_ROW(text, nr, goal_rate, real_rate) \
	{ "mmap+munmap of 4 pages, " text " VMAs", 4000, engine_map_unmap, model_map_unmap, \
	  kernel_map_unmap, .prepare = scattered_areas, .extent = (nr), .goal = (goal_rate), \
	  .real = (real_rate) }
	MAP_ROW("10", 10, 5e6, 464e3),
	MAP_ROW("1,000", 1000, 4e6, 459e3),
	{ "mmap + touch 4 + munmap, 1,000 VMAs", 9000, engine_map_touch_unmap,
	  model_map_touch_unmap, kernel_map_touch_unmap, .prepare = scattered_areas,
	  .extent = 1000, .goal = 1.5e6, .real = 104e3 },
	{ "mprotect split + merge, 1,000 VMAs", 4000, engine_protect, model_protect,
	  kernel_protect, .prepare = whole_areas, .extent = 1000, .goal = 4e6, .real = 409e3 },
	MAP_ROW("50,000", 50000, 2e6, 421e3),
};

void bench_maps(struct bench *b)
{
	print_rows(b, rows, ARRAY_SIZE(rows));
}
