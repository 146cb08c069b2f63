// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Tasks, mappings and faults: each row does the same to a task of the engine and to a
 * process of the host, with small pages on both sides.
 */
#include "bench.h"
#include "bench_host.h"

#include "sim/virt/fork.h"
#include "sim/virt/memory.h"
#include "sim/virt/mmap.h"
#include "sim/virt/sched.h"

#define AREA_BYTES (64U << 20)
#define AREA 0x20000000ULL
#define SCATTERED 0x40000000ULL	/* where 1,000 VMAs lie */
#define NR_SCATTERED 1000
#define FORK_PAGES 256

struct fault_bench {
	struct task_struct *task, *child;
	struct host_bench *host;
	bool scattered;
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
}

static void touched_areas(struct bench *b, const struct row *row)
{
	fresh_areas(b, row);
	touch(b, row->ops, ACCESS_STORE);
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

static void scattered_areas(struct bench *b, const struct row *row)
{
	(void)row;
	if (b->faults->scattered)
		return;
	b->faults->scattered = true;
	host_scatter(b->faults->host, NR_SCATTERED);
	for (u64 i = 0; i < NR_SCATTERED; i++)
		map(b, SCATTERED + i * 8 * PAGE_SIZE, PAGE_SIZE, PROT_READ);
}

/* 1 MiB is touched; the host's process that forks has as much. */
static void fork_areas(struct bench *b, const struct row *row)
{
	fresh_areas(b, row);
	touch(b, FORK_PAGES, ACCESS_STORE);
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

static void engine_map_unmap(struct bench *b, const struct row *row)
{
	for (unsigned int i = 0; i < row->ops; i++) {
		u64 addr = SCATTERED + (i % NR_SCATTERED * 8 + 2) * PAGE_SIZE;

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
		host_map_unmap(b->faults->host, i);
}

static void kernel_fork(struct bench *b, const struct row *row)
{
	host_fork(b->faults->host, row->ops);
}

static const struct row rows[] = {
	{ "anonymous fault, sequential", 4096, engine_store, .kernel = kernel_store,
	  .prepare = fresh_areas },
	{ "read fault on the zero page", 4096, engine_load, .kernel = kernel_load,
	  .prepare = fresh_areas },
	{ "MADV_DONTNEED, pages", 4096, engine_dontneed, .kernel = kernel_dontneed,
	  .prepare = touched_areas },
	{ "COW break", 2048, engine_store, .kernel = kernel_store, .prepare = shared_areas },
	{ "fork+exit, 1 MiB touched", 20, engine_fork, .kernel = kernel_fork,
	  .prepare = fork_areas },
	{ "mmap+munmap of 4 pages, 1,000 VMAs", 1000, engine_map_unmap,
	  .kernel = kernel_map_unmap, .prepare = scattered_areas },
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
	unmap(b, AREA, AREA_BYTES);
	unmap(b, SCATTERED, NR_SCATTERED * 8 * PAGE_SIZE);
	host_bench_free(f.host);
	b->faults = NULL;
}
