// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * userfaultfd: its ioctls are verbs of their own. What the kernel writes into the struct
 * of an ioctl is the result; what it tells beside, sim/why.
 */
#include <inttypes.h>

#include "fs/core/call_task.h"
#include "sim/virt/file.h"
#include "sim/virt/pagemap_scan.h"
#include "sim/virt/userfaultfd.h"

#define SCOPE_TASKS (1U << V_PID)

static int fd_arg(const struct call *call)
{
	return (int)(s64)call->args[0].value;
}

static int run_userfaultfd(struct call *call)
{
	int err = call_needs_range(call, 0), fd;

	if (!err)
		err = sys_userfaultfd(call->m, call->task, call->args[0].value, &fd);
	if (!err)
		call->value = (u64)fd;
	return err;
}

static int run_api(struct call *call)
{
	struct uffdio_api api = {
		.features = call->args[1].value,
		.api = call->args[2].given ? call->args[2].value : UFFD_API,
	};
	int err = call_needs_range(call, 0);

	if (!err)
		err = uffdio_api(call->m, call->task, fd_arg(call), &api);
	if (!err)
		machine_why_call(call->m, "uffdio_api: features 0x%" PRIx64 ", ioctls 0x%" PRIx64,
				 api.known, api.ioctls);
	call->value = api.known;
	return err;
}

/* Host memory for a call on a range, then the context that it is of. */
static int find_ctx(struct call *call, u64 bytes, struct userfaultfd_ctx **ctx)
{
	int err = call_needs_range(call, 2 * bytes);

	return err ? err : userfaultfd_ctx_get(call->m, call->task, fd_arg(call), ctx);
}

/* Splits and merges of all VMAs of the range. */
static int find_ctx_and_vmas(struct call *call, struct userfaultfd_ctx **ctx)
{
	struct virt_need need = {
		.pages = 64, .tables = 16,
		.objects = 128 + 4 * (u32)call->task->mm->map_count,
	};
	int err = call_needs(call, &need);

	return err ? err : userfaultfd_ctx_get(call->m, call->task, fd_arg(call), ctx);
}

static int run_register(struct call *call)
{
	const struct arg *args = call->args;
	struct userfaultfd_ctx *ctx;
	int err = find_ctx_and_vmas(call, &ctx);

	if (!err)
		err = uffdio_register(call->m, ctx, args[1].value, args[2].value, args[3].value,
				      &call->value);
	if (!err)
		machine_why_call(call->m, "uffdio_register: ioctls 0x%" PRIx64, call->value);
	return err;
}

static int run_unregister(struct call *call)
{
	struct userfaultfd_ctx *ctx;
	int err = find_ctx_and_vmas(call, &ctx);

	return err ? err : uffdio_unregister(call->m, ctx, call->args[1].value,
					     call->args[2].value);
}

static int run_wake(struct call *call)
{
	struct userfaultfd_ctx *ctx;
	int err = find_ctx(call, 0, &ctx);

	return err ? err : uffdio_wake(call->m, ctx, call->args[1].value, call->args[2].value);
}

typedef int (*fill_call)(struct machine *m, struct task_struct *task,
			 struct userfaultfd_ctx *ctx, struct uffd_fill *fill);

/* -EAGAIN with a part done: the struct says how much. */
static int run_fill(struct call *call, struct uffd_fill *fill, fill_call run)
{
	struct userfaultfd_ctx *ctx;
	int err = find_ctx(call, fill->len, &ctx);

	if (err)
		return err;
	err = run(call->m, call->task, ctx, fill);
	if (err && fill->done > 0)
		out_printf(call->sentence, "%" PRId64 " of %" PRIu64 " bytes are done", fill->done,
			   fill->len);
	call->value = (u64)fill->done;
	return err;
}

/* FD DST SRC LENGTH [MODE] */
static int run_from_to(struct call *call, fill_call run)
{
	const struct arg *args = call->args;
	struct uffd_fill fill = {
		.dst = args[1].value, .src = args[2].value, .len = args[3].value,
		.mode = args[4].given ? args[4].value : 0,
	};

	return run_fill(call, &fill, run);
}

/* FD ADDR LENGTH [MODE] */
static int run_range(struct call *call, fill_call run)
{
	const struct arg *args = call->args;
	struct uffd_fill fill = {
		.dst = args[1].value, .len = args[2].value,
		.mode = args[3].given ? args[3].value : 0,
	};

	return run_fill(call, &fill, run);
}

static int run_copy(struct call *call)
{
	return run_from_to(call, uffdio_copy);
}

static int run_move(struct call *call)
{
	return run_from_to(call, uffdio_move);
}

