// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * PID/fail-nth and PID/make-it-fail: which of a task's allocations fail on purpose. The
 * rest of fault injection is in sys/kernel/debug (sys/debug_fault.c).
 */
#include <errno.h>
#include <stdlib.h>

#include "fs/core/figures.h"
#include "fs/proc/pid.h"
#include "sim/phys/fault_inject.h"
#include "sim/virt/task.h"

static int fail_nth_show(struct out *out, const struct view *v)
{
	out_printf(out, "%u\n", view_task(v)->fault.fail_nth);
	return 0;
}

static int make_it_fail_show(struct out *out, const struct view *v)
{
	out_printf(out, "%d\n", view_task(v)->fault.make_it_fail);
	return 0;
}

/* A number of any base, blanks behind it or not; at most `most`. */
static int parse(struct store *s, const char *text, u64 most, u64 *number)
{
	char *end;

	errno = 0;
	*number = strtoull(text, &end, 0);
	end += strspn(end, " \t");
	if (end != text && !*end && *text != '-' && !errno && *number <= most)
		return 0;
	out_printf(s->sentence, "'%s' is not a number from 0 to %llu", text,
		   (unsigned long long)most);
	return -EINVAL;
}

static struct task_struct *task_of(const struct store *s, const struct view *v)
{
	return task_find(s->m, view_task(v)->pid);
}

static int fail_nth_store(struct store *s, const struct view *v, const char *text)
{
	u64 nth;
	int err = parse(s, text, UINT32_MAX, &nth);

	if (err)
		return err;
	task_of(s, v)->fault.fail_nth = (u32)nth;
	s->m->faults->tasks |= nth != 0;
	fault_inject_update(s->m);
	return 0;
}

static int make_it_fail_store(struct store *s, const struct view *v, const char *text)
{
	u64 yes;
	int err = parse(s, text, 1, &yes);

	if (!err)
		task_of(s, v)->fault.make_it_fail = yes;
	return err;
}

static bool fault_visible(const struct view *v, const struct entry *entry)
{
	(void)entry;
	return option_on(v->m, "FAULT_INJECTION");
}

static const struct entry entries[] = {
	{ "fail-nth", S_IFREG | 0644, ALL, fail_nth_show, fail_nth_store },
	{ "make-it-fail", S_IFREG | 0644, ALL, make_it_fail_show, make_it_fail_store },
};
static const struct dir fault_dir = { DIR_FILES(entries), .visible = fault_visible };

TREE_PARTS(pid_fault_parts, { "proc/<PID>", &fault_dir }, { "proc/<PID>/task/<TID>", &fault_dir });
