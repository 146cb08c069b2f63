// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * E6: for every id that sim/check knows there is a corruption that makes it fire, and
 * that makes no other fire than those which see the same wrong (the row's group). Of
 * physical memory every sentence is printed by one of them, so that no check of it can be
 * one that never fires. doc/corruptions.md has them all for who reads; with
 * KMM_WRITE_CORRUPTIONS=1 it is written, else compared.
 */
#include <ctype.h>
#include <fnmatch.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>

#include "lab.h"
#include "plants.h"
#include "support.h"

#include "fs/core/tree_struct.h"
#include "fs/sim/check.h"

#define LEAST_OF_PHYSICAL_MEMORY 40

static const struct plant_table *const tables[] = {
	&layout_plants, &mark_plants, &slab_plants, &phys_plants, &cma_plants, &user_plants, &space_plants,
	&swap_plants, &memcg_plants,
};
#define PHYSICAL_TABLES 5	/* the first */

static const char *const releases[] = { "6.1", "6.18" };

/* What all corruptions made sim/check print, and the table of them. */
static struct out printed, written;

static bool id_is_in(const char *line, const char *ids)
{
	size_t len = strcspn(line, " ");

	for (const char *p = ids; *p; p += strcspn(p, " "), p += strspn(p, " "))
		if (strcspn(p, " ") == len && !strncmp(p, line, len))
			return true;
	return false;
}

/* The first line of the row's own id; NULL: none fired, or one outside of the group. */
static const char *own_line(const char *text, const char *ids)
{
	const char *own = NULL;
	char first[8];

	snprintf(first, sizeof(first), "%.*s", (int)strcspn(ids, " "), ids);
	for (const char *line = text; *line; line += strcspn(line, "\n"), line += *line == '\n') {
		if (!id_is_in(line, ids))
			return NULL;
		if (!own && id_is_in(line, first))
			own = line;
	}
	return own;
}

/* A number is N, whatever it is: it moves with the boot. */
static void write_sentence(const char *line)
{
	size_t len = strcspn(line, "\n");

	for (size_t i = strcspn(line, " ") + 1; i < len; i++) {
		bool word = i && (isalnum((u8)line[i - 1]) || line[i - 1] == '_');
		size_t digits = strspn(line + i, "0123456789");

		if (line[i] == '|')
			out_putc(&written, '\\');
		if (word || !digits) {
			out_putc(&written, line[i]);
			continue;
		}
		if (!strncmp(line + i, "0x", 2))
			digits = 2 + strspn(line + i + 2, "0123456789abcdef");
		out_putc(&written, 'N');
		i += digits - 1;
	}
}

static void write_row(const struct plant *plant, const char *line)
{
	out_printf(&written, "| %.*s | %s | `", (int)strcspn(plant->ids, " "), plant->ids,
		   plant->what);
	write_sentence(line);
	out_puts(&written, "` |\n");
}

static void open_machine(struct lab *lab, const struct plant *plant, const char *release)
{
	char cmdline[160], release_set[32], config[40];
	const char *sets[] = { cmdline, release_set, NULL, NULL, NULL, NULL };
	unsigned int nr = 2;

	snprintf(config, sizeof(config), "config.%s", plant->config);
	if (plant->config)
		sets[nr++] = config;
	if (plant->set)
		sets[nr++] = plant->set;
	if (!plant->machine)
		sets[nr++] = "node 1.memory=4G";

	snprintf(cmdline, sizeof(cmdline), "cmdline=quiet %s %s",
		 plant->machine ? "" : "hugepagesz=1G hugepages=1 hugepagesz=2M hugepages=4",
		 plant->cmdline ? plant->cmdline : "");
	snprintf(release_set, sizeof(release_set), "release=%s", release);
	CU_ASSERT_EQUAL_FATAL(lab_open_set(lab, plant->machine ? plant->machine : "pc", sets), 0);
}

/* Returns whether the release has this one. */
static bool test_plant(const struct plant *plant, const char *release, bool write)
{
	struct out out = OUT_INIT;
	struct check check = { .out = &out };
	const char *line;
	struct lab lab;

	if (plant->release && strcmp(plant->release, release))
		return false;
	open_machine(&lab, plant, release);
	CU_ASSERT_EQUAL(tree_check(lab.tree, &check), 0);
	machine_check_incremental(lab.tree->machine, &check);
	CU_ASSERT_EQUAL(check.nr_broken, 0);
	plant->plant(lab.tree->machine);
	machine_check_incremental(lab.tree->machine, &check);
	CU_ASSERT_EQUAL(tree_check(lab.tree, &check), 0);
	line = own_line(lab_text(&out), plant->ids);
	if (!line) {
		CU_FAIL("another id fires, or none");
		fprintf(stderr, "%s, '%s': expected %s, found\n%.1500s", release, plant->what,
			plant->ids, lab_text(&out));
	} else if (write) {
		write_row(plant, line);
	}
	out_puts(&printed, lab_text(&out));
	out_free(&out);
	if (plant->undo)
		plant->undo(lab.tree->machine);
	lab_close(&lab);
	return true;
}

static void test_table(const struct plant_table *table)
{
	out_printf(&written, "\n## %c%s\n\n| id | what is wrong | `sim/check` prints |\n"
		   "| --- | --- | --- |\n", toupper((u8)*table->title), table->title + 1);
	for (unsigned int i = 0; i < table->nr; i++) {
		bool had = false;

		for (size_t r = ARRAY_SIZE(releases); r--; )
			had |= test_plant(&table->plants[i], releases[r], !had);
		CU_ASSERT_TRUE(had);
	}
}

static void test_ids(void)
{
	unsigned int nr = 0;

	for (size_t i = 0; i < ARRAY_SIZE(tables); i++) {
		test_table(tables[i]);
		nr += i < PHYSICAL_TABLES ? tables[i]->nr : 0;
	}
	CU_ASSERT(nr >= LEAST_OF_PHYSICAL_MEMORY);
}

static bool is_planted(const char *id)
{
	/* test_check_texts, test_proc_files */
	static const char *const texts[] = { "B11", "K4", "I9", "V8", "K3" };

	for (size_t t = 0; t < ARRAY_SIZE(tables); t++)
		for (unsigned int i = 0; i < tables[t]->nr; i++) {
			const char *ids = tables[t]->plants[i].ids;

			if (strcspn(ids, " ") == strlen(id) && !strncmp(ids, id, strlen(id)))
				return true;
		}
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		if (!strcmp(texts[i], id))
			return true;
	return false;
}

static bool is_id(const char *text, size_t len)
{
	size_t letters = len && isupper((u8)text[0]) ? 1 + (len > 1 && isupper((u8)text[1])) : 0;
	size_t digits = letters ? strspn(text + letters, "0123456789") : 0;

	return digits && digits <= 2 && letters + digits == len;
}

/* The string literal at the quote; returns what stands behind it. */
static const char *literal(const char *quote, struct out *out)
{
	const char *at;

	for (at = quote + 1; *at && *at != '"'; at++) {
		if (*at == '\\')
			at++;
		out_putc(out, *at);
	}
	return *at ? at + 1 : at;
}

/* A pattern of fnmatch(): what is printed for a conversion may be anything. */
static void pattern_of(const char *format, struct out *out)
{
	out_puts(out, "* ");
	for (const char *at = format; *at; at++) {
		if (*at == '%') {
			at += strcspn(at, "diuxsco");
			out_putc(out, '*');
		} else if (strchr("[]?*\\", *at)) {
			out_putc(out, '?');
		} else {
			out_putc(out, *at);
		}
	}
}

static bool was_printed(const char *format)
{
	struct out pattern = OUT_INIT;
	char line[512];
	bool found = false;

	pattern_of(format, &pattern);
	for (const char *at = lab_text(&printed); *at && !found; at++) {
		snprintf(line, sizeof(line), "%.*s", (int)strcspn(at, "\n"), at);
		found = !fnmatch(lab_text(&pattern), line, 0);
		at += strcspn(at, "\n");
	}
	out_free(&pattern);
	return found;
}

/* The sentence of a call of check_fail(): its first string that is no id. */
static void sentence_of_call(const char *call, const char *path)
{
	const char *at = strchr(call, '"');
	struct out sentence = OUT_INIT;

	while (at && *at == '"') {
		at = literal(at, &sentence);
		if (is_id(lab_text(&sentence), sentence.len)) {
			out_clear(&sentence);
			at = strchr(at, '"');
		} else {
			at += strspn(at, " \t\n");
		}
	}
	if (sentence.len && !was_printed(lab_text(&sentence))) {
		CU_FAIL("a sentence that nothing makes sim/check print");
		fprintf(stderr, "%s: '%s' is printed of no corruption\n", path,
			lab_text(&sentence));
	}
	out_free(&sentence);
}

static bool is_physical(const char *path)
{
	return strstr(path, "/sim/phys/") || strstr(path, "/sim/policy/") ||
	       strstr(path, "/sim/check.c") || strstr(path, "/virt/kstack.c");
}

static void ids_of_text(const char *text, const char *path)
{
	for (const char *at = text; (at = strchr(at, '"')); at++) {
		size_t len = strcspn(at + 1, "\"");
		char id[8];

		if (!is_id(at + 1, len))
			continue;
		snprintf(id, sizeof(id), "%.*s", (int)len, at + 1);
		if (!is_planted(id)) {
			CU_FAIL("an id without a corruption");
			fprintf(stderr, "%s: nothing makes %s fire\n", path, id);
		}
	}
}

static int look_at_source(const char *path, const struct stat *stat, int type, struct FTW *ftw)
{
	static char text[1 << 17];
	FILE *file = type == FTW_F ? fopen(path, "r") : NULL;
	size_t len = file ? fread(text, 1, sizeof(text) - 1, file) : 0;

	(void)stat;
	(void)ftw;
	if (file)
		fclose(file);
	text[len] = '\0';
	if (!strstr(text, "struct check"))
		return 0;
	ids_of_text(text, path);
	for (const char *at = text; is_physical(path) && (at = strstr(at, "check_fail(")); at++)
		if (strncmp(at, "check_fail(struct", 17))
			sentence_of_call(at, path);
	return 0;
}

static void source_path(const char *name, char path[512])
{
	const char *dir = getenv("KMM_SRCDIR");

	snprintf(path, 512, "%s/%s", dir ? dir : ".", name);
}

static void test_all_are_planted(void)
{
	char path[512];

	source_path("src", path);
	CU_ASSERT_EQUAL(nftw(path, look_at_source, 16, FTW_PHYS), 0);
}

static const char head[] =
"# What sim/check finds\n"
"\n"
"Each row is a corruption that `tests/plants_*.c` does to a machine, the invariant whose id it breaks\n"
"(`doc/architecture.md` says what the ids hold), and the first line of that id that `sim/check` prints then; numbers are\n"
"written N. `tests/test_check_ids.c` does them all on both releases and looks that no id outside of the row's group fires;\n"
"of physical memory (the first tables), that every sentence of the sources is printed by one of them.\n"
"B11, I9, K3, K4 and V8 are of texts: `tests/test_check_texts.c`. What SLUB itself finds in slabs under debugging, red zones,\n"
"poison, lists of free objects, the users' records, is not the engine's trouble but the machine's, and goes to `sim/dmesg`:\n"
"the rows are in `tests/test_slab_debug.c`.\n"
"\n"
"This file is written by `KMM_WRITE_CORRUPTIONS=1 tests/test_check_ids`.\n";

static void test_document(void)
{
	struct out out = OUT_INIT;
	char path[512], *found;
	FILE *file;

	out_puts(&out, head);
	out_puts(&out, lab_text(&written));
	source_path("doc/corruptions.md", path);
	if (getenv("KMM_WRITE_CORRUPTIONS")) {
		file = fopen(path, "w");
		CU_ASSERT_PTR_NOT_NULL_FATAL(file);
		fputs(lab_text(&out), file);
		fclose(file);
	}
	found = calloc(1, out.len + 2);
	file = fopen(path, "r");
	CU_ASSERT_PTR_NOT_NULL_FATAL(file);
	CU_ASSERT_EQUAL(fread(found, 1, out.len + 1, file), out.len);
	if (strcmp(found, lab_text(&out)))
		fprintf(stderr, "doc/corruptions.md is not what is printed now: write it anew with "
			"KMM_WRITE_CORRUPTIONS=1 tests/test_check_ids\n");
	CU_ASSERT_STRING_EQUAL(found, lab_text(&out));
	fclose(file);
	free(found);
	out_free(&out);
}

static const CU_TestInfo tests[] = {
	{ "each corruption fires, and it alone", test_ids },
	{ "each id has one, each sentence of physical memory too", test_all_are_planted },
	{ "the table for readers", test_document },
};

int main(void)
{
	int ret = suite_main("ids of sim/check", tests, ARRAY_SIZE(tests), NULL, NULL);

	out_free(&printed);
	out_free(&written);
	return ret;
}
