// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A program on libkmm: how much memory may one process take before a machine swaps?
 * It boots a machine, lets a child touch a mebibyte after the other, and looks at
 * proc/vmstat in between.
 *
 *   cc grow.c -o grow $(pkg-config --cflags --libs libkmm)
 *   ./grow                    # the shipped machine `swap`
 *   ./grow my.machine         # any other
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include <kmm/kmm.h>

static int fail(const char *what, const char *why)
{
	fprintf(stderr, "grow: %s: %s\n", what, why);
	return 1;
}

/* Touch mebibyte nr of the child's mapping. */
static int touch(struct kmm *kmm, unsigned int nr)
{
	char line[64];

	snprintf(line, sizeof(line), "sim/as/child/ctl: store @buf+%uM 1M", nr);
	return kmm_run(kmm, line, NULL, NULL);
}

static int grow(struct kmm *kmm)
{
	uint64_t free_kb, written = 0;
	unsigned int nr;

	if (kmm_run(kmm, "proc/1/ctl: fork as child\n"
		    "sim/as/child/ctl: mmap 0 64G rw private,anon,noreserve as buf", NULL, NULL))
		return fail("a child with a mapping", kmm_error(kmm));
	for (nr = 0; !written && nr < 65536; nr++) {
		if (touch(kmm, nr))
			return fail("store", kmm_error(kmm));
		if (kmm_figure(kmm, "proc/vmstat", "pswpout", &written))
			return fail("proc/vmstat", kmm_error(kmm));
	}
	if (kmm_figure(kmm, "proc/meminfo", "MemFree", &free_kb))
		return fail("proc/meminfo", kmm_error(kmm));
	printf("%u MiB touched: %" PRIu64 " pages are on swap, %" PRIu64 " kB are free\n", nr,
	       written, free_kb);
	return 0;
}

int main(int argc, char **argv)
{
	const char *machine = argc > 1 ? argv[1] : "swap";
	char *error = NULL, *report = NULL, digest[65];
	struct kmm *kmm;
	int status;

	if (kmm_boot(machine, NULL, &kmm, &error)) {
		fail(machine, error ? error : "no memory");
		free(error);
		return 1;
	}
	status = grow(kmm);
	/* Every invariant of the simulated machine still holds. */
	if (!status && kmm_check(kmm, &report))
		status = fail("sim/check", report ? report : kmm_error(kmm));
	if (!status && !kmm_digest(kmm, digest))
		printf("%" PRIu64 " lines of history, state %.16s\n", kmm_history(kmm), digest);
	free(report);
	kmm_free(kmm);
	return status;
}
