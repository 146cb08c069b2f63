// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Random steps: addresses are mostly in or beside what is mapped, sometimes anywhere,
 * sometimes wrong. Nothing is aimed at the program's own pages, which the two sides
 * need. The weights are a table.
 */
#include "diff_make.h"

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
	[DIFF_SHMGET] = 3, [DIFF_SHMAT] = 4, [DIFF_SHMDT] = 2, [DIFF_SHMCTL] = 2,
	[DIFF_VM_READ] = 2, [DIFF_VM_WRITE] = 2, [DIFF_PROCESS_MADVISE] = 1,
	[DIFF_FORK] = 3, [DIFF_EXIT] = 3,
};


/* splitmix64 */
unsigned long diff_random(struct diff_state *state, unsigned long below)
{
	unsigned long long z = state->random += 0x9e3779b97f4a7c15ULL;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
	return (unsigned long)((z ^ (z >> 31)) % below);
}

bool percent(struct diff_state *state, unsigned long chance)
{
	return diff_random(state, 100) < chance;
}

unsigned long some_length(struct diff_state *state)
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

unsigned long some_address(struct diff_state *state)
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

bool hits_own(const struct diff_state *state, unsigned long addr, unsigned long len)
{
	unsigned long start = addr & ~(DIFF_PAGE - 1UL), end = addr + len + DIFF_PAGE;

	if (end < start)
		end = ~0UL;
	for (unsigned int i = 0; i < state->nr_own; i++)
		if (start < state->own[i].end && end > state->own[i].start)
			return true;
	return false;
}

void some_range(struct diff_state *state, struct diff_step *step)
{
	do {
		step->a[0] = (long)some_address(state);
		step->a[1] = (long)some_length(state);
	} while (hits_own(state, (unsigned long)step->a[0], (unsigned long)step->a[1]));
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
	if (!state->segments && call >= DIFF_SHMGET && call <= DIFF_SHMCTL)
		return 0;
	if (!state->others && diff_is_of_others(call))
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
			make_arguments(state, step);
	} while (!diff_possible(state, step));
}

bool diff_possible(const struct diff_state *state, const struct diff_step *step)
{
	int other = diff_other_arg(step);

	if (!state->alive[step->process] || (other >= 0 && !state->alive[step->a[other]]))
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
		state->disk_grew |= (unsigned long)step->a[1] > state->disk_bytes;
		state->disk_bytes = (unsigned long)step->a[1];
	} else if (step->call == DIFF_FALLOCATE && step->a[0] == DIFF_DISK && !ret) {
		/* A hole has no blocks either. */
		state->disk_grew = true;
		if (!step->a[1] && (unsigned long)(step->a[2] + step->a[3]) > state->disk_bytes)
			state->disk_bytes = (unsigned long)(step->a[2] + step->a[3]);
	} else if (step->call == DIFF_EXIT) {
		state->alive[p] = false;
		state->zombie[p] = true;
	} else if (step->call == DIFF_WAIT) {
		q = child(state, p, state->zombie);
		state->zombie[q] = false;
	}
}

