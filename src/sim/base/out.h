/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Text that is being rendered. The buffer grows on host memory that may run out:
 * then `failed` is set, further output is dropped, and whoever renders the whole
 * answers -ENOMEM once, at the end. Show functions need no error paths.
 */
#ifndef KMM_BASE_OUT_H
#define KMM_BASE_OUT_H

#include "sim/base/types.h"

struct out {
	char *text;	/* NUL-terminated once anything was written */
	size_t len;
	size_t room;	/* 0 when it failed */
	bool failed;
};

#define OUT_INIT { 0 }

/* Room for so many more bytes and a NUL. False: dropped. */
bool out_grow(struct out *out, size_t more);

static inline bool out_reserve(struct out *out, size_t more)
{
	return likely(out->len + more < out->room) || out_grow(out, more);
}

static inline void out_write(struct out *out, const void *data, size_t len)
{
	if (!out_reserve(out, len))
		return;
	memcpy(out->text + out->len, data, len);
	out->len += len;
	out->text[out->len] = '\0';
}

static inline void out_putc(struct out *out, char c)
{
	out_write(out, &c, 1);
}

/* Inline, so that the length of a literal is known. */
static inline void out_puts(struct out *out, const char *text)
{
	out_write(out, text, strlen(text));
}

void out_printf(struct out *out, const char *fmt, ...) __printf(2, 3);
/* Decimal, at least `width` wide, padded with blanks on the left. Fast. */
void out_u64(struct out *out, u64 value, int width);
void out_s64(struct out *out, s64 value);	/* "%lld", as fast */
void out_pad(struct out *out, char c, size_t n);

/* A list of numbers as the kernel's %*pbl prints it: "0-3,7"; bit i of `words`. */
void out_bitmap_list(struct out *out, const u64 *words, unsigned int nbits);
/* The same bits as %*pb prints them: "00000000,0000000f". */
void out_bitmap_mask(struct out *out, const u64 *words, unsigned int nbits);

/* 0, or -ENOMEM if any of it was dropped. */
int out_error(const struct out *out) __must_check;
void out_clear(struct out *out);   /* forget the text, keep the room */
void out_free(struct out *out);

#endif
