// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Lines of a list that change nothing of the process: dumps of parts of the tree's
 * own files, and names for what is found in them.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "ops.h"
#include "tree_files.h"

/* smaps, or the VMAs of it that intersect [start, end). */
static void dump_smaps(const struct ops *ops, bool all, u64 start, u64 end)
{
	char *text = ops_text(ops, "smaps"), *state;
	bool on = true;

	printf("-- smaps %c", 'A' + ops->current);
	if (!all)
		printf(" 0x%llx-0x%llx", (unsigned long long)start, (unsigned long long)end);
	putchar('\n');
	for (char *l = strtok_r(text, "\n", &state); l; l = strtok_r(NULL, "\n", &state)) {
		unsigned long long from, to;
		char c;

		if (sscanf(l, "%llx-%llx %c", &from, &to, &c) == 3)
			on = all || (from < end && to > start);
		if (on)
			puts(l);
	}
	printf("--\n");
	free(text);
}

/* The lines that begin with one of the words. */
static void dump_lines(const struct ops *ops, const char *path, const char *shown,
		       const char *const *words)
{
	char *text = path ? tree_text(ops->tree, path) : ops_text(ops, shown), *state;

	printf("-- %s %c (selected)\n", shown, 'A' + ops->current);
	for (char *l = text ? strtok_r(text, "\n", &state) : NULL; l;
	     l = strtok_r(NULL, "\n", &state))
		for (unsigned int i = 0; words[i]; i++)
			if (!strncmp(l, words[i], strlen(words[i]))) {
				puts(l);
				break;
			}
	printf("--\n");
	free(text);
}

static void dump_status(const struct ops *ops)
{
	static const char *const words[] = { "Vm", "Rss", "Huge", "Threads", "THP", "CoreDump",
					     NULL };

	dump_lines(ops, NULL, "status", words);
}

static void dump_meminfo(const struct ops *ops)
{
	static const char *const words[] = { "Commit", "AnonPages", "Mapped", "Shmem:",
					     "PageTables", "Mlocked", "Unevict", "AnonHuge",
					     NULL };

	dump_lines(ops, "proc/meminfo", "../meminfo", words);
}

static void dump_hugepages(const struct ops *ops)
{
	static const char *const words[] = { "HugePages_", NULL };

	dump_lines(ops, "proc/meminfo", "../meminfo", words);
}

/* Fields of stat by their number, from 1. */
static void dump_stat(const struct ops *ops)
{
	static const struct {
		u8 field;
		bool hex;
		const char *name;
	} rows[] = {
		{ 10, false, "minflt" }, { 11, false, "cminflt" }, { 12, false, "majflt" },
		{ 13, false, "cmajflt" }, { 23, false, "vsize" }, { 24, false, "rss" },
		{ 25, false, "rsslim" }, { 26, true, "startcode" }, { 27, true, "endcode" },
		{ 28, true, "startstack" }, { 45, true, "start_data" },
		{ 46, true, "end_data" }, { 47, true, "start_brk" }, { 48, true, "arg_start" },
		{ 49, true, "arg_end" }, { 50, true, "env_start" }, { 51, true, "env_end" },
	};
	char *text = ops_text(ops, "stat"), *state, *at = strrchr(text, ')');
	unsigned long long values[60] = { 0 };
	unsigned int field = 4;

	if (!at) {
		printf("-- stat gone --\n");
		free(text);
		return;
	}
	printf("-- stat %c (fields by number) state=%c", 'A' + ops->current, at[2]);
	for (char *w = strtok_r(at + 3, " ", &state); w && field < 60;
	     w = strtok_r(NULL, " ", &state))
		values[field++] = strtoull(w, NULL, 10);
	for (unsigned int i = 0; i < ARRAY_SIZE(rows); i++)
		printf(rows[i].hex ? " %s=0x%llx" : " %s=%llu", rows[i].name,
		       values[rows[i].field]);
	printf(" --\n");
	free(text);
}

#define PM_PRESENT 63
#define PM_SWAP 62
#define PM_FILE 61
#define PM_GUARD 58
#define PM_WP 57
#define PM_EXCLUSIVE 56
#define PM_SOFT_DIRTY 55
#define PM_MASK (1ULL << PM_PRESENT | 1ULL << PM_SWAP | 1ULL << PM_FILE | 1ULL << PM_GUARD | \
		 1ULL << PM_WP | 1ULL << PM_EXCLUSIVE | 1ULL << PM_SOFT_DIRTY)

