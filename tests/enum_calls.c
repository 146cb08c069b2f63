// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * All sequences of calls over six pages: mmap, munmap, mprotect, mremap, madvise, on
 * each range of them. With nothing touched, with everything that may be written
 * touched after each call, and with every other page touched, as what is faulted
 * decides which VMAs may be one; of anonymous memory, shared memory, and a file, private
 * and shared. A model of six pages says what must come out.
 *
 * Sequences of three calls; of ENUM_DEPTH calls, if that is in the environment (check-long).
 */
#include <errno.h>
#include <stdlib.h>

#include "enumerate.h"
#include "sim/virt/content.h"
#include "sim/virt/file.h"
#include "sim/virt/memory.h"
#include "sim/virt/mmap.h"
#include "sim/virt/pgtable.h"
#include "sim/virt/rmap.h"
#include "support.h"
#include "task_machine.h"

#define PAGES 6
#define WINDOW 0x10000000ULL
#define NR_RANGES (PAGES * (PAGES + 1) / 2)
#define WHOLE_CHECK 8192	/* transitions from one check of the whole machine to the next */

enum kind { MMAP, MUNMAP, MPROTECT, MREMAP, DONTNEED, NR_KINDS };
static const char *const kind_names[] = { "mmap", "munmap", "mprotect", "mremap", "madvise" };

enum touching { TOUCH_NONE, TOUCH_ALL, TOUCH_EVEN, NR_TOUCHINGS };

/* What mmap makes. */
enum backing { BACKED_ANON, BACKED_SHMEM, BACKED_FILE, BACKED_SHARED_FILE, NR_BACKINGS };
static const struct {
	const char *name;
	u64 flags;
} backings[NR_BACKINGS] = {
	[BACKED_ANON] = { "anonymous", MAP_PRIVATE | MAP_ANONYMOUS },
	[BACKED_SHMEM] = { "shared", MAP_SHARED | MAP_ANONYMOUS },
	[BACKED_FILE] = { "file", MAP_PRIVATE },
	[BACKED_SHARED_FILE] = { "shared file", MAP_SHARED },
};

struct model_page {
	bool mapped, writable, touched;
	u64 token;
};

struct bed {
	struct task_machine tm;
	struct task_struct *task;
	enum touching touching;
	enum backing backing;
	int fd;			/* of the file: six pages */
	struct model_page pages[PAGES];
	int err, expected;	/* of the last call */
	u64 nr_judged;
};

static u64 address_of(unsigned int page)
{
	return WINDOW + page * PAGE_SIZE;
}

/* Ranges in order of their first page, then of their length. */
static void range_of(unsigned int number, unsigned int *first, unsigned int *nr)
{
	*first = 0;
	while (number >= PAGES - *first)
		number -= PAGES - (*first)++;
	*nr = number + 1;
}

/* Where mremap moves a range to, if it fits there: half the window on, no overlap. */
static unsigned int target_of(unsigned int first)
{
	return (first + PAGES / 2) % PAGES;
}

static void call_say(unsigned int call, char *text, unsigned int size)
{
	unsigned int first, nr;

	range_of(call / NR_KINDS, &first, &nr);
	snprintf(text, size, "%s of pages %u to %u", kind_names[call % NR_KINDS], first,
		 first + nr - 1);
}

/* mprotect: what is read-only gets writable, and the other way round, by the first page. */
static bool protect_to(const struct bed *bed, unsigned int first)
{
	return !bed->pages[first].writable;
}

static void model_mprotect(struct bed *bed, unsigned int first, unsigned int nr)
{
	bool writable = protect_to(bed, first);

	for (unsigned int i = first; i < first + nr; i++) {
		if (!bed->pages[i].mapped) {
			bed->expected = -ENOMEM;
			return;
		}
		bed->pages[i].writable = writable;
	}
}

