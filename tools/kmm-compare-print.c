// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The report for people: what differs, file by file, then one line for each kind of
 * file. And for programs, as JSON.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kmm-compare.h"

#define RED "\033[31m"
#define GREEN "\033[32m"
#define BOLD "\033[1m"
#define DIM "\033[2m"
#define PLAIN "\033[m"

/* Texts longer than that are cut, in tables. */
#define MOST 40

static const char *colour(const struct print_options *options, const char *code)
{
	return options->colour ? code : "";
}

static bool is_shown(const struct diff *diff, const struct print_options *options)
{
	return options->all || diff->class == DERIVED ||
	       (options->history && diff->class == STATE);
}

static char *cut(const char *text)
{
	const size_t len = strlen(text);

	if (len <= MOST)
		return g_strdup(text);
	return g_strdup_printf("%.*s...", MOST - 3, text);
}

/*
 * Files that are one figure each stand together below their row, by the part of the
 * path that the row leaves open.
 */
static const char *heading(const struct diff *diff)
{
	return *diff->field ? diff->path : diff->row->path;
}

static const char *label(const struct diff *diff)
{
	const char *star = strchr(diff->row->path, '*');
	size_t at = star ? (size_t)(star - diff->row->path) : 0;

	if (*diff->field || !star)
		return diff->field;
	while (at && diff->path[at - 1] != '/')
		at--;
	return diff->path + at;
}

/* In a history figures move: by how much. */
static char *remark(const struct diff *diff, const struct print_options *options)
{
	char *end[2];
	long long values[2];

	if (diff->kind != DIFF_VALUE)
		return g_strdup(options->history && diff->kind == DIFF_MISSING ? "gone" :
				options->history && diff->kind == DIFF_EXTRA   ? "new" :
										 kind_names[diff->kind]);
	for (unsigned int i = 0; i < 2; i++)
		values[i] = strtoll(diff->values[i], &end[i], 10);
	if (end[0] == diff->values[0] || end[1] == diff->values[1] || strcmp(end[0], end[1]))
		return g_strdup("");
	return g_strdup_printf("%+lld", values[1] - values[0]);
}

struct widths {
	int field, values[2];
};

static void widen(int *width, const char *text)
{
	g_autofree char *shown = text ? cut(text) : NULL;

	*width = MAX(*width, shown ? (int)strlen(shown) : 1);
}

static struct widths widths_of(const struct report *report, const struct print_options *options)
{
	struct widths widths = { .values = { (int)strlen(options->labels[0]),
					     (int)strlen(options->labels[1]) } };

	for (unsigned int i = 0; i < report->diffs->len; i++) {
		const struct diff *diff = g_ptr_array_index(report->diffs, i);

		if (!is_shown(diff, options))
			continue;
		widen(&widths.field, label(diff));
		widen(&widths.values[0], diff->values[0]);
		widen(&widths.values[1], diff->values[1]);
	}
	return widths;
}

static void print_diff(const struct diff *diff, const struct widths *widths,
		       const struct print_options *options)
{
	g_autofree char *real = cut(diff->values[0] ? diff->values[0] : "-");
	g_autofree char *ours = cut(diff->values[1] ? diff->values[1] : "-");
	g_autofree char *why = remark(diff, options), *name = cut(label(diff));
	g_autofree char *line = NULL;

	line = g_strdup_printf("  %-*s  %-8s%*s  %*s  %s", widths->field, name,
			       options->history ? "" : class_names[diff->class], widths->values[0],
			       real, widths->values[1], ours, why);
	printf("%s%s%s\n", diff->class == DERIVED && !options->history ? colour(options, RED) : "",
	       g_strchomp(line), colour(options, PLAIN));
}

static void print_diffs(const struct report *report, const struct print_options *options)
{
	const struct widths widths = widths_of(report, options);
	const char *path = "";

	for (unsigned int i = 0; i < report->diffs->len; i++) {
		const struct diff *diff = g_ptr_array_index(report->diffs, i);

		if (!is_shown(diff, options))
			continue;
		if (!*path)
			printf("%s  %-*s  %-8s%*s  %*s%s\n", colour(options, DIM), widths.field, "",
			       options->history ? "" : "class", widths.values[0],
			       options->labels[0], widths.values[1], options->labels[1],
			       colour(options, PLAIN));
		if (strcmp(path, heading(diff)))
			printf("%s%s%s\n", colour(options, BOLD), heading(diff),
			       colour(options, PLAIN));
		path = heading(diff);
		print_diff(diff, &widths, options);
	}
	if (*path)
		putchar('\n');
}

