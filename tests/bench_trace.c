// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A zipf trace of a million objects on a cache of 10,000 pages by least recent use: the
 * page cache of a machine of its own, and beside it the least that such a cache is, arrays of
 * links. Both go round the same trace, and are full before anything is timed.
 */
#include "bench.h"

#include <stdlib.h>

#include "sim/reclaim/trace.h"
#include "trace.h"

#define OBJECTS 1000000
#define REQUESTS 4000000
#define CAPACITY 10000

struct replay {
	struct trace trace;
	u64 engine_at, model_at;
	struct tree *tree;
	struct trace_cache cache;
	u32 *next, *prev;	/* [OBJECTS] is the head */
	u8 *here;
	u32 nr;
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
			if (r->nr == CAPACITY) {
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

static void prepare(struct bench *b, const struct row *row)
{
	/* As kmm-replay's own: no time passes. */
	static const char *const sets[] = {
		"reclaim=lru", "node 0.memory=2G", "cost.shrink_node=0", "cost.scan_page=0",
		"cost.reclaim_page=0", "cost.disk_read=0", NULL,
	};
	const struct zipf zipf = { OBJECTS, REQUESTS, 1.0, 42 };
	struct replay *r = b->replay;

	if (r)
		return;
	r = b->replay = calloc(1, sizeof(*r));
	need(r ? trace_zipf(&r->trace, &zipf) : -ENOMEM, "trace");
	bench_boot("tiny", sets, &r->tree);
	need(trace_cache_init(&r->cache, (struct machine *)tree_machine(r->tree), OBJECTS,
			      CAPACITY), "trace");
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
	{ "trace replay, LRU", 5000, engine_replay, model_replay, NULL, .prepare = prepare,
	  .goal = 14e6, .share = 0.25 },
};

void bench_trace(struct bench *b)
{
	print_rows(b, rows, ARRAY_SIZE(rows));
	if (!b->replay)
		return;
	trace_cache_end(&b->replay->cache);
	tree_free(b->replay->tree);
	trace_free(&b->replay->trace);
	free(b->replay->next);
	free(b->replay->prev);
	free(b->replay->here);
	free(b->replay);
}
