// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * execve: open the program and its interpreter, fill the stack of a new mm, then take
 * leave of the old one; what fails from there on kills the task. The other threads
 * end, vfork's parent goes on, descriptors that are marked are closed.
 */
#include "sim/virt/cred.h"
#include "sim/virt/exec.h"

#include "sim/phys/page_alloc.h"
#include "sim/phys/tunables.h"
#include "sim/virt/file.h"
#include "sim/virt/memory.h"
#include "sim/virt/mmap.h"
#include "sim/virt/sched.h"
#include "sim/virt/virt.h"

#define SUID_DUMP_USER 1

static int open_exec(struct machine *m, const char *path, struct file **file)
{
	struct inode *inode = inode_find(m, path);

	if (inode && inode->i_writecount > 0)
		return -ETXTBSY;
	return inode ? file_open_inode(m, inode, O_RDONLY, file) : -ENOENT;
}

static unsigned int count_strings(const char *const *strings)
{
	unsigned int nr = 0;

	while (strings && strings[nr])
		nr++;
	return nr;
}

/* Threads, signals and descriptors that others share become the task's own. */
static int unshare_all(struct exec *e)
{
	struct machine *m = e->m;
	struct task_struct *task = e->task;
	struct files_struct *files;
	struct sighand_struct *sighand;
	int err = 0;

	zap_other_threads(m, task);
	task->exit_signal = SIGCHLD;
	if (task->files && task->files->count > 1) {
		err = files_struct_dup(m, task->files, &files);
		if (err)
			return err;
		files_struct_put(m, task->files);
		task->files = files;
	}
	if (task->sighand->count == 1)
		return 0;
	err = new_object(m, &m->virt->sighands, NUMA_NO_NODE, &sighand);
	if (err)
		return err;
	sighand->count = 1;
	sighand->ignored = task->sighand->ignored;
	task->sighand->count--;
	task->sighand = sighand;
	return 0;
}

static void exec_mmap(struct exec *e)
{
	struct task_struct *task = e->task;
	struct mm_struct *old = task->mm;

	vfork_done(e->m, task);
	if (old) {
		sync_mm_rss(task);
		task->signal->maxrss = MAX(task->signal->maxrss,
					   MAX(old->hiwater_rss, get_mm_rss(old)));
	}
	sched_new_mm(e->m, task, e->mm);
	if (old) {
		mm_update_next_owner(e->m, old, task);
		mmput(e->m, old);
	}
}

static void new_identity(struct exec *e)
{
	struct task_struct *task = e->task;
	const char *name = strrchr(e->program->path, '/');

	name = name ? name + 1 : e->program->path;
	memset(task->comm, 0, sizeof(task->comm));
	memcpy(task->comm, name, MIN(strlen(name), (size_t)TASK_COMM_LEN - 1));
	task->flags &= ~(PF_RANDOMIZE | PF_FORKNOEXEC | PF_NOFREEZE | PF_NO_SETAFFINITY);
	if (e->randomize)
		task->flags |= PF_RANDOMIZE;
	task->pkru = PKRU_INIT;
	/* A 64-bit program says itself what of it may be executed. */
	if (e->m->arch->bits == 64)
		task->personality &= ~READ_IMPLIES_EXEC;
	/* Of old, a 32-bit program without the header may run what it may read. */
	if (e->program->no_stack_header && e->m->arch->bits == 32)
		task->personality |= READ_IMPLIES_EXEC;
	e->mm->flags = (e->mm->flags & ~3ULL) | SUID_DUMP_USER;
	e->mm->task_size = arch_task_size_max(e->m->arch);
	arch_pick_mmap_layout(e->m, task, e->mm);
}

/* The point of no return. */
static int exec_begin(struct exec *e)
{
	int err = unshare_all(e);

	if (!err)
		err = deny_write_access(e->file);
	if (err)
		return err;
	e->mm->exe_file = get_file(e->file);
	exec_mmap(e);
	new_identity(e);
	if (e->task->files)
		fd_close_on_exec(e->m, e->task->files);
	return 0;
}

