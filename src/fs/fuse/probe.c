/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The child writes its result into a pipe; one that is not back within the limit
 * is killed and not waited for: when the daemon has taken the request and stands
 * still, not even SIGKILL ends the child before the connection is cut.
 */
#include "fs/fuse/probe.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#define LIMIT_MS 300

static int ask(const char *path, unsigned long call)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	int pid = 0;

	if (fd < 0)
		return -errno;
	return ioctl(fd, call, &pid) ? -errno : pid;
}

int probe_call(const char *path, unsigned long call)
{
	int ends[2], answer = -ETIMEDOUT;
	struct pollfd wait_for;
	pid_t child;

	if (pipe2(ends, O_CLOEXEC))
		return -errno;
	child = fork();
	if (child == 0) {
		answer = ask(path, call);
		_exit(write(ends[1], &answer, sizeof(answer)) != sizeof(answer));
	}
	close(ends[1]);
	wait_for = (struct pollfd){ .fd = ends[0], .events = POLLIN };
	if (child < 0)
		answer = -errno;
	else if (poll(&wait_for, 1, LIMIT_MS) != 1 ||
		 read(ends[0], &answer, sizeof(answer)) != sizeof(answer))
		answer = -ETIMEDOUT;
	close(ends[0]);
	if (child > 0) {
		kill(child, SIGKILL);
		waitpid(child, NULL, answer == -ETIMEDOUT ? WNOHANG : 0);
	}
	return answer;
}
