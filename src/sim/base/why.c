// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Three stores of notes: the settings, which stay, a ring of the latest, and one of what
 * that ring would have lost. A note is compared with those of the same call alone, and not
 * further back than a few: that is what makes a loop over many pages one sentence.
 */
#include "sim/base/why.h"

#define LOOK_BACK 8

/* Copy the strings; the arguments become their places. */
static void entry_fill(struct why_entry *e, enum why_kind kind, const char *fmt, u32 texts,
		       unsigned int nr_args, const u64 *args)
{
	size_t at = 0;

	e->fmt = fmt;
	e->kind = kind;
	e->texts = texts;
	e->nr_args = nr_args;
	for (unsigned int i = 0; i < nr_args; i++) {
		const char *text = (const char *)(uintptr_t)args[i];
		size_t len;

		e->args[i] = args[i];
		if (!(texts >> i & 1))
			continue;
		len = strnlen(text, WHY_TEXT - 1 - at);
		memcpy(e->text + at, text, len);
		e->text[at + len] = '\0';
		e->args[i] = at;
		at += len + (at + len < WHY_TEXT - 1);
	}
	e->text_len = at;
}

static bool entry_matches(const struct why_entry *e, const char *fmt, unsigned int nr_args,
			  const u64 *args)
{
	if (e->fmt != fmt)
		return false;
	for (unsigned int i = 0; i < nr_args && i < 2; i++) {
		bool text = e->texts >> i & 1;

		if (text ? strcmp(e->text + e->args[i], (const char *)(uintptr_t)args[i]) :
			   e->args[i] != args[i])
			return false;
	}
	return true;
}

static struct why_entry *find_setting(struct why_log *log, const char *fmt,
				      unsigned int nr_args, const u64 *args)
{
	for (u32 i = 0; i < log->nr_settings; i++)
		if (entry_matches(&log->settings[i], fmt, nr_args, args))
			return &log->settings[i];
	return log->nr_settings < WHY_SETTINGS ? &log->settings[log->nr_settings++] : NULL;
}

/* A place in the ring. What was there and matters more is kept. */
static struct why_entry *next_entry(struct why_log *log)
{
	struct why_entry *e = &log->latest[log->nr++ % WHY_ENTRIES];

	if (unlikely(e->kind == WHY_KILL) && log->nr > WHY_ENTRIES)
		log->kept[log->nr_kept++ % WHY_KEPT] = *e;
	e->times = 0;
	return e;
}

/* An earlier note of the same call that this one repeats, or a new place. */
static struct why_entry *find_step(struct why_log *log, const char *fmt,
				   unsigned int nr_args, const u64 *args)
{
	struct why_entry *e;

	for (u64 back = 1; back <= LOOK_BACK && back <= log->nr; back++) {
		e = &log->latest[(log->nr - back) % WHY_ENTRIES];
		if (e->kind == WHY_CALL)
			break;
		if (entry_matches(e, fmt, nr_args, args))
			return e;
	}
	return next_entry(log);
}

void why_note_call(struct why_log *log, const char *fmt, u32 texts, unsigned int nr_args,
		   const u64 *args)
{
	struct why_entry *e;

	if (unlikely(log->booting))
		return;
	e = next_entry(log);
	e->times = 1;
	entry_fill(e, WHY_CALL, fmt, texts, nr_args, args);
}

void why_note(struct why_log *log, enum why_kind kind, const char *fmt, u32 texts,
	      unsigned int nr_args, const u64 *args)
{
	struct why_entry *e;

	if (log->booting) {
		e = kind == WHY_SETTING ? find_setting(log, fmt, nr_args, args) : NULL;
		if (!e)
			return;
		e->times = 0;
	} else {
		e = find_step(log, fmt, nr_args, args);
	}
	e->times++;
	entry_fill(e, kind, fmt, texts, nr_args, args);
}

/* One conversion with its figure; returns what is behind it. */
static const char *print_figure(struct out *out, const char *fmt, const struct why_entry *e,
				unsigned int i, void (*names)(struct out *out, u64 mask))
{
	u64 value = i < e->nr_args ? e->args[i] : 0;
	bool prefix = false;

	for (fmt++; strchr("#0l", *fmt); fmt++)
		prefix |= *fmt == '#';
	switch (*fmt) {
	case 's':
		out_puts(out, e->text + value);
		break;
	case 'c':
		out_putc(out, (char)value);
		break;
	case 'd':
	case 'i':
		out_printf(out, "%lld", (long long)value);
		break;
	case 'x':
		out_printf(out, prefix ? "%#llx" : "%llx", (unsigned long long)value);
		break;
	case 'X':
		names(out, value);
		break;
	default:
		out_printf(out, "%llu", (unsigned long long)value);
		break;
	}
	return *fmt ? fmt + 1 : fmt;
}

static void entry_print(struct out *out, const struct why_entry *e,
			void (*names)(struct out *out, u64 mask))
{
	const char *fmt = e->fmt;
	unsigned int i = 0;

	while (*fmt) {
		size_t len = strcspn(fmt, "%");

		out_write(out, fmt, len);
		fmt += len;
		if (fmt[0] == '%' && fmt[1] == '%') {
			out_putc(out, '%');
			fmt += 2;
		} else if (*fmt) {
			fmt = print_figure(out, fmt, e, i++, names);
		}
	}
	if (e->times > 1)
		out_printf(out, " (%u times, the last with these figures)", e->times);
	out_putc(out, '\n');
}

void why_print(struct out *out, const struct why_log *log,
	       void (*names)(struct out *out, u64 mask))
{
	for (u32 i = 0; i < log->nr_settings; i++) {
		out_puts(out, "boot: ");
		entry_print(out, &log->settings[i], names);
	}
	for (u64 i = log->nr_kept - MIN(log->nr_kept, WHY_KEPT); i < log->nr_kept; i++)
		entry_print(out, &log->kept[i % WHY_KEPT], names);
	for (u64 i = log->nr - MIN(log->nr, WHY_ENTRIES); i < log->nr; i++)
		entry_print(out, &log->latest[i % WHY_ENTRIES], names);
}