static int run_zeropage(struct call *call)
{
	return run_range(call, uffdio_zeropage);
}

static int run_continue(struct call *call)
{
	return run_range(call, uffdio_continue);
}

static int run_poison(struct call *call)
{
	return run_range(call, uffdio_poison);
}

static int run_writeprotect(struct call *call)
{
	const struct arg *args = call->args;
	struct userfaultfd_ctx *ctx;
	int err = find_ctx(call, args[2].value, &ctx);

	return err ? err : uffdio_writeprotect(call->m, ctx, args[1].value, args[2].value,
					       args[3].given ? args[3].value : 0);
}

static const char *event_name(const struct uffd_msg *msg)
{
	static const char *const names[] = { "pagefault", "fork", "remap", "remove", "unmap" };

	return names[msg->event - UFFD_EVENT_PAGEFAULT];
}

static void why_read(const struct call *call, const struct uffd_msg *msg)
{
	static const char *const of_fault[] = {
		"read of a page that is missing", "write to a page that is missing",
		"", "write to a protected page", "read of a page that is not mapped",
		"write to a page that is not mapped",
	};

	if (msg->event == UFFD_EVENT_PAGEFAULT)
		machine_why_call(call->m, "uffd_read: %s at 0x%" PRIx64 ", flags %" PRIu64
				 ", thread %" PRIu64 ": %s", event_name(msg), msg->arg[1],
				 msg->arg[0], msg->arg[2],
				 of_fault[MIN(msg->arg[0], ARRAY_SIZE(of_fault) - 1)]);
	else
		machine_why_call(call->m, "uffd_read: %s 0x%" PRIx64 " 0x%" PRIx64 " 0x%" PRIx64,
				 event_name(msg), msg->arg[0], msg->arg[1], msg->arg[2]);
}

static int run_read(struct call *call)
{
	struct uffd_msg msg;
	int err = call_needs_range(call, 0);

	if (!err)
		err = userfaultfd_read(call->m, call->task, fd_arg(call), &msg);
	if (err == -EAGAIN)
		out_puts(call->sentence, "there is nothing to read: who may wait would");
	if (err)
		return err;
	why_read(call, &msg);
	call->value = msg.event == UFFD_EVENT_PAGEFAULT ? msg.arg[1] : msg.arg[0];
	return 0;
}

#define SCAN_REGIONS 256	/* that one call can tell */
#define ALL_CATEGORIES (PAGE_IS_GUARD - 1)

enum {
	SCAN_ADDR, SCAN_LEN, SCAN_ALL, SCAN_RETURN, SCAN_ANY, SCAN_INVERTED, SCAN_PAGES,
	SCAN_FLAGS
};

static int run_pagemap_scan(struct call *call)
{
	const struct arg *args = call->args;
	struct page_region regions[SCAN_REGIONS];
	struct pm_scan_arg arg = {
		.start = args[SCAN_ADDR].value, .end = args[SCAN_ADDR].value + args[SCAN_LEN].value,
		.vec = regions, .vec_len = SCAN_REGIONS, .max_pages = args[SCAN_PAGES].value,
		.flags = args[SCAN_FLAGS].value, .category_mask = args[SCAN_ALL].value,
		.category_anyof_mask = args[SCAN_ANY].value,
		.category_inverted = args[SCAN_INVERTED].value,
		.return_mask = args[SCAN_RETURN].given ? args[SCAN_RETURN].value : ALL_CATEGORIES,
	};
	bool protects = arg.flags & PM_SCAN_WP_MATCHING;
	int err = call_needs_range(call, protects ? 2 * args[SCAN_LEN].value : 0);
	s64 nr = err ? err : pagemap_scan(call->m, call->task->mm, &arg);

	if (nr < 0)
		return (int)nr;
	for (s64 i = 0; i < nr; i++)
		machine_why_call(call->m, "0x%" PRIx64 "-0x%" PRIx64 " 0x%" PRIx64,
				 regions[i].start, regions[i].end, regions[i].categories);
	machine_why_call(call->m, "walk_end 0x%" PRIx64, arg.walk_end);
	call->value = (u64)nr;
	return 0;
}

