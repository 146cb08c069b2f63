// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The host's side: the worker is started without randomisation and gets its calls
 * through pipes, a pair for each process that it may fork. What it looks like is read
 * from /proc.
 */
#include "diff.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#define POLL_MS 10000
#define EXT4_MAGIC 0xef53

struct real {
	const char *worker;
	bool huge;
	int command[DIFF_PROCESSES], reply[DIFF_PROCESSES];	/* ours: writes, reads */
	int theirs[2 * DIFF_PROCESSES];
	int file[DIFF_FILES];
	pid_t pid[DIFF_PROCESSES];
	bool has_segments;	/* of an IPC namespace that is ours */
	long segment[DIFF_SEGMENTS];	/* their ids; -1: never used */
};

void *diff_real_new(const char *worker, bool huge)
{
	struct real *real = calloc(1, sizeof(*real));

	if (real) {
		real->worker = worker;
		real->huge = huge;
		real->has_segments = !unshare(CLONE_NEWIPC);
	}
	signal(SIGPIPE, SIG_IGN);
	prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	return real;
}

bool diff_real_has_segments(const void *side)
{
	const struct real *real = side;

	return real->has_segments;
}

void diff_real_free(void *side)
{
	free(side);
}

/* More than vm.mmap_min_addr says, if a security module wants more. */
unsigned long diff_real_lowest(void)
{
	char *hint = (char *)(uintptr_t)DIFF_PAGE;
	void *got = mmap(hint, DIFF_PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (got == MAP_FAILED)
		return DIFF_PAGE;
	munmap(got, DIFF_PAGE);
	return (unsigned long)(uintptr_t)got;
}

unsigned long diff_real_limit(int resource)
{
	struct rlimit limit = { RLIM_INFINITY, RLIM_INFINITY };

	getrlimit((__rlimit_resource_t)resource, &limit);
	return limit.rlim_cur;
}

unsigned long long diff_real_capabilities(void)
{
	FILE *file = fopen("/proc/self/status", "r");
	unsigned long long effective = 0;
	char line[256];

	while (file && fgets(line, sizeof(line), file))
		if (sscanf(line, "CapEff: %llx", &effective) == 1)
			break;
	if (file)
		fclose(file);
	return effective;
}

/* On a disk whose pages are written back late, whatever the folder is called. */
int diff_real_disk(void)
{
	char name[] = "/var/tmp/kmm-diff-XXXXXX";
	struct statfs fs;
	int fd;

	if (statfs("/var/tmp", &fs) || fs.f_type != EXT4_MAGIC)
		return -1;
	fd = mkstemp(name);
	if (fd < 0)
		return -1;
	unlink(name);
	fcntl(fd, F_SETFD, FD_CLOEXEC);
	return fd;
}

unsigned int diff_real_read_ahead(int disk)
{
	unsigned int kbytes = 128;
	struct stat stat;
	char path[64];
	FILE *file;

	if (fstat(disk, &stat))
		return kbytes / 4;
	snprintf(path, sizeof(path), "/sys/dev/block/%u:%u/bdi/read_ahead_kb", major(stat.st_dev),
		 minor(stat.st_dev));
	file = fopen(path, "r");
	if (file && fscanf(file, "%u", &kbytes) != 1)
		kbytes = 128;
	if (file)
		fclose(file);
	return kbytes / 4;
}

/* What a disk has is in its cache, page by page. */
static int fill(int fd, int file)
{
	static const char page[DIFF_PAGE];
	long bytes = DIFF_FILE_BYTES(file);

	if (file != DIFF_DISK)
		return ftruncate(fd, bytes);
	for (long at = 0; at < bytes; at += DIFF_PAGE) {
		size_t len = (size_t)(bytes - at < DIFF_PAGE ? bytes - at : DIFF_PAGE);

		if (pwrite(fd, page, len, at) != (ssize_t)len)
			return -1;
	}
	return 0;
}

/* Pages wait in batches of each CPU: all processes are on one, as in the engine. */
static void stay_on_one_cpu(void)
{
	cpu_set_t cpus;
	int cpu = sched_getcpu();

	CPU_ZERO(&cpus);
	CPU_SET(cpu < 0 ? 0 : cpu, &cpus);
	sched_setaffinity(0, sizeof(cpus), &cpus);
}

static void become_worker(struct real *real)
{
	struct rlimit stack = { 8 << 20, RLIM_INFINITY }, lock = { 8 << 20, 8 << 20 };
	char *argv[] = { (char *)(uintptr_t)real->worker, NULL }, *envp[] = { NULL };

	for (int i = 0; i < DIFF_PROCESSES; i++) {
		dup2(real->theirs[i], DIFF_COMMANDS + i);
		dup2(real->theirs[DIFF_PROCESSES + i], DIFF_REPLIES + i);
	}
	for (int i = 0; i < DIFF_FILES; i++)
		dup2(real->file[i], DIFF_FILE_FD + i);
	if (setrlimit(RLIMIT_STACK, &stack) || setrlimit(RLIMIT_MEMLOCK, &lock) ||
	    personality(ADDR_NO_RANDOMIZE) < 0)
		_exit(97);
	stay_on_one_cpu();
	prctl(PR_SET_THP_DISABLE, !real->huge, 0, 0, 0);
	prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	execve(real->worker, argv, envp);
	_exit(98);
}

static char *real_text(void *side, int process, const char *name)
{
	struct real *real = side;
	size_t len = 0, room = 1 << 19;
	char path[64], *text = malloc(room + 1);
	ssize_t got;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/%s", real->pid[process], name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || !text) {
		free(text);
		return NULL;
	}
	while ((got = read(fd, text + len, room - len)) > 0)
		len += (size_t)got;
	close(fd);
	text[len] = '\0';
	return text;
}

