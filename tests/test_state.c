// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Machines that are kept in a directory: what comes back, whole, after cuts and damage at
 * every byte of the journal, and what is refused. STATE_BYTES: how long the journal is.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "history.h"
#include "lab.h"
#include "support.h"

#include "fs/core/journal.h"
#include "fs/core/journal_record.h"
#include "fs/core/state_dir.h"

#define MAX_RECORDS 8192

static char work[] = "/dev/shm/kmm-state.XXXXXX";

/* A journal, and what the machine was like behind each of its records. */
static struct {
	char *bytes;
	size_t len;
	u64 nr;				/* records */
	size_t ends[MAX_RECORDS];	/* where each of them ends */
	char digests[MAX_RECORDS][DIGEST_CHARS + 1];
} whole;

static const char *in_work(const char *name)
{
	static char path[128];

	snprintf(path, sizeof(path), "%s/%s", work, name);
	return path;
}

static size_t wanted_bytes(void)
{
	const char *text = getenv("STATE_BYTES");

	return text ? strtoul(text, NULL, 0) : 6000;
}

/* A machine that is kept in `name`. -errno: the reason is on standard output. */
static int open_kept_set(struct lab *lab, const char *name, const char *machine, struct out *told,
			 const char *const *sets)
{
	struct state_dir *dir;
	char *error = NULL;
	int err = state_open(in_work(name), &dir, &error);

	if (!err) {
		err = lab_open_set(lab, machine ? machine : state_machine(dir), sets);
		if (!err)
			err = state_join(dir, lab->tree, told, &error);
		if (err) {
			lab_close(lab);
			state_close(dir);
		}
	}
	if (err && told)
		out_puts(told, error ? error : "no reason");
	free(error);
	return err;
}

static int open_kept(struct lab *lab, const char *name, const char *machine, struct out *told)
{
	return open_kept_set(lab, name, machine, told, NULL);
}

static char *read_file(const char *path, size_t *len)
{
	FILE *file = fopen(path, "r");
	char *bytes = malloc(1 << 20);

	*len = file && bytes ? fread(bytes, 1, 1 << 20, file) : 0;
	if (file)
		fclose(file);
	return bytes;
}

static void write_journal(const char *name, const char *bytes, size_t len)
{
	char path[160];
	FILE *file;

	snprintf(path, sizeof(path), "%s/journal", in_work(name));
	file = fopen(path, "w");
	CU_ASSERT_PTR_NOT_NULL_FATAL(file);
	CU_ASSERT_EQUAL(fwrite(bytes, 1, len, file), len);
	fclose(file);
}

static size_t journal_size(const char *name)
{
	char path[160];
	struct stat st = { 0 };

	snprintf(path, sizeof(path), "%s/journal", in_work(name));
	stat(path, &st);
	return (size_t)st.st_size;
}

/* Lines until the journal is long enough; those that are refused leave no record. */
static int make_history(struct lab *lab)
{
	char line[HISTORY_LINE];
	u64 size = 0, before;

	for (unsigned int n = 0; size < wanted_bytes() && whole.nr < MAX_RECORDS; n++) {
		before = size;
		if (n) {
			history_line(n - 1, line);
			(void)!lab_run(lab, line);
		}
		journal_kept(lab->tree, &size);
		if (size == before)
			continue;
		whole.ends[whole.nr] = size;
		lab_digest(lab, whole.digests[whole.nr++]);
	}
	return tree_commit(lab->tree);
}

static int setup(void)
{
	struct lab lab;
	char path[160];
	int err;

	/* Where syncing takes no time; or anywhere. */
	if (!mkdtemp(work)) {
		strcpy(work, "/tmp/kmm-state.XXXXXX");
		if (!mkdtemp(work))
			return 1;
	}
	err = open_kept(&lab, "whole", "tiny", NULL);
	if (err)
		return err;
	err = make_history(&lab);
	lab_close(&lab);
	snprintf(path, sizeof(path), "%s/journal", in_work("whole"));
	whole.bytes = read_file(path, &whole.len);
	return err || whole.len != whole.ends[whole.nr - 1];
}

static int teardown(void)
{
	char command[64];

	free(whole.bytes);
	snprintf(command, sizeof(command), "rm -rf %s", work);
	return system(command);
}

/* How many records end at or before `at`. */
static u64 records_until(size_t at)
{
	u64 nr = 0;

	while (nr < whole.nr && whole.ends[nr] <= at)
		nr++;
	return nr;
}

static void test_cut_everywhere(void)
{
	struct state_scan scan;
	u64 wrong = 0;

	for (size_t at = 0; at <= whole.len; at++) {
		u64 nr = records_until(at);
		bool ends = !at || (nr && whole.ends[nr - 1] == at);

		CU_ASSERT_EQUAL_FATAL(state_scan(whole.bytes, at, &scan), 0);
		wrong += scan.records != nr || scan.bytes != (nr ? whole.ends[nr - 1] : 0) ||
			 scan.verdict != (ends ? STATE_WHOLE : STATE_CUT);
		state_scan_free(&scan);
	}
	CU_ASSERT_EQUAL(wrong, 0);
}

