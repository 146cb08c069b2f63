// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The engine's side: a machine with a task that runs the worker's program, whose
 * segments are read from its file. Calls are those of ops-run; before each, and in a new
 * child, the program's own pages are touched as the worker touches them.
 */
#include <elf.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "diff.h"
#include "ops.h"
#include "sim/boot/config.h"
#include "sim/phys/lru.h"
#include "sim/virt/file.h"
#include "sim/virt/fork.h"
#include "sim/virt/memory.h"
#include "sim/virt/mmap.h"
#include "sim/virt/sched.h"
#include "sim/virt/shm.h"
#include "sim/virt/vma.h"
#include "tree_files.h"

#define CAP_IPC_LOCK 14
#define CAP_SYS_ADMIN 21
#define CAP_SYS_NICE 23
#define CAP_SYS_RESOURCE 24

struct engine {
	struct ops ops;
	struct machine_config *config;
	struct program program;
	u64 program_bytes;
	struct handle *pagemap[DIFF_PROCESSES];
	u32 pagemap_pid[DIFF_PROCESSES];
	int file[DIFF_FILES];
	long segment[DIFF_SEGMENTS];	/* as of diff_real.c */
	bool has_disk;
	unsigned int read_ahead;
};

static const char machine_format[] =
	"[machine]\narch = x86_64\nrelease = 6.18\nplatform = pc\n"
	"cmdline = transparent_hugepage=%s\n[config]\nMAYBE_GUARD = %c\nHUGE_KEEPS_DIRTY = %c\n"
	"SEAL_EXEC_ASKS = %c\nMEM_SOFT_DIRTY = %c\nPKEYS = %c\n"
	"LRU_GEN_ENABLED = %c\n"
	"[node 0]\ncpus = 0\nmemory = 1G\n";

bool ops_touch(struct ops *ops, u32 pid, enum touch when)
{
	(void)ops;
	(void)pid;
	(void)when;
	return true;
}

void ops_fill_buffer(struct ops *ops, u64 bytes)
{
	(void)ops;
	(void)bytes;
}

static bool read_program(struct engine *engine, const char *path)
{
	FILE *file = fopen(path, "rb");
	struct program *program = &engine->program;
	Elf64_Ehdr header;
	Elf64_Phdr phdr;
	bool ok = file && fread(&header, sizeof(header), 1, file) == 1;

	program->path = path;
	program->entry = ok ? header.e_entry : 0;
	for (unsigned int i = 0; ok && i < header.e_phnum; i++) {
		ok = !fseek(file, (long)(header.e_phoff + i * sizeof(phdr)), SEEK_SET) &&
		     fread(&phdr, sizeof(phdr), 1, file) == 1;
		if (!ok || phdr.p_type != PT_LOAD)
			continue;
		program->segments[program->nr_segments].vaddr = phdr.p_vaddr;
		program->segments[program->nr_segments].memsz = phdr.p_memsz;
		program->segments[program->nr_segments].filesz = phdr.p_filesz;
		program->segments[program->nr_segments].offset = phdr.p_offset;
		program->segments[program->nr_segments].prot =
			(phdr.p_flags & PF_R ? PROT_READ : 0) |
			(phdr.p_flags & PF_W ? PROT_WRITE : 0) |
			(phdr.p_flags & PF_X ? PROT_EXEC : 0);
		program->nr_segments++;
	}
	program->phnum = ok ? header.e_phnum : 0;
	ok = ok && !fseek(file, 0, SEEK_END);
	engine->program_bytes = ok ? (u64)ftell(file) : 0;
	if (file)
		fclose(file);
	return ok;
}

static void copy_tunable(struct engine *engine, const char *name)
{
	char path[96], text[64] = "";
	FILE *file;

	snprintf(path, sizeof(path), "/proc/sys/vm/%s", name);
	file = fopen(path, "r");
	if (file && fgets(text, sizeof(text), file))
		tree_write(engine->ops.tree, path + 1, text);
	if (file)
		fclose(file);
}

