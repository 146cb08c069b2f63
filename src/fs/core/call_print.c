// SPDX-License-Identifier: GPL-2.0-or-later
/* Calls and results as text: the short form for scripts, strace's for readers. */
#include "fs/core/call.h"

void call_result(struct out *out, const struct verb *verb, int err, u64 value)
{
	if (err)
		out_printf(out, "-1 %s", errno_text(err));
	else if (verb->result == RESULT_POINTER || verb->result == RESULT_PFN)
		out_printf(out, "%#llx", (unsigned long long)value);
	else if (verb->result == RESULT_NUMBER || verb->result == RESULT_PID)
		out_printf(out, "%lld", (long long)value);
	else
		out_putc(out, '0');
}

static enum arg_kind kind_of(const u8 *kinds, unsigned int i)
{
	return kinds[i] & ~A_OPTIONAL;
}

void call_print(struct out *out, const struct verb *verb, unsigned int form,
		unsigned int nr_args, const struct arg *args)
{
	const u8 *kinds = verb_form_args(verb, form);

	out_puts(out, verb->name);
	for (unsigned int i = 0; i < nr_args; i++) {
		out_putc(out, ' ');
		arg_print(out, kind_of(kinds, i), &args[verb_form_slot(verb, form, i)]);
	}
}

void last_call_print(struct out *out, const struct last_call *last)
{
	const struct verb *verb = last->verb;
	const u8 *kinds = verb_form_args(verb, last->form);

	out_printf(out, "%s(", verb->name);
	for (unsigned int i = 0; i < last->nr_args; i++) {
		if (i)
			out_puts(out, ", ");
		arg_print_c(out, kind_of(kinds, i),
			    &last->args[verb_form_slot(verb, last->form, i)]);
	}
	out_puts(out, ") = ");
	call_result(out, verb, last->err, last->value);
	if (last->err && last->sentence)
		out_printf(out, " (%s)", last->sentence);
}