static u64 damage(size_t at, char byte)
{
	struct state_scan scan;
	char was = whole.bytes[at];
	u64 nr = records_until(at);
	bool wrong;

	if (byte == was)
		return 0;
	whole.bytes[at] = byte;
	CU_ASSERT_EQUAL_FATAL(state_scan(whole.bytes, whole.len, &scan), 0);
	wrong = scan.records != nr || scan.verdict == STATE_WHOLE;
	whole.bytes[at] = was;
	state_scan_free(&scan);
	return wrong;
}

static void test_damaged_everywhere(void)
{
	u64 wrong = 0;

	for (size_t at = 0; at < whole.len; at++) {
		wrong += damage(at, whole.bytes[at] ^ 1);
		wrong += damage(at, '\n');
		wrong += damage(at, '0');
		wrong += damage(at, ' ');
		wrong += damage(at, '\0');
	}
	CU_ASSERT_EQUAL(wrong, 0);
}

/* A record that is missing, or comes twice. */
static void test_missing_and_doubled(void)
{
	char *bytes = malloc(2 * whole.len);
	struct state_scan scan;

	for (u64 nr = 1; nr + 1 < whole.nr; nr += 7) {
		size_t from = whole.ends[nr - 1], to = whole.ends[nr];

		memcpy(bytes, whole.bytes, from);
		memcpy(bytes + from, whole.bytes + to, whole.len - to);
		CU_ASSERT_EQUAL(state_scan(bytes, whole.len - (to - from), &scan), 0);
		CU_ASSERT_EQUAL(scan.records, nr);
		state_scan_free(&scan);
		memcpy(bytes, whole.bytes, to);
		memcpy(bytes + to, whole.bytes + from, whole.len - from);
		CU_ASSERT_EQUAL(state_scan(bytes, whole.len + (to - from), &scan), 0);
		CU_ASSERT_EQUAL(scan.records, nr + 1);
		state_scan_free(&scan);
	}
	free(bytes);
}

/* What each prefix restores is what was there. */
static void test_prefixes(void)
{
	u64 step = whole.nr / 150 + 1;

	for (u64 nr = 1; nr <= whole.nr; nr += step) {
		struct out sentence = OUT_INIT;
		char digest[DIGEST_CHARS + 1];
		struct state_scan scan;
		struct lab lab;

		CU_ASSERT_EQUAL_FATAL(lab_open(&lab, "tiny"), 0);
		CU_ASSERT_EQUAL_FATAL(state_scan(whole.bytes, whole.ends[nr - 1], &scan), 0);
		CU_ASSERT_EQUAL(state_replay(lab.tree, whole.bytes, &scan, &sentence), 0);
		if (sentence.len)
			printf("\n  %s\n", sentence.text);
		lab_digest(&lab, digest);
		CU_ASSERT_STRING_EQUAL(digest, whole.digests[nr - 1]);
		CU_ASSERT_EQUAL(journal_lines(lab.tree), scan.lines);
		out_free(&sentence);
		state_scan_free(&scan);
		lab_close(&lab);
	}
}

/* Bring back `bytes`; then go on, and bring that back. */
static void bring_back(const char *bytes, size_t len, u64 nr, const char *said)
{
	struct out told = OUT_INIT;
	char digest[2][DIGEST_CHARS + 1];
	struct lab lab;

	write_journal("again", bytes, len);
	CU_ASSERT_EQUAL_FATAL(open_kept(&lab, "again", "tiny", &told), 0);
	if (!strstr(lab_text(&told), said))
		printf("\n  %zu bytes: %s\n", len, lab_text(&told));
	CU_ASSERT_PTR_NOT_NULL(strstr(lab_text(&told), said));
	lab_digest(&lab, digest[0]);
	CU_ASSERT_STRING_EQUAL(digest[0], whole.digests[nr ? nr - 1 : 0]);
	CU_ASSERT_EQUAL(lab_run(&lab, "alloc_pages 1 as more"), 0);
	CU_ASSERT_EQUAL(tree_commit(lab.tree), 0);
	lab_digest(&lab, digest[0]);
	lab_close(&lab);
	out_clear(&told);
	CU_ASSERT_EQUAL_FATAL(open_kept(&lab, "again", NULL, &told), 0);
	CU_ASSERT_EQUAL(told.len, 0);
	lab_digest(&lab, digest[1]);
	CU_ASSERT_STRING_EQUAL(digest[1], digest[0]);
	CU_ASSERT_EQUAL(lab_run(&lab, "free_pages @more 1"), 0);
	lab_close(&lab);
	out_free(&told);
}

