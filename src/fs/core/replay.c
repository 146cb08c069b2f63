// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What belongs to a machine's life (the machine, names, last calls) is set aside,
 * made anew, and put back if the new life fails. Each line must give the result that
 * the journal has; another one is a broken promise, reported, and the old life goes on.
 */
#include "fs/core/boot_sysctl.h"
#include "fs/core/replay.h"

#include <stdlib.h>

#include "fs/core/call.h"
#include "fs/core/journal.h"

struct life {
	struct machine *machine;
	struct names names;
	struct ctl_state *ctl;
};

static void life_save(struct tree *tree, struct life *life)
{
	*life = (struct life){ tree->machine, tree->names, tree->ctl };
}

static void life_restore(struct tree *tree, const struct life *life)
{
	tree->machine = life->machine;
	tree->life++;
	tree->names = life->names;
	tree->ctl = life->ctl;
}

static void life_end(struct life *life)
{
	if (life->machine)
		machine_free(life->machine);
	names_free(&life->names);
	ctl_state_free(life->ctl);
}

/* A fresh life in the tree; the old one is in *old. On failure nothing changed. */
static int life_begin(struct tree *tree, struct life *old, struct out *sentence)
{
	struct life new = { 0 };
	char *error = NULL;
	int err;

	life_save(tree, old);
	err = machine_boot(tree->config, &new.machine, &error);
	if (!err)
		new.ctl = ctl_state_new(tree);
	if (err || !new.ctl) {
		out_printf(sentence, "the new machine does not boot: %s",
			   error ? error : "the host has no memory left");
		free(error);
		life_end(&new);
		return err ? err : -ENOMEM;
	}
	life_restore(tree, &new);
	err = boot_sysctls(tree, sentence);
	if (!err)
		err = tree_reset_names(tree);
	if (err) {
		life_save(tree, &new);
		life_restore(tree, old);
		life_end(&new);
		if (err == -ENOMEM)
			out_puts(sentence, "the host has no memory left");
	}
	return err;
}

struct replay {
	struct tree *tree;
	struct out *sentence;
	u64 nr;			/* lines done */
};

/* proc/sys/vm/swappiness, from the root. No links lead there. */
static int find_node(struct tree *tree, const char *path, struct node *node)
{
	char name[256];

	*node = NODE_ROOT;
	while (*path) {
		size_t len = strcspn(path, "/");
		int err;

		if (len >= sizeof(name))
			return -ENAMETOOLONG;
		memcpy(name, path, len);
		name[len] = '\0';
		path += len + (path[len] == '/');
		err = node_child(tree, *node, name, (struct caller){ 0 }, node);
		if (err)
			return err;
	}
	return 0;
}

int replay_store(struct tree *tree, const char *path, const char *text, struct out *sentence,
		 int *came_to)
{
	struct store store = { .m = tree->machine, .sentence = sentence };
	struct view view;
	struct node node;
	int err = find_node(tree, path, &node);

	if (!err)
		err = node_view(tree, node, (struct caller){ 0 }, &view);
	if (!err && !view.entry->store)
		err = -EACCES;
	if (err)
		return err;
	*came_to = tree_guard_store(tree, &store, &view, text);
	return 0;
}

static int store_again(struct replay *replay, struct journal_line *line)
{
	int came_to, err;

	err = replay_store(replay->tree, line->path, line->text, replay->sentence, &came_to);
	if (err)
		return err;
	if (came_to != line->err)
		return came_to ? came_to : -EIO;
	out_clear(replay->sentence);
	return 0;
}

/* `@` and `@name` mean now what they meant then. */
static int resolve(struct tree *tree, struct call *call)
{
	const struct last_call *last = last_call_of(tree, call->scope);

	for (unsigned int i = 0; i < MAX_ARGS; i++) {
		struct arg *arg = &call->args[i];
		const struct name *name;

		if (!arg->given || arg->from == ARG_PLAIN)
			continue;
		if (arg->from == ARG_LAST) {
			if (!last || !last->has_address)
				return -ENOENT;
			arg->value = last->address + (u64)arg->offset;
			continue;
		}
		name = names_find(&tree->names, arg->text);
		if (!name)
			return -ENOENT;
		arg->value = name->value + (u64)arg->offset;
	}
	return 0;
}

static int replay_call(struct replay *replay, struct journal_line *line)
{
	struct call *call = &line->call;
	int was_err = call->err, err;
	u64 was_value = call->value;

	call->tree = replay->tree;
	call->sentence = replay->sentence;
	call->replaying = true;
	err = resolve(replay->tree, call);
	if (err)
		return err;
	call_run(call);
	if (call->err != was_err || call->value != was_value)
		return -EIO;
	out_clear(replay->sentence);
	return 0;
}

static int replay_line(void *arg, struct journal_line *line)
{
	struct replay *replay = arg;
	int err = line->is_store ? store_again(replay, line) : replay_call(replay, line);

	if (err) {
		out_clear(replay->sentence);
		out_printf(replay->sentence, "line %llu of the journal went otherwise when it was "
			   "run again (%s)", (unsigned long long)replay->nr + 1, errno_text(err));
		return err == -ENOMEM ? err : -EIO;
	}
	progress_made(replay->tree, ++replay->nr);
	return 0;
}

int replay_prefix(struct tree *tree, u64 nr, struct out *sentence)
{
	struct replay replay = { .tree = tree, .sentence = sentence };
	struct life old, failed;
	int err = life_begin(tree, &old, sentence);

	if (err)
		return err;
	progress_begin(tree, nr);
	err = journal_walk(tree, nr, replay_line, &replay);
	if (err) {
		life_save(tree, &failed);
		life_restore(tree, &old);
		life_end(&failed);
		return err;
	}
	journal_cut(tree, nr);
	life_end(&old);
	return 0;
}

int replay_reboot(struct tree *tree, struct out *sentence)
{
	struct life old;
	int err = life_begin(tree, &old, sentence);

	if (err)
		return err;
	journal_restart(tree);
	life_end(&old);
	return 0;
}
