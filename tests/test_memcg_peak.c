// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * memory.peak and memory.swap.peak: the most that a group ever used; and since 6.12, to who
 * wrote to the file that he has open, the most since then.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "lab.h"
#include "support.h"

#define ROOT "sys/fs/cgroup"
#define MIB (1LL << 20)

static struct lab lab;

static const char machine_text[] =
	"[machine]\n"
	"[node 0]\n"
	"cpus = 0-1\n"
	"memory = 512M\n"
	"[swap 0]\n"
	"path = /dev/sda\n"
	"size = 256M\n";

/* Of the task t in /a, of which nothing is swapped until it is told. */
static void open_group(const char *release)
{
	const char *const sets[] = { release, NULL };

	CU_ASSERT_EQUAL_FATAL(lab_open_text(&lab, machine_text, sets), 0);
	lab_expect(&lab, 0, ROOT "/cgroup.subtree_control: +memory");
	lab_expect(&lab, 0, "cgroup_mkdir a");
	lab_expect(&lab, 0, "cgroup_mkdir b");
	lab_fork_into(&lab, "t", "/a");
	lab_expect(&lab, 0, "sim/as/t/ctl: mmap 0 64M rw private,anon as memory");
}

/* The group uses so much more, and then so much less. */
static void use(unsigned int mib)
{
	lab_expect(&lab, 0, "sim/as/t/ctl: store @memory %uM", mib);
	lab_expect(&lab, 0, "sim/as/t/ctl: madvise @memory 64M dontneed");
}

static long long shown(const char *path)
{
	return atoll(lab_cat(&lab, path));
}

static long long seen(struct handle *handle)
{
	char buf[32] = "";

	CU_ASSERT_FATAL(handle_read(handle, 0, buf, sizeof(buf) - 1) > 0);
	return atoll(buf);
}

/* What a CPU has charged in advance is the group's, too. */
static void near(long long found, long long mib)
{
	CU_ASSERT(found >= mib * MIB && found < (mib + 1) * MIB);
}

static void test_modes(void)
{
	static const struct caller nobody;
	struct node node;

	open_group("release=6.1");
	CU_ASSERT_EQUAL(tree_walk(lab.tree, ROOT "/a/memory.swap.peak", nobody, &node), -ENOENT);
	CU_ASSERT_EQUAL_FATAL(tree_walk(lab.tree, ROOT "/a/memory.peak", nobody, &node), 0);
	lab_expect(&lab, -EINVAL, ROOT "/a/memory.peak: anything");
	use(20);
	near(shown(ROOT "/a/memory.peak"), 20);
	lab_end(&lab);
	open_group("release=6.18");
	CU_ASSERT_EQUAL_FATAL(tree_walk(lab.tree, ROOT "/memory.peak", nobody, &node), -ENOENT);
	lab_expect(&lab, 0, ROOT "/a/memory.peak: anything");
	lab_expect(&lab, 0, ROOT "/a/memory.swap.peak: 0");
	lab_end(&lab);
}

/* Two who wrote, one who did not, and one of another group. */
static void test_readers(void)
{
	struct handle *first, *second, *bare, *other;

	open_group("release=6.18");
	first = lab_handle(&lab, ROOT "/a/memory.peak", O_RDWR);
	second = lab_handle(&lab, ROOT "/a/memory.peak", O_RDWR);
	bare = lab_handle(&lab, ROOT "/a/memory.peak", O_RDWR);
	other = lab_handle(&lab, ROOT "/b/memory.peak", O_RDWR);
	CU_ASSERT_EQUAL(lab_write(other, "now\n"), 4);
	use(40);
	CU_ASSERT_EQUAL(lab_write(first, "now\n"), 4);
	near(seen(first), 0);
	near(seen(bare), 40);
	near(seen(second), 40);
	use(20);
	near(seen(first), 20);
	near(seen(second), 40);
	near(shown(ROOT "/a/memory.peak"), 40);
	/* Who writes with 10 in use takes from the first what it saw before, but these. */
	lab_expect(&lab, 0, "sim/as/t/ctl: store @memory 10M");
	CU_ASSERT_EQUAL(lab_write(second, "now\n"), 4);
	lab_expect(&lab, 0, "sim/as/t/ctl: madvise @memory 64M dontneed");
	near(seen(first), 10);
	near(seen(second), 10);
	/* So does a script, which has the file open for a moment; what was kept is kept. */
	lab_expect(&lab, 0, ROOT "/a/memory.peak: now");
	near(seen(first), 10);
	CU_ASSERT_EQUAL(lab_write(first, "now\n"), 4);
	near(seen(first), 0);
	near(seen(second), 10);
	use(30);
	near(seen(first), 30);
	near(seen(second), 30);
	near(seen(bare), 40);
	near(seen(other), 0);
	handle_release(first);
	CU_ASSERT_EQUAL(lab_write(bare, "now\n"), 4);
	near(seen(bare), 0);
	handle_release(second);
	handle_release(other);
	handle_release(bare);
	lab_end(&lab);
}

