/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is known only while a machine boots, and the stages of the boot in their
 * order. Each stage works on struct boot; the first failure stays in `err` and
 * makes the later stages do nothing of consequence: machine_boot() asks after each.
 */
#ifndef KMM_BOOT_STATE_H
#define KMM_BOOT_STATE_H

#include "sim/boot/boot_log.h"
#include "sim/boot/cmdline.h"
#include "sim/boot/e820.h"
#include "sim/boot/image.h"
#include "sim/boot/memblock.h"
#include "sim/phys/alloc_policy.h"

struct numa_block {
	u64 start, end;
	int nid;
};

/* Memory that the boot took for huge pages of a size that the buddy cannot give. */
struct gigantic_page {
	u64 pfn, nr_pages;
};
#define MAX_GIGANTIC 256

#define MAX_BOOT_CMA 4

/* boot_policy.c: m->policies points to it meanwhile. */
struct boot_policy {
	struct alloc_policy ops;
	u64 nodes;		/* that take turns */
	s16 prev;		/* the one whose turn was last; -1: none */
};

struct boot {
	struct machine *m;
	const struct machine_config *config;
	struct cmdline cmdline;
	struct kernel_image image;
	struct e820_table firmware, table;
	int err;
	char *reason;		/* a sentence for the user; static */

	u64 max_pfn, max_low_pfn;
	struct phys_range initrd;	/* where it is now */
	struct numa_block *blocks;
	unsigned int nr_blocks, room_blocks;
	bool numa_faked;	/* one node made up over all memory */
	bool has_slit;		/* the firmware told distances */
	u64 node_data[MAX_NUMNODES];	/* address of the node's descriptor */
	/* Ranges whose place is certain; all other reservations are the model's. */
	struct phys_range *fixed;
	unsigned int nr_fixed, room_fixed;
	u64 direct_map_tables;	/* pages of page tables of the direct map */

	u64 zone_low[MAX_NR_ZONES], zone_high[MAX_NR_ZONES];	/* pfns */
	u64 movable_pfn[MAX_NUMNODES];	/* 0 = no Movable zone there */
	u64 dma_reserve;	/* pages of zone DMA that are taken */
	u64 nr_kernel_pages, nr_all_pages;
	u64 vm_total_pages;	/* of the "Built N zonelists" line */
	struct boot_policy policy;
	bool hashdist;		/* hash tables are spread over nodes by vmalloc */

	struct gigantic_page gigantic[MAX_GIGANTIC];
	unsigned int nr_gigantic;
	struct phys_range cma[MAX_BOOT_CMA];	/* areas that are to be activated */
	unsigned int nr_cma;
	struct phys_range crash[4];	/* memory for a crash kernel */
	unsigned int nr_crash;
	u64 swiotlb;		/* address, 0 = none */
};

void boot_fail(struct boot *b, int err, const char *reason);
void boot_reserve(struct boot *b, u64 base, u64 size, const char *who);
/* The same for what the kernel allocated at a place that is known. */
void boot_reserve_alloc(struct boot *b, u64 base, u64 size, const char *who);
/* memblock_alloc(); a machine too small to boot fails with a sentence. */
u64 boot_alloc(struct boot *b, const struct memblock_request *req);
/* The usual small allocation, anywhere. */
u64 boot_alloc_small(struct boot *b, u64 size, const char *who);
void boot_phys_free(struct boot *b, u64 base, u64 size, const char *who);
/* A [reserve] range by name, or NULL. */
const struct phys_range *boot_reserved_range(const struct boot *b, const char *name);

/* machine_boot(), but the nth allocation of host memory fails: for tests. */
int machine_boot_failing(const struct machine_config *config, u64 nth,
			 struct machine **machine, char **error) __must_check;

/* Parts of a stage that live in files of their own. */
/* boot_deferred.c: free pages whose descriptors are not there yet. */
u64 boot_deferred_pages(const struct boot *b);
void boot_movable(struct boot *b);	/* boot_movable.c: kernelcore=, movablecore= */

/* The stages, by file, in the order of machine.c. */
void boot_firmware_map(struct boot *b);	/* boot_e820.c */
void boot_memory(struct boot *b);	/* boot_memory.c */
/* boot_paging.c */
void boot_direct_map(struct boot *b);
void boot_vmalloc_tables(struct boot *b);
void boot_numa(struct boot *b);		/* boot_numa.c */
/* boot_cma.c */
void boot_cma_reserve(struct boot *b);
void boot_cma_areas(struct boot *b);
void boot_crashkernel(struct boot *b);	/* boot_crash.c */
void boot_memory_map(struct boot *b);	/* boot_sparse.c: sections, vmemmap */
/* boot_zones.c */
void boot_dma_reserve(struct boot *b);
void boot_zones(struct boot *b);
/* boot_early.c */
void boot_early_allocs(struct boot *b);
void boot_command_line(struct boot *b);
void boot_fixed_tables(struct boot *b);
void boot_swiotlb(struct boot *b);
void boot_percpu(struct boot *b);	/* boot_percpu.c */
/* boot_policy.c: between these two the nodes take turns. */
void boot_policy_begin(struct boot *b);
void boot_policy_end(struct boot *b);
/* boot_hash.c */
void boot_early_hashes(struct boot *b);
void boot_stackdepot(struct boot *b);
void boot_late_hashes(struct boot *b);
void boot_core_hashes(struct boot *b);
void boot_network_hashes(struct boot *b);
/* boot_handover.c */
void boot_hand_over(struct boot *b);
void boot_memory_line(struct boot *b);
void boot_free_alternatives(struct boot *b);
void boot_free_initrd(struct boot *b);
void boot_free_init(struct boot *b);
/* boot_hugetlb.c */
void boot_hugetlb_early(struct boot *b);
void boot_hugetlb(struct boot *b);
/* boot_late.c */
void boot_atomic_pools(struct boot *b);
void boot_thp(struct boot *b);
void boot_limits(struct boot *b);
void boot_tunables(struct boot *b);	/* boot_tunables.c */
void boot_iomem(struct boot *b);		/* boot_iomem.c */
void boot_memory_blocks(struct boot *b);	/* boot_hotplug.c */
void boot_reserves(struct boot *b);
void boot_workingset(struct boot *b);
/* boot_lines.c */
void boot_banner(struct boot *b);
void boot_ramdisk(struct boot *b);
void boot_lowmem_lines(struct boot *b);
void boot_zonelists(struct boot *b);
void boot_auto_init_line(struct boot *b);
void boot_highmem_lines(struct boot *b);
void boot_slab(struct boot *b);
void boot_smp_lines(struct boot *b);
void boot_vmalloc_areas(struct boot *b);
void boot_device_lines(struct boot *b);
void boot_wmarks(struct boot *b);
void boot_swiotlb_line(struct boot *b);
void boot_run_init(struct boot *b);

#endif
