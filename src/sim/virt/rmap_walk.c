// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * From a page to where it may be mapped: the VMAs whose range holds the page's offset,
 * of its anon_vma or of its file. Whether an entry is there, the caller looks up. And
 * what must hold of chains and anon_vmas, from the VMAs' side and from the trees'.
 */
#include <stdlib.h>

#include "sim/phys/folio.h"
#include "sim/phys/section.h"
#include "sim/virt/file.h"
#include "sim/virt/rmap.h"
#include "sim/virt/virt.h"

typedef unsigned long long ull;

int rmap_walk_anon_range(const struct anon_vma *anon_vma, u64 first, u64 last, rmap_range one,
			 void *arg)
{
	struct interval_node *node;
	int ret = 0;

	for (node = interval_tree_first(&anon_vma->rb_root, first, last); node && !ret;
	     node = interval_tree_next(node, first, last)) {
		struct vm_area_struct *vma =
			container_of(node, struct anon_vma_chain, rb)->vma;
		u64 from = MAX(first, node->start), to = MIN(last, node->last);

		ret = one(arg, vma, vma_address_of(vma, from),
			  vma_address_of(vma, to) + PAGE_SIZE);
	}
	return ret;
}

int rmap_walk_file_range(const struct address_space *mapping, u64 first, u64 last,
			 rmap_range one, void *arg)
{
	struct interval_node *node;
	int ret = 0;

	for (node = interval_tree_first(&mapping->i_mmap, first, last); node && !ret;
	     node = interval_tree_next(node, first, last)) {
		struct vm_area_struct *vma = container_of(node, struct vm_area_struct, shared);
		u64 from = MAX(first, node->start), to = MIN(last, node->last);

		ret = one(arg, vma, vma_address_of(vma, from),
			  vma_address_of(vma, to) + PAGE_SIZE);
	}
	return ret;
}

int rmap_walk_folio(const struct machine *m, u64 pfn, rmap_range one, void *arg)
{
	const struct page *folio = pfn_to_page(m, pfn);
	u64 first = page_index(folio), last = first + folio_nr_pages(folio) - 1;

	if (page_flag(folio, PG_anon))
		return rmap_walk_anon_range(anon_vma_of(m, folio->mapping), first, last, one, arg);
	return rmap_walk_file_range(&inode_of(m, folio->mapping)->i_data, first, last, one, arg);
}

static int walk_anon(const struct anon_vma *anon_vma, u64 pgoff, rmap_one one, void *arg)
{
	struct interval_node *node;
	int ret = 0;

	for (node = interval_tree_first(&anon_vma->rb_root, pgoff, pgoff); node && !ret;
	     node = interval_tree_next(node, pgoff, pgoff)) {
		struct anon_vma_chain *chain = container_of(node, struct anon_vma_chain, rb);

		ret = one(arg, chain->vma, vma_address_of(chain->vma, pgoff));
	}
	return ret;
}

static int walk_file(const struct address_space *mapping, u64 pgoff, rmap_one one, void *arg)
{
	struct interval_node *node;
	int ret = 0;

	for (node = interval_tree_first(&mapping->i_mmap, pgoff, pgoff); node && !ret;
	     node = interval_tree_next(node, pgoff, pgoff)) {
		struct vm_area_struct *vma = container_of(node, struct vm_area_struct, shared);

		ret = one(arg, vma, vma_address_of(vma, pgoff));
	}
	return ret;
}

int rmap_walk(const struct machine *m, u64 pfn, rmap_one one, void *arg)
{
	const struct page *page = pfn_to_page(m, pfn);
	const struct page *folio = folio_of_const(page);
	const struct inode *inode;

	if ((page_type(page) && page_type(page) != PGTY_hugetlb) || !folio->mapping ||
	    page_flag(folio, PG_reserved))
		return 0;
	if (page_flag(folio, PG_anon))
		return walk_anon(anon_vma_of(m, folio->mapping), page_index(page), one, arg);
	inode = inode_of(m, folio->mapping);
	return inode ? walk_file(&inode->i_data, page_index(page), one, arg) : 0;
}

static bool in_tree(const struct anon_vma *anon_vma, const struct anon_vma_chain *chain)
{
	struct interval_node *node;

	for (node = interval_tree_first(&anon_vma->rb_root, chain->rb.start, chain->rb.last);
	     node; node = interval_tree_next(node, chain->rb.start, chain->rb.last))
		if (node == &chain->rb)
			return true;
	return false;
}

static void check_chain(const struct vm_area_struct *vma, const struct anon_vma_chain *chain,
			struct check *check)
{
	u64 last = vma->vm_pgoff + vma_pages(vma) - 1;

