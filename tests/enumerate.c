// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A queue of sequences and a set of signatures: see the header. A state is reached
 * by making the calls of its sequence again.
 */
#include "enumerate.h"

#include <stdio.h>
#include <stdlib.h>

struct sequence {
	u8 len, calls[MAX_SEQUENCE];
};

struct queue {
	struct sequence *sequences;
	u64 nr, room;
	struct digest *seen;	/* open addressing; all zeroes: empty */
	u64 nr_slots;
};

static void *must(void *p)
{
	if (!p)
		abort();
	return p;
}

static struct digest *slot_of(const struct queue *q, const struct digest *d)
{
	u64 i = d->a & (q->nr_slots - 1);

	while ((q->seen[i].a || q->seen[i].b) &&
	       (q->seen[i].a != d->a || q->seen[i].b != d->b))
		i = (i + 1) & (q->nr_slots - 1);
	return &q->seen[i];
}

static void queue_grow(struct queue *q)
{
	struct digest *old = q->seen;
	u64 nr_old = q->nr_slots;

	q->room = q->room ? 2 * q->room : 1024;
	q->sequences = must(realloc(q->sequences, q->room * sizeof(*q->sequences)));
	q->nr_slots = 4 * q->room;
	q->seen = must(calloc(q->nr_slots, sizeof(*q->seen)));
	for (u64 i = 0; i < nr_old; i++)
		if (old[i].a || old[i].b)
			*slot_of(q, &old[i]) = old[i];
	free(old);
}

/* Where the sequence leads is gone on from, unless another one led there. */
static void queue_add(struct queue *q, const struct sequence *sequence, const struct digest *d)
{
	struct digest *slot;

	if (q->nr == q->room)
		queue_grow(q);
	slot = slot_of(q, d);
	if (slot->a || slot->b)
		return;
	*slot = *d;
	q->sequences[q->nr++] = *sequence;
}

static bool wrong(const struct enumeration *e, const struct sequence *sequence)
{
	char text[128];

	fprintf(stderr, "after:\n");
	for (unsigned int i = 0; i < sequence->len; i++) {
		e->say(sequence->calls[i], text, sizeof(text));
		fprintf(stderr, "  %s\n", text);
	}
	return false;
}

/* The calls of a sequence, the last one judged. */
static bool run(struct enumeration *e, struct queue *q, const struct sequence *sequence)
{
	struct digest digest;
	bool made = true, good = true;

	e->begin(e->bed);
	for (unsigned int i = 0; made && i < sequence->len; i++)
		made = e->call(e->bed, sequence->calls[i]);
	if (made) {
		e->nr_transitions++;
		good = e->judge(e->bed) || wrong(e, sequence);
		digest_init(&digest);
		e->sign(e->bed, &digest);
		queue_add(q, sequence, &digest);
	}
	e->end(e->bed);
	return good;
}

bool enumerate(struct enumeration *e)
{
	static const struct sequence nothing;
	struct queue q = { 0 };
	bool good = run(e, &q, &nothing);

	for (u64 i = 0; good && i < q.nr; i++) {
		struct sequence next = q.sequences[i];

		if (next.len == e->depth)
			break;
		next.len++;
		for (unsigned int call = 0; good && call < e->nr_calls; call++) {
			next.calls[next.len - 1] = (u8)call;
			good = run(e, &q, &next);
		}
	}
	e->nr_states = q.nr;
	free(q.sequences);
	free(q.seen);
	return good;
}
