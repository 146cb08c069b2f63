// SPDX-License-Identifier: GPL-2.0-or-later
/* Open control files: what each write returns, what is read back, what sim/last says. */
#include <fcntl.h>
#include <stdlib.h>

#include "lab.h"
#include "support.h"

#include "fs/core/ctl.h"
#include "fs/core/journal.h"
#include "sim/phys/page_alloc.h"

static struct lab lab;

static int setup(void)
{
	return lab_open(&lab, "tiny");
}

static int teardown(void)
{
	lab_close(&lab);
	return 0;
}

/* Lines that ran and were kept. */
static unsigned int nr_lines(void)
{
	const char *log = lab_cat(&lab, "sim/log");
	unsigned int nr = 0;

	for (; *log; log++)
		nr += *log == '\n';
	return nr - 1;		/* the heading */
}

static void test_whole_line_without_newline(void)
{
	struct handle *ctl = lab_handle(&lab, "sim/ctl", O_WRONLY);
	unsigned int before = nr_lines();

	CU_ASSERT_EQUAL(lab_write(ctl, "tick"), 4);
	CU_ASSERT_EQUAL(nr_lines(), before + 1);
	CU_ASSERT_EQUAL(lab_write(ctl, "tick\n"), 5);
	CU_ASSERT_EQUAL(lab_write(ctl, "\n"), 1);
	CU_ASSERT_EQUAL(lab_write(ctl, "# no call"), 9);
	CU_ASSERT_EQUAL(nr_lines(), before + 2);
	CU_ASSERT_EQUAL(handle_write(ctl, 0, "", 0), 0);
	handle_release(ctl);
	CU_ASSERT_EQUAL(nr_lines(), before + 2);
}

/* What sim/last says of a file's first line, which comes to no call, is of that alone (valgrind). */
static void test_no_call(void)
{
	struct handle *ctl = lab_handle(&lab, "sim/ctl", O_WRONLY);

	CU_ASSERT_EQUAL(lab_write(ctl, "proc/1/ctl: mmap @nothing"), -EBADMSG);
	CU_ASSERT_PTR_NOT_NULL(strstr(lab_cat(&lab, "sim/last"), "line: proc/1/ctl: mmap @nothing\n"));
	CU_ASSERT_PTR_NOT_NULL(strstr(lab_cat(&lab, "sim/last"), "EBADMSG"));
	handle_release(ctl);
}

static void test_fragments(void)
{
	struct handle *ctl = lab_handle(&lab, "sim/ctl", O_WRONLY);
	unsigned int before = nr_lines();

	/* Behind a newline a fragment waits, however often it is continued. */
	CU_ASSERT_EQUAL(lab_write(ctl, "tick\nti"), 7);
	CU_ASSERT_EQUAL(nr_lines(), before + 1);
	CU_ASSERT_EQUAL(lab_write(ctl, "ck "), 3);
	CU_ASSERT_EQUAL(lab_write(ctl, "1"), 1);
	CU_ASSERT_EQUAL(nr_lines(), before + 1);
	CU_ASSERT_EQUAL(lab_write(ctl, "\ntick 2\ntick 3"), 14);
	CU_ASSERT_EQUAL(nr_lines(), before + 3);
	/* Release runs what is left. */
	handle_release(ctl);
	CU_ASSERT_EQUAL(nr_lines(), before + 4);
	CU_ASSERT_PTR_NOT_NULL(strstr(lab_cat(&lab, "sim/last"), "line: tick 3\n"));
}

/*
 * The same script in pieces of every size ends in the same state. Each piece is longer
 * than any line: one that began a line and held no newline would be a whole one.
 */