void *diff_engine_new(const char *worker, const struct diff_host *host)
{
	char machine_text[256];
	struct engine *engine = calloc(1, sizeof(*engine));
	struct inode *inode;
	char *error = NULL, lowest[24];

	if (engine) {
		int disk = diff_real_disk();

		engine->has_disk = disk >= 0;
		if (disk >= 0)
			engine->read_ahead = diff_real_read_ahead(disk);
		if (disk >= 0)
			close(disk);
	}
	snprintf(machine_text, sizeof(machine_text), machine_format, host->thp,
		 host->marks_guards ? 'y' : 'n', host->keeps_dirty ? 'y' : 'n',
		 host->seal_asks ? 'y' : 'n',
		 host->has_soft_dirty ? 'y' : 'n',
		 host->has_pkeys ? 'y' : 'n', host->has_lru_gen ? 'y' : 'n');
	snprintf(lowest, sizeof(lowest), "%lu", diff_real_lowest());
	if (!engine || !read_program(engine, worker) ||
	    machine_config_parse("diff", machine_text, NULL, &engine->config, &error) ||
	    tree_create(engine->config, &engine->ops.tree, &error)) {
		printf("diff_host: %s\n", error ? error : "no machine");
		return NULL;
	}
	engine->ops.m = (struct machine *)(uintptr_t)tree_machine(engine->ops.tree);
	if (inode_create(engine->ops.m, INODE_DISK, worker, engine->program_bytes, &inode))
		return NULL;
	copy_tunable(engine, "overcommit_memory");
	copy_tunable(engine, "max_map_count");
	tree_write(engine->ops.tree, "proc/sys/vm/mmap_min_addr", lowest);
	engine->ops.m->tunables->lsm_mmap_min_addr = 0;
	return engine;
}

void diff_engine_free(void *side)
{
	struct engine *engine = side;

	tree_free(engine->ops.tree);
	machine_config_free(engine->config);
	free(engine);
}

/* What lies between heap and stack: the vdso and its data. */
static int unmap_vdso(struct machine *m, struct task_struct *task)
{
	struct vm_area_struct *vma = find_vma(m, task->mm, task->mm->brk + 1);
	int err = 0;

	while (vma && vma->vm_end <= task->mm->start_stack && !err) {
		err = sys_munmap(m, task, vma->vm_start, vma->vm_end - vma->vm_start);
		vma = find_vma(m, task->mm, task->mm->brk + 1);
	}
	return err;
}

/* What the worker touches of itself before its calls: all of it. */
static void touch_own(const struct engine *engine, struct task_struct *task)
{
	const struct program *program = &engine->program;
	struct machine *m = engine->ops.m;
	struct access_result how;
	int err = 0;

	for (unsigned int i = 0; i < program->nr_segments; i++) {
		u64 addr = ALIGN_DOWN(program->segments[i].vaddr, PAGE_SIZE);
		u64 end = program->segments[i].vaddr + program->segments[i].memsz;

		for (; addr < end && !err; addr += PAGE_SIZE)
			err = task_access(m, task, addr, program->segments[i].prot & PROT_WRITE ?
					  ACCESS_STORE : ACCESS_LOAD, &how);
	}
	if (!err)
		err = task_access(m, task, task->mm->start_stack - 512, ACCESS_STORE, &how);
	if (err)
		printf("diff_host: the task cannot touch its own pages\n");
}

/* Those of the worker; nothing else of the host matters to these calls. */
static void set_rights(struct task_struct *task)
{
	unsigned long long effective = diff_real_capabilities();

	task->cap_ipc_lock = effective >> CAP_IPC_LOCK & 1;
	task->cap_sys_admin = effective >> CAP_SYS_ADMIN & 1;
	task->cap_sys_resource = effective >> CAP_SYS_RESOURCE & 1;
	task->cap_sys_nice = effective >> CAP_SYS_NICE & 1;
	if (!effective)
		task->uid = 1;
	task->signal->rlim[RLIMIT_AS].cur = diff_real_limit(RLIMIT_AS);
	task->signal->rlim[RLIMIT_DATA].cur = diff_real_limit(RLIMIT_DATA);
}

/* As diff_real.c makes them. */
static int open_file(struct engine *engine, struct task_struct *task, int file)
{
	struct machine *m = engine->ops.m;
	int *fd = &engine->file[file], err;
	u64 bytes = (u64)DIFF_FILE_BYTES(file), done;

	if (file != DIFF_DISK || !engine->has_disk) {
		err = sys_memfd_create(m, task, "diff", file == DIFF_SEALED ? 2 : 0, fd);
		return err ? err : sys_ftruncate(m, task, *fd, bytes);
	}
	err = sys_open(m, task, "/var/diff", O_RDWR | O_CREAT, 0600, fd);
	for (u64 at = 0; at < bytes && !err; at += PAGE_SIZE)
		err = sys_pwrite(m, task, *fd, at, MIN(bytes - at, PAGE_SIZE), &done);
	if (!err)
		fget(m, task, *fd)->f_ra.ra_pages = engine->read_ahead;
	return err ? err : sys_unlink(m, task, "/var/diff");
}

