// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * One record for each page frame of a section that ever had an allocation; the
 * record of a block is that of its first page. Host memory is secured ahead: one
 * spare section of records, room for one more stack. The number that goes with a
 * stack is that of the pages which it allocated.
 */
#include "sim/phys/page_owner.h"

#include "sim/base/bug.h"
#include "sim/base/stack_depot.h"
#include "sim/phys/page_alloc.h"

typedef unsigned long long ull;

struct record {
	gfp_t gfp;
	u32 pid, tgid;
	u32 stack;		/* in the depot */
	u64 ts_ns, free_ts_ns;
	u8 order, migrate_reason;
	bool allocated;
	char comm[PAGE_OWNER_COMM];
};

const char *const migrate_reason_names[NR_MIGRATE_REASONS] = {
	[MR_COMPACTION] = "compaction",
	[MR_SYSCALL] = "syscall_or_cpuset",
	[MR_MEMPOLICY_MBIND] = "mempolicy_mbind",
	[MR_CONTIG_RANGE] = "contig_range",
	[MR_MEMORY_HOTPLUG] = "memory_hotplug",
	[MR_MEMORY_FAILURE] = "memory_failure",
};

struct page_owner {
	void (*current)(const struct machine *m, struct page_owner_task *task);
	u64 threshold;
	struct record **sections;	/* [nr_sections]; NULL: nothing there yet */
	u64 nr_sections;
	struct record *spare;
	struct stack_depot stacks;
};

#define SECTION_RECORDS_BYTES (PAGES_PER_SECTION * sizeof(struct record))

int page_owner_init(struct machine *m)
{
	struct page_owner *owner = arena_alloc(&m->arena, sizeof(*owner));

	if (!owner)
		return -ENOMEM;
	m->page_owner = owner;
	owner->nr_sections = DIV_ROUND_UP(m->max_pfn, PAGES_PER_SECTION);
	owner->sections = arena_alloc(&m->arena, owner->nr_sections * sizeof(struct record *));
	if (!owner->sections || stack_depot_reserve(&m->arena, &owner->stacks)) {
		page_owner_free_state(m);
		return -ENOMEM;
	}
	return 0;
}

void page_owner_free_state(struct machine *m)
{
	struct page_owner *owner = m->page_owner;

	if (!owner)
		return;
	for (u64 i = 0; owner->sections && i < owner->nr_sections; i++)
		arena_free(&m->arena, owner->sections[i], SECTION_RECORDS_BYTES);
	arena_free(&m->arena, owner->spare, SECTION_RECORDS_BYTES);
	stack_depot_free(&m->arena, &owner->stacks);
	arena_free(&m->arena, owner->sections, owner->nr_sections * sizeof(struct record *));
	arena_free(&m->arena, owner, sizeof(*owner));
	m->page_owner = NULL;
}

void page_owner_ask(struct machine *m, void (*current)(const struct machine *m,
						      struct page_owner_task *task))
{
	if (m->page_owner)
		m->page_owner->current = current;
}

int page_owner_reserve(struct machine *m)
{
	struct page_owner *owner = m->page_owner;
	int err = stack_depot_reserve(&m->arena, &owner->stacks);

	if (err || owner->spare)
		return err;
	owner->spare = arena_alloc(&m->arena, SECTION_RECORDS_BYTES);
	return owner->spare ? 0 : -ENOBUFS;
}

int page_owner_grow(struct machine *m, u64 end)
{
	struct page_owner *owner = m->page_owner;
	u64 nr = DIV_ROUND_UP(end, PAGES_PER_SECTION);
	struct record **more;

	if (!owner || nr <= owner->nr_sections)
		return 0;
	more = arena_resize(&m->arena, owner->sections,
			    owner->nr_sections * sizeof(*more), nr * sizeof(*more));
	if (!more)
		return -ENOBUFS;
	owner->sections = more;
	owner->nr_sections = nr;
	return 0;
}

void page_owner_forget(struct machine *m, u64 pfn, u64 end)
{
	struct page_owner *owner = m->page_owner;

	for (u64 i = pfn >> SECTION_SHIFT; i < end >> SECTION_SHIFT; i++) {
		arena_free(&m->arena, owner->sections[i], SECTION_RECORDS_BYTES);
		owner->sections[i] = NULL;
	}
}

static struct record *record_of(const struct page_owner *owner, u64 pfn)
{
	struct record *section = owner->sections[pfn >> SECTION_SHIFT];

	return section ? &section[pfn & (PAGES_PER_SECTION - 1)] : NULL;
}

void page_owner_reset(struct machine *m, u64 pfn, unsigned int order)
{
	/* A block may be freed in other pieces than it was allocated. */
	for (u64 end = pfn + (1ULL << order); pfn < end; pfn++) {
		struct record *record = record_of(m->page_owner, pfn);

		if (!record)
			continue;
		if (record->allocated)
			stack_depot_add(&m->page_owner->stacks, record->stack, -(1LL << record->order));
		record->allocated = false;
		record->free_ts_ns = m->now_ns;
	}
}

