// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What others know about Linux: the files of tests/facts name facts that outside
 * suites check on real kernels, in our words. Each fact has a machine of its own, on
 * each release that it holds for, and its name and result are printed. A line is
 *
 *	fact NAME		begins a fact
 *	only RELEASE		it is one of this release; both, if not said
 *	machine NAME, set KEY=VALUE	what it boots; tiny, if not said
 *	absent REASON		it cannot be asked here, and why
 *	TASK LINE		a call of a task, with its expected result, if any
 *	TASK dies SIGNAL LINE	a call that kills the task
 *	mark PATH KEY		remembers a figure
 *	keep NAME TASK ADDRESS	remembers what the page holds
 *	write PATH TEXT		writes to a file; {TASK} at the beginning is a pid
 *	? CHECK ...		see the rows of checks
 *
 * init is there from the start. A PATH is one of the tree, or TASK/NAME.
 */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdarg.h>
#include <stdlib.h>

#include "lab.h"
#include "support.h"

#define MAX_WORDS 12
#define MAX_SETS 6
#define MAX_MARKS 8

struct words {
	char text[512];
	char *word[MAX_WORDS];
	const char *rest[MAX_WORDS];	/* of the line, from that word on */
	unsigned int nr;
};

struct mark {
	char key[128];
	s64 value;
};

struct fact {
	char name[160];
	const char *file;	/* its name, and the line that begins the fact */
	unsigned int line;
	char machine[64], sets[MAX_SETS][96];	/* what it boots */
	unsigned int nr_sets;
	const char *release;
	struct lab lab;
	struct mark marks[MAX_MARKS];
	unsigned int nr_marks;
	bool open, failed;
};

static void split(struct words *w, const char *line)
{
	size_t len = MIN(strlen(line), sizeof(w->text) - 1);
	char *at = w->text;

	memcpy(w->text, line, len);
	w->text[len] = '\0';
	for (w->nr = 0; w->nr < MAX_WORDS; w->nr++) {
		while (isspace((unsigned char)*at))
			at++;
		if (!*at)
			return;
		w->word[w->nr] = at;
		w->rest[w->nr] = line + (at - w->text);
		while (*at && !isspace((unsigned char)*at))
			at++;
		if (*at)
			*at++ = '\0';
	}
}

static void __attribute__((format(printf, 3, 4)))
fail(struct fact *f, unsigned int line, const char *fmt, ...)
{
	va_list args;

	fprintf(stderr, "%s:%u: %s: ", f->file, line, f->release);
	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	fputc('\n', stderr);
	f->failed = true;
}

/* proc/vmstat stays what it is; a/status is sim/as/a/status. */
static void full_path(const char *path, char *full, size_t size)
{
	static const char *const tops[] = { "proc/", "sys/", "sim/" };

	for (unsigned int i = 0; i < ARRAY_SIZE(tops); i++)
		if (!strncmp(path, tops[i], strlen(tops[i]))) {
			snprintf(full, size, "%s", path);
			return;
		}
	snprintf(full, size, "sim/as/%s", path);
}

static const char *text_of(struct fact *f, const char *path)
{
	char full[256];

	full_path(path, full, sizeof(full));
	return lab_cat(&f->lab, full);
}

static const char *next_line(const char *line)
{
	line = strchr(line, '\n');
	return line && line[1] ? line + 1 : NULL;
}

/* The figure behind "KEY:" or "KEY "; LONG_MIN: no such line. */
static s64 figure_in(const char *text, const char *key)
{
	size_t len = strlen(key);

	for (const char *line = text; line; line = next_line(line))
		if (!strncmp(line, key, len) && (line[len] == ':' || line[len] == ' '))
			return strtoll(line + len + 1, NULL, 0);
	return LONG_MIN;
}

/* The line of maps, or of smaps, whose range holds the address. */
static const char *mapping_at(const char *text, u64 addr)
{
	for (const char *line = text; line && *line; line = next_line(line)) {
		char *end;
		u64 from = strtoull(line, &end, 16);

		if (*end == '-' && from <= addr && addr < strtoull(end + 1, NULL, 16))
			return line;
	}
	return NULL;
}

static struct mark *mark_of(struct fact *f, const char *path, const char *key)
{
	char name[128];

