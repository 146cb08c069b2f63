/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * kmmfs as mount(8)'s helper: called as mount.kmmfs or mount.fuse.kmmfs, its words are
 * mount's, where -f and -s mean other things. Start-up code.
 */
#ifndef KMM_FS_MAIN_HELPER_H
#define KMM_FS_MAIN_HELPER_H

#include "sim/base/types.h"

/* Is this the name of a helper? */
bool is_mount_helper(const char *program);

/*
 * The same command in kmmfs's own words (g_strfreev()). *fake: all is to be checked but
 * nothing mounted. NULL with *error (g_free()): a word that mount never says.
 */
char **mount_helper_words(char **argv, bool *fake, char **error);

#endif
