// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Until init runs, what the kernel allocates without naming a node is spread over the
 * nodes, so that what stays for ever is not all near the first CPU (numa_policy_init,
 * numa_default_policy). There is no task yet that could have such a policy.
 */
#include "sim/boot_state.h"

#include "sim/phys/page_alloc.h"
#include "sim/virt/mempolicy.h"

#define INTERLEAVE_BYTES (16 * SZ_1M)	/* a smaller node is spared */

static struct boot_policy *policy_of(const struct machine *m)
{
	return container_of(m->policies, struct boot_policy, ops);
}

static int alloc_in_turn(struct machine *m, const struct alloc_request *req, u32 *pfn)
{
	struct boot_policy *policy = policy_of(m);
	struct alloc_request local = *req;
	struct zone *zone;
	int err;

	local.node = next_node_in(policy->prev, policy->nodes);
	policy->prev = (s16)local.node;
	err = alloc_pages(m, &local, pfn);
	if (err)
		return err;
	zone = page_zone(m, pfn_to_page(m, *pfn));
	if (zone->node == local.node)
		zone->numa[NUMA_INTERLEAVE]++;
	return 0;
}

static bool bulk_in_turn(struct machine *m, unsigned int nr, u8 *nodes)
{
	struct boot_policy *policy = policy_of(m);

	interleave_bulk(policy->nodes, &policy->prev, nr, nodes);
	return true;
}

static u64 all_nodes(const struct machine *m)
{
	(void)m;
	return 0;
}

/* Those with 16 MiB and more; if there are none, the one that has most. */
static u64 nodes_to_spread(const struct machine *m)
{
	u64 nodes = 0, most = 0;
	unsigned int biggest = 0;

	for (unsigned int nid = 0; nid < m->nr_nodes; nid++) {
		u64 pages = m->nodes[nid] ? m->nodes[nid]->present_pages : 0;

		if (pages > most) {
			most = pages;
			biggest = nid;
		}
		if (PFN_PHYS(pages) >= INTERLEAVE_BYTES)
			nodes |= 1ULL << nid;
	}
	return nodes ? nodes : 1ULL << biggest;
}

void boot_policy_begin(struct boot *b)
{
	u64 nodes = nodes_to_spread(b->m);

	/* One node's turn is all that is asked of a machine with one. */
	if (!b->m->arch->numa || is_power_of_2(nodes))
		return;
	b->policy = (struct boot_policy) {
		.ops = { .alloc = alloc_in_turn, .bulk = bulk_in_turn, .mems_allowed = all_nodes },
		.nodes = nodes, .prev = -1,
	};
	b->m->policies = &b->policy.ops;
	boot_note(b->m, "what names no node goes to those of mask %#llx in turn, until init runs",
		  (unsigned long long)nodes);
}

void boot_policy_end(struct boot *b)
{
	b->m->policies = NULL;
}
