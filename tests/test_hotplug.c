// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Memory blocks go off and on line while tasks use memory: what a task wrote it reads again,
 * all invariants hold after each step, whatever allocation fails. `HOTPLUG_STEPS` makes
 * the storm longer (make check-long).
 */
#include "lab.h"
#include "leftovers.h"
#include "support.h"

#include <errno.h>
#include <stdlib.h>

#include "fs/core/tree_struct.h"
#include "sim/base/rng.h"
#include "sim/phys/fault_inject.h"
#include "sim/phys/hugetlb.h"
#include "sim/phys/memory_hotplug.h"
#include "sim/phys/page_alloc.h"
#include "sim/virt/content.h"
#include "sim/virt/memory.h"
#include "sim/virt/mm_types.h"
#include "sim/virt/task.h"

#define BUFFER_PAGES 4096U	/* 16 MiB */
#define NR_WORDS 5

static struct lab lab;
static struct fault_inject fault;

/* Two nodes with memory, a third that may get some. */
static const char machine_text[] =
	"[machine]\narch = x86_64\nrelease = %s\ncmdline = %s\n"
	"[node 0]\ncpus = 0-1\nmemory = 640M\n[node 1]\ncpus = 2\nmemory = 512M\n[node 2]\n";

static struct machine *machine(void)
{
	return lab.tree->machine;
}

static void open_machine(const char *release, const char *cmdline)
{
	char text[sizeof(machine_text) + 200];

	CU_ASSERT_FATAL(snprintf(text, sizeof(text), machine_text, release, cmdline) <
			(int)sizeof(text));
	CU_ASSERT_EQUAL_FATAL(lab_open_text(&lab, text, NULL), 0);
}

static void check_clean(const char *what)
{
	unsigned int broken = nr_broken(machine(), machine_check, NULL);

	if (broken)
		printf("\n  after: %s\n", what);
	CU_ASSERT_EQUAL_FATAL(broken, 0);
}

static int run(const char *line)
{
	int err = lab_run(&lab, line);

	check_clean(line);
	return err;
}

static int run_block(u32 id, const char *word)
{
	char line[128];

	snprintf(line, sizeof(line), "sys/devices/system/memory/memory%u/state: %s", id, word);
	return run(line);
}

/* -- contents ----------------------------------------------------------------- */

#define BUFFER_ADDR 0x10000000ULL

struct buffer {
	u64 tokens[BUFFER_PAGES];
};

static struct buffer buffer;

static const struct task_struct *eater(void)
{
	const struct task_struct *found = NULL;

	for (struct task_struct *task = task_next(machine(), 0); task && !found;
	     task = task_next(machine(), task->pid + 1))
		if (task->mm && follow_page(machine(), task->mm, BUFFER_ADDR) != PFN_NIL)
			found = task;
	return found;
}

static u64 token_at(const struct task_struct *task, u64 i)
{
	u32 pfn = follow_page(machine(), task->mm, BUFFER_ADDR + i * PAGE_SIZE);

	return pfn == PFN_NIL ? 0 : content_token(machine(), pfn);
}

static void buffer_fill(void)
{
	const struct task_struct *task;

	CU_ASSERT_EQUAL_FATAL(run("proc/1/ctl: fork as eater"), 0);
	CU_ASSERT_EQUAL_FATAL(run("sim/as/eater/ctl: mmap 0x10000000 16M rw "
				  "private,anon,fixed"), 0);
	CU_ASSERT_EQUAL_FATAL(run("sim/as/eater/ctl: store 0x10000000 16M"), 0);
	task = eater();
	CU_ASSERT_PTR_NOT_NULL_FATAL(task);
	for (u64 i = 0; i < BUFFER_PAGES; i++)
		buffer.tokens[i] = token_at(task, i);
	CU_ASSERT_NOT_EQUAL(buffer.tokens[7], 0);
}

