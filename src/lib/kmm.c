// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The library's functions are those of the tree, with texts instead of our own types
 * and one place for the sentence of a failure. What is exported is in libkmm.map.
 */
#include "kmm/kmm.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <glib.h>

#include "config.h"
#include "fs/core/tree.h"
#include "sim/base/bug.h"
#include "sim/boot/config.h"

struct kmm {
	struct machine_config *config;
	struct tree *tree;
	struct out sentence;
};

static const struct caller me = { 0 };

const char *kmm_version(void)
{
	return PACKAGE_VERSION;
}

const char *kmm_shipped(unsigned int i, const char **help)
{
	if (i >= nr_shipped_machines)
		return NULL;
	if (help)
		*help = shipped_machines[i].help;
	return shipped_machines[i].name;
}

/* The config's errors are GLib's; ours are malloc's. */
static void hand_over(char *from, char **error)
{
	if (error)
		*error = from ? strdup(from) : NULL;
}

static int boot(struct machine_config *config, struct kmm **kmm, char **error)
{
	struct kmm *new = calloc(1, sizeof(*new));
	char *sentence = NULL;
	int err = new ? 0 : -ENOMEM;

	if (!err) {
		stack_trace_init();
		new->config = config;
		err = tree_create(config, &new->tree, &sentence);
	}
	if (err) {
		hand_over(sentence, error);
		free(sentence);
		free(new);
		machine_config_free(config);
		return err;
	}
	*kmm = new;
	return 0;
}

int kmm_boot(const char *machine, const char *const *sets, struct kmm **kmm, char **error)
{
	struct machine_config *config;
	char *sentence = NULL;
	int err = machine_config_load(machine ? machine : "pc", sets, &config, &sentence);

	if (!err)
		return boot(config, kmm, error);
	hand_over(sentence, error);
	g_free(sentence);
	return err;
}

int kmm_boot_text(const char *name, const char *text, const char *const *sets,
		  struct kmm **kmm, char **error)
{
	struct machine_config *config;
	char *sentence = NULL;
	int err = machine_config_parse(name, text, sets, &config, &sentence);

	if (!err)
		return boot(config, kmm, error);
	hand_over(sentence, error);
	g_free(sentence);
	return err;
}

void kmm_free(struct kmm *kmm)
{
	if (!kmm)
		return;
	tree_free(kmm->tree);
	machine_config_free(kmm->config);
	out_free(&kmm->sentence);
	free(kmm);
}

const char *kmm_error(const struct kmm *kmm)
{
	return kmm->sentence.len ? kmm->sentence.text : "";
}

static void begin(struct kmm *kmm)
{
	out_clear(&kmm->sentence);
}

/* The sentence of a failure that said nothing itself. */
static int end(struct kmm *kmm, int err, const char *what)
{
	if (err && !kmm->sentence.len)
		out_printf(&kmm->sentence, "%s: %s", what, strerror(-err));
	return err;
}

static int take(struct out *out, char **text)
{
	if (out_error(out)) {
		out_free(out);
		return -ENOMEM;
	}
	*text = out->text ? out->text : strdup("");
	return *text ? 0 : -ENOMEM;
}

/* Does a line say whom it is for, or is it a call on the kernel? */
static bool is_bare(const char *line)
{
	const char *word = line + strspn(line, " \t");
	size_t len = strcspn(word, " \t(");

	if (!*word || *word == '#' || (len && word[len - 1] == ':'))
		return false;
	return strncmp(word, "cat ", 4) && strncmp(word, "mkdir ", 6) &&
	       strncmp(word, "rmdir ", 6);
}

static int run_one(struct kmm *kmm, const char *line, size_t len, struct out *out)
{
	struct out copy = OUT_INIT;
	int err;

	out_printf(&copy, "%.*s", (int)len, line);
	err = out_error(&copy);
	if (!err && is_bare(copy.text ? copy.text : "")) {
		out_clear(&copy);
		out_printf(&copy, "sim/ctl: %.*s", (int)len, line);
		err = out_error(&copy);
	}
	if (!err && copy.len)
		err = tree_run(kmm->tree, copy.text, me, out, &kmm->sentence);
	out_free(&copy);
	return end(kmm, err, "the line");
}

int kmm_run(struct kmm *kmm, const char *lines, char **output, unsigned int *line)
{
	struct out out = OUT_INIT;
	unsigned int nr = 0;
	int err = 0, late;

	begin(kmm);
	while (*lines && !err) {
		size_t len = strcspn(lines, "\n");

		nr++;
		err = run_one(kmm, lines, len, &out);
		lines += len + (lines[len] == '\n');
	}
	if (line)
		*line = nr;
	late = output ? take(&out, output) : 0;
	if (!output)
		out_free(&out);
	return err ? err : end(kmm, late, "the output");
}

