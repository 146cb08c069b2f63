// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The figures of address spaces, counted again from their VMAs; and their digest.
 * What is promised (C1) is what VMAs were charged for, and shared memory: by its size,
 * or by the page where it was made without a reservation.
 */
#include "sim/phys/tunables.h"
#include "sim/virt/file.h"
#include "sim/virt/mmap.h"
#include "sim/virt/vma_internal.h"

static void expect(struct check *check, const char *id, const struct mm_struct *mm,
		   const char *what, u64 expected, u64 found)
{
	check->nr_checked++;
	if (expected != found)
		check_fail(check, id, "mm %u: %s: expected %llu, found %llu", mm->self, what,
			   (unsigned long long)expected, (unsigned long long)found);
}

static void check_sums(const struct machine *m, const struct mm_struct *mm, s64 *committed,
		       struct check *check)
{
	struct mm_struct sum = { .map_count = 0 };
	struct maple_state mas;

	mas_init(&mas, &mm->mm_mt, 0);
	for (u32 h = mas_find(&mas, ~0ULL); h; h = mas_next(&mas, ~0ULL)) {
		const struct vm_area_struct *vma = vma_of(m, h);

		sum.map_count++;
		vm_stat_account(&sum, vma->vm_flags, (s64)vma_pages(vma));
		if (vma->vm_flags & VM_LOCKED)
			sum.locked_vm += vma_pages(vma);
		if (vma->vm_flags & VM_ACCOUNT)
			*committed += (s64)vma_pages(vma);
	}
	expect(check, "T5", mm, "total_vm", sum.total_vm, mm->total_vm);
	expect(check, "T5", mm, "data_vm", sum.data_vm, mm->data_vm);
	expect(check, "T5", mm, "exec_vm", sum.exec_vm, mm->exec_vm);
	expect(check, "T5", mm, "stack_vm", sum.stack_vm, mm->stack_vm);
	expect(check, "T5", mm, "locked_vm", sum.locked_vm + mm->locked_stray,
	       mm->locked_vm);
	expect(check, "T6", mm, "map_count", (u64)sum.map_count, (u64)mm->map_count);
}

void mmap_validate(const struct machine *m, const struct mm_struct *mm, s64 *committed,
		   struct check *check)
{
	check_sums(m, mm, committed, check);
	check->nr_checked += 2;
	if (mm->start_code > mm->end_code || mm->start_data > mm->end_data ||
	    mm->start_brk > mm->brk)
		check_fail(check, "T7", "mm %u: the program's segments are not in order",
			   mm->self);
	if (mm->topdown && (mm->mmap_base > m->arch->task_size ||
			    !IS_ALIGNED(mm->mmap_base, PAGE_SIZE)))
		check_fail(check, "V7", "mm %u: mmap_base %llx", mm->self,
			   (unsigned long long)mm->mmap_base);
}

static s64 shmem_committed(const struct machine *m)
{
	const struct object_pool *pool = &m->virt->shmem_inodes;
	s64 nr_pages = 0;

	for (u32 h = object_next(pool, 1); h; h = object_next(pool, h + 1)) {
		const struct inode *inode = object_get(pool, h);

		nr_pages += (s64)(inode->accounted ? PFN_UP(inode->i_size) :
						     inode->i_data.nrpages + inode->swapped +
						     inode->dropped);
	}
	return nr_pages;
}

void address_spaces_validate(const struct machine *m, struct check *check)
{
	s64 committed = shmem_committed(m) + m->virt->committed_lost;

	for (const struct mm_struct *mm = mm_next(m, NULL); mm; mm = mm_next(m, mm)) {
		vma_validate(m, mm, check);
		mmap_validate(m, mm, &committed, check);
	}
	check->nr_checked++;
	if (committed != m->virt->committed_as)
		check_fail(check, "C1", "Committed_AS: expected %lld pages, found %lld",
			   (long long)committed, (long long)m->virt->committed_as);
}

void address_spaces_digest(const struct machine *m, struct digest *digest)
{
	for (const struct mm_struct *mm = mm_next(m, NULL); mm; mm = mm_next(m, mm)) {
		struct maple_state mas;

		digest_u64(digest, mm->mm_mt.nr_nodes);
		mas_init(&mas, &mm->mm_mt, 0);
		for (u32 h = mas_find(&mas, ~0ULL); h; h = mas_next(&mas, ~0ULL)) {
			const struct vm_area_struct *vma = vma_of(m, h);

			digest_u64(digest, vma->vm_start);
			digest_u64(digest, vma->vm_end);
			digest_u64(digest, vma->vm_pgoff);
			digest_u64(digest, vma->vm_flags);
			digest_u64(digest, vma->swap_readahead_info);
			digest_u64(digest, vma->vm_file ? vma->vm_file->self : 0);
			digest_u64(digest, (u64)vma->anon_name << 32 | vma->self);
		}
	}
}
