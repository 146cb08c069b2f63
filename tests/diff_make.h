/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The arguments of random steps: diff_make.c has a function for each kind of call, and
 * they choose by what diff_steps.c has: chances, ranges, and what must be left alone.
 */
#ifndef KMM_TESTS_DIFF_MAKE_H
#define KMM_TESTS_DIFF_MAKE_H

#include "diff.h"

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
#define P_GROWSDOWN 0x01000000
#define P_GROWSUP 0x02000000
#define A_GUARD_INSTALL 102
#define A_GUARD_REMOVE 103
#define SHM_F_RDONLY 010000
#define SHM_F_RND 020000
#define SHM_F_REMAP 040000
#define SHM_F_EXEC 0100000


bool percent(struct diff_state *state, unsigned long chance);
#define ONE_OF(state, array) ((array)[diff_random(state, NR(array))])

/* Mostly in or beside what is mapped, sometimes anywhere, sometimes wrong. */
unsigned long some_length(struct diff_state *state);
unsigned long some_address(struct diff_state *state);
/* Does the program itself need any of it? */
bool hits_own(const struct diff_state *state, unsigned long addr, unsigned long len);
/* An address and a length that do not. */
void some_range(struct diff_state *state, struct diff_step *step);

/* All arguments of the call. */
void make_arguments(struct diff_state *state, struct diff_step *step);

#endif
