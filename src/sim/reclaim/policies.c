// SPDX-License-Identifier: GPL-2.0-or-later
/* Which policies there are, and which one a machine has. */
#include "sim/reclaim/reclaim.h"

const struct reclaim_ops *const reclaim_policies[] = {
	&classic_lru, &plain_lru, &plain_fifo, &plain_clock, NULL,
};

int reclaim_set_policy(struct machine *m, const char *name)
{
	for (unsigned int i = 0; reclaim_policies[i]; i++)
		if (!strcmp(reclaim_policies[i]->name, name)) {
			m->reclaim = reclaim_policies[i];
			lru_set_policy(m, m->reclaim->lists);
			return 0;
		}
	return -ENOENT;
}
