// SPDX-License-Identifier: GPL-2.0-or-later
/* How lines are written: whose they are, the kernel's names of flags, what is expected. */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

#include "kmm-record-calls.h"

static __attribute__((__format__(__printf__, 3, 0)))
void put_line(struct recording *r, const char *path, const char *fmt, va_list args)
{
	record_run_end(r);
	if (path)
		fprintf(r->out, "%s: ", path);
	vfprintf(r->out, fmt, args);
	fputc('\n', r->out);
}

void record_put(struct recording *r, const struct record_task *task, const char *fmt, ...)
{
	char path[40];
	va_list args;

	snprintf(path, sizeof(path), "sim/as/p%d/ctl", task->tid);
	va_start(args, fmt);
	put_line(r, path, fmt, args);
	va_end(args);
}

void record_say(struct recording *r, const char *path, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	put_line(r, path, fmt, args);
	va_end(args);
}

void record_skipped(struct recording *r, const char *what)
{
	gpointer nr = g_hash_table_lookup(r->skipped, what);

	g_hash_table_replace(r->skipped, g_strdup(what),
			     GINT_TO_POINTER(GPOINTER_TO_INT(nr) + 1));
}

static const char *errno_name(s64 result)
{
	const char *name = strerrorname_np((int)-result);

	return name ? name : "EINVAL";
}

bool passing_failure(const struct record_call *call)
{
	s64 err = call->failed ? -call->result : 0;

	return err == EINTR || err == EAGAIN || err == ENOSYS || err >= 512;
}

/* " = RESULT", by the kind of the verb's. */
static void put_result(struct out *out, const struct verb *verb, const struct record_call *call)
{
	if (call->failed)
		out_printf(out, " = -1 %s", errno_name(call->result));
	else if (verb->result == RESULT_POINTER)
		out_printf(out, " = %#" PRIx64, (u64)call->result);
	else
		out_printf(out, " = %" PRId64, call->result);
}

static void put_arg(struct out *out, const struct verb *verb, unsigned int i, u64 value)
{
	struct arg arg = { .given = true, .value = value };
	enum arg_kind kind = verb->args[i] & ~A_OPTIONAL;

	if (i)
		out_puts(out, ", ");
	if (kind == A_FD)
		out_printf(out, "%d", (int)value);
	else
		arg_print_c(out, kind, &arg);
}

void put_values(struct recording *r, const struct record_task *task, const char *name,
		const u64 *values, unsigned int nr, bool expect)
{
	const struct verb *verb = verb_find(name, strlen(name));
	struct out out = OUT_INIT;
	bool guess;

	out_printf(&out, "%s(", name);
	for (unsigned int i = 0; i < nr; i++)
		put_arg(&out, verb, i, values[i]);
	out_putc(&out, ')');
	if (expect)
		put_result(&out, verb, &task->call);
	/* Refused as too much at once: that is asked again, where else all is given. */
	guess = r->guesses && expect && task->call.failed && task->call.result == -ENOMEM;
	if (guess)
		record_say(r, "proc/sys/vm/overcommit_memory", "0");
	record_put(r, task, "%s", out.text);
	if (guess)
		record_say(r, "proc/sys/vm/overcommit_memory", "1");
	out_free(&out);
}
