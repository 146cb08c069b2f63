/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Memory that fails: soft_offline.c has a page that is still good, and goes out of use
 * without anybody noticing; memory_failure.c one whose contents are lost. What they have
 * in common is in hwpoison_page.c; how failed pages are kept, in phys/hwpoison.h.
 *
 * Host memory: as in virt.h, for the page that a soft offline moves to.
 */
#ifndef KMM_VIRT_MEMORY_FAILURE_H
#define KMM_VIRT_MEMORY_FAILURE_H

#include "sim/phys/mmzone.h"
#include "sim/virt/mm_types.h"

/*
 * The page goes out of use: a free one at once, one in use when its contents are elsewhere.
 * `counted`: the caller has a reference, which is gone afterwards. 0; -ENXIO: no memory;
 * -EIO: nothing that can be moved; -EBUSY: it did not move; -EOPNOTSUPP: the sysctl forbids
 * it; -ENOBUFS: no host memory.
 */
int soft_offline_page(struct machine *m, u64 pfn, bool counted) __must_check;

/*
 * What the page holds is lost: it is dropped if a disk has it, too; else who comes by gets
 * SIGBUS. MF_COUNT_INCREASED: a call of the current task has a reference, which is gone
 * afterwards; MF_ACTION_REQUIRED: it is told when the call is done. 0; -ENXIO:
 * no memory; -EHWPOISON: it was lost before; -EBUSY: it could not be helped; -ENOBUFS: no
 * host memory.
 */
enum mf_flags { MF_COUNT_INCREASED = 1, MF_ACTION_REQUIRED = 2 };
int memory_failure(struct machine *m, u64 pfn, unsigned int flags) __must_check;

/* hwpoison_unmap.c: nobody maps it any more, and those who had changed it are told. */
void hwpoison_user_mappings(struct machine *m, u64 pfn, unsigned int flags);
/* The same for the huge page of a pool that the page is of. */
void hwpoison_hugetlb_mappings(struct machine *m, u64 pfn, unsigned int flags);
/* Who has it mapped, or could, is told: it is of a folio that stays as it is. */
void hwpoison_kill_procs(struct machine *m, u64 pfn, unsigned int flags);
/* The current task, if it has the page still. 0 or -EHWPOISON. */
int kill_accessing_process(struct machine *m, u64 pfn) __must_check;

/* hwpoison_hugetlb.c: the same for a page of a huge page of a pool. */
int memory_failure_hugetlb(struct machine *m, u64 pfn, unsigned int flags) __must_check;
/* For it: what became of a page is told and counted: 0 or -EBUSY. It was marked before. */
int mf_action_result(struct machine *m, u64 pfn, const char *what, enum mf_result result);
int mf_already_poisoned(struct machine *m, u64 pfn, unsigned int flags) __must_check;
/* Does anybody but us, and `others`, have it? That is told. */
bool mf_has_extra_refcount(struct machine *m, u64 pfn, const char *what, s32 others);

/* For those two: get_hwpoison_page(). 1: with a reference; 0: it is free; -EIO. */
int catch_page(struct machine *m, u64 pfn, bool counted) __must_check;
/* What CPUs keep to themselves of it goes where it is seen. */
void shake_page(struct machine *m, u64 pfn);

#endif
