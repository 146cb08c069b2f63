// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A zipf trace of a million objects on a cache of so many pages by least recent use: the
 * page cache of a machine of its own, and beside it the least that such a cache is, arrays of
 * links. Both go round the same trace, and are full before anything is timed.
 */
#include "bench.h"

#include <stdlib.h>

#include "sim/reclaim/trace.h"
#include "trace.h"

#define OBJECTS 1000000
#define REQUESTS 4000000

struct replay {
	struct trace trace;
	u64 engine_at, model_at;
	struct tree *tree;
	struct trace_cache cache;
	u32 *next, *prev;	/* [OBJECTS] is the head */
	u8 *here;
	u32 nr, capacity;
};

static const u32 *some(const struct replay *r, u64 *at, u64 nr)
{
	const u32 *indices;

	if (*at + nr > r->trace.nr)
		*at = 0;
	indices = &r->trace.indices[*at];
	*at += nr;
	return indices;
}

static void engine_replay(struct bench *b, const struct row *row)
{
	struct replay *r = b->replay;

	need(trace_cache_run(&r->cache, some(r, &r->engine_at, row->ops), row->ops), "replay");
}

static void model_link(struct replay *r, u32 i)
{
	r->prev[i] = OBJECTS;
	r->next[i] = r->next[OBJECTS];
	r->prev[r->next[OBJECTS]] = i;
	r->next[OBJECTS] = i;
}

static void model_unlink(struct replay *r, u32 i)
{
	r->next[r->prev[i]] = r->next[i];
	r->prev[r->next[i]] = r->prev[i];
}

static void model_replay(struct bench *b, const struct row *row)
{
	struct replay *r = b->replay;
	const u32 *indices = some(r, &r->model_at, row->ops);

	for (unsigned int i = 0; i < row->ops; i++) {
		u32 object = indices[i];

		if (r->here[object]) {
			model_unlink(r, object);
		} else {
			if (r->nr == r->capacity) {
				u32 last = r->prev[OBJECTS];

				model_unlink(r, last);
				r->here[last] = 0;
				r->nr--;
			}
			r->here[object] = 1;
			r->nr++;
		}
		model_link(r, object);
	}
}

static void replay_end(struct bench *b)
{
	struct replay *r = b->replay;

	b->replay = NULL;
	if (!r)
		return;
	trace_cache_end(&r->cache);
	tree_free(r->tree);
	trace_free(&r->trace);
	free(r->next);
	free(r->prev);
	free(r->here);
	free(r);
}

static void prepare(struct bench *b, const struct row *row)
{
	/* As kmm-replay's own: no time passes. */
	static const char *const sets[] = {
		"reclaim=lru", "node 0.memory=2G", "cost.shrink_node=0", "cost.scan_page=0",
		"cost.reclaim_page=0", "cost.disk_read=0", "disk.bandwidth=0", NULL,
	};
	const struct zipf zipf = { OBJECTS, REQUESTS, 1.0, 42 };
	struct replay *r = b->replay;

	if (r && r->capacity == row->extent)
		return;
	replay_end(b);
	r = b->replay = calloc(1, sizeof(*r));
	need(r ? trace_zipf(&r->trace, &zipf) : -ENOMEM, "trace");
	r->capacity = row->extent;
	bench_boot("tiny", sets, &r->tree);
	need(trace_cache_init(&r->cache, (struct machine *)tree_machine(r->tree), OBJECTS,
			      r->capacity), "trace");
	r->next = malloc((OBJECTS + 1) * sizeof(*r->next));
	r->prev = malloc((OBJECTS + 1) * sizeof(*r->prev));
	r->here = calloc(OBJECTS + 1, 1);
	need(r->next && r->prev && r->here ? 0 : -ENOMEM, "trace");
	r->next[OBJECTS] = r->prev[OBJECTS] = OBJECTS;
	for (unsigned int i = 0; i < REQUESTS / row->ops; i++) {
		engine_replay(b, row);
		model_replay(b, row);
	}
}

static const struct row rows[] = {
	{ "trace replay, LRU of 10,000 pages", 5000, engine_replay, model_replay,
	  .prepare = prepare, .extent = 10000, .goal = 14e6, .share = 0.25 },
	{ "trace replay, LRU of 100,000 pages", 5000, engine_replay, model_replay,
	  .prepare = prepare, .extent = 100000, .goal = 14e6, .share = 0.25 },
};

void bench_trace(struct bench *b)
{
	print_rows(b, rows, ARRAY_SIZE(rows));
	replay_end(b);
}
