// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * SHM_LOCK: the pages of a segment stay in memory. It is the file that is marked: pages
 * that come to the LRU lists after that are unevictable, those that were there already
 * are left where they are until somebody looks at them. SHM_UNLOCK looks at all of them.
 */
#include "sim/phys/lru.h"
#include "sim/virt/file.h"
#include "sim/virt/hugetlb.h"
#include "sim/virt/shm.h"
#include "sim/virt/task.h"
#include "sim/virt/virt.h"

/* Pages that segments of the user are locked with. */
static u64 locked_pages(const struct machine *m, u32 uid)
{
	const struct shm_segment *shm;
	u64 pages = 0;

	for (u32 slot = 0; (shm = shm_next(m, &slot)); slot++)
		if (shm->file->inode->unevictable && shm->lock_uid == uid)
			pages += PFN_UP(shm->bytes);
	return pages;
}

static int lock_file(struct machine *m, const struct task_struct *task, struct shm_segment *shm)
{
	u64 limit = task->signal->rlim[RLIMIT_MEMLOCK].cur >> PAGE_SHIFT;
	u64 locked = locked_pages(m, task->uid) + PFN_UP(shm->bytes);

	if (shm->file->inode->unevictable)
		return 0;
	if (locked > limit && !task->cap_ipc_lock) {
		machine_why(m, "RLIMIT_MEMLOCK: segments of %llu pages would be locked, %llu may be",
			    (unsigned long long)locked, (unsigned long long)limit);
		return -ENOMEM;
	}
	shm->lock_uid = task->uid;
	shm->file->inode->unevictable = true;
	lru_heed_mappings(m);
	return 0;
}

static void unlock_mapping(struct machine *m, const struct inode *inode)
{
	u64 index = 0, entry;

	while ((entry = xa_find(&inode->i_data.i_pages, &index, ~0ULL))) {
		if (!xa_is_value(entry))
			check_move_unevictable(m, entry_pfn(entry));
		if (!++index)
			return;
	}
}

int shm_lock(struct machine *m, const struct task_struct *task, struct shm_segment *shm,
	     bool lock)
{
	int err;

	if (!task->cap_ipc_lock && ((task->uid != shm->uid && task->uid != shm->cuid) ||
				    (lock && !task->signal->rlim[RLIMIT_MEMLOCK].cur)))
		return -EPERM;
	if (is_file_hugepages(shm->file))
		return 0;
	if (lock) {
		err = lock_file(m, task, shm);
		if (!err)
			shm->mode |= SHM_LOCKED;
		return err;
	}
	if (!(shm->mode & SHM_LOCKED))
		return 0;
	shm->mode &= ~(u32)SHM_LOCKED;
	shm->file->inode->unevictable = false;
	unlock_mapping(m, shm->file->inode);
	return 0;
}
