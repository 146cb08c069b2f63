// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The OOM killer: who is chosen, who dies with it, when nobody can be, what the caller
 * sees; and that whatever call it strikes in, nothing is lost.
 */
#include <stdlib.h>
#include <string.h>

#include "lab.h"
#include "support.h"
#include "sim/policy/oom.h"
#include "sim/virt/task.h"
#include "task_machine.h"

static struct lab lab;

static int setup(void)
{
	const char *const sets[] = { "node 1.memory=32M", NULL };

	return lab_open_set(&lab, "tiny", sets);
}

static int teardown(void)
{
	lab_close(&lab);
	return 0;
}

static struct machine *machine(void)
{
	return (struct machine *)(uintptr_t)tree_machine(lab.tree);
}

static void run(const char *line)
{
	int err = lab_run(&lab, line);

	if (err)
		printf("\n  %s: %s (%s)\n", line, strerror(-err), lab_text(&lab.sentence));
	CU_ASSERT_EQUAL(err, 0);
}

/* A process with so much memory of its own, and all of it there. */
static void start(const char *name, const char *size)
{
	char line[128];

	snprintf(line, sizeof(line), "sim/as/init/ctl: fork as %s", name);
	run(line);
	snprintf(line, sizeof(line), "sim/as/%s/ctl: mmap 0 %s rw private,anon,populate as %s_m",
		 name, size, name);
	run(line);
}

/* All that is left, and more. */
static int eat(const char *name)
{
	char line[128];

	snprintf(line, sizeof(line), "sim/as/%s/ctl: mmap 0 1G rw private,anon,noreserve as %s_all",
		 name, name);
	run(line);
	snprintf(line, sizeof(line), "sim/as/%s/ctl: store @%s_all 1G", name, name);
	return lab_run(&lab, line);
}

static bool alive(const char *name)
{
	char line[64];
	const char *state;

	snprintf(line, sizeof(line), "cat sim/as/%s/status", name);
	if (lab_run(&lab, line))
		return false;		/* nobody waits for it: it is gone */
	state = strstr(lab_text(&lab.out), "State:");
	return state && state[7] != 'Z';
}

static unsigned int count_in(const char *path, const char *text)
{
	const char *found = lab_cat(&lab, path);
	unsigned int nr = 0;

	for (; (found = strstr(found, text)); found++)
		nr++;
	return nr;
}

static unsigned int count(const char *text)
{
	return count_in("sim/dmesg", text);
}

static s64 oom_kills(void)
{
	return machine()->event[OOM_KILL];
}

static void test_worst_first(void)
{
	run("reboot");
	start("small", "1M");
	start("large", "8M");
	start("other", "4M");
	/* It grows until it is the worst itself; before that, the large one goes. */
	CU_ASSERT_EQUAL(eat("small"), -ENOMEM);
	CU_ASSERT_PTR_NOT_NULL(strstr(lab_text(&lab.sentence), "SIGKILL"));
	CU_ASSERT(!alive("small"));
	CU_ASSERT(alive("other"));
	CU_ASSERT_EQUAL(oom_kills(), (s64)count("Out of memory: Killed process "));
	CU_ASSERT(oom_kills() >= 1);
	lab_check(&lab);
}

/* Of each kill there is a sentence with its figures, though one call led to both. */
static void test_why(void)
{
	run("reboot");
	start("small", "1M");
	start("large", "8M");
	run("sim/as/large/oom_score_adj: 900");
	CU_ASSERT_EQUAL(eat("small"), -ENOMEM);
	CU_ASSERT(!alive("large"));
	CU_ASSERT_EQUAL(oom_kills(), 2);
	CU_ASSERT_EQUAL(count_in("sim/why", " is killed: no memory for order 0"), 2);
	CU_ASSERT_EQUAL(count_in("sim/why", "for oom_score_adj 900 of"), 1);
	/* The loop ends below priority 0; nothing was scanned there. */
	CU_ASSERT(count_in("sim/why", "down to priority 0") > 0);
	CU_ASSERT_EQUAL(count_in("sim/why", "priority -"), 0);
	lab_check(&lab);
}

