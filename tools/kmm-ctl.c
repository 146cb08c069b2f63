// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * kmm-ctl: one call on a mounted machine. It opens the target's ctl, writes the line,
 * reads the reply from the same open file and prints the bare result. Without -m and
 * $KMM_MOUNT the mount is the one that /proc/self/mountinfo lists, if it is one.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "options.h"

#define REPLY_BYTES 8192

static const struct program program = {
	.name = "kmm-ctl",
	.summary = "Make one call on a mounted machine and print its result. TARGET is sim, "
		   "cpu/N, a pid, or a name.",
	.description = "Exit status: 0 when the call succeeded, 1 when it failed, 2 for wrong "
		       "usage.\n",
	/* "free_pages -1": what begins with '-' behind TARGET is no option. */
	.posix = true,
};

/* \040 and its like, as mountinfo writes blanks. */
static void unescape(char *text)
{
	char *to = text;

	for (const char *p = text; *p; p++) {
		if (p[0] == '\\' && p[1] >= '0' && p[1] <= '3' && p[2] && p[3]) {
			*to++ = (char)((p[1] - '0') << 6 | (p[2] - '0') << 3 | (p[3] - '0'));
			p += 3;
		} else {
			*to++ = *p;
		}
	}
	*to = '\0';
}

/* The mount point of a mountinfo line that is a whole kmmfs, or NULL. */
static char *mount_of(char *line)
{
	char *type = strstr(line, " - "), *root = line, *point;

	if (!type || strncmp(type + 3, "fuse.kmmfs ", 11))
		return NULL;
	for (int i = 0; i < 3 && root; i++)
		root = strchr(root + 1, ' ');
	if (!root || strncmp(root, " / ", 3))
		return NULL;	/* a bind mount of a part */
	point = root + 3;
	*strchrnul(point, ' ') = '\0';
	unescape(point);
	return point;
}

/* The only kmmfs there is. NULL with *nr = how many there are. */
static char *find_mount(unsigned int *nr)
{
	FILE *file = fopen("/proc/self/mountinfo", "re");
	char *line = NULL, *found = NULL;
	size_t room = 0;

	*nr = 0;
	while (file && getline(&line, &room, file) > 0) {
		char *point = mount_of(line);

		if (!point)
			continue;
		g_free(found);
		found = g_strdup(point);
		++*nr;
	}
	free(line);
	if (file)
		fclose(file);
	if (*nr == 1)
		return found;
	g_free(found);
	return NULL;
}

/* sim, cpu/N, a pid, or a name that a script gave. */
static char *ctl_path(const char *mount, const char *target)
{
	size_t digits = strspn(target, "0123456789");

	if (!strcmp(target, "sim"))
		return g_strdup_printf("%s/sim/ctl", mount);
	if (!strncmp(target, "cpu/", 4))
		return g_strdup_printf("%s/sim/%s/ctl", mount, target);
	if (digits && !target[digits])
		return g_strdup_printf("%s/proc/%s/ctl", mount, target);
	if (!strncmp(target, "sim/", 4) || !strncmp(target, "proc/", 5))
		return g_strdup_printf("%s/%s/ctl", mount, target);
	return g_strdup_printf("%s/sim/as/%s/ctl", mount, target);
}

/* "-1 EINVAL (page 0x5 is ...)": the sentence goes to standard error. */
static void print_reply(char *reply)
{
	char *sentence = strstr(reply, " (");

	reply[strcspn(reply, "\n")] = '\0';
	if (sentence && !strncmp(reply, "-1 ", 3)) {
		*sentence = '\0';
		sentence += 2;
		if (*sentence && sentence[strlen(sentence) - 1] == ')')
			sentence[strlen(sentence) - 1] = '\0';
		puts(reply);
		fflush(stdout);
		fprintf(stderr, "kmm-ctl: %s\n", sentence);
		return;
	}
	puts(reply);
}

static int call(const char *path, const char *line)
{
	char reply[REPLY_BYTES + 1];
	int fd = open(path, O_RDWR | O_CLOEXEC), err = 0;
	size_t len = strlen(line);
	ssize_t n;

	if (fd < 0) {
		fprintf(stderr, "kmm-ctl: %s: %s\n", path, strerror(errno));
		return 1;
	}
	n = write(fd, line, len);
	if (n != (ssize_t)len)
		err = n < 0 ? errno : EIO;
	n = read(fd, reply, REPLY_BYTES);
	if (n > 0) {
		reply[n] = '\0';
		print_reply(reply);
	} else if (err) {
		fprintf(stderr, "kmm-ctl: %s\n", strerror(err));
	}
	close(fd);
	return err ? 1 : 0;
}

/* One call: text that is no comment, and no second line. */
static bool is_call(const char *words)
{
	size_t blanks = strspn(words, " \t");

	return words[blanks] && words[blanks] != '#' && !strchr(words, '\n');
}

/* The words behind TARGET as one line. */
static int run(const char *mount, char **rest)
{
	char *found = NULL, *words = g_strjoinv(" ", rest + 1), *path;
	/* With its end: 4096 bytes without one would wait for more. */
	char *line = g_strconcat(words, "\n", NULL);
	bool one = is_call(words);
	unsigned int nr = 0;
	int status;

	g_free(words);
	if (!one) {
		g_free(line);
		return options_fail(&program, "LINE is not one call", "; see --help");
	}
	if (!mount)
		mount = g_getenv("KMM_MOUNT");
	if (!mount)
		mount = found = find_mount(&nr);
	if (!mount) {
		g_free(line);
		return options_fail(&program, nr ? "several machines are mounted" :
				    "no machine is mounted",
				    ": say which with -m MOUNT or $KMM_MOUNT");
	}
	path = ctl_path(mount, rest[0]);
	status = call(path, line);
	g_free(path);
	g_free(line);
	g_free(found);
	return status;
}

int main(int argc, char **argv)
{
	char *mount = NULL, **rest = NULL;
	const GOptionEntry rows[] = {
		{ "mount", 'm', 0, G_OPTION_ARG_FILENAME, &mount,
		  "where the machine is mounted (default: $KMM_MOUNT, or the only one)", "MOUNT" },
		{ G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_STRING_ARRAY, &rest, NULL,
		  "TARGET LINE" },
		{ 0 },
	};
	int status;

	if (options_parse(&program, rows, &argc, &argv, &status)) {
		if (rest && rest[0] && rest[1])
			status = run(mount, rest);
		else
			status = options_fail(&program, "TARGET and LINE are missing",
					      "; see --help");
	}
	g_free(mount);
	g_strfreev(rest);
	return options_exit_status(&program, status);
}
