// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Prints kmmfs-tree(7) or kmmfs-verbs(7) from the rows that serve the files and
 * run the verbs, so that the pages cannot say anything else; or the verbs' names.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

#include "fs/core/parts.h"
#include "fs/core/verb.h"

struct item {
	char path[256];
	const struct entry *entry;
};

struct items {
	struct item items[4096];
	unsigned int nr;
};

/* Text that troff would read as a request or an escape. */
static void put_text(const char *text)
{
	if (*text == '.' || *text == '\'')
		fputs("\\&", stdout);
	for (; *text; text++) {
		if (*text == '\\')
			fputs("\\e", stdout);
		else if (*text == '-')
			fputs("\\-", stdout);
		else
			putchar(*text);
	}
}

static void put_header(const char *page, const char *title)
{
	char upper[64];
	size_t i;

	for (i = 0; page[i] && i < sizeof(upper) - 1; i++)
		upper[i] = toupper((unsigned char)page[i]);
	upper[i] = '\0';
	printf(".\\\" Generated from the tables of the program; do not edit.\n"
	       ".TH %s 7 2026 kmmfs \"Miscellaneous Information\"\n"
	       ".SH NAME\n%s \\- %s\n", upper, page, title);
}

static void add_dir(struct items *items, const char *path, const struct dir *dir);

static void add(struct items *items, const char *path, const struct entry *entry)
{
	struct item *item = &items->items[items->nr];

	if (items->nr == ARRAY_SIZE(items->items)) {
		fprintf(stderr, "gen-man: more than %u rows\n", items->nr);
		exit(1);
	}
	snprintf(item->path, sizeof(item->path), "%s%s%s", path, *path ? "/" : "",
		 entry->name);
	item->entry = entry;
	items->nr++;
	if (entry->dir)
		add_dir(items, item->path, entry->dir);
}

static void add_dir(struct items *items, const char *path, const struct dir *dir)
{
	for (unsigned int i = 0; i < dir->nr_entries; i++)
		add(items, path, &dir->entries[i]);
	for (unsigned int i = 0; i < dir->nr_bins; i++)
		add(items, path, &dir->bins[i].entry);
	for (unsigned int i = 0; i < dir->nr_values; i++)
		add(items, path, &dir->values[i].entry);
	for (unsigned int i = 0; i < dir->nr_ctls; i++)
		add(items, path, &dir->ctls[i].entry);
	for (unsigned int i = 0; i < dir->nr_each; i++)
		add(items, path, &dir->each[i].entry);
}

static int by_path(const void *a, const void *b)
{
	return strcmp(((const struct item *)a)->path, ((const struct item *)b)->path);
}

/* "(since 6.18)" where a row does not hold for all releases. */
static void put_span(struct span span)
{
	if (span.first > 0)
		printf(" (since %s)", release_name(span.first));
	if (span.last < NR_RELEASES - 1)
		printf(" (until %s)", release_name(span.last));
}

static void put_item(const struct item *item)
{
	const struct entry *entry = item->entry;

	fputs(".TP\n.BI ", stdout);
	putchar('"');
	put_text(item->path);
	printf("%s\"\n", S_ISDIR(entry->mode) ? "/" : "");
	printf("%04o", (unsigned int)entry->mode & 07777);
	put_span(entry->span);
	puts("");
	if (entry->help) {
		puts(".br");
		put_text(entry->help);
		puts("");
	}
}

static void print_tree(void)
{
	struct items *items = calloc(1, sizeof(*items));

	if (!items)
		exit(1);
	for (unsigned int i = 0; i < nr_fs_parts; i++)
		for (unsigned int j = 0; j < fs_parts[i]->nr; j++)
			add_dir(items, fs_parts[i]->parts[j].path,
				fs_parts[i]->parts[j].dir);
	qsort(items->items, items->nr, sizeof(items->items[0]), by_path);
	put_header("kmmfs-tree", "the files of a mounted machine");
	puts(".SH DESCRIPTION\n"
	     "Files of\n.I proc\nand\n.I sys\nthat a real kernel has are in its format, with its mode. "
	     "The number is the mode of the file.");
	puts(".SH FILES");
	for (unsigned int i = 0; i < items->nr; i++)
		put_item(&items->items[i]);
	puts(".SH SEE ALSO\n.BR kmmfs (1),\n.BR kmmfs-verbs (7)");
	free(items);
}

static void print_verbs(void)
{
	const struct verb *verb;

	put_header("kmmfs-verbs", "the calls that control files take");
	puts(".SH DESCRIPTION\n"
	     "A line is a call, in the words of the kernel: with parentheses and commas as in C, or with "
	     "blanks. Behind\n.RB ` = '\nthe expected result may stand, behind\n.RB ` as '\na name for "
	     "the result, which\n.BI @ NAME\ngives back.\n.B @\nis the last address that a call "
	     "returned.");
	puts(".SH VERBS");
	for (unsigned int i = 0; (verb = verb_at(i)); i++) {
		printf(".TP\n.BI \"%s \" \"", verb->name);
		put_text(verb->usage ? verb->usage : "");
		puts("\"");
		put_text(verb->help);
		puts("");
	}
	puts(".SH SEE ALSO\n.BR kmmfs (1),\n.BR kmm-run (1),\n.BR kmmfs-tree (7)");
}

/* For the completion of shells. */
static void print_names(void)
{
	const struct verb *verb;

	for (unsigned int i = 0; (verb = verb_at(i)); i++)
		puts(verb->name);
}

int main(int argc, char **argv)
{
	if (argc == 2 && !strcmp(argv[1], "kmmfs-tree"))
		print_tree();
	else if (argc == 2 && !strcmp(argv[1], "kmmfs-verbs"))
		print_verbs();
	else if (argc == 2 && !strcmp(argv[1], "verbs"))
		print_names();
	else
		return fprintf(stderr, "usage: gen-man kmmfs-tree|kmmfs-verbs|verbs\n"), 2;
	return ferror(stdout) ? 1 : 0;
}
