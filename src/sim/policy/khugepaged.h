/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * khugepaged: every scan_sleep_millisecs of virtual time it looks at pages_to_scan pages
 * of the mms that it knows (virt/mm_slot.h) and makes huge what may be (virt/collapse.h).
 */
#ifndef KMM_POLICY_KHUGEPAGED_H
#define KMM_POLICY_KHUGEPAGED_H

#include "sim/machine.h"

struct virt_need;

/* khugepaged_scan.c: is there an mm to look at? It wakes: a turn, or what is left of it. */
bool khugepaged_has_work(const struct machine *m);
bool khugepaged_step(struct machine *m, void *data);

/* Late in the boot: the timer of a khugepaged that runs already. */
void khugepaged_boot(struct machine *m);
/*
 * A switch of transparent_hugepage changed: the thread starts or ends, min_free_kbytes
 * is worked out again. Wants a few pages of host memory. 0, -EAGAIN, -ENOMEM, -ENOBUFS.
 */
int start_stop_khugepaged(struct machine *m) __must_check;
/* A new sleeping time was written: it wakes. */
void khugepaged_wake_now(struct machine *m);
/* What it may need of the host if `ns` pass; nothing, if it is not due by then. */
void khugepaged_need(const struct machine *m, u64 ns, struct virt_need *need);

#endif
