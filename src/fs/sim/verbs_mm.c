// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The system calls on an address space, written to proc/PID/ctl: rows and the few
 * lines between a row's arguments and the engine's call.
 */
#include <inttypes.h>

#include "fs/core/call_task.h"
#include "sim/virt/file.h"
#include "sim/virt/mmap.h"

#define SCOPE_TASKS (1U << V_PID)

enum { MMAP_ADDR, MMAP_LEN, MMAP_PROT, MMAP_FLAGS, MMAP_FD, MMAP_OFFSET };

/* The file of a mapping; NULL: a bad descriptor, which counts only where there is to be one. */
static struct file *mmap_file(struct call *call, u64 flags)
{
	const struct arg *fd = &call->args[MMAP_FD];

	return flags & MAP_ANONYMOUS || !fd->given ? NULL :
	       fget(call->m, call->task, (int)(s64)fd->value);
}

static int run_mmap(struct call *call)
{
	const struct arg *args = call->args;
	struct mmap_request req = {
		.addr = args[MMAP_ADDR].value, .len = args[MMAP_LEN].value,
		.prot = args[MMAP_PROT].value, .flags = args[MMAP_FLAGS].value,
		.offset = args[MMAP_OFFSET].value,
	};
	bool touches = req.flags & (MAP_POPULATE | MAP_LOCKED) ||
		       call->task->mm->def_flags & VM_LOCKED;
	int err = call_needs_range(call, touches ? req.len : 0);

	if (err)
		return err;
	req.file = mmap_file(call, req.flags);
	err = sys_mmap(call->m, call->task, &req, &call->value);
	if (err == -EBADF)
		out_printf(call->sentence, "a mapping without MAP_ANONYMOUS wants an open file: "
			   "see open and memfd_create");
	return err;
}

static int run_munmap(struct call *call)
{
	int err = call_needs_range(call, 0);

	return err ? err : sys_munmap(call->m, call->task, call->args[0].value,
				      call->args[1].value);
}

static int run_brk(struct call *call)
{
	const struct mm_struct *mm = call->task->mm;
	u64 end = call->args[0].value;
	bool touches = mm->def_flags & VM_LOCKED && end > mm->brk;
	int err = call_needs_range(call, touches ? end - mm->brk : 0);

	return err ? err : sys_brk(call->m, call->task, end, &call->value);
}

static int run_mprotect(struct call *call)
{
	const struct arg *args = call->args;
	int err = call_needs_range(call, 0);

	return err ? err : sys_mprotect(call->m, call->task, args[0].value, args[1].value,
					args[2].value);
}

/* Kernels of 32 bits have none of the three calls. */
static int call_needs_pkey_calls(struct call *call)
{
	return has_pkey_calls(call->m) ? call_needs_range(call, 0) : call_no_such_call(call);
}

static int run_pkey_alloc(struct call *call)
{
	int err = call_needs_pkey_calls(call);

	return err ? err : sys_pkey_alloc(call->m, call->task, call->args[0].value,
					  call->args[1].value, &call->value);
}

static int run_pkey_free(struct call *call)
{
	int err = call_needs_pkey_calls(call);

	return err ? err : sys_pkey_free(call->m, call->task, (int)(s64)call->args[0].value);
}

static int run_pkey_mprotect(struct call *call)
{
	const struct arg *args = call->args;
	int err = call_needs_pkey_calls(call);

	return err ? err : sys_pkey_mprotect(call->m, call->task, args[0].value, args[1].value,
					     args[2].value, (int)(s64)args[3].value);
}

static int run_remap_file_pages(struct call *call)
{
	const struct arg *args = call->args;
	int err = call_needs_range(call, args[1].value);

	return err ? err : sys_remap_file_pages(call->m, call->task, args[0].value,
						args[1].value, args[2].value, args[3].value,
						args[4].value);
}

/* No CPU here has shadow stacks; the call looks at that first. */
static int run_map_shadow_stack(struct call *call)
{
	int err;

	if (!rel_has_map_shadow_stack(call->m->release) || call->m->arch->bits == 32)
		return call_no_such_call(call);
	err = call_needs_range(call, 0);
	return err ? err : -EOPNOTSUPP;
}

/* PROCMAP_QUERY of an own maps. */
enum { QUERY_PERMS = 0xf, QUERY_COVERING_OR_NEXT = 0x10, QUERY_FILE_BACKED = 0x20 };

