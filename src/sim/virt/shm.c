// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Segments are slots of one array that doubles; an id is a slot and how often slots
 * began anew. A mapping counts as attached by its row's open and close; the last one
 * of a segment that was removed takes it away.
 */
#include "sim/virt/shm.h"

#include <stdio.h>

#include "sim/base/bug.h"
#include "sim/phys/slab.h"
#include "sim/phys/tunables.h"
#include "sim/virt/file.h"
#include "sim/virt/hugetlb.h"
#include "sim/virt/memory_internal.h"
#include "sim/virt/mmap.h"
#include "sim/virt/task.h"
#include "sim/virt/virt.h"

#define IPCMNI 32768
#define SEQ_MAX (0x7fffffff >> 15)
#define FIRST_SLOTS 64		/* also the fewest before slots are used again */
#define OBJECT_BYTES 248	/* struct shmid_kernel */
#define NS_PER_S 1000000000ULL

/* By the machine's clock: what has no time has 0. */
static u64 seconds(const struct machine *m)
{
	return m->config->boot_time + m->now_ns / NS_PER_S;
}

static struct shm_segment *find_id(const struct machine *m, s32 id)
{
	const struct shm_state *state = m->virt->shm;
	u32 slot = (u32)id % IPCMNI;

	if (id < 0 || slot >= state->nr_slots || !state->segments[slot].object ||
	    state->segments[slot].id != id)
		return NULL;
	return &state->segments[slot];
}

const struct shm_segment *shm_next(const struct machine *m, u32 *slot)
{
	const struct shm_state *state = m->virt->shm;

	for (; *slot < state->nr_slots; ++*slot)
		if (state->segments[*slot].object)
			return &state->segments[*slot];
	return NULL;
}

static struct shm_segment *find_key(const struct machine *m, s32 key)
{
	const struct shm_segment *shm;

	for (u32 slot = 0; key && (shm = shm_next(m, &slot)); slot++)
		if (shm->key == key)
			return &m->virt->shm->segments[slot];
	return NULL;
}

static bool may(const struct task_struct *task, const struct shm_segment *shm, u32 mode)
{
	u32 granted = shm->mode;

	if (task->cap_sys_admin)
		return true;
	if (task->uid == shm->uid || task->uid == shm->cuid)
		granted >>= 6;
	else if (task->gid == shm->gid || task->gid == shm->cgid)
		granted >>= 3;
	return !(mode & ~granted & 7);
}

/* ---- They come and go. ---- */

/* The next slot behind the last one, in turn: among half as many again as are used. */
static int take_slot(struct machine *m, u32 *result)
{
	struct shm_state *state = m->virt->shm;
	u32 limit = (u32)m->tunables->shmmni, max, slot;
	struct shm_segment *segments;

	if (state->in_use >= limit)
		return -ENOSPC;
	max = MIN(MAX(state->in_use * 3 / 2, FIRST_SLOTS), limit);
	segments = arena_grow(&m->arena, state->segments, &state->nr_slots, max, FIRST_SLOTS,
			      sizeof(*segments));
	if (!segments)
		return -ENOBUFS;
	state->segments = segments;
	slot = (u32)(state->last_slot + 1);
	for (u32 i = 0; i < max; i++, slot++) {
		if (slot >= max)
			slot = 0;
		if (!state->segments[slot].object)
			break;
	}
	if (slot >= max || state->segments[slot].object)
		return -ENOSPC;
	*result = slot;
	return 0;
}

static void shm_destroy(struct machine *m, struct shm_segment *shm)
{
	struct file *file = shm->file;
	int err = kfree(m, shm->object);

	BUG_ON(m, err);
	m->virt->shm->tot -= PFN_UP(shm->bytes);
	m->virt->shm->in_use--;
	file->inode->shm = 0;
	memset(shm, 0, sizeof(*shm));
	fput(m, file);
}

static bool may_destroy(const struct machine *m, const struct shm_segment *shm)
{
	return !shm->nattch && (m->tunables->shm_rmid_forced || shm->mode & SHM_DEST);
}

/* Its memory: of tmpfs, or huge pages, which are promised at once. */
static int segment_file(struct machine *m, const struct task_struct *task, const char *name,
			u64 size, u32 flags, struct file **file)
{
	bool noreserve = flags & SHM_NORESERVE;
	struct hugetlb_file_request huge = {
		.name = name, .kind = HUGETLB_SHMFS_INODE,
		.acctflag = noreserve ? VM_NORESERVE : 0,
		.page_size_log = flags >> SHM_HUGE_SHIFT & MAP_HUGE_MASK,
	};
	const struct hstate *h;
	int err;

	if (!(flags & SHM_HUGETLB))
		return shmem_file_setup(m, name, size,
					noreserve && m->tunables->overcommit_memory != 2 ?
						VM_NORESERVE : 0, /* memfd = */ false, file);
	err = hugetlb_init(m);
	h = err ? NULL : hstate_sizelog(m, huge.page_size_log);
	if (!h)
		return err ? err : -EINVAL;
	huge.size = ALIGN_UP(size, huge_page_size(h));
	return hugetlb_file_setup(m, task, &huge, file);
}

