// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Random steps: addresses are mostly in or beside what is mapped, sometimes anywhere,
 * sometimes wrong. Nothing is aimed at the program's own pages, which the two sides
 * need. The weights are a table.
 */
#include "diff.h"

#include <stdio.h>

const char *const diff_call_names[NR_DIFF_CALLS] = {
	"mmap", "munmap", "mprotect", "mremap", "brk", "madvise", "mlock", "mlock2",
	"munlock", "munlockall", "mincore", "read", "write", "ftruncate", "pread", "pwrite",
	"fallocate", "fcntl", "fsync", "fadvise", "msyncf", "mlockall", "setrlimit", "mseal",
	"prctl", "persona", "remap_file_pages", 	"mbind", "set_mempolicy", "get_mempolicy", "home_node", "migrate_pages", "move_pages",
	"fork", "exit", "wait",
};
static const unsigned char weights[NR_DIFF_CALLS] = {
	[DIFF_MMAP] = 24, [DIFF_MUNMAP] = 9, [DIFF_MPROTECT] = 14, [DIFF_MREMAP] = 8,
	[DIFF_BRK] = 3, [DIFF_MADVISE] = 10, [DIFF_MLOCK] = 2, [DIFF_MLOCK2] = 1,
	[DIFF_MUNLOCK] = 2, [DIFF_MUNLOCKALL] = 1, [DIFF_MINCORE] = 2, [DIFF_READ] = 12,
	[DIFF_WRITE] = 18, [DIFF_FTRUNCATE] = 1,
	[DIFF_PREAD] = 2, [DIFF_PWRITE] = 3, [DIFF_FALLOCATE] = 3, [DIFF_FCNTL] = 1,
	[DIFF_FSYNC] = 1, [DIFF_FADVISE] = 1, [DIFF_MSYNC] = 1, [DIFF_MLOCKALL] = 1,
	[DIFF_SETRLIMIT] = 1, [DIFF_MSEAL] = 1, [DIFF_PRCTL] = 1, [DIFF_PERSONALITY] = 1,
	[DIFF_REMAP] = 2,
	[DIFF_MBIND] = 5, [DIFF_SET_MEMPOLICY] = 2, [DIFF_GET_MEMPOLICY] = 2,
	[DIFF_HOME_NODE] = 1, [DIFF_MIGRATE_PAGES] = 1, [DIFF_MOVE_PAGES] = 2,
	[DIFF_FORK] = 3, [DIFF_EXIT] = 3,
};

/* The same where huge pages are wanted. */
static const int huge_advices[] = {
	14, 14, 14, 14, 14, 14, 14, 14, 14, 14, 14, 15, 4, 4, 4, 8, 8, 20, 20, 21, 21, 22, 23, 23, 24,
	0, 10, 11, 18, 19,
};

#define HUGE_SIZE 0x200000UL
#define ARENA 0x20000000UL
#define ARENA_PAGES 256
#define TASK_END 0x7ffffffff000UL
#define NR(array) (sizeof(array) / sizeof((array)[0]))

/* Of the kernel's interface; the numbers are x86-64's. */
#define P_READ 1
#define P_WRITE 2
#define P_EXEC 4
#define M_SHARED 1
#define M_PRIVATE 2
#define M_FIXED 0x10
#define M_ANON 0x20
#define M_32BIT 0x40
#define M_GROWSDOWN 0x100
#define M_LOCKED 0x2000
#define M_NORESERVE 0x4000
#define M_POPULATE 0x8000
#define M_STACK 0x20000
#define M_HUGETLB 0x40000
#define HUGE_PAGE (512 * DIFF_PAGE)
#define M_NOREPLACE 0x100000
#define M_VALIDATE 3
#define M_DROPPABLE 8
#define M_SYNC 0x80000

static const int protections[] = {
	0, P_READ, P_READ, P_READ | P_WRITE, P_READ | P_WRITE, P_READ | P_WRITE,
	P_READ | P_WRITE | P_EXEC, P_READ | P_EXEC, P_WRITE,
};
/* Not here: those that need swap, files, or huge pages; merging of equal pages. */
static const int advices[] = {
	4, 4, 4, 4, 8, 8, 8, 0, 1, 2, 3, 10, 10, 11, 16, 17, 18, 18, 19, 20, 22, 22, 23, 23,
	24, 99,
};

