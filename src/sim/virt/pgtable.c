// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A walk goes from the pgd down: an entry names a page frame, the frame's descriptor
 * a handle, the handle an array. Since neighbours are touched one after another, the
 * mm remembers the leaf table of its last walk.
 *
 * A table is empty when it goes, so the array of a free handle holds zeroes and needs
 * no clearing. Arrays stay with their handles for the next table.
 */
#include "sim/virt/pgtable.h"

#include "sim/base/bug.h"
#include "sim/phys/kernel_tables.h"
#include "sim/phys/memcg.h"
#include "sim/phys/page_alloc.h"
#include "sim/virt/file.h"
#include "sim/virt/memory.h"

#define ARRAY_BYTES(pt) ((size_t)(pt)->entries[0] * sizeof(u64))

s64 nr_page_table_pages(const struct machine *m)
{
	s64 nr = 0;

	for (unsigned int node = 0; node < m->nr_nodes; node++)
		nr += m->nodes[node] ? m->nodes[node]->stat[NR_PAGE_TABLE_PAGES] : 0;
	return nr;
}

int pgtables_init(struct machine *m)
{
	struct pgtable_state *pt = arena_alloc(&m->arena, sizeof(*pt));

	if (!pt)
		return -ENOMEM;
	m->virt->pgtables = pt;
	pt->special_pfn = PFN_NIL;
	pt->nr_kernel_tables = nr_page_table_pages(m) - kernel_tables_counted(m);
	pt->top = m->arch->nr_levels - 1;
	for (unsigned int level = 0; level <= pt->top; level++) {
		pt->shift[level] = m->arch->levels[pt->top - level].shift;
		pt->entries[level] = m->arch->levels[pt->top - level].entries;
	}
	pt->user_entries = (u16)DIV_ROUND_UP(arch_task_size_max(m->arch), 1ULL << pt->shift[pt->top]);
	if (m->config && machine_config_bool(m->config, "MEM_SOFT_DIRTY"))
		pt->soft_dirty = PTE_SOFT_DIRTY;
	pt->highpte = m->config && rel_has_highpte(m->release) &&
		      machine_config_bool(m->config, "HIGHPTE");
	return special_mappings_init(m);
}

void pgtables_free(struct machine *m)
{
	struct pgtable_state *pt = m->virt->pgtables;

	if (!pt)
		return;
	for (u32 handle = 1; handle <= pt->nr_arrays; handle++)
		arena_free(&m->arena, pt->arrays[handle], ARRAY_BYTES(pt));
	arena_free(&m->arena, pt->arrays, pt->room * sizeof(*pt->arrays));
	arena_free(&m->arena, pt->free_handles, pt->room * sizeof(*pt->free_handles));
	arena_free(&m->arena, pt, sizeof(*pt));
	m->virt->pgtables = NULL;
}

static int handles_grow(struct machine *m, struct pgtable_state *pt)
{
	u32 room = pt->room ? pt->room * 2 : 64;
	u32 *free_handles;
	u64 **arrays;

	if (pt->nr_arrays + 1 < pt->room)
		return 0;
	free_handles = arena_alloc(&m->arena, room * sizeof(*free_handles));
	if (!free_handles)
		return -ENOBUFS;
	arrays = arena_resize(&m->arena, pt->arrays, pt->room * sizeof(*arrays),
			      room * sizeof(*arrays));
	if (!arrays) {
		arena_free(&m->arena, free_handles, room * sizeof(*free_handles));
		return -ENOBUFS;
	}
	if (pt->nr_free)
		memcpy(free_handles, pt->free_handles, pt->nr_free * sizeof(*free_handles));
	arena_free(&m->arena, pt->free_handles, pt->room * sizeof(*free_handles));
	pt->free_handles = free_handles;
	pt->arrays = arrays;
	pt->room = room;
	return 0;
}

int pgtables_reserve(struct machine *m, u64 nr)
{
	struct pgtable_state *pt = m->virt->pgtables;

	while (pt->nr_free + (pt->nr_arrays - pt->nr_handles) < nr) {
		int err = handles_grow(m, pt);
		u64 *array = err ? NULL : arena_alloc(&m->arena, ARRAY_BYTES(pt));

		if (!array)
			return -ENOBUFS;
		pt->arrays[++pt->nr_arrays] = array;
	}
	return 0;
}

u64 pgtable_host_bytes(const struct machine *m)
{
	const struct pgtable_state *pt = m->virt->pgtables;

	/* An array; and the two lists, whose doubling is spread over the tables. */
	return ARRAY_BYTES(pt) + 64 * (sizeof(*pt->arrays) + sizeof(*pt->free_handles));
}

