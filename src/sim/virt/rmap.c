// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The life of anon_vmas. A VMA that faults for the first
 * time gets an anon_vma; fork gives the child's VMA chains to all of the parent's and
 * one of its own below them, unless one that is there has no VMA and but one child
 * left: that one is used again, so that endless forking does not build endless trees.
 * An anon_vma without chains goes; its root stays as long as there is any below it.
 */
#include "sim/virt/rmap.h"

#include "sim/base/bug.h"
#include "sim/phys/lru.h"
#include "sim/phys/objects_fast.h"
#include "sim/phys/section.h"
#include "sim/virt/mempolicy.h"
#include "sim/virt/virt.h"
#include "sim/virt/vma_internal.h"

struct anon_vma *anon_vma_of(const struct machine *m, u32 handle)
{
	return handle ? object_get(&m->virt->anon_vmas, handle) : NULL;
}

static int anon_vma_alloc(struct machine *m, struct anon_vma **anon_vma)
{
	u32 handle;
	int err = object_alloc_fast(m, &m->virt->anon_vmas, sizeof(**anon_vma), &handle,
				    __func__);

	if (err)
		return err;
	*anon_vma = anon_vma_of(m, handle);
	(*anon_vma)->self = handle;
	(*anon_vma)->refcount = 1;
	(*anon_vma)->root = (*anon_vma)->parent = *anon_vma;
	return 0;
}

static void put_anon_vma(struct machine *m, struct anon_vma *anon_vma)
{
	struct anon_vma *root = anon_vma->root;

	if (--anon_vma->refcount)
		return;
	BUG_ON(m, anon_vma->num_children || anon_vma->num_active_vmas);
	object_free_fast(m, &m->virt->anon_vmas, anon_vma->self, __func__);
	if (root != anon_vma && !--root->refcount)
		object_free(m, &m->virt->anon_vmas, root->self);
}

/* Chains. */

static int chain_alloc(struct machine *m, struct anon_vma_chain **chain)
{
	u32 handle;
	int err = object_alloc_fast(m, &m->virt->anon_vma_chains, sizeof(**chain), &handle,
				    __func__);

	if (err)
		return err;
	*chain = object_get(&m->virt->anon_vma_chains, handle);
	(*chain)->self = handle;
	return 0;
}

static void chain_free(struct machine *m, struct anon_vma_chain *chain)
{
	object_free_fast(m, &m->virt->anon_vma_chains, chain->self, __func__);
}

static void chain_insert(struct anon_vma_chain *chain)
{
	chain->rb.start = chain->vma->vm_pgoff;
	chain->rb.last = chain->vma->vm_pgoff + vma_pages(chain->vma) - 1;
	interval_tree_insert(&chain->anon_vma->rb_root, &chain->rb);
}

static void chain_link(struct vm_area_struct *vma, struct anon_vma_chain *chain,
		       struct anon_vma *anon_vma)
{
	chain->vma = vma;
	chain->anon_vma = anon_vma;
	chain->prev = NULL;
	chain->next = vma->chain_first;
	if (vma->chain_first)
		vma->chain_first->prev = chain;
	else
		vma->chain_last = chain;
	vma->chain_first = chain;
	chain_insert(chain);
}

static void chain_unlink(struct vm_area_struct *vma, struct anon_vma_chain *chain)
{
	if (chain->prev)
		chain->prev->next = chain->next;
	else
		vma->chain_first = chain->next;
	if (chain->next)
		chain->next->prev = chain->prev;
	else
		vma->chain_last = chain->prev;
}

/* Could the two be one VMA, but for protections? */
static bool anon_vma_compatible(const struct vm_area_struct *a, const struct vm_area_struct *b)
{
	u64 ignored = VM_ACCESS_FLAGS | VM_SOFTDIRTY | VM_MAYBE_GUARD;

	return a->vm_end == b->vm_start && a->vm_file == b->vm_file &&
	       !((a->vm_flags ^ b->vm_flags) & ~ignored) &&
	       mpol_equal(a->vm_policy, b->vm_policy) &&
	       b->vm_pgoff == a->vm_pgoff + vma_pages(a);
}

static struct anon_vma *reusable_anon_vma(const struct vm_area_struct *old,
					  const struct vm_area_struct *a,
					  const struct vm_area_struct *b)
{
	if (!old->anon_vma || old->chain_first != old->chain_last)
		return NULL;
	return anon_vma_compatible(a, b) ? old->anon_vma : NULL;
}

