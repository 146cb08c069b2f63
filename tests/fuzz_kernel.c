// SPDX-License-Identifier: GPL-2.0-or-later
/* Lines of the kernel's allocators, of time, values and history. */
#include "fuzz.h"

#include "sim/phys/page_alloc.h"

static const char *const gfps[] = {
	"", "", "", "kernel", "GFP_KERNEL", "atomic", "kernel,zero", "GFP_KERNEL|__GFP_ZERO",
	"nowait", "user", "highuser_movable", "movable", "GFP_NOFS", "noio", "dma", "dma32",
	"kernel,reclaimable", "kernel,nowarn,noretry", "kernel,thisnode", "kernel,comp",
	"kernel,account", "atomic,memalloc", "high", "0",
};

static const char *const nodes[] = { "", "", "", "", "", "0", "0", "-1", "0" };

static unsigned int random_order(struct fuzz *f)
{
	static const u8 orders[] = { 0, 0, 0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 5 };

	return one_in(f, 40) ? below(f, MAX_PAGE_ORDER + 1) : PICK(f, orders);
}

static u64 random_size(struct fuzz *f)
{
	unsigned int bits = 1 + below(f, one_in(f, 50) ? 23 : 13);

	return next_random(f) >> 11 & ((1ULL << bits) - 1);
}

/* " GFP NODE", either of them missing now and then. */
static void say_placement(struct fuzz *f)
{
	const char *gfp = PICK(f, gfps), *node = one_in(f, 100) ? "1" : PICK(f, nodes);

	if (gfp[0])
		say(f, " %s", gfp);
	if (node[0] && (gfp[0] || one_in(f, 2)))
		say(f, " %s", node);
}

static void alloc_or_free_pages(struct fuzz *f)
{
	unsigned int i = below(f, NR_PAGES / f->scale);
	const char *gfp = PICK(f, gfps);
	bool live = f->page[i] && !one_in(f, 1000);	/* now and then one leaks */

	f->page[i] = !f->page[i] || !live;
	if (live) {
		say(f, one_in(f, 4) ? "free_pages(@g%u)" : "free_pages @g%u", i);
	} else if (one_in(f, 4)) {
		say(f, "alloc_pages(%s, %u) as g%u", gfp[0] ? gfp : "GFP_KERNEL",
		    random_order(f), i);
	} else {
		say(f, "alloc_pages %u", random_order(f));
		say_placement(f);
		say(f, " as g%u", i);
	}
}

/* Pages that lie together: of a length that is known by the name. */
static void alloc_or_free_range(struct fuzz *f)
{
	static const unsigned int lengths[NR_CONTIGS] = { 5, 64, 300, 700 };
	unsigned int i = below(f, NR_CONTIGS);

	f->contig[i] = !f->contig[i];
	if (!f->contig[i]) {
		say(f, "free_contig_range @q%u %u", i, lengths[i]);
		return;
	}
	say(f, "alloc_contig_pages %u", lengths[i]);
	say_placement(f);
	say(f, " as q%u", i);
}

static void alloc_or_free_object(struct fuzz *f)
{
	unsigned int i = below(f, NR_OBJECTS / f->scale);
	bool live = f->object[i] && !one_in(f, 1000);

	f->object[i] = !f->object[i] || !live;
	if (live) {
		say(f, "kfree @k%u", i);
		return;
	}
	say(f, "kmalloc %llu", (unsigned long long)random_size(f));
	say_placement(f);
	say(f, " as k%u", i);
}

static void alloc_or_free_area(struct fuzz *f)
{
	unsigned int i = below(f, NR_AREAS / MIN(f->scale, 8));
	bool live = f->area[i];

	f->area[i] = !live;
	if (live) {
		say(f, "vfree @v%u", i);
		return;
	}
	say(f, "vmalloc%s", below(f, 8) ? "" : "_huge");
	say(f, " %u as v%u", 1 + below(f, below(f, 40) ? 40 * 4096 : 3 << 20), i);
}

