// SPDX-License-Identifier: GPL-2.0-or-later
/* The event queue's order, and the digest's sensitivity. */

#include "support.h"
#include "sim/base/digest.h"
#include "sim/base/event.h"

static u32 add(struct event_queue *queue, u64 when, u64 period)
{
	struct event event = { .when_ns = when, .period_ns = period };
	u32 id = 0;

	CU_ASSERT_EQUAL(event_add(queue, &event, &id), 0);
	return id;
}

static void test_order(void)
{
	struct arena arena = { 0 };
	struct event_queue queue;
	struct event event, before = { 0 };
	unsigned int nr = 0;

	event_queue_init(&queue, &arena);
	/* 200 events on 20 instants, added in a scattered order. */
	for (u64 i = 0; i < 200; i++)
		add(&queue, i * 7 % 20, 0);
	while (event_pop_due(&queue, 100, &event)) {
		if (nr++) {
			CU_ASSERT_TRUE(before.when_ns <= event.when_ns);
			if (before.when_ns == event.when_ns)
				CU_ASSERT_TRUE(before.id < event.id);
		}
		before = event;
	}
	CU_ASSERT_EQUAL(nr, 200);
	event_queue_free(&queue);
	CU_ASSERT_EQUAL(arena.bytes, 0);
}

static void test_due_period_cancel(void)
{
	struct arena arena = { 0 };
	struct event_queue queue;
	struct event event;
	u32 once, again;

	event_queue_init(&queue, &arena);
	again = add(&queue, 10, 10);
	once = add(&queue, 20, 0);
	CU_ASSERT_FALSE(event_pop_due(&queue, 9, &event));
	CU_ASSERT_TRUE(event_pop_due(&queue, 20, &event));
	CU_ASSERT_EQUAL(event.id, again);
	CU_ASSERT_TRUE(event_pop_due(&queue, 20, &event));
	CU_ASSERT_EQUAL(event.id, again);	/* the smaller id at 20 */
	CU_ASSERT_TRUE(event_pop_due(&queue, 20, &event));
	CU_ASSERT_EQUAL(event.id, once);
	CU_ASSERT_FALSE(event_pop_due(&queue, 20, &event));
	CU_ASSERT_TRUE(event_cancel(&queue, again));
	CU_ASSERT_FALSE(event_cancel(&queue, again));
	CU_ASSERT_FALSE(event_pop_due(&queue, 1000, &event));
	event_queue_free(&queue);
}

static void test_no_memory(void)
{
	struct arena arena = { 0 };
	struct event_queue queue;
	struct event event = { .when_ns = 1 };

	event_queue_init(&queue, &arena);
	arena_fail_after(&arena, 1);
	CU_ASSERT_EQUAL(event_add(&queue, &event, NULL), -ENOMEM);
	CU_ASSERT_EQUAL(queue.nr, 0);
	CU_ASSERT_EQUAL(event_add(&queue, &event, NULL), 0);
	event_queue_free(&queue);
}

static void hex_of(const char *a, const char *b, char hex[33])
{
	struct digest digest;

	digest_init(&digest);
	digest_string(&digest, a);
	digest_string(&digest, b);
	digest_hex(&digest, hex);
}

static void test_digest(void)
{
	char one[33], two[33];

	hex_of("ab", "c", one);
	hex_of("a", "bc", two);
	CU_ASSERT_STRING_NOT_EQUAL(one, two);
	hex_of("123456789", "", two);
	CU_ASSERT_STRING_NOT_EQUAL(one, two);
	hex_of("ab", "c", two);
	CU_ASSERT_STRING_EQUAL(one, two);
	CU_ASSERT_EQUAL(strlen(one), 32);
	hex_of(NULL, "x", one);
	hex_of("", "x", two);
	CU_ASSERT_STRING_EQUAL(one, two);
}

static const CU_TestInfo tests[] = {
	{ "order", test_order },
	{ "due, period, cancel", test_due_period_cancel },
	{ "no memory", test_no_memory },
	{ "digest", test_digest },
};

int main(void)
{
	return suite_main("event", tests, ARRAY_SIZE(tests), NULL, NULL);
}
