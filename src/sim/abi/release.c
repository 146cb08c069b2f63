// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/abi/release.h"

static const char *const names[NR_RELEASES] = {
	[R_6_1] = "6.1",
	[R_6_18] = "6.18",
};

const char *release_name(enum release r)
{
	return r < NR_RELEASES ? names[r] : NULL;
}

int release_parse(const char *name, enum release *r)
{
	for (int i = 0; i < NR_RELEASES; i++) {
		if (strcmp(name, names[i]))
			continue;
		*r = i;
		return 0;
	}
	return -EINVAL;
}
