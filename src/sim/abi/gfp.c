// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/abi/gfp.h"

#include <stdio.h>

const struct gfp_row gfp_rows[] = {
#define GFP(id, name)
#define GFP_COMPOUND(name, value) { name, value },
#include "sim/abi/gfp.def"
#undef GFP
#undef GFP_COMPOUND
#define GFP(id, name) { name, GFP_BIT(id) },
#define GFP_COMPOUND(name, value)
#include "sim/abi/gfp.def"
#undef GFP
#undef GFP_COMPOUND
};

const unsigned int nr_gfp_rows = ARRAY_SIZE(gfp_rows);

const char *const migratetype_names[MIGRATE_TYPES] = {
	[MIGRATE_UNMOVABLE] = "Unmovable",
	[MIGRATE_MOVABLE] = "Movable",
	[MIGRATE_RECLAIMABLE] = "Reclaimable",
	[MIGRATE_HIGHATOMIC] = "HighAtomic",
	[MIGRATE_ISOLATE] = "Isolate",
};

const char *gfp_format(gfp_t gfp, char *text, size_t room)
{
	size_t len = 0;

	text[0] = '\0';
	for (unsigned int i = 0; i < nr_gfp_rows && gfp && len < room; i++) {
		gfp_t value = gfp_rows[i].value;

		if ((gfp & value) != value)
			continue;
		len += snprintf(text + len, room - len, "%s%s", len ? "|" : "",
				gfp_rows[i].name);
		gfp &= ~value;
	}
	if (!text[0])
		snprintf(text, room, "none");
	return text;
}
