// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Random lines, good and malformed, over all verbs. The list depends on the seed
 * alone, never on results (nor on a compiler's order of evaluation: one draw for each
 * statement), so that the same list can be run by other builds, through
 * a mount (--print) and by kmm-run -k, and must end in the same digest.
 *
 * One kind of lines is about the kernel's allocators, the other about tasks and their
 * memory: --tasks of 100 are of the other.
 *
 * With --live, lines of tasks are made for tasks that live, by a look at the machine: so
 * the list depends on it, too, and --print runs it. --free: pages that the machine is
 * left at first. --errors: in one line of eight some allocation fails on purpose. --worked: of 100 lines of tasks, so many do not fail.
 *
 * After each line: the invariants of what it touched. After every --whole lines: all.
 * Of refused lines, one in --sample: the digest is what it was. In the end: undoing one
 * line, which runs the whole history again, gives the digest before it.
 */
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "fuzz.h"
#include "fuzz_live.h"
#include "lab.h"

#include "fs/core/tree_struct.h"
#include "fs/sim/check.h"
#include "sim/phys/fault_inject.h"
#include "sim/virt/fork.h"
#include "sim/virt/sched.h"
#include "sim/virt/virt.h"

#define EACH_TASKS 50		/* live lines between looks at all address spaces */

/* -- bad lines -------------------------------------------------------------------- */

static void wild_value(struct fuzz *f)
{
	static const char *const values[] = {
		"0", "1", "-1", "0xffffffff", "0x100000000", "0xffffffffffffffff", "4095",
		"0xffff888000000000", "0xffff888000001000", "0xffffc90000000000", "1T", "99P",
		"16P", "18446744073709551616", "0x7fffffffffffffff", "-9223372036854775808",
		"@", "@+1", "@+4K", "@g0+1", "@k1+8", "@v2+4K", "@nobody", "NULL", "2G", "x", "",
		"\"\"", "3KK", "0x", "@@", "@g0+", "kernel", "c1", "as",
	};
	static const char *const verbs[] = {
		"alloc_pages", "free_pages", "kmalloc", "kfree", "vmalloc", "vfree",
		"kmem_cache_create", "kmem_cache_alloc", "kmem_cache_free",
		"kmem_cache_destroy", "kmem_cache_shrink", "alloc_page", "kmaloc", "mmap",
		"cat", "mkdir", "sim/cpu/0/ctl:", "sim/ctl:", "proc/nothing:",
	};
	unsigned int nr = below(f, 5);

	say(f, "%s", PICK(f, verbs));
	for (unsigned int i = 0; i < nr; i++) {
		say(f, one_in(f, 10) ? "," : "");
		say(f, " %s", PICK(f, values));
	}
}

/* A line with something wrong in one place. */
static void break_line(struct fuzz *f)
{
	size_t at = f->len ? below(f, f->len) : 0;
	static const char odds[] = "\x01\x7f\xff(){}[]\",|=#@ as-+\t\r\\'0";
	char odd = odds[below(f, sizeof(odds))];	/* NUL, too */

	switch (below(f, 6)) {
	case 0:		/* one byte less */
		memmove(f->line + at, f->line + at + 1, f->len - at);
		f->len -= f->len > 0;
		/* Not init's by that, in whose memory something would stay behind. */
		if (!strncmp(f->line, "proc/1/", 7))
			f->line[5] = '0';
		break;
	case 1:		/* one byte more */
		memmove(f->line + at + 1, f->line + at, f->len - at);
		f->line[at] = odd;
		f->len++;
		break;
	case 2:		/* another byte */
		f->line[at] = odd;
		break;
	case 3:		/* cut */
		f->len = at;
		break;
	case 4:		/* a wrong expectation or a strange tail */
		say(f, one_in(f, 2) ? " = -1 ENOSPC" : " = 0x5 ( as");
		break;
	default:	/* too many words, now and then far too many */
		while (f->len < (one_in(f, 200) ? 5000U : 100U))
			say(f, " word");
	}
}