	snprintf(name, sizeof(name), "%s %s", path, key);
	for (unsigned int i = 0; i < f->nr_marks; i++)
		if (!strcmp(f->marks[i].key, name))
			return &f->marks[i];
	if (f->nr_marks == MAX_MARKS)
		abort();
	strcpy(f->marks[f->nr_marks].key, name);
	return &f->marks[f->nr_marks++];
}

/* What is wrong is said in `why`. */
typedef bool (*check_fn)(struct fact *f, const struct words *w, char *why, size_t size);

/* vmas TASK FROM TO NUMBER: so many begin in the range. */
static bool check_vmas(struct fact *f, const struct words *w, char *why, size_t size)
{
	u64 from = strtoull(w->word[3], NULL, 16), to = strtoull(w->word[4], NULL, 16);
	unsigned int nr = 0;
	char path[80];

	snprintf(path, sizeof(path), "%s/maps", w->word[2]);
	for (const char *line = text_of(f, path); line && *line; line = next_line(line)) {
		u64 start = strtoull(line, NULL, 16);

		nr += start >= from && start < to;
	}
	snprintf(why, size, "%u", nr);
	return nr == strtoul(w->word[5], NULL, 0);
}

/* maps TASK FROM-TO PERMS [OFFSET]: there is such a line. */
static bool check_maps(struct fact *f, const struct words *w, char *why, size_t size)
{
	u64 from = strtoull(w->word[3], NULL, 16);
	const char *line, *at;
	char path[80], wanted[80];

	snprintf(path, sizeof(path), "%s/maps", w->word[2]);
	line = mapping_at(text_of(f, path), from);
	if (!line) {
		snprintf(why, size, "nothing");
		return false;
	}
	at = strchr(w->word[3], '-');
	if (!at)
		return false;
	snprintf(wanted, sizeof(wanted), "%08" PRIx64 "-%08" PRIx64 " %s%s%s", from,
		 (u64)strtoull(at + 1, NULL, 16), w->word[4], w->nr > 5 ? " " : "",
		 w->nr > 5 ? w->word[5] : "");
	snprintf(why, size, "%.*s", (int)strcspn(line, "\n"), line);
	return !strncmp(line, wanted, strlen(wanted));
}

/* smaps TASK ADDRESS FIELD WORDS: the field of the mapping there has these words. */
static bool check_smaps(struct fact *f, const struct words *w, char *why, size_t size)
{
	const char *line, *text;
	size_t len = strlen(w->word[4]);
	char path[80];

	snprintf(path, sizeof(path), "%s/smaps", w->word[2]);
	text = mapping_at(text_of(f, path), strtoull(w->word[3], NULL, 16));
	for (line = text ? next_line(text) : NULL; line && isupper((unsigned char)*line);
	     line = next_line(line))
		if (!strncmp(line, w->word[4], len) && line[len] == ':')
			break;
	if (!line || !isupper((unsigned char)*line)) {
		snprintf(why, size, "nothing");
		return false;
	}
	line += len + 1;
	line += strspn(line, " \t");
	snprintf(why, size, "%.*s", (int)strcspn(line, "\n"), line);
	if (!strcmp(w->word[4], "VmFlags")) {
		bool absent = w->word[5][0] == '!';
		char flag[8];

		snprintf(flag, sizeof(flag), "%s ", w->word[5] + absent);
		return !strstr(why, flag) == absent;
	}
	return strtoll(line, NULL, 0) == strtoll(w->word[5], NULL, 0);
}

/* field PATH KEY NUMBER */
static bool check_field(struct fact *f, const struct words *w, char *why, size_t size)
{
	s64 found = figure_in(text_of(f, w->word[2]), w->word[3]);

	snprintf(why, size, "%" PRId64, found);
	return found == strtoll(w->word[4], NULL, 0);
}

/* gain PATH KEY NUMBER: since its mark. */
static bool check_gain(struct fact *f, const struct words *w, char *why, size_t size)
{
	s64 gain = figure_in(text_of(f, w->word[2]), w->word[3]) -
		   mark_of(f, w->word[2], w->word[3])->value;

	snprintf(why, size, "%" PRId64, gain);
	return gain == strtoll(w->word[4], NULL, 0);
}

/* text PATH WORDS, lacks PATH WORDS: a line of the file has them, none has. */
static bool check_text(struct fact *f, const struct words *w, char *why, size_t size)
{
	bool has = strstr(text_of(f, w->word[2]), w->rest[3]);

	snprintf(why, size, "%s", has ? "it" : "nothing of it");
	return has == !strcmp(w->word[1], "text");
}

