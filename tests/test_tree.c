// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The tree over tables of our own: this program has its own fs_parts, so the tree
 * under test is
 *
 *   file  wo  twice -> file  loop -> loop
 *   proc/PID/{stat,task/TID/stat}   PIDs come and go (struct world)
 *   proc/{self,thread-self,PID of the caller}
 *   sys/module/{value,broken,hidden,old,big}   sim/
 */
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support.h"

#include "fs/core/host.h"
#include "fs/core/parts.h"
#include "fs/core/tree_struct.h"
#include "sim/base/bug.h"

/* What the tables show. Tables have no other way to reach it. */
static struct {
	bool pid[64];
	u32 caller_pid;		/* also a simulated pid; 0 = none */
	unsigned int renders;
	unsigned int stores;
	char value[64];
} world;

static struct machine_config *config;
static struct tree *tree;
static struct caller me;

static int file_show(struct out *out, const struct view *v)
{
	unsigned int render = __atomic_add_fetch(&world.renders, 1, __ATOMIC_RELAXED);

	for (unsigned int i = 0; i < 3000; i++)
		out_printf(out, "%u %u\n", render, i);
	return 0;
}

static int twice_show(struct out *out, const struct view *v)
{
	out_puts(out, "proc/../sys/../file");
	return 0;
}

static int loop_show(struct out *out, const struct view *v)
{
	out_puts(out, "loop");
	return 0;
}

static int any_store(struct store *s, const struct view *v, const char *text)
{
	world.stores++;
	return 0;
}

static const struct entry root_entries[] = {
	{ "file", S_IFREG | 0444, ALL, file_show },
	{ "wo", S_IFREG | 0200, ALL, .store = any_store },
	{ "twice", S_IFLNK | 0777, ALL, twice_show },
	{ "loop", S_IFLNK | 0777, ALL, loop_show },
};
static const struct dir root_dir = { DIR_FILES(root_entries) };

static int pid_stat_show(struct out *out, const struct view *v)
{
	out_printf(out, "%u %u %s\n", v->id[V_PID], v->id[V_TID], v->entry->name);
	return 0;
}

static void number_name(const struct view *v, u32 id, char name[64])
{
	snprintf(name, 64, "%u", id);
}

/* Two threads in each task, 1000 and 1001. */
static bool tid_next(const struct view *v, u32 *id)
{
	*id = MAX(*id, 1000);
	return *id <= 1001;
}

static bool tid_find(const struct view *v, const char *name, u32 *id)
{
	return host_number(name, id) && (*id == 1000 || *id == 1001);
}

static const struct entry tid_entries[] = {
	{ "stat", S_IFREG | 0444, ALL, pid_stat_show },
};
static const struct dir tid_dir = { DIR_FILES(tid_entries) };
static const struct each tid_each[] = {
	{ { "<TID>", S_IFDIR | 0555, ALL, .dir = &tid_dir }, V_TID, tid_next, number_name,
	  tid_find },
};
static const struct dir task_dir = { DIR_EACH(tid_each) };
static const struct entry pid_entries[] = {
	{ "stat", S_IFREG | 0444, ALL, pid_stat_show },
	{ "task", S_IFDIR | 0555, ALL, .dir = &task_dir },
};
static const struct dir pid_dir = { DIR_FILES(pid_entries) };

static bool pid_there(u32 id)
{
	return (id < ARRAY_SIZE(world.pid) && world.pid[id]) ||
	       (id && id == world.caller_pid);
}

static bool pid_next(const struct view *v, u32 *id)
{
	for (; *id < ARRAY_SIZE(world.pid); ++*id) {
		if (world.pid[*id])
			return true;
	}
	if (!world.caller_pid || *id > world.caller_pid)
		return false;
	*id = world.caller_pid;
	return true;
}

static bool pid_find(const struct view *v, const char *name, u32 *id)
{
	return host_number(name, id) && pid_there(*id);
}

static const struct each pid_each[] = {
	{ { "<PID>", S_IFDIR | 0555, ALL, .dir = &pid_dir }, V_PID, pid_next, number_name,
	  pid_find },
};
static const struct dir proc_dir = { DIR_EACH(pid_each) };

