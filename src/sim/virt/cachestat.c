// SPDX-License-Identifier: GPL-2.0-or-later
/* What of a file is cached: counted page by page. And readahead(), which caches it. */
#include "sim/phys/lru.h"
#include "sim/phys/section.h"
#include "sim/virt/file.h"
#include "sim/virt/task.h"

#define POSIX_FADV_WILLNEED 3

static bool may_look(const struct task_struct *task, const struct file *file)
{
	return file_may_write(file) || !task->uid;
}

int sys_cachestat(struct machine *m, struct task_struct *task, int fd, u64 offset, u64 len,
		  u64 flags, struct cachestat *stat)
{
	const struct file *file = fget(m, task, fd);
	u64 index = offset >> PAGE_SHIFT, last = len ? (offset + len - 1) >> PAGE_SHIFT : ~0ULL;
	u64 entry;

	*stat = (struct cachestat){ 0 };
	if (!rel_has_cachestat(m->release))
		return -ENOSYS;
	if (!file)
		return -EBADF;
	if (file->inode->kind == INODE_HUGETLB)
		return -EOPNOTSUPP;
	if (!may_look(task, file))
		return -EPERM;
	if (flags)
		return -EINVAL;
	while (index <= last && (entry = filemap_find(&file->inode->i_data, &index, last))) {
		stat->nr_cache++;
		/* Files in memory have no mark for it. */
		if (file->inode->kind == INODE_DISK &&
		    page_flag(folio_of_const(pfn_to_page(m, entry_pfn(entry))), PG_dirty))
			stat->nr_dirty++;
		if (!++index)
			break;
	}
	return 0;
}

int sys_readahead(struct machine *m, struct task_struct *task, int fd, u64 offset, u64 count)
{
	const struct file *file = fget(m, task, fd);

	if (!file || !file_may_read(file))
		return -EBADF;
	if (file->inode->kind == INODE_SECRET)
		return rel_readahead_wants_a_file(m->release) ? -EINVAL : 0;
	if (file->inode->kind >= INODE_ZERO)
		return -EINVAL;
	return sys_fadvise64(m, task, fd, offset, count, POSIX_FADV_WILLNEED);
}
