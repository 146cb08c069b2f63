// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * kmm-run: run scripts of the control language on a machine of its own, without a
 * mount. A script is read whole, so that several cats are known before the first.
 * What stands between two cats is handed to sim/ctl in large writes, as a shell's
 * `cat SCRIPT > sim/ctl` would do; with -v or for a terminal, line by line.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fs/core/ctl.h"
#include "fs/core/line.h"
#include "fs/core/state_dir.h"
#include "fs/core/tree.h"
#include "options.h"
#include "sim/base/bug.h"

#define BATCH_BYTES 65536
#define MAX_LINE_READ (1U << 20)	/* of one line, of which 4096 may be run */

static const struct program program = {
	.name = "kmm-run",
	.summary = "Run lines of the control language on a simulated machine, without a mount.",
	.description = "Exit status: 0 when every line succeeded, 1 when one failed, 2 for wrong "
		       "usage.\n",
};

struct options {
	char *machine, *state;
	char **commands, **sets, **rest;
	gboolean keep_going, verbose, list;
};

/* One script, whole. */
struct script {
	const char *name;	/* as messages say it */
	char *text;
	size_t len;
	unsigned int nr_cats;
	size_t counted;		/* bytes whose lines are in `line` */
	unsigned long line;	/* number of the line at `counted` */
};

struct runner {
	struct tree *tree;
	const struct options *options;
	struct handle *ctl;	/* open while calls are handed over */
	struct caller me;
	unsigned int nr_cats;	/* in all scripts */
	unsigned int cats_done;
	bool failed;
};

static void complain(struct runner *run, const char *script, unsigned long line, int err,
		     const struct out *sentence)
{
	bool said = sentence && sentence->len;

	run->failed = true;
	fflush(stdout);
	fprintf(stderr, "%s:%lu: %s (%s)\n", script, line,
		said ? sentence->text : strerror(-err), errno_text(err));
}

static void close_ctl(struct runner *run)
{
	if (run->ctl)
		handle_release(run->ctl);
	run->ctl = NULL;
}

static int open_ctl(struct runner *run)
{
	struct node node;
	int err;

	if (run->ctl)
		return 0;
	err = tree_walk(run->tree, "sim/ctl", run->me, &node);
	return err ? err : tree_open(run->tree, node, run->me, O_WRONLY, &run->ctl);
}

/* "==> PATH <==" before each of several, as head prints it. */
static void print_heading(struct runner *run, const struct line *line)
{
	if (run->nr_cats < 2)
		return;
	if (run->cats_done++)
		putchar('\n');
	printf("==> %.*s <==\n", (int)line->path.len, line->path.text);
}

/* One line by itself: a cat, or any with -v. */
static int run_single(struct runner *run, const char *text, size_t len,
		      struct out *sentence)
{
	struct out out = OUT_INIT, copy = OUT_INIT;
	struct line line;
	int err;

	err = line_parse(text, len, &line, sentence);
	if (err || line.kind == LINE_EMPTY)
		return err;
	out_write(&copy, text, len);
	err = out_error(&copy);
	if (!err)
		err = tree_run(run->tree, copy.text, run->me, &out, sentence);
	if (!err && line.kind == LINE_CAT)
		print_heading(run, &line);
	if (out.len && (run->options->verbose || (!err && line.kind == LINE_CAT)))
		fwrite(out.text, 1, out.len, stdout);
	out_free(&out);
	out_free(&copy);
	return err ? err : tree_commit(run->tree);
}

static bool is_cat(const char *text, size_t len)
{
	while (len && is_blank(*text)) {
		text++;
		len--;
	}
	return len > 3 && (text[0] | 0x20) == 'c' && (text[1] | 0x20) == 'a' &&
	       (text[2] | 0x20) == 't' && is_blank(text[3]);
}

/* Blank or a comment: nothing that could fail. */
static bool is_empty(const char *text, size_t len)
{
	return line_trim(&text, len) == 0;
}

static size_t line_len(const char *text, size_t len)
{
	const char *newline = memchr(text, '\n', len);

	return newline ? (size_t)(newline - text) : len;
}

/* The number of the line at `at`: counted from where the last question ended. */
static unsigned long line_number(struct script *script, size_t at)
{
	const char *p = script->text + script->counted, *end = script->text + at;

	for (; (p = memchr(p, '\n', end - p)); p++)
		script->line++;
	script->counted = at;
	return script->line;
}

/* Whole lines from text on that may be handed over at once: none is a cat. */
static size_t batch_len(const char *text, size_t len, bool cats)
{
	size_t at = 0;

	if (!cats) {
		const char *last = memrchr(text, '\n', MIN(len, (size_t)BATCH_BYTES));

		return last ? (size_t)(last - text) + 1 : 0;
	}
	while (at < len) {
		size_t n = line_len(text + at, len - at);

		if (is_cat(text + at, n) || at + n > BATCH_BYTES)
			break;
		at += n + 1;
	}
	return MIN(at, len);
}

/*
 * Hand a batch over. Bytes that ran; less than len: *err is what the line there
 * gave.
 */
