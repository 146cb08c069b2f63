// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The huge page of zeroes that reads get. It is made when the first mm asks for it; each
 * mm that did has one reference until it goes, however often it maps it. When there are
 * no more it stays, until memory is short.
 */
#include "sim/virt/huge_memory.h"

#include "sim/base/digest.h"
#include "sim/virt/content.h"
#include "sim/virt/memory_internal.h"

/* In mm->flags: it has a reference. The bit gave way to another in 6.18. */
static u64 mmf_huge_zero_folio(const struct machine *m)
{
	return rel_thp_disable_has_flags(m->release) ? 1ULL << 18 : 1ULL << 23;
}

int huge_memory_init(struct machine *m)
{
	struct huge_state *huge = arena_alloc(&m->arena, sizeof(*huge));

	if (!huge)
		return -ENOMEM;
	huge->zero_pfn = PFN_NIL;
	m->virt->huge = huge;
	return 0;
}

void huge_memory_free(struct machine *m)
{
	arena_free(&m->arena, m->virt->huge, m->virt->huge ? sizeof(*m->virt->huge) : 0);
	m->virt->huge = NULL;
}

static int make_huge_zero_folio(struct machine *m, struct huge_state *huge)
{
	const struct alloc_request req = {
		.gfp = (GFP_TRANSHUGE | __GFP_ZERO) & ~(gfp_t)__GFP_MOVABLE,
		.order = hpage_pmd_order(m), .node = NUMA_NO_NODE,
	};
	u32 pfn;
	int err = alloc_pages(m, &req, &pfn);

	if (err == -ENOBUFS)
		return err;
	if (err) {
		count_vm_event(m, THP_ZERO_PAGE_ALLOC_FAILED, 1);
		return err;
	}
	for (u64 i = 0; i < hpage_pmd_nr(m); i++)
		content_zero(m, pfn + i);
	count_vm_event(m, THP_ZERO_PAGE_ALLOC, 1);
	huge->zero_pfn = pfn;
	huge->zero_refs = 1;
	return 0;
}

int mm_get_huge_zero_folio(struct machine *m, struct mm_struct *mm, u32 *pfn)
{
	struct huge_state *huge = m->virt->huge;

	if (!(mm->flags & mmf_huge_zero_folio(m))) {
		int err = huge->zero_refs ? 0 : make_huge_zero_folio(m, huge);

		if (err)
			return err;
		huge->zero_refs++;
		mm->flags |= mmf_huge_zero_folio(m);
	}
	*pfn = huge->zero_pfn;
	return 0;
}

void mm_put_huge_zero_folio(struct machine *m, struct mm_struct *mm)
{
	if (mm->flags & mmf_huge_zero_folio(m))
		m->virt->huge->zero_refs--;
	mm->flags &= ~mmf_huge_zero_folio(m);
}

u64 huge_zero_folio_count(const struct machine *m)
{
	return m->virt->huge->zero_refs == 1 ? hpage_pmd_nr(m) : 0;
}

u64 shrink_huge_zero_folio(struct machine *m)
{
	struct huge_state *huge = m->virt->huge;

	if (huge->zero_refs != 1)
		return 0;
	put_page(m, huge->zero_pfn);
	huge->zero_refs = 0;
	huge->zero_pfn = PFN_NIL;
	return hpage_pmd_nr(m);
}

void huge_memory_digest(const struct machine *m, struct digest *digest)
{
	const struct huge_state *huge = m->virt->huge;

	if (huge)
		digest_u64(digest, (u64)huge->zero_pfn << 32 | huge->zero_refs);
}

void huge_memory_validate(const struct machine *m, struct check *check)
{
	const struct huge_state *huge = m->virt->huge;
	u32 refs = 0;

	if (!huge)
		return;
	for (const struct mm_struct *mm = mm_next(m, NULL); mm; mm = mm_next(m, mm))
		refs += mm->flags & mmf_huge_zero_folio(m) ? 1 : 0;
	refs += huge->zero_pfn != PFN_NIL;
	check->nr_checked++;
	if (huge->zero_refs != refs)
		check_fail(check, "R6", "huge zero page 0x%x: expected %u references, found %u",
			   huge->zero_pfn, refs, huge->zero_refs);
}
