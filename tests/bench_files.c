// SPDX-License-Identifier: GPL-2.0-or-later
/* A file on a disk: pages of it in the cache, mapped and read. */
#include "bench_mm.h"

#include "sim/phys/lru.h"
#include "sim/reclaim/reclaim.h"
#include "sim/virt/file.h"
#include "sim/virt/mmap.h"
#include "sim/virt/swap.h"
#include "sim/virt/task.h"

#define FILE_PAGES 4096
#define AROUND 16		/* pages that one fault maps */
#define POSIX_FADV_WILLNEED 3
#define ASKED (512 * 1024)	/* of bytes at once: no more may be read for one call */
#define POSIX_FADV_DONTNEED 4
#define SWAP_PAGES (FILE_PAGES * 4)

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
	need(sys_fadvise64(b->m, f->task, f->fd, 0, 0, POSIX_FADV_DONTNEED), "fadvise");
	for (u64 at = 0; at < FILE_PAGES * PAGE_SIZE; at += ASKED)
		need(sys_fadvise64(b->m, f->task, f->fd, at, ASKED, POSIX_FADV_WILLNEED), "fadvise");
	lru_add_drain_all(b->m);
}

/* The same of memory that has been used for long, none of which is in the host's caches. */
static void aged_areas(struct bench *b, const struct row *row)
{
	struct fault_bench *f = b->faults;

	if (!b->held_pfns && f->fd) {
		bench_unmap(b, AREA, FILE_PAGES * PAGE_SIZE);
		need(sys_fadvise64(b->m, f->task, f->fd, 0, 0, POSIX_FADV_DONTNEED), "fadvise");
	}
	scatter_free_pages(b);
	unmapped_areas(b, row);
	model_scattered_file(b, FILE_PAGES);
	evict_caches(b);
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

/* A file of a disk is swap; so are the slots that the model has. */
static void swap_on(struct bench *b)
{
	struct fault_bench *f = b->faults;
	const char *const path = "/root/swap";
	u64 done;
	int fd;

	if (f->swap)
		return;
	f->swap = true;
	need(sys_open(b->m, f->task, path, O_RDWR | O_CREAT, 0600, &fd), "open");
	need(sys_pwrite(b->m, f->task, fd, 0, SWAP_PAGES * PAGE_SIZE, &done), "pwrite");
	need(sys_fsync(b->m, f->task, fd), "fsync");
	need(sys_close(b->m, f->task, fd), "close");
	need(swap_mkswap(b->m, path), "mkswap");
	need(sys_swapon(b->m, f->task, path, 0), "swapon");
	model_swap_on(b, SWAP_PAGES);
}

/* Every page is touched, anonymous, on its list. */
static void swappable_areas(struct bench *b, const struct row *row)
{
	swap_on(b);
	touched_areas(b, row);
	lru_add_drain_all(b->m);
	model_list_anon(b, row);
}

static void aged_swappable_areas(struct bench *b, const struct row *row)
{
	swap_on(b);
	scatter_free_pages(b);
	fresh_areas(b, row);
	model_scatter(b, row->ops);
	bench_touch(b, AREA, row->ops, ACCESS_STORE);
	lru_add_drain_all(b->m);
	model_faults(b, row);
	model_list_anon(b, row);
	evict_caches(b);
}

static void engine_swap_out(struct bench *b, const struct row *row)
{
	struct mm_struct *mm = b->faults->task->mm;

	need(sys_madvise(b->m, b->faults->task, AREA, row->ops * PAGE_SIZE, MADV_PAGEOUT),
	     "madvise");
	need(get_mm_counter(mm, MM_SWAPENTS) == row->ops ? 0 : -EAGAIN, "swap-out");
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
	  .prepare = file_areas, .goal = 20e6, .real = 7.2e6 },
	{ "MADV_PAGEOUT of clean file pages", FILE_PAGES, engine_pageout, model_pageout,
	  kernel_pageout, .prepare = mapped_areas, .goal = 4e6, .real = 1.9e6 },
	{ "reclaim of clean file pages", FILE_PAGES, engine_reclaim, model_reclaim, NULL,
	  .prepare = unmapped_areas, .goal = 2e6 },
	{ "cached 4 KiB file read", FILE_PAGES, engine_cached_read, model_cached_read,
	  kernel_cached_read, .prepare = file_areas, .goal = 10e6, .real = 1.3e6 },
};

/* Pages in any order, out of the caches. */
static const struct row aged_rows[] = {
	{ "reclaim of clean file pages, aged", FILE_PAGES, engine_reclaim, model_reclaim, NULL,
	  .prepare = aged_areas, .goal = 2e6, .share = 0.25 },
	{ "cached 4 KiB file read, aged", FILE_PAGES, engine_cached_read, model_cached_read, NULL,
	  .prepare = aged_areas, .share = 0.25 },
};

/* From these on there is swap: whoever reclaims takes anonymous pages, too. */
static const struct row swap_rows[] = {
	{ "MADV_PAGEOUT of anonymous pages", FILE_PAGES, engine_swap_out, model_swap_out, NULL,
	  .prepare = swappable_areas },
	{ "MADV_PAGEOUT of anonymous pages, aged", FILE_PAGES, engine_swap_out, model_swap_out,
	  NULL, .prepare = aged_swappable_areas, .share = 0.25 },
};

void bench_files(struct bench *b)
{
	print_rows(b, rows, ARRAY_SIZE(rows));
	print_rows(b, aged_rows, ARRAY_SIZE(aged_rows));
	gather_free_pages(b);
	print_rows(b, swap_rows, ARRAY_SIZE(swap_rows));
	gather_free_pages(b);
}
