/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What scripts named by `as NAME`: name -> page, address or task. `@name` is the
 * value, sim/as/NAME the link. A name that is given again moves. Not locked:
 * lookups need the tree's read side, names_set() the write side.
 */
#ifndef KMM_FS_NAMES_H
#define KMM_FS_NAMES_H

#include "sim/base/out.h"

#define NAME_CHARS 63	/* longest name */

enum name_kind { NAME_PFN, NAME_ADDR, NAME_PID, NAME_NUMBER };

struct name {
	char name[NAME_CHARS + 1];
	enum name_kind kind;
	u64 value;
	u32 pid;		/* whose address it is; 0: the kernel's */
};

/* In order of creation: the index of a name is its id and never changes. */
struct names {
	struct name *names;
	unsigned int nr, room;
};

/* A letter or _, then letters, digits, _ - . ; at most NAME_CHARS. */
bool name_valid(const char *name);
/* Room for one more, so that the next names_set() cannot fail. 0 or -ENOMEM. */
int names_reserve(struct names *names) __must_check;
/* 0, -EINVAL (not name_valid()) or -ENOMEM. */
int names_set(struct names *names, const char *name, enum name_kind kind,
	      u64 value, u32 pid) __must_check;
const struct name *names_find(const struct names *names, const char *name);
/* The task that a name stands for; 0: for none. NULL: there is no such name. */
static inline u32 name_pid(const struct name *name)
{
	return name && name->kind == NAME_PID ? (u32)name->value : 0;
}
void names_clear(struct names *names);	/* a machine ends: forget them, keep the room */
void names_free(struct names *names);

#endif
