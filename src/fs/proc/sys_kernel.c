// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * proc/sys/kernel and proc/sys/fs: the files that tools read to learn which kernel
 * this is and how large its tables may grow. Only what the memory manager knows of
 * can be written.
 */
#include "fs/core/figures.h"
#include "fs/core/value.h"

#define PIDS_PER_CPU 1024
#define PID_MAX_LIMIT (4 * 1024 * 1024)

/* "Linux version RELEASE (who) (with what) #1 VERSION": the word behind `version`. */
static void show_release(struct out *out, const struct machine *m)
{
	static const char prefix[] = "Linux version ";
	const char *version = m->config->version;

	if (!version || strncmp(version, prefix, strlen(prefix))) {
		out_printf(out, "%s.0-kmmfs-%s", release_name(m->release), m->arch->name);
		return;
	}
	version += strlen(prefix);
	out_write(out, version, strcspn(version, " \n"));
}

static int osrelease_show(struct out *out, const struct view *v)
{
	show_release(out, v->m);
	out_putc(out, '\n');
	return 0;
}

static int version_show(struct out *out, const struct view *v)
{
	const char *version = v->m->config->version;
	const char *build = version ? strchr(version, '#') : NULL;

	if (build)
		out_write(out, build, strcspn(build, "\n"));
	else
		out_printf(out, "#1 SMP PREEMPT_DYNAMIC kmmfs %s", release_name(v->m->release));
	out_putc(out, '\n');
	return 0;
}

static int pid_max_show(struct out *out, const struct view *v)
{
	s32 pids = v->m->tunables->pid_max;

	if (!pids)
		pids = CLAMP(v->m->nr_cpus * PIDS_PER_CPU, 32768, PID_MAX_LIMIT);
	out_printf(out, "%d\n", pids);
	return 0;
}

static int pid_max_store(struct store *s, const struct view *v, const char *text)
{
	s32 value;

	(void)v;
	s->rest = text;
	if (sysctl_int(&s->rest, &value) <= 0 || value < 301 || value > PID_MAX_LIMIT) {
		out_printf(s->sentence, "pid_max takes 301 to %d, not '%s'", PID_MAX_LIMIT,
			   text);
		return -EINVAL;
	}
	s->m->tunables->pid_max = value;
	return 0;
}

/* The largest segment that cannot overflow when sizes are added. */
static int shm_limit_show(struct out *out, const struct view *v)
{
	u64 most = v->m->arch->bits == 64 ? UINT64_MAX : UINT32_MAX;

	out_printf(out, "%llu\n", (unsigned long long)(most - (1ULL << 24)));
	return 0;
}

static const struct entry kernel_entries[] = {
	TEXT_ROW("cap_last_cap", 0444, "40\n"),
	TEXT_ROW("domainname", 0444, "(none)\n"),
	TEXT_ROW("hostname", 0444, "kmmfs\n"),
	TEXT_ROW("ngroups_max", 0444, "65536\n"),
	FILE_ROW("osrelease", 0444, osrelease_show),
	TEXT_ROW("ostype", 0444, "Linux\n"),
	TEXT_ROW("overflowgid", 0444, "65534\n"),
	TEXT_ROW("overflowuid", 0444, "65534\n"),
	{ .name = "pid_max", .mode = S_IFREG | 0644, .span = ALL, .show = pid_max_show,
	  .store = pid_max_store },
	TEXT_ROW("printk", 0444, "7\t4\t1\t7\n"),
	FILE_ROW("shmall", 0444, shm_limit_show),
	FILE_ROW("shmmax", 0444, shm_limit_show),
	TEXT_ROW("shmmni", 0444, "4096\n"),
	TEXT_ROW("tainted", 0444, "0\n"),
	FILE_ROW("version", 0444, version_show),
};

static const struct value_entry kernel_values[] = {
	VALUE_ROW("kptr_restrict", 0644, ALL, kptr_restrict, VALUE_INT, 0, 2, NULL),
	VALUE_ROW("numa_balancing", 0644, ALL, numa_balancing, VALUE_INT, 0, 3, NULL),
	VALUE_ROW("randomize_va_space", 0644, ALL, randomize_va_space, VALUE_INT, INT32_MIN,
		  INT32_MAX, NULL),
	VALUE_ROW("threads-max", 0644, ALL, threads_max, VALUE_INT, 20, 0x3fffffff, NULL),
};

static const struct value_entry fs_values[] = {
	VALUE_ROW("file-max", 0644, ALL, file_max, VALUE_ULONG, 0, INT64_MAX, NULL),
};

static const struct entry fs_entries[] = {
	TEXT_ROW("dentry-state", 0444, "0\t0\t45\t0\t0\t0\n"),
	TEXT_ROW("file-nr", 0444, "0\t0\t1048576\n"),
	TEXT_ROW("inode-nr", 0444, "0\t0\n"),
	TEXT_ROW("nr_open", 0444, "1048576\n"),
};

static bool kernel_visible(const struct view *v, const struct entry *entry)
{
	if (!strcmp(entry->name, "numa_balancing"))
		return option_on(v->m, "NUMA") && option_on(v->m, "NUMA_BALANCING");
	return true;
}

static const struct dir kernel_dir = { DIR_FILES(kernel_entries) };
static const struct dir kernel_value_dir = {
	DIR_VALUES(kernel_values), .visible = kernel_visible,
};
static const struct dir fs_dir = { DIR_FILES(fs_entries), DIR_VALUES(fs_values) };

TREE_PARTS(sys_kernel_parts,
	   { "proc/sys/kernel", &kernel_value_dir },
	   { "proc/sys/kernel", &kernel_dir },
	   { "proc/sys/fs", &fs_dir });
