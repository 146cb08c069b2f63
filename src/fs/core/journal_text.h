/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Lines of the journal as the text of records: `PATH: CALL = RESULT`, as sim/log has
 * them, and stores of which every byte counts: PATH without blanks (they are \040),
 * the text as it was written, ` = RESULT` last. What changes the history itself is a
 * record as well.
 */
#ifndef KMM_FS_JOURNAL_TEXT_H
#define KMM_FS_JOURNAL_TEXT_H

#include "fs/core/journal.h"

#define REBOOT_TEXT "sim/ctl: reboot = 0"

void journal_text_call(struct out *out, const struct call *call);
void journal_text_store(struct out *out, const char *path, const char *text, int err);
void journal_text_undo(struct out *out, u64 nr);
/* Does the record take back lines? */
bool journal_text_is_undo(const char *text, size_t len, u64 *nr);
bool journal_text_is_reboot(const char *text, size_t len);

/*
 * Run a record's line again, and append it to the journal in memory. 0; -ENOMEM; else
 * -errno: it cannot be read, or came to something else; the sentence says which. Write lock.
 */
int journal_text_run(struct tree *tree, const char *text, size_t len,
		     struct out *sentence) __must_check;

#endif
