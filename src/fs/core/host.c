// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * openat() below one O_PATH descriptor. The paths are built by self.c from numbers
 * and names of its own rows, so nothing that a caller writes gets here.
 */
#include "fs/core/host.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "fs/core/tree_struct.h"

#define HOST_TEXT_MAX (64 * SZ_1M)

int host_proc_open(void)
{
	int fd = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct statfs fs;

	if (fd >= 0 && (fstatfs(fd, &fs) || fs.f_type != PROC_SUPER_MAGIC)) {
		close(fd);
		return -1;
	}
	return fd;
}

int host_read(const struct tree *tree, const char *path, struct out *out)
{
	int fd = openat(tree->host_proc, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	char buf[4096];
	ssize_t n = 0;
	int err = 0;

	if (fd < 0)
		return -errno;
	while (!err && (n = read(fd, buf, sizeof(buf))) > 0) {
		out_write(out, buf, n);
		err = out->len > HOST_TEXT_MAX ? -EFBIG : out_error(out);
	}
	if (n < 0)
		err = -errno;
	close(fd);
	return err;
}

int host_readlink(const struct tree *tree, const char *path, struct out *out)
{
	char target[4096];
	ssize_t n = readlinkat(tree->host_proc, path, target, sizeof(target));

	if (n < 0)
		return -errno;
	out_write(out, target, n);
	return out_error(out);
}

bool host_exists(const struct tree *tree, const char *path)
{
	struct stat st;

	return !fstatat(tree->host_proc, path, &st, AT_SYMLINK_NOFOLLOW);
}

bool host_number(const char *text, u32 *number)
{
	u64 value = 0;

	if (!*text || (*text == '0' && text[1]))
		return false;
	for (; *text; text++) {
		if (*text < '0' || *text > '9')
			return false;
		value = value * 10 + (*text - '0');
		if (value > INT32_MAX)
			return false;
	}
	*number = value;
	return true;
}

bool host_next(const struct tree *tree, const char *path, u32 *id)
{
	int fd = openat(tree->host_proc, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;
	bool found = false;
	u32 best = 0, n;

	if (!dir) {
		if (fd >= 0)
			close(fd);
		return false;
	}
	while ((entry = readdir(dir))) {
		if (!host_number(entry->d_name, &n) || n < *id || (found && n >= best))
			continue;
		best = n;
		found = true;
	}
	closedir(dir);
	*id = found ? best : *id;
	return found;
}

/* The last number on the line of a status file that begins with `label`. */
static pid_t status_last(const char *text, const char *label)
{
	const char *line = strstr(text, label);
	pid_t last = 0;
	char *end;

	if (!line)
		return 0;
	for (line += strlen(label); *line && *line != '\n'; line = end) {
		long n = strtol(line, &end, 10);

		if (end == line)
			break;
		last = n;
		end += strspn(end, " \t");
	}
	return last;
}

int host_caller_read(const struct tree *tree, pid_t caller, struct host_caller *who)
{
	struct out text = OUT_INIT;
	char path[32];
	int err;

	if (caller <= 0 || tree->host_proc < 0)
		return -ESRCH;
	snprintf(path, sizeof(path), "%d/status", caller);
	err = host_read(tree, path, &text);
	if (!err) {
		who->tid = caller;
		who->tgid = status_last(text.text, "\nTgid:");
		who->ns_tgid = status_last(text.text, "\nNStgid:");
		who->ns_tid = status_last(text.text, "\nNSpid:");
		/* Kernels without pid namespaces have no NS lines. */
		if (!who->ns_tgid)
			who->ns_tgid = who->tgid;
		if (!who->ns_tid)
			who->ns_tid = who->tid;
	}
	if (err || who->tgid <= 0)
		err = -ESRCH;
	out_free(&text);
	return err;
}
