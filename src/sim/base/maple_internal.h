/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of the maple tree share. */
#ifndef KMM_BASE_MAPLE_INTERNAL_H
#define KMM_BASE_MAPLE_INTERNAL_H

#include "sim/base/maple_tree.h"

static inline unsigned int mt_slots(bool leaf)
{
	return leaf ? MAPLE_RANGE64_SLOTS : MAPLE_ARANGE64_SLOTS;
}

static inline unsigned int mt_min_slots(bool leaf)
{
	return leaf ? MAPLE_RANGE64_MIN : MAPLE_ARANGE64_MIN;
}

/* The slot whose range covers index, which is in the node. */
static inline unsigned int mt_slot_of(const struct maple_node *node, u64 index)
{
	unsigned int i = 0, end = node->nr - 1U;

	while (i < end && node->pivot[i] < index)
		i++;
	return i;
}

/* The largest empty range in a node that covers [min, max]. */
u64 mt_node_gap(const struct maple_node *node, u64 min, u64 max);

/* A node from the reserve, which must have one; a node back into it. */
u32 mt_take_node(struct maple_tree *tree);
void mt_give_node(struct maple_tree *tree, u32 handle);
/* Until no more than nr are in reserve. */
void mt_trim_reserve(struct maple_tree *tree, u32 nr);
/* A node and all below it go back to the owner; returns how many entries it had. */
u32 mt_free_subtree(struct maple_tree *tree, u32 handle);

#endif
