// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * cma=SIZE[@START[-END]]: memory is set aside for a contiguous memory area as soon as the
 * nodes are known, above 4 GiB from below, else as high as it can be; it becomes the
 * allocator's before the watermarks are worked out.
 */
#include "sim/boot_state.h"

#include <stdio.h>

#include "sim/phys/cma.h"

typedef unsigned long long ull;

/* The kernel's %pa: as many digits as a physical address has. */
static const char *pa(const struct boot *b, u64 addr, char text[24])
{
	snprintf(text, 24, "0x%0*llx", b->m->arch->entry_bytes == 8 ? 16 : 8, (ull)addr);
	return text;
}

static u64 cma_alignment(const struct boot *b)
{
	return PAGE_SIZE << b->m->arch->hugetlb_order;
}

/* Where the direct map of a 32-bit kernel ends: an area lies on one side. 0: all is mapped. */
static u64 highmem_start(const struct boot *b)
{
	if (b->m->arch->lowmem_end)
		return PFN_PHYS(b->max_low_pfn);
	return rel_cma_has_ranges(b->m->release) ? 0 : PFN_PHYS(b->max_pfn);
}

static bool region_is_free(const struct memblock *mb, u64 base, u64 size)
{
	for (unsigned int i = 0; i < mb->reserved.cnt; i++) {
		const struct memblock_region *r = &mb->reserved.regions[i];

		if (r->base < base + size && base < r->base + r->size)
			return false;
	}
	return true;
}

/* A request of the command line or of the configuration. */
struct cma_request {
	u64 size, base, limit;
	bool fixed;
};

static u64 find_place(struct boot *b, const struct cma_request *req, u64 min, u64 max)
{
	const struct memblock_request place = {
		.size = req->size, .align = cma_alignment(b), .min_addr = min, .max_addr = max,
		.nid = -1, .keep_min = true, .who = "cma",
	};

	return min < max ? memblock_find(b->m->memblock, &place) : 0;
}

/* Low zones have other uses: rather from 4 GiB on, and from below. */
static u64 find_above_4g(struct boot *b, const struct cma_request *req)
{
	struct memblock *mb = b->m->memblock;
	u64 at;

	if (b->m->arch->entry_bytes != 8 || memblock_end_of_DRAM(mb) < SZ_4G + req->size)
		return 0;
	mb->bottom_up = true;
	at = find_place(b, req, SZ_4G, req->limit);
	mb->bottom_up = false;
	return at;
}

static u64 find_anywhere(struct boot *b, const struct cma_request *req)
{
	u64 high = highmem_start(b), limit = req->limit, at = find_above_4g(b, req);

	if (!at && high && req->base < high && limit > high) {
		at = find_place(b, req, high, limit);
		limit = high;
	}
	return at ? at : find_place(b, req, req->base, limit);
}

/* *req becomes what is possible. -EINVAL: nothing is. */
static int check_request(struct boot *b, struct cma_request *req)
{
	u64 align = cma_alignment(b), high = highmem_start(b);
	u64 end = memblock_end_of_DRAM(b->m->memblock);
	char first[24], second[24], third[24];

	if (req->fixed && req->base & (align - 1)) {
		printk(b->m, 3, "cma: Region at %s must be aligned to %s bytes",
		       pa(b, req->base, first), pa(b, align, second));
		return -EINVAL;
	}
	req->base = ALIGN_UP(req->base, align);
	req->size = ALIGN_UP(req->size, align);
	req->limit = ALIGN_DOWN(req->limit, align);
	req->fixed &= req->base != 0;
	if (req->fixed && req->base < high && req->base + req->size > high) {
		printk(b->m, 3, "cma: Region at %s defined on low/high memory boundary (%s)",
		       pa(b, req->base, first), pa(b, high, second));
		return -EINVAL;
	}
	if (!req->limit || req->limit > end)
		req->limit = end;
	if (req->base + req->size <= req->limit)
		return 0;
	printk(b->m, 3, "cma: Size (%s) of region at %s exceeds limit (%s)",
	       pa(b, req->size, first), pa(b, req->base, second), pa(b, req->limit, third));
	return -EINVAL;
}

/* Reserved at *base. */
static int reserve(struct boot *b, const struct cma_request *req, u64 *base)
{
	*base = req->base;
	if (req->fixed) {
		if (!region_is_free(b->m->memblock, req->base, req->size))
			return -EBUSY;
		boot_reserve(b, *base, req->size, "cma");
		return b->err;
	}
	*base = find_anywhere(b, req);
	if (!*base)
		return -ENOMEM;
	boot_reserve_alloc(b, *base, req->size, "cma");
	return b->err;
}

static void declare_contiguous(struct boot *b, struct cma_request *req)
{
	u64 asked = req->size, base = 0, said;
	char text[24];
	int err = check_request(b, req);

	if (!err)
		err = reserve(b, req, &base);
	said = rel_cma_says_asked_size(b->m->release) ? asked : req->size;
	if (err) {
		printk(b->m, 3, "cma: Failed to reserve %llu MiB", (ull)(said / SZ_1M));
		return;
	}
	b->cma[b->nr_cma++] = (struct phys_range) { base, base + req->size };
	if (!cma_new_area(b->m, "reserved", PFN_DOWN(base), PFN_DOWN(req->size)))
		boot_fail(b, -ENOMEM, NULL);
	printk(b->m, 6, "cma: Reserved %llu MiB at %s", (ull)(said / SZ_1M), pa(b, base, text));
	boot_note(b->m, "cma: %llu KiB at %#llx, aligned to a pageblock", (ull)(req->size >> 10),
		  (ull)base);
}

/* The direct map ends there: as far as a driver can reach. */
static u64 mapped_end(const struct boot *b)
{
	return PFN_PHYS(b->m->arch->bits == 64 ? b->max_pfn : b->max_low_pfn);
}

void boot_cma_reserve(struct boot *b)
{
	const struct cmdline *c = &b->cmdline;
	struct cma_request req = {
		.size = machine_config_number(b->config, "CMA_SIZE_MBYTES") * SZ_1M,
		.limit = mapped_end(b),
	};

	if (!b->m->cma)
		return;
	if (c->bad_cma) {
		printk(b->m, 3, "cma: Config string not provided");
		printk(b->m, 4, "Malformed early option 'cma'");
	}
	if (c->has_cma) {
		req.size = c->cma_size;
		req.base = c->cma_base;
		req.fixed = c->cma_base + c->cma_size == c->cma_limit;
		if (c->cma_limit)
			req.limit = rel_cma_limit_is_users(b->m->release) ? c->cma_limit :
				    MIN(c->cma_limit, req.limit);
	}
	if (req.size)
		declare_contiguous(b, &req);
}

/* A core initcall. */
void boot_cma_areas(struct boot *b)
{
	for (unsigned int i = 0; b->m->cma && i < b->m->cma->nr && !b->err; i++) {
		const struct cma *cma = &b->m->cma->areas[i];

		if (cma_activate_area(b->m, &b->m->cma->areas[i]))
			boot_fail(b, -ENOMEM, NULL);
		boot_note(b->m, "cma: area %s: %llu pages from %#llx on", cma->name,
			  (ull)cma->count, (ull)cma->base_pfn);
	}
}
