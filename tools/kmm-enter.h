/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * kmm-enter: a shell, or any command, to which a mounted machine is /proc and /sys.
 * Three processes: the one that was called only waits; the first of the new pid
 * namespace makes the mounts, reaps, and answers system calls; the visitor is the
 * command. What goes wrong is said once, on standard error, with what to do.
 */
#ifndef KMM_TOOLS_ENTER_H
#define KMM_TOOLS_ENTER_H

#include <signal.h>
#include <stdbool.h>
#include <sys/types.h>

struct enter {
	char *mount;		/* the machine's mount point, absolute */
	int fd;			/* the same, opened: all its files are found below */
	char **command;
	bool read_only;		/* no file but the machine's can be written */
	bool user_ns;		/* it took a user namespace of its own to get here */
};

/* What the waiting processes look after, and what they pass on to the visitor. */
void enter_signals(sigset_t *set);

/* "kmm-enter: ...", with the text of errno where err is not 0. Returns 1. */
int enter_fail(int err, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* -- kmm-enter-mounts.c -------------------------------------------------------- */

/* The mounts as the visitor has them. 0, or 1 when that was said. */
int enter_mounts(const struct enter *enter);

/* -- kmm-enter-rights.c -------------------------------------------------------- */

/* New namespaces for the children to come. 0, or 1 when that was said. */
int enter_namespaces(struct enter *enter);

/* The next pids are far above those of simulated processes. 0, or 1 when that was said. */
int enter_high_pids(const struct enter *enter);

/* No capability is left, and none comes back; but for those of the mask `kept`. */
int enter_drop_rights(unsigned long long kept);

#define RIGHT_TO_WRITE_MEMORY (1ULL << 19)	/* CAP_SYS_PTRACE */

/* -- kmm-enter-answer.c -------------------------------------------------------- */

/*
 * From here on some system calls of this process and all its children are asked of who
 * has the descriptor that is returned. -1: the kernel does not do that; said, not fatal.
 */
int answer_listen(void);

/* Answer the call that waits. False: nobody is left who could ask. */
bool answer_one(const struct enter *enter, int fd);

/* -- kmm-enter-init.c ---------------------------------------------------------- */

/* The namespace's first process: starts the visitor, ends with it. Does not return. */
void enter_init(const struct enter *enter) __attribute__((noreturn));

#endif