/* "12/13": equal of all; "-" if there are none. */
static char *share(unsigned int nr_equal, unsigned int nr)
{
	return nr ? g_strdup_printf("%u/%u", nr_equal, nr) : g_strdup("-");
}

static char *verdict(const struct row_result *row)
{
	if (!row->nr_files && !row->nr_count)
		return g_strdup(row->trouble ? "not readable" : "not compared");
	if (row->nr_count)
		return g_strdup_printf("%u difference%s", row->nr_count,
				       row->nr_count == 1 ? "" : "s");
	return g_strdup("ok");
}

static bool row_is_shown(const struct row_result *row)
{
	return row->nr_files || row->trouble || row->nr_count;
}

static const char *row_name(unsigned int i)
{
	return file_rows[i].group ? file_rows[i].group : file_rows[i].path;
}

/* The sum of row i and of those behind it that are of its group; the first of the next. */
static unsigned int group_of(const struct report *report, unsigned int i, struct row_result *sum)
{
	const char *name = row_name(i);

	*sum = (struct row_result){ 0 };
	for (; i < nr_file_rows && !strcmp(name, row_name(i)); i++) {
		const struct row_result *row = &report->rows[i];

		sum->nr_files += row->nr_files;
		sum->nr_fields += row->nr_fields;
		sum->nr_count += row->nr_count;
		sum->trouble = sum->trouble ? sum->trouble : row->trouble;
		for (unsigned int class = 0; class < NR_CLASSES; class++) {
			sum->nr[class] += row->nr[class];
			sum->nr_equal[class] += row->nr_equal[class];
		}
	}
	return i;
}

static void print_row(const struct row_result *row, const char *name, int width,
		      const struct print_options *options)
{
	g_autofree char *result = verdict(row);

	printf("%-*s %5u", width, name, row->nr_files);
	for (unsigned int class = 0; class < NR_CLASSES; class++) {
		g_autofree char *text = share(row->nr_equal[class], row->nr[class]);

		printf(" %11s", text);
	}
	printf("  %s%s%s\n", colour(options, row->nr_count ? RED : GREEN), result,
	       colour(options, PLAIN));
}

static void print_summary(const struct report *report, const struct print_options *options)
{
	struct row_result sum;
	int width = strlen("equal of all in");

	for (unsigned int i = 0; i < nr_file_rows; i++) {
		if (row_is_shown(&report->rows[i]))
			width = MAX(width, (int)strlen(row_name(i)));
	}
	printf("%s%-*s %5s %11s %11s %11s  %s%s\n", colour(options, DIM), width,
	       "equal of all in", "files", class_names[DERIVED], class_names[STATE],
	       class_names[NOISE], "result", colour(options, PLAIN));
	for (unsigned int i = 0, next; i < nr_file_rows; i = next) {
		next = group_of(report, i, &sum);
		if (row_is_shown(&sum))
			print_row(&sum, row_name(i), width, options);
	}
}

static void print_troubles(const struct report *report)
{
	struct row_result sum;

	for (unsigned int i = 0; i < nr_file_rows; i = group_of(report, i, &sum)) {
		group_of(report, i, &sum);
		if (sum.trouble)
			printf("note: %s\n", sum.trouble);
	}
}

static void sum_up(const struct report *report, unsigned int nr[NR_CLASSES],
		   unsigned int nr_equal[NR_CLASSES])
{
	memset(nr, 0, NR_CLASSES * sizeof(*nr));
	memset(nr_equal, 0, NR_CLASSES * sizeof(*nr_equal));
	for (unsigned int i = 0; i < nr_file_rows; i++) {
		for (unsigned int class = 0; class < NR_CLASSES; class++) {
			nr[class] += report->rows[i].nr[class];
			nr_equal[class] += report->rows[i].nr_equal[class];
		}
	}
}

