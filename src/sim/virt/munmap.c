// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Removing mappings: split what sticks out of the range, note the VMAs inside, take
 * them out of the tree with one store, and then, when nothing fails any more, give
 * back pages, tables, figures and the VMAs.
 */
#include "sim/phys/tunables.h"
#include "sim/virt/file.h"
#include "sim/virt/memory.h"
#include "sim/virt/mmap.h"
#include "sim/virt/mmu_gather.h"
#include "sim/virt/rmap.h"
#include "sim/virt/task.h"
#include "sim/virt/userfaultfd.h"
#include "sim/virt/vma_internal.h"

#define UNMAP_BATCH 64

static void vms_add(struct vma_munmap *vms, struct vm_area_struct *vma)
{
	u64 nr_pages = vma_pages(vma);

	vma->detached_next = NULL;
	if (vms->last)
		vms->last->detached_next = vma;
	else
		vms->first = vma;
	vms->last = vma;
	vms->nr_vmas++;
	vms->nr_pages += nr_pages;
	if (vma->vm_flags & VM_LOCKED)
		vms->locked_vm += nr_pages;
	if (vma->vm_flags & VM_ACCOUNT)
		vms->nr_accounted += nr_pages;
}

static int split_first(struct machine *m, struct vma_munmap *vms, struct vm_area_struct *vma)
{
	if (vms->end < vma->vm_end && vms->mm->map_count >= m->tunables->max_map_count) {
		machine_why(m, "a hole in a mapping makes two of one, and %d are there",
			    vms->mm->map_count);
		return -ENOMEM;
	}
	if (vma_is_sealed(vma))
		return -EPERM;
	return __split_vma(m, vma, vms->start, /* new_below = */ true, NULL);
}

/* The room around the VMAs, as far as it belongs to nobody else: for their tables. */
static void find_limits(struct vma_munmap *vms, bool split_last)
{
	const struct maple_tree *tree = &vms->mm->mm_mt;

	vms->floor = mt_room_before(tree, vms->first->vm_start);
	vms->ceiling = split_last ? vms->end : mt_room_behind(tree, vms->last->vm_end - 1);
}

/* The first VMA of [addr, end), where the next lookups will be. */
static struct vm_area_struct *seek_vma(struct machine *m, struct vma_munmap *vms, u64 addr)
{
	if (addr >= vms->end)
		return NULL;
	mt_seek(&vms->mm->mm_mt, addr);
	return find_vma_intersection(m, vms->mm, addr, vms->end);
}

int vms_gather(struct machine *m, struct vma_munmap *vms)
{
	struct vm_area_struct *vma = seek_vma(m, vms, vms->start);
	bool split_last = false;
	int err;

	if (!vma)
		return 0;
	if (vma->vm_start < vms->start) {
		err = split_first(m, vms, vma);
		if (err)
			return err;
		vma = seek_vma(m, vms, vms->start);
	}
	for (; vma; vma = seek_vma(m, vms, vma->vm_end)) {
		if (vma_is_sealed(vma))
			return -EPERM;
		if (vma->vm_end > vms->end) {
			err = __split_vma(m, vma, vms->end, /* new_below = */ false, NULL);
			if (err)
				return err;
			split_last = true;
		}
		err = userfaultfd_unmap_prep(m, vma, vms->start, vms->end);
		if (err)
			return err;
		vms_add(vms, vma);
	}
	find_limits(vms, split_last);
	return 0;
}

int vms_detach(struct vma_munmap *vms)
{
	if (!vms->nr_vmas)
		return 0;
	return mt_store_range(&vms->mm->mm_mt, vms->start, vms->end - 1, 0);
}

/* Pages and tables of the VMAs, a batch at a time. */
static void unmap_vmas(struct mmu_gather *tlb, struct vma_munmap *vms)
{
	struct vm_area_struct *batch[UNMAP_BATCH];
	struct vm_area_struct *vma = vms->first;

	while (vma) {
		unsigned int nr = 0;

		while (vma && nr < UNMAP_BATCH) {
			batch[nr++] = vma;
			vma = vma->detached_next;
		}
		unmap_region(tlb, batch, nr, vms->floor, vma ? vma->vm_start : vms->ceiling);
	}
}

static void remove_vma(struct machine *m, struct vm_area_struct *vma)
{
	unlink_anon_vmas(m, vma);
	vma_unlink_file(m, vma);
	if (vma->vm_ops && vma->vm_ops->close)
		vma->vm_ops->close(m, vma);
	if (vma->vm_file)
		fput(m, vma->vm_file);
	vm_area_free(m, vma);
}

void vms_complete(struct machine *m, struct vma_munmap *vms)
{
	struct mm_struct *mm = vms->mm;
	struct vm_area_struct *vma, *next;
	struct mmu_gather tlb;

	if (!vms->nr_vmas)
		return;
	mm->vma_cache = NULL;
	mm->map_count -= (s32)vms->nr_vmas;
	mm->locked_vm -= vms->locked_vm;
	if (rel_zap_drains_lru(m->release))
		lru_add_drain(m);
	if (vms->fullmm) {
		flush_cache_mm(m, mm);
		tlb_gather_mmu_fullmm(m, &tlb, mm);
	} else {
		tlb_gather_mmu(m, &tlb, mm);
	}
	update_hiwater_rss(mm);
	unmap_vmas(&tlb, vms);
	tlb_finish_mmu(&tlb);
	mm->hiwater_vm = MAX(mm->hiwater_vm, mm->total_vm);
	for (vma = vms->first; vma; vma = next) {
		next = vma->detached_next;
		vm_stat_account(mm, vma->vm_flags, -(s64)vma_pages(vma));
		remove_vma(m, vma);
	}
	vm_unacct_memory(m, vms->nr_accounted);
}

int do_vmi_munmap(struct machine *m, struct mm_struct *mm, u64 start, u64 end)
{
	struct vma_munmap vms = { .mm = mm, .start = start, .end = end };
	int err = vms_gather(m, &vms);

	if (!err)
		err = vms_detach(&vms);
	if (!err)
		vms_complete(m, &vms);
	return err;
}

int sys_munmap(struct machine *m, struct task_struct *task, u64 addr, u64 len)
{
	u64 task_size = task_size_max(m);

	if (!IS_ALIGNED(addr, PAGE_SIZE) || addr > task_size || len > task_size - addr)
		return -EINVAL;
	len = ALIGN_UP(len, PAGE_SIZE);
	if (!len)
		return -EINVAL;
	return do_vmi_munmap(m, task->mm, addr, addr + len);
}

/* A fork that failed left entries of the parent behind those that were copied. */
void exit_mmap(struct machine *m, struct mm_struct *mm)
{
	struct vma_munmap vms = { .mm = mm, .fullmm = true };
	struct maple_state mas;

	mas_init(&mas, &mm->mm_mt, 0);
	for (u32 h = mas_find(&mas, ~0ULL); h; h = mas_next(&mas, ~0ULL)) {
		struct vm_area_struct *vma = vma_of(m, h);

		if (vma->vm_mm != mm)
			break;
		vms_add(&vms, vma);
	}
	mt_destroy(&mm->mm_mt);
	vms_complete(m, &vms);
	mm->total_vm = mm->data_vm = mm->exec_vm = mm->stack_vm = 0;
	mm->locked_vm = mm->locked_stray = 0;
}
