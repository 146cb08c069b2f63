// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The verbs of all tables as one list, in the order of the tables. A name is found
 * by trying the rows of its first letter, or those of its slot of an index; what is
 * spelt nearly so, by edit distance.
 */
#include "fs/core/verb.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "fs/core/word.h"

static const struct verb_table *const tables[] = {
	&page_verbs, &slab_verbs, &vmalloc_verbs, &machine_verbs,
	&mm_verbs, &access_verbs, &task_verbs, &file_verbs, &fd_verbs,
	&process_verbs, &ipc_verbs, &uffd_verbs,
	&numa_verbs,
	&swap_verbs, &cma_verbs, &kmap_verbs, &tlb_verbs, &record_verbs, &real_verbs,
	&cgroup_verbs, &hotplug_verbs,
};

const struct verb *verb_at(unsigned int i)
{
	for (unsigned int t = 0; t < ARRAY_SIZE(tables); t++) {
		if (i < tables[t]->nr)
			return &tables[t]->verbs[i];
		i -= tables[t]->nr;
	}
	return NULL;
}

unsigned int verb_number(const struct verb *verb)
{
	unsigned int before = 0;

	for (unsigned int t = 0; t < ARRAY_SIZE(tables); t++) {
		if (verb >= tables[t]->verbs && verb < tables[t]->verbs + tables[t]->nr)
			return before + (verb - tables[t]->verbs);
		before += tables[t]->nr;
	}
	return before;
}

static bool is_named(const struct verb *verb, const char *name, size_t len)
{
	return verb->name[0] == name[0] && !strncmp(verb->name, name, len) && !verb->name[len];
}

const struct verb *verb_find(const char *name, size_t len)
{
	for (unsigned int t = 0; t < ARRAY_SIZE(tables); t++)
		for (unsigned int i = 0; i < tables[t]->nr; i++)
			if (is_named(&tables[t]->verbs[i], name, len))
				return &tables[t]->verbs[i];
	return NULL;
}

/* ---- The index: most verbs have a slot of their own. ---- */

#define SLOTS 1024

struct verb_index {
	/* Of the first verb; of each, that of the next of its slot. 0: none. */
	u16 first[SLOTS];
	struct {
		const struct verb *verb;
		u16 next;
	} rows[];
};

static unsigned int slot_of(const char *name, size_t len)
{
	unsigned int ends = (unsigned char)name[0] + 37 * (unsigned char)name[len - 1];

	return (ends + 101 * (unsigned char)name[len / 2] + 211 * (unsigned int)len) % SLOTS;
}

struct verb_index *verb_index_new(void)
{
	struct verb_index *index;
	unsigned int nr = 0;

	while (verb_at(nr))
		nr++;
	index = calloc(1, sizeof(*index) + (nr + 1) * sizeof(index->rows[0]));
	for (unsigned int i = 1; index && i <= nr; i++) {
		const struct verb *verb = verb_at(i - 1);
		u16 *first = &index->first[slot_of(verb->name, strlen(verb->name))];

		index->rows[i].verb = verb;
		index->rows[i].next = *first;
		*first = (u16)i;
	}
	return index;
}

const struct verb *verb_index_find(const struct verb_index *index, const char *name, size_t len)
{
	for (unsigned int i = index->first[slot_of(name, len)]; i; i = index->rows[i].next)
		if (is_named(index->rows[i].verb, name, len))
			return index->rows[i].verb;
	return NULL;
}

#define DISTANCE_CHARS 32

/* Levenshtein's distance; both are short. */
static unsigned int edit_distance(const char *a, size_t a_len, const char *b)
{
	unsigned int row[DISTANCE_CHARS + 1];
	size_t b_len = strlen(b);

	if (b_len > DISTANCE_CHARS || a_len > DISTANCE_CHARS)
		return DISTANCE_CHARS;
	for (size_t j = 0; j <= b_len; j++)
		row[j] = j;
	for (size_t i = 1; i <= a_len; i++) {
		unsigned int diagonal = row[0];

		row[0] = i;
		for (size_t j = 1; j <= b_len; j++) {
			unsigned int up = row[j];
			unsigned int change = diagonal + ((a[i - 1] | 0x20) != (b[j - 1] | 0x20));

			row[j] = MIN(MIN(row[j - 1], up) + 1, change);
			diagonal = up;
		}
	}
	return row[b_len];
}

const struct verb *verb_nearest(const char *name, size_t len, bool *near)
{
	const struct verb *verb, *nearest = NULL;
	unsigned int least = DISTANCE_CHARS;

	for (unsigned int i = 0; (verb = verb_at(i)); i++) {
		unsigned int distance = edit_distance(name, len, verb->name);

		if (distance < least) {
			least = distance;
			nearest = verb;
		}
	}
	*near = least <= MAX(len / 2, 1);
	return nearest;
}

const u8 *verb_form_args(const struct verb *verb, unsigned int form)
{
	return form ? verb->forms[form - 1].args : verb->args;
}

int call_refuse(struct call *call, int err, const char *fmt, ...)
{
	char text[512];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	out_puts(call->sentence, text);
	call->refused = true;
	return err;
}

int call_no_host_memory(struct call *call)
{
	return call_refuse(call, -ENOMEM, "the host has no memory left for this call: "
			   "nothing was changed");
}