static int value_show(struct out *out, const struct view *v)
{
	out_printf(out, "%s\n", world.value);
	return 0;
}

static int value_store(struct store *s, const struct view *v, const char *text)
{
	if (!strcmp(text, "bad")) {
		out_printf(s->sentence, "'%s' is not a value", text);
		return -EINVAL;
	}
	snprintf(world.value, sizeof(world.value), "%s", text);
	s->m->now_ns++;
	return 0;
}

static int broken_store(struct store *s, const struct view *v, const char *text)
{
	BUG_ON(s->m, text[0] == 'b');
	return 0;
}

static ssize_t big_read(const struct view *v, u64 offset, char *buf, size_t len)
{
	const u64 size = 1ULL << 40;

	if (offset >= size)
		return 0;
	/* Stops at odd places, as a file computed page by page would. */
	len = MIN(len, MIN(size - offset, 4096 - offset % 4096));
	for (size_t i = 0; i < len; i++)
		buf[i] = (offset + i) / 8;
	return len;
}

static bool not_hidden(const struct view *v, const struct entry *entry)
{
	return strcmp(entry->name, "hidden");
}

static const struct entry module_entries[] = {
	{ "value", S_IFREG | 0644, ALL, value_show, value_store },
	{ "broken", S_IFREG | 0200, ALL, .store = broken_store },
	{ "hidden", S_IFREG | 0444, ALL, value_show },
	{ "old", S_IFREG | 0444, UNTIL(R_6_1), value_show },
};
static const struct bin_entry module_bins[] = {
	{ { "big", S_IFREG | 0400, ALL }, big_read },
};
static const struct dir module_dir = {
	DIR_FILES(module_entries), DIR_BINS(module_bins), .visible = not_hidden,
};
static const struct dir sim_dir = { 0 };

TREE_PARTS(root_parts, { "", &root_dir }, { "proc", &proc_dir });
TREE_PARTS(module_parts, { "sys/module", &module_dir }, { "sim", &sim_dir });
extern const struct tree_parts self_parts;

const struct tree_parts *const fs_parts[] = { &root_parts, &self_parts, &module_parts };
const unsigned int nr_fs_parts = ARRAY_SIZE(fs_parts);

static struct node at(const char *path)
{
	struct node node = NODE_ROOT;

	CU_ASSERT_EQUAL_FATAL(tree_walk(tree, path, me, &node), 0);
	return node;
}

static int walk_error(const char *path)
{
	struct node node;

	return tree_walk(tree, path, me, &node);
}

static struct handle *open_path(const char *path, int flags)
{
	struct handle *handle = NULL;

	CU_ASSERT_EQUAL_FATAL(tree_open(tree, at(path), me, flags, &handle), 0);
	return handle;
}

static int open_error(const char *path, int flags)
{
	struct handle *handle;

	return tree_open(tree, at(path), me, flags, &handle);
}

static void read_all(const char *path, struct out *out)
{
	struct handle *handle = open_path(path, O_RDONLY);
	char buf[512];
	ssize_t n;

	while ((n = handle_read(handle, out->len, buf, sizeof(buf))) > 0)
		out_write(out, buf, n);
	CU_ASSERT_EQUAL(n, 0);
	handle_release(handle);
}

static ssize_t write_path(const char *path, const char *text)
{
	struct handle *handle = open_path(path, O_WRONLY | O_TRUNC);
	ssize_t n = handle_write(handle, 0, text, strlen(text));

	handle_release(handle);
	return n;
}

