/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Answer the requests of a mounted machine until a signal, --stop or an unmount
 * ends it. serve_fork() puts the process into the background before any thread
 * exists.
 */
#ifndef KMM_FUSE_SERVE_H
#define KMM_FUSE_SERVE_H

#include "fs/fuse/server.h"

#define SERVE_THREADS 4
#define STOP_LIMIT_MS 2000	/* for requests that run when the end comes */

struct serve_options {
	bool single;		/* one thread */
	bool clock_real;	/* one tick for each second of wall time */
	/* Called once, when requests are being answered. */
	void (*ready)(void *arg);
	void *arg;
};

/*
 * Go into the background: returns 0 in the child, with *ready_fd to write a byte
 * to once it serves; the parent waits for that and exits 0, or 1 when the child
 * ended before. -errno on failure.
 */
int serve_fork(int *ready_fd) __must_check;

/* Block the signals that end a mount; before the first thread and the mount. */
void serve_block_signals(void);

/*
 * Serve. Returns 0 after the end, -errno when threads could not be made,
 * -ETIMEDOUT when a request was still running at the limit: its thread lives on,
 * the caller must _exit().
 */
int serve(struct server *server, const struct serve_options *options) __must_check;

#endif