static size_t run_batch(struct runner *run, const char *text, size_t len, int *err,
			struct out *sentence)
{
	ssize_t n;
	size_t at = 0;

	*err = open_ctl(run);
	if (*err)
		return 0;
	n = handle_write(run->ctl, 0, text, len);
	*err = tree_commit(run->tree);
	if (*err)
		return 0;
	if (n == (ssize_t)len)
		return len;
	/* What failed is the first line behind n that says anything. */
	at = n > 0 ? n : 0;
	while (is_empty(text + at, line_len(text + at, len - at)))
		at += line_len(text + at, len - at) + 1;
	*err = ctl_last_error(run->tree, sentence);
	if (n < 0)
		*err = n;
	close_ctl(run);
	return at;
}

/* The next step of a script at `at`: how far it went; *err is of the line there. */
static size_t run_step(struct runner *run, const struct script *script, size_t at,
		       int *err, struct out *sentence)
{
	const char *text = script->text + at;
	size_t left = script->len - at;
	size_t n = run->options->verbose ? 0 : batch_len(text, left, script->nr_cats);

	if (n)
		return at + run_batch(run, text, n, err, sentence);
	/* A cat, -v, or a line longer than a batch. */
	n = line_len(text, left);
	*err = run_single(run, text, n, sentence);
	return *err ? at : MIN(at + n + 1, script->len);
}

static void run_script(struct runner *run, struct script *script)
{
	struct out sentence = OUT_INIT;
	size_t at = 0;

	while (at < script->len) {
		int err = 0;

		out_clear(&sentence);
		at = run_step(run, script, at, &err, &sentence);
		if (!err)
			continue;
		complain(run, script->name, line_number(script, at), err, &sentence);
		if (!run->options->keep_going)
			break;
		at += line_len(script->text + at, script->len - at) + 1;
	}
	close_ctl(run);
	out_free(&sentence);
}

static unsigned int count_cats(const struct script *script)
{
	unsigned int nr = 0;

	for (size_t at = 0; at < script->len;) {
		size_t n = line_len(script->text + at, script->len - at);

		nr += is_cat(script->text + at, n);
		at += n + 1;
	}
	return nr;
}

/* To the end, or far into a line that will be refused: what has no ends of lines may have none. */
static bool read_all(int fd, struct script *script)
{
	struct out text = OUT_INIT;
	char buf[BATCH_BYTES];
	size_t line = 0;
	ssize_t n = 0;

	while (line <= MAX_LINE_READ && (n = read(fd, buf, sizeof(buf))) > 0) {
		const char *end = memrchr(buf, '\n', (size_t)n);

		line = end ? (size_t)(buf + n - end) : line + (size_t)n;
		out_write(&text, buf, n);
	}
	/* A last line without its newline would wait for the rest of it. */
	if (text.len && text.text[text.len - 1] != '\n')
		out_putc(&text, '\n');
	script->text = text.text;
	script->len = text.len;
	return n >= 0 && !out_error(&text);
}

static bool read_script(const char *name, struct script *script)
{
	int fd = STDIN_FILENO;
	bool ok;

	script->name = name;
	if (strcmp(name, "-")) {
		fd = open(name, O_RDONLY | O_CLOEXEC);
		if (fd < 0)
			return false;
	}
	ok = read_all(fd, script);
	if (fd != STDIN_FILENO)
		close(fd);
	return ok;
}

/* A terminal: each line runs when it is typed, its reply follows, errors go on. */
static void run_terminal(struct runner *run)
{
	struct out sentence = OUT_INIT;
	unsigned long number = 0;
	char *text = NULL;
	size_t room = 0;
	ssize_t len;

	while ((len = getline(&text, &room, stdin)) > 0) {
		int err;

		number++;
		out_clear(&sentence);
		err = run_single(run, text, len - (text[len - 1] == '\n'), &sentence);
		if (err)
			complain(run, "-", number, err, &sentence);
		fflush(stdout);
	}
	free(text);
	out_free(&sentence);
}

/* SCRIPT and each -c, in this order. False, with errno set: one cannot be read. */
static bool read_scripts(const char *name, char **commands, struct script *scripts,
			 unsigned int *nr)
{
	*nr = 0;
	if (name && !read_script(name, &scripts[(*nr)++]))
		return false;
	for (unsigned int i = 0; commands && commands[i]; i++) {
		struct script *script = &scripts[(*nr)++];

		*script = (struct script){
			.name = "-c", .text = strdup(commands[i]), .len = strlen(commands[i]),
		};
		script->text = realloc(script->text, script->len + 2);
		if (!script->text)
			return false;
		memcpy(script->text + script->len++, "\n", 2);
	}
	return true;
}

