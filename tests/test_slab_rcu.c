// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What waits for a grace period: slabs of caches that are typesafe by RCU, objects and
 * sheaves that were freed by kfree_rcu(), what tasks leave behind.
 */
#include <stdio.h>
#include <stdlib.h>

#include "lab.h"
#include "support.h"

#include "sim/phys/slab_sheaf.h"

static const char *const releases[] = { "release=6.1", "release=6.18" };

static struct lab lab;

static const struct machine *machine(void)
{
	return tree_machine(lab.tree);
}

static void open_lab(const char *release)
{
	const char *const sets[] = { release, NULL };

	CU_ASSERT_EQUAL_FATAL(lab_open_set(&lab, "tiny", sets), 0);
}

static void run(const char *line)
{
	int err = lab_run(&lab, line);

	if (err)
		fprintf(stderr, "%s: %d, %s\n", line, err, lab_text(&lab.sentence));
	CU_ASSERT_EQUAL(err, 0);
}

static void assert_whole(void)
{
	struct check check = { .out = &lab.out, .scripted = true };

	out_clear(&lab.out);
	machine_check(machine(), &check);
	if (check.nr_broken)
		fprintf(stderr, "%s", lab_text(&lab.out));
	CU_ASSERT_EQUAL(check.nr_broken, 0);
}

static void end_lab(void)
{
	assert_whole();
	lab_close(&lab);
}

static s64 slab_bytes(void)
{
	return machine()->nodes[0]->stat[NR_SLAB_UNRECLAIMABLE];
}

static u64 nr_slabs(const char *cache)
{
	return kmem_cache_node_count(machine(), kmem_cache_find(machine(), cache), 0, "slabs");
}

/* Objects of a cache that are allocated. */
static u64 nr_objects(const char *name)
{
	const struct kmem_cache *s = kmem_cache_find(machine(), name);
	u64 nr = 0;

	if (!s)		/* 6.1's credentials are in the cache of pids */
		s = kmem_cache_find(machine(), "pid");
	for (u32 slot = 0; slot < s->nr_slots; slot++)
		for (unsigned int i = 0; s->slots[slot] && i < s->slots[slot]->objects; i++)
			nr += slab_allocated(s->slots[slot], i);
	return nr;
}

/* Its objects are counted out at once, its pages only when they are free. */
static void test_typesafe_slab(void)
{
	for (size_t r = 0; r < ARRAY_SIZE(releases); r++) {
		s64 before, used;

		open_lab(releases[r]);
		run("sim/ctl: kmem_cache_create t 4096 0 SLAB_TYPESAFE_BY_RCU");
		before = slab_bytes();
		run("sim/ctl: kmem_cache_alloc t as p");
		used = slab_bytes() - before;
		CU_ASSERT(used > 0 && nr_slabs("t") == 1);
		run("sim/ctl: kmem_cache_free t @p");
		run("sim/ctl: kmem_cache_shrink t = 0");
		CU_ASSERT(nr_slabs("t") == 0 && slab_bytes() == before + used);
		assert_whole();
		/* Two jiffies of 4 ms, and not earlier. */
		run("sim/ctl: tick 7ms");
		CU_ASSERT(slab_bytes() == before + used);
		run("sim/ctl: tick 1ms");
		CU_ASSERT(slab_bytes() == before);
		run("sim/ctl: kmem_cache_destroy t");
		end_lab();
	}
}

/* A cache that is not typesafe gives its pages back at once. */
static void test_other_slab(void)
{
	s64 before;

	open_lab(releases[1]);
	run("sim/ctl: kmem_cache_create t 4096 0 no_merge");
	before = slab_bytes();
	run("sim/ctl: kmem_cache_alloc t as p");
	run("sim/ctl: kmem_cache_free t @p");
	run("sim/ctl: kmem_cache_shrink t = 0");
	CU_ASSERT(slab_bytes() == before);
	end_lab();
}

