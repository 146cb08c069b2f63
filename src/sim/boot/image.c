// SPDX-License-Identifier: GPL-2.0-or-later
/* Rows as Debian's kernels print them in their logs and /proc/iomem. */
#include "sim/boot/image.h"

static const struct kernel_image rows[NR_RELEASES] = {
	[R_6_1] = {
		.version = "Linux version 6.1.0-56-cloud-amd64 (debian-kernel) (gcc-12 "
			   "(Debian 12.2.0-14+deb12u1) 12.2.0, GNU ld (GNU Binutils for "
			   "Debian) 2.40) #1 SMP PREEMPT_DYNAMIC Debian 6.1.192-2 (2026-11-16)",
		.code = { 0x1000000, 0x1e01ef2 },
		.rodata = { 0x2000000, 0x2827000 },
		.data = { 0x2a00000, 0x2c45e00 },
		.bss = { 0x32b1000, 0x3800000 },
		.reserve_end = 0x3800000,
		.brk_bytes = 0x11000,
		.init_bytes = 2612 << 10,
		.alternatives_bytes = 36 << 10,
		.decrypted_bytes = 2036 << 10,
		.text_gap_bytes = 2040 << 10,
		.data_gap_bytes = 1892 << 10,
		.initrd_bytes = 0x4c000,
		.pgdat_bytes = 0x2b000,
		.pgdat_struct_bytes = 0x2ab00,
		.pgdat_align = 64,
		.section_usage_bytes = 56,
		.resource_bytes = 64,
		.firmware_entry_bytes = 104,
		.nosave_bytes = 32,
		.swiotlb_slot_bytes = 24,
		.percpu_static = 212992,
		.percpu_reserved = 8192,
		.percpu_dynamic = 28672,
		.percpu_chunk_bytes = 144,
		.direct_map_fixed_pages = 3,
		.nr_cpus_config = 8192,
		.nr_cpumasks = 4,
		.nr_pgt_buf = 16,
	},
	[R_6_18] = {
		.version = "Linux version 6.18.15+deb13-cloud-amd64 (debian-kernel) "
			   "(x86_64-linux-gnu-gcc-14 (Debian 14.2.0-19) 14.2.0, GNU ld (GNU "
			   "Binutils for Debian) 2.44) #1 SMP PREEMPT_DYNAMIC Debian "
			   "6.18.15-1~bpo13+1 (2026-03-12)",
		.code = { 0x1000000, 0x208fe78 },
		.rodata = { 0x2200000, 0x2e3d000 },
		.data = { 0x3000000, 0x3339040 },
		.bss = { 0x3c56000, 0x4000000 },
		.reserve_end = 0x4000000,
		.brk_bytes = 0x11000,
		.init_bytes = 4180 << 10,
		.alternatives_bytes = 48 << 10,
		.decrypted_bytes = 2028 << 10,
		.text_gap_bytes = 1472 << 10,
		.data_gap_bytes = 1804 << 10,
		.initrd_bytes = 0x4f000,
		.pgdat_bytes = 0x2ab00,
		.pgdat_struct_bytes = 0x2ab00,
		.pgdat_align = 64,
		.section_usage_bytes = 88,
		.resource_bytes = 64,
		.firmware_entry_bytes = 104,
		.nosave_bytes = 32,
		.swiotlb_slot_bytes = 24,
		.percpu_static = 217088,
		.percpu_reserved = 8192,
		.percpu_dynamic = 28672,
		.percpu_chunk_bytes = 200,
		.direct_map_fixed_pages = 3,
		.nr_cpus_config = 8192,
		.nr_cpumasks = 1,
		.nr_pgt_buf = 16,
	},
};

/* The 32-bit kernels: two levels of page tables, and three. */
static const struct kernel_image row_686 = {
	.version = "Linux version 6.1.0-50-686 (debian-kernel) (gcc-12 (Debian "
		   "12.2.0-14+deb12u1) 12.2.0, GNU ld (GNU Binutils for Debian) 2.40) #1 SMP "
		   "PREEMPT_DYNAMIC Debian 6.1.176-1 (2026-07-02)",
	.code = { 0x1000000, 0x191bc80 },
	.rodata = { 0x191c000, 0x1c39000 },
	.data = { 0x1c39000, 0x1d70bc0 },
	.bss = { 0x1e72000, 0x1ee6000 },
	.reserve_end = 0x1ee6000,
	.brk_bytes = 0xe000,
	.init_bytes = 912 << 10,
	.alternatives_bytes = 32 << 10,
	.initrd_bytes = 0x4f000,
	.resource_bytes = 40,
	.firmware_entry_bytes = 64,
	.nosave_bytes = 16,
	.swiotlb_slot_bytes = 16,
	.percpu_static = 103316,
	.percpu_dynamic = 31852,
	.percpu_chunk_bytes = 96,
	.direct_map_fixed_pages = 2,
	.nr_cpus_config = 32,
	.nr_pgt_buf = 6,
};

