/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel's log and the steps of the boot. printk() lines are what sim/dmesg
 * shows ("<6>[    0.000000] text"); each boot step is a file sim/boot/NN-NAME
 * with text of its own.
 */
#ifndef KMM_BOOT_BOOT_LOG_H
#define KMM_BOOT_BOOT_LOG_H

#include "sim/machine.h"

struct boot_step {
	char name[32];		/* "01-command-line": numbered as they come */
	struct out text;
};

struct boot_log {
	struct out dmesg;
	struct boot_step steps[32];
	unsigned int nr_steps;
};

/* One line; level as in <N>. The time is the machine's virtual time. */
void printk(struct machine *m, int level, const char *fmt, ...) __printf(3, 4);
/* Begin a step ("e820"): later boot_note() lines go to its file. */
void boot_step(struct machine *m, const char *name);
void boot_note(struct machine *m, const char *fmt, ...) __printf(2, 3);

struct boot_log *boot_log_new(struct arena *arena) __must_check;
/* 0, or -ENOMEM if a line was lost. */
int boot_log_error(const struct boot_log *log) __must_check;
void boot_log_free(struct arena *arena, struct boot_log *log);

#endif
