// SPDX-License-Identifier: GPL-2.0-or-later
/* proc/iomem: the boot's list of ranges, two blanks for each level of depth. */
#include "sim/boot/iomem.h"

#include "fs/core/entry.h"

static int iomem_show(struct out *out, const struct view *v)
{
	const struct iomem *iomem = v->m->iomem;

	for (unsigned int i = 0; iomem && i < iomem->nr; i++) {
		const struct resource *r = &iomem->resources[i];

		out_pad(out, ' ', r->depth * 2);
		out_printf(out, "%08llx-%08llx : %s\n",
			   (unsigned long long)r->range.start,
			   (unsigned long long)(r->range.end - 1), r->name);
	}
	return 0;
}

static const struct entry iomem_entries[] = {
	FILE_ROW("iomem", 0444, iomem_show),
};

static const struct dir iomem_dir = { DIR_FILES(iomem_entries) };

TREE_PARTS(iomem_parts, { "proc", &iomem_dir });
