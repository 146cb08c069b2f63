// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Policies beside the kernel's: known traces page by page, miss ratios of zipf traces
 * against a model of each policy that is an array and two links, and a machine that is
 * short of memory of all kinds under each of them.
 */
#include <errno.h>
#include <stdlib.h>

#include "sim/phys/lru.h"
#include "sim/reclaim/reclaim.h"
#include "sim/reclaim/trace.h"
#include "sim/virt/content.h"
#include "sim/virt/file.h"
#include "sim/virt/mmap.h"
#include "lab.h"
#include "support.h"
#include "task_machine.h"
#include "trace.h"

#define MEGA (1ULL << 20)

static struct task_machine tm;

static const char *write_latency = "swap 0.write_latency=20000";

static struct machine *open_machine(const char *policy, const char *memory)
{
	char reclaim[32], size[48];
	const char *sets[] = { reclaim, size, "swap 0.size=64M", write_latency, NULL };

	snprintf(reclaim, sizeof(reclaim), "reclaim=%s", policy);
	snprintf(size, sizeof(size), "node 0.memory=%s", memory);
	task_machine_boot(&tm, "tiny", sets);
	return tm.m;
}

/* ---- A trace of three pages' room. ---- */

static const u32 refs[] = { 0, 1, 2, 0, 1, 3, 0, 3, 1, 2, 1 };

struct small {
	const char *policy;
	u64 misses;
	u32 there[3];		/* at the end, in order */
};

/* 2 makes room for 3, then 0 for 2; FIFO gives 0, 1, 2 and 3 away in turn. */
static const struct small smalls[] = {
	{ "lru", 5, { 1, 2, 3 } },
	{ "fifo", 7, { 0, 1, 2 } },
	{ "clock", 5, { 1, 2, 3 } },
};

static void small_trace(void)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(smalls); i++) {
		struct machine *m = open_machine(smalls[i].policy, "64M");
		struct trace_cache cache;

		CU_ASSERT_EQUAL_FATAL(trace_cache_init(&cache, m, 4, 3), 0);
		CU_ASSERT_EQUAL(trace_cache_run(&cache, refs, 6), 0);
		if (!strcmp(smalls[i].policy, "lru"))
			CU_ASSERT_EQUAL(find_page(m, &cache.inode->i_data, 2), PFN_NIL);
		CU_ASSERT_EQUAL(trace_cache_run(&cache, refs + 6, ARRAY_SIZE(refs) - 6), 0);
		CU_ASSERT_EQUAL(cache.accesses, ARRAY_SIZE(refs));
		CU_ASSERT_EQUAL(cache.misses, smalls[i].misses);
		for (unsigned int p = 0; p < 3; p++)
			CU_ASSERT_NOT_EQUAL(find_page(m, &cache.inode->i_data,
						      smalls[i].there[p]), PFN_NIL);
		CU_ASSERT_EQUAL(cache.inode->i_data.nrpages, 3);
		CU_ASSERT_EQUAL(task_machine_check(m), 0);
		trace_cache_end(&cache);
		CU_ASSERT_EQUAL(task_machine_check(m), 0);
		task_machine_end(&tm);
	}
}

/* ---- Zipf. ---- */

struct model {
	u32 *next, *prev;	/* [objects] is the head: next is the latest */
	u8 *here, *used;
	u32 head, nr;
};

static void model_del(const struct model *model, u32 i)
{
	model->next[model->prev[i]] = model->next[i];
	model->prev[model->next[i]] = model->prev[i];
}

static void model_add(const struct model *model, u32 i)
{
	model->next[i] = model->next[model->head];
	model->prev[i] = model->head;
	model->prev[model->next[model->head]] = i;
	model->next[model->head] = i;
}

static void model_evict(struct model *model, char policy)
{
	u32 last = model->prev[model->head];

	for (; policy == 'c' && model->used[last]; last = model->prev[model->head]) {
		model->used[last] = 0;
		model_del(model, last);
		model_add(model, last);
	}
	model_del(model, last);
	model->here[last] = 0;
	model->nr--;
}

static u64 model_misses(const struct trace *trace, char policy, u32 capacity)
{
	size_t room = trace->nr_objects + 1ULL;
	struct model model = {
		.next = malloc(room * sizeof(u32)), .prev = malloc(room * sizeof(u32)),
		.here = calloc(room, 1), .used = calloc(room, 1), .head = trace->nr_objects,
	};
	u64 misses = 0;

	model.next[model.head] = model.prev[model.head] = model.head;
	for (u64 i = 0; i < trace->nr; i++) {
		u32 object = trace->indices[i];

		if (model.here[object]) {
			model.used[object] = 1;
			if (policy != 'l')
				continue;
			model_del(&model, object);
		} else {
			misses++;
			if (model.nr == capacity)
				model_evict(&model, policy);
			model.nr++;
			model.here[object] = 1;
			model.used[object] = 0;
		}
		model_add(&model, object);
	}
	free(model.next);
	free(model.prev);
	free(model.here);
	free(model.used);
	return misses;
}

static s64 file_pages(const struct machine *m)
{
	return m->nodes[0]->stat[NR_FILE_PAGES];
}

