// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Contexts: an object for each descriptor, and for each child's mm that nobody has read of
 * yet. It keeps the mm_struct, not the mm: when the program is gone, calls say so. What
 * waits is found by a walk over the tasks, oldest first, so a context has no queues.
 */
#include "sim/virt/userfaultfd.h"

#include "sim/phys/tunables.h"
#include "sim/virt/file.h"
#include "sim/virt/fork.h"
#include "sim/virt/pidfd.h"
#include "sim/virt/pgtable.h"
#include "sim/virt/vma.h"

#define UFFD_SHARED_FCNTL_FLAGS (02000000U | 04000U)	/* O_CLOEXEC, O_NONBLOCK */

int userfaultfd_init(struct machine *m)
{
	m->virt->uffd = arena_alloc(&m->arena, sizeof(*m->virt->uffd));
	return m->virt->uffd ? 0 : -ENOBUFS;
}

void userfaultfd_free(struct machine *m)
{
	struct task_struct *task;

	if (!m->virt->uffd)
		return;
	for (u32 pid = 0; m->tasks && (task = task_next(m, pid)); pid = task->pid + 1) {
		while (task->uffd_events) {
			struct uffd_event *event = task->uffd_events;

			task->uffd_events = event->next;
			arena_free(&m->arena, event, sizeof(*event));
		}
	}
	arena_free(&m->arena, m->virt->uffd, sizeof(*m->virt->uffd));
	m->virt->uffd = NULL;
}

struct userfaultfd_ctx *userfaultfd_ctx_of(const struct machine *m, u32 handle)
{
	return handle ? object_get(&m->virt->uffd_ctxs, handle) : NULL;
}

u32 vma_uffd_features(const struct machine *m, const struct vm_area_struct *vma)
{
	const struct userfaultfd_ctx *ctx = userfaultfd_ctx_of(m, vma->uffd);

	return ctx ? ctx->features : 0;
}

bool userfaultfd_wp_use_markers(const struct machine *m, const struct vm_area_struct *vma)
{
	if (!userfaultfd_wp(vma))
		return false;
	return !vma_is_anonymous(vma) ||
	       vma_uffd_features(m, vma) & UFFD_FEATURE_WP_UNPOPULATED;
}

/* ---- What there is. ---- */

static const struct {
	u32 feature;
	struct span span;
	bool wide;		/* of 64 bits alone */
} features[] = {
	{ UFFD_FEATURE_PAGEFAULT_FLAG_WP, ALL, true },
	{ UFFD_FEATURE_EVENT_FORK, ALL, false },
	{ UFFD_FEATURE_EVENT_REMAP, ALL, false },
	{ UFFD_FEATURE_EVENT_REMOVE, ALL, false },
	{ UFFD_FEATURE_MISSING_HUGETLBFS, ALL, false },
	{ UFFD_FEATURE_MISSING_SHMEM, ALL, false },
	{ UFFD_FEATURE_EVENT_UNMAP, ALL, false },
	{ UFFD_FEATURE_SIGBUS, ALL, false },
	{ UFFD_FEATURE_THREAD_ID, ALL, false },
	{ UFFD_FEATURE_MINOR_HUGETLBFS, ALL, true },
	{ UFFD_FEATURE_MINOR_SHMEM, ALL, true },
	{ UFFD_FEATURE_EXACT_ADDRESS, ALL, false },
	{ UFFD_FEATURE_WP_HUGETLBFS_SHMEM, ALL, true },
	{ UFFD_FEATURE_WP_UNPOPULATED, SINCE(R_6_18), true },
	{ UFFD_FEATURE_POISON, SINCE(R_6_18), false },
	{ UFFD_FEATURE_WP_ASYNC, SINCE(R_6_18), true },
	{ UFFD_FEATURE_MOVE, SINCE(R_6_18), false },
};

u64 userfaultfd_features(const struct machine *m)
{
	u64 mask = 0;

	for (unsigned int i = 0; i < ARRAY_SIZE(features); i++)
		if (span_holds(features[i].span, m->release) &&
		    (!features[i].wide || m->arch->bits == 64))
			mask |= features[i].feature;
	return mask;
}

u64 userfaultfd_api_ioctls(void)
{
	return 1ULL << _UFFDIO_REGISTER | 1ULL << _UFFDIO_UNREGISTER | 1ULL << _UFFDIO_API;
}

