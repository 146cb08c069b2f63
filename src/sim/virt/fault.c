// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * An access goes as the processor does it: it looks at the entry, and if that will
 * not do, raises a page fault, whose handler finds the VMA and mends the entry; then
 * it looks again. Only what the handler cannot mend is a signal.
 */
#include "sim/base/bug.h"
#include "sim/boot/boot_log.h"
#include "sim/phys/fault_inject.h"
#include "sim/virt/content.h"
#include "sim/virt/memory_internal.h"
#include "sim/virt/tlb.h"
#include "sim/virt/userfaultfd.h"
#include "sim/virt/vma.h"

#define X86_PF_PROT 1
#define X86_PF_WRITE 2
#define X86_PF_USER 4
#define X86_PF_INSTR 16
#define X86_PF_PK 32

#define SIGBUS_NR 7
#define SIGKILL_NR 9
#define SIGSEGV_NR 11
#define SI_KERNEL 0x80

#define MAX_TRIES 8	/* a fault mends something each time, or it is an error */
#define FAULT_INJECT_TRIES 1000	/* where allocations are made to fail, or reclaim goes on */

static bool has_nx(const struct machine *m)
{
	return m->arch->entry_bytes == 8;
}

/* Do the bits above those that are translated repeat the highest of them? */
static bool is_canonical(const struct machine *m, u64 address)
{
	const struct pgtable_state *pt = m->virt->pgtables;
	u64 half = ((u64)pt->entries[pt->top] << pt->shift[pt->top]) / 2;

	return m->arch->bits == 32 || address < half || address >= -half;
}

/* Does the processor let it pass? Protection keys concern data alone. */
static inline bool pte_allows(const struct machine *m, const struct task_struct *task,
			      pte_t pte, enum access access)
{
	if (!(pte & PTE_PRESENT))
		return false;
	if (access == ACCESS_IFETCH)
		return !(pte & PTE_NX) || !has_nx(m);
	if (unlikely(pte & PTE_PKEY_MASK) &&
	    pkru_denies(task->pkru, pte >> PTE_PKEY_SHIFT & 0xf, access == ACCESS_STORE))
		return false;
	return access == ACCESS_LOAD || pte & PTE_RW;
}

/* The error code that the processor pushes. */
static u32 fault_error_code(const struct machine *m, const struct task_struct *task,
			    const pte_t *pte, enum access access)
{
	u32 code = X86_PF_USER;

	if (pte && *pte & PTE_PRESENT)
		code |= X86_PF_PROT;
	if (access == ACCESS_STORE)
		code |= X86_PF_WRITE;
	if (access == ACCESS_IFETCH && has_nx(m))
		code |= X86_PF_INSTR;
	if (access != ACCESS_IFETCH && code & X86_PF_PROT &&
	    pkru_denies(task->pkru, *pte >> PTE_PKEY_SHIFT & 0xf, access == ACCESS_STORE))
		code |= X86_PF_PK;
	return code;
}

static bool pkey_denies(const struct task_struct *task, const struct vm_area_struct *vma,
			u32 error_code)
{
	return unlikely(vma->vm_flags & VM_PKEY_MASK) && !(error_code & X86_PF_INSTR) &&
	       pkru_denies(task->pkru, vma_pkey(vma), error_code & X86_PF_WRITE);
}

static bool access_error(const struct task_struct *task, const struct vm_area_struct *vma,
			 u32 error_code)
{
	if (pkey_denies(task, vma, error_code))
		return true;
	if (error_code & X86_PF_WRITE)
		return !(vma->vm_flags & VM_WRITE);
	if (error_code & X86_PF_PROT)
		return true;
	return !vma_is_accessible(vma);
}

static inline struct vm_area_struct *fault_vma(const struct machine *m, struct mm_struct *mm,
					       u64 address)
{
	struct vm_area_struct *vma = mm->vma_cache;

	if (likely(vma && vma->vm_mm == mm && address - vma->vm_start <
		   vma->vm_end - vma->vm_start))
		return vma;
	vma = find_vma(m, mm, address);
	if (vma && vma->vm_start <= address)
		mm->vma_cache = vma;
	return vma;
}

static int fault_signal(struct access_result *result, int signal, int code)
{
	result->signal = signal;
	result->code = code;
	return 0;
}

