/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Ids of the counters that each size of huge pages has: mthp_stats.def. */
#ifndef KMM_ABI_MTHP_STATS_H
#define KMM_ABI_MTHP_STATS_H

enum mthp_memory { MTHP_OF_ANY, MTHP_OF_ANON };

enum mthp_stat_item {
#define MTHP(id, file, memory) MTHP_STAT_##id,
#include "sim/abi/mthp_stats.def"
#undef MTHP
	NR_MTHP_STATS
};

#endif