/* Numbers that each side has its own of. */
static struct diff_step translate(const struct real *real, const struct diff_step *step)
{
	int file = diff_file_arg(step), segment = diff_segment_arg(step);
	int other = diff_other_arg(step);
	struct diff_step to = *step;

	if (file >= 0)
		to.a[file] += DIFF_FILE_FD;
	if (segment >= 0)
		to.a[segment] = real->segment[step->a[segment]];
	if (other >= 0)
		to.a[other] = real->pid[step->a[other]];
	return to;
}

/*
 * Pages that an exit unlocked wait in their CPU's batch till it is full, held: which of
 * them do depends on what else runs there. So the batches are emptied, on both sides.
 */
static void drain_batches(const struct real *real)
{
	static char page[2 * DIFF_PAGE];
	uintptr_t aligned = ((uintptr_t)page + DIFF_PAGE - 1) & -(uintptr_t)DIFF_PAGE;
	cpu_set_t ours, theirs;

	if (sched_getaffinity(0, sizeof(ours), &ours) ||
	    sched_getaffinity(real->pid[0], sizeof(theirs), &theirs) ||
	    sched_setaffinity(0, sizeof(theirs), &theirs))
		return;
	madvise((void *)aligned, DIFF_PAGE, MADV_COLD);
	sched_setaffinity(0, sizeof(ours), &ours);
}

static bool real_call(void *side, const struct diff_step *step, struct diff_reply *reply)
{
	struct real *real = side;
	int p = step->process;
	struct pollfd ready = { .fd = real->reply[p], .events = POLLIN };

	struct diff_step send = translate(real, step);

	memset(reply, 0, sizeof(*reply));
	if (write(real->command[p], &send, sizeof(send)) != sizeof(send))
		return false;
	while (step->call == DIFF_EXIT) {
		char *stat = real_text(real, p, "stat"), *paren = stat ? strrchr(stat, ')') : NULL;
		bool gone = !paren || paren[2] == 'Z' || paren[2] == 'X';

		free(stat);
		if (gone) {
			drain_batches(real);
			return true;
		}
		usleep(50);
	}
	if (poll(&ready, 1, POLL_MS) != 1 ||
	    read(real->reply[p], reply, sizeof(*reply)) != sizeof(*reply))
		return false;
	for (int i = 0; step->call == DIFF_WAIT && i < DIFF_PROCESSES; i++)
		if (real->pid[i] == reply->ret)
			real->pid[i] = 0;
	if (step->call == DIFF_SHMGET && !reply->err)
		reply->ret = diff_note_segment(real->segment, step->a[0], reply->ret);
	if (step->call == DIFF_FORK && !reply->err)
		real->pid[step->a[0]] = (pid_t)reply->ret;
	if (step->call == DIFF_FORK && !reply->err) {
		/* Until it waits for its first command, it runs. */
		struct diff_step look = { .call = DIFF_BRK, .process = (int)step->a[0] };
		struct diff_reply none;

		return real_call(side, &look, &none);
	}
	return true;
}

