// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Listing and attributes. A cookie is the place in the directory from which to go
 * on: 0 is ".", 1 "..", and (i + 1) << 32 | id is the first object of row i whose
 * id is at least `id`; 2 is row 0. Rows do not move and ids ascend, so a cookie
 * means the same after objects came and went.
 */
#include "fs/core/tree_struct.h"

#define COOKIE_ROW_SHIFT 32
#define COOKIE_FIRST 2ULL

static u64 cookie_of(unsigned int row, u32 id)
{
	return (u64)(row + 1) << COOKIE_ROW_SHIFT | id;
}

struct lister {
	struct tree *tree;
	const struct view *view;
	struct node dir;
	tree_fill fill;
	void *arg;
};

/* The objects of a family whose row is `index`, the i-th of the directory. */
static bool list_each(const struct lister *l, unsigned int index, unsigned int i, u32 id)
{
	const struct row *row = &l->tree->rows[index];
	const struct each *each = container_of(row->entry, struct each, entry);
	struct node node = l->dir;

	node.row = (u16)index;
	for (; each->next(l->view, &id); id++) {
		u64 next = id == UINT32_MAX ? cookie_of(i + 1, 0) : cookie_of(i, id + 1);
		char name[64];

		each->name(l->view, id, name);
		node.id[row->nr_ids - 1] = id;
		if (!l->fill(l->arg, name, node, row->entry->mode, next))
			return false;
		if (id == UINT32_MAX)
			break;
	}
	return true;
}

static void list_rows(const struct lister *l, unsigned int first, u32 id)
{
	const struct row *dir = tree_row(l->tree, l->dir);

	for (unsigned int i = first; i < dir->nr_children; i++, id = 0) {
		const struct row *row = &l->tree->rows[dir->first_child + i];
		struct node node = l->dir;

		if (!row_visible(l->view, row))
			continue;
		if (row->kind == ROW_EACH) {
			if (!list_each(l, dir->first_child + i, i, id))
				return;
			continue;
		}
		node.row = dir->first_child + i;
		if (!l->fill(l->arg, row->entry->name, node, row->entry->mode,
			     cookie_of(i + 1, 0)))
			return;
	}
	if (row_recurs(dir))
		list_each(l, l->dir.row, dir->nr_children,
			  first > dir->nr_children ? UINT32_MAX : id);
}

static int list(struct tree *tree, struct node dir, struct caller caller, u64 cookie,
		tree_fill fill, void *arg)
{
	struct view view;
	struct lister l = { tree, &view, dir, fill, arg };
	int err = node_view(tree, dir, caller, &view);
	unsigned int row = 0;
	u32 id = 0;

	if (err)
		return err;
	if (!S_ISDIR(view.entry->mode))
		return -ENOTDIR;
	if (cookie == 0 && !fill(arg, ".", dir, view.entry->mode, 1))
		return 0;
	if (cookie <= 1 && !fill(arg, "..", node_parent(tree, dir), S_IFDIR, COOKIE_FIRST))
		return 0;
	if (cookie > COOKIE_FIRST) {
		row = (cookie >> COOKIE_ROW_SHIFT) - 1;
		id = (u32)cookie;
	}
	list_rows(&l, row, id);
	return 0;
}

int tree_readdir(struct tree *tree, struct node dir, struct caller caller, u64 cookie,
		 tree_fill fill, void *arg)
{
	int err;

	tree_lock_read(tree);
	err = list(tree, dir, caller, cookie, fill, arg);
	tree_unlock(tree);
	return err;
}

static unsigned int count_each(const struct row *row, const struct view *view)
{
	unsigned int nr = 0;
	u32 id = 0;

	while (container_of(row->entry, struct each, entry)->next(view, &id)) {
		nr++;
		if (id++ == UINT32_MAX)
			break;
	}
	return nr;
}

static unsigned int count_dirs(struct tree *tree, const struct row *dir,
			       const struct view *view)
{
	unsigned int nr = row_recurs(dir) ? count_each(dir, view) : 0;

	for (unsigned int i = 0; i < dir->nr_children; i++) {
		const struct row *row = &tree->rows[dir->first_child + i];

		if (S_ISDIR(row->entry->mode) && row_visible(view, row))
			nr += row->kind == ROW_EACH ? count_each(row, view) : 1;
	}
	return nr;
}

/* Names that another object may have soon: tasks, and what the host's caller has. */
static bool names_vanish(const struct row *row)
{
	if (row_is_process(row))
		return false;
	for (unsigned int i = 0; i < row->nr_ids; i++) {
		if (row->slot[i] == V_PID || row->slot[i] == V_TID)
			return true;
	}
	return row->host;
}

/* A process may have gone: then so has its picture. */
static int rendered_size(const struct entry *entry, const struct view *view, u64 *size)
{
	struct out text = OUT_INIT;
	int err = entry->show(&text, view);

	if (!err)
		err = out_error(&text);
	*size = text.len;
	out_free(&text);
	return err;
}

static int getattr(struct tree *tree, struct node node, struct caller caller,
		   struct node_attr *attr)
{
	struct view view;
	int err = node_view(tree, node, caller, &view);
	const struct row *row;

	if (err)
		return err;
	row = tree_row(tree, node);
	if (row_is_process(row))
		shown_add(tree, node);
	*attr = (struct node_attr){
		.mode = row->entry->mode,
		.process = row_is_process(row),
		.nlink = S_ISDIR(row->entry->mode) ? 2 + count_dirs(tree, row, &view) : 1,
		.volatile_name = names_vanish(row) || row->entry->sized,
	};
	return row->entry->sized ? rendered_size(row->entry, &view, &attr->size) : 0;
}

int tree_getattr(struct tree *tree, struct node node, struct caller caller,
		 struct node_attr *attr)
{
	int err;

	tree_lock_read(tree);
	err = getattr(tree, node, caller, attr);
	tree_unlock(tree);
	return err;
}
