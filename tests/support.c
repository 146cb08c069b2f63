// SPDX-License-Identifier: GPL-2.0-or-later
/* Plain C and CUnit; scripts and make say by KMM_SRCDIR where the source is. */
#include "support.h"

#include <stdlib.h>

#include "sim/base/bug.h"
#include "tree_files.h"

int suite_main(const char *suite, const CU_TestInfo *tests, unsigned int nr_tests,
	       CU_InitializeFunc setup, CU_CleanupFunc teardown)
{
	CU_pSuite cu_suite;
	bool ok;

	stack_trace_init();
	if (CU_initialize_registry() != CUE_SUCCESS)
		return 1;
	cu_suite = CU_add_suite(suite, setup, teardown);
	for (unsigned int i = 0; i < nr_tests; i++)
		CU_add_test(cu_suite, tests[i].pName, tests[i].pTestFunc);
	CU_basic_set_mode(CU_BRM_NORMAL);
	CU_basic_run_tests();
	ok = CU_get_number_of_tests_run() == nr_tests && !CU_get_number_of_failures() &&
	     !CU_get_number_of_suites_failed();
	CU_cleanup_registry();
	return ok && nr_tests ? 0 : 1;
}

FILE *golden_open(const char *dir, const char *name)
{
	const char *srcdir = getenv("KMM_SRCDIR");
	char path[512];

	snprintf(path, sizeof(path), "%s/tests/golden/%s/%s", srcdir ? srcdir : ".", dir, name);
	return fopen(path, "r");
}

char *golden_text(const char *dir, const char *name)
{
	const size_t room = 1 << 20;
	FILE *file = golden_open(dir, name);
	char *text;

	if (!file)
		return NULL;
	text = malloc(room);
	if (text)
		text[fread(text, 1, room - 1, file)] = '\0';
	fclose(file);
	return text;
}

void verdict_begin(struct verdict *verdict)
{
	*verdict = (struct verdict){ .check.out = &verdict->text };
}

bool verdict_is_clean(struct verdict *verdict)
{
	bool clean = verdict->check.nr_checked && !verdict->check.nr_broken;

	if (!clean)
		fprintf(stderr, "%u checked, %u broken\n%.*s", verdict->check.nr_checked,
			verdict->check.nr_broken, (int)MIN(verdict->text.len, 4000),
			verdict->text.len ? verdict->text.text : "");
	out_free(&verdict->text);
	return clean;
}

unsigned int nr_broken(const struct machine *m,
		       void (*validate)(const struct machine *m, struct check *check),
		       struct out *out)
{
	struct out text = OUT_INIT;
	struct check check = { .out = out ? out : &text };

	validate(m, &check);
	CU_ASSERT_TRUE(check.nr_checked > 0);
	fprintf(stderr, "%.*s", (int)MIN(text.len, 4000), text.len ? text.text : "");
	out_free(&text);
	return check.nr_broken;
}

void each_shape(void (*check)(struct tree *tree, const struct shape *shape))
{
	for (unsigned int i = 0; i < nr_shapes; i++) {
		struct tree *tree = shape_boot(&shapes[i]);

		CU_ASSERT_PTR_NOT_NULL(tree);
		if (tree)
			check(tree, &shapes[i]);
		shape_free(tree);
	}
}
