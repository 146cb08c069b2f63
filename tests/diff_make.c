// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What each call is asked for: a function for each kind, a row for each call at the end.
 * What cannot be compared is left out here, and why is said beside it.
 */
#include "diff_make.h"

static const int protections[] = {
	0, P_READ, P_READ, P_READ | P_WRITE, P_READ | P_WRITE, P_READ | P_WRITE,
	P_READ | P_WRITE | P_EXEC, P_READ | P_EXEC, P_WRITE,
};
/* Not here: those that need swap, files, or huge pages; merging of equal pages. */
static const int advices[] = {
	4, 4, 4, 4, 8, 8, 8, 0, 1, 2, 3, 10, 10, 11, 16, 17, 18, 18, 19, 20, 22, 22, 23, 23,
	24, 99, A_GUARD_INSTALL, A_GUARD_INSTALL, A_GUARD_REMOVE,
};
/* The same where huge pages are wanted. */
static const int huge_advices[] = {
	14, 14, 14, 14, 14, 14, 14, 14, 14, 14, 14, 15, 4, 4, 4, 8, 8, 20, 20, 21, 21, 22, 23, 23, 24,
	0, 10, 11, 18, 19, A_GUARD_INSTALL, A_GUARD_REMOVE, 9, 9, 25, 25, 25, 25, 25, 25,
};
/* What a process may ask of another's memory, and some that it may not. */
static const int other_advices[] = { 3, 20, 20, 4, 8, 22, 99 };

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
		flags = M_FIXED | M_ANON | (percent(state, 60) ? M_PRIVATE : M_SHARED);
		if (percent(state, 20))
			flags ^= M_ANON;
		step->a[0] = (long)(ARENA + diff_random(state, 8) * HUGE_SIZE);
		step->a[1] = (long)((1 + diff_random(state, 4)) * HUGE_SIZE);
		step->a[2] = P_READ | P_WRITE;
	}
	step->a[3] = flags;
	step->a[4] = flags & M_ANON ? -1 : (long)diff_random(state, DIFF_FILES);
	step->a[5] = flags & M_ANON ? 0 : (long)diff_random(state, 24) * DIFF_PAGE;
	if (state->huge && step->a[5] && step->a[4] != DIFF_DISK && percent(state, 70))
		step->a[5] = (long)(diff_random(state, 2) * HUGE_SIZE);
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
	if (percent(state, 4))
		step->a[1] = 0;	/* the same mapping a second time, if it is shared */
	/* To shrink and move at once: 6.18 counts a promise then that is never given back. */
	if (step->a[3] & 2 && (unsigned long)step->a[2] < (unsigned long)step->a[1])
		step->a[1] = step->a[2];
	/* Its end is behind what some_range() looked at. */
	if (step->a[3] & 2 && hits_own(state, (unsigned long)to.a[0], (unsigned long)step->a[2] + HUGE_PAGE))
		step->a[3] = step->a[4] = 0;
}

/* Policies: what a machine of one node can tell. */
static const int modes[] = {
	0, 0, 1, 2, 2, 3, 3, 4, 5, 6, 7, 1 | 0x8000, 2 | 0x8000, 2 | 0x4000, 2 | 0x2000,
	3 | 0x4000, 3 | 0x2000, 5 | 0x2000, 0x8000, 2 | 0xc000, 4 | 0x4000, 2 | 0xa000, -1,
};
static const long masks[] = { 0, 0, 1, 1, 1, 1, 1, 2, 3, 3, 0x100 };
static const long maxnodes[] = { 64, 64, 65, 1025, 1025, 9, 2, 1, 0, 32769, 32770 };

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
	if (state->huge && step->a[0] != DIFF_DISK && percent(state, 50))
		step->a[at] += (long)diff_random(state, 2 * HUGE_SIZE);
	if (state->huge && step->a[0] != DIFF_DISK && step->call == DIFF_FALLOCATE &&
	    percent(state, 40))
		step->a[at + 1] = (long)diff_random(state, 2 * HUGE_SIZE);
	if (percent(state, 60))
		step->a[at] &= -DIFF_PAGE;
	if (percent(state, 60))
		step->a[at + 1] = (step->a[at + 1] & -DIFF_PAGE) + DIFF_PAGE;
}

static bool disk_end_may_be_hole(const struct diff_state *state)
{
	return state->disk_grew && state->disk_bytes % DIFF_PAGE;
}

/*
 * Which blocks a disk's file has is not modelled, which shows where a page is zeroed in part:
 * only what was written at first is cut inside a page. Nor does a file with holes grow from
 * inside a page: the file system then looks for the block to zero behind the old end, and
 * leaves a page in the cache that has not been read, which reading ahead goes around.
 */
