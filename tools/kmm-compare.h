/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * kmm-compare reads two machines into snapshots (the texts of all files that its rows
 * name), takes each text apart into facts (one figure each), and compares fact by fact.
 * Which files there are, how each is taken apart and what class a figure is of is rows
 * in kmm-compare-rows.c; nothing else knows a file by name.
 */
#ifndef KMM_COMPARE_H
#define KMM_COMPARE_H

#include <glib.h>
#include <stdbool.h>

#include "fs/core/tree.h"

/* What a figure follows from. */
enum class {
	DERIVED,	/* the machine, by formula: two boots of one machine agree */
	STATE,		/* what ran, and how the kernel was built and set */
	NOISE,		/* time and chance */
	NR_CLASSES
};

/* One figure of a file. Strings lie in the facts' chunk. */
struct fact {
	const char *section, *name;	/* "Node 0, zone DMA", "managed"; "" where there is none */
	const char *value, *unit;
	/* The line, if its layout is compared, and where the value lies in it. */
	const char *line;
	unsigned int start, end;
};

struct facts {
	GArray *facts;			/* struct fact, in the order of the file */
	GStringChunk *chunk;
};

/* Classes of the figures of a file: the first row that matches; * and ? as in a shell. */
struct field_row {
	const char *section, *name;
	enum class class;
	bool optional;		/* not every kernel has it: missing or extra is state */
	const char *with;	/* holds only where the section has this figure too */
};

/* Which comparisons look at a file. */
enum when { ALWAYS, WHEN_REAL, WHEN_HISTORY };

struct file_row {
	const char *path;	/* below the root; * stands for any part of a name */
	void (*parse)(struct facts *facts, const char *text);
	const struct field_row *fields;		/* up to one without a name; NULL: none */
	bool (*hidden)(const char *text);	/* is what matters left out for us? NULL: never */
	enum class rest;	/* of figures that no row names */
	const char *group;	/* rows that are one line of the summary; NULL: alone */
	bool optional;		/* not every kernel has this file, or this one of the * */
	bool unordered;		/* sections come in any order */
	bool numbers;		/* * is a number */
	enum when when;
};

extern const struct file_row file_rows[];
extern const unsigned int nr_file_rows;

/* kmm-compare-parse.c */
void parse_value(struct facts *facts, const char *text);
void parse_names(struct facts *facts, const char *text);
void parse_words(struct facts *facts, const char *text);
void parse_zoneinfo(struct facts *facts, const char *text);
void parse_buddyinfo(struct facts *facts, const char *text);
void parse_pagetypeinfo(struct facts *facts, const char *text);
void parse_slabinfo(struct facts *facts, const char *text);
void parse_columns(struct facts *facts, const char *text);
void parse_pressure(struct facts *facts, const char *text);
void parse_iomem(struct facts *facts, const char *text);
void parse_smaps(struct facts *facts, const char *text);
bool iomem_is_hidden(const char *text);
struct facts *facts_new(void);
void facts_free(struct facts *facts);
static inline const struct fact *fact_at(const struct facts *facts, unsigned int i)
{
	return &g_array_index(facts->facts, struct fact, i);
}

/* Where texts come from: a directory that looks like /, or a machine in this process. */
struct source {
	char *label;		/* a word for the head of a column */
	char *what;		/* a sentence: what this is */
	char *root;		/* directory; NULL: tree */
	char *temporary;	/* directory to be removed, or NULL */
	bool whole;		/* a file that is not there is one that the machine has not */
	struct tree *tree;
	struct machine_config *config;
};

/* kmm-compare-source.c: each returns 0 or an exit status, what failed being said. */
int source_real(const char *real, struct source *source);
int source_mount(const char *mountpoint, struct source *source);
int source_machine(const char *name, const char *const *sets, struct source *source);
/* A machine that kmm-capture makes of what `real` reads. */
int source_captured(const struct source *real, const char *const *sets, struct source *source);
void source_free(struct source *source);
/* The text of a file: 0 or -errno. */
int source_read(const struct source *source, const char *path, char **text);
void source_list(const struct source *source, const char *dir, GPtrArray *names);

/* All files that the rows name, as they are now. */
struct snapshot_file {
	unsigned int row;
	char *path, *text;	/* text NULL: err says why */
	int err;
};
struct snapshot {
	GPtrArray *files;	/* struct snapshot_file, by row, then by path */
	char *label;
	bool whole;
};
struct snapshot *snapshot_take(const struct source *source, bool history);
void snapshot_free(struct snapshot *snapshot);

/* kmm-compare-history.c: the machine as it was behind lines at[0] and at[1] of its journal. */
int history_take(struct source *source, const char *log, const guint64 at[2],
		 struct snapshot *snapshots[2]);

enum kind { DIFF_VALUE, DIFF_UNIT, DIFF_LAYOUT, DIFF_ORDER, DIFF_MISSING, DIFF_EXTRA, NR_KINDS };
extern const char *const class_names[NR_CLASSES], *const kind_names[NR_KINDS];

struct diff {
	enum kind kind;
	enum class class;	/* only a derived one counts */
	const struct file_row *row;
	char *path, *field;	/* field "" for a file that is one figure, or as a whole */
	char *values[2];	/* NULL: not there */
};

/* What became of a row's files. */
struct row_result {
	unsigned int nr_files, nr_fields;
	unsigned int nr[NR_CLASSES], nr_equal[NR_CLASSES];
	unsigned int nr_count;	/* differences that count */
	char *trouble;		/* why files of one side could not be read, or NULL */
	unsigned int nr_absent;	/* files that one side does not have */
};

struct report {
	GPtrArray *diffs;	/* struct diff, in the order of the rows */
	struct row_result *rows;
	unsigned int nr_count;
};

/* kmm-compare-match.c */
struct report *report_make(struct snapshot *const sides[2]);
void report_free(struct report *report);

/* kmm-compare-print.c */
struct print_options {
	bool history;
	bool all;		/* every class of differences */
	bool colour;
	const struct source *sources;	/* one or two */
	const char *labels[2];
};
void report_print(const struct report *report, const struct print_options *options);
void report_print_json(const struct report *report, const struct print_options *options);

#endif