/* The page that a line of a walk names, and as many behind it; 0: none. */
static u64 page_behind(const char *line, u64 behind)
{
	const char *page = line ? strstr(line, "page 0x") : NULL;

	return page ? strtoull(page + strlen("page "), NULL, 0) + behind : 0;
}

/* The figure of its page that a task has at an address; LONG_MIN: no page. */
static s64 content_at(struct fact *f, const char *task, const char *addr)
{
	char path[128];
	const char *text, *at;
	u64 pfn;

	snprintf(path, sizeof(path), "%s/walk/%s", task, addr);
	text = text_of(f, path);
	pfn = page_behind(strstr(text, "\npte "), 0);
	at = strstr(text, "\npmd ");
	if (!pfn && at && strstr(at, " huge"))
		pfn = page_behind(at, strtoull(addr, NULL, 0) / 4096 % 512);
	if (!pfn)
		return LONG_MIN;
	snprintf(path, sizeof(path), "sim/page/0x%" PRIx64, pfn);
	at = strstr(text_of(f, path), "content: ");
	return at ? (s64)strtoull(at + strlen("content: "), NULL, 0) : 0;
}

/* content TASK ADDRESS NAME: what was kept; zero: nothing but zeroes; !NAME: not that. */
static bool check_content(struct fact *f, const struct words *w, char *why, size_t size)
{
	const char *name = w->word[4] + (w->word[4][0] == '!');
	s64 found = content_at(f, w->word[2], w->word[3]);
	s64 wanted = strcmp(name, "zero") ? mark_of(f, "content", name)->value : 0;

	snprintf(why, size, "0x%" PRIx64, (u64)found);
	return found != LONG_MIN && (found == wanted) == (name == w->word[4]);
}

/* pagemap TASK ADDRESS BIT: the word of the page has that bit; !BIT: it has not. */
static bool check_pagemap(struct fact *f, const struct words *w, char *why, size_t size)
{
	static const struct {
		const char *name;
		u8 bit;
	} bits[] = {
		{ "present", 63 }, { "swap", 62 }, { "file", 61 }, { "guard", 58 }, { "uffd_wp", 57 },
		{ "exclusive", 56 }, { "soft-dirty", 55 },
	};
	u64 addr = strtoull(w->word[3], NULL, 16), word = 0;
	bool wanted = w->word[4][0] != '!';
	struct handle *handle;
	char path[80];

	snprintf(path, sizeof(path), "sim/as/%s/pagemap", w->word[2]);
	handle = lab_handle(&f->lab, path, O_RDONLY);
	if (handle_read(handle, addr / 4096 * sizeof(word), (char *)&word, sizeof(word)) !=
	    sizeof(word))
		abort();
	handle_release(handle);
	snprintf(why, size, "0x%" PRIx64, word);
	for (unsigned int i = 0; i < ARRAY_SIZE(bits); i++)
		if (!strcmp(w->word[4] + !wanted, bits[i].name))
			return (word >> bits[i].bit & 1) == wanted;
	return false;
}

/* anon TASK ADDRESS NUMBER: so many chains has the VMA there; 0: no anon_vma either. */
static bool check_anon(struct fact *f, const struct words *w, char *why, size_t size)
{
	const char *text, *at, *end;
	char path[80], start[40];
	unsigned int nr = 0;

	snprintf(path, sizeof(path), "%s/vmas", w->word[2]);
	snprintf(start, sizeof(start), "vm_start: 0x%s\n", w->word[3]);
	text = text_of(f, path);
	at = strstr(text, start);
	at = at ? strstr(at, "anon_vma: ") : NULL;
	if (!at) {
		snprintf(why, size, "nothing");
		return false;
	}
	if (!strncmp(at, "anon_vma: NULL", 14)) {
		snprintf(why, size, "no anon_vma");
		return !strtoul(w->word[4], NULL, 0);
	}
	at = strstr(at, "anon_vma_chain:");
	end = at ? at + strcspn(at, "\n") : NULL;
	for (; at && at < end; at++)
		nr += *at == ' ';
	snprintf(why, size, "%u", nr);
	return nr == strtoul(w->word[4], NULL, 0);
}