u64 userfaultfd_range_ioctls(const struct machine *m)
{
	u64 mask = 1ULL << _UFFDIO_WAKE | 1ULL << _UFFDIO_COPY | 1ULL << _UFFDIO_ZEROPAGE |
		   1ULL << _UFFDIO_WRITEPROTECT | 1ULL << _UFFDIO_CONTINUE;

	if (rel_uffd_moves(m->release))
		mask |= 1ULL << _UFFDIO_MOVE | 1ULL << _UFFDIO_POISON;
	return mask;
}

/* ---- Descriptors. ---- */

static int ctx_new(struct machine *m, struct mm_struct *mm, u32 flags, u32 with,
		   struct userfaultfd_ctx **ctx)
{
	int err = new_object(m, &m->virt->uffd_ctxs, NUMA_NO_NODE, ctx);

	if (err)
		return err;
	(*ctx)->flags = flags;
	(*ctx)->features = with;
	(*ctx)->mm = mm;
	mmgrab(mm);
	return 0;
}

static void ctx_free(struct machine *m, struct userfaultfd_ctx *ctx)
{
	mmdrop(m, ctx->mm);
	object_free(m, &m->virt->uffd_ctxs, ctx->self);
}

/* A descriptor for the context, of the task's. */
static int ctx_getfd(struct machine *m, struct task_struct *task,
		     const struct userfaultfd_ctx *ctx, int *fd)
{
	u32 flags = ctx->flags & UFFD_SHARED_FCNTL_FLAGS;
	struct file *file;
	int err = fd_get_unused(m, task, fd);

	if (!err)
		err = anon_inode_getfile(m, "anon_inode:[userfaultfd]", O_RDONLY | flags, &file);
	if (err)
		return err;
	file->inode->uffd = ctx->self;
	fd_install(task, *fd, file, flags & O_CLOEXEC);
	return 0;
}

int sys_userfaultfd(struct machine *m, struct task_struct *task, u64 flags, int *fd)
{
	struct userfaultfd_ctx *ctx;
	int err;

	if (!(flags & UFFD_USER_MODE_ONLY) && !m->tunables->unprivileged_userfaultfd &&
	    !task->cap_sys_ptrace) {
		machine_why(m, "faults of the kernel may be caught with CAP_SYS_PTRACE, or by "
			    "vm.unprivileged_userfaultfd");
		return -EPERM;
	}
	if (flags & ~(u64)(UFFD_SHARED_FCNTL_FLAGS | UFFD_USER_MODE_ONLY))
		return -EINVAL;
	err = ctx_new(m, task->mm, (u32)flags, 0, &ctx);
	if (err)
		return err;
	err = ctx_getfd(m, task, ctx, fd);
	if (err)
		ctx_free(m, ctx);
	return err;
}

static struct userfaultfd_ctx *ctx_of_fd(const struct machine *m, const struct task_struct *task,
					 int fd, int *err)
{
	const struct file *file = fget(m, task, fd);

	*err = !file ? -EBADF : file->inode->uffd ? 0 : -ENOTTY;
	return *err ? NULL : userfaultfd_ctx_of(m, file->inode->uffd);
}

int userfaultfd_ctx_get(const struct machine *m, const struct task_struct *task, int fd,
			struct userfaultfd_ctx **ctx)
{
	int err;

	*ctx = ctx_of_fd(m, task, fd, &err);
	if (err)
		return err;
	return (*ctx)->features & UFFD_FEATURE_INITIALIZED ? 0 : -EINVAL;
}

int uffdio_api(struct machine *m, struct task_struct *task, int fd, struct uffdio_api *api)
{
	u64 known = userfaultfd_features(m), wants = api->features;
	struct userfaultfd_ctx *ctx;
	int err;

	ctx = ctx_of_fd(m, task, fd, &err);
	if (err)
		return err;
	api->known = api->ioctls = 0;
	if (api->api != UFFD_API)
		return -EINVAL;
	if (wants & UFFD_FEATURE_EVENT_FORK && !task->cap_sys_ptrace)
		return -EPERM;
	if (wants & ~known)
		return -EINVAL;
	if (wants & UFFD_FEATURE_WP_ASYNC)
		wants |= UFFD_FEATURE_WP_UNPOPULATED;
	if (ctx->features)
		return -EINVAL;
	ctx->features = (u32)wants | UFFD_FEATURE_INITIALIZED;
	api->known = known;
	api->ioctls = userfaultfd_api_ioctls();
	return 0;
}

void userfaultfd_release(struct machine *m, u32 handle)
{
	struct userfaultfd_ctx *ctx = userfaultfd_ctx_of(m, handle);

	if (ctx->mm->mm_users)
		userfaultfd_clear_all(m, ctx);
	userfaultfd_wake(m, handle, 0, 0);
	userfaultfd_events_forget(m, handle);
	ctx_free(m, ctx);
}

