// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * fresh MOUNTPOINT WORKERS ROUNDS: names of processes are kept by the kernel, and gone when
 * the write that ended them returns. Each worker makes a process, looks at it until its
 * names are kept, ends it, and looks again; others list all the while.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define NR_LISTERS 2
#define MAX_WORKERS 16

static const char *const files[] = { "", "/stat", "/status", "/cmdline", "/ctty" };
#define NR_FILES (sizeof(files) / sizeof(files[0]))
#define NEVER (NR_FILES - 1)	/* no process has that one */

/* One line, of a number if that is not negative, and what it comes to; -1: it failed. */
static long call(int ctl, const char *verb, long number, const char *more)
{
	char line[128], reply[4096];
	int len = number < 0 ? snprintf(line, sizeof(line), "%s\n", verb) :
		  snprintf(line, sizeof(line), "%s %ld%s\n", verb, number, more);
	ssize_t got;

	if (write(ctl, line, (size_t)len) != len)
		return -1;
	got = read(ctl, reply, sizeof(reply) - 1);
	reply[got > 0 ? got : 0] = '\0';
	return strtol(reply, NULL, 10);
}

static int wrong(const char *path, const char *what)
{
	fprintf(stderr, "fresh: %s %s (%s)\n", path, what, strerror(errno));
	return 1;
}

static int look(const char *mount, long pid, bool alive)
{
	char path[300], text[4096];
	struct stat st;

	for (size_t i = 0; i < NR_FILES; i++) {
		bool there = alive && i != NEVER;
		int fd;

		snprintf(path, sizeof(path), "%s/proc/%ld%s", mount, pid, files[i]);
		if (!stat(path, &st) != there || (!there && errno != ENOENT))
			return wrong(path, there ? "is not there" : "is still there");
		fd = open(path, O_RDONLY);
		if ((fd >= 0) != there || (!there && errno != ENOENT))
			return wrong(path, there ? "cannot be opened" : "can still be opened");
		if (fd >= 0 && i && read(fd, text, sizeof(text)) < 0)
			return wrong(path, "cannot be read");
		if (fd >= 0)
			close(fd);
	}
	return 0;
}

static int open_ctl(const char *mount, const char *name)
{
	char path[300];

	snprintf(path, sizeof(path), "%s/%s", mount, name);
	return open(path, O_RDWR);
}

static int work(const char *mount, unsigned int rounds)
{
	int ctl = open_ctl(mount, "proc/1/ctl"), err = ctl < 0;

	for (unsigned int i = 0; i < rounds && !err; i++) {
		long pid = call(ctl, "fork", -1, "");

		if (pid <= 0)
			return wrong("fork", "failed");
		err = look(mount, pid, true) || look(mount, pid, true);
		if (call(ctl, "kill", pid, " KILL") < 0 || call(ctl, "wait4", pid, "") != pid)
			return wrong("kill and wait4", "failed");
		/* Who asks finds himself by his own number, which another may have had here. */
		err = err || (pid != getpid() && look(mount, pid, false));
	}
	return err;
}

static void list(const char *mount)
{
	char path[300];

	snprintf(path, sizeof(path), "%s/proc", mount);
	for (;;) {
		DIR *dir = opendir(path);
		const struct dirent *entry;
		struct stat st;

		while (dir && (entry = readdir(dir)))
			(void)!fstatat(dirfd(dir), entry->d_name, &st, AT_SYMLINK_NOFOLLOW);
		if (dir)
			closedir(dir);
	}
}

/* Undo and reboot end processes as well. */
static int work_on_history(const char *mount)
{
	int init = open_ctl(mount, "proc/1/ctl"), machine = open_ctl(mount, "sim/ctl"), err;
	long pid = call(init, "fork", -1, "");

	err = pid <= 0 || look(mount, pid, true);
	err = err || call(machine, "undo", 1, "") || (pid != getpid() && look(mount, pid, false));
	pid = call(init, "fork", -1, "");
	err = err || look(mount, pid, true);
	err = err || call(machine, "reboot", -1, "");
	return err || (pid != getpid() && look(mount, pid, false));
}

int main(int argc, char **argv)
{
	unsigned int workers = argc > 3 ? (unsigned int)atoi(argv[2]) : 0;
	pid_t listers[NR_LISTERS], pids[MAX_WORKERS];
	int status = 0, one;

	if (!workers || workers > MAX_WORKERS)
		return 2;
	for (unsigned int i = 0; i < NR_LISTERS; i++) {
		listers[i] = fork();
		if (!listers[i])
			list(argv[1]);
	}
	for (unsigned int i = 0; i < workers; i++) {
		pids[i] = fork();
		if (!pids[i])
			_exit(work(argv[1], (unsigned int)atoi(argv[3])));
	}
	for (unsigned int i = 0; i < workers; i++) {
		waitpid(pids[i], &one, 0);
		status |= one;
	}
	if (!status)
		status = work_on_history(argv[1]);
	for (unsigned int i = 0; i < NR_LISTERS; i++) {
		kill(listers[i], SIGKILL);
		waitpid(listers[i], NULL, 0);
	}
	return status != 0;
}