static void buffer_check(void)
{
	const struct task_struct *task = eater();

	CU_ASSERT_PTR_NOT_NULL_FATAL(task);
	for (u64 i = 0; i < BUFFER_PAGES; i++)
		CU_ASSERT_EQUAL_FATAL(token_at(task, i), buffer.tokens[i]);
}

/* A block of one zone that holds a page of the buffer; nr: how many it holds. */
static u32 buffer_block(u64 *nr)
{
	const struct memory_hotplug *hotplug = machine()->hotplug;
	u32 found = 0;

	*nr = 0;
	for (u64 i = 0; i < BUFFER_PAGES; i++) {
		u32 pfn = follow_page(machine(), eater()->mm, BUFFER_ADDR + i * PAGE_SIZE);
		u32 id = (u32)(pfn / hotplug->block_pages);

		if (memory_block_zone(machine(), &hotplug->blocks[id]) && !*nr)
			found = id;
		*nr += id == found;
	}
	return found;
}

static void test_contents(void)
{
	open_machine("6.18", "movablecore=512M");
	/* The top of the node's memory has what the boot kept: the buffer is to lie below. */
	CU_ASSERT_EQUAL(run("proc/1/ctl: fork as other"), 0);
	CU_ASSERT_EQUAL(run("sim/as/other/ctl: mmap 0x40000000 130M rw private,anon,fixed"), 0);
	CU_ASSERT_EQUAL(run("sim/as/other/ctl: store 0x40000000 130M"), 0);
	buffer_fill();
	for (unsigned int i = 0; i < 3; i++) {
		u64 nr;
		u32 block = buffer_block(&nr);

		CU_ASSERT_TRUE_FATAL(nr > 0);
		if (run_block(block, "offline")) {
			CU_ASSERT(i > 0);	/* later it may lie beside what the boot kept */
			continue;
		}
		CU_ASSERT_PTR_NOT_NULL(strstr(lab_cat(&lab, "sim/why"), "moved elsewhere"));
		buffer_check();
		CU_ASSERT_EQUAL(run_block(block, "online"), 0);
	}
	lab_close(&lab);
}

/* -- refusals ----------------------------------------------------------------- */

static void test_refusals(void)
{
	open_machine("6.1", "movablecore=256M");
	/* Several zones; holes at the end of node 1's memory or below 1 MiB. */
	CU_ASSERT_EQUAL(run_block(0, "offline"), -EINVAL);
	CU_ASSERT_EQUAL(run_block(1, "online"), -EINVAL);
	CU_ASSERT_EQUAL(run_block(1, "on"), -EINVAL);
	/* A page that a script has cannot move. */
	CU_ASSERT_EQUAL(run("sim/ctl: alloc_pages 0 GFP_KERNEL 1 as p"), 0);
	{
		u64 pfn = strtoull(lab_text(&lab.out), NULL, 0);
		u32 block = (u32)(pfn / machine()->hotplug->block_pages);

		CU_ASSERT_EQUAL(run_block(block, "offline"), -EBUSY);
		CU_ASSERT_PTR_NOT_NULL(strstr(lab_cat(&lab, "sim/dmesg"),
					      "page dumped because: unmovable page"));
		CU_ASSERT_PTR_NOT_NULL(strstr(lab_cat(&lab, "sim/why"), "is in the way"));
	}
	CU_ASSERT_EQUAL(run("sim/ctl: add_memory 9 4G 128M"), -EINVAL);
	CU_ASSERT_EQUAL(run("sim/ctl: add_memory 0 4G 100M"), -EINVAL);
	CU_ASSERT_EQUAL(run("sim/ctl: add_memory 0 128M 128M"), -EEXIST);
	CU_ASSERT_EQUAL(run("sim/ctl: add_memory 0 16T 128M"), -E2BIG);
	CU_ASSERT_EQUAL(run("sim/ctl: remove_memory 128M 128M"), -EINVAL);
	lab_close(&lab);
}

/* -- nodes -------------------------------------------------------------------- */

