// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The leader counts lead->request up when it gets a request and again when that is
 * answered; the deputy counts it up in the leader's stead to depose it. Both do so
 * by compare-and-exchange on the request's number, so that one of them wins.
 *
 * The deputy sleeps without a timer while nothing happens: when it saw no request
 * between two looks it takes `patrolled` back and looks once more, and the next
 * leader to find that false wakes it.
 */
#include "fs/fuse/lead.h"

#include <time.h>

void lead_init(struct lead *lead, bool alone)
{
	pthread_condattr_t attr;

	*lead = (struct lead){ .patrolled = alone };
	pthread_mutex_init(&lead->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&lead->traffic, &attr);
	pthread_condattr_destroy(&attr);
	pthread_cond_init(&lead->vacant, NULL);
}

static void patrol_sleep(struct lead *lead)
{
	struct timespec next;

	clock_gettime(CLOCK_MONOTONIC, &next);
	next.tv_nsec += PATROL_MS * 1000000L;
	next.tv_sec += next.tv_nsec / 1000000000L;
	next.tv_nsec %= 1000000000L;
	pthread_cond_timedwait(&lead->traffic, &lead->lock, &next);
}

/* One look; *seen: the count at the one before. True: the leader is deposed. */
static bool look(struct lead *lead, unsigned int *seen)
{
	unsigned int request = atomic_load(&lead->request);

	if (request != *seen) {
		*seen = request;
		return false;
	}
	if (request & 1)
		return atomic_compare_exchange_strong(&lead->request, &request, request + 1);
	atomic_store(&lead->patrolled, false);
	if (atomic_load(&lead->request) != request)
		atomic_store(&lead->patrolled, true);
	return false;
}

/* Lock held, by the deputy: until it leads. */
static void patrol(struct lead *lead)
{
	unsigned int seen = atomic_load(&lead->request);

	while (!lead->ended) {
		if (!atomic_load(&lead->patrolled)) {
			pthread_cond_wait(&lead->traffic, &lead->lock);
			continue;
		}
		patrol_sleep(lead);
		if (look(lead, &seen))
			return;
	}
}

bool lead_wait(struct lead *lead)
{
	bool ended;

	pthread_mutex_lock(&lead->lock);
	while (!lead->ended && lead->led && lead->watched)
		pthread_cond_wait(&lead->vacant, &lead->lock);
	if (!lead->ended && lead->led) {
		lead->watched = true;
		patrol(lead);
		lead->watched = false;
	}
	lead->led = true;
	ended = lead->ended;
	pthread_cond_signal(&lead->vacant);
	pthread_mutex_unlock(&lead->lock);
	return !ended;
}

unsigned int lead_begin(struct lead *lead)
{
	unsigned int request = atomic_fetch_add(&lead->request, 1) + 1;

	if (atomic_load(&lead->patrolled))
		return request;
	pthread_mutex_lock(&lead->lock);
	atomic_store(&lead->patrolled, true);
	pthread_cond_signal(&lead->traffic);
	pthread_mutex_unlock(&lead->lock);
	return request;
}

bool lead_end(struct lead *lead, unsigned int request)
{
	return atomic_compare_exchange_strong(&lead->request, &request, request + 1);
}

void lead_stop(struct lead *lead)
{
	pthread_mutex_lock(&lead->lock);
	lead->ended = true;
	pthread_cond_broadcast(&lead->traffic);
	pthread_cond_broadcast(&lead->vacant);
	pthread_mutex_unlock(&lead->lock);
}