static void test_pack(void)
{
	static const struct node nodes[] = {
		{ 0, { 0, 0 } }, { 1, { 0, 0 } }, { MAX_ROWS - 1, { 0xffffff, 0x1ffffff } },
		{ 7, { 0xffffffff, 0 } }, { 7, { 0x1000000, 0x1ffff } },
		{ 9, { 42, 1000 } }, { MAX_ROWS - 1, { 0xffffffff, 0x1ffff } },
	};

	CU_ASSERT_EQUAL(node_to_ino(NODE_ROOT), 1);
	for (unsigned int i = 0; i < ARRAY_SIZE(nodes); i++) {
		struct node back = node_from_ino(node_to_ino(nodes[i]));

		CU_ASSERT_NOT_EQUAL(node_to_ino(nodes[i]), 0);
		CU_ASSERT_EQUAL(back.row, nodes[i].row);
		CU_ASSERT_EQUAL(back.id[0], nodes[i].id[0]);
		CU_ASSERT_EQUAL(back.id[1], nodes[i].id[1]);
	}
}

/* Names of a directory, up to `max` a call, from *cookie on. */
struct listing {
	char text[4096];
	unsigned int max;
	u64 cookie;
};

static bool list_fill(void *arg, const char *name, struct node node, mode_t mode, u64 next)
{
	struct listing *l = arg;

	if (!l->max--)
		return false;
	strcat(l->text, name);
	strcat(l->text, " ");
	l->cookie = next;
	return true;
}

static void list(const char *path, unsigned int max, struct listing *l)
{
	l->max = max;
	CU_ASSERT_EQUAL(tree_readdir(tree, at(path), me, l->cookie, list_fill, l), 0);
}

static void test_readdir(void)
{
	struct listing l = { 0 };

	list("/", 100, &l);
	CU_ASSERT_STRING_EQUAL(l.text, ". .. file wo twice loop proc sys sim ");
	l = (struct listing){ 0 };
	list("sys/module", 100, &l);
	CU_ASSERT_STRING_EQUAL(l.text, ". .. value broken big ");
	CU_ASSERT_EQUAL(tree_readdir(tree, at("file"), me, 0, list_fill, &l), -ENOTDIR);
}

/* A page at a time while tasks come and go: nothing twice, nothing skipped that stays. */
static void test_readdir_changes(void)
{
	struct listing l = { 0 };

	world.pid[1] = world.pid[2] = world.pid[9] = world.pid[40] = true;
	list("proc", 3, &l);
	CU_ASSERT_STRING_EQUAL(l.text, ". .. 1 ");
	world.pid[1] = false;
	world.pid[2] = false;
	world.pid[5] = true;
	list("proc", 1, &l);
	CU_ASSERT_STRING_EQUAL(l.text, ". .. 1 5 ");
	world.pid[3] = true;
	list("proc", 100, &l);
	CU_ASSERT_STRING_EQUAL(l.text, ". .. 1 5 9 40 self thread-self ");
	memset(world.pid, 0, sizeof(world.pid));
}

static void test_lookup(void)
{
	struct node node, proc = at("proc");

	CU_ASSERT_EQUAL(walk_error("proc/42"), -ENOENT);
	CU_ASSERT_EQUAL(walk_error("sys/module/hidden"), -ENOENT);
	CU_ASSERT_EQUAL(walk_error("sys/module/old"), -ENOENT);
	CU_ASSERT_EQUAL(walk_error("file/x"), -ENOTDIR);
	CU_ASSERT_EQUAL(walk_error("loop"), -ELOOP);
	CU_ASSERT_EQUAL(at("/twice").row, at("file").row);
	CU_ASSERT_EQUAL(at("/proc/.././../").row, 0);
	CU_ASSERT_EQUAL(tree_create_error(tree, proc), -ENOENT);
	CU_ASSERT_EQUAL(tree_create_error(tree, at("sys/module")), -EACCES);
	CU_ASSERT_EQUAL(tree_create_error(tree, at("sim")), -EACCES);
	CU_ASSERT_EQUAL(tree_make_error(tree, proc), -ENOENT);
	CU_ASSERT_EQUAL(tree_make_error(tree, at("sys/module")), -EPERM);
	CU_ASSERT_EQUAL(tree_make_error(tree, at("sim")), -EACCES);
	world.pid[42] = true;
	node = at("proc/42/task/1001/stat");
	CU_ASSERT_EQUAL(node.id[0], 42);
	CU_ASSERT_EQUAL(node.id[1], 1001);
	CU_ASSERT_EQUAL(tree_lookup(tree, proc, "042", me, &node), -ENOENT);
	CU_ASSERT_EQUAL(tree_lookup(tree, proc, "99999999999", me, &node), -ENOENT);
	world.pid[42] = false;
}

