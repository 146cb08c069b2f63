// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What keeps visitors in: namespaces (of mounts, pids, IPC and the host's name; of
 * users, too, where it takes one to be allowed the rest), and no capabilities.
 */
#include "kmm-enter.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/securebits.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define SPACES (CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS)

static int refused(const char *what, int err)
{
	return enter_fail(0, "%s: %s; run it as root, or let users have namespaces (sysctl: "
			  "user.max_user_namespaces above 0, kernel.unprivileged_userns_clone=1, "
			  "kernel.apparmor_restrict_unprivileged_userns=0, where there are such)",
			  what, strerror(err));
}

static int write_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC), err = 0;

	if (fd < 0)
		return errno;
	if (write(fd, text, strlen(text)) < 0)
		err = errno;
	close(fd);
	return err;
}

/* Inside a user namespace everybody stays who he is. */
static int map_ids(uid_t uid, gid_t gid)
{
	char text[64];
	int err;

	err = write_text("/proc/self/setgroups", "deny");
	if (err && err != ENOENT)
		return refused("setgroups", err);
	snprintf(text, sizeof(text), "%u %u 1\n", uid, uid);
	err = write_text("/proc/self/uid_map", text);
	if (err)
		return refused("uid_map", err);
	snprintf(text, sizeof(text), "%u %u 1\n", gid, gid);
	err = write_text("/proc/self/gid_map", text);
	return err ? refused("gid_map", err) : 0;
}

int enter_namespaces(struct enter *enter)
{
	uid_t uid = geteuid();
	gid_t gid = getegid();

	if (access("/proc/self/uid_map", F_OK))
		return enter_fail(0, "/proc is not the host's: inside a machine one cannot enter "
				  "another; leave this one first");
	if (uid == 0 && !unshare(SPACES))
		return 0;
	if (unshare(SPACES | CLONE_NEWUSER))
		return refused("namespaces", errno);
	enter->user_ns = true;
	return map_ids(uid, gid);
}

static long read_number(const char *path)
{
	FILE *file = fopen(path, "re");
	long number = 0;

	if (file && fscanf(file, "%ld", &number) != 1)
		number = 0;
	if (file)
		fclose(file);
	return number;
}

static long highest_simulated_pid(const struct enter *enter)
{
	int fd = openat(enter->fd, "proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;
	long highest = 0;

	while (dir && (entry = readdir(dir))) {
		long pid = strtol(entry->d_name, NULL, 10);

		highest = pid > highest ? pid : highest;
	}
	if (dir)
		closedir(dir);
	return highest;
}

/*
 * From three quarters of what there can be: the rest is for visitors, until the numbers
 * begin anew. Who gets a simulated process's number then is called "caller".
 */
int enter_high_pids(const struct enter *enter)
{
	long max = read_number("/proc/sys/kernel/pid_max"), first;
	long highest = highest_simulated_pid(enter);
	char text[32];
	int err;

	if (max <= 0)
		max = 32768;
	first = max / 4 * 3;
	if (first <= highest)
		first = highest + (max - highest) / 4;
	snprintf(text, sizeof(text), "%ld", first);
	err = write_text("/proc/sys/kernel/ns_last_pid", text);
	return err ? refused("/proc/sys/kernel/ns_last_pid", err) : 0;
}

static int set_capabilities(unsigned long long mask)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];

	for (unsigned int i = 0; i < _LINUX_CAPABILITY_U32S_3; i++) {
		__u32 part = (__u32)(mask >> (32 * i));

		data[i] = (struct __user_cap_data_struct){ .effective = part, .permitted = part };
	}
	return syscall(SYS_capset, &header, data) ? errno : 0;
}

int enter_drop_rights(unsigned long long kept)
{
	const unsigned long bits = SECBIT_NOROOT | SECBIT_NOROOT_LOCKED |
		SECBIT_NO_SETUID_FIXUP | SECBIT_NO_SETUID_FIXUP_LOCKED |
		SECBIT_KEEP_CAPS_LOCKED | SECBIT_NO_CAP_AMBIENT_RAISE |
		SECBIT_NO_CAP_AMBIENT_RAISE_LOCKED;
	int err;

	prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	for (int cap = 0; cap < 64; cap++) {
		if (prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) && errno == EPERM)
			return enter_fail(errno, "capabilities cannot be given up");
	}
	if (prctl(PR_SET_SECUREBITS, bits, 0, 0, 0))
		return enter_fail(errno, "securebits");
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return enter_fail(errno, "no_new_privs");
	err = set_capabilities(kept);
	return err ? enter_fail(err, "capset") : 0;
}
