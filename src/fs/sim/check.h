/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sim/check: the engine's validators, then those of what files show. These render a
 * file as a reader would get it, take it apart again, and compare each figure with
 * one counted from the structures, not with the counter that the file prints.
 *
 * Lock: the caller holds the tree's lock, either side.
 */
#ifndef KMM_FS_SIM_CHECK_H
#define KMM_FS_SIM_CHECK_H

#include "fs/core/tree.h"

/* Everything: machine_check() and all texts. 0, or -errno if a file does not render. */
int tree_check(struct tree *tree, struct check *check) __must_check;

/* One text, as a file of this path would show it. -ENOENT: no validator is for it. */
int check_text(const struct machine *m, const char *path, const char *text,
	       struct check *check) __must_check;

/* The validators of texts, by the file that they are for. */
void buddyinfo_check(const struct machine *m, const char *text, struct check *check);
void pagetypeinfo_check(const struct machine *m, const char *text, struct check *check);
void zoneinfo_check(const struct machine *m, const char *text, struct check *check);
void slabinfo_check(const struct machine *m, const char *text, struct check *check);
void meminfo_check(const struct machine *m, const char *text, struct check *check);
/* vmstat against zoneinfo: sums of zones and nodes (I9). */
void vmstat_check(const struct machine *m, const char *vmstat, const char *zoneinfo,
		  struct check *check);
/* sys/kernel/slab: render() gives a file's text, or NULL; see check.c. */
struct slab_text {
	const char *(*render)(void *arg, const char *path);
	void *arg;
};
void slab_sysfs_check(const struct machine *m, const struct slab_text *files,
		      struct check *check);

/* proc/PID of one address space. */
struct mm_struct;
struct task_texts {
	const char *maps, *smaps, *rollup, *status, *statm;
};
void task_texts_check(const struct machine *m, const struct mm_struct *mm,
		      const struct task_texts *texts, struct check *check);

/* -- for these files: lines, words, numbers ------------------------------------------ */

/* The line at *text without its end; false behind the last. *text moves on. */
bool text_line(const char **text, char line[512]);
/* A decimal number behind blanks; *at moves on. False: there is none. */
bool text_number(const char **at, u64 *number);
/* The number behind `label` at the start of a line of `text`. */
bool text_figure(const char *text, const char *label, u64 *number);
/* "Node N, zone NAME": the zone, and where the rest begins; NULL: not such a line. */
const struct zone *text_zone(const struct machine *m, const char *line, const char **rest);
/* A figure of an object: ID OBJECT: expected WHAT E, found F. */
void check_shown(struct check *check, const char *id, const char *object, const char *what,
		 u64 expected, u64 found);

#endif
