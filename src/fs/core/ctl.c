// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Open control files. A write is cut into lines; what is behind its last newline
 * waits in `partial`, unless it is the whole write. Calls of one write run under one
 * taking of the tree's lock, put down now and then for others; lines that are no
 * calls go through tree_run(), which takes the lock itself.
 *
 * A write that stops at a failing line behind lines that ran is short by that line.
 * Whoever writes the rest again gets that line's errno; it does not run twice.
 */
#include "fs/core/ctl.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>

#include "fs/core/call.h"
#include "fs/core/ctl_queue.h"

#define LINES_PER_LOCK 64
#define REPLY_BYTES 8192	/* room for one reply; longer ones grow the queue */

struct ctl {
	struct tree *tree;
	struct view view;
	u32 scope;
	bool readable;

	pthread_mutex_t mutex;	/* before the tree's lock */
	bool locked;		/* we hold the tree's write lock */
	unsigned int lines;	/* that ran since it was taken */
	bool failed;		/* a line failed: a write-only file refuses the rest */
	bool wrote;		/* a line was written: reads give replies */
	bool skipping;		/* to the end of a line that was too long */
	bool shown;		/* the last call was read, and its end not yet */
	size_t partial_len;
	size_t retry_len;	/* a failed line that will be written again */
	int retry_err;
	const char *noted;	/* the last line under this lock; NULL: none */
	size_t noted_len;
	int noted_err;
	struct ctl_queue replies;
	struct out sentence;
	struct out reply;
	struct request req;
	char partial[LINE_BYTES];
	char retry[LINE_BYTES];
};

static u32 scope_of(const struct view *view)
{
	return scope_of_view(view, container_of(view->entry, struct ctl_entry, entry)->scope);
}

int ctl_open(struct tree *tree, const struct view *view, int flags, struct ctl **result)
{
	struct ctl *ctl = malloc(sizeof(*ctl));

	if (!ctl)
		return -ENOMEM;
	/* The big buffers need no zeroes. */
	memset(ctl, 0, offsetof(struct ctl, req));
	/* No call so far: the first line may be none. */
	ctl->req.call.verb = NULL;
	ctl->req.call.err = 0;
	ctl->tree = tree;
	ctl->view = *view;
	ctl->scope = scope_of(view);
	ctl->readable = (flags & O_ACCMODE) == O_RDWR;
	pthread_mutex_init(&ctl->mutex, NULL);
	*result = ctl;
	return 0;
}

/* "0x1234", "-1 EINVAL": the call's, or what the line came to for other reasons. */
static void print_result(struct out *out, const struct call *call, int err)
{
	if (err && err != call->err)
		out_printf(out, "-1 %s", errno_text(err));
	else
		call_result(out, call->verb, call->err, call->value);
}

static void print_reply(struct ctl *ctl, int err)
{
	print_result(&ctl->reply, &ctl->req.call, err);
	if ((err || ctl->req.call.err) && ctl->sentence.len)
		out_printf(&ctl->reply, " (%s)", ctl->sentence.text);
	out_putc(&ctl->reply, '\n');
}

/* sim/last: what the last line under this lock came to. */
static void note_line(struct ctl *ctl)
{
	const struct call *call = &ctl->req.call;
	struct out line = OUT_INIT, result = OUT_INIT;
	char path[32];

	scope_path(ctl->scope, path);
	out_write(&line, ctl->noted, ctl->noted_len);
	print_result(&result, call, ctl->noted_err);
	last_line_set(ctl->tree, &(struct last_text){
		.path = path,
		.line = line.text,
		.result = result.text,
		.sentence = ctl->sentence.len ? ctl->sentence.text : NULL,
		.help = call->verb ? call->verb->name : NULL,
	}, ctl->noted_err);
	out_free(&line);
	out_free(&result);
	ctl->noted = NULL;
}

static void lock(struct ctl *ctl)
{
	if (ctl->locked)
		return;
	tree_lock_write(ctl->tree);
	ctl->locked = true;
	ctl->lines = 0;
}

