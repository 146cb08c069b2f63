/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * All sequences of calls up to a length: breadth first, each state that was seen is
 * gone on from once. Two sequences that lead to equal states (by the signature that
 * the bed gives) have the same future, so that nothing is left out by this.
 */
#ifndef KMM_TESTS_ENUMERATE_H
#define KMM_TESTS_ENUMERATE_H

#include "sim/base/digest.h"

#define MAX_SEQUENCE 16

struct enumeration {
	void *bed;
	unsigned int nr_calls;	/* what can be done in a state; at most 256 */
	unsigned int depth;	/* calls in the longest sequence; at most MAX_SEQUENCE */
	/* The state before the first call; how everything is given back after the last. */
	void (*begin)(void *bed);
	void (*end)(void *bed);
	/* Makes the call; false: it cannot be made in this state. */
	bool (*call)(void *bed, unsigned int call);
	/* Is all as it has to be? false: it said on standard error what is not. */
	bool (*judge)(void *bed);
	/* What of the state decides its future. */
	void (*sign)(void *bed, struct digest *digest);
	/* The call as text, for a report. */
	void (*say)(unsigned int call, char *text, unsigned int size);
	/* Results. */
	unsigned long long nr_states, nr_transitions;
};

/* false: a sequence came out wrong; it was printed. */
bool enumerate(struct enumeration *e);

#endif
