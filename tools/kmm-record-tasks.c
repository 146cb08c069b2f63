// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Tasks as lines: the first one with what it inherits, children, programs with the sizes of
 * their arguments, the end.
 */
#include <inttypes.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "kmm-record-calls.h"

#define AT_EXECFN_TYPE 31
#define MAX_ARG_WORDS 5
#define CLONE_KEPT (CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_VFORK | \
		    CLONE_THREAD | CLONE_SYSVSEM | CLONE_PARENT)

u64 record_clone_flags(const struct record_task *task, u64 *exit_signal)
{
	const struct record_call *call = &task->call;
	u64 args[5] = { 0 };

	*exit_signal = SIGCHLD;
	switch (call->nr) {
	case SYS_fork:
		return 0;
	case SYS_vfork:
		return CLONE_VM | CLONE_VFORK;
	case SYS_clone:
		*exit_signal = call->args[0] & CSIGNAL;
		return call->args[0] & ~(u64)CSIGNAL;
	case SYS_clone3:
		(void)!record_read(task->tid, call->args[0], args, sizeof(args));
		*exit_signal = args[4];
		return args[0];
	default:
		return 0;
	}
}

u64 record_clone_child_tid(const struct record_task *task)
{
	u64 args[5] = { 0 };

	if (task->call.nr == SYS_clone)
		return task->call.args[3];
	(void)!record_read(task->tid, task->call.args[0], args, sizeof(args));
	return args[2];
}

void record_clone_line(struct recording *r, struct record_task *task, pid_t child)
{
	u64 sig, flags = record_clone_flags(task, &sig);
	struct out out = OUT_INIT;
	struct arg arg = { .given = true, .value = (flags & CLONE_KEPT) | sig };

	arg_print_c(&out, A_CLONE, &arg);
	record_put(r, task, "clone(%s) as p%d", out.text, child);
	out_free(&out);
}

static void put_limits(struct recording *r, const struct record_task *task)
{
	static const int limits[] = { RLIMIT_DATA, RLIMIT_STACK, RLIMIT_MEMLOCK, RLIMIT_AS };

	for (unsigned int i = 0; i < G_N_ELEMENTS(limits); i++) {
		struct rlimit limit;

		if (!prlimit(task->tgid, limits[i], NULL, &limit))
			record_put(r, task, "setrlimit(%d, %" PRId64 ", %" PRId64 ")", limits[i],
				   (s64)limit.rlim_cur, (s64)limit.rlim_max);
	}
}

/* Descriptors of files that somebody opened for it. */
static void put_inherited(struct recording *r, struct record_task *task)
{
	for (int fd = 0; fd < 64; fd++)
		(void)adopt_fd(r, task, fd);
}

void record_begin(struct recording *r, struct record_task *task)
{
	record_say(r, "proc/1/ctl", "fork as p%d", task->tgid);
	record_put(r, task, "personality(ADDR_NO_RANDOMIZE)");
	put_limits(r, task);
	put_inherited(r, task);
}

struct exec_facts {
	u64 arg_start, arg_end, env_start, env_end;
	u64 argc, envc, name_bytes;
};

static u64 count_strings(pid_t pid, u64 start, u64 end)
{
	u64 bytes = end > start ? end - start : 0, nr = 0;
	g_autofree char *text = g_malloc(bytes + 1);

	if (record_read(pid, start, text, bytes) != bytes)
		return 0;
	for (u64 i = 0; i < bytes; i++)
		nr += !text[i];
	return nr;
}