/* splitmix64 */
unsigned long diff_random(struct diff_state *state, unsigned long below)
{
	unsigned long long z = state->random += 0x9e3779b97f4a7c15ULL;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
	return (unsigned long)((z ^ (z >> 31)) % below);
}

static bool percent(struct diff_state *state, unsigned long chance)
{
	return diff_random(state, 100) < chance;
}

static unsigned long some_length(struct diff_state *state)
{
	unsigned long kind = diff_random(state, 100);

	if (state->huge && kind >= 65)
		return kind < 85 ? (1 + diff_random(state, 3)) * HUGE_SIZE :
		       kind < 92 ? diff_random(state, 1200) * DIFF_PAGE :
				   (1 + diff_random(state, 3)) * HUGE_SIZE -
				   diff_random(state, 20) * DIFF_PAGE;
	if (kind < 1)
		return 0;
	if (kind < 2)	/* more than there is, but nothing that is filled for hours */
		return percent(state, 50) ? ~0UL - diff_random(state, 8192) : 1UL << 47;
	if (kind < 4)
		return (500 + diff_random(state, 600)) * DIFF_PAGE;
	if (kind < 8)
		return diff_random(state, 60000);
	return (1 + diff_random(state, kind < 60 ? 6 : 24)) * DIFF_PAGE;
}

static unsigned long some_address(struct diff_state *state)
{
	static const unsigned long wild[] = {
		0, 0x1000, 0x10000, TASK_END - 0x1000, TASK_END, 1UL << 47,
		0xffff800000000000, 0xffffffffff600000, ~0xfffUL, 1UL << 62,
	};
	unsigned long kind = diff_random(state, 100);
	const struct diff_range *vma;
	unsigned long addr;

	if (state->huge && kind >= 40) {
		addr = ARENA + diff_random(state, 10) * HUGE_SIZE;
		if (kind >= 65)
			addr += diff_random(state, 512) * DIFF_PAGE;
		return addr;
	}
	if (kind < 2)
		return wild[diff_random(state, NR(wild))];
	if (kind < 4)
		return state->stack - (1 + diff_random(state, 2200)) * DIFF_PAGE;
	if (kind < 15 || !state->nr_vmas)
		return ARENA + diff_random(state, ARENA_PAGES) * DIFF_PAGE;
	vma = &state->vmas[diff_random(state, state->nr_vmas)];
	if (kind < 30)
		addr = vma->start;
	else if (kind < 40)
		addr = vma->end - (diff_random(state, 4) * DIFF_PAGE);
	else
		addr = vma->start + diff_random(state, (vma->end - vma->start) / DIFF_PAGE + 2) *
			DIFF_PAGE - (percent(state, 20) ? DIFF_PAGE : 0);
	if (percent(state, 3))
		addr += diff_random(state, DIFF_PAGE);
	return addr;
}

static bool hits_own(const struct diff_state *state, unsigned long addr, unsigned long len)
{
	unsigned long start = addr & ~(DIFF_PAGE - 1UL), end = addr + len + DIFF_PAGE;

	if (end < start)
		end = ~0UL;
	for (unsigned int i = 0; i < state->nr_own; i++)
		if (start < state->own[i].end && end > state->own[i].start)
			return true;
	return false;
}

static void some_range(struct diff_state *state, struct diff_step *step)
{
	do {
		step->a[0] = (long)some_address(state);
		step->a[1] = (long)some_length(state);
	} while (hits_own(state, (unsigned long)step->a[0], (unsigned long)step->a[1]));
}

/*
 * Memory from a pool that is empty: it can be mapped where nothing is promised, and what
 * changes it must be aligned; an access is SIGBUS.
 */
static void make_huge(struct diff_state *state, struct diff_step *step)
{
	step->a[3] |= M_HUGETLB | (percent(state, 90) ? M_NORESERVE : 0);
	step->a[1] = (1 + (long)diff_random(state, 3)) * HUGE_PAGE -
		     (percent(state, 20) ? DIFF_PAGE : 0);
	if (step->a[3] & (M_FIXED | M_NOREPLACE) || percent(state, 30))
		step->a[0] = (long)ARENA + (long)diff_random(state, 16) * HUGE_PAGE +
			     (percent(state, 10) ? DIFF_PAGE : 0);
	if (percent(state, 20))
		step->a[5] = (long)diff_random(state, 3) * HUGE_PAGE / 2;
}

