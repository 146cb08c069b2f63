// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A subtree is entered only if its gap is large enough and enough of it lies within
 * the limits; so at most the two subtrees that reach over a limit are in vain.
 */
#include "sim/base/maple_internal.h"

struct area_request {
	const struct maple_tree *tree;
	u64 min, max;
	u64 size;
	bool rev;
	u64 start;	/* out */
};

/* Lies enough of [*first, *last] within the limits? Then it becomes that part. */
static bool area_fits(const struct area_request *req, u64 *first, u64 *last)
{
	*first = MAX(*first, req->min);
	*last = MIN(*last, req->max);
	return *first <= *last && *last - *first >= req->size - 1;
}

static bool area_in_node(struct area_request *req, u32 handle, u64 min, u64 max)
{
	const struct maple_node *node = mt_node(req->tree, handle);

	for (unsigned int n = 0; n < node->nr; n++) {
		unsigned int i = req->rev ? node->nr - 1U - n : n;
		u64 first = mt_slot_first(node, i, min), last = mt_slot_last(node, i, max);
		u64 low = first, high = last;

		if (!area_fits(req, &low, &high))
			continue;
		if (!node->leaf) {
			if (node->ma64.gap[i] >= req->size &&
			    area_in_node(req, node->ma64.slot[i], first, last))
				return true;
		} else if (!node->mr64.slot[i]) {
			req->start = req->rev ? high - req->size + 1 : low;
			return true;
		}
	}
	return false;
}

static int area_find(struct area_request *req, u64 *start)
{
	if (!req->size || req->min > req->max || req->max - req->min < req->size - 1)
		return -EINVAL;
	if (!req->tree->root)
		req->start = req->rev ? req->max - req->size + 1 : req->min;
	else if (!area_in_node(req, req->tree->root, 0, UINT64_MAX))
		return -EBUSY;
	*start = req->start;
	return 0;
}

int mt_empty_area(const struct maple_tree *tree, u64 min, u64 max, u64 size, u64 *start)
{
	struct area_request req = { .tree = tree, .min = min, .max = max, .size = size };

	return area_find(&req, start);
}

int mt_empty_area_rev(const struct maple_tree *tree, u64 min, u64 max, u64 size, u64 *start)
{
	struct area_request req = {
		.tree = tree, .min = min, .max = max, .size = size, .rev = true,
	};

	return area_find(&req, start);
}
