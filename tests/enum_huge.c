// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * All sequences of calls over two huge pages, each in three parts (its first page, 255
 * pages, 256 pages): stores by the task and by a child that it forks, mmap, munmap,
 * mprotect, mremap from one huge page to the other, MADV_DONTNEED, splits, MADV_COLLAPSE;
 * of anonymous memory and of a file of shared memory. A model of 1,024 pages says what must
 * be mapped, with which rights, and what whoever reads it finds there; how it is
 * mapped is the engine's affair, which the invariants judge.
 *
 * Sequences of two calls; of ENUM_DEPTH calls, if that is in the environment (check-long).
 */
#include <errno.h>
#include <stdlib.h>

#include "enumerate.h"
#include "sim/phys/tunables.h"
#include "sim/virt/content.h"
#include "sim/virt/file.h"
#include "sim/virt/huge_memory.h"
#include "sim/virt/memory.h"
#include "sim/virt/mmap.h"
#include "sim/virt/pgtable.h"
#include "sim/virt/rmap.h"
#include "sim/virt/split_debug.h"
#include "sim/virt/thp.h"
#include "support.h"
#include "task_machine.h"

#define PAGES 1024
#define PARTS 6
#define WINDOW 0x10000000ULL
#define NR_RANGES (PARTS * (PARTS + 1) / 2)
#define WHOLE_CHECK 64		/* transitions from one check of the whole machine to the next */

/* Where parts begin: the same in both huge pages. */
static const unsigned int part_starts[PARTS + 1] = { 0, 1, 256, 512, 513, 768, PAGES };

enum kind {
	STORE, CHILD_STORE, MMAP, MUNMAP, MPROTECT, MREMAP, DONTNEED, SPLIT, COLLAPSE, FORK,
	NR_KINDS
};
static const char *const kind_names[] = {
	"store", "child's store", "mmap", "munmap", "mprotect", "mremap", "MADV_DONTNEED", "split",
	"MADV_COLLAPSE", "fork, or the child's end,",
};

struct model_page {
	bool mapped, writable;
	u16 index;	/* in the file */
	u64 token;	/* of what is there; of a file, file[index] says it */
};

struct side {
	struct task_struct *task;	/* NULL: none */
	struct model_page pages[PAGES];
};

struct bed {
	struct task_machine tm;
	struct side parent, child;
	int fd;			/* -1: anonymous memory */
	u64 file[PAGES];
	int err, expected;	/* of the last call; unasked: any will do */
	bool unasked;
	u64 nr_judged, whole_check;
};

struct range {
	unsigned int first, nr;	/* parts */
	unsigned int from, to;	/* pages [from, to) */
};

static u64 address_of(unsigned int page)
{
	return WINDOW + page * PAGE_SIZE;
}

/* Ranges in order of their first part, then of their length. */
static struct range range_of(unsigned int number)
{
	struct range r = { 0 };

	while (number >= PARTS - r.first)
		number -= PARTS - r.first++;
	r.nr = number + 1;
	r.from = part_starts[r.first];
	r.to = part_starts[r.first + r.nr];
	return r;
}

/* mremap goes to the same place in the other huge page, if it fits there. */
static unsigned int target_of(const struct range *r)
{
	return (r->from + PAGES / 2) % PAGES;
}

static bool fits(const struct range *r)
{
	return (r->first + PARTS / 2) % PARTS + r->nr <= PARTS;
}

static void call_say(unsigned int call, char *text, unsigned int size)
{
	const struct range r = range_of(call / NR_KINDS);

	snprintf(text, size, "%s of pages %u to %u", kind_names[call % NR_KINDS], r.from, r.to - 1);
}

static u64 *token_of(struct bed *bed, struct model_page *page)
{
	return bed->fd < 0 ? &page->token : &bed->file[page->index];
}

/* ---- The model. ---- */

static void model_mmap(struct bed *bed, const struct range *r, bool mapped)
{
	for (unsigned int i = r->from; i < r->to; i++)
		bed->parent.pages[i] = (struct model_page){
			.mapped = mapped, .writable = mapped, .index = (u16)i,
		};
}

static void model_mprotect(struct bed *bed, const struct range *r)
{
	bool writable = !bed->parent.pages[r->from].writable;

	for (unsigned int i = r->from; i < r->to; i++) {
		if (!bed->parent.pages[i].mapped) {
			bed->expected = -ENOMEM;
			return;
		}
		bed->parent.pages[i].writable = writable;
	}
}