static void make_line(struct fuzz *f, const struct machine *m)
{
	unsigned int rare = f->live ? 10 : 1;

	f->len = 0;
	f->line[0] = '\0';
	f->of_task = false;
	if (one_in(f, 30 * rare)) {
		wild_value(f);
		return;
	}
	f->of_task = below(f, 100) < f->tasks;
	if (!f->of_task)
		kernel_line(f);
	else if (f->live)
		live_line(f, m);
	else
		(below(f, 4) ? range_line : task_line)(f);
	/* A slip in reboot or undo would only cost time. */
	if (one_in(f, 20 * rare) && f->line[0] != 'r' && f->line[0] != 'u' && f->line[0] != 't') {
		f->of_task = false;
		break_line(f);
	} else if (one_in(f, 8) && f->line[0] != '#') {
		say(f, "   # and so on");
	}
}

/* -- checks ------------------------------------------------------------------------ */

struct run {
	struct lab lab;
	struct handle *ctls[2];
	u64 number;		/* of the line */
	u64 failed;		/* lines that were refused or failed */
	u64 of_tasks, worked;	/* lines of tasks; those that did not fail */
	struct leftovers counts;	/* live lines: what there was before the first */
	u64 nr_free;		/* what the machine was left; 0: all that it has */
	const char *line;
	struct fault_inject fault;	/* with --errors: of one line in eight */
	bool errors;
	bool verbose;		/* print each line with its reply */
	bool print;		/* print it alone */
};

static int fail(const struct run *run, const char *what, const char *more)
{
	fflush(stdout);
	fprintf(stderr, "fuzz_lines: line %llu: %s\n  %s\n%s\n",
		(unsigned long long)run->number, what, run->line, more ? more : "");
	return 1;
}

/* What the last line touched. */
static int check_increment(struct run *run)
{
	struct out out = OUT_INIT;
	struct check check = { .out = &out };
	int err = 0;

	machine_check_incremental(run->lab.tree->machine, &check);
	if (check.nr_broken)
		err = fail(run, "sim/check, incremental", out.text);
	out_free(&out);
	return err;
}

static int check_whole(struct run *run)
{
	struct out out = OUT_INIT;
	struct check check = { .out = &out };
	int err = tree_check(run->lab.tree, &check);

	if (err || check.nr_broken)
		err = fail(run, "sim/check", out.text);
	out_free(&out);
	return err;
}

/* Half of the lines run on a CPU of their own. */
static ssize_t run_line(struct run *run, const struct fuzz *f, char *reply, size_t room)
{
	struct handle *ctl = run->ctls[run->number & 1];
	ssize_t written = handle_write(ctl, 0, f->line, f->len), n;

	n = handle_read(ctl, 0, reply, room - 1);
	reply[n > 0 ? n : 0] = '\0';
	return written;
}

/*
 * Those that Linux would fail half-way may have changed something; a task's call has
 * at least put the task on its CPU, unless it could not be read.
 */
static bool may_change(const struct fuzz *f, ssize_t n)
{
	if (n == -ERANGE || n == -ENOMEM || n == -EBUSY)
		return true;
	/* Some of what was asked for was reclaimed, but not all. */
	if (n == -EAGAIN && strstr(f->line, "reclaim: "))
		return true;
	return (!strncmp(f->line, "sim/as/", 7) || !strncmp(f->line, "proc/", 5)) &&
	       n != -EBADMSG && (n != -ENOSYS || f->of_task);
}