static int newseg(struct machine *m, const struct task_struct *task, s32 key, u64 size,
		  u32 flags, u64 *id)
{
	struct shm_state *state = m->virt->shm;
	u64 pages = PFN_UP(size), object;
	struct shm_segment *shm;
	struct file *file;
	char name[24];
	u32 slot;
	int err;

	if (!size || size > m->tunables->shmmax)
		return -EINVAL;
	if (pages << PAGE_SHIFT < size || state->tot + pages < state->tot ||
	    state->tot + pages > m->tunables->shmall)
		return -ENOSPC;
	snprintf(name, sizeof(name), "/SYSV%08x", (u32)key);
	err = take_slot(m, &slot);
	if (!err)
		err = kmalloc(m, OBJECT_BYTES, GFP_KERNEL, NUMA_NO_NODE, &object);
	if (err)
		return err;
	err = segment_file(m, task, name, size, flags, &file);
	if (err) {
		BUG_ON(m, kfree(m, object));
		return err;
	}
	if ((s32)slot <= state->last_slot)
		state->seq = (state->seq + 1) % SEQ_MAX;
	state->last_slot = (s32)slot;
	state->in_use++;
	state->tot += pages;
	shm = &state->segments[slot];
	*shm = (struct shm_segment){
		.object = object, .file = file, .key = key, .bytes = size,
		.id = (s32)(state->seq * IPCMNI + slot), .mode = flags & 0777,
		.uid = task->uid, .gid = task->gid, .cuid = task->uid, .cgid = task->gid,
		.cpid = task->tgid, .ctime = seconds(m), .creator = task->serial,
	};
	file->inode->shm = slot + 1;
	file->inode->ino = (u64)shm->id;
	*id = (u64)shm->id;
	return 0;
}

int sys_shmget(struct machine *m, struct task_struct *task, s32 key, u64 size, u32 flags,
	       u64 *id)
{
	const struct shm_segment *shm = find_key(m, key);

	if (!shm)
		return key && !(flags & IPC_CREAT) ? -ENOENT :
		       newseg(m, task, key, size, flags, id);
	if ((flags & (IPC_CREAT | IPC_EXCL)) == (IPC_CREAT | IPC_EXCL))
		return -EEXIST;
	if (shm->bytes < size)
		return -EINVAL;
	if (!may(task, shm, (flags >> 6 | flags >> 3 | flags) & 7))
		return -EACCES;
	*id = (u64)shm->id;
	return 0;
}

/* ---- Mappings. ---- */

static struct shm_segment *segment_of(const struct machine *m, const struct vm_area_struct *vma)
{
	u32 slot = vma->vm_file->inode->shm;

	return slot ? &m->virt->shm->segments[slot - 1] : NULL;
}

static u32 current_pid(const struct machine *m)
{
	const struct task_struct *task = current_task(m);

	return task ? task->tgid : 0;
}

static void shm_open(struct machine *m, struct vm_area_struct *vma)
{
	struct shm_segment *shm = segment_of(m, vma);

	if (!shm)
		return;
	shm->atime = seconds(m);
	shm->lpid = current_pid(m);
	shm->nattch++;
}

static void shm_close(struct machine *m, struct vm_area_struct *vma)
{
	struct shm_segment *shm = segment_of(m, vma);

	if (!shm)
		return;
	shm->dtime = seconds(m);
	shm->lpid = current_pid(m);
	shm->nattch--;
	if (may_destroy(m, shm))
		shm_destroy(m, shm);
}

static unsigned int shm_fault(struct machine *m, struct vm_fault *vmf)
{
	return shmem_anon_vm_ops.fault(m, vmf);
}

static const struct vm_operations shm_vm_ops = {
	.name = "shm", .fault = shm_fault,	/* and nothing around it */
	.open = shm_open, .close = shm_close, .may_split = true,
};

static void shm_huge_open(struct machine *m, struct vm_area_struct *vma)
{
	hugetlb_vm_ops.open(m, vma);
	shm_open(m, vma);
}

static void shm_huge_close(struct machine *m, struct vm_area_struct *vma)
{
	hugetlb_vm_ops.close(m, vma);
	shm_close(m, vma);
}

