/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What every test program needs: to run its suite, to read golden files, to ask
 * validators. Failures are CUnit's; what went wrong is said on standard error.
 */
#ifndef KMM_TESTS_SUPPORT_H
#define KMM_TESTS_SUPPORT_H

#include <CUnit/Basic.h>
#include <stdio.h>

#include "sim/machine.h"

/*
 * The body of main(): runs the tests in their order, between setup and teardown if
 * these are not NULL, and returns the exit status. A suite that cannot be set up or
 * runs no test has failed.
 */
int suite_main(const char *suite, const CU_TestInfo *tests, unsigned int nr_tests,
	       CU_InitializeFunc setup, CU_CleanupFunc teardown);

/* tests/golden/DIR/NAME, opened for reading; NULL if there is none. */
FILE *golden_open(const char *dir, const char *name);
/* The text of it, with a NUL behind it; NULL if there is none. free() it. */
char *golden_text(const char *dir, const char *name);

/* What validators find, some of them: their lines are kept until the end. */
struct verdict {
	struct out text;
	struct check check;
};
void verdict_begin(struct verdict *verdict);
/* Was anything looked at, and is none of it broken? Else what is goes to standard error. */
bool verdict_is_clean(struct verdict *verdict);

/*
 * How many invariants the validator finds broken. Their lines go to *out, which the
 * caller frees, or to standard error if that is NULL. Fails if it checked nothing.
 */
unsigned int nr_broken(const struct machine *m,
		       void (*validate)(const struct machine *m, struct check *check),
		       struct out *out);

/* Boot each shape of tree_files.h and look at its tree; one that does not boot is a failure. */
struct tree;
struct shape;
void each_shape(void (*check)(struct tree *tree, const struct shape *shape));

#endif
