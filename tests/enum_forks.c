// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * All interleavings of fork, store and exit of three tasks over three pages. In each
 * state each task that lives may fork (until there are three), store to each page, or
 * exit. A model knows which tasks share which copy of a page; frames, map counts and
 * contents must be as it says, and no invariant of the machine broken. Of private memory,
 * and of shared, of which there is but one copy, that each task maps when it stores to it.
 *
 * Sequences of six; of ENUM_DEPTH, if that is in the environment (check-long: to the end).
 */
#include <stdlib.h>

#include "enumerate.h"
#include "sim/virt/content.h"
#include "sim/virt/memory.h"
#include "sim/virt/mmap.h"
#include "sim/virt/pgtable.h"
#include "sim/virt/rmap.h"
#include "support.h"
#include "task_machine.h"

#define TASKS 3
#define PAGES 3
#define WINDOW 0x10000000ULL
#define WHOLE_CHECK 64	/* transitions from one check of the whole machine to the next */

enum { FORK, EXIT, STORE, NR_KINDS = STORE + PAGES };	/* of calls; STORE + page */
enum life { UNBORN, ALIVE, DEAD };

/* A copy of a page: of one task or of several. */
struct copy {
	u32 pfn;
	u64 token;
};

struct bed {
	struct task_machine tm;
	struct task_struct *tasks[TASKS];
	u32 pids[TASKS];
	enum life life[TASKS];
	unsigned int nr_tasks;
	struct copy copies[MAX_SEQUENCE];
	unsigned int nr_copies;
	u64 nr_judged;
	int has[TASKS][PAGES];	/* which copy; -1: none yet */
	bool shared;
	int of_file[PAGES];	/* the only copy of a shared page; -1: none yet */
};

static u64 address_of(unsigned int page)
{
	return WINDOW + page * PAGE_SIZE;
}

static void call_say(unsigned int call, char *text, unsigned int size)
{
	unsigned int kind = call % NR_KINDS;
	char task = 'A' + (char)(call / NR_KINDS);

	if (kind >= STORE)
		snprintf(text, size, "%c stores to page %u", task, kind - STORE);
	else
		snprintf(text, size, "%c %s", task, kind == FORK ? "forks" : "exits");
}

static unsigned int nr_sharing(const struct bed *bed, int copy, unsigned int page)
{
	unsigned int nr = 0;

	for (unsigned int t = 0; t < TASKS; t++)
		nr += bed->life[t] == ALIVE && bed->has[t][page] == copy;
	return nr;
}

static void store(struct bed *bed, unsigned int t, unsigned int page)
{
	struct machine *m = bed->tm.m;
	struct access_result result;
	struct copy *copy;
	u32 pfn;

	sched_switch_to(m, bed->tasks[t]);
	if (task_access(m, bed->tasks[t], address_of(page), ACCESS_STORE, &result) ||
	    result.signal)
		abort();
	pfn = follow_page(m, bed->tasks[t]->mm, address_of(page));
	if (bed->shared && bed->of_file[page] >= 0) {
		bed->has[t][page] = bed->of_file[page];
	} else if (bed->has[t][page] < 0 || nr_sharing(bed, bed->has[t][page], page) > 1) {
		bed->copies[bed->nr_copies].pfn = pfn;
		bed->of_file[page] = (int)bed->nr_copies;
		bed->has[t][page] = (int)bed->nr_copies++;
	}
	copy = &bed->copies[bed->has[t][page]];
	copy->token = content_token(m, pfn);	/* its frame must be the old one: judge() */
}

static bool call(void *arg, unsigned int number)
{
	struct bed *bed = arg;
	unsigned int t = number / NR_KINDS, kind = number % NR_KINDS, child;

	if (bed->life[t] != ALIVE || (kind == FORK && bed->nr_tasks == TASKS))
		return false;
	switch (kind) {
	case FORK:
		child = bed->nr_tasks++;
		bed->tasks[child] = task_fork(bed->tm.m, bed->tasks[t], 0);
		bed->pids[child] = bed->tasks[child]->pid;
		/* Entries of shared memory are not copied: faults bring them. */
		if (bed->shared)
			memset(bed->has[child], -1, sizeof(bed->has[child]));
		else
			memcpy(bed->has[child], bed->has[t], sizeof(bed->has[t]));
		bed->life[child] = ALIVE;
		break;
	case EXIT:
		sched_switch_to(bed->tm.m, bed->tasks[t]);
		do_group_exit(bed->tm.m, bed->tasks[t], 0);
		bed->life[t] = DEAD;
		break;
	default:
		store(bed, t, kind - STORE);
	}
	return true;
}

static void begin(void *arg)
{
	struct bed *bed = arg;
	const struct mmap_request map = {
		.addr = WINDOW, .len = PAGES * PAGE_SIZE, .prot = PROT_READ | PROT_WRITE,
		.flags = MAP_ANONYMOUS | MAP_FIXED | (bed->shared ? MAP_SHARED : MAP_PRIVATE),
	};
	u64 addr;

	memset(bed->life, 0, sizeof(bed->life));
	memset(bed->has, -1, sizeof(bed->has));
	memset(bed->of_file, -1, sizeof(bed->of_file));
	bed->nr_copies = 0;
	bed->nr_tasks = 1;
	bed->life[0] = ALIVE;
	bed->tasks[0] = task_fork(bed->tm.m, bed->tm.init, 0);
	bed->pids[0] = bed->tasks[0]->pid;
	if (sys_mmap(bed->tm.m, bed->tasks[0], &map, &addr))
		abort();
}

