// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A row for each text that is taken apart. A file that this machine does not have is
 * passed over, one that does not render is an error of the whole check.
 */
#include "fs/sim/check.h"

#include <stdio.h>
#include <stdlib.h>

#include "fs/core/tree_struct.h"
#include "sim/virt/task.h"

static const struct {
	const char *path;
	void (*validate)(const struct machine *m, const char *text, struct check *check);
} texts[] = {
	{ "proc/buddyinfo", buddyinfo_check },
	{ "proc/pagetypeinfo", pagetypeinfo_check },
	{ "proc/zoneinfo", zoneinfo_check },
	{ "proc/slabinfo", slabinfo_check },
	{ "proc/meminfo", meminfo_check },
};

/* The tree's own interface takes the lock, which the caller has. */
static int render(struct tree *tree, const char *path, struct out *out)
{
	const struct caller nobody = { 0 };
	struct node node = NODE_ROOT;
	struct view view;
	char part[256];
	int err = 0;

	while (!err && *path) {
		size_t len = strcspn(path, "/");

		if (len >= sizeof(part))
			return -ENAMETOOLONG;
		memcpy(part, path, len);
		part[len] = '\0';
		path += len + (path[len] == '/');
		err = node_child(tree, node, part, nobody, &node);
	}
	if (!err)
		err = node_view(tree, node, nobody, &view);
	if (!err)
		err = view.entry->show(out, &view);
	if (!err)
		out_puts(out, "");
	return err ? err : out_error(out);
}

struct renderer {
	struct tree *tree;
	struct out out;
	int err;
};

static const char *render_path(void *arg, const char *path)
{
	struct renderer *renderer = arg;
	int err;

	out_clear(&renderer->out);
	err = render(renderer->tree, path, &renderer->out);
	if (err && err != -ENOENT)
		renderer->err = err;
	return err || !renderer->out.text ? NULL : renderer->out.text;
}

int check_text(const struct machine *m, const char *path, const char *text,
	       struct check *check)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(texts); i++) {
		if (strcmp(texts[i].path, path))
			continue;
		texts[i].validate(m, text, check);
		return 0;
	}
	return -ENOENT;
}

/* A task's files, as they are now. */
static int check_task(struct tree *tree, const struct task_struct *task, struct check *check)
{
	static const char *const names[] = { "maps", "smaps", "smaps_rollup", "status", "statm" };
	struct out outs[ARRAY_SIZE(names)];
	char path[64];
	int err = 0;

	for (unsigned int i = 0; i < ARRAY_SIZE(names); i++) {
		outs[i] = (struct out)OUT_INIT;
		snprintf(path, sizeof(path), "proc/%u/%s", task->pid, names[i]);
		if (!err)
			err = render(tree, path, &outs[i]);
	}
	if (!err)
		task_texts_check(tree->machine, task->mm, &(struct task_texts){
			.maps = outs[0].text, .smaps = outs[1].text, .rollup = outs[2].text,
			.status = outs[3].text, .statm = outs[4].text,
		}, check);
	for (unsigned int i = 0; i < ARRAY_SIZE(names); i++)
		out_free(&outs[i]);
	return err;
}

/* Of each address space one task's. */
static int check_tasks(struct tree *tree, struct check *check)
{
	const struct machine *m = tree->machine;
	int err = 0;

	for (const struct task_struct *t = task_next(m, 0); t && !err; t = task_next(m, t->pid + 1))
		if (t->mm && t->pid == t->tgid && !(t->flags & PF_KTHREAD))
			err = check_task(tree, t, check);
	return err;
}

static int check_sums(struct tree *tree, struct check *check)
{
	struct out vmstat = OUT_INIT, zoneinfo = OUT_INIT;
	int err = render(tree, "proc/vmstat", &vmstat);

	if (!err)
		err = render(tree, "proc/zoneinfo", &zoneinfo);
	if (!err)
		vmstat_check(tree->machine, vmstat.text, zoneinfo.text, check);
	out_free(&vmstat);
	out_free(&zoneinfo);
	return err;
}

int tree_check(struct tree *tree, struct check *check)
{
	struct renderer renderer = { .tree = tree, .out = OUT_INIT };
	const struct slab_text files = { render_path, &renderer };
	int err;

	check->scripted = true;
	machine_check(tree->machine, check);
	for (unsigned int i = 0; i < ARRAY_SIZE(texts) && !renderer.err; i++) {
		const char *text = render_path(&renderer, texts[i].path);

		if (text)
			texts[i].validate(tree->machine, text, check);
	}
	if (!renderer.err)
		slab_sysfs_check(tree->machine, &files, check);
	err = renderer.err ? renderer.err : check_sums(tree, check);
	if (!err)
		err = check_tasks(tree, check);
	out_free(&renderer.out);
	return err;
}

bool text_line(const char **text, char line[512])
{
	size_t len = strcspn(*text, "\n"), kept = MIN(len, 511);

	if (!**text)
		return false;
	memcpy(line, *text, kept);
	line[kept] = '\0';
	*text += len + ((*text)[len] == '\n');
	return true;
}

bool text_number(const char **at, u64 *number)
{
	const char *p = *at + strspn(*at, " \t");
	char *end;

	if (*p < '0' || *p > '9')
		return false;
	*number = strtoull(p, &end, 10);
	*at = end;
	return true;
}

static const char *line_behind(const char *line)
{
	const char *end = strchr(line, '\n');

	return end ? end + 1 : NULL;
}

bool text_figure(const char *text, const char *label, u64 *number)
{
	size_t len = strlen(label);

	for (const char *p = text; p && *p; p = line_behind(p)) {
		const char *at = p + len;

		if (!strncmp(p, label, len))
			return text_number(&at, number);
	}
	return false;
}

const struct zone *text_zone(const struct machine *m, const char *line, const char **rest)
{
	u64 nid;

	if (strncmp(line, "Node", 4))
		return NULL;
	line += 4;
	if (!text_number(&line, &nid) || nid >= m->nr_nodes || !m->nodes[nid] ||
	    strncmp(line, ", zone", 6))
		return NULL;
	line += 6 + strspn(line + 6, " ");
	for (unsigned int type = 0; type < MAX_NR_ZONES; type++) {
		const struct zone *zone = m->nodes[nid]->zones[type];
		size_t len = zone ? strlen(zone->name) : 0;

		if (!zone || strncmp(line, zone->name, len) || !strchr(", ", line[len]))
			continue;
		*rest = line + len;
		return zone;
	}
	return NULL;
}

void check_shown(struct check *check, const char *id, const char *object, const char *what,
		 u64 expected, u64 found)
{
	check->nr_checked++;
	if (expected != found)
		check_fail(check, id, "%s: expected %s %llu, found %llu", object, what,
			   (unsigned long long)expected, (unsigned long long)found);
}
