// SPDX-License-Identifier: GPL-2.0-or-later
/* Short ways to make calls: see the header. */
#include "mm_calls.h"

bool next_bed(struct mm_bed *bed, unsigned int *i)
{
	static const char *const releases[] = { "6.1", "6.18" };

	if (*i)
		mm_bed_close(bed);
	if (*i == ARRAY_SIZE(releases))
		return false;
	mm_bed_open(bed, "x86_64", releases[(*i)++]);
	return true;
}

void map_anon(struct mm_bed *bed, u64 addr, u64 len, u64 prot)
{
	CU_ASSERT_EQUAL_FATAL(bed_mmap(bed, addr, len, prot, MAP_ANON_FIXED), (s64)addr);
}

struct access_result touch(struct mm_bed *bed, u64 addr, enum access access)
{
	struct access_result result;

	CU_ASSERT_EQUAL_FATAL(task_access(bed->m, &bed->task, addr, access, &result), 0);
	return result;
}

void store_pages(struct mm_bed *bed, u64 addr, u64 nr_pages)
{
	for (u64 i = 0; i < nr_pages; i++)
		CU_ASSERT_EQUAL_FATAL(touch(bed, addr + i * PAGE_SIZE, ACCESS_STORE).signal, 0);
}

u64 flags_at(const struct mm_bed *bed, u64 addr)
{
	const struct vm_area_struct *vma = vma_lookup(bed->m, bed->mm, addr);

	CU_ASSERT_PTR_NOT_NULL_FATAL(vma);
	return vma->vm_flags;
}

u64 nr_present(const struct mm_bed *bed, u64 addr, u64 len)
{
	u64 nr = 0;

	for (u64 end = addr + len; addr < end; addr += PAGE_SIZE)
		nr += follow_page(bed->m, bed->mm, addr) != PFN_NIL;
	return nr;
}
