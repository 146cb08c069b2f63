// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Flattens the tables of all parts into tree->rows, breadth first, so that the
 * children of a row are neighbours. A directory may be fed by several tables:
 * its own entry's and those of every part that names its path; the list of
 * sources says which. A table that hangs in two places gives rows twice.
 */
#include "fs/core/parts.h"
#include "fs/core/tree_struct.h"

#include <stdlib.h>

/* One table that feeds one directory row. */
struct source {
	u16 row;
	const struct dir *dir;
};

struct builder {
	struct tree *tree;
	struct source *sources;
	unsigned int nr_sources, room_sources;
};

static int grow(void **array, unsigned int *room, unsigned int nr, size_t bytes)
{
	unsigned int bigger = *room ? *room * 2 : 64;
	void *more;

	if (nr < *room)
		return 0;
	more = realloc(*array, bigger * bytes);
	if (!more)
		return -ENOMEM;
	*array = more;
	*room = bigger;
	return 0;
}

static int add_source(struct builder *b, u16 row, const struct dir *dir)
{
	void *array = b->sources;
	int err;

	if (!dir)
		return 0;
	for (unsigned int i = 0; i < b->nr_sources; i++) {
		if (b->sources[i].row == row && b->sources[i].dir == dir)
			return 0;
	}
	err = grow(&array, &b->room_sources, b->nr_sources, sizeof(*b->sources));
	b->sources = array;
	if (!err)
		b->sources[b->nr_sources++] = (struct source){ row, dir };
	return err;
}

static enum row_domain domain_of(const struct row *parent, unsigned int parent_row,
				 const char *name)
{
	if (parent_row)
		return parent->domain;
	if (!strcmp(name, "proc"))
		return DOMAIN_PROC;
	if (!strcmp(name, "sys"))
		return DOMAIN_SYS;
	return strcmp(name, "sim") ? DOMAIN_ROOT : DOMAIN_SIM;
}

/* The directory called `name` among the children so far of a parent; 0 = none. */
static unsigned int find_dir(const struct tree *tree, u16 parent, const char *name)
{
	const struct row *row = &tree->rows[parent];

	for (unsigned int i = 0; i < row->nr_children; i++) {
		const struct entry *entry = tree->rows[row->first_child + i].entry;

		if (S_ISDIR(entry->mode) && !strcmp(entry->name, name))
			return row->first_child + i;
	}
	return 0;
}

static int add_row(struct builder *b, u16 parent, const struct dir *from,
		   const struct entry *entry, enum row_kind kind)
{
	struct tree *tree = b->tree;
	struct row *row, *up = &tree->rows[parent];
	unsigned int same = S_ISDIR(entry->mode) ? find_dir(tree, parent, entry->name) : 0;
	void *array = tree->rows;
	int err;

	if (same)
		return add_source(b, same, entry->dir);
	if (tree->nr_rows >= MAX_ROWS)
		return -E2BIG;
	err = grow(&array, &tree->room_rows, tree->nr_rows, sizeof(*tree->rows));
	tree->rows = array;
	if (err)
		return err;
	up = &tree->rows[parent];
	row = &tree->rows[tree->nr_rows];
	*row = (struct row){
		.entry = entry,
		.from = from,
		.parent = parent,
		.kind = kind,
		.domain = domain_of(up, parent, entry->name),
		.nr_ids = up->nr_ids,
		.slot = { up->slot[0], up->slot[1] },
		.host = up->host,
	};
	if (kind == ROW_EACH) {
		enum view_slot slot = container_of(entry, struct each, entry)->slot;

		if (row->nr_ids == MAX_ROW_IDS)
			return -E2BIG;
		row->slot[row->nr_ids++] = slot;
		row->host |= slot == V_HOST;
	}
	if (!up->nr_children++)
		up->first_child = tree->nr_rows;
	return add_source(b, tree->nr_rows++, entry->dir);
}

static int add_table(struct builder *b, u16 parent, const struct dir *dir)
{
	int err = 0;

	for (unsigned int i = 0; i < dir->nr_entries && !err; i++)
		err = add_row(b, parent, dir, &dir->entries[i], ROW_ENTRY);
	for (unsigned int i = 0; i < dir->nr_values && !err; i++)
		err = add_row(b, parent, dir, &dir->values[i].entry, ROW_ENTRY);
	for (unsigned int i = 0; i < dir->nr_bins && !err; i++)
		err = add_row(b, parent, dir, &dir->bins[i].entry, ROW_BIN);
	for (unsigned int i = 0; i < dir->nr_ctls && !err; i++)
		err = add_row(b, parent, dir, &dir->ctls[i].entry, ROW_CTL);
	for (unsigned int i = 0; i < dir->nr_each && !err; i++)
		err = add_row(b, parent, dir, &dir->each[i].entry, ROW_EACH);
	return err;
}