static long disk_size(struct diff_state *state)
{
	if (!state->disk_grew && percent(state, 60))
		return (long)(state->disk_bytes - diff_random(state, 1 + state->disk_bytes / 4));
	if (disk_end_may_be_hole(state))
		return (1 + (long)diff_random(state, state->disk_bytes / DIFF_PAGE)) * DIFF_PAGE;
	return (1 + (long)diff_random(state, 28)) * DIFF_PAGE;
}

/* Growth and holes are of whole pages; blocks are not zeroed, and what moves them is refused. */
static void disk_range(const struct diff_state *state, struct diff_step *step)
{
	if (!step->a[1] && disk_end_may_be_hole(state))
		step->a[1] = 1;
	if (step->a[1] == 8 || step->a[1] == 0x20) {
		step->a[2] |= 1;
	} else if (!(step->a[1] & ~0x11) && step->a[1] & 0x10) {
		step->a[1] = 0x40;
	} else if (step->a[1] == 3 || step->a[1] < 2) {
		step->a[2] &= -DIFF_PAGE;
		step->a[3] &= -DIFF_PAGE;
	}
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
		if (state->huge && percent(state, 80))
			step->a[1] = (long)(HUGE_SIZE + diff_random(state, 4 * HUGE_SIZE));
		if (step->a[0] == DIFF_DISK)
			step->a[1] = disk_size(state);
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
		if (step->a[0] == DIFF_DISK)
			disk_range(state, step);
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
	/* Its stack and its mappings are where exec put them: the last three change nothing. */
	static const long personas[] = {
		0x0040000, 0x0040000, 0x0040000, 0x0440000, 0x0440000, 0, 0x0240000, 0xffffffff,
	};
	/* PR_SET_DUMPABLE, PR_SET_MDWE, PR_GET_MDWE, PR_SET_THP_DISABLE and its question */
	static const long options[] = { 4, 4, 65, 65, 66 }, huge_options[] = { 41, 41, 42, 65 };

	switch (step->call) {
	case DIFF_MLOCKALL:
		step->a[0] = (long)diff_random(state, 9);
		break;
	case DIFF_SETRLIMIT:
		step->a[0] = ONE_OF(state, resources);
		step->a[1] = percent(state, 70) ? 8L << 30 : (long)diff_random(state, 1UL << 28);
		break;
	case DIFF_PERSONALITY:
		step->a[0] = ONE_OF(state, personas);
		break;
	default:
		step->a[0] = state->huge && percent(state, 60) ? ONE_OF(state, huge_options) :
								 ONE_OF(state, options);
		step->a[1] = step->a[0] == 65 && percent(state, 90) ? 2 :
			     step->a[0] == 41 ? percent(state, 40) :
			     step->a[0] == 66 || step->a[0] == 42 ? 0 :
			     (long)diff_random(state, 3);
		if (step->a[0] == 41 && percent(state, 30))
			step->a[2] = 1 + (long)diff_random(state, 3);
	}
}

/* Which slot is in use does not matter: a number that was never given is an error, too. */
static void make_segment(struct diff_state *state, struct diff_step *step)
{
	static const int get_flags[] = { 0, 01600, 01600, 01600, 01600, 03600, 01400, 011600, 05600 };
	static const int at_flags[] = {
		0, 0, 0, 0, SHM_F_RDONLY, SHM_F_RND, SHM_F_REMAP, SHM_F_REMAP, SHM_F_EXEC,
		SHM_F_RND | SHM_F_REMAP,
	};
	static const int commands[] = { 0, 2, 2, 2, 2, 2, 99 };

	switch (step->call) {
	case DIFF_SHMGET:
		step->a[0] = (long)diff_random(state, DIFF_SEGMENTS);
		step->a[1] = percent(state, 60) ? 0 : 1 + (long)diff_random(state, 3);
		step->a[2] = (long)diff_random(state, 24) * DIFF_PAGE +
			     (percent(state, 20) ? (long)diff_random(state, DIFF_PAGE) : 0);
		step->a[3] = ONE_OF(state, get_flags);
		break;
	case DIFF_SHMAT:
		step->a[0] = (long)diff_random(state, DIFF_SEGMENTS);
		step->a[2] = ONE_OF(state, at_flags);
		do {
			step->a[1] = (long)some_address(state);
		} while (hits_own(state, (unsigned long)step->a[1], 32 * DIFF_PAGE));
		if (!(step->a[2] & SHM_F_REMAP) && percent(state, 60))
			step->a[1] = 0;
		break;
	case DIFF_SHMDT:
		step->a[0] = (long)some_address(state);
		break;
	default:
		step->a[0] = (long)diff_random(state, DIFF_SEGMENTS);
		step->a[1] = ONE_OF(state, commands);
	}
}

