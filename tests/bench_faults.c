// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Tasks, mappings and faults: each row does the same to a task of the engine and to a
 * process of the host, with small pages on both sides.
 */
#include "bench.h"
#include "bench_host.h"

#include "sim/phys/page_alloc.h"
#include "sim/policy/compaction.h"
#include "sim/virt/file.h"
#include "sim/virt/fork.h"
#include "sim/virt/memory.h"
#include "sim/virt/mempolicy.h"
#include "sim/virt/mmap.h"
#include "sim/virt/sched.h"

#define AREA_BYTES (64U << 20)
#define AREA 0x20000000ULL
#define SCATTERED 0x40000000ULL	/* where small VMAs lie */
#define FORK_PAGES 256
#define LARGE_BYTES (256U << 20)
#define FILE_PAGES 4096
#define AROUND 16		/* pages that one fault maps */

struct fault_bench {
	struct task_struct *task, *child;
	struct host_bench *host;
	u32 nr_scattered;
	int fd;			/* of a cached file; 0: none yet */
};

static void map(struct bench *b, u64 addr, u64 len, u64 prot)
{
	const struct mmap_request req = {
		.addr = addr, .len = len, .prot = prot,
		.flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED,
	};
	u64 got;

	need(sys_mmap(b->m, b->faults->task, &req, &got), "mmap");
}

static void unmap(struct bench *b, u64 addr, u64 len)
{
	need(sys_munmap(b->m, b->faults->task, addr, len), "munmap");
}

static void touch(struct bench *b, u64 nr_pages, enum access access)
{
	struct access_result result;

	for (u64 i = 0; i < nr_pages; i++) {
		need(task_access(b->m, b->faults->task, AREA + i * PAGE_SIZE, access, &result),
		     "access");
		need(result.signal ? -EFAULT : 0, "access");
	}
}

static struct task_struct *fork_child(struct bench *b)
{
	struct task_struct *child;
	u32 pid;

	need(sys_clone(b->m, b->faults->task, 0, &pid), "clone");
	child = task_find(b->m, pid);
	need(child ? 0 : -ESRCH, "clone");
	return child;
}

static void end_child(struct bench *b, struct task_struct *child)
{
	u32 pid = child->pid, ended, status;

	sched_switch_to(b->m, child);
	do_group_exit(b->m, child, 0);
	sched_switch_to(b->m, b->faults->task);
	need(sys_wait4(b->m, b->faults->task, (s32)pid, 0, &ended, &status), "wait4");
}

/* Both sides have an area that nobody touched. */
static void fresh_areas(struct bench *b, const struct row *row)
{
	(void)row;
	if (b->faults->child)
		end_child(b, b->faults->child);
	b->faults->child = NULL;
	map(b, AREA, AREA_BYTES, PROT_READ | PROT_WRITE);
	host_area_new(b->faults->host, AREA_BYTES);
	model_mm_empty(b, AREA_BYTES / PAGE_SIZE);
}

static void touched_areas(struct bench *b, const struct row *row)
{
	fresh_areas(b, row);
	touch(b, row->ops, ACCESS_STORE);
	model_faults(b, row);
	host_area_touch(b->faults->host, row->ops, /* write = */ true);
}

/* Every page is shared with a child. */
static void shared_areas(struct bench *b, const struct row *row)
{
	touched_areas(b, row);
	b->faults->child = fork_child(b);
	sched_switch_to(b->m, b->faults->task);
	host_area_share(b->faults->host);
}

static void whole_areas(struct bench *b, const struct row *row)
{
	(void)row;
	touched_areas(b, &(struct row){ .ops = AREA_BYTES / PAGE_SIZE });
}

