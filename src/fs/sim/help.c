// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * sim/help/: pages written from the rows of verbs and files. A verb's page has its
 * name; a file's has the last two names of its path, "vm.swappiness". Files that
 * share those share a page, which lists their paths. Ids: verbs first, then rows.
 */
#include <stdio.h>

#include "fs/core/tree_struct.h"
#include "fs/core/verb.h"

#define ID_INDEX 0
#define ID_VERBS 1
#define ID_ROWS 0x10000

static bool has_page(const struct tree *tree, unsigned int index)
{
	const struct row *row = &tree->rows[index];

	return index && !row->host && (!S_ISDIR(row->entry->mode) || row->entry->help);
}

static const char *parent_name(const struct tree *tree, const struct row *row)
{
	return tree->rows[row->parent].entry->name;
}

static bool same_page(const struct tree *tree, const struct row *a, const struct row *b)
{
	return !strcmp(a->entry->name, b->entry->name) &&
	       !strcmp(parent_name(tree, a), parent_name(tree, b));
}

/* A row of this machine's release whose page no earlier row has. */
static bool begins_page(const struct view *v, unsigned int index)
{
	const struct tree *tree = v->tree;
	const struct row *row = &tree->rows[index];

	if (!has_page(tree, index) || !span_holds(row->entry->span, v->m->release))
		return false;
	for (unsigned int i = 1; i < index; i++) {
		if (same_page(tree, &tree->rows[i], row) && has_page(tree, i) &&
		    span_holds(tree->rows[i].entry->span, v->m->release))
			return false;
	}
	return true;
}

/* "node<N>" and "0x<PFN>" without the brackets, which shells do not like. */
static size_t plain(char *to, size_t room, const char *name)
{
	size_t len = 0;

	for (; *name && len + 1 < room; name++) {
		if (*name != '<' && *name != '>')
			to[len++] = *name;
	}
	to[len] = '\0';
	return len;
}

static void row_page_name(const struct tree *tree, const struct row *row, char name[64])
{
	size_t len = plain(name, 64, parent_name(tree, row));

	if (len && len < 62)
		name[len++] = '.';
	plain(name + len, 64 - len, row->entry->name);
}

static bool help_next(const struct view *v, u32 *id)
{
	if (*id < ID_VERBS)
		return true;
	if (*id < ID_ROWS && verb_at(*id - ID_VERBS))
		return true;
	for (*id = MAX(*id, ID_ROWS); *id - ID_ROWS < v->tree->nr_rows; ++*id) {
		if (begins_page(v, *id - ID_ROWS))
			return true;
	}
	return false;
}

static void help_name(const struct view *v, u32 id, char name[64])
{
	if (id < ID_VERBS)
		snprintf(name, 64, "index");
	else if (id < ID_ROWS)
		snprintf(name, 64, "%s", verb_at(id - ID_VERBS)->name);
	else
		row_page_name(v->tree, &v->tree->rows[id - ID_ROWS], name);
}

/* The first row with a page of this name: whole, or only the file's own part. */
static bool find_row(const struct view *v, const char *name, bool whole, u32 *id)
{
	char page[64];

	for (unsigned int i = 1; i < v->tree->nr_rows; i++) {
		const struct row *row = &v->tree->rows[i];

		if (!has_page(v->tree, i) || !span_holds(row->entry->span, v->m->release))
			continue;
		if (whole)
			row_page_name(v->tree, row, page);
		else
			plain(page, sizeof(page), row->entry->name);
		if (strcmp(page, name))
			continue;
		*id = ID_ROWS + i;
		return true;
	}
	return false;
}

static bool help_find(const struct view *v, const char *name, u32 *id)
{
	const struct verb *verb = verb_find(name, strlen(name));

	*id = verb ? ID_VERBS + verb_number(verb) : ID_INDEX;
	if (verb || !strcmp(name, "index"))
		return true;
	return find_row(v, name, /* whole = */ true, id) ||
	       find_row(v, name, /* whole = */ false, id);
}

/* Words of a paragraph in lines of at most 78 columns. */
static void wrap(struct out *out, const char *text)
{
	size_t column = 0;

	while (*text) {
		size_t len = strcspn(text, " \n");

		if (column && column + 1 + len > 78) {
			out_putc(out, '\n');
			column = 0;
		} else if (column) {
			out_putc(out, ' ');
			column++;
		}
		out_write(out, text, len);
		column += len;
		text += len;
		text += strspn(text, " ");
		if (*text == '\n') {
			out_putc(out, '\n');
			column = 0;
			text++;
		}
	}
	out_putc(out, '\n');
}

