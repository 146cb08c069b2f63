// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Open files, and the system calls that make, cut and remove files. Names are full
 * paths; folders are not modelled: a path is a name.
 */
#include "sim/virt/file.h"

#include "sim/phys/lru.h"
#include "sim/phys/objects.h"
#include "sim/virt/task.h"
#include "sim/virt/virt.h"

#define PATH_MAX_BYTES 4096
#define NAME_MAX_MEMFD 249	/* NAME_MAX less "memfd:" */

#define MFD_CLOEXEC 1
#define MFD_ALLOW_SEALING 2
#define MFD_NOEXEC_SEAL 8
#define MFD_EXEC 16

#define FALLOC_FL_KEEP_SIZE 1
#define FALLOC_FL_PUNCH_HOLE 2

#define MAX_LFS_FILESIZE ((1ULL << 63) - 1)

struct file *file_of(const struct machine *m, u32 handle)
{
	return handle ? object_get(&m->virt->files, handle) : NULL;
}

static bool counts_writers(const struct file *file)
{
	return file_may_write(file) && file->inode->kind != INODE_ZERO;
}

int deny_write_access(const struct file *file)
{
	if (file->inode->i_writecount > 0)
		return -ETXTBSY;
	file->inode->i_writecount--;
	return 0;
}

void allow_write_access(const struct file *file)
{
	file->inode->i_writecount++;
}

int file_open_inode(struct machine *m, struct inode *inode, u32 flags, struct file **file)
{
	u32 handle;
	int err;

	if ((flags & O_ACCMODE) != O_RDONLY && inode->i_writecount < 0)
		return -ETXTBSY;
	err = object_alloc(m, &m->virt->files, GFP_KERNEL, NUMA_NO_NODE, &handle);
	if (err)
		return err;
	*file = file_of(m, handle);
	(*file)->self = handle;
	(*file)->f_count = 1;
	(*file)->f_flags = flags & ~(u32)(O_CREAT | O_EXCL | O_TRUNC | O_CLOEXEC);
	(*file)->inode = inode;
	inode->i_count++;
	inode->i_writecount += counts_writers(*file);
	return 0;
}

void fput(struct machine *m, struct file *file)
{
	struct inode *inode = file->inode;

	if (--file->f_count)
		return;
	inode->i_writecount -= counts_writers(file);
	object_free(m, &m->virt->files, file->self);
	iput(m, inode);
}

/* The file of this name, made if flags say so; *made: it was. */
static int find_or_create(struct machine *m, const char *path, u32 flags, u32 mode,
			  struct inode **inode, bool *made)
{
	enum inode_kind kind = path_kind(path);
	int err;

	*made = false;
	*inode = inode_find(m, path);
	if (*inode)
		return (flags & (O_CREAT | O_EXCL)) == (O_CREAT | O_EXCL) ? -EEXIST : 0;
	if (!(flags & O_CREAT) && kind != INODE_ZERO)
		return -ENOENT;
	err = inode_create(m, kind, path, 0, inode);
	if (err)
		return err;
	(*inode)->mode = kind == INODE_ZERO ? 0666 : mode & 07777;
	/* The device was there before it was looked for. */
	*made = kind != INODE_ZERO;
	return 0;
}

int sys_open(struct machine *m, struct task_struct *task, const char *path, u32 flags,
	     u32 mode, int *fd)
{
	struct inode *inode;
	struct file *file;
	bool made;
	int err;

	if (strlen(path) >= PATH_MAX_BYTES)
		return -ENAMETOOLONG;
	if (path[0] != '/')
		return -ENOENT;
	if (path[strlen(path) - 1] == '/')
		return -EISDIR;
	if ((flags & O_ACCMODE) == O_ACCMODE)
		return -EINVAL;
	err = fd_get_unused(m, task, fd);
	if (!err)
		err = find_or_create(m, path, flags, mode, &inode, &made);
	if (err)
		return err;
	err = file_open_inode(m, inode, flags, &file);
	if (err) {
		if (made)
			iput(m, inode);
		return err;
	}
	if (flags & O_TRUNC && inode->i_writecount < 0)
		err = -ETXTBSY;
	else if (flags & O_TRUNC && inode->i_size && inode->kind != INODE_ZERO)
		err = inode_truncate(m, inode, 0);
	if (err)
		fput(m, file);
	else
		fd_install(task, *fd, file, flags & O_CLOEXEC);
	return err;
}

