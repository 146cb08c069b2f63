// SPDX-License-Identifier: GPL-2.0-or-later
/* A growing array searched from the front: scripts name few things. */
#include "fs/core/names.h"

#include <ctype.h>
#include <stdlib.h>

bool name_valid(const char *name)
{
	size_t len = strlen(name);

	if (!len || len > NAME_CHARS || !(isalpha((unsigned char)name[0]) || name[0] == '_'))
		return false;
	for (size_t i = 1; i < len; i++) {
		unsigned char c = name[i];

		if (!isalnum(c) && c != '_' && c != '-' && c != '.')
			return false;
	}
	return true;
}

int names_reserve(struct names *names)
{
	unsigned int room = names->room ? names->room * 2 : 16;
	struct name *bigger;

	if (names->nr < names->room)
		return 0;
	bigger = realloc(names->names, room * sizeof(*bigger));
	if (!bigger)
		return -ENOMEM;
	names->names = bigger;
	names->room = room;
	return 0;
}

static struct name *find(const struct names *names, const char *name)
{
	for (unsigned int i = 0; i < names->nr; i++) {
		if (!strcmp(names->names[i].name, name))
			return &names->names[i];
	}
	return NULL;
}

int names_set(struct names *names, const char *name, enum name_kind kind, u64 value,
	      u32 pid)
{
	struct name *slot;
	int err;

	if (!name_valid(name))
		return -EINVAL;
	slot = find(names, name);
	if (!slot) {
		err = names_reserve(names);
		if (err)
			return err;
		slot = &names->names[names->nr++];
		memset(slot, 0, sizeof(*slot));
		memcpy(slot->name, name, strlen(name) + 1);
	}
	slot->kind = kind;
	slot->value = value;
	slot->pid = pid;
	return 0;
}

const struct name *names_find(const struct names *names, const char *name)
{
	return find(names, name);
}

void names_clear(struct names *names)
{
	names->nr = 0;
}

void names_free(struct names *names)
{
	free(names->names);
	*names = (struct names){ 0 };
}