static void test_attr(void)
{
	struct node_attr attr;
	struct node pid;

	CU_ASSERT_EQUAL(tree_getattr(tree, NODE_ROOT, me, &attr), 0);
	CU_ASSERT_EQUAL(attr.nlink, 2 + 3);
	world.pid[1] = world.pid[7] = true;
	CU_ASSERT_EQUAL(tree_getattr(tree, at("proc"), me, &attr), 0);
	CU_ASSERT_EQUAL(attr.nlink, 2 + 2);
	CU_ASSERT_FALSE(attr.volatile_name);
	pid = at("proc/7");
	CU_ASSERT_EQUAL(tree_getattr(tree, pid, me, &attr), 0);
	CU_ASSERT(attr.process);
	CU_ASSERT_FALSE(attr.volatile_name);
	CU_ASSERT_EQUAL(attr.mode, S_IFDIR | 0555);
	CU_ASSERT(tree_never(tree, pid, "ctty"));
	CU_ASSERT_FALSE(tree_never(tree, pid, "task"));
	CU_ASSERT_FALSE(tree_never(tree, at("proc"), "ctty"));
	CU_ASSERT_EQUAL(tree_getattr(tree, at("proc/7/task/1001"), me, &attr), 0);
	CU_ASSERT_FALSE(attr.process);
	CU_ASSERT(attr.volatile_name);
	memset(world.pid, 0, sizeof(world.pid));
	CU_ASSERT_EQUAL(tree_getattr(tree, pid, me, &attr), -ENOENT);
	CU_ASSERT_EQUAL(tree_getattr(tree, at("sys/module/big"), me, &attr), 0);
	CU_ASSERT_EQUAL(attr.mode, S_IFREG | 0400);
	CU_ASSERT_EQUAL(attr.size, 0);
	CU_ASSERT_EQUAL(attr.nlink, 1);
}

static void test_snapshot(void)
{
	struct out whole = OUT_INIT;
	unsigned int opened = world.renders, renders;
	struct handle *handle = open_path("file", O_RDONLY);
	char buf[40000], again[16];
	ssize_t n;

	/* The state of when it is read, not of when it was opened. */
	CU_ASSERT_EQUAL(world.renders, opened);
	n = handle_read(handle, 0, buf, sizeof(buf));
	renders = world.renders;
	CU_ASSERT_EQUAL(renders, opened + 1);
	read_all("file", &whole);
	CU_ASSERT_EQUAL((size_t)n, whole.len);
	CU_ASSERT_EQUAL(world.renders, renders + 1);
	/* Backwards and past the end, all of one rendering. */
	for (size_t back = n; back-- > 0;) {
		char c;

		CU_ASSERT_EQUAL(handle_read(handle, back ? back : 1, &c, 1), 1);
		if (c != buf[back ? back : 1])
			CU_FAIL("a read mixes two renderings");
	}
	CU_ASSERT_EQUAL(handle_read(handle, n, again, 16), 0);
	CU_ASSERT_EQUAL(handle_read(handle, 1ULL << 62, again, 16), 0);
	CU_ASSERT_EQUAL(world.renders, renders + 1);
	/* Rewound: the state of now. */
	CU_ASSERT_EQUAL(handle_read(handle, 0, again, 16), 16);
	CU_ASSERT_EQUAL(world.renders, renders + 2);
	CU_ASSERT_NOT_EQUAL(memcmp(again, buf, 16), 0);
	CU_ASSERT_EQUAL(handle_write(handle, 0, "1", 1), -EBADF);
	handle_release(handle);
	out_free(&whole);
}