static void print_history(const struct report *report, const struct print_options *options)
{
	const unsigned int nr = report->diffs->len;

	printf("%s: lines %s and %s of its journal\n\n", options->sources[0].what,
	       options->labels[0] + 1, options->labels[1] + 1);
	print_diffs(report, options);
	print_troubles(report);
	if (nr)
		printf("%u figure%s moved\n", nr, nr == 1 ? "" : "s");
	else
		puts("nothing moved");
}

static void print_end(const struct report *report, const struct print_options *options)
{
	unsigned int nr[NR_CLASSES], nr_equal[NR_CLASSES];

	sum_up(report, nr, nr_equal);
	printf("\n%u of %u derived figures are equal, %u of %u of state, %u of %u of noise; ",
	       nr_equal[DERIVED], nr[DERIVED], nr_equal[STATE], nr[STATE], nr_equal[NOISE],
	       nr[NOISE]);
	printf("%s%u difference%s that count%s%s\n",
	       colour(options, report->nr_count ? RED : GREEN), report->nr_count,
	       report->nr_count == 1 ? "" : "s", report->nr_count == 1 ? "s" : "",
	       colour(options, PLAIN));
}

void report_print(const struct report *report, const struct print_options *options)
{
	if (options->history) {
		print_history(report, options);
		return;
	}
	for (unsigned int i = 0; i < 2; i++)
		printf("%s: %s\n", options->labels[i], options->sources[i].what);
	putchar('\n');
	print_diffs(report, options);
	print_summary(report, options);
	print_troubles(report);
	print_end(report, options);
}

/* A JSON string; null for NULL. */
static void put_json(const char *text)
{
	if (!text) {
		fputs("null", stdout);
		return;
	}
	putchar('"');
	for (const char *p = text; *p; p++) {
		if (*p == '"' || *p == '\\')
			printf("\\%c", *p);
		else if ((unsigned char)*p < ' ')
			printf("\\u%04x", (unsigned int)(unsigned char)*p);
		else
			putchar(*p);
	}
	putchar('"');
}

static void put_member(const char *name, const char *text, const char *behind)
{
	printf("\"%s\": ", name);
	put_json(text);
	fputs(behind, stdout);
}

static void put_row(const struct row_result *row, const char *path)
{
	fputs("    { ", stdout);
	put_member("path", path, ", ");
	printf("\"files\": %u, \"fields\": %u, \"differences\": %u", row->nr_files,
	       row->nr_fields, row->nr_count);
	for (unsigned int class = 0; class < NR_CLASSES; class++)
		printf(", \"%s\": { \"equal\": %u, \"of\": %u }", class_names[class],
		       row->nr_equal[class], row->nr[class]);
	fputs(", ", stdout);
	put_member("trouble", row->trouble, " }");
}

static void put_diff(const struct diff *diff)
{
	fputs("    { ", stdout);
	put_member("path", diff->path, ", ");
	put_member("field", diff->field, ", ");
	put_member("kind", kind_names[diff->kind], ", ");
	put_member("class", class_names[diff->class], ", ");
	printf("\"counts\": %s, ", diff->class == DERIVED ? "true" : "false");
	fputs("\"values\": [ ", stdout);
	put_json(diff->values[0]);
	fputs(", ", stdout);
	put_json(diff->values[1]);
	fputs(" ] }", stdout);
}

/* All differences, those that do not count included. */
void report_print_json(const struct report *report, const struct print_options *options)
{
	const char *comma = "";

	fputs("{\n  ", stdout);
	put_member("left", options->sources[0].what, ",\n  ");
	put_member("right", options->sources[options->history ? 0 : 1].what, ",\n");
	fputs("  \"labels\": [ ", stdout);
	put_json(options->labels[0]);
	fputs(", ", stdout);
	put_json(options->labels[1]);
	printf(" ],\n  \"count\": %u,\n  \"files\": [\n", report->nr_count);
	for (unsigned int i = 0; i < nr_file_rows; i++) {
		if (!row_is_shown(&report->rows[i]))
			continue;
		fputs(comma, stdout);
		put_row(&report->rows[i], file_rows[i].path);
		comma = ",\n";
	}
	fputs("\n  ],\n  \"differences\": [\n", stdout);
	comma = "";
	for (unsigned int i = 0; i < report->diffs->len; i++) {
		fputs(comma, stdout);
		put_diff(g_ptr_array_index(report->diffs, i));
		comma = ",\n";
	}
	fputs("\n  ]\n}\n", stdout);
}
