// SPDX-License-Identifier: GPL-2.0-or-later
/* What is printed of a step: its result, and whole files of the process. */
#include "ops.h"

#include <stdlib.h>
#include <string.h>

#include "fs/core/line.h"
#include "sim/virt/shm.h"
#include "sim/virt/task.h"
#include "tree_files.h"

static const char *signal_code_name(int sig, int code)
{
	static const struct {
		int sig, code;
		const char *name;
	} rows[] = {
		{ SIGSEGV, 1, "MAPERR" }, { SIGSEGV, 2, "ACCERR" }, { SIGSEGV, 128, "KERNEL" },
		{ SIGBUS, 2, "ADRERR" }, { SIGBUS, 1, "ADRALN" },
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(rows); i++)
		if (rows[i].sig == sig && rows[i].code == code)
			return rows[i].name;
	return "?";
}

static char process_name(const struct ops *ops, s64 pid)
{
	/* The last one: of several that never were, as well. */
	for (unsigned int i = NR_PROCESSES; i-- > 0;)
		if (ops->pid[i] == pid)
			return (char)('A' + i);
	return '?';
}

static void print_value(const struct ops *ops, const struct op *op,
			const struct op_result *result)
{
	if (op->row->run == op_fork || op->row->run == op_clone)
		printf("ret=pid(%c)", process_name(ops, result->ret));
	else if (!strcmp(op->row->name, "wait"))
		printf("ret=pid(%c) status=0x%llx", process_name(ops, result->ret),
		       (unsigned long long)result->addr);
	else if (op->row->address)
		printf("ret=0x%llx", (unsigned long long)result->ret);
	else
		printf("ret=%lld", (long long)result->ret);
}

/* The captured program's compiler keeps the count of stores in a register. */
static s64 accesses_seen(const struct op *op, const struct op_result *result)
{
	return strcmp(op->row->name, "write") ? result->ret : 0;
}

static int told_int(const struct op_result *result, unsigned int offset)
{
	int value;

	memcpy(&value, result->vec + offset, sizeof(value));
	return value;
}

static void print_told(const struct op *op, const struct op_result *result)
{
	if (op->row->told == TOLD_TEXT && result->vec[0])
		printf("   %s\n", (const char *)result->vec);
	if (result->err)
		return;
	if (op->row->told == TOLD_POLICY)
		printf("   policy=%d nodes=0x%x\n", told_int(result, 0),
		       (unsigned int)told_int(result, 8));
	if (op->row->told == TOLD_SEGMENT && op->a[1] == IPC_STAT)
		printf("   nattch=%d bytes=%d mode=%o\n", told_int(result, 0),
		       told_int(result, 8), (unsigned int)told_int(result, 16));
	if (op->row->told == TOLD_STATUS) {
		printf("   status=");
		for (unsigned int i = 0; i < (u64)op->a[1] && i < 64; i++)
			printf(" %d", told_int(result, i * sizeof(int)));
		putchar('\n');
	}
}

void ops_print_result(const struct ops *ops, const struct op *op,
		      const struct op_result *result)
{
	printf("   => ");
	if (result->sig)
		printf("%s(%s) addr=0x%llx after %lld ok",
		       result->sig == SIGSEGV ? "SIGSEGV" : result->sig == SIGBUS ? "SIGBUS" :
		       "SIG?", signal_code_name(result->sig, result->code),
		       (unsigned long long)result->addr,
		       (long long)accesses_seen(op, result));
	else if (result->err)
		printf("errno=%s ret=%lld", errno_text(-result->err), (long long)result->ret);
	else
		print_value(ops, op, result);
	printf(" minflt=+%llu majflt=+%llu\n", (unsigned long long)result->minflt,
	       (unsigned long long)result->majflt);
	if (op->row->told && !result->sig)
		print_told(op, result);
	if (strcmp(op->row->name, "mincore") || result->err)
		return;
	printf("   vec=");
	for (u64 i = 0; i < DIV_ROUND_UP((u64)op->a[1], PAGE_SIZE) && i < MINCORE_PAGES; i++)
		putchar('0' + (result->vec[i] & 1));
	putchar('\n');
}

char *ops_text(const struct ops *ops, const char *name)
{
	char path[64], *text;

	snprintf(path, sizeof(path), "proc/%u/%s", ops->pid[ops->current], name);
	text = tree_text(ops->tree, path);
	if (!text && asprintf(&text, "(%s: No such file or directory)", name) < 0)
		abort();
	return text;
}

void ops_dump(const struct ops *ops, const char *name)
{
	char *text = ops_text(ops, name);
	size_t len = strlen(text);

	printf("-- %s %c\n%s", name, 'A' + ops->current, text);
	printf("%s--\n", len && text[len - 1] != '\n' ? "\n" : "");
	free(text);
}
