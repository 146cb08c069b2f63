// SPDX-License-Identifier: GPL-2.0-or-later
/* PID/limits: the resources that a process may use. */
#include <inttypes.h>
#include <stdio.h>

#include "fs/proc/pid.h"

struct limit_row {
	u8 resource;		/* enum rlimit_id */
	const char *name, *unit;
};

static const struct limit_row limit_rows[] = {
	{ RLIMIT_CPU, "Max cpu time", "seconds" },
	{ RLIMIT_FSIZE, "Max file size", "bytes" },
	{ RLIMIT_DATA, "Max data size", "bytes" },
	{ RLIMIT_STACK, "Max stack size", "bytes" },
	{ RLIMIT_CORE, "Max core file size", "bytes" },
	{ RLIMIT_RSS, "Max resident set", "bytes" },
	{ RLIMIT_NPROC, "Max processes", "processes" },
	{ RLIMIT_NOFILE, "Max open files", "files" },
	{ RLIMIT_MEMLOCK, "Max locked memory", "bytes" },
	{ RLIMIT_AS, "Max address space", "bytes" },
	{ RLIMIT_LOCKS, "Max file locks", "locks" },
	{ RLIMIT_SIGPENDING, "Max pending signals", "signals" },
	{ RLIMIT_MSGQUEUE, "Max msgqueue size", "bytes" },
	{ RLIMIT_NICE, "Max nice priority", NULL },
	{ RLIMIT_RTPRIO, "Max realtime priority", NULL },
	{ RLIMIT_RTTIME, "Max realtime timeout", "us" },
};

static void limit_text(u64 value, char text[24])
{
	if (value == RLIM_INFINITY)
		snprintf(text, 24, "unlimited");
	else
		snprintf(text, 24, "%" PRIu64, value);
}

static void show_line(struct out *out, const char *name, const char *soft, const char *hard,
		      const char *unit)
{
	out_printf(out, "%-25s %-20s %-20s ", name, soft, hard);
	if (unit)
		out_printf(out, "%-10s", unit);
	out_putc(out, '\n');
}

static int limits_show(struct out *out, const struct view *v)
{
	const struct signal_struct *signal = view_task(v)->signal;

	if (!signal)
		return 0;
	show_line(out, "Limit", "Soft Limit", "Hard Limit", "Units");
	for (unsigned int i = 0; i < ARRAY_SIZE(limit_rows); i++) {
		const struct rlimit *limit = &signal->rlim[limit_rows[i].resource];
		char soft[24], hard[24];

		limit_text(limit->cur, soft);
		limit_text(limit->max, hard);
		show_line(out, limit_rows[i].name, soft, hard, limit_rows[i].unit);
	}
	return 0;
}

static const struct entry entries[] = { FILE_ROW("limits", 0444, limits_show) };
static const struct dir limits_dir = { DIR_FILES(entries) };

TREE_PARTS(pid_limits_parts, { "proc/<PID>", &limits_dir },
	   { "proc/<PID>/task/<TID>", &limits_dir });