static void test_chunks(void)
{
	char script[4096], whole[DIGEST_CHARS + 1], digest[DIGEST_CHARS + 1];
	size_t len = 0;

	for (unsigned int i = 0; i < 60; i++)
		len += snprintf(script + len, sizeof(script) - len,
				"alloc_pages %u as a%u\n%s%s%u\n", i % 4, i,
				i % 3 ? "" : "# between\n",
				i % 2 ? "free_pages @a" : "# and ", i / 2);
	for (size_t piece = len; piece >= 40; piece -= piece > 200 ? 37 : 1) {
		struct handle *ctl;

		CU_ASSERT_EQUAL(lab_run(&lab, "reboot"), 0);
		ctl = lab_handle(&lab, "sim/ctl", O_WRONLY);
		for (size_t at = 0; at < len; at += piece) {
			size_t n = MIN(piece, len - at);

			CU_ASSERT_EQUAL(handle_write(ctl, 0, script + at, n), (ssize_t)n);
		}
		handle_release(ctl);
		lab_digest(&lab, piece == len ? whole : digest);
		if (piece != len)
			CU_ASSERT_STRING_EQUAL(whole, digest);
	}
	CU_ASSERT_EQUAL(nr_lines(), 90);
}

static void test_first_failing_line(void)
{
	struct handle *ctl = lab_handle(&lab, "sim/ctl", O_WRONLY);
	unsigned int before = nr_lines();

	CU_ASSERT_EQUAL(lab_write(ctl, "nonsense\ntick\n"), -ENOSYS);
	CU_ASSERT_EQUAL(nr_lines(), before);
	CU_ASSERT_EQUAL(lab_write(ctl, "tick\n"), -ECANCELED);
	CU_ASSERT_EQUAL(nr_lines(), before);
	handle_release(ctl);
	/* Comments do not count as lines that ran. */
	ctl = lab_handle(&lab, "sim/ctl", O_WRONLY);
	CU_ASSERT_EQUAL(lab_write(ctl, "# x\n\ntick x\n"), -EBADMSG);
	handle_release(ctl);
}

static void test_short_count(void)
{
	struct handle *ctl = lab_handle(&lab, "sim/ctl", O_WRONLY);
	unsigned int before = nr_lines();

	CU_ASSERT_EQUAL(lab_write(ctl, "tick\ntick 2\nnonsense\ntick\n"), 12);
	CU_ASSERT_EQUAL(nr_lines(), before + 2);
	CU_ASSERT_EQUAL(lab_write(ctl, "nonsense\ntick\n"), -ECANCELED);
	CU_ASSERT_EQUAL(nr_lines(), before + 2);
	handle_release(ctl);
	/* A fragment behind a failed line is dropped with the rest. */
	ctl = lab_handle(&lab, "sim/ctl", O_WRONLY);
	CU_ASSERT_EQUAL(lab_write(ctl, "tick\nti"), 7);
	CU_ASSERT_EQUAL(lab_write(ctl, "x\n"), -ENOSYS);
	handle_release(ctl);
	CU_ASSERT_EQUAL(nr_lines(), before + 3);
}

static void test_readers_go_on(void)
{
	struct handle *ctl = lab_handle(&lab, "sim/ctl", O_RDWR);
	unsigned int before = nr_lines();
	char buf[4096];

	CU_ASSERT_EQUAL(lab_write(ctl, "alloc_pages 0 = 0x1\n"), -ERANGE);
	CU_ASSERT_EQUAL(lab_write(ctl, "tick\n"), 5);
	CU_ASSERT_EQUAL(nr_lines(), before + 2);
	/* What is written again behind a short count gives its errno, and runs once. */
	CU_ASSERT_EQUAL(lab_write(ctl, "tick\nalloc_pages 0 = 0x1\ntick\n"), 5);
	CU_ASSERT_EQUAL(nr_lines(), before + 4);
	CU_ASSERT_EQUAL(lab_write(ctl, "alloc_pages 0 = 0x1\ntick\n"), -ERANGE);
	CU_ASSERT_EQUAL(nr_lines(), before + 4);
	/* Another line is not that one. */
	CU_ASSERT_EQUAL(lab_write(ctl, "tick\n"), 5);
	CU_ASSERT_EQUAL(nr_lines(), before + 5);
	lab_read(ctl, buf, sizeof(buf));
	CU_ASSERT_PTR_NOT_NULL(strstr(buf, "-1 ERANGE (alloc_pages gave 0x"));
	CU_ASSERT_PTR_NOT_NULL(strstr(buf, "not 0x1 as expected)\n0\n0\n"));
	handle_release(ctl);
}

