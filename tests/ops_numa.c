// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Calls on NUMA policy and on where pages are. What a call writes to its caller's memory
 * is in the result's vec: the policy and the nodes, or the status of each page.
 */
#include "ops.h"

#include <string.h>

#include "sim/virt/mempolicy.h"

static struct user_nodes nodes_of(s64 mask, s64 maxnode)
{
	return (struct user_nodes){ .given = true, .mask = (u64)mask, .maxnode = (u64)maxnode };
}

int op_mbind(struct ops *ops, const struct op *op, struct op_result *result)
{
	const struct mbind_request req = {
		.start = (u64)op->a[0], .len = (u64)op->a[1], .mode = (u64)op->a[2],
		.nodes = nodes_of(op->a[3], op->a[4]), .flags = (u64)op->a[5],
	};

	(void)result;
	return sys_mbind(ops->m, ops_task(ops), &req);
}

int op_set_mempolicy(struct ops *ops, const struct op *op, struct op_result *result)
{
	const struct user_nodes nodes = nodes_of(op->a[1], op->a[2]);

	(void)result;
	return sys_set_mempolicy(ops->m, ops_task(ops), (u64)op->a[0], &nodes);
}

int op_get_mempolicy(struct ops *ops, const struct op *op, struct op_result *result)
{
	int policy;
	u64 nodes;
	int err = sys_get_mempolicy(ops->m, ops_task(ops), (u64)op->a[0], (u64)op->a[1],
				    &policy, &nodes);

	if (err)
		return err;
	memcpy(result->vec, &policy, sizeof(policy));
	memcpy(result->vec + 8, &nodes, sizeof(nodes));
	return 0;
}

int op_home_node(struct ops *ops, const struct op *op, struct op_result *result)
{
	(void)result;
	return sys_set_mempolicy_home_node(ops->m, ops_task(ops), (u64)op->a[0],
					   (u64)op->a[1], (u64)op->a[2], (u64)op->a[3]);
}

int op_migrate_pages(struct ops *ops, const struct op *op, struct op_result *result)
{
	const struct user_nodes from = nodes_of(op->a[0], op->a[2]);
	const struct user_nodes to = nodes_of(op->a[1], op->a[2]);
	int ret = sys_migrate_pages(ops->m, ops_task(ops), 0, &from, &to);

	result->ret = ret > 0 ? ret : 0;
	return ret < 0 ? ret : 0;
}

#define MAX_PAGES 64

int op_move_pages(struct ops *ops, const struct op *op, struct op_result *result)
{
	u64 pages[MAX_PAGES];
	int nodes[MAX_PAGES], status[MAX_PAGES], ret;
	const struct move_pages_request req = {
		.nr_pages = (u64)op->a[1], .pages = pages, .status = status,
		.nodes = op->a[2] == -2 ? NULL : nodes, .flags = (u64)op->a[3],
	};

	for (unsigned int i = 0; i < req.nr_pages && i < MAX_PAGES; i++) {
		pages[i] = (u64)op->a[0] + i * PAGE_SIZE;
		nodes[i] = (int)op->a[2];
		status[i] = 77;
	}
	ret = sys_move_pages(ops->m, ops_task(ops), &req);
	memcpy(result->vec, status, req.nr_pages * sizeof(*status));
	result->ret = ret > 0 ? ret : 0;
	return ret < 0 ? ret : 0;
}
