// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * throng MOUNTPOINT READERS WRITERS SECONDS: so many processes read and write side by side.
 * Readers take files in pieces of any size: a text is of one moment, from its first byte to
 * its last, which its own figures show. Writers make calls of tasks of their own and of the
 * machine.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define ROOM (4U << 20)
#define MAX_THRONG 256
#define MAX_LINES 30	/* in one write, none longer than 64 bytes */

static double seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static int torn(const char *path, const char *what)
{
	fprintf(stderr, "throng: %s: %s\n", path, what);
	return 1;
}

/* -- what a text says of itself ----------------------------------------------- */

/* The number behind a label at the start of a line. -1: no such line. */
static long long number(const char *text, const char *label)
{
	size_t len = strlen(label);

	for (const char *line = text; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (!strncmp(line, label, len))
			return strtoll(line + len, NULL, 10);
	}
	return -1;
}

static bool meminfo_adds_up(const char *text)
{
	return number(text, "Active:") ==
	       number(text, "Active(anon):") + number(text, "Active(file):") &&
	       number(text, "Inactive:") ==
	       number(text, "Inactive(anon):") + number(text, "Inactive(file):") &&
	       number(text, "Slab:") ==
	       number(text, "SReclaimable:") + number(text, "SUnreclaim:");
}

/* Each zone that has pages says twice how many of them are free. */
static bool zoneinfo_agrees(const char *text)
{
	const char *zone = text;

	while ((zone = strstr(zone, "pages free "))) {
		const char *again = strstr(zone, "nr_free_pages "), *next;
		long long nr = strtoll(zone + 11, NULL, 10);

		next = strstr(zone + 11, "pages free ");
		if (!again || (next && next < again))
			again = NULL;
		if (nr != (again ? strtoll(again + 14, NULL, 10) : 0))
			return false;
		zone += 11;
	}
	return true;
}

static bool maps_ascend(const char *text)
{
	unsigned long long end = 0, from, to;

	for (const char *line = text; *line; line = strchr(line, '\n') + 1) {
		if (sscanf(line, "%llx-%llx", &from, &to) != 2 || from < end || to <= from)
			return false;
		end = to;
		if (!strchr(line, '\n'))
			return false;
	}
	return true;
}

static bool pids_ascend(const char *text)
{
	/* "processes" and "procs_running" are of one moment: some run, none more than there are. */
	return number(text, "processes ") >= number(text, "procs_running ");
}

static const struct file {
	const char *path;
	bool (*whole)(const char *text);
} files[] = {
	{ "proc/meminfo", meminfo_adds_up },
	{ "proc/zoneinfo", zoneinfo_agrees },
	{ "proc/1/maps", maps_ascend },
	{ "proc/stat", pids_ascend },
	{ "proc/buddyinfo", NULL },
	{ "proc/vmstat", NULL },
	{ "proc/1/smaps", NULL },
	{ "proc/1/status", NULL },
	{ "proc/slabinfo", NULL },
	{ "sim/last", NULL },
	{ "sim/clock", NULL },
	{ "sim/journal", NULL },
};

/* -- reading ------------------------------------------------------------------ */

/* From `at` to the end, in pieces of this size. Bytes, or -1. */
static ssize_t read_pieces(int fd, char *text, size_t at, size_t piece)
{
	ssize_t n;

	while ((n = pread(fd, text + at, piece < ROOM - 1 - at ? piece : ROOM - 1 - at,
			  (off_t)at)) > 0)
		at += (size_t)n;
	text[at] = '\0';
	return n < 0 ? -1 : (ssize_t)at;
}

/* Twice: the second time from its second byte on, so that it is not made anew. */
static int read_file(const char *mount, const struct file *file, unsigned int *seed, char *text,
		     char *again)
{
	size_t piece = rand_r(seed) % 3 ? 65536 : 1 + (size_t)rand_r(seed) % 3000;
	char path[300];
	ssize_t len, same;
	int fd;

	snprintf(path, sizeof(path), "%s/%s", mount, file->path);
	fd = open(path, O_RDONLY);
	if (fd < 0)
		return errno == ENOENT ? 0 : torn(path, strerror(errno));
	len = read_pieces(fd, text, 0, piece);
	memcpy(again, text, 1);
	same = read_pieces(fd, again, 1, 1 + (size_t)rand_r(seed) % 20000);
	close(fd);
	if (len < 0 || same < 0)
		return torn(path, "cannot be read");
	if (len && (len != same || memcmp(text, again, (size_t)len)))
		return torn(path, "two readings of one opening differ");
	if (len && text[len - 1] != '\n')
		return torn(path, "ends in the middle of a line");
	if (file->whole && !file->whole(text))
		return torn(path, "its figures are of different moments");
	return 0;
}

