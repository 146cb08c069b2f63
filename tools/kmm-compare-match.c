// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Facts of two sides are matched by section, name and number of occurrence; the other
 * differences are of those that have no partner, and of those whose order is another:
 * the fewest that would have to move.
 */
#include <errno.h>
#include <string.h>

#include "kmm-compare.h"

const char *const class_names[NR_CLASSES] = { "derived", "state", "noise" };
const char *const kind_names[NR_KINDS] = { "value", "unit", "layout", "order", "missing", "extra" };

/* One side of a file. */
struct side {
	struct facts *facts;
	GHashTable *by_key;		/* key to index + 1 */
	GHashTable *sections;
	GPtrArray *keys;
	unsigned int *partner;		/* index in the other side, or NONE */
};

#define NONE ((unsigned int)-1)

struct matching {
	struct report *report;
	struct row_result *result;
	const struct file_row *row;
	const char *path;
	struct side sides[2];
};

static void free_diff(void *data)
{
	struct diff *diff = data;

	g_free(diff->path);
	g_free(diff->field);
	g_free(diff->values[0]);
	g_free(diff->values[1]);
	g_free(diff);
}

/* Takes the values over. */
static void add_diff(struct matching *m, enum kind kind, enum class class, const char *field,
		     char *real, char *ours)
{
	struct diff *diff = g_new0(struct diff, 1);

	diff->kind = kind;
	diff->class = class;
	diff->row = m->row;
	diff->path = g_strdup(m->path);
	diff->field = g_strdup(field);
	diff->values[0] = real;
	diff->values[1] = ours;
	g_ptr_array_add(m->report->diffs, diff);
	m->result->nr_count += class == DERIVED;
}

static void side_begin(struct side *side, const struct file_row *row, const char *text)
{
	GHashTable *seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

	*side = (struct side){ .facts = facts_new() };
	row->parse(side->facts, text);
	side->by_key = g_hash_table_new(g_str_hash, g_str_equal);
	side->sections = g_hash_table_new(g_str_hash, g_str_equal);
	side->keys = g_ptr_array_new_with_free_func(g_free);
	side->partner = g_new(unsigned int, side->facts->facts->len + 1);
	for (unsigned int i = 0; i < side->facts->facts->len; i++) {
		const struct fact *fact = fact_at(side->facts, i);
		char *bare = g_strdup_printf("%s\n%s", fact->section, fact->name), *key;
		unsigned int nr = GPOINTER_TO_UINT(g_hash_table_lookup(seen, bare));

		key = nr ? g_strdup_printf("%s\n%u", bare, nr + 1) : g_strdup(bare);
		g_hash_table_replace(seen, bare, GUINT_TO_POINTER(nr + 1));
		g_ptr_array_add(side->keys, key);
		g_hash_table_insert(side->by_key, key, GUINT_TO_POINTER(i + 1));
		g_hash_table_add(side->sections, (void *)fact->section);
	}
	g_hash_table_destroy(seen);
}

static void side_end(struct side *side)
{
	g_hash_table_destroy(side->by_key);
	g_hash_table_destroy(side->sections);
	g_ptr_array_free(side->keys, TRUE);
	g_free(side->partner);
	facts_free(side->facts);
}

static void find_partners(const struct side *other, struct side *side)
{
	for (unsigned int i = 0; i < side->facts->facts->len; i++) {
		const char *key = g_ptr_array_index(side->keys, i);
		unsigned int at = GPOINTER_TO_UINT(g_hash_table_lookup(other->by_key, key));

		side->partner[i] = at ? at - 1 : NONE;
	}
}

static const struct field_row *field_row(const struct matching *m, const struct side *side,
					 const struct fact *fact)
{
	for (const struct field_row *row = m->row->fields; row && row->name; row++) {
		g_autofree char *with = NULL;

		if (!g_pattern_match_simple(row->section ? row->section : "*", fact->section) ||
		    !g_pattern_match_simple(row->name, fact->name))
			continue;
		if (!row->with)
			return row;
		with = g_strdup_printf("%s\n%s", fact->section, row->with);
		if (g_hash_table_contains(side->by_key, with))
			return row;
	}
	return NULL;
}

/* "node 0 DMA: managed" */
static char *field_name(const struct fact *fact)
{
	if (!*fact->section || !*fact->name)
		return g_strdup(*fact->section ? fact->section : fact->name);
	return g_strdup_printf("%s: %s", fact->section, fact->name);
}

static char *value_text(const struct fact *fact)
{
	return g_strdup_printf("%s%s%s", fact->value, *fact->unit ? " " : "", fact->unit);
}

/*
 * Are two lines written alike? Names and what follows the value are the same, and the
 * value is aligned at one of its ends.
 */
