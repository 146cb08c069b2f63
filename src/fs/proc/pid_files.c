// SPDX-License-Identifier: GPL-2.0-or-later
/* PID/exe, PID/fd and PID/map_files: links to what a process runs, opened and mapped. */
#include <inttypes.h>
#include <stdio.h>

#include "fs/core/host.h"
#include "fs/proc/pid.h"
#include "fs/proc/task_mmu.h"
#include "sim/virt/file.h"
#include "sim/virt/vma.h"

static int exe_show(struct out *out, const struct view *v)
{
	const struct mm_struct *mm = view_mm(v);

	if (!mm || !mm->exe_file)
		return -ENOENT;
	out_file_path(out, mm->exe_file, "");
	return 0;
}

/* -- fd ------------------------------------------------------------------------- */

static int fd_show(struct out *out, const struct view *v)
{
	const struct file *file = fget_raw(v->m, view_task(v), (int)v->id[V_FD]);

	if (!file)
		return -ENOENT;
	out_file_path(out, file, "");
	return 0;
}

bool fd_next(const struct view *v, u32 *id)
{
	const struct task_struct *task = view_task(v);
	u32 nr = task->files ? task->files->nr_slots : 0;

	for (; *id < nr; (*id)++) {
		if (fget_raw(v->m, task, (int)*id))
			return true;
	}
	return false;
}

void fd_name(const struct view *v, u32 id, char name[64])
{
	snprintf(name, 64, "%u", id);
}

bool fd_find(const struct view *v, const char *name, u32 *id)
{
	const struct task_struct *task = view_task(v);

	return host_number(name, id) && task->files && *id < task->files->nr_slots &&
	       fget_raw(v->m, task, (int)*id);
}

static const struct each fd_each[] = {
	{ LINK_ROW("<FD>", fd_show), V_FD, fd_next, fd_name, fd_find },
};
static const struct dir fd_dir = { DIR_EACH(fd_each) };

/* -- map_files: ids are places among the mappings of files ----------------------- */

static const struct vm_area_struct *nth_map(const struct view *v, u32 n)
{
	const struct mm_struct *mm = view_mm(v);
	const struct vm_area_struct *vma = mm ? vma_first(v->m, mm) : NULL;

	for (; vma; vma = vma_next(v->m, vma)) {
		if (vma->vm_file && !n--)
			return vma;
	}
	return NULL;
}

static int map_show(struct out *out, const struct view *v)
{
	const struct vm_area_struct *vma = nth_map(v, v->id[V_FD]);

	if (!vma)
		return -ENOENT;
	out_file_path(out, vma->vm_file, "");
	return 0;
}

static bool map_next(const struct view *v, u32 *id)
{
	return nth_map(v, *id);
}

static void map_name(const struct view *v, u32 id, char name[64])
{
	const struct vm_area_struct *vma = nth_map(v, id);

	snprintf(name, 64, "%" PRIx64 "-%" PRIx64, vma ? vma->vm_start : 0, vma ? vma->vm_end : 0);
}

static bool map_find(const struct view *v, const char *name, u32 *id)
{
	char text[64];

	for (*id = 0; nth_map(v, *id); (*id)++) {
		map_name(v, *id, text);
		if (!strcmp(text, name))
			return true;
	}
	return false;
}

static const struct each map_each[] = {
	{ LINK_ROW("<START>-<END>", map_show), V_FD, map_next, map_name, map_find },
};
static const struct dir map_dir = { DIR_EACH(map_each) };

static const struct entry entries[] = {
	LINK_ROW("exe", exe_show),
	DIR_ROW("fd", 0500, &fd_dir),
	DIR_ROW("map_files", 0500, &map_dir),
};
static const struct dir pid_dir = { DIR_FILES(entries) };

static const struct entry thread_entries[] = { LINK_ROW("exe", exe_show) };
static const struct dir thread_dir = { DIR_FILES(thread_entries) };

TREE_PARTS(pid_files_parts, { "proc/<PID>", &pid_dir },
	   { "proc/<PID>/task/<TID>", &thread_dir });