static void test_replies(void)
{
	struct handle *ctl = lab_handle(&lab, "sim/ctl", O_RDWR);
	char buf[256], first[64], small[4] = "";

	CU_ASSERT_EQUAL(lab_write(ctl, "alloc_pages 0 as p"), 18);
	CU_ASSERT_EQUAL(lab_write(ctl, "free_pages @p\nfree_pages @p = -1 EINVAL\n"), 40);
	lab_read(ctl, buf, sizeof(buf));
	CU_ASSERT(!strncmp(buf, "0x", 2));
	snprintf(first, sizeof(first), "%.*s", (int)strcspn(buf, "\n"), buf);
	CU_ASSERT(!strncmp(buf + strlen(first), "\n0\n-1 EINVAL (page ", 19));
	/* The sentence names the page. */
	CU_ASSERT_PTR_NOT_NULL(strstr(buf + strlen(first) + 3, first));
	/* An empty queue is the end, never a wait; the next reply comes behind it. */
	CU_ASSERT_EQUAL(handle_read(ctl, 0, buf, sizeof(buf)), 0);
	CU_ASSERT_EQUAL(lab_write(ctl, "tick"), 4);
	CU_ASSERT_EQUAL(handle_read(ctl, 12345, small, 1), 1);
	CU_ASSERT_STRING_EQUAL(small, "0");
	CU_ASSERT_EQUAL(handle_read(ctl, 0, small, 1), 1);
	CU_ASSERT_EQUAL(handle_read(ctl, 0, small, 1), 0);
	handle_release(ctl);
}

static void test_last_call(void)
{
	struct handle *ctl;
	char buf[256], line[64];

	CU_ASSERT_EQUAL(lab_run(&lab, "reboot"), 0);
	CU_ASSERT_EQUAL(lab_run(&lab, "sim/cpu/0/ctl: alloc_pages 2 kernel,zero"), 0);
	snprintf(line, sizeof(line), "alloc_pages(2, GFP_KERNEL|__GFP_ZERO) = %s",
		 lab_text(&lab.out));
	ctl = lab_handle(&lab, "sim/cpu/0/ctl", O_RDONLY);
	CU_ASSERT_STRING_EQUAL(lab_read(ctl, buf, sizeof(buf)), line);
	handle_release(ctl);
	CU_ASSERT_EQUAL(lab_run(&lab, "free_pages 3 = -1 EINVAL"), 0);
	ctl = lab_handle(&lab, "sim/ctl", O_RDWR);
	lab_read(ctl, buf, sizeof(buf));
	CU_ASSERT(!strncmp(buf, "free_pages(0x3) = -1 EINVAL (page 0x3 is not", 44));
	handle_release(ctl);
	CU_ASSERT_STRING_EQUAL(lab_cat(&lab, "sim/result"), "-1 EINVAL\n");
	/* Lines that are no call leave it as it is. */
	CU_ASSERT_EQUAL(lab_run(&lab, "nonsense"), -ENOSYS);
	CU_ASSERT_STRING_EQUAL(lab_cat(&lab, "sim/result"), "-1 EINVAL\n");
	CU_ASSERT(!strncmp(lab_cat(&lab, "sim/cpu/0/result"), "0x", 2));
}

