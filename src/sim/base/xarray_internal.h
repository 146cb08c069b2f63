/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What xarray.c (one index) and xarray_order.c (entries of several) share: where an entry
 * belongs, the nodes on the way there, and slots. Nothing outside includes it.
 */
#ifndef KMM_BASE_XARRAY_INTERNAL_H
#define KMM_BASE_XARRAY_INTERNAL_H

#include "sim/base/xarray.h"

static inline u64 xa_mk_node(const struct xa_node *node)
{
	return (u64)(uintptr_t)node | 2;
}

/* Where an entry goes: the level of its slots, and how high the tree has to be. */
struct xa_place {
	u64 index;
	unsigned int level;	/* 0: the lowest */
	unsigned int levels;	/* 0: the head will do */
};
struct xa_place xa_place_of(u64 index, unsigned int order);

/* *node is where it belongs, made if there was none; all nodes that it needs are. */
int xa_make_place(struct xarray *xa, const struct xa_place *to,
		  struct xa_node **node) __must_check;
/* To get nodes may cost others theirs: then xa->version has moved by more than nr. */
int xa_get_nodes(struct xarray *xa, struct xa_node **nodes, unsigned int nr) __must_check;
void xa_put_nodes(struct xarray *xa, struct xa_node **nodes, unsigned int nr);
void xa_destroy_below(struct xarray *xa, const struct xa_node *node);

/* A slot's mark goes, and that of each node above which was its only one. */
void xa_clear_slot_mark(struct xarray *xa, struct xa_node *node, unsigned int i,
			enum xa_mark mark);
/* The entry in slot i, with its marks and siblings; the node may be empty then. */
void xa_clear_entry(struct xarray *xa, struct xa_node *node, unsigned int i);

static inline void xa_set_slot(struct xa_node *node, unsigned int i, u64 entry)
{
	node->count += !node->slots[i];
	node->slots[i] = entry;
	node->marks[XA_PRESENT] |= 1ULL << i;
}

static inline void xa_clear_slot(struct xa_node *node, unsigned int i)
{
	node->count--;
	node->slots[i] = 0;
	node->marks[XA_PRESENT] &= ~(1ULL << i);
}

#endif
