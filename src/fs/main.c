/* SPDX-License-Identifier: GPL-2.0-or-later */
/* kmmfs: the command line. What it asks for is done in fs/fuse. */
#include "config.h"

#include <glib.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>

#include "fs/fuse/mounted.h"
#include "fs/fuse/stop.h"
#include "fs/main_helper.h"
#include "sim/boot/config.h"

enum { EXIT_USAGE = 2 };

static int complain(char *sentence, int status)
{
	fprintf(stderr, "kmmfs: %s\n", sentence ? sentence : "not enough memory");
	g_free(sentence);
	return status;
}

static int end_of_output(void)
{
	if (!fflush(stdout))
		return EXIT_SUCCESS;
	return complain(g_strdup_printf("standard output: %s", strerror(errno)), EXIT_FAILURE);
}

static int list_machines(void)
{
	for (unsigned int i = 0; i < nr_shipped_machines; i++)
		printf("%-8s %s\n", shipped_machines[i].name, shipped_machines[i].help);
	return end_of_output();
}

/* "-oLIST", as mount helpers and habits have it, becomes "-o" "LIST". */
static char **split_short_o(int argc, char **argv)
{
	char **split = g_new0(char *, 2 * (size_t)argc + 1);
	bool words = false;
	int to = 0;

	for (int i = 0; i < argc; i++) {
		if (!words && g_str_has_prefix(argv[i], "-o") && argv[i][2]) {
			split[to++] = g_strdup("-o");
			split[to++] = g_strdup(argv[i] + 2);
		} else {
			words = words || !strcmp(argv[i], "--");
			split[to++] = g_strdup(argv[i]);
		}
	}
	return split;
}

struct command {
	gboolean foreground, debug, single, list, version;
	bool fake;		/* mount -f: say what is wrong with the words, mount nothing */
	char **lists, **sets, **words;
	char *stop, *pidfile;
};

static GOptionContext *option_context(struct command *c)
{
	const GOptionEntry entries[] = {
		{ "set", 0, 0, G_OPTION_ARG_STRING_ARRAY, &c->sets,
		  "Change one key of the machine (again for more)", "[SECTION.]KEY=VALUE" },
		{ "list", 0, 0, G_OPTION_ARG_NONE, &c->list, "List the shipped machines", NULL },
		{ "stop", 0, 0, G_OPTION_ARG_FILENAME, &c->stop,
		  "End the mount, also when it is busy", "MOUNTPOINT" },
		{ "pidfile", 0, 0, G_OPTION_ARG_FILENAME, &c->pidfile,
		  "Write the daemon's pid to FILE", "FILE" },
		{ "foreground", 'f', 0, G_OPTION_ARG_NONE, &c->foreground,
		  "Stay in the foreground", NULL },
		{ "debug", 'd', 0, G_OPTION_ARG_NONE, &c->debug,
		  "Show every request (implies -f)", NULL },
		{ "single-thread", 's', 0, G_OPTION_ARG_NONE, &c->single,
		  "Answer one request at a time", NULL },
		{ "options", 'o', 0, G_OPTION_ARG_STRING_ARRAY, &c->lists,
		  "Mount options: allow_other, ro, nonempty, set=, state=DIR, ...",
		  "LIST" },
		{ "version", 'V', 0, G_OPTION_ARG_NONE, &c->version, "Show the version", NULL },
		{ G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &c->words, NULL, NULL },
		{ 0 },
	};
	GOptionContext *context = g_option_context_new("[MACHINE] MOUNTPOINT");

	g_option_context_add_main_entries(context, entries, NULL);
	g_option_context_set_summary(context,
		"Mount a simulated machine: its memory manager as a /proc and /sys.");
	g_option_context_set_description(context,
		"MACHINE is a file or a shipped name (--list); without it, " DEFAULT_MACHINE ", or what\n"
		"state=DIR keeps.\n"
		"End a mount with kmmfs --stop MOUNTPOINT. Without FUSE, use kmm-run.");
	return context;
}

static int merge_options(const struct command *c, struct mount_options *options, char **error)
{
	int ret = 0;

	mount_options_init(options);
	for (char **list = c->lists; !ret && list && *list; list++)
		ret = mount_options_parse(options, *list, error);
	for (char **set = c->sets; set && *set; set++)
		mount_options_add_set(options, *set);
	if (c->pidfile) {
		g_free(options->pidfile);
		options->pidfile = g_strdup(c->pidfile);
	}
	options->single |= c->single;
	options->debug |= c->debug;
	options->foreground |= c->foreground || options->debug;
	return ret;
}

static int start(const struct command *c)
{
	unsigned int nr_words = c->words ? g_strv_length(c->words) : 0;
	struct mount_options options;
	char *error = NULL;
	int status = EXIT_SUCCESS;

	if (nr_words < 1 || nr_words > 2)
		return complain(g_strdup("[MACHINE] MOUNTPOINT expected: see kmmfs --help"),
				EXIT_USAGE);
	if (merge_options(c, &options, &error))
		status = complain(error, EXIT_USAGE);
	else if (!c->fake && mount_machine(&options, nr_words == 2 ? c->words[0] : NULL,
			       c->words[nr_words - 1], &error))
		status = complain(error, EXIT_FAILURE);
	mount_options_free(&options);
	return status;
}

static int obey(const struct command *c)
{
	char *error = NULL;

	if (c->version) {
		printf("kmmfs %s (libfuse %s)\n", PACKAGE_VERSION, fuse_library_version());
		return end_of_output();
	}
	if (c->list)
		return list_machines();
	if (c->stop && c->words && *c->words)
		return complain(g_strdup_printf("unexpected argument: %s: --stop ends one mount",
						*c->words), EXIT_USAGE);
	if (c->stop)
		return stop_mount(c->stop, &error) ? complain(error, EXIT_FAILURE) :
						     EXIT_SUCCESS;
	return start(c);
}

int main(int argc, char **argv)
{
	struct command command = { 0 };
	GOptionContext *context = option_context(&command);
	char **words, *wrong = NULL;
	GError *error = NULL;
	int status;

	/*
	 * One arena: few threads need no more, and shrinking a second one would open
	 * /proc/sys/vm/overcommit_memory after the mount.
	 */
	mallopt(M_ARENA_MAX, 1);
	if (argc && is_mount_helper(argv[0]))
		words = mount_helper_words(argv, &command.fake, &wrong);
	else
		words = split_short_o(argc, argv);
	if (!words) {
		status = complain(wrong, EXIT_USAGE);
	} else if (g_option_context_parse_strv(context, &words, &error)) {
		status = obey(&command);
	} else {
		status = complain(g_strdup_printf("%s: see kmmfs --help", error->message),
				  EXIT_USAGE);
		g_error_free(error);
	}
	g_option_context_free(context);
	g_strfreev(words);
	g_strfreev(command.lists);
	g_strfreev(command.sets);
	g_strfreev(command.words);
	g_free(command.stop);
	g_free(command.pidfile);
	return status;
}