static int reader(const char *mount, unsigned int seed, double end)
{
	char *text = malloc(ROOM), *again = malloc(ROOM);
	int err = !text || !again;

	while (!err && seconds() < end)
		err = read_file(mount, &files[(size_t)rand_r(&seed) % (sizeof(files) /
				sizeof(files[0]))], &seed, text, again);
	return err;
}

/* -- writing ------------------------------------------------------------------ */

static int open_ctl(const char *mount, const char *name)
{
	char path[300];

	snprintf(path, sizeof(path), "%s/%s", mount, name);
	return open(path, O_RDWR);
}

/* A line or several; what they come to does not matter, but for the last's number. */
static long write_lines(int fd, const char *text)
{
	char replies[65536];
	ssize_t n;

	(void)!write(fd, text, strlen(text));
	n = read(fd, replies, sizeof(replies) - 1);
	replies[n > 0 ? n : 0] = '\0';
	return n > 0 ? strtol(replies, NULL, 0) : -1;
}

static const char *const task_lines[] = {
	"mmap 0 64K rw private,anon\nstore @ 64K\n",
	"mmap 0 256K rw private,anon\nstore @ 128K\nmunmap @ 64K\n",
	"munmap @+4K 8K\n", "mprotect @ 4K r\n", "fork\n", "wait4 -1 WNOHANG\n",
	"madvise @ 16K dontneed\n", "load @ 4K\n", "brk 0\n", "mlock @ 8K\n",
};
static const char *const machine_lines[] = {
	"alloc_pages 2 as p\nfree_pages @p 2\n", "kmalloc 300\nkfree @\n", "tick 1\n",
	"vmalloc 40K\nvfree @\n", "alloc_pages 0\nfree_pages @ 0\n", "no_such_call\n",
};

#define ANY(list, seed) (list)[(size_t)rand_r(seed) % (sizeof(list) / sizeof((list)[0]))]

static int writer(const char *mount, unsigned int seed, double end)
{
	int init = open_ctl(mount, "proc/1/ctl"), machine = open_ctl(mount, "sim/ctl"), mine = -1;
	char line[128], text[64 * MAX_LINES];
	long pid = 0;

	if (init < 0 || machine < 0)
		return torn("ctl", strerror(errno));
	for (unsigned int n = 0; seconds() < end; n++) {
		if (n % 50 == 0) {
			if (mine >= 0) {
				close(mine);
				snprintf(line, sizeof(line), "kill %ld KILL\nwait4 %ld\n", pid, pid);
				write_lines(init, line);
			}
			pid = write_lines(init, "fork\n");
			snprintf(line, sizeof(line), "proc/%ld/ctl", pid);
			mine = open_ctl(mount, line);
			if (pid <= 0 || mine < 0)
				return torn(line, strerror(errno));
		}
		text[0] = '\0';
		if (rand_r(&seed) % 3) {
			for (int i = rand_r(&seed) % MAX_LINES; i >= 0; i--)
				strcat(text, ANY(task_lines, &seed));
			write_lines(mine, text);
		} else {
			for (int i = rand_r(&seed) % MAX_LINES; i >= 0; i--)
				strcat(text, ANY(machine_lines, &seed));
			write_lines(machine, text);
		}
	}
	return 0;
}

int main(int argc, char **argv)
{
	unsigned int readers = argc > 4 ? (unsigned int)atoi(argv[2]) : 0;
	unsigned int all = readers + (argc > 4 ? (unsigned int)atoi(argv[3]) : 0);
	double end = seconds() + (argc > 4 ? atof(argv[4]) : 0);
	pid_t pids[MAX_THRONG];
	int status = 0, one;

	if (!all || all > MAX_THRONG)
		return 2;
	for (unsigned int i = 0; i < all; i++) {
		pids[i] = fork();
		if (!pids[i])
			_exit(i < readers ? reader(argv[1], i, end) : writer(argv[1], i, end));
	}
	for (unsigned int i = 0; i < all; i++) {
		waitpid(pids[i], &one, 0);
		status |= one;
	}
	return status != 0;
}
