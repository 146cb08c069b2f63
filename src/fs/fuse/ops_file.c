/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Open files. Sizes are 0 and every read and write comes through here
 * (direct_io), so what a reader sees is what the tree rendered for this opening.
 * A read is answered in full up to the end: some readers ask only once.
 *
 * An open file is on a list until its release: at the end of the mount the
 * releases of files that are still open never come. Who polls one is woken behind the
 * write that made what he waits for happen.
 */
#include "fs/fuse/server.h"

#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#define STACK_READ 131072U	/* what cat and the libraries ask for at most */

static struct open_file *file_of(const struct fuse_file_info *fi)
{
	return (struct open_file *)(uintptr_t)fi->fh;
}

/* Lock held: whoever waits now, if anybody; *file keeps `poll`, which may be NULL. */
static void set_poll(struct server *server, struct open_file *file, struct fuse_pollhandle *poll)
{
	server->nr_polls += !!poll;
	server->nr_polls -= !!file->poll;
	if (file->poll)
		fuse_pollhandle_destroy(file->poll);
	file->poll = poll;
}

static void file_close(struct server *server, struct open_file *file)
{
	pthread_mutex_lock(&server->files_lock);
	file->prev->next = file->next;
	file->next->prev = file->prev;
	set_poll(server, file, NULL);
	pthread_mutex_unlock(&server->files_lock);
	handle_release(file->handle);
	free(file);
}

static int file_open(fuse_req_t req, fuse_ino_t ino, int flags, struct open_file **opened)
{
	struct server *server = server_of(req);
	struct open_file *file = malloc(sizeof(*file));
	int ret;

	if (!file)
		return -ENOMEM;
	ret = tree_open(server->tree, node_from_ino(ino), request_caller(req), flags,
			&file->handle);
	if (ret) {
		free(file);
		return ret;
	}
	file->poll = NULL;
	pthread_mutex_lock(&server->files_lock);
	file->next = &server->files;
	file->prev = server->files.prev;
	file->prev->next = file->next->prev = file;
	pthread_mutex_unlock(&server->files_lock);
	*opened = file;
	return 0;
}

void op_open(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	struct open_file *file;
	int ret = file_open(req, ino, fi->flags, &file);

	if (ret) {
		fuse_reply_err(req, -ret);
		return;
	}
	fi->fh = (uintptr_t)file;
	fi->direct_io = 1;
	fi->nonseekable = handle_is_stream(file->handle);
	/* Who asked was killed in between: no release will come. */
	if (fuse_reply_open(req, fi) == -ENOENT)
		file_close(server_of(req), file);
}

void op_read(fuse_req_t req, fuse_ino_t ino, size_t size, off_t offset,
	     struct fuse_file_info *fi)
{
	char on_stack[STACK_READ], *buf = on_stack;
	ssize_t got;

	if (size > sizeof(on_stack))
		buf = malloc(size);
	got = buf ? handle_read(file_of(fi)->handle, (u64)offset, buf, size) : -ENOMEM;
	if (got < 0)
		fuse_reply_err(req, (int)-got);
	else
		fuse_reply_buf(req, buf, MIN((size_t)got, size));
	if (buf != on_stack)
		free(buf);
}

/* Something happened: who waited for it? */
static void wake_polls(struct server *server)
{
	if (likely(!server->nr_polls))
		return;
	pthread_mutex_lock(&server->files_lock);
	for (struct open_file *file = server->files.next; file != &server->files; file = file->next)
		if (file->poll && handle_wakes(file->handle)) {
			fuse_lowlevel_notify_poll(file->poll);
			set_poll(server, file, NULL);
		}
	pthread_mutex_unlock(&server->files_lock);
}

void op_poll(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi,
	     struct fuse_pollhandle *poll)
{
	struct server *server = server_of(req);
	struct open_file *file = file_of(fi);

	if (!handle_can_poll(file->handle)) {
		if (poll)
			fuse_pollhandle_destroy(poll);
		fuse_reply_poll(req, POLLIN | POLLOUT | POLLRDNORM | POLLWRNORM);
		return;
	}
	/* First this: what happens from here on wakes. */
	if (poll) {
		pthread_mutex_lock(&server->files_lock);
		set_poll(server, file, poll);
		pthread_mutex_unlock(&server->files_lock);
	}
	fuse_reply_poll(req, (unsigned int)handle_poll(file->handle));
}

void op_write(fuse_req_t req, fuse_ino_t ino, const char *buf, size_t size, off_t offset,
	      struct fuse_file_info *fi)
{
	ssize_t taken = handle_write(file_of(fi)->handle, (u64)offset, buf, size);
	struct server *server = server_of(req);
	int err = tree_commit(server->tree);

	if (taken >= 0 && err)
		taken = err;
	teller_answer_write(&server->teller, req, MIN(taken, (ssize_t)size));
	wake_polls(server);
}

void op_release(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	struct server *server = server_of(req);

	file_close(server, file_of(fi));
	/* What was left of a line ran; nobody waits for an answer. */
	teller_answer(&server->teller, req, tree_commit(server->tree));
	wake_polls(server);
}

/* Only SEEK_DATA and SEEK_HOLE ask us: a generated file has no holes to find. */
void op_lseek(fuse_req_t req, fuse_ino_t ino, off_t offset, int whence,
	      struct fuse_file_info *fi)
{
	fuse_reply_err(req, EINVAL);
}

void server_release_files(struct server *server)
{
	while (server->files.next != &server->files)
		file_close(server, server->files.next);
}
