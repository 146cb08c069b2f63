// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Open files, and the system calls that make, cut and remove files. Names are full
 * paths; folders are not modelled: a path is a name.
 */
#include "sim/virt/blk.h"
#include "sim/virt/dcache.h"
#include "sim/virt/file.h"
#include "sim/virt/memory.h"

#include "sim/phys/lru.h"
#include "sim/phys/objects.h"
#include "sim/virt/task.h"
#include "sim/virt/userfaultfd.h"
#include "sim/virt/virt.h"

#define PATH_MAX_BYTES 4096

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

/* Huge pages of program text cannot be written: who may write begins with no cache. */
static void drop_huge_cache(struct machine *m, struct inode *inode)
{
	unmap_mapping_range(m, &inode->i_data, 0, 1ULL << (64 - PAGE_SHIFT),
			    /* even_cows = */ false);
	truncate_inode_pages(m, inode, 0, ~0ULL);
}

int file_open_inode(struct machine *m, struct inode *inode, u32 flags, struct file **file)
{
	u32 handle;
	bool came;
	int err;

	if ((flags & O_ACCMODE) != O_RDONLY && inode->i_writecount < 0)
		return -ETXTBSY;
	err = dcache_lookup(m, inode, &came);
	if (err)
		return err;
	err = object_alloc(m, &m->virt->files, GFP_KERNEL, NUMA_NO_NODE, &handle);
	if (err) {
		dcache_end_lookup(m, inode, came, err);
		return err;
	}
	*file = file_of(m, handle);
	(*file)->self = handle;
	(*file)->f_count = 1;
	(*file)->f_flags = flags & ~(u32)(O_CREAT | O_EXCL | O_TRUNC | O_CLOEXEC);
	(*file)->f_ra.ra_pages = file_disk(m)->read_ahead_kb / (PAGE_SIZE / 1024);
	(*file)->f_ra.prev_pos = ~0ULL;
	(*file)->inode = inode;
	(*file)->f_wb_err = inode->wb_err - (inode->wb_err && !inode->wb_err_seen);
	/* The lookup's reference is the file's. */
	inode->i_writecount += counts_writers(*file);
	if (unlikely(inode->i_data.nr_thps && file_may_write(*file)))
		drop_huge_cache(m, inode);
	return 0;
}

static void __fput(struct machine *m, struct file *file)
{
	struct inode *inode = file->inode;

	inode->i_writecount -= counts_writers(file);
	if (unlikely(inode->uffd))
		userfaultfd_release(m, inode->uffd);
	object_free_rcu(m, &m->virt->files, file->self, 1);
	iput(m, inode);
}

void fput(struct machine *m, struct file *file)
{
	if (--file->f_count)
		return;
	if (likely(!m->virt->delays_fput)) {
		__fput(m, file);
		return;
	}
	file->next_put = m->virt->put_files;
	m->virt->put_files = file->self;
}

void fput_delay(struct machine *m, bool on)
{
	m->virt->delays_fput = on;
}

void fput_delayed(struct machine *m)
{
	while (m->virt->put_files) {
		struct file *file = file_of(m, m->virt->put_files);

		m->virt->put_files = file->next_put;
		__fput(m, file);
	}
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
	if (flags & O_PATH)
		flags &= O_PATH | O_CLOEXEC;
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

int sys_close(struct machine *m, struct task_struct *task, int fd)
{
	return task->files ? fd_close(m, task->files, fd) : -EBADF;
}

int sys_ftruncate(struct machine *m, struct task_struct *task, int fd, u64 size)
{
	const struct file *file;
	int err;

	if (size > MAX_LFS_FILESIZE)
		return -EINVAL;
	file = fget(m, task, fd);
	if (!file)
		return -EBADF;
	if (!file_may_write(file) || file->inode->kind >= INODE_ZERO)
		return -EINVAL;
	err = file_size_limit(m, task, file->inode, size);
	return err ? err : inode_truncate(m, file->inode, size);
}

int inode_truncate_path(struct machine *m, struct inode *inode, u64 size)
{
	bool came;
	int err = dcache_lookup(m, inode, &came);

	if (err)
		return err;
	err = inode_truncate(m, inode, size);
	dcache_end_lookup(m, inode, came, err);
	return err;
}

int sys_truncate(struct machine *m, struct task_struct *task, const char *path, u64 size)
{
	struct inode *inode;
	int err;

	if (size > MAX_LFS_FILESIZE)
		return -EINVAL;
	inode = inode_find(m, path);
	if (!inode)
		return -ENOENT;
	if (inode->kind == INODE_ZERO)
		return -EINVAL;
	if (inode->i_writecount < 0)
		return -ETXTBSY;
	err = file_size_limit(m, task, inode, size);
	return err ? err : inode_truncate_path(m, inode, size);
}

int sys_unlink(struct machine *m, struct task_struct *task, const char *path)
{
	struct inode *inode = inode_find(m, path);

	(void)task;
	if (!inode)
		return -ENOENT;
	if (inode->swap_file)
		return -EPERM;
	inode->unlinked = true;
	iput(m, inode);
	return 0;
}