static const struct {
	const char *name;
	unsigned int nr_words;	/* at least, with the question mark */
	check_fn check;
} checks[] = {
	{ "vmas", 6, check_vmas }, { "maps", 5, check_maps }, { "smaps", 6, check_smaps },
	{ "field", 5, check_field }, { "gain", 5, check_gain }, { "text", 4, check_text },
	{ "lacks", 4, check_text }, { "content", 5, check_content },
	{ "pagemap", 5, check_pagemap }, { "anon", 5, check_anon },
};

static void ask(struct fact *f, const struct words *w, unsigned int line)
{
	char why[256] = "";

	for (unsigned int i = 0; i < ARRAY_SIZE(checks); i++) {
		if (w->nr < checks[i].nr_words || strcmp(w->word[1], checks[i].name))
			continue;
		if (!checks[i].check(f, w, why, sizeof(why)))
			fail(f, line, "expected %s, found %s", w->rest[1], why);
		return;
	}
	fail(f, line, "what is \"%s\"?", w->rest[0]);
}

/* {TASK} at the beginning is its pid. */
static int pid_of(struct fact *f, const char **text)
{
	char path[80];
	int len = (int)strcspn(*text, "}");

	if (**text != '{' || len > 64)
		return 0;
	snprintf(path, sizeof(path), "%.*s/status", len - 1, *text + 1);
	*text += len + 1;
	return (int)figure_in(text_of(f, path), "Pid");
}

static void write_file(struct fact *f, const struct words *w, unsigned int line)
{
	char path[256], text[512], pid[16] = "";
	const char *rest = w->rest[2];
	int number = pid_of(f, &rest);

	if (number)
		snprintf(pid, sizeof(pid), "%d", number);
	full_path(w->word[1], path, sizeof(path));
	snprintf(text, sizeof(text), "%s: %s%s", path, pid, rest);
	if (lab_run(&f->lab, text))
		fail(f, line, "%s: %s", w->rest[0], lab_text(&f->lab.sentence));
}

/* TASK LINE, or TASK dies SIGNAL LINE. */
static void tell(struct fact *f, const struct words *w, unsigned int line)
{
	bool dies = w->nr > 3 && !strcmp(w->word[1], "dies");
	char text[640], killed[64];
	int err;

	snprintf(text, sizeof(text), "sim/as/%s/ctl: %s", w->word[0], w->rest[dies ? 3 : 1]);
	err = lab_run(&f->lab, text);
	snprintf(killed, sizeof(killed), "killed by %s", dies ? w->word[2] : "");
	if (dies ? !strstr(lab_text(&f->lab.sentence), killed) : err)
		fail(f, line, "%s: %s", w->rest[0], lab_text(&f->lab.sentence));
}

static void fact_open(struct fact *f)
{
	const char *sets[MAX_SETS + 2] = { NULL };
	char release[32];

	snprintf(release, sizeof(release), "release=%s", f->release);
	sets[0] = release;
	for (unsigned int i = 0; i < f->nr_sets; i++)
		sets[i + 1] = f->sets[i];
	if (lab_open_set(&f->lab, f->machine, sets))
		abort();
	f->open = true;
}

static void fact_close(struct fact *f)
{
	if (!f->open)
		return;
	if (strncmp(lab_cat(&f->lab, "sim/check"), "clean", 5))
		fail(f, f->line, "%s", lab_text(&f->lab.out));
	lab_close(&f->lab);
}

/* One line inside a fact. */
static void step(struct fact *f, const char *text, unsigned int line)
{
	struct words w;

	split(&w, text);
	if (w.nr == 2 && !strcmp(w.word[0], "machine")) {
		snprintf(f->machine, sizeof(f->machine), "%s", w.word[1]);
	} else if (w.nr > 1 && !strcmp(w.word[0], "set") && f->nr_sets < MAX_SETS) {
		snprintf(f->sets[f->nr_sets++], sizeof(f->sets[0]), "%s", w.rest[1]);
	} else {
		if (!f->open)
			fact_open(f);
		if (w.nr == 3 && !strcmp(w.word[0], "mark"))
			mark_of(f, w.word[1], w.word[2])->value =
				figure_in(text_of(f, w.word[1]), w.word[2]);
		else if (w.nr == 4 && !strcmp(w.word[0], "keep"))
			mark_of(f, "content", w.word[1])->value =
				content_at(f, w.word[2], w.word[3]);
		else if (w.nr > 2 && !strcmp(w.word[0], "write"))
			write_file(f, &w, line);
		else if (w.nr > 1 && !strcmp(w.word[0], "?"))
			ask(f, &w, line);
		else if (w.nr > 1)
			tell(f, &w, line);
		else
			fail(f, line, "what is \"%s\"?", text);
	}
}

