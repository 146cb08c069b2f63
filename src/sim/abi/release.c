// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/abi/release.h"

#define RELEASE_NAME(major, minor, arg) #major "." #minor,
static const char *const names[NR_RELEASES] = { KNOWN_RELEASES(RELEASE_NAME,) };

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
