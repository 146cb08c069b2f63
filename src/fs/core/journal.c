// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Lines lie one behind the other in chunks, never across two. A chunk is made when
 * the one before has no room left for the next line, before that line runs. The
 * memory is not the machine's: the history outlives the machine that undo replaces.
 *
 * With a file, each line is a record of it as well, and so is each change of the
 * history: a file is only appended to.
 */
#include "fs/core/journal.h"

#include <stdlib.h>

#include "fs/core/call.h"
#include "fs/core/journal_code.h"
#include "fs/core/journal_file.h"
#include "fs/core/journal_record.h"
#include "fs/core/journal_text.h"

#define CHUNK_BYTES (256U << 10)
#define MAX_CHUNKS (JOURNAL_BYTES / CHUNK_BYTES)

struct chunk {
	u32 used;
	u32 lines;
	u8 bytes[CHUNK_BYTES];
};

struct journal {
	struct chunk *chunks[MAX_CHUNKS];
	unsigned int nr_chunks;	/* in use: the last one is being filled */
	unsigned int max_chunks;
	u64 lines;		/* all that were appended */
	u64 lost;		/* of these, not kept */
	u64 reboots;
	struct journal_file *file;	/* NULL: in memory alone */
	struct out record;	/* the text of the next one */
};

int journal_create(struct tree *tree)
{
	tree->journal = calloc(1, sizeof(*tree->journal));
	if (!tree->journal)
		return -ENOMEM;
	tree->journal->max_chunks = MAX_CHUNKS;
	return 0;
}

void journal_attach(struct tree *tree, struct journal_file *file)
{
	tree->journal->file = file;
}

bool journal_kept(const struct tree *tree, u64 *bytes)
{
	if (!tree->journal->file)
		return false;
	*bytes = journal_file_bytes(tree->journal->file);
	return true;
}

int journal_commit(struct tree *tree)
{
	return tree->journal->file ? journal_file_commit(tree->journal->file) : 0;
}

void journal_limit(struct tree *tree, u64 bytes)
{
	tree->journal->max_chunks = CLAMP(bytes / CHUNK_BYTES, 1, MAX_CHUNKS);
}

static void drop_chunks(struct journal *journal, unsigned int from)
{
	for (unsigned int i = from; i < journal->nr_chunks; i++) {
		free(journal->chunks[i]);
		journal->chunks[i] = NULL;
	}
	journal->nr_chunks = MIN(journal->nr_chunks, from);
}

void journal_destroy(struct tree *tree)
{
	if (tree->journal) {
		drop_chunks(tree->journal, 0);
		journal_file_free(tree->journal->file);
		out_free(&tree->journal->record);
	}
	free(tree->journal);
	tree->journal = NULL;
}

static struct chunk *open_chunk(const struct journal *journal)
{
	return journal->nr_chunks ? journal->chunks[journal->nr_chunks - 1] : NULL;
}

static bool has_room(const struct journal *journal, size_t bytes)
{
	const struct chunk *chunk = open_chunk(journal);

	return chunk && CHUNK_BYTES - chunk->used >= bytes;
}

/* Once a line was lost, none is kept: a history with a hole replays nothing. */
static bool is_full(const struct journal *journal)
{
	return journal->lost || journal->nr_chunks >= journal->max_chunks;
}

static int reserve(struct journal *journal, size_t bytes)
{
	struct chunk *chunk;

	if (likely(has_room(journal, bytes)) || is_full(journal))
		return 0;
	chunk = malloc(sizeof(*chunk));
	if (!chunk)
		return -ENOMEM;
	chunk->used = chunk->lines = 0;
	journal->chunks[journal->nr_chunks++] = chunk;
	return 0;
}

static int reserve_record(struct journal *journal)
{
	if (likely(!journal->file))
		return 0;
	if (!out_reserve(&journal->record, RECORD_TEXT))
		return -ENOMEM;
	return journal_file_reserve(journal->file);
}

int journal_reserve(struct tree *tree, const char *path, const char *line)
{
	int err = reserve(tree->journal, journal_store_bytes(path, line));

	return err ? err : reserve_record(tree->journal);
}

int journal_reserve_call(struct tree *tree)
{
	int err = reserve(tree->journal, JOURNAL_CALL_BYTES);

	return err ? err : reserve_record(tree->journal);
}

/* Where the next line goes; NULL: nowhere, it is only counted. */
static u8 *place(struct journal *journal, size_t bytes)
{
	journal->lines++;
	if (journal->lost || !has_room(journal, bytes)) {
		journal->lost++;
		return NULL;
	}
	return open_chunk(journal)->bytes + open_chunk(journal)->used;
}

