// SPDX-License-Identifier: GPL-2.0-or-later
/* Failures of the set-up abort: a test has nothing to say without it. */
#include "task_machine.h"

#include <stdio.h>
#include <stdlib.h>

#include "support.h"

void task_machine_boot(struct task_machine *tm, const char *name, const char *const *sets)
{
	char *error = NULL;

	if (machine_config_load(name, sets, &tm->config, &error) ||
	    machine_boot(tm->config, &tm->m, &error)) {
		fprintf(stderr, "%s: %s\n", name, error ? error : "no reason given");
		abort();
	}
	tm->init = task_find(tm->m, PID_INIT);
}

void task_machine_end(struct task_machine *tm)
{
	CU_ASSERT_EQUAL(machine_free_counting(tm->m), 0);
	machine_config_free(tm->config);
}

unsigned int task_machine_check(const struct machine *m)
{
	struct out out = OUT_INIT;
	struct check check = { .out = &out };

	machine_check(m, &check);
	if (check.nr_broken)
		fprintf(stderr, "%s", out.text ? out.text : "");
	out_free(&out);
	return check.nr_broken;
}

struct task_struct *task_fork(struct machine *m, struct task_struct *task, u64 flags)
{
	struct task_struct *child;
	u32 pid = 0;

	sched_switch_to(m, task);
	CU_ASSERT_EQUAL(sys_clone(m, task, flags, &pid), 0);
	child = task_find(m, pid);
	if (!child)
		abort();
	sched_switch_to(m, child);
	return child;
}

u32 task_end(struct machine *m, struct task_struct *parent, u32 pid, u32 code)
{
	struct task_struct *task = task_find(m, pid);
	u32 ended = 0, status = 0;

	sched_switch_to(m, task);
	do_group_exit(m, task, code);
	sched_switch_to(m, parent);
	CU_ASSERT_EQUAL(sys_wait4(m, parent, (s32)pid, 0, &ended, &status), 0);
	CU_ASSERT_EQUAL(ended, pid);
	return status;
}