static void test_bring_back(void)
{
	char *bytes = malloc(whole.len);
	struct lab lab;

	CU_ASSERT_EQUAL_FATAL(open_kept(&lab, "again", "tiny", NULL), 0);
	lab_close(&lab);
	bring_back(whole.bytes, whole.len, whole.nr, "");
	for (unsigned int i = 0; i < 24; i++) {
		size_t at = whole.len * i / 24 + i % 3;
		u64 nr = records_until(at);
		bool ends = !at || (nr && whole.ends[nr - 1] == at);

		bring_back(whole.bytes, at, nr, ends && at ? "" : "is cut short: its record ");
		memcpy(bytes, whole.bytes, whole.len);
		bytes[at] ^= 0x20;
		bring_back(bytes, whole.len, nr, "is damaged: its record ");
	}
	free(bytes);
}

static void test_refusals(void)
{
	static const char *const sets[] = { "seed=2", NULL };
	struct out told = OUT_INIT;
	struct lab lab, other;

	CU_ASSERT_EQUAL(open_kept(&other, "whole", "pc", &told), -EINVAL);
	CU_ASSERT_PTR_NOT_NULL(strstr(lab_text(&told), "keeps another machine"));
	out_clear(&told);
	CU_ASSERT_EQUAL(open_kept_set(&other, "whole", "tiny", &told, sets), -EINVAL);
	CU_ASSERT_PTR_NOT_NULL(strstr(lab_text(&told), "keeps another machine"));
	out_clear(&told);
	CU_ASSERT_EQUAL_FATAL(open_kept(&lab, "whole", "tiny", NULL), 0);
	CU_ASSERT_EQUAL(open_kept(&other, "whole", "tiny", &told), -EBUSY);
	CU_ASSERT_PTR_NOT_NULL(strstr(lab_text(&told), "another process keeps its machine there"));
	lab_close(&lab);
	chmod(in_work("again"), 0777);
	CU_ASSERT_EQUAL(open_kept(&other, "again", "tiny", NULL), -EPERM);
	chmod(in_work("again"), 0700);
	CU_ASSERT_EQUAL(open_kept(&other, "none/at/all", "tiny", NULL), -ENOENT);
	/* Nothing has changed. */
	CU_ASSERT_EQUAL(journal_size("whole"), whole.len);
	out_free(&told);
}

/* A version of another day, with a checksum that fits. */
static void test_other_version(void)
{
	static const char head[] = "# journal of kmmfs 0.0.1, format 1; machine of 3 bytes, "
				   "checksum 01234567";
	struct out told = OUT_INIT;
	struct lab lab;
	char record[256];
	u32 crc = 0;
	size_t len = journal_record_put(record, &crc, head, sizeof(head) - 1);

	write_journal("again", record, len);
	CU_ASSERT_EQUAL(open_kept(&lab, "again", "tiny", &told), -EINVAL);
	CU_ASSERT_PTR_NOT_NULL(strstr(lab_text(&told), "was kept by another version (journal of "
				      "kmmfs 0.0.1"));
	crc = 0;
	len = journal_record_put(record, &crc, "hello", 5);
	write_journal("again", record, len);
	out_clear(&told);
	CU_ASSERT_EQUAL(open_kept(&lab, "again", "tiny", &told), -EINVAL);
	CU_ASSERT_PTR_NOT_NULL(strstr(lab_text(&told), "is no journal of kmmfs"));
	out_free(&told);
}

/* What a record says that nobody can have written is told, and the journal stays as it is. */
static void test_other_result(void)
{
	static const struct {
		const char *text;
		int err;
		const char *said;
	} rows[] = {
		{ "sim/ctl: alloc_pages 0 = 0x1", -EIO, "it comes to 0x" },
		{ "sim/ctl: kfree 1 = 0", -EIO, "it comes to -1 EINVAL and came to 0" },
		{ "proc/sys/vm/swappiness: 7 = -1 EINVAL", -EIO, "it comes to 0 and came to -1 EINVAL" },
		{ "proc/sys/vm/no_such: 7 = 0", -ENOENT, "No such file" },
		{ "proc/version: 7 = 0", -EACCES, "Permission denied" },
		{ "sim/ctl: tick 1", -EBADMSG, "it is no line with a result" },
		{ "sim/ctl: = 0", -EBADMSG, "it is no line with a result" },
		{ "sim/ctl: ", -EBADMSG, "it is no line with a result" },
		{ ": ", -EBADMSG, "it is no line with a result" },
		{ "", -EBADMSG, "it is no line with a result" },
	};
	struct state_scan scan;

	CU_ASSERT_EQUAL(state_scan(whole.bytes, whole.len, &scan), 0);
	state_scan_free(&scan);
	for (unsigned int i = 0; i < ARRAY_SIZE(rows); i++) {
		char *bytes = malloc(whole.len + 256), line[80];
		struct out told = OUT_INIT;
		size_t len = whole.len;
		u32 crc = scan.crc;
		struct lab lab;

		memcpy(bytes, whole.bytes, len);
		len += journal_record_put(bytes + len, &crc, rows[i].text, strlen(rows[i].text));
		write_journal("again", bytes, len);
		CU_ASSERT_EQUAL(open_kept(&lab, "again", "tiny", &told), rows[i].err);
		snprintf(line, sizeof(line), "'%s', went otherwise when it was run again: ",
			 rows[i].text);
		if (!strstr(lab_text(&told), line) || !strstr(lab_text(&told), rows[i].said))
			printf("\n  %s: %s\n", rows[i].text, lab_text(&told));
		CU_ASSERT_PTR_NOT_NULL(strstr(lab_text(&told), line));
		CU_ASSERT_PTR_NOT_NULL(strstr(lab_text(&told), rows[i].said));
		CU_ASSERT_EQUAL(journal_size("again"), len);
		free(bytes);
		out_free(&told);
	}
}

