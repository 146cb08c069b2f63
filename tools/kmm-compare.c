// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * kmm-compare: a simulated machine beside a real one, figure by figure; or one
 * simulated machine at two points of its history.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kmm-compare.h"
#include "options.h"
#include "sim/base/bug.h"

struct options {
	char *real, *log;
	char **at, **sets, **rest;
	gboolean json, all;
};

static const struct program program = {
	.name = "kmm-compare",
	.summary = "Compare the files of a simulated machine with a real /proc and /sys, figure by figure.\n"
		   "Without MOUNTPOINT or MACHINE: the machine that kmm-capture makes of the real one.",
	.description =
		"Each figure is derived (the machine decides it: it must be equal), state (it depends on\n"
		"what ran) or noise. Exit status: 0 when all derived figures are equal and no figure\n"
		"is missing, extra, in another place or of another unit; 1 otherwise; 2 for trouble.\n"
		"With --at: 0 when nothing moved, 1 when something did.\n",
};

static int print(struct snapshot *const sides[2], const struct options *options,
		 struct print_options *print_options)
{
	struct report *report = report_make(sides);
	const bool moved = report->diffs->len;
	int status = print_options->history ? moved : report->nr_count != 0;

	print_options->all = options->all;
	print_options->colour = isatty(STDOUT_FILENO) && !getenv("NO_COLOR");
	if (options->json)
		report_print_json(report, print_options);
	else
		report_print(report, print_options);
	report_free(report);
	return status;
}

/*
 * A directory that the machine in it, or its user, does not let us see; 0: not that. It is
 * opened: attributes are known for a while after a machine has died.
 */
