// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * PID/mountinfo, mounts, mountstats: where the machine's file systems are, one row for
 * each. Those of files have the device that maps and fdinfo show. (proc/mounts is
 * the caller's own, since that is what programs ask it for.)
 */
#include "fs/core/entry.h"
#include "fs/proc/pid.h"
#include "sim/virt/file.h"

struct mounted {
	const char *path, *source, *type, *options;
	u32 minor;		/* of what has no files of tasks; 0: ask the path */
};

static const struct mounted mounts[] = {
	{ "/", "/dev/root", "ext4", "rw,relatime", 0 },
	{ "/dev", "devtmpfs", "devtmpfs", "rw,relatime", 0 },
	{ "/proc", "proc", "proc", "rw,relatime", 22 },
	{ "/sys", "sysfs", "sysfs", "rw,relatime", 23 },
	{ "/sys/fs/cgroup", "cgroup2", "cgroup2", "rw,relatime", 27 },
	{ "/sys/kernel/debug", "debugfs", "debugfs", "rw,relatime", 8 },
	{ "/sys/kernel/tracing", "tracefs", "tracefs", "rw,relatime", 13 },
	{ "/dev/shm", "tmpfs", "tmpfs", "rw,relatime", 0 },
	{ "/tmp", "tmpfs", "tmpfs", "rw,relatime", 0 },
	{ "/run", "tmpfs", "tmpfs", "rw,relatime", 0 },
};

#define ROOT_ID 21U

/* The mount that a path lies in: the last one before it that is a part of it. */
static unsigned int parent_of(unsigned int i)
{
	for (unsigned int j = i; j-- > 1;) {
		size_t len = strlen(mounts[j].path);

		if (!strncmp(mounts[i].path, mounts[j].path, len) && mounts[i].path[len] == '/')
			return ROOT_ID + j;
	}
	return i ? ROOT_ID : 1;
}

static int mountinfo_show(struct out *out, const struct view *v)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(mounts); i++) {
		const struct mounted *mount = &mounts[i];
		u32 major = 0, minor = mount->minor;

		if (!minor)
			path_device(mount->path, &major, &minor);
		out_printf(out, "%u %u %u:%u / %s %s - %s %s rw\n", ROOT_ID + i, parent_of(i), major,
			   minor, mount->path, mount->options, mount->type, mount->source);
	}
	return 0;
}

static int mounts_show(struct out *out, const struct view *v)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(mounts); i++)
		out_printf(out, "%s %s %s %s 0 0\n", mounts[i].source, mounts[i].path,
			   mounts[i].type, mounts[i].options);
	return 0;
}

static int mountstats_show(struct out *out, const struct view *v)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(mounts); i++)
		out_printf(out, "device %s mounted on %s with fstype %s\n", mounts[i].source,
			   mounts[i].path, mounts[i].type);
	return 0;
}

#define TASK_FILES \
	FILE_ROW("mountinfo", 0444, mountinfo_show), \
	FILE_ROW("mounts", 0444, mounts_show)

static const struct entry pid_entries[] = {
	TASK_FILES,
	FILE_ROW("mountstats", 0400, mountstats_show),
};
static const struct dir pid_dir = { DIR_FILES(pid_entries) };
static const struct entry thread_entries[] = { TASK_FILES };
static const struct dir thread_dir = { DIR_FILES(thread_entries) };

TREE_PARTS(pid_mounts_parts, { "proc/<PID>", &pid_dir },
	   { "proc/<PID>/task/<TID>", &thread_dir });
