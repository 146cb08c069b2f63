// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Two points of one history: the machine boots in this process and runs the lines of
 * its journal; where the journal has as many lines as a point asks for, a snapshot is
 * taken. Neither the mount nor its history is touched.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "kmm-compare.h"
#include "options.h"

static void take(const struct source *source, const guint64 at[2], struct snapshot *snapshots[2])
{
	const guint64 now = tree_history(source->tree);

	for (unsigned int i = 0; i < 2; i++) {
		if (at[i] != now)
			continue;
		snapshot_free(snapshots[i]);
		snapshots[i] = snapshot_take(source, true);
	}
}

static int run_line(struct source *source, const char *text, const char *log, unsigned int number)
{
	const struct caller me = { 0 };
	struct out out = OUT_INIT, sentence = OUT_INIT;
	int err = tree_run(source->tree, text, me, &out, &sentence);

	if (err)
		fprintf(stderr, "kmm-compare: %s:%u: %s\n", log, number,
			sentence.len ? sentence.text : g_strerror(-err));
	out_free(&out);
	out_free(&sentence);
	return err;
}

/* A journal on disk has a checksum and a length before each line. */
static const char *line_of_record(const char *record)
{
	const char *p = record + strspn(record, "0123456789abcdef");
	const char *number = p + 1;

	if (p - record != 8 || *p != ' ')
		return record;
	p = number + strspn(number, "0123456789");
	return p > number && *p == ' ' ? p + 1 : record;
}

/* May a later line take lines back? Then the last of several lines N is meant. */
static bool goes_back(const char *text)
{
	return strstr(text, "sim/ctl: undo") || strstr(text, "sim/ctl: reboot");
}

int history_take(struct source *source, const char *log, const guint64 at[2],
		 struct snapshot *snapshots[2])
{
	const guint64 end = MAX(at[0], at[1]);
	g_autofree char *text = NULL;
	g_auto(GStrv) lines = NULL;
	GError *error = NULL;

	if (!g_file_get_contents(log, &text, NULL, &error)) {
		fprintf(stderr, "kmm-compare: %s\n", error->message);
		g_error_free(error);
		return EXIT_USAGE;
	}
	lines = g_strsplit(text, "\n", -1);
	take(source, at, snapshots);
	for (unsigned int i = 0; lines[i]; i++) {
		const guint64 before = tree_history(source->tree);

		if (before >= end && !goes_back(text))
			break;
		if (run_line(source, line_of_record(lines[i]), log, i + 1))
			return EXIT_USAGE;
		if (tree_history(source->tree) != before)
			take(source, at, snapshots);
	}
	if (snapshots[0] && snapshots[1])
		return 0;
	fprintf(stderr, "kmm-compare: --at %llu: the history in %s has only %llu lines\n",
		(unsigned long long)at[!!snapshots[0]], log,
		(unsigned long long)tree_history(source->tree));
	return EXIT_USAGE;
}
