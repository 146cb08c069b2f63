// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Shared memory: files whose pages are made when they are asked for and kept until the
 * file is cut or gone. What a mapping sets up is charged to Committed_AS as a whole
 * (unless it was not to be reserved); named files and memfds page by page, where a
 * refusal is -ENOSPC, so that a fault on a hole then is SIGBUS.
 */
#include "sim/virt/content.h"
#include "sim/virt/file.h"
#include "sim/virt/hugetlb.h"
#include "sim/virt/memory_internal.h"
#include "sim/virt/mmap.h"
#include "sim/virt/secretmem.h"
#include "sim/virt/shm.h"
#include "sim/virt/userfaultfd.h"


static int charge(struct machine *m, u64 nr_pages)
{
	const struct task_struct *task = current_task(m);

	return security_vm_enough_memory(m, task, task ? task->mm : NULL, nr_pages);
}

/* By the commit limit and by the size of the file system. */
int shmem_acct_pages(struct machine *m, struct inode *inode, u64 nr)
{
	int err;

	if (!inode->accounted && charge(m, nr))
		return -ENOSPC;
	err = sb_take_pages(m, inode, nr);
	if (err && !inode->accounted)
		vm_unacct_memory(m, nr);
	return err;
}

void shmem_unacct_pages(struct machine *m, struct inode *inode, u64 nr)
{
	if (!inode->accounted)
		vm_unacct_memory(m, nr);
	sb_give_pages(m, inode, nr);
}

void shmem_recalc_inode(struct machine *m, struct inode *inode)
{
	u64 nr = inode->dropped;

	if (likely(!nr))
		return;
	inode->dropped = 0;
	shmem_unacct_pages(m, inode, nr);
}

int shmem_reacct_size(struct machine *m, struct inode *inode, u64 size)
{
	u64 old = inode_pages(inode), new = (size + PAGE_SIZE - 1) >> PAGE_SHIFT;

	if (!inode->accounted)
		return 0;
	if (new > old)
		return charge(m, new - old);
	vm_unacct_memory(m, old - new);
	return 0;
}

int shmem_file_setup(struct machine *m, const char *name, u64 size, u64 vm_flags, bool memfd,
		     struct file **file)
{
	u64 nr_pages = (size + PAGE_SIZE - 1) >> PAGE_SHIFT;
	bool accounted = !(vm_flags & VM_NORESERVE);
	struct inode *inode;
	int err;

	if (size > MAX_LFS_FILESIZE)
		return -EINVAL;
	err = accounted ? charge(m, nr_pages) : 0;
	if (err)
		return err;
	err = inode_create_unlinked(m, name, size, &inode);
	if (err) {
		if (accounted)
			vm_unacct_memory(m, nr_pages);
		return err;
	}
	inode->accounted = accounted;
	inode->memfd = memfd;
	inode->mode = 0777;
	err = file_open_inode(m, inode, O_RDWR, file);
	/* The file's reference is all there is. */
	iput(m, inode);
	return err;
}

/* The page is in the cache: as whom it was found for wants it. */
static void found_page(struct machine *m, u32 pfn, enum sgp_type sgp)
{
	struct page *folio = pfn_folio(m, pfn);

	get_page(m, pfn);
	if (sgp == SGP_WRITE)
		mark_page_accessed(m, pfn);
	/* fallocate() on what it made before, too: giving up must not take that back. */
	if (!page_flag(folio, PG_uptodate) && sgp != SGP_WRITE) {
		page_set_flag(folio, PG_uptodate);
		set_page_dirty(m, pfn);
	}
}

/* A page that there was not. */
static int new_page(struct machine *m, struct inode *inode, u64 pgoff,
		    const struct sgp_request *request, u32 *pfn)
{
	int err = request->single ? -ENOENT : shmem_alloc_huge(m, inode, pgoff, request, pfn);

	if (err != -ENOENT)
		return err;
	err = shmem_acct_pages(m, inode, 1);
	if (err)
		return err;
	err = filemap_new_page(m, &inode->i_data, pgoff, pfn);
	if (err)
		shmem_unacct_pages(m, inode, 1);
	return err;
}

