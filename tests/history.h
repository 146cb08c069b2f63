/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A history of lines of all kinds, the same each time: calls of the machine and of
 * tasks, names, stores, failures, now and then an undo or a reboot.
 */
#ifndef KMM_TESTS_HISTORY_H
#define KMM_TESTS_HISTORY_H

#define HISTORY_LINE 160

/* The nth line, as `PATH: LINE`. Any of them may fail, the same way each time. */
void history_line(unsigned int n, char line[HISTORY_LINE]);

#endif
