/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * libkmm: simulated machines with Linux's memory manager, without a mount.
 *
 * A machine boots from a machine file, runs lines of the control language, and shows
 * its files by their paths below the root of the tree ("proc/zoneinfo"). Functions
 * return 0, or a negative errno with a sentence in kmm_error(). Texts that are handed
 * out by char ** end with NUL and are freed with free().
 *
 * One thread at a time may use a machine; different machines know nothing of each
 * other. libkmm(3) has more, and an example.
 */
#ifndef KMM_KMM_H
#define KMM_KMM_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct kmm;

/* "0.1.0": of the library, as the programs have it. */
const char *kmm_version(void);

/* The i-th shipped machine, *help (may be NULL) being a sentence on it; NULL: no more. */
const char *kmm_shipped(unsigned int i, const char **help);

/*
 * Boot a machine: a file's path or a shipped name; NULL is "pc". `sets` are changes,
 * "[SECTION.]KEY=VALUE", ended by NULL, or NULL. On failure *error (may be NULL) is a
 * sentence to be freed, or NULL where memory was short.
 */
int kmm_boot(const char *machine, const char *const *sets, struct kmm **kmm, char **error);
/* The same from the text of a machine file; `name` is how messages call it. */
int kmm_boot_text(const char *name, const char *text, const char *const *sets,
		  struct kmm **kmm, char **error);
/* The end of it. NULL is fine. */
void kmm_free(struct kmm *kmm);

/*
 * Run lines, one or many with newlines between them: "PATH: LINE", "cat PATH",
 * "mkdir PATH", comments; a bare LINE is for sim/ctl. Stops at the first that fails.
 * What they print is appended to *output (may be NULL). *line (may be NULL) is the
 * number of the line that was last run, from 1 on.
 *
 * A call that fails as Linux fails is a failed line, unless it says so: " = -1 ENOMEM".
 */
int kmm_run(struct kmm *kmm, const char *lines, char **output, unsigned int *line);

/* A file's bytes; *len (may be NULL) is their number. */
int kmm_read(struct kmm *kmm, const char *path, char **text, size_t *len);
/* What `echo TEXT > PATH` does, for files that take that. */
int kmm_write(struct kmm *kmm, const char *path, const char *text);
/* Names in a directory, until visit() returns something else than 0, which is returned. */
int kmm_list(struct kmm *kmm, const char *path, int (*visit)(const char *name, void *data),
	     void *data);

/* A figure of a file of "NAME: VALUE kB" or "NAME VALUE" lines. -ENOENT: no such line. */
int kmm_figure(struct kmm *kmm, const char *path, const char *name, uint64_t *value);

/* A hash of the whole state: equal histories of equal machines have equal ones. */
int kmm_digest(struct kmm *kmm, char digest[65]);
/*
 * Every invariant. 0: all hold; more: so many do not; negative: an errno. *report (may be
 * NULL) is what sim/check says.
 */
int kmm_check(struct kmm *kmm, char **report);
/* Lines that changed the machine since its boot: what sim/log has. */
uint64_t kmm_history(struct kmm *kmm);

/* Why the last call failed: never NULL, "" after success; valid until the next call. */
const char *kmm_error(const struct kmm *kmm);

#ifdef __cplusplus
}
#endif

#endif