static bool same_layout(const struct fact *a, const struct fact *b)
{
	g_autofree char *before_a = NULL, *before_b = NULL;

	if (!a->line || !b->line)
		return true;
	before_a = g_strchomp(g_strndup(a->line, a->start));
	before_b = g_strchomp(g_strndup(b->line, b->start));
	return !strcmp(before_a, before_b) && !strcmp(a->line + a->end, b->line + b->end) &&
	       (a->start == b->start || a->end == b->end);
}

/* Two that are one figure. */
static void compare_facts(struct matching *m, const struct fact *real, const struct fact *ours)
{
	const struct field_row *row = field_row(m, &m->sides[0], real);
	const enum class class = row ? row->class : m->row->rest;
	g_autofree char *field = field_name(real);
	const bool equal = !strcmp(real->value, ours->value);

	m->result->nr[class]++;
	m->result->nr_equal[class] += equal;
	if (strcmp(real->unit, ours->unit))
		add_diff(m, DIFF_UNIT, DERIVED, field, value_text(real), value_text(ours));
	else if (!same_layout(real, ours))
		add_diff(m, DIFF_LAYOUT, DERIVED, field, g_strdup_printf("'%s'", real->line),
			 g_strdup_printf("'%s'", ours->line));
	if (!equal)
		add_diff(m, DIFF_VALUE, class, field, value_text(real), value_text(ours));
}

/* A figure that only side i has; of a section that only it has, the first stands for all. */
static void report_single(struct matching *m, unsigned int i, unsigned int at, GHashTable *told)
{
	const struct fact *fact = fact_at(m->sides[i].facts, at);
	const struct field_row *row = field_row(m, &m->sides[i], fact);
	const bool whole = !g_hash_table_contains(m->sides[!i].sections, fact->section);
	const bool optional = row ? row->optional : false;
	g_autofree char *field = whole && *fact->section ? g_strdup(fact->section) :
							   field_name(fact);
	char *value;

	if (whole && *fact->section && !g_hash_table_add(told, (void *)fact->section))
		return;
	value = whole && *fact->section ? g_strdup("all of it") : value_text(fact);
	add_diff(m, i ? DIFF_EXTRA : DIFF_MISSING, optional ? STATE : DERIVED, field,
		 i ? NULL : value, i ? value : NULL);
}

static void report_singles(struct matching *m, unsigned int i)
{
	GHashTable *told = g_hash_table_new(g_str_hash, g_str_equal);

	for (unsigned int at = 0; at < m->sides[i].facts->facts->len; at++) {
		if (m->sides[i].partner[at] == NONE)
			report_single(m, i, at, told);
	}
	g_hash_table_destroy(told);
}

/* Name of the matched figure before `at` in side i. */
static char *name_before(const struct matching *m, unsigned int i, unsigned int at)
{
	const struct side *side = &m->sides[i];
	g_autofree char *name = NULL;

	while (at && side->partner[at - 1] == NONE)
		at--;
	if (!at)
		return g_strdup("first");
	name = field_name(fact_at(side->facts, at - 1));
	return g_strdup_printf("behind %s", name);
}

/*
 * Of nr figures of ours, at[], in their order: the longest part whose order is that of
 * the real ones keeps its place; all others are reported. Patience sorting.
 */
static void check_order(struct matching *m, const unsigned int *at, unsigned int nr)
{
	const unsigned int *partner = m->sides[1].partner;
	g_autofree unsigned int *tops = g_new(unsigned int, nr + 1);
	g_autofree unsigned int *before = g_new(unsigned int, nr + 1);
	g_autofree bool *keeps = g_new0(bool, nr + 1);
	unsigned int longest = 0;

	for (unsigned int i = 0; i < nr; i++) {
		unsigned int low = 0, high = longest;

		while (low < high) {
			unsigned int middle = (low + high) / 2;

			if (partner[at[tops[middle]]] < partner[at[i]])
				low = middle + 1;
			else
				high = middle;
		}
		before[i] = low ? tops[low - 1] : NONE;
		tops[low] = i;
		longest = MAX(longest, low + 1);
	}
	for (unsigned int i = longest ? tops[longest - 1] : NONE; i != NONE; i = before[i])
		keeps[i] = true;
	for (unsigned int i = 0; i < nr; i++) {
		g_autofree char *field = NULL;

		if (keeps[i])
			continue;
		field = field_name(fact_at(m->sides[1].facts, at[i]));
		add_diff(m, DIFF_ORDER, DERIVED, field, name_before(m, 0, partner[at[i]]),
			 name_before(m, 1, at[i]));
	}
}