static void make_or_drop_cache(struct fuzz *f)
{
	static const char *const flags[] = {
		"", "no_merge", "hwcache_align", "reclaim_account,no_merge", "panic",
		"SLAB_HWCACHE_ALIGN|SLAB_NO_MERGE", "typesafe,no_merge", "poison", "account",
	};
	static const char *const aligns[] = { "0", "8", "64", "16", "4K" };
	unsigned int i = below(f, NR_CACHES);

	f->cache[i] = !f->cache[i];
	if (!f->cache[i]) {
		say(f, "kmem_cache_destroy c%u", i);
		return;
	}
	say(f, "kmem_cache_create c%u", i);
	say(f, " %u", 1 + below(f, 5000));
	say(f, " %s", PICK(f, aligns));
	say(f, " %s", PICK(f, flags));
}

static void use_cache(struct fuzz *f)
{
	unsigned int i = below(f, NR_CACHE_OBJECTS), cache = i % NR_CACHES;

	if (one_in(f, 40)) {
		say(f, "kmem_cache_shrink c%u", cache);
		return;
	}
	f->cache_object[i] = !f->cache_object[i];
	if (!f->cache_object[i]) {
		say(f, "kmem_cache_free c%u @o%u", cache, i);
		return;
	}
	say(f, "kmem_cache_alloc c%u", cache);
	say_placement(f);
	say(f, " as o%u", i);
}

/* One number at a time: compilers do not agree on which argument is computed first. */
static void say_kmap(struct fuzz *f)
{
	static const char *const kmaps[] = {
		"kmap", "kmap", "kunmap", "kmap_local_page", "page_address", "__va", "__pa",
	};

	say(f, "%s", PICK(f, kmaps));
	say(f, " 0x%x", below(f, 1 << (8 + below(f, 11))));
}

static void pass_time(struct fuzz *f)
{
	static const char *const times[] = {
		"", " 1", " 2", " 100", " 10ms", " 250us", " 7ns", " 1s", " 3s", " 0",
	};
	static const char *const flushes[] = {
		"flush_tlb_all", "flush_tlb_mm @t1", "flush_tlb_mm @t0", "schedule", "schedule 0",
		"schedule 2", "schedule 20", "flush_tlb_kernel_range 0xffffc90000000000 8K",
	};

	if (one_in(f, 6))
		say(f, "drain");
	else if (one_in(f, 3))
		say(f, "%s", PICK(f, flushes));
	else if (one_in(f, 3))
		say_kmap(f);
	else
		say(f, "tick%s", PICK(f, times));
}

/* Writes of values are lines, too. */
static void set_value(struct fuzz *f)
{
	static const struct {
		const char *path;
		unsigned int most;
	} values[] = {
		{ "min_free_kbytes", 8192 },
		{ "watermark_scale_factor", 300 },
		{ "watermark_boost_factor", 20000 },
		{ "percpu_pagelist_high_fraction", 30 },
		{ "lowmem_reserve_ratio", 300 },
		{ "swappiness", 250 },
		{ "overcommit_ratio", 110 },
		{ "overcommit_kbytes", 100000 },
		{ "nr_hugepages", 6 },
		{ "nr_overcommit_hugepages", 5 },
		{ "min_slab_ratio", 100 },
		{ "drop_caches", 5 },
		{ "compact_memory", 3 },
		{ "stat_refresh", 2 },
	};
	unsigned int i = below(f, ARRAY_SIZE(values));

	say(f, "proc/sys/vm/%s: %u", values[i].path, below(f, values[i].most));
}

/* A new beginning, rarely: each takes a boot. */
static void begin_anew(struct fuzz *f)
{
	if (one_in(f, 60)) {
		say(f, "reboot");
		fuzz_forget(f);
	} else if (one_in(f, 30)) {
		say(f, "undo %u", below(f, 4));
	} else {
		say(f, "# %llx", (unsigned long long)next_random(f));
	}
}

static const struct fuzz_maker makers[] = {
	{ alloc_or_free_pages, 500 },
	{ alloc_or_free_object, 300 },
	{ use_cache, 120 },
	{ alloc_or_free_range, 4 },
	{ alloc_or_free_area, 40 },
	{ make_or_drop_cache, 10 },
	{ pass_time, 12 },
	{ set_value, 6 },
	{ begin_anew, 1 },
};

void kernel_line(struct fuzz *f)
{
	fuzz_make(f, makers, ARRAY_SIZE(makers));
}
