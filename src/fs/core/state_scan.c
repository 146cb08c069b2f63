// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Reading a journal. Records that were taken back are known before the first line
 * runs: a run is a place and how many records from there on still count, and an undo
 * makes the last runs shorter.
 */
#include <stdlib.h>

#include "fs/core/journal_record.h"
#include "fs/core/journal_text.h"
#include "fs/core/state_dir.h"
#include "fs/core/tree_struct.h"

static bool add_line(struct state_scan *scan, u64 at, bool adjacent)
{
	struct state_run *runs = scan->runs;

	scan->lines++;
	if (adjacent && scan->nr_runs) {
		runs[scan->nr_runs - 1].nr++;
		return true;
	}
	if (scan->nr_runs == scan->room) {
		scan->room = scan->room ? 2 * scan->room : 64;
		runs = realloc(runs, scan->room * sizeof(*runs));
		if (!runs)
			return false;
		scan->runs = runs;
	}
	runs[scan->nr_runs++] = (struct state_run){ at, 1 };
	return true;
}

/* False: more than there are, which nobody can have written. */
static bool take_back(struct state_scan *scan, u64 nr)
{
	if (nr > scan->lines)
		return false;
	scan->lines -= nr;
	while (nr) {
		struct state_run *run = &scan->runs[scan->nr_runs - 1];
		u64 less = MIN(nr, run->nr);

		run->nr -= less;
		nr -= less;
		scan->nr_runs -= !run->nr;
	}
	return true;
}

int state_scan(const char *bytes, size_t len, struct state_scan *scan)
{
	enum record_state state;
	struct record record;
	bool adjacent = false;
	u64 nr;

	*scan = (struct state_scan){ 0 };
	if (!len)
		bytes = "";	/* an empty file has no bytes to point to */
	while ((state = journal_record_get(bytes + scan->bytes, len - scan->bytes, &scan->crc, &record)) ==
	       RECORD_WHOLE) {
		if (!scan->records) {
			;	/* whose the journal is */
		} else if (journal_text_is_undo(record.text, record.len, &nr)) {
			if (!take_back(scan, nr))
				return -EBADMSG;
			adjacent = false;
		} else if (journal_text_is_reboot(record.text, record.len)) {
			scan->lines = scan->nr_runs = 0;
			adjacent = false;
		} else if (add_line(scan, scan->bytes, adjacent)) {
			adjacent = true;
		} else {
			return -ENOMEM;
		}
		scan->records++;
		scan->bytes += record.bytes;
	}
	scan->verdict = state == RECORD_END ? STATE_WHOLE :
			state == RECORD_CUT ? STATE_CUT : STATE_DAMAGED;
	return 0;
}

void state_scan_free(struct state_scan *scan)
{
	free(scan->runs);
	scan->runs = NULL;
}

/* One record of a run. `done`: lines before it. */
static int run_record(struct tree *tree, const struct record *record, u64 done,
		      struct out *sentence)
{
	struct out why = OUT_INIT;
	int err;

	tree_lock_write(tree);
	err = journal_text_run(tree, record->text, record->len, &why);
	tree_unlock(tree);
	if (err) {
		out_printf(sentence, "line %llu, '", (unsigned long long)done + 1);
		out_write(sentence, record->text, MIN(record->len, (size_t)100));
		out_printf(sentence, "', went otherwise when it was run again: %s",
			   why.len ? why.text : strerror(-err));
	}
	out_free(&why);
	return err;
}

int state_replay(struct tree *tree, const char *bytes, const struct state_scan *scan,
		 struct out *sentence)
{
	u64 done = 0;
	int err = 0;

	progress_begin(tree, scan->lines);
	for (size_t i = 0; i < scan->nr_runs && !err; i++) {
		const char *at = bytes + scan->runs[i].at;
		struct record record;
		u32 crc = 0;

		for (u64 n = scan->runs[i].nr; n && !err; n--, at += record.bytes, done++) {
			/* Scanned before: of the checksum, the start is not known here. */
			journal_record_get(at, bytes + scan->bytes - at, &crc, &record);
			err = run_record(tree, &record, done, sentence);
			progress_made(tree, done);
		}
	}
	return err;
}
