// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Random lines, good and malformed, over all verbs. The list depends on the seed
 * alone, never on results (nor on a compiler's order of evaluation: one draw for each
 * statement), so that the same list can be run by other builds, through
 * a mount (--print) and by kmm-run -k, and must end in the same digest.
 *
 * After each line: the invariants of what it touched. After every --whole lines: all.
 * Of refused lines, one in --sample: the digest is what it was. In the end: undoing one
 * line, which runs the whole history again, gives the digest before it.
 */
#include <fcntl.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "lab.h"

#include "fs/core/tree_struct.h"
#include "fs/sim/check.h"
#include "sim/phys/page_alloc.h"

#define LINE_ROOM 6000
#define NR_PAGES 200
#define NR_OBJECTS 150
#define NR_AREAS 24
#define NR_CACHES 12
#define NR_CACHE_OBJECTS 100

struct fuzz {
	u64 rng;
	/* What the lines so far should have left: only a bias, results may differ. */
	bool page[NR_PAGES], object[NR_OBJECTS], area[NR_AREAS], cache[NR_CACHES];
	bool cache_object[NR_CACHE_OBJECTS];
	char line[LINE_ROOM];
	size_t len;
};

static u64 next_random(struct fuzz *f)
{
	f->rng ^= f->rng << 13;
	f->rng ^= f->rng >> 7;
	f->rng ^= f->rng << 17;
	return f->rng * 0x2545f4914f6cdd1dULL;
}

static unsigned int below(struct fuzz *f, unsigned int n)
{
	return (next_random(f) >> 32) % n;
}

static bool one_in(struct fuzz *f, unsigned int n)
{
	return below(f, n) == 0;
}

#define PICK(f, array) ((array)[below(f, ARRAY_SIZE(array))])

static void say(struct fuzz *f, const char *fmt, ...) __printf(2, 3);
static void say(struct fuzz *f, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	f->len += vsnprintf(f->line + f->len, LINE_ROOM - f->len, fmt, args);
	va_end(args);
}

/* -- good lines ------------------------------------------------------------------- */

static const char *const gfps[] = {
	"", "", "", "kernel", "GFP_KERNEL", "atomic", "kernel,zero", "GFP_KERNEL|__GFP_ZERO",
	"nowait", "user", "highuser_movable", "movable", "GFP_NOFS", "noio", "dma", "dma32",
	"kernel,reclaimable", "kernel,nowarn,noretry", "kernel,thisnode", "kernel,comp",
	"kernel,account", "atomic,memalloc", "high", "0",
};

static const char *const nodes[] = { "", "", "", "", "", "0", "0", "-1", "0" };

static unsigned int random_order(struct fuzz *f)
{
	static const u8 orders[] = { 0, 0, 0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 5 };

	return one_in(f, 40) ? below(f, MAX_PAGE_ORDER + 1) : PICK(f, orders);
}

static u64 random_size(struct fuzz *f)
{
	unsigned int bits = 1 + below(f, one_in(f, 50) ? 23 : 13);

	return next_random(f) >> 11 & ((1ULL << bits) - 1);
}

/* " GFP NODE", either of them missing now and then. */
static void say_placement(struct fuzz *f)
{
	const char *gfp = PICK(f, gfps), *node = one_in(f, 100) ? "1" : PICK(f, nodes);

	if (gfp[0])
		say(f, " %s", gfp);
	if (node[0] && (gfp[0] || one_in(f, 2)))
		say(f, " %s", node);
}

static void alloc_or_free_pages(struct fuzz *f)
{
	unsigned int i = below(f, NR_PAGES);
	const char *gfp = PICK(f, gfps);
	bool live = f->page[i] && !one_in(f, 1000);	/* now and then one leaks */

	f->page[i] = !f->page[i] || !live;
	if (live) {
		say(f, one_in(f, 4) ? "free_pages(@g%u)" : "free_pages @g%u", i);
	} else if (one_in(f, 4)) {
		say(f, "alloc_pages(%s, %u) as g%u", gfp[0] ? gfp : "GFP_KERNEL",
		    random_order(f), i);
	} else {
		say(f, "alloc_pages %u", random_order(f));
		say_placement(f);
		say(f, " as g%u", i);
	}
}