int sys_memfd_create(struct machine *m, struct task_struct *task, const char *name, u32 flags,
		     int *fd)
{
	char path[NAME_MAX_MEMFD + sizeof("/memfd:")];
	struct file *file;
	int err;

	if (flags & ~(u32)(MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_NOEXEC_SEAL | MFD_EXEC) ||
	    strlen(name) > NAME_MAX_MEMFD)
		return -EINVAL;
	memcpy(path, "/memfd:", sizeof("/memfd:"));
	memcpy(path + strlen(path), name, strlen(name) + 1);
	err = fd_get_unused(m, task, fd);
	if (!err)
		err = shmem_file_setup(m, path, 0, VM_NORESERVE, /* memfd = */ true, &file);
	if (err)
		return err;
	if (!(flags & (MFD_ALLOW_SEALING | MFD_NOEXEC_SEAL)))
		file->inode->seals = F_SEAL_SEAL;
	fd_install(task, *fd, file, flags & MFD_CLOEXEC);
	return 0;
}

int sys_close(struct machine *m, struct task_struct *task, int fd)
{
	return task->files ? fd_close(m, task->files, fd) : -EBADF;
}

int sys_ftruncate(struct machine *m, struct task_struct *task, int fd, u64 size)
{
	const struct file *file;

	if (size > MAX_LFS_FILESIZE)
		return -EINVAL;
	file = fget(m, task, fd);
	if (!file)
		return -EBADF;
	if (!file_may_write(file) || file->inode->kind == INODE_ZERO)
		return -EINVAL;
	return inode_truncate(m, file->inode, size);
}

static int punch_hole(struct machine *m, struct inode *inode, u64 offset, u64 len)
{
	if (inode->seals & (F_SEAL_WRITE | F_SEAL_FUTURE_WRITE))
		return -EPERM;
	truncate_pagecache(m, inode, offset, offset + len, /* even_cows = */ false);
	return 0;
}

/* Pages of shared memory that were not there; all of them go if one is refused. */
static int allocate_pages(struct machine *m, struct inode *inode, u64 start, u64 end)
{
	u64 at;
	int err = 0;

	for (at = start; at < end && !err; at++) {
		bool was_there = find_page(m, &inode->i_data, at) != PFN_NIL;
		u32 pfn;

		err = shmem_get_page(m, inode, at, SGP_FALLOC, &pfn);
		if (err)
			break;
		if (!was_there)
			set_page_dirty(m, pfn);
		put_page(m, pfn);
	}
	/* Taken back are those without contents: nobody has used them. */
	while (err && at-- > start) {
		u32 pfn = find_page(m, &inode->i_data, at);

		if (pfn != PFN_NIL && !page_flag(pfn_to_page(m, pfn), PG_uptodate))
			filemap_remove_page(m, &inode->i_data, at);
	}
	return err;
}

int sys_fallocate(struct machine *m, struct task_struct *task, int fd, u32 mode, u64 offset,
		  u64 len)
{
	const struct file *file = fget(m, task, fd);
	struct inode *inode;
	int err = 0;

	if (!file)
		return -EBADF;
	if (offset > MAX_LFS_FILESIZE || !len || len > MAX_LFS_FILESIZE)
		return -EINVAL;
	if (mode & ~(u32)(FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE) ||
	    (mode & FALLOC_FL_PUNCH_HOLE && !(mode & FALLOC_FL_KEEP_SIZE)))
		return -EOPNOTSUPP;
	if (!file_may_write(file))
		return -EBADF;
	inode = file->inode;
	if (inode->kind == INODE_ZERO)
		return -ENODEV;
	if (offset + len > inode_max_bytes(inode))
		return -EFBIG;
	if (mode & FALLOC_FL_PUNCH_HOLE)
		return punch_hole(m, inode, offset, len);
	if (inode->seals & F_SEAL_GROW && offset + len > inode->i_size)
		return -EPERM;
	if (inode->kind == INODE_SHMEM)
		err = allocate_pages(m, inode, offset >> PAGE_SHIFT,
				     (offset + len + PAGE_SIZE - 1) >> PAGE_SHIFT);
	if (!err && !(mode & FALLOC_FL_KEEP_SIZE) && offset + len > inode->i_size)
		inode->i_size = offset + len;
	return err;
}

int sys_unlink(struct machine *m, struct task_struct *task, const char *path)
{
	struct inode *inode = inode_find(m, path);

	(void)task;
	if (!inode)
		return -ENOENT;
	inode->unlinked = true;
	iput(m, inode);
	return 0;
}

int sys_lseek(struct machine *m, struct task_struct *task, int fd, s64 offset, int whence,
	      u64 *pos)
{
	struct file *file = fget(m, task, fd);
	u64 base;

	if (!file)
		return -EBADF;
	if (whence < 0 || whence > 2)
		return -EINVAL;
	base = whence == 0 ? 0 : whence == 1 ? file->f_pos : file->inode->i_size;
	if ((s64)(base + (u64)offset) < 0)
		return -EINVAL;
	file->f_pos = base + (u64)offset;
	*pos = file->f_pos;
	return 0;
}
