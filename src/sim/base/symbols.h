/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Names of our own functions, static ones included, for backtraces. The table is
 * read once, from /proc/self/exe, before anything is mounted: after that no path
 * is opened. It describes the process, not a machine, and never changes: it is
 * the one thing in the engine that is not reached from struct machine.
 */
#ifndef KMM_BASE_SYMBOLS_H
#define KMM_BASE_SYMBOLS_H

#include "sim/base/types.h"

/* Read the table; without one (stripped, no /proc) only exported names are known. */
void symbols_init(void);

struct symbol {
	const char *name;
	u64 start, bytes;
	bool global;		/* of this program; its other files can call it */
};

/* The function that holds this address; false if none is known. */
bool symbol_find(u64 ip, struct symbol *symbol);

#endif