/* The machine is left so many free pages; it may have begun anew. */
static int take_memory(struct run *run)
{
	unsigned int order = MAX_PAGE_ORDER + 1;
	char line[64];

	if (!run->nr_free)
		return 0;
	while (order--) {
		snprintf(line, sizeof(line), "alloc_pages %u kernel,noretry,nowarn",
			 order);
		while (live_nr_free(run->lab.tree->machine) >= run->nr_free + (1ULL << order)) {
			if (lab_run(&run->lab, line))
				break;
			if (run->print)
				printf("%s\n", line);
		}
	}
	return 0;
}

/* All of tasks and their memory. */
static int check_tasks(struct run *run)
{
	struct out out = OUT_INIT;
	struct check check = { .out = &out };
	int err = 0;

	tasks_validate(run->lab.tree->machine, &check);
	sched_validate(run->lab.tree->machine, &check);
	virt_validate(run->lab.tree->machine, &check);
	if (check.nr_broken)
		err = fail(run, "sim/check, tasks", out.text);
	out_free(&out);
	return err;
}

static bool began_anew(const struct run *run)
{
	return run->nr_free && live_nr_free(run->lab.tree->machine) > 2 * run->nr_free + 1000;
}

static int check_line(struct run *run, struct fuzz *f, bool sampled)
{
	char before[DIGEST_CHARS + 1], after[DIGEST_CHARS + 1], reply[256];
	const struct machine *m;
	ssize_t n;

	if (sampled)
		lab_digest(&run->lab, before);
	if (run->errors && one_in(f, 8)) {
		run->fault.fail_nth = 1 + below(f, one_in(f, 2) ? 4 : 60);
		fault_inject_use(run->lab.tree->machine, &run->fault);
	}
	run->fault.nr_failed = 0;
	n = run_line(run, f, reply, sizeof(reply));
	fault_inject_use(run->lab.tree->machine, NULL);
	run->failed += n < 0;
	run->of_tasks += f->of_task;
	run->worked += f->of_task && n >= 0;
	if (run->verbose)
		printf("%llu: %s -> %s%s", (unsigned long long)run->number, f->line, reply,
		       reply[0] && reply[strlen(reply) - 1] == '\n' ? "" : "\n");
	m = tree_machine(run->lab.tree);
	if (m->panicked)
		return lab_run(&run->lab, "reboot") ? fail(run, "reboot", NULL) : take_memory(run);
	if (m->broken)
		return fail(run, "the machine broke", m->report.text);
	if (m->cpu)
		return fail(run, "a call left the machine on another CPU", NULL);
	if (check_increment(run))
		return 1;
	if (began_anew(run))
		return take_memory(run);
	if (n >= 0 || !sampled || may_change(f, n))
		return 0;
	lab_digest(&run->lab, after);
	return strcmp(before, after) ? fail(run, "a refused line changed the digest", reply) : 0;
}

/* Reading changes nothing. */
static int check_reading(struct run *run)
{
	char before[DIGEST_CHARS + 1], after[DIGEST_CHARS + 1];

	lab_digest(&run->lab, before);
	fuzz_read(&run->lab);
	lab_digest(&run->lab, after);
	if (tree_machine(run->lab.tree)->broken)
		return fail(run, "the machine broke when files were read",
			    tree_machine(run->lab.tree)->report.text);
	return strcmp(before, after) ? fail(run, "reading changed the digest", NULL) : 0;
}

/* Running the history again ends where it ended. */
static int check_replay(struct run *run)
{
	char before[DIGEST_CHARS + 1], after[DIGEST_CHARS + 1];

	lab_digest(&run->lab, before);
	run->line = "undo";
	if (lab_run(&run->lab, "tick 1") || lab_run(&run->lab, "undo 1"))
		return fail(run, "replay", lab_text(&run->lab.sentence));
	lab_digest(&run->lab, after);
	return strcmp(before, after) ? fail(run, "replay gives another digest", NULL) : 0;
}

struct options {
	const char *machine;
	const char *sets[3];
	const char *to;		/* a control file instead of a machine of our own */
	u64 seed, count, whole, sample, read, free;
	unsigned int tasks, worked;
	bool print, live, errors;
};