struct book {
	const char *name;
	char **lines;
	unsigned int nr;
};

/* The lines of a fact, [from, to), on one release. */
static bool fact_holds(const struct book *book, unsigned int from, unsigned int to,
		       const char *release)
{
	struct fact f = { .file = book->name, .line = from, .machine = "tiny",
			  .release = release };

	for (unsigned int i = from; i < to && !f.failed; i++)
		if (book->lines[i][0] && strncmp(book->lines[i], "only ", 5))
			step(&f, book->lines[i], i + 1);
	fact_close(&f);
	return !f.failed;
}

static const char *value_of(const struct book *book, unsigned int from, unsigned int to,
			    const char *key)
{
	size_t len = strlen(key);

	for (unsigned int i = from; i < to; i++)
		if (!strncmp(book->lines[i], key, len))
			return book->lines[i] + len;
	return NULL;
}

static void fact_run(const struct book *book, unsigned int at, unsigned int end)
{
	const char *name = book->lines[at] + strlen("fact ");
	const char *absent = value_of(book, at + 1, end, "absent ");
	const char *only = value_of(book, at + 1, end, "only ");
	bool asked = false, holds = true;

	if (absent) {
		printf("  absent  %s: %s\n", name, absent);
		return;
	}
	for (enum release r = 0; r < NR_RELEASES; r++) {
		if (only && strcmp(only, release_name(r)))
			continue;
		asked = true;
		holds &= fact_holds(book, at + 1, end, release_name(r));
	}
	printf("  %s  %s%s%s\n", asked && holds ? "holds " : "FAILS ", name, only ? ", on " : "",
	       only ? only : "");
	CU_ASSERT(asked && holds);
}

static void book_read(struct book *book)
{
	char path[512], line[512];
	const char *dir = getenv("KMM_SRCDIR");
	FILE *file;

	snprintf(path, sizeof(path), "%s/tests/facts/%s", dir ? dir : ".", book->name);
	file = fopen(path, "r");
	if (!file)
		abort();
	while (fgets(line, sizeof(line), file)) {
		char *text = line + strspn(line, " \t");

		text[strcspn(text, "\n")] = '\0';
		if (*text == '#')
			*text = '\0';
		book->lines = realloc(book->lines, (book->nr + 1) * sizeof(*book->lines));
		if (!book->lines)
			abort();
		book->lines[book->nr++] = strdup(text);
	}
	fclose(file);
}

static void book_run(const char *name)
{
	struct book book = { .name = name };
	unsigned int at, end, nr = 0;

	book_read(&book);
	printf("\n%s\n", name);
	for (at = 0; at < book.nr; at = end) {
		for (end = at + 1; end < book.nr && strncmp(book.lines[end], "fact ", 5); end++)
			;
		if (!strncmp(book.lines[at], "fact ", 5)) {
			fact_run(&book, at, end);
			nr++;
		}
	}
	CU_ASSERT(nr > 0);
	for (unsigned int i = 0; i < book.nr; i++)
		free(book.lines[i]);
	free(book.lines);
}

static int is_book(const struct dirent *entry)
{
	const char *dot = strrchr(entry->d_name, '.');

	return dot && !strcmp(dot, ".facts");
}

static void test_facts(void)
{
	const char *dir = getenv("KMM_SRCDIR"), *one = getenv("FACTS");
	struct dirent **books;
	char path[512];
	int nr;

	snprintf(path, sizeof(path), "%s/tests/facts", dir ? dir : ".");
	nr = scandir(path, &books, is_book, alphasort);
	CU_ASSERT_FATAL(nr > 0);
	for (int i = 0; i < nr; i++) {
		if (!one || strstr(books[i]->d_name, one))
			book_run(books[i]->d_name);
		free(books[i]);
	}
	free(books);
}

int main(void)
{
	static const CU_TestInfo tests[] = { { "facts of outside suites", test_facts } };

	return suite_main("facts", tests, ARRAY_SIZE(tests), NULL, NULL);
}
