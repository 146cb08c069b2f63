// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Protection keys, userfaultfd, memfds with flags, a turn of khugepaged, advice of another
 * process: rows for lists of a program that makes more calls than the first. The calls on
 * userfaultfd say what the kernel wrote to their struct.
 */
#include "ops.h"

#include <string.h>

#include "sim/virt/file.h"
#include "sim/virt/mmap.h"
#include "sim/virt/pagemap_scan.h"
#include "sim/virt/sched.h"
#include "sim/virt/secretmem.h"
#include "sim/virt/userfaultfd.h"
#include "tree_files.h"

int op_pkey_alloc(struct ops *ops, const struct op *op, struct op_result *result)
{
	u64 key = 0;
	int err = sys_pkey_alloc(ops->m, ops_task(ops), (u64)op->a[0], (u64)op->a[1], &key);

	result->ret = (s64)key;
	return err;
}

int op_pkey_free(struct ops *ops, const struct op *op, struct op_result *result)
{
	(void)result;
	return sys_pkey_free(ops->m, ops_task(ops), (int)op->a[0]);
}

int op_pkey_mprotect(struct ops *ops, const struct op *op, struct op_result *result)
{
	(void)result;
	return sys_pkey_mprotect(ops->m, ops_task(ops), (u64)op->a[0], (u64)op->a[1],
				 (u64)op->a[2], (int)op->a[3]);
}

int op_memfd2(struct ops *ops, const struct op *op, struct op_result *result)
{
	int fd, err = sys_memfd_create(ops->m, ops_task(ops), op->s, (u64)op->a[1], &fd);

	if (err)
		return err;
	result->ret = fd;
	result->ret_stands = true;
	return op->a[0] ? sys_ftruncate(ops->m, ops_task(ops), fd, (u64)op->a[0]) : 0;
}

int op_memfd_secret(struct ops *ops, const struct op *op, struct op_result *result)
{
	int fd, err = sys_memfd_secret(ops->m, ops_task(ops), (u32)op->a[0], &fd);

	result->ret = fd;
	result->ret_stands = !err;
	return err;
}

/* Its thread looks at all mms at least twice. */
int op_khugepaged(struct ops *ops, const struct op *op, struct op_result *result)
{
	static const char dir[] = "sys/kernel/mm/transparent_hugepage/khugepaged/";
	static const struct {
		const char *file, *value;
	} rows[] = { { "pages_to_scan", "100000" }, { "scan_sleep_millisecs", "20" } };
	const u64 second = 1000000000;
	char path[96];
	int err = 0;

	(void)op;
	(void)result;
	for (unsigned int i = 0; i < ARRAY_SIZE(rows) && !err; i++) {
		snprintf(path, sizeof(path), "%s%s", dir, rows[i].file);
		err = tree_write(ops->tree, path, rows[i].value);
	}
	if (!err)
		err = machine_secure_time(ops->m, second);
	if (err)
		return err;
	machine_tick(ops->m, second);
	snprintf(path, sizeof(path), "%sscan_sleep_millisecs", dir);
	return tree_write(ops->tree, path, "100000000");
}

int op_pmadvise(struct ops *ops, const struct op *op, struct op_result *result)
{
	struct op other = *op;

	other.a[3] = ops->pid[op->a[3]];
	return op_process_madvise(ops, &other, result);
}

int op_uffd(struct ops *ops, const struct op *op, struct op_result *result)
{
	int fd = -1, err = sys_userfaultfd(ops->m, ops_task(ops), (u64)op->a[0], &fd);

	result->ret = fd;
	return err;
}

int op_uffd_api(struct ops *ops, const struct op *op, struct op_result *result)
{
	struct uffdio_api api = {
		.api = UFFD_API, .features = (u64)op->a[1], .known = (u64)op->a[1],
	};
	int err = uffdio_api(ops->m, ops_task(ops), (int)op->a[0], &api);

	snprintf((char *)result->vec, sizeof(result->vec), "features=0x%llx ioctls=0x%llx",
		 (unsigned long long)api.known, (unsigned long long)api.ioctls);
	return err;
}

static int context(struct ops *ops, const struct op *op, struct userfaultfd_ctx **ctx)
{
	return userfaultfd_ctx_get(ops->m, ops_task(ops), (int)op->a[0], ctx);
}

