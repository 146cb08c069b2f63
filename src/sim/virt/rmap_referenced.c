// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Who has used a folio since somebody last asked: the accessed bits of all entries that
 * map it are taken away. TLBs are not flushed for it: a CPU that has the entry may use the
 * page without anybody learning of it, for a while.
 */
#include "sim/phys/lru.h"
#include "sim/phys/memcg.h"
#include "sim/phys/section.h"
#include "sim/virt/file.h"
#include "sim/virt/huge_memory.h"
#include "sim/virt/memory_internal.h"
#include "sim/virt/rmap.h"

struct referenced {
	struct machine *m;
	const struct mem_cgroup *target;	/* NULL: of all groups */
	u32 pfn;
	u64 nr;
	s32 mapcount;		/* mappings that were not seen yet */
	unsigned int vmas;	/* that used it */
	u64 vm_flags;
};

/* Who uses it by way of this VMA does not count: its bits are left alone. */
static bool is_ignored(const struct referenced *r, const struct vm_area_struct *vma)
{
	const struct machine *m = r->m;

	if (rel_random_has_no_recency(m->release) && !vma_has_recency(vma))
		return true;
	return r->target &&
	       !mem_cgroup_is_descendant(mem_cgroup_of(m, vma->vm_mm->memcg), r->target);
}

/* The accessed bit goes; was it set, and does that tell anything? */
static bool clear_young(const struct vm_area_struct *vma, u64 *entry, unsigned int level)
{
	bool young = *entry & PTE_ACCESSED;

	*entry &= ~PTE_ACCESSED;
	return young && (level || !(vma->vm_flags & VM_SEQ_READ));
}

bool vma_maps_whole(const struct machine *m, u64 start, u64 end, u64 nr_mapped, u64 nr)
{
	return nr_mapped == nr && !((start ^ (end - 1)) >> table_shift(m, 1));
}

/* Does the VMA keep the folio in memory, and was that missed? */
static bool is_locked(const struct referenced *r, const struct vm_area_struct *vma, bool whole)
{
	if (!(vma->vm_flags & VM_LOCKED) || !whole)
		return false;
	if (!(vma->vm_flags & VM_SPECIAL))
		mlock_page(r->m, r->pfn);
	return true;
}

/* Non-zero: no more need be asked. */
static int referenced_one(void *arg, struct vm_area_struct *vma, u64 start, u64 end)
{
	struct referenced *r = arg;
	bool used = false, whole = r->nr == 1, counts = rel_locks_whole_folios(r->m->release);
	u64 nr = 0;

	if (unlikely(is_ignored(r, vma)))
		return 0;
	for (u64 addr = start; addr < end; addr += PAGE_SIZE) {
		unsigned int level;
		u64 *entry = page_vma_mapped(r->m, vma->vm_mm, addr, r->pfn, r->nr, &level);

		if (!entry)
			continue;
		nr++;
		if (is_locked(r, vma, whole || level ||
			      (counts && vma_maps_whole(r->m, start, end, nr, r->nr)))) {
			r->vm_flags |= VM_LOCKED;
			return 1;
		}
		/* Of one that it has in part, it does not tell who used it. */
		if (counts && vma->vm_flags & VM_LOCKED) {
			r->mapcount--;
			continue;
		}
		used |= clear_young(vma, entry, level);
		r->mapcount--;
		if (level)
			break;
	}
	if (used) {
		r->vmas++;
		r->vm_flags |= vma->vm_flags & ~VM_LOCKED;
	}
	return r->mapcount <= 0;
}

unsigned int folio_referenced(struct machine *m, u32 pfn, const struct mem_cgroup *target,
			      u64 *vm_flags)
{
	const struct page *folio = pfn_to_page(m, pfn);
	struct referenced r = {
		.m = m, .target = target, .pfn = pfn, .nr = folio_nr_pages(folio),
		.mapcount = folio_mapcount(folio),
	};

	*vm_flags = 0;
	if (r.mapcount <= 0 || !folio->mapping)
		return 0;
	(void)rmap_walk_folio(m, pfn, referenced_one, &r);
	*vm_flags = r.vm_flags;
	return r.vmas;
}
