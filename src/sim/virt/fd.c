// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Tables of descriptors: a bit for close-on-exec and a file's handle for each, in one
 * piece of host memory; a word's bits at first, doubled as needed. Threads may share
 * a table.
 */
#include "sim/base/digest.h"
#include "sim/phys/objects.h"
#include "sim/virt/file.h"
#include "sim/virt/task.h"
#include "sim/virt/virt.h"

/* The first descriptors are in the structure itself: one bit of a word for each. */
static u32 first_slots(const struct machine *m)
{
	return m->arch->bits;
}

/* A table apart is of 1024 bytes of the kernel's pointers, or that doubled. */
static u32 more_slots(const struct machine *m, u32 nr_slots)
{
	return MAX(2 * nr_slots, 1024 / (m->arch->bits / 8U));
}

static size_t bitmap_bytes(u32 nr_slots)
{
	return ALIGN_UP(nr_slots, 64U) / 8;
}

static size_t table_bytes(u32 nr_slots)
{
	return bitmap_bytes(nr_slots) + nr_slots * sizeof(u32);
}

/* Room for that many descriptors; what is there stays. */
static int table_grow(struct machine *m, struct files_struct *files, u32 nr_slots)
{
	u64 *words = arena_alloc(&m->arena, table_bytes(nr_slots));
	u32 *fds;

	if (!words)
		return -ENOBUFS;
	fds = (u32 *)(void *)((char *)words + bitmap_bytes(nr_slots));
	if (files->nr_slots) {
		memcpy(words, files->cloexec, bitmap_bytes(files->nr_slots));
		memcpy(fds, files->fds, files->nr_slots * sizeof(*fds));
		arena_free(&m->arena, files->cloexec, table_bytes(files->nr_slots));
	}
	files->cloexec = words;
	files->fds = fds;
	files->nr_slots = nr_slots;
	return 0;
}

struct file *fget_raw(const struct machine *m, const struct task_struct *task, int fd)
{
	const struct files_struct *files = task->files;

	if (!files || fd < 0 || (u32)fd >= files->nr_slots)
		return NULL;
	return file_of(m, files->fds[fd]);
}

struct file *fget(const struct machine *m, const struct task_struct *task, int fd)
{
	struct file *file = fget_raw(m, task, fd);

	return file && !(file->f_flags & O_PATH) ? file : NULL;
}

/* RLIMIT_NOFILE, or as many as there ever are. */
static u32 fd_limit(const struct task_struct *task)
{
	u64 limit = task->signal ? task->signal->rlim[RLIMIT_NOFILE].cur : NR_OPEN_MAX;

	return (u32)MIN(limit, 1U << 20);
}

static int table_grow_to(struct machine *m, struct files_struct *files, u32 fd)
{
	u32 nr_slots = files->nr_slots;

	while (nr_slots <= fd)
		nr_slots = more_slots(m, nr_slots);
	return nr_slots > files->nr_slots ? table_grow(m, files, nr_slots) : 0;
}

int fd_get_unused_from(struct machine *m, const struct task_struct *task, u64 from, int *fd)
{
	struct files_struct *files = task->files;
	u64 free = from;

	if (!files)
		return -EMFILE;
	if (from && from >= fd_limit(task))
		return -EINVAL;
	while (free < files->nr_slots && files->fds[free])
		free++;
	if (free >= fd_limit(task))
		return -EMFILE;
	*fd = (int)free;
	return table_grow_to(m, files, (u32)free);
}

int fd_get_unused(struct machine *m, const struct task_struct *task, int *fd)
{
	return fd_get_unused_from(m, task, 0, fd);
}

int fd_make_room(struct machine *m, const struct task_struct *task, int fd)
{
	if (!task->files || fd < 0 || (u32)fd >= fd_limit(task))
		return -EBADF;
	return table_grow_to(m, task->files, (u32)fd);
}

void fd_install(struct task_struct *task, int fd, const struct file *file, bool cloexec)
{
	struct files_struct *files = task->files;

	files->fds[fd] = file->self;
	if (cloexec)
		files->cloexec[fd / 64] |= 1ULL << (fd % 64);
}

int fd_close(struct machine *m, struct files_struct *files, int fd)
{
	u32 handle = fd >= 0 && (u32)fd < files->nr_slots ? files->fds[fd] : 0;

	if (!handle)
		return -EBADF;
	files->fds[fd] = 0;
	files->cloexec[fd / 64] &= ~(1ULL << (fd % 64));
	fput(m, file_of(m, handle));
	return 0;
}

void fd_close_on_exec(struct machine *m, struct files_struct *files)
{
	for (u32 fd = 0; fd < files->nr_slots; fd++)
		if (fd_is_cloexec(files, fd) && fd_close(m, files, (int)fd))
			return;
}

int files_struct_dup(struct machine *m, const struct files_struct *old,
		     struct files_struct **result)
{
	struct files_struct *files;
	u32 handle;
	int err = object_alloc(m, &m->virt->files_structs, GFP_KERNEL, NUMA_NO_NODE, &handle);

	if (err)
		return err;
	files = object_get(&m->virt->files_structs, handle);
	files->self = handle;
	files->count = 1;
	err = table_grow(m, files, old ? old->nr_slots : first_slots(m));
	if (err) {
		object_free(m, &m->virt->files_structs, handle);
		return err;
	}
	for (u32 fd = 0; old && fd < old->nr_slots; fd++) {
		files->fds[fd] = old->fds[fd];
		if (old->fds[fd])
			get_file(file_of(m, old->fds[fd]));
	}
	if (old)
		memcpy(files->cloexec, old->cloexec, bitmap_bytes(old->nr_slots));
	*result = files;
	return 0;
}

void files_struct_put(struct machine *m, struct files_struct *files)
{
	if (--files->count)
		return;
	for (u32 fd = 0; fd < files->nr_slots; fd++)
		if (files->fds[fd])
			fput(m, file_of(m, files->fds[fd]));
	arena_free(&m->arena, files->cloexec, table_bytes(files->nr_slots));
	object_free(m, &m->virt->files_structs, files->self);
}

void fd_tables_digest(const struct machine *m, struct digest *digest)
{
	const struct object_pool *pool = &m->virt->files_structs;

	for (u32 h = object_next(pool, 1); h; h = object_next(pool, h + 1)) {
		const struct files_struct *files = object_get(pool, h);

		digest_u64(digest, (u64)h << 32 | (u32)files->count);
		for (u32 fd = 0; fd < files->nr_slots; fd++)
			if (files->fds[fd])
				digest_u64(digest, (u64)files->fds[fd] << 32 | fd << 1 |
					   fd_is_cloexec(files, fd));
	}
}

void fd_tables_free(struct machine *m)
{
	const struct object_pool *pool = &m->virt->files_structs;

	for (u32 h = object_next(pool, 1); h; h = object_next(pool, h + 1)) {
		struct files_struct *files = object_get(pool, h);

		arena_free(&m->arena, files->cloexec, table_bytes(files->nr_slots));
	}
}
