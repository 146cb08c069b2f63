// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The life of tasks: what clone copies and shares, how pids are given, who waits for
 * whom, what signals do, and that everything is given back.
 */
#include "support.h"
#include "task_machine.h"

#include <errno.h>
#include <stdlib.h>

#include "sim/base/rng.h"
#include "sim/boot/boot_log.h"
#include "sim/phys/page_alloc.h"
#include "sim/phys/tunables.h"
#include "sim/virt/file.h"
#include "sim/virt/memory.h"

#define THREAD (CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD)

static struct task_machine tm;

static int start(void)
{
	task_machine_boot(&tm, "pc", NULL);
	return 0;
}

static int stop(void)
{
	task_machine_end(&tm);
	return 0;
}

static u64 live_objects(void)
{
	const struct virt_state *virt = tm.m->virt;

	return virt->tasks.nr_live + virt->signals.nr_live + virt->sighands.nr_live +
	       virt->files_structs.nr_live + virt->fs_structs.nr_live + virt->mms.nr_live +
	       virt->vmas.nr_live + virt->anon_vmas.nr_live + virt->maple_nodes.nr_live;
}

static void test_fork(void)
{
	u64 objects = live_objects(), forks = tm.m->tasks->total_forks;
	struct task_struct *a = task_fork(tm.m, tm.init, SIGCHLD);
	u32 pid = a->pid;

	CU_ASSERT_EQUAL(tm.m->tasks->total_forks, forks + 1);
	CU_ASSERT_EQUAL(a->ppid, 1);
	CU_ASSERT_EQUAL(a->tgid, a->pid);
	CU_ASSERT_EQUAL(a->serial, tm.m->tasks->last_serial);
	CU_ASSERT_STRING_EQUAL(a->comm, tm.init->comm);
	CU_ASSERT_TRUE(a->flags & PF_FORKNOEXEC);
	CU_ASSERT_EQUAL(a->exit_signal, SIGCHLD);
	CU_ASSERT_PTR_NOT_EQUAL(a->mm, tm.init->mm);
	CU_ASSERT_EQUAL(a->mm->map_count, tm.init->mm->map_count);
	CU_ASSERT_EQUAL(a->mm->total_vm, tm.init->mm->total_vm);
	CU_ASSERT_EQUAL(a->mm->ctx_id, tm.m->virt->next_ctx_id - 1);
	CU_ASSERT_EQUAL(get_mm_rss(a->mm), a->mm->hiwater_rss);
	CU_ASSERT_PTR_NOT_EQUAL(a->files, tm.init->files);
	CU_ASSERT_PTR_NOT_EQUAL(a->signal, tm.init->signal);
	CU_ASSERT_FALSE(a->signal->unkillable);
	CU_ASSERT_EQUAL(a->signal->rlim[RLIMIT_STACK].cur, 8 * SZ_1M);
	CU_ASSERT_NOT_EQUAL(a->stack, 0);
	CU_ASSERT_EQUAL(task_machine_check(tm.m), 0);
	CU_ASSERT_EQUAL(task_end(tm.m, tm.init, pid, 3 << 8), 0x300);
	CU_ASSERT_PTR_NULL(task_find(tm.m, pid));
	CU_ASSERT_EQUAL(live_objects(), objects);
	CU_ASSERT_EQUAL(task_machine_check(tm.m), 0);
}