static void alloc_or_free_object(struct fuzz *f)
{
	unsigned int i = below(f, NR_OBJECTS);
	bool live = f->object[i] && !one_in(f, 1000);

	f->object[i] = !f->object[i] || !live;
	if (live) {
		say(f, "kfree @k%u", i);
		return;
	}
	say(f, "kmalloc %llu", (unsigned long long)random_size(f));
	say_placement(f);
	say(f, " as k%u", i);
}

static void alloc_or_free_area(struct fuzz *f)
{
	unsigned int i = below(f, NR_AREAS);
	bool live = f->area[i];

	f->area[i] = !live;
	if (live)
		say(f, "vfree @v%u", i);
	else
		say(f, "vmalloc %u as v%u", 1 + below(f, 40 * 4096), i);
}

static void make_or_drop_cache(struct fuzz *f)
{
	static const char *const flags[] = {
		"", "no_merge", "hwcache_align", "reclaim_account,no_merge", "panic",
		"SLAB_HWCACHE_ALIGN|SLAB_NO_MERGE", "typesafe,no_merge", "poison", "account",
	};
	static const char *const aligns[] = { "0", "8", "64", "16", "4K" };
	unsigned int i = below(f, NR_CACHES);

	f->cache[i] = !f->cache[i];
	if (!f->cache[i]) {
		say(f, "kmem_cache_destroy c%u", i);
		return;
	}
	say(f, "kmem_cache_create c%u", i);
	say(f, " %u", 1 + below(f, 5000));
	say(f, " %s", PICK(f, aligns));
	say(f, " %s", PICK(f, flags));
}

static void use_cache(struct fuzz *f)
{
	unsigned int i = below(f, NR_CACHE_OBJECTS), cache = i % NR_CACHES;

	if (one_in(f, 40)) {
		say(f, "kmem_cache_shrink c%u", cache);
		return;
	}
	f->cache_object[i] = !f->cache_object[i];
	if (!f->cache_object[i]) {
		say(f, "kmem_cache_free c%u @o%u", cache, i);
		return;
	}
	say(f, "kmem_cache_alloc c%u", cache);
	say_placement(f);
	say(f, " as o%u", i);
}

static void pass_time(struct fuzz *f)
{
	static const char *const times[] = {
		"", " 1", " 2", " 100", " 10ms", " 250us", " 7ns", " 1s", " 3s", " 0",
	};

	if (one_in(f, 6))
		say(f, "drain");
	else
		say(f, "tick%s", PICK(f, times));
}

/* Writes of values are lines, too. */
static void set_value(struct fuzz *f)
{
	static const struct {
		const char *path;
		unsigned int most;
	} values[] = {
		{ "min_free_kbytes", 8192 },
		{ "watermark_scale_factor", 300 },
		{ "watermark_boost_factor", 20000 },
		{ "percpu_pagelist_high_fraction", 30 },
		{ "lowmem_reserve_ratio", 300 },
		{ "swappiness", 250 },
		{ "overcommit_ratio", 110 },
		{ "overcommit_kbytes", 100000 },
		{ "nr_hugepages", 6 },
		{ "nr_overcommit_hugepages", 5 },
		{ "min_slab_ratio", 100 },
		{ "drop_caches", 5 },
		{ "compact_memory", 3 },
		{ "stat_refresh", 2 },
	};
	unsigned int i = below(f, ARRAY_SIZE(values));

	say(f, "proc/sys/vm/%s: %u", values[i].path, below(f, values[i].most));
}