/* All in one, or each section by itself where sections come in any order. */
static void check_orders(struct matching *m)
{
	const struct side *side = &m->sides[1];
	const unsigned int nr_facts = side->facts->facts->len;
	g_autofree unsigned int *at = g_new(unsigned int, nr_facts + 1);
	unsigned int nr = 0;

	for (unsigned int i = 0; i < nr_facts; i++) {
		if (m->row->unordered && i &&
		    strcmp(fact_at(side->facts, i)->section, fact_at(side->facts, i - 1)->section)) {
			check_order(m, at, nr);
			nr = 0;
		}
		if (side->partner[i] != NONE)
			at[nr++] = i;
	}
	check_order(m, at, nr);
}

static void compare_texts(struct matching *m, const char *real, const char *ours)
{
	side_begin(&m->sides[0], m->row, real);
	side_begin(&m->sides[1], m->row, ours);
	find_partners(&m->sides[1], &m->sides[0]);
	find_partners(&m->sides[0], &m->sides[1]);
	for (unsigned int i = 0; i < m->sides[0].facts->facts->len; i++) {
		const unsigned int at = m->sides[0].partner[i];

		if (at != NONE)
			compare_facts(m, fact_at(m->sides[0].facts, i),
				      fact_at(m->sides[1].facts, at));
	}
	report_singles(m, 0);
	report_singles(m, 1);
	check_orders(m);
	m->result->nr_files++;
	m->result->nr_fields += MAX(m->sides[0].facts->facts->len, m->sides[1].facts->facts->len);
	side_end(&m->sides[0]);
	side_end(&m->sides[1]);
}

static void note_trouble(struct row_result *result, const struct snapshot *side, const char *path,
			 int err)
{
	if (!result->trouble)
		result->trouble = g_strdup_printf("%s: %s cannot be read: %s", side->label, path,
						  g_strerror(-err));
}

/* Is that an error of who reads, not of what is there? Kernel threads have no memory to show. */
static bool is_trouble(int err)
{
	return err && err != -ENOENT && err != -ENOTDIR && err != -EISDIR && err != -ESRCH;
}

/* A file that only one side has, or that one side cannot read. */
static void compare_single(struct matching *m, struct snapshot *const sides[2],
			   const struct snapshot_file *const files[2])
{
	const unsigned int has = files[0] && files[0]->text ? 0 : 1;

	for (unsigned int i = 0; i < 2; i++) {
		if (files[i] && is_trouble(files[i]->err)) {
			note_trouble(m->result, sides[i], m->path, files[i]->err);
			return;
		}
	}
	if (!files[has] || !files[has]->text)
		return;
	m->result->nr_absent++;
	if (!sides[!has]->whole)
		return;
	add_diff(m, has ? DIFF_EXTRA : DIFF_MISSING, m->row->optional ? STATE : DERIVED, "",
		 has ? NULL : g_strdup("the file"), has ? g_strdup("the file") : NULL);
}

static const struct snapshot_file *file_of(const struct snapshot *side, unsigned int i)
{
	return i < side->files->len ? g_ptr_array_index(side->files, i) : NULL;
}

static int file_order(const struct snapshot_file *a, const struct snapshot_file *b)
{
	if (!a || !b)
		return a ? -1 : 1;
	if (a->row != b->row)
		return a->row < b->row ? -1 : 1;
	return strverscmp(a->path, b->path);
}

struct report *report_make(struct snapshot *const sides[2])
{
	struct report *report = g_new0(struct report, 1);
	unsigned int at[2] = { 0, 0 };

	report->diffs = g_ptr_array_new_with_free_func(free_diff);
	report->rows = g_new0(struct row_result, nr_file_rows);
	while (at[0] < sides[0]->files->len || at[1] < sides[1]->files->len) {
		const struct snapshot_file *files[2] = { file_of(sides[0], at[0]),
							 file_of(sides[1], at[1]) };
		const int order = file_order(files[0], files[1]);
		struct matching m = { .report = report };

		at[0] += order <= 0;
		at[1] += order >= 0;
		if (order)
			files[order < 0] = NULL;
		m.path = files[0] ? files[0]->path : files[1]->path;
		m.row = &file_rows[files[0] ? files[0]->row : files[1]->row];
		m.result = &report->rows[m.row - file_rows];
		if (files[0] && files[0]->text && files[1] && files[1]->text)
			compare_texts(&m, files[0]->text, files[1]->text);
		else
			compare_single(&m, sides, files);
	}
	for (unsigned int i = 0; i < nr_file_rows; i++)
		report->nr_count += report->rows[i].nr_count;
	return report;
}

void report_free(struct report *report)
{
	for (unsigned int i = 0; i < nr_file_rows; i++)
		g_free(report->rows[i].trouble);
	g_free(report->rows);
	g_ptr_array_free(report->diffs, TRUE);
	g_free(report);
}
