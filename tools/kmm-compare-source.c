// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A source is a directory that looks like / (the host, a mount, a capture) or a machine
 * that this process boots. A capture may also be one file: an archive that tar reads,
 * or texts behind lines "==> PATH <==" as head, tail and kmm-run print them; it is
 * unpacked into a directory of its own first.
 */
#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kmm-capture.h"
#include "kmm-compare.h"
#include "options.h"

#define MAX_CAPTURE_BYTES (256U << 20)	/* what has no end is none */

static int fail(const char *name, const char *why)
{
	fprintf(stderr, "kmm-compare: %s: %s\n", name, why);
	return EXIT_USAGE;
}

static char *full_path(const struct source *source, const char *path)
{
	return g_build_filename(source->root, path, NULL);
}

/* A file of sysfs may be there and not be readable: its own errno says so. */
static int read_file(const char *path, char **text)
{
	GString *all = g_string_new(NULL);
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK), err = fd < 0 ? -errno : 0;
	char buf[16384];
	ssize_t n = 0;

	while (!err && (n = read(fd, buf, sizeof(buf))) > 0) {
		g_string_append_len(all, buf, n);
		err = all->len > MAX_CAPTURE_BYTES ? -EFBIG : 0;
	}
	if (!err && n < 0)
		err = -errno;
	if (fd >= 0)
		close(fd);
	*text = g_string_free(all, err != 0);
	return err;
}

/* What is no text says so by '?': figures go to terminals, and into JSON. */
static void make_printable(char *text)
{
	const bool valid = g_utf8_validate(text, -1, NULL);

	for (unsigned char *p = (unsigned char *)text; *p; p++) {
		if ((*p < ' ' && *p != '\n' && *p != '\t') || *p == 0x7f || (*p > 0x7f && !valid))
			*p = '?';
	}
}

static const struct caller me = { 0 };

static int read_tree(struct tree *tree, const char *path, char **text)
{
	GString *all = g_string_new(NULL);
	struct handle *handle;
	struct node node;
	char buf[16384];
	ssize_t n = 0;
	int err = tree_walk(tree, path, me, &node);

	if (!err)
		err = tree_open(tree, node, me, O_RDONLY, &handle);
	if (!err) {
		while ((n = handle_read(handle, all->len, buf, sizeof(buf))) > 0)
			g_string_append_len(all, buf, n);
		handle_release(handle);
		err = n < 0 ? (int)n : 0;
	}
	*text = g_string_free(all, err != 0);
	return err;
}

int source_read(const struct source *source, const char *path, char **text)
{
	g_autofree char *full = NULL;
	int err;

	*text = NULL;
	if (source->tree)
		return read_tree(source->tree, path, text);
	full = full_path(source, path);
	err = read_file(full, text);
	if (!err)
		make_printable(*text);
	return err;
}

static bool fill_name(void *arg, const char *name, struct node node, mode_t mode, u64 cookie)
{
	(void)node, (void)mode, (void)cookie;
	if (strcmp(name, ".") && strcmp(name, ".."))
		g_ptr_array_add(arg, g_strdup(name));
	return true;
}

void source_list(const struct source *source, const char *dir, GPtrArray *names)
{
	g_autofree char *full = source->tree ? NULL : full_path(source, dir);
	struct node node;
	const char *name;
	GDir *entries;

	if (source->tree) {
		if (!tree_walk(source->tree, dir, me, &node) &&
		    tree_readdir(source->tree, node, me, 0, fill_name, names))
			return;
		return;
	}
	entries = g_dir_open(full, 0, NULL);
	while (entries && (name = g_dir_read_name(entries)))
		g_ptr_array_add(names, g_strdup(name));
	if (entries)
		g_dir_close(entries);
}

static void remove_all(const char *path)
{
	GDir *entries = g_file_test(path, G_FILE_TEST_IS_SYMLINK) ? NULL :
								    g_dir_open(path, 0, NULL);
	const char *name;

	while (entries && (name = g_dir_read_name(entries))) {
		g_autofree char *entry = g_build_filename(path, name, NULL);

		remove_all(entry);
	}
	if (entries)
		g_dir_close(entries);
	g_remove(path);
}

void source_free(struct source *source)
{
	tree_free(source->tree);
	if (source->config)
		machine_config_free(source->config);
	if (source->temporary)
		remove_all(source->temporary);
	g_free(source->temporary);
	g_free(source->root);
	g_free(source->label);
	g_free(source->what);
	*source = (struct source){ 0 };
}