/* It waits: what is told of the fault, and how it is tried again. */
static int wait_for_userfault(const struct machine *m, struct task_struct *task,
			      const struct vm_area_struct *vma, u64 address, u32 error_code)
{
	if (vma_uffd_features(m, vma) & UFFD_FEATURE_EXACT_ADDRESS)
		task->uffd.address = address;
	task->uffd.kind = UFFD_ACCESS;
	task->uffd.error_code = error_code;
	userfaultfd_wait_access(task, address, address + 1, 0);
	return -EINPROGRESS;
}

static int sigbus(struct machine *m, const struct task_struct *task, u64 address, unsigned int ret,
		  struct access_result *result)
{
	if (!(ret & VM_FAULT_HWPOISON))
		return fault_signal(result, SIGBUS_NR, BUS_ADRERR);
	printk(m, 3, "MCE: Killing %s:%u due to hardware memory corruption fault at %llx",
	       task->comm, task->pid, (unsigned long long)address);
	return fault_signal(result, SIGBUS_NR, BUS_MCEERR_AR);
}

/*
 * The handler. 0: look again, or result->signal says why not; -ENOBUFS: no host memory;
 * -EINPROGRESS: the task waits.
 */
static int do_user_addr_fault(struct machine *m, struct task_struct *task, u64 address,
			      u32 error_code, unsigned int flags, struct access_result *result)
{
	struct mm_struct *mm = task->mm;
	struct vm_area_struct *vma = fault_vma(m, mm, address);
	unsigned int ret;

	if (unlikely(!vma))
		return fault_signal(result, SIGSEGV_NR, SEGV_MAPERR);
	if (unlikely(vma->vm_start > address)) {
		int err = -ENOMEM;

		if (vma->vm_flags & VM_GROWSDOWN)
			err = expand_downwards(m, task, vma, address & ~(PAGE_SIZE - 1));
		if (err == -ENOBUFS)
			return err;
		if (err)
			return fault_signal(result, SIGSEGV_NR, SEGV_MAPERR);
	}
	if (unlikely(access_error(task, vma, error_code)))
		return fault_signal(result, SIGSEGV_NR,
				    pkey_denies(task, vma, error_code) ? SEGV_PKUERR : SEGV_ACCERR);
	if (error_code & X86_PF_WRITE)
		flags |= FAULT_FLAG_WRITE;
	if (error_code & X86_PF_INSTR)
		flags |= FAULT_FLAG_INSTRUCTION;
	ret = handle_mm_fault(m, vma, address, flags);
	/* On the way back to the program, it dies. */
	if (unlikely(task->signal->oom_victim))
		return fault_signal(result, SIGKILL_NR, 0);
	if (likely(!(ret & VM_FAULT_ERROR)))
		return 0;
	if (ret & VM_FAULT_NOHOST)
		return -ENOBUFS;
	if (ret & VM_FAULT_UFFD)
		return wait_for_userfault(m, task, vma, address, error_code);
	/* pagefault_out_of_memory() kills nobody itself: the instruction runs again. */
	if (ret & VM_FAULT_OOM)
		return fault_was_injected(m) ? 0 : fault_signal(result, SIGKILL_NR, 0);
	if (ret & (VM_FAULT_SIGBUS | VM_FAULT_HWPOISON))
		return sigbus(m, task, address, ret, result);
	return fault_signal(result, SIGSEGV_NR, SEGV_MAPERR);
}

/*
 * Beyond the user's half: not canonical is a general protection fault, which has no
 * address; the kernel's is a fault that looks like one of protection.
 */
static int access_beyond(const struct machine *m, u64 address, enum access access,
			 struct access_result *result)
{
	if (!is_canonical(m, address)) {
		result->address = 0;
		result->error_code = 0;
		return fault_signal(result, SIGSEGV_NR, SI_KERNEL);
	}
	result->error_code = fault_error_code(m, NULL, NULL, access) | X86_PF_PROT;
	return fault_signal(result, SIGSEGV_NR, SEGV_MAPERR);
}

/* The leaf entry of an address, as far as tables lead there. */
static inline pte_t *find_entry(const struct machine *m, struct mm_struct *mm, u64 address,
				unsigned int *level)
{
	pte_t *pte = pte_find(m, mm, address);

	*level = 0;
	return likely(pte) ? pte : leaf_entry(m, mm, address, level);
}

/* The entry that lets an access pass. */
struct access_walk {
	unsigned int flags;	/* FAULT_FLAG_*, of each fault on the way */
	unsigned int level;
	pte_t *pte;
	bool was_none;		/* nothing was mapped there before */
};

static u64 pages_scanned(const struct machine *m)
{
	return (u64)(m->event[PGSCAN_ANON] + m->event[PGSCAN_FILE]);
}

