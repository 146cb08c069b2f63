// SPDX-License-Identifier: GPL-2.0-or-later
/* Settings of this machine that a program's memory depends on: those that are no default. */
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "kmm-record.h"

static const struct {
	const char *path, *usual;
} settings[] = {
	{ "sys/vm/overcommit_ratio", "50" },
	{ "sys/vm/overcommit_kbytes", "0" },
	{ "sys/vm/max_map_count", "65530" },
	{ "sys/vm/mmap_min_addr", "65536" },
	{ "sys/vm/legacy_va_layout", "0" },
	{ "sys/vm/memfd_noexec", "0" },
};

/*
 * What a program was given here it is to be given on a small machine, too: whether it is
 * too much at once is guessed by the size of memory, whether it can be had is the question.
 */
static void put_overcommit(struct recording *r)
{
	g_autofree char *text = NULL;
	const char *mode = "0";

	if (g_file_get_contents("/proc/sys/vm/overcommit_memory", &text, NULL, NULL))
		mode = g_strchomp(text);
	r->guesses = !strcmp(mode, "0");
	if (r->guesses)
		record_say(r, NULL, "# what was given here is given on a smaller machine, too:");
	record_say(r, "proc/sys/vm/overcommit_memory", "%s", r->guesses ? "1" : mode);
}

void record_settings(struct recording *r)
{
	put_overcommit(r);
	for (unsigned int i = 0; i < G_N_ELEMENTS(settings); i++) {
		g_autofree char *path = g_strconcat("/proc/", settings[i].path, NULL);
		g_autofree char *text = NULL;

		if (!g_file_get_contents(path, &text, NULL, NULL))
			continue;
		g_strchomp(text);
		if (strcmp(text, settings[i].usual))
			record_say(r, path + 1, "%s", text);
	}
}
