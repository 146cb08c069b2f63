// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * One list in order of entry: new mms come behind the cursor, so that they settle
 * before khugepaged gets there. An mm that ends under the cursor is left to it.
 */
#include "sim/virt/mm_slot.h"

#include "sim/phys/tunables.h"
#include "sim/virt/fork.h"
#include "sim/virt/thp.h"
#include "sim/virt/virt.h"

int khugepaged_init(struct machine *m)
{
	m->khugepaged = arena_alloc(&m->arena, sizeof(*m->khugepaged));
	return m->khugepaged ? 0 : -ENOMEM;
}

void khugepaged_free(struct machine *m)
{
	arena_free(&m->arena, m->khugepaged, sizeof(*m->khugepaged));	/* NULL is fine */
	m->khugepaged = NULL;
}

void khugepaged_sleep(struct machine *m)
{
	struct khugepaged_state *k = m->khugepaged;

	if (k->event)
		event_cancel(m->events, k->event);
	k->event = 0;
}

void khugepaged_wake(struct machine *m, u64 when_ns)
{
	struct khugepaged_state *k = m->khugepaged;
	struct event event = {
		.when_ns = when_ns, .run = k->step, .name = "khugepaged",
	};

	if (!k->running || !k->step)
		return;
	if (when_ns <= m->now_ns)
		event.when_ns = m->now_ns + m->jiffy_ns;
	khugepaged_sleep(m);
	/* The queue has room for each timer of the machine since the boot. */
	if (event_add(m->events, &event, &k->event))
		k->event = 0;
}

struct mm_slot *mm_slot_lookup(const struct machine *m, const struct mm_struct *mm)
{
	struct mm_slot *slot = m->khugepaged->first;

	while (slot && slot->mm != mm)
		slot = slot->next;
	return slot;
}

bool mm_slot_add_pte_mapped(struct mm_slot *slot, u64 address)
{
	if (slot->nr_pte_mapped_thp == MAX_PTE_MAPPED_THP)
		return false;
	slot->pte_mapped_thp[slot->nr_pte_mapped_thp++] = address;
	return true;
}

static void slot_append(struct khugepaged_state *k, struct mm_slot *slot)
{
	slot->prev = k->last;
	slot->next = NULL;
	if (k->last)
		k->last->next = slot;
	else
		k->first = slot;
	k->last = slot;
}

static void slot_remove(struct khugepaged_state *k, struct mm_slot *slot)
{
	if (slot->prev)
		slot->prev->next = slot->next;
	else
		k->first = slot->next;
	if (slot->next)
		slot->next->prev = slot->prev;
	else
		k->last = slot->prev;
}

/* No memory for the slot: khugepaged will not know the mm, nobody else is hurt. */
static void enter_mm(struct machine *m, struct mm_struct *mm)
{
	struct khugepaged_state *k = m->khugepaged;
	bool wakes = !k->first;
	struct mm_slot *slot;

	if (new_object(m, &m->virt->mm_slots, NUMA_NO_NODE, &slot)) {
		/* Since 6.3 the flag is set first: the mm will not be tried again. */
		if (rel_slot_flag_comes_first(m->release))
			mm->flags |= MMF_VM_HUGEPAGE;
		return;
	}
	mm->flags |= MMF_VM_HUGEPAGE;
	slot->mm = mm;
	slot_append(k, slot);
	mmgrab(mm);
	if (wakes)
		khugepaged_wake(m, m->now_ns);
}

/* May anonymous memory be huge that did not ask for it? */
static bool huge_unasked(const struct machine *m)
{
	return m->tunables->thp_enabled == THP_MODE_ALWAYS ||
	       (m->tunables->thp_size_enabled >> (4 * pmd_order(m)) & 0xf) == SIZE_ALWAYS;
}

void khugepaged_enter_vma(struct machine *m, struct vm_area_struct *vma, u64 vm_flags)
{
	if (!(vm_flags & VM_HUGEPAGE) && vma_is_anonymous(vma) && !huge_unasked(m))
		return;
	/* Most are too small: that is known at once. */
	if (vma->vm_mm->flags & MMF_VM_HUGEPAGE ||
	    vma->vm_end - vma->vm_start < PAGE_SIZE << pmd_order(m) || !hugepage_pmd_enabled(m))
		return;
	if (thp_vma_allowable_order(m, vma, vm_flags, TVA_KHUGEPAGED, pmd_order(m)))
		enter_mm(m, vma->vm_mm);
}

void khugepaged_fork(struct machine *m, struct mm_struct *mm, const struct mm_struct *oldmm)
{
	if (oldmm->flags & MMF_VM_HUGEPAGE)
		enter_mm(m, mm);
}

void mm_slot_free(struct machine *m, struct mm_slot *slot)
{
	struct mm_struct *mm = slot->mm;

	slot_remove(m->khugepaged, slot);
	object_free(m, &m->virt->mm_slots, slot->self);
	mmdrop(m, mm);
}

void khugepaged_exit(struct machine *m, struct mm_struct *mm)
{
	struct mm_slot *slot;

	if (!(mm->flags & MMF_VM_HUGEPAGE))
		return;
	slot = mm_slot_lookup(m, mm);
	if (!slot || slot == m->khugepaged->scan_slot)
		return;
	mm->flags &= ~MMF_VM_HUGEPAGE;
	mm_slot_free(m, slot);
}

void mm_slots_digest(const struct machine *m, struct digest *digest)
{
	const struct khugepaged_state *k = m->khugepaged;

	digest_u64(digest, (u64)k->running << 2 | (u64)k->in_turn << 1 | k->has_slept);
	digest_u64(digest, (u64)k->full_scans << 32 | k->pages_collapsed);
	digest_u64(digest, (u64)k->progress << 32 | k->passes);
	digest_u64(digest, k->pages);
	digest_u64(digest, k->scan_slot ? k->scan_slot->self : 0);
	digest_u64(digest, k->scan_address);
	for (const struct mm_slot *slot = k->first; slot; slot = slot->next) {
		digest_u64(digest, (u64)slot->self << 32 | slot->mm->self);
		for (unsigned int i = 0; i < slot->nr_pte_mapped_thp; i++)
			digest_u64(digest, slot->pte_mapped_thp[i]);
	}
}

static void fail_slot(struct check *check, const struct mm_slot *slot, const char *what)
{
	check_fail(check, "U1", "khugepaged's slot %u: expected %s, found otherwise",
		   slot->self, what);
}

void mm_slots_validate(const struct machine *m, struct check *check)
{
	const struct khugepaged_state *k = m->khugepaged;
	const struct mm_slot *prev = NULL;
	bool cursor_found = !k->scan_slot;
	u32 nr = 0;

	for (const struct mm_slot *slot = k->first; slot; prev = slot, slot = slot->next) {
		check->nr_checked += 2;
		if (slot->prev != prev)
			fail_slot(check, slot, "to name the slot before it");
		if (!slot->mm || mm_of(m, slot->mm->self) != slot->mm ||
		    !(slot->mm->flags & MMF_VM_HUGEPAGE))
			fail_slot(check, slot, "an mm that says so");
		else if (!slot->mm->mm_users && slot != k->scan_slot)
			fail_slot(check, slot, "an mm with users, but under the cursor");
		cursor_found |= slot == k->scan_slot;
		nr++;
	}
	check->nr_checked++;
	if (nr != m->virt->mm_slots.nr_live || prev != k->last || !cursor_found)
		check_fail(check, "U1", "khugepaged: expected %u mms and the cursor on one, found %u",
			   m->virt->mm_slots.nr_live, nr);
}
