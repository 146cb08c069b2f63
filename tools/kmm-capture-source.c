/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where facts come from: files below the root, and the kernel's log. A live host
 * keeps the log behind syslog(2), which may refuse; then dmesg files of /var/log
 * serve if they are of this boot, which their first line tells.
 */
#include <stdlib.h>
#include <sys/klog.h>

#include "kmm-capture.h"

#define SYSLOG_ACTION_READ_ALL 3
#define SYSLOG_ACTION_SIZE_BUFFER 10

char *capture_read(const struct capture *c, const char *path)
{
	g_autofree char *full = g_build_filename(c->root, path, NULL);
	char *text = NULL;
	gsize len;

	if (!g_file_get_contents(full, &text, &len, NULL))
		return NULL;
	/* A machine file is text: what follows a byte 0 cannot be meant. */
	return text;
}

char *capture_read_word(const struct capture *c, const char *path)
{
	char *text = capture_read(c, path);

	return text ? g_strstrip(text) : NULL;
}

bool capture_exists(const struct capture *c, const char *path)
{
	g_autofree char *full = g_build_filename(c->root, path, NULL);

	return g_file_test(full, G_FILE_TEST_EXISTS);
}

void capture_note(struct capture *c, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	g_ptr_array_add(c->notes, g_strdup_vprintf(fmt, args));
	va_end(args);
}

/* "<6>[    0.000000] text", "[    0.000000] text", "... kernel: [ 0.0] text". */
static const char *bare_line(const char *line)
{
	const char *end;

	if (*line != '<' && *line != '[' && (end = strstr(line, " kernel: ")))
		line = end + strlen(" kernel: ");
	if (*line == '<' && (end = strchr(line, '>')))
		line = end + 1;
	if (*line == '[' && (g_ascii_isdigit(line[1]) || line[1] == ' ') &&
	    (end = strchr(line, ']')))
		line = end + (end[1] == ' ' ? 2 : 1);
	return line;
}

static char *read_syslog(void)
{
	int size = klogctl(SYSLOG_ACTION_SIZE_BUFFER, NULL, 0), len;
	char *text;

	if (size <= 0)
		return NULL;
	text = g_malloc0((gsize)size + 1);
	len = klogctl(SYSLOG_ACTION_READ_ALL, text, size);
	if (len <= 0)
		g_clear_pointer(&text, g_free);
	else
		text[len] = '\0';
	return text;
}

static bool is_of_this_boot(const struct capture *c, const char *text)
{
	return c->version && *c->version && strstr(text, c->version);
}

void capture_read_log(struct capture *c)
{
	static const char *const names[] = { "dmesg", "dmesg.txt", "var/log/dmesg" };
	g_autofree char *text = c->live ? read_syslog() : NULL;
	g_auto(GStrv) lines = NULL;

	for (unsigned int i = 0; !text && i < G_N_ELEMENTS(names); i++) {
		text = capture_read(c, names[i]);
		if (text && c->live && !is_of_this_boot(c, text))
			g_clear_pointer(&text, g_free);
	}
	if (!text)
		return;
	lines = g_strsplit(text, "\n", -1);
	for (char **line = lines; *line; line++) {
		g_strchomp(*line);
		g_ptr_array_add(c->dmesg, g_strdup(bare_line(*line)));
	}
}
