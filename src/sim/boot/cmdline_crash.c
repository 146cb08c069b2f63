// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * crashkernel=: a size, or ranges of memory with the size for each, and an address behind
 * '@'. ,high and ,low are told apart when the word is read.
 */
#include "sim/boot/cmdline.h"

#include "sim/base/memparse.h"

static bool ends_word(char c)
{
	return !c || c == ' ' || c == '\t' || c == '\n' || c == '"';
}

/* START-[END]:SIZE,...: the size of the first range that has ram_bytes in it. */
static u64 size_of_range(const char *at, u64 ram_bytes)
{
	/* The firmware keeps some of it: 8G of memory never are quite 8G. */
	ram_bytes = ALIGN_UP(ram_bytes, 128 * SZ_1M);
	do {
		u64 start = memparse(at, &at), end = UINT64_MAX, size;
		const char *colon;

		if (*at++ != '-')
			return 0;
		if (*at != ':')
			end = memparse(at, &at);
		if (*at++ != ':' || end <= start)
			return 0;
		colon = at;
		size = memparse(at, &at);
		if (at == colon || size >= ram_bytes)
			return 0;
		if (ram_bytes >= start && ram_bytes < end)
			return size;
	} while (*at++ == ',');
	return 0;
}

u64 cmdline_crash_size(const struct cmdline *cmdline, u64 ram_bytes, u64 *base)
{
	const char *at = cmdline->crash, *end = at;
	bool by_range = false;
	u64 size;

	*base = 0;
	if (!at)
		return 0;
	for (; !ends_word(*end) && *end != '@'; end++)
		by_range |= *end == ':';
	if (*end == '@')
		*base = memparse(end + 1, NULL);
	if (by_range)
		return size_of_range(at, ram_bytes);
	size = memparse(at, &at);
	return ends_word(*at) || *at == '@' ? size : 0;
}