/* A name that stays below the directory that it is unpacked to. */
static bool is_inside(const char *path)
{
	g_auto(GStrv) parts = g_strsplit(path, "/", -1);

	for (char **part = parts; *part; part++) {
		if (!strcmp(*part, ".."))
			return false;
	}
	return *path;
}

static bool write_text(const char *dir, const char *path, const GString *text)
{
	g_autofree char *full = g_build_filename(dir, path, NULL);
	g_autofree char *parent = g_path_get_dirname(full);
	gsize len = text->len;

	/* Behind a text that another follows stands a line that is not its own. */
	if (len > 1 && text->str[len - 1] == '\n' && text->str[len - 2] == '\n')
		len--;
	return !g_mkdir_with_parents(parent, 0700) &&
	       g_file_set_contents(full, text->str, (gssize)len, NULL);
}

/* "==> /proc/meminfo <==" and what follows it. */
static bool unpack_texts(const char *text, const char *dir)
{
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
	g_autofree char *path = NULL;
	GString *body = g_string_new(NULL);
	unsigned int nr = 0;
	bool ok = true;

	for (char **line = lines; ok && *line; line++) {
		const size_t len = strlen(*line);

		if (!g_str_has_prefix(*line, "==> ") || !g_str_has_suffix(*line, " <==") ||
		    len < strlen("==> x <==")) {
			if (**line || line[1])
				g_string_append_printf(body, "%s\n", *line);
			continue;
		}
		ok = !path || write_text(dir, path, body);
		g_free(path);
		path = g_strndup(*line + 4, len - 8);
		ok = ok && is_inside(path);
		g_string_truncate(body, 0);
		nr++;
	}
	ok = ok && path && write_text(dir, path, body);
	g_string_free(body, TRUE);
	return ok && nr;
}

static bool unpack_archive(const char *file, const char *dir)
{
	const char *argv[] = { "tar", "-xf", file, "-C", dir, NULL };
	int status = -1;

	return g_spawn_sync(NULL, (char **)argv, NULL,
			    G_SPAWN_SEARCH_PATH | G_SPAWN_STDERR_TO_DEV_NULL, NULL, NULL, NULL,
			    NULL, &status, NULL) &&
	       status == 0;
}

static bool has_proc(const char *dir)
{
	g_autofree char *proc = g_build_filename(dir, "proc", NULL);

	return g_file_test(proc, G_FILE_TEST_IS_DIR);
}

/* The directory itself, or the only one in it: archives often have one more. NULL: neither. */
static char *root_of(const char *dir)
{
	GDir *entries = g_dir_open(dir, 0, NULL);
	g_autofree char *found = NULL;
	unsigned int nr = 0;
	const char *name;

	if (has_proc(dir)) {
		if (entries)
			g_dir_close(entries);
		return g_strdup(dir);
	}
	while (entries && (name = g_dir_read_name(entries))) {
		g_autofree char *entry = g_build_filename(dir, name, NULL);

		if (!has_proc(entry))
			continue;
		nr++;
		g_free(found);
		found = g_steal_pointer(&entry);
	}
	if (entries)
		g_dir_close(entries);
	return nr == 1 ? g_steal_pointer(&found) : NULL;
}

static int unpack(const char *file, struct source *source)
{
	g_autofree char *text = NULL;
	int err = read_file(file, &text);

	if (err)
		return fail(file, g_strerror(-err));
	source->temporary = g_dir_make_tmp("kmm-compare-XXXXXX", NULL);
	if (!source->temporary)
		return fail(file, "no temporary directory can be made");
	if (g_str_has_prefix(text, "==> ") ? !unpack_texts(text, source->temporary) :
					     !unpack_archive(file, source->temporary))
		return fail(file, "neither texts behind lines `==> PATH <==' nor an archive that "
				  "tar unpacks");
	return 0;
}

int source_real(const char *real, struct source *source)
{
	*source = (struct source){ .label = g_strdup("real") };
	if (!real) {
		source->root = g_strdup("/");
		source->whole = true;
		source->what = g_strdup("/proc and /sys of this host");
		return 0;
	}
	if (!g_file_test(real, G_FILE_TEST_IS_DIR) && unpack(real, source))
		return EXIT_USAGE;
	source->root = root_of(source->temporary ? source->temporary : real);
	if (!source->root)
		return fail(real, "has no directory proc (or several have)");
	source->what = g_strdup(real);
	return 0;
}