static struct fuzz fuzz_of(const struct options *options)
{
	return (struct fuzz){
		.rng = options->seed * 0x9e3779b97f4a7c15ULL + 1, .tasks = options->tasks,
		.live = options->live,
		.most_tasks = options->free ? CLAMP((unsigned int)options->free / 80, 4, 24) : 24,
		.few_free = 8U << options->seed % 5,
		.scale = options->free ? CLAMP(8000 / (unsigned int)options->free, 1, 16) : 1,
	};
}

/* Another machine's control file gets the line; what it answers is taken, not judged. */
static int send_line(int fd, struct fuzz *f)
{
	char reply[65536];

	f->line[f->len] = '\n';
	if (write(fd, f->line, f->len + 1) < 0 && errno == ENOTCONN)
		return 1;
	while (read(fd, reply, sizeof(reply)) > 0)
		continue;
	return 0;
}

static int run_elsewhere(const struct options *options)
{
	struct fuzz f = fuzz_of(options);
	int fd = options->to ? open(options->to, O_RDWR) : -1, err = 0;

	if (options->to && fd < 0) {
		perror(options->to);
		return 2;
	}
	for (u64 i = 0; i < options->count && !err; i++) {
		make_line(&f, NULL);
		if (options->to)
			err = send_line(fd, &f);
		else if (fwrite(f.line, 1, f.len, stdout) == f.len)
			putchar('\n');
	}
	if (fd >= 0)
		close(fd);
	return err;
}

static int run_all(struct run *run, const struct options *options)
{
	struct fuzz f = fuzz_of(options);

	run->line = f.line;
	for (run->number = 1; run->number <= options->count; run->number++) {
		bool sampled = options->sample && run->number % options->sample == 0;

		make_line(&f, run->lab.tree->machine);
		if (options->print)
			printf("%s\n", f.line);
		if (check_line(run, &f, sampled))
			return 1;
		if (f.live && (run->fault.nr_failed || run->number % EACH_TASKS == 0) &&
		    check_tasks(run))
			return 1;
		if (run->number % options->whole == 0 && check_whole(run))
			return 1;
		if (run->number % options->read == 0 && check_reading(run))
			return 1;
	}
	return 0;
}

/* E4: each byte of host memory that the machine took has an owner who frees it. */
static int close_and_count(struct run *run)
{
	struct machine *m = run->lab.tree->machine;
	u64 left;

	run->lab.tree->machine = NULL;
	lab_close(&run->lab);
	left = machine_free_counting(m);
	if (left)
		fprintf(stderr, "fuzz_lines: %lld bytes of host memory have no owner\n",
			(long long)left);
	return left != 0;
}

/* Enough lines did something, and all that they made goes. */
static int check_end(struct run *run, const struct options *options)
{
	unsigned int percent = (unsigned int)(run->worked * 100 / MAX(run->of_tasks, 1));

	printf("%u %% of %llu lines of tasks worked\n", percent,
	       (unsigned long long)run->of_tasks);
	run->line = "the end";
	if (percent < options->worked)
		return fail(run, "too few lines did something", NULL);
	if (live_end(&run->lab, &run->counts))
		return fail(run, "something is left over", NULL);
	return check_whole(run);
}

