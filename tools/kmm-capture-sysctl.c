// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Settings that change what zoneinfo and CommitLimit show. Most have a fixed default;
 * min_free_kbytes has to be worked out as the boot does it: from the low memory, once
 * with no watermarks, then for huge pages with the watermarks of the first time.
 */
#include <stdio.h>
#include <stdlib.h>

#include "kmm-capture.h"

static bool counts(const struct capture_zone *zone)
{
	return strcmp(zone->name, "HighMem") && strcmp(zone->name, "Movable");
}

/* Low memory above the high watermarks that `min_free_kbytes` would give. */
static u64 buffer_pages(const struct capture *c, u64 min_free_kbytes)
{
	const u64 scale = c->watermark_scale_factor ? c->watermark_scale_factor : 10;
	u64 lowmem = 0, pages = 0;

	for (unsigned int i = 0; i < c->zones->len; i++) {
		const struct capture_zone *z = &g_array_index(c->zones, struct capture_zone, i);

		if (!capture_zone_is_clamped(c, z))
			lowmem += z->early;
	}
	for (unsigned int i = 0; lowmem && i < c->zones->len; i++) {
		const struct capture_zone *z = &g_array_index(c->zones, struct capture_zone, i);
		const u64 min = min_free_kbytes / 4 * z->early / lowmem;
		const u64 high = min + 2 * MAX(min / 4, z->early * scale / 10000);

		if (counts(z))
			pages += z->early - MIN(min_free_kbytes ? high : 0, z->early);
	}
	return pages;
}

static u64 by_size(u64 pages)
{
	return CLAMP(int_sqrt(pages * 4 * 16), 128, 262144);
}

/* What khugepaged asks for. */
static u64 by_huge_pages(const struct capture *c, u64 first)
{
	const u64 block = !strcmp(c->arch, "i386") ? 1024 : 512;
	u64 nr_zones = 0;

	for (unsigned int i = 0; i < c->zones->len; i++) {
		const struct capture_zone *z = &g_array_index(c->zones, struct capture_zone, i);

		nr_zones += z->present && counts(z);
	}
	return MIN(block * nr_zones * 11, buffer_pages(c, first) / 20) * 4;
}

/* `early` may be known roughly only. */
static bool near(u64 a, u64 b, bool exact)
{
	return exact ? a == b : a <= b + b / 100 && b <= a + a / 100;
}

bool capture_min_free_is_default(const struct capture *c, bool exact)
{
	const u64 first = by_size(buffer_pages(c, 0));
	const u64 again = by_size(buffer_pages(c, first)), huge = by_huge_pages(c, first);
	const u64 now = c->min_free_kbytes;

	if (strstr(c->cmdline, "sysctl.vm.min_free_kbytes"))
		return false;
	return !now || near(now, first, exact) || near(now, again, exact) ||
	       near(now, huge, exact);
}

/* "256\t256\t32\t0\t0" with single blanks. */
static char *one_line(char *text)
{
	g_auto(GStrv) words = g_strsplit_set(g_strstrip(text), " \t\n", -1);
	GString *out = g_string_new(NULL);

	for (char **word = words; *word; word++) {
		if (**word)
			g_string_append_printf(out, "%s%s", out->len ? " " : "", *word);
	}
	return g_string_free(out, FALSE);
}

static void add(struct capture *c, const char *name, const char *value)
{
	g_autofree char *param = g_strconcat("sysctl.vm.", name, "=", NULL);

	if (!strstr(c->cmdline, param))
		g_ptr_array_add(c->sysctls, g_strdup_printf("vm.%s = %s", name, value));
}

static bool has_limit(const struct capture *c)
{
	g_autofree char *text = capture_read_word(c, "proc/sys/vm/overcommit_kbytes");

	return text && *text && strcmp(text, "0");
}

void capture_settle_sysctls(struct capture *c)
{
	static const struct {
		const char *name, *value, *value_32;
		const char *unless;	/* on the command line: the boot does it */
	} defaults[] = {
		{ "watermark_scale_factor", "10", "10" },
		{ "lowmem_reserve_ratio", "256 256 32 0 0", "256 32 0 0" },
		{ "percpu_pagelist_high_fraction", "0", "0" },
		{ "overcommit_memory", "0", "0" },
		{ "overcommit_kbytes", "0", "0" },
		{ "overcommit_ratio", "50", "50" },
		{ "nr_hugepages", "0", "0", "hugepages=" },
	};
	const bool is_32 = g_str_has_prefix(c->arch, "i386");
	char number[24];

	for (unsigned int i = 0; i < G_N_ELEMENTS(defaults); i++) {
		g_autofree char *path = g_strconcat("proc/sys/vm/", defaults[i].name, NULL);
		g_autofree char *text = capture_read(c, path);
		g_autofree char *value = text ? one_line(text) : NULL;

		if (!value || !*value || value[strspn(value, "0123456789 ")] ||
		    !strcmp(value, is_32 ? defaults[i].value_32 : defaults[i].value) ||
		    (defaults[i].unless && strstr(c->cmdline, defaults[i].unless)))
			continue;
		/* An absolute limit makes the ratio read 0; setting that would end the limit. */
		if (!strcmp(defaults[i].name, "overcommit_ratio") && !strcmp(value, "0") &&
		    has_limit(c))
			continue;
		add(c, defaults[i].name, value);
	}
	g_snprintf(number, sizeof(number), "%llu", (unsigned long long)c->min_free_kbytes);
	if (!capture_min_free_is_default(c, c->has_freed))
		add(c, "min_free_kbytes", number);
}