static void unlock(struct ctl *ctl)
{
	if (!ctl->locked)
		return;
	if (ctl->noted)
		note_line(ctl);
	tree_unlock(ctl->tree);
	ctl->locked = false;
}

/* Remember for note_line(); the text stays where it is until then. */
static void note(struct ctl *ctl, const char *text, size_t len, int err)
{
	ctl->noted = text;
	ctl->noted_len = len;
	ctl->noted_err = err;
}

static void queue_reply(struct ctl *ctl)
{
	if (!ctl->readable)
		return;
	/* What a cat prints may be longer than the room that was secured. */
	if (ctl->reply.len > REPLY_BYTES &&
	    ctl_queue_reserve(&ctl->replies, ctl->reply.len))
		ctl->reply.len = REPLY_BYTES;
	ctl_queue_add(&ctl->replies, ctl->reply.text, ctl->reply.len);
}

/* A call: parsed, run, judged. */
static int run_call(struct ctl *ctl, const char *text, size_t len)
{
	struct request *req = &ctl->req;
	int err;

	lock(ctl);
	err = call_parse_line(ctl->tree, ctl->scope, text, len, req, &ctl->sentence);
	if (err) {
		req->call.err = err;
		if (line_expects(&req->words, err))
			err = 0;
	} else if (!req->words.verb.len) {
		return 0;	/* `sim/ctl:` and nothing behind it */
	} else {
		call_run(&req->call);
		err = call_finish(req);
	}
	note(ctl, text, len, err);
	if (ctl->readable)
		print_reply(ctl, err);
	return err;
}

/* A line for another file, or a cat. */
static int run_elsewhere(struct ctl *ctl, const char *text, size_t len)
{
	struct caller caller = { .pid = ctl->view.caller };
	struct out line = OUT_INIT;
	int err;

	unlock(ctl);
	out_write(&line, text, len);
	err = out_error(&line);
	if (!err)
		err = tree_run(ctl->tree, line.text, caller, &ctl->reply, &ctl->sentence);
	out_free(&line);
	if (err && !ctl->reply.len) {
		ctl->req.call.err = err;
		print_reply(ctl, err);
	}
	if (err) {
		lock(ctl);
		note(ctl, text, len, err);
	}
	return err;
}

/* A line that is none: `cat` without a path. */
static int unreadable(struct ctl *ctl, const char *text, size_t len, int err)
{
	lock(ctl);
	ctl->req.call.verb = NULL;
	ctl->req.call.err = err;
	note(ctl, text, len, err);
	print_reply(ctl, err);
	return err;
}

/* `sim/ctl: alloc_pages 0`, written to sim/ctl itself: as a journal has it. */
static bool is_own_path(const struct ctl *ctl, const struct line *line)
{
	char path[32];

	if (line->kind != LINE_WRITE || line->path.len >= sizeof(path))
		return false;
	scope_path(ctl->scope, path);
	return word_is(&line->path, path);
}

/* `sim/ctl:` and nothing behind it, written to sim/ctl. */
static bool is_own_empty(const struct ctl *ctl, const struct line *line)
{
	struct line rest;

	return is_own_path(ctl, line) && !line_parse(line->text, line->len, &rest, NULL) &&
	       rest.kind == LINE_EMPTY;
}

/* One line without its newline. *ran: it was run, and more than a comment. */
static int run_line(struct ctl *ctl, const char *text, size_t len, bool *ran)
{
	struct out reason = OUT_INIT;
	struct line line;
	int err = line_parse(text, len, &line, &reason);
	bool call = !err && (line.kind == LINE_CALL || is_own_path(ctl, &line));

	if (!err && (line.kind == LINE_EMPTY || is_own_empty(ctl, &line)))
		return 0;
	if (err || !call)
		unlock(ctl);	/* with the note of the line before */
	out_clear(&ctl->sentence);
	out_clear(&ctl->reply);
	if (err)
		out_puts(&ctl->sentence, reason.text ? reason.text : "");
	out_free(&reason);
	ctl->wrote = true;
	ctl->req.call.verb = NULL;
	if (ctl->readable) {
		int no_room = ctl_queue_reserve(&ctl->replies, REPLY_BYTES);

		if (no_room)
			return no_room;
	}
	*ran = true;
	if (err)
		err = unreadable(ctl, text, len, err);
	else if (call)
		err = run_call(ctl, line.text, line.len);
	else
		err = run_elsewhere(ctl, text, len);
	queue_reply(ctl);
	return err;
}

