/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The order matters: everything that opens a path comes before the mount, the fork
 * comes after it, threads after the fork.
 */
#include "fs/fuse/mounted.h"

#include <fcntl.h>
#include <glib.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fs/core/state_dir.h"
#include "fs/fuse/daemon.h"
#include "fs/fuse/mount_point.h"
#include "fs/fuse/mountinfo.h"
#include "fs/fuse/serve.h"
#include "sim/base/bug.h"

/* Everything that has to be undone, in the order in which it is made. */
struct mounted {
	const struct mount_options *options;
	struct machine_config *config;
	struct tree *tree;
	struct state_dir *state;	/* until the tree has it */
	struct mount_point point;
	struct pidfile pidfile;
	int notify_fd, ready_fd, null_fd;
	int fuse_fd;
	struct server server;
};

const char *fuse_library_version(void)
{
	return fuse_pkgversion();
}

/* Away from the terminal; a file that standard error goes to keeps getting reports. */
static void leave_terminal(int null_fd)
{
	struct stat st;

	dup2(null_fd, STDIN_FILENO);
	dup2(null_fd, STDOUT_FILENO);
	if (fstat(STDERR_FILENO, &st) || !S_ISREG(st.st_mode))
		dup2(null_fd, STDERR_FILENO);
}

/* Called when requests are being answered: tell everybody who waits for that. */
static void on_ready(void *arg)
{
	struct mounted *m = arg;

	pidfile_write(&m->pidfile);
	notify_ready(m->notify_fd);
	m->notify_fd = -1;
	if (m->ready_fd < 0)
		return;
	leave_terminal(m->null_fd);
	if (write(m->ready_fd, "", 1) != 1)
		fuse_session_exit(m->server.session);	/* nobody waits any more */
	close(m->ready_fd);
	m->ready_fd = -1;
}

static bool unmounted_by_others(int fuse_fd)
{
	struct pollfd fd = { .fd = fuse_fd };

	return poll(&fd, 1, 0) == 1 && (fd.revents & POLLERR);
}

/* The connection first: nobody can then wait for an answer while we unmount. */
static void end_mount(struct mounted *m)
{
	bool others = unmounted_by_others(m->fuse_fd);

	fuse_session_destroy(m->server.session);
	m->server.session = NULL;
	if (!others)
		mount_point_unmount(&m->point);
}

/*
 * A session reads from /dev/fd/N, where the mount will put the connection; until
 * then N is /dev/null. (libfuse opens a path when it is told N, hence so early.)
 */
static struct fuse_session *new_session(struct mounted *m)
{
	char name[] = "kmmfs", debug[] = "-d", target[32];
	char *argv[] = { name, debug, NULL };
	struct fuse_args args = FUSE_ARGS_INIT(m->options->debug ? 2 : 1, argv);
	struct fuse_session *session;

	session = fuse_session_new(&args, &server_ops, sizeof(server_ops), &m->server);
	fuse_opt_free_args(&args);
	snprintf(target, sizeof(target), "/dev/fd/%d", m->fuse_fd);
	if (session && fuse_session_mount(session, target)) {
		fuse_session_destroy(session);
		session = NULL;
	}
	return session;
}

/* Behind the fork: serve to the end. */
static int run(struct mounted *m, char **error)
{
	const struct serve_options options = {
		.single = m->options->single,
		.clock_real = m->config->clock_real,
		.ready = on_ready,
		.arg = m,
	};
	int ret;

	ret = serve(&m->server, &options);
	if (ret == -ETIMEDOUT) {
		close(m->fuse_fd);
		mount_point_unmount(&m->point);
		pidfile_remove(&m->pidfile);
		_exit(EXIT_FAILURE);
	}
	server_release_files(&m->server);
	end_mount(m);
	if (ret)
		*error = g_strdup_printf("cannot serve: %s", g_strerror(-ret));
	return ret;
}

static int mount_and_run(struct mounted *m, char **error)
{
	int ret = mount_point_mount(&m->point, m->options, m->fuse_fd, error);

	if (ret)
		return ret;
	if (!m->options->foreground)
		ret = serve_fork(&m->ready_fd);
	if (ret) {
		*error = g_strdup_printf("cannot go into the background: %s",
					 g_strerror(-ret));
		end_mount(m);
		return ret;
	}
	return run(m, error);
}