static void make_mmap(struct diff_state *state, struct diff_step *step)
{
	long flags = M_ANON | (percent(state, 75) ? M_PRIVATE : M_SHARED);
	static const struct {
		int chance, flag;
	} more[] = {
		{ 15, M_FIXED }, { 10, M_NOREPLACE }, { 8, M_POPULATE }, { 3, M_LOCKED },
		{ 2, M_GROWSDOWN }, { 5, M_NORESERVE }, { 2, M_STACK }, { 2, M_32BIT },
		{ 1, M_SYNC }, { 1, 0x4000000 }, { 1, 0x80 },
	};

	some_range(state, step);
	for (unsigned int i = 0; i < NR(more); i++)
		if (percent(state, (unsigned long)more[i].chance))
			flags |= more[i].flag;
	if (!(flags & (M_FIXED | M_NOREPLACE)) && percent(state, 40))
		step->a[0] = 0;
	if (percent(state, 1))
		flags &= ~(M_PRIVATE | M_SHARED);
	else if (percent(state, 2))
		flags = (flags & ~(M_PRIVATE | M_SHARED)) | M_DROPPABLE;
	else if (percent(state, 4))
		flags |= M_VALIDATE;
	if (percent(state, 25))
		flags &= ~M_ANON;
	step->a[2] = protections[diff_random(state, NR(protections))];
	if (state->huge && percent(state, 60)) {
		flags = M_ANON | M_PRIVATE | M_FIXED;
		step->a[0] = (long)(ARENA + diff_random(state, 8) * HUGE_SIZE);
		step->a[1] = (long)((1 + diff_random(state, 4)) * HUGE_SIZE);
		step->a[2] = P_READ | P_WRITE;
	}
	step->a[3] = flags;
	step->a[4] = flags & M_ANON ? -1 : (long)diff_random(state, DIFF_FILES);
	step->a[5] = flags & M_ANON ? 0 : (long)diff_random(state, 24) * DIFF_PAGE;
	if (percent(state, 1))
		step->a[5] += 100;
	if (flags & M_ANON && percent(state, 5))
		make_huge(state, step);
}

static void make_mremap(struct diff_state *state, struct diff_step *step)
{
	static const int flags[] = { 0, 1, 1, 1, 3, 3, 5, 7, 2, 8 };
	struct diff_step to = { 0 };

	some_range(state, step);
	some_range(state, &to);
	step->a[2] = to.a[1];
	step->a[3] = flags[diff_random(state, NR(flags))];
	step->a[4] = step->a[3] & 2 ? to.a[0] : 0;
	if (percent(state, 30))
		step->a[2] = step->a[1];
	/* To shrink and move at once: 6.18 counts a promise then that is never given back. */
	if (step->a[3] & 2 && (unsigned long)step->a[2] < (unsigned long)step->a[1])
		step->a[1] = step->a[2];
	/* Its end is behind what some_range() looked at. */
	if (step->a[4] && hits_own(state, (unsigned long)to.a[0], (unsigned long)step->a[2] + HUGE_PAGE))
		step->a[3] = step->a[4] = 0;
}

/* Policies: what a machine of one node can tell. */
static const int modes[] = {
	0, 0, 1, 2, 2, 3, 3, 4, 5, 6, 7, 1 | 0x8000, 2 | 0x8000, 2 | 0x4000, 2 | 0x2000,
	3 | 0x4000, 3 | 0x2000, 5 | 0x2000, 0x8000, 2 | 0xc000, 4 | 0x4000, 2 | 0xa000, -1,
};
static const long masks[] = { 0, 0, 1, 1, 1, 1, 1, 2, 3, 3, 0x100 };
static const long maxnodes[] = { 64, 64, 65, 1025, 1025, 9, 2, 1, 0, 32769, 32770 };

#define ONE_OF(state, array) ((array)[diff_random(state, NR(array))])