static const struct kernel_image row_pae = {
	.version = "Linux version 6.1.0-50-686-pae (debian-kernel) (gcc-12 (Debian "
		   "12.2.0-14+deb12u1) 12.2.0, GNU ld (GNU Binutils for Debian) 2.40) #1 SMP "
		   "PREEMPT_DYNAMIC Debian 6.1.176-1 (2026-07-02)",
	.code = { 0x1000000, 0x1933f00 },
	.rodata = { 0x1934000, 0x1c51000 },
	.data = { 0x1c52000, 0x1d8e680 },
	.bss = { 0x1e94000, 0x1f0b000 },
	.reserve_end = 0x1f0b000,
	.brk_bytes = 0x19000,
	.init_bytes = 928 << 10,
	.alternatives_bytes = 32 << 10,
	.initrd_bytes = 0x4f000,
	.resource_bytes = 40,
	.firmware_entry_bytes = 64,
	.nosave_bytes = 16,
	.swiotlb_slot_bytes = 16,
	.percpu_static = 104276,
	.percpu_dynamic = 30892,
	.percpu_chunk_bytes = 96,
	.direct_map_fixed_pages = 2,
	.nr_cpus_config = 32,
	.nr_pgt_buf = 6,
};

static void set_range(const struct machine_config *config, const char *name,
		      struct phys_range *range)
{
	struct phys_range given;

	if (machine_config_image_range(config, name, &given))
		*range = given;
}

static void set_size(const struct machine_config *config, const char *name, u32 *bytes)
{
	u64 given;

	if (machine_config_image_size(config, name, &given))
		*bytes = (u32)given;
}

/* A range called "kernel" among the reserved ones says where the image ends. */
static void set_end(const struct machine_config *config, struct kernel_image *image)
{
	image->reserve_end = MAX(image->reserve_end, ALIGN_UP(image->bss.end, PAGE_SIZE));
	for (unsigned int i = 0; i < config->nr_reserves; i++) {
		const struct config_reserve *res = &config->reserves[i];

		if (strcmp(res->name, "kernel"))
			continue;
		image->reserve_end = MAX(ALIGN_UP(res->range.end, PAGE_SIZE),
					 ALIGN_UP(image->bss.end, PAGE_SIZE));
	}
}

/* What the "Memory:" line says of the image. */
static void set_log_sizes(const struct machine_config *config, struct kernel_image *image)
{
	u32 code = image->code.end - image->code.start;
	u32 rwdata = image->data.end - image->data.start;
	u32 rodata = image->rodata.end - image->rodata.start;
	u32 init = image->init_bytes, bss = image->bss.end - image->bss.start;

	set_size(config, "log_code", &code);
	set_size(config, "log_rwdata", &rwdata);
	set_size(config, "log_rodata", &rodata);
	set_size(config, "log_init", &init);
	set_size(config, "log_bss", &bss);
	image->log_code_kb = code >> 10;
	image->log_rwdata_kb = rwdata >> 10;
	image->log_rodata_kb = rodata >> 10;
	image->log_init_kb = init >> 10;
	image->log_bss_kb = bss >> 10;
}

/* Between data and bss lie init memory and the lock table of single-CPU kernels. */
static void place_freed_parts(struct kernel_image *image)
{
	u64 bss = ALIGN_DOWN(image->bss.start, PAGE_SIZE);
	u64 bss_end = ALIGN_UP(image->bss.end, PAGE_SIZE);
	u64 code_end = ALIGN_UP(image->code.end, PAGE_SIZE);
	u64 rodata_end = ALIGN_UP(image->rodata.end, PAGE_SIZE);

	image->alternatives.end = bss;
	image->alternatives.start = bss - image->alternatives_bytes;
	image->init.end = image->alternatives.start;
	image->init.start = image->init.end - image->init_bytes;
	image->decrypted.end = ALIGN_DOWN(bss_end, SZ_2M);
	image->decrypted.start = image->decrypted.end - image->decrypted_bytes;
	if (image->decrypted.start < bss) {
		image->decrypted.end = bss_end;
		image->decrypted.start = bss_end - image->decrypted_bytes;
	}
	image->text_gap = (struct phys_range){ code_end, code_end + image->text_gap_bytes };
	image->data_gap = (struct phys_range){ rodata_end, rodata_end + image->data_gap_bytes };
}

void kernel_image_init(struct kernel_image *image, const struct machine_config *config)
{
	const struct arch *arch = config->arch;

	if (arch->bits == 64)
		*image = rows[config->release];
	else
		*image = arch->nr_levels == 3 ? row_pae : row_686;
	if (config->version)
		image->version = config->version;
	if (machine_config_image(config, "bss"))
		image->reserve_end = 0;
	set_range(config, "code", &image->code);
	set_range(config, "rodata", &image->rodata);
	set_range(config, "data", &image->data);
	set_range(config, "bss", &image->bss);
	set_size(config, "init", &image->init_bytes);
	set_size(config, "smp_alternatives", &image->alternatives_bytes);
	set_size(config, "decrypted", &image->decrypted_bytes);
	set_size(config, "text_rodata_gap", &image->text_gap_bytes);
	set_size(config, "rodata_data_gap", &image->data_gap_bytes);
	set_size(config, "initrd", &image->initrd_bytes);
	set_end(config, image);
	set_log_sizes(config, image);
	place_freed_parts(image);
}