static void model_dontneed(struct bed *bed, unsigned int first, unsigned int nr)
{
	for (unsigned int i = first; i < first + nr; i++) {
		if (!bed->pages[i].mapped)
			bed->expected = -ENOMEM;
		bed->pages[i].touched = false;
	}
}

/* Do all pages of the range lie in one VMA? */
static bool one_vma(const struct bed *bed, unsigned int first, unsigned int nr)
{
	const struct vm_area_struct *vma = vma_lookup(bed->tm.m, bed->task->mm,
						      address_of(first));

	return vma && vma->vm_end >= address_of(first + nr);
}

/*
 * On 6.1 a range of several VMAs is refused, but only when what lay at the target is
 * gone. On 6.18 each VMA of it moves; what is opposite to a hole stays.
 */
static void model_mremap(struct bed *bed, unsigned int first, unsigned int nr)
{
	struct model_page *from = &bed->pages[first], *to = &bed->pages[target_of(first)];
	bool refused = bed->tm.m->release < R_6_18 && !one_vma(bed, first, nr);

	if (!from->mapped || refused)
		bed->expected = -EFAULT;
	if (!from->mapped)
		return;
	for (unsigned int i = 0; i < nr; i++) {
		if (refused) {
			to[i] = (struct model_page){ 0 };
		} else if (from[i].mapped) {
			to[i] = from[i];
			from[i] = (struct model_page){ 0 };
		}
	}
}

/* What the call must come to; before it is made, as it looks at the VMAs. */
static void model_call(struct bed *bed, enum kind kind, unsigned int first, unsigned int nr)
{
	bed->expected = 0;
	switch (kind) {
	case MMAP:
	case MUNMAP:
		for (unsigned int i = first; i < first + nr; i++)
			bed->pages[i] = (struct model_page){
				.mapped = kind == MMAP, .writable = kind == MMAP,
			};
		break;
	case MPROTECT:
		model_mprotect(bed, first, nr);
		break;
	case MREMAP:
		model_mremap(bed, first, nr);
		break;
	default:
		model_dontneed(bed, first, nr);
	}
}

static int make_call(struct bed *bed, enum kind kind, unsigned int first, unsigned int nr,
		     bool writable)
{
	u64 addr = address_of(first), len = nr * PAGE_SIZE, result;
	const struct mmap_request map = {
		.addr = addr, .len = len, .prot = PROT_READ | PROT_WRITE,
		.flags = backings[bed->backing].flags | MAP_FIXED,
		.file = bed->fd < 0 ? NULL : fget(bed->tm.m, bed->task, bed->fd),
		.offset = bed->fd < 0 ? 0 : first * PAGE_SIZE,
	};
	const struct mremap_request move = {
		.addr = addr, .old_len = len, .new_len = len,
		.flags = MREMAP_MAYMOVE | MREMAP_FIXED,
		.new_addr = address_of(target_of(first)),
	};
	struct machine *m = bed->tm.m;

	switch (kind) {
	case MMAP:
		return sys_mmap(m, bed->task, &map, &result);
	case MUNMAP:
		return sys_munmap(m, bed->task, addr, len);
	case MPROTECT:
		return sys_mprotect(m, bed->task, addr, len,
				    PROT_READ | (writable ? PROT_WRITE : 0));
	case MREMAP:
		return sys_mremap(m, bed->task, &move, &result);
	default:
		return sys_madvise(m, bed->task, addr, len, MADV_DONTNEED);
	}
}

static u32 page_at(const struct bed *bed, unsigned int page)
{
	return follow_page(bed->tm.m, bed->task->mm, address_of(page));
}

static void touch_pages(struct bed *bed)
{
	struct access_result result;

	for (unsigned int i = 0; i < PAGES; i++) {
		struct model_page *page = &bed->pages[i];

		if (!page->mapped || !page->writable || bed->touching == TOUCH_NONE ||
		    (bed->touching == TOUCH_EVEN && i % 2))
			continue;
		if (task_access(bed->tm.m, bed->task, address_of(i), ACCESS_STORE, &result) ||
		    result.signal)
			abort();
		page->touched = true;
		page->token = content_token(bed->tm.m, page_at(bed, i));
	}
	/* A page of the file may be mapped twice: what is stored in one place is in the other. */
	for (unsigned int i = 0; bed->backing == BACKED_SHARED_FILE && i < PAGES; i++)
		if (bed->pages[i].touched)
			bed->pages[i].token = content_token(bed->tm.m, page_at(bed, i));
}

