// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The program that makes diff_host's calls on the host. It has no C library: nothing
 * but the calls changes its address space, and its own pages are touched before each
 * call, so that faults that are counted are the call's. A signal handler moves the
 * instruction pointer behind the load or store that failed.
 */
#define _GNU_SOURCE
#include <elf.h>
#include <errno.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/shm.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <ucontext.h>

#include "diff.h"

#ifdef __x86_64__
#define RESTORER 0x04000000UL
#define STACK_BYTES 65536

struct kernel_sigaction {
	void (*handler)(int sig, siginfo_t *info, void *context);
	unsigned long flags;
	void (*restorer)(void);
	unsigned long mask;
};

extern const Elf64_Ehdr __ehdr_start;
long probe_load(long addr);
long probe_store(long addr, long value);
extern char probe_fixup[];
void restorer(void);
void worker(void) __attribute__((noreturn));

__asm__(".globl _start\n_start:\n\txor %ebp, %ebp\n\tand $-16, %rsp\n\tcall worker\n\thlt\n"
	"probe_load:\n\tmovb (%rdi), %al\n\txor %eax, %eax\n\tret\n"
	"probe_store:\n\tmovb %sil, (%rdi)\n\txor %eax, %eax\n\tret\n"
	"probe_fixup:\n\tmov $1, %eax\n\tret\n"
	"restorer:\n\tmov $15, %eax\n\tsyscall\n");

static char handler_stack[STACK_BYTES] __attribute__((aligned(4096)));
static char buffer[DIFF_BUFFER];
static struct diff_step step;
static struct diff_reply reply;
static struct rusage before, after;
static int me;

static long call(long nr, long a, long b, long c, long d, long e, long f)
{
	register long r10 __asm__("r10") = d, r8 __asm__("r8") = e, r9 __asm__("r9") = f;
	long ret;

	__asm__ volatile("syscall" : "=a"(ret) : "a"(nr), "D"(a), "S"(b), "d"(c), "r"(r10),
			 "r"(r8), "r"(r9) : "rcx", "r11", "memory");
	return ret;
}

static void handler(int sig, siginfo_t *info, void *context)
{
	ucontext_t *uc = context;

	reply.sig = sig;
	reply.code = info->si_code;
	reply.addr = (long)info->si_addr;
	uc->uc_mcontext.gregs[REG_RIP] = (long)probe_fixup;
}

/* All pages of the program, and of its stack that are in use. */
static void touch_own(void)
{
	const Elf64_Phdr *phdr = (const Elf64_Phdr *)((const char *)&__ehdr_start +
						      __ehdr_start.e_phoff);
	volatile char here = 0;

	for (int i = 0; i < __ehdr_start.e_phnum; i++) {
		unsigned long addr = phdr[i].p_vaddr & -4096UL;

		if (phdr[i].p_type != PT_LOAD)
			continue;
		for (; addr < phdr[i].p_vaddr + phdr[i].p_memsz; addr += 4096) {
			volatile char *p = (volatile char *)addr;

			if (phdr[i].p_flags & PF_W)
				*p = *p;
			else
				(void)*p;
		}
	}
	*(&here - 512) = here;
}

static void access_pages(bool store)
{
	for (long i = 0; i < step.a[1]; i++) {
		long addr = step.a[0] + i * 4096;

		reply.ret = i;
		if (store ? probe_store(addr, me + 1) : probe_load(addr))
			return;
	}
	reply.ret = step.a[1];
}

/* Masks of nodes, as long as the longest that is taken; addresses, nodes, statuses. */
static unsigned long from[600], to[600];
static long pages[64];
static int nodes[64], status[64];

static long get_mempolicy(const long *a)
{
	int policy = 0;
	long ret;

	to[0] = 0;
	ret = call(SYS_get_mempolicy, (long)&policy, (long)to, 1024, a[0], a[1], 0);
	for (unsigned int i = 0; !ret && i < 8; i++) {
		reply.vec[8 + i] = (unsigned char)(to[0] >> 8 * i);
		if (i < 4)
			reply.vec[i] = (unsigned char)((unsigned int)policy >> 8 * i);
	}
	return ret;
}

static long move_pages(const long *a)
{
	long ret;

	for (long i = 0; i < a[1]; i++) {
		pages[i] = a[0] + i * 4096;
		nodes[i] = (int)a[2];
		status[i] = 77;
	}
	ret = call(SYS_move_pages, 0, a[1], (long)pages, a[2] == -2 ? 0 : (long)nodes,
		   (long)status, a[3]);
	for (long i = 0; i < 4 * a[1]; i++)
		reply.vec[i] = (unsigned char)((unsigned int)status[i / 4] >> 8 * (i % 4));
	return ret;
}

