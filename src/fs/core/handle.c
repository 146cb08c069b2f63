// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Open files. Text is rendered whole at the first read and again when a reader
 * goes back to offset 0, so that one pass over a file never mixes two states, and
 * who keeps a file open reads what is there when he reads. Binary files are computed
 * from the offset; control files are streams and belong to ctl.c. A write(2) to a
 * text file is one store, as in sysfs, and a line of the journal.
 *
 * Lock order: handle->mutex (two readers of one open file), then the tree's.
 */
#include <ctype.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>

#include "fs/core/call.h"
#include "fs/core/ctl.h"
#include "fs/core/journal.h"
#include "fs/core/peak.h"
#include "fs/core/refusal.h"
#include "fs/core/tree_struct.h"
#include "sim/virt/psi_trigger.h"

#define PAGE_BYTES 4096	/* of one write, a text file takes as much at most */

struct handle {
	struct tree *tree;
	struct node node;
	struct caller caller;
	int flags;
	enum row_kind kind;
	struct ctl *ctl;	/* of a control file */

	pthread_mutex_t mutex;
	struct out text;
	int err;		/* there is none: what reading comes to */
	bool rendered;
	bool used;		/* something was read or written since it was */
	bool echoes;		/* a newline follows what is written: handle_echo() */

	u64 appended;		/* bytes; under the tree's lock */
	struct peak peak;
	/* Written with the tree's lock for writing, or with the mutex and that for reading. */
	struct psi_trigger trigger;
};

static bool opened_for(const struct handle *handle, int mode)
{
	int access = handle->flags & O_ACCMODE;

	return access == O_RDWR || access == mode;
}

/* The view of what it was opened for, which may be gone: told as by the kernel. */
static int handle_view(const struct handle *handle, struct view *view)
{
	int err = node_view(handle->tree, handle->node, handle->caller, view);

	view->peak = &handle->peak;
	if (err != -ENOENT)
		return err;
	switch (tree_row(handle->tree, handle->node)->domain) {
	case DOMAIN_PROC:
		return -ESRCH;
	case DOMAIN_SYS:
		return -ENODEV;
	default:
		return -ENOENT;
	}
}

/* One write to a text file. */
struct store_call {
	struct store store;
	struct view view;
	const char *text;
};

/*
 * Write lock held. A store that fails changes nothing, unless it says so, and is no history;
 * nor could a line of it, blanks off and comments out, be trusted to fail the same way again.
 */
static int store_run(struct handle *handle, struct store_call *call, const struct out *path)
{
	struct tree *tree = handle->tree;
	int err = journal_reserve(tree, path->text, call->text);

	if (err)
		return err;
	call->store.m = tree->machine;
	err = tree_guard_store(tree, &call->store, &call->view, call->text);
	if (!err || call->store.changed)
		journal_append(tree, path->text, call->text, err);
	return err;
}

/* The same for a line that somebody wrote: sim/last is told. */
static int store_locked(struct handle *handle, struct store_call *call,
			const struct out *path)
{
	struct tree *tree = handle->tree;
	int err = handle_view(handle, &call->view);

	if (!err && !call->view.entry->store) {
		err = refusal_of(tree, handle->node).err;
		out_puts(call->store.sentence, "nothing can be written to this file");
	} else if (!err) {
		err = store_run(handle, call, path);
	}
	if (err == -ENOMEM && !call->store.m)
		return err;
	if (err == -EIO && tree->machine->broken)
		out_puts(call->store.sentence,
			 "the machine is broken: read sim/dmesg, then write reboot to sim/ctl");
	last_line_set(tree, &(struct last_text){
		.path = path->text,
		.line = call->text,
		.result = err ? NULL : "0",
		.sentence = call->store.sentence->text,
	}, err);
	return err;
}

/* Some handlers of the kernel do on a read what a write of the same text does. */
static void store_what_was_read(struct handle *handle)
{
	struct tree *tree = handle->tree;
	struct out sentence = OUT_INIT, path = OUT_INIT, text = OUT_INIT;
	struct store_call call = { .store.sentence = &sentence };

	tree_lock_write(tree);
	node_path(tree, handle->node, &path);
	if (!handle_view(handle, &call.view) &&
	    call.view.entry->reading_stores(&call.view) && !tree->machine->broken &&
	    !call.view.entry->show(&text, &call.view) && !out_error(&text) &&
	    !out_error(&path)) {
		text.text[text.len - 1] = '\0';	/* its newline */
		call.text = text.text;
		(void)!store_run(handle, &call, &path);
	}
	tree_unlock(tree);
	(void)!tree_commit(tree);	/* who reads is not told */
	out_free(&sentence);
	out_free(&path);
	out_free(&text);
}

