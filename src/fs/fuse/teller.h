/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel keeps the names of processes for a second. Before a write that ended some
 * is answered, it is told to forget them: by a thread of its own, which then answers,
 * because telling waits for lookups that are under way, which one of those that answer
 * requests has to finish.
 *
 * Lock: teller->lock, before the tree's; nobody holds it while the kernel is told.
 */
#ifndef KMM_FUSE_TELLER_H
#define KMM_FUSE_TELLER_H

#define FUSE_USE_VERSION 35
#include <fuse_lowlevel.h>
#include <pthread.h>

#include "fs/core/tree.h"

struct teller_answer;

struct teller {
	/* Fixed before the first request. */
	struct tree *tree;
	struct fuse_session *session;
	pthread_t thread;

	pthread_mutex_t lock;
	pthread_cond_t work;
	/* Guarded by the lock. */
	struct teller_answer *first, **last;	/* that wait */
	bool running, busy, stop;
};

void teller_init(struct teller *teller, struct tree *tree);
/* 0 or -errno. Without its thread nobody is told. */
int teller_start(struct teller *teller, struct fuse_session *session) __must_check;
/* The thread ends when all that waits is answered; true: there is one, to be joined. */
bool teller_stop(struct teller *teller);

/* Answer a write (bytes taken, or -errno), or what has no result (0 or -errno). */
void teller_answer_write(struct teller *teller, fuse_req_t req, ssize_t taken);
void teller_answer(struct teller *teller, fuse_req_t req, int err);
/* Lines ran that nobody waits for. */
void teller_look(struct teller *teller);

#endif
