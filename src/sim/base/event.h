/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Timers and daemons in (time, id) order: a binary heap with stable ids. */
#ifndef KMM_BASE_EVENT_H
#define KMM_BASE_EVENT_H

#include "sim/base/arena.h"

struct machine;
/* False: there was nothing to do, and nothing will come of waiting alone. */
typedef bool (*event_fn)(struct machine *m, void *data);

struct event {
	u64 when_ns;
	u32 id;			/* order of creation: breaks ties */
	event_fn run;
	void *data;
	u64 period_ns;		/* 0: runs once */
	const char *name;	/* static */
	u32 idle_epoch;		/* nothing to do since this epoch of the queue; 0: maybe */
};

struct event_queue {
	struct arena *arena;
	struct event *heap;
	unsigned int nr, room;
	u32 next_id;
	u32 epoch;		/* begins anew when anything may have changed */
};

void event_queue_init(struct event_queue *queue, struct arena *arena);
void event_queue_free(struct event_queue *queue);
/* 0 or -ENOMEM; *id may be NULL. */
int event_add(struct event_queue *queue, const struct event *event, u32 *id) __must_check;
bool event_cancel(struct event_queue *queue, u32 id);
/* The first event that is due at `now`, taken off (periodic ones stay, moved on). */
bool event_pop_due(struct event_queue *queue, u64 now_ns, struct event *event);
/*
 * When the first event other than `id` is due that may have something to do; UINT64_MAX
 * when there is none.
 */
u64 event_first_other_ns(const struct event_queue *queue, u32 id);
/* When the event is due; UINT64_MAX: there is none with this id. */
u64 event_when_ns(const struct event_queue *queue, u32 id);
/* Something has changed: all may have something to do. This one has not, for now. */
static inline void event_queue_changed(struct event_queue *queue)
{
	queue->epoch++;
}
void event_is_idle(struct event_queue *queue, u32 id);
/* Let it run then, and later each so often. Nothing if there is no such event. */
void event_set(struct event_queue *queue, u32 id, u64 when_ns, u64 period_ns);
/*
 * Move a periodic event on to its first turn behind `now_ns`, and give it this
 * period from now on. Nothing if there is no such event.
 */
void event_move_on(struct event_queue *queue, u32 id, u64 now_ns, u64 period_ns);

#endif
