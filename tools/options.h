/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The options of a program, the same way for each: -V and --version are added, a
 * wrong one is said on standard error with where help is, and is exit status 2.
 */
#ifndef KMM_TOOLS_OPTIONS_H
#define KMM_TOOLS_OPTIONS_H

#include <glib.h>
#include <stdbool.h>

#define EXIT_USAGE 2

/* What --help says beside the options. */
struct program {
	const char *name, *summary, *description;
	bool posix;	/* options end at the first word that is none */
};

/* Options go where the rows say. False: the program ends, with *status. */
bool options_parse(const struct program *program, const GOptionEntry *rows, int *argc,
		   char ***argv, int *status);

/* "NAME: WHATWHY" on standard error. Returns EXIT_USAGE. */
int options_fail(const struct program *program, const char *what, const char *why);

/* All of standard output has been written? Else what went wrong is on standard error. */
bool options_output_written(const struct program *program);
/* What main() returns: the status, or 1 if it was 0 and the output could not be written. */
int options_exit_status(const struct program *program, int status);

#endif