static void make_numa(struct diff_state *state, struct diff_step *step)
{
	static const int mbind_flags[] = { 0, 0, 0, 1, 2, 2, 3, 4, 6, 8, 16 };
	static const int get_flags[] = { 0, 2, 2, 2, 2, 3, 1, 4, 5, 8 };
	static const int move_flags[] = { 2, 2, 2, 4, 0, 1, 8 };
	static const int move_nodes[] = { 0, 0, -2, -2, 1, -1 };

	some_range(state, step);
	switch (step->call) {
	case DIFF_MBIND:
		step->a[2] = ONE_OF(state, modes);
		step->a[3] = ONE_OF(state, masks);
		step->a[4] = ONE_OF(state, maxnodes);
		step->a[5] = ONE_OF(state, mbind_flags);
		break;
	case DIFF_SET_MEMPOLICY:
		step->a[0] = ONE_OF(state, modes);
		step->a[1] = ONE_OF(state, masks);
		step->a[2] = ONE_OF(state, maxnodes);
		break;
	case DIFF_GET_MEMPOLICY:
		step->a[1] = ONE_OF(state, get_flags);
		if (!(step->a[1] & 2) && percent(state, 80))
			step->a[0] = 0;
		break;
	case DIFF_HOME_NODE:
		step->a[2] = percent(state, 90) ? 0 : 1;
		step->a[3] = percent(state, 95) ? 0 : 1;
		break;
	case DIFF_MIGRATE_PAGES:
		step->a[0] = ONE_OF(state, masks);
		step->a[1] = ONE_OF(state, masks);
		step->a[2] = ONE_OF(state, maxnodes);
		break;
	default:
		step->a[1] = (long)diff_random(state, 33);
		step->a[2] = ONE_OF(state, move_nodes);
		step->a[3] = ONE_OF(state, move_flags);
	}
}

static void file_range(struct diff_state *state, struct diff_step *step, int at)
{
	step->a[at] = (long)diff_random(state, 24 * DIFF_PAGE);
	step->a[at + 1] = (long)diff_random(state, 12 * DIFF_PAGE);
	if (percent(state, 60))
		step->a[at] &= -DIFF_PAGE;
	if (percent(state, 60))
		step->a[at + 1] = (step->a[at + 1] & -DIFF_PAGE) + DIFF_PAGE;
}

/* Of calls on files: what follows the file's number. */
static void make_file(struct diff_state *state, struct diff_step *step)
{
	static const int fallocate_modes[] = { 0, 0, 1, 3, 3, 3, 0x10, 0x11, 2, 8, 0x20, 0x40, 0x80, 0x100 };
	static const int seals[] = { 1, 2, 4, 8, 16, 6, 32, 64 };

	step->a[0] = (long)diff_random(state, state->disk_bytes > DIFF_PAGE ? DIFF_FILES : DIFF_DISK);
	switch (step->call) {
	case DIFF_FTRUNCATE:
		step->a[1] = (long)diff_random(state, 30 * DIFF_PAGE);
		if (step->a[0] == DIFF_DISK)
			step->a[1] = (long)(state->disk_bytes -
					    diff_random(state, 1 + state->disk_bytes / 4));
		break;
	case DIFF_PREAD:
	case DIFF_PWRITE:
		file_range(state, step, 1);
		/* More than a page at once is a large folio on a disk, and it does not grow. */
		if (step->a[0] == DIFF_DISK && step->call == DIFF_PWRITE) {
			step->a[1] = (long)diff_random(state, state->disk_bytes);
			step->a[2] = DIFF_PAGE - step->a[1] % DIFF_PAGE;
			if (step->a[1] + step->a[2] > (long)state->disk_bytes)
				step->a[2] = (long)state->disk_bytes - step->a[1];
		}
		break;
	case DIFF_FALLOCATE:
		step->a[1] = fallocate_modes[diff_random(state, NR(fallocate_modes))];
		file_range(state, step, 2);
		/* A disk's blocks are not modelled: what it refuses is. */
		if (step->a[0] == DIFF_DISK && (step->a[1] == 8 || step->a[1] == 0x20))
			step->a[2] |= 1;
		else if (step->a[0] == DIFF_DISK && !(step->a[1] & ~0x13))
			step->a[1] = 0x40;
		break;
	case DIFF_FCNTL:
		step->a[0] = percent(state, 70) ? DIFF_SEALED : step->a[0];
		step->a[1] = percent(state, 60) ? 1034 : 1033;
		step->a[2] = seals[diff_random(state, NR(seals))];
		break;
	case DIFF_FADVISE:
		file_range(state, step, 1);
		/* What is dropped depends on what the disk was told before. */
		step->a[3] = (long)diff_random(state, 8);
		if (step->a[3] < 3 || step->a[3] == 4)
			step->a[3] = 3;
		break;
	default:
		break;
	}
}

