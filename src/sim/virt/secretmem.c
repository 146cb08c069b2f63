// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A fault makes the page, takes it out of the direct map and puts it into the cache of
 * its file; that its file is one of these is what its entry says (kernel_map.h). The
 * file has a size once. Its file system is no disk's: nothing is written, and what is
 * dirty is only that by its flag.
 */
#include "sim/virt/secretmem.h"

#include "sim/phys/direct_split.h"
#include "sim/phys/lru.h"
#include "sim/phys/section.h"
#include "sim/virt/content.h"
#include "sim/virt/file.h"
#include "sim/virt/kernel_map.h"
#include "sim/virt/memcontrol.h"
#include "sim/virt/memory_internal.h"
#include "sim/virt/mempolicy.h"
#include "sim/virt/mmap.h"
#include "sim/virt/set_memory.h"
#include "sim/virt/task.h"
#include "sim/virt/tlb.h"
#include "sim/virt/virt.h"

int sys_memfd_secret(struct machine *m, struct task_struct *task, u32 flags, int *fd)
{
	struct inode *inode;
	struct file *file;
	int err;

	if (!m->secretmem_enable)
		return -ENOSYS;
	if (flags & ~(u32)O_CLOEXEC)
		return -EINVAL;
	err = fd_get_unused(m, task, fd);
	if (!err)
		err = inode_create_secret(m, &inode);
	if (err)
		return err;
	err = file_open_inode(m, inode, O_RDWR, &file);
	iput(m, inode);
	if (!err)
		fd_install(task, *fd, file, flags & O_CLOEXEC);
	return err;
}

int secretmem_mmap(struct machine *m, const struct task_struct *task,
		   const struct mm_struct *mm, u64 len, u64 *vm_flags)
{
	if (!(*vm_flags & (VM_SHARED | VM_MAYSHARE)))
		return -EINVAL;
	if (!mlock_future_ok(task, mm, *vm_flags | VM_LOCKED, len)) {
		machine_why(m, "RLIMIT_MEMLOCK: %llu pages are locked",
			    (unsigned long long)mm->locked_vm);
		return -EAGAIN;
	}
	*vm_flags |= VM_LOCKED | VM_DONTDUMP;
	return 0;
}

/* A page for the file, out of the direct map and cached; with a reference. */
static int new_secret_page(struct machine *m, struct address_space *mapping, u64 pgoff, u32 *pfn)
{
	u64 addr;
	int err = filemap_alloc_folio(m, GFP_HIGHUSER | __GFP_ZERO, 0, pfn);

	if (err)
		return err;
	err = set_direct_map_invalid(m, *pfn);
	if (!err)
		err = mem_cgroup_charge(m, *pfn, NULL, GFP_HIGHUSER);
	if (!err) {
		page_set_flag(pfn_to_page(m, *pfn), PG_uptodate);
		content_zero(m, *pfn);
		err = filemap_add_folio(m, mapping, pgoff, *pfn);
	}
	if (err) {
		put_page(m, *pfn);
		return err;
	}
	lru_cache_add(m, *pfn);
	addr = m->arch->page_offset + PFN_PHYS((u64)*pfn);
	flush_tlb_kernel_range(m, addr, addr + PAGE_SIZE);
	return 0;
}

static unsigned int secretmem_fault(struct machine *m, struct vm_fault *vmf)
{
	struct inode *inode = vmf->vma->vm_file->inode;
	int err;

	if (vmf->pgoff >= inode_pages(inode))
		return VM_FAULT_SIGBUS;
	vmf->page = find_page(m, &inode->i_data, vmf->pgoff);
	if (vmf->page != PFN_NIL) {
		get_page(m, vmf->page);
		return 0;
	}
	err = new_secret_page(m, &inode->i_data, vmf->pgoff, &vmf->page);
	if (!err)
		return 0;
	vmf->page = PFN_NIL;
	return fault_of_errno(err);
}

const struct vm_operations secretmem_vm_ops = {
	.name = "secretmem", .fault = secretmem_fault, .may_split = true,
};

static void check_page(const struct machine *m, u32 pfn, struct check *check)
{
	u64 phys = PFN_PHYS((u64)pfn), start = ALIGN_DOWN(phys, table_span(m, 1));
	const struct direct_split *split = direct_split_find(m, 1, start);
	unsigned int level;

	check->nr_checked++;
	if (!direct_map_level(m, phys, &level))
		return;
	if (level || !split || !direct_split_changed(split, phys))
		check_fail(check, "T11", "page 0x%x of secret memory: expected an entry of its own "
			   "in the direct map that was taken out, found level %u", pfn, level);
}

void secretmem_validate(const struct machine *m, struct check *check)
{
	const struct inode *inode;
	u64 entry;

	for (inode = inode_next(m, NULL); inode; inode = inode_next(m, inode)) {
		if (inode->kind != INODE_SECRET)
			continue;
		for (u64 index = 0; (entry = filemap_find(&inode->i_data, &index, ~0ULL)); index++)
			check_page(m, entry_pfn(entry), check);
	}
}