int source_mount(const char *mountpoint, struct source *source)
{
	*source = (struct source){
		.label = g_strdup("ours"), .root = g_strdup(mountpoint), .whole = true,
		.what = g_strdup_printf("the machine at %s", mountpoint),
	};
	return has_proc(mountpoint) ? 0 : fail(mountpoint, "nothing is mounted there: no proc");
}

static int boot(struct source *source)
{
	char *error = NULL;
	int err = tree_create(source->config, &source->tree, &error);

	if (err)
		fail("the machine does not boot", error ? error : g_strerror(-err));
	free(error);
	return err ? EXIT_USAGE : 0;
}

int source_machine(const char *name, const char *const *sets, struct source *source)
{
	char *error = NULL;

	*source = (struct source){
		.label = g_strdup("ours"), .whole = true,
		.what = g_strdup_printf("machine %s, just booted", name),
	};
	if (machine_config_load(name, sets, &source->config, &error)) {
		fprintf(stderr, "kmm-compare: %s\n", error ? error : "no memory");
		g_free(error);
		return EXIT_USAGE;
	}
	return boot(source);
}

int source_captured(const struct source *real, const char *const *sets, struct source *source)
{
	GString *text = g_string_new(NULL);
	char *error = NULL;
	int err;

	*source = (struct source){
		.label = g_strdup("ours"), .whole = true,
		.what = g_strdup("the machine that kmm-capture makes of it, just booted"),
	};
	err = capture_machine(strcmp(real->root, "/") ? real->root : NULL, text);
	if (!err)
		err = machine_config_parse("the captured machine", text->str, sets,
					   &source->config, &error);
	g_string_free(text, TRUE);
	if (error)
		fprintf(stderr, "kmm-compare: %s\n", error);
	g_free(error);
	return err ? EXIT_USAGE : boot(source);
}

static void snapshot_add(struct snapshot *snapshot, const struct source *source,
			 unsigned int row, const char *path)
{
	struct snapshot_file *file = g_new0(struct snapshot_file, 1);

	file->row = row;
	file->path = g_strdup(path);
	file->err = source_read(source, path, &file->text);
	if (!file->err && file_rows[row].hidden && file_rows[row].hidden(file->text)) {
		g_clear_pointer(&file->text, g_free);
		file->err = -EPERM;
	}
	g_ptr_array_add(snapshot->files, file);
}

/* "node2" before "node10". */
static int by_name(const void *left, const void *right)
{
	const char *a = *(char *const *)left, *b = *(char *const *)right;

	return strverscmp(a, b);
}

/* Paths of a row: a part with * is looked up in its directory. */
static void expand(struct snapshot *snapshot, const struct source *source, unsigned int row,
		   const char *begin, const char *rest)
{
	const char *end = strchrnul(rest, '/');
	g_autofree char *part = g_strndup(rest, (size_t)(end - rest));
	GPtrArray *names = g_ptr_array_new_with_free_func(g_free);

	if (strchr(part, '*')) {
		source_list(source, begin, names);
		g_ptr_array_sort(names, by_name);
	} else {
		g_ptr_array_add(names, g_strdup(part));
	}
	for (unsigned int i = 0; i < names->len; i++) {
		const char *name = g_ptr_array_index(names, i);
		g_autofree char *path = g_strdup_printf("%s%s%s", begin, *begin ? "/" : "", name);

		if (!g_pattern_match_simple(part, name) ||
		    (file_rows[row].numbers && strchr(part, '*') &&
		     name[strspn(name, "0123456789")]))
			continue;
		if (*end)
			expand(snapshot, source, row, path, end + 1);
		else
			snapshot_add(snapshot, source, row, path);
	}
	g_ptr_array_free(names, TRUE);
}

static void free_file(void *data)
{
	struct snapshot_file *file = data;

	g_free(file->path);
	g_free(file->text);
	g_free(file);
}

struct snapshot *snapshot_take(const struct source *source, bool history)
{
	struct snapshot *snapshot = g_new0(struct snapshot, 1);

	snapshot->files = g_ptr_array_new_with_free_func(free_file);
	snapshot->whole = source->whole;
	snapshot->label = g_strdup(source->label);
	for (unsigned int row = 0; row < nr_file_rows; row++) {
		if (file_rows[row].when != (history ? WHEN_REAL : WHEN_HISTORY))
			expand(snapshot, source, row, "", file_rows[row].path);
	}
	return snapshot;
}

void snapshot_free(struct snapshot *snapshot)
{
	if (!snapshot)
		return;
	g_ptr_array_free(snapshot->files, TRUE);
	g_free(snapshot->label);
	g_free(snapshot);
}
