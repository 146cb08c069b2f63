// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/abi/counters.h"

#define C(k, i, n, s, x) \
	{ .name = (n), .label = "\n      " n " ", .id = (i), .kind = COUNTER_##k, \
	  .needs = (x), .len = sizeof(n) - 1, .span = s },
#define L C

const struct counter_row counter_rows[] = {
#include "sim/abi/counters.def"
};

const unsigned int nr_counter_rows = ARRAY_SIZE(counter_rows);
