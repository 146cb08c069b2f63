/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the files of a split share. huge_memory_split.c: of anonymous folios, and who
 * asks; huge_memory_split_file.c: of files', and what descriptors become in either.
 */
#ifndef KMM_VIRT_HUGE_MEMORY_SPLIT_H
#define KMM_VIRT_HUGE_MEMORY_SPLIT_H

#include "sim/virt/huge_memory.h"

struct split {
	struct machine *m;
	u32 pfn;		/* of the head */
	u32 kept;		/* the page that the caller has a reference of */
	unsigned int order, new_order;
	/* All pieces of new_order; else only that with page `at`, the others are halves. */
	bool uniform;
	u32 at;
	bool pmd_mapped, pte_mapped;
};

/* Has the folio's file system large folios, so that pieces of a split may be some? */
bool mapping_has_large_folios(const struct machine *m, const struct page *folio);
/* The order of the piece that begins with page i. */
unsigned int piece_order(const struct split *s, u32 i);
/* Heads and tails of the pieces, their flags, references and places on lists. */
void split_descriptors(const struct split *s);
/*
 * Each piece loses the split's reference, but for that of the page that is kept; those that
 * nobody maps or refers to leave the swap cache.
 */
void put_pieces(const struct split *s);
/* -ENOMEM, -ENOBUFS: nothing has changed. */
int split_file_folio(struct split *s) __must_check;

#endif
