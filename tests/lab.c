// SPDX-License-Identifier: GPL-2.0-or-later
/* The tree's own interface, as kmm-run uses it: no mount. */
#include "lab.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "sim/virt/task.h"
#include "support.h"

/* The file has been read, with this result. */
static int open_config(struct lab *lab, const char *machine, int err, char *error)
{
	if (!err)
		err = tree_create(lab->config, &lab->tree, &error);
	if (err) {
		fprintf(stderr, "%s: %s\n", machine, error ? error : "no reason given");
		machine_config_free(lab->config);
		lab->config = NULL;
	}
	free(error);
	return err;
}

int lab_open_set(struct lab *lab, const char *machine, const char *const *sets)
{
	char *error = NULL;
	int err;

	*lab = (struct lab){ .me = { 0 } };
	err = machine_config_load(machine, sets, &lab->config, &error);
	return open_config(lab, machine, err, error);
}

int lab_open_text(struct lab *lab, const char *text, const char *const *sets)
{
	char *error = NULL;
	int err;

	*lab = (struct lab){ .me = { 0 } };
	err = machine_config_parse("test", text, sets, &lab->config, &error);
	return open_config(lab, "test", err, error);
}

int lab_open(struct lab *lab, const char *machine)
{
	return lab_open_set(lab, machine, NULL);
}

void lab_close(struct lab *lab)
{
	tree_free(lab->tree);
	machine_config_free(lab->config);
	out_free(&lab->out);
	out_free(&lab->sentence);
}

int lab_run(struct lab *lab, const char *line)
{
	out_clear(&lab->out);
	out_clear(&lab->sentence);
	return tree_run(lab->tree, line, lab->me, &lab->out, &lab->sentence);
}

void lab_expect(struct lab *lab, int err, const char *format, ...)
{
	char line[400];
	va_list args;
	int found;

	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	found = lab_run(lab, line);
	if (found != -err && found != err)
		printf("\n  %s: expected %d, found %d: %s\n", line, err, found,
		       lab_text(&lab->sentence));
	CU_ASSERT(found == -err || found == err);
}

void lab_fork_into(struct lab *lab, const char *name, const char *group)
{
	char path[60];

	lab_expect(lab, 0, "sim/as/init/ctl: fork as %s", name);
	snprintf(path, sizeof(path), "sim/as/%s/stat", name);
	lab_expect(lab, 0, "sys/fs/cgroup%s/cgroup.procs: %d", group, atoi(lab_cat(lab, path)));
}

const char *lab_text(const struct out *out)
{
	return out->text ? out->text : "";
}

const char *lab_cat(struct lab *lab, const char *path)
{
	char line[256];

	snprintf(line, sizeof(line), "cat %s", path);
	CU_ASSERT_EQUAL(lab_run(lab, line), 0);
	return lab_text(&lab->out);
}

s64 lab_figure(struct lab *lab, const char *path, const char *name)
{
	const char *line = lab_cat(lab, path);
	size_t len = strlen(name);

	while (line && (strncmp(line, name, len) || line[len] != ' ')) {
		line = strchr(line, '\n');
		line += line != NULL;
	}
	if (!line)
		fprintf(stderr, "%s: there is no figure %s\n", path, name);
	CU_ASSERT_PTR_NOT_NULL_FATAL(line);
	return strtoll(line + len, NULL, 10);
}

void lab_check(struct lab *lab)
{
	const char *text = lab_cat(lab, "sim/check");
	bool clean = !strncmp(text, "clean ", 6);

	if (!clean)
		fprintf(stderr, "\n%.4000s", text);
	CU_ASSERT(clean);
}

void lab_end_tasks(struct lab *lab)
{
	const struct machine *m = tree_machine(lab->tree);
	const struct task_struct *t;
	u32 pid = PID_INIT;
	char line[64];

	while ((t = task_next(m, pid + 1))) {
		pid = t->pid;
		if ((t->flags & PF_KTHREAD) || t->tgid == PID_INIT)
			continue;
		snprintf(line, sizeof(line), "proc/1/ctl: kill %u KILL", t->tgid);
		if (lab_run(lab, line))
			fprintf(stderr, "%s: %s\n", line, lab_text(&lab->sentence));
	}
	while (!lab_run(lab, "proc/1/ctl: wait4 -1"))
		continue;
}

void lab_end(struct lab *lab)
{
	lab_check(lab);
	lab_end_tasks(lab);
	lab_check(lab);
	lab_close(lab);
}

void lab_spare_tasks(struct lab *lab)
{
	struct machine *m = (struct machine *)(uintptr_t)tree_machine(lab->tree);

	lab->no_killer = *m->pressure;
	lab->no_killer.out_of_memory = NULL;
	m->pressure = &lab->no_killer;
}

void lab_digest(struct lab *lab, char text[DIGEST_CHARS + 1])
{
	machine_digest(tree_machine(lab->tree), text);
}

struct handle *lab_handle(struct lab *lab, const char *path, int flags)
{
	struct handle *handle = NULL;
	struct node node;

	if (tree_walk(lab->tree, path, lab->me, &node) ||
	    tree_open(lab->tree, node, lab->me, flags, &handle)) {
		fprintf(stderr, "%s cannot be opened\n", path);
		abort();
	}
	return handle;
}

ssize_t lab_write(struct handle *handle, const char *text)
{
	return handle_write(handle, 0, text, strlen(text));
}

const char *lab_read(struct handle *handle, char *buf, size_t room)
{
	size_t len = 0;
	ssize_t n;

	while ((n = handle_read(handle, 0, buf + len, room - 1 - len)) > 0)
		len += n;
	CU_ASSERT_EQUAL(n, 0);
	buf[len] = '\0';
	return buf;
}
