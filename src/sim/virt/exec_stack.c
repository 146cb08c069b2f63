// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The stack of a new program. From its top down: a null word, the path, the
 * environment, the arguments; then, aligned, the platform's name, 16 random bytes,
 * auxv, the pointers to environment and arguments, and their number, which is where
 * the program finds them. The kernel fills it at the top of all addresses and moves
 * it to its random place; here it is made in its place.
 */
#include "sim/virt/exec.h"

#include "sim/base/rng.h"
#include "sim/phys/lru.h"
#include "sim/phys/tunables.h"
#include "sim/virt/content.h"
#include "sim/virt/memory.h"
#include "sim/virt/mmap.h"
#include "sim/virt/vma.h"

#define STACK_EXPAND (128 * SZ_1K)
#define MAX_ARG_STRLEN (128 * SZ_1K)
#define ARG_MAX (128 * SZ_1K)
#define STACK_LIMIT (8 * SZ_1M)
#define STACK_RND_PAGES_64 0x400000
#define STACK_RND_PAGES_32 0x800
#define STACK_ALIGN_RANDOM 8192
#define CLOCK_TICKS 100
/* What cpuid says on the machines that were captured, and of signal frames. */
#define HWCAP 0x1fcbfbfd
#define HWCAP2 2
#define MIN_SIGNAL_STACK 0xe30
#define VSYSCALL_ENTRY 0x550	/* of a 32-bit vdso */
#define RSEQ_FEATURE_SIZE 28
#define RSEQ_ALIGN 32

#define VM_STACK_FLAGS (VM_GROWSDOWN | VM_READ | VM_WRITE | VM_MAYREAD | VM_MAYWRITE | \
			VM_MAYEXEC | VM_ACCOUNT)

enum auxv_type {
	AT_PHDR = 3, AT_PHENT, AT_PHNUM, AT_PAGESZ, AT_BASE, AT_FLAGS, AT_ENTRY,
	AT_UID = 11, AT_EUID, AT_GID, AT_EGID, AT_PLATFORM, AT_HWCAP, AT_CLKTCK,
	AT_SECURE = 23, AT_RANDOM = 25, AT_HWCAP2, AT_RSEQ_FEATURE_SIZE, AT_RSEQ_ALIGN,
	AT_EXECFN = 31, AT_SYSINFO, AT_SYSINFO_EHDR, AT_MINSIGSTKSZ = 51,
};

static u64 word_bytes(const struct exec *e)
{
	return e->m->arch->bits / 8;
}

static u64 align_stack(struct exec *e, u64 sp)
{
	if (e->randomize)
		sp -= rng_below(&e->m->rng, STACK_ALIGN_RANDOM);
	return ALIGN_DOWN(sp, 16);
}

static u64 stack_top(struct exec *e)
{
	u64 top = e->m->arch->task_size;

	if (e->randomize)
		top -= rng_below(&e->m->rng, e->m->arch->bits == 64 ? STACK_RND_PAGES_64 :
				 STACK_RND_PAGES_32) << PAGE_SHIFT;
	return ALIGN_UP(align_stack(e, top), PAGE_SIZE);
}

static int stack_vma(struct exec *e)
{
	struct vm_area_struct *vma;
	int err = vm_area_alloc(e->m, e->mm, &vma);

	if (err)
		return err;
	vma->vm_end = stack_top(e);
	vma->vm_start = vma->vm_end - PAGE_SIZE;
	vma->vm_pgoff = vma->vm_start >> PAGE_SHIFT;
	vma->vm_flags = VM_STACK_FLAGS;
	err = insert_vm_struct(e->m, e->mm, vma);
	if (err) {
		vm_area_free(e->m, vma);
		return err;
	}
	e->mm->stack_vm = e->mm->total_vm = 1;
	e->stack = vma;
	e->p = vma->vm_end - word_bytes(e);
	return 0;
}

/* What the strings may take: E2BIG beyond. */
static int stack_limits(struct exec *e)
{
	u64 rlimit = e->task->signal->rlim[RLIMIT_STACK].cur / 4;
	u64 limit = MAX(MIN(STACK_LIMIT / 4 * 3, rlimit), ARG_MAX);
	u64 pointers = (u64)(e->argc + e->envc) * word_bytes(e);

	if (limit <= pointers)
		return -E2BIG;
	e->argmin = e->p - (limit - pointers);
	return 0;
}

#define NO_PAGE 1ULL	/* not an address of one */

/* Strings are copied page by page; going on to another page touches it. */
static void touch_string_page(struct exec *e, u64 addr, u32 pfn)
{
	if (e->string_page != addr)
		mark_page_accessed(e->m, pfn);
	e->string_page = addr;
}