/* Another process, or the same. */
static void make_other(struct diff_state *state, struct diff_step *step)
{
	do {
		some_range(state, step);
	} while ((unsigned long)step->a[1] > DIFF_BUFFER && step->call != DIFF_PROCESS_MADVISE);
	step->a[2] = ONE_OF(state, other_advices);
	step->a[3] = (long)diff_random(state, DIFF_PROCESSES);
	if (!state->alive[step->a[3]])
		step->a[3] = step->process;
}

static void make_protection(struct diff_state *state, struct diff_step *step)
{
	some_range(state, step);
	step->a[2] = protections[diff_random(state, NR(protections))];
	if (percent(state, 3))
		step->a[2] |= percent(state, 70) ? P_GROWSDOWN : P_GROWSUP;
}

static void make_advice(struct diff_state *state, struct diff_step *step)
{
	some_range(state, step);
	step->a[2] = state->huge ? ONE_OF(state, huge_advices) : ONE_OF(state, advices);
	if ((step->a[2] == 14 || step->a[2] == 25) && percent(state, 85)) {
		step->a[0] = (long)(ARENA + diff_random(state, 8) * HUGE_SIZE);
		step->a[1] = (long)((1 + diff_random(state, 6)) * HUGE_SIZE);
	}
}

static void make_brk(struct diff_state *state, struct diff_step *step)
{
	step->a[0] = (long)(state->brk + diff_random(state, 40 * DIFF_PAGE));
	if (percent(state, 10))
		step->a[0] = 0;
}

static void make_access(struct diff_state *state, struct diff_step *step)
{
	some_range(state, step);
	step->a[1] = (long)(1 + diff_random(state, 8));
}

static void make_msync(struct diff_state *state, struct diff_step *step)
{
	some_range(state, step);
	step->a[2] = (long)diff_random(state, 8);
}

static void make_mseal(struct diff_state *state, struct diff_step *step)
{
	some_range(state, step);
	if ((unsigned long)step->a[1] > 8 * DIFF_PAGE)
		step->a[1] = DIFF_PAGE;
	step->a[2] = percent(state, 5);
}

static void make_remap(struct diff_state *state, struct diff_step *step)
{
	some_range(state, step);
	step->a[2] = percent(state, 5);
	step->a[3] = (long)diff_random(state, 24);
	step->a[4] = percent(state, 20) ? 0x10000 : 0;
}

static void make_mincore(struct diff_state *state, struct diff_step *step)
{
	some_range(state, step);
	if ((unsigned long)step->a[1] > DIFF_VEC * DIFF_PAGE)
		step->a[1] = 16 * DIFF_PAGE;
}

static void make_nothing(struct diff_state *state, struct diff_step *step)
{
	(void)state;
	(void)step;
}

void make_arguments(struct diff_state *state, struct diff_step *step)
{
	static void (*const makers[NR_DIFF_CALLS])(struct diff_state *, struct diff_step *) = {
		[DIFF_MMAP] = make_mmap, [DIFF_MREMAP] = make_mremap,
		[DIFF_MPROTECT] = make_protection, [DIFF_MADVISE] = make_advice,
		[DIFF_BRK] = make_brk, [DIFF_READ] = make_access, [DIFF_WRITE] = make_access,
		[DIFF_FTRUNCATE] = make_file, [DIFF_PREAD] = make_file, [DIFF_PWRITE] = make_file,
		[DIFF_FALLOCATE] = make_file, [DIFF_FCNTL] = make_file, [DIFF_FSYNC] = make_file,
		[DIFF_FADVISE] = make_file, [DIFF_MLOCKALL] = make_option,
		[DIFF_SETRLIMIT] = make_option, [DIFF_PRCTL] = make_option,
		[DIFF_PERSONALITY] = make_option, [DIFF_MSYNC] = make_msync,
		[DIFF_MSEAL] = make_mseal, [DIFF_REMAP] = make_remap,
		[DIFF_MINCORE] = make_mincore, [DIFF_MUNLOCKALL] = make_nothing,
		[DIFF_MBIND] = make_numa, [DIFF_SET_MEMPOLICY] = make_numa,
		[DIFF_GET_MEMPOLICY] = make_numa, [DIFF_HOME_NODE] = make_numa,
		[DIFF_MIGRATE_PAGES] = make_numa, [DIFF_MOVE_PAGES] = make_numa,
		[DIFF_SHMGET] = make_segment, [DIFF_SHMAT] = make_segment,
		[DIFF_SHMDT] = make_segment, [DIFF_SHMCTL] = make_segment,
		[DIFF_VM_READ] = make_other, [DIFF_VM_WRITE] = make_other,
		[DIFF_PROCESS_MADVISE] = make_other,
	};

	(makers[step->call] ? makers[step->call] : some_range)(state, step);
}
