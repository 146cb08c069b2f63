// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A write is parsed whole before anything changes; then the field is set and the
 * row's changed() recomputes what hangs on it. Its failure restores the field.
 */
#include "fs/core/value.h"

#include <ctype.h>
#include <stdlib.h>
#include <strings.h>

#define SYSCTL_DIGITS 21	/* the longest number that a sysctl reads */
#define SYSCTL_BLANKS " \t\n"
#define PROC_NUMBUF 13		/* a number's room in the files of a process */
#define QUOTED_CHARS 60		/* of a text that is refused, in the sentence */
#define QUOTED "%.60s"

static const struct value_entry *value_row(const struct view *v)
{
	return container_of(v->entry, struct value_entry, entry);
}

static bool is_wide(u8 type)
{
	return type == VALUE_ULONG || type == VALUE_SYS_ULONG || type == VALUE_SYS_ANY_BASE;
}

static void *value_field(const struct machine *m, const struct value_entry *row)
{
	return (char *)m->tunables + row->offset;
}

static s64 value_get(const struct machine *m, const struct value_entry *row)
{
	const void *field = value_field(m, row);

	if (row->type == VALUE_SYS_UINT || row->type == VALUE_SYS_LOW32)
		return *(const u32 *)field;
	return is_wide(row->type) ? (s64)*(const u64 *)field : *(const s32 *)field;
}

static void value_set(struct machine *m, const struct value_entry *row, s64 value)
{
	void *field = value_field(m, row);

	if (is_wide(row->type))
		*(u64 *)field = value;
	else
		*(s32 *)field = value;
}

int value_show(struct out *out, const struct view *v)
{
	const struct value_entry *row = value_row(v);
	s64 value = value_get(v->m, row);

	if (row->type == VALUE_SYS_BOOL)
		out_puts(out, value ? "true\n" : "false\n");
	else if (is_wide(row->type))
		out_printf(out, "%llu\n", (unsigned long long)value);
	else
		out_printf(out, "%lld\n", (long long)value);
	return 0;
}

int sysctl_number(const char **text, u64 *value, bool *negative)
{
	const char *p = *text;
	const char *first;
	char *end;

	while (isspace((unsigned char)*p))
		p++;
	if (!*p)
		return 0;
	first = p;
	*negative = *p == '-' && p[1];
	if (*negative)
		p++;
	if (!isdigit((unsigned char)*p))
		return -EINVAL;
	errno = 0;
	*value = strtoull(p, &end, 0);
	if (errno || end - first >= SYSCTL_DIGITS)
		return -EINVAL;
	if (*end && *end != ' ' && *end != '\t' && *end != '\n')
		return -EINVAL;
	*text = end;
	return 1;
}

int sysctl_int(const char **text, s32 *value)
{
	u64 number;
	bool negative;
	int ret = sysctl_number(text, &number, &negative);

	if (ret <= 0)
		return ret;
	if (number > (u64)INT32_MAX + negative)
		return -EINVAL;
	*value = negative ? -(s64)number : (s64)number;
	return 1;
}

/* What is too large is so whatever stands behind it. */
static int number_until(const char *text, const char *stop, unsigned int base, u64 *value)
{
	char *end;

	if (*text == '+')
		text++;
	if (!isxdigit((unsigned char)*text))
		return -EINVAL;
	errno = 0;
	*value = strtoull(text, &end, base);
	if (end == text)
		return -EINVAL;
	if (errno)
		return -ERANGE;
	return end == stop ? 0 : -EINVAL;
}

static int s32_until(const char *text, const char *stop, unsigned int base, s32 *value)
{
	bool negative = *text == '-';
	u64 number;
	int err = -EINVAL;

	if (!negative || text[1] != '+')
		err = number_until(text + negative, stop, base, &number);
	if (err)
		return err;
	if (number > (u64)INT32_MAX + negative)
		return -ERANGE;
	*value = negative ? -(s64)number : (s64)number;
	return 0;
}

int sysfs_number(const char *text, unsigned int base, u64 *value)
{
	return number_until(text, text + strlen(text), base, value);
}

int sysfs_s32(const char *text, unsigned int base, s32 *value)
{
	return s32_until(text, text + strlen(text), base, value);
}

/* Of so many characters, without the blanks around them. */
static int stripped_until(const char *text, const char *stop, unsigned int base, s32 *value)
{
	while (text < stop && isspace((unsigned char)*text))
		text++;
	while (stop > text && isspace((unsigned char)stop[-1]))
		stop--;
	return s32_until(text, stop, base, value);
}

int stripped_s32(const char *text, s32 *value)
{
	return stripped_until(text, text + strlen(text), 0, value);
}

int pid_number(const char *text, unsigned int base, s32 *value)
{
	char number[PROC_NUMBUF];
	size_t len = strnlen(text, sizeof(number) - 1);

	memcpy(number, text, len);
	number[len] = '\0';
	return stripped_until(number, number + len, base, value);
}

int sysfs_bool(const char *text, bool *value)
{
	switch (*text) {
	case 'y': case 'Y': case 't': case 'T': case '1':
		*value = true;
		return 0;
	case 'n': case 'N': case 'f': case 'F': case '0':
		*value = false;
		return 0;
	case 'o': case 'O':
		if (text[1] == 'n' || text[1] == 'N')
			*value = true;
		else if (text[1] == 'f' || text[1] == 'F')
			*value = false;
		else
			return -EINVAL;
		return 0;
	}
	return -EINVAL;
}