static long numa_call(const long *a)
{
	switch (step.call) {
	case DIFF_MBIND:
		from[0] = (unsigned long)a[3];
		return call(SYS_mbind, a[0], a[1], a[2], (long)from, a[4], a[5]);
	case DIFF_SET_MEMPOLICY:
		from[0] = (unsigned long)a[1];
		return call(SYS_set_mempolicy, a[0], (long)from, a[2], 0, 0, 0);
	case DIFF_GET_MEMPOLICY:
		return get_mempolicy(a);
	case DIFF_HOME_NODE:
		return call(450, a[0], a[1], a[2], a[3], 0, 0);
	case DIFF_MIGRATE_PAGES:
		from[0] = (unsigned long)a[0];
		to[0] = (unsigned long)a[1];
		return call(SYS_migrate_pages, 0, a[2], (long)from, (long)to, 0, 0);
	default:
		return move_pages(a);
	}
}

/* Attached, bytes, mode. */
static long shm_control(const long *a)
{
	struct shmid_ds ds;
	long ret = call(SYS_shmctl, a[0], a[1], a[1] == IPC_STAT ? (long)&ds : 0, 0, 0, 0);
	unsigned long nattch = ds.shm_nattch, mode = ds.shm_perm.mode;

	for (unsigned int i = 0; !ret && a[1] == IPC_STAT && i < 8; i++) {
		reply.vec[i] = (unsigned char)(nattch >> 8 * i);
		reply.vec[8 + i] = (unsigned char)(ds.shm_segsz >> 8 * i);
		reply.vec[16 + i] = (unsigned char)(mode >> 8 * i);
	}
	return ret;
}

/*
 * A page that waits in this CPU's batches is copied where another's is taken as it is; what
 * else runs here may empty them at any time.
 */
static void drain_batches(void)
{
	call(SYS_madvise, (long)buffer & -4096L, 4096, 22 /* MADV_POPULATE_READ */, 0, 0, 0);
}

static long other_call(const long *a)
{
	struct iovec remote = { (void *)a[0], (unsigned long)a[1] };
	struct iovec local = { buffer, (unsigned long)a[1] };
	long fd, ret;

	/* What is written is no page of zeroes. */
	for (long i = 0; step.call == DIFF_VM_WRITE && i < a[1]; i++)
		((volatile char *)buffer)[i] = (char)(me + 1);
	if (step.call != DIFF_PROCESS_MADVISE)
		return call(step.call == DIFF_VM_READ ? SYS_process_vm_readv :
			    SYS_process_vm_writev, a[3], (long)&local, 1, (long)&remote, 1, 0);
	fd = call(SYS_pidfd_open, a[3], 0, 0, 0, 0, 0);
	ret = call(SYS_process_madvise, fd, (long)&remote, 1, a[2], 0, 0);
	call(SYS_close, fd, 0, 0, 0, 0, 0);
	return ret;
}

/* The soft limit alone. */
static long set_limit(long resource, long value)
{
	struct rlimit limit;
	long ret = call(SYS_prlimit64, 0, resource, 0, (long)&limit, 0, 0);

	limit.rlim_cur = (unsigned long)value;
	return ret ? ret : call(SYS_prlimit64, 0, resource, (long)&limit, 0, 0, 0);
}

/* A buffer at a time, till all is done or nothing more is: the lists' program does it so. */
static long transfer(long number, const long *a)
{
	long all = 0, done = 1;

	while (done && all < a[2]) {
		long len = a[2] - all < (long)sizeof(buffer) ? a[2] - all : (long)sizeof(buffer);

		done = call(number, a[0], (long)buffer, len, a[1] + all, 0, 0);
		if (done < 0 && done > -4096)
			return done;
		all += done;
	}
	return all;
}

