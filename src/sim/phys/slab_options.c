// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * SLUB's words of the kernel command line. slub_debug= is a list of blocks, split
 * by ';': letters, then optionally ',' and the caches that the letters are for.
 * A block without caches is for all; several blocks with caches are looked
 * through each time a cache is created, the first that names it decides.
 */
#include <ctype.h>
#include <stdlib.h>

#include "sim/phys/slab_types.h"

#define DEBUG_DEFAULT_FLAGS (SLAB_CONSISTENCY_CHECKS | SLAB_RED_ZONE | \
			     SLAB_POISON | SLAB_STORE_USER)

struct debug_block {
	u32 flags;
	bool no_higher_order;
	const char *names, *names_end;	/* NULL: for all caches */
};

static u32 debug_letter(char c)
{
	switch (tolower((unsigned char)c)) {
	case 'f':
		return SLAB_CONSISTENCY_CHECKS;
	case 'z':
		return SLAB_RED_ZONE;
	case 'p':
		return SLAB_POISON;
	case 'u':
		return SLAB_STORE_USER;
	case 't':
		return SLAB_TRACE;
	case 'a':
		return SLAB_FAILSLAB;
	}
	return 0;
}

/* Read one block; returns where the next begins, NULL after the last. */
static const char *debug_block_parse(const char *text, const char *end,
				     struct debug_block *block)
{
	*block = (struct debug_block) { 0 };
	while (text < end && *text == ';')
		text++;
	if (text < end && *text == ',')
		block->flags = DEBUG_DEFAULT_FLAGS;
	for (; text < end && *text != ',' && *text != ';'; text++) {
		if (*text == '-')
			block->flags = 0;
		else if (*text == 'o' || *text == 'O')
			block->no_higher_order = true;
		else
			block->flags |= debug_letter(*text);
	}
	if (text < end && *text == ',')
		block->names = ++text;
	while (text < end && *text != ';')
		text++;
	block->names_end = text;
	while (text < end && *text == ';')
		text++;
	return text < end ? text : NULL;
}

/* Does a name of the block's list, "kmalloc-*,dentry", fit this cache? */
static bool debug_block_names(const struct debug_block *block, const char *name)
{
	size_t len = strlen(name);

	for (const char *at = block->names; at < block->names_end;) {
		size_t rest = block->names_end - at;
		const char *comma = memchr(at, ',', rest);
		size_t n = comma ? (size_t)(comma - at) : rest;
		const char *star = memchr(at, '*', n);

		if (star ? !strncmp(name, at, star - at) :
			   n == len && !memcmp(name, at, n))
			return true;
		at += n + 1;
	}
	return false;
}

u32 slab_debug_flags(const struct slab_options *options, const char *name)
{
	const char *next = options->debug_lists;
	struct debug_block block;

	while (next) {
		next = debug_block_parse(next, options->debug_lists_end, &block);
		if (block.names && debug_block_names(&block, name))
			return block.flags;
	}
	return options->debug;
}

static void slab_debug_setup(struct slab_options *options, const char *text,
			     const char *end)
{
	bool lists = false, for_all = false;
	const char *next = text;
	struct debug_block block;
	u32 flags = DEBUG_DEFAULT_FLAGS;

	if (text == end) {
		options->debug = flags;
		return;
	}
	while (next) {
		next = debug_block_parse(next, end, &block);
		if (block.no_higher_order)
			options->disable_higher_order_debug = true;
		if (block.names) {
			lists = true;
		} else {
			for_all = true;
			flags = block.flags;
		}
	}
	if (lists) {
		options->debug_lists = text;
		options->debug_lists_end = end;
	}
	options->debug = lists && !for_all ? 0 : flags;
}

static u32 number(const char *text, u32 max)
{
	unsigned long n = strtoul(text, NULL, 0);

	return MIN(n, max);
}

/* The later word wins, where both do not go together. */
static void set_min_order(struct slab_options *options, enum release release, u32 order)
{
	options->min_order = order;
	if (rel_slub_orders_agree(release))
		options->max_order = MAX(options->max_order, order);
}

static void set_max_order(struct slab_options *options, enum release release, u32 order)
{
	options->max_order = order;
	if (rel_slub_orders_agree(release))
		options->min_order = MIN(options->min_order, order);
}

/* One word of the command line, its prefix "slub_" or "slab_" gone. */
static void slab_option(struct slab_options *options, enum release release, const char *word,
			const char *end)
{
	size_t len = end - word;

	if (len == 7 && !memcmp(word, "nomerge", 7))
		options->nomerge = true;
	else if (len == 5 && !memcmp(word, "merge", 5))
		options->nomerge = false;
	else if (len == 5 && !memcmp(word, "debug", 5))
		slab_debug_setup(options, end, end);
	else if (len >= 6 && !memcmp(word, "debug=", 6))
		slab_debug_setup(options, word + 6, end);
	else if (len > 10 && !memcmp(word, "min_order=", 10))
		set_min_order(options, release, number(word + 10, MAX_PAGE_ORDER));
	else if (len > 10 && !memcmp(word, "max_order=", 10))
		set_max_order(options, release, number(word + 10, MAX_PAGE_ORDER));
	else if (len > 12 && !memcmp(word, "min_objects=", 12))
		options->min_objects = number(word + 12, SLAB_MAX_OBJS);
}

/* Is the word `key` followed by a list, split by ',', that has `value`? */
static bool word_names(const char *word, size_t len, const char *key, const char *value)
{
	size_t key_len = strlen(key), value_len = strlen(value);
	const char *at = word + key_len, *end = word + len;

	if (len < key_len || memcmp(word, key, key_len))
		return false;
	while (at < end) {
		const char *comma = memchr(at, ',', end - at);
		size_t n = (comma ? comma : end) - at;

		if (n == value_len && !memcmp(at, value, n))
			return true;
		at += n + 1;
	}
	return false;
}

void slab_options_parse(struct slab_options *options, enum release release,
			const char *cmdline)
{
	const char *word = cmdline ? cmdline : "";

	*options = (struct slab_options) { .max_order = 3, .nomerge = options->nomerge };
	while (*word) {
		size_t len = strcspn(word, " \t\n");
		bool slab = !strncmp(word, "slab_", 5);

		/* Until 6.8 only merging was also spelt slab_. */
		if (slab && !rel_slub_options_are_slab(release) &&
		    strncmp(word + 5, "nomerge", 7) && strncmp(word + 5, "merge", 5))
			slab = false;
		if (slab || !strncmp(word, "slub_", 5))
			slab_option(options, release, word + 5, word + len);
		if (word_names(word, len, "cgroup.memory=", "nokmem") ||
		    word_names(word, len, "cgroup_disable=", "memory"))
			options->nokmem = true;
		word += len;
		word += strspn(word, " \t\n");
	}
	/* Where no order fits between them, the smallest that is allowed is taken. */
	options->asked_max_order = options->max_order;
	options->max_order = MAX(options->max_order, options->min_order);
}

void slab_boot_options(const struct machine *m, struct slab_boot_options *options)
{
	const struct slab_options *asked = &m->slab->options;

	*options = (struct slab_boot_options) {
		.min_order = asked->min_order, .max_order = asked->asked_max_order,
		.min_objects = asked->min_objects,
	};
}
