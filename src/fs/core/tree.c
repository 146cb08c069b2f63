// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A mounted machine from start to end, and the record of its last line. The lock
 * prefers writers, so that readers in a loop cannot keep a line waiting.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "fs/core/boot_sysctl.h"
#include "fs/core/ctl.h"
#include "fs/core/host.h"
#include "fs/core/journal.h"
#include "fs/core/state_dir.h"
#include "fs/core/tree_struct.h"
#include "sim/base/bug.h"
#include "sim/virt/blk.h"
#include "sim/virt/task.h"

static int lock_init(struct tree *tree)
{
	pthread_rwlockattr_t attr;
	int err;

	pthread_rwlockattr_init(&attr);
	pthread_rwlockattr_setkind_np(&attr, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
	wide_ids_init(&tree->wide);
	err = pthread_rwlock_init(&tree->lock, &attr);
	pthread_rwlockattr_destroy(&attr);
	return -err;
}

int tree_reset_names(struct tree *tree)
{
	names_clear(&tree->names);
	return names_set(&tree->names, "init", NAME_PID, PID_INIT, 0);
}

static int set_sysctls(struct tree *tree, char **error)
{
	struct out sentence = OUT_INIT;
	int err = boot_sysctls(tree, &sentence);

	if (err && sentence.len && !sentence.failed)
		*error = strdup(sentence.text);
	out_free(&sentence);
	return err;
}

static int start(struct tree *tree, char **error)
{
	int err = rows_build(tree);

	if (err) {
		if (err != -ENOMEM)
			*error = strdup("the tables of the tree do not fit together");
		return err;
	}
	err = machine_boot(tree->config, &tree->machine, error);
	if (!err)
		err = set_sysctls(tree, error);
	if (!err)
		err = tree_reset_names(tree);
	if (!err)
		err = journal_create(tree);
	return err ? err : ctl_create(tree);
}

int tree_create(const struct machine_config *config, struct tree **result, char **error)
{
	struct tree *tree = calloc(1, sizeof(*tree));
	int err;

	*error = NULL;
	if (!tree)
		return -ENOMEM;
	tree->config = config;
	tree->host_proc = host_proc_open();
	err = shown_init(&tree->shown);
	if (!err)
		err = lock_init(tree);
	if (err) {
		shown_free(&tree->shown);
		free(tree);
		return err;
	}
	err = start(tree, error);
	if (err) {
		tree_free(tree);
		return err;
	}
	*result = tree;
	return 0;
}

static void last_line_free(struct last_line *last)
{
	out_free(&last->path);
	out_free(&last->line);
	out_free(&last->result);
	out_free(&last->sentence);
}

void tree_free(struct tree *tree)
{
	if (!tree)
		return;
	ctl_destroy(tree);
	journal_destroy(tree);
	state_close(tree->state);
	if (tree->machine)
		machine_free(tree->machine);
	names_free(&tree->names);
	last_line_free(&tree->last);
	rows_free(tree);
	if (tree->host_proc >= 0)
		close(tree->host_proc);
	wide_ids_free(&tree->wide);
	shown_free(&tree->shown);
	pthread_rwlock_destroy(&tree->lock);
	free(tree);
}

const struct machine *tree_machine(const struct tree *tree)
{
	return tree->machine;
}

u64 tree_history(struct tree *tree)
{
	u64 nr;

	tree_lock_read(tree);
	nr = journal_lines(tree);
	tree_unlock(tree);
	return nr;
}

int tree_commit(struct tree *tree)
{
	return journal_commit(tree);
}

void tree_on_progress(struct tree *tree, tree_progress_fn tell, void *arg)
{
	tree->progress = (struct replay_progress){ .tell = tell, .arg = arg };
}

u64 coarse_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
	return (u64)now.tv_sec * 1000000000 + (u64)now.tv_nsec;
}

void progress_begin(struct tree *tree, u64 total)
{
	tree->progress.total = total;
	tree->progress.next_ns = coarse_ns() + 1000000000;
}

void progress_made(struct tree *tree, u64 done)
{
	struct replay_progress *progress = &tree->progress;
	u64 now;

	if (!progress->tell)
		return;
	now = coarse_ns();
	if (now < progress->next_ns)
		return;
	progress->next_ns = now + 1000000000;
	progress->tell(progress->arg, done, progress->total);
}

int tree_guard(struct tree *tree, int (*change)(void *arg), void *arg)
{
	struct bug_trap trap;
	int err;

	if (tree->machine->broken)
		return -EIO;
	tree->machine->trap = &trap;
	err = setjmp(trap.jump) ? -EIO : change(arg);
	tree->machine->trap = NULL;
	return err;
}

struct store_call {
	struct store *store;
	const struct view *view;
	const char *text;
};

static int run_store(void *arg)
{
	struct store_call *call = arg;
	struct store *store = call->store;
	int err = call->view->entry->store(store, call->view, call->text);

	/* As behind a call. */
	if (!err || store->changed)
		blk_settle(store->m, 0);
	return err;
}

int tree_guard_store(struct tree *tree, struct store *store, const struct view *view,
		     const char *text)
{
	return tree_guard(tree, run_store, &(struct store_call){ store, view, text });
}

static void set_text(struct out *out, const char *text)
{
	out_clear(out);
	out_puts(out, text ? text : "");
}

void last_line_set(struct tree *tree, const struct last_text *text, int err)
{
	struct last_line *last = &tree->last;

	last->any = true;
	last->err = err;
	last->help = text->help;
	set_text(&last->path, text->path);
	set_text(&last->line, text->line);
	set_text(&last->result, text->result);
	set_text(&last->sentence, text->sentence);
}
