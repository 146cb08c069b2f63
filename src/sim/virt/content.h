/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a page holds: a token, 0 for zeroes, equal for equal contents; and, once
 * PID/mem wrote them, real bytes. Copies are copies: bytes are shared until one of
 * the two is written. The tokens lie beside the descriptors (m->page_content) and
 * mean something while the page is a user's; who makes a page sets its contents.
 *
 * Only content_init() and content_write() take host memory. What is not in memory: disk.h.
 */
#ifndef KMM_VIRT_CONTENT_H
#define KMM_VIRT_CONTENT_H

#include "sim/machine.h"

int content_init(struct machine *m) __must_check;
void content_free(struct machine *m);

u64 content_token(const struct machine *m, u64 pfn);
/* The page's token is to be replaced: its bytes, if it has any, are let go. */
#define CONTENT_BYTES (1ULL << 63)	/* a token that is a slot of bytes */
void content_drop(struct machine *m, u64 pfn);
/* The same of free pages that are no memory any more. */
void content_forget_range(struct machine *m, u64 start, u64 end);
/* The page is zeroed; it holds what that one holds. */
static inline void content_zero(struct machine *m, u64 pfn)
{
	if (unlikely(m->page_content[pfn]))
		content_drop(m, pfn);
}
void content_copy(struct machine *m, u64 to, u64 from);
/*
 * What the page holds goes to a slot of swap, in whose place (0: nothing) was something;
 * from there to a page; and a slot holds nothing any more.
 */
void content_save(struct machine *m, u64 pfn, u64 *slot);
void content_restore(struct machine *m, u64 pfn, u64 slot);
/* The token of what a slot holds, as content_token() is a page's. */
u64 content_slot_token(const struct machine *m, u64 slot);
void content_forget(struct machine *m, u64 *slot);
/* A store at this offset of the page: another token, a function of the old one. */
void content_store(struct machine *m, u64 pfn, u32 offset);
/* What a page of a file holds when it is read from its disk: the token, which is a slot's, too. */
u64 content_file_token(u64 inode, u64 pgoff);
/*
 * Bytes [from, to) of the page become zeroes: the end of a truncated file. Bytes that others
 * have too are copied first; without host memory for that, the rest becomes a pattern.
 */
void content_zero_range(struct machine *m, u64 pfn, u32 from, u32 to);
/* Real bytes; tokens without bytes read as a pattern of the token. */
void content_read_slot(const struct machine *m, u64 slot, u32 offset, void *buf, u32 len);
static inline void content_read(const struct machine *m, u64 pfn, u32 offset, void *buf, u32 len)
{
	content_read_slot(m, m->page_content[pfn], offset, buf, len);
}
/* -ENOBUFS: nothing changed. */
int content_write(struct machine *m, u64 pfn, u32 offset, const void *buf,
		  u32 len) __must_check;
void content_validate(const struct machine *m, struct check *check);
struct digest;
void content_digest(const struct machine *m, struct digest *digest);

#endif