/* row->extent: how many VMAs there are. */
static void scattered_areas(struct bench *b, const struct row *row)
{
	struct fault_bench *f = b->faults;

	if (f->nr_scattered == row->extent)
		return;
	if (f->nr_scattered)
		unmap(b, SCATTERED, f->nr_scattered * 8ULL * PAGE_SIZE);
	f->nr_scattered = row->extent;
	host_scatter(f->host, row->extent);
	model_maps(b, row->extent);
	for (u64 i = 0; i < row->extent; i++)
		map(b, SCATTERED + i * 8 * PAGE_SIZE, PAGE_SIZE, PROT_READ);
}

/* So much is touched; the host's process that forks has as much. */
static void fork_areas(struct bench *b, const struct row *row)
{
	u64 pages = row->extent / PAGE_SIZE;

	if (get_mm_resident(b->faults->task->mm) >= pages && row->extent > AREA_BYTES)
		return;		/* it is there still */
	fresh_areas(b, row);
	map(b, AREA, MAX(row->extent, AREA_BYTES), PROT_READ | PROT_WRITE);
	touch(b, pages, ACCESS_STORE);
	model_faults(b, &(struct row){ .ops = (unsigned int)pages });
}

/* A file whose pages are in the cache is mapped anew. */
static void file_areas(struct bench *b, const struct row *row)
{
	struct fault_bench *f = b->faults;
	struct mmap_request req = {
		.addr = AREA, .len = FILE_PAGES * PAGE_SIZE, .prot = PROT_READ,
		.flags = MAP_PRIVATE | MAP_FIXED,
	};
	u64 done;

	fresh_areas(b, row);
	if (!f->fd) {
		need(sys_open(b->m, f->task, "/tmp/bench", O_RDWR | O_CREAT, 0600, &f->fd), "open");
		need(sys_pwrite(b->m, f->task, f->fd, 0, req.len, &done), "pwrite");
	}
	req.file = fget(b->m, f->task, f->fd);
	need(sys_mmap(b->m, f->task, &req, &done), "mmap");
	host_area_file(f->host, req.len);
}

static void engine_store(struct bench *b, const struct row *row)
{
	touch(b, row->ops, ACCESS_STORE);
}

static void engine_load(struct bench *b, const struct row *row)
{
	touch(b, row->ops, ACCESS_LOAD);
}

static void engine_dontneed(struct bench *b, const struct row *row)
{
	need(sys_madvise(b->m, b->faults->task, AREA, row->ops * PAGE_SIZE, MADV_DONTNEED),
	     "madvise");
}

static void engine_random(struct bench *b, const struct row *row)
{
	struct access_result result;

	for (unsigned int i = 0; i < row->ops; i++)
		need(task_access(b->m, b->faults->task,
				 AREA + (u64)bench_random_page(i) * PAGE_SIZE, ACCESS_STORE,
				 &result), "access");
}

