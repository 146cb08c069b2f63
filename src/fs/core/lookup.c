// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * From names to nodes: one step (tree_lookup) and whole paths with links followed
 * (tree_walk). The first row that knows a name has it; a family's find() may know
 * names that are not listed.
 */
#include "fs/core/tree_struct.h"

#include <stdlib.h>

#define MAX_LINKS 16	/* followed in one walk */
#define MAX_PATH 4096

/* What a missing name of this directory answers. */
static int row_missing(const struct row *dir)
{
	return dir->domain == DOMAIN_SYS || dir->domain == DOMAIN_SIM ? -EACCES : -ENOENT;
}

static bool row_child(const struct row *row, unsigned int index, const struct view *view,
		      const char *name, struct node *node)
{
	u32 id;

	if (row->kind != ROW_EACH) {
		if (strcmp(row->entry->name, name))
			return false;
		node->row = index;
		return true;
	}
	if (!container_of(row->entry, struct each, entry)->find(view, name, &id))
		return false;
	node->row = index;
	node->id[row->nr_ids - 1] = id;
	return true;
}

int node_child(struct tree *tree, struct node parent, const char *name,
	       struct caller caller, struct node *node)
{
	const struct row *dir;
	struct view view;
	int err = node_view(tree, parent, caller, &view);

	if (err)
		return err;
	dir = tree_row(tree, parent);
	if (!S_ISDIR(dir->entry->mode))
		return -ENOTDIR;
	*node = parent;
	if (!strcmp(name, "."))
		return 0;
	if (!strcmp(name, "..")) {
		*node = node_parent(tree, parent);
		return 0;
	}
	for (unsigned int i = 0; i < dir->nr_children; i++) {
		unsigned int index = dir->first_child + i;
		const struct row *row = &tree->rows[index];

		if (row_visible(&view, row) && row_child(row, index, &view, name, node))
			return 0;
	}
	if (row_recurs(dir) && row_child(dir, parent.row, &view, name, node))
		return 0;
	return -ENOENT;
}

int tree_lookup(struct tree *tree, struct node parent, const char *name,
		struct caller caller, struct node *node)
{
	int err;

	tree_lock_read(tree);
	err = node_child(tree, parent, name, caller, node);
	tree_unlock(tree);
	return err;
}

bool tree_never(struct tree *tree, struct node parent, const char *name)
{
	const struct row *dir;

	if (parent.row >= tree->nr_rows)
		return false;
	dir = tree_row(tree, parent);
	if (!row_is_process(dir) || !S_ISDIR(dir->entry->mode))
		return false;
	for (unsigned int i = 0; i < dir->nr_children; i++) {
		const struct row *row = &tree->rows[dir->first_child + i];

		if (row->kind == ROW_EACH || !strcmp(row->entry->name, name))
			return false;
	}
	return true;
}

/* The text of a link (lock held). */
static int link_text(struct tree *tree, struct node node, struct caller caller,
		     struct out *target)
{
	struct view view;
	int err = node_view(tree, node, caller, &view);

	if (err)
		return err;
	if (!S_ISLNK(view.entry->mode) || !view.entry->show)
		return -EINVAL;
	err = view.entry->show(target, &view);
	return err ? err : out_error(target);
}

int tree_readlink(struct tree *tree, struct node node, struct caller caller,
		  struct out *target)
{
	int err;

	tree_lock_read(tree);
	err = link_text(tree, node, caller, target);
	tree_unlock(tree);
	return err;
}

/*
 * Put the target of a link in front of the rest of a path. What the links of a
 * host entry name (exe, fd/3) lies outside of the tree.
 */
static int splice(struct tree *tree, struct node link, struct caller caller,
		  char path[MAX_PATH], const char *rest)
{
	struct out text = OUT_INIT;
	int err = tree_row(tree, link)->host ? -ENOENT : link_text(tree, link, caller, &text);

	if (!err) {
		out_printf(&text, "/%s", rest);
		err = out_error(&text);
	}
	if (!err && text.len >= MAX_PATH)
		err = -ENAMETOOLONG;
	if (!err)
		memcpy(path, text.text, text.len + 1);
	out_free(&text);
	return err;
}

static int walk(struct tree *tree, char path[MAX_PATH], struct caller caller,
		struct node *node)
{
	struct node at = NODE_ROOT;
	unsigned int nr_links = 0;
	char *next = path;
	int err;

	while (*(next += strspn(next, "/"))) {
		size_t len = strcspn(next, "/");
		bool last = !next[len];
		char name[256];
		struct node child;

		if (len >= sizeof(name))
			return -ENAMETOOLONG;
		memcpy(name, next, len);
		name[len] = '\0';
		err = node_child(tree, at, name, caller, &child);
		if (err)
			return err;
		next += last ? len : len + 1;
		if (!S_ISLNK(tree_row(tree, child)->entry->mode)) {
			at = child;
			continue;
		}
		if (++nr_links > MAX_LINKS)
			return -ELOOP;
		err = splice(tree, child, caller, path, next);
		if (err)
			return err;
		next = path;
		if (*path == '/')
			at = NODE_ROOT;
	}
	*node = at;
	return 0;
}

int tree_walk(struct tree *tree, const char *path, struct caller caller,
	      struct node *node)
{
	char *copy;
	int err;

	if (strlen(path) >= MAX_PATH)
		return -ENAMETOOLONG;
	copy = calloc(1, MAX_PATH);
	if (!copy)
		return -ENOMEM;
	memcpy(copy, path, strlen(path));
	tree_lock_read(tree);
	err = walk(tree, copy, caller, node);
	tree_unlock(tree);
	free(copy);
	return err;
}

int tree_create_error(struct tree *tree, struct node parent)
{
	return parent.row < tree->nr_rows ? row_missing(tree_row(tree, parent)) : -ENOENT;
}

int tree_make_error(struct tree *tree, struct node parent)
{
	if (parent.row < tree->nr_rows && tree_row(tree, parent)->domain == DOMAIN_SYS)
		return -EPERM;
	return tree_create_error(tree, parent);
}
