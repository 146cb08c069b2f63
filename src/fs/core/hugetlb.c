// SPDX-License-Identifier: GPL-2.0-or-later
/* An order names a size; those without a pool are skipped. */
#include "fs/core/hugetlb.h"

#include <stdio.h>

#define LAST_ORDER 18

bool hugetlb_next(const struct view *v, u32 *order)
{
	for (; *order <= LAST_ORDER; ++*order)
		if (hugetlb_has_order(v->m, *order))
			return true;
	return false;
}

void hugetlb_name(const struct view *v, u32 order, char name[64])
{
	(void)v;
	snprintf(name, 64, "hugepages-%llukB", 4ULL << order);
}

bool hugetlb_find(const struct view *v, const char *name, u32 *order)
{
	for (*order = 0; hugetlb_next(v, order); ++*order) {
		char text[64];

		hugetlb_name(v, *order, text);
		if (!strcmp(text, name))
			return true;
	}
	return false;
}

int hugetlb_check_overcommit(struct store *s, u32 order)
{
	if (order <= MAX_PAGE_ORDER)
		return 0;
	out_puts(s->sentence, "pages that the buddy allocator cannot make have no overcommit");
	return -EINVAL;
}

int hugetlb_store_count(struct store *s, u32 order, int node, u64 count)
{
	return store_err(hugetlb_resize(s->m, order, node, count));
}
