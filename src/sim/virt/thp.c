// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The kernel asks the same question in four places (a fault, khugepaged, a forced
 * collapse, smaps) and leaves out other parts of it in each. 6.18 answers with a set of
 * sizes; 6.1's answer is yes or no, here the set with a pmd's order, or none.
 */
#include "sim/virt/thp.h"

#include "sim/phys/tunables.h"
#include "sim/virt/file.h"
#include "sim/virt/virt.h"

#define STACK_INCOMPLETE (VM_RAND_READ | VM_SEQ_READ)

u64 thp_orders_anon(const struct machine *m)
{
	u64 all = (2ULL << pmd_order(m)) - 1;

	return rel_has_thp_sizes(m->release) ? all & ~3ULL : 1ULL << pmd_order(m);
}

u64 thp_orders_file(const struct machine *m)
{
	u64 all = (2ULL << pmd_order(m)) - 1;

	return rel_has_thp_sizes(m->release) ? all & ~1ULL : 1ULL << pmd_order(m);
}

bool hugepage_global_always(const struct machine *m)
{
	return m->tunables->thp_enabled == THP_MODE_ALWAYS;
}

bool hugepage_global_enabled(const struct machine *m)
{
	return m->tunables->thp_enabled != THP_MODE_NEVER;
}

static enum size_mode size_mode(const struct machine *m, unsigned int order)
{
	return m->tunables->thp_size_enabled >> (4 * order) & 0xf;
}

bool hugepage_pmd_enabled(const struct machine *m)
{
	enum size_mode mode = size_mode(m, pmd_order(m));

	if (!rel_has_thp_sizes(m->release))
		return hugepage_global_enabled(m);
	if (m->file_thp && hugepage_global_enabled(m))
		return true;
	if (mode == SIZE_ALWAYS || mode == SIZE_MADVISE ||
	    (mode == SIZE_INHERIT && hugepage_global_enabled(m)))
		return true;
	return shmem_hpage_pmd_enabled(m);
}

/* Those of the sizes asked for that sysfs lets anonymous memory with these flags have. */
static u64 enabled_orders(const struct machine *m, u64 vm_flags, u64 asked)
{
	bool madvised = vm_flags & VM_HUGEPAGE;
	bool inherits = hugepage_global_always(m) || (madvised && hugepage_global_enabled(m));
	u64 orders = 0;

	for (; asked; asked &= asked - 1) {
		unsigned int order = (unsigned int)ctz64(asked);
		enum size_mode mode = size_mode(m, order);

		if (mode == SIZE_ALWAYS || (mode == SIZE_MADVISE && madvised) ||
		    (mode == SIZE_INHERIT && inherits))
			orders |= 1ULL << order;
	}
	return orders;
}

bool vma_thp_disabled(const struct machine *m, const struct vm_area_struct *vma, u64 vm_flags,
		      bool forced_collapse)
{
	if (vm_flags & VM_NOHUGEPAGE || vma->vm_mm->flags & MMF_DISABLE_THP)
		return true;
	if (!rel_thp_disable_has_flags(m->release) || vm_flags & VM_HUGEPAGE ||
	    forced_collapse)
		return false;
	return vma->vm_mm->flags & MMF_DISABLE_THP_EXCEPT_ADVISED;
}

bool thp_vma_suitable_order(const struct vm_area_struct *vma, u64 addr, unsigned int order)
{
	u64 size = PAGE_SIZE << order, start = addr & ~(size - 1);

	if (!vma_is_anonymous(vma) &&
	    ((vma->vm_start >> PAGE_SHIFT) - vma->vm_pgoff) & ((1ULL << order) - 1))
		return false;
	return start >= vma->vm_start && start + size <= vma->vm_end;
}

u64 thp_vma_suitable_orders(const struct vm_area_struct *vma, u64 addr, u64 orders)
{
	int order = orders ? highest_order(orders) : -1;

	while (orders && !thp_vma_suitable_order(vma, addr, order))
		order = next_order(&orders, order);
	return orders;
}

/* The block at the end of the VMA, of the largest size that fits there. */
static u64 orders_that_fit(const struct vm_area_struct *vma, u64 orders)
{
	int order = orders ? highest_order(orders) : -1;

	while (orders && !thp_vma_suitable_order(vma, vma->vm_end - (PAGE_SIZE << order), order))
		order = next_order(&orders, order);
	return orders;
}

static bool is_shmem_file(const struct file *file)
{
	return file && file->inode->kind == INODE_SHMEM;
}

static bool inode_open_for_write(const struct machine *m, const struct inode *inode)
{
	const struct object_pool *files = &m->virt->files;

	for (u32 h = object_next(files, 1); h; h = object_next(files, h + 1))
		if (file_of(m, h)->inode == inode && file_may_write(file_of(m, h)))
			return true;
	return false;
}

/* Program text on a disk, if the kernel was built to make that huge. */
static bool file_thp_enabled(const struct machine *m, const struct vm_area_struct *vma)
{
	const struct file *file = vma->vm_file;

	return file && file->inode->kind == INODE_DISK && vma->vm_flags & VM_EXEC &&
	       m->file_thp &&
	       !inode_open_for_write(m, file->inode);
}

