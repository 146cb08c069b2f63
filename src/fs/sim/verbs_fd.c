// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The system calls on descriptors besides reading and writing: sizes, holes, seals,
 * copies of descriptors, advice, writing to disk.
 */
#include <inttypes.h>

#include "fs/core/call_task.h"
#include "sim/virt/buffer.h"
#include "sim/virt/file.h"
#include "sim/virt/secretmem.h"
#include "sim/virt/writeback.h"

#define SCOPE_TASKS (1U << V_PID)
#define FALLOC_FL_PUNCH_HOLE 2

static int fd_arg(const struct call *call)
{
	return (int)(s64)call->args[0].value;
}

static int run_memfd_create(struct call *call)
{
	int err = call_needs_range(call, 0), fd;

	if (!err)
		err = sys_memfd_create(call->m, call->task, call->args[0].text,
				       (u32)call->args[1].value, &fd);
	if (!err)
		call->value = (u64)fd;
	return err;
}

static int run_memfd_secret(struct call *call)
{
	int err, fd;

	if (!call->m->secretmem_enable)
		return call_refuse(call, -ENOSYS, "memfd_secret() is switched off: cmdline = "
				   "secretmem.enable=1 in the machine file switches it on");
	err = call_needs_range(call, 0);
	if (!err)
		err = sys_memfd_secret(call->m, call->task,
				       call->args[0].given ? (u32)call->args[0].value : 0, &fd);
	if (!err)
		call->value = (u64)fd;
	return err;
}

static int run_fcntl(struct call *call)
{
	const struct arg *args = call->args;
	u64 bytes = 0;
	int err;

	/* A table of descriptors doubles until the new one has room. */
	if (args[1].value == F_DUPFD || args[1].value == F_DUPFD_CLOEXEC)
		bytes = 16 * MIN(args[2].value, 1U << 20);
	err = call_needs(call, &(struct virt_need){ .pages = 64, .objects = 64, .bytes = bytes });
	return err ? err : sys_fcntl(call->m, call->task, fd_arg(call),
				     (unsigned int)args[1].value, args[2].value, &call->value);
}

static int run_dup(struct call *call)
{
	int err = call_needs_range(call, 0), to;

	if (!err)
		err = sys_dup(call->m, call->task, fd_arg(call), &to);
	if (!err)
		call->value = (u64)to;
	return err;
}

static int dup_to(struct call *call, u32 flags, bool same_is_ok)
{
	int to = (int)(s64)call->args[1].value;
	struct virt_need need = {
		.pages = 64, .objects = 64, .bytes = to < 0 ? 0 : 16 * MIN((u64)to, 1U << 20),
	};
	int err = call_needs(call, &need);

	if (!err)
		err = sys_dup3(call->m, call->task, fd_arg(call), to, flags, same_is_ok);
	if (!err)
		call->value = (u64)to;
	return err;
}

static int run_dup2(struct call *call)
{
	return dup_to(call, 0, /* same_is_ok = */ true);
}

static int run_dup3(struct call *call)
{
	return dup_to(call, (u32)call->args[2].value, /* same_is_ok = */ false);
}

static int run_ftruncate(struct call *call)
{
	int err = call_needs_range(call, 0);

	return err ? err : sys_ftruncate(call->m, call->task, fd_arg(call),
					 call->args[1].value);
}

static int run_truncate(struct call *call)
{
	int err;

	if (buffers_reserve(call->m))
		return call_no_host_memory(call);
	err = call_needs_range(call, 0);
	return err ? err : sys_truncate(call->m, call->task, call->args[0].text,
					call->args[1].value);
}

static int run_fallocate(struct call *call)
{
	const struct arg *args = call->args;
	int err = call_needs_range(call, args[1].value & FALLOC_FL_PUNCH_HOLE ?
					 0 : args[3].value);

	if (!err)
		err = sys_fallocate(call->m, call->task, fd_arg(call), (u32)args[1].value,
				    args[2].value, args[3].value);
	return err == -ENOBUFS ? call_no_host_memory(call) : err;
}

static int run_sync(struct call *call)
{
	int err = call_needs(call, &(struct virt_need){ .pages = 64 });

	if (!err)
		ksys_sync(call->m);
	return err;
}

static int run_syncfs(struct call *call)
{
	const struct file *file = fget(call->m, call->task, fd_arg(call));

	if (!file)
		return -EBADF;
	return file->inode->kind == INODE_DISK ? run_sync(call) : 0;
}

static int run_fsync(struct call *call)
{
	int err = call_needs_range(call, 0);

	return err ? err : sys_fsync(call->m, call->task, fd_arg(call));
}

static int run_sync_file_range(struct call *call)
{
	const struct arg *args = call->args;
	int err = call_needs_range(call, 0);

	return err ? err : sys_sync_file_range(call->m, call->task, fd_arg(call),
					       args[1].value, args[2].value,
					       (u32)args[3].value);
}

static int run_fadvise64(struct call *call)
{
	const struct arg *args = call->args;
	int err = call_needs_range(call, args[2].value ? args[2].value : ~0ULL >> 1);

	return err ? err : sys_fadvise64(call->m, call->task, fd_arg(call), args[1].value,
					 args[2].value, (int)args[3].value);
}

static int run_readahead(struct call *call)
{
	const struct arg *args = call->args;
	int err = call_needs_range(call, args[2].value);

	return err ? err : sys_readahead(call->m, call->task, fd_arg(call), args[1].value,
					 args[2].value);
}

