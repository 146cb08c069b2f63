/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel's image in memory and the sizes of what it allocates while it boots:
 * one row for each release and width. A machine file's [image] keys replace single
 * figures: `code`, `rodata`, `data`, `bss` are ranges as /proc/iomem shows them
 * (0x1000000-0x208fe77); `init`, `text_rodata_gap`, `rodata_data_gap`, `decrypted`,
 * `smp_alternatives`, `initrd` are sizes (4180K).
 */
#ifndef KMM_BOOT_IMAGE_H
#define KMM_BOOT_IMAGE_H

#include "sim/boot/config.h"

struct kernel_image {
	const char *version;	/* the first line of the log */
	struct phys_range code, rodata, data, bss;	/* half-open */
	struct phys_range init, alternatives, decrypted, text_gap, data_gap;	/* whole pages */
	u64 reserve_end;	/* end of what is reserved with the image */
	u32 brk_bytes;		/* early page tables, right behind it */
	u32 init_bytes, alternatives_bytes, decrypted_bytes;
	u32 text_gap_bytes, data_gap_bytes;
	u32 log_code_kb, log_rwdata_kb, log_rodata_kb, log_init_kb, log_bss_kb;
	u32 initrd_bytes;	/* of the usual initrd */
	/* Sizes of structs and areas of this build. */
	u32 pgdat_bytes, pgdat_align, pgdat_struct_bytes;
	u32 section_usage_bytes;
	u32 resource_bytes, firmware_entry_bytes, nosave_bytes, swiotlb_slot_bytes;
	u32 percpu_static, percpu_reserved, percpu_dynamic, percpu_chunk_bytes;
	u32 direct_map_fixed_pages;	/* page tables for fixed areas, allocated late */
	u32 nr_cpus_config;	/* CONFIG_NR_CPUS */
	u32 nr_cpumasks;	/* besides one for each node */
	u32 nr_pgt_buf;		/* page tables that fit into the brk area */
};

/* The row for this machine with its [image] and [reserve] keys applied. */
void kernel_image_init(struct kernel_image *image, const struct machine_config *config);

#endif
