/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * kmm-record: the parts of a recording. The tracer (kmm-record-trace.c) stops each thread
 * at each system call, by ptrace(2); page faults come from the kernel's software events
 * (kmm-record-perf.c). At each stop what has been faulted becomes accesses
 * (kmm-record-faults.c), then the call becomes a line (kmm-record-calls.h), with the files
 * that it names (kmm-record-files.c). A process that ends leaves its maps and counts
 * (kmm-record-end.c).
 */
#ifndef KMM_TOOLS_RECORD_H
#define KMM_TOOLS_RECORD_H

#include <glib.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/types.h>

#include "sim/base/types.h"

#define PAGE_BYTES ((u64)4096)
#define NOT_OPEN (-1)

struct recording;

/* ---- kmm-record-perf.c ---- */

struct record_event {
	u64 time;		/* of CLOCK_MONOTONIC */
	u64 addr, ip;
	pid_t pid, tid;
	bool kernel;		/* the kernel's access, inside a call */
	bool major;
};

struct record_perf;

/* Faults of this process and all that come from it. NULL: *why says why not, to be freed. */
struct record_perf *record_perf_open(pid_t pid, char **why);
/* Append what has come to an array of record_event, in order of time. */
void record_perf_drain(struct record_perf *perf, GArray *events);
/* To be polled: readable as a buffer fills. */
unsigned int record_perf_fds(const struct record_perf *perf, const int **fds);
bool record_perf_sees_kernel(const struct record_perf *perf);
u64 record_perf_lost(const struct record_perf *perf);
void record_perf_close(struct record_perf *perf);

/* ---- who is recorded ---- */

struct record_vma {
	u64 start, end, offset;
	unsigned int major, minor;	/* of its file's disk */
	u64 ino;
	char perms[5];
	u64 rss, anon;		/* kB; of smaps */
	char *name;		/* "" if it has none */
};

/* An address space: of threads, and of a child of vfork. */
struct record_space {
	unsigned int users;
	u64 id;
	pid_t busy;		/* the thread inside a call that changes it; 0 */
	GQueue waiting;		/* pids of those that have to wait for it */
	GHashTable *known;	/* pages that were seen to fault; NULL: none */
	GArray *vmas;		/* of record_vma; what was read last */
	bool vmas_valid;
};

struct record_fds {
	unsigned int users;
	GHashTable *table;	/* the program's number -> struct record_fd */
};

struct record_call {
	u64 nr, args[6];
	s64 result;
	bool failed;
};

struct record_task {
	pid_t tid, tgid;
	struct record_space *space;
	struct record_fds *fds;
	bool ready;		/* its first stop has been seen */
	bool started;		/* it, or who made it, runs the program */
	bool inside;		/* a call */
	bool in_exec;		/* its faults are those of execve */
	bool in_read;		/* a long one: the kernel's faults in the buffer wait ... */
	u64 read_end;		/* ... from here on */
	/* Where the kernel's faults are not seen: the thread's, when a call began or ended; */
	u64 faults_before, faults_behind;
	u64 seen;		/* of its own, since */
	u64 sp;			/* its stack, at the last call */
	u64 rseq;		/* where the kernel writes the CPU on its way back, or 0 */
	bool ending;		/* it has stopped for the last time */
	bool ended;		/* the line that ends it is out */
	pid_t vfork_child;	/* that it waits for, until that has run or ended in our lines */
	bool held;		/* it stands behind that call, which the kernel lets it leave */
	struct record_call call;
};

struct recording {
	FILE *out;
	struct record_perf *perf;
	GHashTable *tasks;	/* tid -> struct record_task */
	GPtrArray *all_files;	/* of struct record_file */
	GHashTable *files;	/* "dev:inode" -> struct record_file */
	GHashTable *paths;	/* paths in use there */
	GHashTable *names;	/* paths here -> struct record_file */
	GArray *events;		/* not yet turned into lines */
	unsigned int nr_waiting;	/* of them, when they were looked at last */
	GHashTable *skipped;	/* calls that could not be recorded -> how often */
	GHashTable *started;	/* tgid -> struct record_counts, of when it began */
	GHashTable *checked;	/* tgids whose end is recorded */
	GHashTable *segments;	/* ids of shmget */
	pid_t first;
	bool cold;		/* say nothing of what is cached */
	bool guesses;		/* the kernel guesses how much memory may be promised */
	bool uffd;		/* somebody waits for faults: nobody else may be held up */
	/* Accesses that go on where the last one ended. */
	struct {
		pid_t tid;
		char kind;
		u64 addr, pages;
	} run;
	u64 nr_calls, nr_accesses, nr_processes, nr_spaces;
};

struct record_task *record_task_find(const struct recording *r, pid_t tid);

/* ---- kmm-record-lines.c ---- */

/* "sim/as/pTID/ctl: " and the text: what was being collected goes first. */
void record_put(struct recording *r, const struct record_task *task, const char *fmt, ...)
	__attribute__((__format__(__printf__, 3, 4)));
/* The same of another control file, "proc/1/ctl"; NULL: the text alone. */
void record_say(struct recording *r, const char *path, const char *fmt, ...)
	__attribute__((__format__(__printf__, 3, 4)));

/* ---- kmm-record-faults.c ---- */

/*
 * All faults until now become accesses, or wait: where their thread is not known yet, or it
 * is not the one that has stopped, and what it did is not certain.
 */
