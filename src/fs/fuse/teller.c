// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Whoever answers looks whether anybody has ended; if so, or while somebody else's dead
 * are being told of, the answer goes to the thread's list. The thread takes the list
 * first, and the names after: they are at least those that the list waits for.
 */
#include "fs/fuse/teller.h"

#include <stdio.h>
#include <stdlib.h>

#define NR_PIDS 256

struct teller_answer {
	struct teller_answer *next;
	fuse_req_t req;		/* NULL: nobody waits */
	bool write;
	ssize_t result;
};

void teller_init(struct teller *teller, struct tree *tree)
{
	*teller = (struct teller){ .tree = tree };
	teller->last = &teller->first;
	pthread_mutex_init(&teller->lock, NULL);
	pthread_cond_init(&teller->work, NULL);
}

static void answer(const struct teller_answer *answer)
{
	if (!answer->req)
		return;
	if (answer->write && answer->result >= 0)
		fuse_reply_write(answer->req, (size_t)answer->result);
	else
		fuse_reply_err(answer->req, (int)-answer->result);
}

/* A name that it does not have any more is none of the kernel's errors to care about. */
static void tell(struct teller *teller)
{
	u32 pids[NR_PIDS];
	struct node dir;
	unsigned int nr;

	do {
		nr = tree_take_gone(teller->tree, &dir, pids, NR_PIDS);
		for (unsigned int i = 0; i < nr; i++) {
			char name[16];
			int len = snprintf(name, sizeof(name), "%u", pids[i]);

			fuse_lowlevel_notify_inval_entry(teller->session, node_to_ino(dir), name,
							 (size_t)len);
		}
	} while (nr == NR_PIDS);
}

static void *tell_on(void *arg)
{
	struct teller *teller = arg;

	pthread_mutex_lock(&teller->lock);
	while (teller->first || !teller->stop) {
		struct teller_answer *list = teller->first, *next;

		if (!list) {
			teller->busy = false;
			pthread_cond_wait(&teller->work, &teller->lock);
			continue;
		}
		teller->first = NULL;
		teller->last = &teller->first;
		pthread_mutex_unlock(&teller->lock);
		tell(teller);
		for (; list; list = next) {
			next = list->next;
			answer(list);
			free(list);
		}
		pthread_mutex_lock(&teller->lock);
	}
	teller->running = false;
	pthread_mutex_unlock(&teller->lock);
	return NULL;
}

int teller_start(struct teller *teller, struct fuse_session *session)
{
	int ret;

	teller->session = session;
	pthread_mutex_lock(&teller->lock);
	ret = -pthread_create(&teller->thread, NULL, tell_on, teller);
	teller->running = !ret;
	pthread_mutex_unlock(&teller->lock);
	return ret;
}

bool teller_stop(struct teller *teller)
{
	bool running;

	pthread_mutex_lock(&teller->lock);
	running = teller->running;
	teller->stop = true;
	pthread_cond_signal(&teller->work);
	pthread_mutex_unlock(&teller->lock);
	return running;
}

/* Must it wait, and does it, on the list? Without memory for that it does not. */
static bool enqueue(struct teller *teller, const struct teller_answer *from)
{
	struct teller_answer *to = NULL;

	pthread_mutex_lock(&teller->lock);
	if (teller->running && (teller->busy || tree_any_gone(teller->tree)))
		to = malloc(sizeof(*to));
	if (to) {
		*to = *from;
		*teller->last = to;
		teller->last = &to->next;
		teller->busy = true;
		pthread_cond_signal(&teller->work);
	}
	pthread_mutex_unlock(&teller->lock);
	return to;
}

static void take(struct teller *teller, const struct teller_answer *from)
{
	if (!enqueue(teller, from))
		answer(from);
}

void teller_answer_write(struct teller *teller, fuse_req_t req, ssize_t taken)
{
	take(teller, &(struct teller_answer){ .req = req, .write = true, .result = taken });
}

void teller_answer(struct teller *teller, fuse_req_t req, int err)
{
	take(teller, &(struct teller_answer){ .req = req, .result = err });
}

void teller_look(struct teller *teller)
{
	take(teller, &(struct teller_answer){ .req = NULL });
}