/* Pages of files, shared memory and swap are folios, as those of a process are. */
static void test_mask(void)
{
	run("reboot");
	start("small", "1M");
	run("sim/as/small/ctl: mmap 0 1G rw shared,anon,noreserve as all");
	CU_ASSERT_EQUAL(lab_run(&lab, "sim/as/small/ctl: store @all 1G"), -ENOMEM);
	CU_ASSERT_PTR_NOT_NULL(strstr(lab_cat(&lab, "sim/dmesg"), "invoked oom-killer: gfp_mask="
				      "0x140cca(GFP_HIGHUSER_MOVABLE|__GFP_COMP), order=0"));
	run("reboot");
	start("small", "1M");
	run("sim/as/small/ctl: open /big rdwr,creat as file");
	run("sim/as/small/ctl: ftruncate @file 1G");
	run("sim/as/small/ctl: mmap 0 1G r shared @file 0 as all");
	CU_ASSERT_EQUAL(lab_run(&lab, "sim/as/small/ctl: mlock @all 1G"), -ENOMEM);
	CU_ASSERT_PTR_NOT_NULL(strstr(lab_cat(&lab, "sim/dmesg"), "invoked oom-killer: gfp_mask="
				      "0x140cca(GFP_HIGHUSER_MOVABLE|__GFP_COMP), order=0"));
	lab_check(&lab);
}

static void test_score_adj(void)
{
	run("reboot");
	start("small", "1M");
	start("large", "8M");
	start("eater", "1M");
	run("sim/as/small/oom_score_adj: 1000");
	run("sim/as/large/oom_score_adj: -1000");
	run("sim/as/eater/oom_score_adj: -900");
	CU_ASSERT_EQUAL(eat("eater"), -ENOMEM);
	CU_ASSERT(!alive("small"));
	CU_ASSERT(alive("large"));
	CU_ASSERT_EQUAL(oom_kills(), 2);
	CU_ASSERT_EQUAL(count("Killed process"), 2);
	CU_ASSERT_EQUAL(count("oom_score_adj:1000\n"), 1);
	lab_check(&lab);
}

/* Of two that are alike, the younger. */
/* A point of oom_score_adj is a thousandth of memory and swap, and so is oom_score's. */
static void test_score_adj_and_swap(void)
{
	const char *const sets[] = { "node 0.memory=100M", "cmdline=transparent_hugepage=never",
				     "swap 1.on=no", NULL };
	const struct machine *m;
	struct lab tiny = lab;
	s64 total;

	CU_ASSERT_EQUAL_FATAL(lab_open_set(&lab, "swap", sets), 0);
	m = machine();
	start("large", "40M");
	start("small", "4M");
	total = (s64)m->totalram_pages + m->total_swap_pages;
	CU_ASSERT(m->total_swap_pages > (s64)m->totalram_pages);
	/* Beside it, a few pages are of its tables. */
	CU_ASSERT(labs(atol(lab_cat(&lab, "sim/as/large/oom_score")) -
		       (long)((1000 + 10240 * 1000 / total) * 2 / 3)) <= 1);
	/* Of memory alone, 200 thousandths are less than what the large one has more. */
	CU_ASSERT(m->totalram_pages / 5 < 36 << 8);
	run("sim/as/small/oom_score_adj: 200");
	CU_ASSERT_EQUAL(atol(lab_cat(&lab, "sim/as/small/oom_score")),
			(long)((1000 + (1024 + 10 + 200 * (total / 1000)) * 1000 / total) * 2 / 3));
	start("eater", "1M");
	run("sim/as/eater/oom_score_adj: -1000");
	run("sim/as/eater/ctl: mmap 0 2G rw private,anon,noreserve as all");
	for (unsigned int mib = 0; mib < 2048 && !count("Killed process"); mib += 2) {
		char line[64];

		snprintf(line, sizeof(line), "sim/as/eater/ctl: store @all+%uM 2M", mib);
		run(line);
	}
	CU_ASSERT_EQUAL(oom_kills(), 1);
	CU_ASSERT(alive("large"));
	CU_ASSERT(!alive("small"));
	lab_check(&lab);
	lab_close(&lab);
	lab = tiny;
}

/* A call in which a lot goes to swap takes seconds: the log says when somebody was killed. */
static void test_time(void)
{
	const char *const sets[] = { "node 0.memory=100M", "cmdline=transparent_hugepage=never",
				     "swap 0.size=64M", "swap 1.on=no", NULL };
	struct lab tiny = lab;
	const char *text;
	double began, killed;

	CU_ASSERT_EQUAL_FATAL(lab_open_set(&lab, "swap", sets), 0);
	start("eater", "1M");
	began = (double)machine()->now_ns / 1e9;
	CU_ASSERT_EQUAL(eat("eater"), -ENOMEM);
	text = strstr(lab_cat(&lab, "sim/dmesg"), "invoked oom-killer");
	CU_ASSERT_PTR_NOT_NULL_FATAL(text);
	while (*text != '[')
		text--;
	killed = atof(text + 1);
	/* 64 MiB took some time to write. */
	CU_ASSERT(killed > began + 0.2 && killed <= (double)machine()->now_ns / 1e9);
	lab_check(&lab);
	/* The machine panics: that is the last that it says. */
	run("sim/as/init/oom_score_adj: 0");
	run("proc/sys/vm/panic_on_oom: 1");
	start("other", "1M");
	CU_ASSERT_EQUAL(eat("other"), -EIO);
	text = strstr(lab_cat(&lab, "sim/dmesg"), "---[ end Kernel panic");
	CU_ASSERT_PTR_NOT_NULL_FATAL(text);
	CU_ASSERT_EQUAL(strcspn(text, "\n") + 1, strlen(text));
	lab_close(&lab);
	lab = tiny;
}