/* One write on its way through. */
struct progress {
	const char *buf;
	size_t len, at;
	bool ran;		/* lines ran */
	bool line_ran;		/* ... the failing one, too */
	size_t line_len;	/* of the failing one in this write */
};

/* A line that no buffer holds. Behind lines that ran it is for the next write. */
static int too_long(struct ctl *ctl, struct progress *w, const char *newline)
{
	char reason[64];

	snprintf(reason, sizeof(reason), "a line has at most %u bytes", LINE_BYTES);
	out_clear(&ctl->sentence);
	out_clear(&ctl->reply);
	out_puts(&ctl->sentence, reason);
	lock(ctl);
	ctl->req.call.verb = NULL;
	ctl->req.call.err = -E2BIG;
	note(ctl, w->buf + w->at, MIN(w->len - w->at, (size_t)LINE_BYTES), -E2BIG);
	ctl->partial_len = 0;
	ctl->wrote = true;
	if (w->ran)
		return -E2BIG;
	ctl->skipping = !newline;
	if (ctl->readable && !ctl_queue_reserve(&ctl->replies, REPLY_BYTES)) {
		print_reply(ctl, -E2BIG);
		queue_reply(ctl);
	}
	return -E2BIG;
}

/* The line from w->at on, which `newline` ends (NULL: the write does). */
static int take_line(struct ctl *ctl, struct progress *w, const char *newline)
{
	const char *text = w->buf + w->at;
	size_t len = (newline ? newline : w->buf + w->len) - text;
	bool ran = false;
	int err;

	w->line_ran = false;
	if (ctl->partial_len + len > LINE_BYTES)
		return too_long(ctl, w, newline);
	w->line_len = len;
	if (!newline && (w->at || ctl->partial_len || len >= LINE_BYTES)) {
		memcpy(ctl->partial + ctl->partial_len, text, len);
		ctl->partial_len += len;
		return 0;
	}
	if (ctl->partial_len) {
		memcpy(ctl->partial + ctl->partial_len, text, len);
		text = ctl->partial;
		len += ctl->partial_len;
		ctl->partial_len = 0;
	}
	err = run_line(ctl, text, len, &ran);
	w->line_ran = ran;
	if (!err)
		w->ran |= ran;
	if (++ctl->lines == LINES_PER_LOCK)
		unlock(ctl);
	return err;
}

/* The rest of a write that was cut short: its first line failed already. */
static bool is_retry(struct ctl *ctl, const char *buf, size_t len)
{
	size_t n = ctl->retry_len;

	ctl->retry_len = 0;
	return n && !ctl->partial_len && !ctl->skipping && len >= n &&
	       (len == n || buf[n] == '\n') && !memcmp(buf, ctl->retry, n);
}

/* What the write returns when the line at w->at failed. */
static ssize_t stop(struct ctl *ctl, struct progress *w, int err)
{
	ctl->failed = true;
	if (!w->ran)
		return err;
	if (w->line_ran) {
		memcpy(ctl->retry, w->buf + w->at, w->line_len);
		ctl->retry_len = w->line_len;
		ctl->retry_err = err;
	}
	return w->at;
}

static ssize_t write_lines(struct ctl *ctl, const char *buf, size_t len)
{
	struct progress w = { .buf = buf, .len = len };

	if (is_retry(ctl, buf, len))
		return ctl->retry_err;
	while (w.at < len) {
		const char *newline = memchr(buf + w.at, '\n', len - w.at);
		int err = 0;

		if (ctl->skipping)
			ctl->skipping = !newline;
		else
			err = take_line(ctl, &w, newline);
		if (err)
			return stop(ctl, &w, err);
		w.at = newline ? (size_t)(newline + 1 - buf) : len;
	}
	return len;
}

