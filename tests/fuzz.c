// SPDX-License-Identifier: GPL-2.0-or-later
/* Random numbers from the seed alone, and lines put together from words. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "fuzz.h"

u64 next_random(struct fuzz *f)
{
	f->rng ^= f->rng << 13;
	f->rng ^= f->rng >> 7;
	f->rng ^= f->rng << 17;
	return f->rng * 0x2545f4914f6cdd1dULL;
}

unsigned int below(struct fuzz *f, unsigned int n)
{
	return (next_random(f) >> 32) % n;
}

bool one_in(struct fuzz *f, unsigned int n)
{
	return below(f, n) == 0;
}

void say(struct fuzz *f, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	f->len += vsnprintf(f->line + f->len, LINE_ROOM - f->len, fmt, args);
	va_end(args);
}

void fuzz_make(struct fuzz *f, const struct fuzz_maker *makers, unsigned int nr)
{
	unsigned int total = 0, at, i = 0;

	for (unsigned int each = 0; each < nr; each++)
		total += makers[each].weight;
	at = below(f, total);
	while (at >= makers[i].weight)
		at -= makers[i++].weight;
	makers[i].say(f);
}

void fuzz_forget(struct fuzz *f)
{
	memset(f->page, 0, sizeof(f->page));
	memset(f->object, 0, sizeof(f->object));
	memset(f->area, 0, sizeof(f->area));
	memset(f->cache, 0, sizeof(f->cache));
	memset(f->cache_object, 0, sizeof(f->cache_object));
	memset(f->contig, 0, sizeof(f->contig));
	memset(f->task, 0, sizeof(f->task));
	memset(f->range, 0, sizeof(f->range));
	memset(f->file, 0, sizeof(f->file));
	memset(f->huge, 0, sizeof(f->huge));
	f->huge_file = 0;
}