static int read_file(struct kmm *kmm, const char *path, struct out *out)
{
	struct handle *handle;
	struct node node;
	char buf[16384];
	ssize_t n;
	int err = tree_walk(kmm->tree, path, me, &node);

	if (!err)
		err = tree_open(kmm->tree, node, me, O_RDONLY, &handle);
	if (err)
		return err;
	while ((n = handle_read(handle, out->len, buf, sizeof(buf))) > 0)
		out_write(out, buf, n);
	handle_release(handle);
	return n < 0 ? (int)n : 0;
}

int kmm_read(struct kmm *kmm, const char *path, char **text, size_t *len)
{
	struct out out = OUT_INIT;
	int err;

	begin(kmm);
	err = read_file(kmm, path, &out);
	if (err) {
		out_free(&out);
		return end(kmm, err, path);
	}
	if (len)
		*len = out.len;
	return end(kmm, take(&out, text), path);
}

int kmm_write(struct kmm *kmm, const char *path, const char *text)
{
	struct handle *handle;
	struct node node;
	int err;

	begin(kmm);
	err = tree_walk(kmm->tree, path, me, &node);
	if (!err)
		err = tree_open(kmm->tree, node, me, O_WRONLY, &handle);
	if (!err) {
		ssize_t n = handle_echo(handle, text, strlen(text));

		handle_release(handle);
		err = n < 0 ? (int)n : 0;
	}
	return end(kmm, err, path);
}

struct visit {
	int (*visit)(const char *name, void *data);
	void *data;
	int result;
};

static bool visit_name(void *arg, const char *name, struct node node, mode_t mode,
		       u64 next_cookie)
{
	struct visit *visit = arg;

	(void)node, (void)mode, (void)next_cookie;
	if (strcmp(name, ".") && strcmp(name, ".."))
		visit->result = visit->visit(name, visit->data);
	return !visit->result;
}

int kmm_list(struct kmm *kmm, const char *path, int (*visit)(const char *name, void *data),
	     void *data)
{
	struct visit all = { .visit = visit, .data = data };
	struct node node;
	int err;

	begin(kmm);
	err = tree_walk(kmm->tree, path, me, &node);
	if (!err)
		err = tree_readdir(kmm->tree, node, me, 0, visit_name, &all);
	return err ? end(kmm, err, path) : all.result;
}

/* The number of the line that begins with `name` and ':' or a blank. */
static int find_figure(const char *text, const char *name, uint64_t *value)
{
	const size_t len = strlen(name);

	for (const char *p = text; *p; p += strcspn(p, "\n"), p += *p == '\n') {
		char *stop;

		p += strspn(p, " \t");
		if (strncmp(p, name, len) || !strchr(": \t", p[len]))
			continue;
		*value = strtoull(p + len + strspn(p + len, ": \t"), &stop, 0);
		return stop == p + len + strspn(p + len, ": \t") ? -EINVAL : 0;
	}
	return -ENOENT;
}

int kmm_figure(struct kmm *kmm, const char *path, const char *name, uint64_t *value)
{
	char *text;
	int err = kmm_read(kmm, path, &text, NULL);

	if (err)
		return err;
	err = find_figure(text, name, value);
	free(text);
	if (err)
		out_printf(&kmm->sentence, err == -ENOENT ? "%s has no figure %s" :
							    "%s: %s is not a number", path, name);
	return err;
}

int kmm_digest(struct kmm *kmm, char digest[65])
{
	char *text;
	int err = kmm_read(kmm, "sim/digest", &text, NULL);

	if (err)
		return err;
	snprintf(digest, 65, "%.*s", (int)strcspn(text, " \n"), text);
	free(text);
	return 0;
}

int kmm_check(struct kmm *kmm, char **report)
{
	unsigned int nr = 0;
	char *text;
	int err = kmm_read(kmm, "sim/check", &text, NULL);

	if (err)
		return err;
	if (sscanf(text, "broken %u", &nr) != 1 && strncmp(text, "clean", 5))
		err = end(kmm, -EIO, "sim/check");
	if (report)
		*report = text;
	else
		free(text);
	return err ? err : (int)nr;
}

uint64_t kmm_history(struct kmm *kmm)
{
	return tree_history(kmm->tree);
}