static const struct vm_area_struct *query_matching_vma(const struct call *call, u64 addr,
						       u64 flags)
{
	static const u64 perms[] = { VM_READ, VM_WRITE, VM_EXEC, VM_MAYSHARE };
	const struct vm_area_struct *vma;
	u64 wanted = 0;

	for (unsigned int i = 0; i < ARRAY_SIZE(perms); i++)
		wanted |= flags >> i & 1 ? perms[i] : 0;
	for (vma = find_vma(call->m, call->task->mm, addr); vma; vma = vma_next(call->m, vma)) {
		bool fits = (vma->vm_flags & wanted) == wanted &&
			    (!(flags & QUERY_FILE_BACKED) || vma->vm_file);

		if (fits && (flags & QUERY_COVERING_OR_NEXT || vma->vm_start <= addr))
			return vma;
		if (!(flags & QUERY_COVERING_OR_NEXT))
			return NULL;
	}
	return NULL;
}

static int run_procmap_query(struct call *call)
{
	u64 flags = call->args[1].given ? call->args[1].value : 0;
	const struct vm_area_struct *vma;
	int err = call_needs_range(call, 0);

	if (err)
		return err;
	if (!rel_has_procmap_query(call->m->release))
		return -ENOTTY;
	if (flags & ~(u64)(QUERY_PERMS | QUERY_COVERING_OR_NEXT | QUERY_FILE_BACKED))
		return -EINVAL;
	vma = query_matching_vma(call, call->args[0].value, flags);
	if (!vma)
		return -ENOENT;
	machine_why_call(call->m, "procmap_query: 0x%" PRIx64 "-0x%" PRIx64 ", offset 0x%" PRIx64,
			 vma->vm_start, vma->vm_end,
			 vma->vm_file ? vma->vm_pgoff << PAGE_SHIFT : 0);
	call->value = vma->vm_start;
	return 0;
}

static int run_mseal(struct call *call)
{
	const struct arg *args = call->args;
	int err;

	if (!rel_has_mseal(call->m->release) || call->m->arch->bits == 32)
		return call_no_such_call(call);
	err = call_needs_range(call, 0);
	return err ? err : sys_mseal(call->m, call->task, args[0].value, args[1].value,
				     args[2].value);
}

static int run_mremap(struct call *call)
{
	const struct arg *args = call->args;
	struct mremap_request req = {
		.addr = args[0].value, .old_len = args[1].value, .new_len = args[2].value,
		.flags = args[3].value, .new_addr = args[4].value,
	};
	/* Tables for the new place; pages, where it grows and is locked. */
	int err = call_needs_range(call, MAX(req.old_len, req.new_len));

	return err ? err : sys_mremap(call->m, call->task, &req, &call->value);
}

static int run_madvise(struct call *call)
{
	const struct arg *args = call->args;
	int advice = (int)args[2].value;
	bool touches = advice == MADV_POPULATE_READ || advice == MADV_POPULATE_WRITE ||
		       advice == MADV_WILLNEED || advice == MADV_GUARD_INSTALL ||
		       advice == MADV_COLLAPSE || advice == MADV_SOFT_OFFLINE ||
		       advice == MADV_HWPOISON;
	int err = call_needs_range(call, touches ? args[1].value : 0);

	return err ? err : sys_madvise(call->m, call->task, args[0].value, args[1].value,
				       advice);
}

static int run_mlock(struct call *call)
{
	const struct arg *args = call->args;
	int err = call_needs_range(call, args[1].value);

	return err ? err : sys_mlock2(call->m, call->task, args[0].value, args[1].value,
				      args[2].value);
}

static int run_munlock(struct call *call)
{
	int err = call_needs_range(call, 0);

	return err ? err : sys_munlock(call->m, call->task, call->args[0].value,
				       call->args[1].value);
}

static int run_mlockall(struct call *call)
{
	u64 bytes = call->task->mm->total_vm << PAGE_SHIFT;
	int err = call_needs_range(call, call->args[0].value & MCL_CURRENT ? bytes : 0);

	return err ? err : sys_mlockall(call->m, call->task, call->args[0].value);
}

static int run_munlockall(struct call *call)
{
	int err = call_needs_range(call, 0);

	return err ? err : sys_munlockall(call->m, call->task);
}

static int run_msync(struct call *call)
{
	const struct arg *flags = &call->args[2];
	int err = call_needs_range(call, 0);

	return err ? err : sys_msync(call->m, call->task, call->args[0].value, call->args[1].value,
			 flags->given ? flags->value : MS_SYNC);
}

#define MINCORE_PAGES 512

