/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One mounted tree as its FUSE connection sees it. ops_*.c answer requests,
 * serve.c runs the threads that do so. Requests come from several threads at
 * once; the tree takes its own lock inside its functions.
 */
#ifndef KMM_FUSE_SERVER_H
#define KMM_FUSE_SERVER_H

#define FUSE_USE_VERSION 35
#include <fuse_lowlevel.h>
#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

#include "fs/core/tree.h"
#include "fs/fuse/teller.h"

/* An open file; on the server's list until it is released. */
struct open_file {
	struct handle *handle;
	struct open_file *prev, *next;
	struct fuse_pollhandle *poll;	/* somebody waits; guarded by files_lock */
};

struct server {
	/* Fixed before the first request. */
	struct tree *tree;
	struct fuse_session *session;
	uid_t uid;
	gid_t gid;
	struct timespec start;	/* every file's times */
	struct teller teller;	/* has its own lock */

	pthread_mutex_t files_lock;
	struct open_file files;	/* head of a ring; guarded by files_lock */
	atomic_uint nr_polls;	/* of files that somebody waits for */
};

/* How long the kernel may keep a name and its attributes, in seconds. */
#define KEEP_FIXED 1.0
#define KEEP_PROCESS 30.0	/* SHOWN_KEPT_S: until it is told */
#define KEEP_VOLATILE 0.0

/* ops.c: the table of requests. */
extern const struct fuse_lowlevel_ops server_ops;

void server_init(struct server *server, struct tree *tree);
/* Release what is still open (nobody answers requests any more). */
void server_release_files(struct server *server);

/* ops.c, for the other ops_*.c */
static inline struct server *server_of(fuse_req_t req)
{
	return fuse_req_userdata(req);
}

struct caller request_caller(fuse_req_t req);
/* What lookup answers for a node: its number, attributes and times to keep them. */
int node_entry(fuse_req_t req, struct node node, struct fuse_entry_param *entry) __must_check;

/* ops_dir.c */
void op_readdir(fuse_req_t req, fuse_ino_t ino, size_t size, off_t offset,
		struct fuse_file_info *fi);
void op_readdirplus(fuse_req_t req, fuse_ino_t ino, size_t size, off_t offset,
		    struct fuse_file_info *fi);

/* ops_file.c */
void op_open(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi);
void op_read(fuse_req_t req, fuse_ino_t ino, size_t size, off_t offset,
	     struct fuse_file_info *fi);
void op_write(fuse_req_t req, fuse_ino_t ino, const char *buf, size_t size, off_t offset,
	      struct fuse_file_info *fi);
void op_release(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi);
void op_poll(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi,
	     struct fuse_pollhandle *poll);
void op_lseek(fuse_req_t req, fuse_ino_t ino, off_t offset, int whence,
	      struct fuse_file_info *fi);

#endif