static void make_call(void)
{
	static const short numbers[NR_DIFF_CALLS] = {
		[DIFF_MMAP] = SYS_mmap, [DIFF_MUNMAP] = SYS_munmap,
		[DIFF_MPROTECT] = SYS_mprotect, [DIFF_MREMAP] = SYS_mremap,
		[DIFF_BRK] = SYS_brk, [DIFF_MADVISE] = SYS_madvise, [DIFF_MLOCK] = SYS_mlock,
		[DIFF_MLOCK2] = SYS_mlock2, [DIFF_MUNLOCK] = SYS_munlock,
		[DIFF_MUNLOCKALL] = SYS_munlockall, [DIFF_FTRUNCATE] = SYS_ftruncate,
		[DIFF_FALLOCATE] = SYS_fallocate, [DIFF_FCNTL] = SYS_fcntl,
		[DIFF_FSYNC] = SYS_fsync, [DIFF_FADVISE] = SYS_fadvise64,
		[DIFF_MSYNC] = SYS_msync, [DIFF_MLOCKALL] = SYS_mlockall,
		[DIFF_MSEAL] = 462, [DIFF_PRCTL] = SYS_prctl,
		[DIFF_PERSONALITY] = SYS_personality, [DIFF_REMAP] = SYS_remap_file_pages,
		[DIFF_SHMAT] = SYS_shmat, [DIFF_SHMDT] = SYS_shmdt, [DIFF_FORK] = SYS_fork,
	};
	const long *a = step.a;
	int status = 0;
	long ret;

	if (step.call == DIFF_READ || step.call == DIFF_WRITE) {
		access_pages(step.call == DIFF_WRITE);
		return;
	}
	if (step.call == DIFF_MINCORE)
		ret = call(SYS_mincore, a[0], a[1], (long)reply.vec, 0, 0, 0);
	else if (step.call == DIFF_WAIT)
		ret = call(SYS_wait4, -1, (long)&status, 0, 0, 0, 0);
	else if (step.call >= DIFF_MBIND && step.call <= DIFF_MOVE_PAGES)
		ret = numa_call(a);
	else if (diff_is_of_others(step.call))
		ret = other_call(a);
	else if (step.call == DIFF_SHMGET)
		ret = call(SYS_shmget, a[1], a[2], a[3], 0, 0, 0);
	else if (step.call == DIFF_SHMCTL)
		ret = shm_control(a);
	else if (step.call == DIFF_PREAD || step.call == DIFF_PWRITE)
		ret = transfer(step.call == DIFF_PREAD ? SYS_pread64 : SYS_pwrite64, a);
	else if (step.call == DIFF_SETRLIMIT)
		ret = set_limit(a[0], a[1]);
	else if (step.call == DIFF_MLOCK2)
		ret = call(SYS_mlock2, a[0], a[1], 1, 0, 0, 0);
	else
		ret = call(numbers[step.call], a[0], a[1], a[2], a[3], a[4], a[5]);
	reply.ret = ret;
	if (ret < 0 && ret > -4096) {
		reply.err = (int)-ret;
		reply.ret = -1;
	} else if (step.call == DIFF_WAIT) {
		reply.addr = status;
	}
}

void worker(void)
{
	const struct kernel_sigaction act = {
		handler, SA_SIGINFO | SA_ONSTACK | SA_NODEFER | RESTORER, restorer, 0
	};
	const struct kernel_sigaction ignore = {
		(void (*)(int, siginfo_t *, void *))SIG_IGN, 0, 0, 0
	};
	const stack_t stack = { .ss_sp = handler_stack, .ss_size = STACK_BYTES };

	call(SYS_sigaltstack, (long)&stack, 0, 0, 0, 0, 0);
	call(SYS_rt_sigaction, SIGSEGV, (long)&act, 0, 8, 0, 0);
	call(SYS_rt_sigaction, SIGBUS, (long)&act, 0, 8, 0, 0);
	call(SYS_rt_sigaction, SIGXFSZ, (long)&ignore, 0, 8, 0, 0);
	for (;;) {
		long got = call(SYS_read, DIFF_COMMANDS + me, (long)&step, sizeof(step), 0, 0, 0);

		if (got != sizeof(step) || step.call == DIFF_EXIT)
			call(SYS_exit_group, 0, 0, 0, 0, 0, 0);
		for (unsigned long i = 0; i < sizeof(reply); i++)
			((volatile char *)&reply)[i] = 0;
		touch_own();
		if (diff_is_of_others(step.call))
			drain_batches();
		/* What is dirty the host may write when it likes, and would give up then. */
		if (diff_pages_out(&step))
			call(SYS_fsync, DIFF_FILE_FD + DIFF_DISK, 0, 0, 0, 0, 0);
		call(SYS_getrusage, RUSAGE_SELF, (long)&before, 0, 0, 0, 0);
		make_call();
		if (step.call == DIFF_FORK && !reply.err && !reply.ret) {
			me = (int)step.a[0];
			touch_own();
			continue;
		}
		call(SYS_getrusage, RUSAGE_SELF, (long)&after, 0, 0, 0, 0);
		reply.minflt = after.ru_minflt - before.ru_minflt;
		reply.majflt = after.ru_majflt - before.ru_majflt;
		call(SYS_write, DIFF_REPLIES + me, (long)&reply, sizeof(reply), 0, 0, 0);
	}
}
#else
void _start(void)
{
}
#endif
