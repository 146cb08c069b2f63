// SPDX-License-Identifier: GPL-2.0-or-later
/* PID/fdinfo: what each open descriptor is like; of a userfaultfd also who waits. */
#include <inttypes.h>

#include "fs/proc/pid.h"
#include "sim/virt/file.h"
#include "sim/virt/userfaultfd.h"

/* Mounts have no numbers of ours: each file system is the mount of its device. */
static u32 mount_of(const struct inode *inode)
{
	return inode->dev_minor;
}

static void uffd_lines(struct out *out, const struct view *v, const struct file *file)
{
	struct userfaultfd_ctx *ctx;
	u64 pending, total;

	if (!userfaultfd_fdinfo(v->m, file, &pending, &total, &ctx))
		return;
	out_printf(out, "pending:\t%" PRIu64 "\ntotal:\t%" PRIu64 "\nAPI:\t%" PRIx64 ":%x:%" PRIx64
		   "\n", pending, total, (u64)UFFD_API, ctx->features,
		   userfaultfd_api_ioctls() | userfaultfd_range_ioctls(v->m));
}

static int fdinfo_show(struct out *out, const struct view *v)
{
	const struct task_struct *task = view_task(v);
	const struct file *file = fget_raw(v->m, task, (int)v->id[V_FD]);
	u32 flags;

	if (!file)
		return -ENOENT;
	flags = file->f_flags | (fd_is_cloexec(task->files, v->id[V_FD]) ? O_CLOEXEC : 0);
	out_printf(out, "pos:\t%" PRIu64 "\nflags:\t0%o\nmnt_id:\t%u\nino:\t%" PRIu64 "\n",
		   file->f_pos, flags, mount_of(file->inode), file->inode->ino);
	uffd_lines(out, v, file);
	return 0;
}

static const struct each fdinfo_each[] = {
	{ FILE_ROW("<FD>", 0444, fdinfo_show), V_FD, fd_next, fd_name, fd_find },
};
static const struct dir fdinfo_dir = { DIR_EACH(fdinfo_each) };

static const struct entry entries[] = {
	DIR_ROW("fdinfo", 0555, &fdinfo_dir),
};
static const struct dir pid_dir = { DIR_FILES(entries) };

TREE_PARTS(pid_fdinfo_parts, { "proc/<PID>", &pid_dir });