/*
 * Render the text anew. What comes from the host is read without the lock, and found to be
 * none when it is opened; with a file of the machine, it is who reads that is told.
 */
static int render(struct handle *handle)
{
	struct tree *tree = handle->tree;
	bool host = tree_row(tree, handle->node)->host;
	struct out text = OUT_INIT;
	bool stores = false;
	struct view view;
	int err, shown = 0;

	tree_lock_read(tree);
	err = handle_view(handle, &view);
	if (host)
		tree_unlock(tree);
	if (!err)
		shown = view.entry->show(&text, &view);
	if (!err && !shown && unlikely(view.entry->reading_stores))
		stores = view.entry->reading_stores(&view);
	if (!host)
		tree_unlock(tree);
	if (stores)
		store_what_was_read(handle);
	if (!err)
		err = host && shown ? shown : out_error(&text);
	if (err) {
		out_free(&text);
		return err;
	}
	if (shown)
		out_free(&text);
	out_free(&handle->text);
	handle->text = text;
	handle->err = shown;
	handle->rendered = true;
	handle->used = false;
	return 0;
}

/* A binary file that may be written? */
static bool takes_bytes(const struct row *row)
{
	return row->kind == ROW_BIN && container_of(row->entry, struct bin_entry, entry)->line;
}

static bool can_be_written(const struct row *row)
{
	return row->entry->store || takes_bytes(row);
}

static bool can_be_read(const struct row *row)
{
	return row->entry->show || row->kind == ROW_BIN;
}

/* It was opened for what it cannot: a read, where nothing is shown. */
static int refused(const struct handle *handle)
{
	struct tree *tree = handle->tree;
	int err;

	tree_lock_read(tree);
	err = refusal_of(tree, handle->node).err;
	tree_unlock(tree);
	return err;
}

/* May a file of this row be opened so? */
static int access_error(struct tree *tree, struct node node, int flags)
{
	const struct row *row = tree_row(tree, node);
	int access = flags & O_ACCMODE;
	struct refusal refusal;

	if (S_ISDIR(row->entry->mode))
		return -EISDIR;
	if (S_ISLNK(row->entry->mode))
		return -ELOOP;
	if (row->kind == ROW_CTL ||
	    ((access == O_RDONLY || can_be_written(row)) &&
	     (access == O_WRONLY || can_be_read(row))))
		return 0;
	tree_lock_read(tree);
	refusal = refusal_of(tree, node);
	tree_unlock(tree);
	return refusal.at_open ? refusal.err : 0;
}

int tree_truncate_error(struct tree *tree, struct node node)
{
	return access_error(tree, node, O_WRONLY) ? -EPERM : 0;
}

/* It is still there, and what the row asks. */
static int open_error(const struct handle *handle)
{
	struct tree *tree = handle->tree;
	struct view view;
	int err;

	tree_lock_read(tree);
	err = node_view(tree, handle->node, handle->caller, &view);
	if (!err && view.entry->open)
		err = view.entry->open(&view);
	tree_unlock(tree);
	return err;
}

static int open_ctl(struct handle *handle)
{
	struct tree *tree = handle->tree;
	struct view view;
	int err;

	tree_lock_read(tree);
	err = node_view(tree, handle->node, handle->caller, &view);
	tree_unlock(tree);
	return err ? err : ctl_open(tree, &view, handle->flags, &handle->ctl);
}

int tree_open(struct tree *tree, struct node node, struct caller caller, int flags,
	      struct handle **result)
{
	struct handle *handle;
	int err;

	if (node.row >= tree->nr_rows)
		return -ENOENT;
	err = access_error(tree, node, flags);
	if (err)
		return err;
	handle = calloc(1, sizeof(*handle));
	if (!handle)
		return -ENOMEM;
	handle->tree = tree;
	handle->node = node;
	handle->caller = caller;
	handle->flags = flags;
	handle->kind = tree_row(tree, node)->kind;
	pthread_mutex_init(&handle->mutex, NULL);
	if (handle->kind == ROW_CTL)
		err = open_ctl(handle);
	else
		err = open_error(handle);
	if (!err && tree_row(tree, node)->host && handle->kind != ROW_BIN &&
	    opened_for(handle, O_RDONLY))
		err = render(handle);
	if (err) {
		handle_release(handle);
		return err;
	}
	*result = handle;
	return 0;
}

