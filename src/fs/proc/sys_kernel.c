// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * proc/sys/kernel and proc/sys/fs: the files that tools read to learn which kernel
 * this is and how large its tables may grow. What can be written is kept, and read
 * back; only pid_max is more than a number here.
 */
#include <ctype.h>

#include "fs/core/figures.h"
#include "fs/core/value.h"
#include "sim/virt/shm.h"
#include "sim/virt/task.h"

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
	out_printf(out, "%u\n", pid_max(v->m));
	return 0;
}

static int pid_max_store(struct store *s, const struct view *v, const char *text)
{
	s32 value;

	(void)v;
	s->rest = text;
	if (sysctl_int(&s->rest, &value) <= 0 || value < 301 || value > (s32)PID_LIMIT) {
		out_printf(s->sentence, "pid_max takes 301 to %d, not '%s'", (s32)PID_LIMIT,
			   text);
		return -EINVAL;
	}
	s->m->tunables->pid_max = value;
	return 0;
}

static int hostname_show(struct out *out, const struct view *v)
{
	out_printf(out, "%s\n", v->m->tunables->hostname);
	return 0;
}

static int domainname_show(struct out *out, const struct view *v)
{
	out_printf(out, "%s\n", v->m->tunables->domainname);
	return 0;
}

/*
 * What is too long is cut. The kernel takes anything up to the end of the line; a
 * line of the journal could not keep blanks at its ends and comments.
 */
static int name_store(struct store *s, const char *text, char name[UTS_CHARS + 1])
{
	size_t len = 0;

	while (text[len] && !isspace((unsigned char)text[len]) && text[len] != '#')
		len++;
	if (!len || text[len]) {
		out_printf(s->sentence, "'%s': a name here is one word without '#'", text);
		return -EINVAL;
	}
	len = MIN(len, UTS_CHARS);
	memcpy(name, text, len);
	memset(name + len, 0, UTS_CHARS + 1 - len);
	return 0;
}

static int hostname_store(struct store *s, const struct view *v, const char *text)
{
	return name_store(s, text, s->m->tunables->hostname);
}

static int domainname_store(struct store *s, const struct view *v, const char *text)
{
	return name_store(s, text, s->m->tunables->domainname);
}

static int printk_show(struct out *out, const struct view *v)
{
	for (unsigned int i = 0; i < PRINTK_LEVELS; i++)
		out_printf(out, i ? "\t%d" : "%d", v->m->tunables->printk[i]);
	out_putc(out, '\n');
	return 0;
}

/* Numbers for the first levels; those before one that cannot be read are kept. */
static int printk_store(struct store *s, const struct view *v, const char *text)
{
	s->rest = text;
	for (unsigned int i = 0; i < PRINTK_LEVELS; i++) {
		s32 level;
		int ret = sysctl_int(&s->rest, &level);

		if (ret < 0 || (!ret && !i)) {
			out_printf(s->sentence, "printk takes up to %d numbers, not '%.60s'",
				   PRINTK_LEVELS, text);
			s->changed = i;
			return -EINVAL;
		}
		if (!ret)
			break;
		s->m->tunables->printk[i] = level;
	}
	return 0;
}

static int tainted_show(struct out *out, const struct view *v)
{
	out_printf(out, "%llu\n", (unsigned long long)v->m->tunables->tainted);
	return 0;
}

/* Reasons are added, never taken away; bits that are none are passed over. */
static int tainted_store(struct store *s, const struct view *v, const char *text)
{
	u64 flags;
	bool negative = false;

	s->rest = text;
	if (sysctl_number(&s->rest, &flags, &negative) <= 0 || negative ||
	    (s->m->arch->bits == 32 && flags > UINT32_MAX)) {
		out_printf(s->sentence, "'%.60s' is not a number: tainted takes a sum of "
			   "flags", text);
		return -EINVAL;
	}
	s->m->tunables->tainted |= flags & ((1ULL << rel_nr_taint_flags(s->m->release)) - 1);
	return 0;
}

#define RW_ROW(file, get, set) \
	{ .name = (file), .mode = S_IFREG | 0644, .span = ALL, .show = (get), .store = (set) }

