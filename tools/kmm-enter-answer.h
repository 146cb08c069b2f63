/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the answers to system calls share. An answer returns 0, with the call's result in
 * asked->value, or -errno, or PASS.
 */
#ifndef KMM_TOOLS_ENTER_ANSWER_H
#define KMM_TOOLS_ENTER_ANSWER_H

#include <seccomp.h>
#include <stddef.h>
#include <stdint.h>

#include "kmm-enter.h"

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))
#define PASS INT32_MAX		/* the kernel goes on with the call as it is */

struct asked {
	const struct enter *enter;
	const struct seccomp_notif *call;
	int fd;			/* of the calls that wait */
	int64_t value;
};

/* The start of one of the machine's files, as text. False: there is none, or nothing. */
bool answer_read(const struct enter *enter, const char *path, char *text, size_t room);
/* Put bytes into the memory of who asks. 0 or -errno. */
int answer_give(const struct asked *asked, uint64_t addr, const void *data, size_t len);

bool answer_is_visitor(int pid);
bool answer_is_simulated(const struct enter *enter, int pid);

/* -- kmm-enter-ask.c: about the machine, and about simulated processes --------------- */

int answer_uname(struct asked *asked);
int answer_affinity(struct asked *asked);
int answer_getpgid(struct asked *asked);
int answer_getsid(struct asked *asked);
int answer_getpriority(struct asked *asked);
int answer_scheduler(struct asked *asked);
int answer_ioprio(struct asked *asked);

#endif