static ssize_t read_text(struct handle *handle, u64 offset, char *buf, size_t len)
{
	const struct out *text = &handle->text;
	int err = 0;

	if (!handle->rendered || handle->err || (offset == 0 && handle->used))
		err = render(handle);
	if (!err)
		err = handle->err;
	if (err)
		return err;
	handle->used = true;
	if (offset >= text->len)
		return 0;
	len = MIN(len, text->len - offset);
	memcpy(buf, text->text + offset, len);
	return len;
}

static ssize_t read_bin(struct handle *handle, u64 offset, char *buf, size_t len)
{
	struct tree *tree = handle->tree;
	const struct bin_entry *bin =
		container_of(tree_row(tree, handle->node)->entry, struct bin_entry, entry);
	struct view view;
	size_t done = 0;
	ssize_t n;

	tree_lock_read(tree);
	n = handle_view(handle, &view);
	while (!n && done < len) {
		n = bin->read(&view, offset + done, buf + done, len - done);
		if (n <= 0)
			break;
		done += n;
		n = 0;
	}
	tree_unlock(tree);
	return done ? (ssize_t)done : n;
}

ssize_t handle_read(struct handle *handle, u64 offset, char *buf, size_t len)
{
	ssize_t n;

	if (!opened_for(handle, O_RDONLY))
		return -EBADF;
	if (!len)
		return 0;
	len = MIN(len, (size_t)INT32_MAX);
	if (handle->kind == ROW_CTL)
		return ctl_read(handle->ctl, buf, len);
	if (unlikely(!can_be_read(tree_row(handle->tree, handle->node))))
		return refused(handle);
	if (handle->kind == ROW_BIN)
		return read_bin(handle, offset, buf, len);
	pthread_mutex_lock(&handle->mutex);
	n = read_text(handle, offset, buf, len);
	pthread_mutex_unlock(&handle->mutex);
	return n;
}

/* What stands for a NUL in the text of a sysctl: no digit and no blank either. */
#define NUL_CHAR '?'

/*
 * The text of a write as a store has it, the last newline off. A NUL ends that of a sysfs
 * file; in a sysctl's the kernel takes it for a character like others.
 */
static void store_text(char *text, const char *buf, size_t len, bool sysctl)
{
	if (!sysctl)
		len = strnlen(buf, len);
	if (len && buf[len - 1] == '\n')
		len--;
	for (size_t i = 0; i < len; i++)
		text[i] = buf[i] ? buf[i] : NUL_CHAR;
	text[len] = '\0';
}

/*
 * Bytes of a write that a sysctl took: not what follows the blanks behind its last
 * value. `read`: how many it looked at.
 */
static size_t sysctl_taken(const struct store_call *call, size_t len, size_t read)
{
	const char *rest = call->store.rest;

	if (call->store.blanks_left)
		return len - (read - (rest - call->text));
	while (rest && isspace((unsigned char)*rest))
		rest++;
	return rest && *rest ? len - (read - (rest - call->text)) : len;
}

/* psi_write() takes 32 bytes at most, and the last is lost: it puts a NUL there. */
static size_t pressure_len(const struct handle *handle, size_t len)
{
	return MIN(len + handle->echoes, (size_t)32) - 1;
}

static bool is_below(const struct out *path, const char *dir)
{
	return !strncmp(path->text, dir, strlen(dir));
}

/*
 * A sysctl reads less than a page and leaves the rest, and only a write at the
 * file's beginning counts; a sysfs file takes one page, and any offset will do.
 */
