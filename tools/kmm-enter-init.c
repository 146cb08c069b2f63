// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The first process of the namespace: with its end the kernel ends everything that is
 * still inside. It polls two descriptors: signals (the visitor or somebody's orphan has
 * ended; somebody outside sent one) and system calls that wait for an answer.
 */
#include "kmm-enter.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define NOT_FOUND 127
#define NOT_EXECUTABLE 126

/* A byte, and a descriptor with it unless that is -1. */
static void send_fd(int socket, int fd)
{
	char byte = 0;
	struct iovec part = { &byte, 1 };
	union { struct cmsghdr head; char room[CMSG_SPACE(sizeof(int))]; } control = { 0 };
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1 };

	if (fd >= 0) {
		message.msg_control = &control;
		message.msg_controllen = sizeof(control);
		control.head = (struct cmsghdr){ .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS,
						 .cmsg_len = CMSG_LEN(sizeof(int)) };
		memcpy(CMSG_DATA(&control.head), &fd, sizeof(int));
	}
	while (sendmsg(socket, &message, 0) < 0 && errno == EINTR)
		;
}

static int receive_fd(int socket)
{
	char byte;
	struct iovec part = { &byte, 1 };
	union { struct cmsghdr head; char room[CMSG_SPACE(sizeof(int))]; } control = { 0 };
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = &control,
				  .msg_controllen = sizeof(control) };
	int fd = -1;
	ssize_t n;

	do {
		n = recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
	} while (n < 0 && errno == EINTR);
	if (n == 1 && message.msg_controllen && control.head.cmsg_type == SCM_RIGHTS)
		memcpy(&fd, CMSG_DATA(&control.head), sizeof(int));
	return fd;
}

static void __attribute__((noreturn)) visitor(const struct enter *enter, int socket)
{
	sigset_t set;
	int fd, err;

	enter_signals(&set);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	setenv("KMM_MOUNT", enter->mount, 1);
	if (enter_drop_rights(0))
		_exit(1);
	fd = answer_listen();
	send_fd(socket, fd);
	if (fd >= 0)
		close(fd);
	execvp(enter->command[0], enter->command);
	err = errno;
	enter_fail(err, "%s", enter->command[0]);
	_exit(err == ENOENT ? NOT_FOUND : NOT_EXECUTABLE);
}

/* Takes in who has ended. True: the visitor is among them, with its status. */
static bool reap(pid_t pid, int *status)
{
	bool ended = false;
	int one;

	for (pid_t child; (child = waitpid(-1, &one, WNOHANG)) > 0;) {
		if (child != pid)
			continue;
		ended = true;
		*status = WIFEXITED(one) ? WEXITSTATUS(one) : 128 + WTERMSIG(one);
	}
	return ended;
}

/* True: the visitor has ended. */
static bool take_signal(int fd, pid_t pid, int *status)
{
	struct signalfd_siginfo info;

	if (read(fd, &info, sizeof(info)) != sizeof(info))
		return false;
	if (info.ssi_signo == SIGCHLD)
		return reap(pid, status);
	if (info.ssi_code != SI_KERNEL)
		kill(pid, (int)info.ssi_signo);
	return false;
}

static int look_after(const struct enter *enter, pid_t pid, int signals, int calls)
{
	struct pollfd fds[] = { { .fd = signals, .events = POLLIN }, { .fd = calls, .events = POLLIN } };
	int status = 1;

	for (;;) {
		if (poll(fds, 2, -1) < 0)
			continue;
		if ((fds[0].revents & POLLIN) && take_signal(signals, pid, &status))
			return status;
		if (fds[1].revents && (!(fds[1].revents & POLLIN) || !answer_one(enter, calls)))
			fds[1].fd = -1;
	}
}

void enter_init(const struct enter *enter)
{
	int pair[2], signals, calls;
	sigset_t set;
	pid_t pid;

	if (enter_mounts(enter))
		_exit(1);
	enter_signals(&set);
	signals = signalfd(-1, &set, SFD_CLOEXEC);
	if (signals < 0 || socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair))
		_exit(enter_fail(errno, "signalfd, socketpair"));
	pid = fork();
	if (pid < 0)
		_exit(enter_fail(errno, "fork"));
	if (!pid)
		visitor(enter, pair[1]);
	close(pair[1]);
	/* Nobody inside may look into this process. */
	prctl(PR_SET_DUMPABLE, 0);
	if (enter_drop_rights(RIGHT_TO_WRITE_MEMORY))
		_exit(1);
	calls = receive_fd(pair[0]);
	close(pair[0]);
	_exit(look_after(enter, pid, signals, calls));
}
