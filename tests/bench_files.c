// SPDX-License-Identifier: GPL-2.0-or-later
/* A file on a disk: pages of it in the cache, mapped and read. */
#include "bench_mm.h"

#include "sim/phys/lru.h"
#include "sim/reclaim/reclaim.h"
#include "sim/virt/file.h"
#include "sim/virt/mmap.h"

#define FILE_PAGES 4096
#define AROUND 16		/* pages that one fault maps */

/* A file whose pages are in the cache, and clean, is mapped anew. */
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
		need(sys_open(b->m, f->task, "/root/bench", O_RDWR | O_CREAT, 0600, &f->fd),
		     "open");
		need(sys_pwrite(b->m, f->task, f->fd, 0, req.len, &done), "pwrite");
		need(sys_fsync(b->m, f->task, f->fd), "fsync");
	}
	req.file = fget(b->m, f->task, f->fd);
	need(sys_mmap(b->m, f->task, &req, &done), "mmap");
	need(sys_pread(b->m, f->task, f->fd, 0, req.len, &done), "pread");
	host_area_file(f->host, req.len);
	model_file(b, FILE_PAGES);
}

/* The same; nobody has it mapped, or read it twice. */
static void unmapped_areas(struct bench *b, const struct row *row)
{
	struct fault_bench *f = b->faults;

	file_areas(b, row);
	bench_unmap(b, AREA, FILE_PAGES * PAGE_SIZE);
	need(sys_fadvise64(b->m, f->task, f->fd, 0, 0, /* POSIX_FADV_DONTNEED */ 4), "fadvise");
	need(sys_fadvise64(b->m, f->task, f->fd, 0, 0, /* POSIX_FADV_WILLNEED */ 3), "fadvise");
	lru_add_drain_all(b->m);
}

static void engine_file(struct bench *b, const struct row *row)
{
	struct access_result result;

	for (u64 i = 0; i < row->ops; i += AROUND)
		need(task_access(b->m, b->faults->task, AREA + i * PAGE_SIZE, ACCESS_LOAD,
				 &result), "access");
}

/* And every page of it is mapped. */
static void mapped_areas(struct bench *b, const struct row *row)
{
	file_areas(b, row);
	engine_file(b, row);
	host_area_touch(b->faults->host, row->ops, /* write = */ false);
	model_file_faults(b, row);
}

static void engine_pageout(struct bench *b, const struct row *row)
{
	need(sys_madvise(b->m, b->faults->task, AREA, row->ops * PAGE_SIZE, MADV_PAGEOUT),
	     "madvise");
}

/* Nobody maps the pages: they go as somebody asks for the node's memory. */
static void engine_reclaim(struct bench *b, const struct row *row)
{
	struct pglist_data *node = b->m->nodes[b->m->cpu_node[b->m->cpu]];
	s64 before = node->stat[NR_FILE_PAGES];
	int err = node_reclaim_proactive(b->m, node, row->ops, -1);

	/* A few may be somebody's: then that is said. */
	need(err == -EAGAIN ? 0 : err, "reclaim");
	need(before - node->stat[NR_FILE_PAGES] > row->ops / 100 * 99 ? 0 : -EAGAIN, "reclaim");
}

static void engine_cached_read(struct bench *b, const struct row *row)
{
	struct fault_bench *f = b->faults;
	u64 done;

	for (u64 i = 0; i < row->ops; i++) {
		need(sys_pread(b->m, f->task, f->fd, i * PAGE_SIZE, PAGE_SIZE, &done), "pread");
		need(done == PAGE_SIZE ? 0 : -EIO, "pread");
	}
}

static void kernel_file(struct bench *b, const struct row *row)
{
	for (unsigned int i = 0; i < row->ops; i += AROUND)
		host_read_page(b->faults->host, i);
}

static void kernel_pageout(struct bench *b, const struct row *row)
{
	host_area_pageout(b->faults->host, row->ops);
}

static void kernel_cached_read(struct bench *b, const struct row *row)
{
	for (unsigned int i = 0; i < row->ops; i++)
		host_pread_page(b->faults->host, i);
}

static const struct row rows[] = {
	{ "file read faults, pages", FILE_PAGES, engine_file, model_file_faults, kernel_file,
	  .prepare = file_areas, .goal = 20e6 },
	{ "MADV_PAGEOUT of clean file pages", FILE_PAGES, engine_pageout, model_pageout,
	  kernel_pageout, .prepare = mapped_areas, .goal = 4e6 },
	{ "reclaim of clean file pages", FILE_PAGES, engine_reclaim, model_reclaim, NULL,
	  .prepare = unmapped_areas, .goal = 2e6 },
	{ "cached 4 KiB file read", FILE_PAGES, engine_cached_read, model_cached_read,
	  kernel_cached_read, .prepare = file_areas, .goal = 10e6 },
};

void bench_files(struct bench *b)
{
	print_rows(b, rows, ARRAY_SIZE(rows));
}
