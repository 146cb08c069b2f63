// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Questions that programs ask by system call, answered from the machine's files: who is
 * this kernel, which CPUs are there, and what /proc/PID/stat says of a simulated
 * process. Visitors' own processes are the host's to tell.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/utsname.h>

#include "kmm-enter-answer.h"

/* -- The machine. ------------------------------------------------------------------ */

static void read_line(const struct enter *enter, const char *path, char line[_UTSNAME_LENGTH])
{
	if (answer_read(enter, path, line, _UTSNAME_LENGTH))
		line[strcspn(line, "\n")] = '\0';
}

int answer_uname(struct asked *asked)
{
	struct utsname name;

	/* The CPU's name, as programs that run here need it. */
	if (uname(&name))
		return -errno;
	read_line(asked->enter, "proc/sys/kernel/hostname", name.nodename);
	read_line(asked->enter, "proc/sys/kernel/osrelease", name.release);
	read_line(asked->enter, "proc/sys/kernel/version", name.version);
	return answer_give(asked, asked->call->data.args[0], &name, sizeof(name));
}

#define MAX_CPUS 8192

/* A list as 0-3,6: its CPUs in words of 64, the number of the last one + 1. */
static unsigned int parse_cpus(const char *text, uint64_t words[MAX_CPUS / 64])
{
	unsigned long first, last, end = 0;
	char *rest;

	memset(words, 0, MAX_CPUS / 8);
	for (; *text >= '0' && *text <= '9'; text = *rest == ',' ? rest + 1 : rest) {
		first = last = strtoul(text, &rest, 10);
		if (*rest == '-')
			last = strtoul(rest + 1, &rest, 10);
		for (; first <= last && first < MAX_CPUS; first++) {
			words[first / 64] |= 1ULL << (first % 64);
			end = first + 1;
		}
	}
	return (unsigned int)end;
}

/* All that are on line, for visitors and simulated processes alike. */
int answer_affinity(struct asked *asked)
{
	int pid = (int)asked->call->data.args[0];
	uint64_t len = asked->call->data.args[1], words[MAX_CPUS / 64];
	unsigned int nr;
	char text[4096];
	int err;

	if (pid && !answer_is_visitor(pid) && !answer_is_simulated(asked->enter, pid))
		return -ESRCH;
	if (!answer_read(asked->enter, "sys/devices/system/cpu/possible", text, sizeof(text)))
		return PASS;
	nr = (parse_cpus(text, words) + 63) / 64 * 8;
	if (!answer_read(asked->enter, "sys/devices/system/cpu/online", text, sizeof(text)))
		return PASS;
	parse_cpus(text, words);
	if (len % sizeof(long) || len < nr)
		return -EINVAL;
	err = answer_give(asked, asked->call->data.args[2], words, nr);
	asked->value = nr;
	return err;
}

/* -- Simulated processes. ------------------------------------------------------------ */

/* The field of this number of PID/stat, counted from 1. The name may hold anything. */
static int stat_field(struct asked *asked, int pid, unsigned int number, long long *field)
{
	char path[32], text[2048], *rest;

	if (pid <= 0 || answer_is_visitor(pid))
		return PASS;
	snprintf(path, sizeof(path), "proc/%d/stat", pid);
	if (!answer_read(asked->enter, path, text, sizeof(text)))
		return -ESRCH;
	rest = strrchr(text, ')');
	for (unsigned int i = 2; rest && i < number; i++)
		rest = strchr(rest + 1, ' ');
	*field = rest ? atoll(rest + 1) : 0;
	return 0;
}

static int plain_field(struct asked *asked, unsigned int number)
{
	long long field = 0;
	int ret = stat_field(asked, (int)asked->call->data.args[0], number, &field);

	asked->value = field;
	return ret;
}

int answer_getpgid(struct asked *asked)
{
	return plain_field(asked, 5);
}

int answer_getsid(struct asked *asked)
{
	return plain_field(asked, 6);
}

int answer_scheduler(struct asked *asked)
{
	return plain_field(asked, 41);
}

int answer_getpriority(struct asked *asked)
{
	long long nice = 0;
	int ret;

	if (asked->call->data.args[0] != PRIO_PROCESS)
		return PASS;
	ret = stat_field(asked, (int)asked->call->data.args[1], 19, &nice);
	/* The call itself has no negative results. */
	asked->value = 20 - nice;
	return ret;
}

#define IOPRIO_WHO_PROCESS 1

/* Nobody sets one. */
int answer_ioprio(struct asked *asked)
{
	long long field;

	if (asked->call->data.args[0] != IOPRIO_WHO_PROCESS)
		return PASS;
	return stat_field(asked, (int)asked->call->data.args[1], 3, &field);
}
