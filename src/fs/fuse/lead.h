/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which of several threads reads the next request. One leads: it reads requests
 * and answers them, as long as each is quick. All others sleep, so that a request
 * wakes one thread and not the next in a ring. One of those who sleep, the deputy,
 * looks at the leader while there is traffic; a request that runs for a patrol or
 * two costs the leader its place, and the deputy reads the next.
 *
 * Lock rule: lead->lock guards what is not atomic; nobody holds it over a request.
 */
#ifndef KMM_FUSE_LEAD_H
#define KMM_FUSE_LEAD_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#define PATROL_MS 2	/* between two looks at the leader */

struct lead {
	/* Odd: a request is being answered; every one has a number of its own. */
	atomic_uint request;
	atomic_bool patrolled;	/* the deputy looks, as there is traffic */

	pthread_mutex_t lock;
	pthread_cond_t traffic;	/* the deputy waits for it */
	pthread_cond_t vacant;	/* the others: for the deputy's place */
	/* Guarded by the lock. */
	bool led, watched, ended;	/* there is a leader, a deputy, an end */
};

/* Without a deputy (alone: one thread) the leader never loses its place. */
void lead_init(struct lead *lead, bool alone);

/* Sleep until this thread leads. False: the end has come. */
bool lead_wait(struct lead *lead);

/* The leader has got a request; its number. */
unsigned int lead_begin(struct lead *lead);
/* It is answered. False: another thread leads by now. */
bool lead_end(struct lead *lead, unsigned int request);

/* Nobody waits any longer. */
void lead_stop(struct lead *lead);

#endif