static int start(struct engine *engine)
{
	static const char *argv[] = { NULL, NULL };
	struct exec_request req = { .path = engine->program.path, .argv = argv };
	struct machine *m = engine->ops.m;
	struct task_struct *init = task_find(m, PID_INIT), *task;
	u32 pid;
	int err;

	argv[0] = engine->program.path;
	sched_switch_to(m, init);
	err = sys_clone(m, init, SIGCHLD, &pid);
	if (err)
		return err;
	engine->ops.pid[0] = pid;
	task = task_find(m, pid);
	sched_switch_to(m, task);
	task->personality = ADDR_NO_RANDOMIZE;
	task->signal->rlim[RLIMIT_STACK] = (struct rlimit){ 8 * SZ_1M, RLIM_INFINITY };
	task->signal->rlim[RLIMIT_MEMLOCK] = (struct rlimit){ 8 * SZ_1M, 8 * SZ_1M };
	err = exec_program(m, task, &engine->program, &req);
	if (!err)
		err = unmap_vdso(m, task);
	if (!err)
		touch_own(engine, task);
	for (int i = 0; i < DIFF_FILES && !err; i++)
		err = open_file(engine, task, i);
	if (!err)
		err = signal_ignore(task, SIGXFSZ, true);
	if (!err)
		set_rights(task);
	return err;
}

static const char *engine_start(void *side)
{
	struct engine *engine = side;

	memset(engine->ops.pid, 0, sizeof(engine->ops.pid));
	memset(engine->ops.dead, 0, sizeof(engine->ops.dead));
	for (int i = 0; i < DIFF_SEGMENTS; i++)
		engine->segment[i] = -1;
	return start(engine) ? "the task does not start" : NULL;
}

static void forget_pagemap(struct engine *engine, int process)
{
	if (engine->pagemap[process])
		handle_release(engine->pagemap[process]);
	engine->pagemap[process] = NULL;
}

static void remove_segments(struct machine *m)
{
	const struct shm_segment *segment;
	u64 result;

	for (u32 slot = 0; (segment = shm_next(m, &slot)); slot++)
		if (sys_shmctl(m, task_find(m, PID_INIT), segment->id, IPC_RMID, &result))
			abort();
}

/* All end; init reaps those that are not A. */
static void engine_end(void *side)
{
	struct engine *engine = side;
	struct machine *m = engine->ops.m;
	u32 ended, status;

	for (int i = DIFF_PROCESSES - 1; i >= 0; i--) {
		struct task_struct *task = engine->ops.pid[i] ?
			task_find(m, engine->ops.pid[i]) : NULL;

		forget_pagemap(engine, i);
		if (!task || engine->ops.dead[i])
			continue;
		sched_switch_to(m, task);
		do_group_exit(m, task, SIGKILL);
		sched_switch_to(m, task_find(m, PID_INIT));
	}
	while (!sys_wait4(m, task_find(m, PID_INIT), -1, WNOHANG, &ended, &status) && ended)
		;
	remove_segments(m);
}

static const struct op_row *row_of(int call)
{
	for (unsigned int i = 0; i < nr_op_rows; i++)
		if (!strcmp(op_rows[i].name, diff_call_names[call]))
			return &op_rows[i];
	abort();
}

/* Where the program has room, as much as a call on another process can want. */
static long room_of(const struct program *program)
{
	for (unsigned int i = 0; i < program->nr_segments; i++)
		if (program->segments[i].prot & PROT_WRITE &&
		    program->segments[i].memsz >= DIFF_BUFFER)
			return (long)program->segments[i].vaddr;
	abort();
}

/* Numbers that each side has its own of. */
static struct op translate(const struct engine *engine, const struct diff_step *step)
{
	int file = diff_file_arg(step), segment = diff_segment_arg(step);
	int other = diff_other_arg(step);
	struct op op = { .row = row_of(step->call), .nr_args = 6 };