int sysfs_word(const char *text, const char *const *words, unsigned int nr)
{
	for (unsigned int i = 0; i < nr; i++)
		if (!strcmp(words[i], text))
			return i;
	return -EINVAL;
}

void show_choice(struct out *out, const char *const *words, unsigned int nr,
		 unsigned int chosen)
{
	for (unsigned int i = 0; i < nr; i++)
		out_printf(out, i == chosen ? "%s[%s]" : "%s%s", i ? " " : "", words[i]);
	out_putc(out, '\n');
}

/* The number that the text says, by the row's type; *rest: what a sysctl leaves. */
static int value_parse(const struct machine *m, const struct value_entry *row,
		       const char *text, s64 *value, const char **rest)
{
	u64 number = 0;
	s32 small = 0;
	bool flag = false;
	int ret;

	switch (row->type) {
	case VALUE_TRUTH:
		if (rel_truth_is_an_int(m->release)) {
			ret = sysctl_int(&text, &small);
			number = small;
		} else {
			ret = sysctl_number(&text, &number, &flag);
		}
		*value = number != 0;
		*rest = text;
		return ret > 0 ? 0 : -EINVAL;
	case VALUE_SYS_S32:
		ret = sysfs_s32(text, 10, &small);
		*value = small;
		return ret;
	case VALUE_SYS_LOW32:
		ret = sysfs_number(text, 10, &number);
		*value = (u32)number;
		return ret || (m->arch->bits == 32 && number > UINT32_MAX) ? -EINVAL : 0;
	case VALUE_INT:
		ret = sysctl_int(&text, &small);
		*value = small;
		*rest = text;
		return ret > 0 ? 0 : -EINVAL;
	case VALUE_ULONG:
		ret = sysctl_number(&text, &number, &flag);
		if (ret <= 0 || flag)
			return -EINVAL;
		ret = 0;
		*rest = text;
		break;
	case VALUE_SYS_BOOL:
	case VALUE_SYS_FLAG:
		ret = sysfs_bool(text, &flag);
		number = flag;
		break;
	case VALUE_SYS_UINT:
	case VALUE_SYS_ULONG:
	case VALUE_SYS_ANY_BASE:
		ret = sysfs_number(text, row->type == VALUE_SYS_ANY_BASE ? 0 : 10, &number);
		if (ret || (row->type != VALUE_SYS_ULONG && number > UINT32_MAX))
			return -EINVAL;
		break;
	default:
		ret = sysfs_number(text, 10, &number);
	}
	if (ret)
		return ret;
	if (is_wide(row->type)) {
		if (m->arch->bits == 32 && number > UINT32_MAX)
			return -EINVAL;
	} else if (row->type != VALUE_SYS_UINT && number > INT32_MAX) {
		return -EINVAL;
	}
	*value = number;
	return 0;
}

/* Unsigned rows have their range in u64, where -1 as max means no limit. */
static bool value_fits(const struct value_entry *row, s64 value)
{
	if (is_wide(row->type))
		return (u64)value >= (u64)row->min && (u64)value <= (u64)row->max;
	return value >= row->min && value <= row->max;
}

/* What the row takes: "0 to 200", "8192 and more". */
static void print_range(struct out *out, const struct machine *m, const struct value_entry *row)
{
	u64 max = row->max;

	if (!is_wide(row->type)) {
		out_printf(out, "%lld to %lld", (long long)row->min, (long long)row->max);
		return;
	}
	if (row->type == VALUE_SYS_ANY_BASE || m->arch->bits == 32)
		max = MIN(max, UINT32_MAX);
	if (max == UINT64_MAX)
		out_printf(out, "%llu and more", (unsigned long long)row->min);
	else
		out_printf(out, "%llu to %llu", (unsigned long long)row->min,
			   (unsigned long long)max);
}

static void refuse_value(struct store *s, const struct value_entry *row, const char *text)
{
	const char *name = row->entry.name;
	bool sysctl = row->type == VALUE_INT || row->type == VALUE_ULONG || row->type == VALUE_TRUTH;
	const char *word = sysctl ? text + strspn(text, SYSCTL_BLANKS) : text;
	size_t len = sysctl ? strcspn(word, SYSCTL_BLANKS) : strlen(word);
	char *end;

	if (row->type == VALUE_SYS_BOOL || row->type == VALUE_SYS_FLAG) {
		out_printf(s->sentence, "'" QUOTED "': %s takes %s", text, name,
			   row->type == VALUE_SYS_BOOL ? "true or false" : "0 or 1");
		return;
	}
	(void)!strtoull(word, &end, 0);
	if (len && !isspace((unsigned char)*word) && end == word + len)
		out_printf(s->sentence, "%.*s is out of range: ", (int)MIN(len, QUOTED_CHARS), word);
	else
		out_printf(s->sentence, "'" QUOTED "' is not a number: ", text);
	out_printf(s->sentence, "%s takes ", name);
	print_range(s->sentence, s->m, row);
}

int value_store(struct store *s, const struct view *v, const char *text)
{
	const struct value_entry *row = value_row(v);
	s64 old = value_get(s->m, row);
	s64 value = 0;
	int err = value_parse(s->m, row, text, &value, &s->rest);

	if (!err && !value_fits(row, value))
		err = -EINVAL;
	if (err) {
		refuse_value(s, row, text);
		return err;
	}
	value_set(s->m, row, value);
	if (!row->changed)
		return 0;
	err = row->changed(s, old);
	if (err)
		value_set(s->m, row, old);
	return err;
}
