// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Files in memory without a path, and seals: what a file will never again allow. Each
 * call on files asks the seals itself; here they are set. A file that has shared
 * mappings which may write cannot be sealed against writing.
 */
#include "sim/phys/tunables.h"
#include "sim/phys/lru.h"
#include "sim/virt/file.h"
#include "sim/virt/hugetlb.h"
#include "sim/virt/mmap.h"
#include "sim/virt/task.h"

#define NAME_MAX_MEMFD 249	/* NAME_MAX less "memfd:" */
#define MODE_EXEC 0111

#define MFD_CLOEXEC 1
#define MFD_ALLOW_SEALING 2
#define MFD_HUGETLB 4
#define MFD_NOEXEC_SEAL 8
#define MFD_EXEC 16

#define ALL_SEALS (F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITES)

/* What flags mean together with vm.memfd_noexec: a memfd may be executed or not. */
static int check_flags(struct machine *m, u32 *flags)
{
	u32 known = MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_HUGETLB;
	s32 noexec = m->tunables->memfd_noexec;

	if (*flags & MFD_HUGETLB)
		known |= (u32)MAP_HUGE_MASK << MAP_HUGE_SHIFT;
	if (!rel_has_seal_exec(m->release))
		return *flags & ~known ? -EINVAL : 0;
	known |= MFD_NOEXEC_SEAL | MFD_EXEC;
	if (*flags & ~known || (*flags & MFD_EXEC && *flags & MFD_NOEXEC_SEAL))
		return -EINVAL;
	if (!(*flags & (MFD_EXEC | MFD_NOEXEC_SEAL)))
		*flags |= noexec >= 1 ? MFD_NOEXEC_SEAL : MFD_EXEC;
	if (*flags & MFD_NOEXEC_SEAL || noexec < 2)
		return 0;
	machine_why(m, "vm.memfd_noexec=2: no memfd may be executed");
	return -EACCES;
}

/* A file of tmpfs, or of the size of huge pages that the flags name. */
static int memfd_file(struct machine *m, struct task_struct *task, const char *path, u32 flags,
		      struct file **file)
{
	const struct hugetlb_file_request huge = {
		.name = path, .acctflag = VM_NORESERVE, .kind = HUGETLB_ANONHUGE_INODE,
		.page_size_log = flags >> MAP_HUGE_SHIFT & MAP_HUGE_MASK,
	};

	if (flags & MFD_HUGETLB)
		return hugetlb_file_setup(m, task, &huge, file);
	return shmem_file_setup(m, path, 0, VM_NORESERVE, /* memfd = */ true, file);
}

int sys_memfd_create(struct machine *m, struct task_struct *task, const char *name, u32 flags,
		     int *fd)
{
	char path[NAME_MAX_MEMFD + sizeof("/memfd:")];
	struct file *file;
	int err = check_flags(m, &flags);

	if (err)
		return err;
	if (strlen(name) > NAME_MAX_MEMFD)
		return -EINVAL;
	memcpy(path, "/memfd:", sizeof("/memfd:"));
	memcpy(path + strlen(path), name, strlen(name) + 1);
	err = fd_get_unused(m, task, fd);
	if (!err)
		err = memfd_file(m, task, path, flags, &file);
	if (err)
		return err;
	if (flags & MFD_NOEXEC_SEAL) {
		file->inode->mode &= ~MODE_EXEC;
		file->inode->seals = F_SEAL_EXEC;
	} else if (flags & MFD_ALLOW_SEALING) {
		file->inode->seals = 0;
	}
	fd_install(task, *fd, file, flags & MFD_CLOEXEC);
	return 0;
}

static bool has_seals(const struct inode *inode)
{
	return inode->kind == INODE_SHMEM || inode->kind == INODE_HUGETLB;
}

