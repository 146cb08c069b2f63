// SPDX-License-Identifier: GPL-2.0-or-later
/* Whether an allocation is one that may fail; then whether it is its turn. */
#include "sim/phys/fault_inject.h"

#include "sim/abi/gfp.h"
#include "sim/phys/slab_types.h"

static bool should_fail(struct machine *m, const char *what)
{
	struct fault_inject *fault = m->fault;

	if (!fault->fail_nth || --fault->fail_nth)
		return false;
	fault->nr_failed++;
	fault->retry = true;
	machine_why(m, "%s: this allocation fails on purpose (fail-nth)", what);
	return true;
}

bool should_fail_alloc_page(struct machine *m, gfp_t gfp, unsigned int order)
{
	const struct fault_inject *fault = m->fault;

	if (order < fault->page_min_order || gfp & __GFP_NOFAIL ||
	    (fault->page_ignore_highmem && gfp & __GFP_HIGHMEM) ||
	    (fault->page_ignore_reclaim && gfp & __GFP_DIRECT_RECLAIM))
		return false;
	return should_fail(m, "fail_page_alloc");
}

bool should_failslab(struct machine *m, const struct kmem_cache *s, gfp_t gfp)
{
	/* The cache of caches is left alone. */
	if (s == m->slab->kmem_cache || gfp & __GFP_NOFAIL ||
	    (m->fault->slab_ignore_reclaim && gfp & __GFP_DIRECT_RECLAIM))
		return false;
	return should_fail(m, "failslab");
}

bool fault_was_injected(struct machine *m)
{
	bool injected = m->fault && m->fault->retry;

	if (injected)
		m->fault->retry = false;
	return injected;
}
