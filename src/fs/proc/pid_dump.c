// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * PID/coredump_filter: which kinds of memory a core dump would hold, bits of mm->flags
 * that forks inherit. PID/timers: POSIX timers, of which there are none.
 */
#include "fs/core/value.h"
#include "fs/proc/pid.h"
#include "sim/virt/mm_types.h"

#define MMF_DUMP_FILTER_SHIFT 2
#define MMF_DUMP_FILTER_BITS 0x1ffULL

static int filter_show(struct out *out, const struct view *v)
{
	const struct mm_struct *mm = view_task(v)->mm;

	if (mm)
		out_printf(out, "%08llx\n", (unsigned long long)
			   (mm->flags >> MMF_DUMP_FILTER_SHIFT & MMF_DUMP_FILTER_BITS));
	return 0;
}

static int filter_store(struct store *s, const struct view *v, const char *text)
{
	struct mm_struct *mm = view_task(v)->mm;
	u64 bits;
	int err = sysfs_number(text, 0, &bits);

	if (!err && bits > UINT32_MAX)
		err = -ERANGE;
	if (err) {
		out_printf(s->sentence, "'%.60s' is not a mask of kinds of memory", text);
		return err;
	}
	if (!mm) {
		out_printf(s->sentence, "%s has no memory of its own", view_task(v)->comm);
		return -ESRCH;
	}
	mm->flags &= ~(MMF_DUMP_FILTER_BITS << MMF_DUMP_FILTER_SHIFT);
	mm->flags |= (bits & MMF_DUMP_FILTER_BITS) << MMF_DUMP_FILTER_SHIFT;
	return 0;
}

static const struct entry entries[] = {
	{ "coredump_filter", S_IFREG | 0644, ALL, filter_show, filter_store },
	TEXT_ROW("timers", 0444, ""),
};
static const struct dir dump_dir = { DIR_FILES(entries) };

TREE_PARTS(pid_dump_parts, { "proc/<PID>", &dump_dir });
