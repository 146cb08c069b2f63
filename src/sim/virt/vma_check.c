// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What must hold for the VMAs of one mm: the tree, each VMA, each pair of neighbours.
 * Neighbours that could be one are one, but where nobody asked when they became alike (a
 * fork drops VM_LOCKED, a stack grows up to another): those have a mark.
 */
#include "sim/phys/tunables.h"
#include "sim/virt/file.h"
#include "sim/virt/memory.h"
#include "sim/virt/vma_internal.h"

struct tree_report {
	const struct mm_struct *mm;
	struct check *check;
};

static void report_tree(void *ctx, u32 node, u64 min, u64 max, const char *what)
{
	struct tree_report *r = ctx;

	check_fail(r->check, "V2", "mm %u: node %u [%llx, %llx]: %s", r->mm->self, node,
		   (unsigned long long)min, (unsigned long long)max, what);
}

static void fail(struct check *check, const char *id, const struct vm_area_struct *vma,
		 const char *what)
{
	check_fail(check, id, "mm %u: vma %llx-%llx: %s", vma->vm_mm->self,
		   (unsigned long long)vma->vm_start, (unsigned long long)vma->vm_end, what);
}

static void check_range(const struct machine *m, const struct vm_area_struct *vma,
			const struct vm_area_struct *prev, struct check *check)
{
	check->nr_checked++;
	if (vma->vm_start >= vma->vm_end || !IS_ALIGNED(vma->vm_start, PAGE_SIZE) ||
	    !IS_ALIGNED(vma->vm_end, PAGE_SIZE))
		fail(check, "V1", vma, "range");
	if (vma->vm_end > task_size_max(m))
		fail(check, "V1", vma, "behind the end of user space");
	if (prev && prev->vm_end > vma->vm_start)
		fail(check, "V1", vma, "overlaps the one before");
}

static void check_pgoff(const struct vm_area_struct *vma, struct check *check)
{
	check->nr_checked++;
	/*
	 * Anonymous memory that was moved keeps its offset, even after its pages went
	 * elsewhere (MREMAP_DONTUNMAP) or stayed with the parent (MADV_WIPEONFORK), and
	 * so does what merged with it: any will do that does not wrap.
	 */
	if (!vma->vm_file && !vma->vm_ops && vma->vm_pgoff + vma_pages(vma) < vma->vm_pgoff)
		fail(check, "V4", vma, "offset of anonymous memory");
	if (vma->vm_file && vma->vm_pgoff + vma_pages(vma) > 1ULL << (63 - PAGE_SHIFT))
		fail(check, "V4", vma, "offset in the file");
	if (vma->vm_file && (vma->shared.start != vma->vm_pgoff ||
			     vma->shared.last != vma->vm_pgoff + vma_pages(vma) - 1))
		fail(check, "V4", vma, "place in i_mmap");
}

static void check_flags(const struct vm_area_struct *vma, struct check *check)
{
	u64 flags = vma->vm_flags;

	check->nr_checked++;
	if (((flags & VM_ACCESS_FLAGS) << 4) & ~flags)
		fail(check, "V6", vma, "allowed, but may not be");
	if ((flags & VM_SHARED) && !(flags & VM_MAYSHARE))
		fail(check, "V6", vma, "shared, but may not be");
	if ((flags & VM_ACCOUNT) && (flags & (VM_SHARED | VM_NORESERVE)))
		fail(check, "V6", vma, "accounted");
	if ((flags & VM_GROWSDOWN) && vma->vm_file)
		fail(check, "V6", vma, "a file that grows");
	if (!vma->anon_vma != !vma->chain_first)
		fail(check, "V6", vma, "anon_vma without chain, or chain without anon_vma");
}

/* What could be one is one. */
static void check_merged(const struct machine *m, struct vm_area_struct *vma,
			 struct vm_area_struct *prev, struct check *check)
{
	check->nr_checked++;
	if (prev && prev->vm_end == vma->vm_start && !vma->apart &&
	    vmas_could_be_one(m, prev, vma))
		fail(check, "V3", vma, "could be one with the one before");
}

void vma_validate(const struct machine *m, const struct mm_struct *mm, struct check *check)
{
	struct tree_report report = { .mm = mm, .check = check };
	struct vm_area_struct *prev = NULL;
	struct maple_state mas;
	u64 nodes = 0;

	mt_validate(&mm->mm_mt, report_tree, &report, &nodes);
	check->nr_checked += (unsigned int)nodes;
	mas_init(&mas, &mm->mm_mt, 0);
	for (u32 h = mas_find(&mas, ~0ULL); h; h = mas_next(&mas, ~0ULL)) {
		struct vm_area_struct *vma = vma_of(m, h);

		if (vma->vm_start != mas.index || vma->vm_end - 1 != mas.last)
			fail(check, "V2", vma, "not where the tree has it");
		if (vma->vm_mm != mm)
			fail(check, "V2", vma, "in the tree of another mm");
		check_range(m, vma, prev, check);
		check_pgoff(vma, check);
		check_flags(vma, check);
		check_merged(m, vma, prev, check);
		prev = vma;
	}
}
