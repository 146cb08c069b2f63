/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Pictures of sim/view: a drawing is told once and becomes SVG or text, whichever file
 * was opened. The colours are told apart by most eyes, and on paper by the letters.
 */
#ifndef KMM_FS_SIM_PICTURE_H
#define KMM_FS_SIM_PICTURE_H

#include "fs/core/entry.h"

/* What a page, or a part of a bar, is: a colour, a letter, and the legend's words. */
struct ink {
	const char *name, *colour;
	char letter;
};

#define PICTURE_WIDTH 900U

/* The frame of a drawing; `about` explains it below its title. */
void svg_begin(struct out *out, unsigned int height, const char *title, const char *about);
void svg_end(struct out *out);
/* Filled; opacity in percent. */
void svg_rect(struct out *out, unsigned int x, unsigned int y, unsigned int width,
	      unsigned int height, const char *colour, unsigned int opacity);
void svg_line(struct out *out, unsigned int x1, unsigned int y1, unsigned int x2,
	      unsigned int y2);
/* At most `room` characters, with what XML reserves escaped. */
void svg_text(struct out *out, unsigned int x, unsigned int y, const char *text,
	      unsigned int room);
/* In columns of equal width from x on. */
void svg_legend(struct out *out, unsigned int y, const struct ink *inks, unsigned int nr);

/* "12.3 MiB" into buf. */
const char *picture_size(u64 bytes, char buf[24]);

/* A bar of `cells` letters or a rectangle of their width, cut into shares of `whole`. */
struct bar {
	const struct ink *inks;
	const u64 *shares;
	unsigned int nr;
	u64 whole;		/* what is left of it is blank */
};
void text_bar(struct out *out, const struct bar *bar, unsigned int cells);
void svg_bar(struct out *out, const struct bar *bar, unsigned int x, unsigned int y,
	     unsigned int width, unsigned int height);

#endif
