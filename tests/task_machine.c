// SPDX-License-Identifier: GPL-2.0-or-later
/* Failures of the set-up abort: a test has nothing to say without it. */
#include "task_machine.h"

#include "sim/virt/mmap.h"

#include <stdio.h>
#include <stdlib.h>

#include "sim/phys/page_alloc.h"
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
	u64 left = machine_free_counting(tm->m);

	machine_config_free(tm->config);
	if (!left)
		return;
	fprintf(stderr, "%llu bytes of the host are left over\n", (unsigned long long)left);
	abort();
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

unsigned int task_machine_take_all(struct machine *m, u32 **taken)
{
	const struct alloc_request req = {
		.gfp = GFP_KERNEL | __GFP_NOWARN, .node = NUMA_NO_NODE, .owner = PGTY_kernel,
	};
	unsigned int nr = 0;

	*taken = malloc(m->totalram_pages * sizeof(**taken));
	if (!*taken)
		abort();
	while (!alloc_pages(m, &req, &(*taken)[nr]))
		nr++;
	return nr;
}

void task_machine_give(struct machine *m, u32 *taken, unsigned int *nr, unsigned int pages)
{
	while (*nr && pages--)
		free_pages(m, taken[--*nr], 0);
}

struct task_struct *task_fork(struct machine *m, struct task_struct *task, u64 flags)
{
	struct task_struct *child;
	u32 pid = 0;

	sched_switch_to(m, task);
	CU_ASSERT_EQUAL(sys_clone(m, task, flags | SIGCHLD, &pid), 0);
	child = task_find(m, pid);
	if (!child)
		abort();
	sched_switch_to(m, child);
	return child;
}

u64 task_map(struct machine *m, struct task_struct *task, u64 addr, u64 len, u64 flags)
{
	const struct mmap_request req = {
		.addr = addr, .len = len, .prot = PROT_READ | PROT_WRITE,
		.flags = flags | (addr ? MAP_FIXED : 0),
	};
	u64 where;

	sched_switch_to(m, task);
	CU_ASSERT_EQUAL_FATAL(sys_mmap(m, task, &req, &where), 0);
	return where;
}

int task_touch(struct machine *m, struct task_struct *task, u64 addr, enum access access)
{
	struct access_result result;

	sched_switch_to(m, task);
	CU_ASSERT_EQUAL_FATAL(task_access(m, task, addr, access, &result), 0);
	return result.signal;
}

void task_touch_pages(struct machine *m, struct task_struct *task, u64 addr, u64 nr_pages,
		      enum access access)
{
	for (u64 i = 0; i < nr_pages; i++)
		CU_ASSERT_EQUAL_FATAL(task_touch(m, task, addr + i * PAGE_SIZE, access), 0);
}

u32 task_end(struct machine *m, struct task_struct *parent, u32 pid, u32 code)
{
	struct task_struct *task = task_find(m, pid);
	u32 ended = 0, status = 0;

	if (task_alive(task)) {
		sched_switch_to(m, task);
		do_group_exit(m, task, code);
	}
	sched_switch_to(m, parent);
	CU_ASSERT_EQUAL(sys_wait4(m, parent, (s32)pid, 0, &ended, &status), 0);
	CU_ASSERT_EQUAL(ended, pid);
	return status;
}