/* The rest: options of the process. */
static void make_option(struct diff_state *state, struct diff_step *step)
{
	static const int resources[] = { 1, 2, 3, 8, 9 };

	switch (step->call) {
	case DIFF_MLOCKALL:
		step->a[0] = (long)diff_random(state, 9);
		break;
	case DIFF_SETRLIMIT:
		step->a[0] = resources[diff_random(state, NR(resources))];
		step->a[1] = percent(state, 70) ? 8L << 30 : (long)diff_random(state, 1UL << 28);
		break;
	case DIFF_PERSONALITY:
		step->a[0] = percent(state, 25) ? 0x0440000 : 0x0040000;
		break;
	default:
		step->a[0] = percent(state, 30) ? 65 : percent(state, 30) ? 66 : 4;
		step->a[1] = step->a[0] == 65 && percent(state, 90) ? 2 :
			     step->a[0] == 66 ? 0 : (long)diff_random(state, 3);
	}
}

static void make_one(struct diff_state *state, struct diff_step *step)
{
	switch (step->call) {
	case DIFF_MMAP:
		make_mmap(state, step);
		break;
	case DIFF_MREMAP:
		make_mremap(state, step);
		break;
	case DIFF_MPROTECT:
		some_range(state, step);
		step->a[2] = protections[diff_random(state, NR(protections))];
		break;
	case DIFF_MADVISE:
		some_range(state, step);
		step->a[2] = state->huge ? huge_advices[diff_random(state, NR(huge_advices))] :
					   advices[diff_random(state, NR(advices))];
		if (step->a[2] == 14 && percent(state, 85)) {
			step->a[0] = (long)(ARENA + diff_random(state, 8) * HUGE_SIZE);
			step->a[1] = (long)((1 + diff_random(state, 6)) * HUGE_SIZE);
		}
		break;
	case DIFF_BRK:
		step->a[0] = (long)(state->brk + diff_random(state, 40 * DIFF_PAGE));
		if (percent(state, 10))
			step->a[0] = 0;
		break;
	case DIFF_READ:
	case DIFF_WRITE:
		some_range(state, step);
		step->a[1] = (long)(1 + diff_random(state, 8));
		break;
	case DIFF_FTRUNCATE:
	case DIFF_PREAD:
	case DIFF_PWRITE:
	case DIFF_FALLOCATE:
	case DIFF_FCNTL:
	case DIFF_FSYNC:
	case DIFF_FADVISE:
		make_file(state, step);
		break;
	case DIFF_MLOCKALL:
	case DIFF_SETRLIMIT:
	case DIFF_PRCTL:
	case DIFF_PERSONALITY:
		make_option(state, step);
		break;
	case DIFF_MSYNC:
		some_range(state, step);
		step->a[2] = (long)diff_random(state, 8);
		break;
	case DIFF_MSEAL:
		some_range(state, step);
		if ((unsigned long)step->a[1] > 8 * DIFF_PAGE)
			step->a[1] = DIFF_PAGE;
		step->a[2] = percent(state, 5);
		break;
	case DIFF_REMAP:
		some_range(state, step);
		step->a[2] = percent(state, 5);
		step->a[3] = (long)diff_random(state, 24);
		step->a[4] = percent(state, 20) ? 0x10000 : 0;
		break;
	case DIFF_MINCORE:
		some_range(state, step);
		if ((unsigned long)step->a[1] > DIFF_VEC * DIFF_PAGE)
			step->a[1] = 16 * DIFF_PAGE;
		break;
	case DIFF_MUNLOCKALL:
		break;
	case DIFF_MBIND:
	case DIFF_SET_MEMPOLICY:
	case DIFF_GET_MEMPOLICY:
	case DIFF_HOME_NODE:
	case DIFF_MIGRATE_PAGES:
	case DIFF_MOVE_PAGES:
		make_numa(state, step);
		break;
	default:
		some_range(state, step);
	}
}

static int free_process(const struct diff_state *state)
{
	for (int i = 0; i < DIFF_PROCESSES; i++)
		if (!state->alive[i] && !state->zombie[i])
			return i;
	return -1;
}

static int child(const struct diff_state *state, int process, const bool *which)
{
	for (int i = 0; i < DIFF_PROCESSES; i++)
		if (which[i] && i != process && state->parent[i] == process)
			return i;
	return -1;
}