static void model_dontneed(struct bed *bed, const struct range *r)
{
	for (unsigned int i = r->from; i < r->to; i++) {
		if (!bed->parent.pages[i].mapped)
			bed->expected = -ENOMEM;
		bed->parent.pages[i].token = 0;
	}
}

static bool one_vma(const struct bed *bed, const struct range *r)
{
	const struct vm_area_struct *vma = vma_lookup(bed->tm.m, bed->parent.task->mm,
						      address_of(r->from));

	return vma && vma->vm_end >= address_of(r->to);
}

/* As in enum_calls.c: 6.1 refuses a range of several VMAs when the target is empty already. */
static void model_mremap(struct bed *bed, const struct range *r)
{
	struct model_page *from = &bed->parent.pages[r->from];
	struct model_page *to = &bed->parent.pages[target_of(r)];
	bool refused = bed->tm.m->release < R_6_18 && !one_vma(bed, r);

	if (!from->mapped || refused)
		bed->expected = -EFAULT;
	if (!from->mapped)
		return;
	for (unsigned int i = 0; i < r->to - r->from; i++) {
		if (refused) {
			to[i] = (struct model_page){ 0 };
		} else if (from[i].mapped) {
			to[i] = from[i];
			from[i] = (struct model_page){ 0 };
		}
	}
}

static void model_call(struct bed *bed, enum kind kind, const struct range *r)
{
	bed->expected = 0;
	bed->unasked = kind == SPLIT || kind == COLLAPSE;
	switch (kind) {
	case MMAP:
	case MUNMAP:
		model_mmap(bed, r, kind == MMAP);
		break;
	case MPROTECT:
		model_mprotect(bed, r);
		break;
	case MREMAP:
		model_mremap(bed, r);
		break;
	case DONTNEED:
		model_dontneed(bed, r);
		break;
	default:
		break;
	}
}

/* ---- The calls. ---- */

/* To the first page of each part that may be written. */
static void store(struct bed *bed, struct side *side, const struct range *r)
{
	struct machine *m = bed->tm.m;

	sched_switch_to(m, side->task);
	for (unsigned int part = r->first; part < r->first + r->nr; part++) {
		struct model_page *page = &side->pages[part_starts[part]];
		u64 addr = address_of(part_starts[part]);

		if (!page->mapped || !page->writable)
			continue;
		if (task_touch(m, side->task, addr, ACCESS_STORE))
			abort();
		*token_of(bed, page) = content_token(m, follow_page(m, side->task->mm, addr));
	}
}

static void fork_or_end(struct bed *bed)
{
	struct machine *m = bed->tm.m;

	if (bed->child.task) {
		task_end(m, bed->parent.task, bed->child.task->pid, 0);
		bed->child.task = NULL;
		return;
	}
	bed->child = bed->parent;
	bed->child.task = task_fork(m, bed->parent.task, 0);
}

static int map_range(const struct bed *bed, const struct range *r)
{
	const struct mmap_request map = {
		.addr = address_of(r->from), .len = (r->to - r->from) * PAGE_SIZE,
		.prot = PROT_READ | PROT_WRITE,
		.flags = MAP_FIXED | (bed->fd < 0 ? MAP_PRIVATE | MAP_ANONYMOUS : MAP_SHARED),
		.file = bed->fd < 0 ? NULL : fget(bed->tm.m, bed->parent.task, bed->fd),
		.offset = bed->fd < 0 ? 0 : r->from * PAGE_SIZE,
	};
	struct machine *m = bed->tm.m;
	u64 where;
	int err = sys_mmap(m, bed->parent.task, &map, &where);

	return err ? err : sys_madvise(m, bed->parent.task, map.addr, map.len, MADV_HUGEPAGE);
}

static int make_call(struct bed *bed, enum kind kind, const struct range *r, bool writable)
{
	u64 addr = address_of(r->from), len = (r->to - r->from) * PAGE_SIZE, result;
	const struct mremap_request move = {
		.addr = addr, .old_len = len, .new_len = len,
		.flags = MREMAP_MAYMOVE | MREMAP_FIXED, .new_addr = address_of(target_of(r)),
	};
	const struct split_into pages = { .at = -1 };
	struct task_struct *task = bed->parent.task;
	struct split_count count = { 0 };
	struct machine *m = bed->tm.m;

	sched_switch_to(m, task);
	switch (kind) {
	case MMAP:
		return map_range(bed, r);
	case MUNMAP:
		return sys_munmap(m, task, addr, len);
	case MPROTECT:
		return sys_mprotect(m, task, addr, len, PROT_READ | (writable ? PROT_WRITE : 0));
	case MREMAP:
		return sys_mremap(m, task, &move, &result);
	case DONTNEED:
		return sys_madvise(m, task, addr, len, MADV_DONTNEED);
	case COLLAPSE:
		return sys_madvise(m, task, addr, len, MADV_COLLAPSE);
	default:
		return split_huge_pages_pid(m, task->pid, addr, addr + len, &pages, &count);
	}
}

