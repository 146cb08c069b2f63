// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * proc/self, proc/thread-self, and the caller's own host entry behind them: a
 * family in proc whose one object is whoever asks. It is found by its name (the
 * caller's pid in its own pid namespace) and never listed; rows of simulated pids
 * come first, so a simulated task of the same pid wins and self leads to the alias
 * "caller" instead. Only the names in the tables below are passed on, for reading;
 * what shows memory or the environment is not among them.
 */
#include <stdio.h>

#include "fs/core/host.h"
#include "fs/core/tree_struct.h"

#define ALIAS "caller"

static int host_path(const struct view *v, const char *under, char path[128])
{
	u32 pid = v->id[V_HOST], tid = v->id[V_TID];

	if (tid)
		return snprintf(path, 128, "%u/task/%u/%s%s", pid, tid, under, v->entry->name);
	return snprintf(path, 128, "%u/%s%s", pid, under, v->entry->name);
}

static int text_show(struct out *out, const struct view *v)
{
	char path[128];

	host_path(v, "", path);
	return host_read(v->tree, path, out);
}

/*
 * stat and status begin with ids, which the host prints as its own: where the caller's pid
 * namespace is another, they are those by which the caller finds the file.
 */
static void put_ids(struct out *out, const char *text, int tgid, int pid)
{
	const struct { const char *before; int id; } ids[] = {
		{ "Tgid:\t", tgid }, { "Pid:\t", pid },
	};

	if (text[0] >= '0' && text[0] <= '9') {
		out_printf(out, "%d%s", pid, text + strspn(text, "0123456789"));
		return;
	}
	for (const char *end; *text; text = end) {
		end = strchrnul(text, '\n');
		end += *end == '\n';
		for (unsigned int i = 0; i < ARRAY_SIZE(ids); i++) {
			size_t len = strlen(ids[i].before);

			if (strncmp(text, ids[i].before, len))
				continue;
			out_printf(out, "%s%d", ids[i].before, ids[i].id);
			text += len + strspn(text + len, "0123456789");
		}
		out_write(out, text, (size_t)(end - text));
	}
}

static int ids_show(struct out *out, const struct view *v)
{
	struct out text = OUT_INIT;
	struct host_caller who;
	char path[128];
	int err;

	if (host_caller_read(v->tree, v->caller, &who) || who.ns_tgid == who.tgid)
		return text_show(out, v);
	host_path(v, "", path);
	err = host_read(v->tree, path, &text);
	if (!err && text.text)
		put_ids(out, text.text, who.ns_tgid, v->id[V_TID] ? who.ns_tid : who.ns_tgid);
	out_free(&text);
	return err;
}

static int link_show(struct out *out, const struct view *v)
{
	char path[128];

	host_path(v, "", path);
	return host_readlink(v->tree, path, out);
}

static int ns_show(struct out *out, const struct view *v)
{
	char path[128];

	host_path(v, "ns/", path);
	return host_readlink(v->tree, path, out);
}

/* fd/N */
static bool fd_next(const struct view *v, u32 *id)
{
	char path[64];

	snprintf(path, sizeof(path), "%u/fd", v->id[V_HOST]);
	return host_next(v->tree, path, id);
}

static void number_name(const struct view *v, u32 id, char name[64])
{
	snprintf(name, 64, "%u", id);
}

static bool fd_find(const struct view *v, const char *name, u32 *id)
{
	char path[64];

	if (!host_number(name, id))
		return false;
	snprintf(path, sizeof(path), "%u/fd/%u", v->id[V_HOST], *id);
	return host_exists(v->tree, path);
}

static int fd_show(struct out *out, const struct view *v)
{
	char path[64];

	snprintf(path, sizeof(path), "%u/fd/%u", v->id[V_HOST], v->id[V_FD]);
	return host_readlink(v->tree, path, out);
}

static const struct each fd_each[] = {
	{ { "<N>", S_IFLNK | 0500, ALL, fd_show,
	    .help = "What the caller's descriptor N has open, on the host." },
	  V_FD, fd_next, number_name, fd_find },
};
static const struct dir fd_dir_rows = { DIR_EACH(fd_each) };

static const struct entry ns_entries[] = {
	{ "cgroup", S_IFLNK | 0777, ALL, ns_show },
	{ "ipc", S_IFLNK | 0777, ALL, ns_show },
	{ "mnt", S_IFLNK | 0777, ALL, ns_show },
	{ "net", S_IFLNK | 0777, ALL, ns_show },
	{ "pid", S_IFLNK | 0777, ALL, ns_show },
	{ "user", S_IFLNK | 0777, ALL, ns_show },
	{ "uts", S_IFLNK | 0777, ALL, ns_show },
};
static const struct dir ns_dir = { DIR_FILES(ns_entries) };

static int net_show(struct out *out, const struct view *v)
{
	char path[128];

	host_path(v, "net/", path);
	return host_read(v->tree, path, out);
}

static const struct entry net_entries[] = {
	{ "arp", S_IFREG | 0444, ALL, net_show },
	{ "dev", S_IFREG | 0444, ALL, net_show },
	{ "if_inet6", S_IFREG | 0444, ALL, net_show },
	{ "netstat", S_IFREG | 0444, ALL, net_show },
	{ "route", S_IFREG | 0444, ALL, net_show },
	{ "snmp", S_IFREG | 0444, ALL, net_show },
	{ "snmp6", S_IFREG | 0444, ALL, net_show },
	{ "sockstat", S_IFREG | 0444, ALL, net_show },
	{ "sockstat6", S_IFREG | 0444, ALL, net_show },
	{ "softnet_stat", S_IFREG | 0444, ALL, net_show },
	{ "tcp", S_IFREG | 0444, ALL, net_show },
	{ "tcp6", S_IFREG | 0444, ALL, net_show },
	{ "udp", S_IFREG | 0444, ALL, net_show },
	{ "udp6", S_IFREG | 0444, ALL, net_show },
	{ "unix", S_IFREG | 0444, ALL, net_show },
};
static const struct dir net_dir = { DIR_FILES(net_entries) };

/* What a process and its threads have in common. */
#define HOST_ENTRIES \
	{ "cgroup", S_IFREG | 0444, ALL, text_show }, \
	{ "cmdline", S_IFREG | 0444, ALL, text_show }, \
	{ "comm", S_IFREG | 0444, ALL, text_show }, \
	{ "cpuset", S_IFREG | 0444, ALL, text_show }, \
	{ "cwd", S_IFLNK | 0777, ALL, link_show }, \
	{ "exe", S_IFLNK | 0777, ALL, link_show }, \
	{ "io", S_IFREG | 0400, ALL, text_show }, \
	{ "limits", S_IFREG | 0444, ALL, text_show }, \
	{ "loginuid", S_IFREG | 0444, ALL, text_show }, \
	{ "maps", S_IFREG | 0444, ALL, text_show }, \
	{ "mountinfo", S_IFREG | 0444, ALL, text_show }, \
	{ "mounts", S_IFREG | 0444, ALL, text_show }, \
	{ "mountstats", S_IFREG | 0400, ALL, text_show }, \
	{ "ns", S_IFDIR | 0511, ALL, .dir = &ns_dir }, \
	{ "numa_maps", S_IFREG | 0444, ALL, text_show }, \
	{ "oom_score", S_IFREG | 0444, ALL, text_show }, \
	{ "oom_score_adj", S_IFREG | 0444, ALL, text_show }, \
	{ "root", S_IFLNK | 0777, ALL, link_show }, \
	{ "schedstat", S_IFREG | 0444, ALL, text_show }, \
	{ "sessionid", S_IFREG | 0444, ALL, text_show }, \
	{ "smaps", S_IFREG | 0444, ALL, text_show }, \
	{ "smaps_rollup", S_IFREG | 0444, ALL, text_show }, \
	{ "stat", S_IFREG | 0444, ALL, ids_show }, \
	{ "statm", S_IFREG | 0444, ALL, text_show }, \
	{ "status", S_IFREG | 0444, ALL, ids_show }, \
	{ "wchan", S_IFREG | 0444, ALL, text_show }

static const struct entry thread_entries[] = { HOST_ENTRIES };
static const struct dir thread_dir = { DIR_FILES(thread_entries) };

/*
 * task/TID: ids are the host's. In another pid namespace their names are not the
 * caller's, so there only the thread that asks is known.
 */
static bool same_names(const struct host_caller *who)
{
	return who->ns_tgid == who->tgid;
}

static bool task_next(const struct view *v, u32 *id)
{
	struct host_caller who;
	char path[64];

	if (host_caller_read(v->tree, v->caller, &who))
		return false;
	if (!same_names(&who)) {
		bool more = *id <= (u32)who.tid;

		*id = who.tid;
		return more;
	}
	snprintf(path, sizeof(path), "%u/task", v->id[V_HOST]);
	return host_next(v->tree, path, id);
}

static void task_name(const struct view *v, u32 id, char name[64])
{
	struct host_caller who;

	if (!host_caller_read(v->tree, v->caller, &who) && id == (u32)who.tid)
		id = who.ns_tid;
	snprintf(name, 64, "%u", id);
}

static bool task_find(const struct view *v, const char *name, u32 *id)
{
	struct host_caller who;
	char path[128];
	u32 n;

	if (!host_number(name, &n) || !n || host_caller_read(v->tree, v->caller, &who))
		return false;
	*id = n == (u32)who.ns_tid ? (u32)who.tid : n;
	if (n != (u32)who.ns_tid && !same_names(&who))
		return false;
	snprintf(path, sizeof(path), "%u/task/%u", v->id[V_HOST], *id);
	return host_exists(v->tree, path);
}

static const struct each task_each[] = {
	{ { "<TID>", S_IFDIR | 0555, ALL, .dir = &thread_dir,
	    .help = "A thread of the caller, from the host." },
	  V_TID, task_next, task_name, task_find },
};
static const struct dir task_dir = { DIR_EACH(task_each) };

static const struct entry process_entries[] = {
	HOST_ENTRIES,
	{ "fd", S_IFDIR | 0500, ALL, .dir = &fd_dir_rows },
	{ "net", S_IFDIR | 0555, ALL, .dir = &net_dir },
	{ "task", S_IFDIR | 0555, ALL, .dir = &task_dir },
};
static const struct dir process_dir = { DIR_FILES(process_entries) };

/* proc/PID of the caller */
static bool caller_next(const struct view *v, u32 *id)
{
	return false;
}

static void caller_name(const struct view *v, u32 id, char name[64])
{
	struct host_caller who;

	if (!host_caller_read(v->tree, v->caller, &who)) {
		if (id == (u32)who.tgid)
			id = who.ns_tgid;
		else if (id == (u32)who.tid)
			id = who.ns_tid;
	}
	snprintf(name, 64, "%u", id);
}

static bool caller_find(const struct view *v, const char *name, u32 *id)
{
	struct host_caller who;
	u32 n = 0;

	if (!host_number(name, &n) && strcmp(name, ALIAS))
		return false;
	if (host_caller_read(v->tree, v->caller, &who))
		return false;
	if (!n || n == (u32)who.ns_tgid)
		*id = who.tgid;
	else if (n == (u32)who.ns_tid)
		*id = who.tid;
	else
		return false;
	return true;
}

/* Whose pid the caller has: its own here, or, taken by a simulated task, the alias. */
static int self_text(const struct view *v, struct host_caller *who, char text[32])
{
	struct node proc = node_parent(v->tree, node_from_ino(v->ino)), found;
	struct caller caller = { .pid = v->caller };
	int err = host_caller_read(v->tree, v->caller, who);

	if (err)
		return -ENOENT;
	snprintf(text, 32, "%d", who->ns_tgid);
	err = node_child(v->tree, proc, text, caller, &found);
	if (!err && !tree_row(v->tree, found)->host)
		snprintf(text, 32, ALIAS);
	return err;
}

static int self_show(struct out *out, const struct view *v)
{
	struct host_caller who;
	char text[32];
	int err = self_text(v, &who, text);

	if (!err)
		out_puts(out, text);
	return err;
}

static int thread_self_show(struct out *out, const struct view *v)
{
	struct host_caller who;
	char text[32];
	int err = self_text(v, &who, text);

	if (!err)
		out_printf(out, "%s/task/%d", text, who.ns_tid);
	return err;
}

static const struct entry proc_entries[] = {
	{ "self", S_IFLNK | 0777, ALL, self_show },
	{ "thread-self", S_IFLNK | 0777, ALL, thread_self_show },
};

static const struct each proc_each[] = {
	{ { "<caller>", S_IFDIR | 0555, ALL, .dir = &process_dir,
	    .help = "The process that asks: its own entry on the host, for reading. It "
		    "is there under the caller's pid, and not listed." },
	  V_HOST, caller_next, caller_name, caller_find },
};

static const struct dir proc_dir = { DIR_FILES(proc_entries), DIR_EACH(proc_each) };

TREE_PARTS(self_parts, { "proc", &proc_dir });
