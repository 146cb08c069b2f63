// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A line is cut at 1 KiB, like the kernel's. Running out of host memory sets
 * `failed` in the buffers; machine_boot() asks once, at its end.
 */
#include "sim/boot/boot_log.h"

#include <stdarg.h>
#include <stdio.h>

#define LINE_BYTES 1024

void printk(struct machine *m, int level, const char *fmt, ...)
{
	char line[LINE_BYTES];
	u64 us = MAX(m->now_ns, m->waited_until_ns) / 1000;
	va_list args;

	va_start(args, fmt);
	vsnprintf(line, sizeof(line), fmt, args);
	va_end(args);
	out_printf(&m->boot_log->dmesg, "<%d>[%5llu.%06llu] %s\n", level,
		   (unsigned long long)(us / 1000000),
		   (unsigned long long)(us % 1000000), line);
}

void boot_step(struct machine *m, const char *name)
{
	struct boot_log *log = m->boot_log;
	struct boot_step *step = &log->steps[log->nr_steps];

	if (log->nr_steps == ARRAY_SIZE(log->steps))
		return;
	snprintf(step->name, sizeof(step->name), "%02u-%s", ++log->nr_steps, name);
}

void boot_note(struct machine *m, const char *fmt, ...)
{
	struct boot_log *log = m->boot_log;
	char line[LINE_BYTES];
	va_list args;

	if (!log->nr_steps)
		return;
	va_start(args, fmt);
	vsnprintf(line, sizeof(line), fmt, args);
	va_end(args);
	out_puts(&log->steps[log->nr_steps - 1].text, line);
	out_putc(&log->steps[log->nr_steps - 1].text, '\n');
}

struct boot_log *boot_log_new(struct arena *arena)
{
	return arena_alloc(arena, sizeof(struct boot_log));
}

int boot_log_error(const struct boot_log *log)
{
	int err = out_error(&log->dmesg);

	for (unsigned int i = 0; !err && i < log->nr_steps; i++)
		err = out_error(&log->steps[i].text);
	return err;
}

void boot_log_free(struct arena *arena, struct boot_log *log)
{
	if (!log)
		return;
	out_free(&log->dmesg);
	for (unsigned int i = 0; i < log->nr_steps; i++)
		out_free(&log->steps[i].text);
	arena_free(arena, log, sizeof(*log));
}