static int run_all(struct runner *run, const struct options *options)
{
	unsigned int nr_commands = options->commands ? g_strv_length(options->commands) : 0;
	const char *name = options->rest ? options->rest[0] : nr_commands ? NULL : "-";
	struct script *scripts;
	unsigned int nr;
	bool ok;

	if (name && !strcmp(name, "-") && !nr_commands && isatty(STDIN_FILENO)) {
		run_terminal(run);
		return run->failed;
	}
	scripts = g_new0(struct script, nr_commands + 1);
	ok = read_scripts(name, options->commands, scripts, &nr);
	for (unsigned int i = 0; i < nr && ok; i++) {
		scripts[i].nr_cats = count_cats(&scripts[i]);
		run->nr_cats += scripts[i].nr_cats;
		/* -c lines are numbered from 1 among themselves. */
		scripts[i].line = name ? MAX(i, 1) : i + 1;
	}
	for (unsigned int i = 0; i < nr && ok; i++) {
		if (!run->failed || options->keep_going)
			run_script(run, &scripts[i]);
	}
	if (!ok)
		fprintf(stderr, "kmm-run: %s: %s\n", name ? name : "-c", strerror(errno));
	for (unsigned int i = 0; i < nr; i++)
		free(scripts[i].text);
	g_free(scripts);
	return ok ? run->failed : EXIT_USAGE;
}

static void list_machines(void)
{
	for (unsigned int i = 0; i < nr_shipped_machines; i++)
		printf("%-10s %s\n", shipped_machines[i].name, shipped_machines[i].help);
}

static void tell_progress(void *arg, u64 done, u64 total)
{
	(void)arg;
	fprintf(stderr, "kmm-run: history: %llu of %llu lines have been run again\n",
		(unsigned long long)done, (unsigned long long)total);
}

/* The machine that is kept in a directory comes back. */
static int join_state(struct runner *run, struct state_dir *state)
{
	struct out told = OUT_INIT;
	char *error;
	int err = state_join(state, run->tree, &told, &error);

	if (told.len)
		fprintf(stderr, "kmm-run: %s", told.text);
	out_free(&told);
	if (err) {
		options_fail(&program, "", error ? error : strerror(-err));
		state_close(state);
	}
	free(error);
	return err ? EXIT_USAGE : 0;
}

/* Machine, tree, and what was kept. 0 or EXIT_USAGE. */
static int boot(struct runner *run, struct machine_config **config)
{
	const struct options *options = run->options;
	const char *name = options->machine;
	struct state_dir *state = NULL;
	char *error = NULL;
	int err;

	if (options->state && state_open(options->state, &state, &error)) {
		options_fail(&program, "", error ? error : "no memory");
		free(error);
		return EXIT_USAGE;
	}
	if (!name && state && !options->sets)
		name = state_machine(state);
	if (machine_config_load(name ? name : "pc", (const char *const *)options->sets, config,
				&error)) {
		options_fail(&program, error ? error : "no memory", "");
		g_free(error);
		state_close(state);
		return EXIT_USAGE;
	}
	err = tree_create(*config, &run->tree, &error);
	if (err) {
		options_fail(&program, "the machine does not boot: ",
			     error ? error : strerror(-err));
		free(error);
		state_close(state);
		return EXIT_USAGE;
	}
	tree_on_progress(run->tree, tell_progress, NULL);
	return state ? join_state(run, state) : 0;
}

static int boot_and_run(const struct options *options)
{
	struct runner run = { .options = options, .me = { getpid(), getuid() } };
	struct machine_config *config = NULL;
	int err;

	stack_trace_init();
	err = boot(&run, &config);
	if (!err)
		err = run_all(&run, options);
	tree_free(run.tree);
	machine_config_free(config);
	return err;
}

static void free_options(struct options *options)
{
	g_free(options->machine);
	g_free(options->state);
	g_strfreev(options->commands);
	g_strfreev(options->sets);
	g_strfreev(options->rest);
}

int main(int argc, char **argv)
{
	struct options options = { 0 };
	const GOptionEntry rows[] = {
		{ "machine", 'm', 0, G_OPTION_ARG_FILENAME, &options.machine,
		  "a machine file or a shipped machine (default: pc)", "MACHINE" },
		{ "command", 'c', 0, G_OPTION_ARG_STRING_ARRAY, &options.commands,
		  "run LINE, behind SCRIPT; may be repeated", "LINE" },
		{ "keep-going", 'k', 0, G_OPTION_ARG_NONE, &options.keep_going,
		  "go on after a line that failed", NULL },
		{ "verbose", 'v', 0, G_OPTION_ARG_NONE, &options.verbose,
		  "print the reply to each line", NULL },
		{ "set", 0, 0, G_OPTION_ARG_STRING_ARRAY, &options.sets,
		  "change a key of the machine", "[SECTION.]KEY=VALUE" },
		{ "state", 0, 0, G_OPTION_ARG_FILENAME, &options.state,
		  "keep the machine in DIR: it goes on from where it was", "DIR" },
		{ "list", 'l', 0, G_OPTION_ARG_NONE, &options.list,
		  "list the shipped machines", NULL },
		{ G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &options.rest, NULL,
		  "[SCRIPT|-]" },
		{ 0 },
	};
	int status;

	if (options_parse(&program, rows, &argc, &argv, &status)) {
		if (options.rest && options.rest[1])
			status = options_fail(&program, "one script at a time, not also ",
					      options.rest[1]);
		else if (options.list)
			list_machines();
		else
			status = boot_and_run(&options);
	}
	free_options(&options);
	return options_exit_status(&program, status);
}