ssize_t ctl_write(struct ctl *ctl, const char *buf, size_t len)
{
	ssize_t n = -ECANCELED;

	pthread_mutex_lock(&ctl->mutex);
	if (!len)
		n = 0;
	else if (!ctl->failed || ctl->readable)
		n = write_lines(ctl, buf, len);
	unlock(ctl);
	pthread_mutex_unlock(&ctl->mutex);
	return n;
}

/* The last call of the scope, once; then end of file; then what is last by then. */
static void show_last_call(struct ctl *ctl)
{
	const struct last_call *last;

	out_clear(&ctl->reply);
	tree_lock_read(ctl->tree);
	last = last_call_of(ctl->tree, ctl->scope);
	if (last && last->any) {
		last_call_print(&ctl->reply, last);
		out_putc(&ctl->reply, '\n');
	}
	tree_unlock(ctl->tree);
	if (!ctl_queue_reserve(&ctl->replies, ctl->reply.len))
		ctl_queue_add(&ctl->replies, ctl->reply.text, ctl->reply.len);
}

ssize_t ctl_read(struct ctl *ctl, char *buf, size_t len)
{
	ssize_t n;

	pthread_mutex_lock(&ctl->mutex);
	n = ctl_queue_read(&ctl->replies, buf, len);
	if (!n && !ctl->wrote && !ctl->shown) {
		show_last_call(ctl);
		n = ctl_queue_read(&ctl->replies, buf, len);
	}
	ctl->shown = n > 0;	/* behind the end, a reader may begin anew */
	pthread_mutex_unlock(&ctl->mutex);
	return n;
}

void ctl_release(struct ctl *ctl)
{
	bool ran;

	if (!ctl)
		return;
	if (ctl->partial_len && !ctl->skipping && (!ctl->failed || ctl->readable))
		run_line(ctl, ctl->partial, ctl->partial_len, &ran);
	unlock(ctl);
	ctl_queue_free(&ctl->replies);
	out_free(&ctl->sentence);
	out_free(&ctl->reply);
	pthread_mutex_destroy(&ctl->mutex);
	free(ctl);
}

int ctl_run(struct tree *tree, const struct view *view, const char *line, size_t len,
	    struct out *reply, struct out *sentence)
{
	struct ctl *ctl;
	int err = ctl_open(tree, view, O_RDWR, &ctl);

	if (err)
		return err;
	err = len > LINE_BYTES ? -E2BIG : run_call(ctl, line, len);
	unlock(ctl);
	if (ctl->reply.len)
		out_write(reply, ctl->reply.text, ctl->reply.len);
	if (ctl->sentence.len)
		out_write(sentence, ctl->sentence.text, ctl->sentence.len);
	ctl_release(ctl);
	return err;
}

int ctl_quiet_call(struct tree *tree, u32 scope, const char *line, size_t len)
{
	struct out sentence = OUT_INIT;
	struct request req;
	int err;

	tree_lock_write(tree);
	err = call_parse(tree, scope, line, len, &req, &sentence);
	if (!err) {
		req.call.quiet = true;
		call_run(&req.call);
		err = req.call.err;
	}
	tree_unlock(tree);
	out_free(&sentence);
	return err;
}

int ctl_clock(struct tree *tree)
{
	static const char line[] = "tick 1s";

	return ctl_quiet_call(tree, SCOPE_MACHINE, line, sizeof(line) - 1);
}

int ctl_last_error(struct tree *tree, struct out *sentence)
{
	int err;

	tree_lock_read(tree);
	err = tree->last.err;
	if (tree->last.sentence.len)
		out_puts(sentence, tree->last.sentence.text);
	tree_unlock(tree);
	return err;
}

int ctl_result(const struct view *view, struct out *out)
{
	const struct row *row = tree_row(view->tree, node_from_ino(view->ino));
	const struct last_call *last;

	last = last_call_of(view->tree, scope_of_view(view, row->nr_ids ?
						      row->slot[row->nr_ids - 1] : V_NAME));
	if (last && last->any) {
		call_result(out, last->verb, last->err, last->value);
		out_putc(out, '\n');
	}
	return 0;
}