static void test_bin(void)
{
	struct handle *handle = open_path("sys/module/big", O_RDONLY);
	u64 offsets[] = { 0, 4090, 184ULL << 30, (1ULL << 40) - 16 };
	char buf[10000];

	for (unsigned int i = 0; i < ARRAY_SIZE(offsets); i++) {
		ssize_t want = i == 3 ? 16 : 10000;

		CU_ASSERT_EQUAL(handle_read(handle, offsets[i], buf, sizeof(buf)), want);
		for (ssize_t j = 0; j < want; j++) {
			if (buf[j] != (char)((offsets[i] + j) / 8))
				CU_FAIL_FATAL("wrong byte");
		}
	}
	CU_ASSERT_EQUAL(handle_read(handle, 1ULL << 40, buf, 8), 0);
	CU_ASSERT_EQUAL(handle_read(handle, 1ULL << 62, buf, 8), 0);
	handle_release(handle);
}

static void test_open_errors(void)
{
	CU_ASSERT_EQUAL(open_error("file", O_WRONLY), -EACCES);
	CU_ASSERT_EQUAL(open_error("file", O_RDWR), -EACCES);
	CU_ASSERT_EQUAL(open_error("wo", O_RDONLY), -EACCES);
	CU_ASSERT_EQUAL(open_error("sys/module/big", O_WRONLY), -EACCES);
	CU_ASSERT_EQUAL(open_error("sys", O_RDONLY), -EISDIR);
}

static void test_store(void)
{
	struct handle *handle;
	char text[5000];
	struct out out = OUT_INIT;

	CU_ASSERT_EQUAL(write_path("sys/module/value", "17\n"), 3);
	CU_ASSERT_STRING_EQUAL(world.value, "17");
	CU_ASSERT_EQUAL(write_path("sys/module/value", "a\nb\n\n"), 5);
	CU_ASSERT_STRING_EQUAL(world.value, "a\nb\n");
	CU_ASSERT_EQUAL(write_path("sys/module/value", "bad"), -EINVAL);
	CU_ASSERT_STRING_EQUAL(world.value, "a\nb\n");
	CU_ASSERT_EQUAL(tree->last.err, -EINVAL);
	CU_ASSERT_STRING_EQUAL(tree->last.sentence.text, "'bad' is not a value");
	CU_ASSERT_STRING_EQUAL(tree->last.path.text, "sys/module/value");
	memset(text, 'x', sizeof(text));
	handle = open_path("sys/module/value", O_RDWR);
	CU_ASSERT_EQUAL(handle_write(handle, 0, text, 4097), 4096);	/* one page */
	CU_ASSERT_EQUAL(handle_write(handle, 0, "1\0" "2", 3), 3);
	CU_ASSERT_STRING_EQUAL(world.value, "1");
	CU_ASSERT_EQUAL(handle_write(handle, 0, "", 0), 0);
	CU_ASSERT_EQUAL(handle_write(handle, 999, "5", 1), 1);
	CU_ASSERT_EQUAL(handle_read(handle, 0, text, sizeof(text)), 2);
	CU_ASSERT_EQUAL(text[0], '5');
	handle_release(handle);
	read_all("sys/module/value", &out);
	CU_ASSERT_STRING_EQUAL(out.text, "5\n");
	out_free(&out);
	CU_ASSERT_EQUAL(write_path("wo", "1\n"), 2);
	CU_ASSERT_EQUAL(world.stores, 1);
}

static void test_path(void)
{
	struct out out = OUT_INIT;

	world.pid[42] = true;
	node_path(tree, at("proc/42/task/1000/stat"), &out);
	CU_ASSERT_STRING_EQUAL(out.text, "proc/42/task/1000/stat");
	out_free(&out);
	read_all("proc/42/task/1000/stat", &out);
	CU_ASSERT_STRING_EQUAL(out.text, "42 1000 stat\n");
	out_free(&out);
	memset(world.pid, 0, sizeof(world.pid));
}

