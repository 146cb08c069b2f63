// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * VMAs as objects and as entries of their mm's tree. The tree holds handles; a VMA
 * whose range changes has another place in the trees that know it by page offset
 * (its file's i_mmap, its anon_vmas), which vma_change() sees to for all that splits,
 * merges and grows: one store in the tree decides whether it can be done, and after
 * it nothing fails.
 */
#include "sim/phys/objects_fast.h"
#include "sim/virt/anon_name.h"
#include "sim/virt/file.h"
#include "sim/virt/huge_memory.h"
#include "sim/virt/mempolicy.h"
#include "sim/virt/rmap.h"
#include "sim/virt/virt.h"
#include "sim/virt/mmap.h"
#include "sim/virt/vma_internal.h"

struct vm_area_struct *vma_of(const struct machine *m, u32 handle)
{
	return handle ? object_get(&m->virt->vmas, handle) : NULL;
}

int vm_area_alloc(struct machine *m, struct mm_struct *mm, struct vm_area_struct **vma)
{
	struct vm_area_struct *new;
	u32 handle;
	int err = object_alloc_fast(m, &m->virt->vmas, sizeof(*new), &handle, __func__);

	if (err)
		return err;
	new = object_get(&m->virt->vmas, handle);
	new->self = handle;
	new->vm_mm = mm;
	*vma = new;
	return 0;
}

int vm_area_dup(struct machine *m, const struct vm_area_struct *orig,
		struct vm_area_struct **vma)
{
	struct vm_area_struct *new;
	int err = vm_area_alloc(m, orig->vm_mm, &new);

	if (err)
		return err;
	new->vm_start = orig->vm_start;
	new->vm_end = orig->vm_end;
	new->vm_pgoff = orig->vm_pgoff;
	new->vm_flags = orig->vm_flags;
	new->vm_file = orig->vm_file;
	new->vm_ops = orig->vm_ops;
	new->anon_vma = orig->anon_vma;
	new->swap_readahead_info = orig->swap_readahead_info;
	new->anon_name = orig->anon_name;
	anon_vma_name_get(m, new->anon_name);
	new->uffd = orig->uffd;
	new->resv = orig->resv;
	new->resv_flags = orig->resv_flags;
	*vma = new;
	return 0;
}

void vm_area_free(struct machine *m, struct vm_area_struct *vma)
{
	if (vma->vm_mm->vma_cache == vma)
		vma->vm_mm->vma_cache = NULL;
	mpol_put(m, vma->vm_policy);
	anon_vma_name_put(m, vma->anon_name);
	object_free_fast(m, &m->virt->vmas, vma->self, __func__);
}

struct vm_area_struct *find_vma_visited(const struct machine *m, const struct mm_struct *mm,
					u64 addr, unsigned int *visited)
{
	u64 index = addr;

	return vma_of(m, mt_find_visited(&mm->mm_mt, &index, ~0ULL, NULL, NULL, visited));
}

struct vm_area_struct *find_vma(const struct machine *m, const struct mm_struct *mm,
				u64 addr)
{
	return vma_of(m, mt_find_value(&mm->mm_mt, addr, ~0ULL));
}

struct vm_area_struct *vma_lookup(const struct machine *m, const struct mm_struct *mm,
				  u64 addr)
{
	return vma_of(m, mt_load_value(&mm->mm_mt, addr));
}

struct vm_area_struct *find_vma_prev(const struct machine *m, const struct mm_struct *mm,
				     u64 addr, struct vm_area_struct **prev)
{
	struct maple_state mas;
	u32 next, before;

	mas_init(&mas, &mm->mm_mt, addr);
	next = mas_find(&mas, ~0ULL);
	before = mas_prev(&mas, 0);
	*prev = vma_of(m, before);
	return vma_of(m, next);
}

struct vm_area_struct *find_vma_intersection(const struct machine *m,
					     const struct mm_struct *mm, u64 start, u64 end)
{
	if (unlikely(start > end - 1))
		return NULL;
	return vma_of(m, mt_find_value(&mm->mm_mt, start, end - 1));
}

struct vm_area_struct *vma_first(const struct machine *m, const struct mm_struct *mm)
{
	return find_vma(m, mm, 0);
}

struct vm_area_struct *vma_next(const struct machine *m, const struct vm_area_struct *vma)
{
	u32 handle = mt_next(&vma->vm_mm->mm_mt, vma->vm_end - 1, ~0ULL, NULL, NULL);

	return vma_of(m, handle);
}

struct vm_area_struct *vma_prev(const struct machine *m, const struct vm_area_struct *vma)
{
	u32 handle = mt_prev(&vma->vm_mm->mm_mt, vma->vm_start, 0, NULL, NULL);

	return vma_of(m, handle);
}

u64 vm_start_gap(const struct vm_area_struct *vma)
{
	u64 gap = STACK_GUARD_GAP_PAGES << PAGE_SHIFT;

	if (!(vma->vm_flags & VM_GROWSDOWN))
		return vma->vm_start;
	return vma->vm_start > gap ? vma->vm_start - gap : 0;
}

/* A shared mapping that may become writable is counted in its file. */
bool vma_counts_as_writer(const struct vm_area_struct *vma)
{
	return (vma->vm_flags & (VM_SHARED | VM_MAYWRITE)) == (VM_SHARED | VM_MAYWRITE);
}

static struct address_space *mapping_of(const struct vm_area_struct *vma)
{
	return &vma->vm_file->inode->i_data;
}

void vma_link_file(const struct machine *m, struct vm_area_struct *vma)
{
	if (!vma->vm_file)
		return;
	if (vma_counts_as_writer(vma))
		mapping_of(vma)->i_mmap_writable++;
	vma->shared.start = vma->vm_pgoff;
	vma->shared.last = vma->vm_pgoff + vma_pages(vma) - 1;
	interval_tree_insert(&mapping_of(vma)->i_mmap, &vma->shared);
}

void vma_unlink_file(const struct machine *m, struct vm_area_struct *vma)
{
	if (!vma->vm_file)
		return;
	if (vma_counts_as_writer(vma))
		mapping_of(vma)->i_mmap_writable--;
	interval_tree_remove(&mapping_of(vma)->i_mmap, &vma->shared);
}

void vma_set_range(struct machine *m, struct vm_area_struct *vma, u64 start, u64 end)
{
	vma_adjust_trans_huge(m, vma, start, end);
	vma->vm_pgoff += (start >> PAGE_SHIFT) - (vma->vm_start >> PAGE_SHIFT);
	vma->vm_start = start;
	vma->vm_end = end;
	if (vma->vm_file)
		interval_tree_move(&mapping_of(vma)->i_mmap, &vma->shared, vma->vm_pgoff,
				   vma->vm_pgoff + vma_pages(vma) - 1);
	anon_vma_interval_move(vma);
}

/* It loses what another takes: [start, end), at one of its ends. */
static void vma_give_way(struct machine *m, struct vm_area_struct *vma, u64 start, u64 end)
{
	if (vma->vm_start < start)
		vma_set_range(m, vma, vma->vm_start, start);
	else
		vma_set_range(m, vma, end, vma->vm_end);
}

/* A neighbour took its range over. */
static void vma_swallowed(struct machine *m, struct vm_area_struct *vma)
{
	if (vma->vm_file) {
		vma_unlink_file(m, vma);
		fput(m, vma->vm_file);
	}
	if (vma->anon_vma)
		unlink_anon_vmas(m, vma);
	vma->vm_mm->map_count--;
	vm_area_free(m, vma);
}

int vma_change(struct machine *m, const struct vma_change *c)
{
	struct vm_area_struct *vma = c->vma, *shrunk = c->shrunk;
	int err = mt_store_range(&vma->vm_mm->mm_mt, c->start, c->end - 1, vma->self);

	if (err)
		return err;
	if (shrunk)
		vma_give_way(m, shrunk, c->start, c->end);
	vma_set_range(m, vma, c->start, c->end);
	for (unsigned int i = 0; i < ARRAY_SIZE(c->removed); i++)
		if (c->removed[i])
			vma_swallowed(m, c->removed[i]);
	return 0;
}

int vma_insert(struct machine *m, struct vm_area_struct *vma, struct vm_area_struct *shrunk)
{
	struct mm_struct *mm = vma->vm_mm;
	int err = mt_store_range(&mm->mm_mt, vma->vm_start, vma->vm_end - 1, vma->self);

	if (err)
		return err;
	if (shrunk)
		vma_give_way(m, shrunk, vma->vm_start, vma->vm_end);
	vma_link_file(m, vma);
	mm->map_count++;
	return 0;
}

int insert_vm_struct(struct machine *m, struct mm_struct *mm, struct vm_area_struct *vma)
{
	u64 charged = vma->vm_flags & VM_ACCOUNT ? vma_pages(vma) : 0;
	int err;

	if (find_vma_intersection(m, mm, vma->vm_start, vma->vm_end))
		return -ENOMEM;
	if (charged) {
		err = security_vm_enough_memory(m, NULL, mm, charged);
		if (err)
			return err;
	}
	if (vma_is_anonymous(vma))
		vma->vm_pgoff = vma->vm_start >> PAGE_SHIFT;
	err = vma_insert(m, vma, NULL);
	if (err && charged)
		vm_unacct_memory(m, charged);
	return err;
}

void vm_stat_account(struct mm_struct *mm, u64 vm_flags, s64 nr_pages)
{
	mm->total_vm += nr_pages;
	if ((vm_flags & (VM_EXEC | VM_WRITE | VM_STACK)) == VM_EXEC)
		mm->exec_vm += nr_pages;
	else if (vm_flags & VM_STACK)
		mm->stack_vm += nr_pages;
	else if (is_data_mapping(vm_flags))
		mm->data_vm += nr_pages;
}
