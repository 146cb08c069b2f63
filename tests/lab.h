/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A tree around a machine, and short ways to open, write and read its files. */
#ifndef KMM_TESTS_LAB_H
#define KMM_TESTS_LAB_H

#include "fs/core/tree.h"
#include "sim/phys/pressure.h"

struct lab {
	struct machine_config *config;
	struct tree *tree;
	struct caller me;
	struct out out, sentence;	/* of the last lab_run() */
	struct pressure_ops no_killer;	/* lab_spare_tasks() */
};

/* 0, or -errno with the reason on standard error. sets: as of kmm-run --set. */
int lab_open_set(struct lab *lab, const char *machine, const char *const *sets);
int lab_open(struct lab *lab, const char *machine);
/* A machine file of this text. */
int lab_open_text(struct lab *lab, const char *text, const char *const *sets);
/* What lab_open() took; fine after it failed. */
void lab_close(struct lab *lab);
/* One line; its errno. The reply is in lab->out, the reason in lab->sentence. */
int lab_run(struct lab *lab, const char *line);
/* A line that must come to this errno, of either sign: else it is told, and fails. */
void lab_expect(struct lab *lab, int err, const char *format, ...) __printf(3, 4);
/* A child of init, which begins in the control group. */
void lab_fork_into(struct lab *lab, const char *name, const char *group);
/* Never NULL. */
const char *lab_text(const struct out *out);
/* What a file says; good until the next lab_run(). */
const char *lab_cat(struct lab *lab, const char *path);
/* The number behind a name, which begins a line of a file and ends with a blank; fatal: none. */
s64 lab_figure(struct lab *lab, const char *path, const char *name);
/* Nothing is broken, says sim/check: the engine, and what files show of it. */
void lab_check(struct lab *lab);
/* Every task but init is killed and waited for. */
void lab_end_tasks(struct lab *lab);
/* lab_check(), before all tasks end and after, and lab_close(). */
void lab_end(struct lab *lab);
/* Till the machine reboots nobody is killed when memory is out: calls fail. */
void lab_spare_tasks(struct lab *lab);
void lab_digest(struct lab *lab, char text[DIGEST_CHARS + 1]);
/* The file, opened with flags as of open(2). Aborts if that fails. */
struct handle *lab_handle(struct lab *lab, const char *path, int flags);
/* As write(2): what was taken, or -errno. */
ssize_t lab_write(struct handle *handle, const char *text);
/* Everything that waits, as one text. */
const char *lab_read(struct handle *handle, char *buf, size_t room);

#endif
