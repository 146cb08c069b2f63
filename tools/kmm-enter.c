// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The start: options, is there a machine, and the process that waits. It takes no part
 * in what goes on inside; when it is killed, everything inside is.
 */
#include "kmm-enter.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "options.h"

static const struct program program = {
	.name = "kmm-enter",
	.summary = "Run COMMAND (a shell) where the machine mounted on MOUNTPOINT is /proc and /sys, "
		   "so that free, ps, top and their like show it.",
	.description = "Inside there are no capabilities, and processes of the host are out of "
		       "reach; kill(2) reaches\nsimulated processes. Exit status: the "
		       "command's; 1 when it could not be started, 2 for wrong usage.\n",
	.posix = true,
};

int enter_fail(int err, const char *format, ...)
{
	va_list args;

	fprintf(stderr, "%s: ", program.name);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fprintf(stderr, err ? ": %s\n" : "\n", strerror(err));
	return 1;
}

void enter_signals(sigset_t *set)
{
	static const int signals[] = { SIGCHLD, SIGTERM, SIGHUP, SIGINT, SIGQUIT, SIGUSR1, SIGUSR2 };

	sigemptyset(set);
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		sigaddset(set, signals[i]);
}

/* Why a directory is not a machine, as far as errno tells. */
static int no_machine(const char *path, int err)
{
	if (err == ENOTCONN)
		return enter_fail(0, "%s: the machine there has died; start it again: kmmfs %s",
				  path, path);
	if (err == EACCES)
		return enter_fail(0, "%s: the machine there belongs to another user; enter as who "
				  "mounted it, or mount it with -o allow_other", path);
	if (err == ENOENT && !access(path, F_OK))
		return enter_fail(0, "%s: no machine is mounted there; start one: kmmfs %s", path,
				  path);
	return enter_fail(err, "%s", path);
}

/* Names are known for a while after a machine has died: one file is opened. */
static int find_machine(struct enter *enter, const char *path)
{
	static const char *const files[] = { "proc/meminfo", "proc/1", "sys/devices", "sim/check" };
	int file;

	enter->mount = realpath(path, NULL);
	if (!enter->mount)
		return no_machine(path, errno);
	enter->fd = open(enter->mount, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (enter->fd < 0)
		return no_machine(path, errno);
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		if (faccessat(enter->fd, files[i], F_OK, 0))
			return no_machine(path, errno);
	}
	file = openat(enter->fd, files[0], O_RDONLY | O_CLOEXEC);
	if (file < 0)
		return no_machine(path, errno);
	close(file);
	return 0;
}

/* Signals that somebody sent go in; those of the terminal went there by themselves. */
static int wait_for(pid_t child)
{
	siginfo_t info;
	sigset_t set;
	int status;

	enter_signals(&set);
	for (;;) {
		if (sigwaitinfo(&set, &info) < 0)
			continue;
		if (info.si_signo != SIGCHLD) {
			if (info.si_code != SI_KERNEL)
				kill(child, info.si_signo);
		} else if (waitpid(child, &status, WNOHANG) == child) {
			return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
		}
	}
}

static int run(struct enter *enter)
{
	sigset_t set;
	pid_t child;

	if (enter_namespaces(enter))
		return 1;
	enter_signals(&set);
	sigprocmask(SIG_BLOCK, &set, NULL);
	child = fork();
	if (child < 0)
		return enter_fail(errno, "fork");
	if (!child) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		enter_init(enter);
	}
	close(enter->fd);
	/* At once: where the pid namespace has ended no process can be made, as leak checkers do. */
	_exit(wait_for(child));
}

int main(int argc, char **argv)
{
	gboolean read_only = FALSE;
	char **rest = NULL;
	const GOptionEntry rows[] = {
		{ "read-only", 'r', 0, G_OPTION_ARG_NONE, &read_only,
		  "inside, no file can be written but the machine's", NULL },
		{ G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &rest, NULL,
		  "MOUNTPOINT [COMMAND...]" },
		{ 0 },
	};
	char *shell[] = { NULL, NULL };
	struct enter enter = { .fd = -1 };
	int status;

	if (!options_parse(&program, rows, &argc, &argv, &status))
		return status;
	if (!rest)
		return options_fail(&program, "MOUNTPOINT is missing", "; see --help");
	shell[0] = getenv("SHELL") && *getenv("SHELL") ? getenv("SHELL") : (char[]){ "/bin/sh" };
	enter.read_only = read_only;
	enter.command = rest[1] ? rest + 1 : shell;
	status = find_machine(&enter, rest[0]);
	if (!status)
		status = run(&enter);
	free(enter.mount);
	g_strfreev(rest);
	return status;
}