/* Page frames of tables below the top are one page; a pgd may have a second half. */
static unsigned int table_order(const struct machine *m, unsigned int level)
{
	return level == m->virt->pgtables->top && m->arch->bits == 64 &&
	       rel_pgd_has_user_half(m->release);
}

unsigned int table_counts(const struct machine *m, unsigned int level)
{
	unsigned int top = m->virt->pgtables->top;

	if (!rel_counts_all_page_tables(m->release) && (level == top || level >= 2))
		return 0;
	return 1U << table_order(m, level);
}

/* A table was made or goes: the mm's figure and the node's. */
static void table_account(struct machine *m, struct mm_struct *mm, u64 pfn,
			  unsigned int level, int sign)
{
	const struct zone *zone = page_zone(m, pfn_to_page(m, pfn));
	const s64 nr = sign * (s64)table_counts(m, level);
	unsigned int top = m->virt->pgtables->top;

	if (level < MIN(top, 3U))
		mm->pgtables_bytes += sign * (s64)PAGE_SIZE;
	m->nodes[zone->node]->stat[NR_PAGE_TABLE_PAGES] += nr;
	if (unlikely(m->memcg) && !rel_memcg_forgets_page_tables(m->release))
		memcg_mod_stat(m, page_memcg_id(pfn_to_page(m, pfn)), zone->node,
			       NR_PAGE_TABLE_PAGES, nr);
}

static int table_alloc(struct machine *m, struct mm_struct *mm, unsigned int level, u32 *pfn)
{
	struct pgtable_state *pt = m->virt->pgtables;
	const gfp_t highmem = !level && pt->highpte ? __GFP_HIGHMEM : 0;
	const struct alloc_request req = {
		.gfp = GFP_KERNEL_ACCOUNT | __GFP_ZERO | highmem, .order = table_order(m, level),
		.node = NUMA_NO_NODE, .owner = PGTY_table,
	};
	int err = unlikely(!pt->nr_free) ? pgtables_reserve(m, 1) : 0;

	if (unlikely(err))
		return err;
	err = alloc_pages(m, &req, pfn);
	if (unlikely(err))
		return err;
	/* The last one given back, or the next number: whatever was reserved when. */
	pfn_to_page(m, *pfn)->mapping = pt->nr_free ? pt->free_handles[--pt->nr_free] :
						      ++pt->nr_handles;
	pfn_to_page(m, *pfn)->prev = 0;	/* pt_share_count() */
	table_account(m, mm, *pfn, level, 1);
	return 0;
}

void table_share(struct machine *m, struct mm_struct *mm, u64 *entry, u64 theirs)
{
	pfn_to_page(m, pte_pfn(theirs))->prev++;
	m->virt->pgtables->nr_shared++;
	*entry = theirs;
	mm->pgtables_bytes += PAGE_SIZE;
}

void table_unshare(struct machine *m, struct mm_struct *mm, u64 *entry)
{
	struct page *table = pfn_to_page(m, pte_pfn(*entry));

	BUG_ON(m, !table->prev);
	table->prev--;
	m->virt->pgtables->nr_shared--;
	*entry = 0;
	mm->pgtables_bytes -= PAGE_SIZE;
}

void table_free(struct machine *m, struct mm_struct *mm, u64 pfn, unsigned int level)
{
	struct pgtable_state *pt = m->virt->pgtables;

	table_account(m, mm, pfn, level, -1);
	pt->free_handles[pt->nr_free++] = pfn_to_page(m, pfn)->mapping;
	free_pages(m, pfn, table_order(m, level));
	pgtable_forget(mm);
}

int pte_alloc_one(struct machine *m, struct mm_struct *mm, u32 *pfn)
{
	return table_alloc(m, mm, 0, pfn);
}

void pte_free(struct machine *m, struct mm_struct *mm, u32 pfn)
{
	table_free(m, mm, pfn, 0);
}

static inline unsigned int table_index(const struct pgtable_state *pt, unsigned int level,
				       u64 addr)
{
	return (addr >> pt->shift[level]) & (pt->entries[level] - 1);
}

static inline u64 leaf_base(const struct pgtable_state *pt, u64 addr)
{
	return addr >> pt->shift[1] << pt->shift[1];
}

/* PAE: the few pmds come with the pgd; that of the kernel only where it is not shared. */
static unsigned int pmds_of_pgd(const struct machine *m)
{
	const struct pgtable_state *pt = m->virt->pgtables;

	if (pt->top != 2 || m->arch->bits != 32)
		return 0;
	return rel_pae_shares_kernel_pmd(m->release) ? pt->user_entries : pt->entries[2];
}