static void expect(const char *path, const char *text)
{
	CU_ASSERT_STRING_EQUAL(lab_cat(&lab, path), text);
}

static void node_comes(const char *release, const char *with_normal)
{
	open_machine(release, "memhp_default_state=offline");
	expect("sys/devices/system/node/online", "0-1\n");
	expect("sys/devices/system/node/possible", "0-2\n");
	CU_ASSERT_EQUAL(run("sim/ctl: add_memory 2 8G 256M"), 0);
	expect("sys/devices/system/node/online", "0-2\n");
	expect("sys/devices/system/node/has_memory", "0-1\n");
	expect("sys/devices/system/memory/memory64/valid_zones", "Normal Movable\n");
	CU_ASSERT_EQUAL(run_block(64, "online_movable"), 0);
	expect("sys/devices/system/node/has_memory", "0-2\n");
	expect("sys/devices/system/node/has_normal_memory", "0-1\n");
	expect("sys/devices/system/memory/memory64/valid_zones", "Movable\n");
	expect("sys/devices/system/memory/memory65/valid_zones", "Normal Movable\n");
	CU_ASSERT_EQUAL(run_block(65, "online_kernel"), 0);
	expect("sys/devices/system/node/has_normal_memory", with_normal);
	CU_ASSERT_EQUAL(run_block(64, "offline"), 0);
	CU_ASSERT_EQUAL(run("sim/ctl: remove_memory 8G 128M"), 0);
	run_block(65, "offline");
	run("sim/ctl: remove_memory 0x208000000 128M");
	lab_close(&lab);
}

static void test_node(void)
{
	node_comes("6.1", "0-2\n");
	/* Since 6.17 it is what the boot found. */
	node_comes("6.18", "0-1\n");
}

/* -- whatever fails ----------------------------------------------------------- */

/* Lines that want memory of the host and of the machine. */
static const char *const lines[] = {
	"sim/ctl: add_memory 2 8G 256M",
	"sys/devices/system/memory/memory64/state: online_kernel",
	"sys/devices/system/memory/memory65/state: online_movable",
	"sys/devices/system/memory/memory65/state: offline",
	"sys/devices/system/memory/memory6/state: offline",
	"sys/devices/system/memory/memory6/state: online",
	"sim/ctl: remove_memory 0x208000000 128M",
};

/* Refused for want of host memory, a line has changed nothing. */
static void fail_host(const char *line)
{
	char before[DIGEST_CHARS + 1], after[DIGEST_CHARS + 1];
	int err = -ENOMEM;
	unsigned int n;

	for (n = 1; n < 300 && err; n++) {
		lab_digest(&lab, before);
		arena_fail_after(&machine()->arena, n);
		err = lab_run(&lab, line);
		arena_fail_after(&machine()->arena, 0);
		if (!err)
			break;
		lab_digest(&lab, after);
		CU_ASSERT_EQUAL(err, -ENOMEM);
		if (strcmp(before, after))
			printf("\n  %s: allocation %u: it changed something\n", line, n);
		CU_ASSERT_STRING_EQUAL(before, after);
		check_clean(line);
	}
	if (err)
		printf("\n  %s: %d %s\n", line, err, lab_text(&lab.sentence));
	CU_ASSERT_EQUAL(err, 0);
	check_clean(line);
}

static void test_host(void)
{
	for (int i = 0; i < 2; i++) {
		open_machine(i ? "6.1" : "6.18", "movablecore=512M memhp_default_state=offline");
		buffer_fill();
		for (size_t l = 0; l < ARRAY_SIZE(lines); l++)
			fail_host(lines[l]);
		buffer_check();
		lab_close(&lab);
	}
}