/* What no line can say: newlines and odd bytes in values. */
static void test_stores(void)
{
	char digest[2][DIGEST_CHARS + 1];
	struct handle *file;
	struct lab lab;

	CU_ASSERT_EQUAL_FATAL(open_kept(&lab, "stores", "tiny", NULL), 0);
	file = lab_handle(&lab, "proc/sys/vm/lowmem_reserve_ratio", O_WRONLY);
	CU_ASSERT_EQUAL(lab_write(file, "100\n90\n"), 7);
	handle_release(file);
	file = lab_handle(&lab, "proc/1/comm", O_WRONLY);
	CU_ASSERT_EQUAL(lab_write(file, "a: b = \x01\n\n0 1\n"), 14);
	handle_release(file);
	CU_ASSERT_EQUAL(lab_run(&lab, "mkdir \"sys/fs/cgroup/a: b = 0\""), 0);
	lab_digest(&lab, digest[0]);
	lab_close(&lab);
	CU_ASSERT_EQUAL_FATAL(open_kept(&lab, "stores", NULL, NULL), 0);
	lab_digest(&lab, digest[1]);
	CU_ASSERT_STRING_EQUAL(digest[0], digest[1]);
	CU_ASSERT_STRING_EQUAL(lab_cat(&lab, "proc/1/comm"), "a: b = \x01\n\n0 1\n");
	lab_close(&lab);
}

/* A disk that is full refuses lines before they change anything, and takes them later. */
static void test_full_disk(void)
{
	struct rlimit limit = { 65536, RLIM_INFINITY }, before;
	char digest[3][DIGEST_CHARS + 1];
	unsigned int taken = 0;
	struct lab lab;

	CU_ASSERT_EQUAL_FATAL(open_kept(&lab, "full", "tiny", NULL), 0);
	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &before);
	limit.rlim_max = before.rlim_max;
	CU_ASSERT_EQUAL(setrlimit(RLIMIT_FSIZE, &limit), 0);
	do {
		lab_digest(&lab, digest[0]);
	} while (taken < 5000 && !lab_run(&lab, "tick 1") && ++taken);
	CU_ASSERT(taken < 5000);
	CU_ASSERT_PTR_NOT_NULL(strstr(lab_text(&lab.sentence), "journal on disk"));
	CU_ASSERT_EQUAL(lab_run(&lab, "proc/sys/vm/swappiness: 1") != 0, 1);
	lab_digest(&lab, digest[1]);
	CU_ASSERT_STRING_EQUAL(digest[0], digest[1]);
	CU_ASSERT_EQUAL(tree_commit(lab.tree), 0);
	setrlimit(RLIMIT_FSIZE, &before);
	CU_ASSERT_EQUAL(lab_run(&lab, "tick 1"), 0);
	lab_digest(&lab, digest[1]);
	lab_close(&lab);
	CU_ASSERT_EQUAL_FATAL(open_kept(&lab, "full", NULL, NULL), 0);
	lab_digest(&lab, digest[2]);
	CU_ASSERT_STRING_EQUAL(digest[1], digest[2]);
	lab_close(&lab);
}

static const CU_TestInfo tests[] = {
	{ "cut at every byte", test_cut_everywhere },
	{ "damaged at every byte", test_damaged_everywhere },
	{ "records missing and doubled", test_missing_and_doubled },
	{ "prefixes", test_prefixes },
	{ "brought back", test_bring_back },
	{ "stores", test_stores },
	{ "another version", test_other_version },
	{ "another result", test_other_result },
	{ "refusals", test_refusals },
	{ "a full disk", test_full_disk },
};

int main(void)
{
	return suite_main("state", tests, ARRAY_SIZE(tests), setup, teardown);
}
