/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * diff_host: the same calls made by a process of the host and by a task of a machine,
 * from the same address space on. What the parts share: a step, what came of it, and
 * the two sides, each a table of functions. The worker includes it too, so it needs
 * nothing.
 */
#ifndef KMM_TESTS_DIFF_H
#define KMM_TESTS_DIFF_H

#include <stdbool.h>
#include <stddef.h>

#define DIFF_PROCESSES 6
#define DIFF_PAGE 4096L
#define DIFF_COMMANDS 100	/* descriptors of the worker: of process 0, and on */
#define DIFF_REPLIES 110
#define DIFF_VEC 256
/*
 * Files that every run begins with: a step has their number. In memory, the third can
 * be sealed; the last is on a disk, where the host has one here, and has been written.
 */
#define DIFF_FILES 4
#define DIFF_SEALED 2
#define DIFF_DISK 3
#define DIFF_FILE_FD 40		/* descriptor of the worker */
#define DIFF_FILE_BYTES(i) ((i) == 1 ? 20 * DIFF_PAGE : 11 * DIFF_PAGE + 100)
#define DIFF_BUFFER (32 * DIFF_PAGE)	/* what the worker reads and writes at once */
#define DIFF_MAP_ANONYMOUS 0x20

enum diff_call {
	DIFF_MMAP, DIFF_MUNMAP, DIFF_MPROTECT, DIFF_MREMAP, DIFF_BRK, DIFF_MADVISE,
	DIFF_MLOCK, DIFF_MLOCK2, DIFF_MUNLOCK, DIFF_MUNLOCKALL, DIFF_MINCORE, DIFF_READ,
	DIFF_WRITE, DIFF_FTRUNCATE, DIFF_PREAD, DIFF_PWRITE, DIFF_FALLOCATE, DIFF_FCNTL,
	DIFF_FSYNC, DIFF_FADVISE, DIFF_MSYNC, DIFF_MLOCKALL, DIFF_SETRLIMIT, DIFF_MSEAL,
	DIFF_PRCTL, DIFF_PERSONALITY, DIFF_REMAP,
	DIFF_MBIND, DIFF_SET_MEMPOLICY, DIFF_GET_MEMPOLICY, DIFF_HOME_NODE,
	DIFF_MIGRATE_PAGES, DIFF_MOVE_PAGES,
	DIFF_SHMGET, DIFF_SHMAT, DIFF_SHMDT, DIFF_SHMCTL,
	DIFF_VM_READ, DIFF_VM_WRITE, DIFF_PROCESS_MADVISE,
	DIFF_FORK, DIFF_EXIT, DIFF_WAIT, NR_DIFF_CALLS,
};

/* Segments of System V shared memory: a step has the number of a slot. */
#define DIFF_SEGMENTS 8
/* No page that the program has of its own is longer. */
#define DIFF_HUGE_PAGE (512 * DIFF_PAGE)

/* Process 0 is A. Addresses are of the host's kind: unsigned in effect. */
struct diff_step {
	int call, process;
	long a[6];
};

/* Is it a call on the memory of another process? */
static inline bool diff_is_of_others(int call)
{
	return call >= DIFF_VM_READ && call <= DIFF_PROCESS_MADVISE;
}

static inline bool diff_pages_out(const struct diff_step *step)
{
	return (step->call == DIFF_MADVISE || step->call == DIFF_PROCESS_MADVISE) &&
	       step->a[2] == 21 /* MADV_PAGEOUT */;
}

struct diff_reply {
	long ret;
	int err, sig, code;
	long addr;		/* of the signal; the status of a wait */
	long minflt, majflt;
	unsigned char vec[DIFF_VEC];
};

struct diff_side {
	const char *name;
	/* A new process A, its vdso gone. NULL or why not. */
	const char *(*start)(void *side);
	void (*end)(void *side);
	/* False: the side broke down. */
	bool (*call)(void *side, const struct diff_step *step, struct diff_reply *reply);
	/* A file of the process's directory. NULL if it cannot be read; free() it. */
	char *(*text)(void *side, int process, const char *name);
	bool (*pagemap)(void *side, int process, unsigned long addr, unsigned long nr,
			unsigned long long *entries);
};

/* Which argument is the number of a file, of a segment, of another process; -1: none. */
int diff_file_arg(const struct diff_step *step);
int diff_segment_arg(const struct diff_step *step);
int diff_other_arg(const struct diff_step *step);
/* shmget() gave `id`: the slot of that id, which is `slot` if it is a new one. */
long diff_note_segment(long *ids, long slot, long id);

/* diff_real.c, diff_engine.c. `worker` is the path of the program. NULL: said why. */
extern const struct diff_side diff_real, diff_engine;
void *diff_real_new(const char *worker, bool huge);	/* huge: huge pages as the host has them */
void diff_real_free(void *side);
/* Are there segments of shared memory that nobody else sees? */
bool diff_real_has_segments(const void *side);
/* The lowest address that a hint gets. */
unsigned long diff_real_lowest(void);
/* The disk's file, open; -1: there is no disk that is like the engine's. */
int diff_real_disk(void);
/* Pages that its reads run ahead. */
unsigned int diff_real_read_ahead(int disk);
/* A soft limit; the capabilities that are in effect, a bit each. */
unsigned long diff_real_limit(int resource);
unsigned long long diff_real_capabilities(void);
/* What of the host's configuration shows. */
struct diff_host {
	const char *thp;	/* a word of sys/kernel/mm/transparent_hugepage/enabled */
	/* MAYBE_GUARD, HUGE_KEEPS_DIRTY, SEAL_EXEC_ASKS, MEM_SOFT_DIRTY, PKEYS, LRU_GEN_ENABLED
	 * of [config]
	 */
	bool marks_guards, keeps_dirty, seal_asks, has_soft_dirty, has_pkeys, has_lru_gen;
};
void *diff_engine_new(const char *worker, const struct diff_host *host);
void diff_engine_free(void *side);	/* after end() */
/* Is all of the machine in order? Else it is said. */
bool diff_engine_check(void *side);

/* diff_steps.c: names as of ops-run's lists. */
extern const char *const diff_call_names[NR_DIFF_CALLS];
void diff_print(const struct diff_step *step);

/* Where a run may make its mappings, and what it must leave alone. */
struct diff_range {
	unsigned long start, end;
};
struct diff_state {
	unsigned long long random;
	bool huge;		/* ranges and advice that make huge pages */
	bool segments;		/* of shared memory */
	bool others;		/* calls on the memory of other processes */
	struct diff_range vmas[512];	/* of the process whose turn it is */
	unsigned int nr_vmas;
	struct diff_range own[8];	/* the program's: never in a range of a call */
	unsigned int nr_own;
	unsigned long stack;		/* the end of what it may grow into */
	unsigned long brk;		/* where the heap begins */
	unsigned long disk_bytes;	/* of the file on the disk */
	bool disk_grew;			/* it may have holes */
	int parent[DIFF_PROCESSES];	/* -1: there is none such */
	bool alive[DIFF_PROCESSES], zombie[DIFF_PROCESSES];
};
unsigned long diff_random(struct diff_state *state, unsigned long below);
/* The next step of a process that lives. */
void diff_make(struct diff_state *state, struct diff_step *step);
/* Can this step be made now? (A list that lost lines has some that cannot.) */
bool diff_possible(const struct diff_state *state, const struct diff_step *step);
/* It was made, and came to `ret`. */
void diff_made(struct diff_state *state, const struct diff_step *step, long ret);

#endif