/* ---- Reading. ---- */

/* The oldest that is to be read: faults before events. */
static struct task_struct *find_userfault(const struct machine *m,
					  const struct userfaultfd_ctx *ctx, bool event)
{
	struct task_struct *task = NULL, *oldest = NULL;
	u64 seq = 0;

	while ((task = userfaultfd_next_waiting(m, ctx->self, task))) {
		u64 its = event ? (task->uffd_events ? task->uffd_events->seq : 0) :
				  task->uffd.seq;

		if (event ? !its || task->uffd_events->ctx != ctx->self :
			    task->uffd.ctx != ctx->self || task->uffd.read || task->uffd.woken)
			continue;
		if (!oldest || its < seq) {
			oldest = task;
			seq = its;
		}
	}
	return oldest;
}

static void read_fault(const struct userfaultfd_ctx *ctx, struct task_struct *task,
		       struct uffd_msg *msg)
{
	task->uffd.read = true;
	msg->event = UFFD_EVENT_PAGEFAULT;
	msg->arg[0] = task->uffd.flags;
	msg->arg[1] = task->uffd.address;
	msg->arg[2] = ctx->features & UFFD_FEATURE_THREAD_ID ? task->pid : 0;
}

static int read_event(struct machine *m, struct task_struct *reader,
		      struct task_struct *task, struct uffd_msg *msg)
{
	const struct uffd_event *event = task->uffd_events;
	int err, fd;

	msg->event = event->kind;
	memcpy(msg->arg, event->arg, sizeof(msg->arg));
	if (event->kind == UFFD_EVENT_FORK) {
		err = ctx_getfd(m, reader, userfaultfd_ctx_of(m, (u32)event->arg[0]), &fd);
		if (err)
			return err;
		msg->arg[0] = (u64)fd;
		task->uffd_events->arg[0] = 0;	/* the descriptor's from now on */
	}
	userfaultfd_event_complete(m, task);
	return 0;
}

int userfaultfd_read(struct machine *m, struct task_struct *task, int fd, struct uffd_msg *msg)
{
	struct userfaultfd_ctx *ctx;
	struct task_struct *waits;
	int err = userfaultfd_ctx_get(m, task, fd, &ctx);

	if (err)
		return err == -ENOTTY ? -EINVAL : err;
	waits = find_userfault(m, ctx, /* event = */ false);
	if (waits) {
		read_fault(ctx, waits, msg);
		return 0;
	}
	waits = find_userfault(m, ctx, /* event = */ true);
	return waits ? read_event(m, task, waits, msg) : -EAGAIN;
}

bool userfaultfd_fdinfo(const struct machine *m, const struct file *file, u64 *pending,
			u64 *total, struct userfaultfd_ctx **ctx)
{
	const struct task_struct *task = NULL;

	*ctx = userfaultfd_ctx_of(m, file->inode->uffd);
	*pending = *total = 0;
	if (!*ctx)
		return false;
	while ((task = userfaultfd_next_waiting(m, (*ctx)->self, task))) {
		if (task->uffd.ctx != (*ctx)->self || task->uffd.woken)
			continue;
		++*total;
		*pending += !task->uffd.read;
	}
	return true;
}

/* ---- The child's side of a fork. ---- */

/* The context that this fork has made of this one already. */
static struct userfaultfd_ctx *forked_ctx(const struct machine *m, const struct task_struct *task,
					  u32 octx, const struct mm_struct *mm)
{
	for (const struct uffd_event *e = task->uffd_events; e; e = e->next) {
		if (e->kind == UFFD_EVENT_FORK && e->ctx == octx &&
		    userfaultfd_ctx_of(m, (u32)e->arg[0])->mm == mm)
			return userfaultfd_ctx_of(m, (u32)e->arg[0]);
	}
	return NULL;
}

int userfaultfd_fork_ctx(struct machine *m, struct task_struct *task, u32 octx,
			 struct mm_struct *mm, u32 *handle)
{
	const struct userfaultfd_ctx *old = userfaultfd_ctx_of(m, octx);
	struct userfaultfd_ctx *ctx = forked_ctx(m, task, octx, mm);
	int err = 0;

	if (!ctx)
		err = ctx_new(m, mm, old->flags, old->features, &ctx);
	else
		octx = 0;
	if (err)
		return err;
	*handle = ctx->self;
	if (!octx)
		return 0;
	err = userfaultfd_event_add(m, task, octx, UFFD_EVENT_FORK, (u64[3]){ ctx->self });
	if (err)
		ctx_free(m, ctx);
	return err;
}

