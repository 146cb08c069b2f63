// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Walks over whole ranges: freeing tables as free_pgtables() does, and visiting what
 * is there. A table goes if all that it serves lies within [floor, ceiling), the room
 * between the neighbours that stay; what it serves outside the range that is
 * unmapped is then known to be empty.
 */
#include "sim/virt/mmu_gather.h"

#include "sim/base/bug.h"

struct freeing {
	struct machine *m;
	struct mmu_gather *tlb;
	u64 floor, ceiling;	/* ceiling 0: none */
};

/* Does the table that `entry` (of that level) names serve [floor, ceiling) alone? */
static bool table_is_inside(const struct freeing *f, unsigned int level, u64 addr, u64 end)
{
	u64 mask = ~(table_span(f->m, level) - 1), ceiling = f->ceiling;

	if ((addr & mask) < f->floor)
		return false;
	if (ceiling) {
		ceiling &= mask;
		if (!ceiling)
			return false;
	}
	return end - 1 <= ceiling - 1;
}

/* The tables below one of `level` that serve [addr, end). */
static void free_below(const struct freeing *f, u64 *table, unsigned int level, u64 addr,
		       u64 end)
{
	u64 span = table_span(f->m, level), next;

	for (; addr < end; addr = next) {
		u64 *entry = &table[(addr >> table_shift(f->m, level)) & (table_size(f->m, level) - 1)];
		u64 pfn = pte_pfn(*entry);

		next = MIN((addr & ~(span - 1)) + span, end);
		if (!*entry)
			continue;
		BUG_ON(f->m, entry_is_huge(*entry));
		if (level > 1) {
			free_below(f, table_entries(f->m, pfn), level - 1, addr, next);
			if (!table_is_inside(f, level, addr, next))
				continue;
		}
		*entry = 0;
		tlb_remove_table(f->tlb, addr, level - 1);
		table_free(f->m, f->tlb->mm, pfn, level - 1);
	}
}

void free_pgd_range(struct mmu_gather *tlb, u64 addr, u64 end, u64 floor, u64 ceiling)
{
	struct machine *m = tlb->m;
	const struct mm_struct *mm = tlb->mm;
	const struct freeing f = { .m = m, .tlb = tlb, .floor = floor, .ceiling = ceiling };
	u64 leaf = table_span(m, 1);

	/* Whole leaf tables, without those that a neighbour shares. */
	addr &= ~(leaf - 1);
	if (addr < floor)
		addr += leaf;
	if (ceiling) {
		ceiling &= ~(leaf - 1);
		if (!ceiling)
			return;
	}
	if (end - 1 > ceiling - 1)
		end -= leaf;
	if (addr > end - 1 || !mm_has_tables(mm))
		return;
	free_below(&f, mm->pgd, m->virt->pgtables->top, addr, end);
}

struct walk {
	const struct machine *m;
	leaf_visit visit_leaf;
	huge_visit visit_huge;
	table_visit visit_table;
	bool markers;
	void *arg;
};

static int walk_table(const struct walk *w, u64 *table, u64 pfn, unsigned int level,
		      u64 addr, u64 end);

/* What one entry of a level above 0 names, of which [addr, end) is wanted. */
static int walk_entry(const struct walk *w, u64 *entry, unsigned int level, u64 addr, u64 end)
{
	if (unlikely(entry_is_huge(*entry))) {
		bool wanted = w->visit_huge && (w->markers || pte_present(*entry));
		int stop = wanted ? w->visit_huge(w->arg, addr, end, level, entry) : 0;

		if (stop || !*entry || entry_is_huge(*entry))
			return stop;
	}
	return walk_table(w, table_entries(w->m, pte_pfn(*entry)), pte_pfn(*entry), level - 1,
			  addr, end);
}

static int walk_table(const struct walk *w, u64 *table, u64 pfn, unsigned int level,
		      u64 addr, u64 end)
{
	u64 span = table_span(w->m, level), next;
	unsigned int shift = table_shift(w->m, level), mask = table_size(w->m, level) - 1;
	int stop = 0;

	if (w->visit_table)
		stop = w->visit_table(w->arg, addr, (int)level, pfn);
	else if (!level)
		return w->visit_leaf(w->arg, addr, end, &table[addr >> shift & mask]);
	for (; level && addr < end && !stop; addr = next) {
		u64 *entry = &table[addr >> shift & mask];

		next = MIN((addr & ~(span - 1)) + span, end);
		if (*entry)
			stop = walk_entry(w, entry, level, addr, next);
	}
	return stop;
}

/* First address that the tables of an mm cannot serve. */
static u64 table_limit(const struct machine *m)
{
	unsigned int top = m->virt->pgtables->top;

	return table_span(m, top) * table_size(m, top);
}

/*
 * The range may lie in the table of the mm's last walk. Else, while one entry leads to
 * all of it, nothing but that entry matters.
 */
static int walk_range(const struct walk *w, const struct mm_struct *mm, u64 start, u64 end)
{
	const struct pgtable_state *pt = w->m->virt->pgtables;
	unsigned int level = pt->top;
	u64 *table = mm->pgd, pfn = mm->pgd_pfn;

	if (!mm_has_tables(mm) || start >= end)
		return 0;
	end = MIN(end, table_limit(w->m));
	if (!w->visit_table && start >> pt->shift[1] << pt->shift[1] == mm->pte_base &&
	    (end - 1) >> pt->shift[1] == start >> pt->shift[1])
		return w->visit_leaf(w->arg, start, end, mm->pte_table +
				     (start >> PAGE_SHIFT & (pt->entries[0] - 1U)));
	for (; level && !w->visit_table && start >> pt->shift[level] == (end - 1) >> pt->shift[level];
	     level--) {
		u64 *entry = &table[start >> pt->shift[level] & (pt->entries[level] - 1U)];

		if (!*entry)
			return 0;
		if (unlikely(entry_is_huge(*entry)))
			break;
		pfn = pte_pfn(*entry);
		table = table_entries(w->m, pfn);
	}
	return walk_table(w, table, pfn, level, start, end);
}

