// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What must hold of reclaim's figures: what was looked at and freed adds up by kind and by
 * who did it, nothing is isolated between two calls, and the costs have been kept small.
 */
#include "sim/reclaim/reclaim.h"

/* I3: by whom, and of which kind, are the same pages. */
static void check_sums(const struct machine *m, struct check *check)
{
	static const struct {
		const char *what;
		enum vm_event_item by[4], kinds[2];
	} rows[] = {
		{ "pgscan", { PGSCAN_KSWAPD, PGSCAN_DIRECT, PGSCAN_KHUGEPAGED, PGSCAN_PROACTIVE },
		  { PGSCAN_ANON, PGSCAN_FILE } },
		{ "pgsteal", { PGSTEAL_KSWAPD, PGSTEAL_DIRECT, PGSTEAL_KHUGEPAGED, PGSTEAL_PROACTIVE },
		  { PGSTEAL_ANON, PGSTEAL_FILE } },
	};
	s64 sums[ARRAY_SIZE(rows)] = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		s64 kinds = m->event[rows[i].kinds[0]] + m->event[rows[i].kinds[1]];

		for (size_t by = 0; by < ARRAY_SIZE(rows[i].by); by++)
			sums[i] += m->event[rows[i].by[by]] +
				   (m->memcg ? m->memcg->group_event[rows[i].by[by]] : 0);
		check->nr_checked++;
		if (sums[i] != kinds)
			check_fail(check, "I3", "machine: expected %s of anon and file %lld, found %lld",
				   rows[i].what, (long long)sums[i], (long long)kinds);
	}
	check->nr_checked++;
	if (sums[1] > sums[0])
		check_fail(check, "I3", "machine: expected pgsteal up to pgscan %lld, found %lld",
			   (long long)sums[0], (long long)sums[1]);
}

/* I6: pages that were read ahead were read. (Hits are also those that reclaim marked.) */
static void check_swap_readahead(const struct machine *m, struct check *check)
{
	s64 read = m->event[PSWPIN] + m->event[SWPIN_ZERO];

	check->nr_checked++;
	if (m->event[SWAP_RA] > read)
		check_fail(check, "I6", "machine: expected swap_ra up to %lld pages that were read, "
			   "found %lld", (long long)read, (long long)m->event[SWAP_RA]);
}

/* I5: what was restored had been activated, what was activated had come back. */
static void check_workingset(const struct pglist_data *node, struct check *check)
{
	for (unsigned int file = 0; file < ANON_AND_FILE; file++) {
		s64 refault = node->stat[WORKINGSET_REFAULT_ANON + file];
		s64 activate = node->stat[WORKINGSET_ACTIVATE_ANON + file];
		s64 restore = node->stat[WORKINGSET_RESTORE_ANON + file];

		check->nr_checked++;
		if (activate > refault || restore > activate)
			check_fail(check, "I5", "node %u: expected refaults, of them active, of these "
				   "restored, found %lld, %lld, %lld", node->id, (long long)refault,
				   (long long)activate, (long long)restore);
	}
}

void reclaim_validate(const struct machine *m, struct check *check)
{
	if (!m->lru)
		return;
	check_sums(m, check);
	check_swap_readahead(m, check);
	for (unsigned int i = 0; i < m->nr_nodes; i++) {
		const struct pglist_data *node = m->nodes[i];

		if (!node)
			continue;
		check_workingset(node, check);
		check->nr_checked++;
		if (node->stat[NR_ISOLATED_ANON] || node->stat[NR_ISOLATED_FILE])
			check_fail(check, "L4", "node %u: expected nothing isolated, found %lld and %lld",
				   i, (long long)node->stat[NR_ISOLATED_ANON],
				   (long long)node->stat[NR_ISOLATED_FILE]);
	}
	check->nr_checked++;
	if (m->lru->reclaiming)
		check_fail(check, "L4", "machine: expected nobody to reclaim, found %u",
			   m->lru->reclaiming);
}
