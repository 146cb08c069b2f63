// SPDX-License-Identifier: GPL-2.0-or-later
/* Shapes of SVG as text; bars, whose cuts are where the sum of the shares is rounded. */
#include "fs/sim/picture.h"

#include <inttypes.h>
#include <stdio.h>

static void escape(struct out *out, const char *text, unsigned int room)
{
	for (; *text && room; text++, room--) {
		switch (*text) {
		case '&': out_puts(out, "&amp;"); break;
		case '<': out_puts(out, "&lt;"); break;
		case '>': out_puts(out, "&gt;"); break;
		case '"': out_puts(out, "&quot;"); break;
		default:
			/* Names may hold any byte; a picture shows what can be read. */
			out_putc(out, *text >= ' ' && *text < 0x7f ? *text : '?');
		}
	}
}

void svg_begin(struct out *out, unsigned int height, const char *title, const char *about)
{
	out_printf(out, "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%u\" height=\"%u\" "
		   "viewBox=\"0 0 %u %u\" font-family=\"sans-serif\" font-size=\"11\">\n<title>",
		   PICTURE_WIDTH, height, PICTURE_WIDTH, height);
	escape(out, title, 200);
	out_puts(out, "</title>\n");
	svg_rect(out, 0, 0, PICTURE_WIDTH, height, "#ffffff", 100);
	out_puts(out, "<text x=\"20\" y=\"28\" font-size=\"18\">");
	escape(out, title, 200);
	out_puts(out, "</text>\n");
	svg_text(out, 20, 46, about, 200);
}

void svg_end(struct out *out)
{
	out_puts(out, "</svg>\n");
}

void svg_rect(struct out *out, unsigned int x, unsigned int y, unsigned int width,
	      unsigned int height, const char *colour, unsigned int opacity)
{
	out_printf(out, "<rect x=\"%u\" y=\"%u\" width=\"%u\" height=\"%u\" fill=\"%s\"", x, y,
		   width, height, colour);
	if (opacity < 100)
		out_printf(out, " fill-opacity=\"0.%02u\"", opacity);
	out_puts(out, "/>\n");
}

void svg_line(struct out *out, unsigned int x1, unsigned int y1, unsigned int x2,
	      unsigned int y2)
{
	out_printf(out, "<line x1=\"%u\" y1=\"%u\" x2=\"%u\" y2=\"%u\" stroke=\"#888888\"/>\n", x1,
		   y1, x2, y2);
}

void svg_text(struct out *out, unsigned int x, unsigned int y, const char *text,
	      unsigned int room)
{
	out_printf(out, "<text x=\"%u\" y=\"%u\">", x, y);
	escape(out, text, room);
	out_puts(out, "</text>\n");
}

void svg_legend(struct out *out, unsigned int y, const struct ink *inks, unsigned int nr)
{
	for (unsigned int i = 0; i < nr; i++) {
		unsigned int x = 20 + i % 6 * 145, at = y + i / 6 * 18;

		svg_rect(out, x, at, 12, 12, inks[i].colour, 100);
		svg_text(out, x + 17, at + 10, inks[i].name, 40);
	}
}

const char *picture_size(u64 bytes, char buf[24])
{
	static const char units[] = "KMGTP";
	u64 tenths = bytes * 10 / 1024;
	unsigned int unit = 0;

	while (tenths >= 10240 && units[unit + 1]) {
		tenths /= 1024;
		unit++;
	}
	snprintf(buf, 24, "%" PRIu64 ".%u %ciB", tenths / 10, (unsigned int)(tenths % 10),
		 units[unit]);
	return buf;
}

/* Where the bar is cut behind this sum. */
static unsigned int cut(const struct bar *bar, u64 sum, unsigned int width)
{
	return bar->whole ? (unsigned int)((double)sum / (double)bar->whole * width + 0.5) : 0;
}

void text_bar(struct out *out, const struct bar *bar, unsigned int cells)
{
	unsigned int at = 0;
	u64 sum = 0;

	for (unsigned int i = 0; i < bar->nr; i++) {
		sum += bar->shares[i];
		for (; at < cut(bar, sum, cells) && at < cells; at++)
			out_putc(out, bar->inks[i].letter);
	}
	out_pad(out, ' ', cells - at);
}

void svg_bar(struct out *out, const struct bar *bar, unsigned int x, unsigned int y,
	     unsigned int width, unsigned int height)
{
	unsigned int at = 0;
	u64 sum = 0;

	for (unsigned int i = 0; i < bar->nr; i++) {
		unsigned int end;

		sum += bar->shares[i];
		end = MIN(cut(bar, sum, width), width);
		/* What is there at all is seen. */
		if (bar->shares[i] && end == at && end < width)
			end++;
		if (end > at)
			svg_rect(out, x + at, y, end - at, height, bar->inks[i].colour, 100);
		at = MAX(at, end);
	}
}