	check->nr_checked++;
	if (chain->vma != vma || chain->rb.start != vma->vm_pgoff || chain->rb.last != last ||
	    !in_tree(chain->anon_vma, chain))
		check_fail(check, "M4", "VMA %u: expected a chain of 0x%llx..0x%llx in the tree "
			   "of anon_vma %u, found 0x%llx..0x%llx", vma->self,
			   (ull)vma->vm_pgoff, (ull)last, chain->anon_vma->self,
			   (ull)chain->rb.start, (ull)chain->rb.last);
	if (vma->anon_vma && chain->anon_vma->root != vma->anon_vma->root)
		check_fail(check, "M5", "VMA %u: expected anon_vmas below %u, found one below %u",
			   vma->self, vma->anon_vma->root->self, chain->anon_vma->root->self);
}

static void check_i_mmap(const struct vm_area_struct *vma, struct check *check)
{
	const struct interval_node *node = NULL;

	check->nr_checked++;
	if (vma->vm_file)
		node = interval_tree_first(&vma->vm_file->inode->i_data.i_mmap, vma->vm_pgoff,
					   vma->vm_pgoff + vma_pages(vma) - 1);
	while (node && node != &vma->shared)
		node = interval_tree_next(node, vma->vm_pgoff,
					  vma->vm_pgoff + vma_pages(vma) - 1);
	if (!node && vma->vm_file)
		check_fail(check, "M6", "VMA %u: expected it in the i_mmap of inode %u",
			   vma->self, vma->vm_file->inode->self);
}

void rmap_validate_vma(const struct machine *m, const struct vm_area_struct *vma,
		       struct check *check)
{
	const struct anon_vma_chain *chain, *before = NULL;
	bool own = !vma->anon_vma;

	(void)m;
	for (chain = vma->chain_first; chain; before = chain, chain = chain->next) {
		if (chain->prev != before)
			check_fail(check, "M4", "VMA %u: its list of chains is broken", vma->self);
		check_chain(vma, chain, check);
		own = own || chain->anon_vma == vma->anon_vma;
	}
	check->nr_checked += 2;
	if (vma->chain_last != before)
		check_fail(check, "M4", "VMA %u: its list of chains ends early", vma->self);
	if (!own)
		check_fail(check, "M4", "VMA %u: expected a chain to its anon_vma %u", vma->self,
			   vma->anon_vma->self);
	check_i_mmap(vma, check);
}

/* What anon_vmas say of each other, counted once more. */
struct kin {
	u32 children, below;
};

static void check_anon_vma(const struct anon_vma *anon_vma, const struct kin *kin,
			   u32 *nr_chains, struct check *check)
{
	const struct interval_node *node;
	bool linked = anon_vma->rb_root.nr != 0, root = anon_vma->root == anon_vma;
	u32 children = kin->children + (root && linked), active = 0, nr = 0;
	s32 refs = (s32)kin->below + linked;

	for (node = interval_tree_first(&anon_vma->rb_root, 0, ~0ULL); node;
	     node = interval_tree_next(node, 0, ~0ULL)) {
		const struct anon_vma_chain *chain =
			container_of(node, const struct anon_vma_chain, rb);

		active += chain->vma->anon_vma == anon_vma;
		nr++;
	}
	*nr_chains += nr;
	check->nr_checked += 2;
	if (!interval_tree_valid(&anon_vma->rb_root) || nr != anon_vma->rb_root.nr)
		check_fail(check, "M4", "anon_vma %u: its tree is broken", anon_vma->self);
	if (children != anon_vma->num_children || active != anon_vma->num_active_vmas ||
	    refs != anon_vma->refcount)
		check_fail(check, "M4", "anon_vma %u: expected %u children, %u active VMAs, ref "
			   "%d, found %u, %u, %d", anon_vma->self, children, active, refs,
			   anon_vma->num_children, anon_vma->num_active_vmas,
			   anon_vma->refcount);
}

static void check_anon_vmas(const struct machine *m, struct kin *kin, struct check *check)
{
	const struct object_pool *pool = &m->virt->anon_vmas;
	u32 nr_chains = 0;

	for (u32 h = object_next(pool, 1); h; h = object_next(pool, h + 1)) {
		const struct anon_vma *anon_vma = anon_vma_of(m, h);

		if (anon_vma->root == anon_vma)
			continue;
		kin[anon_vma->parent->self].children++;
		kin[anon_vma->root->self].below++;
	}
	for (u32 h = object_next(pool, 1); h; h = object_next(pool, h + 1))
		check_anon_vma(anon_vma_of(m, h), &kin[h], &nr_chains, check);
	check->nr_checked++;
	if (nr_chains != m->virt->anon_vma_chains.nr_live)
		check_fail(check, "M5", "machine: expected %u chains in trees, found %u",
			   m->virt->anon_vma_chains.nr_live, nr_chains);
}

void rmap_validate(const struct machine *m, struct check *check)
{
	const struct object_pool *vmas = &m->virt->vmas;
	struct kin *kin;

	if (!m->virt->anon_vmas.cache)
		return;
	for (u32 h = object_next(vmas, 1); h; h = object_next(vmas, h + 1))
		rmap_validate_vma(m, object_get(vmas, h), check);
	kin = calloc(kmem_cache_handle_limit(m->virt->anon_vmas.cache) + 1, sizeof(*kin));
	if (!kin)
		return;
	check_anon_vmas(m, kin, check);
	free(kin);
}
