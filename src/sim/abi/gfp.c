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
	[MIGRATE_CMA] = "CMA",
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

/* In this order. */
static const struct {
	const char *name;
	gfp_t value;
	struct span span;
} kernel_names[] = {
#define WHOLE(name) { #name, name, ALL }
	WHOLE(GFP_TRANSHUGE), WHOLE(GFP_TRANSHUGE_LIGHT), WHOLE(GFP_HIGHUSER_MOVABLE),
	WHOLE(GFP_HIGHUSER), WHOLE(GFP_USER), WHOLE(GFP_KERNEL_ACCOUNT), WHOLE(GFP_KERNEL),
	WHOLE(GFP_NOFS),
	{ "GFP_ATOMIC", GFP_ATOMIC, UNTIL(R_6_1) },
	{ "GFP_ATOMIC", GFP_ATOMIC & ~__GFP_ATOMIC, SINCE(R_6_18) },
	WHOLE(GFP_NOIO),
	{ "GFP_NOWAIT", GFP_NOWAIT, UNTIL(R_6_1) },
	{ "GFP_NOWAIT", GFP_NOWAIT | __GFP_NOWARN, SINCE(R_6_18) },
	WHOLE(GFP_DMA),
	{ "__GFP_HIGHMEM", __GFP_HIGHMEM, UNTIL(R_6_1) },
	WHOLE(GFP_DMA32),
#undef WHOLE
#define OLD(name) { #name, name, UNTIL(R_6_1) }
	OLD(__GFP_HIGH), OLD(__GFP_ATOMIC), OLD(__GFP_IO), OLD(__GFP_FS), OLD(__GFP_NOWARN),
	OLD(__GFP_RETRY_MAYFAIL), OLD(__GFP_NOFAIL), OLD(__GFP_NORETRY), OLD(__GFP_COMP),
	OLD(__GFP_ZERO), OLD(__GFP_NOMEMALLOC), OLD(__GFP_MEMALLOC), OLD(__GFP_HARDWALL),
	OLD(__GFP_THISNODE), OLD(__GFP_RECLAIMABLE), OLD(__GFP_MOVABLE), OLD(__GFP_ACCOUNT),
	OLD(__GFP_WRITE), OLD(__GFP_RECLAIM), OLD(__GFP_DIRECT_RECLAIM),
	OLD(__GFP_KSWAPD_RECLAIM),
#undef OLD
	/* Then bit by bit. */
	{ "__GFP_RECLAIM", __GFP_RECLAIM, SINCE(R_6_18) },
#define GFP(id, name) { name, GFP_BIT(id), SINCE(R_6_18) },
#define GFP_COMPOUND(name, value)
#include "sim/abi/gfp.def"
#undef GFP
#undef GFP_COMPOUND
};

const char *gfp_kernel_text(enum release r, gfp_t gfp, char *text, size_t room)
{
	gfp_t left = rel_has_gfp_atomic(r) ? gfp : gfp & ~__GFP_ATOMIC;
	size_t len = (size_t)snprintf(text, room, "0x%x(", left);
	const char *bar = "";

	for (unsigned int i = 0; i < ARRAY_SIZE(kernel_names) && left && len < room; i++) {
		gfp_t value = kernel_names[i].value;

		if (!span_holds(kernel_names[i].span, r) || (left & value) != value)
			continue;
		len += (size_t)snprintf(text + len, room - len, "%s%s", bar, kernel_names[i].name);
		left &= ~value;
		bar = "|";
	}
	if (len < room)
		snprintf(text + len, room - len, ")");
	return text;
}
