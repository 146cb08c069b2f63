// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Through the mount: kmmfs and a bare server of the same bytes (bench_fuse.c), both
 * started here, both on the CPU that we run on, because placement alone makes a
 * factor of two to three. Without /dev/fuse there is nothing to measure.
 */
#include "bench.h"

#include <dirent.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define START_LIMIT 5.0	/* seconds */
#define SCRIPT_BYTES 65536
#define NR_TASKS 2000
#define PS_RUNS 7
#define PS_GOAL_MS 500.0

static const char *const shared[] = { "meminfo", "zoneinfo", "buddyinfo", "vmstat" };

struct place {
	char dir[64];		/* ours, under /tmp */
	pid_t kmmfs, bare, lxcfs;
};

static void read_whole(const char *path, unsigned int ops)
{
	static char buf[1 << 17];

	for (unsigned int i = 0; i < ops; i++) {
		int fd = open(path, O_RDONLY);

		if (fd < 0)
			need(-errno, path);
		while (read(fd, buf, sizeof(buf)) > 0)
			;
		close(fd);
	}
}

void kernel_read(struct bench *b, const struct row *row)
{
	(void)b;
	read_whole(row->host_path, row->ops);
}

static void mount_read(struct bench *b, const struct row *row)
{
	(void)b;
	read_whole(row->path, row->ops);
}

static void bare_read(struct bench *b, const struct row *row)
{
	(void)b;
	read_whole(row->model_path, row->ops);
}

/* Lines of 32 bytes on one open file: half of them take a page, half give it back. */
static void write_lines(const char *path, unsigned int ops)
{
	const char *const lines[] = {
		"alloc_pages 0 GFP_KERNEL       \n", "free_pages @                   \n",
	};
	int fd = open(path, O_WRONLY);

	for (unsigned int i = 0; i < ops; i++)
		if (write(fd, lines[i % 2], 32) != 32)
			need(errno ? -errno : -EIO, path);
	close(fd);
}

/* Large writes, as `cat SCRIPT > sim/ctl` makes them; ops: lines. */
static void write_scripts(const char *path, unsigned int ops)
{
	static const char pair[] = "alloc_pages 0\nfree_pages @\n";
	const size_t len = sizeof(pair) - 1, pairs = SCRIPT_BYTES / len;
	static char script[SCRIPT_BYTES];
	int fd = open(path, O_WRONLY);

	for (size_t i = 0; i < pairs; i++)
		memcpy(script + i * len, pair, len);
	for (unsigned int done = 0; done < ops; done += 2 * (unsigned int)pairs)
		if (write(fd, script, pairs * len) != (ssize_t)(pairs * len))
			need(errno ? -errno : -EIO, path);
	close(fd);
}

static void mount_script(struct bench *b, const struct row *row)
{
	(void)b;
	write_scripts(row->path, row->ops);
}

static void bare_script(struct bench *b, const struct row *row)
{
	(void)b;
	write_scripts(row->model_path, row->ops);
}

static void mount_write(struct bench *b, const struct row *row)
{
	(void)b;
	write_lines(row->path, row->ops);
}

static void bare_write(struct bench *b, const struct row *row)
{
	(void)b;
	write_lines(row->model_path, row->ops);
}

static void path_of(char path[128], const struct place *place, const char *rest)
{
	snprintf(path, 128, "%s/%s", place->dir, rest);
}

/* Start a server and wait until `probe` can be opened. */
static pid_t start(char *const argv[], const char *probe)
{
	double limit = now() + START_LIMIT;
	pid_t pid = fork();

	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGTERM);
		execv(argv[0], argv);
		_exit(127);
	}
	while (pid > 0 && access(probe, R_OK) && now() < limit &&
	       !waitpid(pid, NULL, WNOHANG))
		usleep(200);
	return pid > 0 && !access(probe, R_OK) ? pid : -1;
}

static void stop(pid_t pid)
{
	if (pid <= 0)
		return;
	kill(pid, SIGTERM);
	waitpid(pid, NULL, 0);
}

