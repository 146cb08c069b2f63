// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The entry that maps the page is split level by level till it is small. Each split is
 * counted, and all TLBs forget what they know, as a large entry and a small one must not
 * be in them at a time. What of an entry's bits does not come back when the page does is
 * remembered with the split (phys/direct_split.h).
 */
#include "sim/virt/set_memory.h"

#include "sim/phys/direct_split.h"
#include "sim/phys/page_alloc.h"
#include "sim/virt/kernel_map.h"
#include "sim/virt/tlb.h"

static int split_large_page(struct machine *m, u64 phys, unsigned int level)
{
	static const enum vm_event_item splits[] = {
		[1] = DIRECT_MAP_LEVEL2_SPLITS, [2] = DIRECT_MAP_LEVEL3_SPLITS,
	};
	int err = direct_split_add(m, level, ALIGN_DOWN(phys, table_span(m, level)),
				   /* has_page = */ true);

	if (err)
		return err;
	count_vm_event(m, splits[level], 1);
	flush_tlb_all(m);
	return 0;
}

int set_direct_map_invalid(struct machine *m, u32 pfn)
{
	u64 phys = PFN_PHYS((u64)pfn), start = ALIGN_DOWN(phys, table_span(m, 1));
	struct direct_split *split;
	unsigned int level;
	int err = 0;

	/* High memory has no entry there. */
	if (!direct_map_level(m, phys, &level))
		return 0;
	while (level && !err) {
		err = split_large_page(m, phys, level);
		(void)direct_map_level(m, phys, &level);
	}
	if (!err && !direct_split_find(m, 1, start))
		err = direct_split_add(m, 1, start, /* has_page = */ false);
	if (err)
		return err;
	split = direct_split_find(m, 1, start);
	direct_split_change(split, phys);
	return 0;
}
