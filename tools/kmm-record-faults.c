// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * From faults to accesses. A fault says where, not whether the program read or wrote; that
 * follows from what came of it: a page that faults again was read before; anonymous memory
 * that was only read is the zero page; a page of a private mapping that is still its
 * file's was read; what may not be written was not written. A fault at the program's own
 * instruction is the instruction's.
 *
 * Who runs while another stops may have read a page and written it since, and the second
 * fault may not be told of yet: a page that seems written is looked at when its own thread
 * stops, and what its process did from there on is told behind it; but at once, before the
 * process's memory changes.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "kmm-record-calls.h"
#include "kmm-record.h"

#define PM_FILE (1ULL << 61)
#define PM_SWAP (1ULL << 62)
#define PM_PRESENT (1ULL << 63)
#define INSTRUCTION_BYTES 15	/* at most */
#define MAX_WAITING 256U	/* faults: with more, none waits until its thread stops */

/* PAGEMAP_SCAN, since 6.7: for who has older headers. */
struct scan_region {
	u64 start, end, categories;
};
struct scan_arg {
	u64 size, flags, start, end, walk_end, vec, vec_len, max_pages;
	u64 category_inverted, category_mask, category_anyof_mask, return_mask;
};
#define SCAN_IOCTL _IOWR('f', 16, struct scan_arg)
#define SCAN_IS_PFNZERO (1ULL << 5)

/* What is being looked at: one process's /proc/PID/pagemap. */
struct pages {
	pid_t pid;
	int fd;
};

static void pages_of(struct pages *pages, pid_t pid)
{
	char path[40];

	if (pages->pid == pid)
		return;
	if (pages->fd >= 0)
		close(pages->fd);
	snprintf(path, sizeof(path), "/proc/%d/pagemap", pid);
	pages->fd = open(path, O_RDONLY | O_CLOEXEC);
	pages->pid = pid;
}

static u64 pagemap_entry(const struct pages *pages, u64 addr)
{
	u64 entry = 0;

	if (pages->fd < 0 || pread(pages->fd, &entry, sizeof(entry),
				   (off_t)(addr / PAGE_BYTES * sizeof(entry))) != sizeof(entry))
		return 0;
	return entry;
}

static bool is_zero_page(const struct pages *pages, u64 addr)
{
	struct scan_region region = { 0 };
	struct scan_arg arg = {
		.size = sizeof(arg), .start = addr & ~(PAGE_BYTES - 1),
		.vec = (u64)(uintptr_t)&region, .vec_len = 1,
		.category_mask = SCAN_IS_PFNZERO, .return_mask = SCAN_IS_PFNZERO,
	};

	arg.end = arg.start + PAGE_BYTES;
	return pages->fd >= 0 && ioctl(pages->fd, SCAN_IOCTL, &arg) == 1;
}

static const struct record_vma *find_vma(const GArray *vmas, u64 addr)
{
	guint low = 0, high = vmas->len;

	while (low < high) {
		guint middle = (low + high) / 2;
		const struct record_vma *vma = &g_array_index(vmas, struct record_vma, middle);

		if (addr < vma->start)
			high = middle;
		else if (addr >= vma->end)
			low = middle + 1;
		else
			return vma;
	}
	return NULL;
}

/* Where the address lies, as maps has it now; NULL: nowhere. */
static const struct record_vma *vma_of(struct record_task *task, u64 addr)
{
	struct record_space *space = task->space;
	const struct record_vma *vma = NULL;

	if (space->vmas_valid)
		vma = find_vma(space->vmas, addr);
	if (vma)
		return vma;
	if (space->vmas)
		g_array_free(space->vmas, TRUE);
	space->vmas = record_maps(task->tid, /* sizes = */ false);
	space->vmas_valid = space->vmas;
	return space->vmas ? find_vma(space->vmas, addr) : NULL;
}

/* Does the instruction that faulted lie there itself? */
static bool is_fetch(const struct record_event *event)
{
	u64 page = event->addr & ~(PAGE_BYTES - 1);

	if (event->kernel)
		return false;
	if ((event->ip & ~(PAGE_BYTES - 1)) == page)
		return true;
	/* One that lies on two pages faults at the beginning of the second. */
	return event->addr == page && event->ip < page && event->ip + INSTRUCTION_BYTES > page;
}

/* A page of an address space as one number: addresses have 48 bits. */
static u64 page_key(const struct recording *r, const struct record_event *event)
{
	const struct record_task *task = record_task_find(r, event->tid);
	u64 space = task && task->space ? task->space->id : 0;

	return space << 36 | event->addr / PAGE_BYTES;
}

/* Pages that fault again later in the batch: how often still. */
static GHashTable *count_pages(const struct recording *r)
{
	const GArray *events = r->events;
	GHashTable *pages = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);

	for (guint i = 0; i < events->len; i++) {
		u64 page = page_key(r, &g_array_index(events, struct record_event, i));
		gpointer nr = g_hash_table_lookup(pages, &page);

		g_hash_table_replace(pages, g_memdup2(&page, sizeof(page)),
				     GINT_TO_POINTER(GPOINTER_TO_INT(nr) + 1));
	}
	return pages;
}

static bool faults_again(GHashTable *nr_left, u64 page)
{
	int nr = GPOINTER_TO_INT(g_hash_table_lookup(nr_left, &page)) - 1;

	g_hash_table_replace(nr_left, g_memdup2(&page, sizeof(page)), GINT_TO_POINTER(nr));
	return nr > 0;
}