/* Programs of System V read at NULL; that they may not is no error of exec. */
static int map_page_zero(struct exec *e)
{
	struct mmap_request req = {
		.len = PAGE_SIZE, .prot = PROT_READ | PROT_EXEC, .flags = MAP_FIXED | MAP_PRIVATE,
	};
	u64 addr, populate;
	int err;

	req.flags |= MAP_ANONYMOUS;
	err = do_mmap(e->m, e->task, &req, 0, &addr, &populate);
	if (!err && rel_page_zero_is_sealed(e->m->release))
		err = sys_mseal(e->m, e->task, 0, PAGE_SIZE, 0);
	return err == -ENOBUFS ? err : 0;
}

static int exec_finish(struct exec *e)
{
	int err = exec_stack_finish(e);

	if (!err)
		err = exec_map_program(e);
	if (!err)
		err = exec_map_vdso(e);
	if (!err)
		err = exec_stack_tables(e);
	if (!err && e->task->personality & MMAP_PAGE_ZERO)
		err = map_page_zero(e);
	e->task->exec_strings = (struct exec_strings){ 0 };
	e->task->ip = e->entry;
	e->task->sp = e->p;
	return err;
}

/* What a line said of the strings: as many as that, the words of the line among them. */
static void count_all_strings(struct exec *e)
{
	const struct exec_strings *strings = &e->task->exec_strings;
	u64 bytes = 0;

	e->argc = e->argv_words = count_strings(e->argv);
	e->envc = count_strings(e->envp);
	for (unsigned int i = 0; i < e->argc; i++)
		bytes += strlen(e->argv[i]) + 1;
	e->argc = MAX(e->argc, strings->argc);
	if (strings->arg_bytes > bytes)
		e->argv_rest = strings->arg_bytes - bytes;
	if (!e->envc) {
		e->envc = strings->envc;
		e->envp_rest = strings->env_bytes;
	}
	e->path_bytes = strings->path_bytes;
}

static int exec_loaded(struct exec *e)
{
	int err = exec_stack_begin(e);
	bool mine = !err;

	if (!err) {
		err = exec_begin(e);
		mine = e->task->mm != e->mm;
		if (!err)
			err = exec_finish(e);
		if (err && e->m->booted)
			force_sig(e->m, e->task, SIGSEGV);
	}
	if (mine && e->mm)
		mmput(e->m, e->mm);
	return err;
}

int exec_program(struct machine *m, struct task_struct *task, const struct program *program,
		 const struct exec_request *req)
{
	const char *const path_alone[] = { req->path ? req->path : program->path, NULL };
	struct program interp;
	struct exec e = {
		.m = m, .task = task, .program = program,
		.argv = req->argv && req->argv[0] ? req->argv : path_alone, .envp = req->envp,
		.randomize = !(task->personality & ADDR_NO_RANDOMIZE) &&
			     m->tunables->randomize_va_space,
	};
	int err = open_exec(m, program->path, &e.file);

	if (err)
		return err;
	count_all_strings(&e);
	if (program->interp) {
		err = program_load(m, program->interp, &interp);
		if (!err)
			err = open_exec(m, program->interp, &e.interp_file);
		e.interp = &interp;
	}
	if (!err)
		err = exec_loaded(&e);
	if (e.interp_file)
		fput(m, e.interp_file);
	fput(m, e.file);
	return err;
}

int sys_execve(struct machine *m, struct task_struct *task, const struct exec_request *req)
{
	const struct inode *inode = inode_find(m, req->path);
	struct program program;
	int err;

	if (inode && inode->i_writecount > 0)
		return -ETXTBSY;
	err = program_load(m, req->path, &program);
	if (!err)
		err = exec_program(m, task, &program, req);
	if (!err)
		cred_exec(task);
	return err;
}