static const struct vm_operations shm_huge_vm_ops = {
	.name = "shm hugetlb", .open = shm_huge_open, .close = shm_huge_close,
	.may_split = true,
};

bool vma_is_shm(const struct vm_area_struct *vma)
{
	return vma->vm_ops == &shm_vm_ops || vma->vm_ops == &shm_huge_vm_ops;
}

int shm_huge_mmap(struct machine *m, struct file *file, struct vm_area_struct *vma)
{
	int err = hugetlb_file_mmap(m, file, vma);

	if (err)
		return err;
	vma->vm_ops = &shm_huge_vm_ops;
	shm_open(m, vma);
	return 0;
}

void shm_mmap(struct machine *m, struct vm_area_struct *vma)
{
	vma->vm_ops = &shm_vm_ops;
	shm_open(m, vma);
}

/* Where it is to go: 0, with the request's address and MAP_FIXED; -EINVAL. */
static int check_addr(const struct machine *m, const struct mm_struct *mm, u64 addr, u32 flags,
		      u64 bytes, struct mmap_request *req)
{
	if (!addr)
		return flags & SHM_REMAP ? -EINVAL : 0;
	if (addr % PAGE_SIZE) {
		if (!(flags & SHM_RND))
			return -EINVAL;
		addr = ALIGN_DOWN(addr, PAGE_SIZE);
		if (!addr && flags & SHM_REMAP)
			return -EINVAL;
	}
	req->addr = addr;
	req->flags |= MAP_FIXED;
	if (addr && !(flags & SHM_REMAP) &&
	    (addr + bytes < addr || (bytes && find_vma_intersection(m, mm, addr, addr + bytes))))
		return -EINVAL;
	return 0;
}

static int attach(struct machine *m, struct task_struct *task, const struct shm_segment *shm,
		  u64 addr, u32 flags, u64 *where)
{
	bool readonly = flags & SHM_RDONLY;
	struct mmap_request req = {
		.len = shm->file->inode->i_size, .flags = MAP_SHARED,
		.prot = PROT_READ | (readonly ? 0 : PROT_WRITE) |
			(flags & SHM_EXEC ? PROT_EXEC : 0),
	};
	u64 populate;
	int err = file_open_inode(m, shm->file->inode, readonly ? O_RDONLY : O_RDWR, &req.file);

	if (err)
		return err;
	err = check_addr(m, task->mm, addr, flags, req.len, &req);
	if (!err)
		err = do_mmap(m, task, &req, 0, where, &populate);
	if (!err && populate)
		err = mm_populate(m, task->mm, *where, populate);
	fput(m, req.file);
	return err;
}

int sys_shmat(struct machine *m, struct task_struct *task, s32 id, u64 addr, u32 flags,
	      u64 *where)
{
	struct shm_segment *shm = find_id(m, id);
	u32 mode = 4 | (flags & SHM_RDONLY ? 0 : 2) | (flags & SHM_EXEC ? 1 : 0), slot;
	int err;

	/* What is wrong with the address is told before the id is looked at. */
	if ((addr % PAGE_SIZE && !(flags & SHM_RND)) || (!addr && flags & SHM_REMAP) || !shm)
		return -EINVAL;
	if (!may(task, shm, mode))
		return -EACCES;
	slot = (u32)id % IPCMNI;
	shm->nattch++;
	err = attach(m, task, shm, addr, flags, where);
	shm = &m->virt->shm->segments[slot];
	shm->nattch--;
	if (may_destroy(m, shm))
		shm_destroy(m, shm);
	return err;
}

static bool is_piece(const struct vm_area_struct *vma, u64 addr)
{
	return vma_is_shm(vma) &&
	       (vma->vm_start - addr) >> PAGE_SHIFT == vma->vm_pgoff;
}

/*
 * The pieces of one attachment; which file they are of is known from the first, which goes
 * even where mremap has made it longer than the segment.
 */
int sys_shmdt(struct machine *m, struct task_struct *task, u64 addr)
{
	struct vm_area_struct *vma = find_vma(m, task->mm, addr);
	const struct file *file;
	u64 bytes, next;
	int err = 0;

	if (addr % PAGE_SIZE)
		return -EINVAL;
	while (vma && !is_piece(vma, addr))
		vma = vma_next(m, vma);
	if (!vma)
		return -EINVAL;
	file = vma->vm_file;
	bytes = ALIGN_UP(file->inode->i_size, PAGE_SIZE);
	do {
		next = vma->vm_end;
		if (is_piece(vma, addr) && vma->vm_file == file)
			err = do_vmi_munmap(m, task->mm, vma->vm_start, vma->vm_end);
		vma = find_vma(m, task->mm, next);
	} while (err != -ENOBUFS && vma && vma->vm_end - addr <= bytes);
	return err == -ENOBUFS ? err : 0;
}

