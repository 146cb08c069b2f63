// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Caches under debugging. Each row is an experiment: lines that corrupt a slab by hand,
 * how many errors the validation finds and mends (the number that the kernel's own
 * tests of SLUB expect, whose names these rows bear), and what the log must say, in
 * that order. Behind each the machine must be whole.
 */
#include <stdio.h>
#include <stdlib.h>

#include "lab.h"
#include "support.h"
#include "sim/phys/slab.h"
#include "sim/phys/tunables.h"

#define MAX_LINES 24
#define MAX_SEEN 12

struct experiment {
	const char *name;
	struct span span;
	const char *cmdline;
	const char *lines[MAX_LINES];
	const char *seen[MAX_SEEN];
};

#define CREATE(flags) "sim/ctl: kmem_cache_create Test 64 0 " flags
#define ALLOC "sim/ctl: kmem_cache_alloc Test as p"
#define FREE "sim/ctl: kmem_cache_free Test @p"
#define POKE(offset, byte) "sim/ctl: kmem_cache_poke Test @p " offset " " byte
#define PEEK(offset, byte) "sim/ctl: kmem_cache_peek Test @p " offset " = " byte
#define VALIDATE(errors) "sim/ctl: kmem_cache_validate Test = " errors
#define DESTROY "sim/ctl: kmem_cache_destroy Test"
#define FULL "SLAB_RED_ZONE|SLAB_POISON|SLAB_STORE_USER|SLAB_CONSISTENCY_CHECKS"

