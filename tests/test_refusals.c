// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Nonsense is written to every file that takes a text (PID/mem takes bytes). What is refused
 * is in sim/last, with a sentence, and has changed nothing that the journal does not know.
 */
#include <fcntl.h>
#include <stdlib.h>

#include "lab.h"
#include "support.h"

#define MAX_DEPTH 9
#define ALIKE 2		/* of names in one directory that differ in figures alone */

struct text {
	const char *bytes;
	size_t len;
};
#define TEXT(s) { s, sizeof(s) - 1 }

static const struct text nonsense[] = {
	TEXT("\n"), TEXT("   \n"), TEXT("pigs\n"), TEXT("-1\n"), TEXT("-99999999999999999999\n"),
	TEXT("99999999999999999999\n"), TEXT("18446744073709551615\n"), TEXT("2147483648\n"),
	TEXT("0x\n"), TEXT("1x\n"), TEXT("1.5\n"), TEXT("1,2\n"), TEXT("1 2 3 4 5 6 7\n"),
	TEXT("\0"), TEXT("1\0\n"), TEXT("always never\n"), TEXT("some 1 1\n"), TEXT("1M 1M\n"),
	TEXT("\xff\n"), TEXT("-max\n"), TEXT("1000000\n"), TEXT("'1'\n"),
};

struct names {
	char **text;
	mode_t *mode;
	unsigned int nr;
};

static bool add_name(void *arg, const char *name, struct node node, mode_t mode, u64 next)
{
	struct names *all = arg;

	(void)node, (void)next;
	if (!strcmp(name, ".") || !strcmp(name, ".."))
		return true;
	all->text = realloc(all->text, (all->nr + 1) * sizeof(*all->text));
	all->mode = realloc(all->mode, (all->nr + 1) * sizeof(*all->mode));
	if (!all->text || !all->mode)
		abort();
	all->text[all->nr] = strdup(name);
	all->mode[all->nr++] = mode;
	return true;
}

static void free_names(struct names *all)
{
	for (unsigned int i = 0; i < all->nr; i++)
		free(all->text[i]);
	free(all->text);
	free(all->mode);
}

/* node0 and node1 are alike, and so are the directories of processes and of caches. */
static bool alike(const char *dir, const char *a, const char *b)
{
	size_t len = strcspn(a, "0123456789");

	if (!strcmp(dir, "sys/kernel/slab"))
		return true;
	return len == strcspn(b, "0123456789") && !strncmp(a, b, len) && a[len] && b[len];
}

/* How many before this one are like it. */
static unsigned int nr_alike(const char *dir, const struct names *all, unsigned int nr)
{
	unsigned int same = 0;

	for (unsigned int i = 0; i < nr; i++)
		same += S_ISDIR(all->mode[i]) && alike(dir, all->text[i], all->text[nr]);
	return same;
}

static size_t log_len(struct lab *lab)
{
	return strlen(lab_cat(lab, "sim/log"));
}

static void refused(struct lab *lab, const char *path, const struct text *text, ssize_t err)
{
	const char *last = lab_cat(lab, "sim/last");
	size_t len = strlen(path);
	const char *reason = strstr(last, "\nreason: ");
	bool told = !strncmp(last, "path: ", 6) && !strncmp(last + 6, path, len) &&
		    last[6 + len] == '\n' && reason;

	if (!told)
		printf("%s <- '%.*s' (%zu bytes): %zd, and sim/last says\n%s\n", path,
		       (int)text->len - 1, text->bytes, text->len, err, last);
	CU_ASSERT(told);
}

static void write_nonsense(struct lab *lab, const char *path)
{
	char before[DIGEST_CHARS + 1], after[DIGEST_CHARS + 1];
	struct handle *handle;
	struct node node;
	size_t len;

	if (tree_walk(lab->tree, path, lab->me, &node) ||
	    tree_open(lab->tree, node, lab->me, O_WRONLY, &handle))
		return;
	if (handle_is_stream(handle)) {
		handle_release(handle);
		return;
	}
	len = log_len(lab);
	lab_digest(lab, before);
	for (size_t i = 0; i < ARRAY_SIZE(nonsense); i++) {
		ssize_t n = handle_write(handle, 0, nonsense[i].bytes, nonsense[i].len);

		lab_digest(lab, after);
		if (n < 0) {
			refused(lab, path, &nonsense[i], n);
			if (log_len(lab) == len && strcmp(after, before))
				printf("%s <- '%.*s' changed something\n", path,
				       (int)nonsense[i].len - 1, nonsense[i].bytes);
			if (log_len(lab) == len)
				CU_ASSERT_STRING_EQUAL(after, before);
		}
		len = log_len(lab);
		strcpy(before, after);
	}
	handle_release(handle);
}

