// SPDX-License-Identifier: GPL-2.0-or-later
/* Settings of this machine that a program's memory depends on: those that are no default. */
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "kmm-record.h"
#include "sim/abi/release.h"

#define THP "sys/kernel/mm/transparent_hugepage/"

/* Of a choice, "always [madvise] never", what is in brackets counts. */
static const struct {
	const char *path, *usual;
} settings[] = {
	{ "proc/sys/vm/overcommit_ratio", "50" },
	{ "proc/sys/vm/overcommit_kbytes", "0" },
	{ "proc/sys/vm/max_map_count", "65530" },
	{ "proc/sys/vm/mmap_min_addr", "65536" },
	{ "proc/sys/vm/legacy_va_layout", "0" },
	{ "proc/sys/vm/memfd_noexec", "0" },
	{ THP "enabled", "madvise" },
	{ THP "defrag", "madvise" },
	{ THP "shmem_enabled", "never" },
	{ THP "use_zero_page", "1" },
	{ THP "hugepages-16kB/enabled", "never" },
	{ THP "hugepages-32kB/enabled", "never" },
	{ THP "hugepages-64kB/enabled", "never" },
	{ THP "hugepages-128kB/enabled", "never" },
	{ THP "hugepages-256kB/enabled", "never" },
	{ THP "hugepages-512kB/enabled", "never" },
	{ THP "hugepages-1024kB/enabled", "never" },
	{ THP "hugepages-2048kB/enabled", "inherit" },
};

/* The value of a file here; NULL: there is none. */
static char *value_of(const char *name)
{
	g_autofree char *path = g_strconcat("/", name, NULL);
	char *text, *choice, *end;

	if (!g_file_get_contents(path, &text, NULL, NULL))
		return NULL;
	g_strchomp(text);
	choice = strchr(text, '[');
	end = choice ? strchr(choice, ']') : NULL;
	if (!end)
		return text;
	*end = '\0';
	memmove(text, choice + 1, (size_t)(end - choice));
	return text;
}

/*
 * What a program was given here it is to be given on a small machine, too: whether it is
 * too much at once is guessed by the size of memory, whether it can be had is the question.
 */
static void put_overcommit(struct recording *r)
{
	static const char path[] = "proc/sys/vm/overcommit_memory";
	g_autofree char *mode = value_of(path);

	r->guesses = !mode || !strcmp(mode, "0");
	if (r->guesses)
		record_say(r, NULL, "# what was given here is given on a smaller machine, too:");
	record_say(r, path, "%s", r->guesses ? "1" : mode);
}

/* Where things lie and what faults is this kernel's: a machine of another is told so. */
static void put_kernel(struct recording *r)
{
	struct utsname host;
	enum release release;
	char *dot;

	uname(&host);
	dot = strchr(host.release, '.');
	dot = dot ? strchr(dot + 1, '.') : NULL;
	if (dot)
		*dot = '\0';
	if (!release_parse(host.release, &release))
		record_say(r, "proc/1/ctl", "real_kernel %s 64", release_name(release));
}

void record_settings(struct recording *r)
{
	put_kernel(r);
	put_overcommit(r);
	for (unsigned int i = 0; i < G_N_ELEMENTS(settings); i++) {
		g_autofree char *value = value_of(settings[i].path);

		if (value && strcmp(value, settings[i].usual))
			record_say(r, settings[i].path, "%s", value);
	}
}