static const struct experiment experiments[] = {
	/* The kernel's own tests, lib/tests/slub_kunit.c. */
	{ "clobber_zone", ALL, "",
	  { CREATE("SLAB_RED_ZONE"), ALLOC, POKE("64", "0x12"), VALIDATE("2"), VALIDATE("0"), FREE,
	    DESTROY },
	  { "Right Redzone overwritten", "First byte 0x12 instead of 0xcc", "FIX Test: Restoring "
	    "Right Redzone" } },
	{ "next_pointer", ALL, "",
	  { CREATE("SLAB_POISON"), ALLOC, FREE, POKE("64", "0x37"), VALIDATE("3"), VALIDATE("0"),
	    "sim/ctl: kmem_cache_destroy Test = -1 EBUSY" },
	  { "BUG Test", "Freechain corrupt", "Wrong object count. Counter is 0 but counted were ",
	    "FIX Test: Object count adjusted" } },
	{ "first_word", ALL, "",
	  { CREATE("SLAB_POISON"), ALLOC, FREE, POKE("0", "0x78"), VALIDATE("2"), VALIDATE("0"),
	    DESTROY },
	  { "Poison overwritten", "First byte 0x78 instead of 0x6b", "FIX Test: Restoring Poison" } },
	{ "clobber_50th_byte", ALL, "",
	  { CREATE("SLAB_POISON"), ALLOC, FREE, POKE("50", "0x9a"), VALIDATE("2"), DESTROY },
	  { "Poison overwritten", "First byte 0x9a instead of 0x6b" } },
	{ "clobber_redzone_free", ALL, "",
	  { CREATE("SLAB_RED_ZONE"), ALLOC, FREE, POKE("64", "0xab"), VALIDATE("2"), DESTROY },
	  { "Right Redzone overwritten", "First byte 0xab instead of 0xbb" } },
	{ "kmalloc_redzone_access", SINCE(R_6_18), "slub_debug=ZU,kmalloc-32",
	  { "sim/ctl: kmalloc 18 as p", "sim/ctl: kmem_cache_poke kmalloc-32 @p 18 0xab 2",
	    "sim/ctl: kmem_cache_validate kmalloc-32 = 2", "sim/ctl: kfree @p" },
	  { "[kmalloc Redzone overwritten]", "First byte 0xab instead of 0xcc" } },
	{ "leak_destroy", SINCE(R_6_18), "",
	  { CREATE("SLAB_NO_MERGE"), ALLOC, "sim/ctl: kmem_cache_destroy Test = -1 EBUSY", FREE,
	    DESTROY },
	  { "BUG Test (Not tainted): Objects remaining on __kmem_cache_shutdown()", "Object 0x",
	    "kmem_cache_destroy Test: Slab cache still has objects" } },
	{ "leak_destroy", UNTIL(R_6_1), "",
	  { CREATE("SLAB_NO_MERGE"), ALLOC, "sim/ctl: kmem_cache_destroy Test = -1 EBUSY", FREE,
	    DESTROY },
	  { "BUG Test (Not tainted): Objects remaining in Test on __kmem_cache_shutdown()",
	    "Slab 0x", "Object 0x", "kmem_cache_destroy Test: Slab cache still has objects" } },

	/* Every place of an object. */
	{ "left red zone", ALL, "",
	  { CREATE(FULL), ALLOC, POKE("-1", "0"), VALIDATE("2"), VALIDATE("0"), FREE, DESTROY },
	  { "Left Redzone overwritten", "First byte 0x0 instead of 0xcc", "FIX" } },
	{ "end of the poison", ALL, "",
	  { CREATE(FULL), ALLOC, FREE, POKE("63", "0x6b"), VALIDATE("2"), DESTROY },
	  { "End Poison overwritten", "First byte 0x6b instead of 0xa5" } },
	{ "padding of an object", ALL, "",
	  { CREATE("SLAB_RED_ZONE|SLAB_POISON"), ALLOC, PEEK("80", "0x5a"), POKE("80", "0"),
	    VALIDATE("2"), FREE, DESTROY },
	  { "Object padding overwritten", "First byte 0x0 instead of 0x5a" } },
	{ "padding of a slab", ALL, "",
	  { "sim/ctl: kmem_cache_create Test 600 0 SLAB_POISON", ALLOC, POKE("4095", "1"),
	    "sim/ctl: kmem_cache_validate Test" },
	  { "BUG Test" } },
	{ "alignment", ALL, "",
	  { "sim/ctl: kmem_cache_create Test 61 0 SLAB_POISON", ALLOC, POKE("61", "1"),
	    VALIDATE("2"), FREE, DESTROY },
	  { "Alignment padding overwritten" } },
	{ "free pointer of an object in use", ALL, "",
	  { CREATE(FULL), ALLOC, POKE("72", "1"), VALIDATE("1"), VALIDATE("0"), FREE, DESTROY },
	  { "Freepointer corrupt" } },

	/* What is found where objects are allocated and freed. */
	{ "freed twice", ALL, "",
	  { CREATE(FULL), "sim/ctl: kmem_cache_alloc Test as q", ALLOC, FREE, FREE, VALIDATE("0"),
	    "sim/ctl: kmem_cache_free Test @q", DESTROY },
	  { "BUG Test (Not tainted): Object already free", "Allocated in run_cache_alloc",
	    "Freed in run_cache_free", "Object 0x", "FIX Test: Object at 0x", " not freed" } },
	{ "freed in the middle", ALL, "",
	  { CREATE(FULL), ALLOC, "sim/ctl: kmem_cache_free Test @p+8", FREE, DESTROY },
	  { "Invalid object pointer 0x", " not freed" } },
	{ "freed into another cache", ALL, "",
	  { CREATE(FULL), ALLOC, "sim/ctl: kmem_cache_create Other 64 0 " FULL,
	    "sim/ctl: kmem_cache_free Other @p", DESTROY, "sim/ctl: kmem_cache_destroy Other" },
	  { "cache_from_obj: Wrong slab cache. Other but object is from Test" } },
	{ "overwritten when it is freed", ALL, "",
	  { CREATE(FULL), ALLOC, POKE("64", "0"), FREE, PEEK("64", "0xcc"), FREE, DESTROY },
	  { "Right Redzone overwritten", "FIX Test: Restoring", " not freed" } },
	{ "used after it was freed", ALL, "",
	  { CREATE(FULL), ALLOC, FREE, POKE("8", "0x41"), "sim/ctl: kmem_cache_alloc Test as q",
	    "sim/ctl: kmem_cache_free Test @q" },
	  { "Poison overwritten", "FIX Test: Marking all objects used" } },
	{ "nothing is checked without F", ALL, "",
	  { CREATE("SLAB_POISON"), ALLOC, FREE, POKE("8", "0x41"), ALLOC, PEEK("8", "0x6b"), FREE,
	    VALIDATE("0"), DESTROY }, { 0 } },
	{ "a list that leads out of the slab is lost", ALL, "",
	  { CREATE("SLAB_POISON"), ALLOC, FREE, POKE("64", "0x37"), ALLOC,
	    "sim/ctl: kmem_cache_alloc Test as q" },
	  { "Freelist Pointer check fails", "FIX Test: Marking all objects used" } },
	{ "traced", ALL, "",
	  { CREATE("SLAB_TRACE"), ALLOC, FREE, DESTROY },
	  { "TRACE Test alloc 0x", "inuse=1", "TRACE Test free 0x", "Object ffff" } },
	{ "by the command line", ALL, "slub_debug=FZ,mine-*;P,yours",
	  { "sim/ctl: kmem_cache_create mine-64 64", "sim/ctl: kmem_cache_create yours 64",
	    "sim/ctl: kmem_cache_alloc mine-64 as p", "sim/ctl: kmem_cache_poke mine-64 @p 64 1",
	    "sim/ctl: kmem_cache_validate mine-64 = 2", "sim/ctl: kmem_cache_validate yours = 0",
	    "sim/ctl: kmem_cache_validate dentry = -1 EINVAL" },
	  { "BUG mine-64" } },
	{ "the whole machine", ALL, "slub_debug=FZPU",
	  { "sim/ctl: kmem_cache_validate task_struct = 0",
	    "sim/ctl: kmem_cache_validate vm_area_struct = 0",
	    "sim/ctl: kmem_cache_validate kmalloc-64 = 0", "proc/1/ctl: fork as child",
	    "sim/as/child/ctl: exit 0", "proc/1/ctl: wait4 -1",
	    "sim/ctl: kmem_cache_validate task_struct = 0" }, { 0 } },
};

