// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * kernelcore= and movablecore=: where zone Movable begins in each node. The
 * amount that the kernel keeps for itself is dealt out to the nodes evenly; what a
 * small node cannot take is dealt out again among the others.
 */
#include "sim/boot_state.h"

static u64 amount_in_pages(const struct core_amount *amount, u64 total)
{
	return amount->percent ? total * 100 * amount->percent / 10000 :
				 PFN_DOWN(amount->bytes);
}

static u64 total_pages(const struct memblock *mb)
{
	u64 pages = 0;

	for (unsigned int i = 0; i < mb->memory.cnt; i++)
		pages += mb->memory.regions[i].size >> PAGE_SHIFT;
	return pages;
}

static unsigned int nodes_with_memory(const struct boot *b)
{
	const struct memblock_type *mem = &b->m->memblock->memory;
	bool seen[MAX_NUMNODES] = { false };
	unsigned int nr = 0;

	for (unsigned int i = 0; i < mem->cnt; i++) {
		int nid = mem->regions[i].nid;

		nr += !seen[nid];
		seen[nid] = true;
	}
	return nr;
}

/* Pages that the kernel is to have, all nodes together; 0 = everything. */
static u64 kernel_pages_wanted(const struct boot *b)
{
	u64 total = total_pages(b->m->memblock);
	u64 kernelcore = amount_in_pages(&b->cmdline.kernelcore, total);
	u64 movablecore = amount_in_pages(&b->cmdline.movablecore, total);

	if (movablecore) {
		movablecore = MIN(ALIGN_UP(movablecore, 1ULL << MAX_PAGE_ORDER), total);
		kernelcore = MAX(kernelcore, total - movablecore);
	}
	return kernelcore < total ? kernelcore : 0;
}

/* The lowest pfn from which memory can be movable: where the last zone begins. */
static u64 first_usable(const struct boot *b)
{
	for (int type = ZONE_HIGHMEM; type >= 0; type--)
		if (b->zone_high[type] > b->zone_low[type])
			return b->zone_low[type];
	return 0;
}

/* One node's share; *wanted is what all nodes together still have to take. */
static void deal_node(struct boot *b, int nid, u64 share, u64 *wanted)
{
	const struct memblock_type *mem = &b->m->memblock->memory;
	u64 usable = first_usable(b);
	u64 left = share;

	for (unsigned int i = 0; i < mem->cnt; i++) {
		u64 start = PFN_DOWN(mem->regions[i].base);
		u64 end = PFN_DOWN(mem->regions[i].base + mem->regions[i].size);
		u64 pages;

		if (mem->regions[i].nid != nid)
			continue;
		start = MAX(start, b->movable_pfn[nid]);
		if (start >= end)
			continue;
		if (start < usable) {
			u64 low = MIN(end, usable) - start;

			left -= MIN(low, left);
			*wanted -= MIN(low, *wanted);
			if (end <= usable) {
				b->movable_pfn[nid] = end;
				continue;
			}
			start = usable;
		}
		pages = MIN(end - start, left);
		b->movable_pfn[nid] = start + pages;
		*wanted -= MIN(*wanted, pages);
		left -= pages;
		if (!left)
			break;
	}
}

static void deal(struct boot *b, u64 wanted)
{
	unsigned int nodes = nodes_with_memory(b);

	do {
		u64 share = wanted / nodes;

		for (unsigned int nid = 0; nid < MAX_NUMNODES; nid++) {
			const struct memblock_type *mem = &b->m->memblock->memory;
			bool memory = false;

			for (unsigned int i = 0; i < mem->cnt; i++)
				memory |= mem->regions[i].nid == (int)nid;
			if (!memory)
				continue;
			if (wanted < share)
				share = wanted / nodes;
			deal_node(b, (int)nid, share, &wanted);
		}
		nodes--;
	} while (nodes && wanted > nodes);
}

static void align_starts(struct boot *b)
{
	const struct memblock_type *mem = &b->m->memblock->memory;

	for (unsigned int nid = 0; nid < MAX_NUMNODES; nid++) {
		u64 end = 0;

		for (unsigned int i = 0; i < mem->cnt; i++)
			if (mem->regions[i].nid == (int)nid)
				end = PFN_DOWN(mem->regions[i].base + mem->regions[i].size);
		b->movable_pfn[nid] = ALIGN_UP(b->movable_pfn[nid], 1ULL << MAX_PAGE_ORDER);
		if (b->movable_pfn[nid] >= end)
			b->movable_pfn[nid] = 0;
	}
}

/*
 * kernelcore=mirror where no memory is mirrored: newer kernels ignore it, older
 * ones take all memory above 4 GiB for movable.
 */
static void deal_mirrored(struct boot *b)
{
	const struct memblock_type *mem = &b->m->memblock->memory;

	if (rel_mirror_needs_memory(b->m->release)) {
		printk(b->m, 4, "The system has no mirror memory, ignore kernelcore=mirror.");
		return;
	}
	for (unsigned int i = 0; i < mem->cnt; i++) {
		u64 *movable = &b->movable_pfn[mem->regions[i].nid];
		u64 start = PFN_UP(mem->regions[i].base);

		if (start >= SZ_4G >> PAGE_SHIFT)
			*movable = *movable ? MIN(*movable, start) : start;
	}
	printk(b->m, 4, "This configuration results in unmirrored kernel memory.");
}

void boot_movable(struct boot *b)
{
	u64 wanted = kernel_pages_wanted(b);

	/* No firmware here calls memory hotpluggable: movable_node leaves none. */
	if (b->cmdline.kernelcore_mirror && !b->cmdline.movable_node) {
		deal_mirrored(b);
	} else if (wanted && !b->cmdline.movable_node) {
		machine_why_setting(b->m, "zone Movable: of %llu pages the kernel keeps %llu, "
				    "dealt evenly to %u nodes; the rest is movable "
				    "(find_zone_movable_pfns_for_nodes)",
				    (unsigned long long)total_pages(b->m->memblock),
				    (unsigned long long)wanted, nodes_with_memory(b));
		deal(b, wanted);
	}
	align_starts(b);
	printk(b->m, 6, "Movable zone start for each node");
	for (unsigned int nid = 0; nid < MAX_NUMNODES; nid++) {
		if (!b->movable_pfn[nid])
			continue;
		printk(b->m, 6, "  Node %u: 0x%016llx", nid,
		       (unsigned long long)PFN_PHYS(b->movable_pfn[nid]));
		machine_why_setting(b->m, "node %u: Movable from pfn %#llx on, its node's share "
				    "rounded up to %u pages (find_zone_movable_pfns_for_nodes)",
				    nid, (unsigned long long)b->movable_pfn[nid],
				    1U << MAX_PAGE_ORDER);
		boot_note(b->m, "node %u: Movable from pfn %llu", nid,
			  (unsigned long long)b->movable_pfn[nid]);
	}
}