/* Slice by slice: how many pages are in memory is the sentence in sim/why. */
static int run_mincore(struct call *call)
{
	u64 addr = call->args[0].value, end = addr + ALIGN_UP(call->args[1].value, PAGE_SIZE);
	u64 resident = 0, all = (end - addr) >> PAGE_SHIFT;
	u8 vec[MINCORE_PAGES];
	int err = call_needs_range(call, 0);

	if (err)
		return err;
	/* More than there is: refused before anything is looked at. */
	if (end - addr < call->args[1].value)
		return sys_mincore(call->m, call->task, addr, call->args[1].value, vec);
	do {
		u64 len = MIN(end - addr, MINCORE_PAGES * PAGE_SIZE);

		err = sys_mincore(call->m, call->task, addr, len, vec);
		for (u64 i = 0; !err && i < len >> PAGE_SHIFT; i++)
			resident += vec[i] & 1;
		addr += len;
	} while (!err && addr < end);
	if (!err)
		machine_why_call(call->m, "mincore: %" PRIu64 " of %" PRIu64 " pages are in memory",
				 resident, all);
	return err;
}

/* -- looking for VMAs --------------------------------------------------------- */

static int found(struct call *call, const struct vm_area_struct *vma, unsigned int visited)
{
	if (!vma) {
		machine_why_call(call->m, "%s: no VMA; %u nodes of the tree were visited",
				 call->verb->name, visited);
		return 0;
	}
	call->value = vma->vm_start;
	machine_why_call(call->m, "%s: VMA 0x%" PRIx64 "-0x%" PRIx64 "; %u nodes of the tree were "
			 "visited", call->verb->name, vma->vm_start, vma->vm_end, visited);
	return 0;
}

static int run_find_vma(struct call *call)
{
	unsigned int visited = 0;
	const struct vm_area_struct *vma;
	int err = call_needs_range(call, 0);

	if (err)
		return err;
	vma = find_vma_visited(call->m, call->task->mm, call->args[0].value, &visited);
	return found(call, vma, visited);
}

static int run_find_vma_prev(struct call *call)
{
	unsigned int visited = 0;
	struct vm_area_struct *prev;
	int err = call_needs_range(call, 0);

	if (err)
		return err;
	(void)find_vma_visited(call->m, call->task->mm, call->args[0].value, &visited);
	(void)find_vma_prev(call->m, call->task->mm, call->args[0].value, &prev);
	return found(call, prev, visited);
}

static int run_find_vma_intersection(struct call *call)
{
	u64 start = call->args[0].value, end = call->args[1].value;
	unsigned int visited = 0;
	int err;

	if (start >= end)
		return call_refuse(call, -EINVAL, "0x%" PRIx64 " is not above 0x%" PRIx64 ": START END",
				   end, start);
	err = call_needs_range(call, 0);
	if (err)
		return err;
	(void)find_vma_visited(call->m, call->task->mm, start, &visited);
	return found(call, find_vma_intersection(call->m, call->task->mm, start, end), visited);
}