int shmem_get_folio(struct machine *m, struct inode *inode, u64 pgoff,
		    const struct sgp_request *request, u32 *pfn)
{
	bool inside = pgoff < inode_pages(inode);
	enum sgp_type sgp = request->sgp;
	struct page *folio;
	u64 slot;
	int err;

	*pfn = PFN_NIL;
	if (!inside && sgp <= SGP_CACHE)
		return -EINVAL;
	*pfn = find_page(m, &inode->i_data, pgoff);
	/* What fallocate() made and nobody has used reads as a hole, and stays so. */
	if (*pfn != PFN_NIL && sgp == SGP_READ && !page_flag(pfn_folio(m, *pfn), PG_uptodate))
		*pfn = PFN_NIL;
	if (*pfn != PFN_NIL) {
		found_page(m, *pfn, sgp);
		return 0;
	}
	if (shmem_swapped_at(inode, pgoff, &slot))
		return shmem_swapin_folio(m, inode, pgoff, slot, request, pfn);
	if (sgp <= SGP_NOALLOC)
		return sgp == SGP_READ ? 0 : -ENOENT;
	err = new_page(m, inode, pgoff, request, pfn);
	if (err)
		return err;
	shmem_recalc_inode(m, inode);
	folio = pfn_folio(m, *pfn);
	if (sgp == SGP_WRITE)
		page_set_flag(folio, PG_referenced);
	if (sgp != SGP_FALLOC && sgp != SGP_WRITE)
		page_set_flag(folio, PG_uptodate);
	return 0;
}

/* What a registered mapping's program is asked for: 0: nothing. */
static unsigned int shmem_userfault(struct machine *m, struct vm_fault *vmf)
{
	const struct vm_area_struct *vma = vmf->vma;
	const struct inode *inode = vma->vm_file->inode;
	u64 slot;

	if (likely(!userfaultfd_armed(vma)) || vmf->pgoff >= inode_pages(inode))
		return 0;
	if (find_page(m, &inode->i_data, vmf->pgoff) != PFN_NIL ||
	    shmem_swapped_at(inode, vmf->pgoff, &slot))
		return userfaultfd_minor(vma) ? handle_userfault(m, vmf, VM_UFFD_MINOR) : 0;
	return userfaultfd_missing(vma) ? handle_userfault(m, vmf, VM_UFFD_MISSING) : 0;
}

static unsigned int shmem_fault(struct machine *m, struct vm_fault *vmf)
{
	bool major = false;
	const struct sgp_request request = { .sgp = SGP_CACHE, .vmf = vmf, .major = &major };
	unsigned int ret = shmem_userfault(m, vmf);
	int err;

	if (unlikely(ret))
		return ret;
	err = shmem_get_folio(m, vmf->vma->vm_file->inode, vmf->pgoff, &request, &vmf->page);
	if (likely(!err))
		return major ? VM_FAULT_MAJOR : 0;
	return err == -ENOMEM || err == -ENOBUFS ? fault_of_errno(err) : VM_FAULT_SIGBUS;
}

const struct vm_operations shmem_vm_ops = {
	.name = "shmem", .fault = shmem_fault, .map_pages = filemap_map_pages,
	.may_split = true,
};

const struct vm_operations shmem_anon_vm_ops = {
	.name = "shmem anonymous", .fault = shmem_fault, .map_pages = filemap_map_pages,
	.may_split = true,
};

/* /dev/zero: private is anonymous memory, shared is a file of its own. */
static int zero_mmap(struct machine *m, struct vm_area_struct *vma)
{
	struct file *file;
	int err;

	if (!(vma->vm_flags & VM_SHARED)) {
		vma->vm_ops = NULL;
		return 0;
	}
	err = shmem_file_setup(m, "/dev/zero", vma->vm_end - vma->vm_start, vma->vm_flags,
			       /* memfd = */ false, &file);
	if (err)
		return err;
	fput(m, vma->vm_file);
	vma->vm_file = file;
	vma->vm_ops = &shmem_anon_vm_ops;
	return 0;
}

int file_mmap(struct machine *m, struct file *file, struct vm_area_struct *vma)
{
	const struct inode *inode = file->inode;

	switch (inode->kind) {
	case INODE_DISK:
		if (vma->vm_flags & VM_SYNC)
			return -EOPNOTSUPP;	/* no disk is memory (DAX) */
		vma->vm_ops = &file_vm_ops;
		return 0;
	case INODE_SHMEM:
		vma->vm_ops = inode->unlinked ? &shmem_anon_vm_ops : &shmem_vm_ops;
		if (inode->shm)
			shm_mmap(m, vma);
		return 0;
	case INODE_SECRET:
		vma->vm_ops = &secretmem_vm_ops;
		return 0;
	case INODE_ZERO:
		return zero_mmap(m, vma);
	case INODE_HUGETLB:
		return inode->shm ? shm_huge_mmap(m, file, vma) :
				    hugetlb_file_mmap(m, file, vma);
	default:
		return -ENODEV;
	}
}
