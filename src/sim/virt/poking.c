// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The mm through which the kernel changes its own code: no task ever has it as its own,
 * no VMA is in it, and the tables for one address stand ready. They count as those of
 * any other mm.
 */
#include "sim/virt/fork.h"
#include "sim/virt/pgtable.h"
#include "sim/virt/virt.h"

int poking_init(struct machine *m)
{
	u64 addr = ALIGN_UP(m->arch->task_size / 3, PAGE_SIZE);
	struct mm_struct *mm;
	pte_t *pte;
	int err = mm_alloc(m, NULL, &mm);

	if (err)
		return err;
	m->virt->poking_mm = mm;
	return pte_alloc_map(m, mm, addr, &pte);
}
