/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The lines of memory.stat and memory.numa_stat, as text. */
#ifndef KMM_PHYS_MEMCG_STATS_H
#define KMM_PHYS_MEMCG_STATS_H

#include "sim/phys/memcg.h"

/* NULL: the root of a machine without memory cgroups. */
void memory_stat_format(const struct machine *m, const struct mem_cgroup *memcg, struct out *out);
void memory_numa_stat_format(const struct machine *m, const struct mem_cgroup *memcg,
			     struct out *out);

#endif
