/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Traces of accesses to objects, which are numbered in the order in which they come up.
 * They are read in libCacheSim's format oracleGeneral (records of 24 bytes, little-endian:
 * u32 time, u64 id, u32 size, s64 next access), or made: object k of a zipf trace has a
 * probability in proportion to 1 / k^alpha.
 */
#ifndef KMM_TOOLS_TRACE_H
#define KMM_TOOLS_TRACE_H

#include <stdio.h>

#include "sim/base/types.h"

struct trace {
	u32 *indices;		/* [nr]: below nr_objects */
	u64 nr;
	u32 nr_objects;
};

struct zipf {
	u32 objects;
	u64 requests;
	double alpha;
	u64 seed;
};

/* -ENOMEM; -EIO: it cannot be read; -EBADMSG: it ends within a record. */
int trace_read_oracle_general(struct trace *trace, FILE *file);
/* -EIO. Sizes are 1; each record names the next access to its object, -1: none. */
int trace_write_oracle_general(const struct trace *trace, FILE *file);
/* Objects are numbered by their rank. -ENOMEM. */
int trace_zipf(struct trace *trace, const struct zipf *zipf);
void trace_free(struct trace *trace);

#endif
