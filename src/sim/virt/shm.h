/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * System V shared memory: segments by id and key, each an unlinked file of shared
 * memory that the segment holds open; attached is a mapping of it. 0 or -errno of the
 * call; -ENOBUFS: no host memory.
 */
#ifndef KMM_VIRT_SHM_H
#define KMM_VIRT_SHM_H

#include "sim/virt/mm_types.h"

#define IPC_CREAT 01000
#define IPC_EXCL 02000
#define SHM_HUGETLB 04000
#define SHM_NORESERVE 010000
#define SHM_HUGE_SHIFT 26	/* the logarithm of their size */
#define SHM_DEST 01000		/* in the mode: goes with the last mapping */
#define SHM_LOCKED 02000
#define SHM_RDONLY 010000
#define SHM_RND 020000
#define SHM_REMAP 040000
#define SHM_EXEC 0100000
enum shm_command { IPC_RMID, IPC_SET, IPC_STAT, IPC_INFO, SHM_LOCK = 11, SHM_UNLOCK,
		   SHM_STAT, SHM_INFO };

struct shm_segment {
	u64 object;		/* of kmalloc(); 0: the slot is free */
	struct file *file;
	s32 key, id;
	u32 mode;		/* rights, SHM_DEST, SHM_LOCKED */
	u32 uid, gid, cuid, cgid;
	u32 lock_uid;		/* whose RLIMIT_MEMLOCK counts it while it is locked */
	u32 cpid, lpid;		/* who made it, who used it last */
	u32 nattch;
	u64 bytes;
	u64 atime, dtime, ctime;	/* seconds */
	u64 creator;		/* the task's serial; 0: it has ended */
};

/* m->virt->shm */
struct shm_state {
	struct shm_segment *segments;	/* [nr_slots] by id modulo 32768 */
	u32 nr_slots, in_use;
	s32 last_slot;
	u32 seq;
	u64 tot;		/* pages */
};

int sys_shmget(struct machine *m, struct task_struct *task, s32 key, u64 size, u32 flags,
	       u64 *id) __must_check;
int sys_shmat(struct machine *m, struct task_struct *task, s32 id, u64 addr, u32 flags,
	      u64 *where) __must_check;
int sys_shmdt(struct machine *m, struct task_struct *task, u64 addr) __must_check;
/* IPC_STAT and its kin: what they tell is in sim/why. IPC_SET wants a struct: the other. */
int sys_shmctl(struct machine *m, struct task_struct *task, s32 id, int cmd,
	       u64 *result) __must_check;
struct shm_perm {
	u32 uid, gid, mode;
};
int sys_shmctl_set(const struct machine *m, const struct task_struct *task, s32 id,
		   const struct shm_perm *perm) __must_check;
/* shm_lock.c: -EPERM, -ENOMEM. */
int shm_lock(struct machine *m, const struct task_struct *task, struct shm_segment *shm,
	     bool lock) __must_check;
/* A task ends; kernel.shm_rmid_forced became 1. */
void exit_shm(struct machine *m, const struct task_struct *task);
void shm_destroy_orphaned(struct machine *m);
/* What the mapping of a segment's file is: shm.c's row. */
void shm_mmap(struct machine *m, struct vm_area_struct *vma);
/* The same of huge pages: as hugetlb_file_mmap(). */
int shm_huge_mmap(struct machine *m, struct file *file,
		  struct vm_area_struct *vma) __must_check;
/* The next segment from a slot on, or NULL. */
const struct shm_segment *shm_next(const struct machine *m, u32 *slot);

/* Is it of a segment? */
bool vma_is_shm(const struct vm_area_struct *vma);

int shm_init(struct machine *m) __must_check;
void shm_free(struct machine *m);
/* shm_check.c */
struct digest;
void shm_digest(const struct machine *m, struct digest *digest);
void shm_validate(const struct machine *m, struct check *check);	/* F7 */
struct object_census;
void shm_claim(const struct machine *m, struct object_census *census);

#endif
