// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Lines without a mount: kmm-run, scenarios, and what a control file is given for
 * other files. A line does what a shell would do through the mount: cat opens and
 * reads, `PATH: LINE` opens and writes. The lock is taken by what is called.
 */
#include <fcntl.h>
#include <stdio.h>

#include "fs/core/call.h"
#include "fs/core/ctl.h"

#define READ_BYTES 65536

/* What one line works on. */
struct run {
	struct tree *tree;
	struct caller caller;
	struct line line;
	char path[LINE_BYTES + 1];
	struct out *out, *sentence;
};

static int complain(struct run *run, int err)
{
	out_quote(run->sentence, run->path, strlen(run->path));
	out_printf(run->sentence, ": %s", strerror(-err));
	return err;
}

static int read_all(struct run *run, struct handle *handle)
{
	char buf[READ_BYTES];
	u64 offset = 0;
	ssize_t n;

	while ((n = handle_read(handle, offset, buf, sizeof(buf))) > 0) {
		out_write(run->out, buf, n);
		offset += n;
	}
	return n < 0 ? (int)n : out_error(run->out);
}

static int run_cat(struct run *run)
{
	struct handle *handle;
	struct node node;
	int err = tree_walk(run->tree, run->path, run->caller, &node);

	if (!err)
		err = tree_open(run->tree, node, run->caller, O_RDONLY, &handle);
	if (err)
		return complain(run, err);
	err = read_all(run, handle);
	handle_release(handle);
	return err ? complain(run, err) : 0;
}

/* A write to a file that is no ctl; its sentence is the tree's last one. */
static int store(struct run *run, struct node node, const char *text, size_t len)
{
	struct handle *handle;
	int err = tree_open(run->tree, node, run->caller, O_WRONLY, &handle);
	ssize_t n;

	if (err)
		return complain(run, err);
	n = handle_echo(handle, text, len);
	handle_release(handle);
	if (n >= 0)
		return 0;
	tree_lock_read(run->tree);
	if (run->tree->last.sentence.len)
		out_puts(run->sentence, run->tree->last.sentence.text);
	tree_unlock(run->tree);
	if (!run->sentence->len)
		return complain(run, n);
	return n;
}

static int run_store(struct run *run, struct node node)
{
	struct words expected;
	char result[32] = "0";
	size_t len = line_store(run->line.text, run->line.len, &expected);
	int err = store(run, node, run->line.text, len);

	if (err)
		snprintf(result, sizeof(result), "-1 %s", errno_text(err));
	out_puts(run->out, result);
	if (err && run->sentence->len)
		out_printf(run->out, " (%s)", run->sentence->text);
	out_putc(run->out, '\n');
	return line_judge(&expected, err, 0, run->path, result, run->sentence);
}

static int run_write(struct run *run)
{
	struct tree *tree = run->tree;
	struct node node;
	struct view view;
	int err = tree_walk(tree, run->path, run->caller, &node);

	if (err)
		return complain(run, err);
	if (tree_row(tree, node)->kind != ROW_CTL)
		return run_store(run, node);
	tree_lock_read(tree);
	err = node_view(tree, node, run->caller, &view);
	tree_unlock(tree);
	if (err)
		return complain(run, err);
	return ctl_run(tree, &view, run->line.text, run->line.len, run->out, run->sentence);
}

/* The verb that makes or removes a directory below this one; NULL: none does. */
static const char *directory_verb(struct tree *tree, struct node parent, bool make)
{
	const struct row *dir = tree_row(tree, parent);
	const struct each *each = NULL;

	if (row_recurs(dir))
		each = container_of(dir->entry, struct each, entry);
	for (unsigned int i = 0; !each && i < dir->nr_children; i++) {
		if (row_recurs(&tree->rows[dir->first_child + i]))
			each = container_of(tree->rows[dir->first_child + i].entry,
					    struct each, entry);
	}
	if (!each)
		return NULL;
	return make ? each->make : each->remove;
}

static int call_directory(struct tree *tree, struct node parent, const char *name, bool make,
			  struct caller caller)
{
	const char *verb = directory_verb(tree, parent, make);
	struct out line = OUT_INIT, reply = OUT_INIT, sentence = OUT_INIT;
	int err;

	if (!verb)
		return make ? tree_make_error(tree, parent) : -EPERM;
	out_printf(&line, "%s \"", verb);
	tree_lock_read(tree);
	node_path(tree, parent, &line);
	tree_unlock(tree);
	out_printf(&line, "/%s\"", name);
	out_putc(&line, '\0');
	err = out_error(&line);
	if (!err)
		err = tree_run(tree, line.text, caller, &reply, &sentence);
	out_free(&line);
	out_free(&reply);
	out_free(&sentence);
	return err;
}

int tree_mkdir(struct tree *tree, struct node parent, const char *name,
	       struct caller caller, struct node *node)
{
	int err = tree_lookup(tree, parent, name, caller, node) ?
		call_directory(tree, parent, name, /* make = */ true, caller) : -EEXIST;

	return err ? err : tree_lookup(tree, parent, name, caller, node);
}

int tree_rmdir(struct tree *tree, struct node parent, const char *name,
	       struct caller caller)
{
	struct node node;
	int err = tree_lookup(tree, parent, name, caller, &node);

	return err ? err : call_directory(tree, parent, name, /* make = */ false, caller);
}

/* What no call makes or removes: the errno is the place's. */
static int run_directory(struct run *run)
{
	char *slash = strrchr(run->path, '/');
	const char *name = slash ? slash + 1 : run->path;
	struct node node;
	int there = tree_walk(run->tree, run->path, run->caller, &node), err;

	if (run->line.kind == LINE_MKDIR && !there)
		return complain(run, -EEXIST);
	if (run->line.kind == LINE_RMDIR && there)
		return complain(run, there);
	if (slash)
		*slash = '\0';
	err = tree_walk(run->tree, slash ? run->path : "", run->caller, &node);
	if (slash)
		*slash = '/';
	if (!err)
		err = call_directory(run->tree, node, name, run->line.kind == LINE_MKDIR,
				     run->caller);
	return err ? complain(run, err) : 0;
}

static int too_long(struct out *sentence)
{
	out_printf(sentence, "a line has at most %u bytes", LINE_BYTES);
	return -E2BIG;
}

int tree_run(struct tree *tree, const char *text, struct caller caller, struct out *out,
	     struct out *sentence)
{
	struct run run = {
		.tree = tree, .caller = caller, .out = out, .sentence = sentence,
	};
	size_t len = strlen(text);
	int err;

	while (len && text[len - 1] == '\n')
		len--;
	if (len > 2 * LINE_BYTES)
		return too_long(sentence);
	err = line_parse(text, len, &run.line, sentence);
	if (err || run.line.kind == LINE_EMPTY)
		return err;
	if (run.line.kind == LINE_CALL)
		run.line.path = (struct word){ "sim/ctl", 7, false };
	if (run.line.path.len > LINE_BYTES)
		return too_long(sentence);
	memcpy(run.path, run.line.path.text, run.line.path.len);
	run.path[run.line.path.len] = '\0';
	switch (run.line.kind) {
	case LINE_CAT:
		return run_cat(&run);
	case LINE_MKDIR:
	case LINE_RMDIR:
		return run_directory(&run);
	default:
		return run_write(&run);
	}
}
