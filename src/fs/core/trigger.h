/* SPDX-License-Identifier: GPL-2.0-or-later */
/* "some 150000 1000000": what files of pressure are told, machine's and groups' alike. */
#ifndef KMM_FS_TRIGGER_H
#define KMM_FS_TRIGGER_H

#include "fs/core/entry.h"
#include "sim/virt/psi.h"

/* psi_trigger_create() for who has the file open, with a sentence when it is refused. */
int trigger_store(struct store *s, const struct psi_group *group, enum psi_res res,
		  const char *text) __must_check;

#endif