static bool call(void *arg, unsigned int number)
{
	struct bed *bed = arg;
	enum kind kind = number % NR_KINDS;
	const struct range r = range_of(number / NR_KINDS);
	bool writable = !bed->parent.pages[r.from].writable;

	if ((kind == FORK && number != FORK) || (kind == CHILD_STORE && !bed->child.task) ||
	    (kind == MREMAP && !fits(&r)))
		return false;
	model_call(bed, kind, &r);
	bed->err = 0;
	if (kind == FORK)
		fork_or_end(bed);
	else if (kind == STORE || kind == CHILD_STORE)
		store(bed, kind == STORE ? &bed->parent : &bed->child, &r);
	else
		bed->err = make_call(bed, kind, &r, writable);
	return true;
}

/* Two huge pages, each written to. */
static void begin(void *arg)
{
	static const struct range all = { .nr = PARTS, .to = PAGES };
	static const struct range firsts[] = { { 0, 1, 0, 1 }, { 3, 1, 512, 513 } };
	struct bed *bed = arg;

	memset(bed->file, 0, sizeof(bed->file));
	bed->err = bed->expected = 0;
	bed->unasked = false;
	sched_switch_to(bed->tm.m, bed->parent.task);
	if (map_range(bed, &all))
		abort();
	model_mmap(bed, &all, true);
	store(bed, &bed->parent, &firsts[0]);
	store(bed, &bed->parent, &firsts[1]);
}

static void end(void *arg)
{
	struct bed *bed = arg;
	struct task_struct *task = bed->parent.task;

	if (bed->child.task)
		fork_or_end(bed);
	sched_switch_to(bed->tm.m, task);
	if (sys_munmap(bed->tm.m, task, WINDOW, PAGES * PAGE_SIZE))
		abort();
	if (bed->fd >= 0 && (sys_ftruncate(bed->tm.m, task, bed->fd, 0) ||
			     sys_ftruncate(bed->tm.m, task, bed->fd, PAGES * PAGE_SIZE)))
		abort();
}

/* ---- Judging. ---- */

/* Is the page as the model has it? What is not there reads as zeroes, or as the file. */
static bool page_is_right(struct bed *bed, struct side *side, const struct vm_area_struct *vma,
			  unsigned int i)
{
	struct model_page *page = &side->pages[i];
	u32 pfn = follow_page(bed->tm.m, side->task->mm, address_of(i));

	if (page->mapped != (vma && vma->vm_start <= address_of(i)))
		return false;
	if (!page->mapped)
		return pfn == PFN_NIL;
	if (page->writable != !!(vma->vm_flags & VM_WRITE))
		return false;
	if (pfn == PFN_NIL)
		return bed->fd >= 0 || !page->token;
	return content_token(bed->tm.m, pfn) == *token_of(bed, page);
}

static bool side_is_right(struct bed *bed, struct side *side, const char *who)
{
	const struct vm_area_struct *vma = NULL;

	for (unsigned int i = 0; i < PAGES; i++) {
		if (!vma || vma->vm_end <= address_of(i))
			vma = find_vma(bed->tm.m, side->task->mm, address_of(i));
		if (page_is_right(bed, side, vma, i))
			continue;
		fprintf(stderr, "%s, page %u: expected%s%s, token %llu, found otherwise\n", who, i,
			side->pages[i].mapped ? " mapped" : " nothing",
			side->pages[i].writable ? " writable" : "",
			(unsigned long long)*token_of(bed, &side->pages[i]));
		return false;
	}
	return true;
}

static bool check_is_clean(struct bed *bed)
{
	const struct machine *m = bed->tm.m;
	const struct mm_struct *mm = bed->parent.task->mm;
	struct verdict verdict;
	s64 committed = 0;

	verdict_begin(&verdict);
	vma_validate(m, mm, &verdict.check);
	mmap_validate(m, mm, &committed, &verdict.check);
	pgtable_validate(m, mm, &verdict.check);
	if (bed->nr_judged++ % bed->whole_check == 0)
		machine_check(m, &verdict.check);
	return verdict_is_clean(&verdict);
}