static void print_run(u64 addr, u64 nr, u64 entry)
{
	printf("0x%llx +%llu present=%d swap=%d file=%d excl=%d sd=%d wp=%d%s\n",
	       (unsigned long long)addr, (unsigned long long)nr, (int)(entry >> PM_PRESENT & 1),
	       (int)(entry >> PM_SWAP & 1), (int)(entry >> PM_FILE & 1),
	       (int)(entry >> PM_EXCLUSIVE & 1), (int)(entry >> PM_SOFT_DIRTY & 1),
	       (int)(entry >> PM_WP & 1), entry >> PM_GUARD & 1 ? " guard" : "");
}

static void dump_pagemap(const struct ops *ops, u64 addr, u64 len)
{
	const struct caller nobody = { 0 };
	struct handle *handle = NULL;
	u64 nr = DIV_ROUND_UP(len, PAGE_SIZE), first = 0, entry, prev = 0;
	struct node node;
	char path[64];

	printf("-- pagemap %c 0x%llx +%llu pages (runs: first page, count, present swapped "
	       "file/shared exclusive softdirty uffdwp)\n", 'A' + ops->current,
	       (unsigned long long)addr, (unsigned long long)nr);
	snprintf(path, sizeof(path), "proc/%u/pagemap", ops->pid[ops->current]);
	if (!tree_walk(ops->tree, path, nobody, &node) &&
	    tree_open(ops->tree, node, nobody, O_RDONLY, &handle))
		handle = NULL;
	for (u64 i = 0; i <= nr; i++) {
		if (i == nr || !handle ||
		    handle_read(handle, ((addr >> PAGE_SHIFT) + i) * 8, (char *)&entry, 8) != 8)
			entry = 0;
		entry &= PM_MASK;
		if (i && (i == nr || entry != prev)) {
			print_run(addr + (first << PAGE_SHIFT), i - first, prev);
			first = i;
		}
		prev = entry;
	}
	if (handle)
		handle_release(handle);
	printf("--\n");
}

/* The start (or end) of the last VMA whose line of maps ends in `name`. */
static void find_vma_named(struct ops *ops, const char *variable, const char *name, bool end)
{
	char *text = ops_text(ops, "maps"), *state;
	size_t len = strlen(name);
	bool found = false;
	u64 addr = 0;

	for (char *l = strtok_r(text, "\n", &state); l; l = strtok_r(NULL, "\n", &state)) {
		const char *from = end && strchr(l, '-') ? strchr(l, '-') + 1 : l;

		if (strlen(l) <= len || strcmp(l + strlen(l) - len, name))
			continue;
		found = true;
		addr = strtoull(from, NULL, 16);
		ops_set(ops, variable, (s64)addr);
	}
	if (found)
		printf("   %s = 0x%llx\n", variable, (unsigned long long)addr);
	else
		printf("   (no VMA %s)\n", name);
	free(text);
}

bool ops_line(struct ops *ops, char *const *words, unsigned int nr_words)
{
	static const char *const whole[] = { "maps", "smaps_rollup", "statm", "numa_maps",
					     "limits", "oom_score", "io" };
	const char *name = words[0], *arg1 = nr_words > 1 ? words[1] : "0";
	const char *arg2 = nr_words > 2 ? words[2] : "0";

	for (unsigned int i = 0; i < ARRAY_SIZE(whole); i++) {
		if (!strcmp(name, whole[i])) {
			ops_dump(ops, name);
			return true;
		}
	}
	if (!strcmp(name, "rollup")) {
		ops_dump(ops, "smaps_rollup");
	} else if (!strcmp(name, "smaps")) {
		u64 start = nr_words > 2 ? ops_eval(ops, arg1) : 0;

		dump_smaps(ops, nr_words <= 2, start, start + ops_eval(ops, arg2));
	} else if (!strcmp(name, "status")) {
		dump_status(ops);
	} else if (!strcmp(name, "meminfo")) {
		dump_meminfo(ops);
	} else if (!strcmp(name, "hugepages")) {
		dump_hugepages(ops);
	} else if (!strcmp(name, "stat")) {
		dump_stat(ops);
	} else if (!strcmp(name, "pagemap")) {
		dump_pagemap(ops, ops_eval(ops, arg1), ops_eval(ops, arg2));
	} else if (!strcmp(name, "auto")) {
		ops->auto_maps = !strcmp(arg1, "on");
	} else if (!strcmp(name, "setvar")) {
		ops_set(ops, arg1, ops_eval(ops, arg2));
		printf("   %s = 0x%llx\n", arg1, (unsigned long long)ops_eval(ops, arg1));
	} else if (!strcmp(name, "vma") || !strcmp(name, "vmaend")) {
		find_vma_named(ops, arg1, arg2, !strcmp(name, "vmaend"));
	} else {
		return ops_cgroup_line(ops, words, nr_words);
	}
	return true;
}