static void read_strings(pid_t pid, struct exec_facts *facts)
{
	g_autofree char *stat_path = g_strdup_printf("/proc/%d/stat", pid), *text = NULL;
	g_autofree char *auxv_path = g_strdup_printf("/proc/%d/auxv", pid), *auxv = NULL;
	char *word, *rest;
	gsize bytes;
	u64 values[53] = { 0 };

	*facts = (struct exec_facts){ 0 };
	if (!g_file_get_contents(stat_path, &text, NULL, NULL) || !(word = strrchr(text, ')')))
		return;
	word = strtok_r(word + 1, " ", &rest);	/* field 3 */
	for (int i = 3; word && i < 53; i++, word = strtok_r(NULL, " ", &rest))
		values[i] = strtoull(word, NULL, 10);
	facts->arg_start = values[48];
	facts->arg_end = values[49];
	facts->env_start = values[50];
	facts->env_end = values[51];
	facts->argc = count_strings(pid, facts->arg_start, facts->arg_end);
	facts->envc = count_strings(pid, facts->env_start, facts->env_end);
	if (!g_file_get_contents(auxv_path, &auxv, &bytes, NULL))
		return;
	for (const u64 *aux = (const u64 *)(const void *)auxv;
	     (const char *)(aux + 2) <= auxv + bytes && aux[0]; aux += 2) {
		g_autofree char *name = aux[0] == AT_EXECFN_TYPE ?
			record_read_string(pid, aux[1]) : NULL;

		if (name)
			facts->name_bytes = strlen(name) + 1;
	}
}

/* The first words of its arguments, as far as they can stand in a line. */
static void out_words(struct out *out, pid_t pid)
{
	g_autofree char *path = g_strdup_printf("/proc/%d/cmdline", pid), *text = NULL;
	gsize bytes, at = 0;

	if (!g_file_get_contents(path, &text, &bytes, NULL))
		return;
	for (unsigned int i = 0; i < MAX_ARG_WORDS && at < bytes; i++) {
		const char *word = text + at;
		size_t len = strlen(word);

		if (!len || len > 200 || !strcmp(word, "as") ||
		    strspn(word, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				 "0123456789/._+-:") != len)
			break;
		out_printf(out, ", %s", word);
		at += len + 1;
	}
}

void record_exec_line(struct recording *r, struct record_task *task)
{
	const struct record_file *file = record_program_of(r, task->tgid);
	struct exec_facts facts;
	struct out out = OUT_INIT;

	if (!file) {
		record_say(r, NULL, "# p%d: execve of what is no program of 64 bits", task->tgid);
		record_skipped(r, "execve of what is no program of 64 bits");
		task->ended = true;
		return;
	}
	read_strings(task->tgid, &facts);
	record_put(r, task, "exec_strings(%" PRIu64 ", %" PRIu64 ", %" PRIu64 ", %" PRIu64 ", %"
		   PRIu64 ")", facts.argc, facts.arg_end - facts.arg_start, facts.envc,
		   facts.env_end - facts.env_start, facts.name_bytes);
	out_words(&out, task->tgid);
	record_put(r, task, "execve(%s%s) = 0", file->path, out.text ? out.text : "");
	out_free(&out);
}

/* The last of the process's threads: its end is the process's. */
static bool is_last(const struct recording *r, const struct record_task *task)
{
	GHashTableIter iter;
	gpointer value;

	g_hash_table_iter_init(&iter, r->tasks);
	while (g_hash_table_iter_next(&iter, NULL, &value)) {
		const struct record_task *other = value;

		if (other != task && other->tgid == task->tgid && !other->ended)
			return false;
	}
	return true;
}

static void mark_ended(const struct recording *r, const struct record_task *task)
{
	GHashTableIter iter;
	gpointer value;

	g_hash_table_iter_init(&iter, r->tasks);
	while (g_hash_table_iter_next(&iter, NULL, &value)) {
		struct record_task *other = value;

		if (other->tgid == task->tgid)
			other->ended = true;
	}
}

void record_exit_line(struct recording *r, struct record_task *task, bool group, int status)
{
	if (!task->started || task->ended)
		return;
	if (group || is_last(r, task)) {
		record_end(r, task);
		if (WIFSIGNALED(status))
			record_say(r, "proc/1/ctl", "kill(@p%d, %d)", task->tgid,
				   WTERMSIG(status));
		else
			record_put(r, task, "exit_group(%d)", WEXITSTATUS(status));
		mark_ended(r, task);
	} else {
		record_put(r, task, "exit(%d)", WEXITSTATUS(status));
		task->ended = true;
	}
}
