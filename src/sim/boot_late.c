// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What happens once the allocator runs: pools for atomic DMA, huge pages that the
 * command line asks for, whether THP is on, and reserves that follow from the
 * amount of memory.
 */
#include "sim/boot_state.h"

#include "sim/phys/page_alloc.h"
#include "sim/phys/tunables.h"
#include "sim/virt/mm_slot.h"
#include "sim/virt/thp.h"
#include "sim/virt/workingset.h"

/* 0, or the failure for lack of host memory; lack of simulated memory is fine. */
static bool take_pages(struct boot *b, const struct alloc_request *req, u32 *pfn)
{
	int err = b->err ? b->err : alloc_pages(b->m, req, pfn);

	if (err == -ENOBUFS)
		boot_fail(b, -ENOMEM, NULL);
	return !err;
}

static u64 atomic_pool_bytes(const struct machine *m)
{
	u64 pages = m->totalram_pages / (SZ_1G / (128 * SZ_1K));

	pages = MIN(pages, 1ULL << MAX_PAGE_ORDER);
	return MAX(PFN_PHYS(pages), 128 * SZ_1K);
}

static void atomic_pool(struct boot *b, gfp_t gfp, const char *name)
{
	struct alloc_request req = {
		.gfp = GFP_KERNEL | gfp | __GFP_NOWARN, .node = NUMA_NO_NODE,
		.order = MIN((unsigned int)get_order(atomic_pool_bytes(b->m)), MAX_PAGE_ORDER),
		.owner = PGTY_kernel,
	};
	u32 pfn;
	bool done;

	while (!(done = take_pages(b, &req, &pfn)) && req.order && !b->err)
		req.order--;
	if (done)
		boot_note(b->m, "%s: 2^%u pages from pfn %#x", name, req.order, pfn);
	if (done)
		printk(b->m, 6, "DMA: preallocated %llu KiB %s pool for atomic allocations",
		       (unsigned long long)(PAGE_SIZE << req.order >> 10), name);
}

static bool zone_type_managed(const struct machine *m, enum zone_type type)
{
	for (unsigned int i = 0; i < m->nr_zones; i++)
		if (m->zones[i]->type == type && zone_managed(m->zones[i]))
			return true;
	return false;
}

void boot_atomic_pools(struct boot *b)
{
	if (b->m->arch->bits != 64) {
		boot_note(b->m, "none: this kernel has no pools for atomic DMA");
		return;
	}
	atomic_pool(b, 0, "GFP_KERNEL");
	if (zone_type_managed(b->m, ZONE_DMA))
		atomic_pool(b, GFP_DMA, "GFP_KERNEL|GFP_DMA");
	if (b->m->arch->zones >> ZONE_DMA32 & 1)
		atomic_pool(b, GFP_DMA32, "GFP_KERNEL|GFP_DMA32");
}

/* The words of one switch on the command line, from the last to the first that fits. */
static s32 choice_of(const struct boot *b, enum thp_choice given)
{
	static const s32 values[] = {
		[THP_DEFAULT] = THP_MODE_ALWAYS, [THP_NEVER] = THP_MODE_NEVER,
		[THP_MADVISE] = THP_MODE_MADVISE, [THP_ALWAYS] = THP_MODE_ALWAYS,
	};
	const char *word = machine_config_get(b->config, "TRANSPARENT_HUGEPAGE");

	if (given == THP_DEFAULT && word && !strcmp(word, "madvise"))
		return THP_MODE_MADVISE;
	if (given == THP_DEFAULT && word && !strcmp(word, "never"))
		return THP_MODE_NEVER;
	return values[given];
}

/* Sizes that nobody named: a pmd's goes by the switch for all, the others have none. */
static u64 default_sizes(const struct boot *b, unsigned int inherit, unsigned int never)
{
	u64 packed = 0;

	for (unsigned int order = 1; order <= pmd_order(b->m); order++)
		packed |= (u64)(order < pmd_order(b->m) ? never : inherit) << (4 * order);
	return packed;
}

static void take_sizes(struct boot *b)
{
	const struct cmdline *c = &b->cmdline;
	struct tunables *t = b->m->tunables;

	t->thp_size_enabled = c->thp_anon_given ? c->thp_anon :
			      default_sizes(b, SIZE_INHERIT, SIZE_NEVER);
	t->thp_size_shmem_enabled = c->thp_shmem_given ? c->thp_shmem :
				    default_sizes(b, SIZE_SHMEM_INHERIT, SIZE_SHMEM_NEVER);
	t->thp_tmpfs_mount = c->thp_tmpfs_given ? c->thp_tmpfs : SHMEM_HUGE_NEVER;
	/* Deny and force are for a running system alone. */
	t->thp_shmem_enabled = t->thp_shmem_mount = SHMEM_HUGE_NEVER;
	if (c->thp_shmem_mount_given && c->thp_shmem_mount < SHMEM_HUGE_NEVER)
		t->thp_shmem_enabled = t->thp_shmem_mount = c->thp_shmem_mount;
}

/* THP defaults to always; a machine below 512 MiB goes without. */
void boot_thp(struct boot *b)
{
	struct tunables *t = b->m->tunables;

	if (khugepaged_init(b->m)) {
		boot_fail(b, -ENOMEM, NULL);
		return;
	}
	if (rel_has_thp_sizes(b->m->release))
		take_sizes(b);
	t->thp_enabled = choice_of(b, b->cmdline.thp);
	if (b->m->totalram_pages < 512 * SZ_1M >> PAGE_SHIFT) {
		t->thp_enabled = THP_MODE_NEVER;	/* khugepaged is not even asked */
		machine_why_setting(b->m, "transparent_hugepage never: %llu pages of memory < "
				    "512 MiB (hugepage_init)",
				    (unsigned long long)b->m->totalram_pages);
	} else {
		b->m->khugepaged->running = hugepage_pmd_enabled(b->m);
		set_recommended_min_free_kbytes(b->m, b->m->khugepaged->running);
	}
	boot_note(b->m, "transparent_hugepage %s; min_free_kbytes %d",
		  t->thp_enabled ? t->thp_enabled == THP_MODE_MADVISE ? "madvise" : "always" :
		  "never", t->min_free_kbytes);
}

void boot_reserves(struct boot *b)
{
	u64 free_kbytes = global_zone_stat(b->m, NR_FREE_PAGES) << (PAGE_SHIFT - 10);

	b->m->tunables->user_reserve_kbytes = MIN(free_kbytes / 32, 131072);
	b->m->tunables->admin_reserve_kbytes = MIN(free_kbytes / 32, 8192);
}

/* The shadow entries of evicted pages: how many bits for time, on this machine. */
void boot_workingset(struct boot *b)
{
	printk(b->m, 6, "workingset: timestamp_bits=%u max_order=%d bucket_order=%u",
	       workingset_timestamp_bits(b->m), fls64(b->m->totalram_pages - 1),
	       workingset_boot(b->m));
	/* By now each kswapd has gone to sleep, and set its node's thresholds. */
	for (unsigned int i = 0; i < b->m->nr_nodes; i++)
		if (b->m->nodes[i] && b->m->nodes[i]->has_memory)
			set_pgdat_percpu_threshold(b->m, b->m->nodes[i],
						   /* under_pressure = */ false);
}