static bool call(void *arg, unsigned int number)
{
	struct bed *bed = arg;
	enum kind kind = number % NR_KINDS;
	unsigned int first, nr;
	bool writable;

	range_of(number / NR_KINDS, &first, &nr);
	if (kind == MREMAP && target_of(first) + nr > PAGES)
		return false;
	writable = protect_to(bed, first);
	model_call(bed, kind, first, nr);
	bed->err = make_call(bed, kind, first, nr, writable);
	touch_pages(bed);
	return true;
}

static void begin(void *arg)
{
	struct bed *bed = arg;

	memset(bed->pages, 0, sizeof(bed->pages));
	bed->err = bed->expected = 0;
}

/* An empty file of six pages. */
static void empty_file(struct bed *bed)
{
	if (sys_ftruncate(bed->tm.m, bed->task, bed->fd, 0) ||
	    sys_ftruncate(bed->tm.m, bed->task, bed->fd, PAGES * PAGE_SIZE))
		abort();
}

static void end(void *arg)
{
	struct bed *bed = arg;

	if (sys_munmap(bed->tm.m, bed->task, WINDOW, PAGES * PAGE_SIZE))
		abort();
	if (bed->fd >= 0)
		empty_file(bed);
}

/* Is the page as the model has it? */
static bool page_is_right(const struct bed *bed, unsigned int i)
{
	const struct model_page *page = &bed->pages[i];
	const struct vm_area_struct *vma = vma_lookup(bed->tm.m, bed->task->mm, address_of(i));
	u32 pfn = page_at(bed, i);

	if (page->mapped != !!vma || page->touched != (pfn != PFN_NIL))
		return false;
	if (vma && page->writable != !!(vma->vm_flags & VM_WRITE))
		return false;
	return !page->touched || page->token == content_token(bed->tm.m, pfn);
}

static bool check_is_clean(struct bed *bed)
{
	const struct machine *m = bed->tm.m;
	const struct mm_struct *mm = bed->task->mm;
	struct verdict verdict;
	s64 committed = 0;

	verdict_begin(&verdict);
	vma_validate(m, mm, &verdict.check);
	mmap_validate(m, mm, &committed, &verdict.check);
	pgtable_validate(m, mm, &verdict.check);
	for (const struct vm_area_struct *vma = find_vma(m, mm, WINDOW);
	     vma && vma->vm_start < address_of(PAGES); vma = vma_next(m, vma))
		rmap_validate_vma(m, vma, &verdict.check);
	if (bed->nr_judged++ % WHOLE_CHECK == 0)
		machine_check(m, &verdict.check);
	return verdict_is_clean(&verdict);
}

static bool judge(void *arg)
{
	struct bed *bed = arg;

	if (bed->err != bed->expected) {
		fprintf(stderr, "expected %d, found %d\n", bed->expected, bed->err);
		return false;
	}
	for (unsigned int i = 0; i < PAGES; i++)
		if (!page_is_right(bed, i)) {
			fprintf(stderr, "page %u: expected%s%s%s, found otherwise\n", i,
				bed->pages[i].mapped ? " mapped" : " nothing",
				bed->pages[i].writable ? " writable" : "",
				bed->pages[i].touched ? " touched" : "");
			return false;
		}
	return check_is_clean(bed);
}

/* The first of equal ones gets the lowest number; nothing is 0. */
static u64 number_of(const void *p, const void **known)
{
	unsigned int i = 0;

	if (!p)
		return 0;
	while (known[i] && known[i] != p)
		i++;
	known[i] = p;
	return i + 1;
}

