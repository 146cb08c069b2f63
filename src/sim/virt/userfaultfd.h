/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * userfaultfd: ranges of an address space whose faults a program answers itself. A
 * context is an open descriptor; VMAs name theirs by its handle (vma->uffd). Files:
 * userfaultfd.c (contexts, the handshake, reading), userfaultfd_register.c (which VMAs),
 * userfaultfd_fault.c (who waits, and is woken), userfaultfd_fill.c (the calls that
 * answer), userfaultfd_move.c.
 *
 * A task whose access has to wait is blocked: the access is -EINPROGRESS, nothing of it
 * is done, and it goes on by itself when somebody wakes it. A call that would wait
 * inside of the kernel for a page fails as it does for a bad address; one that only
 * populates has its result at once, and its task then waits. Events are told when the
 * call is done, and the task waits until they are read.
 */
#ifndef KMM_VIRT_USERFAULTFD_H
#define KMM_VIRT_USERFAULTFD_H

#include "sim/virt/memory.h"
#include "sim/virt/task.h"

#define UFFD_API 0xaaULL
#define UFFD_USER_MODE_ONLY 1

enum uffd_feature {
	UFFD_FEATURE_PAGEFAULT_FLAG_WP = 1 << 0, UFFD_FEATURE_EVENT_FORK = 1 << 1,
	UFFD_FEATURE_EVENT_REMAP = 1 << 2, UFFD_FEATURE_EVENT_REMOVE = 1 << 3,
	UFFD_FEATURE_MISSING_HUGETLBFS = 1 << 4, UFFD_FEATURE_MISSING_SHMEM = 1 << 5,
	UFFD_FEATURE_EVENT_UNMAP = 1 << 6, UFFD_FEATURE_SIGBUS = 1 << 7,
	UFFD_FEATURE_THREAD_ID = 1 << 8, UFFD_FEATURE_MINOR_HUGETLBFS = 1 << 9,
	UFFD_FEATURE_MINOR_SHMEM = 1 << 10, UFFD_FEATURE_EXACT_ADDRESS = 1 << 11,
	UFFD_FEATURE_WP_HUGETLBFS_SHMEM = 1 << 12, UFFD_FEATURE_WP_UNPOPULATED = 1 << 13,
	UFFD_FEATURE_POISON = 1 << 14, UFFD_FEATURE_WP_ASYNC = 1 << 15,
	UFFD_FEATURE_MOVE = 1 << 16,
};
#define UFFD_FEATURE_INITIALIZED (1U << 31)	/* the handshake was made */

/* Numbers of ioctls; what is available is a mask of them. */
enum uffdio_number {
	_UFFDIO_REGISTER, _UFFDIO_UNREGISTER, _UFFDIO_WAKE, _UFFDIO_COPY, _UFFDIO_ZEROPAGE,
	_UFFDIO_MOVE, _UFFDIO_WRITEPROTECT, _UFFDIO_CONTINUE, _UFFDIO_POISON,
	_UFFDIO_API = 0x3f,
};

enum uffdio_mode {
	UFFDIO_REGISTER_MODE_MISSING = 1, UFFDIO_REGISTER_MODE_WP = 2,
	UFFDIO_REGISTER_MODE_MINOR = 4,
	/* Of those that answer: nobody is woken. */
	UFFDIO_MODE_DONTWAKE = 1,
	UFFDIO_COPY_MODE_WP = 2, UFFDIO_CONTINUE_MODE_WP = 2,
	UFFDIO_WRITEPROTECT_MODE_WP = 1, UFFDIO_WRITEPROTECT_MODE_DONTWAKE = 2,
	UFFDIO_MOVE_MODE_ALLOW_SRC_HOLES = 2,
};

enum uffd_event_kind {
	UFFD_EVENT_PAGEFAULT = 0x12, UFFD_EVENT_FORK, UFFD_EVENT_REMAP, UFFD_EVENT_REMOVE,
	UFFD_EVENT_UNMAP,
};
#define UFFD_PAGEFAULT_FLAG_WRITE 1
#define UFFD_PAGEFAULT_FLAG_WP 2
#define UFFD_PAGEFAULT_FLAG_MINOR 4

#define VM_UFFD_FLAGS ((u64)VM_UFFD_MISSING | VM_UFFD_WP | VM_UFFD_MINOR)

struct userfaultfd_ctx {
	u32 self;
	u32 flags;		/* of the call that made it */
	u32 features;		/* UFFD_FEATURE_*, INITIALIZED */
	struct mm_struct *mm;	/* holds a reference, not a user */
};

/* What a task tells before it goes on: a list in the order of telling. */
struct uffd_event {
	struct uffd_event *next;
	u32 ctx;
	u8 kind;		/* enum uffd_event_kind */
	u64 seq;		/* when it came up for reading; 0: not yet */
	u64 arg[3];		/* FORK: the child's context */
};

struct uffd_state {		/* m->virt->uffd */
	u64 last_seq;
};

