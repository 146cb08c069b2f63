// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The first mm: the kernel's own, borrowed by every task without memory. Its page
 * tables are swapper_pg_dir; it has no mappings, and the fields of a program's
 * segments hold those of the kernel's image.
 */
#include "sim/boot/image.h"
#include "sim/virt/mm_types.h"

static u64 image_address(const struct machine *m, u64 phys)
{
	return m->arch->start_kernel_map + phys;
}

int init_mm_create(struct machine *m)
{
	struct mm_struct *mm = arena_alloc(&m->arena, sizeof(*mm));
	struct kernel_image image;

	if (!mm)
		return -ENOMEM;
	kernel_image_init(&image, m->config);
	*mm = (struct mm_struct){
		.mm_users = 2,
		.mm_count = 1,
		.pgd_symbol = "swapper_pg_dir",
		.pgd_pfn = PFN_NIL,
		.pte_base = 1,
		.ctx_id = 1,
		.start_code = image_address(m, image.code.start),
		.end_code = image_address(m, image.code.end),
		.end_data = image_address(m, image.data.end),
		.brk = image_address(m, ALIGN_UP(image.bss.end, PAGE_SIZE) + image.brk_bytes),
	};
	m->init_mm = mm;
	return 0;
}

void init_mm_free(struct machine *m)
{
	arena_free(&m->arena, m->init_mm, sizeof(*m->init_mm));
	m->init_mm = NULL;
}

void mm_digest(const struct mm_struct *mm, struct digest *digest)
{
	if (!mm)
		return;
	digest_u64(digest, (u64)(u32)mm->mm_users << 32 | (u32)mm->mm_count);
	digest_u64(digest, mm->pgtables_bytes);
	digest_u64(digest, mm->map_count);
	digest_u64(digest, mm->total_vm);
	digest_u64(digest, mm->start_code);
	digest_u64(digest, mm->end_code);
	digest_u64(digest, mm->end_data);
	digest_u64(digest, mm->brk);
}