static void test_thread(void)
{
	struct task_struct *a = task_fork(tm.m, tm.init, SIGCHLD);
	struct task_struct *b = task_fork(tm.m, a, THREAD);
	u32 tgid = a->pid, tid = b->pid, pid, status;

	CU_ASSERT_EQUAL(b->tgid, tgid);
	CU_ASSERT_EQUAL(b->ppid, 1);
	CU_ASSERT_PTR_EQUAL(b->mm, a->mm);
	CU_ASSERT_EQUAL(b->mm->mm_users, 2);
	CU_ASSERT_PTR_EQUAL(b->signal, a->signal);
	CU_ASSERT_EQUAL(b->signal->nr_threads, 2);
	CU_ASSERT_PTR_EQUAL(b->files, a->files);
	CU_ASSERT_PTR_EQUAL(thread_next(tm.m, tgid, tgid + 1), b);
	CU_ASSERT_PTR_NULL(thread_next(tm.m, tgid, tid + 1));
	CU_ASSERT_PTR_NULL(process_next(tm.m, tgid + 1));
	CU_ASSERT_EQUAL(task_machine_check(tm.m), 0);
	/* The first thread goes: a zombie nobody may have while the other lives. */
	sched_switch_to(tm.m, a);
	do_exit(tm.m, a, 1 << 8);
	CU_ASSERT_EQUAL(a->state, 'Z');
	CU_ASSERT_EQUAL(b->mm->mm_users, 1);
	sched_switch_to(tm.m, tm.init);
	CU_ASSERT_EQUAL(sys_wait4(tm.m, tm.init, (s32)tgid, 0, &pid, &status), -EAGAIN);
	CU_ASSERT_EQUAL(task_machine_check(tm.m), 0);
	/* A signal to the process still finds somebody. */
	CU_ASSERT_EQUAL(sys_kill(tm.m, tm.init, (s32)tgid, SIGUSR1), 0);
	CU_ASSERT_PTR_NULL(task_find(tm.m, tid));
	CU_ASSERT_EQUAL(sys_wait4(tm.m, tm.init, (s32)tgid, 0, &pid, &status), 0);
	CU_ASSERT_EQUAL(status, SIGUSR1);
	CU_ASSERT_EQUAL(task_machine_check(tm.m), 0);
}

static void test_vfork(void)
{
	struct task_struct *a = task_fork(tm.m, tm.init, SIGCHLD);
	struct task_struct *b;

	sched_switch_to(tm.m, a);
	b = task_fork(tm.m, a, CLONE_VFORK | CLONE_VM | SIGCHLD);
	CU_ASSERT_PTR_EQUAL(b->mm, a->mm);
	CU_ASSERT_EQUAL(a->state, 'D');
	CU_ASSERT_TRUE(task_blocked(a));
	CU_ASSERT_EQUAL(task_machine_check(tm.m), 0);
	do_group_exit(tm.m, b, 0);
	CU_ASSERT_FALSE(task_blocked(a));
	CU_ASSERT_EQUAL(a->state, 'S');
	CU_ASSERT_EQUAL(task_machine_check(tm.m), 0);
	/* Killed while it waits. */
	b = task_fork(tm.m, a, CLONE_VFORK | CLONE_VM | SIGCHLD);
	CU_ASSERT_EQUAL(sys_kill(tm.m, tm.init, (s32)a->pid, SIGKILL), 0);
	CU_ASSERT_FALSE(b->vfork_parent);
	CU_ASSERT_EQUAL(b->ppid, 1);
	CU_ASSERT_EQUAL(task_machine_check(tm.m), 0);
	sched_switch_to(tm.m, b);
	do_group_exit(tm.m, b, 0);
	/* The zombie of its first child went with it. */
	CU_ASSERT_EQUAL(task_end(tm.m, tm.init, a->pid, 0), SIGKILL);
	CU_ASSERT_EQUAL(task_machine_check(tm.m), 0);
}

static void test_flags(void)
{
	static const struct { u64 flags; int err; } cases[] = {
		{ CLONE_THREAD, -EINVAL },
		{ CLONE_THREAD | CLONE_SIGHAND, -EINVAL },
		{ CLONE_SIGHAND, -EINVAL },
		{ CLONE_PARENT | SIGCHLD, -EINVAL },	/* of init */
		{ CLONE_NEWNS | SIGCHLD, -EINVAL },
	};
	struct task_struct *a, *b;
	u32 pid;

	for (unsigned int i = 0; i < ARRAY_SIZE(cases); i++)
		CU_ASSERT_EQUAL(sys_clone(tm.m, tm.init, cases[i].flags, &pid), cases[i].err);
	a = task_fork(tm.m, tm.init, SIGCHLD);
	b = task_fork(tm.m, a, CLONE_PARENT | CLONE_FS | CLONE_FILES | SIGCHLD);
	CU_ASSERT_EQUAL(b->ppid, 1);
	CU_ASSERT_PTR_EQUAL(b->fs, a->fs);
	CU_ASSERT_PTR_EQUAL(b->files, a->files);
	CU_ASSERT_EQUAL(task_machine_check(tm.m), 0);
	(void)task_end(tm.m, tm.init, b->pid, 0);
	(void)task_end(tm.m, tm.init, a->pid, 0);
}