static void test_tie(void)
{
	struct machine *m;

	run("reboot");
	start("a", "4M");
	start("b", "4M");
	m = machine();
	CU_ASSERT_EQUAL(oom_badness(m, task_find(m, 41), m->totalram_pages),
			oom_badness(m, task_find(m, 42), m->totalram_pages));
	start("eater", "64K");
	run("sim/as/eater/oom_score_adj: -990");
	CU_ASSERT_EQUAL(eat("eater"), -ENOMEM);
	CU_ASSERT(!alive("b"));
	lab_check(&lab);
}

/* Those that share the memory die, too. */
static void test_sharers(void)
{
	run("reboot");
	start("a", "8M");
	run("sim/as/a/ctl: clone vm,SIGCHLD as twin");
	start("eater", "64K");
	run("sim/as/eater/oom_score_adj: -990");
	CU_ASSERT_EQUAL(eat("eater"), -ENOMEM);
	CU_ASSERT(!alive("a"));
	CU_ASSERT(!alive("twin"));
	lab_check(&lab);
}

/* Nobody is left: the machine stops, its files do not. */
static void test_deadlock(void)
{
	run("reboot");
	start("a", "1M");
	run("sim/as/a/oom_score_adj: -1000");
	CU_ASSERT_EQUAL(eat("a"), -EIO);
	CU_ASSERT_EQUAL(count("Kernel panic - not syncing: System is deadlocked on memory\n"), 1);
	CU_ASSERT_EQUAL(count("Out of memory and no killable processes...\n"), 1);
	CU_ASSERT_EQUAL(lab_run(&lab, "sim/as/a/ctl: getpid"), -EIO);
	lab_check(&lab);
	run("reboot");
	lab_check(&lab);
}

static void test_panic_on_oom(void)
{
	run("reboot");
	run("proc/sys/vm/panic_on_oom: 1");
	start("a", "1M");
	CU_ASSERT_EQUAL(eat("a"), -EIO);
	CU_ASSERT_EQUAL(count("Kernel panic - not syncing: Out of memory: system-wide "
			      "panic_on_oom is enabled\n"), 1);
	CU_ASSERT_EQUAL(oom_kills(), 0);
	lab_check(&lab);
}

static void test_allocating_task(void)
{
	run("reboot");
	run("proc/sys/vm/oom_kill_allocating_task: 1");
	start("large", "8M");
	start("a", "64K");
	CU_ASSERT_EQUAL(lab_run(&lab, "sim/as/a/ctl: mmap 0 1G rw private,anon,noreserve,populate"),
			-ENOMEM);
	CU_ASSERT(!alive("a"));
	CU_ASSERT(alive("large"));
	CU_ASSERT_EQUAL(count("Out of memory (oom_kill_allocating_task): Killed process"), 1);
	CU_ASSERT_EQUAL(count_in("sim/why", " points: vm.oom_kill_allocating_task takes who asks"), 1);
	CU_ASSERT_EQUAL(oom_kills(), 1);
	lab_check(&lab);
}

/* A line of the machine's own fails, and nobody dies for it. */
static void test_no_task_calls(void)
{
	run("reboot");
	start("a", "1M");
	for (unsigned int i = 0; i < 100000 && !lab_run(&lab, "alloc_pages 0 GFP_KERNEL"); i++)
		;
	CU_ASSERT_EQUAL(lab_run(&lab, "alloc_pages 0 GFP_KERNEL"), -ENOMEM);
	CU_ASSERT(alive("a"));
	CU_ASSERT_EQUAL(oom_kills(), 0);
	lab_check(&lab);
}