/* The machine's own allocations fail one after the other. */
static void fail_nth(const char *line)
{
	for (unsigned int n = 1; n < 400; n++) {
		int err;

		fault.fail_nth = n;
		fault.nr_failed = 0;
		fault.retry = false;
		fault_inject_use(machine(), &fault);
		err = lab_run(&lab, line);
		fault_inject_use(machine(), NULL);
		check_clean(line);
		if (!err)
			return;
		CU_ASSERT(err == -ENOMEM || err == -EBUSY || err == -EINTR || err == -EINVAL);
		if (!fault.nr_failed) {
			printf("\n  %s: %d %s\n", line, err, lab_text(&lab.sentence));
			CU_FAIL("refused though nothing failed");
			return;
		}
	}
	CU_FAIL("it fails for ever");
}

static void test_injected(void)
{
	for (int i = 0; i < 2; i++) {
		open_machine(i ? "6.1" : "6.18", "movablecore=512M memhp_default_state=offline");
		buffer_fill();
		for (size_t l = 0; l < ARRAY_SIZE(lines); l++)
			fail_nth(lines[l]);
		buffer_check();
		lab_close(&lab);
	}
}

/* -- storms ------------------------------------------------------------------- */

static const char *const storm_lines[] = {
	"proc/1/ctl: fork as child",
	"sim/as/child/ctl: mmap 0x20000000 64M rw private,anon,fixed",
	"sim/as/child/ctl: store 0x20000000 30M",
	"sim/as/child/ctl: mmap 0x30000000 8M rw shared,anon,fixed",
	"sim/as/child/ctl: store 0x30000000 8M",
	"sim/as/child/ctl: madvise 0x20000000 64M hugepage",
	"sim/as/child/ctl: munmap 0x20800000 4M",
	"sim/as/child/ctl: poke 0x20000010 6b65707421",
	"sim/as/child/ctl: migrate_pages 0 64 0-1 2",
	"sim/as/child/ctl: mbind 0x30000000 8M bind 2 move",
	"sim/as/child/ctl: mlock 0x30000000 1M",
	"sim/as/child/ctl: fork as grandchild",
	"sim/as/grandchild/ctl: store 0x20100000 1M",
	"sim/as/grandchild/ctl: exit_group",
	"sim/as/child/ctl: open /dev/shm/x rdwr,creat as fd",
	"sim/as/child/ctl: pwrite64 @fd 2000000 0",
	"sim/as/child/ctl: exit_group",
	"proc/1/ctl: wait4 -1 wnohang",
	"sim/ctl: alloc_pages 3 GFP_KERNEL as k",
	"sim/ctl: free_pages @k 3",
	"sim/cpu/2/ctl: alloc_pages 9 GFP_HIGHUSER_MOVABLE as h",
	"sim/ctl: free_pages @h 9",
	"sim/ctl: kmalloc 300 as o",
	"sim/ctl: kfree @o",
	"proc/sys/vm/compact_memory: 1",
	"proc/sys/vm/drop_caches: 3",
	"proc/sys/vm/nr_hugepages: 7",
	"proc/sys/vm/nr_hugepages: 0",
	"proc/sys/vm/min_free_kbytes: 8000",
	"sys/module/memory_hotplug/parameters/online_policy: auto-movable",
	"sys/module/memory_hotplug/parameters/online_policy: contig-zones",
	"sys/devices/system/memory/auto_online_blocks: online_movable",
	"sys/devices/system/memory/auto_online_blocks: online",
	"sys/devices/system/memory/auto_online_blocks: offline",
	"sim/ctl: add_memory 2 8G 256M",
	"sim/ctl: add_memory 0 6G 128M",
	"sim/ctl: add_memory 1 4G 384M",
	"sim/ctl: remove_memory 8G 256M",
	"sim/ctl: remove_memory 8G 128M",
	"sim/ctl: remove_memory 0x208000000 128M",
	"sim/ctl: remove_memory 6G 128M",
	"sim/ctl: remove_memory 4G 384M",
	"sim/ctl: tick 1s",
};

