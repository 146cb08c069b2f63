// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * System calls that no file stands behind, answered for the machine: sysinfo(2) from
 * its meminfo, uptime and loadavg; kill(2), when a simulated process is meant, by
 * the same call of the machine's init; questions, by kmm-enter-ask.c. A row for each;
 * all others pass.
 */
#include "kmm-enter.h"

#include <errno.h>
#include <fcntl.h>
#include <seccomp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysinfo.h>
#include <sys/uio.h>
#include <unistd.h>

#include "kmm-enter-answer.h"

bool answer_read(const struct enter *enter, const char *path, char *text, size_t room)
{
	int fd = openat(enter->fd, path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, text, room - 1);

	if (fd >= 0)
		close(fd);
	text[n > 0 ? n : 0] = '\0';
	return n > 0;
}

int answer_give(const struct asked *asked, uint64_t addr, const void *data, size_t len)
{
	struct iovec from = { (void *)data, len }, to = { (void *)(uintptr_t)addr, len };

	if (seccomp_notify_id_valid(asked->fd, asked->call->id))
		return -ESRCH;
	return process_vm_writev((pid_t)asked->call->pid, &from, 1, &to, 1, 0) == (ssize_t)len ? 0 :
	       -EFAULT;
}

/* -- sysinfo --------------------------------------------------------------------- */

static uint64_t meminfo_bytes(const char *text, const char *label)
{
	const char *line = strstr(text, label);

	return line ? strtoull(line + strlen(label), NULL, 10) << 10 : 0;
}

struct figures {
	uint64_t uptime, loads[3], procs;
	uint64_t total, free, shared, buffers, total_swap, free_swap, total_high, free_high;
};

static bool read_figures(const struct enter *enter, struct figures *f)
{
	char text[8192];
	double loads[3];
	unsigned int procs;

	if (!answer_read(enter, "proc/uptime", text, sizeof(text)))
		return false;
	f->uptime = strtoull(text, NULL, 10);
	if (!answer_read(enter, "proc/loadavg", text, sizeof(text)) ||
	    sscanf(text, "%lf %lf %lf %*u/%u", &loads[0], &loads[1], &loads[2], &procs) != 4)
		return false;
	for (int i = 0; i < 3; i++)
		f->loads[i] = (uint64_t)(loads[i] * (1 << SI_LOAD_SHIFT) + 0.5);
	f->procs = procs;
	if (!answer_read(enter, "proc/meminfo", text, sizeof(text)))
		return false;
	f->total = meminfo_bytes(text, "MemTotal:");
	f->free = meminfo_bytes(text, "MemFree:");
	f->shared = meminfo_bytes(text, "\nShmem:");
	f->buffers = meminfo_bytes(text, "Buffers:");
	f->total_swap = meminfo_bytes(text, "SwapTotal:");
	f->free_swap = meminfo_bytes(text, "SwapFree:");
	f->total_high = meminfo_bytes(text, "HighTotal:");
	f->free_high = meminfo_bytes(text, "HighFree:");
	return true;
}

/* As a program of 32 bits on a kernel of 64 knows it. */
struct sysinfo32 {
	int32_t uptime;
	uint32_t loads[3];
	uint32_t total, free, shared, buffers, total_swap, free_swap;
	uint16_t procs, pad;
	uint32_t total_high, free_high, unit;
	char filler[8];
};
_Static_assert(sizeof(struct sysinfo32) == 64, "the layout of i386");

/* Counted in units that fit: all of them, when one does not. */
static void fill32(struct sysinfo32 *to, const struct figures *f)
{
	unsigned int shift = 0;

	while ((f->total | f->total_swap) >> shift > UINT32_MAX)
		shift++;
	*to = (struct sysinfo32){
		.uptime = (int32_t)f->uptime, .procs = (uint16_t)f->procs, .unit = 1U << shift,
		.loads = { (uint32_t)f->loads[0], (uint32_t)f->loads[1], (uint32_t)f->loads[2] },
		.total = (uint32_t)(f->total >> shift), .free = (uint32_t)(f->free >> shift),
		.shared = (uint32_t)(f->shared >> shift), .buffers = (uint32_t)(f->buffers >> shift),
		.total_swap = (uint32_t)(f->total_swap >> shift),
		.free_swap = (uint32_t)(f->free_swap >> shift),
		.total_high = (uint32_t)(f->total_high >> shift),
		.free_high = (uint32_t)(f->free_high >> shift),
	};
}

static void fill(struct sysinfo *to, const struct figures *f)
{
	*to = (struct sysinfo){
		.uptime = (long)f->uptime, .procs = (unsigned short)f->procs, .mem_unit = 1,
		.loads = { f->loads[0], f->loads[1], f->loads[2] },
		.totalram = f->total, .freeram = f->free, .sharedram = f->shared,
		.bufferram = f->buffers, .totalswap = f->total_swap, .freeswap = f->free_swap,
		.totalhigh = f->total_high, .freehigh = f->free_high,
	};
}