static bool judge(void *arg)
{
	struct bed *bed = arg;

	if (bed->err != bed->expected && !bed->unasked) {
		fprintf(stderr, "expected %d, found %d\n", bed->expected, bed->err);
		return false;
	}
	return side_is_right(bed, &bed->parent, "task") &&
	       (!bed->child.task || side_is_right(bed, &bed->child, "child")) &&
	       check_is_clean(bed);
}

/* How a page is mapped, and what it is part of, but for where it lies. */
static void sign_page(const struct bed *bed, const struct side *side, unsigned int i,
		      struct digest *digest)
{
	const struct machine *m = bed->tm.m;
	unsigned int level = 0;
	const u64 *entry = leaf_entry(m, side->task->mm, address_of(i), &level);
	const struct page *folio;
	u64 pfn;

	digest_u64(digest, entry ? (*entry & ~PTE_PFN_MASK) << 2 | level : 1);
	if (!entry || !pte_present(*entry))
		return;
	pfn = leaf_pfn(m, *entry, level, address_of(i));
	folio = pfn_folio(m, pfn);
	digest_u64(digest, folio->flags & ~(1U << PG_lru));
	digest_u64(digest, (u64)folio_mapcount(folio) << 32 | folio_order(folio));
	digest_u64(digest, (u64)folio->refcount << 32 | (u64)(pfn_to_page(m, pfn) - folio));
	digest_u64(digest, page_index(pfn_to_page(m, pfn)));
	digest_u64(digest, content_token(m, pfn) != 0);
}

static void sign_side(const struct bed *bed, const struct side *side, struct digest *digest)
{
	const struct machine *m = bed->tm.m;

	if (!side->task)
		return;
	for (const struct vm_area_struct *vma = find_vma(m, side->task->mm, WINDOW);
	     vma && vma->vm_start < address_of(PAGES); vma = vma_next(m, vma)) {
		digest_u64(digest, vma->vm_start);
		digest_u64(digest, vma->vm_end);
		digest_u64(digest, vma->vm_flags);
		digest_u64(digest, vma->vm_pgoff);
		digest_u64(digest, !!vma->anon_vma);
	}
	for (unsigned int i = 0; i < PAGES; i++)
		sign_page(bed, side, i, digest);
}

static void sign(void *arg, struct digest *digest)
{
	struct bed *bed = arg;

	sign_side(bed, &bed->parent, digest);
	sign_side(bed, &bed->child, digest);
}

static bool run(const char *release, bool shmem, unsigned int depth)
{
	const char *set[] = { NULL, "cmdline=quiet", NULL };
	struct bed bed = { .fd = -1, .whole_check = WHOLE_CHECK };
	struct enumeration e = {
		.bed = &bed, .nr_calls = NR_KINDS * NR_RANGES, .depth = depth, .begin = begin,
		.end = end, .call = call, .judge = judge, .sign = sign, .say = call_say,
	};
	char release_set[32];
	bool good;

	snprintf(release_set, sizeof(release_set), "release=%s", release);
	set[0] = release_set;
	task_machine_boot(&bed.tm, "pc", set);
	bed.parent.task = task_fork(bed.tm.m, bed.tm.init, 0);
	bed.tm.m->tunables->thp_shmem_enabled = SHMEM_HUGE_ALWAYS;
	if (shmem && (sys_memfd_create(bed.tm.m, bed.parent.task, "enum", 0, &bed.fd) ||
		      sys_ftruncate(bed.tm.m, bed.parent.task, bed.fd, PAGES * PAGE_SIZE)))
		abort();
	good = enumerate(&e);
	task_end(bed.tm.m, bed.tm.init, bed.parent.task->pid, 0);
	good &= !task_machine_check(bed.tm.m);
	task_machine_end(&bed.tm);
	printf("%s, %s: %llu states, %llu transitions\n", release,
	       shmem ? "shared memory" : "anonymous", e.nr_states, e.nr_transitions);
	return good;
}

static unsigned int depth_wanted(void)
{
	const char *depth = getenv("ENUM_DEPTH");

	return depth ? (unsigned int)atoi(depth) : 2;
}

static void test_anonymous(void)
{
	CU_ASSERT(run("6.18", false, depth_wanted()));
	CU_ASSERT(run("6.1", false, depth_wanted()));
}

static void test_shmem(void)
{
	CU_ASSERT(run("6.18", true, depth_wanted()));
	CU_ASSERT(run("6.1", true, depth_wanted()));
}

int main(void)
{
	static const CU_TestInfo tests[] = {
		{ "all sequences, anonymous", test_anonymous },
		{ "all sequences, shared memory", test_shmem },
	};

	return suite_main("enum_huge", tests, ARRAY_SIZE(tests), NULL, NULL);
}