static const struct entry kernel_entries[] = {
	TEXT_ROW("cap_last_cap", 0444, "40\n"),
	RW_ROW("domainname", domainname_show, domainname_store),
	RW_ROW("hostname", hostname_show, hostname_store),
	TEXT_ROW("ngroups_max", 0444, "65536\n"),
	FILE_ROW("osrelease", 0444, osrelease_show),
	TEXT_ROW("ostype", 0444, "Linux\n"),
	RW_ROW("pid_max", pid_max_show, pid_max_store),
	RW_ROW("printk", printk_show, printk_store),
	RW_ROW("tainted", tainted_show, tainted_store),
	FILE_ROW("version", 0444, version_show),
};

/* What nobody has attached, and whose maker has ended, goes now. */
static int rmid_forced(struct store *s, s64 old)
{
	(void)old;
	if (s->m->tunables->shm_rmid_forced)
		shm_destroy_orphaned(s->m);
	return 0;
}

static const struct value_entry kernel_values[] = {
	VALUE_ROW("kptr_restrict", 0644, ALL, kptr_restrict, VALUE_INT, 0, 2, NULL),
	VALUE_ROW("numa_balancing", 0644, ALL, numa_balancing, VALUE_INT, 0, 4, NULL),
	VALUE_ROW("overflowgid", 0644, ALL, overflowgid, VALUE_INT, 0, 65535, NULL),
	VALUE_ROW("overflowuid", 0644, ALL, overflowuid, VALUE_INT, 0, 65535, NULL),
	VALUE_ROW("randomize_va_space", 0644, ALL, randomize_va_space, VALUE_INT, INT32_MIN,
		  INT32_MAX, NULL),
	VALUE_ROW("shm_rmid_forced", 0644, ALL, shm_rmid_forced, VALUE_INT, 0, 1, rmid_forced),
	VALUE_ROW("shmall", 0644, ALL, shmall, VALUE_ULONG, 0, -1, NULL),
	VALUE_ROW("shmmax", 0644, ALL, shmmax, VALUE_ULONG, 0, -1, NULL),
	VALUE_ROW("shmmni", 0644, ALL, shmmni, VALUE_INT, 0, 32768, NULL),
	VALUE_ROW("threads-max", 0644, ALL, threads_max, VALUE_INT, 1, 0x3fffffff, NULL),
};

static const struct value_entry fs_values[] = {
	VALUE_ROW("file-max", 0644, ALL, file_max, VALUE_ULONG, 0, INT64_MAX, NULL),
	/* At least one word of the bitmap of open files: the rows differ in that. */
	VALUE_ROW("nr_open", 0644, ALL, nr_open, VALUE_INT, 64, 0x7fffffc0, NULL),
	VALUE_ROW("nr_open", 0644, ALL, nr_open, VALUE_INT, 32, 0x3fffffe0, NULL),
};

static const struct entry fs_entries[] = {
	TEXT_ROW("dentry-state", 0444, "0\t0\t45\t0\t0\t0\n"),
	TEXT_ROW("file-nr", 0444, "0\t0\t1048576\n"),
	TEXT_ROW("inode-nr", 0444, "0\t0\n"),
};

static bool kernel_visible(const struct view *v, const struct entry *entry)
{
	if (!strcmp(entry->name, "numa_balancing"))
		return option_on(v->m, "NUMA") && option_on(v->m, "NUMA_BALANCING");
	return true;
}

static bool fs_visible(const struct view *v, const struct entry *entry)
{
	if (!strcmp(entry->name, "nr_open"))
		return container_of(entry, struct value_entry, entry)->min == v->m->arch->bits;
	return true;
}

static const struct dir kernel_dir = { DIR_FILES(kernel_entries) };
static const struct dir kernel_value_dir = {
	DIR_VALUES(kernel_values), .visible = kernel_visible,
};
static const struct dir fs_dir = {
	DIR_FILES(fs_entries), DIR_VALUES(fs_values), .visible = fs_visible,
};

TREE_PARTS(sys_kernel_parts,
	   { "proc/sys/kernel", &kernel_value_dir },
	   { "proc/sys/kernel", &kernel_dir },
	   { "proc/sys/fs", &fs_dir });