static int answer_sysinfo(struct asked *asked)
{
	uint64_t addr = asked->call->data.args[0];
	struct figures figures;
	struct sysinfo32 info32;
	struct sysinfo info;

	if (!read_figures(asked->enter, &figures))
		return -EIO;
	if (asked->call->data.arch == SCMP_ARCH_X86) {
		fill32(&info32, &figures);
		return answer_give(asked, addr, &info32, sizeof(info32));
	}
	fill(&info, &figures);
	return answer_give(asked, addr, &info, sizeof(info));
}

/* -- kill ------------------------------------------------------------------------ */

/* A pid, or a group's number below 0. This process is 1, but nobody inside can mean it. */
bool answer_is_visitor(int pid)
{
	return (pid > 1 || pid < -1) && !kill(pid, 0);
}

bool answer_is_simulated(const struct enter *enter, int pid)
{
	char path[32];

	snprintf(path, sizeof(path), "proc/%d/stat", pid);
	return pid > 0 && !faccessat(enter->fd, path, F_OK, 0);
}

/* init sends it: whoever may enter may do that. */
static int kill_simulated(const struct enter *enter, int pid, int sig)
{
	int fd = openat(enter->fd, "proc/1/ctl", O_WRONLY | O_CLOEXEC), err = 0;
	char line[64];
	int len = snprintf(line, sizeof(line), "kill %d %d\n", pid, sig);

	if (fd < 0)
		return -errno;
	if (write(fd, line, (size_t)len) < 0)
		err = -errno;
	close(fd);
	return err;
}

/* A visitor is found first, as is "all of them" and "my own group". */
static int answer_kill(struct asked *asked)
{
	int pid = (int)asked->call->data.args[0], sig = (int)asked->call->data.args[1];

	if (pid == 0 || pid == -1 || answer_is_visitor(pid))
		return PASS;
	if (sig < 0 || sig > SIGRTMAX)
		return -EINVAL;
	if (pid > 0 && !answer_is_simulated(asked->enter, pid))
		return -ESRCH;
	return kill_simulated(asked->enter, pid, sig);
}

/* -- the filter ------------------------------------------------------------------ */

struct answer {
	const char *name;
	int (*run)(struct asked *asked);
	int others;		/* asked only when this argument is not 0; -1: always */
};

static const struct answer answers[] = {
	{ "getpgid", answer_getpgid, 0 },
	{ "getpriority", answer_getpriority, 1 },
	{ "getsid", answer_getsid, 0 },
	{ "ioprio_get", answer_ioprio, 1 },
	{ "kill", answer_kill, 0 },
	{ "sched_getaffinity", answer_affinity, -1 },
	{ "sched_getscheduler", answer_scheduler, 0 },
	{ "sysinfo", answer_sysinfo, -1 },
	{ "uname", answer_uname, -1 },
};

static int add_rule(scmp_filter_ctx filter, const struct answer *answer)
{
	int nr = seccomp_syscall_resolve_name(answer->name);

	if (answer->others < 0)
		return seccomp_rule_add(filter, SCMP_ACT_NOTIFY, nr, 0);
	return seccomp_rule_add(filter, SCMP_ACT_NOTIFY, nr, 1,
				SCMP_CMP((unsigned int)answer->others, SCMP_CMP_NE, 0));
}

int answer_listen(void)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
	int err = filter ? 0 : -ENOMEM, fd;

	/* Programs of other machines get the host's answers. */
	if (!err)
		err = seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_ALLOW);
	if (!err && seccomp_arch_native() == SCMP_ARCH_X86_64)
		err = seccomp_arch_add(filter, SCMP_ARCH_X86);
	for (size_t i = 0; !err && i < ARRAY_SIZE(answers); i++)
		err = add_rule(filter, &answers[i]);
	if (!err)
		err = seccomp_load(filter);
	fd = err ? -1 : seccomp_notify_fd(filter);
	if (err)
		enter_fail(-err, "sysinfo(2) gets the host's answer, kill(2) does not reach simulated "
			   "processes: no seccomp notification");
	seccomp_release(filter);
	return fd;
}

static int run_answer(struct asked *asked)
{
	const struct seccomp_data *data = &asked->call->data;

	for (size_t i = 0; i < ARRAY_SIZE(answers); i++) {
		if (seccomp_syscall_resolve_name_arch(data->arch, answers[i].name) == data->nr)
			return answers[i].run(asked);
	}
	return PASS;
}

bool answer_one(const struct enter *enter, int fd)
{
	struct seccomp_notif *call;
	struct seccomp_notif_resp *reply;
	struct asked asked = { .enter = enter, .fd = fd };
	int ret;

	if (seccomp_notify_alloc(&call, &reply))
		return false;
	/* Who asked may have been killed meanwhile: ENOENT. */
	if (!seccomp_notify_receive(fd, call)) {
		asked.call = call;
		ret = run_answer(&asked);
		reply->id = call->id;
		reply->error = ret == PASS ? 0 : ret;
		reply->val = ret ? 0 : asked.value;
		reply->flags = ret == PASS ? SECCOMP_USER_NOTIF_FLAG_CONTINUE : 0;
		seccomp_notify_respond(fd, reply);
	}
	seccomp_notify_free(call, reply);
	return true;
}
