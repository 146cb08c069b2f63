// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Which memory and which CPU belongs to which node. The firmware tells blocks of
 * memory for each node; without it (one node, numa=off, or an architecture
 * without NUMA) one node is made up over everything. Then each node with memory
 * gets its descriptor, as near to it as possible.
 */
#include "sim/boot_state.h"

#include <stdio.h>

#define LOCAL_DISTANCE 10
#define REMOTE_DISTANCE 20

static void add_block(struct boot *b, u64 start, u64 end, int nid)
{
	struct numa_block *blocks;

	if (start >= end)
		return;
	blocks = arena_grow(&b->m->arena, b->blocks, &b->room_blocks, b->nr_blocks + 1, 16,
			    sizeof(*blocks));
	if (!blocks) {
		boot_fail(b, -ENOMEM, NULL);
		return;
	}
	b->blocks = blocks;
	b->blocks[b->nr_blocks++] = (struct numa_block){ start, end, nid };
}

/* Sizes are laid one behind the other, the holes of the platform left out. */
static void blocks_from_size(struct boot *b, int nid, u64 *offset,
			     const struct platform_layout *layout)
{
	u64 start = *offset, end = start + b->config->nodes[nid].size;
	u64 below = MIN(end, layout->below_4g);

	*offset = end;
	if (start < below) {
		if (start < 0xa0000)
			add_block(b, start, MIN(below, 0xa0000), nid);
		add_block(b, start < 0xa0000 ? SZ_1M : start, below, nid);
	}
	if (end > layout->below_4g)
		add_block(b, layout->above_start + MAX(start, layout->below_4g) - layout->below_4g,
			  layout->above_start + end - layout->below_4g, nid);
}

/* Firmware counts the tables behind a node's memory as the node's. */
static u64 over_reserved(const struct boot *b, u64 end)
{
	for (unsigned int i = 0; i < b->firmware.nr; i++) {
		const struct config_e820 *e = &b->firmware.entries[i];

		if (e->range.start == end && e->type != E820_USABLE && end > SZ_1M)
			return e->range.end;
	}
	return end;
}

static void read_blocks(struct boot *b)
{
	const struct machine_config *config = b->config;
	struct platform_layout layout;
	u64 bytes = 0, offset = 0;

	for (unsigned int i = 0; i < config->nr_nodes; i++)
		bytes += config->nodes[i].size;
	platform_lay_out(config->platform, bytes, &layout);
	for (unsigned int i = 0; i < config->nr_nodes; i++) {
		const struct config_node *node = &config->nodes[i];

		if (!node->present)
			continue;
		if (node->size)
			blocks_from_size(b, (int)i, &offset, &layout);
		for (unsigned int j = 0; j < node->nr_ranges; j++)
			add_block(b, ALIGN_DOWN(node->ranges[j].start, PAGE_SIZE),
				  over_reserved(b, ALIGN_UP(node->ranges[j].end, PAGE_SIZE)),
				  (int)i);
	}
}

static unsigned int nodes_present(const struct machine_config *config)
{
	unsigned int nr = 0;

	for (unsigned int i = 0; i < config->nr_nodes; i++)
		nr += config->nodes[i].present;
	return nr;
}

static void fake_node(struct boot *b)
{
	u64 end = PFN_PHYS(b->max_pfn);

	b->numa_faked = true;
	if (b->m->arch->numa) {
		printk(b->m, 6, "%s", b->cmdline.numa_off ? "NUMA turned off" :
							    "No NUMA configuration found");
		printk(b->m, 6, "Faking a node at [mem 0x%016llx-0x%016llx]", 0ULL,
		       (unsigned long long)end - 1);
	}
	add_block(b, 0, end, 0);
}

/* Memory of another node inside [start, end)? */
static bool others_between(const struct boot *b, u64 start, u64 end, int nid)
{
	for (unsigned int i = 0; i < b->nr_blocks; i++)
		if (b->blocks[i].nid != nid && b->blocks[i].start < end &&
		    b->blocks[i].end > start)
			return true;
	return false;
}

