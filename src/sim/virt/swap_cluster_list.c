// SPDX-License-Identifier: GPL-2.0-or-later
/* Lists of clusters, linked by their numbers: which one a cluster is on, its state says. */
#include "sim/virt/swap_internal.h"

void cluster_list_init(struct cluster_list *list)
{
	list->first = list->last = CLUSTER_NIL;
}

void cluster_list_add_tail(struct swap_info_struct *si, struct cluster_list *list, u32 i)
{
	struct swap_cluster *ci = &si->clusters[i];

	ci->prev = list->last;
	ci->next = CLUSTER_NIL;
	if (list->last == CLUSTER_NIL)
		list->first = i;
	else
		si->clusters[list->last].next = i;
	list->last = i;
}

void cluster_list_del(struct swap_info_struct *si, struct cluster_list *list, u32 i)
{
	struct swap_cluster *ci = &si->clusters[i];

	if (ci->prev == CLUSTER_NIL)
		list->first = ci->next;
	else
		si->clusters[ci->prev].next = ci->next;
	if (ci->next == CLUSTER_NIL)
		list->last = ci->prev;
	else
		si->clusters[ci->next].prev = ci->prev;
	ci->prev = ci->next = CLUSTER_NIL;
}

struct cluster_list *cluster_list_of(struct swap_info_struct *si, const struct swap_cluster *ci)
{
	switch (ci->state) {
	case CLUSTER_FREE:
		return &si->free;
	case CLUSTER_NONFULL:
		return &si->nonfull[ci->order];
	case CLUSTER_FRAG:
		return &si->frag[ci->order];
	case CLUSTER_FULL:
		return &si->full;
	default:
		return NULL;
	}
}