static void tell_progress(void *arg, u64 done, u64 total)
{
	const struct mounted *m = arg;

	/* Before the mount there is a terminal yet. */
	message_say(m->options->foreground || !m->server.session,
		    "history: %llu of %llu lines have been run again",
		    (unsigned long long)done, (unsigned long long)total);
}

/* GLib's, from what the core gives. */
static int take_error(int ret, char *from, char **error)
{
	if (ret && from)
		*error = g_strdup(from);
	free(from);
	return ret;
}

static int open_state(struct mounted *m, char **error)
{
	char *reason;
	int ret;

	if (!m->options->state)
		return 0;
	ret = state_open(m->options->state, &m->state, &reason);
	ret = take_error(ret, reason, error);
	if (!ret && path_below(state_path(m->state), m->point.path)) {
		*error = g_strdup_printf("%s: the machine would be kept inside the mount",
					 m->options->state);
		ret = -EINVAL;
	}
	return ret;
}

/* The lines of a machine that was kept run again. */
static int join_state(struct mounted *m, char **error)
{
	struct out told = OUT_INIT;
	char *reason;
	int ret;

	if (!m->state)
		return 0;
	ret = state_join(m->state, m->tree, &told, &reason);
	ret = take_error(ret, reason, error);
	if (told.len)
		fprintf(stderr, "kmmfs: %s", told.text);
	out_free(&told);
	if (!ret)
		m->state = NULL;
	return ret;
}

/* The machine that was named, or is kept. */
static int load_machine(struct mounted *m, const char *machine, char **error)
{
	if (!machine && m->state && !m->options->sets[0])
		machine = state_machine(m->state);
	return machine_config_load(machine ? machine : DEFAULT_MACHINE,
				   (const char *const *)m->options->sets, &m->config, error);
}

/* All that may fail for a reason that the user can mend, before the mount. */
static int prepare(struct mounted *m, const char *machine, const char *where, char **error)
{
	int ret = mount_point_open(&m->point, where, m->options->nonempty, error);

	if (!ret)
		ret = pidfile_open(&m->pidfile, m->options->pidfile, m->point.path, error);
	if (!ret)
		ret = open_state(m, error);
	if (!ret)
		ret = load_machine(m, machine, error);
	if (!ret)
		ret = tree_create(m->config, &m->tree, error);
	if (ret)
		return ret;
	tree_on_progress(m->tree, tell_progress, m);
	ret = join_state(m, error);
	if (ret)
		return ret;
	stack_trace_init();
	messages_open(m->options->foreground);
	m->notify_fd = notify_open();
	m->null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	m->fuse_fd = dup(m->null_fd);
	if (m->fuse_fd < 0 || fcntl(m->fuse_fd, F_SETFD, FD_CLOEXEC) || chdir("/")) {
		*error = g_strdup_printf("/dev/null or /: %s", g_strerror(errno));
		return -EIO;
	}
	server_init(&m->server, m->tree);
	m->server.session = new_session(m);
	return m->server.session ? 0 : -ENOMEM;
}

static void undo(struct mounted *m)
{
	if (m->server.session)
		fuse_session_destroy(m->server.session);
	pidfile_remove(&m->pidfile);
	tree_free(m->tree);
	state_close(m->state);
	machine_config_free(m->config);
	mount_point_close(&m->point);
}

int mount_machine(const struct mount_options *options, const char *machine,
		  const char *where, char **error)
{
	struct mounted m = {
		.options = options,
		.point = { .parent_fd = -1, .dir_fd = -1 },
		.pidfile = { .fd = -1, .dir_fd = -1 },
		.notify_fd = -1, .ready_fd = -1, .null_fd = -1, .fuse_fd = -1,
	};
	int ret;

	serve_block_signals();
	ret = prepare(&m, machine, where, error);
	if (!ret)
		ret = mount_and_run(&m, error);
	undo(&m);
	return ret;
}