static void placed(struct journal *journal, size_t bytes)
{
	open_chunk(journal)->used += bytes;
	open_chunk(journal)->lines++;
}

/* journal->record is whole. */
static void put_record(struct journal *journal)
{
	bool failed = out_error(&journal->record);

	journal_file_append(journal->file, failed ? NULL : journal->record.text,
			    journal->record.len);
	out_clear(&journal->record);
}

void journal_append(struct tree *tree, const char *path, const char *line, int err)
{
	u8 *p = place(tree->journal, journal_store_bytes(path, line));

	if (p)
		placed(tree->journal, journal_put_store(p, path, line, err));
	if (unlikely(tree->journal->file)) {
		journal_text_store(&tree->journal->record, path, line, err);
		put_record(tree->journal);
	}
}

void journal_append_call(struct tree *tree, const struct call *call)
{
	u8 *p = place(tree->journal, JOURNAL_CALL_BYTES);

	if (p)
		placed(tree->journal, journal_put_call(p, call));
	if (unlikely(tree->journal->file)) {
		journal_text_call(&tree->journal->record, call);
		put_record(tree->journal);
	}
}

u64 journal_lines(const struct tree *tree)
{
	return tree->journal->lines;
}

bool journal_complete(const struct tree *tree)
{
	return !tree->journal->lost;
}

static void cut(struct tree *tree, u64 nr)
{
	struct journal *journal = tree->journal;
	struct journal_line line;
	unsigned int i;
	u64 before = 0;

	for (i = 0; i < journal->nr_chunks; i++) {
		if (before + journal->chunks[i]->lines >= nr)
			break;
		before += journal->chunks[i]->lines;
	}
	drop_chunks(journal, i + 1);
	journal->lines = nr;
	if (i == journal->nr_chunks)
		return;
	journal->chunks[i]->used = 0;
	for (u32 n = journal->chunks[i]->lines = nr - before; n; n--)
		journal->chunks[i]->used +=
			journal_get(journal->chunks[i]->bytes + journal->chunks[i]->used, &line);
}

void journal_cut(struct tree *tree, u64 nr)
{
	struct journal *journal = tree->journal;

	if (journal->file) {
		journal_text_undo(&journal->record, journal->lines - nr);
		put_record(journal);
	}
	cut(tree, nr);
}

void journal_restart(struct tree *tree)
{
	struct journal *journal = tree->journal;

	if (journal->file) {
		out_puts(&journal->record, REBOOT_TEXT);
		put_record(journal);
	}
	drop_chunks(journal, 0);
	journal->lines = journal->lost = 0;
	journal->reboots++;
}

int journal_walk(const struct tree *tree, u64 nr,
		 int (*visit)(void *arg, struct journal_line *line), void *arg)
{
	const struct journal *journal = tree->journal;
	struct journal_line line;
	int err = 0;

	for (unsigned int i = 0; i < journal->nr_chunks && !err; i++) {
		const struct chunk *chunk = journal->chunks[i];
		u32 at = 0;

		for (u32 n = 0; n < chunk->lines && nr && !err; n++, nr--) {
			at += journal_get(chunk->bytes + at, &line);
			err = visit(arg, &line);
		}
	}
	return err;
}

static int print_line(void *arg, struct journal_line *line)
{
	struct out *out = arg;

	if (line->is_store) {
		/* One line for each write: to those who read values a newline is a blank. */
		for (char *p = line->text; (p = strchr(p, '\n'));)
			*p = ' ';
		out_printf(out, "%s: %s = %s%s\n", line->path, line->text,
			   line->err ? "-1 " : "0", line->err ? errno_text(line->err) : "");
		return out_error(out);
	}
	journal_text_call(out, &line->call);
	out_putc(out, '\n');
	return out_error(out);
}

int journal_text(const struct tree *tree, struct out *out)
{
	const struct journal *journal = tree->journal;

	out_printf(out, "# machine %s", tree->config->name ? tree->config->name : "?");
	if (journal->reboots)
		out_printf(out, ", rebooted %llu times: lines before the last reboot are gone",
			   (unsigned long long)journal->reboots);
	out_putc(out, '\n');
	if (journal_walk(tree, journal->lines, print_line, out))
		return -ENOMEM;
	if (journal->lost)
		out_printf(out, "# the journal is full: %llu more lines are not here\n",
			   (unsigned long long)journal->lost);
	return out_error(out);
}
