// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A folio that is read needs no buffer heads: ext4 reads whole folios. Writing makes them, by
 * write() or by the fault that lets a mapping write, and so does zeroing a part of a page.
 */
#include "sim/virt/buffer.h"

#include "sim/phys/folio.h"
#include "sim/phys/memcg.h"
#include "sim/phys/page_alloc.h"
#include "sim/phys/section.h"
#include "sim/phys/slab.h"
#include "sim/virt/file.h"

/* In the address: the block has to be written. */
#define BH_DIRTY 1ULL

int buffers_init(struct machine *m)
{
	m->virt->buffer_heads = kmem_cache_find(m, "buffer_head");
	return 0;
}

int buffers_reserve(struct machine *m)
{
	return section_private_init(m);
}

/* Charged to the folio's group, whoever writes; the root's to nobody. */
static int alloc_buffer_head(struct machine *m, u32 memcg, struct slab_object *object)
{
	gfp_t gfp = GFP_NOFS | __GFP_NOFAIL;
	u32 active;
	int err;

	if (!memcg)
		return kmem_cache_alloc(m, m->virt->buffer_heads, gfp, NUMA_NO_NODE, object);
	active = m->memcg->active;
	m->memcg->active = memcg;
	err = kmem_cache_alloc(m, m->virt->buffer_heads, gfp | __GFP_ACCOUNT, NUMA_NO_NODE, object);
	m->memcg->active = active;
	return err;
}

static void free_buffers(struct machine *m, u32 pfn, u64 nr)
{
	for (u64 i = pfn; i < pfn + nr; i++) {
		kmem_cache_free(m, m->virt->buffer_heads, m->page_private[i] & ~BH_DIRTY);
		m->page_private[i] = 0;
	}
}

int folio_create_buffers(struct machine *m, u32 pfn)
{
	struct page *folio = pfn_folio(m, pfn);
	u64 nr = folio_nr_pages(folio);
	struct slab_object object;
	int err;

	if (page_flag(folio, PG_private) || !m->virt->buffer_heads)
		return 0;
	err = buffers_reserve(m);
	if (err)
		return err;
	pfn = (u32)folio_pfn(m, pfn);
	for (u64 i = 0; i < nr; i++) {
		err = alloc_buffer_head(m, page_memcg_id(folio), &object);
		if (err) {
			free_buffers(m, pfn, i);
			return err;
		}
		m->page_private[pfn + i] = object.addr;
	}
	page_set_flag(folio, PG_private);
	return 0;
}

void try_to_free_buffers(struct machine *m, u32 pfn)
{
	struct page *folio = pfn_to_page(m, pfn);

	if (!page_flag(folio, PG_private))
		return;
	page_clear_flag(folio, PG_private);
	free_buffers(m, pfn, folio_nr_pages(folio));
}

void mark_buffers_dirty(struct machine *m, u32 pfn, u64 from, u64 to)
{
	if (!page_flag(pfn_to_page(m, pfn), PG_private))
		return;
	for (u64 i = from >> PAGE_SHIFT; i << PAGE_SHIFT < to; i++)
		m->page_private[pfn + i] |= BH_DIRTY;
}

void block_invalidate_folio(struct machine *m, u32 pfn, u64 from, u64 to)
{
	if (!page_flag(pfn_to_page(m, pfn), PG_private))
		return;
	for (u64 i = DIV_ROUND_UP(from, PAGE_SIZE); (i + 1) << PAGE_SHIFT <= to; i++)
		m->page_private[pfn + i] &= ~BH_DIRTY;
}

void buffers_clean(struct machine *m, u32 pfn)
{
	block_invalidate_folio(m, pfn, 0, folio_nr_pages(pfn_to_page(m, pfn)) << PAGE_SHIFT);
}

bool block_is_dirty(const struct machine *m, u32 pfn)
{
	return m->page_private[pfn] & BH_DIRTY;
}

bool buffers_are_dirty(const struct machine *m, u32 pfn)
{
	const struct page *folio = pfn_to_page(m, pfn);

	for (u64 i = 0; page_flag(folio, PG_private) && i < folio_nr_pages(folio); i++)
		if (block_is_dirty(m, pfn + (u32)i))
			return true;
	return false;
}

void buffers_moved(struct machine *m, u32 src, u32 dst)
{
	struct page *old = pfn_to_page(m, src), *new = pfn_to_page(m, dst);

	if (!page_flag(old, PG_private))
		return;
	for (u64 i = 0; i < folio_nr_pages(old); i++) {
		m->page_private[dst + i] = m->page_private[src + i];
		m->page_private[src + i] = 0;
	}
	page_clear_flag(old, PG_private);
	page_set_flag(new, PG_private);
}

bool buffers_are_right(const struct machine *m, u32 pfn)
{
	const struct page *folio = pfn_to_page(m, pfn);

	for (u64 i = 0; i < folio_nr_pages(folio); i++)
		if ((m->page_private && m->page_private[pfn + i]) != page_flag(folio, PG_private))
			return false;
	return true;
}

static void claim_of(const struct machine *m, const struct address_space *mapping,
		     struct object_census *census)
{
	u64 entry;

	for (u64 index = 0; (entry = filemap_find(mapping, &index, ~0ULL));
	     index = xa_behind(&mapping->i_pages, index)) {
		u32 pfn = entry_pfn(entry);
		const struct page *folio = pfn_to_page(m, pfn);

		/* What is wrong is F8's to tell. */
		if (!page_flag(folio, PG_private) || !buffers_are_right(m, pfn))
			continue;
		for (u64 i = 0; i < folio_nr_pages(folio); i++)
			object_claim(census, m->page_private[pfn + i] & ~BH_DIRTY,
				     "the buffer head of a page");
	}
}

void buffers_claim(const struct machine *m, struct object_census *census)
{
	for (const struct inode *inode = inode_next(m, NULL); inode; inode = inode_next(m, inode))
		if (inode->kind == INODE_DISK)
			claim_of(m, &inode->i_data, census);
}