static bool pgd_is_object(const struct machine *m)
{
	return pmds_of_pgd(m) && rel_pae_shares_kernel_pmd(m->release) && m->virt->pgds.cache;
}

/* What an entry says of the table that it names; the top ones of PAE say little. */
static u64 table_entry_flags(const struct pgtable_state *pt, unsigned int level)
{
	return level == pt->top && pt->entries[level] == PAE_ENTRIES ? PTE_PRESENT : TABLE_FLAGS;
}

static int preallocate_pmds(struct machine *m, struct mm_struct *mm)
{
	u64 *pgd = mm->pgd;

	for (unsigned int i = 0; i < pmds_of_pgd(m); i++) {
		u32 pfn;
		int err = table_alloc(m, mm, 1, &pfn);

		if (err)
			return err;
		pgd[i] = PFN_PHYS(pfn) | table_entry_flags(m->virt->pgtables, 2);
	}
	return 0;
}

static int pgd_alloc_top(struct machine *m, struct mm_struct *mm)
{
	int err;

	if (pgd_is_object(m)) {
		struct pgd_object *object;

		err = object_alloc(m, &m->virt->pgds, GFP_KERNEL_ACCOUNT | __GFP_ZERO,
				   NUMA_NO_NODE, &mm->pgd_object);
		if (err)
			return err;
		object = object_get(&m->virt->pgds, mm->pgd_object);
		mm->pgd = object->entries;
		return 0;
	}
	err = table_alloc(m, mm, m->virt->pgtables->top, &mm->pgd_pfn);
	if (!err)
		mm->pgd = table_entries(m, mm->pgd_pfn);
	return err;
}

int pgd_alloc(struct machine *m, struct mm_struct *mm)
{
	int err;

	pgtable_forget(mm);
	mm->vma_cache = NULL;
	memset(mm->rss_local, 0, sizeof(mm->rss_local));
	mm->pgd = NULL;
	mm->pgd_pfn = PFN_NIL;
	mm->pgd_object = 0;
	err = pgd_alloc_top(m, mm);
	if (err)
		return err;
	err = preallocate_pmds(m, mm);
	if (err)
		pgd_free(m, mm);
	return err;
}

static void pgd_free_top(struct machine *m, struct mm_struct *mm)
{
	if (mm->pgd_object) {
		object_free(m, &m->virt->pgds, mm->pgd_object);
		pgtable_forget(mm);
	} else {
		table_free(m, mm, mm->pgd_pfn, m->virt->pgtables->top);
	}
	mm->pgd = NULL;
	mm->pgd_pfn = PFN_NIL;
	mm->pgd_object = 0;
}

void pgd_free(struct machine *m, struct mm_struct *mm)
{
	unsigned int top = m->virt->pgtables->top;

	if (!mm_has_tables(mm))
		return;
	for (u64 i = 0, nr = table_size(m, top); i < nr; i++) {
		i += ptes_none(&mm->pgd[i], nr - i);
		if (i >= nr || !mm->pgd[i])
			continue;
		BUG_ON(m, !pmds_of_pgd(m));
		table_free(m, mm, pte_pfn(mm->pgd[i]), top - 1);
		mm->pgd[i] = 0;
	}
	pgd_free_top(m, mm);
}

u64 mm_pgd_address(const struct machine *m, const struct mm_struct *mm)
{
	if (mm->pgd_object)
		return object_addr(&m->virt->pgds, mm->pgd_object);
	return m->arch->page_offset + PFN_PHYS(mm->pgd_pfn);
}

u64 *table_entry(const struct machine *m, const struct mm_struct *mm, u64 addr, int level)
{
	const struct pgtable_state *pt = m->virt->pgtables;
	u64 *entry;

	if (!mm_has_tables(mm))
		return NULL;
	entry = &mm->pgd[table_index(pt, pt->top, addr)];
	for (int at = pt->top; at > level; at--) {
		if (!*entry || entry_is_huge(*entry))
			return NULL;
		entry = &table_entries(m, pte_pfn(*entry))[table_index(pt, at - 1, addr)];
	}
	return entry;
}

u64 *leaf_entry(const struct machine *m, const struct mm_struct *mm, u64 addr,
		unsigned int *level)
{
	const struct pgtable_state *pt = m->virt->pgtables;
	u64 *entry;

	*level = 0;
	if (mm->pte_base == leaf_base(pt, addr))
		return mm->pte_table + table_index(pt, 0, addr);
	if (!mm_has_tables(mm))
		return NULL;
	entry = &mm->pgd[table_index(pt, pt->top, addr)];
	for (unsigned int at = pt->top; at > 0; at--) {
		if (!*entry)
			return NULL;
		if (entry_is_huge(*entry)) {
			*level = at;
			return entry;
		}
		entry = &table_entries(m, pte_pfn(*entry))[table_index(pt, at - 1, addr)];
	}
	return entry;
}

