// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A binary heap ordered by (when_ns, id). A periodic event goes back into the
 * heap with its own id, moved on by its period, before its function runs: so an
 * event that cancels itself finds itself there. Popping needs no memory.
 */
#include "sim/base/event.h"

static bool event_before(const struct event *a, const struct event *b)
{
	return a->when_ns != b->when_ns ? a->when_ns < b->when_ns : a->id < b->id;
}

static void event_sift_up(struct event_queue *queue, unsigned int at)
{
	struct event event = queue->heap[at];

	while (at) {
		unsigned int parent = (at - 1) / 2;

		if (!event_before(&event, &queue->heap[parent]))
			break;
		queue->heap[at] = queue->heap[parent];
		at = parent;
	}
	queue->heap[at] = event;
}

static void event_sift_down(struct event_queue *queue, unsigned int at)
{
	struct event event = queue->heap[at];

	for (;;) {
		unsigned int child = 2 * at + 1;

		if (child >= queue->nr)
			break;
		if (child + 1 < queue->nr &&
		    event_before(&queue->heap[child + 1], &queue->heap[child]))
			child++;
		if (!event_before(&queue->heap[child], &event))
			break;
		queue->heap[at] = queue->heap[child];
		at = child;
	}
	queue->heap[at] = event;
}

static void event_remove_at(struct event_queue *queue, unsigned int at)
{
	queue->nr--;
	if (at == queue->nr)
		return;
	queue->heap[at] = queue->heap[queue->nr];
	event_sift_down(queue, at);
	event_sift_up(queue, at);
}

void event_queue_init(struct event_queue *queue, struct arena *arena)
{
	*queue = (struct event_queue) { .arena = arena, .next_id = 1, .epoch = 1 };
}

void event_queue_free(struct event_queue *queue)
{
	arena_free(queue->arena, queue->heap, queue->room * sizeof(*queue->heap));
	event_queue_init(queue, queue->arena);
}

static int event_make_room(struct event_queue *queue)
{
	struct event *heap = arena_grow(queue->arena, queue->heap, &queue->room, queue->nr + 1, 16,
					sizeof(*heap));

	if (!heap)
		return -ENOMEM;
	queue->heap = heap;
	return 0;
}

int event_add(struct event_queue *queue, const struct event *event, u32 *id)
{
	int err = event_make_room(queue);

	if (err)
		return err;
	queue->heap[queue->nr] = *event;
	queue->heap[queue->nr].id = queue->next_id;
	if (id)
		*id = queue->next_id;
	queue->next_id++;
	event_sift_up(queue, queue->nr++);
	return 0;
}

bool event_cancel(struct event_queue *queue, u32 id)
{
	for (unsigned int i = 0; i < queue->nr; i++) {
		if (queue->heap[i].id != id)
			continue;
		event_remove_at(queue, i);
		return true;
	}
	return false;
}

bool event_pop_due(struct event_queue *queue, u64 now_ns, struct event *event)
{
	if (!queue->nr || queue->heap[0].when_ns > now_ns)
		return false;
	*event = queue->heap[0];
	if (event->period_ns) {
		queue->heap[0].when_ns += event->period_ns;
		event_sift_down(queue, 0);
	} else {
		event_remove_at(queue, 0);
	}
	return true;
}

u64 event_first_other_ns(const struct event_queue *queue, u32 id)
{
	u64 first = UINT64_MAX;

	for (unsigned int i = 0; i < queue->nr; i++) {
		if (queue->heap[i].id != id && queue->heap[i].idle_epoch != queue->epoch)
			first = MIN(first, queue->heap[i].when_ns);
	}
	return first;
}

u64 event_when_ns(const struct event_queue *queue, u32 id)
{
	for (unsigned int i = 0; i < queue->nr; i++) {
		if (queue->heap[i].id == id)
			return queue->heap[i].when_ns;
	}
	return UINT64_MAX;
}

void event_is_idle(struct event_queue *queue, u32 id)
{
	for (unsigned int i = 0; i < queue->nr; i++)
		if (queue->heap[i].id == id)
			queue->heap[i].idle_epoch = queue->epoch;
}

void event_set(struct event_queue *queue, u32 id, u64 when_ns, u64 period_ns)
{
	for (unsigned int i = 0; i < queue->nr; i++) {
		if (queue->heap[i].id != id)
			continue;
		queue->heap[i].when_ns = when_ns;
		queue->heap[i].period_ns = period_ns;
		event_sift_down(queue, i);
		event_sift_up(queue, i);
		return;
	}
}

void event_move_on(struct event_queue *queue, u32 id, u64 now_ns, u64 period_ns)
{
	for (unsigned int i = 0; i < queue->nr; i++) {
		struct event *event = &queue->heap[i];

		if (event->id != id)
			continue;
		if (event->when_ns <= now_ns)
			event->when_ns += ((now_ns - event->when_ns) / period_ns + 1) * period_ns;
		event->period_ns = period_ns;
		event_sift_down(queue, i);
		return;
	}
}
