// SPDX-License-Identifier: GPL-2.0-or-later
/* All files below proc/PID are read, whatever state the tasks are in. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "lab.h"

#include "sim/virt/task.h"

#define MAX_LISTED 60		/* names of one directory that are visited */
#define MAX_DEPTH 4
#define MAX_READ (256 << 10)	/* bytes of one file */

struct listing {
	struct node nodes[MAX_LISTED];
	mode_t modes[MAX_LISTED];
	unsigned int nr;
};

static bool list_one(void *arg, const char *name, struct node node, mode_t mode, u64 next)
{
	struct listing *list = arg;

	if (!strcmp(name, ".") || !strcmp(name, ".."))
		return true;
	list->nodes[list->nr] = node;
	list->modes[list->nr++] = mode;
	return list->nr < MAX_LISTED;
}

static void read_node(struct lab *lab, struct node node)
{
	static const u64 starts[] = { 0, 0x400000000ULL, 0x3fffffff000ULL };
	struct handle *handle;
	char buf[8192];

	if (tree_open(lab->tree, node, lab->me, O_RDONLY, &handle))
		return;
	for (unsigned int i = 0; i < ARRAY_SIZE(starts) && !handle_is_stream(handle); i++) {
		u64 at = starts[i];
		ssize_t n;

		do {
			n = handle_read(handle, at, buf, sizeof(buf));
			at += n > 0 ? (u64)n : 0;
		} while (n > 0 && at - starts[i] < MAX_READ);
	}
	handle_release(handle);
}

static void read_below(struct lab *lab, struct node dir, unsigned int depth)
{
	struct listing *list = calloc(1, sizeof(*list));

	if (!list)
		abort();
	if (!tree_readdir(lab->tree, dir, lab->me, 0, list_one, list)) {
		for (unsigned int i = 0; i < list->nr; i++) {
			struct out link = OUT_INIT;

			if (S_ISREG(list->modes[i]))
				read_node(lab, list->nodes[i]);
			else if (S_ISDIR(list->modes[i]) && depth < MAX_DEPTH)
				read_below(lab, list->nodes[i], depth + 1);
			else if (tree_readlink(lab->tree, list->nodes[i], lab->me, &link))
				out_clear(&link);
			out_free(&link);
		}
	}
	free(list);
}

void fuzz_read(struct lab *lab)
{
	const struct machine *m = tree_machine(lab->tree);

	for (const struct task_struct *t = process_next(m, 1); t; t = process_next(m, t->pid + 1)) {
		struct node node;
		char path[32];

		snprintf(path, sizeof(path), "proc/%u", t->pid);
		if (t->flags & PF_KTHREAD && t->pid % 8)
			continue;
		if (!tree_walk(lab->tree, path, lab->me, &node))
			read_below(lab, node, 0);
	}
}
