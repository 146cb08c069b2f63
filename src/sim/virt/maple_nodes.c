// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Nodes of the trees of VMAs: objects of their cache, whose host memory is that of the
 * trees' own pool, found by the same handles.
 */
#include "sim/phys/objects_fast.h"
#include "sim/virt/virt.h"

int maple_nodes_init(struct machine *m)
{
	maple_pool_init(&m->virt->maple_pool, &m->arena);
	return 0;
}

void maple_nodes_free(struct machine *m)
{
	maple_pool_free(&m->virt->maple_pool);
}

static int maple_node_alloc(void *ctx, u32 *node)
{
	struct machine *m = ctx;
	int err = object_alloc_fast(m, &m->virt->maple_nodes, 0, node, __func__);

	if (err)
		return err;
	if (likely(*node >> MAPLE_CHUNK_SHIFT < m->virt->maple_pool.nr_chunks) ||
	    !maple_pool_grow(&m->virt->maple_pool, *node))
		return 0;
	object_free(m, &m->virt->maple_nodes, *node);
	return -ENOBUFS;
}

static void maple_node_free(void *ctx, u32 node)
{
	struct machine *m = ctx;

	object_free_fast(m, &m->virt->maple_nodes, node, __func__);
}

const struct maple_ops mm_maple_ops = { maple_node_alloc, maple_node_free };
