// SPDX-License-Identifier: GPL-2.0-or-later
/* Swap areas: who may be one, in which order they are used, what files say of them. */
#include <stdlib.h>
#include <string.h>

#include "lab.h"
#include "support.h"

#include "fs/core/tree_struct.h"

static struct lab lab;
static const char *const releases[] = { "release=6.1", "release=6.18" };

static void open_lab(unsigned int release)
{
	const char *const sets[] = { releases[release], NULL };

	CU_ASSERT_EQUAL_FATAL(lab_open_set(&lab, "swap", sets), 0);
	CU_ASSERT_EQUAL(lab_run(&lab, "sim/as/init/ctl: fork as a"), 0);
}

static void close_lab(void)
{
	CU_ASSERT_EQUAL(nr_broken(tree_machine(lab.tree), machine_check, NULL), 0);
	CU_ASSERT_STRING_EQUAL(lab_cat(&lab, "sim/check") ? "" : "no check", "");
	CU_ASSERT(!strncmp(lab_cat(&lab, "sim/check"), "clean", 5));
	lab_close(&lab);
}

/* A call of task a, with its errno. */
static void expect(const char *call, int err)
{
	char line[200];
	int found;

	snprintf(line, sizeof(line), "sim/as/a/ctl: %s", call);
	found = lab_run(&lab, line);
	if (found != -err && found != err)
		printf("\n  %s: expected %d, found %d\n", call, err, found);
	CU_ASSERT(found == -err || found == err);
}

#define HEAD "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n"
#define NVME0 "/dev/nvme0n1                            partition\t262140\t\t0\t\t"
#define NVME1 "/dev/nvme1n1                            partition\t1048572\t\t0\t\t"

static void test_order(void)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(releases); i++) {
		open_lab(i);
		CU_ASSERT_STRING_EQUAL(lab_cat(&lab, "proc/swaps"), HEAD NVME0 "10\n" NVME1 "-2\n");
		CU_ASSERT_PTR_NOT_NULL(strstr(lab_cat(&lab, "sim/dmesg"),
			"Adding 262140k swap on /dev/nvme0n1.  Priority:10 extents:1 "
			"across:262140k SS\n"));
		CU_ASSERT_PTR_NOT_NULL(strstr(lab_cat(&lab, "proc/meminfo"),
					      "SwapTotal:       1310712 kB\n"));
		expect("swapoff /dev/nvme0n1", 0);
		CU_ASSERT_STRING_EQUAL(lab_cat(&lab, "proc/swaps"), HEAD NVME1 "-2\n");
		/* The first free place, and the lowest priority. */
		expect("swapon /dev/nvme0n1", 0);
		CU_ASSERT_STRING_EQUAL(lab_cat(&lab, "proc/swaps"), HEAD NVME0 "-3\n" NVME1 "-2\n");
		/* Whoever got theirs by themselves move up. */
		expect("swapoff /dev/nvme1n1", 0);
		CU_ASSERT_STRING_EQUAL(lab_cat(&lab, "proc/swaps"), HEAD NVME0 "-2\n");
		expect("swapon /dev/nvme1n1 0xffff", 0);
		CU_ASSERT_STRING_EQUAL(lab_cat(&lab, "proc/swaps"),
				       HEAD NVME0 "-2\n" NVME1 "32767\n");
		close_lab();
	}
}

static void test_refused(void)
{
	static const struct {
		const char *call;
		int err;
	} rows[] = {
		{ "swapon /nonexist", ENOENT }, { "swapon /tmp", EISDIR },
		{ "swapon /dev/null", EINVAL }, { "swapon /dev/nvme0n1 0x80000", EINVAL },
		{ "swapon /dev/nvme0n1", EBUSY }, { "swapoff /dev/nvme1n1", 0 },
		{ "swapoff /dev/nvme1n1", EINVAL }, { "swapoff /nonexist", ENOENT },
		{ "swapoff /tmp", EISDIR }, { "swapon /bin/true", EINVAL },
		{ "open /dev/shm/x rdwr,creat as x", 0 }, { "ftruncate @x 1M", 0 },
		{ "swapon /dev/shm/x", EINVAL }, { "open /data/f rdwr,creat as f", 0 },
		{ "ftruncate @f 4M", 0 }, { "swapon /data/f", EINVAL }, { "mkswap /data/f", 0 },
		{ "swapon /data/f", 0 }, { "swapon /data/f", EBUSY }, { "mkswap /data/f", EBUSY },
		{ "pwrite64 @f 4K 0", ETXTBSY }, { "ftruncate @f 1M", ETXTBSY },
		{ "fallocate @f 0 0 1M", ETXTBSY },
		{ "unlink /data/f", EPERM }, { "swapoff /data/f", 0 }, { "unlink /data/f", 0 },
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(releases); i++) {
		open_lab(i);
		for (unsigned int row = 0; row < ARRAY_SIZE(rows); row++)
			expect(rows[row].call, rows[row].err);
		expect("setuid 1000", 0);
		expect("swapon /dev/nvme1n1", EPERM);
		expect("swapoff /dev/nvme0n1", EPERM);
		close_lab();
	}
}

/* A swapon that finds no host memory has done nothing. */
static void test_host_memory(void)
{
	char before[DIGEST_CHARS + 1], after[DIGEST_CHARS + 1];

	for (unsigned int i = 0; i < ARRAY_SIZE(releases); i++) {
		int err = -ENOMEM;

		open_lab(i);
		expect("swapoff /dev/nvme0n1", 0);
		lab_digest(&lab, before);
		for (u64 n = 1; err == -ENOMEM || err == ENOMEM; n++) {
			arena_fail_after(&lab.tree->machine->arena, n);
			err = lab_run(&lab, "sim/as/a/ctl: swapon /dev/nvme0n1");
			arena_fail_after(&lab.tree->machine->arena, 0);
			if (!err)
				break;
			lab_digest(&lab, after);
			CU_ASSERT_EQUAL(nr_broken(tree_machine(lab.tree), machine_check, NULL), 0);
		}
		CU_ASSERT_EQUAL(err, 0);
		close_lab();
	}
}

static const CU_TestInfo tests[] = {
	{ "priorities and what proc/swaps says", test_order },
	{ "who is no swap area", test_refused },
	{ "no host memory", test_host_memory },
};

int main(void)
{
	return suite_main("swap", tests, ARRAY_SIZE(tests), NULL, NULL);
}