static void test_limits(void)
{
	struct task_struct *a = task_fork(tm.m, tm.init, SIGCHLD);
	struct rlimit limit = { 1, 1 }, old, more = { 1, 2 };
	s32 threads_max = tm.m->tunables->threads_max;
	u32 pid;

	CU_ASSERT_EQUAL(sys_prlimit(tm.m, a, a, RLIMIT_NPROC, &limit, &old), 0);
	CU_ASSERT_EQUAL(old.cur, (u64)threads_max / 2);
	CU_ASSERT_EQUAL(sys_prlimit(tm.m, a, a, RLIM_NLIMITS, &limit, NULL), -EINVAL);
	CU_ASSERT_EQUAL(sys_prlimit(tm.m, a, a, RLIMIT_AS, &(struct rlimit){ 2, 1 }, NULL),
			-EINVAL);
	/* root may have more than its limit, others may not. */
	CU_ASSERT_EQUAL(sys_clone(tm.m, a, SIGCHLD, &pid), 0);
	(void)task_end(tm.m, a, pid, 0);
	a->uid = 1000;
	a->cap_sys_admin = a->cap_sys_resource = false;
	CU_ASSERT_EQUAL(sys_clone(tm.m, a, SIGCHLD, &pid), -EAGAIN);
	CU_ASSERT_EQUAL(sys_prlimit(tm.m, a, a, RLIMIT_NPROC, &more, NULL), -EPERM);
	tm.m->tunables->threads_max = (s32)tm.m->tasks->nr;
	CU_ASSERT_EQUAL(sys_clone(tm.m, tm.init, SIGCHLD, &pid), -EAGAIN);
	tm.m->tunables->threads_max = threads_max;
	CU_ASSERT_EQUAL(task_machine_check(tm.m), 0);
	(void)task_end(tm.m, tm.init, a->pid, 0);
}

/* The next one behind the last; around the end, from 300 on, over those in use. */
static void test_pids(void)
{
	struct task_struct *a, *b, *c;

	tm.m->tunables->pid_max = 400;
	tm.m->tasks->last_pid = 398;
	a = task_fork(tm.m, tm.init, SIGCHLD);
	CU_ASSERT_EQUAL(a->pid, 399);
	b = task_fork(tm.m, tm.init, SIGCHLD);
	CU_ASSERT_EQUAL(b->pid, 300);
	tm.m->tasks->last_pid = 398;
	c = task_fork(tm.m, tm.init, SIGCHLD);
	CU_ASSERT_EQUAL(c->pid, 301);
	CU_ASSERT_PTR_EQUAL(task_next(tm.m, 301), c);
	CU_ASSERT_PTR_EQUAL(task_next(tm.m, 302), a);
	CU_ASSERT_EQUAL(task_machine_check(tm.m), 0);
	(void)task_end(tm.m, tm.init, 300, 0);
	(void)task_end(tm.m, tm.init, 301, 0);
	(void)task_end(tm.m, tm.init, 399, 0);
	tm.m->tunables->pid_max = 0;
}

static void test_wait(void)
{
	struct task_struct *a = task_fork(tm.m, tm.init, SIGCHLD);
	struct task_struct *b = task_fork(tm.m, a, SIGCHLD), *c = task_fork(tm.m, a, SIGCHLD);
	u32 pid, status, bpid = b->pid, cpid = c->pid;
	u64 faults;

	CU_ASSERT_EQUAL(sys_wait4(tm.m, b, -1, 0, &pid, &status), -ECHILD);
	CU_ASSERT_EQUAL(sys_wait4(tm.m, a, -1, 0, &pid, &status), -EAGAIN);
	CU_ASSERT_EQUAL(sys_wait4(tm.m, a, -1, WNOHANG, &pid, &status), 0);
	CU_ASSERT_EQUAL(pid, 0);
	CU_ASSERT_EQUAL(sys_wait4(tm.m, a, -1, 0x100, &pid, &status), -EINVAL);
	c->min_flt += 5;
	faults = c->min_flt;
	do_group_exit(tm.m, c, 9 << 8);
	CU_ASSERT_EQUAL(sys_wait4(tm.m, a, (s32)bpid, 0, &pid, &status), -EAGAIN);
	CU_ASSERT_EQUAL(sys_wait4(tm.m, a, -1, 0, &pid, &status), 0);
	CU_ASSERT_EQUAL(pid, cpid);
	CU_ASSERT_EQUAL(status, 0x900);
	CU_ASSERT_EQUAL(a->signal->cmin_flt, faults);
	/* An orphan goes to init, which asks for it by itself. */
	(void)task_end(tm.m, tm.init, a->pid, 0);
	CU_ASSERT_EQUAL(b->ppid, 1);
	CU_ASSERT_EQUAL(sys_wait4(tm.m, tm.init, (s32)bpid, 0, &pid, &status), -EAGAIN);
	sched_switch_to(tm.m, b);
	do_group_exit(tm.m, b, 0);
	CU_ASSERT_PTR_NULL(task_find(tm.m, bpid));
	CU_ASSERT_EQUAL(sys_wait4(tm.m, tm.init, -1, 0, &pid, &status), -ECHILD);
	CU_ASSERT_EQUAL(task_machine_check(tm.m), 0);
}

