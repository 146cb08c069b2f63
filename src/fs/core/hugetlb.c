// SPDX-License-Identifier: GPL-2.0-or-later
/* The second level's order is every architecture's; 64 bits have the third's too. */
#include "fs/core/hugetlb.h"

#include <stdio.h>

#include "sim/phys/tunables.h"

static bool has_order(const struct machine *m, u32 order)
{
	return order == m->arch->hugetlb_order || (m->arch->bits == 64 && order == 18);
}

struct hugetlb_pool hugetlb_pool(const struct machine *m, const struct pglist_data *node,
				 unsigned int order)
{
	struct hugetlb_pool pool = { 0 };

	if (node || order != m->arch->hugetlb_order)
		return pool;
	pool.overcommit = m->tunables->nr_overcommit_hugepages;
	return pool;
}

u64 hugetlb_all_pages(const struct machine *m)
{
	u64 pages = 0;

	for (u32 order = 0; order <= 18; order++)
		if (has_order(m, order))
			pages += hugetlb_pool(m, NULL, order).total << order;
	return pages;
}

bool hugetlb_next(const struct view *v, u32 *order)
{
	while (*order <= 18) {
		if (has_order(v->m, *order))
			return true;
		++*order;
	}
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