static void test_self(void)
{
	struct caller nobody = { .pid = 0 };
	struct out out = OUT_INIT, link = OUT_INIT;
	struct listing l = { 0 };
	char pid[32], path[64];
	struct node node;

	snprintf(pid, sizeof(pid), "%d", getpid());
	CU_ASSERT_EQUAL(tree_walk(tree, "proc/self", nobody, &node), -ENOENT);
	CU_ASSERT_EQUAL(tree_lookup(tree, at("proc"), "self", me, &node), 0);
	CU_ASSERT_EQUAL(tree_readlink(tree, node, me, &link), 0);
	CU_ASSERT_STRING_EQUAL(link.text, pid);
	list("proc", 100, &l);
	CU_ASSERT_STRING_EQUAL(l.text, ". .. self thread-self ");
	CU_ASSERT_EQUAL(tree_lookup(tree, at("proc"), pid, nobody, &node), -ENOENT);
	read_all("proc/self/stat", &out);
	CU_ASSERT_EQUAL(atoi(out.text), getpid());
	CU_ASSERT_EQUAL(walk_error("proc/self/mem"), -ENOENT);
	CU_ASSERT_EQUAL(walk_error("proc/self/environ"), -ENOENT);
	CU_ASSERT_EQUAL(walk_error("proc/self/root/etc"), -ENOENT);
	CU_ASSERT_EQUAL(walk_error("proc/self/fd/999999"), -ENOENT);
	CU_ASSERT_EQUAL(open_error("proc/self/comm", O_WRONLY), -EACCES);
	/* Nobody else's: init is there on the host, but did not ask. */
	if (getpid() != 1)
		CU_ASSERT_EQUAL(walk_error("proc/1"), -ENOENT);
	out_clear(&link);
	CU_ASSERT_EQUAL(tree_lookup(tree, at("proc"), "thread-self", me, &node), 0);
	CU_ASSERT_EQUAL(tree_readlink(tree, node, me, &link), 0);
	snprintf(path, sizeof(path), "%d/task/%d", getpid(), getpid());
	CU_ASSERT_STRING_EQUAL(link.text, path);
	CU_ASSERT_EQUAL(walk_error("proc/thread-self/status"), 0);
	out_free(&out);
	out_free(&link);
}

/* A simulated task has the caller's pid: it wins, and self takes the alias. */
static void test_self_taken(void)
{
	struct out out = OUT_INIT;
	struct listing l = { 0 };
	char path[64];

	world.caller_pid = getpid();
	snprintf(path, sizeof(path), "proc/%d/stat", getpid());
	read_all(path, &out);
	CU_ASSERT_PTR_NOT_NULL(strstr(out.text, " 0 stat\n"));
	out_clear(&out);
	read_all("proc/self/stat", &out);
	CU_ASSERT_PTR_NULL(strstr(out.text, " 0 stat\n"));
	list("proc", 100, &l);
	CU_ASSERT_PTR_NULL(strstr(l.text, "caller"));
	world.caller_pid = 0;
	out_free(&out);
}

/* In a pid namespace of its own the caller is called 1; we know it by another pid. */
static void test_self_namespace(void)
{
	struct caller child = { .pid = syscall(SYS_clone, CLONE_NEWPID | SIGCHLD, 0, 0, 0, 0) };
	struct out link = OUT_INIT;
	struct node node;

	if (child.pid == 0) {
		pause();
		_exit(0);
	}
	if (child.pid < 0) {
		puts("(no pid namespaces here: not tested)");
		return;
	}
	CU_ASSERT_EQUAL(tree_lookup(tree, at("proc"), "self", child, &node), 0);
	CU_ASSERT_EQUAL(tree_readlink(tree, node, child, &link), 0);
	CU_ASSERT_STRING_EQUAL(link.text, "1");
	CU_ASSERT_EQUAL(tree_walk(tree, "proc/1/comm", child, &node), 0);
	CU_ASSERT_EQUAL(tree_walk(tree, "proc/self/task/1/stat", child, &node), 0);
	CU_ASSERT_EQUAL(tree_walk(tree, "proc/1/comm", me, &node), -ENOENT);
	kill(child.pid, SIGKILL);
	waitpid(child.pid, NULL, 0);
	CU_ASSERT_EQUAL(tree_walk(tree, "proc/self", child, &node), -ENOENT);
	out_free(&link);
}