static void zipf_trace(void)
{
	static const char *const policies[] = { "lru", "fifo", "clock" };
	const struct zipf zipf = { 20000, 200000, 1.0, 7 };
	struct trace trace;

	CU_ASSERT_EQUAL_FATAL(trace_zipf(&trace, &zipf), 0);
	for (unsigned int i = 0; i < ARRAY_SIZE(policies); i++) {
		struct machine *m = open_machine(policies[i], "64M");
		struct trace_cache cache;

		for (u32 capacity = 40; capacity <= 4000; capacity *= 10) {
			s64 stolen = m->event[PGSTEAL_FILE], others = file_pages(m);

			CU_ASSERT_EQUAL_FATAL(trace_cache_init(&cache, m, zipf.objects, capacity), 0);
			CU_ASSERT_EQUAL(trace_cache_run(&cache, trace.indices, trace.nr), 0);
			CU_ASSERT_EQUAL(cache.misses,
					model_misses(&trace, policies[i][0], capacity));
			CU_ASSERT_EQUAL(cache.inode->i_data.nrpages, capacity);
			/* Pages of programs that nobody used went first. */
			others -= file_pages(m) - (s64)capacity;
			CU_ASSERT_EQUAL(m->event[PGSTEAL_FILE] - stolen - others,
					(s64)(cache.misses - capacity));
			CU_ASSERT(m->event[PGSCAN_FILE] >= m->event[PGSTEAL_FILE]);
			trace_cache_end(&cache);
		}
		CU_ASSERT_EQUAL(task_machine_check(m), 0);
		task_machine_end(&tm);
	}
	trace_free(&trace);
}

/* The kernel's lists keep what is used again from what is used once: fewer misses than FIFO. */
static void zipf_classic(void)
{
	const struct zipf zipf = { 20000, 200000, 1.0, 7 };
	struct machine *m = open_machine("classic", "64M");
	struct trace_cache cache;
	struct trace trace;

	CU_ASSERT_EQUAL_FATAL(trace_zipf(&trace, &zipf), 0);
	CU_ASSERT_EQUAL_FATAL(trace_cache_init(&cache, m, zipf.objects, 400), 0);
	CU_ASSERT_EQUAL(trace_cache_run(&cache, trace.indices, trace.nr), 0);
	CU_ASSERT(cache.inode->i_data.nrpages <= 400 && cache.inode->i_data.nrpages > 300);
	CU_ASSERT(cache.misses < model_misses(&trace, 'f', 400));
	trace_cache_end(&cache);
	/* The machine's own memory: there is no room for 20,000 pages. */
	CU_ASSERT_EQUAL_FATAL(trace_cache_init(&cache, m, zipf.objects, 0), 0);
	CU_ASSERT_EQUAL(trace_cache_run(&cache, trace.indices, trace.nr), 0);
	CU_ASSERT(m->event[PGSTEAL_KSWAPD] > 0);
	CU_ASSERT_EQUAL(task_machine_check(m), 0);
	trace_cache_end(&cache);
	trace_free(&trace);
	task_machine_end(&tm);
}

static void format(void)
{
	const struct zipf zipf = { 50, 1000, 0.8, 3 };
	struct trace trace, again;
	FILE *file = tmpfile();
	u32 first[50];

	CU_ASSERT_PTR_NOT_NULL_FATAL(file);
	CU_ASSERT_EQUAL_FATAL(trace_zipf(&trace, &zipf), 0);
	CU_ASSERT_EQUAL(trace_write_oracle_general(&trace, file), 0);
	CU_ASSERT_EQUAL(ftell(file), 24000);
	rewind(file);
	CU_ASSERT_EQUAL_FATAL(trace_read_oracle_general(&again, file), 0);
	CU_ASSERT_EQUAL(again.nr, trace.nr);
	/* Numbered as they come up: the same object, the same number. */
	memset(first, 0xff, sizeof(first));
	for (u64 i = 0; i < again.nr; i++) {
		u32 *number = &first[trace.indices[i]];

		if (*number == 0xffffffff)
			*number = again.indices[i];
		CU_ASSERT_EQUAL(*number, again.indices[i]);
	}
	CU_ASSERT(again.nr_objects <= 50);
	trace_free(&again);
	/* A record that is cut off. */
	fseek(file, 0, SEEK_END);
	fputc('x', file);
	rewind(file);
	CU_ASSERT_EQUAL(trace_read_oracle_general(&again, file), -EBADMSG);
	fclose(file);
	trace_free(&trace);
}

/* ---- All kinds of memory. ---- */