static void test_long_lines(void)
{
	static char text[3 * 4096 + 64];
	struct handle *ctl = lab_handle(&lab, "sim/ctl", O_RDWR);
	unsigned int before = nr_lines();

	/* Exactly 4096 bytes are a line. */
	memset(text, ' ', sizeof(text));
	memcpy(text, "tick", 4);
	text[4096] = '\n';
	CU_ASSERT_EQUAL(handle_write(ctl, 0, text, 4097), 4097);
	CU_ASSERT_EQUAL(nr_lines(), before + 1);
	/* Without the newline they wait for it. */
	CU_ASSERT_EQUAL(handle_write(ctl, 0, text, 4096), 4096);
	CU_ASSERT_EQUAL(nr_lines(), before + 1);
	CU_ASSERT_EQUAL(lab_write(ctl, "\n"), 1);
	CU_ASSERT_EQUAL(nr_lines(), before + 2);
	/* One more is too long; its rest is skipped up to the newline. */
	text[4096] = ' ';
	CU_ASSERT_EQUAL(handle_write(ctl, 0, text, 4097), -E2BIG);
	CU_ASSERT_EQUAL(lab_write(ctl, "more of it"), 10);
	CU_ASSERT_EQUAL(lab_write(ctl, "the end\ntick\n"), 13);
	CU_ASSERT_EQUAL(nr_lines(), before + 3);
	/* With its newline it is over; lines behind it are not. */
	text[5000] = '\n';
	CU_ASSERT_EQUAL(handle_write(ctl, 0, text, 5001), -E2BIG);
	CU_ASSERT_EQUAL(lab_write(ctl, "tick\n"), 5);
	CU_ASSERT_EQUAL(nr_lines(), before + 4);
	/* Behind lines that ran: short, then its errno. */
	memcpy(text, "tick\ntick", 9);
	CU_ASSERT_EQUAL(handle_write(ctl, 0, text, 5001), 5);
	CU_ASSERT_EQUAL(handle_write(ctl, 0, text + 5, 4996), -E2BIG);
	CU_ASSERT_EQUAL(lab_write(ctl, "tick\n"), 5);
	CU_ASSERT_EQUAL(nr_lines(), before + 6);
	/* A fragment that grows too long. */
	CU_ASSERT_EQUAL(lab_write(ctl, "tick\nti"), 7);
	memset(text, 'x', sizeof(text));
	CU_ASSERT_EQUAL(handle_write(ctl, 0, text, 4095), -E2BIG);
	CU_ASSERT_EQUAL(lab_write(ctl, "\ntick\n"), 6);
	CU_ASSERT_EQUAL(nr_lines(), before + 8);
	handle_release(ctl);
}

static void test_sentences(void)
{
	CU_ASSERT_EQUAL(lab_run(&lab, "aloc_page 3"), -ENOSYS);
	CU_ASSERT_STRING_EQUAL(lab_text(&lab.sentence),
			       "'aloc_page' is not a call: did you mean alloc_pages?");
	CU_ASSERT_PTR_NOT_NULL(strstr(lab_cat(&lab, "sim/last"), "did you mean alloc_pages?"));
	CU_ASSERT_EQUAL(lab_run(&lab, "alloc_pages 3x"), -EBADMSG);
	CU_ASSERT_PTR_NOT_NULL(strstr(lab_text(&lab.sentence), "'3x'"));
	CU_ASSERT_PTR_NOT_NULL(strstr(lab_text(&lab.sentence), "ORDER [GFP] [NODE]"));
	CU_ASSERT_EQUAL(lab_run(&lab, "alloc_pages"), -EBADMSG);
	CU_ASSERT_EQUAL(lab_run(&lab, "free_pages 1 2 3"), -EBADMSG);
	CU_ASSERT_EQUAL(lab_run(&lab, "tick as x"), -EBADMSG);
	CU_ASSERT_EQUAL(lab_run(&lab, "alloc_pages 0 as 5x = 1"), -EBADMSG);
	CU_ASSERT_EQUAL(lab_run(&lab, "alloc_pages 0 = five"), -EBADMSG);
	CU_ASSERT_EQUAL(lab_run(&lab, "alloc_pages 0 = -1 ENOTHING"), -EBADMSG);
	CU_ASSERT_EQUAL(lab_run(&lab, "free_pages @nobody"), -EBADMSG);
	CU_ASSERT_EQUAL(lab_run(&lab, "sim/cpu/0/ctl: reboot"), -ENOSYS);
	/* A script may expect any of these. */
	CU_ASSERT_EQUAL(lab_run(&lab, "aloc_page 3 = -1 ENOSYS"), 0);
	CU_ASSERT_EQUAL(lab_run(&lab, "alloc_pages 3x = -1 EBADMSG"), 0);
}