static int hidden(const char *name)
{
	int fd;

	if (g_file_test(name, G_FILE_TEST_IS_REGULAR))
		return 0;
	fd = open(name, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (fd >= 0) {
		close(fd);
		return 0;
	}
	if (errno == ENOTCONN)
		return options_fail(&program, name, ": the machine there has died; start it again: "
				    "kmmfs, with this mount point");
	if (errno == EACCES)
		return options_fail(&program, name, ": Permission denied; a machine of another user "
				    "is for all with -o allow_other");
	return 0;
}

static int open_ours(const struct options *options, const struct source *real,
		     struct source *ours)
{
	const char *const *sets = (const char *const *)options->sets;
	const char *name = options->rest ? options->rest[0] : NULL;

	if (name && hidden(name))
		return EXIT_USAGE;
	if (name && g_file_test(name, G_FILE_TEST_IS_DIR)) {
		if (sets)
			return options_fail(&program, "--set changes no machine that runs: ", name);
		return source_mount(name, ours);
	}
	return name ? source_machine(name, sets, ours) : source_captured(real, sets, ours);
}

static int compare(const struct options *options)
{
	struct source sources[2] = { 0 };
	struct snapshot *sides[2] = { NULL };
	struct print_options print_options = { .sources = sources };
	int status = source_real(options->real, &sources[0]);

	if (!status)
		status = open_ours(options, &sources[0], &sources[1]);
	for (unsigned int i = 0; !status && i < 2; i++) {
		sides[i] = snapshot_take(&sources[i], false);
		print_options.labels[i] = sources[i].label;
	}
	if (!status)
		status = print(sides, options, &print_options);
	for (unsigned int i = 0; i < 2; i++) {
		snapshot_free(sides[i]);
		source_free(&sources[i]);
	}
	return status;
}

/* A mount has its machine file and its journal in it, and so has the directory of a state. */
static int open_history(const struct options *options, struct source *source, char **log)
{
	const char *name = options->rest ? options->rest[0] : NULL;
	const char *const *sets = (const char *const *)options->sets;
	g_autofree char *machine = NULL, *state = NULL;
	bool kept;
	int status;

	if (!name)
		return options_fail(&program, "--at wants a MOUNTPOINT, or a MACHINE with --log", "");
	if (hidden(name))
		return EXIT_USAGE;
	if (!g_file_test(name, G_FILE_TEST_IS_DIR)) {
		*log = g_strdup(options->log);
		return *log ? source_machine(name, sets, source) :
			      options_fail(&program, "--log FILE says which journal is that of ", name);
	}
	state = g_build_filename(name, "journal", NULL);
	kept = g_file_test(state, G_FILE_TEST_IS_REGULAR);
	machine = g_build_filename(name, kept ? "" : "sim", "machine", NULL);
	if (!g_file_test(machine, G_FILE_TEST_IS_REGULAR))
		return options_fail(&program, name, ": neither a machine is mounted there nor is it "
				    "the directory of one that is kept (-o state=DIR)");
	if (options->log)
		*log = g_strdup(options->log);
	else
		*log = kept ? g_strdup(state) : g_build_filename(name, "sim", "log", NULL);
	status = source_machine(machine, sets, source);
	if (!status) {
		g_free(source->what);
		source->what = g_strdup(name);
	}
	return status;
}

static int read_points(const struct options *options, guint64 at[2])
{
	const guint nr = g_strv_length(options->at);

	for (guint i = 0; i < MIN(nr, 2); i++) {
		if (!g_ascii_string_to_unsigned(options->at[i], 10, 0, G_MAXUINT64 - 1, &at[i], NULL))
			return options_fail(&program, "--at wants a number of lines, 0 or more, not ",
					    options->at[i]);
	}
	if (nr == 2)
		return 0;
	return nr == 1 ? options_fail(&program, "--at stands twice, not only with ", options->at[0]) :
			 options_fail(&program, "two points are compared, not also --at ",
				      options->at[2]);
}

static int compare_points(const struct options *options)
{
	struct source source = { 0 };
	struct snapshot *sides[2] = { NULL };
	struct print_options print_options = { .sources = &source, .history = true };
	g_autofree char *log = NULL, *first = NULL, *second = NULL;
	guint64 at[2];
	int status;

	if (options->real)
		return options_fail(&program, "--real and --at do not go together", "");
	status = read_points(options, at);
	if (!status)
		status = open_history(options, &source, &log);
	if (!status)
		status = history_take(&source, log, at, sides);
	if (!status) {
		print_options.labels[0] = first = g_strconcat("@", options->at[0], NULL);
		print_options.labels[1] = second = g_strconcat("@", options->at[1], NULL);
		status = print(sides, options, &print_options);
	}
	snapshot_free(sides[0]);
	snapshot_free(sides[1]);
	source_free(&source);
	return status;
}

static void free_options(struct options *options)
{
	g_free(options->real);
	g_free(options->log);
	g_strfreev(options->at);
	g_strfreev(options->sets);
	g_strfreev(options->rest);
}

int main(int argc, char **argv)
{
	struct options options = { 0 };
	const GOptionEntry rows[] = {
		{ "real", 'r', 0, G_OPTION_ARG_FILENAME, &options.real,
		  "a captured machine instead of this host: a directory with proc and sys in it, an "
		  "archive of it, or a file of texts behind lines `==> PATH <=='", "DIR" },
		{ "at", 0, 0, G_OPTION_ARG_STRING_ARRAY, &options.at,
		  "twice: compare the machine with itself behind these lines of its journal", "N" },
		{ "log", 0, 0, G_OPTION_ARG_FILENAME, &options.log,
		  "the journal for --at, as sim/log shows it, or any script", "FILE" },
		{ "all", 'a', 0, G_OPTION_ARG_NONE, &options.all,
		  "show differences of state and noise, too", NULL },
		{ "json", 0, 0, G_OPTION_ARG_NONE, &options.json,
		  "print all differences as JSON", NULL },
		{ "set", 0, 0, G_OPTION_ARG_STRING_ARRAY, &options.sets,
		  "change a key of the machine", "[SECTION.]KEY=VALUE" },
		{ G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &options.rest, NULL,
		  "[MOUNTPOINT|MACHINE]" },
		{ 0 },
	};
	int status;

	stack_trace_init();
	if (options_parse(&program, rows, &argc, &argv, &status)) {
		if (options.rest && options.rest[1])
			status = options_fail(&program, "one machine at a time, not also ",
					      options.rest[1]);
		else if (options.log && !options.at)
			status = options_fail(&program, "--log goes with --at N --at M, and would do "
					      "nothing here: ", options.log);
		else
			status = options.at ? compare_points(&options) : compare(&options);
	}
	free_options(&options);
	return options_output_written(&program) ? status : EXIT_USAGE;
}