/* Huge pages: advice is what makes them; their pages do not move between nodes. */
static unsigned int weight(const struct diff_state *state, int call)
{
	if (state->huge && call >= DIFF_MBIND && call <= DIFF_MOVE_PAGES)
		return 0;
	return state->huge && call == DIFF_MADVISE ? 30 : weights[call];
}

void diff_make(struct diff_state *state, struct diff_step *step)
{
	unsigned long total = 0, at;
	int process = step->process;

	for (int i = 0; i < NR_DIFF_CALLS; i++)
		total += weight(state, i);
	do {
		*step = (struct diff_step){ .process = process };
		at = diff_random(state, total);
		while (at >= weight(state, step->call))
			at -= weight(state, step->call++);
		if (child(state, process, state->zombie) >= 0)
			step->call = DIFF_WAIT;
		if (step->call == DIFF_FORK)
			step->a[0] = free_process(state);
		else if (step->call != DIFF_EXIT && step->call != DIFF_WAIT)
			make_one(state, step);
	} while (!diff_possible(state, step));
}

bool diff_possible(const struct diff_state *state, const struct diff_step *step)
{
	if (!state->alive[step->process])
		return false;
	switch (step->call) {
	case DIFF_FORK:
		return step->a[0] >= 0 && !state->alive[step->a[0]] && !state->zombie[step->a[0]];
	case DIFF_EXIT:
		return step->process && child(state, step->process, state->alive) < 0 &&
		       child(state, step->process, state->zombie) < 0;
	case DIFF_WAIT:
		return child(state, step->process, state->zombie) >= 0;
	default:
		return true;
	}
}

void diff_made(struct diff_state *state, const struct diff_step *step, long ret)
{
	int p = step->process, q;

	if (step->call == DIFF_FORK && ret > 0) {
		state->alive[step->a[0]] = true;
		state->parent[step->a[0]] = p;
	} else if (step->call == DIFF_FTRUNCATE && step->a[0] == DIFF_DISK && !ret) {
		state->disk_bytes = (unsigned long)step->a[1];
	} else if (step->call == DIFF_EXIT) {
		state->alive[p] = false;
		state->zombie[p] = true;
	} else if (step->call == DIFF_WAIT) {
		q = child(state, p, state->zombie);
		state->zombie[q] = false;
	}
}

static void print_protection(long prot)
{
	printf(" %s%s%s%s", prot & P_READ ? "r" : "", prot & P_WRITE ? "w" : "",
	       prot & P_EXEC ? "x" : "", prot ? "" : "none");
}

void diff_print(const struct diff_step *step)
{
	/* As the row's arguments of ops-run: x value, p protection, d number, f file,
	 * P process. */
	static const char *const args[NR_DIFF_CALLS] = {
		"xxpdfx", "xx", "xxp", "xxxdx", "x", "xxd", "xx", "xx", "xx", "", "xx", "xd",
		"xd", "fx", "fxx", "fxx", "fxxx", "fdx", "f", "fxxd", "xxd", "d", "dx", "xxd",
		"dxxxx", "x", "xxxxx", "xxxxdx", "xxd", "xx", "xxdx", "xxd", "xddx", "P", "", "",
	};

	printf("%c: %s", 'A' + step->process, diff_call_names[step->call]);
	for (int i = 0; args[step->call][i]; i++) {
		switch (args[step->call][i]) {
		case 'p':
			print_protection(step->a[i]);
			break;
		case 'P':
			printf(" %c", (int)('A' + step->a[i]));
			break;
		case 'f':
			printf(step->a[i] < 0 ? " -1" : " FILE%ld", step->a[i]);
			break;
		case 'd':
			printf(" %ld", step->a[i]);
			break;
		default:
			printf(" 0x%lx", (unsigned long)step->a[i]);
		}
	}
	putchar('\n');
}

int diff_file_arg(const struct diff_step *step)
{
	switch (step->call) {
	case DIFF_MMAP:
		return step->a[3] & DIFF_MAP_ANONYMOUS ? -1 : 4;
	case DIFF_FTRUNCATE:
	case DIFF_PREAD:
	case DIFF_PWRITE:
	case DIFF_FALLOCATE:
	case DIFF_FCNTL:
	case DIFF_FSYNC:
	case DIFF_FADVISE:
		return 0;
	default:
		return -1;
	}
}