/* Blocks of a node grow together when nothing else lies between; said in the log. */
static void join_blocks(struct boot *b)
{
	u64 low = rel_numa_starts_at_memory(b->m->release) ?
		  memblock_start_of_DRAM(b->m->memblock) : 0;
	u64 high = PFN_PHYS(b->max_pfn);

	for (unsigned int i = 0; i < b->nr_blocks; i++) {
		b->blocks[i].start = MAX(b->blocks[i].start, low);
		b->blocks[i].end = MIN(b->blocks[i].end, high);
	}
	for (unsigned int i = 0; i < b->nr_blocks; i++) {
		for (unsigned int j = i + 1; j < b->nr_blocks; j++) {
			struct numa_block *x = &b->blocks[i], *y = &b->blocks[j];
			u64 start = MIN(x->start, y->start), end = MAX(x->end, y->end);

			if (x->nid != y->nid || others_between(b, start, end, x->nid))
				continue;
			printk(b->m, 6, "NUMA: Node %d [mem 0x%08llx-0x%08llx] + [mem "
			       "0x%08llx-0x%08llx] -> [mem 0x%08llx-0x%08llx]", x->nid,
			       (unsigned long long)x->start, (unsigned long long)x->end - 1,
			       (unsigned long long)y->start, (unsigned long long)y->end - 1,
			       (unsigned long long)start, (unsigned long long)end - 1);
			x->start = start;
			x->end = end;
			memmove(y, y + 1, (--b->nr_blocks - j) * sizeof(*y));
			j--;
		}
	}
}

static void set_distances(struct boot *b)
{
	struct machine *m = b->m;

	for (unsigned int i = 0; i < MAX_NUMNODES; i++)
		for (unsigned int j = 0; j < MAX_NUMNODES; j++)
			m->distance[i][j] = i == j ? LOCAL_DISTANCE : REMOTE_DISTANCE;
	if (b->numa_faked)
		return;
	for (unsigned int i = 0; i < b->config->nr_nodes; i++) {
		for (unsigned int j = 0; j < b->config->nr_nodes; j++) {
			u16 given = b->config->nodes[i].distances[j];

			if (!given)
				continue;
			if (given != m->distance[i][j])
				b->has_slit = true;
			m->distance[i][j] = (u8)given;
		}
	}
}

/* A table of distances takes a page at the top of memory. */
static void alloc_distances(struct boot *b)
{
	const unsigned int nr = b->config->nr_nodes;
	const struct memblock_request req = {
		.size = (u64)nr * nr, .align = PAGE_SIZE, .nid = -1, .keep_min = true,
		.who = "NUMA distances",
	};

	if (!b->has_slit)
		return;
	boot_alloc(b, &req);
	if (!rel_numa_starts_at_memory(b->m->release))
		printk(b->m, 7, "NUMA: Initialized distance table, cnt=%u", nr);
}

static void place_cpus(struct boot *b)
{
	struct machine *m = b->m;

	for (unsigned int cpu = 0; cpu < m->nr_cpus; cpu++) {
		m->cpu_node[cpu] = 0;
		for (unsigned int i = 0; !b->numa_faked && i < b->config->nr_nodes; i++)
			if (b->config->nodes[i].present &&
			    b->config->nodes[i].cpus[cpu / 64] >> cpu % 64 & 1)
				m->cpu_node[cpu] = (u16)i;
	}
}

static void mark_memory(struct boot *b)
{
	struct memblock *mb = b->m->memblock;

	for (unsigned int i = 0; !b->err && i < b->nr_blocks; i++) {
		const struct numa_block *block = &b->blocks[i];

		b->err = memblock_set_node(mb, &mb->memory, block->start,
					   block->end - block->start, block->nid);
		if (!b->err)
			b->err = memblock_set_node(mb, &mb->reserved, block->start,
						   block->end - block->start, block->nid);
	}
	/* What no node claims belongs to the first. */
	for (unsigned int i = 0; !b->err && i < mb->memory.cnt; i++) {
		const struct memblock_region *r = &mb->memory.regions[i];

		if (r->nid >= 0)
			continue;
		b->err = memblock_set_node(mb, &mb->memory, r->base, r->size, 0);
		i = UINT32_MAX;
	}
}

