/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Directories. The tree lists ".", ".." and then its names in order; its cookies
 * are the offsets. A directory is not opened on our side, and its list is never
 * kept by the kernel: processes come and go.
 *
 * The tree calls fill() under its lock, so readdirplus collects names first and
 * asks for their attributes after.
 */
#include "fs/fuse/server.h"

#include <stdlib.h>

#define DIR_BYTES 65536U	/* most for one answer */
#define PLUS_NAMES 128U		/* most names in one answer of readdirplus */

struct listing {
	fuse_req_t req;
	char *buf;
	size_t len, room;
};

static bool list_name(void *arg, const char *name, struct node node, mode_t mode,
		      u64 next_cookie)
{
	struct listing *list = arg;
	const struct stat st = { .st_ino = node_to_ino(node), .st_mode = mode };
	size_t left = list->room - list->len, need;

	need = fuse_add_direntry(list->req, list->buf + list->len, left, name, &st,
				 (off_t)next_cookie);
	if (need > left)
		return false;
	list->len += need;
	return true;
}

void op_readdir(fuse_req_t req, fuse_ino_t ino, size_t size, off_t offset,
		struct fuse_file_info *fi)
{
	struct listing list = { .req = req, .room = MIN(size, DIR_BYTES) };
	int ret = -ENOMEM;

	list.buf = malloc(list.room);
	if (list.buf)
		ret = tree_readdir(server_of(req)->tree, node_from_ino(ino),
				   request_caller(req), (u64)offset, list_name, &list);
	if (ret < 0)
		fuse_reply_err(req, -ret);
	else
		fuse_reply_buf(req, list.buf, list.len);
	free(list.buf);
}

struct plus_name {
	char name[256];
	struct node node;
	mode_t mode;
	u64 next_cookie;
};

struct plus_listing {
	struct plus_name *names;
	unsigned int nr;
};

static bool collect_name(void *arg, const char *name, struct node node, mode_t mode,
			 u64 next_cookie)
{
	struct plus_listing *list = arg;
	struct plus_name *to = &list->names[list->nr];

	if (list->nr == PLUS_NAMES)
		return false;
	*to = (struct plus_name){ .node = node, .mode = mode, .next_cookie = next_cookie };
	strncpy(to->name, name, sizeof(to->name) - 1);
	list->nr++;
	return true;
}

/* A name with its attributes; without, when its object has gone since. */
static size_t add_plus(fuse_req_t req, char *buf, size_t room, const struct plus_name *name)
{
	struct fuse_entry_param entry;

	if (node_entry(req, name->node, &entry))
		entry = (struct fuse_entry_param){ .attr = {
			.st_ino = node_to_ino(name->node), .st_mode = name->mode } };
	return fuse_add_direntry_plus(req, buf, room, name->name, &entry,
				      (off_t)name->next_cookie);
}

void op_readdirplus(fuse_req_t req, fuse_ino_t ino, size_t size, off_t offset,
		    struct fuse_file_info *fi)
{
	size_t room = MIN(size, DIR_BYTES), len = 0, need;
	struct plus_listing list = { 0 };
	char *buf = malloc(room);
	int ret = -ENOMEM;

	list.names = malloc(PLUS_NAMES * sizeof(*list.names));
	if (buf && list.names)
		ret = tree_readdir(server_of(req)->tree, node_from_ino(ino),
				   request_caller(req), (u64)offset, collect_name, &list);
	for (unsigned int i = 0; ret >= 0 && i < list.nr; i++) {
		need = add_plus(req, buf + len, room - len, &list.names[i]);
		if (need > room - len)
			break;
		len += need;
	}
	if (ret < 0)
		fuse_reply_err(req, -ret);
	else
		fuse_reply_buf(req, buf, len);
	free(list.names);
	free(buf);
}
