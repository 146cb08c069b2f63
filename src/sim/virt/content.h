/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a page holds: a token, 0 for zeroes, equal for equal contents; and, once
 * PID/mem wrote them, real bytes. Copies are copies: bytes are shared until one of
 * the two is written. The tokens live beside the descriptors (one u64 each, by
 * section).
 */
#ifndef KMM_VIRT_CONTENT_H
#define KMM_VIRT_CONTENT_H

#include "sim/machine.h"

int content_init(struct machine *m) __must_check;
void content_free(struct machine *m);

u64 content_token(const struct machine *m, u64 pfn);
/* The page is zeroed; it holds what that one holds. */
void content_zero(struct machine *m, u64 pfn);
void content_copy(struct machine *m, u64 to, u64 from);
/* A store at this offset of the page: another token, a function of the old one. */
void content_store(struct machine *m, u64 pfn, u32 offset);
/* What a page of a file holds when it is read from its disk. */
void content_file(struct machine *m, u64 pfn, u64 inode, u64 pgoff);
/* Real bytes; tokens without bytes read as a pattern of the token. -ENOBUFS. */
void content_read(const struct machine *m, u64 pfn, u32 offset, void *buf, u32 len);
int content_write(struct machine *m, u64 pfn, u32 offset, const void *buf,
		  u32 len) __must_check;
void content_validate(const struct machine *m, struct check *check);

#endif