/* ---- Digest and check. ---- */

static void digest_task(const struct task_struct *task, struct digest *digest)
{
	const struct uffd_wait *w = &task->uffd;

	if (w->ctx) {
		digest_u64(digest, (u64)w->ctx << 32 | task->pid);
		digest_u64(digest, (u64)w->flags << 40 | (u64)w->kind << 32 | w->access << 24 |
			   (u32)w->tries << 8 | (u32)w->read << 1 | w->woken);
		digest_u64(digest, w->seq);
		digest_u64(digest, w->address);
		digest_u64(digest, w->addr);
		digest_u64(digest, w->end);
		digest_u64(digest, w->stride << 8 | w->error_code);
	}
	for (const struct uffd_event *e = task->uffd_events; e; e = e->next) {
		digest_u64(digest, (u64)e->ctx << 8 | e->kind);
		digest_u64(digest, e->seq);
		for (unsigned int i = 0; i < ARRAY_SIZE(e->arg); i++)
			digest_u64(digest, e->arg[i]);
	}
}

void userfaultfd_digest(const struct machine *m, struct digest *digest)
{
	const struct object_pool *pool = &m->virt->uffd_ctxs;
	const struct task_struct *task = NULL;

	if (!pool->cache)
		return;
	digest_u64(digest, m->virt->uffd->last_seq);
	for (u32 h = object_next(pool, 1); h; h = object_next(pool, h + 1)) {
		const struct userfaultfd_ctx *ctx = object_get(pool, h);

		digest_u64(digest, (u64)ctx->self << 32 | ctx->mm->self);
		digest_u64(digest, (u64)ctx->features << 32 | ctx->flags);
	}
	while ((task = userfaultfd_next_waiting(m, 0, task)))
		digest_task(task, digest);
}

static bool ctx_lives(const struct machine *m, u32 handle)
{
	return handle && object_next(&m->virt->uffd_ctxs, handle) == handle;
}

static int validate_entry(void *arg, u64 addr, pte_t *pte)
{
	struct check *check = arg;

	if ((*pte & (PTE_UFFD_WP | PTE_RW | PTE_PRESENT)) ==
	    (PTE_UFFD_WP | PTE_RW | PTE_PRESENT))
		check_fail(check, "U2", "0x%llx: expected a marked entry to be read-only, found "
			   "0x%llx", (unsigned long long)addr, (unsigned long long)*pte);
	return 0;
}

static void validate_vma(const struct machine *m, const struct vm_area_struct *vma,
			 struct check *check)
{
	check->nr_checked++;
	if (!vma->uffd != !userfaultfd_armed(vma) ||
	    (vma->uffd && (!ctx_lives(m, vma->uffd) ||
			   userfaultfd_ctx_of(m, vma->uffd)->mm != vma->vm_mm)))
		check_fail(check, "U2", "VMA 0x%llx: expected a context of its mm %s, found %u",
			   (unsigned long long)vma->vm_start,
			   userfaultfd_armed(vma) ? "" : "not", vma->uffd);
	else if (userfaultfd_wp(vma))
		(void)walk_page_range(m, vma->vm_mm, vma->vm_start, vma->vm_end, validate_entry,
				      check);
}

static void validate_waiting(const struct machine *m, const struct task_struct *task,
			     struct check *check)
{
	bool alive = task_alive(task);

	check->nr_checked++;
	if (task->uffd.ctx && (!alive || (!task->uffd.woken && !ctx_lives(m, task->uffd.ctx)) ||
			       task->uffd.seq > m->virt->uffd->last_seq))
		check_fail(check, "U2", "task %u: expected to wait for a context, found %u",
			   task->pid, task->uffd.ctx);
	for (const struct uffd_event *e = task->uffd_events; e; e = e->next)
		if (!alive || !ctx_lives(m, e->ctx) || !e->seq != (e != task->uffd_events))
			check_fail(check, "U2", "task %u: expected its first event to be told to a "
				   "context, found event 0x%x to %u", task->pid, e->kind, e->ctx);
}

void userfaultfd_validate(const struct machine *m, struct check *check)
{
	const struct task_struct *task = NULL;

	if (!m->virt->uffd_ctxs.cache || !m->tasks)
		return;
	for (struct mm_struct *mm = mm_next(m, NULL); mm; mm = mm_next(m, mm))
		for (struct vm_area_struct *vma = vma_first(m, mm); vma; vma = vma_next(m, vma))
			validate_vma(m, vma, check);
	while ((task = userfaultfd_next_waiting(m, 0, task)))
		validate_waiting(m, task, check);
}