static bool storm_block(u64 *rng)
{
	static const char *const words[] = {
		"offline", "online", "online_kernel", "online_movable",
	};
	u32 id = (u32)rng_below(rng, 12);
	char line[128];
	const struct memory_block *block;

	if (rng_below(rng, 3) == 0)
		id = (u32)(id < 3 ? 32 + id : id < 5 ? 64 + id - 3 : 48);
	block = memory_block_by_id(machine(), id);
	snprintf(line, sizeof(line), "sys/devices/system/memory/memory%u/state: %s", id,
		 words[block && block->online ? 0 : rng_below(rng, ARRAY_SIZE(words))]);
	return !lab_run(&lab, line);
}

static void storm(const char *release, const char *cmdline, u64 seed, unsigned int steps)
{
	unsigned int done = 0;
	u64 rng = seed;

	open_machine(release, cmdline);
	lab_spare_tasks(&lab);
	buffer_fill();
	for (unsigned int i = 0; i < steps; i++) {
		char what[64];

		snprintf(what, sizeof(what), "seed %llu step %u", (unsigned long long)seed, i);
		if (rng_below(&rng, 2))
			done += storm_block(&rng);
		else
			lab_run(&lab, storm_lines[rng_below(&rng, ARRAY_SIZE(storm_lines))]);
		if (i % 8 == 7)
			check_clean(what);
	}
	CU_ASSERT(done > steps / 20);
	buffer_check();
	lab_end_tasks(&lab);
	check_clean("the end");
	lab_close(&lab);
}

static void test_storms(void)
{
	const char *text = getenv("HOTPLUG_STEPS");
	unsigned int steps = text ? (unsigned int)strtoul(text, NULL, 0) : 300;

	for (u64 seed = 1; seed <= 4; seed++)
		storm(seed & 1 ? "6.18" : "6.1", seed & 2 ? "movablecore=512M" : "", seed, steps);
}

/* Does a free huge page lie in the block? */
static bool has_free_huge(const struct hstate *h, u32 id)
{
	for (unsigned int nid = 0; nid < 2; nid++)
		for (u32 pfn = h->free[nid].first; pfn != PFN_NIL;
		     pfn = pfn_to_page(machine(), pfn)->next)
			if (pfn / machine()->hotplug->block_pages == id)
				return true;
	return false;
}

/* Huge pages that nobody uses are cut, and their pool is smaller. */
static void test_free_huge(void)
{
	const struct hstate *h;
	unsigned int gone = 0;
	u64 before;

	open_machine("6.18", "movablecore=512M");
	CU_ASSERT_EQUAL_FATAL(run("proc/sys/vm/nr_hugepages: 100"), 0);
	h = hugetlb_hstate(machine(), hugetlb_default_order(machine()));
	CU_ASSERT_PTR_NOT_NULL_FATAL(h);
	/* Some are in use, and do not move within their block. */
	CU_ASSERT_EQUAL_FATAL(run("proc/1/ctl: fork as eater"), 0);
	CU_ASSERT_EQUAL(run("sim/as/eater/ctl: mmap 0x40000000 32M rw private,anon,hugetlb,fixed"),
			0);
	CU_ASSERT_EQUAL(run("sim/as/eater/ctl: store 0x40000000 32M"), 0);
	before = h->nr_huge_pages;
	for (u32 id = 0; id < machine()->hotplug->nr_blocks; id++)
		gone += has_free_huge(h, id) && !run_block(id, "offline");
	CU_ASSERT(gone > 0);
	CU_ASSERT(h->nr_huge_pages < before);
	lab_close(&lab);
}

static const CU_TestInfo tests[] = {
	{ "contents survive", test_contents },
	{ "refusals", test_refusals },
	{ "free huge pages", test_free_huge },
	{ "a node comes and goes", test_node },
	{ "host memory fails", test_host },
	{ "allocations fail", test_injected },
	{ "storms", test_storms },
};

int main(void)
{
	return suite_main("memory hotplug", tests, ARRAY_SIZE(tests), NULL, NULL);
}
