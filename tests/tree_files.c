// SPDX-License-Identifier: GPL-2.0-or-later
/* Plain C over the tree's own interface; failing to boot is for the test to see. */
#include "tree_files.h"

#include <ctype.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>

#define NODE_2G(n) "[node " n "]\ncpus = " n "\nmemory = 2G\n"

const struct shape shapes[] = {
	{ "6.1/4G-2node", "[machine]\narch = x86_64\nrelease = 6.1\nplatform = pc\n"
	  "cmdline = console=ttyS0\n" NODE_2G("0") NODE_2G("1") },
	{ "6.18/4G-2node", "[machine]\narch = x86_64\nrelease = 6.18\nplatform = pc\n"
	  "cmdline = console=ttyS0\n" NODE_2G("0") NODE_2G("1") },
	{ "6.18/2G-2node-memoryless", "[machine]\narch = x86_64\nrelease = 6.18\n"
	  "platform = pc\ncmdline = quiet\n" NODE_2G("0") "[node 1]\ncpus = 1\n" },
	{ "6.1/i386-1G", "[machine]\narch = i386\nrelease = 6.1\nplatform = pc\n"
	  "[node 0]\ncpus = 0-1\nmemory = 1G\n" },
	{ "6.1/i386pae-1G", "[machine]\narch = i386-pae\nrelease = 6.1\nplatform = pc\n"
	  "[node 0]\ncpus = 0-1\nmemory = 1G\n" },
};
const unsigned int nr_shapes = ARRAY_SIZE(shapes);

struct tree *shape_boot(const struct shape *shape)
{
	struct machine_config *config = NULL;
	struct tree *tree = NULL;
	char *error = NULL;

	if (machine_config_parse(shape->dir, shape->machine, NULL, &config, &error) ||
	    tree_create(config, &tree, &error))
		printf("%s: %s\n", shape->dir, error ? error : "no memory");
	if (!tree)
		machine_config_free(config);
	return tree;
}

void shape_free(struct tree *tree)
{
	const struct machine_config *config;

	if (!tree)
		return;
	config = tree_machine(tree)->config;
	tree_free(tree);
	machine_config_free((struct machine_config *)(uintptr_t)config);
}

static const struct caller nobody = { 0 };

char *tree_text(struct tree *tree, const char *path)
{
	struct handle *handle;
	struct node node;
	char *text = NULL;
	size_t len = 0, room = 4096;
	ssize_t got = 0;

	if (tree_walk(tree, path, nobody, &node) ||
	    tree_open(tree, node, nobody, O_RDONLY, &handle))
		return NULL;
	do {
		char *more = realloc(text, room += room);

		if (!more)
			break;
		text = more;
		got = handle_read(handle, len, text + len, room - len - 1);
		len += MAX(got, 0);
	} while (got > 0);
	handle_release(handle);
	if (text && got >= 0) {
		text[len] = '\0';
		return text;
	}
	free(text);
	return NULL;
}

int tree_write(struct tree *tree, const char *path, const char *text)
{
	struct handle *handle;
	struct node node;
	ssize_t ret;
	int err = tree_walk(tree, path, nobody, &node);

	if (!err)
		err = tree_open(tree, node, nobody, O_WRONLY | O_TRUNC, &handle);
	if (err)
		return err;
	ret = handle_write(handle, 0, text, strlen(text));
	handle_release(handle);
	return ret < 0 ? (int)ret : 0;
}

/* The next character of the shape; *text moves on. 0 at the end. */
static char squeezed(const char **text, enum squeeze how)
{
	const char *p = *text;

	if (how == SQUEEZE_COLUMNS) {
		while (*p == ' ')
			p++;
		if (!isdigit((unsigned char)*p))
			p = *text;
	}
	if (!isdigit((unsigned char)*p)) {
		*text = *p ? p + 1 : p;
		return *p;
	}
	while (isdigit((unsigned char)*p))
		p++;
	*text = p;
	return '#';
}

static size_t line_len(const char *line)
{
	return strcspn(line, "\n");
}

static const char *next_line(const char *line)
{
	line += line_len(line);
	return *line ? line + 1 : line;
}

static bool same_line(const char *ours, const char *golden, enum squeeze how)
{
	const char *ours_end = ours + line_len(ours), *golden_end = golden + line_len(golden);

	if (how == SQUEEZE_COLUMNS && ours_end - ours != golden_end - golden)
		return false;
	while (ours < ours_end || golden < golden_end) {
		if (ours >= ours_end || golden >= golden_end ||
		    squeezed(&ours, how) != squeezed(&golden, how))
			return false;
	}
	return true;
}

bool same_shape(const char *what, const char *ours, const char *golden, enum squeeze how)
{
	for (int line = 1; *ours || *golden; line++) {
		if (!same_line(ours, golden, how)) {
			printf("%s:%d\n  ours  '%.*s'\n  kernel's '%.*s'\n", what, line,
			       (int)line_len(ours), ours, (int)line_len(golden), golden);
			return false;
		}
		ours = next_line(ours);
		golden = next_line(golden);
	}
	return true;
}
