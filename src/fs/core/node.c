// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Nodes by value. The packed form is, from bit 0: 14 bits row, 1 bit "wide", then
 * both ids: 24 and 25 bits, or, wide (the first id is a page frame number or so),
 * 32 and 17. One is added, so that the root is inode 1 and nothing is inode 0.
 *
 * A node says where, not whether: node_view() asks each family on the way whether
 * its object is still there.
 */
#include "fs/core/tree_struct.h"

#define WIDE_BIT ROW_BITS
#define IDS_SHIFT (WIDE_BIT + 1)
#define NARROW_BITS 24
#define WIDE_BITS 32

u64 node_to_ino(struct node node)
{
	bool wide = node.id[0] >> NARROW_BITS;
	unsigned int bits = wide ? WIDE_BITS : NARROW_BITS;
	u64 ids = node.id[0] | (u64)node.id[1] << bits;

	return (node.row | (u64)wide << WIDE_BIT | ids << IDS_SHIFT) + 1;
}

struct node node_from_ino(u64 ino)
{
	u64 packed = ino - 1;
	unsigned int bits = packed >> WIDE_BIT & 1 ? WIDE_BITS : NARROW_BITS;
	u64 ids = packed >> IDS_SHIFT;

	return (struct node){
		.row = packed & ((1U << ROW_BITS) - 1),
		.id = { ids & ((1ULL << bits) - 1), ids >> bits },
	};
}

struct node node_parent(const struct tree *tree, struct node node)
{
	const struct row *row = tree_row(tree, node);
	const struct row *parent = &tree->rows[row->parent];
	struct node up = { .row = row->parent };

	for (unsigned int i = 0; i < parent->nr_ids; i++)
		up.id[i] = node.id[i];
	return up;
}

/* Is the object there: listed, or known by its name? */
static bool each_has(const struct each *each, const struct view *view, u32 id)
{
	char name[64];
	u32 found = id;

	if (each->has)
		return each->has(view, id);
	if (each->next(view, &found) && found == id)
		return true;
	each->name(view, id, name);
	return each->find(view, name, &found) && found == id;
}

bool row_visible(const struct view *view, const struct row *row)
{
	if (!span_holds(row->entry->span, view->m->release))
		return false;
	return !row->from || !row->from->visible || row->from->visible(view, row->entry);
}

/* Fill the view from the root down to `row`, whose ids are in node. */
static int view_row(struct tree *tree, struct node node, u16 index, struct view *view)
{
	const struct row *row = &tree->rows[index];
	int err;

	if (!index)
		return 0;
	err = view_row(tree, node, row->parent, view);
	if (err)
		return err;
	if (row->kind == ROW_EACH) {
		const struct each *each = container_of(row->entry, struct each, entry);
		u32 id = node.id[row->nr_ids - 1];

		if (!row_visible(view, row) || !each_has(each, view, id))
			return -ENOENT;
		view->id[each->slot] = id;
		return 0;
	}
	return row_visible(view, row) ? 0 : -ENOENT;
}

int node_view(struct tree *tree, struct node node, struct caller caller,
	      struct view *view)
{
	if (node.row >= tree->nr_rows)
		return -ENOENT;
	*view = (struct view){
		.m = tree->machine,
		.tree = tree,
		.entry = tree_row(tree, node)->entry,
		.caller = caller.pid,
		.ino = node_to_ino(node),
	};
	return view_row(tree, node, node.row, view);
}

static void path_row(struct tree *tree, struct node node, struct view *view, u16 index,
		     struct out *out)
{
	const struct row *row = &tree->rows[index];
	const struct each *each;
	char name[64];

	if (!index)
		return;
	path_row(tree, node, view, row->parent, out);
	if (row->parent)
		out_putc(out, '/');
	if (row->kind != ROW_EACH) {
		out_puts(out, row->entry->name);
		return;
	}
	each = container_of(row->entry, struct each, entry);
	if (each->path) {
		each->path(view, node.id[row->nr_ids - 1], out);
		view->id[row->slot[row->nr_ids - 1]] = node.id[row->nr_ids - 1];
		return;
	}
	each->name(view, node.id[row->nr_ids - 1], name);
	view->id[row->slot[row->nr_ids - 1]] = node.id[row->nr_ids - 1];
	out_puts(out, name);
}

void node_path(struct tree *tree, struct node node, struct out *out)
{
	struct view view = { .m = tree->machine, .tree = tree };

	if (node.row < tree->nr_rows)
		path_row(tree, node, &view, node.row, out);
}