/* The page at addr of the new mm, faulted in for a write; it is no task's yet. */
static int string_page(struct exec *e, u64 addr, u32 *pfn)
{
	unsigned int fault;

	addr = ALIGN_DOWN(addr, PAGE_SIZE);
	*pfn = follow_page(e->m, e->mm, addr);
	if (*pfn != PFN_NIL) {
		touch_string_page(e, addr, *pfn);
		return 0;
	}
	if (addr < e->stack->vm_start &&
	    expand_downwards(e->m, e->task, e->stack, addr))
		return -E2BIG;
	fault = handle_mm_fault(e->m, e->stack, addr, FAULT_FLAG_WRITE | FAULT_FLAG_REMOTE);
	if (fault & VM_FAULT_ERROR)
		return fault & VM_FAULT_NOHOST ? -ENOBUFS : -E2BIG;
	*pfn = follow_page(e->m, e->mm, addr);
	touch_string_page(e, addr, *pfn);
	return 0;
}

static int push_string(struct exec *e, const char *text)
{
	u64 len = strlen(text) + 1;

	if (len > MAX_ARG_STRLEN || e->p - len < e->argmin)
		return -E2BIG;
	e->p -= len;
	/* From the end, as the stack grows. */
	while (len) {
		u64 end = e->p + len, offset = (end - 1) % PAGE_SIZE;
		u64 part = MIN(len, offset + 1);
		u32 pfn;
		int err = string_page(e, end - 1, &pfn);

		if (!err)
			err = content_write(e->m, pfn, (u32)(offset + 1 - part),
					    text + len - part, (u32)part);
		if (err)
			return err;
		len -= part;
	}
	return 0;
}

/* Strings whose bytes nobody told. */
static int push_bytes(struct exec *e, u64 len)
{
	int err = 0;

	if (e->p - len < e->argmin || len > e->p)
		return -E2BIG;
	e->p -= len;
	for (u64 part; len && !err; len -= part) {
		u64 end = e->p + len;
		u32 pfn;

		part = MIN(len, (end - 1) % PAGE_SIZE + 1);
		err = string_page(e, end - 1, &pfn);
	}
	return err;
}

static int push_strings(struct exec *e, const char *const *strings, unsigned int nr)
{
	int err = 0;

	while (nr-- && !err)
		err = push_string(e, strings[nr]);
	return err;
}

int exec_stack_begin(struct exec *e)
{
	int err = mm_alloc(e->m, e->task, &e->mm);

	if (err)
		return err;
	err = stack_vma(e);
	if (!err)
		err = stack_limits(e);
	e->string_page = NO_PAGE;
	if (!err)
		err = e->path_bytes ? push_bytes(e, e->path_bytes) :
				      push_string(e, e->program->path);
	e->path_addr = e->p;
	e->string_page = NO_PAGE;
	if (!err)
		err = push_bytes(e, e->envp_rest);
	if (!err)
		err = push_strings(e, e->envp, e->envp_rest ? 0 : e->envc);
	e->string_page = NO_PAGE;
	if (!err)
		err = push_bytes(e, e->argv_rest);
	if (!err)
		err = push_strings(e, e->argv, e->argv_words);
	if (!err)
		return 0;
	mmput(e->m, e->mm);
	e->mm = NULL;
	return err;
}

int exec_stack_finish(struct exec *e)
{
	struct vm_area_struct *vma = e->stack;
	u64 size = vma->vm_end - vma->vm_start;
	u64 limit = ALIGN_DOWN(e->task->signal->rlim[RLIMIT_STACK].cur, PAGE_SIZE);
	u64 base = vma->vm_start - STACK_EXPAND;

	if (size + STACK_EXPAND > limit)
		base = limit > size ? vma->vm_end - limit : vma->vm_start;
	if (e->program->exec_stack || (e->task->personality & READ_IMPLIES_EXEC))
		vma->vm_flags |= VM_EXEC;
	vma->vm_flags |= e->mm->def_flags;
	e->mm->arg_start = e->mm->start_stack = e->p;
	if (base < vma->vm_start && expand_downwards(e->m, e->task, vma, base))
		return -EFAULT;
	return 0;
}

static int put_bytes(struct exec *e, u64 addr, const void *bytes, u64 len)
{
	const char *at = bytes;

	while (len) {
		u64 part = MIN(len, PAGE_SIZE - addr % PAGE_SIZE);
		u32 pfn;
		int err = fault_in_user(e->m, e->task, addr, /* write = */ true);

		if (err)
			return err;
		pfn = follow_page(e->m, e->mm, ALIGN_DOWN(addr, PAGE_SIZE));
		err = content_write(e->m, pfn, (u32)(addr % PAGE_SIZE), at, (u32)part);
		if (err)
			return err;
		addr += part;
		at += part;
		len -= part;
	}
	return 0;
}

