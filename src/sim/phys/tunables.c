// SPDX-License-Identifier: GPL-2.0-or-later
/* Defaults: one assignment for each row, then the array. */
#include "sim/phys/tunables.h"

void tunables_init(struct tunables *tunables)
{
	*tunables = (struct tunables) {
#define T(type, field, value) .field = (value),
#include "sim/phys/tunables.def"
#undef T
		.lowmem_reserve_ratio = {
			[ZONE_DMA] = 256, [ZONE_DMA32] = 256, [ZONE_NORMAL] = 32,
		},
		.printk = { 7, 4, 1, 7 },
		.hostname = "kmmfs",
		.domainname = "(none)",
	};
}