static const struct verb verbs[] = {
	{ "mmap", { A_ADDR, A_SIZE, A_PROT, A_MAP, A_FD | A_OPTIONAL, A_SIZE | A_OPTIONAL },
	  run_mmap, RESULT_POINTER, 0, SCOPE_TASKS, "ADDR LENGTH PROT FLAGS [FD [OFFSET]]",
	  "Map memory: `mmap 0 16M rw private,anon`. ADDR 0 lets the kernel choose. Result: "
	  "where it is." },
	{ "munmap", { A_ADDR, A_SIZE }, run_munmap, RESULT_NONE, 0, SCOPE_TASKS, "ADDR LENGTH",
	  "Remove the mappings in a range; what is only partly inside is split." },
	{ "brk", { A_ADDR | A_OPTIONAL }, run_brk, RESULT_POINTER, 0, SCOPE_TASKS, "[ADDR]",
	  "Move the end of the heap. Result: the new end, or the old one when it was refused "
	  "(0 or nothing just asks)." },
	{ "mprotect", { A_ADDR, A_SIZE, A_PROT }, run_mprotect, RESULT_NONE, 0, SCOPE_TASKS,
	  "ADDR LENGTH PROT", "Change what may be done with the pages of a range." },
	{ "mremap", { A_ADDR, A_SIZE, A_SIZE, A_MREMAP | A_OPTIONAL, A_ADDR | A_OPTIONAL },
	  run_mremap, RESULT_POINTER, 0, SCOPE_TASKS, "ADDR OLD_LENGTH NEW_LENGTH [FLAGS [NEW_ADDR]]",
	  "Grow, shrink or move a mapping. Result: where it is now." },
	{ "pkey_alloc", { A_NUMBER | A_OPTIONAL, A_PKEY | A_OPTIONAL }, run_pkey_alloc,
	  RESULT_NUMBER, 0, SCOPE_TASKS, "[FLAGS [RIGHTS]]",
	  "Take a protection key; this task may not do with its memory what RIGHTS say: "
	  "disable_access, disable_write. Result: the key." },
	{ "pkey_free", { A_NUMBER }, run_pkey_free, RESULT_NONE, 0, SCOPE_TASKS, "KEY",
	  "Give a protection key back; memory that has it keeps it." },
	{ "pkey_mprotect", { A_ADDR, A_SIZE, A_PROT, A_NUMBER }, run_pkey_mprotect, RESULT_NONE,
	  0, SCOPE_TASKS, "ADDR LENGTH PROT KEY",
	  "As mprotect, and the range gets a protection key; -1: as mprotect." },
	{ "remap_file_pages", { A_ADDR, A_SIZE, A_PROT, A_NUMBER, A_MAP | A_OPTIONAL },
	  run_remap_file_pages, RESULT_NONE, 0, SCOPE_TASKS, "ADDR LENGTH 0 PGOFF [FLAGS]",
	  "Map other pages of the file of a shared mapping there: page PGOFF and on." },
	{ "map_shadow_stack", { A_ADDR, A_SIZE, A_NUMBER }, run_map_shadow_stack, RESULT_POINTER, 0,
	  SCOPE_TASKS, "ADDR SIZE FLAGS", "Memory for return addresses: no CPU here has it." },
	{ "procmap_query", { A_ADDR, A_NUMBER | A_OPTIONAL }, run_procmap_query, RESULT_POINTER, 0,
	  SCOPE_TASKS, "ADDR [FLAGS]",
	  "The mapping of an address, as the ioctl on PID/maps finds it (since 6.11): 1 2 4 8 want "
	  "it readable, writable, executable, shared, 0x10 takes the next one, 0x20 one of a file. "
	  "Result: its start." },
	{ "mseal", { A_ADDR, A_SIZE, A_NUMBER | A_OPTIONAL }, run_mseal, RESULT_NONE, 0,
	  SCOPE_TASKS, "ADDR LENGTH [FLAGS]",
	  "Seal a range: from now on it cannot be unmapped, moved or protected otherwise." },
	{ "madvise", { A_ADDR, A_SIZE, A_MADV }, run_madvise, RESULT_NONE, 0, SCOPE_TASKS,
	  "ADDR LENGTH ADVICE", "Say how a range will be used: dontneed, free, dontfork, ...; or that "
	  "its memory fails: soft_offline moves what it holds elsewhere, hwpoison loses it." },
	{ "mlock", { A_ADDR, A_SIZE }, run_mlock, RESULT_NONE, 0, SCOPE_TASKS, "ADDR LENGTH",
	  "Fault a range in and keep it in memory." },
	{ "mlock2", { A_ADDR, A_SIZE, A_MLOCK | A_OPTIONAL }, run_mlock, RESULT_NONE, 0,
	  SCOPE_TASKS, "ADDR LENGTH [FLAGS]",
	  "As mlock; with ONFAULT pages are kept once they have been touched." },
	{ "munlock", { A_ADDR, A_SIZE }, run_munlock, RESULT_NONE, 0, SCOPE_TASKS, "ADDR LENGTH",
	  "Undo mlock for a range." },
	{ "mlockall", { A_MCL }, run_mlockall, RESULT_NONE, 0, SCOPE_TASKS, "FLAGS",
	  "Lock all of the address space: current, future, onfault." },
	{ "munlockall", { A_END }, run_munlockall, RESULT_NONE, 0, SCOPE_TASKS, "",
	  "Undo every mlock." },
	{ "msync", { A_ADDR, A_SIZE, A_MSYNC | A_OPTIONAL }, run_msync, RESULT_NONE, 0,
	  SCOPE_TASKS, "ADDR LENGTH [FLAGS]", "Write what a file mapping changed." },
	{ "mincore", { A_ADDR, A_SIZE }, run_mincore, RESULT_NONE, 0, SCOPE_TASKS, "ADDR LENGTH",
	  "Ask which pages of a range are in memory; sim/why says how many." },
	{ "find_vma", { A_ADDR }, run_find_vma, RESULT_POINTER, 0, SCOPE_TASKS, "ADDR",
	  "The kernel's own search: the VMA that holds ADDR or the first above. Result: its "
	  "start, 0 if there is none; sim/why says how many nodes were visited." },
	{ "find_vma_prev", { A_ADDR }, run_find_vma_prev, RESULT_POINTER, 0, SCOPE_TASKS, "ADDR",
	  "The VMA before the one that find_vma finds. Result: its start, or 0." },
	{ "find_vma_intersection", { A_ADDR, A_ADDR }, run_find_vma_intersection, RESULT_POINTER,
	  0, SCOPE_TASKS, "START END",
	  "The first VMA that overlaps [START, END). Result: its start, or 0." },
};

const struct verb_table mm_verbs = { verbs, ARRAY_SIZE(verbs) };
