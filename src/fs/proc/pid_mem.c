// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The bytes of a task's memory: PID/mem, and what lies at known places in it: cmdline,
 * environ, auxv. A write to mem is a call of the task, so that the journal has it:
 * `poke 0xADDR HEXDIGITS`.
 */
#include <inttypes.h>
#include <stdlib.h>

#include "fs/proc/pid.h"
#include "fs/proc/task_mmu.h"
#include "sim/virt/mm_types.h"
#include "sim/virt/process_vm.h"

#define POKE_BYTES 120	/* in one call: two digits each, within a word */

static ssize_t mem_read(const struct view *v, u64 offset, char *buf, size_t len)
{
	const struct mm_struct *mm = view_task(v)->mm;
	u64 done;

	if (!mm)
		return 0;
	done = read_process_vm(v->m, mm, offset, buf, len);
	return done || !len ? (ssize_t)done : -EIO;
}

static size_t mem_line(struct out *line, const struct view *v, u64 offset, const char *buf,
		       size_t len)
{
	len = MIN(len, (size_t)POKE_BYTES);
	out_printf(line, "poke 0x%" PRIx64 " ", offset);
	for (size_t i = 0; i < len; i++)
		out_printf(line, "%02x", (unsigned char)buf[i]);
	return len;
}

/* Bytes [start, end) of the task's memory. */
static int show_bytes(struct out *out, const struct view *v, u64 start, u64 end)
{
	char buf[1024];

	while (start < end) {
		u64 n = read_process_vm(v->m, view_task(v)->mm, start, buf,
					MIN(end - start, (u64)sizeof(buf)));

		if (!n)
			break;
		out_write(out, buf, n);
		start += n;
	}
	return 0;
}

static int cmdline_show(struct out *out, const struct view *v)
{
	const struct mm_struct *mm = view_task(v)->mm;

	return mm ? show_bytes(out, v, mm->arg_start, mm->arg_end) : 0;
}

static int environ_show(struct out *out, const struct view *v)
{
	const struct mm_struct *mm = view_task(v)->mm;

	return mm ? show_bytes(out, v, mm->env_start, mm->env_end) : 0;
}

/* Pairs of words up to the one of type AT_NULL. */
static int auxv_show(struct out *out, const struct view *v)
{
	const struct mm_struct *mm = view_task(v)->mm;
	size_t bytes = v->m->arch->bits / 8;

	for (unsigned int i = 0; mm && i + 1 < SAVED_AUXV_WORDS; i += 2) {
		out_write(out, &mm->saved_auxv[i], bytes);	/* little-endian, as x86 is */
		out_write(out, &mm->saved_auxv[i + 1], bytes);
		if (!mm->saved_auxv[i])
			break;
	}
	return 0;
}

static const struct entry entries[] = {
	{ "auxv", S_IFREG | 0400, ALL, auxv_show, .open = proc_mem_open },
	FILE_ROW("cmdline", 0444, cmdline_show),
	{ "environ", S_IFREG | 0400, ALL, environ_show, .open = proc_mem_open },
};
static const struct bin_entry bins[] = {
	{ { "mem", S_IFREG | 0600, ALL, .open = proc_mem_open }, mem_read, mem_line },
};
static const struct dir mem_dir = { DIR_FILES(entries), DIR_BINS(bins) };

TREE_PARTS(pid_mem_parts, { "proc/<PID>", &mem_dir }, { "proc/<PID>/task/<TID>", &mem_dir });
