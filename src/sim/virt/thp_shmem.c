// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Huge pages of shared memory. Files of a mount go by its huge= option; memory that is
 * shared without a name (and memfds) by the option of the kernel's own mount, which is
 * what shmem_enabled writes, and on 6.18 by the switches of the sizes.
 */
#include "sim/phys/tunables.h"
#include "sim/virt/file.h"
#include "sim/virt/memory.h"
#include "sim/virt/thp.h"

static enum size_shmem_mode size_mode(const struct machine *m, unsigned int order)
{
	return m->tunables->thp_size_shmem_enabled >> (4 * order) & 0xf;
}

/* Of these sizes, those in the given mode. */
static u64 orders_in_mode(const struct machine *m, enum size_shmem_mode mode)
{
	u64 orders = 0;

	for (unsigned int order = 1; order <= pmd_order(m); order++)
		if (size_mode(m, order) == mode)
			orders |= 1ULL << order;
	return orders;
}

bool shmem_hpage_pmd_enabled(const struct machine *m)
{
	enum shmem_huge huge = m->tunables->thp_shmem_enabled;

	if (huge == SHMEM_HUGE_DENY)
		return false;
	switch (size_mode(m, pmd_order(m))) {
	case SIZE_SHMEM_NEVER:
		return false;
	case SIZE_SHMEM_INHERIT:
		return huge != SHMEM_HUGE_NEVER;
	default:
		return true;
	}
}

/* The sizes, from the largest whose block around pgoff ends with the file, or before. */
static u64 orders_within_size(const struct inode *inode, u64 orders, u64 pgoff, u64 write_end)
{
	u64 pages = (MAX(inode->i_size, write_end) + PAGE_SIZE - 1) >> PAGE_SHIFT;
	int order = orders ? highest_order(orders) : -1;

	while (orders) {
		if (pages >= ALIGN_UP(pgoff + 1, 1ULL << order))
			return orders;
		order = next_order(&orders, order);
	}
	return 0;
}

enum shmem_huge shmem_mount_huge(const struct machine *m, const struct inode *inode)
{
	return inode_on_kernel_mount(inode) ? m->tunables->thp_shmem_mount :
					      m->tunables->thp_tmpfs_mount;
}

/* A fault does not say how much is wanted, as a write does: it gets the largest size or none. */
static u64 mount_orders(const struct machine *m, const struct inode *inode,
			const struct vm_area_struct *vma, u64 pgoff, u64 write_end)
{
	enum shmem_huge huge = shmem_mount_huge(m, inode);
	bool advised = vma && vma->vm_flags & VM_HUGEPAGE;
	u64 all = vma ? 1ULL << pmd_order(m) : thp_orders_file(m), orders = 0;

	if (huge == SHMEM_HUGE_ALWAYS)
		return all;
	if (huge == SHMEM_HUGE_WITHIN_SIZE)
		orders = orders_within_size(inode, all, pgoff, write_end);
	if (!orders && advised && huge != SHMEM_HUGE_NEVER)
		orders = all;
	return orders;
}

/* By shmem_enabled and the mount: what there was before sizes had switches. */
static u64 global_orders(const struct machine *m, const struct inode *inode,
			 const struct vm_area_struct *vma, u64 pgoff, u64 write_end, bool force)
{
	enum shmem_huge huge = m->tunables->thp_shmem_enabled;

	if (huge == SHMEM_HUGE_DENY)
		return 0;
	if (force || huge == SHMEM_HUGE_FORCE)
		return 1ULL << pmd_order(m);
	return mount_orders(m, inode, vma, pgoff, write_end);
}

u64 shmem_allowable_huge_orders(const struct machine *m, const struct inode *inode,
				const struct vm_area_struct *vma, u64 pgoff, u64 write_end,
				bool force)
{
	enum shmem_huge huge = m->tunables->thp_shmem_enabled;
	u64 global, orders;

	if (inode->kind != INODE_SHMEM ||
	    (vma && vma_thp_disabled(m, vma, vma->vm_flags, force)))
		return 0;
	global = global_orders(m, inode, vma, pgoff, write_end, force);
	if (!rel_has_thp_sizes(m->release) || !vma || vma->vm_ops != &shmem_anon_vm_ops)
		return global;
	if (huge == SHMEM_HUGE_DENY)
		return 0;
	if (huge == SHMEM_HUGE_FORCE)
		return orders_in_mode(m, SIZE_SHMEM_INHERIT);
	orders = orders_in_mode(m, SIZE_SHMEM_ALWAYS);
	orders |= orders_within_size(inode, orders_in_mode(m, SIZE_SHMEM_WITHIN_SIZE), pgoff, 0);
	if (vma->vm_flags & VM_HUGEPAGE)
		orders |= orders_in_mode(m, SIZE_SHMEM_ADVISE);
	if (global)
		orders |= orders_in_mode(m, SIZE_SHMEM_INHERIT);
	return orders & thp_orders_file(m);
}
