// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Anonymous faults and forks: each row does the same to a task of the engine and to a
 * process of the host, with small pages on both sides.
 */
#include "bench_mm.h"

#include <stdlib.h>

#include "sim/virt/file.h"
#include "sim/virt/fork.h"
#include "sim/virt/memory.h"
#include "sim/virt/mmap.h"
#include "sim/virt/sched.h"

#define FORK_PAGES 256
#define LARGE_BYTES (256U << 20)

void bench_map(struct bench *b, u64 addr, u64 len, u64 prot)
{
	const struct mmap_request req = {
		.addr = addr, .len = len, .prot = prot,
		.flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED,
	};
	u64 got;

	need(sys_mmap(b->m, b->faults->task, &req, &got), "mmap");
}

void bench_unmap(struct bench *b, u64 addr, u64 len)
{
	need(sys_munmap(b->m, b->faults->task, addr, len), "munmap");
}

void bench_touch(struct bench *b, u64 addr, u64 nr_pages, enum access access)
{
	struct access_result result;

	for (u64 i = 0; i < nr_pages; i++) {
		need(task_access(b->m, b->faults->task, addr + i * PAGE_SIZE, access, &result),
		     "access");
		need(result.signal ? -EFAULT : 0, "access");
	}
}

static struct task_struct *fork_child(struct bench *b)
{
	struct task_struct *child;
	u32 pid;

	need(sys_clone(b->m, b->faults->task, SIGCHLD, &pid), "clone");
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
void fresh_areas(struct bench *b, const struct row *row)
{
	(void)row;
	if (b->faults->child)
		end_child(b, b->faults->child);
	b->faults->child = NULL;
	bench_map(b, AREA, AREA_BYTES, PROT_READ | PROT_WRITE);
	host_area_new(b->faults->host, AREA_BYTES);
	model_mm_empty(b, AREA_BYTES / PAGE_SIZE);
}

void touched_areas(struct bench *b, const struct row *row)
{
	fresh_areas(b, row);
	bench_touch(b, AREA, row->ops, ACCESS_STORE);
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

/* So much is touched; the host's process that forks has as much. */
static void fork_areas(struct bench *b, const struct row *row)
{
	u64 pages = row->extent / PAGE_SIZE;

	if (get_mm_resident(b->faults->task->mm) >= pages && row->extent > AREA_BYTES)
		return;		/* it is there still */
	fresh_areas(b, row);
	bench_map(b, AREA, MAX(row->extent, AREA_BYTES), PROT_READ | PROT_WRITE);
	bench_touch(b, AREA, pages, ACCESS_STORE);
	model_faults(b, &(struct row){ .ops = (unsigned int)pages });
}

static void engine_store(struct bench *b, const struct row *row)
{
	bench_touch(b, AREA, row->ops, ACCESS_STORE);
}

static void engine_load(struct bench *b, const struct row *row)
{
	bench_touch(b, AREA, row->ops, ACCESS_LOAD);
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

static void kernel_fork(struct bench *b, const struct row *row)
{
	host_fork(b->faults->host, row->ops, row->extent);
}

static void kernel_random(struct bench *b, const struct row *row)
{
	for (unsigned int i = 0; i < row->ops; i++)
		host_touch_page(b->faults->host, bench_random_page(i));
}

static const struct row rows[] = {
	{ "anonymous fault, sequential", 4096, engine_store, model_faults, kernel_store,
	  .prepare = fresh_areas, .goal = 10e6, .real = 0.52e6 },
	{ "anonymous fault, random addresses", 4096, engine_random, model_random_faults,
	  kernel_random, .prepare = fresh_areas, .goal = 4e6 },
	{ "read fault on the zero page", 4096, engine_load, model_zero_page, kernel_load,
	  .prepare = fresh_areas, .goal = 10e6, .real = 1.23e6 },
	{ "MADV_DONTNEED, pages", 4096, engine_dontneed, model_dontneed, kernel_dontneed,
	  .prepare = touched_areas, .goal = 10e6, .real = 5.7e6 },
	{ "COW break", 2048, engine_store, model_cow, kernel_store, .prepare = shared_areas,
	  .goal = 5e6, .real = 364e3 },
	{ "fork+exit, 1 MiB touched", 20, engine_fork, model_fork, kernel_fork,
	  .prepare = fork_areas, .extent = FORK_PAGES * PAGE_SIZE, .goal = 150e3, .real = 10.8e3 },
	{ "fork+exit, 256 MiB touched", 1, engine_fork, model_fork, kernel_fork,
	  .prepare = fork_areas, .extent = LARGE_BYTES, .goal = 800, .real = 160 },
};

void bench_faults(struct bench *b)
{
	print_rows(b, rows, ARRAY_SIZE(rows));
}

void fault_bench_begin(struct bench *b)
{
	struct fault_bench *f = calloc(1, sizeof(*f));

	need(f ? 0 : -ENOMEM, "memory");
	f->host = host_bench_new();
	f->task = task_find(b->m, PID_INIT);
	need(f->task && f->task->mm ? 0 : -ESRCH, "init");
	b->faults = f;
	sched_switch_to(b->m, f->task);
}

void fault_bench_end(struct bench *b)
{
	struct fault_bench *f = b->faults;

	if (f->child)
		end_child(b, f->child);
	bench_unmap(b, AREA, LARGE_BYTES);
	if (f->nr_scattered)
		bench_unmap(b, SCATTERED, f->nr_scattered * 8ULL * PAGE_SIZE);
	if (f->fd)
		need(sys_close(b->m, f->task, f->fd), "close");
	host_bench_free(f->host);
	free(f);
	b->faults = NULL;
}
