// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A charge goes up to the root, and is taken back where a limit is met. What of a group is
 * protected, the smaller of its usage and its setting, is summed in its parent, which
 * shares out what it has itself in proportion if the children claim more than that.
 */
#include "sim/phys/page_counter.h"

static void propagate(u64 *own, u64 *sum, u64 now)
{
	*sum += now - *own;
	*own = now;
}

static void propagate_protected_usage(struct page_counter *c)
{
	if (!c->parent)
		return;
	propagate(&c->min_usage, &c->parent->children_min_usage, MIN(c->usage, c->min));
	propagate(&c->low_usage, &c->parent->children_low_usage, MIN(c->usage, c->low));
}

void page_counter_init(struct page_counter *counter, struct page_counter *parent, u64 max)
{
	*counter = (struct page_counter){ .parent = parent, .high = max, .max = max };
}

static void add(struct page_counter *c, u64 nr)
{
	c->usage += nr;
	propagate_protected_usage(c);
	c->local_watermark = MAX(c->local_watermark, c->usage);
	c->watermark = MAX(c->watermark, c->local_watermark);
}

void page_counter_charge(struct page_counter *counter, u64 nr)
{
	for (struct page_counter *c = counter; c; c = c->parent)
		add(c, nr);
}

void page_counter_uncharge(struct page_counter *counter, u64 nr)
{
	for (struct page_counter *c = counter; c; c = c->parent) {
		c->usage -= nr;
		propagate_protected_usage(c);
	}
}

bool page_counter_try_charge(struct page_counter *counter, u64 nr, struct page_counter **fail)
{
	for (struct page_counter *c = counter; c; c = c->parent) {
		if (c->usage + nr > c->max) {
			c->failcnt++;
			*fail = c;
			for (struct page_counter *undo = counter; undo != c; undo = undo->parent) {
				undo->usage -= nr;
				propagate_protected_usage(undo);
			}
			return false;
		}
		add(c, nr);
	}
	return true;
}

void page_counter_set_min(struct page_counter *counter, u64 nr)
{
	counter->min = nr;
	propagate_protected_usage(counter);
}

void page_counter_set_low(struct page_counter *counter, u64 nr)
{
	counter->low = nr;
	propagate_protected_usage(counter);
}

struct share {
	u64 usage, parent_usage;
	u64 setting, parent_effective, siblings;	/* siblings: protected, all of them */
	bool recursive;
};

static u64 effective_protection(const struct share *s)
{
	u64 protected = MIN(s->usage, s->setting), unclaimed;

	if (s->siblings > s->parent_effective)
		return protected * s->parent_effective / s->siblings;
	if (!s->recursive || s->parent_effective <= s->siblings ||
	    s->parent_usage <= s->siblings || s->usage <= protected)
		return protected;
	unclaimed = s->parent_effective - s->siblings;
	return protected + unclaimed * (s->usage - protected) / (s->parent_usage - s->siblings);
}

void page_counter_calculate_protection(const struct page_counter *root,
				       struct page_counter *counter, bool recursive)
{
	const struct page_counter *parent = counter->parent;
	struct share share = { .usage = counter->usage, .recursive = recursive };

	if (counter == root || !counter->usage)
		return;
	if (parent == root) {
		counter->emin = counter->min;
		counter->elow = counter->low;
		return;
	}
	share.parent_usage = parent->usage;
	share.setting = counter->min;
	share.parent_effective = parent->emin;
	share.siblings = parent->children_min_usage;
	counter->emin = effective_protection(&share);
	share.setting = counter->low;
	share.parent_effective = parent->elow;
	share.siblings = parent->children_low_usage;
	counter->elow = effective_protection(&share);
}