static int put_word(struct exec *e, u64 *addr, u64 word)
{
	int err = put_bytes(e, *addr, &word, word_bytes(e));

	*addr += word_bytes(e);
	return err;
}

struct auxv {
	u64 *words;
	unsigned int nr;
};

static void aux(struct auxv *v, enum auxv_type type, u64 value)
{
	v->words[v->nr++] = type;
	v->words[v->nr++] = value;
}

static void fill_auxv(struct exec *e, u64 platform, u64 random, struct auxv *v)
{
	const struct program *program = e->program;
	const struct mm_struct *mm = e->mm;

	if (mm->vdso_base && e->m->arch->bits == 32)
		aux(v, AT_SYSINFO, mm->vdso_base + VSYSCALL_ENTRY);
	if (mm->vdso_base)
		aux(v, AT_SYSINFO_EHDR, mm->vdso_base);
	aux(v, AT_MINSIGSTKSZ, MIN_SIGNAL_STACK);
	aux(v, AT_HWCAP, HWCAP);
	aux(v, AT_PAGESZ, PAGE_SIZE);
	aux(v, AT_CLKTCK, CLOCK_TICKS);
	aux(v, AT_PHDR, e->phdr);
	aux(v, AT_PHENT, e->m->arch->bits == 64 ? 56 : 32);
	aux(v, AT_PHNUM, program->phnum ? program->phnum : program->nr_segments);
	aux(v, AT_BASE, e->interp_base);
	aux(v, AT_FLAGS, 0);
	aux(v, AT_ENTRY, e->program_entry);
	aux(v, AT_UID, e->task->uid);
	aux(v, AT_EUID, e->task->uid);
	aux(v, AT_GID, e->task->gid);
	aux(v, AT_EGID, e->task->gid);
	aux(v, AT_SECURE, 0);
	aux(v, AT_RANDOM, random);
	aux(v, AT_HWCAP2, HWCAP2);
	aux(v, AT_EXECFN, e->path_addr);
	aux(v, AT_PLATFORM, platform);
	if (rel_auxv_has_rseq(e->m->release)) {
		aux(v, AT_RSEQ_FEATURE_SIZE, RSEQ_FEATURE_SIZE);
		aux(v, AT_RSEQ_ALIGN, RSEQ_ALIGN);
	}
	v->nr += 2;	/* AT_NULL */
}

/*
 * Pointers to `nr` strings that lie one behind the other from *string on, and a null. Those
 * from `words` on have `rest` bytes.
 */
static int put_pointers(struct exec *e, u64 *sp, u64 *string, const char *const *strings,
			unsigned int words, unsigned int nr, u64 rest)
{
	int err = 0;

	for (unsigned int i = 0; i < nr && !err; i++) {
		err = put_word(e, sp, *string);
		if (i < words)
			*string += strlen(strings[i]) + 1;
	}
	*string += rest;
	return err ? err : put_word(e, sp, 0);
}

static int put_tables(struct exec *e, const struct auxv *v)
{
	struct mm_struct *mm = e->mm;
	u64 sp = e->p, string = mm->arg_start;
	int err = put_word(e, &sp, e->argc);

	if (!err)
		err = put_pointers(e, &sp, &string, e->argv, e->argv_words, e->argc,
				   e->argv_rest);
	mm->arg_end = mm->env_start = string;
	if (!err)
		err = put_pointers(e, &sp, &string, e->envp, e->envp_rest ? 0 : e->envc,
				   e->envc, e->envp_rest);
	mm->env_end = string;
	for (unsigned int i = 0; i < v->nr && !err; i++)
		err = put_word(e, &sp, v->words[i]);
	return err;
}

int exec_stack_tables(struct exec *e)
{
	const char *platform = e->m->arch->uts_machine;
	struct auxv v = { .words = e->mm->saved_auxv };
	u64 p = align_stack(e, e->p), platform_addr, random_addr, random[2];
	u64 items = 1 + e->argc + 1 + e->envc + 1;
	int err;

	platform_addr = p - (strlen(platform) + 1);
	random_addr = platform_addr - sizeof(random);
	random[0] = rng_next(&e->m->rng);
	random[1] = rng_next(&e->m->rng);
	fill_auxv(e, platform_addr, random_addr, &v);
	e->p = ALIGN_DOWN(random_addr - (v.nr + items) * word_bytes(e), 16);
	/* One that grew may have to be told: the tables lie below the strings. */
	if (e->p < e->stack->vm_start &&
	    expand_downwards(e->m, e->task, e->stack, ALIGN_DOWN(e->p, PAGE_SIZE)))
		return -EFAULT;
	err = put_bytes(e, platform_addr, platform, strlen(platform) + 1);
	if (!err)
		err = put_bytes(e, random_addr, random, sizeof(random));
	if (!err)
		err = put_tables(e, &v);
	e->mm->start_stack = e->p;
	return err;
}
