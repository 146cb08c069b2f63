// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * PR_SET_MM: the figures of a program's layout, one by one or as a struct in the
 * caller's memory; the vector of exec; the file of /proc/PID/exe. Whatever is changed,
 * all figures are looked at together before.
 */
#include "sim/phys/tunables.h"
#include "sim/virt/file.h"
#include "sim/virt/memory.h"
#include "sim/virt/prctl.h"
#include "sim/virt/process_vm.h"
#include "sim/virt/task.h"
#include "sim/virt/vma_internal.h"

/* As the kernel's interface has it: figures, then the vector and a descriptor. */
#define NR_FIGURES 11
#define MAP_BYTES (NR_FIGURES * 8 + 16)	/* of 64 bits: pointers take 8 */
#define NO_FD 0xffffffffU
#define MODE_EXEC 0111

enum figure { START_CODE, END_CODE, START_DATA, END_DATA, START_BRK, BRK, START_STACK,
	      ARG_START, ARG_END, ENV_START, ENV_END };

static const struct {
	size_t field;		/* of struct mm_struct */
	u8 option;		/* of PR_SET_MM */
	bool needs_vma;
} figures[NR_FIGURES] = {
#define FIGURE(name, id, ...) \
	[id] = { offsetof(struct mm_struct, name), PR_SET_MM_##id, __VA_ARGS__ }
	FIGURE(start_code, START_CODE, false), FIGURE(end_code, END_CODE, false),
	FIGURE(start_data, START_DATA, false), FIGURE(end_data, END_DATA, false),
	FIGURE(start_brk, START_BRK, false), FIGURE(brk, BRK, false),
	FIGURE(start_stack, START_STACK, true),
	FIGURE(arg_start, ARG_START, true), FIGURE(arg_end, ARG_END, true),
	FIGURE(env_start, ENV_START, true), FIGURE(env_end, ENV_END, true),
#undef FIGURE
};

static u64 *figure_of(struct mm_struct *mm, unsigned int i)
{
	return (u64 *)(void *)((char *)mm + figures[i].field);
}

static bool in_order(const u64 map[NR_FIGURES])
{
	return map[START_CODE] < map[END_CODE] && map[START_DATA] <= map[END_DATA] &&
	       map[START_BRK] <= map[BRK] && map[ARG_START] <= map[ARG_END] &&
	       map[ENV_START] <= map[ENV_END];
}

static int validate(const struct machine *m, const struct task_struct *task,
		    const u64 map[NR_FIGURES])
{
	u64 limit = task->signal->rlim[RLIMIT_DATA].cur;

	for (unsigned int i = 0; i < NR_FIGURES; i++)
		if (map[i] >= task_size_max(m) || map[i] < lowest_address(m->tunables))
			return -EINVAL;
	if (!in_order(map))
		return -EINVAL;
	return limit < RLIM_INFINITY &&
	       map[BRK] - map[START_BRK] + (map[END_DATA] - map[START_DATA]) > limit ?
	       -EINVAL : 0;
}

static void get_figures(struct mm_struct *mm, u64 map[NR_FIGURES])
{
	for (unsigned int i = 0; i < NR_FIGURES; i++)
		map[i] = *figure_of(mm, i);
}

static void set_figures(struct mm_struct *mm, const u64 map[NR_FIGURES])
{
	for (unsigned int i = 0; i < NR_FIGURES; i++)
		*figure_of(mm, i) = map[i];
}

/* The file must not be mapped any more; a program that runs from one stays mapped. */
static int set_exe_file(struct machine *m, struct task_struct *task, int fd)
{
	struct file *file = fget(m, task, fd);
	struct mm_struct *mm = task->mm;

	if (!file)
		return -EBADF;
	if (file->inode->kind != INODE_DISK && file->inode->kind != INODE_SHMEM)
		return -EACCES;
	if (!(file->inode->mode & MODE_EXEC))
		return -EACCES;
	for (const struct vm_area_struct *vma = vma_first(m, mm); vma && mm->exe_file;
	     vma = vma_next(m, vma))
		if (vma->vm_file && vma->vm_file->inode == mm->exe_file->inode)
			return -EBUSY;
	get_file(file);
	if (mm->exe_file)
		fput(m, mm->exe_file);
	mm->exe_file = file;
	return 0;
}

/* Bytes of the caller's memory, as if they were copied to the kernel. */
static int copy_from_user(struct machine *m, struct task_struct *task, void *to, u64 addr,
			  u64 bytes)
{
	for (u64 at = ALIGN_DOWN(addr, PAGE_SIZE); at < addr + bytes; at += PAGE_SIZE) {
		int err = fault_in_user(m, task, at, /* write = */ false);

		if (err)
			return err;
	}
	return read_process_vm(m, task->mm, addr, to, bytes) == bytes ? 0 : -EFAULT;
}

static int set_auxv(struct machine *m, struct task_struct *task, u64 addr, u64 bytes)
{
	const u64 word = m->arch->bits / 8;
	u8 raw[SAVED_AUXV_WORDS * 8];
	int err;

	if (bytes > SAVED_AUXV_WORDS * word)
		return -EINVAL;
	err = copy_from_user(m, task, raw, addr, bytes);
	if (err)
		return err;
	for (u64 i = 0; i < bytes / word; i++) {
		u64 value = 0;

		memcpy(&value, raw + i * word, word);
		/* It ends, whatever was copied. */
		task->mm->saved_auxv[i] = i < SAVED_AUXV_WORDS - 2 ? value : 0;
	}
	return 0;
}

/* The struct's size: its pointer has the machine's. */
static u64 map_bytes(const struct machine *m)
{
	return MAP_BYTES - (m->arch->bits == 32 ? 4 : 0);
}

static int set_map(struct machine *m, struct task_struct *task, u64 addr, u64 bytes)
{
	u64 map[MAP_BYTES / 8] = { 0 }, auxv;
	u32 auxv_bytes, exe_fd;
	int err;

	if (bytes != map_bytes(m))
		return -EINVAL;
	err = copy_from_user(m, task, map, addr, bytes);
	if (!err)
		err = validate(m, task, map);
	if (err)
		return err;
	if (m->arch->bits == 32)	/* 4 + 4 + 4 bytes behind the figures */
		map[NR_FIGURES + 1] = map[NR_FIGURES + 1] << 32 | map[NR_FIGURES] >> 32;
	auxv = m->arch->bits == 32 ? (u32)map[NR_FIGURES] : map[NR_FIGURES];
	auxv_bytes = (u32)map[NR_FIGURES + 1];
	exe_fd = (u32)(map[NR_FIGURES + 1] >> 32);
	if (auxv_bytes && (!auxv || auxv_bytes > SAVED_AUXV_WORDS * m->arch->bits / 8))
		return -EINVAL;
	if (exe_fd != NO_FD)
		err = task->cap_sys_admin ? set_exe_file(m, task, (int)exe_fd) : -EPERM;
	if (!err && auxv_bytes)
		err = set_auxv(m, task, auxv, auxv_bytes);
	if (!err)
		set_figures(task->mm, map);
	return err;
}

static int set_figure(struct machine *m, struct task_struct *task, u64 option, u64 addr)
{
	u64 map[NR_FIGURES];
	unsigned int i = 0;
	int err;

	if (addr >= task_size_max(m) || addr < lowest_address(m->tunables))
		return -EINVAL;
	while (i < NR_FIGURES && figures[i].option != option)
		i++;
	if (i == NR_FIGURES)
		return -EINVAL;
	get_figures(task->mm, map);
	map[i] = addr;
	err = validate(m, task, map);
	if (!err && figures[i].needs_vma && !find_vma(m, task->mm, addr))
		err = -EFAULT;
	if (!err)
		set_figures(task->mm, map);
	return err;
}

int prctl_set_mm(struct machine *m, struct task_struct *task, const struct prctl_request *req)
{
	u64 option = req->arg2;
	bool sized = option == PR_SET_MM_AUXV || option == PR_SET_MM_MAP ||
		     option == PR_SET_MM_MAP_SIZE;

	if (req->arg5 || (req->arg4 && !sized))
		return -EINVAL;
	if (option == PR_SET_MM_MAP)
		return set_map(m, task, req->arg3, req->arg4);
	if (option == PR_SET_MM_MAP_SIZE) {
		machine_why_call(m, "prctl: the struct has %d bytes",
				 (unsigned int)map_bytes(m));
		return fault_in_user(m, task, req->arg3, /* write = */ true);
	}
	if (!task->cap_sys_resource)
		return -EPERM;
	if (option == PR_SET_MM_EXE_FILE)
		return set_exe_file(m, task, (int)req->arg3);
	if (option == PR_SET_MM_AUXV)
		return set_auxv(m, task, req->arg3, req->arg4);
	return set_figure(m, task, option, req->arg3);
}
