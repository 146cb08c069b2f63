// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Running a call. Everything that may fail for want of host memory is secured
 * first: room in the journal, for the name and for the scope's memory of its last
 * call; the engine's own needs are the verb's matter (-ENOBUFS, before any change).
 */
#include "fs/core/call.h"

#include <stdio.h>
#include <stdlib.h>

#include "fs/core/ctl.h"
#include "fs/core/journal.h"

struct ctl_state *ctl_state_new(const struct tree *tree)
{
	unsigned int nr = SCOPE_CPU + tree->config->nr_cpus;
	struct ctl_state *state = calloc(1, sizeof(*state));

	if (!state)
		return NULL;
	state->scopes = calloc(nr, sizeof(*state->scopes));
	if (!state->scopes) {
		free(state);
		return NULL;
	}
	state->nr_scopes = nr;
	state->jiffy_ns = machine_config_jiffy_ns(tree->config);
	return state;
}

void ctl_state_free(struct ctl_state *state)
{
	if (!state)
		return;
	for (unsigned int i = 0; i < state->nr_scopes; i++) {
		if (state->scopes[i])
			free(state->scopes[i]->sentence);
		free(state->scopes[i]);
	}
	free(state->scopes);
	free(state);
}

int ctl_create(struct tree *tree)
{
	tree->ctl = ctl_state_new(tree);
	return tree->ctl ? 0 : -ENOMEM;
}

void ctl_destroy(struct tree *tree)
{
	ctl_state_free(tree->ctl);
	tree->ctl = NULL;
}

void scope_path(u32 scope, char path[32])
{
	if (scope < SCOPE_CPU)
		snprintf(path, 32, "sim/ctl");
	else
		snprintf(path, 32, "sim/cpu/%u/ctl", scope - SCOPE_CPU);
}

const struct last_call *last_call_of(const struct tree *tree, u32 scope)
{
	const struct last_call *last;

	if (scope >= tree->ctl->nr_scopes)
		return NULL;
	last = tree->ctl->scopes[scope];
	return last && last->any ? last : NULL;
}

/* The scope's memory, made now if it is not there. NULL: no host memory. */
static struct last_call *last_call_get(struct tree *tree, u32 scope)
{
	struct last_call **slot = &tree->ctl->scopes[scope];

	if (!*slot)
		*slot = calloc(1, sizeof(**slot));
	return *slot;
}

static bool is_address(const struct verb *verb)
{
	return verb->result == RESULT_POINTER || verb->result == RESULT_PFN;
}

static void remember(struct call *call)
{
	struct last_call *last = call->tree->ctl->scopes[call->scope];
	char *words = last->words;

	last->any = true;
	last->verb = call->verb;
	last->form = call->form;
	last->nr_args = call->nr_args;
	last->err = call->err;
	last->value = call->value;
	free(last->sentence);
	last->sentence = call->err && call->sentence->len ? strdup(call->sentence->text) : NULL;
	if (!call->err && is_address(call->verb)) {
		last->address = call->value;
		last->has_address = true;
	}
	for (unsigned int i = 0; i < MAX_ARGS; i++) {
		const struct arg *arg = &call->args[i];

		if (!arg->given) {
			last->args[i].given = false;
			continue;
		}
		last->args[i] = *arg;
		if (!arg->text)
			continue;
		last->args[i].text = words;
		memcpy(words, arg->text, arg->len + 1);
		words += arg->len + 1;
	}
}

static int secure_host_memory(struct call *call)
{
	int err = call->replaying ? 0 : journal_reserve_call(call->tree);

	if (!err && call->name[0])
		err = names_reserve(&call->tree->names);
	if (!err && !last_call_get(call->tree, call->scope))
		err = -ENOMEM;
	return err ? call_no_host_memory(call) : 0;
}

/* Behind the trap for broken invariants. */
static int run_guarded(void *arg)
{
	struct call *call = arg;
	struct machine *m = call->m;
	int err;

	m->cpu = call->scope >= SCOPE_CPU ? call->scope - SCOPE_CPU : 0;
	err = call->verb->run(call);
	if (!call->refused)
		/* The call's time passes; who is due then, or was woken, runs now. */
		machine_tick(m, m->config->cost[call->verb->cost]);
	m->cpu = 0;
	return err;
}

static int broken(struct call *call)
{
	out_clear(call->sentence);
	out_printf(call->sentence, "%s (see sim/dmesg): echo reboot > sim/ctl",
		   call->m->panicked ? "init was killed and the kernel panicked" :
				       "the machine stopped at a broken invariant");
	call->m->cpu = 0;
	return -EIO;
}

static int run_verb(struct call *call)
{
	struct tree *tree = call->tree;
	int err = secure_host_memory(call);

	if (err)
		return err;
	call->m = tree->machine;
	if (call->verb->flags & VERB_HISTORY)
		return call->verb->run(call);
	if (tree->machine->broken) {
		call->refused = true;
		return broken(call);
	}
	err = tree_guard(tree, run_guarded, call);
	return tree->machine->broken ? broken(call) : err;
}

void call_run(struct call *call)
{
	struct tree *tree = call->tree;

	call->refused = false;
	call->value = 0;
	call->err = run_verb(call);
	if (call->err)
		call->value = 0;
	if (!call->quiet && last_call_get(tree, call->scope))
		remember(call);
	if (call->refused)
		return;
	if (!call->err && call->name[0])	/* room and spelling were secured */
		call->err = names_set(&tree->names, call->name,
				      call->verb->result == RESULT_PFN ? NAME_PFN : NAME_ADDR,
				      call->value);
	if (!call->replaying && !(call->verb->flags & VERB_HISTORY))
		journal_append_call(tree, call);
}

int call_finish(struct request *req)
{
	struct call *call = &req->call;
	struct out result = OUT_INIT;
	int err;

	if (!req->words.value.len)
		return call->err;
	call_result(&result, call->verb, call->err, call->value);
	err = line_judge(&req->words, call->err, call->value, call->verb->name,
			 result.text ? result.text : "?", call->sentence);
	out_free(&result);
	return err;
}