static void unmap_vdso(struct real *real)
{
	char *maps = real_text(real, 0, "maps"), *state = NULL;
	struct diff_reply reply;

	for (char *l = maps ? strtok_r(maps, "\n", &state) : NULL; l;
	     l = strtok_r(NULL, "\n", &state)) {
		struct diff_step step = { .call = DIFF_MUNMAP };
		unsigned long start, end;

		if (!strstr(l, "[vvar") && !strstr(l, "[vdso]"))
			continue;
		sscanf(l, "%lx-%lx", &start, &end);
		step.a[0] = (long)start;
		step.a[1] = (long)(end - start);
		real_call(real, &step, &reply);
	}
	free(maps);
}

static const char *real_start(void *side)
{
	struct real *real = side;
	struct diff_step look = { .call = DIFF_BRK };
	struct diff_reply reply;
	int ends[2];

	memset(real->pid, 0, sizeof(real->pid));
	for (int i = 0; i < DIFF_SEGMENTS; i++)
		real->segment[i] = -1;
	for (int i = 0; i < DIFF_PROCESSES; i++) {
		if (pipe2(ends, O_CLOEXEC))
			return "no pipe";
		real->theirs[i] = ends[0];
		real->command[i] = ends[1];
		if (pipe2(ends, O_CLOEXEC))
			return "no pipe";
		real->reply[i] = ends[0];
		real->theirs[DIFF_PROCESSES + i] = ends[1];
	}
	for (int i = 0; i < DIFF_FILES; i++) {
		real->file[i] = i == DIFF_DISK ? diff_real_disk() : -1;
		if (real->file[i] < 0)
			real->file[i] = memfd_create("diff", MFD_CLOEXEC | (i == DIFF_SEALED ?
								MFD_ALLOW_SEALING : 0));
		if (real->file[i] < 0 || fill(real->file[i], i))
			return "no files";
	}
	real->pid[0] = fork();
	if (!real->pid[0])
		become_worker(real);
	for (int i = 0; i < 2 * DIFF_PROCESSES; i++)
		close(real->theirs[i]);
	for (int i = 0; i < DIFF_FILES; i++)
		close(real->file[i]);
	if (real->pid[0] < 0)
		return "no process";
	if (!real_call(real, &look, &reply))
		return "the worker does not run";
	unmap_vdso(real);
	return NULL;
}

static void remove_segments(const struct real *real)
{
	struct shmid_ds ds;
	int last = real->has_segments ? shmctl(0, SHM_INFO, &ds) : -1;

	for (int i = 0; i <= last; i++) {
		int id = shmctl(i, SHM_STAT, &ds);

		if (id >= 0)
			shmctl(id, IPC_RMID, NULL);
	}
}

/* All that live are killed; orphans are ours, so that all can be reaped. */
static void real_end(void *side)
{
	struct real *real = side;

	for (int i = 0; i < DIFF_PROCESSES; i++) {
		close(real->command[i]);
		close(real->reply[i]);
	}
	for (int i = 0; i < DIFF_PROCESSES; i++)
		if (real->pid[i] > 0)
			kill(real->pid[i], SIGKILL);
	while (waitpid(-1, NULL, 0) > 0)
		;
	remove_segments(real);
}

static bool real_pagemap(void *side, int process, unsigned long addr, unsigned long nr,
			 unsigned long long *entries)
{
	struct real *real = side;
	char path[64];
	ssize_t got;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/pagemap", real->pid[process]);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	got = pread(fd, entries, nr * 8, (off_t)(addr / DIFF_PAGE * 8));
	close(fd);
	return got == (ssize_t)(nr * 8);
}

const struct diff_side diff_real = {
	"host", real_start, real_end, real_call, real_text, real_pagemap,
};