static const char *const result_texts[] = {
	[RESULT_NONE] = "0",
	[RESULT_NUMBER] = "a number",
	[RESULT_POINTER] = "an address",
	[RESULT_PFN] = "a page frame number",
};

static void verb_page(struct out *out, const struct verb *verb)
{
	out_printf(out, "%s%s%s\n\n", verb->name, *verb->usage ? " " : "", verb->usage);
	wrap(out, verb->help);
	if (verb->result < ARRAY_SIZE(result_texts))
		out_printf(out, "\nResult: %s.\n", result_texts[verb->result]);
	out_puts(out, "Written to:");
	if (verb->scopes & 1 << V_NAME)
		out_puts(out, " sim/ctl");
	if (verb->scopes & 1 << V_CPU)
		out_puts(out, " sim/cpu/N/ctl");
	if (verb->scopes & 1 << V_PID)
		out_puts(out, " proc/PID/ctl");
	out_putc(out, '\n');
}

static void row_path(struct out *out, const struct tree *tree, unsigned int index)
{
	if (tree->rows[index].parent) {
		row_path(out, tree, tree->rows[index].parent);
		out_putc(out, '/');
	}
	out_puts(out, tree->rows[index].entry->name);
}

static const char *kind_text(const struct row *row)
{
	if (S_ISDIR(row->entry->mode))
		return "directory";
	if (S_ISLNK(row->entry->mode))
		return "link";
	return row->kind == ROW_CTL ? "control file" : "file";
}

static void row_page(struct out *out, const struct view *v, unsigned int index)
{
	const struct tree *tree = v->tree;
	const struct row *row = &tree->rows[index];

	for (unsigned int i = index; i < tree->nr_rows; i++) {
		const struct row *other = &tree->rows[i];

		if (!same_page(tree, row, other) || !has_page(tree, i) ||
		    !span_holds(other->entry->span, v->m->release))
			continue;
		row_path(out, tree, i);
		out_printf(out, "  (%s, %04o)\n", kind_text(other),
			   (unsigned int)other->entry->mode & 07777);
	}
	out_putc(out, '\n');
	if (row->entry->help)
		wrap(out, row->entry->help);
	else
		out_puts(out, "As in the real kernel: see proc(5) and the kernel's "
			 "documentation.\n");
	if (row->entry->store)
		out_puts(out, "One write is one new value.\n");
}

#define SUMMARY_CHARS 100

/* The first sentence of a paragraph, or the words of it that fit into a line. */
static void first_sentence(struct out *out, const char *text)
{
	const char *end = strstr(text, ". ");
	size_t len = end ? (size_t)(end - text) + 1 : strlen(text);

	if (len <= SUMMARY_CHARS) {
		out_write(out, text, len);
	} else {
		for (len = SUMMARY_CHARS; len && text[len] != ' ';)
			len--;
		out_write(out, text, len);
		out_puts(out, " ...");
	}
	out_putc(out, '\n');
}

static void index_page(struct out *out, const struct view *v)
{
	const struct verb *verb;
	char name[64];

	out_puts(out, "Verbs, written to a ctl file:\n\n");
	for (u32 i = 0; (verb = verb_at(i)); i++)
		out_printf(out, "%s%s%s\n", verb->name, *verb->usage ? " " : "", verb->usage);
	out_puts(out, "\nFiles that a real kernel does not have:\n\n");
	for (u32 id = ID_ROWS; help_next(v, &id); id++) {
		const struct entry *entry = v->tree->rows[id - ID_ROWS].entry;

		if (!entry->help)
			continue;
		help_name(v, id, name);
		out_printf(out, "%-24s ", name);
		first_sentence(out, entry->help);
	}
}

static int help_show(struct out *out, const struct view *v)
{
	u32 id = v->id[V_HELP];

	if (id < ID_VERBS)
		index_page(out, v);
	else if (id < ID_ROWS)
		verb_page(out, verb_at(id - ID_VERBS));
	else
		row_page(out, v, id - ID_ROWS);
	return 0;
}

static const struct each help_each[] = {
	{ { "<PAGE>", S_IFREG | 0444, ALL, help_show,
	    .help = "A verb's page has its name, a file's the last two names of its path "
		    "(vm.swappiness); `index` names all." },
	  V_HELP, help_next, help_name, help_find },
};

static const struct dir help_dir = { DIR_EACH(help_each) };

static const struct entry sim_entries[] = {
	{ "help", S_IFDIR | 0555, ALL, .dir = &help_dir,
	  .help = "A page for each verb and file, written from the tables that serve them." },
};

static const struct dir sim_dir = { DIR_FILES(sim_entries) };

TREE_PARTS(help_parts, { "sim", &sim_dir });