static void test_ignored_children(void)
{
	struct task_struct *a = task_fork(tm.m, tm.init, SIGCHLD), *b;
	u32 pid;

	CU_ASSERT_EQUAL(signal_ignore(a, SIGKILL, true), -EINVAL);
	CU_ASSERT_EQUAL(signal_ignore(a, SIGCHLD, true), 0);
	b = task_fork(tm.m, a, SIGCHLD);
	pid = b->pid;
	do_group_exit(tm.m, b, 0);
	CU_ASSERT_PTR_NULL(task_find(tm.m, pid));
	(void)task_end(tm.m, tm.init, a->pid, 0);
}

static void test_kill(void)
{
	struct task_struct *a = task_fork(tm.m, tm.init, SIGCHLD);
	struct task_struct *b = task_fork(tm.m, a, SIGCHLD);
	u32 bpid = b->pid, pid, status;

	CU_ASSERT_EQUAL(sys_kill(tm.m, a, 4000, SIGTERM), -ESRCH);
	CU_ASSERT_EQUAL(sys_kill(tm.m, a, (s32)bpid, 65), -EINVAL);
	CU_ASSERT_EQUAL(sys_kill(tm.m, a, (s32)bpid, 0), 0);
	CU_ASSERT_EQUAL(sys_kill(tm.m, a, (s32)bpid, SIGCHLD), 0);
	CU_ASSERT_TRUE(task_alive(b));
	CU_ASSERT_EQUAL(sys_kill(tm.m, a, (s32)bpid, SIGSTOP), 0);
	CU_ASSERT_TRUE(task_blocked(b));
	CU_ASSERT_EQUAL(sys_kill(tm.m, a, (s32)bpid, SIGCONT), 0);
	CU_ASSERT_FALSE(task_blocked(b));
	/* init and the kernel's threads take none. */
	CU_ASSERT_EQUAL(sys_kill(tm.m, a, 1, SIGKILL), 0);
	CU_ASSERT_EQUAL(sys_kill(tm.m, a, 2, SIGKILL), 0);
	CU_ASSERT_TRUE(task_alive(tm.init));
	CU_ASSERT_FALSE(tm.m->broken);
	a->uid = 5;
	CU_ASSERT_EQUAL(sys_kill(tm.m, a, (s32)bpid, SIGTERM), -EPERM);
	a->uid = 0;
	CU_ASSERT_EQUAL(sys_kill(tm.m, a, (s32)bpid, SIGTERM), 0);
	CU_ASSERT_EQUAL(b->state, 'Z');
	CU_ASSERT_EQUAL(sys_wait4(tm.m, a, -1, 0, &pid, &status), 0);
	CU_ASSERT_EQUAL(status, SIGTERM);
	CU_ASSERT_EQUAL(task_machine_check(tm.m), 0);
	(void)task_end(tm.m, tm.init, a->pid, 0);
}