/* A new beginning, rarely: each takes a boot. */
static void begin_anew(struct fuzz *f)
{
	if (one_in(f, 60)) {
		say(f, "reboot");
		memset(f->page, 0, sizeof(f->page));
		memset(f->object, 0, sizeof(f->object));
		memset(f->area, 0, sizeof(f->area));
		memset(f->cache, 0, sizeof(f->cache));
		memset(f->cache_object, 0, sizeof(f->cache_object));
	} else if (one_in(f, 30)) {
		say(f, "undo %u", below(f, 4));
	} else {
		say(f, "# %llx", (unsigned long long)next_random(f));
	}
}

static const struct {
	void (*say)(struct fuzz *f);
	unsigned int weight;
} makers[] = {
	{ alloc_or_free_pages, 500 },
	{ alloc_or_free_object, 300 },
	{ use_cache, 120 },
	{ alloc_or_free_area, 40 },
	{ make_or_drop_cache, 10 },
	{ pass_time, 12 },
	{ set_value, 6 },
	{ begin_anew, 1 },
};

static void good_line(struct fuzz *f)
{
	unsigned int total = 0, at;

	for (unsigned int i = 0; i < ARRAY_SIZE(makers); i++)
		total += makers[i].weight;
	at = below(f, total);
	for (unsigned int i = 0; i < ARRAY_SIZE(makers); i++) {
		if (at < makers[i].weight) {
			makers[i].say(f);
			return;
		}
		at -= makers[i].weight;
	}
}

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
	f->len = 0;
	f->line[0] = '\0';
	if (one_in(f, 30)) {
		wild_value(f);
		return;
	}
	good_line(f);
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

static int check_line(struct run *run, struct fuzz *f, bool sampled)
{
	char before[DIGEST_CHARS + 1], after[DIGEST_CHARS + 1], reply[256];
	const struct machine *m;
	ssize_t n;

	if (sampled)
		lab_digest(&run->lab, before);
	n = run_line(run, f, reply, sizeof(reply));
	run->failed += n < 0;
	m = tree_machine(run->lab.tree);
	if (m->broken)
		return fail(run, "the machine broke", m->report.text);
	if (m->cpu)
		return fail(run, "a call left the machine on another CPU", NULL);
	if (check_increment(run))
		return 1;
	/* Only those that Linux would fail half-way may have changed anything. */
	if (n >= 0 || !sampled || n == -ERANGE || n == -ENOMEM || n == -EBUSY)
		return 0;
	lab_digest(&run->lab, after);
	return strcmp(before, after) ? fail(run, "a refused line changed the digest", reply) : 0;
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
	const char *sets[2];
	const char *to;		/* a control file instead of a machine of our own */
	u64 seed, count, whole, sample;
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
	struct fuzz f = { .rng = first_random(options) };
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
	struct fuzz f = { .rng = first_random(options) };

	run->line = f.line;
	for (run->number = 1; run->number <= options->count; run->number++) {
		bool sampled = options->sample && run->number % options->sample == 0;

		make_line(&f);
		if (check_line(run, &f, sampled))
			return 1;
		if (run->number % options->whole == 0 && check_whole(run))
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
		{ "set", required_argument, NULL, 'S' },
		{ "to", required_argument, NULL, 't' },
		{ "print", no_argument, NULL, 'p' },
		{ 0 },
	};
	struct options options = {
		.machine = "tiny", .seed = 1, .count = 20000, .whole = 10000, .sample = 100,
	};
	struct run run = { 0 };
	int c;

	while ((c = getopt_long(argc, argv, "m:s:n:w:d:S:t:p", longs, NULL)) != -1) {
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
		case 'S':
			options.sets[0] = optarg;
			break;
		case 't':
			options.to = optarg;
			break;
		case 'p':
			options.print = true;
			break;
		default:
			fprintf(stderr, "usage: fuzz_lines [-m MACHINE] [-s SEED] [-n COUNT] "
				"[-w WHOLE] [-d SAMPLE] [-S KEY=VALUE] [-t CTL] [-p]\n");
			return 2;
		}
	}
	if (options.print || options.to)
		return run_elsewhere(&options);
	return run_and_check(&run, &options);
}
