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
#include "lab.h"

#include "fs/core/tree_struct.h"
#include "fs/sim/check.h"

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

static void make_line(struct fuzz *f)
{
	unsigned int at;

	f->len = 0;
	f->line[0] = '\0';
	if (one_in(f, 30)) {
		wild_value(f);
		return;
	}
	at = below(f, 100);
	if (at < f->tasks)
		(below(f, 4) ? range_line : task_line)(f);
	else
		kernel_line(f);
	/* A slip in reboot or undo would only cost time. */
	if (one_in(f, 20) && f->line[0] != 'r' && f->line[0] != 'u' && f->line[0] != 't')
		break_line(f);
	else if (one_in(f, 8) && f->line[0] != '#')
		say(f, "   # and so on");
}

/* -- checks ------------------------------------------------------------------------ */

struct run {
	struct lab lab;
	struct handle *ctls[2];
	u64 number;		/* of the line */
	u64 failed;		/* lines that were refused or failed */
	const char *line;
	bool verbose;		/* print each line with its reply */
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
	return !strncmp(f->line, "sim/as/", 7) && n != -EBADMSG && n != -ENOSYS;
}

static int check_line(struct run *run, struct fuzz *f, bool sampled)
{
	char before[DIGEST_CHARS + 1], after[DIGEST_CHARS + 1], reply[256];
	const struct machine *m;
	ssize_t n;

	if (sampled)
		lab_digest(&run->lab, before);
	n = run_line(run, f, reply, sizeof(reply));
	run->failed += n < 0;
	if (run->verbose)
		printf("%llu: %s -> %s%s", (unsigned long long)run->number, f->line, reply,
		       reply[0] && reply[strlen(reply) - 1] == '\n' ? "" : "\n");
	m = tree_machine(run->lab.tree);
	if (m->panicked)
		return lab_run(&run->lab, "reboot") ? fail(run, "reboot", NULL) : 0;
	if (m->broken)
		return fail(run, "the machine broke", m->report.text);
	if (m->cpu)
		return fail(run, "a call left the machine on another CPU", NULL);
	if (check_increment(run))
		return 1;
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
	u64 seed, count, whole, sample, read;
	unsigned int tasks;
	bool print;
};

static u64 first_random(const struct options *options)
{
	return options->seed * 0x9e3779b97f4a7c15ULL + 1;
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
	struct fuzz f = { .rng = first_random(options), .tasks = options->tasks };
	int fd = options->to ? open(options->to, O_RDWR) : -1, err = 0;

	if (options->to && fd < 0) {
		perror(options->to);
		return 2;
	}
	for (u64 i = 0; i < options->count && !err; i++) {
		make_line(&f);
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
	struct fuzz f = { .rng = first_random(options), .tasks = options->tasks };

	run->line = f.line;
	for (run->number = 1; run->number <= options->count; run->number++) {
		bool sampled = options->sample && run->number % options->sample == 0;

		make_line(&f);
		if (check_line(run, &f, sampled))
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
	err = run_all(run, options);
	handle_release(run->ctls[0]);
	handle_release(run->ctls[1]);
	run->number--;
	if (!err)
		err = check_whole(run) || check_replay(run);
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
		{ 0 },
	};
	struct options options = {
		.machine = "tiny", .seed = 1, .count = 20000, .whole = 10000, .sample = 100,
		.read = 5000, .tasks = 50,
	};
	struct run run = { 0 };
	int c;

	while ((c = getopt_long(argc, argv, "m:s:n:w:d:r:T:vS:t:p", longs, NULL)) != -1) {
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
		default:
			fprintf(stderr, "usage: fuzz_lines [-m MACHINE] [-s SEED] [-n COUNT] "
				"[-w WHOLE] [-d SAMPLE] [-r READ] [-T PERCENT] [-S KEY=VALUE] "
				"[-t CTL] [-p] [-v]\n");
			return 2;
		}
	}
	if (options.print || options.to)
		return run_elsewhere(&options);
	return run_and_check(&run, &options);
}
