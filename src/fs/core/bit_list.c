// SPDX-License-Identifier: GPL-2.0-or-later
/* A list is read region by region; the bits of those before a wrong one do not count. */
#include "fs/core/bit_list.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>
#include <strings.h>

struct region {
	unsigned int start, end;	/* both belong to it */
	unsigned int taken, of;		/* of each `of` bits the first so many */
};

static bool ends_list(char c)
{
	return !c || c == '\n';
}

static bool parts_regions(char c)
{
	return isspace((unsigned char)c) || c == ',';
}

static bool ends_region(char c)
{
	return ends_list(c) || parts_regions(c);
}

static int read_number(const char **p, unsigned int last, unsigned int *number)
{
	u64 value = 0;

	if (**p == 'N') {
		++*p;
		*number = last;
		return 0;
	}
	if (!isdigit((unsigned char)**p))
		return -EINVAL;
	for (; isdigit((unsigned char)**p); ++*p)
		if (value <= UINT32_MAX)
			value = value * 10 + (u64)(**p - '0');
	*number = (unsigned int)value;
	return value > UINT32_MAX ? -EOVERFLOW : 0;
}

/* ":2/4" at *p, behind which nothing has to part it from the next. */
static int read_pattern(const char **p, unsigned int last, struct region *region)
{
	int err;

	if (*(*p)++ != ':')
		return -EINVAL;
	err = read_number(p, last, &region->taken);
	if (!err && *(*p)++ != '/')
		err = -EINVAL;
	return err ? err : read_number(p, last, &region->of);
}

static int read_region(const char **p, unsigned int last, struct region *region)
{
	int err = 0;

	*region = (struct region){ .end = last };
	if (!strncasecmp(*p, "all", 3)) {
		*p += 3;
	} else {
		err = read_number(p, last, &region->start);
		region->end = region->start;
		if (!err && **p == '-') {
			++*p;
			err = read_number(p, last, &region->end);
		} else if (!err && !ends_region(**p)) {
			err = -EINVAL;
		}
	}
	if (err)
		return err;
	region->taken = region->of = region->end + 1;
	return ends_region(**p) ? 0 : read_pattern(p, last, region);
}

int read_bit_list(const char *text, u64 *words, unsigned int nr_bits)
{
	memset(words, 0, DIV_ROUND_UP(nr_bits, 64) * sizeof(*words));
	for (;;) {
		struct region region;
		int err;

		while (parts_regions(*text))
			text++;
		if (ends_list(*text))
			return 0;
		err = read_region(&text, nr_bits - 1, &region);
		if (err)
			return err;
		if (region.start > region.end || !region.of || region.taken > region.of)
			return -EINVAL;
		if (region.end >= nr_bits)
			return -ERANGE;
		for (unsigned int bit = region.start; bit <= region.end; bit++)
			if ((bit - region.start) % region.of < region.taken)
				words[bit / 64] |= 1ULL << (bit % 64);
		if (ends_list(*text))
			return 0;
	}
}