int op_uffd_register(struct ops *ops, const struct op *op, struct op_result *result)
{
	struct userfaultfd_ctx *ctx;
	u64 ioctls = 0;
	int err = context(ops, op, &ctx);

	if (!err)
		err = uffdio_register(ops->m, ctx, (u64)op->a[1], (u64)op->a[2], (u64)op->a[3],
				      &ioctls);
	if (!err)
		snprintf((char *)result->vec, sizeof(result->vec), "ioctls=0x%llx",
			 (unsigned long long)ioctls);
	return err;
}

int op_uffd_unregister(struct ops *ops, const struct op *op, struct op_result *result)
{
	struct userfaultfd_ctx *ctx;
	int err = context(ops, op, &ctx);

	(void)result;
	return err ? err : uffdio_unregister(ops->m, ctx, (u64)op->a[1], (u64)op->a[2]);
}

int op_uffd_wp(struct ops *ops, const struct op *op, struct op_result *result)
{
	struct userfaultfd_ctx *ctx;
	int err = context(ops, op, &ctx);

	(void)result;
	return err ? err : uffdio_writeprotect(ops->m, ctx, (u64)op->a[1], (u64)op->a[2],
					       (u64)op->a[3]);
}

typedef int fill_fn(struct machine *m, struct task_struct *task, struct userfaultfd_ctx *ctx,
		    struct uffd_fill *fill);

static int fill(struct ops *ops, const struct op *op, struct op_result *result, fill_fn *call,
		bool from)
{
	struct uffd_fill req = {
		.dst = (u64)op->a[1], .src = from ? (u64)op->a[2] : 0,
		.len = (u64)op->a[2 + from], .mode = (u64)op->a[3 + from],
	};
	struct userfaultfd_ctx *ctx;
	int err = context(ops, op, &ctx);

	if (!err)
		err = call(ops->m, ops_task(ops), ctx, &req);
	snprintf((char *)result->vec, sizeof(result->vec), "done=%lld", (long long)req.done);
	return err;
}

int op_uffd_copy(struct ops *ops, const struct op *op, struct op_result *result)
{
	return fill(ops, op, result, uffdio_copy, /* from = */ true);
}

int op_uffd_move(struct ops *ops, const struct op *op, struct op_result *result)
{
	return fill(ops, op, result, uffdio_move, /* from = */ true);
}

int op_uffd_zeropage(struct ops *ops, const struct op *op, struct op_result *result)
{
	return fill(ops, op, result, uffdio_zeropage, /* from = */ false);
}

int op_uffd_continue(struct ops *ops, const struct op *op, struct op_result *result)
{
	return fill(ops, op, result, uffdio_continue, /* from = */ false);
}

int op_uffd_poison(struct ops *ops, const struct op *op, struct op_result *result)
{
	return fill(ops, op, result, uffdio_poison, /* from = */ false);
}

/*
 * ADDR LENGTH CATEGORIES RETURN PAGES FLAGS: categories that all must have, at least one of
 * those << 16, inverted << 32; with the flags, how many regions << 8 (0: 9, 255: no vector).
 */
int op_pagemap_scan(struct ops *ops, const struct op *op, struct op_result *result)
{
	struct page_region regions[16];
	u64 all = (u64)op->a[2], room = (u64)op->a[5] >> 8 & 255;
	struct pm_scan_arg arg = {
		.start = (u64)op->a[0], .end = (u64)(op->a[0] + op->a[1]), .vec = regions,
		.vec_len = room ? room : 9, .max_pages = (u64)op->a[4], .flags = op->a[5] & 255,
		.category_mask = all & 0xffff, .category_anyof_mask = all >> 16 & 0xffff,
		.category_inverted = all >> 32 & 0xffff, .return_mask = (u64)op->a[3],
	};
	char *text = (char *)result->vec;
	int at;

	if (room == 255) {
		arg.vec = NULL;
		arg.vec_len = 0;
	}
	result->ret = pagemap_scan(ops->m, ops_task(ops)->mm, &arg);
	text[0] = 0;
	if (result->ret < 0)
		return (int)result->ret;
	at = snprintf(text, sizeof(result->vec), "end=%llx", (unsigned long long)arg.walk_end);
	for (s64 i = 0; i < result->ret; i++)
		at += snprintf(text + at, sizeof(result->vec) - (size_t)at, " %llx+%llu:%llx",
			       (unsigned long long)regions[i].start,
			       (unsigned long long)((regions[i].end - regions[i].start) >> 12),
			       (unsigned long long)regions[i].categories);
	return 0;
}