/* Of a neighbour that touches, so that the two may become one later: the next first. */
static struct anon_vma *find_mergeable_anon_vma(const struct machine *m,
						const struct vm_area_struct *vma)
{
	const struct vm_area_struct *next = vma_touching_next(m, vma), *prev;
	struct anon_vma *anon_vma = next ? reusable_anon_vma(next, vma, next) : NULL;

	if (anon_vma)
		return anon_vma;
	prev = vma_touching_prev(m, vma);
	return prev ? reusable_anon_vma(prev, prev, vma) : NULL;
}

int anon_vma_prepare(struct machine *m, struct vm_area_struct *vma)
{
	struct anon_vma_chain *chain;
	struct anon_vma *anon_vma;
	bool shared;
	int err;

	if (likely(vma->anon_vma))
		return 0;
	err = chain_alloc(m, &chain);
	if (err)
		return err;
	anon_vma = find_mergeable_anon_vma(m, vma);
	shared = anon_vma;
	if (!anon_vma) {
		err = anon_vma_alloc(m, &anon_vma);
		if (err) {
			chain_free(m, chain);
			return err;
		}
		anon_vma->num_children++;
	}
	vma->anon_vma = anon_vma;
	chain_link(vma, chain, anon_vma);
	anon_vma->num_active_vmas++;
	if (shared) {
		vma_edges_stay_apart(m, vma, APART_FAULT);
	}
	return 0;
}

int anon_vma_clone(struct machine *m, struct vm_area_struct *dst, struct vm_area_struct *src)
{
	struct anon_vma_chain *old, *chain;

	for (old = src->chain_last; old; old = old->prev) {
		struct anon_vma *anon_vma = old->anon_vma;
		int err = chain_alloc(m, &chain);

		if (err) {
			/* Its count of VMAs was not raised yet. */
			dst->anon_vma = NULL;
			unlink_anon_vmas(m, dst);
			return err;
		}
		chain_link(dst, chain, anon_vma);
		if (!dst->anon_vma && src->anon_vma && anon_vma->num_children < 2 &&
		    !anon_vma->num_active_vmas)
			dst->anon_vma = anon_vma;
	}
	if (dst->anon_vma)
		dst->anon_vma->num_active_vmas++;
	return 0;
}

int anon_vma_fork(struct machine *m, struct vm_area_struct *vma, struct vm_area_struct *parent)
{
	struct anon_vma_chain *chain;
	struct anon_vma *anon_vma;
	int err;

	if (!parent->anon_vma)
		return 0;
	vma->anon_vma = NULL;
	err = anon_vma_clone(m, vma, parent);
	if (err || vma->anon_vma)
		return err;
	err = anon_vma_alloc(m, &anon_vma);
	if (err)
		goto out_chains;
	err = chain_alloc(m, &chain);
	if (err)
		goto out_anon_vma;
	anon_vma->num_active_vmas++;
	anon_vma->root = parent->anon_vma->root;
	anon_vma->parent = parent->anon_vma;
	anon_vma->root->refcount++;
	vma->anon_vma = anon_vma;
	chain_link(vma, chain, anon_vma);
	anon_vma->parent->num_children++;
	return 0;

out_anon_vma:
	put_anon_vma(m, anon_vma);
out_chains:
	unlink_anon_vmas(m, vma);
	return err;
}

unsigned int vma_nr_chains(const struct vm_area_struct *vma)
{
	unsigned int nr = 0;

	for (const struct anon_vma_chain *avc = vma->chain_first; avc; avc = avc->next)
		nr++;
	return nr;
}

/* Newest first, so the root goes last; those without chains in a second pass. */
void unlink_anon_vmas(struct machine *m, struct vm_area_struct *vma)
{
	struct anon_vma_chain *chain, *next;

	for (chain = vma->chain_first; chain; chain = next) {
		struct anon_vma *anon_vma = chain->anon_vma;

		next = chain->next;
		interval_tree_remove(&anon_vma->rb_root, &chain->rb);
		if (!anon_vma->rb_root.nr) {
			anon_vma->parent->num_children--;
			continue;
		}
		chain_unlink(vma, chain);
		chain_free(m, chain);
	}
	if (vma->anon_vma) {
		vma->anon_vma->num_active_vmas--;
		vma->anon_vma = NULL;
	}
	for (chain = vma->chain_first; chain; chain = next) {
		next = chain->next;
		put_anon_vma(m, chain->anon_vma);
		chain_unlink(vma, chain);
		chain_free(m, chain);
	}
}

void anon_vma_interval_move(struct vm_area_struct *vma)
{
	u64 start = vma->vm_pgoff, last = start + vma_pages(vma) - 1;

	for (struct anon_vma_chain *chain = vma->chain_first; chain; chain = chain->next)
		interval_tree_move(&chain->anon_vma->rb_root, &chain->rb, start, last);
}
