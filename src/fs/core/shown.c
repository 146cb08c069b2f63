// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Looking for who has ended costs a look at each process that was shown, so it is done
 * only when some task has been reaped since the last time, and, from time to time, what
 * nobody can have kept so long is forgotten: with the tree's write side, so that nobody
 * is just being shown.
 */
#include "fs/core/shown.h"

#include <stdlib.h>
#include <time.h>

#include "fs/core/tree_struct.h"
#include "sim/virt/task.h"

#define NR_WORDS (PID_LIMIT / 64)

int shown_init(struct shown *shown)
{
	pthread_mutex_init(&shown->lock, NULL);
	shown->bits = calloc(NR_WORDS, sizeof(*shown->bits));
	return shown->bits ? 0 : -ENOMEM;
}

void shown_free(struct shown *shown)
{
	free(shown->bits);
	pthread_mutex_destroy(&shown->lock);
}

void shown_add(struct tree *tree, struct node node)
{
	struct shown *shown = &tree->shown;
	u32 pid = node.id[0], word = pid / 64;
	unsigned int nr = atomic_load_explicit(&shown->nr_words, memory_order_relaxed);

	atomic_store_explicit(&shown->last_ns, coarse_ns(), memory_order_relaxed);
	if (atomic_load_explicit(&shown->bits[word], memory_order_relaxed) >> pid % 64 & 1)
		return;
	while (tree_row(tree, node)->kind != ROW_EACH)
		node = node_parent(tree, node);
	atomic_store(&shown->parent, node_to_ino(node_parent(tree, node)));
	atomic_fetch_or(&shown->bits[word], 1ULL << pid % 64);
	while (nr <= word && !atomic_compare_exchange_weak(&shown->nr_words, &nr, word + 1))
		continue;
}

/* The first pid from `from` on that was shown and has ended. 0: none. */
static u32 next_gone(const struct tree *tree, u32 from)
{
	const struct shown *shown = &tree->shown;
	const struct task_table *tasks = tree->machine->tasks;
	unsigned int nr = atomic_load(&shown->nr_words), i = 0;

	for (u32 word = from / 64; word < nr; word++) {
		u64 bits = atomic_load(&shown->bits[word]);

		for (bits &= word == from / 64 ? ~0ULL << from % 64 : ~0ULL; bits;
		     bits &= bits - 1) {
			u32 pid = word * 64 + (u32)__builtin_ctzll(bits);

			/* Both ascend. */
			while (tasks && i < tasks->nr && tasks->tasks[i]->pid < pid)
				i++;
			if (!tasks || i == tasks->nr || tasks->tasks[i]->pid != pid)
				return pid;
		}
	}
	return 0;
}

static bool nobody_ended(const struct tree *tree)
{
	return tree->shown.reaped == tasks_reaped(tree->machine) &&
	       tree->shown.life == tree->life;
}

/* Nobody will have ended since, unless somebody does. */
static void note_looked(struct tree *tree)
{
	tree->shown.reaped = tasks_reaped(tree->machine);
	tree->shown.life = tree->life;
}

static bool is_long_ago(const struct shown *shown)
{
	return coarse_ns() - atomic_load(&shown->last_ns) > SHOWN_KEPT_NS;
}

/* Write side. */
static void forget_all(struct tree *tree)
{
	struct shown *shown = &tree->shown;

	for (unsigned int i = atomic_load(&shown->nr_words); i; i--)
		atomic_store(&shown->bits[i - 1], 0);
	atomic_store(&shown->nr_words, 0);
	note_looked(tree);
}

bool tree_any_gone(struct tree *tree)
{
	struct shown *shown = &tree->shown;
	bool any, old;

	tree_lock_read(tree);
	pthread_mutex_lock(&shown->lock);
	any = !nobody_ended(tree);
	old = any && is_long_ago(shown);
	if (any && !old) {
		any = next_gone(tree, 1);
		if (!any)
			note_looked(tree);
	}
	pthread_mutex_unlock(&shown->lock);
	tree_unlock(tree);
	if (!old)
		return any;
	tree_lock_write(tree);
	old = is_long_ago(shown);
	if (old)
		forget_all(tree);
	tree_unlock(tree);
	return !old;
}

unsigned int tree_take_gone(struct tree *tree, struct node *dir, u32 *pids, unsigned int room)
{
	struct shown *shown = &tree->shown;
	unsigned int nr = 0;
	u32 pid = 0;

	tree_lock_read(tree);
	pthread_mutex_lock(&shown->lock);
	*dir = node_from_ino(atomic_load(&shown->parent));
	while (nr < room && (pid = next_gone(tree, pid + 1))) {
		atomic_fetch_and(&shown->bits[pid / 64], ~(1ULL << pid % 64));
		pids[nr++] = pid;
	}
	if (!pid)
		note_looked(tree);
	pthread_mutex_unlock(&shown->lock);
	tree_unlock(tree);
	return nr;
}
