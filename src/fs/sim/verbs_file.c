// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The system calls on files that memory needs: what is mapped has to be opened, grown
 * and cut. Buffers are left out: reads and writes move contents of pages.
 */
#include "fs/core/call_task.h"
#include "sim/virt/buffer.h"
#include "sim/virt/file.h"

#define SCOPE_TASKS (1U << V_PID)

static int open_path(struct call *call, unsigned int first)
{
	const struct arg *given = &call->args[first + 1], *mode = &call->args[first + 2];
	u32 flags = given->given ? (u32)given->value : O_RDWR;
	int err, fd;

	if (flags & O_DIRECT)
		return call_refuse(call, -EINVAL,
				   "no file is read or written past the page cache here");
	if ((flags & O_ACCMODE) != O_RDONLY && buffers_reserve(call->m))
		return call_no_host_memory(call);
	err = call_needs_range(call, 0);
	if (!err)
		err = sys_open(call->m, call->task, call->args[first].text, flags,
			       mode->given ? (u32)mode->value : 0666, &fd);
	if (!err)
		call->value = (u64)fd;
	return err;
}

static int run_open(struct call *call)
{
	return open_path(call, 0);
}

static int run_openat(struct call *call)
{
	if (call->args[1].text[0] != '/' && (s64)call->args[0].value != -100)
		return call_refuse(call, -EINVAL, "only AT_FDCWD and full paths are known here");
	return open_path(call, 1);
}

static int run_close(struct call *call)
{
	int err = call_needs_range(call, 0);

	return err ? err : sys_close(call->m, call->task, (int)(s64)call->args[0].value);
}

static int run_unlink(struct call *call)
{
	int err = call_needs_range(call, 0);

	return err ? err : sys_unlink(call->m, call->task, call->args[0].text);
}

static int run_pread(struct call *call)
{
	const struct arg *args = call->args;
	int err = call_needs_range(call, args[1].value);

	return err ? err : sys_pread(call->m, call->task, (int)(s64)args[0].value, args[2].value,
				     args[1].value, &call->value);
}

static int run_pwrite(struct call *call)
{
	const struct arg *args = call->args;
	int err = call_needs_range(call, args[1].value);

	return err ? err : sys_pwrite(call->m, call->task, (int)(s64)args[0].value,
				      args[2].value, args[1].value, &call->value);
}

/* At the file's position, which moves on. */
static int move(struct call *call, bool write)
{
	struct file *file = fget(call->m, call->task, (int)(s64)call->args[0].value);
	u64 len = call->args[1].value;
	int err = call_needs_range(call, len), fd = (int)(s64)call->args[0].value;

	if (err)
		return err;
	if (!file || !(write ? file_may_write(file) : file_may_read(file)))
		return -EBADF;
	if (file->inode->kind == INODE_SECRET)
		return -EINVAL;
	if (write && file->f_flags & O_APPEND)
		file->f_pos = file->inode->i_size;
	err = write ? sys_pwrite(call->m, call->task, fd, file->f_pos, len, &call->value) :
		      sys_pread(call->m, call->task, fd, file->f_pos, len, &call->value);
	if (!err)
		file->f_pos += call->value;
	return err;
}

static int run_read(struct call *call)
{
	return move(call, /* write = */ false);
}

static int run_write(struct call *call)
{
	return move(call, /* write = */ true);
}

static int run_lseek(struct call *call)
{
	const struct arg *args = call->args;
	int err = call_needs_range(call, 0);

	return err ? err : sys_lseek(call->m, call->task, (int)(s64)args[0].value,
				     (s64)args[1].value, (int)args[2].value, &call->value);
}

static const struct verb verbs[] = {
	{ "open", { A_PATH, A_OPEN | A_OPTIONAL, A_NUMBER | A_OPTIONAL }, run_open,
	  RESULT_NUMBER, 0, SCOPE_TASKS, "PATH [FLAGS [MODE]]",
	  "Open a file of the machine, or make one: `open /dev/shm/x rdwr,creat`. Without "
	  "FLAGS it is for reading and writing. With sync or dsync each write waits for the disk. "
	  "Result: its descriptor." },
	{ "openat", { A_FD, A_PATH, A_OPEN | A_OPTIONAL, A_NUMBER | A_OPTIONAL }, run_openat,
	  RESULT_NUMBER, 0, SCOPE_TASKS, "AT_FDCWD PATH [FLAGS [MODE]]",
	  "As open, as programs call it today." },
	{ "close", { A_FD }, run_close, RESULT_NONE, 0, SCOPE_TASKS, "FD",
	  "Close a descriptor." },
	{ "unlink", { A_PATH }, run_unlink, RESULT_NONE, 0, SCOPE_TASKS, "PATH",
	  "Remove a file's name; it lives on while it is open or mapped." },
	{ "pread64", { A_FD, A_SIZE, A_NUMBER }, run_pread, RESULT_NUMBER, 0, SCOPE_TASKS,
	  "FD LENGTH OFFSET", "Read from a file (into nowhere): its pages come to the cache." },
	{ "pwrite64", { A_FD, A_SIZE, A_NUMBER }, run_pwrite, RESULT_NUMBER, 0, SCOPE_TASKS,
	  "FD LENGTH OFFSET", "Write to a file." },
	{ "read", { A_FD, A_SIZE }, run_read, RESULT_NUMBER, 0, SCOPE_TASKS, "FD LENGTH",
	  "Read from a file at its position." },
	{ "write", { A_FD, A_SIZE }, run_write, RESULT_NUMBER, 0, SCOPE_TASKS, "FD LENGTH",
	  "Write to a file at its position." },
	{ "lseek", { A_FD, A_NUMBER, A_WHENCE | A_OPTIONAL }, run_lseek, RESULT_NUMBER, 0,
	  SCOPE_TASKS, "FD OFFSET [WHENCE]",
	  "Move a file's position. Result: where it is. `lseek FD OFFSET data` and `hole` look "
	  "for what the file has, from there on." },
};

const struct verb_table file_verbs = { verbs, ARRAY_SIZE(verbs) };