void page_owner_set(struct machine *m, u64 pfn, unsigned int order, gfp_t gfp)
{
	struct page_owner *owner = m->page_owner;
	struct record **section = &owner->sections[pfn >> SECTION_SHIFT];
	struct page_owner_task task = { .comm = "swapper/0" };
	struct record *record;
	u64 free_ts_ns;

	/* Who takes many pages at once has secured one: the rest go without a record. */
	if (page_owner_reserve(m)) {
		page_owner_reset(m, pfn, order);
		return;
	}
	if (!*section) {
		*section = owner->spare;
		owner->spare = NULL;
	}
	if (owner->current)
		owner->current(m, &task);
	record = record_of(owner, pfn);
	free_ts_ns = record->free_ts_ns;
	if (record->allocated)
		stack_depot_add(&owner->stacks, record->stack, -(1LL << record->order));
	*record = (struct record) {
		.gfp = gfp, .order = order, .allocated = true,
		.pid = task.pid, .tgid = task.tgid,
		.stack = stack_depot_save(&owner->stacks, /* skip = */ 1),
		.ts_ns = m->now_ns, .free_ts_ns = free_ts_ns,
	};
	memcpy(record->comm, task.comm, strnlen(task.comm, PAGE_OWNER_COMM - 1));
	stack_depot_add(&owner->stacks, record->stack, 1LL << order);
}

void page_owner_migrated(struct machine *m, u64 src, u64 dst, enum migrate_reason reason)
{
	struct record *old = record_of(m->page_owner, src), *new = record_of(m->page_owner, dst);
	struct record was;

	if (!old || !new || !old->allocated || !new->allocated || old->order != new->order)
		return;
	was = *new;
	*new = *old;
	new->migrate_reason = (u8)reason;
	new->free_ts_ns = was.free_ts_ns;
	/* Until it is freed the old one is known by what made the new one. */
	old->stack = was.stack;
}

void page_owner_split(struct machine *m, u64 pfn, unsigned int order)
{
	struct record *head = record_of(m->page_owner, pfn);

	if (!head)
		return;
	head->order = 0;
	for (u64 at = pfn + 1; at < pfn + (1ULL << order); at++) {
		struct record *record = record_of(m->page_owner, at);
		u64 free_ts_ns = record->free_ts_ns;

		*record = *head;
		record->free_ts_ns = free_ts_ns;
	}
}

void page_owner_set_order(struct machine *m, u64 pfn, unsigned int order)
{
	struct record *head = record_of(m->page_owner, pfn);

	if (!head || !order || !head->allocated)
		return;
	/* One record for all of them. */
	for (u64 at = pfn + 1; at < pfn + (1ULL << order); at++) {
		struct record *record = record_of(m->page_owner, at);

		if (record->allocated)
			stack_depot_add(&m->page_owner->stacks, record->stack, -(1LL << record->order));
		record->allocated = false;
	}
	stack_depot_add(&m->page_owner->stacks, head->stack, (1LL << order) - (1LL << head->order));
	head->order = (u8)order;
}

bool page_owner_next(const struct machine *m, u64 *pfn, struct page_owner_info *info)
{
	const struct page_owner *owner = m->page_owner;

	for (; owner && *pfn < m->max_pfn; ++*pfn) {
		const struct record *record = record_of(owner, *pfn);

		if (!record) {
			*pfn |= PAGES_PER_SECTION - 1;
			continue;
		}
		if (!record->allocated)
			continue;
		*info = (struct page_owner_info) {
			.pfn = *pfn, .order = record->order, .gfp = record->gfp,
			.pid = record->pid, .tgid = record->tgid, .comm = record->comm,
			.ts_ns = record->ts_ns, .free_ts_ns = record->free_ts_ns,
			.migrate_reason = record->migrate_reason,
		};
		info->nr_ips = stack_depot_fetch(&owner->stacks, record->stack, &info->ips);
		++*pfn;
		return true;
	}
	return false;
}

bool page_owner_at(const struct machine *m, u64 pfn, unsigned int *order, gfp_t *gfp)
{
	const struct record *record = m->page_owner ? record_of(m->page_owner, pfn) : NULL;

	if (!record || !record->allocated)
		return false;
	*order = record->order;
	*gfp = record->gfp;
	return true;
}

bool page_owner_prev_stack(const struct machine *m, u32 *at, const u64 **ips,
			   unsigned int *nr_ips, u64 *nr_pages)
{
	const struct stack_depot *stacks = &m->page_owner->stacks;

	*at = stack_depot_prev(stacks, *at);
	if (!*at)
		return false;
	*nr_ips = stack_depot_fetch(stacks, *at, ips);
	*nr_pages = stack_depot_number(stacks, *at);
	return true;
}

u64 *page_owner_threshold(const struct machine *m)
{
	return &m->page_owner->threshold;
}

/* What the records count by stack is what the stacks say. */
static void stacks_validate(const struct machine *m, struct check *check)
{
	const struct stack_depot *stacks = &m->page_owner->stacks;
	u64 recorded = 0, counted = 0, pfn = 0;
	struct page_owner_info info;

	while (page_owner_next(m, &pfn, &info))
		recorded += 1ULL << info.order;
	for (u32 at = stack_depot_next(stacks, 0); at; at = stack_depot_next(stacks, at))
		counted += stack_depot_number(stacks, at);
	check->nr_checked++;
	if (recorded != counted)
		check_fail(check, "PO1", "page_owner: expected %llu pages in the counts of stacks, "
			   "as many as the records have, found %llu", (ull)recorded, (ull)counted);
}

/* A record says "allocated" of the head of an allocated block, of no other page. */
void page_owner_validate(const struct machine *m, struct check *check)
{
	struct page_owner_info info;
	u64 pfn = 0;

	if (m->page_owner)
		stacks_validate(m, check);
	while (page_owner_next(m, &pfn, &info)) {
		int order = allocated_order(m, info.pfn);

		check->nr_checked++;
		if (order != (int)info.order)
			check_fail(check, "P6", "page 0x%llx: expected allocated with order %u, as "
				   "its owner's record says, found %d", (ull)info.pfn,
				   info.order, order);
	}
}