static void test_kthread(void)
{
	u64 objects = live_objects();
	struct task_struct *task;
	u32 pid;

	CU_ASSERT_EQUAL(kthread_create(tm.m, "worker", 1, -1, &pid), 0);
	task = task_find(tm.m, pid);
	CU_ASSERT_PTR_NOT_NULL_FATAL(task);
	CU_ASSERT_STRING_EQUAL(task->comm, "worker");
	CU_ASSERT_EQUAL(task->ppid, PID_KTHREADD);
	CU_ASSERT_NOT_EQUAL(task->stack, 0);
	CU_ASSERT_EQUAL(sys_kill(tm.m, tm.init, (s32)pid, SIGKILL), 0);
	CU_ASSERT_TRUE(task_alive(task));
	sched_switch_to(tm.m, task);
	CU_ASSERT_EQUAL(tm.m->cpu, 1);
	CU_ASSERT_EQUAL(task_machine_check(tm.m), 0);
	/* Its end is nobody's business. */
	do_exit(tm.m, task, 0);
	CU_ASSERT_PTR_NULL(task_find(tm.m, pid));
	CU_ASSERT_EQUAL(live_objects(), objects);
	CU_ASSERT_EQUAL(task_machine_check(tm.m), 0);
	sched_switch_to(tm.m, tm.init);
}

/* Every allocation of the machine's memory fails once: errno, and nothing is left. */
static void test_no_memory(void)
{
	u64 objects = live_objects();
	unsigned int failed = 0;
	u32 pid;
	int err;

	do {
		arena_fail_after(&tm.m->arena, failed + 1);
		err = sys_clone(tm.m, tm.init, SIGCHLD, &pid);
		arena_fail_after(&tm.m->arena, 0);
		CU_ASSERT_TRUE(err == 0 || err == -ENOBUFS);
		if (err)
			CU_ASSERT_EQUAL(live_objects(), objects);
		failed++;
	} while (err && failed < 1000);
	CU_ASSERT_EQUAL(err, 0);
	CU_ASSERT_EQUAL(task_machine_check(tm.m), 0);
	(void)task_end(tm.m, tm.init, pid, 0);
}

/* What was guaranteed does not fail, though the host has no memory at all. */
static void test_guarantee(void)
{
	const struct virt_need fork_need = { .pages = 64, .tables = 32, .objects = 200 };
	const struct virt_need none = { 0 };
	struct task_struct *a = task_fork(tm.m, tm.init, SIGCHLD);
	u32 pid;

	virt_guarantee_end(tm.m);	/* of none */
	for (unsigned int i = 0; i < 40; i++) {
		CU_ASSERT_EQUAL_FATAL(virt_guarantee(tm.m, &fork_need), 0);
		CU_ASSERT_EQUAL_FATAL(virt_guarantee(tm.m, &none), 0);
		arena_fail_guaranteed(&tm.m->arena, true);
		CU_ASSERT_EQUAL(sys_clone(tm.m, a, SIGCHLD, &pid), 0);
		sched_switch_to(tm.m, task_find(tm.m, pid));
		if (i % 2)
			CU_ASSERT_EQUAL(sys_execve(tm.m, task_find(tm.m, pid),
						   &(struct exec_request){ .path = "/bin/true" }),
					0);
		arena_fail_guaranteed(&tm.m->arena, false);
		virt_guarantee_end(tm.m);
		sched_switch_to(tm.m, a);
	}
	CU_ASSERT_EQUAL(task_machine_check(tm.m), 0);
	/* A refused one changes nothing. */
	arena_fail_after(&tm.m->arena, 1);
	CU_ASSERT_EQUAL(virt_guarantee(tm.m, &(struct virt_need){ .bytes = 64 << 20 }), -ENOBUFS);
	arena_fail_after(&tm.m->arena, 0);
	CU_ASSERT_EQUAL(tm.m->virt->guarantees, 0);
	for (u32 last = 0; (pid = process_next(tm.m, last + 1) ?
			    process_next(tm.m, last + 1)->pid : 0); last = pid)
		if (task_find(tm.m, pid)->ppid == a->pid)
			(void)task_end(tm.m, a, pid, 0);
	(void)task_end(tm.m, tm.init, a->pid, 0);
	CU_ASSERT_EQUAL(task_machine_check(tm.m), 0);
}