	for (unsigned int i = 0; i < 6; i++)
		op.a[i] = step->a[i];
	if (step->call == DIFF_READ || step->call == DIFF_WRITE)
		op.a[2] = DIFF_PAGE;
	if (file >= 0)
		op.a[file] = engine->file[step->a[file]];
	if (segment >= 0)
		op.a[segment] = engine->segment[step->a[segment]];
	if (other >= 0) {
		op.a[other] = engine->ops.pid[step->a[other]];
		op.a[4] = room_of(&engine->program);
	}
	return op;
}

static bool engine_call(void *side, const struct diff_step *step, struct diff_reply *reply)
{
	struct engine *engine = side;
	struct op op = translate(engine, step);
	struct op_result result = { 0 };

	engine->ops.current = (unsigned int)step->process;
	memset(reply, 0, sizeof(*reply));
	if (step->call == DIFF_EXIT) {
		struct task_struct *task = ops_task(&engine->ops);

		forget_pagemap(engine, step->process);
		sched_switch_to(engine->ops.m, task);
		op.row->run(&engine->ops, &op, &result);
		/* See drain_batches() of diff_real.c. */
		lru_add_drain(engine->ops.m);
		engine->ops.dead[step->process] = true;
		return true;
	}
	sched_switch_to(engine->ops.m, ops_task(&engine->ops));
	touch_own(engine, ops_task(&engine->ops));
	if (diff_is_of_others(step->call))
		lru_add_drain(engine->ops.m);	/* as drain_batches() of the worker */
	if (diff_pages_out(step) &&
	    sys_fsync(engine->ops.m, ops_task(&engine->ops), engine->file[DIFF_DISK]))
		printf("diff_host: the task cannot write its file back\n");
	if (!ops_run(&engine->ops, &op, &result))
		return false;
	reply->ret = result.err ? -1 : (long)result.ret;
	reply->err = result.err;
	if (step->call == DIFF_FORK && !result.err) {
		engine->ops.current = (unsigned int)step->a[0];
		sched_switch_to(engine->ops.m, ops_task(&engine->ops));
		touch_own(engine, ops_task(&engine->ops));
	}
	if (step->call == DIFF_SHMGET && !result.err)
		reply->ret = diff_note_segment(engine->segment, step->a[0], reply->ret);
	reply->sig = result.sig;
	reply->code = result.code;
	if (result.sig || step->call == DIFF_WAIT)
		reply->addr = (long)result.addr;
	reply->minflt = (long)result.minflt;
	reply->majflt = (long)result.majflt;
	memcpy(reply->vec, result.vec, sizeof(reply->vec));
	return true;
}

static char *engine_text(void *side, int process, const char *name)
{
	struct engine *engine = side;
	char path[64];

	snprintf(path, sizeof(path), "proc/%u/%s", engine->ops.pid[process], name);
	return tree_text(engine->ops.tree, path);
}

static bool engine_pagemap(void *side, int process, unsigned long addr, unsigned long nr,
			   unsigned long long *entries)
{
	const struct caller nobody = { 0 };
	struct engine *engine = side;
	struct node node;
	char path[64];

	if (engine->pagemap_pid[process] != engine->ops.pid[process])
		forget_pagemap(engine, process);
	engine->pagemap_pid[process] = engine->ops.pid[process];
	snprintf(path, sizeof(path), "proc/%u/pagemap", engine->ops.pid[process]);
	if (!engine->pagemap[process] &&
	    (tree_walk(engine->ops.tree, path, nobody, &node) ||
	     tree_open(engine->ops.tree, node, nobody, 0, &engine->pagemap[process])))
		return false;
	return handle_read(engine->pagemap[process], addr / DIFF_PAGE * 8, (char *)entries,
			   nr * 8) == (ssize_t)(nr * 8);
}

bool diff_engine_check(void *side)
{
	struct engine *engine = side;
	struct out text = OUT_INIT;
	struct check check = { .out = &text };

	machine_check(engine->ops.m, &check);
	if (check.nr_broken)
		printf("broken %u of %u\n%.*s", check.nr_broken, check.nr_checked,
		       (int)MIN(text.len, 4000), text.len ? text.text : "");
	out_free(&text);
	return !check.nr_broken;
}

const struct diff_side diff_engine = {
	"engine", engine_start, engine_end, engine_call, engine_text, engine_pagemap,
};