/* NULL, or not NULL when something failed. */
static void *reader(void *arg)
{
	for (unsigned int i = 0; i < 100; i++) {
		struct handle *handle;
		char buf[64], first[64];

		if (tree_open(tree, *(struct node *)arg, me, O_RDONLY, &handle))
			return tree;
		if (handle_read(handle, 0, first, 1) != 1 ||
		    handle_read(handle, 1, buf, sizeof(buf)) != sizeof(buf))
			return tree;
		handle_release(handle);
	}
	return NULL;
}

static void test_threads(void)
{
	struct node file = at("file");
	pthread_t threads[4];
	void *failed;

	for (unsigned int i = 0; i < ARRAY_SIZE(threads); i++)
		CU_ASSERT_EQUAL_FATAL(pthread_create(&threads[i], NULL, reader, &file), 0);
	for (unsigned int i = 0; i < 200; i++)
		CU_ASSERT_EQUAL(write_path("sys/module/value", "1"), 1);
	for (unsigned int i = 0; i < ARRAY_SIZE(threads); i++) {
		pthread_join(threads[i], &failed);
		CU_ASSERT_PTR_NULL(failed);
	}
}

static void test_names(void)
{
	struct names names = { 0 };

	CU_ASSERT(name_valid("buf"));
	CU_ASSERT(name_valid("_x-1.b"));
	CU_ASSERT_FALSE(name_valid(""));
	CU_ASSERT_FALSE(name_valid("1st"));
	CU_ASSERT_FALSE(name_valid("a/b"));
	CU_ASSERT_EQUAL(names_set(&names, "..", NAME_PFN, 1, 0), -EINVAL);
	for (unsigned int i = 0; i < 100; i++) {
		char name[16];

		snprintf(name, sizeof(name), "n%u", i);
		CU_ASSERT_EQUAL(names_set(&names, name, NAME_PFN, i, 0), 0);
	}
	CU_ASSERT_EQUAL(names_set(&names, "n7", NAME_PID, 70, 0), 0);
	CU_ASSERT_EQUAL(names.nr, 100);
	CU_ASSERT_EQUAL(names_find(&names, "n7")->value, 70);
	CU_ASSERT_EQUAL(names_find(&names, "n7") - names.names, 7);
	CU_ASSERT_PTR_NULL(names_find(&names, "n100"));
	names_free(&names);
}

/* The last test: the machine stops, files stay readable. */
static void test_broken(void)
{
	struct out out = OUT_INIT;

	CU_ASSERT_EQUAL(write_path("sys/module/broken", "fine"), 4);
	CU_ASSERT_EQUAL(write_path("sys/module/broken", "bad"), -EIO);
	CU_ASSERT(tree_machine(tree)->broken);
	CU_ASSERT_EQUAL(write_path("sys/module/value", "9"), -EIO);
	read_all("sys/module/value", &out);
	CU_ASSERT_STRING_NOT_EQUAL(out.text, "9\n");
	out_free(&out);
}

static const CU_TestInfo tests[] = {
	{ "pack", test_pack },
	{ "readdir", test_readdir },
	{ "readdir while tasks come and go", test_readdir_changes },
	{ "lookup", test_lookup },
	{ "attributes", test_attr },
	{ "snapshot per open", test_snapshot },
	{ "binary files", test_bin },
	{ "open errors", test_open_errors },
	{ "store", test_store },
	{ "paths", test_path },
	{ "self", test_self },
	{ "self: pid taken", test_self_taken },
	{ "self: pid namespace", test_self_namespace },
	{ "threads", test_threads },
	{ "names", test_names },
	{ "broken machine", test_broken },
};

static int setup(void)
{
	char *error = NULL;

	me = (struct caller){ getpid(), getuid() };
	if (!machine_config_load("tiny", NULL, &config, &error) &&
	    !tree_create(config, &tree, &error))
		return 0;
	fprintf(stderr, "%s\n", error ? error : "no memory");
	return 1;
}

static int teardown(void)
{
	tree_free(tree);
	machine_config_free(config);
	return 0;
}

int main(void)
{
	return suite_main("tree", tests, ARRAY_SIZE(tests), setup, teardown);
}
