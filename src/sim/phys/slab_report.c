// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The forms of 6.1 and, where rel_slub_warns(), of newer releases: there an object is
 * shown once for all that is wrong with it, and each report ends with a WARNING.
 */
#include "sim/phys/slab_report.h"

#include <stdarg.h>
#include <stdio.h>

#include "sim/boot/boot_log.h"
#include "sim/phys/page_flags.h"
#include "sim/phys/report.h"
#include "sim/phys/slab_bytes.h"

#define ROW_BYTES 16
#define HEX_COLUMNS (3 * ROW_BYTES + 1)	/* where the characters begin */

typedef unsigned long long ull;

const char *slab_pointer(const struct machine *m, u64 addr, char text[20])
{
	snprintf(text, 20, "0x%0*llx", m->arch->bits / 4, (ull)addr);
	return text;
}

static void __printf(3, 0)
print_bug(struct machine *m, const struct kmem_cache *s, const char *fmt, va_list args)
{
	char what[160], tainted[TAINTED_CHARS];

	vsnprintf(what, sizeof(what), fmt, args);
	taint_text(m, tainted);
	printk(m, 3, "=============================================================================");
	printk(m, 3, "BUG %s (%s): %s", s->name, tainted, what);
	printk(m, 3, "-----------------------------------------------------------------------------");
	printk(m, 3, "%s", "");
}

void slab_bug(struct machine *m, const struct kmem_cache *s, const char *fmt, ...)
{
	va_list args;

	m->slab->nr_errors++;
	va_start(args, fmt);
	print_bug(m, s, fmt, args);
	va_end(args);
}

void slab_fix(struct machine *m, const struct kmem_cache *s, const char *fmt, ...)
{
	char what[160];
	va_list args;

	m->slab->nr_errors++;
	va_start(args, fmt);
	vsnprintf(what, sizeof(what), fmt, args);
	va_end(args);
	printk(m, 3, "FIX %s: %s", s->name, what);
}

/* Flags of the slab's first page, the fields of its place included. */
static void flags_text(const struct machine *m, const struct slab *slab, char *text, size_t room)
{
	struct out names = OUT_INIT;
	const struct page *page = pfn_to_page(m, slab->pfn);
	u64 word = page_flags_word(m, page, &names);

	snprintf(text, room, "0x%llx(%s)", (ull)word, names.text ? names.text : "");
	out_free(&names);
}

static void print_slab_info(struct machine *m, const struct slab *slab)
{
	u64 fp = slab->free < slab->objects ? slab_object_addr(slab, slab->free) : 0;
	char page[20], first[20], flags[128];

	flags_text(m, slab, flags, sizeof(flags));
	printk(m, 3, "Slab %s objects=%u used=%u fp=%s flags=%s",
	       slab_pointer(m, page_struct_addr(m, slab->pfn), page), slab->objects, slab->inuse,
	       slab_pointer(m, fp, first), flags);
}

/* What lies at this place; a slab without bytes of its own is not looked into. */
static u8 byte_at(const struct slab *slab, u32 at)
{
	return slab->bytes ? slab->bytes[at] : 0;
}

void slab_print_section(struct machine *m, int level, const char *text,
			const struct slab *slab, u32 from, u32 len)
{
	int digits = m->arch->bits / 4;

	for (u32 at = from; at < from + len; at += ROW_BYTES) {
		u32 nr = MIN(from + len - at, (u32)ROW_BYTES);
		char line[HEX_COLUMNS + ROW_BYTES + 1];

		memset(line, ' ', sizeof(line));
		for (u32 i = 0; i < nr; i++) {
			u8 byte = byte_at(slab, at + i);
			char hex[3];

			snprintf(hex, sizeof(hex), "%02x", byte);
			memcpy(&line[3 * i], hex, 2);
			line[HEX_COLUMNS + i] = byte >= ' ' && byte < 0x7f ? (char)byte : '.';
		}
		line[HEX_COLUMNS + nr] = '\0';
		printk(m, level, "%s%0*llx: %s", text, digits, (ull)(slab->addr + at), line);
	}
}

static void print_track(struct machine *m, const char *what, const struct slab_track *track)
{
	struct out out = OUT_INIT;
	const u64 *ips = NULL;
	unsigned int nr;

	if (!track->site)
		return;
	printk(m, 3, "%s in %s+0x0/0x0 age=%llu cpu=%u pid=%u", what, track->site,
	       (ull)(jiffies(m) - track->when), track->cpu, track->pid);
	nr = stack_depot_fetch(&m->slab->stacks, track->stack, &ips);
	if (!nr)
		printk(m, 3, "object allocation/free stack trace missing");
	stack_trace_print_global(&out, ips, nr, " ");
	for (const char *line = out.text; line && *line; line = strchr(line, '\n') + 1)
		printk(m, 4, "%.*s", (int)strcspn(line, "\n"), line);
	out_free(&out);
}

