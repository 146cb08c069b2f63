// SPDX-License-Identifier: GPL-2.0-or-later
#include "bench_host.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define HOST_PAGE 4096UL

struct host_bench {
	char *area, *scattered;
	size_t area_bytes, scattered_bytes;
	unsigned int nr_scattered;
	pid_t child;
	int to_forker, from_forker, file;
};

static void must(bool fine, const char *what)
{
	if (fine)
		return;
	fprintf(stderr, "bench: host: %s: %s\n", what, strerror(errno));
	exit(1);
}

static char *map(size_t bytes, int prot)
{
	char *area = mmap(NULL, bytes, prot, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	must(area != MAP_FAILED, "mmap");
	madvise(area, bytes, MADV_NOHUGEPAGE);	/* where there are none, it fails */
	return area;
}

static void start_forker(struct host_bench *h)
{
	int to[2], from[2];
	pid_t pid;

	must(!pipe(to) && !pipe(from), "pipe");
	pid = fork();
	must(pid >= 0, "fork");
	if (!pid) {
		dup2(to[0], 0);
		dup2(from[1], 1);
		close(to[1]);
		execl("/proc/self/exe", "bench", "--forker", (char *)NULL);
		_exit(1);
	}
	close(to[0]);
	close(from[1]);
	h->to_forker = to[1];
	h->from_forker = from[0];
}

struct host_bench *host_bench_new(void)
{
	struct host_bench *h = calloc(1, sizeof(*h));

	must(h, "memory");
	start_forker(h);
	return h;
}

static void end_child(struct host_bench *h)
{
	if (!h->child)
		return;
	kill(h->child, SIGKILL);
	waitpid(h->child, NULL, 0);
	h->child = 0;
}

void host_bench_free(struct host_bench *h)
{
	end_child(h);
	close(h->to_forker);
	close(h->from_forker);
	if (h->file)
		close(h->file);
	if (h->area)
		munmap(h->area, h->area_bytes);
	if (h->scattered)
		munmap(h->scattered, h->scattered_bytes);
	free(h);
}

void host_area_new(struct host_bench *h, size_t bytes)
{
	end_child(h);
	if (h->area)
		munmap(h->area, h->area_bytes);
	h->area = map(bytes, PROT_READ | PROT_WRITE);
	h->area_bytes = bytes;
}

void host_area_touch(struct host_bench *h, size_t nr_pages, bool write)
{
	volatile char *area = h->area;

	for (size_t i = 0; i < nr_pages; i++) {
		if (write)
			area[i * HOST_PAGE] = 1;
		else
			(void)area[i * HOST_PAGE];
	}
}

void host_touch_page(struct host_bench *h, size_t page)
{
	volatile char *area = h->area;

	area[page * HOST_PAGE] = 1;
}

void host_read_page(struct host_bench *h, size_t page)
{
	volatile char *area = h->area;

	(void)area[page * HOST_PAGE];
}

void host_area_file(struct host_bench *h, size_t bytes)
{
	char name[] = "/tmp/kmm-bench-XXXXXX", *text = calloc(1, bytes);

	if (!h->file) {
		h->file = mkstemp(name);
		must(h->file > 0 && !unlink(name) && text, "a file");
		must(write(h->file, text, bytes) == (ssize_t)bytes, "a file");
		must(!fsync(h->file), "a file");
	}
	/* All of it is in the cache. */
	must(text && pread(h->file, text, bytes, 0) == (ssize_t)bytes, "a file");
	free(text);
	if (h->area)
		munmap(h->area, h->area_bytes);
	h->area_bytes = bytes;
	h->area = mmap(NULL, bytes, PROT_READ, MAP_PRIVATE, h->file, 0);
	must(h->area != MAP_FAILED, "mmap");
}

void host_area_pageout(struct host_bench *h, size_t nr_pages)
{
	must(!madvise(h->area, nr_pages * HOST_PAGE, MADV_PAGEOUT), "madvise");
}

void host_pread_page(struct host_bench *h, size_t page)
{
	char text[HOST_PAGE];

	must(pread(h->file, text, sizeof(text), (off_t)(page * HOST_PAGE)) == sizeof(text),
	     "pread");
}

void host_protect(struct host_bench *h)
{
	char *page = h->area + h->area_bytes / 2;

	must(!mprotect(page, HOST_PAGE, PROT_READ), "mprotect");
	must(!mprotect(page, HOST_PAGE, PROT_READ | PROT_WRITE), "mprotect");
}

void host_area_dontneed(struct host_bench *h, size_t nr_pages)
{
	must(!madvise(h->area, nr_pages * HOST_PAGE, MADV_DONTNEED), "madvise");
}

void host_area_share(struct host_bench *h)
{
	end_child(h);
	h->child = fork();
	must(h->child >= 0, "fork");
	if (h->child)
		return;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (;;)
		pause();
}

void host_scatter(struct host_bench *h, unsigned int nr)
{
	if (h->nr_scattered == nr)
		return;
	if (h->scattered)
		munmap(h->scattered, h->scattered_bytes);
	h->nr_scattered = nr;
	h->scattered_bytes = nr * 8 * HOST_PAGE;
	h->scattered = map(h->scattered_bytes, PROT_NONE);
	munmap(h->scattered, h->scattered_bytes);
	for (unsigned int i = 0; i < nr; i++)
		must(mmap(h->scattered + i * 8 * HOST_PAGE, HOST_PAGE, PROT_READ,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) != MAP_FAILED, "mmap");
}

void host_map_unmap(struct host_bench *h, unsigned int i, unsigned int nr_touched)
{
	char *addr = h->scattered + (i % h->nr_scattered * 8 + 2) * HOST_PAGE;

	must(mmap(addr, 4 * HOST_PAGE, PROT_READ | PROT_WRITE,
		  MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) != MAP_FAILED, "mmap");
	for (unsigned int n = 0; n < nr_touched; n++)
		*(volatile char *)(addr + n * HOST_PAGE) = 1;
	must(!munmap(addr, 4 * HOST_PAGE), "munmap");
}

void host_fork(struct host_bench *h, unsigned int ops, size_t bytes)
{
	size_t ask[2] = { ops, bytes };

	must(write(h->to_forker, ask, sizeof(ask)) == sizeof(ask), "forker");
	must(read(h->from_forker, &ops, sizeof(ops)) == sizeof(ops), "forker");
}

void host_forker(void)
{
	size_t bytes = 0, ask[2];
	char *area = NULL;
	unsigned int ops;

	while (read(0, ask, sizeof(ask)) == sizeof(ask)) {
		ops = (unsigned int)ask[0];
		if (ask[1] != bytes) {
			if (area)
				munmap(area, bytes);
			bytes = ask[1];
			area = map(bytes, PROT_READ | PROT_WRITE);
			memset(area, 1, bytes);
		}
		for (unsigned int i = 0; i < ops; i++) {
			pid_t pid = fork();

			if (!pid)
				_exit(0);
			waitpid(pid, NULL, 0);
		}
		if (write(1, &ops, sizeof(ops)) != sizeof(ops))
			break;
	}
	_exit(0);
}