static struct lab lab;

static bool open_lab(enum release release, const char *cmdline)
{
	char release_set[64], cmdline_set[256];
	const char *const sets[] = { release_set, cmdline_set, NULL };

	snprintf(release_set, sizeof(release_set), "release=%s", release_name(release));
	snprintf(cmdline_set, sizeof(cmdline_set), "cmdline=%s", cmdline);
	return !lab_open_set(&lab, "tiny", sets);
}

static void assert_whole(const char *name)
{
	struct check check = { .out = &lab.out, .scripted = true };

	out_clear(&lab.out);
	machine_check(tree_machine(lab.tree), &check);
	if (check.nr_broken)
		fprintf(stderr, "%s: %s", name, lab_text(&lab.out));
	CU_ASSERT_EQUAL(check.nr_broken, 0);
}

static void assert_seen(const struct experiment *e)
{
	const char *at = strdup(lab_cat(&lab, "sim/dmesg")), *log = at;

	CU_ASSERT_PTR_NOT_NULL_FATAL(at);
	for (unsigned int i = 0; i < MAX_SEEN && e->seen[i] && at; i++) {
		const char *found = strstr(at, e->seen[i]);

		if (!found)
			fprintf(stderr, "%s: the log does not say '%s'\n", e->name, e->seen[i]);
		CU_ASSERT_PTR_NOT_NULL(found);
		at = found;
	}
	if (!e->seen[0])
		CU_ASSERT_PTR_NULL(strstr(log, "BUG "));
	free((void *)(uintptr_t)log);
}

static void experiment(const struct experiment *e, enum release release)
{
	CU_ASSERT_TRUE_FATAL(open_lab(release, e->cmdline));
	for (unsigned int i = 0; i < MAX_LINES && e->lines[i]; i++) {
		bool refused = strstr(e->lines[i], "EINVAL");
		int err = lab_run(&lab, e->lines[i]);

		if (err && !refused)
			fprintf(stderr, "%s: %s: %s\n", e->name, e->lines[i],
				lab_text(&lab.sentence));
		CU_ASSERT_TRUE(!err || refused);
	}
	assert_seen(e);
	assert_whole(e->name);
	lab_close(&lab);
}

static void test_experiments(void)
{
	for (enum release r = 0; r < NR_RELEASES; r++)
		for (size_t i = 0; i < ARRAY_SIZE(experiments); i++)
			if (span_holds(experiments[i].span, r))
				experiment(&experiments[i], r);
}

static unsigned int peek(const char *offset)
{
	char line[96];

	snprintf(line, sizeof(line), "sim/ctl: kmem_cache_peek Test @p %s", offset);
	CU_ASSERT_EQUAL(lab_run(&lab, line), 0);
	return (unsigned int)strtoul(lab_cat(&lab, "sim/result"), NULL, 0);
}

static void poke(unsigned int offset, unsigned int byte)
{
	char line[96];

	snprintf(line, sizeof(line), "sim/ctl: kmem_cache_poke Test @p %u %u", offset, byte);
	CU_ASSERT_EQUAL(lab_run(&lab, line), 0);
}

/* next_pointer goes on: who repairs the pointer finds the count wrong. */
static void test_next_pointer_repaired(void)
{
	unsigned int bytes[8];

	CU_ASSERT_TRUE_FATAL(open_lab(R_6_18, ""));
	CU_ASSERT_EQUAL(lab_run(&lab, CREATE("SLAB_POISON")), 0);
	CU_ASSERT_EQUAL(lab_run(&lab, ALLOC), 0);
	CU_ASSERT_EQUAL(lab_run(&lab, FREE), 0);
	for (unsigned int i = 0; i < 8; i++) {
		char offset[8];

		snprintf(offset, sizeof(offset), "%u", 64 + i);
		bytes[i] = peek(offset);
	}
	poke(64, bytes[0] ^ 0xff);
	CU_ASSERT_EQUAL(lab_run(&lab, VALIDATE("3")), 0);
	for (unsigned int i = 0; i < 8; i++)
		poke(64 + i, bytes[i]);
	CU_ASSERT_EQUAL(lab_run(&lab, VALIDATE("2")), 0);
	CU_ASSERT_EQUAL(lab_run(&lab, VALIDATE("0")), 0);
	CU_ASSERT_EQUAL(lab_run(&lab, DESTROY), 0);
	assert_whole("next_pointer");
	lab_close(&lab);
}

