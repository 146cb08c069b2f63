// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * References to mm_structs: mm_count counts the users as one and everybody who
 * borrows the mm. The last reference takes the descriptor and its top table.
 */
#include "sim/base/bug.h"
#include "sim/virt/fork.h"
#include "sim/virt/pgtable.h"
#include "sim/virt/virt.h"

struct mm_struct *mm_of(const struct machine *m, u32 handle)
{
	return handle ? object_get(&m->virt->mms, handle) : m->init_mm;
}

void mmdrop(struct machine *m, struct mm_struct *mm)
{
	BUG_ON(m, mm->mm_count < 1 || (mm->mm_count == 1 && !mm->self));
	if (--mm->mm_count)
		return;
	pgd_free(m, mm);
	object_free(m, &m->virt->mms, mm->self);
}
