// SPDX-License-Identifier: GPL-2.0-or-later
/* kmm-capture: writes a machine file. kmm-capture-machine.c makes it. */
#include <errno.h>
#include <stdio.h>

#include "kmm-capture.h"
#include "options.h"

static int emit(const GString *text, const char *path)
{
	FILE *file = path && strcmp(path, "-") ? fopen(path, "w") : stdout;
	int err = 0;

	if (!file) {
		fprintf(stderr, "kmm-capture: %s: %s\n", path, g_strerror(errno));
		return -errno;
	}
	errno = 0;
	if (fwrite(text->str, 1, text->len, file) != text->len || fflush(file))
		err = errno ? -errno : -EIO;
	if (file != stdout && fclose(file) && !err)
		err = -errno;
	if (err)
		fprintf(stderr, "kmm-capture: %s: %s\n", path ? path : "standard output",
			g_strerror(-err));
	return err;
}

static int run(const char *from, const char *output)
{
	GString *text;
	int err;

	if (from && !g_file_test(from, G_FILE_TEST_IS_DIR)) {
		fprintf(stderr, "kmm-capture: %s: not a directory\n", from);
		return -ENOTDIR;
	}
	text = g_string_new(NULL);
	err = capture_machine(from, text);
	if (!err)
		err = emit(text, output);
	g_string_free(text, TRUE);
	return err;
}

static const struct program program = {
	.name = "kmm-capture",
	.summary =
		"Writes a machine file: boot it with `kmmfs FILE MOUNTPOINT` or `kmm-run -m FILE`.\n"
		"What cannot be read (the log and addresses need privileges) is worked out or\n"
		"left out, and noted at the head of the file.",
};

int main(int argc, char **argv)
{
	g_autofree char *from = NULL, *output = NULL;
	const GOptionEntry rows[] = {
		{ "from", 0, 0, G_OPTION_ARG_FILENAME, &from,
		  "read DIR/proc/..., DIR/sys/... and DIR/dmesg instead of this machine's", "DIR" },
		{ "output", 'o', 0, G_OPTION_ARG_FILENAME, &output,
		  "write FILE instead of standard output", "FILE" },
		{ 0 }
	};
	int status;

	if (!options_parse(&program, rows, &argc, &argv, &status))
		return status;
	if (argc > 1)
		return options_fail(&program, "unexpected argument: ", argv[1]);
	return run(from, output) ? 1 : 0;
}