int walk_leaf_tables(const struct machine *m, const struct mm_struct *mm, u64 start, u64 end,
		     leaf_visit visit, void *arg)
{
	const struct walk w = { .m = m, .visit_leaf = visit, .arg = arg };

	return walk_range(&w, mm, start, end);
}

struct pte_walk {
	pte_visit visit;
	huge_visit huge;
	void *arg;
};

static int visit_entries(void *arg, u64 addr, u64 end, pte_t *pte)
{
	const struct pte_walk *w = arg;
	int stop = 0;

	while (addr < end && !stop) {
		u64 nr = ptes_none(pte, (end - addr) >> PAGE_SHIFT);

		if (!nr) {
			stop = w->visit(w->arg, addr, pte);
			nr = 1;
		}
		addr += nr << PAGE_SHIFT;
		pte += nr;
	}
	return stop;
}

static int visit_huge_entry(void *arg, u64 addr, u64 end, unsigned int level, u64 *entry)
{
	const struct pte_walk *w = arg;

	return w->huge ? w->huge(w->arg, addr, end, level, entry) : 0;
}

int walk_page_range(const struct machine *m, const struct mm_struct *mm, u64 start, u64 end,
		    pte_visit visit, void *arg)
{
	struct pte_walk w = { .visit = visit, .arg = arg };

	return walk_leaf_tables(m, mm, start, end, visit_entries, &w);
}

static int pass_over(void *arg, u64 addr, u64 end, pte_t *pte)
{
	(void)arg;
	(void)addr;
	(void)end;
	(void)pte;
	return 0;
}

int walk_mapped_range(const struct machine *m, const struct mm_struct *mm, u64 start, u64 end,
		      const struct walk_ops *ops, void *arg)
{
	struct pte_walk entries = { .visit = ops->visit, .huge = ops->huge, .arg = arg };
	const struct walk by_entry = {
		.m = m, .visit_leaf = visit_entries, .visit_huge = visit_huge_entry,
		.markers = ops->markers, .arg = &entries,
	};
	const struct walk by_leaf = {
		.m = m, .visit_leaf = ops->leaf ? ops->leaf : pass_over,
		.visit_huge = ops->huge, .arg = arg,
	};

	return walk_range(ops->visit ? &by_entry : &by_leaf, mm, start, end);
}

int walk_page_tables(const struct machine *m, const struct mm_struct *mm, table_visit visit,
		     void *arg)
{
	const struct walk w = { .m = m, .visit_table = visit, .arg = arg };

	if (!mm_has_tables(mm))
		return 0;
	return walk_table(&w, mm->pgd, mm->pgd_pfn, m->virt->pgtables->top, 0, table_limit(m));
}

static int digest_entry(void *arg, u64 addr, pte_t *pte)
{
	struct digest *digest = arg;

	digest_u64(digest, addr);
	digest_u64(digest, *pte);
	return 0;
}

static int digest_huge(void *arg, u64 addr, u64 end, unsigned int level, u64 *entry)
{
	(void)end;
	(void)level;
	return digest_entry(arg, addr, entry);
}

struct table_digest {
	const struct machine *m;
	struct digest *digest;
};

static int digest_table(void *arg, u64 addr, int level, u64 pfn)
{
	const struct table_digest *d = arg;

	digest_u64(d->digest, addr | (unsigned int)level);
	digest_u64(d->digest, pfn);
	if (level != 1)
		return 0;
	for (u32 at = pgtable_first_deposit(d->m, pfn); at != PFN_NIL;
	     at = pgtable_next_deposit(d->m, pfn, at))
		digest_u64(d->digest, at);
	return 0;
}

void pgtable_digest(const struct machine *m, const struct mm_struct *mm, struct digest *digest)
{
	static const struct walk_ops entries = {
		.visit = digest_entry, .huge = digest_huge, .markers = true,
	};
	struct table_digest tables = { m, digest };

	if (!walk_page_tables(m, mm, digest_table, &tables) &&
	    !walk_mapped_range(m, mm, 0, ~0ULL, &entries, digest))
		digest_u64(digest, mm->pgtables_bytes);
}

struct table_sum {
	const struct machine *m;
	s64 nr;
};

static int add_table(void *arg, u64 addr, int level, u64 pfn)
{
	struct table_sum *sum = arg;

	(void)addr;
	sum->nr += table_counts(sum->m, (unsigned int)level);
	if (level != 1)
		return 0;
	for (u32 at = pgtable_first_deposit(sum->m, pfn); at != PFN_NIL;
	     at = pgtable_next_deposit(sum->m, pfn, at))
		sum->nr += table_counts(sum->m, 0);
	return 0;
}

s64 mm_nr_table_pages(const struct machine *m, const struct mm_struct *mm)
{
	struct table_sum sum = { .m = m };

	return walk_page_tables(m, mm, add_table, &sum) ? 0 : sum.nr;
}

void pgtables_digest(const struct machine *m, struct digest *digest)
{
	const struct object_pool *mms = &m->virt->mms;

	for (u32 handle = object_next(mms, 1); handle; handle = object_next(mms, handle + 1))
		pgtable_digest(m, object_get(mms, handle), digest);
}