static bool start_kmmfs(struct place *place)
{
	char mnt[128], probe[128];
	char *argv[] = { (char *)"./kmmfs", (char *)"-f", (char *)"pc", mnt, NULL };
	double begin = now();

	path_of(mnt, place, "kmmfs");
	path_of(probe, place, "kmmfs/proc/meminfo");
	mkdir(mnt, 0700);
	place->kmmfs = start(argv, probe);
	if (place->kmmfs < 0)
		return false;
	printf("\nkmmfs: ready %.1f ms after its start, %.1f MB when idle\n",
	       (now() - begin) * 1e3, status_kb(place->kmmfs, "VmRSS:") / 1024.0);
	return true;
}

static void copy_file(const char *from, const char *to)
{
	static char buf[1 << 17];
	int in = open(from, O_RDONLY), out = open(to, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	ssize_t got;

	while ((got = read(in, buf, sizeof(buf))) > 0)
		if (write(out, buf, got) != got)
			need(-EIO, to);
	close(in);
	close(out);
}

static bool start_bare(struct place *place)
{
	char mnt[128], probe[128], from[128], files[ARRAY_SIZE(shared)][128];
	char *argv[3 + ARRAY_SIZE(shared)] = { (char *)"./tests/bench_fuse", mnt };

	for (unsigned int i = 0; i < ARRAY_SIZE(shared); i++) {
		path_of(files[i], place, shared[i]);
		snprintf(from, sizeof(from), "%s/kmmfs/proc/%s", place->dir, shared[i]);
		copy_file(from, files[i]);
		argv[2 + i] = files[i];
	}
	path_of(mnt, place, "bare");
	path_of(probe, place, "bare/meminfo");
	mkdir(mnt, 0700);
	place->bare = start(argv, probe);
	for (unsigned int i = 0; i < ARRAY_SIZE(shared); i++)
		unlink(files[i]);
	return place->bare > 0;
}

static void run_rows(struct bench *b, const struct place *place)
{
	char path[128], bare[128], host[128], name[128];
	struct row row = {
		.name = name, .path = path, .model_path = bare, .host_path = host,
	};

	print_header("per second, all on one CPU", "kmmfs", "bare FUSE");
	for (unsigned int i = 0; i < ARRAY_SIZE(shared); i++) {
		snprintf(path, sizeof(path), "%s/kmmfs/proc/%s", place->dir, shared[i]);
		snprintf(bare, sizeof(bare), "%s/bare/%s", place->dir, shared[i]);
		snprintf(host, sizeof(host), "/proc/%s", shared[i]);
		snprintf(name, sizeof(name), "read proc/%s", shared[i]);
		row.ops = 25;
		row.engine = mount_read;
		row.kernel = kernel_read;
		row.model = bare_read;
		print_rows(b, &row, 1);
	}
	path_of(path, place, "kmmfs/sim/ctl");
	path_of(bare, place, "bare/meminfo");
	snprintf(name, sizeof(name), "write of a 32-byte line");
	row.ops = 100;
	row.engine = mount_write;
	row.kernel = NULL;
	row.model = bare_write;
	print_rows(b, &row, 1);
	snprintf(name, sizeof(name), "lines in 64 KiB writes");
	row.ops = 2 * (SCRIPT_BYTES / 27);
	row.goal = 5e6;
	row.engine = mount_script;
	row.model = bare_script;
	print_rows(b, &row, 1);
}

/* Who does the same for containers; where it is installed, for root. */
static void compare_lxcfs(struct bench *b, struct place *place)
{
	char dir[128], probe[128], path[128], command[512];
	char *argv[] = { (char *)"/bin/sh", (char *)"-c", command, NULL };
	const struct row row = {
		.name = "read proc/meminfo", .ops = 25, .path = path, .model_path = probe,
		.engine = mount_read, .model = bare_read,
	};

	if (geteuid() || access("/usr/bin/lxcfs", X_OK))
		return;
	path_of(dir, place, "lxcfs");
	path_of(probe, place, "lxcfs/proc/meminfo");
	path_of(path, place, "kmmfs/proc/meminfo");
	snprintf(command, sizeof(command), "exec /usr/bin/lxcfs -f -p %s.pid %s >/dev/null 2>&1",
		 dir, dir);
	mkdir(dir, 0700);
	place->lxcfs = start(argv, probe);
	if (place->lxcfs < 0)
		return;
	print_header("per second, all on one CPU", "kmmfs", "lxcfs");
	print_rows(b, &row, 1);
}

static int compare_doubles(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* kmm-enter MOUNT ps aux, once. Milliseconds; negative: it cannot be done here. */
static double run_ps(const char *mount)
{
	double begin = now();
	int status;
	pid_t pid = fork();

	if (!pid) {
		int null = open("/dev/null", O_RDWR);

		dup2(null, STDOUT_FILENO);
		dup2(null, STDERR_FILENO);
		execl("./kmm-enter", "./kmm-enter", mount, "ps", "aux", (char *)NULL);
		_exit(127);
	}
	if (pid < 0 || waitpid(pid, &status, 0) < 0 || status)
		return -1;
	return (now() - begin) * 1e3;
}

/* Of a machine with many processes: each costs ps four files. */
static void bench_ps(const struct place *place)
{
	static const char line[] = "proc/1/ctl: fork\n";
	double took[PS_RUNS];
	char mount[128], path[128];
	int fd;

	path_of(mount, place, "kmmfs");
	path_of(path, place, "kmmfs/sim/ctl");
	fd = open(path, O_WRONLY);
	for (unsigned int i = 0; i < NR_TASKS; i++)
		if (write(fd, line, sizeof(line) - 1) != sizeof(line) - 1)
			need(errno ? -errno : -EIO, "fork");
	close(fd);
	for (unsigned int i = 0; i < PS_RUNS; i++) {
		took[i] = run_ps(mount);
		if (took[i] < 0) {
			printf("ps aux: cannot run here\n");
			return;
		}
	}
	qsort(took, PS_RUNS, sizeof(*took), compare_doubles);
	printf("ps aux in kmm-enter of %u more processes: %.0f ms (%.0f to %.0f), goal %.0f%s\n",
	       NR_TASKS, took[PS_RUNS / 2], took[0], took[PS_RUNS - 1], PS_GOAL_MS,
	       took[PS_RUNS / 2] <= PS_GOAL_MS ? "" : "  missed");
}

static void remove_place(struct place *place)
{
	char path[128];

	stop(place->lxcfs);
	stop(place->bare);
	stop(place->kmmfs);
	path_of(path, place, "bare");
	rmdir(path);
	path_of(path, place, "kmmfs");
	rmdir(path);
	path_of(path, place, "lxcfs.pid");
	unlink(path);
	path_of(path, place, "lxcfs");
	rmdir(path);
	rmdir(place->dir);
}

/* Every thread of a process: sched_setaffinity() knows threads alone. */
static void pin(pid_t pid, const cpu_set_t *cpus)
{
	char path[64];
	struct dirent *entry;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	dir = opendir(path);
	while (dir && (entry = readdir(dir)))
		if (entry->d_name[0] != '.')
			sched_setaffinity(atoi(entry->d_name), sizeof(*cpus), cpus);
	if (dir)
		closedir(dir);
}

void bench_mount(struct bench *b)
{
	struct place place = { .dir = "/tmp/kmm-bench.XXXXXX" };
	cpu_set_t here, before;

	b->words = NULL;	/* `mount` meant all of these */
	if (access("/dev/fuse", R_OK | W_OK) || !mkdtemp(place.dir)) {
		printf("\nno /dev/fuse: a mount cannot be measured\n");
		return;
	}
	sched_getaffinity(0, sizeof(before), &before);
	CPU_ZERO(&here);
	CPU_SET(sched_getcpu(), &here);
	if (start_kmmfs(&place)) {
		sched_setaffinity(0, sizeof(here), &here);
		pin(place.kmmfs, &here);
		if (start_bare(&place))
			run_rows(b, &place);
		else
			printf("the bare server does not start\n");
		compare_lxcfs(b, &place);
		bench_ps(&place);
		sched_setaffinity(0, sizeof(before), &before);
	} else {
		printf("\nkmmfs does not start: a mount cannot be measured\n");
	}
	remove_place(&place);
}
