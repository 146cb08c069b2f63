/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The table is read whole and cut in place. A line is
 *   ID PARENT MAJOR:MINOR ROOT PATH OPTIONS [TAG...] - TYPE SOURCE OPTIONS
 * with blanks inside a field written as \040. Later lines cover earlier ones.
 */
#include "fs/fuse/mountinfo.h"

#include <glib.h>

/* Turn \ooo into the byte it stands for, in place. */
static void unescape(char *text)
{
	char *to = text;

	for (const char *from = text; *from; to++) {
		if (from[0] == '\\' && g_ascii_isdigit(from[1]) &&
		    g_ascii_isdigit(from[2]) && g_ascii_isdigit(from[3])) {
			*to = (char)((from[1] - '0') << 6 | (from[2] - '0') << 3 |
				     (from[3] - '0'));
			from += 4;
		} else {
			*to = *from++;
		}
	}
	*to = '\0';
}

static char *next_field(char **line)
{
	char *field = *line ? strsep(line, " ") : NULL;

	if (field)
		unescape(field);
	return field;
}

static bool parse_line(char *line, struct mount_entry *entry)
{
	char *field;

	next_field(&line);	/* id */
	next_field(&line);	/* parent */
	entry->device = next_field(&line);
	entry->root = next_field(&line);
	entry->path = next_field(&line);
	do {
		field = next_field(&line);
	} while (field && strcmp(field, "-") != 0);
	entry->type = next_field(&line);
	entry->source = next_field(&line);
	return entry->source != NULL;
}

void mountinfo_parse(struct mountinfo *info, char *text)
{
	char *rest = text, *line;
	unsigned int nr_lines = 0;

	for (const char *c = text; *c; c++)
		nr_lines += *c == '\n';
	*info = (struct mountinfo){ .text = text };
	info->entries = g_new0(struct mount_entry, nr_lines + 1);
	while ((line = strsep(&rest, "\n")))
		info->nr += parse_line(line, &info->entries[info->nr]);
}

int mountinfo_read(struct mountinfo *info)
{
	char *text;

	*info = (struct mountinfo){ 0 };
	if (!g_file_get_contents("/proc/self/mountinfo", &text, NULL, NULL))
		return -ENOENT;
	mountinfo_parse(info, text);
	return 0;
}

void mountinfo_free(struct mountinfo *info)
{
	g_free(info->entries);
	g_free(info->text);
	*info = (struct mountinfo){ 0 };
}

bool path_below(const char *path, const char *folder)
{
	size_t len = strlen(folder);

	if (len && folder[len - 1] == '/')	/* the root */
		return true;
	return !strncmp(path, folder, len) && (path[len] == '/' || path[len] == '\0');
}

const struct mount_entry *mountinfo_find(const struct mountinfo *info, const char *path)
{
	for (unsigned int i = info->nr; i-- > 0;)
		if (!strcmp(info->entries[i].path, path))
			return &info->entries[i];
	return NULL;
}

const struct mount_entry *mountinfo_holding(const struct mountinfo *info, const char *path)
{
	const struct mount_entry *best = NULL;

	for (unsigned int i = 0; i < info->nr; i++) {
		const struct mount_entry *entry = &info->entries[i];

		if (path_below(path, entry->path) &&
		    (!best || strlen(entry->path) >= strlen(best->path)))
			best = entry;
	}
	return best;
}

bool mount_entry_is_kmmfs(const struct mount_entry *entry)
{
	return !strcmp(entry->type, KMMFS_TYPE) ||
	       (g_str_has_prefix(entry->type, "fuse") && !strcmp(entry->source, KMMFS_SOURCE));
}
