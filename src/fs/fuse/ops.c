/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Names and attributes. A node's number is computed from what it is, so nothing
 * is remembered for a name that was looked up, and forget has nothing to do.
 *
 * Not in the table, on purpose: flush (one request less for each close; what is
 * left of a line runs at release), access (default_permissions is always on), and
 * extended attributes.
 */
#include "fs/fuse/server.h"

#include <signal.h>
#include <unistd.h>

#include "fs/fuse/probe.h"

struct caller request_caller(fuse_req_t req)
{
	const struct fuse_ctx *ctx = fuse_req_ctx(req);

	return (struct caller){ .pid = ctx->pid, .uid = ctx->uid };
}

static int node_stat(fuse_req_t req, struct node node, struct stat *st, double *keep)
{
	const struct server *server = server_of(req);
	struct node_attr attr;
	int ret = tree_getattr(server->tree, node, request_caller(req), &attr);

	if (ret)
		return ret;
	*st = (struct stat){
		.st_ino = node_to_ino(node),
		.st_mode = attr.mode,
		.st_nlink = attr.nlink,
		.st_size = (off_t)attr.size,
		.st_uid = server->uid,
		.st_gid = server->gid,
		.st_atim = server->start,
		.st_mtim = server->start,
		.st_ctim = server->start,
	};
	/* A link may lead elsewhere for the next who asks, or the next moment. */
	*keep = attr.volatile_name || S_ISLNK(attr.mode) ? KEEP_VOLATILE :
		attr.process ? KEEP_PROCESS : KEEP_FIXED;
	return 0;
}

int node_entry(fuse_req_t req, struct node node, struct fuse_entry_param *entry)
{
	double keep = 0;
	int ret;

	*entry = (struct fuse_entry_param){ .ino = node_to_ino(node) };
	ret = node_stat(req, node, &entry->attr, &keep);
	entry->attr_timeout = entry->entry_timeout = keep;
	return ret;
}

/*
 * A missing name is answered by ENOENT alone, so that nobody remembers that it is missing;
 * but for what tools ask of each process, and none ever has.
 */
static void op_lookup(fuse_req_t req, fuse_ino_t parent, const char *name)
{
	struct fuse_entry_param entry;
	struct node node;
	int ret;

	ret = tree_lookup(server_of(req)->tree, node_from_ino(parent), name,
			  request_caller(req), &node);
	if (!ret)
		ret = node_entry(req, node, &entry);
	if (ret == -ENOENT && tree_never(server_of(req)->tree, node_from_ino(parent), name)) {
		entry = (struct fuse_entry_param){ .entry_timeout = KEEP_PROCESS };
		ret = 0;
	}
	if (ret)
		fuse_reply_err(req, -ret);
	else
		fuse_reply_entry(req, &entry);
}

static void op_forget(fuse_req_t req, fuse_ino_t ino, uint64_t nlookup)
{
	fuse_reply_none(req);
}

static void op_forget_multi(fuse_req_t req, size_t count, struct fuse_forget_data *forgets)
{
	fuse_reply_none(req);
}

static void op_getattr(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	struct stat st;
	double keep = 0;
	int ret = node_stat(req, node_from_ino(ino), &st, &keep);

	if (ret)
		fuse_reply_err(req, -ret);
	else
		fuse_reply_attr(req, &st, keep);
}

/* Shells truncate what they write to, touch sets times: accepted, and without effect. */
static void op_setattr(fuse_req_t req, fuse_ino_t ino, struct stat *attr, int to_set,
		       struct fuse_file_info *fi)
{
	const int refused = FUSE_SET_ATTR_MODE | FUSE_SET_ATTR_UID | FUSE_SET_ATTR_GID;
	struct node node = node_from_ino(ino);
	struct stat st;
	double keep = 0;
	int ret = node_stat(req, node, &st, &keep);

	if (!ret && (to_set & refused))
		ret = -EPERM;
	if (!ret && !(st.st_mode & 0222))
		ret = tree_truncate_error(server_of(req)->tree, node);
	if (ret)
		fuse_reply_err(req, -ret);
	else
		fuse_reply_attr(req, &st, keep);
}

static void op_readlink(fuse_req_t req, fuse_ino_t ino)
{
	struct out target = OUT_INIT;
	int ret;

	ret = tree_readlink(server_of(req)->tree, node_from_ino(ino), request_caller(req),
			    &target);
	if (!ret)
		ret = out_error(&target);
	if (ret)
		fuse_reply_err(req, -ret);
	else
		fuse_reply_readlink(req, target.text ? target.text : "");
	out_free(&target);
}

