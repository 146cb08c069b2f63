// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A call is printed and read by what prints and reads lines. Its result, and a
 * store's, is what stands behind the last ` = `; running it again must print the same.
 */
#include "fs/core/journal_text.h"

#include <stdio.h>
#include <stdlib.h>

#include "fs/core/call.h"
#include "fs/core/host.h"
#include "fs/core/replay.h"

static void print_result(struct out *out, int err)
{
	out_printf(out, " = %s%s", err ? "-1 " : "0", err ? errno_text(err) : "");
}

void journal_text_call(struct out *out, const struct call *call)
{
	char path[32];

	scope_path(call->scope, path);
	out_puts(out, path);
	out_puts(out, ": ");
	call_print(out, call->verb, call->form, call->nr_args, call->args);
	if (call->name[0]) {
		out_puts(out, " as ");
		out_puts(out, call->name);
	}
	out_puts(out, " = ");
	call_result(out, call->verb, call->err, call->value);
}

void journal_text_store(struct out *out, const char *path, const char *text, int err)
{
	for (; *path; path++) {
		unsigned char c = (unsigned char)*path;

		if (c <= ' ' || c == '\\' || c == 0x7f)
			out_printf(out, "\\%03o", c);
		else
			out_putc(out, *path);
	}
	out_puts(out, ": ");
	out_puts(out, text);
	print_result(out, err);
}

void journal_text_undo(struct out *out, u64 nr)
{
	out_printf(out, "sim/ctl: undo %llu = 0", (unsigned long long)nr);
}

bool journal_text_is_undo(const char *text, size_t len, u64 *nr)
{
	static const char head[] = "sim/ctl: undo ";
	size_t at = sizeof(head) - 1;

	if (len < at || memcmp(text, head, at))
		return false;
	for (*nr = 0; at < len && text[at] >= '0' && text[at] <= '9'; at++)
		*nr = *nr * 10 + (u64)(text[at] - '0');
	return len - at == 4 && !memcmp(text + at, " = 0", 4);
}

bool journal_text_is_reboot(const char *text, size_t len)
{
	return len == sizeof(REBOOT_TEXT) - 1 && !memcmp(text, REBOOT_TEXT, len);
}

/* A record taken apart, in a copy that ends with NUL. */
struct parts {
	char *path, *text, *result;
	size_t text_len;
};

/* \040 is a blank again. In place. */
static void unescape(char *path)
{
	char *to = path;

	for (; *path; path++) {
		if (*path == '\\' && path[1] && path[2] && path[3]) {
			*to++ = (char)strtoul((char[]){ path[1], path[2], path[3], '\0' }, NULL, 8);
			path += 3;
		} else {
			*to++ = *path;
		}
	}
	*to = '\0';
}

static bool take_apart(char *copy, size_t len, struct parts *parts)
{
	char *colon = strstr(copy, ": ");
	size_t at = len;

	if (!colon || colon + 2 + strlen(" = ") > copy + len)
		return false;
	*colon = '\0';
	*parts = (struct parts){ .path = copy, .text = colon + 2 };
	while (at > (size_t)(parts->text - copy) + 3 && memcmp(copy + at - 3, " = ", 3))
		at--;
	if (memcmp(copy + at - 3, " = ", 3))
		return false;
	parts->result = copy + at;
	copy[at - 3] = '\0';
	parts->text_len = (size_t)(copy + at - 3 - parts->text);
	unescape(parts->path);
	return true;
}

/* "proc/42/ctl" and its like. */
static bool scope_of_path(const char *path, u32 *scope)
{
	unsigned int number;
	char back[32];

	*scope = SCOPE_MACHINE;
	if (sscanf(path, "sim/cpu/%u/ctl", &number) == 1 && number < MAX_CPUS)
		*scope = SCOPE_CPU + number;
	else if (sscanf(path, "proc/%u/ctl", &number) == 1 && number < PID_LIMIT)
		*scope = SCOPE_TASK + number;
	scope_path(*scope, back);
	return !strcmp(path, back);
}

static int differs(struct out *sentence, const char *found, const char *was)
{
	out_printf(sentence, "it comes to %s and came to %s", found, was);
	return -EIO;
}

/* What it came to now against what is written. */
static int compare_results(const struct call *call, const struct parts *parts,
			   struct out *sentence)
{
	struct out now = OUT_INIT;
	int err;

	call_result(&now, call->verb, call->err, call->value);
	err = out_error(&now);
	if (!err && strcmp(now.text, parts->result)) {
		out_clear(sentence);
		err = differs(sentence, now.text, parts->result);
	}
	out_free(&now);
	return err;
}

static int run_call(struct tree *tree, u32 scope, const struct parts *parts,
		    struct out *sentence)
{
	struct request *req = malloc(sizeof(*req));
	int err = req ? journal_reserve_call(tree) : -ENOMEM;

	if (!err)
		err = call_parse(tree, scope, parts->text, parts->text_len, req, sentence);
	if (!err && (!req->words.verb.len || req->call.verb->flags & VERB_HISTORY))
		err = -EBADMSG;
	if (!err) {
		req->call.replaying = true;
		call_run(&req->call);
		err = compare_results(&req->call, parts, sentence);
	}
	if (!err) {
		journal_append_call(tree, &req->call);
		out_clear(sentence);
	}
	free(req);
	return err;
}

static int run_store(struct tree *tree, const struct parts *parts, struct out *sentence)
{
	struct out was = OUT_INIT;
	int came_to = 0, err = journal_reserve(tree, parts->path, parts->text);

	if (!err)
		err = replay_store(tree, parts->path, parts->text, sentence, &came_to);
	if (err)
		return err;
	print_result(&was, came_to);
	err = out_error(&was);
	if (!err && strcmp(was.text + 3, parts->result)) {
		out_clear(sentence);
		err = differs(sentence, was.text + 3, parts->result);
	}
	out_free(&was);
	if (!err) {
		journal_append(tree, parts->path, parts->text, came_to);
		out_clear(sentence);
	}
	return err;
}

int journal_text_run(struct tree *tree, const char *text, size_t len, struct out *sentence)
{
	char *copy = malloc(len + 1);
	struct parts parts;
	u32 scope;
	int err;

	if (!copy)
		return -ENOMEM;
	memcpy(copy, text, len);
	copy[len] = '\0';
	if (!take_apart(copy, len, &parts)) {
		out_puts(sentence, "it is no line with a result");
		err = -EBADMSG;
	} else if (scope_of_path(parts.path, &scope)) {
		err = run_call(tree, scope, &parts, sentence);
	} else {
		err = run_store(tree, &parts, sentence);
	}
	free(copy);
	return err;
}