static void test_kfree_rcu(void)
{
	for (size_t r = 0; r < ARRAY_SIZE(releases); r++) {
		open_lab(releases[r]);
		run("sim/ctl: kmem_cache_create t 64 0 no_merge");
		run("sim/ctl: kmem_cache_alloc t as p");
		run("sim/ctl: kmem_cache_alloc t as q");
		run("sim/ctl: kfree_rcu @p");
		/* It is nobody's any more, and not free yet. */
		CU_ASSERT_EQUAL(lab_run(&lab, "sim/ctl: kfree_rcu @p"), -EINVAL);
		CU_ASSERT_EQUAL(lab_run(&lab, "sim/ctl: kmem_cache_free t @p"), -EINVAL);
		CU_ASSERT_EQUAL(nr_objects("t"), 2);
		assert_whole();
		run("sim/ctl: tick 4ms");
		run("sim/ctl: kfree_rcu @q");	/* comes too late for this one */
		run("sim/ctl: tick 4ms");
		CU_ASSERT_EQUAL(nr_objects("t"), 1);
		run("sim/ctl: tick 7ms");
		CU_ASSERT_EQUAL(nr_objects("t"), 1);
		run("sim/ctl: tick 1ms");
		CU_ASSERT_EQUAL(nr_objects("t"), 0);
		run("sim/ctl: kmalloc 100 as k");
		run("sim/ctl: kfree_rcu @k");
		run("sim/ctl: rcu_barrier = 1");
		run("sim/ctl: rcu_barrier = 0");
		run("sim/ctl: kmem_cache_destroy t");
		end_lab();
	}
}

/* A timer of HZ 1000 waits for three ticks before it asks CPUs: 1 + 1 + 1, and one more. */
static void test_hz(void)
{
	const char *const sets[] = { "config.HZ=1000", NULL };

	CU_ASSERT_EQUAL_FATAL(lab_open_set(&lab, "tiny", sets), 0);
	run("sim/ctl: kmem_cache_create t 64 0 no_merge");
	run("sim/ctl: kmem_cache_alloc t as p");
	run("sim/ctl: kfree_rcu @p");
	run("sim/ctl: tick 3999us");
	CU_ASSERT_EQUAL(nr_objects("t"), 1);
	run("sim/ctl: tick 1us");
	CU_ASSERT_EQUAL(nr_objects("t"), 0);
	end_lab();
}

static void test_destroy(void)
{
	static const int expected[] = { -EBUSY, 0 };

	for (size_t r = 0; r < ARRAY_SIZE(releases); r++) {
		open_lab(releases[r]);
		run("sim/ctl: kmem_cache_create t 64 0 no_merge");
		run("sim/ctl: kmem_cache_alloc t as p");
		run("sim/ctl: kfree_rcu @p");
		CU_ASSERT_EQUAL(lab_run(&lab, "sim/ctl: kmem_cache_destroy t"), expected[r]);
		CU_ASSERT_EQUAL(!strstr(lab_cat(&lab, "sim/dmesg"), "still has objects"), r);
		run("sim/ctl: rcu_barrier");
		if (expected[r])
			run("sim/ctl: kmem_cache_destroy t");
		/* Its slabs may wait when it goes. */
		run("sim/ctl: kmem_cache_create t 64 0 SLAB_TYPESAFE_BY_RCU");
		run("sim/ctl: kmem_cache_alloc t as p");
		run("sim/ctl: kmem_cache_free t @p");
		run("sim/ctl: kmem_cache_destroy t");
		end_lab();
	}
}

/* What a task leaves: its struct after one grace period, its credentials after two. */
static void test_task(void)
{
	for (size_t r = 0; r < ARRAY_SIZE(releases); r++) {
		u64 tasks, creds, signals, pids;

		open_lab(releases[r]);
		tasks = nr_objects("task_struct");
		signals = nr_objects("signal_cache");
		creds = nr_objects("cred_jar");
		pids = nr_objects("pid");
		run("proc/1/ctl: fork as c");
		run("sim/as/c/ctl: exit 0");
		CU_ASSERT_EQUAL(nr_objects("task_struct"), tasks + 1);
		run("proc/1/ctl: wait4 -1");
		CU_ASSERT_EQUAL(nr_objects("task_struct"), tasks + 1);
		CU_ASSERT_EQUAL(nr_objects("signal_cache"), signals + 1);
		assert_whole();
		run("sim/ctl: tick 8ms");
		CU_ASSERT_EQUAL(nr_objects("task_struct"), tasks);
		CU_ASSERT_EQUAL(nr_objects("signal_cache"), signals);
		CU_ASSERT(nr_objects("cred_jar") > creds);
		run("sim/ctl: tick 8ms");
		CU_ASSERT_EQUAL(nr_objects("cred_jar"), creds);
		CU_ASSERT_EQUAL(nr_objects("pid"), pids);
		end_lab();
	}
}

