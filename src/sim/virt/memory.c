// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A fault makes the tables down to the pmd, then looks at the entry: none is a page
 * to be found (anonymous memory or a file's), present and read-only a write to it
 * (memory_wp.c), else only bits are missing. The table of the entry itself is made
 * when it is sure to be needed; a fault that ends in an error takes it back.
 */
#include "sim/base/bug.h"
#include "sim/phys/tunables.h"
#include "sim/virt/content.h"
#include "sim/virt/file.h"
#include "sim/virt/huge_memory.h"
#include "sim/virt/hugetlb.h"
#include "sim/virt/memcontrol.h"
#include "sim/virt/memory_internal.h"
#include "sim/virt/rmap.h"
#include "sim/virt/swap.h"
#include "sim/virt/tlb.h"
#include "sim/virt/userfaultfd.h"
#include "sim/virt/writeback.h"

#define FAULT_AROUND_PAGES 16
#define RSS_EVENTS_THRESH 64
#define RSS_BATCH 32

/* A CPU counts for itself until it has a batch. */
static inline void count_on_cpu(const struct machine *m, struct mm_struct *mm,
				enum mm_counter counter, s64 n)
{
	s64 batch = MAX(RSS_BATCH, 2 * m->nr_cpus), local;

	if (unlikely(mm->rss_cpu != m->cpu)) {
		memset(mm->rss_local, 0, sizeof(mm->rss_local));
		mm->rss_cpu = (u16)m->cpu;
	}
	local = mm->rss_local[counter] + n;
	mm->rss_local[counter] = local >= batch || local <= -batch ? 0 : (s16)local;
}

void add_mm_counter_fast(struct machine *m, struct mm_struct *mm, enum mm_counter counter,
			 s64 n)
{
	struct task_struct *task;

	if (unlikely(rel_rss_is_split(m->release))) {
		task = current_task(m);
		if (task && task->mm == mm) {
			task->rss_cache[counter] += (s32)n;
			return;
		}
	} else {
		count_on_cpu(m, mm, counter, n);
	}
	mm->rss_stat[counter] += n;
}

void add_mm_counter(struct machine *m, struct mm_struct *mm, enum mm_counter counter, s64 n)
{
	if (!rel_rss_is_split(m->release))
		count_on_cpu(m, mm, counter, n);
	mm->rss_stat[counter] += n;
}

void sync_mm_rss(struct task_struct *task)
{
	for (unsigned int i = 0; i < NR_MM_COUNTERS; i++) {
		if (task->mm)
			task->mm->rss_stat[i] += task->rss_cache[i];
		task->rss_cache[i] = 0;
	}
	task->rss_events = 0;
}

void add_mm_rss_vec(struct machine *m, struct mm_struct *mm, const struct rss_vec *rss)
{
	bool split = rel_rss_is_split(m->release);
	struct task_struct *task = split ? current_task(m) : NULL;

	if (task && task->mm == mm)
		sync_mm_rss(task);
	for (unsigned int i = 0; i < NR_MM_COUNTERS; i++) {
		if (!rss->n[i])
			continue;
		mm->rss_stat[i] += rss->n[i];
		if (!split)
			count_on_cpu(m, mm, i, rss->n[i]);
	}
}

/* Onto its LRU list, or with the unevictable where the VMA is locked. */
static inline void lru_cache_add_by_vma(struct machine *m, u32 pfn,
					const struct vm_area_struct *vma)
{
	if (unlikely((vma->vm_flags & (VM_LOCKED | VM_SPECIAL)) == VM_LOCKED))
		mlock_new_page(m, pfn);
	else
		lru_cache_add(m, pfn);
}

void map_new_anon_page(struct machine *m, struct vm_area_struct *vma, u64 address, u32 pfn)
{
	page_add_new_anon_rmap(m, pfn, vma, address);
	lru_cache_add_by_vma(m, pfn, vma);
}

/* Does any size between a page and a pmd's have a switch that is not off? */
static inline bool sizes_switched_on(const struct machine *m)
{
	return (m->tunables->thp_size_enabled ^ 0x333333300ULL) & 0xfffffff00ULL;
}

/* What takes the place of a marker has its mark. */
static inline u64 uffd_mark(const struct vm_fault *vmf)
{
	return unlikely(pte_is_uffd_marker(vmf->orig_pte)) ? PTE_UFFD_WP : 0;
}

static inline pte_t marked_pte(const struct vm_fault *vmf, pte_t pte)
{
	return unlikely(pte_is_uffd_marker(vmf->orig_pte)) ? (pte | PTE_UFFD_WP) & ~PTE_RW : pte;
}

static unsigned int do_anonymous_page(struct machine *m, struct vm_fault *vmf)
{
	struct vm_area_struct *vma = vmf->vma;
	u64 prot;
	u32 pfn;
	int err;

	/* Shared memory without a file: there is none. */
	if (unlikely(vma->vm_flags & VM_SHARED))
		return VM_FAULT_SIGBUS;
	if (!vmf->pte) {
		err = pte_alloc_map(m, vma->vm_mm, vmf->address, &vmf->pte);
		if (unlikely(err))
			return fault_of_errno(err);
	}
	prot = vm_get_page_prot(m, vma->vm_flags);
	if (!(vmf->flags & FAULT_FLAG_WRITE)) {
		if (unlikely(userfaultfd_missing(vma)))
			return handle_userfault(m, vmf, VM_UFFD_MISSING);
		*vmf->pte = mk_pte(m->virt->zero_pfn, prot | PTE_SPECIAL) | uffd_mark(vmf);
		update_mmu_cache(m, vma, vmf->address, vmf->pte);
		return 0;
	}
	err = likely(vma->anon_vma) ? 0 : anon_vma_prepare(m, vma);
	if (unlikely(err))
		return fault_of_errno(err);
	if (unlikely(sizes_switched_on(m))) {
		u64 bits = vma->vm_flags & VM_WRITE ? pte_mkdirty(m, prot) | PTE_RW : prot;
		unsigned int ret = do_anonymous_folio(m, vmf, bits);

		if (ret != VM_FAULT_FALLBACK)
			return ret;
	}
	err = alloc_zeroed_user_page(m, vma, vmf->address, &pfn);
	if (unlikely(err))
		return fault_of_errno(err);
	if (unlikely(userfaultfd_missing(vma))) {
		free_pages(m, pfn, 0);
		return handle_userfault(m, vmf, VM_UFFD_MISSING);
	}
	content_zero(m, pfn);
	page_set_flag(pfn_to_page(m, pfn), PG_uptodate);
	add_mm_counter_fast(m, vma->vm_mm, MM_ANONPAGES, 1);
	map_new_anon_page(m, vma, vmf->address, pfn);
	if (likely(vma->vm_flags & VM_WRITE))
		prot = pte_mkdirty(m, prot) | PTE_RW;
	*vmf->pte = marked_pte(vmf, mk_pte(pfn, prot));
	update_mmu_cache(m, vma, vmf->address, vmf->pte);
	return 0;
}

void do_set_pte(struct machine *m, struct vm_fault *vmf, u64 *pte, u32 pfn, u64 addr)
{
	struct vm_area_struct *vma = vmf->vma;
	bool write = vmf->flags & FAULT_FLAG_WRITE;
	pte_t entry = mk_pte(pfn, vma_page_prot(m, vma));

	if (write)
		entry = marked_pte(vmf, maybe_mkwrite(pte_mkdirty(m, entry), vma));
	else
		entry = marked_pte(vmf, entry);
	if (write && !(vma->vm_flags & VM_SHARED)) {
		add_mm_counter_fast(m, vma->vm_mm, MM_ANONPAGES, 1);
		map_new_anon_page(m, vma, addr, pfn);
	} else {
		add_mm_counter_fast(m, vma->vm_mm, mm_counter_of(pfn_to_page(m, pfn)), 1);
		page_add_file_rmap(m, pfn, vma);
	}
	*pte = entry;
}

bool folio_fits_around(const struct machine *m, const struct vm_fault *vmf,
		       const struct page *folio)
{
	const struct vm_area_struct *vma = vmf->vma;
	u64 first = page_index(folio), nr = folio_nr_pages(folio);
	u64 at = (vma->vm_start >> PAGE_SHIFT) + first - vma->vm_pgoff;

	return first >= vma->vm_pgoff && first + nr <= vma->vm_pgoff + vma_pages(vma) &&
	       (at & (table_size(m, 0) - 1)) + nr <= table_size(m, 0);
}

/* Does it reach behind the end of a disk's file? Then it is mapped page by page. */
static bool is_behind_end(const struct machine *m, const struct vm_fault *vmf,
			  const struct page *folio)
{
	return !page_flag(folio, PG_swapbacked) && rel_maps_folios_around(m->release) &&
	       page_index(folio) + folio_nr_pages(folio) > inode_pages(vmf->vma->vm_file->inode);
}

/* Does a fault of one page map all of the folio? */
static bool maps_all(const struct machine *m, const struct page *folio)
{
	return page_flag(folio, PG_swapbacked) ? rel_folios_are_batched(m->release) :
						 rel_maps_folios_around(m->release);
}

/*
 * A page of a large folio of a file: the folio as one entry; all of its pages, since 6.12 or
 * so, where nothing is in the way. False: its page alone.
 */
static bool map_large_folio(struct machine *m, struct vm_fault *vmf)
{
	const struct page *folio = pfn_folio(m, vmf->page);
	u64 nr = folio_nr_pages(folio), before = vmf->pgoff - page_index(folio);
	u32 head = (u32)folio_pfn(m, vmf->page);

	if (is_behind_end(m, vmf, folio))
		return false;
	if (do_set_pmd(m, vmf, vmf->page))
		return true;
	if (!maps_all(m, folio) || userfaultfd_armed(vmf->vma) ||
	    !folio_fits_around(m, vmf, folio) || !pte_range_none(vmf->pte - before, nr))
		return false;
	pfn_to_page(m, head)->refcount += (s32)nr - 1;
	for (u64 i = 0; i < nr; i++)
		do_set_pte(m, vmf, vmf->pte - before + i, (u32)(head + i),
			   vmf->address + ((i - before) << PAGE_SHIFT));
	folio_mapped_whole(m, head, vmf->vma);
	return true;
}

int charge_user_page(struct machine *m, const struct vm_area_struct *vma, u64 pfn)
{
	int err = mem_cgroup_charge(m, pfn, vma->vm_mm, GFP_KERNEL);

	if (err)
		free_pages(m, pfn, 0);
	return err;
}

/* The page is found or copied: map it. */
static unsigned int finish_fault(struct machine *m, struct vm_fault *vmf)
{
	bool cow = vmf->flags & FAULT_FLAG_WRITE && !(vmf->vma->vm_flags & VM_SHARED);

	/* ->fault() or ->page_mkwrite() mapped it */
	if (unlikely(*vmf->pte && !pte_is_uffd_marker(*vmf->pte)))
		return VM_FAULT_NOPAGE;
	if (unlikely(!cow && folio_is_large(pfn_folio(m, vmf->page))) && map_large_folio(m, vmf)) {
		if (vmf->pte)
			update_mmu_cache(m, vmf->vma, vmf->address, vmf->pte);
		return 0;
	}
	do_set_pte(m, vmf, vmf->pte, cow ? vmf->cow_page : vmf->page, vmf->address);
	update_mmu_cache(m, vmf->vma, vmf->address, vmf->pte);
	return 0;
}

#define NOT_MAPPED_YET (VM_FAULT_ERROR | VM_FAULT_NOPAGE | VM_FAULT_RETRY)

/* The leaf table first: it may need memory, and so may ->fault(). */
static unsigned int ask_file(struct machine *m, struct vm_fault *vmf)
{
	unsigned int ret;
	int err = 0;

	if (!vmf->pte) {
		err = pte_alloc_map(m, vmf->vma->vm_mm, vmf->address, &vmf->pte);
		vmf->new_table = true;
	}
	if (unlikely(err))
		return fault_of_errno(err);
	ret = vmf->vma->vm_ops->fault(m, vmf);
	if (unlikely(vmf->page != PFN_NIL && page_flag(pfn_to_page(m, vmf->page), PG_hwpoison))) {
		put_page(m, vmf->page);
		return ret | VM_FAULT_HWPOISON;
	}
	return ret;
}

/* The window is aligned, begins in the VMA and ends with it or with the table. */
static unsigned int do_fault_around(struct machine *m, struct vm_fault *vmf)
{
	const struct vm_area_struct *vma = vmf->vma;
	u64 table = table_size(m, 0), pte_off = (vmf->address >> PAGE_SHIFT) & (table - 1);
	u64 vma_off = vmf->pgoff - vma->vm_pgoff;
	u64 from = MAX(ALIGN_DOWN(pte_off, (u64)FAULT_AROUND_PAGES),
		       pte_off - MIN(pte_off, vma_off));
	u64 to = MIN(from + FAULT_AROUND_PAGES, table);

	to = MIN(to, pte_off + vma_pages(vma) - vma_off);
	if (!vmf->pte) {
		int err = pte_alloc_map(m, vma->vm_mm, vmf->address, &vmf->pte);

		if (unlikely(err))
			return fault_of_errno(err);
		vmf->new_table = true;
	}
	return vma->vm_ops->map_pages(m, vmf, vmf->pgoff - pte_off + from,
				      vmf->pgoff - pte_off + to - 1);
}

static unsigned int do_read_fault(struct machine *m, struct vm_fault *vmf)
{
	unsigned int ret;

	if (vmf->vma->vm_ops->map_pages && likely(!uffd_disable_fault_around(vmf->vma))) {
		ret = do_fault_around(m, vmf);
		if (ret)
			return ret;
	}
	ret = ask_file(m, vmf);
	if (unlikely(ret & NOT_MAPPED_YET))
		return ret;
	ret |= finish_fault(m, vmf);
	if (unlikely(ret & NOT_MAPPED_YET))
		put_page(m, vmf->page);
	return ret;
}

static unsigned int do_cow_fault(struct machine *m, struct vm_fault *vmf)
{
	int err = anon_vma_prepare(m, vmf->vma);
	unsigned int ret;

	if (!err)
		err = alloc_user_page(m, vmf->vma, vmf->address, &vmf->cow_page);
	if (unlikely(err))
		return fault_of_errno(err);
	ret = ask_file(m, vmf);
	if (unlikely(ret & NOT_MAPPED_YET)) {
		free_pages(m, vmf->cow_page, 0);
		return ret;
	}
	content_copy(m, vmf->cow_page, vmf->page);
	page_set_flag(pfn_to_page(m, vmf->cow_page), PG_uptodate);
	ret |= finish_fault(m, vmf);
	put_page(m, vmf->page);
	if (unlikely(ret & NOT_MAPPED_YET))
		free_pages(m, vmf->cow_page, 0);
	return ret;
}

void fault_dirty_shared_page(struct machine *m, u32 pfn)
{
	set_page_dirty(m, pfn);
}

unsigned int do_page_mkwrite(struct machine *m, struct vm_fault *vmf)
{
	const struct vm_area_struct *vma = vmf->vma;

	if (unlikely(vma->vm_file && vma->vm_file->inode->swap_file))
		return VM_FAULT_SIGBUS;
	return vma->vm_ops->page_mkwrite(m, vmf);
}

static unsigned int do_shared_fault(struct machine *m, struct vm_fault *vmf)
{
	unsigned int ret = ask_file(m, vmf), asked;

	if (unlikely(ret & NOT_MAPPED_YET))
		return ret;
	if (vmf->vma->vm_ops->page_mkwrite) {
		asked = do_page_mkwrite(m, vmf);
		if (unlikely(asked & (VM_FAULT_ERROR | VM_FAULT_NOPAGE))) {
			put_page(m, vmf->page);
			return asked;
		}
	}
	ret |= finish_fault(m, vmf);
	if (unlikely(ret & NOT_MAPPED_YET)) {
		put_page(m, vmf->page);
		return ret;
	}
	fault_dirty_shared_page(m, vmf->page);
	return ret;
}

static unsigned int do_fault(struct machine *m, struct vm_fault *vmf)
{
	struct mm_struct *mm = vmf->vma->vm_mm;
	bool had_table = vmf->pte;
	unsigned int ret;

	if (!vmf->vma->vm_ops->fault)
		ret = VM_FAULT_SIGBUS;
	else if (!(vmf->flags & FAULT_FLAG_WRITE))
		ret = do_read_fault(m, vmf);
	else if (!(vmf->vma->vm_flags & VM_SHARED))
		ret = do_cow_fault(m, vmf);
	else
		ret = do_shared_fault(m, vmf);
	if (unlikely(ret & (VM_FAULT_ERROR | VM_FAULT_RETRY)) && !had_table && vmf->pte)
		pte_free_unused(m, mm, vmf->address);
	return ret;
}

static inline unsigned int do_pte_missing(struct machine *m, struct vm_fault *vmf)
{
	return vma_is_anonymous(vmf->vma) ? do_anonymous_page(m, vmf) : do_fault(m, vmf);
}

/* Not present, not none: a slot of swap, or a marker. */
static __noinline unsigned int do_swap_page(struct machine *m, struct vm_fault *vmf)
{
	if (pte_is_swap(vmf->orig_pte))
		return do_swap_fault(m, vmf);
	if (pte_is_hwpoison(vmf->orig_pte))
		return VM_FAULT_HWPOISON;
	BUG_ON(m, !pte_is_marker(vmf->orig_pte));
	if (pte_is_guard(vmf->orig_pte))
		return VM_FAULT_SIGSEGV;
	if (pte_is_poison(vmf->orig_pte))
		return VM_FAULT_HWPOISON;
	if (userfaultfd_wp(vmf->vma))
		return do_pte_missing(m, vmf);
	*vmf->pte = 0;
	return 0;
}

static unsigned int handle_pte_fault(struct machine *m, struct vm_fault *vmf)
{
	pte_t entry;

	vmf->orig_pte = vmf->pte ? *vmf->pte : 0;
	if (pte_none(vmf->orig_pte))
		return do_pte_missing(m, vmf);
	if (unlikely(!pte_present(vmf->orig_pte)))
		return do_swap_page(m, vmf);
	entry = vmf->orig_pte;
	if (vmf->flags & (FAULT_FLAG_WRITE | FAULT_FLAG_UNSHARE)) {
		if (!(entry & PTE_RW))
			return do_wp_page(m, vmf);
		if (vmf->flags & FAULT_FLAG_WRITE)
			entry = pte_mkdirty(m, entry);
	}
	entry |= PTE_ACCESSED;
	if (entry != vmf->orig_pte) {
		*vmf->pte = entry;
		update_mmu_cache(m, vmf->vma, vmf->address, vmf->pte);
	} else if (vmf->flags & FAULT_FLAG_WRITE) {
		flush_tlb_fix_spurious_fault(m, vmf->vma, vmf->address);
	}
	return 0;
}

/* No table for the entry yet, or a huge page. FALLBACK: on to small pages. */
static __noinline unsigned int handle_pmd_fault(struct machine *m, struct vm_fault *vmf)
{
	struct vm_area_struct *vma = vmf->vma;
	unsigned int order = hpage_pmd_order(m);
	int err = table_alloc_entry(m, vma->vm_mm, vmf->address, 1, &vmf->pmd);
	u64 pmd;

	if (unlikely(err))
		return fault_of_errno(err);
	pmd = *vmf->pmd;
	if (!pmd) {
		if (vma_is_anonymous(vma) && thp_vma_allowable_order(m, vma, vma->vm_flags,
								     TVA_PAGEFAULT, order))
			return do_huge_pmd_anonymous_page(m, vmf);
		return VM_FAULT_FALLBACK;
	}
	if (!entry_is_huge(pmd))
		return VM_FAULT_FALLBACK;
	if (vmf->flags & (FAULT_FLAG_WRITE | FAULT_FLAG_UNSHARE) && !(pmd & PTE_RW))
		return do_huge_pmd_wp_page(m, vmf);
	huge_pmd_set_accessed(m, vmf);
	return 0;
}

static unsigned int __handle_mm_fault(struct machine *m, struct vm_area_struct *vma,
				      u64 address, unsigned int flags)
{
	struct mm_struct *mm = vma->vm_mm;
	struct vm_fault vmf = {
		.vma = vma, .address = address & ~(PAGE_SIZE - 1), .flags = flags,
		.pgoff = linear_page_index(vma, address), .page = PFN_NIL,
		.cow_page = PFN_NIL,
	};

	vmf.pte = pte_find(m, mm, vmf.address);
	if (unlikely(!vmf.pte)) {
		unsigned int ret = handle_pmd_fault(m, &vmf);

		if (ret != VM_FAULT_FALLBACK)
			return ret;
		/* A huge page may have been split. */
		vmf.pte = pte_find(m, mm, vmf.address);
	}
	return handle_pte_fault(m, &vmf);
}

/* Is the second try a first one? It is where only the VMA was locked and nothing missed. */
static bool begins_anew(const struct machine *m, unsigned int flags, unsigned int ret)
{
	return flags & FAULT_FLAG_ANEW ||
	       (flags & FAULT_FLAG_USER && !(ret & VM_FAULT_MAJOR) &&
		rel_file_faults_lock_vma(m->release));
}

/* Each try: what the task counted for itself is added to its mm now and then. */
static void note_rss_event(struct machine *m)
{
	struct task_struct *task = current_task(m);

	if (unlikely(rel_rss_is_split(m->release)) && task &&
	    task->rss_events++ > RSS_EVENTS_THRESH)
		sync_mm_rss(task);
}

/* What was to be read has been: it is found now, and what lies around it. */
static unsigned int fault_again(struct machine *m, struct vm_area_struct *vma, u64 address,
				unsigned int flags, unsigned int ret)
{
	bool anew = begins_anew(m, flags, ret);

	if (rel_counts_each_try(m->release)) {
		count_vm_event(m, PGFAULT, 1);
		count_memcg_event_mm(m, vma->vm_mm, PGFAULT);
	}
	note_rss_event(m);
	flags |= anew ? FAULT_FLAG_HELD : FAULT_FLAG_TRIED;
	return __handle_mm_fault(m, vma, address, flags) | (anew ? 0 : VM_FAULT_MAJOR);
}

unsigned int handle_mm_fault(struct machine *m, struct vm_area_struct *vma, u64 address,
			     unsigned int flags)
{
	struct task_struct *task = current_task(m);
	unsigned int ret;

	poll_daemons(m, 1);
	/*
	 * What is left of the last fault of the program, from which it came back: a call that
	 * faults pages in does not, and might lose each before it has used it.
	 */
	if (unlikely(m->memcg) && m->memcg->nr_over_high && flags & FAULT_FLAG_USER)
		m->pressure->memcg_over_high(m);
	if (unlikely(m->virt->writeback->fresh_dirtied) && task)
		balance_dirty_pages_ratelimited(m, task);
	count_vm_event(m, PGFAULT, 1);
	count_memcg_event_mm(m, vma->vm_mm, PGFAULT);
	note_rss_event(m);
	lru_enter_fault(m, vma_has_recency(vma));
	if (unlikely(linear_page_index(vma, address) >= PAGE_INDEX_END))
		ret = VM_FAULT_SIGBUS;
	else if (unlikely(is_vm_hugetlb_page(vma)))
		ret = hugetlb_fault(m, vma, address, flags);
	else
		ret = __handle_mm_fault(m, vma, address, flags);
	if (unlikely(ret & VM_FAULT_RETRY))
		ret = fault_again(m, vma, address, flags, ret);
	lru_exit_fault(m);
	if (unlikely(ret & VM_FAULT_UFFD) && !rel_counts_each_try(m->release))
		count_vm_event(m, PGFAULT, -1);
	if (likely(task && !(ret & (VM_FAULT_ERROR | VM_FAULT_RETRY)))) {
		if (unlikely(ret & VM_FAULT_MAJOR || flags & FAULT_FLAG_WAITED))
			task->maj_flt++;
		else
			task->min_flt++;
	}
	return ret;
}
