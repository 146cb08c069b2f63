// SPDX-License-Identifier: GPL-2.0-or-later
/* All validators, one row for each module; each adds its own lines. */
#include <stdarg.h>
#include <stdio.h>

#include "sim/machine.h"
#include "sim/phys/hugetlb.h"
#include "sim/phys/page_alloc.h"
#include "sim/phys/slab.h"

static void (*const validators[])(const struct machine *m, struct check *check) = {
	section_validate,
	page_alloc_validate,
	page_states_validate,
	slab_validate,
	hugetlb_validate,
};

void machine_check(const struct machine *machine, struct check *check)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(validators); i++)
		validators[i](machine, check);
}

void check_fail(struct check *check, const char *id, const char *fmt, ...)
{
	char text[256];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	check->nr_broken++;
	out_printf(check->out, "%s %s\n", id, text);
}