static void pressure(void)
{
	for (unsigned int i = 0; reclaim_policies[i]; i++) {
		struct machine *m = open_machine(reclaim_policies[i]->name, "64M");
		struct task_struct *task = task_fork(m, tm.init, 0);
		u64 done, anon = task_map(m, task, 0, 40 * MEGA, MAP_PRIVATE | MAP_ANONYMOUS);
		int fd = -1;

		CU_ASSERT_EQUAL_FATAL(sys_open(m, task, "/root/big", O_RDWR | O_CREAT, 0600, &fd), 0);
		task_touch_pages(m, task, anon, 40 * MEGA / PAGE_SIZE, ACCESS_STORE);
		CU_ASSERT_EQUAL(sys_pwrite(m, task, fd, 0, 40 * MEGA, &done), 0);
		CU_ASSERT_EQUAL(done, 40 * MEGA);
		task_touch_pages(m, task, anon, 40 * MEGA / PAGE_SIZE, ACCESS_LOAD);
		CU_ASSERT_EQUAL(sys_pread(m, task, fd, 0, 40 * MEGA, &done), 0);
		CU_ASSERT_EQUAL(done, 40 * MEGA);
		CU_ASSERT(m->event[PSWPOUT] > 0 && m->event[PSWPIN] > 0);
		CU_ASSERT(m->event[PGSTEAL_FILE] > 0);
		machine_tick(m, 1000000000);
		CU_ASSERT_EQUAL(task_machine_check(m), 0);
		/* Another policy takes over lists that this one made, and gives them back. */
		CU_ASSERT_EQUAL(reclaim_set_policy(m, i ? "classic" : "lru"), 0);
		task_touch_pages(m, task, anon, 40 * MEGA / PAGE_SIZE, ACCESS_LOAD);
		CU_ASSERT_EQUAL(reclaim_set_policy(m, reclaim_policies[i]->name), 0);
		CU_ASSERT_EQUAL(sys_pread(m, task, fd, 0, 40 * MEGA, &done), 0);
		CU_ASSERT_EQUAL(reclaim_set_policy(m, "mru"), -ENOENT);
		machine_tick(m, 0);
		CU_ASSERT_EQUAL(task_machine_check(m), 0);
		task_end(m, tm.init, task->pid, 0);
		task_machine_end(&tm);
	}
}

/* Pages that wait for their disk stay for longer, and shadows of large folios go instead. */
static void pressure_slow_disk(void)
{
	write_latency = "swap 0.write_latency=1000000";
	pressure();
	write_latency = "swap 0.write_latency=20000";
}

/*
 * Pages that a process has locked are on the list of others after they moved to other frames.
 * Each policy finds that out while it goes through the list, and they leave it.
 */
static void locked_pages(void)
{
	static const char *const policies[] = { "classic", "lru", "fifo", "clock" };
	static const char machine[] =
		"[machine]\nrelease = 6.18\ncmdline = transparent_hugepage=never\n[node 0]\ncpus = 0-1\n"
		"memory = 72M\n[disk]\nname = vda\nsize = 1G\nqueue_depth = 4\n[cost]\n"
		"disk_write = 300000\n";
	static const struct line {
		const char *text;
		int err;
	} lines[] = {
		{ "init/ctl: fork as a", 0 },
		{ "a/ctl: openat -100 /swap RDWR|CREAT 0600 as s", 0 },
		{ "a/ctl: fallocate @s 0 0 16M", 0 }, { "a/ctl: mkswap /swap", 0 },
		{ "init/ctl: swapon /swap", 0 },
		{ "a/ctl: openat -100 /d0 RDWR|CREAT 0600 as d0", 0 }, { "a/ctl: write @d0 256K", 0 },
		{ "a/ctl: openat -100 /d1 RDWR|CREAT 0600 as d1", 0 }, { "a/ctl: write @d1 256K", 0 },
		{ "a/ctl: openat -100 /d2 RDWR|CREAT 0600 as d2", 0 }, { "a/ctl: write @d2 256K", 0 },
		{ "a/ctl: mmap 0x40000000 256K rw shared,fixed @d0 0", 0 },
		{ "init/ctl: fork as hog", 0 },
		{ "hog/ctl: mmap 0x50000000 33M rw private,anon,fixed", 0 },
		{ "hog/ctl: madvise 0x50000000 64M POPULATE_WRITE", ENOMEM },
		{ "hog/ctl: exit_group 0", 0 }, { "a/ctl: mlock 0x4000c000 0x1a000", 0 },
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(policies); i++) {
		char policy[32];
		const char *const sets[] = { policy, NULL };
		struct lab lab;

		snprintf(policy, sizeof(policy), "reclaim=%s", policies[i]);
		CU_ASSERT_EQUAL_FATAL(lab_open_text(&lab, machine, sets), 0);
		for (unsigned int line = 0; line < ARRAY_SIZE(lines); line++)
			lab_expect(&lab, lines[line].err, "sim/as/%s", lines[line].text);
		lab_expect(&lab, 0, "proc/sys/vm/compact_memory: 1");
		/* More than there is. */
		lab_expect(&lab, EAGAIN, "sys/devices/system/node/node0/reclaim: 62M");
		lab_end(&lab);
	}
}

static CU_TestInfo tests[] = {
	{ "three pages' room", small_trace },
	{ "zipf against a model", zipf_trace },
	{ "zipf by the kernel's lists", zipf_classic },
	{ "oracleGeneral", format },
	{ "short of memory of all kinds", pressure },
	{ "the same with a slow disk", pressure_slow_disk },
	{ "locked pages", locked_pages },
};

int main(void)
{
	return suite_main("policies", tests, ARRAY_SIZE(tests), NULL, NULL);
}