static bool node_has_memory(const struct memblock *mb, unsigned int nid)
{
	for (unsigned int i = 0; i < mb->memory.cnt; i++)
		if (mb->memory.regions[i].nid == (int)nid)
			return true;
	return false;
}

/* The node's descriptor, where the machine file says or as high as it can be. */
static void alloc_node_data(struct boot *b, unsigned int nid)
{
	char name[24];
	const struct phys_range *given;
	const struct memblock_request req = {
		.size = b->image.pgdat_bytes, .align = b->image.pgdat_align,
		.nid = (int)nid, .keep_min = true, .who = "NODE_DATA",
	};
	u64 at;

	snprintf(name, sizeof(name), "NODE_DATA(%u)", nid);
	given = boot_reserved_range(b, name);
	if (given) {
		at = given->start;
		boot_reserve_alloc(b, at, given->end - at, "NODE_DATA");
	} else {
		at = boot_alloc(b, &req);
	}
	b->node_data[nid] = at;
	if (at)
		printk(b->m, 6, "NODE_DATA(%u) allocated [mem 0x%08llx-0x%08llx]", nid,
		       (unsigned long long)at,
		       (unsigned long long)(given ? given->end : at + req.size) - 1);
}

static void make_node(struct boot *b, unsigned int nid)
{
	struct machine *m = b->m;
	struct pglist_data *node = arena_alloc(&m->arena, sizeof(*node));

	if (!node) {
		boot_fail(b, -ENOMEM, NULL);
		return;
	}
	m->nodes[nid] = node;
	m->nr_nodes = MAX(m->nr_nodes, nid + 1);
	node->id = (u16)nid;
	node->online = node_has_memory(m->memblock, (int)nid);
	for (unsigned int cpu = 0; cpu < m->nr_cpus; cpu++) {
		if (m->cpu_node[cpu] != nid)
			continue;
		node->cpus[cpu / 64] |= 1ULL << cpu % 64;
		node->has_cpu = node->online = true;
	}
}

static void note_nodes(struct boot *b)
{
	const struct machine *m = b->m;

	for (unsigned int nid = 0; nid < m->nr_nodes && !b->err; nid++) {
		struct out line = OUT_INIT;

		if (!m->nodes[nid])
			continue;
		out_bitmap_list(&line, m->nodes[nid]->cpus, m->nr_cpus);
		out_puts(&line, "; distances");
		for (unsigned int i = 0; i < m->nr_nodes; i++)
			out_printf(&line, " %u", m->distance[nid][i]);
		if (line.failed)
			boot_fail(b, -ENOMEM, NULL);
		else
			boot_note(b->m, "node %u: CPUs %s", nid, line.text);
		out_free(&line);
	}
}

void boot_numa(struct boot *b)
{
	struct memblock *mb = b->m->memblock;

	if (!b->m->arch->numa || b->cmdline.numa_off || nodes_present(b->config) < 2)
		fake_node(b);
	else
		read_blocks(b);
	if (!b->nr_blocks)
		fake_node(b);
	set_distances(b);
	if (!b->numa_faked) {
		alloc_distances(b);
		join_blocks(b);
	}
	place_cpus(b);
	mark_memory(b);
	/* Since 6.15 allocations carry the kernel's mark and their node. */
	for (unsigned int nid = 0; !b->err && nid < MAX_NUMNODES; nid++) {
		bool memory = node_has_memory(mb, nid);
		bool present = nid < b->config->nr_nodes && b->config->nodes[nid].present &&
			       !b->numa_faked;

		if (!memory && !present)
			continue;
		if (memory && b->m->arch->numa)
			alloc_node_data(b, nid);
		if (!b->err)
			make_node(b, nid);
	}
	note_nodes(b);
	for (unsigned int i = 0; !b->err && i < b->nr_blocks; i++)
		boot_note(b->m, "node %d: 0x%012llx-0x%012llx", b->blocks[i].nid,
			  (unsigned long long)b->blocks[i].start,
			  (unsigned long long)b->blocks[i].end - 1);
}