static int run_cachestat(struct call *call)
{
	const struct arg *args = call->args;
	struct cachestat stat;
	int err;

	if (!rel_has_cachestat(call->m->release))
		return call_no_such_call(call);
	err = call_needs_range(call, 0);
	if (!err)
		err = sys_cachestat(call->m, call->task, fd_arg(call), args[1].value,
				    args[2].value, args[3].given ? args[3].value : 0, &stat);
	if (err)
		return err;
	machine_why_call(call->m, "cachestat: %" PRIu64 " pages cached, %" PRIu64 " dirty, %" PRIu64
			 " written back, none evicted", stat.nr_cache, stat.nr_dirty,
			 stat.nr_writeback);
	call->value = stat.nr_cache;
	return 0;
}

static const struct verb verbs[] = {
	{ "memfd_create", { A_TEXT, A_MFD | A_OPTIONAL }, run_memfd_create, RESULT_NUMBER, 0,
	  SCOPE_TASKS, "NAME [FLAGS]",
	  "Make a file in memory that has no path. With allow_sealing it can be sealed: see "
	  "fcntl." },
	{ "memfd_secret", { A_OPEN | A_OPTIONAL }, run_memfd_secret, RESULT_NUMBER, 0, SCOPE_TASKS,
	  "[FLAGS]",
	  "Make a file in memory that the kernel itself cannot read: its pages leave the direct "
	  "map. It gets a size once, by ftruncate, and is mapped shared. Since 6.5, or with "
	  "secretmem.enable=1 on the command line." },
	{ "fcntl", { A_FD, A_FCNTL, A_SEAL | A_OPTIONAL }, run_fcntl, RESULT_NUMBER, 0,
	  SCOPE_TASKS, "FD COMMAND [VALUE]",
	  "`fcntl @fd add_seals write,grow`: what a file in memory will never again allow; "
	  "get_seals; dupfd, getfd, setfd and getfl as programs use them." },
	{ "dup", { A_FD }, run_dup, RESULT_NUMBER, 0, SCOPE_TASKS, "FD",
	  "Another descriptor of the same open file. Result: the lowest that was free." },
	{ "dup2", { A_FD, A_FD }, run_dup2, RESULT_NUMBER, 0, SCOPE_TASKS, "FD NEW_FD",
	  "The same as this descriptor, which is closed first if it was open." },
	{ "dup3", { A_FD, A_FD, A_OPEN | A_OPTIONAL }, run_dup3, RESULT_NUMBER, 0, SCOPE_TASKS,
	  "FD NEW_FD [FLAGS]", "As dup2, with cloexec; two equal descriptors are refused." },
	{ "ftruncate", { A_FD, A_NUMBER }, run_ftruncate, RESULT_NONE, 0, SCOPE_TASKS, "FD SIZE",
	  "Cut a file, or make it longer; pages beyond its end go, mapped or not." },
	{ "truncate", { A_PATH, A_NUMBER }, run_truncate, RESULT_NONE, 0, SCOPE_TASKS,
	  "PATH SIZE", "As ftruncate, by name." },
	{ "fallocate", { A_FD, A_FALLOC, A_NUMBER, A_NUMBER }, run_fallocate, RESULT_NONE, 0,
	  SCOPE_TASKS, "FD MODE OFFSET LENGTH",
	  "Give a file memory, or punch a hole; disks also zero, collapse and insert ranges." },
	{ "fsync", { A_FD }, run_fsync, RESULT_NONE, 0, SCOPE_TASKS, "FD",
	  "Write what a file has in memory to its disk." },
	{ "fdatasync", { A_FD }, run_fsync, RESULT_NONE, 0, SCOPE_TASKS, "FD",
	  "As fsync, without the file's own data." },
	{ "sync", { A_END }, run_sync, RESULT_NONE, 0, SCOPE_TASKS, "",
	  "Write all files: the call takes as long as the disk." },
	{ "syncfs", { A_FD }, run_syncfs, RESULT_NONE, 0, SCOPE_TASKS, "FD",
	  "As sync, for the file system that the file is on." },
	{ "sync_file_range", { A_FD, A_NUMBER, A_NUMBER, A_SYNC_RANGE | A_OPTIONAL },
	  run_sync_file_range, RESULT_NONE, 0, SCOPE_TASKS, "FD OFFSET LENGTH [FLAGS]",
	  "As fsync, for a part of the file." },
	{ "readahead", { A_FD, A_NUMBER, A_SIZE }, run_readahead, RESULT_NONE, 0, SCOPE_TASKS,
	  "FD OFFSET LENGTH", "Read a part of a file into the cache." },
	{ "cachestat", { A_FD, A_SIZE, A_SIZE, A_NUMBER | A_OPTIONAL }, run_cachestat,
	  RESULT_NUMBER, 0, SCOPE_TASKS, "FD OFFSET LENGTH [FLAGS]",
	  "How many pages of a part of a file are cached (since 6.5); length 0 is all behind "
	  "OFFSET. sim/why says how many are dirty." },
	{ "fadvise64", { A_FD, A_NUMBER, A_NUMBER, A_FADV }, run_fadvise64, RESULT_NONE, 0,
	  SCOPE_TASKS, "FD OFFSET LENGTH ADVICE",
	  "Say how a file will be used: willneed reads it, dontneed drops what is clean." },
};

const struct verb_table fd_verbs = { verbs, ARRAY_SIZE(verbs) };
