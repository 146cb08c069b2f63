/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * "page allocation failure: order:N, mode:..." in the kernel's log: who asked, from
 * where, and the state of memory. At most once in ten seconds.
 */
#ifndef KMM_VIRT_WARN_ALLOC_H
#define KMM_VIRT_WARN_ALLOC_H

#include "sim/machine.h"

/* machine->warn_alloc. nodemask: the request's own, 0: none. what: "page allocation ..." */
void warn_alloc(struct machine *m, u32 gfp, u64 nodemask, const char *what);

/* "0-1,3": as %*pbl prints a mask. */
void out_nodes(struct out *out, u64 nodes);
/* ",cpuset=NAME,mems_allowed=NODES" of who runs. */
void out_mems_allowed(const struct machine *m, struct out *out);

#endif