/* The machine runs out of memory, at each page that a fork may want. */
static void test_full(void)
{
	struct task_machine full;
	unsigned int nr, refused = 0;
	u32 *taken, pid;
	int err;

	task_machine_boot(&full, "tiny", NULL);
	nr = task_machine_take_all(full.m, &taken);
	do {
		u64 mms = full.m->virt->mms.nr_live, vmas = full.m->virt->vmas.nr_live;
		u32 tasks = full.m->virt->tasks.nr_live;

		err = sys_clone(full.m, full.init, SIGCHLD, &pid);
		CU_ASSERT_TRUE(!err || err == -ENOMEM);
		CU_ASSERT_EQUAL(task_machine_check(full.m), 0);
		if (!err)
			break;
		CU_ASSERT_EQUAL(full.m->virt->mms.nr_live, mms);
		CU_ASSERT_EQUAL(full.m->virt->vmas.nr_live, vmas);
		CU_ASSERT_EQUAL(full.m->virt->tasks.nr_live, tasks);
		task_machine_give(full.m, taken, &nr, 1);
	} while (refused++ < 1000);
	CU_ASSERT_EQUAL(err, 0);
	CU_ASSERT_TRUE(refused > 3);
	task_machine_give(full.m, taken, &nr, nr);
	(void)task_end(full.m, full.init, pid, 0);
	CU_ASSERT_EQUAL(task_machine_check(full.m), 0);
	free(taken);
	task_machine_end(&full);
}

/* One random call of a random process; what it answers is checked by its state alone. */
static void storm_step(struct machine *m, u64 *rng)
{
	static const u64 flags[] = {
		SIGCHLD, SIGCHLD, CLONE_VM | SIGCHLD, CLONE_VFORK | CLONE_VM | SIGCHLD, THREAD,
		CLONE_PARENT | SIGCHLD, CLONE_FS | CLONE_FILES | SIGCHLD, CLONE_THREAD,
	};
	static const char *const paths[] = { "/init", "/bin/true", "/nothing" };
	struct task_struct *task = m->tasks->tasks[rng_below(rng, m->tasks->nr)];
	struct access_result result;
	u32 pid, status;
	int err = 0;

	if (!task->mm || task_blocked(task) || !task_alive(task))
		return;
	sched_switch_to(m, task);
	switch (rng_below(rng, 8)) {
	case 0: case 1:
		err = sys_clone(m, task, flags[rng_below(rng, ARRAY_SIZE(flags))], &pid);
		break;
	case 2:
		err = sys_execve(m, task, &(struct exec_request){
			.path = paths[rng_below(rng, ARRAY_SIZE(paths))] });
		break;
	case 3:
		err = sys_wait4(m, task, -1, WNOHANG, &pid, &status);
		break;
	case 4:
		if (task->tgid != PID_INIT)
			do_exit(m, task, 0);
		break;
	case 5:
		if (task->tgid != PID_INIT)
			do_group_exit(m, task, 1 << 8);
		break;
	case 6:
		err = sys_kill(m, task, (s32)rng_below(rng, m->tasks->last_pid + 5),
			       (int)rng_below(rng, 32));
		break;
	default:
		err = task_access(m, task, task->mm->start_stack -
				  rng_below(rng, 64) * PAGE_SIZE, ACCESS_STORE, &result);
	}
	CU_ASSERT_TRUE(err <= 0);
}

static void test_storm(void)
{
	static const char *const releases[] = { "release=6.1", "release=6.18" };

	for (unsigned int i = 0; i < ARRAY_SIZE(releases); i++) {
		const char *const sets[] = { releases[i], NULL };
		struct task_machine storm;
		u64 rng = 7 + i;

		task_machine_boot(&storm, "tiny", sets);
		storm.m->tunables->pid_max = 600;
		for (unsigned int n = 0; n < 20000; n++) {
			storm_step(storm.m, &rng);
			if (n % 400 == 0)
				CU_ASSERT_EQUAL_FATAL(task_machine_check(storm.m), 0);
		}
		CU_ASSERT_EQUAL(task_machine_check(storm.m), 0);
		CU_ASSERT_FALSE(storm.m->broken);
		task_machine_end(&storm);
	}
}

static void test_segfault(void)
{
	struct task_struct *a = task_fork(tm.m, tm.init, SIGCHLD);
	const char *line;
	u32 pid, status;

	force_sig_fault(tm.m, a, SIGSEGV, SEGV_MAPERR, 0x123, 6);
	line = strstr(tm.m->boot_log->dmesg.text, "segfault at 123 ip ");
	CU_ASSERT_PTR_NOT_NULL_FATAL(line);
	CU_ASSERT_PTR_NOT_NULL(strstr(line, " error 6 in init["));
	CU_ASSERT_PTR_NOT_NULL(strstr(line, "] likely on CPU 0 (core 0, socket 0)\n"));
	CU_ASSERT_EQUAL(sys_wait4(tm.m, tm.init, -1, 0, &pid, &status), 0);
	CU_ASSERT_EQUAL(status, SIGSEGV);
}