void record_faults(struct recording *r, const struct record_task *stopped);
/* What the thread faulted inside an execve is that of the new program: drop it. */
void record_faults_drop(struct recording *r, pid_t tid);
/* The kernel's access to a page that is there. False: it is not, or may not be. */
bool record_kernel_access(struct recording *r, struct record_task *task, u64 addr);
/* The run of accesses ends here. */
void record_run_end(struct recording *r);

/* ---- kmm-record-kernel.c: where the kernel's own faults may not be seen ---- */

u64 record_thread_faults(const struct record_task *task);
/* A call begins: the kernel may have faulted on its way back from the last one. */
void record_kernel_before(struct recording *r, struct record_task *task);
/* A call comes back: its faults become accesses, as far as its arguments tell. */
void record_kernel_faults(struct recording *r, struct record_task *task);
/* Now it goes back to the program. */
void record_kernel_behind(struct record_task *task);
/* A page of the task has been accessed; those of a range are new ones. */
void record_known(struct record_task *task, u64 addr);
void record_forget(struct record_task *task, u64 start, u64 len);
/* The address space has been copied: each page is to be written anew. */
void record_forget_all(struct record_task *task);
/* What a call that changes the address space makes of it. */
void record_forget_changed(struct record_task *task);

/* ---- kmm-record-files.c ---- */

struct record_file {
	char *path;		/* by which the machine knows it */
	bool shmem;
	bool gone;		/* it has no name on the machine any more */
	s64 born;		/* ns: another file may have its number later */
};

/* The file behind /proc/PID/PATH (fd/3, exe): known to the machine. NULL: none that can be. */
struct record_file *record_file_of(struct recording *r, pid_t pid, const char *link);
/* A file that a call makes without a name. */
static inline bool record_path_is_memfd(const char *path)
{
	return g_str_has_prefix(path, "/memfd:") || g_str_has_prefix(path, "/secretmem");
}
/* The path that a call names: absolute, by the program's directory or descriptor; or NULL. */
char *record_path_of(const struct record_task *task, s64 dirfd, u64 addr);
/* A name here goes, or becomes another: the file of the old name, or NULL. */
struct record_file *record_name_gone(struct recording *r, const char *path);
void record_name_is(struct recording *r, const char *path, struct record_file *file);
/* The program that has just been loaded: files, segments, interpreter. NULL: none. */
struct record_file *record_program_of(struct recording *r, pid_t pid);

void record_file_free(void *file);
/* The one of this disk and inode, if it is known; or NULL. */
struct record_file *record_file_known(const struct recording *r, unsigned int major,
				      unsigned int minor, u64 ino);

struct record_fds *record_fds_new(void);
struct record_fds *record_fds_copy(struct record_fds *fds);
void record_fds_put(struct record_fds *fds);
int record_fd_of(const struct record_task *task, s64 fd);	/* or NOT_OPEN */
int record_file_fd(const struct record_task *task, s64 fd);	/* of a file alone */
void record_fd_no_file(struct record_task *task, s64 fd);
/* The lowest number that is free from `from` on, as the machine will give it. */
int record_fd_open(struct record_task *task, s64 fd, bool cloexec, int from);
void record_fd_set(struct record_task *task, s64 fd, int sim, bool cloexec);
void record_fd_close(struct record_task *task, s64 fd);
void record_fd_cloexec(struct record_task *task, s64 fd, bool cloexec);
void record_fds_exec(struct record_task *task);
/* Open descriptors from first to last, ascending; to be freed. */
GArray *record_fd_range(const struct record_task *task, u64 first, u64 last);

/* ---- kmm-record-calls.c ---- */

/* Does the call change an address space, so that another's has to wait? */
bool record_call_is_of_space(const struct record_call *call);
/* The first process is there, with what it inherits. */
void record_begin(struct recording *r, struct record_task *task);
/* Of an ioctl: does it fill pages that others wait for? */
bool record_call_fills(const struct record_call *call);
/* A call begins that will be told in pieces. */
void record_call_begins(struct record_task *task);
/* A call came back. */
void record_call_line(struct recording *r, struct record_task *task);
/* The flags of a call that made a child; where the kernel writes its pid for it, or 0. */
u64 record_clone_flags(const struct record_task *task, u64 *exit_signal);
u64 record_clone_child_tid(const struct record_task *task);
void record_clone_line(struct recording *r, struct record_task *task, pid_t child);
void record_exec_line(struct recording *r, struct record_task *task);
void record_exit_line(struct recording *r, struct record_task *task, bool group, int status);
void record_skipped(struct recording *r, const char *what);

/* ---- kmm-record-end.c ---- */

struct record_counts {
	u64 minflt, majflt;
};

/* Mappings of a process, with their sizes if asked; of record_vma. NULL: there are none. */
GArray *record_maps(pid_t pid, bool sizes);
struct record_counts record_faults_of(pid_t pid);
/* The same of "PID" or "PID/task/TID". */
struct record_counts record_faults_at(const char *name);
/* The process is about to end: what it was like. */
void record_end(struct recording *r, struct record_task *task);

/* ---- kmm-record-trace.c ---- */

struct record_memory {
	u64 addr, len;
};
/* Bytes of the program; how many could be read. */
size_t record_read(pid_t pid, u64 addr, void *to, size_t len);
/* A string of it, or NULL; to be freed. */
char *record_read_string(pid_t pid, u64 addr);
/* Those that are left when the rest has ended elsewhere. */
void record_tasks_free(struct recording *r);
/* Run a command and record it. Exit status of the command, or -1 with *error. */
int record_run(struct recording *r, char **argv, char **error);

/* ---- kmm-record-host.c ---- */

/* What of this machine's settings programs see, as lines. */
void record_settings(struct recording *r);

#endif