static unsigned int nr_files;

static void write_below(struct lab *lab, const char *dir, unsigned int depth)
{
	struct names all = { 0 };
	struct node node;

	if (!tree_walk(lab->tree, dir, lab->me, &node) &&
	    !tree_readdir(lab->tree, node, lab->me, 0, add_name, &all)) {
		for (unsigned int i = 0; i < all.nr; i++) {
			char path[512];

			snprintf(path, sizeof(path), "%s/%s", dir, all.text[i]);
			if (S_ISREG(all.mode[i]) && strcmp(all.text[i], "mem")) {
				nr_files++;
				write_nonsense(lab, path);
			} else if (S_ISDIR(all.mode[i]) && depth < MAX_DEPTH &&
				   nr_alike(dir, &all, i) < ALIKE) {
				write_below(lab, path, depth + 1);
			}
		}
	}
	free_names(&all);
}

static void everywhere(const char *machine, const char *const *sets)
{
	struct lab lab;

	CU_ASSERT_EQUAL_FATAL(lab_open_set(&lab, machine, sets), 0);
	nr_files = 0;
	write_below(&lab, "proc", 0);
	write_below(&lab, "sys", 0);
	CU_ASSERT(nr_files > 400);
	lab_check(&lab);
	lab_close(&lab);
}

static void test_everywhere(void)
{
	static const char *const older[] = { "release=6.1", NULL };
	static const char *const more[] = { "cmdline=slub_debug=U page_owner=on cma=4M",
					    "config.CMA=y", "swap 0.size=64M",
					    "swap 0.path=/dev/zram0", NULL };

	everywhere("tiny", NULL);
	everywhere("tiny", older);
	everywhere("i386", NULL);
	everywhere("tiny", more);
}

/* What the sentence of a number says: its range, as far as it has ends. */
static void test_ranges(void)
{
	static const struct {
		const char *line, *sentence;
	} told[] = {
		{ "proc/sys/vm/swappiness: pigs", "'pigs' is not a number: swappiness takes 0 to 200" },
		{ "proc/sys/vm/swappiness: 300", "300 is out of range: swappiness takes 0 to 200" },
		{ "proc/sys/vm/swappiness: 2147483648",
		  "2147483648 is out of range: swappiness takes 0 to 200" },
		{ "proc/sys/vm/dirty_bytes: 1",
		  "1 is out of range: dirty_bytes takes 8192 and more" },
		{ "proc/sys/vm/dirty_bytes: -1",
		  "-1 is out of range: dirty_bytes takes 8192 and more" },
		{ "sys/kernel/mm/ksm/run: 99999999999999999999",
		  "99999999999999999999 is out of range: run takes 0 to 2" },
		{ "sys/kernel/mm/ksm/use_zero_pages: pigs",
		  "'pigs': use_zero_pages takes 0 or 1" },
		{ "proc/pressure/memory: some 1",
		  "'some 1': write some STALL WINDOW or full STALL WINDOW, in microseconds: WINDOW at "
		  "most 10000000, STALL no more than it" },
		{ "sys/fs/cgroup/cgroup.max.depth: -1",
		  "'-1' is out of range: it takes 0 to 2147483647, or max" },
	};
	struct lab lab;

	CU_ASSERT_EQUAL_FATAL(lab_open(&lab, "tiny"), 0);
	for (size_t i = 0; i < ARRAY_SIZE(told); i++) {
		CU_ASSERT(lab_run(&lab, told[i].line) < 0);
		if (strcmp(lab_text(&lab.sentence), told[i].sentence))
			printf("%s: %s\n", told[i].line, lab_text(&lab.sentence));
		CU_ASSERT_STRING_EQUAL(lab_text(&lab.sentence), told[i].sentence);
	}
	lab_close(&lab);
}

static const CU_TestInfo tests[] = {
	{ "nonsense everywhere", test_everywhere },
	{ "numbers that are none", test_ranges },
};

int main(void)
{
	return suite_main("refusals", tests, ARRAY_SIZE(tests), NULL, NULL);
}
