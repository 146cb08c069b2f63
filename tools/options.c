// SPDX-License-Identifier: GPL-2.0-or-later
/* GLib's parser, with what all programs add to it. */
#include "options.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "config.h"

int options_fail(const struct program *program, const char *what, const char *why)
{
	fprintf(stderr, "%s: %s%s\n", program->name, what, why);
	return EXIT_USAGE;
}

bool options_output_written(const struct program *program)
{
	if (!fflush(stdout) && !ferror(stdout))
		return true;
	fprintf(stderr, "%s: standard output: %s\n", program->name, strerror(errno));
	return false;
}

int options_exit_status(const struct program *program, int status)
{
	return options_output_written(program) || status ? status : 1;
}

bool options_parse(const struct program *program, const GOptionEntry *rows, int *argc,
		   char ***argv, int *status)
{
	gboolean version = FALSE;
	const GOptionEntry common[] = {
		{ "version", 'V', 0, G_OPTION_ARG_NONE, &version, "print the version", NULL },
		{ 0 },
	};
	GOptionContext *context = g_option_context_new(NULL);
	GError *error = NULL;

	*status = 0;
	g_option_context_set_summary(context, program->summary);
	g_option_context_set_description(context, program->description);
	g_option_context_set_strict_posix(context, program->posix);
	g_option_context_add_main_entries(context, rows, NULL);
	g_option_context_add_main_entries(context, common, NULL);
	if (!g_option_context_parse(context, argc, argv, &error)) {
		*status = options_fail(program, error->message, "; see --help");
		g_error_free(error);
	} else if (version) {
		printf("%s %s\n", program->name, PACKAGE_VERSION);
		*status = options_exit_status(program, 0);
	}
	g_option_context_free(context);
	return !*status && !version;
}
