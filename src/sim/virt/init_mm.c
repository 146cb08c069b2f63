// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The first mm: the kernel's own, borrowed by every task without memory. Its page
 * tables are swapper_pg_dir; it has no mappings, and the fields of a program's
 * segments hold those of the kernel's image.
 */
#include "sim/boot/image.h"
#include "sim/virt/mm_types.h"
#include "sim/virt/task.h"

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
	const u64 words[] = {
		(u64)(u32)mm->mm_users << 32 | (u32)mm->mm_count,
		(u64)mm->self << 32 | (u32)mm->map_count,
		(u64)mm->pkey_allocation_map << 16 | (u16)mm->execute_only_pkey,
		mm->ctx_id, mm->mmap_base, mm->mmap_legacy_base, mm->mmap_compat_base,
		mm->mmap_compat_legacy_base, mm->task_size, (u64)mm->pgd_object << 32 | mm->pgd_pfn,
		mm->pgtables_bytes,
		mm->hiwater_rss, mm->hiwater_vm, mm->total_vm, mm->locked_vm, mm->pinned_vm,
		mm->data_vm, mm->exec_vm, mm->stack_vm, mm->def_flags, mm->flags,
		mm->start_code, mm->end_code, mm->start_data, mm->end_data, mm->start_brk,
		mm->tlb_gen, mm->next_trim_cpumask, mm->brk, mm->start_stack, mm->arg_start,
		mm->arg_end, mm->env_start, mm->env_end, mm->vdso_base, (u64)mm->topdown,
		(u64)mm->memcg << 32 | (mm->owner ? mm->owner->pid : 0),
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(words); i++)
		digest_u64(digest, words[i]);
	for (unsigned int i = 0; i < NR_MM_COUNTERS; i++)
		digest_u64(digest, (u64)(mm->rss_stat[i] - mm->rss_local[i]) << 16 |
			   (u16)mm->rss_local[i]);
	for (unsigned int i = 0; i < SAVED_AUXV_WORDS; i++)
		digest_u64(digest, mm->saved_auxv[i]);
	for (unsigned int i = 0; i < CPU_WORDS; i++)
		digest_u64(digest, mm->cpumask[i]);
}