static void engine_file(struct bench *b, const struct row *row)
{
	struct access_result result;

	for (u64 i = 0; i < row->ops; i += AROUND)
		need(task_access(b->m, b->faults->task, AREA + i * PAGE_SIZE, ACCESS_LOAD,
				 &result), "access");
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

static void engine_map_unmap(struct bench *b, const struct row *row)
{
	for (unsigned int i = 0; i < row->ops; i++) {
		u64 addr = SCATTERED + (bench_random(i) % row->extent * 8ULL + 2) * PAGE_SIZE;

		map(b, addr, 4 * PAGE_SIZE, PROT_READ | PROT_WRITE);
		unmap(b, addr, 4 * PAGE_SIZE);
	}
}

static void engine_fork(struct bench *b, const struct row *row)
{
	for (unsigned int i = 0; i < row->ops; i++)
		end_child(b, fork_child(b));
}

static void kernel_store(struct bench *b, const struct row *row)
{
	host_area_touch(b->faults->host, row->ops, /* write = */ true);
}

static void kernel_load(struct bench *b, const struct row *row)
{
	host_area_touch(b->faults->host, row->ops, /* write = */ false);
}

static void kernel_dontneed(struct bench *b, const struct row *row)
{
	host_area_dontneed(b->faults->host, row->ops);
}

static void kernel_map_unmap(struct bench *b, const struct row *row)
{
	for (unsigned int i = 0; i < row->ops; i++)
		host_map_unmap(b->faults->host, bench_random(i) % row->extent);
}

static void kernel_fork(struct bench *b, const struct row *row)
{
	host_fork(b->faults->host, row->ops, row->extent);
}

static void kernel_random(struct bench *b, const struct row *row)
{
	for (unsigned int i = 0; i < row->ops; i++)
		host_touch_page(b->faults->host, bench_random_page(i));
}

static void kernel_file(struct bench *b, const struct row *row)
{
	for (unsigned int i = 0; i < row->ops; i += AROUND)
		host_read_page(b->faults->host, i);
}

static void kernel_protect(struct bench *b, const struct row *row)
{
	for (unsigned int i = 0; i < row->ops; i++)
		host_protect(b->faults->host);
}

/* -- pages that move: the host, with one node, has nothing that could be asked -- */

/* Every other page of the area is there. */
static void checkerboard(struct bench *b, const struct row *row)
{
	whole_areas(b, row);
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
	static u64 pages[FILE_PAGES];
	static int nodes[FILE_PAGES], status[FILE_PAGES];
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
	{ "anonymous fault, sequential", 4096, engine_store, model_faults, kernel_store,
	  .prepare = fresh_areas },
	{ "anonymous fault, random addresses", 4096, engine_random, model_random_faults,
	  kernel_random, .prepare = fresh_areas },
	{ "read fault on the zero page", 4096, engine_load, .kernel = kernel_load,
	  .prepare = fresh_areas },
	{ "file read faults, pages", FILE_PAGES, engine_file, .kernel = kernel_file,
	  .prepare = file_areas },
	{ "MADV_DONTNEED, pages", 4096, engine_dontneed, model_dontneed, kernel_dontneed,
	  .prepare = touched_areas },
	{ "COW break", 2048, engine_store, model_cow, kernel_store, .prepare = shared_areas },
	{ "mprotect split + merge, touched", 5000, engine_protect, .kernel = kernel_protect,
	  .prepare = whole_areas },
	{ "move_pages, pages to the other node", FILE_PAGES, engine_migrate,
	  .prepare = touched_areas },
	{ "compaction, 64 MiB checkerboard, pages", AREA_BYTES / PAGE_SIZE / 2,
	  engine_compact, .prepare = checkerboard },
	{ "fork+exit, 1 MiB touched", 20, engine_fork, model_fork, kernel_fork,
	  .prepare = fork_areas, .extent = FORK_PAGES * PAGE_SIZE },
	{ "fork+exit, 256 MiB touched", 1, engine_fork, model_fork, kernel_fork,
	  .prepare = fork_areas, .extent = LARGE_BYTES },
#define MAP_ROW(text, nr) \
	{ "mmap+munmap of 4 pages, " text " VMAs", 1000, engine_map_unmap, model_map_unmap, \
	  kernel_map_unmap, .prepare = scattered_areas, .extent = (nr) }
	MAP_ROW("10", 10),
	MAP_ROW("1,000", 1000),
	MAP_ROW("50,000", 50000),
};

void bench_faults(struct bench *b)
{
	struct fault_bench f = { .task = task_find(b->m, PID_INIT), .host = host_bench_new() };

	need(f.task && f.task->mm ? 0 : -ESRCH, "init");
	b->faults = &f;
	sched_switch_to(b->m, f.task);
	print_rows(b, rows, ARRAY_SIZE(rows));
	if (f.child)
		end_child(b, f.child);
	unmap(b, AREA, LARGE_BYTES);
	if (f.nr_scattered)
		unmap(b, SCATTERED, f.nr_scattered * 8ULL * PAGE_SIZE);
	if (f.fd)
		need(sys_close(b->m, f.task, f.fd), "close");
	host_bench_free(f.host);
	b->faults = NULL;
}