static void test_swap(void)
{
	struct handle *memory, *swap;

	open_group("release=6.18");
	memory = lab_handle(&lab, ROOT "/a/memory.peak", O_RDWR);
	swap = lab_handle(&lab, ROOT "/a/memory.swap.peak", O_RDWR);
	lab_expect(&lab, 0, "sim/as/t/ctl: store @memory 40M");
	lab_expect(&lab, 0, ROOT "/a/memory.max: 8M");
	CU_ASSERT(seen(swap) >= 32 * MIB);
	lab_expect(&lab, 0, ROOT "/a/memory.max: max");
	lab_expect(&lab, 0, "sim/as/t/ctl: munmap @memory 64M");
	lab_expect(&lab, 0, "sim/as/t/ctl: mmap 0 64M rw private,anon as memory");
	CU_ASSERT_EQUAL(lab_write(swap, "now\n"), 4);
	CU_ASSERT_EQUAL(seen(swap), 0);
	CU_ASSERT(shown(ROOT "/a/memory.swap.peak") >= 32 * MIB);
	near(seen(memory), 40);
	CU_ASSERT_EQUAL(lab_write(memory, "now\n"), 4);
	lab_expect(&lab, 0, "sim/as/t/ctl: store @memory 20M");
	lab_expect(&lab, 0, ROOT "/a/memory.max: 16M");
	CU_ASSERT(seen(swap) >= 4 * MIB && seen(swap) < 8 * MIB);
	near(seen(memory), 20);
	handle_release(memory);
	handle_release(swap);
	lab_end(&lab);
}

/* A write is a line of the history; who has the file open outlives an undo and a reboot. */
static void test_history(void)
{
	char before[DIGEST_CHARS + 1], after[DIGEST_CHARS + 1];
	struct handle *handle;
	char buf[32];

	open_group("release=6.18");
	use(40);
	lab_digest(&lab, before);
	handle = lab_handle(&lab, ROOT "/a/memory.peak", O_RDWR);
	CU_ASSERT_EQUAL(lab_write(handle, "now\n"), 4);
	CU_ASSERT_PTR_NOT_NULL(strstr(lab_cat(&lab, "sim/log"), ROOT "/a/memory.peak: now"));
	lab_digest(&lab, after);
	CU_ASSERT_STRING_NOT_EQUAL(before, after);
	use(20);
	lab_expect(&lab, 0, "undo 3");
	lab_digest(&lab, after);
	CU_ASSERT_STRING_EQUAL(before, after);
	near(shown(ROOT "/a/memory.peak"), 40);
	lab_expect(&lab, 0, "reboot");
	CU_ASSERT(handle_read(handle, 0, buf, sizeof(buf)) < 0);
	handle_release(handle);
	lab_end(&lab);
}

int main(void)
{
	static const CU_TestInfo tests[] = {
		{ "who may write", test_modes },
		{ "who wrote, and who did not", test_readers },
		{ "swap", test_swap },
		{ "undo, reboot", test_history },
	};

	return suite_main("peaks of memory cgroups", tests, ARRAY_SIZE(tests), NULL, NULL);
}
