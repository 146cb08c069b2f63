/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Memory cgroups and tasks: whose group a page of a program, or of a file that it reads, is
 * charged to. Groups themselves are in phys/memcg.h; directories in cgroup.h.
 */
#ifndef KMM_VIRT_MEMCONTROL_H
#define KMM_VIRT_MEMCONTROL_H

#include "sim/phys/memcg.h"
#include "sim/virt/cgroup.h"
#include "sim/virt/swap.h"

/* The group that counts for a directory, for a task; NULL: there is no memory cgroup. */
struct mem_cgroup *cgroup_memcg(const struct machine *m, const struct cgroup *cgroup);
struct mem_cgroup *mem_cgroup_from_task(const struct machine *m, const struct task_struct *task);
/* "/a/b": of one that was removed, its nearest parent's. */
void mem_cgroup_path(const struct machine *m, const struct mem_cgroup *memcg, struct out *out);

/* For cgroup.h: children get the controller, or lose it. -ENOMEM; -ENOBUFS, -ENOSPC: as before. */
int memcg_mkdir(struct machine *m, struct cgroup *cgroup) __must_check;
void memcg_rmdir(struct machine *m, struct cgroup *cgroup);
int memcg_control(struct machine *m, struct cgroup *cgroup, bool enable) __must_check;
/* The children's groups go on unseen, and without limits. */
void memcg_reset(struct machine *m, struct cgroup *cgroup);
/* Tasks came or went: mms are charged to the groups of those who own them. */
void memcg_update_mms(struct machine *m);
u16 memcg_id_of_task(const struct machine *m, const struct task_struct *task);

/* A new folio: to the mm's group, or (NULL) to that of who runs. -ENOMEM. */
int mem_cgroup_charge_slow(struct machine *m, u64 pfn, const struct mm_struct *mm,
			   gfp_t gfp) __must_check;
static inline int __must_check mem_cgroup_charge(struct machine *m, u64 pfn,
						 const struct mm_struct *mm, gfp_t gfp)
{
	return likely(!m->memcg) ? 0 : mem_cgroup_charge_slow(m, pfn, mm, gfp);
}

/* swap_cgroup.c: slots of an area, of all; made once there are groups. -ENOBUFS. */
struct swap_info_struct;
int swap_cgroup_make(struct machine *m) __must_check;
int swap_cgroup_make_area(struct machine *m, struct swap_info_struct *si) __must_check;
void swap_cgroup_free_area(struct machine *m, struct swap_info_struct *si);
/* The folio's slots (0: there were none). -ENOMEM: its group may have no more. */
int mem_cgroup_try_charge_swap(struct machine *m, const struct page *folio,
			       swp_entry_t entry) __must_check;
void mem_cgroup_uncharge_swap(struct machine *m, swp_entry_t entry);	/* a slot is free */
u32 lookup_swap_cgroup_id(const struct machine *m, swp_entry_t entry);
/* A new page for the slot: to the group that the slot is of. -ENOMEM. */
int mem_cgroup_swapin_charge(struct machine *m, u64 pfn, const struct mm_struct *mm, gfp_t gfp,
			     swp_entry_t entry) __must_check;
/* More than half of what there is, or the group may have, is taken. */
bool mem_cgroup_swap_full(const struct machine *m, const struct page *folio);

/* An event of the machine's, and of the folio's group. */
static inline void count_memcg_folio_event(struct machine *m, const struct page *folio,
					   enum vm_event_item item)
{
	s64 nr = (s64)folio_nr_pages(folio);

	count_vm_event(m, item, nr);
	if (unlikely(m->memcg))
		memcg_count_event(m, page_memcg_id(folio), item, nr);
}

static inline void count_memcg_event_mm(struct machine *m, const struct mm_struct *mm,
					enum vm_event_item item)
{
	if (unlikely(m->memcg))
		memcg_count_event(m, mm->memcg, item, 1);
}

#endif