int userfaultfd_init(struct machine *m) __must_check;
void userfaultfd_free(struct machine *m);
void userfaultfd_digest(const struct machine *m, struct digest *digest);
/* U2: VMAs and their contexts, who waits for what, write-protected entries. */
void userfaultfd_validate(const struct machine *m, struct check *check);

struct userfaultfd_ctx *userfaultfd_ctx_of(const struct machine *m, u32 handle);
/* Features and ranges of ioctls that this kernel has. */
u64 userfaultfd_features(const struct machine *m);
u64 userfaultfd_api_ioctls(void);
u64 userfaultfd_range_ioctls(const struct machine *m);

static inline bool userfaultfd_armed(const struct vm_area_struct *vma)
{
	return vma->vm_flags & VM_UFFD_FLAGS;
}

static inline bool userfaultfd_missing(const struct vm_area_struct *vma)
{
	return vma->vm_flags & VM_UFFD_MISSING;
}

static inline bool userfaultfd_wp(const struct vm_area_struct *vma)
{
	return vma->vm_flags & VM_UFFD_WP;
}

static inline bool userfaultfd_minor(const struct vm_area_struct *vma)
{
	return vma->vm_flags & VM_UFFD_MINOR;
}

/* No page is mapped that nobody asked for. */
static inline bool uffd_disable_fault_around(const struct vm_area_struct *vma)
{
	return vma->vm_flags & (VM_UFFD_WP | VM_UFFD_MINOR);
}

/* Features of a VMA's context; 0: it has none. */
u32 vma_uffd_features(const struct machine *m, const struct vm_area_struct *vma);
/* A write takes the mark off, and nobody is asked. */
static inline bool userfaultfd_wp_async(const struct machine *m,
					const struct vm_area_struct *vma)
{
	return vma_uffd_features(m, vma) & UFFD_FEATURE_WP_ASYNC;
}
/* Is a page that is not there marked, too? Files' always are. */
bool userfaultfd_wp_use_markers(const struct machine *m, const struct vm_area_struct *vma);
/* Moved memory loses its marks, for nobody is told. */
static inline bool vma_has_uffd_without_event_remap(const struct machine *m,
						    const struct vm_area_struct *vma)
{
	return vma->uffd && !(vma_uffd_features(m, vma) & UFFD_FEATURE_EVENT_REMAP);
}

/* ---- Calls. -EBADF: no descriptor, -EINVAL: of something else; no handshake. ---- */

/* -EPERM: the task may not; -EINVAL: flags. */
int sys_userfaultfd(struct machine *m, struct task_struct *task, u64 flags,
		    int *fd) __must_check;
/* *ioctls, *known: what the kernel says there is. */
struct uffdio_api {
	u64 api, features;
	u64 known, ioctls;	/* results */
};
int uffdio_api(struct machine *m, struct task_struct *task, int fd,
	       struct uffdio_api *api) __must_check;
/* The next message; -EAGAIN: there is none (who may wait would). */
struct uffd_msg {
	u8 event;
	u64 arg[3];		/* PAGEFAULT: flags, address, thread; FORK: descriptor */
};
int userfaultfd_read(struct machine *m, struct task_struct *task, int fd,
		     struct uffd_msg *msg) __must_check;
/* The context of a descriptor that is ready for use: -EBADF, -ENOTTY, -EINVAL. */
int userfaultfd_ctx_get(const struct machine *m, const struct task_struct *task, int fd,
			struct userfaultfd_ctx **ctx) __must_check;
/* For fdinfo: faults that nobody was told of; all that wait. False: another file. */
bool userfaultfd_fdinfo(const struct machine *m, const struct file *file, u64 *pending,
			u64 *total, struct userfaultfd_ctx **ctx);
/*
 * The last reference to its file is gone, or nobody will ever read of it. Who waits goes on;
 * for one that nobody read of the kernel lets him wait till he is killed.
 */
void userfaultfd_release(struct machine *m, u32 handle);

/* userfaultfd_register.c. *ioctls: what works on the range. */
int uffdio_register(struct machine *m, struct userfaultfd_ctx *ctx, u64 start, u64 len,
		    u64 mode, u64 *ioctls) __must_check;
int uffdio_unregister(struct machine *m, const struct userfaultfd_ctx *ctx, u64 start,
		      u64 len) __must_check;
/* All VMAs of a context that ends. */
void userfaultfd_clear_all(struct machine *m, const struct userfaultfd_ctx *ctx);
/* The VMA has no context any more. */
void userfaultfd_reset_ctx(struct vm_area_struct *vma);

/* Is it a range of whole pages that programs have? -EINVAL. */
int uffd_validate_range(const struct machine *m, const struct mm_struct *mm, u64 start,
			u64 len) __must_check;
/* It may begin within a page. */
int uffd_validate_bytes(const struct machine *m, const struct mm_struct *mm, u64 start,
			u64 len) __must_check;

/*
 * userfaultfd_fill.c. *done: what the struct of the call says: bytes, or an error. A part
 * is -EAGAIN.
 */
