// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Memory is added whole blocks at a time and is off line at first. Its descriptors are
 * pages of other memory, of its own node if that has any (2 MiB at once, else single
 * pages), or with memmap_on_memory the first pages of each block. All that can fail for
 * the host's sake comes before anything that is seen.
 */
#include "sim/phys/memory_hotplug.h"

#include "sim/base/bug.h"
#include "sim/boot/boot_log.h"
#include "sim/boot/iomem.h"
#include "sim/boot/memblock.h"
#include "sim/phys/direct_split.h"
#include "sim/phys/page_alloc.h"
#include "sim/phys/page_owner.h"
#include "sim/phys/tunables.h"

typedef unsigned long long ull;

#define MAX_ADDRESS (16 * 1024 * SZ_1G)	/* page frames have 32 bits */
#define RANK 1	/* of two equal ranges: as what the firmware tells */

struct addition {
	unsigned int nid;
	u64 start, size;	/* bytes */
	u32 first, end;		/* blocks */
	u32 group;		/* index + 1 */
};

/* -- descriptors -------------------------------------------------------------- */

static u64 vmemmap_pages(const struct machine *m, u64 nr_pages)
{
	return nr_pages * m->arch->struct_page_bytes >> PAGE_SHIFT;
}

/* Can each block keep its own descriptors? (mhp_supports_memmap_on_memory) */
static bool memmap_fits(const struct machine *m, const struct addition *add)
{
	u64 pages = vmemmap_pages(m, m->hotplug->block_pages);

	return m->tunables->memmap_on_memory && pages % pageblock_nr_pages(m) == 0 &&
	       (rel_memmap_by_block(m->release) ||
		add->size >> PAGE_SHIFT == m->hotplug->block_pages);
}

static void free_vmemmap(struct machine *m, struct memory_block *block)
{
	while (block->vmemmap.first != PFN_NIL) {
		u32 pfn = block->vmemmap.first;
		unsigned int order = (unsigned int)allocated_order(m, pfn);

		page_list_del(m, &block->vmemmap, pfn);
		free_pages(m, pfn, order);
	}
}

static int alloc_chunk(struct machine *m, struct memory_block *block, unsigned int nid,
		       unsigned int order)
{
	u32 pfn;
	int err = alloc_kernel_pages(m, GFP_KERNEL | __GFP_RETRY_MAYFAIL | __GFP_NOWARN |
				     __GFP_ZERO, order, (int)nid, PGTY_kernel, &pfn);

	if (err)
		return err;
	page_list_add_tail(m, &block->vmemmap, pfn);
	return 0;
}

static int alloc_vmemmap(struct machine *m, struct memory_block *block, unsigned int nid)
{
	u64 left = vmemmap_pages(m, m->hotplug->block_pages);
	int err = 0;

	while (left && !err) {
		unsigned int order = m->arch->hugetlb_order;

		err = left >> order ? alloc_chunk(m, block, nid, order) : -ENOMEM;
		if (err == -ENOMEM) {
			order = 0;
			err = alloc_chunk(m, block, nid, order);
		}
		left -= err ? 0 : 1ULL << order;
	}
	if (err)
		free_vmemmap(m, block);
	return err;
}

static int alloc_memmaps(struct machine *m, const struct addition *add)
{
	struct memory_block *blocks = m->hotplug->blocks;
	int err = 0;
	u32 id;

	if (memmap_fits(m, add)) {
		for (id = add->first; id < add->end; id++)
			blocks[id].nr_vmemmap_pages =
				(u32)vmemmap_pages(m, m->hotplug->block_pages);
		return 0;
	}
	for (id = add->first; id < add->end && !err; id++)
		err = alloc_vmemmap(m, &blocks[id], add->nid);
	for (; err && id-- > add->first;)
		free_vmemmap(m, &blocks[id]);
	return err;
}

/* -- what is where ------------------------------------------------------------ */

static bool is_bus(const struct resource *r)
{
	return !strncmp(r->name, "PCI Bus", strlen("PCI Bus"));
}

/* Something else is at these addresses already. */
static bool is_taken(const struct machine *m, const struct addition *add)
{
	const struct memblock_type *memory = &m->memblock->memory;
	u64 end = add->start + add->size;

	for (unsigned int i = 0; m->iomem && i < m->iomem->nr; i++) {
		const struct resource *r = &m->iomem->resources[i];

		if (r->range.start < end && r->range.end > add->start && !is_bus(r))
			return true;
	}
	for (unsigned int i = 0; i < memory->cnt; i++)
		if (memory->regions[i].base < end &&
		    memory->regions[i].base + memory->regions[i].size > add->start)
			return true;
	return false;
}

