/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Names of anonymous memory (PR_SET_VMA_ANON_NAME): each text once, with a number that
 * VMAs hold and compare. A text is an object of the kernel's while a VMA has it.
 * -ENOMEM is the machine's, -ENOBUFS the host's; both change nothing.
 */
#ifndef KMM_VIRT_ANON_NAME_H
#define KMM_VIRT_ANON_NAME_H

#include "sim/machine.h"

#define ANON_VMA_NAME_MAX_LEN 80	/* with its NUL */

/* The number of a text, with a reference. -EINVAL: no such name may be. */
int anon_vma_name_alloc(struct machine *m, const char *text, u32 *name) __must_check;
/* One reference more, one less; 0 is no name and needs none. */
void anon_vma_name_get(struct machine *m, u32 name);
void anon_vma_name_put(struct machine *m, u32 name);
const char *anon_vma_name_text(const struct machine *m, u32 name);

void anon_vma_names_free(struct machine *m);
struct digest;
void anon_vma_names_digest(const struct machine *m, struct digest *digest);
void anon_vma_names_validate(const struct machine *m, struct check *check);	/* V5 */
struct object_census;
void anon_vma_names_claim(const struct machine *m, struct object_census *census);

#endif