/* Twenty objects of a new cache: do their addresses ascend? */
static bool ascend(const char *set)
{
	const char *const sets[] = { set, NULL };
	u64 last = 0;
	bool ascends = true;

	CU_ASSERT_EQUAL_FATAL(lab_open_set(&lab, "tiny", sets), 0);
	CU_ASSERT_EQUAL(lab_run(&lab, "sim/ctl: kmem_cache_create Test 128 0 no_merge"), 0);
	for (int i = 0; i < 20; i++) {
		u64 addr;

		CU_ASSERT_EQUAL(lab_run(&lab, ALLOC), 0);
		addr = strtoull(lab_cat(&lab, "sim/result"), NULL, 0);
		ascends &= addr > last;
		last = addr;
	}
	assert_whole(set);
	lab_close(&lab);
	return ascends;
}

/* Whose neighbour an object will be is not to be guessed. */
static void test_random_freelist(void)
{
	CU_ASSERT_FALSE(ascend("seed=1"));
	CU_ASSERT_FALSE(ascend("seed=2"));
	CU_ASSERT_TRUE(ascend("config.SLAB_FREELIST_RANDOM=n"));
}

static u64 shrinkable(void)
{
	const char *text = lab_cat(&lab, "sys/kernel/debug/shrinker/sb-rootfs-2/count");

	return *text ? strtoull(text + 2, NULL, 10) : 0;
}

/* Names and inodes that nobody uses: made, counted, given back. */
static void test_shrinkers(void)
{
	CU_ASSERT_TRUE_FATAL(open_lab(R_6_18, ""));
	CU_ASSERT_EQUAL(shrinkable(), 0);
	CU_ASSERT_EQUAL(lab_run(&lab, "sim/ctl: fill_dentries 3000 = 3000"), 0);
	CU_ASSERT_EQUAL(shrinkable(), 3000);
	assert_whole("dentries");
	/* Names go first, and leave their inodes. */
	CU_ASSERT_EQUAL(lab_run(&lab, "sys/kernel/debug/shrinker/sb-rootfs-2/scan: 1 0 1001"), 0);
	CU_ASSERT_EQUAL(shrinkable(), 3000);
	CU_ASSERT_EQUAL(lab_run(&lab, "sys/kernel/debug/shrinker/sb-rootfs-2/scan: 1 0 3001"), 0);
	CU_ASSERT_EQUAL(shrinkable(), 2000);
	CU_ASSERT_EQUAL(lab_run(&lab, "proc/sys/vm/vfs_cache_pressure: 50"), 0);
	CU_ASSERT_EQUAL(shrinkable(), 1000);
	CU_ASSERT_EQUAL(lab_run(&lab, "proc/sys/vm/vfs_cache_pressure: 100"), 0);
	CU_ASSERT_EQUAL(lab_run(&lab, "sys/kernel/debug/shrinker/sb-rootfs-2/scan: 7 0 1"),
			-ENOENT);
	CU_ASSERT_EQUAL(lab_run(&lab, "sys/kernel/debug/shrinker/thp-zero-9/scan: 1 0 1"),
			-EINVAL);
	CU_ASSERT_EQUAL(lab_run(&lab, "sys/kernel/debug/shrinker/sb-rootfs-2/scan: 1 9 1"),
			-EINVAL);
	CU_ASSERT_EQUAL(lab_run(&lab, "proc/sys/vm/drop_caches: 2"), 0);
	CU_ASSERT_EQUAL(shrinkable(), 0);
	assert_whole("dropped");
	/* More than the machine has room for: reclaim takes the oldest. */
	CU_ASSERT_EQUAL(lab_run(&lab, "sim/ctl: fill_dentries 1M"), 0);
	CU_ASSERT(shrinkable() > 1000 && shrinkable() < 1000000);
	CU_ASSERT_EQUAL(lab_run(&lab, "proc/sys/vm/drop_caches: 2"), 0);
	CU_ASSERT_EQUAL(shrinkable(), 0);
	assert_whole("full");
	lab_close(&lab);
}

static const CU_TestInfo tests[] = {
	{ "the order of free objects", test_random_freelist },
	{ "shrinkers", test_shrinkers },
	{ "experiments", test_experiments },
	{ "next_pointer, repaired", test_next_pointer_repaired },
};

int main(void)
{
	return suite_main("slab_debug", tests, ARRAY_SIZE(tests), NULL, NULL);
}