/* The last one: it ends the machine. */
static void test_kill_init(void)
{
	force_sig_fault(tm.m, tm.init, SIGSEGV, SEGV_MAPERR, 0, 4);
	CU_ASSERT_TRUE(tm.m->broken);
	CU_ASSERT_TRUE(tm.m->panicked);
	CU_ASSERT_PTR_NOT_NULL(strstr(tm.m->boot_log->dmesg.text,
		"Kernel panic - not syncing: Attempted to kill init! "
		"exitcode=0x0000000b\n"));
	CU_ASSERT_EQUAL(task_machine_check(tm.m), 0);
}

/* Groups and sessions: who may change them, and what a group's number means then. */
static void test_sessions(void)
{
	struct task_struct *leader, *child, *other;
	u32 sid = 0;

	leader = task_fork(tm.m, tm.init, SIGCHLD);
	CU_ASSERT_EQUAL(sys_setsid(tm.m, leader, &sid), 0);
	CU_ASSERT_EQUAL(sid, leader->pid);
	CU_ASSERT_EQUAL(leader->signal->pgid, leader->pid);
	CU_ASSERT_EQUAL(sys_setsid(tm.m, leader, &sid), -EPERM);
	CU_ASSERT_EQUAL(sys_setpgid(tm.m, leader, 0, 0), -EPERM);
	child = task_fork(tm.m, leader, SIGCHLD);
	other = task_fork(tm.m, leader, SIGCHLD);
	CU_ASSERT_EQUAL(child->signal->sid, leader->pid);
	CU_ASSERT_EQUAL(sys_setpgid(tm.m, leader, (s32)child->pid, -1), -EINVAL);
	CU_ASSERT_EQUAL(sys_setpgid(tm.m, leader, 4000, 0), -ESRCH);
	CU_ASSERT_EQUAL(sys_setpgid(tm.m, leader, (s32)child->pid, 4000), -EPERM);
	CU_ASSERT_EQUAL(sys_setpgid(tm.m, leader, (s32)child->pid, 0), 0);
	CU_ASSERT_EQUAL(sys_setpgid(tm.m, other, 0, (s32)child->pid), 0);
	CU_ASSERT_EQUAL(sys_setpgid(tm.m, other, (s32)child->pid, 0), -ESRCH);
	CU_ASSERT_EQUAL(sys_setsid(tm.m, child, &sid), -EPERM);
	CU_ASSERT_EQUAL(sys_execve(tm.m, other, &(struct exec_request){ "/bin/true", NULL, NULL }),
			0);
	CU_ASSERT_EQUAL(sys_setpgid(tm.m, leader, (s32)other->pid, 0), -EACCES);
	CU_ASSERT_EQUAL(sys_kill(tm.m, leader, -(s32)child->pid, SIGKILL), 0);
	CU_ASSERT_FALSE(task_alive(child));
	CU_ASSERT_FALSE(task_alive(other));
	CU_ASSERT_TRUE(task_alive(leader));
	CU_ASSERT_EQUAL(task_machine_check(tm.m), 0);
	CU_ASSERT_EQUAL(task_end(tm.m, leader, child->pid, 0), SIGKILL);
	CU_ASSERT_EQUAL(task_end(tm.m, leader, other->pid, 0), SIGKILL);
	CU_ASSERT_EQUAL(task_end(tm.m, tm.init, leader->pid, 0), 0);
}

static const CU_TestInfo tests[] = {
	{ "fork", test_fork },
	{ "threads", test_thread },
	{ "vfork", test_vfork },
	{ "flags", test_flags },
	{ "limits", test_limits },
	{ "pids", test_pids },
	{ "wait", test_wait },
	{ "ignored children", test_ignored_children },
	{ "kill", test_kill },
	{ "kernel threads", test_kthread },
	{ "no host memory", test_no_memory },
	{ "guaranteed", test_guarantee },
	{ "no memory", test_full },
	{ "storm", test_storm },
	{ "segfault", test_segfault },
	{ "killing init", test_kill_init },
	{ "sessions", test_sessions },
};

int main(void)
{
	return suite_main("fork", tests, ARRAY_SIZE(tests), start, stop);
}
