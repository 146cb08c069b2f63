// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * One record for each page frame of a section that ever had an allocation; the
 * record of a block is that of its first page. Host memory is secured ahead: one
 * spare section of records, room for one more stack. The store of stacks is an
 * array of instruction pointers and a hash table of where each stack begins; with its
 * length each stack has the number of pages that it allocated.
 */
#include "sim/phys/page_owner.h"

#include "sim/base/bug.h"
#include "sim/phys/page_alloc.h"

#define STACK_DEPTH 16
#define FIRST_BUCKETS 1024U

typedef unsigned long long ull;

struct record {
	gfp_t gfp;
	u32 pid, tgid;
	u32 stack;		/* where it begins in ips[] */
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
};

struct page_owner {
	void (*current)(const struct machine *m, struct page_owner_task *task);
	u64 threshold;
	struct record **sections;	/* [nr_sections]; NULL: nothing there yet */
	u64 nr_sections;
	struct record *spare;
	u64 *ips;		/* a stack: length and pages, then so many pointers */
	u32 nr_ips, room_ips;
	u32 *buckets;		/* where a stack begins, + 1; 0 = none */
	u32 nr_buckets, nr_stacks;
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
	owner->buckets = arena_alloc(&m->arena, FIRST_BUCKETS * sizeof(*owner->buckets));
	if (!owner->sections || !owner->buckets) {
		page_owner_free_state(m);
		return -ENOMEM;
	}
	owner->nr_buckets = FIRST_BUCKETS;
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
	arena_free(&m->arena, owner->ips, owner->room_ips * sizeof(*owner->ips));
	arena_free(&m->arena, owner->buckets, owner->nr_buckets * sizeof(*owner->buckets));
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

/* The word before a stack: its length; above it, the pages that it has allocated. */
#define PAGES_SHIFT 8

static unsigned int stack_len(const struct page_owner *owner, u32 at)
{
	return owner->ips[at] & ((1U << PAGES_SHIFT) - 1);
}

static void stack_count(struct page_owner *owner, u32 at, s64 nr_pages)
{
	owner->ips[at] += (u64)nr_pages << PAGES_SHIFT;
}

static u32 stack_hash(const u64 *ips, unsigned int nr)
{
	u64 hash = nr;

	for (unsigned int i = 0; i < nr; i++)
		hash = (hash ^ ips[i]) * 0xff51afd7ed558ccdULL;
	return hash >> 32;
}

static void bucket_insert(u32 *buckets, u32 nr_buckets, const u64 *ips, u32 at)
{
	unsigned int nr = ips[at] & ((1U << PAGES_SHIFT) - 1);
	u32 i = stack_hash(&ips[at + 1], nr) & (nr_buckets - 1);

	while (buckets[i])
		i = (i + 1) & (nr_buckets - 1);
	buckets[i] = at + 1;
}

/* Keep the table less than half full. */
static int buckets_make_room(struct machine *m)
{
	struct page_owner *owner = m->page_owner;
	u32 more = 2 * owner->nr_buckets;
	u32 *buckets;

	if (owner->nr_stacks + 1 < owner->nr_buckets / 2)
		return 0;
	buckets = arena_alloc(&m->arena, more * sizeof(*buckets));
	if (!buckets)
		return -ENOBUFS;
	for (u32 at = 0; at < owner->nr_ips; at += stack_len(owner, at) + 1)
		bucket_insert(buckets, more, owner->ips, at);
	arena_free(&m->arena, owner->buckets, owner->nr_buckets * sizeof(*buckets));
	owner->buckets = buckets;
	owner->nr_buckets = more;
	return 0;
}

static int ips_make_room(struct machine *m)
{
	struct page_owner *owner = m->page_owner;
	u32 room = owner->room_ips ? 2 * owner->room_ips : 4096;
	u64 *ips;

	if (owner->nr_ips + STACK_DEPTH + 1 <= owner->room_ips)
		return 0;
	ips = arena_resize(&m->arena, owner->ips, owner->room_ips * sizeof(*ips),
			   room * sizeof(*ips));
	if (!ips)
		return -ENOBUFS;
	owner->ips = ips;
	owner->room_ips = room;
	return 0;
}

int page_owner_reserve(struct machine *m)
{
	struct page_owner *owner = m->page_owner;
	int err = ips_make_room(m);

	if (!err)
		err = buckets_make_room(m);
	if (err || owner->spare)
		return err;
	owner->spare = arena_alloc(&m->arena, SECTION_RECORDS_BYTES);
	return owner->spare ? 0 : -ENOBUFS;
}

/* Where this stack is kept, which it may be from now on. */
static u32 stack_keep(struct page_owner *owner, const u64 *ips, unsigned int nr)
{
	u32 i = stack_hash(ips, nr) & (owner->nr_buckets - 1);
	u32 at = owner->nr_ips;

	for (; owner->buckets[i]; i = (i + 1) & (owner->nr_buckets - 1)) {
		u32 kept = owner->buckets[i] - 1;

		if (stack_len(owner, kept) == nr &&
		    !memcmp(&owner->ips[kept + 1], ips, nr * sizeof(*ips)))
			return kept;
	}
	owner->ips[at] = nr;
	memcpy(&owner->ips[at + 1], ips, nr * sizeof(*ips));
	owner->nr_ips += nr + 1;
	owner->buckets[i] = at + 1;
	owner->nr_stacks++;
	return at;
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
			stack_count(m->page_owner, record->stack, -(1LL << record->order));
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
	u64 ips[STACK_DEPTH], free_ts_ns;
	unsigned int nr = stack_trace_save(ips, STACK_DEPTH, /* skip = */ 1);

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
		stack_count(owner, record->stack, -(1LL << record->order));
	*record = (struct record) {
		.gfp = gfp, .order = order, .allocated = true,
		.pid = task.pid, .tgid = task.tgid,
		.stack = stack_keep(owner, ips, nr),
		.ts_ns = m->now_ns, .free_ts_ns = free_ts_ns,
	};
	memcpy(record->comm, task.comm, strnlen(task.comm, PAGE_OWNER_COMM - 1));
	stack_count(owner, record->stack, 1LL << order);
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
			stack_count(m->page_owner, record->stack, -(1LL << record->order));
		record->allocated = false;
	}
	stack_count(m->page_owner, head->stack, (1LL << order) - (1LL << head->order));
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
			.ips = &owner->ips[record->stack + 1],
			.nr_ips = stack_len(owner, record->stack),
			.migrate_reason = record->migrate_reason,
		};
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
	const struct page_owner *owner = m->page_owner;
	u32 end = *at ? *at - 1 : owner->nr_ips, last = 0;

	if (!end)
		return false;
	/* Stacks follow each other: the last one ends where this search ends. */
	for (u32 next = 0; next < end; next += stack_len(owner, next) + 1)
		last = next;
	*at = last + 1;
	*ips = &owner->ips[last + 1];
	*nr_ips = stack_len(owner, last);
	*nr_pages = owner->ips[last] >> PAGES_SHIFT;
	return true;
}

u64 *page_owner_threshold(const struct machine *m)
{
	return &m->page_owner->threshold;
}

/* What the records count by stack is what the stacks say. */
static void stacks_validate(const struct machine *m, struct check *check)
{
	const struct page_owner *owner = m->page_owner;
	u64 recorded = 0, counted = 0, pfn = 0;
	struct page_owner_info info;

	while (page_owner_next(m, &pfn, &info))
		recorded += 1ULL << info.order;
	for (u32 at = 0; at < owner->nr_ips; at += stack_len(owner, at) + 1)
		counted += owner->ips[at] >> PAGES_SHIFT;
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