static ssize_t write_text(struct handle *handle, u64 offset, const char *buf, size_t len)
{
	struct out sentence = OUT_INIT, path = OUT_INIT;
	char text[PAGE_BYTES + 1];
	struct store_call call = {
		.store = { .sentence = &sentence, .trigger = &handle->trigger,
			   .peak = &handle->peak },
		.text = text,
	};
	size_t read, room = PAGE_BYTES;
	bool sysctl;
	int err;

	tree_lock_write(handle->tree);
	node_path(handle->tree, handle->node, &path);
	err = out_error(&path);
	sysctl = !err && is_below(&path, "proc/sys/");
	if (handle->flags & O_APPEND)
		offset = handle->appended;	/* the caller's is the size that it guesses */
	if (sysctl)
		room = PAGE_BYTES - 1;
	else
		len = MIN(len, room);
	read = MIN(len, room);
	if (sysctl && offset)
		goto out;
	if (err)
		goto out;
	if (is_below(&path, "proc/pressure/"))
		read = pressure_len(handle, read);
	store_text(text, buf, read, sysctl);
	err = store_locked(handle, &call, &path);
	if (!err && sysctl)
		len = sysctl_taken(&call, len, read);
out:
	if (!err)
		handle->appended += len;
	tree_unlock(handle->tree);
	out_free(&sentence);
	out_free(&path);
	return err ? err : (ssize_t)len;
}

/* The next call of a write to a binary file: how many bytes it takes, or -errno. */
static ssize_t write_piece(struct handle *handle, u64 offset, const char *buf, size_t len)
{
	struct tree *tree = handle->tree;
	const struct row *row = tree_row(tree, handle->node);
	const struct bin_entry *bin = container_of(row->entry, struct bin_entry, entry);
	struct out line = OUT_INIT;
	struct view view;
	size_t taken = 0;
	int err;

	tree_lock_read(tree);
	err = handle_view(handle, &view);
	if (!err)
		taken = bin->line(&line, &view, offset, buf, len);
	tree_unlock(tree);
	if (!err)
		err = out_error(&line);
	if (!err)
		err = ctl_quiet_call(tree, scope_of_view(&view, row->slot[row->nr_ids - 1]),
				     line.text, line.len);
	out_free(&line);
	return err ? err : (ssize_t)taken;
}

static ssize_t write_bin(struct handle *handle, u64 offset, const char *buf, size_t len)
{
	size_t done = 0;

	while (done < len) {
		ssize_t n = write_piece(handle, offset + done, buf + done, len - done);

		if (n < 0)
			return done ? (ssize_t)done : n;
		done += n;
	}
	return done;
}

ssize_t handle_write(struct handle *handle, u64 offset, const char *buf, size_t len)
{
	ssize_t n;

	if (!opened_for(handle, O_WRONLY))
		return -EBADF;
	if (!len)
		return 0;
	if (handle->kind == ROW_CTL)
		return ctl_write(handle->ctl, buf, len);
	if (takes_bytes(tree_row(handle->tree, handle->node)))
		return write_bin(handle, offset, buf, len);
	n = write_text(handle, offset, buf, len);
	pthread_mutex_lock(&handle->mutex);
	handle->used = true;
	pthread_mutex_unlock(&handle->mutex);
	return n;
}

ssize_t handle_echo(struct handle *handle, const char *text, size_t len)
{
	handle->echoes = true;
	return handle_write(handle, 0, text, len);
}

bool handle_is_stream(const struct handle *handle)
{
	return handle->kind == ROW_CTL;
}

void handle_release(struct handle *handle)
{
	if (!handle)
		return;
	if (handle->ctl)
		ctl_release(handle->ctl);
	peak_release(handle->tree, &handle->peak);
	out_free(&handle->text);
	pthread_mutex_destroy(&handle->mutex);
	free(handle);
}

/* ---- Polling. ---- */

/* Bits of poll(); `told`: the caller is told of an event, so that it is over. */
static int poll_events(struct handle *handle, bool told)
{
	int events = POLLIN | POLLOUT | POLLRDNORM | POLLWRNORM;
	struct psi_trigger *trigger = &handle->trigger;
	struct tree *tree = handle->tree;
	struct view view;

	pthread_mutex_lock(&handle->mutex);
	tree_lock_read(tree);
	if (handle_view(handle, &view) || !trigger->on) {
		events |= POLLERR | POLLPRI;
	} else {
		view.entry->poll(&view, trigger);
		events |= trigger->event ? POLLPRI : 0;
		trigger->event &= !told;
	}
	tree_unlock(tree);
	pthread_mutex_unlock(&handle->mutex);
	return events;
}

bool handle_can_poll(const struct handle *handle)
{
	return handle->kind == ROW_ENTRY && tree_row(handle->tree, handle->node)->entry->poll;
}

int handle_poll(struct handle *handle)
{
	return poll_events(handle, /* told = */ true);
}

bool handle_wakes(struct handle *handle)
{
	return poll_events(handle, /* told = */ false) & POLLPRI;
}
