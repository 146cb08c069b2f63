// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * From a line to a call: the verb's forms are tried in order, the first whose kinds
 * fit the words is meant. When none fits, the form that came furthest says why.
 */
#include "fs/core/call.h"
#include "fs/core/strace_form.h"

static struct arg_env arg_env(struct request *req)
{
	const struct tree *tree = req->call.tree;
	const struct last_call *last = last_call_of(tree, req->call.scope);

	return (struct arg_env){
		.names = &tree->names,
		.last = last && last->has_address ? &last->address : NULL,
		.jiffy_ns = tree->ctl->jiffy_ns,
		.room = req->room,
	};
}

/* Does a form take so many words? From its first optional one on it need not have more. */
static bool form_takes(const u8 *kinds, unsigned int nr)
{
	unsigned int i = 0;

	if (nr > MAX_ARGS || (nr && !kinds[nr - 1]))
		return false;
	while (i < nr && !(kinds[i] & A_OPTIONAL))
		i++;
	return i < nr || nr == MAX_ARGS || !kinds[nr] || kinds[nr] & A_OPTIONAL;
}

/* Try one form: 0, or -EBADMSG with *fitted = how many words did fit. */
static int try_form(struct request *req, unsigned int form, unsigned int *fitted,
		    struct out *sentence)
{
	const struct verb *verb = req->call.verb;
	const u8 *kinds = verb_form_args(verb, form);
	unsigned int nr = req->words.nr;
	struct arg_env env;
	int err = 0;

	*fitted = 0;
	if (!form_takes(kinds, nr))
		return -EBADMSG;
	env = arg_env(req);
	memset(req->call.args, 0, sizeof(req->call.args));
	for (unsigned int i = 0; i < nr && !err; i++) {
		unsigned int slot = verb_form_slot(verb, form, i);

		err = arg_parse(&env, kinds[i] & ~A_OPTIONAL, &req->words.args[i],
				&req->call.args[slot], sentence);
		*fitted += !err;
	}
	return err;
}

static void say_usage(const struct verb *verb, struct out *sentence)
{
	out_printf(sentence, "%s%s%s", verb->name, verb->usage[0] ? " " : "", verb->usage);
}

static int complain(struct request *req, int best, struct out *sentence)
{
	const struct verb *verb = req->call.verb;
	unsigned int fitted;

	if (best >= 0) {
		int err = try_form(req, best, &fitted, sentence);

		out_puts(sentence, "; usage: ");
		say_usage(verb, sentence);
		return err;
	}
	out_printf(sentence, "%s takes other arguments than these %u: usage: ", verb->name,
		   req->words.nr);
	say_usage(verb, sentence);
	return -EBADMSG;
}

static int parse_args(struct request *req, struct out *sentence)
{
	const struct verb *verb = req->call.verb;
	unsigned int fitted, most_fitted = 0;
	int best = -1;

	for (unsigned int form = 0; form <= verb->nr_forms; form++) {
		if (!try_form(req, form, &fitted, NULL)) {
			req->call.form = form;
			req->call.nr_args = req->words.nr;
			return 0;
		}
		if (!form_takes(verb_form_args(verb, form), req->words.nr))
			continue;
		if (best < 0 || fitted > most_fitted) {
			best = form;
			most_fitted = fitted;
		}
	}
	return complain(req, best, sentence);
}

static unsigned int scope_slot(u32 scope)
{
	if (scope_is_task(scope))
		return V_PID;
	return scope >= SCOPE_CPU ? V_CPU : V_NAME;
}

static int find_verb(struct request *req, u32 scope, struct out *sentence)
{
	const struct word *word = &req->words.verb;
	unsigned int slot = scope_slot(scope);
	const struct verb_index *verbs = req->call.tree->verbs;
	const struct verb *verb = verb_index_find(verbs, word->text, word->len), *nearest;
	const char *alias = verb ? NULL : strace_alias(word);
	bool near;

	if (alias)
		verb = verb_index_find(verbs, alias, strlen(alias));
	req->call.verb = verb;
	if (verb && verb->scopes & 1U << slot)
		return 0;
	if (verb) {
		out_printf(sentence, "'%s' is not a call of this file: write it to %s",
			   verb->name, verb->scopes & 1U << V_PID ? "proc/PID/ctl" : "sim/ctl");
		return -ENOSYS;
	}
	out_quote(sentence, word->text, word->len);
	out_puts(sentence, " is not a call");
	nearest = verb_nearest(word->text, word->len, &near);
	if (nearest && near)
		out_printf(sentence, ": did you mean %s?", nearest->name);
	else if (nearest)
		out_printf(sentence, ": the nearest is %s, sim/help has them all",
			   nearest->name);
	return -ENOSYS;
}

/* `as NAME`: spelt well, and there is something to name. */
static int take_name(struct request *req, struct out *sentence)
{
	const struct word *word = &req->words.name;
	struct call *call = &req->call;

	call->name[0] = '\0';
	if (!word->len)
		return 0;
	if (word->len <= NAME_CHARS) {
		memcpy(call->name, word->text, word->len);
		call->name[word->len] = '\0';
	}
	if (!name_valid(call->name)) {
		out_quote(sentence, word->text, word->len);
		out_puts(sentence, " cannot be a name: a letter, then letters, digits, _ - .");
		return -EBADMSG;
	}
	if (call->verb->result == RESULT_NONE) {
		out_printf(sentence, "%s returns nothing that 'as %s' could name",
			   call->verb->name, call->name);
		return -EBADMSG;
	}
	return 0;
}

/* The value behind '=' must be one: a wrong one would never be met. */
static int check_expectation(const struct words *words, struct out *sentence)
{
	const struct word *value = &words->value, *name = &words->value_errno;
	u64 number;
	bool negative;

	if (name->len && !errno_number(name->text, name->len)) {
		out_quote(sentence, name->text, name->len);
		out_puts(sentence, " is no errno");
		return -EBADMSG;
	}
	if (!value->len || word_is(value, "?"))
		return 0;
	if (value->len > 1 && value->text[0] == '-' && value->text[1] == 'E' &&
	    errno_number(value->text + 1, value->len - 1))
		return 0;
	return number_parse(value, &number, &negative, sentence);
}

static void begin(struct call *call, struct tree *tree, u32 scope, struct out *sentence)
{
	call->tree = tree;
	call->scope = scope;
	call->verb = NULL;
	call->sentence = sentence;
	call->replaying = call->quiet = false;
}

static int parse_words(struct request *req, struct out *sentence)
{
	int err;

	if (!req->words.verb.len)
		return 0;
	err = check_expectation(&req->words, sentence);
	if (!err)
		err = strace_form(&req->words, sentence);
	if (!err)
		err = find_verb(req, req->call.scope, sentence);
	if (!err)
		err = parse_args(req, sentence);
	return err ? err : take_name(req, sentence);
}

int call_parse(struct tree *tree, u32 scope, const char *text, size_t len,
	       struct request *req, struct out *sentence)
{
	int err = words_split(text, len, &req->words, sentence);

	begin(&req->call, tree, scope, sentence);
	return err ? err : parse_words(req, sentence);
}

int call_parse_line(struct tree *tree, u32 scope, const char *text, size_t len,
		    struct request *req, struct out *sentence)
{
	int err = words_of_line(text, len, &req->words, sentence);

	begin(&req->call, tree, scope, sentence);
	return err ? err : parse_words(req, sentence);
}