static void test_expectations(void)
{
	char line[128];

	CU_ASSERT_EQUAL(lab_run(&lab, "alloc_pages 0 as e"), 0);
	snprintf(line, sizeof(line), "free_pages @e = %s", lab_text(&lab.out));
	CU_ASSERT_EQUAL(lab_run(&lab, line), -ERANGE);
	/* The call stands. */
	CU_ASSERT_EQUAL(lab_run(&lab, "free_pages @e = 0"), -ERANGE);
	CU_ASSERT_EQUAL(lab_run(&lab, "free_pages @e = -1 EINVAL (whatever it says)"), 0);
	CU_ASSERT_EQUAL(lab_run(&lab, "free_pages(@e) = -1 ENOMEM"), -ERANGE);
	CU_ASSERT_PTR_NOT_NULL(strstr(lab_text(&lab.sentence), "EINVAL"));
	CU_ASSERT_PTR_NOT_NULL(strstr(lab_text(&lab.sentence), "ENOMEM"));
}

static void test_names(void)
{
	char target[64], expected[80];
	struct node node;

	CU_ASSERT_EQUAL(lab_run(&lab, "alloc_pages 0 as one"), 0);
	snprintf(expected, sizeof(expected), "../page/%.*s",
		 (int)strcspn(lab_text(&lab.out), "\n"), lab_text(&lab.out));
	CU_ASSERT_EQUAL(tree_walk(lab.tree, "sim/as", lab.me, &node), 0);
	CU_ASSERT_EQUAL(tree_lookup(lab.tree, node, "one", lab.me, &node), 0);
	out_clear(&lab.out);
	CU_ASSERT_EQUAL(tree_readlink(lab.tree, node, lab.me, &lab.out), 0);
	snprintf(target, sizeof(target), "%s", lab_text(&lab.out));
	CU_ASSERT_STRING_EQUAL(target, expected);
	/* Naming again moves the name; a failed call names nothing. */
	CU_ASSERT_EQUAL(lab_run(&lab, "alloc_pages 0 as one"), 0);
	out_clear(&lab.out);
	CU_ASSERT_EQUAL(tree_readlink(lab.tree, node, lab.me, &lab.out), 0);
	CU_ASSERT_STRING_NOT_EQUAL(lab_text(&lab.out), expected);
	CU_ASSERT_EQUAL(lab_run(&lab, "alloc_pages 99 as two"), -EINVAL);
	CU_ASSERT_EQUAL(lab_run(&lab, "free_pages @two"), -EBADMSG);
	/* `@` is the last address of this file's calls. */
	CU_ASSERT_EQUAL(lab_run(&lab, "free_pages @"), 0);
	CU_ASSERT_EQUAL(lab_run(&lab, "free_pages @one = -1 EINVAL"), 0);
}

