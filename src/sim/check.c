// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * All validators, one row for each module; each adds its own lines. What no module
 * can know alone is here: that every page whose type names an owner is on that
 * owner's books (the census).
 */
#include <stdarg.h>
#include <stdio.h>

#include "sim/base/event.h"
#include "sim/boot/memblock.h"
#include "sim/machine.h"
#include "sim/phys/cma.h"
#include "sim/phys/direct_split.h"
#include "sim/phys/hugetlb.h"
#include "sim/phys/hwpoison.h"
#include "sim/phys/kernel_tables.h"
#include "sim/phys/memcg.h"
#include "sim/phys/memory_block.h"
#include "sim/phys/page_alloc.h"
#include "sim/phys/page_owner.h"
#include "sim/phys/percpu.h"
#include "sim/phys/slab.h"
#include "sim/phys/vmalloc.h"
#include "sim/policy/compaction.h"
#include "sim/policy/kswapd.h"
#include "sim/reclaim/reclaim.h"
#include "sim/virt/cputime.h"
#include "sim/virt/kstack.h"
#include "sim/virt/fork.h"
#include "sim/virt/sched.h"
#include "sim/virt/virt.h"
#include "sim/virt/zram.h"

typedef unsigned long long ull;

static u64 vmalloc_own_pages(const struct machine *m)
{
	return vmalloc_nr_owned(m, PGTY_vmalloc);
}

/* Owners that know each of their pages. */
static const struct {
	enum pagetype type;
	const char *id, *name;
	u64 (*nr_pages)(const struct machine *m);
} owners[] = {
	{ PGTY_slab, "A4", "slab", slab_nr_pages },
	{ PGTY_vmalloc, "A5", "vmalloc", vmalloc_own_pages },
	{ PGTY_zsmalloc, "ZS1", "zsmalloc", zsmalloc_nr_pages },
	{ PGTY_percpu, "A7", "per-CPU", percpu_nr_chunk_pages },
};

static void census(const struct machine *m, struct check *check)
{
	u64 found[256] = { 0 };

	for_each_present_pfn(m, pfn, 0, m->max_pfn)
		found[page_type(pfn_to_page(m, pfn))]++;
	for (unsigned int i = 0; i < ARRAY_SIZE(owners); i++) {
		u64 expected = owners[i].nr_pages(m);

		check->nr_checked++;
		if (found[owners[i].type] != expected)
			check_fail(check, owners[i].id, "machine: expected %llu %s pages, found "
				   "%llu", (unsigned long long)expected, owners[i].name,
				   (unsigned long long)found[owners[i].type]);
	}
}

/* P1: regions ascend, are disjoint, and are joined where they touch and agree. */
static void regions_validate(const struct memblock_type *type, struct check *check)
{
	u64 total = 0;

	for (unsigned int i = 0; i < type->cnt; i++) {
		const struct memblock_region *r = &type->regions[i], *next = r + 1;
		u64 end = r->base + r->size;

		total += r->size;
		check->nr_checked++;
		if (i + 1 < type->cnt &&
		    (end > next->base || (end == next->base && r->nid == next->nid &&
					  r->flags == next->flags)))
			check_fail(check, "P1", "memblock.%s region %u: expected the next to lie "
				   "above 0x%llx or to differ, found 0x%llx", type->name, i,
				   (unsigned long long)end, (unsigned long long)next->base);
	}
	check->nr_checked++;
	if (total != type->total_size)
		check_fail(check, "P1", "memblock.%s: expected %llu bytes in all, found %llu",
			   type->name, (unsigned long long)total,
			   (unsigned long long)type->total_size);
}

static void memblock_validate(const struct machine *m, struct check *check)
{
	regions_validate(&m->memblock->memory, check);
	regions_validate(&m->memblock->reserved, check);
}

/* Who keeps addresses of objects of caches (A3). */
static void (*const object_owners[])(const struct machine *m, struct object_census *census) = {
	vmalloc_claim_objects,
	percpu_claim_objects,
	virt_claim_objects,
	cma_claim_objects,
	memcg_claim_objects,
	rcu_claim_objects,
};

static void objects_validate(const struct machine *m, struct check *check)
{
	struct object_census census = { .m = m, .check = check };

	for (unsigned int i = 0; i < ARRAY_SIZE(object_owners); i++)
		object_owners[i](m, &census);
	slab_objects_validate(&census);
}

/*
 * E7: timers are in the order of (time, id), each has an id of its own, none is
 * overdue, and a periodic one comes within its period.
 */
static void events_validate(const struct machine *m, struct check *check)
{
	const struct event_queue *queue = m->events;

	for (unsigned int i = 0; i < queue->nr; i++) {
		const struct event *event = &queue->heap[i], *above = &queue->heap[(i - 1) / 2];

		check->nr_checked += 3;
		if (i && (above->when_ns > event->when_ns ||
			  (above->when_ns == event->when_ns && above->id > event->id)))
			check_fail(check, "E7", "event %u: expected behind event %u, found it "
				   "earlier", event->id, above->id);
		if (event->when_ns <= m->now_ns ||
		    (event->period_ns && event->when_ns - m->now_ns > event->period_ns))
			check_fail(check, "E7", "event %u: expected later than %llu, by %llu ns "
				   "or less if that is its period, found %llu", event->id,
				   (ull)m->now_ns, (ull)event->period_ns, (ull)event->when_ns);
		for (unsigned int j = 0; j < i; j++)
			if (queue->heap[j].id == event->id || event->id >= queue->next_id)
				check_fail(check, "E7", "event %u: expected an id of its own, "
					   "below %u", event->id, queue->next_id);
	}
}

static void (*const validators[])(const struct machine *m, struct check *check) = {
	memblock_validate,
	section_validate,
	memory_blocks_validate,
	page_alloc_validate,
	page_states_validate,
	hwpoison_validate,
	slab_validate,
	objects_validate,
	vmalloc_validate,
	kernel_tables_validate,
	direct_splits_validate,
	percpu_validate,
	page_owner_validate,
	hugetlb_validate,
	cma_validate,
	tasks_validate,
	sched_validate,
	cputime_validate,
	virt_validate,
	kernel_stacks_validate,
	compaction_validate,
	kswapd_validate,
	reclaim_validate,
	events_validate,
	census,
};

void machine_check(const struct machine *machine, struct check *check)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(validators); i++)
		validators[i](machine, check);
}

/* What one line can have changed, and who forgets it once it was looked at. */
static const struct {
	void (*validate)(const struct machine *m, struct check *check);
	void (*checked)(struct machine *m);
} increments[] = {
	{ page_states_validate_touched, NULL },
	{ page_alloc_validate_touched, page_alloc_checked },
	{ slab_validate_touched, slab_checked },
	{ vmalloc_validate_touched, vmalloc_checked },
	{ kernel_stacks_validate_counts, NULL },
	{ cputime_validate, NULL },
	{ virt_validate_touched, NULL },
	{ compaction_validate, NULL },
	{ kswapd_validate, NULL },
	{ reclaim_validate, NULL },
	{ events_validate, NULL },
};

void machine_check_incremental(struct machine *m, struct check *check)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(increments); i++) {
		increments[i].validate(m, check);
		if (increments[i].checked)
			increments[i].checked(m);
	}
}

void check_fail(struct check *check, const char *id, const char *fmt, ...)
{
	char text[256];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	check->nr_broken++;
	out_printf(check->out, "%s %s\n", id, text);
}