void slab_print_tracking(struct machine *m, const struct slab *slab, unsigned int i)
{
	if (!slab->tracks)
		return;
	print_track(m, "Allocated", &slab->tracks[NR_TRACKS * i + TRACK_ALLOC]);
	print_track(m, "Freed", &slab->tracks[NR_TRACKS * i + TRACK_FREE]);
}

static void print_trailer(struct machine *m, const struct slab *slab, unsigned int i)
{
	const struct kmem_cache *s = slab->cache;
	u32 object = slab_object_offset(slab, i), end = slab_records_end(m, s);
	char addr[20], fp[20];

	slab_print_tracking(m, slab, i);
	print_slab_info(m, slab);
	printk(m, 3, "Object %s @offset=%u fp=%s", slab_pointer(m, slab->addr + object, addr),
	       object, slab_pointer(m, slab_get_freepointer(m, slab, i), fp));
	printk(m, 3, "%s", "");
	if (s->flags & SLAB_RED_ZONE)
		slab_print_section(m, 3, "Redzone  ", slab, object - s->geo.red_left_pad,
				   s->geo.red_left_pad);
	else if (object > ROW_BYTES)
		slab_print_section(m, 3, "Bytes b4 ", slab, object - ROW_BYTES, ROW_BYTES);
	slab_print_section(m, 3, "Object   ", slab, object,
			   MIN(s->geo.object_size, (u32)PAGE_SIZE));
	if (s->flags & SLAB_RED_ZONE)
		slab_print_section(m, 3, "Redzone  ", slab, object + s->geo.object_size,
				   s->geo.inuse - s->geo.object_size);
	if (end != slab_size_from_object(s))
		slab_print_section(m, 3, "Padding  ", slab, object + end,
				   slab_size_from_object(s) - end);
	if (!rel_slub_warns(m->release))
		dump_stack(m);
}

static void report_end(struct machine *m, const char *function)
{
	add_taint(m, TAINT_BAD_PAGE);
	if (!rel_slub_warns(m->release))
		return;
	warn_begin(m);
	warn_report(m, "mm/slub.c", function);
}

void slab_err_end(struct machine *m, struct slab *slab)
{
	print_slab_info(m, slab);
	if (!rel_slub_warns(m->release))
		dump_stack(m);
	report_end(m, "__slab_err");
}

void slab_err(struct machine *m, struct slab *slab, const char *fmt, ...)
{
	va_list args;

	m->slab->nr_errors++;
	va_start(args, fmt);
	print_bug(m, slab->cache, fmt, args);
	va_end(args);
	slab_err_end(m, slab);
}

static void show_object(struct machine *m, struct slab *slab, u64 addr)
{
	unsigned int i = slab_object_index(slab, addr);
	char text[20];

	if (i != SLAB_NIL) {
		if (slab_bytes_make(m, slab))
			printk(m, 4, "no host memory for the bytes of the slab: not shown");
		print_trailer(m, slab, i);
	} else {
		print_slab_info(m, slab);
		printk(m, 3, "Invalid pointer %s", slab_pointer(m, addr, text));
	}
	report_end(m, "object_err");
}

void object_err(struct machine *m, struct slab *slab, u64 addr, const char *reason)
{
	slab_bug(m, slab->cache, "%s", reason);
	show_object(m, slab, addr);
}

void slab_overwritten(struct machine *m, const struct slab_overwrite *o)
{
	struct slab *slab = o->slab;
	u64 addr = slab_object_addr(slab, o->i);
	char from[20], to[20];

	slab_pointer(m, slab->addr + o->from, from);
	slab_pointer(m, slab->addr + o->to - 1, to);
	if (!rel_slub_warns(m->release)) {
		slab_bug(m, slab->cache, "%s overwritten", o->what);
		printk(m, 3, "%s-%s @offset=%u. First byte 0x%x instead of 0x%x", from, to, o->from,
		       slab->bytes[o->from], o->expected);
		print_trailer(m, slab, o->i);
		add_taint(m, TAINT_BAD_PAGE);
		return;
	}
	printk(m, 3, "[%s overwritten] %s-%s @offset=%u. First byte 0x%x instead of 0x%x", o->what,
	       from, to, o->from, slab->bytes[o->from], o->expected);
	if (o->with_object)
		object_err(m, slab, addr, "Object corrupt");
	else
		m->slab->nr_errors++;
}
