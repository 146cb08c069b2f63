/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What tasks leave behind: counted before they begin and after they have ended. */
#ifndef KMM_TESTS_LEFTOVERS_H
#define KMM_TESTS_LEFTOVERS_H

#include "sim/machine.h"

struct leftovers {
	u64 tasks, objects[32], disk_files, tables, anon, cached;
	s64 committed;
};

void leftovers_count(const struct machine *m, struct leftovers *counts);
/* How many kinds are not as before; they are said on standard error. */
int leftovers_compare(const struct machine *m, const struct leftovers *before);

#endif
