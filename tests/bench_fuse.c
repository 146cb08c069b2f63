// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * bench_fuse MOUNTPOINT FILE...: the barest server that libfuse's low-level API
 * allows. It serves copies of the files, made at the start, in one directory, and
 * takes writes to any of them without looking. One thread, no lock, nothing
 * rendered: what is left is the transport.
 */
#define FUSE_USE_VERSION 35
#include <fuse_lowlevel.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_FILES 16
#define KEEP 1.0	/* seconds, as kmmfs lets the kernel keep names */

struct copy {
	const char *name;
	char *bytes;
	size_t len;
};

struct bare {
	struct copy files[MAX_FILES];	/* inode number: index + 2 */
	unsigned int nr;
};

static void fill_attr(fuse_ino_t ino, struct stat *attr)
{
	memset(attr, 0, sizeof(*attr));
	attr->st_ino = ino;
	attr->st_mode = ino == FUSE_ROOT_ID ? S_IFDIR | 0755 : S_IFREG | 0644;
	attr->st_nlink = ino == FUSE_ROOT_ID ? 2 : 1;
}

static void bare_lookup(fuse_req_t req, fuse_ino_t parent, const char *name)
{
	const struct bare *bare = fuse_req_userdata(req);
	struct fuse_entry_param entry = { .attr_timeout = KEEP, .entry_timeout = KEEP };

	for (unsigned int i = 0; i < bare->nr; i++) {
		if (strcmp(bare->files[i].name, name))
			continue;
		entry.ino = i + 2;
		fill_attr(entry.ino, &entry.attr);
		fuse_reply_entry(req, &entry);
		return;
	}
	fuse_reply_err(req, ENOENT);
}

static void bare_getattr(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	struct stat attr;

	fill_attr(ino, &attr);
	fuse_reply_attr(req, &attr, KEEP);
}

static void bare_open(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	fi->direct_io = 1;
	fuse_reply_open(req, fi);
}

static void bare_read(fuse_req_t req, fuse_ino_t ino, size_t size, off_t offset,
		      struct fuse_file_info *fi)
{
	const struct bare *bare = fuse_req_userdata(req);
	const struct copy *file = &bare->files[ino - 2];
	size_t from = (size_t)offset < file->len ? (size_t)offset : file->len;
	size_t rest = file->len - from;

	fuse_reply_buf(req, file->bytes + from, rest < size ? rest : size);
}

static void bare_write(fuse_req_t req, fuse_ino_t ino, const char *buf, size_t size,
		       off_t offset, struct fuse_file_info *fi)
{
	fuse_reply_write(req, size);
}

static void bare_release(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	fuse_reply_err(req, 0);
}

static const struct fuse_lowlevel_ops bare_ops = {
	.lookup = bare_lookup,
	.getattr = bare_getattr,
	.open = bare_open,
	.read = bare_read,
	.write = bare_write,
	.release = bare_release,
};

static int load(struct copy *file, const char *path)
{
	const char *slash = strrchr(path, '/');
	FILE *in = fopen(path, "r");

	if (!in)
		return -errno;
	file->name = slash ? slash + 1 : path;
	file->bytes = malloc(1 << 20);
	if (file->bytes)
		file->len = fread(file->bytes, 1, 1 << 20, in);
	fclose(in);
	return file->bytes ? 0 : -ENOMEM;
}

int main(int argc, char **argv)
{
	char *fuse_argv[] = { argv[0], NULL };
	struct fuse_args args = FUSE_ARGS_INIT(1, fuse_argv);
	struct fuse_session *session;
	struct bare bare = { 0 };
	int ret = 1;

	for (int i = 2; i < argc && bare.nr < MAX_FILES; i++)
		if (!load(&bare.files[bare.nr], argv[i]))
			bare.nr++;
	session = fuse_session_new(&args, &bare_ops, sizeof(bare_ops), &bare);
	if (!session || argc < 3)
		return 1;
	if (!fuse_set_signal_handlers(session)) {
		if (!fuse_session_mount(session, argv[1])) {
			ret = fuse_session_loop(session) != 0;
			fuse_session_unmount(session);
		}
		fuse_remove_signal_handlers(session);
	}
	fuse_session_destroy(session);
	return ret;
}
