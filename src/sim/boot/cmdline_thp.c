// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * thp_anon= and thp_shmem=: ranges of sizes, each with a word. As in the kernel, one
 * mistake makes all of it count for nothing.
 */
#include "sim/boot/cmdline.h"

#include "sim/base/memparse.h"

struct range {
	unsigned int first, last;	/* orders */
};

/* The order of the size that the text begins with; -1: no such size. */
static int parse_order(const char *text, u64 valid_orders)
{
	const char *end;
	u64 size = memparse(text, &end);
	int order;

	if (!is_power_of_2(size))
		return -1;
	order = get_order(size);
	return order < 16 && valid_orders >> order & 1 ? order : -1;
}

static bool parse_range(const char *text, const char *stop, u64 valid_orders,
			struct range *range)
{
	const char *dash = memchr(text, '-', stop - text);
	int first = parse_order(text, valid_orders);
	int last = dash ? parse_order(dash + 1, valid_orders) : first;

	if (first < 0 || last < first)
		return false;
	*range = (struct range){ first, last };
	return true;
}

/* The end of the part that begins at text: the separator, or `stop`. */
static const char *part_end(const char *text, const char *stop, char separator)
{
	const char *end = memchr(text, separator, stop - text);

	return end ? end : stop;
}

static bool take_ranges(const char *text, const char *stop, unsigned int word,
			u64 valid_orders, u64 *packed)
{
	for (;;) {
		const char *end = part_end(text, stop, ',');
		struct range range;

		if (!parse_range(text, end, valid_orders, &range))
			return false;
		for (unsigned int order = range.first; order <= range.last; order++)
			*packed = (*packed & ~(15ULL << (4 * order))) | (u64)word << (4 * order);
		if (end == stop)
			return true;
		text = end + 1;
	}
}

static int find_word(const char *text, size_t len, const char *const words[], unsigned int nr)
{
	for (unsigned int i = 0; i < nr; i++)
		if (strlen(words[i]) == len && !memcmp(words[i], text, len))
			return (int)i;
	return -1;
}

bool cmdline_thp_sizes(const char *text, size_t len, const char *const words[],
		       unsigned int nr_words, u64 valid_orders, u64 *packed)
{
	const char *stop = text + len;
	u64 result = *packed;

	for (;;) {
		const char *end = part_end(text, stop, ';'), *colon = part_end(text, end, ':');
		int word = colon < end ?
			   find_word(colon + 1, end - colon - 1, words, nr_words) : -1;

		if (word < 0 || !take_ranges(text, colon, word, valid_orders, &result))
			return false;
		if (end == stop)
			break;
		text = end + 1;
	}
	*packed = result;
	return true;
}