/* The nodes of a policy are full: who has nothing there is spared. */
static void test_memory_policy(void)
{
	const char *const sets[] = {
		"node 0.memory=96M", "node 1.memory=64M", "node 2.memory=64M",
		"node 3.memory=64M", NULL,
	};

	lab_close(&lab);
	if (lab_open_set(&lab, "numa4", sets)) {
		CU_FAIL("no machine of four nodes");
		return;
	}
	start("elsewhere", "8M");
	run("sim/as/elsewhere/ctl: set_mempolicy bind 0");
	run("sim/as/init/ctl: fork as a");
	run("sim/as/a/ctl: set_mempolicy bind 1");
	CU_ASSERT_EQUAL(eat("a"), -ENOMEM);
	CU_ASSERT_EQUAL(count("oom-kill:constraint=CONSTRAINT_MEMORY_POLICY,nodemask=1,"), 1);
	CU_ASSERT(alive("elsewhere"));
	lab_check(&lab);
	lab_close(&lab);
	CU_ASSERT_EQUAL(setup(), 0);
}

/* The victim is at the other end of the call. */
static void test_remote(void)
{
	for (unsigned int pages = 0; pages < 24; pages++) {
		unsigned int nr;
		u32 *taken;
		int err;

		run("reboot");
		start("victim", "8M");
		run("sim/as/victim/ctl: mmap 0 1M rw private,anon as target");
		start("a", "1M");
		run("sim/as/a/oom_score_adj: -990");
		nr = task_machine_take_all(machine(), &taken);
		task_machine_give(machine(), taken, &nr, pages);
		err = lab_run(&lab, "sim/as/a/ctl: process_vm_writev @victim @a_m 1M @target 1M");
		CU_ASSERT(!err || err == -EFAULT || err == -ENOMEM || err == -ESRCH);
		task_machine_give(machine(), taken, &nr, nr);
		free(taken);
		lab_check(&lab);
	}
}

/* Whatever runs when memory is out, with more and more pages left. */
static const char *const hungry_lines[] = {
	"sim/as/a/ctl: mmap 0 64K rw private,anon,populate as m",
	"sim/as/a/ctl: fork as b",
	"sim/as/a/ctl: mmap 0 64K rw shared,anon,populate as s",
	"sim/as/a/ctl: mremap @a_m 16K 4M maymove as moved",
	"sim/as/a/ctl: mlock @a_m 64K",
	"sim/as/a/ctl: mprotect @a_m+16K 8K r",
	"sim/as/a/ctl: open /dev/shm/x rdwr,creat as fd",
	"sim/as/a/ctl: fallocate @fd 0 0 32K",
	"sim/as/a/ctl: clone vm,fs,files,sighand,thread as thread",
	"sim/as/a/ctl: execve /bin/true true",
	"sim/as/init/ctl: fork as c",
	/* Its parent may be the one that dies. */
	"sim/as/child/ctl: clone parent,SIGCHLD as sibling",
};

static void test_hungry(void)
{
	unsigned int died = 0, panics = 0;

	for (unsigned int i = 0; i < ARRAY_SIZE(hungry_lines); i++) {
		for (unsigned int pages = 0; pages < 40; pages += 1 + pages / 8) {
			unsigned int nr;
			u32 *taken;
			int err;

			run("reboot");
			start("large", "6M");
			start("a", "64K");
			run("sim/as/a/ctl: open /dev/shm/x rdwr,creat as fd");
			run("sim/as/large/ctl: fork as child");
			run("sim/as/child/ctl: munmap @large_m 6M");
			nr = task_machine_take_all(machine(), &taken);
			task_machine_give(machine(), taken, &nr, pages);
			err = lab_run(&lab, hungry_lines[i]);
			CU_ASSERT(!err || err == -ENOMEM || err == -EAGAIN || err == -EIO);
			died += oom_kills() > 0;
			panics += err == -EIO;
			task_machine_give(machine(), taken, &nr, nr);
			free(taken);
			lab_check(&lab);
		}
	}
	CU_ASSERT(died > 20);
	CU_ASSERT_EQUAL(panics, 0);
}

static const CU_TestInfo tests[] = {
	{ "the worst first", test_worst_first },
	{ "why", test_why },
	{ "what an allocation wanted", test_mask },
	{ "oom_score_adj", test_score_adj },
	{ "oom_score_adj beside swap", test_score_adj_and_swap },
	{ "when", test_time },
	{ "a tie", test_tie },
	{ "who shares memory", test_sharers },
	{ "nobody is left", test_deadlock },
	{ "vm.panic_on_oom", test_panic_on_oom },
	{ "vm.oom_kill_allocating_task", test_allocating_task },
	{ "no task's line", test_no_task_calls },
	{ "a policy's nodes", test_memory_policy },
	{ "the other end", test_remote },
	{ "every call", test_hungry },
};

int main(void)
{
	return suite_main("OOM killer", tests, ARRAY_SIZE(tests), setup, teardown);
}
