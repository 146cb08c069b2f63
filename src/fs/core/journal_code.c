// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Numbers are LEB128, signed ones folded to and fro first. A call is
 *   verb + 1, scope, form, number of arguments, arguments, name, -errno, value
 * where an argument begins with a byte that says what follows: where the value came
 * from, and whether it has a text. A store is 0, path, text, -errno.
 */
#include "fs/core/journal_code.h"

#define ARG_HAS_TEXT 4

static u8 *put_u64(u8 *p, u64 value)
{
	while (value >= 0x80) {
		*p++ = (u8)value | 0x80;
		value >>= 7;
	}
	*p++ = (u8)value;
	return p;
}

static const u8 *get_u64(const u8 *p, u64 *value)
{
	unsigned int shift = 0;

	for (*value = 0; *p & 0x80; shift += 7)
		*value |= (u64)(*p++ & 0x7f) << shift;
	*value |= (u64)*p++ << shift;
	return p;
}

static u64 fold(s64 value)
{
	return (u64)value << 1 ^ (u64)(value >> 63);
}

static s64 unfold(u64 value)
{
	return (s64)(value >> 1 ^ -(value & 1));
}

static u8 *put_text(u8 *p, const char *text, size_t len)
{
	p = put_u64(p, len);
	memcpy(p, text, len);
	return p + len;
}

/* A copy of the text that ends with NUL, at *room, which moves behind it. */
static const u8 *get_text(const u8 *p, char **room, char **text, size_t *len)
{
	u64 n;

	p = get_u64(p, &n);
	memcpy(*room, p, n);
	(*room)[n] = '\0';
	*text = *room;
	*len = n;
	*room += n + 1;
	return p + n;
}

static u8 *put_arg(u8 *p, const struct arg *arg)
{
	*p++ = arg->from | (arg->text ? ARG_HAS_TEXT : 0);
	if (arg->text)
		p = put_text(p, arg->text, arg->len);
	if (arg->from == ARG_PLAIN)
		return put_u64(p, fold((s64)arg->value));
	return put_u64(p, fold(arg->offset));
}

static const u8 *get_arg(const u8 *p, struct arg *arg, char **room)
{
	u8 how = *p++;
	char *text = NULL;
	size_t len = 0;
	u64 value;

	if (how & ARG_HAS_TEXT)
		p = get_text(p, room, &text, &len);
	p = get_u64(p, &value);
	*arg = (struct arg){
		.given = true, .from = how & 3, .text = text, .len = len,
	};
	if (arg->from == ARG_PLAIN)
		arg->value = (u64)unfold(value);
	else
		arg->offset = unfold(value);
	return p;
}

size_t journal_put_call(u8 *start, const struct call *call)
{
	u8 *p = start;

	p = put_u64(p, verb_number(call->verb) + 1);
	p = put_u64(p, call->scope);
	*p++ = call->form;
	*p++ = call->nr_args;
	for (unsigned int i = 0; i < call->nr_args; i++)
		p = put_arg(p, &call->args[verb_form_slot(call->verb, call->form, i)]);
	p = put_text(p, call->name, strlen(call->name));
	p = put_u64(p, -call->err);
	if (!call->err)
		p = put_u64(p, call->value);
	return p - start;
}

static const u8 *get_call(const u8 *p, struct call *call, char *room)
{
	char *name;
	size_t len;
	u64 number;

	p = get_u64(p, &number);
	call->scope = number;
	call->form = *p++;
	call->nr_args = *p++;
	for (unsigned int i = 0; i < call->nr_args; i++)
		p = get_arg(p, &call->args[verb_form_slot(call->verb, call->form, i)], &room);
	p = get_text(p, &room, &name, &len);
	memcpy(call->name, name, len + 1);
	p = get_u64(p, &number);
	call->err = -(int)number;
	if (!call->err)
		p = get_u64(p, &call->value);
	return p;
}

size_t journal_store_bytes(const char *path, const char *text)
{
	return 1 + 3 * 10 + strlen(path) + strlen(text);
}

size_t journal_put_store(u8 *start, const char *path, const char *text, int err)
{
	u8 *p = start;

	*p++ = 0;
	p = put_text(p, path, strlen(path));
	p = put_text(p, text, strlen(text));
	p = put_u64(p, -err);
	return p - start;
}

size_t journal_get(const u8 *start, struct journal_line *line)
{
	const u8 *p = start;
	char *room = line->room;
	size_t len;
	u64 number;

	p = get_u64(p, &number);
	memset(&line->call, 0, sizeof(line->call));
	line->is_store = number == 0;
	if (line->is_store) {
		p = get_text(p, &room, &line->path, &len);
		p = get_text(p, &room, &line->text, &len);
		p = get_u64(p, &number);
		line->err = -(int)number;
	} else {
		line->call.verb = verb_at(number - 1);
		p = get_call(p, &line->call, room);
	}
	return p - start;
}
