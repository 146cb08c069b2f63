// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * kmm-record: run a program and write down what it asks of memory, as lines that kmm-run
 * replays on any machine.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kmm-record.h"
#include "options.h"

#define FAILED 125	/* what env and timeout say of themselves */

static const struct program kmm_record = {
	.name = "kmm-record",
	.summary = "Run a program and record its calls on memory and files, its accesses and what came\n"
		   "of them, as a script for kmm-run.",
	.description = "Exit status: the command's; 125 when nothing can be recorded, 126 when the command\n"
		       "cannot be run, 127 when there is none, 2 for wrong usage.\n",
	.posix = true,
};

static void recording_init(struct recording *r, FILE *out, bool cold)
{
	*r = (struct recording){ .out = out, .cold = cold };
	r->tasks = g_hash_table_new_full(NULL, NULL, NULL, g_free);
	r->files = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	r->all_files = g_ptr_array_new_with_free_func(record_file_free);
	r->paths = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	r->names = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	r->skipped = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	r->started = g_hash_table_new_full(NULL, NULL, NULL, g_free);
	r->checked = g_hash_table_new(NULL, NULL);
	r->segments = g_hash_table_new(NULL, NULL);
	r->events = g_array_new(FALSE, FALSE, sizeof(struct record_event));
}

static void recording_free(struct recording *r)
{
	GHashTable *const tables[] = { r->files, r->paths, r->names, r->skipped, r->started,
				       r->checked, r->segments };

	record_tasks_free(r);
	for (unsigned int i = 0; i < G_N_ELEMENTS(tables); i++)
		g_hash_table_destroy(tables[i]);
	g_ptr_array_free(r->all_files, TRUE);
	g_array_free(r->events, TRUE);
	if (r->perf)
		record_perf_close(r->perf);
}

/* What is being recorded, and of which kernel. */
static void put_head(struct recording *r, char **argv)
{
	g_autofree char *command = g_strjoinv(" ", argv);
	struct utsname host;

	g_strdelimit(command, "\n\r", ' ');
	uname(&host);
	record_say(r, NULL, "# recorded by kmm-record: %.1000s", command);
	record_say(r, NULL, "# Linux %s %s", host.release, host.machine);
}

static void put_tail(struct recording *r)
{
	GHashTableIter iter;
	gpointer what, nr;

	g_hash_table_iter_init(&iter, r->skipped);
	while (g_hash_table_iter_next(&iter, &what, &nr))
		record_say(r, NULL, "# left out, %d times: %s", GPOINTER_TO_INT(nr),
			   (const char *)what);
	if (record_perf_lost(r->perf))
		record_say(r, NULL, "# %" PRIu64 " faults were lost: the buffers were too small",
			   record_perf_lost(r->perf));
	record_say(r, NULL, "cat sim/real");
	record_say(r, NULL, "# %" PRIu64 " processes, %" PRIu64 " calls, %" PRIu64 " accesses",
		   r->nr_processes, r->nr_calls, r->nr_accesses);
}

/* What cannot run does not take the place of an older recording. 0, or the status. */
static int check_command(const char *name)
{
	g_autofree char *found = g_find_program_in_path(name);
	const bool there = strchr(name, '/') && !access(name, F_OK);

	if (found)
		return 0;
	fprintf(stderr, "kmm-record: %s: %s\n", name, there ? "this is no program that you may run" :
		"there is no such program");
	return there ? 126 : 127;
}

/* Exit status. */
static int record(char **command, const char *output, bool cold)
{
	g_autofree char *base = g_path_get_basename(command[0]), *error = NULL;
	g_autofree char *path = output ? g_strdup(output) : g_strconcat(base, ".kmm", NULL);
	int status = check_command(command[0]);
	struct recording r;
	FILE *out;

	if (status)
		return status;
	out = strcmp(path, "-") ? fopen(path, "we") : stdout;
	if (!out) {
		fprintf(stderr, "kmm-record: %s: %s\n", path, g_strerror(errno));
		return FAILED;
	}
	recording_init(&r, out, cold);
	put_head(&r, command);
	record_settings(&r);
	status = record_run(&r, command, &error);
	if (r.perf)
		put_tail(&r);
	if (fclose(out) && !error)
		error = g_strdup_printf("%s: %s", path, g_strerror(errno));
	recording_free(&r);
	if (error) {
		fprintf(stderr, "kmm-record: %s\n", error);
		return FAILED;
	}
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int main(int argc, char **argv)
{
	g_autofree char *output = NULL;
	g_auto(GStrv) command = NULL;
	gboolean cold = FALSE;
	const GOptionEntry rows[] = {
		{ "output", 'o', 0, G_OPTION_ARG_FILENAME, &output,
		  "write to FILE (default: COMMAND.kmm)", "FILE" },
		{ "cold", 0, 0, G_OPTION_ARG_NONE, &cold,
		  "begin with files that are on disk alone, whatever is cached here", NULL },
		{ G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &command, NULL,
		  "COMMAND [ARGUMENT...]" },
		{ 0 },
	};
	int status;

	if (!options_parse(&kmm_record, rows, &argc, &argv, &status))
		return status;
	if (!command)
		return options_fail(&kmm_record, "there is no command to record", "; see --help");
	return record(command, output, cold);
}
