// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Who makes the next line: a task that can. Where memory is short something is given
 * back first: by calls that shrink, by ends of tasks, by waits for those that ended.
 */
#include "fuzz_live.h"

#include "sim/virt/fork.h"
#include "sim/virt/vma.h"

/* Its parent can be asked to wait; those with threads left cannot be waited for. */
static bool can_wait_for(const struct machine *m, const struct task_struct *dead)
{
	const struct task_struct *parent = task_find(m, dead->ppid);

	return parent && task_alive(parent) && !task_blocked(parent) &&
	       dead->pid == dead->tgid && !dead->signal->nr_threads;
}

static void look_around(struct live *l)
{
	const struct task_struct *t;

	for (t = task_next(l->m, PID_KTHREADD); t; t = task_next(l->m, t->pid + 1)) {
		if (t->flags & PF_KTHREAD)
			continue;
		if (!task_alive(t)) {
			if (l->nr_dead < LIVE_TASKS && can_wait_for(l->m, t))
				l->dead[l->nr_dead++] = t;
		} else if (t->state == 'T') {
			if (l->nr_stopped < LIVE_TASKS)
				l->stopped[l->nr_stopped++] = t;
		} else if (t->mm && !task_blocked(t) && l->nr < LIVE_TASKS) {
			l->tasks[l->nr++] = t;
		}
	}
	l->nr_free = live_nr_free(l->m);
}

static void wait_for_dead(struct live *l)
{
	const struct task_struct *dead = l->dead[below(l->f, l->nr_dead)];

	say(l->f, "proc/%u/ctl: wait4 %u", dead->ppid, dead->pid);
}

static void go_on(struct live *l)
{
	say(l->f, "proc/%u/ctl: kill %u CONT", PID_INIT,
	    l->stopped[below(l->f, l->nr_stopped)]->tgid);
}

/* Something goes. */
static void give_back(struct live *l)
{
	static const char *const lines[] = {
		"proc/sys/vm/drop_caches: 1", "proc/sys/vm/drop_caches: 3", "drain",
	};
	unsigned int pid;

	l->task = l->tasks[below(l->f, l->nr)];
	pid = l->task->pid;
	switch (below(l->f, 12)) {
	case 0:
		say(l->f, "%s", PICK(l->f, lines));
		break;
	case 1:
		say(l->f, "proc/%u/ctl: exit_group 0", pid);
		break;
	case 2:
		say(l->f, "proc/%u/ctl: unlink /dev/shm/%c", pid, (char)('a' + below(l->f, 6)));
		break;
	case 3:
		say(l->f, "proc/%u/ctl: ftruncate %d 0", pid, live_fd(l));
		break;
	case 4:
		say(l->f, "proc/%u/ctl: munlockall", pid);
		break;
	case 5:
	case 6:
		live_part(l, 0);
		say(l->f, "proc/%u/ctl: munmap 0x%llx %llu", pid, (unsigned long long)l->addr,
		    (unsigned long long)l->len);
		break;
	default:
		live_part(l, VM_WRITE);
		say(l->f, "proc/%u/ctl: madvise 0x%llx %llu dontneed", pid,
		    (unsigned long long)l->vm_start,
		    (unsigned long long)(l->vm_end - l->vm_start));
	}
}

/* Nobody is left to give anything back: values and the kernel's own memory. */
static void recover(struct live *l)
{
	static const char *const lines[] = {
		"proc/sys/vm/drop_caches: 3", "proc/sys/vm/watermark_scale_factor: 10",
		"proc/sys/vm/min_free_kbytes: 512", "proc/sys/vm/lowmem_reserve_ratio: 256 256 32",
		"proc/sys/vm/nr_hugepages: 0", "drain",
	};
	unsigned int at = below(l->f, 100);

	switch (at % 4) {
	case 0:
		say(l->f, "%s", lines[at % ARRAY_SIZE(lines)]);
		break;
	case 1:
		say(l->f, "free_pages @g%u", below(l->f, NR_PAGES / l->f->scale));
		break;
	case 2:
		say(l->f, "vfree @v%u", below(l->f, NR_AREAS));
		break;
	default:
		say(l->f, "kfree @k%u", below(l->f, NR_OBJECTS / l->f->scale));
	}
	l->f->of_task = false;
}

/* Writes to files of the task. */
static void write_file(struct live *l)
{
	unsigned int pid = l->task->pid;

	switch (below(l->f, 4)) {
	case 0:
		say(l->f, "proc/%u/oom_score_adj: %d", pid, (int)below(l->f, 2000) - 1000);
		break;
	case 1:
		say(l->f, "proc/%u/clear_refs: %u", pid, 1 + below(l->f, 5));
		break;
	case 2:
		say(l->f, "proc/%u/comm: name%u", pid, below(l->f, 1000));
		break;
	default:
		say(l->f, "proc/%u/oom_adj: %d", pid, (int)below(l->f, 32) - 16);
	}
}

void live_line(struct fuzz *f, const struct machine *m)
{
	struct live l = { .f = f, .m = m };

	look_around(&l);
	if (l.nr_dead && one_in(f, l.nr_dead > 4 ? 2 : 12)) {
		wait_for_dead(&l);
		return;
	}
	if (l.nr_stopped && one_in(f, 12)) {
		go_on(&l);
		return;
	}
	if (!l.nr && l.nr_free < 60 && !one_in(f, 4)) {
		recover(&l);
		return;
	}
	if (!l.nr || (l.nr < 3 && one_in(f, 6))) {
		say(f, "proc/%u/ctl: fork", PID_INIT);
		return;
	}
	if (l.nr_free < f->few_free && !one_in(f, 3)) {
		give_back(&l);
		return;
	}
	l.task = l.tasks[below(f, l.nr)];
	f->group_pid = l.task->pid;
	if (one_in(f, 40))
		write_file(&l);
	else if (one_in(f, 25))
		group_task(f);
	else
		live_call(&l);
}