static int run_and_check(struct run *run, const struct options *options)
{
	char digest[DIGEST_CHARS + 1];
	int err;

	if (lab_open_set(&run->lab, options->machine, options->sets))
		return 99;
	run->ctls[0] = lab_handle(&run->lab, "sim/ctl", O_RDWR);
	run->ctls[1] = lab_handle(&run->lab, "sim/cpu/0/ctl", O_RDWR);
	if (tree_machine(run->lab.tree)->nr_cpus > 1) {
		handle_release(run->ctls[1]);
		run->ctls[1] = lab_handle(&run->lab, "sim/cpu/1/ctl", O_RDWR);
	}
	run->nr_free = options->free;
	run->print = options->print;
	run->errors = options->errors;
	err = take_memory(run);
	err = err || (options->live && lab_run(&run->lab, "proc/sys/vm/drop_caches: 3"));
	leftovers_count(run->lab.tree->machine, &run->counts);
	err = err || run_all(run, options);
	handle_release(run->ctls[0]);
	handle_release(run->ctls[1]);
	run->number--;
	if (!err)
		err = check_whole(run) || (!run->errors && check_replay(run));
	if (!err && options->live)
		err = check_end(run, options);
	lab_digest(&run->lab, digest);
	printf("seed %llu: %llu lines, %llu failed, digest %s\n",
	       (unsigned long long)options->seed, (unsigned long long)run->number,
	       (unsigned long long)run->failed, digest);
	return close_and_count(run) || err;
}

int main(int argc, char **argv)
{
	static const struct option longs[] = {
		{ "machine", required_argument, NULL, 'm' },
		{ "seed", required_argument, NULL, 's' },
		{ "count", required_argument, NULL, 'n' },
		{ "whole", required_argument, NULL, 'w' },
		{ "sample", required_argument, NULL, 'd' },
		{ "read", required_argument, NULL, 'r' },
		{ "tasks", required_argument, NULL, 'T' },
		{ "verbose", no_argument, NULL, 'v' },
		{ "set", required_argument, NULL, 'S' },
		{ "to", required_argument, NULL, 't' },
		{ "print", no_argument, NULL, 'p' },
		{ "live", no_argument, NULL, 'L' },
		{ "free", required_argument, NULL, 'F' },
		{ "errors", no_argument, NULL, 'E' },
		{ "worked", required_argument, NULL, 'W' },
		{ 0 },
	};
	struct options options = {
		.machine = "tiny", .seed = 1, .count = 20000, .whole = 10000, .sample = 100,
		.read = 5000, .tasks = 50,
	};
	struct run run = { 0 };
	int c;

	while ((c = getopt_long(argc, argv, "m:s:n:w:d:r:T:vS:t:pLF:W:E", longs, NULL)) != -1) {
		switch (c) {
		case 'm':
			options.machine = optarg;
			break;
		case 's':
			options.seed = strtoull(optarg, NULL, 0);
			break;
		case 'n':
			options.count = strtoull(optarg, NULL, 0);
			break;
		case 'w':
			options.whole = MAX(strtoull(optarg, NULL, 0), 1);
			break;
		case 'd':
			options.sample = strtoull(optarg, NULL, 0);
			break;
		case 'r':
			options.read = MAX(strtoull(optarg, NULL, 0), 1);
			break;
		case 'T':
			options.tasks = (unsigned int)strtoul(optarg, NULL, 0);
			break;
		case 'v':
			run.verbose = true;
			break;
		case 'S':
			options.sets[options.sets[0] != NULL] = optarg;
			break;
		case 't':
			options.to = optarg;
			break;
		case 'p':
			options.print = true;
			break;
		case 'L':
			options.live = true;
			break;
		case 'E':
			options.errors = true;
			break;
		case 'F':
			options.free = strtoull(optarg, NULL, 0);
			break;
		case 'W':
			options.worked = (unsigned int)strtoul(optarg, NULL, 0);
			break;
		default:
			fprintf(stderr, "usage: fuzz_lines [-m MACHINE] [-s SEED] [-n COUNT] "
				"[-w WHOLE] [-d SAMPLE] [-r READ] [-T PERCENT] [-S KEY=VALUE] "
				"[-t CTL] [-p] [-v] [-L] [-F FREE] [-W PERCENT] [-E]\n");
			return 2;
		}
	}
	if (options.live && !live_knows_verbs())
		return 1;
	if (!options.live && (options.print || options.to))
		return run_elsewhere(&options);
	return run_and_check(&run, &options);
}