static int add_seals(struct machine *m, const struct file *file, u64 seals)
{
	struct inode *inode = file->inode;
	u64 implied = 0;
	u32 known = ALL_SEALS | (rel_has_seal_exec(m->release) ? F_SEAL_EXEC : 0);

	if (!file_may_write(file))
		return -EPERM;
	if (seals & ~(u64)known || !has_seals(inode))
		return -EINVAL;
	if (inode->seals & F_SEAL_SEAL)
		return -EPERM;
	/* A program that will not change: its bytes will not, either. */
	if (seals & F_SEAL_EXEC && inode->mode & MODE_EXEC)
		implied = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITES;
	if (machine_config_bool(m->config, "SEAL_EXEC_ASKS"))
		seals |= implied;
	if (seals & ~(u64)inode->seals & F_SEAL_WRITE) {
		if (inode->i_data.i_mmap_writable) {
			machine_why(m, "%d shared mappings of the file may write",
				    inode->i_data.i_mmap_writable);
			return -EBUSY;
		}
		/* Its pages are looked at, whether anybody holds one. */
		lru_add_drain(m);
	}
	inode->seals |= (u32)(seals | implied);
	return 0;
}

int sys_dup3(struct machine *m, struct task_struct *task, int fd, int to, u32 flags,
	     bool same_is_ok)
{
	struct file *file = fget_raw(m, task, fd);
	int err;

	if (flags & ~(u32)O_CLOEXEC)
		return -EINVAL;
	if (fd == to)
		return !same_is_ok ? -EINVAL : file ? 0 : -EBADF;
	if (!file)
		return -EBADF;
	err = fd_make_room(m, task, to);
	if (err)
		return err;
	get_file(file);
	if (fget_raw(m, task, to))
		err = fd_close(m, task->files, to);
	fd_install(task, to, file, flags & O_CLOEXEC);
	return err;
}

static int dup_from(struct machine *m, struct task_struct *task, int fd, u64 from,
		    bool cloexec, int *to)
{
	struct file *file = fget_raw(m, task, fd);
	int err = file ? fd_get_unused_from(m, task, from, to) : -EBADF;

	if (!err)
		fd_install(task, *to, get_file(file), cloexec);
	return err;
}

int sys_dup(struct machine *m, struct task_struct *task, int fd, int *to)
{
	return dup_from(m, task, fd, 0, /* cloexec = */ false, to);
}

/* FD_CLOEXEC is the only flag of a descriptor. */
static void set_cloexec(const struct files_struct *files, u32 fd, bool cloexec)
{
	u64 bit = 1ULL << (fd % 64);

	files->cloexec[fd / 64] = (files->cloexec[fd / 64] & ~bit) | (cloexec ? bit : 0);
}

/* Of a descriptor that only names its file. */
static bool path_allows(unsigned int cmd)
{
	return cmd == F_DUPFD || cmd == F_DUPFD_CLOEXEC || cmd == F_GETFD || cmd == F_SETFD ||
	       cmd == F_GETFL;
}

int sys_fcntl(struct machine *m, struct task_struct *task, int fd, unsigned int cmd, u64 arg,
	      u64 *result)
{
	struct file *file = fget_raw(m, task, fd);
	const u32 changeable = O_APPEND;
	int to = 0, err;

	*result = 0;
	if (!file || (file->f_flags & O_PATH && !path_allows(cmd)))
		return -EBADF;
	switch (cmd) {
	case F_DUPFD:
	case F_DUPFD_CLOEXEC:
		err = dup_from(m, task, fd, arg, cmd == F_DUPFD_CLOEXEC, &to);
		*result = (u64)to;
		return err;
	case F_GETFD:
		*result = fd_is_cloexec(task->files, (u32)fd);
		return 0;
	case F_SETFD:
		set_cloexec(task->files, (u32)fd, arg & 1);
		return 0;
	case F_GETFL:
		*result = file->f_flags;
		return 0;
	case F_SETFL:
		file->f_flags = (file->f_flags & ~changeable) | ((u32)arg & changeable);
		return 0;
	case F_ADD_SEALS:
		return add_seals(m, file, arg);
	case F_GET_SEALS:
		*result = file->inode->seals;
		return has_seals(file->inode) ? 0 : -EINVAL;
	default:
		return -EINVAL;
	}
}