/* ---- shmctl, and what ends with tasks. ---- */

static int shm_remove(struct machine *m, const struct task_struct *task,
		      struct shm_segment *shm)
{
	if (task->uid != shm->uid && task->uid != shm->cuid && !task->cap_sys_admin)
		return -EPERM;
	if (!shm->nattch) {
		shm_destroy(m, shm);
		return 0;
	}
	shm->mode |= SHM_DEST;
	shm->key = 0;
	return 0;
}

static int shm_stat(struct machine *m, const struct task_struct *task,
		    const struct shm_segment *shm)
{
	if (!may(task, shm, 4))
		return -EACCES;
	machine_why_call(m, "shmctl: segment %d: key 0x%08x, %llu bytes, mode %o, attached %u times, "
			 "%llu pages in memory", shm->id, (u32)shm->key,
			 (unsigned long long)shm->bytes, shm->mode, shm->nattch,
			 (unsigned long long)shm->file->inode->i_data.nrpages);
	return 0;
}

int sys_shmctl_set(const struct machine *m, const struct task_struct *task, s32 id,
		   const struct shm_perm *perm)
{
	struct shm_segment *shm = find_id(m, id);

	if (!shm)
		return -EINVAL;
	if (task->uid != shm->uid && task->uid != shm->cuid && !task->cap_sys_admin)
		return -EPERM;
	if (perm->uid == ~0U || perm->gid == ~0U)
		return -EINVAL;
	shm->uid = perm->uid;
	shm->gid = perm->gid;
	shm->mode = (shm->mode & ~0777U) | (perm->mode & 0777);
	shm->ctime = seconds(m);
	return 0;
}

/* The highest slot in use. */
static u64 max_slot(const struct machine *m)
{
	u64 max = 0;

	for (u32 slot = 0; shm_next(m, &slot); slot++)
		max = slot;
	return max;
}

int sys_shmctl(struct machine *m, struct task_struct *task, s32 id, int cmd, u64 *result)
{
	struct shm_segment *shm = find_id(m, id);

	*result = 0;
	if (cmd < 0 || id < 0)
		return -EINVAL;
	if (cmd == IPC_INFO || cmd == SHM_INFO) {
		*result = max_slot(m);
		return 0;
	}
	if (cmd == SHM_STAT && (u32)id < m->virt->shm->nr_slots &&
	    m->virt->shm->segments[id].object) {
		shm = &m->virt->shm->segments[id];
		*result = (u64)shm->id;
		return shm_stat(m, task, shm);
	}
	if (cmd == IPC_SET)
		return -EFAULT;		/* there is no struct to read */
	if (!shm || cmd == SHM_STAT)
		return -EINVAL;
	switch (cmd) {
	case IPC_RMID:
		return shm_remove(m, task, shm);
	case IPC_STAT:
		return shm_stat(m, task, shm);
	case SHM_LOCK:
	case SHM_UNLOCK:
		return shm_lock(m, task, shm, cmd == SHM_LOCK);
	default:
		return -EINVAL;
	}
}

void exit_shm(struct machine *m, const struct task_struct *task)
{
	struct shm_state *state = m->virt->shm;

	for (u32 slot = 0; slot < state->nr_slots; slot++) {
		struct shm_segment *shm = &state->segments[slot];

		if (!shm->object || shm->creator != task->serial)
			continue;
		shm->creator = 0;
		if (m->tunables->shm_rmid_forced && may_destroy(m, shm))
			shm_destroy(m, shm);
	}
}

void shm_destroy_orphaned(struct machine *m)
{
	struct shm_state *state = m->virt->shm;

	for (u32 slot = 0; slot < state->nr_slots; slot++) {
		struct shm_segment *shm = &state->segments[slot];

		if (shm->object && !shm->creator && may_destroy(m, shm))
			shm_destroy(m, shm);
	}
}

/* ---- The module. ---- */

int shm_init(struct machine *m)
{
	m->virt->shm = arena_alloc(&m->arena, sizeof(*m->virt->shm));
	if (!m->virt->shm)
		return -ENOBUFS;
	m->virt->shm->last_slot = -1;
	return 0;
}

void shm_free(struct machine *m)
{
	struct shm_state *state = m->virt->shm;

	if (!state)
		return;
	if (state->segments)
		arena_free(&m->arena, state->segments, state->nr_slots * sizeof(*state->segments));
	arena_free(&m->arena, state, sizeof(*state));
	m->virt->shm = NULL;
}