static int check_addition(struct machine *m, const struct addition *add)
{
	u64 bytes = memory_block_bytes(m);
	u64 limit = MIN(PFN_PHYS(m->arch->max_pfn), MAX_ADDRESS);

	if (!add->size || add->start % bytes || add->size % bytes) {
		printk(m, 3, "Block size [%#llx] unaligned hotplug range: start %#llx, size %#llx",
		       (ull)bytes, (ull)add->start, (ull)add->size);
		return -EINVAL;
	}
	if (add->start + add->size < add->start || add->start + add->size > limit) {
		printk(m, 4, "Hotplug memory [%#llx-%#llx] exceeds maximum addressable range "
		       "[%#llx-%#llx]", (ull)add->start, (ull)(add->start + add->size), 0ULL,
		       (ull)limit - 1);
		return -E2BIG;
	}
	if (is_taken(m, add))
		return -EEXIST;
	if (add->nid >= m->nr_nodes || !m->nodes[add->nid]) {
		printk(m, 4, "node %u was absent from the node_possible_map", add->nid);
		return -EINVAL;
	}
	return 0;
}

static int reserve_group(struct machine *m, u32 *group)
{
	struct memory_hotplug *hotplug = m->hotplug;
	u32 nr = hotplug->nr_groups;
	struct memory_group *more;

	for (u32 i = 0; i < nr; i++) {
		if (!hotplug->groups[i].nr_blocks) {
			*group = i + 1;
			return 0;
		}
	}
	more = arena_resize(&m->arena, hotplug->groups, nr * sizeof(*more),
			    (nr + 1) * sizeof(*more));
	if (!more)
		return -ENOBUFS;
	hotplug->groups = more;
	hotplug->groups[hotplug->nr_groups++] = (struct memory_group){ 0 };
	*group = nr + 1;
	return 0;
}

static int note_addresses(struct machine *m, u64 start, u64 size)
{
	if (iomem_add(m->iomem, &m->arena, start, start + size, "System RAM", RANK))
		return -ENOBUFS;
	iomem_arrange(m->iomem);
	return 0;
}

static void forget(struct machine *m, u64 start, u64 size)
{
	/* It has room: that of what goes. */
	BUG_ON(m, iomem_remove(m->iomem, &m->arena, start, start + size, "System RAM"));
}

/* Room for all that is to be noted of it, and its addresses. -ENOBUFS: nothing is seen. */
static int make_room(struct machine *m, struct addition *add)
{
	u64 end = PFN_DOWN(add->start + add->size);

	if (memory_blocks_grow(m, end) || page_owner_grow(m, end) ||
	    reserve_group(m, &add->group) ||
	    !memblock_has_room(m->memblock) || note_addresses(m, add->start, add->size))
		return -ENOBUFS;
	if (sections_grow(m, end)) {
		forget(m, add->start, add->size);
		return -ENOBUFS;
	}
	BUG_ON(m, memblock_add_node(m->memblock, add->start, add->size, (int)add->nid, 0));
	return 0;
}

/* -- nodes -------------------------------------------------------------------- */

static void try_online_node(struct machine *m, unsigned int nid)
{
	if (m->nodes[nid]->online)
		return;
	m->nodes[nid]->online = true;
	machine_why(m, "node %u comes: memory of it was added (__try_online_node)", nid);
}

static bool has_blocks(const struct machine *m, unsigned int nid)
{
	for (u32 id = 0; id < m->hotplug->nr_blocks; id++)
		if (m->hotplug->blocks[id].exists && m->hotplug->blocks[id].nid == nid)
			return true;
	return false;
}

static void try_offline_node(struct machine *m, unsigned int nid)
{
	struct pglist_data *node = m->nodes[nid];

	if (node->spanned_pages || has_blocks(m, nid) || node->has_cpu)
		return;
	node->online = false;
	machine_why(m, "node %u goes: it has no memory and no CPU (try_offline_node)", nid);
}

/* -- add and remove ----------------------------------------------------------- */

static void create_blocks(struct machine *m, const struct addition *add)
{
	m->hotplug->groups[add->group - 1] = (struct memory_group){
		.nr_blocks = add->end - add->first, .nid = (u16)add->nid,
		.max_pages = add->size >> PAGE_SHIFT,
	};
	for (u32 id = add->first; id < add->end; id++) {
		struct memory_block *block = &m->hotplug->blocks[id];

		block->exists = block->moved = true;
		block->online_type = MMOP_OFFLINE;
		block->nid = (u16)add->nid;
		block->group = add->group;
	}
	m->hotplug->changed = true;
	m->max_pfn = MAX(m->max_pfn, PFN_DOWN(add->start + add->size));
}