int table_alloc_entry(struct machine *m, struct mm_struct *mm, u64 addr, int level, u64 **entry)
{
	const struct pgtable_state *pt = m->virt->pgtables;
	u64 *at = &mm->pgd[table_index(pt, pt->top, addr)];

	for (int i = pt->top; i > level; i--) {
		if (!*at) {
			u32 pfn;
			int err = table_alloc(m, mm, i - 1, &pfn);

			if (err)
				return err;
			*at = PFN_PHYS(pfn) | table_entry_flags(pt, (unsigned int)i);
		}
		BUG_ON(m, entry_is_huge(*at));
		at = &table_entries(m, pte_pfn(*at))[table_index(pt, i - 1, addr)];
	}
	*entry = at;
	return 0;
}

int pte_alloc_map(struct machine *m, struct mm_struct *mm, u64 addr, pte_t **pte)
{
	const struct pgtable_state *pt = m->virt->pgtables;
	unsigned int index = table_index(pt, 0, addr);
	int err;

	if (likely(mm->pte_base == leaf_base(pt, addr))) {
		*pte = mm->pte_table + index;
		return 0;
	}
	err = table_alloc_entry(m, mm, addr, 0, pte);
	if (unlikely(err))
		return err;
	mm->pte_base = leaf_base(pt, addr);
	mm->pte_table = *pte - index;
	return 0;
}

pte_t *pte_offset_map(const struct machine *m, const struct mm_struct *mm, u64 addr)
{
	const struct pgtable_state *pt = m->virt->pgtables;

	if (mm->pte_base == leaf_base(pt, addr))
		return mm->pte_table + table_index(pt, 0, addr);
	return table_entry(m, mm, addr, 0);
}

pte_t *pte_find_slow(const struct machine *m, struct mm_struct *mm, u64 addr)
{
	const struct pgtable_state *pt = m->virt->pgtables;
	pte_t *pte = table_entry(m, mm, addr, 0);

	if (pte) {
		mm->pte_base = leaf_base(pt, addr);
		mm->pte_table = pte - table_index(pt, 0, addr);
	}
	return pte;
}

void pte_free_unused(struct machine *m, struct mm_struct *mm, u64 addr)
{
	u64 *pmd = table_entry(m, mm, addr, 1);
	u64 pfn = pte_pfn(*pmd);
	const u64 *table = table_entries(m, pfn);

	for (unsigned int i = 0; i < table_size(m, 0); i++)
		if (table[i])
			return;
	*pmd = 0;
	table_free(m, mm, pfn, 0);
}

u64 vm_get_page_prot(const struct machine *m, u64 vm_flags)
{
	u64 prot = PTE_ACCESSED;

	if (m->arch->entry_bytes == 8 && !(vm_flags & VM_EXEC))
		prot |= PTE_NX;
	if (!(vm_flags & (VM_READ | VM_WRITE | VM_EXEC)))
		return prot | PTE_GLOBAL;
	prot |= PTE_PRESENT | PTE_USER;
	prot |= (vm_flags & VM_PKEY_MASK) << (PTE_PKEY_SHIFT - VM_PKEY_SHIFT);
	if ((vm_flags & (VM_WRITE | VM_SHARED)) == (VM_WRITE | VM_SHARED))
		prot |= PTE_RW;
	return prot;
}

static bool vma_wants_writenotify(const struct machine *m, const struct vm_area_struct *vma)
{
	if ((vma->vm_flags & (VM_WRITE | VM_SHARED)) != (VM_WRITE | VM_SHARED))
		return false;
	if (vma->vm_ops && vma->vm_ops->page_mkwrite)
		return true;
	if (vma_soft_dirty_enabled(m, vma) && !(vma->vm_flags & VM_HUGETLB))
		return true;
	if (vma->vm_flags & VM_UFFD_WP)
		return true;
	if (vma->vm_flags & VM_PFNMAP)
		return false;
	/* Is the file written back? Then its dirty pages are counted. */
	return vma->vm_file && vma->vm_file->inode->kind == INODE_DISK;
}

u64 vma_page_prot(const struct machine *m, const struct vm_area_struct *vma)
{
	u64 prot = vm_get_page_prot(m, vma->vm_flags);

	if (unlikely(prot & PTE_RW) && vma_wants_writenotify(m, vma))
		prot &= ~PTE_RW;
	return prot;
}