/* A directory that no table has: 0755 under sys, as sysfs, else 0555. */
static int make_dir(struct builder *b, u16 parent, const char *name, size_t len)
{
	struct tree *tree = b->tree;
	struct entry *entry = &tree->made[tree->nr_made];
	enum row_domain domain;
	char *copy = strndup(name, len);

	if (!copy)
		return -ENOMEM;
	domain = domain_of(&tree->rows[parent], parent, copy);
	*entry = (struct entry){
		.name = copy,
		.mode = S_IFDIR | (domain == DOMAIN_SYS ? 0755 : 0555),
		.span = ALL,
	};
	tree->nr_made++;
	return add_row(b, parent, NULL, entry, ROW_ENTRY);
}

/*
 * What `path` has to do with the directory whose path is `dir` ("" = the root):
 * NULL nothing; "" the same; else the names below it.
 */
static const char *path_below(const char *path, const char *dir)
{
	size_t len = strlen(dir);

	if (!len)
		return path;
	if (strncmp(path, dir, len) || (path[len] && path[len] != '/'))
		return NULL;
	return path[len] ? path + len + 1 : path + len;
}

static void row_path(const struct tree *tree, u16 row, struct out *out)
{
	if (!row)
		return;
	row_path(tree, tree->rows[row].parent, out);
	if (out->len)
		out_putc(out, '/');
	out_puts(out, tree->rows[row].entry->name);
}

typedef int (*part_fn)(struct builder *b, u16 row, const char *below,
		       const struct tree_part *part);

static int for_each_part(struct builder *b, u16 row, part_fn fn)
{
	struct out path = OUT_INIT;
	int err;

	row_path(b->tree, row, &path);
	err = out_error(&path);
	for (unsigned int i = 0; i < nr_fs_parts; i++) {
		for (unsigned int j = 0; j < fs_parts[i]->nr && !err; j++) {
			const struct tree_part *part = &fs_parts[i]->parts[j];
			const char *below = path_below(part->path,
						       path.len ? path.text : "");

			if (below)
				err = fn(b, row, below, part);
		}
	}
	out_free(&path);
	return err;
}

static int feed(struct builder *b, u16 row, const char *below, const struct tree_part *part)
{
	return *below ? 0 : add_source(b, row, part->dir);
}

static int make_missing(struct builder *b, u16 row, const char *below,
			const struct tree_part *part)
{
	size_t len = strcspn(below, "/");
	char name[256];

	if (!len)
		return 0;
	if (len >= sizeof(name))
		return -ENAMETOOLONG;
	memcpy(name, below, len);
	name[len] = '\0';
	return find_dir(b->tree, row, name) ? 0 : make_dir(b, row, below, len);
}

static int expand(struct builder *b, u16 row)
{
	int err = for_each_part(b, row, feed);

	for (unsigned int i = 0; i < b->nr_sources && !err; i++) {
		if (b->sources[i].row == row)
			err = add_table(b, row, b->sources[i].dir);
	}
	return err ? err : for_each_part(b, row, make_missing);
}

/* Every path has at most so many names that no table has. */
static unsigned int count_made(void)
{
	unsigned int nr = 0;

	for (unsigned int i = 0; i < nr_fs_parts; i++) {
		for (unsigned int j = 0; j < fs_parts[i]->nr; j++) {
			nr++;
			for (const char *c = fs_parts[i]->parts[j].path; *c; c++)
				nr += *c == '/';
		}
	}
	return nr;
}

int rows_build(struct tree *tree)
{
	static const struct entry root = { "", S_IFDIR | 0755, ALL };
	struct builder b = { .tree = tree };
	void *array = NULL;
	int err;

	tree->made = calloc(count_made() + 1, sizeof(*tree->made));
	if (!tree->made)
		return -ENOMEM;
	err = grow(&array, &tree->room_rows, 0, sizeof(*tree->rows));
	tree->rows = array;
	if (err)
		return err;
	tree->rows[0] = (struct row){ .entry = &root, .kind = ROW_ENTRY };
	tree->nr_rows = 1;
	for (unsigned int row = 0; row < tree->nr_rows && !err; row++) {
		if (S_ISDIR(tree->rows[row].entry->mode))
			err = expand(&b, row);
	}
	free(b.sources);
	return err;
}

void rows_free(struct tree *tree)
{
	for (unsigned int i = 0; i < tree->nr_made; i++)
		free((char *)tree->made[i].name);
	free(tree->made);
	free(tree->rows);
	tree->rows = NULL;
}