static bool vma_is_temporary_stack(const struct vm_area_struct *vma)
{
	return vma->vm_flags & VM_GROWSDOWN &&
	       (vma->vm_flags & STACK_INCOMPLETE) == STACK_INCOMPLETE;
}

/* By the one switch for all: does it let memory with these flags have huge pages? */
static bool switch_allows(const struct machine *m, u64 vm_flags)
{
	return hugepage_global_enabled(m) &&
	       (vm_flags & VM_HUGEPAGE || hugepage_global_always(m));
}

/* 6.18: no handler of huge faults exists here, so files come by khugepaged alone. */
static bool file_allows(const struct machine *m, const struct vm_area_struct *vma,
			u64 vm_flags, enum tva_type type)
{
	if (type != TVA_FORCED_COLLAPSE && !switch_allows(m, vm_flags))
		return false;
	return type != TVA_PAGEFAULT && file_thp_enabled(m, vma);
}

static bool anon_allows(const struct vm_area_struct *vma, enum tva_type type)
{
	if (vma_is_temporary_stack(vma))
		return false;
	/* Before the first fault it has no anon_vma, and khugepaged nothing to do. */
	return vma->anon_vma || type == TVA_SMAPS || type == TVA_PAGEFAULT;
}

static bool is_special(u64 vm_flags, enum tva_type type, bool smaps_too)
{
	if (type == TVA_PAGEFAULT || (type == TVA_SMAPS && !smaps_too))
		return false;
	return vm_flags & (VM_SPECIAL | VM_HUGETLB);
}

static bool old_vma_check(const struct machine *m, const struct vm_area_struct *vma,
			  u64 vm_flags, enum tva_type type)
{
	bool in_pf = type == TVA_PAGEFAULT, forced = type == TVA_FORCED_COLLAPSE;

	if (vma_thp_disabled(m, vma, vm_flags, forced) || vm_flags & (VM_SPECIAL | VM_HUGETLB))
		return false;
	if (!in_pf && !thp_vma_suitable_order(vma, vma->vm_end - pmd_size(m), pmd_order(m)))
		return false;
	if (!in_pf && is_shmem_file(vma->vm_file))
		return shmem_allowable_huge_orders(m, vma->vm_file->inode, vma, vma->vm_pgoff, 0,
						   forced);
	if (!forced && !switch_allows(m, vm_flags))
		return false;
	if (!in_pf && file_thp_enabled(m, vma))
		return true;
	return vma_is_anonymous(vma) && anon_allows(vma, type);
}

u64 thp_vma_allowable_orders(const struct machine *m, const struct vm_area_struct *vma,
			     u64 vm_flags, enum tva_type type, u64 orders)
{
	bool anon = vma_is_anonymous(vma), forced = type == TVA_FORCED_COLLAPSE;

	orders &= anon ? thp_orders_anon(m) : thp_orders_file(m);
	if (!rel_has_thp_sizes(m->release))
		return orders && old_vma_check(m, vma, vm_flags, type) ? orders : 0;
	if (anon && !forced)
		orders = enabled_orders(m, vm_flags, orders);
	if (!orders || vma_thp_disabled(m, vma, vm_flags, forced) ||
	    is_special(vm_flags, type, /* smaps_too = */ false))
		return 0;
	if (type != TVA_PAGEFAULT) {
		orders = orders_that_fit(vma, orders);
		if (!orders)
			return 0;
		if (is_shmem_file(vma->vm_file))
			return orders & shmem_allowable_huge_orders(m, vma->vm_file->inode, vma,
								    vma->vm_pgoff, 0, forced);
	}
	if (!anon)
		return file_allows(m, vma, vm_flags, type) ? orders : 0;
	return anon_allows(vma, type) ? orders : 0;
}

u64 thp_anon_fault_orders(const struct machine *m, const struct vm_area_struct *vma,
			  u64 address)
{
	u64 orders = (1ULL << pmd_order(m)) - 1;

	if (!rel_has_thp_sizes(m->release))
		return 0;
	orders = thp_vma_allowable_orders(m, vma, vma->vm_flags, TVA_PAGEFAULT, orders);
	return thp_vma_suitable_orders(vma, address, orders);
}

gfp_t vma_thp_gfp_mask(const struct machine *m, const struct vm_area_struct *vma)
{
	bool madvised = vma && vma->vm_flags & VM_HUGEPAGE;

	switch ((enum thp_defrag)m->tunables->thp_defrag) {
	case DEFRAG_ALWAYS:
		return GFP_TRANSHUGE | (madvised ? 0 : __GFP_NORETRY);
	case DEFRAG_DEFER:
		return GFP_TRANSHUGE_LIGHT | __GFP_KSWAPD_RECLAIM;
	case DEFRAG_DEFER_MADVISE:
		return GFP_TRANSHUGE_LIGHT |
		       (madvised ? __GFP_DIRECT_RECLAIM : __GFP_KSWAPD_RECLAIM);
	case DEFRAG_MADVISE:
		return GFP_TRANSHUGE_LIGHT | (madvised ? __GFP_DIRECT_RECLAIM : 0);
	default:
		return GFP_TRANSHUGE_LIGHT;
	}
}