/* Whoever lives exits, and init waits for its own; orphans are reaped as they end. */
static void end(void *arg)
{
	struct bed *bed = arg;
	struct machine *m = bed->tm.m;
	u32 ended, status;

	for (unsigned int t = 0; t < bed->nr_tasks; t++)
		if (bed->life[t] == ALIVE) {
			sched_switch_to(m, bed->tasks[t]);
			do_group_exit(m, bed->tasks[t], 0);
		}
	sched_switch_to(m, bed->tm.init);
	while (!sys_wait4(m, bed->tm.init, -1, 0, &ended, &status))
		;
	for (unsigned int t = 0; t < bed->nr_tasks; t++)
		if (task_find(m, bed->pids[t]))
			abort();
}

static bool page_is_right(const struct bed *bed, unsigned int t, unsigned int page)
{
	const struct machine *m = bed->tm.m;
	u32 pfn = follow_page(m, bed->tasks[t]->mm, address_of(page));
	int copy = bed->has[t][page];

	if (copy < 0 || pfn == PFN_NIL)
		return copy < 0 && pfn == PFN_NIL;
	return pfn == bed->copies[copy].pfn && content_token(m, pfn) == bed->copies[copy].token &&
	       page_mapcount(pfn_to_page(m, pfn)) == (s32)nr_sharing(bed, copy, page);
}

/* All that tasks have, each time; the whole machine, from time to time. */
static bool check_is_clean(struct bed *bed)
{
	static void (*const some[])(const struct machine *m, struct check *check) = {
		tasks_validate, virt_validate,
	};
	struct machine *m = bed->tm.m;

	if (bed->nr_judged++ % WHOLE_CHECK == 0)
		return !task_machine_check(m);
	for (unsigned int i = 0; i < ARRAY_SIZE(some); i++)
		if (nr_broken(m, some[i], NULL))
			return false;
	return true;
}

static bool judge(void *arg)
{
	struct bed *bed = arg;

	for (unsigned int t = 0; t < bed->nr_tasks; t++)
		for (unsigned int page = 0; bed->life[t] == ALIVE && page < PAGES; page++)
			if (!page_is_right(bed, t, page)) {
				fprintf(stderr, "page %u of %c is not as it should be\n", page,
					'A' + (char)t);
				return false;
			}
	return check_is_clean(bed);
}

/* What each task has of a page, with whom, and what it may do with it. */
static u64 sign_page(const struct bed *bed, unsigned int page)
{
	const struct machine *m = bed->tm.m;
	struct digest digest;

	digest_init(&digest);
	digest_u64(&digest, bed->shared && bed->of_file[page] >= 0);
	for (unsigned int t = 0; t < bed->nr_tasks; t++) {
		const pte_t *pte;
		u32 pfn;

		if (bed->life[t] != ALIVE)
			continue;
		pte = pte_offset_map(m, bed->tasks[t]->mm, address_of(page));
		pfn = follow_page(m, bed->tasks[t]->mm, address_of(page));
		digest_u64(&digest, pte ? *pte & ~PTE_PFN_MASK : 0);
		if (pfn != PFN_NIL)
			digest_u64(&digest, page_flag(pfn_to_page(m, pfn), PG_anon_exclusive));
		for (unsigned int i = 0; i < t; i++)
			digest_u64(&digest, bed->life[i] == ALIVE && bed->has[t][page] >= 0 &&
					    bed->has[i][page] == bed->has[t][page]);
	}
	return digest.a;
}

static int compare_u64(const void *a, const void *b)
{
	u64 x = *(const u64 *)a, y = *(const u64 *)b;

	return x < y ? -1 : x > y;
}

/* Who lives, whose child, and the pages, of which it does not matter which is which. */
static void sign(void *arg, struct digest *digest)
{
	struct bed *bed = arg;
	u64 pages[PAGES];

	for (unsigned int t = 0; t < bed->nr_tasks; t++) {
		digest_u64(digest, bed->life[t]);
		for (unsigned int i = 0; i < t && bed->life[t] == ALIVE; i++)
			digest_u64(digest, bed->tasks[t]->ppid == bed->pids[i]);
	}
	for (unsigned int page = 0; page < PAGES; page++)
		pages[page] = sign_page(bed, page);
	qsort(pages, PAGES, sizeof(pages[0]), compare_u64);
	digest_bytes(digest, pages, sizeof(pages));
}

static void run(const char *release, bool shared)
{
	const char *depth = getenv("ENUM_DEPTH");
	char release_set[32];
	const char *set[] = { release_set, "cmdline=quiet", NULL };
	struct bed bed = { .shared = shared };
	struct enumeration e = {
		.bed = &bed, .nr_calls = TASKS * NR_KINDS,
		.depth = depth ? MIN((unsigned int)atoi(depth), MAX_SEQUENCE) : 6,
		.begin = begin, .end = end, .call = call, .judge = judge, .sign = sign,
		.say = call_say,
	};

	snprintf(release_set, sizeof(release_set), "release=%s", release);
	task_machine_boot(&bed.tm, "tiny", set);
	CU_ASSERT(enumerate(&e));
	CU_ASSERT_EQUAL(task_machine_check(bed.tm.m), 0);
	task_machine_end(&bed.tm);
	printf("%s, %s memory: %llu states, %llu transitions\n", release,
	       shared ? "shared" : "private", e.nr_states, e.nr_transitions);
}

static void test_6_1(void)
{
	run("6.1", /* shared = */ false);
	run("6.1", /* shared = */ true);
}

static void test_6_18(void)
{
	run("6.18", /* shared = */ false);
	run("6.18", /* shared = */ true);
}

int main(void)
{
	static const CU_TestInfo tests[] = {
		{ "all interleavings on 6.1", test_6_1 },
		{ "all interleavings on 6.18", test_6_18 },
	};

	return suite_main("enum_forks", tests, ARRAY_SIZE(tests), NULL, NULL);
}