static void sign(void *arg, struct digest *digest)
{
	struct bed *bed = arg;
	const struct machine *m = bed->tm.m;
	const void *known[2 * PAGES + 1] = { NULL }, *files[PAGES + 1] = { NULL };

	for (const struct vm_area_struct *vma = find_vma(m, bed->task->mm, WINDOW);
	     vma && vma->vm_start < address_of(PAGES); vma = vma_next(m, vma)) {
		digest_u64(digest, vma->vm_start);
		digest_u64(digest, vma->vm_end);
		digest_u64(digest, vma->vm_flags);
		digest_u64(digest, vma->vm_pgoff);
		digest_u64(digest, number_of(vma->vm_file, files));
		digest_u64(digest, number_of(vma->anon_vma, known));
		for (const struct anon_vma_chain *chain = vma->chain_first; chain;
		     chain = chain->next)
			digest_u64(digest, number_of(chain->anon_vma, known));
	}
	for (unsigned int i = 0; i < PAGES; i++) {
		const pte_t *pte = pte_offset_map(m, bed->task->mm, address_of(i));
		u32 pfn = page_at(bed, i);

		digest_u64(digest, pte ? *pte & ~PTE_PFN_MASK : 0);
		if (pfn == PFN_NIL)
			continue;
		digest_u64(digest, page_index(pfn_to_page(m, pfn)));
		if (page_flag(pfn_to_page(m, pfn), PG_anon))
			digest_u64(digest, number_of(anon_vma_of(m, pfn_to_page(m, pfn)->mapping),
						     known));
	}
}

static bool run(const char *release, enum touching touching, enum backing backing,
		unsigned int depth)
{
	const char *set[] = { "arch=x86_64", NULL, "cmdline=quiet", NULL };
	static const char *const touching_names[] = { "no", "each", "every other" };
	struct bed bed = { .touching = touching, .backing = backing, .fd = -1 };
	struct enumeration e = {
		.bed = &bed, .nr_calls = NR_KINDS * NR_RANGES, .depth = depth, .begin = begin,
		.end = end, .call = call, .judge = judge, .sign = sign, .say = call_say,
	};
	char release_set[32];
	bool good;
	u32 pid;

	snprintf(release_set, sizeof(release_set), "release=%s", release);
	set[1] = release_set;
	task_machine_boot(&bed.tm, "tiny", set);
	bed.task = task_fork(bed.tm.m, bed.tm.init, 0);
	pid = bed.task->pid;
	if (!(backings[backing].flags & MAP_ANONYMOUS)) {
		if (sys_memfd_create(bed.tm.m, bed.task, "enum", 0, &bed.fd))
			abort();
		empty_file(&bed);
	}
	good = enumerate(&e);
	task_end(bed.tm.m, bed.tm.init, pid, 0);
	good &= !task_machine_check(bed.tm.m);
	task_machine_end(&bed.tm);
	printf("%s, %s, %s page touched: %llu states, %llu transitions\n", release,
	       backings[backing].name, touching_names[touching], e.nr_states, e.nr_transitions);
	return good;
}

static unsigned int depth_wanted(void)
{
	const char *depth = getenv("ENUM_DEPTH");

	return depth ? (unsigned int)atoi(depth) : 3;
}

static void test_all(const char *release)
{
	for (unsigned int backing = 0; backing < NR_BACKINGS; backing++)
		for (unsigned int touching = 0; touching < NR_TOUCHINGS; touching++)
			CU_ASSERT(run(release, touching, backing, depth_wanted()));
}

static void test_6_1(void)
{
	test_all("6.1");
}

static void test_6_18(void)
{
	test_all("6.18");
}

int main(void)
{
	static const CU_TestInfo tests[] = {
		{ "all sequences on 6.1", test_6_1 },
		{ "all sequences on 6.18", test_6_18 },
	};

	return suite_main("enum_calls", tests, ARRAY_SIZE(tests), NULL, NULL);
}