static void test_other_lines(void)
{
	struct handle *ctl = lab_handle(&lab, "sim/ctl", O_RDWR);
	char buf[4096];

	CU_ASSERT_EQUAL(lab_write(ctl, "sim/cpu/0/ctl: tick\ncat sim/result\n"), 35);
	lab_read(ctl, buf, sizeof(buf));
	CU_ASSERT(!strncmp(buf, "0\n", 2));
	CU_ASSERT_EQUAL(lab_write(ctl, "cat no/such\n"), -ENOENT);
	CU_ASSERT_PTR_NOT_NULL(strstr(lab_read(ctl, buf, sizeof(buf)), "no/such"));
	CU_ASSERT_EQUAL(lab_write(ctl, "mkdir sim/x\n"), -EACCES);
	CU_ASSERT_EQUAL(lab_write(ctl, "mkdir proc/x\n"), -ENOENT);
	CU_ASSERT_EQUAL(lab_write(ctl, "mkdir sim\n"), -EEXIST);
	CU_ASSERT_EQUAL(lab_write(ctl, "rmdir sim/nothing\n"), -ENOENT);
	CU_ASSERT_EQUAL(lab_write(ctl, "cat\n"), -EBADMSG);
	handle_release(ctl);
	CU_ASSERT_EQUAL(lab_run(&lab, "sim/ctl: sim/ctl: tick"), -ENOSYS);
}