struct uffd_fill {
	u64 dst, src, len, mode;
	s64 done;
};
int uffdio_wake(struct machine *m, const struct userfaultfd_ctx *ctx, u64 start,
		u64 len) __must_check;
int uffdio_copy(struct machine *m, struct task_struct *task, struct userfaultfd_ctx *ctx,
		struct uffd_fill *fill) __must_check;
int uffdio_zeropage(struct machine *m, struct task_struct *task, struct userfaultfd_ctx *ctx,
		    struct uffd_fill *fill) __must_check;
int uffdio_continue(struct machine *m, struct task_struct *task, struct userfaultfd_ctx *ctx,
		    struct uffd_fill *fill) __must_check;
int uffdio_poison(struct machine *m, struct task_struct *task, struct userfaultfd_ctx *ctx,
		  struct uffd_fill *fill) __must_check;
int uffdio_move(struct machine *m, struct task_struct *task, struct userfaultfd_ctx *ctx,
		struct uffd_fill *fill) __must_check;
int uffdio_writeprotect(struct machine *m, const struct userfaultfd_ctx *ctx, u64 start,
			u64 len, u64 mode) __must_check;
/* Marks of [start, end) of one VMA come or go. -ENOMEM, -ENOBUFS: tables for markers. */
int uffd_wp_range(struct machine *m, struct vm_area_struct *vma, u64 start, u64 end,
		  bool enable) __must_check;

/* userfaultfd_hugetlb.c: bytes or -errno; whole huge pages. */
struct hugetlb_fill {
	u64 dst, src, len;
	bool wp, continues, poisons;
};
s64 hugetlb_mfill(struct machine *m, struct task_struct *task, struct vm_area_struct *vma,
		  const struct hugetlb_fill *req) __must_check;
int hugetlb_uffd_wp_range(struct machine *m, struct vm_area_struct *vma, u64 start, u64 end,
			  bool enable) __must_check;

/* ---- userfaultfd_fault.c ---- */

/* A fault that its VMA's context is to answer: VM_FAULT_UFFD or VM_FAULT_SIGBUS. */
unsigned int handle_userfault(struct machine *m, struct vm_fault *vmf, u64 reason);
/* The same for what has no struct vm_fault: of huge pages. */
struct uffd_fault {
	struct vm_area_struct *vma;
	u64 address;
	unsigned int flags;	/* FAULT_FLAG_* */
	u64 reason;		/* VM_UFFD_* */
};
unsigned int do_handle_userfault(struct machine *m, const struct uffd_fault *fault);
/* How the access goes on that task_access() said has to wait. */
void userfaultfd_wait_access(struct task_struct *task, u64 addr, u64 end, u64 stride);
void userfaultfd_wait_populate(struct task_struct *task, u64 addr, u64 end, bool write);
/* Who waits for a page of [start, start + len), or with len 0 for any, goes on. */
void userfaultfd_wake(struct machine *m, u32 ctx, u64 start, u64 len);
/* Behind each call: who was woken goes on, and may wait again. */
void userfaultfd_run_woken(struct machine *m);
/* Why the task waits, or NULL. */
const char *userfaultfd_waits_for(const struct task_struct *task);
/* The task ends. */
void userfaultfd_exit(struct machine *m, struct task_struct *task);

/*
 * Events. dup: a child's VMA keeps its context or loses it; complete: of all that the
 * fork found, fail: the child is not made. -ENOMEM, -ENOBUFS.
 */
int dup_userfaultfd(struct machine *m, struct vm_area_struct *vma) __must_check;
void dup_userfaultfd_fail(struct machine *m, const struct mm_struct *mm);
/* The mapping has moved. */
int mremap_userfaultfd(struct machine *m, struct vm_area_struct *vma, u64 from, u64 to,
		       u64 len) __must_check;
int userfaultfd_remove(struct machine *m, const struct vm_area_struct *vma, u64 start,
		       u64 end) __must_check;
int userfaultfd_unmap_prep(struct machine *m, const struct vm_area_struct *vma, u64 start,
			   u64 end) __must_check;
int userfaultfd_event_add(struct machine *m, struct task_struct *task, u32 ctx,
			  enum uffd_event_kind kind, const u64 arg[3]) __must_check;
/* userfaultfd.c: what a child's mm has in place of octx, told once for each fork. */
int userfaultfd_fork_ctx(struct machine *m, struct task_struct *task, u32 octx,
			 struct mm_struct *mm, u32 *handle) __must_check;
/* Calls change the map, and somebody has not read of it: answers are -EAGAIN. */
bool userfaultfd_mmap_changing(const struct machine *m, const struct userfaultfd_ctx *ctx);
/* Of all that wait or have events: NULL ends; ctx 0: any. */
struct task_struct *userfaultfd_next_waiting(const struct machine *m, u32 ctx,
					     const struct task_struct *task);
/* An event was read: its task goes on with the next one, or with its program. */
void userfaultfd_event_complete(struct machine *m, struct task_struct *task);
/* The context is going: what it was to be told is forgotten, and who told it goes on. */
void userfaultfd_events_forget(struct machine *m, u32 ctx);

#endif
