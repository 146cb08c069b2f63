// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Threads that take requests in turn: the leader keeps its place while requests are
 * quick, loses it over one that is not, and nobody sleeps through the end.
 */
#include "support.h"
#include "fs/fuse/lead.h"

#include <time.h>
#include <unistd.h>

#define NR_THREADS 4
#define LIMIT_MS 5000

struct crew {
	struct lead lead;
	pthread_t threads[NR_THREADS];
	atomic_uint leaders;	/* threads that led, so far */
	atomic_uint lost;	/* that lost their place */
	atomic_bool slow;	/* the next leader hangs over its request */
	atomic_bool go_on;	/* until this */
	atomic_bool ended;
};

static void sleep_ms(long ms)
{
	const struct timespec time = { .tv_nsec = ms * 1000000L };

	nanosleep(&time, NULL);
}

static void *work(void *arg)
{
	struct crew *crew = arg;

	while (lead_wait(&crew->lead)) {
		bool leading = true;

		atomic_fetch_add(&crew->leaders, 1);
		while (leading && !atomic_load(&crew->ended)) {
			unsigned int request = lead_begin(&crew->lead);

			if (atomic_exchange(&crew->slow, false))
				while (!atomic_load(&crew->go_on))
					sleep_ms(1);
			leading = lead_end(&crew->lead, request);
			usleep(100);
		}
		if (!leading)
			atomic_fetch_add(&crew->lost, 1);
	}
	return NULL;
}

static void start(struct crew *crew, bool alone, unsigned int nr)
{
	*crew = (struct crew){ 0 };
	lead_init(&crew->lead, alone);
	for (unsigned int i = 0; i < nr; i++)
		CU_ASSERT_EQUAL(pthread_create(&crew->threads[i], NULL, work, crew), 0);
}

static void end(struct crew *crew, unsigned int nr)
{
	atomic_store(&crew->ended, true);
	lead_stop(&crew->lead);
	for (unsigned int i = 0; i < nr; i++)
		CU_ASSERT_EQUAL(pthread_join(crew->threads[i], NULL), 0);
}

static bool reaches(atomic_uint *count, unsigned int wanted)
{
	for (int ms = 0; ms < LIMIT_MS && atomic_load(count) < wanted; ms++)
		sleep_ms(1);
	return atomic_load(count) == wanted;
}

/* A slow request costs the place, and costs it once; two do so twice. */
static void test_slow(void)
{
	struct crew crew;

	start(&crew, false, NR_THREADS);
	CU_ASSERT_TRUE(reaches(&crew.leaders, 1));
	for (unsigned int turn = 1; turn <= 2; turn++) {
		unsigned int before = atomic_load(&crew.lead.request);

		atomic_store(&crew.slow, true);
		CU_ASSERT_TRUE(reaches(&crew.leaders, turn + 1));
		for (int ms = 0; ms < LIMIT_MS && atomic_load(&crew.lead.request) - before < 20; ms++)
			sleep_ms(1);
		CU_ASSERT_TRUE(atomic_load(&crew.lead.request) - before >= 20);
		CU_ASSERT_EQUAL(atomic_load(&crew.lost), 0);
	}
	atomic_store(&crew.go_on, true);
	CU_ASSERT_TRUE(reaches(&crew.lost, 2));
	end(&crew, NR_THREADS);
}

/* The number of a request says who won. */
static void test_numbers(void)
{
	struct lead lead;
	unsigned int request;

	lead_init(&lead, true);
	CU_ASSERT_TRUE(lead_wait(&lead));
	request = lead_begin(&lead);
	CU_ASSERT_EQUAL(request & 1, 1);
	CU_ASSERT_TRUE(lead_end(&lead, request));
	request = lead_begin(&lead);
	atomic_fetch_add(&lead.request, 1);	/* as a deputy does */
	CU_ASSERT_FALSE(lead_end(&lead, request));
	CU_ASSERT_EQUAL(atomic_load(&lead.request) & 1, 0);
}

/* One thread keeps its place however slow it is. */
static void test_alone(void)
{
	struct crew crew;

	start(&crew, true, 1);
	atomic_store(&crew.slow, true);
	CU_ASSERT_TRUE(reaches(&crew.leaders, 1));
	sleep_ms(10 * PATROL_MS);
	CU_ASSERT_EQUAL(atomic_load(&crew.leaders), 1);
	atomic_store(&crew.go_on, true);
	end(&crew, 1);
	CU_ASSERT_EQUAL(atomic_load(&crew.lost), 0);
}

/* The end comes while all sleep: a leader that waits for requests is not here. */
static void test_end(void)
{
	struct crew crew;

	start(&crew, false, 0);
	CU_ASSERT_TRUE(lead_wait(&crew.lead));
	for (unsigned int i = 0; i < NR_THREADS; i++)
		CU_ASSERT_EQUAL(pthread_create(&crew.threads[i], NULL, work, &crew), 0);
	sleep_ms(5);
	end(&crew, NR_THREADS);
	CU_ASSERT_EQUAL(atomic_load(&crew.leaders), 0);
}

static const CU_TestInfo tests[] = {
	{ "a slow request", test_slow },
	{ "numbers of requests", test_numbers },
	{ "one thread", test_alone },
	{ "the end", test_end },
};

int main(void)
{
	return suite_main("lead", tests, ARRAY_SIZE(tests), NULL, NULL);
}