static const struct verb verbs[] = {
	{ "userfaultfd", { A_UFFD | A_OPTIONAL }, run_userfaultfd, RESULT_NUMBER, 0, SCOPE_TASKS,
	  "[FLAGS]",
	  "A descriptor that answers page faults of this process: user_mode_only, nonblock, "
	  "cloexec. Next is uffdio_api." },
	{ "uffdio_api", { A_FD, A_UFFD_FEATURE | A_OPTIONAL, A_NUMBER | A_OPTIONAL }, run_api,
	  RESULT_POINTER, 0, SCOPE_TASKS, "FD [FEATURES [API]]",
	  "The handshake: features that are wanted. Result: the features that there are." },
	{ "uffdio_register", { A_FD, A_ADDR, A_SIZE, A_UFFD_REGISTER }, run_register,
	  RESULT_POINTER, 0, SCOPE_TASKS, "FD ADDR LENGTH MODE",
	  "Faults of the range are asked for: missing, wp, minor. An access then waits, as "
	  "EINPROGRESS, until it is answered. Result: a mask of the ioctls that work there." },
	{ "uffdio_unregister", { A_FD, A_ADDR, A_SIZE }, run_unregister, RESULT_NONE, 0,
	  SCOPE_TASKS, "FD ADDR LENGTH", "They are no longer; who waits goes on." },
	{ "uffdio_wake", { A_FD, A_ADDR, A_SIZE }, run_wake, RESULT_NONE, 0, SCOPE_TASKS,
	  "FD ADDR LENGTH", "Whoever waits for a page of the range tries again." },
	{ "uffdio_copy", { A_FD, A_ADDR, A_ADDR, A_SIZE, A_UFFD_MODE | A_OPTIONAL }, run_copy,
	  RESULT_NUMBER, 0, SCOPE_TASKS, "FD DST SRC LENGTH [MODE]",
	  "Fill missing pages with copies of the caller's memory and wake who waits: dontwake, "
	  "wp. Result: bytes." },
	{ "uffdio_zeropage", { A_FD, A_ADDR, A_SIZE, A_UFFD_MODE | A_OPTIONAL }, run_zeropage,
	  RESULT_NUMBER, 0, SCOPE_TASKS, "FD ADDR LENGTH [MODE]", "The same with zeroes." },
	{ "uffdio_continue", { A_FD, A_ADDR, A_SIZE, A_UFFD_MODE | A_OPTIONAL }, run_continue,
	  RESULT_NUMBER, 0, SCOPE_TASKS, "FD ADDR LENGTH [MODE]",
	  "Map what the file has: the answer to minor faults." },
	{ "uffdio_poison", { A_FD, A_ADDR, A_SIZE, A_UFFD_MODE | A_OPTIONAL }, run_poison,
	  RESULT_NUMBER, 0, SCOPE_TASKS, "FD ADDR LENGTH [MODE]",
	  "Who touches the pages gets SIGBUS (since 6.6)." },
	{ "uffdio_move", { A_FD, A_ADDR, A_ADDR, A_SIZE, A_UFFD_MOVE | A_OPTIONAL }, run_move,
	  RESULT_NUMBER, 0, SCOPE_TASKS, "FD DST SRC LENGTH [MODE]",
	  "Move private pages to where they are missing, without a copy (since 6.8): dontwake, "
	  "allow_src_holes. Result: bytes." },
	{ "uffdio_writeprotect", { A_FD, A_ADDR, A_SIZE, A_UFFD_WP | A_OPTIONAL },
	  run_writeprotect, RESULT_NONE, 0, SCOPE_TASKS, "FD ADDR LENGTH [MODE]",
	  "Mark pages, so that their next write waits (wp), or take the marks off and wake who "
	  "waits (0, dontwake)." },
	{ "pagemap_scan", { A_ADDR, A_SIZE, A_PAGE_IS | A_OPTIONAL, A_PAGE_IS | A_OPTIONAL,
			    A_PAGE_IS | A_OPTIONAL, A_PAGE_IS | A_OPTIONAL, A_NUMBER | A_OPTIONAL,
			    A_PM_SCAN | A_OPTIONAL }, run_pagemap_scan,
	  RESULT_NUMBER, 0, SCOPE_TASKS,
	  "ADDR LENGTH [CATEGORIES [RETURN [ANYOF [INVERTED [PAGES [FLAGS]]]]]]",
	  "ioctl(PAGEMAP_SCAN) of its own pagemap (since 6.7): pages of all CATEGORIES, and one "
	  "of ANYOF, of which INVERTED are asked for the other way: written, present, file, "
	  "swapped, pfnzero, huge, soft_dirty, wpallowed, guard. At most so many PAGES; "
	  "wp_matching protects what was written (wp_async). Result: regions, which sim/why has." },
	{ "uffd_read", { A_FD }, run_read, RESULT_POINTER, 0, SCOPE_TASKS, "FD",
	  "Read one message: a fault that waits, or else an event. Result: the address of the "
	  "fault, or the event's first figure (of a fork, the child's descriptor); all of it is "
	  "in sim/why. EAGAIN: there is none." },
};

const struct verb_table uffd_verbs = { verbs, ARRAY_SIZE(verbs) };