/* The log is a script: run on a new machine it gives this one. */
static void test_log_is_a_script(void)
{
	char digest[2][DIGEST_CHARS + 1], *script, *line, *save = NULL;
	struct lab other;

	CU_ASSERT_EQUAL(lab_run(&lab, "reboot"), 0);
	for (unsigned int i = 0; i < 40; i++) {
		char text[64];

		snprintf(text, sizeof(text), "alloc_pages %u as p%u", i % 3, i);
		CU_ASSERT_EQUAL(lab_run(&lab, text), 0);
		snprintf(text, sizeof(text), "kmalloc %u", 1 << i % 14);
		CU_ASSERT_EQUAL(lab_run(&lab, text), 0);
		if (i % 4 == 1)
			CU_ASSERT_EQUAL(lab_run(&lab, "kfree @+0"), 0);
		snprintf(text, sizeof(text), "free_pages @p%u", i / 2 * 2);
		if (i % 4 == 3)
			CU_ASSERT_EQUAL(lab_run(&lab, text), 0);
	}
	CU_ASSERT_EQUAL(lab_run(&lab, "kmem_cache_create \"odd,name\" 96 0 no_merge"), 0);
	CU_ASSERT_EQUAL(lab_run(&lab, "tick 2s"), 0);
	script = strdup(lab_cat(&lab, "sim/log"));
	lab_digest(&lab, digest[0]);
	CU_ASSERT_EQUAL_FATAL(lab_open(&other, "tiny"), 0);
	for (line = strtok_r(script, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		int err = lab_run(&other, line);

		if (err)
			printf("\n  %s: %s\n", line, lab_text(&other.sentence));
		CU_ASSERT_EQUAL_FATAL(err, 0);
	}
	lab_digest(&other, digest[1]);
	CU_ASSERT_STRING_EQUAL(digest[0], digest[1]);
	lab_close(&other);
	free(script);
}

static void test_undo(void)
{
	char digest[6][DIGEST_CHARS + 1];

	CU_ASSERT_EQUAL(lab_run(&lab, "reboot"), 0);
	for (unsigned int i = 0; i < 5; i++) {
		lab_digest(&lab, digest[i]);
		CU_ASSERT_EQUAL(lab_run(&lab, "alloc_pages 3 as p"), 0);
	}
	CU_ASSERT_EQUAL(lab_run(&lab, "undo"), 0);
	lab_digest(&lab, digest[5]);
	CU_ASSERT_STRING_EQUAL(digest[5], digest[4]);
	CU_ASSERT_EQUAL(nr_lines(), 4);
	/* Names and `@` are those of then. */
	CU_ASSERT_EQUAL(lab_run(&lab, "free_pages @p"), 0);
	CU_ASSERT_EQUAL(lab_run(&lab, "undo 3"), 0);
	lab_digest(&lab, digest[5]);
	CU_ASSERT_STRING_EQUAL(digest[5], digest[2]);
	CU_ASSERT_EQUAL(lab_run(&lab, "undo 3"), -EINVAL);
	CU_ASSERT_EQUAL(lab_run(&lab, "undo 0"), 0);
	CU_ASSERT_EQUAL(lab_run(&lab, "undo 2"), 0);
	lab_digest(&lab, digest[5]);
	CU_ASSERT_STRING_EQUAL(digest[5], digest[0]);
	CU_ASSERT_EQUAL(nr_lines(), 0);
}

/* A full journal counts on, says so, and refuses to go back; reboot begins anew. */
static void test_full_journal(void)
{
	struct handle *ctl;
	const char *log;

	CU_ASSERT_EQUAL(lab_run(&lab, "reboot"), 0);
	journal_limit(lab.tree, 1);
	ctl = lab_handle(&lab, "sim/ctl", O_WRONLY);
	for (unsigned int i = 0; i < 40000; i++)
		CU_ASSERT_EQUAL_FATAL(lab_write(ctl, "tick 1s\n"), 8);
	handle_release(ctl);
	log = lab_cat(&lab, "sim/log");
	CU_ASSERT_PTR_NOT_NULL(strstr(log, "# the journal is full: "));
	CU_ASSERT(nr_lines() < 40000);
	CU_ASSERT_EQUAL(lab_run(&lab, "undo 1"), -ENOSPC);
	CU_ASSERT_EQUAL(lab_run(&lab, "reboot"), 0);
	CU_ASSERT_EQUAL(lab_run(&lab, "tick 1"), 0);
	CU_ASSERT_EQUAL(nr_lines(), 1);
	CU_ASSERT_EQUAL(lab_run(&lab, "undo 1"), 0);
	journal_limit(lab.tree, JOURNAL_BYTES);
}

/* Undo across chunks of the journal. */
static void test_long_undo(void)
{
	char digest[2][DIGEST_CHARS + 1];
	struct handle *ctl = lab_handle(&lab, "sim/ctl", O_WRONLY);

	CU_ASSERT_EQUAL(lab_run(&lab, "reboot"), 0);
	for (unsigned int i = 0; i < 30000; i++) {
		if (i == 29)
			lab_digest(&lab, digest[0]);
		CU_ASSERT_EQUAL_FATAL(lab_write(ctl, i & 1 ? "free_pages @" : "alloc_pages 1"),
				      i & 1 ? 12 : 13);
	}
	handle_release(ctl);
	CU_ASSERT_EQUAL(nr_lines(), 30000);
	CU_ASSERT_EQUAL(lab_run(&lab, "undo 29971"), 0);
	CU_ASSERT_EQUAL(nr_lines(), 29);
	lab_digest(&lab, digest[1]);
	CU_ASSERT_STRING_EQUAL(digest[0], digest[1]);
	CU_ASSERT_EQUAL(lab_run(&lab, "free_pages @"), 0);
}

/* Values are history; refused ones are not, and lowmem_reserve_ratio refuses none. */
static void test_values(void)
{
	struct handle *file;
	char digest[2][DIGEST_CHARS + 1];
	const char *log;

	CU_ASSERT_EQUAL(lab_run(&lab, "reboot"), 0);
	file = lab_handle(&lab, "proc/sys/vm/lowmem_reserve_ratio", O_WRONLY);
	CU_ASSERT_EQUAL(lab_write(file, "100\n90\n"), 7);
	CU_ASSERT_EQUAL(lab_write(file, "80 x\n"), 3);
	handle_release(file);
	CU_ASSERT_EQUAL(lab_run(&lab, "proc/sys/vm/min_free_kbytes: 1000 = 0"), 0);
	CU_ASSERT_EQUAL(lab_run(&lab, "proc/sys/vm/min_free_kbytes: x"), -EINVAL);
	CU_ASSERT_EQUAL(lab_run(&lab, "proc/sys/vm/min_free_kbytes: x = 0"), -ERANGE);
	CU_ASSERT_EQUAL(lab_run(&lab, "proc/sys/vm/min_free_kbytes: x = -1 EINVAL"), 0);
	log = strchr(lab_cat(&lab, "sim/log"), '\n');	/* behind the heading */
	CU_ASSERT_STRING_EQUAL(log + 1,
			       "proc/sys/vm/lowmem_reserve_ratio: 100 90 = 0\n"
			       "proc/sys/vm/lowmem_reserve_ratio: 80 x = 0\n"
			       "proc/sys/vm/min_free_kbytes: 1000 = 0\n");
	lab_digest(&lab, digest[0]);
	CU_ASSERT_EQUAL(lab_run(&lab, "tick"), 0);
	CU_ASSERT_EQUAL(lab_run(&lab, "undo"), 0);
	lab_digest(&lab, digest[1]);
	CU_ASSERT_STRING_EQUAL(digest[0], digest[1]);
}

/* The clock's ticks are history, but nobody's call. */
static void test_clock(void)
{
	u64 before = tree_machine(lab.tree)->now_ns;
	unsigned int lines = nr_lines();

	CU_ASSERT_EQUAL(lab_run(&lab, "alloc_pages 0"), 0);
	CU_ASSERT_EQUAL(ctl_clock(lab.tree), 0);
	CU_ASSERT_EQUAL(tree_machine(lab.tree)->now_ns, before + 1000000000);
	CU_ASSERT_EQUAL(nr_lines(), lines + 2);
	CU_ASSERT(!strncmp(lab_cat(&lab, "sim/result"), "0x", 2));
	CU_ASSERT_EQUAL(lab_run(&lab, "free_pages @"), 0);
}

/* A line that is refused leaves the digest and the history as they were. */
static void test_refused_lines(void)
{
	static const char *const lines[] = {
		"nonsense", "alloc_pages 3x", "alloc_pages 11", "alloc_pages 0 kernel 77",
		"free_pages 0x1", "free_pages 0xffffffffffffffff", "kfree 5", "vfree 0x1000",
		"kmem_cache_free kmalloc-64 0x1000", "kmem_cache_alloc nosuch",
		"kmem_cache_create \"a b\" 64", "kmem_cache_create x 4G", "tick 100000s",
		"alloc_pages 0 as 1", "undo 1000000", "vmalloc 0", "alloc_pages 0 dma,dma32",
		"kmem_cache_destroy kmalloc-64",
	};
	char before[DIGEST_CHARS + 1], after[DIGEST_CHARS + 1];
	unsigned int kept = nr_lines();

	lab_digest(&lab, before);
	for (unsigned int i = 0; i < ARRAY_SIZE(lines); i++) {
		CU_ASSERT(lab_run(&lab, lines[i]) < 0);
		CU_ASSERT(lab.sentence.len > 0);
		lab_digest(&lab, after);
		CU_ASSERT_STRING_EQUAL(before, after);
	}
	CU_ASSERT_EQUAL(nr_lines(), kept);
}

static const CU_TestInfo tests[] = {
	{ "whole line without newline", test_whole_line_without_newline },
	{ "a line that is no call", test_no_call }, { "fragments", test_fragments },
	{ "chunks", test_chunks },
	{ "first failing line", test_first_failing_line },
	{ "short count", test_short_count },
	{ "readers go on", test_readers_go_on },
	{ "replies", test_replies },
	{ "last call", test_last_call },
	{ "long lines", test_long_lines },
	{ "sentences", test_sentences },
	{ "expectations", test_expectations },
	{ "names", test_names },
	{ "other lines", test_other_lines },
	{ "log is a script", test_log_is_a_script },
	{ "undo", test_undo },
	{ "full journal", test_full_journal },
	{ "long undo", test_long_undo },
	{ "values", test_values },
	{ "clock", test_clock },
	{ "refused lines", test_refused_lines },
};

int main(void)
{
	return suite_main("ctl", tests, ARRAY_SIZE(tests), setup, teardown);
}