/* open(O_CREAT) of a name that is not there. */
static void op_create(fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode,
		      struct fuse_file_info *fi)
{
	fuse_reply_err(req, -tree_create_error(server_of(req)->tree, node_from_ino(parent)));
}

/* Everything else that makes a name. */
static void refuse_new(fuse_req_t req, fuse_ino_t parent)
{
	fuse_reply_err(req, -tree_make_error(server_of(req)->tree, node_from_ino(parent)));
}

static void op_mknod(fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode,
		     dev_t rdev)
{
	refuse_new(req, parent);
}

static void op_mkdir(fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode)
{
	struct fuse_entry_param entry;
	struct node node;
	int ret = tree_mkdir(server_of(req)->tree, node_from_ino(parent), name,
			     request_caller(req), &node);

	(void)mode;
	if (!ret)
		ret = tree_commit(server_of(req)->tree);
	if (!ret)
		ret = node_entry(req, node, &entry);
	if (ret)
		fuse_reply_err(req, -ret);
	else
		fuse_reply_entry(req, &entry);
}

static void op_rmdir(fuse_req_t req, fuse_ino_t parent, const char *name)
{
	int ret = tree_rmdir(server_of(req)->tree, node_from_ino(parent), name,
			     request_caller(req));

	if (!ret)
		ret = tree_commit(server_of(req)->tree);
	teller_answer(&server_of(req)->teller, req, ret);
}

static void op_symlink(fuse_req_t req, const char *target, fuse_ino_t parent,
		       const char *name)
{
	refuse_new(req, parent);
}

static void op_link(fuse_req_t req, fuse_ino_t ino, fuse_ino_t parent, const char *name)
{
	refuse_new(req, parent);
}

static void op_unlink(fuse_req_t req, fuse_ino_t parent, const char *name)
{
	fuse_reply_err(req, EPERM);
}

static void op_rename(fuse_req_t req, fuse_ino_t parent, const char *name,
		      fuse_ino_t new_parent, const char *new_name, unsigned int flags)
{
	struct node found;

	if (tree_lookup(server_of(req)->tree, node_from_ino(new_parent), new_name,
			request_caller(req), &found))
		refuse_new(req, new_parent);
	else
		fuse_reply_err(req, EPERM);
}

static void op_statfs(fuse_req_t req, fuse_ino_t ino)
{
	const struct statvfs st = { .f_bsize = 4096, .f_frsize = 4096, .f_namemax = 255 };

	fuse_reply_statfs(req, &st);
}

/* kmmfs --stop speaks to the root folder. */
static void op_ioctl(fuse_req_t req, fuse_ino_t ino, unsigned int cmd, void *arg,
		     struct fuse_file_info *fi, unsigned int flags, const void *in_buf,
		     size_t in_size, size_t out_size)
{
	uid_t uid = fuse_req_ctx(req)->uid;
	int pid = getpid();

	if (ino != FUSE_ROOT_ID || (cmd != KMMFS_IOC_PID && cmd != KMMFS_IOC_STOP)) {
		fuse_reply_err(req, ENOTTY);
	} else if (uid != server_of(req)->uid && uid != 0) {
		fuse_reply_err(req, EPERM);
	} else {
		if (cmd == KMMFS_IOC_PID)
			fuse_reply_ioctl(req, 0, &pid, MIN(out_size, sizeof(pid)));
		else
			fuse_reply_ioctl(req, 0, NULL, 0);
		if (cmd == KMMFS_IOC_STOP)
			kill(pid, SIGTERM);
	}
}

void server_init(struct server *server, struct tree *tree)
{
	*server = (struct server){ .tree = tree, .uid = geteuid(), .gid = getegid() };
	clock_gettime(CLOCK_REALTIME, &server->start);
	pthread_mutex_init(&server->files_lock, NULL);
	teller_init(&server->teller, tree);
	server->files.prev = server->files.next = &server->files;
}

const struct fuse_lowlevel_ops server_ops = {
	.lookup = op_lookup,
	.forget = op_forget,
	.forget_multi = op_forget_multi,
	.getattr = op_getattr,
	.setattr = op_setattr,
	.readlink = op_readlink,
	.create = op_create,
	.mknod = op_mknod,
	.mkdir = op_mkdir,
	.symlink = op_symlink,
	.link = op_link,
	.unlink = op_unlink,
	.rmdir = op_rmdir,
	.rename = op_rename,
	.open = op_open,
	.read = op_read,
	.write = op_write,
	.release = op_release,
	.lseek = op_lseek,
	.poll = op_poll,
	.readdir = op_readdir,
	.readdirplus = op_readdirplus,
	.statfs = op_statfs,
	.ioctl = op_ioctl,
};
