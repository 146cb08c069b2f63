// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The memory map: where the real kernel keeps a struct page for each frame. With
 * sections (64 bit) it is a virtual array: for each node a block of descriptors for
 * its sections, and page tables to map it. Without (32 bit) it is one flat array
 * at the top of low memory, with a bitmap of pageblocks for each zone.
 */
#include "sim/boot_state.h"

#define MAX_DMA_ADDRESS (16 * SZ_1M)
#define ROOT_SECTIONS 256	/* section structs in a page */
#define PHYS_BITS(arch) ((arch)->nr_levels == 5 ? 52 : 46)

struct sparse {
	struct boot *b;
	u64 section_bytes, map_bytes;	/* of one section */
	u64 last_pmd, last_pud, last_p4d;
};

static u64 sections_end(const struct sparse *s, u64 addr)
{
	return DIV_ROUND_UP(addr, s->section_bytes);
}

/* The arrays of section structs: a page for every 256 sections with memory. */
static void alloc_roots(struct sparse *s)
{
	const struct memblock *mb = s->b->m->memblock;
	u64 done = 0;

	boot_alloc_small(s->b, (1ULL << (PHYS_BITS(s->b->m->arch) -
					 s->b->m->arch->section_bits)) / ROOT_SECTIONS * 8,
			 "section roots");
	for (unsigned int i = 0; !s->b->err && i < mb->memory.cnt; i++) {
		struct memblock_region r = mb->memory.regions[i];
		u64 first = r.base / s->section_bytes / ROOT_SECTIONS;
		u64 last = (sections_end(s, r.base + r.size) - 1) / ROOT_SECTIONS;

		for (u64 root = first; root <= last && !s->b->err; root++) {
			const struct memblock_request req = { .size = PAGE_SIZE, .align = 64,
							      .nid = r.nid,
							      .who = "section structs" };

			if (root < done)
				continue;
			done = root + 1;
			boot_alloc(s->b, &req);
		}
	}
}

/* Sections of one node in a row: [first, last). */
struct section_run {
	u64 first, last, nr;
	int nid;
};

static void alloc_usage(struct sparse *s, const struct section_run *run)
{
	u64 near = s->b->node_data[run->nid];
	struct memblock_request req = {
		.size = s->b->image.section_usage_bytes * run->nr, .align = 64,
		.min_addr = ALIGN_DOWN(near, s->section_bytes),
		.max_addr = ALIGN_DOWN(near, s->section_bytes) + s->section_bytes,
		.nid = run->nid, .who = "section usage", .keep_min = true,
	};

	if (memblock_alloc(s->b->m->memblock, &req))
		return;
	req.max_addr = 0;
	req.keep_min = false;
	boot_alloc(s->b, &req);
}

static void alloc_table(struct sparse *s, int nid)
{
	const struct memblock_request req = {
		.size = PAGE_SIZE, .align = PAGE_SIZE, .min_addr = MAX_DMA_ADDRESS,
		.nid = nid, .who = "vmemmap tables",
	};

	boot_alloc(s->b, &req);
}

/* Page tables that the descriptors of one section need and that are not there. */
static void map_section(struct sparse *s, u64 section, int nid)
{
	u64 addr = s->b->m->arch->vmemmap_start + section * s->map_bytes;

	if (s->b->m->arch->nr_levels == 5 && s->last_p4d != addr >> 48) {
		s->last_p4d = addr >> 48;
		alloc_table(s, nid);
	}
	if (s->last_pud != addr >> 39) {
		s->last_pud = addr >> 39;
		alloc_table(s, nid);
	}
	if (s->last_pmd != addr >> 30) {
		s->last_pmd = addr >> 30;
		alloc_table(s, nid);
	}
}

static bool section_has_memory(const struct sparse *s, u64 section, int nid)
{
	const struct memblock_type *mem = &s->b->m->memblock->memory;
	u64 start = section * s->section_bytes, end = start + s->section_bytes;

	for (unsigned int i = 0; i < mem->cnt; i++) {
		const struct memblock_region *r = &mem->regions[i];

		if (r->base < end && r->base + r->size > start)
			return nid < 0 || r->nid == nid;	/* the first one owns it */
	}
	return false;
}

static void alloc_run(struct sparse *s, const struct section_run *run)
{
	const struct memblock_request req = {
		.size = s->map_bytes * run->nr, .align = s->map_bytes,
		.min_addr = MAX_DMA_ADDRESS, .nid = run->nid, .exact_nid = true,
		.who = "memory map",
	};

	if (!run->nr || s->b->err)
		return;
	alloc_usage(s, run);
	if (!memblock_alloc(s->b->m->memblock, &req)) {
		struct memblock_request any = req;

		any.exact_nid = false;
		any.align = PAGE_SIZE;
		boot_alloc(s->b, &any);
	}
	for (u64 i = run->first; i < run->last && !s->b->err; i++)
		if (section_has_memory(s, i, run->nid))
			map_section(s, i, run->nid);
	boot_note(s->b->m, "node %d: %llu sections, %llu MiB of page descriptors", run->nid,
		  (unsigned long long)run->nr,
		  (unsigned long long)(req.size >> 20));
}

/* Regions in address order; a section belongs to the node of its first memory. */
static void alloc_maps(struct sparse *s)
{
	const struct memblock *mb = s->b->m->memblock;
	struct section_run run = { .nid = -1 };
	u64 next = 0;

	for (unsigned int i = 0; !s->b->err && i < mb->memory.cnt; i++) {
		struct memblock_region r = mb->memory.regions[i];
		u64 first = MAX(r.base / s->section_bytes, next);
		u64 last = sections_end(s, r.base + r.size);

		if (first >= last)
			continue;
		if (run.nid != r.nid) {
			alloc_run(s, &run);
			run = (struct section_run){ .first = first, .nid = r.nid };
		}
		run.last = next = last;
		run.nr += last - first;
	}
	alloc_run(s, &run);
}

static void sparse_init(struct boot *b)
{
	struct sparse s = {
		.b = b,
		.section_bytes = 1ULL << b->m->arch->section_bits,
		.last_pmd = UINT64_MAX, .last_pud = UINT64_MAX,
		.last_p4d = UINT64_MAX,
	};

	s.map_bytes = (s.section_bytes >> PAGE_SHIFT) * b->m->arch->struct_page_bytes;
	alloc_roots(&s);
	alloc_maps(&s);
}

static void flat_init(struct boot *b)
{
	u64 block = 1ULL << MAX_PAGE_ORDER;
	u64 pages = ALIGN_UP(b->max_pfn, block);
	const struct memblock_request req = {
		.size = pages * b->m->arch->struct_page_bytes, .align = 64, .nid = 0,
		.who = "memory map",
	};

	boot_alloc(b, &req);
	boot_note(b->m, "flat memory map: %llu KiB of page descriptors",
		  (unsigned long long)(req.size >> 10));
}

void boot_memory_map(struct boot *b)
{
	if (b->m->arch->vmemmap_start)
		sparse_init(b);
	else
		flat_init(b);
}