static int online_all(struct machine *m, const struct addition *add)
{
	int err = 0;

	for (u32 id = add->first; id < add->end && !err; id++)
		err = memory_block_online(m, id, (enum mmop)m->tunables->memhp_auto_online);
	return err;
}

int add_memory(struct machine *m, unsigned int nid, u64 start, u64 size)
{
	struct addition add = {
		.nid = nid, .start = start, .size = size,
		.first = (u32)(start / memory_block_bytes(m)),
		.end = (u32)((start + size) / memory_block_bytes(m)),
	};
	int err = check_addition(m, &add);

	if (!err)
		err = make_room(m, &add);
	if (err)
		return err;
	err = alloc_memmaps(m, &add);
	if (err) {
		BUG_ON(m, memblock_remove(m->memblock, start, size));
		forget(m, start, size);
		return err;
	}
	create_blocks(m, &add);
	try_online_node(m, nid);
	machine_why(m, "%llu blocks of memory were added to node %u at %#llx, descriptors in %s "
		    "(add_memory_resource)", (ull)(add.end - add.first), nid, (ull)start,
		    memmap_fits(m, &add) ? "themselves" : "other memory");
	if (m->tunables->memhp_auto_online == MMOP_OFFLINE)
		return 0;
	/* As the kernel, which does not ask what came of that. */
	err = online_all(m, &add);
	return err == -ENOBUFS ? err : 0;
}

/* All blocks of the range, of which each was added and none is on line. */
static int check_removal(struct machine *m, u64 start, u64 size)
{
	u64 bytes = memory_block_bytes(m);

	if (!size || start % bytes || size % bytes)
		return -EINVAL;
	for (u64 at = start; at < start + size; at += bytes) {
		const struct memory_block *block = memory_block_of(m, PFN_DOWN(at));

		if (!block || block->early)
			return -EINVAL;
		if (!block->online)
			continue;
		printk(m, 4, "removing memory fails, because memory [%#010llx-%#010llx] is "
		       "onlined", (ull)at, (ull)(at + bytes - 1));
		return -EBUSY;
	}
	return 0;
}

static void remove_block(struct machine *m, u32 id)
{
	struct memory_block *block = &m->hotplug->blocks[id];

	free_vmemmap(m, block);
	if (block->group)
		m->hotplug->groups[block->group - 1].nr_blocks--;
	m->num_poisoned_pages -= block->nr_hwpoison;
	*block = (struct memory_block){ .zone = NO_ZONE, .vmemmap = PAGE_LIST_INIT };
	sections_drop(m, id * m->hotplug->block_pages, (id + 1) * m->hotplug->block_pages);
}

int remove_memory(struct machine *m, u64 start, u64 size)
{
	u64 bytes = memory_block_bytes(m);
	int err = check_removal(m, start, size);
	unsigned int nid;

	if (err)
		return err;
	nid = memory_block_of(m, PFN_DOWN(start))->nid;
	if (!memblock_has_room(m->memblock) ||
	    iomem_remove(m->iomem, &m->arena, start, start + size, "System RAM"))
		return -ENOBUFS;
	BUG_ON(m, memblock_remove(m->memblock, start, size));
	direct_splits_forget(m, start, start + size);
	for (u64 at = start; at < start + size; at += bytes)
		remove_block(m, (u32)(at / bytes));
	machine_why(m, "%llu blocks of memory left node %u (try_remove_memory)",
		    (ull)(size / bytes), nid);
	try_offline_node(m, nid);
	return 0;
}

int offline_and_remove_memory(struct machine *m, u64 start, u64 size,
			      struct offline_failure *failure)
{
	u64 bytes = memory_block_bytes(m);
	int err = 0;

	*failure = (struct offline_failure){ .pfn = ~0ULL };
	if (!size || start % bytes || size % bytes)
		return -EINVAL;
	for (u64 at = start; at < start + size && !err; at += bytes) {
		const struct memory_block *block = memory_block_of(m, PFN_DOWN(at));

		if (!block || block->early)
			return -EINVAL;
		if (block->online)
			err = memory_block_offline(m, (u32)(at / bytes), failure);
	}
	return err ? err : remove_memory(m, start, size);
}