/*
 * Each attempt meets an allocation that is to fail, or what it needs is taken away again by who
 * looks for memory: on a kernel, without end, unless others get on meanwhile.
 */
static __attribute__((__cold__, __noinline__))
int faults_again(struct machine *m, unsigned int tries, u64 *scanned, struct access_result *result)
{
	BUG_ON(m, !m->fault && tries > MAX_TRIES && *scanned == pages_scanned(m));
	*scanned = pages_scanned(m);
	if (tries >= FAULT_INJECT_TRIES) {
		machine_why(m, "the instruction has faulted %u times, and would do so for ever: "
			    "whenever it runs an allocation is made to fail, or memory is short",
			    FAULT_INJECT_TRIES);
		return fault_signal(result, SIGKILL_NR, 0);
	}
	if (m->pressure->run_woken)
		m->pressure->run_woken(m, 0);
	return 0;
}

/* 0: there is one, or result->signal says why not; else as the handler. */
static inline int access_entry(struct machine *m, struct task_struct *task, u64 address,
			       enum access access, struct access_walk *walk,
			       struct access_result *result)
{
	struct mm_struct *mm = task->mm;
	pte_t *pte = find_entry(m, mm, address, &walk->level);
	u64 scanned = 0;

	walk->was_none = !pte || !*pte;
	for (unsigned int tries = 0; !pte || !pte_allows(m, task, *pte, access); tries++) {
		int err;

		if (unlikely(tries >= MAX_TRIES)) {
			err = faults_again(m, tries, &scanned, result);
			if (err || result->signal)
				return err;
		}
		result->error_code = fault_error_code(m, task, pte, access);
		err = do_user_addr_fault(m, task, address, result->error_code, walk->flags,
					 result);
		if (unlikely(err || result->signal))
			return err;
		pte = find_entry(m, mm, address, &walk->level);
	}
	walk->pte = pte;
	return 0;
}

int task_access(struct machine *m, struct task_struct *task, u64 address, enum access access,
		struct access_result *result)
{
	struct access_walk walk = { .flags = FAULT_FLAG_USER | FAULT_FLAG_MAY_WAIT };
	int err;

	if (m->arch->bits == 32)
		address &= 0xffffffff;
	*result = (struct access_result){ .address = address };
	if (unlikely(!task->mm))
		return fault_signal(result, SIGSEGV_NR, SEGV_MAPERR);
	if (unlikely(address >= arch_task_size_max(m->arch)))
		return access_beyond(m, address, access, result);
	err = access_entry(m, task, address, access, &walk, result);
	if (unlikely(err || result->signal)) {
		task->uffd.access = access;
		return err;
	}
	if (access == ACCESS_STORE) {
		*walk.pte |= PTE_ACCESSED | PTE_DIRTY;
		content_store(m, leaf_pfn(m, *walk.pte, walk.level, address),
			      (u32)(address & (PAGE_SIZE - 1)));
	} else {
		*walk.pte |= PTE_ACCESSED;
	}
	tlb_access(m, task->mm, address, *walk.pte, walk.level, walk.was_none);
	return 0;
}

/*
 * Whoever has waited once may have done so without the lock of the mm (since 6.4), and has
 * it taken for the first try.
 */
int task_fault_again(struct machine *m, struct task_struct *task, struct access_result *result)
{
	unsigned int flags = FAULT_FLAG_USER | FAULT_FLAG_MAY_WAIT;

	*result = (struct access_result){ .address = task->uffd.addr,
					  .error_code = task->uffd.error_code };
	if (task->uffd.tries > 1 || !rel_uffd_moves(m->release))
		flags |= FAULT_FLAG_WAITED;
	return do_user_addr_fault(m, task, task->uffd.addr, task->uffd.error_code, flags, result);
}

int fault_in_user(struct machine *m, struct task_struct *task, u64 address, bool write)
{
	enum access access = write ? ACCESS_STORE : ACCESS_LOAD;
	struct access_result result = { 0 };
	struct access_walk walk = { .flags = 0 };
	int err;

	if (!task->mm || address >= arch_task_size_max(m->arch))
		return -EFAULT;
	err = access_entry(m, task, address, access, &walk, &result);
	if (err || result.signal)
		return err ? err : -EFAULT;
	*walk.pte |= PTE_ACCESSED | (write ? PTE_DIRTY : 0);
	tlb_access(m, task->mm, address, *walk.pte, walk.level, walk.was_none);
	return 0;
}
