// SPDX-License-Identifier: GPL-2.0-or-later
/* The entry of the page table leads to it; where there is none, the file that is mapped. */
#include "token.h"

#include "sim/virt/content.h"
#include "sim/virt/file.h"
#include "sim/virt/memory.h"
#include "sim/virt/swap_internal.h"
#include "sim/virt/vma.h"

static u64 token_of_slot(const struct machine *m, swp_entry_t entry)
{
	u32 pfn = swap_cache_find(m, entry, NULL);

	return pfn != PFN_NIL ? content_token(m, pfn) :
	       content_slot_token(m, swap_info(m, entry)->content[swp_entry_offset(entry)]);
}

/* Of shared memory that is not mapped. */
static u64 token_of_file(const struct machine *m, const struct mm_struct *mm, u64 addr)
{
	const struct vm_area_struct *vma = vma_lookup(m, mm, addr);
	const struct inode *inode = vma && vma->vm_file ? vma->vm_file->inode : NULL;
	u64 slot;
	u32 pfn;

	if (!inode)
		return TOKEN_UNKNOWN;
	if (shmem_swapped_at(inode, linear_page_index(vma, addr), &slot))
		return token_of_slot(m, slot);
	pfn = find_page(m, &inode->i_data, linear_page_index(vma, addr));
	return pfn != PFN_NIL ? content_token(m, pfn) : TOKEN_UNKNOWN;
}

u64 token_at(const struct machine *m, const struct mm_struct *mm, u64 addr)
{
	unsigned int level;
	const u64 *pte = leaf_entry(m, mm, addr, &level);

	if (!pte || pte_none(*pte))
		return token_of_file(m, mm, addr);
	if (pte_present(*pte))
		return content_token(m, leaf_pfn(m, *pte, level, addr));
	if (!pte_is_swap(*pte))
		return TOKEN_UNKNOWN;
	return token_of_slot(m, pte_to_swp_entry(*pte));
}