/* 'l', 's' or 'i'; 0: nothing that the machine could do. */
static char kind_of(const struct record_event *event, struct record_task *task,
		    const struct pages *pages, bool again)
{
	const struct record_vma *vma = vma_of(task, event->addr);
	u64 entry;

	if (!vma)
		return 0;
	if (vma->perms[2] == 'x' && is_fetch(event))
		return 'i';
	if (vma->perms[1] != 'w')
		return vma->perms[0] == 'r' ? 'l' : 0;
	if (again)
		return 'l';
	entry = pagemap_entry(pages, event->addr);
	if (!(entry & PM_PRESENT))
		return 's';
	if (entry & PM_FILE && vma->perms[3] == 'p')
		return 'l';
	return is_zero_page(pages, event->addr) ? 'l' : 's';
}

void record_run_end(struct recording *r)
{
	const char *verb = r->run.kind == 'l' ? "load" : r->run.kind == 's' ? "store" : "ifetch";
	pid_t tid = r->run.tid;
	u64 addr = r->run.addr, pages = r->run.pages;

	if (!tid)
		return;
	r->run.tid = 0;
	if (pages == 1)
		fprintf(r->out, "sim/as/p%d/ctl: %s %#" PRIx64 "\n", tid, verb, addr);
	else
		fprintf(r->out, "sim/as/p%d/ctl: %s %#" PRIx64 " %" PRIu64 "\n", tid, verb, addr,
			((addr / PAGE_BYTES + pages) * PAGE_BYTES) - addr);
}

/* Accesses to page after page are one line: the first address, then each page. */
static void put_access(struct recording *r, struct record_task *task, char kind, u64 addr)
{
	r->nr_accesses++;
	task->seen++;
	if (!record_perf_sees_kernel(r->perf))
		record_known(task, addr);
	if (r->run.tid == task->tid && r->run.kind == kind &&
	    addr / PAGE_BYTES == r->run.addr / PAGE_BYTES + r->run.pages) {
		r->run.pages++;
		return;
	}
	record_run_end(r);
	r->run.tid = task->tid;
	r->run.kind = kind;
	r->run.addr = addr;
	r->run.pages = 1;
}

/* Not yet: a thread whose birth is still to be heard of; an execve or read that goes on. */
static bool must_wait(const struct record_event *event, const struct record_task *task)
{
	if (!task || !task->ready)
		return true;
	if (!event->kernel)
		return false;
	return task->in_exec || (task->in_read && event->addr >= task->read_end);
}

/* Does what has stopped change its space for all threads, copy it, or end it? */
static bool changes_space(const struct record_task *stopped)
{
	switch (stopped->call.nr) {
	case SYS_clone:
	case SYS_clone3:
	case SYS_fork:
	case SYS_vfork:
	case SYS_execve:
	case SYS_execveat:
	case SYS_exit:
	case SYS_exit_group:
		return true;
	default:
		return stopped->ending || record_call_is_of_space(&stopped->call);
	}
}

/* A private page was perhaps read first: only who has stopped has told of all his faults. */
static bool not_told(struct record_task *task, const struct record_task *stopped, char kind,
		     u64 addr)
{
	const struct record_vma *vma;

	if (kind != 's' || task == stopped ||
	    (task->space == stopped->space && changes_space(stopped)))
		return false;
	vma = vma_of(task, addr);
	return vma && vma->perms[3] == 'p';
}

void record_faults(struct recording *r, const struct record_task *stopped)
{
	struct pages pages = { .pid = 0, .fd = -1 };
	g_autoptr(GHashTable) later = g_hash_table_new(NULL, NULL);	/* spaces */
	bool hold = r->nr_waiting < MAX_WAITING;
	GHashTable *nr_left;
	guint kept = 0;

	record_perf_drain(r->perf, r->events);
	if (!r->events->len)
		return;
	nr_left = count_pages(r);
	for (guint i = 0; i < r->events->len; i++) {
		struct record_event event = g_array_index(r->events, struct record_event, i);
		struct record_task *task = record_task_find(r, event.tid);
		bool again = faults_again(nr_left, page_key(r, &event));
		char kind;

		if (must_wait(&event, task) || g_hash_table_contains(later, task->space)) {
			g_array_index(r->events, struct record_event, kept++) = event;
			continue;
		}
		if (!task->started || task->ended)
			continue;
		pages_of(&pages, task->tid);
		kind = kind_of(&event, task, &pages, again);
		if (hold && not_told(task, stopped, kind, event.addr)) {
			g_hash_table_add(later, task->space);
			g_array_index(r->events, struct record_event, kept++) = event;
		} else if (kind)
			put_access(r, task, kind, event.addr);
	}
	g_array_set_size(r->events, kept);
	r->nr_waiting = kept;
	g_hash_table_destroy(nr_left);
	if (pages.fd >= 0)
		close(pages.fd);
}

bool record_kernel_access(struct recording *r, struct record_task *task, u64 addr)
{
	struct record_event event = { .addr = addr, .tid = task->tid, .kernel = true };
	struct pages pages = { .pid = 0, .fd = -1 };
	char kind = 0;

	pages_of(&pages, task->tid);
	if (pagemap_entry(&pages, addr) & PM_PRESENT)
		kind = kind_of(&event, task, &pages, /* again = */ false);
	if (kind)
		put_access(r, task, kind, addr);
	if (pages.fd >= 0)
		close(pages.fd);
	return kind;
}

void record_faults_drop(struct recording *r, pid_t tid)
{
	guint kept = 0;

	for (guint i = 0; i < r->events->len; i++) {
		struct record_event event = g_array_index(r->events, struct record_event, i);

		if (event.tid != tid)
			g_array_index(r->events, struct record_event, kept++) = event;
	}
	g_array_set_size(r->events, kept);
}
