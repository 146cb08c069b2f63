/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * For tests of the tree's files: boot a machine from text, read and write by path,
 * compare the shape of a text with a golden file of a real kernel. Shapes forget
 * the numbers, and the blanks before a number of a padded column.
 */
#ifndef KMM_TESTS_TREE_FILES_H
#define KMM_TESTS_TREE_FILES_H

#include "fs/core/tree.h"

/* A machine of the shape that a golden directory has. */
struct shape {
	const char *dir;	/* below tests/golden: "6.18/4G-2node" */
	const char *machine;	/* the machine file's text */
};

extern const struct shape shapes[];
extern const unsigned int nr_shapes;

struct tree *shape_boot(const struct shape *shape);
/* The tree, its machine and its configuration; NULL is fine. */
void shape_free(struct tree *tree);
/* The text of a file in the tree; NULL if it cannot be read. free() it. */
char *tree_text(struct tree *tree, const char *path);
/* 0 or what the write returned, negative. */
int tree_write(struct tree *tree, const char *path, const char *text);

enum squeeze {
	SQUEEZE_NUMBERS,	/* each run of digits is one # */
	SQUEEZE_COLUMNS,	/* blanks before it too; lengths of lines must agree */
};
/* Do the texts have one shape? Says on stdout where they part. */
bool same_shape(const char *what, const char *ours, const char *golden, enum squeeze how);

#endif