/* The kernel's limit where time stands still; and an allocation that would reclaim waits. */
static void test_many(void)
{
	struct machine *m;
	struct slab_object object;
	const struct kmem_cache_request req = { .name = "t", .size = 64, .flags = SLAB_NO_MERGE };
	struct kmem_cache *s = NULL;

	open_lab(releases[1]);
	m = (struct machine *)(uintptr_t)machine();
	CU_ASSERT_EQUAL_FATAL(kmem_cache_create(m, &req, &s), 0);
	CU_ASSERT_EQUAL_FATAL(kmem_cache_frees_by_rcu(m, s), 0);
	for (unsigned int i = 1; i < 10000; i++) {
		CU_ASSERT_EQUAL_FATAL(kmem_cache_alloc(m, s, GFP_KERNEL, 0, &object), 0);
		kmem_cache_free_rcu(m, s, object.addr, 1);
	}
	CU_ASSERT_EQUAL(nr_objects("t"), 9999);
	CU_ASSERT_EQUAL_FATAL(kmem_cache_alloc(m, s, GFP_KERNEL, 0, &object), 0);
	kmem_cache_free_rcu(m, s, object.addr, 1);
	CU_ASSERT_EQUAL(nr_objects("t"), 0);
	end_lab();
	/* 9,999 of 64 KiB are more than the machine has. */
	open_lab(releases[1]);
	run("sim/ctl: kmem_cache_create big 65536 0 no_merge");
	for (unsigned int i = 0; i < 3000; i++) {
		CU_ASSERT_EQUAL_FATAL(lab_run(&lab, "sim/ctl: kmem_cache_alloc big as p"), 0);
		CU_ASSERT_EQUAL_FATAL(lab_run(&lab, "sim/ctl: kfree_rcu @p"), 0);
	}
	end_lab();
}

/* 32 objects of kfree_rcu() are a full sheaf of the barn, in the end. */
static void test_sheaves(void)
{
	const struct kmem_cache_request req = {
		.name = "s", .size = 256, .sheaf_capacity = 32 };
	struct slab_object objects[40];
	struct kmem_cache *s = NULL;
	struct machine *m;

	open_lab(releases[1]);
	m = (struct machine *)(uintptr_t)machine();
	CU_ASSERT_EQUAL_FATAL(kmem_cache_create(m, &req, &s), 0);
	CU_ASSERT_EQUAL_FATAL(kmem_cache_frees_by_rcu(m, s), 0);
	for (unsigned int i = 0; i < 40; i++) {
		CU_ASSERT_EQUAL_FATAL(kmem_cache_alloc(m, s, GFP_KERNEL, 0, &objects[i]), 0);
		slab_give(m, objects[i].addr);
	}
	for (unsigned int i = 0; i < 40; i++) {
		kmem_cache_kfree_rcu(m, s, objects[i].addr);
		assert_whole();
	}
	CU_ASSERT(s->cpu[m->cpu].rcu_free->size == 8 && s->node[0].barn.nr_full == 0);
	CU_ASSERT_EQUAL(nr_objects("s"), 40);
	run("sim/ctl: tick 8ms");
	CU_ASSERT_EQUAL(s->node[0].barn.nr_full, 1);
	CU_ASSERT_EQUAL(nr_objects("s"), 8);
	/* Shrinking empties the sheaves; the one that was begun waits first. */
	CU_ASSERT_EQUAL(kmem_cache_shrink(m, s), 1);
	CU_ASSERT_PTR_NULL(s->cpu[m->cpu].rcu_free);
	assert_whole();
	run("sim/ctl: tick 8ms");
	CU_ASSERT_EQUAL(nr_objects("s"), 0);
	assert_whole();
	CU_ASSERT_EQUAL(kmem_cache_destroy(m, s), 0);
	end_lab();
}

static const CU_TestInfo tests[] = {
	{ "typesafe by RCU", test_typesafe_slab },
	{ "not typesafe", test_other_slab },
	{ "kfree_rcu", test_kfree_rcu },
	{ "grace periods by HZ", test_hz },
	{ "caches that go", test_destroy },
	{ "tasks", test_task },
	{ "many that wait", test_many },
	{ "sheaves", test_sheaves },
};

int main(void)
{
	return suite_main("slab_rcu", tests, ARRAY_SIZE(tests), NULL, NULL);
}
